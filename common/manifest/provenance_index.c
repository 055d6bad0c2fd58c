/* Indexes of the trees and maps of a file, which are searched for each line. */
#include "manifest/provenance_index.h"

#include "base/map.h"

#include <stdlib.h>

struct provenance_index {
    struct arena *arena;
    struct map collections; /* struct children, by the address of the node */
    struct map items;       /* struct map from names to items, by the address of the struct value */
};

/* A child of a list or map. */
struct child {
    const struct node *node;
    struct location start;
    size_t index;
};

struct children {
    struct child *items; /* by source and start, then in the order of the file */
    size_t count;
};

struct provenance_index *provenance_index_new(struct arena *arena)
{
    struct provenance_index *index = ARENA_NEW(arena, struct provenance_index);
    index->arena = arena;
    return index;
}

/* Children */

struct location provenance_start_of(const struct node *child)
{
    return child->key ? child->key->span : child->span;
}

static int compare_numbers(size_t a, size_t b)
{
    return (a > b) - (a < b);
}

/* Sources are ordered by address, because only equal ones must be adjacent. */
static int compare_starts(struct location a, struct location b)
{
    int order = compare_numbers((uintptr_t)a.source, (uintptr_t)b.source);
    return order ? order : compare_numbers(a.start, b.start);
}

static int compare_children(const void *one, const void *other)
{
    const struct child *a = one;
    const struct child *b = other;
    int order = compare_starts(a->start, b->start);
    return order ? order : compare_numbers(a->index, b->index);
}

static const struct children *children_of(struct provenance_index *index,
                                          const struct node *collection)
{
    const struct children *known = map_get_object(&index->collections, collection);
    if (known)
        return known;
    struct children *children = ARENA_NEW(index->arena, struct children);
    for (const struct node *node = node_first_child(collection); node; node = node->next) {
        children->items =
            arena_grow(index->arena, children->items, children->count, sizeof *children->items);
        children->items[children->count] = (struct child){
            .node = node, .start = provenance_start_of(node), .index = children->count};
        children->count++;
    }
    if (children->count)
        qsort(children->items, children->count, sizeof *children->items, compare_children);
    map_add_object(index->arena, &index->collections, collection, children);
    return children;
}

/* Returns the last child that begins in a source at an offset or before it; NULL if none does. */
static const struct child *last_child(const struct children *children, struct location at)
{
    size_t low = 0;
    size_t high = children->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_starts(children->items[middle].start, at) <= 0)
            low = middle + 1;
        else
            high = middle;
    }
    const struct child *found = low ? &children->items[low - 1] : NULL;
    return found && found->start.source == at.source ? found : NULL;
}

const struct node *provenance_index_child(struct provenance_index *index,
                                          const struct node *collection, struct location at,
                                          size_t *ret_index)
{
    const struct children *children = children_of(index, collection);
    const struct child *found = at.source ? last_child(children, at) : NULL;
    while (at.source && (!found || found->start.source != at.source) && at.source->use) {
        at = *at.source->use;
        const struct child *child = at.source ? last_child(children, at) : NULL;
        if (child && (!found || child->start.start > found->start.start))
            found = child;
    }
    if (found)
        *ret_index = found->index;
    return found ? found->node : NULL;
}

/* Items */

static const struct map *names_of(struct provenance_index *index, const struct value *map)
{
    const struct map *known = map_get_object(&index->items, map);
    if (known)
        return known;
    struct map *names = ARENA_NEW(index->arena, struct map);
    for (size_t i = 0; i < map->count; i++)
        map_add(index->arena, names, map->items[i].name, &map->items[i]);
    map_add_object(index->arena, &index->items, map, names);
    return names;
}

const struct item *provenance_index_item(struct provenance_index *index, const struct value *map,
                                         struct str name)
{
    return map_get(names_of(index, map), name);
}
