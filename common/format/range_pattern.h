/* Regular expressions for ranges of numbers. */
#ifndef OPTASVC_RANGE_PATTERN_H
#define OPTASVC_RANGE_PATTERN_H

#include "base/str.h"

/* Appends an expression for the decimal integers from `min` (0 or greater) to `max`, without
 * leading zeros. It has alternatives, but no group around them. */
void range_pattern(struct buf *out, int64_t min, int64_t max);

#endif
