/* Requests and limits. */
#include "chart/inject_target.h"
#include "chart/pod_resources.h"

#include <inttypes.h>
#include <string.h>

/* The settings of a resource. */
struct resource {
    const char *name;
    enum field_id request_field; /* of resource_request */
    enum field_id limit_field;   /* of resource_limits */
    int64_t request;
    int64_t limit; /* 0: none */
    int64_t unit;  /* of request and limit, in thousandths of a core or byte */
    struct str (*format)(struct arena *arena, int64_t number);
};

static struct resource cpu_of(const struct service *service)
{
    return (struct resource){"cpu",
                             RESOURCES_CPU,
                             LIMITS_CPU,
                             service->resources.cpu_request,
                             service->resources.cpu_limit,
                             1,
                             quantity_cpu};
}

static struct resource memory_of(const struct service *service)
{
    return (struct resource){"memory",
                             RESOURCES_MEMORY,
                             LIMITS_MEMORY,
                             service->resources.memory_request,
                             service->resources.memory_limit,
                             1000,
                             quantity_bytes};
}

static struct resource disk_of(const struct service *service)
{
    return (struct resource){"ephemeral-storage",
                             RESOURCES_DISK,
                             LIMITS_DISK,
                             service->resources.disk_request,
                             service->resources.disk_limit,
                             1000,
                             quantity_bytes};
}

static struct resource gpu_of(const struct service *service)
{
    return (struct resource){.name = MANIFEST_GPU,
                             .limit_field = LIMITS_GPU,
                             .limit = service->resources.gpus,
                             .unit = 1000,
                             .format = str_from_int};
}

/* Returns the value of a field of resource_request or resource_limits; NULL if it is not set. */
static const struct value *service_value(const struct target *target, enum field_id map,
                                         enum field_id field)
{
    const struct value *value = record_value(target->service->record, map);
    if (value->count == 0 || !record_has(value->records[0], field))
        return NULL;
    return record_value(value->records[0], field);
}

static struct str path_of(const struct target *target, const char *what,
                          const struct resource *resource)
{
    return str_format(target->injection->arena, "resources %s %s", what, resource->name);
}

static const struct node *find_quantity(const struct target *target, const char *what,
                                        const struct resource *resource)
{
    return resource_at(target->container, what, resource->name);
}

/* Reads a quantity of the chart, in thousandths. Returns false if it is missing or invalid. */
static bool chart_quantity(const struct target *target, const char *what,
                           const struct resource *resource, int64_t *ret_thousandths)
{
    const struct node *node = find_quantity(target, what, resource);
    return node && quantity_parse(node_string(node), ret_thousandths);
}

/* Returns the request and limit of spec.resources. */
static struct pod_resources pod_own(const struct target *target, const struct resource *resource)
{
    return pod_resources_of(target_pod(target), resource->name);
}

/* Reports and returns false if the chart's quantity is invalid: Kubernetes would reject it, so no
 * other value is added to it. `owner`: "" for the container, "spec." for its pod. */
static bool check_quantity(const struct target *target, enum field_id field,
                           const struct resource *resource, const char *owner, const char *what,
                           const struct node *node)
{
    struct arena *arena = target->injection->arena;
    int64_t ignored;
    if (!node || quantity_parse(node_string(node), &ignored))
        return true;
    target_refuse(target, field, RULE_INVALID_CHART,
                  str_format(arena, "%sresources.%s.%s", owner, what, resource->name).data,
                  str_format(arena, "the chart sets %.*s, which is not a quantity",
                             STR_ARG(node->kind == NODE_SCALAR ? node->text : STR("a map or list")))
                      .data,
                  "write a quantity in the chart, for example: 500m or 256Mi");
    return false;
}

static bool check_quantities(const struct target *target, const struct resource *resource,
                             bool request, const struct value *limit)
{
    enum field_id field = request ? SERVICE_RESOURCE_REQUEST : SERVICE_RESOURCE_LIMITS;
    struct pod_resources own = pod_own(target, resource);
    const struct {
        const char *owner;
        const char *what;
        const struct node *node;
    } rows[] = {{"", "requests", find_quantity(target, "requests", resource)},
                {"", "limits", find_quantity(target, "limits", resource)},
                {"spec.", "requests", own.request},
                {"spec.", "limits", own.limit}};
    bool ok = true;
    for (size_t i = 0; (request || limit) && i < COUNT_OF(rows); i++)
        ok &= check_quantity(target, field, resource, rows[i].owner, rows[i].what, rows[i].node);
    return ok;
}

/* Copies another quantity of the chart, as a number or string. */
static void set_copy(const struct target *target, const char *what, const struct resource *resource,
                     const struct node *from)
{
    target_set(target, NULL, target->container, path_of(target, what, resource).data,
               node_copy(target->injection->arena, from), NULL, SHOW_VALUES);
}

static void set_string(const struct target *target, const char *what,
                       const struct resource *resource, struct str text)
{
    target_set(target, NULL, target->container, path_of(target, what, resource).data,
               node_scalar(target->injection->arena, STYLE_TEXT, text), NULL, SHOW_VALUES);
}

static void set_quantity(const struct target *target, const char *what,
                         const struct resource *resource, int64_t number)
{
    int64_t current;
    /* The chart may write the same number in another notation. */
    if (chart_quantity(target, what, resource, &current) && current == number * resource->unit)
        return;
    set_string(target, what, resource, resource->format(target->injection->arena, number));
}

/* Formats thousandths, rounded up to whole units. */
static struct str quantity_format(const struct target *target, const struct resource *resource,
                                  int64_t thousandths)
{
    return resource->format(target->injection->arena,
                            (thousandths + resource->unit - 1) / resource->unit);
}

static const char *dotted_path(const struct target *target, const char *what,
                               const struct resource *resource)
{
    return str_format(target->injection->arena, "resources.%s.%s", what, resource->name).data;
}

static bool is_set(const struct target *target, const char *what, const struct resource *resource)
{
    return find_quantity(target, what, resource) != NULL;
}

/* Reports the resource as skipped and returns true if the pod sets it in spec.resources: container
 * requests would lower the request that Kubernetes derives from the pod's limit, or exceed those of
 * the pod (kube-apiserver's validatePodResourceConsistency). */
static bool skip_if_set_in_pod(const struct target *target, const struct resource *resource,
                               bool request, const struct value *limit)
{
    bool none = limit && limit->is_keyword;
    if (!pod_resources_has(target_pod(target), resource->name))
        return false;
    bool complete = is_set(target, "limits", resource) ||
                    (none && (!request || is_set(target, "requests", resource)));
    if (!complete && (request || limit))
        inject_log(target, NULL, CHANGE_SKIPPED,
                   str_format(target->injection->arena, "resources.%s", resource->name).data,
                   "the pod sets spec.resources, which its containers share");
    return true;
}

/* Adds a missing request and limit. As in Kubernetes, a request defaults to the limit; a limit
 * defaults to twice the request. */
static void fill(const struct target *target, const struct resource *resource, bool request,
                 const struct value *limit)
{
    int64_t requested;
    if (skip_if_set_in_pod(target, resource, request, limit))
        return;
    if (request && is_set(target, "limits", resource))
        set_copy(target, "requests", resource, find_quantity(target, "limits", resource));
    else if (request)
        set_quantity(target, "requests", resource, resource->request);
    bool none = limit && limit->is_keyword;
    if (is_set(target, "limits", resource) || none || !(request || limit))
        return;
    if (!is_set(target, "requests", resource))
        inject_log(target, NULL, CHANGE_SKIPPED, dotted_path(target, "limits", resource),
                   "without a request, the limit would also be the request");
    if (!chart_quantity(target, "requests", resource, &requested) || requested > INT64_MAX / 4)
        return;
    if (limit && requested <= resource->limit * resource->unit)
        set_quantity(target, "limits", resource, resource->limit);
    else
        set_string(target, "limits", resource, quantity_format(target, resource, requested * 2));
}

/* Sets the request. If it was defaulted from the limit of the container or pod, it is reported as
 * replaced. */
static void set_request(const struct target *target, const struct resource *resource,
                        struct str text)
{
    struct arena *arena = target->injection->arena;
    struct pod_resources own = pod_own(target, resource);
    const struct node *limit = find_quantity(target, "limits", resource);
    const struct node *old = limit ? limit : own.request ? NULL : own.limit;
    int64_t before;
    int64_t after;
    if (is_set(target, "requests", resource) || !old ||
        (quantity_parse(node_string(old), &before) && quantity_parse(text, &after) &&
         before == after)) {
        set_string(target, "requests", resource, text);
        return;
    }
    struct node *resources = edit_map(target->edit, target->container, "resources");
    struct node *requests = resources ? edit_map(target->edit, resources, "requests") : NULL;
    if (requests)
        edit_set(target->edit, requests, str_from_c(resource->name),
                 node_scalar(arena, STYLE_TEXT, text));
    inject_log(target, NULL, CHANGE_REPLACED, dotted_path(target, "requests", resource),
               "chart: %.*s from the limit%s, service: %.*s", STR_ARG(node_string(old)),
               limit ? "" : " of the pod", STR_ARG(text));
}

/* Removes the limit. Keeps its value as the request if there is none. */
static void remove_limit(const struct target *target, const struct resource *resource)
{
    struct node *limits = node_at(target->container, "resources limits");
    const struct node *limit = node_at(limits, resource->name);
    if (limit && !is_set(target, "requests", resource))
        set_copy(target, "requests", resource, limit);
    if (limits)
        target_remove(target, NULL, limits, resource->name, dotted_path(target, "limits", resource),
                      "resource_limits: none");
}

/* Sets the limit of the service. Without a request, the request defaults to it too, so the change
 * of the request is reported. */
static void set_limit(const struct target *target, const struct resource *resource)
{
    const struct node *old = find_quantity(target, "limits", resource);
    struct pod_resources own = pod_own(target, resource);
    const struct node *before = old ? old : own.request ? NULL : own.limit;
    struct str text = resource->format(target->injection->arena, resource->limit);
    int64_t current;
    bool same = before && quantity_parse(node_string(before), &current) &&
                current == resource->limit * resource->unit;
    bool set = is_set(target, "requests", resource);
    if (!set && before && !same)
        inject_log(target, NULL, CHANGE_REPLACED, dotted_path(target, "requests", resource),
                   "chart: %.*s%s, service: %.*s from the limit", STR_ARG(node_string(before)),
                   old ? "" : " from the limit of the pod", STR_ARG(text));
    else if (!set && !old)
        inject_log(target, NULL, CHANGE_ADDED, dotted_path(target, "requests", resource),
                   "from the limit, because no request is set");
    set_quantity(target, "limits", resource, resource->limit);
}

/* Called if the service sets only the request: keeps the chart's limit unless it is less than the
 * request. A limit of the pod applies to all of its containers. */
static void adapt_limit(const struct target *target, const struct resource *resource)
{
    struct pod_resources own = pod_own(target, resource);
    int64_t pod = INT64_MAX;
    int64_t current;
    bool has_limit = chart_quantity(target, "limits", resource, &current);
    if (has_limit ? current >= resource->request * resource->unit : own.limit != NULL)
        return;
    if (own.limit && quantity_parse(node_string(own.limit), &pod) &&
        pod < resource->limit * resource->unit)
        set_copy(target, "limits", resource, own.limit);
    else
        set_quantity(target, "limits", resource, resource->limit);
}

/* Reports resources that kube-apiserver would reject in a pod with spec.resources. */
static void check_pod(const struct target *target, const struct resource *resource,
                      enum field_id field)
{
    struct pod_resources own = pod_own(target, resource);
    const struct node *maximum = own.request ? own.request : own.limit;
    int64_t total = pod_requested(target_pod(target), resource->name);
    int64_t allowed;
    int64_t limit;
    if (maximum && quantity_parse(node_string(maximum), &allowed) && total > allowed) {
        target_error(target, field, RULE_CHART_CONFLICT,
                     "its containers request %.*s of %s, more than the pod's own %s of %.*s",
                     STR_ARG(quantity_format(target, resource, total)), resource->name,
                     own.request ? "request" : "limit", STR_ARG(node_string(maximum)));
        diag_hint(target->injection->diags,
                  "set a smaller %s, or raise spec.resources of the pod in the chart",
                  schema_field(field)->name);
    }
    if (own.limit && quantity_parse(node_string(own.limit), &allowed) &&
        chart_quantity(target, "limits", resource, &limit) && limit > allowed) {
        target_error(target, SERVICE_RESOURCE_LIMITS, RULE_CHART_CONFLICT,
                     "the %s limit exceeds the pod's own limit of %.*s", resource->name,
                     STR_ARG(node_string(own.limit)));
        diag_hint(target->injection->diags,
                  "set a smaller resource_limits, or raise spec.resources of the pod in the "
                  "chart");
    }
}

static void override(const struct target *target, const struct resource *resource, bool request,
                     const struct value *limit)
{
    int64_t current;
    if (request && !(chart_quantity(target, "requests", resource, &current) &&
                     current == resource->request * resource->unit))
        set_request(target, resource,
                    resource->format(target->injection->arena, resource->request));
    if (limit && limit->is_keyword)
        remove_limit(target, resource);
    else if (limit)
        set_limit(target, resource);
    else if (request)
        adapt_limit(target, resource);
    if (limit && !limit->is_keyword && !request &&
        chart_quantity(target, "requests", resource, &current) &&
        current > resource->limit * resource->unit) {
        target_error(target, SERVICE_RESOURCE_LIMITS, RULE_LIMIT_BELOW_REQUEST,
                     "the %s limit must not be less than the chart's request", resource->name);
        diag_hint(target->injection->diags, "set resource_request too");
        return;
    }
    if (request || limit)
        check_pod(target, resource, request ? SERVICE_RESOURCE_REQUEST : SERVICE_RESOURCE_LIMITS);
}

/* The request of a GPU is always equal to the limit. */
static void inject_gpus(const struct target *target)
{
    const struct resource gpu = gpu_of(target->service);
    if (gpu.limit == 0)
        return;
    if (!target->fill && is_set(target, "requests", &gpu))
        set_quantity(target, "requests", &gpu, gpu.limit);
    set_quantity(target, "limits", &gpu, gpu.limit);
}

void inject_resources(const struct target *target)
{
    const struct resource resources[] = {cpu_of(target->service), memory_of(target->service),
                                         disk_of(target->service)};
    for (size_t i = 0; i < COUNT_OF(resources); i++) {
        const struct resource *resource = &resources[i];
        bool request = service_value(target, SERVICE_RESOURCE_REQUEST, resource->request_field);
        const struct value *limit =
            service_value(target, SERVICE_RESOURCE_LIMITS, resource->limit_field);
        if (!check_quantities(target, resource, request, limit))
            continue;
        if (target->fill)
            fill(target, resource, request, limit);
        else
            override(target, resource, request, limit);
    }
    inject_gpus(target);
}

void inject_missing_request(const struct target *target, const char *resource)
{
    const struct resource resources[] = {cpu_of(target->service), memory_of(target->service)};
    if (container_request(target->container, resource))
        return;
    for (size_t i = 0; i < COUNT_OF(resources); i++)
        if (strcmp(resources[i].name, resource) == 0)
            set_quantity(target, "requests", &resources[i], resources[i].request);
}
