/* delete --with-namespace: whether a namespace may be deleted. */
#ifndef OPTASVC_DELETE_NAMESPACE_H
#define OPTASVC_DELETE_NAMESPACE_H

#include "cluster/cluster.h"
#include "manifest/manifest.h"

/* True if we created the namespace and it holds nothing but `deleted`, what Kubernetes itself puts
 * into every namespace, and what the controllers of `deleted` created. Otherwise reports an error
 * that lists what it found, and `consequence`. `known` collects the uids of what it holds: when it
 * is checked again after the deletion of objects, those and what they control still count as
 * deleted. */
bool namespace_check(struct cluster *cluster, const struct cluster_namespace *namespace,
                     const struct map *deleted, struct map *known, const char *consequence);

/* Objects that are to be deleted, for namespace_check(). */
struct map namespace_deleted(struct arena *arena, const struct manifests *objects);

#endif
