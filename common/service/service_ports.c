/* port, ports and probe_port. */
#include "service/service_reader.h"

#include <inttypes.h>
#include <string.h>

enum { HTTP_SERVICE_PORT = 80 };

/* The keys of `port`. As in Opta, tcp and websocket both mean a websocket. */
static const struct {
    enum field_id field;
    enum port_type type;
} port_keys[] = {{PORT_HTTP, PORT_TYPE_HTTP},
                 {PORT_TCP, PORT_TYPE_WEBSOCKET},
                 {PORT_GRPC, PORT_TYPE_GRPC},
                 {PORT_WEBSOCKET, PORT_TYPE_WEBSOCKET}};

/* Returns an example for hints: a port that is valid with `healthcheck`. */
static const char *example_port(const struct service_reader *in)
{
    struct str healthcheck = service_value(in, SERVICE_HEALTHCHECK)->text;
    return str_eq_c(healthcheck, "grpc")  ? "{grpc: 9090}"
           : str_eq_c(healthcheck, "tcp") ? "{tcp: 8080}"
                                          : "{http: 8080}";
}

static void read_port(const struct service_reader *in, const struct record *record)
{
    struct port *port = ARENA_NEW(in->reader.arena, struct port);
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(port_keys); i++) {
        if (!record_has(record, port_keys[i].field))
            continue;
        *port = (struct port){.name = STR("main"),
                              .type = port_keys[i].type,
                              .number = record_value(record, port_keys[i].field)->number,
                              .service_port = HTTP_SERVICE_PORT,
                              .at = record_location(record, port_keys[i].field)};
        count++;
    }
    if (count != 1) {
        service_error(in, SERVICE_PORT, RULE_CONFLICTING_FIELDS,
                      "port must contain exactly one of http, tcp, grpc and websocket");
        if (count)
            diag_hint(in->reader.diags, "for several ports, use ports: - {name: main, type: http, "
                                        "port: 8080}");
        else
            diag_hint(in->reader.diags, "for example: port: %s", example_port(in));
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

/* Returns an item of `ports`. Without a valid type, it is of type tcp with an unknown service port.
 */
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

/* Reports an error and returns false if two ports have the same name or number, or if both are
 * http. */
static bool check_duplicate(const struct service_reader *in, const struct record *record,
                            const struct port *port, const struct port *other)
{
    struct diags *diags = in->reader.diags;
    const char *hint = NULL;
    if (port->name.len && str_equal(port->name, other->name)) {
        diag_error(diags, record_location(record, PORTS_NAME), RULE_DUPLICATE_ITEM,
                   "duplicate port name \"%.*s\"", STR_ARG(port->name));
    } else if (port->number && port->number == other->number) {
        diag_error(diags, record_location(record, PORTS_PORT), RULE_DUPLICATE_ITEM,
                   "duplicate port %" PRId64, port->number);
    } else if (port->type != PORT_TYPE_TCP && other->type != PORT_TYPE_TCP) {
        diag_error(diags, record_location(record, PORTS_TYPE), RULE_CONFLICTING_FIELDS,
                   "only one port can have type: http");
        hint = "set type: tcp, without protocol, for each port that public_uri does not route to";
    } else if (port->service_port && port->service_port == other->service_port) {
        bool written = record_has(record, PORTS_SERVICE_PORT);
        diag_error(diags, record_location(record, written ? PORTS_SERVICE_PORT : PORTS_PORT),
                   RULE_DUPLICATE_ITEM, "duplicate service port %" PRId64, port->service_port);
        hint = "set service_port of one of them to another number";
    } else {
        return true;
    }
    if (!diags_full(diags)) /* counting lines takes time */
        diag_hint(diags, "first defined on line %zu%s%s",
                  diag_position(other->at.source, other->at.start).line, hint ? "\n" : "",
                  hint ? hint : "");
    return false;
}

static void read_listed_port(const struct service_reader *in, const struct record *record)
{
    struct service *service = in->service;
    struct port *port = &service->ports[service->port_count];
    *port = port_of(record);
    const char *error = name_check_port(port->name);
    if (error && record_has(record, PORTS_NAME))
        diag_error(in->reader.diags, record_location(record, PORTS_NAME), RULE_INVALID_NAME,
                   "port name %s", error);
    if (port->type == PORT_TYPE_TCP && record_has(record, PORTS_TYPE) &&
        record_has(record, PORTS_PROTOCOL)) {
        diag_error(in->reader.diags, record_location(record, PORTS_PROTOCOL), RULE_REQUIRED_FIELD,
                   "protocol requires type: http");
        diag_hint(in->reader.diags, "remove protocol, or set type: http");
    }
    for (size_t i = 0; i < service->port_count; i++)
        if (!check_duplicate(in, record, port, &service->ports[i]))
            break;
    service->port_count++;
}

static void read_port_list(const struct service_reader *in, const struct value *ports)
{
    in->service->ports = ARENA_ARRAY(in->reader.arena, ports->count, struct port);
    for (size_t i = 0; i < ports->count; i++)
        read_listed_port(in, ports->records[i]);
}

static void report_missing(const struct service_reader *in)
{
    struct location at = in->record->node->span;
    at.end = at.start;
    diag_error(in->reader.diags, at, RULE_MISSING_FIELD,
               "missing required field \"port\" in a k8s-service");
    diag_hint(in->reader.diags, "for example: port: %s\nfor a worker without ports: port: none%s",
              example_port(in),
              record_has(in->record, SERVICE_IMAGE)
                  ? ""
                  : "\nto set fields of a Helm chart, which has its own image and port, pass the "
                    "file to helm-postrender");
}

static void hint_ports(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct buf names = {0};
    for (size_t i = 0; i < service->port_count; i++)
        buf_add_joined(&names, ", ", service->ports[i].name);
    diag_hint(in->reader.diags, "available: %.*s", STR_ARG(buf_str(&names)));
    buf_free(&names);
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
    service_error(in, SERVICE_PROBE_PORT, RULE_UNDEFINED_REFERENCE, "no port named \"%.*s\"",
                  STR_ARG(name));
    if (!diag_suggest(in->reader.diags, &near) && service->port_count)
        hint_ports(in);
    return NULL;
}

/* Warns of a port in nginx_extra_tcp_ports: Opta's ingress-nginx exposed it outside the cluster,
 * which is not done here. Items of `ports` are compared by service port, but `port: {tcp: NUMBER}`
 * by NUMBER, because its service port is always 80. */
static void warn_not_exposed(const struct service_reader *in, const struct port *port)
{
    const struct map *extra_ports = &in->layer->environment.extra_tcp_port_numbers;
    int64_t public = port->type == PORT_TYPE_WEBSOCKET ? port->number : port->service_port;
    struct str number = str_from_int(in->reader.arena, public);
    const struct extra_tcp_port *extra = map_get(extra_ports, number);
    if (!extra || (port->type != PORT_TYPE_TCP && port->type != PORT_TYPE_WEBSOCKET) ||
        layer_is_for_chart(in->layer))
        return;
    extra->self->is_used = true;
    if (in->service->load_balancer && port->type == PORT_TYPE_TCP)
        return;
    diag_warning(in->reader.diags, port->at, RULE_NO_EFFECT,
                 "port %.*s is listed in nginx_extra_tcp_ports, but is reachable only from inside "
                 "the cluster",
                 STR_ARG(number));
    if (port->type == PORT_TYPE_TCP)
        diag_hint(in->reader.diags, "to expose it, set load_balancer: external");
    else
        diag_hint(in->reader.diags, "to expose it, list it in ports with type: tcp, and set "
                                    "load_balancer: external");
}

/* Returns false if the ports are unknown because of an error. */
static bool read_ports(const struct service_reader *in)
{
    const struct value *port = service_value(in, SERVICE_PORT);
    const struct value *ports = service_value(in, SERVICE_PORTS);
    if (ports->invalid) { /* checks the valid items, but no other field may use them */
        read_port_list(in, ports);
        in->service->port_count = 0;
        return false;
    }
    if (port->invalid)
        return false;
    if (port->node && ports->node) {
        service_error(in, SERVICE_PORTS, RULE_CONFLICTING_FIELDS,
                      "port and ports are mutually exclusive");
        diag_hint(in->reader.diags, "use port for one port, or ports for several");
        return false;
    }
    if (port->count)
        read_port(in, port->records[0]);
    else if (ports->node)
        read_port_list(in, ports);
    else if (!port->node && in->service->max_containers > 0 && !layer_is_for_chart(in->layer))
        report_missing(in);
    return true;
}

/* Selects the ports for traffic and for probes. */
static void select_ports(const struct service_reader *in)
{
    struct service *service = in->service;
    for (size_t i = 0; i < service->port_count && !service->public_port; i++)
        if (service->ports[i].type != PORT_TYPE_TCP)
            service->public_port = &service->ports[i];
    for (size_t i = 0; i < service->port_count; i++)
        warn_not_exposed(in, &service->ports[i]);
    if (record_has(in->record, SERVICE_PROBE_PORT))
        service->probe_port = find_port(in, service_value(in, SERVICE_PROBE_PORT)->text);
    else if (service->port_count)
        service->probe_port = &service->ports[0];
}

/* A load balancer that is not internal by mistake would be public. */
static void check_provider(const struct service_reader *in)
{
    const struct provider *provider = in->layer->environment.provider;
    if (in->service->load_balancer != LOAD_BALANCER_INTERNAL || provider->internal_load_balancer ||
        service_has(in->service, SERVICE_SERVICE_ANNOTATIONS) || layer_is_for_chart(in->layer) ||
        in->layer->scope.environment_invalid)
        return;
    service_error(in, SERVICE_LOAD_BALANCER, RULE_EXPOSED_SERVICE,
                  "load_balancer: internal requires a provider or service_annotations, which make "
                  "the load balancer internal");
    diag_hint(in->reader.diags, "set providers in the environment file (aws, google or azurerm), "
                                "or set the annotations of your load balancer in "
                                "service_annotations");
}

/* True if a load balancer with this annotation is internal: an external one has another value of it
 * or none. */
static bool makes_internal(const struct provider *provider,
                           const struct load_balancer_annotation *annotation)
{
    const struct load_balancer_annotation *external = provider->external_load_balancer;
    while (external && external->name && strcmp(external->name, annotation->name) != 0)
        external++;
    return !external || !external->name || strcmp(external->value, annotation->value) != 0;
}

/* Warns of an annotation that may make an internal load balancer public. */
static void warn_public(const struct service_reader *in)
{
    const struct provider *provider = in->layer->environment.provider;
    const struct value *values = service_value(in, SERVICE_SERVICE_ANNOTATIONS);
    const struct load_balancer_annotation *annotation = provider->internal_load_balancer;
    if (in->service->load_balancer != LOAD_BALANCER_INTERNAL || layer_is_for_chart(in->layer))
        return;
    for (; annotation && annotation->name; annotation++)
        for (size_t i = 0; i < values->count; i++) {
            const struct item *item = &values->items[i];
            if (!str_eq_c(item->name, annotation->name) ||
                str_eq_c(item->text, annotation->value) || !makes_internal(provider, annotation))
                continue;
            diag_warning(in->reader.diags, item->node->span, RULE_EXPOSED_SERVICE,
                         "the load balancer may be public: %s replaces \"%s\" of load_balancer: "
                         "internal",
                         annotation->name, annotation->value);
            diag_hint(in->reader.diags, "remove the annotation, or set load_balancer: external");
        }
}

static void read_load_balancer(const struct service_reader *in)
{
    struct str text = service_value(in, SERVICE_LOAD_BALANCER)->text;
    if (!record_has(in->record, SERVICE_LOAD_BALANCER))
        return;
    in->service->load_balancer =
        str_eq_c(text, "internal") ? LOAD_BALANCER_INTERNAL : LOAD_BALANCER_EXTERNAL;
    check_provider(in);
    warn_public(in);
}

static void warn_annotations(const struct service_reader *in)
{
    const struct service *service = in->service;
    if (!service_has(service, SERVICE_SERVICE_ANNOTATIONS) || service->port_count ||
        service->ports_invalid || layer_is_for_chart(in->layer))
        return;
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_SERVICE_ANNOTATIONS),
                 RULE_NO_EFFECT,
                 "service_annotations has no effect without ports: there is no Service");
    diag_hint(in->reader.diags, "remove it, or set port or ports");
}

/* Explains `port: {tcp: NUMBER}`, which means a websocket, as in Opta. */
static void hint_tcp_port(const struct service_reader *in)
{
    const struct value *port = service_value(in, SERVICE_PORT);
    if (port->count && record_has(port->records[0], PORT_TCP))
        diag_hint(in->reader.diags,
                  "port: {tcp: %" PRId64 "} means a websocket, which public_uri exposes\n"
                  "for other protocols: ports: [{name: main, type: tcp, port: %" PRId64 "}]",
                  in->service->ports[0].number, in->service->ports[0].number);
    else
        diag_hint(in->reader.diags, "for example: ports: [{name: mqtt, type: tcp, port: 1883}]\n"
                                    "to expose a port of another type, set public_uri");
}

static void check_load_balancer(const struct service_reader *in)
{
    const struct service *service = in->service;
    for (size_t i = 0; i < service->port_count; i++)
        if (service->ports[i].type == PORT_TYPE_TCP)
            return;
    if (!service->load_balancer || service->ports_invalid || layer_is_for_chart(in->layer))
        return;
    service_error(in, SERVICE_LOAD_BALANCER, RULE_REQUIRED_FIELD,
                  "load_balancer requires a port of type tcp in ports");
    hint_tcp_port(in);
}

void service_read_ports(const struct service_reader *in)
{
    read_load_balancer(in);
    bool invalid =
        service_value(in, SERVICE_PORT)->invalid || service_value(in, SERVICE_PORTS)->invalid;
    size_t errors = in->reader.diags->errors;
    if (read_ports(in))
        select_ports(in);
    in->service->ports_invalid = invalid || in->reader.diags->errors > errors;
    check_load_balancer(in);
    warn_annotations(in);
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

int64_t service_linked_port(struct layer *layer, const struct module *module)
{
    static const enum field_id fields[] = {SERVICE_PORT, SERVICE_PORTS, SERVICE_MAX_CONTAINERS};
    const struct record *record = layer_read_fields(layer, module, fields, COUNT_OF(fields));
    const struct value *ports = record_value(record, SERVICE_PORTS);
    const struct value *single = record_value(record, SERVICE_PORT);
    const struct value *max = record_value(record, SERVICE_MAX_CONTAINERS);
    bool missing = !single->node && !ports->node && !layer_is_for_chart(layer);
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
