#include "unit.h"
#include "yaml/emit.h"
#include "yaml/parse_json.h"

static struct str json_of(struct unit *unit, const struct node *node)
{
    struct buf out = {0};
    emit_inline(&out, node, true);
    return buf_take(&unit->arena, &out);
}

/* Strings are used in argument lists. */
static void check_ends(const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        assert_int_equal(strlen(node->text.data), node->text.len);
    for (const struct node *child = node->first; child; child = child->next) {
        if (child->key)
            check_ends(child->key);
        check_ends(child);
    }
}

static void test_values(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str text;
        const char *value; /* as emit_inline() writes it */
    } rows[] = {
        {TEXT("{}"), "{}"},
        {TEXT("[]"), "[]"},
        {TEXT(" \t\r\n[ 1 , 2 ]\n"), "[1, 2]"},
        {TEXT("{\"a\":{\"b\":[true,false,null]},\"c\":\"\"}"),
         "{\"a\": {\"b\": [true, false, null]}, \"c\": \"\"}"},
        {TEXT("\"a\""), "\"a\""},
        {TEXT("0"), "0"},
        {TEXT("-0"), "-0"},
        {TEXT("-12.50e+3"), "-12.50e+3"},
        {TEXT("1E-2"), "1E-2"},
        {TEXT("[\"1\", 1, \"true\"]"), "[\"1\", 1, \"true\"]"},
        {TEXT("\"\\\"\\\\\\/\\b\\f\\n\\r\\t\""), "\"\\\"\\\\/\\u0008\\u000c\\n\\u000d\\u0009\""},
        {TEXT("\"\\u0041\\u00e4\\u4E2d\""), "\"A\xC3\xA4\xE4\xB8\xAD\""},
        {TEXT("\"\\ud83d\\ude00\""), "\"\xF0\x9F\x98\x80\""},
        /* unpaired surrogates */
        {TEXT("\"\\ud83d\""), "\"\xEF\xBF\xBD\""},
        {TEXT("\"\\ude00x\""), "\"\xEF\xBF\xBDx\""},
        {TEXT("\"\\ud83d\\n\""), "\"\xEF\xBF\xBD\\n\""},
        {TEXT("\"\\ud83d\\u0041\""), "\"\xEF\xBF\xBD"
                                     "A\""},
        {TEXT("\"\\ud83d\\ud83d\\ude00\""), "\"\xEF\xBF\xBD\xF0\x9F\x98\x80\""},
        /* characters that YAML does not allow */
        {TEXT("\"a\\u0000b\""), "\"a\xEF\xBF\xBD"
                                "b\""},
        {TEXT("\"\x7F\xC2\x85\""), "\"\\u007f\\u0085\""},
        {TEXT("{\"a\\u0062\": 1}"), "{\"ab\": 1}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct node *root = load_json(&unit->arena, rows[i].text);
        if (!root)
            fail_msg("%.*s is rejected", STR_ARG(rows[i].text));
        assert_str(json_of(unit, root), rows[i].value);
        check_ends(root);
    }
}

static void test_types(void **state)
{
    struct unit *unit = *state;
    struct node *list = load_json(&unit->arena, STR("[8, \"8\", true, \"true\", null, \"null\"]"));
    int64_t number;
    const struct node *item = list->first;
    assert_true(node_to_int(item, &number));
    assert_int_equal(number, 8);
    assert_false(node_to_int(item->next, &number));
    item = item->next->next;
    assert_true(node_is_true(item));
    assert_false(node_is_true(item->next));
    item = item->next->next;
    assert_true(node_is_null(item));
    assert_false(node_is_null(item->next));
}

static void test_invalid_json(void **state)
{
    struct unit *unit = *state;
    static const struct str rows[] = {
        TEXT(""),
        TEXT(" "),
        TEXT("{"),
        TEXT("}"),
        TEXT("["),
        TEXT("]"),
        TEXT("[1,]"),
        TEXT("[,1]"),
        TEXT("[1 2]"),
        TEXT("[1}"),
        TEXT("{\"a\"}"),
        TEXT("{\"a\":}"),
        TEXT("{\"a\":1,}"),
        TEXT("{a:1}"),
        TEXT("{1:1}"),
        TEXT("{'a':1}"),
        TEXT("{\"a\" 1}"),
        TEXT("{\"a\":1"),
        TEXT("[[]"),
        TEXT("1 1"),
        TEXT("{}{}"),
        TEXT("{} x"),
        TEXT("tru"),
        TEXT("True"),
        TEXT("nan"),
        TEXT("NaN"),
        TEXT("Infinity"),
        TEXT("01"),
        TEXT("-01"),
        TEXT("+1"),
        TEXT("-"),
        TEXT(".5"),
        TEXT("1."),
        TEXT("1.e5"),
        TEXT("1e"),
        TEXT("1e+"),
        TEXT("0x1"),
        TEXT("1_0"),
        TEXT("\""),
        TEXT("\"a"),
        TEXT("\"\\\""),
        TEXT("\"\\"),
        TEXT("\"\\x41\""),
        TEXT("\"\\u00"),
        TEXT("\"\\u00g0\""),
        TEXT("\"\\ud83d\\u0\""),
        TEXT("\"\\u\""),
        TEXT("\"a\nb\""),
        TEXT("\"a\tb\""),
        TEXT("\"\0\""),
        TEXT("\0"),
        TEXT("{}\0"),
        TEXT("\"\xFF\""),
        TEXT("\"\xED\xA0\x80\""),
        TEXT("\xEF\xBB\xBF{}"),
        TEXT("# a\n{}"),
        TEXT("a: b"),
        TEXT("- a"),
        TEXT("[1]// a"),
        TEXT("\"\\0\""),
        TEXT("{\"a\":1,\"a\":2}"),
        TEXT("{\"a\":1,\"\\u0061\":2}"),
        TEXT("[{\"b\":{\"\":0,\"\":0}}]"),
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (load_json(&unit->arena, rows[i]))
            fail_msg("\"%.*s\" is accepted", STR_ARG(rows[i]));
}

/* Every prefix of a text is an error, and nothing after its end is read: the buffer has the
 * exact size. */
static void test_truncated_json(void **state)
{
    struct unit *unit = *state;
    struct str text = STR("{\"a\": [true, -1.5e-3, \"\\ud83d\\ude00\\n\xE4\xB8\xAD\"], \"b\": {}}");
    for (size_t len = 0; len < text.len; len++) {
        char *exact = malloc(len ? len : 1);
        memcpy(exact, text.data, len);
        struct node *root = load_json(&unit->arena, (struct str){exact, len});
        free(exact);
        assert_null(root);
    }
    assert_non_null(load_json(&unit->arena, text));
}

static struct str object_of(struct unit *unit, size_t keys, size_t last)
{
    struct buf out = {0};
    buf_add_byte(&out, '{');
    for (size_t i = 0; i < keys; i++)
        buf_format(&out, "\"k%zu\":0,", i);
    buf_format(&out, "\"k%zu\":1}", last);
    return buf_take(&unit->arena, &out);
}

static void test_duplicate_keys_in_large_objects(void **state)
{
    struct unit *unit = *state;
    for (size_t keys = 1; keys < 100; keys++) {
        assert_non_null(load_json(&unit->arena, object_of(unit, keys, keys)));
        for (size_t last = 0; last < keys; last++)
            assert_null(load_json(&unit->arena, object_of(unit, keys, last)));
        unit_reset(unit);
    }
}

static void test_depth(void **state)
{
    struct unit *unit = *state;
    for (size_t depth = JSON_DEPTH_MAX; depth <= JSON_DEPTH_MAX + 1; depth++) {
        struct str text =
            str_format(&unit->arena, "%.*s%.*s", STR_ARG(unit_repeat(unit, "[", depth)),
                       STR_ARG(unit_repeat(unit, "]", depth)));
        assert_int_equal(load_json(&unit->arena, text) != NULL, depth == JSON_DEPTH_MAX);
    }
    /* Siblings do not count as depth. */
    struct str text = str_format(&unit->arena, "[%.*s[]]",
                                 STR_ARG(unit_repeat(unit, "[],", 2 * (size_t)JSON_DEPTH_MAX)));
    assert_non_null(load_json(&unit->arena, text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_values),
        UNIT_TEST(test_types),
        UNIT_TEST(test_invalid_json),
        UNIT_TEST(test_truncated_json),
        UNIT_TEST(test_duplicate_keys_in_large_objects),
        UNIT_TEST(test_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
