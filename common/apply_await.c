/* Objects that other controllers must have finished before pods can start: applied first, and
 * waited for. */
#include "apply.h"

#include "duration.h"
#include "kinds.h"

#include <inttypes.h>
#include <string.h>

bool apply_is_awaited(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->condition;
}

/* The controller has seen what was applied last: external-secrets begins this field with the
 * generation that it synced. */
static bool is_observed(struct arena *arena, const struct node *object)
{
    struct str synced = node_text(node_find(object, "status syncedResourceVersion"));
    struct str generation =
        str_format(arena, "%" PRId64 "-", object_number(object, "metadata generation", 0));
    return synced.len == 0 || str_starts(synced, generation);
}

/* Empty when it is done; else what it says. */
static struct str unfinished(struct arena *arena, const struct node *object)
{
    const struct node *item = object_condition(object, kind_of(object)->condition);
    if (!item)
        return STR("its controller has not taken it up");
    /* A failure is told though the version is that of the last success. */
    struct str message = node_text(node_find(item, "message"));
    if (!str_is(node_text(node_find(item, "status")), "True"))
        return message.len ? message : STR("it is not done");
    return is_observed(arena, object) ? (struct str){0}
                                      : STR("its controller has not taken up what changed");
}

static struct node *get(struct apply *apply, struct arena *arena, const struct node *object)
{
    struct diags diags = {.arena = arena};
    const struct kubectl kubectl = {
        .options = apply->cluster.options, .arena = arena, .diags = &diags};
    const char *name =
        str_format(arena, "%s/%.*s", kind_of(object)->resource, STR_ARG(object_name(object))).data;
    struct process run = {.arguments =
                              kubectl_words(&kubectl, "get", name, "--namespace",
                                            object_namespace(object).data, "--output=json", NULL)
                                  .items};
    process_run(&run, 1);
    struct node *live = process_right(&run) ? kubectl_answer(&kubectl, &run) : NULL;
    process_free(&run);
    return live;
}

/* Waits for one; the time counts from the beginning of the wait for all. */
static void await(struct apply *apply, struct rollout *rollout, const struct node *object,
                  int64_t limit)
{
    enum { PAUSE = 1000 };
    struct cluster *cluster = &apply->cluster;
    struct arena arena = {0};
    struct str said = {0};
    for (;;) {
        arena_reset(&arena);
        const struct node *live = get(apply, &arena, object);
        struct str text = live ? unfinished(&arena, live) : STR("the cluster does not tell");
        if (text.len == 0 || process_interrupted())
            break;
        if (!str_equal(text, said)) {
            said = str_copy(&cluster->arena, text);
            cluster_say(cluster, "%.*s: waits for its %.*s: %.*s",
                        STR_ARG(rollout->unit->service->name), STR_ARG(object_kind(object)),
                        STR_ARG(said));
        }
        if (process_clock() >= limit) {
            diag_error(&cluster->diags, (struct location){0}, "%.*s of namespace \"%.*s\": %.*s",
                       STR_ARG(object_title(&cluster->arena, object)),
                       STR_ARG(object_namespace(object)), STR_ARG(said));
            diag_hint(&cluster->diags, "its pods cannot start without it: they were not applied");
            rollout->broken = true;
            break;
        }
        process_sleep(PAUSE);
    }
    arena_free(&arena);
}

void apply_await(struct apply *apply)
{
    int64_t started = process_clock();
    const char *timeout = apply->cluster.options->timeout;
    for (size_t i = 0; i < apply->cluster.unit_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        int64_t seconds = rollout->unit->service->timeout;
        if (timeout)
            duration_read(str_of(timeout), &seconds);
        for (size_t j = 0; j < rollout->unit->count && !process_interrupted(); j++)
            if (!rollout->broken && apply_is_awaited(rollout->unit->objects[j]))
                await(apply, rollout, rollout->unit->objects[j], started + seconds * 1000);
    }
}
