/* `secrets` in a secret store: https://external-secrets.io/latest/api/externalsecret/ */
#include "manifest/manifest.h"

void manifest_external_secret(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    const struct environment *environment = &service->layer->environment;
    const struct value *secrets = record_value(service->record, SERVICE_SECRETS);
    if (environment->secret_store.len == 0 || (secrets->count == 0 && !secrets->is_keyword))
        return;
    struct node *object = manifest_object(manifests, service, "external-secrets.io/v1",
                                          "ExternalSecret", service->name);
    manifest_put_required(arena, service, object);
    struct node *spec = node_set_map(arena, object, "spec");
    struct node *store = node_set_map(arena, spec, "secretStoreRef");
    node_set_string(arena, store, "name", environment->secret_store);
    node_set_string(arena, store, "kind", environment->secret_store_kind);
    node_set_string(arena, node_set_map(arena, spec, "target"), "name",
                    service_secret(arena, service->layer, service->name));
    if (secrets->is_keyword) {
        struct node *from = node_append_map(arena, node_set_list(arena, spec, "dataFrom"));
        node_set_string(arena, node_set_map(arena, from, "extract"), "key",
                        service_secret_key(arena, service->layer));
        return;
    }
    struct node *data = node_set_list(arena, spec, "data");
    for (size_t i = 0; i < secrets->count; i++) {
        struct node *item = node_append_map(arena, data);
        node_set_string(arena, item, "secretKey", secrets->items[i].text);
        struct node *remote = node_set_map(arena, item, "remoteRef");
        node_set_string(arena, remote, "key", service_secret_key(arena, service->layer));
        node_set_string(arena, remote, "property", secrets->items[i].text);
    }
}
