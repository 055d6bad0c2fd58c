#include "cli/postrender.h"
#include "commands.h"

const struct command command_inject = {
    .name = "inject",
    .summary = "Inject service files into the manifests of a Helm chart",
    .details =
        "Reads manifests from stdin and writes them to stdout, like helm-postrender. Changes only\n"
        "what the service file sets; everything else is kept byte for byte. With Helm 3:\n"
        "  helm install NAME CHART --post-renderer kubectl --post-renderer-args optasvc \\\n"
        "    --post-renderer-args inject --post-renderer-args -f --post-renderer-args FILE\n",
    .flags = FLAG_LIST(FLAGS_INJECT, FLAG_FILENAME, FLAG_RECURSIVE),
    .run = postrender,
};
