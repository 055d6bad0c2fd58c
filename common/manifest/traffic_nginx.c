/* Ingresses for ingress-nginx and controllers that read its annotations.
 *
 * If one path of a host is a regular expression, ingress-nginx treats all of them as
 * case-insensitive regular expressions and sorts them by length, which misroutes plain paths. So a
 * host has either the single plain path `/` or only regular expressions. */
#include "manifest/traffic_ingress.h"

#include <string.h>

bool nginx_is_annotation(struct str key)
{
    return str_starts_with(key, STR(NGINX_ANNOTATION));
}

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

static const char *protocol_text(enum port_type protocol)
{
    static const char *const texts[] = {
        [PORT_TYPE_GRPC] = "a port of type grpc requires nginx annotations",
        [PORT_TYPE_WEBSOCKET] = "a port of type tcp or websocket requires nginx annotations",
        [PORT_TYPE_TCP] = NULL,
    };
    return texts[protocol];
}

const struct nginx_setting *nginx_settings(const struct traffic *traffic, size_t *ret_count)
{
    struct arena *arena = traffic->service->layer->arena;
    struct settings found = {.arena = arena};
    if (traffic->affinity.cookie.len)
        add_setting(&found, (struct nginx_setting){
                                .at = traffic->affinity.at,
                                .text = STR("sticky_session requires nginx annotations")});
    if (traffic->hash.count)
        add_setting(&found, (struct nginx_setting){
                                .at = traffic->hash.at,
                                .text = STR("consistent_hash requires nginx annotations")});
    for (size_t i = 0; i < traffic->annotations->count; i++) {
        const struct item *item = &traffic->annotations->items[i];
        if (nginx_is_annotation(item->name))
            add_setting(&found, (struct nginx_setting){
                                    .at = item->name_node->span,
                                    .text = str_format(arena, "\"%.*s\" is an nginx annotation",
                                                       STR_ARG(item->name))});
    }
    const char *protocol = protocol_text(traffic->protocol);
    if (protocol)
        add_setting(&found, (struct nginx_setting){.at = traffic->protocol_at,
                                                   .text = str_from_c(protocol),
                                                   .protocol = true});
    *ret_count = found.count;
    return found.items;
}

/* nginx supports HTTP/2, which gRPC requires, only with TLS. */
static void warn_grpc_without_tls(const struct traffic *traffic)
{
    const struct service *service = traffic->service;
    if (traffic->protocol != PORT_TYPE_GRPC || traffic->tls.secret.len || traffic->tls.issuer.len)
        return;
    diag_warning(service->layer->diags, record_location(service->record, SERVICE_PUBLIC_URI),
                 RULE_GRPC_MAY_FAIL,
                 "grpc is exposed without TLS, which ingress-nginx does not support");
    diag_hint(service->layer->diags, "set tls_secret or cluster_issuer in the environment file, or "
                                     "terminate TLS elsewhere");
}

/* Which hosts exist: a host with `/` as its only path has a plain path without capture groups;
 * other hosts have a regular expression for each path. */
struct host_kinds {
    bool plain;
    bool regex;
};

static struct host_kinds find_host_kinds(const struct traffic *traffic)
{
    struct host_kinds kinds = {0};
    for (size_t from = 0, to; from < traffic->route_count; from = to) {
        to = traffic_host_end(traffic, from);
        bool plain = to - from == 1 && traffic->routes[from].prefix.len == 0;
        kinds.plain |= plain;
        kinds.regex |= !plain;
    }
    return kinds;
}

/* Warns of ingress_extra_annotations that replace a generated annotation but do not match the
 * generated paths. use-regex has no effect if there is rewrite-target, which is generated unless
 * keep_path_prefix is set. */
static void warn_path_annotations(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    struct host_kinds kinds = find_host_kinds(traffic);
    const struct item *rewrite = traffic_annotation(traffic, NGINX_ANNOTATION "rewrite-target");
    const struct item *regex = traffic_annotation(traffic, NGINX_ANNOTATION "use-regex");
    if (rewrite && kinds.plain && str_find(rewrite->text, 0, '$') < rewrite->text.len) {
        diag_warning(diags, rewrite->name_node->span, RULE_REGEX_PATHS,
                     "the path / has no capture groups for \"%.*s\": all requests are rewritten to "
                     "the same path",
                     STR_ARG(rewrite->text));
        diag_hint(diags, "remove the annotation: requests to / reach the service unchanged");
    }
    if (regex && kinds.regex && traffic->keeps_prefix && !rewrite &&
        !str_eq_c(regex->text, "true")) {
        diag_warning(diags, regex->name_node->span, RULE_REGEX_PATHS,
                     "use-regex: \"%.*s\" disables the regular expressions in the generated paths",
                     STR_ARG(regex->text));
        diag_hint(diags, "remove the annotation");
    }
}

static void check(const struct traffic *traffic)
{
    ingress_check_class(traffic);
    warn_grpc_without_tls(traffic);
    traffic_warn_grpc_prefix(traffic);
    warn_path_annotations(traffic);
}

static struct str escape_regex(struct arena *arena, struct str text)
{
    struct buf escaped = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(".^$*+?()[]{}|\\", text.data[i]))
            buf_add_byte(&escaped, '\\');
        buf_add_byte(&escaped, text.data[i]);
    }
    return buf_take(arena, &escaped);
}

static struct str seconds(struct arena *arena, int64_t number)
{
    return str_from_int(arena, number);
}

static void put_affinity(struct arena *arena, const struct traffic_affinity *affinity,
                         struct node *annotations)
{
    struct str age = seconds(arena, affinity->max_age);
    node_set_string(arena, annotations, NGINX_ANNOTATION "affinity", STR("cookie"));
    node_set_string(arena, annotations, NGINX_ANNOTATION "affinity-mode", STR("persistent"));
    node_set_string(arena, annotations, NGINX_ANNOTATION "session-cookie-name", affinity->cookie);
    node_set_string(arena, annotations, NGINX_ANNOTATION "session-cookie-max-age", age);
    node_set_string(arena, annotations, NGINX_ANNOTATION "session-cookie-expires", age);
    node_set_string(arena, annotations, NGINX_ANNOTATION "session-cookie-path", affinity->path);
}

void nginx_put_annotations(struct arena *arena, const struct traffic *traffic,
                           struct node *annotations)
{
    if (traffic->protocol == PORT_TYPE_GRPC)
        node_set_string(arena, annotations, NGINX_ANNOTATION "backend-protocol", STR("GRPC"));
    if (traffic->idle_timeout) {
        struct str timeout = seconds(arena, traffic->idle_timeout);
        node_set_string(arena, annotations, NGINX_ANNOTATION "proxy-read-timeout", timeout);
        node_set_string(arena, annotations, NGINX_ANNOTATION "proxy-send-timeout", timeout);
    }
    if (traffic->affinity.cookie.len)
        put_affinity(arena, &traffic->affinity, annotations);
    if (traffic->hash.count)
        node_set_string(arena, annotations, NGINX_ANNOTATION "upstream-hash-by",
                        traffic->hash.text);
}

static void put_annotations(struct arena *arena, const struct traffic *traffic, bool only_root,
                            struct node *annotations)
{
    if (!only_root)
        node_set_string(arena, annotations, NGINX_ANNOTATION "use-regex", STR("true"));
    if (!only_root && !traffic->keeps_prefix)
        node_set_string(arena, annotations, NGINX_ANNOTATION "rewrite-target", STR("/$2"));
    nginx_put_annotations(arena, traffic, annotations);
}

static struct str regex_of(struct arena *arena, struct str prefix)
{
    if (prefix.len == 0)
        return STR("/()(.*)");
    return STR_JOIN(arena, escape_regex(arena, prefix), STR("(/|$)(.*)"));
}

static void put_path(struct arena *arena, struct str prefix, bool only_root, struct node *item)
{
    node_set_string(arena, item, "path", only_root ? STR("/") : regex_of(arena, prefix));
    node_set_string(arena, item, "pathType",
                    only_root ? STR("Prefix") : STR("ImplementationSpecific"));
}

static void render_ingresses(struct manifests *manifests, const struct traffic *traffic)
{
    static const struct ingress_form form = {.put_annotations = put_annotations,
                                             .put_path = put_path};
    ingress_render(manifests, traffic, &form);
}

const struct traffic_flavour traffic_nginx = {
    .check = check, .render = render_ingresses, .ignores_case = true};
