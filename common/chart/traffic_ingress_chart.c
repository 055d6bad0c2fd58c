/* Determines which controller serves an Ingress of the chart, and sets annotations on it.
 *
 * rewrite-target and use-regex change how nginx reads all paths of a host, so only new Ingresses
 * get them: the paths of the chart must not change. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_ingress.h"

/* The environment file determines the controller, which matters only for settings that some
 * controllers do not support. */
bool ingress_read_traffic(const struct target *target, struct traffic *ret)
{
    size_t settings;
    *ret = traffic_of(target->service);
    nginx_settings(ret, &settings);
    if (settings == 0)
        return true;
    if (!layer_read_environment(target->service->layer))
        return false;
    *ret = traffic_of(target->service);
    return true;
}

struct str ingress_class_of(const struct traffic *traffic, const struct object *ingress)
{
    const struct item *item = traffic_annotation(traffic, CLASS_ANNOTATION);
    return item && !node_at(object_node(ingress), "spec ingressClassName") ? item->text
                                                                           : release_class(ingress);
}

/* The environment determines the flavour of an Ingress without a class, and of its own class if it
 * sets ingress_controller. Else the IngressClass of the chart does, else the name of the class. */
enum flavour_id ingress_flavour_of(const struct target *target, const struct traffic *traffic,
                                   const struct object *ingress)
{
    const struct environment *environment = &target->service->layer->environment;
    struct str class = ingress_class_of(traffic, ingress);
    if (class.len == 0 ||
        (environment->has_ingress_controller && str_equal(class, environment->ingress_class)))
        return environment->flavour;
    const struct object *object =
        release_find_global(&target->injection->release, OBJECT_INGRESS_CLASS, class);
    return object
               ? flavour_of_controller(node_string(node_at(object_node(object), "spec controller")))
               : flavour_of_class(class);
}

/* Kubernetes rejects an Ingress whose deprecated annotation and spec have different classes. */
void ingress_check_classes(const struct target *target, const struct traffic *traffic,
                           const struct object *ingress)
{
    struct injection *injection = target->injection;
    const struct item *item = traffic_annotation(traffic, CLASS_ANNOTATION);
    struct str class = node_string(node_at(object_node(ingress), "spec ingressClassName"));
    if (!item || class.len == 0 || str_equal(item->text, class))
        return;
    diag_error(injection->diags, item->name_node->span, RULE_CLASS_CONFLICT,
               CLASS_ANNOTATION " conflicts with spec.ingressClassName of %.*s, \"%.*s\"",
               STR_ARG(object_display_name(injection->arena, ingress)), STR_ARG(class));
    diag_hint(injection->diags, "set the class in the chart's values");
}

/* Returns the annotations that a new Ingress would have. */
static struct node *requested_annotations(struct arena *arena, const struct traffic *traffic)
{
    struct node *map = node_new(arena, NODE_MAP);
    nginx_put_annotations(arena, traffic, map);
    manifest_put_items(arena, map, traffic->annotations);
    return map;
}

bool ingress_annotate(const struct target *target, const struct traffic *traffic,
                      const struct object *ingress, bool supports_nginx)
{
    struct arena *arena = target->injection->arena;
    const struct node *map = requested_annotations(arena, traffic);
    bool annotated = false;
    for (struct node *value = map->first, *next; value; value = next) {
        next = value->next;
        struct str key = value->key->text;
        if (nginx_is_annotation(key) && !supports_nginx)
            continue;
        annotated = true;
        target_set(target, ingress, object_node(ingress),
                   str_format(arena, "metadata annotations %.*s", STR_ARG(key)).data,
                   node_scalar(arena, STYLE_TEXT, value->text), str_to_c(arena, key), SHOW_VALUES);
    }
    struct node *annotations = node_at(object_node(ingress), "metadata annotations");
    bool sticky = annotations && node_at(annotations, NGINX_ANNOTATION "affinity");
    if (sticky && target_has(target, SERVICE_STICKY_SESSION) && traffic->affinity.cookie.len == 0)
        target_remove(target, ingress, annotations, NGINX_ANNOTATION "affinity",
                      NGINX_ANNOTATION "affinity", "sticky_session: false");
    return annotated;
}

enum rule_reader ingress_reader_of(enum flavour_id flavour)
{
    return flavour == FLAVOUR_NGINX ? RULES_NGINX : RULES_GENERIC;
}

size_t ingress_rule_classes(const struct traffic *traffic,
                            struct rule_class ret_classes[CHART_CLASSES_MAX])
{
    enum rule_reader reader = ingress_reader_of(traffic->flavour);
    ret_classes[0] = (struct rule_class){.reader = reader, .name = traffic->class};
    ret_classes[1] = (struct rule_class){.reader = reader};
    return 2;
}
