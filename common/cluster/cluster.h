/* The services of the given files, and their live objects. */
#ifndef OPTASVC_CLUSTER_H
#define OPTASVC_CLUSTER_H

#include "base/map.h"
#include "cluster/kind.h"
#include "cluster/kubectl.h"
#include "cluster/object.h"
#include "manifest/render.h"

enum namespace_state {
    NAMESPACE_UNKNOWN, /* it cannot be read: assumed to exist */
    NAMESPACE_ABSENT,
    NAMESPACE_PRESENT,
    NAMESPACE_ENDING, /* it is being deleted */
};

/* A namespace that services are deployed to. */
struct cluster_namespace {
    struct str name;
    const struct layer *layer;          /* of its first service */
    struct deployed_service **services; /* in the order of the files */
    size_t service_count;
    struct map modules;      /* the services by "LAYER/MODULE" */
    struct map layers;       /* the layers by name */
    struct map environments; /* the layers by "LAYER/ENVIRONMENT" */
    struct str selector;     /* flag that selects objects with the label of one of the layers */
    enum namespace_state state;
    struct node *object; /* the Namespace; NULL: absent or unknown */
    struct node *live;   /* first of the objects with the label of one of the layers, in the order
                            in which they are deleted */
    struct map titles;   /* live objects by object_title() (live.h) */
    struct map uids;     /* live objects by uid */
    struct map secrets; /* "SECRET" of each existing Secret, and "SECRET/KEY" of each of its keys */
    bool needs_secrets; /* pods require at least one Secret */
    bool secrets_forbidden;  /* Secrets cannot be read: forbidden */
    struct str *manual_keys; /* keys of the Secret manual-secrets, sorted */
    size_t manual_key_count;
    struct map forbidden; /* rendered objects that cannot be read: `deployments.apps "web"` */
    struct map reported_missing; /* missing Secrets that were reported */
    struct map required_keys;    /* the required keys of each Secret (preflight.c) */
};

/* A service and its namespace. */
struct deployed_service {
    const struct service *service;
    struct node **objects; /* rendered */
    size_t count;
    struct node *job; /* of pre_deploy, rendered; not among the objects. NULL if there is none */
    struct cluster_namespace *namespace;
    struct node **related; /* live objects with its labels, or whose controllers have them */
    size_t related_count;
};

struct cluster {
    struct arena arena;
    struct diags diags;
    struct kubectl kubectl;
    const struct options *options;
    bool color;
    struct deployed_service *services;
    size_t service_count;
    struct cluster_namespace *namespaces;
    size_t namespace_count;
    struct map namespace_names; /* the namespaces by name */
    struct map resources;       /* that the server has, such as "deployments.apps", while a query
                                   runs; empty: not known */
    struct map missing_kinds;   /* names of kinds that the server does not have */
    struct str selector;        /* flag that selects objects with the label of one of the layers */
    struct str namespace_selector; /* flag that selects the namespaces, by the label that the server
                                      gives them */
    bool lists_forbidden;          /* a list was not complete */
    bool lists_all; /* the last query listed the objects of all namespaces together */
};

/* Renders the files and begins to handle signals. Reports errors and returns false if the files
 * have any. `quiet`: reports skipped files but no other warnings. The caller always closes it. */
bool cluster_open(struct cluster *cluster, const struct options *options, bool color, bool quiet);
void cluster_close(struct cluster *cluster);

/* Begins without files: cluster_query_labels() finds the services. Reports errors and returns false
 * if any. */
bool cluster_open_without_files(struct cluster *cluster, const struct options *options, bool color);

/* Lists the workloads with the labels of apply and of --selector, in all namespaces with -A, else
 * in that of --namespace or of the context; and the kinds of LIST_STATUS that belong to them. Sets
 * the services, of which only names are known. Reports errors and returns false if any. */
bool cluster_query_labels(struct cluster *cluster);

/* Returns the namespace of a layer, which is added if it is new. */
struct cluster_namespace *cluster_namespace_of(struct cluster *cluster, const struct layer *layer);

enum query {
    QUERY_NAMESPACES = 1,
    QUERY_SECRETS = 2,
    QUERY_LENIENT = 4, /* a forbidden list is a warning: the objects may still be applied */
};

/* Queries the objects of the kinds of a list, and what `query` adds. Reports errors and returns
 * false if any. Results are allocated in kubectl.arena, which is the cluster's unless set to
 * another. */
bool cluster_query(struct cluster *cluster, enum kind_list list, unsigned query);

/* Returns a process that lists the objects of some kinds with the label of one of the layers, in
 * all namespaces together. */
struct process cluster_list_run(const struct cluster *cluster, const struct kubectl *kubectl,
                                const char *resources);

/* Lists these objects, by object_key(). False, reporting nothing, if that fails, and if the last
 * query did not list all namespaces together. */
bool cluster_list_all(const struct cluster *cluster, const struct kubectl *kubectl,
                      const char *resources, struct map *ret_items);

/* Returns the namespace with this name that services are deployed to, or NULL. */
struct cluster_namespace *cluster_namespace_find(const struct cluster *cluster, struct str name);

/* Reports rendered objects of kinds that the server does not have, and returns false if any. */
bool cluster_check_kinds(struct cluster *cluster);

/* True if the last query did not return all rendered objects. */
bool cluster_has_missing(struct cluster *cluster);

/* Gets by name the rendered objects that the list did not return (created by others, or readable
 * but not listable). Reports errors and returns false if any. */
bool cluster_query_missing(struct cluster *cluster);

/* Prints the errors and warnings since the last call to stderr. True if there was no error. */
bool cluster_report(struct cluster *cluster);

/* Prints a line to stderr. */
void cluster_print(const struct cluster *cluster, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Returns the rendered workload; NULL for image: AUTO without a tag or digest. */
struct node *deployed_service_workload(const struct deployed_service *deployed);

/* Returns the --selector flag for the pods of the service's workload. Pods of other environments
 * and of Helm releases can have these labels too: before changing or deleting one, check its
 * controller. */
const char *deployed_service_selector(struct arena *arena, const struct deployed_service *deployed);

/* The same with the labels that identify the layer, module and environment: for pods that are only
 * shown. */
const char *deployed_service_pod_selector(struct arena *arena,
                                          const struct deployed_service *deployed);

/* The same for the pods of pre_deploy. */
const char *deployed_service_job_selector(struct arena *arena,
                                          const struct deployed_service *deployed);

#endif
