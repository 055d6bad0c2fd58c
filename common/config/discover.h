/* Detects which files in a directory are service files, by their structure:
 * - A file with a `modules` list is skipped only if every item has a type that is known, or that is
 *   not similar to k8s-service.
 * - A list of maps under a misspelling of `modules`, and a map of type k8s-service outside the
 *   `modules` list, are errors. A Kubernetes object may contain such a map. Under the key `modules`
 *   itself, a type similar to k8s-service is an error too.
 * - A file that load_service() rejects is an error if it has a top-level key `modules` or a
 *   misspelling of it. */
#ifndef OPTASVC_DISCOVER_H
#define OPTASVC_DISCOVER_H

#include "base/diag.h"

/* True if the file is a service file: its `modules` list has a k8s-service. Returns false without
 * an error for other files, such as environment files and manifests. Reports an error and returns
 * false if the file may be meant to be a service file. */
bool discover(const struct source *source, struct diags *diags);

#endif
