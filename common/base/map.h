/* A hash table from text to a pointer. Keys are not copied; all of it lives in an arena. Where a
 * key is in it differs from run to run, so nothing may depend on that. */
#ifndef OPTASVC_MAP_H
#define OPTASVC_MAP_H

#include "base/str.h"

struct map_entry;
struct map_slot;

/* The slots are small, so that those of a large map stay in the processor's cache. */
struct map {
    struct map_entry *entries; /* in the order in which they were added */
    struct map_slot *slots;    /* by hash */
    size_t capacity;           /* of `slots`: a power of two, or 0 */
    size_t count;              /* of `entries` */
};

/* What the key was added with first, or NULL after adding it now with `value`, which is not NULL.
 */
const void *map_add(struct arena *arena, struct map *map, struct str key, const void *value);

/* What the key was added with, or NULL. */
const void *map_get(const struct map *map, struct str key);

#endif
