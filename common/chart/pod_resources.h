/* Resources of a pod: its own `spec.resources` (KEP-2837), and the sum of what its containers
 * request. */
#ifndef OPTASVC_POD_RESOURCES_H
#define OPTASVC_POD_RESOURCES_H

#include "yaml/node.h"

/* Returns a quantity in `resources` of a container or pod, or NULL. `list`: "requests" or "limits".
 */
const struct node *resource_at(const struct node *parent, const char *list, const char *resource);

/* The request and limit of a resource, such as "cpu", in `spec.resources` of a pod; NULL: not set.
 */
struct pod_resources {
    const struct node *request;
    const struct node *limit;
};
struct pod_resources pod_resources_of(const struct node *pod, const char *resource);

/* True if `spec.resources` has a request or limit of a resource. Its request is then set:
 * Kubernetes derives it from the requests of the containers, or else from that limit. */
bool pod_resources_has(const struct node *pod, const char *resource);

/* Returns what a container requests of a resource: its request, else its limit, which is
 * Kubernetes' default for the request. NULL if it has neither. */
const struct node *container_request(const struct node *container, const char *resource);

/* Returns what the containers of a pod request together of a resource, in thousandths of cores or
 * bytes; at most INT64_MAX. Init containers run one after the other, sidecars run together with all
 * containers after them (KEP-753, component-helpers' AggregateContainerRequests). An invalid
 * quantity counts as 0. */
int64_t pod_requested(const struct node *pod, const char *resource);

#endif
