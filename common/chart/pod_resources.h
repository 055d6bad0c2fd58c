/* Resources of a pod as a whole: its own `spec.resources` (KEP-2837), and what its containers
 * request together. */
#ifndef OPTASVC_POD_RESOURCES_H
#define OPTASVC_POD_RESOURCES_H

#include "yaml/node.h"

/* What `spec.resources` of a pod has of a resource, such as "cpu". NULL: nothing. */
struct pod_resources {
    const struct node *request;
    const struct node *limit;
};
struct pod_resources pod_resources_of(struct arena *arena, const struct node *pod,
                                      const char *resource);

/* True if `spec.resources` has a request or limit of a resource. Its request is then set:
 * Kubernetes derives it from the requests of the containers, or else from that limit. */
bool pod_resources_has(struct arena *arena, const struct node *pod, const char *resource);

/* What a container requests of a resource: its request, else its limit, as Kubernetes defaults it.
 * NULL if it has neither. */
const struct node *container_request(struct arena *arena, const struct node *container,
                                     const char *resource);

/* The sum of what the containers of a pod request of a resource, in thousandths of cores or bytes;
 * INT64_MAX for more than that. Init containers run one after the other, sidecars beside all that
 * follow them (KEP-753, component-helpers' AggregateContainerRequests). What is not a quantity
 * counts as 0. */
int64_t pod_requested(struct arena *arena, const struct node *pod, const char *resource);

#endif
