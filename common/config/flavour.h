/* By what traffic from outside the cluster reaches a service: flavours, of which flavours.def has a
 * row each. The environment file decides it (environment.h). What a flavour supports and which
 * objects it needs is in manifest/traffic.h. */
#ifndef OPTASVC_FLAVOUR_H
#define OPTASVC_FLAVOUR_H

#include "base/str.h"

enum flavour_id {
#define FLAVOUR(id, name, group, keyword) FLAVOUR_##id,
#include "config/flavours.def"
};

/* The keywords of `ingress_controller` and of `gateway.type`; NULL follows the last. */
extern const char *const ingress_flavour_keywords[];
extern const char *const gateway_flavour_keywords[];

/* The flavour of a keyword; of any other text, which the schema reports, the first one. */
enum flavour_id flavour_of_keyword(struct str keyword);

/* Returns the keyword of a flavour. */
const char *flavour_keyword(enum flavour_id flavour);

/* The flavour that the controller of a class most likely has, by the class's name. */
enum flavour_id flavour_of_class(struct str class);

/* The flavour of the controller that `spec.controller` of an IngressClass names. */
enum flavour_id flavour_of_controller(struct str id);

#endif
