/* deploy, scale, and the limits of a container. */
#include "format/quantity.h"
#include "import/compose_reader.h"

#include <inttypes.h>

enum {
    CPU_DEFAULT = 100, /* millicores that are requested by default */
    MEMORY_DEFAULT = 128,
    MEMORY_MIN = 4, /* MB */
    MEGABYTE = 1 << 20
};

/* What a container may use; 0: not set. */
struct usage_limits {
    int64_t cpu; /* millicores */
    int64_t memory;
    struct location cpu_at;
    struct location memory_at;
};

/* Returns the value that counts if a service has the same in two places; NULL if it has none.
 * Compose rejects two that differ. */
static const struct node *select_value(const struct compose_service *service,
                                       const struct node *of_service, const struct node *of_deploy)
{
    if (of_service && of_deploy && !str_equal(node_string(of_service), node_string(of_deploy)))
        compose_lost(service, of_service->key->span,
                     "%.*s %.*s is not carried over: %.*s of deploy is %.*s",
                     STR_ARG(of_service->key->text), STR_ARG(node_string(of_service)),
                     STR_ARG(of_deploy->key->text), STR_ARG(node_string(of_deploy)));
    return of_deploy ? of_deploy : of_service;
}

static void read_cpus(const struct compose_service *service, const struct node *node,
                      struct usage_limits *limits)
{
    if (!node)
        return;
    limits->cpu_at = node->span;
    if (!quantity_parse(compose_string(service, node, COMPOSE_FIXED), &limits->cpu))
        compose_report_value(service, node, "must be a number, for example 0.5");
}

static void read_memory(const struct compose_service *service, const struct node *node,
                        struct usage_limits *limits)
{
    if (!node)
        return;
    limits->memory_at = node->span;
    if (!compose_size(compose_string(service, node, COMPOSE_FIXED), &limits->memory))
        compose_report_value(service, node, "must be a size, for example 512m");
    if (limits->memory <= 0 || limits->memory >= MEMORY_MIN * MEGABYTE)
        return;
    limits->memory = MEMORY_MIN * MEGABYTE;
    compose_lost(service, node->span, "%.*s is set to %d MB, the smallest possible value",
                 STR_ARG(node->key->text), MEMORY_MIN);
}

static int64_t megabytes(int64_t bytes)
{
    return (bytes + MEGABYTE - 1) / MEGABYTE;
}

/* True for the limit that a request has by default. */
static bool is_default_limit(int64_t limit, int64_t request, int64_t default_request)
{
    enum { FACTOR = 2 };
    return limit == FACTOR * (request ? request : default_request);
}

/* Writes the limits, and the requests that the file sets or that may not exceed them. */
static void write_resources(struct compose_service *service, struct usage_limits *limits,
                            struct usage_limits *requests)
{
    struct import *import = service->import;
    if (limits->cpu && !requests->cpu && limits->cpu < CPU_DEFAULT)
        *requests = (struct usage_limits){.cpu = limits->cpu,
                                          .cpu_at = limits->cpu_at,
                                          .memory = requests->memory,
                                          .memory_at = requests->memory_at};
    if (limits->memory && !requests->memory &&
        limits->memory < (int64_t)MEMORY_DEFAULT * MEGABYTE) {
        requests->memory = limits->memory;
        requests->memory_at = limits->memory_at;
    }
    if (requests->cpu)
        import_int(import,
                   import_map(import, service->module, SERVICE_RESOURCE_REQUEST, requests->cpu_at),
                   RESOURCES_CPU, requests->cpu, requests->cpu_at);
    if (requests->memory)
        compose_set_megabytes(
            service,
            import_map(import, service->module, SERVICE_RESOURCE_REQUEST, requests->memory_at),
            RESOURCES_MEMORY, requests->memory, requests->memory_at);
    if (limits->cpu && !is_default_limit(limits->cpu, requests->cpu, CPU_DEFAULT))
        import_int(import,
                   import_map(import, service->module, SERVICE_RESOURCE_LIMITS, limits->cpu_at),
                   LIMITS_CPU, limits->cpu, limits->cpu_at);
    if (limits->memory &&
        !is_default_limit(megabytes(limits->memory), megabytes(requests->memory), MEMORY_DEFAULT))
        compose_set_megabytes(
            service,
            import_map(import, service->module, SERVICE_RESOURCE_LIMITS, limits->memory_at),
            LIMITS_MEMORY, limits->memory, limits->memory_at);
    if (!limits->memory)
        buf_add_joined(&service->compose->without_memory, ", ", service->name);
}

static void set_gpus(struct compose_service *service, int64_t count, struct location at)
{
    struct node *limits = import_map(service->import, service->module, SERVICE_RESOURCE_LIMITS, at);
    import_int(service->import, limits, LIMITS_GPU, count, at);
}

static bool has_capability_gpu(const struct node *device)
{
    const struct node *list = compose_get(device, "capabilities");
    for (const struct node *item = node_first_child(list); item; item = item->next)
        if (str_eq_c(node_string(item), "gpu"))
            return true;
    return !list;
}

static void read_device(struct compose_service *service, const struct node *device)
{
    if (!compose_check_keys(service->compose, service, COMPOSE_DEVICE, device, "devices."))
        return;
    const struct node *driver = compose_get(device, "driver");
    const struct node *count = compose_get(device, "count");
    const struct node *ids = compose_get(device, "device_ids");
    int64_t number = 0;
    if ((driver && !str_eq_c(node_string(driver), "nvidia")) || !has_capability_gpu(device)) {
        compose_lost(service, device->span,
                     "a device is not carried over: only NVIDIA GPUs are, as gpu in "
                     "resource_limits");
        return;
    }
    for (const struct node *id = node_first_child(ids); id; id = id->next)
        number++;
    if (number == 0 &&
        (!count || !str_to_int(compose_string(service, count, COMPOSE_FIXED), &number) ||
         number < 1)) {
        number = 1;
        compose_lost(service, device->span,
                     "all GPUs are not carried over: set the number of GPUs in resource_limits");
    }
    set_gpus(service, number, device->span);
}

static void read_devices(struct compose_service *service, const struct node *list)
{
    for (const struct node *item = node_first_child(list); item; item = item->next)
        read_device(service, item);
}

static void read_gpus(struct compose_service *service)
{
    const struct node *gpus = compose_get(service->node, "gpus");
    if (!gpus)
        return;
    if (gpus->kind == NODE_LIST) {
        read_devices(service, gpus);
        return;
    }
    set_gpus(service, 1, gpus->span);
    compose_lost(service, gpus->span,
                 "all GPUs are not carried over: set the number of GPUs in resource_limits");
}

/* Compose runs as many containers as the file says, and one by default. */
static void set_replicas(struct compose_service *service, const struct node *node)
{
    struct import *import = service->import;
    int64_t number = 1;
    struct location at = node ? node->span : service->node->key->span;
    if (node && !str_to_int(compose_string(service, node, COMPOSE_FIXED), &number)) {
        compose_report_value(service, node, "must be an integer");
        number = 1;
    }
    if (number)
        import_int(import, service->module, SERVICE_MIN_CONTAINERS, number, at);
    import_int(import, service->module, SERVICE_MAX_CONTAINERS, number, at);
}

bool compose_is_job(const struct compose_service *service)
{
    const struct node *mode = compose_get(compose_get(service->node, "deploy"), "mode");
    return str_ends_with(node_string(mode), STR("-job"));
}

static void read_mode(const struct compose_service *service, const struct node *deploy)
{
    const struct node *mode = compose_get(deploy, "mode");
    struct str name = node_string(mode);
    if (!mode || str_eq_c(name, "replicated"))
        return;
    compose_lost(service, mode->span, "mode %.*s is not carried over: %s", STR_ARG(name),
                 compose_is_job(service) ? COMPOSE_TASK_HINT
                                         : "a service has a number of pods, not one per node");
}

/* Returns deploy.resources; NULL if it is not set or invalid. */
static const struct node *read_resources(struct compose_service *service, const struct node *deploy)
{
    struct compose *compose = service->compose;
    const struct node *resources = compose_get(deploy, "resources");
    const struct node *limits = compose_get(resources, "limits");
    const struct node *reservations = compose_get(resources, "reservations");
    bool ok = resources && compose_check_keys(compose, service, COMPOSE_RESOURCES, resources,
                                              "deploy.resources.");
    if (ok && limits)
        ok &= compose_check_keys(compose, service, COMPOSE_LIMITS, limits,
                                 "deploy.resources.limits.");
    if (ok && reservations)
        ok &= compose_check_keys(compose, service, COMPOSE_RESERVATIONS, reservations,
                                 "deploy.resources.reservations.");
    return ok ? resources : NULL;
}

void compose_read_deploy(struct compose_service *service)
{
    const struct node *deploy = compose_get(service->node, "deploy");
    struct usage_limits limits = {0};
    struct usage_limits requests = {0};
    if (deploy && !compose_check_keys(service->compose, service, COMPOSE_DEPLOY, deploy, "deploy."))
        return;
    const struct node *resources = read_resources(service, deploy);
    const struct node *upper = compose_get(resources, "limits");
    const struct node *lower = compose_get(resources, "reservations");
    const struct node *node = service->node;
    read_mode(service, deploy);
    set_replicas(service, select_value(service, compose_get(node, "scale"),
                                       compose_get(deploy, "replicas")));
    read_cpus(service, select_value(service, compose_get(node, "cpus"), compose_get(upper, "cpus")),
              &limits);
    read_memory(service,
                select_value(service, compose_get(node, "mem_limit"), compose_get(upper, "memory")),
                &limits);
    read_cpus(service, compose_get(lower, "cpus"), &requests);
    read_memory(
        service,
        select_value(service, compose_get(node, "mem_reservation"), compose_get(lower, "memory")),
        &requests);
    write_resources(service, &limits, &requests);
    read_devices(service, compose_get(lower, "devices"));
    read_gpus(service);
}
