/* port, ports and probe_port. */
#include "service/service_reader.h"

enum { HTTP_SERVICE_PORT = 80 };

/* The forms of `port`; tcp and websocket both meant a websocket to Opta. */
static const struct {
    enum field_id field;
    enum port_type type;
} forms[] = {{PORT_HTTP, PORT_TYPE_HTTP},
             {PORT_TCP, PORT_TYPE_WEBSOCKET},
             {PORT_GRPC, PORT_TYPE_GRPC},
             {PORT_WEBSOCKET, PORT_TYPE_WEBSOCKET}};

/* The port that a hint shows: one that `healthcheck` can check. */
static const char *example_port(const struct service_reader *in)
{
    struct str healthcheck = service_value(in, SERVICE_HEALTHCHECK)->text;
    return str_eq_c(healthcheck, "grpc")  ? "{grpc: 9090}"
           : str_eq_c(healthcheck, "tcp") ? "{tcp: 8080}"
                                          : "{http: 8080}";
}

static void read_single(const struct service_reader *in, const struct record *record)
{
    struct port *port = ARENA_NEW(in->reader.arena, struct port);
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(forms); i++) {
        if (!record_has(record, forms[i].field))
            continue;
        *port = (struct port){.name = STR("main"),
                              .type = forms[i].type,
                              .number = record_value(record, forms[i].field)->number,
                              .service_port = HTTP_SERVICE_PORT,
                              .at = record_location(record, forms[i].field)};
        count++;
    }
    if (count != 1) {
        service_error(in, SERVICE_PORT, count ? "port must be one port" : "port names no port");
        if (count)
            diag_hint(in->reader.diags, "several ports are written under ports: - {name: main, "
                                        "type: http, port: 8080}");
        else
            diag_hint(in->reader.diags, "write one of http, tcp, grpc or websocket: port: %s",
                      example_port(in));
    }
    in->service->ports = port;
    in->service->port_count = count ? 1 : 0;
}

static enum port_type type_of(const struct record *record)
{
    struct str protocol = record_value(record, PORTS_PROTOCOL)->text;
    if (!record_has(record, PORTS_TYPE) || str_eq_c(record_value(record, PORTS_TYPE)->text, "tcp"))
        return PORT_TYPE_TCP;
    if (str_eq_c(protocol, "grpc"))
        return PORT_TYPE_GRPC;
    return str_eq_c(protocol, "websocket") ? PORT_TYPE_WEBSOCKET : PORT_TYPE_HTTP;
}

/* A port without a valid type counts as one of tcp, whose port of the Service is unknown. */
static struct port port_of(const struct record *record)
{
    struct port port = {.name = record_value(record, PORTS_NAME)->text,
                        .type = type_of(record),
                        .number = record_value(record, PORTS_PORT)->number,
                        .at = record->node->span};
    port.service_port = port.type != PORT_TYPE_TCP       ? HTTP_SERVICE_PORT
                        : record_has(record, PORTS_TYPE) ? port.number
                                                         : 0;
    if (record_has(record, PORTS_SERVICE_PORT))
        port.service_port = record_value(record, PORTS_SERVICE_PORT)->number;
    return port;
}

/* Ports of a pod and of a Service are told apart by name and by number. */
static bool check_against(const struct service_reader *in, const struct record *record,
                          const struct port *port, const struct port *other)
{
    enum field_id field;
    const char *what;
    if (port->name.len && str_equal(port->name, other->name)) {
        field = PORTS_NAME;
        what = "this name";
    } else if (port->number && port->number == other->number) {
        field = PORTS_PORT;
        what = "this port";
    } else if (port->service_port && port->service_port == other->service_port) {
        field = record_has(record, PORTS_SERVICE_PORT) ? PORTS_SERVICE_PORT : PORTS_PORT;
        what = "this port of the Service";
    } else if (port->type != PORT_TYPE_TCP && other->type != PORT_TYPE_TCP) {
        field = PORTS_TYPE;
        what = "the type http";
    } else {
        return true;
    }
    diag_error(in->reader.diags, record_location(record, field), "another port has %s already",
               what);
    if (!diags_full(in->reader.diags)) /* counting lines takes time */
        diag_hint(in->reader.diags, "it is on line %zu",
                  diag_position(other->at.source, other->at.start).line);
    return false;
}

static void read_one_of(const struct service_reader *in, const struct record *record)
{
    struct service *service = in->service;
    struct port *port = &service->ports[service->port_count];
    *port = port_of(record);
    const char *wrong = name_check_port(port->name);
    if (wrong && record_has(record, PORTS_NAME))
        diag_error(in->reader.diags, record_location(record, PORTS_NAME), "a port's name %s",
                   wrong);
    if (port->type == PORT_TYPE_TCP && record_has(record, PORTS_TYPE) &&
        record_has(record, PORTS_PROTOCOL)) {
        diag_error(in->reader.diags, record_location(record, PORTS_PROTOCOL),
                   "protocol goes with type http, not with tcp");
        diag_hint(in->reader.diags, "leave protocol out, or write type: http");
    }
    for (size_t i = 0; i < service->port_count; i++)
        if (!check_against(in, record, port, &service->ports[i]))
            break;
    service->port_count++;
}

static void read_several(const struct service_reader *in, const struct value *ports)
{
    in->service->ports = ARENA_ARRAY(in->reader.arena, ports->count, struct port);
    for (size_t i = 0; i < ports->count; i++)
        read_one_of(in, ports->records[i]);
}

static void report_missing(const struct service_reader *in)
{
    struct location at = in->record->node->span;
    at.end = at.start;
    diag_error(in->reader.diags, at, "a k8s-service needs port");
    diag_hint(in->reader.diags,
              "write it like this: port: %s\na worker that listens to nothing says port: none",
              example_port(in));
}

static const struct port *find_port(const struct service_reader *in, struct str name)
{
    const struct service *service = in->service;
    struct suggestion near = {.word = name};
    for (size_t i = 0; i < service->port_count; i++) {
        if (str_equal(service->ports[i].name, name))
            return &service->ports[i];
        suggestion_add(&near, service->ports[i].name);
    }
    service_error(in, SERVICE_PROBE_PORT, "no port is named \"%.*s\"", STR_ARG(name));
    if (diag_suggest(in->reader.diags, &near))
        return NULL;
    if (service->port_count)
        diag_hint(in->reader.diags, "the first port is named \"%.*s\"",
                  STR_ARG(service->ports[0].name));
    return NULL;
}

/* Opta's ingress-nginx passed such a port on from outside the cluster; here nothing does. An item
 * of `ports` is found by its port of the Service, and `port: {tcp: NUMBER}`, whose Service listens
 * on another one, by that number. */
static void warn_stays_inside(const struct service_reader *in, const struct port *port)
{
    const struct map *extra_ports = &in->layer->environment.extra_tcp_port_numbers;
    int64_t public = port->type == PORT_TYPE_WEBSOCKET ? port->number : port->service_port;
    struct str number = str_from_int(in->reader.arena, public);
    const struct extra_tcp_port *extra = map_get(extra_ports, number);
    if (!extra || (port->type != PORT_TYPE_TCP && port->type != PORT_TYPE_WEBSOCKET) ||
        layer_injects(in->layer))
        return;
    extra->self->used = true;
    diag_warning(in->reader.diags, port->at,
                 "port %.*s can be reached from inside the cluster only, although "
                 "nginx_extra_tcp_ports lists it",
                 STR_ARG(number));
    diag_hint(in->reader.diags, "to publish it, add a Service of type LoadBalancer, or configure "
                                "the port in your ingress controller");
}

/* Returns false after an error that leaves the ports unknown. */
static bool read_ports(const struct service_reader *in)
{
    const struct value *port = service_value(in, SERVICE_PORT);
    const struct value *ports = service_value(in, SERVICE_PORTS);
    if (ports->invalid) { /* what can be checked of them is; nothing else may use them */
        read_several(in, ports);
        in->service->port_count = 0;
        return false;
    }
    if (port->invalid)
        return false;
    if (port->node && ports->node) {
        service_error(in, SERVICE_PORTS, "both port and ports are given");
        diag_hint(in->reader.diags, "keep port for one port, ports for several");
        return false;
    }
    if (port->count)
        read_single(in, port->records[0]);
    else if (ports->node)
        read_several(in, ports);
    else if (!port->node && in->service->max_containers > 0 && !layer_injects(in->layer))
        report_missing(in);
    return true;
}

/* Which ports are public and probed. */
static void choose_ports(const struct service_reader *in)
{
    struct service *service = in->service;
    for (size_t i = 0; i < service->port_count && !service->public_port; i++)
        if (service->ports[i].type != PORT_TYPE_TCP)
            service->public_port = &service->ports[i];
    for (size_t i = 0; i < service->port_count; i++)
        warn_stays_inside(in, &service->ports[i]);
    if (record_has(in->record, SERVICE_PROBE_PORT))
        service->probe_port = find_port(in, service_value(in, SERVICE_PROBE_PORT)->text);
    else if (service->port_count)
        service->probe_port = &service->ports[0];
}

void service_read_ports(const struct service_reader *in)
{
    bool wrong =
        service_value(in, SERVICE_PORT)->invalid || service_value(in, SERVICE_PORTS)->invalid;
    size_t errors = in->reader.diags->errors;
    if (read_ports(in))
        choose_ports(in);
    in->service->ports_invalid = wrong || in->reader.diags->errors > errors;
}

const struct port *service_probe_port(const struct service *service, enum probe_kind kind)
{
    const struct port *named = NULL;
    if (kind != PROBE_GRPC || service_has(service, SERVICE_PROBE_PORT))
        return service->probe_port;
    for (size_t i = 0; i < service->port_count; i++) {
        if (service->ports[i].type == PORT_TYPE_GRPC)
            return &service->ports[i];
        if (str_eq_c(service->ports[i].name, "grpc"))
            named = &service->ports[i];
    }
    return named ? named : service->probe_port;
}

/* The part of a service's map that tells its ports, and whether it needs one. */
static const struct node *ports_alone(struct arena *arena, const struct node *service)
{
    struct node *map = node_new(arena, NODE_MAP);
    static const enum field_id fields[] = {SERVICE_PORT, SERVICE_PORTS, SERVICE_MAX_CONTAINERS};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        const struct node *value = node_get(service, schema_field(fields[i])->name);
        if (!value)
            continue;
        struct node *copy = ARENA_NEW(arena, struct node);
        *copy = *value;
        copy->next = NULL;
        node_put(map, value->key, copy);
    }
    return map;
}

int64_t service_linked_port(struct layer *layer, const struct node *node)
{
    struct diags unheard = {.arena = layer->arena};
    struct scope scope = layer->scope;
    struct schema_reader reader = layer_reader(layer);
    scope.diags = &unheard;
    scope.module_count = 0; /* what is read of other modules is read once, and told then */
    reader.diags = &unheard;
    reader.context = &scope;
    const struct record *record =
        schema_read(&reader, &service_schema, ports_alone(layer->arena, node));
    const struct value *ports = record_value(record, SERVICE_PORTS);
    const struct value *single = record_value(record, SERVICE_PORT);
    const struct value *max = record_value(record, SERVICE_MAX_CONTAINERS);
    bool missing = !single->node && !ports->node && !layer_injects(layer);
    if (single->invalid || ports->invalid || (missing && (max->invalid || max->number > 0)))
        return -1;
    if (single->count)
        return HTTP_SERVICE_PORT;
    int64_t first = 0;
    for (size_t i = 0; i < ports->count; i++) {
        struct port port = port_of(ports->records[i]);
        if (port.type != PORT_TYPE_TCP)
            return port.service_port;
        first = first ? first : port.service_port;
    }
    return first;
}
