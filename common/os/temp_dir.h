/* Folders that only their owner may enter, for files with secrets that other programs need. */
#ifndef OPTASVC_TEMP_DIR_H
#define OPTASVC_TEMP_DIR_H

#include "base/str.h"

/* Makes one, one at a time, in memory where there is a place for that. NULL, and errno, when it
 * cannot. */
const char *private_dir_create(struct arena *arena);

/* Writes a file of it that is not there yet. Returns 0 or an errno. */
int private_dir_write(const char *path, const struct str *pieces, size_t count);

/* Overwrites all that is in it, also what other programs have put there, and removes it. False, and
 * errno, when something is left. */
bool private_dir_wipe(const char *path);

#endif
