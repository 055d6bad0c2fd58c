#include "manifest/manifest.h"

static void put_ports(struct arena *arena, const struct service *service, struct node *spec)
{
    if (service->port_count == 0)
        return;
    struct node *ports = node_set_list(arena, spec, "ports");
    for (size_t i = 0; i < service->port_count; i++) {
        const struct port *port = &service->ports[i];
        struct node *item = node_append_map(arena, ports);
        node_set_string(arena, item, "name", port->name);
        node_set_int(arena, item, "port", port->service_port);
        node_set_string(arena, item, "targetPort", port->name);
        node_set_string(arena, item, "protocol", STR("TCP"));
    }
}

static void add_service(struct manifests *manifests, const struct service *service, struct str name,
                        bool headless)
{
    struct arena *arena = manifests->arena;
    struct node *object = manifest_object(manifests, service, "v1", "Service", name);
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_string(arena, spec, "type", STR("ClusterIP"));
    if (headless)
        node_set_string(arena, spec, "clusterIP", STR("None"));
    manifest_selector(manifests, service, spec, "selector");
    put_ports(arena, service, spec);
}

struct str manifest_headless_name(struct arena *arena, const struct service *service)
{
    return str_format(arena, "%.*s-headless", STR_ARG(service->name));
}

void manifest_service(struct manifests *manifests, const struct service *service)
{
    if (service->port_count)
        add_service(manifests, service, service->name, false);
    /* The DNS names of a StatefulSet's pods require a headless Service. */
    if (service->disk_count)
        add_service(manifests, service, manifest_headless_name(manifests->arena, service), true);
}
