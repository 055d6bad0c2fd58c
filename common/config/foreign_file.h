/* Files of other tools that are given as a service or environment file. */
#ifndef OPTASVC_FOREIGN_FILE_H
#define OPTASVC_FOREIGN_FILE_H

#include "yaml/node.h"

/* Reads a file as load_service_file() does. A file of another tool (a Kubernetes object, values of
 * Helm, a Compose file, ...) is one error, which says what it is and what to do, whether or not it
 * can be parsed. NULL after an error. */
enum own_file { OWN_SERVICE, OWN_ENVIRONMENT };
const struct node *load_own_file(struct arena *arena, const struct source *source,
                                 struct diags *diags, enum own_file expected);

#endif
