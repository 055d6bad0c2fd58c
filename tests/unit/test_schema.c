#include "config/interpolate.h"
#include "config/schema.h"
#include "unit.h"
#include "yaml/parse_strict.h"

/* A schema with a field of every type, so that the engine is tested independently of services. */
enum {
    TEXT_FIELD,
    CHOICE_FIELD,
    INT_FIELD,
    PLAIN_INT_FIELD,
    BOOL_FIELD,
    LIST_FIELD,
    SINGLE_FIELD,
    MAP_FIELD,
    PAIRS_FIELD,
    RECORD_FIELD,
    RECORDS_FIELD,
    ANY_FIELD
};

static const char *const colors[] = {"red", "green", "blue", NULL};

static const struct field inner_fields[] = {
    {.name = "size",
     .type = TYPE_INT,
     .default_value = "5",
     .min = 1,
     .max = 10,
     .unit = "apples",
     .example = "3"},
    {.name = "label", .type = TYPE_STRING, .required = true, .example = "x"},
};
static const struct schema inner_schema = {
    .what = "an inner", .fields = inner_fields, .count = COUNT_OF(inner_fields)};

static const struct field outer_fields[] = {
    [TEXT_FIELD] = {.name = "text",
                    .type = TYPE_STRING,
                    .default_value = "none",
                    .example = "hello"},
    [CHOICE_FIELD] = {.name = "color", .type = TYPE_STRING, .choices = colors, .keyword = "off"},
    [INT_FIELD] = {.name = "number",
                   .type = TYPE_INT,
                   .default_value = "7",
                   .min = -5,
                   .max = 10,
                   .unit = "apples",
                   .example = "3",
                   .keyword = "all"},
    [PLAIN_INT_FIELD] = {.name = "plain", .type = TYPE_INT, .min = 0, .max = 10, .example = "3"},
    [BOOL_FIELD] = {.name = "flag", .type = TYPE_BOOL, .default_value = "true", .example = "true"},
    [LIST_FIELD] = {.name = "list", .type = TYPE_LIST, .example = "[a]"},
    [SINGLE_FIELD] = {.name = "single", .type = TYPE_LIST, .scalar_ok = true},
    [MAP_FIELD] = {.name = "map", .type = TYPE_MAP},
    [PAIRS_FIELD] = {.name = "pairs", .type = TYPE_MAP_OR_PAIRS, .allows_references = true},
    [RECORD_FIELD] = {.name = "record",
                      .type = TYPE_RECORD,
                      .schema = &inner_schema,
                      .keyword = "none"},
    [RECORDS_FIELD] = {.name = "records", .type = TYPE_RECORDS, .schema = &inner_schema},
    [ANY_FIELD] = {.name = "any", .type = TYPE_ANY},
};
static const struct schema outer_schema = {
    .what = "an outer", .fields = outer_fields, .count = COUNT_OF(outer_fields)};

static const struct record *read_with(struct unit *unit, const struct schema *schema,
                                      schema_fill *fill, const char *text)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    const struct node *root =
        load_service(&unit->arena, unit_source(unit, str_from_c(text)), &unit->diags);
    assert_no_diags(unit);
    struct schema_reader reader = {
        .arena = &unit->arena, .diags = &unit->diags, .fill = fill, .context = &unit->arena};
    return schema_read(&reader, schema, root);
}

static const struct record *read(struct unit *unit, const char *text)
{
    return read_with(unit, &outer_schema, NULL, text);
}

static const struct value *value_of(const struct record *record, int field)
{
    return record_value(record, (enum field_id)field);
}

static void test_defaults(void **state)
{
    struct unit *unit = *state;
    const struct record *record = read(unit, "{}");
    assert_no_diags(unit);
    assert_str(value_of(record, TEXT_FIELD)->text, "none");
    assert_int_equal(value_of(record, INT_FIELD)->number, 7);
    assert_true(value_of(record, BOOL_FIELD)->boolean);
    assert_int_equal(value_of(record, LIST_FIELD)->count, 0);
    for (int i = 0; i < (int)COUNT_OF(outer_fields); i++) {
        assert_false(record_has(record, (enum field_id)i));
        assert_false(value_of(record, i)->invalid);
    }
    assert_int_equal(record_location(record, (enum field_id)TEXT_FIELD).start, 0);
}

static void test_null_is_not_set(void **state)
{
    struct unit *unit = *state;
    const struct record *record = read(unit, "{number: , text: ~, flag: null, record: }");
    assert_no_diags(unit);
    assert_int_equal(value_of(record, INT_FIELD)->number, 7);
    assert_str(value_of(record, TEXT_FIELD)->text, "none");
    assert_false(record_has(record, (enum field_id)INT_FIELD));
}

static void test_values(void **state)
{
    struct unit *unit = *state;
    const struct record *record = read(unit, "text: 0777\n"
                                             "color: green\n"
                                             "number: '-5'\n"
                                             "plain: 10\n"
                                             "flag: Off\n"
                                             "list: [a, 'b', 1]\n"
                                             "single: s\n"
                                             "map: {a: 1, b: ''}\n"
                                             "pairs: [{name: n, value: v}, {value: w, name: m}]\n"
                                             "record: {label: l}\n"
                                             "records: [{label: a, size: 1}, {label: b}]\n"
                                             "any: [x]\n");
    assert_no_diags(unit);
    assert_str(value_of(record, TEXT_FIELD)->text, "0777"); /* as written, not 511 */
    assert_str(value_of(record, CHOICE_FIELD)->text, "green");
    assert_int_equal(value_of(record, INT_FIELD)->number, -5);
    assert_int_equal(value_of(record, PLAIN_INT_FIELD)->number, 10);
    assert_false(value_of(record, BOOL_FIELD)->boolean);
    assert_int_equal(value_of(record, LIST_FIELD)->count, 3);
    assert_str(value_of(record, LIST_FIELD)->items[2].text, "1");
    assert_int_equal(value_of(record, SINGLE_FIELD)->count, 1);
    assert_str(value_of(record, SINGLE_FIELD)->items[0].text, "s");
    assert_str(value_of(record, MAP_FIELD)->items[1].name, "b");
    assert_str(value_of(record, MAP_FIELD)->items[1].text, "");
    const struct value *pairs = value_of(record, PAIRS_FIELD);
    assert_str(pairs->items[1].name, "m");
    assert_str(pairs->items[1].text, "w");
    const struct record *inner = value_of(record, RECORD_FIELD)->records[0];
    assert_int_equal(value_of(inner, 0)->number, 5);
    assert_str(value_of(inner, 1)->text, "l");
    assert_int_equal(value_of(record, RECORDS_FIELD)->count, 2);
    assert_int_equal(value_of(value_of(record, RECORDS_FIELD)->records[0], 0)->number, 1);
    assert_str(value_of(record, ANY_FIELD)->node->first->text, "x");
    assert_int_equal(record_location(record, (enum field_id)TEXT_FIELD).start, 6);
}

static void test_keywords(void **state)
{
    struct unit *unit = *state;
    const struct record *record = read(unit, "{color: off, number: all, record: none}");
    assert_no_diags(unit);
    assert_true(value_of(record, CHOICE_FIELD)->is_keyword);
    assert_true(value_of(record, INT_FIELD)->is_keyword);
    assert_true(value_of(record, RECORD_FIELD)->is_keyword);
    record = read(unit, "{color: red, pairs: {a: b}, single: [a, b]}");
    assert_no_diags(unit);
    assert_false(value_of(record, CHOICE_FIELD)->is_keyword);
    assert_str(value_of(record, PAIRS_FIELD)->items[0].name, "a");
    assert_int_equal(value_of(record, SINGLE_FIELD)->count, 2);
}

static void test_invalid_values(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *file;
        size_t column;
        const char *message, *hint;
    } rows[] = {
        {"[]", 1, "an outer must be a map, not a list", ""},
        {"x", 1, "an outer must be a map, not a string", ""},
        {"{txt: a}", 2, "unknown field \"txt\" in an outer", "did you mean \"text\"?"},
        {"{zzzzzzzzzzzz: a}", 2, "unknown field", "available: text, color"},
        {"{text: [a]}", 8, "text must be a string, not a list", "text: hello"},
        {"{text: {a: b}}", 8, "text must be a string, not a map", ""},
        {"{color: rde}", 9, "color must be red, green or blue, not \"rde\"", "\"red\"?"},
        {"{color: ''}", 9, "color must be red, green or blue", ""},
        {"{number: [1]}", 10, "an integer from -5 to 10, or all, not a list", ""},
        {"{number: 1.5}", 10, "not \"1.5\"", "the unit is apples"},
        {"{number: 3apples}", 10, "not \"3apples\"", "the unit is apples"},
        {"{number: 0x1}", 10, "not \"0x1\"", ""},
        {"{number: 007}", 10, "not \"007\"", ""},
        {"{number: -6}", 10, "from -5 to 10, not -6", "the unit is apples"},
        {"{number: 11}", 10, "from -5 to 10, not 11", ""},
        {"{number: 99999999999999999999}", 10, "not \"99999999999999999999\"", ""},
        {"{plain: x}", 9, "not \"x\"", "plain: 3"},
        {"{plain: ''}", 9, "not \"\"", ""},
        {"{flag: 1}", 8, "flag must be a boolean (true or false), not \"1\"", ""},
        {"{flag: {}}", 8, "flag must be a boolean (true or false), not a map", "flag: true"},
        {"{list: a}", 8, "list must be a list of strings, not a string", "list: [a]"},
        {"{list: [[a]]}", 9, "an item of list must be a string, not a list", ""},
        {"{list: [~]}", 9, "an item of list has no value", "quote the value: \"~\""},
        {"{list: [null]}", 9, "an item of list has no value", "quote the value: \"null\""},
        {"{single: {a: b}}", 10, "single must be a string or a list of strings, not a map", ""},
        {"{map: [a]}", 7, "map must be a map of strings, not a list", ""},
        {"{map: {a: [b]}}", 11, "\"a\" in map must be a string, not a list", ""},
        {"{map: {a: }}", 8, "\"a\" in map has no value", "\"\" for an empty string"},
        {"{pairs: a}", 9, "pairs must be a map of strings, or a list of name and value", ""},
        {"{pairs: [a]}", 10, "must have exactly the fields name and value", "- {name: FLAG"},
        {"{pairs: [{name: a}]}", 10, "must have exactly the fields name and value", ""},
        {"{pairs: [{value: a}]}", 10, "must have exactly the fields name and value", ""},
        {"{pairs: [{name: a, value: b, c: d}]}", 10, "must have exactly the fields name and value",
         ""},
        {"{pairs: [{name: [a], value: b}]}", 10, "must have exactly the fields name and value", ""},
        {"{pairs: [{name: a, value: [b]}]}", 27, "\"a\" in pairs must be a string", ""},
        {"{record: [a]}", 10, "record must be a map, or none, not a list", ""},
        {"{record: {size: 3}}", 10, "missing required field \"label\" in an inner", "label: x"},
        {"{record: {label: a, size: 0}}", 27, "size must be an integer from 1 to 10", ""},
        {"{records: {}}", 11, "records must be a list of maps, not a map", ""},
        {"{records: [a]}", 12, "an inner must be a map, not a string", ""},
        {"{records: [{label: a, x: y}]}", 23, "unknown field \"x\" in an inner",
         "available: size, label"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        read(unit, rows[i].file);
        assert_errors(unit, 1);
        assert_diag(unit, 0, 1, rows[i].column, rows[i].message, rows[i].hint);
    }
}

/* A misspelt keyword must be an error; the default must not replace it silently. */
static void test_an_invalid_keyword_of_a_record(void **state)
{
    struct unit *unit = *state;
    read(unit, "{record: nnone}");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 1, 10, "record must be a map, or none", "");
}

static void test_all_errors_are_reported_and_valid_fields_are_read(void **state)
{
    struct unit *unit = *state;
    const struct record *record = read(unit, "{number: x, text: t, flag: y, list: [a, [b], c],"
                                             " records: [{}, {label: q}]}");
    assert_errors(unit, 4);
    assert_str(value_of(record, TEXT_FIELD)->text, "t");
    assert_true(value_of(record, INT_FIELD)->invalid);
    assert_true(value_of(record, RECORDS_FIELD)->invalid);
    assert_false(record_has(record, (enum field_id)INT_FIELD));
    /* An invalid value is replaced by the default, so that it causes no second error. */
    assert_int_equal(value_of(record, INT_FIELD)->number, 7);
}

static void test_an_invalid_required_field_is_not_missing(void **state)
{
    struct unit *unit = *state;
    read_with(unit, &inner_schema, NULL, "label: [x]\n");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 1, 8, "label must be a string", "");
    read_with(unit, &inner_schema, NULL, "label:\n");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 1, 1, "missing required field \"label\" in an inner", "");
}

static void test_open_schemas_allow_unknown_fields(void **state)
{
    struct unit *unit = *state;
    struct schema open = inner_schema;
    open.allow_unknown = true;
    read_with(unit, &open, NULL, "{label: a, whatever: {x: y}}");
    assert_no_diags(unit);
}

static bool fill_upper(void *context, const struct node *scalar, struct filled_string *ret)
{
    static const struct reference reference;
    *ret = (struct filled_string){.text = str_upper(context, scalar->text)};
    if (str_eq_c(scalar->text, "secret"))
        ret->references = &reference;
    return !str_eq_c(scalar->text, "bad");
}

static void test_placeholders_are_filled_in(void **state)
{
    struct unit *unit = *state;
    const struct record *record = read_with(unit, &outer_schema, fill_upper, "{text: abc}");
    assert_str(value_of(record, TEXT_FIELD)->text, "ABC");
    record = read_with(unit, &outer_schema, fill_upper, "{text: bad, map: {a: bad}}");
    assert_true(value_of(record, TEXT_FIELD)->invalid);
    assert_true(value_of(record, MAP_FIELD)->invalid);
    /* Only fields with .references accept secrets. */
    read_with(unit, &outer_schema, fill_upper, "{pairs: {a: secret}}");
    assert_no_diags(unit);
    read_with(unit, &outer_schema, fill_upper, "{map: {a: secret}}");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 1, 11, "map cannot contain a secret output of a module", "env_vars");
}

static void test_type_names(void **state)
{
    struct unit *unit = *state;
    static const char *const expected[] = {
        [TEXT_FIELD] = "a string",
        [CHOICE_FIELD] = "red, green or blue, or off",
        [INT_FIELD] = "an integer from -5 to 10, or all",
        [PLAIN_INT_FIELD] = "an integer from 0 to 10",
        [BOOL_FIELD] = "a boolean (true or false)",
        [LIST_FIELD] = "a list of strings",
        [SINGLE_FIELD] = "a string or a list of strings",
        [MAP_FIELD] = "a map of strings",
        [PAIRS_FIELD] = "a map of strings, or a list of name and value",
        [RECORD_FIELD] = "a map, or none",
        [RECORDS_FIELD] = "a list of maps",
        [ANY_FIELD] = "a list",
    };
    for (size_t i = 0; i < COUNT_OF(outer_fields); i++)
        assert_str(schema_type_format(&unit->arena, &outer_fields[i]), expected[i]);
    static const char *const one[] = {"a", NULL};
    assert_str(schema_choices_format(&unit->arena, one, "or"), "a");
    assert_str(schema_choices_format(&unit->arena, one + 1, "or"), "");
}

/* The rows of fields.def meet the requirements of the engine and the documentation. */
static void test_the_table_is_consistent(void **state)
{
    struct unit *unit = *state;
    size_t summaries = 0;
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        for (size_t j = 0; j < schema->count; j++) {
            const struct field *field = &schema->fields[j];
            assert_ptr_equal(schema_field((enum field_id)(schema->first + (int)j)), field);
            /* Names are unique. */
            assert_ptr_equal(schema_find(schema, str_from_c(field->name)), field);
            if (!field->help || !str_ends_with(str_from_c(field->help), STR(".")))
                fail_msg("the help of %s does not end with a full stop", field->name);
            bool has_schema = field->type == TYPE_RECORD || field->type == TYPE_RECORDS;
            bool may_have = has_schema || field->type == TYPE_MAP_OR_PAIRS;
            if ((has_schema && !field->schema) || (!may_have && field->schema))
                fail_msg("%s: .schema does not match its type", field->name);
            summaries += field->summary ? 1 : 0;
            if (field->summary && (schema != &service_schema || !field->example ||
                                   str_ends_with(str_from_c(field->summary), STR("."))))
                fail_msg("the summary of %s is not a line of the short list", field->name);
            if (field->type == TYPE_INT && (field->min > field->max || !field->example))
                fail_msg("%s has no range or example", field->name);
            if (field->required && field->default_value)
                fail_msg("%s is required and has a default", field->name);
            if ((field->form || field->key_form) && field->type > TYPE_STRING &&
                field->type < TYPE_LIST)
                fail_msg("%s has a form, but is not a string", field->name);
            /* An example has the form. */
            if (field->form && field->form->check && field->type == TYPE_STRING && field->example &&
                field->example[0] != '"' && field->form->check(str_from_c(field->example)))
                fail_msg("the example of %s does not have its form", field->name);
            if (!field->default_value || field->type > TYPE_BOOL)
                continue;
            /* A default must be a valid value. */
            struct schema alone = {.what = "a test", .fields = field, .count = 1};
            read_with(unit, &alone, NULL,
                      str_format(&unit->arena, "{%s: %s}", field->name, field->default_value).data);
            assert_no_diags(unit);
        }
    }
    assert_int_equal(summaries, 12); /* the list in README.md is short */
    assert_null(schema_find(&file_schema, STR("nam")));
}

/* Adds a map, and the maps that its fields refer to, unless they were added before. */
static void add_in_order(const struct schema *schema, const struct schema **order, size_t *count)
{
    for (size_t i = 0; i < *count; i++)
        if (order[i] == schema)
            return;
    assert_true(*count < SCHEMA_COUNT);
    order[(*count)++] = schema;
    for (size_t i = 0; i < schema->count; i++)
        if (schema->fields[i].schema)
            add_in_order(schema->fields[i].schema, order, count);
}

/* Maps are in the order of the fields that refer to them. */
static void test_the_order_of_maps(void **state)
{
    static const struct schema *const roots[] = {&service_schema, &file_schema, &module_schema,
                                                 &database_schema, &cloud_schema};
    const struct schema *order[SCHEMA_COUNT];
    size_t count = 0;
    (void)state;
    for (size_t i = 0; i < COUNT_OF(roots); i++)
        add_in_order(roots[i], order, &count);
    assert_int_equal(count, SCHEMA_COUNT);
    for (size_t i = 0; i < count; i++)
        assert_string_equal(schemas[i]->title, order[i]->title);
}

/* Examples must be valid. */
static void test_examples_are_valid(void **state)
{
    struct unit *unit = *state;
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        for (size_t j = 0; j < schemas[i]->count; j++) {
            const struct field *field = &schemas[i]->fields[j];
            if (!field->example || field->type == TYPE_ANY)
                continue;
            struct schema alone = {.what = "a test", .fields = field, .count = 1};
            read_with(unit, &alone, NULL,
                      str_format(&unit->arena, "%s: %s", field->name, field->example).data);
            assert_no_diags(unit);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_defaults),
        UNIT_TEST(test_null_is_not_set),
        UNIT_TEST(test_values),
        UNIT_TEST(test_keywords),
        UNIT_TEST(test_invalid_values),
        UNIT_TEST(test_an_invalid_keyword_of_a_record),
        UNIT_TEST(test_all_errors_are_reported_and_valid_fields_are_read),
        UNIT_TEST(test_an_invalid_required_field_is_not_missing),
        UNIT_TEST(test_open_schemas_allow_unknown_fields),
        UNIT_TEST(test_placeholders_are_filled_in),
        UNIT_TEST(test_type_names),
        UNIT_TEST(test_the_table_is_consistent),
        UNIT_TEST(test_the_order_of_maps),
        UNIT_TEST(test_examples_are_valid),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
