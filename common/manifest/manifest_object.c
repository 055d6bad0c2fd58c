/* Shared by objects of all kinds. */
#include "manifest/manifest.h"

static struct str instance_name(struct manifests *manifests, const struct service *service)
{
    return STR_JOIN(manifests->arena, service->layer->name, STR("-"), service->name);
}

void manifest_selector(struct manifests *manifests, const struct service *service, struct node *map,
                       const char *key)
{
    struct node *labels = node_set_map(manifests->arena, map, key);
    node_set_string(manifests->arena, labels, "app.kubernetes.io/name", service->name);
    node_set_string(manifests->arena, labels, "app.kubernetes.io/instance",
                    instance_name(manifests, service));
}

void manifest_layer_labels(struct arena *arena, struct node *labels, const struct layer *layer)
{
    node_set_string(arena, labels, "app.kubernetes.io/part-of", layer->name);
    node_set_string(arena, labels, "app.kubernetes.io/managed-by", STR("optasvc"));
    node_set_string(arena, labels, "opta.dev/layer-name", layer->name);
    if (layer->environment.name.len)
        node_set_string(arena, labels, "opta.dev/environment-name", layer->environment.name);
}

struct node *manifest_labels(struct manifests *manifests, const struct service *service,
                             struct node *map, const char *key)
{
    manifest_selector(manifests, service, map, key);
    struct node *labels = map->last;
    manifest_layer_labels(manifests->arena, labels, service->layer);
    node_set_string(manifests->arena, labels, "opta.dev/module-name", service->name);
    return labels;
}

struct node *manifest_new(struct manifests *manifests, const char *api_version, const char *kind)
{
    struct node *object = node_new(manifests->arena, NODE_MAP);
    node_set_string(manifests->arena, object, "apiVersion", str_from_c(api_version));
    node_set_string(manifests->arena, object, "kind", str_from_c(kind));
    manifests_add(manifests, object);
    return object;
}

struct node *manifest_object(struct manifests *manifests, const struct service *service,
                             const char *api_version, const char *kind, struct str name)
{
    struct node *object = manifest_new(manifests, api_version, kind);
    struct node *metadata = node_set_map(manifests->arena, object, "metadata");
    node_set_string(manifests->arena, metadata, "name", name);
    node_set_string(manifests->arena, metadata, "namespace", service->layer->namespace);
    manifest_labels(manifests, service, metadata, "labels");
    return object;
}

void manifest_put_wave(struct arena *arena, struct node *metadata, const char *wave)
{
    struct node *annotations = node_get(metadata, "annotations");
    if (!annotations)
        annotations = node_set_map(arena, metadata, "annotations");
    node_set_string(arena, annotations, "argocd.argoproj.io/sync-wave", str_from_c(wave));
}

void manifest_put_required(struct arena *arena, const struct service *service, struct node *object)
{
    if (service->pre_deploy)
        manifest_put_wave(arena, node_get(object, "metadata"), MANIFEST_WAVE_REQUIRED);
}

void manifest_put_items(struct arena *arena, struct node *map, const struct value *items)
{
    const struct node *last =
        map->last; /* items have unique names, so only older keys are compared */
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->items[i];
        struct node *existing = last ? map->first : NULL;
        while (existing && !str_equal(existing->key->text, item->name))
            existing = existing == last ? NULL : existing->next;
        if (existing)
            existing->text = item->text;
        else
            node_put(map, node_scalar(arena, STYLE_TEXT, item->name),
                     node_scalar(arena, STYLE_TEXT, item->text));
    }
}
