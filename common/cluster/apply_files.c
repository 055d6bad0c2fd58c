/* Earlier versions of the files of services. Each version is a ConfigMap of its own, to which the
 * pods and the revisions of its time refer. */
#include "cluster/apply.h"

/* Adds the names of files that a tree contains to `used`. */
static void find_names(struct arena *arena, const struct map *files, struct map *used,
                       const struct node *node)
{
    if (node->kind == NODE_SCALAR && map_get(files, node->text))
        map_add(arena, used, node->text, node);
    if (node->kind != NODE_MAP && node->kind != NODE_LIST)
        return;
    for (const struct node *child = node->first; child; child = child->next)
        find_names(arena, files, used, child);
}

/* Deletes the unused ones of a namespace. */
static void delete_unused(struct apply *apply, const struct cluster_namespace *namespace)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct manifests unused = {.arena = kubectl->arena};
    struct map files = {0};
    struct map used = {0};
    for (size_t i = 0; i < apply->files.count; i++)
        if (str_equal(object_namespace(apply->files.items[i]), namespace->name))
            map_add(kubectl->arena, &files, object_name(apply->files.items[i]),
                    apply->files.items[i]);
    if (files.count == 0)
        return;
    struct process run = {.arguments = kubectl_argv(kubectl, "get",
                                                    kind_list(kubectl->arena, LIST_FILE_USERS),
                                                    "--namespace", namespace->name.data,
                                                    namespace->selector.data, "--output=json", NULL)
                                           .items};
    kubectl_run(kubectl, &run, 1);
    bool ok = process_succeeded(&run);
    if (!ok)
        kubectl_warn(kubectl, &run);
    const struct node *items = ok ? kubectl_items(kubectl_parse_output(kubectl, &run)) : NULL;
    for (const struct node *object = items; object; object = object->next)
        find_names(kubectl->arena, &files, &used, object);
    process_free(&run);
    for (size_t i = 0; ok && i < apply->files.count; i++)
        if (map_get(&files, object_name(apply->files.items[i])) == apply->files.items[i] &&
            !map_get(&used, object_name(apply->files.items[i])))
            manifests_add(&unused, apply->files.items[i]);
    apply_delete(apply, &unused);
}

void apply_delete_files(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.namespace_count && !process_interrupted(); i++)
        delete_unused(apply, &apply->cluster.namespaces[i]);
}
