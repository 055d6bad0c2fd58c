#include "format/dotenv.h"

#include "base/map.h"
#include "base/utf8.h"
#include "format/name.h"

#include <string.h>

struct reader {
    struct arena *arena;
    const struct source *source;
    struct str text;
    struct diags *diags;
    struct dotenv *items;
    struct map names;
    size_t at;
};

static struct location place(const struct reader *reader, size_t start, size_t end)
{
    return (struct location){.source = reader->source, .start = start, .end = end};
}

static bool ends(const struct reader *reader)
{
    return reader->at >= reader->text.len;
}

static char here(const struct reader *reader)
{
    return ends(reader) ? '\n' : reader->text.data[reader->at];
}

static void skip_spaces(struct reader *reader)
{
    while (!ends(reader) && (here(reader) == ' ' || here(reader) == '\t'))
        reader->at++;
}

static void skip_line(struct reader *reader)
{
    reader->at = str_find(reader->text, reader->at, '\n');
}

/* The rest of a line behind a value. */
static bool ends_line(struct reader *reader)
{
    skip_spaces(reader);
    if (here(reader) == '\r')
        reader->at++;
    if (here(reader) == '\n')
        return true;
    if (here(reader) == '#') {
        skip_line(reader);
        return true;
    }
    diag_error(reader->diags, place(reader, reader->at, reader->at + 1),
               "something behind the closing quote");
    diag_hint(reader->diags, "put all of the value between the quotes; a comment begins with #");
    skip_line(reader);
    return false;
}

static char escaped(char letter)
{
    static const char letters[] = "nrt\\\"$";
    static const char meanings[] = "\n\r\t\\\"$";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? meanings[found - letters] : 0;
}

/* Where the quote at `at` is closed, or the text's end. */
static size_t find_quote(struct str text, size_t at)
{
    char quote = text.data[at++];
    while (at < text.len && text.data[at] != quote)
        at += quote == '"' && text.data[at] == '\\' ? 2 : 1;
    return at < text.len ? at : text.len;
}

/* What stands for itself, or the meaning of an escape; 0: it has none, which is reported. */
static char read_byte(struct reader *reader, char quote)
{
    char byte = reader->text.data[reader->at++];
    if (quote != '"' || byte != '\\')
        return byte;
    char meaning = escaped(here(reader));
    if (!meaning) {
        diag_error(reader->diags, place(reader, reader->at - 1, reader->at + 1),
                   "an unknown escape in double quotes");
        diag_hint(reader->diags,
                  "\\\\ is a backslash; \\n, \\r, \\t, \\\" and \\$ are known; in single "
                  "quotes all stays as it is");
    }
    reader->at++;
    return meaning;
}

/* A value in quotes, which may go on over lines. */
static bool read_quoted(struct reader *reader, struct str *ret)
{
    size_t start = reader->at++;
    size_t end = find_quote(reader->text, start);
    if (end == reader->text.len) {
        diag_error(reader->diags, place(reader, start, start + 1), "this quote is never closed");
        reader->at = end;
        return false;
    }
    char *value = arena_alloc(reader->arena, end - start);
    size_t len = 0;
    bool right = true;
    while (reader->at < end) {
        value[len] = read_byte(reader, reader->text.data[start]);
        right &= value[len++] != 0; /* the text holds no NUL */
    }
    reader->at++;
    *ret = (struct str){value, len};
    return ends_line(reader) && right;
}

static struct str read_plain(struct reader *reader)
{
    size_t start = reader->at;
    size_t end = start;
    for (; here(reader) != '\n'; reader->at++) {
        char byte = here(reader);
        bool space = byte == ' ' || byte == '\t' || byte == '\r';
        bool behind_space = reader->at == start || strchr(" \t", reader->text.data[reader->at - 1]);
        if (byte == '#' && behind_space)
            break;
        if (!space)
            end = reader->at + 1;
    }
    skip_line(reader);
    return str_slice(reader->text, start, end);
}

static bool read_name(struct reader *reader, struct str *ret, struct location *ret_at)
{
    struct str export = STR("export");
    struct str rest = str_skip(reader->text, reader->at);
    if (str_starts_with(rest, export) && rest.len > export.len &&
        strchr(" \t", rest.data[export.len])) {
        reader->at += export.len;
        skip_spaces(reader);
    }
    size_t start = reader->at;
    while (!strchr("= \t\r\n", here(reader)) || !here(reader))
        reader->at++;
    *ret = str_slice(reader->text, start, reader->at);
    *ret_at = place(reader, start, reader->at);
    skip_spaces(reader);
    if (here(reader) != '=') {
        diag_error(reader->diags, place(reader, start, start), "a line must be NAME=VALUE");
        return false;
    }
    reader->at++;
    const char *wrong = name_check_variable(*ret);
    if (wrong)
        diag_error(reader->diags, *ret_at, "the name %s", wrong);
    return !wrong;
}

static void add(struct reader *reader, struct dotenv_item item)
{
    struct dotenv *items = reader->items;
    struct location *at = ARENA_NEW(reader->arena, struct location);
    *at = item.at;
    const struct location *first = map_add(reader->arena, &reader->names, item.name, at);
    if (first) {
        diag_error(reader->diags, item.at, "\"%.*s\" is written twice", STR_ARG(item.name));
        if (!diags_full(reader->diags)) /* counting lines takes time */
            diag_hint(reader->diags, "it is on line %zu already",
                      diag_position(reader->source, first->start).line);
        return;
    }
    items->items = arena_grow(reader->arena, items->items, items->count, sizeof *items->items);
    items->items[items->count++] = item;
}

static void read_line(struct reader *reader)
{
    struct dotenv_item item = {0};
    skip_spaces(reader);
    if (here(reader) == '\r')
        reader->at++;
    if (here(reader) == '#')
        skip_line(reader);
    if (here(reader) == '\n')
        return;
    bool right = read_name(reader, &item.name, &item.at);
    if (!right && here(reader) == '\n')
        return;
    skip_spaces(reader);
    bool quoted = here(reader) == '"' || here(reader) == '\'';
    if (quoted)
        right &= read_quoted(reader, &item.value);
    else
        item.value = read_plain(reader);
    item.bare = item.value.len == 0 && !quoted;
    if (right)
        add(reader, item);
}

bool dotenv_parse(struct arena *arena, const struct source *source, struct diags *diags,
                  struct dotenv *ret)
{
    struct reader reader = {
        .arena = arena, .source = source, .text = source->text, .diags = diags, .items = ret};
    size_t errors = diags->errors;
    size_t nul = str_find(source->text, 0, '\0');
    *ret = (struct dotenv){0};
    if (nul < source->text.len) {
        diag_error(diags, place(&reader, nul, nul + 1), "a NUL, which no such file holds");
        diag_hint(diags, "set values of any bytes one by one: secret set NAME --from-file FILE");
        return false;
    }
    for (reader.at = utf8_bom_len(source->text); !ends(&reader); reader.at++)
        read_line(&reader);
    return diags->errors == errors;
}

bool dotenv_check_values(const struct dotenv *dotenv, struct diags *diags, const char *otherwise)
{
    size_t errors = diags->errors;
    for (size_t i = 0; i < dotenv->count; i++) {
        const struct dotenv_item *item = &dotenv->items[i];
        if (!item->bare)
            continue;
        diag_error(diags, item->at, "\"%.*s\" has no value", STR_ARG(item->name));
        diag_hint(diags, "write %.*s=\"\" for an empty value, or %s", STR_ARG(item->name),
                  otherwise);
    }
    return diags->errors == errors;
}

bool dotenv_can_store(struct str value)
{
    for (size_t at = 0; at < value.len;) {
        uint32_t character;
        size_t len = utf8_decode(value, at, &character);
        if (len == 0 || character == 0)
            return false;
        at += len;
    }
    return true;
}

struct str dotenv_line(struct arena *arena, struct str name, struct str value)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_-.,:/@%+=";
    if (value.len && str_span_only(value, plain))
        return str_format(arena, "%.*s=%.*s\n", STR_ARG(name), STR_ARG(value));
    /* Lines stay lines; what is not seen is escaped. */
    char *text = arena_alloc(arena, name.len + 2 * value.len + sizeof "=\"\"\n");
    size_t len = 0;
    memcpy(text, name.data, name.len);
    len += name.len;
    text[len++] = '=';
    text[len++] = '"';
    for (size_t i = 0; i < value.len; i++) {
        char byte = value.data[i];
        char letter = byte == '\r' ? 'r' : byte == '\t' ? 't' : byte;
        if (letter != byte || strchr("\\\"$", byte))
            text[len++] = '\\';
        text[len++] = letter;
    }
    text[len++] = '"';
    text[len++] = '\n';
    return (struct str){text, len};
}
