/* Public addresses, and how requests are distributed to pods. */
#include "service/service_reader.h"
#include "service/service_traffic.h"

#include <string.h>

static bool uri_error(const struct service_reader *in, const struct item *item, const char *message,
                      const char *hint)
{
    diag_error(in->reader.diags, item->node->span, RULE_INVALID_PUBLIC_URI, "%s", message);
    diag_hint(in->reader.diags, "%s", hint);
    return false;
}

static size_t find_str(struct str text, struct str part)
{
    for (size_t at = 0; at + part.len <= text.len; at++)
        if (str_starts_with(str_skip(text, at), part))
            return at;
    return text.len;
}

/* Reports an error for a scheme, query or fragment, and removes it, so that the rest is checked
 * too. */
static bool strip_uri(const struct service_reader *in, const struct item *item, struct str *text)
{
    bool ok = true;
    size_t scheme = find_str(*text, STR("://"));
    if (scheme < text->len) {
        ok = uri_error(in, item, "public_uri must not contain a scheme",
                       "remove the scheme, for example: app.example.com/api");
        *text = str_skip(*text, scheme + 3);
    }
    size_t query = str_find(*text, 0, '?');
    size_t fragment = str_find(*text, 0, '#');
    size_t end = query < fragment ? query : fragment;
    if (end < text->len) {
        ok = uri_error(in, item, "public_uri must not contain a query or fragment",
                       "write a domain and a path, for example: app.example.com/api");
        *text = str_slice(*text, 0, end);
    }
    return ok;
}

static bool check_host(const struct service_reader *in, const struct item *item, struct str host,
                       struct str path)
{
    const char *error = name_check_host(host);
    bool dotted = str_find(host, 0, '.') < host.len;
    if (!error && (dotted || str_eq_c(host, "localhost")))
        return true;
    diag_error(in->reader.diags, item->node->span, RULE_INVALID_PUBLIC_URI,
               "domain \"%.*s\" of public_uri %s", STR_ARG(host),
               error ? error : "must contain a dot");
    if (!dotted)
        diag_hint(in->reader.diags, "if it is a path, begin it with a slash: /%.*s%.*s",
                  STR_ARG(host), STR_ARG(path));
    return false;
}

/* Checks the domain and removes its port. Reports an error for each problem and returns false then.
 */
static bool read_host(const struct service_reader *in, const struct item *item, struct str path,
                      struct str *host)
{
    size_t colon = str_find(*host, 0, ':');
    bool ok = true;
    if (colon < host->len)
        ok = uri_error(in, item, "public_uri must not contain a port",
                       "remove the port: ingress controllers and Gateways listen on 80 and 443");
    *host = str_slice(*host, 0, colon);
    if (str_eq_c(*host, "*") || str_eq_c(*host, "all"))
        *host = (struct str){0};
    *host = name_without_root(*host);
    return (host->len == 0 || check_host(in, item, *host, path)) && ok;
}

/* True if a path has a segment . or .. */
static bool has_dot_segment(struct str path)
{
    for (size_t at = 1; at <= path.len; at = str_find(path, at, '/') + 1) {
        struct str part = str_slice(path, at, str_find(path, at, '/'));
        if (str_eq_c(part, ".") || str_eq_c(part, ".."))
            return true;
    }
    return false;
}

static bool check_prefix(const struct service_reader *in, const struct item *item, struct str path)
{
    const struct {
        bool invalid;
        const char *text;
    } rules[] = {
        {str_find(path, 0, '%') < path.len,
         "must not contain %: it is compared with decoded paths"},
        {str_ends_with(path, STR("*")),
         "must not end with *: a path already matches all paths below it"},
        {find_str(path, STR("//")) < path.len, "must not contain //"},
        {has_dot_segment(path),
         "must not contain a segment . or ..: clients resolve them before the request"},
    };
    bool ok = true;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (!rules[i].invalid)
            continue;
        diag_error(in->reader.diags, item->node->span, RULE_INVALID_PUBLIC_URI,
                   "path of public_uri %s", rules[i].text);
        ok = false;
    }
    const char *error = path.len && ok ? name_check_path(path) : NULL;
    if (error)
        diag_error(in->reader.diags, item->node->span, RULE_INVALID_PUBLIC_URI,
                   "path of public_uri %s", error);
    return ok && !error;
}

struct str service_uri_host(struct arena *arena, struct str uri)
{
    struct str host = str_lower(arena, str_slice(uri, 0, str_find(uri, 0, '/')));
    host = str_slice(host, 0, str_find(host, 0, ':'));
    return str_eq_c(host, "*") || str_eq_c(host, "all") ? STR("") : name_without_root(host);
}

/* Returns the domain as it is written, with placeholders, if their values are empty; else an empty
 * string. `text`: the address with the values. A path may also be the value of a placeholder. */
static struct str find_empty_domain(const struct service_reader *in, const struct item *item,
                                    struct str text)
{
    struct node domain = *item->node;
    domain.text = str_slice(domain.text, 0, str_find(domain.text, 0, '/'));
    if (text.len == 0)
        return domain.text;
    if (text.data[0] != '/' || domain.text.len == item->node->text.len)
        return STR("");
    struct diags found = {.arena = in->reader.arena}; /* were reported for the whole address */
    struct scope scope = in->layer->scope;
    struct filled_string filled;
    scope.diags = &found;
    return interpolate(&scope, &domain, &filled) && filled.text.len == 0 ? domain.text : STR("");
}

/* Without its domain, the address would be one of all hosts. */
static bool check_domain(const struct service_reader *in, const struct item *item, struct str text)
{
    struct str domain = find_empty_domain(in, item, text);
    if (domain.len == 0)
        return true;
    diag_error(in->reader.diags, item->node->span, RULE_INVALID_PUBLIC_URI,
               "public_uri has no domain: %.*s is empty", STR_ARG(domain));
    diag_hint(in->reader.diags,
              "set the value; or to serve the path on all hosts, write it alone: "
              "/%.*s",
              STR_ARG(str_skip(text, 1)));
    return false;
}

/* Reports all errors in a public_uri; returns false if there are any. */
static bool read_route(const struct service_reader *in, const struct item *item, struct route *ret)
{
    struct str text = item->text;
    if (!check_domain(in, item, text))
        return false;
    if (text.len == 0)
        return uri_error(in, item, "public_uri must not be empty",
                         "for all paths of all hosts, write \"/\"");
    bool ok = strip_uri(in, item, &text);
    if (str_find(text, 0, '{') < text.len || str_find(text, 0, '}') < text.len)
        return uri_error(in, item, "unknown placeholder in public_uri",
                         "available: {env}, {layer_name}, {region}, {vars.NAME}, {parent.NAME}, "
                         "{aws.account_id}");
    size_t slash = str_find(text, 0, '/');
    struct str host = str_lower(in->reader.arena, str_slice(text, 0, slash));
    struct str path = str_skip(text, slash);
    ok &= read_host(in, item, path, &host);
    while (str_ends_with(path, STR("/")))
        path.len--;
    ok &= check_prefix(in, item, path);
    *ret = (struct route){.host = host, .prefix = path, .at = item->node->span};
    return ok;
}

/* Inserts after the last route of the same host, so that routes are grouped by host. */
static void insert_route(struct service *service, struct route route)
{
    size_t at = service->route_count;
    while (at > 0 && !str_equal(service->routes[at - 1].host, route.host))
        at--;
    if (at == 0)
        at = service->route_count;
    memmove(service->routes + at + 1, service->routes + at,
            (service->route_count - at) * sizeof route);
    service->routes[at] = route;
    service->route_count++;
}

static void check_certificate(const struct service_reader *in, const struct route *route)
{
    if (route->host.len || !in->layer->environment.cluster_issuer.len ||
        service_gateway(in->service))
        return;
    diag_error(in->reader.diags, route->at, RULE_REQUIRED_FIELD,
               "cluster_issuer requires a domain in public_uri");
    diag_hint(in->reader.diags, "write the domain before the path, for example: app.example.com/");
}

static void read_uris(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *uris = service_value(in, SERVICE_PUBLIC_URI);
    if (uris->count && !service->public_port && !layer_is_for_chart(in->layer) &&
        !service->ports_invalid) {
        service_error(in, SERVICE_PUBLIC_URI, RULE_REQUIRED_FIELD,
                      "public_uri requires a port of type http");
        diag_hint(in->reader.diags, "%s",
                  service->port_count ? "to expose a tcp port, remove public_uri and set "
                                        "load_balancer: external"
                                      : "for example: port: {http: 8080}");
    }
    if (uris->count > ROUTES_MAX) {
        service_error(in, SERVICE_PUBLIC_URI, RULE_LIMIT_EXCEEDED,
                      "too many addresses in public_uri: %zu (maximum %d)", uris->count,
                      ROUTES_MAX);
        return;
    }
    service->routes = ARENA_ARRAY(in->reader.arena, uris->count, struct route);
    for (size_t i = 0; i < uris->count; i++) {
        struct route route = {0};
        if (!read_route(in, &uris->items[i], &route))
            continue;
        bool is_duplicate = false;
        for (size_t j = 0; j < service->route_count; j++)
            is_duplicate |= str_equal(service->routes[j].host, route.host) &&
                            str_equal(service->routes[j].prefix, route.prefix);
        if (is_duplicate) {
            diag_error(in->reader.diags, route.at, RULE_DUPLICATE_ITEM, "duplicate public_uri");
            diag_hint(in->reader.diags, "remove one of them");
        } else {
            insert_route(service, route);
        }
        check_certificate(in, &route);
    }
}

/* Returns the longest prefix of whole segments that all routes share; empty if that is /. */
static struct str common_prefix(const struct service *service)
{
    struct str common = service->route_count ? service->routes[0].prefix : (struct str){0};
    for (size_t i = 1; i < service->route_count; i++) {
        struct str other = service->routes[i].prefix;
        size_t shared = 0;
        while (shared < common.len && shared < other.len &&
               common.data[shared] == other.data[shared])
            shared++;
        bool whole = (shared == common.len || common.data[shared] == '/') &&
                     (shared == other.len || other.data[shared] == '/');
        while (!whole && shared > 0)
            whole = common.data[--shared] == '/';
        common = str_slice(common, 0, shared);
    }
    return common;
}

static void warn_max_age(const struct service_reader *in)
{
    if (!record_has(in->record, SERVICE_STICKY_MAX_AGE) || in->service->sticky ||
        service_value(in, SERVICE_STICKY_SESSION)->invalid)
        return;
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_STICKY_MAX_AGE),
                 RULE_NO_EFFECT,
                 "sticky_session_max_age has no effect without sticky_session: true");
    diag_hint(in->reader.diags, "set sticky_session: true too, or remove it");
}

static void read_affinity(const struct service_reader *in)
{
    struct service *service = in->service;
    service->sticky = service_value(in, SERVICE_STICKY_SESSION)->boolean;
    service->sticky_max_age = service_value(in, SERVICE_STICKY_MAX_AGE)->number;
    struct str hash_key = service_value(in, SERVICE_CONSISTENT_HASH)->text;
    service->hash_key = name_check_hash_key(hash_key) ? STR("") : hash_key;
    service_check(in, SERVICE_CONSISTENT_HASH, RULE_INVALID_VALUE, name_check_hash_key);
    warn_max_age(in);
    struct str path = common_prefix(service);
    service->sticky_path = path.len ? path : STR("/");
    if (service->sticky && str_find(path, 0, ';') < path.len) {
        service_error(in, SERVICE_PUBLIC_URI, RULE_INVALID_PUBLIC_URI,
                      "path of public_uri must not contain ; with sticky_session: it would end the "
                      "path of the cookie");
        diag_hint(in->reader.diags, "change the path, or remove sticky_session");
    }
    bool has_root = false;
    for (size_t i = 0; i < service->route_count; i++)
        has_root |= service->routes[i].prefix.len == 0;
    const struct gateway *gateway = service_gateway(service);
    bool sets_path = !gateway || !gateway->has_session_persistence;
    if (service->sticky && sets_path && path.len == 0 && !has_root && service->route_count > 1) {
        diag_warning(in->reader.diags, record_location(in->record, SERVICE_PUBLIC_URI),
                     RULE_WEAK_AFFINITY,
                     "the paths share no prefix, so the cookie of sticky_session is sent for all "
                     "paths of the host");
        diag_hint(in->reader.diags, "to keep it from other services on the host, give the paths a "
                                    "common prefix");
    }
    /* With a Gateway, the flavour knows which are possible. */
    if (!service->hash_key.len || (gateway && !layer_is_for_chart(in->layer)))
        return;
    traffic_check_hash(service);
    if (service->sticky)
        traffic_warn_affinity_and_hash(service);
}

/* Warns about traffic fields of a service without public_uri. */
static void warn_not_public(const struct service_reader *in)
{
    static const enum field_id fields[] = {SERVICE_STICKY_SESSION, SERVICE_CONSISTENT_HASH,
                                           SERVICE_KEEP_PATH_PREFIX, SERVICE_INGRESS_ANNOTATIONS,
                                           SERVICE_INTERNAL};
    if (record_has(in->record, SERVICE_PUBLIC_URI) ||
        service_value(in, SERVICE_PUBLIC_URI)->invalid)
        return;
    if (layer_is_for_chart(in->layer)) /* the chart may have its own Ingress */
        return;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!record_has(in->record, fields[i]))
            continue;
        diag_warning(in->reader.diags, record_location(in->record, fields[i]), RULE_NO_EFFECT,
                     "%s has no effect without public_uri", schema_field(fields[i])->name);
        diag_hint(in->reader.diags, "set public_uri too, or remove it");
    }
}

void service_read_routes(const struct service_reader *in)
{
    in->service->keep_path_prefix = service_value(in, SERVICE_KEEP_PATH_PREFIX)->boolean;
    in->service->internal = service_value(in, SERVICE_INTERNAL)->boolean;
    read_uris(in);
    read_affinity(in);
    warn_not_public(in);
}
