/* Stale CronJobs. Deleting one deletes its Jobs too, also running ones, so it is suspended first,
 * and deleted only if none of its Jobs is running; otherwise the next apply deletes it. Its
 * replacement is applied before that: a run due in between starts twice rather than never. */
#include "cluster/apply.h"

#include "cluster/job.h"

#include <string.h>

bool apply_cron_job_runs(const struct node *live)
{
    return kind_is(live, ROLE_CRON_JOB) && node_first_child(node_at(live, "status active")) != NULL;
}

static bool is_suspended(const struct node *live)
{
    return str_eq_c(node_string(node_at(live, "spec suspend")), "true");
}

/* Returns a suspended copy with all its fields, because a field that its manager no longer sends
 * is removed. If a later apply renders it again, it does not send `suspend`, which resumes it. */
static struct node *suspended_copy(struct arena *arena, const struct node *live)
{
    static const char *const kept[] = {"labels", "annotations"};
    struct node *object = object_reference(arena, live);
    struct node *metadata = node_get(object, "metadata");
    for (size_t i = 0; i < COUNT_OF(kept); i++) {
        const struct node *value = node_get(node_get(live, "metadata"), kept[i]);
        if (value)
            node_set(arena, metadata, kept[i], node_copy(arena, value));
    }
    struct node *spec = node_copy(arena, node_get(live, "spec"));
    node_remove(spec, "suspend");
    node_set_bool(arena, spec, "suspend", true);
    node_set(arena, object, "spec", spec);
    return object;
}

static bool suspend(struct apply *apply, const struct manifests *jobs)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct manifests documents = {.arena = kubectl->arena};
    for (size_t i = 0; i < jobs->count; i++)
        if (!is_suspended(jobs->items[i]))
            manifests_add(&documents, suspended_copy(kubectl->arena, jobs->items[i]));
    if (documents.count == 0)
        return true;
    struct str text = kubectl_documents(kubectl, documents.items, documents.count);
    return kubectl_run_one(kubectl, kubectl_apply(kubectl, MANAGER, text, APPLY_FORCE));
}

/* Queries the CronJobs and Jobs of a namespace. Reports an error and returns false if that fails.
 * If Jobs cannot be listed, warns, and the status of the CronJobs decides. */
static bool query_jobs(struct apply *apply, const char *namespace, struct node **ret)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct process run = {.arguments = kubectl_argv(kubectl, "get",
                                                    kind_list(kubectl->arena, LIST_CRON_JOBS),
                                                    "--namespace", namespace, "--output=json", NULL)
                                           .items};
    kubectl_run(kubectl, &run, 1);
    bool forbidden = kubectl_forbidden(&run);
    bool ok = process_succeeded(&run) || forbidden;
    if (forbidden)
        kubectl_warn(kubectl, &run);
    else if (!ok)
        kubectl_report(kubectl, &run);
    *ret = ok ? kubectl_items(kubectl_parse_output(kubectl, &run)) : NULL;
    process_free(&run);
    return ok;
}

/* The CronJobs and Jobs of a namespace. */
struct jobs {
    struct map objects; /* by object_key() */
    struct map running; /* the first running Job, by the uid of its owner */
};

static struct jobs index_jobs(struct arena *arena, const struct node *items)
{
    struct jobs jobs = {.objects = object_index(arena, items)};
    for (const struct node *job = items; job; job = job->next) {
        const struct node *owner = node_first_child(node_at(job, "metadata ownerReferences"));
        bool runs = kind_is(job, ROLE_JOB) && job_state(job) == JOB_RUNNING;
        for (; owner && runs; owner = owner->next)
            map_add(arena, &jobs.running, node_string(node_get(owner, "uid")), job);
    }
    return jobs;
}

/* Returns the name of a running Job; empty if there is none. The status of a CronJob lags behind,
 * so the Jobs themselves are checked too. */
static struct str running_job(struct arena *arena, const struct jobs *jobs,
                              const struct node *cron_job)
{
    const struct node *now = map_get(&jobs->objects, object_key(arena, cron_job));
    const struct node *active = node_first_child(node_at(now ? now : cron_job, "status active"));
    if (active)
        return node_string(node_get(active, "name"));
    return object_name(map_get(&jobs->running, object_uid(cron_job)));
}

static void report_running(struct apply *apply, const struct node *cron_job, struct str job)
{
    struct str title = object_title(&apply->cluster.arena, cron_job);
    if (!is_suspended(cron_job))
        apply_print(apply, title, "suspended");
    cluster_print(&apply->cluster,
                  "%.*s is no longer needed: suspended because its Job %.*s is still running; the "
                  "next apply deletes it",
                  STR_ARG(title), STR_ARG(job));
}

struct manifests apply_suspend_cron_jobs(struct apply *apply, const struct manifests *jobs)
{
    struct manifests stopped = {.arena = &apply->cluster.arena};
    struct arena *arena = &apply->cluster.arena;
    struct str namespace = {0};
    struct jobs indexed = {0};
    bool known = false;
    if (jobs->count == 0 || !suspend(apply, jobs))
        return stopped;
    for (size_t i = 0; i < jobs->count && !process_interrupted(); i++) {
        struct node *cron_job = jobs->items[i];
        if (!str_equal(object_namespace(cron_job), namespace)) { /* sorted by namespace */
            struct node *items = NULL;
            namespace = object_namespace(cron_job);
            known = query_jobs(apply, str_to_c(arena, namespace), &items);
            indexed = index_jobs(arena, items);
        }
        struct str job = known ? running_job(arena, &indexed, cron_job) : (struct str){0};
        if (job.len)
            report_running(apply, cron_job, job);
        else if (known)
            manifests_add(&stopped, cron_job);
    }
    return stopped;
}
