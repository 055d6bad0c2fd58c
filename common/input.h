/* The files that -f names. */
#ifndef OPTASVC_INPUT_H
#define OPTASVC_INPUT_H

#include "diag.h"
#include "options.h"

struct input {
    const char *path; /* "-": standard input */
    bool named;       /* by -f itself, not found in a folder */
    bool regular;     /* no flag names it: refused unless it is a regular file */
    const char *home; /* messages may show a file below this directory; NULL: its own directory */
};

/* Lists files as given, and of folders their *.yaml, *.yml and *.json in byte order; with
 * --recursive also those of their folders, links to folders not followed. Reports and returns false
 * when a path cannot be read. */
bool input_list(struct arena *arena, struct diags *diags, const struct options *options,
                struct input **ret_inputs, size_t *ret_count);

/* Reads a file into the arena. Nothing of it is shown in a message unless it is a file, links
 * followed, below the working directory or its `home`, or load_service() finds a field in it that
 * service and environment files have; a pipe is shown, because only a flag can name one.
 * NULL when it cannot be read, which is reported at `at`, and, of the
 * files found in a folder, for those that cannot be service files: nothing in them says
 * k8s-service. */
struct source *input_read(struct arena *arena, struct diags *diags, const struct input *input,
                          struct location at);

#endif
