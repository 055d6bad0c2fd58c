/* Sidecars that a webhook injects into pods at admission, such as the proxy of a service mesh. */
#ifndef OPTASVC_SIDECAR_H
#define OPTASVC_SIDECAR_H

#include "service/service.h"

enum sidecar_source {
    SIDECAR_POD_LABEL,
    SIDECAR_POD_ANNOTATION,
    SIDECAR_NAMESPACE_LABEL,
    SIDECAR_NAMESPACE_ANNOTATION,
};

/* Finds a label or annotation. Returns false if it is not set. */
typedef bool sidecar_lookup(const void *context, enum sidecar_source source, const char *key,
                            struct str *ret_value);

/* The lookup of a struct service: its pod_labels and pod_annotations. */
bool sidecar_of_service(const void *service, enum sidecar_source source, const char *key,
                        struct str *ret_value);

/* True if labels and annotations of a pod and its namespace request a sidecar container. It is not
 * in the pod template, but an autoscaler's Resource metrics include it. */
bool sidecar_is_injected(sidecar_lookup *lookup, const void *context);

#endif
