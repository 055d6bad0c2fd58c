/* Parses the JSON output of kubectl and other programs. Files of users are parsed by
 * parse_strict.h, which supports JSON too and reports the position of errors. */
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
