/* Finds which keys of the Secret `manual-secrets` the services use, and warns about unused keys.
 *
 * A key is unused only if that is certain: not with --module, which excludes services of the files,
 * and not if any object of the namespace refers to it. */
#ifndef OPTASVC_SECRET_USAGE_H
#define OPTASVC_SECRET_USAGE_H

#include "cluster/cluster.h"

/* A container or cron job of the given files that uses a key by name. */
struct secret_user {
    const struct variable *variable; /* with the key */
    const struct service *service;
    const struct container *container; /* NULL: the container of the service */
    const struct cron_job *cron_job;   /* or NULL */
};

/* The keys that a namespace uses. */
struct secret_usage {
    struct map listed; /* keys that are used by name */
    bool all;          /* all keys are used, for example by a service with secrets: all */
    /* In the order of the files. Containers and cron jobs that use a key only because they have the
     * variables of the service are not listed. */
    struct secret_user *users;
    size_t user_count;
};

struct secret_usage secret_usage_of(struct cluster *cluster,
                                    const struct cluster_namespace *namespace);

/* Returns the user for messages: "web", "sidecar proxy of web". */
struct str secret_user_format(struct arena *arena, const struct secret_user *user);

/* Adds the keys that a part of a live object refers to. A reference to the whole Secret, as a
 * volume, through envFrom, or in an unknown way, counts as all keys. */
void secret_usage_add_references(struct arena *arena, struct secret_usage *usage,
                                 const struct node *node);

/* Adds the keys that charts, other layers and all other workloads of the namespace use. False if
 * they cannot be read. */
bool secret_usage_add_others(struct cluster *cluster, const struct cluster_namespace *namespace,
                             struct secret_usage *usage);
bool secret_usage_has(const struct secret_usage *usage, struct str key);

/* Warns about unused keys, with a suggestion. If the other objects of the namespace cannot be read,
 * reports nothing; but if the user has just typed the keys (`typed`), checks the files only. */
void secret_usage_report(struct cluster *cluster, const struct cluster_namespace *namespace,
                         const struct str *keys, size_t count, bool typed);

/* Warns about a variable that hides a key (service_hides_key()). */
void secret_usage_report_hidden(struct cluster *cluster, const struct variable *variable);

#endif
