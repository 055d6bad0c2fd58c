/* Edits secrets in an editor. */
#ifndef OPTASVC_EDIT_SECRETS_H
#define OPTASVC_EDIT_SECRETS_H

#include "cluster/secrets.h"

/* Writes text secrets as NAME=VALUE lines to a file in a private directory, runs $VISUAL or $EDITOR
 * on it, and returns the changes in `ret`: new values and deleted keys. Reports errors in the file
 * and offers to edit it again. The directory is overwritten and removed, including files that the
 * editor left. All values are allocated in `arena`. */
bool secrets_edit(struct cluster *cluster, struct arena *arena, const struct secrets *secrets,
                  struct secrets *ret);

#endif
