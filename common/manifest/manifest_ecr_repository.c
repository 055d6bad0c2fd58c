/* The repository of `image: AUTO`, made by the ACK controller for ECR.
 * https://aws-controllers-k8s.github.io/community/reference/ecr/v1alpha1/repository/ */
#include "cloud/ecr.h"
#include "manifest/manifest.h"

void manifest_repository(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    struct ecr ecr;
    if (!service->cloud.makes_repository || !ecr_split(service->repository, &ecr))
        return;
    struct node *object = manifest_object(manifests, service, "ecr.services.k8s.aws/v1alpha1",
                                          "Repository", service->name);
    struct node *annotations = put_map(arena, node_get(object, "metadata"), "annotations");
    put_text(arena, annotations, "services.k8s.aws/adoption-policy", STR("adopt-or-create"));
    put_text(arena, annotations, "services.k8s.aws/deletion-policy", STR("retain"));
    put_text(arena, annotations, "services.k8s.aws/region", ecr.region);
    struct node *spec = put_map(arena, object, "spec");
    put_text(arena, spec, "name", ecr.name);
    put_bool(arena, put_map(arena, spec, "imageScanningConfiguration"), "scanOnPush", true);
    put_text(arena, spec, "imageTagMutability",
             service->immutable_tags ? STR("IMMUTABLE") : STR("MUTABLE"));
    put_text(arena, put_map(arena, spec, "encryptionConfiguration"), "encryptionType",
             STR("AES256"));
    put_lines(arena, spec, "lifecyclePolicy", ecr_lifecycle(arena));
    put_lines(arena, spec, "policy", ecr_policy(arena, &ecr));
}
