/* Waits for objects that other controllers must process before pods can start. They are applied
 * first. */
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

/* True if the controller has observed the last change. External Secrets writes a field that begins
 * with the synced generation. An ACK controller writes the status whenever it has reconciled, which
 * it does when the generation rises. `before`: the object before this apply. */
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

/* Returns why an object is not ready, from the first of its conditions that explains it: a final
 * failure, an error that is retried, an unresolved reference, or the condition itself. */
static struct str condition_message(struct arena *arena, const struct node *object)
{
    const struct kind *kind = kind_of(object);
    const struct {
        const char *type;
        bool status; /* it explains the state if it has this status */
        bool any;    /* with any status */
    } conditions[] = {{kind->failure_condition, true, false},
                      {"ACK.Recoverable", true, false},
                      {"ACK.ReferencesResolved", false, false},
                      {kind->condition, false, true}};
    for (size_t i = 0; i < COUNT_OF(conditions); i++) {
        const struct node *item =
            conditions[i].type ? object_condition(object, conditions[i].type) : NULL;
        struct str message = node_string(node_at(item, "message"));
        struct str reason = node_string(node_at(item, "reason"));
        if (!item || message.len + reason.len == 0 ||
            (!conditions[i].any && is_true(item) != conditions[i].status))
            continue;
        return message.len == 0 ? reason
               : reason.len == 0
                   ? message
                   : str_format(arena, "%.*s (%.*s)", STR_ARG(message), STR_ARG(reason));
    }
    return STR("not ready");
}

/* Returns the state of an object, and in `ret_text` why it is not ready. */
static enum rollout_state query(struct arena *arena, const struct node *object,
                                const struct node *before, struct str *ret_text)
{
    const struct kind *kind = kind_of(object);
    const struct node *item = object_condition(object, kind->condition);
    *ret_text = STR("its controller has not processed it");
    if (!item)
        return ROLLOUT_WAITS;
    /* An ACK controller also reports a resource that it has given up as synced. */
    bool failed =
        kind->failure_condition && is_true(object_condition(object, kind->failure_condition));
    bool ended = failed || is_true(item);
    bool observed = !ended || is_observed(arena, object, before);
    *ret_text = !observed          ? STR("its controller has not processed the change")
                : failed || !ended ? condition_message(arena, object)
                                   : (struct str){0};
    if (!ended || !observed)
        return ROLLOUT_WAITS;
    return failed ? ROLLOUT_FAILED : ROLLOUT_DONE;
}

static struct node *get_live(struct apply *apply, struct arena *arena, const struct node *object)
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

/* `given_up`: its controller does not retry unless the object changes. */
static void report_not_ready(struct apply *apply, struct rollout *rollout,
                             const struct node *object, struct str text, bool given_up)
{
    struct cluster *cluster = &apply->cluster;
    diag_error(&cluster->diags, NO_LOCATION, RULE_ROLLOUT_FAILED,
               "%.*s in namespace \"%.*s\" is not ready: %.*s",
               STR_ARG(object_title(&cluster->arena, object)), STR_ARG(object_namespace(object)),
               STR_ARG(text));
    struct str hint = STR("the workload was not applied, because its pods require this object; fix "
                          "the cause and apply again");
    if (given_up)
        hint = str_format(&cluster->arena,
                          "the workload was not applied, because its pods require this object; fix "
                          "the cause, delete the object and apply again:\n"
                          "kubectl delete %.*s -n %.*s",
                          STR_ARG(object_title(&cluster->arena, object)),
                          STR_ARG(object_namespace(object)));
    if (given_up && kind_of(object)->existing)
        hint = str_format(&cluster->arena, "%.*s\nor %s", STR_ARG(hint), kind_of(object)->existing);
    diag_hint(&cluster->diags, "%.*s", STR_ARG(hint));
    rollout->apply_failed = true;
}

/* Waits for an object until `limit`, by process_monotonic_ms(). */
static void await(struct apply *apply, struct rollout *rollout, const struct node *object,
                  int64_t limit)
{
    enum { PAUSE = 1000 };
    struct cluster *cluster = &apply->cluster;
    const struct node *before =
        namespace_find(&cluster->arena, rollout->deployed->namespace, object);
    struct arena arena = {0};
    struct str printed = {0};
    for (;;) {
        arena_reset(&arena);
        struct str text = STR("no answer from the cluster");
        const struct node *live = get_live(apply, &arena, object);
        enum rollout_state state = live ? query(&arena, live, before, &text) : ROLLOUT_WAITS;
        if (state == ROLLOUT_DONE || process_interrupted())
            break;
        if (state == ROLLOUT_FAILED || process_monotonic_ms() >= limit) {
            report_not_ready(apply, rollout, object, text, state == ROLLOUT_FAILED);
            break;
        }
        if (!str_equal(text, printed)) {
            printed = str_copy(&cluster->arena, text);
            cluster_print(cluster, "%.*s: waiting for its %.*s: %.*s",
                          STR_ARG(rollout->deployed->service->name), STR_ARG(object_kind(object)),
                          STR_ARG(printed));
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
            if (!rollout->apply_failed && apply_is_awaited(rollout->deployed->objects[j]) &&
                apply_is_applied(apply, rollout->deployed->objects[j]))
                await(apply, rollout, rollout->deployed->objects[j], started + seconds * 1000);
    }
}
