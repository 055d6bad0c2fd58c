#include "cli/postrender.h"

#include "chart/inject.h"
#include "cli/report.h"
#include "os/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *env_value(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

static void feed_parser(void *stream_parser, struct str text)
{
    stream_feed(stream_parser, text);
}

static bool read_and_inject(const struct options *options, bool color, struct arena *arena,
                            struct io_stream *ret_input, struct injected *ret)
{
    struct stream_parser parser = {.arena = arena};
    int error = io_read_stream(STDIN_FILENO, STREAM_SIZE_MAX, feed_parser, &parser, ret_input);
    if (error == 0) {
        const struct source manifests = {.path = STR("<stdin>"), .text = ret_input->text};
        return inject(&options->input, &options->inject, &manifests,
                      stream_finish(&parser, ret_input->text), color, ret);
    }
    struct diags diags = {.arena = arena};
    if (error == EFBIG)
        diag_error(&diags, NO_LOCATION, RULE_LIMIT_EXCEEDED,
                   "the manifests on standard input exceed %d bytes", STREAM_SIZE_MAX);
    else
        diag_error(&diags, NO_LOCATION, RULE_FILE_UNREADABLE, "cannot read standard input: %s",
                   strerror(error));
    inject_fail(&options->inject, &diags, color, ret);
    return false;
}

enum { DIFF_SAME, DIFF_DIFFERENT, DIFF_FAILED };

/* Prints the diff. Returns the exit status, as `kubectl diff` does. Without differences it is not
 * empty either: Helm 3 deletes all objects of a release if a post-renderer prints nothing. */
static int print_diff(struct str diff)
{
    int status = console_finish(diff.len ? diff : STR("no differences\n"));
    return status != EXIT_SUCCESS ? DIFF_FAILED : diff.len ? DIFF_DIFFERENT : DIFF_SAME;
}

static int run(const struct options *options, bool color)
{
    struct io_stream input;
    struct injected injected;
    struct arena arena = {0};
    const struct inject_options *flags = &options->inject;
    bool ok = read_and_inject(options, color, &arena, &input, &injected);
    /* Appending keeps the log of earlier runs of the same helm command. */
    if (flags->log_file)
        ok &= report_write_file("log", flags->log_file, O_APPEND, buf_str(&injected.log));
    if (flags->report && (ok || flags->format))
        ok &= report_write_file("report", flags->report, O_TRUNC, buf_str(&injected.report));
    if (flags->format && !flags->report)
        ok &= console_print_error(buf_str(&injected.messages)); /* programs read it: not wrapped */
    else
        console_print_messages(buf_str(&injected.messages));
    int status = flags->diff ? DIFF_FAILED : EXIT_FAILURE;
    if (ok)
        status = flags->diff ? print_diff(buf_str(&injected.diff))
                             : console_finish_stream(injected.pieces, injected.count, &input);
    injected_free(&injected);
    io_stream_free(&input);
    arena_free(&arena);
    return status;
}

int postrender(const struct invocation *invocation)
{
    struct options options = invocation->options;
    const char *file =
        invocation->arguments.count ? invocation->arguments.items[0] : env_value("OPTASVC_FILE");
    options.input.mode = READ_CHART;
    options.inject.format = options.output;
    if (!options.inject.log_file)
        options.inject.log_file = env_value("OPTASVC_LOG");
    if (options.input.files.count == 0)
        options.input.files = (struct option_list){&file, file ? 1 : 0};
    if (options.inject.diff && options.inject.dry_run)
        return cli_usage(invocation, "--diff and --dry-run are mutually exclusive");
    options.inject.diff_color = cli_has_color(&options, CLI_STDOUT);
    if (options.input.files.count == 0)
        return cli_usage(invocation,
                         invocation->program->single
                             ? "missing service file; pass it as an argument or set OPTASVC_FILE"
                             : "missing service file; pass -f FILE or set OPTASVC_FILE");
    for (size_t i = 0; i < options.input.files.count; i++)
        if (strcmp(options.input.files.items[i], "-") == 0)
            return cli_usage(invocation, "the service file cannot be \"-\": standard input "
                                         "contains the manifests");
    return run(&options, invocation->color);
}
