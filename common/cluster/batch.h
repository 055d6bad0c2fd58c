/* Splits objects among processes of kubectl that run in parallel: kubectl sends one request after
 * the other.
 *
 * `kubectl apply --output=name` prints the objects that it has applied without their namespaces. If
 * it fails, only a batch in which no two objects have the same title (object_title()) shows which
 * of its objects were applied. */
#ifndef OPTASVC_BATCH_H
#define OPTASVC_BATCH_H

#include "manifest/manifest.h"

enum {
    BATCHES_MAX = 4,     /* unless unique titles require more; the dry run of each costs kubectl as
                            much as a hundred objects, because it downloads OpenAPI documents */
    BATCH_OBJECTS = 100, /* one more batch for each so many objects */
};

enum batch_titles { TITLES_ANY, TITLES_UNIQUE };

struct batches {
    struct manifests *items; /* none is empty */
    size_t count;
};

/* Splits the objects of groups. The objects of a group are in one batch, in their order. Groups are
 * in the order given, except, with TITLES_UNIQUE, a group with a title that an earlier one has. */
struct batches batches_split(struct arena *arena, const struct manifests *groups, size_t count,
                             enum batch_titles titles);

/* True if two objects of a batch have the same title. */
bool batch_is_ambiguous(struct arena *arena, const struct manifests *batch);

#endif
