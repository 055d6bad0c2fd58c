#include "base/utf8.h"
#include "unit.h"

static void test_decode(void **state)
{
    (void)state;
    static const struct {
        struct str bytes;
        size_t len; /* 0: not UTF-8 */
        uint32_t character;
    } rows[] = {
        {TEXT("\0"), 1, 0},
        {TEXT("a"), 1, 'a'},
        {TEXT("\x7F"), 1, 0x7F},
        {TEXT("\xC2\x80"), 2, 0x80},
        {TEXT("\xDF\xBF"), 2, 0x7FF},
        {TEXT("\xE0\xA0\x80"), 3, 0x800},
        {TEXT("\xED\x9F\xBF"), 3, 0xD7FF},
        {TEXT("\xEE\x80\x80"), 3, 0xE000},
        {TEXT("\xEF\xBF\xBF"), 3, 0xFFFF},
        {TEXT("\xF0\x90\x80\x80"), 4, 0x10000},
        {TEXT("\xF4\x8F\xBF\xBF"), 4, 0x10FFFF},
        /* overlong */
        {TEXT("\xC0\x80"), 0, 0},
        {TEXT("\xC1\xBF"), 0, 0},
        {TEXT("\xE0\x80\x80"), 0, 0},
        {TEXT("\xE0\x9F\xBF"), 0, 0},
        {TEXT("\xF0\x80\x80\x80"), 0, 0},
        {TEXT("\xF0\x8F\xBF\xBF"), 0, 0},
        /* surrogates */
        {TEXT("\xED\xA0\x80"), 0, 0},
        {TEXT("\xED\xBF\xBF"), 0, 0},
        /* above the last character, and invalid first bytes */
        {TEXT("\xF4\x90\x80\x80"), 0, 0},
        {TEXT("\xF5\x80\x80\x80"), 0, 0},
        {TEXT("\xF8\x88\x80\x80\x80"), 0, 0},
        {TEXT("\xFE"), 0, 0},
        {TEXT("\xFF"), 0, 0},
        {TEXT("\x80"), 0, 0},
        {TEXT("\xBF"), 0, 0},
        /* truncated or continued with an invalid byte */
        {TEXT("\xC3"), 0, 0},
        {TEXT("\xC3\x28"), 0, 0},
        {TEXT("\xE2\x82"), 0, 0},
        {TEXT("\xE2\x28\xA1"), 0, 0},
        {TEXT("\xE2\x82\x28"), 0, 0},
        {TEXT("\xF0\x9F\x98"), 0, 0},
        {TEXT("\xF0\x9F\x98\xC0"), 0, 0},
        {TEXT(""), 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        uint32_t character = 0;
        size_t len = utf8_decode(rows[i].bytes, 0, &character);
        if (len != rows[i].len || character != rows[i].character)
            fail_msg("row %zu: length %zu, U+%04X", i, len, character);
    }
    uint32_t character = 0;
    assert_int_equal(utf8_decode(STR("a"), 1, &character), 0);
    assert_int_equal(utf8_decode(STR("a"), 99, &character), 0);
}

static void test_every_character_decodes_to_itself(void **state)
{
    (void)state;
    for (uint32_t c = 0; c <= 0x10FFFF; c++) {
        char bytes[4];
        size_t len = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        static const uint32_t lead[] = {0, 0, 0xC0, 0xE0, 0xF0};
        for (size_t i = len - 1; i > 0; i--)
            bytes[i] = (char)(0x80 | (c >> (6 * (len - 1 - i)) & 0x3F));
        bytes[0] = (char)(lead[len] | c >> (6 * (len - 1)));
        uint32_t decoded = 0;
        size_t used = utf8_decode((struct str){bytes, len}, 0, &decoded);
        bool surrogate = c >= 0xD800 && c <= 0xDFFF;
        if (surrogate ? used != 0 : used != len || decoded != c)
            fail_msg("U+%04X: length %zu, U+%04X", c, used, decoded);
        if (utf8_decode((struct str){bytes, len - 1}, 0, &decoded) != 0)
            fail_msg("U+%04X without its last byte is accepted", c);
    }
}

static void test_check(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        const char *error; /* substring; NULL: valid */
        size_t offset;
    } rows[] = {
        {TEXT(""), NULL, 0},
        {TEXT("a: b\r\n\tc\n"), NULL, 0},
        {TEXT("\xC3\xA4\xE2\x82\xAC\xF0\x9F\x98\x80"), NULL, 0},
        {TEXT("\xEF\xBB\xBFname: a"), NULL, 0}, /* byte order mark */
        {TEXT("a\xC2\x85"), NULL, 0},           /* next line: YAML allows it */
        {TEXT("a\xC2\xA0"), NULL, 0},           /* no-break space */
        {TEXT("\xF4\x8F\xBF\xBF"), NULL, 0},
        {TEXT("ab\0cd"), "NUL", 2},
        {TEXT("\x01"), "control", 0},
        {TEXT("a\x08"), "control", 1},
        {TEXT("a\x0B"), "control", 1},
        {TEXT("a\x1B[2J"), "control", 1},
        {TEXT("a\x7F"), "control", 1},
        {TEXT("\xC3\xA4\xC2\x80"), "control", 2}, /* C1 */
        {TEXT("\xC2\x9F"), "control", 0},         /* C1 */
        {TEXT("ab\xFF"), "not UTF-8", 2},
        {TEXT("ab\xC3"), "not UTF-8", 2},           /* cut off */
        {TEXT("\xED\xA0\x80"), "not UTF-8", 0},     /* surrogate */
        {TEXT("\xC0\x80"), "not UTF-8", 0},         /* overlong NUL */
        {TEXT("x\xEF\xBF\xBE"), "noncharacter", 1}, /* U+FFFE */
        {TEXT("x\xEF\xBF\xBF"), "noncharacter", 1}, /* U+FFFF */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t offset = 0;
        const char *error = utf8_check(rows[i].text, &offset);
        if (!error != !rows[i].error)
            fail_msg("row %zu: %s", i, error ? error : "accepted");
        if (!error)
            continue;
        assert_contains(str_from_c(error), rows[i].error);
        assert_int_equal(offset, rows[i].offset);
    }
}

static void test_columns(void **state)
{
    (void)state;
    static const struct {
        uint32_t character;
        size_t columns;
    } rows[] = {
        {'a', 1},      {0xE4, 1},    {0x301, 0},   {0x200D, 0},  {0xFE0F, 0},
        {0xFEFF, 0},   {0x4E2D, 2},  {0xAC00, 2},  {0x3042, 2},  {0xFF21, 2},
        {0xFF61, 1},   {0x1F600, 2}, {0x1F680, 2}, {0x20000, 2}, {0x20AC, 1},
        {0x10FFFF, 1}, {0x2705, 2},  {0x2713, 1},  {0x231A, 2},  {0x1FA80, 2},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (utf8_columns(rows[i].character) != rows[i].columns)
            fail_msg("U+%04X takes %zu columns", rows[i].character, rows[i].columns);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_decode),
        cmocka_unit_test(test_every_character_decodes_to_itself),
        cmocka_unit_test(test_check),
        cmocka_unit_test(test_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
