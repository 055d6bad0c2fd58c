/* Checks whether a string is anywhere in this process's memory, freed or not. */
#ifndef OPTASVC_UNIT_MEMORY_H
#define OPTASVC_UNIT_MEMORY_H

#include "unit.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

enum {
    NEEDLE_LEN = 32,
    NEEDLE_WINDOW = 1 << 16,
    NEEDLE_MAP_MAX = 1 << 28, /* larger mappings are a sanitizer's own, and empty */
};

/* Byte `i` of the needle. The complete needle exists only where a test creates it. */
static inline char needle_byte(size_t i)
{
    return (char)(0x80 + (i * 37 + 11) % 96);
}

/* Fills memory with repeated needles. */
static inline void needle_fill(char *bytes, size_t size)
{
    for (size_t i = 0; i < size; i++)
        bytes[i] = needle_byte(i % NEEDLE_LEN);
}

static inline bool needle_at(const char *bytes)
{
    for (size_t i = 0; i < NEEDLE_LEN; i++)
        if (bytes[i] != needle_byte(i))
            return false;
    return true;
}

/* Searches one mapping through the kernel, because freed memory must not be accessed here. */
static inline bool needle_in_map(int memory, char *window, uint64_t from, uint64_t to)
{
    for (uint64_t at = from; at < to; at += NEEDLE_WINDOW) {
        if (at <= (uintptr_t)window && (uintptr_t)window < at + NEEDLE_WINDOW)
            memset(window, 0, NEEDLE_WINDOW);
        ssize_t count = pread(memory, window, NEEDLE_WINDOW, (off_t)at);
        for (ssize_t i = 0; i + NEEDLE_LEN <= count; i++)
            if (window[i] == needle_byte(0) && needle_at(window + i))
                return true;
    }
    return false;
}

static inline bool needle_in_memory(void)
{
    static char window[NEEDLE_WINDOW];
    int memory = open("/proc/self/mem", O_RDONLY);
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    bool found = false;
    assert_true(memory >= 0 && maps);
    while (fgets(line, sizeof line, maps)) {
        uint64_t from;
        uint64_t to;
        if (sscanf(line, "%" SCNx64 "-%" SCNx64 " rw", &from, &to) != 2 || !strstr(line, " rw") ||
            to - from > NEEDLE_MAP_MAX)
            continue;
        memset(window, 0, sizeof window);
        found |= needle_in_map(memory, window, from, to);
    }
    memset(window, 0, sizeof window);
    fclose(maps);
    close(memory);
    return found;
}

#endif
