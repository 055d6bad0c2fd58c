#include "unit_memory.h"

#include <stdalign.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

static void test_memory_is_zeroed_and_aligned(void **state)
{
    struct unit *unit = *state;
    static const size_t sizes[] = {0, 1, 7, 16, 17, 4096, 65536, 65537, 3000000, 1};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
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
    /* At most, half a largest chunk is free after an even number of halves. */
    assert_true(unit->arena.end - unit->arena.free <= 1024 * 1024);
}

static void test_reset_keeps_one_chunk_and_zeroes_again(void **state)
{
    struct unit *unit = *state;
    arena_reset(&unit->arena); /* still empty */
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

/* Mixed allocations of items of any size lose and overwrite nothing. */
static void test_arrays_that_grow(void **state)
{
    struct unit *unit = *state;
    enum { MANY = 3000, WIDE = 24 };
    size_t *numbers = NULL;
    char(*wide)[WIDE] = NULL;
    for (size_t i = 0; i < MANY; i++) {
        numbers = arena_grow(&unit->arena, numbers, i, sizeof *numbers);
        numbers[i] = i;
        wide = arena_grow(&unit->arena, wide, i, sizeof *wide);
        memset(wide[i], (int)(i % 251), sizeof *wide);
    }
    for (size_t i = 0; i < MANY; i++) {
        assert_int_equal(numbers[i], i);
        for (size_t j = 0; j < WIDE; j++)
            assert_int_equal((unsigned char)wide[i][j], i % 251);
    }
}

/* The array moves only when it is full: at 0, 8, 16, 32, ... */
static void test_growing_moves_only_full_arrays(void **state)
{
    struct unit *unit = *state;
    int *items = NULL;
    for (size_t i = 0; i < 1025; i++) {
        int *grown = arena_grow(&unit->arena, items, i, sizeof *items);
        bool full = i == 0 || (i >= 8 && (i & (i - 1)) == 0);
        if ((grown != items) != full)
            fail_msg("at %zu items the array %s", i, grown == items ? "stays" : "moves");
        items = grown;
        assert_int_equal(items[i], 0); /* new items are zeroed */
        items[i] = -1;
    }
}

static void test_arena_is_usable_after_free(void **state)
{
    struct unit *unit = *state;
    arena_alloc(&unit->arena, 1);
    arena_free(&unit->arena);
    assert_null(unit->arena.chunk);
    arena_free(&unit->arena);
    assert_non_null(arena_alloc(&unit->arena, 1));
}

static void test_memory_grow_keeps_content(void **state)
{
    (void)state;
    char *bytes = memory_grow(NULL, 4);
    memcpy(bytes, "abc", 4);
    bytes = memory_grow(bytes, 1000000);
    assert_string_equal(bytes, "abc");
    free(bytes);
}

/* Impossible sizes end the process with a message, so this runs in a child process. */
static void test_sizes_that_overflow(void **state)
{
    struct unit *unit = *state;
    static const struct {
        size_t count, size;
    } rows[] = {{SIZE_MAX, 2},
                {SIZE_MAX / 2 + 1, 2},
                {1, SIZE_MAX},
                {1, SIZE_MAX - 16},
#ifndef __SANITIZE_ADDRESS__ /* a sanitizer ends the process itself */
                {1, SIZE_MAX / 2}
#endif
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        fflush(NULL);
        pid_t child = fork();
        assert_true(child >= 0);
        if (child == 0) {
            dup2(ends[1], STDERR_FILENO);
            arena_array(&unit->arena, rows[i].count, rows[i].size);
            _exit(0);
        }
        close(ends[1]);
        char printed[64] = "";
        ssize_t len = read(ends[0], printed, sizeof printed - 1);
        close(ends[0]);
        int status = 0;
        assert_int_equal(waitpid(child, &status, 0), child);
        assert_true(len > 0 && WIFEXITED(status));
        assert_int_equal(WEXITSTATUS(status), 1);
        assert_string_equal(printed, "error: out of memory\n");
    }
}

/* Wipes several chunks, of which the first is full and freed last. */
static void test_wipe_leaves_nothing(void **state)
{
    (void)state;
    struct arena arena = {0};
    for (size_t size = 1000; size < 3000000; size *= 3)
        needle_fill(arena_alloc(&arena, size), size);
    assert_true(needle_in_memory());
    arena_wipe(&arena);
    assert_null(arena.chunk);
    assert_false(needle_in_memory());
    arena_wipe(&arena); /* nothing is left */
    assert_non_null(arena_alloc(&arena, 1));
    arena_free(&arena);
}

/* Zeroes only these bytes, although the compiler sees that they are never read again. */
static void test_memory_wipe(void **state)
{
    (void)state;
    char bytes[64];
    for (size_t size = 0; size < sizeof bytes - 2; size++) {
        memset(bytes, 'x', sizeof bytes);
        memory_wipe(bytes + 1, size);
        for (size_t i = 0; i < sizeof bytes; i++)
            assert_int_equal(bytes[i], i >= 1 && i < size + 1 ? 0 : 'x');
    }
    char *secret = memory_grow(NULL, 100000);
    needle_fill(secret, 100000);
    assert_true(needle_in_memory());
    memory_wipe(secret, 100000);
    free(secret);
    assert_false(needle_in_memory());
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_memory_is_zeroed_and_aligned),
        UNIT_TEST(test_allocations_do_not_overlap),
        UNIT_TEST(test_chunks_stop_growing),
        UNIT_TEST(test_reset_keeps_one_chunk_and_zeroes_again),
        UNIT_TEST(test_arrays_that_grow),
        UNIT_TEST(test_growing_moves_only_full_arrays),
        UNIT_TEST(test_arena_is_usable_after_free),
        UNIT_TEST(test_sizes_that_overflow),
        UNIT_TEST(test_memory_grow_keeps_content),
        cmocka_unit_test(test_memory_wipe),
        cmocka_unit_test(test_wipe_leaves_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
