/* pod_security: what Kubernetes' Pod Security Standards ask of a container. Ids that a chart chose
 * stay: its image's files are theirs. */
#include "inject_target.h"

static bool is_true(const struct node *node)
{
    return str_is(node_text(node), "true");
}

static void set_flag(const struct target *target, const char *key, bool flag)
{
    struct arena *arena = target->injection->arena;
    const char *path = str_format(arena, "securityContext %s", key).data;
    target_set(target, target->workload, target->container, path,
               node_scalar(arena, STYLE_PLAIN, flag ? STR("true") : STR("false")), key,
               TELL_VALUES);
}

static bool confines(const struct node *holder)
{
    struct str type = node_text(node_find(holder, "securityContext seccompProfile type"));
    return str_is(type, "RuntimeDefault") || str_is(type, "Localhost");
}

/* On the pod, unless the container says otherwise itself. */
static void set_seccomp(const struct target *target)
{
    static const char path[] = "securityContext seccompProfile type";
    struct node *holder =
        node_find(target->container, path) ? target->container : target_pod(target);
    if (!confines(holder))
        target_set(target, target->workload, holder, path,
                   node_scalar(target->injection->arena, STYLE_TEXT, STR("RuntimeDefault")),
                   "seccompProfile", TELL_VALUES);
}

static void drop_capabilities(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct node *drop = node_find(target->container, "securityContext capabilities drop");
    for (const struct node *item = drop && drop->kind == NODE_LIST ? drop->first : NULL; item;
         item = item->next)
        if (str_is(node_text(item), "ALL"))
            return;
    struct node *all = node_new(arena, NODE_LIST);
    add_text(arena, all, STR("ALL"));
    target_set(target, target->workload, target->container, "securityContext capabilities drop",
               all, "capabilities drop", TELL_NAMES);
}

static void set_ids(const struct target *target)
{
    static const char *const keys[] = {"runAsUser", "runAsGroup"};
    struct arena *arena = target->injection->arena;
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *path = str_format(arena, "securityContext %s", keys[i]).data;
        const struct node *own = node_find(target->container, path);
        const struct node *there = own ? own : node_find(target_pod(target), path);
        if (there && !str_is(node_text(there), "0"))
            continue;
        target_set(target, target->workload, target->container, path,
                   node_int(arena, MANIFEST_RESTRICTED_ID), keys[i], TELL_VALUES);
    }
}

static bool has_named(const struct node *list, const char *key, struct str text)
{
    for (const struct node *item = list && list->kind == NODE_LIST ? list->first : NULL; item;
         item = item->next)
        if (str_equal(node_text(node_find(item, key)), text))
            return true;
    return false;
}

/* A read-only root leaves programs no place for temporary files. */
static void add_tmp(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    struct str name = STR("optasvc-tmp");
    if (has_named(node_find(target->container, "volumeMounts"), "mountPath", STR("/tmp")))
        return;
    struct node *mounts = edit_list(target->edit, target->container, "volumeMounts");
    struct node *volumes = edit_list(target->edit, target_pod(target), "volumes");
    if (!mounts || !volumes)
        return;
    struct node *mount = node_new(arena, NODE_MAP);
    put_text(arena, mount, "name", name);
    put_text(arena, mount, "mountPath", STR("/tmp"));
    edit_insert(target->edit, mounts, NULL, mount);
    if (!has_named(volumes, "name", name)) {
        struct node *volume = node_new(arena, NODE_MAP);
        put_text(arena, volume, "name", name);
        put_map(arena, volume, "emptyDir");
        edit_insert(target->edit, volumes, NULL, volume);
    }
    target_tell(target, target->workload, false, "/tmp: added");
}

void inject_security(const struct target *target)
{
    if (!target_has(target, SERVICE_POD_SECURITY) || target->service->security == POD_SECURITY_OFF)
        return;
    if (is_true(node_find(target->container, "securityContext privileged"))) {
        target_error(target, SERVICE_POD_SECURITY,
                     "its container is privileged, which pod_security cannot make safe");
        diag_hint(target->injection->diags, "write pod_security: off, or turn it off in the chart");
        return;
    }
    set_flag(target, "allowPrivilegeEscalation", false);
    set_seccomp(target);
    if (target->service->security != POD_SECURITY_RESTRICTED)
        return;
    drop_capabilities(target);
    set_flag(target, "readOnlyRootFilesystem", true);
    set_flag(target, "runAsNonRoot", true);
    set_ids(target);
    add_tmp(target);
}
