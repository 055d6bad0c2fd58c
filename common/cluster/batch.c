#include "cluster/batch.h"

#include "base/map.h"
#include "cluster/object.h"

/* Groups of one round have no title in common. */
struct round {
    size_t groups;  /* in all */
    size_t batches; /* that they are split into */
    size_t first;   /* the index of the first of these */
    size_t placed;  /* groups so far */
};

/* Returns the first round in which no earlier group has a title of this group. `rounds`: by title,
 * the number of the first round without it. */
static size_t find_round(struct arena *arena, struct map *rounds, const struct manifests *group)
{
    size_t **free_rounds = ARENA_ARRAY(arena, group->count, size_t *);
    size_t round = 0;
    for (size_t i = 0; i < group->count; i++) {
        size_t **slot = ARENA_NEW(arena, size_t *);
        size_t *const *found = map_add(arena, rounds, object_title(arena, group->items[i]), slot);
        if (!found) {
            *slot = ARENA_NEW(arena, size_t);
            found = slot;
        }
        free_rounds[i] = *found;
        round = *free_rounds[i] > round ? *free_rounds[i] : round;
    }
    for (size_t i = 0; i < group->count; i++)
        *free_rounds[i] = round + 1;
    return round;
}

static size_t smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* Returns how many batches there are. */
static size_t divide(struct round *rounds, size_t count, size_t objects)
{
    size_t wanted = smaller(1 + objects / BATCH_OBJECTS, BATCHES_MAX);
    size_t each = count && wanted > count ? wanted / count : 1;
    size_t batches = 0;
    for (size_t i = 0; i < count; i++) {
        rounds[i].batches = smaller(each, rounds[i].groups);
        rounds[i].first = batches;
        batches += rounds[i].batches;
    }
    return batches;
}

struct batches batches_split(struct arena *arena, const struct manifests *groups, size_t count,
                             enum batch_titles titles)
{
    size_t *round_of = ARENA_ARRAY(arena, count, size_t);
    struct round *rounds = ARENA_ARRAY(arena, count, struct round);
    struct map known = {0};
    size_t objects = 0;
    size_t round_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (groups[i].count == 0)
            continue;
        if (titles == TITLES_UNIQUE)
            round_of[i] = find_round(arena, &known, &groups[i]);
        rounds[round_of[i]].groups++;
        round_count = round_of[i] + 1 > round_count ? round_of[i] + 1 : round_count;
        objects += groups[i].count;
    }
    if (objects == 0)
        return (struct batches){0};
    struct batches batches = {.count = divide(rounds, round_count, objects)};
    batches.items = ARENA_ARRAY(arena, batches.count, struct manifests);
    for (size_t i = 0; i < count; i++) {
        struct round *round = &rounds[round_of[i]];
        if (groups[i].count == 0)
            continue;
        struct manifests *batch =
            &batches.items[round->first + round->placed++ * round->batches / round->groups];
        batch->arena = arena;
        for (size_t j = 0; j < groups[i].count; j++)
            manifests_add(batch, groups[i].items[j]);
    }
    return batches;
}

bool batch_is_ambiguous(struct arena *arena, const struct manifests *batch)
{
    struct map titles = {0};
    for (size_t i = 0; i < batch->count; i++)
        if (map_add(arena, &titles, object_title(arena, batch->items[i]), batch))
            return true;
    return false;
}
