/* Addresses of files on other machines, which may be written where only local files are read. */
#ifndef OPTASVC_REMOTE_H
#define OPTASVC_REMOTE_H

#include "base/diag.h"

/* True for an address of git, a bucket or the web. */
bool remote_is(struct str path);

/* Reports at `at` a path that is an address of git, a bucket or the web, and how to get the file.
 * Returns false, and reports nothing, for other paths. */
bool remote_report(struct arena *arena, struct diags *diags, struct location at, struct str path);

#endif
