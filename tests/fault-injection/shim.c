/* Lets calls of the C library fail, as on a system without resources. Loaded by LD_PRELOAD.
 *
 *   FAULT=CALL:N:WHAT   the N-th call of CALL fails (from 1; 0: every call)
 *   FAULT_HIT=PATH      a file that is created when the fault occurs
 *
 * WHAT is an errno's number, `short` (one byte is read or written) or `interrupt` (EINTR at every
 * other call). Child processes are not affected. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

static char call[32];
static char hit[256];
static long wanted;
static int error; /* 0: reads and writes are cut to one byte */
static int interrupts;
static long seen;

__attribute__((constructor)) static void begin(void)
{
    const char *fault = getenv("FAULT");
    const char *path = getenv("FAULT_HIT");
    char what[16] = "";
    if (path)
        snprintf(hit, sizeof hit, "%s", path);
    if (fault && sscanf(fault, "%31[^:]:%ld:%15s", call, &wanted, what) == 3) {
        interrupts = strcmp(what, "interrupt") == 0;
        error = interrupts ? EINTR : atoi(what);
    } else {
        call[0] = '\0';
    }
    unsetenv("FAULT");
    unsetenv("FAULT_HIT");
    unsetenv("LD_PRELOAD");
}

/* True if this call must fail; sets errno. */
static int fails(const char *name)
{
    if (call[0] == '\0' || strcmp(name, call) != 0)
        return 0;
    seen++;
    if (wanted ? seen != wanted : interrupts && seen % 2 == 0)
        return 0;
    if (hit[0])
        syscall(SYS_close, (int)syscall(SYS_open, hit, O_CREAT | O_WRONLY, 0600));
    errno = error;
    return 1;
}

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

/* The programs define malloc() and so on, which call the C library's under these names. dlsym() may
 * allocate memory itself. */
void *__libc_malloc(size_t size);
void *__libc_calloc(size_t count, size_t size);
void *__libc_realloc(void *old, size_t size);

void *__libc_malloc(size_t size)
{
    static void *(*real)(size_t);
    if (!real)
        real = (void *(*)(size_t))dlsym(RTLD_NEXT, "__libc_malloc");
    return fails("malloc") ? NULL : real(size);
}

void *__libc_calloc(size_t count, size_t size)
{
    static void *(*real)(size_t, size_t);
    if (!real)
        real = (void *(*)(size_t, size_t))dlsym(RTLD_NEXT, "__libc_calloc");
    return fails("malloc") ? NULL : real(count, size);
}

void *__libc_realloc(void *old, size_t size)
{
    static void *(*real)(void *, size_t);
    if (!real)
        real = (void *(*)(void *, size_t))dlsym(RTLD_NEXT, "__libc_realloc");
    return fails("malloc") ? NULL : real(old, size);
}

void *mmap(void *at, size_t size, int protection, int flags, int fd, off_t offset)
{
    return fails("mmap") ? MAP_FAILED
                         : (void *)syscall(SYS_mmap, at, size, protection, flags, fd, offset);
}

ssize_t read(int fd, void *bytes, size_t size)
{
    if (!fails("read"))
        return syscall(SYS_read, fd, bytes, size);
    return error ? -1 : syscall(SYS_read, fd, bytes, size ? 1UL : 0UL);
}

ssize_t write(int fd, const void *bytes, size_t size)
{
    if (!fails("write"))
        return syscall(SYS_write, fd, bytes, size);
    return error ? -1 : syscall(SYS_write, fd, bytes, size ? 1UL : 0UL);
}

ssize_t writev(int fd, const struct iovec *parts, int count)
{
    if (!fails("write"))
        return syscall(SYS_writev, fd, parts, count);
    return error ? -1 : syscall(SYS_write, fd, parts[0].iov_base, parts[0].iov_len ? 1UL : 0UL);
}

ssize_t vmsplice(int fd, const struct iovec *parts, size_t count, unsigned flags)
{
    return fails("vmsplice") ? -1 : syscall(SYS_vmsplice, fd, parts, count, flags);
}

int open(const char *path, int flags, ...)
{
    va_list rest;
    va_start(rest, flags);
    int mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(rest, int) : 0;
    va_end(rest);
    return fails("open") ? -1 : (int)syscall(SYS_openat, AT_FDCWD, path, flags, mode);
}

int close(int fd)
{
    int result = (int)syscall(SYS_close, fd);
    return fails("close") ? -1 : result;
}

int pipe(int ends[2])
{
    return fails("pipe") ? -1 : REAL(pipe)(ends);
}
int pipe2(int ends[2], int flags)
{
    return fails("pipe") ? -1 : REAL(pipe2)(ends, flags);
}
pid_t fork(void)
{
    return fails("fork") ? -1 : REAL(fork)();
}
int dup2(int from, int to)
{
    return fails("dup") ? -1 : REAL(dup2)(from, to);
}

int posix_spawnp(pid_t *pid, const char *file, const posix_spawn_file_actions_t *actions,
                 const posix_spawnattr_t *attributes, char *const arguments[],
                 char *const environment[])
{
    return fails("spawn")
               ? error
               : REAL(posix_spawnp)(pid, file, actions, attributes, arguments, environment);
}

int fcntl(int fd, int command, ...)
{
    va_list rest;
    va_start(rest, command);
    long argument = va_arg(rest, long);
    va_end(rest);
    return fails("fcntl") ? -1 : (int)syscall(SYS_fcntl, fd, command, argument);
}

int execvp(const char *path, char *const arguments[])
{
    return fails("exec") ? -1 : REAL(execvp)(path, arguments);
}
