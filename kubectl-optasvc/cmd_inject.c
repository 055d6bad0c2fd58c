#include "cli/postrender.h"
#include "commands.h"

const struct command command_inject = {
    .name = "inject",
    .summary = "Inject service files into the manifests of a Helm chart, as helm-postrender does",
    .details =
        "Reads manifests on standard input and writes them, changed only where the service\n"
        "file says so, byte for byte elsewhere. With Helm 3:\n"
        "  helm install NAME CHART --post-renderer kubectl --post-renderer-args optasvc \\\n"
        "    --post-renderer-args inject --post-renderer-args -f --post-renderer-args FILE\n",
    .flags = FLAGS_INJECT | FLAG(FILENAME) | FLAG(RECURSIVE),
    .run = postrender};
