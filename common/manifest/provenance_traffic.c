/* Rules for Ingresses, routes and the objects around them. */
#include "manifest/provenance_rules.h"
#include "manifest/traffic_gateway.h"
#include "manifest/traffic_ingress.h"

/* Fields of the Gateway */

static const struct record *record_of_gateway(const struct trace *trace)
{
    enum field_id field = trace->service->internal ? FILE_INTERNAL_GATEWAY : FILE_GATEWAY;
    const struct record *file = trace->layer->environment.file;
    const struct value *value = file ? record_value(file, field) : NULL;
    return value && value->count ? value->records[0] : NULL;
}

static void from_gateway(struct trace *trace, enum field_id field, const char *reason)
{
    from_value(trace, record_of_gateway(trace), field, reason, NULL);
}

void rule_gateway_listener_sets(struct trace *trace, const char *reason)
{
    from_gateway(trace, GATEWAY_LISTENER_SETS, reason);
}

static bool is_redirect(const struct trace *trace)
{
    const struct node *rule = node_first_child(node_at(trace->object, "spec rules"));
    const struct node *filter = node_first_child(node_at(rule, "filters"));
    return filter && node_get(filter, "requestRedirect");
}

/* Routes */

/* Returns the host of an object; empty: all hosts. */
static struct str host_of(const struct trace *trace)
{
    const struct node *spec = node_get(trace->object, "spec");
    const struct node *routed = node_at(spec, "hostnames");
    const struct node *certified = node_at(spec, "dnsNames");
    if (routed || certified)
        return (routed ? routed : certified)->first->text;
    const struct node *holder = node_first_child(node_at(spec, "rules"));
    if (holder && node_at(holder, "host"))
        return node_at(holder, "host")->text;
    return node_string(node_at(node_first_child(node_at(spec, "listeners")), "hostname"));
}

static struct str prefix_of_match(const struct node *match)
{
    struct str value = node_string(node_at(match, "path value"));
    return str_eq_c(value, "/") ? STR("") : value;
}

/* Sets the path prefix that the line is for. Returns false if it is for all of the host. */
static bool find_prefix(const struct trace *trace, struct str *ret)
{
    for (size_t i = trace->depth; i > 0; i--) {
        const struct step *step = &trace->steps[i - 1];
        const struct node *match =
            step->is_item ? node_first_child(node_at(step->node, "matches")) : NULL;
        if (step->is_item && node_at(step->node, "path value"))
            match = step->node;
        if (match)
            *ret = prefix_of_match(match);
        if (match)
            return true;
    }
    return false;
}

/* Returns the route of the line: in an Ingress, paths are in the order of the routes. */
static const struct route *route_of(const struct trace *trace)
{
    const struct service *service = trace->service;
    struct str host = host_of(trace);
    struct str prefix;
    size_t from = 0;
    while (from + 1 < service->route_count && !str_equal(service->routes[from].host, host))
        from++;
    if (str_eq_c(trace->kind, "Ingress") && trace->depth > 5)
        return &service->routes[from + step_at(trace, 5)->index];
    for (size_t i = from; find_prefix(trace, &prefix) && i < service->route_count; i++)
        if (str_equal(service->routes[i].host, host) &&
            str_equal(service->routes[i].prefix, prefix))
            return &service->routes[i];
    return &service->routes[from];
}

void rule_route(struct trace *trace, const char *reason)
{
    from_location(trace, route_of(trace)->at, reason);
}

static void from_port_of_traffic(struct trace *trace, const char *reason)
{
    from_location(trace, trace->traffic.protocol_at, reason);
}

void rule_public_port_name(struct trace *trace, const char *reason)
{
    const struct service *service = trace->service;
    from_port(trace, (size_t)(service->public_port - service->ports), PORTS_NAME, reason,
              REASON("the name of the only port"));
}

void from_assumed_https(struct trace *trace)
{
    const struct service *service = trace->service;
    const struct port *port = service->public_port;
    from_port(trace, (size_t)(port - service->ports),
              port->service_port == HTTPS_PORT ? PORTS_SERVICE_PORT : PORTS_NAME,
              REASON("Traefik uses HTTPS for port 443 and ports named https"), NULL);
}

void rule_traefik_scheme(struct trace *trace, const char *reason)
{
    if (trace->traffic.protocol == PORT_TYPE_GRPC)
        from_port_of_traffic(trace, reason);
    else
        from_assumed_https(trace);
}

void rule_public_service_port(struct trace *trace, const char *reason)
{
    const struct service *service = trace->service;
    const struct value *ports = record_value(service->record, SERVICE_PORTS);
    size_t index = (size_t)(service->public_port - service->ports);
    const char *text = REASON("the port of the Service");
    (void)reason;
    if (ports->count && record_has(ports->records[index], PORTS_SERVICE_PORT))
        from_port(trace, index, PORTS_SERVICE_PORT, text, NULL);
    else
        from_port_of_traffic(trace, text);
}

void rule_route_kind(struct trace *trace, const char *reason)
{
    (void)reason;
    if (str_eq_c(trace->kind, "Ingress")) {
        from_location(trace, route_of(trace)->at, NULL);
        return;
    }
    if (is_redirect(trace)) {
        from_gateway(trace, GATEWAY_HTTP_LISTENER, NULL);
        return;
    }
    from_location(trace, route_of(trace)->at, NULL);
    from_gateway(trace, GATEWAY_NAME, NULL);
    if (trace->traffic.protocol == PORT_TYPE_GRPC)
        from_port_of_traffic(trace, NULL);
}

/* Ingresses */

static void from_class(struct trace *trace, const char *set)
{
    bool internal = trace->service->internal && trace->layer->environment.internal_class.len;
    from_environment(trace, internal ? FILE_INTERNAL_INGRESS_CLASS : FILE_INGRESS_CLASS, set,
                     REASON("the class of ingress-nginx"));
    if (internal)
        from_field(trace, SERVICE_INTERNAL, NULL, NULL);
}

void rule_ingress_class(struct trace *trace, const char *reason)
{
    from_class(trace, reason);
}

void rule_certificate(struct trace *trace, const char *reason)
{
    (void)reason;
    if (trace->traffic.tls.issuer.len)
        from_environment(
            trace, FILE_CLUSTER_ISSUER,
            REASON("cert-manager creates this Secret, which is named like the object of "
                   "the host"),
            NULL);
    else
        from_environment(trace, FILE_TLS_SECRET, NULL, NULL);
}

static bool is_regex(const struct trace *trace)
{
    const struct node *item = trace->steps[trace->depth - 2].node;
    return str_eq_c(node_get(item, "pathType")->text, "ImplementationSpecific");
}

void rule_ingress_path(struct trace *trace, const char *reason)
{
    (void)reason;
    from_location(trace, route_of(trace)->at,
                  is_regex(trace) ? REASON("a regular expression, of which the annotation "
                                           "rewrite-target uses the last part")
                                  : NULL);
}

void rule_ingress_path_type(struct trace *trace, const char *reason)
{
    (void)reason;
    if (is_regex(trace))
        from_constant(trace,
                      REASON("ingress-nginx reads paths of this type as regular expressions"));
    else
        from_constant(trace, REASON("the path and all paths below it"));
}

/* Returns false for the annotations of nginx. */
static bool from_other_annotation(struct trace *trace, struct str key)
{
    if (str_eq_c(key, CLASS_ANNOTATION))
        from_class(trace, REASON("GKE reads the class from this annotation"));
    else if (str_eq_c(key, ALB_TARGET_ANNOTATION))
        from_class(trace, REASON("the load balancer sends requests to the pods"));
    else if (str_eq_c(key, "cert-manager.io/cluster-issuer"))
        from_environment(trace, FILE_CLUSTER_ISSUER, NULL, NULL);
    else
        return false;
    return true;
}

void rule_ingress_annotation(struct trace *trace, const char *reason)
{
    static const struct {
        const char *key;
        enum field_id field;
        const char *reason;
    } rows[] = {
        {"use-regex", SERVICE_PUBLIC_URI, REASON("the paths of the host are regular expressions")},
        {"rewrite-target", SERVICE_KEEP_PATH_PREFIX,
         REASON("the path prefix is removed from the path of requests")},
        {"affinity", SERVICE_STICKY_SESSION, NULL},
        {"affinity-mode", SERVICE_STICKY_SESSION,
         REASON("new pods do not take over clients of others")},
        {"session-cookie-name", SERVICE_STICKY_SESSION, REASON("the cookie that Opta used")},
        {"session-cookie-max-age", SERVICE_STICKY_MAX_AGE,
         REASON("clients return to the same pod for this time")},
        {"session-cookie-expires", SERVICE_STICKY_MAX_AGE,
         REASON("clients return to the same pod for this time")},
        {"upstream-hash-by", SERVICE_CONSISTENT_HASH, NULL},
    };
    struct str key = step_last(trace);
    (void)reason;
    if (from_item(trace, trace->traffic.annotations, key))
        return;
    if (from_other_annotation(trace, key))
        return;
    struct str name = str_skip(key, STR(NGINX_ANNOTATION).len);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!str_eq_c(name, rows[i].key))
            continue;
        from_field(trace, rows[i].field, rows[i].reason, rows[i].reason);
        return;
    }
    if (str_eq_c(name, "session-cookie-path"))
        rule_cookie_path(trace, NULL);
    else if (str_eq_c(name, "backend-protocol"))
        from_port_of_traffic(trace, REASON("the type of the port"));
    else
        from_port_of_traffic(trace, REASON("a websocket may be idle for an hour"));
}

void rule_cookie_path(struct trace *trace, const char *reason)
{
    (void)reason;
    from_field(trace, SERVICE_STICKY_SESSION, NULL, NULL);
    from_field(trace, SERVICE_PUBLIC_URI, REASON("the prefix that all paths share"), NULL);
}

/* Parents of routes */

void rule_parent_set(struct trace *trace, const char *reason)
{
    from_gateway(trace, GATEWAY_LISTENER_SETS, reason);
}

/* True if the parent is a ListenerSet. */
static bool has_set(const struct trace *trace)
{
    return step_at(trace, 2)->is_item && node_get(step_at(trace, 2)->node, "group");
}

void rule_parent_name(struct trace *trace, const char *reason)
{
    (void)reason;
    if (has_set(trace))
        from_location(trace, route_of(trace)->at, REASON("the ListenerSet of the host"));
    else
        from_gateway(trace, GATEWAY_NAME,
                     str_eq_c(step_last(trace), "name") ? REASON("the part after the slash")
                                                        : REASON("the part before the slash"));
}

void rule_parent_listener(struct trace *trace, const char *reason)
{
    (void)reason;
    if (has_set(trace))
        from_gateway(trace, GATEWAY_LISTENER_SETS, REASON("the listener of the ListenerSet"));
    else if (is_redirect(trace))
        from_gateway(trace, GATEWAY_HTTP_LISTENER, NULL);
    else
        from_gateway(trace, GATEWAY_LISTENER, NULL);
}

/* Filters */

void rule_redirect(struct trace *trace, const char *reason)
{
    from_gateway(trace, GATEWAY_HTTP_LISTENER, reason);
}

void rule_rewrite(struct trace *trace, const char *reason)
{
    from_field(trace, SERVICE_KEEP_PATH_PREFIX, reason, reason);
}

void rule_filter(struct trace *trace, const char *reason)
{
    const struct node *filter = trace->steps[trace->depth - 2].node;
    (void)reason;
    if (node_get(filter, "requestRedirect"))
        rule_redirect(trace, REASON("HTTP is redirected to HTTPS"));
    else
        rule_rewrite(trace, REASON("the path prefix is removed from the path of requests"));
}

/* Policies of Envoy Gateway */

static bool has_cookie(const struct trace *trace)
{
    return trace->traffic.affinity.cookie.len && !gateway_has_session_persistence(&trace->traffic);
}

void rule_policy_kind(struct trace *trace, const char *reason)
{
    if (has_cookie(trace))
        from_field(trace, SERVICE_STICKY_SESSION, reason, NULL);
    else if (trace->traffic.hash.count)
        from_field(trace, SERVICE_CONSISTENT_HASH, reason, NULL);
    if (trace->traffic.idle_timeout)
        from_port_of_traffic(trace, reason);
    if (trace->line->count == 0)
        from_gateway(trace, GATEWAY_TYPE, reason);
}

void rule_policy_request(struct trace *trace, const char *reason)
{
    if (trace->traffic.idle_timeout)
        from_port_of_traffic(trace, REASON("a websocket has no end that could be awaited"));
    else
        from_constant(trace, reason);
}

void rule_policy_idle(struct trace *trace, const char *reason)
{
    if (trace->traffic.idle_timeout)
        from_port_of_traffic(trace, REASON("a websocket may be idle for an hour"));
    else
        from_constant(trace, reason);
}

void rule_policy_hash(struct trace *trace, const char *reason)
{
    (void)reason;
    if (has_cookie(trace))
        from_field(trace, SERVICE_STICKY_SESSION, REASON("the cookie selects the pod"), NULL);
    else
        from_field(trace, SERVICE_CONSISTENT_HASH,
                   REASON("the part of a request that the variable names selects the pod"), NULL);
}

void rule_policy_target(struct trace *trace, const char *reason)
{
    (void)reason;
    from_field(trace, SERVICE_PUBLIC_URI, REASON("the route of the host"), NULL);
}
