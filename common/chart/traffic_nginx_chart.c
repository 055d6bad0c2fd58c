/* Ingresses of a chart that ingress-nginx serves. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_ingress.h"

bool nginx_asks_regex(const struct object *ingress)
{
    const struct node *annotations = node_find(ingress->node, "metadata annotations");
    return node_find(annotations, NGINX_ANNOTATION "rewrite-target") ||
           str_is(node_text(node_find(annotations, NGINX_ANNOTATION "use-regex")), "true");
}

bool nginx_is_canary(const struct object *ingress)
{
    const struct node *annotations = node_find(ingress->node, "metadata annotations");
    return str_is(node_text(node_find(annotations, NGINX_ANNOTATION "canary")), "true");
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
    diag_warning(injection->diags, settings[0].at,
                 "%.*s has no class: assuming that its controller reads nginx annotations",
                 STR_ARG(object_text(injection->arena, ingress)));
    diag_hint(injection->diags, "write ingress_class in the environment file, or set the class in "
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

/* True if the chart has rules for the host, none of which is a regular expression. */
static bool has_plain_host(const struct target *target, const struct traffic *traffic,
                           struct str host)
{
    struct str tables[CHART_TABLES_MAX];
    size_t count = ingress_tables(traffic, tables);
    bool plain = false;
    for (size_t i = 0; i < count && !plain; i++)
        plain = release_has_plain_host(&target->injection->release, tables[i], host);
    return plain;
}

/* A regular expression on a new Ingress changes how nginx reads the chart's paths of the host. */
static void warn_regex(const struct target *target, const struct traffic *traffic)
{
    struct diags *diags = target->injection->diags;
    for (size_t from = 0, to; from < traffic->route_count; from = to) {
        const struct route *first = &traffic->routes[from];
        to = traffic_host_end(traffic, from);
        if ((to - from == 1 && first->prefix.len == 0) ||
            !has_plain_host(target, traffic, first->host))
            continue;
        diag_warning(diags, first->at,
                     "the new Ingress makes nginx read all paths of this host as regular "
                     "expressions, those of the chart too");
        diag_hint(diags, "check that the chart's paths of the host still match, or give "
                         "the service a host of its own");
    }
}

const struct chart_flavour chart_nginx = {.object = OBJECT_INGRESS,
                                          .takes_settings = true,
                                          .check = check,
                                          .apply = annotate,
                                          .tables = ingress_tables,
                                          .warn_added = warn_regex};
