/* Words of other tools, and what is written here instead: `replicas` of Kubernetes is
 * min_containers and max_containers. The rows are those of foreign_words.def. */
#ifndef OPTASVC_FOREIGN_WORD_H
#define OPTASVC_FOREIGN_WORD_H

#include "config/schema.h"

/* What to write for a field that the schema does not have, with the value that was written (NULL:
 * unknown). Empty if no other tool is known to call it so. `schema` NULL: any. */
struct str foreign_word_hint(struct arena *arena, const struct schema *schema, struct str word,
                             const struct node *value);

/* What to write for a value of another kind than the field has; empty likewise. */
struct str foreign_form_hint(struct arena *arena, const struct field *field,
                             const struct node *value);

#endif
