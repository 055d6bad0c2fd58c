/* The places of values that the comparison of objects finds to differ, and the notes about them. */
#ifndef OPTASVC_MANIFESTS_PLACE_H
#define OPTASVC_MANIFESTS_PLACE_H

#include "import/manifests_reader.h"

/* Where a value is: in the table of fields, and for people. */
struct place {
    struct given_app *app;
    struct str path;
    struct str shown;
};

/* Returns the place of a value of a map. */
struct place place_inside(const struct place *place, struct str key);

/* Returns the text that identifies an item of a list; empty if its position does. */
struct str place_item_name(const struct place *place, const struct node *item);

/* Returns the place of the item with that text. */
struct place place_item(const struct place *place, struct str name);

/* True for a probe of a container. */
bool place_is_probe(const struct place *place);

/* Returns the value that Kubernetes uses if the field is not set: a row of manifests_fields.def;
 * NULL if it has none. */
const char *place_default(const struct place *place);

/* True if manifests_fields.def has advice for the field. */
bool place_is_advised(const struct place *place);

/* True if the value is what Kubernetes uses anyway. */
bool place_is_default(const struct place *place, const struct node *value);

/* Notes that the items of a list, which have a meaningful order, have another one. */
void place_note_order(const struct place *place, const struct node *given);

/* Add a note: the new objects do not have a value; they have one that the given ones do not have;
 * or another one. */
void place_note_lost(const struct place *place, const struct node *value);
void place_note_added(const struct place *place, const struct node *value);
void place_note_changed(const struct place *place, const struct node *given,
                        const struct node *rendered);

#endif
