/* Indexes the BackendTrafficPolicies of a chart by their targets. */
#include "chart/release.h"

static struct str target_key(struct arena *arena, struct str kind, struct str name)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(kind), STR_ARG(name));
}

static void add_target(struct release *release, const struct object *policy,
                       const struct node *target)
{
    struct arena *arena = release->arena;
    struct policy_target *added = ARENA_NEW(arena, struct policy_target);
    /* A copy, because the index outlives the tree. */
    *added =
        (struct policy_target){.self = added, .policy = policy, .target = node_copy(arena, target)};
    struct str key = target_key(arena, node_string(node_at(target, "kind")),
                                node_string(node_at(target, "name")));
    const struct policy_target *first = map_add(arena, &release->policies_by_target, key, added);
    if (first) {
        added->next = first->next;
        first->self->next = added;
    }
}

static void add_policy(struct release *release, const struct object *policy)
{
    static const char *const lists[] = {"spec targetRefs", "spec targetSelectors"};
    const struct node *single =
        node_at(object_node(policy), "spec targetRef"); /* of older versions */
    if (single)
        add_target(release, policy, single);
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const struct node *each = node_first_child(node_at(object_node(policy), lists[i]));
             each; each = each->next)
            add_target(release, policy, each);
}

static void add_policies(struct release *release)
{
    struct tree_scope scope;
    release_open(release, &scope);
    for (const struct object *each = release_objects(release, OBJECT_TRAFFIC_POLICY); each;
         each = each->next) {
        add_policy(release, each);
        release_clear(release);
    }
    release_close(release);
}

const struct policy_target *release_policies(struct release *release, struct str kind,
                                             struct str name)
{
    struct arena scratch = {0};
    if (!release->policies_indexed)
        add_policies(release);
    release->policies_indexed = true;
    const struct policy_target *found =
        map_get(&release->policies_by_target, target_key(&scratch, kind, name));
    arena_free(&scratch);
    return found;
}
