/* Generates the objects that belong to routes: policies of Envoy Gateway, its rewrites by regular
 * expressions, TraefikServices and BackendTLSPolicies. Reports settings that the type of the
 * Gateway does not support. */
#include "convert/model.h"
#include "format/name.h"
#include "manifest/traffic_ingress.h"

#include <inttypes.h>

/* Checks */

static struct str nginx_name(const struct convert *convert, const char *name)
{
    return STR_JOIN(convert->arena, STR(NGINX_ANNOTATION), str_from_c(name));
}

static struct location location_of(const struct convert *convert, const struct ingress *ingress,
                                   const char *name)
{
    const struct node *node = settings_annotation(convert, ingress, name);
    return node ? node->span : ingress->input->at;
}

static bool refuse(struct convert *convert, const struct ingress *ingress, const char *name,
                   const char *reason)
{
    return convert_refuse(convert, ingress, location_of(convert, ingress, name),
                          nginx_name(convert, name), "%s", reason);
}

/* Settings that only Envoy Gateway's policies have. */
static void check_timeouts(struct convert *convert, struct ingress *ingress)
{
    static const char *const names[] = {"proxy-read-timeout", "proxy-send-timeout",
                                        "proxy-connect-timeout"};
    for (size_t i = 0; i < COUNT_OF(names) && !convert_is_envoy(convert); i++)
        if (settings_annotation(convert, ingress, names[i]))
            refuse(convert, ingress, names[i],
                   "the controller of the Gateway decides how long a connection may be idle; only "
                   "type: envoy has such a policy");
}

/* A buffered request reaches the Service when it is complete: streams would never. */
static void check_body_size(struct convert *convert, struct ingress *ingress)
{
    struct settings *settings = &ingress->settings;
    bool streams = settings_is_grpc(settings) || settings->idle_timeout >= WEBSOCKET_TIMEOUT;
    if (settings->body_size.len == 0)
        return;
    if (convert_is_envoy(convert) && !streams) {
        convert_differ(convert, ingress, nginx_name(convert, "proxy-body-size"),
                       "each request is buffered until it is complete");
        return;
    }
    if (refuse(convert, ingress, "proxy-body-size",
               streams ? "the Gateway would buffer each request, so that gRPC and websockets (a "
                         "timeout of 3600 s or more) do not work"
                       : "only type: envoy has such a policy"))
        settings->body_size = STR("");
}

/* Limits of the filter CORS. */
enum {
    CORS_ITEMS_MAX = 64, /* of a list */
    CORS_ORIGIN_MAX = 253,
    CORS_PORT_MAX = 6, /* with the colon */
    CORS_HEADER_MAX = 256,
};

/* True for an origin that the filter CORS can have: a scheme, a host and perhaps a port. */
static bool is_origin(struct str text)
{
    static const struct str schemes[] = {{"https://", 8}, {"http://", 7}};
    for (size_t i = 0; i < COUNT_OF(schemes); i++) {
        if (!str_starts_with(text, schemes[i]))
            continue;
        struct str host = str_skip(text, schemes[i].len);
        struct str port = str_skip(host, str_find(host, 0, ':'));
        return text.len <= CORS_ORIGIN_MAX &&
               !name_check_host(str_slice(host, 0, host.len - port.len)) &&
               (port.len == 0 || (port.len > 1 && port.len <= CORS_PORT_MAX &&
                                  str_span_only(str_skip(port, 1), "0123456789")));
    }
    return false;
}

/* Removes the next item of a list separated by commas. */
static struct str take_item(struct str *list)
{
    size_t end = str_find(*list, 0, ',');
    struct str item = str_slice(*list, 0, end);
    *list = str_skip(*list, end + 1);
    while (str_starts_with(item, STR(" ")))
        item = str_skip(item, 1);
    while (str_ends_with(item, STR(" ")))
        item.len--;
    return item;
}

static bool is_method(struct str text)
{
    static word_list words = {"GET",     "HEAD",  "POST",  "PUT", "DELETE", "CONNECT",
                              "OPTIONS", "TRACE", "PATCH", "*",   NULL};
    for (size_t i = 0; words[i]; i++)
        if (str_eq_c(text, words[i]))
            return true;
    return false;
}

static bool is_header(struct str text)
{
    return text.len <= CORS_HEADER_MAX &&
           str_span_only(text, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
                               "!#$%&'*+-.^_`|~");
}

/* Returns a list without repetitions, and without the items that the filter CORS cannot have.
 * `is_valid`: NULL if all are valid. */
static struct str check_items(struct convert *convert, const struct ingress *ingress,
                              const char *name, struct str list, bool (*is_valid)(struct str))
{
    struct arena *arena = convert->arena;
    struct map known = {0};
    struct buf kept = {0};
    while (list.len) {
        struct str item = take_item(&list);
        if (item.len == 0 || map_get(&known, item))
            continue;
        if (known.count == CORS_ITEMS_MAX) {
            refuse(convert, ingress, name, "a list of the filter CORS has at most 64 items");
            break;
        }
        map_add(arena, &known, item, ingress);
        if (is_valid && !is_valid(item)) {
            struct str reason =
                str_format(arena, "the filter CORS cannot have \"%.*s\"", STR_ARG(item));
            refuse(convert, ingress, name, str_to_c(arena, reason));
            continue;
        }
        buf_add_joined(&kept, ",", item);
    }
    return buf_take(arena, &kept);
}

/* True if * is one of the items. */
static bool has_star(struct str list)
{
    bool found = false;
    while (list.len && !found)
        found = str_eq_c(take_item(&list), "*");
    return found;
}

/* Returns only the item * of a list that has it, because it stands for all. */
static struct str reduce_to_star(struct convert *convert, const struct ingress *ingress,
                                 const char *name, struct str list)
{
    if (!has_star(list) || str_eq_c(list, "*"))
        return list;
    convert_differ(convert, ingress, nginx_name(convert, name),
                   "* stands for all: a list of the filter CORS has no other items beside it");
    return STR("*");
}

static void check_lists(struct convert *convert, struct ingress *ingress)
{
    static const char methods[] = "cors-allow-methods";
    static const char headers[] = "cors-allow-headers";
    struct cors *cors = &ingress->settings.cors;
    cors->methods =
        check_items(convert, ingress, methods, str_upper(convert->arena, cors->methods), is_method);
    cors->methods = reduce_to_star(convert, ingress, methods, cors->methods);
    cors->headers = check_items(convert, ingress, headers, cors->headers, is_header);
    cors->headers = reduce_to_star(convert, ingress, headers, cors->headers);
    cors->exposed = check_items(convert, ingress, "cors-expose-headers", cors->exposed, is_header);
}

/* The origin * counts for all, as in nginx. */
static void check_origins(struct convert *convert, struct ingress *ingress)
{
    struct cors *cors = &ingress->settings.cors;
    struct location at = location_of(convert, ingress, "cors-allow-origin");
    bool all = has_star(cors->origins);
    bool wildcard = false;
    if (all)
        cors->origins = STR("*");
    for (struct str rest = cors->origins; !all && rest.len;) {
        struct str origin = take_item(&rest);
        wildcard |= str_contains(origin, STR("*"));
        if (origin.len && !is_origin(origin))
            convert_error(convert, ingress, at, RULE_INVALID_ANNOTATION,
                          "the origin \"%.*s\" must be *, or https:// or http:// and a host",
                          STR_ARG(origin));
    }
    cors->origins = check_items(convert, ingress, "cors-allow-origin", cors->origins, NULL);
    if (wildcard)
        convert_differ(convert, ingress, nginx_name(convert, "cors-allow-origin"),
                       "a wildcard may match several labels; in nginx it matches one");
    if (all)
        convert_differ(
            convert, ingress, nginx_name(convert, "cors-allow-origin"),
            "Access-Control-Allow-Origin may have the origin of the request instead of *");
    if (all && cors->credentials) {
        cors->credentials = false;
        convert_differ(convert, ingress, nginx_name(convert, "cors-allow-credentials"),
                       "Access-Control-Allow-Credentials is not sent: with the origin *, which "
                       "nginx sends, browsers ignore it");
    }
}

static void check_cors(struct convert *convert, struct ingress *ingress)
{
    struct cors *cors = &ingress->settings.cors;
    if (!cors->enabled)
        return;
    if (!convert_is_envoy(convert)) {
        cors->enabled = false;
        refuse(convert, ingress, "enable-cors",
               "only type: envoy is known to support the filter CORS");
        return;
    }
    check_origins(convert, ingress);
    check_lists(convert, ingress);
    if (cors->max_age > 0)
        return;
    cors->max_age = 1;
    convert_differ(convert, ingress, nginx_name(convert, "cors-max-age"),
                   "browsers may keep the response for 1 second, the minimum of routes");
}

static void check_affinity(struct convert *convert, struct ingress *ingress)
{
    struct settings *settings = &ingress->settings;
    enum flavour_id flavour = convert->gateway->flavour;
    bool persistent = convert->gateway->has_session_persistence;
    const struct cookie_attributes *attributes = &settings->attributes;
    if (settings->affinity.cookie.len == 0)
        return;
    if (flavour == FLAVOUR_STANDARD && !persistent) {
        settings->affinity.cookie = STR("");
        refuse(convert, ingress, "affinity",
               "type: standard supports it only with session_persistence: v1.6");
        return;
    }
    if ((attributes->same_site.len || attributes->secure || attributes->domain.len) &&
        (flavour != FLAVOUR_ENVOY || persistent)) {
        const char *name = attributes->same_site.len ? "session-cookie-samesite"
                           : attributes->secure      ? "session-cookie-secure"
                                                     : "session-cookie-domain";
        refuse(convert, ingress, name, "only the policy of type: envoy has cookie attributes");
    }
    if (flavour == FLAVOUR_ENVOY && !persistent)
        convert_differ(convert, ingress, nginx_name(convert, "affinity"),
                       "clients may move to another pod whenever the number of pods changes, "
                       "because Envoy Gateway hashes the cookie");
    if (persistent && settings->affinity.path.len)
        convert_differ(convert, ingress, nginx_name(convert, "session-cookie-path"),
                       "the cookie has the path of each rule");
}

/* In nginx, the cookie is Secure over HTTPS, also if session-cookie-secure is "false". Browsers
 * reject a cookie with SameSite=None that is not Secure. */
static bool has_secure_cookie(const struct convert *convert, const struct settings *settings,
                              const struct host *host)
{
    const struct cookie_attributes *attributes = &settings->attributes;
    return convert_is_envoy(convert) && !convert->gateway->has_session_persistence &&
           (attributes->secure || settings_redirects(settings, host) ||
            (host->has_tls && str_eq_c_nocase(attributes->same_site, "None")));
}

static void check_secure_cookie(struct convert *convert, struct ingress *ingress)
{
    const struct settings *settings = &ingress->settings;
    for (size_t i = 0; i < ingress->part_count && settings->affinity.cookie.len; i++) {
        const struct host *host = ingress->parts[i].host;
        if (!host->has_tls || settings->attributes.secure ||
            has_secure_cookie(convert, settings, host))
            continue;
        convert_differ(convert, ingress, nginx_name(convert, "session-cookie-secure"),
                       "the cookie is not Secure; nginx sends it with Secure over HTTPS");
        return;
    }
}

static void check_hash(struct convert *convert, struct ingress *ingress)
{
    struct settings *settings = &ingress->settings;
    if (settings->hash.count == 0 ||
        (convert_is_envoy(convert) && envoy_supports_hash(&settings->hash)))
        return;
    settings->hash.count = 0;
    refuse(convert, ingress, "upstream-hash-by",
           convert_is_envoy(convert) ? "use one or more of $request_uri, $host and $http_NAME; or "
                                       "one or more of $arg_NAME; or one $cookie_NAME; or "
                                       "$remote_addr"
                                     : "only type: envoy has such a policy");
}

static void check_backend_tls(struct convert *convert, struct ingress *ingress)
{
    struct settings *settings = &ingress->settings;
    struct str secret = node_string(settings_annotation(convert, ingress, "proxy-ssl-secret"));
    size_t slash = str_find(secret, 0, '/');
    struct str namespace = slash < secret.len ? str_slice(secret, 0, slash) : STR("");
    if (!settings_has_backend_tls(settings))
        return;
    if (settings->backend_ca.len == 0 || settings->backend_name.len == 0 ||
        (namespace.len && ingress->input->namespace.len &&
         !str_equal(namespace, ingress->input->namespace))) {
        convert_error(convert, ingress, location_of(convert, ingress, "backend-protocol"),
                      RULE_NOT_CONVERTED,
                      "connections to pods with TLS need a BackendTLSPolicy, with the certificate "
                      "authority and name of the Service");
        diag_hint(convert->diags,
                  "set the annotations proxy-ssl-secret, of the namespace of the Ingress, and "
                  "proxy-ssl-name");
        return;
    }
    if (!convert_is_envoy(convert)) {
        convert_error(convert, ingress, location_of(convert, ingress, "proxy-ssl-secret"),
                      RULE_NOT_CONVERTED,
                      "only type: envoy supports a BackendTLSPolicy with a Secret");
        diag_hint(convert->diags, "write a BackendTLSPolicy with a ConfigMap by hand");
        return;
    }
    const char *error = name_check_subdomain(settings->backend_name);
    if (error) {
        convert_error(convert, ingress, location_of(convert, ingress, "proxy-ssl-name"),
                      RULE_NOT_CONVERTED,
                      "%.*s cannot be converted: the hostname of a "
                      "BackendTLSPolicy %s",
                      STR_ARG(nginx_name(convert, "proxy-ssl-name")), error);
        diag_hint(convert->diags, "set it to another name in the certificate of the pods");
    }
    struct str verify = node_string(settings_annotation(convert, ingress, "proxy-ssl-verify"));
    if (!str_eq_c(verify, "on"))
        convert_differ(convert, ingress, nginx_name(convert, "proxy-ssl-verify"),
                       "the certificate of the pods is verified");
    convert_differ(convert, ingress, nginx_name(convert, "proxy-ssl-secret"),
                   "only ca.crt is used: the Gateway sends no client certificate to the pods");
}

static void check_upstream_host(struct convert *convert, struct ingress *ingress)
{
    for (size_t i = 0; i < ingress->part_count && ingress->settings.upstream_host.len; i++)
        for (size_t j = 0; j < ingress->parts[i].count; j++)
            if (ingress->parts[i].rules[j]->rewrite == REWRITE_REGEX) {
                ingress->settings.upstream_host = STR("");
                refuse(convert, ingress, "upstream-vhost",
                       "it cannot be combined with a rewrite by a regular expression");
                return;
            }
}

/* Without session-cookie-path, nginx uses the path of the location. */
static void set_cookie_path(struct convert *convert, struct ingress *ingress)
{
    struct traffic_affinity *affinity = &ingress->settings.affinity;
    const struct path_rule *first = NULL;
    bool differs = false;
    if (affinity->cookie.len == 0 || affinity->path.len)
        return;
    for (size_t i = 0; i < ingress->part_count; i++)
        for (size_t j = 0; j < ingress->parts[i].count; j++) {
            const struct path_rule *rule = ingress->parts[i].rules[j];
            first = first ? first : rule;
            differs |= !str_equal(rule->value, first->value);
        }
    affinity->path = STR("/");
    if (first && !differs && first->match != MATCH_KIND_REGEX)
        affinity->path = first->value;
    if (first && (differs || !str_equal(first->text, affinity->path)))
        convert_differ(convert, ingress, nginx_name(convert, "session-cookie-path"),
                       "the cookie has the path %.*s instead of that of each rule",
                       STR_ARG(affinity->path));
}

void policy_check(struct convert *convert, struct ingress *ingress)
{
    check_timeouts(convert, ingress);
    check_body_size(convert, ingress);
    check_cors(convert, ingress);
    check_affinity(convert, ingress);
    check_secure_cookie(convert, ingress);
    check_hash(convert, ingress);
    check_backend_tls(convert, ingress);
    check_upstream_host(convert, ingress);
    set_cookie_path(convert, ingress);
}

/* Objects */

struct traffic settings_traffic(const struct convert *convert, const struct settings *settings)
{
    return (struct traffic){
        .flavour = convert->gateway->flavour,
        .gateway = convert->gateway,
        .protocol = settings_is_grpc(settings) ? PORT_TYPE_GRPC : PORT_TYPE_HTTP,
        .idle_timeout = settings->idle_timeout,
        .affinity = settings->affinity,
        .hash = settings->hash,
    };
}

static void put_cookie_attributes(const struct convert *convert, const struct settings *settings,
                                  const struct host *host, const struct node *spec)
{
    struct arena *arena = convert->arena;
    const struct cookie_attributes *attributes = &settings->attributes;
    struct node *map = node_at(spec, "loadBalancer consistentHash cookie attributes");
    if (!map)
        return;
    if (attributes->same_site.len)
        node_set_string(arena, map, "SameSite", attributes->same_site);
    if (attributes->domain.len)
        node_set_string(arena, map, "Domain", attributes->domain);
    if (has_secure_cookie(convert, settings, host))
        node_set_string(arena, map, "Secure", STR(""));
}

/* Envoy ends requests after 15 seconds, nginx only if a connection is idle. */
void policy_add(struct convert *convert, struct ingress *ingress, const struct host *host,
                const struct gateway_route *route)
{
    struct arena *arena = convert->arena;
    const struct settings *settings = &ingress->settings;
    if (!convert_is_envoy(convert))
        return;
    struct node *object =
        route_add_object(convert, ingress, ENVOY_POLICY_API, "BackendTrafficPolicy", route->name);
    struct node *spec = node_set_map(arena, object, "spec");
    const struct traffic traffic = settings_traffic(convert, settings);
    envoy_put_target(arena, route, spec);
    envoy_put_policy(arena, &traffic, spec);
    put_cookie_attributes(convert, settings, host, spec);
    if (settings->connect_timeout)
        node_set_string(arena, node_set_map(arena, node_get(spec, "timeout"), "tcp"),
                        "connectTimeout", gateway_duration(arena, settings->connect_timeout));
    if (settings->body_size.len)
        node_set_string(arena, node_set_map(arena, spec, "requestBuffer"), "limit",
                        settings->body_size);
}

void policy_add_rewrite(struct convert *convert, struct ingress *ingress,
                        const struct path_rule *rule, struct str name)
{
    struct arena *arena = convert->arena;
    struct node *object =
        route_add_object(convert, ingress, ENVOY_POLICY_API, "HTTPRouteFilter", name);
    struct node *spec = node_set_map(arena, object, "spec");
    struct node *path = node_set_map(arena, node_set_map(arena, spec, "urlRewrite"), "path");
    node_set_string(arena, path, "type", STR("ReplaceRegexMatch"));
    struct node *replace = node_set_map(arena, path, "replaceRegexMatch");
    node_set_string(arena, replace, "pattern", rule->pattern);
    node_set_string(arena, replace, "substitution", rule->replacement);
}

/* Returns the name of the object of an Ingress for a port of a Service. */
static struct str backend_object_name(struct arena *arena, const struct ingress *ingress,
                                      const struct traffic_backend *backend)
{
    return traffic_object_name(
        arena, ingress->input->name,
        STR_JOIN(arena, backend->service, STR(":"), str_from_int(arena, backend->port)));
}

/* True if an object for this port was added before. */
static bool is_repeated(struct convert *convert, struct ingress *ingress, struct str name)
{
    return map_add(convert->arena, &ingress->backend_objects, name, ingress) != NULL;
}

struct str policy_add_sticky_service(struct convert *convert, struct ingress *ingress,
                                     const struct traffic_backend *backend)
{
    struct arena *arena = convert->arena;
    struct str name = backend_object_name(arena, ingress, backend);
    if (is_repeated(convert, ingress, name))
        return name;
    struct node *object = route_add_object(convert, ingress, TRAEFIK_API, "TraefikService", name);
    struct traffic traffic = settings_traffic(convert, &ingress->settings);
    traffic.backend = *backend;
    traefik_put_service(arena, &traffic, node_set_map(arena, object, "spec"));
    return name;
}

static bool has_same_backend_tls(const struct settings *left, const struct settings *right)
{
    bool has_tls = settings_has_backend_tls(left);
    return has_tls == settings_has_backend_tls(right) &&
           (!has_tls || (str_equal(left->backend_ca, right->backend_ca) &&
                         str_equal(left->backend_name, right->backend_name)));
}

/* The Gateway uses the policy of a port for the routes of all Ingresses. */
static void check_port(struct convert *convert, const struct ingress *ingress,
                       const struct ingress *first, const struct traffic_backend *backend)
{
    if (has_same_backend_tls(&first->settings, &ingress->settings))
        return;
    convert_error(convert, ingress, location_of(convert, ingress, "backend-protocol"),
                  RULE_NOT_CONVERTED,
                  "%.*s connects to port %" PRId64 " of Service %.*s in another way, but its "
                  "BackendTLSPolicy applies to both",
                  STR_ARG(first->title), backend->port, STR_ARG(backend->service));
    diag_hint(convert->diags, "set the same backend-protocol, proxy-ssl-secret and proxy-ssl-name, "
                              "or use another port");
}

void policy_add_backend_tls(struct convert *convert, struct ingress *ingress,
                            const struct traffic_backend *backend)
{
    struct arena *arena = convert->arena;
    struct str name = backend_object_name(arena, ingress, backend);
    if (is_repeated(convert, ingress, name))
        return;
    struct str port = STR_JOIN(arena, ingress->input->namespace, STR("/"), backend->service,
                               STR(":"), str_from_int(arena, backend->port));
    const struct ingress *first = map_add(arena, &convert->ports, port, ingress);
    if (first)
        check_port(convert, ingress, first, backend);
    if (first || !settings_has_backend_tls(&ingress->settings))
        return;
    struct node *object =
        route_add_object(convert, ingress, GATEWAY_GROUP "/v1", "BackendTLSPolicy", name);
    struct node *spec = node_set_map(arena, object, "spec");
    struct node *target = node_append_map(arena, node_set_list(arena, spec, "targetRefs"));
    node_set_string(arena, target, "group", STR(""));
    node_set_string(arena, target, "kind", STR("Service"));
    node_set_string(arena, target, "name", backend->service);
    if (backend->port_name.len)
        node_set_string(arena, target, "sectionName", backend->port_name);
    struct node *validation = node_set_map(arena, spec, "validation");
    struct node *ca = node_append_map(arena, node_set_list(arena, validation, "caCertificateRefs"));
    node_set_string(arena, ca, "group", STR(""));
    node_set_string(arena, ca, "kind", STR("Secret"));
    node_set_string(arena, ca, "name", ingress->settings.backend_ca);
    node_set_string(arena, validation, "hostname", ingress->settings.backend_name);
}

/* Adds the items of a list separated by commas. */
static void put_list(struct arena *arena, struct node *map, const char *key, struct str text)
{
    struct node *list = node_new(arena, NODE_LIST);
    while (text.len)
        node_append_string(arena, list, take_item(&text));
    if (list->first)
        node_set(arena, map, key, list);
}

void policy_add_cors(struct convert *convert, const struct ingress *ingress, struct node *filters)
{
    struct arena *arena = convert->arena;
    const struct cors *cors = &ingress->settings.cors;
    if (!cors->enabled)
        return;
    struct node *filter = node_append_map(arena, filters);
    node_set_string(arena, filter, "type", STR("CORS"));
    struct node *map = node_set_map(arena, filter, "cors");
    put_list(arena, map, "allowOrigins", cors->origins);
    if (cors->credentials)
        node_set_bool(arena, map, "allowCredentials", true);
    put_list(arena, map, "allowMethods", cors->methods);
    put_list(arena, map, "allowHeaders", cors->headers);
    put_list(arena, map, "exposeHeaders", cors->exposed);
    node_set_int(arena, map, "maxAge", cors->max_age);
}
