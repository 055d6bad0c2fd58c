/* The filter that both programs are: manifests from stdin to stdout, with a service injected. */
#ifndef OPTASVC_POSTRENDER_H
#define OPTASVC_POSTRENDER_H

#include "cli/cli.h"

/* Runs it with the service files of --filename, of the one argument, or else of OPTASVC_FILE.
 * Returns the exit status. Nothing is on stdout unless it is 0. */
int postrender(const struct invocation *invocation);

/* The flags that it takes. */
#define FLAGS_INJECT                                                                               \
    (FLAG(ENV) | FLAG(ENV_FILE) | FLAG(VAR) | FLAG(PARENT_OUTPUTS) | FLAG(MODULE) |                \
     FLAG(WORKLOAD) | FLAG(CONTAINER) | FLAG(SERVICE) | FLAG(INGRESS) | FLAG(LOG_FILE) |           \
     FLAG(REPORT) | FLAG(DRY_RUN) | FLAG(REQUIRE_INPUT))

#endif
