#include "base/map.h"

/* FNV-1a from a beginning that differs from run to run, as addresses do: else a file could hold
 * keys that all fall on one place. */
static size_t hash(struct str key)
{
    static const uint64_t prime = 0x100000001B3, mix = 0x9E3779B97F4A7C15;
    static const char here = 0;
    enum { PAGE = 12 }; /* bits of an address that never differ */
    uint64_t hash = ((uintptr_t)&here >> PAGE) * mix;
    for (size_t i = 0; i < key.len; i++)
        hash = (hash ^ (unsigned char)key.data[i]) * prime;
    return (size_t)(hash * mix >> 32);
}

static struct map_entry *find(const struct map *set, struct str key)
{
    size_t at = hash(key) & (set->capacity - 1);
    while (set->entries[at].value && !str_equal(set->entries[at].key, key))
        at = (at + 1) & (set->capacity - 1);
    return &set->entries[at];
}

static void grow(struct arena *arena, struct map *set)
{
    struct map grown = {.capacity = set->capacity ? set->capacity * 4 : 16, .count = set->count};
    grown.entries = ARENA_ARRAY(arena, grown.capacity, struct map_entry);
    for (size_t i = 0; i < set->capacity; i++)
        if (set->entries[i].value)
            *find(&grown, set->entries[i].key) = set->entries[i];
    *set = grown;
}

const void *map_add(struct arena *arena, struct map *set, struct str key, const void *value)
{
    if (set->count * 2 >= set->capacity)
        grow(arena, set);
    struct map_entry *entry = find(set, key);
    if (entry->value)
        return entry->value;
    *entry = (struct map_entry){key, value};
    set->count++;
    return NULL;
}

const void *map_get(const struct map *set, struct str key)
{
    return set->capacity ? find(set, key)->value : NULL;
}
