/* How YAML parsers interpret the text of a scalar. */
#ifndef OPTASVC_SCALAR_H
#define OPTASVC_SCALAR_H

#include "base/str.h"

/* True if some parser reads the plain scalar as something other than a string: null, a boolean,
 * a number, a time, a merge key. Covers YAML 1.1 (its type repository, PyYAML, Psych, go-yaml)
 * and YAML 1.2 (core schema, libfyaml). May be true for a text that all parsers read as a
 * string. */
bool scalar_is_ambiguous(struct str text);

/* True if the text can be a plain scalar in block style: every parser returns exactly these
 * bytes as a string. Otherwise it must be double-quoted. */
bool scalar_may_be_plain(struct str text);

/* Returns a plain scalar of a chart with numbers as sigs.k8s.io/yaml converts them to JSON: an
 * integer in any notation (010, 0x3, 1_0, 3.0) becomes decimal, other floats lose "_" and "+".
 * All other texts are unchanged, including floats with more digits than a double holds. */
struct str scalar_as_json(struct arena *arena, struct str text);

/* True for a plain scalar that sigs.k8s.io/yaml reads as true. */
bool scalar_is_json_true(struct str text);

/* Parses true, yes, on, false, no and off in any letter case. Returns false for other texts. */
bool scalar_to_bool(struct str text, bool *ret_flag);

#endif
