/* Memory that is freed all at once.
 *
 * Everything a run builds (trees, texts, diagnostics) lives in an arena; nothing in it is freed
 * alone. A pointer into an arena is valid until the arena is reset or freed.
 *
 * Invariant: no allocation here returns NULL. When the system has no memory left the process says
 * so on stderr and exits with status 1, before it has written any output: output is written only
 * when all of it is built. */
#ifndef OPTASVC_ARENA_H
#define OPTASVC_ARENA_H

#include <stdalign.h>
#include <stddef.h>
#include <string.h>

struct arena_chunk;

struct arena {
    struct arena_chunk *chunk; /* the newest; the older ones hang behind it */
    char *free;                /* first unused byte of the newest chunk */
    char *end;
};

/* A sanitizer has the allocator, and looks for leaks. */
#if defined(__SANITIZE_ADDRESS__)
#define UNDER_ADDRESS_SANITIZER 1
#elif defined(__has_feature)
#define UNDER_ADDRESS_SANITIZER __has_feature(address_sanitizer)
#else
#define UNDER_ADDRESS_SANITIZER 0
#endif

/* Says so and ends the process; before that does what was asked for last, unless it is NULL. */
_Noreturn void out_of_memory(void);
void out_of_memory_set_cleanup(void (*cleanup)(void));

/* The same as arena_bytes(), also if the newest chunk has no room. */
void *arena_bytes_slow(struct arena *arena, size_t size) __attribute__((returns_nonnull));

/* `size` bytes, aligned for any type, not zeroed. They begin at `free` if they fit in. */
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

/* The same, zeroed. */
__attribute__((returns_nonnull)) static inline void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_bytes(arena, size), 0, size);
}

/* `count` zeroed items of `size` bytes; exits as above when the product overflows. */
void *arena_array(struct arena *arena, size_t count, size_t size);

#define ARENA_NEW(arena, type)          ((type *)arena_alloc((arena), sizeof(type)))
#define ARENA_ARRAY(arena, count, type) ((type *)arena_array((arena), (count), sizeof(type)))

/* Room for one more item behind the `count` that an array holds: the array, moved when it was full.
 * An array that grows so must be grown by nothing else; its capacity follows from `count`. */
void *arena_grow(struct arena *arena, void *items, size_t count, size_t size);

/* Forgets all that was allocated and keeps one chunk for what comes next. */
void arena_reset(struct arena *arena);

void arena_free(struct arena *arena);

/* The same, with all that was in it overwritten: it held secrets. */
void arena_wipe(struct arena *arena);

/* Overwrites memory, which no compiler leaves out. */
void memory_wipe(void *memory, size_t size);

/* realloc() under the same invariant. The caller frees the result. */
void *memory_grow(void *old, size_t size);

#endif
