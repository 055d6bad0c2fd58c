#include "config/interpolate.h"
#include "import/compose_reader.h"
#include "import/import.h"
#include "unit.h"
#include "unit_layer.h"

static const char file[] = "name: hello\n"
                           "modules:\n"
                           "  - {name: app, type: k8s-service}\n";

/* A literal string reads as the original in a service file, without an error. */
static void check_literal(struct unit *unit, struct layer *layer, struct str text)
{
    struct filled_string filled;
    struct str literal = import_literal(&unit->arena, text, NULL);
    const struct node *scalar = node_scalar(&unit->arena, STYLE_TEXT, literal);
    if (!interpolate(&layer->scope, scalar, &filled) || unit->diags.errors)
        fail_msg("%s: %s", literal.data, unit_format_diags(unit).data);
    if (!str_equal(filled.text, text))
        fail_msg("%s is written as %s, which reads as %s", text.data, literal.data,
                 filled.text.data);
}

/* All sequences of up to LENGTH words. */
static void test_literals(void **state)
{
    static const char *const words[] = {"{", "}", "$", ".", " ", "env", "vars", "\"x\"", "%"};
    enum { LENGTH = 5 };
    struct unit *unit = *state;
    const struct input_options options = {0};
    struct layer *layer = unit_layer(unit, &options, str_from_c(file));
    size_t choice[LENGTH] = {0};
    for (;;) {
        struct buf text = {0};
        for (size_t i = 0; i < LENGTH; i++)
            if (choice[i])
                buf_add(&text, str_from_c(words[choice[i] - 1]));
        check_literal(unit, layer, buf_take(&unit->arena, &text));
        size_t at = 0;
        while (at < LENGTH && ++choice[at] > COUNT_OF(words))
            choice[at++] = 0;
        if (at == LENGTH)
            break;
    }
}

static void test_plain_literals(void **state)
{
    static const char *const texts[] = {
        "", "{", "}}", "{}", "{\"a\": {\"b\": 1}}", "awk '{print $1}'", "${HOME}", "a{2,3}",
    };
    struct unit *unit = *state;
    for (size_t i = 0; i < COUNT_OF(texts); i++) {
        struct str text = str_from_c(texts[i]);
        assert_true(str_equal(import_literal(&unit->arena, text, NULL), text));
    }
}

static void test_words(void **state)
{
    static const struct {
        const char *text;
        const char *words; /* with | after each; NULL: a quote is not closed */
    } rows[] = {
        {"", ""},
        {"  a  b\t\nc ", "a|b|c|"},
        {"'a b' \"c d\"", "a b|c d|"},
        {"a'b'\"c\"d", "abcd|"},
        {"'' \"\"", "||"},
        {"a\\ b \\'c", "a b|'c|"},
        {"\"a\\\"b\\n\\\\\"", "a\"b\\n\\|"},
        {"'a\\b'", "a\\b|"},
        {"a \\\n b", "a|b|"},
        {"a\\\nb", "ab|"},
        {"a\\", "a\\|"},
        {"'a", NULL},
        {"a\"b", NULL},
    };
    struct unit *unit = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str *words;
        size_t count;
        struct buf joined = {0};
        bool ok = shell_split(&unit->arena, str_from_c(rows[i].text), &words, &count);
        for (size_t j = 0; j < count; j++)
            buf_format(&joined, "%.*s|", STR_ARG(words[j]));
        struct str text = buf_take(&unit->arena, &joined);
        if (ok != (rows[i].words != NULL) || (ok && !str_eq_c(text, rows[i].words)))
            fail_msg("%s is split into %.*s", rows[i].text, STR_ARG(text));
    }
}

static void test_durations(void **state)
{
    static const struct {
        const char *text;
        int64_t seconds; /* -1: invalid */
    } rows[] = {{"0s", 0},   {"90s", 90},      {"1m30s", 90}, {"1h1m1s", 3661}, {"500ms", 1},
                {"1.5s", 2}, {"1s500ms", 2},   {"10us", 1},   {"1000ms", 1},    {"", -1},
                {"10", -1},  {"s", -1},        {"1d", -1},    {"1..5s", -1},    {"-1s", -1},
                {"1 s", -1}, {"9999999h", -1}, {"1m x", -1},  {".5m", 30}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t seconds = -1;
        bool ok = compose_duration(str_from_c(rows[i].text), &seconds);
        if (ok != (rows[i].seconds >= 0) || (ok && seconds != rows[i].seconds))
            fail_msg("%s is %lld seconds", rows[i].text, (long long)seconds);
    }
}

static void test_sizes(void **state)
{
    static const struct {
        const char *text;
        int64_t bytes; /* -1: invalid */
    } rows[] = {{"0", 0},
                {"1024", 1024},
                {"10b", 10},
                {"1k", 1024},
                {"2KB", 2048},
                {"1.5m", 1536 * 1024},
                {"64MiB", 64 << 20},
                {"1g", 1 << 30},
                {"2TB", (int64_t)2 << 40},
                {"", -1},
                {"m", -1},
                {"10q", -1},
                {"1..5m", -1},
                {"-1", -1},
                {"99999999999999", -1},
                {"99999t", -1},
                {"1 m", -1}};
    (void)state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t bytes = -1;
        bool ok = compose_size(str_from_c(rows[i].text), &bytes);
        if (ok != (rows[i].bytes >= 0) || (ok && bytes != rows[i].bytes))
            fail_msg("%s is %lld bytes", rows[i].text, (long long)bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_literals),  UNIT_TEST(test_plain_literals), UNIT_TEST(test_words),
        UNIT_TEST(test_durations), UNIT_TEST(test_sizes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
