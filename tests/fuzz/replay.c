/* Runs a fuzz target on files and on all files of directories: as a test on the seeds and past
 * findings, or to examine one finding. usage: replay NAME PATH... */
#include "fuzz.h"

#include "os/io.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

static size_t ran;

static void run_file(const char *path)
{
    struct buf text = {0};
    if (io_read_file(path, SIZE_MAX / 2, &text) != 0) {
        fprintf(stderr, "replay: cannot read %s\n", path);
        exit(EXIT_FAILURE);
    }
    if (getenv("V"))
        fprintf(stderr, "%s\n", path);
    struct arena arena = {0};
    struct str copy = str_copy(&arena, buf_str(&text));
    LLVMFuzzerTestOneInput((const uint8_t *)copy.data, copy.len);
    arena_free(&arena);
    buf_free(&text);
    ran++;
}

static void run_path(const char *path)
{
    struct stat status;
    DIR *directory = stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? opendir(path) : NULL;
    if (!directory) {
        run_file(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char inner[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        run_path(inner);
    }
    closedir(directory);
}

int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++)
        run_path(argv[i]);
    if (argc < 3 || ran == 0) {
        fprintf(stderr, "usage: replay NAME PATH...\n");
        return EXIT_FAILURE;
    }
    printf("%s: %zu inputs\n", argv[1], ran);
    return fflush(stdout) == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
