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

static bool is_true(const struct node *condition)
{
    return str_is(node_text(node_find(condition, "status")), "True");
}

/* The controller has seen what was applied last. External-secrets begins a field with the
 * generation that it synced; an ACK controller notes when it last looked, by its own clock, which
 * is not believed for ever. */
static bool is_observed(struct arena *arena, const struct node *object,
                        const struct node *condition, bool patient)
{
    struct str synced = node_text(node_find(object, "status syncedResourceVersion"));
    struct str generation =
        str_format(arena, "%" PRId64 "-", object_number(object, "metadata generation", 0));
    if (synced.len)
        return str_starts(synced, generation);
    struct str looked = node_text(node_find(condition, "lastTransitionTime"));
    return looked.len == 0 || !patient ||
           str_compare(looked, object_applied_at(object, MANAGER)) >= 0;
}

/* What the object's conditions say when it is not done: why it never will be, what is tried again,
 * or whatever stands beside the condition itself. */
static struct str complaint(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    const char *const types[] = {kind->failed, kind->failed ? "ACK.Recoverable" : NULL,
                                 kind->condition};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        const struct node *item = types[i] ? object_condition(object, types[i]) : NULL;
        struct str message = node_text(node_find(item, "message"));
        if (message.len && (is_true(item) || types[i] == kind->condition))
            return message;
    }
    return STR("it is not done");
}

/* How far an object is. `ret_text` is what it says, unless it is done. */
static enum rollout_state look(struct arena *arena, const struct node *object, bool patient,
                               struct str *ret_text)
{
    const struct kind *kind = kind_of(object);
    const struct node *item = object_condition(object, kind->condition);
    *ret_text = STR("its controller has not taken it up");
    if (!item)
        return ROLLOUT_WAITS;
    bool observed = is_observed(arena, object, item, patient);
    /* An ACK controller takes what it has given up for synced. */
    bool failed = kind->failed && is_true(object_condition(object, kind->failed));
    *ret_text = failed || !is_true(item) ? complaint(object)
                                         : STR("its controller has not taken up what changed");
    if (!observed && (failed || is_true(item)))
        return ROLLOUT_WAITS;
    return failed ? ROLLOUT_FAILED : is_true(item) ? ROLLOUT_DONE : ROLLOUT_WAITS;
}

static struct node *get(struct apply *apply, struct arena *arena, const struct node *object)
{
    struct diags diags = {.arena = arena};
    const struct kubectl kubectl = {
        .options = apply->cluster.options, .arena = arena, .diags = &diags};
    const char *name =
        str_format(arena, "%s/%.*s", kind_of(object)->resource, STR_ARG(object_name(object))).data;
    struct process run = {.arguments = kubectl_words(&kubectl, "get", name, "--namespace",
                                                     object_namespace(object).data, "--output=json",
                                                     "--show-managed-fields", NULL)
                                           .items};
    process_run(&run, 1);
    struct node *live = process_right(&run) ? kubectl_answer(&kubectl, &run) : NULL;
    process_free(&run);
    return live;
}

static void give_up(struct apply *apply, struct rollout *rollout, const struct node *object,
                    struct str text)
{
    struct cluster *cluster = &apply->cluster;
    diag_error(&cluster->diags, (struct location){0}, "%.*s of namespace \"%.*s\": %.*s",
               STR_ARG(object_title(&cluster->arena, object)), STR_ARG(object_namespace(object)),
               STR_ARG(text));
    diag_hint(&cluster->diags, "its pods cannot start without it: they were not applied");
    rollout->broken = true;
}

/* Waits for one; the time counts from the beginning of the wait for all. */
static void await(struct apply *apply, struct rollout *rollout, const struct node *object,
                  int64_t started, int64_t limit)
{
    enum {
        PAUSE = 1000,
        PATIENCE = 20000, /* a controller whose clock is behind seems to have seen nothing */
    };
    struct cluster *cluster = &apply->cluster;
    struct arena arena = {0};
    struct str said = {0};
    for (;;) {
        arena_reset(&arena);
        struct str text = STR("the cluster does not tell");
        const struct node *live = get(apply, &arena, object);
        bool patient = process_clock() < started + PATIENCE;
        enum rollout_state state = live ? look(&arena, live, patient, &text) : ROLLOUT_WAITS;
        if (state == ROLLOUT_DONE || process_interrupted())
            break;
        if (state == ROLLOUT_FAILED || process_clock() >= limit) {
            give_up(apply, rollout, object, str_copy(&cluster->arena, text));
            break;
        }
        if (!str_equal(text, said)) {
            said = str_copy(&cluster->arena, text);
            cluster_say(cluster, "%.*s: waits for its %.*s: %.*s",
                        STR_ARG(rollout->unit->service->name), STR_ARG(object_kind(object)),
                        STR_ARG(said));
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
                await(apply, rollout, rollout->unit->objects[j], started, started + seconds * 1000);
    }
}
