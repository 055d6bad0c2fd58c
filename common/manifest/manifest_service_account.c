#include "cloud/providers.h"
#include "manifest/manifest.h"

/* Adds annotations for the cloud identity of the pods. EKS Pod Identity needs none. */
static void put_identity(struct arena *arena, const struct cloud_access *cloud,
                         struct node *metadata)
{
    struct node *annotations = NULL;
    for (int i = 0; i < CLOUD_COUNT; i++) {
        if (cloud->identity[i].len == 0 || (i == CLOUD_AWS && cloud->renders_pod_identity))
            continue;
        if (!annotations)
            annotations = node_set_map(arena, metadata, "annotations");
        node_set_string(arena, annotations, providers[i]->identity_annotation, cloud->identity[i]);
    }
}

void manifest_service_account(struct manifests *manifests, const struct service *service)
{
    struct node *object =
        manifest_object(manifests, service, "v1", "ServiceAccount", service->name);
    put_identity(manifests->arena, &service->cloud, node_get(object, "metadata"));
    manifest_put_required(manifests->arena, service, object);
    node_set_bool(manifests->arena, object, "automountServiceAccountToken", service->mounts_token);
}
