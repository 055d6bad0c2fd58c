/* What the Jobs of cron jobs and of pre_deploy have in common. */
#include "manifest/manifest.h"

enum { FINISHED_TTL = 86400 }; /* seconds until a finished Job is deleted */

void manifest_job_labels(struct manifests *manifests, const struct service *service,
                         struct node *metadata, struct str name, const char *component)
{
    struct arena *arena = manifests->arena;
    struct node *labels = manifest_labels(manifests, service, metadata, "labels");
    node_get(labels, "app.kubernetes.io/name")->text = name;
    node_set_string(arena, labels, "app.kubernetes.io/component", str_from_c(component));
    manifest_put_pod_labels(arena, labels, service);
}

void manifest_job_limits(struct arena *arena, const struct job *job, struct node *spec)
{
    if (job->timeout)
        node_set_int(arena, spec, "activeDeadlineSeconds", job->timeout);
    if (job->retries >= 0)
        node_set_int(arena, spec, "backoffLimit", job->retries);
    node_set_int(arena, spec, "ttlSecondsAfterFinished", FINISHED_TTL);
}

struct node *manifest_job_template(struct manifests *manifests, const struct service *service,
                                   const struct job *job, struct str name, const char *component,
                                   struct node *spec)
{
    struct arena *arena = manifests->arena;
    struct node *template = node_set_map(arena, spec, "template");
    struct node *metadata = node_set_map(arena, template, "metadata");
    manifest_job_labels(manifests, service, metadata, name, component);
    if (service->pod_annotations->count)
        manifest_put_items(arena, node_set_map(arena, metadata, "annotations"),
                           service->pod_annotations);
    manifest_pod(manifests, service, job, template);
    return template;
}
