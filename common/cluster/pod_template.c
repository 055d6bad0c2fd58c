#include "cluster/pod_template.h"

#include "base/map.h"
#include "cluster/object.h"
#include "cluster/restart.h"

struct node *pod_template_clean(struct arena *arena, const struct node *template)
{
    static const char *const labels[] = {"pod-template-hash", "controller-revision-hash"};
    struct node *copy = node_copy(arena, template);
    struct node *metadata = node_at(copy, "metadata");
    struct node *annotations = node_at(metadata, "annotations");
    node_remove(copy, "$patch");
    node_remove(metadata, "creationTimestamp");
    node_remove(annotations, RESTARTED_ANNOTATION);
    if (annotations && !node_first_child(annotations))
        node_remove(metadata, "annotations");
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        node_remove(node_at(metadata, "labels"), labels[i]);
    return copy;
}

/* Unique names in the order of their first use. */
struct names {
    struct arena *arena;
    struct map known;
    struct buf list;
};

static void add_name(struct names *names, struct str name)
{
    if (!map_add(names->arena, &names->known, name, names))
        buf_add_joined(&names->list, ", ", name);
}

static const struct node *find_key(const struct node *map, struct str key)
{
    const struct node *value = node_first_child(map);
    while (value && !str_equal(value->key->text, key))
        value = value->next;
    return value;
}

/* Adds the keys whose values differ, except `containers`, which are compared one by one. */
static void add_keys(struct names *names, const struct node *before, const struct node *after)
{
    for (const struct node *value = node_first_child(after); value; value = value->next)
        if (!str_eq_c(value->key->text, "containers") &&
            !node_equal(find_key(before, value->key->text), value))
            add_name(names, value->key->text);
    for (const struct node *value = node_first_child(before); value; value = value->next)
        if (!find_key(after, value->key->text))
            add_name(names, value->key->text);
}

static void add_containers(struct names *names, const struct node *before, const struct node *after)
{
    const struct node *old = node_first_child(node_at(before, "containers"));
    const struct node *new = node_first_child(node_at(after, "containers"));
    for (; old && new; old = old->next, new = new->next) {
        if (!str_equal(node_string(node_at(old, "name")), node_string(node_at(new, "name"))))
            break;
        add_keys(names, old, new);
    }
    if (old || new)
        add_name(names, STR("containers"));
}

struct str pod_template_changes(struct arena *arena, const struct node *before,
                                const struct node *after)
{
    struct names names = {.arena = arena};
    add_keys(&names, node_at(before, "metadata"), node_at(after, "metadata"));
    add_keys(&names, node_at(before, "spec"), node_at(after, "spec"));
    add_containers(&names, node_at(before, "spec"), node_at(after, "spec"));
    return buf_take(arena, &names.list);
}
