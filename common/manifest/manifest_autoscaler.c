#include "manifest/manifest.h"
#include "manifest/sidecar.h"

struct node *autoscaler_metric(struct arena *arena, const char *resource, int64_t utilization,
                               struct str container)
{
    struct node *metric = node_new(arena, NODE_MAP);
    bool whole = container.len == 0;
    put_text(arena, metric, "type", whole ? STR("Resource") : STR("ContainerResource"));
    struct node *source = put_map(arena, metric, whole ? "resource" : "containerResource");
    put_text(arena, source, "name", str_of(resource));
    if (!whole)
        put_text(arena, source, "container", container);
    struct node *target = put_map(arena, source, "target");
    put_text(arena, target, "type", STR("Utilization"));
    put_int(arena, target, "averageUtilization", utilization);
    return metric;
}

void autoscaler_spec(struct arena *arena, struct node *object, const struct autoscaling *scaling)
{
    struct node *spec = put_map(arena, object, "spec");
    struct node *target = put_map(arena, spec, "scaleTargetRef");
    put_text(arena, target, "apiVersion", scaling->api_version);
    put_text(arena, target, "kind", scaling->kind);
    put_text(arena, target, "name", scaling->name);
    put_int(arena, spec, "minReplicas", scaling->min);
    put_int(arena, spec, "maxReplicas", scaling->max);
    struct node *metrics = put_list(arena, spec, "metrics");
    if (scaling->cpu)
        node_add(metrics, autoscaler_metric(arena, "cpu", scaling->cpu, scaling->cpu_container));
    if (scaling->memory)
        node_add(metrics,
                 autoscaler_metric(arena, "memory", scaling->memory, scaling->memory_container));
}

void manifest_autoscaler(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image || !service_scales(service))
        return;
    struct str container = STR("");
    if (sidecar_is_injected(sidecar_of_service, service))
        container = service->name;
    struct node *object = manifest_object(manifests, service, "autoscaling/v2",
                                          "HorizontalPodAutoscaler", service->name);
    autoscaler_spec(arena, object,
                    &(struct autoscaling){.api_version = STR("apps/v1"),
                                          .kind = str_of(service_workload_kind(service)),
                                          .name = service->name,
                                          .cpu_container = container,
                                          .memory_container = container,
                                          .min = service->min_containers,
                                          .max = service->max_containers,
                                          .cpu = service->target_cpu,
                                          .memory = service->target_memory});
}
