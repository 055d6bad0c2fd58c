/* A new service file with one service. */
#ifndef OPTASVC_START_H
#define OPTASVC_START_H

#include "config/options.h"
#include "import/import.h"

/* Returns NULL if the text is a port, [TYPE:]NUMBER or none; otherwise the end of a sentence that
 * starts with what the text is. */
const char *start_check_port(struct str text);

/* Makes the service file, whose layer and service have this name. `options` has an image and a
 * port. Unlike that of a file, invalid input is an error (import->strict). */
void start_import(struct import *import, struct str name, const struct init_options *options,
                  const char *registry);

#endif
