/* network_policy. */
#include "import/manifests_reader.h"

#define NAMESPACE_LABEL "kubernetes.io/metadata.name"

/* Returns the labels that a selector consists of: NULL if it selects everything. Sets `*ret_ok` to
 * false if it has something else than labels. */
static const struct node *labels_of(const struct node *selector, bool *ret_ok)
{
    const struct node *labels = selector ? node_at(selector, "matchLabels") : NULL;
    for (const struct node *item = node_first_child(selector); item; item = item->next)
        *ret_ok &= item == labels || !item->first;
    return node_first_child(labels) ? labels : NULL;
}

static bool has_labels(const struct node *labels, size_t count)
{
    for (const struct node *item = node_first_child(labels); item; item = item->next)
        count--;
    return count == 0;
}

/* Returns the only app with these labels; NULL if there is none or several. */
static const struct given_app *find_peer(const struct given_app *app, const struct node *labels)
{
    const struct given_app *found = NULL;
    for (const struct given_app *other = app->given->apps; other; other = other->next) {
        if (!given_selects(app->given, labels, node_at(other->template, "metadata labels")))
            continue;
        if (found)
            return NULL;
        found = other;
    }
    return found;
}

/* Returns the item of allow_from that means the pods with the labels of a service file; empty if
 * there is none. `namespace`: empty for that of the policy. */
static struct str service_of(const struct given_app *app, const struct node *labels,
                             struct str namespace)
{
    enum { LABELS = 2 };
    struct str module = given_text(labels, "opta.dev/module-name");
    struct str layer = given_text(labels, "opta.dev/layer-name");
    if (!has_labels(labels, LABELS) || layer.len == 0)
        return STR("");
    if (namespace.len)
        return str_equal(namespace, layer) ? STR_JOIN(app->arena, layer, STR("/"), module)
                                           : STR("");
    return str_equal(layer, app->given->name) && map_get(&app->given->names, module) ? module
                                                                                     : STR("");
}

/* Returns the item of allow_from that means the pods of a peer; empty if there is none. */
static struct str peer_of(const struct given_app *app, const struct node *peer)
{
    const struct node *selectors[] = {node_at(peer, "namespaceSelector"),
                                      node_at(peer, "podSelector")};
    bool ok = true;
    const struct node *namespaces = labels_of(selectors[0], &ok);
    const struct node *pods = labels_of(selectors[1], &ok);
    struct str namespace = namespaces ? given_text(namespaces, NAMESPACE_LABEL) : STR("");
    for (const struct node *item = node_first_child(peer); item; item = item->next)
        ok &= item == selectors[0] || item == selectors[1];
    if (!ok || (selectors[0] && (!namespace.len || !has_labels(namespaces, 1))))
        return STR("");
    if (!pods)
        return namespace.len ? STR_JOIN(app->arena, STR("namespace/"), namespace) : STR("");
    if (given_text(pods, "opta.dev/module-name").len)
        return service_of(app, pods, namespace);
    const struct given_app *other = namespace.len ? NULL : find_peer(app, pods);
    return other ? other->name : STR("");
}

/* True if a rule has the ports that it gets from a service file: all of the container, or only
 * those that are not HTTP. */
static bool has_ports(const struct given_app *app, const struct node *rule, bool only_tcp)
{
    const struct node *list = node_at(rule, "ports");
    bool open[GIVEN_PORTS_MAX] = {false};
    bool ok = true;
    for (size_t i = 0; i < app->port_count; i++) /* without a list, all ports */
        open[i] = !node_first_child(list);
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        struct str protocol = given_text(item, "protocol");
        const struct node *number = item->kind == NODE_MAP ? node_at(item, "port") : NULL;
        const struct given_port *port = number ? given_find_port(app, number) : NULL;
        ok &= port && !node_at(item, "endPort") && (protocol.len == 0 || str_eq_c(protocol, "TCP"));
        if (port)
            open[port - app->ports] = true;
    }
    for (size_t i = 0; i < app->port_count; i++)
        ok &= open[i] == (!only_tcp || !app->ports[i].is_http);
    return ok;
}

/* A rule for the peers, and one for the clients of the load balancer if the service has one. */
struct policy_rules {
    const struct node *from; /* of the first one; NULL: it is missing */
    bool admits_clients;
};

/* Returns false if a service file cannot express one of the rules. */
static bool read_rules(const struct given_app *app, const struct node *rules,
                       struct policy_rules *ret)
{
    *ret = (struct policy_rules){0};
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *from = rule->kind == NODE_MAP ? node_at(rule, "from") : NULL;
        const struct node *peer = node_first_child(from);
        if (!has_ports(app, rule, !peer) || (peer ? ret->from != NULL : ret->admits_clients))
            return false;
        if (peer)
            ret->from = from;
        else
            ret->admits_clients = true;
        for (; peer; peer = peer->next)
            if (peer_of(app, peer).len == 0)
                return false;
    }
    return ret->admits_clients == (app->balancer != NULL);
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
 * could block traffic, or admit more. */
static void read_policy(struct given_app *app, struct given_object *object)
{
    struct policy_rules rules;
    if (import_get(app->module, SERVICE_NETWORK_POLICY) || has_egress(object->node) ||
        !read_rules(app, node_at(object->node, "spec ingress"), &rules)) {
        object->app = NULL;
        return;
    }
    struct node *map = import_map(app->import, app->module, SERVICE_NETWORK_POLICY, object->at);
    if (!rules.from) {
        import_string(app->import, map, NETWORK_POLICY_ALLOW_FROM, STR("none"), object->at);
        return;
    }
    struct node *list = import_list(app->import, map, NETWORK_POLICY_ALLOW_FROM, rules.from->span);
    for (const struct node *peer = rules.from->first; peer; peer = peer->next)
        import_item(app->import, list, peer_of(app, peer), peer->span);
}

void given_read_network(struct given_app *app)
{
    for (struct given_object *object = app->given->objects; object; object = object->next)
        if (object->app == app && str_eq_c(object->kind, "NetworkPolicy"))
            read_policy(app, object);
}
