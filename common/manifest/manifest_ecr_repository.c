/* The repository of `image: AUTO`, created by the ACK controller for ECR.
 * https://aws-controllers-k8s.github.io/community/reference/ecr/v1alpha1/repository/ */
#include "cloud/ecr.h"
#include "manifest/manifest.h"

void manifest_repository(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    struct ecr ecr;
    if (!service->cloud.renders_repository || !ecr_split(service->repository, &ecr))
        return;
    struct node *object = manifest_object(manifests, service, "ecr.services.k8s.aws/v1alpha1",
                                          "Repository", service->name);
    struct node *annotations = node_set_map(arena, node_get(object, "metadata"), "annotations");
    node_set_string(arena, annotations, "services.k8s.aws/adoption-policy", STR("adopt-or-create"));
    node_set_string(arena, annotations, "services.k8s.aws/deletion-policy", STR("retain"));
    node_set_string(arena, annotations, "services.k8s.aws/region", ecr.region);
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_string(arena, spec, "name", ecr.name);
    node_set_bool(arena, node_set_map(arena, spec, "imageScanningConfiguration"), "scanOnPush",
                  true);
    node_set_string(arena, spec, "imageTagMutability",
                    service->immutable_tags ? STR("IMMUTABLE") : STR("MUTABLE"));
    node_set_string(arena, node_set_map(arena, spec, "encryptionConfiguration"), "encryptionType",
                    STR("AES256"));
    node_set_lines(arena, spec, "lifecyclePolicy", ecr_lifecycle(arena));
    node_set_lines(arena, spec, "policy", ecr_policy(arena, &ecr));
}
