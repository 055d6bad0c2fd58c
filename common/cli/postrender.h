/* The filter of both programs: reads manifests from stdin, injects services, writes to stdout. */
#ifndef OPTASVC_POSTRENDER_H
#define OPTASVC_POSTRENDER_H

#include "cli/cli.h"
#include "config/diag_report.h"

/* Runs the filter. Service files come from --filename, the argument or OPTASVC_FILE, in this order.
 * Returns the exit status; prints nothing on stdout if it is not 0. */
int postrender(const struct invocation *invocation);

/* Describes --output in the help of both programs. */
#define INJECT_OUTPUT_DETAILS                                                                      \
    "With --output, errors and warnings are written in this format instead of text: to the file "  \
    "of --report, or else to stderr. The formats are json, which also lists the changes, sarif "   \
    "(SARIF 2.1.0, for code scanning), and github (annotations of GitHub Actions)."

/* Describes --diff. */
#define INJECT_DIFF_DETAILS                                                                        \
    "With --diff, prints a unified diff instead of the manifests, which patch and `git apply` "    \
    "accept. Exit status: 0 no differences, 1 differences, 2 failure."

/* Flags of the filter. */
#define FLAGS_INJECT                                                                               \
    FLAG_ENV, FLAG_ENV_FILE, FLAG_VAR, FLAG_PARENT_OUTPUTS, FLAG_MODULE, FLAG_WORKLOAD,            \
        FLAG_CONTAINER, FLAG_SERVICE, FLAG_INGRESS, FLAG_LOG_FILE, FLAG_REPORT, FLAG_OUTPUT,       \
        FLAG_DRY_RUN, FLAG_DIFF, FLAG_REQUIRE_INPUT, FLAG_CONVERT_INGRESS, FLAG_BEST_EFFORT,       \
        FLAG_ALLOW, FLAG_STRICT

#endif
