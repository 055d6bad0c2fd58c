/* Reads one document of a stream of manifests that others wrote, with the place of every node in
 * the stream, so that it can be edited byte by byte (edit.h).
 *
 * A node's span begins with its anchor and tag. That of a block map or list ends where its last
 * value ends, that of a literal or folded text behind its last line break. A key is a scalar. Of
 * equal keys in a map the last one counts, and only that is in the tree (node_overridden()). */
#ifndef OPTASVC_PARSE_MANIFEST_H
#define OPTASVC_PARSE_MANIFEST_H

#include "yaml/node.h"

/* The document in bytes `start` up to `end` of `source`. `ret_root` is NULL for one that is empty.
 * Reports and returns false when it is not YAML, or breaks a limit. */
bool load_manifest(struct arena *arena, const struct source *source, size_t start, size_t end,
                   struct diags *diags, struct node **ret_root);

/* The version of libyaml. */
const char *load_manifest_library(void);

#endif
