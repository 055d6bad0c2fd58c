/* The role for the pods of a ServiceAccount, by EKS Pod Identity, made by the ACK controller for
 * EKS.
 * https://aws-controllers-k8s.github.io/community/reference/eks/v1alpha1/podidentityassociation/ */
#include "manifest/manifest.h"

void manifest_pod_identity(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    const struct cloud_access *cloud = &service->cloud;
    if (!cloud->associates)
        return;
    struct node *object = manifest_object(manifests, service, "eks.services.k8s.aws/v1alpha1",
                                          "PodIdentityAssociation", service->name);
    struct node *metadata = node_get(object, "metadata");
    if (service->layer->environment.region.len)
        put_text(arena, put_map(arena, metadata, "annotations"), "services.k8s.aws/region",
                 service->layer->environment.region);
    struct node *spec = put_map(arena, object, "spec");
    put_text(arena, spec, "clusterName", cloud->cluster);
    put_text(arena, spec, "namespace", service->layer->namespace);
    put_text(arena, spec, "serviceAccount", service->name);
    if (cloud->makes_role)
        put_text(arena, put_map(arena, put_map(arena, spec, "roleRef"), "from"), "name",
                 service->name);
    else
        put_text(arena, spec, "roleARN", cloud->identity[CLOUD_AWS]);
}
