#include "cli/order_words.h"

#include "cli/usage_error.h"

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

/* Returns the number of arguments that a flag consists of, with its value; 0 if no command has
 * it. */
static size_t count_flag_words(const struct program *program, const char *argument)
{
    if (argument[1] == '-') {
        struct str text = str_from_c(argument + 2);
        size_t equals = str_find(text, 0, '=');
        enum flag_id id = find_any_flag(program, str_slice(text, 0, equals), 0);
        return id == FLAG_COUNT ? 0 : needs_value(id) && equals == text.len ? 2 : 1;
    }
    for (const char *letter = argument + 1; *letter; letter++) {
        enum flag_id id = find_any_flag(program, STR(""), *letter);
        if (id == FLAG_COUNT)
            return 0;
        if (needs_value(id))
            return letter[1] ? 1 : 2;
    }
    return 1;
}

static bool is_command(const struct program *program, const char *word)
{
    for (const struct command *const *each = program->commands; *each; each++)
        if (strcmp((*each)->name, word) == 0)
            return true;
    return false;
}

int order_words(const struct program *program, char **argv, size_t argc)
{
    size_t count = 0;
    for (size_t i = 0; i < argc && strcmp(argv[i], "--") != 0; i++) {
        char *word = argv[i];
        if (word[0] == '-' && word[1]) {
            size_t words = count_flag_words(program, word);
            if (words == 0)
                return count ? 0 : report_unknown_flag(program, NULL, word);
            i += words - 1;
            continue;
        }
        for (size_t j = i; j > count; j--)
            argv[j] = argv[j - 1];
        argv[count++] = word;
        if (count == 2 || is_command(program, word))
            break;
    }
    return 0;
}
