#include "format/dotenv.h"
#include "unit.h"

#include <time.h>

/* No message may show this value. */
#define VALUE "s3cr3t"

/* True if the text was parsed without errors. */
static bool parse_text(struct unit *unit, struct str text, struct dotenv *ret)
{
    struct source *source = ARENA_NEW(&unit->arena, struct source);
    *source = (struct source){STR("file.env"), str_copy(&unit->arena, text), .secret = true};
    bool ok = dotenv_parse(&unit->arena, source, &unit->diags, ret);
    assert_int_equal(ok, unit->diags.errors == 0);
    return ok;
}

struct row {
    struct str text;
    struct str value; /* value of the first NAME */
};

static void check_rows(struct unit *unit, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct dotenv dotenv;
        if (!parse_text(unit, rows[i].text, &dotenv))
            fail_msg("row %zu: %.*s", i, STR_ARG(unit_format_diags(unit)));
        if (dotenv.count != 1 || !str_eq_c(dotenv.items[0].name, "NAME") ||
            !str_equal(dotenv.items[0].value, rows[i].value))
            fail_msg("row %zu: %zu items, of which the first is \"%.*s\"=\"%.*s\"", i, dotenv.count,
                     STR_ARG(dotenv.items[0].name), STR_ARG(dotenv.items[0].value));
    }
}

static void test_plain_values(void **state)
{
    static const struct row rows[] = {
        {TEXT("NAME=value\n"), TEXT("value")},
        {TEXT("NAME=value"), TEXT("value")},
        {TEXT("NAME="), TEXT("")},
        {TEXT("NAME=\n"), TEXT("")},
        {TEXT("NAME=   \n"), TEXT("")},
        {TEXT(" \tNAME \t= \tvalue \t\n"), TEXT("value")},
        {TEXT("NAME=two words\n"), TEXT("two words")},
        {TEXT("NAME=a=b==\n"), TEXT("a=b==")},
        {TEXT("NAME=$HOME ${HOME} $(id) `id` %PATH% ~\n"),
         TEXT("$HOME ${HOME} $(id) `id` %PATH% ~")},
        {TEXT("NAME=a\\nb\\\n"), TEXT("a\\nb\\")},
        {TEXT("NAME=it's \"so\"\n"), TEXT("it's \"so\"")},
        {TEXT("NAME=\xF0\x9F\x98\x80\xFF\x01\n"), TEXT("\xF0\x9F\x98\x80\xFF\x01")},
        /* comments */
        {TEXT("NAME=value # comment\n"), TEXT("value")},
        {TEXT("NAME=value\t#comment\n"), TEXT("value")},
        {TEXT("NAME=a#b\n"), TEXT("a#b")},
        {TEXT("NAME=a#b # c # d\n"), TEXT("a#b")},
        {TEXT("NAME=#comment\n"), TEXT("")},
        {TEXT("NAME= #comment\n"), TEXT("")},
        {TEXT("# OTHER=x\n\n \t\n  # y\nNAME=value\n#"), TEXT("value")},
        {TEXT("#\nNAME=value"), TEXT("value")},
        /* export */
        {TEXT("export NAME=value\n"), TEXT("value")},
        {TEXT("  export\t \tNAME = value\n"), TEXT("value")},
        /* line ends, byte order mark */
        {TEXT("NAME=value\r\n"), TEXT("value")},
        {TEXT("\r\n# x\r\nNAME=value \r\n\r\n"), TEXT("value")},
        {TEXT("NAME=value\r"), TEXT("value")},
        {TEXT("NAME=a\rb\r\n"), TEXT("a\rb")},
        {TEXT("NAME=\r\n"), TEXT("")},
        {TEXT("\xEF\xBB\xBFNAME=value\n"), TEXT("value")},
        {TEXT("\xEF\xBB\xBF\r\nNAME=\xEF\xBB\xBF\n"), TEXT("\xEF\xBB\xBF")},
    };
    check_rows(*state, rows, COUNT_OF(rows));
}

static void test_quoted_values(void **state)
{
    static const struct row rows[] = {
        {TEXT("NAME=''\n"), TEXT("")},
        {TEXT("NAME=\"\""), TEXT("")},
        {TEXT("NAME='  a # b  '\n"), TEXT("  a # b  ")},
        {TEXT("NAME = \"  a # b  \" \t\n"), TEXT("  a # b  ")},
        {TEXT("NAME='a\\n\\x\"$(b)'\n"), TEXT("a\\n\\x\"$(b)")},
        {TEXT("NAME=\"\\n\\r\\t\\\\\\\"\\$\"\n"), TEXT("\n\r\t\\\"$")},
        {TEXT("NAME=\"\\\\n\"\n"), TEXT("\\n")},
        {TEXT("NAME=\"\\\\\"\n"), TEXT("\\")},
        {TEXT("NAME=\"it's $HOME\"\n"), TEXT("it's $HOME")},
        {TEXT("NAME='a\n\n# b\nNAME=c\n'\n"), TEXT("a\n\n# b\nNAME=c\n")},
        {TEXT("export NAME=\"a\nb\" # c\n"), TEXT("a\nb")},
        {TEXT("NAME='a'# b\n"), TEXT("a")},
        {TEXT("NAME='a'\r\n"), TEXT("a")},
        {TEXT("NAME='a'\r"), TEXT("a")},
        {TEXT("NAME='a\r\nb'\r\n"), TEXT("a\r\nb")}, /* unchanged, byte for byte */
        {TEXT("NAME=\"\x01\xFF\"\n"), TEXT("\x01\xFF")},
    };
    check_rows(*state, rows, COUNT_OF(rows));
}

/* Only a name with nothing after the = is treated as an unfilled template. */
static void test_missing_values(void **state)
{
    struct unit *unit = *state;
    struct dotenv dotenv;
    assert_true(parse_text(unit, STR("A=1\nB=\nC=\"\"\nD=''\nexport E= # x\r\nF=\"\" # y\nG= \r\n"),
                           &dotenv));
    static const bool has_no_value[] = {false, true, false, false, true, false, true};
    assert_int_equal(dotenv.count, COUNT_OF(has_no_value));
    for (size_t i = 0; i < COUNT_OF(has_no_value); i++)
        assert_int_equal(dotenv.items[i].has_no_value, has_no_value[i]);
    struct diags diags = {.arena = &unit->arena};
    assert_false(dotenv_check_values(&dotenv, &diags, "do that"));
    assert_int_equal(diags.errors, 3);
    assert_str(diags.items[0].message, "\"B\" has no value");
    assert_str(diags.items[0].hint, "write B=\"\" for an empty value, or do that");
}

static void test_names_and_order(void **state)
{
    struct unit *unit = *state;
    static const char *const names[] = {"Z", "a_1", "export", "exported", "tls.crt", "-x", "A"};
    struct dotenv dotenv;
    assert_true(parse_text(
        unit, STR("Z=1\na_1=2\nexport=3\nexported=4\nexport tls.crt=5\n-x=6\nA=7"), &dotenv));
    assert_int_equal(dotenv.count, COUNT_OF(names));
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        const char digit[] = {(char)('1' + i), 0};
        assert_str(dotenv.items[i].name, names[i]);
        assert_str(dotenv.items[i].value, digit);
        struct location at = dotenv.items[i].at;
        assert_str(str_slice(at.source->text, at.start, at.end), names[i]);
    }
    assert_true(parse_text(unit, STR(""), &dotenv));
    assert_int_equal(dotenv.count, 0);
    assert_true(parse_text(unit, STR("\xEF\xBB\xBF"), &dotenv));
    assert_int_equal(dotenv.count, 0);
}

static void test_errors(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str text;
        size_t line, column;
        const char *message, *hint; /* substrings */
    } rows[] = {
        {TEXT("A=1\nB\n"), 2, 1, "must be NAME=VALUE", ""},
        {TEXT("A=1\n  " VALUE), 2, 3, "must be NAME=VALUE", ""},
        {TEXT("A " VALUE "\n"), 1, 1, "must be NAME=VALUE", ""},
        {TEXT("A: " VALUE "\n"), 1, 1, "must be NAME=VALUE", ""},
        {TEXT("export A\n"), 1, 8, "must be NAME=VALUE", ""},
        {TEXT("=" VALUE "\n"), 1, 1, "name must consist of letters", ""},
        {TEXT("A=1\r\n\r\n 1A=" VALUE "\r\n"), 3, 2, "not start with a digit", ""},
        {TEXT("..=" VALUE "\n"), 1, 1, "must not be . or start with ..", ""},
        {TEXT("\xC3\x84=" VALUE "\n"), 1, 1, "name must consist of letters", ""},
        {TEXT("A=1\n1B='" VALUE "\n" VALUE "'\n"), 2, 1, "name must consist of letters", ""},
        {TEXT("A=1\nB=2\nA=" VALUE "\n"), 3, 1, "duplicate name \"A\"", "first defined on line 1"},
        {TEXT("\nA=1\nexport A='" VALUE "'\n"), 3, 8, "duplicate name \"A\"", "on line 2"},
        {TEXT("A='1' " VALUE "\n"), 1, 7, "unexpected text after the closing quote",
         "start a comment"},
        {TEXT("A=\"" VALUE "\n\"" VALUE "\n"), 2, 2, "unexpected text after the closing", ""},
        {TEXT("A=''\"\"\n"), 1, 5, "unexpected text after the closing quote", ""},
        {TEXT("A=1\nB= '" VALUE "\nC=1\n"), 2, 4, "missing closing quote", ""},
        {TEXT("A=\""), 1, 3, "missing closing quote", ""},
        {TEXT("A=\"\\\""), 1, 3, "missing closing quote", ""},
        {TEXT("A=\"\\"), 1, 3, "missing closing quote", ""},
        {TEXT("A=\"\\x\\"), 1, 3, "missing closing quote", ""},
        {TEXT("A=\"" VALUE "\\x\"\n"), 1, 10, "unknown escape", "write \\\\ for a backslash"},
        {TEXT("A=\"1\n\\'\"\n"), 2, 1, "unknown escape", "single quotes"},
        {TEXT("A=\"\\\n\"\n"), 1, 4, "unknown escape", ""},
        {TEXT("A=1\nB=" VALUE "\0\nC\n"), 2, 9, "NUL byte", "--from-file FILE"},
        {TEXT("\0"), 1, 1, "NUL byte", ""},
        {TEXT("\xFF\xFE"
              "A\0=\0"),
         1, 4, "NUL byte", ""}, /* UTF-16 */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct dotenv dotenv;
        unit_reset(unit);
        if (parse_text(unit, rows[i].text, &dotenv) || unit->diags.errors != 1)
            print_error("row %zu: %zu errors\n", i, unit->diags.errors);
        assert_errors(unit, 1);
        assert_diag(unit, 0, rows[i].line, rows[i].column, rows[i].message, rows[i].hint);
        assert_false(unit_contains(unit_format_diags(unit), VALUE));
    }
}

/* An error does not hide later errors, and no message shows a value. */
static void test_all_errors_are_reported(void **state)
{
    struct unit *unit = *state;
    struct dotenv dotenv;
    parse_text(unit,
               STR("A=" VALUE "\n" VALUE "\n1=\"" VALUE "\n=\\\"" VALUE "\"\nB='" VALUE "' " VALUE
                   "\nC=\"" VALUE "\\q\\w\"\nA=" VALUE "\nD=\"" VALUE "\n"),
               &dotenv);
    assert_errors(unit, 7);
    assert_diag(unit, 0, 2, 1, "must be NAME=VALUE", "");
    assert_diag(unit, 1, 3, 1, "name must consist", "");
    assert_diag(unit, 2, 5, 12, "after the closing quote", "");
    assert_diag(unit, 3, 6, 10, "unknown escape", "");
    assert_diag(unit, 4, 6, 12, "unknown escape", "");
    assert_diag(unit, 5, 7, 1, "duplicate name \"A\"", "line 1");
    assert_diag(unit, 6, 8, 3, "missing closing quote", "");
    assert_false(unit_contains(unit_format_diags(unit), VALUE));
}

static void test_can_store(void **state)
{
    (void)state;
    static const struct {
        struct str value;
        bool can;
    } rows[] = {
        {TEXT(""), true},
        {TEXT("\x01\x7F\r\n\t"), true},
        {TEXT("\xF0\x9F\x98\x80"), true},
        {TEXT("a\0b"), false},
        {TEXT("\0"), false},
        {TEXT("\xFF"), false},
        {TEXT("a\xC3"), false},
        {TEXT("\xED\xA0\x80"), false},
        {TEXT("\xC0\x80"), false},
        {TEXT("\xEF\xBB\xBF"), true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (dotenv_can_store(rows[i].value) != rows[i].can)
            fail_msg("row %zu", i);
}

static void test_lines(void **state)
{
    struct unit *unit = *state;
    static const struct {
        struct str value;
        const char *line;
    } rows[] = {
        {TEXT(""), "A=\"\"\n"},
        {TEXT("abc-1_2.3,4:5/6@7%8+9="), "A=abc-1_2.3,4:5/6@7%8+9=\n"},
        {TEXT("two words"), "A=\"two words\"\n"},
        {TEXT("#"), "A=\"#\"\n"},
        {TEXT("a\nb\r\n\t"), "A=\"a\nb\\r\n\\t\"\n"},
        {TEXT("\\\"$'"), "A=\"\\\\\\\"\\$'\"\n"},
        {TEXT("\xF0\x9F\x98\x80"), "A=\"\xF0\x9F\x98\x80\"\n"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(dotenv_line(&unit->arena, STR("A"), rows[i].value), rows[i].line);
}

static uint32_t random_below(uint64_t *seed, uint32_t below)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (uint32_t)(*seed >> 33) % below;
}

/* Random files of tokens that are special for some reader of such files. */
static struct str random_value(struct unit *unit, uint64_t *seed)
{
    static const char *const pieces[] = {
        "'",
        "\"",
        "\\",
        "$",
        "$(A)",
        "${A}",
        "#",
        " #",
        "=",
        " ",
        "\t",
        "\n",
        "\r",
        "\r\n",
        "\\n",
        "\\\"",
        "`",
        "a",
        "Z9",
        "\x01",
        "\x7F",
        "-",
        "A=b\n",
        "export ",
        "!",
        "\xEF\xBB\xBF",
        "\xC3\xA4",
        "\xE2\x80\xA8",
        "\xF0\x9F\x98\x80",
    };
    struct buf buf = {0};
    for (size_t left = random_below(seed, 12); left > 0; left--)
        buf_add(&buf, str_from_c(pieces[random_below(seed, COUNT_OF(pieces))]));
    return buf_take(&unit->arena, &buf);
}

/* The output of dotenv_line() parses to the same value at any position of a file. */
static void test_lines_parse_to_the_same_value(void **state)
{
    struct unit *unit = *state;
    enum { RUNS = 20000, LINES = 3 };
    uint64_t seed = 1;
    for (int run = 0; run < RUNS; run++) {
        struct str values[LINES];
        struct buf text = {0};
        struct dotenv dotenv;
        unit_reset(unit);
        for (size_t i = 0; i < LINES; i++) {
            const char name[] = {(char)('A' + i), 0};
            values[i] = random_value(unit, &seed);
            assert_true(dotenv_can_store(values[i]));
            buf_add(&text, dotenv_line(&unit->arena, str_from_c(name), values[i]));
        }
        parse_text(unit, buf_str(&text), &dotenv);
        bool same = unit->diags.errors == 0 && dotenv.count == LINES;
        for (size_t i = 0; i < LINES && same; i++)
            same = str_equal(dotenv.items[i].value, values[i]);
        if (!same)
            fail_msg("run %d: %.*s", run, STR_ARG(buf_str(&text)));
        buf_free(&text);
    }
}

static void test_every_character_parses_to_itself(void **state)
{
    struct unit *unit = *state;
    for (int byte = 1; byte < 0x80; byte++)
        for (int other = 1; other < 0x80; other++) {
            const char bytes[] = {(char)byte, (char)other};
            struct str value = {bytes, COUNT_OF(bytes)};
            struct dotenv dotenv;
            unit_reset(unit);
            if (!parse_text(unit, dotenv_line(&unit->arena, STR("A"), value), &dotenv) ||
                dotenv.count != 1 || !str_equal(dotenv.items[0].value, value))
                fail_msg("0x%02x 0x%02x", byte, other);
        }
}

/* Memory for a quoted value is as long as the value, not as the rest of the file: the values of
 * consecutive lines are adjacent, except where the arena adds a chunk or the items move. */
static void test_quoted_values_use_no_extra_memory(void **state)
{
    struct unit *unit = *state;
    enum { LINES = 5000 };
    struct buf text = {0};
    struct dotenv dotenv;
    for (int i = 0; i < LINES; i++)
        buf_format(&text, "NAME%d=%s\n", i, i % 2 ? "\"x\"" : "'x'");
    assert_true(parse_text(unit, buf_str(&text), &dotenv));
    assert_int_equal(dotenv.count, LINES);
    size_t far = 0;
    for (size_t i = 1; i < LINES; i++) {
        uintptr_t before = (uintptr_t)dotenv.items[i - 1].value.data;
        uintptr_t here = (uintptr_t)dotenv.items[i].value.data;
        far += here < before || here - before > 200;
    }
    assert_true(far < 50);
    buf_free(&text);
}

/* For the largest allowed file with any lines: quadratic time would be minutes. */
static void test_large_files(void **state)
{
    struct unit *unit = *state;
    static const char *const lines[] = {
        "A=1\n", "A\n", "=\n",         "A='\n",      "A=''x\n",
        "#\n",   "\n",  "A=\"\\q\"\n", "A=\"\n\"\n", "A=1\n'\n",
    };
    enum { SIZE = 1024 * 1024, SECONDS = 5 };
    clock_t begin = clock();
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        struct dotenv dotenv;
        unit_reset(unit);
        parse_text(unit, unit_repeat(unit, lines[i], SIZE / strlen(lines[i])), &dotenv);
        if (clock() - begin > SECONDS * CLOCKS_PER_SEC)
            fail_msg("lines as \"%s\" take too long", lines[i]);
    }
    struct buf text = {0};
    struct dotenv dotenv;
    buf_add(&text, unit_repeat(unit, "\n", SIZE / 2)); /* lines to count for each duplicate */
    buf_add(&text, unit_repeat(unit, "A=1\n", SIZE / 8));
    parse_text(unit, buf_str(&text), &dotenv);
    assert_true(clock() - begin < SECONDS * CLOCKS_PER_SEC);
    text.len = 0;
    for (int i = 0; text.len < SIZE; i++)
        buf_format(&text, "A%d='%d'\n", i, i);
    unit_reset(unit);
    assert_true(parse_text(unit, buf_str(&text), &dotenv));
    assert_true(clock() - begin < SECONDS * CLOCKS_PER_SEC);
    buf_free(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_plain_values),
        UNIT_TEST(test_quoted_values),
        UNIT_TEST(test_missing_values),
        UNIT_TEST(test_names_and_order),
        UNIT_TEST(test_errors),
        UNIT_TEST(test_all_errors_are_reported),
        UNIT_TEST(test_can_store),
        UNIT_TEST(test_lines),
        UNIT_TEST(test_lines_parse_to_the_same_value),
        UNIT_TEST(test_every_character_parses_to_itself),
        UNIT_TEST(test_quoted_values_use_no_extra_memory),
        UNIT_TEST(test_large_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
