#include "commands.h"
#include "postrender.h"

static const char *const manifest_outputs[] = {"yaml", "json", NULL};
static const char *const explain_outputs[] = {"text", "markdown", NULL};

static const struct command commands[] = {
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
     .run = cmd_explain},
    {.name = "schema",
     .arguments = "",
     .summary = "Print the JSON Schema of service files, for editors",
     .run = cmd_schema},
};

int main(int argc, char **argv)
{
    static const struct program program = {
        .name = "kubectl optasvc",
        .file = "kubectl-optasvc",
        .summary = "Deploys a service from twenty lines of YAML.",
        .commands = commands,
        .count = sizeof commands / sizeof *commands,
    };
    return cli_main(&program, argc, argv);
}
