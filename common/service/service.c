#include "cloud/repository.h"
#include "config/usage.h"
#include "format/image_ref.h"
#include "format/quantity.h"
#include "service/service_reader.h"

#include <inttypes.h>

enum { LIMIT_FACTOR = 2 }; /* limits are this many times the requests */

/* Sets the name, which is the name of a Service and, after the layer name, a label value. */
static void read_name(const struct service_reader *in)
{
    struct diags *diags = in->reader.diags;
    struct str name = in->module->name;
    in->service->name = name;
    in->service->at = in->module->name_at;
    const char *error = name_check_service(name);
    if (!error && str_eq_c(name, "default") && !layer_is_for_chart(in->layer))
        error = "must not be \"default\": every namespace has a ServiceAccount of that name";
    if (error)
        diag_error(diags, in->module->name_at, "service name %s", error);
    else if (!name_check_namespace(in->layer->name) &&
             in->layer->name.len + 1 + name.len > LABEL_MAX)
        diag_error(diags, in->module->name_at,
                   "layer name and service name must be at most %d characters long in total",
                   LABEL_MAX - 1);
}

/* Sets the address of the repository for `image: AUTO`, without a tag. Reports an error and returns
 * false if it is unknown or invalid. Errors in the environment are reported once per file. */
static bool read_repository(const struct service_reader *in, struct str *ret)
{
    const struct environment *environment = &in->layer->environment;
    struct diags *diags = in->reader.diags;
    const struct str missing = STR("cannot determine the registry for image: AUTO");
    *ret = cloud_repository(in->reader.arena, environment, in->layer->name, in->module->name);
    if (in->layer->scope.environment_invalid && !in->layer->options->registry)
        return false;
    if (ret->len == 0) {
        if (diags_contain(diags, missing))
            return false;
        service_error(in, SERVICE_IMAGE, "%.*s", STR_ARG(missing));
        diag_hint(diags, "%s", environment->provider->registry_hint);
        return false;
    }
    const char *error =
        environment->registry.len ? NULL : name_check_google_project(environment->project);
    struct str message = str_format(in->reader.arena, "project %s", error ? error : "");
    if (error && environment->project.len && !diags_contain(diags, message))
        diag_error(diags, environment->project_at, "%.*s", STR_ARG(message));
    return !error || environment->project.len == 0;
}

static bool is_auto(struct str image)
{
    return str_eq_c_nocase(image, "auto");
}

static bool has_version(struct str image)
{
    struct image_name parts = image_name_split(image);
    return parts.has_tag || parts.has_digest;
}

/* True if a service of the file has image: AUTO. Then --image-tag does not apply to the other
 * images, such as a database, because they are not part of the build that the tag is for. */
static bool has_auto_image(const struct layer *layer)
{
    for (size_t i = 0; i < layer->module_count; i++) {
        const struct module *module = &layer->modules[i];
        const struct node *image =
            module_is_service(module) ? node_get(module->node, "image") : NULL;
        if (image && image->kind == NODE_SCALAR && is_auto(image->text))
            return true;
    }
    return false;
}

/* True if --image-tag or --image-digest applies to this image. */
static bool version_applies(const struct service_reader *in, struct str image, bool automatic)
{
    const char *repository = in->layer->options->image_repository;
    if (repository)
        return str_eq_c(in->service->repository, repository);
    return automatic || (!has_version(image) && !has_auto_image(in->layer));
}

static struct str add_version(const struct service_reader *in, struct str image)
{
    const struct input_options *options = in->layer->options;
    usage_add_image_version(options);
    if (options->image_tag)
        return str_format(in->reader.arena, "%.*s:%s", STR_ARG(image), options->image_tag);
    if (options->image_digest)
        return str_format(in->reader.arena, "%.*s@%s", STR_ARG(image), options->image_digest);
    return image;
}

static void check_image(const struct service_reader *in, struct str image, bool automatic)
{
    const char *error = name_check_image(image);
    if (error && automatic)
        service_error(in, SERVICE_IMAGE, "image \"%.*s\" %s", STR_ARG(image), error);
    else if (error)
        service_error(in, SERVICE_IMAGE, "image %s", error);
}

static void warn_without_version(const struct service_reader *in)
{
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_IMAGE),
                 "no pods are rendered: the image has no tag or digest");
    diag_hint(in->reader.diags, "push the image to %.*s, then pass --image-tag or --image-digest",
              STR_ARG(in->service->image));
}

static void read_image(const struct service_reader *in)
{
    const struct value *written = service_value(in, SERVICE_IMAGE);
    const struct input_options *options = in->layer->options;
    struct service *service = in->service;
    struct str image = written->text;
    bool automatic = is_auto(image);
    if (!written->node || (automatic && layer_is_for_chart(in->layer)))
        return;
    if (automatic) {
        usage_add_registry(options);
        if (!read_repository(in, &image))
            return;
    }
    check_image(in, image, automatic);
    service->repository = automatic ? image : (struct str){0};
    service->immutable_tags =
        str_eq_c(service_value(in, SERVICE_TAG_MUTABILITY)->text, "immutable");
    bool versioned = version_applies(in, image, automatic);
    service->image = versioned ? add_version(in, image) : image;
    service->has_image = !automatic || (versioned && (options->image_tag || options->image_digest));
    if (!service->has_image)
        warn_without_version(in);
}

/* Reports an autoscaler without a metric, for which Kubernetes would use CPU. In a chart, the
 * autoscaler may have its own metrics. */
static void check_targets(const struct service_reader *in)
{
    const struct service *service = in->service;
    if (service->target_cpu || service->target_memory || !service_has_autoscaler(service) ||
        layer_is_for_chart(in->layer))
        return;
    service_error(in, SERVICE_TARGET_MEM,
                  "autoscaling requires a target above 0, but both targets are 0");
    diag_hint(in->reader.diags, "set a target above 0, or set min_containers and max_containers to "
                                "the same number");
}

static void check_scale(const struct service_reader *in)
{
    int64_t min = in->service->min_containers, max = in->service->max_containers;
    bool min_written = record_has(in->record, SERVICE_MIN_CONTAINERS);
    bool max_written = record_has(in->record, SERVICE_MAX_CONTAINERS);
    enum field_id field = min_written ? SERVICE_MIN_CONTAINERS : SERVICE_MAX_CONTAINERS;
    /* In a chart, a missing field keeps the chart's value. */
    if (layer_is_for_chart(in->layer) && !(min_written && max_written))
        return;
    if (min > max) {
        service_error(in, field,
                      "min_containers (%" PRId64
                      ") must not be greater than max_containers (%" PRId64 ")",
                      min, max);
        if (!min_written || !max_written)
            diag_hint(in->reader.diags,
                      "set both; the defaults are min_containers: %s, max_containers: %s",
                      schema_field(SERVICE_MIN_CONTAINERS)->default_value,
                      schema_field(SERVICE_MAX_CONTAINERS)->default_value);
    } else if (min == 0 && max > 0) {
        service_error(in, field, "min_containers must be at least 1 unless max_containers is 0");
        diag_hint(in->reader.diags, "to run no containers, set max_containers: 0");
    } else {
        check_targets(in);
    }
}

static void read_scale(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *min = service_value(in, SERVICE_MIN_CONTAINERS);
    const struct value *max = service_value(in, SERVICE_MAX_CONTAINERS);
    bool is_paused = max->number == 0 && !record_has(in->record, SERVICE_MIN_CONTAINERS);
    service->min_containers = is_paused ? 0 : min->number;
    service->max_containers = max->number;
    service->target_cpu = service_value(in, SERVICE_TARGET_CPU)->number;
    service->target_memory = service_value(in, SERVICE_TARGET_MEM)->number;
    if (!min->invalid && !max->invalid)
        check_scale(in);
}

/* Returns the record of a map field; a record of defaults if the map is missing. */
static const struct record *record_of(const struct service_reader *in, enum field_id field,
                                      const struct schema *schema)
{
    const struct value *written = service_value(in, field);
    return written->count ? written->records[0]
                          : schema_read(&in->reader, schema, node_new(in->reader.arena, NODE_MAP));
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
    if (known && limit->number < request->number) {
        struct arena *arena = in->reader.arena;
        bool cpu = field == LIMITS_CPU;
        struct str is = (cpu ? quantity_cpu : quantity_bytes)(arena, limit->number);
        struct str least = (cpu ? quantity_cpu : quantity_bytes)(arena, request->number);
        diag_error(in->reader.diags, limit->node->span,
                   "the limit (%.*s) must not be less than the request (%.*s)", STR_ARG(is),
                   STR_ARG(least));
        diag_hint(in->reader.diags, "raise the limit, or lower the request in resource_request");
    }
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
    diag_warning(in->reader.diags, cpu->node->span,
                 "cpu is in millicores: %" PRId64 " means 0.00%" PRId64 " cores", cpu->number,
                 cpu->number);
    diag_hint(in->reader.diags, "did you mean %" PRId64 "000, or %" PRId64 ".0?", cpu->number,
              cpu->number);
}

static void read_resources(const struct service_reader *in)
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
}

/* Checks `workload: "*"` and `containers: "*"` against the other fields of `helm`. */
static void check_wildcards(const struct service_reader *in, const struct record *record)
{
    static const enum field_id conflicts[] = {HELM_SERVICE, HELM_INGRESS};
    const struct helm *helm = &in->service->helm;
    if ((helm->all_workloads || helm->all_containers) && !helm->fill) {
        enum field_id field = helm->all_workloads ? HELM_WORKLOAD : HELM_CONTAINERS;
        diag_error(in->reader.diags, record_location(record, field),
                   "%s: \"*\" requires mode: fill", schema_field(field)->name);
        diag_hint(in->reader.diags, "set mode: fill too; in other modes these settings would "
                                    "replace those of every workload in the chart");
    }
    if (helm->all_containers && helm->container.len) {
        diag_error(in->reader.diags, record_location(record, HELM_CONTAINERS),
                   "container and containers are mutually exclusive");
        diag_hint(in->reader.diags, "remove one of them");
    }
    for (size_t i = 0; helm->all_workloads && i < COUNT_OF(conflicts); i++) {
        if (!record_has(record, conflicts[i]))
            continue;
        const char *name = schema_field(conflicts[i])->name;
        diag_error(in->reader.diags, record_location(record, conflicts[i]),
                   "%s cannot be used with workload: \"*\"", name);
        diag_hint(in->reader.diags, "set workload to the name of one workload, or remove %s", name);
    }
}

/* Reports an error for each of the fields that is set. `key`: the key whose value is "*". */
static void reject_fields(const struct service_reader *in, const enum field_id *fields,
                          size_t count, const char *key)
{
    for (size_t i = 0; i < count; i++) {
        if (!record_has(in->record, fields[i]))
            continue;
        service_error(in, fields[i], "%s cannot be used with %s: \"*\"",
                      schema_field(fields[i])->name, key);
        diag_hint(in->reader.diags, "move it to a service without %s: \"*\"", key);
    }
}

static void read_helm(const struct service_reader *in)
{
    /* A port belongs to one container. */
    static const enum field_id container_fields[] = {SERVICE_PORT, SERVICE_PORTS,
                                                     SERVICE_PROBE_PORT};
    /* These cannot be the same for all workloads of a chart. */
    static const enum field_id workload_fields[] = {SERVICE_MIN_CONTAINERS,
                                                    SERVICE_MAX_CONTAINERS,
                                                    SERVICE_TARGET_CPU,
                                                    SERVICE_TARGET_MEM,
                                                    SERVICE_COMMANDS,
                                                    SERVICE_ARGS,
                                                    SERVICE_PUBLIC_URI,
                                                    SERVICE_STICKY_SESSION,
                                                    SERVICE_STICKY_MAX_AGE,
                                                    SERVICE_CONSISTENT_HASH,
                                                    SERVICE_INGRESS_ANNOTATIONS,
                                                    SERVICE_POD_LABELS};
    const struct value *written = service_value(in, SERVICE_HELM);
    if (written->count == 0)
        return;
    const struct record *record = written->records[0];
    struct helm *helm = &in->service->helm;
    *helm = (struct helm){
        .workload = record_value(record, HELM_WORKLOAD)->text,
        .container = record_value(record, HELM_CONTAINER)->text,
        .service = record_value(record, HELM_SERVICE)->text,
        .ingress = record_value(record, HELM_INGRESS)->text,
        .keep_replicas = str_eq_c(record_value(record, HELM_REPLICAS)->text, "keep"),
        .fill = str_eq_c(record_value(record, HELM_MODE)->text, "fill"),
        .all_workloads = str_eq_c(record_value(record, HELM_WORKLOAD)->text, "*"),
        .all_containers = record_has(record, HELM_CONTAINERS),
        .hooks = record_value(record, HELM_HOOKS)->boolean,
        .jobs = record_value(record, HELM_JOBS)->boolean,
    };
    check_wildcards(in, record);
    if (helm->all_containers)
        reject_fields(in, container_fields, COUNT_OF(container_fields), "containers");
    if (helm->all_workloads)
        reject_fields(in, workload_fields, COUNT_OF(workload_fields), "workload");
}

struct service *service_read_all(struct layer *layer, const struct module *module, bool *ret_ok)
{
    size_t errors = layer->diags->errors;
    *ret_ok = false;
    struct service_reader in = {.layer = layer, .reader = layer_reader(layer), .module = module};
    in.record = schema_read(&in.reader, &service_schema, module->node);
    if (!in.record)
        return NULL;
    in.service = ARENA_NEW(layer->arena, struct service);
    in.service->layer = layer;
    in.service->record = in.record;
    read_name(&in);
    read_image(&in);
    service_read_pull(&in);
    read_scale(&in);
    service_read_ports(&in);
    service_read_probes(&in);
    read_resources(&in);
    service_read_variables(&in);
    service_read_pods(&in);
    service_read_routes(&in);
    service_read_cloud(&in);
    read_helm(&in);
    *ret_ok = layer->diags->errors == errors;
    for (size_t i = 0; i < service_schema.count; i++)
        *ret_ok &= !in.record->values[i].invalid;
    return in.service;
}

struct service *service_read(struct layer *layer, const struct module *module)
{
    bool ok;
    struct service *service = service_read_all(layer, module, &ok);
    return ok ? service : NULL;
}

bool service_has(const struct service *service, enum field_id field)
{
    return record_has(service->record, field);
}

const struct gateway *service_gateway(const struct service *service)
{
    const struct environment *environment = &service->layer->environment;
    return service->internal ? environment->internal_gateway : environment->gateway;
}

bool service_has_autoscaler(const struct service *service)
{
    return service->max_containers > service->min_containers;
}

const char *service_workload_kind(const struct service *service)
{
    return service->disk_count ? "StatefulSet" : "Deployment";
}
