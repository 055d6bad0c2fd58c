/* What a namespace holds and is to hold, by name, by uid and by service: so that no question about
 * one object searches all of them. */
#ifndef OPTASVC_LIVE_H
#define OPTASVC_LIVE_H

#include "cluster/cluster.h"

/* Adds a service, which outlives it, to its namespace. */
void namespace_add_service(struct arena *arena, struct deployed_service *deployed);

/* The service whose layer and module the labels of an object name, of whatever environment, or
 * NULL. */
struct deployed_service *namespace_service(struct arena *arena,
                                           const struct cluster_namespace *namespace,
                                           const struct node *object);

/* True if one of the services is of this layer and environment. */
bool namespace_has_layer(struct arena *arena, const struct cluster_namespace *namespace,
                         struct str layer, struct str environment);

/* Indexes `live` anew after it has changed. The indexes last as long as the arena. */
void namespace_index(struct arena *arena, struct cluster_namespace *namespace);

/* The live object that is the same as this one, also one of another manager, or NULL. */
struct node *namespace_find(struct arena *arena, const struct cluster_namespace *namespace,
                            const struct node *object);

/* The live object with this uid, or NULL. */
const struct node *namespace_find_uid(const struct cluster_namespace *namespace, struct str uid);

#endif
