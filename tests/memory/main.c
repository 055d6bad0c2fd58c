/* Runs kubectl-optasvc many times in one process of valgrind, which takes longer to start and to
 * translate the program than most runs take. Each run is a child process whose stdout and stderr
 * are discarded. Messages of valgrind go to the stderr that it was started with.
 *
 * usage: main WARM_UP <RUNS
 *
 * A run is a directory, a file for standard input, the number of arguments, and the arguments, each
 * ended by NUL. Prints the exit status of each run on a line; -1 if a signal ended it. Before that,
 * this process itself executes the first WARM_UP runs, because children have what valgrind had
 * translated when they started. */
#include "memory.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

struct run {
    const char *directory;
    const char *input;
    char **argv;
    int argc;
    struct run *next;
};

static char name[] = "kubectl-optasvc";
static int own_stderr; /* not that of the runs */

static void fail(const char *what)
{
    dprintf(own_stderr, "memory: %s: %s\n", what, strerror(errno));
    exit(EXIT_FAILURE);
}

/* Returns the next string of stdin; NULL at its end. */
static char *read_string(struct arena *arena)
{
    char *text = NULL;
    size_t size = 0;
    ssize_t length = getdelim(&text, &size, '\0', stdin);
    char *copy = length < 0
                     ? NULL
                     : memcpy(arena_bytes(arena, (size_t)length + 1), text, (size_t)length + 1);
    free(text);
    return copy;
}

static struct run *read_runs(struct arena *arena)
{
    struct run *first = NULL;
    struct run **end = &first;
    for (const char *directory; (directory = read_string(arena)) != NULL; end = &(*end)->next) {
        struct run *run = ARENA_NEW(arena, struct run);
        *run = (struct run){.directory = directory, .input = read_string(arena)};
        const char *count = read_string(arena);
        if (!count)
            fail("incomplete run");
        run->argc = 1 + (int)strtol(count, NULL, 10);
        run->argv = arena_bytes(arena, ((size_t)run->argc + 1) * sizeof(char *));
        run->argv[0] = name;
        for (int i = 1; i < run->argc; i++)
            run->argv[i] = read_string(arena);
        run->argv[run->argc] = NULL;
        *end = run;
    }
    return first;
}

/* Redirects the standard streams, executes the run and returns its exit status. */
static int execute(const struct run *run)
{
    if (chdir(run->directory) < 0)
        fail(run->directory);
    /* A run closes stdout, whose number must not be taken by the next file. */
    dup2(own_stderr, STDOUT_FILENO);
    int input = open(run->input, O_RDONLY | O_CLOEXEC);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (input < 0 || null < 0)
        fail(run->input);
    dup2(input, STDIN_FILENO);
    dup2(null, STDOUT_FILENO);
    dup2(null, STDERR_FILENO);
    close(input);
    close(null);
    return program_main(run->argc, run->argv);
}

static int execute_in_child(const struct run *run)
{
    pid_t child = fork();
    if (child < 0)
        fail("fork");
    if (child == 0)
        exit(execute(run));
    int status;
    if (waitpid(child, &status, 0) < 0)
        fail("waitpid");
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

int main(int argc, char **argv)
{
    own_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    int statuses = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
    long warm_up = argc == 2 ? strtol(argv[1], NULL, 10) : 0;
    struct arena arena = {0};
    const struct run *runs = read_runs(&arena);
    for (const struct run *run = runs; run && warm_up > 0; run = run->next, warm_up--)
        execute(run);
    for (const struct run *run = runs; run; run = run->next)
        dprintf(statuses, "%d\n", execute_in_child(run));
    arena_free(&arena);
    return EXIT_SUCCESS;
}
