/* What the files edit*.c share: how changes to a tree become bytes.
 *
 * edit.c keeps what the children of a changed map or list were; edit_alias.c decides which aliases
 * stay; edit_write.c walks the tree and finds what became of each child; edit_text.c knows where it
 * stands, and what to write there. */
#ifndef OPTASVC_EDIT_INTERNAL_H
#define OPTASVC_EDIT_INTERNAL_H

#include "yaml/edit.h"
#include "yaml/emit.h"

/* A map or list whose children are no longer those of the file. */
struct change {
    struct node *node;
    struct node **original;
    size_t count;
};

struct splice {
    size_t at;
    size_t removed;  /* bytes */
    struct str text; /* in their place */
    size_t order;
};

struct writer {
    struct edit *edit;
    struct arena *arena;
    struct str text; /* of the source */
    size_t start;    /* of the document, behind a byte order mark */
    size_t end;
    struct emit_style style;
    struct splice *splices;
    size_t count;
};

/* Where a key with its value, or an item, stands. */
struct edit_entry {
    struct node *node; /* the value */
    size_t start;      /* of the key, its `?`, or the dash */
    size_t colon;      /* behind the colon or dash */
    bool has_colon;
    size_t end; /* of the value */
    enum { KEPT, REPLACED, REMOVED } status;
};

static inline bool edit_is_flow(const struct node *node)
{
    return node->style == STYLE_FLOW;
}

/* True for what was put in; the new value of a key of the file has that key, and what is written in
 * the place of an alias has its span. */
static inline bool edit_is_new(const struct node *node)
{
    return !node->span.source && !(node->key && node->key->span.source);
}

/* A key of a set for a node. */
static inline struct str edit_key_of(const struct node *const *node)
{
    return (struct str){(const char *)node, sizeof(void *)};
}

/* The children of a node as they are now. */
struct change *edit_children(struct arena *arena, struct node *node);

/* What the children of a node were; NULL where they are those of the file. */
const struct change *edit_find_change(const struct edit *edit, const struct node *node);

/* Reports why an edit cannot be made, once for each place. */
void edit_refuse(struct edit *edit, struct location at, const char *message, const char *hint);

/* Keeps the children of a node of the file before they are changed for the first time. */
void edit_save_children(struct edit *edit, struct node *node);

/* Takes a child out of its map or list, or puts another in its place. */
void edit_exchange(struct node *parent, const struct node *child, struct node *instead);

/* True for a map or list of the file that has no children any more. */
bool edit_is_emptied(const struct edit *edit, const struct node *node);

/* What became of a child of the file: itself, its new value, or NULL. Those that are left stand in
 * the same order, with made ones between; `next` is the first that was not passed yet. */
const struct node *edit_successor(const struct node **next, const struct node *was);

/* Gives each alias its own copy of what it stands for. */
void edit_separate_aliases(struct edit *edit, struct node *node);

/* Writes out, in the tree, each alias that would no longer mean what its copy is. */
void edit_resolve_aliases(struct edit *edit);

/* Where an entry of the file stands. */
struct edit_entry edit_map_entry(const struct writer *writer, struct node *value);
struct edit_entry edit_list_entry(const struct writer *writer, struct node *item);

/* True when only blanks stand before `at` in its line; the column of a place. */
bool edit_begins_line(const struct writer *writer, size_t at);
size_t edit_column_of(const struct writer *writer, size_t at);

/* Puts a text in the place of the bytes from `at` to `to`, and empties its buffer. */
void edit_splice(struct writer *writer, size_t at, size_t to, struct buf *text);

/* Puts a value in the place of an entry's. */
void edit_replace(struct writer *writer, bool flow, const struct edit_entry *entry,
                  const struct node *value);

/* Writes what became of a map or list: entries that went, and nodes that were put in. */
void edit_write_entries(struct writer *writer, const struct node *node,
                        const struct edit_entry *entries, size_t count);

#endif
