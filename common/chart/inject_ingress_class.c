/* Which controller serves an Ingress of the chart, and what may be written onto it. */
#include "chart/inject_target.h"

#define CLASS_ANNOTATION "kubernetes.io/ingress.class"

/* The item of ingress_extra_annotations that sets the class, or NULL. */
static const struct item *class_item(const struct service *service)
{
    const struct value *annotations = service->ingress_annotations;
    for (size_t i = 0; i < annotations->count; i++)
        if (str_is(annotations->items[i].name, CLASS_ANNOTATION))
            return &annotations->items[i];
    return NULL;
}

/* The class that an Ingress has once ingress_extra_annotations are on it. */
static struct str class_of(const struct target *target, const struct object *ingress)
{
    const struct item *item = class_item(target->service);
    return item && !node_find(ingress->node, "spec ingressClassName") ? item->text
                                                                      : release_class(ingress);
}

/* The environment decides about its own class if it has ingress_controller; else the IngressClass
 * of the release, else the class's name. */
static enum ingress_controller controller_of_class(const struct target *target, struct str class)
{
    const struct environment *environment = &target->service->layer->environment;
    const struct object *object = release_find_class(&target->injection->release, class);
    if (environment->has_ingress_controller && str_equal(class, environment->ingress_class))
        return environment->ingress_controller;
    return object ? ingress_controller_of_id(node_text(node_find(object->node, "spec controller")))
                  : ingress_controller_of_class(class);
}

/* An Ingress without a class is served by the environment's controller, or, if the environment
 * does not name one, by nginx, which inject_check_class() reports. */
bool inject_reads_nginx(const struct target *target, const struct object *ingress)
{
    const struct environment *environment = &target->service->layer->environment;
    struct str class = class_of(target, ingress);
    enum ingress_controller controller = INGRESS_NGINX;
    if (class.len)
        controller = controller_of_class(target, class);
    else if (environment->has_ingress_class)
        controller = environment->ingress_controller;
    return controller == INGRESS_NGINX;
}

static void warn_no_class(const struct target *target, const struct object *ingress,
                          const struct nginx_setting *setting)
{
    struct injection *injection = target->injection;
    if (class_of(target, ingress).len || target->service->layer->environment.has_ingress_class)
        return;
    diag_warning(injection->diags, setting->at,
                 "%.*s has no class: assuming that its controller reads nginx annotations",
                 STR_ARG(object_text(injection->arena, ingress)));
    diag_hint(injection->diags, "write ingress_class in the environment file, or set the class in "
                                "the chart's values");
}

static void hint_class(const struct target *target, const struct nginx_setting *setting,
                       struct str class)
{
    struct diags *diags = target->injection->diags;
    struct injection *injection = target->injection;
    struct str selector =
        target_selector(injection, injection->options->ingress, "ingress", STR("NAME"));
    struct str other = {0};
    if (injection->ingress_count > 1)
        other =
            str_format(injection->arena, "choose another Ingress (%.*s), or ", STR_ARG(selector));
    if (setting->port)
        diag_hint(diags,
                  "%.*swrite in the environment file: ingress_class: %.*s, and ingress_controller: "
                  "generic if the controller is set up for it already, nginx if it reads nginx "
                  "annotations",
                  STR_ARG(other), STR_ARG(class));
    else
        diag_hint(
            diags,
            "remove it, or %.*sif this class reads nginx annotations write in the environment "
            "file: ingress_class: %.*s and ingress_controller: nginx",
            STR_ARG(other), STR_ARG(class));
}

/* The environment's own class is known to be generic: there the port's type is a warning, as on the
 * Ingresses that are rendered. */
static bool is_of_environment(const struct target *target, struct str class)
{
    const struct environment *environment = &target->service->layer->environment;
    return environment->has_ingress_class &&
           (class.len == 0 || str_equal(class, environment->ingress_class));
}

static void report(const struct target *target, const struct object *ingress,
                   const struct nginx_setting *setting, bool only_warn)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    struct str class = class_of(target, ingress);
    bool known = is_of_environment(target, class);
    const char *whose = class.len ? "" : " of the environment";
    if (class.len == 0)
        class = target->service->layer->environment.ingress_class;
    if (setting->port && known) {
        service_warn_protocol(target->service, class);
        return;
    }
    struct str reason = str_format(
        arena, "%.*s, which the controller of %.*s (class \"%.*s\"%s) does not read",
        STR_ARG(setting->text), STR_ARG(object_text(arena, ingress)), STR_ARG(class), whose);
    if (target->fill) {
        target_tell(target, ingress, DEED_LEFT, "annotations", "%.*s", STR_ARG(reason));
        return;
    }
    struct str workload = object_text(arena, target->workload);
    if (only_warn) {
        diag_warning(injection->diags, setting->at, "%.*s: %.*s", STR_ARG(workload),
                     STR_ARG(reason));
        return;
    }
    diag_error(injection->diags, setting->at, "%.*s: %.*s", STR_ARG(workload), STR_ARG(reason));
    hint_class(target, setting, class);
}

/* Kubernetes refuses an Ingress whose older annotation names another class than its spec. */
static void check_two_classes(const struct target *target, const struct object *ingress)
{
    struct injection *injection = target->injection;
    const struct item *item = class_item(target->service);
    struct str class = node_text(node_find(ingress->node, "spec ingressClassName"));
    if (!item || class.len == 0 || str_equal(item->text, class))
        return;
    diag_error(injection->diags, item->name_node->span,
               CLASS_ANNOTATION " conflicts with spec.ingressClassName of %.*s, \"%.*s\"",
               STR_ARG(object_text(injection->arena, ingress)), STR_ARG(class));
    diag_hint(injection->diags, "set the class in the chart's values");
}

void inject_check_class(const struct target *target, const struct object *ingress, bool only_warn)
{
    size_t count;
    const struct nginx_setting *settings = service_nginx_settings(target->service, &count);
    check_two_classes(target, ingress);
    if (count)
        warn_no_class(target, ingress, settings);
    for (size_t i = 0; i < count && !inject_reads_nginx(target, ingress); i++)
        report(target, ingress, &settings[i], only_warn);
}
