/* delete --delete-namespace: checks whether a namespace may be deleted. */
#ifndef OPTASVC_DELETE_NAMESPACE_H
#define OPTASVC_DELETE_NAMESPACE_H

#include "cluster/cluster.h"
#include "manifest/manifest.h"

/* True if apply created the namespace and it contains only `deleted`, objects that these control,
 * and objects that Kubernetes creates in every namespace. Otherwise reports an error with the
 * remaining objects and `consequence`. Adds the uids of all objects to `known_uids`: in a second
 * check, after the deletion of objects, these and the objects that they control count as deleted.
 */
bool namespace_check_deletable(struct cluster *cluster, const struct cluster_namespace *namespace,
                               const struct map *deleted, struct map *known_uids,
                               const char *consequence);

/* Indexes the objects to delete for namespace_check_deletable(). */
struct map namespace_index_deleted(struct arena *arena, const struct manifests *objects);

#endif
