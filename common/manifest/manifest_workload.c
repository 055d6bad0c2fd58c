#include "manifest/manifest.h"

#include <string.h>

static void put_deployment(struct arena *arena, const struct service *service, struct node *spec)
{
    put_int(arena, spec, "progressDeadlineSeconds", service->timeout);
    struct node *strategy = put_map(arena, spec, "strategy");
    put_text(arena, strategy, "type", STR("RollingUpdate"));
    struct node *rolling = put_map(arena, strategy, "rollingUpdate");
    put_text(arena, rolling, "maxSurge", STR("25%"));
    put_int(arena, rolling, "maxUnavailable", 0);
}

/* Claim templates cannot be changed: they carry no label that could. */
static void put_claims(struct manifests *manifests, const struct service *service,
                       struct node *spec)
{
    struct arena *arena = manifests->arena;
    put_text(arena, spec, "serviceName", manifest_headless_name(arena, service));
    struct node *claims = put_list(arena, spec, "volumeClaimTemplates");
    for (size_t i = 0; i < service->disk_count; i++) {
        struct node *claim = add_map(arena, claims);
        put_text(arena, claim, "apiVersion", STR("v1"));
        put_text(arena, claim, "kind", STR("PersistentVolumeClaim"));
        struct node *metadata = put_map(arena, claim, "metadata");
        put_text(arena, metadata, "name", service->disks[i].name);
        manifest_selector(manifests, service, metadata, "labels");
        struct node *claim_spec = put_map(arena, claim, "spec");
        add_text(arena, put_list(arena, claim_spec, "accessModes"), STR("ReadWriteOnce"));
        struct node *requests = put_map(arena, put_map(arena, claim_spec, "resources"), "requests");
        put_text(arena, requests, "storage", quantity_bytes(arena, service->disks[i].size));
    }
}

static void put_template(struct manifests *manifests, const struct service *service,
                         struct node *spec)
{
    struct arena *arena = manifests->arena;
    struct node *template = put_map(arena, spec, "template");
    struct node *metadata = put_map(arena, template, "metadata");
    struct node *labels = manifest_labels(manifests, service, metadata, "labels");
    manifest_put_pod_labels(arena, labels, service);
    if (service->pod_annotations->count)
        manifest_put_items(arena, put_map(arena, metadata, "annotations"),
                           service->pod_annotations);
    manifest_pod(manifests, service, template, POD_SERVING, service->commands, service->args);
}

void manifest_workload(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image)
        return;
    struct node *object = manifest_object(manifests, service, "apps/v1",
                                          service_workload_kind(service), service->name);
    struct node *spec = put_map(arena, object, "spec");
    if (!service_scales(service)) /* else the autoscaler's word, which an apply would undo */
        put_int(arena, spec, "replicas", service->max_containers);
    struct node *selector = put_map(arena, spec, "selector");
    manifest_selector(manifests, service, selector, "matchLabels");
    if (service->disk_count)
        put_claims(manifests, service, spec);
    else
        put_deployment(arena, service, spec);
    put_template(manifests, service, spec);
}
