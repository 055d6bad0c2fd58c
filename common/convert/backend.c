/* Resolves the backends of an Ingress: routes need the number of a port of the Service. */
#include "convert/model.h"

#include <inttypes.h>

struct backend_reader {
    struct convert *convert;
    const struct ingress *ingress;
    const struct host *host;
    const struct path_rule *rule;
};

__attribute__((format(printf, 3, 4))) static bool fail(const struct backend_reader *in,
                                                       const char *hint, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct str message = str_vformat(in->convert->arena, format, arguments);
    va_end(arguments);
    convert_error(in->convert, in->ingress, in->rule->at, RULE_NOT_CONVERTED, "%.*s: %.*s",
                  STR_ARG(rule_title(in->convert->arena, in->host, in->rule)), STR_ARG(message));
    diag_hint(in->convert->diags, "%s", hint);
    return false;
}

/* Returns the port of a Service that nginx would use: the first one that has this number or name,
 * or that number or name as its target. */
static const struct node *find_port(const struct node *service, struct str port)
{
    const struct node *each = node_first_child(node_at(service, "spec ports"));
    for (; each; each = each->next)
        if (str_equal(node_string(node_at(each, "port")), port) ||
            str_equal(node_string(node_at(each, "targetPort")), port) ||
            str_equal(node_string(node_at(each, "name")), port))
            return each;
    return NULL;
}

/* gRPC needs HTTP/2, which an HTTPRoute uses only if the Service says so. */
static bool check_protocol(const struct backend_reader *in, const struct node *port,
                           struct traffic_backend *backend)
{
    struct str protocol = node_string(node_at(port, "appProtocol"));
    if (!settings_is_grpc(&in->ingress->settings) || in->host->is_grpc ||
        (in->convert->gateway->flavour == FLAVOUR_TRAEFIK &&
         in->ingress->settings.affinity.cookie.len) ||
        str_eq_c(protocol, "kubernetes.io/h2c"))
        return true;
    return convert_refuse(
        in->convert, in->ingress, in->rule->at, rule_title(in->convert->arena, in->host, in->rule),
        "gRPC works only with appProtocol: kubernetes.io/h2c in port %" PRId64 " of Service %.*s",
        backend->port, STR_ARG(backend->service));
}

/* nginx connects with HTTP to every port. A TraefikService states it. */
static bool check_http(const struct backend_reader *in, const struct node *port,
                       const struct traffic_backend *backend)
{
    const struct settings *settings = &in->ingress->settings;
    if (in->convert->gateway->flavour != FLAVOUR_TRAEFIK || settings->affinity.cookie.len ||
        settings->protocol != PROTOCOL_HTTP || node_at(port, "appProtocol") ||
        !traefik_assumes_https(backend->port_name, backend->port))
        return true;
    return convert_refuse(in->convert, in->ingress, in->rule->at,
                          rule_title(in->convert->arena, in->host, in->rule),
                          "Traefik would connect with HTTPS; set appProtocol: http in port %" PRId64
                          " of Service %.*s",
                          backend->port, STR_ARG(backend->service));
}

static bool resolve(const struct backend_reader *in, const struct node *service, struct str port,
                    struct traffic_backend *ret)
{
    const struct node *found = find_port(service, port);
    if (str_eq_c(node_string(node_at(service, "spec type")), "ExternalName"))
        return fail(in, "use a backend of the Gateway's controller",
                    "routes cannot use Service %.*s of type ExternalName", STR_ARG(ret->service));
    if (!found || !node_to_int(node_at(found, "port"), &ret->port))
        return fail(in, "use the number or name of one of its ports",
                    "Service %.*s has no port \"%.*s\"", STR_ARG(ret->service), STR_ARG(port));
    ret->port_name = node_string(node_at(found, "name"));
    return check_protocol(in, found, ret) && check_http(in, found, ret);
}

bool backend_read(struct convert *convert, const struct ingress *ingress, const struct host *host,
                  const struct path_rule *rule, struct traffic_backend *ret)
{
    const struct backend_reader in = {convert, ingress, host, rule};
    const struct node *service = node_at(rule->backend, "service");
    const struct node *name = service ? node_at(service, "name") : NULL;
    const struct node *port = service ? node_at(service, "port number") : NULL;
    if (service && !port)
        port = node_at(service, "port name");
    if (!service) { /* the form before networking.k8s.io/v1 */
        name = node_at(rule->backend, "serviceName");
        port = node_at(rule->backend, "servicePort");
    }
    struct str text = node_string(port);
    *ret = (struct traffic_backend){.service = node_string(name)};
    if (ret->service.len == 0 || text.len == 0)
        return fail(&in, "set service.name and service.port", "its backend is not a Service");
    const struct node *found =
        convert->find_service(convert->context, ingress->input, ret->service);
    if (found)
        return resolve(&in, found, text, ret);
    if (!str_to_int(text, &ret->port))
        return fail(&in, "add the Service to the manifests, or write the number of the port",
                    "cannot determine the number of port \"%.*s\": Service %.*s not found",
                    STR_ARG(text), STR_ARG(ret->service));
    if (settings_has_backend_tls(&ingress->settings) && convert_is_envoy(convert))
        return fail(&in, "add the Service to the manifests",
                    "a BackendTLSPolicy needs the name of port %" PRId64 ": Service %.*s not found",
                    ret->port, STR_ARG(ret->service));
    return check_protocol(&in, NULL, ret);
}
