/* The number of pods: autoscaler, replicas, disruption budget. */
#include "chart/inject_target.h"
#include "chart/pod_resources.h"
#include "manifest/sidecar.h"

#include <inttypes.h>
#include <string.h>

static const enum field_id scale_fields[] = {
    SERVICE_MIN_CONTAINERS, SERVICE_MAX_CONTAINERS,   SERVICE_TARGET_CPU, SERVICE_TARGET_MEM,
    SERVICE_SCALE_UP_DELAY, SERVICE_SCALE_DOWN_DELAY, SERVICE_TRIGGERS};

/* Returns the first scale field that the service sets; SERVICE_END if it sets none. */
static enum field_id first_set_field(const struct target *target)
{
    for (size_t i = 0; i < COUNT_OF(scale_fields); i++)
        if (target_has(target, scale_fields[i]))
            return scale_fields[i];
    return SERVICE_END;
}

/* Returns the names of the scale fields that the service sets. */
static struct str list_set_fields(const struct target *target)
{
    struct buf list = {0};
    for (size_t i = 0; i < COUNT_OF(scale_fields); i++)
        if (target_has(target, scale_fields[i]))
            buf_add_joined(&list, ", ", str_from_c(schema_field(scale_fields[i])->name));
    return buf_take(target->injection->arena, &list);
}

/* True if the service sets a target above 0. A target of 0 disables the metric. */
static bool is_metric_requested(const struct target *target, enum field_id field)
{
    return target_has(target, field) && record_value(target->service->record, field)->number > 0;
}

/* Warns and returns true if the service only disables metrics or sets delays, which does not
 * request an autoscaler. */
static bool only_changes_scaler(const struct target *target)
{
    enum field_id field = first_set_field(target);
    if (target_has(target, SERVICE_MIN_CONTAINERS) || target_has(target, SERVICE_MAX_CONTAINERS) ||
        is_metric_requested(target, SERVICE_TARGET_CPU) ||
        is_metric_requested(target, SERVICE_TARGET_MEM) || target_has(target, SERVICE_TRIGGERS))
        return false;
    diag_warning(target->injection->diags, record_location(target->service->record, field),
                 RULE_NO_EFFECT, "%s has no effect: the chart has no autoscaler",
                 schema_field(field)->name);
    diag_hint(target->injection->diags, "set max_containers to add one");
    return true;
}

static const struct object *find_scaler(const struct target *target, enum object_kind type,
                                        const struct object *scaled)
{
    return release_find_scaler(&target->injection->release, type, scaled);
}

/* Returns the HorizontalPodAutoscaler or ScaledObject of the chart that scales the pods, or NULL.
 */
static const struct object *find_any_scaler(const struct target *target)
{
    const struct object *scaled = target_controller(target);
    const struct object *scaler = find_scaler(target, OBJECT_AUTOSCALER, scaled);
    return scaler ? scaler : find_scaler(target, OBJECT_KEDA, scaled);
}

/* Reports and returns true if the chart has an autoscaler for a Deployment whose pods a Rollout
 * runs: it scales nothing. */
static bool has_ineffective_scaler(const struct target *target, enum field_id field)
{
    struct arena *arena = target->injection->arena;
    const struct object *workload = target->workload;
    if (!workload->rollout)
        return false;
    const struct object *scaler = find_scaler(target, OBJECT_AUTOSCALER, workload);
    if (!scaler)
        scaler = find_scaler(target, OBJECT_KEDA, workload);
    if (!scaler)
        return false;
    struct str rollout = object_display_name(arena, workload->rollout);
    if (target->fill) {
        inject_log(target, workload->rollout, CHANGE_SKIPPED, "autoscaler",
                   "%.*s of the chart scales %.*s, but this Rollout runs its pods",
                   STR_ARG(object_display_name(arena, scaler)),
                   STR_ARG(object_display_name(arena, workload)));
        return true;
    }
    target_error(target, field, RULE_CHART_CONFLICT,
                 "%.*s of the chart scales this workload, but %.*s runs its pods",
                 STR_ARG(object_display_name(arena, scaler)), STR_ARG(rollout));
    diag_hint(target->injection->diags,
              "set its scaleTargetRef to %.*s in the chart, or remove it from the chart",
              STR_ARG(rollout));
    return true;
}

/* Reports and returns true if the chart has a ScaledObject or VerticalPodAutoscaler, which would
 * conflict with the autoscaler. */
static bool has_conflicting_scaler(const struct target *target, enum field_id field)
{
    struct arena *arena = target->injection->arena;
    const struct object *scaled = target_controller(target);
    const struct object *keda = find_scaler(target, OBJECT_KEDA, scaled);
    const struct object *vertical = find_scaler(target, OBJECT_VERTICAL, scaled);
    if (vertical &&
        str_eq_c(node_string(node_at(object_node(vertical), "spec updatePolicy updateMode")),
                 "Off"))
        vertical = NULL;
    const struct object *other = keda ? keda : vertical;
    if (!other)
        return false;
    if (target->fill) {
        inject_log(target, target_controller(target), CHANGE_SKIPPED, "autoscaler",
                   "%.*s of the chart already scales it",
                   STR_ARG(object_display_name(arena, other)));
        return true;
    }
    target_error(target, field, RULE_CHART_CONFLICT, "%.*s of the chart already scales it",
                 STR_ARG(object_display_name(arena, other)));
    diag_hint(target->injection->diags, "remove %.*s, or disable it in the chart's values",
              STR_ARG(list_set_fields(target)));
    return true;
}

static void report_range(const struct target *target, int64_t min, int64_t max)
{
    bool has_max = target_has(target, SERVICE_MAX_CONTAINERS);
    if (target_has(target, SERVICE_MIN_CONTAINERS)) {
        target_error(target, SERVICE_MIN_CONTAINERS, RULE_INVALID_AUTOSCALING,
                     "min_containers (%" PRId64 ") must %s the maximum number of pods (%" PRId64
                     ")",
                     min, min > max ? "not be greater than" : "be less than", max);
        diag_hint(target->injection->diags, "set max_containers too");
    } else {
        target_error(target, has_max ? SERVICE_MAX_CONTAINERS : first_set_field(target),
                     RULE_INVALID_AUTOSCALING,
                     "the chart runs %" PRId64 " pods, %s max_containers, which %s %" PRId64, min,
                     min > max ? "more than" : "as many as", has_max ? "is" : "defaults to", max);
        diag_hint(target->injection->diags, "set %s too",
                  has_max ? "min_containers" : "max_containers");
    }
}

/* Reports an error and returns true if min_containers is 0: an autoscaler needs at least one pod to
 * measure. */
static bool is_min_zero(const struct target *target)
{
    if (!target_has(target, SERVICE_MIN_CONTAINERS) || target->service->min_containers > 0 ||
        target->service->trigger_count)
        return false;
    target_error(target, SERVICE_MIN_CONTAINERS, RULE_INVALID_AUTOSCALING,
                 "min_containers must be at least 1 unless max_containers is 0");
    diag_hint(target->injection->diags, "to run no containers, set max_containers: 0");
    return true;
}

/* The chart's own autoscaler */

static bool is_metric(const struct node *metric, const char *source, const char *resource)
{
    return str_eq_c(node_string(node_at(node_at(metric, source), "name")), resource);
}

/* Returns the metric of a resource: for our container, else for the whole pod; NULL if there is
 * none. Sets `*ret_source` to the key that has its target. */
static struct node *find_metric(const struct target *target, const struct object *scaler,
                                const char *resource, const char **ret_source)
{
    struct node *metrics = node_at(object_node(scaler), "spec metrics");
    struct str container = node_string(node_at(target->container, "name"));
    struct node *pod_metric = NULL;
    for (struct node *each = node_first_child(metrics); each; each = each->next) {
        *ret_source = "containerResource";
        if (is_metric(each, *ret_source, resource) &&
            str_equal(node_string(node_at(each, "containerResource container")), container))
            return each;
        if (!pod_metric && is_metric(each, "resource", resource))
            pod_metric = each;
    }
    *ret_source = "resource";
    return pod_metric;
}

/* Where find_metadata() finds labels and annotations: the pods after injection, and their
 * namespace. */
struct pod_metadata {
    const struct target *target;
    const struct node *namespace; /* NULL: not in the chart */
};

static bool find_metadata(const void *context, enum sidecar_source source, const char *key,
                          struct str *ret_value)
{
    const struct pod_metadata *metadata = context;
    const struct target *target = metadata->target;
    bool label = source == SIDECAR_POD_LABEL || source == SIDECAR_NAMESPACE_LABEL;
    bool pod = source == SIDECAR_POD_LABEL || source == SIDECAR_POD_ANNOTATION;
    if (!target->fill && sidecar_of_service(target->service, source, key, ret_value))
        return true;
    const char *kind = label ? "labels" : "annotations";
    const struct node *value =
        node_at(pod ? object_template(target->workload) : metadata->namespace,
                str_format(target->injection->arena, "metadata %s %s", kind, key).data);
    *ret_value = node_string(value);
    return value || (target->fill && sidecar_of_service(target->service, source, key, ret_value));
}

/* True if a sidecar is injected at admission. A workload without a namespace is assumed to be in
 * the chart's only Namespace, if there is exactly one. */
static bool gets_sidecar(const struct target *target)
{
    const struct object *workload = target->workload;
    struct release *release = &target->injection->release;
    const struct object *namespace = release_objects(release, OBJECT_NAMESPACE);
    if (!namespace || namespace->next || workload->namespace.len)
    namespace = release_find_global(release, OBJECT_NAMESPACE, workload->namespace);
    const struct pod_metadata metadata = {.target = target,
                                          .namespace = namespace ? object_node(namespace) : NULL};
    return sidecar_is_injected(find_metadata, &metadata);
}

/* Returns the container that a metric should measure; empty: the whole pod. A metric of the pod
 * needs requests in all containers, including injected ones, or a request of the pod itself, which
 * does not count for a metric of a container (replica_calculator.go of Kubernetes). */
static struct str metric_container(const struct target *target, const char *resource)
{
    const struct node *containers = node_at(target_pod(target), "containers");
    const struct node *init = node_at(target_pod(target), "initContainers");
    if (pod_resources_has(target_pod(target), resource))
        return (struct str){0};
    bool several = containers->first->next != NULL;
    for (const struct node *each = node_first_child(init); each; each = each->next)
        several |= str_eq_c(node_string(node_at(each, "restartPolicy")), "Always");
    return several || gets_sidecar(target) ? node_string(node_at(target->container, "name"))
                                           : (struct str){0};
}

/* Replaces a metric of the whole pod with one of our container, because the pod's utilization is
 * defined only if all containers have requests. */
static void replace_metric(const struct target *target, const struct object *scaler,
                           struct node *metric, const char *source, const char *what,
                           const struct node *new_metric)
{
    struct edit *edit = release_edit(scaler);
    struct node *type = new_metric->first;
    struct node *new_value = type->next;
    struct str new_source = new_value->key->text;
    edit_remove(edit, metric, source);
    edit_set(edit, metric, type->key->text, type);
    edit_set(edit, metric, new_source, new_value);
    if (str_eq_c(new_source, source)) /* the metric had no target */
        inject_log(target, scaler, CHANGE_ADDED, what, "%s", "");
    else
        inject_log(target, scaler, CHANGE_REPLACED, what, "chart: %s, service: %.*s", source,
                   STR_ARG(new_source));
}

/* Removes the metrics of a resource, of the container and of the pods. True if there were any. */
static bool remove_metrics(const struct target *target, const struct object *scaler,
                           const char *resource, enum field_id field)
{
    struct edit *edit = release_edit(scaler);
    const char *source;
    bool found = false;
    for (struct node *metric; (metric = find_metric(target, scaler, resource, &source));
         found = true)
        edit_remove_item(edit, node_at(object_node(scaler), "spec metrics"), metric);
    if (found)
        inject_log(target, scaler, CHANGE_REMOVED,
                   str_format(target->injection->arena, "%s target", resource).data, "%s is 0",
                   schema_field(field)->name);
    return found;
}

/* Reports an error if the autoscaler has no metrics: Kubernetes would scale by CPU use. */
static void check_metrics(const struct target *target, const struct object *scaler,
                          enum field_id field)
{
    if (node_first_child(node_at(object_node(scaler), "spec metrics")))
        return;
    target_error(target, field, RULE_INVALID_AUTOSCALING,
                 "%.*s would have no metric, so Kubernetes would scale by CPU use",
                 STR_ARG(object_display_name(target->injection->arena, scaler)));
    diag_hint(target->injection->diags, "set a target above 0 for CPU or memory, or disable the "
                                        "chart's autoscaler");
}

static void set_metric(const struct target *target, const struct object *scaler,
                       const char *resource, int64_t utilization)
{
    struct arena *arena = target->injection->arena;
    const char *source;
    struct node *metric = find_metric(target, scaler, resource, &source);
    const char *what = str_format(arena, "%s target", resource).data;
    if (!metric) {
        struct node *spec = node_at(object_node(scaler), "spec");
        struct edit *edit = release_edit(scaler);
        struct node *metrics = edit_list(edit, spec, "metrics");
        if (metrics)
            edit_insert(edit, metrics, NULL,
                        autoscaler_metric(arena, resource, utilization,
                                          metric_container(target, resource)));
        inject_log(target, scaler, CHANGE_ADDED, what, "%s", "");
        return;
    }
    struct node *metric_target = node_at(node_at(metric, source), "target");
    struct str container = metric_container(target, resource);
    bool must_be_of_container = strcmp(source, "resource") == 0 && container.len;
    if (!metric_target || (must_be_of_container && !node_at(metric_target, "averageUtilization"))) {
        replace_metric(target, scaler, metric, source, what,
                       autoscaler_metric(arena, resource, utilization, container));
        return;
    }
    target_set(target, scaler, metric_target, "averageUtilization", node_int(arena, utilization),
               what, SHOW_VALUES);
    target_set(target, scaler, metric_target, "type",
               node_scalar(arena, STYLE_TEXT, STR("Utilization")),
               str_format(arena, "%s type", what).data, SHOW_VALUES);
    target_remove(target, scaler, metric_target, "averageValue",
                  str_format(arena, "%s averageValue", what).data, "the service sets a percentage");
}

/* autoscaling/v1 has only a target for CPU. */
static void set_targets_v1(const struct target *target, const struct object *scaler)
{
    if (target_has(target, SERVICE_TARGET_CPU) && target->service->target_cpu == 0) {
        target_error(target, SERVICE_TARGET_CPU, RULE_CHART_CONFLICT,
                     "the chart's autoscaler uses autoscaling/v1, which always scales by CPU");
        diag_hint(target->injection->diags, "remove %s, or disable the chart's autoscaler",
                  schema_field(SERVICE_TARGET_CPU)->name);
    } else if (target_has(target, SERVICE_TARGET_CPU)) {
        target_set(target, scaler, object_node(scaler), "spec targetCPUUtilizationPercentage",
                   node_int(target->injection->arena, target->service->target_cpu), "cpu target",
                   SHOW_VALUES);
    }
    if (!target_has(target, SERVICE_TARGET_MEM) || target->service->target_memory == 0)
        return;
    target_error(target, SERVICE_TARGET_MEM, RULE_CHART_CONFLICT,
                 "the chart's autoscaler uses autoscaling/v1, which cannot scale by memory");
    diag_hint(target->injection->diags, "remove %s, or disable the chart's autoscaler",
              schema_field(SERVICE_TARGET_MEM)->name);
}

/* Adds a request to the container if the pod has none: utilization is relative to the request. */
static void ensure_request(const struct target *target, const char *resource)
{
    if (!pod_resources_has(target_pod(target), resource))
        inject_missing_request(target, resource);
}

/* Warns if the container has no request: a metric of a container ignores the pod's request. */
static void check_container_metric(const struct target *target, const struct object *scaler,
                                   const char *resource)
{
    struct arena *arena = target->injection->arena;
    if (container_request(target->container, resource))
        return;
    diag_warning(target->injection->diags, object_location(scaler), RULE_MISSING_REQUEST,
                 "%.*s scales by the %s of container %.*s, which has no request of its own",
                 STR_ARG(object_display_name(arena, scaler)), resource,
                 STR_ARG(node_string(node_at(target->container, "name"))));
    diag_hint(
        target->injection->diags,
        "set resource_request, because the pod's spec.resources does not apply to a metric of "
        "one container, or use a metric of type Resource in the chart");
}

static void set_targets(const struct target *target, const struct object *scaler)
{
    const struct {
        enum field_id field;
        const char *resource;
        int64_t utilization;
    } targets[] = {{SERVICE_TARGET_CPU, "cpu", target->service->target_cpu},
                   {SERVICE_TARGET_MEM, "memory", target->service->target_memory}};
    enum field_id disabled = SERVICE_END;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        enum field_id field = targets[i].field;
        if (!target_has(target, field))
            continue;
        if (targets[i].utilization)
            set_metric(target, scaler, targets[i].resource, targets[i].utilization);
        else if (remove_metrics(target, scaler, targets[i].resource, field) ||
                 field == SERVICE_TARGET_CPU)
            disabled = field;
    }
    if (disabled != SERVICE_END)
        check_metrics(target, scaler, disabled);
}

/* Adds the requests that the utilization targets need. */
static void fill_requests(const struct target *target, const struct object *scaler)
{
    static const char *const resources[] = {"cpu", "memory"};
    for (size_t i = 0; i < COUNT_OF(resources); i++) {
        const char *source;
        const struct node *metric = find_metric(target, scaler, resources[i], &source);
        if (!metric || !node_at(node_at(metric, source), "target averageUtilization"))
            continue;
        ensure_request(target, resources[i]);
        if (strcmp(source, "containerResource") == 0)
            check_container_metric(target, scaler, resources[i]);
    }
    if (node_at(object_node(scaler), "spec targetCPUUtilizationPercentage"))
        ensure_request(target, "cpu");
}

/* Reports an error and returns false if the autoscaler's API version is not v1 or v2: Kubernetes no
 * longer serves others, and the metrics of v2beta1 have another form. */
static bool check_version(const struct target *target, const struct object *scaler)
{
    struct str version = scaler->api_version;
    if (str_eq_c(version, "autoscaling/v1") || str_eq_c(version, "autoscaling/v2"))
        return true;
    const char *removed =
        str_eq_c(version, "autoscaling/v2beta1")   ? ", which was removed in Kubernetes 1.25"
        : str_eq_c(version, "autoscaling/v2beta2") ? ", which was removed in Kubernetes 1.26"
                                                   : ", which is not supported";
    target_error(
        target, first_set_field(target), RULE_CHART_CONFLICT, "%.*s of the chart uses %.*s%s",
        STR_ARG(object_display_name(target->injection->arena, scaler)), STR_ARG(version), removed);
    diag_hint(target->injection->diags,
              "upgrade the chart, or render it with --api-versions autoscaling/v2");
    return false;
}

static void set_delays(const struct target *target, const struct object *scaler)
{
    static const struct {
        enum field_id field;
        const char *path;
    } rows[] = {{SERVICE_SCALE_UP_DELAY, "spec behavior scaleUp stabilizationWindowSeconds"},
                {SERVICE_SCALE_DOWN_DELAY, "spec behavior scaleDown stabilizationWindowSeconds"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        enum field_id field = rows[i].field;
        if (!target_has(target, field))
            continue;
        if (str_eq_c(scaler->api_version, "autoscaling/v1")) {
            target_error(target, field, RULE_CHART_CONFLICT,
                         "the chart's autoscaler uses autoscaling/v1, which has no delays");
            diag_hint(target->injection->diags, "remove %s, or disable the chart's autoscaler",
                      schema_field(field)->name);
            continue;
        }
        target_set(target, scaler, object_node(scaler), rows[i].path,
                   node_int(target->injection->arena,
                            record_value(target->service->record, field)->number),
                   NULL, SHOW_VALUES);
    }
}

/* Reports triggers and returns true: the chart's HorizontalPodAutoscaler would conflict with a
 * ScaledObject. */
static bool refuse_triggers(const struct target *target, const struct object *scaler)
{
    if (!target_has(target, SERVICE_TRIGGERS))
        return false;
    target_error(target, SERVICE_TRIGGERS, RULE_CHART_CONFLICT,
                 "%.*s of the chart already scales it",
                 STR_ARG(object_display_name(target->injection->arena, scaler)));
    diag_hint(target->injection->diags,
              "disable the chart's autoscaler, or remove autoscaling_triggers");
    return true;
}

static void change_scaler(const struct target *target, const struct object *scaler,
                          int64_t *ret_max)
{
    struct arena *arena = target->injection->arena;
    const struct service *service = target->service;
    int64_t min;
    int64_t max;
    *ret_max = 0;
    if (refuse_triggers(target, scaler) || !check_version(target, scaler) ||
        !target_int(target, first_set_field(target), scaler, object_node(scaler),
                    "spec minReplicas", 1, &min) ||
        !target_int(target, first_set_field(target), scaler, object_node(scaler),
                    "spec maxReplicas", min, &max))
        return;
    if (target_has(target, SERVICE_MIN_CONTAINERS))
        min = service->min_containers;
    if (target_has(target, SERVICE_MAX_CONTAINERS))
        max = service->max_containers;
    *ret_max = max;
    if (min > max) {
        report_range(target, min, max);
        return;
    }
    if (target_has(target, SERVICE_MIN_CONTAINERS))
        target_set(target, scaler, object_node(scaler), "spec minReplicas", node_int(arena, min),
                   "minReplicas", SHOW_VALUES);
    if (target_has(target, SERVICE_MAX_CONTAINERS))
        target_set(target, scaler, object_node(scaler), "spec maxReplicas", node_int(arena, max),
                   "maxReplicas", SHOW_VALUES);
    if (str_eq_c(scaler->api_version, "autoscaling/v1"))
        set_targets_v1(target, scaler);
    else
        set_targets(target, scaler);
    set_delays(target, scaler);
    fill_requests(target, scaler);
    if (max > 1 &&
        (target_has(target, SERVICE_MIN_CONTAINERS) || target_has(target, SERVICE_MAX_CONTAINERS)))
        inject_warn_several_pods(target);
    inject_remove_replicas(target, first_set_field(target));
}

/* A new autoscaler */

static struct autoscaling scaling_of(const struct target *target, int64_t min, int64_t max)
{
    const struct service *service = target->service;
    const struct object *workload = target_controller(target);
    return (struct autoscaling){.api_version = workload->api_version,
                                .kind = workload->kind,
                                .name = workload->name,
                                .cpu_container = metric_container(target, "cpu"),
                                .memory_container = metric_container(target, "memory"),
                                .min = min,
                                .max = max,
                                .cpu = service->target_cpu,
                                .memory = service->target_memory,
                                .up_delay = service->scale_up_delay,
                                .down_delay = service->scale_down_delay,
                                .triggers = service->triggers,
                                .trigger_count = service->trigger_count};
}

/* True if an earlier run has added the ScaledObject: it has the triggers of the service. */
static bool has_scaled_object(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct object *keda = find_scaler(target, OBJECT_KEDA, target_controller(target));
    if (!keda || !target_has(target, SERVICE_TRIGGERS))
        return false;
    struct node *object = node_new(arena, NODE_MAP);
    const struct autoscaling scaling = scaling_of(target, 0, 0);
    scaled_object_spec(arena, object, &scaling);
    const struct node *triggers = node_at(object_node(keda), "spec triggers");
    return triggers && edit_same(arena, triggers, node_at(object, "spec triggers"));
}

static void add_scaler(const struct target *target, int64_t min, int64_t max)
{
    struct arena *arena = target->injection->arena;
    const struct object *workload = target_controller(target);
    const struct object *other =
        release_find(&target->injection->release, OBJECT_AUTOSCALER, workload->name, workload);
    if (other) {
        target_error(target, first_set_field(target), RULE_CHART_CONFLICT,
                     "cannot add an autoscaler: the chart already has %.*s, which does not scale "
                     "this workload",
                     STR_ARG(object_display_name(arena, other)));
        diag_hint(target->injection->diags, "rename it in the chart");
        return;
    }
    const struct service *service = target->service;
    if (!service->target_cpu && !service->target_memory && !service->trigger_count) {
        target_error(target, SERVICE_TARGET_MEM, RULE_INVALID_AUTOSCALING,
                     "autoscaling requires a target above 0, but both targets are 0");
        diag_hint(target->injection->diags, "set a target above 0, or set min_containers and "
                                            "max_containers to the same number");
        return;
    }
    struct node *object = node_new(arena, NODE_MAP);
    const struct autoscaling scaling = scaling_of(target, min, max);
    bool keda = service->trigger_count > 0;
    (keda ? scaled_object_spec : autoscaler_spec)(arena, object, &scaling);
    target_add(target, keda ? MANIFEST_KEDA : "autoscaling/v2",
               keda ? "ScaledObject" : "HorizontalPodAutoscaler", workload->name, NULL,
               node_get(object, "spec"));
    if (target->service->target_cpu)
        ensure_request(target, "cpu");
    if (target->service->target_memory)
        ensure_request(target, "memory");
    inject_warn_several_pods(target);
    inject_remove_replicas(target, first_set_field(target));
}

static void set_fixed_replicas(const struct target *target, int64_t number)
{
    static const enum field_id fields[] = {SERVICE_TARGET_CPU, SERVICE_TARGET_MEM,
                                           SERVICE_SCALE_UP_DELAY, SERVICE_SCALE_DOWN_DELAY};
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        bool is_delay =
            fields[i] == SERVICE_SCALE_UP_DELAY || fields[i] == SERVICE_SCALE_DOWN_DELAY;
        if (is_delay ? !target_has(target, fields[i]) : !is_metric_requested(target, fields[i]))
            continue;
        diag_warning(target->injection->diags, record_location(target->service->record, fields[i]),
                     RULE_NO_EFFECT,
                     "%s has no effect: the minimum and maximum number of pods are both %" PRId64,
                     schema_field(fields[i])->name, number);
        diag_hint(target->injection->diags, "set a larger max_containers");
    }
    inject_set_replicas(target, number);
    inject_warn_replicas(target, "the number of pods is fixed, so there is no autoscaler");
    if (number > 1)
        inject_warn_several_pods(target);
}

/* Sets a fixed number of pods, or adds an autoscaler. */
static void add_scaling(const struct target *target, int64_t *ret_max)
{
    const struct service *service = target->service;
    const struct object *controller = target_controller(target);
    int64_t replicas;
    *ret_max = 0;
    if (only_changes_scaler(target) ||
        !target_int(target, first_set_field(target), controller, object_node(controller),
                    "spec replicas", 1, &replicas))
        return;
    int64_t min = replicas > 0 ? replicas : 1;
    int64_t max = service->max_containers;
    if (target_has(target, SERVICE_MIN_CONTAINERS))
        min = service->min_containers;
    *ret_max = max;
    if (target->fill && node_at(object_node(controller), "spec replicas")) {
        *ret_max = replicas;
        inject_log(target, controller, CHANGE_SKIPPED, "autoscaler", "%s",
                   "the chart sets replicas, which conflicts with an autoscaler");
        return;
    }
    if (min > max || (min == max && !target_has(target, SERVICE_MAX_CONTAINERS)))
        report_range(target, min, max);
    else if (min == max)
        set_fixed_replicas(target, max);
    else
        add_scaler(target, min, max);
}

/* Disruption budget */

static void add_budget(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct object *workload = target_controller(target);
    const struct node *selector = node_at(object_node(target->workload), "spec selector");
    if (!selector || release_has_budget(&target->injection->release, target->workload))
        return;
    const struct object *other = release_find(&target->injection->release, OBJECT_DISRUPTION_BUDGET,
                                              workload->name, workload);
    if (other) {
        diag_warning(
            target->injection->diags, object_location(other), RULE_CHART_CONFLICT,
            "cannot add a disruption budget for %.*s: the chart already has %.*s, which %s",
            STR_ARG(object_display_name(arena, workload)),
            STR_ARG(object_display_name(arena, other)),
            other->hook ? "is a Helm hook" : "selects other pods");
        diag_hint(target->injection->diags, "rename it in the chart");
        return;
    }
    struct node *object = node_new(arena, NODE_MAP);
    struct node *spec = disruption_budget_spec(arena, object);
    node_set(arena, spec, "selector", node_copy(arena, selector));
    target_add(target, "policy/v1", "PodDisruptionBudget", workload->name, NULL, spec);
}

bool inject_scale_is_requested(const struct target *target)
{
    return first_set_field(target) != SERVICE_END;
}

void inject_scale(const struct target *target)
{
    enum field_id field = first_set_field(target);
    if (field == SERVICE_END) {
        if (inject_replicas_is_requested(target))
            inject_replicas_only(target, find_any_scaler(target));
        return;
    }
    if (str_eq_c(target_controller(target)->kind, "DaemonSet")) {
        target_error(target, field, RULE_CHART_CONFLICT,
                     "%s cannot be set for a DaemonSet, which runs one pod on each node",
                     schema_field(field)->name);
        diag_hint(target->injection->diags, "remove %s", schema_field(field)->name);
        return;
    }
    if (has_scaled_object(target) || has_conflicting_scaler(target, field) ||
        has_ineffective_scaler(target, field))
        return;
    /* Autoscalers are disabled while replicas is 0. */
    if (target_has(target, SERVICE_MAX_CONTAINERS) && target->service->max_containers == 0) {
        inject_set_replicas(target, 0);
        inject_warn_replicas(target, "max_containers: 0 sets replicas to 0");
        return;
    }
    if (is_min_zero(target))
        return;
    const struct object *scaler = find_scaler(target, OBJECT_AUTOSCALER, target_controller(target));
    int64_t max;
    if (scaler && target->fill)
        return;
    if (scaler)
        change_scaler(target, scaler, &max);
    else
        add_scaling(target, &max);
    if (max > 1)
        add_budget(target);
}
