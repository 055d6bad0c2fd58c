#include "manifest/manifest.h"

enum { START_DEADLINE = 300 }; /* seconds: a run that is missed for longer is skipped */

static void add_cron_job(struct manifests *manifests, const struct service *service,
                         const struct cron_job *job)
{
    static const char component[] = "cron-job";
    struct arena *arena = manifests->arena;
    struct node *object = manifest_object(manifests, service, "batch/v1", "CronJob", job->name);
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_string(arena, spec, "schedule", job->schedule);
    if (job->time_zone.len)
        node_set_string(arena, spec, "timeZone", job->time_zone);
    if (job->suspend)
        node_set_bool(arena, spec, "suspend", true);
    node_set_string(arena, spec, "concurrencyPolicy", str_from_c(job->concurrency));
    node_set_int(arena, spec, "startingDeadlineSeconds", START_DEADLINE);
    struct node *job_template = node_set_map(arena, spec, "jobTemplate");
    manifest_job_labels(manifests, service, node_set_map(arena, job_template, "metadata"),
                        job->name, component);
    struct node *job_spec = node_set_map(arena, job_template, "spec");
    manifest_job_limits(arena, &job->job, job_spec);
    manifest_job_template(manifests, service, &job->job, job->name, component, job_spec);
}

void manifest_cron_jobs(struct manifests *manifests, const struct service *service)
{
    for (size_t i = 0; service->has_image && i < service->cron_job_count; i++)
        add_cron_job(manifests, service, &service->cron_jobs[i]);
}
