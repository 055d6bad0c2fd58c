#include "unit.h"
#include "yaml/scalar.h"

/* Scalars that some reader does not read as a string. */
static void test_ambiguous(void **state)
{
    (void)state;
    static const char *const texts[] = {
        /* null, in YAML 1.1 and 1.2 */
        "",
        "~",
        "null",
        "Null",
        "NULL",
        /* YAML 1.1 booleans */
        "y",
        "Y",
        "yes",
        "Yes",
        "YES",
        "n",
        "N",
        "no",
        "No",
        "NO",
        "true",
        "True",
        "TRUE",
        "false",
        "False",
        "FALSE",
        "on",
        "On",
        "ON",
        "off",
        "Off",
        "OFF",
        /* merge and default keys */
        "<<",
        "=",
        /* decimal, with signs and separators */
        "0",
        "-0",
        "+0",
        "1",
        "-1",
        "+12",
        "685_230",
        "+685_230",
        "1,000",
        "12_345_678",
        "99999999999999999999999999",
        /* octal of 1.1 and of 1.2 */
        "0777",
        "02472256",
        "-0777",
        "0o14",
        "0o777",
        "0O7",
        "08",
        "00",
        "0_7",
        /* hexadecimal and binary */
        "0x0A",
        "0xdeadBEEF",
        "0x_0A_74_AE",
        "-0x1f",
        "+0x1F",
        "0X1f",
        "0b1010_0111_0100",
        "-0b1",
        "0B1",
        /* base 60: times, versions of ports and IPv6 look like it */
        "190:20:30",
        "12:30",
        "12:30:45",
        "-1:30",
        "+1:2",
        "190:20:30.15",
        "22:22",
        "1:59.5",
        /* floats */
        "1.0",
        "1.10",
        "-1.5",
        "+1.5",
        "1.",
        "-1.",
        ".5",
        "-.5",
        "+.5",
        "6.8523015e+5",
        "685.230_15e+03",
        "685_230.15",
        "1e3",
        "1E3",
        "1e+3",
        "1e-3",
        "3e7_",
        "3e_7",
        "0_x1F",
        "0_b1",
        "-_0o_7",
        "+_12",
        "-1e3",
        "1.5e3",
        "1.e3",
        ".5e3",
        "12e03",
        "-2E+05",
        "1_000.5",
        "1,000.5",
        "1.2.3",
        "127.0.0.1",
        "0.",
        "0e0",
        "0.0",
        ".inf",
        ".Inf",
        ".INF",
        "-.inf",
        "-.Inf",
        "-.INF",
        "+.inf",
        "+.Inf",
        "+.INF",
        ".nan",
        ".NaN",
        ".NAN",
        /* times */
        "2001-12-14",
        "2001-1-1",
        "2001-12-14t21:59:43.10-05:00",
        "2001-12-15T02:59:43.1Z",
        "2001-12-14 21:59:43.10 -5",
        "2001-12-15 2:59:43.10",
        "2001-12-14\t21:59:43",
        "0000-00-00",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str text = str_from_c(texts[i]);
        if (!scalar_is_ambiguous(text))
            fail_msg("\"%s\" is read as a string", texts[i]);
        if (scalar_may_be_plain(text))
            fail_msg("\"%s\" is treated as unambiguous", texts[i]);
    }
}

/* Scalars that all readers read as strings: they need no quotes. */
static void test_strings(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "a",       "hello",        "nginx:1.29", "v1.2",        "1.29-alpine",
        "1a",      "0xg",          "0x",         "0b",          "1e3a",
        "e3",      "1e3.5",        "yess",       "nope",        "oN1",
        "truee",   "nullable",     "-a",         "a-",          "a b",
        "a:b",     "a#b",          "100m",       "128Mi",       "25%",
        "$(A)",    "$request_uri", "/",          "/api/v1",     "/$2",
        "/()(.*)", "a,b",          "a[0]",       "a{b}",        "~a",
        "1-2",     "2001-12",      "2001-12-1x", "20011-12-14", "sha256:abc",
        "a=b",     "http://a/b",   "a'b",        "a\"b",        "a\\b",
        "a|b",     "\xC3\xA4",     "infinity",   "a\xC2\xA0",   "-.5a",
        ".infx",   "\xE4\xB8\xAD", "opta.dev/x", "1m30s",       "5s",
        "a?",      "a!",           "a&b",        "--a",
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str text = str_from_c(texts[i]);
        if (scalar_is_ambiguous(text))
            fail_msg("\"%s\" is not read as a string", texts[i]);
        if (!scalar_may_be_plain(text))
            fail_msg("\"%s\" is treated as ambiguous", texts[i]);
    }
}

/* Strings that are read as another type, or cause an error, if they are not quoted. */
static void test_must_be_quoted(void **state)
{
    (void)state;
    static const struct str texts[] = {
        TEXT(" a"),
        TEXT("a "),
        TEXT(" "),
        TEXT("a: b"),
        TEXT("a:"),
        TEXT("a #b"),
        TEXT("#a"),
        TEXT("- a"),
        TEXT("-"),
        TEXT("--"),
        TEXT("---"),
        TEXT("---a"),
        TEXT("..."),
        TEXT("...a"),
        TEXT("? a"),
        TEXT("?a"),
        TEXT(": a"),
        TEXT(":a"),
        TEXT(",a"),
        TEXT("[a]"),
        TEXT("]a"),
        TEXT("{a}"),
        TEXT("}a"),
        TEXT("&a"),
        TEXT("*a"),
        TEXT("!a"),
        TEXT("|"),
        TEXT("|a"),
        TEXT(">"),
        TEXT(">a"),
        TEXT("'a"),
        TEXT("\"a"),
        TEXT("%a"),
        TEXT("@a"),
        TEXT("`a"),
        TEXT("<<"),
        TEXT("=a"),
        TEXT("a\tb"),
        TEXT("\ta"),
        TEXT("a\n"),
        TEXT("a\nb"),
        TEXT("a\r"),
        TEXT("a\0b"),
        TEXT("a\x07"),
        TEXT("a\x7F"),
        TEXT("a\xC2\x85"),
        TEXT("a\xE2\x80\xA8"),
        TEXT("a\xE2\x80\xA9"),
        TEXT("\xEF\xBB\xBF"
             "a"),
        TEXT("a\xF0\x9F\x98\x80"),
        TEXT("a\xFF"),
        TEXT("a\xC3"),
        TEXT("a\xEF\xBF\xBE"),
        TEXT("a\xC2\x9B"),
    };
    for (size_t i = 0; i < COUNT_OF(texts); i++)
        if (scalar_may_be_plain(texts[i]))
            fail_msg("\"%.*s\" is treated as unambiguous", STR_ARG(texts[i]));
}

static void test_booleans(void **state)
{
    (void)state;
    static const char *const right[] = {"true", "True", "TRUE", "yes", "Yes",
                                        "YES",  "on",   "On",   "ON"};
    static const char *const wrong[] = {"false", "False", "FALSE", "no", "No",
                                        "NO",    "off",   "Off",   "OFF"};
    static const char *const neither[] = {"", "y", "n", "1", "0", "truee", "tru", " true", "~"};
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        bool flag = false;
        assert_true(scalar_to_bool(str_from_c(right[i]), &flag) && flag);
        flag = true;
        assert_true(scalar_to_bool(str_from_c(wrong[i]), &flag) && !flag);
    }
    for (size_t i = 0; i < COUNT_OF(neither); i++) {
        bool flag;
        assert_false(scalar_to_bool(str_from_c(neither[i]), &flag));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ambiguous),
        cmocka_unit_test(test_strings),
        cmocka_unit_test(test_must_be_quoted),
        cmocka_unit_test(test_booleans),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
