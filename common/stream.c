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

static size_t mark_len(struct str text)
{
    return str_starts(text, STR("\xEF\xBB\xBF")) ? 3 : 0;
}

static size_t skip_spaces(struct str text, size_t at)
{
    while (at < text.len && is_blank(text.data[at]) && text.data[at] != '\n')
        at++;
    return at;
}

/* Directives stand before the marker of the document that they are for, and comments and empty
 * lines may stand between. */
static size_t with_directives(struct str text, size_t first, size_t marker)
{
    size_t found = marker;
    if (first == 0)
        first = mark_len(text);
    for (size_t at = marker; at > first;) {
        size_t line = at - 1;
        while (line > first && text.data[line - 1] != '\n')
            line--;
        char begin = text.data[skip_spaces(text, line)];
        if (text.data[line] == '%')
            found = line;
        else if (begin != '#' && begin != '\n')
            break;
        at = line;
    }
    return found;
}

static bool is_alphanumeric(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9');
}

/* The word behind `kind:`, if it is one plain or quoted word. */
static struct str kind_word(struct str text, size_t at)
{
    struct str line = str_slice(text, at, str_find(text, at, '\n'));
    size_t start = 0;
    while (start < line.len && strchr(" \t\"'", line.data[start]))
        start++;
    size_t end = start;
    while (end < line.len && is_alphanumeric(line.data[end]))
        end++;
    for (size_t i = end; i < line.len && line.data[i] != '#'; i++)
        if (!strchr(" \t\r\"'", line.data[i]))
            return (struct str){0};
    return str_slice(line, start, end);
}

static void end_document(struct splitter *splitter, size_t end)
{
    struct document *next = &splitter->next;
    struct stream *stream = &splitter->stream;
    next->end = end;
    if (splitter->kinds != 1)
        next->kind = (struct str){0};
    if (next->start < end) {
        stream->documents =
            arena_grow(splitter->arena, stream->documents, stream->count, sizeof *next);
        stream->documents[stream->count++] = *next;
    }
    *next = (struct document){.start = end};
    splitter->kinds = 0;
}

static void read_line(struct splitter *splitter, struct str text, size_t at)
{
    static const struct str kind = {"kind:", 5};
    struct str line = str_slice(text, at, at + kind.len);
    switch (text.data[at]) {
    case 'k':
        if (str_equal(line, kind) && splitter->kinds++ == 0)
            splitter->next.kind = kind_word(text, at + kind.len);
        break;
    case '-':
        if (is_marker(text, at, '-'))
            end_document(splitter, with_directives(text, splitter->next.start, at));
        else if (is_glued(text, at) && !splitter->next.glued) {
            splitter->next.glued = true;
            splitter->next.glued_at = at;
        }
        break;
    case '.':
        if (is_marker(text, at, '.'))
            end_document(splitter, next_line(text, at));
        break;
    default:
        break;
    }
}

void split_more(struct splitter *splitter, struct str text)
{
    if (splitter->at == 0)
        splitter->at = mark_len(text);
    for (;;) {
        size_t end = str_find(text, splitter->searched, '\n');
        splitter->searched = end < text.len ? end + 1 : end;
        if (end == text.len)
            return;
        read_line(splitter, str_slice(text, 0, end + 1), splitter->at);
        splitter->at = end + 1;
    }
}

struct stream split_end(struct splitter *splitter, struct str text)
{
    split_more(splitter, text);
    if (splitter->at < text.len)
        read_line(splitter, text, splitter->at);
    end_document(splitter, text.len);
    return splitter->stream;
}

bool stream_is_blank(struct str text)
{
    size_t at = mark_len(text);
    while (at < text.len) {
        if (is_marker(text, at, '-') || is_marker(text, at, '.'))
            at += 3;
        at = skip_spaces(text, at);
        if (at < text.len && text.data[at] == '#')
            at = str_find(text, at, '\n');
        if (at < text.len && text.data[at] != '\n')
            return false;
        at++;
    }
    return true;
}
