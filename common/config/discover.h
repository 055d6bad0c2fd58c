/* Which files of a directory are service files.
 *
 * The rules, by structure:
 * - A list `modules` is that of another file only if each of its items has a type that is known or
 *   far from k8s-service.
 * - A list of maps under a misspelt `modules`, and a map of type k8s-service anywhere but in the
 *   list `modules`, are errors. A Kubernetes object may have such a map. Under the key `modules`
 *   itself a type near k8s-service is enough.
 * - A file that load_service() refuses is an error if it has a top-level key `modules` or a
 *   misspelling of it. */
#ifndef OPTASVC_DISCOVER_H
#define OPTASVC_DISCOVER_H

#include "base/diag.h"

/* True if the file is a service file: its list `modules` has a k8s-service. False without an error:
 * it is something else, such as an environment file or a manifest. False with errors: it may be
 * meant to be a service file. */
bool discover(const struct source *source, struct diags *diags);

/* The same, with the tree of a service file in the arena; *ret_tree is NULL unless it was parsed
 * without any diagnostic. */
bool discover_tree(struct arena *arena, const struct source *source, struct diags *diags,
                   struct node **ret_tree);

#endif
