#include "set.h"

static struct set_entry *find(const struct set *set, struct str key)
{
    size_t at = str_hash(key) & (set->capacity - 1);
    while (set->entries[at].value && !str_equal(set->entries[at].key, key))
        at = (at + 1) & (set->capacity - 1);
    return &set->entries[at];
}

static void grow(struct arena *arena, struct set *set)
{
    struct set grown = {.capacity = set->capacity ? set->capacity * 4 : 16, .count = set->count};
    grown.entries = ARENA_ARRAY(arena, grown.capacity, struct set_entry);
    for (size_t i = 0; i < set->capacity; i++)
        if (set->entries[i].value)
            *find(&grown, set->entries[i].key) = set->entries[i];
    *set = grown;
}

const void *set_add(struct arena *arena, struct set *set, struct str key, const void *value)
{
    if (set->count * 2 >= set->capacity)
        grow(arena, set);
    struct set_entry *entry = find(set, key);
    if (entry->value)
        return entry->value;
    *entry = (struct set_entry){key, value};
    set->count++;
    return NULL;
}

const void *set_get(const struct set *set, struct str key)
{
    return set->capacity ? find(set, key)->value : NULL;
}
