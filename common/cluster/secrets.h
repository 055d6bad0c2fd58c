/* Reads and changes the Secret `manual-secrets` of a namespace, for the commands of `secret`.
 *
 * Values are passed to kubectl only on its standard input, and read from its standard output; all
 * buffers with values are zeroed. Changes are merge patches of single keys, so that concurrent
 * changes are not lost. */
#ifndef OPTASVC_SECRETS_H
#define OPTASVC_SECRETS_H

#include "base/map.h"
#include "cluster/cluster.h"

/* A key and its value, as in the API. */
struct secret {
    struct str name;
    struct str encoded; /* base64; {NULL, 0} in a change deletes the key */
};

struct secrets {
    struct secret *items;
    size_t count;
    struct str version; /* metadata.resourceVersion; empty: the Secret does not exist */
    struct map names;   /* index of the items, created by secrets_index() */
};

/* Reads all keys and values into `arena`, which the caller wipes. Reports an error and returns
 * false if they cannot be read. */
bool secrets_read(struct cluster *cluster, const struct cluster_namespace *namespace,
                  struct arena *arena, struct secrets *ret);

/* Indexes the items by name; none may be added afterwards. secrets_read() does so too. */
void secrets_index(struct arena *arena, struct secrets *secrets);

/* Returns the item of a name; NULL if there is none. */
const struct secret *secrets_find(const struct secrets *secrets, struct str name);

/* Decodes the value into `arena`. Reports an error and returns false if it is not base64. */
bool secret_decode(struct cluster *cluster, struct arena *arena, const struct secret *secret,
                   struct str *ret);

enum secrets_patched { SECRETS_FAILED, SECRETS_CHANGED, SECRETS_OVERTAKEN };

/* Changes keys, and creates the Secret and namespace if they do not exist. `version`: the version
 * that was read; with `only_it`, returns SECRETS_OVERTAKEN if the Secret has another one now.
 * Reports failures, also if the server returns no new version. */
enum secrets_patched secrets_patch(struct cluster *cluster,
                                   const struct cluster_namespace *namespace, struct arena *arena,
                                   const struct secrets *changes, struct str version, bool only_it);

/* Restarts the pods of the deployed services that use one of the keys. */
void secrets_restart(struct cluster *cluster, const struct secrets *changes);

#endif
