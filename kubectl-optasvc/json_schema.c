#include "json_schema.h"

#include "config/module.h"

/* Returns what a traffic field generates in each flavour; empty for other fields. */
static struct str describe_flavours(struct arena *arena, const struct field *field)
{
    struct buf text = {0};
    for (enum flavour_id flavour = 0; field->flavours[0] && flavour < FLAVOUR_COUNT; flavour++)
        buf_format(&text, "%s%s: %s%s", flavour ? "; " : " Generates with ",
                   flavour_keyword(flavour), field->flavours[flavour],
                   flavour == FLAVOUR_COUNT - 1 ? "." : "");
    return buf_take(arena, &text);
}

static void set_field(struct arena *arena, struct node *properties, const struct schema *schema,
                      const struct field *field)
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
    if (!schema->checked_on_use)
        json_schema_value(arena, property, field);
}

/* Adds a pattern for the fields whose names start with a prefix. Their values are not checked. */
static void set_prefixed_field(struct arena *arena, struct node *map, const struct field *field)
{
    struct node *patterns = node_set_map(arena, map, "patternProperties");
    const char *pattern = str_format(arena, "^%s", field->prefix).data;
    node_set_string(arena, node_set_map(arena, patterns, pattern), "description",
                    str_from_c(field->help));
}

/* Describes the fields of a map. Does not exclude values of other types: the definition of a map is
 * also used where another type is valid. */
static void set_schema(struct arena *arena, struct node *map, const struct schema *schema)
{
    struct node *properties = node_set_map(arena, map, "properties");
    struct node *required = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->prefix)
            set_prefixed_field(arena, map, field);
        else
            set_field(arena, properties, schema, field);
        if (field->required && !field->optional_in_charts)
            node_append_string(arena, required, str_from_c(field->name));
    }
    if (required->first)
        node_put(map, node_scalar(arena, STYLE_PLAIN, STR("required")), required);
    node_set_bool(arena, map, "additionalProperties", schema->allow_unknown);
    json_schema_rules(arena, map, schema);
}

static void set_reference(struct arena *arena, struct node *map, const struct schema *schema)
{
    node_set_string(arena, map, "$ref", str_format(arena, "#/definitions/%s", schema->definition));
}

/* Modules */

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

/* Adds the names of the types, for completion. */
static void set_types(struct arena *arena, struct node *item)
{
    struct node *type = node_set_map(arena, node_set_map(arena, item, "properties"), "type");
    struct node *names = node_set_list(arena, type, "examples");
    for (const struct module_type *each = module_types; each->name; each++)
        node_append_string(arena, names, str_from_c(each->name));
}

/* The schema of an item of `modules` depends on its type. */
static void set_modules(struct arena *arena, struct node *file)
{
    struct node *modules = node_get(node_get(file, "properties"), "modules");
    struct node *item = node_set_map(arena, modules, "items");
    const struct schema *last = NULL;
    node_set_string(arena, item, "type", STR("object"));
    set_types(arena, item);
    for (const struct module_type *type = module_types; type->name; type++) {
        if (!type->schema || type->schema == last) /* types with the same schema are adjacent */
            continue;
        last = type->schema;
        struct node *condition = node_set_map(arena, node_set_map(arena, item, "if"), "properties");
        struct node *name = node_set_map(arena, condition, "type");
        node_set_string(arena, name, "type", STR("string"));
        node_set_string(arena, name, "pattern", types_pattern(arena, last));
        node_set_bool(arena, name, "doNotSuggest", true);
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

/* A link is the name of a module, or a map from it to permissions and names of variables. */
static void set_links(struct arena *arena, struct node *service)
{
    struct node *links = node_get(node_get(service, "properties"), "links");
    struct node *item = node_set_map(arena, links, "items");
    json_schema_string(arena, item, NULL, false, "object");
    node_set_int(arena, item, "minProperties", 1);
    node_set_int(arena, item, "maxProperties", 1);
    struct node *details = node_set_map(arena, item, "additionalProperties");
    struct node *types = node_set_list(arena, details, "type");
    node_append_string(arena, types, STR("array"));
    node_append_string(arena, types, STR("object"));
    node_append_string(arena, types, STR("null"));
    struct node *variable = node_set_map(arena, details, "additionalProperties");
    json_schema_string(arena, variable, &form_variable, false, NULL);
    struct node *permission = node_set_map(arena, details, "items");
    json_schema_string(arena, permission, NULL, false, "object");
    json_schema_string(arena, node_set_map(arena, permission, "additionalProperties"),
                       &form_variable, false, NULL);
    node_set_bool(arena, links, "uniqueItems", true);
}

struct node *json_schema(struct arena *arena)
{
    struct node *root = node_new(arena, NODE_MAP);
    node_set_string(arena, root, "$schema", STR("http://json-schema.org/draft-07/schema#"));
    node_set_string(arena, root, "title", STR("optasvc service or environment file"));
    node_set_string(arena, root, "type", STR("object"));
    set_schema(arena, root, &file_schema);
    set_modules(arena, root);
    struct node *map = node_set_map(arena, root, "definitions");
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        if (schemas[i]->definition)
            set_schema(arena, node_set_map(arena, map, schemas[i]->definition), schemas[i]);
    set_links(arena, node_get(map, service_schema.definition));
    return root;
}
