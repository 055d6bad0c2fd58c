/* The services of some files, and what a cluster holds of them. */
#ifndef OPTASVC_CLUSTER_H
#define OPTASVC_CLUSTER_H

#include "base/map.h"
#include "cluster/kind.h"
#include "cluster/kubectl.h"
#include "cluster/object.h"
#include "manifest/render.h"

enum namespace_state {
    NAMESPACE_UNKNOWN, /* it may not be read: it is taken to be there */
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
    struct map modules;      /* "LAYER/MODULE" of each service */
    struct map layers;       /* the names of all layers */
    struct map environments; /* "LAYER/ENVIRONMENT" of each layer */
    struct str selector;     /* of what carries the label of one of the layers */
    enum namespace_state state;
    struct node *object; /* the Namespace; NULL: absent or unknown */
    struct node *live;   /* the first of the objects that carry the label of one of the layers, in
                            the order in which they are deleted */
    struct map titles;   /* by object_title(): live objects (live.h) */
    struct map uids;     /* the same by uid */
    struct map secrets;  /* "SECRET" of each that is there, and "SECRET/KEY" of each key */
    struct map missing_kinds; /* kinds (their names) that the server does not have */
    bool needs_secrets;       /* pods need at least one */
    bool secrets_forbidden;   /* they may not be read */
    struct str *manual_keys;  /* of the Secret manual-secrets, by name */
    size_t manual_key_count;
    struct map hidden;  /* what is rendered and may not be read: `deployments.apps "web"` */
    struct map missing; /* Secrets that were reported as not there */
    struct map needed;  /* the keys that pods need of each Secret (preflight.c) */
};

/* A service and its namespace. */
struct deployed_service {
    const struct service *service;
    struct node **objects;
    size_t count;
    struct cluster_namespace *namespace;
    struct node **related; /* the live objects that carry its labels, or whose controllers do */
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
};

/* Renders the files and begins to watch for signals. False, after telling why, when anything is
 * wrong with them. `quiet`: warnings are for those who apply, not for this command; only skipped
 * files are reported. The caller closes it in any case. */
bool cluster_open(struct cluster *cluster, const struct options *options, bool color, bool quiet);
void cluster_close(struct cluster *cluster);

enum query {
    QUERY_NAMESPACES = 1,
    QUERY_SECRETS = 2,
    QUERY_LENIENT = 4, /* what may not be listed is a warning: it may still be applied */
};

/* Asks for the objects of the kinds of this list, and for what `query` adds; reports what fails.
 * The answers live in kubectl.arena, which is the cluster's unless set to another. */
bool cluster_query(struct cluster *cluster, enum kind_list list, unsigned query);

/* Asks by name for what is rendered and was not among them: others may have made it, or it may be
 * read but not listed. What is rendered of kinds that the server does not have is an error. */
bool cluster_query_missing(struct cluster *cluster);

/* Writes what was reported since the last time to stderr; true when no error was among it. */
bool cluster_report(struct cluster *cluster);

/* Writes a line to stderr at once. */
void cluster_print(const struct cluster *cluster, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The workload among the objects; NULL for AUTO without a tag or digest. */
struct node *deployed_service_workload(const struct deployed_service *deployed);

/* The selector of the service's workload, as kubectl takes it. Pods of other environments and of
 * Helm releases can carry these labels too: who changes or deletes what it finds checks its
 * controller. */
const char *deployed_service_selector(struct arena *arena, const struct deployed_service *deployed);

/* The same, and the labels that tell our services apart: pods that may be shown. */
const char *deployed_service_pod_selector(struct arena *arena,
                                          const struct deployed_service *deployed);

#endif
