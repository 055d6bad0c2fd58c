/* Addresses of services in the strings of a Compose file. */
#include "import/compose_reader.h"

/* A name of a service that it has only in Compose, such as container_name, or an IP address. */
struct other_name {
    struct str key;          /* of the service */
    bool is_used;            /* in an address */
    struct other_name *self; /* this struct; maps return const pointers */
};

static void add_name(struct compose *compose, struct str name, struct str key)
{
    struct other_name *other = ARENA_NEW(compose->arena, struct other_name);
    *other = (struct other_name){.key = key, .self = other};
    if (name.len && !map_get(&compose->service_keys, name))
        map_add(compose->arena, &compose->other_names, name, other);
}

/* Adds the alias of a link SERVICE:ALIAS. */
static void add_link(struct compose *compose, struct str link)
{
    size_t colon = str_find(link, 0, ':');
    struct str key = str_slice(link, 0, colon);
    if (map_get(&compose->service_keys, key))
        add_name(compose, str_skip(link, colon + 1), key);
}

static void add_network(const struct compose_service *service, const struct node *network)
{
    const struct node *aliases = compose_get(network, "aliases");
    const struct node *address = compose_get(network, "ipv4_address");
    for (const struct node *alias = node_first_child(aliases); alias; alias = alias->next)
        add_name(service->compose, compose_peek(service, alias), service->key);
    if (address)
        add_name(service->compose, compose_peek(service, address), service->key);
}

static void index_names(const struct compose_service *service)
{
    static const char *const keys[] = {"container_name", "hostname"};
    const struct node *networks = compose_get(service->node, "networks");
    const struct node *links = compose_get(service->node, "links");
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct node *name = compose_get(service->node, keys[i]);
        if (name)
            add_name(service->compose, compose_peek(service, name), service->key);
    }
    for (const struct node *item = node_first_child(networks); item; item = item->next)
        add_network(service, item);
    for (const struct node *item = node_first_child(links); item; item = item->next)
        add_link(service->compose, node_string(item));
}

/* Returns the key of the service with this host name; empty if there is none. */
static struct str find_service(const struct compose *compose, struct str host)
{
    if (map_get(&compose->service_keys, host))
        return host;
    const struct other_name *other = map_get(&compose->other_names, host);
    if (!other)
        return STR("");
    other->self->is_used = true;
    return other->key;
}

bool compose_is_host(const struct compose *compose, struct str name)
{
    const struct other_name *other = map_get(&compose->other_names, name);
    return other && other->is_used;
}

static void add_address(struct compose *compose, struct str key, struct compose_address address)
{
    struct compose_addresses *list = ARENA_NEW(compose->arena, struct compose_addresses);
    list->self = list;
    const struct compose_addresses *first = map_add(compose->arena, &compose->addresses, key, list);
    if (first)
        list = first->self;
    for (size_t i = 0; i < list->count; i++)
        if (list->items[i].port == address.port)
            return;
    if (list->count < PORTS_PER_SERVICE_MAX)
        list->items[list->count++] = address;
}

static bool is_host_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_' || c == '.';
}

/* Returns the port that follows a host at `at`; 0 if there is none. */
static int64_t port_at(struct str text, size_t at)
{
    size_t end = at + 1;
    int64_t number;
    if (at >= text.len || text.data[at] != ':')
        return 0;
    while (end < text.len && str_is_digit(text.data[end]))
        end++;
    return str_to_int(str_slice(text, at + 1, end), &number) && number <= PORT_MAX ? number : 0;
}

/* True if `at` follows the beginning of a URL: SCHEME:// or SCHEME://USER@. */
static bool is_in_url(struct str text, size_t at)
{
    return (at >= 1 && text.data[at - 1] == '@') ||
           (at >= 2 && text.data[at - 1] == '/' && text.data[at - 2] == '/');
}

static bool is_ip_address(struct str host)
{
    return str_span_only(host, "0123456789.");
}

/* Records each HOST:PORT of a string whose host is a service, and each use of another name. */
static void index_string(struct compose *compose, struct str text)
{
    for (size_t at = 0; at < text.len;) {
        size_t start = at;
        while (at < text.len && is_host_byte(text.data[at]))
            at++;
        while (start < at && text.data[start] == '-') /* such as that of ${NAME:-HOST} */
            start++;
        struct str host = str_slice(text, start, at);
        int64_t port = port_at(text, at);
        if (host.len && (port || is_in_url(text, start) || is_ip_address(host))) {
            struct str key = find_service(compose, host);
            if (key.len && port)
                add_address(compose, key, (struct compose_address){port, host});
        }
        at++;
    }
}

static void index_node(const struct compose_service *service, const struct node *node)
{
    if (node && node->kind == NODE_SCALAR) {
        index_string(service->compose, node->text);
        if (str_find(node->text, 0, '$') < node->text.len)
            index_string(service->compose, compose_peek(service, node));
    }
    for (const struct node *child = node_first_child(node); child; child = child->next)
        index_node(service, child);
}

/* True for the name of a variable whose value may be only a host. */
static bool means_host(struct arena *arena, struct str name)
{
    static const char *const words[] = {"HOST", "ADDR", "SERVER", "URL", "URI", "ENDPOINT"};
    struct str upper = str_upper(arena, name);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_contains(upper, str_from_c(words[i])))
            return true;
    return false;
}

static void index_environment(const struct compose_service *service, const struct node *map)
{
    for (const struct node *item = node_first_child(map); item; item = item->next) {
        struct str text = compose_peek(service, item);
        size_t equals = item->key ? 0 : str_find(text, 0, '=');
        struct str name = item->key ? item->key->text : str_slice(text, 0, equals);
        if (means_host(service->arena, name))
            find_service(service->compose, item->key ? text : str_skip(text, equals + 1));
        index_node(service, item);
    }
}

static void index_dependencies(struct compose *compose, const struct node *depends)
{
    for (const struct node *item = node_first_child(depends); item; item = item->next) {
        struct str name = depends->kind == NODE_MAP ? item->key->text : node_string(item);
        struct str condition = node_string(compose_get(item, "condition"));
        map_add(compose->arena, &compose->dependencies, str_slice(name, 0, str_find(name, 0, ':')),
                item);
        if (str_eq_c(condition, "service_completed_successfully"))
            map_add(compose->arena, &compose->tasks, name, item);
    }
}

static void index_strings(const struct compose_service *service)
{
    index_environment(service, compose_get(service->node, "environment"));
    index_node(service, compose_get(service->node, "command"));
    index_node(service, compose_get(service->node, "entrypoint"));
    index_dependencies(service->compose, compose_get(service->node, "depends_on"));
    index_dependencies(service->compose, compose_get(service->node, "links"));
}

static void for_each_service(struct compose *compose, void index(const struct compose_service *))
{
    const struct node *services = compose_get(compose->root, "services");
    for (const struct node *node = node_first_child(services); node; node = node->next) {
        const struct compose_service service = {.compose = compose,
                                                .import = compose->import,
                                                .arena = compose->arena,
                                                .key = node->key->text,
                                                .node = node};
        index(&service);
    }
}

static void index_key(const struct compose_service *service)
{
    map_add(service->arena, &service->compose->service_keys, service->key, service->node);
}

void compose_index_addresses(struct compose *compose)
{
    for_each_service(compose, index_key);
    for_each_service(compose, index_names);
    for_each_service(compose, index_strings);
}
