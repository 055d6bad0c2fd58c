/* node_selector, priority_class and spread. Fill mode adds what restricts or orders pods only if
 * the chart says nothing about the same: no node affinity, no spread, no anti-affinity. */
#include "chart/inject_target.h"

static void inject_node_selector(const struct target *target)
{
    static const char affinity[] =
        "affinity nodeAffinity requiredDuringSchedulingIgnoredDuringExecution";
    struct arena *arena = target->injection->arena;
    const struct value *labels = target->service->node_selector;
    if (labels->count && target->fill && node_at(target_pod(target), affinity)) {
        inject_log(target, target->workload, CHANGE_SKIPPED, "nodeSelector",
                   "the chart sets nodeAffinity");
        return;
    }
    for (size_t i = 0; i < labels->count; i++)
        target_set(target, target->workload, target_pod(target),
                   str_format(arena, "nodeSelector %.*s", STR_ARG(labels->items[i].name)).data,
                   node_scalar(arena, STYLE_TEXT, labels->items[i].text), NULL, SHOW_VALUES);
}

/* Returns the label with the revision of the pods' template; NULL for objects without revisions. */
static const char *revision_label(struct str kind)
{
    static const struct {
        const char *kind;
        const char *label;
    } rows[] = {{"Deployment", MANIFEST_DEPLOYMENT_REVISION},
                {"StatefulSet", MANIFEST_STATEFULSET_REVISION},
                {"Rollout", "rollouts-pod-template-hash"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (str_eq_c(kind, rows[i].kind))
            return rows[i].label;
    return NULL;
}

static const char spread_key[] = "topologySpreadConstraints";

/* Removes the constraints of the chart for `spread: none`. */
static void remove_spread(const struct target *target)
{
    if (target->fill && node_at(target_pod(target), spread_key))
        inject_log(target, target->workload, CHANGE_KEPT, spread_key, "mode: fill removes nothing");
    target_remove(target, target->workload, target_pod(target), spread_key, spread_key,
                  "spread: none");
}

/* The pods of a DaemonSet are on all nodes, and those of a Job have no selector in the chart. */
static void refuse_spread(const struct target *target)
{
    static const char reason[] = "only pods of a Deployment, StatefulSet or Rollout are spread";
    if (target->fill) {
        inject_log(target, target->workload, CHANGE_SKIPPED, spread_key, "%s", reason);
        return;
    }
    target_error(target, SERVICE_SPREAD, RULE_CHART_CONFLICT, "%s", reason);
    diag_hint(target->injection->diags, "remove spread");
}

static void inject_spread(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct object *controller = target_controller(target);
    const char *label = revision_label(controller->kind);
    const struct node *selector = node_at(object_node(controller), "spec selector");
    if (!selector)
        selector = node_at(object_node(target->workload), "spec selector");
    if (!target_has(target, SERVICE_SPREAD))
        return;
    if (target->service->spread == SPREAD_NONE) {
        remove_spread(target);
        return;
    }
    if (target->fill && node_at(target_pod(target), "affinity podAntiAffinity"))
        return;
    if (!label || !selector) {
        refuse_spread(target);
        return;
    }
    target_set(target, target->workload, target_pod(target), spread_key,
               manifest_spread(arena, target->service->spread, selector, label), NULL, SHOW_VALUES);
}

void inject_placement(const struct target *target)
{
    struct str class = target->service->priority_class;
    inject_node_selector(target);
    if (class.len)
        target_set(target, target->workload, target_pod(target), "priorityClassName",
                   node_scalar(target->injection->arena, STYLE_TEXT, class), NULL, SHOW_VALUES);
    inject_spread(target);
}
