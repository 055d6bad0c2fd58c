#include "manifest/manifest.h"
#include "manifest/sidecar.h"

struct node *autoscaler_metric(struct arena *arena, const char *resource, int64_t utilization,
                               struct str container)
{
    struct node *metric = node_new(arena, NODE_MAP);
    bool whole = container.len == 0;
    node_set_string(arena, metric, "type", whole ? STR("Resource") : STR("ContainerResource"));
    struct node *source = node_set_map(arena, metric, whole ? "resource" : "containerResource");
    node_set_string(arena, source, "name", str_from_c(resource));
    if (!whole)
        node_set_string(arena, source, "container", container);
    struct node *target = node_set_map(arena, source, "target");
    node_set_string(arena, target, "type", STR("Utilization"));
    node_set_int(arena, target, "averageUtilization", utilization);
    return metric;
}

void autoscaler_spec(struct arena *arena, struct node *object, const struct autoscaling *scaling)
{
    struct node *spec = node_set_map(arena, object, "spec");
    struct node *target = node_set_map(arena, spec, "scaleTargetRef");
    node_set_string(arena, target, "apiVersion", scaling->api_version);
    node_set_string(arena, target, "kind", scaling->kind);
    node_set_string(arena, target, "name", scaling->name);
    node_set_int(arena, spec, "minReplicas", scaling->min);
    node_set_int(arena, spec, "maxReplicas", scaling->max);
    struct node *metrics = node_set_list(arena, spec, "metrics");
    if (scaling->cpu)
        node_append(metrics, autoscaler_metric(arena, "cpu", scaling->cpu, scaling->cpu_container));
    if (scaling->memory)
        node_append(metrics,
                    autoscaler_metric(arena, "memory", scaling->memory, scaling->memory_container));
}

void manifest_autoscaler(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image || !service_has_autoscaler(service))
        return;
    struct str container = STR("");
    if (sidecar_is_injected(sidecar_of_service, service))
        container = service->name;
    struct node *object = manifest_object(manifests, service, "autoscaling/v2",
                                          "HorizontalPodAutoscaler", service->name);
    autoscaler_spec(arena, object,
                    &(struct autoscaling){.api_version = STR("apps/v1"),
                                          .kind = str_from_c(service_workload_kind(service)),
                                          .name = service->name,
                                          .cpu_container = container,
                                          .memory_container = container,
                                          .min = service->min_containers,
                                          .max = service->max_containers,
                                          .cpu = service->target_cpu,
                                          .memory = service->target_memory});
}
