#include "chart/convert_manifests.h"
#include "cli/report.h"
#include "commands.h"
#include "config/source.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* The files of -f, which may be larger than service files. */
struct manifest_files {
    struct arena arena;
    struct diags diags;
    struct source *sources;
    struct buf *texts; /* owned */
    size_t count;
};

static bool read_file(struct manifest_files *files, const char *path)
{
    struct buf *text = &files->texts[files->count];
    int error = io_read_file(path, STREAM_SIZE_MAX, text);
    bool is_stdin = strcmp(path, "-") == 0;
    files->sources[files->count++] = (struct source){
        .path = is_stdin ? STR("<stdin>") : str_from_c(path), .text = buf_str(text)};
    if (error == EFBIG)
        diag_error(&files->diags, NO_LOCATION, RULE_LIMIT_EXCEEDED, "%s exceeds %d bytes", path,
                   STREAM_SIZE_MAX);
    else if (error)
        diag_error(&files->diags, NO_LOCATION, RULE_FILE_UNREADABLE, "cannot read %s: %s", path,
                   strerror(error));
    return error == 0;
}

static bool read_files(struct manifest_files *files, const struct input_options *options)
{
    struct input *inputs;
    size_t count;
    files->diags.arena = &files->arena;
    if (!input_list(&files->arena, &files->diags, options, &inputs, &count))
        return false;
    files->sources = ARENA_ARRAY(&files->arena, count, struct source);
    files->texts = ARENA_ARRAY(&files->arena, count, struct buf);
    bool ok = true;
    for (size_t i = 0; i < count; i++)
        ok &= read_file(files, inputs[i].path);
    return ok;
}

static void free_files(struct manifest_files *files)
{
    for (size_t i = 0; i < files->count; i++)
        buf_free(&files->texts[i]);
    arena_free(&files->arena);
}

static int report_errors(const struct manifest_files *files, bool color)
{
    struct buf messages = {0};
    diags_write(&files->diags, &messages, color);
    console_print_messages(buf_str(&messages));
    buf_free(&messages);
    return EXIT_FAILURE;
}

static int convert(const struct manifest_files *files, const struct invocation *invocation)
{
    struct converted converted;
    const struct options *options = &invocation->options;
    bool ok = convert_manifests(files->sources, files->count, &options->gateway,
                                options->inject.best_effort, invocation->color, &converted);
    console_print_messages(buf_str(&converted.messages));
    if (ok && options->inject.report)
        ok = report_write_file("report", options->inject.report, O_TRUNC,
                               buf_str(&converted.report));
    int status = ok ? console_finish(buf_str(&converted.manifests)) : EXIT_FAILURE;
    converted_free(&converted);
    return status;
}

static int run(const struct invocation *invocation)
{
    struct manifest_files files = {0};
    bool ok = read_files(&files, &invocation->options.input);
    int status = ok ? convert(&files, invocation) : report_errors(&files, invocation->color);
    free_files(&files);
    return status;
}

const struct command command_convert_ingress = {
    .name = "convert-ingress",
    .group = GROUP_CHARTS,
    .summary = "Convert Ingresses of ingress-nginx to routes of a Gateway",
    .details =
        "Reads manifests and prints routes and policies that mean the same as their Ingresses; no "
        "other objects of the manifests. All Ingresses of a host must be passed together, because "
        "a regular expression of one changes how nginx reads the others. Pass the Services too if "
        "Ingresses name their ports.\n"
        "Each difference in meaning is a line on stderr. Access "
        "control, and "
        "without --best-effort anything else that routes do not have, is an error: then nothing is "
        "printed. Does not access a cluster.",
    .examples = EXAMPLES(
        {"Convert all Ingresses of a cluster",
         "kubectl get ingress,service -A -o yaml |\n"
         "    kubectl optasvc convert-ingress -f - --gateway infra/public --type envoy \\\n"
         "    --listener https --http-listener http"},
        {"Convert manifests, and drop settings that routes do not have",
         "kubectl optasvc convert-ingress -f ingress.yaml --gateway infra/public \\\n"
         "    --best-effort"}),
    .flags = FLAG_LIST(FLAG_MANIFESTS, FLAG_RECURSIVE, FLAG_GATEWAY, FLAG_GATEWAY_TYPE,
                       FLAG_LISTENER, FLAG_HTTP_LISTENER, FLAG_LISTENER_SETS,
                       FLAG_SESSION_PERSISTENCE, FLAG_BEST_EFFORT, FLAG_REPORT),
    .required = FLAG_LIST(FLAG_MANIFESTS, FLAG_GATEWAY),
    .run = run,
};
