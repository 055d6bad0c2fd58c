#define _GNU_SOURCE /* F_SETPIPE_SZ */
#include "os/io.h"
#include "unit.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static char directory[64];

static int create_directory(void **state)
{
    (void)state;
    strcpy(directory, "/tmp/optasvc-io-XXXXXX");
    return mkdtemp(directory) ? 0 : -1;
}

static int remove_directory(void **state)
{
    (void)state;
    return rmdir(directory);
}

static const char *path_of(struct unit *unit, const char *name)
{
    return str_format(&unit->arena, "%s/%s", directory, name).data;
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
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct str text = unit_repeat(unit, "x", sizes[i]);
        write_file(path, text);
        struct buf read = {0};
        assert_int_equal(io_read_file(path, sizes[i], &read), 0);
        assert_true(str_equal(buf_str(&read), text));
        if (sizes[i])
            assert_int_equal(io_read_file(path, sizes[i] - 1, &read), EFBIG);
        /* An endless file is read up to the limit. */
        assert_int_equal(io_read_file("/dev/zero", sizes[i], &read), EFBIG);
        buf_free(&read);
    }
    assert_int_equal(unlink(path), 0);
}

static void test_unreadable_files(void **state)
{
    struct unit *unit = *state;
    struct buf read = {0};
    assert_int_equal(io_read_file(path_of(unit, "missing"), 10, &read), ENOENT);
    assert_int_equal(io_read_file(directory, 10, &read), EISDIR);
    assert_int_equal(io_read_file("/dev/null/x", 10, &read), ENOTDIR);
    const char *link = path_of(unit, "link");
    assert_int_equal(symlink(link, link), 0);
    assert_int_equal(io_read_file(link, 10, &read), ELOOP);
    assert_int_equal(unlink(link), 0);
    buf_free(&read);
}

/* Nothing blocks, nothing is consumed, and no descriptor leaks. */
static void test_only_regular_files(void **state)
{
    struct unit *unit = *state;
    struct buf read = {0};
    const char *file = path_of(unit, "file");
    const char *pipe = path_of(unit, "pipe");
    const char *link = path_of(unit, "link");
    write_file(file, STR("abc"));
    assert_int_equal(mkfifo(pipe, 0600), 0);
    assert_int_equal(symlink("file", link), 0);
    int before = dup(STDIN_FILENO);
    assert_int_equal(close(before), 0);
    assert_int_equal(io_read_regular_file(file, 3, &read), 0);
    assert_str(buf_str(&read), "abc");
    assert_int_equal(io_read_regular_file(link, 3, &read), 0);
    assert_str(buf_str(&read), "abc");
    assert_int_equal(io_read_regular_file(file, 2, &read), EFBIG);
    assert_int_equal(io_read_regular_file(directory, 10, &read), EISDIR);
    assert_int_equal(io_read_regular_file(path_of(unit, "missing"), 10, &read), ENOENT);
    assert_int_equal(io_read_regular_file("-", 10, &read), ENOENT);
    static const char *const others[] = {"/dev/null", "/dev/zero", "/dev/tty"};
    for (size_t i = 0; i < COUNT_OF(others); i++)
        assert_int_equal(io_read_regular_file(others[i], 10, &read), IO_NOT_REGULAR);
    assert_int_equal(io_read_regular_file(pipe, 10, &read), IO_NOT_REGULAR);
#ifdef __linux__
    assert_int_equal(io_read_regular_file("/proc/self/environ", 10, &read), IO_NOT_REGULAR);
    assert_int_equal(read.len, 0);
#endif
    int after = dup(STDIN_FILENO);
    assert_int_equal(close(after), 0);
    assert_int_equal(after, before);
    assert_int_equal(unlink(link) + unlink(pipe) + unlink(file), 0);
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
    assert_int_equal(io_read_file(directory, 10, &read), EISDIR);
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

/* Standard input arrives in pieces, and calls are interrupted meanwhile. */
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
    assert_true(str_starts_with(buf_str(&read), STR("piece,piece,")));
    buf_free(&read);
}

/* A pipe holds 64 KiB: writing more takes several calls, some of them interrupted. */
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

static void test_failed_writes_are_reported(void **state)
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

/* Streams */

/* Checks the io_progress callback: more text in each call, at the same address. */
struct growth {
    const char *address;
    size_t len;
    size_t calls;
};

static void record_growth(void *context, struct str text)
{
    struct growth *growth = context;
    assert_true(text.len > growth->len);
    if (growth->calls++)
        assert_ptr_equal(text.data, growth->address);
    growth->address = text.data;
    growth->len = text.len;
}

static void check_growth(const struct growth *growth, const struct io_stream *stream)
{
    if (stream->buf.data) /* without pages, one call at the end */
        return;
    assert_int_equal(growth->len, stream->text.len);
    assert_true(growth->calls == 0 || growth->address == stream->text.data);
}

static void test_streams_of_files(void **state)
{
    struct unit *unit = *state;
    const char *path = path_of(unit, "file");
    static const size_t sizes[] = {0,       1,       4096,    2097151,    2097152,
                                   2097153, 4194304, 4194305, 5 * 1000000};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        struct str text = unit_repeat(unit, "0123456789", sizes[i] / 10 + 1);
        text.len = sizes[i];
        write_file(path, text);
        for (size_t more = 0; more < 2; more++) {
            int fd = open(path, O_RDONLY);
            assert_true(fd >= 0);
            struct growth growth = {0};
            struct io_stream stream;
            assert_int_equal(io_read_stream(fd, sizes[i] + more, record_growth, &growth, &stream),
                             0);
            assert_true(str_equal(stream.text, text));
            check_growth(&growth, &stream);
            io_stream_free(&stream);
            assert_int_equal(stream.text.len, 0);
            io_stream_free(&stream); /* a second call is harmless */
            close(fd);
        }
        if (sizes[i] == 0)
            continue;
        int fd = open(path, O_RDONLY);
        struct growth growth = {0};
        struct io_stream stream;
        assert_int_equal(io_read_stream(fd, sizes[i] - 1, record_growth, &growth, &stream), EFBIG);
        assert_true(growth.len < sizes[i]); /* bytes above the limit are not passed on */
        io_stream_free(&stream);
        close(fd);
    }
    assert_int_equal(unlink(path), 0);
}

static void test_unreadable_streams(void **state)
{
    struct unit *unit = *state;
    struct growth growth = {0};
    struct io_stream stream;
    assert_int_equal(io_read_stream(-1, 10, record_growth, &growth, &stream), EBADF);
    io_stream_free(&stream);
    int fd = open(directory, O_RDONLY);
    assert_true(fd >= 0);
    assert_int_equal(io_read_stream(fd, 10, record_growth, &growth, &stream), EISDIR);
    io_stream_free(&stream);
    close(fd);
    fd = open("/dev/zero", O_RDONLY);
    assert_int_equal(io_read_stream(fd, 5000000, record_growth, &growth, &stream), EFBIG);
    io_stream_free(&stream);
    close(fd);
    fd = open("/dev/null", O_RDONLY);
    struct growth none = {0};
    assert_int_equal(io_read_stream(fd, 0, record_growth, &none, &stream), 0);
    assert_int_equal(stream.text.len, 0);
    assert_int_equal(none.calls, 0);
    io_stream_free(&stream);
    close(fd);
    fd = open(path_of(unit, "file"), O_WRONLY | O_CREAT, 0600);
    assert_int_equal(io_read_stream(fd, 10, record_growth, &none, &stream), EBADF);
    io_stream_free(&stream);
    close(fd);
    assert_int_equal(unlink(path_of(unit, "file")), 0);
}

static void wait_for(pid_t child)
{
    int status = -1;
    while (waitpid(child, &status, 0) < 0 && errno == EINTR)
        ;
    assert_int_equal(status, 0);
}

static void allow_interrupts(void)
{
    struct sigaction action = {.sa_handler = ignore_signal}; /* without SA_RESTART */
    assert_int_equal(sigaction(SIGUSR1, &action, NULL), 0);
}

/* Child process: writes the pieces to a pipe one by one and interrupts the reader before each. */
static pid_t write_in_pieces(int fd, int other, struct str piece, int count)
{
    pid_t reader = getpid();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child)
        return child;
    close(other);
    for (int i = 0; i < count; i++) {
        struct timespec pause = {.tv_nsec = 1000000};
        nanosleep(&pause, NULL);
        kill(reader, SIGUSR1);
        if (io_write(fd, piece) != 0)
            _exit(1);
    }
    _exit(0);
}

static void test_streams_of_pipes(void **state)
{
    struct unit *unit = *state;
    allow_interrupts();
    static const struct {
        size_t size;
        int count;
    } rows[] = {{0, 3}, {1, 10}, {4097, 10}, {300000, 20}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str piece = unit_repeat(unit, "x", rows[i].size);
        size_t total = rows[i].size * (size_t)rows[i].count;
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = write_in_pieces(ends[1], ends[0], piece, rows[i].count);
        close(ends[1]);
        struct growth growth = {0};
        struct io_stream stream;
        int error = io_read_stream(ends[0], total, record_growth, &growth, &stream);
        close(ends[0]);
        wait_for(child);
        assert_int_equal(error, 0);
        assert_int_equal(stream.text.len, total);
        assert_true(str_span_only(stream.text, "x"));
        check_growth(&growth, &stream);
        assert_true(total == 0 || growth.calls > 1);
        io_stream_free(&stream);
    }
}

/* Child process: reads a pipe slowly and interrupts the writer; exits with 0 if it reads
 * `expected`. */
static pid_t read_slowly(int fd, int other, struct str expected)
{
    pid_t writer = getpid();
    pid_t child = fork();
    assert_true(child >= 0);
    if (child)
        return child;
    close(other);
    size_t total = 0;
    static char bytes[70001];
    for (;;) {
        struct timespec pause = {.tv_nsec = 500000};
        nanosleep(&pause, NULL);
        kill(writer, SIGUSR1);
        ssize_t got = read(fd, bytes, sizeof bytes);
        if (got <= 0)
            break;
        if (total + (size_t)got > expected.len ||
            memcmp(bytes, expected.data + total, (size_t)got) != 0)
            _exit(2);
        total += (size_t)got;
    }
    _exit(total == expected.len ? 0 : 3);
}

static struct str join(struct unit *unit, const struct str *pieces, size_t count)
{
    struct buf all = {0};
    for (size_t i = 0; i < count; i++)
        buf_add(&all, pieces[i]);
    return buf_take(&unit->arena, &all);
}

/* Returns numbers separated by ";", so that no two parts of the text are equal. */
static struct str numbered_lines(struct unit *unit, size_t lines)
{
    struct buf all = {0};
    for (size_t i = 0; i < lines; i++)
        buf_format(&all, "%zu;", i);
    return buf_take(&unit->arena, &all);
}

static struct io_stream stream_of(struct unit *unit, struct str text)
{
    const char *path = path_of(unit, "stream");
    write_file(path, text);
    int fd = open(path, O_RDONLY);
    struct growth growth = {0};
    struct io_stream stream;
    assert_int_equal(io_read_stream(fd, text.len, record_growth, &growth, &stream), 0);
    close(fd);
    assert_int_equal(unlink(path), 0);
    return stream;
}

/* Large and small pieces of the stream, mixed with other pieces. */
static size_t mixed_pieces(struct unit *unit, struct str text, struct str *pieces, size_t max)
{
    static const size_t sizes[] = {70000, 1, 65536, 65535, 0, 200000, 12, 65537, 3, 4096};
    struct str own = numbered_lines(unit, 30000);
    size_t count = 0;
    for (size_t at = 0, i = 0; at < text.len && count + 3 < max; i++) {
        size_t size = sizes[i % COUNT_OF(sizes)];
        pieces[count++] = str_slice(text, at, at + size);
        at += size;
        if (i % 3 == 0)
            pieces[count++] = str_slice(own, i, i + i % 5);
        if (i % 7 == 0)
            pieces[count++] = own;
    }
    return count;
}

enum writing { WRITE_STREAM, WRITE_PIECES };

static int write_all(enum writing how, int fd, const struct str *pieces, size_t count,
                     const struct io_stream *stream)
{
    return how == WRITE_STREAM ? io_write_stream(fd, pieces, count, stream)
                               : io_write_pieces(fd, pieces, count);
}

static void test_pieces_into_a_pipe(void **state)
{
    struct unit *unit = *state;
    allow_interrupts();
    struct io_stream stream = stream_of(unit, numbered_lines(unit, 500000));
    struct str pieces[200];
    size_t count = mixed_pieces(unit, stream.text, pieces, COUNT_OF(pieces));
    assert_true(count > 60);
    struct str expected = join(unit, pieces, count);
    for (enum writing how = WRITE_STREAM; how <= WRITE_PIECES; how++) {
        int ends[2];
        assert_int_equal(pipe(ends), 0);
        pid_t child = read_slowly(ends[0], ends[1], expected);
        close(ends[0]);
        assert_int_equal(write_all(how, ends[1], pieces, count, &stream), 0);
        close(ends[1]);
        wait_for(child);
    }
    io_stream_free(&stream);
}

/* Creates a pipe of the maximum size for unprivileged processes; false if not possible. */
static bool wide_pipe(int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    return fcntl(ends[1], F_SETPIPE_SZ, 1024 * 1024) >= 0;
}

static void assert_in_pipe(int ends[2], struct str text)
{
    close(ends[1]);
    struct io_stream read;
    struct growth growth = {0};
    assert_int_equal(io_read_stream(ends[0], text.len, record_growth, &growth, &read), 0);
    assert_true(str_equal(read.text, text));
    io_stream_free(&read);
    close(ends[0]);
}

/* The caller's memory may be freed or changed while data is still in the pipe: pages of a stream
 * stay as they are, and other pieces are copied. */
static void test_pieces_may_be_freed_before_they_are_read(void **state)
{
    struct unit *unit = *state;
    struct str text = numbered_lines(unit, 14000); /* large enough for vmsplice() */
    assert_true(text.len >= 64 * 1024 && text.len < 128 * 1024);
    struct io_stream stream = stream_of(unit, text);
    int ends[2];
    if (!wide_pipe(ends))
        skip(); /* the pipe would fill up without a reader */
    assert_int_equal(io_write_stream(ends[1], &stream.text, 1, &stream), 0);
    io_stream_free(&stream);
    assert_in_pipe(ends, text);
    stream = stream_of(unit, text);
    struct buf own = {0};
    buf_add(&own, text);
    struct str piece = buf_str(&own);
    assert_true(wide_pipe(ends));
    assert_int_equal(io_write_stream(ends[1], &piece, 1, &stream), 0);
    memset(own.data, 'x', own.len);
    assert_in_pipe(ends, text);
    buf_free(&own);
    io_stream_free(&stream);
}

static void test_pieces_into_a_file(void **state)
{
    struct unit *unit = *state;
    const char *path = path_of(unit, "file");
    struct io_stream stream = stream_of(unit, numbered_lines(unit, 200000));
    struct str pieces[100];
    size_t all = mixed_pieces(unit, stream.text, pieces, COUNT_OF(pieces));
    /* A call writes at most 16 pieces. */
    static const size_t counts[] = {0, 1, 2, 15, 16, 17, 32, 33, 100};
    for (size_t i = 0; i < COUNT_OF(counts); i++) {
        for (enum writing how = WRITE_STREAM; how <= WRITE_PIECES; how++) {
            size_t count = counts[i] < all ? counts[i] : all;
            int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
            assert_true(fd >= 0);
            assert_int_equal(write_all(how, fd, pieces, count, &stream), 0);
            close(fd);
            struct buf read = {0};
            assert_int_equal(io_read_file(path, 10000000, &read), 0);
            assert_true(str_equal(buf_str(&read), join(unit, pieces, count)));
            buf_free(&read);
        }
    }
    assert_int_equal(unlink(path), 0);
    io_stream_free(&stream);
}

static void test_empty_pieces(void **state)
{
    (void)state;
    struct str pieces[100] = {{NULL, 0}};
    int ends[2];
    assert_int_equal(pipe(ends), 0);
    struct io_stream none = {0};
    for (enum writing how = WRITE_STREAM; how <= WRITE_PIECES; how++) {
        assert_int_equal(write_all(how, ends[1], NULL, 0, &none), 0);
        assert_int_equal(write_all(how, ends[1], pieces, COUNT_OF(pieces), &none), 0);
    }
    /* An empty piece after, between and before more pieces than one call takes. */
    for (size_t at = 0; at < COUNT_OF(pieces); at += 33) {
        memset(pieces, 0, sizeof pieces);
        pieces[at] = STR("ab");
        for (enum writing how = WRITE_STREAM; how <= WRITE_PIECES; how++) {
            assert_int_equal(write_all(how, ends[1], pieces, COUNT_OF(pieces), &none), 0);
            char bytes[8];
            assert_int_equal(read(ends[0], bytes, sizeof bytes), 2);
            assert_memory_equal(bytes, "ab", 2);
        }
    }
    close(ends[0]);
    close(ends[1]);
}

static void test_unwritable_pieces(void **state)
{
    struct unit *unit = *state;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    struct io_stream stream = stream_of(unit, numbered_lines(unit, 100000));
    const struct str whole[] = {stream.text, TEXT("more")};
    const struct str small[] = {TEXT("a"), str_slice(stream.text, 0, 10)};
    const struct str *const rows[] = {whole, small};
    int full = open("/dev/full", O_WRONLY);
    assert_true(full >= 0);
    int readable = open("/dev/null", O_RDONLY);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (enum writing how = WRITE_STREAM; how <= WRITE_PIECES; how++) {
            int ends[2];
            assert_int_equal(pipe(ends), 0);
            close(ends[0]);
            assert_int_equal(write_all(how, ends[1], rows[i], 2, &stream), EPIPE);
            close(ends[1]);
            assert_int_equal(write_all(how, full, rows[i], 2, &stream), ENOSPC);
            assert_int_equal(write_all(how, -1, rows[i], 2, &stream), EBADF);
            assert_int_equal(write_all(how, readable, rows[i], 2, &stream), EBADF);
        }
    }
    close(full);
    close(readable);
    io_stream_free(&stream);
}

/* The reader exits after the first bytes. */
static void test_readers_that_exit(void **state)
{
    struct unit *unit = *state;
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    sigaction(SIGPIPE, &ignore, NULL);
    struct io_stream stream = stream_of(unit, numbered_lines(unit, 500000));
    struct str own = str_copy(&unit->arena, stream.text); /* larger than any pipe in this test */
    const struct str *const rows[] = {&stream.text, &own};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        for (enum writing how = WRITE_STREAM; how <= WRITE_PIECES; how++) {
            int ends[2];
            assert_int_equal(pipe(ends), 0);
            pid_t child = fork();
            assert_true(child >= 0);
            if (child == 0) {
                close(ends[1]);
                char bytes[100];
                _exit(read(ends[0], bytes, sizeof bytes) == sizeof bytes ? 0 : 1);
            }
            close(ends[0]);
            assert_int_equal(write_all(how, ends[1], rows[i], 1, &stream), EPIPE);
            close(ends[1]);
            wait_for(child);
        }
    }
    io_stream_free(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_limit_on_both_sides),
        UNIT_TEST(test_unreadable_files),
        UNIT_TEST(test_only_regular_files),
        UNIT_TEST(test_no_descriptor_is_left_open),
        UNIT_TEST(test_standard_input_in_pieces),
        UNIT_TEST(test_writing_more_than_a_pipe_holds),
        UNIT_TEST(test_failed_writes_are_reported),
        UNIT_TEST(test_streams_of_files),
        UNIT_TEST(test_unreadable_streams),
        UNIT_TEST(test_streams_of_pipes),
        UNIT_TEST(test_pieces_into_a_pipe),
        UNIT_TEST(test_pieces_may_be_freed_before_they_are_read),
        UNIT_TEST(test_pieces_into_a_file),
        UNIT_TEST(test_empty_pieces),
        UNIT_TEST(test_unwritable_pieces),
        UNIT_TEST(test_readers_that_exit),
    };
    return cmocka_run_group_tests(tests, create_directory, remove_directory);
}
