/* What all services of a file share: the environment and the modules. */
#ifndef OPTASVC_LAYER_H
#define OPTASVC_LAYER_H

#include "config/interpolate.h"

struct layer_hosts; /* layer_hosts.c */

struct layer {
    struct arena *arena;
    struct diags *diags;
    const struct input_options *options;
    const struct source *source;
    struct str name;
    struct str namespace; /* --namespace; defaults to the name */
    const struct record *file;
    struct environment environment;
    struct module *modules;
    size_t module_count;
    struct scope scope;           /* for placeholders in its modules */
    struct layer_hosts *hosts[2]; /* public, internal; NULL: not read yet */
};

/* Reads `source`. Returns NULL if it cannot be parsed. After other errors, the layer can still be
 * used to find more errors. */
struct layer *layer_read(struct arena *arena, struct diags *diags,
                         const struct input_options *options, const struct source *source);

/* Returns where the name of the environment is: its entry in the service file, or the name in the
 * environment file. The result has no source if there is no environment. */
struct location layer_environment_location(const struct layer *layer);

/* True if the file may be for a chart, so that fields may be missing. */
bool layer_is_for_chart(const struct layer *layer);

/* Returns a reader that fills in placeholders. It refers to `layer`. */
struct schema_reader layer_reader(struct layer *layer);

/* Reads some fields of a k8s-service, which is a map, for another service of the file. Errors are
 * not reported: they are when the service itself is read. */
const struct record *layer_read_fields(struct layer *layer, const struct module *module,
                                       const enum field_id *fields, size_t count);

/* Reads the environment file if that was deferred (environment_read_deferred). Reports an error and
 * returns false if the file cannot be read or is invalid. */
bool layer_read_environment(struct layer *layer);

/* Returns the next k8s-service of the file that --module selects, starting at `*index` (initially
 * 0); NULL after the last. Records all services up to it, and reports an error if there are more
 * than SERVICES_MAX. */
const struct module *layer_next_service(const struct layer *layer, size_t *index);

/* Reports that the file has no k8s-service, unless there are other errors. In directories, such
 * files are skipped earlier. */
void layer_report_empty(const struct layer *layer);

/* True if --module names this module or is not set. */
bool layer_selects(const struct layer *layer, const struct module *module);

#endif
