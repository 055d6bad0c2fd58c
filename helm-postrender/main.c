#include "cli/completion.h"
#include "cli/man.h"
#include "cli/postrender.h"

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
        {"NO_COLOR", "Messages have no color."},
        {NULL, NULL},
    };
    static const struct program program = {
        .name = "helm-postrender",
        .file = "helm-postrender",
        .commands = commands,
        .single = true,
        .variables = variables,
    };
    return cli_main(&program, argc, argv);
}
