/* Prints the table of fields as a JSON Schema (draft 7), for completion and checks in editors. The
 * schema accepts all files that `validate` accepts, and more: it cannot check relations between
 * fields or files. */
#include "commands.h"
#include "config/module.h"
#include "config/schema.h"
#include "yaml/emit.h"

static const char placeholder[] = "\\{"; /* a string with a placeholder matches every type */

static struct node *set_type(struct arena *arena, struct node *map, const char *type)
{
    return node_set_string(arena, map, "type", str_from_c(type));
}

static void set_reference(struct arena *arena, struct node *map, const struct schema *schema)
{
    node_set_string(arena, map, "$ref", str_format(arena, "#/definitions/%s", schema->definition));
}

/* A string of a service file may also be an unquoted number or boolean. */
static void set_string_type(struct arena *arena, struct node *map)
{
    struct node *types = node_set_list(arena, map, "type");
    node_append_string(arena, types, STR("string"));
    node_append_string(arena, types, STR("number"));
    node_append_string(arena, types, STR("boolean"));
}

static void append_enum(struct arena *arena, struct node *alternatives, const char *const *words)
{
    struct node *list = node_set_list(arena, node_append_map(arena, alternatives), "enum");
    for (; *words; words++)
        node_append_string(arena, list, str_from_c(*words));
}

static void append_pattern(struct arena *arena, struct node *alternatives, const char *pattern)
{
    struct node *text = node_append_map(arena, alternatives);
    set_type(arena, text, "string");
    node_set_string(arena, text, "pattern", str_from_c(pattern));
}

static void append_list_of_strings(struct arena *arena, struct node *alternatives)
{
    struct node *list = node_append_map(arena, alternatives);
    set_type(arena, list, "array");
    set_string_type(arena, node_set_map(arena, list, "items"));
}

/* A string, or a map if `schema` is not NULL. */
static void set_string_or_map(struct arena *arena, struct node *map, const struct schema *schema)
{
    if (!schema) {
        set_string_type(arena, map);
        return;
    }
    struct node *alternatives = node_set_list(arena, map, "anyOf");
    set_string_type(arena, node_append_map(arena, alternatives));
    set_reference(arena, node_append_map(arena, alternatives), schema);
}

static void append_map_of_strings(struct arena *arena, struct node *alternatives,
                                  const struct schema *schema)
{
    struct node *map = node_append_map(arena, alternatives);
    set_type(arena, map, "object");
    set_string_or_map(arena, node_set_map(arena, map, "additionalProperties"), schema);
}

static void append_list_of_pairs(struct arena *arena, struct node *alternatives,
                                 const struct schema *schema)
{
    struct node *list = node_append_map(arena, alternatives);
    set_type(arena, list, "array");
    struct node *pair = node_set_map(arena, list, "items");
    set_type(arena, pair, "object");
    struct node *properties = node_set_map(arena, pair, "properties");
    set_string_type(arena, node_set_map(arena, properties, "name"));
    set_string_or_map(arena, node_set_map(arena, properties, "value"), schema);
    struct node *required = node_set_list(arena, pair, "required");
    node_append_string(arena, required, STR("name"));
    node_append_string(arena, required, STR("value"));
    node_set_bool(arena, pair, "additionalProperties", false);
}

static void append_integer(struct arena *arena, struct node *alternatives,
                           const struct field *field)
{
    struct node *number = node_append_map(arena, alternatives);
    set_type(arena, number, "integer");
    node_set_int(arena, number, "minimum", field->min);
    node_set_int(arena, number, "maximum", field->max);
    append_pattern(arena, alternatives, "^-?[0-9]+$");
    append_pattern(arena, alternatives, placeholder);
}

/* A map. An empty one is valid even if fields are required, because it counts as unset. */
static void append_record(struct arena *arena, struct node *alternatives,
                          const struct schema *schema)
{
    bool required = false;
    for (size_t i = 0; i < schema->count; i++)
        required |= schema->fields[i].required;
    set_reference(arena, node_append_map(arena, alternatives), schema);
    if (!required)
        return;
    struct node *empty = node_append_map(arena, alternatives);
    set_type(arena, empty, "object");
    node_set_int(arena, empty, "maxProperties", 0);
}

/* A Kubernetes quantity: a number with a decimal point, or a string with a suffix. */
static void append_quantity(struct arena *arena, struct node *alternatives)
{
    struct node *number = node_append_map(arena, alternatives);
    set_type(arena, number, "number");
    set_type(arena, node_set_map(arena, number, "not"), "integer");
    append_pattern(arena, alternatives,
                   "^\\+?([0-9]+\\.?[0-9]*|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$");
}

/* Appends the alternatives for the type of a field. */
static void append_type_alternatives(struct arena *arena, struct node *alternatives,
                                     const struct field *field)
{
    static const char *const booleans[] = {"true", "false", "yes", "no", "on", "off", NULL};
    switch (field->type) {
    case TYPE_STRING:
        if (field->choices) {
            append_enum(arena, alternatives, field->choices);
            append_pattern(arena, alternatives, placeholder);
        } else {
            set_string_type(arena, node_append_map(arena, alternatives));
        }
        break;
    case TYPE_INT:
        append_integer(arena, alternatives, field);
        break;
    case TYPE_CPU:
    case TYPE_BYTES:
        append_integer(arena, alternatives, field);
        append_quantity(arena, alternatives);
        break;
    case TYPE_BOOL:
        set_type(arena, node_append_map(arena, alternatives), "boolean");
        append_enum(arena, alternatives, booleans);
        append_pattern(arena, alternatives, placeholder);
        break;
    case TYPE_LIST:
        append_list_of_strings(arena, alternatives);
        if (field->scalar_ok)
            set_string_type(arena, node_append_map(arena, alternatives));
        break;
    case TYPE_MAP:
        append_map_of_strings(arena, alternatives, NULL);
        break;
    case TYPE_MAP_OR_PAIRS:
        append_map_of_strings(arena, alternatives, field->schema);
        append_list_of_pairs(arena, alternatives, field->schema);
        break;
    case TYPE_RECORD:
        append_record(arena, alternatives, field->schema);
        break;
    case TYPE_RECORDS: {
        struct node *list = node_append_map(arena, alternatives);
        set_type(arena, list, "array");
        set_reference(arena, node_set_map(arena, list, "items"), field->schema);
        break;
    }
    case TYPE_ANY:
        set_type(arena, node_append_map(arena, alternatives), "array");
        break;
    }
}

/* Appends all alternatives for a field; null counts as unset. */
static void append_alternatives(struct arena *arena, struct node *alternatives,
                                const struct field *field)
{
    append_type_alternatives(arena, alternatives, field);
    if (field->keyword)
        node_set_string(arena, node_append_map(arena, alternatives), "const",
                        str_from_c(field->keyword));
    bool number = field->type == TYPE_INT || field->type == TYPE_CPU || field->type == TYPE_BYTES;
    if (field->keyword && !number) /* numbers already accept a placeholder */
        append_pattern(arena, alternatives, placeholder);
    set_type(arena, node_append_map(arena, alternatives), "null");
}

static struct str describe_flavours(struct arena *arena, const struct field *field)
{
    struct buf text = {0};
    for (enum flavour_id flavour = 0; field->flavours[0] && flavour < FLAVOUR_COUNT; flavour++)
        buf_format(&text, "%s%s: %s", flavour ? "; " : " Generates with ", flavour_keyword(flavour),
                   field->flavours[flavour]);
    return text.len ? str_format(arena, "%.*s.", STR_ARG(buf_take(arena, &text))) : STR("");
}

static void set_field(struct arena *arena, struct node *properties, const struct field *field)
{
    struct node *property = node_set_map(arena, properties, field->name);
    struct str text = str_from_c(field->help);
    if (field->unit)
        text = str_format(arena, "%.*s Unit: %s%s.", STR_ARG(text), field->unit,
                          field->type == TYPE_INT ? "" : " (for numbers without a suffix)");
    if (field->default_value)
        text = str_format(arena, "%.*s Default: %s.", STR_ARG(text), field->default_value);
    text = str_format(arena, "%.*s%.*s", STR_ARG(text), STR_ARG(describe_flavours(arena, field)));
    node_set_string(arena, property, "description", text);
    append_alternatives(arena, node_set_list(arena, property, "anyOf"), field);
}

/* Adds a pattern for the fields whose names start with a prefix. Their values are not checked. */
static void set_prefixed_field(struct arena *arena, struct node *map, const struct field *field)
{
    struct node *patterns = node_set_map(arena, map, "patternProperties");
    const char *pattern = str_format(arena, "^%s", field->prefix).data;
    node_set_string(arena, node_set_map(arena, patterns, pattern), "description",
                    str_from_c(field->help));
}

static void set_schema(struct arena *arena, struct node *map, const struct schema *schema)
{
    set_type(arena, map, "object");
    struct node *properties = node_set_map(arena, map, "properties");
    struct node *required = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->prefix)
            set_prefixed_field(arena, map, field);
        else
            set_field(arena, properties, field);
        if (field->required && !field->optional_in_charts)
            node_append_string(arena, required, str_from_c(field->name));
    }
    if (required->first)
        node_put(map, node_scalar(arena, STYLE_PLAIN, STR("required")), required);
    node_set_bool(arena, map, "additionalProperties", schema->allow_unknown);
}

/* Returns a pattern that matches the names of all types with a schema. */
static struct str types_pattern(struct arena *arena, const struct schema *schema)
{
    struct buf prefixes = {0};
    struct buf names = {0};
    for (const char *const *prefix = module_prefixes; *prefix; prefix++)
        buf_add_joined(&prefixes, "|", str_from_c(*prefix));
    for (const struct module_type *type = module_types; type->name; type++)
        if (type->schema == schema)
            buf_add_joined(&names, "|", str_from_c(type->name));
    struct str text =
        str_format(arena, "^(%.*s)?(%.*s)$", STR_ARG(buf_str(&prefixes)), STR_ARG(buf_str(&names)));
    buf_free(&prefixes);
    buf_free(&names);
    return text;
}

/* The schema of an item of `modules` depends on its type. */
static void set_modules(struct arena *arena, struct node *file)
{
    struct node *modules = node_get(node_get(file, "properties"), "modules");
    struct node *item = node_set_map(arena, node_get(modules, "anyOf")->first, "items");
    const struct schema *last = NULL;
    for (const struct module_type *type = module_types; type->name; type++) {
        if (!type->schema || type->schema == last) /* types with the same schema are adjacent */
            continue;
        last = type->schema;
        struct node *condition = node_set_map(arena, node_set_map(arena, item, "if"), "properties");
        node_set_string(arena, node_set_map(arena, condition, "type"), "pattern",
                        types_pattern(arena, last));
        struct node *then = node_set_map(arena, item, "then");
        if (last->allow_unknown) { /* in addition to the fields of every module */
            struct node *all = node_set_list(arena, then, "allOf");
            set_reference(arena, node_append_map(arena, all), &module_schema);
            set_reference(arena, node_append_map(arena, all), last);
        } else {
            set_reference(arena, then, last);
        }
        item = node_set_map(arena, item, "else");
    }
    set_reference(arena, item, &module_schema);
}

static int run_schema(const struct invocation *invocation)
{
    (void)invocation;
    struct arena arena = {0};
    struct buf out = {0};
    struct node *root = node_new(&arena, NODE_MAP);
    node_set_string(&arena, root, "$schema", STR("http://json-schema.org/draft-07/schema#"));
    node_set_string(&arena, root, "title", STR("optasvc service or environment file"));
    set_schema(&arena, root, &file_schema);
    set_modules(&arena, root);
    struct node *map = node_set_map(&arena, root, "definitions");
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        if (schemas[i]->definition)
            set_schema(&arena, node_set_map(&arena, map, schemas[i]->definition), schemas[i]);
    emit_json(&out, root, 0);
    buf_add_byte(&out, '\n');
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    arena_free(&arena);
    return status;
}

const struct command command_schema = {
    .name = "schema",
    .group = GROUP_FILES,
    .summary = "Print the JSON Schema of service files",
    .examples =
        EXAMPLES({"Save the schema for an editor", "kubectl optasvc schema >optasvc.schema.json"},
                 {"Check a service file with another program",
                  "check-jsonschema --schemafile <(kubectl optasvc schema) web.yaml"}),
    .run = run_schema,
};
