/* The services of some files, and what a cluster holds of them. */
#ifndef OPTASVC_CLUSTER_H
#define OPTASVC_CLUSTER_H

#include "base/map.h"
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
    const struct layer *layer; /* of its first service */
    struct str layers;         /* the names of all, as a label selector lists them */
    enum namespace_state state;
    struct node *object; /* the Namespace; NULL: absent or unknown */
    struct node *live;   /* the first of the objects that carry the label of one of the layers, in
                            the order in which they are deleted */
    struct set secrets;  /* "SECRET" of each that is there, and "SECRET/KEY" of each key */
    struct set lacking;  /* kinds (their names) that the server does not have */
    bool needs_secrets;  /* pods need at least one */
    bool secrets_hidden; /* they may not be read */
    struct str *manual_keys; /* of the Secret manual-secrets, by name */
    size_t manual_key_count;
    struct str hidden;  /* the server's words when some of what is rendered may not be read */
    struct set missing; /* Secrets that were reported as not there */
};

/* A service and its namespace. */
struct deployed_service {
    const struct service *service;
    struct node **objects;
    size_t count;
    struct cluster_namespace *namespace;
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

/* Asks for the objects of these kinds, of all that a service has (kind.h) where they are NULL, and
 * for what `query` adds; reports what fails. The answers live in kubectl.arena, which is the
 * cluster's unless set to another. */
bool cluster_query(struct cluster *cluster, const char *kinds, unsigned query);

/* Asks by name for what is rendered and was not among them: others may have made it, or it may be
 * read but not listed. What is rendered of kinds that the server does not have is an error. */
bool cluster_query_missing(struct cluster *cluster);

/* Writes what was reported since the last time to stderr; true when no error was among it. */
bool cluster_tell(struct cluster *cluster);

/* Writes a line to stderr at once. */
void cluster_say(const struct cluster *cluster, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The live object that is the same as this one, whoever made it, or NULL. */
struct node *deployed_service_live(const struct deployed_service *deployed,
                                   const struct node *object);

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
