#include "cli/completion.h"
#include "cli/man.h"
#include "cli/postrender.h"
#include "os/console.h"
#include "os/failure_log.h"

#include <stdlib.h>

/* True if Helm 4 runs this as a plugin: it hides the stderr of plugins, even if they fail. */
static bool is_stderr_hidden(void)
{
    const char *plugin = getenv("HELM_PLUGIN_NAME");
    return plugin && *plugin;
}

static const struct command command = {
    .name = "helm-postrender",
    .arguments = "SERVICE-FILE",
    .max_args = 1,
    .summary = "Inject a service file into the manifests of a Helm chart",
    .details = "Reads manifests from stdin and writes them to stdout. Changes only what the "
               "service file sets; everything else is kept byte for byte. SERVICE-FILE defaults to "
               "$OPTASVC_FILE, which Helm 4 passes to plugins. " INJECT_OUTPUT_DETAILS
               "\n" INJECT_DIFF_DETAILS,
    .examples =
        EXAMPLES({"Install a chart with Helm 3",
                  "helm install shop ./chart --post-renderer helm-postrender \\\n"
                  "    --post-renderer-args web.yaml"},
                 {"Show what would be injected",
                  "helm template shop ./chart | helm-postrender --dry-run web.yaml"},
                 {"Show the changes as a diff",
                  "helm template shop ./chart | helm-postrender --diff web.yaml"},
                 {"Inject into a chart and apply it",
                  "helm template shop ./chart | helm-postrender --require-input web.yaml |\n"
                  "    kubectl apply --server-side -f -"}),
    .flags = FLAG_LIST(FLAGS_INJECT),
    .outputs = diag_format_names,
    .output_default = "text",
    .output_help = "format of errors, warnings and the report",
    .run = postrender,
    .complete = complete_files,
};
static const struct command *const commands[] = {&command, &command_complete, &command_man, NULL};
static const struct environment_variable variables[] = {
    {"OPTASVC_FILE", "The service file, if it is not passed as an argument."},
    {"OPTASVC_LOG", "Default of --log-file."},
    {"HELM_PLUGIN_NAME",
     "Set by Helm 4, which hides stderr: failures are also written to a log file."},
    {"XDG_STATE_HOME",
     "Directory of that log file, optasvc/helm-postrender.log (default ~/.local/state)."},
    {"NO_COLOR", "Disables color in messages and diffs."},
    {NULL, NULL},
};
static const struct program program = {
    .name = "helm-postrender",
    .file = "helm-postrender",
    .commands = commands,
    .single = &command,
    .variables = variables,
};

int main(int argc, char **argv)
{
    if (!is_stderr_hidden())
        return cli_main(&program, argc, argv);
    struct buf errors = {0};
    console_copy_errors(&errors);
    int status = cli_main(&program, argc, argv);
    console_copy_errors(NULL);
    if (status != EXIT_SUCCESS)
        failure_log_write(program.name, buf_str(&errors));
    buf_free(&errors);
    return status;
}
