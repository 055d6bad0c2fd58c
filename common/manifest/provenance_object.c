/* Rules for what all objects have, and for Services, NetworkPolicies, autoscalers and jobs. */
#include "cloud/providers.h"
#include "manifest/manifest.h"
#include "manifest/provenance_rules.h"
#include "manifest/traffic_ingress.h"

/* Names and labels */

void rule_name(struct trace *trace, const char *reason)
{
    from_name(trace, reason);
}

static void from_layer_name(struct trace *trace, const char *reason)
{
    from_location(trace, record_location(trace->layer->file, FILE_NAME), reason);
}

void from_namespace(struct trace *trace)
{
    if (trace->layer->options->namespace)
        from_flag(trace, "--namespace");
    else
        from_layer_name(trace, REASON("the name of the layer"));
}

void rule_namespace(struct trace *trace, const char *reason)
{
    (void)reason;
    from_namespace(trace);
}

void rule_service_name(struct trace *trace, const char *reason)
{
    struct str name = trace->steps[trace->depth - 1].node->text;
    (void)reason;
    if (str_equal(name, trace->service->name))
        from_name(trace, NULL);
    else if (str_ends_with(name, STR("-headless")))
        from_name(trace, REASON("-headless is appended: a second Service"));
    else
        from_name(trace, REASON("-tcp is appended: a second Service"));
}

void rule_cron_name(struct trace *trace, const char *reason)
{
    (void)reason;
    from_name(trace, NULL);
    from_value(trace, trace->job_record, CRON_JOB_NAME, NULL,
               REASON("a hash of commands and args is appended, so that another schedule does not "
                      "create another CronJob"));
}

void rule_cron_job(struct trace *trace, const char *reason)
{
    from_location(trace, trace->job_record->node->span, reason);
}

static void from_environment_name(struct trace *trace)
{
    from_location(trace, layer_environment_location(trace->layer), NULL);
    if (trace->layer->options->environment)
        from_flag(trace, "--env");
}

static bool is_of_job(const struct trace *trace)
{
    return str_eq_c(trace->kind, "CronJob") || str_eq_c(trace->kind, "Job");
}

/* A label that identifies the service. */
static void label_of_service(struct trace *trace, struct str key)
{
    bool of_job = is_of_job(trace) && trace->depth > 3 && !str_eq_c(key, "opta.dev/module-name");
    if (str_eq_c(key, "app.kubernetes.io/instance")) {
        from_name(trace, REASON("LAYER-SERVICE: unique in the cluster"));
        from_layer_name(trace, NULL);
    } else if (str_eq_c(key, "app.kubernetes.io/component")) {
        from_constant(trace, REASON("no Service or autoscaler selects the pods of jobs"));
    } else {
        from_name(trace, of_job ? REASON("the name of the job, so that no Service selects its pods")
                                : NULL);
    }
}

/* The label of pods with an identity in a cloud. Returns false for other labels. */
static bool label_of_identity(struct trace *trace, struct str key)
{
    for (int i = 0; i < CLOUD_COUNT; i++) {
        if (!providers[i]->pod_label || !str_eq_c(key, providers[i]->pod_label))
            continue;
        from_field(trace, providers[i]->identity_field,
                   REASON("the webhook of the cloud changes only pods with this label"), NULL);
        return true;
    }
    return false;
}

void rule_label(struct trace *trace, const char *reason)
{
    struct str key = step_last(trace);
    (void)reason;
    if (trace->service && (trace->base || is_of_job(trace)) &&
        (from_item(trace, trace->service->pod_labels, key) || label_of_identity(trace, key)))
        return;
    if (str_eq_c(key, "app.kubernetes.io/managed-by"))
        from_constant(trace, REASON("optasvc manages only objects with this label"));
    else if (str_eq_c(key, "app.kubernetes.io/part-of") || str_eq_c(key, "opta.dev/layer-name"))
        from_layer_name(trace, NULL);
    else if (str_eq_c(key, "opta.dev/environment-name"))
        from_environment_name(trace);
    else
        label_of_service(trace, key);
}

void rule_pod_annotation(struct trace *trace, const char *reason)
{
    (void)reason;
    from_item(trace, trace->service->pod_annotations, step_last(trace));
}

void rule_service_annotation(struct trace *trace, const char *reason)
{
    if (from_item(trace, trace->service->service_annotations, step_last(trace)))
        return;
    if (str_eq_c(step_last(trace), TRAEFIK_SCHEME_ANNOTATION)) {
        from_assumed_https(trace);
        return;
    }
    from_field(trace, SERVICE_LOAD_BALANCER, reason, NULL);
    from_location(trace, trace->layer->environment.provider_at, NULL);
}

/* Services and NetworkPolicies */

static bool is_load_balancer(const struct trace *trace)
{
    return str_ends_with(node_string(node_at(trace->object, "metadata name")), STR("-tcp")) &&
           trace->service->load_balancer;
}

static bool is_headless(const struct trace *trace)
{
    return node_at(trace->object, "spec clusterIP") != NULL;
}

static void from_ports(struct trace *trace, const char *reason)
{
    bool list = service_has(trace->service, SERVICE_PORTS);
    from_field(trace, list ? SERVICE_PORTS : SERVICE_PORT, reason, NULL);
}

void rule_service_kind(struct trace *trace, const char *reason)
{
    (void)reason;
    if (is_headless(trace))
        from_field(trace, SERVICE_PERSISTENT_STORAGE,
                   REASON("the DNS names of a StatefulSet's pods require a headless Service"),
                   NULL);
    else if (is_load_balancer(trace))
        from_field(
            trace, SERVICE_LOAD_BALANCER,
            REASON("a Service of its own, because the other one may have ports that must not "
                   "be exposed"),
            NULL);
    else
        from_ports(trace, NULL);
}

void rule_service_type(struct trace *trace, const char *reason)
{
    (void)reason;
    from_field(trace, SERVICE_LOAD_BALANCER,
               is_load_balancer(trace) ? NULL : REASON("the load balancer has its own Service"),
               REASON("the service is reachable only inside the cluster"));
}

/* Returns the index of a port among those of the service. `only_tcp`: the list that the path leads
 * through has only the tcp ports. */
static size_t port_index(const struct trace *trace, size_t index, bool only_tcp)
{
    const struct service *service = trace->service;
    size_t found = 0;
    for (; found < service->port_count; found++)
        if ((!only_tcp || service->ports[found].type == PORT_TYPE_TCP) && index-- == 0)
            break;
    return found;
}

/* Returns the index of the last item of a list on the path. */
static size_t last_index(const struct trace *trace)
{
    size_t at = trace->depth;
    while (at > 0 && !trace->steps[at - 1].is_item)
        at--;
    return at ? trace->steps[at - 1].index : 0;
}

void from_port(struct trace *trace, size_t index, enum field_id field, const char *set,
               const char *unset)
{
    const struct value *list = record_value(trace->service->record, SERVICE_PORTS);
    if (list->count)
        from_value(trace, list->records[index], field, set, unset);
    else if (field == PORTS_PORT)
        from_location(trace, trace->service->ports[index].at, set);
    else
        from_default(trace, SERVICE_PORTS, unset);
}

static size_t index_of_port(const struct trace *trace)
{
    return port_index(trace, last_index(trace), !trace->base && is_load_balancer(trace));
}

void rule_port_name(struct trace *trace, const char *reason)
{
    from_port(trace, index_of_port(trace), PORTS_NAME, reason, REASON("the name of the only port"));
}

void rule_port_number(struct trace *trace, const char *reason)
{
    from_port(trace, index_of_port(trace), PORTS_PORT, reason, NULL);
}

void rule_service_port(struct trace *trace, const char *reason)
{
    size_t index = index_of_port(trace);
    (void)reason;
    if (trace->service->ports[index].type == PORT_TYPE_TCP &&
        !record_has(record_value(trace->service->record, SERVICE_PORTS)->records[index],
                    PORTS_SERVICE_PORT))
        from_port(trace, index, PORTS_PORT, REASON("the port of the container"), NULL);
    else
        from_port(trace, index, PORTS_SERVICE_PORT, NULL, REASON("clients use the port of HTTP"));
}

void rule_port_protocol(struct trace *trace, const char *reason)
{
    from_constant(trace, reason);
}

void rule_app_protocol(struct trace *trace, const char *reason)
{
    size_t index = index_of_port(trace);
    if (trace->service->ports[index].type == PORT_TYPE_HTTP) {
        from_assumed_https(trace);
        return;
    }
    bool list = service_has(trace->service, SERVICE_PORTS);
    from_port(trace, index, list ? PORTS_PROTOCOL : PORTS_PORT, reason, NULL);
}

void rule_policy_port(struct trace *trace, const char *reason)
{
    /* Clients of a load balancer may connect only to its ports. */
    bool only_tcp = !node_get(step_at(trace, 2)->node, "from");
    if (str_eq_c(step_last(trace), "protocol"))
        from_constant(trace, reason);
    else
        from_port(trace, port_index(trace, last_index(trace), only_tcp), PORTS_PORT, NULL, NULL);
}

void rule_peer(struct trace *trace, const char *reason)
{
    const struct value *policy = record_value(trace->service->record, SERVICE_NETWORK_POLICY);
    const struct value *allowed = record_value(policy->records[0], NETWORK_POLICY_ALLOW_FROM);
    const struct item *item = &allowed->items[step_at(trace, 4)->index];
    (void)reason;
    from_location(trace, item->node->span, REASON("the pods that this item means"));
    if (str_eq_c(item->text, "ingress"))
        from_environment(trace, FILE_INGRESS_NAMESPACE, NULL, NULL);
}

/* Workloads and autoscalers */

void rule_replicas(struct trace *trace, const char *reason)
{
    from_field(trace, SERVICE_MAX_CONTAINERS, reason, reason);
}

void rule_timeout(struct trace *trace, const char *reason)
{
    const struct service *service = trace->service;
    const struct value *timeout = record_value(service->record, SERVICE_TIMEOUT);
    (void)reason;
    if (service->timeout == timeout->number) {
        from_field(trace, SERVICE_TIMEOUT, NULL,
                   REASON("a rollout without progress for this long is reported as failed"));
        return;
    }
    from_default(trace, SERVICE_TIMEOUT, REASON("longer than a pod may take to start"));
    enum field_id start =
        service->startup.kind == PROBE_NONE ? SERVICE_READINESS_DELAY : field_of_startup(trace);
    if (service_has(service, start))
        from_field(trace, start, NULL, NULL);
}

/* Returns the item of persistent_storage for a claim template. */
static const struct record *record_of_disk(const struct trace *trace)
{
    const struct service *service = trace->service;
    const struct disk *disk = &service->disks[step_at(trace, 2)->index];
    const struct value *written = record_value(service->record, SERVICE_PERSISTENT_STORAGE);
    for (size_t i = 0; i < written->count; i++)
        if (record_location(written->records[i], STORAGE_PATH).start == disk->at.start)
            return written->records[i];
    return written->records[0];
}

void rule_disk(struct trace *trace, const char *reason)
{
    from_location(trace, record_of_disk(trace)->node->span, reason);
}

void rule_disk_name(struct trace *trace, const char *reason)
{
    (void)reason;
    from_value(trace, record_of_disk(trace), STORAGE_NAME, NULL, REASON("the words of the path"));
}

void rule_disk_size(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_disk(trace), STORAGE_SIZE, reason, NULL);
}

void rule_disk_access_mode(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_disk(trace), STORAGE_ACCESS_MODE, NULL, reason);
}

void rule_disk_storage_class(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_disk(trace), STORAGE_STORAGE_CLASS, NULL, reason);
}

static void from_target(struct trace *trace, bool is_cpu, const char *reason)
{
    if (is_cpu)
        from_field(trace, SERVICE_TARGET_CPU, reason,
                   reason ? reason
                          : REASON("leaves room for a load that rises until new pods are ready"));
    else
        from_field(trace, SERVICE_TARGET_MEM, reason,
                   reason ? reason
                          : REASON("leaves room for a load that rises until new pods are ready"));
}

void rule_metric_target(struct trace *trace, const char *reason)
{
    const struct node *metric = step_at(trace, 2)->node;
    const struct node *source = node_get(metric, "resource");
    if (!source)
        source = node_get(metric, "containerResource");
    from_target(trace, str_eq_c(node_get(source, "name")->text, "cpu"), reason);
}

/* Where a sidecar is requested, because of which only the container of the service is measured. */
static void from_sidecar(struct trace *trace)
{
    from_field(
        trace, SERVICE_SIDECARS,
        REASON("only the container of the service is measured, not its sidecars"),
        REASON("only the container of the service is measured, not the sidecar that labels or "
               "annotations inject"));
}

void rule_metric_container(struct trace *trace, const char *reason)
{
    if (node_get(step_at(trace, 2)->node, "resource"))
        from_constant(trace, reason);
    else
        from_sidecar(trace);
}

/* Returns the item of autoscaling_triggers; NULL: a trigger for CPU or memory. */
static const struct record *record_of_trigger(const struct trace *trace)
{
    const struct service *service = trace->service;
    size_t own = (service->target_cpu ? 1U : 0U) + (service->target_memory ? 1U : 0U);
    size_t index = step_at(trace, 2)->index;
    return index < own ? NULL
                       : record_value(service->record, SERVICE_TRIGGERS)->records[index - own];
}

static bool is_cpu_trigger(const struct trace *trace)
{
    return str_eq_c(node_get(step_at(trace, 2)->node, "type")->text, "cpu");
}

void rule_trigger_type(struct trace *trace, const char *reason)
{
    const struct record *record = record_of_trigger(trace);
    if (record)
        from_value(trace, record, TRIGGER_TYPE, NULL, NULL);
    else
        from_target(trace, is_cpu_trigger(trace), reason);
}

void rule_trigger_container(struct trace *trace, const char *reason)
{
    if (record_of_trigger(trace))
        rule_trigger_metadata(trace, reason);
    else
        from_sidecar(trace);
}

void rule_trigger_metadata(struct trace *trace, const char *reason)
{
    const struct record *record = record_of_trigger(trace);
    if (record)
        from_item(trace, record_value(record, TRIGGER_METADATA), step_last(trace));
    else
        from_target(trace, is_cpu_trigger(trace), reason);
}

void rule_trigger_auth(struct trace *trace, const char *reason)
{
    from_value(trace, record_of_trigger(trace), TRIGGER_AUTH, reason, NULL);
}

/* Jobs */

void rule_cron_schedule(struct trace *trace, const char *reason)
{
    from_value(trace, trace->job_record, CRON_JOB_SCHEDULE, reason, NULL);
}

void rule_cron_time_zone(struct trace *trace, const char *reason)
{
    from_value(trace, trace->job_record, CRON_JOB_TIME_ZONE, reason, NULL);
}

void rule_cron_suspend(struct trace *trace, const char *reason)
{
    from_value(trace, trace->job_record, CRON_JOB_SUSPEND, reason, NULL);
}

void rule_cron_concurrency(struct trace *trace, const char *reason)
{
    from_value(trace, trace->job_record, CRON_JOB_CONCURRENCY, NULL, reason);
}

void rule_job_timeout(struct trace *trace, const char *reason)
{
    bool cron = str_eq_c(trace->kind, "CronJob");
    from_value(trace, trace->job_record, cron ? CRON_JOB_TIMEOUT : PRE_DEPLOY_TIMEOUT, NULL,
               reason);
}

void rule_job_retries(struct trace *trace, const char *reason)
{
    bool cron = str_eq_c(trace->kind, "CronJob");
    from_value(trace, trace->job_record, cron ? CRON_JOB_RETRIES : PRE_DEPLOY_RETRIES, NULL,
               reason);
}
