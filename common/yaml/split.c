#include "yaml/split.h"

#include "base/utf8.h"

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

/* True for three `mark` at the start of a line, followed by a blank or the end. */
static bool is_marker(struct str text, size_t line, char mark)
{
    if (text.len - line < 3)
        return false;
    const char *at = text.data + line;
    if (at[0] != mark || at[1] != mark || at[2] != mark)
        return false;
    return text.len - line == 3 || is_blank(at[3]);
}

bool stream_is_marked(struct str text)
{
    return is_marker(text, 0, '-');
}

/* True for a marker without its line break, which makes it a key: `---apiVersion:`. */
static bool is_broken_marker(struct str text, size_t line)
{
    struct str rest = str_slice(text, line, line + 40);
    return str_starts_with(rest, STR("---apiVersion:")) || str_starts_with(rest, STR("---kind:")) ||
           str_starts_with(rest, STR("---{"));
}

static size_t skip_spaces(struct str text, size_t at)
{
    while (at < text.len && is_blank(text.data[at]) && text.data[at] != '\n')
        at++;
    return at;
}

/* Returns the start of the directives before a marker, which may be followed by comments and
 * empty lines; the marker if there are none. */
static size_t with_directives(struct str text, size_t first, size_t marker)
{
    size_t found = marker;
    if (first == 0)
        first = utf8_bom_len(text);
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

/* Returns the word after `kind:`; empty if it is not a single plain or quoted word. */
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

/* True for a key that may be `kind` in another form: quoted, merged, an alias, or tagged. */
static bool may_be_kind(struct str text, size_t at)
{
    struct str line = str_slice(text, at, str_find(text, at, '\n'));
    if (text.data[at] == '"' && str_find(line, 0, '\\') < line.len)
        return true;
    if (text.data[at] == '"' || text.data[at] == '\'')
        return str_equal(str_slice(line, 1, 5), STR("kind"));
    return strchr("!&*<?", text.data[at]) != NULL;
}

static void end_document(struct stream_parser *stream_parser, size_t end)
{
    struct document *next = &stream_parser->next;
    struct stream *stream = &stream_parser->stream;
    next->end = end;
    if (stream_parser->kinds != 1 || stream_parser->disguised)
        next->kind = (struct str){0};
    stream->cut |= next->start < end && stream->count == STREAM_DOCUMENTS_MAX;
    if (next->start < end && !stream->cut) {
        stream->documents =
            arena_grow(stream_parser->arena, stream->documents, stream->count, sizeof *next);
        stream->documents[stream->count++] = *next;
    }
    *next = (struct document){.start = end};
    stream_parser->kinds = 0;
    stream_parser->disguised = false;
}

static void read_line(struct stream_parser *stream_parser, struct str text, size_t at)
{
    static const struct str kind = {"kind", 4};
    struct str line = str_slice(text, at, at + kind.len);
    size_t after = at + kind.len;
    switch (text.data[at]) {
    case 'k':
        after = str_equal(line, kind) ? skip_spaces(text, after) : text.len;
        if (after < text.len && text.data[after] == ':' && stream_parser->kinds++ == 0)
            stream_parser->next.kind = kind_word(text, after + 1);
        break;
    case '-':
        if (is_marker(text, at, '-'))
            end_document(stream_parser, with_directives(text, stream_parser->next.start, at));
        else if (is_broken_marker(text, at) && !stream_parser->next.broken_marker) {
            stream_parser->next.broken_marker = true;
            stream_parser->next.broken_marker_at = at;
        }
        break;
    case '.':
        if (is_marker(text, at, '.'))
            end_document(stream_parser, next_line(text, at));
        break;
    default:
        stream_parser->disguised |= may_be_kind(text, at);
        break;
    }
}

enum { BLOCK = 16 };
typedef uint8_t block __attribute__((vector_size(BLOCK)));

/* True if a line that begins with this byte may be relevant: one of "!\"&'*-.<?k" or another
 * sign. */
static bool is_begin(char byte)
{
    return (byte >= '!' && byte <= '.') || byte == '<' || byte == '?' || byte == 'k';
}

/* True if a relevant line may begin in the BLOCK bytes after `at`. */
static bool may_begin(const char *at)
{
    block ends;
    block begins;
    memcpy(&ends, at, BLOCK);
    memcpy(&begins, at + 1, BLOCK);
    block found =
        (block)(ends == '\n') & (block)(((begins >= '!') & (begins <= '.')) | (begins == '<') |
                                        (begins == '?') | (begins == 'k'));
    uint64_t halves[2];
    memcpy(halves, &found, BLOCK);
    return (halves[0] | halves[1]) != 0;
}

/* Returns the next offset at or after `at` where a relevant line may begin. Skips many lines at
 * once, because most are not relevant. */
static size_t next_begin(struct str text, size_t at)
{
    while (at + BLOCK < text.len && !may_begin(text.data + at))
        at += BLOCK;
    for (; at + 1 < text.len; at++)
        if (text.data[at] == '\n' && is_begin(text.data[at + 1]))
            return at + 1;
    return text.len;
}

/* Only complete lines are parsed. */
void stream_feed(struct stream_parser *stream_parser, struct str text)
{
    size_t complete = text.len;
    while (complete > stream_parser->grown && text.data[complete - 1] != '\n')
        complete--;
    bool none = complete == stream_parser->grown;
    stream_parser->grown = text.len;
    if (none)
        return;
    struct str lines = str_slice(text, 0, complete);
    if (stream_parser->searched == 0)
        read_line(stream_parser, lines, utf8_bom_len(text));
    for (size_t at = next_begin(lines, stream_parser->searched); at < complete;
         at = next_begin(lines, at))
        read_line(stream_parser, lines, at);
    stream_parser->searched = complete - 1; /* the line break may precede a relevant line */
}

struct stream stream_finish(struct stream_parser *stream_parser, struct str text)
{
    stream_feed(stream_parser, text);
    size_t at = stream_parser->searched ? stream_parser->searched + 1 : utf8_bom_len(text);
    if (at < text.len)
        read_line(stream_parser, text, at);
    end_document(stream_parser, text.len);
    return stream_parser->stream;
}

bool stream_is_blank(struct str text)
{
    size_t at = utf8_bom_len(text);
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
