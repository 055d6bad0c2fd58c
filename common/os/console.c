#include "os/console.h"

#include "base/diag.h"
#include "base/wrap.h"
#include "os/progress.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

static int print_error; /* errno of the first failed write to stdout */
static struct buf *error_copy;
static bool has_status; /* a line of console_set_status() is shown */

bool console_print(struct str text)
{
    if (print_error == 0)
        print_error = io_write(STDOUT_FILENO, text);
    return print_error == 0;
}

static const char erase_line[] = "\r\033[K";

void console_set_status(struct str line)
{
    if (!has_status && (line.len == 0 || !progress_is_possible()))
        return;
    struct buf out = {0};
    buf_add(&out, str_from_c(erase_line));
    if (line.len) /* some terminals wrap as soon as the last column is written */
        diag_add_truncated(&out, line, progress_terminal_size().columns - 1);
    has_status = line.len > 0;
    io_write(STDERR_FILENO, buf_str(&out));
    buf_free(&out);
}

bool console_print_error(struct str text)
{
    if (text.len)
        console_set_status((struct str){0});
    if (error_copy)
        buf_add(error_copy, text);
    return io_write(STDERR_FILENO, text) == 0;
}

void console_copy_errors(struct buf *copy)
{
    error_copy = copy;
}

/* Returns the columns of a terminal; 0 if `fd` is none. */
static size_t terminal_columns(int fd)
{
    struct winsize size;
    return isatty(fd) && ioctl(fd, TIOCGWINSZ, &size) == 0 ? size.ws_col : 0;
}

void console_print_messages(struct str text)
{
    enum { WIDTH_MIN = 40, WIDTH_MAX = 100 };
    size_t columns = terminal_columns(STDERR_FILENO);
    if (columns < WIDTH_MIN) {
        console_print_error(text);
        return;
    }
    struct buf wrapped = {0};
    wrap_messages(&wrapped, text, columns < WIDTH_MAX ? columns : WIDTH_MAX);
    console_print_error(buf_str(&wrapped));
    buf_free(&wrapped);
}

void console_print_line(struct str text)
{
    struct buf line = {0};
    diag_add_visible(&line, text);
    buf_add_byte(&line, '\n');
    console_print_messages(buf_str(&line));
    buf_free(&line);
}

int console_finish(struct str text)
{
    return console_finish_stream(&text, 1, &(struct io_stream){0});
}

int console_finish_columns(struct str text)
{
    size_t columns = console_columns();
    if (columns == 0)
        return console_finish(text);
    struct buf wrapped = {0};
    wrap_columns(&wrapped, text, columns);
    int status = console_finish(buf_str(&wrapped));
    buf_free(&wrapped);
    return status;
}

int console_finish_stream(const struct str *pieces, size_t count, const struct io_stream *stream)
{
    int error = print_error;
    if (error == 0)
        error = io_write_stream(STDOUT_FILENO, pieces, count, stream);
    if (close(STDOUT_FILENO) < 0 && error == 0)
        error = errno;
    if (error == 0)
        return EXIT_SUCCESS;
    struct buf message = {0};
    buf_format(&message, "error: cannot write output: %s\n", strerror(error));
    console_print_error(buf_str(&message));
    buf_free(&message);
    return EXIT_FAILURE;
}

size_t console_columns(void)
{
    enum { COLUMNS_MIN = 40, COLUMNS_MAX = 100 };
    size_t columns = terminal_columns(STDOUT_FILENO);
    if (columns == 0)
        return 0;
    return columns < COLUMNS_MIN ? COLUMNS_MIN : columns > COLUMNS_MAX ? COLUMNS_MAX : columns;
}

int console_find_stream(const char *path)
{
    struct stat file;
    struct stat stream;
    if (stat(path, &file) < 0)
        return -1;
    for (int fd = STDOUT_FILENO; fd <= STDERR_FILENO; fd++)
        if (fstat(fd, &stream) == 0 && stream.st_dev == file.st_dev && stream.st_ino == file.st_ino)
            return fd;
    return -1;
}
