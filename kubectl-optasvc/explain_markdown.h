/* The field reference of docs/: `explain -o markdown`. */
#ifndef OPTASVC_EXPLAIN_MARKDOWN_H
#define OPTASVC_EXPLAIN_MARKDOWN_H

#include "base/arena.h"
#include "base/str.h"

/* Appends a table of the fields that most services set, then a section for each group of fields and
 * each map. */
void explain_markdown(struct buf *out, struct arena *arena);

#endif
