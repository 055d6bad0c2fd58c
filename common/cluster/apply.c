#include "cluster/apply.h"

#include "cluster/batch.h"
#include "cluster/job.h"
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

/* Returns the titles that kubectl has printed. If two objects of the batch have the same title, it
 * must have printed as many as there are; else it is not known which, and the map is empty. */
static struct map printed_titles(struct apply *apply, const struct manifests *batch,
                                 const struct process *run)
{
    struct arena *arena = &apply->cluster.arena;
    size_t lines = 0;
    size_t sent = 0;
    struct str line;
    for (size_t at = 0; str_next_line(buf_str(&run->output), &at, &line);)
        lines++;
    for (size_t i = 0; i < batch->count; i++)
        sent += !map_get(&apply->unchanged, object_key(arena, batch->items[i]));
    if (lines != sent && batch_is_ambiguous(arena, batch))
        return (struct map){0};
    return kubectl_names(&apply->cluster.kubectl, run);
}

/* Records and prints the objects of a batch that were applied: kubectl has printed their titles, or
 * they are unchanged and the server answers. `run`: NULL if nothing had to be sent. */
static void record_applied(struct apply *apply, const struct manifests *batch,
                           const struct process *run)
{
    struct arena *arena = &apply->cluster.arena;
    struct map titles = {0};
    if (run)
        titles = printed_titles(apply, batch, run);
    bool answers = titles.count || (!process_interrupted() && (!run || kubectl_is_rejected(run)));
    for (size_t i = 0; answers && i < batch->count; i++) {
        struct str title = object_title(arena, batch->items[i]);
        struct str key = object_key(arena, batch->items[i]);
        if (!map_get(&apply->unchanged, key) && !map_get(&titles, title))
            continue;
        const char *outcome = map_get(&apply->outcomes, key);
        if (!map_add(arena, &apply->applied, key, title.data))
            apply_print(apply, title, outcome ? outcome : "applied");
    }
}

/* Returns the objects of a batch that must be sent, as documents; empty if there are none. */
static struct str documents_to_send(struct apply *apply, const struct manifests *batch)
{
    struct manifests changed = {.arena = batch->arena};
    for (size_t i = 0; i < batch->count; i++)
        if (!map_get(&apply->unchanged, object_key(batch->arena, batch->items[i])))
            manifests_add(&changed, batch->items[i]);
    return changed.count ? kubectl_documents(&apply->cluster.kubectl, changed.items, changed.count)
                         : (struct str){0};
}

/* Batches, each with the process that applied it. */
struct applied_batches {
    struct batches batches;
    struct process **runs; /* of each batch; NULL: nothing to send */
};

/* Applies the objects of some services in parallel. */
static struct applied_batches run_batches(struct apply *apply, const struct manifests *groups,
                                          size_t count, enum batch_titles titles, bool force)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct applied_batches applied = {.batches =
                                          batches_split(kubectl->arena, groups, count, titles)};
    struct batches *batches = &applied.batches;
    struct runs runs = {0};
    size_t *ends = ARENA_ARRAY(kubectl->arena, batches->count, size_t); /* of its runs */
    for (size_t i = 0; i < batches->count; i++) {
        struct str documents = documents_to_send(apply, &batches->items[i]);
        if (documents.len)
            runs_add(kubectl->arena, &runs,
                     kubectl_apply(kubectl, MANAGER, documents, force ? APPLY_FORCE : 0));
        ends[i] = runs.count;
    }
    kubectl_run(kubectl, runs.items, runs.count);
    applied.runs = ARENA_ARRAY(kubectl->arena, batches->count, struct process *);
    for (size_t i = 0; i < batches->count; i++)
        if (ends[i] > (i ? ends[i - 1] : 0))
            applied.runs[i] = &runs.items[ends[i] - 1];
    return applied;
}

/* True if it is not known which objects of a failed batch were applied. */
static bool is_unclear(struct apply *apply, const struct applied_batches *applied)
{
    for (size_t i = 0; i < applied->batches.count; i++)
        if (applied->runs[i] && !process_succeeded(applied->runs[i]) &&
            batch_is_ambiguous(&apply->cluster.arena, &applied->batches.items[i]))
            return true;
    return false;
}

static void record_batches(struct apply *apply, struct applied_batches *applied, bool report)
{
    for (size_t i = 0; i < applied->batches.count; i++) {
        struct process *run = applied->runs[i];
        if (report)
            record_applied(apply, &applied->batches.items[i], run);
        if (report && run && !process_succeeded(run))
            kubectl_report(&apply->cluster.kubectl, run);
        if (run)
            process_free(run);
    }
}

/* Applies the objects of some services in parallel. Reports failures. If it is unclear what a
 * failed process has applied, all are applied again in batches that show it. */
static void send_batches(struct apply *apply, const struct manifests *groups, size_t count,
                         bool force)
{
    force |= apply->cluster.options->apply.force_conflicts;
    struct applied_batches applied = run_batches(apply, groups, count, TITLES_ANY, force);
    if (!process_interrupted() && is_unclear(apply, &applied)) {
        record_batches(apply, &applied, false);
        applied = run_batches(apply, groups, count, TITLES_UNIQUE, force);
    }
    record_batches(apply, &applied, true);
}

bool apply_is_applied(struct apply *apply, const struct node *object)
{
    return map_get(&apply->applied, object_key(&apply->cluster.arena, object)) != NULL;
}

static void create_namespaces(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    struct manifests manifests = {.arena = &cluster->arena};
    for (size_t i = 0; i < cluster->namespace_count; i++)
        if (cluster->namespaces[i].state == NAMESPACE_ABSENT)
            manifest_namespace(&manifests, cluster->namespaces[i].layer);
    for (size_t i = 0; i < manifests.count; i++)
        map_add(&cluster->arena, &apply->outcomes, object_key(&cluster->arena, manifests.items[i]),
                "created");
    send_batches(apply, &manifests, 1, false);
}

void apply_delete(struct apply *apply, const struct manifests *objects)
{
    struct kubectl *kubectl = &apply->cluster.kubectl;
    if (objects->count == 0 || process_interrupted())
        return;
    size_t count = kubectl_delete(kubectl, objects->items, objects->count, false);
    for (size_t i = 0; i < count; i++)
        apply_print(apply, object_title(kubectl->arena, objects->items[i]), "deleted");
}

/* Deletes objects; CronJobs are suspended first, and retained while they have a running Job. */
static void delete_or_suspend(struct apply *apply, const struct manifests *objects)
{
    struct manifests jobs = {.arena = &apply->cluster.arena};
    struct manifests deleted = {.arena = &apply->cluster.arena};
    for (size_t i = 0; i < objects->count; i++)
        manifests_add(kind_is(objects->items[i], ROLE_CRON_JOB) ? &jobs : &deleted,
                      objects->items[i]);
    struct manifests stopped = apply_suspend_cron_jobs(apply, &jobs);
    for (size_t i = 0; i < stopped.count; i++)
        manifests_add(&deleted, stopped.items[i]);
    apply_delete(apply, &deleted);
}

/* Deletes stale objects: either the autoscalers or the others. Autoscalers are deleted before the
 * workloads are applied, or they would revert their replicas. */
static void delete_stale(struct apply *apply, bool autoscalers)
{
    struct manifests deleted = {.arena = &apply->cluster.arena};
    for (size_t i = 0; i < apply->to_delete.count; i++)
        if (kind_is(apply->to_delete.items[i], ROLE_AUTOSCALER) == autoscalers)
            manifests_add(&deleted, apply->to_delete.items[i]);
    delete_or_suspend(apply, &deleted);
}

static const char released[] = "released: it was adopted and is not deleted";

static void print_retained(struct apply *apply, const struct manifests *objects, const char *reason)
{
    for (size_t i = 0; i < objects->count; i++)
        cluster_print(&apply->cluster, "%.*s is no longer needed: %s",
                      STR_ARG(object_title(&apply->cluster.arena, objects->items[i])), reason);
}

static void print_retained_data(struct apply *apply)
{
    for (size_t i = 0; i < apply->retained.count; i++)
        cluster_print(&apply->cluster, "%.*s is no longer needed: retained because %s",
                      STR_ARG(object_title(&apply->cluster.arena, apply->retained.items[i])),
                      kind_of(apply->retained.items[i])->retained);
}

/* An Ingress is not deleted before the routes that replace it are accepted, so that its hosts are
 * always served. Prints and removes those that are retained. */
static void retain_needed(struct apply *apply)
{
    size_t count = 0;
    for (size_t i = 0; i < apply->orphaned.count; i++) {
        struct node *object = apply->orphaned.items[i];
        if (apply_is_needed_until_accepted(apply, object))
            cluster_print(&apply->cluster,
                          "%.*s is retained until the routes that replace it are accepted",
                          STR_ARG(object_title(&apply->cluster.arena, object)));
        else
            apply->orphaned.items[count++] = object;
    }
    apply->orphaned.count = count;
}

void apply_report_stale(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct arena *arena = &apply->cluster.arena;
    retain_needed(apply);
    for (size_t i = 0; !cluster->options->apply.prune && i < apply->orphaned.count; i++)
        cluster_print(cluster, "%.*s is no longer needed: pass --prune to %s it",
                      STR_ARG(object_title(arena, apply->orphaned.items[i])),
                      object_is_adopted(apply->orphaned.items[i]) ? "release" : "delete");
    for (size_t i = 0; i < apply->unclaimed.count; i++) {
        const struct node *object = apply->unclaimed.items[i];
        struct str title = object_title(arena, object);
        cluster_print(cluster,
                      "%.*s is no longer needed, but it has no environment label and may belong to "
                      "another environment; delete it: kubectl delete %.*s -n %.*s",
                      STR_ARG(title), STR_ARG(title), STR_ARG(object_namespace(object)));
    }
}

/* Releases the adopted objects, and adds the others to `deleted`. */
static void release_adopted(struct apply *apply, const struct manifests *objects,
                            struct manifests *deleted)
{
    for (size_t i = 0; i < objects->count && !process_interrupted(); i++) {
        struct node *object = objects->items[i];
        if (!object_is_adopted(object))
            manifests_add(deleted, object);
        else if (ownership_release(&apply->cluster, object))
            apply_print(apply, object_title(deleted->arena, object), released);
    }
}

/* Objects that --prune deletes may still serve traffic, so they are deleted only when all new pods
 * are ready, or at once with --wait=false. */
static void prune(struct apply *apply, bool ready)
{
    struct manifests deleted = {.arena = &apply->cluster.arena};
    apply_report_stale(apply);
    if (!apply->cluster.options->apply.prune)
        return;
    print_retained_data(apply);
    if (!ready) {
        print_retained(apply, &apply->orphaned, "retained because not all services are ready");
        print_retained(apply, &apply->other_services,
                       "retained because not all services are ready");
        return;
    }
    release_adopted(apply, &apply->orphaned, &deleted);
    release_adopted(apply, &apply->other_services, &deleted);
    delete_or_suspend(apply, &deleted);
}

/* Objects are applied in this order. */
enum phase {
    PHASE_DEPENDENCIES, /* objects that must be ready before pods can start */
    PHASE_INDEPENDENT,  /* services without such objects */
    PHASE_DEPENDENT     /* all other objects of the services that have them */
};

/* Returns the phase in which all but the dependencies of a service are applied. */
static enum phase phase_of_rest(const struct deployed_service *deployed)
{
    for (size_t i = 0; i < deployed->count; i++)
        if (apply_is_awaited(deployed->objects[i]))
            return PHASE_DEPENDENT;
    return PHASE_INDEPENDENT;
}

/* Workloads whose replicas are taken by force are applied separately, so that nothing else is
 * forced. */
static void send_phase(struct apply *apply, enum phase phase)
{
    struct cluster *cluster = &apply->cluster;
    struct manifests *groups =
        ARENA_ARRAY(&cluster->arena, cluster->service_count, struct manifests);
    struct manifests *forced =
        ARENA_ARRAY(&cluster->arena, cluster->service_count, struct manifests);
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        const struct deployed_service *deployed = rollout->deployed;
        enum phase rest = phase_of_rest(deployed);
        groups[i].arena = forced[i].arena = &cluster->arena;
        for (size_t j = 0; j < deployed->count && !rollout->apply_failed; j++) {
            if ((apply_is_awaited(deployed->objects[j]) ? PHASE_DEPENDENCIES : rest) != phase ||
                apply_is_applied(apply, deployed->objects[j])) /* before the Job of pre_deploy */
                continue;
            struct node *object = object_to_apply(apply, rollout, deployed->objects[j], false);
            bool taken = rollout->claims_replicas && object == rollout->workload;
            manifests_add(taken ? &forced[i] : &groups[i], object);
        }
    }
    send_batches(apply, groups, cluster->service_count, false);
    if (!process_interrupted())
        send_batches(apply, forced, cluster->service_count, true);
}

/* A new workload was created with the replicas of the old one: transfers them to its autoscaler. */
static void transfer_new_replicas(struct apply *apply, struct rollout *rollout)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    if (!rollout->preserved_replicas || rollout->live || rollout->apply_failed ||
        process_interrupted() || !transfer_replicas(apply, rollout))
        return;
    kubectl_run_one(kubectl, kubectl_apply(kubectl, MANAGER,
                                           kubectl_documents(kubectl, &rollout->workload, 1), 0));
}

/* Marks rollouts with an object that was not applied as failed. True if there are none. */
static bool mark_failed_services(struct apply *apply)
{
    bool ok = true;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        for (size_t j = 0; j < rollout->deployed->count; j++)
            rollout->apply_failed |= !apply_is_applied(apply, rollout->deployed->objects[j]);
        if (rollout->apply_failed) {
            rollout->state = ROLLOUT_FAILED;
            rollout->reason = STR("some of its objects were not applied");
            ok = false;
        }
    }
    return ok;
}

static void print_not_applied(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct deployed_service *deployed = &apply->cluster.services[i];
        for (size_t j = 0; j < deployed->count; j++)
            if (!apply_is_applied(apply, deployed->objects[j]))
                cluster_print(&apply->cluster, "not applied: %.*s in namespace \"%.*s\"",
                              STR_ARG(object_title(&apply->cluster.arena, deployed->objects[j])),
                              STR_ARG(deployed->namespace->name));
    }
}

static bool is_wait_requested(const struct options *options)
{
    return !options->apply.wait || strcmp(options->apply.wait, "true") == 0;
}

/* Preserves the number of pods before spec.replicas changes its manager. A service for which that
 * fails is not applied. */
static void prepare_replicas(struct apply *apply)
{
    delete_stale(apply, true);
    bool deleted = apply->cluster.diags.errors == 0;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        if (!deleted && rollout->claims_replicas) /* the autoscaler would still change it */
            rollout->apply_failed = true;
        if (rollout->preserved_replicas && rollout->live && !process_interrupted())
            rollout->apply_failed = !transfer_replicas(apply, rollout);
    }
}

/* Applies dependencies first, then independent services, which need not wait, and then waits for
 * the dependencies. */
static void send_dependencies(struct apply *apply)
{
    send_phase(apply, PHASE_DEPENDENCIES);
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        for (size_t j = 0; j < rollout->deployed->count; j++)
            if (apply_is_awaited(rollout->deployed->objects[j]) &&
                !apply_is_applied(apply, rollout->deployed->objects[j]))
                rollout->apply_failed = true;
    }
    if (!process_interrupted())
        send_phase(apply, PHASE_INDEPENDENT);
    if (is_wait_requested(apply->cluster.options) && !process_interrupted())
        apply_await(apply);
}

/* Applies all objects. Reports errors and returns false if some were not applied. */
static bool apply_all(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!apply_mark_adopted(apply)) {
        cluster_report(cluster);
        cluster_print(cluster, "nothing was applied");
        mark_failed_services(apply);
        return false;
    }
    prepare_replicas(apply);
    if (!process_interrupted())
        send_dependencies(apply);
    if (!process_interrupted())
        send_phase(apply, PHASE_DEPENDENT);
    bool ok = mark_failed_services(apply);
    for (size_t i = 0; i < cluster->service_count; i++)
        transfer_new_replicas(apply, &apply->rollouts[i]);
    ok &= cluster->diags.errors == 0;
    if (ok) {
        delete_stale(apply, false);
        apply_delete_jobs(apply);
    }
    ok &= cluster->diags.errors == 0 && !process_interrupted();
    cluster_report(cluster);
    if (!ok)
        print_not_applied(apply);
    return ok;
}

static bool is_required(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->required;
}

static bool has_jobs(const struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++)
        if (apply->rollouts[i].job)
            return true;
    return false;
}

/* Applies the objects that the Jobs of pre_deploy require, and waits for them. Reports errors and
 * returns false if some were not applied or are not ready. */
static bool send_required(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    struct manifests *groups =
        ARENA_ARRAY(&cluster->arena, cluster->service_count, struct manifests);
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = apply->rollouts[i].deployed;
        groups[i].arena = &cluster->arena;
        for (size_t j = 0; apply->rollouts[i].job && j < deployed->count; j++)
            if (is_required(deployed->objects[j]))
                manifests_add(&groups[i], deployed->objects[j]);
    }
    send_batches(apply, groups, cluster->service_count, false);
    bool ok = cluster->diags.errors == 0;
    for (size_t i = 0; i < cluster->service_count; i++)
        for (size_t j = 0; j < groups[i].count; j++)
            ok &= apply_is_applied(apply, groups[i].items[j]);
    if (ok && !process_interrupted())
        apply_await(apply);
    return cluster_report(cluster) && ok && !process_interrupted();
}

/* Runs the Jobs of pre_deploy before anything else is changed, in all services: others may depend
 * on what a Job does. Reports an error and returns false if one does not succeed. */
static bool run_jobs(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!has_jobs(apply))
        return true;
    bool marked = apply_mark_adopted(apply);
    if (!cluster_report(cluster) || !marked) {
        cluster_print(cluster, "nothing was applied");
        return false;
    }
    if (send_required(apply))
        return apply_run_jobs(apply);
    print_not_applied(apply);
    return false;
}

/* A workload of the other kind is retained until the new pods are ready, so a changed kind is
 * always waited for. */
static void wait_for_rollouts(struct apply *apply)
{
    bool all = is_wait_requested(apply->cluster.options);
    apply->wait_started = process_monotonic_ms();
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        if (!all && !rollout->old && rollout->state == ROLLOUT_WAITS)
            rollout->state = ROLLOUT_DONE;
    }
    rollout_wait(apply);
}

static void finish_rollout(struct apply *apply, struct rollout *rollout)
{
    struct cluster *cluster = &apply->cluster;
    struct str name = rollout->title;
    bool refused = rollout->state == ROLLOUT_FAILED && rollout->not_accepted &&
                   !rollout->superseded; /* reported already */
    if ((rollout->state == ROLLOUT_DONE || refused) && rollout->old)
        apply_delete(apply, &(struct manifests){.items = &rollout->old, .count = 1});
    if (refused && cluster->options->apply.rollback_on_failure)
        cluster_print(cluster, "%.*s: not rolled back: the pods are ready", STR_ARG(name));
    if (rollout->state != ROLLOUT_FAILED || rollout->apply_failed || refused)
        return;
    diag_error(&cluster->diags, NO_LOCATION, RULE_ROLLOUT_FAILED, "%.*s: %.*s", STR_ARG(name),
               STR_ARG(rollout->reason));
    if (rollout->superseded) {
        diag_hint(&cluster->diags,
                  "run `kubectl optasvc diff` to see the differences; apply again to "
                  "deploy this version");
        return;
    }
    cluster_report(cluster);
    rollout_explain(apply, rollout);
    if (cluster->options->apply.rollback_on_failure && rollout->unknown)
        cluster_print(cluster, "%.*s: not rolled back: the pods may be ready", STR_ARG(name));
    else if (cluster->options->apply.rollback_on_failure && !process_interrupted())
        rollout_undo(apply, rollout);
    cluster_report(cluster);
}

bool apply_summarize(struct apply *apply)
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

static void print_unchecked_object(struct apply *apply, const struct deployed_service *deployed,
                                   const struct node *object)
{
    cluster_print(&apply->cluster,
                  "not checked: %.*s: namespace \"%.*s\" does not exist, and a dry run does "
                  "not create it",
                  STR_ARG(object_title(&apply->cluster.arena, object)),
                  STR_ARG(deployed->namespace->name));
}

static void print_unchecked(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct deployed_service *deployed = &apply->cluster.services[i];
        if (deployed->namespace->state != NAMESPACE_ABSENT)
            continue;
        if (deployed->job)
            print_unchecked_object(apply, deployed, deployed->job);
        for (size_t j = 0; j < deployed->count; j++)
            print_unchecked_object(apply, deployed, deployed->objects[j]);
    }
}

static void print_dry_deletion(struct apply *apply, const struct node *object)
{
    const char *outcome = "deleted (server dry run)";
    if (object_is_adopted(object))
        outcome = "released (server dry run)";
    else if (apply_cron_job_runs(object))
        outcome = "suspended (server dry run)";
    apply_print(apply, object_title(&apply->cluster.arena, object), outcome);
}

static void print_dry_outcome(struct apply *apply, const struct node *object)
{
    struct arena *arena = &apply->cluster.arena;
    const char *outcome = map_get(&apply->outcomes, object_key(arena, object));
    if (outcome)
        apply_print(apply, object_title(arena, object),
                    str_format(arena, "%s (server dry run)", outcome).data);
}

static int print_dry_run(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct arena *arena = &apply->cluster.arena;
    for (size_t i = 0; i < cluster->service_count; i++) {
        if (apply->rollouts[i].job)
            print_dry_outcome(apply, apply->rollouts[i].job);
        for (size_t j = 0; j < cluster->services[i].count; j++)
            print_dry_outcome(apply, cluster->services[i].objects[j]);
    }
    for (size_t i = 0; i < apply->to_delete.count; i++)
        print_dry_deletion(apply, apply->to_delete.items[i]);
    for (size_t i = 0; i < cluster->service_count; i++)
        if (apply->rollouts[i].old)
            apply_print(apply, object_title(arena, apply->rollouts[i].old),
                        "deleted (server dry run)");
    for (size_t i = 0; i < apply->jobs.count; i++)
        if (job_state(apply->jobs.items[i]) != JOB_RUNNING)
            print_dry_deletion(apply, apply->jobs.items[i]);
    for (size_t i = 0; cluster->options->apply.prune && i < apply->orphaned.count; i++)
        print_dry_deletion(apply, apply->orphaned.items[i]);
    for (size_t i = 0; i < apply->other_services.count; i++)
        print_dry_deletion(apply, apply->other_services.items[i]);
    apply_report_stale(apply);
    print_unchecked(apply);
    return console_finish((struct str){0});
}

/* Runs all checks before anything is changed. */
static bool prepare(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!cluster_query(cluster, LIST_RENDERED, QUERY_NAMESPACES | QUERY_SECRETS | QUERY_LENIENT) ||
        !cluster_check_kinds(cluster)) {
        cluster_report(cluster);
        return false;
    }
    apply_plan(apply);
    if (cluster_has_missing(cluster) && (cluster->lists_forbidden || !apply_assume_new(apply))) {
        if (!cluster_query_missing(cluster)) {
            cluster_report(cluster);
            return false;
        }
        apply_plan(apply);
    }
    apply_check(apply);
    return cluster_report(cluster) && apply_dry_run(apply, false);
}

static bool create_and_check_namespaces(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    size_t absent = 0;
    for (size_t i = 0; i < cluster->namespace_count; i++)
        absent += cluster->namespaces[i].state == NAMESPACE_ABSENT;
    if (absent == 0)
        return true;
    create_namespaces(apply);
    if (!cluster_report(cluster))
        return false;
    bool ok = apply_dry_run(apply, true);
    cluster_report(cluster);
    if (!ok)
        cluster_print(cluster, "only the namespace was created");
    return ok;
}

/* --prune=layer deletes services that are in no file, perhaps by mistake: lists them and asks
 * before anything is changed. */
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
    bool ok = prepare(apply);
    if (!cluster_report(cluster) || !ok)
        return EXIT_FAILURE;
    if (mode && strcmp(mode, "server") == 0)
        return print_dry_run(apply);
    if (!confirm_prune(apply) || !create_and_check_namespaces(apply) || !run_jobs(apply))
        return EXIT_FAILURE;
    ok = apply->all_applied = apply_all(apply);
    if (!process_interrupted())
        wait_for_rollouts(apply);
    if (!process_interrupted())
        apply_await_acceptance(apply, is_wait_requested(cluster->options));
    if (!process_interrupted())
        apply_check_superseded(apply);
    for (size_t i = 0; i < cluster->service_count && !process_interrupted(); i++)
        finish_rollout(apply, &apply->rollouts[i]);
    bool ready = ok;
    for (size_t i = 0; i < cluster->service_count; i++)
        ready &= apply->rollouts[i].state == ROLLOUT_DONE;
    if (!process_interrupted() && ready)
        apply_delete_files(apply);
    if (!process_interrupted())
        prune(apply, ready);
    ok &= cluster_report(cluster);
    ok &= apply_summarize(apply);
    return console_finish((struct str){0}) == EXIT_SUCCESS && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* Limits each kubectl call to --timeout, because kubectl's own retries would take longer; but never
 * below what one call takes on a slow machine. */
static int64_t call_limit(const struct options *options)
{
    enum { SECONDS_MIN = 5 };
    int64_t seconds = 0;
    if (!options->apply.timeout || !duration_parse(str_from_c(options->apply.timeout), &seconds))
        return 0;
    return (seconds > SECONDS_MIN ? seconds : SECONDS_MIN) * 1000;
}

int apply(const struct options *options, bool color)
{
    struct apply apply = {0};
    int status = EXIT_FAILURE;
    if (cluster_open(&apply.cluster, options, color, false)) {
        apply.cluster.kubectl.limit = call_limit(options);
        status = run(&apply);
        apply_discard_dry_runs(&apply);
    }
    if (process_interrupted())
        cluster_print(&apply.cluster, "interrupted%s",
                      apply.all_applied
                          ? ": all objects were applied, but the rollout may not be complete"
                          : "");
    cluster_close(&apply.cluster);
    return process_exit_status(status);
}
