#include "base/arena.h"

#include <stdalign.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The libraries' allocations are checked too: on a failed allocation they continue without the
 * data, so that a file would silently lose a field. A sanitizer has its own allocator. */
#if defined(WRAPPED_ALLOCATION) /* renamed by the linker: --wrap=malloc and so on */
#define CHECKED_ALLOCATION
#define CHECKED(name) __wrap_##name
#define SYSTEM(name)  __real_##name
#elif defined(__GLIBC__) && !UNDER_ADDRESS_SANITIZER
#define CHECKED_ALLOCATION
#define CHECKED(name) name
#define SYSTEM(name)  __libc_##name
#else
#define SYSTEM(name) name
#endif

#ifdef CHECKED_ALLOCATION
void *CHECKED(malloc)(size_t size);
void *CHECKED(calloc)(size_t count, size_t size);
void *CHECKED(realloc)(void *old, size_t size);
void *SYSTEM(malloc)(size_t size);
void *SYSTEM(calloc)(size_t count, size_t size);
void *SYSTEM(realloc)(void *old, size_t size);
#endif

enum { FIRST_CHUNK = 64 * 1024, LARGEST_CHUNK = 1024 * 1024 };

struct arena_chunk {
    struct arena_chunk *older;
    size_t size; /* of `data` */
    alignas(max_align_t) char data[];
};

static void (*last_cleanup)(void);

void out_of_memory_set_cleanup(void (*cleanup)(void))
{
    last_cleanup = cleanup;
}

_Noreturn void out_of_memory(void)
{
    static const char message[] = "error: out of memory\n";
    /* A failure of this write cannot be handled. */
    ssize_t ignored = write(STDERR_FILENO, message, sizeof message - 1);
    (void)ignored;
    void (*cleanup)(void) = last_cleanup;
    last_cleanup = NULL; /* the cleanup may run out of memory too */
    if (cleanup)
        cleanup();
    _exit(EXIT_FAILURE);
}

void *memory_grow(void *old, size_t size)
{
    void *grown = SYSTEM(realloc)(old, size);
    if (!grown)
        out_of_memory();
    return grown;
}

static void add_chunk(struct arena *arena, size_t size)
{
    size_t capacity = FIRST_CHUNK;
    if (arena->chunk)
        capacity = arena->chunk->size < LARGEST_CHUNK ? arena->chunk->size * 2 : LARGEST_CHUNK;
    if (capacity < size)
        capacity = size;
    if (capacity > SIZE_MAX - sizeof(struct arena_chunk))
        out_of_memory();
    struct arena_chunk *chunk = memory_grow(NULL, sizeof *chunk + capacity);
    chunk->older = arena->chunk;
    chunk->size = capacity;
    arena->chunk = chunk;
    arena->free = chunk->data;
    arena->end = chunk->data + capacity;
}

void *arena_bytes(struct arena *arena, size_t size)
{
    enum { ALIGN = alignof(max_align_t) };
    if (size > SIZE_MAX - ALIGN)
        out_of_memory();
    size = (size + ALIGN - 1) & ~(size_t)(ALIGN - 1);
    if (!arena->chunk || size > (size_t)(arena->end - arena->free))
        add_chunk(arena, size);
    void *result = arena->free;
    arena->free += size;
    return result;
}

void *arena_alloc(struct arena *arena, size_t size)
{
    return memset(arena_bytes(arena, size), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
    if (size != 0 && count > SIZE_MAX / size)
        out_of_memory();
    return arena_alloc(arena, count * size);
}

void *arena_grow(struct arena *arena, void *items, size_t count, size_t size)
{
    enum { FIRST_CAPACITY = 8 };
    bool full = count == 0 || (count >= FIRST_CAPACITY && (count & (count - 1)) == 0);
    if (!full)
        return items;
    void *grown = arena_array(arena, count ? count * 2 : FIRST_CAPACITY, size);
    if (count)
        memcpy(grown, items, count * size);
    return grown;
}

static void free_chunks(struct arena_chunk *chunk)
{
    while (chunk) {
        struct arena_chunk *older = chunk->older;
        free(chunk);
        chunk = older;
    }
}

void arena_reset(struct arena *arena)
{
    if (!arena->chunk)
        return;
    free_chunks(arena->chunk->older);
    arena->chunk->older = NULL;
    arena->free = arena->chunk->data;
}

void arena_free(struct arena *arena)
{
    free_chunks(arena->chunk);
    *arena = (struct arena){0};
}

void memory_wipe(void *memory, size_t size)
{
    volatile unsigned char *bytes = memory;
    while (size-- > 0)
        *bytes++ = 0;
}

void arena_wipe(struct arena *arena)
{
    for (struct arena_chunk *chunk = arena->chunk; chunk; chunk = chunk->older)
        memory_wipe(chunk->data, chunk->size);
    arena_free(arena);
}

#ifdef CHECKED_ALLOCATION
static void *require_memory(void *memory, bool required)
{
    if (!memory && required)
        out_of_memory();
    return memory;
}

void *CHECKED(malloc)(size_t size)
{
    return require_memory(SYSTEM(malloc)(size), size > 0);
}

void *CHECKED(calloc)(size_t count, size_t size)
{
    return require_memory(SYSTEM(calloc)(count, size), count > 0 && size > 0);
}

void *CHECKED(realloc)(void *old, size_t size)
{
    return require_memory(SYSTEM(realloc)(old, size), size > 0);
}
#endif
