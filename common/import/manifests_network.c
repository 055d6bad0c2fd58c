/* network_policy. */
#include "import/manifests_reader.h"

#define NAMESPACE_LABEL "kubernetes.io/metadata.name"

/* Returns the item of allow_from that means the pods of a peer; empty if there is none. */
static struct str peer_of(const struct given_app *app, const struct node *peer)
{
    const struct node *namespaces = node_at(peer, "namespaceSelector matchLabels");
    const struct node *pods = node_at(peer, "podSelector matchLabels");
    struct str namespace = namespaces ? given_text(namespaces, NAMESPACE_LABEL) : STR("");
    struct str module = pods ? given_text(pods, "opta.dev/module-name") : STR("");
    struct str layer = pods ? given_text(pods, "opta.dev/layer-name") : STR("");
    if (node_at(peer, "ipBlock") || (namespaces && !namespace.len))
        return STR("");
    if (!pods && namespace.len)
        return STR_JOIN(app->arena, STR("namespace/"), namespace);
    if (!pods)
        return STR("");
    if (module.len) {
        bool own = !namespaces && str_equal(layer, app->given->name);
        return own ? module : STR_JOIN(app->arena, layer, STR("/"), module);
    }
    for (const struct given_app *other = app->given->apps; other && !namespaces;
         other = other->next)
        if (given_selects(app->given, pods, node_at(other->template, "metadata labels")))
            return other->name;
    return STR("");
}

/* Returns the only rule with peers; NULL if the policy says something else. */
static const struct node *find_rule(const struct given_app *app, const struct node *rules)
{
    const struct node *found = NULL;
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *from = node_at(rule, "from");
        if (!from && app->balancer) /* the clients of the load balancer */
            continue;
        if (!from || found)
            return NULL;
        for (const struct node *peer = node_first_child(from); peer; peer = peer->next)
            if (peer_of(app, peer).len == 0)
                return NULL;
        found = from;
    }
    return found;
}

static bool has_egress(const struct node *policy)
{
    const struct node *types = node_at(policy, "spec policyTypes");
    for (const struct node *type = node_first_child(types); type; type = type->next)
        if (str_eq_c(node_string(type), "Egress"))
            return true;
    return node_at(policy, "spec egress") != NULL;
}

/* A policy with a rule that a service file cannot express is not carried over at all: part of it
 * could block traffic. */
static void read_policy(struct given_app *app, struct given_object *object)
{
    const struct node *rules = node_at(object->node, "spec ingress");
    const struct node *from = find_rule(app, rules);
    bool admits_none =
        !node_first_child(rules) || (app->balancer && !node_first_child(rules)->next);
    if (import_get(app->module, SERVICE_NETWORK_POLICY) || has_egress(object->node) ||
        (!from && !admits_none)) {
        object->app = NULL;
        return;
    }
    struct node *map = import_map(app->import, app->module, SERVICE_NETWORK_POLICY, object->at);
    if (!from) {
        import_string(app->import, map, NETWORK_POLICY_ALLOW_FROM, STR("none"), object->at);
        return;
    }
    struct node *list = import_list(app->import, map, NETWORK_POLICY_ALLOW_FROM, from->span);
    for (const struct node *peer = node_first_child(from); peer; peer = peer->next)
        import_item(app->import, list, peer_of(app, peer), peer->span);
}

void given_read_network(struct given_app *app)
{
    for (struct given_object *object = app->given->objects; object; object = object->next)
        if (object->app == app && str_eq_c(object->kind, "NetworkPolicy"))
            read_policy(app, object);
}
