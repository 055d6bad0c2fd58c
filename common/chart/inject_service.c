/* The Services that route to a workload: which containers they reach, and which Service and port
 * public_uri uses. */
#include "chart/inject_target.h"

#include "yaml/scalar.h"

#include <inttypes.h>

/* Ports */

bool target_is_tcp_port(const struct node *port)
{
    struct str protocol = node_string(node_at(port, "protocol"));
    return protocol.len == 0 || str_eq_c(protocol, "TCP");
}

const struct node *target_container_port(const struct node *container, struct str port)
{
    const struct node *ports = node_at(container, "ports");
    const struct node *found = NULL;
    for (const struct node *each = node_first_child(ports); each; each = each->next) {
        if (!str_equal(node_string(node_at(each, "name")), port) &&
            !str_equal(node_string(node_at(each, "containerPort")), port))
            continue;
        if (target_is_tcp_port(each))
            return each;
        found = found ? found : each;
    }
    return found;
}

/* The keys of a container port whose values Services refer to. */
static const char *const port_keys[] = {"name", "containerPort"};

/* Adds the ports of a container by name and number: only TCP ports, or only the others. Keeps
 * existing entries. */
static void index_ports(struct arena *arena, struct map *ports, const struct node *container,
                        bool tcp)
{
    for (const struct node *port = node_first_child(node_at(container, "ports")); port;
         port = port->next) {
        if (target_is_tcp_port(port) != tcp)
            continue;
        for (size_t i = 0; i < COUNT_OF(port_keys); i++)
            if (node_string(node_at(port, port_keys[i])).len)
                map_add(arena, ports, node_string(node_at(port, port_keys[i])), port);
    }
}

struct map target_container_ports(struct arena *arena, const struct node *container)
{
    struct map ports = {0};
    index_ports(arena, &ports, container, true);
    index_ports(arena, &ports, container, false);
    return ports;
}

/* True if a word of the name shows that the port is for metrics or health checks, not for traffic.
 */
static bool is_metrics_name(struct str name)
{
    static const char *const words[] = {
        "metrics",    "metric",    "prometheus",  "prom",   "exporter", "telemetry", "stats",
        "monitoring", "monitor",   "jmx",         "health", "healthz",  "livez",     "readyz",
        "liveness",   "readiness", "healthcheck", "probe",  "probes",   "status",    "admin",
        "debug",      "pprof",     "management",  "mgmt",
    };
    for (size_t at = 0; at < name.len;) {
        size_t end = str_find(name, at, '-');
        for (size_t i = 0; i < COUNT_OF(words); i++)
            if (str_eq_c(str_slice(name, at, end), words[i]))
                return true;
        at = end + 1;
    }
    return false;
}

/* True for a number in the range of exporters. Ports without a name and with such a number are for
 * metrics. */
static bool is_metrics_number(struct str text)
{
    enum { FIRST = 9100, LAST = 9999 };
    int64_t number;
    return str_to_int(text, &number) && number >= FIRST && number <= LAST;
}

static const struct node *target_port_of(const struct node *service_port)
{
    const struct node *to = node_at(service_port, "targetPort");
    return to ? to : node_at(service_port, "port");
}

/* The Services of a workload */

/* The Service ports that route to a name or number of a container port. */
struct service_target {
    struct service_target *self;
    const struct object *service; /* the first Service */
    const struct node *to;        /* the target port, a name or number, as in the first Service */
    size_t order;                 /* among the ports of all Services */
    bool has_traffic_name;        /* a Service port has a name that is not for metrics */
    bool has_unnamed;             /* a Service port has no name */
};

/* `selected`: the user selected the Service, so all of its ports are for traffic. */
static void index_service(struct injection *injection, const struct object *service, bool selected,
                          size_t *order)
{
    const struct node *ports = node_at(object_node(service), "spec ports");
    for (const struct node *port = node_first_child(ports); port; port = port->next) {
        if (!target_is_tcp_port(port))
            continue;
        struct str name = node_string(node_at(port, "name"));
        const struct node *to = target_port_of(port);
        struct service_target *target = ARENA_NEW(injection->arena, struct service_target);
        *target = (struct service_target){
            .self = target, .service = service, .to = to, .order = (*order)++};
        const struct service_target *known =
            map_add(injection->arena, &injection->service_targets, node_string(to), target);
        target = known ? known->self : target;
        target->has_traffic_name |= selected || (name.len && !is_metrics_name(name));
        target->has_unnamed |= name.len == 0;
    }
}

/* As in Kubernetes, the name or number of a port refers to the first container that has it.
 * Sidecars among the init containers are searched last. */
static void index_pod(struct injection *injection, const struct object *workload)
{
    const struct node *containers = node_at(object_pod(workload), "containers");
    const struct node *init = node_at(object_pod(workload), "initContainers");
    for (const struct node *each = node_first_child(containers); each; each = each->next)
        index_ports(injection->arena, &injection->pod_ports, each, true);
    for (const struct node *each = node_first_child(init); each; each = each->next)
        if (str_eq_c(node_string(node_at(each, "restartPolicy")), "Always"))
            index_ports(injection->arena, &injection->pod_ports, each, true);
}

/* Returns the name in --service, else in helm.service; empty if neither is set. */
static struct str selected_service(const struct target *target)
{
    const char *flag = target->injection->options->service;
    return flag ? str_from_c(flag) : target->service->helm.service;
}

/* Keeps only the Service that the user selected. */
static void keep_selected(struct injection *injection, struct str name)
{
    size_t count = 0;
    for (size_t i = 0; i < injection->service_count; i++)
        if (str_equal(injection->services[i]->name, name))
            injection->services[count++] = injection->services[i];
    injection->service_count = count;
}

void target_find_services(const struct target *target)
{
    struct injection *injection = target->injection;
    struct str selected = selected_service(target);
    if (injection->cached_workload == target->workload &&
        str_equal(injection->cached_service, selected))
        return;
    injection->cached_workload = target->workload;
    injection->cached_service = selected;
    injection->services =
        release_services(&injection->release, target->workload, &injection->service_count);
    if (selected.len)
        keep_selected(injection, selected);
    injection->service_names = (struct map){0};
    injection->service_targets = (struct map){0};
    injection->pod_ports = (struct map){0};
    index_pod(injection, target->workload);
    size_t order = 0;
    for (size_t i = 0; i < injection->service_count; i++) {
        map_add(injection->arena, &injection->service_names, injection->services[i]->name,
                injection->services[i]);
        index_service(injection, injection->services[i], selected.len != 0, &order);
    }
    injection->ingresses = NULL;
    injection->routes = NULL;
}

/* Returns the container port number that a Service's port routes to; the target port as written if
 * no container has it. */
static struct str target_number(const struct injection *injection, const struct node *port)
{
    struct str to = node_string(target_port_of(port));
    const struct node *number = node_at(map_get(&injection->pod_ports, to), "containerPort");
    return number ? node_string(number) : to;
}

enum { LISTED_MAX = 20 };

static void list_ports(const struct injection *injection, struct buf *out,
                       const struct object *service)
{
    const struct node *port = node_first_child(node_at(object_node(service), "spec ports"));
    size_t count = 0;
    for (; port && count <= LISTED_MAX; port = port->next) {
        if (!target_is_tcp_port(port))
            continue;
        struct str number = target_number(injection, port);
        buf_format(out, "%s%.*s", count ? ", " : " (",
                   STR_ARG(count < LISTED_MAX ? number : STR("...")));
        count++;
    }
    if (count)
        buf_add(out, STR(")"));
}

/* Lists Services and the ports that they route to, for a message. */
static struct str list_services(const struct injection *injection,
                                const struct object *const *services, size_t count)
{
    struct buf names = {0};
    for (size_t i = 0; i < count && i < LISTED_MAX; i++) {
        buf_add_joined(&names, ", ", services[i]->name);
        list_ports(injection, &names, services[i]);
    }
    if (count > LISTED_MAX)
        buf_add(&names, STR(", ..."));
    return buf_take(injection->arena, &names);
}

/* Adds a hint with the available Services, and as an example the one whose name is most similar to
 * the requested name. */
static void hint_services(const struct target *target, const struct object *const *services,
                          size_t count)
{
    struct injection *injection = target->injection;
    struct suggestion suggestion = {.word = selected_service(target)};
    for (size_t i = 0; i < count && suggestion.word.len; i++)
        suggestion_add(&suggestion, services[i]->name);
    if (count == 0) {
        diag_hint(injection->diags,
                  "no Service of the chart routes to it: enable one in the chart's values");
        return;
    }
    struct str selector =
        target_selection_syntax(injection, injection->options->service, "service",
                                suggestion.best.len ? suggestion.best : services[0]->name);
    diag_hint(injection->diags, "available: %.*s\nselect one: %.*s",
              STR_ARG(list_services(injection, services, count)), STR_ARG(selector));
}

bool target_check_service(const struct target *target)
{
    struct injection *injection = target->injection;
    struct str selected = selected_service(target);
    if (selected.len == 0)
        return true;
    target_find_services(target);
    if (injection->service_count)
        return true;
    size_t count;
    const struct object **all = release_services(&injection->release, target->workload, &count);
    const struct object *named =
        release_find(&injection->release, OBJECT_SERVICE, selected, target->workload);
    if (named && named->hook)
        target_error(target, SERVICE_HELM, RULE_UNSUITABLE_CHART_OBJECT,
                     "Service/%.*s is a Helm hook and cannot be selected", STR_ARG(selected));
    else if (named)
        target_error(target, SERVICE_HELM, RULE_UNSUITABLE_CHART_OBJECT,
                     "Service/%.*s does not route to this workload", STR_ARG(selected));
    else
        target_error(target, SERVICE_HELM, RULE_UNSUITABLE_CHART_OBJECT,
                     "Service \"%.*s\" not found in the chart", STR_ARG(selected));
    hint_services(target, all, count);
    return false;
}

/* Containers that Services reach */

/* The ports of a container that Services reach. */
struct reached {
    const struct node *port;
    const struct service_target *first; /* in the order of the Services */
    bool several;                       /* Services reach several ports */
};

static void add_reached(struct reached *reached, const struct node *port,
                        const struct service_target *service_target)
{
    reached->several |= reached->port && reached->port != port;
    reached->port = port;
    if (!reached->first || service_target->order < reached->first->order)
        reached->first = service_target;
}

/* True unless the port is for metrics, according to its own name, the names of all Service ports
 * that route to it or, if none of these has a name, its number. */
static bool carries_traffic(const struct node *port, const struct service_target *service_target)
{
    struct str name = node_string(node_at(port, "name"));
    if (is_metrics_name(name))
        return false;
    return service_target->has_traffic_name ||
           (service_target->has_unnamed &&
            (name.len || !is_metrics_number(node_string(node_at(port, "containerPort")))));
}

/* Finds the container's ports for traffic and for metrics that Services reach. */
static void find_reached(const struct target *target, const struct node *container,
                         struct reached *ret_traffic, struct reached *ret_metrics)
{
    struct injection *injection = target->injection;
    *ret_traffic = *ret_metrics = (struct reached){0};
    target_find_services(target);
    bool selected = selected_service(target).len != 0;
    for (const struct node *port = node_first_child(node_at(container, "ports")); port;
         port = port->next) {
        for (size_t i = 0; i < COUNT_OF(port_keys); i++) {
            struct str key = node_string(node_at(port, port_keys[i]));
            const struct service_target *found = map_get(&injection->service_targets, key);
            if (!found || key.len == 0 || map_get(&injection->pod_ports, key) != port)
                continue;
            bool traffic = selected || carries_traffic(port, found);
            add_reached(traffic ? ret_traffic : ret_metrics, port, found);
        }
    }
}

struct node *target_service_port(const struct target *target, const struct node *container)
{
    struct reached traffic;
    struct reached metrics;
    find_reached(target, container, &traffic, &metrics);
    const struct reached *only = traffic.port ? &traffic : &metrics;
    return only->port && !only->several ? node_copy(target->injection->arena, only->first->to)
                                        : NULL;
}

const struct object *target_service_of(const struct target *target, const struct node *container)
{
    struct reached traffic;
    struct reached metrics;
    find_reached(target, container, &traffic, &metrics);
    return traffic.first ? traffic.first->service : NULL;
}

const struct object *target_metrics_service_of(const struct target *target,
                                               const struct node *container)
{
    struct reached traffic;
    struct reached metrics;
    find_reached(target, container, &traffic, &metrics);
    return metrics.first ? metrics.first->service : NULL;
}

/* The Service and port of public_uri */

static bool is_headless(const struct object *service)
{
    return str_eq_c(node_string(node_at(object_node(service), "spec clusterIP")), "None");
}

static bool is_traffic_port(const struct target *target, const struct node *port)
{
    struct str name = node_string(node_at(port, "name"));
    const struct service_target service_target = {
        .has_traffic_name = name.len && !is_metrics_name(name), .has_unnamed = name.len == 0};
    struct str to = node_string(target_port_of(port));
    const struct node *own = map_get(&target->injection->pod_ports, to);
    if (!target_is_tcp_port(port))
        return false;
    if (selected_service(target).len)
        return true;
    if (own)
        return carries_traffic(own, &service_target);
    return service_target.has_traffic_name ||
           (service_target.has_unnamed && !is_metrics_number(to));
}

/* True if a Service port routes to the `port` of the service file, or, if that is not set, routes
 * traffic to the container. A number that no container declares may be a port of this container. */
static bool is_public(const struct target *target, const struct node *port,
                      const struct map *own_ports)
{
    const struct port *configured = target->service->public_port;
    struct str to = node_string(target_port_of(port));
    int64_t number;
    if (!target_is_tcp_port(port))
        return false;
    if (configured)
        return str_to_int(target_number(target->injection, port), &number) &&
               number == configured->number;
    const struct node *first = map_get(&target->injection->pod_ports, to);
    bool reaches = first ? map_get(own_ports, to) == first : str_to_int(to, &number);
    return reaches && is_traffic_port(target, port);
}

/* Candidates for a port: the only one is selected, else the one named `http`. */
struct port_candidates {
    const struct node *first;
    const struct node *http;
    size_t count;
};

static void add_port_candidate(struct port_candidates *candidates, const struct node *port)
{
    if (candidates->count++ == 0)
        candidates->first = port;
    if (!candidates->http && str_eq_c(node_string(node_at(port, "name")), "http"))
        candidates->http = port;
}

static const struct node *best_port(const struct port_candidates *candidates)
{
    return candidates->count == 1 ? candidates->first : candidates->http;
}

/* A candidate for the Service of public_uri. */
struct candidate {
    const struct object *service;
    struct port_candidates public;  /* ports for which is_public() is true */
    struct port_candidates traffic; /* all ports for traffic */
    size_t tcp_ports;
    bool is_usable; /* by an Ingress: it has a name, a cluster IP and a TCP port */
    bool is_only;   /* no other Service is usable */
};

static struct candidate evaluate_service(const struct target *target, const struct object *service,
                                         const struct map *own_ports)
{
    struct candidate candidate = {.service = service};
    const struct node *ports = node_at(object_node(service), "spec ports");
    bool named = service->name.len && (!is_headless(service) || selected_service(target).len);
    for (const struct node *port = node_first_child(ports); port; port = port->next) {
        candidate.tcp_ports += target_is_tcp_port(port);
        candidate.is_usable |= named && target_is_tcp_port(port);
        if (is_public(target, port, own_ports))
            add_port_candidate(&candidate.public, port);
        if (is_traffic_port(target, port))
            add_port_candidate(&candidate.traffic, port);
    }
    return candidate;
}

/* Returns the port of a Service to use, or NULL. If the service file sets `port`, all ports that
 * route to it are equivalent. */
static const struct node *choose_port(const struct target *target,
                                      const struct candidate *candidate)
{
    if (candidate->public.count == 0)
        return best_port(&candidate->traffic);
    return target->service->public_port ? candidate->public.first : best_port(&candidate->public);
}

/* True for a Service of admission webhooks, which only the API server calls, unless the user
 * selected it. */
static bool is_for_webhooks(const struct target *target, const struct object *service)
{
    return selected_service(target).len == 0 &&
           release_has_webhook(&target->injection->release, service->name);
}

static bool report_webhook(const struct target *target)
{
    struct injection *injection = target->injection;
    for (size_t i = 0; i < injection->service_count; i++) {
        const struct object *service = injection->services[i];
        if (!is_for_webhooks(target, service))
            continue;
        target_error(target, SERVICE_PUBLIC_URI, RULE_UNSUITABLE_CHART_OBJECT,
                     "public_uri requires a Service other than %.*s, which admission webhooks call",
                     STR_ARG(service->name));
        diag_hint(injection->diags,
                  "enable another Service in the chart's values, or select this one: %.*s",
                  STR_ARG(target_selection_syntax(injection, injection->options->service, "service",
                                                  service->name)));
        return true;
    }
    return false;
}

/* Reports that no Service can serve public_uri. A headless Service has no cluster IP, so it is used
 * only if the user selected it. */
static void report_no_service(const struct target *target)
{
    struct injection *injection = target->injection;
    const struct object *headless = NULL;
    if (report_webhook(target))
        return;
    for (size_t i = 0; i < injection->service_count && !headless; i++)
        if (is_headless(injection->services[i]) && injection->services[i]->name.len)
            headless = injection->services[i];
    if (!headless) {
        target_error(target, SERVICE_PUBLIC_URI, RULE_UNSUITABLE_CHART_OBJECT,
                     "public_uri requires a Service that routes TCP to this workload");
        diag_hint(injection->diags, "enable its Service in the chart's values");
        return;
    }
    struct str selector =
        target_selection_syntax(injection, injection->options->service, "service", headless->name);
    target_error(target, SERVICE_PUBLIC_URI, RULE_UNSUITABLE_CHART_OBJECT,
                 "public_uri requires a Service that is not headless, but %.*s is headless",
                 STR_ARG(headless->name));
    diag_hint(injection->diags,
              "enable another Service in the chart's values, or select this one: %.*s",
              STR_ARG(selector));
}

static bool report_services(const struct target *target, const struct object *const *services,
                            size_t count, size_t matching)
{
    const struct port *configured = target->service->public_port;
    struct str container = node_string(node_at(target->container, "name"));
    if (count == 0) {
        report_no_service(target);
        return false;
    }
    if (matching)
        target_error(target, SERVICE_PUBLIC_URI, RULE_UNSUITABLE_CHART_OBJECT,
                     "cannot determine the Service for public_uri: several route to this workload");
    else if (configured)
        target_error(target, SERVICE_PUBLIC_URI, RULE_PORT_MISMATCH,
                     "no Service routes to port %" PRId64 ", which public_uri uses",
                     configured->number);
    else
        target_error(target, SERVICE_PUBLIC_URI, RULE_UNSUITABLE_CHART_OBJECT,
                     "no Service routes traffic to container \"%.*s\"", STR_ARG(container));
    hint_services(target, services, count);
    return false;
}

/* Selects the Service of public_uri: the one that the user selected; else the only one that routes
 * to the `port` of the service file, or that routes traffic to the container; else, if `port` is
 * not set, the only one that routes traffic at all. */
static bool choose_service(const struct target *target, struct candidate *ret)
{
    struct injection *injection = target->injection;
    struct map own_ports = target_container_ports(injection->arena, target->container);
    size_t count = 0;
    size_t matching = 0;
    target_find_services(target);
    const struct object **usable =
        ARENA_ARRAY(injection->arena, injection->service_count, const struct object *);
    const struct object **fitting =
        ARENA_ARRAY(injection->arena, injection->service_count, const struct object *);
    struct candidate last = {0};
    *ret = last;
    for (size_t i = 0; i < injection->service_count; i++) {
        struct candidate each = evaluate_service(target, injection->services[i], &own_ports);
        if (!each.is_usable || is_for_webhooks(target, each.service))
            continue;
        usable[count++] = each.service;
        last = each;
        if (each.public.count == 0)
            continue;
        fitting[matching++] = each.service;
        *ret = each;
    }
    bool other_port = target->service->public_port && selected_service(target).len == 0;
    if (matching == 0 && count == 1 && last.traffic.count && !other_port) {
        *ret = last;
        matching = 1;
    }
    ret->is_only = count == 1;
    if (matching == 1)
        return true;
    return report_services(target, matching ? fitting : usable, matching ? matching : count,
                           matching);
}

/* Warns if the Service that the user selected does not route to `port`. It is used anyway. */
static void warn_port(const struct target *target, const struct candidate *chosen)
{
    const struct port *configured = target->service->public_port;
    if (!configured || chosen->public.count)
        return;
    enum field_id field = target_has(target, SERVICE_PORTS) ? SERVICE_PORTS : SERVICE_PORT;
    diag_warning(target->injection->diags, record_location(target->service->record, field),
                 RULE_PORT_MISMATCH,
                 "Service/%.*s does not route to port %" PRId64 ", so public_uri uses another port",
                 STR_ARG(chosen->service->name), configured->number);
    diag_hint(target->injection->diags, "available: %.*s",
              STR_ARG(list_services(target->injection, &chosen->service, 1)));
}

/* Records why the Service was selected. If it has several ports, the port is a guess even if the
 * Service is not. */
static void log_choice(const struct target *target, const struct candidate *chosen,
                       const struct node *port)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    struct str workload = object_display_name(arena, target->workload);
    struct str number = target_number(injection, port);
    bool guess = chosen->tcp_ports > 1 && !target->service->public_port;
    struct str of_several = {0};
    if (guess)
        of_several = str_format(arena, "; public_uri uses its target port %.*s", STR_ARG(number));
    if (selected_service(target).len)
        inject_log_choice(injection, chosen->service, NULL, guess, "%s names it%.*s",
                          injection->options->service ? "--service" : "helm.service",
                          STR_ARG(of_several));
    else if (chosen->public.count)
        inject_log_choice(injection, chosen->service, NULL, guess || !chosen->is_only,
                          "it routes to port %.*s of %.*s", STR_ARG(number), STR_ARG(workload));
    else
        inject_log_choice(
            injection, chosen->service, NULL, true,
            "it is the only Service of %.*s, but does not route to container %.*s%.*s",
            STR_ARG(workload), STR_ARG(node_string(node_at(target->container, "name"))),
            STR_ARG(of_several));
}

/* Returns the key of the field `port` that fits the name of a Service port or container port. */
static const char *suggested_port_key(const struct target *target, const struct node *port)
{
    static const char *const keys[] = {"grpc", "websocket", "tcp"};
    const struct node *own =
        map_get(&target->injection->pod_ports, node_string(target_port_of(port)));
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (str_eq_c(node_string(node_at(port, "name")), keys[i]) ||
            str_eq_c(node_string(node_at(own, "name")), keys[i]))
            return keys[i];
    return "http";
}

const struct object *target_select_public_service(const struct target *target,
                                                  const struct node **ret_port)
{
    struct candidate chosen;
    if (!choose_service(target, &chosen))
        return NULL;
    *ret_port = choose_port(target, &chosen);
    if (*ret_port) {
        warn_port(target, &chosen);
        log_choice(target, &chosen, *ret_port);
        return chosen.service;
    }
    target_error(target, SERVICE_PUBLIC_URI, RULE_UNSUITABLE_CHART_OBJECT,
                 "cannot determine the port for public_uri: Service/%.*s has several",
                 STR_ARG(chosen.service->name));
    diag_hint(target->injection->diags,
              "available: %.*s\nset the port of the container: port: {%s: %.*s}",
              STR_ARG(list_services(target->injection, &chosen.service, 1)),
              suggested_port_key(target, chosen.traffic.first),
              STR_ARG(target_number(target->injection, chosen.traffic.first)));
    return NULL;
}
