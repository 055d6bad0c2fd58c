#include "cloud/repository.h"

struct str cloud_repository(struct arena *arena, const struct environment *environment,
                            struct str layer, struct str module)
{
    const struct provider *provider = environment->provider;
    struct str registry = environment->registry;
    bool flat = registry.len || provider->has_flat_names;
    if (registry.len == 0 && provider->registry)
        registry = provider->registry(arena, environment);
    if (registry.len == 0)
        return registry;
    while (str_ends_with(registry, STR("/")))
        registry.len--;
    return str_format(arena, "%.*s/%s%.*s%s%.*s", STR_ARG(registry), flat ? "opta-" : "",
                      STR_ARG(layer), flat ? "-" : "/", STR_ARG(module));
}
