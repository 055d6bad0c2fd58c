/* Text that carries its length, and a buffer that grows.
 *
 * A `struct str` never owns its bytes and need not end in NUL; {NULL, 0} is the empty text. A
 * `struct buf` owns its bytes: whoever declares one calls buf_free(). */
#ifndef OPTASVC_STR_H
#define OPTASVC_STR_H

#include "base/arena.h"
#include "base/array.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct str {
    const char *data;
    size_t len;
};

/* Texts, ended by NULL: `static word_list sizes = {"small", "large", NULL};` */
typedef const char *const word_list[];

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})

/* For printf: "%.*s", STR_ARG(text). What is longer than INT_MAX is cut. */
#define STR_ARG(s) str_width(s), (s).data ? (s).data : ""

int str_width(struct str s);

/* Functions that are called for every value of a file are inline: for a literal the compiler then
 * knows the length. */
static inline struct str str_from_c(const char *c_string)
{
    return (struct str){c_string, c_string ? strlen(c_string) : 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Below, at or above 0 as `a` comes before, is, or comes after `b` in the order of their bytes. */
int str_compare(struct str a, struct str b);

/* Most of the names that are compared differ in their first byte. */
static inline bool str_eq_c(struct str a, const char *c_string)
{
    return (a.len == 0 || (c_string && *c_string == *a.data)) && str_equal(a, str_from_c(c_string));
}
bool str_eq_c_nocase(struct str a, const char *c_string); /* ASCII case only */
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);

/* Bytes `from` up to, not including, `to`; both are cut to the text's length. */
static inline struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    return from < to ? (struct str){s.data + from, to - from} : (struct str){0};
}

static inline struct str str_skip(struct str s, size_t from)
{
    return str_slice(s, from, s.len);
}

/* The directory of a path, with its final slash; empty if the path has none. */
struct str str_directory(struct str path);

/* Offset of the first `byte` at or after `from`, or s.len. */
size_t str_find(struct str s, size_t from, char byte);

/* True if `part` occurs in the text. */
bool str_contains(struct str s, struct str part);

/* The line at `at`, without its end, and moves `at` after it; false at the end of the text. */
bool str_next_line(struct str text, size_t *at, struct str *ret_line);

/* True when every byte is one of `allowed`. */
bool str_span_only(struct str s, const char *allowed);

/* The value of a digit in any base up to 16, or 16 for another character. */
unsigned str_digit(char c);

/* Reads a decimal integer of at most 18 digits: no sign but "-", no leading zero. */
bool str_to_int(struct str text, int64_t *ret_number);

/* An integer in decimal. */
struct str str_from_int(struct arena *arena, int64_t number);

/* Copies that end in NUL, in the arena. */
struct str str_copy(struct arena *arena, struct str s);
const char *str_to_c(struct arena *arena, struct str s);
/* The parts, one after the other. */
struct str str_join(struct arena *arena, const struct str *parts, size_t count);
#define STR_JOIN(arena, ...)                                                                       \
    str_join((arena), (const struct str[]){__VA_ARGS__},                                           \
             COUNT_OF(((const struct str[]){__VA_ARGS__})))
/* As one word of a shell: quoted unless it is plain. */
struct str str_shell(struct arena *arena, struct str s);
struct str str_lower(struct arena *arena, struct str s); /* ASCII only, like str_upper() */
struct str str_upper(struct arena *arena, struct str s);
struct str str_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str str_vformat(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* FNV-1a: the same on every machine and in every version, because names of objects are made of it.
 */
uint32_t str_hash(struct str s);

struct buf {
    char *data;
    size_t len;
    size_t capacity;
};

/* The same as buf_reserve(), for a buffer that has to grow. */
void buf_grow(struct buf *buf, size_t room);

/* At least `room` unused bytes at data + len. */
static inline void buf_reserve(struct buf *buf, size_t room)
{
    if (room > buf->capacity - buf->len)
        buf_grow(buf, room);
}

static inline void buf_add(struct buf *buf, struct str s)
{
    if (s.len == 0)
        return;
    buf_reserve(buf, s.len);
    memcpy(buf->data + buf->len, s.data, s.len);
    buf->len += s.len;
}

static inline void buf_add_byte(struct buf *buf, char byte)
{
    buf_reserve(buf, 1);
    buf->data[buf->len++] = byte;
}

/* Copies of a constant length are faster than one of exactly `count` bytes. */
static inline void buf_add_spaces(struct buf *buf, size_t count)
{
    static const char spaces[] = "                ";
    enum { STEP = sizeof spaces - 1 };
    buf_reserve(buf, count + STEP);
    for (size_t i = 0; i < count; i += STEP)
        memcpy(buf->data + buf->len + i, spaces, STEP);
    buf->len += count;
}

void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds an item of a list: behind the separator, unless nothing is there yet. */
void buf_add_joined(struct buf *buf, const char *separator, struct str item);
struct str buf_str(const struct buf *buf);
void buf_free(struct buf *buf);
/* A copy in the arena of all that it holds; frees it. */
struct str buf_take(struct arena *arena, struct buf *buf);
void buf_wipe(struct buf *buf); /* the same, overwritten; it must never have grown */

/* The candidate that `word` is most likely a misspelling of, or NULL. Distance: insertions,
 * deletions, replacements and swaps of neighbours, at most about a third of the longer one's
 * length. */
struct suggestion {
    struct str word;
    struct str best;
    size_t distance; /* of `best`; 0 until one was found */
};
void suggestion_add(struct suggestion *suggestion, struct str candidate);

#endif
