/* Pod templates of workloads and of their revisions. */
#ifndef OPTASVC_POD_TEMPLATE_H
#define OPTASVC_POD_TEMPLATE_H

#include "yaml/node.h"

/* Returns a copy without the fields that controllers and restarts add, so that templates of
 * revisions can be compared and applied. */
struct node *pod_template_clean(struct arena *arena, const struct node *template);

/* Returns the names of the fields that differ, comma-separated; empty if none do. */
struct str pod_template_changes(struct arena *arena, const struct node *before,
                                const struct node *after);

#endif
