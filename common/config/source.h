/* The files that -f selects. */
#ifndef OPTASVC_SOURCE_H
#define OPTASVC_SOURCE_H

#include "base/diag.h"
#include "config/options.h"

struct input {
    const char *path; /* "-": standard input */
    bool named;       /* by -f itself, not found in a directory */
    bool regular;     /* no flag names it: refused unless it is a regular file */
    const char *home; /* messages may show a file below this directory; NULL: its own directory */
};

/* Lists files as given, and of directories their *.yaml, *.yml and *.json, in any case, in byte
 * order; with --recursive also those of their subdirectories. Each directory is read once; one that
 * a symbolic link leads to again is recorded as skipped (usage.h). Reports and returns false if a
 * path cannot be read, or if -f leads to a file or directory twice. */
bool input_list(struct arena *arena, struct diags *diags, const struct input_options *options,
                struct input **ret_inputs, size_t *ret_count);

/* Reads a file into the arena. Returns NULL, and reports it at `at`, if it cannot be read. Of the
 * files found in a directory, returns NULL without an error for those that are not service files,
 * and with one for those that may be meant to be (discover.h).
 *
 * Messages show nothing of a file unless it is, links followed, below the working directory or its
 * `home`, or load_service() finds a field in it that service and environment files have. A pipe is
 * shown, because only a flag can name one. */
struct source *input_read(struct arena *arena, struct diags *diags, const struct input *input,
                          struct location at);

#endif
