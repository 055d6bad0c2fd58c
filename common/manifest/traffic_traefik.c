/* Routes for Traefik as a Gateway. For sticky sessions, a TraefikService is between the route and
 * the Service: Traefik ignores sessionPersistence of routes. */
#include "manifest/traffic_gateway.h"

static void check(const struct traffic *traffic)
{
    gateway_check(traffic);
    gateway_warn_idle_timeout(traffic);
    if (traffic->hash.count)
        gateway_report_hash(traffic, "path prefixes, gRPC and sticky_session");
}

void traefik_put_sticky(struct arena *arena, const struct traffic *traffic, struct node *item)
{
    struct node *cookie = node_set_map(arena, node_set_map(arena, item, "sticky"), "cookie");
    node_set_string(arena, cookie, "name", traffic->affinity.cookie);
    node_set_int(arena, cookie, "maxAge", traffic->affinity.max_age);
    node_set_string(arena, cookie, "path", traffic->affinity.path);
    node_set_bool(arena, cookie, "httpOnly", true);
}

bool traefik_assumes_https(struct str name, int64_t number)
{
    return number == HTTPS_PORT || str_starts_with(name, STR("https"));
}

/* Returns the scheme of a TraefikService, for which Traefik does not read appProtocol of the
 * Service; NULL: none is needed. Ports of a chart may use HTTPS. */
static const char *scheme_of(const struct traffic *traffic)
{
    const struct service *service = traffic->service;
    const struct traffic_backend *backend = &traffic->backend;
    bool chart = service && layer_is_for_chart(service->layer);
    return traffic->protocol == PORT_TYPE_GRPC                                  ? "h2c"
           : !chart && traefik_assumes_https(backend->port_name, backend->port) ? "http"
                                                                                : NULL;
}

void traefik_put_service(struct arena *arena, const struct traffic *traffic, struct node *spec)
{
    struct node *weighted = node_set_map(arena, spec, "weighted");
    struct node *item = node_append_map(arena, node_set_list(arena, weighted, "services"));
    node_set_string(arena, item, "name", traffic->backend.service);
    node_set_int(arena, item, "port", traffic->backend.port);
    const char *scheme = scheme_of(traffic);
    if (scheme)
        node_set_string(arena, item, "scheme", str_from_c(scheme));
    traefik_put_sticky(arena, traffic, item);
}

static void add_traefik_service(struct manifests *manifests, const struct traffic *traffic)
{
    struct node *object = manifest_object(manifests, traffic->service, TRAEFIK_API,
                                          "TraefikService", traffic->backend.service);
    traefik_put_service(manifests->arena, traffic, node_set_map(manifests->arena, object, "spec"));
}

static void put_traefik_service(struct arena *arena, const struct traffic *traffic,
                                struct node *backend)
{
    node_set_string(arena, backend, "group", STR(TRAEFIK_GROUP));
    node_set_string(arena, backend, "kind", STR("TraefikService"));
    node_set_string(arena, backend, "name", traffic->backend.service);
}

static void render_routes(struct manifests *manifests, const struct traffic *traffic)
{
    static const struct gateway_form plain = {0};
    static const struct gateway_form sticky = {.add_backend = add_traefik_service,
                                               .put_backend = put_traefik_service};
    gateway_render(manifests, traffic, traffic->affinity.cookie.len ? &sticky : &plain);
}

const struct traffic_flavour traffic_traefik = {.check = check, .render = render_routes};
