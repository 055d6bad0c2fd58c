#include "base/str.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

int str_width(struct str s)
{
    return s.len > INT_MAX ? INT_MAX : (int)s.len;
}

int str_compare(struct str a, struct str b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len ? memcmp(a.data, b.data, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static char upper(char c)
{
    return c >= 'a' && c <= 'z' ? (char)(c - 'a' + 'A') : c;
}

bool str_eq_c_nocase(struct str a, const char *c_string)
{
    size_t i = 0;
    while (i < a.len && c_string[i] && lower(a.data[i]) == lower(c_string[i]))
        i++;
    return i == a.len && !c_string[i];
}

bool str_starts_with(struct str s, struct str prefix)
{
    return s.len >= prefix.len && str_equal(str_slice(s, 0, prefix.len), prefix);
}

bool str_ends_with(struct str s, struct str suffix)
{
    return s.len >= suffix.len && str_equal(str_skip(s, s.len - suffix.len), suffix);
}

struct str str_directory(struct str path)
{
    while (path.len && path.data[path.len - 1] != '/')
        path.len--;
    return path;
}

bool str_is_below(struct str path, struct str directory)
{
    return path.len > directory.len && str_starts_with(path, directory) &&
           path.data[directory.len] == '/';
}

size_t str_find(struct str s, size_t from, char byte)
{
    if (from >= s.len)
        return s.len;
    const char *found = memchr(s.data + from, byte, s.len - from);
    return found ? (size_t)(found - s.data) : s.len;
}

bool str_contains(struct str s, struct str part)
{
    size_t at = part.len ? str_find(s, 0, part.data[0]) : s.len;
    while (at < s.len && !str_starts_with(str_skip(s, at), part))
        at = str_find(s, at + 1, part.data[0]);
    return at < s.len;
}

bool str_next_line(struct str text, size_t *at, struct str *ret_line)
{
    if (*at >= text.len)
        return false;
    size_t end = str_find(text, *at, '\n');
    *ret_line = str_slice(text, *at, end);
    *at = end + 1;
    return true;
}

bool str_span_only(struct str s, const char *allowed)
{
    for (size_t i = 0; i < s.len; i++)
        if (!s.data[i] || !strchr(allowed, s.data[i]))
            return false;
    return true;
}

/* Allocates a string of `len` bytes and its terminating NUL. */
static char *alloc_string(struct arena *arena, size_t len)
{
    char *text = arena_bytes(arena, len + 1);
    text[len] = '\0';
    return text;
}

unsigned str_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    return c >= 'A' && c <= 'F' ? (unsigned)(c - 'A') + 10 : 16;
}

bool str_to_int(struct str text, int64_t *ret_number)
{
    enum { DIGITS_MAX = 18 }; /* always fits an int64_t */
    bool negative = text.len > 1 && text.data[0] == '-';
    struct str digits = str_skip(text, negative ? 1 : 0);
    if (digits.len == 0 || digits.len > DIGITS_MAX || !str_span_only(digits, "0123456789"))
        return false;
    if (digits.data[0] == '0' && digits.len > 1)
        return false;
    int64_t number = 0;
    for (size_t i = 0; i < digits.len; i++)
        number = number * 10 + (digits.data[i] - '0');
    *ret_number = negative ? -number : number;
    return true;
}

struct str str_from_int(struct arena *arena, int64_t number)
{
    enum { LENGTH_MAX = 20 }; /* of INT64_MIN, with its sign */
    char digits[LENGTH_MAX];
    size_t at = LENGTH_MAX;
    uint64_t rest = number < 0 ? -(uint64_t)number : (uint64_t)number;
    do
        digits[--at] = (char)('0' + rest % 10);
    while (rest /= 10);
    if (number < 0)
        digits[--at] = '-';
    return str_copy(arena, (struct str){digits + at, LENGTH_MAX - at});
}

struct str str_copy(struct arena *arena, struct str s)
{
    char *copy = alloc_string(arena, s.len);
    if (s.len)
        memcpy(copy, s.data, s.len);
    return (struct str){copy, s.len};
}

struct str str_join(struct arena *arena, const struct str *parts, size_t count)
{
    size_t len = 0;
    for (size_t i = 0; i < count; i++)
        len += parts[i].len;
    char *text = alloc_string(arena, len);
    size_t at = 0;
    for (size_t i = 0; i < count; i++) {
        if (parts[i].len)
            memcpy(text + at, parts[i].data, parts[i].len);
        at += parts[i].len;
    }
    return (struct str){text, len};
}

const char *str_to_c(struct arena *arena, struct str s)
{
    return str_copy(arena, s).data;
}

static struct str map_bytes(struct arena *arena, struct str s, char map(char))
{
    char *copy = alloc_string(arena, s.len);
    for (size_t i = 0; i < s.len; i++)
        copy[i] = map(s.data[i]);
    return (struct str){copy, s.len};
}

struct str str_lower(struct arena *arena, struct str s)
{
    return map_bytes(arena, s, lower);
}

struct str str_upper(struct arena *arena, struct str s)
{
    return map_bytes(arena, s, upper);
}

/* Formats as much as fits and returns the length of the complete result. vsnprintf() fails only on
 * an invalid format or a result above INT_MAX: both are bugs of this program. */
__attribute__((format(printf, 3, 0))) static size_t
format_into(char *to, size_t room, const char *format, va_list arguments)
{
    va_list copy;
    va_copy(copy, arguments);
    int len = vsnprintf(to, room, format, copy);
    va_end(copy);
    if (len < 0)
        abort();
    return (size_t)len;
}

struct str str_vformat(struct arena *arena, const char *format, va_list arguments)
{
    char *room = arena->free;
    size_t len = format_into(room, room ? (size_t)(arena->end - room) : 0, format, arguments);
    char *text = alloc_string(arena, len);
    if (text != room) /* it did not fit into the chunk */
        format_into(text, len + 1, format, arguments);
    return (struct str){text, len};
}

struct str str_format(struct arena *arena, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct str text = str_vformat(arena, format, arguments);
    va_end(arguments);
    return text;
}

struct str str_shell(struct arena *arena, struct str s)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-.,:/@%+=";
    if (s.len && str_span_only(s, plain))
        return s;
    struct buf quoted = {0};
    buf_add_byte(&quoted, '\'');
    for (size_t i = 0; i < s.len; i++)
        buf_add(&quoted, s.data[i] == '\'' ? STR("'\\''") : str_slice(s, i, i + 1));
    buf_add_byte(&quoted, '\'');
    return buf_take(arena, &quoted);
}

uint32_t str_hash(struct str s)
{
    uint32_t hash = 2166136261U;
    for (size_t i = 0; i < s.len; i++)
        hash = (hash ^ (unsigned char)s.data[i]) * 16777619U;
    return hash;
}

void buf_grow(struct buf *buf, size_t room)
{
    size_t capacity = buf->capacity ? buf->capacity : 4096;
    while (capacity - buf->len < room)
        capacity = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
    buf->data = memory_grow(buf->data, capacity);
    buf->capacity = capacity;
}

void buf_format(struct buf *buf, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    buf_reserve(buf, 1);
    size_t room = buf->capacity - buf->len;
    size_t len = format_into(buf->data + buf->len, room, format, arguments);
    if (len >= room) { /* the buffer was too small */
        buf_reserve(buf, len + 1);
        format_into(buf->data + buf->len, len + 1, format, arguments);
    }
    buf->len += len;
    va_end(arguments);
}

void buf_add_joined(struct buf *buf, const char *separator, struct str item)
{
    if (buf->len)
        buf_add(buf, str_from_c(separator));
    buf_add(buf, item);
}

struct str buf_str(const struct buf *buf)
{
    return (struct str){buf->data, buf->len};
}

void buf_free(struct buf *buf)
{
    free(buf->data);
    *buf = (struct buf){0};
}

struct str buf_take(struct arena *arena, struct buf *buf)
{
    struct str copy = str_copy(arena, buf_str(buf));
    buf_free(buf);
    return copy;
}

void buf_wipe(struct buf *buf)
{
    if (buf->data)
        memory_wipe(buf->data, buf->capacity);
    buf_free(buf);
}

/* Optimal string alignment distance (Damerau-Levenshtein, each substring edited at most once);
 * SIZE_MAX if it is certain to be above the limit. */
static size_t edit_distance(struct str a, struct str b, size_t limit)
{
    enum { WORD_MAX = 64 }; /* longer words get no suggestion */
    size_t rows[3][WORD_MAX + 1];
    if (a.len > WORD_MAX || b.len > WORD_MAX)
        return SIZE_MAX;
    size_t *above2 = rows[0];
    size_t *above = rows[1];
    size_t *row = rows[2];
    size_t lowest_above = 0;
    for (size_t j = 0; j <= b.len; j++)
        above[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t lowest = row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t best = above[j - 1] + (a.data[i - 1] != b.data[j - 1]);
            if (above[j] + 1 < best)
                best = above[j] + 1;
            if (row[j - 1] + 1 < best)
                best = row[j - 1] + 1;
            bool swapped =
                i > 1 && j > 1 && a.data[i - 1] == b.data[j - 2] && a.data[i - 2] == b.data[j - 1];
            if (swapped && above2[j - 2] + 1 < best)
                best = above2[j - 2] + 1;
            row[j] = best;
            if (best < lowest)
                lowest = best;
        }
        if (lowest > limit && lowest_above >= limit) /* later rows follow from these two */
            return SIZE_MAX;
        lowest_above = lowest;
        size_t *spare = above2;
        above2 = above;
        above = row;
        row = spare;
    }
    return above[b.len];
}

void suggestion_add(struct suggestion *suggestion, struct str candidate)
{
    struct str word = suggestion->word;
    size_t max_len = word.len > candidate.len ? word.len : candidate.len;
    size_t min_len = word.len < candidate.len ? word.len : candidate.len;
    size_t limit = (max_len + 1) / 3;
    if (max_len - min_len > limit || suggestion->compared >= SUGGESTION_COMPARED_MAX)
        return;
    suggestion->compared++;
    size_t distance = edit_distance(word, candidate, limit);
    if (distance > limit || (suggestion->best.len && suggestion->distance <= distance))
        return;
    suggestion->best = candidate;
    suggestion->distance = distance;
}
