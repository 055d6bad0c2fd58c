/* The repository of `image: AUTO`, with the names that Opta used in each cloud. */
#ifndef OPTASVC_REPOSITORY_H
#define OPTASVC_REPOSITORY_H

#include "config/environment.h"

/* Returns the address of a module's repository, without a tag; empty if the registry is unknown. */
struct str cloud_repository(struct arena *arena, const struct environment *environment,
                            struct str layer, struct str module);

#endif
