/* The Secret `manual-secrets` of a namespace: what `secret set` and its relatives do.
 *
 * Values go to kubectl on its standard input alone, and come from it on its standard output; what
 * held one is overwritten. Changes are merge patches of single keys, so that two at once lose
 * nothing. */
#ifndef OPTASVC_SECRETS_H
#define OPTASVC_SECRETS_H

#include "base/map.h"
#include "cluster/cluster.h"

/* A key and its value; both as the API has them. */
struct secret {
    struct str name;
    struct str encoded; /* base64; {NULL, 0} in a change: the key is removed */
};

struct secrets {
    struct secret *items;
    size_t count;
    struct str version; /* metadata.resourceVersion; empty: the Secret is not there */
    struct map names;   /* of the items, made by secrets_index() */
};

/* Reads all keys and values into `arena`, which the caller wipes. Reports and returns false when
 * they may not be read. */
bool secrets_read(struct cluster *cluster, const struct cluster_namespace *namespace,
                  struct arena *arena, struct secrets *ret);

/* Makes the items found without a search; none may be added afterwards. Those that were read are.
 */
void secrets_index(struct arena *arena, struct secrets *secrets);

/* The item of a name, or NULL. */
const struct secret *secrets_find(const struct secrets *secrets, struct str name);

enum secrets_patched { SECRETS_FAILED, SECRETS_CHANGED, SECRETS_OVERTAKEN };

/* Changes those keys, and makes Secret and namespace if they are not there. `version` is the one
 * that was read; with `only_it` they are changed only if it is still that one, else
 * SECRETS_OVERTAKEN. Reports failures, also if the server has no new version afterwards. */
enum secrets_patched secrets_patch(struct cluster *cluster,
                                   const struct cluster_namespace *namespace, struct arena *arena,
                                   const struct secrets *changes, struct str version, bool only_it);

/* Restarts the pods of the services that run and use one of the keys. */
void secrets_restart(struct cluster *cluster, const struct secrets *changes);

#endif
