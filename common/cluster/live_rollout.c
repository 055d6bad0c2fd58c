/* Rollouts of live workloads: `restart` and `rollback` replace pods without applying the files. */
#include "cluster/apply.h"
#include "cluster/ownership.h"

#include <string.h>

static void report_missing(struct cluster *cluster, const struct deployed_service *deployed)
{
    const struct node *unclaimed = deployed_service_live_workload(deployed, LABELS_UNCLAIMED);
    if (unclaimed) {
        diag_error(&cluster->diags, NO_LOCATION, RULE_OWNED_BY_OTHER,
                   "%.*s in namespace \"%.*s\" has no environment label and may belong to another "
                   "environment",
                   STR_ARG(object_title(&cluster->arena, unclaimed)),
                   STR_ARG(deployed->namespace->name));
        diag_hint(&cluster->diags, "run kubectl optasvc apply to claim it");
        return;
    }
    diag_error(&cluster->diags, NO_LOCATION, RULE_NOT_DEPLOYED,
               "\"%.*s\" is not deployed in namespace \"%.*s\"", STR_ARG(deployed->service->name),
               STR_ARG(deployed->namespace->name));
    diag_hint(&cluster->diags, "run kubectl optasvc apply to deploy it");
}

/* A paused Deployment would never replace its pods. */
static void report_paused(struct cluster *cluster, const struct node *live)
{
    struct str title = object_title(&cluster->arena, live);
    diag_error(&cluster->diags, NO_LOCATION, RULE_ROLLOUT_PAUSED,
               "%.*s in namespace \"%.*s\" is paused", STR_ARG(title),
               STR_ARG(object_namespace(live)));
    diag_hint(&cluster->diags, "resume it first: kubectl rollout resume %.*s -n %.*s",
              STR_ARG(title), STR_ARG(object_namespace(live)));
}

bool apply_plan_live(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    apply->rollouts = ARENA_ARRAY(&cluster->arena, cluster->service_count, struct rollout);
    for (size_t i = 0; i < cluster->service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        struct deployed_service *deployed = &cluster->services[i];
        struct node *live = deployed_service_live_workload(deployed, LABELS_OURS);
        *rollout = (struct rollout){.deployed = deployed,
                                    .title = apply_title(cluster, deployed),
                                    .workload = live,
                                    .live = live};
        if (!live) {
            report_missing(cluster, deployed);
            continue;
        }
        if (str_eq_c(node_string(node_at(live, "spec paused")), "true"))
            report_paused(cluster, live);
        rollout->deadline_exceeded_at = rollout_deadline_exceeded_at(live);
    }
    return cluster->diags.errors == 0;
}

bool apply_await_live(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    const char *wait = cluster->options->apply.wait;
    for (size_t i = 0; wait && strcmp(wait, "false") == 0 && i < cluster->service_count; i++)
        if (apply->rollouts[i].state == ROLLOUT_WAITS)
            apply->rollouts[i].state = ROLLOUT_DONE;
    rollout_wait(apply);
    if (process_interrupted())
        cluster_print(cluster, "interrupted: the rollout may not be complete");
    for (size_t i = 0; i < cluster->service_count && !process_interrupted(); i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        if (rollout->state != ROLLOUT_FAILED || rollout->apply_failed)
            continue;
        diag_error(&cluster->diags, NO_LOCATION, RULE_ROLLOUT_FAILED, "%.*s: %.*s",
                   STR_ARG(rollout->title), STR_ARG(rollout->reason));
        cluster_report(cluster);
        rollout_explain(apply, rollout);
    }
    bool ok = cluster_report(cluster);
    return apply_summarize(apply) && ok;
}
