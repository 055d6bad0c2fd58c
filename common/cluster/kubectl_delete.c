/* Deletes objects, several namespaces in parallel, and waits for all of them together. */
#include "cluster/kubectl.h"

#include "cluster/batch.h"
#include "cluster/object.h"
#include "os/console.h"
#include "os/progress.h"

#include <inttypes.h>

enum {
    POLL_FIRST = 200, /* ms between two queries */
    POLL_LAST = 2000,
    PATIENCE = 10000, /* ms after which it is printed what is waited for; on a terminal */
    PATIENCE_TERMINAL = 1000,
};

/* The objects of a namespace are one group: they are deleted in their order. */
static struct batches split(const struct kubectl *kubectl, struct node *const *objects,
                            size_t count)
{
    struct manifests *groups = ARENA_ARRAY(kubectl->arena, count, struct manifests);
    size_t group_count = 0;
    for (size_t i = 0; i < count; i++) {
        if (i == 0 || !str_equal(object_namespace(objects[i]), object_namespace(objects[i - 1])))
            groups[group_count++].arena = kubectl->arena;
        manifests_add(&groups[group_count - 1], objects[i]);
    }
    return batches_split(kubectl->arena, groups, group_count, TITLES_ANY);
}

/* Returns a process of these arguments for each batch, with references to its objects. */
static struct runs reference_runs(const struct kubectl *kubectl, const struct batches *batches,
                                  struct argv argv)
{
    struct runs runs = {0};
    for (size_t i = 0; i < batches->count; i++) {
        const struct manifests *batch = &batches->items[i];
        struct str references = kubectl_references(kubectl, batch->items, batch->count);
        runs_add(kubectl->arena, &runs,
                 (struct process){.arguments = argv.items, .input = references});
    }
    kubectl_run(kubectl, runs.items, runs.count);
    return runs;
}

/* Gets the live objects by object_key(). False if they cannot be read; other failures are reported.
 */
static bool get_live(const struct kubectl *kubectl, struct node *const *objects, size_t count,
                     struct map *ret_live)
{
    struct batches batches = split(kubectl, objects, count);
    struct runs runs =
        reference_runs(kubectl, &batches,
                       kubectl_argv(kubectl, "get", "--filename=-", "--ignore-not-found=true",
                                    "--output=json", NULL));
    bool known = true;
    for (size_t i = 0; i < runs.count; i++) {
        struct process *run = &runs.items[i];
        const struct node *item = NULL;
        if (!process_succeeded(run) && !kubectl_forbidden(run))
            kubectl_report(kubectl, run);
        else if (run->output.len)
            item = kubectl_items(kubectl_parse_output(kubectl, run));
        known &= process_succeeded(run);
        for (; item; item = item->next)
            map_add(kubectl->arena, ret_live, object_key(kubectl->arena, item), item);
        process_free(run);
    }
    return known;
}

/* Objects may have been replaced or claimed by others since they were read, while apply waited for
 * the user or for pods. Moves the unchanged ones to the front, and returns their number. Reports
 * the others, except those that no longer exist. If they cannot be read, keeps all. */
static size_t keep_unchanged(const struct kubectl *kubectl, struct node **objects, size_t count)
{
    struct map live_objects = {0};
    size_t errors = kubectl->diags->errors;
    bool known = get_live(kubectl, objects, count, &live_objects);
    if (kubectl->diags->errors > errors || process_interrupted())
        return 0;
    size_t unchanged = 0;
    for (size_t i = 0; known && i < count; i++) {
        const struct node *live = map_get(&live_objects, object_key(kubectl->arena, objects[i]));
        if (live && object_same_owner(objects[i], live))
            objects[unchanged++] = objects[i];
        else if (live)
            diag_error(kubectl->diags, NO_LOCATION, RULE_NOT_DELETED,
                       "%.*s was not deleted: it was replaced or claimed by another owner",
                       STR_ARG(object_title(kubectl->arena, objects[i])));
    }
    return known ? unchanged : count;
}

/* Deletes the objects. Moves those whose names kubectl has printed to the front, and returns their
 * number. Reports failures. */
static size_t delete_all(const struct kubectl *kubectl, struct node **objects, size_t count)
{
    struct batches batches = split(kubectl, objects, count);
    struct runs runs =
        reference_runs(kubectl, &batches,
                       kubectl_argv(kubectl, "delete", "--ignore-not-found=true", "--filename=-",
                                    "--output=name", "--wait=false", NULL));
    struct map deleted = {0}; /* by object_key() */
    for (size_t i = 0; i < runs.count; i++) {
        struct map names = kubectl_names(kubectl, &runs.items[i]);
        for (size_t j = 0; j < batches.items[i].count; j++) {
            const struct node *object = batches.items[i].items[j];
            if (map_get(&names, object_title(kubectl->arena, object)))
                map_add(kubectl->arena, &deleted, object_key(kubectl->arena, object), object);
        }
        if (!process_succeeded(&runs.items[i]))
            kubectl_report(kubectl, &runs.items[i]);
        process_free(&runs.items[i]);
    }
    size_t deleted_count = 0;
    for (size_t i = 0; i < count; i++)
        if (map_get(&deleted, object_key(kubectl->arena, objects[i])))
            objects[deleted_count++] = objects[i];
    return deleted_count;
}

/* True if the live object is this one and not a new one of its name, which a controller may create
 * at once. */
static bool is_same(const struct node *live, const struct node *object)
{
    struct str uid = object_uid(object);
    return uid.len == 0 || str_equal(uid, object_uid(live));
}

/* Objects that are being deleted. */
struct wait {
    const struct kubectl *kubectl;
    struct map refused; /* by object_key(): the server still has them */
    struct node **terminating;
    size_t count; /* of these */
    int64_t started;
    bool printed;
};

static void refuse(struct wait *wait, const struct node *object)
{
    struct arena *arena = wait->kubectl->arena;
    map_add(arena, &wait->refused, object_key(arena, object), object);
    diag_error(wait->kubectl->diags, NO_LOCATION, RULE_NOT_DELETED,
               "%.*s was not deleted: it still exists", STR_ARG(object_title(arena, object)));
}

/* Finds out which of the objects that are waited for are still there. False if that is not known.
 */
static bool check_terminating(struct wait *wait)
{
    struct arena arena = {0}; /* of this query: a finalizer may take for ever */
    struct kubectl kubectl = *wait->kubectl;
    struct map live_objects = {0};
    size_t count = 0;
    kubectl.arena = &arena;
    bool known = get_live(&kubectl, wait->terminating, wait->count, &live_objects);
    for (size_t i = 0; known && i < wait->count; i++) {
        struct node *object = wait->terminating[i];
        const struct node *live = map_get(&live_objects, object_key(&arena, object));
        if (!live || !is_same(live, object))
            continue;
        if (node_at(live, "metadata deletionTimestamp"))
            wait->terminating[count++] = object;
        else
            refuse(wait, object);
    }
    wait->count = count;
    arena_free(&arena);
    return known && !process_interrupted();
}

/* Returns what an object that is being deleted waits for; empty if that is not known. */
static struct str finalizers_of(struct arena *arena, const struct node *live)
{
    struct buf names = {0};
    const struct node *item = node_first_child(node_at(live, "metadata finalizers"));
    for (; item; item = item->next)
        buf_add_joined(&names, ", ", item->text);
    return buf_take(arena, &names);
}

/* Reports the objects that still exist at the deadline. */
static void report_remaining(struct wait *wait)
{
    const struct kubectl *kubectl = wait->kubectl;
    struct arena *arena = kubectl->arena;
    struct map live_objects = {0};
    get_live(kubectl, wait->terminating, wait->count, &live_objects);
    for (size_t i = 0; i < wait->count && !process_interrupted(); i++) {
        const struct node *object = wait->terminating[i];
        struct str key = object_key(arena, object);
        struct str namespace = object_namespace(object);
        struct str finalizers = finalizers_of(arena, map_get(&live_objects, key));
        map_add(arena, &wait->refused, key, object);
        diag_error(kubectl->diags, NO_LOCATION, RULE_NOT_DELETED,
                   "%.*s%s%.*s%s is being deleted, but still exists after %" PRId64 " s",
                   STR_ARG(object_title(arena, object)), namespace.len ? " in namespace \"" : "",
                   STR_ARG(namespace), namespace.len ? "\"" : "",
                   (process_monotonic_ms() - wait->started) / 1000);
        if (finalizers.len)
            diag_hint(kubectl->diags, "it is deleted when its finalizers are removed: %.*s",
                      STR_ARG(finalizers));
    }
}

static void print_terminating(struct wait *wait)
{
    int64_t elapsed = process_monotonic_ms() - wait->started;
    bool terminal = progress_is_possible() && elapsed >= PATIENCE_TERMINAL;
    if (!terminal && (wait->printed || elapsed < PATIENCE))
        return;
    struct arena *arena = wait->kubectl->arena;
    struct str others = {0};
    if (wait->count > 1)
        others = str_format(arena, " and %zu more", wait->count - 1);
    wait->printed = true;
    struct str line =
        str_format(arena, "waiting for the deletion of %.*s%.*s",
                   STR_ARG(object_title(arena, wait->terminating[0])), STR_ARG(others));
    if (terminal)
        console_set_status(
            str_format(arena, "%.*s (%" PRId64 " s)", STR_ARG(line), elapsed / 1000));
    else
        console_print_line(line);
}

/* Waits until the objects no longer exist or, without `wait_for_all`, are being deleted. Moves them
 * to the front, and returns their number. If they cannot be read, trusts the output of kubectl. */
static size_t await_deleted(const struct kubectl *kubectl, struct node **objects, size_t count,
                            bool wait_for_all)
{
    struct wait wait = {.kubectl = kubectl,
                        .terminating = ARENA_ARRAY(kubectl->arena, count, struct node *),
                        .count = count,
                        .started = process_monotonic_ms()};
    for (size_t i = 0; i < count; i++)
        wait.terminating[i] = objects[i];
    for (int pause = POLL_FIRST; wait.count && check_terminating(&wait);) {
        if (!wait_for_all || wait.count == 0)
            break;
        if (kubectl->deadline && process_monotonic_ms() >= kubectl->deadline) {
            report_remaining(&wait);
            break;
        }
        print_terminating(&wait);
        process_back_off(&pause, POLL_LAST);
    }
    console_set_status((struct str){0});
    size_t deleted = 0;
    for (size_t i = 0; i < count; i++)
        if (!map_get(&wait.refused, object_key(kubectl->arena, objects[i])))
            objects[deleted++] = objects[i];
    return deleted;
}

size_t kubectl_delete(const struct kubectl *kubectl, struct node **objects, size_t count, bool wait)
{
    count = keep_unchanged(kubectl, objects, count);
    if (count == 0)
        return 0;
    return await_deleted(kubectl, objects, delete_all(kubectl, objects, count), wait);
}
