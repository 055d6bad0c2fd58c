/* Runs a fuzz target on files: those given, and all in the folders given. As a test, whose inputs
 * are the seeds and whatever was found once; and for a look at one finding. usage: replay NAME
 * PATH... */
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
        fprintf(stderr, "replay: %s cannot be read\n", path);
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
    DIR *folder = stat(path, &status) == 0 && S_ISDIR(status.st_mode) ? opendir(path) : NULL;
    if (!folder) {
        run_file(path);
        return;
    }
    for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
        char inner[4096];
        if (entry->d_name[0] == '.')
            continue;
        snprintf(inner, sizeof inner, "%s/%s", path, entry->d_name);
        run_path(inner);
    }
    closedir(folder);
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
