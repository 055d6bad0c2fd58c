/* Generates one Ingress for each host. */
#include "manifest/traffic_ingress.h"

/* The controller of GKE reads the class from the annotation, and ignores Ingresses with
 * spec.ingressClassName. */
static bool has_class_annotation(const struct traffic *traffic)
{
    static const char *const classes[] = {"gce", "gce-internal", "gce-regional-external"};
    for (size_t i = 0; i < COUNT_OF(classes); i++)
        if (str_eq_c(traffic->class, classes[i]))
            return true;
    return false;
}

static void put_annotations(struct arena *arena, const struct traffic *traffic,
                            const struct ingress_form *form, struct node *metadata, bool only_root)
{
    struct node *annotations = node_new(arena, NODE_MAP);
    if (has_class_annotation(traffic))
        node_set_string(arena, annotations, CLASS_ANNOTATION, traffic->class);
    if (form->put_annotations)
        form->put_annotations(arena, traffic, only_root, annotations);
    if (traffic->tls.issuer.len)
        node_set_string(arena, annotations, ISSUER_ANNOTATION, traffic->tls.issuer);
    manifest_put_items(arena, annotations, traffic->annotations);
    if (annotations->first)
        node_put(metadata, node_scalar(arena, STYLE_TEXT, STR("annotations")), annotations);
}

static void put_tls(struct arena *arena, const struct traffic *traffic, struct node *spec,
                    struct str host, struct str name)
{
    struct str secret = traffic->tls.secret;
    if (traffic->tls.issuer.len)
        secret = STR_JOIN(arena, name, STR("-tls"));
    if (secret.len == 0)
        return;
    struct node *tls = node_append_map(arena, node_set_list(arena, spec, "tls"));
    if (host.len)
        node_append_string(arena, node_set_list(arena, tls, "hosts"), host);
    node_set_string(arena, tls, "secretName", secret);
}

static void add_path(struct arena *arena, const struct traffic_backend *to,
                     const struct ingress_form *form, struct node *paths, struct str prefix,
                     bool only_root)
{
    struct node *item = node_append_map(arena, paths);
    form->put_path(arena, prefix, only_root, item);
    struct node *backend = node_set_map(arena, node_set_map(arena, item, "backend"), "service");
    node_set_string(arena, backend, "name", to->service);
    struct node *port = node_set_map(arena, backend, "port");
    if (to->port_name.len)
        node_set_string(arena, port, "name", to->port_name);
    else
        node_set_int(arena, port, "number", to->port);
}

/* Adds an Ingress for the routes from `from` up to, not including, `to`, all of one host. */
static void add_ingress(struct manifests *manifests, const struct traffic *traffic,
                        const struct ingress_form *form, size_t from, size_t to)
{
    struct arena *arena = manifests->arena;
    const struct route *routes = traffic->routes;
    struct str host = routes[from].host;
    struct str name = traffic_object_name(arena, traffic->backend.service, host);
    bool only_root = to - from == 1 && routes[from].prefix.len == 0;
    struct node *object =
        manifest_object(manifests, traffic->service, "networking.k8s.io/v1", "Ingress", name);
    put_annotations(arena, traffic, form, node_get(object, "metadata"), only_root);
    struct node *spec = node_set_map(arena, object, "spec");
    if (!has_class_annotation(traffic))
        node_set_string(arena, spec, "ingressClassName", traffic->class);
    put_tls(arena, traffic, spec, host, name);
    struct node *rule = node_append_map(arena, node_set_list(arena, spec, "rules"));
    if (host.len)
        node_set_string(arena, rule, "host", host);
    struct node *paths = node_set_list(arena, node_set_map(arena, rule, "http"), "paths");
    for (size_t i = from; i < to; i++)
        add_path(arena, &traffic->backend, form, paths, routes[i].prefix, only_root);
}

void ingress_render(struct manifests *manifests, const struct traffic *traffic,
                    const struct ingress_form *form)
{
    for (size_t from = 0, to; from < traffic->route_count; from = to) {
        to = traffic_host_end(traffic, from);
        add_ingress(manifests, traffic, form, from, to);
    }
}

/* Kubernetes rejects an Ingress whose annotation differs from the class in its spec. */
void ingress_check_class(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    const struct item *item = traffic_annotation(traffic, CLASS_ANNOTATION);
    if (!item || str_equal(item->text, traffic->class))
        return;
    diag_error(diags, item->name_node->span, RULE_CLASS_CONFLICT,
               CLASS_ANNOTATION " conflicts with the class of the Ingress, \"%.*s\"",
               STR_ARG(traffic->class));
    diag_hint(diags, "remove it, and set %s: %.*s in the environment file",
              traffic->internal ? "internal_ingress_class" : "ingress_class", STR_ARG(item->text));
}
