/* A service file that is generated from a file of another tool.
 *
 * An importer (compose.h) builds the tree of the service file: maps with the fields of fields.def
 * in any order, in which each node has the location of the text that it comes from. What the tree
 * does not contain becomes a note. import_finish() then makes the tree one that `validate`
 * accepts, and import_write() prints it as a person would write it. */
#ifndef OPTASVC_IMPORT_H
#define OPTASVC_IMPORT_H

#include "base/map.h"
#include "config/schema.h"

enum note_kind {
    NOTE_LOST,   /* the service file does not say this: somebody has to decide what to do */
    NOTE_IGNORED /* has no meaning in Kubernetes: nothing to do */
};

struct import_note {
    enum note_kind kind;
    struct location at; /* in the imported file */
    struct str subject; /* the service that it is about; empty: the file */
    struct str text;
    size_t order;
};

struct import {
    struct arena *arena;
    struct diags *diags;
    const struct source *source; /* the imported file */
    bool strict;          /* import_finish() removes nothing: each invalid value is an error */
    bool reads_files;     /* `files.from` may name files that exist; else none is written */
    struct node *file;    /* the service file */
    struct node *modules; /* its list of modules */
    struct map comments;  /* struct import_comment, by node (import_comment()) */
    struct map secrets;   /* struct str: the values, by key of manual-secrets */
    struct import_note *notes;
    size_t note_count;
};

/* Begins a service file with this name. The other members are set by the caller. */
void import_start(struct import *import, struct str name);

/* Appends a k8s-service. */
struct node *import_add_service(struct import *import, struct str name, struct location at);

/* Set a field of a map, or append an item to a list, with the location that it comes from. An
 * existing field is replaced. All return the new node; import_list() and import_map() return the
 * existing one if there is one. */
struct node *import_string(struct import *import, struct node *map, enum field_id field,
                           struct str text, struct location at);
struct node *import_int(struct import *import, struct node *map, enum field_id field,
                        int64_t number, struct location at);
struct node *import_bool(struct import *import, struct node *map, enum field_id field, bool flag,
                         struct location at);
struct node *import_map(struct import *import, struct node *map, enum field_id field,
                        struct location at);
struct node *import_list(struct import *import, struct node *map, enum field_id field,
                         struct location at);
struct node *import_entry(struct import *import, struct node *map, struct str key, struct str text,
                          struct location at);
struct node *import_item(struct import *import, struct node *list, struct str text,
                         struct location at);
struct node *import_item_map(struct import *import, struct node *list, struct location at);

/* Returns the value of a field; NULL if it is not set. */
struct node *import_get(const struct node *map, enum field_id field);

/* Notes that the value of a variable is not carried over, because it may be a credential: a key of
 * the Secret that all services share. `subject`: the service. */
void import_note_secret(struct import *import, struct str subject, struct str name,
                        struct str value, struct location at);

/* Returns a name for Kubernetes: lowercase letters, digits and dashes; empty if it would have none
 * of these. */
struct str import_name(struct arena *arena, struct str name, size_t max);

/* Sets the registry of the file, which image: AUTO requires. NULL: an example, with a note. */
void import_registry(struct import *import, const char *registry);

/* A comment for a node: after it in the same line, or with `above` in lines of its own, which are
 * those of the text. */
struct import_comment {
    struct str text;
    bool above;
};
__attribute__((format(printf, 4, 5))) void
import_comment(struct import *import, const struct node *node, bool above, const char *format, ...);

/* Records something that is not carried over, or that has no meaning in Kubernetes. `subject`: the
 * service that it is about; empty: the file. The text is one sentence like the message of a
 * diagnostic. */
__attribute__((format(printf, 5, 6))) void import_note(struct import *import, enum note_kind kind,
                                                       struct location at, struct str subject,
                                                       const char *format, ...);
void import_vnote(struct import *import, enum note_kind kind, struct location at,
                  struct str subject, const char *format, va_list arguments)
    __attribute__((format(printf, 5, 0)));

/* Appends the notes in the order of the file, one per line: "FILE:LINE:COLUMN: warning: TEXT", or
 * "note:" for NOTE_IGNORED. What is lost is reported once for each place, and what has no meaning
 * once for the file, with the number of other services. */
void import_write_notes(struct import *import, struct buf *out, bool color);

/* Returns a string that reads as `text` in a service file: if its braces would be a placeholder,
 * they are doubled. ${module.NAME.OUTPUT} cannot be written. `placeholders`: for each byte whether
 * it is part of a placeholder, which is kept; NULL if there are none. */
struct str import_literal(struct arena *arena, struct str text, const bool *placeholders);

/* Orders all fields as in fields.def and removes those that repeat their default. Then reads the
 * services as `validate` does, and removes, with a note, each field that it rejects. Reports an
 * error and returns false if that is a required field, such as an invalid image. */
bool import_finish(struct import *import);

/* The objects that a service of the new file renders. */
struct import_rendered {
    struct str name; /* of the module */
    struct node **objects;
    size_t count;
};

/* Renders the services of a finished file, and returns their number. */
size_t import_render(struct import *import, struct import_rendered **ret);

/* Returns the schema of the fields of a map that is the value of `field` or an item of it; NULL if
 * its keys are not fields. */
const struct schema *import_schema(const struct field *field, const struct node *map);

/* Appends the service file. */
void import_write(const struct import *import, struct buf *out);

#endif
