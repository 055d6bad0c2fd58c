/* Restarts the pods of live workloads, as `kubectl rollout restart` does: it annotates the pod
 * template as its own field manager, so that applying the files neither reverts the restart nor
 * repeats it. */
#ifndef OPTASVC_RESTART_H
#define OPTASVC_RESTART_H

#include "cluster/kubectl.h"

/* The annotation of the pod template with the time of the last restart. */
#define RESTARTED_ANNOTATION "kubectl.kubernetes.io/restartedAt"

/* Restarts the pods of a live workload. Reports an error and returns false if that fails. */
bool restart_workload(const struct kubectl *kubectl, const struct node *live);

#endif
