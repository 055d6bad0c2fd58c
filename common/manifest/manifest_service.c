#include "manifest/manifest.h"

/* Returns the appProtocol of a port of the Service; NULL: none. A Gateway connects with HTTP/1.1
 * unless it knows better. */
static const char *app_protocol(const struct service *service, const struct port *port)
{
    if (port != service->public_port || service->route_count == 0 || !service_gateway(service))
        return NULL;
    return port->type == PORT_TYPE_GRPC        ? "kubernetes.io/h2c"
           : port->type == PORT_TYPE_WEBSOCKET ? "kubernetes.io/ws"
                                               : NULL;
}

static void put_ports(struct arena *arena, const struct service *service, bool only_tcp,
                      struct node *spec)
{
    if (service->port_count == 0)
        return;
    struct node *ports = node_set_list(arena, spec, "ports");
    for (size_t i = 0; i < service->port_count; i++) {
        const struct port *port = &service->ports[i];
        if (only_tcp && port->type != PORT_TYPE_TCP)
            continue;
        struct node *item = node_append_map(arena, ports);
        node_set_string(arena, item, "name", port->name);
        node_set_int(arena, item, "port", port->service_port);
        node_set_string(arena, item, "targetPort", port->name);
        node_set_string(arena, item, "protocol", STR("TCP"));
        const char *protocol = app_protocol(service, port);
        if (protocol)
            node_set_string(arena, item, "appProtocol", str_from_c(protocol));
    }
}

static void put_annotations(struct arena *arena, const struct service *service,
                            const struct load_balancer_annotation *annotation, struct node *object)
{
    struct node *annotations = node_new(arena, NODE_MAP);
    for (; annotation && annotation->name; annotation++)
        node_set_string(arena, annotations, annotation->name, str_from_c(annotation->value));
    manifest_put_items(arena, annotations, service->service_annotations);
    if (annotations->first)
        node_put(node_get(object, "metadata"), node_scalar(arena, STYLE_TEXT, STR("annotations")),
                 annotations);
}

static void add_cluster_service(struct manifests *manifests, const struct service *service,
                                struct str name, bool headless)
{
    struct arena *arena = manifests->arena;
    struct node *object = manifest_object(manifests, service, "v1", "Service", name);
    if (!headless && !service->load_balancer)
        put_annotations(arena, service, NULL, object);
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_string(arena, spec, "type", STR("ClusterIP"));
    if (headless)
        node_set_string(arena, spec, "clusterIP", STR("None"));
    manifest_selector(manifests, service, spec, "selector");
    put_ports(arena, service, false, spec);
}

/* A Service of its own: the other Service may have ports that must not be exposed, and its address
 * must not change when `load_balancer` does. */
static void add_load_balancer(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    const struct provider *provider = service->layer->environment.provider;
    struct node *object = manifest_object(manifests, service, "v1", "Service",
                                          str_format(arena, "%.*s-tcp", STR_ARG(service->name)));
    put_annotations(arena, service,
                    service->load_balancer == LOAD_BALANCER_INTERNAL
                        ? provider->internal_load_balancer
                        : provider->external_load_balancer,
                    object);
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_string(arena, spec, "type", STR("LoadBalancer"));
    manifest_selector(manifests, service, spec, "selector");
    put_ports(arena, service, true, spec);
}

struct str manifest_headless_name(struct arena *arena, const struct service *service)
{
    return str_format(arena, "%.*s-headless", STR_ARG(service->name));
}

void manifest_service(struct manifests *manifests, const struct service *service)
{
    if (service->port_count)
        add_cluster_service(manifests, service, service->name, false);
    if (service->load_balancer)
        add_load_balancer(manifests, service);
    /* The DNS names of a StatefulSet's pods require a headless Service. */
    if (service->disk_count)
        add_cluster_service(manifests, service, manifest_headless_name(manifests->arena, service),
                            true);
}
