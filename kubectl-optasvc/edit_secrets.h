/* Secrets in the user's editor. */
#ifndef OPTASVC_EDIT_SECRETS_H
#define OPTASVC_EDIT_SECRETS_H

#include "cluster/secrets.h"

/* Writes the secrets that are text as NAME=VALUE lines into a private folder, runs $VISUAL or
 * $EDITOR on the file, and reads what was changed into `ret`: new values, and keys that are gone.
 * Mistakes in the file are told, and it can be edited again. The folder and all that the editor
 * left in it are overwritten and removed. All values are in `arena`. */
bool secrets_edit(struct cluster *cluster, struct arena *arena, const struct secrets *secrets,
                  struct secrets *ret);

#endif
