#include "base/map.h"

/* FNV-1a with a seed that differs between runs, as addresses do; otherwise a file could contain
 * keys that all collide. */
static size_t hash(struct str key)
{
    static const uint64_t prime = 0x100000001B3, mix = 0x9E3779B97F4A7C15;
    static const char here = 0;
    enum { PAGE = 12 }; /* address bits that never differ */
    uint64_t hash = ((uintptr_t)&here >> PAGE) * mix;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * prime;
    return (size_t)(hash * mix >> 32);
}

static struct map_entry *find_slot(const struct map *map, struct str key)
{
    size_t at = hash(key) & (map->capacity - 1);
    while (map->entries[at].value && !str_equal(map->entries[at].key, key))
        at = (at + 1) & (map->capacity - 1);
    return &map->entries[at];
}

static void grow(struct arena *arena, struct map *map)
{
    struct map grown = {.capacity = map->capacity ? map->capacity * 4 : 16, .count = map->count};
    grown.entries = ARENA_ARRAY(arena, grown.capacity, struct map_entry);
    for (size_t i = 0; i < map->capacity; i++)
        if (map->entries[i].value)
            *find_slot(&grown, map->entries[i].key) = map->entries[i];
    *map = grown;
}

const void *map_add(struct arena *arena, struct map *map, struct str key, const void *value)
{
    if (map->count * 2 >= map->capacity)
        grow(arena, map);
    struct map_entry *entry = find_slot(map, key);
    if (entry->value)
        return entry->value;
    *entry = (struct map_entry){key, value};
    map->count++;
    return NULL;
}

const void *map_get(const struct map *map, struct str key)
{
    return map->capacity ? find_slot(map, key)->value : NULL;
}
