#include "unit.h"
#include "yaml/emit.h"
#include "yaml/parse_manifest.h"
#include "yaml/parse_strict.h"

static void test_generated_trees(void **state)
{
    struct unit *unit = *state;
    struct arena *arena = &unit->arena;
    struct node *map = node_new(arena, NODE_MAP);
    assert_null(node_get(map, "a"));
    struct node *text = node_set_string(arena, map, "a", STR("yes"));
    struct node *number = node_set_int(arena, map, "b", INT64_MIN);
    struct node *flag = node_set_bool(arena, map, "c", false);
    struct node *list = node_set_list(arena, map, "d");
    struct node *inner = node_set_map(arena, map, "e");
    assert_ptr_equal(node_get(map, "a"), text);
    assert_ptr_equal(node_get(map, "d"), list);
    assert_ptr_equal(node_get(map, "e"), inner);
    assert_null(node_get(map, ""));
    assert_int_equal(text->style, STYLE_TEXT);
    assert_int_equal(number->style, STYLE_PLAIN);
    assert_str(number->text, "-9223372036854775808");
    assert_int_equal(flag->style, STYLE_PLAIN);
    assert_str(flag->text, "false");
    assert_str(node_set_bool(arena, inner, "f", true)->text, "true");
    assert_null(list->first);
    struct node *first = node_append_string(arena, list, STR("x"));
    struct node *second = node_append_map(arena, list);
    assert_ptr_equal(list->first, first);
    assert_ptr_equal(first->next, second);
    assert_ptr_equal(list->last, second);
    assert_null(second->next);
    /* In the order of insertion. */
    static const char *const keys[] = {"a", "b", "c", "d", "e"};
    size_t i = 0;
    for (const struct node *value = map->first; value; value = value->next)
        assert_str(value->key->text, keys[i++]);
    assert_int_equal(i, COUNT_OF(keys));
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
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_int_equal(node_is_null(node_scalar(&unit->arena, STYLE_PLAIN, rows[i].text)),
                         rows[i].null);
        assert_false(node_is_null(node_scalar(&unit->arena, STYLE_TEXT, rows[i].text)));
        assert_false(node_is_null(node_scalar(&unit->arena, STYLE_DOUBLE, rows[i].text)));
        assert_false(node_is_null(node_scalar(&unit->arena, STYLE_LITERAL, rows[i].text)));
    }
    assert_false(node_is_null(node_new(&unit->arena, NODE_MAP)));
    assert_false(node_is_null(node_new(&unit->arena, NODE_LIST)));
}

static void test_verbatim_texts(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str file;
        size_t text_at; /* 0: escapes, folds or indentation move the bytes */
    } rows[] = {
        {TEXT("a: xxYYzz\n"), 3},
        {TEXT("a: 'xxYYzz'\n"), 4},
        {TEXT("a: \"xxYYzz\"\n"), 4},
        {TEXT("\xEF\xBB\xBF"
              "a: 'xxYYzz'\n"),
         7},
        {TEXT("a: |-\n  xxYYzz\n"), 8},
        {TEXT("a: >-\n    xxYYzz\n"), 10},
        {TEXT("a: \"\\x78xYYzz\"\n"), 0},
        {TEXT("a: 'x''YYzz'\n"), 0},
        {TEXT("a: xx\n  YYzz\n"), 0},
        {TEXT("a: |-\n  xx\n  YYzz\n"), 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct source *source = unit_source(unit, rows[i].file);
        const struct node *root = load_service(&unit->arena, source, &unit->diags);
        assert_no_diags(unit);
        const struct node *text = node_get(root, "a");
        if (node_is_verbatim(text) != (rows[i].text_at > 0) ||
            (rows[i].text_at && text->text_at != rows[i].text_at))
            fail_msg("row %zu: at %zu", i, text->text_at);
    }
    assert_false(node_is_verbatim(node_scalar(&unit->arena, STYLE_TEXT, STR("abc"))));
}

static struct node *manifest(struct unit *unit, const char *text)
{
    const struct source *source = unit_source(unit, str_from_c(text));
    struct node *root = NULL;
    assert_true(load_manifest(&unit->arena, source, 0, source->text.len, &unit->diags, &root));
    return root;
}

static void test_paths(void **state)
{
    struct unit *unit = *state;
    const struct node *root = manifest(unit, "a: {b: {c: x}, d: [y], e: ~, f: '', g: &g {h: z}}\n"
                                             "alias: *g\n"
                                             "scalar: &s text\n"
                                             "other: *s\n"
                                             "nothing:\n"
                                             "null_alias: &n ~\n"
                                             "to_null: *n\n"
                                             "quoted: 'null'\n"
                                             "twice: 1\n"
                                             "twice: 2\n"
                                             "'': {k: empty key}\n");
    static const struct {
        const char *path;
        const char *text; /* NULL: not found */
    } rows[] = {
        {"a b c", "x"},
        {"a g h", "z"},
        {"alias h", "z"},
        {"scalar", "text"},
        {"other", "text"},
        {"quoted", "null"},
        {"a f", ""},
        {"twice", "2"},
        {"a", ""},
        {"a b", ""},
        {"a d", ""},
        {"a x", NULL},
        {"x", NULL},
        {"x y z", NULL},
        {"a b c d", NULL},
        {"a d y", NULL},
        {"scalar text", NULL},
        {"alias x", NULL},
        {"a e", NULL},
        {"nothing", NULL},
        {"nothing x", NULL},
        {"to_null", NULL},
        {"", NULL},
        {"A", NULL},
        {"aa", NULL},
        {"a b cc", NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *found = node_at(root, rows[i].path);
        if ((found != NULL) != (rows[i].text != NULL))
            fail_msg("\"%s\"", rows[i].path);
        if (found)
            assert_str(node_string(found), rows[i].text);
    }
    assert_null(node_at(NULL, "a"));
    assert_null(node_at(node_get(root, "scalar"), "a"));
    assert_null(node_at(node_at(root, "a d"), "y"));
    assert_ptr_equal(node_at(root, "alias"), node_at(root, "a g"));
    /* From an alias itself. */
    assert_str(node_string(node_at(node_get(root, "alias"), "h")), "z");
    assert_ptr_equal(node_target(node_get(root, "alias")), node_at(root, "a g"));
    assert_ptr_equal(node_target(node_get(root, "a")), node_get(root, "a"));
    assert_null(node_target(NULL));
}

static void test_merges(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        const char *expected; /* of "m a"; NULL: nothing */
    } rows[] = {
        {"x: &x {a: 1}\nm: {<<: *x}\n", "1"},
        {"m: {<<: {a: 1}}\n", "1"},
        {"m: {<<: [{b: 1}, {a: 2}]}\n", "2"},
        {"x: &x {a: 1}\ny: &y {a: 2}\nm: {<<: [*x, *y]}\n", "1"},
        {"x: &x {a: 1}\ny: &y {a: 2}\nm: {<<: [*y, *x]}\n", "2"},
        {"l: &l [{b: 1}, {a: 2}]\nm: {<<: *l}\n", "2"},
        /* Later keys override earlier ones, as in go.yaml.in/yaml/v2. */
        {"m: {<<: {a: 1}, a: 3}\n", "3"},
        {"m: {a: 3, <<: {a: 1}}\n", "1"},
        {"m: {a: 3, <<: {b: 1}}\n", "3"},
        {"m: {a: 3, <<: {a: 1}, a: 2}\n", "2"},
        {"m: {a: 3, a: 2, <<: {a: 1}}\n", "1"},
        {"m: {<<: {a: 1}, <<: {a: 2}}\n", "2"},
        {"m: {<<: {a: 1}, <<: {b: 2}}\n", "1"},
        {"m: {<<: {a: 1}, a: ''}\n", ""},
        {"m: {<<: {a: 1}, a: ~}\n", NULL},
        /* Merge keys in a merged map. */
        {"m: {<<: {b: 1, <<: {a: 4}}}\n", "4"},
        {"m: {<<: {<<: {a: 4}, a: 5}}\n", "5"},
        {"m: {<<: [{<<: {a: 4}}, {a: 5}]}\n", "4"},
        {"m: {<<: &x {b: 1}}\n", NULL},
        {"m: {<<: text}\n", NULL},
        {"m: {<<: }\n", NULL},
        {"m: {<<: []}\n", NULL},
        {"m: {<<: [text, {a: 6}]}\n", "6"},
        {"m: {<<: [[{a: 6}]]}\n", NULL},
        /* A map on the path can also come from a merge key. */
        {"<<: {m: {a: 7}}\n", "7"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *found = node_at(manifest(unit, rows[i].text), "m a");
        if ((found != NULL) != (rows[i].expected != NULL))
            fail_msg("%s", rows[i].text);
        if (found)
            assert_str(node_string(found), rows[i].expected);
        unit_reset(unit);
    }
}

static void test_effective_maps(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        const char *expected;
    } rows[] = {
        {"m: {a: 1, b: 2}\n", "{\"a\": 1, \"b\": 2}"},
        {"m: {a: 1, b: 2, a: 3}\n", "{\"b\": 2, \"a\": 3}"},
        {"m: {<<: {a: 1, b: 2}, a: 3}\n", "{\"b\": 2, \"a\": 3}"},
        {"m: {a: 3, <<: {a: 1, b: 2}}\n", "{\"a\": 1, \"b\": 2}"},
        {"m: {<<: [{a: 1}, {a: 2, c: 3}]}\n", "{\"c\": 3, \"a\": 1}"},
        {"m: {<<: {b: 1, <<: {a: 2}}, \"<<\": x}\n", "{\"b\": 1, \"a\": 2, \"<<\": \"x\"}"},
        {"m: {<<: text, a: 1}\n", "{\"a\": 1}"},
        {"m: {<<: }\n", "{}"},
        {"x: &x {a: 1}\nm: {<<: *x, b: *x}\n", "{\"a\": 1, \"b\": {\"a\": 1}}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *map = node_get(manifest(unit, rows[i].text), "m");
        struct buf out = {0};
        emit_inline(&out, node_copy(&unit->arena, map), true);
        buf_add_byte(&out, 0);
        assert_string_equal(out.data, rows[i].expected);
        buf_free(&out);
        unit_reset(unit);
    }
}

/* Nested merge keys are followed up to the maximum depth. */
static void test_merges_in_merges(void **state)
{
    enum { MAPS = MANIFEST_DEPTH_MAX - 1, CHAINED = 28 };
    struct unit *unit = *state;
    struct str open = unit_repeat(unit, "{<<: ", MAPS - 1);
    struct str close = unit_repeat(unit, "}", MAPS - 1);
    struct buf text = {0};
    buf_add(&text, STR("a0: &a0 {a: x}\n"));
    for (int i = 1; i <= CHAINED; i++)
        buf_format(&text, "a%d: &a%d %.*s*a%d%.*s\n", i, i, STR_ARG(open), i - 1, STR_ARG(close));
    buf_format(&text, "m: *a%d\n", CHAINED);
    assert_str(node_string(node_at(manifest(unit, str_to_c(&unit->arena, buf_str(&text))), "m a")),
               "x");
    buf_free(&text);
}

static void test_texts(void **state)
{
    struct unit *unit = *state;
    const struct node *root = manifest(unit, "a: &a 'x'\nb: *a\nc: {d: e}\nf: [g]\nh:\ni: *a\n");
    assert_str(node_string(node_get(root, "a")), "x");
    assert_str(node_string(node_get(root, "b")), "x");
    assert_str(node_string(node_get(root, "c")), "");
    assert_str(node_string(node_get(root, "f")), "");
    assert_str(node_string(node_get(root, "h")), "");
    assert_str(node_string(NULL), "");
}

static void assert_stands_nowhere(const struct node *node)
{
    assert_null(node->span.source);
    assert_int_not_equal(node->kind, NODE_ALIAS);
    if (node->key)
        assert_stands_nowhere(node->key);
    for (const struct node *child = node->first; child; child = child->next)
        assert_stands_nowhere(child);
}

static void test_copies(void **state)
{
    struct unit *unit = *state;
    struct node *root = manifest(unit, "a: &a {k: x, l: [1, 'two']}\n"
                                       "b: *a\n"
                                       "c: &c !!str text\n"
                                       "d: *c\n"
                                       "e: {}\n"
                                       "f: []\n"
                                       "'g': h\n");
    struct node *copy = node_copy(&unit->arena, root);
    assert_stands_nowhere(copy);
    assert_null(copy->next);
    static const char *const keys[] = {"a", "b", "c", "d", "e", "f", "g"};
    size_t i = 0;
    for (const struct node *value = copy->first; value; value = value->next)
        assert_str(value->key->text, keys[i++]);
    assert_int_equal(i, COUNT_OF(keys));
    assert_str(node_string(node_at(copy, "a k")), "x");
    assert_str(node_string(node_at(copy, "b k")), "x");
    assert_ptr_not_equal(node_at(copy, "a"), node_at(copy, "b"));
    assert_str(node_string(node_get(copy, "d")), "text");
    assert_int_equal(node_get(copy, "e")->kind, NODE_MAP);
    assert_int_equal(node_get(copy, "f")->kind, NODE_LIST);
    const struct node *list = node_at(copy, "b l");
    assert_str(list->first->text, "1");
    assert_str(list->last->text, "two");
    assert_null(list->last->next);
    /* Copies only a value, without its key and next sibling. */
    struct node *value = node_copy(&unit->arena, node_get(root, "b"));
    assert_null(value->key);
    assert_null(value->next);
    assert_int_equal(value->kind, NODE_MAP);
    /* Changing the copy does not change the original. */
    node_set_string(&unit->arena, value, "new", STR("y"));
    assert_null(node_at(root, "a new"));
}

/* A number stays a number, and a string stays a string. */
static void test_styles_of_copies(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        enum scalar_style style;
    } rows[] = {
        {"x", STYLE_TEXT},
        {"12", STYLE_PLAIN},
        {"-1.5e3", STYLE_PLAIN},
        {"0o17", STYLE_PLAIN},
        {"true", STYLE_PLAIN},
        {"yes", STYLE_PLAIN},
        {"null", STYLE_PLAIN},
        {"~", STYLE_PLAIN},
        {"2001-12-14", STYLE_PLAIN},
        {"1,000", STYLE_PLAIN},
        {"'12'", STYLE_TEXT},
        {"\"true\"", STYLE_TEXT},
        {"''", STYLE_TEXT},
        {"|\n 12", STYLE_TEXT},
        {">-\n yes", STYLE_TEXT},
        /* A string to every reader, although we would quote it. */
        {"\xF0\x9F\x98\x80", STYLE_TEXT},
        {"\xF0\x9F\x98\x80, x", STYLE_TEXT},
        {":x", STYLE_TEXT},
        {"?x", STYLE_TEXT},
        {"<x", STYLE_TEXT},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *copy = node_copy(&unit->arena, manifest(unit, rows[i].text));
        if (copy->style != rows[i].style)
            fail_msg("\"%s\" has style %d", rows[i].text, (int)copy->style);
        assert_str(node_copy(&unit->arena, copy)->text, str_to_c(&unit->arena, copy->text));
        assert_int_equal(node_copy(&unit->arena, copy)->style, copy->style);
        unit_reset(unit);
    }
}

/* Asserts the keys of a map, and that appending still works. */
static void assert_keys(struct unit *unit, struct node *map, const char *keys)
{
    struct buf found = {0};
    const struct node *last = NULL;
    for (const struct node *value = map->first; value; value = value->next) {
        buf_format(&found, "%.*s=%.*s ", STR_ARG(value->key->text), STR_ARG(value->text));
        last = value;
    }
    struct str text = buf_take(&unit->arena, &found);
    assert_str(text, keys);
    assert_ptr_equal(map->last, last);
}

static struct node *map_of(struct unit *unit, const char *keys)
{
    struct node *map = node_new(&unit->arena, NODE_MAP);
    for (const char *key = keys; *key; key++)
        node_set_string(&unit->arena, map, str_format(&unit->arena, "%c", *key).data, STR("1"));
    return map;
}

static void test_removing(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *keys, *key, *left, *more;
    } rows[] = {
        {"abc", "a", "b=1 c=1 ", "b=1 c=1 z=2 "},
        {"abc", "b", "a=1 c=1 ", "a=1 c=1 z=2 "},
        {"abc", "c", "a=1 b=1 ", "a=1 b=1 z=2 "},
        {"ab", "b", "a=1 ", "a=1 z=2 "},
        {"a", "a", "", "z=2 "},
        {"abc", "d", "a=1 b=1 c=1 ", "a=1 b=1 c=1 z=2 "},
        {"abc", "", "a=1 b=1 c=1 ", "a=1 b=1 c=1 z=2 "},
        {"", "a", "", "z=2 "},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct node *map = map_of(unit, rows[i].keys);
        node_remove(map, rows[i].key);
        assert_keys(unit, map, rows[i].left);
        node_remove(map, rows[i].key);
        assert_keys(unit, map, rows[i].left);
        node_set_string(&unit->arena, map, "z", STR("2"));
        assert_keys(unit, map, rows[i].more);
    }
    struct node *map = map_of(unit, "abc");
    node_remove(map, "b");
    node_remove(map, "c");
    node_remove(map, "a");
    assert_keys(unit, map, "");
    node_remove(NULL, "a");
}

static void test_replacing(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *keys, *key, *left, *more;
    } rows[] = {
        {"abc", "a", "a=new b=1 c=1 ", "a=new b=1 c=1 z=2 "},
        {"abc", "b", "a=1 b=new c=1 ", "a=1 b=new c=1 z=2 "},
        {"abc", "c", "a=1 b=1 c=new ", "a=1 b=1 c=new z=2 "},
        {"a", "a", "a=new ", "a=new z=2 "},
        {"abc", "d", "a=1 b=1 c=1 ", "a=1 b=1 c=1 z=2 "},
        {"", "a", "", "z=2 "},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct node *map = map_of(unit, rows[i].keys);
        node_replace(map, rows[i].key, node_scalar(&unit->arena, STYLE_TEXT, STR("new")));
        assert_keys(unit, map, rows[i].left);
        node_set_string(&unit->arena, map, "z", STR("2"));
        assert_keys(unit, map, rows[i].more);
    }
    struct node *value = node_scalar(&unit->arena, STYLE_TEXT, STR("new"));
    node_replace(NULL, "a", value);
    assert_null(value->key);
}

/* Nodes of another type than a map have no keys. */
static void test_keys_of_other_nodes(void **state)
{
    struct unit *unit = *state;
    struct node *list = node_new(&unit->arena, NODE_LIST);
    node_append(list, node_new(&unit->arena, NODE_MAP));
    enum { OTHERS = 2 };
    struct node *const others[OTHERS] = {list, node_scalar(&unit->arena, STYLE_PLAIN, STR("a"))};
    for (size_t i = 0; i < OTHERS; i++) {
        const struct node *first = others[i]->first;
        assert_null(node_get(others[i], "a"));
        assert_null(node_at_key(others[i], STR("a")));
        node_remove(others[i], "a");
        node_replace(others[i], "a", node_scalar(&unit->arena, STYLE_PLAIN, STR("b")));
        assert_ptr_equal(others[i]->first, first);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_generated_trees),
        UNIT_TEST(test_null),
        UNIT_TEST(test_verbatim_texts),
        UNIT_TEST(test_paths),
        UNIT_TEST(test_merges),
        UNIT_TEST(test_merges_in_merges),
        UNIT_TEST(test_effective_maps),
        UNIT_TEST(test_texts),
        UNIT_TEST(test_copies),
        UNIT_TEST(test_styles_of_copies),
        UNIT_TEST(test_removing),
        UNIT_TEST(test_replacing),
        UNIT_TEST(test_keys_of_other_nodes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
