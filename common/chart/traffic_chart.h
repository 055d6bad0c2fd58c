/* Traffic in charts: the part of a flavour (manifest/traffic.h) that depends on objects of a chart.
 * Each flavour is a row of config/flavours.def and a file traffic_NAME_chart.c, which defines
 * `chart_NAME`. */
#ifndef OPTASVC_TRAFFIC_CHART_H
#define OPTASVC_TRAFFIC_CHART_H

#include "chart/inject_target.h"
#include "manifest/traffic.h"

enum { CHART_CLASSES_MAX = 2 };

struct chart_flavour {
    enum object_kind object; /* the type of the objects that serve routes */
    bool supports_settings;  /* objects of the chart support all settings of `struct traffic` */
    /* Reports the settings of the traffic that an object of the chart does not support: as errors
     * at the fields of the service file, as warnings, or, in fill mode, as skipped. */
    void (*check)(const struct target *target, const struct traffic *traffic,
                  const struct object *object, bool only_warn);
    /* Sets the supported settings on an object of the chart. True if there are any. */
    bool (*apply)(const struct target *target, const struct traffic *traffic,
                  const struct object *object);
    /* Sets the classes, for release_find_owner(), whose rules a controller merges with
     * those of an added object, and returns their number. */
    size_t (*rule_classes)(const struct traffic *traffic,
                           struct str ret_classes[CHART_CLASSES_MAX]);
    /* Warns if the added objects change how those of the chart work; may be NULL. */
    void (*warn_added)(const struct target *target, const struct traffic *traffic);
    /* Warns if the added objects do not fit a port of the Service `to`; may be NULL. */
    void (*warn_backend)(const struct target *target, const struct traffic *traffic,
                         const struct object *to, const struct node *port);
};

const struct chart_flavour *chart_flavour_find(enum flavour_id flavour);

#define FLAVOUR(id, name, keyword) extern const struct chart_flavour chart_##name;
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
                            struct str ret_classes[CHART_CLASSES_MAX]);

/* How nginx reads an Ingress, according to its annotations: traffic_nginx_chart.c. */
bool nginx_uses_regex(const struct object *ingress); /* paths are regular expressions */
bool nginx_is_canary(const struct object *ingress);  /* receives a share of another's requests */

#endif
