#include "base/utf8.h"
#include "unit.h"

static struct location at(const struct source *source, size_t start, size_t end)
{
    return (struct location){.source = source, .start = start, .end = end};
}

static void test_positions(void **state)
{
    struct unit *unit = *state;
    /* Columns count characters: a tab, an umlaut and a CJK character are one column each. */
    const struct source *source = unit_source(unit, STR("ab\n\tc\xC3\xA4\xE4\xB8\xAD"
                                                        "d\r\n\nx"));
    static const struct {
        size_t offset, line, column;
    } rows[] = {
        {0, 1, 1},  {1, 1, 2},  {2, 1, 3},  {3, 2, 1},  {4, 2, 2},  {5, 2, 3},  {7, 2, 4},
        {10, 2, 5}, {11, 2, 6}, {12, 2, 7}, {13, 3, 1}, {14, 4, 1}, {15, 4, 2}, {999, 4, 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct position position = diag_position(source, rows[i].offset);
        if (position.line != rows[i].line || position.column != rows[i].column)
            fail_msg("offset %zu is %zu:%zu", rows[i].offset, position.line, position.column);
    }
    assert_int_equal(diag_position(unit_source(unit, STR("")), 0).line, 1);
    /* Invalid bytes count as one column each. */
    assert_int_equal(diag_position(unit_source(unit, STR("\xFF\xC3z")), 2).column, 3);
}

/* Returns the line and the caret under [start, end) of a text, without the message. */
static struct str shown(struct unit *unit, struct str text, size_t start, size_t end)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    diag_error(&unit->diags, at(unit_source(unit, text), start, end), RULE_INVALID_VALUE, "m");
    struct str written = unit_format_diags(unit);
    return str_skip(written, str_find(written, 0, '\n') + 1);
}

/* A text of several line-map blocks has the same positions with and without a map. */
static void test_positions_in_a_large_text(void **state)
{
    struct unit *unit = *state;
    struct buf text = {0};
    for (size_t i = 0; i < 3000; i++)
        buf_format(&text, "%.*s\n", (int)(i % 23), "a line of a large file ");
    const struct source *mapped = unit_source(unit, buf_str(&text));
    const struct source counted = {.text = mapped->text};
    for (size_t offset = 0; offset <= text.len + 1; offset += 7) {
        struct position a = diag_position(mapped, offset);
        struct position b = diag_position(&counted, offset);
        if (a.line != b.line || a.column != b.column)
            fail_msg("offset %zu is %zu:%zu", offset, a.line, a.column);
    }
    assert_int_equal(diag_position(mapped, text.len).line, 3001);
    buf_free(&text);
}

static void test_caret(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str text;
        size_t start, end;
        const char *shown;
    } rows[] = {
        {TEXT("name: hello"), 6, 11, "  name: hello\n        ^~~~~\n"},
        {TEXT("name: hello"), 6, 6, "  name: hello\n        ^\n"},
        {TEXT("name: hello"), 11, 11, "  name: hello\n             ^\n"},
        {TEXT("a\nbcd\ne"), 3, 5, "  bcd\n   ^~\n"},
        /* only the first line of a location is shown */
        {TEXT("a\nbcd\ne"), 3, 7, "  bcd\n   ^~\n"},
        /* a tab is one column, so that the caret is under its character */
        {TEXT("\ta\tb"), 3, 4, "   a b\n     ^\n"},
        {TEXT("\ta\tb"), 0, 3, "   a b\n  ^~~\n"},
        /* wide characters take two columns, combining characters none */
        {TEXT("\xE4\xB8\xAD: x"), 5, 6, "  \xE4\xB8\xAD: x\n      ^\n"},
        {TEXT("a: \xE4\xB8\xAD\xE6\x96\x87"), 3, 9, "  a: \xE4\xB8\xAD\xE6\x96\x87\n     ^~~~\n"},
        {TEXT("e\xCC\x81: x"), 5, 6, "  e\xCC\x81: x\n     ^\n"},
        {TEXT("\xF0\x9F\x98\x80 x"), 5, 6, "  \xF0\x9F\x98\x80 x\n     ^\n"},
        /* CRLF: the CR does not belong to the line */
        {TEXT("a: b\r\nc: d\r\n"), 3, 4, "  a: b\n     ^\n"},
        {TEXT("a: b\r\nc: d\r\n"), 3, 6, "  a: b\n     ^\n"},
        {TEXT("a: b\r\nc: d\r\n"), 4, 5, "  a: b\n      ^\n"},
        {TEXT("a: b\r\nc: d\r\n"), 6, 7, "  c: d\n  ^\n"},
        /* control characters and invalid bytes */
        {TEXT("a\x1B[2Jb"), 5, 6, "  a?[2Jb\n       ^\n"},
        {TEXT("a\xFF\xC3(b"), 4, 5,
         "  a??\x28"
         "b\n      ^\n"},
        {TEXT("a\xC2\x9B"
              "2Jb"),
         5, 6, "  a?2Jb\n      ^\n"},
        {TEXT("a\0b"), 2, 3, "  a?b\n    ^\n"},
        {TEXT("a\x7F"
              "b"),
         2, 3, "  a?b\n    ^\n"},
        /* no location */
        {TEXT(""), 0, 0, "  \n  ^\n"},
        {TEXT("a\n"), 2, 2, "  \n  ^\n"},
        {TEXT("ab"), 99, 120, "  ab\n    ^\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(shown(unit, rows[i].text, rows[i].start, rows[i].end), rows[i].shown);
}

/* Returns the caret's column and the character above it, even if the line is cut. */
static void assert_caret_under(struct str text, char mark)
{
    size_t line_end = str_find(text, 0, '\n');
    size_t column = str_find(text, line_end, '^') - line_end - 1;
    assert_true(column < line_end);
    assert_int_equal(text.data[column], mark);
}

static void test_long_lines_are_cut_around_the_location(void **state)
{
    struct unit *unit = *state;
    enum { LONG = 200000, MOST = 400 };
    struct str line = unit_repeat(unit, "a", LONG);
    static const size_t offsets[] = {0, 1, 59, 60, 61, 62, 119, 120, 121, 1000, LONG - 1};
    for (size_t i = 0; i < COUNT_OF(offsets); i++) {
        char *bytes = arena_alloc(&unit->arena, LONG);
        memcpy(bytes, line.data, LONG);
        bytes[offsets[i]] = 'X';
        struct str text = shown(unit, (struct str){bytes, LONG}, offsets[i], offsets[i] + 1);
        if (text.len > MOST)
            fail_msg("at %zu: %zu bytes are shown", offsets[i], text.len);
        assert_caret_under(text, 'X');
        assert_int_equal(str_starts_with(text, STR("  ...")), offsets[i] > 60);
    }
}

static void test_long_locations_are_cut_too(void **state)
{
    struct unit *unit = *state;
    enum { LONG = 200000, MOST = 800 };
    struct str line = unit_repeat(unit, "a", LONG);
    struct str text = shown(unit, line, 10, LONG - 10);
    if (text.len > MOST)
        fail_msg("%zu bytes are shown for a location in the middle", text.len);
    text = shown(unit, line, 10, LONG);
    if (text.len > MOST)
        fail_msg("%zu bytes are shown for a location that reaches the line's end", text.len);
}

static void test_cuts_keep_characters_whole(void **state)
{
    struct unit *unit = *state;
    struct str line = unit_repeat(unit, "\xE4\xB8\xAD", 1000);
    for (size_t offset = 0; offset < 400; offset += 3) {
        struct str text = shown(unit, line, offset, offset + 3);
        assert_false(unit_contains(text, "?"));
        struct str caret = str_skip(text, str_find(text, 0, '\n') + 1);
        size_t before = offset > 60 ? 2 + 3 + 20 * 2 : 2 + offset / 3 * 2;
        assert_int_equal(str_find(caret, 0, '^'), before);
    }
}

/* Cuts inside characters. */
static void test_cuts_inside_characters(void **state)
{
    struct unit *unit = *state;
    /* Seven bytes, so that neither 60 nor 120 bytes end at a character boundary. */
    struct str line = unit_repeat(unit, "\xE4\xB8\xAD\xE6\x96\x87x", 200);
    enum { PERIOD = 7 };
    static const size_t starts[] = {0, 3, 6};
    static const size_t ends[] = {3, 6, 7};
    for (size_t i = 0; i < 60; i++) {
        for (size_t j = 0; j < COUNT_OF(starts); j++) {
            struct str text =
                shown(unit, line, i * PERIOD + starts[j], (i + i % 30) * PERIOD + ends[j]);
            struct str first = str_slice(text, 0, str_find(text, 0, '\n'));
            size_t offset;
            assert_null(utf8_check(first, &offset));
            assert_false(unit_contains(first, "?"));
        }
    }
    /* A location that starts at the end of the line, also after its CR. */
    assert_str(shown(unit, STR("ab\r\nc"), 3, 9), "  ab\n    ^\n");
}

static void test_written_form(void **state)
{
    struct unit *unit = *state;
    const struct source *source = unit_source(unit, STR("a: b\nc: d\n"));
    diag_error(&unit->diags, at(source, 8, 9), RULE_INVALID_VALUE, "no %s", "good");
    diag_hint(&unit->diags, "write\n%d", 5);
    diag_warning(&unit->diags, at(source, 0, 1), RULE_INVALID_VALUE, "odd");
    diag_error(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "no file");
    diag_error(&unit->diags, location_file(source), RULE_INVALID_VALUE, "the file is empty");
    /* Sorted by position within each file; diagnostics without a file stay in place. */
    assert_str(unit_format_diags(unit), "service.yaml:1:1: warning: odd\n"
                                        "  a: b\n"
                                        "  ^\n"
                                        "service.yaml:2:4: error: no good\n"
                                        "  c: d\n"
                                        "     ^\n"
                                        "  write\n"
                                        "  5\n"
                                        "error: no file\n"
                                        "service.yaml: error: the file is empty\n");
    assert_int_equal(unit->diags.errors, 3);
    assert_int_equal(unit->diags.warnings, 1);
}

static void test_color(void **state)
{
    struct unit *unit = *state;
    const struct source *source = unit_source(unit, STR("a: b\n"));
    diag_error(&unit->diags, at(source, 3, 4), RULE_INVALID_VALUE, "m");
    diag_warning(&unit->diags, at(source, 3, 4), RULE_INVALID_VALUE, "w");
    struct buf colored = {0};
    struct buf plain = {0};
    diags_write(&unit->diags, &colored, true);
    diags_write(&unit->diags, &plain, false);
    assert_int_equal(str_find(buf_str(&plain), 0, '\033'), plain.len);
    /* Without escapes, the colored text equals the plain one; color is reset at the end. */
    struct buf stripped = {0};
    for (size_t i = 0; i < colored.len; i++) {
        if (colored.data[i] == '\033')
            i = str_find(buf_str(&colored), i, 'm');
        else
            buf_add_byte(&stripped, colored.data[i]);
    }
    assert_true(str_equal(buf_str(&stripped), buf_str(&plain)));
    assert_true(colored.len > plain.len);
    assert_true(str_ends_with(buf_str(&colored), STR("\033[0m\n")));
    buf_free(&stripped);
    buf_free(&plain);
    buf_free(&colored);
}

static void test_messages_cannot_control_a_terminal(void **state)
{
    struct unit *unit = *state;
    struct source source = {.path = STR("a\x1B[2J\nb.yaml"), .text = STR("x")};
    diag_error(&unit->diags, at(&source, 0, 1), RULE_INVALID_VALUE, "\"%s\"", "\x1B]0;title\x07");
    diag_hint(&unit->diags, "%s", "\x1B[2J");
    struct str text = unit_format_diags(unit);
    assert_contains(text, "\"?]0;title?\"");
    assert_contains(text, "  ?[2J\n");
    /* The path comes from the user, but file names in a directory may come from others. */
    if (str_find(text, 0, '\x1B') < text.len)
        fail_msg("an escape sequence in a path reaches the terminal");
}

static void test_kept_diagnostics_are_limited(void **state)
{
    struct unit *unit = *state;
    const struct source *source = unit_source(unit, STR("x"));
    for (size_t i = 0; i < DIAG_MAX; i++)
        diag_error(&unit->diags, at(source, 0, 1), RULE_INVALID_VALUE, "error %zu", i);
    assert_int_equal(unit->diags.count, DIAG_MAX);
    assert_false(unit_contains(unit_format_diags(unit), "more"));
    diag_error(&unit->diags, at(source, 0, 1), RULE_INVALID_VALUE, "one too many");
    diag_hint(&unit->diags, "a hint of what was not kept");
    diag_error(&unit->diags, at(source, 0, 1), RULE_INVALID_VALUE, "another");
    assert_int_equal(unit->diags.count, DIAG_MAX);
    assert_int_equal(unit->diags.errors, DIAG_MAX + 2);
    struct str text = unit_format_diags(unit);
    assert_contains(text, "error 199\n");
    assert_contains(text, "... and 2 more\n");
    assert_false(unit_contains(text, "hint of"));
}

/* Warnings are limited separately: no number of warnings may hide an error. */
static void test_full_on_both_sides(void **state)
{
    struct unit *unit = *state;
    for (size_t i = 0; i < DIAG_MAX + 1; i++)
        diag_warning(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "w");
    assert_int_equal(unit->diags.count, DIAG_MAX);
    for (size_t i = 0; i < DIAG_MAX; i++) {
        assert_false(diags_full(&unit->diags));
        diag_error(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "e");
    }
    assert_true(diags_full(&unit->diags));
    assert_int_equal(unit->diags.count, 2 * DIAG_MAX);
    diag_error(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "e");
    assert_int_equal(unit->diags.count, 2 * DIAG_MAX);
}

/* Returns a source for the same text, used through an alias at `use`. */
static const struct source *used_at(struct unit *unit, const struct source *source, size_t use)
{
    struct source *used = ARENA_NEW(&unit->arena, struct source);
    struct location *alias = ARENA_NEW(&unit->arena, struct location);
    *used = *source;
    *alias = at(source, use, use + 2);
    used->use = alias;
    return used;
}

static void test_repeats_through_aliases_are_shown_once(void **state)
{
    struct unit *unit = *state;
    const struct source *source = unit_source(unit, STR("a: &x b\nc: *x\nd: *x\ne: *x\n"));
    const struct source *first = used_at(unit, source, 11);
    const struct source *second = used_at(unit, source, 17);
    assert_true(source_is_same(first, second));
    assert_int_equal(location_of_use(at(second, 6, 7)).start, 17);
    assert_int_equal(location_of_use(at(source, 6, 7)).start, 6);
    diag_error(&unit->diags, at(first, 6, 7), RULE_INVALID_VALUE, "wrong");
    diag_hint(&unit->diags, "right");
    diag_error(&unit->diags, at(second, 6, 7), RULE_INVALID_VALUE, "wrong");
    diag_hint(&unit->diags, "this is for what is not shown");
    diag_error(&unit->diags, at(second, 6, 7), RULE_INVALID_VALUE, "other");
    diag_warning(&unit->diags, at(second, 6, 7), RULE_INVALID_VALUE, "wrong");
    assert_int_equal(unit->diags.errors, 3);
    assert_int_equal(unit->diags.count, 3);
    assert_str(unit_format_diags(unit), "service.yaml:1:7: error: wrong\n"
                                        "  a: &x b\n"
                                        "        ^\n"
                                        "  right\n"
                                        "  used at service.yaml:2:4 through *x, and 1 more time\n"
                                        "service.yaml:1:7: error: other\n"
                                        "  a: &x b\n"
                                        "        ^\n"
                                        "  used at service.yaml:3:4 through *x\n"
                                        "service.yaml:1:7: warning: wrong\n"
                                        "  a: &x b\n"
                                        "        ^\n"
                                        "  used at service.yaml:3:4 through *x\n");
}

/* A diagnostic in directly used text needs no alias. */
static void test_direct_use_comes_before_aliases(void **state)
{
    struct unit *unit = *state;
    const struct source *source = unit_source(unit, STR("a: &x b\nc: *x\n"));
    diag_error(&unit->diags, at(source, 6, 7), RULE_INVALID_VALUE, "wrong");
    diag_error(&unit->diags, at(used_at(unit, source, 11), 6, 7), RULE_INVALID_VALUE, "wrong");
    assert_str(unit_format_diags(unit), "service.yaml:1:7: error: wrong\n  a: &x b\n        ^\n");
    unit_reset(unit);
    for (size_t i = 0; i < DIAG_MAX + 10; i++)
        diag_error(&unit->diags, at(used_at(unit, source, i % 2 ? 11 : 3), 6, 7),
                   RULE_INVALID_VALUE, "wrong");
    assert_int_equal(unit->diags.repeats[SEVERITY_ERROR], (DIAG_MAX + 10) / 2);
    assert_false(diags_full(&unit->diags));
}

/* Messages quote files, so they may be of any length. */
static void test_long_messages_are_cut(void **state)
{
    struct unit *unit = *state;
    struct str longest = unit_repeat(unit, "x", DIAG_TEXT_MAX);
    diag_error(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "%.*s", STR_ARG(longest));
    diag_hint(&unit->diags, "%.*s", STR_ARG(longest));
    assert_true(str_equal(unit->diags.items[0].message, longest));
    assert_true(str_equal(unit->diags.items[0].hint, longest));
    diag_error(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "%.*sy", STR_ARG(longest));
    diag_hint(&unit->diags, "%.*sy", STR_ARG(longest));
    for (size_t i = 0; i < 2; i++) {
        struct str cut = i ? unit->diags.items[1].hint : unit->diags.items[1].message;
        assert_int_equal(cut.len, DIAG_TEXT_MAX + 3);
        assert_true(str_starts_with(cut, longest) && str_ends_with(cut, STR("...")));
    }
}

static void test_messages_are_cut_between_characters(void **state)
{
    struct unit *unit = *state;
    static const char *const characters[] = {"\xC3\xA4", "\xE4\xB8\xAD", "\xF0\x9F\x98\x80"};
    for (size_t i = 0; i < COUNT_OF(characters); i++) {
        for (size_t shift = 0; shift < 4; shift++) {
            unit->diags = (struct diags){.arena = &unit->arena};
            diag_error(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "%.*s%.*s",
                       STR_ARG(unit_repeat(unit, "x", shift)),
                       STR_ARG(unit_repeat(unit, characters[i], DIAG_TEXT_MAX)));
            struct str message = unit->diags.items[0].message;
            size_t offset;
            assert_null(utf8_check(message, &offset));
            assert_true(str_ends_with(message, STR("...")));
            assert_in_range(message.len, DIAG_TEXT_MAX, DIAG_TEXT_MAX + 3);
        }
    }
}

static void test_a_hint_needs_a_diagnostic(void **state)
{
    struct unit *unit = *state;
    diag_hint(&unit->diags, "to nothing");
    assert_int_equal(unit_format_diags(unit).len, 0);
}

/* The context is printed before the message but is not part of it. */
static void test_context(void **state)
{
    struct unit *unit = *state;
    diag_context(&unit->diags, "of nothing");
    diag_error(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "refused");
    diag_context(&unit->diags, "cannot %s", "list\033[2J");
    diag_hint(&unit->diags, "ask");
    diag_warning(&unit->diags, NO_LOCATION, RULE_INVALID_VALUE, "plain");
    assert_true(diags_contain(&unit->diags, STR("refused")));
    assert_false(diags_contain(&unit->diags, STR("cannot list: refused")));
    assert_str(unit_format_diags(unit), "error: cannot list?[2J: refused\n  ask\nwarning: plain\n");
}

static void test_texts_are_cut_to_columns(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        size_t columns;
        const char *cut;
    } rows[] = {
        {"", 0, ""},
        {"abc", 0, ""},
        {"abc", 3, "abc"},
        {"abcd", 3, "..."},
        {"abcd", 2, "ab"},
        {"abcd", 1, "a"},
        {"abcdef", 5, "ab..."},
        {"abcdef", 6, "abcdef"},
        /* Wide characters take two columns and are not split. */
        {"\xE4\xB8\xAD\xE4\xB8\xAD", 4, "\xE4\xB8\xAD\xE4\xB8\xAD"},
        {"\xE4\xB8\xAD\xE4\xB8\xAD", 3, "..."},
        {"\xE4\xB8\xAD\xE4\xB8\xAD", 2, "\xE4\xB8\xAD"},
        {"\xE4\xB8\xAD\xE4\xB8\xAD", 1, ""},
        {"\xE4\xB8\xAD\xE4\xB8\xAD\xE4\xB8\xAD\xE4\xB8\xAD", 6, "\xE4\xB8\xAD..."},
        /* Combining characters stay with their base character. */
        {"abe\xCC\x81", 3, "abe\xCC\x81"},
        {"a\033[31mb", 7, "a?[31mb"},
        {"a\tb\nc", 5, "a b?c"},
        {"\xFF\xFF\xFF\xFF", 3, "..."},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = {0};
        buf_add(&out, STR("> "));
        diag_add_truncated(&out, str_from_c(rows[i].text), rows[i].columns);
        if (!str_eq_c(str_skip(buf_str(&out), 2), rows[i].cut))
            fail_msg("row %zu: %.*s", i, STR_ARG(buf_str(&out)));
        buf_free(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_positions),
        UNIT_TEST(test_positions_in_a_large_text),
        UNIT_TEST(test_caret),
        UNIT_TEST(test_long_lines_are_cut_around_the_location),
        UNIT_TEST(test_long_locations_are_cut_too),
        UNIT_TEST(test_cuts_keep_characters_whole),
        UNIT_TEST(test_cuts_inside_characters),
        UNIT_TEST(test_written_form),
        UNIT_TEST(test_color),
        UNIT_TEST(test_messages_cannot_control_a_terminal),
        UNIT_TEST(test_kept_diagnostics_are_limited),
        UNIT_TEST(test_full_on_both_sides),
        UNIT_TEST(test_repeats_through_aliases_are_shown_once),
        UNIT_TEST(test_direct_use_comes_before_aliases),
        UNIT_TEST(test_long_messages_are_cut),
        UNIT_TEST(test_messages_are_cut_between_characters),
        UNIT_TEST(test_a_hint_needs_a_diagnostic),
        UNIT_TEST(test_context),
        UNIT_TEST(test_texts_are_cut_to_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
