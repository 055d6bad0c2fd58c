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

struct str str_from_c(const char *c_string);
bool str_equal(struct str a, struct str b);

/* Below, at or above 0 as `a` comes before, is, or comes after `b` in the order of their bytes. */
int str_compare(struct str a, struct str b);

bool str_eq_c(struct str a, const char *c_string);
bool str_eq_c_nocase(struct str a, const char *c_string); /* ASCII case only */
bool str_starts_with(struct str s, struct str prefix);
bool str_ends_with(struct str s, struct str suffix);

/* Bytes `from` up to, not including, `to`; both are cut to the text's length. */
struct str str_slice(struct str s, size_t from, size_t to);
struct str str_skip(struct str s, size_t from);

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

void buf_add(struct buf *buf, struct str s);
void buf_add_byte(struct buf *buf, char byte);
void buf_add_spaces(struct buf *buf, size_t count);
void buf_format(struct buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Adds an item of a list: behind the separator, unless nothing is there yet. */
void buf_add_joined(struct buf *buf, const char *separator, struct str item);
/* At least `room` unused bytes at data + len. */
void buf_reserve(struct buf *buf, size_t room);
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
