/* Volumes. A mount of the chart at the same path is replaced in place, or kept in fill mode; the
 * chart's other volumes and mounts are not changed. */
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

/* Returns the first volume of the pod with this name, or claim template of its StatefulSet; NULL if
 * there is none. */
static const struct node *find_volume(const struct target *target, struct str name)
{
    const struct node *lists[] = {node_at(target_pod(target), "volumes"),
                                  node_at(target->workload->node, "spec volumeClaimTemplates")};
    static const char *const names[] = {"name", "metadata name"};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const struct node *item = node_first_child(lists[i]); item; item = item->next)
            if (str_equal(node_string(node_at(item, names[i])), name))
                return item;
    return NULL;
}

/* True if the chart's mount has the contents of the volume. */
static bool is_mounted(const struct target *target, const struct node *mount,
                       const struct volume *volume)
{
    struct arena *arena = target->injection->arena;
    struct str name = node_string(node_at(mount, "name"));
    const struct node *found = find_volume(target, name);
    bool read_only = str_eq_c(node_string(node_at(mount, "readOnly")), "true");
    return found && read_only == volume->read_only && !node_at(mount, "subPath") &&
           !node_at(mount, "subPathExpr") &&
           edit_same(arena, found, manifest_volume(arena, volume, name));
}

/* Returns the name of the volume in the pod, and adds the volume if the pod does not have it. The
 * name differs from those of the chart's other volumes. Empty after an error. */
static struct str add_volume(const struct target *target, const struct volume *volume)
{
    struct arena *arena = target->injection->arena;
    struct str name = volume->name;
    const struct node *found = find_volume(target, name);
    while (found && !edit_same(arena, found, manifest_volume(arena, volume, name))) {
        name = str_format(arena, "volume-%08x",
                          str_hash(STR_JOIN(arena, name, STR("\n"), volume->path)));
        found = find_volume(target, name);
    }
    if (found)
        return name;
    struct node *volumes = edit_list(target->edit, target_pod(target), "volumes");
    if (!volumes)
        return (struct str){0};
    edit_insert(target->edit, volumes, NULL, manifest_volume(arena, volume, name));
    target->injection->volumes_workload = NULL; /* the cache is outdated */
    return name;
}

static void replace_mount(const struct target *target, struct node *mount, struct str name,
                          const struct volume *volume, const char *what)
{
    static const char *const others[] = {"subPath", "subPathExpr", "readOnly"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (node_at(mount, others[i]))
            edit_remove(target->edit, mount, others[i]);
    edit_set(target->edit, mount, STR("name"),
             node_scalar(target->injection->arena, STYLE_TEXT, name));
    if (volume->read_only)
        edit_set(target->edit, mount, STR("readOnly"),
                 node_scalar(target->injection->arena, STYLE_PLAIN, STR("true")));
    inject_log(target, NULL, CHANGE_REPLACED, what, "%s", "");
}

static void inject_volume(const struct target *target, const struct volume *volume)
{
    struct arena *arena = target->injection->arena;
    const char *what = str_format(arena, "volumeMounts.%.*s", STR_ARG(volume->path)).data;
    struct node *mount = find_mount(target, volume->path);
    if (mount && (target->fill || is_mounted(target, mount, volume)))
        return;
    struct str name = add_volume(target, volume);
    if (name.len == 0)
        return;
    if (mount) {
        replace_mount(target, mount, name, volume, what);
        return;
    }
    struct node *mounts = edit_list(target->edit, target->container, "volumeMounts");
    if (!mounts)
        return;
    edit_insert(target->edit, mounts, NULL,
                manifest_mount(arena, name, volume->path, volume->read_only));
    inject_log(target, NULL, CHANGE_ADDED, what, "%s", "");
}

void inject_volumes(const struct target *target)
{
    for (size_t i = 0; i < target->service->volume_count; i++)
        inject_volume(target, &target->service->volumes[i]);
}
