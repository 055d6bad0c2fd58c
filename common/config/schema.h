/* THE table of fields, and the engine that reads a file by it.
 *
 * fields.def holds one row for each field: its name, type, unit, default, range, what it does,
 * where it lands. Reading, defaults, errors, suggestions, `explain` and the field reference in the
 * README come from that row. The engine knows nothing of services: it turns a tree into records of
 * checked values, and their owners (environment.c, service.c) give them meaning. */
#ifndef OPTASVC_SCHEMA_H
#define OPTASVC_SCHEMA_H

#include "yaml/node.h"

enum field_type {
    TYPE_STRING,  /* a scalar, letter by letter as written */
    TYPE_INT,     /* a whole number, also as text */
    TYPE_CPU,     /* millicores, or a quantity of Kubernetes: 500m, 0.5 */
    TYPE_BYTES,   /* an integer of .unit, or a quantity of Kubernetes: 256Mi, 1.5G */
    TYPE_BOOL,    /* also as text */
    TYPE_LIST,    /* texts; with .single also one text alone */
    TYPE_MAP,     /* name to text */
    TYPE_PAIRS,   /* name to text, or a list of {name, value} */
    TYPE_RECORD,  /* a map read by the schema .of */
    TYPE_RECORDS, /* a list of such maps */
    TYPE_ANY,     /* left to its owner as a tree */
};

struct schema;

struct field {
    const char *name;
    enum field_type type;
    const struct schema *of;   /* TYPE_RECORD, TYPE_RECORDS */
    const char *unit;          /* of a number; of TYPE_CPU and TYPE_BYTES, of an integer alone */
    int64_t scale;             /* TYPE_BYTES: bytes in one unit */
    const char *default_value; /* the default as it would be written; NULL: none */
    int64_t min;               /* of a number: the range in .unit, both ends included */
    int64_t max;
    const char *const *choices; /* TYPE_STRING: the words allowed, ended by NULL; NULL: any text */
    const char *word;           /* a word that may stand instead of the type, such as `none` */
    const char *prefix; /* of the names that it has, all of them ignored; NULL: it has its name */
    bool keeps_empty;   /* an empty map is not the same as none */
    bool required;
    bool optional_in_charts; /* though required, a file for a chart may leave it out: the chart has
                                its own */
    bool scalar_ok;          /* TYPE_LIST: see there */
    bool unfilled;           /* its owner fills in placeholders, where they are used */
    bool references;         /* may refer to a secret output of another module */
    const char *example;     /* a value as one would write it */
    const char *since;       /* the first version that has it */
    const char *generates;   /* where it ends up in the manifests */
    const char *help;        /* what it does: one or two sentences */
};

struct schema {
    const char *what; /* how errors call such a map: "a k8s-service" */
    const struct field *fields;
    size_t count;
    int first;              /* the identifier of fields[0] */
    bool open;              /* fields that it does not know belong to somebody else */
    const char *title;      /* its heading in `explain` and in the README, in Markdown */
    const char *path;       /* what stands before its fields' names in `explain FIELD` */
    const char *definition; /* its name in the JSON Schema; NULL: the whole document */
};

/* service_schema, port_schema, ... */
#define SCHEMA(id, symbol, ...) extern const struct schema symbol##_schema;
#define FIELD(...)
#define SCHEMA_END(id)
#include "config/fields.def"

#define SCHEMA(id, ...) SCHEMA_##id,
#define FIELD(...)
#define SCHEMA_END(id)
enum schema_id {
#include "config/fields.def"
    SCHEMA_COUNT
};

/* All of them, in the order of fields.def, which is that of the reference. */
extern const struct schema *const schemas[SCHEMA_COUNT];

/* The identifiers of the rows: FILE_NAME, SERVICE_IMAGE, ... Those of a schema follow each other.
 */
#define SCHEMA(id, ...)        id##_FIRST, id##_BEFORE_FIRST = id##_FIRST - 1,
#define FIELD(schema, id, ...) schema##_##id,
#define SCHEMA_END(id)         id##_END, id##_LAST = id##_END - 1,
enum field_id {
#include "config/fields.def"
};

struct reference; /* interpolate.h */

/* A text of a list or map, with what it refers to. */
struct item {
    struct str name;              /* TYPE_MAP, TYPE_PAIRS */
    const struct node *name_node; /* where the name stands */
    struct str text;
    const struct node *node;
    const struct reference *references;
};

struct record;

struct value {
    const struct node *node; /* NULL: left out, so the default or nothing holds */
    bool invalid;            /* written, but an error was reported; `count` items or records are
                              there to be checked further, and records may lack fields */
    bool is_keyword;         /* .word stands here, nothing else is set */
    struct str text;
    int64_t number; /* TYPE_CPU: millicores; TYPE_BYTES: bytes */
    bool flag;
    struct item *items;
    struct record **records;
    size_t count; /* of items or records */
};

struct record {
    const struct schema *schema;
    const struct node *node;
    struct value *values; /* one for each row of the schema, in its order */
};

/* The text of a scalar with its placeholders filled in. Reports and returns false when it cannot.
 */
struct filled {
    struct str text;
    const struct reference *references;
};
typedef bool schema_fill(void *context, const struct node *scalar, struct filled *ret_filled);

struct schema_reader {
    struct arena *arena;
    struct diags *diags;
    schema_fill *fill; /* NULL: texts stay as they are written */
    void *context;     /* for `fill` */
    bool lenient;      /* the file is for a chart */
};

/* Reads a tree. Every mistake in it is reported; fields without one are set. NULL when it is no
 * map. A field that is null, or an empty map or list, counts as left out. */
struct record *schema_read(const struct schema_reader *reader, const struct schema *schema,
                           const struct node *node);

/* What a field of the record's schema holds: as written, or its default. */
const struct value *record_value(const struct record *record, enum field_id field);

/* True when the field is written (not a default) and right. */
bool record_has(const struct record *record, enum field_id field);

/* Where to point for a field: its value, or the record when it was left out. */
struct location record_location(const struct record *record, enum field_id field);

/* The row of an identifier. */
const struct field *schema_field(enum field_id field);

/* The row of a name, which may be one of a prefix; or NULL. */
const struct field *schema_find(const struct schema *schema, struct str name);

/* The type in words: "a whole number from 1 to 65535". */
struct str schema_type_format(struct arena *arena, const struct field *field);

/* The names of a list ended by NULL as "a, b or c"; `last` is what stands before the last one. */
struct str schema_choices_format(struct arena *arena, const char *const *words, const char *last);

#endif
