#include "commands.h"
#include "manifest/render.h"
#include "yaml/emit.h"

#include <stdlib.h>

/* Prints messages, and the output if `ok`. Frees both. Returns the exit status. */
static int finish(bool ok, struct buf *output, struct buf *messages)
{
    console_print_messages(buf_str(messages));
    int status = ok ? console_finish(buf_str(output)) : EXIT_FAILURE;
    buf_free(output);
    buf_free(messages);
    return status;
}

int cmd_render(const struct invocation *invocation)
{
    struct buf manifests = {0};
    struct buf messages = {0};
    bool ok = render(&invocation->options.input, invocation->options.output, invocation->color,
                     &manifests, &messages);
    return finish(ok, &manifests, &messages);
}

static int run_validate(const struct invocation *invocation)
{
    struct buf summary = {0};
    struct buf messages = {0};
    bool ok = render_check(&invocation->options.input, invocation->color, &summary, &messages);
    return finish(ok, &summary, &messages);
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
    .details = "Runs all checks of render, and prints what it checked: a line for each file. Does "
               "not access a cluster: apply --dry-run=server also checks with the server.",
    .examples =
        EXAMPLES({"Check a service file", "kubectl optasvc validate -f web.yaml"},
                 {"Check all service files of a repository", "kubectl optasvc validate -R -f ."}),
    .flags = FLAG_LIST(FLAGS_RENDER),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_validate,
};
