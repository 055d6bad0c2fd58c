/* Maps words of other tools to fields of service files: Kubernetes `replicas` is min_containers and
 * max_containers. The table is foreign_words.def. */
#ifndef OPTASVC_FOREIGN_WORD_H
#define OPTASVC_FOREIGN_WORD_H

#include "config/schema.h"

/* Returns the hint for an unknown field `word` with `value` (NULL if unknown); empty if the word is
 * not in the table. `schema`: NULL for any. */
struct str foreign_word_hint(struct arena *arena, const struct schema *schema, struct str word,
                             const struct node *value);

/* Returns the field that a word means if it is only another name for it: its hint is no more than
 * "write FIELD: VALUE". Otherwise NULL. `schema`: NULL for any. Sets `*ret_schema` to that of the
 * field. */
const struct field *foreign_word_field(struct arena *arena, const struct schema *schema,
                                       struct str word, const struct schema **ret_schema);

/* Returns the hint for a value whose kind differs from that of the field; empty if there is
 * none. */
struct str foreign_form_hint(struct arena *arena, const struct field *field,
                             const struct node *value);

#endif
