#include "cluster/apply.h"

#include "cluster/ownership.h"
#include "cluster/prompt.h"
#include "format/duration.h"
#include "manifest/manifest.h"
#include "os/console.h"

#include <stdlib.h>
#include <string.h>

void apply_print(const struct apply *apply, struct str title, const char *outcome)
{
    struct buf line = {0};
    diag_add_visible(&line, title);
    if (!apply->cluster.options->output)
        buf_format(&line, " %s", outcome);
    buf_add_byte(&line, '\n');
    console_print(buf_str(&line));
    buf_free(&line);
}

/* Notes and prints what the server took: kubectl names each object when it is done. */
static void take_names(struct apply *apply, const struct manifests *batch,
                       const struct process *run)
{
    struct arena *arena = &apply->cluster.arena;
    struct map names = kubectl_names(&apply->cluster.kubectl, run);
    for (size_t i = 0; i < batch->count; i++) {
        struct str title = object_title(arena, batch->items[i]);
        struct str key = object_key(arena, batch->items[i]);
        if (!map_get(&names, title) || map_add(arena, &apply->taken, key, title.data))
            continue;
        const char *outcome = map_get(&apply->outcomes, key);
        apply_print(apply, title, outcome ? outcome : "applied");
    }
}

/* Applies the objects of all namespaces at the same time. Reports what fails. */
static void send(struct apply *apply, struct manifests *batches, size_t count, bool force)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct process *runs = ARENA_ARRAY(kubectl->arena, count, struct process);
    struct manifests **sent = ARENA_ARRAY(kubectl->arena, count, struct manifests *);
    size_t running = 0;
    force |= apply->cluster.options->apply.force_conflicts;
    for (size_t i = 0; i < count; i++) {
        if (batches[i].count == 0)
            continue;
        struct str documents = kubectl_documents(kubectl, batches[i].items, batches[i].count);
        sent[running] = &batches[i];
        runs[running++] = kubectl_apply(kubectl, MANAGER, documents, force ? APPLY_FORCE : 0);
    }
    kubectl_run(kubectl, runs, running);
    for (size_t i = 0; i < running; i++) {
        take_names(apply, sent[i], &runs[i]);
        if (!process_succeeded(&runs[i]))
            kubectl_report(kubectl, &runs[i]);
        process_free(&runs[i]);
    }
}

static bool is_taken(struct apply *apply, const struct node *object)
{
    return map_get(&apply->taken, object_key(&apply->cluster.arena, object)) != NULL;
}

static void make_namespaces(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    struct manifests manifests = {.arena = &cluster->arena};
    for (size_t i = 0; i < cluster->namespace_count; i++)
        if (cluster->namespaces[i].state == NAMESPACE_ABSENT)
            manifest_namespace(&manifests, cluster->namespaces[i].layer);
    for (size_t i = 0; i < manifests.count; i++)
        map_add(&cluster->arena, &apply->outcomes, object_key(&cluster->arena, manifests.items[i]),
                "created");
    send(apply, &manifests, 1, false);
}

/* Deletes objects, and prints each that is deleted. */
static void remove_objects(struct apply *apply, const struct manifests *objects)
{
    struct kubectl *kubectl = &apply->cluster.kubectl;
    if (objects->count == 0 || process_interrupted())
        return;
    size_t count = kubectl_delete(kubectl, objects->items, objects->count, false);
    for (size_t i = 0; i < count; i++)
        apply_print(apply, object_title(kubectl->arena, objects->items[i]), "removed");
}

/* The same for objects among which CronJobs may be. */
static void remove_and_stop(struct apply *apply, const struct manifests *objects)
{
    struct manifests jobs = {.arena = &apply->cluster.arena};
    struct manifests removed = {.arena = &apply->cluster.arena};
    for (size_t i = 0; i < objects->count; i++)
        manifests_add(kind_is(objects->items[i], ROLE_CRON_JOB) ? &jobs : &removed,
                      objects->items[i]);
    struct manifests stopped = apply_suspend_cron_jobs(apply, &jobs);
    for (size_t i = 0; i < stopped.count; i++)
        manifests_add(&removed, stopped.items[i]);
    remove_objects(apply, &removed);
}

/* Those of the list that are, or are not, autoscalers: these go first, or they would undo what is
 * applied. */
static void remove_superseded(struct apply *apply, bool autoscalers)
{
    struct manifests removed = {.arena = &apply->cluster.arena};
    for (size_t i = 0; i < apply->to_delete.count; i++)
        if (kind_is(apply->to_delete.items[i], ROLE_AUTOSCALER) == autoscalers)
            manifests_add(&removed, apply->to_delete.items[i]);
    remove_and_stop(apply, &removed);
}

static const char released[] = "released: it was adopted and is not deleted";

static void say_left(struct apply *apply, const struct manifests *objects, const char *what)
{
    for (size_t i = 0; i < objects->count; i++)
        cluster_print(&apply->cluster, "%.*s is no longer needed: %s",
                      STR_ARG(object_title(&apply->cluster.arena, objects->items[i])), what);
}

static void say_retained(struct apply *apply)
{
    for (size_t i = 0; i < apply->retained.count; i++)
        cluster_print(&apply->cluster, "%.*s is no longer needed: it stays, as %s",
                      STR_ARG(object_title(&apply->cluster.arena, apply->retained.items[i])),
                      kind_of(apply->retained.items[i])->retained);
}

void apply_report_stale(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct arena *arena = &apply->cluster.arena;
    for (size_t i = 0; !cluster->options->apply.prune && i < apply->orphaned.count; i++)
        cluster_print(cluster, "%.*s is no longer needed: apply with --prune to %s it",
                      STR_ARG(object_title(arena, apply->orphaned.items[i])),
                      object_is_adopted(apply->orphaned.items[i]) ? "release" : "remove");
    for (size_t i = 0; i < apply->unclaimed.count; i++) {
        const struct node *object = apply->unclaimed.items[i];
        struct str title = object_title(arena, object);
        cluster_print(cluster,
                      "%.*s is no longer needed, but it has no environment label and may belong to "
                      "another environment; delete it: kubectl delete %.*s -n %.*s",
                      STR_ARG(title), STR_ARG(title), STR_ARG(object_namespace(object)));
    }
}

/* Adopted objects are released, the others added to those that are removed. */
static void remove_or_release(struct apply *apply, const struct manifests *objects,
                              struct manifests *removed)
{
    for (size_t i = 0; i < objects->count && !process_interrupted(); i++) {
        struct node *object = objects->items[i];
        if (!object_is_adopted(object))
            manifests_add(removed, object);
        else if (ownership_release(&apply->cluster, object))
            apply_print(apply, object_title(removed->arena, object), released);
    }
}

/* What --prune removes serves, perhaps, until the new pods do: it goes when all of them are ready,
 * or at once where nobody waits. */
static void prune(struct apply *apply, bool ready)
{
    struct manifests removed = {.arena = &apply->cluster.arena};
    apply_report_stale(apply);
    if (!apply->cluster.options->apply.prune)
        return;
    say_retained(apply);
    if (!ready) {
        say_left(apply, &apply->orphaned, "it stays, as not all is ready");
        say_left(apply, &apply->other_services, "it stays, as not all is ready");
        return;
    }
    remove_or_release(apply, &apply->orphaned, &removed);
    remove_or_release(apply, &apply->other_services, &removed);
    remove_and_stop(apply, &removed);
}

/* An empty list for each namespace. */
static struct manifests *list_for_namespaces(struct cluster *cluster)
{
    struct manifests *lists =
        ARENA_ARRAY(&cluster->arena, cluster->namespace_count, struct manifests);
    for (size_t i = 0; i < cluster->namespace_count; i++)
        lists[i].arena = &cluster->arena;
    return lists;
}

/* What is applied by itself. */
enum phase {
    PHASE_DEPENDENCIES, /* what must be done before pods can start, */
    PHASE_INDEPENDENT,  /* services that have nothing of that kind, */
    PHASE_DEPENDENT     /* and the rest of those that have */
};

/* When all but the dependencies of a service are applied. */
static enum phase phase_of_rest(const struct deployed_service *deployed)
{
    for (size_t i = 0; i < deployed->count; i++)
        if (apply_is_awaited(deployed->objects[i]))
            return PHASE_DEPENDENT;
    return PHASE_INDEPENDENT;
}

/* Workloads whose replicas are taken by force go by themselves, so that nothing else is forced. */
static void send_phase(struct apply *apply, enum phase phase)
{
    struct cluster *cluster = &apply->cluster;
    struct manifests *batches = list_for_namespaces(cluster);
    struct manifests *forced = list_for_namespaces(cluster);
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        const struct deployed_service *deployed = rollout->deployed;
        enum phase rest = phase_of_rest(deployed);
        for (size_t j = 0; j < deployed->count && !rollout->apply_failed; j++) {
            if ((apply_is_awaited(deployed->objects[j]) ? PHASE_DEPENDENCIES : rest) != phase)
                continue;
            struct node *object = object_to_apply(apply, rollout, deployed->objects[j], false);
            bool taken = rollout->claims_replicas && object == rollout->workload;
            manifests_add(&(taken ? forced : batches)[deployed->namespace - cluster->namespaces],
                          object);
        }
    }
    send(apply, batches, cluster->namespace_count, false);
    if (!process_interrupted())
        send(apply, forced, cluster->namespace_count, true);
}

/* A new workload was made with as many pods as the old one has; its autoscaler takes over. */
static void settle_replicas(struct apply *apply, struct rollout *rollout)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    if (!rollout->keeps || rollout->live || rollout->apply_failed || process_interrupted() ||
        !transfer_replicas(apply, rollout))
        return;
    kubectl_run_one(kubectl, kubectl_apply(kubectl, MANAGER,
                                           kubectl_documents(kubectl, &rollout->workload, 1), 0));
}

/* True when all was taken. */
static bool find_broken(struct apply *apply)
{
    bool right = true;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        for (size_t j = 0; j < rollout->deployed->count; j++)
            rollout->apply_failed |= !is_taken(apply, rollout->deployed->objects[j]);
        if (rollout->apply_failed) {
            rollout->state = ROLLOUT_FAILED;
            rollout->why = STR("not everything was applied");
            right = false;
        }
    }
    return right;
}

static void tell_not_taken(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct deployed_service *deployed = &apply->cluster.services[i];
        for (size_t j = 0; j < deployed->count; j++)
            if (!is_taken(apply, deployed->objects[j]))
                cluster_print(&apply->cluster, "not applied: %.*s of namespace %.*s",
                              STR_ARG(object_title(&apply->cluster.arena, deployed->objects[j])),
                              STR_ARG(deployed->namespace->name));
    }
}

static bool wants_wait(const struct options *options)
{
    return !options->apply.wait || strcmp(options->apply.wait, "true") == 0;
}

/* The number of pods is made safe before it changes hands. Nothing more is done for a service where
 * that fails. */
static void prepare_replicas(struct apply *apply)
{
    remove_superseded(apply, true);
    bool removed = apply->cluster.diags.errors == 0;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        if (!removed && rollout->claims_replicas) /* the autoscaler would go on to change it */
            rollout->apply_failed = true;
        if (rollout->keeps && rollout->live && !process_interrupted())
            rollout->apply_failed = !transfer_replicas(apply, rollout);
    }
}

/* What pods cannot start without comes first; and meanwhile what others wait for holds up nobody
 * else.
 */
static void send_awaited(struct apply *apply)
{
    send_phase(apply, PHASE_DEPENDENCIES);
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        for (size_t j = 0; j < rollout->deployed->count; j++)
            if (apply_is_awaited(rollout->deployed->objects[j]) &&
                !is_taken(apply, rollout->deployed->objects[j]))
                rollout->apply_failed = true;
    }
    if (!process_interrupted())
        send_phase(apply, PHASE_INDEPENDENT);
    if (wants_wait(apply->cluster.options) && !process_interrupted())
        apply_await(apply);
}

/* Everything into the cluster; false when some of it did not get there. */
static bool change(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!apply_mark_adopted(apply)) {
        cluster_report(cluster);
        cluster_print(cluster, "nothing was applied");
        find_broken(apply);
        return false;
    }
    prepare_replicas(apply);
    if (!process_interrupted())
        send_awaited(apply);
    if (!process_interrupted())
        send_phase(apply, PHASE_DEPENDENT);
    bool right = find_broken(apply);
    for (size_t i = 0; i < cluster->service_count; i++)
        settle_replicas(apply, &apply->rollouts[i]);
    right &= cluster->diags.errors == 0;
    if (right)
        remove_superseded(apply, false);
    right &= cluster->diags.errors == 0 && !process_interrupted();
    cluster_report(cluster);
    if (!right)
        tell_not_taken(apply);
    return right;
}

/* Old pods are kept until new ones are ready, so a changed kind is always waited for. */
static void wait_for(struct apply *apply)
{
    bool all = wants_wait(apply->cluster.options);
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        if (!all && !rollout->old && rollout->state == ROLLOUT_WAITS)
            rollout->state = ROLLOUT_DONE;
    }
    rollout_wait(apply);
}

static void finish(struct apply *apply, struct rollout *rollout)
{
    struct cluster *cluster = &apply->cluster;
    struct str name = rollout->title;
    if (rollout->state == ROLLOUT_DONE && rollout->old) {
        remove_objects(apply, &(struct manifests){.items = &rollout->old, .count = 1});
    }
    if (rollout->state != ROLLOUT_FAILED || rollout->apply_failed)
        return;
    diag_error(&cluster->diags, NO_LOCATION, "%.*s: %.*s", STR_ARG(name), STR_ARG(rollout->why));
    if (rollout->superseded) {
        diag_hint(&cluster->diags, "`kubectl optasvc diff` shows what differs; apply again if this "
                                   "version is to run");
        return;
    }
    cluster_report(cluster);
    rollout_explain(apply, rollout);
    if (cluster->options->apply.rollback_on_failure && rollout->unknown)
        cluster_print(cluster, "%.*s: not rolled back: it may be ready", STR_ARG(name));
    else if (cluster->options->apply.rollback_on_failure && !process_interrupted())
        rollout_undo(apply, rollout);
    cluster_report(cluster);
}

/* Of several services: which failed. */
static bool summarize(struct apply *apply)
{
    struct buf names = {0};
    size_t failed = 0;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        if (rollout->state == ROLLOUT_DONE)
            continue;
        buf_add_joined(&names, ", ", rollout->title);
        failed++;
    }
    size_t count = apply->cluster.service_count;
    if (count > 1 && failed)
        cluster_print(&apply->cluster, "%zu of %zu services failed: %.*s", failed, count,
                      STR_ARG(buf_str(&names)));
    buf_free(&names);
    return failed == 0;
}

static void tell_unchecked(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    for (size_t i = 0; i < cluster->service_count; i++)
        for (size_t j = 0; j < cluster->services[i].count; j++)
            if (cluster->services[i].namespace->state == NAMESPACE_ABSENT)
                cluster_print(
                    cluster,
                    "not checked: %.*s: the namespace \"%.*s\" is not there yet, and a dry "
                    "run makes none",
                    STR_ARG(object_title(&apply->cluster.arena, cluster->services[i].objects[j])),
                    STR_ARG(cluster->services[i].namespace->name));
}

static void print_dry_removal(struct apply *apply, const struct node *object)
{
    const char *outcome = "removed (server dry run)";
    if (object_is_adopted(object))
        outcome = "released (server dry run)";
    else if (apply_cron_job_runs(object))
        outcome = "suspended (server dry run)";
    apply_print(apply, object_title(&apply->cluster.arena, object), outcome);
}

static int tell_dry_run(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct arena *arena = &apply->cluster.arena;
    for (size_t i = 0; i < cluster->service_count; i++)
        for (size_t j = 0; j < cluster->services[i].count; j++) {
            struct node *object = cluster->services[i].objects[j];
            const char *outcome = map_get(&apply->outcomes, object_key(arena, object));
            if (outcome)
                apply_print(apply, object_title(arena, object),
                            str_format(arena, "%s (server dry run)", outcome).data);
        }
    for (size_t i = 0; i < apply->to_delete.count; i++)
        print_dry_removal(apply, apply->to_delete.items[i]);
    for (size_t i = 0; i < cluster->service_count; i++)
        if (apply->rollouts[i].old)
            apply_print(apply, object_title(arena, apply->rollouts[i].old),
                        "removed (server dry run)");
    for (size_t i = 0; cluster->options->apply.prune && i < apply->orphaned.count; i++)
        print_dry_removal(apply, apply->orphaned.items[i]);
    for (size_t i = 0; i < apply->other_services.count; i++)
        print_dry_removal(apply, apply->other_services.items[i]);
    apply_report_stale(apply);
    tell_unchecked(apply);
    return console_finish((struct str){0});
}

/* Nothing is changed before all of this is right. */
static bool prepare(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!cluster_query(cluster, LIST_RENDERED, QUERY_NAMESPACES | QUERY_SECRETS | QUERY_LENIENT) ||
        !cluster_query_missing(cluster)) {
        cluster_report(cluster);
        return false;
    }
    apply_plan(apply);
    apply_check(apply);
    return cluster_report(cluster) && apply_dry_run(apply, false);
}

static bool make_and_check(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    size_t absent = 0;
    for (size_t i = 0; i < cluster->namespace_count; i++)
        absent += cluster->namespaces[i].state == NAMESPACE_ABSENT;
    if (absent == 0)
        return true;
    make_namespaces(apply);
    if (!cluster_report(cluster))
        return false;
    bool right = apply_dry_run(apply, true);
    cluster_report(cluster);
    if (!right)
        cluster_print(cluster, "nothing but the namespace was applied");
    return right;
}

/* --prune=layer deletes services that are in no file, perhaps by mistake: what it deletes is listed
 * and confirmed before anything is changed. */
static bool confirm_prune(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    const char *prune = cluster->options->apply.prune;
    if (!prune || strcmp(prune, "layer") != 0 ||
        apply->orphaned.count + apply->other_services.count == 0)
        return true;
    cluster_print(cluster,
                  "The following will be deleted from %.*s:", STR_ARG(prompt_where(cluster)));
    prompt_list(cluster, &apply->to_delete);
    prompt_list(cluster, &apply->orphaned);
    prompt_list(cluster, &apply->other_services);
    bool confirmed = prompt_confirm(cluster);
    cluster_report(cluster);
    if (!confirmed && !process_interrupted())
        cluster_print(cluster, "nothing was changed");
    return confirmed;
}

static int run(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    const char *mode = cluster->options->apply.dry_run_mode;
    bool right = prepare(apply);
    if (!cluster_report(cluster) || !right)
        return EXIT_FAILURE;
    if (mode && strcmp(mode, "server") == 0)
        return tell_dry_run(apply);
    if (!confirm_prune(apply) || !make_and_check(apply))
        return EXIT_FAILURE;
    right = apply->applied = change(apply);
    if (!process_interrupted())
        wait_for(apply);
    if (!process_interrupted())
        apply_check_superseded(apply);
    for (size_t i = 0; i < cluster->service_count && !process_interrupted(); i++)
        finish(apply, &apply->rollouts[i]);
    bool ready = right;
    for (size_t i = 0; i < cluster->service_count; i++)
        ready &= apply->rollouts[i].state == ROLLOUT_DONE;
    if (!process_interrupted())
        prune(apply, ready);
    right &= cluster_report(cluster);
    right &= summarize(apply);
    return console_finish((struct str){0}) == EXIT_SUCCESS && right ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* No call of kubectl takes longer than --timeout, so that its own retries end too. What a slow
 * machine needs for one is always allowed. */
static int64_t call_limit(const struct options *options)
{
    enum { LEAST = 5 }; /* seconds */
    int64_t seconds = 0;
    if (!options->apply.timeout || !duration_parse(str_from_c(options->apply.timeout), &seconds))
        return 0;
    return (seconds > LEAST ? seconds : LEAST) * 1000;
}

int apply(const struct options *options, bool color)
{
    struct apply apply = {0};
    int status = EXIT_FAILURE;
    if (cluster_open(&apply.cluster, options, color, false)) {
        apply.cluster.kubectl.limit = call_limit(options);
        status = run(&apply);
    }
    if (process_interrupted())
        cluster_print(&apply.cluster, "interrupted%s",
                      apply.applied ? ": all was applied, but not waited for" : "");
    cluster_close(&apply.cluster);
    return process_exit_status(status);
}
