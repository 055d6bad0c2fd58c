/* Completion for shells and for kubectl, from the tables of commands and flags and the files at
 * hand. */
#ifndef OPTASVC_COMPLETION_H
#define OPTASVC_COMPLETION_H

#include "cli/cli.h"

struct completion {
    struct arena *arena;
    struct options options; /* the flags written so far that choose files */
    struct str lead;        /* what stands before the value in the same word: "--env=" */
    struct str begun;       /* the value as far as it is written */
    struct buf out;
    bool files; /* the shell completes names of files */
};

/* Offers a value if it begins as what is written, and if no shell could take it for more than a
 * word. */
void complete_offer(struct completion *completion, struct str value, struct str description);

/* For `struct command`: arguments that are files; the `secrets` of the service files; images of
 * this machine. */
void complete_files(struct completion *completion);
void complete_secrets(struct completion *completion);
void complete_images(struct completion *completion);

/* The hidden command __complete. Prints the completions of the last argument as kubectl expects
 * them from its plugins: VALUE, tab and DESCRIPTION per line, and at the end ":4", or ":0" if names
 * of files are completed too. Errors in the files are ignored.
 * https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective */
extern const struct command command_complete;

#endif
