/* Reads a YAML file that a person wrote (service file, environment file) or JSON, strictly.
 *
 * Refused, each with its place: bytes that are not UTF-8 text, duplicate keys, keys that are not
 * scalars or are aliases, tags, directives, a second document, nesting beyond FILE_DEPTH_MAX, and
 * in files more blanks in a row than WHITESPACE_RUN_MAX. Aliases and merge keys are replaced by
 * what they stand for (anchor.h). */
#ifndef OPTASVC_PARSE_STRICT_H
#define OPTASVC_PARSE_STRICT_H

#include "yaml/node.h"

/* The tree of `source`, whose text must outlive it; NULL after an error. An empty file is one.
 * A hidden source may be shown from here on if it has a field that only files of ours have.
 * Whoever reads the file checks its size. */
struct node *load_service(struct arena *arena, const struct source *source, struct diags *diags);

/* The same for a service or environment file: one that may not be shown and is none is refused. */
struct node *load_service_file(struct arena *arena, const struct source *source,
                               struct diags *diags);

/* The version of libfyaml. */
const char *load_service_library(void);

#endif
