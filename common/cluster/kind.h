/* The kinds of objects that a service has in a cluster, and all properties of a kind that the code
 * depends on. To add a kind, add a row to the table in kind.c. */
#ifndef OPTASVC_KIND_H
#define OPTASVC_KIND_H

#include "yaml/node.h"

/* The role of a kind in a service. */
enum kind_role {
    ROLE_OTHER,
    ROLE_WORKLOAD,   /* runs the pods: apply waits for its rollout */
    ROLE_AUTOSCALER, /* changes the number of pods: it is deleted first, or it would revert what is
                        applied */
    ROLE_CRON_JOB,   /* starts Jobs: it is suspended before it is deleted */
    ROLE_SERVICE,    /* owns the Endpoints of its name, which have no owner reference */
    ROLE_INGRESS,    /* spec.rules have its hosts */
    ROLE_ROUTE,      /* of the Gateway API: spec.hostnames are its hosts */
    ROLE_FILES,      /* an older version is deleted when no pod template refers to it */
    ROLE_JOB,        /* that of pre_deploy runs before the workload is applied */
    ROLE_POD,
};

/* Lists of kinds that commands query together. Kinds that kind_is_listed_separately() returns are
 * queried separately. */
enum kind_list {
    LIST_RENDERED = 0,       /* apply, diff, delete: all kinds that a service can have */
    LIST_WORKLOADS = 1,      /* secret, restart: the workloads whose pods they restart */
    LIST_STATUS = 2,         /* status */
    LIST_OUTPUTS = 4,        /* outputs */
    LIST_PODS = 8,           /* shell, logs */
    LIST_POD_OWNERS = 16,    /* shell: pods and the chain of their controllers */
    LIST_SECRET_USERS = 32,  /* secret, apply: kinds that may refer to a Secret */
    LIST_CRON_JOBS = 64,     /* apply: CronJobs and their Jobs */
    LIST_CLAIM_OWNERS = 128, /* delete: kinds that create claims */
    LIST_CLAIMS = 256,       /* apply, delete: claims */
    LIST_FILE_USERS = 512,   /* apply: kinds whose pods may mount files */
    LIST_REVISIONS = 1024,   /* history: workloads and the records of their pod templates */
};

/* Which events of a kind explain why the pods of a service are not ready. */
enum kind_events {
    EVENTS_NONE,      /* for example an autoscaler that has no metrics yet */
    EVENTS_OF_NAME,   /* of objects named SERVICE or SERVICE-... */
    EVENTS_OF_PODS,   /* of the pods that are shown */
    EVENTS_OF_CLAIMS, /* of objects with "-SERVICE-" in their name */
};

/* In which way a status says whether an object that carries traffic is accepted (acceptance.h).
 * Each of these kinds can be refused because one of an earlier kind is not accepted yet. */
enum kind_acceptance {
    ACCEPTANCE_NONE,
    ACCEPTANCE_CERTIFICATE,
    ACCEPTANCE_LISTENER_SET,
    ACCEPTANCE_ROUTE, /* for each of its parents */
    ACCEPTANCE_POLICY,
};

struct kind {
    const char *name;     /* kind of an object */
    const char *resource; /* resource name for kubectl get, with its API group */
    bool not_rendered;    /* no service has it: it is only queried */
    enum kind_role role;
    unsigned lists;       /* bits of enum kind_list, other than LIST_RENDERED */
    size_t delete_order;  /* kinds that send traffic or create pods are deleted before the pods, and
                             kinds that pods require after them */
    bool active;          /* a stale object would still act (scale, evict, start Jobs, run pods,
                             block connections): apply deletes it */
    const char *retained; /* why a stale object is never deleted; NULL: --prune deletes it */
    bool stateful;        /* of workloads: pods are replaced one by one, the status names the
                             revisions, and it has claims */
    const char *revisions; /* of workloads: the resource that records earlier pod templates */
    enum kind_events events;
    bool optional; /* a server has it only if its CustomResourceDefinition is installed */
    bool separate; /* listed separately by apply, delete and status, because few services have it:
                      permission to list it is required only for them */
    const char *component; /* only objects with this label app.kubernetes.io/component belong to a
                              service; NULL: all */
    bool required;         /* the pods require it: it is applied before the Job of pre_deploy */
    const char
        *condition; /* status condition that must be true before pods can start; NULL: none */
    const char *failure_condition;   /* if true, `condition` cannot become true without a change */
    enum kind_acceptance acceptance; /* apply waits until it is accepted */
    const char *transfer; /* of autoscalers: annotation with which the server accepts it beside the
                             HorizontalPodAutoscaler that it replaces; NULL: not needed */
    const char *controller;  /* the product that provides the kind */
    const char *alternative; /* hint: how to avoid the kind; NULL: not possible */
    const char *existing;    /* hint: how to use an existing object; NULL: not possible */
};

/* In the order in which they are applied; kinds that are not rendered come last. Namespaces are
 * not in the table, and Secrets are not rendered: both are retained. */
extern const struct kind kind_table[];
extern const size_t kind_count;

/* Returns the row of an object's kind, or of a kind's name; NULL if unknown. */
const struct kind *kind_of(const struct node *object);
const struct kind *kind_find(struct str name);

/* True if a service can have objects of this kind. */
bool kind_is_rendered(const struct node *object);

/* True if the object's kind has this role. */
bool kind_is(const struct node *object, enum kind_role role);

/* True if the object is a workload whose row is `stateful`. */
bool kind_is_stateful(const struct node *object);

/* Returns "Deployments" for "deployments.apps"; an unknown resource unchanged. */
struct str kind_plural(struct arena *arena, struct str resource);

/* True if the object has the `component` of its kind. */
bool kind_has_component(const struct node *object);

/* True if a query of the list requests the kind separately. */
bool kind_is_listed_separately(const struct kind *kind, enum kind_list list);

/* True if the list contains the kind, which may be listed separately. */
bool kind_is_in_list(const struct kind *kind, enum kind_list list);

/* Returns the resources of a list without kinds that are listed separately, comma-separated. */
const char *kind_list(struct arena *arena, enum kind_list list);

#endif
