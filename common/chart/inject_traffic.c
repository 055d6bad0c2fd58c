/* Ingresses: annotations onto those of the chart that lead to the workload, or new ones. A route of
 * the Gateway API may serve public_uri as well.
 *
 * A chart's own paths stay: rewrite-target and use-regex, which say how all paths of a host are
 * read, are for Ingresses of our own alone. */
#include "chart/inject_target.h"

#include <string.h>

/* The Ingresses that lead to the workload. */
static const struct object **candidates(const struct target *target, size_t *ret_count)
{
    struct injection *injection = target->injection;
    target_find_services(target);
    if (!injection->ingresses)
        injection->ingresses =
            release_ingresses(&injection->release, injection->services, injection->service_count,
                              &injection->ingress_count);
    *ret_count = injection->ingress_count;
    return injection->ingresses;
}

/* The routes of the Gateway API that lead to the workload. */
static const struct object **gateway_routes(const struct target *target, size_t *ret_count)
{
    struct injection *injection = target->injection;
    target_find_services(target);
    if (!injection->routes)
        injection->routes = release_routes(&injection->release, injection->services,
                                           injection->service_count, &injection->route_count);
    *ret_count = injection->route_count;
    return injection->routes;
}

/* What the user named; empty: nothing. */
static struct str wanted(const struct target *target)
{
    const char *flag = target->injection->options->ingress;
    return flag ? str_of(flag) : target->service->helm.ingress;
}

static bool wants_new(const struct target *target)
{
    return str_is(wanted(target), "new");
}

static bool is_wanted(const struct target *target, const struct object *ingress)
{
    struct str name = wanted(target);
    return name.len == 0 || wants_new(target) || str_equal(name, ingress->name);
}

/* Addresses */

static bool is_our_service(const struct target *target, struct str name)
{
    target_find_services(target);
    return set_get(&target->injection->service_names, name) != NULL;
}

static bool leads_to_us(const void *context, const struct object *ingress, struct str namespace,
                        struct str service)
{
    const struct target *target = context;
    const struct object *ours = set_get(&target->injection->service_names, service);
    return ours && release_in_reference(&target->injection->release, ours, ingress, namespace);
}

/* "HOST/PATH" */
static struct str route_text(struct arena *arena, const struct route *route)
{
    bool all = route->prefix.len == 0 && route->host.len == 0;
    return str_format(arena, "%.*s%.*s%s", STR_ARG(route->host), STR_ARG(route->prefix),
                      all ? "/" : "");
}

/* A public_uri is served if, of the paths that fit it in an Ingress class or the routes of
 * Gateways, the one that the controller prefers leads to a Service of the workload. The answer is
 * that of a class that serves it, else of the first that leads it to another Service. */
static struct release_answer ask(const struct target *target, const struct route *route)
{
    struct injection *injection = target->injection;
    struct release_answer best = {0};
    struct set classes = {0};
    size_t count;
    const struct object **ingresses = candidates(target, &count);
    for (size_t i = 0; i < count && !best.served; i++) {
        struct str class = release_class(ingresses[i]);
        if (set_add(injection->arena, &classes, class, ingresses[i]))
            continue;
        struct release_answer answer;
        release_ask(&injection->release, class, route->host, route->prefix, leads_to_us, target,
                    &answer);
        if (answer.served || !best.ingress)
            best = answer;
    }
    gateway_routes(target, &count);
    struct release_answer answer = {0};
    if (count && !best.served)
        release_ask(&injection->release, STR(RELEASE_GATEWAY), route->host, route->prefix,
                    leads_to_us, target, &answer);
    return best.served || (best.ingress && !answer.served) ? best : answer;
}

static void warn_doubt(const struct target *target, const struct route *route,
                       const struct object *doubtful)
{
    struct injection *injection = target->injection;
    diag_warning(injection->diags, route->at,
                 "cannot determine whether a regular expression of %.*s takes requests from "
                 "%.*s%.*s to another Service",
                 STR_ARG(object_text(injection->arena, doubtful)), STR_ARG(route->host),
                 STR_ARG(route->prefix));
    diag_hint(injection->diags, "compare the paths of that host in the chart");
}

/* Controllers choose one of two equal paths, often that of the older Ingress. */
static void warn_rival(const struct target *target, const struct route *route,
                       const struct object *rival)
{
    struct injection *injection = target->injection;
    diag_warning(injection->diags, route->at,
                 "%.*s also leads %.*s%.*s to another Service: the controller chooses one of the "
                 "two",
                 STR_ARG(object_text(injection->arena, rival)), STR_ARG(route->host),
                 STR_ARG(route->prefix));
    diag_hint(injection->diags, "remove one of the two paths in the chart's values");
}

/* A route of a Gateway needs no Ingress beside it, which would be a second way in. */
static void warn_route(const struct target *target, const struct route *route,
                       const struct object *server)
{
    struct injection *injection = target->injection;
    diag_warning(injection->diags, route->at,
                 "%.*s of the chart serves %.*s already, so no Ingress is added for it",
                 STR_ARG(object_text(injection->arena, server)),
                 STR_ARG(route_text(injection->arena, route)));
    diag_hint(injection->diags, "leave public_uri out, or disable the route in the chart's values");
}

static bool is_served(const struct target *target, const struct route *route)
{
    struct release_answer answer = ask(target, route);
    if (answer.doubt)
        warn_doubt(target, route, answer.doubt);
    if (answer.rival)
        warn_rival(target, route, answer.rival);
    if (answer.served && answer.server->type == OBJECT_ROUTE)
        warn_route(target, route, answer.server);
    return answer.served;
}

/* Annotations */

/* Reports the other Services of an Ingress: annotations apply to them too. */
static void warn_shared(const struct target *target, const struct object *ingress)
{
    struct injection *injection = target->injection;
    size_t count;
    const struct str *names = release_backends(injection->arena, ingress, &count);
    for (size_t i = 0; i < count; i++) {
        if (is_our_service(target, names[i]) ||
            !release_has_service(&injection->release, names[i], ingress))
            continue;
        diag_warning(injection->diags, object_location(ingress),
                     "%.*s leads to the Service %.*s as well, for which the annotations hold too",
                     STR_ARG(object_text(injection->arena, ingress)), STR_ARG(names[i]));
        return;
    }
}

static const struct port *special_port(const struct target *target)
{
    const struct port *port = target->service->public_port;
    return port && port->type != PORT_TYPE_HTTP ? port : NULL;
}

/* What is written and lands in annotations, as an Ingress of our own would have it. */
static struct node *wanted_annotations(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct service *service = target->service;
    struct node *map = node_new(arena, NODE_MAP);
    manifest_put_nginx(arena, service, map);
    manifest_put_items(arena, map, service->ingress_annotations);
    return map;
}

/* Nginx annotations are for controllers that read them, all others for every Ingress. */
static void annotate(const struct target *target, const struct object *ingress)
{
    struct arena *arena = target->injection->arena;
    const struct node *map = wanted_annotations(target);
    bool reads_nginx = inject_reads_nginx(target, ingress);
    bool annotated = false;
    for (struct node *value = map->first, *next; value; value = next) {
        next = value->next;
        struct str key = value->key->text;
        if (ingress_is_nginx_annotation(key) && !reads_nginx)
            continue;
        annotated = true;
        target_set(target, ingress, ingress->node,
                   str_format(arena, "metadata annotations %.*s", STR_ARG(key)).data,
                   node_scalar(arena, STYLE_TEXT, value->text), str_c(arena, key), TELL_VALUES);
    }
    struct node *there = node_find(ingress->node, "metadata annotations");
    bool sticky = there && node_find(there, NGINX_ANNOTATION "affinity");
    if (sticky && target_has(target, SERVICE_STICKY_SESSION) && !target->service->sticky)
        target_remove(target, ingress, there, NGINX_ANNOTATION "affinity",
                      NGINX_ANNOTATION "affinity", "sticky_session: false");
    if (annotated)
        warn_shared(target, ingress);
}

static const enum field_id annotation_fields[] = {SERVICE_STICKY_SESSION, SERVICE_CONSISTENT_HASH,
                                                  SERVICE_INGRESS_ANNOTATIONS};

static bool has_annotations(const struct target *target)
{
    for (size_t i = 0; i < sizeof annotation_fields / sizeof *annotation_fields; i++)
        if (target_has(target, annotation_fields[i]))
            return true;
    return false;
}

/* New Ingresses */

static bool is_https_name(struct str name)
{
    return str_is(name, "https") || str_starts(name, STR("https-"));
}

/* True if a port of a Service is for HTTPS by its appProtocol, by the container's name for it, or
 * else by its own. */
static bool speaks_https(const struct target *target, const struct node *port)
{
    const struct node *to = node_find(port, "targetPort");
    const struct node *own =
        set_get(&target->injection->pod_ports, node_text(to ? to : node_find(port, "port")));
    struct str name = node_text(node_find(own, "name"));
    if (str_is_nocase(node_text(node_find(port, "appProtocol")), "https") || is_https_name(name))
        return true;
    return !str_is(name, "http") && is_https_name(node_text(node_find(port, "name")));
}

/* nginx requests it by HTTP, unless an annotation says otherwise. */
static void warn_https(const struct target *target, const struct object *to,
                       const struct node *port, const struct route *route)
{
    static const char key[] = NGINX_ANNOTATION "backend-protocol";
    struct injection *injection = target->injection;
    const struct value *annotations = target->service->ingress_annotations;
    if (target->service->layer->environment.ingress_controller != INGRESS_NGINX ||
        !speaks_https(target, port))
        return;
    for (size_t i = 0; i < annotations->count; i++)
        if (str_is(annotations->items[i].name, key))
            return;
    diag_warning(injection->diags, route->at,
                 "port %.*s of %.*s is for HTTPS, but nginx requests it by HTTP",
                 STR_ARG(node_text(node_find(port, "port"))),
                 STR_ARG(object_text(injection->arena, to)));
    diag_hint(injection->diags, "add ingress_extra_annotations: {%s: HTTPS}", key);
}

static void add_ingresses(const struct target *target, struct route *routes, size_t count)
{
    struct arena *arena = target->injection->arena;
    const struct node *port;
    const struct object *to = target_public_service(target, &port);
    if (!to)
        return;
    warn_https(target, to, port, &routes[0]);
    struct port called = {.name = node_text(node_find(port, "name")), .type = PORT_TYPE_HTTP};
    if (target->service->public_port)
        called.type = target->service->public_port->type;
    node_to_int(node_find(port, "port"), &called.service_port);
    struct service copy = *target->service;
    copy.name = to->name;
    copy.public_port = &called;
    copy.routes = routes;
    copy.route_count = count;
    struct manifests manifests = {.arena = arena};
    manifest_ingress(&manifests, &copy);
    for (size_t i = 0; i < manifests.count; i++) {
        const struct node *object = manifests.items[i];
        const struct node *metadata = node_get(object, "metadata");
        struct str name = node_get(metadata, "name")->text;
        if (release_find(&target->injection->release, OBJECT_INGRESS, name, to)) {
            target_error(target, SERVICE_PUBLIC_URI,
                         "Ingress/%.*s of the chart stands where its Ingress would", STR_ARG(name));
            diag_hint(target->injection->diags, "rename it in the chart");
            continue;
        }
        target_add(target, "networking.k8s.io/v1", "Ingress", name,
                   node_get(metadata, "annotations"), node_get(object, "spec"));
    }
}

/* True if an Ingress of the chart leads a route to another Service where a new Ingress would lead
 * it to ours: one of the environment's class, or of none. */
static bool is_taken(const struct target *target, const struct route *route)
{
    const struct str classes[] = {target->service->layer->environment.ingress_class, {0}};
    struct release_answer answer = {0};
    for (size_t i = 0; i < sizeof classes / sizeof *classes && !answer.taken; i++)
        release_ask(&target->injection->release, classes[i], route->host, route->prefix,
                    leads_to_us, target, &answer);
    return answer.taken;
}

static void report_unserved(const struct target *target, const struct object *ingress,
                            const struct route *route)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    struct release_answer answer = ask(target, route);
    struct str text = route_text(arena, route);
    if (answer.ingress)
        diag_error(injection->diags, route->at,
                   "%.*s of the chart leads %.*s to the Service %.*s, not to %.*s",
                   STR_ARG(object_text(arena, answer.ingress)), STR_ARG(text),
                   STR_ARG(answer.service), STR_ARG(object_text(arena, target->workload)));
    else
        diag_error(injection->diags, route->at, "%.*s of the chart does not serve %.*s to it",
                   STR_ARG(object_text(arena, ingress)), STR_ARG(text));
    struct str selector =
        target_selector(injection, injection->options->ingress, "ingress", STR("new"));
    if (is_taken(target, route))
        diag_hint(injection->diags, "set it in the chart's values");
    else
        diag_hint(injection->diags, "set it in the chart's values, or add an Ingress: %.*s",
                  STR_ARG(selector));
}

/* A new Ingress cannot have a path that one of the chart leads to another Service. */
static bool check_taken(const struct target *target, const struct route *routes, size_t count)
{
    struct injection *injection = target->injection;
    size_t errors = injection->diags->errors;
    for (size_t i = 0; i < count; i++) {
        if (!is_taken(target, &routes[i]))
            continue;
        diag_error(injection->diags, routes[i].at,
                   "the chart leads %.*s to another Service, so no Ingress can be added for it",
                   STR_ARG(route_text(injection->arena, &routes[i])));
        diag_hint(injection->diags, "set it in the chart's values");
    }
    return injection->diags->errors == errors;
}

/* A regular expression on a new Ingress changes how nginx reads the chart's paths of the host. */
static void warn_regex(const struct target *target, const struct route *routes, size_t count)
{
    struct injection *injection = target->injection;
    const struct environment *environment = &target->service->layer->environment;
    for (size_t i = 0; i < count && environment->ingress_controller == INGRESS_NGINX; i++) {
        bool again = i > 0 && str_equal(routes[i - 1].host, routes[i].host);
        bool several = i + 1 < count && str_equal(routes[i + 1].host, routes[i].host);
        if (again || (routes[i].prefix.len == 0 && !several) ||
            !(release_has_plain_host(&injection->release, environment->ingress_class,
                                     routes[i].host) ||
              release_has_plain_host(&injection->release, (struct str){0}, routes[i].host)))
            continue;
        diag_warning(injection->diags, routes[i].at,
                     "the new Ingress makes nginx read all paths of this host as regular "
                     "expressions, those of the chart too");
        diag_hint(injection->diags, "check that the chart's paths of the host still match, or give "
                                    "the service a host of its own");
    }
}

/* A new Ingress and a route are two ways in, which need not lead to the same Service. */
static void warn_other_way(const struct target *target, const struct route *routes, size_t count)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    for (size_t i = 0; i < count; i++) {
        struct release_answer answer;
        release_ask(&injection->release, STR(RELEASE_GATEWAY), routes[i].host, routes[i].prefix,
                    leads_to_us, target, &answer);
        if (!answer.ingress)
            continue;
        diag_warning(
            injection->diags, routes[i].at,
            "%.*s of the chart leads %.*s to the Service %.*s, and the new Ingress to %.*s",
            STR_ARG(object_text(arena, answer.ingress)), STR_ARG(route_text(arena, &routes[i])),
            STR_ARG(answer.service), STR_ARG(object_text(arena, target->workload)));
        diag_hint(injection->diags, "set it in the chart's values if the Gateway shall serve it");
    }
}

bool inject_ingress_is_asked(const struct target *target)
{
    return target->service->route_count || special_port(target) || wanted(target).len ||
           has_annotations(target);
}

/* With `ingress: new` a setting may be on one Ingress alone, the new one or another whose
 * controller reads nginx annotations; else it must hold for every Ingress that leads to the
 * workload. */
static void annotate_all(const struct target *target, const struct object **ingresses, size_t count,
                         bool adds)
{
    size_t settings;
    service_nginx_settings(target->service, &settings);
    if (count == 0 || (settings && !layer_read_environment(target->service->layer)))
        return;
    bool somewhere = adds;
    for (size_t i = 0; i < count; i++)
        somewhere |= is_wanted(target, ingresses[i]) && inject_reads_nginx(target, ingresses[i]);
    for (size_t i = 0; i < count; i++) {
        if (!is_wanted(target, ingresses[i]))
            continue;
        inject_check_class(target, ingresses[i], wants_new(target) && somewhere);
        annotate(target, ingresses[i]);
    }
}

/* The Ingress that `helm.ingress` names must be one that leads to the workload. */
static bool check_wanted(const struct target *target, const struct object **ingresses, size_t count)
{
    if (wanted(target).len == 0 || wants_new(target))
        return true;
    for (size_t i = 0; i < count; i++)
        if (is_wanted(target, ingresses[i]))
            return true;
    const struct object *named =
        release_find(&target->injection->release, OBJECT_INGRESS, wanted(target), target->workload);
    if (named && named->hook)
        target_error(target, SERVICE_HELM,
                     "Ingress/%.*s is a hook of the chart, which is left alone",
                     STR_ARG(named->name));
    else
        target_error(target, SERVICE_HELM, "no Ingress named \"%.*s\" leads to it",
                     STR_ARG(wanted(target)));
    const char *flag = target->injection->options->ingress;
    struct str first = count ? ingresses[0]->name : STR("");
    struct str selector = target_selector(target->injection, flag, "ingress", first);
    if (count)
        diag_hint(target->injection->diags, "write one that does: %.*s", STR_ARG(selector));
    else
        diag_hint(target->injection->diags,
                  "none of the chart does; left out, public_uri adds one");
    return false;
}

static struct route *unserved_routes(const struct target *target, size_t *ret_count)
{
    const struct service *service = target->service;
    struct route *routes =
        ARENA_ARRAY(target->injection->arena, service->route_count, struct route);
    *ret_count = 0;
    for (size_t i = 0; i < service->route_count; i++)
        if (!is_served(target, &service->routes[i]))
            routes[(*ret_count)++] = service->routes[i];
    return routes;
}

/* What only Ingresses have does nothing where none leads to the workload. */
static void warn_no_effect(const struct target *target)
{
    struct injection *injection = target->injection;
    size_t count;
    const struct object **routes = gateway_routes(target, &count);
    for (size_t i = 0; i < sizeof annotation_fields / sizeof *annotation_fields; i++) {
        enum field_id field = annotation_fields[i];
        if (!target_has(target, field))
            continue;
        diag_warning(injection->diags, record_location(target->service->record, field),
                     "%s has no effect: the chart has no Ingress that leads to %.*s",
                     schema_field(field)->name,
                     STR_ARG(object_text(injection->arena, target->workload)));
        if (count)
            diag_hint(injection->diags, "%.*s leads to it: set it in the chart's values",
                      STR_ARG(object_text(injection->arena, routes[0])));
        else
            diag_hint(injection->diags, "public_uri adds one");
    }
}

/* A new Ingress is for public_uri: without it, `new` is a mistake. */
static void check_new(const struct target *target)
{
    struct diags *diags = target->injection->diags;
    if (!wants_new(target) || target->service->route_count)
        return;
    if (target->injection->options->ingress) {
        diag_error(diags, target->service->at, "nothing uses --ingress new");
        diag_hint(diags, "it adds an Ingress for public_uri, which the service does not have");
    } else {
        diag_warning(diags, record_location(target->service->record, SERVICE_HELM),
                     "ingress: new has no effect without public_uri");
        diag_hint(diags, "add public_uri, or leave ingress out");
    }
}

void inject_ingress(const struct target *target)
{
    if (!inject_ingress_is_asked(target))
        return;
    const struct service *service = target->service;
    check_new(target);
    size_t candidate_count;
    const struct object **ingresses = candidates(target, &candidate_count);
    if (!check_wanted(target, ingresses, candidate_count))
        return;
    size_t gateway_count;
    const struct object **routes = gateway_routes(target, &gateway_count);
    const struct object *first = candidate_count ? ingresses[0] : gateway_count ? routes[0] : NULL;
    size_t count;
    struct route *missing = unserved_routes(target, &count);
    bool adds = count && (!first || wants_new(target));
    annotate_all(target, ingresses, candidate_count, adds);
    for (size_t i = 0; i < count && !adds; i++)
        report_unserved(target, first, &missing[i]);
    if (target_has(target, SERVICE_KEEP_PATH_PREFIX) && !adds && service->route_count)
        diag_warning(target->injection->diags,
                     record_location(service->record, SERVICE_KEEP_PATH_PREFIX),
                     "keep_path_prefix is not injected into charts");
    if (adds && check_taken(target, missing, count) &&
        service_check_ingress(service, missing, count)) {
        warn_regex(target, missing, count);
        warn_other_way(target, missing, count);
        add_ingresses(target, missing, count);
    } else if (candidate_count == 0 && count == 0) {
        warn_no_effect(target);
    }
}
