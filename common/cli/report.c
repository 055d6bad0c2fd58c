#include "cli/report.h"

#include "base/diag.h"
#include "os/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int report_failure(const char *format, ...)
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
    console_print_messages(buf_str(&text));
    buf_free(&text);
    arena_free(&arena);
    return EXIT_FAILURE;
}

bool report_write_file(const char *what, const char *path, int flags, struct str text)
{
    int stream = console_find_stream(path);
    int fd = stream < 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666) : stream;
    int error = fd < 0 ? errno : io_write(fd, text);
    if (stream < 0 && fd >= 0 && close(fd) < 0 && error == 0)
        error = errno;
    if (error)
        report_failure("cannot write the %s %s: %s", what, path, strerror(error));
    return error == 0;
}
