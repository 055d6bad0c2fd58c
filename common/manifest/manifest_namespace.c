#include "manifest/manifest.h"

static bool has_pre_deploy(const struct layer *layer)
{
    for (size_t i = 0; i < layer->module_count; i++) {
        const struct module *module = &layer->modules[i];
        if (module_is_service(module) && layer_selects(layer, module) &&
            node_at(module->node, "pre_deploy"))
            return true;
    }
    return false;
}

void manifest_namespace(struct manifests *manifests, const struct layer *layer)
{
    struct node *object = manifest_new(manifests, "v1", "Namespace");
    struct node *metadata = node_set_map(manifests->arena, object, "metadata");
    node_set_string(manifests->arena, metadata, "name", layer->namespace);
    manifest_layer_labels(manifests->arena, node_set_map(manifests->arena, metadata, "labels"),
                          layer);
    if (has_pre_deploy(layer))
        manifest_put_wave(manifests->arena, metadata, MANIFEST_WAVE_REQUIRED);
}
