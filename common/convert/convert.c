#include "convert/convert.h"

#include "convert/model.h"

#include <stdlib.h>

/* Messages */

void convert_error(struct convert *convert, const struct ingress *ingress, struct location at,
                   enum rule rule, const char *format, ...)
{
    if (!ingress->input->is_converted) {
        convert->diags->last_kept = false; /* it gets no hint */
        return;
    }
    va_list arguments;
    va_start(arguments, format);
    struct str message = str_vformat(convert->arena, format, arguments);
    va_end(arguments);
    diag_error(convert->diags, at.source ? at : ingress->input->at, rule, "%.*s: %.*s",
               STR_ARG(ingress->title), STR_ARG(message));
}

static void add_difference(struct convert *convert, const struct convert_difference *difference)
{
    convert->differences = arena_grow(convert->arena, convert->differences,
                                      convert->difference_count, sizeof *difference);
    struct convert_difference *added = &convert->differences[convert->difference_count];
    *added = *difference;
    added->order = convert->difference_count++;
}

bool convert_refuse(struct convert *convert, const struct ingress *ingress, struct location at,
                    struct str about, const char *format, ...)
{
    if (!ingress->input->is_converted)
        return convert->best_effort;
    va_list arguments;
    va_start(arguments, format);
    struct str message = str_vformat(convert->arena, format, arguments);
    va_end(arguments);
    if (!convert->best_effort) {
        convert_error(convert, ingress, at, RULE_NOT_CONVERTED, "%.*s cannot be converted: %.*s",
                      STR_ARG(about), STR_ARG(message));
        diag_hint(convert->diags, "configure it in another way, or pass --best-effort to convert "
                                  "without it");
        return false;
    }
    diag_warning(convert->diags, at.source ? at : ingress->input->at, RULE_NOT_CONVERTED,
                 "%.*s: %.*s is not converted: %.*s", STR_ARG(ingress->title), STR_ARG(about),
                 STR_ARG(message));
    add_difference(convert, &(struct convert_difference){.ingress = ingress->input,
                                                         .about = about,
                                                         .detail = message,
                                                         .is_lost = true});
    return true;
}

void convert_differ(struct convert *convert, const struct ingress *ingress, struct str about,
                    const char *format, ...)
{
    if (!ingress->input->is_converted)
        return;
    va_list arguments;
    va_start(arguments, format);
    struct str detail = str_vformat(convert->arena, format, arguments);
    va_end(arguments);
    add_difference(convert, &(struct convert_difference){
                                .ingress = ingress->input, .about = about, .detail = detail});
}

struct str rule_title(struct arena *arena, const struct host *host, const struct path_rule *rule)
{
    struct str name = host->name.len ? host->name : STR("*");
    if (rule->is_default)
        return STR_JOIN(arena, STR("defaultBackend of "), name);
    return STR_JOIN(arena, name, STR(" "), rule->text);
}

/* Conversion */

static bool check_class(struct convert *convert, const struct ingress *ingress)
{
    const struct convert_ingress *input = ingress->input;
    if (!input->is_nginx && input->class.len == 0) {
        convert_error(convert, ingress, input->at, RULE_ASSUMED_CLASS,
                      "it has no class, and that of the environment is not one of ingress-nginx");
        diag_hint(convert->diags, "set spec.ingressClassName, or convert it by hand");
        return false;
    }
    if (!input->is_nginx) {
        convert_error(convert, ingress, input->at, RULE_ASSUMED_CLASS,
                      "class \"%.*s\" is not one of ingress-nginx, so its paths and annotations "
                      "may have another meaning",
                      STR_ARG(input->class));
        diag_hint(convert->diags, "convert it by hand");
        return false;
    }
    return true;
}

/* Differences that concern a host as a whole. */
static void report_host(struct convert *convert, const struct host *host, struct ingress *ingress)
{
    const struct settings *settings = &ingress->settings;
    struct str about = host->name.len ? host->name : STR("*");
    if (host->name.len == 0)
        convert_differ(convert, ingress, about,
                       "the routes match every host of the Gateway that has no routes of its own");
    if (str_starts_with(host->name, STR("*.")))
        convert_differ(convert, ingress, about,
                       "the wildcard matches any number of labels; in nginx it matches one");
    if (host->is_shared)
        convert_differ(convert, ingress, about,
                       "another Ingress, which is not converted, has paths of this host: its DNS "
                       "record can refer to only one of nginx and the Gateway");
    if (host->has_tls && host->tls_owner == ingress)
        convert_differ(convert, ingress, about,
                       "the header Strict-Transport-Security, which nginx adds by default, is not "
                       "sent");
    const struct gateway *gateway = convert->gateway;
    bool redirects = settings_redirects(settings, host);
    bool own_listener = gateway->listener.len || (gateway->listener_sets && host->has_tls);
    if (gateway->http_listener.len == 0 && redirects)
        convert_differ(convert, ingress, about,
                       own_listener ? "HTTP requests are not redirected to HTTPS: set the HTTP "
                                      "listener of the Gateway to add a redirect"
                                    : "HTTP requests are served, not redirected to HTTPS: set the "
                                      "listeners of the Gateway to add a redirect");
    if (gateway->http_listener.len == 0 && !redirects && own_listener)
        convert_differ(convert, ingress, about,
                       "requests are served by one listener; nginx serves HTTP and HTTPS");
    if (gateway->http_listener.len && redirects && gateway->flavour == FLAVOUR_STANDARD)
        convert_differ(convert, ingress, about,
                       "HTTP requests are redirected with status 301, not 308");
}

/* True if a converted Ingress does not have the annotation. */
static bool lacks_annotation(const struct convert *convert, const struct model *model,
                             const char *name)
{
    for (size_t i = 0; i < model->count; i++)
        if (model->ingresses[i].input->is_converted &&
            !settings_annotation(convert, &model->ingresses[i], name))
            return true;
    return false;
}

/* Reports the defaults of nginx that no Ingress sets. */
static void report_defaults(struct convert *convert, const struct model *model)
{
    if (lacks_annotation(convert, model, "proxy-body-size"))
        add_difference(convert, &(struct convert_difference){
                                    .about = STR("proxy-body-size"),
                                    .detail = STR("requests of more than 1 MiB, the default limit "
                                                  "of nginx, are accepted")});
    if (!convert_is_envoy(convert) && lacks_annotation(convert, model, "proxy-read-timeout"))
        add_difference(
            convert,
            &(struct convert_difference){
                .about = STR("proxy-read-timeout"),
                .detail = STR("the controller of the Gateway decides how long a connection may be "
                              "idle; in nginx, the default is 60 seconds")});
    add_difference(convert, &(struct convert_difference){
                                .about = STR("headers"),
                                .detail = STR("requests do not have X-Real-IP, X-Scheme, "
                                              "X-Forwarded-Scheme, X-Forwarded-Host and "
                                              "X-Forwarded-Port, which nginx adds")});
    add_difference(convert, &(struct convert_difference){
                                .about = STR("paths"),
                                .detail = STR("the Gateway decides how //, . and .. and encoded "
                                              "slashes in a path are handled")});
}

static void add_routes(struct convert *convert, struct ingress *ingress)
{
    policy_check(convert, ingress);
    tls_report(convert, ingress);

    for (size_t i = 0; i < ingress->part_count; i++) {
        report_host(convert, ingress->parts[i].host, ingress);
        route_add_part(convert, ingress, &ingress->parts[i]);
    }
}

/* Reports an Ingress that nothing replaces. A canary is left out on purpose. */
static void check_objects(struct convert *convert, const struct ingress *ingress)
{
    struct str canary = node_string(settings_annotation(convert, ingress, "canary"));
    if (ingress->input->object_count || str_eq_c(canary, "true"))
        return;
    convert_error(convert, ingress, ingress->input->at, RULE_NOT_CONVERTED,
                  "it has no path that requests can reach");
    diag_hint(convert->diags, "delete it, or add rules to it");
}

/* Groups the differences by Ingress, in the order of the input; those of all Ingresses are last. */
static int compare_differences(const void *a, const void *b)
{
    const struct convert_difference *left = a;
    const struct convert_difference *right = b;
    if (left->ingress != right->ingress) {
        if (!left->ingress || !right->ingress)
            return left->ingress ? -1 : 1;
        return left->ingress < right->ingress ? -1 : 1;
    }
    return left->order < right->order ? -1 : left->order > right->order;
}

static void sort_differences(struct convert *convert)
{
    if (convert->difference_count)
        qsort(convert->differences, convert->difference_count, sizeof *convert->differences,
              compare_differences);
}

bool convert_ingresses(struct convert *convert)
{
    size_t errors = convert->diags->errors;
    struct model model = {.convert = convert};
    model_read(&model);
    for (size_t i = 0; i < model.host_count; i++)
        host_convert(convert, model.hosts[i]);
    tls_compare(&model);
    for (size_t i = 0; i < model.count; i++)
        if (model.ingresses[i].input->is_converted && check_class(convert, &model.ingresses[i]))
            add_routes(convert, &model.ingresses[i]);
    for (size_t i = 0; convert->diags->errors == errors && i < model.count; i++)
        if (model.ingresses[i].input->is_converted)
            check_objects(convert, &model.ingresses[i]);
    report_defaults(convert, &model);
    sort_differences(convert);
    return convert->diags->errors == errors;
}

struct str convert_difference_title(struct arena *arena,
                                    const struct convert_difference *difference)
{
    return difference->ingress ? STR_JOIN(arena, STR("Ingress/"), difference->ingress->name)
                               : STR("Ingress/*");
}

struct node *convert_differences_list(struct arena *arena, const struct convert *convert)
{
    struct node *list = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < convert->difference_count; i++) {
        const struct convert_difference *difference = &convert->differences[i];
        struct node *item = node_append_map(arena, list);
        node_set_string(arena, item, "object", convert_difference_title(arena, difference));
        if (difference->ingress && difference->ingress->namespace.len)
            node_set_string(arena, item, "namespace", difference->ingress->namespace);
        node_set_string(arena, item, "field", difference->about);
        node_set_string(arena, item, "detail", difference->detail);
        if (difference->is_lost)
            node_set_bool(arena, item, "lost", true);
    }
    return list;
}
