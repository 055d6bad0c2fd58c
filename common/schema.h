/* THE table of fields, and the engine that reads a file by it.
 *
 * fields.def holds one row for each field: its name, type, unit, default, range, what it does,
 * where it lands. Reading, defaults, errors, suggestions, `explain` and the field reference in the
 * README come from that row. The engine knows nothing of services: it turns a tree into records of
 * checked values, and their owners (environment.c, service.c) give them meaning. */
#ifndef OPTASVC_SCHEMA_H
#define OPTASVC_SCHEMA_H

#include "node.h"

enum field_type {
    TYPE_TEXT,    /* a scalar, letter by letter as written */
    TYPE_INT,     /* a whole number, also as text */
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
    const struct schema *of; /* TYPE_RECORD, TYPE_RECORDS */
    const char *unit;        /* of a number */
    const char *fallback;    /* the default as it would be written; NULL: none */
    int64_t min;             /* TYPE_INT: the range, both ends included */
    int64_t max;
    const char *const *choices; /* TYPE_TEXT: the words allowed, ended by NULL; NULL: any text */
    const char *word;           /* a word that may stand instead of the type, such as `none` */
    bool required;
    bool single;         /* TYPE_LIST: see there */
    bool references;     /* may refer to a secret output of another module */
    const char *example; /* a value as one would write it */
    const char *since;   /* the first version that has it */
    const char *lands;   /* where it ends up in the manifests */
    const char *help;    /* what it does: one or two sentences */
};

struct schema {
    const char *what; /* how errors call such a map: "a k8s-service" */
    const struct field *fields;
    size_t count;
    bool open; /* fields that it does not know belong to somebody else */
};

extern const struct schema file_schema;
extern const struct schema environment_schema; /* an item of `environments` */
extern const struct schema variable_schema;    /* an item of `input_variables` */
extern const struct schema module_schema;      /* what every module has */
extern const struct schema database_schema;    /* a linked module that hands out credentials */
extern const struct schema service_schema;
extern const struct schema port_schema;
extern const struct schema resources_schema;
extern const struct schema providers_schema;
extern const struct schema aws_schema;
extern const struct schema google_schema;
extern const struct schema azure_schema;

/* The identifiers of the rows: FILE_NAME, SERVICE_IMAGE, ... index record.values. */
#define FILE_FIELD(id, ...) FILE_##id,
enum file_field {
#include "fields.def"
};
#define ENVIRONMENT_FIELD(id, ...) ENVIRONMENT_##id,
enum environment_field {
#include "fields.def"
};
#define VARIABLE_FIELD(id, ...) VARIABLE_##id,
enum variable_field {
#include "fields.def"
};
#define MODULE_FIELD(id, ...) MODULE_##id,
enum module_field {
#include "fields.def"
};
#define DATABASE_FIELD(id, ...) DATABASE_##id,
enum database_field {
#include "fields.def"
};
#define SERVICE_FIELD(id, ...) SERVICE_##id,
enum service_field {
#include "fields.def"
};
#define PORT_FIELD(id, ...) PORT_##id,
enum port_field {
#include "fields.def"
};
#define RESOURCES_FIELD(id, ...) RESOURCES_##id,
enum resources_field {
#include "fields.def"
};
#define PROVIDERS_FIELD(id, ...) PROVIDERS_##id,
enum providers_field {
#include "fields.def"
};
#define AWS_FIELD(id, ...) AWS_##id,
enum aws_field {
#include "fields.def"
};
#define GOOGLE_FIELD(id, ...) GOOGLE_##id,
enum google_field {
#include "fields.def"
};
#define AZURE_FIELD(id, ...) AZURE_##id,
enum azure_field {
#include "fields.def"
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
    bool wrong;              /* written, but an error was reported */
    bool is_word;            /* .word stands here, nothing else is set */
    struct str text;
    int64_t number;
    bool flag;
    struct item *items;
    struct record **records;
    size_t count; /* of items or records */
};

struct record {
    const struct schema *schema;
    const struct node *node;
    struct value *values; /* one for each row of the schema */
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
};

/* Reads a tree. Every mistake in it is reported; fields without one are set. NULL when it is no
 * map. A field that is null counts as left out. */
struct record *schema_read(const struct schema_reader *reader, const struct schema *schema,
                           const struct node *node);

/* True when the field is written (not a default) and right. */
bool record_has(const struct record *record, int field);

/* Where to point for a field: its value, or the record when it was left out. */
struct location record_location(const struct record *record, int field);

/* The row of a name, or NULL. */
const struct field *schema_find(const struct schema *schema, struct str name);

/* The type in words: "a whole number from 1 to 65535". */
struct str schema_type_text(struct arena *arena, const struct field *field);

/* The names of a list ended by NULL as "a, b or c". */
struct str schema_choices_text(struct arena *arena, const char *const *choices);

#endif
