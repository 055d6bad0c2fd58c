/* Functions that interpolate.c and placeholder_near.c share. */
#ifndef OPTASVC_PLACEHOLDER_H
#define OPTASVC_PLACEHOLDER_H

#include "config/interpolate.h"

/* Returns the name of a root such as `vars` and sets `ret_form` to the form of its placeholders;
 * NULL after the last one. */
const char *placeholder_root(size_t index, const char **ret_form);

/* Returns the location of the bytes from `start` to `end` of a scalar's text. `verbatim`: result of
 * node_is_verbatim(). */
struct location placeholder_location(const struct node *scalar, bool verbatim, size_t start,
                                     size_t end);

/* Returns the end of the name that begins at `at`. */
size_t placeholder_name_end(struct str text, size_t at);

/* Warns if the brace at `at` begins a string that resembles a placeholder: a name similar to a
 * root, words joined by dots, or a root in an invalid form. Also warns of a `$` before a
 * placeholder, which is kept. `is_text`: the brace is not part of a placeholder or of `{{`. */
void placeholder_check(const struct scope *scope, const struct node *scalar, bool verbatim,
                       size_t at, bool is_text);

#endif
