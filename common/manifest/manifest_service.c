#include "manifest/manifest.h"

static void put_ports(struct arena *arena, const struct service *service, struct node *spec)
{
    if (service->port_count == 0)
        return;
    struct node *ports = put_list(arena, spec, "ports");
    for (size_t i = 0; i < service->port_count; i++) {
        const struct port *port = &service->ports[i];
        struct node *item = add_map(arena, ports);
        put_text(arena, item, "name", port->name);
        put_int(arena, item, "port", port->service_port);
        put_text(arena, item, "targetPort", port->name);
        put_text(arena, item, "protocol", STR("TCP"));
    }
}

static void add_service(struct manifests *manifests, const struct service *service, struct str name,
                        bool headless)
{
    struct arena *arena = manifests->arena;
    struct node *object = manifest_object(manifests, service, "v1", "Service", name);
    struct node *spec = put_map(arena, object, "spec");
    put_text(arena, spec, "type", STR("ClusterIP"));
    if (headless)
        put_text(arena, spec, "clusterIP", STR("None"));
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
    /* A StatefulSet's pods have their names from a headless Service. */
    if (service->disk_count)
        add_service(manifests, service, manifest_headless_name(manifests->arena, service), true);
}
