#include "unit.h"

#include "base/map.h"
#include "config/foreign_word.h"
#include "yaml/parse_strict.h"

static struct str hint_of(struct unit *unit, const struct schema *schema, const char *word,
                          const char *yaml)
{
    const struct node *map = NULL;
    if (yaml)
        map =
            load_service(&unit->arena, unit_source(unit, str_format(&unit->arena, "x: %s\n", yaml)),
                         &unit->diags);
    return foreign_word_hint(&unit->arena, schema, str_from_c(word), map ? map->first : NULL);
}

static void test_comparison_ignores_case_and_separators(void **state)
{
    static const char *const words[] = {"readinessProbe", "readiness_probe", "READINESS-PROBE",
                                        "readinessprobe"};
    for (size_t i = 0; i < COUNT_OF(words); i++)
        assert_contains(hint_of(*state, &service_schema, words[i], NULL), "readiness_probe_path");
    assert_int_equal(hint_of(*state, &service_schema, "readinessProbes", NULL).len, 0);
    assert_int_equal(hint_of(*state, &service_schema, "", NULL).len, 0);
    assert_int_equal(hint_of(*state, &toleration_schema, "replicas", NULL).len, 0);
    assert_contains(hint_of(*state, NULL, "replicas", NULL), "min_containers: 3");
}

static void test_hints_repeat_plain_values(void **state)
{
    static const struct {
        const char *word, *value, *hint;
    } rows[] = {
        {"replicas", "5", "write min_containers: 5 and max_containers: 5"},
        {"replicas", "\"5\"", "write min_containers: 5 and max_containers: 5"},
        {"replicas", "", "write min_containers: 3 and max_containers: 3"},
        {"replicas", "{a: 1}", "write min_containers: 3 and max_containers: 3"},
        {"host", "a.example.com", "write public_uri: a.example.com"},
        {"host", "\"a\\nb: c\"", "write public_uri: app.example.com"},
        {"hosts", "[a.com, b.com]", "write public_uri: [a.com, b.com]"},
        {"hosts", "[a.com]", "write public_uri: a.com"},
        {"hosts", "[a.com, {b: c}]", "write public_uri: app.example.com"},
        {"hosts", "[]", "write public_uri: app.example.com"},
        {"hosts", "[a, b, c, d, e, f]", "write public_uri: app.example.com"},
        {"command", "./run", "write a list: commands: [./run]"},
        {"command", "[npm, start]", "write a list: commands: [npm, start]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(hint_of(*state, &service_schema, rows[i].word, rows[i].value), rows[i].hint);
    struct unit *unit = *state;
    struct str long_host = unit_repeat(unit, "a", 61);
    assert_str(hint_of(unit, &service_schema, "host", long_host.data),
               "write public_uri: app.example.com");
}

/* Every word is in the form used for comparison and occurs in only one row. */
static void test_rows(void **state)
{
    static const struct {
        const struct schema *schema;
        const char *words, *sample, *hint;
    } rows[] = {
#define WORDS(schema, ...) {&schema##_schema, __VA_ARGS__},
#define FORM(...)
#include "config/foreign_words.def"
    };
    struct unit *unit = *state;
    struct map seen = {0};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str words = str_from_c(rows[i].words);
        assert_true(strchr(rows[i].hint, '$') == NULL || *rows[i].sample);
        for (size_t at = 0; at < words.len;) {
            size_t end = str_find(words, at, ' ');
            struct str word = str_slice(words, at, end);
            struct str key =
                str_format(&unit->arena, "%p %.*s", (const void *)rows[i].schema, STR_ARG(word));
            if (word.len == 0 || !str_span_only(word, "abcdefghijklmnopqrstuvwxyz"))
                fail_msg("\"%.*s\" is not in lower case", STR_ARG(word));
            if (map_add(&unit->arena, &seen, key, key.data))
                fail_msg("\"%.*s\" occurs in two rows", STR_ARG(word));
            at = end + 1;
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_comparison_ignores_case_and_separators),
        UNIT_TEST(test_hints_repeat_plain_values),
        UNIT_TEST(test_rows),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
