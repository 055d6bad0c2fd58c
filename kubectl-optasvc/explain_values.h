/* The values that fields have in service files, and why: `explain FIELD -f FILE`. */
#ifndef OPTASVC_EXPLAIN_VALUES_H
#define OPTASVC_EXPLAIN_VALUES_H

#include "cli/cli.h"
#include "config/field_path.h"

/* Appends the values of a field in each service or file of the options; of all fields of the
 * services that have a value if `path` is NULL. Reports errors of the files and returns false; then
 * appends nothing. */
bool explain_values(const struct invocation *invocation, const struct field_path *path,
                    struct buf *out);

#endif
