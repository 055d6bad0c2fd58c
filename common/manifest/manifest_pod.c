/* The pods of workloads and jobs. */
#include "cloud/providers.h"
#include "manifest/manifest.h"

#include <string.h>

struct node *manifest_string_list(struct arena *arena, const struct value *strings)
{
    struct node *list = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < strings->count; i++)
        node_append_string(arena, list, strings->items[i].text);
    return list;
}

void manifest_put_pod_labels(struct arena *arena, struct node *labels,
                             const struct service *service)
{
    for (int i = 0; i < CLOUD_COUNT; i++)
        if (service->cloud.identity[i].len && providers[i]->pod_label)
            node_set_string(arena, labels, providers[i]->pod_label, STR("true"));
    manifest_put_items(arena, labels, service->pod_labels);
}

static void put_strings(struct arena *arena, struct node *container, const char *key,
                        const struct value *strings)
{
    if (strings->count)
        node_set(arena, container, key, manifest_string_list(arena, strings));
}

/* Resources of the container have another kind of reference than fields of the pod. */
static void put_field_reference(struct arena *arena, struct node *source, struct str field)
{
    bool resource =
        str_starts_with(field, STR("requests.")) || str_starts_with(field, STR("limits."));
    if (resource)
        node_set_string(arena, node_set_map(arena, source, "resourceFieldRef"), "resource", field);
    else
        node_set_string(arena, node_set_map(arena, source, "fieldRef"), "fieldPath", field);
}

struct node *manifest_variable(struct arena *arena, const struct variable *variable)
{
    struct node *item = node_new(arena, NODE_MAP);
    node_set_string(arena, item, "name", variable->name);
    if (variable->secret.len == 0 && variable->config_map.len == 0 && variable->field.len == 0) {
        node_set_string(arena, item, "value", variable->text);
        return item;
    }
    struct node *source = node_set_map(arena, item, "valueFrom");
    if (variable->field.len) {
        put_field_reference(arena, source, variable->field);
        return item;
    }
    bool secret = variable->secret.len > 0;
    struct node *reference =
        node_set_map(arena, source, secret ? "secretKeyRef" : "configMapKeyRef");
    node_set_string(arena, reference, "name", secret ? variable->secret : variable->config_map);
    node_set_string(arena, reference, "key", variable->key);
    if (variable->optional)
        node_set_bool(arena, reference, "optional", true);
    return item;
}

/* The reference is not optional: if the object is missing, a pod reports this and waits, instead of
 * starting without the keys. */
struct node *manifest_source(struct arena *arena, const struct variable_source *source)
{
    struct node *item = node_new(arena, NODE_MAP);
    struct node *reference =
        node_set_map(arena, item, source->is_secret ? "secretRef" : "configMapRef");
    node_set_string(arena, reference, "name", source->name);
    return item;
}

static void put_sources(struct arena *arena, const struct service *service, struct node *container)
{
    if (service->source_count == 0)
        return;
    struct node *list = node_set_list(arena, container, "envFrom");
    for (size_t i = 0; i < service->source_count; i++)
        node_append(list, manifest_source(arena, &service->sources[i]));
}

static void put_variables(struct arena *arena, const struct variable *variables, size_t count,
                          struct node *container)
{
    if (count == 0)
        return;
    struct node *env = node_set_list(arena, container, "env");
    for (size_t i = 0; i < count; i++)
        node_append(env, manifest_variable(arena, &variables[i]));
}

static void put_ports(struct arena *arena, const struct service *service, struct node *container)
{
    if (service->port_count == 0)
        return;
    struct node *ports = node_set_list(arena, container, "ports");
    for (size_t i = 0; i < service->port_count; i++) {
        struct node *port = node_append_map(arena, ports);
        node_set_string(arena, port, "name", service->ports[i].name);
        node_set_int(arena, port, "containerPort", service->ports[i].number);
        node_set_string(arena, port, "protocol", STR("TCP"));
    }
}

static void put_resources(struct arena *arena, const struct resources *resources,
                          struct node *container)
{
    struct node *map = node_set_map(arena, container, "resources");
    struct node *requests = node_set_map(arena, map, "requests");
    node_set_string(arena, requests, "cpu", quantity_cpu(arena, resources->cpu_request));
    node_set_string(arena, requests, "memory", quantity_bytes(arena, resources->memory_request));
    if (resources->disk_request)
        node_set_string(arena, requests, "ephemeral-storage",
                        quantity_bytes(arena, resources->disk_request));
    struct node *limits = node_set_map(arena, map, "limits");
    if (resources->cpu_limit)
        node_set_string(arena, limits, "cpu", quantity_cpu(arena, resources->cpu_limit));
    node_set_string(arena, limits, "memory", quantity_bytes(arena, resources->memory_limit));
    if (resources->disk_limit)
        node_set_string(arena, limits, "ephemeral-storage",
                        quantity_bytes(arena, resources->disk_limit));
    if (resources->gpus)
        node_set_string(arena, limits, MANIFEST_GPU, str_from_int(arena, resources->gpus));
}

/* Returns the port of a probe, by name if possible. gRPC probes support only numbers. A liveness
 * TCP probe uses the number too, because scanners report identical probes, although their effects
 * differ. */
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

struct node *manifest_header(struct arena *arena, const struct item *header)
{
    struct node *item = node_new(arena, NODE_MAP);
    node_set_string(arena, item, "name", header->name);
    node_set_string(arena, item, "value", header->text);
    return item;
}

static void put_headers(struct arena *arena, struct node *handler, const struct value *headers)
{
    if (headers->count == 0)
        return;
    struct node *list = node_set_list(arena, handler, "httpHeaders");
    for (size_t i = 0; i < headers->count; i++)
        node_append(list, manifest_header(arena, &headers->items[i]));
}

void manifest_handler(struct arena *arena, struct node *map, const struct probe *probe,
                      struct node *port)
{
    struct node *handler;
    switch (probe->kind) {
    case PROBE_HTTP:
        handler = node_set_map(arena, map, "httpGet");
        node_set_string(arena, handler, "path", probe->path);
        node_set(arena, handler, "port", port);
        put_headers(arena, handler, probe->headers);
        break;
    case PROBE_TCP:
        handler = node_set_map(arena, map, "tcpSocket");
        node_set(arena, handler, "port", port);
        break;
    case PROBE_GRPC:
        handler = node_set_map(arena, map, "grpc");
        node_set(arena, handler, "port", port);
        break;
    case PROBE_COMMAND:
        handler = node_set_map(arena, map, "exec");
        node_set(arena, handler, "command", manifest_string_list(arena, probe->command));
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
        node_set_int(arena, map, "initialDelaySeconds", probe->delay);
    node_set_int(arena, map, "periodSeconds",
                 probe->period ? probe->period : service->probe_period);
    node_set_int(arena, map, "timeoutSeconds", service->probe_timeout);
    if (probe->failures)
        node_set_int(arena, map, "failureThreshold", probe->failures);
    return map;
}

static void put_probe(struct arena *arena, const struct service *service, struct node *container,
                      const char *key, const struct probe *probe)
{
    if (probe->kind != PROBE_NONE)
        node_set(arena, container, key,
                 manifest_probe(arena, service, probe, probe_port(arena, service, probe)));
}

/* A terminating pod keeps serving until load balancers have removed it. */
static void put_drain(struct arena *arena, const struct service *service, struct node *container)
{
    if (service->drain == 0)
        return;
    struct node *lifecycle = node_set_map(arena, container, "lifecycle");
    struct node *stop = node_set_map(arena, lifecycle, "preStop");
    node_set_int(arena, node_set_map(arena, stop, "sleep"), "seconds", service->drain);
}

static bool is_restricted(const struct service *service)
{
    return service->security == POD_SECURITY_RESTRICTED;
}

static void put_user(struct arena *arena, const struct service *service, struct node *security)
{
    if (service->run_as_user > 0 || is_restricted(service))
        node_set_bool(arena, security, "runAsNonRoot", true);
    if (service->run_as_user < 0)
        return;
    node_set_int(arena, security, "runAsUser", service->run_as_user);
    node_set_int(arena, security, "runAsGroup", service->run_as_user);
}

static void put_container_security(struct arena *arena, const struct service *service,
                                   struct node *container)
{
    bool off = service->security == POD_SECURITY_OFF;
    if (off && !service->read_only_root && service->run_as_user < 0)
        return;
    struct node *security = node_set_map(arena, container, "securityContext");
    if (!off)
        node_set_bool(arena, security, "allowPrivilegeEscalation", false);
    if (is_restricted(service)) {
        struct node *capabilities = node_set_map(arena, security, "capabilities");
        node_append_string(arena, node_set_list(arena, capabilities, "drop"), STR("ALL"));
    }
    if (service->read_only_root)
        node_set_bool(arena, security, "readOnlyRootFilesystem", true);
    put_user(arena, service, security);
}

static void put_pod_security(struct arena *arena, const struct service *service, struct node *pod,
                             enum pod_role role)
{
    bool off = service->security == POD_SECURITY_OFF;
    bool group = service->run_as_user > 0 && manifest_needs_group(service, role);
    if (off && !group)
        return;
    struct node *security = node_set_map(arena, pod, "securityContext");
    if (!off)
        node_set_string(arena, node_set_map(arena, security, "seccompProfile"), "type",
                        STR("RuntimeDefault"));
    if (group) {
        node_set_int(arena, security, "fsGroup", service->run_as_user);
        /* Avoids a recursive change of ownership at each start. */
        node_set_string(arena, security, "fsGroupChangePolicy", STR("OnRootMismatch"));
    }
}

struct node *manifest_spread(struct arena *arena, unsigned spread, const struct node *selector,
                             const char *revision_label)
{
    static const struct {
        enum spread bit;
        const char *topology;
    } rows[] = {{SPREAD_NODES, "kubernetes.io/hostname"},
                {SPREAD_ZONES, "topology.kubernetes.io/zone"}};
    struct node *constraints = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!(spread & rows[i].bit))
            continue;
        struct node *constraint = node_append_map(arena, constraints);
        node_set_int(arena, constraint, "maxSkew", 1);
        node_set_string(arena, constraint, "topologyKey", str_from_c(rows[i].topology));
        node_set_string(arena, constraint, "whenUnsatisfiable", STR("ScheduleAnyway"));
        node_set(arena, constraint, "labelSelector", node_copy(arena, selector));
        /* Counts only pods of the same revision, so that they are spread evenly after a rollout. */
        node_append_string(arena, node_set_list(arena, constraint, "matchLabelKeys"),
                           str_from_c(revision_label));
    }
    return constraints;
}

static void put_spread(struct manifests *manifests, const struct service *service, struct node *pod)
{
    struct arena *arena = manifests->arena;
    if (service->spread == SPREAD_NONE || service->max_containers <= 1)
        return;
    struct node *selector = node_new(arena, NODE_MAP);
    manifest_selector(manifests, service, selector, "matchLabels");
    node_set(arena, pod, "topologySpreadConstraints",
             manifest_spread(arena, service->spread, selector,
                             service->disk_count ? MANIFEST_STATEFULSET_REVISION
                                                 : MANIFEST_DEPLOYMENT_REVISION));
}

struct node *manifest_toleration(struct arena *arena, const struct toleration *toleration)
{
    struct node *item = node_new(arena, NODE_MAP);
    node_set_string(arena, item, "key", toleration->key);
    node_set_string(arena, item, "operator", STR("Equal"));
    node_set_string(arena, item, "value", toleration->value);
    node_set_string(arena, item, "effect", toleration->effect);
    return item;
}

static void put_pull_secrets(struct arena *arena, const struct service *service, struct node *pod)
{
    const struct value *names = record_value(service->record, SERVICE_IMAGE_PULL_SECRETS);
    if (names->count == 0)
        return;
    struct node *list = node_set_list(arena, pod, "imagePullSecrets");
    for (size_t i = 0; i < names->count; i++)
        node_set_string(arena, node_append_map(arena, list), "name", names->items[i].text);
}

struct node *manifest_gpu_toleration(struct arena *arena)
{
    struct node *item = node_new(arena, NODE_MAP);
    node_set_string(arena, item, "key", STR(MANIFEST_GPU));
    node_set_string(arena, item, "operator", STR("Exists"));
    node_set_string(arena, item, "effect", STR("NoSchedule"));
    return item;
}

static void put_tolerations(struct arena *arena, const struct service *service, bool gpu,
                            struct node *pod)
{
    if (service->toleration_count == 0 && !gpu)
        return;
    struct node *list = node_set_list(arena, pod, "tolerations");
    for (size_t i = 0; i < service->toleration_count; i++)
        node_append(list, manifest_toleration(arena, &service->tolerations[i]));
    if (gpu)
        node_append(list, manifest_gpu_toleration(arena));
}

static void put_container(struct arena *arena, const struct service *service, struct node *pod,
                          const struct job *job)
{
    enum pod_role role = job ? POD_JOB : POD_SERVING;
    struct node *container = node_append_map(arena, node_set_list(arena, pod, "containers"));
    node_set_string(arena, container, "name", service->name);
    node_set_string(arena, container, "image", service->image);
    node_set_string(arena, container, "imagePullPolicy", service->pull_policy);
    put_strings(arena, container, "command", job ? job->commands : service->commands);
    put_strings(arena, container, "args", job ? job->args : service->args);
    put_sources(arena, service, container);
    put_variables(arena, job ? job->variables : service->variables,
                  job ? job->variable_count : service->variable_count, container);
    if (role == POD_SERVING)
        put_ports(arena, service, container);
    put_resources(arena, job ? &job->resources : &service->resources, container);
    if (role == POD_SERVING) {
        put_probe(arena, service, container, "startupProbe", &service->startup);
        put_probe(arena, service, container, "livenessProbe", &service->liveness);
        put_probe(arena, service, container, "readinessProbe", &service->readiness);
        put_drain(arena, service, container);
    }
    manifest_put_mounts(arena, service, container, role);
    put_container_security(arena, service, container);
}

/* Kubernetes starts `initContainers` in their order, and waits for the end only of those without a
 * restartPolicy. */
static void put_other_container(struct arena *arena, const struct service *service,
                                const struct container *other, enum pod_role role,
                                struct node *list)
{
    struct node *container = node_append_map(arena, list);
    node_set_string(arena, container, "name", other->name);
    node_set_string(arena, container, "image", other->image);
    node_set_string(arena, container, "imagePullPolicy", service->pull_policy);
    if (other->is_sidecar)
        node_set_string(arena, container, "restartPolicy", STR("Always"));
    put_strings(arena, container, "command", other->commands);
    put_strings(arena, container, "args", other->args);
    if (other->inherits)
        put_sources(arena, service, container);
    put_variables(arena, other->variables, other->variable_count, container);
    put_resources(arena, &other->resources, container);
    manifest_put_other_mounts(arena, service, other, container, role);
    put_container_security(arena, service, container);
}

static void put_other_containers(struct arena *arena, const struct service *service,
                                 struct node *pod, enum pod_role role)
{
    struct node *list = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < service->container_count; i++)
        if (manifest_has_container(&service->containers[i], role))
            put_other_container(arena, service, &service->containers[i], role, list);
    if (list->first)
        node_set(arena, pod, "initContainers", list);
}

/* True if a container of the pod has a GPU. */
static bool has_gpus(const struct service *service, const struct job *job)
{
    bool found = (job ? job->resources.gpus : service->resources.gpus) > 0;
    for (size_t i = 0; i < service->container_count; i++)
        if (manifest_has_container(&service->containers[i], job ? POD_JOB : POD_SERVING))
            found |= service->containers[i].resources.gpus > 0;
    return found;
}

void manifest_pod(struct manifests *manifests, const struct service *service, const struct job *job,
                  struct node *template)
{
    struct arena *arena = manifests->arena;
    enum pod_role role = job ? POD_JOB : POD_SERVING;
    struct node *pod = node_set_map(arena, template, "spec");
    node_set_string(arena, pod, "serviceAccountName", service->name);
    node_set_bool(arena, pod, "automountServiceAccountToken", service->mounts_token);
    /* Otherwise every Service of the namespace adds variables such as
     * MAIL_PORT=tcp://10.0.0.7:80. */
    node_set_bool(arena, pod, "enableServiceLinks", false);
    node_set_int(arena, pod, "terminationGracePeriodSeconds", service->grace_period);
    if (role == POD_JOB)
        node_set_string(arena, pod, "restartPolicy", STR("Never"));
    put_pod_security(arena, service, pod, role);
    if (service->priority_class.len)
        node_set_string(arena, pod, "priorityClassName", service->priority_class);
    if (service->node_selector->count)
        manifest_put_items(arena, node_set_map(arena, pod, "nodeSelector"), service->node_selector);
    if (role == POD_SERVING)
        put_spread(manifests, service, pod);
    put_tolerations(arena, service, has_gpus(service, job), pod);
    put_pull_secrets(arena, service, pod);
    put_other_containers(arena, service, pod, role);
    put_container(arena, service, pod, job);
    manifest_put_volumes(arena, service, pod, role);
}
