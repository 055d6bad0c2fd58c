/* Routes for Envoy Gateway, with a policy for each: Envoy Gateway refuses a second policy of a
 * route. */
#include "manifest/traffic_gateway.h"

/* How a policy hashes requests. */
struct hash_form {
    const char *type; /* NULL: not possible */
    const char *list; /* the field with the names; NULL: there are none */
};

static struct hash_form hash_form_of(enum hash_kind kind)
{
    static const struct hash_form forms[] = {
        [HASH_PATH] = {"Headers", "headers"},
        [HASH_HOST] = {"Headers", "headers"},
        [HASH_HEADER] = {"Headers", "headers"},
        [HASH_COOKIE] = {"Cookie", NULL},
        [HASH_QUERY] = {"QueryParams", "queryParams"},
        [HASH_ADDRESS] = {"SourceIP", NULL},
        [HASH_NGINX] = {NULL, NULL},
    };
    return forms[kind];
}

/* Envoy has the path and the host as pseudo-headers of HTTP/2. */
static struct str key_name(const struct hash_key *key)
{
    return key->kind == HASH_PATH   ? STR(":path")
           : key->kind == HASH_HOST ? STR(":authority")
                                    : key->name;
}

/* All keys must be of one type of hash, and only as many as it can have. */
bool envoy_supports_hash(const struct traffic_hash *hash)
{
    struct hash_form form = hash_form_of(hash->keys[0].kind);
    for (size_t i = 1; i < hash->count && form.type; i++) {
        bool same = hash_form_of(hash->keys[i].kind).type == form.type;
        bool equal = str_equal(key_name(&hash->keys[i]), key_name(&hash->keys[0]));
        if (!same || (!form.list && !equal))
            return false;
    }
    return form.type != NULL;
}

static void check_hash(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    if (traffic->hash.count == 0 || envoy_supports_hash(&traffic->hash))
        return;
    diag_error(diags, traffic->hash.at, RULE_UNSUPPORTED_BY_CONTROLLER,
               "consistent_hash \"%.*s\" is not possible with a gateway of type envoy",
               STR_ARG(traffic->hash.text));
    diag_hint(diags, "use one or more of $request_uri, $host and $http_NAME; or one or more of "
                     "$arg_NAME; or one $cookie_NAME; or $remote_addr");
}

/* A policy has one hash. With sessionPersistence, the cookie is not in the policy. */
static void check_affinity(const struct traffic *traffic)
{
    struct diags *diags = traffic->service->layer->diags;
    bool persistent = gateway_has_session_persistence(traffic);
    if (!traffic->affinity.cookie.len)
        return;
    if (traffic->hash.count && !persistent) {
        diag_error(diags, traffic->hash.at, RULE_CONFLICTING_FIELDS,
                   "sticky_session and consistent_hash are mutually exclusive with a gateway of "
                   "type envoy");
        diag_hint(diags,
                  "remove one of them; or set session_persistence: v1.6 in %s if the cluster has "
                  "the experimental CRDs of Gateway API 1.4 to 1.6",
                  traffic_gateway_field(traffic));
    } else if (traffic->hash.count) {
        traffic_warn_affinity_and_hash(traffic->service);
    } else if (!persistent && service_has_autoscaler(traffic->service)) {
        diag_warning(diags, traffic->affinity.at, RULE_WEAK_AFFINITY,
                     "clients may move to another pod whenever the number of pods changes, because "
                     "Envoy Gateway hashes the cookie of sticky_session");
        diag_hint(diags,
                  "set min_containers and max_containers to the same number; or set "
                  "session_persistence: v1.6 in %s if the cluster has the experimental CRDs of "
                  "Gateway API 1.4 to 1.6",
                  traffic_gateway_field(traffic));
    }
}

static void check(const struct traffic *traffic)
{
    gateway_check(traffic);
    gateway_warn_session_persistence(traffic);
    check_hash(traffic);
    check_affinity(traffic);
}

static void put_cookie(struct arena *arena, const struct traffic_affinity *affinity,
                       struct node *hash)
{
    struct node *cookie = node_set_map(arena, hash, "cookie");
    node_set_string(arena, cookie, "name", affinity->cookie);
    node_set_string(arena, cookie, "ttl", gateway_duration(arena, affinity->max_age));
    node_set_string(arena, node_set_map(arena, cookie, "attributes"), "Path", affinity->path);
}

/* True if an earlier key has the same name, such as $host and $http_host. */
static bool is_repeated(const struct traffic_hash *hash, size_t index)
{
    for (size_t i = 0; i < index; i++)
        if (str_equal(key_name(&hash->keys[i]), key_name(&hash->keys[index])))
            return true;
    return false;
}

static void put_keys(struct arena *arena, const struct traffic_hash *hash, struct node *map)
{
    struct hash_form form = hash_form_of(hash->keys[0].kind);
    if (hash->keys[0].kind == HASH_COOKIE)
        node_set_string(arena, node_set_map(arena, map, "cookie"), "name", hash->keys[0].name);
    if (!form.list)
        return;
    struct node *list = node_set_list(arena, map, form.list);
    for (size_t i = 0; i < hash->count; i++)
        if (!is_repeated(hash, i))
            node_set_string(arena, node_append_map(arena, list), "name", key_name(&hash->keys[i]));
}

static void put_load_balancer(struct arena *arena, const struct traffic *traffic, bool cookie,
                              struct node *spec)
{
    if (!cookie && !traffic->hash.count)
        return;
    struct node *balancer = node_set_map(arena, spec, "loadBalancer");
    node_set_string(arena, balancer, "type", STR("ConsistentHash"));
    struct node *hash = node_set_map(arena, balancer, "consistentHash");
    node_set_string(arena, hash, "type",
                    cookie ? STR("Cookie")
                           : str_from_c(hash_form_of(traffic->hash.keys[0].kind).type));
    if (cookie)
        put_cookie(arena, &traffic->affinity, hash);
    else
        put_keys(arena, &traffic->hash, hash);
}

/* Without requestTimeout, Envoy ends each request after 15 seconds. */
static void put_timeout(struct arena *arena, const struct traffic *traffic, struct node *spec)
{
    if (!traffic->idle_timeout)
        return;
    struct node *http = node_set_map(arena, node_set_map(arena, spec, "timeout"), "http");
    node_set_string(arena, http, "requestTimeout", gateway_duration(arena, 0));
    node_set_string(arena, http, "streamIdleTimeout",
                    gateway_duration(arena, traffic->idle_timeout));
}

void envoy_put_policy(struct arena *arena, const struct traffic *traffic, struct node *spec)
{
    bool cookie = traffic->affinity.cookie.len && !gateway_has_session_persistence(traffic);
    put_load_balancer(arena, traffic, cookie, spec);
    put_timeout(arena, traffic, spec);
}

void envoy_put_target(struct arena *arena, const struct gateway_route *route, struct node *spec)
{
    struct node *target = node_append_map(arena, node_set_list(arena, spec, "targetRefs"));
    node_set_string(arena, target, "group", STR(GATEWAY_GROUP));
    node_set_string(arena, target, "kind", str_from_c(route->kind));
    node_set_string(arena, target, "name", route->name);
}

/* Requests may take as long as with nginx, which limits only how long they are idle. */
static void add_policy(struct manifests *manifests, const struct traffic *traffic,
                       const struct gateway_route *route)
{
    struct arena *arena = manifests->arena;
    struct traffic limited = *traffic;
    if (!limited.idle_timeout)
        limited.idle_timeout = NGINX_READ_TIMEOUT;
    struct node *object = manifest_object(manifests, traffic->service, ENVOY_POLICY_API,
                                          "BackendTrafficPolicy", route->name);
    struct node *spec = node_set_map(arena, object, "spec");
    envoy_put_target(arena, route, spec);
    envoy_put_policy(arena, &limited, spec);
}

static void render_routes(struct manifests *manifests, const struct traffic *traffic)
{
    static const struct gateway_form form = {.add_policy = add_policy};
    gateway_render(manifests, traffic, &form);
}

const struct traffic_flavour traffic_envoy = {.check = check, .render = render_routes};
