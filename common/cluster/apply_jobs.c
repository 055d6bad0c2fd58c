/* What is known of the Jobs of pre_deploy besides their run (apply_pre_deploy.c): whether one has
 * succeeded before, and which are of earlier releases. */
#include "cluster/apply.h"

#include "cluster/job.h"

static bool records(const struct node *workload, const struct node *job)
{
    return workload && str_equal(object_annotation(workload, PRE_DEPLOY_ANNOTATION),
                                 manifest_pre_deploy_hash(job));
}

bool apply_job_is_recorded(const struct rollout *rollout)
{
    const struct node *job = rollout->deployed->job;
    return job && (records(rollout->live, job) || records(rollout->old, job));
}

void apply_delete_jobs(struct apply *apply)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct manifests ended = {.arena = kubectl->arena};
    if (apply->jobs.count == 0 || process_interrupted())
        return;
    struct process run = kubectl_get_by_name(kubectl, apply->jobs.items, apply->jobs.count);
    kubectl_run(kubectl, &run, 1);
    struct map live = {0};
    if (!process_succeeded(&run))
        kubectl_report(kubectl, &run);
    else if (run.output.len)
        live = object_index(kubectl->arena, kubectl_items(kubectl_parse_output(kubectl, &run)));
    process_free(&run);
    for (size_t i = 0; i < apply->jobs.count; i++) {
        struct node *job = apply->jobs.items[i];
        const struct node *now = map_get(&live, object_key(kubectl->arena, job));
        if (job_state(now) == JOB_RUNNING)
            cluster_print(&apply->cluster,
                          "%.*s is no longer needed: retained because it is still running; the "
                          "next apply deletes it",
                          STR_ARG(object_title(kubectl->arena, job)));
        else if (now)
            manifests_add(&ended, job);
    }
    apply_delete(apply, &ended);
}
