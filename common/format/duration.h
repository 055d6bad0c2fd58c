/* Lengths of time as Kubernetes' tools write them. */
#ifndef OPTASVC_DURATION_H
#define OPTASVC_DURATION_H

#include "base/limits.h"
#include "base/str.h"

/* Reads "90", "90s", "5m" or "1h30m": seconds from 1 to DURATION_MAX. */
bool duration_parse(struct str text, int64_t *ret_seconds);

/* As kubectl shows an age: "45s", "5m", "3h12m", "4d", "2y30d". */
struct str duration_format(struct arena *arena, int64_t seconds);

/* Seconds since 1970 of a time as the API writes it, "2026-01-31T12:00:00Z"; -1 for anything else.
 */
int64_t timestamp_parse(struct str text);

#endif
