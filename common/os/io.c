#define _GNU_SOURCE /* F_SETPIPE_SZ, MADV_HUGEPAGE, vmsplice */
#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#ifdef __linux__
#include <linux/magic.h>
#include <sys/vfs.h>
#endif

static int read_all(int fd, size_t limit, struct buf *ret)
{
    for (;;) {
        buf_reserve(ret, 4096);
        ssize_t got = read(fd, ret->data + ret->len, ret->capacity - ret->len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        if (got == 0)
            return 0;
        ret->len += (size_t)got;
        if (ret->len > limit)
            return EFBIG;
    }
}

static int read_and_close(int fd, size_t limit, struct buf *ret)
{
    int error = read_all(fd, limit, ret);
    if (close(fd) < 0 && error == 0)
        error = errno;
    return error;
}

int io_read_file(const char *path, size_t limit, struct buf *ret)
{
    ret->len = 0;
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, limit, ret);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    return fd < 0 ? errno : read_and_close(fd, limit, ret);
}

static int check_regular(const struct stat *status)
{
    if (S_ISDIR(status->st_mode))
        return EISDIR;
    return S_ISREG(status->st_mode) ? 0 : IO_NOT_REGULAR;
}

/* True for a kernel file such as /proc/self/environ, which claims to be regular. */
static bool is_kernel_file(int fd, const struct stat *status)
{
#ifdef __linux__
    static const unsigned long kernel[] = {
        PROC_SUPER_MAGIC, SYSFS_MAGIC,        DEBUGFS_MAGIC,       TRACEFS_MAGIC,
        SECURITYFS_MAGIC, CGROUP_SUPER_MAGIC, CGROUP2_SUPER_MAGIC, BPF_FS_MAGIC,
        SELINUX_MAGIC,    EFIVARFS_MAGIC,     PSTOREFS_MAGIC};
    struct statfs system;
    (void)status;
    if (fstatfs(fd, &system) < 0)
        return false;
    for (size_t i = 0; i < COUNT_OF(kernel); i++)
        if ((unsigned long)system.f_type == kernel[i])
            return true;
    return false;
#else
    char byte; /* such a file has content although its size is 0 */
    return status->st_size == 0 && pread(fd, &byte, 1, 0) > 0;
#endif
}

/* `fd` was opened with O_NONBLOCK, which has no effect on regular files. */
static int check_opened(int fd)
{
    struct stat status;
    if (fstat(fd, &status) < 0)
        return errno;
    int error = check_regular(&status);
    if (error == 0 && is_kernel_file(fd, &status))
        error = IO_NOT_REGULAR;
    return error;
}

int io_read_regular_file(const char *path, size_t limit, struct buf *ret)
{
    struct stat status;
    ret->len = 0;
    /* Only regular files are opened, because opening a device (a watchdog, a tape) can have
     * effects. The opened file is checked again in case the path changed in between. */
    if (stat(path, &status) < 0)
        return errno;
    int error = check_regular(&status);
    if (error)
        return error;
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return errno;
    error = check_opened(fd);
    if (error == 0)
        return read_and_close(fd, limit, ret);
    int ignored = close(fd);
    (void)ignored;
    return error;
}

enum {
    PIPE_SIZE = 1024 * 1024,     /* the limit for unprivileged processes */
    HUGE_PAGE = 2 * 1024 * 1024, /* of most systems; elsewhere just a step size */
    HUGE_PAGES_MIN = HUGE_PAGE,
};

/* A larger pipe needs fewer context switches. Failures are ignored. */
static void enlarge_pipe(int fd)
{
#ifdef F_SETPIPE_SZ
    int ignored = fcntl(fd, F_SETPIPE_SZ, PIPE_SIZE);
    (void)ignored;
#else
    (void)fd;
#endif
}

/* Large pages cost far less to fill. Not used for small streams, because the last page stays partly
 * empty. */
static void use_huge_pages(char *pages, size_t size)
{
#ifdef MADV_HUGEPAGE
    int ignored = madvise(pages, size, MADV_HUGEPAGE);
    (void)ignored;
#else
    (void)pages;
    (void)size;
#endif
}

/* Returns the part of the last large page that stayed empty. */
static void release_rest(const struct io_stream *stream)
{
#ifdef MADV_HUGEPAGE
    size_t page = (size_t)sysconf(_SC_PAGESIZE);
    size_t used = (stream->text.len + page - 1) / page * page;
    size_t rest = (HUGE_PAGE - used % HUGE_PAGE) % HUGE_PAGE;
    int ignored = madvise(stream->pages + used, rest, MADV_DONTNEED);
    (void)ignored;
#else
    (void)stream;
#endif
}

static int read_pages(int fd, size_t limit, io_progress *on_progress, void *context,
                      struct io_stream *ret)
{
    size_t len = 0;
    for (;;) {
        size_t room = HUGE_PAGE - len % HUGE_PAGE;
        if (room > ret->size - len)
            room = ret->size - len;
        ssize_t got = read(fd, ret->pages + len, room);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return errno;
        len += (size_t)got;
        ret->text = (struct str){ret->pages, len};
        if (got == 0) {
            if (len > HUGE_PAGES_MIN)
                release_rest(ret);
            return 0;
        }
        if (len > limit)
            return EFBIG;
        if (len == HUGE_PAGES_MIN)
            use_huge_pages(ret->pages + len, ret->size - len);
        on_progress(context, ret->text);
    }
}

int io_read_stream(int fd, size_t limit, io_progress *on_progress, void *context,
                   struct io_stream *ret)
{
    *ret = (struct io_stream){0};
    enlarge_pipe(fd);
#ifdef MAP_NORESERVE
    /* Reserves room for the maximum size; only written pages take memory. */
    size_t size = limit + 2 * (size_t)HUGE_PAGE;
    char *pages = mmap(NULL, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages != MAP_FAILED) {
        size_t skipped = HUGE_PAGE - (uintptr_t)pages % HUGE_PAGE;
        *ret = (struct io_stream){.mapped = pages, .mapped_size = size, .pages = pages + skipped};
        ret->size = size - skipped;
        return read_pages(fd, limit, on_progress, context, ret);
    }
#endif
    int error = read_all(fd, limit, &ret->buf);
    ret->text = buf_str(&ret->buf);
    return error;
}

void io_stream_free(struct io_stream *stream)
{
    if (stream->mapped) {
        int ignored = munmap(stream->mapped, stream->mapped_size);
        (void)ignored;
    }
    buf_free(&stream->buf);
    *stream = (struct io_stream){0};
}

/* iovec has no const because it also serves reading. */
static struct iovec to_iovec(struct str text)
{
    struct iovec part = {.iov_len = text.len};
    memcpy(&part.iov_base, &text.data, sizeof text.data);
    return part;
}

#ifdef __linux__
static bool is_within(struct str piece, const struct io_stream *stream)
{
    const char *start = stream->pages;
    return stream->size && piece.data >= start && piece.data + piece.len <= start + stream->size;
}

/* Passes pages to the pipe instead of copying them. On return `*piece` is the rest, for write(). */
static int splice_piece(int fd, struct str *piece)
{
    while (piece->len) {
        struct iovec part = to_iovec(*piece);
        ssize_t spliced = vmsplice(fd, &part, 1, 0);
        if (spliced < 0 && errno == EINTR)
            continue;
        if (spliced < 0)
            return errno;
        *piece = str_skip(*piece, (size_t)spliced);
    }
    return 0;
}
#endif

int io_write_stream(int fd, const struct str *pieces, size_t count, const struct io_stream *stream)
{
    struct stat status;
    bool is_pipe = fstat(fd, &status) == 0 && S_ISFIFO(status.st_mode);
    if (!is_pipe)
        return io_write_pieces(fd, pieces, count);
    enlarge_pipe(fd);
#ifdef __linux__
    enum { SPLICE_MIN = 64 * 1024 };
    for (size_t i = 0; i < count; i++) {
        struct str piece = pieces[i];
        int error =
            piece.len >= SPLICE_MIN && is_within(piece, stream) ? splice_piece(fd, &piece) : 0;
        if (error == EPIPE)
            return error;
        error = io_write(fd, piece);
        if (error)
            return error;
    }
    return 0;
#else
    (void)stream;
    return io_write_pieces(fd, pieces, count);
#endif
}

int io_write(int fd, struct str text)
{
    return io_write_pieces(fd, &text, 1);
}

int io_write_pieces(int fd, const struct str *pieces, size_t count)
{
    enum { IOVECS_MAX = 16 }; /* the minimum value of IOV_MAX */
    size_t next = 0;          /* index of the next piece */
    size_t done = 0;          /* bytes of that piece already written */
    for (;;) {
        struct iovec parts[IOVECS_MAX];
        int filled = 0;
        for (size_t i = next; i < count && filled < IOVECS_MAX; i++) {
            struct str rest = str_skip(pieces[i], i == next ? done : 0);
            if (rest.len)
                parts[filled++] = to_iovec(rest);
        }
        if (filled == 0)
            return 0;
        ssize_t written = writev(fd, parts, filled);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        done += (size_t)written;
        while (next < count && done >= pieces[next].len)
            done -= pieces[next++].len;
    }
}
