#include "commands.h"

#include "cli/completion.h"
#include "cli/man.h"

static const struct command *const commands[] = {
    &command_apply,
    &command_push,
    &command_deploy,
    &command_diff,
    &command_delete,
    &command_status,
    &command_outputs,
    &command_logs,
    &command_shell,
    &command_secret_set,
    &command_secret_import,
    &command_secret_list,
    &command_secret_view,
    &command_secret_delete,
    &command_secret_edit,
    &command_render,
    &command_validate,
    &command_inject,
    &command_explain,
    &command_schema,
    &command_completion,
    &command_version,
    &command_complete,
    &command_man,
    NULL,
};

static const struct environment_variable variables[] = {
    {"KUBECTL_PATH", "The kubectl to run; kubectl sets it for its plugins."},
    {"KUBECONFIG", "kubectl's."},
    {"AWS_PROFILE", "The aws CLI's, as all its variables: whose credentials push takes."},
    {"DOCKER_HOST, CONTAINER_HOST", "docker's and podman's: where the images are that push takes."},
    {"VISUAL, EDITOR", "The editor of secret edit; vi if neither is set."},
    {"NO_COLOR", "Messages have no color."},
    {"OPTASVC_FILE, OPTASVC_LOG", "Of inject: the service file, and --log-file."},
    {NULL, NULL},
};

/* Words of kubectl, Opta and shells. */
static const struct command_word words[] = {
    {"secret get", "secret view"},
    {"secret show", "secret view"},
    {"secret print", "secret view"},
    {"secret read", "secret view"},
    {"secret cat", "secret view"},
    {"secret describe", "secret view"},
    {"secret rm", "secret delete"},
    {"secret remove", "secret delete"},
    {"secret del", "secret delete"},
    {"secret unset", "secret delete"},
    {"secret add", "secret set"},
    {"secret create", "secret set"},
    {"secret put", "secret set"},
    {"secret update", "secret set"},
    {"secret write", "secret set"},
    {"secret ls", "secret list"},
    {"secret load", "secret import"},
    {"secret bulk-update", "secret import"},
    {"secret apply", "secret import"},
    {"secret upload", "secret import"},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "kubectl optasvc",
        .file = "kubectl-optasvc",
        .summary = "Deploys a service from twenty lines of YAML.",
        .commands = commands,
        .variables = variables,
        .words = words,
    };
    return cli_main(&program, argc, argv);
}
