#include "unit.h"

#include "yaml/edit.h"
#include "yaml/parse_manifest.h"

/* One edit per line: PATH = VALUE sets, -PATH removes, PATH + VALUE appends to a list, PATH ^
 * VALUE inserts before its first item. A path consists of keys and list indexes. Missing maps
 * and lists are created. */

static struct node *child(struct edit *edit, struct node *node, struct str word, bool list)
{
    node = node_target(node);
    if (node->kind == NODE_LIST) {
        struct node *item = node->first;
        for (size_t i = strtoul(word.data, NULL, 10); item && i > 0; i--)
            item = item->next;
        return item;
    }
    const char *key = str_to_c(edit->arena, word);
    struct node *value = node_target(node_get(node, key));
    if (value && value->kind == (list ? NODE_LIST : NODE_MAP))
        return value;
    if (value && value->kind == NODE_LIST)
        return value;
    return list ? edit_list(edit, node, key) : edit_map(edit, node, key);
}

static struct node *value_of(struct unit *unit, struct str text)
{
    struct node *root = NULL;
    struct diags diags = {.arena = &unit->arena};
    assert_true(load_manifest(&unit->arena, unit_source(unit, text), 0, text.len, &diags, &root));
    return node_copy(&unit->arena, root);
}

static void apply(struct unit *unit, struct edit *edit, const char *line)
{
    struct str text = str_from_c(line);
    bool removes = text.data[0] == '-';
    size_t end = removes ? text.len : 0;
    while (end < text.len && !strchr("=+^", text.data[end]))
        end++;
    struct str path = str_slice(text, removes ? 1 : 0, removes ? end : end - 1);
    char kind = removes ? '-' : text.data[end];
    struct str words[8];
    size_t count = 0;
    for (size_t at = 0; at < path.len;) {
        size_t to = str_find(path, at, ' ');
        words[count++] = str_slice(path, at, to);
        at = to + 1;
    }
    bool list = kind == '+' || kind == '^';
    struct node *node = edit->root;
    for (size_t i = 0; node && i + (list ? 0 : 1) < count; i++)
        node = child(edit, node, words[i], list && i + 1 == count);
    if (!node)
        return;
    if (kind == '-' && node_target(node)->kind == NODE_LIST) {
        const struct node *item = child(edit, node_target(node), words[count - 1], false);
        edit_remove_item(edit, node, item);
        return;
    }
    if (kind == '-') {
        edit_remove(edit, node, str_to_c(&unit->arena, words[count - 1]));
        return;
    }
    struct node *value = value_of(unit, str_skip(text, end + 2));
    if (kind == '=')
        edit_set(edit, node, words[count - 1], value);
    else
        edit_insert(edit, node, kind == '^' ? node->first : NULL, value);
}

static bool run(struct unit *unit, const char *document, const char *edits, struct str *ret)
{
    const struct source *source = unit_source(unit, str_from_c(document));
    struct node *root = NULL;
    if (!load_manifest(&unit->arena, source, 0, source->text.len, &unit->diags, &root))
        return false;
    struct edit edit = edit_begin(&unit->arena, &unit->diags, source, 0, source->text.len, root);
    struct str lines = str_from_c(edits);
    struct str line;
    for (size_t at = 0; str_next_line(lines, &at, &line);)
        apply(unit, &edit, str_to_c(&unit->arena, line));
    struct buf out = {0};
    bool ok = edit_write(&edit, &out);
    *ret = buf_take(&unit->arena, &out);
    return ok;
}

struct edited {
    const char *document;
    const char *edits;
    const char *expected;
};

static void check(struct unit *unit, const struct edited *rows, size_t count)
{
    size_t failed = 0;
    for (size_t i = 0; i < count; i++) {
        struct str out = {0};
        unit_reset(unit);
        if (run(unit, rows[i].document, rows[i].edits, &out) && str_eq_c(out, rows[i].expected))
            continue;
        failed++;
        print_error("row %zu: %s\n%s\n-- became\n%.*s\n-- not\n%s\n%s\n", i, rows[i].edits,
                    rows[i].document, STR_ARG(out), rows[i].expected, unit_format_diags(unit).data);
    }
    assert_int_equal(failed, 0);
}

static void block_maps_grow_at_their_end(void **state)
{
    static const struct edited rows[] = {
        {"a: 1\n", "b = 2", "a: 1\nb: 2\n"},
        {"a: 1", "b = 2", "a: 1\nb: 2"},
        {"a: 1 # one\n# end\n", "b = 2", "a: 1 # one\nb: 2\n# end\n"},
        {"a:\n  b: 1\n\n  # c\nd: 2\n", "a x = 3", "a:\n  b: 1\n  x: 3\n\n  # c\nd: 2\n"},
        {"a:\n  b: 1\n", "a c = {d: e}\nf = 1", "a:\n  b: 1\n  c:\n    d: e\nf: 1\n"},
        {"a:\n    b: 1\n", "c = {d: e}", "a:\n    b: 1\nc:\n    d: e\n"},
        {"a:\n  - b\nc: 1\n", "d = [e, {f: 1, g: 2}]",
         "a:\n  - b\nc: 1\nd:\n  - e\n  - f: 1\n    g: 2\n"},
        {"a:\n- b\n", "c = [d]", "a:\n- b\nc:\n- d\n"},
        {"- a: 1\n- b: 2\n", "0 c = 3", "- a: 1\n  c: 3\n- b: 2\n"},
        {"a: |\n  text\nb: 1\n", "c = 2", "a: |\n  text\nb: 1\nc: 2\n"},
        {"a: |\n  text\n", "c = 2", "a: |\n  text\nc: 2\n"},
        {"a: |+\n  text\n\n\n", "c = 2", "a: |+\n  text\n\n\nc: 2\n"},
        {"a: |\n  text\n\n# note\n", "c = 2", "a: |\n  text\n\nc: 2\n# note\n"},
        {"b: 1\na: |\n  text", "c = 2", "b: 1\nc: 2\na: |\n  text"},
        {"a: |\n  text", "c = 2", "c: 2\na: |\n  text"},
        {"- a: |\n    text", "0 c = 2", "- c: 2\n  a: |\n    text"},
        {"a: >-\n  text\n  more\n", "c = 2", "a: >-\n  text\n  more\nc: 2\n"},
        {"a: one\n  two\n", "c = 2", "a: one\n  two\nc: 2\n"},
        {"a: \"one\n  two\"\n", "c = 2", "a: \"one\n  two\"\nc: 2\n"},
        {"a: {b: 1,\n  c: 2}\n", "d = 3", "a: {b: 1,\n  c: 2}\nd: 3\n"},
        {"a:\n", "b = 1", "a:\nb: 1\n"},
        {"a:", "b = 1", "a:\nb: 1"},
        {"a: ~ # none\n", "b = 1", "a: ~ # none\nb: 1\n"},
        {"? a\n: 1\n", "b = 2", "? a\n: 1\nb: 2\n"},
        {"--- # first\na: 1\n", "b = 2", "--- # first\na: 1\nb: 2\n"},
        {"a: 1\n...\n", "b = 2", "a: 1\nb: 2\n...\n"},
        {"%YAML 1.1\n---\na: 1\n", "b = 2", "%YAML 1.1\n---\na: 1\nb: 2\n"},
        {"\xEF\xBB\xBF"
         "a: 1\n",
         "b = 2",
         "\xEF\xBB\xBF"
         "a: 1\nb: 2\n"},
        {"a: 1\r\nb: 2\r\n", "c = {d: 1}", "a: 1\r\nb: 2\r\nc:\r\n  d: 1\r\n"},
        {"---\n# c\na: 1\r\n", "b = 2", "---\n# c\na: 1\r\nb: 2\r\n"},
        {"# c\r\na: 1", "b = 2", "# c\r\na: 1\r\nb: 2"},
        {"é: ü # ö\nb: ñ\n", "c = 日", "é: ü # ö\nb: ñ\nc: 日\n"},
        {"a: 1\n", "b = \"yes\"\nc = '0777'\nd = \"x: y\"\ne = ''\nf = 7",
         "a: 1\nb: \"yes\"\nc: \"0777\"\nd: \"x: y\"\ne: \"\"\nf: 7\n"},
        {"a: !!map\n  b: 1\n", "a c = 2", "a: !!map\n  b: 1\n  c: 2\n"},
        {"a: &x\n  b: 1\n", "a c = 2", "a: &x\n  b: 1\n  c: 2\n"},
        {"  a: 1\n  b: 2\n", "c = 3", "  a: 1\n  b: 2\n  c: 3\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void values_are_replaced_in_place(void **state)
{
    static const struct edited rows[] = {
        {"a: 1 # one\nb: 2\n", "a = 3", "a: 3 # one\nb: 2\n"},
        {"a:  'x'   # one\n", "a = y", "a:  y   # one\n"},
        {"a: \"x\"\n", "a = 'null'", "a: \"null\"\n"},
        {"a: # none\nb: 1\n", "a = 2", "a: 2 # none\nb: 1\n"},
        {"a:\n", "a = 2", "a: 2\n"},
        {"a:", "a = {b: 1}", "a:\n  b: 1"},
        {"a: ~ # none\nb: 1\n", "a c = 2", "a: # none\n  c: 2\nb: 1\n"},
        {"a: # none\nb: 1\n", "a c = 2", "a: # none\n  c: 2\nb: 1\n"},
        {"a: null\n", "a c = 2", "a:\n  c: 2\n"},
        {"a: {}\nb: 1\n", "a c = 2", "a:\n  c: 2\nb: 1\n"},
        {"a: [] # none\n", "a + x", "a: # none\n- x\n"},
        {"a: &e {}\nb: *e\nc: &f {}\n", "c d = 1", "a: &e {}\nb: *e\nc: &f {\"d\": 1}\n"},
        {"- {}\n- []\n", "0 a = 1\n1 ^ b", "- {\"a\": 1}\n- [\"b\"]\n"},
        {"a: |\n  text\nb: 1\n", "a = x", "a: x\nb: 1\n"},
        {"a: |\n  text\nb: 1\n", "a = {c: 1}", "a:\n  c: 1\nb: 1\n"},
        {"a:\n  c: 1 # c\nb: 1\n", "a = x", "a: x\nb: 1\n"},
        {"a: # a\n  c: |\n    text\nb: 1\n", "a = x", "a: x # a\nb: 1\n"},
        {"a: # a\n- 1\n- 2 # two\nb: 1\n", "a = [x, y]", "a: # a\n- x\n- y # two\nb: 1\n"},
        {"a: # a\n- 1\n- |\n  t\nb: 1\n", "a = [x]", "a: # a\n- x\nb: 1\n"},
        {"a:\n  text\nb: 1\n", "a = x", "a: x\nb: 1\n"},
        {"a: one\n  two\nb: 1\n", "a = x", "a: x\nb: 1\n"},
        {"a: &x 1\nb: 2\n", "a = 3", "a: 3\nb: 2\n"},
        {"a: !!int 1\n", "a = 3", "a: 3\n"},
        {"- a: 1\n", "0 a = 2", "- a: 2\n"},
        {"? a\n: 1\n", "a = 2", "? a\n: 2\n"},
        {"\"a\": 1\n", "a = 2", "\"a\": 2\n"},
        {"a: 1\r\nb: 2\r\n", "a = {c: 1}", "a:\r\n  c: 1\r\nb: 2\r\n"},
        {"a: 1\nb: 2", "b = 3", "a: 1\nb: 3"},
        {"a: 1\nb: 2", "b = {c: d}\ne = 1", "a: 1\nb:\n  c: d\ne: 1"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void keys_are_removed_with_their_lines(void **state)
{
    static const struct edited rows[] = {
        {"a: 1 # one\nb: 2\n", "-a", "b: 2\n"},
        {"a: 1\nb: 2 # two\n# end\n", "-b", "a: 1\n# end\n"},
        {"a: 1\nb: 2", "-b", "a: 1\n"},
        {"a: 1\nb: 2", "-b\nc = 3", "a: 1\nc: 3"},
        {"a:\n  x: 1\n# b's\nb: 2\n", "-a", "# b's\nb: 2\n"},
        {"a: |\n  text\nb: 2\n", "-a", "b: 2\n"},
        {"a: 1\nb: 2\nc: 3\n", "-b", "a: 1\nc: 3\n"},
        {"a: 1\nb: 2\nc: 3\n", "-b\n-a", "c: 3\n"},
        {"- a: 1\n  b: 2\n- c: 3\n", "-0 a", "- b: 2\n- c: 3\n"},
        {"- a: 1\n  # b's\n  b: 2\n", "-0 a", "- # b's\n  b: 2\n"},
        {"- a: 1\n  b: 2\n  c: 3\n", "-0 a\n-0 b", "- c: 3\n"},
        {"- a: 1\n  b: 2\n", "-0 b", "- a: 1\n"},
        {"- a: 1\n- b: 2\n", "-0 a", "- {}\n- b: 2\n"},
        {"a:\n  b: 1\nc: 2\n", "-a b", "a: {}\nc: 2\n"},
        {"a:\n  b: 1 # one\n", "-a b\na c = 3", "a:\n  c: 3 # one\n"},
        {"- a: 1\n- b: 2\n", "-0 a\n0 x = {y: z}", "- x:\n    y: z\n- b: 2\n"},
        {"p:\n  exec:\n    command: [a]\n", "-p exec\np httpGet = {path: /x, port: http}",
         "p:\n  httpGet:\n    path: /x\n    port: http\n"},
        {"p:\n  exec:\n    command:\n    - a\n  period: 1\n", "-p exec\np httpGet = {path: /x}",
         "p:\n  period: 1\n  httpGet:\n    path: /x\n"},
        {"a: {b: 1, c: 2}\n", "-a b", "a: {c: 2}\n"},
        {"a: {b: 1, c: 2}\n", "-a c", "a: {b: 1}\n"},
        {"a: {b: 1, c: 2, d: 3}\n", "-a c", "a: {b: 1, d: 3}\n"},
        {"a: {b: 1}\n", "-a b", "a: {}\n"},
        {"a: {b: 1, c: 2}\n", "-a b\n-a c\na d = 3", "a: {\"d\": 3}\n"},
        {"? a\n: 1\n? b\n: 2\n", "-a", "? b\n: 2\n"},
        {"a: 1\r\nb: 2\r\n", "-a", "b: 2\r\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void flow_stays_flow(void **state)
{
    static const struct edited rows[] = {
        {"{a: b}\n", "k = v", "{\"k\": \"v\", a: b}\n"},
        {"{ a: b }\n", "k = v", "{ \"k\": \"v\", a: b }\n"},
        {"{\"a\":1}", "k = [1, 'x']", "{\"k\": [1, \"x\"], \"a\":1}"},
        {"{\n  \"a\": 1\n}\n", "k = {x: 1}", "{\n  \"k\": {\"x\": 1},\n  \"a\": 1\n}\n"},
        {"{\n  \"a\": 1\n}\n", "a = 2", "{\n  \"a\": 2\n}\n"},
        {"{ }\n", "k = v", "{ \"k\": \"v\" }\n"},
        {"{a: , b: 1}\n", "a = 2", "{a: 2 , b: 1}\n"},
        {"{a, b: 1}\n", "a = 2", "{a: 2, b: 1}\n"},
        {"{a: {b: c}, d: e}\n", "a x = 1\nd = 2", "{a: {\"x\": 1, b: c}, d: 2}\n"},
        {"a: [x, y]\n", "a + z", "a: [x, y, \"z\"]\n"},
        {"a: [x, y]\n", "a ^ z", "a: [\"z\", x, y]\n"},
        {"a: [ x ]\n", "a + z", "a: [ x, \"z\" ]\n"},
        {"{\"a\": [\n  {\"b\": 1}\n]}\n", "a + {c: 2}",
         "{\"a\": [\n  {\"b\": 1},\n  {\"c\": 2}\n]}\n"},
        {"a: [ # c\n  x,\n  y, # y\n]\n", "a + z", "a: [ # c\n  x,\n  y, \"z\", # y\n]\n"},
        {"--- {a: b}\n", "k = v", "--- {\"k\": \"v\", a: b}\n"},
        {"{a: 'it''s', b: \"x\\ty\"}\n", "a = \"q\\\"q\"", "{a: \"q\\\"q\", b: \"x\\ty\"}\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void lists_take_items_anywhere(void **state)
{
    static const struct edited rows[] = {
        {"a:\n- b\n", "a + c", "a:\n- b\n- c\n"},
        {"a:\n- b\n", "a ^ c", "a:\n- c\n- b\n"},
        {"a:\n  - b # b\n# end\n", "a + {c: 1, d: 2}",
         "a:\n  - b # b\n  - c: 1\n    d: 2\n# end\n"},
        {"a:\n- n: 1\n  v: |\n    t\nb: 1\n", "a + {n: 2}",
         "a:\n- n: 1\n  v: |\n    t\n- n: 2\nb: 1\n"},
        {"a:\n- b", "a + c", "a:\n- b\n- c"},
        {"a:\n-\n  n: 1\n- # two\n  n: 2\n", "a + {n: 3}\na 0 x = 1\na 1 x = 2",
         "a:\n-\n  n: 1\n  x: 1\n- # two\n  n: 2\n  x: 2\n- n: 3\n"},
        {"- - a\n  - b\n", "0 ^ c\n0 + d", "- - c\n  - a\n  - b\n  - d\n"},
        {"a: ~\n", "a + c", "a:\n- c\n"},
        {"b: 1\n", "a + c", "b: 1\na:\n- c\n"},
        {"a:\r\n- b\r\n", "a + c", "a:\r\n- b\r\n- c\r\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void items_are_removed_with_their_lines(void **state)
{
    static const struct edited rows[] = {
        {"a:\n- b\n- c\n- d\n", "-a 0", "a:\n- c\n- d\n"},
        {"a:\n- b\n- c\n- d\n", "-a 1", "a:\n- b\n- d\n"},
        {"a:\n- b\n- c\n- d\n", "-a 2", "a:\n- b\n- c\n"},
        {"a:\n- b\n- c\n", "-a 0\n-a 0", "a: []\n"},
        {"a:\n  - b\nc: 1\n", "-a 0", "a: []\nc: 1\n"},
        {"a:\n  - b: 1\n    c: 2\n  - d: 3\n", "-a 0", "a:\n  - d: 3\n"},
        {"a:\n  - b: 1\n    c: 2\n  - d: 3\n", "-a 0\na + {e: 4}", "a:\n  - d: 3\n  - e: 4\n"},
        {"a:\n  - b\n  # of c\n  - c\n", "-a 1", "a:\n  - b\n  # of c\n"},
        {"a:\n- b\n- c", "-a 1", "a:\n- b\n"},
        {"a:\n- |\n  b\n\n- c\n", "-a 1", "a:\n- |\n  b\n\n"},
        {"a:\n- - b\n  - c\n", "-a 0 0", "a:\n- - c\n"},
        {"a: [b, c, d]\n", "-a 0", "a: [c, d]\n"},
        {"a: [b, c, d]\n", "-a 2", "a: [b, c]\n"},
        {"a: [b, c, d]\n", "-a 1", "a: [b, d]\n"},
        {"a: [b]\n", "-a 0", "a: []\n"},
        {"- b\n- c\n", "-0", "- c\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void aliases_become_merges_and_copies(void **state)
{
    static const struct edited rows[] = {
        {"x: &l\n  a: 1\ny: *l\nz: 1\n", "y k = v",
         "x: &l\n  a: 1\ny: {<<: *l, \"k\": \"v\"}\nz: 1\n"},
        {"x: &l\n- a\ny: *l\n", "y + b", "x: &l\n- a\ny:\n- a\n- b\n"},
        {"x: &l\n  a: 1\ny:\n  <<: *l\n  b: 2\n", "y a = 3",
         "x: &l\n  a: 1\ny:\n  <<: *l\n  b: 2\n  a: 3\n"},
        {"{x: &l {a: 1}, y: *l}\n", "y k = v", "{x: &l {a: 1}, y: {<<: *l, \"k\": \"v\"}}\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

/* A change at one place does not change other places that share the value. */
static void shared_values_are_expanded(void **state)
{
    static const struct edited rows[] = {
        /* The anchor's value changes. */
        {"x: &l\n  a: 1\ny: *l\n", "x k = v", "x: &l\n  a: 1\n  k: v\ny:\n  a: 1\n"},
        {"x: &l\n  a:\n    b: 1\ny: *l # y\nz: 1\n", "x a k = v",
         "x: &l\n  a:\n    b: 1\n    k: v\ny: # y\n  a:\n    b: 1\nz: 1\n"},
        {"{x: &l {a: {b: 1}}, y: *l}\n", "-x a b", "{x: &l {a: {}}, y: {\"a\": {\"b\": 1}}}\n"},
        {"- &l {a: 1}\n- *l\n- *l # c\n", "0 a = 2", "- &l {a: 2}\n- a: 1\n- a: 1 # c\n"},
        {"x: &l ~\ny: *l\n", "x = 1", "x: 1\ny: ~\n"},
        /* The anchored value is removed. */
        {"x: &l 1\ny: *l\n", "-x", "y: 1\n"},
        {"x:\n  z: &l 1\ny: [*l, *l]\n", "-x z", "x: {}\ny: [1, 1]\n"},
        {"x: &l {z: &m 1}\ny: *l\nw: *m\n", "-x", "y:\n  z: 1\nw: 1\n"},
        {"x: &l\n  a: 1\ny: {b: &m {<<: *l, c: 2}}\nz: *m\n", "-y b",
         "x: &l\n  a: 1\ny: {}\nz:\n  a: 1\n  c: 2\n"},
        /* The alias's value changes. */
        {"x: &l\n  a: 1\ny: *l\nz: *l\n", "y a = 2", "x: &l\n  a: 1\ny:\n  a: 2\nz: *l\n"},
        {"x: &l\n- a: 1\ny: *l\n", "y 0 b = 2", "x: &l\n- a: 1\ny:\n- a: 1\n  b: 2\n"},
        {"x: &l {a: 1}\ny:\n- *l\n- *l\n", "y 1 a = 2", "x: &l {a: 1}\ny:\n- *l\n- a: 2\n"},
        /* Both change in the same way: the value stays shared. */
        {"x: &l\n  a: 1\ny: *l\n", "x a = 2\ny a = 2", "x: &l\n  a: 2\ny: *l\n"},
        {"x: &l\n  a: 1\ny: *l\n", "x a = 1", "x: &l\n  a: 1\ny: *l\n"},
        /* An anchor inside the shared value. */
        {"x: &l\n  a: &m 1\ny: *l\nz: *m\n", "x k = v",
         "x: &l\n  a: &m 1\n  k: v\ny:\n  a: 1\nz: *m\n"},
        {"x: &l 1\ny: *l\nz: &l 2\nw: *l\n", "z = 3", "x: &l 1\ny: *l\nz: 3\nw: 2\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void merged_keys_are_expanded(void **state)
{
    static const struct edited rows[] = {
        {"x: &l\n  a:\n    b: 1\ny:\n  <<: *l\n", "y a c = 2",
         "x: &l\n  a:\n    b: 1\ny:\n  a:\n    b: 1\n    c: 2\n"},
        {"x: &l\n  a: 1\ny:\n  <<: *l\n", "-y a", "x: &l\n  a: 1\ny: {}\n"},
        {"x: &l\n  a: 1\n  b: 2\ny:\n- <<: *l # l\n  c: 3\n", "-y 0 a",
         "x: &l\n  a: 1\n  b: 2\ny:\n- b: 2 # l\n  c: 3\n"},
        {"x: &l {a: 1, b: 2}\ny: {<<: *l, b: 3}\n", "x a = 4",
         "x: &l {a: 4, b: 2}\ny: {\"a\": 1, b: 3}\n"},
        /* A key that the map also gets from a merge key: both are removed. */
        {"x: &l {a: 1}\ny:\n  <<: *l\n  a: 2\n", "-y a", "x: &l {a: 1}\ny: {}\n"},
        {"y: {<<: {a: 1, b: 2}, a: 2}\n", "-y a", "y: {<<: {b: 2}}\n"},
        /* In brackets a new key is put before the merge key, which would override it. */
        {"x: &l {a: 1, b: 2}\ny: {<<: *l}\n", "y a = 3",
         "x: &l {a: 1, b: 2}\ny: {\"a\": 3, \"b\": 2}\n"},
        {"x: &l {a: 1}\ny: {a: 2, <<: *l}\n", "y a = 3", "x: &l {a: 1}\ny: {a: 3}\n"},
        {"x: &l {a: 1, b: 2}\ny:\n  a: 2\n  <<: *l\n", "x b = 3",
         "x: &l {a: 1, b: 3}\ny:\n  a: 1\n  b: 2\n"},
        {"x: {y: &l {x: 1}}\n<<: *l\n<<: *l\n", "x = 2", "x: 2\n"},
        {"x: &l {a: 1}\ny: &m {b: 2}\nz:\n  <<: [*l, *m]\n", "x a = 3",
         "x: &l {a: 3}\ny: &m {b: 2}\nz:\n  <<: [{\"a\": 1}, *m]\n"},
        {"x: &l [{a: 1}]\nz:\n  <<: *l\n  b: 1\n", "x 0 a = 3",
         "x: &l [{a: 3}]\nz:\n  <<:\n  - a: 1\n  b: 1\n"},
        {"x: &l {a: 1}\nz: {<<: *l, <<: {b: 1}}\n", "z b = 2\nx a = 2",
         "x: &l {a: 2}\nz: {\"b\": 2, \"a\": 1, <<: {}}\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void the_last_of_equal_keys_is_edited(void **state)
{
    static const struct edited rows[] = {
        {"a: 1\nb: 2\na: 3\n", "a = 4", "a: 1\nb: 2\na: 4\n"},
        {"a: 1\nb: 2\na: 3\n", "-a", "b: 2\n"},
        {"a: 1\nb: 2\na: 3\n", "-b", "a: 1\na: 3\n"},
        {"a: 1\nb: 2\na: 3\n", "-b\n-a", "{}\n"},
        {"a: 1\nb: 2\na: 3\n", "c = 4", "a: 1\nb: 2\na: 3\nc: 4\n"},
        {"- a: 1\n  c: 1\n  b: 2\n  c: 2\n", "-0 a\n-0 b", "- c: 1\n  c: 2\n"},
        {"- a: 1\n  b: 2\n  a: 3\n  c: 4\n", "-0 a", "- b: 2\n  c: 4\n"},
        {"{a: 1, b: 2, a: {c: 3}}\n", "a c = 4", "{a: 1, b: 2, a: {c: 4}}\n"},
        {"{a: 1, b: 2, a: 3}\n", "-a", "{b: 2}\n"},
        {"{a: 1, a: 3}\n", "-a\nc = 1", "{\"c\": 1}\n"},
        {"a:\n  b: 1\na: {}\n", "a c = 1", "a:\n  b: 1\na:\n  c: 1\n"},
        {"a: &l 1\nb: *l\na: 2\n", "a = 3", "a: &l 1\nb: *l\na: 3\n"},
        {"a: &l 1\nb: *l\na: 2\n", "-a", "b: 1\n"},
        {"a: {c: &l 1, c: 2}\nb: *l\n", "-a", "b: 1\n"},
        {"&k a: 1\nb: *k\n", "-a", "b: a\n"},
        {"a: {&k c: 1}\nb: *k\n", "-a", "b: c\n"},
        {"&k a: 1\na: 2\nb: *k\n", "-a", "b: a\n"},
        {"a: {&k c: 1, c: 2}\nb: *k\n", "a = 3", "a: 3\nb: c\n"},
        {"&k a: 1\nb: *k\n", "a = 3", "&k a: 3\nb: *k\n"},
        {"a: &k b\n*k : 1\n", "b = 2", "a: &k b\n*k : 2\n"},
        {"a: &k b\n*k : 1\n", "-b", "a: &k b\n"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void unsafe_edits_are_refused(void **state)
{
    static const struct {
        const char *document, *edits;
        size_t line, column;
        const char *message;
    } rows[] = {
        {"a: 1\n", "a b = 2", 1, 4, "must be a map"},
        {"a: {b: 1}\n", "a + 2", 1, 4, "must be a list"},
        {"x: &l 1\ny: *l\ny: 2\n", "-x", 1, 1, "cannot be changed safely"},
        {"a:\n- |\n  text", "a + b", 1, 1, "cannot be changed safely"},
    };
    struct unit *unit = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str out = {0};
        unit_reset(unit);
        bool ok = run(unit, rows[i].document, rows[i].edits, &out);
        if (ok)
            print_error("row %zu is\n%.*s", i, STR_ARG(out));
        assert_false(ok);
        assert_int_equal(out.len, 0);
        assert_diag(unit, 0, rows[i].line, rows[i].column, rows[i].message, "");
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(block_maps_grow_at_their_end),      UNIT_TEST(values_are_replaced_in_place),
        UNIT_TEST(keys_are_removed_with_their_lines), UNIT_TEST(flow_stays_flow),
        UNIT_TEST(lists_take_items_anywhere),         UNIT_TEST(items_are_removed_with_their_lines),
        UNIT_TEST(aliases_become_merges_and_copies),  UNIT_TEST(shared_values_are_expanded),
        UNIT_TEST(merged_keys_are_expanded),          UNIT_TEST(the_last_of_equal_keys_is_edited),
        UNIT_TEST(unsafe_edits_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
