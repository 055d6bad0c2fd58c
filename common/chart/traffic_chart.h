/* Traffic in charts: what of a flavour (manifest/traffic.h) depends on objects of a chart. Each is
 * a row of config/flavours.def and a file, traffic_NAME_chart.c, which defines the row's entry
 * here. */
#ifndef OPTASVC_TRAFFIC_CHART_H
#define OPTASVC_TRAFFIC_CHART_H

#include "chart/inject_target.h"
#include "manifest/traffic.h"

enum { CHART_TABLES_MAX = 2 };

struct chart_flavour {
    /* What serves routes: objects of the chart, and those that are added. */
    enum object_kind object;
    bool takes_settings; /* an object of the chart can have every setting of a traffic */
    /* Reports which settings of the traffic an object of the chart cannot have: as errors at their
     * places in the service file, as warnings, or, if gaps are filled, as left. */
    void (*check)(const struct target *target, const struct traffic *traffic,
                  const struct object *object, bool only_warn);
    /* Puts the settings that it can have onto an object of the chart. True if there are any. */
    bool (*apply)(const struct target *target, const struct traffic *traffic,
                  const struct object *object);
    /* The rules of the chart that those of an added object stand among: what release_query() takes
     * as class. Returns how many. */
    size_t (*tables)(const struct traffic *traffic, struct str ret_tables[CHART_TABLES_MAX]);
    /* Warns of what the objects that are added for the traffic change for those of the chart; NULL:
     * nothing. */
    void (*warn_added)(const struct target *target, const struct traffic *traffic);
    /* Warns of what the objects that are added do not know of a port of the Service `to`; NULL:
     * nothing. */
    void (*warn_backend)(const struct target *target, const struct traffic *traffic,
                         const struct object *to, const struct node *port);
};

const struct chart_flavour *chart_flavour_find(enum flavour_id flavour);

#define FLAVOUR(id, name, keyword) extern const struct chart_flavour chart_##name;
#include "config/flavours.def"

/* What the flavours that are Ingresses share: traffic_ingress_chart.c. */

/* The traffic of the service, for Ingresses of the chart: reads the environment file if it matters
 * for them. Reports and returns false if that cannot be read. */
bool ingress_read_traffic(const struct target *target, struct traffic *ret);

/* The class that an Ingress has once ingress_extra_annotations are on it. */
struct str ingress_class_of(const struct traffic *traffic, const struct object *ingress);

/* The flavour of the controller of an Ingress. */
enum flavour_id ingress_flavour_of(const struct target *target, const struct traffic *traffic,
                                   const struct object *ingress);

/* Reports an annotation that names another class than the Ingress. */
void ingress_check_classes(const struct target *target, const struct traffic *traffic,
                           const struct object *ingress);

/* Sets annotations on an Ingress, but for those of nginx where its controller does not read them.
 * True if there are any. */
bool ingress_annotate(const struct target *target, const struct traffic *traffic,
                      const struct object *ingress, bool reads_nginx);

/* The rules of Ingresses of the class, and of those without a class. */
size_t ingress_tables(const struct traffic *traffic, struct str ret_tables[CHART_TABLES_MAX]);

/* What nginx makes of an Ingress by its annotations: traffic_nginx_chart.c. */
bool nginx_uses_regex(const struct object *ingress); /* paths are regular expressions */
bool nginx_is_canary(const struct object *ingress);  /* it takes a share of another's requests */

#endif
