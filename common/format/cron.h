/* Schedules of CronJobs. */
#ifndef OPTASVC_CRON_H
#define OPTASVC_CRON_H

#include "base/str.h"

/* Returns NULL if the schedule is valid; otherwise the end of a sentence that starts with what
 * the schedule is, in the arena: "must have five fields". Every accepted schedule is accepted by
 * Kubernetes (the standard parser of robfig/cron v3); odd forms that Kubernetes accepts too, such
 * as 1,,2 and +5, are rejected. */
const char *cron_check(struct arena *arena, struct str schedule);

#endif
