/* Routes that are added to a chart, for all types of Gateways. Settings of a service do not apply
 * to routes of the chart. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_gateway.h"

struct rule_class gateway_rules(const struct gateway *gateway)
{
    return (struct rule_class){.reader = RULES_GATEWAY,
                               .continues = gateway && gateway->flavour == FLAVOUR_TRAEFIK};
}

static size_t rule_classes(const struct traffic *traffic,
                           struct rule_class ret_classes[CHART_CLASSES_MAX])
{
    ret_classes[0] = gateway_rules(traffic->gateway);
    return 1;
}

/* The chart has the Service, whose appProtocol tells the Gateway how to connect. */
static void warn_protocol(const struct target *target, const struct traffic *traffic,
                          const struct object *to, const struct node *port)
{
    struct injection *injection = target->injection;
    struct str number = node_string(node_at(port, "port"));
    struct str protocol = node_string(node_at(port, "appProtocol"));
    if (chart_speaks_https(target, port)) {
        diag_warning(injection->diags, traffic->routes[0].at,
                     "port %.*s of %.*s uses HTTPS, but most Gateways connect to it with HTTP",
                     STR_ARG(number), STR_ARG(object_display_name(injection->arena, to)));
        diag_hint(injection->diags, "add a BackendTLSPolicy for the Service");
    } else if (traffic->protocol == PORT_TYPE_GRPC && !str_eq_c(protocol, "kubernetes.io/h2c") &&
               !gateway_uses_grpc_routes(traffic)) {
        diag_warning(injection->diags, traffic->routes[0].at,
                     "port %.*s of %.*s needs appProtocol kubernetes.io/h2c, or the Gateway "
                     "connects to it with HTTP/1.1, which gRPC does not support",
                     STR_ARG(number), STR_ARG(object_display_name(injection->arena, to)));
        diag_hint(injection->diags, "set it in the chart's values");
    }
}

#define CHART_GATEWAY                                                                              \
    {                                                                                              \
        .object = OBJECT_ROUTE, .noun = "route", .rule_classes = rule_classes,                     \
        .warn_backend = warn_protocol                                                              \
    }

const struct chart_flavour chart_standard = CHART_GATEWAY;
const struct chart_flavour chart_envoy = CHART_GATEWAY;
const struct chart_flavour chart_traefik = CHART_GATEWAY;
