/* Determines which Service of a chart serves a public_uri, and reports it. */
#include "chart/inject_served.h"

const struct object **served_ingresses(const struct target *target, size_t *ret_count)
{
    struct injection *injection = target->injection;
    target_find_services(target);
    if (!injection->ingresses)
        injection->ingresses =
            release_ingresses(&injection->release, injection->services, injection->service_count,
                              release_hook_use(target->workload), &injection->ingress_count);
    *ret_count = injection->ingress_count;
    return injection->ingresses;
}

const struct object **served_routes(const struct target *target, size_t *ret_count)
{
    struct injection *injection = target->injection;
    target_find_services(target);
    if (!injection->routes)
        injection->routes =
            release_routes(&injection->release, injection->services, injection->service_count,
                           release_hook_use(target->workload), &injection->route_count);
    *ret_count = injection->route_count;
    return injection->routes;
}

const struct object *served_hook(const struct target *target)
{
    struct injection *injection = target->injection;
    size_t count;
    target_find_services(target);
    const struct object **found = release_ingresses(
        &injection->release, injection->services, injection->service_count, HOOKS_INCLUDED, &count);
    if (count == 0)
        found = release_routes(&injection->release, injection->services, injection->service_count,
                               HOOKS_INCLUDED, &count);
    return count && !release_lives_with(found[0], target->workload) ? found[0] : NULL;
}

struct str served_selected_ingress(const struct target *target)
{
    const char *flag = target->injection->options->ingress;
    return flag ? str_from_c(flag) : target->service->helm.ingress;
}

bool served_is_new_requested(const struct target *target)
{
    return str_eq_c(served_selected_ingress(target), "new");
}

bool served_is_own(const void *context, const struct object *object, struct str namespace,
                   struct str service)
{
    const struct target *target = context;
    const struct object *ours = map_get(&target->injection->service_names, service);
    return ours && release_is_in_namespace(&target->injection->release, ours, object, namespace);
}

struct str served_format(struct arena *arena, const struct route *route)
{
    bool all = route->prefix.len == 0 && route->host.len == 0;
    return str_format(arena, "%.*s%.*s%s", STR_ARG(route->host), STR_ARG(route->prefix),
                      all ? "/" : "");
}

static struct path_owner find(const struct target *target, const struct route *route,
                              struct rule_class class)
{
    struct path_owner owner;
    class.hooks = release_hook_use(target->workload);
    release_find_owner(&target->injection->release, class, route->host, route->prefix,
                       served_is_own, target, &owner);
    return owner;
}

/* An answer to who serves a route. */
struct answer {
    struct path_owner owner;
    const struct object *assumed; /* an Ingress without a class, if it was assumed that nginx serves
                                     it and another controller would not answer the same; or NULL */
};

/* Finds the answer of the controller of an Ingress. Reads the environment file only if that decides
 * between nginx and others, whose answers differ. */
static struct answer find_in_class(const struct target *target, const struct route *route,
                                   const struct object *ingress)
{
    struct str class = release_class(ingress);
    struct traffic traffic = traffic_of(target->service);
    struct path_owner nginx =
        find(target, route, (struct rule_class){.reader = RULES_NGINX, .name = class});
    if (class.len && flavour_of_class(class) == FLAVOUR_NGINX)
        return (struct answer){.owner = nginx};
    struct path_owner generic =
        find(target, route, (struct rule_class){.reader = RULES_GENERIC, .name = class});
    bool differ = nginx.is_ours != generic.is_ours || nginx.object != generic.object ||
                  (generic.is_ours && generic.is_inside);
    bool matters = differ || (class.len && generic.by_controller);
    if (matters && !layer_read_environment(target->service->layer))
        return (struct answer){.owner = nginx};
    bool is_nginx = ingress_flavour_of(target, &traffic, ingress) == FLAVOUR_NGINX;
    bool known = class.len || target->service->layer->environment.has_ingress_class;
    return (struct answer){.owner = is_nginx ? nginx : generic,
                           .assumed = differ && !known ? ingress : NULL};
}

/* Determines which Service the chart routes a public_uri to. Each class of Ingresses, and the
 * routes of Gateways, may have a different answer: returns the first one that is a Service of the
 * workload, else the first one that is another Service. */
static struct answer find_owner(const struct target *target, const struct route *route)
{
    struct injection *injection = target->injection;
    struct answer best = {0};
    struct map classes = {0};
    size_t count;
    const struct object **ingresses = served_ingresses(target, &count);
    for (size_t i = 0; i < count && !best.owner.is_ours; i++) {
        struct str class = release_class(ingresses[i]);
        if (map_add(injection->arena, &classes, class, ingresses[i]))
            continue;
        struct answer answer = find_in_class(target, route, ingresses[i]);
        if (answer.owner.is_ours || !best.owner.object)
            best = answer;
    }
    served_routes(target, &count);
    if (count == 0 || best.owner.is_ours)
        return best;
    struct answer of_routes = {
        .owner = find(target, route, gateway_rules(service_gateway(target->service)))};
    bool better = of_routes.owner.is_ours || (!best.owner.object && !best.owner.limit);
    return better ? of_routes : best;
}

const struct object *served_foreign(const struct target *target, const struct route *route)
{
    struct injection *injection = target->injection;
    target_find_services(target);
    const struct object *found =
        release_foreign_to(&injection->release, injection->services, injection->service_count);
    return found || !route ? found : release_foreign_of_host(&injection->release, route->host);
}

/* Warnings about a route that the chart serves */

/* The route of a service that a chart serves, and who does. */
struct served {
    const struct target *target;
    const struct route *route;
    const struct path_owner *owner;
};

static struct str name_of(const struct target *target, const struct object *object)
{
    return object_display_name(target->injection->arena, object);
}

static void warn_regex_overlap(const struct served *served)
{
    struct injection *injection = served->target->injection;
    diag_warning(injection->diags, served->route->at, RULE_UNVERIFIED_ROUTE,
                 "cannot determine whether a regular expression of %.*s routes requests for "
                 "%.*s%.*s to another Service",
                 STR_ARG(name_of(served->target, served->owner->regex_overlap)),
                 STR_ARG(served->route->host), STR_ARG(served->route->prefix));
    diag_hint(injection->diags, "check the paths of this host in the chart");
}

/* Warns that another Ingress has the same path. The controller uses one of them, often that of the
 * older Ingress. */
static void warn_conflict(const struct served *served)
{
    struct injection *injection = served->target->injection;
    diag_warning(injection->diags, served->route->at, RULE_ROUTE_CONFLICT,
                 "%.*s also routes %.*s%.*s to another Service: the controller chooses one of the "
                 "two",
                 STR_ARG(name_of(served->target, served->owner->conflict)),
                 STR_ARG(served->route->host), STR_ARG(served->route->prefix));
    diag_hint(injection->diags, "remove one of the two paths in the chart's values");
}

/* Warns that no Ingress is added: with the route of the Gateway, it would be a second entry point.
 * An environment with a Gateway expects a route. */
static void warn_route(const struct served *served)
{
    struct injection *injection = served->target->injection;
    if (service_gateway(served->target->service))
        return;
    diag_warning(injection->diags, served->route->at, RULE_ROUTE_CONFLICT,
                 "%.*s of the chart already serves %.*s, so no Ingress is added for it",
                 STR_ARG(name_of(served->target, served->owner->object)),
                 STR_ARG(served_format(injection->arena, served->route)));
    diag_hint(injection->diags, "remove public_uri, or disable the route in the chart's values");
}

static void warn_by_controller(const struct served *served)
{
    struct injection *injection = served->target->injection;
    struct str class = release_class(served->owner->object);
    diag_warning(injection->diags, served->route->at, RULE_UNVERIFIED_ROUTE,
                 "whether %.*s serves %.*s depends on how the controller of class \"%.*s\" reads "
                 "pathType ImplementationSpecific",
                 STR_ARG(name_of(served->target, served->owner->object)),
                 STR_ARG(served_format(injection->arena, served->route)), STR_ARG(class));
    diag_hint(injection->diags, "use pathType Prefix in the chart's values");
}

static void warn_extended(const struct served *served)
{
    struct injection *injection = served->target->injection;
    diag_warning(injection->diags, served->route->at, RULE_UNVERIFIED_ROUTE,
                 "cannot determine whether a filter ExtensionRef of %.*s sends requests for %.*s "
                 "elsewhere",
                 STR_ARG(name_of(served->target, served->owner->object)),
                 STR_ARG(served_format(injection->arena, served->route)));
    diag_hint(injection->diags, "check the object that the filter refers to");
}

static void warn_assumed(const struct served *served, const struct object *assumed)
{
    struct injection *injection = served->target->injection;
    diag_warning(injection->diags, served->route->at, RULE_ASSUMED_CLASS,
                 "%.*s has no class: assuming that ingress-nginx reads its paths, which other "
                 "controllers read differently",
                 STR_ARG(name_of(served->target, assumed)));
    diag_hint(injection->diags, "set ingress_class in the environment file, or set the class in "
                                "the chart's values");
}

bool served_check(const struct target *target, const struct route *route)
{
    struct answer answer = find_owner(target, route);
    const struct path_owner *owner = &answer.owner;
    const struct served served = {.target = target, .route = route, .owner = owner};
    if (answer.assumed)
        warn_assumed(&served, answer.assumed);
    if (!owner->is_ours)
        return false;
    if (owner->regex_overlap)
        warn_regex_overlap(&served);
    if (owner->conflict)
        warn_conflict(&served);
    if (owner->by_controller)
        warn_by_controller(&served);
    if (owner->is_extended)
        warn_extended(&served);
    if (owner->object->type == OBJECT_ROUTE)
        warn_route(&served);
    return true;
}

/* Errors about a route that the chart does not serve */

struct path_owner served_exact_rule(const struct target *target, const struct traffic *traffic,
                                    const struct route *route)
{
    struct rule_class classes[CHART_CLASSES_MAX];
    size_t count = chart_flavour_find(traffic->flavour)->rule_classes(traffic, classes);
    struct path_owner owner = {0};
    for (size_t i = 0; i < count && !owner.has_exact_rule; i++)
        owner = find(target, route, classes[i]);
    return owner;
}

static void report_other(const struct served *served)
{
    const struct target *target = served->target;
    struct arena *arena = target->injection->arena;
    struct str name = name_of(target, served->owner->object);
    struct str text = served_format(arena, served->route);
    struct str workload = name_of(target, target->workload);
    struct str service = served->owner->service;
    if (service.len)
        diag_error(target->injection->diags, served->route->at, RULE_ROUTE_CONFLICT,
                   "%.*s of the chart routes %.*s to Service %.*s, not to %.*s", STR_ARG(name),
                   STR_ARG(text), STR_ARG(service), STR_ARG(workload));
    else
        diag_error(target->injection->diags, served->route->at, RULE_ROUTE_NOT_SERVED,
                   "a rule of %.*s of the chart for %.*s routes to no Service", STR_ARG(name),
                   STR_ARG(text));
}

/* Reports the rule of ours that serves the route only in part, or perhaps. */
static void report_limit(const struct served *served)
{
    static const struct {
        const char *start;
        const char *reason;
    } messages[] = {
        [OWN_OTHER_HOST] =
            {"cannot determine whether ",
             ": the chart has rules for a more specific host, none of which matches, "
             "and only some controllers continue with less specific hosts"},
        [OWN_LITERAL] = {"", " only with the annotation use-regex: without it, nginx reads the "
                             "regular expression as text"},
        [OWN_CONDITIONS] = {"", " only for some methods, headers or query parameters"},
        [OWN_REGEX] = {"cannot determine whether ", ": its path is a regular expression"},
        [OWN_EXACT] = {"", " only for exactly this path, not for those below it"},
    };
    const struct target *target = served->target;
    struct arena *arena = target->injection->arena;
    enum own_limit limit = served->owner->limit;
    diag_error(target->injection->diags, served->route->at, RULE_ROUTE_NOT_SERVED,
               "%s%.*s of the chart routes %.*s to %.*s%s", messages[limit].start,
               STR_ARG(name_of(target, served->owner->limited)),
               STR_ARG(served_format(arena, served->route)),
               STR_ARG(name_of(target, target->workload)), messages[limit].reason);
}

void served_report_missing(const struct target *target, const struct traffic *traffic,
                           const struct object *first, const struct route *route)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    struct path_owner owner = find_owner(target, route).owner;
    const struct served served = {.target = target, .route = route, .owner = &owner};
    const struct object *foreign = served_foreign(target, route);
    if (owner.object)
        report_other(&served);
    else if (owner.limit)
        report_limit(&served);
    else if (foreign)
        diag_error(injection->diags, route->at, RULE_UNVERIFIED_ROUTE,
                   "cannot determine whether %.*s of the chart serves %.*s: the rules of this kind "
                   "are not read",
                   STR_ARG(name_of(target, foreign)), STR_ARG(served_format(arena, route)));
    else
        diag_error(injection->diags, route->at, RULE_ROUTE_NOT_SERVED,
                   "%.*s of the chart does not route %.*s to %.*s", STR_ARG(name_of(target, first)),
                   STR_ARG(served_format(arena, route)),
                   STR_ARG(name_of(target, target->workload)));
    struct str selector =
        target_selection_syntax(injection, injection->options->ingress, "ingress", STR("new"));
    if (served_exact_rule(target, traffic, route).has_exact_rule)
        diag_hint(injection->diags, "configure it in the chart's values");
    else if (foreign && !owner.object)
        diag_hint(injection->diags, "if it does, remove public_uri; if not, add %s: %.*s",
                  traffic->gateway ? "a route" : "an Ingress", STR_ARG(selector));
    else
        diag_hint(injection->diags, "configure it in the chart's values, or add %s: %.*s",
                  traffic->gateway ? "a route" : "an Ingress", STR_ARG(selector));
}
