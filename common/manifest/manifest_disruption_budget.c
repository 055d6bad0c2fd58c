#include "manifest/manifest.h"

struct node *disruption_budget_spec(struct arena *arena, struct node *object)
{
    struct node *spec = node_set_map(arena, object, "spec");
    node_set_int(arena, spec, "maxUnavailable", 1);
    /* A pod that is not ready must not block the drain of a node. */
    node_set_string(arena, spec, "unhealthyPodEvictionPolicy", STR("AlwaysAllow"));
    return spec;
}

void manifest_disruption_budget(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image || service->max_containers <= 1)
        return;
    struct node *object =
        manifest_object(manifests, service, "policy/v1", "PodDisruptionBudget", service->name);
    struct node *spec = disruption_budget_spec(arena, object);
    struct node *selector = node_set_map(arena, spec, "selector");
    manifest_selector(manifests, service, selector, "matchLabels");
}
