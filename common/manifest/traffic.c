#include "manifest/traffic.h"

const struct traffic_flavour *traffic_flavour_find(enum flavour_id flavour)
{
    static const struct traffic_flavour *const flavours[] = {
#define FLAVOUR(id, name, group, keyword) [FLAVOUR_##id] = &traffic_##name,
#include "config/flavours.def"
    };
    return flavours[flavour];
}

struct str traffic_object_name(struct arena *arena, struct str name, struct str host)
{
    return str_format(arena, "%.*s-%08x", STR_ARG(name), str_hash(host));
}

const char *traffic_gateway_field(const struct traffic *traffic)
{
    return schema_field(traffic->internal ? FILE_INTERNAL_GATEWAY : FILE_GATEWAY)->name;
}

/* The path of a gRPC request is always /package.Service/Method. */
void traffic_warn_grpc_prefix(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    if (traffic->protocol != PORT_TYPE_GRPC || traffic->keeps_prefix)
        return;
    for (size_t i = 0; i < traffic->route_count; i++) {
        if (traffic->routes[i].prefix.len == 0)
            continue;
        diag_warning(diags, traffic->routes[i].at, RULE_GRPC_MAY_FAIL,
                     "most gRPC clients cannot add the path prefix %.*s: their paths are "
                     "/package.Service/Method",
                     STR_ARG(traffic->routes[i].prefix));
        diag_hint(diags, "give the service its own domain");
        return;
    }
}

/* An internal service must not be exposed through the public entry point instead. */
static bool check_internal(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    const struct environment *environment = &traffic->service->layer->environment;
    if (!traffic->internal || traffic->gateway || environment->internal_class.len)
        return true;
    diag_error(diags, record_location(traffic->service->record, SERVICE_INTERNAL),
               RULE_REQUIRED_FIELD,
               "internal: true requires internal_gateway or internal_ingress_class");
    diag_hint(diags, "set one of them in the environment file, or remove internal");
    return false;
}

bool traffic_check(const struct traffic *traffic)
{
    size_t errors = traffic->service->layer->diags->errors;
    if (traffic->route_count && check_internal(traffic))
        traffic_flavour_find(traffic->flavour)->check(traffic);
    return traffic->service->layer->diags->errors == errors;
}

void traffic_render(struct manifests *manifests, const struct traffic *traffic)
{
    if (traffic->route_count)
        traffic_flavour_find(traffic->flavour)->render(manifests, traffic);
}

void manifest_traffic(struct manifests *manifests, const struct service *service)
{
    const struct traffic traffic = traffic_of(service);
    traffic_render(manifests, &traffic);
}
