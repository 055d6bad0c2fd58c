/* Checks what a service needs of its Ingresses against what the environment's controller reads. */
#define _GNU_SOURCE /* memmem */
#include "service/service.h"

#include <string.h>

#define CLASS_ANNOTATION "kubernetes.io/ingress.class"

struct settings {
    struct arena *arena;
    struct nginx_setting *items;
    size_t count;
};

static void add_setting(struct settings *settings, struct nginx_setting setting)
{
    settings->items =
        arena_grow(settings->arena, settings->items, settings->count, sizeof *settings->items);
    settings->items[settings->count++] = setting;
}

static const char *port_text(const struct port *port)
{
    static const char *const texts[] = {
        [PORT_TYPE_GRPC] = "a port of type grpc needs nginx annotations",
        [PORT_TYPE_WEBSOCKET] = "a port of type tcp or websocket needs nginx annotations",
        [PORT_TYPE_TCP] = NULL,
    };
    return port ? texts[port->type] : NULL;
}

const struct nginx_setting *service_nginx_settings(const struct service *service, size_t *ret_count)
{
    struct arena *arena = service->layer->arena;
    struct settings found = {.arena = arena};
    if (service->sticky)
        add_setting(&found, (struct nginx_setting){
                                .at = record_location(service->record, SERVICE_STICKY_SESSION),
                                .text = STR("sticky_session needs nginx annotations")});
    if (service->hash_key.len)
        add_setting(&found, (struct nginx_setting){
                                .at = record_location(service->record, SERVICE_CONSISTENT_HASH),
                                .text = STR("consistent_hash needs nginx annotations")});
    for (size_t i = 0; i < service->ingress_annotations->count; i++) {
        const struct item *item = &service->ingress_annotations->items[i];
        if (ingress_is_nginx_annotation(item->name))
            add_setting(&found, (struct nginx_setting){
                                    .at = item->name_node->span,
                                    .text = str_format(arena, "\"%.*s\" is an nginx annotation",
                                                       STR_ARG(item->name))});
    }
    const char *port = port_text(service->public_port);
    if (port)
        add_setting(&found, (struct nginx_setting){.at = service->public_port->at,
                                                   .text = str_of(port),
                                                   .port = true});
    *ret_count = found.count;
    return found.items;
}

/* A generic controller passes the path on as it is. */
static void check_prefixes(const struct service *service, const struct route *routes, size_t count)
{
    struct diags *diags = service->layer->diags;
    for (size_t i = 0; i < count && !service->keep_path_prefix; i++) {
        if (routes[i].prefix.len == 0)
            continue;
        diag_error(diags, routes[i].at,
                   "controllers of class \"%.*s\" cannot strip the path prefix %.*s",
                   STR_ARG(service->layer->environment.ingress_class), STR_ARG(routes[i].prefix));
        diag_hint(diags, "set keep_path_prefix: true, or ingress_controller: nginx in the "
                         "environment file if this class reads nginx annotations");
        return; /* one cause, one error */
    }
}

/* A generic controller does not read nginx annotations. */
static void check_settings(const struct service *service)
{
    struct diags *diags = service->layer->diags;
    size_t count;
    const struct nginx_setting *settings = service_nginx_settings(service, &count);
    for (size_t i = 0; i < count; i++) {
        if (settings[i].port)
            continue;
        diag_error(diags, settings[i].at, "%.*s, which controllers of class \"%.*s\" do not read",
                   STR_ARG(settings[i].text), STR_ARG(service->layer->environment.ingress_class));
        diag_hint(diags, "remove it, or set ingress_controller: nginx in the environment file if "
                         "this class reads nginx annotations");
    }
}

/* True if an annotation names the setting, as in alb.ingress.kubernetes.io/backend-protocol-version
 * or haproxy.org/timeout-tunnel; then the user has taken care of it. */
static bool has_annotation_about(const struct service *service, const char *word)
{
    const struct value *annotations = service->ingress_annotations;
    for (size_t i = 0; i < annotations->count; i++) {
        const struct str texts[] = {annotations->items[i].name, annotations->items[i].text};
        for (size_t j = 0; j < sizeof texts / sizeof *texts; j++)
            if (texts[j].len && memmem(texts[j].data, texts[j].len, word, strlen(word)))
                return true;
    }
    return false;
}

void service_warn_protocol(const struct service *service, struct str class)
{
    const struct port *port = service->public_port;
    struct diags *diags = service->layer->diags;
    if (port && port->type == PORT_TYPE_WEBSOCKET && !has_annotation_about(service, "timeout")) {
        diag_warning(diags, port->at,
                     "how long a websocket may be silent is a setting of the controller of class "
                     "\"%.*s\"",
                     STR_ARG(class));
        diag_hint(diags, "set its idle timeout there, or in ingress_extra_annotations if the "
                         "controller reads it from an annotation; controllers often close the "
                         "connection after 60 seconds");
    } else if (port && port->type == PORT_TYPE_GRPC && !has_annotation_about(service, "proto")) {
        diag_warning(diags, port->at,
                     "whether gRPC is served is a setting of the controller of class \"%.*s\"",
                     STR_ARG(class));
        diag_hint(diags, "set the backend protocol there, or in ingress_extra_annotations if the "
                         "controller reads it from an annotation");
    }
}

/* nginx serves HTTP/2, which gRPC needs, with TLS only. */
static void warn_grpc_without_tls(const struct service *service)
{
    const struct environment *environment = &service->layer->environment;
    const struct port *port = service->public_port;
    if (!port || port->type != PORT_TYPE_GRPC || environment->tls_secret.len ||
        environment->cluster_issuer.len)
        return;
    diag_warning(service->layer->diags, record_location(service->record, SERVICE_PUBLIC_URI),
                 "grpc is public without TLS, which ingress-nginx does not serve");
    diag_hint(service->layer->diags,
              "write tls_secret or cluster_issuer in the environment file, or end TLS elsewhere");
}

/* The path of a gRPC request is /package.Service/Method, whatever its host. */
static void warn_grpc_prefix(const struct service *service, const struct route *routes,
                             size_t count)
{
    const struct port *port = service->public_port;
    if (!port || port->type != PORT_TYPE_GRPC || service->keep_path_prefix)
        return;
    for (size_t i = 0; i < count; i++) {
        if (routes[i].prefix.len == 0)
            continue;
        diag_warning(service->layer->diags, routes[i].at,
                     "most gRPC clients cannot add the path prefix %.*s: their paths are "
                     "/package.Service/Method",
                     STR_ARG(routes[i].prefix));
        diag_hint(service->layer->diags, "give the service a domain of its own");
        return;
    }
}

/* A host with `/` as its only path has no regular expression, and so no groups that $1 and $2 refer
 * to; every other host has one for each path (traffic_nginx.c). */
struct host_kinds {
    bool plain;
    bool regex;
};

static struct host_kinds find_host_kinds(const struct route *routes, size_t count)
{
    struct host_kinds kinds = {0};
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1; to < count && str_equal(routes[from].host, routes[to].host);)
            to++;
        bool plain = to - from == 1 && routes[from].prefix.len == 0;
        kinds.plain |= plain;
        kinds.regex |= !plain;
    }
    return kinds;
}

static const struct item *find_annotation(const struct service *service, const char *name)
{
    const struct value *annotations = service->ingress_annotations;
    for (size_t i = 0; i < annotations->count; i++)
        if (str_is(annotations->items[i].name, name))
            return &annotations->items[i];
    return NULL;
}

/* ingress_extra_annotations replace the generated ones, which suit the generated paths. Beside
 * rewrite-target, which is generated without keep_path_prefix, use-regex has no effect. */
static void warn_path_annotations(const struct service *service, const struct route *routes,
                                  size_t count)
{
    struct diags *diags = service->layer->diags;
    struct host_kinds kinds = find_host_kinds(routes, count);
    const struct item *module = find_annotation(service, NGINX_ANNOTATION "rewrite-target");
    const struct item *regex = find_annotation(service, NGINX_ANNOTATION "use-regex");
    if (module && kinds.plain && str_find(module->text, 0, '$') < module->text.len) {
        diag_warning(diags, module->name_node->span,
                     "the path / has no groups for \"%.*s\": all requests get the same path",
                     STR_ARG(module->text));
        diag_hint(diags, "remove it: requests to / reach the service unchanged");
    }
    if (regex && kinds.regex && service->keep_path_prefix && !module &&
        !str_is(regex->text, "true")) {
        diag_warning(diags, regex->name_node->span,
                     "the paths are regular expressions, which use-regex: \"%.*s\" disables",
                     STR_ARG(regex->text));
        diag_hint(diags, "remove it");
    }
}

/* Kubernetes refuses an Ingress whose older annotation names another class than its spec. */
static void check_class_annotation(const struct service *service)
{
    const struct item *item = find_annotation(service, CLASS_ANNOTATION);
    struct str class = service->layer->environment.ingress_class;
    if (!item || str_equal(item->text, class))
        return;
    diag_error(service->layer->diags, item->name_node->span,
               CLASS_ANNOTATION " conflicts with spec.ingressClassName, \"%.*s\"", STR_ARG(class));
    diag_hint(service->layer->diags, "write in the environment file: ingress_class: %.*s",
              STR_ARG(item->text));
}

bool service_check_ingress(const struct service *service, const struct route *routes, size_t count)
{
    size_t errors = service->layer->diags->errors;
    if (count == 0)
        return true;
    check_class_annotation(service);
    if (service->layer->environment.ingress_controller == INGRESS_GENERIC) {
        check_prefixes(service, routes, count);
        check_settings(service);
        service_warn_protocol(service, service->layer->environment.ingress_class);
    } else {
        warn_grpc_without_tls(service);
        warn_grpc_prefix(service, routes, count);
        warn_path_annotations(service, routes, count);
    }
    return service->layer->diags->errors == errors;
}
