#include "manifest.h"

static void add_metric(struct arena *arena, struct node *metrics, const char *resource,
                       int64_t utilization)
{
    struct node *metric = add_map(arena, metrics);
    put_text(arena, metric, "type", STR("Resource"));
    struct node *source = put_map(arena, metric, "resource");
    put_text(arena, source, "name", str_of(resource));
    struct node *target = put_map(arena, source, "target");
    put_text(arena, target, "type", STR("Utilization"));
    put_int(arena, target, "averageUtilization", utilization);
}

void manifest_autoscaler(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image || !service_scales(service))
        return;
    struct node *object = manifest_object(manifests, service, "autoscaling/v2",
                                          "HorizontalPodAutoscaler", service->name);
    struct node *spec = put_map(arena, object, "spec");
    struct node *target = put_map(arena, spec, "scaleTargetRef");
    put_text(arena, target, "apiVersion", STR("apps/v1"));
    put_text(arena, target, "kind", str_of(service_workload_kind(service)));
    put_text(arena, target, "name", service->name);
    put_int(arena, spec, "minReplicas", service->min_containers);
    put_int(arena, spec, "maxReplicas", service->max_containers);
    struct node *metrics = put_list(arena, spec, "metrics");
    add_metric(arena, metrics, "cpu", service->target_cpu);
    add_metric(arena, metrics, "memory", service->target_memory);
}
