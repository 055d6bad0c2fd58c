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
    const struct options *options = &invocation->options;
    bool ok = (options->explain ? render_explained : render)(
        &options->input, options->output, invocation->color, &manifests, &messages);
    return finish(ok, &manifests, &messages);
}

/* Prints errors and warnings in the format of --output. */
static int validate_as(const struct invocation *invocation, const char *format)
{
    struct arena arena = {0};
    struct buf out = {0};
    struct buf unused[2] = {{0}};
    struct diag_report report = diag_report_begin(&arena, format);
    bool ok = render_check(&invocation->options.input, false, &report, &unused[0], &unused[1]);
    diag_report_write(&report, &out);
    int status = console_finish(buf_str(&out));
    buf_free(&unused[0]);
    buf_free(&unused[1]);
    buf_free(&out);
    arena_free(&arena);
    return ok ? status : EXIT_FAILURE;
}

static int run_validate(const struct invocation *invocation)
{
    struct buf summary = {0};
    struct buf messages = {0};
    if (invocation->options.output)
        return validate_as(invocation, invocation->options.output);
    bool ok =
        render_check(&invocation->options.input, invocation->color, NULL, &summary, &messages);
    return finish(ok, &summary, &messages);
}

const struct command command_render = {
    .name = "render",
    .group = GROUP_FILES,
    .summary = "Render Kubernetes manifests to stdout",
    .details = "Prints only manifests, and nothing if there is an error. Does not access a "
               "cluster: the output depends only on the files and flags.\n"
               "--explain adds a comment to each line of the manifests; with -o json it prints a "
               "list of the lines instead.",
    .examples = EXAMPLES({"Print the manifests", "kubectl optasvc render -f web.yaml"},
                         {"Print the manifests of one environment, for an image of a CI job",
                          "kubectl optasvc render -f web.yaml --env staging --image-tag v1"},
                         {"Render from standard input, as JSON",
                          "cat web.yaml | kubectl optasvc render -f - -o json"},
                         {"Show where each line of the manifests comes from",
                          "kubectl optasvc render -f web.yaml --explain"}),
    .flags = FLAG_LIST(FLAGS_RENDER, FLAG_EXPLAIN, FLAG_OUTPUT),
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
               "not access a cluster: apply --dry-run=server also checks with the server. With "
               "--output, stdout has the errors and warnings in this format, also if there are "
               "any: json, sarif (SARIF 2.1.0, for code scanning) or github (annotations of GitHub "
               "Actions). The exit status is 1 if there is an error.",
    .examples =
        EXAMPLES({"Check a service file", "kubectl optasvc validate -f web.yaml"},
                 {"Check all service files of a repository", "kubectl optasvc validate -R -f ."},
                 {"Write errors and warnings for code scanning",
                  "kubectl optasvc validate -R -f . -o sarif >optasvc.sarif"}),
    .flags = FLAG_LIST(FLAGS_RENDER, FLAG_OUTPUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = diag_format_names,
    .output_default = "text",
    .output_help = "format of errors and warnings",
    .run = run_validate,
};
