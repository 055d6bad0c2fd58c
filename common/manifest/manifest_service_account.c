#include "manifest/manifest.h"

/* Who its pods are to the clouds. A pod that is associated with its role (EKS Pod Identity) needs
 * no annotation. */
static void put_identity(struct arena *arena, const struct cloud_access *cloud,
                         struct node *metadata)
{
    bool role = cloud->role_arn.len && !cloud->associates;
    if (!role && cloud->google_account.len + cloud->azure_client.len == 0)
        return;
    struct node *annotations = put_map(arena, metadata, "annotations");
    if (role)
        put_text(arena, annotations, "eks.amazonaws.com/role-arn", cloud->role_arn);
    if (cloud->google_account.len)
        put_text(arena, annotations, "iam.gke.io/gcp-service-account", cloud->google_account);
    if (cloud->azure_client.len)
        put_text(arena, annotations, "azure.workload.identity/client-id", cloud->azure_client);
}

void manifest_service_account(struct manifests *manifests, const struct service *service)
{
    struct node *object =
        manifest_object(manifests, service, "v1", "ServiceAccount", service->name);
    put_identity(manifests->arena, &service->cloud, node_get(object, "metadata"));
    put_bool(manifests->arena, object, "automountServiceAccountToken", service->token);
}
