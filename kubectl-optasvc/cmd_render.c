#include "commands.h"
#include "manifest/render.h"
#include "yaml/emit.h"

#include <stdlib.h>

static int run(const struct invocation *invocation, bool print)
{
    struct buf manifests = {0};
    struct buf messages = {0};
    bool ok = render(&invocation->options.input, invocation->options.output, invocation->color,
                     &manifests, &messages);
    console_print_messages(buf_str(&messages));
    int status = ok ? EXIT_SUCCESS : EXIT_FAILURE;
    if (ok && print)
        status = console_finish(buf_str(&manifests));
    buf_free(&manifests);
    buf_free(&messages);
    return status;
}

int cmd_render(const struct invocation *invocation)
{
    return run(invocation, true);
}

static int run_validate(const struct invocation *invocation)
{
    return run(invocation, false);
}

const struct command command_render = {
    .name = "render",
    .group = GROUP_FILES,
    .summary = "Render Kubernetes manifests to stdout",
    .details = "Prints only manifests, and nothing if there is an error. Does not access a "
               "cluster: the output depends only on the files and flags.",
    .examples = EXAMPLES({"Print the manifests", "kubectl optasvc render -f web.yaml"},
                         {"Print the manifests of one environment, for an image of a CI job",
                          "kubectl optasvc render -f web.yaml --env staging --image-tag v1"},
                         {"Render from standard input, as JSON",
                          "cat web.yaml | kubectl optasvc render -f - -o json"}),
    .flags = FLAG_LIST(FLAGS_RENDER, FLAG_OUTPUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = emit_format_names,
    .output_default = "yaml",
    .run = cmd_render,
};

const struct command command_validate = {
    .name = "validate",
    .group = GROUP_FILES,
    .summary = "Check service files without printing manifests",
    .examples =
        EXAMPLES({"Check a service file", "kubectl optasvc validate -f web.yaml"},
                 {"Check all service files of a repository", "kubectl optasvc validate -R -f ."}),
    .flags = FLAG_LIST(FLAGS_RENDER),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_validate,
};
