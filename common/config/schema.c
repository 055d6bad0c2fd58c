#include "config/schema.h"

#include "config/flavour.h"
#include "config/foreign_word.h"
#include "config/interpolate.h"
#include "format/quantity.h"
#include "yaml/scalar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The keywords that fields.def refers to. */
static word_list healthchecks = {"tcp", "http", "grpc", "none", NULL};
static word_list no_probe = {"none", NULL};
static word_list pod_securities = {"default", "restricted", "off", NULL};
static word_list cloud_objects = {"ack", "none", NULL};
static word_list tag_mutabilities = {"mutable", "immutable", NULL};
static word_list pull_policies = {"Always", "IfNotPresent", "Never", NULL};
static word_list access_modes = {"ReadWriteOnce", "ReadWriteOncePod", "ReadWriteMany", NULL};
static word_list port_types = {"http", "tcp", NULL};
static word_list port_protocols = {"grpc", "websocket", NULL};
static word_list helm_containers = {"*", NULL};
static word_list store_kinds = {"ClusterSecretStore", "SecretStore", NULL};
static word_list helm_modes = {"override", "fill", NULL};
static word_list helm_replicas = {"remove", "keep", NULL};
static word_list update_strategies = {"rolling", "recreate", NULL};
static word_list concurrencies = {"forbid", "replace", "allow", NULL};
static word_list spreads = {"nodes", "zones", "none", NULL};
static word_list load_balancers = {"external", "internal", NULL};
static word_list session_persistences = {"none", "v1.6", NULL};
static word_list taint_effects = {"NoSchedule", "PreferNoSchedule", "NoExecute", NULL};

enum { MEBIBYTE = 1 << 20, GIBIBYTE = 1 << 30 };

#define SCHEMA(...)
#define FIELD(schema, id, field_name, field_type, ...)                                             \
    [schema##_##id] = {.name = field_name, .type = field_type, __VA_ARGS__},
#define SCHEMA_END(id)
static const struct field fields[] = {
#include "config/fields.def"
};

#define SCHEMA(id, symbol, ...)                                                                    \
    const struct schema symbol##_schema = {.fields = &fields[id##_FIRST],                          \
                                           .count = id##_END - id##_FIRST,                         \
                                           .first = id##_FIRST,                                    \
                                           __VA_ARGS__};
#define FIELD(...)
#define SCHEMA_END(id)
#include "config/fields.def"

#define SCHEMA(id, symbol, ...) &symbol##_schema,
#define FIELD(...)
#define SCHEMA_END(id)
const struct schema *const schemas[SCHEMA_COUNT] = {
#include "config/fields.def"
};

const struct field *schema_field(enum field_id field)
{
    return &fields[field];
}

const struct field *schema_find(const struct schema *schema, struct str name)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (field->prefix ? str_starts_with(name, str_from_c(field->prefix))
                          : str_eq_c(name, field->name))
            return field;
    }
    return NULL;
}

struct str schema_choices_format(struct arena *arena, const char *const *choices, const char *last)
{
    struct buf text = {0};
    const char *last_separator = last ? str_format(arena, " %s ", last).data : ", ";
    for (size_t i = 0; choices[i]; i++)
        buf_add_joined(&text, choices[i + 1] ? ", " : last_separator, str_from_c(choices[i]));
    return buf_take(arena, &text);
}

static int64_t scale_of(const struct field *field)
{
    return field->scale ? field->scale : 1;
}

static struct str quantity_format(struct arena *arena, const struct field *field, int64_t number)
{
    if (field->type == TYPE_CPU)
        return quantity_cpu(arena, number);
    if (number >= 0 && number < 1024)
        return str_format(arena, "%" PRId64 " byte%s", number, number == 1 ? "" : "s");
    return quantity_bytes(arena, number);
}

/* Formats an integer in the field's unit as a quantity. */
static struct str format_in_unit(struct arena *arena, const struct field *field, const char *text)
{
    int64_t number = 0;
    str_to_int(str_from_c(text), &number);
    return quantity_format(arena, field, number * scale_of(field));
}

struct str schema_type_format(struct arena *arena, const struct field *field)
{
    struct str text = STR("a string");
    switch (field->type) {
    case TYPE_STRING:
        if (field->choices)
            text = schema_choices_format(arena, field->choices, "or");
        break;
    case TYPE_INT:
        text = str_format(arena, "an integer from %" PRId64 " to %" PRId64, field->min, field->max);
        break;
    case TYPE_CPU:
    case TYPE_BYTES:
        text = str_format(
            arena, "an integer from %" PRId64 " to %" PRId64 " (%s), or a quantity such as %.*s",
            field->min, field->max, field->unit,
            STR_ARG(format_in_unit(arena, field, field->example)));
        break;
    case TYPE_BOOL:
        text = STR("a boolean (true or false)");
        break;
    case TYPE_LIST:
        text = field->scalar_ok ? STR("a string or a list of strings") : STR("a list of strings");
        break;
    case TYPE_MAP:
        text = STR("a map of strings");
        break;
    case TYPE_MAP_OR_PAIRS:
        text = field->schema ? STR("a map of strings or references, or a list of name and value")
                             : STR("a map of strings, or a list of name and value");
        break;
    case TYPE_RECORD:
        text = STR("a map");
        break;
    case TYPE_RECORDS:
        text = STR("a list of maps");
        break;
    case TYPE_ANY:
        text = field->prefix ? STR("any value") : STR("a list");
        break;
    }
    return field->keyword ? str_format(arena, "%.*s, or %s", STR_ARG(text), field->keyword) : text;
}

const char *schema_value_type(const struct node *node)
{
    int64_t number;
    bool boolean;
    if (node->kind != NODE_SCALAR)
        return node->kind == NODE_MAP ? "a map" : "a list";
    if (node_is_null(node))
        return "null";
    if (node->style == STYLE_PLAIN && str_to_int(node->text, &number))
        return "an integer";
    return node->style == STYLE_PLAIN && scalar_to_bool(node->text, &boolean) ? "a boolean"
                                                                              : "a string";
}

static void hint_example(struct diags *diags, const struct field *field)
{
    if (field->example)
        diag_hint(diags, "for example: %s: %s", field->name, field->example);
}

/* Adds a hint for a value of another kind than that of the field or its items. */
static void hint_form(const struct schema_reader *reader, const struct field *field,
                      const struct node *node)
{
    struct str foreign = foreign_form_hint(reader->arena, field, node);
    if (foreign.len)
        diag_hint(reader->diags, "%.*s", STR_ARG(foreign));
    else
        hint_example(reader->diags, field);
}

static bool report_type(const struct schema_reader *reader, const struct field *field,
                        const struct node *node)
{
    struct str type = schema_type_format(reader->arena, field);
    diag_error(reader->diags, node->span, RULE_WRONG_TYPE, "%s must be %.*s, not %s", field->name,
               STR_ARG(type), schema_value_type(node));
    hint_form(reader, field, node);
    return false;
}

/* Adds a hint with a map that has the value of a secret output, which is known only in the cluster.
 */
static void hint_env_reference(const struct schema_reader *reader,
                               const struct filled_string *string)
{
    const struct reference *reference = string->references;
    bool is_whole = string->text.len == 0 && !reference->next;
    struct str map = str_format(reader->arena, "{secret: %.*s, key: %.*s}",
                                STR_ARG(module_secret(reference->module)),
                                STR_ARG(module_secret_key(reference->module, reference->output)));
    if (is_whole)
        diag_hint(reader->diags, "write %.*s instead", STR_ARG(map));
    else
        diag_hint(reader->diags, "set a variable before it to %.*s, and write $(NAME) here",
                  STR_ARG(map));
}

/* Reads a scalar as a string and fills in its placeholders. Null is an error, because it is often a
 * forgotten value. `what`: the name of the string in messages. */
static bool read_string(const struct schema_reader *reader, const struct field *field,
                        const struct node *node, const char *what, struct filled_string *ret)
{
    if (node->kind != NODE_SCALAR) {
        diag_error(reader->diags, node->span, RULE_WRONG_TYPE, "%s must be a string, not %s", what,
                   schema_value_type(node));
        hint_example(reader->diags, field);
        return false;
    }
    if (node_is_null(node)) {
        diag_error(reader->diags, node->span, RULE_EMPTY_VALUE, "%s has no value", what);
        diag_hint(reader->diags, "write \"\" for an empty string, or quote the value: \"%.*s\"",
                  STR_ARG(node->text.len ? node->text : STR("null")));
        return false;
    }
    *ret = (struct filled_string){.text = node->text};
    if (reader->fill && !field->keeps_placeholders && !reader->fill(reader->context, node, ret))
        return false;
    if (!ret->references || field->allows_references)
        return true;
    diag_error(reader->diags, node->span, RULE_SECRET_IN_MANIFEST,
               "%s cannot contain a secret output of a module", field->name);
    if (field->schema == &env_reference_schema)
        hint_env_reference(reader, ret);
    else
        diag_hint(reader->diags, "use the output in env_vars of the module; its value is known "
                                 "only in the cluster");
    return false;
}

/* Adds a hint if the string is a misspelling of the keyword of the field. */
static void suggest_keyword(const struct schema_reader *reader, const struct field *field,
                            struct str text)
{
    struct suggestion near = {.word = text};
    if (field->keyword)
        suggestion_add(&near, str_from_c(field->keyword));
    if (near.best.len)
        diag_hint(reader->diags, "did you mean \"%s\"?", field->keyword);
}

static bool read_int(const struct schema_reader *reader, const struct field *field,
                     struct value *value)
{
    if (!str_to_int(value->text, &value->number)) {
        struct str type = schema_type_format(reader->arena, field);
        diag_error(reader->diags, value->node->span, RULE_INVALID_VALUE,
                   "%s must be %.*s, not \"%.*s\"", field->name, STR_ARG(type),
                   STR_ARG(value->text));
        if (field->unit)
            diag_hint(reader->diags,
                      "write the number without a unit (the unit is %s), for example: %s: %s",
                      field->unit, field->name, field->example);
        else
            hint_example(reader->diags, field);
        suggest_keyword(reader, field, value->text);
        return false;
    }
    if (value->number >= field->min && value->number <= field->max)
        return true;
    diag_error(reader->diags, value->node->span, RULE_OUT_OF_RANGE,
               "%s must be an integer from %" PRId64 " to %" PRId64 ", not %" PRId64, field->name,
               field->min, field->max, value->number);
    if (field->unit)
        diag_hint(reader->diags, "the unit is %s", field->unit);
    return false;
}

/* Returns the quantity that a size with an invalid suffix probably means, such as 256Mi for 256MB;
 * empty if unknown. */
static struct str guess_quantity(struct arena *arena, struct str text)
{
    static const char *const suffixes[] = {"k", "m", "g", "t", "p"};
    size_t end = 0;
    while (end < text.len && strchr("0123456789.", text.data[end]))
        end++;
    struct str number = str_slice(text, 0, end);
    struct str suffix = str_lower(arena, str_skip(text, end));
    while (str_starts_with(suffix, STR(" ")))
        suffix = str_skip(suffix, 1);
    for (size_t i = 0; number.len && i < COUNT_OF(suffixes); i++) {
        struct str rest = str_skip(suffix, 1);
        if (str_starts_with(suffix, str_from_c(suffixes[i])) &&
            (rest.len == 0 || str_eq_c(rest, "b") || str_eq_c(rest, "i") || str_eq_c(rest, "ib")))
            return str_format(arena, "%.*s%.*si", STR_ARG(number),
                              STR_ARG(str_upper(arena, str_slice(suffix, 0, 1))));
    }
    return (struct str){0};
}

static void hint_unit(const struct schema_reader *reader, const struct field *field)
{
    diag_hint(reader->diags, "a number without a suffix is in %s: %s means %.*s", field->unit,
              field->example, STR_ARG(format_in_unit(reader->arena, field, field->example)));
}

/* Parses a quantity to millicores or bytes, at most INT64_MAX. An integer without a suffix is in
 * the field's unit; a string with a point or a suffix is a Kubernetes quantity. Fractions of a
 * millicore are invalid; fractions of a byte are rounded up. */
static bool parse_quantity(const struct field *field, struct str text, int64_t *ret_number)
{
    enum { THOUSAND = 1000 };
    int64_t scale = scale_of(field);
    int64_t number;
    if (str_to_int(text, &number)) {
        *ret_number = number > INT64_MAX / scale ? INT64_MAX : number < 0 ? -1 : number * scale;
        return true;
    }
    bool rounded;
    if (str_span_only(text, "+-0123456789") || !quantity_parse_rounded(text, &number, &rounded) ||
        (field->type == TYPE_CPU && rounded))
        return false;
    if (field->type == TYPE_BYTES && number < INT64_MAX)
        number = number / THOUSAND + (number % THOUSAND != 0);
    *ret_number = number;
    return true;
}

/* Reports a number outside the range. Shows also the quantity that it means if that is written
 * differently. */
static void report_quantity(const struct schema_reader *reader, const struct field *field,
                            const struct value *value)
{
    struct arena *arena = reader->arena;
    struct str text = value->text;
    struct str canonical = value->number > 0 && value->number < INT64_MAX
                               ? quantity_format(arena, field, value->number)
                               : text;
    struct str meaning = STR("");
    if (!str_equal(canonical, text))
        meaning = str_format(arena, " (which is %.*s)", STR_ARG(canonical));
    struct location at = value->node->span;
    if (str_to_int(text, &(int64_t){0})) {
        diag_error(reader->diags, at, RULE_OUT_OF_RANGE,
                   "%s must be from %" PRId64 " to %" PRId64 " %s, not %.*s%.*s", field->name,
                   field->min, field->max, field->unit, STR_ARG(text), STR_ARG(meaning));
        hint_unit(reader, field);
        return;
    }
    struct str low = quantity_format(arena, field, field->min * scale_of(field));
    struct str high = quantity_format(arena, field, field->max * scale_of(field));
    diag_error(reader->diags, at, RULE_OUT_OF_RANGE, "%s must be from %.*s to %.*s, not %.*s%.*s",
               field->name, STR_ARG(low), STR_ARG(high), STR_ARG(text), STR_ARG(meaning));
    if (field->type == TYPE_BYTES && str_ends_with(text, STR("m")))
        diag_hint(reader->diags, "the suffix m means thousandths; write %.*s",
                  STR_ARG(guess_quantity(arena, text)));
}

static bool read_quantity(const struct schema_reader *reader, const struct field *field,
                          struct value *value)
{
    struct arena *arena = reader->arena;
    struct str text = value->text;
    int64_t scale = scale_of(field);
    if (!parse_quantity(field, text, &value->number)) {
        struct str type = schema_type_format(arena, field);
        diag_error(reader->diags, value->node->span, RULE_INVALID_VALUE,
                   "%s must be %.*s, not \"%.*s\"", field->name, STR_ARG(type), STR_ARG(text));
        struct str likely = {0};
        if (field->type == TYPE_BYTES)
            likely = guess_quantity(arena, text);
        if (likely.len)
            diag_hint(reader->diags, "write %.*s", STR_ARG(likely));
        else
            hint_unit(reader, field);
        suggest_keyword(reader, field, text);
        return false;
    }
    if (value->number >= field->min * scale && value->number <= field->max * scale)
        return true;
    report_quantity(reader, field, value);
    return false;
}

static bool read_bool(const struct schema_reader *reader, const struct field *field,
                      struct value *value)
{
    if (scalar_to_bool(value->text, &value->boolean))
        return true;
    diag_error(reader->diags, value->node->span, RULE_INVALID_VALUE,
               "%s must be a boolean (true or false), not \"%.*s\"", field->name,
               STR_ARG(value->text));
    return false;
}

/* True if two words differ only in digits, as versions do: one is no misspelling of the other. */
static bool differ_in_digits(struct str a, struct str b)
{
    for (size_t i = 0; a.len == b.len && i < a.len; i++)
        if (a.data[i] != b.data[i] && !(str_is_digit(a.data[i]) && str_is_digit(b.data[i])))
            return false;
    return a.len == b.len;
}

static bool read_choice(const struct schema_reader *reader, const struct field *field,
                        const struct value *value)
{
    struct suggestion near = {.word = value->text};
    for (size_t i = 0; field->choices[i]; i++) {
        if (str_eq_c(value->text, field->choices[i]))
            return true;
        if (!differ_in_digits(value->text, str_from_c(field->choices[i])))
            suggestion_add(&near, str_from_c(field->choices[i]));
    }
    struct str choices = schema_choices_format(reader->arena, field->choices, "or");
    diag_error(reader->diags, value->node->span, RULE_INVALID_VALUE,
               "%s must be %.*s, not \"%.*s\"", field->name, STR_ARG(choices),
               STR_ARG(value->text));
    struct str foreign = foreign_form_hint(reader->arena, field, value->node);
    if (!diag_suggest(reader->diags, &near) && foreign.len)
        diag_hint(reader->diags, "%.*s", STR_ARG(foreign));
    return false;
}

static bool read_scalar(const struct schema_reader *reader, const struct field *field,
                        struct value *value)
{
    if (value->node->kind != NODE_SCALAR)
        return report_type(reader, field, value->node);
    struct filled_string filled;
    if (!read_string(reader, field, value->node, field->name, &filled))
        return false;
    value->text = filled.text;
    value->is_keyword = field->keyword && str_eq_c(value->text, field->keyword);
    if (value->is_keyword)
        return true;
    if (field->type == TYPE_INT)
        return read_int(reader, field, value);
    if (field->type == TYPE_CPU || field->type == TYPE_BYTES)
        return read_quantity(reader, field, value);
    if (field->type == TYPE_BOOL)
        return read_bool(reader, field, value);
    return !field->choices || read_choice(reader, field, value);
}

static size_t count_children(const struct node *node)
{
    size_t count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        count++;
    return count;
}

static bool read_item(const struct schema_reader *reader, const struct field *field,
                      const struct node *node, const char *what, struct value *value)
{
    struct filled_string filled;
    if (!read_string(reader, field, node, what, &filled))
        return false;
    value->items[value->count++] =
        (struct item){.text = filled.text, .node = node, .references = filled.references};
    return true;
}

/* Reads the keyword of a field that is otherwise a list or map. */
static bool read_keyword(const struct schema_reader *reader, const struct field *field,
                         struct value *value)
{
    if (!read_scalar(reader, field, value))
        return false;
    if (!value->is_keyword) {
        report_type(reader, field, value->node);
        suggest_keyword(reader, field, value->text);
    }
    return value->is_keyword;
}

static bool read_list(const struct schema_reader *reader, const struct field *field,
                      struct value *value)
{
    const struct node *node = value->node;
    bool is_scalar = field->scalar_ok && node->kind == NODE_SCALAR;
    if (!is_scalar && field->keyword && node->kind == NODE_SCALAR)
        return read_keyword(reader, field, value);
    if (!is_scalar && node->kind != NODE_LIST)
        return report_type(reader, field, node);
    value->items = ARENA_ARRAY(reader->arena, is_scalar ? 1 : count_children(node), struct item);
    if (is_scalar)
        return read_item(reader, field, node, field->name, value);
    const char *what = str_format(reader->arena, "an item of %s", field->name).data;
    bool ok = true;
    for (const struct node *item = node->first; item; item = item->next)
        ok &= read_item(reader, field, item, what, value);
    return ok;
}

/* Reads a value that is a map. Reports an error and returns false if it is invalid. */
static bool read_item_record(const struct schema_reader *reader, const struct field *field,
                             const struct node *map, struct value *value)
{
    size_t errors = reader->diags->errors;
    const struct record *record = schema_read(reader, field->schema, map);
    if (reader->diags->errors > errors)
        return false;
    value->items[value->count++] = (struct item){.node = map, .record = record};
    return true;
}

static bool read_named_item(const struct schema_reader *reader, const struct field *field,
                            const struct node *name, const struct node *text, struct value *value)
{
    const char *what =
        STR_JOIN(reader->arena, STR("\""), name->text, STR("\" in "), str_from_c(field->name)).data;
    bool ok = field->schema && text->kind == NODE_MAP ? read_item_record(reader, field, text, value)
                                                      : read_item(reader, field, text, what, value);
    if (!ok)
        return false;
    struct item *item = &value->items[value->count - 1];
    item->name = name->text;
    item->name_node = name;
    return true;
}

static bool read_map(const struct schema_reader *reader, const struct field *field,
                     struct value *value)
{
    const struct node *map = value->node;
    value->items = ARENA_ARRAY(reader->arena, count_children(map), struct item);
    bool ok = true;
    for (const struct node *text = map->first; text; text = text->next)
        ok &= read_named_item(reader, field, text->key, text, value);
    return ok;
}

/* Adds a hint for valueFrom of Kubernetes. */
static void hint_value_from(const struct schema_reader *reader, const struct node *source)
{
    static const struct {
        const char *key;
        const char *field;
    } rows[] = {{"secretKeyRef", "secret"}, {"configMapKeyRef", "config_map"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *reference = node_at(source, rows[i].key);
        struct str name = node_string(node_at(reference, "name"));
        struct str key = node_string(node_at(reference, "key"));
        if (!reference)
            continue;
        diag_hint(reader->diags, "write value: {%s: %.*s, key: %.*s}", rows[i].field,
                  STR_ARG(name.len ? name : STR("NAME")), STR_ARG(key.len ? key : STR("KEY")));
        return;
    }
    struct str path = node_string(node_at(source, "fieldRef fieldPath"));
    diag_hint(reader->diags, "write value: {field: %.*s}",
              STR_ARG(path.len ? path : STR("status.podIP")));
}

/* Adds a hint for a reference that is not below value. Returns false if there is none. */
static bool hint_reference(const struct schema_reader *reader, const struct node *pair)
{
    static const char *const rows[][2] = {{"secret", "secret: NAME, key: KEY"},
                                          {"config_map", "config_map: NAME, key: KEY"},
                                          {"field", "field: status.podIP"}};
    for (size_t i = 0; i < COUNT_OF(rows) && !node_get(pair, "value"); i++) {
        if (!node_get(pair, rows[i][0]))
            continue;
        diag_hint(reader->diags, "write {name: NAME, value: {%s}}", rows[i][1]);
        return true;
    }
    return false;
}

/* Adds a hint for an invalid item, such as NAME=VALUE of Docker Compose or valueFrom of
 * Kubernetes. */
static void hint_pair(const struct schema_reader *reader, const struct field *field,
                      const struct node *pair)
{
    struct str text = pair->kind == NODE_SCALAR ? pair->text : (struct str){0};
    size_t equals = str_find(text, 0, '=');
    if (equals && equals < text.len)
        diag_hint(reader->diags, "write a map: %s: {%.*s: \"%.*s\"}", field->name,
                  STR_ARG(str_slice(text, 0, equals)), STR_ARG(str_skip(text, equals + 1)));
    else if (pair->kind == NODE_MAP && node_get(pair, "valueFrom"))
        hint_value_from(reader, node_get(pair, "valueFrom"));
    else if (pair->kind != NODE_MAP || !hint_reference(reader, pair))
        diag_hint(reader->diags, "for example: - {name: FLAG, value: \"true\"}");
}

static bool read_pair(const struct schema_reader *reader, const struct field *field,
                      const struct node *pair, struct value *value)
{
    const struct node *name = pair->kind == NODE_MAP ? node_get(pair, "name") : NULL;
    const struct node *text = pair->kind == NODE_MAP ? node_get(pair, "value") : NULL;
    if (!name || !text || count_children(pair) != 2 || name->kind != NODE_SCALAR) {
        diag_error(reader->diags, pair->span, RULE_WRONG_TYPE,
                   "an item of %s must have exactly the fields name and value", field->name);
        hint_pair(reader, field, pair);
        return false;
    }
    return read_named_item(reader, field, name, text, value);
}

static bool read_pairs(const struct schema_reader *reader, const struct field *field,
                       struct value *value)
{
    value->items = ARENA_ARRAY(reader->arena, count_children(value->node), struct item);
    bool ok = true;
    for (const struct node *pair = value->node->first; pair; pair = pair->next)
        ok &= read_pair(reader, field, pair, value);
    return ok;
}

static bool read_records(const struct schema_reader *reader, const struct field *field,
                         struct value *value)
{
    value->records = ARENA_ARRAY(reader->arena, count_children(value->node), struct record *);
    bool ok = true;
    for (const struct node *item = value->node->first; item; item = item->next) {
        size_t errors = reader->diags->errors;
        struct record *record = schema_read(reader, field->schema, item);
        if (!record)
            hint_form(reader, field, item);
        ok &= reader->diags->errors == errors;
        if (record)
            value->records[value->count++] = record;
    }
    return ok;
}

static bool read_record(const struct schema_reader *reader, const struct field *field,
                        struct value *value)
{
    if (value->node->kind == NODE_SCALAR && field->keyword)
        return read_keyword(reader, field, value);
    if (value->node->kind != NODE_MAP)
        return report_type(reader, field, value->node);
    size_t errors = reader->diags->errors;
    value->records = ARENA_ARRAY(reader->arena, 1, struct record *);
    value->records[0] = schema_read(reader, field->schema, value->node);
    value->count = 1;
    return reader->diags->errors == errors;
}

static bool read_value(const struct schema_reader *reader, const struct field *field,
                       struct value *value)
{
    enum node_kind kind = value->node->kind;
    size_t count = count_children(value->node);
    if (count > ITEMS_MAX) {
        diag_error(reader->diags, value->node->key->span, RULE_LIMIT_EXCEEDED,
                   "too many items in %s: %zu (maximum %d)", field->name, count, ITEMS_MAX);
        return false;
    }
    switch (field->type) {
    case TYPE_STRING:
    case TYPE_INT:
    case TYPE_CPU:
    case TYPE_BYTES:
    case TYPE_BOOL:
        return read_scalar(reader, field, value);
    case TYPE_LIST:
        return read_list(reader, field, value);
    case TYPE_MAP:
        return kind == NODE_MAP ? read_map(reader, field, value)
                                : report_type(reader, field, value->node);
    case TYPE_MAP_OR_PAIRS:
        return kind == NODE_MAP    ? read_map(reader, field, value)
               : kind == NODE_LIST ? read_pairs(reader, field, value)
                                   : report_type(reader, field, value->node);
    case TYPE_RECORD:
        return read_record(reader, field, value);
    case TYPE_RECORDS:
        return kind == NODE_LIST ? read_records(reader, field, value)
                                 : report_type(reader, field, value->node);
    case TYPE_ANY:
        return true;
    }
    return false;
}

/* Returns the field that matches names by prefix; NULL if there is none. */
static const struct field *find_prefixed(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].prefix)
            return &schema->fields[i];
    return NULL;
}

/* True for misspellings of the prefix x-: x_common, x.common and X-common. */
static bool is_near_prefix(struct str key)
{
    return key.len > 2 && (key.data[0] == 'x' || key.data[0] == 'X') && strchr("-_.", key.data[1]);
}

/* True if the value has an anchor. */
static bool is_anchored(const struct node *value)
{
    size_t end = value->key->span.end;
    struct str between = str_slice(value->span.source->text, end, value->span.start);
    return end < value->span.start && str_find(between, 0, '&') < between.len;
}

/* Adds a hint for a key that may be the name of a shared block. */
static void hint_prefix(const struct schema_reader *reader, const struct node *value)
{
    struct str key = value->key->text;
    if (is_near_prefix(key))
        diag_hint(reader->diags, "did you mean \"x-%.*s\"?", STR_ARG(str_skip(key, strlen("x-"))));
    else if (is_anchored(value))
        diag_hint(reader->diags, "begin the name of a shared block with x-: x-%.*s", STR_ARG(key));
}

/* True if a field for a list or map has no value, often because the lines after it are not
 * indented. */
static bool has_missing_value(const struct field *field, const struct node *value)
{
    bool is_collection = field && field->type != TYPE_STRING && field->type != TYPE_INT &&
                         field->type != TYPE_CPU && field->type != TYPE_BYTES &&
                         field->type != TYPE_BOOL;
    return is_collection && value->kind == NODE_SCALAR && value->text.len == 0 &&
           node_is_null(value);
}

/* True if a value of a map, or of maps in a list, could be that of the field. */
static bool has_form_of(const struct field *field, const struct node *value)
{
    if (field->type == TYPE_RECORD)
        return value->kind == NODE_MAP;
    return (field->type == TYPE_RECORDS || field->type == TYPE_ANY) && value->kind == NODE_LIST;
}

/* Adds the hint for a word of another tool. A word that is almost the name of a field, with a value
 * that the hint cannot repeat, is rather a misspelling: module for modules. */
static void hint_foreign(const struct schema_reader *reader, const struct schema *schema,
                         const struct node *value, struct str foreign)
{
    struct suggestion near = {.word = value->key->text};
    for (size_t i = 0; i < schema->count && !diags_full(reader->diags); i++)
        if (!schema->fields[i].prefix && has_form_of(&schema->fields[i], value))
            suggestion_add(&near, str_from_c(schema->fields[i].name));
    if (near.distance != 1 || !diag_suggest(reader->diags, &near))
        diag_hint(reader->diags, "%.*s", STR_ARG(foreign));
}

/* Reports an unknown field. `previous`: the field before it if that has no value; else NULL. */
static void report_unknown(const struct schema_reader *reader, const struct schema *schema,
                           const struct node *value, const struct field *previous)
{
    const struct node *key = value->key;
    diag_error(reader->diags, key->span, RULE_UNKNOWN_FIELD, "unknown field \"%.*s\" in %s",
               STR_ARG(key->text), schema->what);
    struct str foreign = foreign_word_hint(reader->arena, schema, key->text, value);
    if (previous &&
        (!foreign.len || (previous->schema && schema_find(previous->schema, key->text)))) {
        diag_hint(reader->diags, "indent it further if it belongs to %s, which has no value",
                  previous->name);
        return;
    }
    if (foreign.len) {
        hint_foreign(reader, schema, value, foreign);
        return;
    }
    struct suggestion near = {.word = key->text};
    struct buf names = {0};
    for (size_t i = 0; i < schema->count && !diags_full(reader->diags); i++) {
        if (schema->fields[i].prefix)
            continue;
        suggestion_add(&near, str_from_c(schema->fields[i].name));
        buf_add_joined(&names, ", ", str_from_c(schema->fields[i].name));
    }
    struct str list = buf_take(reader->arena, &names);
    enum { LISTED_MAX = 12 }; /* maximum number of fields to list in a hint */
    if (diag_suggest(reader->diags, &near))
        return;
    if (schema->count <= LISTED_MAX)
        diag_hint(reader->diags, "available: %.*s", STR_ARG(list));
    else
        diag_hint(reader->diags, "run kubectl optasvc explain to list the fields");
    if (find_prefixed(schema))
        hint_prefix(reader, value);
}

static void set_default(const struct field *field, struct value *value)
{
    if (!field->default_value)
        return;
    value->text = str_from_c(field->default_value);
    if (field->type == TYPE_INT)
        str_to_int(value->text, &value->number);
    if (field->type == TYPE_CPU || field->type == TYPE_BYTES)
        parse_quantity(field, value->text, &value->number);
    if (field->type == TYPE_BOOL)
        scalar_to_bool(value->text, &value->boolean);
}

/* True if a key that was reported as an unknown field is a misspelling of `field`. */
static bool is_misspelt(const struct schema_reader *reader, const struct record *record,
                        const struct field *field)
{
    const struct schema *schema = record->schema;
    const struct node *child = schema->allow_unknown ? NULL : record->node->first;
    for (; child && !diags_full(reader->diags); child = child->next) {
        struct suggestion near = {.word = child->key->text};
        for (size_t i = 0; i < schema->count; i++)
            suggestion_add(&near, str_from_c(schema->fields[i].name));
        if (near.distance > 0 && str_eq_c(near.best, field->name))
            return true;
    }
    return false;
}

static void report_missing(const struct schema_reader *reader, const struct record *record)
{
    const struct schema *schema = record->schema;
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        if (!field->required || record->values[i].node || record->values[i].invalid)
            continue;
        if ((field->optional_in_charts && reader->for_chart) || is_misspelt(reader, record, field))
            continue;
        struct location at = record->node->span;
        if (at.end > at.start + 1) /* a block map, without brackets: mark only its start */
            at.end = at.start;
        diag_error(reader->diags, at, RULE_MISSING_FIELD, "missing required field \"%s\" in %s",
                   field->name, schema->what);
        hint_example(reader->diags, field);
    }
}

/* True if a value means that the field is not set: null, or an empty map or list. */
static bool is_unset(const struct field *field, const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        return node_is_null(node);
    if (node->first || field->keeps_empty)
        return false;
    switch (field->type) {
    case TYPE_LIST:
    case TYPE_RECORDS:
    case TYPE_ANY:
        return node->kind == NODE_LIST;
    case TYPE_MAP:
    case TYPE_RECORD:
        return node->kind == NODE_MAP;
    case TYPE_MAP_OR_PAIRS:
        return true;
    case TYPE_STRING:
    case TYPE_INT:
    case TYPE_CPU:
    case TYPE_BYTES:
    case TYPE_BOOL:
        return false;
    }
    return false;
}

/* Keeps the valid items and records of an invalid value, so that they are checked in the same run.
 */
static void keep_valid_part(struct value *value, const struct value *read)
{
    value->invalid = true;
    value->items = read->items;
    value->records = read->records;
    value->count = read->count;
}

struct record *schema_read(const struct schema_reader *reader, const struct schema *schema,
                           const struct node *node)
{
    if (node_is_null(node)) {
        diag_error(reader->diags, node->span, RULE_EMPTY_VALUE, "%s has no value", schema->what);
        return NULL;
    }
    if (node->kind != NODE_MAP) {
        diag_error(reader->diags, node->span, RULE_WRONG_TYPE, "%s must be a map, not %s",
                   schema->what, schema_value_type(node));
        return NULL;
    }
    struct record *record = ARENA_NEW(reader->arena, struct record);
    record->schema = schema;
    record->node = node;
    record->values = ARENA_ARRAY(reader->arena, schema->count, struct value);
    for (size_t i = 0; i < schema->count; i++)
        set_default(&schema->fields[i], &record->values[i]);
    const struct field *previous = NULL;
    for (const struct node *child = node->first; child; child = child->next) {
        const struct field *field = schema_find(schema, child->key->text);
        if (field)
            previous = has_missing_value(field, child) ? field : NULL;
        if (!field && !schema->allow_unknown)
            report_unknown(reader, schema, child, previous);
        if (!field || field->prefix || is_unset(field, child))
            continue;
        struct value *value = &record->values[field - schema->fields];
        struct value read = {.node = child};
        read.invalid = !read_value(reader, field, &read);
        if (read.invalid)
            keep_valid_part(value, &read);
        else
            *value = read;
    }
    report_missing(reader, record);
    return record;
}

const struct value *record_value(const struct record *record, enum field_id field)
{
    return &record->values[(int)field - record->schema->first];
}

bool record_has(const struct record *record, enum field_id field)
{
    return record_value(record, field)->node != NULL;
}

struct location record_location(const struct record *record, enum field_id field)
{
    const struct node *node = record_value(record, field)->node;
    return node ? node->span : record->node->span;
}
