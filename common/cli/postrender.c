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

static const char *setting(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* Writes a file that a flag names. `what` is what it is called in an error. */
static bool write_file(const char *what, const char *path, int flags, struct str text)
{
    int stream = console_find_stream(path);
    int fd = stream < 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666) : stream;
    int error = fd < 0 ? errno : io_write(fd, text);
    if (stream < 0 && fd >= 0 && close(fd) < 0 && error == 0)
        error = errno;
    if (error)
        fail("the %s %s cannot be written: %s", what, path, strerror(error));
    return error == 0;
}

static void split(void *stream_parser, struct str text)
{
    stream_feed(stream_parser, text);
}

static int run(const struct options *options, bool color)
{
    struct io_stream input;
    struct injected injected;
    struct arena arena = {0};
    struct stream_parser stream_parser = {.arena = &arena};
    int error = io_read_stream(STDIN_FILENO, STREAM_SIZE_MAX, split, &stream_parser, &input);
    if (error) {
        io_stream_free(&input);
        arena_free(&arena);
        return error == EFBIG ? fail("the manifests on standard input are larger than %d bytes",
                                     STREAM_SIZE_MAX)
                              : fail("standard input cannot be read: %s", strerror(error));
    }
    const struct source manifests = {.path = STR("<stdin>"), .text = input.text};
    bool right = inject(&options->input, &options->inject, &manifests,
                        stream_finish(&stream_parser, input.text), color, &injected);
    /* The log is appended to, so that the runs of one command follow each other. */
    if (options->inject.log_file)
        right &= write_file("log", options->inject.log_file, O_APPEND, buf_str(&injected.log));
    if (right && options->inject.report)
        right = write_file("report", options->inject.report, O_TRUNC, buf_str(&injected.report));
    console_print_error(buf_str(&injected.messages));
    int status =
        right ? console_finish_stream(injected.pieces, injected.count, &input) : EXIT_FAILURE;
    injected_free(&injected);
    io_stream_free(&input);
    arena_free(&arena);
    return status;
}

int postrender(const struct invocation *invocation)
{
    struct options options = invocation->options;
    const char *file =
        invocation->arguments.count ? invocation->arguments.items[0] : setting("OPTASVC_FILE");
    options.input.mode = READ_CHART;
    if (!options.inject.log_file)
        options.inject.log_file = setting("OPTASVC_LOG");
    if (options.input.files.count == 0)
        options.input.files = (struct option_list){&file, file ? 1 : 0};
    if (options.input.files.count == 0)
        return cli_usage(invocation,
                         invocation->program->single
                             ? "a service file is needed, as an argument or in OPTASVC_FILE"
                             : "a service file is needed, by -f or in OPTASVC_FILE");
    for (size_t i = 0; i < options.input.files.count; i++)
        if (strcmp(options.input.files.items[i], "-") == 0)
            return cli_usage(invocation, "standard input holds the manifests: the service file "
                                         "cannot be \"-\"");
    return run(&options, invocation->color);
}
