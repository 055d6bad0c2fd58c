/* The volumes of pods, and where containers mount them. */
#include "manifest/manifest.h"

struct node *manifest_volume(struct arena *arena, const struct volume *volume, struct str name)
{
    struct node *item = node_new(arena, NODE_MAP);
    struct node *source;
    node_set_string(arena, item, "name", name);
    switch (volume->kind) {
    case VOLUME_TEMPORARY:
        source = node_set_map(arena, item, "emptyDir");
        if (volume->in_memory)
            node_set_string(arena, source, "medium", STR("Memory"));
        node_set_string(arena, source, "sizeLimit", quantity_bytes(arena, volume->size));
        break;
    case VOLUME_OF_CONFIG_MAP:
        source = node_set_map(arena, item, "configMap");
        node_set_string(arena, source, "name", volume->object);
        break;
    case VOLUME_OF_SECRET:
        source = node_set_map(arena, item, "secret");
        node_set_string(arena, source, "secretName", volume->object);
        break;
    case VOLUME_OF_CLAIM:
        source = node_set_map(arena, item, "persistentVolumeClaim");
        node_set_string(arena, source, "claimName", volume->object);
        break;
    }
    return item;
}

struct node *manifest_mount(struct arena *arena, struct str name, struct str path, bool read_only)
{
    struct node *mount = node_new(arena, NODE_MAP);
    node_set_string(arena, mount, "name", name);
    node_set_string(arena, mount, "mountPath", path);
    if (read_only)
        node_set_bool(arena, mount, "readOnly", true);
    return mount;
}

/* Only the workload's pods mount disks; a pod of a job could not mount them at the same time. */
static size_t disk_count(const struct service *service, enum pod_role role)
{
    return role == POD_SERVING ? service->disk_count : 0;
}

/* With a read-only root file system, programs need a writable /tmp, unless a volume is mounted
 * there. */
static bool needs_tmp(const struct service *service, enum pod_role role)
{
    for (size_t i = 0; i < disk_count(service, role); i++)
        if (str_eq_c(service->disks[i].path, "/tmp"))
            return false;
    for (size_t i = 0; i < service->volume_count; i++)
        if (str_eq_c(service->volumes[i].path, "/tmp"))
            return false;
    return service->read_only_root;
}

bool manifest_has_container(const struct container *other, enum pod_role role)
{
    return other->is_sidecar || role == POD_SERVING;
}

static bool lists_path(const struct container *other, struct str path)
{
    for (size_t i = 0; i < other->volumes->count; i++)
        if (str_equal(other->volumes->items[i].text, path))
            return true;
    return false;
}

/* True if an init container or sidecar gets a /tmp of its own, because it does not mount one of the
 * service: containers do not see each other's temporary files. */
static bool needs_other_tmp(const struct service *service, const struct container *other)
{
    return service->read_only_root && !lists_path(other, STR("/tmp"));
}

void manifest_put_mounts(struct arena *arena, const struct service *service, struct node *container,
                         enum pod_role role)
{
    struct node *mounts = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < disk_count(service, role); i++)
        node_append(mounts,
                    manifest_mount(arena, service->disks[i].name, service->disks[i].path, false));
    for (size_t i = 0; i < service->volume_count; i++) {
        const struct volume *volume = &service->volumes[i];
        node_append(mounts, manifest_mount(arena, volume->name, volume->path, volume->read_only));
    }
    for (size_t i = 0; i < service->file_count; i++)
        node_append(mounts, manifest_file_mount(arena, &service->files[i], STR(FILES_VOLUME)));
    if (needs_tmp(service, role))
        node_append(mounts, manifest_mount(arena, STR("tmp"), STR("/tmp"), false));
    if (mounts->first)
        node_set(arena, container, "volumeMounts", mounts);
}

void manifest_put_other_mounts(struct arena *arena, const struct service *service,
                               const struct container *other, struct node *container,
                               enum pod_role role)
{
    struct node *mounts = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < disk_count(service, role); i++) {
        const struct disk *disk = &service->disks[i];
        if (lists_path(other, disk->path))
            node_append(mounts, manifest_mount(arena, disk->name, disk->path, false));
    }
    for (size_t i = 0; i < service->volume_count; i++) {
        const struct volume *volume = &service->volumes[i];
        if (lists_path(other, volume->path))
            node_append(mounts,
                        manifest_mount(arena, volume->name, volume->path, volume->read_only));
    }
    for (size_t i = 0; i < service->file_count; i++)
        if (lists_path(other, service->files[i].path))
            node_append(mounts, manifest_file_mount(arena, &service->files[i], STR(FILES_VOLUME)));
    if (needs_other_tmp(service, other)) {
        struct node *mount = manifest_mount(arena, STR(TMP_VOLUME), STR("/tmp"), false);
        node_set_string(arena, mount, "subPath", other->name);
        node_append(mounts, mount);
    }
    if (mounts->first)
        node_set(arena, container, "volumeMounts", mounts);
}

static void put_empty_dir(struct arena *arena, struct node *volumes, const char *name)
{
    struct node *volume = node_append_map(arena, volumes);
    node_set_string(arena, volume, "name", str_from_c(name));
    node_set_map(arena, volume, "emptyDir");
}

void manifest_put_volumes(struct arena *arena, const struct service *service, struct node *pod,
                          enum pod_role role)
{
    struct node *volumes = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < service->volume_count; i++)
        node_append(volumes,
                    manifest_volume(arena, &service->volumes[i], service->volumes[i].name));
    if (service->file_count)
        node_append(volumes,
                    manifest_files_volume(arena, service, STR(FILES_VOLUME),
                                          manifest_files_name(arena, service, service->name)));
    if (needs_tmp(service, role))
        put_empty_dir(arena, volumes, "tmp");
    bool other_tmp = false;
    for (size_t i = 0; i < service->container_count; i++)
        other_tmp |= manifest_has_container(&service->containers[i], role) &&
                     needs_other_tmp(service, &service->containers[i]);
    if (other_tmp)
        put_empty_dir(arena, volumes, TMP_VOLUME);
    if (volumes->first)
        node_set(arena, pod, "volumes", volumes);
}

bool manifest_needs_group(const struct service *service, enum pod_role role)
{
    for (size_t i = 0; i < service->volume_count; i++)
        if (service->volumes[i].kind == VOLUME_OF_CLAIM)
            return true;
    for (size_t i = 0; i < service->file_count; i++)
        if (service_is_private_file(&service->files[i]))
            return true;
    return disk_count(service, role) > 0;
}
