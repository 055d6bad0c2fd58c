/* The table of fields, and the functions that read files according to it.
 *
 * fields.def has a row for each field: its name, type, unit, default, range, description and the
 * parts of the manifests that it sets. Parsing, defaults, errors, suggestions, `explain` and the
 * field reference in docs/ are derived from it. Nothing here depends on the meaning of a
 * field: a tree becomes records of checked values, which environment.c, service.c and others use.
 */
#ifndef OPTASVC_SCHEMA_H
#define OPTASVC_SCHEMA_H

#include "config/flavour.h"
#include "config/string_form.h"
#include "yaml/node.h"

enum field_type {
    TYPE_STRING,       /* a string, exactly as written */
    TYPE_INT,          /* an integer, also as a string */
    TYPE_CPU,          /* millicores, or a Kubernetes quantity: 500m, 0.5 */
    TYPE_BYTES,        /* an integer in .unit, or a Kubernetes quantity: 256Mi, 1.5G */
    TYPE_BOOL,         /* a boolean, also as a string */
    TYPE_LIST,         /* a list of strings; with .scalar_ok also a string */
    TYPE_MAP,          /* a map of strings */
    TYPE_MAP_OR_PAIRS, /* a map of strings, or a list of {name, value}; with .schema a value may
                          also be a map with that schema */
    TYPE_RECORD,       /* a map with .schema */
    TYPE_RECORDS,      /* a list of maps with .schema */
    TYPE_ANY,          /* any tree; checked by other modules */
};

struct schema;

struct field {
    const char *name;
    enum field_type type;
    const struct schema *schema; /* for TYPE_RECORD, TYPE_RECORDS and TYPE_MAP_OR_PAIRS */
    const char *unit; /* of a number; TYPE_CPU and TYPE_BYTES: of a number without a suffix */
    int64_t scale;    /* TYPE_BYTES: bytes in one unit */
    const char *default_value; /* default, as in a file; NULL if there is none */
    int64_t min;               /* inclusive range of a number, in .unit */
    int64_t max;
    /* For the JSON Schema; the code that uses the value checks it: */
    const struct string_form *form; /* of a string, or of each item of a list or value of a map */
    const struct string_form *key_form; /* of each key of a map */
    int max_items;                      /* of a list; 0: it has no limit of its own */
    bool unique;                        /* of a list: no item occurs twice */
    const char *const *choices;         /* TYPE_STRING: allowed values, NULL-terminated; or NULL */
    const char *keyword; /* allowed in addition to the type, such as `none`; or NULL */
    const char *prefix;  /* matches all names with this prefix; their values are ignored; or NULL */
    bool keeps_empty;    /* an empty map counts as set; otherwise it is treated like null */
    bool required;
    bool optional_in_charts; /* required, but optional in a file for a chart */
    bool scalar_ok;          /* TYPE_LIST: a single string is allowed too */
    bool keeps_placeholders; /* placeholders are filled in when the value is used, not when it is
                                read */
    bool allows_references;  /* may contain a secret output of a module */
    const char *example;     /* example value, as in a file */
    const char *since;       /* first version that supports it */
    const char *generates;   /* fields of the manifests that it sets */
    /* Of traffic: what it generates in each flavour, or "error". Otherwise all are NULL. */
    const char *flavours[FLAVOUR_COUNT];
    const char *deprecated; /* a form that only Opta needed: why; or NULL */
    const char *instead;    /* with `deprecated`: what to write */
    const char *help;       /* description, as in a Kubernetes API reference */
    const char *section; /* heading in the field reference of this and the next fields; or NULL */
    const char *summary; /* of the few fields that most services set: what it does, in one line */
    const char *summary_default; /* with `summary`: its default, if `default_value` is NULL */
};

struct schema {
    const char *what; /* name of the map in errors: "a k8s-service" */
    const struct field *fields;
    size_t count;
    int first;              /* identifier of fields[0] */
    bool allow_unknown;     /* unknown fields are not errors */
    bool checked_on_use;    /* its fields are not checked if nothing uses them */
    const char *title;      /* heading in `explain` and in the field reference, in Markdown */
    const char *path;       /* prefix of its fields in `explain FIELD` */
    const char *definition; /* name in the JSON Schema; NULL for the document itself */
};

/* A relation between fields of a map: if all of `when` are true, one of `any` (if it has terms) and
 * none of `none` must be. Each is an array of terms, terminated by NULL: a field that is set
 * (NAME), one that is not (!NAME), or one that has a value (NAME=VALUE). The field of a map in the
 * map is MAP.NAME. */
struct schema_rule {
    const struct schema *schema;
    const char *when[4];
    const char *any[6];
    const char *none[8];
    const char *one[6]; /* exactly one of these must be true */
    const char *field;  /* must have this form, as a path such as "providers.aws"; or NULL */
    const struct string_form *form;
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

/* All schemas, in the order of fields.def and of the field reference. */
extern const struct schema *const schemas[SCHEMA_COUNT];

/* Identifiers of the fields: FILE_NAME, SERVICE_IMAGE, ... Those of a schema are consecutive. */
#define SCHEMA(id, ...)        id##_FIRST, id##_BEFORE_FIRST = id##_FIRST - 1,
#define FIELD(schema, id, ...) schema##_##id,
#define SCHEMA_END(id)         id##_END, id##_LAST = id##_END - 1,
enum field_id {
#include "config/fields.def"
};

struct reference; /* interpolate.h */
struct record;

/* A string in a list or map, with its references. */
struct item {
    struct str name;              /* key of TYPE_MAP and TYPE_MAP_OR_PAIRS */
    const struct node *name_node; /* node of the key */
    struct str text;
    const struct node *node;
    const struct reference *references;
    const struct record *record; /* TYPE_MAP_OR_PAIRS: the value is this map, not a string */
};

struct value {
    const struct node *node; /* NULL if not set: the default applies */
    bool invalid; /* set, but an error was reported. `items` and `records` contain the valid ones;
                     fields of these records may be missing. */
    bool is_keyword; /* the value is the keyword of the field; only `text` is set */
    struct str text;
    int64_t number; /* TYPE_CPU: millicores; TYPE_BYTES: bytes */
    bool boolean;
    struct item *items;
    struct record **records;
    size_t count; /* number of items or records */
};

struct record {
    const struct schema *schema;
    const struct node *node;
    struct value *values; /* one for each field of the schema, in its order */
};

/* A scalar with its placeholders filled in. */
struct filled_string {
    struct str text;
    const struct reference *references;
};

/* Fills in the placeholders of a scalar. Reports an error and returns false if one is invalid. */
typedef bool schema_fill(void *context, const struct node *scalar, struct filled_string *ret);

struct schema_reader {
    struct arena *arena;
    struct diags *diags;
    schema_fill *fill; /* NULL: placeholders are not filled in */
    void *context;     /* argument of `fill` */
    bool for_chart;    /* the file is for a chart: fields with optional_in_charts may be missing */
};

/* Reads a map and sets all valid fields. Reports every error. Returns NULL if the node is not a
 * map. A field whose value is null, an empty map or an empty list is treated as not set, unless the
 * field has keeps_empty. */
struct record *schema_read(const struct schema_reader *reader, const struct schema *schema,
                           const struct node *node);

/* Returns the value of a field: as set in the file, or the default. */
const struct value *record_value(const struct record *record, enum field_id field);

/* True if the field is set in the file and valid. */
bool record_has(const struct record *record, enum field_id field);

/* Returns the location of a field: that of its value, or of the record if it is not set. */
struct location record_location(const struct record *record, enum field_id field);

/* Returns the field with the given identifier. */
const struct field *schema_field(enum field_id field);

/* Returns the field that matches a name, possibly by prefix; NULL if there is none. */
const struct field *schema_find(const struct schema *schema, struct str name);

/* Returns the type for messages: "an integer from 1 to 65535". */
struct str schema_type_format(struct arena *arena, const struct field *field);

/* Returns the type of a value for messages: "a map", "an integer". */
const char *schema_value_type(const struct node *node);

/* Joins a NULL-terminated list: "a, b or c" if `last` is "or", and "a, b, c" if `last` is NULL. */
struct str schema_choices_format(struct arena *arena, const char *const *words, const char *last);

#endif
