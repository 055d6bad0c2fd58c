/* The filter of both programs: reads manifests from stdin, injects services, writes to stdout. */
#ifndef OPTASVC_POSTRENDER_H
#define OPTASVC_POSTRENDER_H

#include "cli/cli.h"

/* Runs the filter. Service files come from --filename, the argument or OPTASVC_FILE, in this order.
 * Returns the exit status; prints nothing on stdout if it is not 0. */
int postrender(const struct invocation *invocation);

/* Flags of the filter. */
#define FLAGS_INJECT                                                                               \
    (FLAG(ENV) | FLAG(ENV_FILE) | FLAG(VAR) | FLAG(PARENT_OUTPUTS) | FLAG(MODULE) |                \
     FLAG(WORKLOAD) | FLAG(CONTAINER) | FLAG(SERVICE) | FLAG(INGRESS) | FLAG(LOG_FILE) |           \
     FLAG(REPORT) | FLAG(DRY_RUN) | FLAG(REQUIRE_INPUT) | FLAG(CONVERT_INGRESS) |                  \
     FLAG(BEST_EFFORT))

#endif
