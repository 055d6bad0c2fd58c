/* What traffic_ingress.c takes from the files traffic_CONTROLLER.c. */
#ifndef OPTASVC_TRAFFIC_INGRESS_H
#define OPTASVC_TRAFFIC_INGRESS_H

#include "manifest/manifest.h"

/* The settings of a service as annotations of ingress-nginx. `only_root`: `/` is the only path of
 * the host. */
void ingress_put_nginx_annotations(struct arena *arena, const struct service *service,
                                   bool only_root, struct node *annotations);

/* Adds `path` and `pathType`. */
void ingress_put_nginx_path(struct arena *arena, struct str prefix, bool only_root,
                            struct node *item);

#endif
