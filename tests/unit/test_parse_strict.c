#include "unit.h"
#include "yaml/parse_strict.h"

static const struct node *load(struct unit *unit, struct str text)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    return load_service(&unit->arena, unit_source(unit, text), &unit->diags);
}

static const struct node *load_right(struct unit *unit, const char *text)
{
    const struct node *root = load(unit, str_from_c(text));
    assert_no_diags(unit);
    assert_non_null(root);
    return root;
}

static void test_tree(void **state)
{
    struct unit *unit = *state;
    const struct node *root = load_right(unit, "name: hello # comment\n"
                                               "list:\n"
                                               "- 1\n"
                                               "- [a, {b: c}]\n"
                                               "empty:\n"
                                               "'quoted ''key''': \"a\\tb\"\n");
    assert_int_equal(root->kind, NODE_MAP);
    assert_str(node_get(root, "name")->text, "hello");
    const struct node *list = node_get(root, "list");
    assert_int_equal(list->kind, NODE_LIST);
    assert_str(list->first->text, "1");
    assert_str(list->first->next->first->text, "a");
    assert_str(node_get(list->first->next->first->next, "b")->text, "c");
    assert_true(node_is_null(node_get(root, "empty")));
    assert_str(node_get(root, "quoted 'key'")->text, "a\tb");
}

static void test_styles_and_strings(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *file;
        enum scalar_style style;
        const char *text;
    } rows[] = {
        {"a: b c", STYLE_PLAIN, "b c"},
        {"a: yes", STYLE_PLAIN, "yes"},
        {"a: 0777", STYLE_PLAIN, "0777"},
        {"a: b\n  c\n\n  d", STYLE_PLAIN, "b c\nd"},
        {"a: 'b ''c'''", STYLE_SINGLE, "b 'c'"},
        {"a: ''", STYLE_SINGLE, ""},
        {"a: \"\"", STYLE_DOUBLE, ""},
        {"a: \"\\u00e4\\n\\x41\\/\"", STYLE_DOUBLE, "\xC3\xA4\nA/"},
        {"a: \"\\ud83d\\ude00\"", STYLE_DOUBLE, "\xF0\x9F\x98\x80"}, /* as JSON writes it */
        {"a: |\n  b\n   c\n", STYLE_LITERAL, "b\n c\n"},
        {"a: |-\n  b\n", STYLE_LITERAL, "b"},
        {"a: |+\n  b\n\n", STYLE_LITERAL, "b\n\n"},
        {"a: >\n  b\n  c\n", STYLE_FOLDED, "b c\n"},
        {"{\"a\": \"b\"}", STYLE_DOUBLE, "b"},
        {"{\"a\":1}", STYLE_PLAIN, "1"},
        {"a: b\r\n", STYLE_PLAIN, "b"},
        {"a: |\r\n  b\r\n  c\r\n", STYLE_LITERAL, "b\nc\n"},
        {"\xEF\xBB\xBF"
         "a: b",
         STYLE_PLAIN, "b"},
        {"---\na: b\n...\n", STYLE_PLAIN, "b"},
        {"# c\n\n--- # c\na: b\n", STYLE_PLAIN, "b"},
        {"? a\n: b\n", STYLE_PLAIN, "b"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *value = node_get(load_right(unit, rows[i].file), "a");
        if (!value || value->style != rows[i].style || !str_eq_c(value->text, rows[i].text))
            fail_msg("row %zu: %s", i, value ? value->text.data : "missing");
    }
}

static void test_spans_are_the_bytes_as_written(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str file;
        const char *span;
        size_t text_at;
    } rows[] = {
        {TEXT("a: bc"), "bc", 3},
        {TEXT("a: 'b''c'  # d"), "'b''c'", 4},
        {TEXT("a: \"b\\tc\" "), "\"b\\tc\"", 4},
        {TEXT("a: ''"), "''", 4},
        {TEXT("\xEF\xBB\xBF"
              "a: 'b'"),
         "'b'", 7},
        {TEXT("\xC3\xA4: b\na: \xE4\xB8\xAD\n"), "\xE4\xB8\xAD", 9},
        {TEXT("{x: y,a: bc}"), "bc", 9},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *root = load(unit, rows[i].file);
        assert_no_diags(unit);
        const struct node *value = node_get(root, "a");
        struct str span = str_slice(value->span.source->text, value->span.start, value->span.end);
        assert_str(span, rows[i].span);
        assert_int_equal(value->text_at, rows[i].text_at);
    }
    /* A missing value has the position of its key. */
    const struct node *root = load_right(unit, "x: y\nabc:\nz: []\n");
    const struct node *empty = node_get(root, "abc");
    assert_int_equal(empty->span.start, 5);
    assert_int_equal(empty->span.end, 8);
}

static void test_rejected(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str file;
        size_t line, column;
        const char *message, *hint;
    } rows[] = {
        {TEXT(""), 0, 0, "empty", ""},
        {TEXT("\n\n"), 0, 0, "empty", ""},
        {TEXT("# only a comment\n"), 0, 0, "empty", ""},
        {TEXT("---\n"), 0, 0, "empty", ""},
        {TEXT("~"), 0, 0, "empty", ""},
        {TEXT("\xEF\xBB\xBF"), 0, 0, "empty", ""},
        {TEXT("a: b\0c"), 1, 5, "a NUL byte, which YAML does not allow", "remove it"},
        {TEXT("a: b\n\xFF"), 2, 1, "not UTF-8", "UTF-8"},
        {TEXT("a: \x07"), 1, 4, "a control character, which YAML does not allow", "remove it"},
        {TEXT("a: b\nc: d\na: e\n"), 3, 1, "duplicate key \"a\"", "first defined on line 1"},
        {TEXT("a: b\n\"a\": c\n"), 2, 1, "duplicate key \"a\"", "first defined on line 1"},
        {TEXT("x: {a: 1, b: 2, a: 3}"), 1, 17, "duplicate key \"a\"", ""},
        {TEXT("a: b\r\na: c\r\n"), 2, 1, "duplicate key \"a\"", ""},
        {TEXT("? [a]\n: b\n"), 1, 3, "a key must be a string", "quote"},
        {TEXT("{a: b}: c\n"), 1, 1, "a key must be a string", "quote"},
        {TEXT("a: *b\n"), 1, 4, "the anchor of this alias is not defined before it", "quote"},
        {TEXT("a: *b\nc: &b d\n"), 1, 4, "the anchor of this alias is not defined before it",
         "define it above"},
        {TEXT("a: &long b\nc: *lung\n"), 2, 4, "anchor of this alias", "did you mean *long?"},
        {TEXT("*b : c\n"), 1, 1, "an alias cannot be a key", "write the key itself"},
        {TEXT("a: &b c\n*b : d\n"), 2, 1, "an alias cannot be a key", "write the key itself"},
        {TEXT("a: &b c\nd: &b e\n"), 2, 4, "duplicate anchor", "first defined on line 1"},
        {TEXT("a: &b [*b]\n"), 1, 8, "this alias is inside its own anchor", "x-"},
        {TEXT("a: &b {<<: *b}\n"), 1, 12, "this alias is inside its own anchor", "x-"},
        {TEXT("a: &b {c: &d {e: *b}}\n"), 1, 18, "this alias is inside its own anchor", "x-"},
        {TEXT("<<: a\n"), 1, 5, "a merge key (<<) must refer to a map, not a string", "<<: *NAME"},
        {TEXT("<<:\n"), 1, 1, "a merge key (<<) must refer to a map, not a string", "<<: *NAME"},
        {TEXT("<<: [{a: b}, c]\n"), 1, 14, "must refer to a map, not a string", "<<: *NAME"},
        {TEXT("<<: [[{a: b}]]\n"), 1, 6, "must refer to a map, not a nested list", "<<: *NAME"},
        {TEXT("a: &b c\n<<: *b\n"), 2, 5, "must refer to a map, not a string", "<<: *NAME"},
        {TEXT("<<: *b\n"), 1, 5, "anchor of this alias", "define it above"},
        {TEXT("<<: {a: b}\n<<: {c: d}\n"), 2, 1, "duplicate key \"<<\"", "[*ONE, *OTHER]"},
        {TEXT("<<: {a: b, a: c}\n"), 1, 12, "duplicate key \"a\"", "remove one of them"},
        {TEXT("a: b\n...\n*c\n"), 3, 2, "single YAML document", "remove"},
        {TEXT("a: !!str b\n"), 1, 4, "tags", "quote"},
        {TEXT("a: !b [c]\n"), 1, 4, "tags", "quote"},
        {TEXT("a: !<x> b\n"), 1, 4, "tags", "quote"},
        {TEXT("a: \"b\\0c\"\n"), 1, 4, "NUL character", "remove the \\0"},
        {TEXT("%YAML 1.2\n---\na: b\n"), 1, 1, "directives", "remove"},
        {TEXT("# c\n%TAG ! tag:x,2000:\n---\na: b\n"), 2, 1, "directives", "remove"},
        {TEXT("a: b\n---\nc: d\n"), 2, 1, "single YAML document", "remove"},
        {TEXT("a: b\n---\n"), 2, 1, "single YAML document", "remove"},
        {TEXT("a: |0\n  b\n"), 0, 0, "invalid YAML", "header"},
        {TEXT("a: b\n  \tc: d\n"), 2, 3, "tab in the indentation", "spaces"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *root = load(unit, rows[i].file);
        if (root)
            fail_msg("row %zu is accepted", i);
        assert_errors(unit, 1);
        assert_diag(unit, 0, rows[i].line, rows[i].column, rows[i].message, rows[i].hint);
    }
}

/* Not only the first error: all errors after which parsing can continue. */
static void test_all_duplicates_are_reported(void **state)
{
    struct unit *unit = *state;
    assert_null(load(unit, STR("a: 1\nb: {c: 1, c: 2}\na: 2\nd: 1\nd: 2\na: 3\n")));
    assert_errors(unit, 4);
    assert_diag(unit, 0, 2, 11, "\"c\"", "line 2");
    assert_diag(unit, 1, 3, 1, "\"a\"", "line 1");
    assert_diag(unit, 2, 5, 1, "\"d\"", "line 4");
    assert_diag(unit, 3, 6, 1, "\"a\"", "line 1");
}

static void test_unknown_directive_is_rejected(void **state)
{
    struct unit *unit = *state;
    assert_null(load(unit, STR("%FOO bar\n---\na: b\n")));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 1, 1, "directives", "remove");
}

static void test_second_document_without_a_mark(void **state)
{
    struct unit *unit = *state;
    assert_null(load(unit, STR("a: b\n...\nc: d\n")));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 3, 1, "single YAML document", "");
}

/* The most common mistake has its own message, at the tab. */
static void test_tabs_in_the_indentation(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *file;
        size_t line, column;
    } rows[] = {
        {"\ta: b\n", 1, 1},
        {"a:\n\tb: c\n", 2, 1},
        {"a:\n \tb: c\n", 2, 2},
        {"a:\n  b: c\n\td: e\n", 3, 1},
        {"a:\n  b: c\n  \td: e\n", 3, 3},
        {"a:\n  - b\n\t- c\nd: e\n", 3, 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_null(load(unit, str_from_c(rows[i].file)));
        assert_errors(unit, 1);
        assert_diag(unit, 0, rows[i].line, rows[i].column, "tab in the indentation", "spaces");
    }
}

static void test_syntax_errors_point_at_their_line(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *file;
        size_t line;
        const char *message;
    } rows[] = {
        {"a: b\n c: d\ne: f\n", 2, "this key is indented further than the one above"},
        {"a: b\n\n  c\n  d: e\n", 4, "this key is indented further than the one above"},
        {"a:b\nc: d\n", 1, "multiline"},
        {"a: \"\\q\"\nb: c\n", 1, "escape"},
        {"a: b: c\nd: e\n", 1, "nested"},
        {"x: y\na: @b\nd: e\n", 2, "cannot start with '@'"},
        {"x: y\na: `b\nd: e\n", 2, "cannot start with '`'"},
        {"x: y\na: 'b' c\nd: e\n", 2, "trailing content"},
        {"x: y\n]\nd: e\n", 2, "bracket"},
        {"x: \xC3\xA4\na: @b\n", 2, "cannot start with '@'"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_null(load(unit, str_from_c(rows[i].file)));
        assert_errors(unit, 1);
        const struct diag *diag = unit->diags.items;
        assert_contains(diag->message, rows[i].message);
        size_t line = diag_position(diag->at.source, diag->at.start).line;
        if (line != rows[i].line)
            fail_msg("\"%s\" is reported for line %zu, not %zu", rows[i].message, line,
                     rows[i].line);
    }
}

static void test_truncated_files(void **state)
{
    struct unit *unit = *state;
    static const char *const files[] = {"a: \"b",   "a: 'b", "a: [b",          "a: {b: c",
                                        "a: [b,\n", "{",     "a: {b: [",       "\"",
                                        "a: \"b\\", "- [",   "a: b\nc: \"\n\n"};
    for (size_t i = 0; i < COUNT_OF(files); i++) {
        if (load(unit, str_from_c(files[i])))
            fail_msg("\"%s\" is accepted", files[i]);
        assert_errors(unit, 1);
    }
}

/* Formats a tree on one line: a=1 [2 {b=3}] */
static void write_tree(struct buf *out, const struct node *node)
{
    bool map = node->kind == NODE_MAP;
    if (node->key)
        buf_format(out, "%.*s=", STR_ARG(node->key->text));
    if (node->kind == NODE_SCALAR) {
        buf_add(out, node->text);
        return;
    }
    buf_add(out, map ? STR("{") : STR("["));
    for (const struct node *child = node->first; child; child = child->next) {
        write_tree(out, child);
        buf_add(out, child->next ? STR(" ") : STR(""));
    }
    buf_add(out, map ? STR("}") : STR("]"));
}

static void assert_tree(struct unit *unit, const char *text, const char *expected)
{
    struct buf out = {0};
    write_tree(&out, load_right(unit, text));
    struct str tree = str_copy(&unit->arena, buf_str(&out));
    buf_free(&out);
    assert_str(tree, expected);
}

static void test_aliases(void **state)
{
    struct unit *unit = *state;
    assert_tree(unit, "a: &x b\nc: *x\nd: [*x, *x]\n", "{a=b c=b d=[b b]}");
    assert_tree(unit, "a: &x\nc: *x\n", "{a= c=}");
    assert_tree(unit, "a: &x {b: [1, 2]}\nc: *x\nd: {e: *x}\n",
                "{a={b=[1 2]} c={b=[1 2]} d={e={b=[1 2]}}}");
    assert_tree(unit, "- &x\n  a: &y b\n- *x\n- *y\n", "[{a=b} {a=b} b]");
    assert_tree(unit, "&x a: b\nc: *x\n", "{a=b c=a}");
    assert_tree(unit, "a: &x |\n  *x &y\nb: *x\n", "{a=*x &y\n b=*x &y\n}");
    assert_tree(unit, "{\"a\": &x \"b\", \"c\": *x }\n", "{a=b c=b}");
    assert_tree(unit, "a: '*x'\nb: \"&x\"\n", "{a=*x b=&x}");
}

/* As in https://yaml.org/type/merge.html and PyYAML. */
static void test_merge_keys(void **state)
{
    struct unit *unit = *state;
    assert_tree(unit, "a: &x {b: 1, c: 2}\nd: {<<: *x}\n", "{a={b=1 c=2} d={b=1 c=2}}");
    assert_tree(unit, "a: &x {b: 1, c: 2}\nd:\n  <<: *x\n  c: 3\n", "{a={b=1 c=2} d={b=1 c=3}}");
    assert_tree(unit, "a: &x {b: 1, c: 2}\nd:\n  c: 3\n  <<: *x\n", "{a={b=1 c=2} d={c=3 b=1}}");
    assert_tree(unit, "a: &x {b: 1}\nd: {e: 1, <<: *x, f: 2}\n", "{a={b=1} d={e=1 b=1 f=2}}");
    assert_tree(unit, "- &x {a: 1}\n- &y {a: 2, b: 2}\n- <<: [*x, *y]\n- <<: [*y, *x]\n",
                "[{a=1} {a=2 b=2} {a=1 b=2} {a=2 b=2}]");
    assert_tree(unit, "- &x {a: 1}\n- &y {<<: *x, b: 2}\n- {<<: *y, c: 3}\n",
                "[{a=1} {a=1 b=2} {a=1 b=2 c=3}]");
    assert_tree(unit, "<<: {a: {b: 1}}\nc: 2\n", "{a={b=1} c=2}");
    assert_tree(unit, "a: &x {b: {c: 1}}\nd: {<<: *x, b: {e: 2}}\n", "{a={b={c=1}} d={b={e=2}}}");
    assert_tree(unit, "a: {<<: [], b: 1}\n", "{a={b=1}}");
    assert_tree(unit, "a: {<<: {}}\n", "{a={}}");
    assert_tree(unit, "a: {'<<': b, <<: {c: d}}\n", "{a={<<=b c=d}}");
}

static void assert_use(const struct node *node, size_t start, size_t use)
{
    assert_int_equal(node->span.start, start);
    assert_int_equal(location_of_use(node->span).start, use);
}

/* Locations are those of the anchored text, with the alias that is outermost. */
static void test_uses(void **state)
{
    struct unit *unit = *state;
    const struct node *root = load_right(unit, "a: &x {b: 1}\nc: &y {d: *x}\ne: *y\n");
    assert_use(node_get(node_get(root, "a"), "b"), 10, 10);
    const struct node *second = node_get(root, "c");
    assert_use(second, 19, 19);
    assert_use(node_get(second, "d"), 6, 23);
    assert_use(node_get(node_get(second, "d"), "b"), 10, 23);
    const struct node *third = node_get(root, "e");
    assert_use(third, 19, 30);
    assert_use(node_get(third, "d"), 6, 30);
    assert_use(node_get(node_get(third, "d"), "b"), 10, 30);
    assert_use(node_get(node_get(third, "d"), "b")->key, 7, 30);
    root = load_right(unit, "a: &x {b: 1}\nc: {<<: *x, d: 2}\n");
    assert_use(node_get(node_get(root, "c"), "b"), 10, 21);
    assert_use(node_get(node_get(root, "c"), "d"), 28, 28);
    assert_true(source_is_same(node_get(node_get(root, "c"), "b")->span.source, root->span.source));
}

static void test_closing_brackets_under_their_key(void **state)
{
    struct unit *unit = *state;
    assert_tree(unit, "a: {\n  b: 1\n}\n", "{a={b=1}}");
    assert_tree(unit, "a: [\n  b,\n]\nc: {\n  d: [\n    e\n  ]\n}\n", "{a=[b] c={d=[e]}}");
    assert_tree(unit, "- a: {\n    b: 1\n  }\n", "[{a={b=1}}]");
    assert_tree(unit, "- {\n  b: 1\n}\n", "[{b=1}]");
    assert_tree(unit, "a: [\n  {b: 1\n}\n]\n", "{a=[{b=1}]}");
    assert_tree(unit, "a: [\r\n  b\r\n]\r\n", "{a=[b]}");
    assert_tree(unit, "a: [\n  b\n# ] c\n \n\t\n]\nc: 'd\n  e\n\n  f'\n", "{a=[b] c=d e\nf}");
    static const struct {
        const char *file;
        size_t line, column;
        const char *message, *hint;
    } rows[] = {
        {"a: {\nb: 1\n}\n", 2, 1, "wrongly indented", "further than its key"},
        {"x: {\n}\na: {\nb: 1\n}\n", 4, 1, "invalid indentation", "further than its key"},
        {"x: {\n}\na: [b\n, c]\n", 4, 1, "invalid indentation", "further than its key"},
        {"x: {\n}\na: {b\n: c}\n", 4, 1, "invalid indentation", "further than its key"},
        {"x: {\n}\na: {b:\n'c'}\n", 4, 1, "invalid indentation", "further than its key"},
        {"x: {\n}\na: 'b\nc'\n", 4, 1, "invalid indentation", "further than its key"},
        {"x: {\n}\na: [\"b\n]\"]\n", 4, 1, "invalid indentation", "further than its key"},
        {"x: {\n}\na: [\n\tb]\n", 4, 1, "tab", "spaces"},
        {"- x: {\n  }\n- a: {\n    b: 1\n }\n", 5, 2, "invalid indentation",
         "further than its key"},
        {"x: {\n}\na: [\n  b\n}\n", 5, 1, "mismatched", ""},
        {"x: {\n}\na: {b: c\n", 0, 0, "", ""},
        {"x: {\n}\nx: 1\n", 3, 1, "duplicate key \"x\"", "line 1"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (load(unit, str_from_c(rows[i].file)))
            fail_msg("row %zu is accepted", i);
        assert_errors(unit, 1);
        if (rows[i].line)
            assert_diag(unit, 0, rows[i].line, rows[i].column, rows[i].message, rows[i].hint);
    }
}

/* Returns "[[...x...]]", `depth` levels below the file's own map. */
static struct str nested(struct unit *unit, size_t depth, const char *open, const char *close)
{
    struct str opens = unit_repeat(unit, open, depth - 1);
    struct str closes = unit_repeat(unit, close, depth - 1);
    return str_format(&unit->arena, "a: %.*sx%.*s\n", STR_ARG(opens), STR_ARG(closes));
}

static void test_depth_on_both_sides_of_the_limit(void **state)
{
    struct unit *unit = *state;
    static const char *const kinds[][2] = {{"[", "]"}, {"{b: ", "}"}};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct node *root =
            load(unit, nested(unit, FILE_DEPTH_MAX, kinds[i][0], kinds[i][1]));
        assert_no_diags(unit);
        size_t depth = 0;
        for (; root->kind != NODE_SCALAR; root = root->first)
            depth++;
        assert_int_equal(depth, FILE_DEPTH_MAX);
        static const size_t too_deep[] = {FILE_DEPTH_MAX + 1, FILE_DEPTH_MAX + 2, 10000, 200000};
        for (size_t j = 0; j < COUNT_OF(too_deep); j++) {
            assert_null(load(unit, nested(unit, too_deep[j], kinds[i][0], kinds[i][1])));
            assert_errors(unit, 1);
            size_t column = 4 + (FILE_DEPTH_MAX - 1) * strlen(kinds[i][0]);
            assert_diag(unit, 0, 1, column, "maps and lists are nested more than 32 levels deep",
                        "");
        }
    }
}

static void test_largest_file(void **state)
{
    struct unit *unit = *state;
    struct str text = unit_repeat(unit, "a", FILE_SIZE_MAX - 3);
    const struct node *root = load(unit, str_format(&unit->arena, "b: %.*s", STR_ARG(text)));
    assert_no_diags(unit);
    assert_int_equal(node_get(root, "b")->text.len, FILE_SIZE_MAX - 3);
    /* Returns a file with as many distinct keys as fit. */
    struct buf keys = {0};
    size_t count = 0;
    while (keys.len < FILE_SIZE_MAX - 20)
        buf_format(&keys, "k%zu:\n", count++);
    root = load(unit, buf_str(&keys));
    buf_free(&keys);
    assert_no_diags(unit);
    size_t found = 0;
    for (const struct node *value = root->first; value; value = value->next)
        found++;
    assert_int_equal(found, count);
}

/* xorshift32 with a fixed seed: the same inputs on every machine. */
static uint32_t next_random(uint32_t *random)
{
    *random ^= *random << 13;
    *random ^= *random >> 17;
    return *random ^= *random << 5;
}

/* For any input, parsing returns a tree or an error, with positions inside the file. */
static void test_damaged_files_give_a_tree_or_an_error(void **state)
{
    struct unit *unit = *state;
    static const char seed[] =
        "name: hello\nmodules:\n  - name: app # c\n    type: k8s-service\n"
        "    env_vars: {A: 'x', \"B\": \"\\u00e4\", C: [1, 2]}\n    text: |-\n      literal\n"
        "    fold: >+\n      a\n      b\n\n    ? key\n    : value\n    \xC3\xA4: \xE4\xB8\xAD\r\n"
        "x-a: &a {b: [\n  c\n]}\nx-b: &b {<<: *a, d: *a}\nx-c: {<<: [*b, *a], b: x\n}\n";
    static const char bytes[] = "\t\n\r #%&*!|>'\"-?:,[]{}@`~\\\x80\xC3\xFF\x01y0.<=";
    uint32_t random = 0x6f707461;
    for (size_t i = 0; i < 5000; i++) {
        char text[sizeof seed - 1];
        memcpy(text, seed, sizeof text);
        size_t len = sizeof text;
        for (uint32_t edits = next_random(&random) % 4 + 1; edits > 0; edits--) {
            size_t at = next_random(&random) % len;
            uint32_t kind = next_random(&random) % 4;
            if (kind == 0)
                len = at + 1;
            else if (kind == 1)
                memmove(text + at, text + at + 1, --len - at);
            else
                text[at] = bytes[next_random(&random) % (sizeof bytes - 1)];
            if (len == 0)
                len = 1;
        }
        const struct node *root = load(unit, (struct str){text, len});
        if (!root != (unit->diags.errors > 0))
            fail_msg("round %zu: %zu errors, %s", i, unit->diags.errors, root ? "tree" : "none");
        for (size_t j = 0; j < unit->diags.count; j++) {
            struct location at = unit->diags.items[j].at;
            if (!location_is_file(at) && (at.start > len || at.end > len || at.start > at.end))
                fail_msg("round %zu: place %zu to %zu of %zu", i, at.start, at.end, len);
        }
        unit_written(unit);
        unit_forget(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_tree),
        UNIT_TEST(test_styles_and_strings),
        UNIT_TEST(test_spans_are_the_bytes_as_written),
        UNIT_TEST(test_rejected),
        UNIT_TEST(test_all_duplicates_are_reported),
        UNIT_TEST(test_unknown_directive_is_rejected),
        UNIT_TEST(test_second_document_without_a_mark),
        UNIT_TEST(test_tabs_in_the_indentation),
        UNIT_TEST(test_syntax_errors_point_at_their_line),
        UNIT_TEST(test_truncated_files),
        UNIT_TEST(test_aliases),
        UNIT_TEST(test_merge_keys),
        UNIT_TEST(test_uses),
        UNIT_TEST(test_closing_brackets_under_their_key),
        UNIT_TEST(test_depth_on_both_sides_of_the_limit),
        UNIT_TEST(test_largest_file),
        UNIT_TEST(test_damaged_files_give_a_tree_or_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
