/* Files that flags name for output besides stdout. */
#ifndef OPTASVC_REPORT_H
#define OPTASVC_REPORT_H

#include "base/diag.h"

#include <fcntl.h>
#include <stdbool.h>

/* Prints an error and returns EXIT_FAILURE. */
int report_failure(enum rule rule, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Prints a warning. */
void report_warning(enum rule rule, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Writes the file of a flag. `what` names it in errors; `flags`: O_APPEND or O_TRUNC. Prints an
 * error and returns false if that fails. */
bool report_write_file(const char *what, const char *path, int flags, struct str text);

#endif
