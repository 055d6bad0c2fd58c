/* Ingresses of a chart that ingress-nginx serves. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_ingress.h"

/* enforceRegexModifier() of ingress-nginx: a target that is the path itself rewrites nothing. */
bool nginx_needs_regex(const struct object *ingress, struct str path)
{
    const struct node *annotations = node_at(object_node(ingress), "metadata annotations");
    struct str target = node_string(node_at(annotations, NGINX_ANNOTATION "rewrite-target"));
    return (target.len && !str_equal(target, path)) ||
           str_eq_c(node_string(node_at(annotations, NGINX_ANNOTATION "use-regex")), "true");
}

bool nginx_is_canary(const struct object *ingress)
{
    const struct node *annotations = node_at(object_node(ingress), "metadata annotations");
    return str_eq_c(node_string(node_at(annotations, NGINX_ANNOTATION "canary")), "true");
}

static void warn_no_class(const struct target *target, const struct traffic *traffic,
                          const struct object *ingress)
{
    struct injection *injection = target->injection;
    size_t count;
    const struct nginx_setting *settings = nginx_settings(traffic, &count);
    if (count == 0 || ingress_class_of(traffic, ingress).len ||
        target->service->layer->environment.has_ingress_class)
        return;
    diag_warning(injection->diags, settings[0].at, RULE_ASSUMED_CLASS,
                 "%.*s has no class: assuming that its controller reads nginx annotations",
                 STR_ARG(object_display_name(injection->arena, ingress)));
    diag_hint(injection->diags, "set ingress_class in the environment file, or set the class in "
                                "the chart's values");
}

static void check(const struct target *target, const struct traffic *traffic,
                  const struct object *ingress, bool only_warn)
{
    (void)only_warn;
    ingress_check_classes(target, traffic, ingress);
    warn_no_class(target, traffic, ingress);
}

static bool annotate(const struct target *target, const struct traffic *traffic,
                     const struct object *ingress)
{
    return ingress_annotate(target, traffic, ingress, true);
}

/* True if the chart has rules for the host, and none is a regular expression. */
static bool has_plain_host(const struct target *target, const struct traffic *traffic,
                           struct str host)
{
    struct rule_class classes[CHART_CLASSES_MAX];
    size_t count = ingress_rule_classes(traffic, classes);
    bool plain = false;
    for (size_t i = 0; i < count && !plain; i++)
        plain = release_has_plain_host(&target->injection->release,
                                       release_hook_use(target->workload), classes[i].name, host);
    return plain;
}

/* Warns that a regular expression in a new Ingress changes how nginx reads the chart's paths of the
 * host. */
static void warn_regex(const struct target *target, const struct traffic *traffic)
{
    struct diags *diags = target->injection->diags;
    for (size_t from = 0, to; from < traffic->route_count; from = to) {
        const struct route *first = &traffic->routes[from];
        to = traffic_host_end(traffic, from);
        if ((to - from == 1 && first->prefix.len == 0) ||
            !has_plain_host(target, traffic, first->host))
            continue;
        diag_warning(diags, first->at, RULE_REGEX_PATHS,
                     "the new Ingress makes nginx read all paths of this host as regular "
                     "expressions, including those of the chart");
        diag_hint(diags, "check that the chart's paths of the host still match, or give "
                         "the service a host of its own");
    }
}

static bool is_https_name(struct str name)
{
    return str_eq_c(name, "https") || str_starts_with(name, STR("https-"));
}

bool chart_speaks_https(const struct target *target, const struct node *port)
{
    const struct node *to = node_at(port, "targetPort");
    const struct node *own =
        map_get(&target->injection->pod_ports, node_string(to ? to : node_at(port, "port")));
    struct str name = node_string(node_at(own, "name"));
    if (str_eq_c_nocase(node_string(node_at(port, "appProtocol")), "https") || is_https_name(name))
        return true;
    return !str_eq_c(name, "http") && is_https_name(node_string(node_at(port, "name")));
}

/* Warns about an HTTPS port: nginx connects with HTTP unless an annotation sets another protocol.
 */
static void warn_https(const struct target *target, const struct traffic *traffic,
                       const struct object *to, const struct node *port)
{
    static const char key[] = NGINX_ANNOTATION "backend-protocol";
    struct injection *injection = target->injection;
    const struct value *annotations = target->service->ingress_annotations;
    if (!chart_speaks_https(target, port))
        return;
    for (size_t i = 0; i < annotations->count; i++)
        if (str_eq_c(annotations->items[i].name, key))
            return;
    diag_warning(injection->diags, traffic->routes[0].at, RULE_BACKEND_PROTOCOL,
                 "port %.*s of %.*s uses HTTPS, but nginx connects to it with HTTP",
                 STR_ARG(node_string(node_at(port, "port"))),
                 STR_ARG(object_display_name(injection->arena, to)));
    diag_hint(injection->diags, "set ingress_extra_annotations: {%s: HTTPS}", key);
}

const struct chart_flavour chart_nginx = {.object = OBJECT_INGRESS,
                                          .noun = "Ingress",
                                          .supports_settings = true,
                                          .check = check,
                                          .apply = annotate,
                                          .rule_classes = ingress_rule_classes,
                                          .warn_added = warn_regex,
                                          .warn_backend = warn_https};
