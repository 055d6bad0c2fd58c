/* Where the values of a service file come from. */
#ifndef OPTASVC_EXPLAIN_ORIGIN_H
#define OPTASVC_EXPLAIN_ORIGIN_H

#include "service/layer.h"

/* Appends why a value that the file sets holds, in parentheses: its location and, for each
 * placeholder, what sets it. `layer`: NULL if placeholders are not filled in. */
void explain_origin(struct buf *out, const struct layer *layer, const struct node *node);

#endif
