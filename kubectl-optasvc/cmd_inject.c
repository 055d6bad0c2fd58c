#include "cli/postrender.h"
#include "commands.h"

const struct command command_inject = {
    .name = "inject",
    .group = GROUP_CHARTS,
    .summary = "Inject service files into the manifests of a Helm chart",
    .details =
        "Reads manifests from stdin and writes them to stdout, like helm-postrender. Changes only "
        "what the service file sets; everything else is kept byte for byte. " INJECT_OUTPUT_DETAILS
        "\n" INJECT_DIFF_DETAILS,
    .examples =
        EXAMPLES({"Show what would be injected into a chart",
                  "helm template shop ./chart | kubectl optasvc inject -f web.yaml --dry-run"},
                 {"Show the changes as a diff",
                  "helm template shop ./chart | kubectl optasvc inject -f web.yaml --diff"},
                 {"Inject into a chart and apply it",
                  "helm template shop ./chart |\n"
                  "    kubectl optasvc inject -f web.yaml --require-input |\n"
                  "    kubectl apply --server-side -f -"},
                 {"Install a chart with Helm 3",
                  "helm install shop ./chart --post-renderer kubectl \\\n"
                  "    --post-renderer-args optasvc --post-renderer-args inject \\\n"
                  "    --post-renderer-args -f --post-renderer-args web.yaml"}),
    .flags = FLAG_LIST(FLAGS_INJECT, FLAG_FILENAME, FLAG_RECURSIVE),
    .outputs = diag_format_names,
    .output_default = "text",
    .output_help = "format of errors, warnings and the report",
    .run = postrender,
};
