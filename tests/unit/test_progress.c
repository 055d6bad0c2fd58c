#include "os/progress.h"
#include "unit.h"

#define OVER "\r\033[K"

/* Returns what one call writes for `size` and lines separated by "|". */
static struct str progress_output(struct unit *unit, struct progress *progress,
                                  struct terminal_size size, const char *words)
{
    struct str lines[20];
    struct str text = str_from_c(words);
    size_t count = 0;
    for (size_t at = 0; at < text.len; at = str_find(text, at, '|') + 1)
        lines[count++] = str_slice(text, at, str_find(text, at, '|'));
    struct buf out = {0};
    progress_write(progress, size, lines, count, &out);
    return buf_take(&unit->arena, &out);
}

static void test_lines_are_redrawn(void **state)
{
    struct unit *unit = *state;
    struct progress progress = {0};
    const struct terminal_size size = {80, 24};
    assert_str(progress_output(unit, &progress, size, ""), "");
    assert_str(progress_output(unit, &progress, size, "a"), OVER "a\n\033[J");
    assert_str(progress_output(unit, &progress, size, "b|c"),
               "\033[1A" OVER "b\n" OVER "c\n\033[J");
    assert_str(progress_output(unit, &progress, size, "d"), "\033[2A" OVER "d\n\033[J");
    /* After other output the lines start again. */
    progress.lines = 0;
    assert_str(progress_output(unit, &progress, size, "e"), OVER "e\n\033[J");
}

static void test_no_line_is_wider_than_the_terminal(void **state)
{
    struct unit *unit = *state;
    for (size_t columns = 1; columns < 60; columns++) {
        struct progress progress = {0};
        struct str text =
            progress_output(unit, &progress, (struct terminal_size){columns, 24},
                            "web: 0 of 1 pods ready (12 s)|\xE4\xB8\xAD\xE4\xB8\xAD: a");
        size_t lines = 0;
        struct str line;
        for (size_t at = 0; str_next_line(text, &at, &line); lines++) {
            struct buf ignored = {0};
            if (str_starts_with(line, STR(OVER)))
                assert_true(diag_add_visible(&ignored, str_skip(line, strlen(OVER))) < columns);
            buf_free(&ignored);
        }
        assert_int_equal(lines, 3); /* and the end of the previous screen */
        assert_int_equal(progress.lines, 2);
    }
}

static void test_no_more_lines_than_the_terminal_has(void **state)
{
    struct unit *unit = *state;
    static const struct {
        size_t rows;
        const char *lines;
        const char *progress_output;
    } rows[] = {
        {4, "a|b|c", OVER "a\n" OVER "b\n" OVER "c\n\033[J"},
        {4, "a|b|c|d", OVER "a\n" OVER "b\n" OVER "... and 2 more\n\033[J"},
        {3, "a|b|c|d", OVER "a\n" OVER "... and 3 more\n\033[J"},
        {2, "a|b|c|d", OVER "... and 4 more\n\033[J"},
        {1, "a|b|c|d", OVER "... and 4 more\n\033[J"},
        {1, "a", OVER "a\n\033[J"},
        {SIZE_MAX, "a|b|c|d", OVER "a\n" OVER "b\n" OVER "c\n" OVER "d\n\033[J"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct progress progress = {0};
        assert_str(progress_output(unit, &progress, (struct terminal_size){80, rows[i].rows},
                                   rows[i].lines),
                   rows[i].progress_output);
    }
}

/* Lines that the terminal may have wrapped are left in place. */
static void test_a_terminal_that_becomes_smaller(void **state)
{
    struct unit *unit = *state;
    struct progress progress = {0};
    progress_output(unit, &progress, (struct terminal_size){80, 24}, "abcdefgh");
    assert_str(progress_output(unit, &progress, (struct terminal_size){6, 24}, "abcdefgh"),
               OVER "ab...\n\033[J");
    assert_str(progress_output(unit, &progress, (struct terminal_size){9, 24}, "abcdefgh"),
               "\033[1A" OVER "abcdefgh\n\033[J");
    assert_str(progress_output(unit, &progress, (struct terminal_size){9, 2}, "a"),
               OVER "a\n\033[J");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_lines_are_redrawn),
        UNIT_TEST(test_no_line_is_wider_than_the_terminal),
        UNIT_TEST(test_no_more_lines_than_the_terminal_has),
        UNIT_TEST(test_a_terminal_that_becomes_smaller),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
