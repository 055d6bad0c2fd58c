#include "cli/completion.h"
#include "cli/man.h"
#include "cli/postrender.h"
#include "os/console.h"
#include "os/failure_log.h"

#include <stdlib.h>

/* Helm 4 shows nothing of the stderr of its plugins, not even when they fail. */
static bool is_stderr_hidden(void)
{
    const char *plugin = getenv("HELM_PLUGIN_NAME");
    return plugin && *plugin;
}

int main(int argc, char **argv)
{
    static const struct command command = {
        .name = "helm-postrender",
        .arguments = "SERVICE-FILE",
        .max_args = 1,
        .summary = "Injects what a service file says into the manifests of a Helm chart",
        .details =
            "Reads manifests on standard input and writes them, changed only where the service\n"
            "file says so, byte for byte elsewhere. Without SERVICE-FILE it is taken from\n"
            "OPTASVC_FILE: Helm 4 passes the environment on.\n",
        .flags = FLAGS_INJECT,
        .run = postrender,
        .complete = complete_files};
    static const struct command *const commands[] = {&command, &command_complete, &command_man,
                                                     NULL};
    static const struct environment_variable variables[] = {
        {"OPTASVC_FILE", "The service file, where none is given."},
        {"OPTASVC_LOG", "As --log-file."},
        {"HELM_PLUGIN_NAME",
         "Set by Helm 4, which hides stderr: a failure is written to a log too."},
        {"XDG_STATE_HOME",
         "Where that is: optasvc/helm-postrender.log in it, or in ~/.local/state."},
        {"NO_COLOR", "Messages have no color."},
        {NULL, NULL},
    };
    static const struct program program = {
        .name = "helm-postrender",
        .file = "helm-postrender",
        .commands = commands,
        .single = &command,
        .variables = variables,
    };
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
