/* The IAM role of a service, created by the ACK controller for IAM. The statements for links are an
 * inline policy: a role with both policies and policyRefs is never reconciled.
 * https://aws-controllers-k8s.github.io/community/reference/iam/v1alpha1/role/ */
#include "cloud/iam.h"
#include "manifest/manifest.h"

void manifest_role(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    const struct cloud_access *cloud = &service->cloud;
    if (!cloud->renders_role)
        return;
    struct node *object =
        manifest_object(manifests, service, "iam.services.k8s.aws/v1alpha1", "Role", service->name);
    manifest_put_required(arena, service, object);
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_string(arena, spec, "name", cloud->role_name);
    node_set_lines(arena, spec, "assumeRolePolicyDocument",
                   iam_trust_policy(arena, &service->cloud));
    if (cloud->link_count)
        node_set_lines(arena, node_set_map(arena, spec, "inlinePolicies"), "links",
                       iam_links_policy(arena, &service->cloud));
    if (cloud->policies->count == 0)
        return;
    node_set(arena, spec, "policies", manifest_string_list(arena, cloud->policies));
}
