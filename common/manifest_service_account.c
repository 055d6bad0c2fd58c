#include "manifest.h"

void manifest_service_account(struct manifests *manifests, const struct service *service)
{
    struct node *object =
        manifest_object(manifests, service, "v1", "ServiceAccount", service->name);
    put_bool(manifests->arena, object, "automountServiceAccountToken", service->token);
}
