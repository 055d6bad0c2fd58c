/* Traffic: sets annotations on the Ingresses of the chart that route to the workload, or adds
 * objects. A route of the Gateway API may serve public_uri too. */
#include "chart/inject_served.h"

#include <string.h>

static bool is_selected(const struct target *target, const struct object *ingress)
{
    struct str name = served_selected_ingress(target);
    return name.len == 0 || served_is_new_requested(target) || str_equal(name, ingress->name);
}

static bool is_workload_service(const struct target *target, struct str name)
{
    target_find_services(target);
    return map_get(&target->injection->service_names, name) != NULL;
}

/* Annotations */

/* Returns the annotations of an Ingress by name. */
static struct map annotations_of(struct arena *arena, const struct object *ingress)
{
    struct map map = {0};
    const struct node *annotations = node_at(object_node(ingress), "metadata annotations");
    for (const struct node *each = node_first_child(annotations); each; each = each->next)
        if (each->key)
            map_add(arena, &map, each->key->text, each);
    return map;
}

/* Warns about the first other Service of an Ingress, which need not be in the chart: annotations
 * apply to it too. */
static void warn_shared_ingress(const struct target *target, const struct object *ingress)
{
    struct injection *injection = target->injection;
    size_t count;
    const struct str *names = release_backends(injection->arena, ingress, &count);
    const struct map annotations = annotations_of(injection->arena, ingress);
    for (size_t i = 0; i < count; i++) {
        /* The AWS Load Balancer Controller reads the name of an action in place of a Service. */
        struct str action =
            STR_JOIN(injection->arena, STR("alb.ingress.kubernetes.io/actions."), names[i]);
        if (is_workload_service(target, names[i]) || map_get(&annotations, action))
            continue;
        diag_warning(injection->diags, object_location(ingress), RULE_SHARED_ROUTE,
                     "%.*s also routes to Service %.*s, so the annotations apply to it too",
                     STR_ARG(object_display_name(injection->arena, ingress)), STR_ARG(names[i]));
        diag_hint(injection->diags,
                  "if that is not intended, use a separate Ingress for each in the chart");
        return;
    }
}

static const struct port *special_port(const struct target *target)
{
    const struct port *port = target->service->public_port;
    return port && port->type != PORT_TYPE_HTTP ? port : NULL;
}

/* Settings of Ingresses that the chart may have. */
static const enum field_id ingress_fields[] = {SERVICE_STICKY_SESSION, SERVICE_CONSISTENT_HASH,
                                               SERVICE_INGRESS_ANNOTATIONS, SERVICE_INTERNAL};

static bool has_ingress_field(const struct target *target)
{
    for (size_t i = 0; i < COUNT_OF(ingress_fields); i++)
        if (target_has(target, ingress_fields[i]))
            return true;
    return false;
}

/* True for the class of public Ingresses in the environment. */
static bool is_public_class(const struct environment *environment, struct str class)
{
    return str_equal(class, environment->ingress_class) &&
           (environment->has_ingress_class || !environment->gateway);
}

static void report_public(const struct target *target, const struct object *ingress)
{
    struct injection *injection = target->injection;
    diag_error(injection->diags, record_location(target->service->record, SERVICE_INTERNAL),
               RULE_EXPOSED_SERVICE,
               "%.*s of the chart has the public class \"%.*s\", despite "
               "internal: true",
               STR_ARG(object_display_name(injection->arena, ingress)),
               STR_ARG(release_class(ingress)));
    diag_hint(injection->diags,
              "set the class of an internal controller in the chart's values, or remove internal");
}

/* Reports Ingresses of the chart that are not of the internal class: their class is not changed.
 * The routes that they are converted to are attached to the internal Gateway. */
static void check_internal(const struct target *target, const struct object **ingresses,
                           size_t count)
{
    struct injection *injection = target->injection;
    if (!target->service->internal || inject_convert_is_requested(target) ||
        !layer_read_environment(target->service->layer))
        return;
    const struct environment *environment = &target->service->layer->environment;
    for (size_t i = 0; i < count; i++) {
        struct str class = release_class(ingresses[i]);
        if (!is_selected(target, ingresses[i]) ||
            (class.len && str_equal(class, environment->internal_class)))
            continue;
        if (is_public_class(environment, class)) {
            report_public(target, ingresses[i]);
            continue;
        }
        diag_warning(injection->diags, record_location(target->service->record, SERVICE_INTERNAL),
                     RULE_NO_EFFECT,
                     "internal has no effect on %.*s of the chart, whose class is \"%.*s\"",
                     STR_ARG(object_display_name(injection->arena, ingresses[i])), STR_ARG(class));
        diag_hint(injection->diags,
                  "set the class of an internal controller in the chart's values");
    }
}

/* New objects */

static enum object_kind added_type(struct str kind)
{
    return str_eq_c(kind, "Ingress")                                    ? OBJECT_INGRESS
           : str_eq_c(kind, "HTTPRoute") || str_eq_c(kind, "GRPCRoute") ? OBJECT_ROUTE
                                                                        : OBJECT_KINDS;
}

/* True if the chart has an object of this kind and name. Kinds that are not read from charts, such
 * as policies, are not compared. */
static bool is_name_taken(const struct target *target, struct str kind, struct str name,
                          const struct object *to)
{
    enum object_kind type = added_type(kind);
    const struct object *found = NULL;
    if (type != OBJECT_KINDS)
        found = release_find(&target->injection->release, type, name, to);
    return found && str_equal(found->kind, kind);
}

/* Adds an object that serves routes, in the namespace of the Service that it routes to. */
static void add_object(const struct target *target, const struct object *to,
                       const struct node *object)
{
    struct arena *arena = target->injection->arena;
    const struct node *metadata = node_get(object, "metadata");
    struct str name = node_get(metadata, "name")->text;
    const char *kind = str_to_c(arena, node_get(object, "kind")->text);
    if (is_name_taken(target, node_get(object, "kind")->text, name, to)) {
        target_error(target, SERVICE_PUBLIC_URI, RULE_DUPLICATE_OBJECT,
                     "cannot add %s/%.*s: the chart already uses this name", kind, STR_ARG(name));
        diag_hint(target->injection->diags, "rename it in the chart");
        return;
    }
    target_add(target, str_to_c(arena, node_get(object, "apiVersion")->text), kind, name,
               node_get(metadata, "annotations"), node_get(object, "spec"));
}

static void add_objects(const struct target *target, const struct traffic *traffic)
{
    const struct node *port;
    const struct object *to = target_select_public_service(target, &port);
    if (!to)
        return;
    const struct chart_flavour *flavour = chart_flavour_find(traffic->flavour);
    if (flavour->warn_backend)
        flavour->warn_backend(target, traffic, to, port);
    struct traffic routed = *traffic;
    routed.backend = (struct traffic_backend){.service = to->name,
                                              .port_name = node_string(node_at(port, "name"))};
    node_to_int(node_at(port, "port"), &routed.backend.port);
    struct manifests manifests = {.arena = target->injection->arena};
    traffic_render(&manifests, &routed);
    for (size_t i = 0; i < manifests.count; i++)
        add_object(target, to, manifests.items[i]);
}

/* Reports routes that a new object cannot have, because the chart has other rules for them. */
static bool check_exact_rules(const struct target *target, const struct traffic *traffic)
{
    struct injection *injection = target->injection;
    size_t errors = injection->diags->errors;
    for (size_t i = 0; i < traffic->route_count; i++) {
        const struct route *route = &traffic->routes[i];
        const struct path_owner owner = served_exact_rule(target, traffic, route);
        if (!owner.has_exact_rule)
            continue;
        diag_error(injection->diags, route->at, RULE_ROUTE_CONFLICT,
                   "the chart %s %.*s %s, so no %s can be added for it",
                   owner.service.len ? "routes" : "has a rule for",
                   STR_ARG(served_format(injection->arena, route)),
                   owner.service.len ? "to another Service" : "that routes to no Service",
                   chart_flavour_find(traffic->flavour)->noun);
        diag_hint(injection->diags, "configure it in the chart's values");
    }
    return injection->diags->errors == errors;
}

/* Warns if a route of a Gateway sends requests for the new Ingress's routes to another Service. */
static void warn_other_route(const struct target *target, const struct traffic *traffic)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    for (size_t i = 0; i < traffic->route_count; i++) {
        const struct route *route = &traffic->routes[i];
        struct rule_class class = gateway_rules(NULL);
        struct path_owner owner;
        class.hooks = release_hook_use(target->workload);
        release_find_owner(&injection->release, class, route->host, route->prefix, served_is_own,
                           target, &owner);
        const struct object *other = owner.object ? owner.object : owner.redirect;
        if (owner.is_ours || !other)
            continue;
        struct str to =
            owner.service.len ? STR_JOIN(arena, STR("Service "), owner.service) : STR("no Service");
        diag_warning(injection->diags, route->at, RULE_ROUTE_CONFLICT,
                     "%.*s of the chart routes %.*s to %.*s, but the new Ingress routes it to %.*s",
                     STR_ARG(object_display_name(arena, other)),
                     STR_ARG(served_format(arena, route)), STR_ARG(to),
                     STR_ARG(object_display_name(arena, target->workload)));
        diag_hint(injection->diags,
                  "to serve it through the Gateway, configure it in the chart's values");
    }
}

/* True if a route may be attached to a listener that new routes use too. */
static bool shares_listener(const struct object *route, const struct gateway *gateway)
{
    const struct node *parents = node_at(object_node(route), "spec parentRefs");
    for (const struct node *each = node_first_child(parents); each; each = each->next)
        if (served_uses_listener(each, gateway))
            return true;
    return false;
}

/* Warns about a route that redirects a new route's requests to another scheme. */
static void warn_redirect(const struct target *target, const struct traffic *traffic)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    for (size_t i = 0; i < traffic->route_count; i++) {
        const struct route *route = &traffic->routes[i];
        const struct object *redirect = served_exact_rule(target, traffic, route).redirect;
        if (!redirect || !shares_listener(redirect, traffic->gateway))
            continue;
        diag_warning(injection->diags, route->at, RULE_ROUTE_CONFLICT,
                     "%.*s of the chart redirects %.*s: for a listener that it shares with the new "
                     "route, the controller chooses one of the two",
                     STR_ARG(object_display_name(arena, redirect)),
                     STR_ARG(served_format(arena, route)));
        diag_hint(injection->diags,
                  "disable the redirect in the chart's values, or set its "
                  "listener there, and listener in %s",
                  traffic_gateway_field(traffic));
    }
}

bool inject_ingress_is_requested(const struct target *target)
{
    return target->service->route_count || special_port(target) ||
           served_selected_ingress(target).len || has_ingress_field(target);
}

static const struct chart_flavour *
flavour_of(const struct target *target, const struct traffic *traffic, const struct object *ingress)
{
    return chart_flavour_find(ingress_flavour_of(target, traffic, ingress));
}

/* Routes of most Gateways have no idle timeout, so an Ingress that is converted to them gets none:
 * inject_convert_request() warns about it. */
static void leave_out_timeout(const struct target *target, struct traffic *traffic)
{
    const struct gateway *gateway = service_gateway(target->service);
    if (gateway && gateway->flavour != FLAVOUR_ENVOY)
        traffic->idle_timeout = 0;
}

/* Applies the settings to all selected Ingresses that route to the workload. With `ingress: new`,
 * it is sufficient that one Ingress, the new one or another, supports a setting; otherwise all
 * must. */
static void apply_to_all(const struct target *target, const struct object **ingresses, size_t count,
                         bool adds)
{
    struct traffic traffic;
    if (count == 0 || !ingress_read_traffic(target, &traffic))
        return;
    if (inject_convert_is_requested(target))
        leave_out_timeout(target, &traffic);
    bool supported = adds;
    for (size_t i = 0; i < count; i++)
        supported |= is_selected(target, ingresses[i]) &&
                     flavour_of(target, &traffic, ingresses[i])->supports_settings;
    for (size_t i = 0; i < count; i++) {
        if (!is_selected(target, ingresses[i]))
            continue;
        const struct chart_flavour *flavour = flavour_of(target, &traffic, ingresses[i]);
        flavour->check(target, &traffic, ingresses[i],
                       served_is_new_requested(target) && supported);
        if (flavour->apply(target, &traffic, ingresses[i]))
            warn_shared_ingress(target, ingresses[i]);
    }
}

/* Reports an error and returns false if the selected Ingress does not route to the workload. */
static bool check_selected(const struct target *target, const struct object **ingresses,
                           size_t count)
{
    if (served_selected_ingress(target).len == 0 || served_is_new_requested(target))
        return true;
    for (size_t i = 0; i < count; i++)
        if (is_selected(target, ingresses[i]))
            return true;
    const struct object *named = release_find(&target->injection->release, OBJECT_INGRESS,
                                              served_selected_ingress(target), target->workload);
    if (named && named->hook)
        target_error(target, SERVICE_HELM, RULE_UNSUITABLE_CHART_OBJECT,
                     "Ingress/%.*s is a Helm hook and cannot be selected", STR_ARG(named->name));
    else
        target_error(target, SERVICE_HELM, RULE_UNSUITABLE_CHART_OBJECT,
                     "no Ingress named \"%.*s\" routes to this workload",
                     STR_ARG(served_selected_ingress(target)));
    const char *flag = target->injection->options->ingress;
    struct str first = count ? ingresses[0]->name : STR("");
    struct str selector = target_selection_syntax(target->injection, flag, "ingress", first);
    if (count)
        diag_hint(target->injection->diags, "select one that does: %.*s", STR_ARG(selector));
    else
        diag_hint(target->injection->diags,
                  "no Ingress of the chart does: remove %s so that public_uri adds one",
                  flag ? "--ingress" : "helm.ingress");
    return false;
}

static struct route *unserved_routes(const struct target *target, size_t *ret_count)
{
    const struct service *service = target->service;
    struct route *routes =
        ARENA_ARRAY(target->injection->arena, service->route_count, struct route);
    *ret_count = 0;
    for (size_t i = 0; i < service->route_count; i++)
        if (!served_check(target, &service->routes[i]))
            routes[(*ret_count)++] = service->routes[i];
    return routes;
}

/* Warns about settings if neither an Ingress nor a route routes to the workload. */
static void warn_no_effect(const struct target *target)
{
    struct injection *injection = target->injection;
    const struct object *foreign = served_foreign(target, NULL);
    const struct object *hook = served_hook(target);
    for (size_t i = 0; i < COUNT_OF(ingress_fields); i++) {
        enum field_id field = ingress_fields[i];
        if (!target_has(target, field))
            continue;
        diag_warning(injection->diags, record_location(target->service->record, field),
                     RULE_NO_EFFECT, "%s has no effect: the chart has no Ingress or route to %.*s",
                     schema_field(field)->name,
                     STR_ARG(object_display_name(injection->arena, target->workload)));
        if (hook)
            diag_hint(injection->diags,
                      "%.*s routes to it, but is a Helm hook, which is not changed",
                      STR_ARG(object_display_name(injection->arena, hook)));
        else if (foreign)
            diag_hint(injection->diags, "%.*s routes to it: configure it in the chart's values",
                      STR_ARG(object_display_name(injection->arena, foreign)));
        else
            diag_hint(injection->diags, "set public_uri to add one");
    }
}

/* Reports `ingress: new` without public_uri. */
static void check_new(const struct target *target)
{
    struct diags *diags = target->injection->diags;
    if (!served_is_new_requested(target) || target->service->route_count)
        return;
    if (target->injection->options->ingress) {
        diag_error(diags, target->service->at, RULE_REQUIRED_FIELD,
                   "--ingress new requires public_uri");
        diag_hint(diags, "set public_uri too, or remove --ingress");
    } else {
        diag_warning(diags, target_helm_location(target->service, HELM_INGRESS), RULE_NO_EFFECT,
                     "ingress: new has no effect without public_uri");
        diag_hint(diags, "set public_uri too, or remove ingress");
    }
}

/* Returns an object with routes of another API that may serve one of the routes, or NULL. */
static const struct object *find_foreign(const struct target *target, const struct route *routes,
                                         size_t count)
{
    const struct object *found = NULL;
    for (size_t i = 0; i < count && !found; i++)
        found = served_foreign(target, &routes[i]);
    return found;
}

/* Warns that a new object may be a second entry point for a route. */
static void warn_foreign(const struct target *target, const struct traffic *traffic)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    for (size_t i = 0; i < traffic->route_count; i++) {
        const struct route *route = &traffic->routes[i];
        const struct object *foreign = served_foreign(target, route);
        if (!foreign)
            continue;
        diag_warning(injection->diags, route->at, RULE_UNVERIFIED_ROUTE,
                     "%.*s of the chart may serve %.*s too: the rules of this kind are not read",
                     STR_ARG(object_display_name(arena, foreign)),
                     STR_ARG(served_format(arena, route)));
        diag_hint(injection->diags, "if it does, remove public_uri");
    }
}

/* Warns that a hook, which does not live with the workload, has rules for a new object's route. */
static void warn_hook(const struct target *target, const struct traffic *traffic)
{
    struct injection *injection = target->injection;
    struct rule_class classes[CHART_CLASSES_MAX];
    size_t count = chart_flavour_find(traffic->flavour)->rule_classes(traffic, classes);
    for (size_t i = 0; i < traffic->route_count * count; i++) {
        const struct route *route = &traffic->routes[i / count];
        struct rule_class class = classes[i % count];
        struct path_owner owner;
        class.hooks = HOOKS_INCLUDED;
        release_find_owner(&injection->release, class, route->host, route->prefix, served_is_own,
                           target, &owner);
        if (!owner.object || release_lives_with(owner.object, target->workload))
            continue;
        diag_warning(injection->diags, route->at, RULE_ROUTE_CONFLICT,
                     "%.*s of the chart, which is a Helm hook and is not changed, already routes "
                     "%.*s: the new %s is a second one for it",
                     STR_ARG(object_display_name(injection->arena, owner.object)),
                     STR_ARG(served_format(injection->arena, route)),
                     chart_flavour_find(traffic->flavour)->noun);
        diag_hint(injection->diags, "remove public_uri, or disable the hook in the chart's values");
    }
}

static void check_new_objects(const struct traffic *traffic)
{
    traffic_check(traffic);
}

static void add(const struct target *target, const struct traffic *traffic)
{
    const struct chart_flavour *flavour = chart_flavour_find(traffic->flavour);
    if (!check_exact_rules(target, traffic) ||
        !served_run_check(target, traffic, NULL, check_new_objects))
        return;
    warn_foreign(target, traffic);
    warn_hook(target, traffic);
    if (flavour->warn_added)
        flavour->warn_added(target, traffic);
    if (traffic->gateway)
        warn_redirect(target, traffic);
    else
        warn_other_route(target, traffic);
    add_objects(target, traffic);
}

/* Reports the routes that the chart does not serve, and keep_path_prefix, which only a new Ingress
 * supports. `first`: the first Ingress or route of the chart that routes to the workload; NULL:
 * only objects of other APIs may. */
static void report_all_unserved(const struct target *target, const struct traffic *traffic,
                                const struct object *first)
{
    const struct service *service = target->service;
    for (size_t i = 0; i < traffic->route_count; i++)
        if (first || served_foreign(target, &traffic->routes[i]))
            served_report_missing(target, traffic, first, &traffic->routes[i]);
    if (target_has(target, SERVICE_KEEP_PATH_PREFIX) && service->route_count) {
        diag_warning(target->injection->diags,
                     record_location(service->record, SERVICE_KEEP_PATH_PREFIX), RULE_NOT_INJECTED,
                     "keep_path_prefix is not injected into charts");
        diag_hint(target->injection->diags, "configure it in the chart's values");
    }
}

void inject_ingress(const struct target *target)
{
    if (!inject_ingress_is_requested(target))
        return;
    check_new(target);
    size_t ingress_count;
    const struct object **ingresses = served_ingresses(target, &ingress_count);
    if (!check_selected(target, ingresses, ingress_count))
        return;
    size_t gateway_count;
    const struct object **routes = served_routes(target, &gateway_count);
    const struct object *first = ingress_count ? ingresses[0] : gateway_count ? routes[0] : NULL;
    size_t count;
    const struct route *missing = unserved_routes(target, &count);
    bool adds = count && ((!first && !find_foreign(target, missing, count)) ||
                          served_is_new_requested(target));
    apply_to_all(target, ingresses, ingress_count, adds);
    if (served_selected_ingress(target).len == 0 || served_is_new_requested(target))
        inject_routes(target, ingress_count, adds);
    check_internal(target, ingresses, ingress_count);
    struct traffic traffic = traffic_of(target->service);
    traffic.routes = missing;
    traffic.route_count = count;
    if (adds) {
        add(target, &traffic);
    } else {
        report_all_unserved(target, &traffic, first);
    }
    if (!first && count == 0)
        warn_no_effect(target);
}
