/* The state of a Job. */
#ifndef OPTASVC_JOB_H
#define OPTASVC_JOB_H

#include "yaml/node.h"

enum job_state {
    JOB_MISSING,
    JOB_RUNNING, /* also before its first pod, and between two attempts */
    JOB_SUCCEEDED,
    JOB_FAILED, /* it is not tried again */
};

/* Returns the state of a live Job; JOB_MISSING for NULL. */
enum job_state job_state(const struct node *job);

/* Returns why a Job failed, as its controller states it. */
struct str job_failure(struct arena *arena, const struct node *job);

#endif
