/* Lists secrets. */
#ifndef OPTASVC_LIST_SECRETS_H
#define OPTASVC_LIST_SECRETS_H

#include "cluster/secrets.h"

/* Prints a line for each key: its size, whether it is unused, and with `show_values` its value; and
 * for each key that does not exist, what needs it. Reports errors and returns false if any. All
 * values are allocated in `arena`. */
bool secrets_list(struct cluster *cluster, const struct cluster_namespace *namespace,
                  struct arena *arena, const struct secrets *secrets, bool show_values);

#endif
