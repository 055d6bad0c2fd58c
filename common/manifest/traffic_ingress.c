/* Ingresses: one for each host. What a kind of controller reads beside their rules is a row of the
 * table here. */
#include "manifest/traffic_ingress.h"

/* Every controller has paths of type Prefix, which serve what is below them too. */
static void put_prefix_path(struct arena *arena, struct str prefix, bool only_root,
                            struct node *item)
{
    (void)only_root;
    put_text(arena, item, "path", prefix.len ? prefix : STR("/"));
    put_text(arena, item, "pathType", STR("Prefix"));
}

static const struct flavour {
    /* NULL: the controller is given no settings. `only_root`: `/` is the only path of the host. */
    void (*put_annotations)(struct arena *arena, const struct service *service, bool only_root,
                            struct node *annotations);
    /* Adds `path` and `pathType`. */
    void (*put_path)(struct arena *arena, struct str prefix, bool only_root, struct node *item);
} flavours[] = {
    [INGRESS_NGINX] = {ingress_put_nginx_annotations, ingress_put_nginx_path},
    [INGRESS_GENERIC] = {NULL, put_prefix_path},
};
_Static_assert(sizeof flavours / sizeof *flavours == INGRESS_CONTROLLERS,
               "each kind of controller has a row");

static const struct flavour *flavour_of(const struct service *service)
{
    return &flavours[service->layer->environment.ingress_controller];
}

static void put_annotations(struct arena *arena, const struct service *service,
                            struct node *metadata, bool only_root)
{
    const struct flavour *flavour = flavour_of(service);
    struct node *annotations = node_new(arena, NODE_MAP);
    if (flavour->put_annotations)
        flavour->put_annotations(arena, service, only_root, annotations);
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

static void add_path(struct arena *arena, const struct service *service, struct node *paths,
                     struct str prefix, bool only_root)
{
    struct node *item = add_map(arena, paths);
    flavour_of(service)->put_path(arena, prefix, only_root, item);
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
    bool only_root = to - from == 1 && routes[from].prefix.len == 0;
    struct node *object =
        manifest_object(manifests, service, "networking.k8s.io/v1", "Ingress", name);
    put_annotations(arena, service, node_get(object, "metadata"), only_root);
    struct node *spec = put_map(arena, object, "spec");
    put_text(arena, spec, "ingressClassName", service->layer->environment.ingress_class);
    put_tls(arena, service, spec, host, name);
    struct node *rule = add_map(arena, put_list(arena, spec, "rules"));
    if (host.len)
        put_text(arena, rule, "host", host);
    struct node *paths = put_list(arena, put_map(arena, rule, "http"), "paths");
    for (size_t i = from; i < to; i++)
        add_path(arena, service, paths, routes[i].prefix, only_root);
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
