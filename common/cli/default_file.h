/* The service file of the working directory, which commands use without -f. */
#ifndef OPTASVC_DEFAULT_FILE_H
#define OPTASVC_DEFAULT_FILE_H

#include "cli/cli.h"

enum { DEFAULT_FILES_MAX = 4 };

/* True if the command uses the default file when -f is not given. */
bool command_has_default_file(const struct command *command);

/* Lists the default files that exist in the working directory. Returns their number. */
size_t default_file_list(const char *ret_names[DEFAULT_FILES_MAX]);

/* Sets -f to the only default file, and reports its name on stderr. If there is none or several, or
 * if the command must not use one, reports an error. Returns 0 or the exit status. */
int default_file_use(struct arena *arena, struct invocation *invocation);

#endif
