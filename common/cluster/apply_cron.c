/* CronJobs that the service no longer has. One that is deleted takes its Jobs with it, also those
 * that run, so it is suspended first, deleted only when none of its Jobs runs, and else left to the
 * next apply. The CronJob that takes its place is there before: a start in the moment between is
 * made twice rather than not at all. */
#include "cluster/apply.h"

#include <string.h>

bool apply_is_cron_job(const struct node *object)
{
    return str_is(object_kind(object), "CronJob");
}

bool apply_cron_job_runs(const struct node *live)
{
    return apply_is_cron_job(live) && node_items(node_find(live, "status active")) != NULL;
}

static bool is_suspended(const struct node *live)
{
    return str_is(node_text(node_find(live, "spec suspend")), "true");
}

/* All of it as it is, because a field that the manager leaves out would be removed; but suspended.
 * A later apply that renders it again leaves `suspend` out, and so lets it run again. */
static struct node *suspended(struct arena *arena, const struct node *live)
{
    static const char *const kept[] = {"labels", "annotations"};
    struct node *object = object_reference(arena, live);
    struct node *metadata = node_get(object, "metadata");
    for (size_t i = 0; i < sizeof kept / sizeof *kept; i++) {
        const struct node *value = node_get(node_get(live, "metadata"), kept[i]);
        if (value)
            put_node(arena, metadata, kept[i], node_copy(arena, value));
    }
    struct node *spec = node_copy(arena, node_get(live, "spec"));
    node_remove(spec, "suspend");
    put_bool(arena, spec, "suspend", true);
    put_node(arena, object, "spec", spec);
    return object;
}

static bool suspend(struct apply *apply, const struct manifests *jobs)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct manifests documents = {.arena = kubectl->arena};
    for (size_t i = 0; i < jobs->count; i++)
        if (!is_suspended(jobs->items[i]))
            manifests_add(&documents, suspended(kubectl->arena, jobs->items[i]));
    if (documents.count == 0)
        return true;
    struct str text = kubectl_documents(kubectl, documents.items, documents.count);
    return kubectl_do(kubectl, kubectl_apply(kubectl, MANAGER, text, APPLY_FORCE));
}

/* The CronJobs and Jobs of a namespace, as far as they may be read; false if the server does not
 * answer. Without the right to list Jobs the status of the CronJobs counts, with a warning. */
static bool query_jobs(struct apply *apply, const char *namespace, struct node **ret)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct process run = {.arguments = kubectl_argv(kubectl, "get", "cronjobs.batch,jobs.batch",
                                                    "--namespace", namespace, "--output=json", NULL)
                                           .items};
    kubectl_run(kubectl, &run, 1);
    bool forbidden = kubectl_forbidden(&run);
    bool ok = process_right(&run) || forbidden;
    if (forbidden)
        kubectl_warn(kubectl, &run);
    else if (!ok)
        kubectl_report(kubectl, &run);
    *ret = ok ? kubectl_items(kubectl_answer(kubectl, &run)) : NULL;
    process_free(&run);
    return ok;
}

static bool is_true(const struct node *condition)
{
    return str_is(node_text(node_find(condition, "status")), "True");
}

static bool is_job_of(const struct node *job, const struct node *cron_job)
{
    struct str uid = node_text(node_find(cron_job, "metadata uid"));
    const struct node *owner = node_items(node_find(job, "metadata ownerReferences"));
    while (owner && !str_equal(node_text(node_get(owner, "uid")), uid))
        owner = owner->next;
    return owner && str_is(object_kind(job), "Job");
}

/* The name of a Job that runs, or empty. The status of a CronJob is a moment late, so that the Jobs
 * themselves count too. */
static struct str running_job(const struct node *items, const struct node *cron_job)
{
    const struct node *now = items;
    while (now && !object_same(now, cron_job))
        now = now->next;
    const struct node *active = node_items(node_find(now ? now : cron_job, "status active"));
    if (active)
        return node_text(node_get(active, "name"));
    for (const struct node *job = items; job; job = job->next)
        if (is_job_of(job, cron_job) && !is_true(object_condition(job, "Complete")) &&
            !is_true(object_condition(job, "Failed")))
            return object_name(job);
    return (struct str){0};
}

static void report_running(struct apply *apply, const struct node *cron_job, struct str job)
{
    struct str title = object_title(&apply->cluster.arena, cron_job);
    if (!is_suspended(cron_job))
        apply_print(apply, title, "suspended");
    cluster_say(&apply->cluster,
                "%.*s is no longer needed: suspended, because its Job %.*s still runs; the next "
                "apply deletes it",
                STR_ARG(title), STR_ARG(job));
}

struct manifests apply_stop_cron_jobs(struct apply *apply, const struct manifests *jobs)
{
    struct manifests stopped = {.arena = &apply->cluster.arena};
    struct str namespace = {0};
    struct node *items = NULL;
    bool known = false;
    if (jobs->count == 0 || !suspend(apply, jobs))
        return stopped;
    for (size_t i = 0; i < jobs->count && !process_interrupted(); i++) {
        struct node *cron_job = jobs->items[i];
        if (!str_equal(object_namespace(cron_job), namespace)) { /* they come by namespace */
            namespace = object_namespace(cron_job);
            known = query_jobs(apply, namespace.data, &items);
        }
        struct str job = known ? running_job(items, cron_job) : (struct str){0};
        if (job.len)
            report_running(apply, cron_job, job);
        else if (known)
            manifests_add(&stopped, cron_job);
    }
    return stopped;
}
