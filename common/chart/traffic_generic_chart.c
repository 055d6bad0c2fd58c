/* Ingresses of a chart that another controller than nginx serves. It ignores nginx annotations. */
#include "chart/traffic_chart.h"
#include "manifest/traffic_ingress.h"

static void hint_class(const struct target *target, const struct nginx_setting *setting,
                       struct str class)
{
    struct diags *diags = target->injection->diags;
    struct injection *injection = target->injection;
    struct str selector =
        target_selection_syntax(injection, injection->options->ingress, "ingress", STR("NAME"));
    struct str other = {0};
    if (injection->ingress_count > 1)
        other =
            str_format(injection->arena, "select another Ingress (%.*s), or ", STR_ARG(selector));
    if (setting->protocol)
        diag_hint(diags,
                  "%.*sset in the environment file: ingress_class: %.*s, and ingress_controller: "
                  "generic if the controller is already configured for it, nginx if it reads nginx "
                  "annotations",
                  STR_ARG(other), STR_ARG(class));
    else
        diag_hint(diags,
                  "remove it, or %.*sif this class reads nginx annotations, set in the environment "
                  "file: ingress_class: %.*s and ingress_controller: nginx",
                  STR_ARG(other), STR_ARG(class));
}

/* True for the class of the environment, which is known to be generic. For it, the port's type is a
 * warning, as for rendered Ingresses. */
static bool is_of_environment(const struct target *target, struct str class)
{
    const struct environment *environment = &target->service->layer->environment;
    return environment->has_ingress_class &&
           (class.len == 0 || str_equal(class, environment->ingress_class));
}

static void report(const struct target *target, const struct traffic *traffic,
                   const struct object *ingress, const struct nginx_setting *setting,
                   bool only_warn)
{
    struct injection *injection = target->injection;
    struct arena *arena = injection->arena;
    struct str class = ingress_class_of(traffic, ingress);
    bool known = is_of_environment(target, class);
    const char *whose = class.len ? "" : " of the environment";
    if (class.len == 0)
        class = traffic->class;
    if (setting->protocol && known) {
        generic_warn_protocol(traffic, class);
        return;
    }
    struct str reason =
        str_format(arena, "%.*s, which the controller of %.*s (class \"%.*s\"%s) does not read",
                   STR_ARG(setting->text), STR_ARG(object_display_name(arena, ingress)),
                   STR_ARG(class), whose);
    if (target->fill) {
        inject_log(target, ingress, CHANGE_SKIPPED, "annotations", "%.*s", STR_ARG(reason));
        return;
    }
    struct str workload = object_display_name(arena, target->workload);
    if (only_warn) {
        diag_warning(injection->diags, setting->at, RULE_UNSUPPORTED_BY_CONTROLLER, "%.*s: %.*s",
                     STR_ARG(workload), STR_ARG(reason));
        return;
    }
    diag_error(injection->diags, setting->at, RULE_UNSUPPORTED_BY_CONTROLLER, "%.*s: %.*s",
               STR_ARG(workload), STR_ARG(reason));
    hint_class(target, setting, class);
}

static void check(const struct target *target, const struct traffic *traffic,
                  const struct object *ingress, bool only_warn)
{
    size_t count;
    const struct nginx_setting *settings = nginx_settings(traffic, &count);
    ingress_check_classes(target, traffic, ingress);
    for (size_t i = 0; i < count; i++)
        report(target, traffic, ingress, &settings[i], only_warn);
}

static bool annotate(const struct target *target, const struct traffic *traffic,
                     const struct object *ingress)
{
    return ingress_annotate(target, traffic, ingress, false);
}

const struct chart_flavour chart_generic = {.object = OBJECT_INGRESS,
                                            .noun = "Ingress",
                                            .check = check,
                                            .apply = annotate,
                                            .rule_classes = ingress_rule_classes};
