/* Finds workloads of a chart by name, end of the name or label. The answers come from indexes,
 * because a chart may have thousands of workloads, and a service file thousands of services. */
#ifndef OPTASVC_WORKLOAD_QUERY_H
#define OPTASVC_WORKLOAD_QUERY_H

#include "chart/release.h"

/* What the workload must match. Empty members match anything. */
struct workload_query {
    struct str namespace;
    struct str kind; /* in lower case */
    struct str name;
};

/* Which name must match: that of the object; its end, after a dash; the label
 * app.kubernetes.io/name; or none. */
enum match_step { STEP_NAME, STEP_SUFFIX, STEP_LABEL, STEP_ANY, STEP_COUNT };

/* Workloads are those of OBJECT_WORKLOAD, pods those of OBJECT_PODS. */
enum workload_set {
    SET_WORKLOADS, /* can be selected: not hooks, and not run by a Rollout, which is selected */
    SET_WORKLOAD_HOOKS,
    SET_PODS,
    SET_POD_HOOKS,
    SET_COUNT,
};

struct workload_entry {
    const struct object *object;
    struct workload_entry *next;
};

/* The objects of a set that match, in the order of the stream. */
struct workload_list {
    struct workload_list *self;
    struct workload_entry *first; /* NULL: none */
    struct workload_entry *last;
    size_t count;
    const struct object *without_namespace; /* the first without a namespace, or NULL */
    size_t without_namespace_count;
};

/* Parses [[NAMESPACE/]KIND/]NAME; NAME may be *-END. */
struct workload_query workload_query_parse(struct arena *arena, struct str requested);

/* Returns the objects that match. A Rollout also matches by the object that its workloadRef names.
 */
struct workload_list workload_find(struct release *release, enum workload_set set,
                                   enum match_step step, const struct workload_query *query);

/* Returns the label app.kubernetes.io/name; empty if absent. */
struct str workload_name_label(const struct object *object);

#endif
