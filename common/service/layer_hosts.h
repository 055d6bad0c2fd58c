/* Which services of a layer have which hosts. */
#ifndef OPTASVC_LAYER_HOSTS_H
#define OPTASVC_LAYER_HOSTS_H

#include "service/service.h"

/* True if a host of another service of the layer matches some of the same requests, at the same
 * entry point. A Gateway accepts either HTTPRoutes or GRPCRoutes for a host. */
bool layer_shares_host(const struct service *service, struct str host);

/* Returns the name of the first service of the layer with exactly this host. */
struct str layer_host_owner(const struct service *service, struct str host);

/* Returns another host of the layer, at the same entry point, whose certificate has a name in
 * common with that of `host`, such as *.example.com for a.example.com; empty if there is none. */
struct str layer_overlapping_host(const struct service *service, struct str host);

/* Returns how many hosts the layer has at the entry point of the service. */
size_t layer_host_count(const struct service *service);

#endif
