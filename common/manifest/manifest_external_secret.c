/* `secrets` that a store keeps: https://external-secrets.io/latest/api/externalsecret/ */
#include "manifest/manifest.h"

void manifest_external_secret(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    const struct environment *environment = &service->layer->environment;
    const struct value *secrets = record_value(service->record, SERVICE_SECRETS);
    if (environment->secret_store.len == 0 || (secrets->count == 0 && !secrets->is_word))
        return;
    struct node *object = manifest_object(manifests, service, "external-secrets.io/v1",
                                          "ExternalSecret", service->name);
    struct node *spec = put_map(arena, object, "spec");
    struct node *store = put_map(arena, spec, "secretStoreRef");
    put_text(arena, store, "name", environment->secret_store);
    put_text(arena, store, "kind", environment->secret_store_kind);
    put_text(arena, put_map(arena, spec, "target"), "name",
             service_secret(arena, service->layer, service->name));
    if (secrets->is_word) {
        struct node *from = add_map(arena, put_list(arena, spec, "dataFrom"));
        put_text(arena, put_map(arena, from, "extract"), "key",
                 service_secret_key(arena, service->layer));
        return;
    }
    struct node *data = put_list(arena, spec, "data");
    for (size_t i = 0; i < secrets->count; i++) {
        struct node *item = add_map(arena, data);
        put_text(arena, item, "secretKey", secrets->items[i].text);
        struct node *remote = put_map(arena, item, "remoteRef");
        put_text(arena, remote, "key", service_secret_key(arena, service->layer));
        put_text(arena, remote, "property", secrets->items[i].text);
    }
}
