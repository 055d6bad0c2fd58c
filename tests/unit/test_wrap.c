#include "base/wrap.h"
#include "unit.h"

struct row {
    const char *before, *text;
    size_t width;
    const char *wrapped;
};

/* Wraps the text of each row after what is before it. */
static void check_rows(void (*wrap)(struct buf *out, struct str text, size_t width),
                       const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct buf out = {0};
        buf_add(&out, str_from_c(rows[i].before));
        wrap(&out, str_from_c(rows[i].text), rows[i].width);
        assert_str(buf_str(&out), rows[i].wrapped);
        buf_free(&out);
    }
}

static void test_text(void **state)
{
    static const struct row rows[] = {
        {"", "", 10, ""},
        {"", "one two", 7, "one two"},
        {"", "one two three", 7, "one two\nthree"},
        {"", "one two", 6, "one\ntwo"},
        {"", "a verylongword b", 5, "a\nverylongword\nb"}, /* never cut */
        {"--flag  ", "one two", 11, "--flag  one\n        two"},
        {"first\n  ", "one two", 5, "first\n  one\n  two"},
        {"--flag  ", "verylongword", 8, "--flag  verylongword"},
        {"", "one  two", 8, "one  two"}, /* spaces are kept */
        {"", "one  two", 7, "one\ntwo"},
        {"", "h\xC3\xA9h\xC3\xA9 h\xC3\xA9", 7, "h\xC3\xA9h\xC3\xA9 h\xC3\xA9"},
        {"", "\xE6\xBC\xA2\xE5\xAD\x97 a", 5, "\xE6\xBC\xA2\xE5\xAD\x97\na"}, /* wide */
        {"\033[1mx\033[0m ", "one two", 5, "\033[1mx\033[0m one\n  two"},
    };
    (void)state;
    check_rows(wrap_add, rows, COUNT_OF(rows));
}

static void test_columns(void **state)
{
    static const struct row rows[] = {
        {"", "", 20, ""},
        {"", "\n  a\n", 20, "\n  a\n"},
        {"", "name: one two three four\n", 20, "name: one two three\nfour\n"},
        {"", "  one two three four five\n", 20, "  one two three four\n  five\n"},
        {"", "  Default:   one two three\n", 20, "  Default:   one two\n             three\n"},
        {"", "  Generates: one two three\n", 20, "  Generates: one two\n             three\n"},
        {"", "  Use: a  one two three\n", 15, "  Use: a  one\n          two\n          three\n"},
        {"", "  port.http   one two three\n", 20,
         "  port.http   one\n              two\n"
         "              three\n"},
        {"", "  In each of: one two three\n", 20, "  In each of: one\n  two three\n"},
        /* less than a quarter is left after the column */
        {"", "  name            one two three\n", 22, "  name            one\n      two three\n"},
    };
    (void)state;
    check_rows(wrap_columns, rows, COUNT_OF(rows));
}

static void test_messages(void **state)
{
    static const struct row rows[] = {
        {"", "", 20, ""},
        {"", "short\n", 20, "short\n"},
        {"", "error: one two three four\n", 20, "error: one two three\n    four\n"},
        {"", "  hint one two three four\n", 20, "  hint one two three\n    four\n"},
        {"", "      one two three four\n", 20, "      one two three\n      four\n"},
        {"", "Continue now? [y/N] ", 10,
         "Continue\n    now?\n    [y/N] "}, /* no newline is added */
        /* a line of a file and its caret, also in color */
        {"", "  key: one two three four\n       ^~~\n", 12,
         "  key: one two three four\n       ^~~\n"},
        {"", "  key: one two three\n       \033[1;32m^~\033[0m\n", 12,
         "  key: one two three\n       \033[1;32m^~\033[0m\n"},
        {"", "  a b ^ c d e f g\n", 12, "  a b ^ c d\n    e f g\n"},
        /* a command */
        {"", "  create it: kubectl create secret x --y\n", 20,
         "  create it:\n    kubectl create secret x --y\n"},
        {"", "  kubectl create secret generic x\n", 20, "  kubectl create secret generic x\n"},
        {"", "  use kubectl get pods: one two three\n", 21,
         "  use\n    kubectl get pods:\n    one two three\n"},
        {"", "  kubectl patch x -p '{a: b}'; one kubectl get pods\n", 20,
         "  kubectl patch x -p '{a: b}';\n    one\n    kubectl get pods\n"},
        {"", "warning: mykubectl is one two\n", 20, "warning: mykubectl\n    is one two\n"},
    };
    (void)state;
    check_rows(wrap_messages, rows, COUNT_OF(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_text), cmocka_unit_test(test_columns),
                                       cmocka_unit_test(test_messages)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
