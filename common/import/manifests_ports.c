/* Ports of the container and of the Service. */
#include "format/name.h"
#include "import/manifests_reader.h"

#include <inttypes.h>

enum { HTTP_SERVICE_PORT = 80 };

/* Returns the index of the port with this name or number; port_count if there is none. */
static size_t index_of(const struct given_app *app, struct str text)
{
    int64_t number;
    bool is_number = str_to_int(text, &number);
    size_t i = 0;
    while (i < app->port_count && (is_number ? app->ports[i].number != number
                                             : !text.len || !str_equal(app->ports[i].name, text)))
        i++;
    return i;
}

static struct given_port *find_port(struct given_app *app, struct str text)
{
    size_t i = index_of(app, text);
    return i < app->port_count ? &app->ports[i] : NULL;
}

const struct given_port *given_find_port(const struct given_app *app, const struct node *port)
{
    size_t i = index_of(app, node_string(port));
    return i < app->port_count ? &app->ports[i] : NULL;
}

static struct given_port *add_port(struct given_app *app, int64_t number, struct location at)
{
    if (app->port_count == GIVEN_PORTS_MAX) {
        given_lost(app, at, "port %" PRId64 " is not carried over: more than %d ports", number,
                   GIVEN_PORTS_MAX);
        return NULL;
    }
    struct given_port *port = &app->ports[app->port_count++];
    *port = (struct given_port){.number = number, .at = at};
    return port;
}

static bool is_tcp(const struct node *port)
{
    struct str protocol = given_text(port, "protocol");
    return protocol.len == 0 || str_eq_c(protocol, "TCP");
}

static void read_container_ports(struct given_app *app)
{
    const struct node *list = node_at(app->container, "ports");
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        int64_t number;
        if (!given_int(item, "containerPort", &number) || !is_tcp(item) ||
            find_port(app, given_text(item, "containerPort")))
            continue;
        struct given_port *port = add_port(app, number, node_at(item, "containerPort")->span);
        if (!port)
            return;
        port->name = given_text(item, "name");
    }
}

/* Reads the ports of a Service. The first one that leads to a port of the container counts. */
static void read_service_ports(struct given_app *app, const struct given_object *service)
{
    const struct node *list = service ? node_at(service->node, "spec ports") : NULL;
    for (const struct node *item = node_first_child(list); item; item = item->next) {
        const struct node *target = node_at(item, "targetPort");
        int64_t number;
        if (!given_int(item, "port", &number) || !is_tcp(item))
            continue;
        struct str text = target ? node_string(target) : given_text(item, "port");
        struct given_port *port = find_port(app, text);
        int64_t container;
        if (!port && str_to_int(text, &container))
            port = add_port(app, container, node_at(item, "port")->span);
        if (!port || port->service_port)
            continue;
        port->service_port = number;
        port->service_name = given_text(item, "name");
        port->protocol = given_text(item, "appProtocol");
    }
}

/* True if a backend names a Service of the app and one of its ports. */
static bool leads_to(const struct given_app *app, const struct node *backend,
                     const struct given_port *port)
{
    struct str name = given_text(backend, "name");
    const struct node *target = node_at(backend, "port");
    int64_t number;
    if (!app->service || !str_equal(name, app->service->name) || !target ||
        !given_is_own_namespace(app->given, given_text(backend, "namespace")))
        return false;
    if (target->kind == NODE_MAP) {
        struct str port_name = given_text(target, "name");
        return (port_name.len && str_equal(port_name, port->service_name)) ||
               (given_int(target, "number", &number) && number == port->service_port);
    }
    return str_to_int(node_string(target), &number) && number == port->service_port;
}

static bool has_backend(const struct given_app *app, const struct node *node,
                        const struct given_port *port)
{
    if (node->kind == NODE_MAP && leads_to(app, node, port))
        return true;
    for (const struct node *child = node_first_child(node); child; child = child->next)
        if (has_backend(app, child, port))
            return true;
    return false;
}

static bool is_probed_by_http(const struct given_app *app, const struct given_port *port)
{
    static const char *const probes[] = {"readinessProbe httpGet port",
                                         "livenessProbe httpGet port", "startupProbe httpGet port"};
    for (size_t i = 0; i < COUNT_OF(probes); i++) {
        const struct node *node = node_at(app->container, probes[i]);
        if (node && given_find_port(app, node) == port)
            return true;
    }
    return false;
}

/* How likely a port is the one for HTTP; 0: it is not. */
static int score_of(const struct given_app *app, const struct given_port *port)
{
    struct str name = port->name.len ? port->name : port->service_name;
    bool encrypted = str_starts_with(name, STR("https")) || port->service_port == 443;
    bool named = str_eq_c(name, "http") || str_eq_c(name, "web") || str_eq_c(name, "main") ||
                 str_eq_c(name, "grpc") || str_eq_c(name, "api");
    bool prefixed = str_starts_with(name, STR("http-")) && !str_contains(name, STR("metric"));
    int score = port->is_public ? 32 : 0;
    if (encrypted)
        return score;
    score += port->service_port == HTTP_SERVICE_PORT ? 16 : 0;
    score += is_probed_by_http(app, port) ? 8 : 0;
    score += port->protocol.len && !str_eq_c(port->protocol, "tcp") ? 4 : 0;
    return score + (named ? 2 : 0) + (prefixed ? 1 : 0);
}

/* Selects the port of type http, which is at most one. */
static struct given_port *select_http(struct given_app *app)
{
    struct given_port *best = NULL;
    for (const struct given_route *route = app->routes; route; route = route->next)
        for (size_t i = 0; i < app->port_count; i++)
            app->ports[i].is_public |= has_backend(app, route->object->node, &app->ports[i]);
    for (size_t i = 0; i < app->port_count; i++)
        if (score_of(app, &app->ports[i]) > (best ? score_of(app, best) : 0))
            best = &app->ports[i];
    if (best)
        best->is_http = true;
    return best;
}

/* Sets what the port of type http serves, from its name in the Service and from annotations. */
static void find_protocol(struct given_app *app, const struct given_port *port)
{
    const char *const annotations[] = {"nginx.ingress.kubernetes.io/backend-protocol",
                                       "nginx.ingress.kubernetes.io/proxy-read-timeout"};
    app->has_grpc =
        str_eq_c(port->protocol, "kubernetes.io/h2c") || str_eq_c(port->protocol, "grpc");
    app->has_websocket = str_eq_c(port->protocol, "kubernetes.io/ws");
    for (const struct given_route *route = app->routes; route; route = route->next) {
        const struct given_object *object = route->object;
        const struct node *map = node_at(object->node, "metadata annotations");
        if (!has_backend(app, object->node, port))
            continue;
        app->has_grpc |= str_eq_c(object->kind, "GRPCRoute") ||
                         str_eq_c(given_text(map, annotations[0]), "GRPC");
        app->has_websocket |= str_eq_c(given_text(map, annotations[1]), "3600");
    }
    app->has_websocket &= !app->has_grpc;
}

struct str given_port_name(const struct given_app *app, const struct given_port *port)
{
    if (port->name.len)
        return port->name;
    if (port->service_name.len && !name_check_port(port->service_name))
        return port->service_name;
    return port->is_http ? STR("main") : str_format(app->arena, "tcp-%" PRId64, port->number);
}

static void write_item(const struct given_app *app, struct node *list,
                       const struct given_port *port)
{
    struct import *import = app->import;
    struct node *item = import_item_map(import, list, port->at);
    int64_t standard = port->is_http ? HTTP_SERVICE_PORT : port->number;
    import_string(import, item, PORTS_NAME, given_port_name(app, port), port->at);
    import_string(import, item, PORTS_TYPE, port->is_http ? STR("http") : STR("tcp"), port->at);
    import_int(import, item, PORTS_PORT, port->number, port->at);
    if (port->is_http && (app->has_grpc || app->has_websocket))
        import_string(import, item, PORTS_PROTOCOL, app->has_grpc ? STR("grpc") : STR("websocket"),
                      port->at);
    if (port->service_port && port->service_port != standard)
        import_int(import, item, PORTS_SERVICE_PORT, port->service_port, port->at);
}

/* Writes `port` for a single port with the name and number that it gives, else `ports`. */
static void write_ports(struct given_app *app)
{
    const struct given_port *port = &app->ports[0];
    struct import *import = app->import;
    bool is_short = app->port_count == 1 && port->is_http &&
                    str_eq_c(given_port_name(app, port), "main") &&
                    (port->service_port == HTTP_SERVICE_PORT || port->service_port == 0);
    if (app->port_count == 0) {
        import_string(import, app->module, SERVICE_PORT, STR("none"), app->workload->at);
        return;
    }
    if (is_short) {
        struct node *map = import_map(import, app->module, SERVICE_PORT, port->at);
        import_int(import, map,
                   app->has_grpc        ? PORT_GRPC
                   : app->has_websocket ? PORT_WEBSOCKET
                                        : PORT_HTTP,
                   port->number, port->at);
        return;
    }
    struct node *list = import_list(import, app->module, SERVICE_PORTS, port->at);
    for (size_t i = 0; i < app->port_count; i++)
        write_item(app, list, &app->ports[i]);
}

static void copy_annotations(const struct given_app *app, const struct given_object *service)
{
    const struct node *list = service ? node_at(service->node, "metadata annotations") : NULL;
    for (const struct node *item = list ? node_first_child(list) : NULL; item && item->key;
         item = item->next) {
        if (given_is_server_annotation(item->key->text))
            continue;
        given_entry(app,
                    import_map(app->import, app->module, SERVICE_SERVICE_ANNOTATIONS, list->span),
                    item->key->text, item);
    }
}

/* A load balancer whose annotations make it internal keeps them; without a provider there are no
 * others. */
static void read_balancer(struct given_app *app)
{
    const struct given_object *balancer = app->balancer;
    bool only =
        app->service && str_eq_c(given_text(app->service->node, "spec type"), "LoadBalancer");
    bool has_tcp = false;
    for (size_t i = 0; i < app->port_count; i++)
        has_tcp |= !app->ports[i].is_http;
    if (!balancer && only && has_tcp)
        balancer = app->balancer = app->service;
    if (balancer)
        import_string(app->import, app->module, SERVICE_LOAD_BALANCER, STR("external"),
                      node_at(balancer->node, "spec type")->span);
    copy_annotations(app, balancer ? balancer : app->service);
}

void given_read_ports(struct given_app *app)
{
    bool is_job = str_eq_c(app->workload->kind, "CronJob");
    if (!is_job)
        read_container_ports(app);
    read_service_ports(app, app->service);
    read_service_ports(app, app->balancer);
    if (app->service != app->headless)
        read_service_ports(app, app->headless);
    const struct given_port *http = select_http(app);
    if (http)
        find_protocol(app, http);
    write_ports(app);
    read_balancer(app);
}
