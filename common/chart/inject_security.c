/* pod_security, read_only_root, run_as_user: what Kubernetes' Pod Security Standards require of a
 * container, and what the service sets itself. User and group ids of the chart are kept unless
 * run_as_user is set, because they own files of the image. */
#include "chart/inject_target.h"

/* Returns the value of the container, else of the pod, or NULL. */
static const struct node *effective(const struct target *target, const char *path)
{
    const struct node *own = node_at(target->container, path);
    return own ? own : node_at(target_pod(target), path);
}

static bool has_item(const struct node *list, const char *text)
{
    for (const struct node *item = node_first_child(list); item; item = item->next)
        if (str_eq_c(node_string(item), text))
            return true;
    return false;
}

static void set_flag(const struct target *target, const char *path, bool flag)
{
    struct arena *arena = target->injection->arena;
    target_set(target, NULL, target->container, path,
               node_scalar(arena, STYLE_PLAIN, flag ? STR("true") : STR("false")), NULL,
               SHOW_VALUES);
}

/* Sets the profile on the pod, unless the container sets its own. */
static void set_seccomp(const struct target *target)
{
    static const char path[] = "securityContext seccompProfile type";
    bool own = node_at(target->container, path) != NULL;
    struct str type = node_string(effective(target, path));
    if (str_eq_c(type, "RuntimeDefault") || str_eq_c(type, "Localhost"))
        return;
    if (target->fill && type.len)
        return;
    target_set(target, own ? NULL : target->workload, own ? target->container : target_pod(target),
               path, node_scalar(target->injection->arena, STYLE_TEXT, STR("RuntimeDefault")), NULL,
               SHOW_VALUES);
}

static void drop_capabilities(const struct target *target)
{
    static const char path[] = "securityContext capabilities drop";
    struct arena *arena = target->injection->arena;
    struct node *all = node_new(arena, NODE_LIST);
    node_append_string(arena, all, STR("ALL"));
    if (!has_item(node_at(target->container, path), "ALL"))
        target_set(target, NULL, target->container, path, all, NULL, HIDE_VALUES);
}

/* True if a file mode lets only the owner and group read. */
static bool is_private(const struct node *mode)
{
    enum { OTHERS_READ = 04 };
    int64_t bits;
    return mode && node_to_int(mode, &bits) && !(bits & OTHERS_READ);
}

/* True if a ConfigMap, Secret or projection has files that only root and the group can read. */
static bool has_private_files(const struct node *files)
{
    if (is_private(node_at(files, "defaultMode")))
        return true;
    for (const struct node *item = node_first_child(node_at(files, "items")); item;
         item = item->next)
        if (is_private(node_at(item, "mode")))
            return true;
    const struct node *sources = node_at(files, "sources");
    for (const struct node *source = node_first_child(sources); source; source = source->next)
        for (const struct node *each = node_first_child(source); each; each = each->next)
            if (each->key && has_private_files(each))
                return true;
    return false;
}

/* True if a user other than root needs fsGroup to use a volume; NULL: the volume of a claim
 * template. Of the types without_group, emptyDir is writable by all, and the kubelet does not
 * change the group of the others. */
static bool needs_group(const struct node *volume)
{
    static const char *const without_group[] = {"emptyDir",  "hostPath",  "nfs",  "cephfs",
                                                "azureFile", "glusterfs", "image"};
    static const char *const files[] = {"configMap", "secret", "projected", "downwardAPI"};
    for (size_t i = 0; i < COUNT_OF(without_group); i++)
        if (node_at(volume, without_group[i]))
            return false;
    for (size_t i = 0; i < COUNT_OF(files); i++)
        if (node_at(volume, files[i]))
            return has_private_files(node_at(volume, files[i]));
    return true;
}

/* Returns the pod's volumes by name, cached for all of its containers. */
static const struct map *volumes_of(const struct target *target)
{
    struct injection *injection = target->injection;
    if (injection->volumes_workload == target->workload)
        return &injection->volumes;
    injection->volumes_workload = target->workload;
    injection->volumes = (struct map){0};
    const struct node *volumes = node_at(target_pod(target), "volumes");
    for (const struct node *item = node_first_child(volumes); item; item = item->next)
        map_add(injection->arena, &injection->volumes, node_string(node_at(item, "name")), item);
    return &injection->volumes;
}

/* True if the container mounts a volume for which its user needs fsGroup. */
static bool mounts_need_group(const struct target *target)
{
    const struct node *mounts = node_at(target->container, "volumeMounts");
    for (const struct node *mount = node_first_child(mounts); mount; mount = mount->next) {
        struct str name = node_string(node_at(mount, "name"));
        if (!str_eq_c(name, TMP_VOLUME) && needs_group(map_get(volumes_of(target), name)))
            return true;
    }
    return false;
}

/* Volumes belong to root, so another user needs fsGroup to use them. */
static void set_group(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    if (node_at(target_pod(target), "securityContext fsGroup") || !mounts_need_group(target))
        return;
    target_set(target, target->workload, target_pod(target), "securityContext fsGroup",
               node_int(arena, target->service->run_as_user), NULL, SHOW_VALUES);
    /* As in manifest_pod.c: avoids changing every file of a large volume at each start. */
    if (!node_at(target_pod(target), "securityContext fsGroupChangePolicy"))
        target_set(target, target->workload, target_pod(target),
                   "securityContext fsGroupChangePolicy",
                   node_scalar(arena, STYLE_TEXT, STR("OnRootMismatch")), NULL, HIDE_VALUES);
}

/* Sets user and group. Without run_as_user, those of the chart are kept unless its user is root; in
 * fill mode, any user of the chart is. */
static void set_ids(const struct target *target)
{
    static const char *const paths[] = {"securityContext runAsUser", "securityContext runAsGroup"};
    const struct node *user = effective(target, paths[0]);
    int64_t id = target->service->run_as_user;
    bool replaces = target_has(target, SERVICE_RUN_AS_USER) || str_eq_c(node_string(user), "0");
    if (id < 0 || (user && (target->fill || !replaces)))
        return;
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        target_set(target, NULL, target->container, paths[i],
                   node_int(target->injection->arena, id), NULL, SHOW_VALUES);
    if (id > 0)
        set_group(target);
}

static bool has_tmp(const struct target *target)
{
    const struct node *mounts = node_at(target->container, "volumeMounts");
    for (const struct node *item = node_first_child(mounts); item; item = item->next) {
        struct str path = node_string(node_at(item, "mountPath"));
        while (path.len > 1 && str_ends_with(path, STR("/")))
            path.len--;
        if (str_eq_c(path, "/tmp"))
            return true;
    }
    return false;
}

/* Adds a volume for /tmp, because the root file system is read-only. */
static void add_tmp(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    struct str name = STR(TMP_VOLUME);
    if (has_tmp(target))
        return;
    struct node *mounts = edit_list(target->edit, target->container, "volumeMounts");
    struct node *volumes = edit_list(target->edit, target_pod(target), "volumes");
    if (!mounts || !volumes)
        return;
    struct node *mount = node_new(arena, NODE_MAP);
    node_set_string(arena, mount, "name", name);
    node_set_string(arena, mount, "mountPath", STR("/tmp"));
    edit_insert(target->edit, mounts, NULL, mount);
    if (!node_find_named(volumes, name)) {
        struct node *volume = node_new(arena, NODE_MAP);
        node_set_string(arena, volume, "name", name);
        node_set_map(arena, volume, "emptyDir");
        edit_insert(target->edit, volumes, NULL, volume);
    }
    inject_log(target, NULL, CHANGE_ADDED, "volumeMounts", "/tmp");
}

static void set_read_only_root(const struct target *target)
{
    static const char path[] = "securityContext readOnlyRootFilesystem";
    const struct node *old = node_at(target->container, path);
    if (target->service->read_only_root) {
        if (target->fill && old)
            return;
        set_flag(target, path, true);
        add_tmp(target);
    } else if (target_has(target, SERVICE_READ_ONLY_ROOT) && node_is_true(old)) {
        if (target->fill)
            inject_log(target, NULL, CHANGE_KEPT, "securityContext.readOnlyRootFilesystem",
                       "the chart sets true");
        set_flag(target, path, false);
    }
}

/* Sets the user. Root contradicts runAsNonRoot. `required`: the standard requires runAsNonRoot. */
static void set_user(const struct target *target, bool required)
{
    static const char non_root[] = "securityContext runAsNonRoot";
    bool root = str_eq_c(node_string(effective(target, "securityContext runAsUser")), "0");
    int64_t id = target->service->run_as_user;
    if (target->fill && (root || effective(target, non_root)))
        return;
    if ((required || id > 0) && !node_is_true(effective(target, non_root)))
        set_flag(target, "securityContext runAsNonRoot", true);
    if (id == 0 && node_is_true(effective(target, non_root)))
        set_flag(target, "securityContext runAsNonRoot", false);
    set_ids(target);
}

static const char security_hint[] = "set pod_security: off, or change it in the chart";

/* Returns why Kubernetes would reject allowPrivilegeEscalation: false; NULL if it would not. */
static const char *escalation_blocker(const struct target *target)
{
    if (node_is_true(node_at(target->container, "securityContext privileged")))
        return "the container is privileged";
    if (has_item(node_at(target->container, "securityContext capabilities add"), "CAP_SYS_ADMIN"))
        return "the container has CAP_SYS_ADMIN";
    return NULL;
}

/* Applies pod_security. */
static void inject_standard(const struct target *target)
{
    bool restricted = target->service->security == POD_SECURITY_RESTRICTED;
    const char *reason = escalation_blocker(target);
    set_seccomp(target);
    if (reason) {
        target_refuse(target, SERVICE_POD_SECURITY, RULE_CHART_CONFLICT,
                      "securityContext.allowPrivilegeEscalation", reason, security_hint);
        return;
    }
    set_flag(target, "securityContext allowPrivilegeEscalation", false);
    if (restricted)
        drop_capabilities(target);
}

void inject_security(const struct target *target)
{
    bool standard =
        target_has(target, SERVICE_POD_SECURITY) && target->service->security != POD_SECURITY_OFF;
    bool restricted = standard && target->service->security == POD_SECURITY_RESTRICTED &&
                      (target->windows || !escalation_blocker(target));
    bool user = restricted || target_has(target, SERVICE_RUN_AS_USER);
    bool root = restricted || target_has(target, SERVICE_READ_ONLY_ROOT);
    if (!standard && !user && !root)
        return;
    if (standard && target->fill)
        violations_report(target, false);
    if (target->windows) {
        struct str windows = str_format(
            target->injection->arena, "the pods run on Windows, according to %s", target->windows);
        target_refuse(target,
                      standard ? SERVICE_POD_SECURITY
                      : user   ? SERVICE_RUN_AS_USER
                               : SERVICE_READ_ONLY_ROOT,
                      RULE_CHART_CONFLICT, "securityContext", windows.data,
                      standard ? security_hint : "remove it");
        return;
    }
    if (standard)
        inject_standard(target);
    if (root)
        set_read_only_root(target);
    if (user)
        set_user(target, restricted);
    if (standard && !target->fill && target->service->security == POD_SECURITY_RESTRICTED)
        violations_report(target, !restricted);
}
