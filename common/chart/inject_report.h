/* The log and the report of an injection: where its events (struct change_event) are written. */
#ifndef OPTASVC_INJECT_REPORT_H
#define OPTASVC_INJECT_REPORT_H

#include "chart/inject_target.h"

/* Adds copies of events that are in an arena which will be reset. Drops those that are never shown.
 */
void inject_keep_events(struct injection *injection, struct event_list events);

/* Appends the events, one in each line; unless `all`, only those that are always shown. */
void inject_write_events(const struct injection *injection, struct buf *out, bool all);

/* True if the injection changed anything, or could not apply a setting. Requires all events. */
bool inject_has_changes(const struct injection *injection);

/* Adds lists of all events to a map; the list `ignored` only if it has items. */
void inject_list_events(const struct injection *injection, struct node *map);

#endif
