#include "os/temp_dir.h"

#include "os/io.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The existing directory; wiped when the process runs out of memory. */
static const char *current_dir;

static void wipe_current_dir(void)
{
    bool ignored = !current_dir || private_dir_wipe(current_dir);
    (void)ignored;
}

const char *private_dir_create(struct arena *arena)
{
    const char *candidates[] = {getenv("XDG_RUNTIME_DIR"), "/dev/shm", getenv("TMPDIR"), "/tmp"};
    for (size_t i = 0; i < COUNT_OF(candidates); i++) {
        if (!candidates[i] || !*candidates[i])
            continue;
        struct str pattern = str_format(arena, "%s/optasvc-XXXXXX", candidates[i]);
        char *path = arena_alloc(arena, pattern.len + 1);
        memcpy(path, pattern.data, pattern.len);
        if (mkdtemp(path)) {
            current_dir = path;
            out_of_memory_set_cleanup(wipe_current_dir);
            return path;
        }
    }
    return NULL;
}

int private_dir_write(const char *path, const struct str *pieces, size_t count)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return errno;
    int error = io_write_pieces(fd, pieces, count);
    if (close(fd) < 0 && error == 0)
        error = errno;
    return error;
}

/* Overwrites a file in place. */
static bool overwrite(int dir, const char *name, off_t size)
{
    static const char zeros[4096];
    int fd = openat(dir, name, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
    bool ok = fd >= 0;
    while (ok && size > 0) {
        size_t some = size < (off_t)sizeof zeros ? (size_t)size : sizeof zeros;
        ssize_t count = write(fd, zeros, some);
        ok = count > 0;
        size -= ok ? count : 0;
    }
    ok = ok && fsync(fd) == 0;
    return fd >= 0 && close(fd) == 0 && ok;
}

/* Deletes a file, or a directory with all its content, because other programs may create copies of
 * a file. */
static bool wipe(int parent, const char *name, unsigned depth)
{
    enum { DEPTH_MAX = 8 };
    struct stat status;
    if (fstatat(parent, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || depth == DEPTH_MAX)
        return false;
    if (!S_ISDIR(status.st_mode)) {
        bool ok = !S_ISREG(status.st_mode) || overwrite(parent, name, status.st_size);
        return unlinkat(parent, name, 0) == 0 && ok;
    }
    int fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    struct dirent *entry;
    bool ok = dir != NULL;
    while (dir && (entry = readdir(dir)) != NULL)
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            ok &= wipe(dirfd(dir), entry->d_name, depth + 1);
    if (dir ? closedir(dir) < 0 : fd >= 0 && close(fd) < 0)
        ok = false;
    return unlinkat(parent, name, AT_REMOVEDIR) == 0 && ok;
}

bool private_dir_wipe(const char *path)
{
    bool ok = wipe(AT_FDCWD, path, 0);
    current_dir = NULL;
    return ok;
}
