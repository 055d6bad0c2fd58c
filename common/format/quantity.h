/* Quantities of cpu and memory, as Kubernetes writes and reads them. */
#ifndef OPTASVC_QUANTITY_H
#define OPTASVC_QUANTITY_H

#include "base/str.h"

/* In canonical form, because another form of the same number conflicts with itself under
 * server-side apply. */
struct str quantity_cpu(struct arena *arena, int64_t millicores);
struct str quantity_bytes(struct arena *arena, int64_t bytes);

/* The thousandths of cores or bytes that a text stands for, rounded up: 500m, 0.5, 1e3, 128Mi, 1G
 * (apimachinery's resource.ParseQuantity); INT64_MAX for more than that. False when it is none, or
 * negative. */
bool quantity_parse(struct str text, int64_t *ret_thousandths);

/* The same; `*ret_rounded` is true if the quantity is less than that. */
bool quantity_parse_rounded(struct str text, int64_t *ret_thousandths, bool *ret_rounded);

#endif
