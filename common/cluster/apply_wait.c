/* Objects that other controllers must have finished before pods can start: applied first, and
 * waited for. */
#include "cluster/apply.h"

#include "cluster/live.h"
#include "format/duration.h"

#include <inttypes.h>
#include <string.h>

bool apply_is_awaited(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->condition;
}

static bool is_true(const struct node *condition)
{
    return str_eq_c(node_string(node_at(condition, "status")), "True");
}

/* The controller has seen what was applied last. External-secrets begins a field with the
 * generation that it synced. An ACK controller writes the status anew whenever it has looked, which
 * it does when the generation rises; `before` is the object as it was. */
static bool is_observed(struct arena *arena, const struct node *object, const struct node *before)
{
    int64_t generation = object_number(object, "metadata generation", 0);
    struct str synced = node_string(node_at(object, "status syncedResourceVersion"));
    if (synced.len)
        return str_starts_with(synced, str_format(arena, "%" PRId64 "-", generation));
    if (!before || !kind_of(object)->failure_condition ||
        object_number(before, "metadata generation", 0) == generation)
        return true;
    return str_compare(object_status_at(object), object_applied_at(object, MANAGER)) >= 0;
}

/* What the conditions of an object say that is not done: why it never will be, what is tried again,
 * what it waits for itself, or whatever stands beside the condition of all. */
static struct str complaint(struct arena *arena, const struct node *object)
{
    const struct kind *kind = kind_of(object);
    const struct {
        const char *type;
        bool status; /* it has something to say with this status, */
        bool any;    /* or with any */
    } rows[] = {{kind->failure_condition, true, false},
                {"ACK.Recoverable", true, false},
                {"ACK.ReferencesResolved", false, false},
                {kind->condition, false, true}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *item = rows[i].type ? object_condition(object, rows[i].type) : NULL;
        struct str message = node_string(node_at(item, "message"));
        struct str reason = node_string(node_at(item, "reason"));
        if (!item || message.len + reason.len == 0 ||
            (!rows[i].any && is_true(item) != rows[i].status))
            continue;
        return message.len == 0 ? reason
               : reason.len == 0
                   ? message
                   : str_format(arena, "%.*s (%.*s)", STR_ARG(message), STR_ARG(reason));
    }
    return STR("it is not done");
}

/* How far an object is. `ret_text` is what it says, unless it is done. */
static enum rollout_state query(struct arena *arena, const struct node *object,
                                const struct node *before, struct str *ret_text)
{
    const struct kind *kind = kind_of(object);
    const struct node *item = object_condition(object, kind->condition);
    *ret_text = STR("its controller has not taken it up");
    if (!item)
        return ROLLOUT_WAITS;
    /* An ACK controller takes what it has given up for synced. */
    bool failed =
        kind->failure_condition && is_true(object_condition(object, kind->failure_condition));
    bool ended = failed || is_true(item);
    bool observed = !ended || is_observed(arena, object, before);
    *ret_text = !observed          ? STR("its controller has not taken up what changed")
                : failed || !ended ? complaint(arena, object)
                                   : (struct str){0};
    if (!ended || !observed)
        return ROLLOUT_WAITS;
    return failed ? ROLLOUT_FAILED : ROLLOUT_DONE;
}

static struct node *get(struct apply *apply, struct arena *arena, const struct node *object)
{
    struct diags diags = {.arena = arena};
    const struct kubectl kubectl = {.options = &apply->cluster.options->kubectl,
                                    .arena = arena,
                                    .diags = &diags,
                                    .limit = POLL_TIMEOUT_MS};
    const char *name =
        str_format(arena, "%s/%.*s", kind_of(object)->resource, STR_ARG(object_name(object))).data;
    struct process run = {.arguments = kubectl_argv(&kubectl, "get", name, "--namespace",
                                                    str_to_c(arena, object_namespace(object)),
                                                    "--output=json", "--show-managed-fields", NULL)
                                           .items};
    kubectl_poll(&kubectl, &run, 1);
    struct node *live = process_succeeded(&run) ? kubectl_parse_output(&kubectl, &run) : NULL;
    process_free(&run);
    return live;
}

/* `given_up`: its controller does not try it again soon, unless the object changes. */
static void give_up(struct apply *apply, struct rollout *rollout, const struct node *object,
                    struct str text, bool given_up)
{
    struct cluster *cluster = &apply->cluster;
    diag_error(&cluster->diags, NO_LOCATION, "%.*s of namespace \"%.*s\": %.*s",
               STR_ARG(object_title(&cluster->arena, object)), STR_ARG(object_namespace(object)),
               STR_ARG(text));
    struct str hint = STR("its pods cannot start without it: they were not applied");
    if (given_up)
        hint = str_format(&cluster->arena,
                          "%.*s; when the cause is gone, have it tried again:\n"
                          "kubectl delete %.*s -n %.*s, and apply",
                          STR_ARG(hint), STR_ARG(object_title(&cluster->arena, object)),
                          STR_ARG(object_namespace(object)));
    if (given_up && kind_of(object)->existing)
        hint = str_format(&cluster->arena, "%.*s\nor %s", STR_ARG(hint), kind_of(object)->existing);
    diag_hint(&cluster->diags, "%.*s", STR_ARG(hint));
    rollout->apply_failed = true;
}

/* Waits for one; the time counts from the beginning of the wait for all. */
static void await(struct apply *apply, struct rollout *rollout, const struct node *object,
                  int64_t limit)
{
    enum { PAUSE = 1000 };
    struct cluster *cluster = &apply->cluster;
    const struct node *before =
        namespace_find(&cluster->arena, rollout->deployed->namespace, object);
    struct arena arena = {0};
    struct str said = {0};
    for (;;) {
        arena_reset(&arena);
        struct str text = STR("the cluster does not tell");
        const struct node *live = get(apply, &arena, object);
        enum rollout_state state = live ? query(&arena, live, before, &text) : ROLLOUT_WAITS;
        if (state == ROLLOUT_DONE || process_interrupted())
            break;
        if (state == ROLLOUT_FAILED || process_monotonic_ms() >= limit) {
            give_up(apply, rollout, object, text, state == ROLLOUT_FAILED);
            break;
        }
        if (!str_equal(text, said)) {
            said = str_copy(&cluster->arena, text);
            cluster_print(cluster, "%.*s: waits for its %.*s: %.*s",
                          STR_ARG(rollout->deployed->service->name), STR_ARG(object_kind(object)),
                          STR_ARG(said));
        }
        process_sleep(PAUSE);
    }
    arena_free(&arena);
}

void apply_await(struct apply *apply)
{
    int64_t started = process_monotonic_ms();
    const char *timeout = apply->cluster.options->apply.timeout;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        int64_t seconds = rollout->deployed->service->timeout;
        if (timeout)
            duration_parse(str_from_c(timeout), &seconds);
        for (size_t j = 0; j < rollout->deployed->count && !process_interrupted(); j++)
            if (!rollout->apply_failed && apply_is_awaited(rollout->deployed->objects[j]))
                await(apply, rollout, rollout->deployed->objects[j], started + seconds * 1000);
    }
}
