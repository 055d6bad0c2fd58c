/* The number of pods, and how they are replaced. */
#include "format/image_ref.h"
#include "import/manifests_reader.h"

struct str given_pull_policy(const struct node *container)
{
    struct str policy = given_text(container, "imagePullPolicy");
    const struct image_name name = image_name_split(given_text(container, "image"));
    bool moving = !name.has_digest && (!name.has_tag || str_eq_c(name.tag, "latest"));
    if (policy.len)
        return policy;
    return moving ? STR("Always") : STR("IfNotPresent");
}

static void set_int(const struct given_app *app, enum field_id field, int64_t number,
                    const struct node *from)
{
    import_int(app->import, app->module, field, number, from ? from->span : app->workload->at);
}

/* Returns the utilization that the autoscaler aims at; 0 if it has no such metric. */
static int64_t target_of(const struct given_app *app, const char *resource, const struct node **ret)
{
    const struct node *metrics = node_at(app->autoscaler->node, "spec metrics");
    for (const struct node *item = node_first_child(metrics); item; item = item->next) {
        const struct node *source = node_at(item, "resource");
        if (!source)
            source = node_at(item, "containerResource");
        int64_t number;
        if (!source || !str_eq_c(given_text(source, "name"), resource) ||
            !given_int(source, "target averageUtilization", &number))
            continue;
        *ret = node_at(source, "target averageUtilization");
        return number;
    }
    return 0;
}

static void read_delays(struct given_app *app, const struct node *behavior)
{
    static const struct {
        const char *path;
        enum field_id field;
    } rows[] = {{"scaleUp stabilizationWindowSeconds", SERVICE_SCALE_UP_DELAY},
                {"scaleDown stabilizationWindowSeconds", SERVICE_SCALE_DOWN_DELAY}};
    int64_t number;
    for (size_t i = 0; behavior && i < COUNT_OF(rows); i++)
        if (given_int(behavior, rows[i].path, &number))
            set_int(app, rows[i].field, number, node_at(behavior, rows[i].path));
}

/* Returns a number of pods; the default of Kubernetes if it is not set. */
static int64_t pods(const struct given_app *app, const char *path, int64_t fallback)
{
    int64_t number;
    return given_int(app->autoscaler->node, path, &number) ? number : fallback;
}

static void set_target(const struct given_app *app, enum field_id field, const char *resource)
{
    const struct node *from = node_at(app->autoscaler->node, "spec metrics");
    int64_t number = target_of(app, resource, &from);
    set_int(app, field, number, from);
}

/* Sets the numbers of pods. Returns false if they are the same: then the service has no autoscaler.
 */
static bool read_range(struct given_app *app, const char *min_path, int64_t min_default,
                       const char *max_path, int64_t max_default)
{
    const struct node *node = app->autoscaler->node;
    int64_t min = pods(app, min_path, min_default);
    int64_t max = pods(app, max_path, max_default);
    set_int(app, SERVICE_MIN_CONTAINERS, min, node_at(node, min_path));
    set_int(app, SERVICE_MAX_CONTAINERS, max, node_at(node, max_path));
    app->is_fixed = min == max;
    app->fixed_pods = max;
    return !app->is_fixed;
}

static void read_autoscaler(struct given_app *app)
{
    const struct node *node = app->autoscaler->node;
    int64_t number;
    if (!read_range(app, "spec minReplicas", 1, "spec maxReplicas", 1))
        return;
    if (given_int(node, "spec targetCPUUtilizationPercentage", &number)) { /* autoscaling/v1 */
        set_int(app, SERVICE_TARGET_CPU, number,
                node_at(node, "spec targetCPUUtilizationPercentage"));
        set_int(app, SERVICE_TARGET_MEM, 0, node);
        return;
    }
    if (node_at(node, "spec metrics")) /* the default is our default */
        set_target(app, SERVICE_TARGET_CPU, "cpu");
    set_target(app, SERVICE_TARGET_MEM, "memory");
    read_delays(app, node_at(node, "spec behavior"));
}

/* Carries over a trigger of KEDA; those of cpu and memory are targets. */
static void read_trigger(struct given_app *app, const struct node *item)
{
    const struct node *type = node_at(item, "type");
    const struct node *metadata = node_at(item, "metadata");
    const struct node *auth = node_at(item, "authenticationRef name");
    bool memory = str_eq_c(node_string(type), "memory");
    int64_t number;
    if (memory || str_eq_c(node_string(type), "cpu")) {
        if (given_int(item, "metadata value", &number))
            set_int(app, memory ? SERVICE_TARGET_MEM : SERVICE_TARGET_CPU, number,
                    node_at(item, "metadata value"));
        return;
    }
    if (!type || type->kind != NODE_SCALAR)
        return;
    struct node *list = import_list(app->import, app->module, SERVICE_TRIGGERS, item->span);
    struct node *made = import_item_map(app->import, list, item->span);
    given_string(app, made, TRIGGER_TYPE, type);
    struct node *map = import_map(app->import, made, TRIGGER_METADATA, item->span);
    for (const struct node *value = node_first_child(metadata); value; value = value->next)
        if (value->key)
            given_entry(app, map, value->key->text, value);
    if (auth && auth->kind == NODE_SCALAR)
        import_string(app->import, made, TRIGGER_AUTH,
                      STR_JOIN(app->arena,
                               str_eq_c(given_text(item, "authenticationRef kind"),
                                        "ClusterTriggerAuthentication")
                                   ? STR("cluster/")
                                   : STR(""),
                               import_literal(app->arena, auth->text, NULL)),
                      auth->span);
}

/* The time after which KEDA removes the last pod; it has no effect if one pod always runs. A delay
 * of the HorizontalPodAutoscaler takes precedence. */
static void read_cooldown(struct given_app *app, const struct node *scaled_object)
{
    enum { COOLDOWN_DEFAULT = 300 };
    int64_t number;
    if (!import_get(app->module, SERVICE_SCALE_DOWN_DELAY) &&
        pods(app, "spec minReplicaCount", 0) == 0 &&
        given_int(scaled_object, "spec cooldownPeriod", &number) && number != COOLDOWN_DEFAULT)
        set_int(app, SERVICE_SCALE_DOWN_DELAY, number,
                node_at(scaled_object, "spec cooldownPeriod"));
}

static void read_scaled_object(struct given_app *app)
{
    enum { REPLICAS_MAX = 100 }; /* KEDA's default */
    const struct node *node = app->autoscaler->node;
    if (!read_range(app, "spec minReplicaCount", 0, "spec maxReplicaCount", REPLICAS_MAX))
        return;
    set_int(app, SERVICE_TARGET_CPU, 0, node);
    set_int(app, SERVICE_TARGET_MEM, 0, node);
    read_delays(app, node_at(node, "spec advanced horizontalPodAutoscalerConfig behavior"));
    read_cooldown(app, node);
    const struct node *triggers = node_at(node, "spec triggers");
    for (const struct node *item = node_first_child(triggers); item; item = item->next)
        read_trigger(app, item);
}

static void read_replicas(struct given_app *app)
{
    const struct node *node = node_at(app->workload->node, "spec replicas");
    int64_t number = 1;
    given_int(app->workload->node, "spec replicas", &number);
    if (str_eq_c(app->workload->kind, "CronJob"))
        number = 0;
    if (number > 0)
        set_int(app, SERVICE_MIN_CONTAINERS, number, node);
    set_int(app, SERVICE_MAX_CONTAINERS, number, node);
}

static void read_rollout(struct given_app *app)
{
    enum { DEADLINE_DEFAULT = 600, TIMEOUT_DEFAULT = 300 };
    const struct node *node = app->workload->node;
    const struct node *deadline = node_at(node, "spec progressDeadlineSeconds");
    int64_t number = DEADLINE_DEFAULT;
    if (!str_eq_c(app->workload->kind, "Deployment"))
        return;
    given_int(node, "spec progressDeadlineSeconds", &number);
    if (number != TIMEOUT_DEFAULT)
        set_int(app, SERVICE_TIMEOUT, number, deadline);
    if (str_eq_c(given_text(node, "spec strategy type"), "Recreate"))
        import_string(app->import, app->module, SERVICE_UPDATE_STRATEGY, STR("recreate"),
                      node_at(node, "spec strategy type")->span);
}

void given_read_scale(struct given_app *app)
{
    if (app->autoscaler && str_eq_c(app->autoscaler->kind, "ScaledObject"))
        read_scaled_object(app);
    else if (app->autoscaler)
        read_autoscaler(app);
    else
        read_replicas(app);
    read_rollout(app);
}
