#include "manifest.h"

enum {
    GRACE_PERIOD = 30, /* seconds from SIGTERM to SIGKILL: Kubernetes' default */
    DRAIN = 10,        /* seconds in which load balancers learn that a pod goes */
    PROBE_PERIOD = 10,
    PROBE_TIMEOUT = 5,
    PROGRESS_DEADLINE = 300, /* Opta's timeout */
};

static void put_strategy(struct arena *arena, struct node *spec)
{
    struct node *strategy = put_map(arena, spec, "strategy");
    put_text(arena, strategy, "type", STR("RollingUpdate"));
    struct node *rolling = put_map(arena, strategy, "rollingUpdate");
    put_text(arena, rolling, "maxSurge", STR("25%"));
    put_int(arena, rolling, "maxUnavailable", 0);
}

static void put_spread(struct manifests *manifests, const struct service *service,
                       struct node *constraints, const char *topology)
{
    struct arena *arena = manifests->arena;
    struct node *constraint = add_map(arena, constraints);
    put_int(arena, constraint, "maxSkew", 1);
    put_text(arena, constraint, "topologyKey", str_of(topology));
    put_text(arena, constraint, "whenUnsatisfiable", STR("ScheduleAnyway"));
    struct node *selector = put_map(arena, constraint, "labelSelector");
    manifest_selector(manifests, service, selector, "matchLabels");
    /* Counts the pods of one revision alone, so that a rollout ends evenly spread. */
    add_text(arena, put_list(arena, constraint, "matchLabelKeys"), STR("pod-template-hash"));
}

static void put_variables(struct arena *arena, const struct service *service,
                          struct node *container)
{
    if (service->variable_count == 0)
        return;
    struct node *env = put_list(arena, container, "env");
    for (size_t i = 0; i < service->variable_count; i++) {
        const struct variable *variable = &service->variables[i];
        struct node *item = add_map(arena, env);
        put_text(arena, item, "name", variable->name);
        if (variable->secret.len == 0) {
            put_text(arena, item, "value", variable->text);
            continue;
        }
        struct node *source = put_map(arena, item, "valueFrom");
        struct node *reference = put_map(arena, source, "secretKeyRef");
        put_text(arena, reference, "name", variable->secret);
        put_text(arena, reference, "key", variable->key);
    }
}

static void put_ports(struct arena *arena, const struct service *service, struct node *container)
{
    struct node *port = add_map(arena, put_list(arena, container, "ports"));
    put_text(arena, port, "name", service->port->name);
    put_int(arena, port, "containerPort", service->port->number);
    put_text(arena, port, "protocol", STR("TCP"));
}

static void put_resources(struct arena *arena, const struct service *service,
                          struct node *container)
{
    const struct resources *resources = &service->resources;
    struct node *map = put_map(arena, container, "resources");
    struct node *requests = put_map(arena, map, "requests");
    put_text(arena, requests, "cpu", quantity_cpu(arena, resources->cpu_request));
    put_text(arena, requests, "memory", quantity_memory(arena, resources->memory_request));
    struct node *limits = put_map(arena, map, "limits");
    put_text(arena, limits, "cpu", quantity_cpu(arena, resources->cpu_limit));
    put_text(arena, limits, "memory", quantity_memory(arena, resources->memory_limit));
}

static void put_probe(struct arena *arena, const struct service *service, struct node *container,
                      const char *key, const struct probe *probe)
{
    if (probe->kind == PROBE_NONE)
        return;
    struct node *map = put_map(arena, container, key);
    struct node *handler = put_map(arena, map, probe->kind == PROBE_HTTP ? "httpGet" : "tcpSocket");
    if (probe->kind == PROBE_HTTP)
        put_text(arena, handler, "path", probe->path);
    put_text(arena, handler, "port", service->port->name);
    put_int(arena, map, "initialDelaySeconds", probe->delay);
    put_int(arena, map, "periodSeconds", PROBE_PERIOD);
    put_int(arena, map, "timeoutSeconds", PROBE_TIMEOUT);
}

/* A pod goes on serving while load balancers learn that it goes. */
static void put_drain(struct arena *arena, struct node *container)
{
    int64_t seconds = GRACE_PERIOD / 2 < DRAIN ? GRACE_PERIOD / 2 : DRAIN;
    struct node *lifecycle = put_map(arena, container, "lifecycle");
    struct node *stop = put_map(arena, lifecycle, "preStop");
    put_int(arena, put_map(arena, stop, "sleep"), "seconds", seconds);
}

static void put_container(struct arena *arena, const struct service *service, struct node *pod)
{
    struct node *container = add_map(arena, put_list(arena, pod, "containers"));
    put_text(arena, container, "name", service->name);
    put_text(arena, container, "image", service->image);
    put_text(arena, container, "imagePullPolicy", STR("Always"));
    put_variables(arena, service, container);
    put_ports(arena, service, container);
    put_resources(arena, service, container);
    put_probe(arena, service, container, "livenessProbe", &service->liveness);
    put_probe(arena, service, container, "readinessProbe", &service->readiness);
    put_drain(arena, container);
    struct node *security = put_map(arena, container, "securityContext");
    put_bool(arena, security, "allowPrivilegeEscalation", false);
}

static void put_pod(struct manifests *manifests, const struct service *service, struct node *spec)
{
    struct arena *arena = manifests->arena;
    struct node *template = put_map(arena, spec, "template");
    struct node *metadata = put_map(arena, template, "metadata");
    manifest_labels(manifests, service, metadata, "labels");
    struct node *pod = put_map(arena, template, "spec");
    put_text(arena, pod, "serviceAccountName", service->name);
    put_bool(arena, pod, "automountServiceAccountToken", false);
    put_int(arena, pod, "terminationGracePeriodSeconds", GRACE_PERIOD);
    struct node *security = put_map(arena, pod, "securityContext");
    put_text(arena, put_map(arena, security, "seccompProfile"), "type", STR("RuntimeDefault"));
    struct node *constraints = put_list(arena, pod, "topologySpreadConstraints");
    put_spread(manifests, service, constraints, "kubernetes.io/hostname");
    put_spread(manifests, service, constraints, "topology.kubernetes.io/zone");
    put_container(arena, service, pod);
}

void manifest_workload(struct manifests *manifests, const struct service *service)
{
    struct arena *arena = manifests->arena;
    if (!service->has_image)
        return;
    struct node *object =
        manifest_object(manifests, service, "apps/v1", "Deployment", service->name);
    struct node *spec = put_map(arena, object, "spec");
    if (!service_scales(service)) /* else the autoscaler's word, which an apply would undo */
        put_int(arena, spec, "replicas", service->min_containers);
    put_int(arena, spec, "progressDeadlineSeconds", PROGRESS_DEADLINE);
    struct node *selector = put_map(arena, spec, "selector");
    manifest_selector(manifests, service, selector, "matchLabels");
    put_strategy(arena, spec);
    put_pod(manifests, service, spec);
}
