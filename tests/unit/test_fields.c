/* Tests of the rows of fields.def: each field rejects values of another type or outside its range,
 * accepts its example and its default, and has everything that the field reference shows. */
#include "config/schema.h"
#include "unit.h"
#include "yaml/parse_strict.h"

#include <inttypes.h>
#include <stdio.h>

/* Returns the value of the field after `NAME: text` is read. */
static const struct value *read_field(struct unit *unit, const struct schema *schema,
                                      const struct field *field, const char *text)
{
    unit_reset(unit);
    const struct source *source =
        unit_source(unit, str_format(&unit->arena, "%s: %s\n", field->name, text));
    struct node *node = load_service(&unit->arena, source, &unit->diags);
    assert_no_diags(unit);
    struct schema_reader reader = {.arena = &unit->arena, .diags = &unit->diags};
    struct record *record = schema_read(&reader, schema, node);
    assert_non_null(record);
    return &record->values[field - schema->fields];
}

static bool has_error_at_value(const struct unit *unit, const struct field *field)
{
    size_t value = strlen(field->name) + strlen(": ");
    for (size_t i = 0; i < unit->diags.count; i++)
        if (unit->diags.items[i].at.start >= value)
            return true;
    return false;
}

static void assert_rejects(struct unit *unit, const struct schema *schema,
                           const struct field *field, const char *text)
{
    const struct value *value = read_field(unit, schema, field, text);
    if (value->invalid && !value->node && has_error_at_value(unit, field))
        return;
    print_error("%s.%s accepts %s\n", schema->what, field->name, text);
    fail();
}

static void assert_accepts(struct unit *unit, const struct schema *schema,
                           const struct field *field, const char *text)
{
    const struct value *value = read_field(unit, schema, field, text);
    if (!value->invalid && value->node)
        return;
    struct str errors = unit_format_diags(unit);
    print_error("%s.%s rejects %s:\n%.*s\n", schema->what, field->name, text, STR_ARG(errors));
    fail();
}

static void assert_rejects_ints(struct unit *unit, const struct schema *schema,
                                const struct field *field)
{
    static const char *const invalid[] = {"many", "1.5",   "100m", "0x10",
                                          "010",  "1_000", "''",   "[1]"};
    for (size_t i = 0; i < COUNT_OF(invalid); i++)
        assert_rejects(unit, schema, field, invalid[i]);
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, field->min - 1);
    assert_rejects(unit, schema, field, text);
    snprintf(text, sizeof text, "%" PRId64, field->max + 1);
    assert_rejects(unit, schema, field, text);
    snprintf(text, sizeof text, "%" PRId64, field->min);
    assert_accepts(unit, schema, field, text);
    snprintf(text, sizeof text, "\"%" PRId64 "\"", field->max);
    assert_accepts(unit, schema, field, text);
}

/* A quantity outside the range of an integer is rejected too. */
static void assert_rejects_quantities(struct unit *unit, const struct schema *schema,
                                      const struct field *field)
{
    static const char *const invalid[] = {"many", "0x10", "010", "1_000", "''", "[1]", "1.2.3",
                                          "1 Gi", "1Gb",  "-1",  "-1Gi",  "+1", "1E",  "1n"};
    for (size_t i = 0; i < COUNT_OF(invalid); i++)
        assert_rejects(unit, schema, field, invalid[i]);
    int64_t scale = field->type == TYPE_CPU ? 1 : field->scale;
    char text[32];
    snprintf(text, sizeof text, "%" PRId64, field->max + 1);
    assert_rejects(unit, schema, field, text);
    snprintf(text, sizeof text, "%" PRId64 "%s", (field->max + 1) * scale,
             field->type == TYPE_CPU ? "m" : ".0");
    assert_rejects(unit, schema, field, text);
    snprintf(text, sizeof text, "%" PRId64 "%s", field->max * scale,
             field->type == TYPE_CPU ? "m" : ".0");
    assert_accepts(unit, schema, field, text);
    snprintf(text, sizeof text, "\"%" PRId64 "\"", field->max);
    assert_accepts(unit, schema, field, text);
    snprintf(text, sizeof text, "999999999999999999");
    assert_rejects(unit, schema, field, text);
}

static void assert_rejects_invalid(struct unit *unit, const struct schema *schema,
                                   const struct field *field)
{
    switch (field->type) {
    case TYPE_STRING:
        assert_rejects(unit, schema, field, "[a]");
        assert_rejects(unit, schema, field, "{a: b}");
        if (field->choices)
            assert_rejects(unit, schema, field, "zzz");
        break;
    case TYPE_INT:
        assert_rejects_ints(unit, schema, field);
        break;
    case TYPE_CPU:
    case TYPE_BYTES:
        assert_rejects_quantities(unit, schema, field);
        break;
    case TYPE_BOOL:
        assert_rejects(unit, schema, field, "maybe");
        assert_rejects(unit, schema, field, "1");
        assert_rejects(unit, schema, field, "[true]");
        break;
    case TYPE_LIST:
        assert_rejects(unit, schema, field, "{a: b}");
        assert_rejects(unit, schema, field, "[[a]]");
        assert_rejects(unit, schema, field, "[~]");
        if (!field->scalar_ok)
            assert_rejects(unit, schema, field, "a");
        break;
    case TYPE_MAP:
        assert_rejects(unit, schema, field, "[a]");
        assert_rejects(unit, schema, field, "a");
        assert_rejects(unit, schema, field, "{a: [b]}");
        assert_rejects(unit, schema, field, "{a: }");
        break;
    case TYPE_MAP_OR_PAIRS:
        assert_rejects(unit, schema, field, "a");
        assert_rejects(unit, schema, field, "[{name: a}]");
        assert_rejects(unit, schema, field, "{a: {b: c}}");
        break;
    case TYPE_RECORD:
        assert_rejects(unit, schema, field, "zzz");
        assert_rejects(unit, schema, field, "[{}]");
        assert_rejects(unit, schema, field, "{zzz: 1}");
        break;
    case TYPE_RECORDS:
        assert_rejects(unit, schema, field, "zzz");
        assert_rejects(unit, schema, field, "{}");
        assert_rejects(unit, schema, field, "[zzz]");
        assert_rejects(unit, schema, field, "[{zzz: 1}]");
        break;
    case TYPE_ANY: /* checked by another module */
        break;
    }
}

static void test_every_field_rejects_invalid_values(void **state)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++) {
            const struct field *field = &schemas[i]->fields[j];
            bool open_map = field->type == TYPE_RECORD && field->schema->allow_unknown;
            if (!open_map) /* schemas of providers allow unknown fields */
                assert_rejects_invalid(*state, schemas[i], field);
        }
}

/* Returns the empty map or list that a field accepts; NULL if it accepts neither. */
static const char *empty_value(const struct field *field)
{
    switch (field->type) {
    case TYPE_LIST:
    case TYPE_RECORDS:
    case TYPE_ANY:
        return "[]";
    case TYPE_MAP:
    case TYPE_RECORD:
    case TYPE_MAP_OR_PAIRS:
        return "{}";
    default:
        return NULL;
    }
}

static void test_empty_maps_and_lists_are_not_set(void **state)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++) {
            const struct field *field = &schemas[i]->fields[j];
            const char *empty = empty_value(field);
            if (!empty || field->prefix)
                continue;
            const struct value *value = read_field(*state, schemas[i], field, empty);
            bool is_unset = !value->node && !value->invalid && value->count == 0;
            /* An empty map that is kept may lack required fields. */
            if (is_unset == field->keeps_empty || (value->invalid && !field->keeps_empty))
                fail_msg("%s: %s", field->name, empty);
        }
}

static void test_every_field_accepts_its_example_and_default(void **state)
{
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++) {
            const struct field *field = &schemas[i]->fields[j];
            if (field->example && !field->prefix) /* fields with a prefix are ignored */
                assert_accepts(*state, schemas[i], field, field->example);
            if (field->default_value)
                assert_accepts(*state, schemas[i], field, field->default_value);
            if (field->keyword)
                assert_accepts(*state, schemas[i], field, field->keyword);
        }
}

static void test_every_field_is_documented(void **state)
{
    (void)state;
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        for (size_t j = 0; j < schemas[i]->count; j++) {
            const struct field *field = &schemas[i]->fields[j];
            assert_non_null(field->help);
            assert_int_equal(field->help[strlen(field->help) - 1], '.');
            assert_ptr_equal(schema_find(schemas[i], str_from_c(field->name)), field);
            assert_ptr_equal(schema_field((enum field_id)(schemas[i]->first + (int)j)), field);
            if (field->type == TYPE_INT || field->type == TYPE_CPU || field->type == TYPE_BYTES)
                assert_true(field->min <= field->max);
            if (field->type == TYPE_CPU || field->type == TYPE_BYTES) /* messages use both */
                assert_true(field->unit && field->example);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_every_field_rejects_invalid_values),
        UNIT_TEST(test_empty_maps_and_lists_are_not_set),
        UNIT_TEST(test_every_field_accepts_its_example_and_default),
        UNIT_TEST(test_every_field_is_documented),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
