#include "yaml/top_level.h"

#include "base/utf8.h"

#include <string.h>

static const char word[] = "modules";

static bool is_alphanumeric(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool top_level_is_extension(struct str key)
{
    return str_starts_with(key, STR("x-"));
}

size_t top_level_distance(struct str key)
{
    char letters[2 * sizeof word];
    struct suggestion near = {.word = {letters, 0}};
    if (str_eq_c(key, word))
        return 0;
    if (top_level_is_extension(key))
        return SIZE_MAX;
    for (size_t i = 0; i < key.len; i++) {
        if (!is_alphanumeric(key.data[i]))
            continue;
        if (near.word.len == sizeof letters)
            return SIZE_MAX;
        bool upper = key.data[i] >= 'A' && key.data[i] <= 'Z';
        letters[near.word.len++] = (char)(key.data[i] + (upper ? 'a' - 'A' : 0));
    }
    suggestion_add(&near, str_from_c(word));
    if (near.best.len == 0)
        return SIZE_MAX;
    return near.distance ? near.distance : 1;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

static bool is_break(char c)
{
    return c == '\n' || c == '\r';
}

static struct str skip_blanks(struct str text)
{
    size_t at = 0;
    while (at < text.len && is_blank(text.data[at]))
        at++;
    return str_skip(text, at);
}

/* Skips what may precede a key: the `?` of an explicit key, a tag, an anchor. */
static struct str skip_properties(struct str text)
{
    for (text = skip_blanks(text); text.len; text = skip_blanks(text)) {
        bool explicit = text.data[0] == '?' && text.len > 1 && is_blank(text.data[1]);
        if (!explicit && text.data[0] != '!' && text.data[0] != '&')
            break;
        size_t end = 0;
        while (end < text.len && !is_blank(text.data[end]) && !is_break(text.data[end]))
            end++;
        if (end == text.len || is_break(text.data[end]))
            break;
        text = str_skip(text, end);
    }
    return text;
}

/* Returns the end of a quoted string at the start of the text, after its closing quote. A quote
 * inside is escaped with a backslash or doubled. */
static size_t quoted_end(struct str text)
{
    char quote = text.data[0];
    size_t at = 1;
    while (at < text.len) {
        bool doubled = quote == '\'' && str_starts_with(str_skip(text, at), STR("\'\'"));
        if (text.data[at] == quote && !doubled)
            return at + 1;
        at += doubled || (quote == '"' && text.data[at] == '\\') ? 2 : 1;
    }
    return text.len;
}

/* True if the byte ends a plain key or value of a flow map. */
static bool ends_plain(char c)
{
    return c == ':' || c == ',' || c == '{' || c == '}' || c == '[' || c == ']' || is_break(c);
}

/* True if the text begins with a key like `modules`. A value after the colon is optional, as is
 * the colon of an explicit key (`?`). */
static bool begins_with_modules(struct str text)
{
    struct str key = skip_properties(text);
    bool explicit = str_starts_with(skip_blanks(text), STR("? "));
    if (key.len == 0 || str_starts_with(key, STR("- ")))
        return false;
    bool quoted = key.data[0] == '"' || key.data[0] == '\'';
    size_t end = quoted ? quoted_end(key) : 0;
    size_t stop = end;
    while (quoted && stop < key.len && (is_blank(key.data[stop]) || is_break(key.data[stop])))
        stop++;
    while (!quoted && stop < key.len && !ends_plain(key.data[stop]))
        stop++;
    bool colon = stop < key.len && key.data[stop] == ':';
    return (colon || explicit) && top_level_distance(str_slice(key, 0, quoted ? end : stop)) <= 1;
}

/* True for a line of a template. */
static bool is_template(struct str line)
{
    return str_starts_with(line, STR("{{")) || str_starts_with(line, STR("{%")) ||
           str_starts_with(line, STR("<%"));
}

/* True for a comment of YAML, or of JSON with comments. */
static bool is_comment(struct str text, size_t at)
{
    bool marked = text.data[at] == '#' || str_starts_with(str_skip(text, at), STR("//"));
    return marked && at && (is_blank(text.data[at - 1]) || is_break(text.data[at - 1]));
}

static size_t line_end(struct str text, size_t at)
{
    while (at < text.len && !is_break(text.data[at]))
        at++;
    return at;
}

/* Returns the end of a flow map at the start of the text; 0 if it is not closed. Sets *ret_found
 * if one of its keys is like `modules`. `broken`: its brackets do not match, so keys are checked
 * at any depth, to the end of the text. */
static size_t scan_flow_map(struct str text, bool broken, bool *ret_found)
{
    size_t depth = 0;
    bool begins = false; /* a key or value begins */
    for (size_t at = 0; at < text.len;) {
        char c = text.data[at];
        bool space = is_blank(c) || is_break(c);
        if (is_comment(text, at)) {
            at = line_end(text, at);
            continue;
        }
        if (begins && !space && (broken || depth == 1))
            *ret_found |= begins_with_modules(str_skip(text, at));
        if (begins && (c == '"' || c == '\'')) {
            at += quoted_end(str_skip(text, at));
            begins = false;
            continue;
        }
        at++;
        depth += c == '{' || c == '[';
        depth -= c == '}' || c == ']';
        if (depth == 0 && !broken)
            return at;
        begins = c == '{' || c == '[' || c == ',' || c == ':' || (broken && is_break(c)) ||
                 (begins && space);
    }
    return 0;
}

/* State of a scan. */
struct scan {
    struct str text;
    size_t at;
    size_t indent; /* of the first line of the document; SIZE_MAX: not seen yet */
    bool found;
};

/* Returns the end of the line on which a flow map ends. */
static size_t scan_flow_line(struct scan *scan, struct str content)
{
    size_t end = scan_flow_map(content, false, &scan->found);
    struct str rest = skip_blanks(str_skip(content, end));
    if (end && (rest.len == 0 || is_break(rest.data[0]) || rest.data[0] == '#'))
        return line_end(content, end);
    scan_flow_map(content, true, &scan->found);
    return content.len;
}

/* A key may be indented by one space more than the first line, a common mistake. Nested maps are
 * indented by two or more. */
static void scan_line(struct scan *scan)
{
    struct str rest = str_skip(scan->text, scan->at);
    rest = str_skip(rest, utf8_bom_len(rest));
    if (str_starts_with(rest, STR("---")) || str_starts_with(rest, STR("..."))) {
        scan->indent = SIZE_MAX;
        rest = str_skip(rest, strlen("---"));
    }
    struct str content = skip_blanks(rest);
    size_t indent = rest.len - content.len;
    size_t end = line_end(content, 0);
    bool template = is_template(content);
    if (end > 0 && content.data[0] != '#' && content.data[0] != '%') {
        if (scan->indent == SIZE_MAX && !template)
            scan->indent = indent;
        if (indent == 0 || indent - 1 <= scan->indent) {
            scan->found |= begins_with_modules(str_slice(content, 0, end));
            if (content.data[0] == '{' && !template)
                end = scan_flow_line(scan, content);
        }
    }
    scan->at = scan->text.len - content.len + end + 1;
}

static bool scan_text(struct str text)
{
    struct scan scan = {.text = text, .indent = SIZE_MAX};
    while (scan.at < text.len && !scan.found)
        scan_line(&scan);
    return scan.found;
}

/* True if one of the first two bytes is 0, or if they are the byte order mark of UTF-16. */
static bool is_utf16(struct str text)
{
    return text.len >= 2 &&
           (text.data[0] == 0 || text.data[1] == 0 || str_starts_with(text, STR("\xFF\xFE")) ||
            str_starts_with(text, STR("\xFE\xFF")));
}

bool top_level_has_modules(struct str text)
{
    struct buf ascii = {0};
    if (!is_utf16(text))
        return scan_text(text);
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] && (unsigned char)text.data[i] < 0x80)
            buf_add_byte(&ascii, text.data[i]);
    bool found = scan_text(buf_str(&ascii));
    buf_free(&ascii);
    return found;
}
