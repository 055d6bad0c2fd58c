#include "cluster/job.h"

#include "cluster/object.h"

static bool has_condition(const struct node *job, const char *type)
{
    return str_eq_c(node_string(node_at(object_condition(job, type), "status")), "True");
}

enum job_state job_state(const struct node *job)
{
    return !job                             ? JOB_MISSING
           : has_condition(job, "Complete") ? JOB_SUCCEEDED
           : has_condition(job, "Failed")   ? JOB_FAILED
                                            : JOB_RUNNING;
}

struct str job_failure(struct arena *arena, const struct node *job)
{
    const struct node *condition = object_condition(job, "Failed");
    return str_format(arena, "%.*s: %.*s", STR_ARG(node_string(node_at(condition, "reason"))),
                      STR_ARG(node_string(node_at(condition, "message"))));
}
