/* Parses a YAML file written by a person (service file, environment file), or JSON, strictly.
 *
 * Errors, each with its location: bytes that are not UTF-8 text, duplicate keys, keys that are
 * aliases or not scalars, tags, directives, a second document, nesting beyond FILE_DEPTH_MAX,
 * and more than WHITESPACE_RUN_MAX consecutive blanks. Aliases and merge keys are expanded
 * (anchor.h). */
#ifndef OPTASVC_PARSE_STRICT_H
#define OPTASVC_PARSE_STRICT_H

#include "yaml/node.h"

/* Returns the tree of `source`, whose text must outlive it; NULL after an error, also for an
 * empty file. Unhides a hidden source that has a field of service or environment files. The
 * caller checks the size of the file. */
struct node *load_service(struct arena *arena, const struct source *source, struct diags *diags);

/* Like load_service(), but reports an error for a hidden file that is not a service or
 * environment file. */
struct node *load_service_file(struct arena *arena, const struct source *source,
                               struct diags *diags);

/* Returns the version of libfyaml. */
const char *load_service_library(void);

#endif
