/* The cause of a rollout that makes no progress, and the fields of the service file that change it.
 * It is found in objects as `kubectl get -o json` prints them. */
#ifndef OPTASVC_ROLLOUT_CAUSE_H
#define OPTASVC_ROLLOUT_CAUSE_H

#include "base/str.h"
#include "yaml/node.h"

struct cause {
    struct str what;        /* what is wrong; empty: unknown */
    struct str fix;         /* what to do, with names of fields */
    struct str event;       /* message of the event that `what` contains; empty if none */
    const char *reason;     /* of other events that say the same; NULL: none */
    const struct node *pod; /* whose log may explain it; NULL: none */
};

/* What is known about a rollout. */
struct rollout_state_lists {
    const struct node *pods;     /* list of the service's pods, ready or not */
    const struct node *events;   /* list of warnings in the namespace */
    const struct node *workload; /* NULL: not found */
    struct str container;        /* name of the container of the service itself */
};

/* A revision of a pod template: the label of its pods. */
struct pod_revision {
    const char *label; /* NULL: no pod has the revision */
    struct str value;
};

/* Returns the newest revision of a workload's pod template. */
struct pod_revision rollout_newest_revision(const struct rollout_state_lists *lists);

/* True if a pod was created from this revision. */
bool pod_has_revision(const struct node *pod, const struct pod_revision *revision);

/* Returns the cause that explains most: a container that cannot start, else one that is not ready,
 * else a pod that is not scheduled, else pods that are not created. Pods of earlier revisions are
 * considered only if nothing else explains it. */
struct cause rollout_find_cause(struct arena *arena, const struct rollout_state_lists *lists);

/* Returns the first container of a pod that is not ready and that others wait for: init containers
 * and sidecars first. NULL if all are ready or none has a status. */
const struct node *pod_blocking_container(const struct node *pod);

/* True if a pod is neither ready nor being deleted. */
bool pod_is_unready(const struct node *pod);

/* Returns why a pod is unschedulable; empty if it is not. */
struct str pod_unschedulable_message(const struct node *pod);

/* Returns when an event occurred last. */
struct str event_time(const struct node *event);

#endif
