/* Reports invalid command lines. For an unknown command or flag, a hint names the one that does the
 * same. */
#ifndef OPTASVC_USAGE_ERROR_H
#define OPTASVC_USAGE_ERROR_H

#include "cli/cli.h"

/* Prints an error, the lines of the hint (may be empty), and where to find help: for `command`, or
 * for the program if it is NULL. Returns EXIT_USAGE. */
int usage_error(const struct program *program, const struct command *command, struct str hint,
                const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Reports that a program has no command that is named by the first word or the first two words.
 * Returns EXIT_USAGE. */
int report_unknown_command(const struct program *program, const char *const *words, size_t count);

/* True if words are those of a command of other tools, such as "delete secret". */
bool is_synonym(const struct program *program, struct str words);

/* Reports that a command has no flag of this name. `argument` is how it was given: "--name" or
 * "-n"; `command` may be NULL. Returns EXIT_USAGE. */
int report_unknown_flag(const struct program *program, const struct command *command,
                        const char *argument);

#endif
