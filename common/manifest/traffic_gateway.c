/* Generates routes of the Gateway API: one for each host, with a rule for each path prefix. */
#include "manifest/traffic_gateway.h"

#include "manifest/traffic_ingress.h"
#include "service/layer_hosts.h"

#include <inttypes.h>

enum { RULES_MAX = 16 }; /* of a route */

struct str gateway_duration(struct arena *arena, int64_t seconds)
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE };
    const struct {
        int64_t number;
        const char *unit;
    } parts[] = {{seconds / HOUR, "h"}, {seconds % HOUR / MINUTE, "m"}, {seconds % MINUTE, "s"}};
    struct buf text = {0};
    for (size_t i = 0; i < COUNT_OF(parts); i++)
        if (parts[i].number || (seconds == 0 && i == COUNT_OF(parts) - 1))
            buf_add(&text, str_format(arena, "%" PRId64 "%s", parts[i].number, parts[i].unit));
    return buf_take(arena, &text);
}

bool gateway_has_session_persistence(const struct traffic *traffic)
{
    return traffic->affinity.cookie.len && traffic->gateway->has_session_persistence;
}

/* Checks */

void gateway_check_annotations(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    for (size_t i = 0; i < traffic->annotations->count; i++) {
        const struct item *item = &traffic->annotations->items[i];
        if (nginx_is_annotation(item->name)) {
            diag_error(diags, item->name_node->span, RULE_UNSUPPORTED_BY_CONTROLLER,
                       "\"%.*s\" is an nginx annotation, which is not possible with a gateway",
                       STR_ARG(item->name));
            diag_hint(diags, "remove it, and configure the Gateway or its controller instead");
        } else {
            diag_warning(diags, item->name_node->span, RULE_NO_EFFECT,
                         "\"%.*s\" has no effect: routes of a gateway have no Ingress annotations",
                         STR_ARG(item->name));
            diag_hint(diags, "remove it, and configure the Gateway or its controller instead");
        }
    }
}

static void check_hosts(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    for (size_t i = 0; i < traffic->route_count && traffic->gateway->listener_sets; i++) {
        if (traffic->routes[i].host.len)
            continue;
        diag_error(diags, traffic->routes[i].at, RULE_REQUIRED_FIELD,
                   "listener_sets: true requires a domain in public_uri");
        diag_hint(diags, "write the domain before the path, for example: app.example.com/");
        return;
    }
}

static void warn_shared_certificate(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    if (!traffic->tls.secret.len || layer_host_count(traffic->service) < 2)
        return;
    diag_warning(diags, traffic->protocol_at, RULE_GRPC_MAY_FAIL,
                 "gRPC may fail: several ListenerSets use the certificate \"%.*s\", and Envoy "
                 "Gateway disables HTTP/2 for listeners whose certificates have names in common",
                 STR_ARG(traffic->tls.secret));
    diag_hint(diags, "set cluster_issuer instead of tls_secret, so that each host has its own "
                     "certificate");
}

static void warn_overlapping_certificates(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    for (size_t i = 0; i < traffic->route_count && traffic->tls.issuer.len; i++) {
        const struct route *route = &traffic->routes[i];
        struct str other = layer_overlapping_host(traffic->service, route->host);
        if (other.len == 0)
            continue;
        diag_warning(diags, route->at, RULE_GRPC_MAY_FAIL,
                     "gRPC may fail: the certificates of %.*s and %.*s have names in common, and "
                     "Envoy Gateway disables HTTP/2 for listeners with such certificates",
                     STR_ARG(route->host), STR_ARG(other));
        bool is_wildcard = str_starts_with(route->host, STR("*."));
        diag_hint(diags, "replace %.*s with a domain outside %.*s",
                  STR_ARG(is_wildcard ? other : route->host),
                  STR_ARG(is_wildcard ? route->host : other));
        return;
    }
}

/* Envoy Gateway disables HTTP/2, which gRPC requires, for listeners whose certificates have names
 * in common, because a connection could be reused for the wrong listener. */
static void warn_http2_disabled(const struct traffic *traffic)
{
    if (traffic->protocol != PORT_TYPE_GRPC)
        return;
    warn_shared_certificate(traffic);
    warn_overlapping_certificates(traffic);
}

void gateway_check(const struct traffic *traffic)
{
    gateway_check_annotations(traffic);
    check_hosts(traffic);
    traffic_warn_grpc_prefix(traffic);
    warn_http2_disabled(traffic);
}

void gateway_warn_idle_timeout(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    if (!traffic->idle_timeout)
        return;
    diag_warning(diags, traffic->protocol_at, RULE_CONTROLLER_DEPENDENT,
                 "the idle timeout of websockets depends on the controller of Gateway %.*s/%.*s",
                 STR_ARG(traffic->gateway->namespace), STR_ARG(traffic->gateway->name));
    diag_hint(diags,
              "set it in the Gateway's controller; with Envoy Gateway, set type: envoy in %s",
              traffic_gateway_field(traffic));
}

void gateway_report_hash(const struct traffic *traffic, const char *possible)
{
    struct diags *diags = traffic->service->layer->diags;
    diag_error(diags, traffic->hash.at, RULE_UNSUPPORTED_BY_CONTROLLER,
               "consistent_hash is not possible with a gateway of type %s",
               flavour_keyword(traffic->flavour));
    diag_hint(diags,
              "remove it, or set type: envoy in %s if its controller is Envoy Gateway; type: %s "
              "supports %s",
              traffic_gateway_field(traffic), flavour_keyword(traffic->flavour), possible);
}

void gateway_warn_session_persistence(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    if (!gateway_has_session_persistence(traffic))
        return;
    for (size_t from = 0, to; from < traffic->route_count; from = to) {
        to = traffic_host_end(traffic, from);
        if (to - from < 2)
            continue;
        diag_warning(diags, traffic->affinity.at, RULE_WEAK_AFFINITY,
                     "session_persistence: v1.6 binds a client separately for each path of "
                     "public_uri, perhaps to different pods");
        diag_hint(diags, "use one path prefix for each host");
        return;
    }
}

/* Objects */

bool gateway_uses_grpc_routes(const struct traffic *traffic)
{
    if (traffic->protocol != PORT_TYPE_GRPC ||
        (traffic->flavour == FLAVOUR_TRAEFIK && traffic->affinity.cookie.len))
        return false;
    for (size_t i = 0; i < traffic->route_count; i++)
        if (traffic->routes[i].prefix.len ||
            layer_shares_host(traffic->service, traffic->routes[i].host))
            return false;
    return true;
}

void gateway_put_certificate(struct arena *arena, struct str host, struct str secret,
                             const char *issuer_kind, struct str issuer, struct node *spec)
{
    node_set_string(arena, spec, "secretName", secret);
    node_append_string(arena, node_set_list(arena, spec, "dnsNames"), host);
    struct node *reference = node_set_map(arena, spec, "issuerRef");
    node_set_string(arena, reference, "group", STR("cert-manager.io"));
    node_set_string(arena, reference, "kind", str_from_c(issuer_kind));
    node_set_string(arena, reference, "name", issuer);
}

void gateway_put_listener(struct arena *arena, const struct gateway *gateway, struct str host,
                          struct str secret, struct node *spec)
{
    struct node *parent = node_set_map(arena, spec, "parentRef");
    node_set_string(arena, parent, "name", gateway->name);
    node_set_string(arena, parent, "namespace", gateway->namespace);
    struct node *listener = node_append_map(arena, node_set_list(arena, spec, "listeners"));
    node_set_string(arena, listener, "name", STR("https"));
    if (host.len)
        node_set_string(arena, listener, "hostname", host);
    node_set_int(arena, listener, "port", HTTPS_PORT);
    node_set_string(arena, listener, "protocol", STR("HTTPS"));
    struct node *tls = node_set_map(arena, listener, "tls");
    node_set_string(arena, node_append_map(arena, node_set_list(arena, tls, "certificateRefs")),
                    "name", secret);
}

static void add_certificate(struct manifests *manifests, const struct traffic *traffic,
                            struct str host, struct str name, struct str secret)
{
    if (!traffic->tls.issuer.len)
        return;
    struct node *object =
        manifest_object(manifests, traffic->service, "cert-manager.io/v1", "Certificate", name);
    gateway_put_certificate(manifests->arena, host, secret, "ClusterIssuer", traffic->tls.issuer,
                            node_set_map(manifests->arena, object, "spec"));
}

/* Two ListenerSets with the same host would conflict, so only the first service with a host
 * generates one. Its name is that of the service, also in a chart, whose Services have other names.
 */
static struct str listener_set_name(struct arena *arena, const struct traffic *traffic,
                                    struct str host)
{
    return traffic_object_name(arena, layer_host_owner(traffic->service, host), host);
}

static void add_listener_set(struct manifests *manifests, const struct traffic *traffic,
                             struct str host)
{
    struct arena *arena = manifests->arena;
    const struct gateway *gateway = traffic->gateway;
    struct str name = listener_set_name(arena, traffic, host);
    if (!gateway->listener_sets ||
        !str_equal(layer_host_owner(traffic->service, host), traffic->service->name))
        return;
    struct str secret = traffic->tls.issuer.len ? str_format(arena, "%.*s-tls", STR_ARG(name))
                                                : traffic->tls.secret;
    add_certificate(manifests, traffic, host, name, secret);
    struct node *object =
        manifest_object(manifests, traffic->service, GATEWAY_GROUP "/v1", "ListenerSet", name);
    gateway_put_listener(arena, gateway, host, secret, node_set_map(arena, object, "spec"));
}

/* Returns the list `parentRefs`, which is created if it is missing. */
static struct node *parent_list(struct arena *arena, struct node *spec)
{
    struct node *list = node_get(spec, "parentRefs");
    return list ? list : node_set_list(arena, spec, "parentRefs");
}

void gateway_put_parent(struct arena *arena, const struct gateway *gateway, struct str listener,
                        struct node *spec)
{
    struct node *parent = node_append_map(arena, parent_list(arena, spec));
    node_set_string(arena, parent, "name", gateway->name);
    node_set_string(arena, parent, "namespace", gateway->namespace);
    if (listener.len)
        node_set_string(arena, parent, "sectionName", listener);
}

void gateway_put_listener_set_parent(struct arena *arena, struct str name, struct node *spec)
{
    struct node *parent = node_append_map(arena, parent_list(arena, spec));
    node_set_string(arena, parent, "group", STR(GATEWAY_GROUP));
    node_set_string(arena, parent, "kind", STR("ListenerSet"));
    node_set_string(arena, parent, "name", name);
    node_set_string(arena, parent, "sectionName", STR("https"));
}

void gateway_put_hostname(struct arena *arena, struct node *spec, struct str host)
{
    if (host.len)
        node_append_string(arena, node_set_list(arena, spec, "hostnames"), host);
}

void gateway_add_path_match(struct arena *arena, struct node *matches, const char *type,
                            struct str value)
{
    struct node *path = node_set_map(arena, node_append_map(arena, matches), "path");
    node_set_string(arena, path, "type", str_from_c(type));
    node_set_string(arena, path, "value", value);
}

static void add_match(struct arena *arena, struct node *matches, struct str prefix)
{
    gateway_add_path_match(arena, matches, "PathPrefix", prefix.len ? prefix : STR("/"));
}

void gateway_put_prefix_rewrite(struct arena *arena, struct node *rewrite, struct str prefix)
{
    struct node *path = node_set_map(arena, rewrite, "path");
    node_set_string(arena, path, "type", STR("ReplacePrefixMatch"));
    node_set_string(arena, path, "replacePrefixMatch", prefix);
}

static void put_rewrite(struct arena *arena, struct node *rule)
{
    struct node *filter = node_append_map(arena, node_set_list(arena, rule, "filters"));
    node_set_string(arena, filter, "type", STR("URLRewrite"));
    gateway_put_prefix_rewrite(arena, node_set_map(arena, filter, "urlRewrite"), STR("/"));
}

void gateway_put_session_persistence(struct arena *arena, const struct traffic *traffic,
                                     struct node *rule)
{
    if (!gateway_has_session_persistence(traffic))
        return;
    struct node *session = node_set_map(arena, rule, "sessionPersistence");
    node_set_string(arena, session, "sessionName", traffic->affinity.cookie);
    node_set_string(arena, session, "type", STR("Cookie"));
    if (traffic->affinity.max_age == 0) /* until the client ends its session */
        return;
    node_set_string(arena, session, "absoluteTimeout",
                    gateway_duration(arena, traffic->affinity.max_age));
    node_set_string(arena, node_set_map(arena, session, "cookieConfig"), "lifetimeType",
                    STR("Permanent"));
}

static void put_backend(struct arena *arena, const struct traffic *traffic, struct node *backend)
{
    node_set_string(arena, backend, "name", traffic->backend.service);
    node_set_int(arena, backend, "port", traffic->backend.port);
}

static void add_rule(struct arena *arena, const struct traffic *traffic,
                     const struct gateway_form *form, struct node *rules, const struct route *route,
                     bool grpc)
{
    struct node *rule = node_append_map(arena, rules);
    if (!grpc)
        add_match(arena, node_set_list(arena, rule, "matches"), route->prefix);
    if (route->prefix.len && !traffic->keeps_prefix)
        put_rewrite(arena, rule);
    struct node *backend = node_append_map(arena, node_set_list(arena, rule, "backendRefs"));
    (form->put_backend ? form->put_backend : put_backend)(arena, traffic, backend);
    gateway_put_session_persistence(arena, traffic, rule);
}

/* Routes of one host: those from `from` up to, not including, `to`. */
struct part {
    const struct route *routes;
    size_t count;
    size_t number; /* of the parts of the host, from 1 */
};

static struct str part_name(struct arena *arena, const struct traffic *traffic,
                            const struct part *part, const char *suffix)
{
    struct str name = traffic_object_name(arena, traffic->backend.service, part->routes->host);
    if (part->number == 1)
        return str_format(arena, "%.*s%s", STR_ARG(name), suffix);
    return str_format(arena, "%.*s%s-%zu", STR_ARG(name), suffix, part->number);
}

static void add_route(struct manifests *manifests, const struct traffic *traffic,
                      const struct gateway_form *form, const struct part *part)
{
    struct arena *arena = manifests->arena;
    bool grpc = gateway_uses_grpc_routes(traffic);
    const struct gateway_route route = {.kind = grpc ? "GRPCRoute" : "HTTPRoute",
                                        .name = part_name(arena, traffic, part, "")};
    if (form->add_policy)
        form->add_policy(manifests, traffic, &route);
    struct node *object =
        manifest_object(manifests, traffic->service, GATEWAY_GROUP "/v1", route.kind, route.name);
    struct node *spec = node_set_map(arena, object, "spec");
    if (traffic->gateway->listener_sets)
        gateway_put_listener_set_parent(
            arena, listener_set_name(arena, traffic, part->routes->host), spec);
    else
        gateway_put_parent(arena, traffic->gateway, traffic->gateway->listener, spec);
    gateway_put_hostname(arena, spec, part->routes->host);
    struct node *rules = node_set_list(arena, spec, "rules");
    for (size_t i = 0; i < part->count; i++)
        add_rule(arena, traffic, form, rules, &part->routes[i], grpc);
}

/* Implementations need not support other statuses than 301 and 302. */
int64_t gateway_redirect_status(enum flavour_id flavour)
{
    return flavour == FLAVOUR_STANDARD ? 301 : 308;
}

void gateway_add_redirect(struct arena *arena, struct node *filters, int64_t status)
{
    struct node *filter = node_append_map(arena, filters);
    node_set_string(arena, filter, "type", STR("RequestRedirect"));
    struct node *redirect = node_set_map(arena, filter, "requestRedirect");
    node_set_string(arena, redirect, "scheme", STR("https"));
    node_set_int(arena, redirect, "statusCode", status);
}

/* Redirects HTTP to HTTPS, for the same hosts and paths. */
static void add_redirect(struct manifests *manifests, const struct traffic *traffic,
                         const struct part *part)
{
    struct arena *arena = manifests->arena;
    if (traffic->gateway->http_listener.len == 0)
        return;
    struct node *object =
        manifest_object(manifests, traffic->service, GATEWAY_GROUP "/v1", "HTTPRoute",
                        part_name(arena, traffic, part, "-redirect"));
    struct node *spec = node_set_map(arena, object, "spec");
    gateway_put_parent(arena, traffic->gateway, traffic->gateway->http_listener, spec);
    gateway_put_hostname(arena, spec, part->routes->host);
    struct node *rule = node_append_map(arena, node_set_list(arena, spec, "rules"));
    struct node *matches = node_set_list(arena, rule, "matches");
    for (size_t i = 0; i < part->count; i++)
        add_match(arena, matches, part->routes[i].prefix);
    gateway_add_redirect(arena, node_set_list(arena, rule, "filters"),
                         gateway_redirect_status(traffic->flavour));
}

void gateway_render(struct manifests *manifests, const struct traffic *traffic,
                    const struct gateway_form *form)
{
    if (form->add_backend)
        form->add_backend(manifests, traffic);
    for (size_t from = 0, to; from < traffic->route_count; from = to) {
        to = traffic_host_end(traffic, from);
        add_listener_set(manifests, traffic, traffic->routes[from].host);
        for (size_t at = from; at < to; at += RULES_MAX) {
            const struct part part = {.routes = traffic->routes + at,
                                      .count = to - at < RULES_MAX ? to - at : RULES_MAX,
                                      .number = (at - from) / RULES_MAX + 1};
            add_route(manifests, traffic, form, &part);
            add_redirect(manifests, traffic, &part);
        }
    }
}
