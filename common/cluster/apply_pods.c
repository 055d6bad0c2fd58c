/* Reports why an apply replaces pods. */
#include "cluster/apply.h"

/* Unique names in the order of their first use. */
struct names {
    struct arena *arena;
    struct set known;
    struct buf list;
};

static void add_name(struct names *names, struct str name)
{
    if (!set_add(names->arena, &names->known, name, names))
        buf_add_joined(&names->list, ", ", name);
}

static const struct node *find_key(const struct node *map, struct str key)
{
    const struct node *value = node_items(map);
    while (value && !str_equal(value->key->text, key))
        value = value->next;
    return value;
}

/* Adds the keys whose values differ, except `containers`, which are compared one by one. */
static void add_keys(struct names *names, const struct node *before, const struct node *after)
{
    for (const struct node *value = node_items(after); value; value = value->next)
        if (!str_is(value->key->text, "containers") &&
            !node_equal(find_key(before, value->key->text), value))
            add_name(names, value->key->text);
    for (const struct node *value = node_items(before); value; value = value->next)
        if (!find_key(after, value->key->text))
            add_name(names, value->key->text);
}

static void add_containers(struct names *names, const struct node *before, const struct node *after)
{
    const struct node *old = node_items(node_find(before, "containers"));
    const struct node *new = node_items(node_find(after, "containers"));
    for (; old && new; old = old->next, new = new->next) {
        if (!str_equal(node_text(node_find(old, "name")), node_text(node_find(new, "name"))))
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
    const struct node *before = node_find(live, "spec template");
    after = node_find(after, "spec template");
    add_keys(&names, node_find(before, "metadata"), node_find(after, "metadata"));
    add_keys(&names, node_find(before, "spec"), node_find(after, "spec"));
    add_containers(&names, node_find(before, "spec"), node_find(after, "spec"));
    return buf_take(arena, &names.list);
}

void apply_report_pods(struct apply *apply, const struct node *live, const struct node *after)
{
    struct str changes = list_changes(&apply->cluster.arena, live, after);
    if (changes.len == 0 || object_number(live, "spec replicas", 1) == 0)
        return;
    const struct rollout *rollout = apply_rollout_of(apply, live);
    if (rollout && rollout->live == live)
        cluster_say(&apply->cluster, "%.*s: pods will be replaced (changed: %.*s)",
                    STR_ARG(rollout->title), STR_ARG(changes));
}
