/* The repository of `image: AUTO`, by the names that Opta gave it in each cloud. */
#ifndef OPTASVC_REPOSITORY_H
#define OPTASVC_REPOSITORY_H

#include "config/environment.h"

/* Returns the address of a module's repository, without a tag. Empty if the environment does not
 * tell the registry. */
struct str cloud_repository(struct arena *arena, const struct environment *environment,
                            struct str layer, struct str module);

/* What to write for an environment that does not tell the registry. */
const char *cloud_registry_hint(enum cloud cloud);

#endif
