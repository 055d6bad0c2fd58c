/* Ingresses: annotations onto those of the chart that lead to the workload, or new ones.
 *
 * A chart's own paths stay: rewrite-target and use-regex, which say how all paths of a host are
 * read, are for Ingresses of our own alone. */
#include "inject_target.h"

#include <string.h>

#define NGINX "nginx.ingress.kubernetes.io/"

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

static bool serves_host(struct str rule, struct str host)
{
    if (rule.len == 0 || str_equal(rule, host))
        return true;
    /* *.example.com takes one more label. */
    size_t dot = str_find(host, 0, '.');
    return str_starts(rule, STR("*.")) && dot > 0 &&
           str_equal(str_from(host, dot), str_from(rule, 1));
}

/* A path without the end by which regular expressions say "and all below". */
static struct str without_wildcard(struct str path)
{
    static const char *const ends[] = {"(/|$)(.*)", "/?(.*)", "(.*)", ".*", "*"};
    for (size_t i = 0; i < sizeof ends / sizeof *ends; i++)
        if (str_ends(path, str_of(ends[i])))
            return str_slice(path, 0, path.len - strlen(ends[i]));
    return path;
}

/* True when a path of an Ingress takes all below `prefix`, which has no slash at its end. */
static bool serves_path(struct arena *arena, const struct node *path, struct str prefix)
{
    struct str text = node_text(node_find(path, "path"));
    struct str type = node_text(node_find(path, "pathType"));
    if (str_equal(text, manifest_ingress_path(arena, prefix)))
        return true;
    text = without_wildcard(text);
    while (str_ends(text, STR("/")))
        text.len--;
    bool below = prefix.len == text.len || (prefix.len > text.len && prefix.data[text.len] == '/');
    return !str_is(type, "Exact") && str_starts(prefix, text) && below;
}

static bool is_our_service(const struct target *target, struct str name)
{
    target_find_services(target);
    return set_get(&target->injection->service_names, name) != NULL;
}

static bool is_ours(const struct target *target, const struct node *path)
{
    return is_our_service(target, node_text(node_find(path, "backend service name")));
}

static bool is_default_backend(const struct target *target, const struct object *ingress)
{
    return is_our_service(target,
                          node_text(node_find(ingress->node, "spec defaultBackend service name")));
}

static bool serves(const struct target *target, const struct object *ingress,
                   const struct route *route)
{
    const struct node *rules = node_find(ingress->node, "spec rules");
    if (!rules && is_default_backend(target, ingress))
        return true;
    for (const struct node *rule = node_items(rules); rule; rule = rule->next) {
        const struct node *paths = node_find(rule, "http paths");
        if (!serves_host(node_text(node_find(rule, "host")), route->host))
            continue;
        for (const struct node *path = node_items(paths); path; path = path->next)
            if (is_ours(target, path) && serves_path(target->injection->arena, path, route->prefix))
                return true;
    }
    return false;
}

static bool is_served(const struct target *target, const struct route *route)
{
    size_t count;
    const struct object **ingresses = candidates(target, &count);
    for (size_t i = 0; i < count; i++)
        if (serves(target, ingresses[i], route))
            return true;
    return false;
}

/* Annotations */

/* The other Services that an Ingress leads to are told: what is set holds for them too. */
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
    if (special_port(target))
        manifest_put_protocol(arena, special_port(target), map);
    if (service->sticky)
        manifest_put_sticky(arena, service, map);
    if (service->hash_key.len)
        put_text(arena, map, NGINX "upstream-hash-by", service->hash_key);
    manifest_put_items(arena, map, service->ingress_annotations);
    return map;
}

static void annotate(const struct target *target, const struct object *ingress)
{
    struct arena *arena = target->injection->arena;
    const struct node *map = wanted_annotations(target);
    for (struct node *value = map->first, *next; value; value = next) {
        next = value->next;
        struct str key = value->key->text;
        target_set(target, ingress, ingress->node,
                   str_format(arena, "metadata annotations %.*s", STR_ARG(key)).data,
                   node_scalar(arena, STYLE_TEXT, value->text), str_c(arena, key), TELL_VALUES);
    }
    struct node *there = node_find(ingress->node, "metadata annotations");
    bool sticky = there && node_find(there, NGINX "affinity");
    if (sticky && target_has(target, SERVICE_STICKY_SESSION) && !target->service->sticky)
        target_remove(target, ingress, there, NGINX "affinity", NGINX "affinity",
                      "sticky_session: false");
    if (map->first)
        warn_shared(target, ingress);
}

static enum field_id annotation_field(const struct target *target)
{
    static const enum field_id fields[] = {SERVICE_STICKY_SESSION, SERVICE_CONSISTENT_HASH,
                                           SERVICE_INGRESS_ANNOTATIONS};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++)
        if (target_has(target, fields[i]))
            return fields[i];
    return SERVICE_END;
}

/* New Ingresses */

/* How the Service calls the port that an Ingress leads to: the one that leads to the written port,
 * the only one, or the one named `http`. */
static const struct node *public_port(const struct target *target, const struct object *service)
{
    const struct node *ports = node_find(service->node, "spec ports");
    const struct node *only = NULL;
    const struct node *http = NULL;
    size_t count = 0;
    struct set listening = target_container_ports(target->injection->arena, target->container);
    for (const struct node *port = node_items(ports); port; port = port->next) {
        const struct node *to = node_find(port, "targetPort");
        to = to ? to : node_find(port, "port");
        const struct node *own = set_get(&listening, node_text(to));
        if (target_is_udp(port))
            continue;
        const struct node *number = own ? node_find(own, "containerPort") : to;
        int64_t listens;
        if (target->service->public_port && node_to_int(number, &listens) &&
            listens == target->service->public_port->number)
            return port;
        if (str_is(node_text(node_find(port, "name")), "http"))
            http = port;
        only = port;
        count++;
    }
    return count == 1 ? only : http;
}

static void add_ingresses(const struct target *target, struct route *routes, size_t count)
{
    struct arena *arena = target->injection->arena;
    bool several;
    const struct object *to = target_service(target, &several);
    const struct node *port = to && !several ? public_port(target, to) : NULL;
    if (!port) {
        target_error(target, SERVICE_PUBLIC_URI, "%s",
                     several ? "several Services lead to it, so none can be chosen for public_uri"
                     : to    ? "nothing tells which port of its Service public_uri means"
                             : "no Service leads to it, so public_uri cannot");
        diag_hint(target->injection->diags, "%s",
                  several ? "write an Ingress in the chart, and leave public_uri out"
                  : to    ? "write the port: port: {http: 8080}"
                          : "turn its Service on in the chart's values");
        return;
    }
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
        if (release_find(&target->injection->release, OBJECT_INGRESS, to->namespace, name)) {
            target_error(target, SERVICE_PUBLIC_URI,
                         "Ingress/%.*s of the chart stands where its Ingress would", STR_ARG(name));
            diag_hint(target->injection->diags, "rename it in the chart");
            continue;
        }
        target_add(target, "networking.k8s.io/v1", "Ingress", name,
                   node_get(metadata, "annotations"), node_get(object, "spec"));
    }
}

static void report_unserved(const struct target *target, const struct object *ingress,
                            const struct route *route)
{
    struct str path = route->prefix;
    if (path.len == 0 && route->host.len == 0)
        path = STR("/");
    diag_error(target->injection->diags, route->at,
               "%.*s of the chart does not serve %.*s%.*s to it",
               STR_ARG(object_text(target->injection->arena, ingress)), STR_ARG(route->host),
               STR_ARG(path));
    diag_hint(target->injection->diags,
              "set it in the chart's values, or add an Ingress: helm: {ingress: new}");
}

bool inject_ingress_is_asked(const struct target *target)
{
    return target->service->route_count || special_port(target) || wanted(target).len ||
           annotation_field(target) != SERVICE_END;
}

void inject_ingress(const struct target *target)
{
    if (!inject_ingress_is_asked(target))
        return;
    const struct service *service = target->service;
    const struct object *named = NULL;
    size_t candidate_count;
    const struct object **ingresses = candidates(target, &candidate_count);
    const struct object *first = candidate_count ? ingresses[0] : NULL;
    for (size_t i = 0; i < candidate_count; i++) {
        if (!is_wanted(target, ingresses[i]))
            continue;
        named = ingresses[i];
        annotate(target, ingresses[i]);
    }
    if (wanted(target).len && !wants_new(target) && !named) {
        target_error(target, SERVICE_HELM, "no Ingress named \"%.*s\" leads to it",
                     STR_ARG(wanted(target)));
        if (first)
            diag_hint(target->injection->diags, "write one that does: helm: {ingress: %.*s}",
                      STR_ARG(first->name));
        else
            diag_hint(target->injection->diags,
                      "none of the chart does; left out, public_uri adds one");
        return;
    }
    struct route *missing =
        ARENA_ARRAY(target->injection->arena, service->route_count, struct route);
    size_t count = 0;
    for (size_t i = 0; i < service->route_count; i++) {
        if (is_served(target, &service->routes[i]))
            continue;
        missing[count++] = service->routes[i];
        if (first && !wants_new(target))
            report_unserved(target, first, &service->routes[i]);
    }
    enum field_id field = annotation_field(target);
    if (count && (!first || wants_new(target))) {
        add_ingresses(target, missing, count);
    } else if (!first && field != SERVICE_END && service->route_count == 0) {
        diag_warning(target->injection->diags, record_location(service->record, field),
                     "%s has no effect: the chart has no Ingress that leads to %.*s",
                     schema_field(field)->name,
                     STR_ARG(object_text(target->injection->arena, target->workload)));
        diag_hint(target->injection->diags, "public_uri adds one");
    }
}
