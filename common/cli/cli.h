/* Command lines: tables of commands and flags in, a filled `struct options` out; help and
 * suggestions from the same tables. */
#ifndef OPTASVC_CLI_H
#define OPTASVC_CLI_H

#include "cli/flags.h"

enum { EXIT_USAGE = 2 };

struct completion; /* completion.h */
struct invocation;

struct command {
    const char *name;      /* one word, or two: "secret set" */
    const char *arguments; /* as the usage line shows them; NULL for none */
    size_t min_args;
    size_t max_args;
    bool hidden;         /* for scripts: not listed, and its arguments are not parsed */
    const char *summary; /* one line */
    const char *details; /* further lines; may be NULL */
    flag_bits flags;
    flag_bits required;         /* flags that must be given */
    const char *const *outputs; /* words for --output, ended by NULL; the first is the default */
    int (*run)(const struct invocation *invocation); /* returns the exit status */
    void (*complete)(struct completion *completion); /* offers its arguments; may be NULL */
};

/* An environment variable that a program reads, for its manual page. */
struct environment_variable {
    const char *name;
    const char *help;
};

/* A word that is no command, and the command that it most likely means: {"secret rm", "secret
 * delete"}. */
struct command_word {
    const char *word;
    const char *command;
};

struct program {
    const char *name; /* as the user calls it: "kubectl optasvc" */
    const char *file; /* the binary's name */
    const char *summary;
    const struct command *const *commands; /* ended by NULL */
    const struct command *single; /* the program itself, among the commands, of which the others are
                                     hidden; NULL: it has commands */
    const struct environment_variable *variables; /* ended by one without a name */
    const struct command_word *words;             /* ended by one without a word; may be NULL */
};

struct invocation {
    const struct program *program;
    const struct command *command;
    struct options options;
    struct option_list arguments;
    bool color; /* of messages on stderr */
};

/* Reads the command line, runs the command and returns the process's exit status: 0 right, 1
 * failed, 2 wrong usage. Help and version go to stdout, errors to stderr. */
int cli_main(const struct program *program, int argc, char **argv);

/* True when a command has a flag: one of its own, or of those that every command has. */
bool command_takes(const struct command *command, size_t id);

/* Returns the flag that has this name or former name; FLAG_COUNT if the command has none. */
size_t command_find_flag(const struct command *command, struct str name);

/* Writes one line: the program, its version and those of its libraries. Returns the exit status. */
int cli_version(const struct program *program);

/* Tells a mistake in the command line, and where to read on. Returns the exit status. */
int cli_usage(const struct invocation *invocation, const char *message);

#endif
