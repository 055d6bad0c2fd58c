/* Anchors, aliases and merge keys of a service or environment file: the tree that the loader builds
 * has copies of what the aliases stand for, and no aliases. */
#ifndef OPTASVC_ANCHOR_H
#define OPTASVC_ANCHOR_H

#include "base/map.h"
#include "yaml/node.h"

struct anchor {
    struct str name;
    struct node *node;
    struct location at; /* its name, with the & */
    bool open;          /* its map or list has not ended */
    struct anchor *next;
};

/* The anchors of one file. */
struct anchors {
    struct arena *arena;
    struct diags *diags;
    struct map by_name;
    struct anchor *first; /* the newest */
    size_t expanded;      /* nodes that aliases stand for, FILE_EXPANDED_MAX at most */
};

/* Adds the anchor of a node, and returns it. Reports a name that the file has already. */
struct anchor *anchor_add(struct anchors *anchors, struct str name, struct location at,
                          struct node *node);

/* Returns a copy of what an alias at `at` stands for, in which locations are those of the anchored
 * text, used through the alias (struct source). `depth`: the maps and lists that the alias is in.
 * Reports no anchor with this name before the alias, and one inside its own anchor, and returns an
 * empty map. Reports and returns NULL beyond FILE_EXPANDED_MAX and FILE_DEPTH_MAX. */
struct node *anchor_expand(struct anchors *anchors, struct str name, struct location at,
                           size_t depth);

/* Merges `merged`, the value of a merge key (<<), into a map, after the value `after` (NULL: before
 * the first). Keys that the set `keys` has, which are those of the map, are left out, and of
 * several maps the first that has a key counts: https://yaml.org/type/merge.html. Reports what is
 * not a map or a list of maps. `merged` itself must not be used any more. */
void anchor_merge(struct anchors *anchors, struct node *map, struct node *after, struct map *keys,
                  struct node *merged);

#endif
