/* The memory of libyaml in a release, whose Makefile replaces its malloc() and so on by these
 * functions. libyaml allocates large buffers for each document and several small blocks for each
 * scalar, which takes a quarter of the time with the allocator of musl. Blocks come from an arena,
 * and freed ones are reused, until all are freed at once. Like arenas, they never return NULL. */
#ifndef OPTASVC_PARSER_MEMORY_H
#define OPTASVC_PARSER_MEMORY_H

#include <stddef.h>

void *parser_malloc(size_t size);
void *parser_realloc(void *old, size_t size);
void parser_free(void *memory);
char *parser_strdup(const char *text);

/* Frees all blocks. Called after each document. */
void parser_memory_reset(void);

#endif
