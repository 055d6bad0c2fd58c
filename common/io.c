#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
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
    while (text.len) {
        ssize_t written = write(fd, text.data, text.len);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0)
            return errno;
        text = str_from(text, (size_t)written);
    }
    return 0;
}
