#include "format/base64.h"
#include "unit.h"

static void test_known_texts(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str bytes;
        const char *text;
    } rows[] = {
        {TEXT(""), ""}, /* RFC 4648, section 10 */
        {TEXT("f"), "Zg=="},
        {TEXT("fo"), "Zm8="},
        {TEXT("foo"), "Zm9v"},
        {TEXT("foob"), "Zm9vYg=="},
        {TEXT("fooba"), "Zm9vYmE="},
        {TEXT("foobar"), "Zm9vYmFy"},
        {TEXT("\0"), "AA=="},
        {TEXT("\xFF\xFE\xFD"), "//79"},
        {TEXT("\xFB\xEF\xBE"), "++++"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str bytes;
        assert_str(base64_encode(&unit->arena, rows[i].bytes), rows[i].text);
        assert_true(base64_decode(&unit->arena, str_from_c(rows[i].text), &bytes));
        assert_true(str_equal(bytes, rows[i].bytes));
    }
}

static void assert_round_trip(struct unit *unit, struct str bytes)
{
    struct str back;
    struct str text = base64_encode(&unit->arena, bytes);
    assert_int_equal(text.len, (bytes.len + 2) / 3 * 4);
    if (!base64_decode(&unit->arena, text, &back) || !str_equal(back, bytes))
        fail_msg("%zu bytes decode to %zu others: %.*s", bytes.len, back.len, STR_ARG(text));
}

/* Covers every byte at every position of a group, and every length. */
static void test_round_trips(void **state)
{
    struct unit *unit = *state;
    enum { LONGEST = 1100 };
    char bytes[LONGEST];
    for (int byte = 0; byte < 256; byte++)
        for (size_t len = 1; len <= 4; len++)
            for (size_t at = 0; at < len; at++) {
                memset(bytes, 0xA5, len);
                bytes[at] = (char)byte;
                assert_round_trip(unit, (struct str){bytes, len});
            }
    for (size_t i = 0; i < LONGEST; i++)
        bytes[i] = (char)(i * 131 + i / 256);
    for (size_t len = 0; len <= LONGEST; len++)
        assert_round_trip(unit, (struct str){bytes, len});
}

/* For any four digits: an accepted input is what base64_encode() returns for the decoded bytes. */
static void test_accepted_input_is_canonical(void **state)
{
    struct unit *unit = *state;
    static const char some[] = {'A', 'B', 'Q', 'g', 'w', '/', '+', '9', '=', '-', 0, '\n', '\xFF'};
    size_t accepted = 0;
    for (size_t i = 0; i < COUNT_OF(some) * COUNT_OF(some) * COUNT_OF(some) * COUNT_OF(some); i++) {
        char text[4];
        size_t rest = i;
        for (size_t j = 0; j < COUNT_OF(text); j++, rest /= COUNT_OF(some))
            text[j] = some[rest % COUNT_OF(some)];
        struct str given = {text, COUNT_OF(text)};
        struct str bytes;
        if (!base64_decode(&unit->arena, given, &bytes))
            continue;
        accepted++;
        if (!str_equal(base64_encode(&unit->arena, bytes), given))
            fail_msg("\"%.4s\" is accepted", text);
    }
    /* 8 of them are digits, of which A, Q, g and w end in four zero bits. */
    assert_int_equal(accepted, 8 * 8 * 8 * 8 + 8 * 8 * 4 + 8 * 4);
}

static void test_rejected(void **state)
{
    struct unit *unit = *state;
    static const struct str texts[] = {
        TEXT("Z"),        TEXT("Zg"),       TEXT("Zg="),      TEXT("Zm9vY"),    TEXT("Zm9vYg="),
        TEXT("="),        TEXT("=="),       TEXT("==="),      TEXT("===="),     TEXT("Z==="),
        TEXT("Zg==="),    TEXT("Zg==Zg=="), TEXT("Zm8=Zm9v"), TEXT("Zm=v"),     TEXT("=m9v"),
        TEXT("Z=9v"),     TEXT("Zm9\0"),    TEXT("Zm9 "),     TEXT("Zm9v\n"),   TEXT("Zm9\n"),
        TEXT("Zm9-"),     TEXT("Zm9_"),     TEXT("Zm9\xFF"),  TEXT("Zm9v===="), TEXT("Zh=="),
        TEXT("Zv=="),     TEXT("Zm9="),     TEXT("Zm+="),     TEXT("\0\0\0\0"), TEXT("Zm9v Zm9"),
        TEXT(" Zm9vZm9"), TEXT("Zm,v"),
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str bytes;
        if (base64_decode(&unit->arena, texts[i], &bytes))
            fail_msg("\"%.*s\" is accepted", STR_ARG(texts[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_known_texts),
        UNIT_TEST(test_round_trips),
        UNIT_TEST(test_accepted_input_is_canonical),
        UNIT_TEST(test_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
