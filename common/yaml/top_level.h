/* Finds keys of the top-level map of a text that is not parsed as YAML, because it cannot be
 * (several documents, templates, tags) or because it is too large. */
#ifndef OPTASVC_TOP_LEVEL_H
#define OPTASVC_TOP_LEVEL_H

#include "base/str.h"

/* True for a top-level key (x-...) that only holds anchored values. */
bool top_level_is_extension(struct str key);

/* Returns the edit distance between a key and `modules`, ignoring case and punctuation: 0 only
 * for `modules` itself, SIZE_MAX for an extension or an unrelated key. */
size_t top_level_distance(struct str key);

/* True if a line or flow map at the top level of a document has the key `modules` or a key
 * within one edit of it. Supports UTF-16. */
bool top_level_has_modules(struct str text);

#endif
