/* The ConfigMap with the files of a service. */
#include "manifest/manifest.h"

struct str manifest_files_name(struct arena *arena, const struct service *service,
                               struct str workload)
{
    enum { WORKLOAD_MAX = 200 };
    return str_format(arena, "%.*s-files-%.*s", STR_ARG(str_slice(workload, 0, WORKLOAD_MAX)),
                      STR_ARG(service->files_hash));
}

void manifest_files_data(struct arena *arena, const struct service *service, struct node *object)
{
    node_set_bool(arena, object, "immutable", true);
    struct node *data = node_set_map(arena, object, "data");
    for (size_t i = 0; i < service->file_count; i++)
        node_put(data, node_scalar(arena, STYLE_TEXT, service->files[i].key),
                 node_scalar(arena, STYLE_TEXT, service->files[i].content));
}

struct node *manifest_files_volume(struct arena *arena, const struct service *service,
                                   struct str name, struct str config_map)
{
    struct node *volume = node_new(arena, NODE_MAP);
    node_set_string(arena, volume, "name", name);
    struct node *source = node_set_map(arena, volume, "configMap");
    node_set_string(arena, source, "name", config_map);
    struct node *items = node_set_list(arena, source, "items");
    for (size_t i = 0; i < service->file_count; i++) {
        struct node *item = node_append_map(arena, items);
        node_set_string(arena, item, "key", service->files[i].key);
        node_set_string(arena, item, "path", service->files[i].key);
        node_set_int(arena, item, "mode", service->files[i].mode);
    }
    return volume;
}

struct node *manifest_file_mount(struct arena *arena, const struct file *file, struct str volume)
{
    struct node *mount = manifest_mount(arena, volume, file->path, true);
    node_set_string(arena, mount, "subPath", file->key);
    return mount;
}

void manifest_files(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (service->file_count == 0 || !service->has_image)
        return;
    struct str name = manifest_files_name(arena, service, service->name);
    struct node *object = manifest_object(manifests, service, "v1", "ConfigMap", name);
    manifest_put_required(arena, service, object);
    manifest_files_data(arena, service, object);
}
