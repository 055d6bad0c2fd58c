/* Volumes and files. A mount of the chart at the same path is replaced in place, or kept in fill
 * mode; the chart's other volumes and mounts are not changed. */
#include "chart/inject_target.h"
#include "chart/pod_resources.h"
#include "format/quantity.h"

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

/* True if the files of the volume come from objects. No file can be mounted in it: the kubelet
 * creates mount points only for directories. */
static bool is_of_objects(const struct node *volume)
{
    static const char *const keys[] = {"configMap", "secret", "projected", "downwardAPI"};
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (node_at(volume, keys[i]))
            return true;
    return false;
}

static bool has_sub_path(const struct node *mount)
{
    return node_at(mount, "subPath") || node_at(mount, "subPathExpr");
}

/* Returns why nothing can be mounted at the path besides a mount of the chart; NULL if it can be.
 * `is_file`: a file is mounted. */
static const char *find_obstacle(const struct target *target, struct str path, bool is_file,
                                 const struct node *chart)
{
    struct str other = without_slash(node_string(node_at(chart, "mountPath")));
    if (is_file && str_is_below(other, path))
        return "the chart mounts a volume below the file";
    if (str_is_below(path, other) && (is_file || has_sub_path(chart)) &&
        is_of_objects(find_volume(target, node_string(node_at(chart, "name")))))
        return "path is in a volume of the chart that cannot be written to";
    return NULL;
}

/* Reports and returns false if nothing can be mounted at the path. */
static bool check_mount(const struct target *target, const struct node *mount, struct location at)
{
    struct injection *injection = target->injection;
    struct str path = node_get(mount, "mountPath")->text;
    const struct node *mounts = node_at(target->container, "volumeMounts");
    for (const struct node *chart = node_first_child(mounts); chart; chart = chart->next) {
        const char *obstacle = find_obstacle(target, path, has_sub_path(mount), chart);
        struct str other = node_string(node_at(chart, "mountPath"));
        if (!obstacle)
            continue;
        if (target->fill) {
            inject_log(target, NULL, CHANGE_SKIPPED,
                       str_format(injection->arena, "volumeMounts.%.*s", STR_ARG(path)).data,
                       "%s: %.*s", obstacle, STR_ARG(other));
            return false;
        }
        diag_error(injection->diags, at, RULE_CHART_CONFLICT, "%.*s: %s: \"%.*s\"",
                   STR_ARG(object_display_name(injection->arena, target->workload)), obstacle,
                   STR_ARG(other));
        diag_hint(injection->diags, "set another path");
        return false;
    }
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

/* Mounts a volume. Returns true if the volume was added to the pod. `at`: the path in the file. */
static bool inject_mount(const struct target *target, struct node *mount, struct node *volume,
                         struct location at)
{
    struct arena *arena = target->injection->arena;
    struct str path = node_get(mount, "mountPath")->text;
    struct node *chart = find_mount(target, path);
    bool added;
    if (chart && (target->fill || is_mounted(target, chart, mount, volume)))
        return false;
    if (!check_mount(target, mount, at) || !add_volume(target, volume, &added))
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
    const struct value *written = record_value(service->record, SERVICE_FILES);
    bool added = false;
    if (service->file_count == 0)
        return;
    struct str config_map = manifest_files_name(arena, service, target->workload->name);
    struct node *volume = manifest_files_volume(arena, service, STR(FILES_VOLUME), config_map);
    for (size_t i = 0; i < service->file_count; i++)
        added |= inject_mount(
            target, manifest_file_mount(arena, &service->files[i], node_get(volume, "name")->text),
            volume, record_location(written->records[i], MOUNTED_FILE_PATH));
    struct node *parts = node_new(arena, NODE_MAP);
    manifest_files_data(arena, service, parts);
    struct arena *kept = target->injection->run_arena;
    struct str key = STR_JOIN(kept, target->workload->namespace, STR("/"), config_map);
    if (added && !map_add(kept, &target->injection->files, key, service))
        target_add_parts(target, target->workload, "v1", "ConfigMap", config_map, NULL, parts);
}

/* Files in memory count towards the limit of the container. Reports and returns false if they could
 * exceed it. */
static bool check_memory(const struct target *target, const struct volume *volume,
                         const struct record *record)
{
    enum { THOUSANDTHS = 1000 };
    struct injection *injection = target->injection;
    const struct node *node = resource_at(target->container, "limits", "memory");
    if (!node)
        node = pod_resources_of(target_pod(target), "memory").limit;
    int64_t limit;
    if (!volume->in_memory || !node || !quantity_parse(node_string(node), &limit) ||
        volume->size < limit / THOUSANDTHS)
        return true;
    struct str size = quantity_bytes(injection->arena, volume->size);
    if (target->fill) {
        inject_log(target, NULL, CHANGE_SKIPPED,
                   str_format(injection->arena, "volumeMounts.%.*s", STR_ARG(volume->path)).data,
                   "size (%.*s) must be less than the memory limit of the container (%.*s)",
                   STR_ARG(size), STR_ARG(node_string(node)));
        return false;
    }
    const struct value *empty_dir = record_value(record, VOLUME_EMPTY_DIR);
    diag_error(injection->diags, record_location(empty_dir->records[0], EMPTY_DIR_SIZE),
               RULE_OUT_OF_RANGE,
               "%.*s: size (%.*s) must be less than the memory limit of the container (%.*s)",
               STR_ARG(object_display_name(injection->arena, target->workload)), STR_ARG(size),
               STR_ARG(node_string(node)));
    diag_hint(injection->diags, "raise memory in resource_limits, or lower size");
    return false;
}

void inject_volumes(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct value *written = record_value(target->service->record, SERVICE_VOLUMES);
    for (size_t i = 0; i < target->service->volume_count; i++) {
        const struct volume *volume = &target->service->volumes[i];
        bool is_kept = target->fill && find_mount(target, volume->path);
        if (is_kept || check_memory(target, volume, written->records[i]))
            inject_mount(target,
                         manifest_mount(arena, volume->name, volume->path, volume->read_only),
                         manifest_volume(arena, volume, volume->name),
                         record_location(written->records[i], VOLUME_PATH));
    }
    inject_files(target);
}
