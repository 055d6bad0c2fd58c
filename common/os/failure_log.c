#include "os/failure_log.h"

#include "os/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum { TEXT_MAX = 1024 * 1024 }; /* maximum size of the logged text */

/* Returns the XDG state directory; NULL if neither XDG_STATE_HOME nor HOME is an absolute path. */
static const char *state_directory(struct arena *arena)
{
    const char *state = getenv("XDG_STATE_HOME");
    const char *home = getenv("HOME");
    if (state && state[0] == '/')
        return state;
    return home && home[0] == '/' ? str_format(arena, "%s/.local/state", home).data : NULL;
}

/* Creates a directory and its parents, as the XDG Base Directory Specification requires. */
static void create_directories(struct arena *arena, const char *path)
{
    struct str whole = str_from_c(path);
    for (size_t at = 1; at < whole.len;) {
        size_t end = str_find(whole, at, '/');
        int ignored = mkdir(str_to_c(arena, str_slice(whole, 0, end)), 0700);
        (void)ignored; /* opening the directory fails then */
        at = end + 1;
    }
}

/* Returns a descriptor; -1 unless only the user can write to the directory. */
static int open_directory(struct arena *arena, const char *state)
{
    const char *path = str_format(arena, "%s/optasvc", state).data;
    struct stat status;
    create_directories(arena, path);
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd >= 0 && fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
        (status.st_mode & (S_IWGRP | S_IWOTH)) == 0)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

/* Appends text without color escapes. */
static void add_uncolored(struct buf *out, struct str text)
{
    for (size_t at = 0; at < text.len; at++) {
        if (text.data[at] == '\033')
            at = str_find(text, at, 'm');
        else
            buf_add_byte(out, text.data[at]);
    }
}

static bool write_new(int directory, const char *path, struct str text)
{
    int fd = openat(directory, path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return false;
    bool ok = io_write(fd, text) == 0;
    return close(fd) == 0 && ok;
}

void failure_log_write(const char *name, struct str text)
{
    struct arena arena = {0};
    const char *state = state_directory(&arena);
    int directory = state ? open_directory(&arena, state) : -1;
    if (directory >= 0) {
        struct buf out = {0};
        time_t now = time(NULL);
        struct tm utc;
        char stamp[sizeof "2026-01-31T12:34:56Z"] = "";
        if (gmtime_r(&now, &utc) && strftime(stamp, sizeof stamp, "%Y-%m-%dT%H:%M:%SZ", &utc))
            buf_format(&out, "%s %s failed\n", stamp, name);
        add_uncolored(&out, str_slice(text, 0, text.len < TEXT_MAX ? text.len : TEXT_MAX));
        const char *path = str_format(&arena, "%s.log", name).data;
        const char *temporary = str_format(&arena, ".%s.%ld", path, (long)getpid()).data;
        int ignored = unlinkat(directory, temporary, 0); /* left by a killed process */
        if (!write_new(directory, temporary, buf_str(&out)) ||
            renameat(directory, temporary, directory, path) < 0)
            ignored = unlinkat(directory, temporary, 0);
        (void)ignored;
        close(directory);
        buf_free(&out);
    }
    arena_free(&arena);
}
