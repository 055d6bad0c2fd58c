#include "yaml/parser_memory.h"

#include "base/arena.h"

#include <stdint.h>

/* A block has a power of two of bytes, with this header. A free one is in the list of its size. */
struct block {
    struct block *next_free;
    size_t bits;
    alignas(max_align_t) char data[];
};

enum { BITS_MIN = 5, BITS_MAX = 8 * sizeof(size_t) };

static struct arena arena;
static struct block *free_blocks[BITS_MAX];

static size_t bits_of(size_t size)
{
    size_t bits = BITS_MIN;
    while (bits < BITS_MAX - 1 && ((size_t)1 << bits) - sizeof(struct block) < size)
        bits++;
    return bits;
}

static size_t capacity_of(const struct block *block)
{
    return ((size_t)1 << block->bits) - sizeof *block;
}

static struct block *block_of(void *memory)
{
    return (struct block *)(void *)((char *)memory - offsetof(struct block, data));
}

void *parser_malloc(size_t size)
{
    size_t bits = bits_of(size);
    struct block *block = free_blocks[bits];
    if (block) {
        free_blocks[bits] = block->next_free;
    } else {
        block = arena_bytes(&arena, (size_t)1 << bits);
        block->bits = bits;
    }
    return block->data;
}

void *parser_realloc(void *old, size_t size)
{
    if (old && capacity_of(block_of(old)) >= size)
        return old;
    void *grown = parser_malloc(size);
    if (old)
        memcpy(grown, old, capacity_of(block_of(old)));
    parser_free(old);
    return grown;
}

void parser_free(void *memory)
{
    if (!memory)
        return;
    struct block *block = block_of(memory);
    block->next_free = free_blocks[block->bits];
    free_blocks[block->bits] = block;
}

char *parser_strdup(const char *text)
{
    size_t size = strlen(text) + 1;
    return memcpy(parser_malloc(size), text, size);
}

void parser_memory_reset(void)
{
    arena_reset(&arena);
    memset(free_blocks, 0, sizeof free_blocks);
}
