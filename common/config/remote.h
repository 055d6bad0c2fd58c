/* Detects remote addresses that are used as the path of a local file. */
#ifndef OPTASVC_REMOTE_H
#define OPTASVC_REMOTE_H

#include "base/diag.h"

/* True for the address of a git repository, a bucket or a URL. */
bool remote_is(struct str path);

/* If the path is a remote address, reports an error at `at` with a hint how to download the file,
 * and returns true. */
bool remote_report(struct arena *arena, struct diags *diags, struct location at, struct str path);

#endif
