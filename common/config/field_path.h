/* Finds the field that a path means, as people write paths: port.http, service.port.http,
 * modules[0].port, spec.template.spec.containers[0].image, storage_class. */
#ifndef OPTASVC_FIELD_PATH_H
#define OPTASVC_FIELD_PATH_H

#include "config/schema.h"

enum { FIELD_PATH_MAX = 8 };

/* A field on a path. */
struct field_step {
    const struct field *field;
    int64_t index;  /* of an item of its list; -1: all */
    struct str key; /* of an item of its map; empty: all */
};

struct field_path {
    const struct schema *root; /* contains the first field */
    struct field_step steps[FIELD_PATH_MAX];
    size_t count;   /* 0: the map itself */
    int64_t module; /* index of the module that contains the field; -1: any */
};

/* Where the search for a path ended. */
struct field_path_error {
    struct str word;             /* the unknown word */
    const struct schema *schema; /* that does not contain it; NULL: unknown */
    struct str prefix;           /* path of that map: "port." */
    struct str foreign_hint;     /* for a word of another tool; else empty */
    struct str others;           /* fields of that name in other maps: "a.b, c.b or d.b" */
};

/* Returns the schema of the maps in a field; NULL if it has none. The modules of a file are
 * services. */
const struct schema *field_schema(const struct field *field);

/* Returns true and sets `ret` to the field; else sets `ret_error`. */
bool field_path_find(struct arena *arena, struct str text, struct field_path *ret,
                     struct field_path_error *ret_error);

/* Returns the path as `explain` prints it, such as "ports.port", without indexes and keys. */
struct str field_path_format(struct arena *arena, const struct field_path *path);

#endif
