#include "commands.h"

#include "cli/completion.h"
#include "cli/man.h"
#include "synonyms.h"

static const struct command *const commands[] = {
    &command_apply,
    &command_push,
    &command_deploy,
    &command_restart,
    &command_rollback,
    &command_diff,
    &command_delete,
    &command_status,
    &command_history,
    &command_outputs,
    &command_logs,
    &command_shell,
    &command_secret_set,
    &command_secret_import,
    &command_secret_list,
    &command_secret_view,
    &command_secret_delete,
    &command_secret_edit,
    &command_init,
    &command_render,
    &command_validate,
    &command_inject,
    &command_convert_ingress,
    &command_explain,
    &command_schema,
    &command_completion,
    &command_version,
    &command_complete,
    &command_man,
    NULL,
};

static const struct environment_variable variables[] = {
    {"KUBECTL_PATH",
     "Path to the kubectl to run (default: the one in PATH). kubectl sets it for plugins."},
    {"KUBECONFIG", "Used by kubectl."},
    {"AWS_PROFILE", "Used by the aws CLI, like all its variables: the credentials for push."},
    {"DOCKER_HOST, CONTAINER_HOST", "Used by docker and podman: where push finds local images."},
    {"VISUAL, EDITOR", "Editor for secret edit (default vi)."},
    {"NO_COLOR", "Disables color in messages and diffs."},
    {"OPTASVC_FILE, OPTASVC_LOG", "Defaults of -f and --log-file for inject."},
    {NULL, NULL},
};

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "kubectl optasvc",
        .file = "kubectl-optasvc",
        .summary = "Deploy services to Kubernetes from short YAML files",
        .commands = commands,
        .variables = variables,
        .synonyms = command_synonyms,
    };
    return cli_main(&program, argc, argv);
}
