/* Ingresses for ingress-nginx and those that read its annotations.
 *
 * ingress-nginx turns every path of a host into a case-insensitive regular expression as soon as
 * one is, and sorts them by length: plain paths beside a regular expression misroute. So a host is
 * either one plain `/` or regular expressions only. */
#include "manifest/traffic_ingress.h"

#include <string.h>

static struct str escape_regex(struct arena *arena, struct str text)
{
    struct buf escaped = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (strchr(".^$*+?()[]{}|\\", text.data[i]))
            buf_add_byte(&escaped, '\\');
        buf_add_byte(&escaped, text.data[i]);
    }
    struct str copy = str_copy(arena, buf_str(&escaped));
    buf_free(&escaped);
    return copy;
}

static struct str seconds(struct arena *arena, int64_t number)
{
    return str_format(arena, "%lld", (long long)number);
}

static void put_sticky(struct arena *arena, const struct service *service, struct node *annotations)
{
    struct str age = seconds(arena, service->sticky_max_age);
    put_text(arena, annotations, NGINX_ANNOTATION "affinity", STR("cookie"));
    put_text(arena, annotations, NGINX_ANNOTATION "affinity-mode", STR("persistent"));
    put_text(arena, annotations, NGINX_ANNOTATION "session-cookie-name", STR("opta_cookie"));
    put_text(arena, annotations, NGINX_ANNOTATION "session-cookie-max-age", age);
    put_text(arena, annotations, NGINX_ANNOTATION "session-cookie-expires", age);
    put_text(arena, annotations, NGINX_ANNOTATION "session-cookie-path", service->sticky_path);
}

static void put_protocol(struct arena *arena, const struct port *port, struct node *annotations)
{
    if (port->type == PORT_TYPE_GRPC)
        put_text(arena, annotations, NGINX_ANNOTATION "backend-protocol", STR("GRPC"));
    if (port->type == PORT_TYPE_WEBSOCKET) {
        /* Seconds. A websocket may be silent for longer than nginx' default of 60. */
        put_text(arena, annotations, NGINX_ANNOTATION "proxy-read-timeout", STR("3600"));
        put_text(arena, annotations, NGINX_ANNOTATION "proxy-send-timeout", STR("3600"));
    }
}

void manifest_put_nginx(struct arena *arena, const struct service *service,
                        struct node *annotations)
{
    if (service->public_port)
        put_protocol(arena, service->public_port, annotations);
    if (service->sticky)
        put_sticky(arena, service, annotations);
    if (service->hash_key.len)
        put_text(arena, annotations, NGINX_ANNOTATION "upstream-hash-by", service->hash_key);
}

void ingress_put_nginx_annotations(struct arena *arena, const struct service *service,
                                   bool only_root, struct node *annotations)
{
    if (!only_root)
        put_text(arena, annotations, NGINX_ANNOTATION "use-regex", STR("true"));
    if (!only_root && !service->keep_path_prefix)
        put_text(arena, annotations, NGINX_ANNOTATION "rewrite-target", STR("/$2"));
    manifest_put_nginx(arena, service, annotations);
}

static struct str regex_of(struct arena *arena, struct str prefix)
{
    if (prefix.len == 0)
        return STR("/()(.*)");
    return str_format(arena, "%.*s(/|$)(.*)", STR_ARG(escape_regex(arena, prefix)));
}

void ingress_put_nginx_path(struct arena *arena, struct str prefix, bool only_root,
                            struct node *item)
{
    put_text(arena, item, "path", only_root ? STR("/") : regex_of(arena, prefix));
    put_text(arena, item, "pathType", only_root ? STR("Prefix") : STR("ImplementationSpecific"));
}
