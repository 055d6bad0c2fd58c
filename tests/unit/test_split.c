#include "unit.h"
#include "yaml/split.h"

#define BOM "\xEF\xBB\xBF"

/* Formats a stream on one line: each document in brackets, with its kind and "!" for a broken
 * marker. "/" is a line feed, "^" a carriage return. */
static struct str shown(struct unit *unit, struct str text, const struct stream *stream)
{
    struct buf out = {0};
    for (size_t i = 0; i < stream->count; i++) {
        const struct document *document = &stream->documents[i];
        buf_add(&out, document->broken_marker ? STR("!") : STR(""));
        buf_add(&out, document->kind);
        buf_add_byte(&out, '[');
        for (size_t at = document->start; at < document->end; at++)
            buf_add_byte(&out, text.data[at] == '\n'   ? '/'
                               : text.data[at] == '\r' ? '^'
                                                       : text.data[at]);
        buf_add_byte(&out, ']');
    }
    return buf_take(&unit->arena, &out);
}

/* The text arrives in steps. The missing part is filled with markers, so that reading it is
 * detected. */
static struct stream split_in_steps(struct unit *unit, struct str text, size_t first, size_t step)
{
    struct stream_parser stream_parser = {.arena = &unit->arena};
    char *place = arena_alloc(&unit->arena, text.len + 1);
    for (size_t i = 0; i < text.len; i++)
        place[i] = "---\n"[i % 4];
    for (size_t len = first; len < text.len; len += step) {
        memcpy(place, text.data, len);
        stream_feed(&stream_parser, (struct str){place, len});
    }
    memcpy(place, text.data, text.len);
    return stream_finish(&stream_parser, (struct str){place, text.len});
}

static void assert_same_stream(struct str text, const struct stream *a, const struct stream *b)
{
    bool same = a->count == b->count;
    for (size_t i = 0; same && i < a->count; i++)
        same = a->documents[i].start == b->documents[i].start &&
               a->documents[i].end == b->documents[i].end &&
               a->documents[i].broken_marker == b->documents[i].broken_marker &&
               str_equal(a->documents[i].kind, b->documents[i].kind);
    if (!same)
        fail_msg("another stream when it grows: %.*s", STR_ARG(text));
}

/* Every byte belongs to one document, in order. */
static void assert_complete(struct str text, const struct stream *stream)
{
    size_t at = 0;
    for (size_t i = 0; i < stream->count; i++) {
        assert_int_equal(stream->documents[i].start, at);
        assert_true(stream->documents[i].end > at);
        at = stream->documents[i].end;
    }
    assert_int_equal(at, text.len);
}

/* The result is the same if the text arrives at once, byte by byte, in steps, or all but the
 * last bytes first. */
static struct stream split(struct unit *unit, struct str text)
{
    struct stream once = split_in_steps(unit, text, text.len, 1);
    assert_complete(text, &once);
    for (size_t first = 0; first <= text.len; first++) {
        static const size_t steps[] = {1, 2, 7, SIZE_MAX / 2};
        for (size_t i = 0; i < COUNT_OF(steps); i++) {
            struct stream grown = split_in_steps(unit, text, first, steps[i]);
            assert_same_stream(text, &once, &grown);
        }
    }
    return once;
}

struct row {
    struct str text;
    const char *expected;
};

static void check(struct unit *unit, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct stream stream = split(unit, rows[i].text);
        assert_str(shown(unit, rows[i].text, &stream), rows[i].expected);
        /* The heap block has exactly this size, so that sanitizers detect reads after its end. */
        char *bytes = memory_grow(NULL, rows[i].text.len ? rows[i].text.len : 1);
        memcpy(bytes, rows[i].text.data, rows[i].text.len);
        struct stream_parser stream_parser = {.arena = &unit->arena};
        struct stream alone = stream_finish(&stream_parser, (struct str){bytes, rows[i].text.len});
        assert_same_stream(rows[i].text, &stream, &alone);
        free(bytes);
        unit_reset(unit);
    }
}

static void test_documents(void **state)
{
    static const struct row rows[] = {
        {TEXT(""), ""},
        {TEXT("\n"), "[/]"},
        {TEXT("a"), "[a]"},
        {TEXT("a\n"), "[a/]"},
        {TEXT("---"), "[---]"},
        {TEXT("---\n"), "[---/]"},
        {TEXT("---\n---"), "[---/][---]"},
        {TEXT("---\n---\n"), "[---/][---/]"},
        {TEXT("a\n---\nb\n"), "[a/][---/b/]"},
        {TEXT("a\n---\nb"), "[a/][---/b]"},
        {TEXT("\n\n---\nb"), "[//][---/b]"},
        {TEXT("# c\n---\nb\n---\n# d\n"), "[# c/][---/b/][---/# d/]"},
        {TEXT("a\n--- b\n--- # c\n---\td\n"), "[a/][--- b/][--- # c/][---\td/]"},
        {TEXT("a\n --- b\n"), "[a/ --- b/]"},
        {TEXT("a\n----\n"), "[a/----/]"},
        {TEXT("a\n--\n"), "[a/--/]"},
        {TEXT("a\n---b\n"), "[a/---b/]"},
        {TEXT("a ---\n"), "[a ---/]"},
        {TEXT("a: |\n  ---\n"), "[a: |/  ---/]"},
        {TEXT("a\r\n---\r\nb\r\n"), "[a^/][---^/b^/]"},
        {TEXT("a\n---\r"), "[a/][---^]"},
    };
    check(*state, rows, COUNT_OF(rows));
    struct unit *unit = *state;
    assert_int_equal(split(unit, (struct str)TEXT("\0\n---\n\0")).count, 2);
}

static void test_ends(void **state)
{
    static const struct row rows[] = {
        {TEXT("a\n...\n"), "[a/.../]"},
        {TEXT("a\n...\nb\n"), "[a/.../][b/]"},
        {TEXT("a\n..."), "[a/...]"},
        {TEXT("a\n...\n---\nb\n"), "[a/.../][---/b/]"},
        {TEXT("a\n... # c\nb\n"), "[a/... # c/][b/]"},
        {TEXT("a\n...b\n"), "[a/...b/]"},
        {TEXT("a\n....\nb\n"), "[a/..../b/]"},
        {TEXT("a\n..\nb\n"), "[a/../b/]"},
        {TEXT("...\n...\n"), "[.../][.../]"},
        {TEXT("a\r\n...\r\nb\r\n"), "[a^/...^/][b^/]"},
        {TEXT("a\n...\n# c\n---\nb\n"), "[a/.../][# c/][---/b/]"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void test_directives_belong_to_their_marker(void **state)
{
    static const struct row rows[] = {
        {TEXT("%YAML 1.1\n---\na\n"), "[%YAML 1.1/---/a/]"},
        {TEXT("a\n%YAML 1.1\n---\nb\n"), "[a/][%YAML 1.1/---/b/]"},
        {TEXT("a\n...\n%YAML 1.1\n%TAG ! !x\n---\nb\n"), "[a/.../][%YAML 1.1/%TAG ! !x/---/b/]"},
        {TEXT("a\n---\n%YAML 1.1\n---\nb"), "[a/][---/][%YAML 1.1/---/b]"},
        {TEXT("a\r\n%YAML 1.1\r\n---\r\nb\r\n"), "[a^/][%YAML 1.1^/---^/b^/]"},
        {TEXT(BOM "%YAML 1.1\n---\na\n"), "[" BOM "][%YAML 1.1/---/a/]"},
        {TEXT("a\n---\n%\n"), "[a/][---/%/]"},
        {TEXT("a\n %b\n---\nc\n"), "[a/ %b/][---/c/]"},
        /* Comments and empty lines may be in between. */
        {TEXT("a\n...\n%YAML 1.1\n# c\n\n  # d\n---\nb\n"),
         "[a/.../][%YAML 1.1/# c//  # d/---/b/]"},
        {TEXT("a\r\n%YAML 1.1\r\n\r\n# c\r\n---\r\nb\r\n"), "[a^/][%YAML 1.1^/^/# c^/---^/b^/]"},
        {TEXT("a\n%YAML 1.1\n# c\n%TAG ! !x\n---\nb\n"), "[a/][%YAML 1.1/# c/%TAG ! !x/---/b/]"},
        {TEXT("a\n# c\n\n---\nb\n"), "[a/# c//][---/b/]"},
        {TEXT("# c\n%YAML 1.1\n# d\n---\nb\n"), "[# c/][%YAML 1.1/# d/---/b/]"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void test_byte_order_mark(void **state)
{
    static const struct row rows[] = {
        {TEXT(BOM), "[" BOM "]"},
        {TEXT(BOM "a\n"), "[" BOM "a/]"},
        {TEXT(BOM "---\na\n"), "[" BOM "][---/a/]"},
        {TEXT(BOM "kind: A\n---\nb\n"), "A[" BOM "kind: A/][---/b/]"},
        {TEXT(BOM "---apiVersion: v1\n"), "![" BOM "---apiVersion: v1/]"},
        {TEXT("\xEF\xBB"), "[\xEF\xBB]"},
        {TEXT("\xEF\xBB\n---\n"), "[\xEF\xBB/][---/]"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void test_kinds(void **state)
{
    static const struct row rows[] = {
        {TEXT("kind: Pod\n"), "Pod[kind: Pod/]"},
        {TEXT("kind: Pod"), "Pod[kind: Pod]"},
        {TEXT("apiVersion: v1\nkind: Pod\nspec:\n"), "Pod[apiVersion: v1/kind: Pod/spec:/]"},
        {TEXT("kind:   Pod  # c\n"), "Pod[kind:   Pod  # c/]"},
        {TEXT("kind:\tPod\t\r\n"), "Pod[kind:\tPod\t^/]"},
        {TEXT("kind: \"Pod\"\n"), "Pod[kind: \"Pod\"/]"},
        {TEXT("kind: 'Pod' # c\n"), "Pod[kind: 'Pod' # c/]"},
        {TEXT("kind: Pod9\n"), "Pod9[kind: Pod9/]"},
        {TEXT("kind: A\n---\nkind: B\n...\nkind: C\n"),
         "A[kind: A/]B[---/kind: B/.../]C[kind: C/]"},
        /* Not recognized: another position, several words, several lines. */
        {TEXT("  kind: Pod\n"), "[  kind: Pod/]"},
        {TEXT("- kind: Pod\n"), "[- kind: Pod/]"},
        {TEXT("{kind: Pod}\n"), "[{kind: Pod}/]"},
        {TEXT("--- {kind: Pod}\n"), "[--- {kind: Pod}/]"},
        {TEXT("\"kind\": Pod\n"), "[\"kind\": Pod/]"},
        {TEXT("kind : Pod\n"), "Pod[kind : Pod/]"},
        {TEXT("kinds: Pod\n"), "[kinds: Pod/]"},
        {TEXT("Kind: Pod\n"), "[Kind: Pod/]"},
        {TEXT("kind:\n  Pod\n"), "[kind:/  Pod/]"},
        {TEXT("kind:\n"), "[kind:/]"},
        {TEXT("kind:"), "[kind:]"},
        {TEXT("kind"), "[kind]"},
        {TEXT("kind: # c\n"), "[kind: # c/]"},
        {TEXT("kind: ''\n"), "[kind: ''/]"},
        {TEXT("kind: Pod too\n"), "[kind: Pod too/]"},
        {TEXT("kind: &a Pod\n"), "[kind: &a Pod/]"},
        {TEXT("kind: !!str Pod\n"), "[kind: !!str Pod/]"},
        {TEXT("kind: *a\n"), "[kind: *a/]"},
        {TEXT("kind: |\n  Pod\n"), "[kind: |/  Pod/]"},
        {TEXT("kind: \"P\\x6fd\"\n"), "[kind: \"P\\x6fd\"/]"},
        {TEXT("kind: P-d\n"), "[kind: P-d/]"},
        {TEXT("kind: P\xC3\xB6"
              "d\n"),
         "[kind: P\xC3\xB6"
         "d/]"},
        {TEXT("kind: Pod\nkind: Job\n"), "[kind: Pod/kind: Job/]"},
        {TEXT("kind: Pod\nkind: Pod\n"), "[kind: Pod/kind: Pod/]"},
        {TEXT("kind:\nkind: Pod\n"), "[kind:/kind: Pod/]"},
        {TEXT("kind: Pod\nkind : Job\n"), "[kind: Pod/kind : Job/]"},
        {TEXT("kind: Pod\n\"kind\": Job\n"), "[kind: Pod/\"kind\": Job/]"},
        {TEXT("kind: Pod\n'kind': Job\n"), "[kind: Pod/'kind': Job/]"},
        {TEXT("kind: Pod\n\"ki\\x6ed\": Job\n"), "[kind: Pod/\"ki\\x6ed\": Job/]"},
        {TEXT("kind: Pod\n!!str kind: Job\n"), "[kind: Pod/!!str kind: Job/]"},
        {TEXT("kind: Pod\n&a kind: Job\n"), "[kind: Pod/&a kind: Job/]"},
        {TEXT("kind: Pod\n*a : Job\n"), "[kind: Pod/*a : Job/]"},
        {TEXT("kind: Pod\n<<: *a\n"), "[kind: Pod/<<: *a/]"},
        {TEXT("kind: Pod\n? kind\n: Job\n"), "[kind: Pod/? kind/: Job/]"},
        {TEXT("<<: *a\nkind: Pod\n---\nkind: Job\n"), "[<<: *a/kind: Pod/]Job[---/kind: Job/]"},
        {TEXT("kind: Pod\n\"data\": a\n# c\n"), "Pod[kind: Pod/\"data\": a/# c/]"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void test_broken_markers(void **state)
{
    static const struct row rows[] = {
        {TEXT("a\n---apiVersion: v1\nkind: Pod\n"), "!Pod[a/---apiVersion: v1/kind: Pod/]"},
        {TEXT("---apiVersion:\n"), "![---apiVersion:/]"},
        {TEXT("---kind: Pod\n"), "![---kind: Pod/]"},
        {TEXT("---{a: b}"), "![---{a: b}]"},
        {TEXT("---apiVersion: v1\n---\nkind: A\n"), "![---apiVersion: v1/]A[---/kind: A/]"},
        {TEXT("kind: A\n---\n---kind: B\n"), "A[kind: A/]![---/---kind: B/]"},
        {TEXT("kind: A\n---kind: B\n---\nkind: C\n"), "!A[kind: A/---kind: B/]C[---/kind: C/]"},
        {TEXT("---apiVersio: v1\n"), "[---apiVersio: v1/]"},
        {TEXT("---apiVersion"), "[---apiVersion]"},
        {TEXT("---kinds: x\n"), "[---kinds: x/]"},
        {TEXT("---metadata: x\n"), "[---metadata: x/]"},
        {TEXT(" ---kind: x\n"), "[ ---kind: x/]"},
        {TEXT("----kind: x\n"), "[----kind: x/]"},
        {TEXT("--- kind: Pod\n"), "[--- kind: Pod/]"},
    };
    check(*state, rows, COUNT_OF(rows));
}

static void test_many_documents(void **state)
{
    struct unit *unit = *state;
    enum { MANY = 3000 };
    struct buf text = {0};
    for (int i = 0; i < MANY; i++)
        buf_format(&text, "---\nkind: K%d\n", i);
    struct stream_parser stream_parser = {.arena = &unit->arena};
    struct stream once = stream_finish(&stream_parser, buf_str(&text));
    struct stream_parser other = {.arena = &unit->arena};
    for (size_t len = 0; len < text.len; len += 5)
        stream_feed(&other, str_slice(buf_str(&text), 0, len));
    struct stream grown = stream_finish(&other, buf_str(&text));
    assert_same_stream(STR("many"), &once, &grown);
    assert_complete(buf_str(&text), &once);
    assert_int_equal(once.count, MANY);
    assert_str(once.documents[MANY - 1].kind, "K2999");
    /* A kind points into the text. */
    assert_ptr_equal(once.documents[0].kind.data, text.data + strlen("---\nkind: "));
    buf_free(&text);
}

static void test_blank(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        bool blank;
    } rows[] = {
        {TEXT(""), true},
        {TEXT("\n"), true},
        {TEXT(" \t\r\n  "), true},
        {TEXT("# c"), true},
        {TEXT("  # c\n#\n"), true},
        {TEXT("---"), true},
        {TEXT("---\n---\n...\n"), true},
        {TEXT("--- # c\n"), true},
        {TEXT("---\r\n# c\r\n"), true},
        {TEXT(BOM), true},
        {TEXT(BOM "---\n# c\n"), true},
        {TEXT("a"), false},
        {TEXT("# c\na\n"), false},
        {TEXT("---\n---\na: b\n"), false},
        {TEXT("--- a\n"), false},
        {TEXT("---a\n"), false},
        {TEXT("--\n"), false},
        {TEXT("----\n"), false},
        {TEXT("..\n"), false},
        {TEXT("~\n"), false},
        {TEXT("{}"), false},
        {TEXT(" ---\n"), false},
        {TEXT("--- ---\n"), false},
        {TEXT("\0"), false},
        {TEXT(" \0\n"), false},
        {TEXT(BOM BOM), false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (stream_is_blank(rows[i].text) != rows[i].blank)
            fail_msg("row %zu: \"%.*s\"", i, STR_ARG(rows[i].text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_documents),
        UNIT_TEST(test_ends),
        UNIT_TEST(test_directives_belong_to_their_marker),
        UNIT_TEST(test_byte_order_mark),
        UNIT_TEST(test_kinds),
        UNIT_TEST(test_broken_markers),
        UNIT_TEST(test_many_documents),
        UNIT_TEST(test_blank),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
