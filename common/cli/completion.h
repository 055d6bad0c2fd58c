/* Completion for shells and kubectl, from the tables of commands and flags and the service
 * files. */
#ifndef OPTASVC_COMPLETION_H
#define OPTASVC_COMPLETION_H

#include "cli/cli.h"

struct completion {
    struct arena *arena;
    struct options options; /* flags so far that select where completions come from */
    struct str word_start;  /* the word up to the value: "--env=" */
    struct str typed;       /* the value up to the cursor */
    struct buf out;
    bool files; /* the shell also completes file names */
};

/* Prints a value if it begins with the text up to the cursor and has no characters that are special
 * to shells. */
void completion_add(struct completion *completion, struct str value, struct str description);

/* Adds the names of errors and warnings, or of warnings that --allow accepts. */
void completion_add_rules(struct completion *completion, bool allowable);

/* Values of `complete` in `struct command`: file names, the `secrets` of the service files, local
 * images. */
void complete_files(struct completion *completion);
void complete_secrets(struct completion *completion);
void complete_images(struct completion *completion);

/* The hidden command __complete. Prints the completions of the last argument as kubectl expects
 * them from its plugins: VALUE, tab and DESCRIPTION per line, and at the end ":4", or ":0" for
 * file names. Ignores errors in service files.
 * https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective */
extern const struct command command_complete;

#endif
