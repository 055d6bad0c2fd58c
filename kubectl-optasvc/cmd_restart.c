/* Replaces the pods of services without changing anything else. */
#include "cluster/apply.h"
#include "cluster/ownership.h"
#include "cluster/restart.h"
#include "commands.h"

#include <stdlib.h>

static void restart(struct apply *apply, struct rollout *rollout)
{
    struct cluster *cluster = &apply->cluster;
    const struct node *live = rollout->live;
    if (!restart_workload(&cluster->kubectl, live)) {
        rollout->state = ROLLOUT_FAILED;
        rollout->apply_failed = true;
        return;
    }
    apply_print(apply, object_title(&cluster->arena, live), "restarted");
    if (!object_applied_by(live, MANAGER))
        cluster_print(cluster, "%.*s: its pods are managed by %.*s", STR_ARG(rollout->title),
                      STR_ARG(object_managers(&cluster->arena, live)));
}

static bool run(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!cluster_query(cluster, LIST_WORKLOADS, 0) || !apply_plan_live(apply))
        return false;
    for (size_t i = 0; i < cluster->service_count && !process_interrupted(); i++)
        restart(apply, &apply->rollouts[i]);
    return apply_await_live(apply);
}

static int run_restart(const struct invocation *invocation)
{
    struct apply apply = {0};
    int status = cmd_wait_check_flags(invocation);
    if (status)
        return status;
    bool ok =
        cluster_open(&apply.cluster, &invocation->options, invocation->color, true) && run(&apply);
    ok &= cluster_report(&apply.cluster);
    cluster_close(&apply.cluster);
    status = console_finish((struct str){0});
    return process_exit_status(ok ? status : EXIT_FAILURE);
}

const struct command command_restart = {
    .name = "restart",
    .group = GROUP_DEPLOY,
    .arguments = "[SERVICE...]",
    .max_names = SIZE_MAX,
    .summary = "Replace the pods of services and wait for the new ones",
    .details = "Runs `kubectl rollout restart`, which replaces the pods one after the other. "
               "The next apply neither reverts nor repeats the restart.",
    .examples = EXAMPLES(
        {"Replace the pods of all services of a file", "kubectl optasvc restart -f web.yaml"},
        {"Replace those of one service, and wait at most five minutes",
         "kubectl optasvc restart web -f web.yaml --timeout 5m"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_WAIT, FLAG_TIMEOUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_restart,
};
