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

static void put_delay(struct arena *arena, struct node *behavior, const char *direction,
                      int64_t seconds)
{
    if (seconds >= 0)
        node_set_int(arena, node_set_map(arena, behavior, direction), "stabilizationWindowSeconds",
                     seconds);
}

static void put_behavior(struct arena *arena, struct node *spec, const struct autoscaling *scaling)
{
    if (scaling->up_delay < 0 && scaling->down_delay < 0)
        return;
    struct node *behavior = node_set_map(arena, spec, "behavior");
    put_delay(arena, behavior, "scaleUp", scaling->up_delay);
    put_delay(arena, behavior, "scaleDown", scaling->down_delay);
}

static struct node *put_target(struct arena *arena, struct node *object,
                               const struct autoscaling *scaling)
{
    struct node *spec = node_set_map(arena, object, "spec");
    struct node *target = node_set_map(arena, spec, "scaleTargetRef");
    node_set_string(arena, target, "apiVersion", scaling->api_version);
    node_set_string(arena, target, "kind", scaling->kind);
    node_set_string(arena, target, "name", scaling->name);
    return spec;
}

void autoscaler_spec(struct arena *arena, struct node *object, const struct autoscaling *scaling)
{
    struct node *spec = put_target(arena, object, scaling);
    node_set_int(arena, spec, "minReplicas", scaling->min);
    node_set_int(arena, spec, "maxReplicas", scaling->max);
    struct node *metrics = node_set_list(arena, spec, "metrics");
    if (scaling->cpu)
        node_append(metrics, autoscaler_metric(arena, "cpu", scaling->cpu, scaling->cpu_container));
    if (scaling->memory)
        node_append(metrics,
                    autoscaler_metric(arena, "memory", scaling->memory, scaling->memory_container));
    put_behavior(arena, spec, scaling);
}

static void add_resource_trigger(struct arena *arena, struct node *triggers, const char *resource,
                                 int64_t utilization, struct str container)
{
    if (utilization == 0)
        return;
    struct node *item = node_append_map(arena, triggers);
    node_set_string(arena, item, "type", str_from_c(resource));
    node_set_string(arena, item, "metricType", STR("Utilization"));
    struct node *metadata = node_set_map(arena, item, "metadata");
    node_set_string(arena, metadata, "value", str_from_int(arena, utilization));
    if (container.len)
        node_set_string(arena, metadata, "containerName", container);
}

static void add_trigger(struct arena *arena, struct node *triggers, const struct trigger *trigger)
{
    struct node *item = node_append_map(arena, triggers);
    node_set_string(arena, item, "type", trigger->type);
    manifest_put_items(arena, node_set_map(arena, item, "metadata"), trigger->metadata);
    if (trigger->auth.len == 0)
        return;
    struct node *reference = node_set_map(arena, item, "authenticationRef");
    node_set_string(arena, reference, "name", trigger->auth);
    if (trigger->cluster_auth)
        node_set_string(arena, reference, "kind", STR("ClusterTriggerAuthentication"));
}

void scaled_object_spec(struct arena *arena, struct node *object, const struct autoscaling *scaling)
{
    struct node *spec = put_target(arena, object, scaling);
    node_set_int(arena, spec, "minReplicaCount", scaling->min);
    node_set_int(arena, spec, "maxReplicaCount", scaling->max);
    if (scaling->min == 0 && scaling->down_delay >= 0) /* KEDA itself removes the last pod */
        node_set_int(arena, spec, "cooldownPeriod", scaling->down_delay);
    if (scaling->up_delay >= 0 || scaling->down_delay >= 0)
        put_behavior(arena,
                     node_set_map(arena, node_set_map(arena, spec, "advanced"),
                                  "horizontalPodAutoscalerConfig"),
                     scaling);
    struct node *triggers = node_set_list(arena, spec, "triggers");
    add_resource_trigger(arena, triggers, "cpu", scaling->cpu, scaling->cpu_container);
    add_resource_trigger(arena, triggers, "memory", scaling->memory, scaling->memory_container);
    for (size_t i = 0; i < scaling->trigger_count; i++)
        add_trigger(arena, triggers, &scaling->triggers[i]);
}

void manifest_autoscaler(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image || !service_has_autoscaler(service))
        return;
    struct str container = STR("");
    if (service_has_sidecar(service) || sidecar_is_injected(sidecar_of_service, service))
        container = service->name;
    bool keda = service->trigger_count > 0;
    struct node *object =
        manifest_object(manifests, service, keda ? MANIFEST_KEDA : "autoscaling/v2",
                        keda ? "ScaledObject" : "HorizontalPodAutoscaler", service->name);
    (keda ? scaled_object_spec : autoscaler_spec)(
        arena, object,
        &(struct autoscaling){.api_version = STR("apps/v1"),
                              .kind = str_from_c(service_workload_kind(service)),
                              .name = service->name,
                              .cpu_container = container,
                              .memory_container = container,
                              .min = service->min_containers,
                              .max = service->max_containers,
                              .cpu = service->target_cpu,
                              .memory = service->target_memory,
                              .up_delay = service->scale_up_delay,
                              .down_delay = service->scale_down_delay,
                              .triggers = service->triggers,
                              .trigger_count = service->trigger_count});
}
