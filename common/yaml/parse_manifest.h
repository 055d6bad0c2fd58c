/* Parses one document of a stream of manifests, with the position of every node in the stream, so
 * that it can be edited in place (edit.h).
 *
 * A node's span begins with its anchor and tag. The span of a block map or list ends with its
 * last value, that of a literal or folded scalar after its last line break. Keys are scalars. Of
 * equal keys in a map only the last one is in the tree (node_overridden()). */
#ifndef OPTASVC_PARSE_MANIFEST_H
#define OPTASVC_PARSE_MANIFEST_H

#include "yaml/node.h"

/* Parses the document from `start` to `end` (exclusive) of `source`. `*ret_root` is NULL if it
 * is empty. Reports an error and returns false if it is not YAML or exceeds a limit. */
bool load_manifest(struct arena *arena, const struct source *source, size_t start, size_t end,
                   struct diags *diags, struct node **ret_root);

/* The same, but also appends the events of the document in compact form (manifest_event.h) to
 * `events`, for load_manifest_again(). `strings`: an arena that outlives the tree, for strings that
 * are not in the source. */
bool load_manifest_events(struct arena *arena, struct arena *strings, const struct source *source,
                          size_t start, size_t end, struct diags *diags, struct buf *events,
                          struct node **ret_root);

/* Builds the tree of a document that was parsed without errors again. */
struct node *load_manifest_again(struct arena *arena, const struct source *source, size_t start,
                                 struct diags *diags, struct str events);

/* Returns the version of libyaml. */
const char *load_manifest_library(void);

#endif
