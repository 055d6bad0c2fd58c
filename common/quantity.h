/* Quantities of cpu and memory, as Kubernetes writes and reads them. */
#ifndef OPTASVC_QUANTITY_H
#define OPTASVC_QUANTITY_H

#include "str.h"

/* In canonical form, for whoever writes another form of the same number conflicts with itself under
 * server-side apply. */
struct str quantity_cpu(struct arena *arena, int64_t millicores);
struct str quantity_memory(struct arena *arena, int64_t mebibytes);

enum { QUANTITY_MEBIBYTE = 1024 * 1024 };

/* The thousandths of cores or bytes that a text stands for: 500m, 0.5, 1e3, 128Mi, 1G
 * (apimachinery's resource.ParseQuantity). All forms of one number give the same: 0.7 is 700m.
 * False when it is none. */
bool quantity_parse(struct str text, double *ret_thousandths);

#endif
