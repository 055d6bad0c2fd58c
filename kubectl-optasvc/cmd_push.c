#include "cli/completion.h"
#include "commands.h"
#include "format/name.h"
#include "os/process.h"
#include "registry/push.h"
#include "yaml/emit.h"

#include <stdlib.h>

static void write_parts(struct arena *arena, const struct pushed *pushed, struct str image,
                        const struct emit_format *format, struct buf *out)
{
    struct node *map = node_new(arena, NODE_MAP);
    node_set_string(arena, map, "image", image);
    node_set_string(arena, map, "repository", pushed->repository);
    node_set_string(arena, map, "tag", pushed->tag);
    node_set_string(arena, map, "digest", pushed->digest);
    format->value(out, map);
}

static int print_pushed(struct arena *arena, const struct options *options,
                        const struct pushed *pushed)
{
    struct str image =
        str_format(arena, "%.*s@%.*s", STR_ARG(pushed->repository), STR_ARG(pushed->digest));
    struct buf out = {0};
    if (options->output)
        write_parts(arena, pushed, image, emit_format_find(options->output), &out);
    else
        buf_format(&out, "%.*s\n", STR_ARG(image));
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    return status;
}

static int run_push(const struct invocation *invocation)
{
    struct options options = invocation->options;
    struct arena arena = {0};
    struct pushed pushed;
    options.push.image = invocation->arguments.items[0];
    const char *problem = name_check_image(str_from_c(options.push.image));
    if (problem) {
        int status =
            cli_usage(invocation,
                      str_format(&arena, "IMAGE %s, not \"%s\"", problem, options.push.image).data);
        arena_free(&arena);
        return status;
    }
    int status = push(&arena, &options.input, &options.push, invocation->color, PUSH_ALL, &pushed)
                     ? print_pushed(&arena, &options, &pushed)
                     : EXIT_FAILURE;
    arena_free(&arena);
    return process_exit_status(status);
}

const struct command command_push = {
    .name = "push",
    .group = GROUP_IMAGES,
    .arguments = "IMAGE",
    .min_args = 1,
    .max_args = 1,
    .summary = "Push a local image to the repository of its service",
    .details =
        "Prints the pushed image as REPOSITORY@DIGEST. The service must have image: AUTO. The tag "
        "is that of the local image, or latest. For ECR, the aws CLI checks the repository and "
        "provides credentials, which are removed when the push ends; other registries use your "
        "existing login: docker login, gcloud auth configure-docker, az acr login.",
    .examples = EXAMPLES({"Push a local image to the repository of the service",
                          "kubectl optasvc push web:v1 -f web.yaml"},
                         {"Push it with another tag, to the repository of one environment",
                          "kubectl optasvc push web:latest -f web.yaml --env staging --tag v1"},
                         {"Print only the digest",
                          "kubectl optasvc push web:v1 -f web.yaml -o json | jq -r .digest"}),
    .flags = FLAG_LIST(FLAGS_FILES, FLAGS_PUSH, FLAG_OUTPUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = emit_format_names,
    .output_default = "text",
    .run = run_push,
    .complete = complete_images,
};
