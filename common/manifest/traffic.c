#include "manifest/traffic.h"

const struct traffic_flavour *traffic_flavour_find(enum flavour_id flavour)
{
    static const struct traffic_flavour *const flavours[] = {
#define FLAVOUR(id, name, keyword) [FLAVOUR_##id] = &traffic_##name,
#include "config/flavours.def"
    };
    return flavours[flavour];
}

bool traffic_check(const struct traffic *traffic)
{
    size_t errors = traffic->service->layer->diags->errors;
    if (traffic->route_count)
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
