/* Help for the terminal, from the tables of commands and flags. */
#ifndef OPTASVC_HELP_H
#define OPTASVC_HELP_H

#include "cli/cli.h"

extern const char *const command_group_titles[GROUP_COUNT];

/* The sections of flags, in the order of help. */
enum flag_section {
    FLAGS_OWN,
    FLAGS_COMMON,
    FLAGS_OF_KUBECTL,
    FLAG_SECTION_COUNT,
};

extern const char *const flag_section_titles[FLAG_SECTION_COUNT];

enum flag_section flag_section(enum flag_id id);

/* Prints the help of a command, or of the program if `command` is NULL. Returns the exit status. */
int help_show(const struct program *program, const struct command *command);

/* Prints the commands whose first word is `word`, such as "secret". Returns false if there are
 * none. */
bool help_show_words(const struct program *program, const char *word, int *ret_status);

#endif
