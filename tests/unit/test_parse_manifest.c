#include "unit.h"
#include "yaml/manifest_event.h"
#include "yaml/parse_manifest.h"

#include <inttypes.h>

#define BOM "\xEF\xBB\xBF"

/* Appends bytes of the source on one line: "/" is a line feed, "^" a carriage return. */
static void add_bytes(struct buf *out, const struct node *node, size_t from, size_t to)
{
    if (from > to || to > node->span.source->text.len)
        fail_msg("bytes %zu to %zu", from, to);
    struct str bytes = str_slice(node->span.source->text, from, to);
    buf_add_byte(out, '<');
    for (size_t i = 0; i < bytes.len; i++)
        buf_add_byte(out, bytes.data[i] == '\n'   ? '/'
                          : bytes.data[i] == '\r' ? '^'
                                                  : bytes.data[i]);
    buf_add_byte(out, '>');
}

/* Describes the span of a node: kind, first byte, the bytes before its text, and the rest. */
static void add_place(struct buf *out, const struct node *node)
{
    static const char styles[] = {
        [STYLE_TEXT] = '?',   [STYLE_PLAIN] = '.',   [STYLE_SINGLE] = '\'',
        [STYLE_DOUBLE] = '"', [STYLE_LITERAL] = '|', [STYLE_FOLDED] = '~'};
    static const char kinds[] = {[NODE_MAP] = '{', [NODE_LIST] = '[', [NODE_ALIAS] = '*'};
    char kind = node->kind == NODE_SCALAR ? styles[node->style] : kinds[node->kind];
    buf_format(out, "%c%zu", kind, node->span.start);
    add_bytes(out, node, node->span.start, node->text_at);
    add_bytes(out, node, node->text_at, node->span.end);
}

/* Describes all nodes below one; without keys if `keys` is false. */
static void add_places(struct buf *out, const struct node *node, bool keys)
{
    add_place(out, node);
    if (node->kind != NODE_MAP && node->kind != NODE_LIST)
        return;
    for (const struct node *child = node->first; child; child = child->next) {
        buf_add_byte(out, ' ');
        if (child->key && keys) {
            add_place(out, child->key);
            buf_add_byte(out, '=');
        }
        add_places(out, child, keys);
    }
}

static struct str places_of(struct unit *unit, const struct node *root, bool keys)
{
    struct buf out = {0};
    if (root)
        add_places(&out, root, keys);
    return buf_take(&unit->arena, &out);
}

/* Parses a document. Returns the tree that is built from its events in compact form, after
 * comparing it with the first one. */
static struct node *load(struct unit *unit, struct str text)
{
    const struct source *source = unit_source(unit, text);
    struct buf bytes = {0};
    struct node *root = NULL;
    if (!load_manifest_events(&unit->arena, &unit->arena, source, 0, text.len, &unit->diags, &bytes,
                              &root)) {
        struct str written = unit_format_diags(unit);
        fail_msg("%.*s is rejected:\n%.*s", STR_ARG(text), STR_ARG(written));
    }
    struct str events = buf_take(&unit->arena, &bytes);
    struct node *again = load_manifest_again(&unit->arena, source, 0, &unit->diags, events);
    assert_no_diags(unit);
    struct str places = places_of(unit, root, true);
    assert_str(places_of(unit, again, true), str_to_c(&unit->arena, places));
    return again;
}

/* Events of usual manifests take three bytes in compact form. Others, which have an anchor or a
 * string that differs from the source, are stored in full. */
static void test_size_of_events(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        size_t size;
    } rows[] = {
        {"", 0},
        {"a: b\n", 4 * 3},
        {"a: 'b'\nc: \"d\"\ne:\nf: []\n", 11 * 3},
        {"- {a: 1, b: [x, y]}\n# comment\n- c:\n  - d\n", 17 * 3},
        {"a: 0x10\n", 3 * 3 + 1 + sizeof(struct manifest_event)},
        {"a: &b c\n", 3 * 3 + 1 + sizeof(struct manifest_event)},
        {"a: \"b\\n\"\n", 3 * 3 + 1 + sizeof(struct manifest_event)},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct source *source = unit_source(unit, str_from_c(rows[i].text));
        struct buf bytes = {0};
        struct node *root;
        assert_true(load_manifest_events(&unit->arena, &unit->arena, source, 0, source->text.len,
                                         &unit->diags, &bytes, &root));
        if (bytes.len != rows[i].size)
            fail_msg("row %zu: %zu bytes", i, bytes.len);
        buf_free(&bytes);
        unit_reset(unit);
    }
}

struct places {
    struct str text;
    const char *expected;
};

static void check_places(struct unit *unit, const struct places *rows, size_t count, bool keys)
{
    for (size_t i = 0; i < count; i++) {
        assert_str(places_of(unit, load(unit, rows[i].text), keys), rows[i].expected);
        unit_reset(unit);
    }
}

static void test_spans_of_scalars(void **state)
{
    static const struct places rows[] = {
        {TEXT("x"), ".0<><x>"},
        {TEXT("  x y  # c\n"), ".2<><x y>"},
        {TEXT("a: x y\n   z\nb: c\n"), "{0<><a: x y/   z/b: c> .3<><x y/   z> .15<><c>"},
        {TEXT("a: 'x''y' # c\n"), "{0<><a: 'x''y'> '3<'><x''y'>"},
        {TEXT("a: \"x\\ty\"\n"), "{0<><a: \"x\\ty\"> \"3<\"><x\\ty\">"},
        {TEXT("a: \"x\n  y\"\n"), "{0<><a: \"x/  y\"> \"3<\"><x/  y\">"},
        {TEXT("a: ''\nb: \"\"\n"), "{0<><a: ''/b: \"\"> '3<'><'> \"9<\"><\">"},
        /* Literal and folded scalars end after their last line break, before a less indented
         * comment. */
        {TEXT("a: |\n  x\nb: c\n"), "{0<><a: |/  x/b: c> |3<><|/  x/> .12<><c>"},
        {TEXT("a: |\n  x\n\n\nb: c\n"), "{0<><a: |/  x///b: c> |3<><|/  x///> .14<><c>"},
        {TEXT("a: |-\n  x\n\nb: c\n"), "{0<><a: |-/  x//b: c> |3<><|-/  x//> .14<><c>"},
        {TEXT("a: |+ # d\n  x\n\n"), "{0<><a: |+ # d/  x//> |3<><|+ # d/  x//>"},
        {TEXT("a: |2\n    x\n"), "{0<><a: |2/    x/> |3<><|2/    x/>"},
        {TEXT("a: |\n  x"), "{0<><a: |/  x> |3<><|/  x>"},
        {TEXT("a: |\n  x\n# c\n"), "{0<><a: |/  x/> |3<><|/  x/>"},
        {TEXT("a: |\nb: c\n"), "{0<><a: |/b: c> |3<><|/> .8<><c>"},
        {TEXT("a: >\n  x\n  y\n# c\nb: c\n"),
         "{0<><a: >/  x/  y/# c/b: c> ~3<><>/  x/  y/> .20<><c>"},
        {TEXT("a: >-\n  x\n\nb: c\n"), "{0<><a: >-/  x//b: c> ~3<><>-/  x//> .14<><c>"},
    };
    check_places(*state, rows, COUNT_OF(rows), false);
}

static void test_spans_of_empty_nodes(void **state)
{
    static const struct places rows[] = {
        /* An empty value is directly after the colon or dash. */
        {TEXT("a:   # c\n\nb:\n"), "{0<><a:   # c//b:> .2<><> .12<><>"},
        {TEXT("a:"), "{0<><a:> .2<><>"},
        {TEXT("-\n-  \n"), "[0<><-/-> .1<><> .3<><>"},
        {TEXT("a: {}\nb: [ ]\n"), "{0<><a: {}/b: [ ]> {3<><{}> [9<><[ ]>"},
        /* In flow style, and after a key without a colon: before the next token. */
        {TEXT("{a, b: , c: }"), "{0<><{a, b: , c: }> .2<><> .7<><> .12<><>"},
        {TEXT("? a\n? b\n:\n"), "{0<><? a/? b/:> .4<><> .9<><>"},
        /* Documents without any node. */
        {TEXT(""), ""},
        {TEXT("\n  \n"), ""},
        {TEXT("# c\n"), ""},
        {TEXT(BOM), ""},
        {TEXT(BOM "# c\n"), ""},
        {TEXT("...\n"), ""},
        {TEXT("---\n"), ""},
        {TEXT("--- # c\n...\n"), ""},
        {TEXT("...\n...\n"), ""},
        {TEXT("%YAML 1.1\n---\n"), ".14<><>"},
    };
    check_places(*state, rows, COUNT_OF(rows), false);
}

static void test_spans_of_blocks_and_flow(void **state)
{
    static const struct places rows[] = {
        /* Blocks end with their last value, whatever follows it. */
        {TEXT("# c\na:\n  b: x\n  # d\n\nc: y\n"),
         "{4<><a:/  b: x/  # d//c: y> .4<><a>={9<><b: x> .9<><b>=.12<><x> .21<><c>=.24<><y>"},
        {TEXT("a:\n- x\n- y\n# c\nb: z\n"),
         "{0<><a:/- x/- y/# c/b: z> .0<><a>=[3<><- x/- y> .5<><x> .9<><y> .15<><b>=.18<><z>"},
        {TEXT("- - x\n  - y\n-\n  k: v\n"), "[0<><- - x/  - y/-/  k: v> [2<><- x/  - y> .4<><x> "
                                            ".10<><y> {16<><k: v> .16<><k>=.19<><v>"},
        {TEXT("- a: x\n  b: |\n    y\n\n- z\n"),
         "[0<><- a: x/  b: |/    y//- z> {2<><a: x/  b: |/    y//> .2<><a>=.5<><x> "
         ".9<><b>=|12<><|/    y//> .23<><z>"},
        {TEXT("a: {b: x, \"c\" : 'y',} # d\n"),
         "{0<><a: {b: x, \"c\" : 'y',}> .0<><a>={3<><{b: x, \"c\" : 'y',}> .4<><b>=.7<><x> "
         "\"10<\"><c\">='16<'><y'>"},
        {TEXT("[ x ,\n [y], {k: v} , k: v ]\n"),
         "[0<><[ x ,/ [y], {k: v} , k: v ]> .2<><x> [7<><[y]> .8<><y> {12<><{k: v}> "
         ".13<><k>=.16<><v> {21<><k: v> .21<><k>=.24<><v>"},
        {TEXT("? k\n: v\n? |\n  l\n: w\n"),
         "{0<><? k/: v/? |/  l/: w> .2<><k>=.6<><v> |10<><|/  l/>=.18<><w>"},
        {TEXT("'a': x\n\"b\" : y\n"),
         "{0<><'a': x/\"b\" : y> '0<'><a'>=.5<><x> \"7<\"><b\">=.13<><y>"},
        {TEXT("---\na: x\n...\n"), "{4<><a: x> .4<><a>=.7<><x>"},
        {TEXT("--- {a: x}\n"), "{4<><{a: x}> .5<><a>=.8<><x>"},
        {TEXT("%YAML 1.1\n# c\n---\na: x\n"), "{18<><a: x> .18<><a>=.21<><x>"},
    };
    check_places(*state, rows, COUNT_OF(rows), true);
}

static void test_spans_after_anchors_and_tags(void **state)
{
    static const struct places rows[] = {
        {TEXT("a: &x y\n"), "{0<><a: &x y> .0<><a>=.3<&x ><y>"},
        {TEXT("a: !!str  'y'\n"), "{0<><a: !!str  'y'> .0<><a>='3<!!str  '><y'>"},
        {TEXT("a: !t &x \"y\"\n"), "{0<><a: !t &x \"y\"> .0<><a>=\"3<!t &x \"><y\">"},
        {TEXT("a: &x |\n  y\n"), "{0<><a: &x |/  y/> .0<><a>=|3<&x ><|/  y/>"},
        {TEXT("a: &x >-\n  y\n"), "{0<><a: &x >-/  y/> .0<><a>=~3<&x ><>-/  y/>"},
        {TEXT("a: &x {b: y}\n"), "{0<><a: &x {b: y}> .0<><a>={3<&x ><{b: y}> .7<><b>=.10<><y>"},
        {TEXT("a: !t [y]\n"), "{0<><a: !t [y]> .0<><a>=[3<!t ><[y]> .7<><y>"},
        {TEXT("a: &x # c\n  !t # d\n  b: y\n# e\n"),
         "{0<><a: &x # c/  !t # d/  b: y> .0<><a>={3<&x # c/  !t # d/  ><b: y> .21<><b>=.24<><y>"},
        {TEXT("a: &x\n- y\n"), "{0<><a: &x/- y> .0<><a>=[3<&x/><- y> .8<><y>"},
        {TEXT("- &x\n  - y\n- &z k: v\n"),
         "[0<><- &x/  - y/- &z k: v> [2<&x/  ><- y> .9<><y> {13<><&z k: v> .13<&z ><k>=.19<><v>"},
        /* The span of an empty node is only its anchor, whatever follows it. */
        {TEXT("a: &x\nb: y\n"), "{0<><a: &x/b: y> .0<><a>=.3<&x><> .6<><b>=.9<><y>"},
        {TEXT("a: !t\n&x b: y\n"), "{0<><a: !t/&x b: y> .0<><a>=?3<!t><> .6<&x ><b>=.12<><y>"},
        {TEXT("a: &x   "), "{0<><a: &x> .0<><a>=.3<&x><>"},
        {TEXT("[&x , !t ]"), "[0<><[&x , !t ]> .1<&x><> ?6<!t><>"},
        /* Properties of a block's first key do not belong to the block. */
        {TEXT("a: &x\n  &y b: z\n"),
         "{0<><a: &x/  &y b: z> .0<><a>={3<&x/  ><&y b: z> .8<&y ><b>=.14<><z>"},
        /* A verbatim tag may contain characters that end other tags. */
        {TEXT("a: !<tag:yaml.org,2002:map> {b: y}\n"),
         "{0<><a: !<tag:yaml.org,2002:map> {b: y}> .0<><a>="
         "{3<!<tag:yaml.org,2002:map> ><{b: y}> .29<><b>=.32<><y>"},
        {TEXT("a: &x !<t,[]> 'y'\n"), "{0<><a: &x !<t,[]> 'y'> .0<><a>='3<&x !<t,[]> '><y'>"},
        {TEXT("a: &x y\nb: *x\nc: [*x , *x]\n"),
         "{0<><a: &x y/b: *x/c: [*x , *x]> .0<><a>=.3<&x ><y> .8<><b>=*11<><*x> "
         ".14<><c>=[17<><[*x , *x]> *18<><*x> *23<><*x>"},
        {TEXT("a: &x {}\nb:\n  <<: *x\n"),
         "{0<><a: &x {}/b:/  <<: *x> .0<><a>={3<&x ><{}> .9<><b>={14<><<<: *x> "
         ".14<><<<>=*18<><*x>"},
    };
    check_places(*state, rows, COUNT_OF(rows), true);
}

/* libyaml counts characters, and counts a line break of two bytes twice. */
static void test_spans_are_bytes(void **state)
{
    static const struct places rows[] = {
        {TEXT("\xC3\xA4: x\nb: \xE4\xB8\xAD\nc: y\n"),
         "{0<><\xC3\xA4: x/b: \xE4\xB8\xAD/c: y> .0<><\xC3\xA4>=.4<><x> "
         ".6<><b>=.9<><\xE4\xB8\xAD> .13<><c>=.16<><y>"},
        {TEXT("# \xF0\x9F\x98\x80\na: &x '\xC2\xA0'\n"),
         "{7<><a: &x '\xC2\xA0'> .7<><a>='10<&x '><\xC2\xA0'>"},
        {TEXT("a: |\n  \xC3\xA4\nb: [\xC3\xB6]\n"),
         "{0<><a: |/  \xC3\xA4/b: [\xC3\xB6]> .0<><a>=|3<><|/  \xC3\xA4/> "
         ".10<><b>=[13<><[\xC3\xB6]> .14<><\xC3\xB6>"},
        {TEXT("a: \"\xC3\xA4\" # \xC3\xA4\n#\xC3\xA4\nb: {\xC3\xA4: x}\n"),
         "{0<><a: \"\xC3\xA4\" # \xC3\xA4/#\xC3\xA4/b: {\xC3\xA4: x}> .0<><a>=\"3<\"><\xC3\xA4\"> "
         ".17<><b>={20<><{\xC3\xA4: x}> .21<><\xC3\xA4>=.25<><x>"},
        {TEXT(BOM "a: x\nb: 'y'\n"), "{3<><a: x/b: 'y'> .3<><a>=.6<><x> .8<><b>='11<'><y'>"},
        {TEXT(BOM "# \xC3\xA4\n---\na: x\n"), "{12<><a: x> .12<><a>=.15<><x>"},
        {TEXT("a: x\r\nb:\r\n- y\r\n"),
         "{0<><a: x^/b:^/- y> .0<><a>=.3<><x> .6<><b>=[10<><- y> .12<><y>"},
        {TEXT("a: |\r\n  x\r\n  y\r\nb: z\r\n"),
         "{0<><a: |^/  x^/  y^/b: z> .0<><a>=|3<><|^/  x^/  y^/> .16<><b>=.19<><z>"},
        {TEXT("a: &x # \xC3\xA4\r\n  b: y\r\n"),
         "{0<><a: &x # \xC3\xA4^/  b: y> .0<><a>={3<&x # \xC3\xA4^/  ><b: y> .14<><b>=.17<><y>"},
        /* Line breaks of YAML 1.1, which are two and three bytes. */
        {TEXT("a: \"\xC2\x85\xE2\x80\xA8\"\nb: x\n"),
         "{0<><a: \"\xC2\x85\xE2\x80\xA8\"/b: x> .0<><a>=\"3<\"><\xC2\x85\xE2\x80\xA8\"> "
         ".11<><b>=.14<><x>"},
    };
    check_places(*state, rows, COUNT_OF(rows), true);
}

/* A document inside a stream: its positions are those of the stream, and the rest of the stream
 * has no effect. */
static void test_document_inside_a_stream(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *before;
        const char *document;
        const char *after;
    } rows[] = {
        {"", "a: 'x'\n", "---\nb: y\n"},
        {"a: \xC3\xA4\n", "---\nb: &x \xC3\xB6\nc: *x\n", "...\n: ["},
        {"a: [\xFF", "---\n- {k: v}\n- |\n  t\n", "  more\n"},
        {"\n", BOM "a: &x\n", "b"},
        {"x: y\n", "a: !t", "ail"},
        {BOM "x: y\n---\n", "abc: &x {d: e}\n", ""},
        {"x: y\n", BOM "---\n- a: &x 'y'\n", "...\n"},
        {"---\n", "a: b", "c: d"},
        {"\n", "a: &x # c", "d\n e: f\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct node *alone = load(unit, str_from_c(rows[i].document));
        const struct source *source =
            unit_source(unit, str_format(&unit->arena, "%s%s%s", rows[i].before, rows[i].document,
                                         rows[i].after));
        size_t start = strlen(rows[i].before);
        size_t end = start + strlen(rows[i].document);
        struct node *inside = NULL;
        assert_true(load_manifest(&unit->arena, source, start, end, &unit->diags, &inside));
        assert_no_diags(unit);
        assert_int_equal(inside->span.start, start + alone->span.start);
        assert_int_equal(inside->last->span.start, start + alone->last->span.start);
        assert_int_equal(inside->last->span.end, start + alone->last->span.end);
        assert_int_equal(inside->last->text_at, start + alone->last->text_at);
        assert_int_equal(inside->span.end, start + alone->span.end);
        assert_ptr_equal(inside->span.source, source);
        unit_reset(unit);
    }
}

static void test_texts(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str text;
        const char *expected;
    } rows[] = {
        {TEXT("a: x"), "x"},
        {TEXT("a: x # c\n"), "x"},
        {TEXT("a: x\n  y\n\n  z\n"), "x y\nz"},
        {TEXT("a: 'x''y'\n"), "x'y"},
        {TEXT("a: 'x\n  y'\n"), "x y"},
        {TEXT("a: \"\\x41\\u00e4\\n\\\"\"\n"), "A\xC3\xA4\n\""},
        {TEXT("a: |\n  x\n   y\n\nb:\n"), "x\n y\n"},
        {TEXT("a: |-\n  x\n  y\n\nb:\n"), "x\ny"},
        {TEXT("a: |+\n  x\n\nb:\n"), "x\n\n"},
        {TEXT("a: |\r\n  x\r\n  y\r\n"), "x\ny\n"},
        {TEXT("a: >\n  x\n  y\n\n  z\n"), "x y\nz\n"},
        {TEXT("a:\n"), ""},
        {TEXT("a: ''\n"), ""},
        {TEXT("a: ~\n"), "~"},
        {TEXT("a: yes\n"), "yes"},
        {TEXT("a: !!str 12\n"), "12"},
        {TEXT("a: &x # c\n  text\n"), "text"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_str(node_get(load(unit, rows[i].text), "a")->text, rows[i].expected);
        unit_reset(unit);
    }
}

static void test_aliases(void **state)
{
    struct unit *unit = *state;
    struct node *root = load(unit, STR("a: &x {k: 1}\n"
                                       "b: *x\n"
                                       "c: &x [2]\n" /* the last one of a name counts */
                                       "d: *x\n"
                                       "e: &y 3\n"
                                       "&key f: *y\n"
                                       "g: *key\n"
                                       "h: &h\n"
                                       "i: *h\n"
                                       "j: [&o {}, *o]\n"));
    static const struct {
        const char *alias;
        const char *target;
    } rows[] = {{"b", "a"}, {"d", "c"}, {"f", "e"}, {"i", "h"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *alias = node_get(root, rows[i].alias);
        assert_int_equal(alias->kind, NODE_ALIAS);
        assert_ptr_equal(alias->first, node_get(root, rows[i].target));
    }
    assert_str(node_get(root, "d")->text, "x");
    assert_ptr_equal(node_get(root, "g")->first, node_get(root, "f")->key);
    const struct node *list = node_get(root, "j");
    assert_ptr_equal(list->last->first, list->first);
}

/* Go reads such a key as a string, even if it is `<<`. */
static void test_aliases_as_keys(void **state)
{
    struct unit *unit = *state;
    struct node *root = load(unit, STR("a: &x k\n"
                                       "k: 1\n"
                                       "*x : 2\n"
                                       "b: {*x : 3}\n"
                                       "c: &m <<\n"
                                       "d: {*m : {e: 4}}\n"
                                       "&y f: 5\n"
                                       "? *y\n"
                                       ": 6\n"));
    assert_str(node_get(root, "k")->text, "2");
    assert_str(node_overridden(node_get(root, "k"))->text, "1");
    const struct location *span = &node_get(root, "k")->key->span;
    assert_str(str_slice(span->source->text, span->start, span->end), "*x");
    assert_str(node_string(node_at(root, "b k")), "3");
    assert_null(node_at(root, "d e"));
    assert_str(node_string(node_at(root, "f")), "6");
}

static void test_the_last_of_equal_keys_counts(void **state)
{
    struct unit *unit = *state;
    const struct node *root = load(unit, STR("b: 1\na: 2\nb: 3\nc: 4\nb: 5\n"));
    assert_str(root->first->key->text, "a");
    assert_null(node_overridden(root->first));
    assert_str(root->first->next->key->text, "c");
    assert_str(root->last->text, "5");
    assert_null(root->last->next);
    const struct node *overridden = node_overridden(root->last);
    assert_str(overridden->text, "1");
    assert_str(node_overridden(overridden)->text, "3");
    assert_null(node_overridden(node_overridden(overridden)));
    /* Several merge keys are combined. */
    root = load(unit, STR("<<: {a: 1}\n<<: {b: 2}\n\"<<\": 3\n"));
    assert_non_null(root->first->next->next);
}

/* A large map uses another search. */
static void test_the_last_of_many_keys_counts(void **state)
{
    enum { KEYS = 1000 };
    struct unit *unit = *state;
    struct buf text = {0};
    for (int i = 0; i < KEYS; i++)
        buf_format(&text, "k%d: %d\n", i % (KEYS / 2), i);
    const struct node *root = load(unit, buf_str(&text));
    int expected = KEYS / 2;
    for (const struct node *value = root->first; value; value = value->next) {
        int64_t number;
        assert_true(node_to_int(value, &number));
        assert_int_equal(number, expected++);
    }
    assert_int_equal(expected, KEYS);
    buf_free(&text);
}

static void test_errors(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str text;
        struct position at;
        const char *message;
        const char *hint;
    } rows[] = {
        {TEXT("a: *b\n"),
         {1, 4},
         "the anchor of this alias is not defined before it",
         "check the name"},
        {TEXT("a: *b\nb: &b x\n"),
         {1, 4},
         "the anchor of this alias is not defined before it",
         "check the name"},
        {TEXT("*a : b\n"), {1, 1}, "the anchor of this alias is not defined before it", ""},
        {TEXT("a: &a [*a]\n"),
         {1, 8},
         "this alias is inside its own anchor",
         "write the value in place of the alias in the chart"},
        {TEXT("a: &a\n  b:\n  - c: *a\n"), {3, 8}, "this alias is inside its own anchor", ""},
        {TEXT("&r a: 1\nb: &r {c: *r}\n"), {2, 11}, "this alias is inside its own anchor", ""},
        {TEXT("[a]: b\n"), {1, 1}, "a key must be a string, not a map or list", "reject it too"},
        {TEXT("\xC3\xA4: {[a]: b}\n"), {1, 5}, "a key must be a string, not a map or list", ""},
        {TEXT("? {a: b}\n: c\n"), {1, 3}, "a key must be a string, not a map or list", ""},
        {TEXT("? - a\n: c\n"), {1, 3}, "a key must be a string, not a map or list", ""},
        {TEXT("k: &a [x]\n*a : b\n"), {2, 1}, "a key must be a string, not a map or list", ""},
        {TEXT("a: 1\n--- \nb: 2\n"), {2, 1}, "missing --- before the second document", "---"},
        {TEXT("a: 1\n...\n---\nb: 2\n"), {3, 1}, "missing --- before", ""},
        {TEXT("a: 1\n...\nb: 2\n"), {3, 1}, "invalid YAML: ", ""},
        /* Errors of libyaml. Columns count characters. */
        {TEXT("a: b: c\n"), {1, 5}, "invalid YAML: mapping values are not allowed", ""},
        {TEXT("\xC3\xA4: \xC3\xB6: c\n"), {1, 5}, "mapping values are not allowed", ""},
        {TEXT("x: \xF0\x9F\x98\x80\n\xC3\xA4: b: c\n"), {2, 5}, "mapping values are not", ""},
        {TEXT("x: 1\r\na: b: c\r\n"), {2, 5}, "mapping values are not allowed", ""},
        {TEXT(BOM "a: b: c\n"), {1, 5}, "mapping values are not allowed", ""},
        {TEXT("a: 1\nb: [\n"), {3, 1}, "did not find expected node content", ""},
        {TEXT("a: \"x\n"), {2, 1}, "unexpected end of stream", ""},
        {TEXT("a:\n\tb: 1\n"), {2, 1}, "cannot start any token", ""},
        {TEXT("- a\nb: c\n"), {2, 1}, "did not find expected '-' indicator", ""},
        {TEXT("a: !x!y z\n"), {1, 4}, "undefined tag handle", ""},
        {TEXT("%YAML 3.0\n---\na: 1\n"), {1, 1}, "incompatible YAML document", ""},
        /* Errors of libyaml's reader, which counts bytes. */
        {TEXT("a: \x01\n"), {1, 4}, "control characters are not allowed", ""},
        {TEXT("a: \0\n"), {1, 4}, "control characters are not allowed", ""},
        {TEXT("\xC3\xA4: \xFF\n"), {1, 4}, "invalid leading UTF-8 octet", ""},
        {TEXT(BOM "\xC3\xA4: \xC3("), {1, 5}, "invalid trailing UTF-8 octet", ""},
        {TEXT("a: \xE4\xB8"), {1, 4}, "incomplete UTF-8 octet sequence", ""},
        {TEXT("a: \xED\xA0\x80\n"), {1, 4}, "invalid Unicode character", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct source *source = unit_source(unit, rows[i].text);
        struct node *root = &(struct node){0};
        if (load_manifest(&unit->arena, source, 0, rows[i].text.len, &unit->diags, &root))
            fail_msg("row %zu is accepted", i);
        assert_null(root);
        assert_errors(unit, 1);
        assert_diag(unit, 0, rows[i].at.line, rows[i].at.column, rows[i].message, rows[i].hint);
        unit_reset(unit);
    }
}

/* The offset of an error in a document that is not the first. */
static void test_errors_inside_a_stream(void **state)
{
    struct unit *unit = *state;
    static const char *const before = "a: \xC3\xA4\n---\n";
    static const struct {
        struct str document;
        struct position at;
    } rows[] = {
        {TEXT("\xC3\xA4: b: c\n"), {3, 5}},  {TEXT("x: \xFF\n"), {3, 4}},
        {TEXT(BOM "x: \xFF\n"), {3, 5}},     {TEXT("\xC3\xA4: *b"), {3, 4}},
        {TEXT("a: [\xC3\xA4\n"), {4, 1}},    {TEXT("a: '"), {3, 5}},
        {TEXT("a: 1\n---\nb: 2\n"), {4, 1}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t start = strlen(before);
        const struct source *source = unit_source(
            unit, str_format(&unit->arena, "%s%.*s---\nc: d\n", before, STR_ARG(rows[i].document)));
        struct node *root = NULL;
        assert_false(load_manifest(&unit->arena, source, start, start + rows[i].document.len,
                                   &unit->diags, &root));
        assert_diag(unit, 0, rows[i].at.line, rows[i].at.column, "", "");
        unit_reset(unit);
    }
}

static bool is_read(struct unit *unit, struct str text, const char *message)
{
    const struct source *source = unit_source(unit, text);
    struct node *root = NULL;
    bool ok = load_manifest(&unit->arena, source, 0, text.len, &unit->diags, &root);
    if (ok)
        assert_no_diags(unit);
    else
        assert_contains(unit->diags.items[0].message, message);
    assert_true(ok == (root != NULL));
    return ok;
}

static void test_size_on_both_sides_of_the_limit(void **state)
{
    struct unit *unit = *state;
    const char *message = "a document exceeds 16777216 bytes";
    struct str comment = unit_repeat(unit, "c", MANIFEST_SIZE_MAX - 6);
    struct str most = str_format(&unit->arena, "a: 1\n#%.*s", STR_ARG(comment));
    assert_int_equal(most.len, MANIFEST_SIZE_MAX);
    assert_true(is_read(unit, most, ""));
    assert_false(is_read(unit, str_format(&unit->arena, "%.*sc", STR_ARG(most)), message));
    assert_diag(unit, 0, 1, 1, message, "");
    /* The size of the document counts. */
    const struct source *source =
        unit_source(unit, str_format(&unit->arena, "x\n---\n%.*s", STR_ARG(most)));
    struct node *root = NULL;
    assert_true(load_manifest(&unit->arena, source, 2 + 4, source->text.len, &unit->diags, &root));
    assert_false(load_manifest(&unit->arena, source, 2 + 3, source->text.len, &unit->diags, &root));
    assert_diag(unit, 1, 2, 4, message, "");
}

static void test_depth_on_both_sides_of_the_limit(void **state)
{
    struct unit *unit = *state;
    const char *message = "maps and lists are nested more than 100 levels deep";
    struct str open = unit_repeat(unit, "[", MANIFEST_DEPTH_MAX);
    struct str close = unit_repeat(unit, "]", MANIFEST_DEPTH_MAX);
    struct str most = str_format(&unit->arena, "%.*s%.*s", STR_ARG(open), STR_ARG(close));
    assert_true(is_read(unit, most, ""));
    assert_false(is_read(unit, str_format(&unit->arena, "[%.*s]", STR_ARG(most)), message));
    assert_diag(unit, 0, 1, 101, message, "");
    unit_reset(unit);
    struct buf text = {0};
    for (int i = 0; i < MANIFEST_DEPTH_MAX; i++) {
        buf_add_spaces(&text, (size_t)i);
        buf_add(&text, STR("a:\n"));
    }
    assert_true(is_read(unit, str_copy(&unit->arena, buf_str(&text)), ""));
    buf_add_spaces(&text, MANIFEST_DEPTH_MAX);
    buf_add(&text, STR("a:\n"));
    assert_false(is_read(unit, buf_str(&text), message));
    buf_free(&text);
    unit_reset(unit);
    /* Siblings do not count as depth. */
    struct str pairs = unit_repeat(unit, "[], {}, ", 1000);
    assert_true(is_read(unit, str_format(&unit->arena, "[%.*s]", STR_ARG(pairs)), ""));
}

/* Ten levels of ten aliases would expand to ten billion nodes. */
static void test_aliases_expand_to_a_limited_number_of_nodes(void **state)
{
    struct unit *unit = *state;
    struct str items = unit_repeat(unit, "x, ", 999);
    struct str hundred = unit_repeat(unit, "*a, ", MANIFEST_EXPANDED_MAX / 1000);
    struct str ok =
        str_format(&unit->arena, "- &a [%.*s]\n- [%.*s]\n", STR_ARG(items), STR_ARG(hundred));
    assert_true(is_read(unit, ok, ""));
    struct str wrong =
        str_format(&unit->arena, "- &a [%.*s]\n- [%.*s*a]\n", STR_ARG(items), STR_ARG(hundred));
    assert_false(is_read(unit, wrong, "the aliases expand to too many values"));
    assert_false(is_read(unit,
                         STR("- &a [x,x,x,x,x,x,x,x,x,x]\n"
                             "- &b [*a,*a,*a,*a,*a,*a,*a,*a,*a,*a]\n"
                             "- &c [*b,*b,*b,*b,*b,*b,*b,*b,*b,*b]\n"
                             "- &d [*c,*c,*c,*c,*c,*c,*c,*c,*c,*c]\n"
                             "- &e [*d,*d,*d,*d,*d,*d,*d,*d,*d,*d]\n"),
                         "the aliases expand to too many values"));
}

static void test_anchors_on_both_sides_of_the_limit(void **state)
{
    struct unit *unit = *state;
    struct buf text = {0};
    for (int i = 0; i < MANIFEST_ANCHORS_MAX; i++)
        buf_format(&text, "- &a%d x\n", i);
    assert_true(is_read(unit, buf_str(&text), ""));
    buf_add(&text, STR("- *a0\n- *a99\n"));
    assert_true(is_read(unit, buf_str(&text), ""));
    buf_add(&text, STR("- &b x\n"));
    assert_false(is_read(unit, buf_str(&text), "too many anchors in the document"));
    assert_diag(unit, 0, 103, 3, "too many anchors in the document",
                "write the values in place of the aliases in the chart");
    buf_free(&text);
    unit_reset(unit);
    /* Anchors of the same name count as well, and those of maps and lists. */
    struct str same = unit_repeat(unit, "- &a {}\n- &a []\n", MANIFEST_ANCHORS_MAX / 2);
    assert_true(is_read(unit, same, ""));
    assert_false(is_read(unit, str_format(&unit->arena, "%.*s- &a {}\n", STR_ARG(same)),
                         "too many anchors in the document"));
}

/* The value that the API server receives for a scalar. */
enum scalar {
    SCALAR_INT,
    SCALAR_FLOAT,
    SCALAR_TRUE,
    SCALAR_FALSE,
    SCALAR_NULL,
    SCALAR_STRING,
    SCALAR_REFUSED,
};

static void test_scalars_as_go_reads_them(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        enum scalar scalar;
        int64_t number;
    } rows[] = {
#include "unit_scalars.h"
    };
    static const int64_t most = INT64_C(999999999999999); /* beyond it an integer may be refused */
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_format(&unit->arena, "a: %s\n", rows[i].text);
        const struct node *value = node_get(load(unit, text), "a");
        if (value->kind == NODE_LIST)
            value = value->last;
        int64_t number = 0;
        bool is_int = node_to_int(value, &number);
        bool large = rows[i].number > most || rows[i].number < -most;
        bool same = rows[i].scalar == SCALAR_INT && (is_int ? number == rows[i].number : large);
        bool ok = (same || (!is_int && rows[i].scalar != SCALAR_INT)) &&
                  node_is_true(value) == (rows[i].scalar == SCALAR_TRUE) &&
                  node_is_null(value) == (rows[i].scalar == SCALAR_NULL);
        if (!ok)
            fail_msg("%s: %d, %" PRId64, rows[i].text, (int)is_int, number);
        unit_reset(unit);
    }
}

static void test_merge_keys(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        const char *a; /* of the map `m`; NULL: none */
    } rows[] = {
        {"x: &x {a: 1}\nm: {<<: *x}\n", "1"},
        {"x: &x {a: 1}\nm: {\"<<\": *x}\n", NULL},
        {"x: &x {a: 1}\nm: {'<<': *x}\n", NULL},
        {"x: &x {a: 1}\nm: {!!str <<: *x}\n", NULL},
        {"x: &x {a: 1}\nm: {!!merge <<: *x}\n", "1"},
        {"x: &x {a: 1}\nm: {\"<<\": {a: 2}, <<: *x}\n", "1"},
        {"x: &x {a: ~}\nm: {<<: *x}\n", NULL},
        {"x: &x ~\nm: {a: *x}\n", NULL},
        {"x: &x\nm: {a: *x}\n", NULL},
        {"x: &x '~'\nm: {a: *x}\n", "~"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *found = node_at(load(unit, str_from_c(rows[i].text)), "m a");
        assert_true(!found == !rows[i].a);
        if (found)
            assert_str(node_string(found), rows[i].a);
        unit_reset(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_size_of_events),
        UNIT_TEST(test_spans_of_scalars),
        UNIT_TEST(test_spans_of_empty_nodes),
        UNIT_TEST(test_spans_of_blocks_and_flow),
        UNIT_TEST(test_spans_after_anchors_and_tags),
        UNIT_TEST(test_spans_are_bytes),
        UNIT_TEST(test_document_inside_a_stream),
        UNIT_TEST(test_texts),
        UNIT_TEST(test_aliases),
        UNIT_TEST(test_aliases_as_keys),
        UNIT_TEST(test_the_last_of_equal_keys_counts),
        UNIT_TEST(test_the_last_of_many_keys_counts),
        UNIT_TEST(test_errors),
        UNIT_TEST(test_errors_inside_a_stream),
        UNIT_TEST(test_size_on_both_sides_of_the_limit),
        UNIT_TEST(test_depth_on_both_sides_of_the_limit),
        UNIT_TEST(test_aliases_expand_to_a_limited_number_of_nodes),
        UNIT_TEST(test_anchors_on_both_sides_of_the_limit),
        UNIT_TEST(test_scalars_as_go_reads_them),
        UNIT_TEST(test_merge_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
