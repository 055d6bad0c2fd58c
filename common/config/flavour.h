/* Flavours of traffic: how traffic from outside the cluster reaches a service. The environment file
 * selects one (environment.h). manifest/traffic.h describes what each flavour supports and which
 * objects it needs. The flavours are in flavours.def. */
#ifndef OPTASVC_FLAVOUR_H
#define OPTASVC_FLAVOUR_H

#include "base/str.h"

enum flavour_id {
#define FLAVOUR(id, name, group, keyword) FLAVOUR_##id,
#include "config/flavours.def"
    FLAVOUR_COUNT,
};

/* The keywords of `ingress_controller` and of `gateway.type`; each terminated by NULL. */
extern const char *const ingress_flavour_keywords[];
extern const char *const gateway_flavour_keywords[];

/* Returns the flavour of a keyword; the first flavour for any other string, which the schema has
 * reported. */
enum flavour_id flavour_of_keyword(struct str keyword);

/* Returns the keyword of a flavour. */
const char *flavour_keyword(enum flavour_id flavour);

/* Returns the most likely flavour of an ingress class, by its name. */
enum flavour_id flavour_of_class(struct str class);

/* Returns the flavour of a controller, by `spec.controller` of its IngressClass. */
enum flavour_id flavour_of_controller(struct str id);

#endif
