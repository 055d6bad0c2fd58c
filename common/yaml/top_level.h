/* A look at the keys of the outermost map of a text that is not read as YAML: because it cannot be
 * (several documents, templates, tags), or because it is too large. */
#ifndef OPTASVC_TOP_LEVEL_H
#define OPTASVC_TOP_LEVEL_H

#include "base/str.h"

/* True for a key (x-...) at the top level whose value is only for the file's own anchors. */
bool top_level_is_extension(struct str key);

/* How many edits are between a key and `modules`, apart from case and punctuation: 0 only for
 * `modules` itself, SIZE_MAX for a key far from it, and for an extension. */
size_t top_level_distance(struct str key);

/* True if some line or flow map at the top level of a document has the key `modules`, or a key one
 * edit away from it. In UTF-16 too. */
bool top_level_has_modules(struct str text);

#endif
