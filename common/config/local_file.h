/* Files that a service file copies into manifests. */
#ifndef OPTASVC_LOCAL_FILE_H
#define OPTASVC_LOCAL_FILE_H

#include "base/diag.h"

/* Reads a text file whose path is relative to the service file, into the arena. Reports an error at
 * `at` and returns false if it cannot be read, is larger than a ConfigMap can be or is not text, or
 * if it is not below the directory of the service file, with links resolved: a service file may
 * come from others, and must not copy other files of this machine into a cluster. */
bool local_file_read(struct arena *arena, struct diags *diags, struct location at, struct str path,
                     struct str *ret_text);

/* Reports an error at `at` and returns false if the contents of a file cannot be in a ConfigMap.
 * `what`: the file in messages. */
bool local_file_check(struct diags *diags, struct location at, struct str what, struct str text);

#endif
