/* Confirmation prompts. */
#ifndef OPTASVC_PROMPT_H
#define OPTASVC_PROMPT_H

#include "cluster/cluster.h"
#include "manifest/manifest.h"

/* Returns where a command acts, as every prompt shows it:
 * `context "prod", cluster "eu" (https://10.0.0.1), namespace "shop"`. */
struct str prompt_where(struct cluster *cluster);

/* Prints objects to stderr, one per line. */
void prompt_list(const struct cluster *cluster, const struct manifests *objects);

/* Asks "Continue? [y/N]". True if the answer is "y" or "yes", or with --yes. Reports an error and
 * returns false if stdin is not a terminal. */
bool prompt_confirm(struct cluster *cluster);

#endif
