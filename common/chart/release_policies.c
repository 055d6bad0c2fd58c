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
    *added = (struct policy_target){.self = added, .policy = policy, .target = target};
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
    const struct node *single = node_at(policy->node, "spec targetRef"); /* of older versions */
    if (single)
        add_target(release, policy, single);
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const struct node *each = node_first_child(node_at(policy->node, lists[i])); each;
             each = each->next)
            add_target(release, policy, each);
}

const struct policy_target *release_policies(struct release *release, struct str kind,
                                             struct str name)
{
    struct arena scratch = {0};
    const struct object *first = release_objects(release, OBJECT_TRAFFIC_POLICY);
    for (const struct object *each = release->policies_indexed ? NULL : first; each;
         each = each->next)
        add_policy(release, each);
    release->policies_indexed = true;
    const struct policy_target *found =
        map_get(&release->policies_by_target, target_key(&scratch, kind, name));
    arena_free(&scratch);
    return found;
}
