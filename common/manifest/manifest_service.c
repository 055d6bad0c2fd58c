#include "manifest/manifest.h"
#include "manifest/traffic_gateway.h"
#include "manifest/traffic_ingress.h"

/* Returns the appProtocol of a port of the Service; NULL: none. A Gateway connects with HTTP/1.1
 * unless it knows better. */
static const char *app_protocol(const struct service *service, const struct port *port)
{
    const struct gateway *gateway = service_gateway(service);
    if (port != service->public_port || service->route_count == 0 || !gateway)
        return NULL;
    bool http = gateway->flavour == FLAVOUR_TRAEFIK &&
                traefik_assumes_https(port->name, port->service_port);
    return port->type == PORT_TYPE_GRPC        ? "kubernetes.io/h2c"
           : port->type == PORT_TYPE_WEBSOCKET ? "kubernetes.io/ws"
           : http                              ? "http"
                                               : NULL;
}

/* Tells Traefik as an ingress controller the protocol of the public port. */
static void put_scheme(struct arena *arena, const struct service *service, struct node *annotations)
{
    const struct traffic traffic = traffic_of(service);
    if (traffic.route_count == 0 || traffic.flavour != FLAVOUR_GENERIC ||
        !str_contains(traffic.class, STR("traefik")) ||
        !traefik_assumes_https(traffic.backend.port_name, traffic.backend.port))
        return;
    node_set_string(arena, annotations, TRAEFIK_SCHEME_ANNOTATION,
                    traffic.protocol == PORT_TYPE_GRPC ? STR("h2c") : STR("http"));
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

static void put_annotations(struct arena *arena, struct node *annotations, struct node *object)
{
    if (annotations->first)
        node_put(node_get(object, "metadata"), node_scalar(arena, STYLE_TEXT, STR("annotations")),
                 annotations);
}

static void add_cluster_service(struct manifests *manifests, const struct service *service,
                                struct str name, bool headless)
{
    struct arena *arena = manifests->arena;
    struct node *object = manifest_object(manifests, service, "v1", "Service", name);
    struct node *annotations = node_new(arena, NODE_MAP);
    if (!headless)
        put_scheme(arena, service, annotations);
    if (!headless && !service->load_balancer)
        manifest_put_items(arena, annotations, service->service_annotations);
    put_annotations(arena, annotations, object);
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
    const struct load_balancer_annotation *each = service->load_balancer == LOAD_BALANCER_INTERNAL
                                                      ? provider->internal_load_balancer
                                                      : provider->external_load_balancer;
    struct node *annotations = node_new(arena, NODE_MAP);
    for (; each && each->name; each++)
        node_set_string(arena, annotations, each->name, str_from_c(each->value));
    manifest_put_items(arena, annotations, service->service_annotations);
    put_annotations(arena, annotations, object);
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
