#include "unit_memory.h"

#include <limits.h>

static void test_comparisons(void **state)
{
    (void)state;
    assert_true(str_equal(STR("a\0b"), STR("a\0b")));
    assert_false(str_equal(STR("a\0b"), STR("a\0c")));
    assert_false(str_equal(STR("a"), STR("ab")));
    assert_true(str_equal((struct str){0}, STR("")));
    assert_true(str_compare(STR("a"), STR("b")) < 0 && str_compare(STR("b"), STR("a")) > 0);
    assert_true(str_compare(STR("a"), STR("a\0")) < 0 && str_compare(STR("ab"), STR("a")) > 0);
    assert_true(str_compare(STR("\xff"), STR("a")) > 0);
    assert_int_equal(str_compare((struct str){0}, STR("")), 0);
    assert_true(str_equal(str_from_c(NULL), STR("")));
    assert_false(str_eq_c(STR("a\0"), "a"));
}

static void test_case_is_ignored_in_ascii_only(void **state)
{
    (void)state;
    assert_true(str_eq_c_nocase(STR("AuTo"), "auto"));
    assert_true(str_eq_c_nocase(STR(""), ""));
    assert_false(str_eq_c_nocase(STR("aut"), "auto"));
    assert_false(str_eq_c_nocase(STR("autos"), "auto"));
    assert_false(str_eq_c_nocase(STR("\xC3\x84"), "\xC3\xA4"));
    assert_false(str_eq_c_nocase(STR("["), "{")); /* one bit apart, like A and a */
    assert_false(str_eq_c_nocase(STR("@"), "`"));
}

static void test_slices_stay_inside(void **state)
{
    (void)state;
    struct str text = STR("hello");
    assert_str(str_slice(text, 1, 3), "el");
    assert_str(str_slice(text, 1, SIZE_MAX), "ello");
    assert_str(str_slice(text, 5, 9), "");
    assert_str(str_slice(text, 9, 12), "");
    assert_str(str_slice(text, 3, 1), "");
    assert_str(str_skip(text, 0), "hello");
    assert_str(str_skip(text, 6), "");
    assert_str(str_skip((struct str){0}, 0), "");
}

static void test_starts_ends_find_only(void **state)
{
    (void)state;
    struct str text = STR("a.b.c");
    assert_true(str_starts_with(text, STR("a.")) && str_starts_with(text, STR("")));
    assert_false(str_starts_with(text, STR("a.b.c.")));
    assert_true(str_ends_with(text, STR(".c")) && str_ends_with(text, STR("")));
    assert_false(str_ends_with(text, STR("xa.b.c")));
    assert_int_equal(str_find(text, 0, '.'), 1);
    assert_int_equal(str_find(text, 2, '.'), 3);
    assert_int_equal(str_find(text, 4, '.'), 5);
    assert_int_equal(str_find(text, 99, 'a'), 5);
    assert_int_equal(str_find((struct str){0}, 0, 'a'), 0);
    assert_true(str_span_only(STR(""), "a"));
    assert_true(str_span_only(STR("aba"), "ab"));
    assert_false(str_span_only(STR("abc"), "ab"));
    assert_false(
        str_span_only(STR("a\0"), "a")); /* the terminating NUL of `allowed` is not a member */
}

static void test_copies_end_in_nul(void **state)
{
    struct unit *unit = *state;
    char bytes[] = {'a', 'Z', 'b'};
    struct str text = {bytes, sizeof bytes};
    struct str copy = str_copy(&unit->arena, text);
    bytes[0] = 'x';
    assert_str(copy, "aZb");
    assert_int_equal(copy.data[3], 0);
    assert_string_equal(str_to_c(&unit->arena, text), "xZb");
    assert_string_equal(str_to_c(&unit->arena, (struct str){0}), "");
    assert_str(str_lower(&unit->arena, STR("aZ-\xC3\x84[@")), "az-\xC3\x84[@");
    assert_str(str_upper(&unit->arena, STR("aZ-\xC3\xA4{`")), "AZ-\xC3\xA4{`");
}

static void test_format_of_any_length(void **state)
{
    struct unit *unit = *state;
    static const size_t lengths[] = {0, 1, 1023, 1024, 4095, 4096, 65536, 5000000};
    for (size_t i = 0; i < COUNT_OF(lengths); i++) {
        struct str long_text = unit_repeat(unit, "x", lengths[i]);
        struct str text = str_format(&unit->arena, "<%.*s>%d", STR_ARG(long_text), 7);
        assert_int_equal(text.len, lengths[i] + 3);
        assert_true(str_starts_with(text, STR("<")) && str_ends_with(text, STR(">7")));
        assert_int_equal(text.data[text.len], 0);

        struct buf buf = {0};
        buf_add(&buf, STR("before "));
        buf_format(&buf, "<%.*s>%d", STR_ARG(long_text), 7);
        assert_int_equal(buf.len, lengths[i] + 10);
        assert_true(str_ends_with(buf_str(&buf), STR(">7")));
        buf_free(&buf);
    }
    struct str huge = {"", (size_t)INT_MAX + 1};
    assert_int_equal(str_width(huge), INT_MAX);
}

static void test_buf_grows_and_keeps(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_add(&buf, (struct str){0});
    assert_int_equal(buf_str(&buf).len, 0);
    for (size_t i = 0; i < 100000; i++)
        buf_add_byte(&buf, (char)('a' + i % 26));
    assert_int_equal(buf.len, 100000);
    for (size_t i = 0; i < buf.len; i++)
        assert_int_equal(buf.data[i], 'a' + (int)(i % 26));
    buf_reserve(&buf, 1000000);
    assert_true(buf.capacity - buf.len >= 1000000);
    buf.len = 0;
    buf_add_spaces(&buf, 3);
    assert_str(buf_str(&buf), "   ");
    buf_free(&buf);
    assert_null(buf.data);
    buf_free(&buf);
}

static void test_buf_wipe_leaves_nothing(void **state)
{
    (void)state;
    struct buf buf = {0};
    buf_wipe(&buf); /* empty buffer */
    buf_reserve(&buf, 200000);
    const char *data = buf.data;
    needle_fill(buf.data, 200000);
    buf.len = 1000; /* all reserved bytes may contain secrets */
    assert_true(needle_in_memory());
    assert_ptr_equal(buf.data, data);
    buf_wipe(&buf);
    assert_null(buf.data);
    assert_int_equal(buf.len, 0);
    assert_false(needle_in_memory());
}

/* The published test values of FNV-1a. Names in clusters contain hashes, so these must not change.
 */
static void test_hash_never_changes(void **state)
{
    (void)state;
    assert_int_equal(str_hash(STR("")), 0x811c9dc5U);
    assert_int_equal(str_hash(STR("a")), 0xe40c292cU);
    assert_int_equal(str_hash(STR("foobar")), 0xbf9cf968U);
    assert_int_equal(str_hash(STR("\xff")), (0x811c9dc5U ^ 0xffU) * 16777619U);
}

static struct str suggested(const char *word, const char *const *candidates)
{
    struct suggestion near = {.word = str_from_c(word)};
    for (; *candidates; candidates++)
        suggestion_add(&near, str_from_c(*candidates));
    return near.best;
}

static void test_suggestions(void **state)
{
    (void)state;
    static const char *const fields[] = {
        "name",           "image",          "port", "env_vars", "healthcheck_path",
        "min_containers", "max_containers", NULL};
    static const struct {
        const char *word, *best;
    } rows[] = {
        {"imgae", "image"},  /* adjacent characters swapped */
        {"imag", "image"},   /* character missing */
        {"immage", "image"}, /* extra character */
        {"omage", "image"},  /* character replaced */
        {"ports", "port"},
        {"mim_containers", "min_containers"},    /* the nearer of two candidates */
        {"helthcheck-path", "healthcheck_path"}, /* two errors in a long word */
        {"containers", "min_containers"},        /* four of fourteen characters */
        {"replicas", ""},
        {"xyz", ""},
        {"", ""},
        {"a_word_of_more_than_sixty_four_bytes_is_not_compared_with_anything_at_all", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(suggested(rows[i].word, fields), rows[i].best);
}

/* Comparing more candidates is slow (str.h). */
static void test_suggestions_are_limited(void **state)
{
    (void)state;
    struct suggestion near = {.word = STR("image")};
    for (size_t i = 0; i < SUGGESTION_COMPARED_MAX - 1; i++)
        suggestion_add(&near, STR("imagx"));
    struct suggestion last = near;
    suggestion_add(&last, STR("image"));
    assert_str(last.best, "image");
    suggestion_add(&near, STR("imagx"));
    suggestion_add(&near, STR("image"));
    assert_str(near.best, "imagx");
}

/* At most a third of the word's length (str.h). A short word must not get an unrelated
 * suggestion. */
static void test_suggestions_keep_their_distance(void **state)
{
    (void)state;
    static const struct {
        const char *word, *candidate;
        bool near;
    } rows[] = {
        {"app", "ap", true},
        {"app", "apq", true},
        {"app", "bpq", false},
        {"abcdef", "abcdxy", true},
        {"abcdef", "abcxyz", false},
        {"http", "htpp", true},
        {"x", "y", false},
        {"ab", "cd", false},
        {"http", "tcp", false},
        {"grpc", "http", false},
        {"abcdefghi", "abcdefxyz", true},
        {"abcdefghi", "abcdewxyz", false},
        {"abcdefghi", "badcfeghi", true}, /* all errors are at the beginning */
        {"abcdef", "badcfe", false},
        {"abcdefgh", "abcdefghijkl", true},
        {"abcdefgh", "abcdefghijklm", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const char *const candidates[] = {rows[i].candidate, NULL};
        bool near = suggested(rows[i].word, candidates).len > 0;
        if (near != rows[i].near)
            fail_msg("%s %s be suggested for %s", rows[i].candidate, near ? "must not" : "must",
                     rows[i].word);
    }
}

static void test_first_of_equally_near_is_suggested(void **state)
{
    (void)state;
    const char *const ab[] = {"max_x", "min_x", NULL};
    const char *const ba[] = {"min_x", "max_x", NULL};
    assert_str(suggested("mux_x", ab), "max_x");
    assert_str(suggested("mux_x", ba), "max_x"); /* distance 2; the other candidate is nearer */
    const char *const equal[] = {"ports", "porta", NULL};
    assert_str(suggested("porty", equal), "ports");
}

static void test_to_int(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        bool valid;
        int64_t number;
    } rows[] = {
        {"0", true, 0},
        {"7", true, 7},
        {"-7", true, -7},
        {"65535", true, 65535},
        {"999999999999999999", true, 999999999999999999},
        {"-999999999999999999", true, -999999999999999999},
        {"9999999999999999999", false, 0}, /* one digit too many */
        {"", false, 0},
        {"-", false, 0},
        {"+7", false, 0},
        {"--7", false, 0},
        {"07", false, 0},
        {"-07", false, 0},
        {"00", false, 0},
        {"0x7", false, 0},
        {"7.0", false, 0},
        {"7e0", false, 0},
        {"7 ", false, 0},
        {" 7", false, 0},
        {"1_000", false, 0},
        {"1,000", false, 0},
        {"1:30", false, 0},
        {"\xD9\xA3", false, 0}, /* an Arabic digit */
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t number = 0;
        bool valid = str_to_int(str_from_c(rows[i].text), &number);
        if (valid != rows[i].valid || number != rows[i].number)
            fail_msg("\"%s\" is %s, %lld", rows[i].text, valid ? "accepted" : "rejected",
                     (long long)number);
    }
    int64_t number = 0;
    assert_false(str_to_int((struct str)TEXT("7\0"), &number));
}

static void test_buf_add_joined_and_take(void **state)
{
    (void)state;
    struct arena arena = {0};
    struct buf list = {0};
    buf_add_joined(&list, ", ", STR("a"));
    assert_str(buf_str(&list), "a");
    buf_add_joined(&list, ", ", STR("b"));
    buf_add_joined(&list, "\n", STR("c"));
    struct str text = buf_take(&arena, &list);
    assert_str(text, "a, b\nc");
    assert_null(list.data);
    assert_int_equal(text.data[text.len], '\0');
    text = buf_take(&arena, &list); /* also for an empty buffer a string that ends in NUL */
    assert_str(text, "");
    assert_non_null(text.data);
    arena_free(&arena);
}

static void test_next_line(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        const char *lines; /* lines, each followed by "|" */
    } rows[] = {
        {"", ""},       {"a", "a|"},      {"a\n", "a|"},         {"\n", "|"},
        {"\n\n", "||"}, {"a\nb", "a|b|"}, {"a\n\nb\n", "a||b|"}, {"a\r\nb", "a\r|b|"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct buf joined = {0};
        struct str text = str_from_c(rows[i].text);
        struct str line;
        for (size_t at = 0; str_next_line(text, &at, &line);) {
            buf_add(&joined, line);
            buf_add_byte(&joined, '|');
        }
        assert_str(buf_str(&joined), rows[i].lines);
        buf_free(&joined);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_comparisons),
        UNIT_TEST(test_case_is_ignored_in_ascii_only),
        UNIT_TEST(test_slices_stay_inside),
        UNIT_TEST(test_starts_ends_find_only),
        UNIT_TEST(test_copies_end_in_nul),
        UNIT_TEST(test_format_of_any_length),
        UNIT_TEST(test_buf_grows_and_keeps),
        cmocka_unit_test(test_buf_wipe_leaves_nothing),
        cmocka_unit_test(test_buf_add_joined_and_take),
        UNIT_TEST(test_hash_never_changes),
        UNIT_TEST(test_suggestions),
        UNIT_TEST(test_suggestions_keep_their_distance),
        UNIT_TEST(test_suggestions_are_limited),
        UNIT_TEST(test_first_of_equally_near_is_suggested),
        cmocka_unit_test(test_next_line),
        cmocka_unit_test(test_to_int),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
