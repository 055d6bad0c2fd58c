/* Which objects of a cluster are ours: the one place that decides it.
 *
 * Owned (delete, prune, overwrite): the labels name our layer, environment and module, and
 * server-side apply as MANAGER created or changed the object.
 * Shown (status, logs, shell, restart): all three labels, or a chain of controllers that leads to
 * an object with them.
 * An object without environment label may belong to any environment: apply may claim it, and
 * nothing else touches it unless the file has no environments. */
#ifndef OPTASVC_OWNERSHIP_H
#define OPTASVC_OWNERSHIP_H

#include "cluster/cluster.h"

#define LAYER_LABEL       "opta.dev/layer-name"
#define MODULE_LABEL      "opta.dev/module-name"
#define ENVIRONMENT_LABEL "opta.dev/environment-name"

enum { CONTROLLERS_MAX = 4 }; /* in a chain: Pod, Job or ReplicaSet, CronJob or Deployment */

enum label_match {
    LABELS_OTHER,     /* of another layer, module or environment, or none of ours */
    LABELS_UNCLAIMED, /* ours, but without the environment that the file has */
    LABELS_OURS,
};

/* How an object's labels match a deployed service. */
enum label_match deployed_service_labels(const struct deployed_service *deployed,
                                         const struct node *object);

/* How they match the services of a namespace. */
enum label_match namespace_labels(struct arena *arena, const struct cluster_namespace *namespace,
                                  const struct node *object);

/* The same where the layer and environment of any of them is enough, whatever the module. */
enum label_match namespace_layer_labels(struct arena *arena,
                                        const struct cluster_namespace *namespace,
                                        const struct node *object);

bool deployed_service_owns(const struct deployed_service *deployed, const struct node *object);
bool deployed_service_shows(const struct deployed_service *deployed, const struct node *object);

/* The live workload of this service, of whichever kind, or NULL; `match` LABELS_OURS: one that is
 * shown. */
struct node *deployed_service_live_workload(const struct deployed_service *deployed,
                                            enum label_match match);

/* True if the object was created by others and taken over with --adopt. It is never deleted. */
bool object_is_adopted(const struct node *object);

/* Tools that keep objects as they want them. */
enum tool { TOOL_NONE, TOOL_ARGO_CD, TOOL_FLUX, TOOL_HELM };

/* The tool whose marks an object carries: tracking labels and annotations, or the field manager of
 * Argo CD. It may have been removed since. */
enum tool object_tool(const struct node *object);
const char *tool_name(enum tool tool);

/* True if the object carries the label or annotation with which the tool finds what it manages. */
bool object_is_tracked(const struct node *object, enum tool tool);

/* Who manages an object beside us, for messages: the tool, or the names of field managers. Empty if
 * we alone do. */
struct str object_managers(struct arena *arena, const struct node *object);

/* A shell command that removes Argo CD's field managers from an object; empty if it has none. */
struct str object_forget_argo_cd(struct arena *arena, const struct node *object);

/* Gives an adopted object back: removes our labels, annotations and field managers, and changes
 * nothing else. Reports an error and returns false if that fails. */
bool ownership_release(struct cluster *cluster, const struct node *object);

#endif
