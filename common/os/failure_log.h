/* The log of the last failure, for programs whose stderr others hide. */
#ifndef OPTASVC_FAILURE_LOG_H
#define OPTASVC_FAILURE_LOG_H

#include "base/str.h"

/* Writes the time and `text` to optasvc/NAME.log in $XDG_STATE_HOME (~/.local/state if that is not
 * an absolute path), in place of what an earlier failure left there. Only the user may read it.
 * Directories are created as needed; one of another user, or in which others may write, is not
 * used, and no link is followed in it. Colors are left out. Failures are ignored. */
void failure_log_write(const char *name, struct str text);

#endif
