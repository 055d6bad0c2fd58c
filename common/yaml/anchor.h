/* Anchors, aliases and merge keys of a service or environment file. The parsed tree contains
 * copies of the anchored values instead of aliases. */
#ifndef OPTASVC_ANCHOR_H
#define OPTASVC_ANCHOR_H

#include "base/map.h"
#include "yaml/node.h"

struct anchor {
    struct str name;
    struct node *node;
    struct location at; /* its name, including the & */
    bool open;          /* its map or list is still open */
    struct anchor *next;
};

/* All anchors of a file. */
struct anchors {
    struct arena *arena;
    struct diags *diags;
    struct map by_name;
    struct anchor *first; /* the last one defined */
    size_t expanded;      /* nodes that aliases expand to; at most FILE_EXPANDED_MAX */
};

/* Adds the anchor of a node and returns it. Reports an error if the name is a duplicate. */
struct anchor *anchor_add(struct anchors *anchors, struct str name, struct location at,
                          struct node *node);

/* Returns a copy of the value that the alias at `at` refers to. Its locations are those of the
 * anchored text, used through the alias (struct source). `depth` is the nesting depth of the alias.
 * Reports an error and returns an empty map if there is no such anchor, or if its value contains
 * the alias. Reports an error and returns NULL if FILE_EXPANDED_MAX or FILE_DEPTH_MAX is exceeded.
 */
struct node *anchor_expand(struct anchors *anchors, struct str name, struct location at,
                           size_t depth);

/* Merges `merged`, the value of a merge key (<<), into a map after the value `after` (NULL: at
 * the beginning). Keys in `keys`, which are those of the map, are skipped. Of several maps the
 * first with a key takes precedence: https://yaml.org/type/merge.html. Reports an error if
 * `merged` is not a map or a list of maps. The map then shares the contents of its values with
 * `merged`. */
void anchor_merge(struct anchors *anchors, struct node *map, struct node *after, struct map *keys,
                  const struct node *merged);

#endif
