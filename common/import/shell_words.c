/* Splits commands as Compose does: words, quotes and backslashes of a shell, without variables. */
#include "import/compose_reader.h"

#include <string.h>

struct splitter {
    struct str text;
    size_t at;
    struct buf word;
};

/* Adds what is between quotes. Returns false if the quote is not closed. */
static bool add_quoted(struct splitter *splitter, char quote)
{
    struct str text = splitter->text;
    for (splitter->at++; splitter->at < text.len; splitter->at++) {
        char c = text.data[splitter->at];
        if (c == quote)
            return true;
        bool escape = c == '\\' && quote == '"' && splitter->at + 1 < text.len &&
                      strchr("\"\\$`\n", text.data[splitter->at + 1]) &&
                      text.data[splitter->at + 1];
        if (escape)
            c = text.data[++splitter->at];
        buf_add_byte(&splitter->word, c);
    }
    return false;
}

/* Adds the next word. Returns false if a quote is not closed. */
static bool read_word(struct splitter *splitter)
{
    struct str text = splitter->text;
    for (; splitter->at < text.len; splitter->at++) {
        char c = text.data[splitter->at];
        if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
            return true;
        if (c == '\'' || c == '"') {
            if (!add_quoted(splitter, c))
                return false;
            continue;
        }
        if (c == '\\' && splitter->at + 1 < text.len)
            c = text.data[++splitter->at];
        if (c != '\n') /* a backslash continues the line */
            buf_add_byte(&splitter->word, c);
    }
    return true;
}

bool shell_split(struct arena *arena, struct str text, struct str **ret_words, size_t *ret_count)
{
    struct splitter splitter = {.text = text};
    *ret_words = NULL;
    *ret_count = 0;
    while (splitter.at < text.len) {
        if (strchr(" \t\n\r", text.data[splitter.at]) && text.data[splitter.at]) {
            splitter.at++;
            continue;
        }
        if (text.data[splitter.at] == '\\' && splitter.at + 1 < text.len &&
            text.data[splitter.at + 1] == '\n') {
            splitter.at += 2;
            continue;
        }
        bool ok = read_word(&splitter);
        *ret_words = arena_grow(arena, *ret_words, *ret_count, sizeof **ret_words);
        (*ret_words)[(*ret_count)++] = buf_take(arena, &splitter.word);
        splitter.word = (struct buf){0};
        if (!ok)
            return false;
    }
    return true;
}
