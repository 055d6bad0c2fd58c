/* Converts the Ingresses of manifests to routes, without a service file. */
#ifndef OPTASVC_CONVERT_MANIFESTS_H
#define OPTASVC_CONVERT_MANIFESTS_H

#include "config/gateway.h"

struct converted {
    struct arena arena;
    struct buf manifests; /* the routes; empty after an error */
    struct buf messages;  /* for stderr */
    struct buf report;    /* JSON */
};

/* Converts all Ingresses of some files at once, because nginx reads all Ingresses of a host
 * together. Reports errors and returns false if one of them cannot be converted. */
bool convert_manifests(const struct source *files, size_t count,
                       const struct gateway_options *gateway, bool best_effort, bool color,
                       struct converted *ret);

void converted_free(struct converted *converted);

#endif
