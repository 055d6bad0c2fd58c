/* Ingresses for ingress-nginx and those that read its annotations.
 *
 * ingress-nginx turns every path of a host into a case-insensitive regular expression as soon as
 * one is, and sorts them by length: plain paths beside a regular expression misroute. So a host is
 * either one plain `/` or regular expressions only. */
#include "manifest.h"

#include <string.h>

#define NGINX "nginx.ingress.kubernetes.io/"

static struct str escape_regex(struct arena *arena, struct str text)
{
    struct buf escaped = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(".^$*+?()[]{}|\\", text.data[i]))
            buf_add_byte(&escaped, '\\');
        buf_add_byte(&escaped, text.data[i]);
    }
    struct str copy = str_copy(arena, buf_str(&escaped));
    buf_free(&escaped);
    return copy;
}

static struct str seconds(struct arena *arena, int64_t number)
{
    return str_format(arena, "%lld", (long long)number);
}

void manifest_put_sticky(struct arena *arena, const struct service *service,
                         struct node *annotations)
{
    struct str age = seconds(arena, service->sticky_max_age);
    put_text(arena, annotations, NGINX "affinity", STR("cookie"));
    put_text(arena, annotations, NGINX "affinity-mode", STR("persistent"));
    put_text(arena, annotations, NGINX "session-cookie-name", STR("opta_cookie"));
    put_text(arena, annotations, NGINX "session-cookie-max-age", age);
    put_text(arena, annotations, NGINX "session-cookie-expires", age);
    put_text(arena, annotations, NGINX "session-cookie-path", service->sticky_path);
}

void manifest_put_protocol(struct arena *arena, const struct port *port, struct node *annotations)
{
    if (port->type == PORT_TYPE_GRPC)
        put_text(arena, annotations, NGINX "backend-protocol", STR("GRPC"));
    if (port->type == PORT_TYPE_WEBSOCKET) {
        /* Seconds. A websocket may be silent for longer than nginx' default of 60. */
        put_text(arena, annotations, NGINX "proxy-read-timeout", STR("3600"));
        put_text(arena, annotations, NGINX "proxy-send-timeout", STR("3600"));
    }
}

static void put_annotations(struct arena *arena, const struct service *service,
                            struct node *metadata, bool regex)
{
    struct node *annotations = node_new(arena, NODE_MAP);
    if (regex)
        put_text(arena, annotations, NGINX "use-regex", STR("true"));
    if (regex && !service->keep_path_prefix)
        put_text(arena, annotations, NGINX "rewrite-target", STR("/$2"));
    manifest_put_protocol(arena, service->public_port, annotations);
    if (service->sticky)
        manifest_put_sticky(arena, service, annotations);
    if (service->hash_key.len)
        put_text(arena, annotations, NGINX "upstream-hash-by", service->hash_key);
    struct str issuer = service->layer->environment.cluster_issuer;
    if (issuer.len)
        put_text(arena, annotations, "cert-manager.io/cluster-issuer", issuer);
    manifest_put_items(arena, annotations, service->ingress_annotations);
    if (annotations->first)
        node_put(metadata, node_scalar(arena, STYLE_TEXT, STR("annotations")), annotations);
}

static void put_tls(struct arena *arena, const struct service *service, struct node *spec,
                    struct str host, struct str name)
{
    const struct environment *environment = &service->layer->environment;
    struct str secret = environment->tls_secret;
    if (environment->cluster_issuer.len)
        secret = str_format(arena, "%.*s-tls", STR_ARG(name));
    if (secret.len == 0)
        return;
    struct node *tls = add_map(arena, put_list(arena, spec, "tls"));
    if (host.len)
        add_text(arena, put_list(arena, tls, "hosts"), host);
    put_text(arena, tls, "secretName", secret);
}

struct str manifest_ingress_path(struct arena *arena, struct str prefix)
{
    if (prefix.len == 0)
        return STR("/()(.*)");
    return str_format(arena, "%.*s(/|$)(.*)", STR_ARG(escape_regex(arena, prefix)));
}

static void add_path(struct arena *arena, const struct service *service, struct node *paths,
                     struct str prefix, bool regex)
{
    struct node *item = add_map(arena, paths);
    put_text(arena, item, "path", regex ? manifest_ingress_path(arena, prefix) : STR("/"));
    put_text(arena, item, "pathType", regex ? STR("ImplementationSpecific") : STR("Prefix"));
    struct node *backend = put_map(arena, put_map(arena, item, "backend"), "service");
    put_text(arena, backend, "name", service->name);
    struct node *port = put_map(arena, backend, "port");
    if (service->public_port->name.len)
        put_text(arena, port, "name", service->public_port->name);
    else
        put_int(arena, port, "number", service->public_port->service_port);
}

/* Routes `from` up to `to`, all of one host. */
static void add_ingress(struct manifests *manifests, const struct service *service, size_t from,
                        size_t to)
{
    struct arena *arena = manifests->arena;
    const struct route *routes = service->routes;
    struct str host = routes[from].host;
    struct str name = str_format(arena, "%.*s-%08x", STR_ARG(service->name), str_hash(host));
    bool regex = to - from > 1 || routes[from].prefix.len > 0;
    struct node *object =
        manifest_object(manifests, service, "networking.k8s.io/v1", "Ingress", name);
    put_annotations(arena, service, node_get(object, "metadata"), regex);
    struct node *spec = put_map(arena, object, "spec");
    put_text(arena, spec, "ingressClassName", service->layer->environment.ingress_class);
    put_tls(arena, service, spec, host, name);
    struct node *rule = add_map(arena, put_list(arena, spec, "rules"));
    if (host.len)
        put_text(arena, rule, "host", host);
    struct node *paths = put_list(arena, put_map(arena, rule, "http"), "paths");
    for (size_t i = from; i < to; i++)
        add_path(arena, service, paths, routes[i].prefix, regex);
}

void manifest_ingress(struct manifests *manifests, const struct service *service)
{
    for (size_t from = 0, to; from < service->route_count; from = to) {
        for (to = from + 1; to < service->route_count; to++)
            if (!str_equal(service->routes[from].host, service->routes[to].host))
                break;
        add_ingress(manifests, service, from, to);
    }
}
