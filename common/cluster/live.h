/* Indexes of a namespace's live objects and services by name, uid and labels. */
#ifndef OPTASVC_LIVE_H
#define OPTASVC_LIVE_H

#include "cluster/cluster.h"

/* Adds a service to its namespace. The service must outlive the namespace. */
void namespace_add_service(struct arena *arena, struct deployed_service *deployed);

/* Returns the service of an object's layer and module labels, whatever its environment; NULL if
 * there is none. */
struct deployed_service *namespace_service(struct arena *arena,
                                           const struct cluster_namespace *namespace,
                                           const struct node *object);

/* True if one of the services belongs to this layer and environment. */
bool namespace_has_layer(struct arena *arena, const struct cluster_namespace *namespace,
                         struct str layer, struct str environment);

/* Sorts the live objects in the order in which they are deleted. */
void namespace_sort(struct arena *arena, struct cluster_namespace *namespace);

/* Rebuilds the indexes after `live` has changed. They are allocated in the arena. */
void namespace_index(struct arena *arena, struct cluster_namespace *namespace);

/* Returns the live object of the same kind and name, of any manager; NULL if there is none. */
struct node *namespace_find(struct arena *arena, const struct cluster_namespace *namespace,
                            const struct node *object);

/* Returns the live object with this uid; NULL if there is none. */
const struct node *namespace_find_uid(const struct cluster_namespace *namespace, struct str uid);

#endif
