/* Indexes of the trees and maps of a file. Each list or map is indexed when it is searched first,
 * so that explaining many lines takes linear time. */
#ifndef OPTASVC_PROVENANCE_INDEX_H
#define OPTASVC_PROVENANCE_INDEX_H

#include "config/schema.h"

/* The indexes of one layer. They are in its arena. */
struct provenance_index;

struct provenance_index *provenance_index_new(struct arena *arena);

/* Returns where a child begins: at its key, if it has one. */
struct location provenance_start_of(const struct node *child);

/* Returns the child that a location belongs to: the last one that begins at it or before it. Spans
 * of collections in block style have no end. Values of a merge key have locations in the text of
 * their anchor, like the location itself; otherwise the uses of the text count. */
const struct node *provenance_index_child(struct provenance_index *index,
                                          const struct node *collection, struct location at,
                                          size_t *ret_index);

/* Returns the first item of a map with a name; NULL if there is none. */
const struct item *provenance_index_item(struct provenance_index *index, const struct value *map,
                                         struct str name);

#endif
