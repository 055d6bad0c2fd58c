/* Routes of a chart and those that are added to it, for all types of Gateways. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_gateway.h"

struct rule_class gateway_rules(const struct gateway *gateway)
{
    return (struct rule_class){.reader = RULES_GATEWAY,
                               .continues = gateway && gateway->flavour == FLAVOUR_TRAEFIK};
}

size_t gateway_rule_classes(const struct traffic *traffic,
                            struct rule_class ret_classes[CHART_CLASSES_MAX])
{
    ret_classes[0] = gateway_rules(traffic->gateway);
    return 1;
}

void gateway_warn_http1(const struct target *target, struct location at, const struct object *to,
                        const struct node *port)
{
    struct injection *injection = target->injection;
    if (str_eq_c(node_string(node_at(port, "appProtocol")), "kubernetes.io/h2c"))
        return;
    diag_warning(
        injection->diags, at, RULE_BACKEND_PROTOCOL,
        "port %.*s of %.*s needs appProtocol kubernetes.io/h2c, or the Gateway connects to "
        "it with HTTP/1.1, which gRPC does not support",
        STR_ARG(node_string(node_at(port, "port"))),
        STR_ARG(object_display_name(injection->arena, to)));
    diag_hint(injection->diags, "set it in the chart's values");
}

/* The chart has the Service, whose appProtocol tells the Gateway how to connect. */
void gateway_warn_protocol(const struct target *target, const struct traffic *traffic,
                           const struct object *to, const struct node *port)
{
    struct injection *injection = target->injection;
    struct location at = traffic->routes[0].at;
    if (chart_speaks_https(target, port)) {
        diag_warning(injection->diags, at, RULE_BACKEND_PROTOCOL,
                     "port %.*s of %.*s uses HTTPS, but most Gateways connect to it with HTTP",
                     STR_ARG(node_string(node_at(port, "port"))),
                     STR_ARG(object_display_name(injection->arena, to)));
        diag_hint(injection->diags, "add a BackendTLSPolicy for the Service");
    } else if (traffic->protocol == PORT_TYPE_GRPC && !gateway_uses_grpc_routes(traffic)) {
        gateway_warn_http1(target, at, to, port);
    }
}

const struct chart_flavour chart_standard = CHART_GATEWAY(route_apply_session_persistence);
