/* Changes one document and leaves all other bytes unchanged.
 *
 * The functions below change the tree; edit_write() then replaces the affected bytes. It parses
 * its output and compares that with the tree, so an edit that cannot be made is an error, never
 * an invalid manifest. Inserted values are generated nodes (node.h) and become part of the tree.
 * Errors are collected: the functions continue, and edit_write() fails. */
#ifndef OPTASVC_EDIT_H
#define OPTASVC_EDIT_H

#include "base/map.h"
#include "yaml/node.h"

/* Bytes of the source that edit_write() replaced, and the new ones in the text that it wrote. */
struct edit_replacement {
    size_t start;
    size_t end;
    size_t text_start;
    size_t text_end;
};

struct edit_replacements {
    struct arena *arena;
    struct edit_replacement *items;
    size_t count;
};

struct edit {
    struct arena *arena;
    struct diags *diags;  /* where edit_write() reports errors */
    struct diags refused; /* errors so far */
    const struct source *source;
    size_t start; /* start of the document in the source */
    size_t end;
    struct node *root;
    struct arena *scratch; /* for edit_write(), which resets it; NULL: a temporary one */
    struct edit_replacements *replacements; /* set by edit_write(), in the order of the source;
                                               NULL: not recorded */
    struct map changes;                     /* the original children by node */
    size_t expanded;                        /* number of nodes copied for aliases */
};

/* Begins an edit of the document from `start` to `end` (exclusive). Each alias gets its own copy
 * of the anchored value, so that a change through an alias affects only that position. Call it
 * before storing pointers to nodes of the tree. */
struct edit edit_begin(struct arena *arena, struct diags *diags, const struct source *source,
                       size_t start, size_t end, struct node *root);

/* Sets a key: replaces its value, or adds it after all others. The same key in merged maps is
 * removed there. */
void edit_set(struct edit *edit, struct node *map, struct str key, struct node *value);

/* Removes a key, also from merged maps. Nothing happens if it is missing. */
void edit_remove(struct edit *edit, struct node *map, const char *key);

/* Removes an item of a list. */
void edit_remove_item(struct edit *edit, struct node *list, const struct node *item);

/* Removes all items of a list for which the test is true. */
typedef bool edit_item_test(const void *context, struct node *item);
void edit_remove_items(struct edit *edit, struct node *list, edit_item_test *is_removed,
                       const void *context);

/* Inserts an item before another one; at the end for NULL. */
void edit_insert(struct edit *edit, struct node *list, const struct node *before,
                 struct node *item);

/* Return the map or list of a key for changes, also through an alias or merge key. It is created
 * if it is missing or null. NULL after an error. */
struct node *edit_map(struct edit *edit, struct node *map, const char *key);
struct node *edit_list(struct edit *edit, struct node *map, const char *key);

/* Returns the line ending of the document's root. Helm 3 adds lines before it. */
const char *edit_newline(const struct edit *edit);

/* True if anything was changed. */
bool edit_changes(const struct edit *edit);

/* Appends the new text of the document. An alias whose value differs from its anchor, and a
 * merge key with such an alias, are written in full. Reports an error, leaves `out` unchanged
 * and returns false if the document cannot be edited safely. */
bool edit_write(struct edit *edit, struct buf *out);

/* True if both trees are equal for every parser. The order of keys does not matter, and aliases
 * and merge keys are expanded. */
bool edit_same(struct arena *arena, const struct node *a, const struct node *b);

#endif
