/* Other settings of pods: commands, timeouts, service account token, tolerations, metadata. */
#include "base/map.h"
#include "chart/inject_target.h"

#include <inttypes.h>

void inject_commands(const struct target *target)
{
    static const struct {
        enum field_id field;
        const char *key;
    } rows[] = {{SERVICE_COMMANDS, "command"}, {SERVICE_ARGS, "args"}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct value *arguments = record_value(target->service->record, rows[i].field);
        if (arguments->node && arguments->count)
            target_set(target, NULL, target->container, rows[i].key,
                       manifest_string_list(target->injection->arena, arguments), NULL,
                       HIDE_VALUES);
    }
}

/* Sets progressDeadlineSeconds, which must be greater than minReadySeconds. */
static void inject_timeout(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct object *controller = target_controller(target);
    struct str kind = controller->kind;
    int64_t seconds;
    if (!target_has(target, SERVICE_TIMEOUT))
        return;
    if (!str_eq_c(kind, "Deployment") && !str_eq_c(kind, "Rollout")) {
        diag_warning(target->injection->diags,
                     record_location(target->service->record, SERVICE_TIMEOUT), RULE_NO_EFFECT,
                     "timeout has no effect on a %.*s, which has no progress deadline",
                     STR_ARG(kind));
        diag_hint(target->injection->diags, "remove timeout");
        return;
    }
    if (!target_int(target, SERVICE_TIMEOUT, controller, object_node(controller),
                    "spec minReadySeconds", 0, &seconds))
        return;
    if (target->service->timeout <= seconds) {
        target_error(target, SERVICE_TIMEOUT, RULE_CHART_CONFLICT,
                     "timeout must be greater than the chart's minReadySeconds, which is %" PRId64,
                     seconds);
        diag_hint(target->injection->diags, "set a larger timeout");
        return;
    }
    target_set(target, controller, object_node(controller), "spec progressDeadlineSeconds",
               node_int(arena, target->service->timeout), "progressDeadlineSeconds", SHOW_VALUES);
}

static void inject_times(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    inject_timeout(target);
    if (target_has(target, SERVICE_GRACE_PERIOD))
        target_set(target, target->workload, target_pod(target), "terminationGracePeriodSeconds",
                   node_int(arena, target->service->grace_period), "terminationGracePeriodSeconds",
                   SHOW_VALUES);
    if (target_has(target, SERVICE_TOKEN))
        target_set(target, target->workload, target_pod(target), "automountServiceAccountToken",
                   node_scalar(arena, STYLE_PLAIN,
                               target->service->mounts_token ? STR("true") : STR("false")),
                   "automountServiceAccountToken", SHOW_VALUES);
}

static bool tolerates(const struct node *item, const struct toleration *toleration)
{
    struct str operator= node_string(node_at(item, "operator"));
    return str_equal(node_string(node_at(item, "key")), toleration->key) &&
           str_equal(node_string(node_at(item, "value")), toleration->value) &&
           str_equal(node_string(node_at(item, "effect")), toleration->effect) &&
           (operator.len == 0 || str_eq_c(operator, "Equal"));
}

static bool is_tolerated(const struct target *target, const struct toleration *toleration)
{
    const struct node *list = node_at(target_pod(target), "tolerations");
    for (const struct node *item = node_first_child(list); item; item = item->next)
        if (tolerates(item, toleration))
            return true;
    return false;
}

/* True if the chart tolerates the taint of nodes with GPUs in any way. */
static bool tolerates_gpus(const struct target *target)
{
    const struct node *list = node_at(target_pod(target), "tolerations");
    for (const struct node *item = node_first_child(list); item; item = item->next)
        if (str_eq_c(node_string(node_at(item, "key")), MANIFEST_GPU))
            return true;
    return false;
}

static void add_toleration(const struct target *target, struct node *toleration)
{
    struct node *list = edit_list(target->edit, target_pod(target), "tolerations");
    if (!list)
        return;
    edit_insert(target->edit, list, NULL, toleration);
    inject_log(target, target->workload, CHANGE_ADDED, "tolerations", "%.*s",
               STR_ARG(node_string(node_at(toleration, "key"))));
}

static void inject_tolerations(const struct target *target)
{
    const struct service *service = target->service;
    struct arena *arena = target->injection->arena;
    if (target->fill && node_at(target_pod(target), "tolerations"))
        return;
    for (size_t i = 0; i < service->toleration_count; i++)
        if (!is_tolerated(target, &service->tolerations[i]))
            add_toleration(target, manifest_toleration(arena, &service->tolerations[i]));
    if (service->resources.gpus && !tolerates_gpus(target))
        add_toleration(target, manifest_gpu_toleration(arena));
}

/* Adds to the chart's Secrets, which may be for other images of the pod. */
static void inject_pull_secrets(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    const struct value *names = record_value(target->service->record, SERVICE_IMAGE_PULL_SECRETS);
    const struct node *chart = node_at(target_pod(target), "imagePullSecrets");
    struct map known = {0};
    if (target->fill && chart)
        return;
    for (const struct node *item = node_first_child(chart); item; item = item->next)
        map_add(arena, &known, node_string(node_at(item, "name")), item);
    for (size_t i = 0; i < names->count; i++) {
        struct str name = names->items[i].text;
        if (map_get(&known, name))
            continue;
        struct node *list = edit_list(target->edit, target_pod(target), "imagePullSecrets");
        struct node *item = node_new(arena, NODE_MAP);
        if (!list)
            return;
        node_set_string(arena, item, "name", name);
        edit_insert(target->edit, list, NULL, item);
        inject_log(target, target->workload, CHANGE_ADDED, "imagePullSecrets", "%.*s",
                   STR_ARG(name));
    }
}

void inject_pull_policy(const struct target *target)
{
    if (target_has(target, SERVICE_IMAGE_PULL_POLICY))
        target_set(target, NULL, target->container, "imagePullPolicy",
                   node_scalar(target->injection->arena, STYLE_TEXT, target->service->pull_policy),
                   NULL, SHOW_VALUES);
}

static void inject_items(const struct target *target, const char *key, const char *what,
                         const struct value *items)
{
    struct arena *arena = target->injection->arena;
    for (size_t i = 0; i < items->count; i++) {
        const struct item *item = &items->items[i];
        const char *path = str_format(arena, "metadata %s %.*s", key, STR_ARG(item->name)).data;
        target_set(target, target->workload, object_template(target->workload), path,
                   node_scalar(arena, STYLE_TEXT, item->text),
                   str_format(arena, "%s.%.*s", what, STR_ARG(item->name)).data, SHOW_VALUES);
    }
}

/* Reports an error for each label by which an object of the chart selects pods: after the change,
 * it would select other pods. */
static void check_labels(const struct target *target)
{
    struct injection *injection = target->injection;
    const struct value *labels = target->service->pod_labels;
    const struct node *pod_labels = node_at(object_template(target->workload), "metadata labels");
    for (size_t i = 0; i < labels->count; i++) {
        const struct item *item = &labels->items[i];
        const struct node *current = node_at(pod_labels, str_to_c(injection->arena, item->name));
        const struct object *user = release_find_label_user(&injection->release, item->name);
        if (!user || (current && str_equal(node_string(current), item->text)))
            continue;
        diag_error(injection->diags, item->name_node->span, RULE_CHART_CONFLICT,
                   "%.*s: cannot set label \"%.*s\": %.*s of the chart selects pods by it",
                   STR_ARG(object_display_name(injection->arena, target->workload)),
                   STR_ARG(item->name), STR_ARG(object_display_name(injection->arena, user)));
        diag_hint(injection->diags, "remove it, or use another label");
    }
}

void inject_pod(const struct target *target)
{
    inject_times(target);
    inject_tolerations(target);
    inject_pull_secrets(target);
    check_labels(target);
    inject_items(target, "annotations", "template.annotations", target->service->pod_annotations);
    inject_items(target, "labels", "template.labels", target->service->pod_labels);
}
