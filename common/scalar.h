/* What the text of a scalar means to the readers of YAML. */
#ifndef OPTASVC_SCALAR_H
#define OPTASVC_SCALAR_H

#include "str.h"

/* True when some reader takes the plain text for something other than a string: null, a boolean, a
 * number, a time, a merge key. Counts YAML 1.1 (its type repository, PyYAML, Psych, go-yaml) and
 * YAML 1.2 (core schema, libfyaml). May be true for a text that all take for a string. */
bool scalar_is_ambiguous(struct str text);

/* True when the text may stand plain in a block: every reader gives back these very bytes as a
 * string. What may not must be double-quoted. */
bool scalar_may_be_plain(struct str text);

/* A decimal whole number, as both YAML versions read it: no sign but "-", no leading zero. */
bool scalar_to_int(struct str text, int64_t *ret_number);

/* true, yes, on; false, no, off; in any of YAML 1.1's cases. */
bool scalar_to_bool(struct str text, bool *ret_flag);

#endif
