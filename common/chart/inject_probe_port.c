/* Handlers of probes, and the port for a new handler. */
#include "chart/inject_target.h"

/* Handlers */

static const struct {
    const char *key;
    enum probe_kind kind;
} handlers[] = {{"httpGet", PROBE_HTTP},
                {"tcpSocket", PROBE_TCP},
                {"grpc", PROBE_GRPC},
                {"exec", PROBE_COMMAND}};

const char *probe_handler_of(const struct node *probe, enum probe_kind *ret_kind)
{
    *ret_kind = PROBE_NONE;
    for (size_t i = 0; i < COUNT_OF(handlers); i++) {
        if (!node_at(probe, handlers[i].key))
            continue;
        *ret_kind = handlers[i].kind;
        return handlers[i].key;
    }
    return NULL;
}

const char *probe_handler_key(enum probe_kind kind)
{
    for (size_t i = 0; i < COUNT_OF(handlers); i++)
        if (handlers[i].kind == kind)
            return handlers[i].key;
    return NULL;
}

/* The port of the container by its name */

/* Port names that match a handler, in order of preference. A TCP probe can use any of them. */
static const char *const *port_names_of(enum probe_kind kind)
{
    static const char *const http[] = {"http", "websocket", NULL};
    static const char *const tcp[] = {"tcp", "http", "websocket", "grpc", NULL};
    static const char *const grpc[] = {"grpc", NULL};
    return kind == PROBE_GRPC ? grpc : kind == PROBE_TCP ? tcp : http;
}

/* True if a name, split at its dashes, contains the word. */
static bool has_word(struct str name, const char *word)
{
    for (size_t at = 0; at < name.len;) {
        size_t end = str_find(name, at, '-');
        if (str_eq_c(str_slice(name, at, end), word))
            return true;
        at = end + 1;
    }
    return false;
}

/* True for a name such as grpc or otlp-grpc. A port for gRPC-Web is probed by HTTP. */
static bool is_grpc_name(struct str name)
{
    return has_word(name, "grpc") && !has_word(name, "web");
}

/* Returns the number of TCP ports with such a name, and the first of them. */
static size_t count_grpc_ports(const struct target *target, const struct node **ret_first)
{
    size_t count = 0;
    *ret_first = NULL;
    for (const struct node *port = node_first_child(node_at(target->container, "ports")); port;
         port = port->next) {
        if (!target_is_tcp_port(port) || !is_grpc_name(node_string(node_at(port, "name"))))
            continue;
        if (count++ == 0)
            *ret_first = port;
    }
    return count;
}

static const struct node *named_port(const struct target *target, enum probe_kind kind)
{
    const struct node *ports = node_at(target->container, "ports");
    for (const char *const *name = port_names_of(kind); *name; name++)
        for (const struct node *port = node_first_child(ports); port; port = port->next)
            if (target_is_tcp_port(port) && str_eq_c(node_string(node_at(port, "name")), *name))
                return port;
    const struct node *first;
    return kind == PROBE_GRPC && count_grpc_ports(target, &first) == 1 ? first : NULL;
}

/* Returns a copy of the name of a container port, else of its number. */
static struct node *port_reference(struct arena *arena, const struct node *port)
{
    const struct node *name = node_at(port, "name");
    const struct node *number = node_at(port, "containerPort");
    return name ? node_copy(arena, name) : number ? node_copy(arena, number) : NULL;
}

/* True if an HTTP probe of the container uses the port. */
static bool has_http_probe(const struct target *target, const struct node *port)
{
    static const char *const keys[] = {"readinessProbe", "livenessProbe", "startupProbe"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        struct str used_port =
            node_string(node_at(node_at(target->container, keys[i]), "httpGet port"));
        if (used_port.len && target_container_port(target->container, used_port) == port)
            return true;
    }
    return false;
}

/* Returns the only port of the container, or the one whose name matches the handler. In fill mode
 * falls back to the first port, but not for gRPC, which few ports support, and never selects a port
 * with HTTP probes for gRPC. */
static struct node *container_port(const struct target *target, enum probe_kind kind)
{
    const struct node *first = NULL;
    size_t count = 0;
    for (const struct node *port = node_first_child(node_at(target->container, "ports")); port;
         port = port->next) {
        if (!target_is_tcp_port(port))
            continue;
        first = first ? first : port;
        count++;
    }
    const struct node *chosen = count == 1 ? first : named_port(target, kind);
    if (!chosen && target->fill && kind != PROBE_GRPC)
        chosen = first;
    if (chosen && target->fill && kind == PROBE_GRPC && has_http_probe(target, chosen))
        chosen = NULL;
    return chosen ? port_reference(target->injection->arena, chosen) : NULL;
}

/* The port of other probes and of Services */

/* True if a probe of kind `kind` can use the port of a probe of kind `other`. A port with HTTP
 * probes may not support gRPC: often it is for metrics. `strict`: a port of the container is named
 * after the protocol of `kind`, so ports of other protocols are not used. */
static bool handler_accepts(enum probe_kind kind, enum probe_kind other, bool strict)
{
    if (kind == PROBE_GRPC)
        return other == PROBE_GRPC || (other == PROBE_TCP && !strict);
    return kind != PROBE_HTTP || other != PROBE_GRPC || !strict;
}

/* Returns the port of the probe with that key, else of another probe that fits; NULL if none does.
 */
static const struct node *other_probe_port(const struct target *target, const char *key,
                                           enum probe_kind kind, bool strict)
{
    const char *const keys[] = {key, "readinessProbe", "livenessProbe", "startupProbe"};
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        enum probe_kind other;
        const struct node *probe = node_at(target->container, keys[i]);
        const char *handler = probe_handler_of(probe, &other);
        const struct node *port = handler ? node_at(node_at(probe, handler), "port") : NULL;
        if (port && handler_accepts(kind, other, strict))
            return port;
    }
    return NULL;
}

static bool is_named_grpc(const struct target *target, const struct node *port)
{
    const struct node *item = target_container_port(target->container, node_string(port));
    return is_grpc_name(node_string(node_at(item, "name")));
}

/* Returns the number of a port, because gRPC probes accept no names; NULL if it is unknown. */
static struct node *to_port_number(const struct target *target, struct node *port)
{
    struct arena *arena = target->injection->arena;
    int64_t number;
    if (node_to_int(port, &number))
        return node_int(arena, number);
    const struct node *item = target_container_port(target->container, node_string(port));
    const struct node *number_node = node_at(item, "containerPort");
    return number_node ? node_copy(arena, number_node) : NULL;
}

const struct port *probe_configured_port(const struct target *target, enum probe_kind kind)
{
    const struct port *port = service_probe_port(target->service, kind);
    struct injection *injection = target->injection;
    if (port)
        map_add_object(injection->run_arena, &injection->port_users, target->service,
                       target->service);
    return port;
}

struct node *probe_find_port(const struct target *target, const char *key, enum probe_kind kind)
{
    struct arena *arena = target->injection->arena;
    const struct port *configured = probe_configured_port(target, kind);
    if (configured)
        return node_int(arena, configured->number);
    const struct node *first;
    bool named = kind == PROBE_GRPC ? count_grpc_ports(target, &first) > 0
                                    : kind == PROBE_HTTP && named_port(target, kind);
    const struct node *other = other_probe_port(target, key, kind, named);
    struct node *port = other ? node_copy(arena, other) : NULL;
    if (!port && !(named && kind == PROBE_GRPC))
        port = target_service_port(target, target->container);
    if (port && named && kind == PROBE_HTTP && is_named_grpc(target, port))
        port = NULL;
    if (!port)
        port = container_port(target, kind);
    return port && kind == PROBE_GRPC ? to_port_number(target, port) : port;
}

/* Errors */

/* Lists the TCP ports of the container for a message; empty if there are none. */
static struct str list_ports(const struct target *target)
{
    enum { LISTED_MAX = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct node *port = node_first_child(node_at(target->container, "ports")); port;
         port = port->next) {
        struct str number = node_string(node_at(port, "containerPort"));
        struct str name = node_string(node_at(port, "name"));
        if (!target_is_tcp_port(port))
            continue;
        if (++count > LISTED_MAX) {
            buf_add(&names, STR(", ..."));
            break;
        }
        buf_format(&names, "%s%.*s", count > 1 ? ", " : "", STR_ARG(number));
        if (name.len)
            buf_format(&names, " (%.*s)", STR_ARG(name));
    }
    return buf_take(target->injection->arena, &names);
}

struct node *probe_choose_port(const struct target *target, const char *key, enum probe_kind kind,
                               enum field_id at)
{
    struct node *port = probe_find_port(target, key, kind);
    if (port)
        return port;
    struct arena *arena = target->injection->arena;
    struct str names = list_ports(target);
    const char *example = kind == PROBE_GRPC  ? "port: {grpc: 9090}"
                          : kind == PROBE_TCP ? "port: {tcp: 8080}"
                                              : "port: {http: 8080}";
    struct str hint = names.len ? str_format(arena, "available: %.*s\nselect one, for example: %s",
                                             STR_ARG(names), example)
                                : str_format(arena, "write its number, for example: %s", example);
    const char *reason = names.len ? "cannot determine the port to probe"
                         : node_first_child(node_at(target->container, "ports"))
                             ? "the container declares no TCP ports"
                             : "the container declares no ports";
    target_refuse(target, at, RULE_CHART_CONFLICT, key, reason, hint.data);
    return NULL;
}
