#include "manifest/manifest.h"

void manifest_namespace(struct manifests *manifests, const struct layer *layer)
{
    struct node *object = manifest_new(manifests, "v1", "Namespace");
    struct node *metadata = node_set_map(manifests->arena, object, "metadata");
    node_set_string(manifests->arena, metadata, "name", layer->namespace);
    manifest_layer_labels(manifests->arena, node_set_map(manifests->arena, metadata, "labels"),
                          layer);
}
