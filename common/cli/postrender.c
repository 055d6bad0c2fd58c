#include "cli/postrender.h"

#include "chart/inject.h"
#include "os/console.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

__attribute__((format(printf, 1, 2))) static int fail(const char *format, ...)
{
    struct buf text = {0};
    struct arena arena = {0};
    va_list arguments;
    va_start(arguments, format);
    struct str message = str_vformat(&arena, format, arguments);
    va_end(arguments);
    buf_add(&text, STR("error: "));
    diag_add_visible(&text, message);
    buf_add_byte(&text, '\n');
    console_print_error(buf_str(&text));
    buf_free(&text);
    arena_free(&arena);
    return EXIT_FAILURE;
}

static const char *env_value(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Writes the file of a flag. `what` names it in errors. */
static bool write_file(const char *what, const char *path, int flags, struct str text)
{
    int stream = console_find_stream(path);
    int fd = stream < 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666) : stream;
    int error = fd < 0 ? errno : io_write(fd, text);
    if (stream < 0 && fd >= 0 && close(fd) < 0 && error == 0)
        error = errno;
    if (error)
        fail("cannot write the %s %s: %s", what, path, strerror(error));
    return error == 0;
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
        return error == EFBIG
                   ? fail("the manifests on standard input exceed %d bytes", STREAM_SIZE_MAX)
                   : fail("cannot read standard input: %s", strerror(error));
    }
    const struct source manifests = {.path = STR("<stdin>"), .text = input.text};
    bool ok = inject(&options->input, &options->inject, &manifests,
                     stream_finish(&stream_parser, input.text), color, &injected);
    /* Appending keeps the log of earlier runs of the same helm command. */
    if (options->inject.log_file)
        ok &= write_file("log", options->inject.log_file, O_APPEND, buf_str(&injected.log));
    if (ok && options->inject.report)
        ok = write_file("report", options->inject.report, O_TRUNC, buf_str(&injected.report));
    console_print_error(buf_str(&injected.messages));
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
