/* Where each line of a manifest comes from: a field and its place in a file, a flag, or a default
 * and its reason. For `render --explain`.
 *
 * Manifests are rendered as always, and then each of their lines is looked up in provenance.def,
 * which has a row for each decision. Rendering knows nothing about this and takes no longer.
 * tests/provenance checks that each line has a source, that each row is used, and that a changed
 * value in a file changes the lines that name it. */
#ifndef OPTASVC_PROVENANCE_H
#define OPTASVC_PROVENANCE_H

#include "base/map.h"
#include "manifest/provenance_index.h"
#include "service/service.h"

/* What determines a value. */
struct provenance_source {
    struct location at; /* of a value in a file; no source: it is in no file */
    const char *flag;   /* NULL: no flag */
    struct str field;   /* with neither of these: the field that would replace the default; empty:
                           no field does */
    const char *reason; /* why; NULL: the value is that of the field or flag */
};

enum { PROVENANCE_SOURCES_MAX = 8 }; /* of a line */

/* A line with a value: a scalar, or an empty map or list. */
struct provenance_line {
    const struct node *value;
    struct str path;                   /* a JSON pointer */
    struct provenance_source *sources; /* the most important one is first */
    size_t count;
};

/* The lines of an object, in the order of the output. */
struct provenance {
    struct provenance_index *index;
    const struct layer *layer;
    const struct service *service; /* NULL: the object is the Namespace of the layer */
    const struct node *object;
    struct provenance_line *lines;
    size_t count;
};

/* The rows of provenance.def by the last key of their paths. */
struct provenance_table {
    struct map rows;
};

struct provenance_table provenance_table_new(struct arena *arena);

/* Explains all lines of an object. `index`: of the layer. Allocates in the layer's arena. */
struct provenance provenance_of(const struct provenance_table *table,
                                struct provenance_index *index, const struct layer *layer,
                                const struct service *service, const struct node *object);

/* A place in a file that a source refers to: provenance_field.c. */
struct provenance_field {
    struct str path;         /* of the field: "cron_jobs[0].schedule" */
    const struct node *node; /* its value; NULL: no field is at the location */
};

/* Finds the field of the service, its file or its environment file at a location. */
struct provenance_field provenance_field_at(struct provenance_index *index,
                                            const struct layer *layer,
                                            const struct service *service, struct location at);

/* A format of --output. YAML documents have a comment after each value; without the comments, they
 * are those of emit_yaml(). JSON is a list with an item for each line. The functions append to
 * `out`. `first`: no object was appended before. */
struct provenance_format {
    const char *name;
    void (*begin)(struct buf *out);
    void (*object)(struct buf *out, const struct provenance *provenance, bool first);
    void (*end)(struct buf *out);
};

/* Returns the format of a name; that of YAML for NULL. */
const struct provenance_format *provenance_format_find(const char *name);

#endif
