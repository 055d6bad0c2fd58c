/* A cluster on this machine, with a registry beside it, as Opta set one up. */
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
    .local = true,
    .registry = registry,
    .registry_hint = "pass --registry",
};
