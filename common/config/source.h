/* The input files that -f selects. */
#ifndef OPTASVC_SOURCE_H
#define OPTASVC_SOURCE_H

#include "base/diag.h"
#include "config/options.h"

struct input {
    const char *path;         /* "-": standard input */
    bool is_explicit;         /* passed by name, not found in a directory */
    bool must_be_regular;     /* not passed with a flag: pipes and devices are rejected */
    const char *visible_root; /* messages may show files below this directory; NULL: the directory
                                 of the file */
};

/* Lists the files of -f in order. For a directory, lists its *.yaml, *.yml and *.json in any case,
 * in byte order; with --recursive also those of subdirectories. Each directory is read once; if a
 * symbolic link points to it again, it is recorded as skipped (usage.h). Reports an error and
 * returns false if a path cannot be read, or if -f selects a file or directory twice. */
bool input_list(struct arena *arena, struct diags *diags, const struct input_options *options,
                struct input **ret_inputs, size_t *ret_count);

/* True if `path` is below `root`. Both are absolute, with links resolved. False for the root `/`:
 * it is often the working directory in containers and would include all files. */
bool source_is_below(const char *path, const char *root);

/* Reads a file into the arena. Reports an error at `at` and returns NULL if it cannot be read. For
 * a file found in a directory, returns NULL without an error if it is not a service file, and with
 * an error if it may be meant to be one (discover.h).
 *
 * Messages show the contents of a file only if it is below the working directory or `visible_root`
 * with links resolved, or if load_service() finds a field of service or environment files in it.
 * They also show a pipe, because only a flag can select one. */
struct source *input_read(struct arena *arena, struct diags *diags, const struct input *input,
                          struct location at);

#endif
