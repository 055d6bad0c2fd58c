/* Azure: locations, its Container Registry, and workload identities. */
#include "cloud/providers.h"
#include "config/environment.h"

static void read_keys(const struct schema_reader *reader, const struct record *record,
                      struct environment *ret)
{
    (void)reader;
    ret->region = record_value(record, AZURE_LOCATION)->text;
}

/* Returns NAME.azurecr.io, where NAME is the output acr_name of Opta's environments. */
static struct str registry(struct arena *arena, const struct environment *environment)
{
    const struct environment_output *name = environment_output_find(environment, STR("acr_name"));
    if (!name || name->is_not_string || name->text.len == 0)
        return (struct str){0};
    return str_format(arena, "%.*s.azurecr.io", STR_ARG(str_lower(arena, name->text)));
}

/* https://learn.microsoft.com/azure/aks/internal-lb */
static const struct load_balancer_annotation internal_load_balancer[] = {
    {"service.beta.kubernetes.io/azure-load-balancer-internal", "true"}, {NULL, NULL}};

const struct provider provider_azure = {
    .cloud = CLOUD_AZURE,
    .field = PROVIDERS_AZURERM,
    .title = "Azure",
    .read = read_keys,
    .registry = registry,
    .registry_hint =
        "set outputs: {acr_name: NAME} (the name of the container registry) or registry "
        "in the environment file, or pass --registry",
    .internal_load_balancer = internal_load_balancer,
    .identity_annotation = "azure.workload.identity/client-id",
    .identity_field = SERVICE_AZURE_CLIENT_ID,
    .check_identity = name_check_uuid,
    .pod_label = "azure.workload.identity/use",
};
