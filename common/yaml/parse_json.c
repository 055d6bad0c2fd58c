#include "yaml/parse_json.h"

#include "base/map.h"
#include "base/utf8.h"

#include <string.h>

struct reader {
    struct arena *arena;
    struct str text;
    size_t at;
    size_t depth;
    struct map keys; /* the nodes of all keys by their text: objects of a list share them */
};

enum { REPLACEMENT = 0xFFFD };

static bool at_end(const struct reader *reader)
{
    return reader->at == reader->text.len;
}

/* The byte at the current position; 0 at the end, where no token begins with NUL. */
static char peek(const struct reader *reader)
{
    return at_end(reader) ? '\0' : reader->text.data[reader->at];
}

static bool accept(struct reader *reader, char byte)
{
    bool found = peek(reader) == byte && !at_end(reader);
    reader->at += found;
    return found;
}

static void skip_whitespace(struct reader *reader)
{
    while (!at_end(reader) && strchr(" \t\n\r", peek(reader)) && peek(reader))
        reader->at++;
}

/* Four hexadecimal digits. */
static bool read_unit(struct reader *reader, uint32_t *ret_unit)
{
    *ret_unit = 0;
    for (size_t i = 0; i < 4; i++, reader->at++) {
        unsigned digit = str_digit(peek(reader));
        if (digit == 16)
            return false;
        *ret_unit = *ret_unit << 4 | digit;
    }
    return true;
}

/* What follows "\u": one UTF-16 code unit, or two escapes that are a surrogate pair. */
static bool read_code_point(struct reader *reader, struct buf *out)
{
    uint32_t unit;
    uint32_t low;
    if (!read_unit(reader, &unit))
        return false;
    if (unit >= 0xD800 && unit < 0xDC00 &&
        str_starts_with(str_skip(reader->text, reader->at), STR("\\u"))) {
        size_t after = reader->at;
        reader->at += 2;
        if (!read_unit(reader, &low))
            return false;
        if (low >= 0xDC00 && low < 0xE000)
            unit = 0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00);
        else
            reader->at = after; /* read again, as a character of its own */
    }
    if (unit == 0 || (unit >= 0xD800 && unit < 0xE000))
        unit = REPLACEMENT;
    utf8_encode(out, unit);
    return true;
}

static bool read_escape(struct reader *reader, struct buf *out)
{
    static const char letters[] = "\"\\/bfnrt";
    static const char characters[] = "\"\\/\b\f\n\r\t";
    if (accept(reader, 'u'))
        return read_code_point(reader, out);
    const char *letter = peek(reader) ? strchr(letters, peek(reader)) : NULL;
    if (!letter)
        return false;
    buf_add_byte(out, characters[letter - letters]);
    reader->at++;
    return true;
}

/* What a string without a control character ends with: its quote, or an escape. */
static bool read_run(struct reader *reader, struct str *ret_run)
{
    struct str text = reader->text;
    size_t start = reader->at;
    while (!at_end(reader)) {
        unsigned char byte = (unsigned char)text.data[reader->at];
        uint32_t character;
        size_t len = byte < 0x80 ? 1 : utf8_decode(text, reader->at, &character);
        if (byte == '"' || byte == '\\')
            break;
        if (byte < 0x20 || len == 0)
            return false;
        reader->at += len;
    }
    *ret_run = (struct str){text.data + start, reader->at - start}; /* also an empty one is in it */
    return !at_end(reader);
}

static bool read_escaped_string(struct reader *reader, struct buf *out)
{
    for (struct str run;;) {
        if (!read_run(reader, &run))
            return false;
        buf_add(out, run);
        if (accept(reader, '"'))
            return true;
        reader->at++; /* the backslash */
        if (!read_escape(reader, out))
            return false;
    }
}

/* Reads what follows the opening quote. The text is in the input or, if the string has escapes, in
 * the arena. */
static bool read_string(struct reader *reader, struct str *ret_text)
{
    if (!read_run(reader, ret_text))
        return false;
    if (accept(reader, '"'))
        return true;
    struct buf out = {0};
    buf_add(&out, *ret_text);
    reader->at++;
    bool ok = read_escape(reader, &out) && read_escaped_string(reader, &out);
    *ret_text = buf_take(reader->arena, &out);
    return ok;
}

static struct node *read_string_value(struct reader *reader)
{
    struct str text;
    if (!read_string(reader, &text))
        return NULL;
    return node_scalar(reader->arena, STYLE_DOUBLE, str_copy(reader->arena, text));
}

/* Returns the node of a key, which is the same for equal keys. */
static struct node *read_key(struct reader *reader)
{
    struct str text;
    if (!accept(reader, '"') || !read_string(reader, &text))
        return NULL;
    struct node *const *known = map_get(&reader->keys, text);
    if (known)
        return *known;
    struct node **slot = ARENA_NEW(reader->arena, struct node *);
    *slot = node_scalar(reader->arena, STYLE_DOUBLE, str_copy(reader->arena, text));
    map_add(reader->arena, &reader->keys, (*slot)->text, slot);
    return *slot;
}

static size_t skip_digits(struct reader *reader)
{
    size_t start = reader->at;
    while (peek(reader) >= '0' && peek(reader) <= '9')
        reader->at++;
    return reader->at - start;
}

/* -?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)? */
static bool skip_number(struct reader *reader)
{
    accept(reader, '-');
    if (!accept(reader, '0') && !skip_digits(reader))
        return false;
    if (accept(reader, '.') && !skip_digits(reader))
        return false;
    if (!accept(reader, 'e') && !accept(reader, 'E'))
        return true;
    if (!accept(reader, '+'))
        accept(reader, '-');
    return skip_digits(reader) > 0;
}

static bool skip_literal(struct reader *reader)
{
    const struct str literals[] = {STR("true"), STR("false"), STR("null")};
    for (size_t i = 0; i < COUNT_OF(literals); i++) {
        if (str_starts_with(str_skip(reader->text, reader->at), literals[i])) {
            reader->at += literals[i].len;
            return true;
        }
    }
    return false;
}

static struct node *read_plain(struct reader *reader)
{
    size_t start = reader->at;
    if (!skip_literal(reader) && !skip_number(reader))
        return NULL;
    struct str text = str_slice(reader->text, start, reader->at);
    return node_scalar(reader->arena, STYLE_PLAIN, str_copy(reader->arena, text));
}

static struct node *read_value(struct reader *reader);

/* Adds a key to those of an object; false if it is there already. Most objects are small and need
 * no index. */
static bool add_key(struct reader *reader, const struct node *map, struct map *index,
                    const struct node *key)
{
    enum { UNINDEXED_MAX = 12 };
    size_t count = 0;
    for (const struct node *value = map->first; value && count <= UNINDEXED_MAX;
         value = value->next, count++)
        if (value->key == key)
            return false;
    if (count <= UNINDEXED_MAX)
        return true;
    for (const struct node *value = index->count ? NULL : map->first; value; value = value->next)
        map_add(reader->arena, index, value->key->text, value->key);
    return map_add(reader->arena, index, key->text, key) == NULL;
}

static bool read_member(struct reader *reader, struct node *map, struct map *index)
{
    struct node *key = read_key(reader);
    if (!key || !add_key(reader, map, index, key))
        return false;
    skip_whitespace(reader);
    struct node *value = accept(reader, ':') ? read_value(reader) : NULL;
    if (value)
        node_put(map, key, value);
    return value != NULL;
}

static bool read_item(struct reader *reader, struct node *list)
{
    struct node *item = read_value(reader);
    if (item)
        node_append(list, item);
    return item != NULL;
}

/* What follows the opening bracket of an object or array. */
static struct node *read_collection(struct reader *reader, enum node_kind kind)
{
    char end = kind == NODE_MAP ? '}' : ']';
    struct node *node = node_new(reader->arena, kind);
    struct map index = {0};
    if (++reader->depth > JSON_DEPTH_MAX)
        return NULL;
    skip_whitespace(reader);
    for (bool first = true; !accept(reader, end); first = false) {
        if (!first && !accept(reader, ','))
            return NULL;
        skip_whitespace(reader);
        if (kind == NODE_MAP ? !read_member(reader, node, &index) : !read_item(reader, node))
            return NULL;
        skip_whitespace(reader);
    }
    reader->depth--;
    return node;
}

static struct node *read_value(struct reader *reader)
{
    skip_whitespace(reader);
    if (accept(reader, '{'))
        return read_collection(reader, NODE_MAP);
    if (accept(reader, '['))
        return read_collection(reader, NODE_LIST);
    if (accept(reader, '"'))
        return read_string_value(reader);
    return read_plain(reader);
}

struct node *load_json(struct arena *arena, struct str text)
{
    struct reader reader = {.arena = arena, .text = text};
    struct node *root = read_value(&reader);
    skip_whitespace(&reader);
    return at_end(&reader) ? root : NULL;
}
