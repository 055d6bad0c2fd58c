/* Reports why an apply replaces pods. */
#include "cluster/apply.h"

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

/* Returns which fields of two workloads' pod templates differ; empty if none. */
static struct str list_changes(struct arena *arena, const struct node *live,
                               const struct node *after)
{
    struct names names = {.arena = arena};
    const struct node *before = node_at(live, "spec template");
    after = node_at(after, "spec template");
    add_keys(&names, node_at(before, "metadata"), node_at(after, "metadata"));
    add_keys(&names, node_at(before, "spec"), node_at(after, "spec"));
    add_containers(&names, node_at(before, "spec"), node_at(after, "spec"));
    return buf_take(arena, &names.list);
}

void apply_report_pods(struct apply *apply, const struct node *live, const struct node *after)
{
    struct str changes = list_changes(&apply->cluster.arena, live, after);
    if (changes.len == 0 || object_number(live, "spec replicas", 1) == 0)
        return;
    const struct rollout *rollout = apply_rollout_of(apply, live);
    if (rollout && rollout->live == live)
        cluster_print(&apply->cluster, "%.*s: pods will be replaced (changed: %.*s)",
                      STR_ARG(rollout->title), STR_ARG(changes));
}
