#include "commands.h"
#include "manifest/render.h"

#include <stdlib.h>

static int run(const struct invocation *invocation, bool print)
{
    struct buf manifests = {0};
    struct buf messages = {0};
    bool right = render(&invocation->options, invocation->color, &manifests, &messages);
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

int cmd_validate(const struct invocation *invocation)
{
    return run(invocation, false);
}
