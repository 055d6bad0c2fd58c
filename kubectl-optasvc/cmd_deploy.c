#include "cluster/cluster.h"
#include "commands.h"
#include "os/process.h"
#include "registry/push.h"
#include "yaml/parse_strict.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What is wrong with the flags together; NULL when nothing is. */
static const char *flags_wrong(const struct options *options)
{
    if (options->push.image && (options->input.image_tag || options->input.image_digest))
        return "--image pushes an image, --image-tag and --image-digest name one that was pushed: "
               "give one of them";
    if (!options->push.image && (options->push.tag || options->push.create || options->push.tool))
        return "--tag, --create and --tool tell how --image is pushed: give that too";
    return NULL;
}

static bool is_standard_input(const char *path)
{
    return path && strcmp(path, "-") == 0;
}

static bool reads_standard_input(const struct options *options)
{
    for (size_t i = 0; i < options->input.files.count; i++)
        if (is_standard_input(options->input.files.items[i]))
            return true;
    return is_standard_input(options->input.environment_file) ||
           is_standard_input(options->input.parent_outputs);
}

/* A file without a name takes the place of a pipe, which can be read but once. Of too much there is
 * so much that its reader tells it. Returns 0 or an errno. */
static int keep_pipe(void)
{
    struct buf text = {0};
    int error = io_read_file("-", FILE_SIZE_MAX, &text);
    FILE *file = NULL;
    if (error == EFBIG)
        error = 0;
    if (error == 0 && !(file = tmpfile()))
        error = errno;
    if (error == 0)
        error = io_write(fileno(file), buf_str(&text));
    if (error == 0 &&
        (dup2(fileno(file), STDIN_FILENO) < 0 || lseek(STDIN_FILENO, 0, SEEK_SET) < 0))
        error = errno;
    if (file && fclose(file) != 0 && error == 0)
        error = errno;
    buf_free(&text);
    return error;
}

/* The files say both what is pushed and what is applied: finds out where standard input is to be
 * read again, below 0 where it is none of them. False, told, when it cannot be. */
static bool keep_input(const struct options *options, off_t *ret_start)
{
    *ret_start = -1;
    if (!reads_standard_input(options))
        return true;
    *ret_start = lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (*ret_start >= 0)
        return true;
    int error = keep_pipe();
    *ret_start = 0;
    if (error == 0)
        return true;
    struct buf line = {0};
    buf_format(&line, "error: standard input cannot be read: %s\n", strerror(error));
    console_print_error(buf_str(&line));
    buf_free(&line);
    return false;
}

/* How much of the push a dry run does: --dry-run=client talks to nobody. */
static enum push_extent push_extent_of(const struct options *options)
{
    const char *mode = options->apply.dry_run_mode;
    if (!mode || strcmp(mode, "none") == 0)
        return PUSH_ALL;
    return strcmp(mode, "client") == 0 ? PUSH_NAMES : PUSH_CHECKS;
}

/* False, after telling why, when a service waits for an image that nobody has named. */
static bool has_images(const struct invocation *invocation)
{
    struct cluster cluster;
    bool right = cluster_open(&cluster, &invocation->options, invocation->color, true);
    for (size_t i = 0; right && i < cluster.service_count; i++) {
        const struct service *service = cluster.services[i].service;
        if (service->has_image)
            continue;
        diag_error(&cluster.diags, NO_LOCATION,
                   "the image of \"%.*s\" is AUTO: it is not told which one to deploy",
                   STR_ARG(service->name));
        diag_hint(&cluster.diags, "give an image of this machine by --image, or one that was "
                                  "pushed by --image-tag or --image-digest");
        break;
    }
    right = cluster_report(&cluster) && right;
    cluster_close(&cluster);
    return right;
}

/* The image by its digest, for the service alone that it was pushed for. */
static bool push_image(struct arena *arena, struct invocation *invocation)
{
    struct options *options = &invocation->options;
    struct pushed pushed;
    if (!push(arena, &options->input, &options->push, invocation->color, push_extent_of(options),
              &pushed))
        return false;
    struct str image =
        str_format(arena, "%.*s:%.*s%s%.*s", STR_ARG(pushed.repository), STR_ARG(pushed.tag),
                   pushed.digest.len ? "@" : "", STR_ARG(pushed.digest));
    struct buf line = {0};
    options->input.image_repository = pushed.repository.data;
    if (pushed.digest.len)
        options->input.image_digest = pushed.digest.data;
    else
        options->input.image_tag = pushed.tag.data;
    buf_format(&line, "%.*s %s\n", STR_ARG(image),
               pushed.digest.len ? "pushed"
                                 : "would be pushed: its tag stands for its digest here");
    console_print_error(buf_str(&line));
    buf_free(&line);
    return true;
}

static int run_deploy(const struct invocation *invocation)
{
    struct invocation applied = *invocation;
    struct arena arena = {0};
    const char *wrong = flags_wrong(&invocation->options);
    int status = wrong ? cli_usage(invocation, wrong) : cmd_apply_usage(invocation);
    if (status)
        return status;
    off_t start;
    applied.options.input.mode = READ_AGAIN;
    bool right =
        keep_input(&invocation->options, &start) &&
        (invocation->options.push.image ? push_image(&arena, &applied) : has_images(&applied));
    applied.options.input.mode = READ_SERVICES;
    if (right && start >= 0)
        lseek(STDIN_FILENO, start, SEEK_SET);
    status = right ? cmd_apply(&applied) : process_exit_status(EXIT_FAILURE);
    arena_free(&arena);
    return status;
}

static const char *const outputs[] = {"name", NULL};

const struct command command_deploy = {
    .name = "deploy",
    .summary = "Push an image, then apply the service with it",
    .details =
        "What push and apply do, one after the other: the pods get the image by its digest. No\n"
        "image is pushed for services whose images others keep; nothing is applied when the\n"
        "push failed, and --dry-run pushes nothing.\n",
    .flags = FLAGS_APPLY | FLAGS_PUSH | FLAG(IMAGE),
    .required = FLAG(FILENAME),
    .outputs = outputs,
    .run = run_deploy};
