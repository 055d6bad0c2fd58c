/* Applies the traffic settings of a service to the routes of the chart, as the type of their
 * Gateway expresses them. */
#include "chart/inject_served.h"
#include "manifest/traffic_gateway.h"
#include "manifest/traffic_ingress.h"

/* The settings of a service that routes may have. */
static bool has_settings(const struct target *target, const struct traffic *traffic)
{
    return traffic->affinity.cookie.len || traffic->hash.count || traffic->idle_timeout ||
           traffic->annotations->count || traffic->protocol == PORT_TYPE_GRPC ||
           target_has(target, SERVICE_STICKY_SESSION);
}

/* The Gateway of a route */

static bool is_gateway(const struct node *parent)
{
    struct str kind = node_string(node_at(parent, "kind"));
    return kind.len == 0 || str_eq_c(kind, "Gateway");
}

static struct str namespace_of(const struct object *route, const struct node *parent)
{
    struct str namespace = node_string(node_at(parent, "namespace"));
    return namespace.len ? namespace : route->namespace;
}

/* True if a parent of a route may be the Gateway. The namespace of the release is unknown. */
static bool is_parent(const struct object *route, const struct node *parent,
                      const struct gateway *gateway)
{
    struct str namespace = namespace_of(route, parent);
    return is_gateway(parent) && str_equal(node_string(node_at(parent, "name")), gateway->name) &&
           (namespace.len == 0 || str_equal(namespace, gateway->namespace));
}

bool served_uses_listener(const struct node *parent, const struct gateway *gateway)
{
    struct str listener = node_string(node_at(parent, "sectionName"));
    return listener.len == 0 || gateway->listener.len == 0 ||
           str_equal(listener, gateway->listener) || str_equal(listener, gateway->http_listener);
}

/* True if the route may be attached to the Gateway; `by_listener`: to a listener that the
 * environment names. */
static bool has_parent(const struct object *route, const struct gateway *gateway, bool by_listener)
{
    const struct node *parents = node_at(object_node(route), "spec parentRefs");
    for (const struct node *each = node_first_child(parents); each; each = each->next)
        if (is_parent(route, each, gateway) &&
            (!by_listener || served_uses_listener(each, gateway)))
            return true;
    return false;
}

/* True if the route may be attached to the Gateway. That of a ListenerSet is unknown. */
static bool is_attached_to(const struct object *route, const struct gateway *gateway,
                           bool by_listener)
{
    const struct node *parents = node_at(object_node(route), "spec parentRefs");
    for (const struct node *each = node_first_child(parents); each; each = each->next)
        if (str_ends_with(node_string(node_at(each, "kind")), STR("ListenerSet")))
            return true;
    return has_parent(route, gateway, by_listener);
}

/* Returns the Gateway of the environment that the route is attached to, or NULL. */
static const struct gateway *gateway_of(const struct target *target, const struct object *route)
{
    const struct environment *environment = &target->service->layer->environment;
    const struct gateway *own = service_gateway(target->service);
    const struct gateway *other =
        target->service->internal ? environment->gateway : environment->internal_gateway;
    for (int by_listener = 1; by_listener >= 0; by_listener--) {
        if (own && is_attached_to(route, own, by_listener))
            return own;
        if (other && is_attached_to(route, other, by_listener))
            return other;
    }
    return NULL;
}

/* Returns the first Gateway that the route is attached to, as NAMESPACE/NAME. */
static struct str gateway_name(struct arena *arena, const struct object *route)
{
    const struct node *each = node_first_child(node_at(object_node(route), "spec parentRefs"));
    while (each && !is_gateway(each))
        each = each->next;
    struct str namespace = each ? namespace_of(route, each) : STR("");
    return str_format(arena, "%.*s/%.*s", STR_ARG(namespace.len ? namespace : STR("NAMESPACE")),
                      STR_ARG(each ? node_string(node_at(each, "name")) : STR("NAME")));
}

/* Checks */

/* Why no setting can be applied to a route; NULL: they can. */
static const char *reason_against(const struct object *route, const struct gateway *gateway)
{
    if (str_eq_c(route->kind, "TLSRoute"))
        return "it forwards encrypted connections, not requests";
    return gateway ? NULL : "the environment does not describe its Gateway";
}

/* True if the message was reported at the same location, for another route. */
static bool is_reported(const struct diags *diags, struct location at, struct str message)
{
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *diag = &diags->items[i];
        if (diag->at.source == at.source && diag->at.start == at.start &&
            str_equal(diag->message, message))
            return true;
    }
    return false;
}

/* Reports a setting that cannot be applied to a route, as an error or a warning. */
static void report_setting(const struct target *target, const struct object *route,
                           const char *setting, struct location at, bool only_warn)
{
    const char *reason = reason_against(route, NULL);
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    struct str text = str_format(arena, "%s cannot be applied to %.*s: %s", setting,
                                 STR_ARG(object_display_name(arena, route)), reason);
    if (target->fill) {
        inject_log(target, route, CHANGE_SKIPPED, setting, "%s", reason);
        return;
    }
    if (is_reported(injection->diags, at, text))
        return;
    (only_warn ? diag_warning : diag_error)(injection->diags, at, RULE_UNSUPPORTED_BY_CONTROLLER,
                                            "%.*s", STR_ARG(text));
    if (str_eq_c(route->kind, "TLSRoute"))
        diag_hint(injection->diags, "use an HTTPRoute in the chart");
    else
        diag_hint(injection->diags,
                  "set gateway: {name: %.*s, type: TYPE} in the environment file, or configure it "
                  "in the chart's values",
                  STR_ARG(gateway_name(arena, route)));
}

/* Reports what the checks of a flavour found, but nothing twice. In fill mode, an error about an
 * object is logged as skipped. */
static void forward(const struct target *target, const struct object *object,
                    const struct diags *found)
{
    struct diags *diags = target->injection->diags;
    for (size_t i = 0; i < found->count; i++) {
        const struct diag *diag = &found->items[i];
        bool is_error = diag->severity == SEVERITY_ERROR;
        if (is_error && target->fill && object) {
            inject_log(target, object, CHANGE_SKIPPED, "", "%.*s", STR_ARG(diag->message));
            continue;
        }
        if (is_reported(diags, diag->at, diag->message))
            continue;
        (is_error ? diag_error : diag_warning)(diags, diag->at, diag->rule, "%.*s",
                                               STR_ARG(diag->message));
        diag_hint(diags, "%.*s", STR_ARG(diag->hint));
    }
}

bool served_run_check(const struct target *target, const struct traffic *traffic,
                      const struct object *object, traffic_check_function *check)
{
    struct diags found = {.arena = target->injection->arena};
    struct layer layer = *target->service->layer;
    struct service service = *target->service;
    struct traffic copy = *traffic;
    layer.diags = &found;
    service.layer = &layer;
    copy.service = &service;
    check(&copy);
    forward(target, object, &found);
    return found.errors == 0;
}

/* Checks the settings, but not the hosts and paths, which are those of the chart. Returns false if
 * a setting is not supported. */
static bool check_settings(const struct target *target, const struct traffic *traffic,
                           const struct object *object, traffic_check_function *check)
{
    struct traffic copy = *traffic;
    copy.route_count = 0;
    copy.tls = (struct traffic_tls){0};
    return served_run_check(target, &copy, object, check);
}

static void report_settings(const struct target *target, const struct traffic *traffic,
                            const struct object *route, bool only_warn)
{
    check_settings(target, traffic, route, gateway_check_annotations);
    if (traffic->affinity.cookie.len)
        report_setting(target, route, "sticky_session", traffic->affinity.at, only_warn);
    if (traffic->hash.count)
        report_setting(target, route, "consistent_hash", traffic->hash.at, only_warn);
    if (traffic->idle_timeout)
        report_setting(target, route, "the idle timeout of websockets", traffic->protocol_at, true);
}

void route_warn_shared(const struct target *target, const struct object *route)
{
    struct injection *injection = target->injection;
    const struct node *rules = node_at(object_node(route), "spec rules");
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *backends = release_rule_backends(&injection->release, route, rule);
        for (const struct node *each = release_backend_reference(node_first_child(backends)); each;
             each = release_backend_reference(each->next)) {
            if (route_is_own_backend(target, route, each))
                continue;
            diag_warning(injection->diags, object_location(route), RULE_SHARED_ROUTE,
                         "%.*s also routes to Service %.*s, so the settings apply to it too",
                         STR_ARG(object_display_name(injection->arena, route)),
                         STR_ARG(node_string(node_at(each, "name"))));
            diag_hint(injection->diags,
                      "if that is not intended, use a separate route for each in the chart");
            return;
        }
    }
}

bool route_is_own_backend(const struct target *target, const struct object *route,
                          const struct node *reference)
{
    return served_is_own(target, route, node_string(node_at(reference, "namespace")),
                         node_string(node_at(reference, "name")));
}

/* True if the rule routes to a Service of the workload. */
static bool routes_to_own(const struct target *target, const struct object *route,
                          const struct node *rule)
{
    const struct node *backends = release_rule_backends(&target->injection->release, route, rule);
    for (const struct node *each = release_backend_reference(node_first_child(backends)); each;
         each = release_backend_reference(each->next))
        if (route_is_own_backend(target, route, each))
            return true;
    return false;
}

void route_set(const struct target *target, const struct object *object, struct node *map,
               const char *path, struct node *value)
{
    struct arena *arena = target->injection->arena;
    if (value->kind != NODE_MAP) {
        target_set(target, object, map, path, value, NULL, SHOW_VALUES);
        return;
    }
    for (struct node *each = value->first, *next; each; each = next) {
        next = each->next;
        each->next = NULL;
        route_set(target, object, map,
                  str_format(arena, "%s %.*s", path, STR_ARG(each->key->text)).data, each);
    }
}

/* Session persistence */

static void warn_several_sessions(const struct target *target, const struct traffic *traffic,
                                  const struct object *route)
{
    struct injection *injection = target->injection;
    diag_warning(injection->diags, traffic->affinity.at, RULE_WEAK_AFFINITY,
                 "session_persistence: v1.6 binds a client separately for each rule of %.*s, "
                 "perhaps to different pods",
                 STR_ARG(object_display_name(injection->arena, route)));
    diag_hint(injection->diags, "use one rule for the service in the chart");
}

void route_apply_session_persistence(const struct target *target, const struct traffic *traffic,
                                     const struct object *route)
{
    struct arena *arena = target->injection->arena;
    bool removes = target_has(target, SERVICE_STICKY_SESSION) && !traffic->affinity.cookie.len;
    struct node *rules = node_at(object_node(route), "spec rules");
    size_t count = 0;
    for (struct node *each = node_first_child(rules); each; each = each->next) {
        struct node *rule = node_target(each);
        struct node *wrapper = node_new(arena, NODE_MAP);
        if (!routes_to_own(target, route, rule))
            continue;
        if (removes)
            target_remove(target, route, rule, "sessionPersistence", "sessionPersistence",
                          "sticky_session: false");
        gateway_put_session_persistence(arena, traffic, wrapper);
        if (!wrapper->first || (target->fill && node_at(rule, "sessionPersistence")))
            continue;
        route_set(target, route, rule, "sessionPersistence", wrapper->first);
        if (++count == 2)
            warn_several_sessions(target, traffic, route);
    }
}

/* Protocol */

static const struct node *service_port(const struct object *service, struct str number)
{
    const struct node *each = node_first_child(node_at(object_node(service), "spec ports"));
    while (each && !str_equal(node_string(node_at(each, "port")), number))
        each = each->next;
    return each;
}

/* Warns about ports of Services for gRPC that an HTTPRoute connects to with HTTP/1.1. */
static void warn_protocol(const struct target *target, const struct traffic *traffic,
                          const struct object *route)
{
    struct injection *injection = target->injection;
    const struct node *rules = node_at(object_node(route), "spec rules");
    if (traffic->protocol != PORT_TYPE_GRPC || !str_eq_c(route->kind, "HTTPRoute"))
        return;
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *each = node_first_child(node_at(rule, "backendRefs"));
        while ((each = release_backend_reference(each)) &&
               !route_is_own_backend(target, route, each))
            each = each->next;
        const struct object *service =
            each ? map_get(&injection->service_names, node_string(node_at(each, "name"))) : NULL;
        const struct node *port =
            service ? service_port(service, node_string(node_at(each, "port"))) : NULL;
        if (!port)
            continue;
        gateway_warn_http1(target, traffic->protocol_at, service, port);
        return;
    }
}

/* Returns the traffic as the Gateway of the route sees it. If Ingresses of the chart get the
 * annotations, they are not reported for routes. */
static struct traffic traffic_for(const struct traffic *traffic, const struct gateway *gateway,
                                  bool has_ingresses)
{
    static const struct value no_annotations = {0};
    struct traffic copy = *traffic;
    const struct environment *environment = &traffic->service->layer->environment;
    copy.gateway = gateway;
    if (gateway) {
        copy.flavour = gateway->flavour;
        copy.internal = gateway == environment->internal_gateway;
    }
    if (has_ingresses)
        copy.annotations = &no_annotations;
    return copy;
}

bool served_check_converted(const struct target *target, const struct gateway *gateway,
                            const struct object *ingress)
{
    const struct traffic traffic = traffic_of(target->service);
    const struct traffic own = traffic_for(&traffic, gateway, true);
    return check_settings(target, &own, ingress, traffic_flavour_find(gateway->flavour)->check);
}

/* Reports a route that is attached to the public Gateway, or not to the internal one: its parents
 * are not changed. If they are listeners of one Gateway, the listener decides. */
static void check_internal(const struct target *target, const struct object *route)
{
    struct injection *injection = target->injection;
    const struct environment *environment = &target->service->layer->environment;
    const struct gateway *gateway = environment->internal_gateway;
    const struct gateway *public = environment->gateway;
    if (!target->service->internal)
        return;
    bool by_listener = gateway && public && str_equal(gateway->name, public->name) &&
                       str_equal(gateway->namespace, public->namespace);
    if (public && has_parent(route, public, by_listener)) {
        diag_error(injection->diags, record_location(target->service->record, SERVICE_INTERNAL),
                   RULE_EXPOSED_SERVICE,
                   "%.*s of the chart is attached to the public Gateway %.*s/%.*s, despite "
                   "internal: true",
                   STR_ARG(object_display_name(injection->arena, route)),
                   STR_ARG(public->namespace), STR_ARG(public->name));
        diag_hint(injection->diags, "set its parentRefs in the chart's values, or remove internal");
        return;
    }
    if (gateway && is_attached_to(route, gateway, by_listener))
        return;
    diag_warning(injection->diags, record_location(target->service->record, SERVICE_INTERNAL),
                 RULE_NO_EFFECT,
                 "internal has no effect on %.*s of the chart, which is not attached to the "
                 "internal Gateway",
                 STR_ARG(object_display_name(injection->arena, route)));
    diag_hint(injection->diags, "set its parentRefs in the chart's values");
}

void inject_routes(const struct target *target, bool has_ingresses, bool adds)
{
    size_t count;
    const struct object **routes = served_routes(target, &count);
    struct traffic traffic = traffic_of(target->service);
    bool applies = has_settings(target, &traffic);
    if (count == 0 || !(applies || target->service->internal) ||
        !layer_read_environment(target->service->layer))
        return;
    traffic = traffic_of(target->service);
    for (size_t i = 0; i < count; i++) {
        check_internal(target, routes[i]);
        warn_protocol(target, &traffic, routes[i]);
    }
    for (size_t i = 0; i < count && applies; i++) {
        const struct gateway *gateway = gateway_of(target, routes[i]);
        struct traffic own = traffic_for(&traffic, gateway, has_ingresses);
        if (reason_against(routes[i], gateway))
            report_settings(target, &own, routes[i], has_ingresses || adds);
        else if (check_settings(target, &own, routes[i],
                                traffic_flavour_find(gateway->flavour)->check))
            chart_flavour_find(gateway->flavour)->apply_route(target, &own, routes[i]);
    }
}
