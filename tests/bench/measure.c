/* Runs a command several times without a shell, and prints the least wall time and the least
 * processor time in microseconds, the peak memory in KiB of the command itself, and its last exit
 * status. Processor time includes the children that the command waited for; memory does not. usage:
 * measure RUNS INPUT OUTPUT COMMAND [ARGUMENT...] */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SECOND = 1000000 };

struct result {
    long wall, cpu, peak;
    int status;
};

static void fail(const char *what)
{
    perror(what);
    exit(EXIT_FAILURE);
}

static long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * SECOND + time.tv_nsec / 1000;
}

static long microseconds(struct timeval time)
{
    return time.tv_sec * SECOND + time.tv_usec;
}

static void redirect(const char *path, int flags, int fd)
{
    enum { MODE = 0666 };
    int file = open(path, flags, MODE);
    if (file < 0 || dup2(file, fd) < 0 || close(file) < 0)
        fail(path);
}

/* Returns VmHWM of a process in KiB; 0 if it is unknown. The kernel's ru_maxrss also covers
 * children, and this program before exec. */
static long peak_of(pid_t pid)
{
    char line[256];
    long peak = 0;
    snprintf(line, sizeof line, "/proc/%d/status", (int)pid);
    FILE *file = fopen(line, "r");
    while (file && fgets(line, sizeof line, file))
        if (strncmp(line, "VmHWM:", strlen("VmHWM:")) == 0)
            peak = strtol(line + strlen("VmHWM:"), NULL, 10);
    if (file)
        fclose(file);
    return peak;
}

static struct result run(char **argv)
{
    struct result result = {.wall = -now()};
    pid_t pid = fork();
    if (pid < 0)
        fail("fork");
    if (pid == 0) {
        redirect(argv[0], O_RDONLY, STDIN_FILENO);
        redirect(argv[1], O_WRONLY | O_CREAT | O_TRUNC, STDOUT_FILENO);
        ptrace(PTRACE_TRACEME, 0, NULL, NULL);
        execvp(argv[2], argv + 2);
        perror(argv[2]);
        _exit(127);
    }
    struct rusage usage;
    for (bool started = false;; started = true) {
        if (wait4(pid, &result.status, 0, &usage) < 0)
            fail("wait4");
        if (!WIFSTOPPED(result.status))
            break;
        int signal = WSTOPSIG(result.status);
        if (!started) /* stopped after exec */
            ptrace(PTRACE_SETOPTIONS, pid, NULL, PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL);
        if (result.status >> 8 == (SIGTRAP | PTRACE_EVENT_EXIT << 8))
            result.peak = peak_of(pid);
        ptrace(PTRACE_CONT, pid, NULL, (long)(signal == SIGTRAP ? 0 : signal));
    }
    result.wall += now();
    result.cpu = microseconds(usage.ru_utime) + microseconds(usage.ru_stime);
    /* A program with several threads may exit without the stop. */
    if (result.peak == 0)
        result.peak = usage.ru_maxrss;
    return result;
}

static long least(long a, long b)
{
    return a < b ? a : b;
}

int main(int argc, char **argv)
{
    if (argc < 5) {
        fputs("usage: measure RUNS INPUT OUTPUT COMMAND [ARGUMENT...]\n", stderr);
        return 2;
    }
    struct result best = run(argv + 2);
    for (long runs = strtol(argv[1], NULL, 10); runs > 1; runs--) {
        struct result next = run(argv + 2);
        best.wall = least(best.wall, next.wall);
        best.cpu = least(best.cpu, next.cpu);
        best.peak = next.peak > best.peak ? next.peak : best.peak;
        best.status = next.status ? next.status : best.status;
    }
    int status = WIFEXITED(best.status) ? WEXITSTATUS(best.status) : 128 + WTERMSIG(best.status);
    printf("%ld %ld %ld %d\n", best.wall, best.cpu, best.peak, status);
    return EXIT_SUCCESS;
}
