/* Makes equal what means the same in given and rendered objects, before they are compared. */
#include "format/quantity.h"
#include "import/manifests_reader.h"
#include "manifest/manifest.h"

struct normalizer {
    struct given_app *app;
    const struct map *objects; /* that may have the files of volumes */
    bool is_given;
};

static const char *const container_lists[] = {"initContainers", "containers"};

/* Returns the map at a key, which is created if it is missing; NULL if it is not a map. */
static struct node *map_at(struct arena *arena, struct node *parent, const char *key)
{
    if (!parent || parent->kind != NODE_MAP)
        return NULL;
    struct node *map = node_get(parent, key);
    if (!map) {
        map = node_set_map(arena, parent, key);
        map->span = parent->span;
    }
    return map->kind == NODE_MAP ? map : NULL;
}

static void copy_value(struct arena *arena, struct node *to, const char *key,
                       const struct node *value)
{
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *value;
    copy->next = NULL;
    node_set(arena, to, key, copy)->key->span = value->key->span;
}

/* Containers */

/* Settings of the pod apply to each container that does not have its own. */
static void push_security(const struct normalizer *in, struct node *pod, struct node *container)
{
    static const char *const keys[] = {"runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile"};
    const struct node *shared = node_at(pod, "securityContext");
    for (size_t i = 0; shared && i < COUNT_OF(keys); i++) {
        const struct node *value = node_at(shared, keys[i]);
        struct node *own = value ? map_at(in->app->arena, container, "securityContext") : NULL;
        if (own && !node_at(own, keys[i]))
            copy_value(in->app->arena, own, keys[i], value);
    }
}

/* A user other than root is not root. */
static void normalize_user(struct node *container)
{
    struct node *security = node_at(container, "securityContext");
    int64_t user;
    if (security && given_int(security, "runAsUser", &user) && user > 0)
        node_remove(security, "runAsNonRoot");
}

/* Replaces a quantity by its canonical form. */
static void set_quantity(struct arena *arena, struct node *quantity, bool cpu)
{
    enum { THOUSAND = 1000 };
    int64_t number;
    if (quantity->kind != NODE_SCALAR || !quantity_parse(quantity->text, &number))
        return;
    quantity->text = cpu ? quantity_cpu(arena, number)
                         : quantity_bytes(arena, number / THOUSAND + (number % THOUSAND != 0));
}

/* Without a request, Kubernetes requests the limit. */
static void normalize_resources(const struct normalizer *in, struct node *container)
{
    static const char *const keys[] = {"limits", "requests"};
    struct node *resources = node_at(container, "resources");
    struct node *limits = resources ? node_at(resources, "limits") : NULL;
    for (struct node *limit = node_first_child(limits); limit && limit->key; limit = limit->next) {
        if (!str_eq_c(limit->key->text, "cpu") && !str_eq_c(limit->key->text, "memory") &&
            !str_eq_c(limit->key->text, "ephemeral-storage"))
            continue;
        const char *key = str_to_c(in->app->arena, limit->key->text);
        struct node *requests = map_at(in->app->arena, resources, "requests");
        if (requests && !node_get(requests, key))
            copy_value(in->app->arena, requests, key, limit);
    }
    for (size_t i = 0; resources && i < COUNT_OF(keys); i++)
        for (struct node *item = node_first_child(node_at(resources, keys[i])); item && item->key;
             item = item->next)
            set_quantity(in->app->arena, item, str_eq_c(item->key->text, "cpu"));
}

/* Replaces the name of a port of the container by its number. */
static void resolve_port(const struct node *container, struct node *port)
{
    int64_t number;
    if (!port || port->kind != NODE_SCALAR || str_to_int(port->text, &number))
        return;
    for (const struct node *item = node_first_child(node_at(container, "ports")); item;
         item = item->next)
        if (item->kind == NODE_MAP && str_equal(given_text(item, "name"), port->text)) {
            port->text = given_text(item, "containerPort");
            port->style = STYLE_PLAIN;
            return;
        }
}

static void normalize_probes(const struct node *container)
{
    static const char *const paths[] = {
        "livenessProbe httpGet port",    "livenessProbe tcpSocket port",
        "readinessProbe httpGet port",   "readinessProbe tcpSocket port",
        "startupProbe httpGet port",     "startupProbe tcpSocket port",
        "lifecycle preStop httpGet port"};
    for (size_t i = 0; i < COUNT_OF(paths); i++)
        resolve_port(container, node_at(container, paths[i]));
}

static void normalize_env(const struct normalizer *in, struct node *container)
{
    struct node *env = node_at(container, "env");
    for (struct node *item = node_first_child(env); item; item = item->next) {
        if (item->kind != NODE_MAP)
            continue;
        if (!node_get(item, "value") && !node_get(item, "valueFrom"))
            node_set_string(in->app->arena, item, "value", STR(""));
        struct node *resource = node_at(item, "valueFrom resourceFieldRef");
        if (resource &&
            str_equal(given_text(resource, "containerName"), given_text(container, "name")))
            node_remove(resource, "containerName");
    }
}

/* Removes the keys of a map that a function selects. */
static void remove_keys(struct node *map, bool (*selects)(struct str key))
{
    struct node **link = map && map->kind == NODE_MAP ? &map->first : NULL;
    struct node *last = NULL;
    while (link && *link) {
        if (selects((*link)->key->text)) {
            *link = (*link)->next;
            continue;
        }
        last = *link;
        link = &(*link)->next;
    }
    if (link)
        map->last = last;
}

/* ConfigMaps and Secrets cannot be written to. */
static void normalize_mounts(struct node *container)
{
    for (struct node *mount = node_first_child(node_at(container, "volumeMounts")); mount;
         mount = mount->next) {
        if (mount->kind != NODE_MAP)
            continue;
        if (node_at(mount, "volume configMap") || node_at(mount, "volume secret"))
            node_remove(mount, "readOnly");
        remove_keys(node_at(mount, "volume claimTemplate metadata labels"), given_is_own_label);
    }
}

static void normalize_container(const struct normalizer *in, struct node *pod,
                                struct node *container)
{
    struct arena *arena = in->app->arena;
    if (!node_get(container, "imagePullPolicy"))
        node_set_string(arena, container, "imagePullPolicy", given_pull_policy(container))->span =
            container->span;
    if (in->is_given)
        given_inline_config_maps(in->app, container);
    given_resolve_mounts(in->app, in->objects, pod, NULL, container);
    push_security(in, pod, container);
    normalize_user(container);
    normalize_resources(in, container);
    normalize_probes(container);
    normalize_env(in, container);
    normalize_mounts(container);
}

/* Pods */

/* The main container has the name of the module, and other containers become sidecars. */
static void rename_containers(const struct normalizer *in, struct node *template, struct node *pod)
{
    struct arena *arena = in->app->arena;
    struct node *list = node_at(pod, "containers");
    struct node *main = given_main_container(in->app, template);
    if (!list || list->kind != NODE_LIST || !main || !in->is_given)
        return;
    struct node *others = node_get(pod, "initContainers");
    if (!others)
        others = node_set_list(arena, pod, "initContainers");
    for (struct node *item = list->first, *next; item; item = next) {
        next = item->next;
        item->next = NULL;
        if (item == main || item->kind != NODE_MAP || others->kind != NODE_LIST)
            continue;
        node_set_string(arena, item, "restartPolicy", STR("Always"))->span = item->span;
        node_append(others, item);
    }
    list->first = list->last = main;
    struct node *name = node_get(main, "name");
    if (name && name->kind == NODE_SCALAR && !str_equal(name->text, in->app->name)) {
        given_added(in->app, "the container is named %.*s instead of %.*s", STR_ARG(in->app->name),
                    STR_ARG(name->text));
        name->text = in->app->name;
    }
}

static void remove_security(struct node *pod)
{
    static const char *const keys[] = {"runAsUser", "runAsGroup", "runAsNonRoot", "seccompProfile"};
    struct node *shared = node_at(pod, "securityContext");
    for (size_t i = 0; shared && i < COUNT_OF(keys); i++)
        node_remove(shared, keys[i]);
}

/* A pod without a ServiceAccount has the one that is named default. */
static void normalize_account(struct node *pod)
{
    if (str_eq_c(given_text(pod, "serviceAccountName"), "default"))
        node_remove(pod, "serviceAccountName");
}

/* Items of tolerations are compared as a whole. */
static void normalize_tolerations(struct node *pod)
{
    for (struct node *item = node_first_child(node_at(pod, "tolerations")); item; item = item->next)
        if (str_eq_c(given_text(item, "operator"), "Equal"))
            node_remove(item, "operator");
}

static void normalize_template(const struct normalizer *in, struct node *template,
                               const struct node *claims)
{
    struct node *pod = template ? node_at(template, "spec") : NULL;
    if (!pod || pod->kind != NODE_MAP)
        return;
    remove_keys(node_at(template, "metadata labels"), given_is_own_label);
    remove_keys(node_at(template, "metadata annotations"), given_is_server_annotation);
    rename_containers(in, template, pod);
    for (size_t i = 0; i < COUNT_OF(container_lists); i++)
        for (struct node *item = node_first_child(node_at(pod, container_lists[i])); item;
             item = item->next)
            if (item->kind == NODE_MAP) {
                given_resolve_mounts(in->app, in->objects, pod, claims, item);
                normalize_container(in, pod, item);
            }
    remove_security(pod);
    normalize_tolerations(pod);
    node_remove(pod, "volumes");
    normalize_account(pod);
    for (struct node *item = node_first_child(node_at(pod, "topologySpreadConstraints")); item;
         item = item->next)
        if (item->kind == NODE_MAP)
            node_remove(item, "labelSelector");
}

/* Other objects */

static void normalize_service(const struct normalizer *in, struct node *spec)
{
    node_remove(spec, "selector");
    if (!str_eq_c(given_text(spec, "clusterIP"), "None"))
        node_remove(spec, "clusterIP");
    for (struct node *item = node_first_child(node_at(spec, "ports")); item; item = item->next) {
        struct node *target = node_at(item, "targetPort");
        const struct given_port *port = target && target->kind == NODE_SCALAR && in->is_given
                                            ? given_find_port(in->app, target)
                                            : NULL;
        if (item->kind != NODE_MAP)
            continue;
        for (size_t i = 0; !port && target && i < in->app->port_count; i++)
            if (str_equal(given_port_name(in->app, &in->app->ports[i]), node_string(target)))
                port = &in->app->ports[i];
        if (port)
            *target = (struct node){.kind = NODE_SCALAR,
                                    .style = STYLE_PLAIN,
                                    .text = str_from_int(in->app->arena, port->number),
                                    .key = target->key,
                                    .next = target->next,
                                    .span = target->span};
        else if (!target && node_at(item, "port"))
            copy_value(in->app->arena, item, "targetPort", node_at(item, "port"));
    }
}

/* Only the ports of the first rule are compared: the pods of a peer have other labels. */
static void normalize_policy(const struct normalizer *in, struct node *spec)
{
    const struct node *rule = node_first_child(node_at(spec, "ingress"));
    struct node *ports = rule ? node_at(rule, "ports") : NULL;
    node_remove(spec, "podSelector");
    node_remove(spec, "ingress");
    if (ports)
        copy_value(in->app->arena, spec, "ports", ports);
    for (struct node *item = node_first_child(ports); item; item = item->next) {
        const struct given_port *port =
            item->kind == NODE_MAP ? given_find_port(in->app, node_at(item, "port")) : NULL;
        if (port)
            node_at(item, "port")->text = str_from_int(in->app->arena, port->number);
    }
}

/* Expresses the target of autoscaling/v1, or the default one, as in autoscaling/v2. */
static void normalize_autoscaler(const struct normalizer *in, struct node *spec)
{
    enum { TARGET_DEFAULT = 80 };
    int64_t target = TARGET_DEFAULT;
    if (node_at(spec, "metrics"))
        return;
    given_int(spec, "targetCPUUtilizationPercentage", &target);
    struct node *metrics = node_set_list(in->app->arena, spec, "metrics");
    node_append(metrics, autoscaler_metric(in->app->arena, "cpu", target, STR("")));
}

/* Jobs have labels that differ from those of other pods. */
static void normalize_cron_job(struct node *spec)
{
    static const char *const paths[] = {"jobTemplate metadata labels",
                                        "jobTemplate spec template metadata labels"};
    for (size_t i = 0; i < COUNT_OF(paths); i++) {
        struct node *labels = node_at(spec, paths[i]);
        remove_keys(labels, given_is_own_label);
        if (labels && labels->kind == NODE_MAP)
            node_remove(labels, "app.kubernetes.io/component");
    }
}

/* The autoscaler sets the number of pods, which may be a fixed one. */
static void set_replicas(const struct given_app *app, struct node *spec)
{
    node_remove(spec, "replicas");
    if (app->is_fixed)
        node_set_int(app->arena, spec, "replicas", app->fixed_pods);
}

void given_normalize(struct given_app *app, const struct map *objects, struct node *object,
                     bool is_given)
{
    const struct normalizer in = {app, objects, is_given};
    struct node *spec = node_at(object, "spec");
    struct str kind = given_text(object, "kind");
    node_remove(object, "status");
    if (!spec || spec->kind != NODE_MAP)
        return;
    if (str_eq_c(kind, "Service"))
        normalize_service(&in, spec);
    else if (str_eq_c(kind, "NetworkPolicy"))
        normalize_policy(&in, spec);
    else if (str_eq_c(kind, "HorizontalPodAutoscaler"))
        normalize_autoscaler(&in, spec);
    if (str_eq_c(kind, "CronJob")) {
        normalize_cron_job(spec);
        normalize_template(&in, node_at(spec, "jobTemplate spec template"), NULL);
    } else {
        normalize_template(&in, node_at(spec, "template"), node_at(spec, "volumeClaimTemplates"));
    }
    node_remove(spec, "selector");
    node_remove(spec, "volumeClaimTemplates");
    node_remove(spec, "scaleTargetRef");
    if (app->autoscaler && is_given && app->workload->node == object)
        set_replicas(app, spec);
}
