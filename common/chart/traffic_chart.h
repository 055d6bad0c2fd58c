/* Traffic in charts: the part of a flavour (manifest/traffic.h) that depends on objects of a chart.
 * Each flavour is a row of config/flavours.def. A file traffic_NAME_chart.c defines `chart_NAME`;
 * that of Gateways defines it for all their types. */
#ifndef OPTASVC_TRAFFIC_CHART_H
#define OPTASVC_TRAFFIC_CHART_H

#include "chart/inject_target.h"
#include "manifest/traffic.h"

enum { CHART_CLASSES_MAX = 2 };

struct chart_flavour {
    enum object_kind object; /* the type of the objects that serve routes */
    bool supports_settings;  /* objects of the chart support all settings of `struct traffic` */
    const char *noun;        /* what messages call an added object: "Ingress", "route" */
    /* Reports the settings of the traffic that an object of the chart does not support: as errors
     * at the fields of the service file, as warnings, or, in fill mode, as skipped. NULL for routes
     * of a Gateway, as `apply`. */
    void (*check)(const struct target *target, const struct traffic *traffic,
                  const struct object *object, bool only_warn);
    /* Sets the supported settings on an object of the chart. True if there are any. */
    bool (*apply)(const struct target *target, const struct traffic *traffic,
                  const struct object *object);
    /* Sets the settings, which the flavour supports, on a route of the chart; NULL for Ingresses.
     */
    void (*apply_route)(const struct target *target, const struct traffic *traffic,
                        const struct object *route);
    /* Sets the classes, for release_find_owner(), whose rules a controller merges with
     * those of an added object, and returns their number. */
    size_t (*rule_classes)(const struct traffic *traffic,
                           struct rule_class ret_classes[CHART_CLASSES_MAX]);
    /* Warns if the added objects change how those of the chart work; may be NULL. */
    void (*warn_added)(const struct target *target, const struct traffic *traffic);
    /* Warns if the added objects do not fit a port of the Service `to`; may be NULL. */
    void (*warn_backend)(const struct target *target, const struct traffic *traffic,
                         const struct object *to, const struct node *port);
};

/* True if a Service port uses HTTPS, according to its appProtocol, to the name of the container
 * port, else to its own name. */
bool chart_speaks_https(const struct target *target, const struct node *port);

const struct chart_flavour *chart_flavour_find(enum flavour_id flavour);

#define FLAVOUR(id, name, group, keyword) extern const struct chart_flavour chart_##name;
#include "config/flavours.def"

/* Shared by the flavours that use Ingresses: traffic_ingress_chart.c. */

/* Returns the traffic of the service for Ingresses of the chart. Reads the environment file if it
 * matters for them; reports an error and returns false if it cannot be read. */
bool ingress_read_traffic(const struct target *target, struct traffic *ret);

/* Returns the class of an Ingress after ingress_extra_annotations are set on it. */
struct str ingress_class_of(const struct traffic *traffic, const struct object *ingress);

/* Returns the flavour of an Ingress's controller. */
enum flavour_id ingress_flavour_of(const struct target *target, const struct traffic *traffic,
                                   const struct object *ingress);

/* Returns how a controller of that flavour reads the rules of Ingresses. */
enum rule_reader ingress_reader_of(enum flavour_id flavour);

/* Reports an annotation whose class conflicts with that of the Ingress. */
void ingress_check_classes(const struct target *target, const struct traffic *traffic,
                           const struct object *ingress);

/* Sets annotations on an Ingress, without those of nginx unless `supports_nginx`. True if there are
 * any.
 */
bool ingress_annotate(const struct target *target, const struct traffic *traffic,
                      const struct object *ingress, bool supports_nginx);

/* Sets the class of the traffic, and the empty class of Ingresses without one. */
size_t ingress_rule_classes(const struct traffic *traffic,
                            struct rule_class ret_classes[CHART_CLASSES_MAX]);

/* Shared by the flavours that use routes: traffic_gateway_chart.c, inject_routes.c. */

#define CHART_GATEWAY(apply)                                                                       \
    {                                                                                              \
        .object = OBJECT_ROUTE, .noun = "route", .apply_route = apply,                             \
        .rule_classes = gateway_rule_classes, .warn_backend = gateway_warn_protocol                \
    }
size_t gateway_rule_classes(const struct traffic *traffic,
                            struct rule_class ret_classes[CHART_CLASSES_MAX]);
void gateway_warn_protocol(const struct target *target, const struct traffic *traffic,
                           const struct object *to, const struct node *port);

/* Warns if a Service port for gRPC does not have the appProtocol that it needs in an HTTPRoute. */
void gateway_warn_http1(const struct target *target, struct location at, const struct object *to,
                        const struct node *port);

/* Sets sessionPersistence in the rules that route to the workload, if the traffic uses it; removes
 * it if the service sets sticky_session: false. */
void route_apply_session_persistence(const struct target *target, const struct traffic *traffic,
                                     const struct object *route);

/* Like target_set(), but keeps the chart's other values in the maps of `value`, which is consumed.
 */
void route_set(const struct target *target, const struct object *object, struct node *map,
               const char *path, struct node *value);

/* True if a backendRef of the route, or an item of its TraefikService, is a Service of the
 * workload.
 */
bool route_is_own_backend(const struct target *target, const struct object *route,
                          const struct node *reference);

/* Warns about the first other Service of a route, to which the settings of the whole route apply
 * too. */
void route_warn_shared(const struct target *target, const struct object *route);

/* Returns the rules of the routes. `gateway`: the one of the environment, or NULL. Traefik
 * continues with less specific hosts, because the hosts only determine the priority of its rules.
 */
struct rule_class gateway_rules(const struct gateway *gateway);

/* How nginx reads an Ingress, according to its annotations: traffic_nginx_chart.c. */
bool nginx_needs_regex(const struct object *ingress, struct str path); /* so does its host */
bool nginx_is_canary(const struct object *ingress); /* receives a share of another's requests */

#endif
