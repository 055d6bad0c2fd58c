/* The server's own checks of what apply sends, by dry runs. */
#include "cluster/apply.h"

#include "cluster/batch.h"
#include "cluster/job.h"
#include "cluster/kubectl_errors.h"
#include "cluster/live.h"

#include <string.h>

/* An object that is sent. */
struct sent {
    const struct rollout *rollout;
    struct node *object;
};

static size_t collect_objects(struct apply *apply, bool absent, struct sent **ret)
{
    struct sent *sent = NULL;
    size_t count = 0;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        const struct deployed_service *deployed = rollout->deployed;
        for (size_t j = 0; j < deployed->count; j++) {
            if ((deployed->namespace->state == NAMESPACE_ABSENT) != absent)
                continue;
            sent = arena_grow(&apply->cluster.arena, sent, count, sizeof *sent);
            sent[count++] =
                (struct sent){rollout, object_to_apply(apply, rollout, deployed->objects[j], true)};
        }
        if (rollout->job && (deployed->namespace->state == NAMESPACE_ABSENT) == absent) {
            sent = arena_grow(&apply->cluster.arena, sent, count, sizeof *sent);
            sent[count++] = (struct sent){rollout, rollout->job};
        }
    }
    *ret = sent;
    return count;
}

/* A dry run of these objects. Their text is allocated in `texts`. */
static struct process dry_run(struct apply *apply, struct arena *texts, struct node *const *objects,
                              size_t count)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct kubectl writer = *kubectl;
    writer.arena = texts;
    unsigned force = apply->cluster.options->apply.force_conflicts ? APPLY_FORCE : 0;
    return kubectl_apply(kubectl, MANAGER, kubectl_documents(&writer, objects, count),
                         APPLY_DRY_RUN | APPLY_JSON | force);
}

/* The objects of a service are one group. */
static struct batches split(struct apply *apply, const struct sent *sent, size_t count)
{
    struct arena *arena = &apply->cluster.arena;
    struct manifests *groups = ARENA_ARRAY(arena, count, struct manifests);
    size_t group_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || sent[i].rollout != sent[i - 1].rollout)
            groups[group_count++].arena = arena;
        manifests_add(&groups[group_count - 1], sent[i].object);
    }
    return batches_split(arena, groups, group_count, TITLES_ANY);
}

/* Returns the finished dry runs of all batches. The text that they read is freed, because there may
 * be much of it. */
static struct runs dry_runs(struct apply *apply, const struct batches *batches, bool warn)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct arena texts = {0};
    struct runs runs = {0};
    for (size_t i = 0; i < batches->count; i++)
        runs_add(&apply->cluster.arena, &runs,
                 dry_run(apply, &texts, batches->items[i].items, batches->items[i].count));
    if (warn)
        kubectl_run(kubectl, runs.items, runs.count);
    else
        kubectl_poll(kubectl, runs.items, runs.count);
    for (size_t i = 0; i < runs.count; i++)
        runs.items[i].input = (struct str){0};
    arena_free(&texts);
    return runs;
}

/* Returns the outcome for an object. */
static const char *outcome(const struct node *live, const struct node *after)
{
    if (live && kind_is(live, ROLE_JOB))
        return job_state(live) == JOB_FAILED ? "replaced" : "unchanged";
    return !live ? "created" : object_equal(live, after) ? "unchanged" : "changed";
}

/* Reports an object that exists although it was not found: without the permission to get it, its
 * owner is unknown. A dry run returns no resourceVersion for a new object. */
static void check_unreadable(struct apply *apply, const struct node *after)
{
    struct diags *diags = &apply->cluster.diags;
    if (!node_at(after, "metadata resourceVersion"))
        return;
    diag_error(diags, NO_LOCATION, RULE_FORBIDDEN,
               "%.*s in namespace \"%.*s\" exists but cannot be read, so its owner is unknown",
               STR_ARG(object_title(&apply->cluster.arena, after)),
               STR_ARG(object_namespace(after)));
    diag_hint(diags, "ask for the permissions that docs/rbac.md lists for apply");
}

static struct node *find_live(struct apply *apply, const struct node *after)
{
    const struct cluster_namespace *namespace =
        cluster_namespace_find(&apply->cluster, object_namespace(after));
    return namespace ? namespace_find(&apply->cluster.arena, namespace, after) : NULL;
}

/* True if sending an object would change nothing: neither values nor who owns its fields. */
static bool is_unchanged(struct apply *apply, const struct node *live, const struct node *after)
{
    const struct rollout *rollout = apply_rollout_of(apply, after);
    /* Another number of pods is sent than the dry run had. */
    if (rollout && (rollout->claims_replicas || rollout->preserved_replicas))
        return false;
    return object_equal(live, after) &&
           node_equal(object_applied_fields(live, MANAGER), object_applied_fields(after, MANAGER));
}

static void record_outcome(struct apply *apply, struct node *after)
{
    struct arena *arena = &apply->cluster.arena;
    struct node *live = find_live(apply, after);
    struct str key = object_key(arena, after);
    bool adopts = live && apply_adopts(apply, live);
    if (!live)
        check_unreadable(apply, after);
    else if (!adopts && is_unchanged(apply, live, after))
        map_add(arena, &apply->unchanged, key, live);
    map_add(arena, &apply->outcomes, key, adopts ? "adopted" : outcome(live, after));
    if (live && kind_is(live, ROLE_WORKLOAD))
        apply_report_pods(apply, live, after);
    apply_note_sent(apply, after);
}

/* Evaluates the objects that a dry run has printed, and frees them: there may be many. */
static void record_outcomes(struct apply *apply, struct process *run)
{
    struct arena arena = {0};
    struct kubectl kubectl = apply->cluster.kubectl;
    kubectl.arena = &arena;
    struct node *after = kubectl_items(kubectl_parse_output(&kubectl, run));
    process_free(run);
    if (after)
        apply_check_adopted(apply, after);
    for (; after; after = after->next)
        record_outcome(apply, after);
    arena_free(&arena);
}

/* Returns a line for each field of a conflict: `"MANAGER" sets FIELD`. */
static struct str conflict_lines(struct arena *arena, struct str text)
{
    struct buf lines = {0};
    struct str manager = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        size_t quote = str_find(line, 0, '"');
        bool names = str_contains(line, STR("conflict")) && quote < line.len;
        struct str field = {0};
        if (names) {
            size_t close = str_find(line, quote + 1, '"');
            manager = str_slice(line, quote + 1, close);
            size_t colon = str_find(line, close, ':');
            field = str_skip(line, colon + 1);
        } else if (str_starts_with(line, STR("- "))) {
            field = str_skip(line, 1);
        } else if (manager.len) {
            break;
        }
        if (field.len)
            buf_format(&lines, "\"%.*s\" sets%.*s\n", STR_ARG(manager), STR_ARG(field));
    }
    return buf_take(arena, &lines);
}

static void report_conflict(struct apply *apply, const struct node *object,
                            const struct process *run)
{
    struct arena *arena = &apply->cluster.arena;
    struct str lines = conflict_lines(arena, buf_str(&run->errors));
    diag_error(&apply->cluster.diags, NO_LOCATION, RULE_FIELD_CONFLICT,
               "conflict: %.*s in namespace \"%.*s\" has fields set by other managers",
               STR_ARG(object_title(arena, object)), STR_ARG(object_namespace(object)));
    diag_hint(&apply->cluster.diags,
              "%.*spass --force-conflicts to overwrite them; `kubectl optasvc diff` shows them",
              STR_ARG(lines));
}

static bool is_immutable_error(const struct process *run)
{
    return kubectl_stderr_contains(run, "field is immutable") ||
           kubectl_stderr_contains(run, "Forbidden: updates to");
}

static void report_rejection(struct apply *apply, const struct node *object,
                             const struct process *run)
{
    struct diags *diags = &apply->cluster.diags;
    struct arena *arena = &apply->cluster.arena;
    if (kubectl_conflicts(run)) {
        report_conflict(apply, object, run);
        return;
    }
    if (kubectl_is_missing_namespace(run)) {
        struct str message =
            str_format(arena, "namespace \"%.*s\" not found", STR_ARG(object_namespace(object)));
        if (diags_contain(diags, message))
            return;
        diag_error(diags, NO_LOCATION, RULE_OBJECT_NOT_FOUND, "%.*s", STR_ARG(message));
        diag_hint(diags, "you cannot read or create namespaces: ask an administrator to create it");
        return;
    }
    kubectl_report(&apply->cluster.kubectl, run);
    if (is_immutable_error(run))
        diag_hint(diags,
                  "this field cannot be changed in an existing object; delete the object and "
                  "apply again:\nkubectl delete %.*s -n %.*s",
                  STR_ARG(object_title(arena, object)), STR_ARG(object_namespace(object)));
}

/* kubectl does not name the object of each message, so each object is sent separately. */
static struct runs run_each(struct apply *apply, struct node *const *objects, size_t count)
{
    struct runs runs = {0};
    for (size_t i = 0; i < count; i++)
        runs_add(&apply->cluster.arena, &runs,
                 dry_run(apply, &apply->cluster.arena, &objects[i], 1));
    kubectl_run(&apply->cluster.kubectl, runs.items, runs.count);
    return runs;
}

static void report_each(struct apply *apply, const struct manifests *batch)
{
    size_t before = apply->cluster.diags.errors;
    struct runs runs = run_each(apply, batch->items, batch->count);
    for (size_t i = 0; i < runs.count; i++) {
        if (!process_succeeded(&runs.items[i]) && !process_interrupted())
            report_rejection(apply, batch->items[i], &runs.items[i]);
        process_free(&runs.items[i]);
    }
    if (apply->cluster.diags.errors == before && !process_interrupted())
        diag_error(&apply->cluster.diags, NO_LOCATION, RULE_KUBECTL_FAILED,
                   "the server rejected an object but now accepts it: apply again");
}

/* Returns the batches with objects that have fields of other managers: only these can conflict. */
static struct batches split_contested(struct apply *apply)
{
    struct sent *sent;
    size_t count = collect_objects(apply, false, &sent);
    size_t kept = 0;
    for (size_t i = 0; i < count; i++) {
        const struct node *live = find_live(apply, sent[i].object);
        if (live && object_has_other_manager(live, MANAGER))
            sent[kept++] = sent[i];
    }
    return split(apply, sent, kept);
}

static void print_conflicts(struct apply *apply, const struct node *object,
                            const struct process *run)
{
    struct arena *arena = &apply->cluster.arena;
    if (!kubectl_conflicts(run))
        return;
    struct str lines = conflict_lines(arena, buf_str(&run->errors));
    struct str line;
    for (size_t at = 0; str_next_line(lines, &at, &line);)
        cluster_print(&apply->cluster, "%.*s: %.*s", STR_ARG(object_title(arena, object)),
                      STR_ARG(line));
}

void apply_report_conflicts(struct apply *apply)
{
    struct batches batches = split_contested(apply);
    struct runs runs = dry_runs(apply, &batches, false);
    for (size_t i = 0; i < batches.count; i++) {
        bool conflicts = kubectl_conflicts(&runs.items[i]);
        process_free(&runs.items[i]);
        if (!conflicts)
            continue;
        struct runs each = run_each(apply, batches.items[i].items, batches.items[i].count);
        for (size_t j = 0; j < each.count; j++) {
            print_conflicts(apply, batches.items[i].items[j], &each.items[j]);
            process_free(&each.items[j]);
        }
    }
}

/* True if every object that a dry run has printed is new or was listed. */
static bool is_assumption_right(struct apply *apply, const struct process *run)
{
    struct arena arena = {0};
    struct kubectl kubectl = apply->cluster.kubectl;
    kubectl.arena = &arena;
    const struct node *after = kubectl_items(kubectl_parse_output(&kubectl, run));
    while (after && (find_live(apply, after) || !node_at(after, "metadata resourceVersion")))
        after = after->next;
    arena_free(&arena);
    return !after;
}

bool apply_assume_new(struct apply *apply)
{
    struct sent *sent;
    size_t count = collect_objects(apply, false, &sent);
    struct batches batches = split(apply, sent, count);
    struct runs runs = dry_runs(apply, &batches, false);
    bool ok = process_all_succeeded(runs.items, runs.count);
    for (size_t i = 0; ok && i < runs.count; i++)
        ok = is_assumption_right(apply, &runs.items[i]);
    for (size_t i = 0; ok && i < runs.count; i++)
        kubectl_show_warnings(&apply->cluster.kubectl, &runs.items[i]);
    if (ok)
        apply->dry_runs = runs;
    else
        runs_free(&runs);
    return ok;
}

void apply_discard_dry_runs(struct apply *apply)
{
    runs_free(&apply->dry_runs);
}

static void report_rejected(struct apply *apply, const struct batches *batches,
                            const struct runs *runs)
{
    for (size_t i = 0; i < runs->count && !process_interrupted(); i++)
        if (kubectl_is_rejected(&runs->items[i])) /* retrying each object is useful */
            report_each(apply, &batches->items[i]);
        else if (!process_succeeded(&runs->items[i]))
            kubectl_report(&apply->cluster.kubectl, &runs->items[i]);
}

bool apply_dry_run(struct apply *apply, bool absent)
{
    struct runs runs = apply->dry_runs;
    if (absent || runs.count == 0) {
        struct sent *sent;
        size_t count = collect_objects(apply, absent, &sent);
        struct batches batches = split(apply, sent, count);
        runs = dry_runs(apply, &batches, true);
        if (!process_all_succeeded(runs.items, runs.count)) {
            report_rejected(apply, &batches, &runs);
            runs_free(&runs);
        }
    }
    for (size_t i = 0; i < runs.count; i++)
        record_outcomes(apply, &runs.items[i]);
    apply->dry_runs = (struct runs){0};
    return apply->cluster.diags.errors == 0 && !process_interrupted();
}
