/* How many pods run: autoscaler, replicas, disruption budget. */
#include "chart/inject_target.h"
#include "chart/pod_resources.h"
#include "manifest/sidecar.h"

#include <inttypes.h>
#include <string.h>

static const enum field_id scale_fields[] = {SERVICE_MIN_CONTAINERS, SERVICE_MAX_CONTAINERS,
                                             SERVICE_TARGET_CPU, SERVICE_TARGET_MEM};

/* The first of the fields that is written; SERVICE_END: none. */
static enum field_id written_field(const struct target *target)
{
    for (size_t i = 0; i < COUNT_OF(scale_fields); i++)
        if (target_has(target, scale_fields[i]))
            return scale_fields[i];
    return SERVICE_END;
}

/* True for a target that is written and not 0, which turns a metric off. */
static bool is_written_target(const struct target *target, enum field_id field)
{
    return target_has(target, field) && record_value(target->service->record, field)->number > 0;
}

/* Turning metrics off does not request an autoscaler. True, and reported, if nothing else is
 * written. */
static bool only_turns_off(const struct target *target)
{
    enum field_id field = written_field(target);
    if (target_has(target, SERVICE_MIN_CONTAINERS) || target_has(target, SERVICE_MAX_CONTAINERS) ||
        is_written_target(target, SERVICE_TARGET_CPU) ||
        is_written_target(target, SERVICE_TARGET_MEM))
        return false;
    diag_warning(target->injection->diags, record_location(target->service->record, field),
                 "%s has no effect: the chart has no autoscaler", schema_field(field)->name);
    diag_hint(target->injection->diags, "write max_containers to add one");
    return true;
}

static const struct object *find_scaler(const struct target *target, enum object_kind type,
                                        const char *path, const struct object *scaled)
{
    struct release *release = &target->injection->release;
    for (const struct object *each = release_objects(release, type); each; each = each->next)
        if (!each->hook && scaler_references(each, path, scaled))
            return each;
    return NULL;
}

/* What scales the pods in the chart: an autoscaler, or KEDA; NULL: nothing. */
static const struct object *find_any_scaler(const struct target *target)
{
    const struct object *scaled = target_controller(target);
    const struct object *scaler =
        find_scaler(target, OBJECT_AUTOSCALER, "spec scaleTargetRef", scaled);
    return scaler ? scaler : find_scaler(target, OBJECT_KEDA, "spec scaleTargetRef", scaled);
}

/* An autoscaler of a Deployment whose pods a Rollout runs scales nothing. */
static bool is_scaled_in_vain(const struct target *target, enum field_id field)
{
    struct arena *arena = target->injection->arena;
    const struct object *workload = target->workload;
    if (!workload->rollout)
        return false;
    const struct object *scaler =
        find_scaler(target, OBJECT_AUTOSCALER, "spec scaleTargetRef", workload);
    if (!scaler)
        scaler = find_scaler(target, OBJECT_KEDA, "spec scaleTargetRef", workload);
    if (!scaler)
        return false;
    struct str rollout = object_text(arena, workload->rollout);
    if (target->fill) {
        inject_log(target, workload->rollout, CHANGE_KEPT, "autoscaler",
                   "%.*s of the chart scales %.*s, whose pods it runs",
                   STR_ARG(object_text(arena, scaler)), STR_ARG(object_text(arena, workload)));
        return true;
    }
    target_error(target, field, "%.*s of the chart scales it, but %.*s runs its pods",
                 STR_ARG(object_text(arena, scaler)), STR_ARG(rollout));
    diag_hint(target->injection->diags, "let it scale %.*s in the chart, or remove it there",
              STR_ARG(rollout));
    return true;
}

/* Another that works on the same number would fight with the autoscaler. */
static bool is_scaled_otherwise(const struct target *target, enum field_id field)
{
    struct arena *arena = target->injection->arena;
    const struct object *scaled = target_controller(target);
    const struct object *keda = find_scaler(target, OBJECT_KEDA, "spec scaleTargetRef", scaled);
    const struct object *vertical = find_scaler(target, OBJECT_VERTICAL, "spec targetRef", scaled);
    if (vertical &&
        str_eq_c(node_string(node_at(vertical->node, "spec updatePolicy updateMode")), "Off"))
        vertical = NULL;
    const struct object *other = keda ? keda : vertical;
    if (!other)
        return false;
    if (target->fill) {
        inject_log(target, target_controller(target), CHANGE_KEPT, "autoscaler",
                   "it is scaled by %.*s of the chart already", STR_ARG(object_text(arena, other)));
        return true;
    }
    target_error(target, field, "it is scaled by %.*s of the chart already",
                 STR_ARG(object_text(arena, other)));
    diag_hint(target->injection->diags,
              "leave out min_containers, max_containers and autoscaling_*, or turn that off in "
              "the chart's values");
    return true;
}

static void report_range(const struct target *target, int64_t min, int64_t max)
{
    bool max_written = target_has(target, SERVICE_MAX_CONTAINERS);
    if (target_has(target, SERVICE_MIN_CONTAINERS)) {
        target_error(target, SERVICE_MIN_CONTAINERS,
                     "min_containers is %" PRId64 ", %s the most, which is %" PRId64, min,
                     min > max ? "above" : "as large as", max);
        diag_hint(target->injection->diags, "write max_containers too");
    } else {
        target_error(target, max_written ? SERVICE_MAX_CONTAINERS : written_field(target),
                     "the chart runs %" PRId64 " pods, %s max_containers, which is %" PRId64 "%s",
                     min, min > max ? "above" : "as many as", max,
                     max_written ? "" : " if left out");
        diag_hint(target->injection->diags, "write %s too",
                  max_written ? "min_containers" : "max_containers");
    }
}

/* An autoscaler needs one pod to measure. */
static bool min_is_zero(const struct target *target)
{
    if (!target_has(target, SERVICE_MIN_CONTAINERS) || target->service->min_containers > 0)
        return false;
    target_error(target, SERVICE_MIN_CONTAINERS, "min_containers is 0, but max_containers is not");
    diag_hint(target->injection->diags, "the autoscaler needs one container at least; for none at "
                                        "all write max_containers: 0");
    return true;
}

/* The chart's own autoscaler */

static bool is_metric(const struct node *metric, const char *source, const char *resource)
{
    return str_eq_c(node_string(node_at(node_at(metric, source), "name")), resource);
}

/* The metric of a resource, of our container or else of the pods, and where its target is. */
static struct node *find_metric(const struct target *target, const struct object *scaler,
                                const char *resource, const char **ret_source)
{
    struct node *metrics = node_at(scaler->node, "spec metrics");
    struct str container = node_string(node_at(target->container, "name"));
    struct node *whole = NULL;
    for (struct node *each = node_first_child(metrics); each; each = each->next) {
        *ret_source = "containerResource";
        if (is_metric(each, *ret_source, resource) &&
            str_equal(node_string(node_at(each, "containerResource container")), container))
            return each;
        if (!whole && is_metric(each, "resource", resource))
            whole = each;
    }
    *ret_source = "resource";
    return whole;
}

/* The labels and annotations of the pods as they will be, and of their namespace. */
struct pod_marks {
    const struct target *target;
    const struct node *namespace; /* NULL: not in the chart */
};

static bool find_mark(const void *context, enum sidecar_source source, const char *key,
                      struct str *ret_value)
{
    const struct pod_marks *marks = context;
    const struct target *target = marks->target;
    bool label = source == SIDECAR_POD_LABEL || source == SIDECAR_NAMESPACE_LABEL;
    bool pod = source == SIDECAR_POD_LABEL || source == SIDECAR_POD_ANNOTATION;
    if (!target->fill && sidecar_of_service(target->service, source, key, ret_value))
        return true;
    const char *kind = label ? "labels" : "annotations";
    const struct node *value =
        node_at(pod ? target->workload->template : marks->namespace,
                str_format(target->injection->arena, "metadata %s %s", kind, key).data);
    *ret_value = node_string(value);
    return value || (target->fill && sidecar_of_service(target->service, source, key, ret_value));
}

/* True if a sidecar is injected at admission. The namespace of a workload that names none may be
 * the only one of the chart. */
static bool gets_sidecar(const struct target *target)
{
    const struct object *workload = target->workload;
    const struct object *each = release_objects(&target->injection->release, OBJECT_NAMESPACE);
    bool only = each && !each->next && workload->namespace.len == 0;
    while (each && !only && !str_equal(each->name, workload->namespace))
        each = each->next;
    const struct pod_marks marks = {.target = target, .namespace = each ? each->node : NULL};
    return sidecar_is_injected(find_mark, &marks);
}

/* The container that a metric of a resource measures; empty: the pod as a whole. Such a metric
 * needs the requests of all containers, injected ones too, or a request of the pod itself, which in
 * turn does not count for a container (replica_calculator.go of Kubernetes). */
static struct str metric_container(const struct target *target, const char *resource)
{
    const struct node *containers = node_at(target_pod(target), "containers");
    const struct node *init = node_at(target_pod(target), "initContainers");
    if (pod_resources_has(target->injection->arena, target_pod(target), resource))
        return (struct str){0};
    bool several = containers->first->next != NULL;
    for (const struct node *each = node_first_child(init); each; each = each->next)
        several |= str_eq_c(node_string(node_at(each, "restartPolicy")), "Always");
    return several || gets_sidecar(target) ? node_string(node_at(target->container, "name"))
                                           : (struct str){0};
}

/* A share of what all containers request needs the requests of all: another kind of target of the
 * pod as a whole becomes one of our container. */
static void replace_metric(const struct target *target, const struct object *scaler,
                           struct node *metric, const char *source, const char *what,
                           const struct node *made)
{
    struct edit *edit = release_edit(&target->injection->release, scaler);
    struct node *type = made->first;
    struct node *goal = type->next;
    struct str to = goal->key->text;
    edit_remove(edit, metric, source);
    edit_set(edit, metric, type->key->text, type);
    edit_set(edit, metric, to, goal);
    if (str_eq_c(to, source)) /* it had no target */
        inject_log(target, scaler, CHANGE_ADDED, what, "%s", "");
    else
        inject_log(target, scaler, CHANGE_REPLACED, what, "chart: %s, service: %.*s", source,
                   STR_ARG(to));
}

/* Turns a metric off: that of the container, and that of the pods. True if there was one. */
static bool remove_metrics(const struct target *target, const struct object *scaler,
                           const char *resource, enum field_id field)
{
    struct edit *edit = release_edit(&target->injection->release, scaler);
    const char *source;
    bool found = false;
    for (struct node *metric; (metric = find_metric(target, scaler, resource, &source));
         found = true)
        edit_remove_item(edit, node_at(scaler->node, "spec metrics"), metric);
    if (found)
        inject_log(target, scaler, CHANGE_REMOVED,
                   str_format(target->injection->arena, "%s target", resource).data, "%s is 0",
                   schema_field(field)->name);
    return found;
}

/* Kubernetes scales an autoscaler that has no metric by CPU use. */
static void check_metrics(const struct target *target, const struct object *scaler,
                          enum field_id field)
{
    if (node_first_child(node_at(scaler->node, "spec metrics")))
        return;
    target_error(target, field, "%.*s would have no metric, so Kubernetes would scale it by CPU",
                 STR_ARG(object_text(target->injection->arena, scaler)));
    diag_hint(target->injection->diags, "write a target above 0 for cpu or memory, or turn the "
                                        "chart's autoscaler off");
}

static void set_metric(const struct target *target, const struct object *scaler,
                       const char *resource, int64_t utilization)
{
    struct arena *arena = target->injection->arena;
    const char *source;
    struct node *metric = find_metric(target, scaler, resource, &source);
    const char *what = str_format(arena, "%s target", resource).data;
    if (!metric) {
        struct node *spec = node_at(scaler->node, "spec");
        struct edit *edit = release_edit(&target->injection->release, scaler);
        struct node *metrics = edit_list(edit, spec, "metrics");
        if (metrics)
            edit_insert(edit, metrics, NULL,
                        autoscaler_metric(arena, resource, utilization,
                                          metric_container(target, resource)));
        inject_log(target, scaler, CHANGE_ADDED, what, "%s", "");
        return;
    }
    struct node *goal = node_at(node_at(metric, source), "target");
    struct str container = metric_container(target, resource);
    bool whole = strcmp(source, "resource") == 0 && container.len;
    if (!goal || (whole && !node_at(goal, "averageUtilization"))) {
        replace_metric(target, scaler, metric, source, what,
                       autoscaler_metric(arena, resource, utilization, container));
        return;
    }
    target_set(target, scaler, goal, "averageUtilization", node_int(arena, utilization), what,
               SHOW_VALUES);
    target_set(target, scaler, goal, "type", node_scalar(arena, STYLE_TEXT, STR("Utilization")),
               str_format(arena, "%s type", what).data, SHOW_VALUES);
    target_remove(target, scaler, goal, "averageValue",
                  str_format(arena, "%s averageValue", what).data, "a percentage is written");
}

/* autoscaling/v1 knows one target, that of the CPU. */
static void set_targets_v1(const struct target *target, const struct object *scaler)
{
    if (target_has(target, SERVICE_TARGET_CPU) && target->service->target_cpu == 0) {
        target_error(target, SERVICE_TARGET_CPU,
                     "the chart's autoscaler is of autoscaling/v1, which always scales by CPU");
        diag_hint(target->injection->diags, "leave it out, or turn the chart's autoscaler off");
    } else if (target_has(target, SERVICE_TARGET_CPU)) {
        target_set(target, scaler, scaler->node, "spec targetCPUUtilizationPercentage",
                   node_int(target->injection->arena, target->service->target_cpu), "cpu target",
                   SHOW_VALUES);
    }
    if (!target_has(target, SERVICE_TARGET_MEM) || target->service->target_memory == 0)
        return;
    target_error(target, SERVICE_TARGET_MEM,
                 "the chart's autoscaler is of autoscaling/v1, which has no target for memory");
    diag_hint(target->injection->diags, "leave it out, or turn the chart's autoscaler off");
}

/* A target that is a share of the request needs one: that of the pod, or else of the container. */
static void need_request(const struct target *target, const char *resource)
{
    if (!pod_resources_has(target->injection->arena, target_pod(target), resource))
        inject_missing_request(target, resource);
}

/* A metric of a container does not count the request of its pod. */
static void check_container_metric(const struct target *target, const struct object *scaler,
                                   const char *resource)
{
    struct arena *arena = target->injection->arena;
    if (container_request(arena, target->container, resource))
        return;
    diag_warning(target->injection->diags, object_location(scaler),
                 "%.*s scales by the %s of container %.*s, which has no request of its own",
                 STR_ARG(object_text(arena, scaler)), resource,
                 STR_ARG(node_string(node_at(target->container, "name"))));
    diag_hint(target->injection->diags,
              "the pod's spec.resources does not count for a container: write resource_request, or "
              "use a metric of type Resource in the chart");
}

static void set_targets(const struct target *target, const struct object *scaler)
{
    const struct {
        enum field_id field;
        const char *resource;
        int64_t utilization;
    } targets[] = {{SERVICE_TARGET_CPU, "cpu", target->service->target_cpu},
                   {SERVICE_TARGET_MEM, "memory", target->service->target_memory}};
    enum field_id emptied = SERVICE_END;
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        enum field_id field = targets[i].field;
        if (!target_has(target, field))
            continue;
        if (targets[i].utilization)
            set_metric(target, scaler, targets[i].resource, targets[i].utilization);
        else if (remove_metrics(target, scaler, targets[i].resource, field) ||
                 field == SERVICE_TARGET_CPU)
            emptied = field;
    }
    if (emptied != SERVICE_END)
        check_metrics(target, scaler, emptied);
}

/* Without a request, a target that is a share of it cannot be reckoned. */
static void fill_requests(const struct target *target, const struct object *scaler)
{
    static const char *const resources[] = {"cpu", "memory"};
    for (size_t i = 0; i < COUNT_OF(resources); i++) {
        const char *source;
        const struct node *metric = find_metric(target, scaler, resources[i], &source);
        if (!metric || !node_at(node_at(metric, source), "target averageUtilization"))
            continue;
        need_request(target, resources[i]);
        if (strcmp(source, "containerResource") == 0)
            check_container_metric(target, scaler, resources[i]);
    }
    if (node_at(scaler->node, "spec targetCPUUtilizationPercentage"))
        need_request(target, "cpu");
}

/* Kubernetes serves autoscaling/v1 and v2 only; the metrics of v2beta1 have another form. */
static bool check_version(const struct target *target, const struct object *scaler)
{
    struct str version = scaler->api_version;
    if (str_eq_c(version, "autoscaling/v1") || str_eq_c(version, "autoscaling/v2"))
        return true;
    const char *removed =
        str_eq_c(version, "autoscaling/v2beta1")   ? ", which Kubernetes 1.25 removed"
        : str_eq_c(version, "autoscaling/v2beta2") ? ", which Kubernetes 1.26 removed"
                                                   : "";
    target_error(target, written_field(target), "%.*s of the chart is %.*s%s",
                 STR_ARG(object_text(target->injection->arena, scaler)), STR_ARG(version), removed);
    diag_hint(target->injection->diags,
              "let the chart use autoscaling/v2: upgrade it, or render it with --api-versions "
              "autoscaling/v2");
    return false;
}

static void change_scaler(const struct target *target, const struct object *scaler,
                          int64_t *ret_max)
{
    struct arena *arena = target->injection->arena;
    const struct service *service = target->service;
    int64_t min;
    int64_t max;
    *ret_max = 0;
    if (!check_version(target, scaler) ||
        !target_int(target, written_field(target), scaler, scaler->node, "spec minReplicas", 1,
                    &min) ||
        !target_int(target, written_field(target), scaler, scaler->node, "spec maxReplicas", min,
                    &max))
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
        target_set(target, scaler, scaler->node, "spec minReplicas", node_int(arena, min),
                   "minReplicas", SHOW_VALUES);
    if (target_has(target, SERVICE_MAX_CONTAINERS))
        target_set(target, scaler, scaler->node, "spec maxReplicas", node_int(arena, max),
                   "maxReplicas", SHOW_VALUES);
    if (str_eq_c(scaler->api_version, "autoscaling/v1"))
        set_targets_v1(target, scaler);
    else
        set_targets(target, scaler);
    fill_requests(target, scaler);
    if (max > 1 &&
        (target_has(target, SERVICE_MIN_CONTAINERS) || target_has(target, SERVICE_MAX_CONTAINERS)))
        inject_warn_shared(target);
    inject_remove_replicas(target, written_field(target));
}

/* A new one */

static void add_scaler(const struct target *target, int64_t min, int64_t max)
{
    struct arena *arena = target->injection->arena;
    const struct object *workload = target_controller(target);
    const struct object *other =
        release_find(&target->injection->release, OBJECT_AUTOSCALER, workload->name, workload);
    if (other) {
        target_error(target, written_field(target),
                     "%.*s of the chart stands where its autoscaler would",
                     STR_ARG(object_text(arena, other)));
        diag_hint(target->injection->diags, "it scales something else; rename it in the chart");
        return;
    }
    if (!target->service->target_cpu && !target->service->target_memory) {
        target_error(target, SERVICE_TARGET_MEM,
                     "both autoscaling targets are 0, so nothing is left to scale by");
        diag_hint(target->injection->diags, "write a target above 0, or the same number as "
                                            "min_containers and max_containers");
        return;
    }
    struct node *object = node_new(arena, NODE_MAP);
    autoscaler_spec(arena, object,
                    &(struct autoscaling){.api_version = workload->api_version,
                                          .kind = workload->kind,
                                          .name = workload->name,
                                          .cpu_container = metric_container(target, "cpu"),
                                          .memory_container = metric_container(target, "memory"),
                                          .min = min,
                                          .max = max,
                                          .cpu = target->service->target_cpu,
                                          .memory = target->service->target_memory});
    target_add(target, "autoscaling/v2", "HorizontalPodAutoscaler", workload->name, NULL,
               node_get(object, "spec"));
    if (target->service->target_cpu)
        need_request(target, "cpu");
    if (target->service->target_memory)
        need_request(target, "memory");
    inject_warn_shared(target);
    inject_remove_replicas(target, written_field(target));
}

static void fix_replicas(const struct target *target, int64_t number)
{
    static const enum field_id targets[] = {SERVICE_TARGET_CPU, SERVICE_TARGET_MEM};
    for (size_t i = 0; i < COUNT_OF(targets); i++) {
        if (!is_written_target(target, targets[i]))
            continue;
        diag_warning(target->injection->diags, record_location(target->service->record, targets[i]),
                     "%s has no effect: there are %" PRId64 " pods at least and at most",
                     schema_field(targets[i])->name, number);
        diag_hint(target->injection->diags, "write a larger max_containers");
    }
    inject_set_replicas(target, number);
    inject_warn_replicas(target, "replicas is the number of pods, because there is no autoscaler");
    if (number > 1)
        inject_warn_shared(target);
}

/* A fixed number, or an autoscaler. */
static void scale_anew(const struct target *target, int64_t *ret_max)
{
    const struct service *service = target->service;
    const struct object *controller = target_controller(target);
    int64_t replicas;
    *ret_max = 0;
    if (only_turns_off(target) || !target_int(target, written_field(target), controller,
                                              controller->node, "spec replicas", 1, &replicas))
        return;
    int64_t min = replicas > 0 ? replicas : 1;
    int64_t max = service->max_containers;
    if (target_has(target, SERVICE_MIN_CONTAINERS))
        min = service->min_containers;
    *ret_max = max;
    if (target->fill && node_at(controller->node, "spec replicas")) {
        *ret_max = replicas;
        inject_log(target, controller, CHANGE_KEPT, "autoscaler", "%s",
                   "the chart says replicas, which an autoscaler would fight with");
        return;
    }
    if (min > max || (min == max && !target_has(target, SERVICE_MAX_CONTAINERS)))
        report_range(target, min, max);
    else if (min == max)
        fix_replicas(target, max);
    else
        add_scaler(target, min, max);
}

/* Disruption budget */

static bool has_budget(const struct target *target)
{
    struct release *release = &target->injection->release;
    for (const struct object *each = release_objects(release, OBJECT_DISRUPTION_BUDGET); each;
         each = each->next)
        if (!each->hook && selector_matches(each, target->workload))
            return true;
    return false;
}

static void add_budget(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct object *workload = target_controller(target);
    const struct node *selector = node_at(target->workload->node, "spec selector");
    if (has_budget(target) || !selector)
        return;
    const struct object *other = release_find(&target->injection->release, OBJECT_DISRUPTION_BUDGET,
                                              workload->name, workload);
    if (other) {
        diag_warning(target->injection->diags, object_location(other),
                     "%.*s gets no disruption budget: %.*s, which is %s, stands where it would",
                     STR_ARG(object_text(arena, workload)), STR_ARG(object_text(arena, other)),
                     other->hook ? "a hook" : "for other pods");
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
    return written_field(target) != SERVICE_END;
}

void inject_scale(const struct target *target)
{
    enum field_id field = written_field(target);
    if (field == SERVICE_END) {
        if (inject_replicas_is_requested(target))
            inject_replicas_alone(target, find_any_scaler(target));
        return;
    }
    if (str_eq_c(target_controller(target)->kind, "DaemonSet")) {
        target_error(target, field, "a DaemonSet runs one pod on each node, whatever %s says",
                     schema_field(field)->name);
        diag_hint(target->injection->diags, "leave it out");
        return;
    }
    if (is_scaled_otherwise(target, field) || is_scaled_in_vain(target, field))
        return;
    /* None at all: an autoscaler rests while replicas is 0. */
    if (target_has(target, SERVICE_MAX_CONTAINERS) && target->service->max_containers == 0) {
        inject_set_replicas(target, 0);
        inject_warn_replicas(target, "max_containers: 0 sets replicas");
        return;
    }
    if (min_is_zero(target))
        return;
    const struct object *scaler =
        find_scaler(target, OBJECT_AUTOSCALER, "spec scaleTargetRef", target_controller(target));
    int64_t max;
    if (scaler && target->fill)
        return;
    if (scaler)
        change_scaler(target, scaler, &max);
    else
        scale_anew(target, &max);
    if (max > 1)
        add_budget(target);
}
