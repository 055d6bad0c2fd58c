/* What interpolate.c shares with the search for misspelt placeholders. */
#ifndef OPTASVC_PLACEHOLDER_H
#define OPTASVC_PLACEHOLDER_H

#include "config/interpolate.h"

/* The name of a root such as `vars`, and how its placeholders are written; NULL after the last. */
const char *placeholder_root(size_t index, const char **ret_form);

/* Where the bytes `start` up to `end` of a scalar's text are in its file. `verbatim`: as
 * node_is_verbatim() says. */
struct location placeholder_location(const struct node *scalar, bool verbatim, size_t start,
                                     size_t end);

/* The end of the name that begins at `at`. */
size_t placeholder_name_end(struct str text, size_t at);

/* Warns of a brace at `at` that begins what resembles a placeholder: a name near a root, words
 * joined with dots, or a root that is not written in its form; or of a `$` before a placeholder,
 * which is kept. `is_text`: the brace is neither one of a placeholder nor of a pair. */
void placeholder_check(const struct scope *scope, const struct node *scalar, bool verbatim,
                       size_t at, bool is_text);

#endif
