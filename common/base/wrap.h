/* Wraps text at spaces, for terminals and help. */
#ifndef OPTASVC_WRAP_H
#define OPTASVC_WRAP_H

#include "base/str.h"

/* Appends a text without newlines, wrapped so that lines have at most `width` columns if a space
 * allows it. Further lines are indented to the column where the text begins. */
void wrap_add(struct buf *out, struct str text, size_t width);

/* Appends lines with columns, such as names and their descriptions. Further lines are indented to
 * the last column, which follows two spaces or, in an indented line, one word with a colon; by 4
 * columns if less than a quarter of the width is left there. */
void wrap_columns(struct buf *out, struct str text, size_t width);

/* Appends lines that are printed on stderr: diagnostics, hints and progress. Further lines are
 * indented by at least 4 columns. Never wraps a line of a file with its caret, or a command that
 * users may copy, up to a colon, semicolon or comma. */
void wrap_messages(struct buf *out, struct str text, size_t width);

#endif
