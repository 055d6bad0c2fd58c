#include "service/service_traffic.h"

/* Websockets may be idle longer than requests; many controllers close them after 60 seconds. */
enum { WEBSOCKET_IDLE_TIMEOUT = 3600 };

/* Variables of nginx. Their names are case-insensitive.
 * https://nginx.org/en/docs/http/ngx_http_core_module.html#variables */
static const struct {
    const char *name;
    bool is_prefix; /* the name of a header, cookie or parameter follows */
    enum hash_kind kind;
} variables[] = {
    {"request_uri", false, HASH_PATH},
    {"host", false, HASH_HOST},
    {"http_host", false, HASH_HOST},
    {"remote_addr", false, HASH_ADDRESS},
    {"binary_remote_addr", false, HASH_ADDRESS},
    {"http_", true, HASH_HEADER},
    {"cookie_", true, HASH_COOKIE},
    {"arg_", true, HASH_QUERY},
};

/* Others that an Ingress can use, from nginx and from the configuration of ingress-nginx. */
static const char *const other_variables[] = {
    "uri",
    "document_uri",
    "args",
    "is_args",
    "query_string",
    "request",
    "request_body",
    "request_id",
    "request_method",
    "scheme",
    "https",
    "hostname",
    "server_addr",
    "server_name",
    "server_port",
    "server_protocol",
    "remote_port",
    "remote_user",
    "content_type",
    "content_length",
    "connection",
    "realip_remote_addr",
    "realip_remote_port",
    "proxy_protocol_addr",
    "proxy_protocol_port",
    "proxy_add_x_forwarded_for",
    "best_http_host",
    "full_x_forwarded_proto",
    "location_path",
    "namespace",
    "ingress_name",
    "service_name",
    "service_port",
};
static const char *const other_prefixes[] = {"ssl_", "geoip_", "geoip2_", "proxy_protocol_tlv_"};

static bool is_name_byte(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z') ||
           (byte >= '0' && byte <= '9') || byte == '_';
}

/* Removes `$NAME` or `${NAME}` from the start of a string. Returns NAME; empty if there is none. */
static struct str take_variable(struct str *text)
{
    bool braces = text->len > 1 && text->data[1] == '{';
    size_t start = braces ? 2 : 1;
    size_t end = start;
    while (end < text->len && is_name_byte(text->data[end]))
        end++;
    struct str name = str_slice(*text, start, end);
    if (braces && (end == text->len || text->data[end] != '}'))
        return (struct str){0};
    *text = str_skip(*text, braces ? end + 1 : end);
    return name;
}

/* Returns the name of a header: x-user for $http_x_user. */
static struct str header_of(struct arena *arena, struct str name)
{
    struct buf header = {0};
    struct str lower = str_lower(arena, name);
    for (size_t i = 0; i < lower.len; i++)
        buf_add_byte(&header, lower.data[i] == '_' ? '-' : lower.data[i]);
    return buf_take(arena, &header);
}

static bool parse_variable(struct arena *arena, struct str variable, struct hash_key *ret)
{
    struct str lower = str_lower(arena, variable);
    for (size_t i = 0; i < COUNT_OF(variables); i++) {
        struct str name = str_from_c(variables[i].name);
        if (variables[i].is_prefix ? !str_starts_with(lower, name) || lower.len == name.len
                                   : !str_equal(lower, name))
            continue;
        *ret = (struct hash_key){.kind = variables[i].kind, .name = str_skip(variable, name.len)};
        if (ret->kind == HASH_HEADER)
            ret->name = header_of(arena, ret->name);
        return true;
    }
    return false;
}

static void add_key(struct arena *arena, struct traffic_hash *hash, struct hash_key key)
{
    hash->keys = arena_grow(arena, hash->keys, hash->count, sizeof *hash->keys);
    hash->keys[hash->count++] = key;
}

/* Parses the variables of a hash. Returns false if one is not in the table. */
static bool parse_keys(struct arena *arena, struct traffic_hash *hash)
{
    struct str rest = str_skip(hash->text, str_find(hash->text, 0, '$'));
    while (rest.len) {
        struct hash_key key;
        if (!parse_variable(arena, take_variable(&rest), &key))
            return false;
        add_key(arena, hash, key);
        rest = str_skip(rest, str_find(rest, 0, '$'));
    }
    return hash->count > 0;
}

struct traffic_hash traffic_hash_parse(struct arena *arena, struct str text)
{
    struct traffic_hash hash = {.text = text};
    if (text.len && !parse_keys(arena, &hash)) {
        hash.count = 0;
        add_key(arena, &hash, (struct hash_key){.kind = HASH_NGINX, .name = text});
    }
    return hash;
}

/* True for the name of an nginx variable. `lower`: in lower case. */
static bool is_other_variable(struct str lower)
{
    for (size_t i = 0; i < COUNT_OF(other_variables); i++)
        if (str_eq_c(lower, other_variables[i]))
            return true;
    for (size_t i = 0; i < COUNT_OF(other_prefixes); i++)
        if (str_starts_with(lower, str_from_c(other_prefixes[i])))
            return true;
    return false;
}

static void warn_variable(const struct service *service, struct str name)
{
    struct arena *arena = service->layer->arena;
    struct suggestion near = {.word = STR_JOIN(arena, STR("$"), str_lower(arena, name))};
    diag_warning(service->layer->diags, record_location(service->record, SERVICE_CONSISTENT_HASH),
                 RULE_UNSUPPORTED_BY_CONTROLLER, "$%.*s is not a known variable of nginx",
                 STR_ARG(name));
    for (size_t i = 0; i < COUNT_OF(variables); i++)
        if (!variables[i].is_prefix)
            suggestion_add(&near, str_format(arena, "$%s", variables[i].name));
    for (size_t i = 0; i < COUNT_OF(other_variables); i++)
        suggestion_add(&near, str_format(arena, "$%s", other_variables[i]));
    if (!diag_suggest(service->layer->diags, &near))
        diag_hint(service->layer->diags,
                  "use $request_uri, $host, $remote_addr, $http_NAME for a header, $arg_NAME for a "
                  "query parameter or $cookie_NAME for a cookie");
}

void traffic_check_hash(const struct service *service)
{
    struct arena *arena = service->layer->arena;
    struct str rest = str_skip(service->hash_key, str_find(service->hash_key, 0, '$'));
    while (rest.len) {
        struct str name = take_variable(&rest);
        struct hash_key key;
        if (name.len == 0) {
            diag_error(
                service->layer->diags, record_location(service->record, SERVICE_CONSISTENT_HASH),
                RULE_INVALID_VALUE, "consistent_hash has a $ without the name of a variable");
            diag_hint(service->layer->diags, "for example: $request_uri");
            return;
        }
        if (!parse_variable(arena, name, &key) && !is_other_variable(str_lower(arena, name)))
            warn_variable(service, name);
        rest = str_skip(rest, str_find(rest, 0, '$'));
    }
}

static struct traffic_hash hash_of(const struct service *service)
{
    struct traffic_hash hash = traffic_hash_parse(service->layer->arena, service->hash_key);
    hash.at = record_location(service->record, SERVICE_CONSISTENT_HASH);
    return hash;
}

static struct traffic_affinity affinity_of(const struct service *service)
{
    if (!service->sticky)
        return (struct traffic_affinity){0};
    return (struct traffic_affinity){
        .cookie = STR("opta_cookie"),
        .path = service->sticky_path,
        .max_age = service->sticky_max_age,
        .at = record_location(service->record, SERVICE_STICKY_SESSION),
    };
}

/* A Gateway without listener sets has its own certificate. */
static struct traffic_tls tls_of(const struct service *service)
{
    const struct environment *environment = &service->layer->environment;
    const struct gateway *gateway = service_gateway(service);
    if (gateway && !gateway->listener_sets)
        return (struct traffic_tls){0};
    return (struct traffic_tls){.secret = environment->tls_secret,
                                .issuer = environment->cluster_issuer};
}

struct traffic traffic_of(const struct service *service)
{
    const struct environment *environment = &service->layer->environment;
    const struct gateway *gateway = service_gateway(service);
    bool internal_class = service->internal && environment->internal_class.len;
    const struct port *port = service->public_port;
    struct traffic traffic = {
        .service = service,
        .flavour = gateway          ? gateway->flavour
                   : internal_class ? environment->internal_flavour
                                    : environment->flavour,
        .gateway = gateway,
        .class = internal_class ? environment->internal_class : environment->ingress_class,
        .internal = service->internal,
        .routes = service->routes,
        .route_count = service->route_count,
        .keeps_prefix = service->keep_path_prefix,
        .backend = {.service = service->name},
        .affinity = affinity_of(service),
        .hash = hash_of(service),
        .tls = tls_of(service),
        .annotations = service->ingress_annotations,
    };
    if (port) {
        traffic.backend.port_name = port->name;
        traffic.backend.port = port->service_port;
        traffic.protocol = port->type;
        traffic.protocol_at = port->at;
        traffic.idle_timeout = port->type == PORT_TYPE_WEBSOCKET ? WEBSOCKET_IDLE_TIMEOUT : 0;
    }
    return traffic;
}

void traffic_warn_affinity_and_hash(const struct service *service)
{
    struct diags *diags = service->layer->diags;
    diag_warning(diags, record_location(service->record, SERVICE_CONSISTENT_HASH),
                 RULE_WEAK_AFFINITY,
                 "sticky_session takes precedence over consistent_hash: only requests without the "
                 "cookie are hashed");
    diag_hint(diags, "remove one of them");
}

size_t traffic_host_end(const struct traffic *traffic, size_t from)
{
    size_t to = from + 1;
    while (to < traffic->route_count &&
           str_equal(traffic->routes[from].host, traffic->routes[to].host))
        to++;
    return to;
}

const struct item *traffic_annotation(const struct traffic *traffic, const char *key)
{
    for (size_t i = 0; i < traffic->annotations->count; i++)
        if (str_eq_c(traffic->annotations->items[i].name, key))
            return &traffic->annotations->items[i];
    return NULL;
}
