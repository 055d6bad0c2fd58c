/* Shared by conversions of a chart and of manifests: Ingresses as objects of a stream. */
#ifndef OPTASVC_CONVERT_OBJECTS_H
#define OPTASVC_CONVERT_OBJECTS_H

#include "chart/release.h"
#include "convert/convert.h"

/* Adds an Ingress to a conversion. Hooks are never converted. */
void convert_add_object(struct convert *convert, const struct object *ingress, bool is_nginx,
                        bool is_converted);

/* Lists the objects that replace an Ingress: "HTTPRoute/a, BackendTrafficPolicy/a". */
struct str convert_objects_format(struct arena *arena, const struct convert_ingress *ingress);

#endif
