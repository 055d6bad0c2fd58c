#include "cloud/providers.h"

static const struct provider provider_none = {
    .cloud = CLOUD_NONE,
    .title = "no cloud",
    .registry_hint =
        "set registry in the environment file, or pass --registry, or add a provider to "
        "the environment, for example: providers: {aws: {region: us-east-1, "
        "account_id: 123456789012}}",
};

const struct provider *const providers[CLOUD_COUNT] = {
    [CLOUD_NONE] = &provider_none,     [CLOUD_AWS] = &provider_aws,
    [CLOUD_GOOGLE] = &provider_google, [CLOUD_AZURE] = &provider_azure,
    [CLOUD_LOCAL] = &provider_local,
};
