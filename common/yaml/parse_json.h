/* Reads the JSON that kubectl and other programs print. Files of users are read by parse_strict.h,
 * which takes JSON too and reports where a mistake is. */
#ifndef OPTASVC_PARSE_JSON_H
#define OPTASVC_PARSE_JSON_H

#include "yaml/node.h"

/* Returns the tree of one JSON value (RFC 8259); NULL if the text is something else, has a key
 * twice in one object, or is nested deeper than JSON_DEPTH_MAX. Strings are STYLE_DOUBLE, numbers
 * and literals STYLE_PLAIN. NUL and unpaired surrogates become U+FFFD, as in Go's encoding/json for
 * the latter. All texts of the tree are in the arena and end with a NUL.
 * Equal keys are one node. */
struct node *load_json(struct arena *arena, struct str text);

#endif
