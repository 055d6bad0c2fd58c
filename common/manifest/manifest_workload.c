#include "manifest/manifest.h"

#include <string.h>

static void put_deployment(struct arena *arena, const struct service *service, struct node *spec)
{
    node_set_int(arena, spec, "progressDeadlineSeconds", service->timeout);
    struct node *strategy = node_set_map(arena, spec, "strategy");
    if (service->recreates) {
        node_set_string(arena, strategy, "type", STR("Recreate"));
        return;
    }
    node_set_string(arena, strategy, "type", STR("RollingUpdate"));
    struct node *rolling = node_set_map(arena, strategy, "rollingUpdate");
    node_set_string(arena, rolling, "maxSurge", STR("25%"));
    node_set_int(arena, rolling, "maxUnavailable", 0);
}

/* Claim templates are immutable, so they have only labels that never change. */
static void put_claims(struct manifests *manifests, const struct service *service,
                       struct node *spec)
{
    struct arena *arena = manifests->arena;
    node_set_string(arena, spec, "serviceName", manifest_headless_name(arena, service));
    struct node *claims = node_set_list(arena, spec, "volumeClaimTemplates");
    for (size_t i = 0; i < service->disk_count; i++) {
        struct node *claim = node_append_map(arena, claims);
        node_set_string(arena, claim, "apiVersion", STR("v1"));
        node_set_string(arena, claim, "kind", STR("PersistentVolumeClaim"));
        struct node *metadata = node_set_map(arena, claim, "metadata");
        node_set_string(arena, metadata, "name", service->disks[i].name);
        manifest_selector(manifests, service, metadata, "labels");
        struct node *claim_spec = node_set_map(arena, claim, "spec");
        node_append_string(arena, node_set_list(arena, claim_spec, "accessModes"),
                           service->disks[i].access_mode);
        if (service->disks[i].storage_class.len)
            node_set_string(arena, claim_spec, "storageClassName", service->disks[i].storage_class);
        struct node *requests =
            node_set_map(arena, node_set_map(arena, claim_spec, "resources"), "requests");
        node_set_string(arena, requests, "storage", quantity_bytes(arena, service->disks[i].size));
    }
}

static void put_template(struct manifests *manifests, const struct service *service,
                         struct node *spec)
{
    struct arena *arena = manifests->arena;
    struct node *template = node_set_map(arena, spec, "template");
    struct node *metadata = node_set_map(arena, template, "metadata");
    struct node *labels = manifest_labels(manifests, service, metadata, "labels");
    manifest_put_pod_labels(arena, labels, service);
    if (service->pod_annotations->count)
        manifest_put_items(arena, node_set_map(arena, metadata, "annotations"),
                           service->pod_annotations);
    manifest_pod(manifests, service, NULL, template);
}

void manifest_workload(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image)
        return;
    struct node *object = manifest_object(manifests, service, "apps/v1",
                                          service_workload_kind(service), service->name);
    struct node *spec = node_set_map(arena, object, "spec");
    if (!service_has_autoscaler(
            service)) /* otherwise each apply would reset the number that the autoscaler set */
        node_set_int(arena, spec, "replicas", service->max_containers);
    struct node *selector = node_set_map(arena, spec, "selector");
    manifest_selector(manifests, service, selector, "matchLabels");
    if (service->disk_count)
        put_claims(manifests, service, spec);
    else
        put_deployment(arena, service, spec);
    put_template(manifests, service, spec);
}
