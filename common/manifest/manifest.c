#include "manifest/manifest.h"

void manifests_add(struct manifests *manifests, struct node *object)
{
    manifests->items =
        arena_grow(manifests->arena, manifests->items, manifests->count, sizeof(struct node *));
    manifests->items[manifests->count++] = object;
}

void manifests_add_service(struct manifests *manifests, const struct service *service)
{
    /* Objects come before those that refer to them: a ServiceAccount before pods, a Service before
     * an Ingress. What changes how others work comes before them too: a NetworkPolicy before the
     * pods that it protects, a policy before its route, the Job of pre_deploy before the
     * workload. */
    static void (*const kinds[])(struct manifests *, const struct service *) = {
        manifest_service_account, manifest_external_secret,
        manifest_repository,      manifest_role,
        manifest_pod_identity,    manifest_service,
        manifest_network_policy,  manifest_files,
        manifest_pre_deploy,      manifest_workload,
        manifest_autoscaler,      manifest_disruption_budget,
        manifest_traffic,         manifest_cron_jobs,
    };
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        kinds[i](manifests, service);
}
