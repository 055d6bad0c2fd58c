#include "base/wrap.h"

#include "base/utf8.h"

#include <string.h>

enum { INDENT = 4 }; /* of further lines */

/* Returns the end of the ANSI escape sequence at `at`; `at` if there is none. */
static size_t skip_escape(struct str text, size_t at)
{
    if (at + 1 >= text.len || text.data[at] != '\033' || text.data[at + 1] != '[')
        return at;
    size_t end = str_find(text, at, 'm');
    return end < text.len ? end + 1 : at;
}

/* Returns the width in columns; escape sequences have none. */
static size_t count_columns(struct str text)
{
    size_t columns = 0;
    for (size_t at = 0; at < text.len;) {
        uint32_t character = 0;
        size_t end = skip_escape(text, at);
        size_t len = end == at ? utf8_decode(text, at, &character) : 0;
        if (end == at)
            columns += len ? utf8_columns(character) : 1;
        at = end > at ? end : at + (len ? len : 1);
    }
    return columns;
}

static size_t count_spaces(struct str text, size_t at)
{
    size_t end = at;
    while (end < text.len && text.data[end] == ' ')
        end++;
    return end - at;
}

/* Returns the end of the text up to a colon, semicolon or comma before a space, outside quotes. */
static size_t command_end(struct str text, size_t at)
{
    char quote = '\0';
    for (; at < text.len; at++) {
        char byte = text.data[at];
        if (quote == '\0' && at + 1 < text.len && text.data[at + 1] == ' ' && strchr(":;,", byte))
            return at + 1;
        if (byte == '\'' || byte == '"')
            quote = quote == '\0' ? byte : quote == byte ? '\0' : quote;
    }
    return at;
}

/* Returns the end of the word at `at`. A command that users may copy, such as in "run kubectl get
 * pods", is one word if `keeps_commands`. */
static size_t word_end(struct str text, size_t at, bool keeps_commands)
{
    static word_list programs = {"kubectl ", "helm ", "aws ", "gcloud ", "az ", "docker ", NULL};
    for (size_t i = 0; keeps_commands && programs[i]; i++)
        if (str_starts_with(str_skip(text, at), str_from_c(programs[i])))
            return command_end(text, at);
    return str_find(text, at, ' ');
}

/* Appends words from `column` on; further lines are indented. */
static void add_words(struct buf *out, struct str text, bool keeps_commands, size_t column,
                      size_t indent, size_t width)
{
    for (size_t at = 0; at < text.len;) {
        size_t spaces = count_spaces(text, at);
        size_t start = at + spaces;
        size_t end = word_end(text, start, keeps_commands);
        struct str word = str_slice(text, start, end);
        size_t columns = count_columns(word);
        if (at > 0 && column > indent && column + spaces + columns > width) {
            buf_add_byte(out, '\n');
            column = spaces = indent;
        } else {
            column += spaces;
        }
        buf_add_spaces(out, spaces);
        buf_add(out, word);
        column += columns;
        at = end;
    }
}

void wrap_add(struct buf *out, struct str text, size_t width)
{
    size_t start = out->len;
    while (start > 0 && out->data[start - 1] != '\n')
        start--;
    size_t column = count_columns(str_skip(buf_str(out), start));
    add_words(out, text, false, column, column, width);
}

/* Returns the offset of the text that further lines are aligned with. */
static size_t find_last_column(struct str line)
{
    size_t indent = count_spaces(line, 0);
    size_t word = str_find(line, indent, ' ');
    size_t last = indent && word < line.len && line.data[word - 1] == ':'
                      ? word + count_spaces(line, word)
                      : indent;
    for (size_t at = str_find(line, last, ' '); at < line.len;
         at = str_find(line, at + count_spaces(line, at), ' '))
        if (count_spaces(line, at) > 1)
            return at + count_spaces(line, at);
    return last;
}

void wrap_columns(struct buf *out, struct str text, size_t width)
{
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        size_t column = find_last_column(line);
        if (column * 4 > width * 3) /* too little space after it */
            column = count_spaces(line, 0) + INDENT;
        add_words(out, line, false, 0, column, width);
        buf_add_byte(out, '\n');
    }
}

/* True for a line that marks a position in the line before it: spaces, "^" and "~". */
static bool is_caret(struct str line)
{
    bool has_caret = false;
    for (size_t at = count_spaces(line, 0); at < line.len;) {
        size_t end = skip_escape(line, at);
        char byte = line.data[at];
        if (end == at && byte != (has_caret ? '~' : '^'))
            return false;
        has_caret |= end == at;
        at = end > at ? end : at + 1;
    }
    return has_caret;
}

void wrap_messages(struct buf *out, struct str text, size_t width)
{
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        size_t next_at = at;
        struct str next;
        bool fits = count_columns(line) <= width;
        bool is_source = str_next_line(text, &next_at, &next) && is_caret(next);
        size_t indent = count_spaces(line, 0);
        if (fits || is_source || is_caret(line))
            buf_add(out, line);
        else
            add_words(out, line, true, 0, indent > INDENT ? indent : INDENT, width);
        if (at < text.len || text.data[text.len - 1] == '\n')
            buf_add_byte(out, '\n');
    }
}
