#include "cli/report.h"

#include "os/console.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef void add_diag(struct diags *diags, struct location at, enum rule rule, const char *format,
                      va_list arguments);

static void report(add_diag *add, enum rule rule, const char *format, va_list arguments)
{
    struct arena arena = {0};
    struct diags diags = {.arena = &arena};
    struct buf text = {0};
    add(&diags, NO_LOCATION, rule, format, arguments);
    diags_write(&diags, &text, false);
    console_print_messages(buf_str(&text));
    buf_free(&text);
    arena_free(&arena);
}

int report_failure(enum rule rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(diag_verror, rule, format, arguments);
    va_end(arguments);
    return EXIT_FAILURE;
}

void report_warning(enum rule rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    report(diag_vwarning, rule, format, arguments);
    va_end(arguments);
}

bool report_write_file(const char *what, const char *path, int flags, struct str text)
{
    int stream = console_find_stream(path);
    int fd = stream < 0 ? open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0666) : stream;
    int error = fd < 0 ? errno : io_write(fd, text);
    if (stream < 0 && fd >= 0 && close(fd) < 0 && error == 0)
        error = errno;
    if (error)
        report_failure(RULE_FILE_UNWRITABLE, "cannot write the %s %s: %s", what, path,
                       strerror(error));
    return error == 0;
}
