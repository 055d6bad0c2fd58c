/* Ingresses for all other controllers: paths of type Prefix, and only the annotations without which
 * a controller does not serve them. */
#include "manifest/traffic_ingress.h"

#include <string.h>

static void hint_alternatives(const struct traffic *traffic, const char *first)
{
    diag_hint(traffic->service->layer->diags,
              "%s; or use a Gateway (set %s in the environment file); or set ingress_controller: "
              "nginx there if this class reads nginx annotations",
              first, traffic_gateway_field(traffic));
}

/* Reports a path prefix that would have to be stripped: these controllers forward paths unchanged.
 */
static void check_prefixes(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    for (size_t i = 0; i < traffic->route_count && !traffic->keeps_prefix; i++) {
        const struct route *route = &traffic->routes[i];
        if (route->prefix.len == 0)
            continue;
        diag_error(diags, route->at, RULE_UNSUPPORTED_BY_CONTROLLER,
                   "controllers of class \"%.*s\" cannot strip the path prefix %.*s",
                   STR_ARG(traffic->class), STR_ARG(route->prefix));
        hint_alternatives(traffic, "set keep_path_prefix: true");
        return; /* one error for one cause */
    }
}

static void check_settings(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    size_t count;
    const struct nginx_setting *settings = nginx_settings(traffic, &count);
    for (size_t i = 0; i < count; i++) {
        if (settings[i].protocol)
            continue;
        diag_error(diags, settings[i].at, RULE_UNSUPPORTED_BY_CONTROLLER,
                   "%.*s, which controllers of class \"%.*s\" do not read",
                   STR_ARG(settings[i].text), STR_ARG(traffic->class));
        hint_alternatives(traffic, "remove it");
    }
}

/* True if an annotation names the setting, as in alb.ingress.kubernetes.io/backend-protocol-version
 * or haproxy.org/timeout-tunnel; then no warning is needed. */
static bool has_annotation_with(const struct traffic *traffic, const char *word)
{
    const struct value *annotations = traffic->annotations;
    for (size_t i = 0; i < annotations->count; i++) {
        const struct str texts[] = {annotations->items[i].name, annotations->items[i].text};
        for (size_t j = 0; j < COUNT_OF(texts); j++)
            if (str_contains(texts[j], str_from_c(word)))
                return true;
    }
    return false;
}

void generic_warn_protocol(const struct traffic *traffic, struct str class)
{
    struct diags *diags = traffic->service->layer->diags;
    if (traffic->idle_timeout && !has_annotation_with(traffic, "timeout")) {
        diag_warning(diags, traffic->protocol_at, RULE_CONTROLLER_DEPENDENT,
                     "the idle timeout of websockets depends on the controller of class \"%.*s\"",
                     STR_ARG(class));
        diag_hint(diags, "set it in the controller, or in ingress_extra_annotations if the "
                         "controller reads it from an annotation; many controllers close idle "
                         "connections after 60 seconds");
    } else if (traffic->protocol == PORT_TYPE_GRPC && !has_annotation_with(traffic, "proto")) {
        diag_warning(diags, traffic->protocol_at, RULE_CONTROLLER_DEPENDENT,
                     "support for gRPC depends on the controller of class \"%.*s\"",
                     STR_ARG(class));
        diag_hint(diags, "set the backend protocol in the controller, or in "
                         "ingress_extra_annotations if the controller reads it from an annotation");
    }
}

static void check(const struct traffic *traffic)
{
    ingress_check_class(traffic);
    check_prefixes(traffic);
    check_settings(traffic);
    generic_warn_protocol(traffic, traffic->class);
}

/* By default, an AWS load balancer sends requests to a port of the nodes, which a Service of type
 * ClusterIP does not have. */
static void put_annotations(struct arena *arena, const struct traffic *traffic, bool only_root,
                            struct node *annotations)
{
    (void)only_root;
    if (str_eq_c(traffic->class, ALB_CLASS))
        node_set_string(arena, annotations, ALB_TARGET_ANNOTATION, STR("ip"));
}

/* All controllers support paths of type Prefix, which include the paths below. */
static void put_path(struct arena *arena, struct str prefix, bool only_root, struct node *item)
{
    (void)only_root;
    node_set_string(arena, item, "path", prefix.len ? prefix : STR("/"));
    node_set_string(arena, item, "pathType", STR("Prefix"));
}

static void render_ingresses(struct manifests *manifests, const struct traffic *traffic)
{
    static const struct ingress_form form = {.put_annotations = put_annotations,
                                             .put_path = put_path};
    ingress_render(manifests, traffic, &form);
}

const struct traffic_flavour traffic_generic = {.check = check, .render = render_ingresses};
