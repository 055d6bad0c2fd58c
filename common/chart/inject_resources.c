/* Requests and limits. */
#include "chart/inject_target.h"

#include <inttypes.h>
#include <string.h>

/* What a resource's fields are. */
struct resource {
    const char *name;
    enum field_id request_field; /* of resource_request */
    enum field_id limit_field;   /* of resource_limits */
    int64_t request;
    int64_t limit; /* 0: none */
    int64_t unit;  /* thousandths of a core or byte */
    struct str (*text)(struct arena *arena, int64_t number);
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

static const struct value *written(const struct target *target, enum field_id map,
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

/* A quantity of the chart, in thousandths. False when it has none that can be read. */
static bool chart_quantity(const struct target *target, const char *what,
                           const struct resource *resource, int64_t *ret_thousandths)
{
    const struct node *node = node_find(target->container, path_of(target, what, resource).data);
    return node && quantity_parse(node_text(node), ret_thousandths);
}

/* What the chart has and Kubernetes would refuse is no reason to write another value beside it. */
static bool are_quantities(const struct target *target, const struct resource *resource,
                           bool request, const struct value *limit)
{
    static const char *const maps[] = {"requests", "limits"};
    bool right = true;
    for (size_t i = 0; (request || limit) && i < sizeof maps / sizeof *maps; i++) {
        const struct node *node =
            node_find(target->container, path_of(target, maps[i], resource).data);
        int64_t ignored;
        if (!node || chart_quantity(target, maps[i], resource, &ignored))
            continue;
        target_cannot(
            target, request ? SERVICE_RESOURCE_REQUEST : SERVICE_RESOURCE_LIMITS,
            str_format(target->injection->arena, "resources.%s.%s", maps[i], resource->name).data,
            str_format(target->injection->arena, "the chart has %.*s, which is not a quantity",
                       STR_ARG(node->kind == NODE_SCALAR ? node->text : STR("a map or list")))
                .data,
            "write one in the chart: 500m, 256Mi");
        right = false;
    }
    return right;
}

static void set_text(const struct target *target, const char *what, const struct resource *resource,
                     struct str text)
{
    target_set(target, NULL, target->container, path_of(target, what, resource).data,
               node_scalar(target->injection->arena, STYLE_TEXT, text), NULL, TELL_VALUES);
}

static void set_quantity(const struct target *target, const char *what,
                         const struct resource *resource, int64_t number)
{
    int64_t there;
    /* The chart may write the same number in another way. */
    if (chart_quantity(target, what, resource, &there) && there == number * resource->unit)
        return;
    set_text(target, what, resource, resource->text(target->injection->arena, number));
}

/* Twice a request of the chart, rounded up. */
static struct str doubled(const struct target *target, const struct resource *resource,
                          int64_t request)
{
    struct arena *arena = target->injection->arena;
    int64_t limit = request * 2;
    return resource->text(arena, (limit + resource->unit - 1) / resource->unit);
}

/* A request without its limit gets twice as much, a limit without its request at most as much. */
static void fill(const struct target *target, const struct resource *resource, bool request,
                 const struct value *limit)
{
    int64_t requested;
    int64_t limited = 0;
    bool has_limit = chart_quantity(target, "limits", resource, &limited);
    if (request && !node_find(target->container, path_of(target, "requests", resource).data)) {
        if (has_limit && limited < resource->request * resource->unit)
            set_text(
                target, "requests", resource,
                node_text(node_find(target->container, path_of(target, "limits", resource).data)));
        else
            set_quantity(target, "requests", resource, resource->request);
    }
    bool none = limit && limit->is_word;
    if (has_limit || none || !(request || limit) ||
        !chart_quantity(target, "requests", resource, &requested) || requested > INT64_MAX / 4)
        return;
    if (limit && requested <= resource->limit * resource->unit)
        set_quantity(target, "limits", resource, resource->limit);
    else
        set_text(target, "limits", resource, doubled(target, resource, requested));
}

static void remove_limit(const struct target *target, const struct resource *resource)
{
    struct node *limits = node_find(target->container, "resources limits");
    const char *what =
        str_format(target->injection->arena, "resources.limits.%s", resource->name).data;
    if (limits)
        target_remove(target, NULL, limits, resource->name, what, "resource_limits: none");
}

/* Without a written limit the chart's stays, unless it would be below the request. */
static bool needs_limit(const struct target *target, const struct resource *resource)
{
    int64_t there;
    return !chart_quantity(target, "limits", resource, &there) ||
           there < resource->request * resource->unit;
}

static void override(const struct target *target, const struct resource *resource, bool request,
                     const struct value *limit)
{
    int64_t there;
    if (request)
        set_quantity(target, "requests", resource, resource->request);
    if (limit && limit->is_word)
        remove_limit(target, resource);
    else if (limit || (request && needs_limit(target, resource)))
        set_quantity(target, "limits", resource, resource->limit);
    if (limit && !limit->is_word && !request &&
        chart_quantity(target, "requests", resource, &there) &&
        there > resource->limit * resource->unit) {
        target_error(target, SERVICE_RESOURCE_LIMITS,
                     "the limit for %s is below what the chart requests", resource->name);
        diag_hint(target->injection->diags, "write resource_request too");
    }
}

void inject_resources(const struct target *target)
{
    const struct resource resources[] = {cpu_of(target->service), memory_of(target->service)};
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
        const struct resource *resource = &resources[i];
        bool request = written(target, SERVICE_RESOURCE_REQUEST, resource->request_field);
        const struct value *limit = written(target, SERVICE_RESOURCE_LIMITS, resource->limit_field);
        if (!are_quantities(target, resource, request, limit))
            continue;
        if (target->fill)
            fill(target, resource, request, limit);
        else
            override(target, resource, request, limit);
    }
}

void inject_missing_request(const struct target *target, const char *resource)
{
    const struct resource resources[] = {cpu_of(target->service), memory_of(target->service)};
    for (size_t i = 0; i < sizeof resources / sizeof *resources; i++) {
        const struct resource *each = &resources[i];
        /* Kubernetes takes a limit for the request where that is left out. */
        if (strcmp(each->name, resource) == 0 &&
            !node_find(target->container, path_of(target, "requests", each).data) &&
            !node_find(target->container, path_of(target, "limits", each).data))
            set_quantity(target, "requests", each, each->request);
    }
}
