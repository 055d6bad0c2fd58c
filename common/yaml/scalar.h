/* What the text of a scalar means to the readers of YAML. */
#ifndef OPTASVC_SCALAR_H
#define OPTASVC_SCALAR_H

#include "base/str.h"

/* True when some reader takes the plain text for something other than a string: null, a boolean, a
 * number, a time, a merge key. Counts YAML 1.1 (its type repository, PyYAML, Psych, go-yaml) and
 * YAML 1.2 (core schema, libfyaml). May be true for a text that all take for a string. */
bool scalar_is_ambiguous(struct str text);

/* True when the text may stand plain in a block: every reader gives back these very bytes as a
 * string. What may not must be double-quoted. */
bool scalar_may_be_plain(struct str text);

/* A plain scalar of a chart with numbers as Kubernetes' reader (sigs.k8s.io/yaml) hands them on in
 * JSON: an integer in any spelling (010, 0x3, 1_0, 3.0) becomes the decimal one, other floats lose
 * "_" and "+", every other text stays, also a float of more digits than a double keeps. In the
 * arena if it changes. */
struct str scalar_as_json(struct arena *arena, struct str text);

/* True for a plain scalar that the same reader takes for true. */
bool scalar_is_json_true(struct str text);

/* true, yes, on; false, no, off; in any of YAML 1.1's cases. */
bool scalar_to_bool(struct str text, bool *ret_flag);

#endif
