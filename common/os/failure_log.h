/* The log of the last failure, for programs whose stderr is hidden. */
#ifndef OPTASVC_FAILURE_LOG_H
#define OPTASVC_FAILURE_LOG_H

#include "base/str.h"

/* Writes the time and `text` to optasvc/NAME.log in $XDG_STATE_HOME (~/.local/state unless that is
 * an absolute path); replaces the log of an earlier failure. The file is readable only by the user.
 * Directories are created as needed. A directory that belongs to another user or is writable by
 * others is not used, and symlinks in it are not followed. Colors are removed. Failures are
 * ignored. */
void failure_log_write(const char *name, struct str text);

#endif
