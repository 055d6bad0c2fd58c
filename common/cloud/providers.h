/* All providers. To add one: its file provider_NAME.c, its row in providers.c, its value in `enum
 * cloud` (config/provider.h), and the fields of `providers` in fields.def. */
#ifndef OPTASVC_PROVIDERS_H
#define OPTASVC_PROVIDERS_H

#include "config/provider.h"

extern const struct provider provider_aws;
extern const struct provider provider_google;
extern const struct provider provider_azure;
extern const struct provider provider_local;

/* Indexed by `enum cloud`; CLOUD_NONE is for an environment without a provider. */
extern const struct provider *const providers[CLOUD_COUNT];

#endif
