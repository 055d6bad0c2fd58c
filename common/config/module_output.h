/* Outputs of modules, which `{module.NAME.OUTPUT}` and links read.
 *
 * An output is taken from the first of these that has it: `outputs` in the module, a field of the
 * module (`bucket_name`, `domain`, `arn`), the Secret with the credentials of a database, and the
 * output NAME_OUTPUT of the environment. */
#ifndef OPTASVC_MODULE_OUTPUT_H
#define OPTASVC_MODULE_OUTPUT_H

#include "config/interpolate.h"

enum output_source {
    OUTPUT_UNKNOWN, /* an error was reported, unless the environment is invalid */
    OUTPUT_TEXT,
    OUTPUT_SECRET, /* known only in the cluster: a key of the module's Secret */
};

/* Reads an output of a module. Sets `ret` if it returns OUTPUT_TEXT. Reports errors at `at`, each
 * cause once. */
enum output_source module_output(struct scope *scope, struct module *module, struct str output,
                                 struct location at, struct str *ret);

/* True if the output is set in the module, in `outputs` or in a field. */
bool module_writes_output(const struct module *module, struct str output);

/* Reads an output that is set in the module. Reports an error and returns false if its value is
 * invalid. */
bool module_written_output(struct scope *scope, struct module *module, struct str output,
                           struct location at, struct str *ret);

#endif
