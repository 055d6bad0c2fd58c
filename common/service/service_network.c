/* network_policy: which pods may connect. */
#include "service/service_reader.h"

#define NAMESPACE_PREFIX "namespace/"

static bool is_ingress(struct str name)
{
    return str_eq_c(name, "ingress");
}

static bool is_module(const struct layer *layer, struct str name)
{
    return module_find(layer->modules, layer->module_count, name) != NULL;
}

static void report_peer(const struct service_reader *in, const struct item *item, const char *what,
                        const char *error)
{
    diag_error(in->reader.diags, item->node->span, RULE_INVALID_NAME, "%s in allow_from %s", what,
               error);
    diag_hint(in->reader.diags, "write MODULE, LAYER/MODULE, namespace/NAME or ingress");
}

/* Reads `ingress`, unless that is also a module: it is not known which of them is meant. */
static bool read_ingress(const struct service_reader *in, const struct item *item,
                         struct peer *peer)
{
    const struct layer *layer = in->layer;
    struct diags *diags = in->reader.diags;
    peer->namespace = layer->environment.ingress_namespace;
    if (is_module(layer, item->text)) {
        diag_error(diags, item->node->span, RULE_INVALID_NAME,
                   "\"ingress\" in allow_from is also a module");
        diag_hint(diags,
                  "for the module, write %.*s/ingress; for the ingress controller, write "
                  "namespace/ and its namespace",
                  STR_ARG(layer->name));
        return false;
    }
    if (peer->namespace.len || layer->scope.environment_invalid)
        return true;
    diag_error(diags, item->node->span, RULE_REQUIRED_FIELD,
               "\"ingress\" in allow_from requires ingress_namespace");
    diag_hint(diags, "set it in the environment file, for example: ingress_namespace: "
                     "ingress-nginx");
    return false;
}

static bool read_namespace(const struct service_reader *in, const struct item *item,
                           struct peer *peer)
{
    peer->namespace = str_skip(item->text, STR(NAMESPACE_PREFIX).len);
    const char *error = name_check_namespace(peer->namespace);
    if (error)
        report_peer(in, item, "namespace", error);
    return !error;
}

static void report_missing(const struct service_reader *in, const struct item *item,
                           struct str name)
{
    const struct layer *layer = in->layer;
    struct suggestion near = {.word = name};
    diag_error(in->reader.diags, item->node->span, RULE_SERVICE_NOT_FOUND,
               "service \"%.*s\" in allow_from not found", STR_ARG(name));
    for (size_t i = 0; i < layer->module_count; i++)
        if (module_is_service(&layer->modules[i]))
            suggestion_add(&near, layer->modules[i].name);
    if (!diag_suggest(in->reader.diags, &near))
        diag_hint(in->reader.diags, "for a service of another layer, write LAYER/MODULE");
}

/* Reads a service of this file. */
static bool read_module(const struct service_reader *in, const struct item *item, struct str name,
                        struct peer *peer)
{
    const struct layer *layer = in->layer;
    const struct module *module = module_find(layer->modules, layer->module_count, name);
    *peer = (struct peer){.layer = layer->name, .module = name};
    if (!module) {
        report_missing(in, item, name);
        return false;
    }
    if (module->has_error || module_is_service(module))
        return true;
    diag_error(in->reader.diags, item->node->span, RULE_INVALID_LINK,
               "\"%.*s\" in allow_from is of type %.*s, which runs no pods", STR_ARG(name),
               STR_ARG(module->type_name));
    diag_hint(in->reader.diags, "list services only");
    return false;
}

static bool read_peer(const struct service_reader *in, const struct item *item, struct peer *peer)
{
    size_t slash = str_find(item->text, 0, '/');
    struct str layer = str_slice(item->text, 0, slash);
    struct str module = str_skip(item->text, slash + 1);
    if (is_ingress(item->text))
        return read_ingress(in, item, peer);
    if (str_starts_with(item->text, STR(NAMESPACE_PREFIX)))
        return read_namespace(in, item, peer);
    if (slash == item->text.len)
        return read_module(in, item, item->text, peer);
    if (str_equal(layer, in->layer->name))
        return read_module(in, item, module, peer);
    const char *error = name_check_namespace(layer);
    if (error)
        report_peer(in, item, "layer", error);
    else if ((error = name_check_service(module)) != NULL)
        report_peer(in, item, "module", error);
    *peer = (struct peer){.namespace = layer, .layer = layer, .module = module};
    return !error;
}

/* Warns of a service that clients outside the cluster could not reach. */
static void warn_unreachable(const struct service_reader *in, const struct value *allowed)
{
    const struct service *service = in->service;
    if (service->route_count == 0)
        return;
    for (size_t i = 0; i < allowed->count; i++)
        if (is_ingress(allowed->items[i].text) ||
            str_starts_with(allowed->items[i].text, STR(NAMESPACE_PREFIX)))
            return;
    diag_warning(in->reader.diags, allowed->node->span, RULE_UNREACHABLE_SERVICE,
                 "public_uri cannot be reached: allow_from does not list ingress");
    diag_hint(in->reader.diags,
              "add ingress to allow_from, or namespace/NAME with the namespace of "
              "the ingress controller");
}

void service_read_network_policy(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *policy = service_value(in, SERVICE_NETWORK_POLICY);
    if (policy->count == 0 || layer_is_for_chart(in->layer))
        return;
    const struct value *allowed = record_value(policy->records[0], NETWORK_POLICY_ALLOW_FROM);
    service->has_network_policy = true;
    service->peers = ARENA_ARRAY(in->reader.arena, allowed->count, struct peer);
    bool ok = !allowed->invalid && allowed->node;
    for (size_t i = 0; i < allowed->count; i++)
        ok &= read_peer(in, &allowed->items[i], &service->peers[service->peer_count++]);
    if (!ok)
        return;
    if (service->port_count == 0 && service->peer_count && !service->ports_invalid &&
        service->max_containers > 0) {
        diag_error(in->reader.diags, allowed->node->span, RULE_REQUIRED_FIELD,
                   "allow_from requires a port that clients may connect to");
        diag_hint(in->reader.diags, "set port, or allow_from: none");
        return;
    }
    warn_unreachable(in, allowed);
}

/* True if an item of allow_from admits a service of this file. */
static bool admits(const struct layer *layer, struct str item, struct str service)
{
    size_t slash = str_find(item, 0, '/');
    struct str name = str_skip(item, slash + 1);
    if (slash == item.len)
        return str_equal(item, service);
    return str_starts_with(item, STR(NAMESPACE_PREFIX))
               ? str_equal(name, layer->namespace)
               : str_equal(str_slice(item, 0, slash), layer->name) && str_equal(name, service);
}

void service_check_admitted(const struct service_reader *in, const struct link *link)
{
    static const enum field_id fields[] = {SERVICE_NETWORK_POLICY};
    const struct record *record =
        layer_read_fields(in->layer, link->module, fields, COUNT_OF(fields));
    const struct value *policy = record ? record_value(record, SERVICE_NETWORK_POLICY) : NULL;
    if (!policy || policy->invalid || policy->count == 0 || layer_is_for_chart(in->layer))
        return;
    const struct value *allowed = record_value(policy->records[0], NETWORK_POLICY_ALLOW_FROM);
    for (size_t i = 0; i < allowed->count; i++)
        if (admits(in->layer, allowed->items[i].text, in->service->name))
            return;
    diag_warning(in->reader.diags, link->node->span, RULE_UNREACHABLE_SERVICE,
                 "service \"%.*s\" does not admit \"%.*s\": its network_policy does not list it",
                 STR_ARG(link->module->name), STR_ARG(in->service->name));
    diag_hint(in->reader.diags, "add %.*s to allow_from of %.*s", STR_ARG(in->service->name),
              STR_ARG(link->module->name));
}
