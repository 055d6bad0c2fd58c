#include "cloud/repository.h"

#include "cloud/ecr.h"

/* gcr.io/PROJECT; of a project of a domain, "example.com:shop", gcr.io/example.com/shop.
 * https://cloud.google.com/artifact-registry/docs/docker/names */
static struct str google_registry(struct arena *arena, struct str project)
{
    size_t colon = str_find(project, 0, ':');
    struct str last = str_from(project, colon + 1);
    return str_format(arena, "gcr.io/%.*s%s%.*s", STR_ARG(str_slice(project, 0, colon)),
                      last.len ? "/" : "", STR_ARG(last));
}

/* NAME.azurecr.io, where Opta's environments have the output acr_name. */
static struct str azure_registry(struct arena *arena, const struct environment *environment)
{
    const struct output *name = environment_output(environment, STR("acr_name"));
    if (!name || name->unusable || name->text.len == 0)
        return (struct str){0};
    return str_format(arena, "%.*s.azurecr.io", STR_ARG(str_lower(arena, name->text)));
}

struct str cloud_repository(struct arena *arena, const struct environment *environment,
                            struct str layer, struct str module)
{
    struct str registry = environment->registry;
    const char *prefix = "opta-";
    const char *separator = "-";
    if (registry.len == 0) {
        if (environment->account_id.len && environment->region.len)
            registry = ecr_registry(arena, environment->account_id, environment->region);
        else if (environment->project.len)
            registry = google_registry(arena, environment->project);
        else if (environment->cloud == CLOUD_AZURE)
            registry = azure_registry(arena, environment);
        else if (environment->cloud == CLOUD_LOCAL)
            registry = STR("localhost:5000");
        if (environment->cloud != CLOUD_AWS)
            prefix = "", separator = "/";
    }
    if (registry.len == 0)
        return registry;
    while (str_ends(registry, STR("/")))
        registry.len--;
    return str_format(arena, "%.*s/%s%.*s%s%.*s", STR_ARG(registry), prefix, STR_ARG(layer),
                      separator, STR_ARG(module));
}

const char *cloud_registry_hint(enum cloud cloud)
{
    static const char *const hints[] = {
        [CLOUD_NONE] =
            "write registry in the environment file, or pass --registry; without them the "
            "environment needs a provider, such as providers: {aws: {region: us-east-1, "
            "account_id: 123456789012}}",
        [CLOUD_AWS] =
            "write region and account_id in the environment's aws provider, or registry in "
            "the environment file, or pass --registry",
        [CLOUD_GOOGLE] = "write project in the environment's google provider, or registry in the "
                         "environment file, or pass --registry",
        [CLOUD_AZURE] =
            "write the name of its container registry in the environment file, outputs: "
            "{acr_name: NAME}, or registry, or pass --registry",
        [CLOUD_LOCAL] = "pass --registry",
    };
    return hints[cloud];
}
