/* The sizes of temporary directories, compared with the limits of the containers and pods that use
 * them. */
#include "base/map.h"
#include "format/quantity.h"
#include "service/service_reader.h"

static int64_t memory_size(const struct volume *volume)
{
    return volume->in_memory ? volume->size : 0;
}

/* Returns the location of the size of a volume; of the field that contains it if it has none. */
static struct location size_location(const struct service_reader *in, size_t index)
{
    const struct record *volume = service_value(in, SERVICE_VOLUMES)->records[index];
    return record_location(record_value(volume, VOLUME_EMPTY_DIR)->records[0], EMPTY_DIR_SIZE);
}

/* Returns the location of the limit of a container, or of the request that it depends on; `other`
 * if the container has neither. */
static struct location limit_location(const struct record *record, enum field_id limits,
                                      enum field_id limit, enum field_id requests,
                                      enum field_id request, struct location other)
{
    const struct value *limit_map = record_value(record, limits);
    const struct value *request_map = record_value(record, requests);
    if (limit_map->count && record_has(limit_map->records[0], limit))
        return record_location(limit_map->records[0], limit);
    if (request_map->count && record_has(request_map->records[0], request))
        return record_location(request_map->records[0], request);
    return other;
}

static void report_memory(const struct service_reader *in, struct location at, const char *what,
                          int64_t size, int64_t limit)
{
    struct arena *arena = in->reader.arena;
    diag_error(in->reader.diags, at, RULE_OUT_OF_RANGE,
               "%s (%.*s) must be less than the memory limit of the container (%.*s)", what,
               STR_ARG(quantity_bytes(arena, size)), STR_ARG(quantity_bytes(arena, limit)));
    diag_hint(in->reader.diags, "raise memory in resource_limits, or lower size");
}

/* Files in memory count towards the limit of the container, so volumes that are as large could not
 * be filled. Returns the size of all of them. A limit of 0 is invalid, and was reported. */
static int64_t check_own_memory(const struct service_reader *in)
{
    const struct service *service = in->service;
    int64_t limit = service->resources.memory_limit;
    int64_t total = 0;
    for (size_t i = 0; i < service->volume_count; i++) {
        int64_t size = memory_size(&service->volumes[i]);
        if (limit && size >= limit)
            report_memory(in, size_location(in, i), "size", size, limit);
        else if (size && total < limit && total + size >= limit)
            report_memory(in, size_location(in, i), "the total size of volumes in memory",
                          total + size, limit);
        total += size;
    }
    return total;
}

/* Checks an init container or sidecar, which mounts some of the volumes. `volumes`: by path. */
static void check_container_memory(const struct service_reader *in,
                                   const struct container *container, const struct map *volumes)
{
    int64_t limit = container->resources.memory_limit;
    int64_t total = 0;
    if (limit >= in->service->resources.memory_limit) /* checked with all volumes */
        return;
    for (size_t i = 0; i < container->volumes->count && total < limit; i++) {
        const struct item *item = &container->volumes->items[i];
        const struct volume *volume = map_get(volumes, item->text);
        total += volume ? memory_size(volume) : 0;
        if (total >= limit)
            report_memory(in, item->node->span, "the total size of mounted volumes in memory",
                          total, limit);
    }
}

static void check_job_memory(const struct service_reader *in, size_t index, int64_t total)
{
    int64_t limit = in->service->cron_jobs[index].job.resources.memory_limit;
    const struct record *record = service_value(in, SERVICE_CRON_JOBS)->records[index];
    if (limit && limit < in->service->resources.memory_limit && total >= limit)
        report_memory(in,
                      limit_location(record, CRON_JOB_RESOURCE_LIMITS, LIMITS_MEMORY,
                                     CRON_JOB_RESOURCE_REQUEST, RESOURCES_MEMORY,
                                     record->node->span),
                      "the total size of volumes in memory", total, limit);
}

static void check_memory(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct map volumes = {0};
    for (size_t i = 0; i < service->volume_count; i++)
        map_add(in->reader.arena, &volumes, service->volumes[i].path, &service->volumes[i]);
    int64_t total = check_own_memory(in);
    for (size_t i = 0; i < service->container_count; i++)
        check_container_memory(in, &service->containers[i], &volumes);
    for (size_t i = 0; i < service->cron_job_count; i++)
        check_job_memory(in, i, total);
}

static int64_t sidecars_disk_limit(const struct service *service)
{
    int64_t limit = 0;
    for (size_t i = 0; i < service->container_count; i++)
        if (service->containers[i].is_sidecar)
            limit += service->containers[i].resources.disk_limit;
    return limit;
}

/* Returns the largest limit of an init container, which runs beside the sidecars only. */
static int64_t init_disk_limit(const struct service *service)
{
    int64_t limit = 0;
    for (size_t i = 0; i < service->container_count; i++) {
        const struct container *container = &service->containers[i];
        if (!container->is_sidecar && container->resources.disk_limit > limit)
            limit = container->resources.disk_limit;
    }
    return limit;
}

/* Warns of volumes on disk that could not be filled. `limit`: the sum of the limits of the
 * containers that run at the same time, above which the kubelet evicts the pod; 0: none. */
static void warn_disk(const struct service_reader *in, struct location at, int64_t limit,
                      int64_t total)
{
    struct arena *arena = in->reader.arena;
    if (total == 0 || limit == 0 || total < limit)
        return;
    diag_warning(in->reader.diags, at, RULE_EARLY_EVICTION,
                 "a pod that uses %.*s on disk is evicted, but its volumes may contain %.*s",
                 STR_ARG(quantity_bytes(arena, limit)), STR_ARG(quantity_bytes(arena, total)));
    diag_hint(in->reader.diags,
              "raise disk in resource_limits above %.*s, or lower size in "
              "empty_dir",
              STR_ARG(quantity_bytes(arena, total)));
}

/* Files in volumes on disk count towards the limits of the pod's containers, as do logs and other
 * files that the containers write. */
static void check_disk(const struct service_reader *in)
{
    const struct service *service = in->service;
    int64_t sidecars = sidecars_disk_limit(service);
    int64_t init = init_disk_limit(service);
    int64_t own = service->resources.disk_limit;
    int64_t total = 0;
    for (size_t i = 0; i < service->volume_count; i++)
        total += service->volumes[i].in_memory ? 0 : service->volumes[i].size;
    warn_disk(in,
              limit_location(in->record, SERVICE_RESOURCE_LIMITS, LIMITS_DISK,
                             SERVICE_RESOURCE_REQUEST, RESOURCES_DISK,
                             record_location(in->record, SERVICE_VOLUMES)),
              sidecars + (own > init ? own : init), total);
    for (size_t i = 0; i < service->cron_job_count; i++) {
        const struct record *record = service_value(in, SERVICE_CRON_JOBS)->records[i];
        int64_t limit = service->cron_jobs[i].job.resources.disk_limit;
        if (limit != own)
            warn_disk(in,
                      limit_location(record, CRON_JOB_RESOURCE_LIMITS, LIMITS_DISK,
                                     CRON_JOB_RESOURCE_REQUEST, RESOURCES_DISK, record->node->span),
                      sidecars + limit, total);
    }
}

void service_check_volume_sizes(const struct service_reader *in)
{
    if (layer_is_for_chart(in->layer)) /* a chart has its own limits */
        return;
    check_memory(in);
    check_disk(in);
}
