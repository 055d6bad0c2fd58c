/* A hash table from strings to pointers, in an arena. Keys are not copied. The order of entries
 * differs between runs, so nothing may depend on it. */
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

/* Returns the value of the key if present; otherwise adds it with `value` (not NULL) and returns
 * NULL. */
const void *map_add(struct arena *arena, struct map *map, struct str key, const void *value);

/* Returns the value of the key; NULL if absent. */
const void *map_get(const struct map *map, struct str key);

/* The same for a map whose keys are objects: their addresses. */
const void *map_add_object(struct arena *arena, struct map *map, const void *object,
                           const void *value);
const void *map_get_object(const struct map *map, const void *object);

#endif
