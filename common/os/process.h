/* Other programs, run with a list of arguments and never through a shell.
 *
 * SIGINT, SIGTERM, SIGHUP and SIGQUIT end a run in order: children get SIGTERM, and SIGKILL when
 * they do not end; whatever is run afterwards is not started; the caller tells what was done and
 * exits by process_exit_status(). */
#ifndef OPTASVC_PROCESS_H
#define OPTASVC_PROCESS_H

#include "base/limits.h"
#include "base/str.h"
#include "os/argv.h"

enum {
    PROCESS_PARALLEL_MAX = 8,      /* children of one process_run(); more wait for their turn */
    PROCESS_GRACE_MS = 5000,       /* ms from SIGTERM to SIGKILL */
    PROCESS_NAMES_MAX = 64 * 1024, /* bytes of names as arguments of one run: Linux takes 128 KiB in
                                      one argument, and of all a quarter of the stack */
};

struct process {
    const char *const *arguments; /* the program, found on PATH if it has no slash; ended by NULL */
    struct str input;             /* of its standard input, which ends behind it */
    bool inherit_stdout;          /* stdout goes where ours goes, not into `output` */
    bool tee_stderr;      /* stderr is ours, and what goes into `output` is shown there too */
    bool uninterruptible; /* runs to its end after a signal too, PROCESS_GRACE_MS at most */
    bool foreground;      /* set by process_run_foreground() */
    bool secret;          /* `output` is overwritten when it is freed */
    int64_t limit;        /* ms that it may take, after which it is ended; 0: any time */
    bool (*hides)(struct str line); /* lines of its stderr that are not shown; NULL: none */

    /* What became of it. The caller frees both texts. */
    struct buf output;
    struct buf errors;   /* of its stderr */
    size_t stderr_shown; /* bytes of `errors` that the user has seen already */
    int error;           /* errno when it could not be started, or talked to; ETIMEDOUT when it
                            reached its limit; else 0 */
    int status;          /* its exit status; 128 and the signal that ended it */
};

/* Runs all, PROCESS_PARALLEL_MAX at the same time, and returns when all have ended. What a child
 * that goes on running has written to stderr is shown meanwhile: it may ask for something. */
void process_run(struct process *processes, size_t count);

/* Runs one that has our streams and the terminal, as an editor: SIGINT and SIGQUIT are its alone.
 */
void process_run_foreground(struct process *process);

void process_free(struct process *process);

/* Runs that are put together one by one, in an arena. */
struct runs {
    struct process *items;
    size_t count;
};
void runs_add(struct arena *arena, struct runs *runs, struct process run);

/* Adds runs of these arguments with the words behind them. As no system passes arguments of any
 * length, many words make several runs; without words there is none. */
void runs_add_names(struct arena *arena, struct runs *runs, struct argv argv,
                    const struct argv *words);

/* Ran, and ended with status 0. */
bool process_succeeded(const struct process *process);

/* Why it was not right, in words that follow a colon: the last line that it wrote to stderr, or how
 * it ended. */
struct str process_failure_reason(struct arena *arena, const struct process *process);

/* Becomes the program; arguments as above. Returns, with an errno, only when it cannot. */
int process_exec(const char *const *arguments);

/* Begins to take signals as told above. Those that are ignored stay so, as under nohup. */
void process_watch_signals(void);

/* The signal that came, or 0. */
int process_interrupted(void);

/* 128 and the signal that came, or `status` if none did. */
int process_exit_status(int status);

/* Waits; returns early when a signal comes. */
void process_sleep(int milliseconds);

/* Waits until a file descriptor can be read; false when a signal came, also before. */
bool process_wait_input(int fd);

/* Milliseconds of a clock that nobody sets. */
int64_t process_monotonic_ms(void);

#endif
