#include "format/range_pattern.h"
#include "unit.h"

#include <regex.h>
#include <stdio.h>

static void test_patterns(void **state)
{
    static const struct {
        int64_t min, max;
        const char *pattern;
    } rows[] = {
        {0, 0, "0"},
        {0, 9, "[0-9]"},
        {1, 100, "[1-9]|[1-9][0-9]|100"},
        {4, 777, "[4-9]|[1-9][0-9]|[1-6][0-9][0-9]|7[0-6][0-9]|77[0-7]"},
    };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf out = {0};
        range_pattern(&out, rows[i].min, rows[i].max);
        assert_str(buf_str(&out), rows[i].pattern);
        buf_free(&out);
    }
}

/* Every pattern matches the numbers of its range, and no others. */
static void test_all_ranges(void **state)
{
    static const int64_t ends[] = {0,   1,   2,   7,   9,   10,  11,  19,   20,   57,   99,
                                   100, 101, 109, 190, 199, 200, 999, 1000, 1024, 1999, 2001};
    enum { NUMBERS = 2100 };
    (void)state;
    for (size_t i = 0; i < COUNT_OF(ends); i++)
        for (size_t j = i; j < COUNT_OF(ends); j++) {
            struct buf pattern = {0};
            buf_add(&pattern, STR("^("));
            range_pattern(&pattern, ends[i], ends[j]);
            buf_add(&pattern, STR(")$"));
            buf_add_byte(&pattern, '\0');
            regex_t compiled;
            assert_int_equal(regcomp(&compiled, pattern.data, REG_EXTENDED | REG_NOSUB), 0);
            for (int number = 0; number < NUMBERS; number++) {
                char text[16];
                snprintf(text, sizeof text, "%d", number);
                bool matches = regexec(&compiled, text, 0, NULL, 0) == 0;
                assert_int_equal(matches, number >= ends[i] && number <= ends[j]);
            }
            regfree(&compiled);
            buf_free(&pattern);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_patterns), UNIT_TEST(test_all_ranges)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
