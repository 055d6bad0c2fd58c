/* For tests that begin with the text of a service file. */
#ifndef OPTASVC_UNIT_LAYER_H
#define OPTASVC_UNIT_LAYER_H

#include "unit.h"

#include "service.h"

/* A service file up to the fields of its k8s-service, which follow as lines of four spaces. */
#define SERVICE_HEAD                                                                               \
    "name: hello\n"                                                                                \
    "modules:\n"                                                                                   \
    "  - name: app\n"                                                                              \
    "    type: k8s-service\n"                                                                      \
    "    image: nginx:1.29\n"                                                                      \
    "    port: {http: 80}\n"

/* Reads a text under `options`, which must outlive the layer; what was reported before is
 * forgotten. */
static inline struct layer *unit_layer(struct unit *unit, const struct options *options,
                                       struct str text)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    return layer_read(&unit->arena, &unit->diags, options, unit_source(unit, text));
}

/* The first k8s-service of a text. NULL after an error. */
static inline const struct service *unit_service(struct unit *unit, const struct options *options,
                                                 struct str text)
{
    struct layer *layer = unit_layer(unit, options, text);
    for (size_t i = 0; layer && i < layer->module_count; i++)
        if (module_is_service(&layer->modules[i]))
            return service_read(layer, &layer->modules[i]);
    return NULL;
}

#endif
