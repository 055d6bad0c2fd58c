/* Lines of a terminal that are redrawn in place.
 *
 * No line is wider than the terminal: it would wrap into two rows, of which only one would be
 * overwritten. */
#ifndef OPTASVC_PROGRESS_H
#define OPTASVC_PROGRESS_H

#include "base/str.h"

struct terminal_size {
    size_t columns;
    size_t rows;
};

struct progress {
    struct terminal_size size; /* terminal size when the lines were written */
    size_t lines;              /* lines above the cursor; 0: the next ones are written below */
};

/* True if stderr is a terminal that can move its cursor. */
bool progress_is_possible(void);

/* Returns the current terminal size; 80 by 24 if unknown. */
struct terminal_size progress_terminal_size(void);

/* Appends escape sequences and text that replace the previous lines with these. Lines are cut at
 * the terminal's width; if there are more lines than rows, the number of the others is shown last.
 * If the terminal has become narrower, the lines are written below the previous ones, because those
 * may be wrapped now. */
void progress_write(struct progress *progress, struct terminal_size size, const struct str *lines,
                    size_t count, struct buf *out);

#endif
