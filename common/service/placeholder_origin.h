/* Where the values of placeholders come from, for people who ask why a value is what it is. */
#ifndef OPTASVC_PLACEHOLDER_ORIGIN_H
#define OPTASVC_PLACEHOLDER_ORIGIN_H

#include "service/layer.h"

struct placeholder_origin {
    struct str written;       /* without its braces: "vars.size" */
    struct str flag;          /* that sets the value: "--var size"; empty: none */
    struct str what;          /* otherwise, what contains the value: "the environment" */
    struct location location; /* of the value; no source: not known */
    struct str text;          /* of an output of a module: as written, perhaps with placeholders */
};

/* Finds the next placeholder in a string of the layer's file, from `*at`, and moves `*at` after it.
 * Returns false if there is no other. */
bool placeholder_origin_next(const struct layer *layer, struct str text, size_t *at,
                             struct placeholder_origin *ret);

#endif
