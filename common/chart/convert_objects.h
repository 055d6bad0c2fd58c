/* Shared by conversions of a chart and of manifests: Ingresses as objects of a stream. */
#ifndef OPTASVC_CONVERT_OBJECTS_H
#define OPTASVC_CONVERT_OBJECTS_H

#include "chart/release.h"
#include "convert/convert.h"

/* Adds an Ingress to a conversion. One that is not converted affects how nginx reads its hosts,
 * unless it is a hook that Helm deletes when it has succeeded. */
void convert_add_object(struct convert *convert, const struct object *ingress, bool is_nginx,
                        bool is_converted);

/* Warns that an Ingress is a Helm hook. `name`: that of the Ingress in messages. */
void convert_warn_hook(struct diags *diags, const struct object *ingress, struct str name);

/* Lists the objects that replace an Ingress: "HTTPRoute/a, BackendTrafficPolicy/a". */
struct str convert_objects_format(struct arena *arena, const struct convert_ingress *ingress);

#endif
