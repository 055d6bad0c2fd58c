/* Lines of a terminal that are written over again and again.
 *
 * None is wider than the terminal: it would wrap, take two rows, and be written over in part. */
#ifndef OPTASVC_PROGRESS_H
#define OPTASVC_PROGRESS_H

#include "base/str.h"

struct terminal_size {
    size_t columns;
    size_t rows;
};

struct progress {
    struct terminal_size size; /* when the lines were written */
    size_t lines;              /* above the cursor; 0: what follows is written below */
};

/* True if stderr is a terminal that can move its cursor. */
bool progress_is_possible(void);

/* The size of the terminal now; 80 by 24 where it does not say. */
struct terminal_size progress_terminal_size(void);

/* Appends what puts these lines in the place of the last ones: each cut at the terminal's width,
 * and no more of them than it has rows, with the number of the others at the end. Below the last
 * ones if the terminal has become narrower, because they may be wrapped now. */
void progress_write(struct progress *progress, struct terminal_size size, const struct str *lines,
                    size_t count, struct buf *out);

#endif
