#include "io.h"
#include "unit.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char folder[64];

static int make_folder(void **state)
{
    (void)state;
    strcpy(folder, "/tmp/optasvc-io-XXXXXX");
    return mkdtemp(folder) ? 0 : -1;
}

static int remove_folder(void **state)
{
    (void)state;
    return rmdir(folder);
}

static const char *path_of(struct unit *unit, const char *name)
{
    return str_format(&unit->arena, "%s/%s", folder, name).data;
}

static void write_file(const char *path, struct str text)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(text.data, 1, text.len, file), text.len);
    assert_int_equal(fclose(file), 0);
}

static void test_limit_on_both_sides(void **state)
{
    struct unit *unit = *state;
    const char *path = path_of(unit, "file");
    static const size_t sizes[] = {0, 1, 4095, 4096, 4097, 1000000};
    for (size_t i = 0; i < COUNT(sizes); i++) {
        struct str text = unit_repeat(unit, "x", sizes[i]);
        write_file(path, text);
        struct buf read = {0};
        assert_int_equal(io_read_file(path, sizes[i], &read), 0);
        assert_true(str_equal(buf_str(&read), text));
        if (sizes[i])
            assert_int_equal(io_read_file(path, sizes[i] - 1, &read), EFBIG);
        /* Without end, but not without limit. */
        assert_int_equal(io_read_file("/dev/zero", sizes[i], &read), EFBIG);
        buf_free(&read);
    }
    assert_int_equal(unlink(path), 0);
}

static void test_what_cannot_be_read(void **state)
{
    struct unit *unit = *state;
    struct buf read = {0};
    assert_int_equal(io_read_file(path_of(unit, "missing"), 10, &read), ENOENT);
    assert_int_equal(io_read_file(folder, 10, &read), EISDIR);
    assert_int_equal(io_read_file("/dev/null/x", 10, &read), ENOTDIR);
    const char *link = path_of(unit, "link");
    assert_int_equal(symlink(link, link), 0);
    assert_int_equal(io_read_file(link, 10, &read), ELOOP);
    assert_int_equal(unlink(link), 0);
    buf_free(&read);
}

static void test_no_descriptor_is_left_open(void **state)
{
    struct unit *unit = *state;
    const char *path = path_of(unit, "file");
    write_file(path, STR("abc"));
    struct buf read = {0};
    int before = dup(STDERR_FILENO);
    assert_true(before >= 0);
    close(before);
    assert_int_equal(io_read_file(path, 10, &read), 0);
    assert_int_equal(io_read_file(path, 1, &read), EFBIG);
    assert_int_equal(io_read_file(folder, 10, &read), EISDIR);
    int after = dup(STDERR_FILENO);
    close(after);
    assert_int_equal(after, before);
    buf_free(&read);
    assert_int_equal(unlink(path), 0);
}

static void ignore_signal(int signal)
{
    (void)signal;
}

/* Standard input comes in pieces, and calls are interrupted on the way. */
static void test_standard_input_in_pieces(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct sigaction action = {.sa_handler = ignore_signal}; /* without SA_RESTART */
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    pid_t reader = getpid();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[0]);
        for (int i = 0; i < 10; i++) {
            struct timespec pause = {.tv_nsec = 2000000};
            nanosleep(&pause, NULL);
            kill(reader, SIGUSR1);
            if (io_write(ends[1], STR("piece,")) != 0)
                _exit(1);
        }
        _exit(0);
    }
    close(ends[1]);
    int kept = dup(STDIN_FILENO);
    dup2(ends[0], STDIN_FILENO);
    close(ends[0]);
    struct buf read = {0};
    int error = io_read_file("-", 1000, &read);
    if (kept >= 0)
        dup2(kept, STDIN_FILENO);
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    assert_int_equal(status, 0);
    assert_int_equal(error, 0);
    assert_int_equal(read.len, 60);
    assert_true(str_starts(buf_str(&read), STR("piece,piece,")));
    buf_free(&read);
}

/* A pipe takes 64 KiB: writing more takes several calls, some of them interrupted. */
static void test_writing_more_than_a_pipe_holds(void **state)
{
    struct unit *unit = *state;
    struct str text = unit_repeat(unit, "0123456789", 100000);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct sigaction action = {.sa_handler = ignore_signal};
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
    pid_t writer = getpid();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child == 0) {
        close(ends[1]);
        size_t total = 0;
        char bytes[65536];
        for (;;) {
            struct timespec pause = {.tv_nsec = 1000000};
            nanosleep(&pause, NULL);
            kill(writer, SIGUSR1);
            ssize_t got = read(ends[0], bytes, sizeof bytes);
            if (got <= 0)
                break;
            total += (size_t)got;
        }
        _exit(total == 1000000 ? 0 : 1);
    }
    close(ends[0]);
    assert_int_equal(io_write(ends[1], text), 0);
    close(ends[1]);
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    assert_int_equal(status, 0);
}

static void test_failed_writes_are_told(void **state)
{
    (void)state;
    assert_int_equal(io_write(-1, STR("x")), EBADF);
    assert_int_equal(io_write(-1, STR("")), 0);
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    close(ends[0]);
    assert_int_equal(io_write(ends[1], STR("x")), EPIPE);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_limit_on_both_sides),
        UNIT_TEST(test_what_cannot_be_read),
        UNIT_TEST(test_no_descriptor_is_left_open),
        UNIT_TEST(test_standard_input_in_pieces),
        UNIT_TEST(test_writing_more_than_a_pipe_holds),
        UNIT_TEST(test_failed_writes_are_told),
    };
    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
