#include "os/process.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    MEGABYTE = 1000 * 1000,
    SOON = 3000, /* ms: much less than `sleep 30`, and enough for a busy machine */
    PATIENCE = 240,
};

/* For forked processes, in which assertions must not jump back into the tests. */
#define CHECK(condition) check(condition, #condition, __LINE__)

static void check(bool ok, const char *condition, int line)
{
    if (ok)
        return;
    fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, line, condition);
    _exit(EXIT_FAILURE);
}

static pid_t begin_fork(void (*body)(void))
{
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        alarm(PATIENCE);
        body();
        _exit(EXIT_SUCCESS);
    }
    return pid;
}

static void end_fork(pid_t pid)
{
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

/* Changes of signals and descriptors stay in a child process. */
static void in_fork(void (*body)(void))
{
    end_fork(begin_fork(body));
}

#define SHELL(script)                                                                              \
    {                                                                                              \
        .arguments = (const char *const[])                                                         \
        {                                                                                          \
            "sh", "-c", script, NULL                                                               \
        }                                                                                          \
    }

static int64_t run_timed(struct process *processes, size_t count)
{
    int64_t begin = process_monotonic_ms();
    process_run(processes, count);
    return process_monotonic_ms() - begin;
}

/* Runs a script to its end and frees its output. */
static struct process run_quietly(struct process process)
{
    process_run(&process, 1);
    process_free(&process);
    return process;
}

static size_t count_descriptors(void)
{
    size_t count = 0;
    DIR *folder = opendir("/proc/self/fd");
    CHECK(folder != NULL);
    while (readdir(folder))
        count++;
    closedir(folder);
    return count;
}

/* Streams */

static void test_input_and_output(void **state)
{
    struct unit *unit = *state;
    static const size_t sizes[] = {0,     1,      4096,         65535,           65536,
                                   65537, 131072, 1 * MEGABYTE, 5 * MEGABYTE + 1};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        char *bytes = arena_alloc(&unit->arena, sizes[i] + 1);
        for (size_t at = 0; at < sizes[i]; at++)
            bytes[at] = (char)(at * 7 + at / 251);
        struct process cat = {.arguments = (const char *const[]){"cat", NULL},
                              .input = {bytes, sizes[i]}};
        process_run(&cat, 1);
        assert_true(process_succeeded(&cat));
        assert_int_equal(cat.output.len, sizes[i]);
        assert_true(str_equal(buf_str(&cat.output), cat.input));
        assert_int_equal(cat.errors.len, 0);
        process_free(&cat);
        assert_null(cat.output.data);
        unit_reset(unit);
    }
}

/* A child that stops reading explains that by its exit status; a broken pipe alone is not a
 * failure. */
static void test_unread_input(void **state)
{
    struct unit *unit = *state;
    struct str input = unit_repeat(unit, "x", 5 * MEGABYTE);
    static const struct {
        const char *script;
        int status;
        const char *output;
    } rows[] = {
        {"exit 0", 0, ""},
        {"exit 3", 3, ""},
        {"head -c 2", 0, "xx"},
        {"exec <&-; sleep 0.1; echo late; exit 4", 4, "late\n"},
        {"sleep 0.1; echo told >&2; exit 5", 5, ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process process = SHELL(rows[i].script);
        process.input = input;
        process_run(&process, 1);
        assert_int_equal(process.error, 0);
        assert_int_equal(process.status, rows[i].status);
        assert_str(buf_str(&process.output), rows[i].output);
        process_free(&process);
    }
}

static void test_all_streams_are_large(void **state)
{
    struct unit *unit = *state;
    static const char *const scripts[] = {
        "yes | head -c 3000000 & yes | head -c 2000000 >&2; wait; cat",
        "yes | head -c 3000000; yes | head -c 2000000 >&2; cat",
        "yes | head -c 2000000 >&2; cat; yes | head -c 3000000",
    };
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        struct process process = SHELL(scripts[i]);
        process.input = unit_repeat(unit, "x", 1 * MEGABYTE);
        process_run(&process, 1);
        assert_true(process_succeeded(&process));
        assert_int_equal(process.output.len, 4 * MEGABYTE);
        assert_int_equal(process.errors.len, 2 * MEGABYTE);
        process_free(&process);
    }
}

static void check_stdin_is_empty(void)
{
    int ends[2];
    CHECK(pipe(ends) == 0 && dup2(ends[0], STDIN_FILENO) == STDIN_FILENO);
    struct process process = SHELL("readlink /proc/$$/fd/0; cat; cat");
    process_run(&process, 1);
    CHECK(process_succeeded(&process) && str_eq_c(buf_str(&process.output), "/dev/null\n"));
    process_free(&process);
}

static void test_no_input(void **state)
{
    (void)state;
    in_fork(check_stdin_is_empty);
}

static void check_inherited_output(void)
{
    int ends[2];
    CHECK(pipe(ends) == 0 && dup2(ends[1], STDOUT_FILENO) == STDOUT_FILENO);
    struct process process = SHELL("cat; echo told >&2");
    process.input = STR("passed");
    process.inherit_stdout = true;
    process_run(&process, 1);
    char bytes[16] = "";
    CHECK(read(ends[0], bytes, sizeof bytes) == 6 && strcmp(bytes, "passed") == 0);
    CHECK(process_succeeded(&process) && process.output.len == 0);
    CHECK(str_eq_c(buf_str(&process.errors), "told\n"));
    process_free(&process);
}

static void test_inherited_output(void **state)
{
    (void)state;
    in_fork(check_inherited_output);
}

static void check_progress_is_shown(void)
{
    int shown[2];
    int out[2];
    CHECK(pipe(shown) == 0 && dup2(shown[1], STDERR_FILENO) == STDERR_FILENO);
    CHECK(pipe(out) == 0 && dup2(out[1], STDOUT_FILENO) == STDOUT_FILENO);
    close(out[1]);
    struct process process = SHELL("printf '\\033[1mone'; sleep 0.2; echo two >&2; cat");
    process.tee_stderr = true;
    process_run(&process, 1);
    char bytes[32] = "";
    CHECK(read(shown[0], bytes, sizeof bytes) == 11 && strcmp(bytes, "\033[1monetwo\n") == 0);
    CHECK(process_succeeded(&process) && process.errors.len == 0);
    CHECK(str_eq_c(buf_str(&process.output), "\033[1mone"));
    close(STDOUT_FILENO);
    CHECK(read(out[0], bytes, sizeof bytes) == 0);
    process_free(&process);
}

static void test_progress(void **state)
{
    (void)state;
    in_fork(check_progress_is_shown);
}

/* The child ends only after its prompt was shown. */
static void check_prompt_is_shown(void)
{
    char path[] = "/tmp/test_process.XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0 && dup2(file, STDERR_FILENO) == STDERR_FILENO);
    struct process process = {
        .arguments = (const char *const[]){
            "sh", "-c",
            "echo question >&2; until grep -q question $0; do sleep 0.1; done; echo end >&2", path,
            NULL}};
    int64_t took = run_timed(&process, 1);
    bool ok = took >= 1000 && process.stderr_shown == strlen("question\n") &&
              str_eq_c(buf_str(&process.errors), "question\nend\n");
    process_free(&process);
    char shown[32] = "";
    ssize_t len = pread(file, shown, sizeof shown - 1, 0);
    unlink(path);
    CHECK(ok && len == (ssize_t)process.stderr_shown && strcmp(shown, "question\n") == 0);
}

static void test_a_child_that_prompts(void **state)
{
    (void)state;
    in_fork(check_prompt_is_shown);
    struct process quick = run_quietly((struct process)SHELL("echo told >&2"));
    assert_int_equal(quick.stderr_shown, 0);
}

static void test_a_grandchild_that_keeps_the_pipes(void **state)
{
    (void)state;
    static const char *const scripts[] = {
        "sleep 30 & echo $!",                  /* keeps all three streams open */
        "sleep 30 2>&- & echo $!",             /* keeps only stdout open */
        "sleep 30 >&- & echo $!; exit 0",      /* keeps only stderr open */
        "sleep 30 >&- 2>&- & echo $!; exit 0", /* keeps no stream open */
    };
    for (size_t i = 0; i < COUNT_OF(scripts); i++) {
        struct process process = SHELL(scripts[i]);
        int64_t took = run_timed(&process, 1);
        buf_add_byte(&process.output, '\0');
        long pid = strtol(process.output.data, NULL, 10);
        assert_true(pid > 1);
        assert_int_equal(kill((pid_t)pid, SIGKILL), 0);
        assert_true(process_succeeded(&process));
        assert_in_range(took, 0, SOON);
        process_free(&process);
    }
}

/* Ends */

static void test_exit_statuses(void **state)
{
    (void)state;
    static const struct {
        const char *script;
        int status;
    } rows[] = {
        {"exit 0", 0},
        {"exit 1", 1},
        {"exit 2", 2},
        {"exit 126", 126},
        {"exit 127", 127},
        {"exit 255", 255},
        {"kill -TERM $$", 128 + SIGTERM},
        {"kill -KILL $$", 128 + SIGKILL},
        {"kill -HUP $$", 128 + SIGHUP},
        {"ulimit -c 0; kill -SEGV $$", 128 + SIGSEGV},
        {"exec >&- 2>&-; exit 9", 9},
        {"exec >&- 2>&-; sleep 0.1; exit 8", 8},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process process = run_quietly((struct process)SHELL(rows[i].script));
        assert_int_equal(process.error, 0);
        assert_int_equal(process.status, rows[i].status);
        assert_int_equal(process_succeeded(&process), rows[i].status == 0);
    }
}

/* vfork() is fork() here, so posix_spawn() does not learn that exec() failed. */
static bool is_under_valgrind(void)
{
    const char *preloaded = getenv("LD_PRELOAD");
    return preloaded && strstr(preloaded, "vgpreload");
}

static void test_programs_that_cannot_start(void **state)
{
    (void)state;
    static const struct {
        const char *program;
        int error;
    } rows[] = {
        {"optasvc-there-is-no-such-program", ENOENT},
        {"/nowhere/kubectl", ENOENT},
        {"", ENOENT},
        {"/etc/passwd", EACCES},
        {"/", EACCES},
        {"/etc/passwd/kubectl", ENOTDIR},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process processes[] = {
            SHELL("cat"),
            {.arguments = (const char *const[]){rows[i].program, NULL}, .input = STR("unread")},
            SHELL("echo also"),
        };
        processes[0].input = STR("first");
        process_run(processes, COUNT_OF(processes));
        assert_int_equal(processes[1].error, is_under_valgrind() ? 0 : rows[i].error);
        assert_false(process_succeeded(&processes[1]));
        /* The other processes still run. */
        assert_str(buf_str(&processes[0].output), "first");
        assert_str(buf_str(&processes[2].output), "also\n");
        for (size_t j = 0; j < COUNT_OF(processes); j++)
            process_free(&processes[j]);
    }
    process_run(NULL, 0);
}

/* A named pipe opens when both ends do: run one after the other, both would block forever. */
static void test_all_run_at_once(void **state)
{
    (void)state;
    char folder[] = "/tmp/test_process.XXXXXX";
    assert_non_null(mkdtemp(folder));
    const char *const make[] = {"sh", "-c", "cd $0 && mkfifo a b c", folder, NULL};
    const char *const first[] = {"sh", "-c", "cd $0 && echo 1 >a && cat c", folder, NULL};
    const char *const second[] = {"sh", "-c", "cd $0 && cat a && echo 2 >b", folder, NULL};
    const char *const third[] = {"sh", "-c", "cd $0 && cat b && echo 3 >c", folder, NULL};
    const char *const clean[] = {"rm", "-r", folder, NULL};
    assert_true(run_quietly((struct process){.arguments = make}).status == 0);
    struct process processes[] = {
        {.arguments = first}, {.arguments = second}, {.arguments = third}};
    process_run(processes, COUNT_OF(processes));
    static const char *const outputs[] = {"3\n", "1\n", "2\n"};
    for (size_t i = 0; i < COUNT_OF(processes); i++) {
        assert_true(process_succeeded(&processes[i]));
        assert_str(buf_str(&processes[i].output), outputs[i]);
        process_free(&processes[i]);
    }
    assert_true(run_quietly((struct process){.arguments = clean}).status == 0);
}

/* Limits */

static void check_limits(void)
{
    /* Long-running stderr output would be shown. */
    CHECK(freopen("/dev/null", "w", stderr) != NULL);
    enum { MOST = PROCESS_OUTPUT_MAX };
    static const struct {
        const char *script;
        size_t printed; /* 0: exceeds the limit */
    } rows[] = {
        {"head -c 268435456 /dev/zero", MOST},
        {"head -c 268435457 /dev/zero", 0},
        {"head -c 268435456 /dev/zero >&2", MOST},
        {"head -c 268435457 /dev/zero >&2", 0},
        {"yes", 0},
        {"yes >&2", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process process = SHELL(rows[i].script);
        process_run(&process, 1);
        size_t printed = process.output.len + process.errors.len;
        process_free(&process);
        if (rows[i].printed ? process.error || process.status || printed != rows[i].printed
                            : process.error != EFBIG || process_succeeded(&process))
            _exit(10 + (int)i);
    }
}

static void test_limits(void **state)
{
    (void)state;
    in_fork(check_limits);
}

/* A child that exceeds the output limit gets SIGTERM, then SIGKILL. */
static void check_stubborn_printer_is_killed(void)
{
    struct process process = SHELL("trap '' TERM; head -c 268435457 /dev/zero\n"
                                   "while :; do sleep 0.1; done");
    int64_t took = run_timed(&process, 1);
    CHECK(process.error == EFBIG && process.status == 128 + SIGKILL);
    CHECK(took >= PROCESS_GRACE_MS && took < PROCESS_GRACE_MS + 4 * SOON);
    process_free(&process);
}

/* Signals */

static void check_stubborn_child_is_killed(void)
{
    process_watch_signals();
    struct process process = SHELL("trap '' TERM; kill -TERM $PPID; while :; do sleep 0.1; done");
    int64_t took = run_timed(&process, 1);
    CHECK(process.error == 0 && process.status == 128 + SIGKILL);
    CHECK(took >= PROCESS_GRACE_MS && took < PROCESS_GRACE_MS + SOON);
    CHECK(process_exit_status(0) == 128 + SIGTERM);
    process_free(&process);
}

static void check_grace_period_of_uninterruptible_child(void)
{
    process_watch_signals();
    raise(SIGTERM);
    struct process process = SHELL("exec sleep 60");
    process.uninterruptible = true;
    int64_t took = run_timed(&process, 1);
    CHECK(took >= PROCESS_GRACE_MS && took < PROCESS_GRACE_MS + SOON);
    CHECK(process.status == 128 + SIGTERM);
    process_free(&process);
}

/* All at the same time, because each takes the whole grace period. */
static void test_children_that_do_not_end(void **state)
{
    (void)state;
    pid_t child = begin_fork(check_stubborn_child_is_killed);
    pid_t printer = begin_fork(check_stubborn_printer_is_killed);
    pid_t uninterruptible = begin_fork(check_grace_period_of_uninterruptible_child);
    end_fork(child);
    end_fork(printer);
    end_fork(uninterruptible);
}

static void check_interruption(const char *script, int signal)
{
    process_watch_signals();
    CHECK(process_interrupted() == 0 && process_exit_status(7) == 7);
    struct process processes[] = {SHELL(script), SHELL("echo $$; exec sleep 30"),
                                  SHELL("echo $$; exec sleep 30 >&- 2>&-")};
    CHECK(run_timed(processes, COUNT_OF(processes)) < SOON);
    CHECK(process_interrupted() == signal);
    CHECK(process_exit_status(0) == 128 + signal && process_exit_status(1) == 128 + signal);
    for (size_t i = 0; i < COUNT_OF(processes); i++) {
        CHECK(processes[i].error == 0 && processes[i].status == 128 + SIGTERM);
        CHECK(!process_succeeded(&processes[i]));
        buf_add_byte(&processes[i].output, '\0');
        long pid = strtol(processes[i].output.data, NULL, 10);
        CHECK(pid > 1 && kill((pid_t)pid, 0) < 0 && errno == ESRCH);
        process_free(&processes[i]);
    }
}

/* The first child waits until the others have reported themselves. */
static void check_term(void)
{
    check_interruption("echo $$; sleep 0.3; kill -TERM $PPID; exec sleep 30", SIGTERM);
}

static void check_int(void)
{
    check_interruption("echo $$; sleep 0.3; kill -INT $PPID; exec sleep 30", SIGINT);
}

static void check_hup(void)
{
    check_interruption("echo $$; sleep 0.3; kill -HUP $PPID; exec sleep 30", SIGHUP);
}

static void test_signals_end_running_children(void **state)
{
    (void)state;
    in_fork(check_term);
    in_fork(check_int);
    in_fork(check_hup);
}

static void check_nothing_is_started(void)
{
    process_watch_signals();
    raise(SIGTERM);
    raise(SIGINT); /* the first signal counts */
    CHECK(process_interrupted() == SIGTERM);
    int64_t begin = process_monotonic_ms();
    process_sleep(30000);
    CHECK(process_monotonic_ms() - begin < SOON);
    char path[] = "/tmp/test_process.XXXXXX";
    int file = mkstemp(path);
    CHECK(file >= 0 && unlink(path) == 0);
    size_t before = count_descriptors();
    struct process process = {.arguments = (const char *const[]){"touch", path, NULL},
                              .input = STR("x")};
    process_run(&process, 1);
    CHECK(process.error == EINTR && !process_succeeded(&process));
    CHECK(access(path, F_OK) < 0);
    CHECK(count_descriptors() == before);
    process_free(&process);
}

static void check_sleep(void)
{
    process_watch_signals();
    int64_t begin = process_monotonic_ms();
    process_sleep(150);
    CHECK(process_monotonic_ms() - begin >= 150 && process_monotonic_ms() - begin < SOON);
    process_sleep(0);
    process_sleep(-1);
    pid_t self = getpid();
    if (fork() == 0) {
        process_sleep(100);
        kill(self, SIGINT);
        _exit(0);
    }
    process_sleep(30000);
    CHECK(process_monotonic_ms() - begin < 2 * SOON && process_interrupted() == SIGINT);
}

/* As under nohup. */
static void check_ignored_signals_stay_ignored(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGHUP, &ignore, NULL);
    process_watch_signals();
    process_watch_signals();
    raise(SIGHUP);
    CHECK(process_interrupted() == 0);
    struct process process = SHELL("kill -HUP $$; kill -HUP $PPID; echo on");
    process_run(&process, 1);
    CHECK(process_succeeded(&process) && str_eq_c(buf_str(&process.output), "on\n"));
    process_free(&process);
}

static void test_signals_between_runs(void **state)
{
    (void)state;
    in_fork(check_nothing_is_started);
    in_fork(check_sleep);
    in_fork(check_ignored_signals_stay_ignored);
}

/* A signal to the whole process group, as from a terminal, does not end an uninterruptible child,
 * not even one that is started later. */
static void check_uninterruptible_child(void)
{
    process_watch_signals();
    CHECK(setpgid(0, 0) == 0);
    struct process processes[] = {SHELL("sleep 0.2; kill -INT -$PPID; sleep 0.3; echo done"),
                                  SHELL("exec sleep 30")};
    processes[0].uninterruptible = true;
    CHECK(run_timed(processes, COUNT_OF(processes)) < SOON);
    CHECK(process_interrupted() == SIGINT && !process_succeeded(&processes[0]));
    CHECK(processes[0].status == 0 && str_eq_c(buf_str(&processes[0].output), "done\n"));
    CHECK(processes[1].status == 128 + SIGINT);
    struct process later = SHELL("sleep 0.2; echo too");
    later.uninterruptible = true;
    process_run(&later, 1);
    CHECK(later.error == 0 && later.status == 0 && str_eq_c(buf_str(&later.output), "too\n"));
    process_free(&later);
    process_free(&processes[0]);
    process_free(&processes[1]);
}

static void test_uninterruptible(void **state)
{
    (void)state;
    in_fork(check_uninterruptible_child);
}

static void test_reasons(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *script, *why;
    } rows[] = {
        {"echo 'Error: no' >&2; exit 1", "no"},
        {"printf 'first\\nerror: last \\r\\n \\n\\n' >&2; exit 1", "last"},
        {"printf 'Errors: two' >&2; exit 1", "Errors: two"},
        {"echo out; exit 7", "exited with status 7 and no error message"},
        {"exit 128", "exited with status 128 and no error message"},
        {"kill -KILL $$", "terminated by signal 9 (Killed)"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct process process = SHELL(rows[i].script);
        process_run(&process, 1);
        assert_str(process_failure_reason(&unit->arena, &process), rows[i].why);
        process_free(&process);
    }
    struct process absent = {.arguments = (const char *const[]){"/nowhere/program", NULL}};
    process_run(&absent, 1);
    assert_str(process_failure_reason(&unit->arena, &absent), strerror(ENOENT));
    process_free(&absent);
    assert_str(process_failure_reason(&unit->arena, &(struct process){.error = EFBIG}),
               "output exceeds 256 MiB");
}

static void check_signals_of_children(void)
{
    process_watch_signals();
    static const char *const names[] = {"PIPE", "INT", "TERM", "HUP"};
    static const int numbers[] = {SIGPIPE, SIGINT, SIGTERM, SIGHUP};
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        struct process process = {
            .arguments = (const char *const[]){"sh", "-c", "kill -$0 $$; echo on", names[i], NULL}};
        process_run(&process, 1);
        CHECK(process.status == 128 + numbers[i] && process.output.len == 0);
        process_free(&process);
    }
}

/* We ignore SIGPIPE; `kubectl | head` in a child must be ended by it. */
static void test_signals_of_children(void **state)
{
    (void)state;
    in_fork(check_signals_of_children);
}

/* The parent may ignore SIGCHLD, and that is inherited. */
static void check_statuses_where_sigchld_is_ignored(void)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGCHLD, &ignore, NULL);
    struct process processes[] = {SHELL("exit 3"), SHELL("exit 0"), SHELL("sleep 0.1; exit 4")};
    process_run(processes, COUNT_OF(processes));
    CHECK(processes[0].status == 3 && processes[1].status == 0 && processes[2].status == 4);
    for (size_t i = 0; i < COUNT_OF(processes); i++)
        process_free(&processes[i]);
}

static void test_statuses_where_sigchld_is_ignored(void **state)
{
    (void)state;
    in_fork(check_statuses_where_sigchld_is_ignored);
}

/* Descriptors */

static void check_no_descriptor_is_left(void)
{
    process_watch_signals();
    size_t before = count_descriptors();
    for (size_t i = 0; i < 100; i++) {
        struct process processes[] = {
            SHELL("cat"),
            SHELL("exit 3"),
            {.arguments = (const char *const[]){"/nowhere/kubectl", NULL}, .input = STR("x")},
            SHELL("cat"),
        };
        processes[0].input = STR("some");
        processes[1].input = STR("some that nobody reads");
        processes[3].inherit_stdout = true;
        process_run(processes, COUNT_OF(processes));
        for (size_t j = 0; j < COUNT_OF(processes); j++)
            process_free(&processes[j]);
    }
    CHECK(count_descriptors() == before);
}

static void check_no_descriptor_is_inherited(void)
{
    for (int fd = STDERR_FILENO + 1; fd < 256; fd++) /* inherited descriptors */
        close(fd);
    process_watch_signals();
    struct process processes[] = {
        SHELL("sleep 0.3; cat"),
        SHELL("sleep 0.3; cat"),
        {.arguments = (const char *const[]){"ls", "/proc/self/fd", NULL}},
        {.arguments = (const char *const[]){"ls", "/proc/self/fd", NULL}, .input = STR("x")}};
    processes[0].input = processes[1].input = STR("x");
    process_run(processes, COUNT_OF(processes));
    /* 3 is the directory being listed. */
    CHECK(str_eq_c(buf_str(&processes[2].output), "0\n1\n2\n3\n"));
    CHECK(str_eq_c(buf_str(&processes[3].output), "0\n1\n2\n3\n"));
    for (size_t i = 0; i < COUNT_OF(processes); i++)
        process_free(&processes[i]);
}

/* Pipes must not use the numbers of missing standard streams. */
static void check_closed_standard_streams(void)
{
    close(STDIN_FILENO);
    close(STDOUT_FILENO);
    process_watch_signals();
    struct process processes[] = {SHELL("cat; echo told >&2"), SHELL("cat; echo told >&2")};
    processes[0].input = STR("given");
    process_run(processes, COUNT_OF(processes));
    CHECK(process_succeeded(&processes[0]) && str_eq_c(buf_str(&processes[0].output), "given"));
    CHECK(process_succeeded(&processes[1]) && processes[1].output.len == 0);
    for (size_t i = 0; i < COUNT_OF(processes); i++) {
        CHECK(str_eq_c(buf_str(&processes[i].errors), "told\n"));
        process_free(&processes[i]);
    }
}

static void limit_descriptors(rlim_t limit)
{
    struct rlimit limits;
    CHECK(getrlimit(RLIMIT_NOFILE, &limits) == 0);
    limits.rlim_cur = limit;
    CHECK(setrlimit(RLIMIT_NOFILE, &limits) == 0);
}

static void check_too_few_descriptors(void)
{
    enum { USED = 3, MOST = 20 };
    for (int fd = USED; fd < 256; fd++)
        close(fd);
    size_t failed = 0;
    for (rlim_t limit = USED; limit < MOST; limit++) {
        limit_descriptors(limit);
        struct process process = SHELL("cat");
        process.input = STR("given");
        process_run(&process, 1);
        CHECK(process.error == EMFILE || str_eq_c(buf_str(&process.output), "given"));
        failed += process.error == EMFILE;
        process_free(&process);
        limit_descriptors(256);
        for (int fd = USED; fd < MOST; fd++)
            CHECK(fcntl(fd, F_GETFD) < 0);
    }
    CHECK(failed >= 5 && failed < MOST - USED);
}

/* A run that failed because of too few descriptors succeeds once there are enough. */
static void check_signals_are_watched_later(void)
{
    for (int fd = STDERR_FILENO + 1; fd < 256; fd++)
        close(fd);
    close(STDIN_FILENO);
    for (rlim_t limit = 3; limit <= 5; limit++) {
        limit_descriptors(limit);
        process_watch_signals();
    }
    limit_descriptors(256);
    process_watch_signals();
    raise(SIGTERM);
    CHECK(process_interrupted() == SIGTERM);
}

static void test_descriptors(void **state)
{
    (void)state;
    in_fork(check_no_descriptor_is_left);
    in_fork(check_no_descriptor_is_inherited);
    in_fork(check_closed_standard_streams);
}

static void test_too_few_descriptors(void **state)
{
    (void)state;
    in_fork(check_too_few_descriptors);
    in_fork(check_signals_are_watched_later);
}

/* process_exec() */

static void exec_program(void)
{
    process_exec(
        (const char *const[]){"sh", "-c", "[ \"$1\" = 'a  b' ] && exit 0", "sh", "a  b", NULL});
    CHECK(false);
}

static void exec_missing_program(void)
{
    CHECK(process_exec((const char *const[]){"/nowhere/kubectl", NULL}) == ENOENT);
    CHECK(process_exec((const char *const[]){"/etc/passwd", NULL}) == EACCES);
}

static void exec_program_with_broken_pipe(void)
{
    process_exec((const char *const[]){"sh", "-c", "kill -PIPE $$", NULL});
}

static void test_exec(void **state)
{
    (void)state;
    in_fork(exec_program);
    in_fork(exec_missing_program);
    int status;
    pid_t pid = begin_fork(exec_program_with_broken_pipe);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGPIPE);
}

/* Every word is passed exactly once, in order, after the arguments; no words give no run. */
static void test_many_names(void **state)
{
    struct unit *unit = *state;
    enum { NAMES = 20000 };
    struct runs runs = {0};
    struct argv argv = {0};
    struct argv words = {0};
    argv_add(&unit->arena, &argv, "kubectl");
    argv_add(&unit->arena, &argv, "get");
    runs_add_names(&unit->arena, &runs, argv, &words);
    assert_int_equal(runs.count, 0);
    for (int i = 0; i < NAMES; i++)
        argv_add(&unit->arena, &words, str_format(&unit->arena, "secret-%d", i).data);
    runs_add_names(&unit->arena, &runs, argv, &words);
    size_t next = 0;
    for (size_t i = 0; i < runs.count; i++) {
        const char *const *arguments = runs.items[i].arguments;
        size_t size = 0;
        assert_string_equal(arguments[0], "kubectl");
        assert_string_equal(arguments[1], "get");
        for (size_t j = 2; arguments[j]; j++) {
            assert_string_equal(arguments[j], words.items[next++]);
            size += strlen(arguments[j]) + 1;
        }
        assert_true(size > 0 && size <= PROCESS_NAMES_MAX);
    }
    assert_int_equal(next, NAMES);
    assert_true(runs.count > 2 && runs.count < 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_input_and_output),
        UNIT_TEST(test_unread_input),
        UNIT_TEST(test_all_streams_are_large),
        UNIT_TEST(test_no_input),
        UNIT_TEST(test_inherited_output),
        UNIT_TEST(test_progress),
        UNIT_TEST(test_a_child_that_prompts),
        UNIT_TEST(test_a_grandchild_that_keeps_the_pipes),
        UNIT_TEST(test_exit_statuses),
        UNIT_TEST(test_programs_that_cannot_start),
        UNIT_TEST(test_all_run_at_once),
        UNIT_TEST(test_limits),
        UNIT_TEST(test_children_that_do_not_end),
        UNIT_TEST(test_signals_end_running_children),
        UNIT_TEST(test_signals_between_runs),
        UNIT_TEST(test_uninterruptible),
        UNIT_TEST(test_reasons),
        UNIT_TEST(test_signals_of_children),
        UNIT_TEST(test_statuses_where_sigchld_is_ignored),
        UNIT_TEST(test_descriptors),
        UNIT_TEST(test_too_few_descriptors),
        UNIT_TEST(test_exec),
        UNIT_TEST(test_many_names),
    };
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGCHLD};
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    struct sigaction standard = {.sa_handler = SIG_DFL};
    sigaction(SIGPIPE, &ignore, NULL);             /* as in cli_main() */
    for (size_t i = 0; i < COUNT_OF(signals); i++) /* inherited ignored signals */
        sigaction(signals[i], &standard, NULL);
    alarm(PATIENCE); /* a hanging test fails */
    return cmocka_run_group_tests(tests, NULL, NULL);
}
