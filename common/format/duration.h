/* Durations in the format of Kubernetes' tools. */
#ifndef OPTASVC_DURATION_H
#define OPTASVC_DURATION_H

#include "base/limits.h"
#include "base/str.h"

/* Parses "90", "90s", "5m" or "1h30m": 1 to DURATION_MAX seconds. */
bool duration_parse(struct str text, int64_t *ret_seconds);

/* Formats a duration as kubectl shows an age: "45s", "5m", "3h12m", "4d", "2y30d". */
struct str duration_format(struct arena *arena, int64_t seconds);

/* Parses an API timestamp such as "2026-01-31T12:00:00Z". Returns seconds since 1970; -1 if
 * invalid. */
int64_t timestamp_parse(struct str text);

#endif
