/* Memory that is freed all at once.
 *
 * Everything that a run builds (trees, strings, diagnostics) is in an arena; nothing in it is freed
 * individually. A pointer into an arena is valid until the arena is reset or freed.
 *
 * Invariant: no allocation here returns NULL. If the system is out of memory, the process prints an
 * error to stderr and exits with status 1. It has not written any output by then, because output is
 * written only when it is complete. */
#ifndef OPTASVC_ARENA_H
#define OPTASVC_ARENA_H

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* newest chunk, head of a list */
    char *free;                /* first unused byte of the newest chunk */
    char *end;
};

/* A sanitizer replaces the allocator and checks for leaks. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#define UNDER_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define UNDER_ADDRESS_SANITIZER 0
#endif

/* Prints an error, runs the cleanup that was set last (NULL: none) and exits with status 1. */
_Noreturn void out_of_memory(void);
void out_of_memory_set_cleanup(void (*cleanup)(void));

/* Does the work of arena_bytes() if the newest chunk has no room. */
void *arena_bytes_slow(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* Returns `size` bytes, aligned for any type, not zeroed. They start at `free` if they fit into the
 * chunk. */
__attribute__((returns_nonnull)) static inline void *arena_bytes(struct arena *arena, size_t size)
{
    enum { ALIGN = alignof(max_align_t) };
    size_t room = (size_t)(arena->end - arena->free);
    if (size + ALIGN > room || size + ALIGN < size)
        return arena_bytes_slow(arena, size);
    void *result = arena->free;
    arena->free += (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    return result;
}

/* Returns `size` zeroed bytes, aligned for any type. */
__attribute__((returns_nonnull)) static inline void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_bytes(arena, size), 0, size);
}

/* Returns `count` zeroed items of `size` bytes; exits as above if the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (count), sizeof(type)))

/* Returns an array with room for one more item after `count` items; moves it if it is full. Such an
 * array must only grow through this function, because its capacity is derived from `count`. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);

/* Frees all allocations and keeps one chunk for the next ones. */
void arena_reset(struct arena *arena);

void arena_free(struct arena *arena);

/* Overwrites the content (secrets) before it frees the arena. */
void arena_wipe(struct arena *arena);

/* Zeroes memory; not optimized away. */
void memory_wipe(void *memory, size_t size);

/* realloc() with the same invariant. The caller frees the result. */
void *memory_grow(void *old, size_t size);

#endif
