/* Volumes and files. A mount of the chart at the same path is replaced in place, or kept in fill
 * mode; the chart's other volumes and mounts are not changed. */
#include "chart/inject_target.h"

static struct str without_slash(struct str path)
{
    while (path.len > 1 && str_ends_with(path, STR("/")))
        path.len--;
    return path;
}

static struct node *find_mount(const struct target *target, struct str path)
{
    const struct node *mounts = node_at(target->container, "volumeMounts");
    for (struct node *mount = node_first_child(mounts); mount; mount = mount->next)
        if (str_equal(without_slash(node_string(node_at(mount, "mountPath"))), path))
            return node_target(mount);
    return NULL;
}

/* Returns the first item whose name, at a path, is this one; NULL if there is none. */
static const struct node *find_named(const struct node *list, const char *path, struct str name)
{
    for (const struct node *item = node_first_child(list); item; item = item->next)
        if (str_equal(node_string(node_at(item, path)), name))
            return item;
    return NULL;
}

/* Returns the volume of the pod with this name, or the claim template of its StatefulSet; NULL if
 * there is none. */
static const struct node *find_volume(const struct target *target, struct str name)
{
    const struct node *claims = node_at(object_node(target->workload), "spec volumeClaimTemplates");
    const struct node *volume = find_named(node_at(target_pod(target), "volumes"), "name", name);
    return volume ? volume : find_named(claims, "metadata name", name);
}

/* True if the chart has the mount, of a volume with the same contents. The names may differ. */
static bool is_mounted(const struct target *target, const struct node *chart, struct node *mount,
                       struct node *volume)
{
    static const char *const keys[] = {"readOnly", "subPath", "subPathExpr"};
    struct arena *arena = target->injection->arena;
    const struct node *found = find_volume(target, node_string(node_at(chart, "name")));
    struct node *same = node_copy(arena, volume);
    node_get(same, "name")->text = node_string(node_at(chart, "name"));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (!str_equal(node_string(node_at(chart, keys[i])), node_string(node_at(mount, keys[i]))))
            return false;
    return found && edit_same(arena, found, same);
}

/* Adds the volume to the pod, unless it has it. Renames the volume if the pod has another one with
 * its name. Returns false after an error. */
static bool add_volume(const struct target *target, struct node *volume, bool *ret_added)
{
    struct arena *arena = target->injection->arena;
    struct node *name = node_get(volume, "name");
    const struct node *found = find_volume(target, name->text);
    for (; found && !edit_same(arena, found, volume); found = find_volume(target, name->text))
        name->text = str_format(arena, "volume-%08x", str_hash(name->text));
    *ret_added = !found;
    if (found)
        return true;
    struct node *volumes = edit_list(target->edit, target_pod(target), "volumes");
    if (!volumes)
        return false;
    edit_insert(target->edit, volumes, NULL, node_copy(arena, volume));
    target->injection->volumes_workload = NULL; /* the cache is outdated */
    return true;
}

static void replace_mount(const struct target *target, struct node *chart, struct node *mount)
{
    static const char *const optional[] = {"subPath", "subPathExpr", "readOnly"};
    for (size_t i = 0; i < COUNT_OF(optional); i++)
        if (node_at(chart, optional[i]) && !node_get(mount, optional[i]))
            edit_remove(target->edit, chart, optional[i]);
    for (const struct node *item = mount->first; item; item = item->next)
        if (!str_eq_c(item->key->text, "mountPath"))
            edit_set(target->edit, chart, item->key->text,
                     node_copy(target->injection->arena, item));
}

/* Mounts a volume. Returns true if the volume was added to the pod. */
static bool inject_mount(const struct target *target, struct node *mount, struct node *volume)
{
    struct arena *arena = target->injection->arena;
    struct str path = node_get(mount, "mountPath")->text;
    struct node *chart = find_mount(target, path);
    bool added;
    if (chart && (target->fill || is_mounted(target, chart, mount, volume)))
        return false;
    if (!add_volume(target, volume, &added))
        return false;
    node_get(mount, "name")->text = node_get(volume, "name")->text;
    if (chart) {
        replace_mount(target, chart, mount);
    } else {
        struct node *mounts = edit_list(target->edit, target->container, "volumeMounts");
        if (!mounts)
            return added;
        edit_insert(target->edit, mounts, NULL, mount);
    }
    inject_log(target, NULL, chart ? CHANGE_REPLACED : CHANGE_ADDED,
               str_format(arena, "volumeMounts.%.*s", STR_ARG(path)).data, "%s", "");
    return added;
}

/* The ConfigMap is named after the workload, whose name differs between releases of the chart.
 * Workloads of two kinds may have the same name, and then share it. */
static void inject_files(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct service *service = target->service;
    bool added = false;
    if (service->file_count == 0)
        return;
    struct str config_map = manifest_files_name(arena, service, target->workload->name);
    struct node *volume = manifest_files_volume(arena, service, STR(FILES_VOLUME), config_map);
    for (size_t i = 0; i < service->file_count; i++)
        added |= inject_mount(
            target, manifest_file_mount(arena, &service->files[i], node_get(volume, "name")->text),
            volume);
    struct node *parts = node_new(arena, NODE_MAP);
    manifest_files_data(arena, service, parts);
    struct arena *kept = target->injection->run_arena;
    struct str key = STR_JOIN(kept, target->workload->namespace, STR("/"), config_map);
    if (added && !map_add(kept, &target->injection->files, key, service))
        target_add_parts(target, target->workload, "v1", "ConfigMap", config_map, NULL, parts);
}

void inject_volumes(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    for (size_t i = 0; i < target->service->volume_count; i++) {
        const struct volume *volume = &target->service->volumes[i];
        inject_mount(target, manifest_mount(arena, volume->name, volume->path, volume->read_only),
                     manifest_volume(arena, volume, volume->name));
    }
    inject_files(target);
}
