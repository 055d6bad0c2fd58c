/* Other programs, run with an argument list and never through a shell.
 *
 * After SIGINT, SIGTERM, SIGHUP or SIGQUIT, children get SIGTERM, and SIGKILL if they do not end in
 * time. No further process is started. The caller reports what was done and exits with
 * process_exit_status(). */
#ifndef OPTASVC_PROCESS_H
#define OPTASVC_PROCESS_H

#include "base/limits.h"
#include "base/str.h"
#include "os/argv.h"

enum {
    PROCESS_PARALLEL_MAX = 8,      /* concurrent children of one process_run() */
    PROCESS_GRACE_MS = 5000,       /* ms from SIGTERM to SIGKILL */
    PROCESS_NAMES_MAX = 64 * 1024, /* bytes of names in the arguments of one run: Linux allows 128
                                      KiB per argument, and a quarter of the stack in total */
};

struct process {
    const char *const *arguments; /* program (found in PATH if without a slash), NULL-terminated */
    struct str input;             /* standard input; ends after this */
    bool inherit_stdout;          /* stdout is inherited and not stored in `output` */
    bool tee_stderr;              /* stderr is inherited, and stdout is also copied to it */
    bool uninterruptible;         /* not ended by signals for up to PROCESS_GRACE_MS */
    bool foreground;              /* set by process_run_foreground() */
    bool secret;                  /* `output` is zeroed when it is freed */
    int64_t limit;                /* timeout in ms; 0: none */
    struct str activity;          /* shown if it takes more than a second; empty: nothing is */
    bool (*hides)(struct str line); /* true for stderr lines to hide; NULL: none */

    /* Results. The caller frees both buffers. */
    struct buf output;
    struct buf errors;   /* its stderr */
    size_t stderr_shown; /* bytes of `errors` already shown to the user */
    int error;  /* errno if it could not be started or communicated with; ETIMEDOUT after a timeout;
                   otherwise 0 */
    int status; /* exit status; 128 plus the signal number if killed */
};

/* Runs all processes, PROCESS_PARALLEL_MAX at a time, and returns when all have ended. The stderr
 * of a child that keeps running is shown meanwhile, because it may be a prompt. */
void process_run(struct process *processes, size_t count);

/* Runs a process with our streams and the terminal, such as an editor. Only the process receives
 * SIGINT and SIGQUIT. */
void process_run_foreground(struct process *process);

void process_free(struct process *process);

/* A growing list of processes, in an arena. */
struct runs {
    struct process *items;
    size_t count;
};
void runs_add(struct arena *arena, struct runs *runs, struct process run);

/* Adds processes that run `argv` followed by all `words`: as many processes as the system's
 * argument length requires; none without words. */
void runs_add_names(struct arena *arena, struct runs *runs, struct argv argv,
                    const struct argv *words);

/* Frees the processes, and empties the list. */
void runs_free(struct runs *runs);

/* True if the process ran and exited with status 0. */
bool process_succeeded(const struct process *process);

/* True if all of them succeeded; true for none. */
bool process_all_succeeded(const struct process *processes, size_t count);

/* Returns the reason of a failure, to follow a colon: the last line of stderr, or how the process
 * ended. */
struct str process_failure_reason(struct arena *arena, const struct process *process);

/* Replaces this process with the program. Returns an errno on failure only. */
int process_exec(const char *const *arguments);

/* Installs handlers for the signals above. Signals that are ignored, as under nohup, stay ignored.
 */
void process_watch_signals(void);

/* Returns the signal that was received, or 0. */
int process_interrupted(void);

/* Returns 128 plus the received signal; `status` if there was none. */
int process_exit_status(int status);

/* Sleeps; returns early on a signal. */
void process_sleep(int milliseconds);

/* Sleeps for `*pause` ms, and makes the next pause longer by half, up to `longest`. */
void process_back_off(int *pause, int longest);

/* Waits until a file descriptor is readable. Returns false if a signal was received, also if that
 * was before the call. */
bool process_wait_input(int fd);

/* Monotonic time in milliseconds. */
int64_t process_monotonic_ms(void);

#endif
