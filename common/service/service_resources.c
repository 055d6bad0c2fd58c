/* Requests and limits. */
#include "format/quantity.h"
#include "service/service_reader.h"

#include <inttypes.h>

enum { LIMIT_FACTOR = 2 }; /* limits are this many times the requests */

/* Returns the record of a map field; a record of defaults if the map is missing. */
static const struct record *record_of(const struct service_reader *in, enum field_id field,
                                      const struct schema *schema)
{
    const struct value *written = service_value(in, field);
    return written->count ? written->records[0]
                          : schema_read(&in->reader, schema, node_new(in->reader.arena, NODE_MAP));
}

/* Reports a limit that is less than the request. */
static void check_limit(const struct service_reader *in, enum field_id field,
                        const struct value *limit, int64_t request)
{
    struct arena *arena = in->reader.arena;
    struct str (*format)(struct arena *, int64_t) =
        field == LIMITS_CPU ? quantity_cpu : quantity_bytes;
    if (limit->number >= request)
        return;
    diag_error(in->reader.diags, limit->node->span, RULE_LIMIT_BELOW_REQUEST,
               "the limit (%.*s) must not be less than the request (%.*s)",
               STR_ARG(format(arena, limit->number)), STR_ARG(format(arena, request)));
    diag_hint(in->reader.diags, "raise the limit, or lower the request in resource_request");
}

static int64_t read_limit(const struct service_reader *in, const struct record *limits,
                          enum field_id field, const struct value *request)
{
    const struct value *limit = record_value(limits, field);
    if (limit->is_keyword)
        return 0;
    if (!limit->node)
        return request->number * LIMIT_FACTOR;
    const struct value *map = service_value(in, SERVICE_RESOURCE_REQUEST);
    bool known = !request->invalid && !(map->invalid && map->count == 0) &&
                 !(layer_is_for_chart(in->layer) && !request->node);
    if (known)
        check_limit(in, field, limit, request->number);
    return limit->number;
}

/* Warns of values below 10, which are probably meant as cores: a container with 0.001 cores does
 * not start. */
static void check_cpu(const struct service_reader *in, const struct record *record,
                      enum field_id field)
{
    enum { MILLICORES_MIN = 10 };
    const struct value *cpu = record_value(record, field);
    if (!cpu->node || cpu->is_keyword || cpu->number >= MILLICORES_MIN ||
        !str_span_only(cpu->text, "0123456789"))
        return;
    diag_warning(in->reader.diags, cpu->node->span, RULE_TINY_CPU,
                 "cpu is in millicores: %" PRId64 " means 0.00%" PRId64 " cores", cpu->number,
                 cpu->number);
    diag_hint(in->reader.diags, "did you mean %" PRId64 "000, or %" PRId64 ".0?", cpu->number,
              cpu->number);
}

void service_read_resources(const struct service_reader *in)
{
    const struct record *requests = record_of(in, SERVICE_RESOURCE_REQUEST, &resources_schema);
    const struct record *limits = record_of(in, SERVICE_RESOURCE_LIMITS, &limits_schema);
    struct resources *resources = &in->service->resources;
    check_cpu(in, requests, RESOURCES_CPU);
    check_cpu(in, limits, LIMITS_CPU);
    const struct value *cpu = record_value(requests, RESOURCES_CPU);
    const struct value *memory = record_value(requests, RESOURCES_MEMORY);
    resources->cpu_request = cpu->number;
    resources->cpu_limit = read_limit(in, limits, LIMITS_CPU, cpu);
    resources->memory_request = memory->number;
    resources->memory_limit = read_limit(in, limits, LIMITS_MEMORY, memory);
    const struct value *disk = record_value(requests, RESOURCES_DISK);
    resources->disk_request = disk->number;
    resources->disk_limit = read_limit(in, limits, LIMITS_DISK, disk);
    resources->gpus = record_value(limits, LIMITS_GPU)->number;
}

struct resources service_default_resources(const struct service_reader *in)
{
    const struct record *record =
        schema_read(&in->reader, &resources_schema, node_new(in->reader.arena, NODE_MAP));
    int64_t cpu = record_value(record, RESOURCES_CPU)->number;
    int64_t memory = record_value(record, RESOURCES_MEMORY)->number;
    return (struct resources){.cpu_request = cpu,
                              .cpu_limit = cpu * LIMIT_FACTOR,
                              .memory_request = memory,
                              .memory_limit = memory * LIMIT_FACTOR};
}

/* Returns a limit of a container: its own; twice its own request; or the inherited one.
 * `requested`: the container sets the request. */
static int64_t own_limit(const struct service_reader *in, const struct record *limits,
                         enum field_id field, bool requested, int64_t request, int64_t inherited)
{
    const struct value *limit = limits ? record_value(limits, field) : NULL;
    if (!limit || !limit->node)
        return requested ? request * LIMIT_FACTOR : inherited;
    if (limit->is_keyword)
        return 0;
    if (!limit->invalid)
        check_limit(in, field, limit, request);
    return limit->number;
}

struct resources service_read_own_resources(const struct service_reader *in,
                                            const struct value *request_map,
                                            const struct value *limit_map, struct resources base)
{
    const struct record *requests = request_map->count ? request_map->records[0] : NULL;
    const struct record *limits = limit_map->count ? limit_map->records[0] : NULL;
    struct resources resources = base;
    const struct {
        enum field_id request_field;
        enum field_id limit_field;
        int64_t *request;
        int64_t *limit;
    } rows[] = {
        {RESOURCES_CPU, LIMITS_CPU, &resources.cpu_request, &resources.cpu_limit},
        {RESOURCES_MEMORY, LIMITS_MEMORY, &resources.memory_request, &resources.memory_limit},
        {RESOURCES_DISK, LIMITS_DISK, &resources.disk_request, &resources.disk_limit},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        bool requested = requests && record_has(requests, rows[i].request_field);
        if (requested)
            *rows[i].request = record_value(requests, rows[i].request_field)->number;
        *rows[i].limit =
            own_limit(in, limits, rows[i].limit_field, requested, *rows[i].request, *rows[i].limit);
    }
    if (requests)
        check_cpu(in, requests, RESOURCES_CPU);
    if (limits)
        check_cpu(in, limits, LIMITS_CPU);
    resources.gpus = limits ? record_value(limits, LIMITS_GPU)->number : 0;
    return resources;
}
