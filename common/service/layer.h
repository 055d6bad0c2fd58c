/* A service file, read as far as it is the same for all its services: environment, modules. */
#ifndef OPTASVC_LAYER_H
#define OPTASVC_LAYER_H

#include "config/interpolate.h"

struct layer {
    struct arena *arena;
    struct diags *diags;
    const struct input_options *options;
    const struct source *source;
    struct str name;
    struct str namespace; /* --namespace, or the name */
    const struct record *file;
    struct environment environment;
    struct module *modules;
    size_t module_count;
    struct scope scope; /* for the texts of its modules */
};

/* Reads `source`. NULL when it cannot be read at all; after other errors what is there is good for
 * finding more of them. */
struct layer *layer_read(struct arena *arena, struct diags *diags,
                         const struct input_options *options, const struct source *source);

/* True if the file may be one for a chart, which has what is left out. */
bool layer_injects(const struct layer *layer);

/* How a module's texts are read: placeholders filled in. The result refers to `layer`. */
struct schema_reader layer_reader(struct layer *layer);

/* Reads the environment file if it was not needed so far (environment_read_all). Reports and
 * returns false if it cannot be read. */
bool layer_read_environment(struct layer *layer);

/* The next k8s-service of the file that --module selects, from `*index` on, which starts at 0; NULL
 * after the last. Records all that it passes, and reports more than SERVICES_MAX in one run. */
const struct module *layer_next_service(const struct layer *layer, size_t *index);

/* Reports that the file has no k8s-service, unless there are other errors. Files of directories
 * without one are not read this far. */
void layer_report_empty(const struct layer *layer);

/* True when --module names this module, or is not given. */
bool layer_selects(const struct layer *layer, const struct module *module);

#endif
