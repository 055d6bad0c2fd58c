#include "format/dotenv.h"

#include "base/map.h"
#include "base/utf8.h"
#include "format/name.h"

#include <string.h>

struct parser {
    struct arena *arena;
    const struct source *source;
    struct str text;
    struct diags *diags;
    struct dotenv *items;
    struct map names;
    size_t at;
};

static struct location location_at(const struct parser *parser, size_t start, size_t end)
{
    return (struct location){.source = parser->source, .start = start, .end = end};
}

static bool at_end(const struct parser *parser)
{
    return parser->at >= parser->text.len;
}

static char current_char(const struct parser *parser)
{
    return at_end(parser) ? '\n' : parser->text.data[parser->at];
}

static void skip_spaces(struct parser *parser)
{
    while (!at_end(parser) && (current_char(parser) == ' ' || current_char(parser) == '\t'))
        parser->at++;
}

static void skip_line(struct parser *parser)
{
    parser->at = str_find(parser->text, parser->at, '\n');
}

/* Reads the rest of a line after a quoted value. Reports an error and returns false unless it is
 * empty or a comment. */
static bool finish_line(struct parser *parser)
{
    skip_spaces(parser);
    if (current_char(parser) == '\r')
        parser->at++;
    if (current_char(parser) == '\n')
        return true;
    if (current_char(parser) == '#') {
        skip_line(parser);
        return true;
    }
    diag_error(parser->diags, location_at(parser, parser->at, parser->at + 1), RULE_DOTENV_SYNTAX,
               "unexpected text after the closing quote");
    diag_hint(parser->diags, "put the whole value inside the quotes; start a comment with #");
    skip_line(parser);
    return false;
}

static char unescape(char letter)
{
    static const char letters[] = "nrt\\\"$";
    static const char meanings[] = "\n\r\t\\\"$";
    const char *found = letter ? strchr(letters, letter) : NULL;
    return found ? meanings[found - letters] : 0;
}

/* Returns the offset of the closing quote for the quote at `at`; the text's length if there is
 * none. */
static size_t find_quote(struct str text, size_t at)
{
    char quote = text.data[at++];
    while (at < text.len && text.data[at] != quote)
        at += quote == '"' && text.data[at] == '\\' ? 2 : 1;
    return at < text.len ? at : text.len;
}

/* Reads a byte or an escape sequence. Reports an error and returns 0 if the escape is unknown. */
static char parse_byte(struct parser *parser, char quote)
{
    char byte = parser->text.data[parser->at++];
    if (quote != '"' || byte != '\\')
        return byte;
    char meaning = unescape(current_char(parser));
    if (!meaning) {
        diag_error(parser->diags, location_at(parser, parser->at - 1, parser->at + 1),
                   RULE_DOTENV_SYNTAX, "unknown escape sequence in double quotes");
        diag_hint(
            parser->diags,
            "write \\\\ for a backslash (valid escapes: \\n, \\r, \\t, \\\\, \\\", \\$), or use "
            "single quotes, in which nothing is escaped");
    }
    parser->at++;
    return meaning;
}

/* Reads a quoted value, which may span several lines. */
static bool parse_quoted(struct parser *parser, struct str *ret)
{
    size_t start = parser->at++;
    size_t end = find_quote(parser->text, start);
    if (end == parser->text.len) {
        diag_error(parser->diags, location_at(parser, start, start + 1), RULE_DOTENV_SYNTAX,
                   "missing closing quote");
        diag_hint(parser->diags, "end the value with the same quote");
        parser->at = end;
        return false;
    }
    char *value = arena_alloc(parser->arena, end - start);
    size_t len = 0;
    bool ok = true;
    while (parser->at < end) {
        value[len] = parse_byte(parser, parser->text.data[start]);
        ok &= value[len++] != 0; /* the text contains no NUL */
    }
    parser->at++;
    *ret = (struct str){value, len};
    return finish_line(parser) && ok;
}

static struct str parse_plain(struct parser *parser)
{
    size_t start = parser->at;
    size_t end = start;
    for (; current_char(parser) != '\n'; parser->at++) {
        char byte = current_char(parser);
        bool space = byte == ' ' || byte == '\t' || byte == '\r';
        bool after_space = parser->at == start || strchr(" \t", parser->text.data[parser->at - 1]);
        if (byte == '#' && after_space)
            break;
        if (!space)
            end = parser->at + 1;
    }
    skip_line(parser);
    return str_slice(parser->text, start, end);
}

static bool parse_name(struct parser *parser, struct str *ret, struct location *ret_at)
{
    struct str export = STR("export");
    struct str rest = str_skip(parser->text, parser->at);
    if (str_starts_with(rest, export) && rest.len > export.len &&
        strchr(" \t", rest.data[export.len])) {
        parser->at += export.len;
        skip_spaces(parser);
    }
    size_t start = parser->at;
    while (!strchr("= \t\r\n", current_char(parser)) || !current_char(parser))
        parser->at++;
    *ret = str_slice(parser->text, start, parser->at);
    *ret_at = location_at(parser, start, parser->at);
    skip_spaces(parser);
    if (current_char(parser) != '=') {
        diag_error(parser->diags, location_at(parser, start, start), RULE_DOTENV_SYNTAX,
                   "line must be NAME=VALUE");
        return false;
    }
    parser->at++;
    const char *error = name_check_variable(*ret);
    if (error)
        diag_error(parser->diags, *ret_at, RULE_INVALID_VARIABLE_NAME, "name %s", error);
    return !error;
}

static void add_item(struct parser *parser, struct dotenv_item item)
{
    struct dotenv *items = parser->items;
    struct location *at = ARENA_NEW(parser->arena, struct location);
    *at = item.at;
    const struct location *first = map_add(parser->arena, &parser->names, item.name, at);
    if (first) {
        diag_error(parser->diags, item.at, RULE_DUPLICATE_ITEM, "duplicate name \"%.*s\"",
                   STR_ARG(item.name));
        if (!diags_full(parser->diags)) /* counting lines is slow */
            diag_hint(parser->diags, "first defined on line %zu",
                      diag_position(parser->source, first->start).line);
        return;
    }
    items->items = arena_grow(parser->arena, items->items, items->count, sizeof *items->items);
    items->items[items->count++] = item;
}

static void parse_line(struct parser *parser)
{
    struct dotenv_item item = {0};
    skip_spaces(parser);
    if (current_char(parser) == '\r')
        parser->at++;
    if (current_char(parser) == '#')
        skip_line(parser);
    if (current_char(parser) == '\n')
        return;
    bool ok = parse_name(parser, &item.name, &item.at);
    if (!ok && current_char(parser) == '\n')
        return;
    skip_spaces(parser);
    bool quoted = current_char(parser) == '"' || current_char(parser) == '\'';
    if (quoted)
        ok &= parse_quoted(parser, &item.value);
    else
        item.value = parse_plain(parser);
    item.has_no_value = item.value.len == 0 && !quoted;
    if (ok)
        add_item(parser, item);
}

bool dotenv_parse(struct arena *arena, const struct source *source, struct diags *diags,
                  struct dotenv *ret)
{
    struct parser parser = {
        .arena = arena, .source = source, .text = source->text, .diags = diags, .items = ret};
    size_t errors = diags->errors;
    size_t nul = str_find(source->text, 0, '\0');
    *ret = (struct dotenv){0};
    if (nul < source->text.len) {
        diag_error(diags, location_at(&parser, nul, nul + 1), RULE_FILE_NOT_TEXT,
                   "NUL byte: a .env file must be text");
        diag_hint(diags, "set a binary value on its own: secret set NAME --from-file FILE");
        return false;
    }
    for (parser.at = utf8_bom_len(source->text); !at_end(&parser); parser.at++)
        parse_line(&parser);
    return diags->errors == errors;
}

bool dotenv_check_values(const struct dotenv *dotenv, struct diags *diags, const char *alternative)
{
    size_t errors = diags->errors;
    for (size_t i = 0; i < dotenv->count; i++) {
        const struct dotenv_item *item = &dotenv->items[i];
        if (!item->has_no_value)
            continue;
        diag_error(diags, item->at, RULE_EMPTY_VALUE, "\"%.*s\" has no value", STR_ARG(item->name));
        diag_hint(diags, "write %.*s=\"\" for an empty value, or %s", STR_ARG(item->name),
                  alternative);
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
    /* Newlines stay as they are; invisible characters are escaped. */
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
