/* The schedules of CronJobs. */
#ifndef OPTASVC_CRON_H
#define OPTASVC_CRON_H

#include "base/str.h"

/* NULL when the schedule is right, else what is wrong with it, as the end of a sentence; it is in
 * the arena. Takes nothing that Kubernetes (robfig/cron v3's standard parser) refuses; odd forms
 * that it lets pass, such as 1,,2 and +5, are refused here. */
const char *cron_check(struct arena *arena, struct str schedule);

#endif
