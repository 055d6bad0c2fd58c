/* The JSON Schema (draft 7) of service and environment files, from the table of fields.
 *
 * It accepts all files that `validate` accepts, also those for a chart. A mistake is reported at
 * the value that contains it, so there are no alternatives (anyOf) of maps or lists: keywords of
 * JSON Schema for one type do not affect values of others. docs/editors.md lists what it cannot
 * express.
 */
#ifndef OPTASVC_JSON_SCHEMA_H
#define OPTASVC_JSON_SCHEMA_H

#include "config/schema.h"

struct node *json_schema(struct arena *arena);

/* Shared by json_schema*.c: */

/* Add the schema of the value of a field, and the rules of a map. */
void json_schema_value(struct arena *arena, struct node *map, const struct field *field);
void json_schema_rules(struct arena *arena, struct node *map, const struct schema *schema);

/* Sets the types of a string, which may be an unquoted number or boolean, and its form. `form` and
 * `other_type`, which is valid too, may be NULL. */
void json_schema_string(struct arena *arena, struct node *map, const struct string_form *form,
                        bool nullable, const char *other_type);

#endif
