#include "cli/order_words.h"

#include <string.h>

/* Returns the flag of any command that has this name, or this letter if `name` is empty; FLAG_COUNT
 * if there is none. */
static enum flag_id find_any_flag(const struct program *program, struct str name, char short_name)
{
    enum flag_id id = FLAG_COUNT;
    for (const struct command *const *each = program->commands; *each && id == FLAG_COUNT; each++)
        id = name.len ? command_find_flag(*each, name) : command_find_short_flag(*each, short_name);
    return id;
}

/* True if the value of a flag is the next argument. */
static bool needs_value(enum flag_id id)
{
    return flag_table[id].type == FLAG_TYPE_STRING || flag_table[id].type == FLAG_TYPE_LIST;
}

/* Sets `*ret_open` to the flag in `word` whose value is the next word; FLAG_COUNT if there is none.
 * Returns false if no command has the flag. */
static bool find_open_flag(const struct program *program, const char *word, enum flag_id *ret_open)
{
    *ret_open = FLAG_COUNT;
    if (word[1] == '-') {
        struct str text = str_from_c(word + 2);
        size_t equals = str_find(text, 0, '=');
        enum flag_id id = find_any_flag(program, str_slice(text, 0, equals), 0);
        if (id < FLAG_COUNT && needs_value(id) && equals == text.len)
            *ret_open = id;
        return id < FLAG_COUNT;
    }
    for (const char *letter = word + 1; *letter; letter++) {
        enum flag_id id = find_any_flag(program, STR(""), *letter);
        if (id == FLAG_COUNT)
            return false;
        if (needs_value(id)) {
            *ret_open = letter[1] ? FLAG_COUNT : id;
            return true;
        }
    }
    return true;
}

static bool is_command(const struct program *program, const char *word)
{
    for (const struct command *const *each = program->commands; *each; each++)
        if (strcmp((*each)->name, word) == 0)
            return true;
    return false;
}

struct word_order order_words(const struct program *program, const char **words, size_t count)
{
    struct word_order order = {.open = FLAG_COUNT};
    for (size_t i = 0; i < count && strcmp(words[i], "--") != 0; i++) {
        const char *word = words[i];
        if (word[0] == '-' && word[1]) {
            enum flag_id open;
            if (!find_open_flag(program, word, &open)) {
                order.unknown = word;
                break;
            }
            if (open < FLAG_COUNT && ++i == count)
                order.open = open;
            continue;
        }
        for (size_t j = i; j > order.names; j--)
            words[j] = words[j - 1];
        words[order.names++] = word;
        if (order.names == 2 || is_command(program, word))
            break;
    }
    return order;
}
