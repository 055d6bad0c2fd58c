/* The schedules of CronJobs. */
#ifndef OPTASVC_CRON_H
#define OPTASVC_CRON_H

#include "str.h"

/* NULL when Kubernetes takes the schedule (robfig/cron v3's standard parser), else what is wrong
 * with it, as the end of a sentence; it is in the arena. */
const char *cron_wrong(struct arena *arena, struct str schedule);

#endif
