/* The one tree: what the loaders read and what the emitters write.
 *
 * A list's items and a mapping's values hang in `first`, linked by `next`, in the order of the
 * file; a mapping's value knows its key. Nodes live in an arena and are never freed alone.
 *
 * A scalar of a service file keeps its text as written: whether a plain `yes` is a boolean is for
 * its reader to say (scalar.h). A plain one of a chart has the text that scalar_as_json() gives. A
 * scalar that a program made is STYLE_TEXT (a string, quoted where a reader would take it for
 * something else), STYLE_PLAIN (a number, true, false, null) or STYLE_LINES. */
#ifndef OPTASVC_NODE_H
#define OPTASVC_NODE_H

#include "base/diag.h"

enum node_kind {
    NODE_SCALAR,
    NODE_LIST,
    NODE_MAP,
    NODE_ALIAS, /* manifests: `first` is the node it stands for, or, in an edit, its own copy of
                   it; `last` is the node with the anchor, `text` its name */
};

enum scalar_style {
    STYLE_TEXT,
    STYLE_PLAIN,
    STYLE_SINGLE,
    STYLE_DOUBLE,
    STYLE_LITERAL,
    STYLE_FOLDED,
    STYLE_LINES, /* made: a text of several lines, without tabs, spaces at their ends, or controls
                  */
    STYLE_FLOW   /* of a map or list of a manifest: in brackets */
};

struct node {
    enum node_kind kind;
    enum scalar_style style; /* scalars; STYLE_FLOW of maps and lists */
    struct str text;         /* scalars: escapes and folding undone */
    struct node *key;        /* in a mapping: a scalar */
    struct node *first;      /* of a key: see node_overridden() */
    struct node *last;
    struct node *next;
    struct location span; /* the bytes as written, quotes and all; source NULL when made here */
    size_t text_at;       /* the first byte of the text, behind the quote; in manifests, of any
                             node, behind its anchor and tag */
};

struct node *node_new(struct arena *arena, enum node_kind kind) __attribute__((returns_nonnull));
struct node *node_scalar(struct arena *arena, enum scalar_style style, struct str text);
void node_append(struct node *list, struct node *item);
void node_put(struct node *map, struct node *key, struct node *value);

/* Takes a key and its value out of a map, or puts another value in its place. NULL and a key that
 * is not there are passed over. */
void node_remove(struct node *map, const char *key);
void node_replace(struct node *map, const char *key, struct node *value);

/* The value of a key, or NULL. If the key occurs twice, the last one counts. */
struct node *node_get(const struct node *map, const char *key);

/* The node itself, or what an alias stands for. NULL gives NULL. */
struct node *node_target(struct node *node);

/* The value before this one in a manifest that has an equal key, and which this one overrides; NULL
 * if there is none. It is in no list of children. */
struct node *node_overridden(const struct node *value);

/* What the words lead to, in map after map, through aliases and merge keys (<<); NULL where nothing
 * is or where it is null. `path` is split at spaces. Later keys override earlier ones, also where
 * one of them comes by a merge key: so do Helm, kubectl and the API server (go.yaml.in/yaml/v2). */
struct node *node_at(const struct node *map, const char *path);

/* The same for one key, which may hold spaces: also a null; NULL where the key is missing. */
struct node *node_at_key(const struct node *map, struct str key);

/* The map as its readers see it: merge keys written out, each key once. It is the map itself if it
 * has no merge key, else a new one with copies of the values that share their children. */
const struct node *node_effective(struct arena *arena, const struct node *map);

/* The first item of a list, or value of a map, also through an alias; NULL for NULL and for
 * scalars. */
struct node *node_first_child(const struct node *node);

/* The text of a scalar; empty for NULL and for what is none. */
struct str node_string(const struct node *node);

/* A deep copy that stands nowhere: its spans are those of a node made here. Aliases and merge keys
 * are written out. */
struct node *node_copy(struct arena *arena, const struct node *node);

/* A plain scalar that every YAML reader takes for null: nothing, ~, null, Null, NULL; or an alias
 * for one. */
bool node_is_null(const struct node *node);

/* True for the value of a merge key. In quotes, "<<" is a key like any other. */
bool node_is_merge(const struct node *value);

/* The integer that a plain scalar of a chart is, also through an alias. False for NULL, for a
 * string ("8") and for what is none. */
bool node_to_int(const struct node *node, int64_t *ret_number);

/* True for a plain scalar of a chart that is true, also through an alias; false for NULL. */
bool node_is_true(const struct node *node);

/* True when the text stands in its file byte for byte, from `text_at` on: no escape or fold moves
 * any. It compares them all. */
bool node_is_verbatim(const struct node *scalar);

/* For making trees. Each returns the node it added. */
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
