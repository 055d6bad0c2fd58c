/* Warnings about choices that are valid, but often a mistake. Each has a rule, so that users can
 * allow it (config/allow.h). */
#ifndef OPTASVC_SERVICE_RULES_H
#define OPTASVC_SERVICE_RULES_H

#include "service/service.h"

/* Checks a service that is valid. */
void service_check_rules(const struct service *service);

/* Checks the variables and modules of a layer that is valid. */
void layer_check_rules(const struct layer *layer);

/* Parts of service_check_rules(): credentials, and forms that only Opta needed. */
void service_check_credentials(const struct service *service);
void service_check_opta_forms(const struct service *service);

#endif
