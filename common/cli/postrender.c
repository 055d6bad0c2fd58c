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

static int run(const struct options *options, bool color)
{
    struct io_stream input;
    struct injected injected;
    struct arena arena = {0};
    struct stream_parser stream_parser = {.arena = &arena};
    int error = io_read_stream(STDIN_FILENO, STREAM_SIZE_MAX, feed_parser, &stream_parser, &input);
    if (error) {
        io_stream_free(&input);
        arena_free(&arena);
        return error == EFBIG ? report_failure(RULE_LIMIT_EXCEEDED,
                                               "the manifests on standard input exceed %d bytes",
                                               STREAM_SIZE_MAX)
                              : report_failure(RULE_FILE_UNREADABLE,
                                               "cannot read standard input: %s", strerror(error));
    }
    const struct source manifests = {.path = STR("<stdin>"), .text = input.text};
    bool ok = inject(&options->input, &options->inject, &manifests,
                     stream_finish(&stream_parser, input.text), color, &injected);
    /* Appending keeps the log of earlier runs of the same helm command. */
    if (options->inject.log_file)
        ok &= report_write_file("log", options->inject.log_file, O_APPEND, buf_str(&injected.log));
    if (ok && options->inject.report)
        ok =
            report_write_file("report", options->inject.report, O_TRUNC, buf_str(&injected.report));
    console_print_messages(buf_str(&injected.messages));
    int status = ok ? console_finish_stream(injected.pieces, injected.count, &input) : EXIT_FAILURE;
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
    if (!options.inject.log_file)
        options.inject.log_file = env_value("OPTASVC_LOG");
    if (options.input.files.count == 0)
        options.input.files = (struct option_list){&file, file ? 1 : 0};
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
