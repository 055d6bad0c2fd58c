/* Command lines: tables of commands and flags in, a filled `struct options` out; help and
 * suggestions from the same tables. */
#ifndef OPTASVC_CLI_H
#define OPTASVC_CLI_H

#include "io.h"
#include "options.h"

enum { EXIT_USAGE = 2 };

/* The flags there are; a command takes those whose bits it names: FLAG(FILENAME) | FLAG(ENV). */
enum flag_id {
    FLAG_FILENAME,
    FLAG_RECURSIVE,
    FLAG_ENV,
    FLAG_ENV_FILE,
    FLAG_VAR,
    FLAG_IMAGE_TAG,
    FLAG_IMAGE_DIGEST,
    FLAG_REGISTRY,
    FLAG_PARENT_OUTPUTS,
    FLAG_MODULE,
    FLAG_NAMESPACE,
    FLAG_OUTPUT,
    FLAG_WORKLOAD,
    FLAG_CONTAINER,
    FLAG_INGRESS,
    FLAG_LOG_FILE,
    FLAG_REPORT,
    FLAG_DRY_RUN,
    FLAG_COLOR,
    FLAG_HELP,
    FLAG_COUNT,
};

#define FLAG(id) (1U << FLAG_##id)

/* What renders takes. */
#define FLAGS_RENDER                                                                               \
    (FLAG(FILENAME) | FLAG(RECURSIVE) | FLAG(ENV) | FLAG(ENV_FILE) | FLAG(VAR) | FLAG(IMAGE_TAG) | \
     FLAG(IMAGE_DIGEST) | FLAG(REGISTRY) | FLAG(PARENT_OUTPUTS) | FLAG(MODULE) | FLAG(NAMESPACE))

struct invocation;

struct command {
    const char *name;
    const char *arguments; /* as the usage line shows them; "" for none */
    size_t most;           /* arguments at most */
    const char *summary;   /* one line */
    const char *details;   /* further lines; may be NULL */
    unsigned flags;
    unsigned required;          /* flags that must be given */
    const char *const *outputs; /* words for --output, ended by NULL; the first is the default */
    int (*run)(const struct invocation *invocation); /* returns the exit status */
};

struct program {
    const char *name; /* as the user calls it: "kubectl optasvc" */
    const char *file; /* the binary's name */
    const char *summary;
    const struct command *commands; /* the program itself is the only command when `single` */
    size_t count;
    bool single;
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

/* Writes `text`, or all pieces (as io_write_stream()), to stdout and closes it. Returns 0, or 1
 * after telling why on stderr. */
int cli_finish(struct str text);
int cli_finish_stream(const struct str *pieces, size_t count, const struct io_stream *stream);

/* Tells a mistake in the command line, and where to read on. Returns the exit status. */
int cli_usage(const struct invocation *invocation, const char *message);

/* Writes messages to stderr. A failure is not told: there is nowhere to tell it. */
void cli_tell(struct str messages);

#endif
