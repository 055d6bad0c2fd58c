#include "config/schema.h"

#include "config/flavour.h"
#include "config/foreign_word.h"
#include "format/quantity.h"
#include "yaml/scalar.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* The words that fields.def names. */
static word_list healthchecks = {"tcp", "http", "grpc", "none", NULL};
static word_list no_probe = {"none", NULL};
static word_list pod_securities = {"default", "restricted", "off", NULL};
static word_list cloud_objects = {"ack", "none", NULL};
static word_list tag_mutabilities = {"mutable", "immutable", NULL};
static word_list port_types = {"http", "tcp", NULL};
static word_list port_protocols = {"grpc", "websocket", NULL};
static word_list helm_containers = {"*", NULL};
static word_list store_kinds = {"ClusterSecretStore", "SecretStore", NULL};
static word_list helm_modes = {"override", "fill", NULL};
static word_list helm_replicas = {"remove", "keep", NULL};
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
    const char *joint = str_format(arena, " %s ", last).data;
    for (size_t i = 0; choices[i]; i++)
        buf_add_joined(&text, choices[i + 1] ? ", " : joint, str_from_c(choices[i]));
    return buf_take(arena, &text);
}

static int64_t scale_of(const struct field *field)
{
    return field->scale ? field->scale : 1;
}

static struct str quantity_text(struct arena *arena, const struct field *field, int64_t number)
{
    if (field->type == TYPE_CPU)
        return quantity_cpu(arena, number);
    if (number >= 0 && number < 1024)
        return str_format(arena, "%" PRId64 " byte%s", number, number == 1 ? "" : "s");
    return quantity_bytes(arena, number);
}

/* An integer of the field's unit as a quantity. */
static struct str quantity_of(struct arena *arena, const struct field *field, const char *text)
{
    int64_t number = 0;
    str_to_int(str_from_c(text), &number);
    return quantity_text(arena, field, number * scale_of(field));
}

struct str schema_type_format(struct arena *arena, const struct field *field)
{
    struct str text = STR("text");
    switch (field->type) {
    case TYPE_STRING:
        if (field->choices)
            text = schema_choices_format(arena, field->choices, "or");
        break;
    case TYPE_INT:
        text = str_format(arena, "a whole number from %" PRId64 " to %" PRId64, field->min,
                          field->max);
        break;
    case TYPE_CPU:
    case TYPE_BYTES:
        text = str_format(arena,
                          "a whole number of %s from %" PRId64 " to %" PRId64
                          ", or a quantity such as %.*s",
                          field->unit, field->min, field->max,
                          STR_ARG(quantity_of(arena, field, field->example)));
        break;
    case TYPE_BOOL:
        text = STR("true or false");
        break;
    case TYPE_LIST:
        text = field->scalar_ok ? STR("text or a list of texts") : STR("a list of texts");
        break;
    case TYPE_MAP:
        text = STR("a map of texts");
        break;
    case TYPE_PAIRS:
        text = STR("a map of texts, or a list of name and value");
        break;
    case TYPE_RECORD:
        text = STR("a map");
        break;
    case TYPE_RECORDS:
        text = STR("a list of maps");
        break;
    case TYPE_ANY:
        text = field->prefix ? STR("anything") : STR("a list");
        break;
    }
    return field->word ? str_format(arena, "%.*s, or %s", STR_ARG(text), field->word) : text;
}

static const char *kind_text(const struct node *node)
{
    return node->kind == NODE_MAP ? "a map" : node->kind == NODE_LIST ? "a list" : "text";
}

static void hint_example(struct diags *diags, const struct field *field)
{
    if (field->example)
        diag_hint(diags, "write it like this: %s: %s", field->name, field->example);
}

static bool wrong_type(const struct schema_reader *reader, const struct field *field,
                       const struct node *node)
{
    struct str type = schema_type_format(reader->arena, field);
    diag_error(reader->diags, node->span, "%s must be %.*s, not %s", field->name, STR_ARG(type),
               kind_text(node));
    struct str foreign = foreign_form_hint(reader->arena, field, node);
    if (foreign.len)
        diag_hint(reader->diags, "%.*s", STR_ARG(foreign));
    else
        hint_example(reader->diags, field);
    return false;
}

/* The filled text of a scalar; null is refused: it is no text, and often a value forgotten. */
static bool read_text(const struct schema_reader *reader, const struct field *field,
                      const struct node *node, const char *what, struct filled *ret)
{
    if (node->kind != NODE_SCALAR) {
        diag_error(reader->diags, node->span, "%s must be text, not %s", what, kind_text(node));
        hint_example(reader->diags, field);
        return false;
    }
    if (node_is_null(node)) {
        diag_error(reader->diags, node->span, "%s has no value", what);
        diag_hint(reader->diags, "write \"\" for empty text, \"%.*s\" for the word",
                  STR_ARG(node->text.len ? node->text : STR("null")));
        return false;
    }
    *ret = (struct filled){.text = node->text};
    if (reader->fill && !field->unfilled && !reader->fill(reader->context, node, ret))
        return false;
    if (!ret->references || field->references)
        return true;
    diag_error(reader->diags, node->span, "%s cannot hold a secret of another module", field->name);
    diag_hint(reader->diags, "such an output is known only inside the cluster; use it in env_vars");
    return false;
}

/* Names the word that may stand instead of the type, when the text is a misspelling of it. */
static void suggest_word(const struct schema_reader *reader, const struct field *field,
                         struct str text)
{
    struct suggestion near = {.word = text};
    if (field->word)
        suggestion_add(&near, str_from_c(field->word));
    if (near.best.len)
        diag_hint(reader->diags, "did you mean \"%s\"?", field->word);
}

static bool read_int(const struct schema_reader *reader, const struct field *field,
                     struct value *value)
{
    if (!str_to_int(value->text, &value->number)) {
        struct str type = schema_type_format(reader->arena, field);
        diag_error(reader->diags, value->node->span, "%s must be %.*s, not \"%.*s\"", field->name,
                   STR_ARG(type), STR_ARG(value->text));
        if (field->unit)
            diag_hint(reader->diags, "the unit is fixed (%s): write the number alone, such as %s",
                      field->unit, field->example);
        else
            hint_example(reader->diags, field);
        suggest_word(reader, field, value->text);
        return false;
    }
    if (value->number >= field->min && value->number <= field->max)
        return true;
    diag_error(reader->diags, value->node->span,
               "%s must be between %" PRId64 " and %" PRId64 ", not %" PRId64, field->name,
               field->min, field->max, value->number);
    if (field->unit)
        diag_hint(reader->diags, "the unit is %s", field->unit);
    return false;
}

/* The quantity that a size with another suffix, such as 256MB or 2 gb, most likely means: empty if
 * there is none. */
static struct str likely_quantity(struct arena *arena, struct str text)
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
    diag_hint(reader->diags, "a number alone is in %s: %s is %.*s", field->unit, field->example,
              STR_ARG(quantity_of(reader->arena, field, field->example)));
}

/* In millicores or bytes, up to INT64_MAX. An integer alone has the field's unit; a point or a
 * suffix makes a quantity of Kubernetes, which has no less than a millicore, and may have a
 * fraction of a byte. */
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

/* A number outside of the range, with what it was read as. */
static void report_quantity(const struct schema_reader *reader, const struct field *field,
                            const struct value *value)
{
    struct arena *arena = reader->arena;
    struct str text = value->text;
    struct str read = value->number > 0 && value->number < INT64_MAX
                          ? quantity_text(arena, field, value->number)
                          : text;
    struct str is = STR("");
    if (!str_equal(read, text))
        is = str_format(arena, ", which is %.*s", STR_ARG(read));
    struct location at = value->node->span;
    if (str_to_int(text, &(int64_t){0})) {
        diag_error(reader->diags, at,
                   "%s must be between %" PRId64 " and %" PRId64 " %s, not %.*s%.*s", field->name,
                   field->min, field->max, field->unit, STR_ARG(text), STR_ARG(is));
        hint_unit(reader, field);
        return;
    }
    struct str low = quantity_text(arena, field, field->min * scale_of(field));
    struct str high = quantity_text(arena, field, field->max * scale_of(field));
    diag_error(reader->diags, at, "%s must be between %.*s and %.*s, not %.*s%.*s", field->name,
               STR_ARG(low), STR_ARG(high), STR_ARG(text), STR_ARG(is));
    if (field->type == TYPE_BYTES && str_ends_with(text, STR("m")))
        diag_hint(reader->diags, "m is a thousandth: write %.*s",
                  STR_ARG(likely_quantity(arena, text)));
}

static bool read_quantity(const struct schema_reader *reader, const struct field *field,
                          struct value *value)
{
    struct arena *arena = reader->arena;
    struct str text = value->text;
    int64_t scale = scale_of(field);
    if (!parse_quantity(field, text, &value->number)) {
        struct str type = schema_type_format(arena, field);
        diag_error(reader->diags, value->node->span, "%s must be %.*s, not \"%.*s\"", field->name,
                   STR_ARG(type), STR_ARG(text));
        struct str likely = {0};
        if (field->type == TYPE_BYTES)
            likely = likely_quantity(arena, text);
        if (likely.len)
            diag_hint(reader->diags, "write %.*s", STR_ARG(likely));
        else
            hint_unit(reader, field);
        suggest_word(reader, field, text);
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
    if (scalar_to_bool(value->text, &value->flag))
        return true;
    diag_error(reader->diags, value->node->span, "%s must be true or false, not \"%.*s\"",
               field->name, STR_ARG(value->text));
    return false;
}

static bool read_choice(const struct schema_reader *reader, const struct field *field,
                        const struct value *value)
{
    struct suggestion near = {.word = value->text};
    for (size_t i = 0; field->choices[i]; i++) {
        if (str_eq_c(value->text, field->choices[i]))
            return true;
        suggestion_add(&near, str_from_c(field->choices[i]));
    }
    struct str choices = schema_choices_format(reader->arena, field->choices, "or");
    diag_error(reader->diags, value->node->span, "%s must be %.*s, not \"%.*s\"", field->name,
               STR_ARG(choices), STR_ARG(value->text));
    struct str foreign = foreign_form_hint(reader->arena, field, value->node);
    if (!diag_suggest(reader->diags, &near) && foreign.len)
        diag_hint(reader->diags, "%.*s", STR_ARG(foreign));
    return false;
}

static bool read_scalar(const struct schema_reader *reader, const struct field *field,
                        struct value *value)
{
    if (value->node->kind != NODE_SCALAR)
        return wrong_type(reader, field, value->node);
    struct filled filled;
    if (!read_text(reader, field, value->node, field->name, &filled))
        return false;
    value->text = filled.text;
    value->is_keyword = field->word && str_eq_c(value->text, field->word);
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
    struct filled filled;
    if (!read_text(reader, field, node, what, &filled))
        return false;
    value->items[value->count++] =
        (struct item){.text = filled.text, .node = node, .references = filled.references};
    return true;
}

/* A word that is written instead of a list or map. */
static bool read_word(const struct schema_reader *reader, const struct field *field,
                      struct value *value)
{
    if (!read_scalar(reader, field, value))
        return false;
    if (!value->is_keyword) {
        wrong_type(reader, field, value->node);
        suggest_word(reader, field, value->text);
    }
    return value->is_keyword;
}

static bool read_list(const struct schema_reader *reader, const struct field *field,
                      struct value *value)
{
    const struct node *node = value->node;
    bool alone = field->scalar_ok && node->kind == NODE_SCALAR;
    if (!alone && field->word && node->kind == NODE_SCALAR)
        return read_word(reader, field, value);
    if (!alone && node->kind != NODE_LIST)
        return wrong_type(reader, field, node);
    value->items = ARENA_ARRAY(reader->arena, alone ? 1 : count_children(node), struct item);
    if (alone)
        return read_item(reader, field, node, field->name, value);
    const char *what = str_format(reader->arena, "an item of %s", field->name).data;
    bool right = true;
    for (const struct node *item = node->first; item; item = item->next)
        right &= read_item(reader, field, item, what, value);
    return right;
}

static bool read_named(const struct schema_reader *reader, const struct field *field,
                       const struct node *name, const struct node *text, struct value *value)
{
    const char *what =
        str_format(reader->arena, "\"%.*s\" in %s", STR_ARG(name->text), field->name).data;
    if (!read_item(reader, field, text, what, value))
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
    bool right = true;
    for (const struct node *text = map->first; text; text = text->next)
        right &= read_named(reader, field, text->key, text, value);
    return right;
}

/* NAME=VALUE is Docker Compose's form, and valueFrom that of Kubernetes. */
static void hint_pair(const struct schema_reader *reader, const struct field *field,
                      const struct node *pair)
{
    struct str text = pair->kind == NODE_SCALAR ? pair->text : (struct str){0};
    size_t equals = str_find(text, 0, '=');
    if (equals && equals < text.len)
        diag_hint(reader->diags, "write a map: %s: {%.*s: \"%.*s\"}", field->name,
                  STR_ARG(str_slice(text, 0, equals)), STR_ARG(str_skip(text, equals + 1)));
    else if (pair->kind == NODE_MAP && node_get(pair, "valueFrom"))
        diag_hint(reader->diags, "a key of the Secret manual-secrets is written under secrets: "
                                 "[API_KEY]");
    else
        diag_hint(reader->diags, "write it like this: - {name: FLAG, value: \"true\"}");
}

static bool read_pair(const struct schema_reader *reader, const struct field *field,
                      const struct node *pair, struct value *value)
{
    const struct node *name = pair->kind == NODE_MAP ? node_get(pair, "name") : NULL;
    const struct node *text = pair->kind == NODE_MAP ? node_get(pair, "value") : NULL;
    if (!name || !text || count_children(pair) != 2 || name->kind != NODE_SCALAR) {
        diag_error(reader->diags, pair->span,
                   "an item of %s must have a name and a value, and "
                   "nothing else",
                   field->name);
        hint_pair(reader, field, pair);
        return false;
    }
    return read_named(reader, field, name, text, value);
}

static bool read_pairs(const struct schema_reader *reader, const struct field *field,
                       struct value *value)
{
    value->items = ARENA_ARRAY(reader->arena, count_children(value->node), struct item);
    bool right = true;
    for (const struct node *pair = value->node->first; pair; pair = pair->next)
        right &= read_pair(reader, field, pair, value);
    return right;
}

static bool read_records(const struct schema_reader *reader, const struct field *field,
                         struct value *value)
{
    value->records = ARENA_ARRAY(reader->arena, count_children(value->node), struct record *);
    bool right = true;
    for (const struct node *item = value->node->first; item; item = item->next) {
        size_t errors = reader->diags->errors;
        struct record *record = schema_read(reader, field->of, item);
        if (!record)
            hint_example(reader->diags, field);
        right &= reader->diags->errors == errors;
        if (record)
            value->records[value->count++] = record;
    }
    return right;
}

static bool read_record(const struct schema_reader *reader, const struct field *field,
                        struct value *value)
{
    if (value->node->kind == NODE_SCALAR && field->word)
        return read_word(reader, field, value);
    if (value->node->kind != NODE_MAP)
        return wrong_type(reader, field, value->node);
    size_t errors = reader->diags->errors;
    value->records = ARENA_ARRAY(reader->arena, 1, struct record *);
    value->records[0] = schema_read(reader, field->of, value->node);
    value->count = 1;
    return reader->diags->errors == errors;
}

static bool read_value(const struct schema_reader *reader, const struct field *field,
                       struct value *value)
{
    enum node_kind kind = value->node->kind;
    if (count_children(value->node) > ITEMS_MAX) {
        diag_error(reader->diags, value->node->key->span, "%s has more than %d items", field->name,
                   ITEMS_MAX);
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
                                : wrong_type(reader, field, value->node);
    case TYPE_PAIRS:
        return kind == NODE_MAP    ? read_map(reader, field, value)
               : kind == NODE_LIST ? read_pairs(reader, field, value)
                                   : wrong_type(reader, field, value->node);
    case TYPE_RECORD:
        return read_record(reader, field, value);
    case TYPE_RECORDS:
        return kind == NODE_LIST ? read_records(reader, field, value)
                                 : wrong_type(reader, field, value->node);
    case TYPE_ANY:
        return true;
    }
    return false;
}

/* The row of names with a prefix, or NULL. */
static const struct field *find_prefixed(const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].prefix)
            return &schema->fields[i];
    return NULL;
}

/* x_common and X-common for x-common. */
static bool is_near_prefix(struct str key)
{
    return key.len > 2 && (key.data[0] == 'x' || key.data[0] == 'X') && strchr("-_.", key.data[1]);
}

/* True if an anchor is written before the value. */
static bool is_anchored(const struct node *value)
{
    size_t end = value->key->span.end;
    struct str between = str_slice(value->span.source->text, end, value->span.start);
    return end < value->span.start && str_find(between, 0, '&') < between.len;
}

/* Adds a hint for a key that may be for a block to share. */
static void hint_prefix(const struct schema_reader *reader, const struct node *value)
{
    struct str key = value->key->text;
    if (is_near_prefix(key))
        diag_hint(reader->diags, "did you mean \"x-%.*s\"?", STR_ARG(str_skip(key, strlen("x-"))));
    else if (is_anchored(value))
        diag_hint(reader->diags, "a block to share has a name that begins with x-: x-%.*s",
                  STR_ARG(key));
}

/* True for a key whose value is missing, as when the lines below it are not indented. */
static bool lacks_lines(const struct field *field, const struct node *value)
{
    bool lines = field && field->type != TYPE_STRING && field->type != TYPE_INT &&
                 field->type != TYPE_CPU && field->type != TYPE_BYTES && field->type != TYPE_BOOL;
    return lines && value->kind == NODE_SCALAR && value->text.len == 0 && node_is_null(value);
}

/* `above`: the field just above whose value is missing, or NULL. */
static void report_unknown(const struct schema_reader *reader, const struct schema *schema,
                           const struct node *value, const struct field *above)
{
    const struct node *key = value->key;
    diag_error(reader->diags, key->span, "unknown field \"%.*s\" in %s", STR_ARG(key->text),
               schema->what);
    struct str foreign = foreign_word_hint(reader->arena, schema, key->text, value);
    if (above && (!foreign.len || (above->of && schema_find(above->of, key->text)))) {
        diag_hint(reader->diags, "indent it further if it belongs to %s, which has no value",
                  above->name);
        return;
    }
    if (foreign.len) {
        diag_hint(reader->diags, "%.*s", STR_ARG(foreign));
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
    enum { FEW = 12 }; /* more names than this teach nothing in an error */
    if (diag_suggest(reader->diags, &near))
        return;
    if (schema->count <= FEW)
        diag_hint(reader->diags, "known fields: %.*s", STR_ARG(list));
    else
        diag_hint(reader->diags, "kubectl optasvc explain lists the fields");
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
        scalar_to_bool(value->text, &value->flag);
}

/* True if a key that was reported as unknown is a misspelling of the field. */
static bool is_misspelt(const struct schema_reader *reader, const struct record *record,
                        const struct field *field)
{
    const struct schema *schema = record->schema;
    const struct node *child = schema->open ? NULL : record->node->first;
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
        if ((field->optional_in_charts && reader->lenient) || is_misspelt(reader, record, field))
            continue;
        struct location at = record->node->span;
        if (at.end > at.start + 1) /* a block map has no brackets: point at its start alone */
            at.end = at.start;
        diag_error(reader->diags, at, "%s needs %s", schema->what, field->name);
        hint_example(reader->diags, field);
    }
}

/* True for null, and for an empty map or list where it says no more than that. */
static bool is_left_out(const struct field *field, const struct node *node)
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
    case TYPE_PAIRS:
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

/* Keeps what is without error, so that its owner can check it in the same run. */
static void keep_partly(struct value *value, const struct value *read)
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
        diag_error(reader->diags, node->span, "%s has no value", schema->what);
        return NULL;
    }
    if (node->kind != NODE_MAP) {
        diag_error(reader->diags, node->span, "%s must be a map, not %s", schema->what,
                   kind_text(node));
        return NULL;
    }
    struct record *record = ARENA_NEW(reader->arena, struct record);
    record->schema = schema;
    record->node = node;
    record->values = ARENA_ARRAY(reader->arena, schema->count, struct value);
    for (size_t i = 0; i < schema->count; i++)
        set_default(&schema->fields[i], &record->values[i]);
    const struct field *above = NULL;
    for (const struct node *child = node->first; child; child = child->next) {
        const struct field *field = schema_find(schema, child->key->text);
        if (field)
            above = lacks_lines(field, child) ? field : NULL;
        if (!field && !schema->open)
            report_unknown(reader, schema, child, above);
        if (!field || field->prefix || is_left_out(field, child))
            continue;
        struct value *value = &record->values[field - schema->fields];
        struct value read = {.node = child};
        read.invalid = !read_value(reader, field, &read);
        if (read.invalid)
            keep_partly(value, &read);
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
