/* Reads Kubernetes objects: rendered charts, and what `kubectl get -o yaml` prints. */
#ifndef OPTASVC_MANIFESTS_H
#define OPTASVC_MANIFESTS_H

#include "import/import.h"

/* Makes a service file from the source of `import`, and calls import_finish(). `name`: of the
 * layer; empty: the namespace of the objects. What the objects of the new file say otherwise than
 * those of the source becomes a note. Reports an error and returns false if there is no workload,
 * or if they are in several namespaces. */
bool manifests_import(struct import *import, struct str name);

#endif
