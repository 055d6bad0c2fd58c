/* Where the service is public, and how its traffic is spread. */
#include "service/service_reader.h"

#include <string.h>

static bool uri_error(const struct service_reader *in, const struct item *item, const char *message,
                      const char *hint)
{
    diag_error(in->reader.diags, item->node->span, "%s", message);
    diag_hint(in->reader.diags, "%s", hint);
    return false;
}

static size_t find_text(struct str text, struct str part)
{
    for (size_t at = 0; at + part.len <= text.len; at++)
        if (str_starts_with(str_skip(text, at), part))
            return at;
    return text.len;
}

/* What surrounds the domain and path of an address. Reports each part of it, and takes it off, so
 * that the rest can be checked too. */
static bool strip_address(const struct service_reader *in, const struct item *item,
                          struct str *text)
{
    bool right = true;
    size_t scheme = find_text(*text, STR("://"));
    if (scheme < text->len) {
        right = uri_error(in, item, "public_uri has a scheme",
                          "write it without http:// or https://: app.example.com/api");
        *text = str_skip(*text, scheme + 3);
    }
    size_t query = str_find(*text, 0, '?');
    size_t fragment = str_find(*text, 0, '#');
    size_t end = query < fragment ? query : fragment;
    if (end < text->len) {
        right = uri_error(in, item, "public_uri has a query or fragment",
                          "write a domain and a path alone: app.example.com/api");
        *text = str_slice(*text, 0, end);
    }
    return right;
}

static bool check_host(const struct service_reader *in, const struct item *item, struct str host,
                       struct str path)
{
    const char *wrong = name_check_host(host);
    bool dotted = str_find(host, 0, '.') < host.len;
    if (!wrong && (dotted || str_eq_c(host, "localhost")))
        return true;
    diag_error(in->reader.diags, item->node->span, "the domain of public_uri, \"%.*s\", %s",
               STR_ARG(host), wrong ? wrong : "has no dot");
    if (!dotted)
        diag_hint(in->reader.diags, "a path alone begins with a slash: /%.*s%.*s", STR_ARG(host),
                  STR_ARG(path));
    return false;
}

/* The domain with its port, which is taken off. */
static bool read_host(const struct service_reader *in, const struct item *item, struct str path,
                      struct str *host)
{
    size_t colon = str_find(*host, 0, ':');
    bool right = true;
    if (colon < host->len)
        right = uri_error(in, item, "public_uri has a port",
                          "the ingress controller listens on 80 and 443; leave the port out");
    *host = str_slice(*host, 0, colon);
    if (str_eq_c(*host, "*") || str_eq_c(*host, "all"))
        *host = (struct str){0};
    *host = name_without_root(*host);
    return (host->len == 0 || check_host(in, item, *host, path)) && right;
}

/* The first part of a path that is . or .., if there is one. */
static bool has_dots(struct str path)
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
        {str_find(path, 0, '%') < path.len, "is compared after its escapes are undone: % never "
                                            "matches"},
        {str_ends_with(path, STR("*")), "matches all below it already: leave the * out"},
        {find_text(path, STR("//")) < path.len, "has an empty part: //"},
        {has_dots(path), "has a part . or .., which clients resolve before they send it"},
    };
    bool right = true;
    for (size_t i = 0; i < COUNT_OF(rules); i++) {
        if (!rules[i].invalid)
            continue;
        diag_error(in->reader.diags, item->node->span, "the path of public_uri %s", rules[i].text);
        right = false;
    }
    const char *wrong = path.len && right ? name_check_path(path) : NULL;
    if (wrong)
        diag_error(in->reader.diags, item->node->span, "the path of public_uri %s", wrong);
    return right && !wrong;
}

/* Reports all that is wrong with a public_uri, and returns false then. */
static bool read_route(const struct service_reader *in, const struct item *item, struct route *ret)
{
    struct str text = item->text;
    if (text.len == 0)
        return uri_error(in, item, "public_uri is empty",
                         "for every path of every host write \"/\"");
    bool right = strip_address(in, item, &text);
    if (str_find(text, 0, '{') < text.len || str_find(text, 0, '}') < text.len)
        return uri_error(in, item, "public_uri has a placeholder that stands for nothing",
                         "known are {env}, {layer_name}, {region}, {vars.NAME}, {parent.NAME}, "
                         "{aws.account_id}");
    size_t slash = str_find(text, 0, '/');
    struct str host = str_lower(in->reader.arena, str_slice(text, 0, slash));
    struct str path = str_skip(text, slash);
    right &= read_host(in, item, path, &host);
    while (str_ends_with(path, STR("/")))
        path.len--;
    right &= check_prefix(in, item, path);
    *ret = (struct route){.host = host, .prefix = path, .at = item->node->span};
    return right;
}

/* Behind the last route of the same host, so that each host's stand together. */
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
    if (route->host.len || !in->layer->environment.cluster_issuer.len)
        return;
    diag_error(in->reader.diags, route->at,
               "cluster_issuer makes certificates for domains, and "
               "this public_uri has none");
    diag_hint(in->reader.diags, "write the domain before the path");
}

static void read_uris(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *uris = service_value(in, SERVICE_PUBLIC_URI);
    if (uris->count && !service->public_port && !layer_injects(in->layer) &&
        !service->ports_invalid) {
        service_error(in, SERVICE_PUBLIC_URI, "public_uri leads to no port");
        diag_hint(in->reader.diags, "%s",
                  service->port_count
                      ? "an Ingress serves ports of type http only; to publish a tcp port add "
                        "a Service of type LoadBalancer"
                      : "the service needs a port of type http");
    }
    if (uris->count > ROUTES_MAX) {
        service_error(in, SERVICE_PUBLIC_URI, "more than %d public_uri", ROUTES_MAX);
        return;
    }
    service->routes = ARENA_ARRAY(in->reader.arena, uris->count, struct route);
    for (size_t i = 0; i < uris->count; i++) {
        struct route route;
        if (!read_route(in, &uris->items[i], &route))
            continue;
        bool again = false;
        for (size_t j = 0; j < service->route_count; j++)
            again |= str_equal(service->routes[j].host, route.host) &&
                     str_equal(service->routes[j].prefix, route.prefix);
        if (again)
            diag_error(in->reader.diags, route.at, "this public_uri stands here twice");
        else
            insert_route(service, route);
        check_certificate(in, &route);
    }
}

/* The longest path that all prefixes begin with, in whole parts; empty: only / itself. */
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

/* The age of a cookie that is not set here. */
static void warn_max_age(const struct service_reader *in)
{
    if (!record_has(in->record, SERVICE_STICKY_MAX_AGE) || in->service->sticky ||
        service_value(in, SERVICE_STICKY_SESSION)->invalid)
        return;
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_STICKY_MAX_AGE),
                 "sticky_session_max_age has no effect without sticky_session: true");
}

static void read_affinity(const struct service_reader *in)
{
    struct service *service = in->service;
    service->sticky = service_value(in, SERVICE_STICKY_SESSION)->flag;
    service->sticky_max_age = service_value(in, SERVICE_STICKY_MAX_AGE)->number;
    service->hash_key = service_value(in, SERVICE_CONSISTENT_HASH)->text;
    service_check(in, SERVICE_CONSISTENT_HASH, name_check_hash_key);
    warn_max_age(in);
    struct str path = common_prefix(service);
    service->sticky_path = path.len ? path : STR("/");
    if (service->sticky && str_find(path, 0, ';') < path.len) {
        service_error(in, SERVICE_PUBLIC_URI,
                      "a ; in the path would end the path of sticky_session's cookie");
        diag_hint(in->reader.diags, "write it as %%3B");
    }
    bool has_root = false;
    for (size_t i = 0; i < service->route_count; i++)
        has_root |= service->routes[i].prefix.len == 0;
    if (service->sticky && path.len == 0 && !has_root && service->route_count > 1) {
        diag_warning(
            in->reader.diags, record_location(in->record, SERVICE_PUBLIC_URI),
            "the paths have nothing in common, so the cookie of sticky_session is sent for "
            "all of the host");
        diag_hint(in->reader.diags, "other services of the host see it too");
    }
    if (service->sticky && service->hash_key.len) {
        diag_warning(in->reader.diags, record_location(in->record, SERVICE_CONSISTENT_HASH),
                     "sticky_session beats consistent_hash: only requests without the cookie are "
                     "hashed");
        diag_hint(in->reader.diags, "keep one of the two");
    }
}

/* Fields that say how a service is public, where it is not. */
static void warn_private(const struct service_reader *in)
{
    static const enum field_id fields[] = {SERVICE_STICKY_SESSION, SERVICE_CONSISTENT_HASH,
                                           SERVICE_KEEP_PATH_PREFIX, SERVICE_INGRESS_ANNOTATIONS};
    if (record_has(in->record, SERVICE_PUBLIC_URI) ||
        service_value(in, SERVICE_PUBLIC_URI)->invalid)
        return;
    if (layer_injects(in->layer)) /* a chart's Ingress may be there already */
        return;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!record_has(in->record, fields[i]))
            continue;
        diag_warning(in->reader.diags, record_location(in->record, fields[i]),
                     "%s has no effect without public_uri", schema_field(fields[i])->name);
    }
}

void service_read_routes(const struct service_reader *in)
{
    in->service->keep_path_prefix = service_value(in, SERVICE_KEEP_PATH_PREFIX)->flag;
    read_uris(in);
    read_affinity(in);
    warn_private(in);
}
