/* Shared by flavours that generate routes of the Gateway API: a route for each host. */
#ifndef OPTASVC_TRAFFIC_GATEWAY_H
#define OPTASVC_TRAFFIC_GATEWAY_H

#include "manifest/traffic.h"

#define GATEWAY_GROUP "gateway.networking.k8s.io"

enum { HTTPS_PORT = 443 };

/* A generated route. */
struct gateway_route {
    const char *kind; /* HTTPRoute or GRPCRoute */
    struct str name;
};

/* What depends on the type of the Gateway. Members may be NULL. */
struct gateway_form {
    /* Adds objects that the routes refer to. */
    void (*add_backend)(struct manifests *manifests, const struct traffic *traffic);
    /* Adds a policy for a route. It comes before the route, which never serves without it: Envoy
     * would answer 503 until initial_fetch_timeout of a cluster that changes while it starts, for
     * 15 seconds. */
    void (*add_policy)(struct manifests *manifests, const struct traffic *traffic,
                       const struct gateway_route *route);
    /* Sets the backend of a rule; NULL: the Service. */
    void (*put_backend)(struct arena *arena, const struct traffic *traffic, struct node *backend);
};

void gateway_render(struct manifests *manifests, const struct traffic *traffic,
                    const struct gateway_form *form);

/* Reports what no type of Gateway supports. */
void gateway_check(const struct traffic *traffic);

/* Reports annotations: as errors if they are those of nginx, else as warnings. */
void gateway_check_annotations(const struct traffic *traffic);

/* Warns that the Gateway decides how long a websocket may be idle. */
void gateway_warn_idle_timeout(const struct traffic *traffic);

/* Reports consistent_hash; `possible` describes what the type supports. */
void gateway_report_hash(const struct traffic *traffic, const char *possible);

/* Warns that session persistence sets a cookie for each path. */
void gateway_warn_session_persistence(const struct traffic *traffic);

/* True if the traffic has GRPCRoutes. With a path prefix, gRPC needs the rewrite of HTTPRoutes; a
 * Gateway does not accept both kinds for one host; and Traefik has sticky sessions only in
 * HTTPRoutes. */
bool gateway_uses_grpc_routes(const struct traffic *traffic);

/* True if sticky sessions use the field sessionPersistence of the routes. */
bool gateway_has_session_persistence(const struct traffic *traffic);

/* Sets sessionPersistence in a rule of a route; nothing if the traffic does not use it. */
void gateway_put_session_persistence(struct arena *arena, const struct traffic *traffic,
                                     struct node *rule);

/* Adds the settings of the traffic to the spec of a BackendTrafficPolicy; nothing if it has none:
 * traffic_envoy.c. */
#define ENVOY_POLICY_API "gateway.envoyproxy.io/v1alpha1"
void envoy_put_policy(struct arena *arena, const struct traffic *traffic, struct node *spec);

/* Adds the route to the targets of such a policy. */
void envoy_put_target(struct arena *arena, const struct gateway_route *route, struct node *spec);

/* Adds a sticky cookie to an item of a TraefikService, and the spec of a TraefikService with only
 * the backend of the traffic as an item: traffic_traefik.c. */
#define TRAEFIK_GROUP "traefik.io"
#define TRAEFIK_API   TRAEFIK_GROUP "/v1alpha1"
void traefik_put_sticky(struct arena *arena, const struct traffic *traffic, struct node *item);
void traefik_put_service(struct arena *arena, const struct traffic *traffic, struct node *spec);

/* True if Traefik connects to a port of a Service with HTTPS if nothing names the protocol: to
 * port 443, and to ports whose names begin with https. */
bool traefik_assumes_https(struct str name, int64_t number);

/* Parts of routes and of the objects around them, also for Ingresses that are converted to routes
 * (convert/convert.h). */

/* Attaches a route to a listener of the Gateway; empty: to all. */
void gateway_put_parent(struct arena *arena, const struct gateway *gateway, struct str listener,
                        struct node *spec);

/* Attaches a route to the listener of a ListenerSet. */
void gateway_put_listener_set_parent(struct arena *arena, struct str name, struct node *spec);

/* Sets the hostname of a route; empty: the route is for every host. */
void gateway_put_hostname(struct arena *arena, struct node *spec, struct str host);

/* Adds a match of a path to an HTTPRoute. `type`: PathPrefix, Exact or RegularExpression. */
void gateway_add_path_match(struct arena *arena, struct node *matches, const char *type,
                            struct str value);

/* Returns the status of redirects to HTTPS. */
int64_t gateway_redirect_status(enum flavour_id flavour);

/* Adds a filter that redirects to HTTPS to the list `filters`. */
void gateway_add_redirect(struct arena *arena, struct node *filters, int64_t status);

/* Sets the path of a URL rewrite. */
void gateway_put_prefix_rewrite(struct arena *arena, struct node *rewrite, struct str prefix);

/* Sets the spec of a ListenerSet with one HTTPS listener. */
void gateway_put_listener(struct arena *arena, const struct gateway *gateway, struct str host,
                          struct str secret, struct node *spec);

/* Sets the spec of a Certificate of cert-manager. */
void gateway_put_certificate(struct arena *arena, struct str host, struct str secret,
                             const char *issuer_kind, struct str issuer, struct node *spec);

/* True if a policy of Envoy Gateway can have this hash: traffic_envoy.c. */
bool envoy_supports_hash(const struct traffic_hash *hash);

/* Formats seconds as a Duration of the Gateway API: 48h, 1h30m. It allows 5 digits before a unit,
 * and no days. */
struct str gateway_duration(struct arena *arena, int64_t seconds);

#endif
