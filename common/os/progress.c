#include "os/progress.h"

#include "base/diag.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

bool progress_is_possible(void)
{
    const char *terminal = getenv("TERM");
    return isatty(STDERR_FILENO) && terminal && strcmp(terminal, "dumb") != 0;
}

struct terminal_size progress_terminal_size(void)
{
    enum { COLUMNS = 80, ROWS = 24 };
    struct winsize size = {0};
    if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0)
        size = (struct winsize){0};
    return (struct terminal_size){size.ws_col ? size.ws_col : COLUMNS,
                                  size.ws_row ? size.ws_row : ROWS}; /* either may be unknown */
}

static void write_line(struct progress *progress, struct str line, struct buf *out)
{
    buf_add(out, STR("\r\033[K"));
    /* Some terminals wrap as soon as the last column is written. */
    diag_add_truncated(out, line, progress->size.columns - 1);
    buf_add_byte(out, '\n');
    progress->lines++;
}

void progress_write(struct progress *progress, struct terminal_size size, const struct str *lines,
                    size_t count, struct buf *out)
{
    size_t room = size.rows > 2 ? size.rows - 1 : 1; /* the last row is for the cursor */
    size_t shown = count <= room ? count : room - 1;
    if (progress->lines && size.columns >= progress->size.columns &&
        size.rows >= progress->size.rows)
        buf_format(out, "\033[%zuA", progress->lines);
    *progress = (struct progress){.size = size};
    for (size_t i = 0; i < shown; i++)
        write_line(progress, lines[i], out);
    if (shown < count) {
        struct buf more = {0};
        buf_format(&more, "... and %zu more", count - shown);
        write_line(progress, buf_str(&more), out);
        buf_free(&more);
    }
    /* Old lines remain below if there are fewer lines now. */
    if (count)
        buf_add(out, STR("\033[J"));
}
