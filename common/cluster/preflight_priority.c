/* Checks that the PriorityClasses of the services exist: otherwise the server rejects their pods,
 * after it has accepted the workload. */
#include "cluster/apply.h"

static bool uses_priority_class(const struct service *service)
{
    return service->priority_class.len > 0 && service->has_image;
}

static void report_missing(struct apply *apply, const struct service *service)
{
    struct diags *diags = &apply->cluster.diags;
    diag_error(diags, record_location(service->record, SERVICE_PRIORITY_CLASS),
               "PriorityClass \"%.*s\" not found", STR_ARG(service->priority_class));
    diag_hint(diags, "list those of the cluster: kubectl get priorityclasses");
}

/* A user may not be able to read PriorityClasses, which belong to the cluster: then nothing is
 * checked, and a rollout reports why there are no pods. */
void apply_check_priority(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct kubectl kubectl = cluster->kubectl;
    struct map wanted = {0};
    struct argv argv = kubectl_argv(&kubectl, "get", "priorityclasses", NULL);
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct service *service = cluster->services[i].service;
        if (uses_priority_class(service) &&
            !map_add(kubectl.arena, &wanted, service->priority_class, service))
            argv_add(kubectl.arena, &argv, str_to_c(kubectl.arena, service->priority_class));
    }
    if (wanted.count == 0)
        return;
    argv_add(kubectl.arena, &argv, "--ignore-not-found");
    argv_add(kubectl.arena, &argv, "--output=name");
    struct process run = {.arguments = argv.items};
    kubectl_run(&kubectl, &run, 1);
    struct map found = kubectl_names(&kubectl, &run);
    bool known = process_succeeded(&run);
    if (!known && !kubectl_forbidden(&run))
        kubectl_report(&kubectl, &run);
    process_free(&run);
    for (size_t i = 0; known && i < cluster->service_count; i++) {
        const struct service *service = cluster->services[i].service;
        if (uses_priority_class(service) &&
            !map_get(&found, STR_JOIN(kubectl.arena, STR("priorityclass.scheduling.k8s.io/"),
                                      service->priority_class)))
            report_missing(apply, service);
    }
}
