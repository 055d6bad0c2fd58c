/* Changes to one document that leave every other byte of it as it is.
 *
 * The tree is changed first, by the functions below; edit_write() then finds the bytes to replace.
 * What it wrote is read again, and compared with the tree: an edit that cannot be made so is an
 * error, never a wrong manifest. Values that are put in are made (node.h) and belong to the tree
 * from then on. Mistakes are kept in the edit: its functions go on, edit_write() fails. */
#ifndef OPTASVC_EDIT_H
#define OPTASVC_EDIT_H

#include "base/map.h"
#include "yaml/node.h"

struct edit {
    struct arena *arena;
    struct diags *diags;  /* where edit_write() reports */
    struct diags refused; /* what cannot be made so far */
    const struct source *source;
    size_t start; /* of the document in the source */
    size_t end;
    struct node *root;
    struct arena *scratch; /* for edit_write(), which resets it; NULL: it uses its own */
    struct map changes;    /* by node: what its children were */
    size_t expanded;       /* nodes that were copied for aliases */
};

/* Begins an edit of the document in bytes `start` up to `end`. Each alias gets its own copy of what
 * it stands for, so that a change through an alias is one at that place alone; call it before
 * anything keeps nodes of the tree. */
struct edit edit_begin(struct arena *arena, struct diags *diags, const struct source *source,
                       size_t start, size_t end, struct node *root);

/* Sets a key, in the place of the value that is there or behind all others. What a merge key would
 * give in its place is removed there. */
void edit_set(struct edit *edit, struct node *map, struct str key, struct node *value);

/* Removes a key, also from what is merged; nothing happens if it is missing. */
void edit_remove(struct edit *edit, struct node *map, const char *key);

/* Removes an item of a list. */
void edit_remove_item(struct edit *edit, struct node *list, const struct node *item);

/* Puts an item before another one, or, with NULL, at the end. */
void edit_insert(struct edit *edit, struct node *list, const struct node *before,
                 struct node *item);

/* The map or list of a key, to be changed; it may come by an alias or a merge key. It is created if
 * it is missing or null. NULL after an error. */
struct node *edit_map(struct edit *edit, struct node *map, const char *key);
struct node *edit_list(struct edit *edit, struct node *map, const char *key);

/* How the document's lines end. Those of its root count: Helm 3 puts lines of its own above. */
const char *edit_newline(const struct edit *edit);

/* True when something was changed. */
bool edit_changes(const struct edit *edit);

/* Appends the document's new text. An alias whose value is no longer that of its anchor, and a
 * merge key with such an alias, are written out. Reports and returns false, `out` as it was, when
 * the document cannot be changed safely. */
bool edit_write(struct edit *edit, struct buf *out);

/* True when both trees mean the same to every reader: maps are compared without regard to order,
 * and aliases and merge keys by what they stand for. */
bool edit_same(struct arena *arena, const struct node *a, const struct node *b);

#endif
