#include "cli/completion.h"
#include "commands.h"
#include "format/name.h"
#include "os/process.h"
#include "registry/push.h"
#include "yaml/emit.h"

#include <stdlib.h>

static void write_json(struct arena *arena, const struct pushed *pushed, struct str image,
                       struct buf *out)
{
    struct node *map = node_new(arena, NODE_MAP);
    node_set_string(arena, map, "image", image);
    node_set_string(arena, map, "repository", pushed->repository);
    node_set_string(arena, map, "tag", pushed->tag);
    node_set_string(arena, map, "digest", pushed->digest);
    emit_json(out, map, 0);
}

static int print(struct arena *arena, const struct options *options, const struct pushed *pushed)
{
    struct str image =
        str_format(arena, "%.*s@%.*s", STR_ARG(pushed->repository), STR_ARG(pushed->digest));
    struct buf out = {0};
    if (options->output)
        write_json(arena, pushed, image, &out);
    else
        buf_add(&out, image);
    buf_add_byte(&out, '\n');
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
    const char *wrong = name_check_image(str_from_c(options.push.image));
    if (wrong) {
        int status = cli_usage(
            invocation, str_format(&arena, "IMAGE %s, not \"%s\"", wrong, options.push.image).data);
        arena_free(&arena);
        return status;
    }
    int status = push(&arena, &options.input, &options.push, invocation->color, PUSH_ALL, &pushed)
                     ? print(&arena, &options, &pushed)
                     : EXIT_FAILURE;
    arena_free(&arena);
    return process_exit_status(status);
}

static const char *const outputs[] = {"json", NULL};

const struct command command_push = {
    .name = "push",
    .arguments = "IMAGE",
    .min_args = 1,
    .max_args = 1,
    .summary = "Push an image of this machine to the repository of its service (image: AUTO)",
    .details =
        "Prints what it is in the registry: REPOSITORY@DIGEST. Its tag there is its own, latest\n"
        "if it has none. Where the repository is one of ECR, the aws CLI tells whether it can\n"
        "be pushed, and gives the credentials, which are gone when this ends; other registries\n"
        "use your existing login: docker login, gcloud auth configure-docker, az acr login.\n",
    .flags = (FLAGS_RENDER & ~(FLAG(IMAGE_TAG) | FLAG(IMAGE_DIGEST) | FLAG(NAMESPACE))) |
             FLAGS_PUSH | FLAG(OUTPUT),
    .required = FLAG(FILENAME),
    .outputs = outputs,
    .run = run_push,
    .complete = complete_images};
