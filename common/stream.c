#define _GNU_SOURCE /* memmem */
#include "stream.h"

#include <string.h>

static size_t next_line(struct str text, size_t at)
{
    size_t end = str_find(text, at, '\n');
    return end < text.len ? end + 1 : text.len;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* Three of `mark` at the start of a line, and nothing glued to them. */
static bool is_marker(struct str text, size_t line, char mark)
{
    const char *at = text.data + line;
    if (text.len - line < 3 || at[0] != mark || at[1] != mark || at[2] != mark)
        return false;
    return text.len - line == 3 || is_blank(at[3]);
}

/* `---apiVersion:`: a marker that lost its line break, which makes a key of it. */
static bool is_glued(struct str text, size_t line)
{
    struct str rest = str_slice(text, line, line + 40);
    return str_starts(rest, STR("---apiVersion:")) || str_starts(rest, STR("---kind:")) ||
           str_starts(rest, STR("---{"));
}

/* The first line at or after `from` that begins with `---` or `...`. */
static size_t next_marks(struct str text, size_t from)
{
    const char *end = text.data + text.len;
    for (const char *at = text.data + from; at < end;) {
        at = memchr(at, '\n', (size_t)(end - at));
        if (!at)
            break;
        at++;
        if (end - at >= 3 && ((at[0] == '-' && at[1] == '-' && at[2] == '-') ||
                              (at[0] == '.' && at[1] == '.' && at[2] == '.')))
            return (size_t)(at - text.data);
    }
    return text.len;
}

/* Directives stand before the marker of the document that they are for. */
static size_t with_directives(struct str text, size_t first, size_t marker)
{
    size_t at = marker;
    while (at > first) {
        size_t line = at - 1;
        while (line > first && text.data[line - 1] != '\n')
            line--;
        if (text.data[line] != '%')
            break;
        at = line;
    }
    return at;
}

static bool is_alphanumeric(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* The value of the only `kind:` at the start of a line, if it is one plain or quoted word. */
static struct str find_kind(struct str text)
{
    const struct str key = STR("\nkind:");
    struct str rest = text;
    if (str_starts(text, str_from(key, 1))) {
        rest = str_from(text, key.len - 1);
    } else {
        const char *found = text.len ? memmem(text.data, text.len, key.data, key.len) : NULL;
        if (!found)
            return (struct str){0};
        rest = str_from(text, (size_t)(found - text.data) + key.len);
    }
    if (rest.len == 0 || memmem(rest.data, rest.len, key.data, key.len))
        return (struct str){0};
    struct str line = str_slice(rest, 0, str_find(rest, 0, '\n'));
    size_t at = 0;
    while (at < line.len && strchr(" \t\"'", line.data[at]))
        at++;
    size_t end = at;
    while (end < line.len && is_alphanumeric(line.data[end]))
        end++;
    for (size_t i = end; i < line.len && line.data[i] != '#'; i++)
        if (!strchr(" \t\r\"'", line.data[i]))
            return (struct str){0};
    return str_slice(line, at, end);
}

static void add(struct arena *arena, struct stream *stream, struct str text, size_t start,
                size_t end, bool glued)
{
    if (start == end)
        return;
    stream->documents =
        arena_grow(arena, stream->documents, stream->count, sizeof *stream->documents);
    stream->documents[stream->count++] = (struct document){
        .start = start, .end = end, .kind = find_kind(str_slice(text, start, end)), .glued = glued};
}

struct stream stream_split(struct arena *arena, struct str text)
{
    struct stream stream = {0};
    size_t start = 0;
    size_t byte_order_mark = str_starts(text, STR("\xEF\xBB\xBF")) ? 3 : 0;
    bool glued = is_glued(text, byte_order_mark);
    for (size_t at = next_marks(text, 0); at < text.len; at = next_marks(text, at)) {
        if (is_marker(text, at, '-')) {
            size_t boundary = with_directives(text, start, at);
            add(arena, &stream, text, start, boundary, glued);
            start = boundary;
            glued = false;
        } else if (is_marker(text, at, '.')) {
            size_t boundary = next_line(text, at);
            add(arena, &stream, text, start, boundary, glued);
            start = boundary;
            glued = false;
            /* A marker may stand right behind it, and is found from the line break before. */
            at = boundary - 1;
            continue;
        } else {
            glued |= is_glued(text, at);
        }
    }
    add(arena, &stream, text, start, text.len, glued);
    return stream;
}

bool stream_is_blank(struct str text)
{
    size_t at = str_starts(text, STR("\xEF\xBB\xBF")) ? 3 : 0;
    while (at < text.len) {
        if (is_marker(text, at, '-') || is_marker(text, at, '.'))
            at += 3;
        while (at < text.len && strchr(" \t\r", text.data[at]))
            at++;
        if (at < text.len && text.data[at] == '#')
            at = str_find(text, at, '\n');
        if (at < text.len && text.data[at] != '\n')
            return false;
        at++;
    }
    return true;
}
