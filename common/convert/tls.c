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
