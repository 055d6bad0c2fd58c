/* Shared by edit*.c: how changes to a tree become changes to a text.
 *
 * edit.c saves the original children of changed maps and lists; edit_alias.c decides which
 * aliases are kept; edit_write.c traverses the tree and compares children with the original
 * ones; edit_text.c finds positions and writes text. */
#ifndef OPTASVC_EDIT_INTERNAL_H
#define OPTASVC_EDIT_INTERNAL_H

#include "yaml/edit.h"
#include "yaml/emit.h"

/* A map or list with changed children. */
struct change {
    struct node *node;
    struct node **original;
    size_t count;
};

struct splice {
    size_t at;
    size_t removed;  /* bytes */
    struct str text; /* replacement */
    size_t order;
};

struct writer {
    struct edit *edit;
    struct arena *arena;
    struct str text; /* of the source */
    size_t start;    /* of the document, after a byte order mark */
    size_t end;
    struct emit_style style;
    struct splice *splices;
    size_t count;
};

/* The position of a key with its value, or of an item. */
struct edit_entry {
    struct node *node; /* the value or item */
    size_t start;      /* of the key, its `?` or the dash */
    size_t colon;      /* after the colon or dash */
    bool has_colon;
    size_t end; /* of the value */
    enum { KEPT, REPLACED, REMOVED } status;
};

static inline bool edit_is_flow(const struct node *node)
{
    return node->style == STYLE_FLOW;
}

/* True for an inserted node. The new value of an existing key has that key, and the replacement
 * of an alias has its span. */
static inline bool edit_is_new(const struct node *node)
{
    return !node->span.source && !(node->key && node->key->span.source);
}

/* Returns the key of a node for a map (base/map.h). */
static inline struct str edit_key_of(const struct node *const *node)
{
    return (struct str){(const char *)node, sizeof(void *)};
}

/* Returns the current children of a node. */
struct change *edit_children(struct arena *arena, struct node *node);

/* Returns the original children of a node; NULL if they are unchanged. */
const struct change *edit_find_change(const struct edit *edit, const struct node *node);

/* Records why an edit cannot be made, once per location. */
void edit_refuse(struct edit *edit, struct location at, enum rule rule, const char *message,
                 const char *hint);

/* Saves the children of a node of the file before their first change. */
void edit_save_children(struct edit *edit, struct node *node);

/* Removes a child of a map or list, or replaces it. */
void edit_exchange(struct node *parent, const struct node *child, struct node *instead);

/* True for a map or list of the file that lost all children. */
bool edit_is_emptied(const struct edit *edit, const struct node *node);

/* Returns the current node for an original child: itself, its new value, or NULL if it was
 * removed. Remaining children keep their order, with inserted ones in between; `*next` is the
 * first one not visited yet. */
const struct node *edit_successor(const struct node **next, const struct node *was);

/* Gives each alias its own copy of the anchored value. */
void edit_separate_aliases(struct edit *edit, struct node *node);

/* Replaces each alias in the tree whose copy differs from the anchored value. */
void edit_resolve_aliases(struct edit *edit);

/* Return the position of an entry of the file. */
struct edit_entry edit_map_entry(const struct writer *writer, struct node *value);
struct edit_entry edit_list_entry(const struct writer *writer, struct node *item);

/* True if only spaces precede `at` in its line; the column of an offset. */
bool edit_begins_line(const struct writer *writer, size_t at);
size_t edit_column_of(const struct writer *writer, size_t at);

/* Replaces the bytes from `at` to `to` (exclusive) with a text, and empties its buffer. */
void edit_splice(struct writer *writer, size_t at, size_t to, struct buf *text);

/* Replaces the value of an entry. */
void edit_replace(struct writer *writer, bool flow, const struct edit_entry *entry,
                  const struct node *value);

/* Writes the changes of a map or list: removed entries and inserted nodes. */
void edit_write_entries(struct writer *writer, const struct node *node,
                        const struct edit_entry *entries, size_t count);

#endif
