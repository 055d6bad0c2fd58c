/* Assigns a role to the pods of a ServiceAccount with EKS Pod Identity; created by the ACK
 * controller for EKS.
 * https://aws-controllers-k8s.github.io/community/reference/eks/v1alpha1/podidentityassociation/ */
#include "manifest/manifest.h"

void manifest_pod_identity(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    const struct cloud_access *cloud = &service->cloud;
    if (!cloud->renders_pod_identity)
        return;
    struct node *object = manifest_object(manifests, service, "eks.services.k8s.aws/v1alpha1",
                                          "PodIdentityAssociation", service->name);
    struct node *metadata = node_get(object, "metadata");
    if (service->layer->environment.region.len)
        node_set_string(arena, node_set_map(arena, metadata, "annotations"),
                        "services.k8s.aws/region", service->layer->environment.region);
    manifest_put_required(arena, service, object);
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_string(arena, spec, "clusterName", cloud->cluster);
    node_set_string(arena, spec, "namespace", service->layer->namespace);
    node_set_string(arena, spec, "serviceAccount", service->name);
    if (cloud->renders_role)
        node_set_string(arena, node_set_map(arena, node_set_map(arena, spec, "roleRef"), "from"),
                        "name", service->name);
    else
        node_set_string(arena, spec, "roleARN", cloud->identity[CLOUD_AWS]);
}
