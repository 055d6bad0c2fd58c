/* Files in, manifests out: what `render` prints, and what all that applies it hands to kubectl. */
#ifndef OPTASVC_RENDER_H
#define OPTASVC_RENDER_H

#include "config/options.h"
#include "service/service.h"
#include "yaml/node.h"

/* Renders all files that the options name. `ret_manifests` gets YAML documents, or one v1/List
 * where `output`, which is --output, says json; `ret_messages` what to tell the user. Both are the
 * caller's to free. False, and no manifests, when anything is wrong with any file. */
bool render(const struct input_options *options, const char *output, bool color,
            struct buf *ret_manifests, struct buf *ret_messages);

/* A service and the objects that it becomes, in the order in which they are applied; its Namespace
 * is not among them (manifest_namespace()). */
struct rendered_service {
    const struct service *service;
    struct node **objects;
    size_t count;
};

struct render_result {
    struct rendered_service *items;
    size_t count;
    const struct input_options *options; /* with their usage */
};

/* The same for those that need more than text. All of it lives in the arena. */
bool render_services(const struct input_options *options, bool color, struct arena *arena,
                     struct render_result *ret, struct buf *ret_messages);

#endif
