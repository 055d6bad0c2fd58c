#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/diag.h"
#include "os/console.h"
#include "os/progress.h"

extern char **environ;

static volatile sig_atomic_t caught_signal;
static int wake_pipe[2] = {-1, -1}; /* written by the signal handler, polled by the waits */

static const int watched_signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

enum { WATCHED_SIGNAL_COUNT = COUNT_OF(watched_signals) };

static void handle_signal(int signal)
{
    int saved = errno;
    if (!caught_signal)
        caught_signal = signal;
    ssize_t ignored = write(wake_pipe[1], "", 1);
    (void)ignored;
    errno = saved;
}

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Creates a pipe with close-on-exec ends above the standard streams. Returns 0 or an errno. */
static int make_pipe(int ends[2])
{
    int raw[2];
    if (pipe(raw) < 0)
        return errno;
    int error = 0;
    for (int i = 0; i < 2; i++) {
        ends[i] = fcntl(raw[i], F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
        if (ends[i] < 0 && error == 0)
            error = errno;
        close(raw[i]);
    }
    for (int i = 0; error && i < 2; i++)
        close_fd(&ends[i]);
    return error;
}

static int set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0;
}

void process_watch_signals(void)
{
    if (wake_pipe[0] >= 0 || make_pipe(wake_pipe) != 0)
        return;
    set_nonblocking(wake_pipe[0]);
    set_nonblocking(wake_pipe[1]);
    for (size_t i = 0; i < WATCHED_SIGNAL_COUNT; i++) {
        struct sigaction old;
        struct sigaction new = {.sa_handler = handle_signal};
        sigemptyset(&new.sa_mask);
        if (sigaction(watched_signals[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(watched_signals[i], &new, NULL);
    }
}

int process_interrupted(void)
{
    return caught_signal;
}

int process_exit_status(int status)
{
    return caught_signal ? 128 + caught_signal : status;
}

int64_t process_monotonic_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

void process_sleep(int milliseconds)
{
    int64_t end = process_monotonic_ms() + milliseconds;
    for (int64_t left = milliseconds; left > 0 && !caught_signal;
         left = end - process_monotonic_ms()) {
        struct pollfd fd = {.fd = wake_pipe[0], .events = POLLIN}; /* -1: ignored */
        poll(&fd, 1, (int)left);
    }
}

void process_back_off(int *pause, int longest)
{
    process_sleep(*pause);
    *pause = *pause * 3 / 2 < longest ? *pause * 3 / 2 : longest;
}

bool process_wait_input(int fd)
{
    struct pollfd fds[] = {{fd, POLLIN, 0}, {wake_pipe[0], POLLIN, 0}};
    while (!caught_signal && poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return !caught_signal;
}

/* A running child and our ends of its streams; -1: closed. */
struct child {
    struct process *process;
    pid_t pid; /* 0: has ended, or was never started */
    int in;
    int out;
    int err;
    size_t written;
    int64_t unshown_since; /* time of the first unshown stderr output; 0: none */
    int64_t terminated_at; /* when SIGTERM was sent */
    int64_t started_at;
};

static void close_streams(struct child *child)
{
    close_fd(&child->in);
    close_fd(&child->out);
    close_fd(&child->err);
}

/* Resets the signals that we handle or ignore. An uninterruptible process gets its own process
 * group, which signals of the terminal do not reach. */
static int set_signals(posix_spawnattr_t *attributes, const struct process *process)
{
    short flags = POSIX_SPAWN_SETSIGDEF;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    if (process->foreground) { /* ignored by us while it runs */
        sigaddset(&defaults, SIGINT);
        sigaddset(&defaults, SIGQUIT);
    }
    if (process->uninterruptible)
        flags |= POSIX_SPAWN_SETPGROUP;
    int error = posix_spawnattr_setsigdefault(attributes, &defaults);
    return error ? error : posix_spawnattr_setflags(attributes, flags);
}

static int add_streams(posix_spawn_file_actions_t *actions, const int in[2], const int out[2],
                       const int err[2])
{
    int error = in[0] >= 0 ? posix_spawn_file_actions_adddup2(actions, in[0], STDIN_FILENO)
                           : posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null",
                                                              O_RDONLY, 0);
    if (error == 0 && out[1] >= 0)
        error = posix_spawn_file_actions_adddup2(actions, out[1], STDOUT_FILENO);
    if (error == 0 && err[1] >= 0)
        error = posix_spawn_file_actions_adddup2(actions, err[1], STDERR_FILENO);
    return error;
}

/* exec does not modify the arguments, although its parameter type is not const. */
static char *const *to_exec_arguments(const char *const *arguments)
{
    char *const *same;
    memcpy(&same, &arguments, sizeof same);
    return same;
}

static int spawn(struct child *child, const int in[2], const int out[2], const int err[2])
{
    char *const *arguments = to_exec_arguments(child->process->arguments);
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    int error = posix_spawn_file_actions_init(&actions);
    if (error)
        return error;
    error = posix_spawnattr_init(&attributes);
    if (error == 0) {
        error = child->process->foreground ? 0 : add_streams(&actions, in, out, err);
        if (error == 0)
            error = set_signals(&attributes, child->process);
        if (error == 0)
            error =
                posix_spawnp(&child->pid, arguments[0], &actions, &attributes, arguments, environ);
        posix_spawnattr_destroy(&attributes);
    }
    posix_spawn_file_actions_destroy(&actions);
    if (error)
        child->pid = 0;
    return error;
}

static int start(struct child *child)
{
    int in[2] = {-1, -1};
    int out[2] = {-1, -1};
    int err[2] = {-1, -1};
    bool foreground = child->process->foreground;
    int error = foreground || child->process->tee_stderr ? 0 : make_pipe(err);
    if (error == 0 && child->process->input.len)
        error = make_pipe(in);
    if (error == 0 && !foreground && !child->process->inherit_stdout)
        error = make_pipe(out);
    if (error == 0)
        error = spawn(child, in, out, err);
    close_fd(&in[0]);
    close_fd(&out[1]);
    close_fd(&err[1]);
    child->in = in[1];
    child->out = out[0];
    child->err = err[0];
    const int ours[] = {child->in, child->out, child->err};
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (ours[i] >= 0 && error == 0)
            error = set_nonblocking(ours[i]);
    return error;
}

static void terminate(struct child *child)
{
    if (child->pid == 0 || child->terminated_at)
        return;
    kill(child->pid, SIGTERM);
    child->terminated_at = process_monotonic_ms();
}

static void fail(struct child *child, int error)
{
    if (child->process->error == 0)
        child->process->error = error;
    close_streams(child);
    terminate(child);
}

static void write_input(struct child *child)
{
    struct str rest = str_skip(child->process->input, child->written);
    ssize_t count = write(child->in, rest.data, rest.len);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count >= 0)
        child->written += (size_t)count;
    /* A child that stops reading explains that by its exit status. */
    if (count < 0 || child->written == child->process->input.len)
        close_fd(&child->in);
}

enum { CHUNK = 64 * 1024 };

/* Appends the available input. */
static void read_available(struct child *child, int *fd, struct buf *buf)
{
    const struct process *process = child->process;
    buf_reserve(buf, CHUNK);
    ssize_t count;
    do
        count = read(*fd, buf->data + buf->len, CHUNK);
    while (count < 0 && errno == EINTR);
    if (count < 0 && errno == EAGAIN)
        return;
    if (count < 0)
        fail(child, errno);
    else if (count == 0)
        close_fd(fd);
    else {
        struct str chunk = {buf->data + buf->len, (size_t)count};
        if (process->tee_stderr)
            console_print_error(chunk);
        buf->len += chunk.len;
    }
    if (buf->len > (process->secret ? PROCESS_SECRET_MAX : PROCESS_OUTPUT_MAX))
        fail(child, EFBIG);
}

static void show_stderr(struct child *child)
{
    struct process *process = child->process;
    struct str text = str_skip(buf_str(&process->errors), process->stderr_shown);
    struct buf shown = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) { /* a prompt has no newline */
        if (process->hides && process->hides(line))
            continue;
        diag_add_visible(&shown, line);
        if (at <= text.len)
            buf_add_byte(&shown, '\n');
    }
    console_print_error(buf_str(&shown));
    buf_free(&shown);
    process->stderr_shown = process->errors.len;
    child->unshown_since = 0;
}

enum { STREAMS = 3, SHOW_AFTER_MS = 1000 };

static void handle_events(struct child *child, const struct pollfd *fds)
{
    if (child->in >= 0 && fds[0].revents)
        write_input(child);
    if (child->out >= 0 && fds[1].revents)
        read_available(child, &child->out, &child->process->output);
    if (child->err >= 0 && fds[2].revents)
        read_available(child, &child->err, &child->process->errors);
    bool has_unshown = child->process->errors.len > child->process->stderr_shown;
    if (!has_unshown || child->err < 0)
        child->unshown_since = 0;
    else if (child->unshown_since == 0)
        child->unshown_since = process_monotonic_ms();
    else if (process_monotonic_ms() - child->unshown_since >= SHOW_AFTER_MS)
        show_stderr(child);
}

static bool has_open_stream(const struct child *child)
{
    return child->in >= 0 || child->out >= 0 || child->err >= 0;
}

/* Reads the rest of a pipe after the child has ended; its own children may still hold it open. */
static void read_rest(struct child *child, int *fd, struct buf *buf)
{
    enum { PIPE_MAX = 1024 * 1024 }; /* maximum pipe capacity: more is not the child's */
    size_t first = buf->len;
    size_t before;
    do {
        before = buf->len;
        if (*fd >= 0)
            read_available(child, fd, buf);
    } while (buf->len > before && buf->len - first < PIPE_MAX);
}

/* Collects the exit status of a child if it has ended. */
static void reap(struct child *child)
{
    int status = 0;
    pid_t ended = waitpid(child->pid, &status, WNOHANG);
    if (ended == 0 || (ended < 0 && errno == EINTR))
        return;
    child->pid = 0;
    child->process->status = ended < 0             ? EXIT_FAILURE
                             : WIFEXITED(status)   ? WEXITSTATUS(status)
                             : WIFSIGNALED(status) ? 128 + WTERMSIG(status)
                                                   : EXIT_FAILURE;
    read_rest(child, &child->out, &child->process->output);
    read_rest(child, &child->err, &child->process->errors);
    close_streams(child);
}

/* Sends SIGTERM to children that must end, and SIGKILL after PROCESS_GRACE_MS. */
static void terminate_children(struct child *children, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct child *child = &children[i];
        if (caught_signal && (!child->process->uninterruptible ||
                              process_monotonic_ms() - child->started_at > PROCESS_GRACE_MS))
            terminate(child);
        int64_t limit = child->process->limit;
        if (child->pid && !child->terminated_at && limit &&
            process_monotonic_ms() - child->started_at >= limit)
            fail(child, ETIMEDOUT);
        if (child->pid && child->terminated_at &&
            process_monotonic_ms() - child->terminated_at > PROCESS_GRACE_MS)
            kill(child->pid, SIGKILL);
    }
}

/* One iteration: waits until a stream is ready, a signal arrives or `timeout` expires. */
static void poll_once(struct child *children, size_t count, struct pollfd *fds, int timeout)
{
    for (size_t i = 0; i < count; i++) {
        fds[STREAMS * i] = (struct pollfd){children[i].in, POLLOUT, 0};
        fds[STREAMS * i + 1] = (struct pollfd){children[i].out, POLLIN, 0};
        fds[STREAMS * i + 2] = (struct pollfd){children[i].err, POLLIN, 0};
    }
    fds[STREAMS * count] = (struct pollfd){caught_signal ? -1 : wake_pipe[0], POLLIN, 0};
    if (poll(fds, (nfds_t)(STREAMS * count + 1), timeout) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        handle_events(&children[i], &fds[STREAMS * i]);
}

/* Timeout of the next iteration: a child that has closed its streams is about to end, unless it
 * never had any of ours. */
static int poll_timeout(const struct child *children, size_t count)
{
    enum { TICK = 200, FOREGROUND_TICK = 20, EXIT_TICK = 1 };
    for (size_t i = 0; i < count; i++)
        if (children[i].pid && !has_open_stream(&children[i]))
            return children[i].process->foreground ? FOREGROUND_TICK : EXIT_TICK;
    return TICK;
}

static bool reap_all(struct child *children, size_t count)
{
    bool running = false;
    for (size_t i = 0; i < count; i++) {
        if (children[i].pid)
            reap(&children[i]);
        running |= children[i].pid != 0;
    }
    return running;
}

/* Says what takes long: on a terminal after a second, otherwise once after ten, so that logs stay
 * short. Nothing is said after a child has printed something, because it may be a prompt. `said`:
 * the second when something was said last, -1 if nothing was. */
static void show_activity(const struct child *children, size_t count, int64_t elapsed,
                          int64_t *said)
{
    enum { TERMINAL_AFTER = 1, AFTER = 10 };
    const struct child *first = NULL;
    for (size_t i = 0; i < count; i++) {
        if (children[i].process->stderr_shown)
            return;
        if (!first && children[i].pid && children[i].process->activity.len)
            first = &children[i];
    }
    bool terminal = first && elapsed >= TERMINAL_AFTER && progress_is_possible();
    if (!first || elapsed == *said || (!terminal && (*said >= 0 || elapsed < AFTER)))
        return;
    struct arena arena = {0};
    struct str line =
        str_format(&arena, "%.*s (%" PRId64 " s)", STR_ARG(first->process->activity), elapsed);
    if (terminal)
        console_set_status(line);
    else
        console_print_line(line);
    *said = elapsed;
    arena_free(&arena);
}

static void wait_for_children(struct child *children, size_t count)
{
    int64_t started = process_monotonic_ms();
    int64_t said = -1;
    struct arena arena = {0};
    struct pollfd *fds = ARENA_ARRAY(&arena, STREAMS * count + 1, struct pollfd);
    while (reap_all(children, count)) {
        poll_once(children, count, fds, poll_timeout(children, count));
        terminate_children(children, count);
        show_activity(children, count, (process_monotonic_ms() - started) / 1000, &said);
    }
    console_set_status((struct str){0});
    arena_free(&arena);
}

/* The parent may have set SIGCHLD to be ignored; then the system keeps no exit statuses. */
static void reset_sigchld(void)
{
    struct sigaction default_action = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &default_action, NULL);
}

static void run_batch(struct process *processes, size_t count)
{
    struct child children[PROCESS_PARALLEL_MAX];
    for (size_t i = 0; i < count; i++) {
        children[i] = (struct child){.process = &processes[i],
                                     .in = -1,
                                     .out = -1,
                                     .err = -1,
                                     .started_at = process_monotonic_ms()};
        if (processes[i].secret) /* no reallocation: old copies could not be zeroed */
            buf_reserve(&processes[i].output, PROCESS_SECRET_MAX + 2 * CHUNK);
        int error = caught_signal && !processes[i].uninterruptible ? EINTR : start(&children[i]);
        if (error)
            fail(&children[i], error);
    }
    wait_for_children(children, count);
}

/* True if a process has timed out. Processes that are not started yet would time out too. */
static bool any_timed_out(const struct process *processes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (processes[i].error == ETIMEDOUT)
            return true;
    return false;
}

void process_run(struct process *processes, size_t count)
{
    reset_sigchld();
    bool timed_out = false;
    for (size_t i = 0; i < count; i += PROCESS_PARALLEL_MAX) {
        size_t batch = count - i < PROCESS_PARALLEL_MAX ? count - i : PROCESS_PARALLEL_MAX;
        for (size_t j = i; timed_out && j < i + batch; j++)
            processes[j].error = ETIMEDOUT;
        if (!timed_out)
            run_batch(processes + i, batch);
        timed_out = timed_out || any_timed_out(processes + i, batch);
    }
}

void process_run_foreground(struct process *process)
{
    struct sigaction interrupt;
    struct sigaction quit;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    process->foreground = true;
    sigaction(SIGINT, &ignore, &interrupt);
    sigaction(SIGQUIT, &ignore, &quit);
    process_run(process, 1);
    sigaction(SIGINT, &interrupt, NULL);
    sigaction(SIGQUIT, &quit, NULL);
}

void process_free(struct process *process)
{
    if (process->secret)
        buf_wipe(&process->output);
    buf_free(&process->output);
    buf_free(&process->errors);
}

bool process_succeeded(const struct process *process)
{
    return process->error == 0 && process->status == 0 && !caught_signal;
}

bool process_all_succeeded(const struct process *processes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!process_succeeded(&processes[i]))
            return false;
    return true;
}

/* Returns the last non-empty line without an "error:" prefix. */
static struct str last_error_line(struct str text)
{
    static const char *const prefixes[] = {"Error: ", "error: "};
    struct str last = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        while (line.len && strchr(" \t\r", line.data[line.len - 1]))
            line.len--;
        last = line.len ? line : last;
    }
    for (size_t i = 0; i < COUNT_OF(prefixes); i++)
        if (str_starts_with(last, str_from_c(prefixes[i])))
            last = str_skip(last, strlen(prefixes[i]));
    return last;
}

struct str process_failure_reason(struct arena *arena, const struct process *process)
{
    enum { SIGNAL_STATUS_BASE = 128, MEBIBYTE = 1024 * 1024 };
    struct str last = last_error_line(buf_str(&process->errors));
    int number = process->status - SIGNAL_STATUS_BASE;
    if (process->error == EFBIG)
        return str_format(arena, "output exceeds %d MiB",
                          (process->secret ? PROCESS_SECRET_MAX : PROCESS_OUTPUT_MAX) / MEBIBYTE);
    if (process->error)
        return str_from_c(strerror(process->error));
    if (last.len)
        return str_copy(arena, last);
    if (number > 0)
        return str_format(arena, "terminated by signal %d (%s)", number, strsignal(number));
    return str_format(arena, "exited with status %d and no error message", process->status);
}

int process_exec(const char *const *arguments)
{
    struct sigaction default_action = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &default_action, NULL);
    execvp(arguments[0], to_exec_arguments(arguments));
    return errno;
}

void runs_add(struct arena *arena, struct runs *runs, struct process run)
{
    runs->items = arena_grow(arena, runs->items, runs->count, sizeof *runs->items);
    runs->items[runs->count++] = run;
}

void runs_free(struct runs *runs)
{
    for (size_t i = 0; i < runs->count; i++)
        process_free(&runs->items[i]);
    *runs = (struct runs){0};
}

void runs_add_names(struct arena *arena, struct runs *runs, struct argv argv,
                    const struct argv *words)
{
    for (size_t at = 0; at < words->count;) {
        struct argv batch = {0};
        size_t size = 0;
        for (size_t i = 0; i < argv.count; i++)
            argv_add(arena, &batch, argv.items[i]);
        for (; at < words->count && size < PROCESS_NAMES_MAX; at++) {
            argv_add(arena, &batch, words->items[at]);
            size += strlen(words->items[at]) + 1 + sizeof(const char *);
        }
        runs_add(arena, runs, (struct process){.arguments = batch.items});
    }
}
