/* Strings with a length, and a growing buffer.
 *
 * A `struct str` never owns its bytes and need not end in NUL; {NULL, 0} is the empty string. A
 * `struct buf` owns its bytes and must be freed with buf_free(). */
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

/* Strings, terminated by NULL: `static word_list sizes = {"small", "large", NULL};` */
typedef const char *const word_list[];

#define STR(literal) ((struct str){"" literal, sizeof(literal) - 1})

/* For printf: "%.*s", STR_ARG(text). Longer strings are cut at INT_MAX. Evaluates its argument
 * three times, so that must have no side effect. */
#define STR_ARG(s) str_width(s), (s).data ? (s).data : ""

int str_width(struct str s);

/* Functions that are called for every value are inline, so that the compiler knows the length of a
 * literal. */
static inline struct str str_from_c(const char *c_string)
{
    return (struct str){c_string, c_string ? strlen(c_string) : 0};
}

static inline bool str_equal(struct str a, struct str b)
{
    return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

/* Byte-wise comparison like memcmp(): negative, 0 or positive. */
int str_compare(struct str a, struct str b);

/* Most names that are compared differ in their first byte. */
static inline bool str_eq_c(struct str a, const char *c_string)
{
    return (a.len == 0 || (a.data && c_string && *c_string == *a.data)) &&
           str_equal(a, str_from_c(c_string));
}
bool str_eq_c_nocase(struct str a, const char *c_string); /* ASCII case only */
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);

static inline bool str_is_digit(char byte)
{
    return byte >= '0' && byte <= '9';
}

/* Returns the bytes from `from` to `to` (exclusive); both are limited to the length. The result is
 * never NULL, also if it is empty. */
static inline struct str str_slice(struct str s, size_t from, size_t to)
{
    if (to > s.len)
        to = s.len;
    return from < to ? (struct str){s.data + from, to - from} : STR("");
}

static inline struct str str_skip(struct str s, size_t from)
{
    return str_slice(s, from, s.len);
}

/* Returns the directory of a path with its final slash; empty if the path has no slash. */
struct str str_directory(struct str path);

/* True if a path is below a directory without a final slash. */
bool str_is_below(struct str path, struct str directory);

/* Returns the offset of the first `byte` at or after `from`; s.len if not found. */
size_t str_find(struct str s, size_t from, char byte);

/* True if `s` contains `part`. */
bool str_contains(struct str s, struct str part);

/* Returns the line at `*at` without its newline and advances `*at`; false at the end of the
 * text. */
bool str_next_line(struct str text, size_t *at, struct str *ret_line);

/* True if every byte is one of `allowed`. */
bool str_span_only(struct str s, const char *allowed);

/* Returns the value of a digit in any base up to 16; 16 for other characters. */
unsigned str_digit(char c);

/* Parses a decimal integer of at most 18 digits: no sign but "-", no leading zero. */
bool str_to_int(struct str text, int64_t *ret_number);

/* Formats an integer in decimal. */
struct str str_from_int(struct arena *arena, int64_t number);

/* Copies in the arena, terminated by NUL. */
struct str str_copy(struct arena *arena, struct str s);
const char *str_to_c(struct arena *arena, struct str s);
/* Concatenates strings. */
struct str str_join(struct arena *arena, const struct str *parts, size_t count);
#define STR_JOIN(arena, ...)                                                                       \
    str_join((arena), (const struct str[]){__VA_ARGS__},                                           \
             COUNT_OF(((const struct str[]){__VA_ARGS__})))
/* Quotes a string for a shell if needed. */
struct str str_shell(struct arena *arena, struct str s);
struct str str_lower(struct arena *arena, struct str s); /* ASCII only, like str_upper() */
struct str str_upper(struct arena *arena, struct str s);
struct str str_format(struct arena *arena, const char *format, ...)
    __attribute__((format(printf, 2, 3)));
struct str str_vformat(struct arena *arena, const char *format, va_list arguments)
    __attribute__((format(printf, 2, 0)));

/* FNV-1a: the same on every machine and in every version, because object names contain it. */
uint32_t str_hash(struct str s);

struct buf {
    char *data;
    size_t len;
    size_t capacity;
};

/* Does the work of buf_reserve() if the buffer must grow. */
void buf_grow(struct buf *buf, size_t room);

/* Reserves at least `room` bytes at data + len. */
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
/* Appends a list item, after the separator unless the buffer is empty. */
void buf_add_joined(struct buf *buf, const char *separator, struct str item);
struct str buf_str(const struct buf *buf);
void buf_free(struct buf *buf);
/* Returns the content as a copy in the arena; frees the buffer. */
struct str buf_take(struct arena *arena, struct buf *buf);
/* Zeroes and frees the buffer, which must never have been reallocated. */
void buf_wipe(struct buf *buf);

enum { SUGGESTION_COMPARED_MAX = 1000 }; /* candidates compared with a word: it is slow */

/* The candidate of which `word` is most likely a misspelling. The distance counts insertions,
 * deletions, replacements and swaps of adjacent characters; at most about a third of the longer
 * string's length. After SUGGESTION_COMPARED_MAX candidates, others are ignored. */
struct suggestion {
    struct str word;
    struct str best;
    size_t distance; /* of `best`; 0 until a candidate is found */
    size_t compared; /* number of candidates whose distance was computed */
};
void suggestion_add(struct suggestion *suggestion, struct str candidate);

#endif
