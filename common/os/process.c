#include "os/process.h"

#include <errno.h>
#include <fcntl.h>
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

extern char **environ;

static volatile sig_atomic_t caught;
static int wake[2] = {-1, -1}; /* the handler writes, poll() reads */

static const int watched[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT};

enum { WATCHED_COUNT = COUNT_OF(watched) };

static void take_signal(int signal)
{
    int saved = errno;
    if (!caught)
        caught = signal;
    ssize_t ignored = write(wake[1], "", 1);
    (void)ignored;
    errno = saved;
}

static void close_end(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* A pipe whose ends no child inherits, away from the standard streams. Returns 0 or an errno. */
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
        close_end(&ends[i]);
    return error;
}

static int unblock(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags < 0 || fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0 ? errno : 0;
}

void process_watch_signals(void)
{
    if (wake[0] >= 0 || make_pipe(wake) != 0)
        return;
    unblock(wake[0]);
    unblock(wake[1]);
    for (size_t i = 0; i < WATCHED_COUNT; i++) {
        struct sigaction old;
        struct sigaction new = {.sa_handler = take_signal};
        sigemptyset(&new.sa_mask);
        if (sigaction(watched[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(watched[i], &new, NULL);
    }
}

int process_interrupted(void)
{
    return caught;
}

int process_exit_status(int status)
{
    return caught ? 128 + caught : status;
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
    for (int64_t left = milliseconds; left > 0 && !caught; left = end - process_monotonic_ms()) {
        struct pollfd fd = {.fd = wake[0], .events = POLLIN}; /* below 0: poll() passes it over */
        poll(&fd, 1, (int)left);
    }
}

bool process_wait_input(int fd)
{
    struct pollfd fds[] = {{fd, POLLIN, 0}, {wake[0], POLLIN, 0}};
    while (!caught && poll(fds, 2, -1) < 0 && errno == EINTR)
        ;
    return !caught;
}

/* A child that runs, with our ends of its streams; -1 where they are closed. */
struct child {
    struct process *process;
    pid_t pid; /* 0: it has ended, or was never started */
    int in;
    int out;
    int err;
    size_t written;
    int64_t spoke; /* when it wrote to stderr what was not shown yet */
    int64_t asked; /* when it was asked to end */
    int64_t began;
};

static void close_streams(struct child *child)
{
    close_end(&child->in);
    close_end(&child->out);
    close_end(&child->err);
}

/* The signals as a program expects them: ours are handled or ignored. One that is to finish is in a
 * process group of its own, where a terminal's signals do not reach it. */
static int set_signals(posix_spawnattr_t *attributes, const struct process *process)
{
    short flags = POSIX_SPAWN_SETSIGDEF;
    sigset_t defaults;
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    if (process->foreground) { /* ignored here meanwhile */
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

/* exec changes no argument, but its type says that it could. */
static char *const *as_exec_takes_it(const char *const *arguments)
{
    char *const *same;
    memcpy(&same, &arguments, sizeof same);
    return same;
}

static int spawn(struct child *child, const int in[2], const int out[2], const int err[2])
{
    char *const *arguments = as_exec_takes_it(child->process->arguments);
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
    close_end(&in[0]);
    close_end(&out[1]);
    close_end(&err[1]);
    child->in = in[1];
    child->out = out[0];
    child->err = err[0];
    const int ours[] = {child->in, child->out, child->err};
    for (size_t i = 0; i < COUNT_OF(ours); i++)
        if (ours[i] >= 0 && error == 0)
            error = unblock(ours[i]);
    return error;
}

static void ask_to_end(struct child *child)
{
    if (child->pid == 0 || child->asked)
        return;
    kill(child->pid, SIGTERM);
    child->asked = process_monotonic_ms();
}

static void fail(struct child *child, int error)
{
    if (child->process->error == 0)
        child->process->error = error;
    close_streams(child);
    ask_to_end(child);
}

static void feed(struct child *child)
{
    struct str rest = str_skip(child->process->input, child->written);
    ssize_t count = write(child->in, rest.data, rest.len);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (count >= 0)
        child->written += (size_t)count;
    /* One that stops reading says why by its exit status. */
    if (count < 0 || child->written == child->process->input.len)
        close_end(&child->in);
}

enum { CHUNK = 64 * 1024 };

/* Appends what can be read. */
static void drain(struct child *child, int *fd, struct buf *buf)
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
        close_end(fd);
    else {
        struct str read = {buf->data + buf->len, (size_t)count};
        if (process->tee_stderr)
            console_print_error(read);
        buf->len += read.len;
    }
    if (buf->len > (process->secret ? PROCESS_SECRET_MAX : PROCESS_OUTPUT_MAX))
        fail(child, EFBIG);
}

static void show_errors(struct child *child)
{
    struct process *process = child->process;
    struct str text = str_skip(buf_str(&process->errors), process->stderr_shown);
    struct buf shown = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) { /* a question has no line end */
        if (process->hides && process->hides(line))
            continue;
        diag_add_visible(&shown, line);
        if (at <= text.len)
            buf_add_byte(&shown, '\n');
    }
    console_print_error(buf_str(&shown));
    buf_free(&shown);
    process->stderr_shown = process->errors.len;
    child->spoke = 0;
}

enum { STREAMS = 3, SPEAKS_AFTER = 1000 /* ms */ };

static void serve(struct child *child, const struct pollfd *fds)
{
    if (child->in >= 0 && fds[0].revents)
        feed(child);
    if (child->out >= 0 && fds[1].revents)
        drain(child, &child->out, &child->process->output);
    if (child->err >= 0 && fds[2].revents)
        drain(child, &child->err, &child->process->errors);
    bool waits = child->process->errors.len > child->process->stderr_shown;
    if (!waits || child->err < 0)
        child->spoke = 0;
    else if (child->spoke == 0)
        child->spoke = process_monotonic_ms();
    else if (process_monotonic_ms() - child->spoke >= SPEAKS_AFTER)
        show_errors(child);
}

static bool is_open(const struct child *child)
{
    return child->in >= 0 || child->out >= 0 || child->err >= 0;
}

/* What is left in a pipe when the child has ended; others that it started may hold it open. */
static void drain_rest(struct child *child, int *fd, struct buf *buf)
{
    enum {
        PIPE_MAX = 1024 * 1024
    }; /* the most that a pipe can hold: what comes later is not its */
    size_t first = buf->len;
    size_t before;
    do {
        before = buf->len;
        if (*fd >= 0)
            drain(child, fd, buf);
    } while (buf->len > before && buf->len - first < PIPE_MAX);
}

/* Takes the exit status of a child if it has ended. */
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
    drain_rest(child, &child->out, &child->process->output);
    drain_rest(child, &child->err, &child->process->errors);
    close_streams(child);
}

/* Ends those that must, by force when they do not. */
static void end_all(struct child *children, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct child *child = &children[i];
        if (caught && (!child->process->uninterruptible ||
                       process_monotonic_ms() - child->began > PROCESS_GRACE_MS))
            ask_to_end(child);
        int64_t limit = child->process->limit;
        if (child->pid && !child->asked && limit && process_monotonic_ms() - child->began >= limit)
            fail(child, ETIMEDOUT);
        if (child->pid && child->asked && process_monotonic_ms() - child->asked > PROCESS_GRACE_MS)
            kill(child->pid, SIGKILL);
    }
}

/* One turn: waits until a stream is ready, a signal comes or `timeout` is over. */
static void turn(struct child *children, size_t count, struct pollfd *fds, int timeout)
{
    for (size_t i = 0; i < count; i++) {
        fds[STREAMS * i] = (struct pollfd){children[i].in, POLLOUT, 0};
        fds[STREAMS * i + 1] = (struct pollfd){children[i].out, POLLIN, 0};
        fds[STREAMS * i + 2] = (struct pollfd){children[i].err, POLLIN, 0};
    }
    fds[STREAMS * count] = (struct pollfd){caught ? -1 : wake[0], POLLIN, 0};
    if (poll(fds, (nfds_t)(STREAMS * count + 1), timeout) < 0)
        return;
    for (size_t i = 0; i < count; i++)
        serve(&children[i], &fds[STREAMS * i]);
}

/* How long the next turn may take: a child that has closed its streams is about to end, unless it
 * never had any of ours. */
static int next_timeout(const struct child *children, size_t count)
{
    enum { TICK = 200, EDITING = 20, SOON = 1 };
    for (size_t i = 0; i < count; i++)
        if (children[i].pid && !is_open(&children[i]))
            return children[i].process->foreground ? EDITING : SOON;
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

static void attend(struct child *children, size_t count)
{
    struct arena arena = {0};
    struct pollfd *fds = ARENA_ARRAY(&arena, STREAMS * count + 1, struct pollfd);
    while (reap_all(children, count)) {
        turn(children, count, fds, next_timeout(children, count));
        end_all(children, count);
    }
    arena_free(&arena);
}

/* Whoever started us may ignore SIGCHLD, and then the system keeps no exit status for us. */
static void keep_statuses(void)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGCHLD, &standard, NULL);
}

static void run_some(struct process *processes, size_t count)
{
    struct child children[PROCESS_PARALLEL_MAX];
    for (size_t i = 0; i < count; i++) {
        children[i] = (struct child){.process = &processes[i],
                                     .in = -1,
                                     .out = -1,
                                     .err = -1,
                                     .began = process_monotonic_ms()};
        if (processes[i].secret) /* in one place, for what has moved cannot be overwritten */
            buf_reserve(&processes[i].output, PROCESS_SECRET_MAX + 2 * CHUNK);
        int error = caught && !processes[i].uninterruptible ? EINTR : start(&children[i]);
        if (error)
            fail(&children[i], error);
    }
    attend(children, count);
}

/* When one has reached its limit, those that have not begun would do no better. */
static bool any_timed_out(const struct process *processes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (processes[i].error == ETIMEDOUT)
            return true;
    return false;
}

void process_run(struct process *processes, size_t count)
{
    keep_statuses();
    bool timed_out = false;
    for (size_t i = 0; i < count; i += PROCESS_PARALLEL_MAX) {
        size_t some = count - i < PROCESS_PARALLEL_MAX ? count - i : PROCESS_PARALLEL_MAX;
        for (size_t j = i; timed_out && j < i + some; j++)
            processes[j].error = ETIMEDOUT;
        if (!timed_out)
            run_some(processes + i, some);
        timed_out = timed_out || any_timed_out(processes + i, some);
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
    return process->error == 0 && process->status == 0 && !caught;
}

/* The last line that says something, without what says that it is an error. */
static struct str last_words(struct str text)
{
    static const char *const leads[] = {"Error: ", "error: "};
    struct str last = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        while (line.len && strchr(" \t\r", line.data[line.len - 1]))
            line.len--;
        last = line.len ? line : last;
    }
    for (size_t i = 0; i < COUNT_OF(leads); i++)
        if (str_starts_with(last, str_from_c(leads[i])))
            last = str_skip(last, strlen(leads[i]));
    return last;
}

struct str process_failure_reason(struct arena *arena, const struct process *process)
{
    enum { BY_SIGNAL = 128 };
    struct str last = last_words(buf_str(&process->errors));
    int number = process->status - BY_SIGNAL;
    if (process->error)
        return str_from_c(process->error == EFBIG ? "it prints too much"
                                                  : strerror(process->error));
    if (last.len)
        return str_copy(arena, last);
    if (number > 0)
        return str_format(arena, "it was ended by signal %d (%s)", number, strsignal(number));
    return str_format(arena, "it ends with exit status %d, and does not say why", process->status);
}

int process_exec(const char *const *arguments)
{
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &standard, NULL);
    execvp(arguments[0], as_exec_takes_it(arguments));
    return errno;
}

void runs_add(struct arena *arena, struct runs *runs, struct process run)
{
    runs->items = arena_grow(arena, runs->items, runs->count, sizeof *runs->items);
    runs->items[runs->count++] = run;
}

void runs_add_names(struct arena *arena, struct runs *runs, struct argv argv,
                    const struct argv *words)
{
    for (size_t at = 0; at < words->count;) {
        struct argv some = {0};
        size_t size = 0;
        for (size_t i = 0; i < argv.count; i++)
            argv_add(arena, &some, argv.items[i]);
        for (; at < words->count && size < PROCESS_NAMES_MAX; at++) {
            argv_add(arena, &some, words->items[at]);
            size += strlen(words->items[at]) + 1 + sizeof(const char *);
        }
        runs_add(arena, runs, (struct process){.arguments = some.items});
    }
}
