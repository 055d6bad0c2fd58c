#include "commands.h"
#include "manifest/render.h"
#include "yaml/emit.h"

#include <stdlib.h>

static int run(const struct invocation *invocation, bool print)
{
    struct buf manifests = {0};
    struct buf messages = {0};
    bool right = render(&invocation->options.input, invocation->options.output, invocation->color,
                        &manifests, &messages);
    console_print_error(buf_str(&messages));
    int status = right ? EXIT_SUCCESS : EXIT_FAILURE;
    if (right && print)
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
    .summary = "Turn service files into Kubernetes manifests on stdout",
    .details = "Prints nothing but the manifests, and nothing at all when anything is wrong.\n"
               "Talks to no cluster: the output depends on the files and flags alone.\n",
    .flags = FLAGS_RENDER | FLAG(OUTPUT),
    .required = FLAG(FILENAME),
    .outputs = emit_format_names,
    .run = cmd_render};

const struct command command_validate = {
    .name = "validate",
    .summary = "Check service files: the same checks as render, no output",
    .flags = FLAGS_RENDER,
    .required = FLAG(FILENAME),
    .run = run_validate};
