/* Settings on routes of a chart that Traefik serves: a sticky session needs a TraefikService
 * between the route and the Service. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_gateway.h"

static void refuse(const struct target *target, const struct traffic *traffic,
                   const struct object *route, struct str reason)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    if (target->fill) {
        inject_log(target, route, CHANGE_SKIPPED, "backendRefs", "%.*s", STR_ARG(reason));
        return;
    }
    diag_error(injection->diags, traffic->affinity.at, RULE_UNSUPPORTED_BY_CONTROLLER,
               "sticky_session cannot be applied to %.*s: %.*s",
               STR_ARG(object_display_name(arena, route)), STR_ARG(reason));
    diag_hint(injection->diags, "configure it in the chart's values");
}

/* Returns the name of a TraefikService for a Service and its port: that of the Service, or with the
 * port if another one of the chart has that name. Adds the object if there is none yet. Empty if
 * the chart uses both names. */
static struct str add_service(const struct target *target, const struct traffic *traffic,
                              const struct object *route)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    const struct traffic_backend *backend = &traffic->backend;
    struct str port = str_format(arena, "%lld", (long long)backend->port);
    const struct str names[] = {
        backend->service, str_format(arena, "%.*s-%.*s", STR_ARG(backend->service), STR_ARG(port))};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct str key =
            str_format(arena, "%.*s/%.*s", STR_ARG(route->namespace), STR_ARG(names[i]));
        const struct str *known = map_get(&injection->traefik_services, key);
        if (known && str_equal(*known, port))
            return names[i];
        if (known || release_find(&injection->release, OBJECT_TRAEFIK_SERVICE, names[i], route))
            continue;
        struct str *added = ARENA_NEW(arena, struct str);
        *added = port;
        map_add(arena, &injection->traefik_services, key, added);
        struct node *spec = node_new(arena, NODE_MAP);
        traefik_put_service(arena, traffic, spec);
        target_add_beside(target, route, TRAEFIK_API, "TraefikService", names[i], NULL, spec);
        return names[i];
    }
    return (struct str){0};
}

/* Replaces a Service in a rule with a TraefikService. */
static void change_reference(const struct target *target, const struct traffic *traffic,
                             const struct object *route, struct node *reference)
{
    struct arena *arena = target->injection->arena;
    struct traffic routed = *traffic;
    routed.backend = (struct traffic_backend){.service = node_string(node_at(reference, "name"))};
    if (target->fill) {
        refuse(target, traffic, route, STR("it would replace the Service of a rule"));
        return;
    }
    if (!node_to_int(node_at(reference, "port"), &routed.backend.port)) {
        refuse(target, traffic, route, STR("a backendRef has no port"));
        return;
    }
    if (node_at(reference, "namespace")) {
        refuse(target, traffic, route, STR("a backendRef is in another namespace"));
        return;
    }
    struct str name = add_service(target, &routed, route);
    if (name.len == 0) {
        refuse(target, traffic, route,
               str_format(arena, "the chart already uses the names of TraefikServices for %.*s",
                          STR_ARG(routed.backend.service)));
        return;
    }
    const char *what = "backendRefs.name";
    struct edit *edit = release_edit(route);
    edit_set(edit, reference, STR("group"), node_scalar(arena, STYLE_TEXT, STR(TRAEFIK_GROUP)));
    edit_set(edit, reference, STR("kind"), node_scalar(arena, STYLE_TEXT, STR("TraefikService")));
    edit_set(edit, reference, STR("name"), node_scalar(arena, STYLE_TEXT, name));
    edit_remove(edit, reference, "port");
    inject_log(target, route, CHANGE_REPLACED, what,
               "chart: Service/%.*s, service: TraefikService/%.*s", STR_ARG(routed.backend.service),
               STR_ARG(name));
}

/* Sets or removes the cookie of the items of a TraefikService of the chart that are Services of the
 * workload. */
static void change_service(const struct target *target, const struct traffic *traffic,
                           const struct object *route, const struct node *reference)
{
    struct arena *arena = target->injection->arena;
    const struct object *object = release_find(&target->injection->release, OBJECT_TRAEFIK_SERVICE,
                                               node_string(node_at(reference, "name")), route);
    struct node *items = object ? node_at(object_node(object), "spec weighted services") : NULL;
    for (struct node *each = node_first_child(items); each; each = each->next) {
        struct node *item = node_target(each);
        struct node *wrapper = node_new(arena, NODE_MAP);
        if (!route_is_own_backend(target, route, item))
            continue;
        if (!traffic->affinity.cookie.len) {
            target_remove(target, object, item, "sticky", "sticky", "sticky_session: false");
            continue;
        }
        if (target->fill && node_at(item, "sticky"))
            continue;
        traefik_put_sticky(arena, traffic, wrapper);
        route_set(target, object, item, "sticky", wrapper->first);
    }
}

/* True for a Service, also with a weight of 0. */
static bool is_service(const struct node *reference)
{
    struct str kind = node_string(node_at(reference, "kind"));
    return (kind.len == 0 || str_eq_c(kind, "Service")) &&
           node_string(node_at(reference, "group")).len == 0;
}

static void apply_rule(const struct target *target, const struct traffic *traffic,
                       const struct object *route, const struct node *rule)
{
    struct node *backends = node_at(rule, "backendRefs");
    for (struct node *each = node_first_child(backends); each; each = each->next) {
        struct node *reference = node_target(each);
        if (release_is_traefik_service(reference))
            change_service(target, traffic, route, reference);
        else if (traffic->affinity.cookie.len && is_service(reference) &&
                 route_is_own_backend(target, route, reference))
            change_reference(target, traffic, route, reference);
    }
}

static void apply_route(const struct target *target, const struct traffic *traffic,
                        const struct object *route)
{
    const struct node *rules = node_at(object_node(route), "spec rules");
    if (!traffic->affinity.cookie.len && !target_has(target, SERVICE_STICKY_SESSION))
        return;
    if (!str_eq_c(route->kind, "HTTPRoute")) {
        if (traffic->affinity.cookie.len)
            refuse(target, traffic, route, STR("Traefik has sticky sessions only in HTTPRoutes"));
        return;
    }
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next)
        apply_rule(target, traffic, route, rule);
}

const struct chart_flavour chart_traefik = CHART_GATEWAY(apply_route);
