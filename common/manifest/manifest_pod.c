/* The pods of workloads and cron jobs. */
#include "cloud/providers.h"
#include "manifest/manifest.h"

#include <string.h>

struct node *manifest_words(struct arena *arena, const struct value *words)
{
    struct node *list = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < words->count; i++)
        add_text(arena, list, words->items[i].text);
    return list;
}

void manifest_put_pod_labels(struct arena *arena, struct node *labels,
                             const struct service *service)
{
    for (int i = 0; i < CLOUD_COUNT; i++)
        if (service->cloud.identity[i].len && providers[i]->pod_label)
            put_text(arena, labels, providers[i]->pod_label, STR("true"));
    manifest_put_items(arena, labels, service->pod_labels);
}

static void put_words(struct arena *arena, struct node *container, const char *key,
                      const struct value *words)
{
    if (words->count)
        put_node(arena, container, key, manifest_words(arena, words));
}

struct node *manifest_variable(struct arena *arena, const struct variable *variable)
{
    struct node *item = node_new(arena, NODE_MAP);
    put_text(arena, item, "name", variable->name);
    if (variable->secret.len == 0) {
        put_text(arena, item, "value", variable->text);
        return item;
    }
    struct node *source = put_map(arena, item, "valueFrom");
    struct node *reference = put_map(arena, source, "secretKeyRef");
    put_text(arena, reference, "name", variable->secret);
    put_text(arena, reference, "key", variable->key);
    return item;
}

/* Required: without the Secret a pod waits and reports it, instead of starting without its keys. */
struct node *manifest_all_secrets(struct arena *arena, const struct service *service)
{
    struct node *source = node_new(arena, NODE_MAP);
    put_text(arena, put_map(arena, source, "secretRef"), "name", service->all_secrets);
    return source;
}

static void put_variables(struct arena *arena, const struct service *service,
                          struct node *container)
{
    if (service->all_secrets.len)
        node_add(put_list(arena, container, "envFrom"), manifest_all_secrets(arena, service));
    if (service->variable_count == 0)
        return;
    struct node *env = put_list(arena, container, "env");
    for (size_t i = 0; i < service->variable_count; i++)
        node_add(env, manifest_variable(arena, &service->variables[i]));
}

static void put_ports(struct arena *arena, const struct service *service, struct node *container)
{
    if (service->port_count == 0)
        return;
    struct node *ports = put_list(arena, container, "ports");
    for (size_t i = 0; i < service->port_count; i++) {
        struct node *port = add_map(arena, ports);
        put_text(arena, port, "name", service->ports[i].name);
        put_int(arena, port, "containerPort", service->ports[i].number);
        put_text(arena, port, "protocol", STR("TCP"));
    }
}

static void put_resources(struct arena *arena, const struct service *service,
                          struct node *container)
{
    const struct resources *resources = &service->resources;
    struct node *map = put_map(arena, container, "resources");
    struct node *requests = put_map(arena, map, "requests");
    put_text(arena, requests, "cpu", quantity_cpu(arena, resources->cpu_request));
    put_text(arena, requests, "memory", quantity_bytes(arena, resources->memory_request));
    struct node *limits = put_map(arena, map, "limits");
    if (resources->cpu_limit)
        put_text(arena, limits, "cpu", quantity_cpu(arena, resources->cpu_limit));
    put_text(arena, limits, "memory", quantity_bytes(arena, resources->memory_limit));
}

/* Scanners take two TCP probes for one when their ports are written alike, though what is done on
 * failure differs: liveness names its port by number. gRPC probes take no name. */
static struct node *probe_port(struct arena *arena, const struct service *service,
                               const struct probe *probe)
{
    const struct port *port = service_probe_port(service, probe->kind);
    bool number =
        probe->kind == PROBE_GRPC || (probe->kind == PROBE_TCP && probe == &service->liveness);
    if (!port)
        return NULL;
    return number ? node_int(arena, port->number) : node_scalar(arena, STYLE_TEXT, port->name);
}

void manifest_handler(struct arena *arena, struct node *map, const struct probe *probe,
                      struct node *port)
{
    struct node *handler;
    switch (probe->kind) {
    case PROBE_HTTP:
        handler = put_map(arena, map, "httpGet");
        put_text(arena, handler, "path", probe->path);
        put_node(arena, handler, "port", port);
        break;
    case PROBE_TCP:
        handler = put_map(arena, map, "tcpSocket");
        put_node(arena, handler, "port", port);
        break;
    case PROBE_GRPC:
        handler = put_map(arena, map, "grpc");
        put_node(arena, handler, "port", port);
        break;
    case PROBE_COMMAND:
        handler = put_map(arena, map, "exec");
        put_node(arena, handler, "command", manifest_words(arena, probe->command));
        break;
    case PROBE_NONE:
        break;
    }
}

struct node *manifest_probe(struct arena *arena, const struct service *service,
                            const struct probe *probe, struct node *port)
{
    struct node *map = node_new(arena, NODE_MAP);
    manifest_handler(arena, map, probe, port);
    if (probe->delay)
        put_int(arena, map, "initialDelaySeconds", probe->delay);
    put_int(arena, map, "periodSeconds", service->probe_period);
    put_int(arena, map, "timeoutSeconds", service->probe_timeout);
    if (probe->failures)
        put_int(arena, map, "failureThreshold", probe->failures);
    return map;
}

static void put_probe(struct arena *arena, const struct service *service, struct node *container,
                      const char *key, const struct probe *probe)
{
    if (probe->kind != PROBE_NONE)
        put_node(arena, container, key,
                 manifest_probe(arena, service, probe, probe_port(arena, service, probe)));
}

/* A pod goes on serving while load balancers learn that it goes. */
static void put_drain(struct arena *arena, const struct service *service, struct node *container)
{
    if (service->drain == 0)
        return;
    struct node *lifecycle = put_map(arena, container, "lifecycle");
    struct node *stop = put_map(arena, lifecycle, "preStop");
    put_int(arena, put_map(arena, stop, "sleep"), "seconds", service->drain);
}

static bool restricted(const struct service *service)
{
    return service->security == POD_SECURITY_RESTRICTED;
}

static void put_mount(struct arena *arena, struct node *mounts, struct str name, struct str path)
{
    struct node *mount = add_map(arena, mounts);
    put_text(arena, mount, "name", name);
    put_text(arena, mount, "mountPath", path);
}

/* A read-only root leaves programs no place for temporary files: /tmp, unless a disk is there. */
static bool needs_tmp(const struct service *service, enum pod_role role)
{
    for (size_t i = 0; role == POD_SERVING && i < service->disk_count; i++)
        if (str_is(service->disks[i].path, "/tmp"))
            return false;
    return restricted(service);
}

/* Disks belong to the workload's pods alone: a job's pod could not mount them beside those. */
static void put_mounts(struct arena *arena, const struct service *service, struct node *container,
                       enum pod_role role)
{
    bool tmp = needs_tmp(service, role);
    size_t disks = role == POD_SERVING ? service->disk_count : 0;
    if (disks == 0 && !tmp)
        return;
    struct node *mounts = put_list(arena, container, "volumeMounts");
    for (size_t i = 0; i < disks; i++)
        put_mount(arena, mounts, service->disks[i].name, service->disks[i].path);
    if (tmp)
        put_mount(arena, mounts, STR("tmp"), STR("/tmp"));
}

static void put_container_security(struct arena *arena, const struct service *service,
                                   struct node *container)
{
    if (service->security == POD_SECURITY_OFF)
        return;
    struct node *security = put_map(arena, container, "securityContext");
    put_bool(arena, security, "allowPrivilegeEscalation", false);
    if (!restricted(service))
        return;
    struct node *capabilities = put_map(arena, security, "capabilities");
    add_text(arena, put_list(arena, capabilities, "drop"), STR("ALL"));
    put_bool(arena, security, "readOnlyRootFilesystem", true);
    put_bool(arena, security, "runAsNonRoot", true);
    put_int(arena, security, "runAsUser", MANIFEST_RESTRICTED_ID);
    put_int(arena, security, "runAsGroup", MANIFEST_RESTRICTED_ID);
}

static void put_pod_security(struct arena *arena, const struct service *service, struct node *pod,
                             enum pod_role role)
{
    if (service->security == POD_SECURITY_OFF)
        return;
    struct node *security = put_map(arena, pod, "securityContext");
    put_text(arena, put_map(arena, security, "seccompProfile"), "type", STR("RuntimeDefault"));
    if (restricted(service) && role == POD_SERVING && service->disk_count) {
        put_int(arena, security, "fsGroup", MANIFEST_RESTRICTED_ID);
        /* Not file by file at each start, where the disk is the group's already. */
        put_text(arena, security, "fsGroupChangePolicy", STR("OnRootMismatch"));
    }
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
    add_text(arena, put_list(arena, constraint, "matchLabelKeys"),
             service->disk_count ? STR("controller-revision-hash") : STR("pod-template-hash"));
}

struct node *manifest_toleration(struct arena *arena, const struct toleration *toleration)
{
    struct node *item = node_new(arena, NODE_MAP);
    put_text(arena, item, "key", toleration->key);
    put_text(arena, item, "operator", STR("Equal"));
    put_text(arena, item, "value", toleration->value);
    put_text(arena, item, "effect", toleration->effect);
    return item;
}

static void put_tolerations(struct arena *arena, const struct service *service, struct node *pod)
{
    if (service->toleration_count == 0)
        return;
    struct node *list = put_list(arena, pod, "tolerations");
    for (size_t i = 0; i < service->toleration_count; i++)
        node_add(list, manifest_toleration(arena, &service->tolerations[i]));
}

static void put_volumes(struct arena *arena, const struct service *service, struct node *pod,
                        enum pod_role role)
{
    if (!needs_tmp(service, role))
        return;
    struct node *volume = add_map(arena, put_list(arena, pod, "volumes"));
    put_text(arena, volume, "name", STR("tmp"));
    put_map(arena, volume, "emptyDir");
}

static void put_container(struct arena *arena, const struct service *service, struct node *pod,
                          enum pod_role role, const struct value *commands,
                          const struct value *args)
{
    struct node *container = add_map(arena, put_list(arena, pod, "containers"));
    put_text(arena, container, "name", service->name);
    put_text(arena, container, "image", service->image);
    /* A cluster on this machine has images that were never pushed. */
    bool local = service->layer->environment.provider->local;
    put_text(arena, container, "imagePullPolicy", local ? STR("IfNotPresent") : STR("Always"));
    put_words(arena, container, "command", commands);
    put_words(arena, container, "args", args);
    put_variables(arena, service, container);
    if (role == POD_SERVING)
        put_ports(arena, service, container);
    put_resources(arena, service, container);
    if (role == POD_SERVING) {
        put_probe(arena, service, container, "startupProbe", &service->startup);
        put_probe(arena, service, container, "livenessProbe", &service->liveness);
        put_probe(arena, service, container, "readinessProbe", &service->readiness);
        put_drain(arena, service, container);
    }
    put_mounts(arena, service, container, role);
    put_container_security(arena, service, container);
}

void manifest_pod(struct manifests *manifests, const struct service *service, struct node *template,
                  enum pod_role role, const struct value *commands, const struct value *args)
{
    struct arena *arena = manifests->arena;
    struct node *pod = put_map(arena, template, "spec");
    put_text(arena, pod, "serviceAccountName", service->name);
    put_bool(arena, pod, "automountServiceAccountToken", service->token);
    /* Else every Service of the namespace adds variables, such as MAIL_PORT=tcp://10.0.0.7:80. */
    put_bool(arena, pod, "enableServiceLinks", false);
    put_int(arena, pod, "terminationGracePeriodSeconds", service->grace_period);
    if (role == POD_JOB)
        put_text(arena, pod, "restartPolicy", STR("Never"));
    put_pod_security(arena, service, pod, role);
    if (role == POD_SERVING && service->max_containers > 1) {
        struct node *constraints = put_list(arena, pod, "topologySpreadConstraints");
        put_spread(manifests, service, constraints, "kubernetes.io/hostname");
        put_spread(manifests, service, constraints, "topology.kubernetes.io/zone");
    }
    put_tolerations(arena, service, pod);
    put_container(arena, service, pod, role, commands, args);
    put_volumes(arena, service, pod, role);
}
