#include "format/unified_diff.h"
#include "unit.h"

#define HEAD "--- a/x\n+++ b/x\n"

/* Replaces `old`, the first occurrence after the last change, with `new`. An empty one is the
 * position after the last change. */
struct edit {
    const char *old, *new;
    const char *title;
};

struct row {
    const char *text;
    struct edit edits[4];
    const char *diff;
};

/* `hidden`: lines that are not context; NULL: none. */
static void check_rows(struct unit *unit, const struct row *rows, size_t count, bool color,
                       const char *hidden)
{
    for (size_t i = 0; i < count; i++) {
        struct text_change changes[COUNT_OF(rows->edits)];
        size_t edits = 0;
        size_t at = 0;
        for (; edits < COUNT_OF(rows->edits) && rows[i].edits[edits].old; edits++) {
            const struct edit *edit = &rows[i].edits[edits];
            const char *found = strstr(rows[i].text + at, edit->old);
            assert_non_null(found);
            size_t start = (size_t)(found - rows[i].text);
            at = start + strlen(edit->old);
            changes[edits] = (struct text_change){.start = start,
                                                  .end = at,
                                                  .text = str_from_c(edit->new),
                                                  .title = str_from_c(edit->title)};
        }
        struct buf out = {0};
        size_t start = hidden ? (size_t)(strstr(rows[i].text, hidden) - rows[i].text) : 0;
        struct text_range range = {start, start + strlen(hidden ? hidden : "")};
        struct text_ranges ranges = {&range, hidden ? 1 : 0};
        unified_diff(&out, STR("x"), str_from_c(rows[i].text), changes, edits, &ranges, color);
        assert_str(buf_str(&out), rows[i].diff);
        buf_free(&out);
    }
    (void)unit;
}

static void test_lines(void **state)
{
    static const struct row rows[] = {
        {"a\nb\n", {{NULL, NULL, NULL}}, ""},
        {"a\nb\n", {{"b", "b", NULL}}, ""},
        {"a\nb\n", {{"b", "c", NULL}}, HEAD "@@ -1,2 +1,2 @@\n a\n-b\n+c\n"},
        {"a: 1\n", {{"1", "2", "X/y"}}, HEAD "@@ -1 +1 @@ X/y\n-a: 1\n+a: 2\n"},
        {"a: 1, b: 2\n",
         {{"1", "3", NULL}, {"2", "4", NULL}},
         HEAD "@@ -1 +1 @@\n-a: 1, b: 2\n+a: 3, b: 4\n"},
        /* Lines are inserted or removed without others. */
        {"a\nb\n", {{"a\n", "a\nx\ny\n", NULL}}, HEAD "@@ -1,2 +1,4 @@\n a\n+x\n+y\n b\n"},
        {"a\nb\n", {{"a", "a\nx", NULL}}, HEAD "@@ -1,2 +1,3 @@\n a\n+x\n b\n"},
        {"a\nb\n", {{"a\n", "", NULL}}, HEAD "@@ -1,2 +1 @@\n-a\n b\n"},
        {"a\nb\n", {{"\nb", "", NULL}}, HEAD "@@ -1,2 +1 @@\n a\n-b\n"},
        /* A line break is removed or added. */
        {"a\nb\nc\n", {{"\n", " ", NULL}}, HEAD "@@ -1,3 +1,2 @@\n-a\n-b\n+a b\n c\n"},
        {"a b\nc\n", {{" ", "\n", NULL}}, HEAD "@@ -1,2 +1,3 @@\n-a b\n+a\n+b\n c\n"},
        /* Changes of adjacent lines are one block, also if nothing is between them. */
        {"a\nb\nc\n",
         {{"a", "x", NULL}, {"b", "y", NULL}},
         HEAD "@@ -1,3 +1,3 @@\n-a\n-b\n+x\n+y\n c\n"},
        {"a\nb\nc\n",
         {{"a\n", "x\n", NULL}, {"b\n", "", NULL}},
         HEAD "@@ -1,3 +1,2 @@\n-a\n-b\n+x\n c\n"},
        {"", {{"", "a\n", NULL}}, HEAD "@@ -0,0 +1 @@\n+a\n"},
        {"a\n", {{"a\n", "", NULL}}, HEAD "@@ -1 +0,0 @@\n-a\n"},
        {"a\r\nb\r\n", {{"b", "c", NULL}}, HEAD "@@ -1,2 +1,2 @@\n a\r\n-b\r\n+c\r\n"},
    };
    check_rows(*state, rows, COUNT_OF(rows), false, NULL);
}

static void test_no_final_newline(void **state)
{
#define MISSING "\\ No newline at end of file\n"
    static const struct row rows[] = {
        {"a\nb", {{"a", "x", NULL}}, HEAD "@@ -1,2 +1,2 @@\n-a\n+x\n b\n" MISSING},
        {"a\nb", {{"b", "x", NULL}}, HEAD "@@ -1,2 +1,2 @@\n a\n-b\n" MISSING "+x\n" MISSING},
        {"a\nb", {{"b", "b\n", NULL}}, HEAD "@@ -1,2 +1,2 @@\n a\n-b\n" MISSING "+b\n"},
        {"a\nb", {{"\nb", "", NULL}}, HEAD "@@ -1,2 +1 @@\n-a\n-b\n" MISSING "+a\n" MISSING},
        {"a\n", {{"\n", "", NULL}}, HEAD "@@ -1 +1 @@\n-a\n+a\n" MISSING},
        {"a", {{"a", "a\nb", NULL}}, HEAD "@@ -1 +1,2 @@\n-a\n" MISSING "+a\n+b\n" MISSING},
    };
    check_rows(*state, rows, COUNT_OF(rows), false, NULL);
}

static void test_hunks(void **state)
{
    static const struct row rows[] = {
        /* Six unchanged lines are the context of one hunk, seven that of two. */
        {"0\na\n1\n2\n3\n4\n5\n6\nb\n7\n8\n9\n10\n",
         {{"a", "x", "A/a"}, {"b", "y", "B/b"}},
         HEAD
         "@@ -1,12 +1,12 @@ A/a, B/b\n 0\n-a\n+x\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+y\n 7\n 8\n 9\n"},
        {"a\n1\n2\n3\n4\n5\n6\n7\nb\n8\n",
         {{"a\n", "x\ny\n", "A/a"}, {"b", "z", "B/b"}},
         HEAD "@@ -1,4 +1,5 @@ A/a\n-a\n+x\n+y\n 1\n 2\n 3\n"
              "@@ -6,5 +7,5 @@ B/b\n 5\n 6\n 7\n-b\n+z\n 8\n"},
        {"a\nb\n",
         {{"a", "x", "A/a"}, {"b", "b\ny", "A/a"}},
         HEAD "@@ -1,2 +1,3 @@ A/a\n-a\n-b\n+x\n+b\n+y\n"},
        {"a\n", {{"a", "x", "A/\n@@"}}, HEAD "@@ -1 +1 @@ A/?@@\n-a\n+x\n"},
    };
    check_rows(*state, rows, COUNT_OF(rows), false, NULL);
}

static void test_hidden(void **state)
{
    static const struct row rows[] = {
        {"s\n---\na\n1\n2\n3\n",
         {{"a", "x", NULL}},
         HEAD "@@ -2,5 +2,5 @@\n ---\n-a\n+x\n 1\n 2\n 3\n"},
        /* Not more lines before the change than after it. */
        {"1\n2\na\n---\ns\n", {{"a", "x", NULL}}, HEAD "@@ -2,3 +2,3 @@\n 2\n-a\n+x\n ---\n"},
        {"a\ns\nb\n",
         {{"a", "x", NULL}, {"b", "y", NULL}},
         HEAD "@@ -1 +1 @@\n-a\n+x\n@@ -3 +3 @@\n-b\n+y\n"},
    };
    check_rows(*state, rows, COUNT_OF(rows), false, "s\n");
}

static void test_color(void **state)
{
    static const struct row rows[] = {
        {"a\nb\n",
         {{"b", "c", "X/y"}},
         "\033[1m--- a/x\033[0m\n\033[1m+++ b/x\033[0m\n\033[36m@@ -1,2 +1,2 @@\033[0m X/y\n"
         " a\n\033[31m-b\033[0m\n\033[32m+c\033[0m\n"},
    };
    check_rows(*state, rows, COUNT_OF(rows), true, NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_lines), UNIT_TEST(test_no_final_newline),
                                       UNIT_TEST(test_hunks), UNIT_TEST(test_hidden),
                                       UNIT_TEST(test_color)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
