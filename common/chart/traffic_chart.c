#include "chart/traffic_chart.h"

const struct chart_flavour *chart_flavour_find(enum flavour_id flavour)
{
    static const struct chart_flavour *const flavours[] = {
#define FLAVOUR(id, name, group, keyword) [FLAVOUR_##id] = &chart_##name,
#include "config/flavours.def"
    };
    return flavours[flavour];
}
