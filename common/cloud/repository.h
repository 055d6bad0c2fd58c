/* The repository of `image: AUTO`, by the names that Opta gave it in each cloud. */
#ifndef OPTASVC_REPOSITORY_H
#define OPTASVC_REPOSITORY_H

#include "config/environment.h"

/* Returns the address of a module's repository, without a tag. Empty if the registry is
 * unknown. */
struct str cloud_repository(struct arena *arena, const struct environment *environment,
                            struct str layer, struct str module);

#endif
