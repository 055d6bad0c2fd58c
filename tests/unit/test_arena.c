#include "unit.h"

#include <stdalign.h>

static void test_memory_is_zeroed_and_aligned(void **state)
{
    struct unit *unit = *state;
    static const size_t sizes[] = {0, 1, 7, 16, 17, 4096, 65536, 65537, 3000000, 1};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        unsigned char *bytes = arena_alloc(&unit->arena, sizes[i]);
        assert_non_null(bytes);
        assert_int_equal((uintptr_t)bytes % alignof(max_align_t), 0);
        for (size_t j = 0; j < sizes[i]; j++)
            assert_int_equal(bytes[j], 0);
        memset(bytes, 0xFF, sizes[i]);
    }
}

static void test_allocations_do_not_overlap(void **state)
{
    struct unit *unit = *state;
    enum { MANY = 20000 };
    size_t **items = ARENA_ARRAY(&unit->arena, MANY, size_t *);
    for (size_t i = 0; i < MANY; i++) {
        items[i] = ARENA_NEW(&unit->arena, size_t);
        *items[i] = i;
    }
    for (size_t i = 0; i < MANY; i++)
        assert_int_equal(*items[i], i);
}

static void test_chunks_stop_growing(void **state)
{
    struct unit *unit = *state;
    for (size_t i = 0; i < 64; i++)
        memset(arena_alloc(&unit->arena, 512 * 1024), 1, 512 * 1024);
    /* Half a largest chunk is still free behind an even number of halves at most. */
    assert_true(unit->arena.end - unit->arena.free <= 1024 * 1024);
}

static void test_reset_keeps_one_chunk_and_zeroes_again(void **state)
{
    struct unit *unit = *state;
    arena_reset(&unit->arena); /* nothing there yet */
    assert_null(unit->arena.chunk);
    for (size_t i = 0; i < 10; i++)
        memset(arena_alloc(&unit->arena, 100000), 0xFF, 100000);
    struct arena_chunk *newest = unit->arena.chunk;
    arena_reset(&unit->arena);
    assert_ptr_equal(unit->arena.chunk, newest);
    const unsigned char *bytes = arena_alloc(&unit->arena, 100000);
    assert_ptr_equal(unit->arena.chunk, newest);
    for (size_t j = 0; j < 100000; j++)
        assert_int_equal(bytes[j], 0);
}

static void test_free_leaves_an_arena_that_can_be_used(void **state)
{
    struct unit *unit = *state;
    arena_alloc(&unit->arena, 1);
    arena_free(&unit->arena);
    assert_null(unit->arena.chunk);
    arena_free(&unit->arena);
    assert_non_null(arena_alloc(&unit->arena, 1));
}

static void test_memory_grow_keeps_what_is_there(void **state)
{
    (void)state;
    char *bytes = memory_grow(NULL, 4);
    memcpy(bytes, "abc", 4);
    bytes = memory_grow(bytes, 1000000);
    assert_string_equal(bytes, "abc");
    free(bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_memory_is_zeroed_and_aligned),
        UNIT_TEST(test_allocations_do_not_overlap),
        UNIT_TEST(test_chunks_stop_growing),
        UNIT_TEST(test_reset_keeps_one_chunk_and_zeroes_again),
        UNIT_TEST(test_free_leaves_an_arena_that_can_be_used),
        UNIT_TEST(test_memory_grow_keeps_what_is_there),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
