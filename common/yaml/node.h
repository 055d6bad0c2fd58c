/* The tree that parsers build and emitters write.
 *
 * The items of a list and the values of a map are linked from `first` through `next` in the order
 * of the file. The value of a map refers to its key. Nodes are allocated in an arena and are not
 * freed individually.
 *
 * A scalar of a service file keeps its text as written: the caller decides whether a plain `yes` is
 * a boolean (scalar.h). A plain scalar of a chart has the text that scalar_as_json() returns. A
 * generated scalar is STYLE_TEXT (a string, quoted if a parser would read it as something else),
 * STYLE_PLAIN (a number, true, false, null) or STYLE_LINES. */
#ifndef OPTASVC_NODE_H
#define OPTASVC_NODE_H

#include "base/diag.h"

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
    NODE_ALIAS, /* manifests only: `first` is the anchored node or, in an edit, a copy of it; `last`
                   is the anchored node, `text` its name */
};

enum scalar_style {
    STYLE_TEXT,
    STYLE_PLAIN,
    STYLE_SINGLE,
    STYLE_DOUBLE,
    STYLE_LITERAL,
    STYLE_FOLDED,
    STYLE_LINES, /* generated: several lines without tabs, trailing spaces or control characters */
    STYLE_FLOW   /* a map or list of a manifest in brackets */
};

struct node {
    enum node_kind kind;
    enum scalar_style style; /* scalars; STYLE_FLOW of maps and lists */
    struct str text;         /* scalars: with escapes and folding resolved */
    struct node *key;        /* of a value in a map: a scalar */
    struct node *first;      /* for keys see node_overridden() */
    struct node *last;
    struct node *next;
    struct location span; /* the text in the file with its quotes; source NULL: generated */
    size_t text_at; /* the start of the string, after the quote; in manifests, for all nodes, the
                       start after anchor and tag */
};

struct node *node_new(struct arena *arena, enum node_kind kind) __attribute__((returns_nonnull));
struct node *node_scalar(struct arena *arena, enum scalar_style style, struct str text);
void node_append(struct node *list, struct node *item);
void node_put(struct node *map, struct node *key, struct node *value);

/* Remove a key with its value from a map, or replace its value. Nothing happens if the map is
 * NULL or no map, or the key is missing. */
void node_remove(struct node *map, const char *key);
void node_replace(struct node *map, const char *key, struct node *value);

/* Returns the value of a key; NULL if it is missing, and for nodes that are no maps. The last of
 * equal keys takes precedence. */
struct node *node_get(const struct node *map, const char *key);

/* Returns the node itself, or the node that an alias refers to; NULL for NULL. */
struct node *node_target(struct node *node);

/* Returns the previous value with an equal key in a manifest, which this value overrides; NULL
 * if there is none. Overridden values are not among the children of the map. */
struct node *node_overridden(const struct node *value);

/* Returns the value at a path of keys separated by spaces, following aliases and merge keys
 * (<<); NULL if it is missing or null. Later keys override earlier ones, including merged keys,
 * as in Helm, kubectl and the API server (go.yaml.in/yaml/v2). */
struct node *node_at(const struct node *map, const char *path);

/* Returns the value of one key, which may contain spaces, also if it is null; NULL if the key is
 * missing. */
struct node *node_at_key(const struct node *map, struct str key);

/* Returns the map as parsers see it, with merge keys expanded and each key once: the map itself
 * if it has no merge key, otherwise a new map with copies of the values, which share their
 * children. */
const struct node *node_effective(struct arena *arena, const struct node *map);

/* Returns the first item of a list or value of a map, also through an alias; NULL for NULL and
 * for scalars. */
struct node *node_first_child(const struct node *node);

/* Returns the first map in a list whose `name` this is; NULL if there is none, also for NULL. */
struct node *node_find_named(const struct node *list, struct str name);

/* Returns the string of a scalar; empty for NULL and for other nodes. */
struct str node_string(const struct node *node);

/* Returns a deep copy without locations, like a generated node. Aliases and merge keys are
 * expanded. */
struct node *node_copy(struct arena *arena, const struct node *node);

/* True for a plain scalar that every YAML parser reads as null (empty, ~, null, Null, NULL), or
 * an alias for one. */
bool node_is_null(const struct node *node);

/* True for the value of a merge key. A quoted "<<" is an ordinary key. */
bool node_is_merge(const struct node *value);

/* Parses a plain integer of a chart, also through an alias. Returns false for NULL, for a string
 * ("8") and for anything else. */
bool node_to_int(const struct node *node, int64_t *ret_number);

/* True for a plain scalar of a chart that is read as true, also through an alias; false for
 * NULL. */
bool node_is_true(const struct node *node);

/* True if the string equals the text of the file from `text_at` on, that is, no escape or fold
 * changes it. Compares all bytes. */
bool node_is_verbatim(const struct node *scalar);

/* Build trees. Each function returns the node that it adds. */
struct node *node_int(struct arena *arena, int64_t number);
struct node *node_set(struct arena *arena, struct node *map, const char *key, struct node *value);
struct node *node_set_string(struct arena *arena, struct node *map, const char *key,
                             struct str text);
struct node *node_set_lines(struct arena *arena, struct node *map, const char *key,
                            struct str text);
struct node *node_set_int(struct arena *arena, struct node *map, const char *key, int64_t number);
struct node *node_set_bool(struct arena *arena, struct node *map, const char *key, bool flag);
struct node *node_set_map(struct arena *arena, struct node *map, const char *key);
struct node *node_set_list(struct arena *arena, struct node *map, const char *key);
struct node *node_append_map(struct arena *arena, struct node *list);
struct node *node_append_string(struct arena *arena, struct node *list, struct str text);

#endif
