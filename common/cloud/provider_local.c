/* A local cluster with a local registry, as set up by Opta. */
#include "cloud/providers.h"

static struct str registry(struct arena *arena, const struct environment *environment)
{
    (void)arena;
    (void)environment;
    return STR("localhost:5000");
}

const struct provider provider_local = {
    .cloud = CLOUD_LOCAL,
    .field = PROVIDERS_LOCAL,
    .title = "a local cluster",
    .is_local = true,
    .registry = registry,
    .registry_hint = "pass --registry",
};
