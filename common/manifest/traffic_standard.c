/* Routes for any implementation of the Gateway API: only what all of them support. */
#include "manifest/traffic_gateway.h"

static void check(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    gateway_check(traffic);
    gateway_warn_idle_timeout(traffic);
    gateway_warn_session_persistence(traffic);
    if (traffic->hash.count)
        gateway_report_hash(traffic, "path prefixes and gRPC, and sticky_session with "
                                     "session_persistence: v1.6");
    if (!traffic->affinity.cookie.len || gateway_has_session_persistence(traffic))
        return;
    diag_error(diags, traffic->affinity.at, RULE_UNSUPPORTED_BY_CONTROLLER,
               "sticky_session is not possible with a gateway of type standard without "
               "session_persistence");
    diag_hint(diags,
              "set type: envoy or type: traefik in %s if its controller is Envoy Gateway or "
              "Traefik; or set session_persistence: v1.6 if the controller supports it and the "
              "cluster has the experimental CRDs of Gateway API 1.4 to 1.6",
              traffic_gateway_field(traffic));
}

static void render_routes(struct manifests *manifests, const struct traffic *traffic)
{
    static const struct gateway_form form = {0};
    gateway_render(manifests, traffic, &form);
}

const struct traffic_flavour traffic_standard = {.check = check, .render = render_routes};
