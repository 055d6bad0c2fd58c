/* Certificates. They belong to the listener of the Gateway, or with listener sets to a ListenerSet
 * for each host. */
#include "convert/model.h"

struct str tls_add_listener_set(struct convert *convert, struct ingress *ingress,
                                const struct host *host)
{
    struct arena *arena = convert->arena;
    const struct ingress *owner = host->tls_owner;
    if (!convert->gateway->listener_sets || !owner)
        return STR("");
    if (host->name.len == 0) {
        convert_error(convert, ingress, ingress->input->at, RULE_NOT_CONVERTED,
                      "a ListenerSet is not possible for a rule without a host");
        diag_hint(convert->diags,
                  "set the host, or the certificate in the listener of the Gateway");
        return STR("");
    }
    struct str name = traffic_object_name(arena, owner->input->name, host->name);
    if (!str_equal(owner->input->namespace, ingress->input->namespace) ||
        !owner->input->is_converted) {
        convert_error(convert, ingress, ingress->input->at, RULE_NOT_CONVERTED,
                      "the certificate of %.*s is that of %.*s, which is %s", STR_ARG(host->name),
                      STR_ARG(owner->title),
                      owner->input->is_converted ? "in another namespace" : "not converted");
        diag_hint(convert->diags, "set the certificate in the listener of the Gateway instead");
        return name;
    }
    if (owner != ingress)
        return name;
    struct str issuer = ingress->settings.issuer;
    struct str secret = issuer.len ? STR_JOIN(arena, name, STR("-tls")) : host->tls_secret;
    if (secret.len == 0) {
        convert_error(convert, ingress, ingress->input->at, RULE_NOT_CONVERTED,
                      "the certificate of %.*s is the default certificate of nginx",
                      STR_ARG(host->name));
        diag_hint(convert->diags, "set secretName in spec.tls");
        return name;
    }
    if (issuer.len)
        gateway_put_certificate(
            arena, host->name, secret, ingress->settings.issuer_kind, issuer,
            node_set_map(
                arena,
                route_add_object(convert, ingress, "cert-manager.io/v1", "Certificate", name),
                "spec"));
    gateway_put_listener(
        arena, convert->gateway, host->name, secret,
        node_set_map(arena,
                     route_add_object(convert, ingress, GATEWAY_GROUP "/v1", "ListenerSet", name),
                     "spec"));
    return name;
}

/* Certificates with names in common */

/* Hosts with a ListenerSet. */
struct certified_hosts {
    struct map wildcards; /* by the domain after the star */
    struct map children;  /* by the domain after their first label */
    struct map secrets;   /* the first host of each Secret */
};

static bool has_listener_set(const struct host *host)
{
    return host->tls_owner && host->tls_owner->input->is_converted && host->name.len;
}

static struct str parent_domain(struct str host)
{
    return str_skip(host, str_find(host, 0, '.') + 1);
}

static void add_host(struct arena *arena, struct certified_hosts *hosts, struct host *host)
{
    const struct ingress *owner = host->tls_owner;
    bool is_wildcard = str_starts_with(host->name, STR("*."));
    map_add(arena, is_wildcard ? &hosts->wildcards : &hosts->children, parent_domain(host->name),
            host);
    if (owner->settings.issuer.len || host->tls_secret.len == 0)
        return;
    const struct host *first =
        map_add(arena, &hosts->secrets,
                STR_JOIN(arena, owner->input->namespace, STR("/"), host->tls_secret), host);
    if (!first)
        return;
    host->overlapping = first->name;
    first->self->overlapping = host->name;
}

void tls_compare(const struct model *model)
{
    struct certified_hosts hosts = {0};
    for (size_t i = 0; i < model->host_count; i++)
        if (has_listener_set(model->hosts[i]))
            add_host(model->convert->arena, &hosts, model->hosts[i]);
    for (size_t i = 0; i < model->host_count; i++) {
        struct host *host = model->hosts[i];
        bool is_wildcard = str_starts_with(host->name, STR("*."));
        const struct host *other =
            map_get(is_wildcard ? &hosts.children : &hosts.wildcards, parent_domain(host->name));
        if (has_listener_set(host) && other && host->overlapping.len == 0)
            host->overlapping = other->name;
    }
}

/* Envoy Gateway disables HTTP/2, which gRPC requires, because a connection could be reused for the
 * wrong listener. */
static void report_overlaps(struct convert *convert, const struct ingress *ingress)
{
    if (!convert->gateway->listener_sets || !settings_is_grpc(&ingress->settings))
        return;
    for (size_t i = 0; i < ingress->part_count; i++) {
        const struct host *host = ingress->parts[i].host;
        if (host->overlapping.len)
            convert_differ(convert, ingress, host->name,
                           "gRPC may fail: its certificate and that of %.*s have names in common, "
                           "and Envoy Gateway disables HTTP/2 for listeners with such certificates",
                           STR_ARG(host->overlapping));
    }
}

/* Reports annotations of cert-manager besides the issuer, and the issuer if no Certificate is
 * generated. */
static void report_issuer(struct convert *convert, const struct ingress *ingress)
{
    for (const struct node *value = node_first_child(ingress->annotations); value;
         value = value->next) {
        struct str key = value->key->text;
        bool is_issuer = str_eq_c(key, "cert-manager.io/cluster-issuer") ||
                         str_eq_c(key, "cert-manager.io/issuer");
        if (!str_starts_with(key, STR("cert-manager.io/")) ||
            (is_issuer && convert->gateway->listener_sets))
            continue;
        convert_differ(convert, ingress, key, "it is not converted: %s",
                       convert->gateway->listener_sets ? "set it in the Certificate"
                                                       : "annotate the Gateway with it");
    }
}

void tls_report(struct convert *convert, const struct ingress *ingress)
{
    report_issuer(convert, ingress);
    report_overlaps(convert, ingress);
    for (size_t i = 0; i < ingress->part_count && !convert->gateway->listener_sets; i++) {
        const struct host *host = ingress->parts[i].host;
        if (host->tls_owner == ingress && host->tls_secret.len)
            convert_differ(convert, ingress, STR("spec.tls"),
                           "Secret %.*s is not used: the listener of the Gateway needs a "
                           "certificate for %.*s",
                           STR_ARG(host->tls_secret),
                           STR_ARG(host->name.len ? host->name : STR("every host")));
        else if (host->tls_owner == ingress)
            convert_differ(convert, ingress, STR("spec.tls"),
                           "the listener of the Gateway needs a certificate for %.*s",
                           STR_ARG(host->name.len ? host->name : STR("every host")));
    }
}
