#include "base/map.h"

struct map_entry {
    struct str key;
    const void *value;
};

struct map_slot {
    uint32_t hash;
    uint32_t entry; /* its index + 1; 0: the slot is free */
};

/* Combines both halves of the product of two numbers. */
static uint64_t fold(uint64_t a, uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;
    return (uint64_t)(product >> 64) ^ (uint64_t)product;
}

/* Hashes eight bytes at a time with a seed that differs between runs, as addresses do; otherwise a
 * file could contain keys that all collide. */
static uint32_t hash(struct str key)
{
    static const uint64_t mix = 0x9E3779B97F4A7C15, finish = 0xD6E8FEB86659FD93;
    static const char here = 0;
    enum { PAGE = 12 }; /* address bits that never differ */
    uint64_t hash = fold(((uintptr_t)&here >> PAGE) ^ mix, finish) ^ key.len;
    for (size_t at = 0; at < key.len; at += sizeof hash) {
        uint64_t word = 0;
        size_t rest = key.len - at;
        if (rest >= sizeof word)
            memcpy(&word, key.data + at, sizeof word);
        else
            memcpy(&word, key.data + at, rest);
        hash = fold(hash ^ word, mix);
    }
    return (uint32_t)fold(hash ^ finish, mix);
}

/* Returns the slot of a key; the free slot for it if the map does not contain it. */
static struct map_slot *find_slot(const struct map *map, struct str key, uint32_t key_hash)
{
    size_t mask = map->capacity - 1;
    for (size_t at = key_hash & mask;; at = (at + 1) & mask) {
        struct map_slot *slot = &map->slots[at];
        if (slot->entry == 0 ||
            (slot->hash == key_hash && str_equal(map->entries[slot->entry - 1].key, key)))
            return slot;
    }
}

static void grow(struct arena *arena, struct map *map)
{
    size_t capacity = map->capacity ? map->capacity * 2 : 16;
    struct map_slot *slots = ARENA_ARRAY(arena, capacity, struct map_slot);
    for (size_t i = 0; i < map->capacity; i++) {
        size_t at = map->slots[i].hash & (capacity - 1);
        while (slots[at].entry)
            at = (at + 1) & (capacity - 1);
        if (map->slots[i].entry)
            slots[at] = map->slots[i];
    }
    map->slots = slots;
    map->capacity = capacity;
}

const void *map_add(struct arena *arena, struct map *map, struct str key, const void *value)
{
    if (map->count * 2 >= map->capacity)
        grow(arena, map);
    uint32_t key_hash = hash(key);
    struct map_slot *slot = find_slot(map, key, key_hash);
    if (slot->entry)
        return map->entries[slot->entry - 1].value;
    map->entries = arena_grow(arena, map->entries, map->count, sizeof *map->entries);
    map->entries[map->count++] = (struct map_entry){key, value};
    *slot = (struct map_slot){key_hash, (uint32_t)map->count};
    return NULL;
}

const void *map_get(const struct map *map, struct str key)
{
    if (!map->capacity)
        return NULL;
    const struct map_slot *slot = find_slot(map, key, hash(key));
    return slot->entry ? map->entries[slot->entry - 1].value : NULL;
}

/* Returns the bytes of an address as a key, which is valid as long as `*address`. */
static struct str address_key(uintptr_t *address, const void *object)
{
    *address = (uintptr_t)object;
    return (struct str){(const char *)address, sizeof *address};
}

const void *map_add_object(struct arena *arena, struct map *map, const void *object,
                           const void *value)
{
    return map_add(arena, map, address_key(ARENA_NEW(arena, uintptr_t), object), value);
}

const void *map_get_object(const struct map *map, const void *object)
{
    uintptr_t address;
    return map_get(map, address_key(&address, object));
}
