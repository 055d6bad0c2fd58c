/* Rules about images, probes, resources and the number of pods. */
#include "service/service_rules.h"

#include "format/image_ref.h"
#include "format/quantity.h"

#include <inttypes.h>

static bool is_for_chart(const struct service *service)
{
    return layer_is_for_chart(service->layer);
}

/* `takes_flag`: --image-tag sets the tag of the image. */
static void check_image(const struct service *service, struct str image, struct location at,
                        bool takes_flag)
{
    struct diags *diags = service->layer->diags;
    struct image_name name = image_name_split(image);
    if (name.has_digest || (name.has_tag && !str_eq_c(name.tag, "latest")))
        return;
    diag_warning(diags, at, RULE_IMAGE_TAG,
                 "the image has %s: a restarted pod may run another version than the others",
                 name.has_tag ? "the tag latest" : "no tag");
    diag_hint(diags, "write a version, for example %.*s:1.2.3%s", STR_ARG(name.repository),
              takes_flag ? ", or pass --image-tag" : "");
}

static void check_container_images(const struct service *service, enum field_id list)
{
    const struct value *containers = record_value(service->record, list);
    for (size_t i = 0; i < containers->count; i++)
        if (record_has(containers->records[i], CONTAINER_IMAGE))
            check_image(service, record_value(containers->records[i], CONTAINER_IMAGE)->text,
                        record_location(containers->records[i], CONTAINER_IMAGE), false);
}

/* Images of a chart are set in the chart. */
static void check_images(const struct service *service)
{
    if (is_for_chart(service))
        return;
    if (service->has_image && service->max_containers)
        check_image(service, service->image, record_location(service->record, SERVICE_IMAGE),
                    service_takes_version(service));
    check_container_images(service, SERVICE_SIDECARS);
    check_container_images(service, SERVICE_INIT_CONTAINERS);
}

static bool has_probe(const struct service *service)
{
    return service->startup.kind != PROBE_NONE || service->liveness.kind != PROBE_NONE ||
           service->readiness.kind != PROBE_NONE;
}

/* Returns the location of the field that disables the probes. */
static struct location location_of_none(const struct service *service)
{
    static const enum field_id fields[] = {SERVICE_HEALTHCHECK, SERVICE_READINESS,
                                           SERVICE_LIVENESS};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (service_has(service, fields[i]))
            return record_location(service->record, fields[i]);
    return service->at;
}

/* True if a public http port only gets the default TCP probe, which no field requests. */
static bool has_only_default_probe(const struct service *service)
{
    return service->route_count && service->public_port &&
           service->public_port == service->probe_port &&
           service->public_port->type == PORT_TYPE_HTTP && service->readiness.kind == PROBE_TCP &&
           !service_has(service, SERVICE_HEALTHCHECK);
}

static void check_probes(const struct service *service)
{
    struct diags *diags = service->layer->diags;
    if (is_for_chart(service) || service->max_containers == 0 || service->port_count == 0)
        return;
    if (!has_probe(service)) {
        diag_warning(diags, location_of_none(service), RULE_NO_PROBE,
                     "the service has no probe: its pods receive requests before they can answer");
        diag_hint(diags, "set %s",
                  service->probe_port->type == PORT_TYPE_GRPC ? "healthcheck: grpc, or tcp"
                                                              : "healthcheck_path, or "
                                                                "healthcheck: tcp");
    } else if (has_only_default_probe(service)) {
        diag_warning(diags, service->public_port->at, RULE_NO_PROBE,
                     "no path to probe: a pod that answers all requests with errors stays ready");
        diag_hint(diags, "set healthcheck_path, or healthcheck: tcp if an open port is enough");
    }
}

/* Returns the last segment of a path, without a query. */
static struct str last_segment(struct str path)
{
    path = str_slice(path, 0, str_find(path, 0, '?'));
    while (str_ends_with(path, STR("/")))
        path.len--;
    return str_skip(path, str_directory(path).len);
}

/* True for /ready and similar paths, which fail while the service waits for others. */
static bool is_readiness_path(struct str path)
{
    static const char *const names[] = {"ready", "readyz", "readiness", "is-ready", "isready"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (str_eq_c_nocase(last_segment(path), names[i]))
            return true;
    return false;
}

static void warn_same_probes(const struct service *service, enum field_id field, const char *what)
{
    struct diags *diags = service->layer->diags;
    diag_warning(diags, record_location(service->record, field), RULE_SAME_PROBES,
                 "%s: a pod that is only not ready is restarted", what);
    diag_hint(diags, "for liveness, use a check that does not depend on other services, or set "
                     "liveness: none");
}

/* A common path or command is not reported unless a probe has its own: it is Opta's form, and the
 * liveness probe allows twice as many failures. */
static void check_same_probes(const struct service *service)
{
    const struct probe *liveness = &service->liveness;
    const struct probe *readiness = &service->readiness;
    bool paths = liveness->kind == PROBE_HTTP && readiness->kind == PROBE_HTTP &&
                 str_equal(liveness->path, readiness->path);
    bool commands = liveness->kind == PROBE_COMMAND && readiness->kind == PROBE_COMMAND &&
                    service_same_command(liveness->command, readiness->command);
    enum field_id path = service_has(service, SERVICE_LIVENESS_PATH) ? SERVICE_LIVENESS_PATH
                                                                     : SERVICE_READINESS_PATH;
    enum field_id command = service_has(service, SERVICE_LIVENESS_COMMAND)
                                ? SERVICE_LIVENESS_COMMAND
                                : SERVICE_READINESS_COMMAND;
    bool common =
        service->liveness.kind == PROBE_HTTP && !service_has(service, SERVICE_LIVENESS_PATH) &&
        service_has(service, SERVICE_HEALTHCHECK_PATH) && is_readiness_path(service->liveness.path);
    if (paths && service_has(service, path))
        warn_same_probes(service, path, "both probes request the same path");
    else if (commands && service_has(service, command))
        warn_same_probes(service, command, "both probes run the same command");
    else if (common)
        warn_same_probes(service, SERVICE_HEALTHCHECK_PATH,
                         "the liveness probe requests a path for readiness");
}

/* Warns of a limit of a container in `map` that is far above the request. */
static void check_memory(const struct service *service, const struct value *map,
                         const struct resources *resources)
{
    enum { FACTOR_MAX = 4 };
    struct arena *arena = service->layer->arena;
    struct diags *diags = service->layer->diags;
    int64_t request = resources->memory_request;
    if (map->count == 0 || !record_has(map->records[0], LIMITS_MEMORY) ||
        resources->memory_limit <= FACTOR_MAX * request)
        return;
    diag_warning(diags, record_location(map->records[0], LIMITS_MEMORY), RULE_MEMORY_LIMIT,
                 "the memory limit (%.*s) is more than %d times the request (%.*s): the node may "
                 "run out of memory",
                 STR_ARG(quantity_bytes(arena, resources->memory_limit)), FACTOR_MAX,
                 STR_ARG(quantity_bytes(arena, request)));
    diag_hint(diags, "raise resource_request.memory to what the container usually needs");
}

static void check_container_memory(const struct service *service, enum field_id field, size_t first)
{
    const struct value *list = record_value(service->record, field);
    for (size_t i = 0; i < list->count; i++)
        check_memory(service, record_value(list->records[i], CONTAINER_RESOURCE_LIMITS),
                     &service->containers[first + i].resources);
}

/* In a chart, a request that is not set is that of the chart. */
static bool has_memory_request(const struct service *service)
{
    const struct value *map = record_value(service->record, SERVICE_RESOURCE_REQUEST);
    return !is_for_chart(service) || (map->count && record_has(map->records[0], RESOURCES_MEMORY));
}

static void check_memory_limits(const struct service *service)
{
    const struct value *sidecars = record_value(service->record, SERVICE_SIDECARS);
    const struct value *jobs = record_value(service->record, SERVICE_CRON_JOBS);
    if (has_memory_request(service))
        check_memory(service, record_value(service->record, SERVICE_RESOURCE_LIMITS),
                     &service->resources);
    if (is_for_chart(service))
        return;
    check_container_memory(service, SERVICE_SIDECARS, 0);
    check_container_memory(service, SERVICE_INIT_CONTAINERS, sidecars->count);
    for (size_t i = 0; i < jobs->count; i++)
        check_memory(service, record_value(jobs->records[i], CRON_JOB_RESOURCE_LIMITS),
                     &service->cron_jobs[i].job.resources);
}

/* A volume or `update_strategy: recreate` shows that there can only be one pod. */
static void check_replicas(const struct service *service)
{
    struct diags *diags = service->layer->diags;
    if (service->max_containers != 1 || !service_has(service, SERVICE_MAX_CONTAINERS) ||
        service->route_count == 0 || service->internal || service->disk_count ||
        service->recreates || service->layer->environment.provider->is_local)
        return;
    diag_warning(diags, record_location(service->record, SERVICE_MAX_CONTAINERS), RULE_ONE_REPLICA,
                 "a public service with one pod is not available while its node is replaced");
    diag_hint(diags, "set min_containers: 2 and a larger max_containers");
}

void service_check_rules(const struct service *service)
{
    check_images(service);
    check_probes(service);
    check_same_probes(service);
    check_memory_limits(service);
    check_replicas(service);
    service_check_credentials(service);
    service_check_opta_forms(service);
}
