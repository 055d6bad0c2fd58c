/* Parses command lines into `struct options`, and prints help, from the tables of commands and
 * flags. */
#ifndef OPTASVC_CLI_H
#define OPTASVC_CLI_H

#include "cli/flags.h"

enum { EXIT_USAGE = 2 };

struct completion; /* completion.h */
struct invocation;

/* Groups of commands, in the order of help. */
enum command_group {
    GROUP_NONE, /* of hidden commands, and of the only command of a program */
    GROUP_DEPLOY,
    GROUP_INSPECT,
    GROUP_SECRETS,
    GROUP_IMAGES,
    GROUP_FILES,
    GROUP_CHARTS,
    GROUP_OTHER,
    GROUP_COUNT,
};

/* A command line that users can copy, with the purpose of it. */
struct example {
    const char *comment; /* one line without a final full stop */
    const char *command; /* may have several lines, which the shell joins */
};

/* The examples of a command: EXAMPLES({"Print the version", "kubectl optasvc version"}). */
#define EXAMPLES(...)                                                                              \
    (const struct example[])                                                                       \
    {                                                                                              \
        __VA_ARGS__,                                                                               \
        {                                                                                          \
            NULL, NULL                                                                             \
        }                                                                                          \
    }

struct command {
    const char *name; /* one or two words: "secret set" */
    enum command_group group;
    const char *arguments; /* for the usage line; NULL if none */
    size_t min_args;
    size_t max_args;
    size_t max_names;    /* the first arguments are names of services, like --module; if the command
                            has other arguments too, only those before "--" */
    bool explicit_file;  /* a required -f has no default (default_file.h): the command deletes */
    bool hidden;         /* for scripts: not listed, arguments not parsed */
    bool deletes;        /* never suggested for a misspelt command */
    const char *summary; /* one line */
    const char *details; /* paragraphs, each one line; may be NULL */
    const char *file_hint; /* for -f without a file: the flag that users mean; may be NULL */
    const struct example *examples; /* EXAMPLES(); may be NULL */
    const enum flag_id *flags;      /* FLAG_LIST(), without those of every command; may be NULL */
    const enum flag_id *required;   /* FLAG_LIST() of required flags; may be NULL */
    const char *const *outputs;     /* values of --output, ended by NULL */
    const char *output_default;     /* what is printed without --output, for help */
    const char *output_help;        /* replaces the help of --output; may be NULL */
    /* Reports an invalid argument before a missing flag is reported. Returns the exit status; 0 if
     * the arguments are valid. May be NULL. */
    int (*check)(const struct invocation *invocation);
    int (*run)(const struct invocation *invocation); /* returns the exit status */
    void (*complete)(struct completion *completion); /* completes arguments; may be NULL */
};

/* An environment variable, for the manual page. */
struct environment_variable {
    const char *name;
    const char *help;
};

/* What does the work of a command that does not exist: {"watch", "status --watch", NULL}. */
struct command_synonym {
    const char *word;    /* one or two words */
    const char *command; /* may have flags; NULL if there is none */
    const char *hint;    /* printed after the command; NULL if it says everything */
};

struct program {
    const char *name; /* as users run it: "kubectl optasvc" */
    const char *file; /* file name of the binary */
    const char *summary;
    const struct command *const *commands; /* ended by NULL */
    const struct command
        *single; /* the only visible one of the commands; NULL if there are several */
    const struct environment_variable *variables; /* ended by a NULL name */
    const struct command_synonym *synonyms;       /* ended by a NULL word; may be NULL */
};

struct invocation {
    const struct program *program;
    const struct command *command;
    struct options options;
    struct option_list arguments;
    bool color; /* color messages on stderr */
};

/* Parses the command line and runs the command. Returns the exit status of the process: 0 success,
 * 1 failure, 2 usage error. Prints help and version on stdout, errors on stderr. */
int cli_main(const struct program *program, int argc, char **argv);

/* True if a command accepts a flag, its own or one of every command. */
bool command_has_flag(const struct command *command, enum flag_id id);

/* Returns the flag that has this name or former name; FLAG_COUNT if the command has none. */
enum flag_id command_find_flag(const struct command *command, struct str name);

/* Returns the flag that has this letter; FLAG_COUNT if the command has none. */
enum flag_id command_find_short_flag(const struct command *command, char short_name);

/* True if output to a stream is colored. */
enum cli_stream { CLI_STDOUT, CLI_STDERR };
bool cli_has_color(const struct options *options, enum cli_stream stream);

/* Prints the versions of the program and its libraries in one line. Returns the exit status. */
int cli_version(const struct program *program);

/* Reports an invalid command line and where to find help. Returns EXIT_USAGE. */
int cli_usage(const struct invocation *invocation, const char *message);

#endif
