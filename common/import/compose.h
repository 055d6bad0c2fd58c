/* Reads a file of the Compose Specification: https://github.com/compose-spec/compose-spec. */
#ifndef OPTASVC_COMPOSE_H
#define OPTASVC_COMPOSE_H

#include "import/import.h"

/* Makes a service file from the source of `import`. `name`: of the layer; empty: that of the
 * file. `registry`: for images that are built; NULL: an example, with a note. Reports an error and
 * returns false if the file is not a Compose file. */
bool compose_import(struct import *import, struct str name, const char *registry);

#endif
