/* Quantities of cpu and memory in the format of Kubernetes. */
#ifndef OPTASVC_QUANTITY_H
#define OPTASVC_QUANTITY_H

#include "base/str.h"

/* Formats a quantity in canonical form, because another form of the same number conflicts with
 * itself under server-side apply. */
struct str quantity_cpu(struct arena *arena, int64_t millicores);
struct str quantity_bytes(struct arena *arena, int64_t bytes);

/* Parses a quantity into thousandths of a core or byte, rounded up: 500m, 0.5, 1e3, 128Mi, 1G
 * (apimachinery's resource.ParseQuantity). Larger values give INT64_MAX. Returns false if it is
 * invalid or negative. */
bool quantity_parse(struct str text, int64_t *ret_thousandths);

/* Like quantity_parse(); `*ret_rounded` is true if the result was rounded up. */
bool quantity_parse_rounded(struct str text, int64_t *ret_thousandths, bool *ret_rounded);

#endif
