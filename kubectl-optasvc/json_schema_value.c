/* The JSON Schema of single values. */
#include "format/range_pattern.h"
#include "json_schema.h"

#include <inttypes.h>

#define PLACEHOLDER "\\{" /* a string with a placeholder matches every type */

struct types {
    struct arena *arena;
    struct node *list;
};

static struct types set_types(struct arena *arena, struct node *map)
{
    return (struct types){arena, node_set_list(arena, map, "type")};
}

static void add_type(struct types *types, const char *type)
{
    node_append_string(types->arena, types->list, str_from_c(type));
}

static void set_pattern(struct arena *arena, struct node *map, const char *pattern,
                        bool allows_placeholder)
{
    node_set_string(arena, map, "pattern",
                    str_format(arena, "^(?:%s)$%s", pattern, allows_placeholder ? "|\\{" : ""));
}

static void set_pattern_message(struct arena *arena, struct node *map, const char *message)
{
    node_set_string(arena, map, "patternErrorMessage", str_from_c(message));
}

static void set_reference(struct arena *arena, struct node *map, const struct schema *schema)
{
    struct node *all = node_set_list(arena, map, "allOf");
    node_set_string(arena, node_append_map(arena, all), "$ref",
                    str_format(arena, "#/definitions/%s", schema->definition));
}

static void set_numbers(struct arena *arena, struct node *map, struct types *types,
                        const struct string_form *form)
{
    if (form && form->numbers == NUMBERS_NONE)
        return;
    add_type(types, "number");
    if (form && form->numbers == NUMBERS_BELOW_ONE)
        node_set_int(arena, map, "exclusiveMaximum", 1);
    if (form && form->numbers == NUMBERS_NOT_NEGATIVE)
        node_set_int(arena, map, "minimum", 0);
}

void json_schema_string(struct arena *arena, struct node *map, const struct string_form *form,
                        bool nullable, const char *other_type)
{
    struct types types = set_types(arena, map);
    add_type(&types, "string");
    set_numbers(arena, map, &types, form);
    if (!form || form->booleans)
        add_type(&types, "boolean");
    if (other_type)
        add_type(&types, other_type);
    if (nullable)
        add_type(&types, "null");
    if (!form)
        return;
    set_pattern(arena, map, form->pattern, true);
    set_pattern_message(arena, map, string_form_message(form));
}

/* The value of a map or pair: a string, or a map with the field's schema. */
static void set_item(struct arena *arena, struct node *map, const struct field *field)
{
    json_schema_string(arena, map, field->form, false, field->schema ? "object" : NULL);
    if (field->schema)
        set_reference(arena, map, field->schema);
}

static void set_names(struct arena *arena, struct node *map, const struct string_form *form)
{
    if (!form)
        return;
    struct node *names = node_set_map(arena, map, "propertyNames");
    set_pattern(arena, names, form->pattern, false);
    set_pattern_message(arena, names, string_form_message(form));
}

static void set_map(struct arena *arena, struct node *map, const struct field *field)
{
    set_item(arena, node_set_map(arena, map, "additionalProperties"), field);
    set_names(arena, map, field->key_form);
    if (field->required)
        node_set_int(arena, map, "minProperties", 1);
}

static void set_pairs(struct arena *arena, struct node *map, const struct field *field)
{
    struct node *pair = node_set_map(arena, map, "items");
    node_set_string(arena, pair, "type", STR("object"));
    struct node *properties = node_set_map(arena, pair, "properties");
    struct node *name = node_set_map(arena, properties, "name");
    json_schema_string(arena, name, field->key_form, false, NULL);
    set_item(arena, node_set_map(arena, properties, "value"), field);
    struct node *required = node_set_list(arena, pair, "required");
    node_append_string(arena, required, STR("name"));
    node_append_string(arena, required, STR("value"));
    node_set_bool(arena, pair, "additionalProperties", false);
}

/* A value that completion offers besides those of the type. */
static void set_keyword(struct arena *arena, struct node *map, const struct field *field)
{
    if (!field->keyword)
        return;
    node_append_string(arena, node_set_list(arena, map, "examples"), str_from_c(field->keyword));
}

/* Appends a pattern for quoted integers, and for the keyword. */
static void add_integers(struct buf *out, const struct field *field)
{
    if (field->keyword)
        buf_format(out, "%s|", field->keyword);
    range_pattern(out, field->min, field->max);
}

static void set_integer(struct arena *arena, struct node *map, const struct field *field)
{
    struct buf pattern = {0};
    add_integers(&pattern, field);
    node_set_int(arena, map, "minimum", field->min);
    node_set_int(arena, map, "maximum", field->max);
    set_pattern(arena, map, buf_take(arena, &pattern).data, true);
    set_pattern_message(
        arena, map,
        str_format(arena, "must be %.*s", STR_ARG(schema_type_format(arena, field))).data);
    set_keyword(arena, map, field);
}

/* Sets the range of numbers with a point, which are Kubernetes quantities. */
static void set_fraction_range(struct arena *arena, struct node *map, const struct field *field)
{
    enum { MILLICORES = 1000 };
    int64_t scale = field->type == TYPE_CPU ? 1 : field->scale;
    struct node *fraction = node_set_map(arena, map, "else");
    if (field->type == TYPE_CPU) {
        struct str min = str_format(arena, "0.%03" PRId64, field->min);
        node_put(fraction, node_scalar(arena, STYLE_PLAIN, STR("minimum")),
                 node_scalar(arena, STYLE_PLAIN, min));
        node_set_int(arena, fraction, "maximum", field->max / MILLICORES);
    } else {
        node_set_int(arena, fraction, "minimum", field->min * scale);
        node_set_int(arena, fraction, "maximum", field->max * scale);
    }
}

/* An integer is in the field's unit. A number with a point, or a string with a point or suffix, is
 * a Kubernetes quantity. */
static void set_quantity(struct arena *arena, struct node *map, const struct field *field)
{
    struct buf pattern = {0};
    add_integers(&pattern, field);
    buf_add(&pattern, STR("|(?![-+0-9]*$)\\+?(?:[0-9]+\\.?[0-9]*|\\.[0-9]+)"
                          "(?:[numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?"));
    set_pattern(arena, map, buf_take(arena, &pattern).data, true);
    set_pattern_message(
        arena, map,
        str_format(arena, "must be %.*s", STR_ARG(schema_type_format(arena, field))).data);
    node_set_string(arena, node_set_map(arena, map, "if"), "type", STR("integer"));
    struct node *integer = node_set_map(arena, map, "then");
    node_set_int(arena, integer, "minimum", field->min);
    node_set_int(arena, integer, "maximum", field->max);
    set_fraction_range(arena, map, field);
    set_keyword(arena, map, field);
}

/* A string with one of some values, or with a placeholder. */
static void set_choice(struct arena *arena, struct node *map, const struct field *field)
{
    struct node *alternatives = node_set_list(arena, map, "anyOf");
    struct node *words = node_set_list(arena, node_append_map(arena, alternatives), "enum");
    for (const char *const *word = field->choices; *word; word++)
        node_append_string(arena, words, str_from_c(*word));
    struct node *text = node_append_map(arena, alternatives);
    node_set_string(arena, text, "type", STR("string"));
    node_set_string(arena, text, "pattern", STR(PLACEHOLDER));
    if (!field->required)
        node_set_string(arena, node_append_map(arena, alternatives), "type", STR("null"));
}

static void set_scalar(struct arena *arena, struct node *map, const struct field *field)
{
    if (field->type == TYPE_STRING) {
        json_schema_string(arena, map, field->form, !field->required || field->optional_in_charts,
                           NULL);
        return;
    }
    struct types types = set_types(arena, map);
    add_type(&types, field->type == TYPE_INT    ? "integer"
                     : field->type == TYPE_BOOL ? "boolean"
                                                : "number");
    add_type(&types, "string");
    if (!field->required)
        add_type(&types, "null");
    if (field->type == TYPE_INT)
        set_integer(arena, map, field);
    else if (field->type == TYPE_BOOL)
        set_pattern(arena, map,
                    "[Tt][Rr][Uu][Ee]|[Ff][Aa][Ll][Ss][Ee]|[Yy][Ee][Ss]|[Nn][Oo]|[Oo][Nn]|"
                    "[Oo][Ff][Ff]",
                    true);
    else
        set_quantity(arena, map, field);
}

/* Sets the types of a map or list, which may also be a keyword or a placeholder for it. */
static void set_collection_types(struct arena *arena, struct node *map, const struct field *field,
                                 const char *type, const char *second_type)
{
    struct types types = set_types(arena, map);
    add_type(&types, type);
    if (second_type)
        add_type(&types, second_type);
    if (field->keyword) {
        add_type(&types, "string");
        set_pattern(arena, map, field->keyword, true);
        set_keyword(arena, map, field);
    }
    if (!field->required)
        add_type(&types, "null");
}

static void set_list(struct arena *arena, struct node *map, const struct field *field)
{
    if (field->scalar_ok)
        json_schema_string(arena, map, field->form, !field->required, "array");
    else
        set_collection_types(arena, map, field, "array", NULL);
    json_schema_string(arena, node_set_map(arena, map, "items"), field->form, false, NULL);
    if (field->required)
        node_set_int(arena, map, "minItems", 1);
}

/* An empty map is valid even if fields are required, because it counts as unset, unless the field
 * keeps it. */
static void set_record(struct arena *arena, struct node *map, const struct field *field)
{
    set_collection_types(arena, map, field, "object", NULL);
    if (field->keeps_empty) {
        set_reference(arena, map, field->schema);
        return;
    }
    node_set_int(arena, node_set_map(arena, map, "if"), "minProperties", 1);
    set_reference(arena, node_set_map(arena, map, "then"), field->schema);
}

void json_schema_value(struct arena *arena, struct node *map, const struct field *field)
{
    if (field->unique)
        node_set_bool(arena, map, "uniqueItems", true);
    if (field->max_items)
        node_set_int(arena, map, "maxItems", field->max_items);
    switch (field->type) {
    case TYPE_STRING:
    case TYPE_INT:
    case TYPE_CPU:
    case TYPE_BYTES:
    case TYPE_BOOL:
        if (field->choices)
            set_choice(arena, map, field);
        else
            set_scalar(arena, map, field);
        break;
    case TYPE_LIST:
        set_list(arena, map, field);
        break;
    case TYPE_MAP:
        set_collection_types(arena, map, field, "object", NULL);
        set_map(arena, map, field);
        break;
    case TYPE_MAP_OR_PAIRS:
        set_collection_types(arena, map, field, "object", "array");
        set_map(arena, map, field);
        set_pairs(arena, map, field);
        break;
    case TYPE_RECORD:
        set_record(arena, map, field);
        break;
    case TYPE_RECORDS: {
        set_collection_types(arena, map, field, "array", NULL);
        struct node *items = node_set_map(arena, map, "items");
        node_set_string(arena, items, "type", STR("object"));
        set_reference(arena, items, field->schema);
        break;
    }
    case TYPE_ANY:
        set_collection_types(arena, map, field, "array", NULL);
        break;
    }
}
