/* Detects files of other tools that are passed as a service file or environment file. */
#ifndef OPTASVC_FOREIGN_FILE_H
#define OPTASVC_FOREIGN_FILE_H

#include "yaml/node.h"

enum config_file { SERVICE_FILE, ENVIRONMENT_FILE };

/* Like load_service_file(), but reports a single error for a file of another tool (a Kubernetes
 * object, Helm values, a Compose file, ...), even if the file cannot be parsed. Returns NULL after
 * an error. */
const struct node *load_config_file(struct arena *arena, const struct source *source,
                                    struct diags *diags, enum config_file expected);

#endif
