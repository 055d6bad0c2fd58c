/* The outputs of modules: what `{module.NAME.OUTPUT}` and links read.
 *
 * An output is taken from the first of these that has it: `outputs` in the module, a field of the
 * module (`bucket_name`, `domain`, `arn`), the Secret with a database's credentials, and the
 * environment's output NAME_OUTPUT. */
#ifndef OPTASVC_MODULE_OUTPUT_H
#define OPTASVC_MODULE_OUTPUT_H

#include "config/interpolate.h"

enum output_source {
    OUTPUT_UNKNOWN, /* an error was reported, unless the environment could not be read */
    OUTPUT_TEXT,
    OUTPUT_SECRET, /* known only inside the cluster: a key of the module's Secret */
};

/* Reads an output of a module into `ret` (OUTPUT_TEXT). Reports errors at `at`; each cause once. */
enum output_source module_output(struct scope *scope, struct module *module, struct str output,
                                 struct location at, struct str *ret);

/* True if the module itself has the output, in `outputs` or in a field. */
bool module_writes_output(const struct module *module, struct str output);

/* Reads an output that the module itself has. Reports an error and returns false if its text is
 * invalid. */
bool module_written_output(struct scope *scope, struct module *module, struct str output,
                           struct location at, struct str *ret);

#endif
