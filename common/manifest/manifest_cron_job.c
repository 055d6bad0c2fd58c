#include "manifest/manifest.h"

enum {
    START_DEADLINE = 300, /* seconds: a run that is missed for longer is skipped */
    FINISHED_TTL = 86400, /* seconds until a finished Job is deleted */
};

/* The labels differ from those of the workload's pods, so that no Service or autoscaler selects
 * pods of jobs. */
static void put_labels(struct manifests *manifests, const struct service *service,
                       struct node *metadata, const struct cron_job *job)
{
    struct arena *arena = manifests->arena;
    struct node *labels = manifest_labels(manifests, service, metadata, "labels");
    node_get(labels, "app.kubernetes.io/name")->text = job->name;
    node_set_string(arena, labels, "app.kubernetes.io/component", STR("cron-job"));
    manifest_put_pod_labels(arena, labels, service);
}

static void add_cron_job(struct manifests *manifests, const struct service *service,
                         const struct cron_job *job)
{
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
    put_labels(manifests, service, node_set_map(arena, job_template, "metadata"), job);
    struct node *job_spec = node_set_map(arena, job_template, "spec");
    if (job->timeout)
        node_set_int(arena, job_spec, "activeDeadlineSeconds", job->timeout);
    if (job->retries >= 0)
        node_set_int(arena, job_spec, "backoffLimit", job->retries);
    node_set_int(arena, job_spec, "ttlSecondsAfterFinished", FINISHED_TTL);
    struct node *template = node_set_map(arena, job_spec, "template");
    struct node *metadata = node_set_map(arena, template, "metadata");
    put_labels(manifests, service, metadata, job);
    if (service->pod_annotations->count)
        manifest_put_items(arena, node_set_map(arena, metadata, "annotations"),
                           service->pod_annotations);
    manifest_pod(manifests, service, job, template);
}

void manifest_cron_jobs(struct manifests *manifests, const struct service *service)
{
    for (size_t i = 0; service->has_image && i < service->cron_job_count; i++)
        add_cron_job(manifests, service, &service->cron_jobs[i]);
}
