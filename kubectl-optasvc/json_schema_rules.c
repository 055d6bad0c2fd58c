/* The JSON Schema of relations between fields: conditions, and what they require of the fields. */
#include "json_schema.h"

/* True if an optional array of a rule has no terms. */
#define IS_EMPTY(terms) ((terms)[0] == NULL)

#define SCHEMA(...)
#define FIELD(...)
#define SCHEMA_END(id)
#define RULE(symbol, ...) {.schema = &symbol##_schema, __VA_ARGS__},
static const struct schema_rule rules[] = {
#include "config/fields.def"
};

/* NAME, !NAME or NAME=VALUE. The name may be MAP.NAME, for a field of a map in the same map. */
struct term {
    const struct field *parent; /* NULL: the field is not in another map */
    const struct field *field;
    struct str value; /* {NULL, 0}: the field is set */
    bool is_unset;
};

static struct term parse_term(const struct schema *schema, const char *text)
{
    struct str name = str_from_c(text);
    struct term term = {.is_unset = str_starts_with(name, STR("!"))};
    name = str_skip(name, term.is_unset);
    size_t equals = str_find(name, 0, '=');
    if (equals < name.len)
        term.value = str_skip(name, equals + 1);
    name = str_slice(name, 0, equals);
    size_t dot = str_find(name, 0, '.');
    if (dot < name.len) {
        term.parent = schema_find(schema, str_slice(name, 0, dot));
        schema = term.parent->schema;
        name = str_skip(name, dot + 1);
    }
    term.field = schema_find(schema, name);
    return term;
}

static struct node *append(struct arena *arena, struct node *list, enum node_kind kind)
{
    struct node *item = node_new(arena, kind);
    node_append(list, item);
    return item;
}

static void append_plain(struct arena *arena, struct node *list, const char *text)
{
    node_append(list, node_scalar(arena, STYLE_PLAIN, str_from_c(text)));
}

/* Return the map or list of a key, which is created if it is missing. */
static struct node *get_map(struct arena *arena, struct node *map, const char *key)
{
    struct node *value = node_get(map, key);
    return value ? value : node_set_map(arena, map, key);
}

static struct node *get_list(struct arena *arena, struct node *map, const char *key)
{
    struct node *value = node_get(map, key);
    return value ? value : node_set_list(arena, map, key);
}

/* Accepts only the values with which a field is not set. */
static void set_unset_values(struct arena *arena, struct node *map, const struct field *field)
{
    struct node *values = node_set_list(arena, map, "enum");
    append_plain(arena, values, "null");
    bool is_map = field->type == TYPE_MAP || field->type == TYPE_RECORD;
    if (field->keeps_empty)
        return;
    if (is_map || field->type == TYPE_MAP_OR_PAIRS)
        append(arena, values, NODE_MAP);
    if (field->type == TYPE_LIST || field->type == TYPE_RECORDS || field->type == TYPE_ANY ||
        field->type == TYPE_MAP_OR_PAIRS)
        append(arena, values, NODE_LIST);
}

/* Accepts the value of a term, besides those that it accepts already. */
static void add_value(struct arena *arena, struct node *map, const struct term *term)
{
    struct node *values = get_list(arena, map, "enum");
    if (term->field->type == TYPE_BOOL || term->field->type == TYPE_INT)
        append_plain(arena, values, str_to_c(arena, term->value));
    node_append_string(arena, values, term->value);
}

/* Returns the schema of a field in a condition or its consequence. Editors do not suggest the field
 * because of it, but because of the definition of the map. */
static struct node *set_property(struct arena *arena, struct node *map, const struct field *field)
{
    struct node *property = get_map(arena, get_map(arena, map, "properties"), field->name);
    if (!node_get(property, "doNotSuggest"))
        node_set_bool(arena, property, "doNotSuggest", true);
    return property;
}

/* Requires a field in a map, and returns its schema. */
static struct node *require_property(struct arena *arena, struct node *map,
                                     const struct field *field)
{
    struct node *required = node_set_list(arena, map, "required");
    node_append_string(arena, required, str_from_c(field->name));
    return set_property(arena, map, field);
}

/* Accepts maps for which a term is true. */
static void set_condition(struct arena *arena, struct node *map, const struct term *term)
{
    if (term->is_unset)
        map = node_set_map(arena, map, "not");
    if (term->parent)
        map = require_property(arena, map, term->parent);
    struct node *property = require_property(arena, map, term->field);
    if (term->value.data)
        add_value(arena, property, term);
    else
        set_unset_values(arena, node_set_map(arena, property, "not"), term->field);
}

/* Returns the terms in words: "healthcheck and liveness: none". */
static struct str describe(struct arena *arena, const struct schema *schema,
                           const char *const *terms, const char *separator)
{
    struct buf text = {0};
    for (; *terms; terms++) {
        struct term term = parse_term(schema, *terms);
        struct str name = str_from_c(term.field->name);
        if (term.is_unset)
            continue;
        buf_add_joined(&text, separator,
                       term.value.data ? STR_JOIN(arena, name, STR(": "), term.value) : name);
    }
    return buf_take(arena, &text);
}

/* Requires that a term is not true. The mistake is at its field. */
static void set_exclusion(struct arena *arena, struct node *map, const struct schema *schema,
                          const char *text, struct str when)
{
    struct term term = parse_term(schema, text);
    if (term.parent)
        map = set_property(arena, map, term.parent);
    struct node *property = set_property(arena, map, term.field);
    if (term.value.data)
        add_value(arena, get_map(arena, property, "not"), &term);
    else
        set_unset_values(arena, property, term.field);
    struct str message =
        term.value.data ? STR_JOIN(arena, STR("cannot be "), term.value) : STR("cannot be used");
    if (node_get(property, "errorMessage"))
        return;
    node_set_string(
        arena, property, "errorMessage",
        str_format(arena, "%s %.*s with %.*s", term.field->name, STR_ARG(message), STR_ARG(when)));
}

/* Requires that one of some terms is true. */
static void set_any(struct arena *arena, struct node *map, const struct schema *schema,
                    const char *const *terms)
{
    struct node *alternatives = terms[1] ? node_set_list(arena, map, "anyOf") : NULL;
    node_set_string(
        arena, map, "errorMessage",
        str_format(arena, "requires %.*s", STR_ARG(describe(arena, schema, terms, " or "))));
    for (; *terms; terms++) {
        struct term term = parse_term(schema, *terms);
        set_condition(arena, alternatives ? node_append_map(arena, alternatives) : map, &term);
    }
}

/* Returns a new item of `all` for maps that fulfil all terms. */
static struct node *append_condition(struct arena *arena, struct node *all,
                                     const struct schema *schema, const char *const *terms)
{
    struct node *item = node_append_map(arena, all);
    if (!*terms)
        return item;
    struct node *condition = node_set_map(arena, item, "if");
    struct node *conditions = terms[1] ? node_set_list(arena, condition, "allOf") : NULL;
    for (; *terms; terms++) {
        struct term term = parse_term(schema, *terms);
        set_condition(arena, conditions ? node_append_map(arena, conditions) : condition, &term);
    }
    return node_set_map(arena, item, "then");
}

/* Requires that exactly one of some terms is true. */
static void append_one(struct arena *arena, struct node *all, const struct schema *schema,
                       const char *const *terms)
{
    set_any(arena, node_append_map(arena, all), schema, terms);
    for (; terms[1]; terms++) {
        const char *const first[] = {*terms, NULL};
        struct node *then = append_condition(arena, all, schema, first);
        for (const char *const *other = terms + 1; *other; other++)
            set_exclusion(arena, then, schema, *other, str_from_c(*terms));
    }
}

/* Requires a form of a field, which may be in other maps. */
static void set_form(struct arena *arena, struct node *map, const struct schema_rule *rule)
{
    struct str path = str_from_c(rule->field);
    const struct schema *schema = rule->schema;
    for (size_t at = 0; at < path.len;) {
        size_t end = str_find(path, at, '.');
        const struct field *field = schema_find(schema, str_slice(path, at, end));
        map = set_property(arena, map, field);
        schema = field->schema;
        at = end + 1;
    }
    json_schema_string(arena, map, rule->form, true, NULL);
}

static void append_rule(struct arena *arena, struct node *all, const struct schema_rule *rule)
{
    if (!IS_EMPTY(rule->one)) {
        append_one(arena, all, rule->schema, rule->one);
        return;
    }
    struct node *then = append_condition(arena, all, rule->schema, rule->when);
    struct str when = describe(arena, rule->schema, rule->when, " and ");
    if (!IS_EMPTY(rule->any))
        set_any(arena, then, rule->schema, rule->any);
    struct node *exclusions = then;
    if (!IS_EMPTY(rule->any) && !IS_EMPTY(rule->none))
        exclusions = node_append_map(arena, node_set_list(arena, then, "allOf"));
    for (const char *const *term = rule->none; *term; term++)
        set_exclusion(arena, exclusions, rule->schema, *term, when);
    if (rule->field)
        set_form(arena, then, rule);
}

void json_schema_rules(struct arena *arena, struct node *map, const struct schema *schema)
{
    struct node *all = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < COUNT_OF(rules); i++)
        if (rules[i].schema == schema)
            append_rule(arena, all, &rules[i]);
    if (all->first)
        node_put(map, node_scalar(arena, STYLE_PLAIN, STR("allOf")), all);
}
