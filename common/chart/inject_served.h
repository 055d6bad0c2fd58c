/* Who serves a public_uri in a chart. Shared by the files of inject_traffic.c. */
#ifndef OPTASVC_INJECT_SERVED_H
#define OPTASVC_INJECT_SERVED_H

#include "chart/traffic_chart.h"

/* Returns the Ingresses that route to the workload, or the routes of the Gateway API that do. */
const struct object **served_ingresses(const struct target *target, size_t *ret_count);
const struct object **served_routes(const struct target *target, size_t *ret_count);

/* Returns a hook among the Ingresses, else among the routes, that route to a workload that is not a
 * hook, if they are all hooks; or NULL. */
const struct object *served_hook(const struct target *target);

/* Returns the name in --ingress, else in helm.ingress; empty if neither is set. */
struct str served_selected_ingress(const struct target *target);

/* True if `new` is selected. */
bool served_is_new_requested(const struct target *target);

/* True if a Service routes to the workload. For release_find_owner(), with the target as context.
 */
bool served_is_own(const void *context, const struct object *object, struct str namespace,
                   struct str service);

/* Returns the route as "HOST/PATH". */
struct str served_format(struct arena *arena, const struct route *route);

/* Returns an object with routes of another API that may serve the route, because it names its host
 * or a Service of the workload; or NULL. `route` NULL: any that names a Service of the workload. */
const struct object *served_foreign(const struct target *target, const struct route *route);

/* True if the chart serves the route. Warns about other rules for it. */
bool served_check(const struct target *target, const struct route *route);

/* Returns who serves the route in the class of a new object. With `has_exact_rule`, the chart has a
 * rule for exactly this host and path that does not route to the workload. */
struct path_owner served_exact_rule(const struct target *target, const struct traffic *traffic,
                                    const struct route *route);

/* Reports that the chart does not serve the route, and what it does instead. `first`: an Ingress or
 * route that routes to the workload, or NULL. */
void served_report_missing(const struct target *target, const struct traffic *traffic,
                           const struct object *first, const struct route *route);

/* Runs a check of traffic and reports what it finds, but nothing twice, and in fill mode an error
 * about an object as skipped. `object` NULL: about new objects. Returns false if it finds errors.
 */
typedef void traffic_check_function(const struct traffic *traffic);
bool served_run_check(const struct target *target, const struct traffic *traffic,
                      const struct object *object, traffic_check_function *check);

/* Reports settings of the service that the routes, to which an Ingress is converted, do not
 * support. Returns false if these are errors. */
bool served_check_converted(const struct target *target, const struct gateway *gateway,
                            const struct object *ingress);

/* True if a parent of a route may be a listener that new routes of the Gateway use too:
 * inject_routes.c. */
bool served_uses_listener(const struct node *parent, const struct gateway *gateway);

/* Applies the settings of the service to the routes of the chart: inject_routes.c. `has_ingresses`:
 * Ingresses of the chart get the settings too; `adds`: or new objects. */
void inject_routes(const struct target *target, bool has_ingresses, bool adds);

#endif
