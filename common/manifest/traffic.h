/* Flavours of traffic: what each supports, and the objects that it generates. Each is a row of
 * config/flavours.def and a file traffic_NAME.c, which defines `traffic_NAME`. For charts there is
 * chart/traffic_NAME_chart.c. */
#ifndef OPTASVC_TRAFFIC_H
#define OPTASVC_TRAFFIC_H

#include "manifest/manifest.h"
#include "service/service_traffic.h"

struct traffic_flavour {
    /* Reports an error at each field that the flavour does not support, with the reason. If it
     * depends on settings outside the service file, reports a warning. */
    void (*check)(const struct traffic *traffic);
    /* Adds the objects for traffic with at least one route. */
    void (*render)(struct manifests *manifests, const struct traffic *traffic);
    bool ignores_case; /* paths are matched case-insensitively */
};

/* Checks traffic with its flavour. Returns false after an error; true if there are no routes. */
bool traffic_check(const struct traffic *traffic);

/* Adds the objects of the flavour; none if there are no routes. */
void traffic_render(struct manifests *manifests, const struct traffic *traffic);

/* Returns the name of an object that serves a host: NAME-HASH. */
struct str traffic_object_name(struct arena *arena, struct str name, struct str host);

/* Returns the field of the environment file that selects the Gateway: "gateway" or
 * "internal_gateway". */
const char *traffic_gateway_field(const struct traffic *traffic);

/* Warns that gRPC clients cannot use a path prefix that is stripped. */
void traffic_warn_grpc_prefix(const struct traffic *traffic);

const struct traffic_flavour *traffic_flavour_find(enum flavour_id flavour);

#define FLAVOUR(id, name, group, keyword) extern const struct traffic_flavour traffic_##name;
#include "config/flavours.def"

#endif
