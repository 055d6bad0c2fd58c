#include "unit.h"
#include "yaml/parser_memory.h"

#include <stdalign.h>

static void test_blocks_keep_their_content(void **state)
{
    (void)state;
    enum { COUNT = 300 };
    char *blocks[COUNT];
    for (int i = 0; i < COUNT; i++) {
        blocks[i] = parser_malloc((size_t)i);
        assert_int_equal((uintptr_t)blocks[i] % alignof(max_align_t), 0);
        memset(blocks[i], i & 0xFF, (size_t)i);
    }
    for (int i = 0; i < COUNT; i++)
        blocks[i] = parser_realloc(blocks[i], (size_t)i * 7);
    for (int i = 0; i < COUNT; i++)
        for (int j = 0; j < i; j++)
            assert_int_equal((unsigned char)blocks[i][j], i & 0xFF);
    parser_memory_reset();
}

static void test_freed_blocks_are_reused(void **state)
{
    (void)state;
    char *a = parser_malloc(100);
    char *b = parser_malloc(100);
    assert_ptr_equal(parser_realloc(a, 1), a);
    parser_free(a);
    parser_free(b);
    parser_free(NULL);
    assert_ptr_not_equal(parser_malloc(1000), b);
    assert_ptr_equal(parser_malloc(99), b);
    assert_ptr_equal(parser_realloc(NULL, 101), a);
    char *copy = parser_strdup("text");
    assert_string_equal(copy, "text");
    parser_memory_reset();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_blocks_keep_their_content),
        UNIT_TEST(test_freed_blocks_are_reused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
