#include "manifest/manifest.h"

/* Every namespace has this label with its name. */
static void put_namespace(struct arena *arena, struct node *peer, struct str namespace)
{
    struct node *selector = node_set_map(arena, peer, "namespaceSelector");
    node_set_string(arena, node_set_map(arena, selector, "matchLabels"),
                    "kubernetes.io/metadata.name", namespace);
}

/* Selects the pods of a workload and of its cron jobs, which have different selector labels. */
static void add_peer(struct arena *arena, struct node *from, const struct peer *peer)
{
    struct node *item = node_append_map(arena, from);
    if (peer->namespace.len)
        put_namespace(arena, item, peer->namespace);
    if (peer->module.len == 0)
        return;
    struct node *selector = node_set_map(arena, item, "podSelector");
    struct node *labels = node_set_map(arena, selector, "matchLabels");
    node_set_string(arena, labels, "opta.dev/layer-name", peer->layer);
    node_set_string(arena, labels, "opta.dev/module-name", peer->module);
}

/* Adds the ports of the service, or only its tcp ports. */
static void put_ports(struct arena *arena, const struct service *service, bool only_tcp,
                      struct node *rule)
{
    struct node *ports = node_set_list(arena, rule, "ports");
    for (size_t i = 0; i < service->port_count; i++) {
        if (only_tcp && service->ports[i].type != PORT_TYPE_TCP)
            continue;
        struct node *port = node_append_map(arena, ports);
        node_set_string(arena, port, "protocol", STR("TCP"));
        node_set_int(arena, port, "port", service->ports[i].number);
    }
}

void manifest_network_policy(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_network_policy)
        return;
    struct node *object =
        manifest_object(manifests, service, "networking.k8s.io/v1", "NetworkPolicy", service->name);
    struct node *spec = node_set_map(arena, object, "spec");
    struct node *selector = node_set_map(arena, spec, "podSelector");
    manifest_selector(manifests, service, selector, "matchLabels");
    node_append_string(arena, node_set_list(arena, spec, "policyTypes"), STR("Ingress"));
    bool from_peers = service->peer_count && service->port_count;
    if (!from_peers && !service->load_balancer)
        return; /* no rule: no connection is allowed */
    struct node *rules = node_set_list(arena, spec, "ingress");
    if (from_peers) {
        struct node *rule = node_append_map(arena, rules);
        struct node *from = node_set_list(arena, rule, "from");
        for (size_t i = 0; i < service->peer_count; i++)
            add_peer(arena, from, &service->peers[i]);
        put_ports(arena, service, false, rule);
    }
    if (service->load_balancer) /* its clients are outside the cluster */
        put_ports(arena, service, true, node_append_map(arena, rules));
}
