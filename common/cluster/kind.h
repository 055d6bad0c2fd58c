/* The kinds of objects that a service has in a cluster, and every question that is asked about a
 * kind. A new kind is a new row of the table in kind.c. */
#ifndef OPTASVC_KIND_H
#define OPTASVC_KIND_H

#include "yaml/node.h"

/* The part of a service that a kind plays. */
enum kind_role {
    ROLE_OTHER,
    ROLE_WORKLOAD,   /* runs the pods: apply waits for its rollout */
    ROLE_AUTOSCALER, /* changes the number of pods: it is removed first, or it would undo what is
                        applied */
    ROLE_CRON_JOB,   /* starts Jobs, and is suspended before it is deleted */
    ROLE_SERVICE,    /* Endpoints of its name belong to it without an owner */
    ROLE_INGRESS,    /* spec.rules have its hosts */
    ROLE_JOB,
    ROLE_POD,
};

/* Lists of kinds that commands get together. */
enum kind_list {
    LIST_RENDERED = 0,       /* apply, diff, delete: all that a service can have. Kinds with a
                                `condition`, which a server may not have, are got one by one. */
    LIST_WORKLOADS = 1,      /* secret: what it restarts */
    LIST_STATUS = 2,         /* status */
    LIST_OUTPUTS = 4,        /* outputs */
    LIST_PODS = 8,           /* shell */
    LIST_POD_OWNERS = 16,    /* shell: pods and the chain of their controllers */
    LIST_SECRET_USERS = 32,  /* secret, apply: what may refer to a Secret */
    LIST_CRON_JOBS = 64,     /* apply: CronJobs and the Jobs that they have started */
    LIST_CLAIM_OWNERS = 128, /* delete: what creates claims */
    LIST_CLAIMS = 256,       /* apply, delete: claims */
};

/* Which events of a kind explain why the pods of a service are not ready. */
enum kind_events {
    EVENTS_OF_NAME,   /* of objects that are named as the service, or begin with its name and "-" */
    EVENTS_OF_PODS,   /* of the pods that are shown */
    EVENTS_OF_CLAIMS, /* of objects with "-NAME-" in their name */
    EVENTS_NONE,
};

struct kind {
    const char *name;     /* as an object calls it */
    const char *resource; /* as kubectl get calls it, with its API group */
    bool not_rendered;    /* no service has it: it is only listed, for one of the questions below */
    enum kind_role role;
    unsigned lists;       /* of enum kind_list, other than LIST_RENDERED */
    size_t delete_order;  /* what sends traffic or creates pods is deleted before the pods, and what
                             pods need after them */
    bool active;          /* left in place it would still act (scale, evict, start Jobs, run pods):
                             apply deletes it when it is no longer rendered */
    const char *retained; /* the reason why it is never deleted when it is no longer rendered;
                             NULL: --prune deletes it */
    bool stateful;        /* of workloads: pods are replaced one by one, the status names the
                             revisions, and claims belong to it */
    const char *revisions; /* of workloads: the resource that records earlier pod templates */
    enum kind_events events;
    const char *condition; /* of its status, which pods wait for; NULL: they do not. Such a kind
                              exists only where its controller is installed. */
    const char *failure_condition; /* says that `condition` will not be met as things are */
    const char *controller;        /* what brings the kind, as a person would look for it */
    const char *alternative;       /* how to do without the kind; NULL: not at all */
    const char *existing;          /* how to use an object of others instead; NULL: not at all */
};

/* In the order in which they are applied; kinds that are not rendered come last. Namespaces are
 * not among them, and no Secret is rendered: they are retained. */
extern const struct kind kind_table[];
extern const size_t kind_count;

/* The row of an object's kind, or of a kind's name; NULL for an unknown one. */
const struct kind *kind_of(const struct node *object);
const struct kind *kind_find(struct str name);

/* True if a service can have objects of this kind. */
bool kind_is_rendered(const struct node *object);

/* True if the object's kind has this role. */
bool kind_is(const struct node *object, enum kind_role role);

/* True if the object is a workload whose row is `stateful`. */
bool kind_is_stateful(const struct node *object);

/* "Deployments" of "deployments.apps"; a resource that is not in the table as it is. */
struct str kind_plural(struct arena *arena, struct str resource);

/* The resources of a list, as `kubectl get` takes them; of LIST_RENDERED those without a condition.
 */
const char *kind_list(struct arena *arena, enum kind_list list);

#endif
