/* Renders files to manifests, for `render` and for the commands that apply them. */
#ifndef OPTASVC_RENDER_H
#define OPTASVC_RENDER_H

#include "config/diag_report.h"
#include "config/options.h"
#include "service/service.h"
#include "yaml/node.h"

/* Renders all files of the options. Appends YAML documents, or one v1/List if `output` (--output)
 * is json, to `ret_manifests`, and errors and warnings to `ret_messages`. The caller frees both.
 * Returns false, without manifests, if any file has an error. */
bool render(const struct input_options *options, const char *output, bool color,
            struct buf *ret_manifests, struct buf *ret_messages);

/* Like render(), but also explains where each line comes from: as comments in the YAML documents,
 * or as a JSON list with an item for each line (provenance.h). */
bool render_explained(const struct input_options *options, const char *output, bool color,
                      struct buf *ret_manifests, struct buf *ret_messages);

/* Like render(), but appends a line for each file instead of manifests: what was checked. Adds
 * errors, warnings and these lines to `report` instead, unless it is NULL. */
bool render_check(const struct input_options *options, bool color, struct diag_report *report,
                  struct buf *ret_summary, struct buf *ret_messages);

/* A service and its objects in the order in which they are applied, without its Namespace
 * (manifest_namespace()). */
struct rendered_service {
    const struct service *service;
    struct node **objects;
    size_t count;
};

struct render_result {
    struct rendered_service *items;
    size_t count;
    const struct input_options *options; /* with recorded usage */
};

/* Like render(), but returns services and objects, allocated in the arena. */
bool render_services(const struct input_options *options, bool color, struct arena *arena,
                     struct render_result *ret, struct buf *ret_messages);

#endif
