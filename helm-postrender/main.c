#include "cli.h"

#include <stdlib.h>

static int run(const struct invocation *invocation)
{
    (void)invocation;
    cli_tell(STR("error: this version injects nothing yet\n"));
    return EXIT_FAILURE;
}

int main(int argc, char **argv)
{
    static const struct command command = {
        .name = "helm-postrender",
        .arguments = "SERVICE-FILE",
        .most = 1,
        .summary = "Injects what a service file says into the manifests of a Helm chart",
        .run = run,
    };
    static const struct program program = {
        .name = "helm-postrender",
        .file = "helm-postrender",
        .commands = &command,
        .count = 1,
        .single = true,
    };
    return cli_main(&program, argc, argv);
}
