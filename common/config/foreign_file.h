/* Detects files of other tools that are passed as a service file or environment file. */
#ifndef OPTASVC_FOREIGN_FILE_H
#define OPTASVC_FOREIGN_FILE_H

#include "yaml/node.h"

/* Like load_service_file(), but reports a single error for a file of another tool (a Kubernetes
 * object, Helm values, a Compose file, ...), even if the file cannot be parsed. Returns NULL after
 * an error. */
enum own_file { OWN_SERVICE, OWN_ENVIRONMENT };
const struct node *load_own_file(struct arena *arena, const struct source *source,
                                 struct diags *diags, enum own_file expected);

#endif
