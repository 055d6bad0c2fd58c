/* Decides which objects of a cluster are ours.
 *
 * Owned (delete, prune, overwrite): it has our layer, environment and module labels, and MANAGER
 * has applied it server-side. Shown (status, logs, shell, restart): it has all three labels, or one
 * of its controllers has them. Without environment label it may belong to any environment: apply
 * may claim it, and no other command changes it unless the file has no environments. */
#ifndef OPTASVC_OWNERSHIP_H
#define OPTASVC_OWNERSHIP_H

#include "cluster/cluster.h"

#define LAYER_LABEL       "opta.dev/layer-name"
#define MODULE_LABEL      "opta.dev/module-name"
#define ENVIRONMENT_LABEL "opta.dev/environment-name"

enum { CONTROLLERS_MAX = 4 }; /* in a chain: Pod, Job or ReplicaSet, CronJob or Deployment */

enum label_match {
    LABELS_OTHER,     /* another layer, module or environment, or no labels of ours */
    LABELS_UNCLAIMED, /* our layer and module, but no environment label although the file has one */
    LABELS_OURS,
};

/* Compares the labels of an object with those of a service. */
enum label_match deployed_service_labels(const struct deployed_service *deployed,
                                         const struct node *object);

/* Compares them with the services of a namespace. */
enum label_match namespace_labels(struct arena *arena, const struct cluster_namespace *namespace,
                                  const struct node *object);

/* The same for the layer and environment only, whatever the module. */
enum label_match namespace_layer_labels(struct arena *arena,
                                        const struct cluster_namespace *namespace,
                                        const struct node *object);

bool deployed_service_owns(const struct deployed_service *deployed, const struct node *object);
bool deployed_service_shows(const struct deployed_service *deployed, const struct node *object);

/* Returns the live workload of a service, of either kind, whose labels match in this way; NULL if
 * there is none. */
struct node *deployed_service_live_workload(const struct deployed_service *deployed,
                                            enum label_match match);

/* True if the object was created by others and adopted with --adopt. It is never deleted. */
bool object_is_adopted(const struct node *object);

/* Tools that manage objects and revert changes to them. */
enum tool { TOOL_NONE, TOOL_ARGO_CD, TOOL_FLUX, TOOL_HELM };

/* Returns the tool whose tracking labels or annotations an object has, or Argo CD if it has its
 * field manager. The tool may no longer manage it. */
enum tool object_tool(const struct node *object);
const char *tool_name(enum tool tool);

/* True if the object has the label or annotation by which the tool finds its objects. */
bool object_is_tracked(const struct node *object, enum tool tool);

/* Returns who else manages an object, for messages: the tool, or the names of field managers. Empty
 * if nobody else does. */
struct str object_managers(struct arena *arena, const struct node *object);

/* Returns a shell command that removes Argo CD's field managers from an object; empty if it has
 * none. */
struct str object_forget_argo_cd(struct arena *arena, const struct node *object);

/* Releases an adopted object: removes our labels, annotation and field managers, and changes
 * nothing else. Reports an error and returns false if that fails. */
bool ownership_release(struct cluster *cluster, const struct node *object);

#endif
