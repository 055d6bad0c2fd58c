#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

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

int io_read_file(const char *path, size_t limit, struct buf *ret)
{
    ret->len = 0;
    if (strcmp(path, "-") == 0)
        return read_all(STDIN_FILENO, limit, ret);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return errno;
    int error = read_all(fd, limit, ret);
    if (close(fd) < 0 && error == 0)
        error = errno;
    return error;
}

int io_write(int fd, struct str text)
{
    return io_write_pieces(fd, &text, 1);
}

int io_write_pieces(int fd, const struct str *pieces, size_t count)
{
    enum { AT_ONCE = 16 }; /* the least that IOV_MAX may be */
    size_t next = 0;       /* piece, */
    size_t done = 0;       /* and what of it is written */
    for (;;) {
        struct iovec parts[AT_ONCE];
        int filled = 0;
        for (size_t i = next; i < count && filled < AT_ONCE; i++) {
            struct str rest = str_from(pieces[i], i == next ? done : 0);
            if (rest.len)
                parts[filled++] = (struct iovec){(void *)(uintptr_t)rest.data, rest.len};
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
