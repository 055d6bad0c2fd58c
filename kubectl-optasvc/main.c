#include "cli/completion.h"
#include "cli/man.h"
#include "cli/postrender.h"
#include "commands.h"

static const char *const manifest_outputs[] = {"yaml", "json", NULL};
static const char *const explain_outputs[] = {"text", "markdown", NULL};

static const char *const name_outputs[] = {"name", NULL};
static const char *const push_outputs[] = {"json", NULL};
static const char *const status_outputs[] = {"json", NULL};
static const char *const version_outputs[] = {"json", NULL};

/* Every command that talks to a cluster reads the service files. */
#define FLAGS_CLUSTER (FLAGS_RENDER | FLAGS_KUBECTL)

#define FLAGS_APPLY                                                                                \
    (FLAGS_CLUSTER | FLAG(DRY_RUN_MODE) | FLAG(WAIT) | FLAG(TIMEOUT) | FLAG(PRUNE) |               \
     FLAG(FORCE_CONFLICTS) | FLAG(ADOPT) | FLAG(ROLLBACK_ON_FAILURE) | FLAG(YES) | FLAG(OUTPUT))

/* How an image gets into its repository. */
#define FLAGS_PUSH (FLAG(TAG) | FLAG(CREATE) | FLAG(TOOL))

static const struct command commands[] = {
    {.name = "apply",
     .arguments = "",
     .summary = "Apply service files to the cluster and wait until their pods are ready",
     .details =
         "Nothing is changed before all of this is right: the files, the Secrets that the pods\n"
         "need, and the server's own check of every object. Then the namespace is made if it is\n"
         "not there, everything applied server-side as the manager `optasvc`, and what the\n"
         "service no longer has and would go on to act is removed: autoscaler, disruption budget,\n"
         "CronJobs, and, once the new pods are ready, the other kind of workload.\n"
         "--prune=layer lists what it will delete and asks; without a terminal it needs --yes.\n",
     .flags = FLAGS_APPLY,
     .required = FLAG(FILENAME),
     .outputs = name_outputs,
     .run = cmd_apply},
    {.name = "push",
     .arguments = "IMAGE",
     .least = 1,
     .most = 1,
     .summary = "Push an image of this machine to the repository of its service (image: AUTO)",
     .details =
         "Prints what it is in the registry: REPOSITORY@DIGEST. Its tag there is its own, latest\n"
         "if it has none. Where the repository is one of ECR, the aws CLI tells whether it can\n"
         "be pushed, and gives the credentials, which are gone when this ends; for others the\n"
         "login is used that is there.\n",
     .flags = (FLAGS_RENDER & ~(FLAG(IMAGE_TAG) | FLAG(IMAGE_DIGEST) | FLAG(NAMESPACE))) |
              FLAGS_PUSH | FLAG(OUTPUT),
     .required = FLAG(FILENAME),
     .outputs = push_outputs,
     .run = cmd_push,
     .complete = complete_images},
    {.name = "deploy",
     .arguments = "",
     .summary = "Push an image, then apply the service with it",
     .details =
         "What push and apply do, one after the other: the pods get the image by its digest. No\n"
         "image is pushed for services whose images others keep; nothing is applied when the\n"
         "push failed, and --dry-run pushes nothing.\n",
     .flags = FLAGS_APPLY | FLAGS_PUSH | FLAG(IMAGE),
     .required = FLAG(FILENAME),
     .outputs = name_outputs,
     .run = cmd_deploy},
    {.name = "diff",
     .arguments = "",
     .summary = "Show what apply would change",
     .details =
         "Shows what `kubectl diff` does, and what apply would remove. Exit status: 0 nothing\n"
         "would change, 1 something would, 2 it failed.\n",
     .flags = FLAGS_CLUSTER | FLAG(ADOPT),
     .required = FLAG(FILENAME),
     .run = cmd_diff},
    {.name = "delete",
     .arguments = "",
     .summary = "Delete the services from the cluster",
     .details =
         "Lists what it will delete and asks, unless --yes is given. The Namespace, the claims of\n"
         "persistent_storage and the Secret manual-secrets stay.\n",
     .flags = FLAGS_CLUSTER | FLAG(YES) | FLAG(WITH_NAMESPACE) | FLAG(WITH_STORAGE),
     .required = FLAG(FILENAME),
     .run = cmd_delete},
    {.name = "status",
     .arguments = "",
     .summary = "Show what runs: image, pods, autoscaler, hosts",
     .flags = FLAGS_CLUSTER | FLAG(WATCH) | FLAG(OUTPUT),
     .required = FLAG(FILENAME),
     .outputs = status_outputs,
     .run = cmd_status},
    {.name = "outputs",
     .arguments = "",
     .summary = "Print docker_repo_url, current_image, current_tag and current_digest",
     .details = "Of several services, under the name of each.\n",
     .flags = FLAGS_CLUSTER | FLAG(OUTPUT),
     .required = FLAG(FILENAME),
     .outputs = manifest_outputs,
     .run = cmd_outputs},
    {.name = "logs",
     .arguments = "",
     .summary = "Show the logs of a service's pods",
     .flags = FLAGS_CLUSTER | FLAG(FOLLOW) | FLAG(PREVIOUS) | FLAG(TAIL) | FLAG(SINCE),
     .required = FLAG(FILENAME),
     .run = cmd_logs},
    {.name = "shell",
     .arguments = "[-- COMMAND...]",
     .most = SIZE_MAX,
     .summary = "Open a shell, or run a command, in a pod of a service",
     .flags = FLAGS_CLUSTER,
     .required = FLAG(FILENAME),
     .run = cmd_shell},
    {.name = "secret set",
     .arguments = "NAME",
     .least = 1,
     .most = 1,
     .summary = "Set a secret of the namespace",
     .details =
         "The value is read from standard input, to the byte; on a terminal it is asked for\n"
         "and not shown. The pods that use it restart when it changed. An empty value is an\n"
         "error without --allow-empty; a newline at the end, which echo adds, is a warning\n"
         "without --trim-newline.\n",
     .flags = FLAGS_CLUSTER | FLAG(FROM_FILE) | FLAG(ALLOW_EMPTY) | FLAG(TRIM_NEWLINE) |
              FLAG(NO_RESTART),
     .required = FLAG(FILENAME),
     .run = cmd_secret_set,
     .complete = complete_secrets},
    {.name = "secret import",
     .arguments = "FILE.env",
     .least = 1,
     .most = 1,
     .summary = "Set all secrets of a file of NAME=VALUE lines, or none",
     .details =
         "Lines may begin with `export`; # begins a comment; values in single or double\n"
         "quotes may go on over several lines, and double quotes know \\n, \\r, \\t, \\\", \\\\\n"
         "and \\$. Nothing is expanded. FILE.env - is standard input. A name without a value\n"
         "is an error: write NAME=\"\" for an empty one, or pass --allow-empty.\n",
     .flags = FLAGS_CLUSTER | FLAG(ALLOW_EMPTY) | FLAG(NO_RESTART),
     .required = FLAG(FILENAME),
     .run = cmd_secret_import,
     .complete = complete_files},
    {.name = "secret list",
     .arguments = "",
     .summary = "List the secrets, those that are missing and those that nothing uses",
     .flags = FLAGS_CLUSTER | FLAG(SHOW),
     .required = FLAG(FILENAME),
     .run = cmd_secret_list},
    {.name = "secret view",
     .arguments = "NAME",
     .least = 1,
     .most = 1,
     .summary = "Print the value of a secret, to the byte",
     .flags = FLAGS_CLUSTER,
     .required = FLAG(FILENAME),
     .run = cmd_secret_view,
     .complete = complete_secrets},
    {.name = "secret delete",
     .arguments = "NAME",
     .least = 1,
     .most = 1,
     .summary = "Delete a secret",
     .details = "On a terminal it asks, unless --yes is given.\n",
     .flags = FLAGS_CLUSTER | FLAG(NO_RESTART) | FLAG(YES),
     .required = FLAG(FILENAME),
     .run = cmd_secret_delete,
     .complete = complete_secrets},
    {.name = "secret edit",
     .arguments = "",
     .summary = "Edit the secrets in $VISUAL or $EDITOR",
     .details =
         "The file is private, and overwritten when the editor ends. Secrets that are no text\n"
         "stay as they are. Before secrets are deleted, their names are listed and confirmed;\n"
         "without a terminal that requires --yes.\n",
     .flags = FLAGS_CLUSTER | FLAG(YES) | FLAG(NO_RESTART),
     .required = FLAG(FILENAME),
     .run = cmd_secret_edit},
    {.name = "render",
     .arguments = "",
     .summary = "Turn service files into Kubernetes manifests on stdout",
     .details = "Prints nothing but the manifests, and nothing at all when anything is wrong.\n"
                "Talks to no cluster: the output depends on the files and flags alone.\n",
     .flags = FLAGS_RENDER | FLAG(OUTPUT),
     .required = FLAG(FILENAME),
     .outputs = manifest_outputs,
     .run = cmd_render},
    {.name = "validate",
     .arguments = "",
     .summary = "Check service files: the same checks as render, no output",
     .flags = FLAGS_RENDER,
     .required = FLAG(FILENAME),
     .run = cmd_validate},
    {.name = "inject",
     .arguments = "",
     .summary = "Inject service files into the manifests of a Helm chart, as helm-postrender does",
     .details =
         "Reads manifests on standard input and writes them, changed only where the service\n"
         "file says so, byte for byte elsewhere. With Helm 3:\n"
         "  helm install NAME CHART --post-renderer kubectl --post-renderer-args optasvc \\\n"
         "    --post-renderer-args inject --post-renderer-args -f --post-renderer-args FILE\n",
     .flags = FLAGS_INJECT | FLAG(FILENAME) | FLAG(RECURSIVE),
     .run = postrender},
    {.name = "explain",
     .arguments = "[FIELD]",
     .most = 1,
     .summary = "Tell what a field of a service file means, or list all fields",
     .flags = FLAG(OUTPUT),
     .outputs = explain_outputs,
     .run = cmd_explain,
     .complete = complete_fields},
    {.name = "schema",
     .arguments = "",
     .summary = "Print the JSON Schema of service files, for editors",
     .run = cmd_schema},
    {.name = "completion",
     .arguments = "bash|zsh|fish",
     .least = 1,
     .most = 1,
     .summary = "Print the completion script for a shell",
     .details =
         "In ~/.bashrc: source <(kubectl-optasvc completion bash). `kubectl optasvc` itself is\n"
         "completed by kubectl, where kubectl_complete-optasvc is on PATH.\n",
     .run = cmd_completion,
     .complete = complete_shells},
    {.name = "version",
     .arguments = "",
     .summary = "Print version, commit, and the versions of the libraries",
     .flags = FLAG(OUTPUT),
     .outputs = version_outputs,
     .run = cmd_version},
    {.name = "__complete", .hidden = true, .run = complete},
    {.name = "__man", .hidden = true, .run = man},
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
        .count = sizeof commands / sizeof *commands,
        .variables = variables,
        .words = words,
    };
    return cli_main(&program, argc, argv);
}
