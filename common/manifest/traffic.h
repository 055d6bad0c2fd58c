/* Flavours of traffic: which of a service's traffic each supports, and the objects that it needs.
 * Each is a row of config/flavours.def and a file, traffic_NAME.c, which defines the row's entry
 * here. Its chart side is chart/traffic_NAME_chart.c. */
#ifndef OPTASVC_TRAFFIC_H
#define OPTASVC_TRAFFIC_H

#include "manifest/manifest.h"
#include "service/service_traffic.h"

struct traffic_flavour {
    /* Reports what the flavour does not support: an error at its field, with the reason. What
     * depends on something else than the service file is a warning. */
    void (*check)(const struct traffic *traffic);
    /* Adds the objects of a traffic that has routes. */
    void (*render)(struct manifests *manifests, const struct traffic *traffic);
    bool ignores_case; /* of paths, when it compares them with those of requests */
};

/* Traffic of its flavour. Without routes it is right, and has no objects. */
bool traffic_check(const struct traffic *traffic); /* false after an error */
void traffic_render(struct manifests *manifests, const struct traffic *traffic);

const struct traffic_flavour *traffic_flavour_find(enum flavour_id flavour);

#define FLAVOUR(id, name, keyword) extern const struct traffic_flavour traffic_##name;
#include "config/flavours.def"

#endif
