/* Generates the routes for an Ingress: one for each host, with a rule for each path. */
#include "convert/model.h"

enum { RULES_MAX = 16 }; /* of a route */

/* Objects */

static struct node *copy_labels(struct arena *arena, const struct ingress *ingress)
{
    const struct node *labels = node_at(ingress->input->node, "metadata labels");
    return labels && labels->kind == NODE_MAP && labels->first ? node_copy(arena, labels) : NULL;
}

struct node *route_add_object(struct convert *convert, struct ingress *ingress,
                              const char *api_version, const char *kind, struct str name)
{
    struct arena *arena = convert->arena;
    struct convert_ingress *input = ingress->input;
    struct node *object = node_new(arena, NODE_MAP);
    node_set_string(arena, object, "apiVersion", str_from_c(api_version));
    node_set_string(arena, object, "kind", str_from_c(kind));
    struct node *metadata = node_set_map(arena, object, "metadata");
    node_set_string(arena, metadata, "name", name);
    if (input->namespace.len)
        node_set_string(arena, metadata, "namespace", input->namespace);
    struct node *labels = copy_labels(arena, ingress);
    struct node *annotations = settings_kept_annotations(arena, ingress);
    if (labels)
        node_set(arena, metadata, "labels", labels);
    if (annotations)
        node_set(arena, metadata, "annotations", annotations);
    input->objects = arena_grow(arena, input->objects, input->object_count, sizeof(struct node *));
    input->objects[input->object_count++] = object;
    return object;
}

/* The rules of one route. */
struct fragment {
    struct ingress *ingress;
    const struct host *host;
    struct path_rule *const *rules;
    size_t count;
    size_t number;           /* of the routes of this Ingress and host, from 1 */
    struct str listener_set; /* empty: the Gateway has the listener */
};

static struct str fragment_name(struct arena *arena, const struct fragment *fragment,
                                const char *suffix)
{
    struct str name =
        traffic_object_name(arena, fragment->ingress->input->name, fragment->host->name);
    if (fragment->number == 1)
        return str_format(arena, "%.*s%s", STR_ARG(name), suffix);
    return str_format(arena, "%.*s%s-%zu", STR_ARG(name), suffix, fragment->number);
}

/* Attaches a route to the listeners that serve its requests. */
static void put_parents(const struct convert *convert, const struct fragment *fragment,
                        struct node *spec)
{
    const struct gateway *gateway = convert->gateway;
    bool redirects = settings_redirects(&fragment->ingress->settings, fragment->host);
    if (fragment->listener_set.len)
        gateway_put_listener_set_parent(convert->arena, fragment->listener_set, spec);
    else if (redirects || gateway->listener.len || gateway->http_listener.len == 0)
        gateway_put_parent(convert->arena, gateway, gateway->listener, spec);
    if (!redirects && gateway->http_listener.len)
        gateway_put_parent(convert->arena, gateway, gateway->http_listener, spec);
}

/* Rules */

static void add_match(struct arena *arena, const struct path_rule *rule, struct node *matches)
{
    static const char *const types[] = {[MATCH_KIND_EXACT] = "Exact",
                                        [MATCH_KIND_PREFIX] = "PathPrefix",
                                        [MATCH_KIND_REGEX] = "RegularExpression"};
    gateway_add_path_match(arena, matches, types[rule->match], rule->value);
}

/* A GRPCRoute has the service and method of the path; all requests match without them. */
static void add_grpc_match(struct arena *arena, const struct path_rule *rule,
                           struct node *route_rule)
{
    struct str path = str_skip(rule->value, 1);
    size_t slash = str_find(path, 0, '/');
    if (path.len == 0)
        return;
    struct node *match = node_append_map(arena, node_set_list(arena, route_rule, "matches"));
    struct node *method = node_set_map(arena, match, "method");
    node_set_string(arena, method, "service", str_slice(path, 0, slash));
    if (slash < path.len)
        node_set_string(arena, method, "method", str_skip(path, slash + 1));
}

static struct node *add_filter(struct arena *arena, struct node *filters, const char *type,
                               const char *key)
{
    struct node *filter = node_append_map(arena, filters);
    node_set_string(arena, filter, "type", str_from_c(type));
    return node_set_map(arena, filter, key);
}

static void add_rewrite(struct convert *convert, const struct path_rule *rule, struct node *filters)
{
    struct arena *arena = convert->arena;
    struct str host = rule->ingress->settings.upstream_host;
    bool rewrites = rule->rewrite == REWRITE_PREFIX || rule->rewrite == REWRITE_FULL;
    if (!rewrites && host.len == 0)
        return;
    struct node *rewrite = add_filter(arena, filters, "URLRewrite", "urlRewrite");
    if (host.len)
        node_set_string(arena, rewrite, "hostname", host);
    if (rule->rewrite == REWRITE_PREFIX)
        gateway_put_prefix_rewrite(arena, rewrite, rule->replacement);
    if (rule->rewrite != REWRITE_FULL)
        return;
    struct node *path = node_set_map(arena, rewrite, "path");
    node_set_string(arena, path, "type", STR("ReplaceFullPath"));
    node_set_string(arena, path, "replaceFullPath", rule->replacement);
}

static void add_regex_rewrite(struct convert *convert, const struct fragment *fragment,
                              const struct path_rule *rule, size_t index, struct node *filters)
{
    struct arena *arena = convert->arena;
    if (rule->rewrite != REWRITE_REGEX)
        return;
    struct str name = str_format(arena, "%.*s-%zu",
                                 STR_ARG(fragment_name(arena, fragment, "-rewrite")), index + 1);
    struct node *reference = add_filter(arena, filters, "ExtensionRef", "extensionRef");
    node_set_string(arena, reference, "group", STR("gateway.envoyproxy.io"));
    node_set_string(arena, reference, "kind", STR("HTTPRouteFilter"));
    node_set_string(arena, reference, "name", name);
    policy_add_rewrite(convert, fragment->ingress, rule, name);
}

static void add_prefix_header(struct convert *convert, const struct path_rule *rule,
                              struct node *filters)
{
    struct arena *arena = convert->arena;
    struct str prefix = rule->ingress->settings.forwarded_prefix;
    if (prefix.len == 0 || str_equal(rule->ingress->settings.rewrite_target, rule->text))
        return;
    struct node *modifier =
        add_filter(arena, filters, "RequestHeaderModifier", "requestHeaderModifier");
    struct node *header = node_append_map(arena, node_set_list(arena, modifier, "set"));
    node_set_string(arena, header, "name", STR("X-Forwarded-Prefix"));
    node_set_string(arena, header, "value", prefix);
}

static void add_backend(struct convert *convert, const struct fragment *fragment,
                        const struct path_rule *rule, struct node *route_rule)
{
    struct arena *arena = convert->arena;
    const struct settings *settings = &fragment->ingress->settings;
    struct traffic_backend backend;
    if (!backend_read(convert, fragment->ingress, fragment->host, rule, &backend))
        return;
    struct node *reference =
        node_append_map(arena, node_set_list(arena, route_rule, "backendRefs"));
    if (settings->affinity.cookie.len && convert->gateway->flavour == FLAVOUR_TRAEFIK) {
        node_set_string(arena, reference, "group", STR(TRAEFIK_GROUP));
        node_set_string(arena, reference, "kind", STR("TraefikService"));
        node_set_string(arena, reference, "name",
                        policy_add_sticky_service(convert, fragment->ingress, &backend));
    } else {
        node_set_string(arena, reference, "name", backend.service);
        node_set_int(arena, reference, "port", backend.port);
    }
    const struct traffic traffic = settings_traffic(convert, settings);
    gateway_put_session_persistence(arena, &traffic, route_rule);
    policy_add_backend_tls(convert, fragment->ingress, &backend);
}

static void add_rule(struct convert *convert, const struct fragment *fragment, size_t index,
                     struct node *rules)
{
    struct arena *arena = convert->arena;
    const struct path_rule *rule = fragment->rules[index];
    struct node *route_rule = node_append_map(arena, rules);
    struct node *filters = node_new(arena, NODE_LIST);
    if (fragment->host->is_grpc)
        add_grpc_match(arena, rule, route_rule);
    else
        add_match(arena, rule, node_set_list(arena, route_rule, "matches"));
    add_rewrite(convert, rule, filters);
    add_regex_rewrite(convert, fragment, rule, index, filters);
    add_prefix_header(convert, rule, filters);
    policy_add_cors(convert, fragment->ingress, filters);
    if (filters->first)
        node_set(arena, route_rule, "filters", filters);
    add_backend(convert, fragment, rule, route_rule);
}

/* Routes */

static void add_redirect(struct convert *convert, const struct fragment *fragment)
{
    struct arena *arena = convert->arena;
    const struct gateway *gateway = convert->gateway;
    if (gateway->http_listener.len == 0 ||
        !settings_redirects(&fragment->ingress->settings, fragment->host))
        return;
    struct node *object =
        route_add_object(convert, fragment->ingress, GATEWAY_GROUP "/v1", "HTTPRoute",
                         fragment_name(arena, fragment, "-redirect"));
    struct node *spec = node_set_map(arena, object, "spec");
    gateway_put_parent(arena, gateway, gateway->http_listener, spec);
    gateway_put_hostname(arena, spec, fragment->host->name);
    struct node *rule = node_append_map(arena, node_set_list(arena, spec, "rules"));
    struct node *matches = node_set_list(arena, rule, "matches");
    for (size_t i = 0; i < fragment->count; i++)
        add_match(arena, fragment->rules[i], matches);
    gateway_add_redirect(arena, node_set_list(arena, rule, "filters"),
                         gateway_redirect_status(gateway->flavour));
}

/* Adds a route after the objects that it refers to and its policy, without which it never serves.
 */
static void add_route(struct convert *convert, const struct fragment *fragment)
{
    struct arena *arena = convert->arena;
    const struct gateway_route route = {.kind = fragment->host->is_grpc ? "GRPCRoute" : "HTTPRoute",
                                        .name = fragment_name(arena, fragment, "")};
    struct node *rules = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < fragment->count; i++)
        add_rule(convert, fragment, i, rules);
    policy_add(convert, fragment->ingress, fragment->host, &route);
    struct node *object =
        route_add_object(convert, fragment->ingress, GATEWAY_GROUP "/v1", route.kind, route.name);
    struct node *spec = node_set_map(arena, object, "spec");
    put_parents(convert, fragment, spec);
    gateway_put_hostname(arena, spec, fragment->host->name);
    node_set(arena, spec, "rules", rules);
}

/* Reports a name that is too long for an object. */
static bool check_name(struct convert *convert, const struct ingress *ingress)
{
    enum { ADDED = 40 }; /* for the hash, `-rewrite` and the numbers */
    if (ingress->input->name.len && ingress->input->name.len <= SUBDOMAIN_MAX - ADDED)
        return true;
    convert_error(convert, ingress, ingress->input->at, RULE_INVALID_NAME,
                  "metadata.name must have from 1 to %d characters, because the names of the "
                  "routes begin with it",
                  SUBDOMAIN_MAX - ADDED);
    diag_hint(convert->diags, "rename the Ingress");
    return false;
}

void route_add_part(struct convert *convert, struct ingress *ingress, struct part *part)
{
    if (!check_name(convert, ingress))
        return;
    struct str listener_set = tls_add_listener_set(convert, ingress, part->host);
    for (size_t at = 0; at < part->count; at += RULES_MAX) {
        const struct fragment fragment = {.ingress = ingress,
                                          .host = part->host,
                                          .rules = part->rules + at,
                                          .count = part->count - at < RULES_MAX ? part->count - at
                                                                                : RULES_MAX,
                                          .number = at / RULES_MAX + 1,
                                          .listener_set = listener_set};
        add_route(convert, &fragment);
        add_redirect(convert, &fragment);
    }
}
