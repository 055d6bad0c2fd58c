/* Replaces the Ingresses of a chart by routes: convert_ingress. */
#include "chart/convert_objects.h"
#include "chart/inject_served.h"

/* Ingresses that are converted for the same Gateway. */
struct convert_request {
    struct convert_request *next;
    struct target target; /* the first one */
    const struct gateway *gateway;
    struct map ingresses; /* struct object, by address */
};

bool inject_convert_is_requested(const struct target *target)
{
    return target->injection->options->convert_ingress || target->service->helm.convert_ingress;
}

const char *inject_convert_name(const struct injection *injection)
{
    return injection->options->convert_ingress ? "--convert-ingress" : "convert_ingress";
}

static struct location convert_location(const struct target *target)
{
    return target_helm_location(target->service, HELM_CONVERT_INGRESS);
}

static void report_no_gateway(const struct target *target)
{
    struct injection *injection = target->injection;
    diag_error(injection->diags, convert_location(target), RULE_REQUIRED_FIELD, "%s requires %s",
               inject_convert_name(injection),
               target->service->internal ? "internal_gateway" : "gateway");
    diag_hint(injection->diags, "set it in the environment file");
}

static bool is_same_gateway(const struct gateway *one, const struct gateway *other)
{
    return str_equal(one->namespace, other->namespace) && str_equal(one->name, other->name) &&
           str_equal(one->listener, other->listener) &&
           str_equal(one->http_listener, other->http_listener);
}

static struct convert_request *find_request(const struct target *target,
                                            const struct gateway *gateway)
{
    struct injection *injection = target->injection;
    struct convert_request **link = &injection->convert_requests;
    while (*link && !is_same_gateway((*link)->gateway, gateway))
        link = &(*link)->next;
    if (!*link) {
        *link = ARENA_NEW(injection->arena, struct convert_request);
        **link = (struct convert_request){.target = *target, .gateway = gateway};
    }
    return *link;
}

/* Reports helm.ingress or --ingress with a name and returns false: all Ingresses are converted, and
 * a second run would not find it. */
static bool check_selected(const struct target *target)
{
    struct injection *injection = target->injection;
    const char *flag = injection->options->ingress;
    struct str name = flag ? str_from_c(flag) : target->service->helm.ingress;
    if (name.len == 0 || str_eq_c(name, "new"))
        return true;
    diag_error(injection->diags,
               target_helm_location(target->service, flag ? HELM_CONVERT_INGRESS : HELM_INGRESS),
               RULE_CONFLICTING_FIELDS,
               "%s and %s are mutually exclusive: all Ingresses that route to the workload are "
               "converted",
               flag ? "--ingress" : "ingress", inject_convert_name(injection));
    diag_hint(injection->diags, "remove one of them");
    return false;
}

/* Two services may have the same Ingress, but it can be converted for only one Gateway. */
static void add_ingress(const struct target *target, struct convert_request *request,
                        const struct object *ingress)
{
    struct injection *injection = target->injection;
    const struct convert_request *other =
        map_add_object(injection->arena, &injection->convert_owners, ingress, request);
    map_add_object(injection->arena, &request->ingresses, ingress, ingress);
    if (!other || other == request)
        return;
    diag_error(injection->diags, convert_location(target), RULE_NOT_CONVERTED,
               "%.*s routes to services of two Gateways or listeners, so it cannot be converted",
               STR_ARG(object_display_name(injection->arena, ingress)));
    diag_hint(injection->diags, "use a separate Ingress for each in the chart");
}

void inject_convert_request(const struct target *target)
{
    struct injection *injection = target->injection;
    if (!inject_convert_is_requested(target) || !check_selected(target) ||
        !layer_read_environment(target->service->layer))
        return;
    const struct gateway *gateway = service_gateway(target->service);
    if (!gateway) {
        report_no_gateway(target);
        return;
    }
    target_find_services(target);
    size_t count;
    const struct object **ingresses = release_ingresses(
        &injection->release, injection->services, injection->service_count, HOOKS_INCLUDED, &count);
    struct convert_request *request = find_request(target, gateway);
    bool converts = false;
    for (size_t i = 0; i < count; i++) {
        if (!release_lives_with(ingresses[i], target->workload))
            convert_warn_hook(injection->diags, ingresses[i],
                              object_display_name(injection->arena, ingresses[i]));
        else if (served_check_converted(target, gateway, ingresses[i])) {
            add_ingress(target, request, ingresses[i]);
            converts = true;
        }
    }
    if (converts)
        dependents_warn_policies(target, gateway, convert_location(target));
    if (count == 0) {
        diag_warning(injection->diags, convert_location(target), RULE_NO_EFFECT,
                     "%s has no effect: no Ingress of the chart routes to %.*s",
                     inject_convert_name(injection),
                     STR_ARG(object_display_name(injection->arena, target->workload)));
        diag_hint(injection->diags, "remove it, or enable the Ingress in the chart's values");
    }
}

/* Conversion */

static const struct node *find_service(void *context, const struct convert_ingress *ingress,
                                       struct str name)
{
    const struct object *found = release_find(context, OBJECT_SERVICE, name, ingress->object);
    return found ? object_node(found) : NULL;
}

static struct convert read_ingresses(const struct convert_request *request)
{
    struct injection *injection = request->target.injection;
    const struct traffic traffic = traffic_of(request->target.service);
    struct convert convert = {.arena = injection->arena,
                              .diags = injection->diags,
                              .gateway = request->gateway,
                              .best_effort = injection->options->best_effort,
                              .find_service = find_service,
                              .context = &injection->release};
    for (const struct object *each = release_objects(&injection->release, OBJECT_INGRESS); each;
         each = each->next)
        convert_add_object(&convert, each,
                           ingress_flavour_of(&request->target, &traffic, each) == FLAVOUR_NGINX,
                           map_get_object(&request->ingresses, each) != NULL);
    return convert;
}

static void log_differences(const struct target *target, const struct convert *convert)
{
    struct object *all = ARENA_NEW(convert->arena, struct object);
    *all = (struct object){.kind = STR("Ingress"), .name = STR("*")};
    for (size_t i = 0; i < convert->difference_count; i++) {
        const struct convert_difference *difference = &convert->differences[i];
        inject_log(target, difference->ingress ? difference->ingress->object : all,
                   difference->is_lost ? CHANGE_LOST : CHANGE_DIFFERS,
                   str_to_c(convert->arena, difference->about), "%.*s",
                   STR_ARG(difference->detail));
    }
}

/* Adds the objects that replace an Ingress. */
static void add_objects(struct injection *injection, const struct target *target,
                        const struct convert_ingress *ingress)
{
    const struct object *object = ingress->object;
    for (size_t i = 0; i < ingress->object_count; i++)
        release_add(&injection->release, object, ingress->objects[i]);

    if (ingress->object_count == 0) { /* a warning was reported */
        inject_log(target, object, CHANGE_REMOVED, "", "it is a canary");
        return;
    }
    inject_log(target, object, CHANGE_CONVERTED, "", "%.*s",
               STR_ARG(convert_objects_format(injection->arena, ingress)));
}

void inject_convert(struct injection *injection)
{
    for (const struct convert_request *each = injection->convert_requests; each;
         each = each->next) {
        struct convert convert = read_ingresses(each);
        if (each->ingresses.count == 0 || !convert_ingresses(&convert))
            continue;
        const struct object **replaced =
            ARENA_ARRAY(injection->arena, convert.count, const struct object *);
        size_t count = 0;
        for (size_t i = 0; i < convert.count; i++) {
            if (!convert.ingresses[i].is_converted)
                continue;
            replaced[count++] = convert.ingresses[i].object;
            add_objects(injection, &each->target, &convert.ingresses[i]);
        }
        dependents_warn_references(&each->target, &each->ingresses,
                                   convert_location(&each->target));
        release_remove(&injection->release, replaced, count);
        log_differences(&each->target, &convert);
    }
}
