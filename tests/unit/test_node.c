#include "load_service.h"
#include "unit.h"

static void test_made_trees(void **state)
{
    struct unit *unit = *state;
    struct arena *arena = &unit->arena;
    struct node *map = node_new(arena, NODE_MAP);
    assert_null(node_get(map, "a"));
    struct node *text = put_text(arena, map, "a", STR("yes"));
    struct node *number = put_int(arena, map, "b", INT64_MIN);
    struct node *flag = put_bool(arena, map, "c", false);
    struct node *list = put_list(arena, map, "d");
    struct node *inner = put_map(arena, map, "e");
    assert_ptr_equal(node_get(map, "a"), text);
    assert_ptr_equal(node_get(map, "d"), list);
    assert_ptr_equal(node_get(map, "e"), inner);
    assert_null(node_get(map, ""));
    assert_int_equal(text->style, STYLE_TEXT);
    assert_int_equal(number->style, STYLE_PLAIN);
    assert_str(number->text, "-9223372036854775808");
    assert_int_equal(flag->style, STYLE_PLAIN);
    assert_str(flag->text, "false");
    assert_str(put_bool(arena, inner, "f", true)->text, "true");
    assert_null(list->first);
    struct node *first = add_text(arena, list, STR("x"));
    struct node *second = add_map(arena, list);
    assert_ptr_equal(list->first, first);
    assert_ptr_equal(first->next, second);
    assert_ptr_equal(list->last, second);
    assert_null(second->next);
    /* In the order they were put. */
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    size_t i = 0;
    for (const struct node *value = map->first; value; value = value->next)
        assert_str(value->key->text, keys[i++]);
    assert_int_equal(i, COUNT(keys));
}

static void test_null(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str text;
        bool null;
    } rows[] = {
        {TEXT(""), true},      {TEXT("~"), true},     {TEXT("null"), true},    {TEXT("Null"), true},
        {TEXT("NULL"), true},  {TEXT("nULL"), false}, {TEXT("nil"), false},    {TEXT("~~"), false},
        {TEXT("none"), false}, {TEXT("0"), false},    {TEXT("null\0"), false},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        assert_int_equal(node_is_null(node_scalar(&unit->arena, STYLE_PLAIN, rows[i].text)),
                         rows[i].null);
        assert_false(node_is_null(node_scalar(&unit->arena, STYLE_TEXT, rows[i].text)));
        assert_false(node_is_null(node_scalar(&unit->arena, STYLE_DOUBLE, rows[i].text)));
        assert_false(node_is_null(node_scalar(&unit->arena, STYLE_LITERAL, rows[i].text)));
    }
    assert_false(node_is_null(node_new(&unit->arena, NODE_MAP)));
    assert_false(node_is_null(node_new(&unit->arena, NODE_LIST)));
}

/* A place inside a text is exact where the file holds the text as it is. */
static void test_places_inside_texts(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str file;
        size_t start, end; /* of bytes 2 to 4 of the text */
    } rows[] = {
        {TEXT("a: xxYYzz\n"), 5, 7},
        {TEXT("a: 'xxYYzz'\n"), 6, 8},
        {TEXT("a: \"xxYYzz\"\n"), 6, 8},
        {TEXT("\xEF\xBB\xBF"
              "a: 'xxYYzz'\n"),
         9, 11},
        {TEXT("a: |-\n  xxYYzz\n"), 10, 12},
        {TEXT("a: >-\n    xxYYzz\n"), 12, 14},
        /* Escapes, folds and indentation move the bytes: the scalar's own place instead. */
        {TEXT("a: \"\\x78xYYzz\"\n"), 3, 14},
        {TEXT("a: 'x''YYzz'\n"), 3, 12},
        {TEXT("a: xx\n  YYzz\n"), 3, 12},
        {TEXT("a: |-\n  xx\n  YYzz\n"), 8, 18},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        const struct source *source = unit_source(unit, rows[i].file);
        const struct node *root = load_service(&unit->arena, source, &unit->diags);
        assert_no_diags(unit);
        struct location at = node_text_location(node_get(root, "a"), 2, 2);
        if (at.source != source || at.start != rows[i].start || at.end != rows[i].end)
            fail_msg("row %zu: %zu to %zu", i, at.start, at.end);
    }
    const struct node *made = node_scalar(&unit->arena, STYLE_TEXT, STR("abc"));
    assert_null(node_text_location(made, 1, 1).source);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_made_trees),
        UNIT_TEST(test_null),
        UNIT_TEST(test_places_inside_texts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
