/* ports and expose. */
#include "format/name.h"
#include "import/compose_reader.h"

#include <inttypes.h>

enum { HTTP_SERVICE_PORT = 80 };

/* Ports of well-known protocols that are not HTTP. */
static const struct {
    int64_t number;
    const char *name;
} tcp_ports[] = {
    {22, "ssh"},          {25, "smtp"},         {53, "dns"},         {389, "ldap"},
    {443, "https"},       {465, "smtps"},       {587, "submission"}, {636, "ldaps"},
    {1025, "smtp"},       {1433, "mssql"},      {1521, "oracle"},    {1883, "mqtt"},
    {2181, "zookeeper"},  {3306, "mysql"},      {4222, "nats"},      {5432, "postgres"},
    {5671, "amqps"},      {5672, "amqp"},       {6379, "redis"},     {7687, "bolt"},
    {8443, "https"},      {8883, "mqtts"},      {9042, "cassandra"}, {9092, "kafka"},
    {11211, "memcached"}, {26257, "cockroach"}, {27017, "mongodb"},  {29092, "kafka"},
    {5044, "beats"},      {6432, "pgbouncer"},  {9093, "kafka"},     {9300, "transport"},
    {9101, "jmx"},        {9229, "inspector"},  {9999, "jmx"},       {33060, "mysqlx"},
};

static const char *tcp_name(int64_t number)
{
    for (size_t i = 0; i < COUNT_OF(tcp_ports); i++)
        if (tcp_ports[i].number == number)
            return tcp_ports[i].name;
    return NULL;
}

/* True for a port of a debugger or of metrics, which is not the main one of several. */
static bool is_secondary(const struct compose_port *port)
{
    static const int64_t numbers[] = {9101, 9229, 9999, 33060};
    for (size_t i = 0; i < COUNT_OF(numbers); i++)
        if (port->number == numbers[i])
            return true;
    return false;
}

struct compose_port *compose_add_port(struct compose_service *service, int64_t number,
                                      struct location at)
{
    for (size_t i = 0; i < service->port_count; i++)
        if (service->ports[i].number == number)
            return &service->ports[i];
    if (service->port_count == PORTS_PER_SERVICE_MAX) {
        compose_lost(service, at, "port %" PRId64 " is not carried over: a service can have %d",
                     number, PORTS_PER_SERVICE_MAX);
        return NULL;
    }
    struct compose_port *port = &service->ports[service->port_count++];
    *port = (struct compose_port){.number = number, .at = at};
    return port;
}

/* Parses "80" or "80-82". */
static bool parse_range(struct str text, int64_t *ret_first, int64_t *ret_last)
{
    size_t dash = str_find(text, 0, '-');
    struct str first = str_slice(text, 0, dash);
    struct str last = dash < text.len ? str_skip(text, dash + 1) : first;
    return str_to_int(first, ret_first) && str_to_int(last, ret_last) && *ret_first >= 1 &&
           *ret_first <= *ret_last && *ret_last <= PORT_MAX;
}

static void report_invalid(const struct compose_service *service, const struct node *node)
{
    if (node->kind == NODE_SCALAR && str_find(node->text, 0, '$') < node->text.len) {
        compose_lost(service, node->span,
                     "a port is not carried over, because it has variables without defaults");
        return;
    }
    diag_error(service->compose->diags, node->span, RULE_INVALID_COMPOSE, "invalid port");
    diag_hint(service->compose->diags,
              "write PORT, PUBLISHED:PORT or PUBLISHED:PORT/PROTOCOL, for example 8080:80/tcp");
}

/* Adds the ports of a range. Returns the first one; NULL if none is added. */
static struct compose_port *add_range(struct compose_service *service, const struct node *node,
                                      struct str target, struct str protocol)
{
    int64_t first;
    int64_t last;
    if (!parse_range(target, &first, &last)) {
        report_invalid(service, node);
        return NULL;
    }
    if (protocol.len && !str_eq_c_nocase(protocol, "tcp")) {
        compose_lost(service, node->span,
                     "port %.*s is not carried over: services have no %.*s ports", STR_ARG(target),
                     STR_ARG(protocol));
        return NULL;
    }
    if (last - first >= PORTS_PER_SERVICE_MAX) {
        compose_lost(service, node->span,
                     "ports %.*s are not carried over: list each port that the service needs",
                     STR_ARG(target));
        return NULL;
    }
    struct compose_port *port = compose_add_port(service, first, node->span);
    for (int64_t number = first + 1; number <= last; number++)
        compose_add_port(service, number, node->span);
    return port;
}

static void note_published(const struct compose_service *service, const struct node *node,
                           struct str published)
{
    compose_ignored(service, node->span,
                    "published port %.*s is not needed: set public_uri to make the service public, "
                    "or run kubectl port-forward",
                    STR_ARG(published));
}

/* [[IP:]PUBLISHED:]TARGET[/PROTOCOL] */
static void read_short(struct compose_service *service, const struct node *node)
{
    struct str text = compose_string(service, node, COMPOSE_FIXED);
    size_t slash = str_find(text, 0, '/');
    struct str protocol = str_skip(text, slash + 1);
    struct str numbers = str_slice(text, 0, slash);
    size_t colon = numbers.len;
    while (colon > 0 && numbers.data[colon - 1] != ':')
        colon--;
    if (add_range(service, node, str_skip(numbers, colon), protocol) && colon > 1)
        note_published(service, node, str_slice(numbers, 0, colon - 1));
}

static struct str text_of(const struct compose_service *service, const struct node *map,
                          const char *key)
{
    const struct node *value = compose_get(map, key);
    return value ? compose_string(service, value, COMPOSE_FIXED) : STR("");
}

static void read_long(struct compose_service *service, const struct node *node)
{
    if (!compose_check_keys(service->compose, service, COMPOSE_PORT, node, "ports."))
        return;
    struct compose_port *port = add_range(service, node, text_of(service, node, "target"),
                                          text_of(service, node, "protocol"));
    struct str published = text_of(service, node, "published");
    struct str app = text_of(service, node, "app_protocol");
    if (!port)
        return;
    port->name = text_of(service, node, "name");
    port->is_http |= str_eq_c_nocase(app, "http");
    if (app.len && !port->is_http)
        compose_lost(service, node->span,
                     "app_protocol %.*s is not carried over: set the type of "
                     "the port",
                     STR_ARG(app));
    if (published.len)
        note_published(service, node, published);
}

static void read_exposed(struct compose_service *service, const struct node *node)
{
    struct str text = compose_string(service, node, COMPOSE_FIXED);
    size_t slash = str_find(text, 0, '/');
    add_range(service, node, str_slice(text, 0, slash), str_skip(text, slash + 1));
}

void compose_read_ports(struct compose_service *service)
{
    const struct node *ports = compose_get(service->node, "ports");
    const struct node *expose = compose_get(service->node, "expose");
    if (ports && ports->kind != NODE_LIST)
        compose_report_kind(service->compose, ports, "ports", "a list");
    else
        for (const struct node *item = node_first_child(ports); item; item = item->next)
            item->kind == NODE_MAP ? read_long(service, item) : read_short(service, item);
    if (expose && expose->kind != NODE_LIST)
        compose_report_kind(service->compose, expose, "expose", "a list");
    else
        for (const struct node *item = node_first_child(expose); item; item = item->next)
            read_exposed(service, item);
}

static const struct compose_addresses *addresses_of(const struct compose_service *service)
{
    return map_get(&service->compose->addresses, service->key);
}

/* True if a string of the file has the address of this port. */
static bool is_addressed(const struct compose_service *service, int64_t number)
{
    const struct compose_addresses *list = addresses_of(service);
    for (size_t i = 0; list && i < list->count; i++)
        if (list->items[i].port == number)
            return true;
    return false;
}

/* In Compose, services reach all ports of each other, also those that the file does not list. */
static void add_unlisted(struct compose_service *service)
{
    struct location at = service->node->key->span;
    const struct compose_addresses *list = addresses_of(service);
    for (size_t i = 0; list && i < list->count; i++) {
        const struct compose_address *address = &list->items[i];
        size_t count = service->port_count;
        compose_add_port(service, address->port, at);
        if (service->port_count > count)
            compose_ignored(service, at,
                            "port %" PRId64
                            " is added, because the file has the address %.*s:%" PRId64,
                            address->port, STR_ARG(address->host), address->port);
    }
    if (service->port_count)
        return;
    if (service->image && compose_add_port(service, service->image->port, at))
        compose_ignored(service, at, "port %" PRId64 " is added, which is that of the image",
                        service->image->port);
    else if (map_get(&service->compose->dependencies, service->key) &&
             !map_get(&service->compose->tasks, service->key))
        compose_lost(service, at,
                     "the file has no port of the service, so that others cannot reach it: write "
                     "port if it has one");
}

/* True if a single HTTP port may become port 80 of the Service: no other service needs it. */
static bool may_move(const struct compose_service *service, const struct compose_port *http)
{
    return service->port_count == 1 && (http->number == HTTP_SERVICE_PORT ||
                                        (!is_addressed(service, http->number) &&
                                         !map_get(&service->compose->dependencies, service->key)));
}

/* Reports what is not obvious about an HTTP port. */
static void note_http(const struct compose_service *service, const struct compose_port *http,
                      bool moves)
{
    struct str address =
        moves && http->number != HTTP_SERVICE_PORT
            ? str_format(service->arena, ", and other services reach it as http://%.*s",
                         STR_ARG(service->name))
            : STR("");
    if (!http->is_http)
        compose_ignored(service, http->at,
                        "port %" PRId64
                        " is assumed to serve HTTP%.*s; for another protocol, write "
                        "it in ports with type: tcp",
                        http->number, STR_ARG(address));
    else if (address.len)
        compose_ignored(service, http->at, "port %" PRId64 " serves HTTP%.*s", http->number,
                        STR_ARG(address));
}

/* Returns the port of the image if the service has it; otherwise NULL. */
static const struct compose_port *port_of_image(const struct compose_service *service)
{
    for (size_t i = 0; service->image && i < service->port_count; i++)
        if (service->ports[i].number == service->image->port)
            return &service->ports[i];
    return NULL;
}

/* Returns the port that serves HTTP; NULL if there is none. Without a health check, it is that of
 * the image, or the first one that is not known to be another protocol. */
static const struct compose_port *http_port(const struct compose_service *service)
{
    const struct compose_image *image = service->image;
    const struct compose_port *own = port_of_image(service);
    for (size_t i = 0; i < service->port_count; i++)
        if (service->ports[i].is_http)
            return &service->ports[i];
    if (image && (own || !image->is_http))
        return image->is_http ? own : NULL;
    for (size_t i = 0; i < service->port_count; i++)
        if (!tcp_name(service->ports[i].number))
            return &service->ports[i];
    return service->port_count == 1 && is_secondary(service->ports) ? service->ports : NULL;
}

/* Returns the port that comes first, and is probed; NULL if the service has none. */
static const struct compose_port *main_port(const struct compose_service *service,
                                            const struct compose_port *http)
{
    const struct compose_port *own = port_of_image(service);
    if (http || own)
        return http ? http : own;
    for (size_t i = 0; i < service->port_count; i++)
        if (!is_secondary(&service->ports[i]))
            return &service->ports[i];
    return service->port_count ? service->ports : NULL;
}

static bool is_name_taken(const struct node *list, struct str name)
{
    for (const struct node *item = list->first; item; item = item->next)
        if (str_equal(node_string(import_get(item, PORTS_NAME)), name))
            return true;
    return false;
}

/* Notes that a port has another name than in the file. */
static void note_port_name(const struct compose_service *service, const struct compose_port *port,
                           struct str name)
{
    if (port->name.len && !str_equal(port->name, name))
        compose_ignored(service, port->at, "port %.*s is named %.*s", STR_ARG(port->name),
                        STR_ARG(name));
}

static void add_listed(struct compose_service *service, struct node *list,
                       const struct compose_port *port, bool http)
{
    struct import *import = service->import;
    const char *known = http ? "http" : tcp_name(port->number);
    struct str name = port->name;
    if (name.len == 0 || name_check_port(name) || is_name_taken(list, name))
        name = str_from_c(known);
    if (name.len == 0 || is_name_taken(list, name))
        name = str_format(service->arena, "tcp-%" PRId64, port->number);
    note_port_name(service, port, name);
    struct node *item = import_item_map(import, list, port->at);
    import_string(import, item, PORTS_NAME, name, port->at);
    import_string(import, item, PORTS_TYPE, http ? STR("http") : STR("tcp"), port->at);
    import_int(import, item, PORTS_PORT, port->number, port->at);
    if (http && port->number != HTTP_SERVICE_PORT)
        import_int(import, item, PORTS_SERVICE_PORT, port->number, port->at);
}

/* The Service has the same ports as the container, so that addresses in other services stay valid,
 * except a single HTTP port that no other service needs: it becomes port 80. */
void compose_write_ports(struct compose_service *service)
{
    struct import *import = service->import;
    add_unlisted(service);
    const struct compose_port *http = http_port(service);
    const struct compose_port *first = main_port(service, http);
    bool moves = http && may_move(service, http);
    if (http)
        note_http(service, http, moves);
    if (!first) {
        import_string(import, service->module, SERVICE_PORT, STR("none"), service->node->key->span);
        node_remove(service->module, schema_field(SERVICE_HEALTHCHECK)->name); /* it is none */
        return;
    }
    if (moves) {
        struct node *port = import_map(import, service->module, SERVICE_PORT, http->at);
        import_int(import, port, PORT_HTTP, http->number, http->at);
        note_port_name(service, http, STR("main"));
        return;
    }
    struct node *list = import_list(import, service->module, SERVICE_PORTS, service->ports[0].at);
    add_listed(service, list, first, first == http);
    for (size_t i = 0; i < service->port_count; i++)
        if (&service->ports[i] != first)
            add_listed(service, list, &service->ports[i], false);
}
