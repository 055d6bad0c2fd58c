#include "unit.h"
#include "yaml/top_level.h"

static void test_distances(void **state)
{
    (void)state;
    static const struct {
        const char *key;
        size_t distance;
    } rows[] = {
        {"modules", 0},
        {"Modules", 1},
        {"mod-ules", 1},
        {"\"modules\"", 1},
        {"module", 1},
        {"moduels", 1},
        {"modules2", 1},
        {"nodules", 1},
        {"models", 2},
        {"modul", 2},
        {"name", SIZE_MAX},
        {"", SIZE_MAX},
        {"rules", SIZE_MAX},
        {"modulesmodulesmodules", SIZE_MAX},
        {"environments", SIZE_MAX},
        {"x-modules", SIZE_MAX},
        {"x_modules", 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (top_level_distance(str_from_c(rows[i].key)) != rows[i].distance)
            fail_msg("%s is %zu edits away", rows[i].key,
                     top_level_distance(str_from_c(rows[i].key)));
}

static void test_keys(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool found;
    } rows[] = {
        {"", false},
        {"modules:", true},
        {"modules", false},
        {"modules: x", true},
        {"modules :\n", true},
        {"a: b\r\nModules:\r\n", true},
        {"a: b\rmoduls:\r", true},
        {"a: b\n# modules:\n", false},
        {"a: modules:\n", false},
        {"a:\n  modules:\n", false},
        {"a: 1\n modules:\n", true},
        {"  a: 1\n  modules:\n", true},
        {"  a: 1\nmodules:\n", true},
        {"  a: 1\n    modules:\n", false},
        {"- modules:\n", false},
        {"'modules': x", true},
        {"\"modules\" : x", true},
        {"\"modules\n", false},
        {"? modules\n: []", true},
        {"? \"modules\"\n: []", true},
        {"? module", true},
        {"?\n", false},
        {"!!str modules: x", true},
        {"&a !b modules: x", true},
        {"!modules\n", false},
        {"--- modules: x", true},
        {"a: 1\n---\n  b: 1\n  modules:\n", true},
        {"a: 1\n...\n  b: 1\n  modules:\n", true},
        {"\xEF\xBB\xBFmodules:", true},
        {"{{ if }}\n  a: 1\n  modules:\n", true},
        {"{% if %}\n  a: 1\n  modules:\n", true},
        {"{{ modules: }}\n", false},
        {"{modules: []}", true},
        {"x-modules: []\n", false},
        {"{x-modules: []}", false},
        {"x-a: &modules b\n", false},
        {"{a: {modules: []}}", false},
        {"{a: [modules: 1]}", false},
        {"{\"a\":1,\"modules\":[]}", true},
        {"{'a': 'it''s, modules: x', b: 1}", false},
        {"{\"a\": \"\\\", modules: x\", b: 1}", false},
        {"{a: 1, # }\n modules: []}", true},
        {"{a: 1, // }\n modules: []}", true},
        {"{a: http://x#}, modules: []}", true},
        {"{a: 1, # modules: 1\n b: 2}", false},
        {"{a: 1,\n ? modules\n : []}", true},
        {"{a: \"x", false},
        {"{a: [1, modules: []", true},
        {"{a: [1, modules:", true},
        {"{a: 1}\n{modules: 1}", true},
        {"{a: 1}, x, modules: 1}", true},
        {"{a: 1}\nmodules: 1", true},
        {"{a: {b: 1\n  modules: 1", true},
        {"{", false},
        {"}\n", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (top_level_has_modules(str_from_c(rows[i].text)) != rows[i].found)
            fail_msg("%s\nis %s", rows[i].text, rows[i].found ? "not found" : "found");
}

static void test_utf16(void **state)
{
    (void)state;
    assert_true(top_level_has_modules(STR("\xFF\xFEm\0o\0d\0u\0l\0e\0s\0:\0")));
    assert_true(top_level_has_modules(STR("\xFE\xFF\0m\0o\0d\0u\0l\0e\0s\0:")));
    assert_true(top_level_has_modules(STR("m\0o\0d\0u\0l\0e\0s\0:\0")));
    assert_false(top_level_has_modules(STR("\xFF\xFEm\0o\0d\0e\0:\0")));
    assert_false(top_level_has_modules(STR("\xFF\xFE")));
}

/* The cost grows no faster than the text. */
static void test_many_brackets(void **state)
{
    struct unit *unit = *state;
    enum { MANY = 1000000 };
    assert_false(top_level_has_modules(unit_repeat(unit, "{", MANY)));
    assert_false(top_level_has_modules(unit_repeat(unit, "{\n", MANY)));
    assert_false(top_level_has_modules(unit_repeat(unit, "{}\n", MANY)));
    assert_false(top_level_has_modules(unit_repeat(unit, "{,\"", MANY)));
    assert_false(top_level_has_modules(unit_repeat(unit, "? ", MANY)));
    assert_false(top_level_has_modules(unit_repeat(unit, "{a: !b ", MANY)));
    assert_false(top_level_has_modules(unit_repeat(unit, "{, ! ! ", MANY)));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_distances),
        UNIT_TEST(test_keys),
        UNIT_TEST(test_utf16),
        UNIT_TEST(test_many_brackets),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
