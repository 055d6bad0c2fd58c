#include "cloud/repository.h"
#include "config/usage.h"
#include "format/image_ref.h"
#include "service/service_reader.h"

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
        diag_error(diags, in->module->name_at, RULE_INVALID_NAME, "service name %s", error);
    else if (!name_check_namespace(in->layer->name) &&
             in->layer->name.len + 1 + name.len > LABEL_MAX)
        diag_error(diags, in->module->name_at, RULE_INVALID_NAME,
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
        service_error(in, SERVICE_IMAGE, RULE_UNKNOWN_CLOUD_NAME, "%.*s", STR_ARG(missing));
        diag_hint(diags, "%s", environment->provider->registry_hint);
        return false;
    }
    const char *error =
        environment->registry.len ? NULL : name_check_google_project(environment->project);
    struct str message = str_format(in->reader.arena, "project %s", error ? error : "");
    if (error && environment->project.len && !diags_contain(diags, message))
        diag_error(diags, environment->project_at, RULE_INVALID_NAME, "%.*s", STR_ARG(message));
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

bool service_takes_version(const struct service *service)
{
    struct str written = record_value(service->record, SERVICE_IMAGE)->text;
    return !has_version(written) && (is_auto(written) || !has_auto_image(service->layer));
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
        service_error(in, SERVICE_IMAGE, RULE_INVALID_IMAGE, "image \"%.*s\" %s", STR_ARG(image),
                      error);
    else if (error)
        service_error(in, SERVICE_IMAGE, RULE_INVALID_IMAGE, "image %s", error);
}

static void warn_without_version(const struct service_reader *in)
{
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_IMAGE),
                 RULE_IMAGE_WITHOUT_VERSION,
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

/* Checks `workload: "*"` and `containers: "*"` against the other fields of `helm`. */
static void check_wildcards(const struct service_reader *in, const struct record *record)
{
    static const enum field_id conflicts[] = {HELM_SERVICE, HELM_INGRESS};
    const struct helm *helm = &in->service->helm;
    if ((helm->all_workloads || helm->all_containers) && !helm->fill) {
        enum field_id field = helm->all_workloads ? HELM_WORKLOAD : HELM_CONTAINERS;
        diag_error(in->reader.diags, record_location(record, field), RULE_REQUIRED_FIELD,
                   "%s: \"*\" requires mode: fill", schema_field(field)->name);
        diag_hint(in->reader.diags, "set mode: fill too; in other modes these settings would "
                                    "replace those of every workload in the chart");
    }
    if (helm->all_containers && helm->container.len) {
        diag_error(in->reader.diags, record_location(record, HELM_CONTAINERS),
                   RULE_CONFLICTING_FIELDS, "container and containers are mutually exclusive");
        diag_hint(in->reader.diags, "remove one of them");
    }
    for (size_t i = 0; helm->all_workloads && i < COUNT_OF(conflicts); i++) {
        if (!record_has(record, conflicts[i]))
            continue;
        const char *name = schema_field(conflicts[i])->name;
        diag_error(in->reader.diags, record_location(record, conflicts[i]), RULE_CONFLICTING_FIELDS,
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
        service_error(in, fields[i], RULE_CONFLICTING_FIELDS, "%s cannot be used with %s: \"*\"",
                      schema_field(fields[i])->name, key);
        diag_hint(in->reader.diags, "move it to a service without %s: \"*\"", key);
    }
}

/* A GPU belongs to one container. */
static void check_gpus(const struct service_reader *in)
{
    const struct helm *helm = &in->service->helm;
    if (in->service->resources.gpus == 0 || !(helm->all_workloads || helm->all_containers))
        return;
    service_error(in, SERVICE_RESOURCE_LIMITS, RULE_CONFLICTING_FIELDS,
                  "gpu cannot be used with %s: \"*\"",
                  helm->all_workloads ? "workload" : "containers");
    diag_hint(in->reader.diags, "move it to a service for one container");
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
                                                    SERVICE_SCALE_UP_DELAY,
                                                    SERVICE_SCALE_DOWN_DELAY,
                                                    SERVICE_TRIGGERS,
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
        .convert_ingress = record_value(record, HELM_CONVERT_INGRESS)->boolean,
        .hooks = str_eq_c(record_value(record, HELM_MODE)->text, "fill"),
        .jobs = record_value(record, HELM_JOBS)->boolean,
    };
    if (record_has(record, HELM_HOOKS))
        helm->hooks = record_value(record, HELM_HOOKS)->boolean;
    check_wildcards(in, record);
    check_gpus(in);
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
    in.service->module = module;
    in.service->record = in.record;
    read_name(&in);
    read_image(&in);
    service_read_pull(&in);
    service_read_scale(&in);
    service_read_ports(&in);
    service_read_probes(&in);
    service_read_resources(&in);
    service_read_variables(&in);
    service_read_pods(&in);
    service_read_routes(&in);
    service_read_network_policy(&in);
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

bool service_has_sidecar(const struct service *service)
{
    return service->container_count && service->containers[0].is_sidecar;
}

bool service_has_autoscaler(const struct service *service)
{
    return service->max_containers > service->min_containers;
}

const char *service_workload_kind(const struct service *service)
{
    return service->disk_count ? "StatefulSet" : "Deployment";
}
