/* The revisions of a workload: the pod templates that Kubernetes records, in ReplicaSets for a
 * Deployment and in ControllerRevisions for a StatefulSet. Only so many are retained
 * (revisionHistoryLimit). A revision whose pod template is used again gets a new number, and
 * retains its time of creation. */
#ifndef OPTASVC_REVISION_H
#define OPTASVC_REVISION_H

#include "cluster/cluster.h"

struct revision {
    int64_t number;
    const struct node *object;
    const struct node *recorded; /* its pod template */
    struct node *template;       /* pod_template_clean() of it */
};

/* In the order of their numbers. */
struct revisions {
    struct revision *items;
    size_t count;
};

/* Returns the revisions of a live workload among the objects of a list. Objects of other workloads
 * can have the same labels. */
struct revisions revisions_find(struct arena *arena, const struct node *objects,
                                const struct node *workload);

/* Queries the revisions of a live workload. Reports errors, and then returns none. */
struct revisions revisions_query(const struct kubectl *kubectl,
                                 const struct deployed_service *deployed,
                                 const struct node *workload);

/* Each returns NULL if there is no such revision. */

/* The revision of the workload's pod template. The controller must have observed the workload. */
const struct revision *revisions_current(const struct revisions *revisions,
                                         const struct node *workload);

const struct revision *revisions_get(const struct revisions *revisions, int64_t number);

/* The newest one that is older than `than`. */
const struct revision *revisions_before(const struct revisions *revisions,
                                        const struct revision *than);

/* The newest one that is older than `than` and has another pod template, apart from restarts. */
const struct revision *revisions_before_change(const struct revisions *revisions,
                                               const struct revision *than);

/* Returns what distinguishes a revision from the one before it: its change cause, else the names of
 * the fields that changed; "restart" if nothing else did; empty for the oldest one. */
struct str revision_change(struct arena *arena, const struct revisions *revisions,
                           const struct revision *revision);

/* Returns the image of the first container. */
struct str revision_image(const struct revision *revision);

#endif
