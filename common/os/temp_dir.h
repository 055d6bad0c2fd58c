/* Private directories for files with secrets that other programs need. */
#ifndef OPTASVC_TEMP_DIR_H
#define OPTASVC_TEMP_DIR_H

#include "base/str.h"

/* Creates a private directory, in memory if possible; only one at a time. Returns NULL and sets
 * errno on failure. */
const char *private_dir_create(struct arena *arena);

/* Creates a file in the directory. Returns 0 or an errno. */
int private_dir_write(const char *path, const struct str *pieces, size_t count);

/* Overwrites and deletes all files in the directory, including those of other programs, and the
 * directory itself. Returns false and sets errno if something is left. */
bool private_dir_wipe(const char *path);

#endif
