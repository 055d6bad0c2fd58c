#include "cli/report.h"
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

/* Returns NULL if the combination of flags is valid, else the error. */
static const char *check_flags(const struct options *options)
{
    if (options->push.image && (options->input.image_tag || options->input.image_digest))
        return "--image and --image-tag or --image-digest are mutually exclusive: --image pushes a "
               "local image, the others select a pushed one";
    if (!options->push.image &&
        (options->push.tag || options->push.create_repository || options->push.container_tool))
        return "--tag, --create-repository and --container-tool require --image";
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

/* Replaces a pipe on standard input with an unnamed file, which can be read twice. Of input above
 * the limit, enough is kept that the reader reports the limit. Returns 0 or an errno. */
static int buffer_pipe(void)
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

/* Makes standard input readable twice, because push and apply both read the files. `ret_start` is
 * the offset to return to, -1 if no file is standard input. Reports an error and returns false if
 * standard input cannot be read. */
static bool buffer_stdin(const struct options *options, off_t *ret_start)
{
    *ret_start = -1;
    if (!reads_standard_input(options))
        return true;
    *ret_start = lseek(STDIN_FILENO, 0, SEEK_CUR);
    if (*ret_start >= 0)
        return true;
    int error = buffer_pipe();
    *ret_start = 0;
    if (error == 0)
        return true;
    report_failure(RULE_FILE_UNREADABLE, "cannot read standard input: %s", strerror(error));
    return false;
}

/* --dry-run=client must not access a registry; --dry-run=server only runs checks. */
static enum push_extent push_extent_of(const struct options *options)
{
    const char *mode = options->apply.dry_run_mode;
    if (!mode || strcmp(mode, "none") == 0)
        return PUSH_ALL;
    return strcmp(mode, "client") == 0 ? PUSH_NAMES : PUSH_CHECKS;
}

/* Reports an error and returns false if a service has image: AUTO and no image is selected. */
static bool check_images(const struct invocation *invocation)
{
    struct cluster cluster;
    bool ok = cluster_open(&cluster, &invocation->options, invocation->color, true);
    for (size_t i = 0; ok && i < cluster.service_count; i++) {
        const struct service *service = cluster.services[i].service;
        if (service->has_image)
            continue;
        diag_error(&cluster.diags, NO_LOCATION, RULE_IMAGE_NOT_FOUND,
                   "no image selected for \"%.*s\", which has image: AUTO", STR_ARG(service->name));
        diag_hint(&cluster.diags, "push a local image with --image, or select a pushed one with "
                                  "--image-tag or --image-digest");
        break;
    }
    ok = cluster_report(&cluster) && ok;
    cluster_close(&cluster);
    return ok;
}

/* Pushes the image and sets its digest for the service that it belongs to. */
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
                                 : "would be pushed; shown by tag because it has no digest yet");
    console_print_messages(buf_str(&line));
    buf_free(&line);
    return true;
}

static int run_deploy(const struct invocation *invocation)
{
    struct invocation apply_invocation = *invocation;
    struct arena arena = {0};
    const char *problem = check_flags(&invocation->options);
    int status = problem ? cli_usage(invocation, problem) : cmd_apply_check_flags(invocation);
    if (status)
        return status;
    off_t start;
    apply_invocation.options.input.mode = READ_TO_PUSH;
    bool ok = buffer_stdin(&invocation->options, &start) &&
              (invocation->options.push.image ? push_image(&arena, &apply_invocation)
                                              : check_images(&apply_invocation));
    apply_invocation.options.input.mode = READ_SERVICES;
    if (ok && start >= 0)
        lseek(STDIN_FILENO, start, SEEK_SET);
    status = ok ? cmd_apply(&apply_invocation) : process_exit_status(EXIT_FAILURE);
    arena_free(&arena);
    return status;
}

static const char *const outputs[] = {"name", NULL};

const struct command command_deploy = {
    .name = "deploy",
    .group = GROUP_DEPLOY,
    .summary = "Push an image and apply the service with it",
    .details =
        "Runs push, then apply: the pods use the pushed image by its digest. Without --image, or "
        "with --dry-run, nothing is pushed. If the push fails, nothing is applied.",
    .examples = EXAMPLES({"Push a local image and apply the service with its digest",
                          "kubectl optasvc deploy -f web.yaml --image web:v1"},
                         {"Create a missing ECR repository first",
                          "kubectl optasvc deploy -f web.yaml --env staging --image web:v1 \\\n"
                          "    --create-repository"},
                         {"Apply with an image that is already in the repository",
                          "kubectl optasvc deploy -f web.yaml --image-tag v1"}),
    .flags = FLAG_LIST(FLAG_IMAGE, FLAGS_PUSH, FLAGS_APPLY),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = outputs,
    .output_default = "progress",
    .run = run_deploy,
};
