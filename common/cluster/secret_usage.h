/* Which keys of the Secret `manual-secrets` the services use, and warnings about the other keys.
 *
 * A key counts as unused only where that is known: not with --module, which leaves out services of
 * the same files, and not if any object of the namespace refers to it. */
#ifndef OPTASVC_SECRET_USAGE_H
#define OPTASVC_SECRET_USAGE_H

#include "cluster/cluster.h"

/* What a namespace uses, for many questions. */
struct secret_usage {
    struct map listed; /* keys that a variable holds */
    bool all;          /* something uses every key, as a service with secrets: all does */
};

struct secret_usage secret_usage_of(struct cluster *cluster,
                                    const struct cluster_namespace *namespace);

/* Adds what charts, other layers and everything else that runs pods in the namespace use. False if
 * it cannot be read. */
bool secret_usage_add_others(struct cluster *cluster, const struct cluster_namespace *namespace,
                             struct secret_usage *usage);
bool secret_usage_has(const struct secret_usage *usage, struct str key);

/* Warns of those keys that nothing uses, with a suggestion. If the other objects of the namespace
 * cannot be read, nothing is reported, or, if `typed`, only the given files count: the user has
 * just named the keys. */
void secret_usage_report(struct cluster *cluster, const struct cluster_namespace *namespace,
                         const struct str *keys, size_t count, bool typed);

/* Warns of a variable that hides a key (service_hides_key()). */
void secret_usage_report_hidden(struct cluster *cluster, const struct variable *variable);

#endif
