/* Questions to the person at the terminal. */
#ifndef OPTASVC_PROMPT_H
#define OPTASVC_PROMPT_H

#include "cluster/cluster.h"
#include "manifest/manifest.h"

/* Where a command acts, as every prompt shows it:
 * `context "prod", cluster "eu" (https://10.0.0.1), namespace "shop"`. */
struct str prompt_where(struct cluster *cluster);

/* Lists objects on stderr, a line each. */
void prompt_list(const struct cluster *cluster, const struct manifests *objects);

/* Asks "Continue? [y/N]"; true with --yes. Without a terminal on stdin it cannot ask: reports an
 * error. Only "y" or "yes" is a yes. */
bool prompt_confirm(struct cluster *cluster);

#endif
