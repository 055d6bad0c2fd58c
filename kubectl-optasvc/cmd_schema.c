/* The table of fields as a JSON Schema (draft 7), for editors: what they complete and mark. It
 * takes all that `validate` takes, and cannot know what stands in other fields or files. */
#include "commands.h"
#include "config/module.h"
#include "config/schema.h"
#include "yaml/emit.h"

static const char placeholder[] = "\\{"; /* a text with one may become anything */

static struct node *put_type(struct arena *arena, struct node *map, const char *type)
{
    return node_set_string(arena, map, "type", str_from_c(type));
}

static void put_reference(struct arena *arena, struct node *map, const struct schema *schema)
{
    node_set_string(arena, map, "$ref", str_format(arena, "#/definitions/%s", schema->definition));
}

/* Text as YAML writes it: an unquoted number or boolean is one too. */
static void put_text_type(struct arena *arena, struct node *map)
{
    struct node *types = node_set_list(arena, map, "type");
    node_append_string(arena, types, STR("string"));
    node_append_string(arena, types, STR("number"));
    node_append_string(arena, types, STR("boolean"));
}

static void add_words(struct arena *arena, struct node *alternatives, const char *const *words)
{
    struct node *list = node_set_list(arena, node_append_map(arena, alternatives), "enum");
    for (; *words; words++)
        node_append_string(arena, list, str_from_c(*words));
}

static void add_text_with(struct arena *arena, struct node *alternatives, const char *pattern)
{
    struct node *text = node_append_map(arena, alternatives);
    put_type(arena, text, "string");
    node_set_string(arena, text, "pattern", str_from_c(pattern));
}

static void add_list_of_texts(struct arena *arena, struct node *alternatives)
{
    struct node *list = node_append_map(arena, alternatives);
    put_type(arena, list, "array");
    put_text_type(arena, node_set_map(arena, list, "items"));
}

static void add_map_of_texts(struct arena *arena, struct node *alternatives)
{
    struct node *map = node_append_map(arena, alternatives);
    put_type(arena, map, "object");
    put_text_type(arena, node_set_map(arena, map, "additionalProperties"));
}

static void add_list_of_pairs(struct arena *arena, struct node *alternatives)
{
    struct node *list = node_append_map(arena, alternatives);
    put_type(arena, list, "array");
    struct node *pair = node_set_map(arena, list, "items");
    put_type(arena, pair, "object");
    struct node *properties = node_set_map(arena, pair, "properties");
    put_text_type(arena, node_set_map(arena, properties, "name"));
    put_text_type(arena, node_set_map(arena, properties, "value"));
    struct node *required = node_set_list(arena, pair, "required");
    node_append_string(arena, required, STR("name"));
    node_append_string(arena, required, STR("value"));
    node_set_bool(arena, pair, "additionalProperties", false);
}

static void add_number(struct arena *arena, struct node *alternatives, const struct field *field)
{
    struct node *number = node_append_map(arena, alternatives);
    put_type(arena, number, "integer");
    node_set_int(arena, number, "minimum", field->min);
    node_set_int(arena, number, "maximum", field->max);
    add_text_with(arena, alternatives, "^-?[0-9]+$");
    add_text_with(arena, alternatives, placeholder);
}

/* A map, which may be empty also where it has required fields: then it counts as left out. */
static void add_record(struct arena *arena, struct node *alternatives, const struct schema *schema)
{
    bool required = false;
    for (size_t i = 0; i < schema->count; i++)
        required |= schema->fields[i].required;
    put_reference(arena, node_append_map(arena, alternatives), schema);
    if (!required)
        return;
    struct node *empty = node_append_map(arena, alternatives);
    put_type(arena, empty, "object");
    node_set_int(arena, empty, "maxProperties", 0);
}

/* A quantity of Kubernetes: with a point, which also makes a number of JSON, or with a suffix. */
static void add_quantity(struct arena *arena, struct node *alternatives)
{
    struct node *number = node_append_map(arena, alternatives);
    put_type(arena, number, "number");
    put_type(arena, node_set_map(arena, number, "not"), "integer");
    add_text_with(arena, alternatives,
                  "^\\+?([0-9]+\\.?[0-9]*|\\.[0-9]+)([numkMGTPE]|[KMGTPE]i|[eE][+-]?[0-9]+)?$");
}

/* What a value of the type looks like. */
static void add_type_forms(struct arena *arena, struct node *alternatives,
                           const struct field *field)
{
    static const char *const truths[] = {"true", "false", "yes", "no", "on", "off", NULL};
    switch (field->type) {
    case TYPE_STRING:
        if (field->choices) {
            add_words(arena, alternatives, field->choices);
            add_text_with(arena, alternatives, placeholder);
        } else {
            put_text_type(arena, node_append_map(arena, alternatives));
        }
        break;
    case TYPE_INT:
        add_number(arena, alternatives, field);
        break;
    case TYPE_CPU:
    case TYPE_BYTES:
        add_number(arena, alternatives, field);
        add_quantity(arena, alternatives);
        break;
    case TYPE_BOOL:
        put_type(arena, node_append_map(arena, alternatives), "boolean");
        add_words(arena, alternatives, truths);
        add_text_with(arena, alternatives, placeholder);
        break;
    case TYPE_LIST:
        add_list_of_texts(arena, alternatives);
        if (field->scalar_ok)
            put_text_type(arena, node_append_map(arena, alternatives));
        break;
    case TYPE_MAP:
        add_map_of_texts(arena, alternatives);
        break;
    case TYPE_PAIRS:
        add_map_of_texts(arena, alternatives);
        add_list_of_pairs(arena, alternatives);
        break;
    case TYPE_RECORD:
        add_record(arena, alternatives, field->of);
        break;
    case TYPE_RECORDS: {
        struct node *list = node_append_map(arena, alternatives);
        put_type(arena, list, "array");
        put_reference(arena, node_set_map(arena, list, "items"), field->of);
        break;
    }
    case TYPE_ANY:
        put_type(arena, node_append_map(arena, alternatives), "array");
        break;
    }
}

/* The forms of a value. One that is null counts as left out. */
static void add_forms(struct arena *arena, struct node *alternatives, const struct field *field)
{
    add_type_forms(arena, alternatives, field);
    if (field->word)
        node_set_string(arena, node_append_map(arena, alternatives), "const",
                        str_from_c(field->word));
    bool number = field->type == TYPE_INT || field->type == TYPE_CPU || field->type == TYPE_BYTES;
    if (field->word && !number) /* which takes a placeholder in any case */
        add_text_with(arena, alternatives, placeholder);
    put_type(arena, node_append_map(arena, alternatives), "null");
}

static void put_field(struct arena *arena, struct node *properties, const struct field *field)
{
    struct node *property = node_set_map(arena, properties, field->name);
    struct str text = str_from_c(field->help);
    if (field->unit)
        text = str_format(arena, "%.*s Unit: %s%s.", STR_ARG(text), field->unit,
                          field->type == TYPE_INT ? "" : " of a number without a suffix");
    if (field->default_value)
        text = str_format(arena, "%.*s Default: %s.", STR_ARG(text), field->default_value);
    node_set_string(arena, property, "description", text);
    add_forms(arena, node_set_list(arena, property, "anyOf"), field);
}

/* Names with a prefix, for values of any form. */
static void put_prefixed(struct arena *arena, struct node *map, const struct field *field)
{
    struct node *patterns = node_set_map(arena, map, "patternProperties");
    const char *pattern = str_format(arena, "^%s", field->prefix).data;
    node_set_string(arena, node_set_map(arena, patterns, pattern), "description",
                    str_from_c(field->help));
}

static void put_schema(struct arena *arena, struct node *map, const struct schema *schema)
{
    put_type(arena, map, "object");
    struct node *properties = node_set_map(arena, map, "properties");
    struct node *required = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->prefix)
            put_prefixed(arena, map, field);
        else
            put_field(arena, properties, field);
        if (field->required && !field->optional_in_charts)
            node_append_string(arena, required, str_from_c(field->name));
    }
    if (required->first)
        node_put(map, node_scalar(arena, STYLE_PLAIN, STR("required")), required);
    node_set_bool(arena, map, "additionalProperties", schema->open);
}

/* A pattern of the names of all types that have a schema. */
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

/* An item of `modules` is read by its type: services strictly, others as far as they are known. */
static void put_modules(struct arena *arena, struct node *file)
{
    struct node *modules = node_get(node_get(file, "properties"), "modules");
    struct node *item = node_set_map(arena, node_get(modules, "anyOf")->first, "items");
    const struct schema *last = NULL;
    for (const struct module_type *type = module_types; type->name; type++) {
        if (!type->schema || type->schema == last) /* types of one schema stand together */
            continue;
        last = type->schema;
        struct node *condition = node_set_map(arena, node_set_map(arena, item, "if"), "properties");
        node_set_string(arena, node_set_map(arena, condition, "type"), "pattern",
                        types_pattern(arena, last));
        struct node *then = node_set_map(arena, item, "then");
        if (last->open) { /* besides what every module has */
            struct node *all = node_set_list(arena, then, "allOf");
            put_reference(arena, node_append_map(arena, all), &module_schema);
            put_reference(arena, node_append_map(arena, all), last);
        } else {
            put_reference(arena, then, last);
        }
        item = node_set_map(arena, item, "else");
    }
    put_reference(arena, item, &module_schema);
}

static int run_schema(const struct invocation *invocation)
{
    (void)invocation;
    struct arena arena = {0};
    struct buf out = {0};
    struct node *root = node_new(&arena, NODE_MAP);
    node_set_string(&arena, root, "$schema", STR("http://json-schema.org/draft-07/schema#"));
    node_set_string(&arena, root, "title", STR("optasvc service or environment file"));
    put_schema(&arena, root, &file_schema);
    put_modules(&arena, root);
    struct node *map = node_set_map(&arena, root, "definitions");
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        if (schemas[i]->definition)
            put_schema(&arena, node_set_map(&arena, map, schemas[i]->definition), schemas[i]);
    emit_json(&out, root, 0);
    buf_add_byte(&out, '\n');
    int status = console_finish(buf_str(&out));
    buf_free(&out);
    arena_free(&arena);
    return status;
}

const struct command command_schema = {.name = "schema",
                                       .summary =
                                           "Print the JSON Schema of service files, for editors",
                                       .run = run_schema};
