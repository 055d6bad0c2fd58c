#include "service/layer_hosts.h"

#include "format/name.h"

/* The services with a host. */
struct users {
    struct users *self;
    struct str first; /* the name of the first one */
    bool several;
};

/* The hosts of one entry point: the public or the internal one. */
struct layer_hosts {
    struct map exact;     /* users of a host, as written; of all hosts under "" */
    struct map wildcards; /* users of *.DOMAIN, by DOMAIN */
    struct map below;     /* users of hosts in DOMAIN, by DOMAIN; of any host under "" */
    struct map children;  /* a host of one label before DOMAIN, not a wildcard, by DOMAIN */
    size_t count;         /* of hosts */
};

static bool add_user(struct arena *arena, struct map *map, struct str key, struct str service)
{
    struct users *added = ARENA_NEW(arena, struct users);
    *added = (struct users){.self = added, .first = service};
    const struct users *found = map_add(arena, map, key, added);
    if (found && !str_equal(found->first, service))
        found->self->several = true;
    return !found;
}

static void add_child(struct arena *arena, struct map *children, struct str host)
{
    struct str *child = ARENA_NEW(arena, struct str);
    *child = host;
    map_add(arena, children, str_skip(host, str_find(host, 0, '.') + 1), child);
}

static void add_host(struct arena *arena, struct layer_hosts *hosts, struct str host,
                     struct str service)
{
    hosts->count += add_user(arena, &hosts->exact, host, service);
    add_user(arena, &hosts->below, STR(""), service);
    if (str_starts_with(host, STR("*.")))
        add_user(arena, &hosts->wildcards, str_skip(host, 2), service);
    else if (host.len)
        add_child(arena, &hosts->children, host);
    for (size_t dot = str_find(host, 0, '.'); dot < host.len; dot = str_find(host, dot + 1, '.'))
        add_user(arena, &hosts->below, str_skip(host, dot + 1), service);
}

static void add_module(struct layer *layer, const struct module *module)
{
    static const enum field_id fields[] = {SERVICE_PUBLIC_URI, SERVICE_INTERNAL};
    const struct record *record = layer_read_fields(layer, module, fields, COUNT_OF(fields));
    bool internal = record_value(record, SERVICE_INTERNAL)->boolean;
    const struct value *uris = record_value(record, SERVICE_PUBLIC_URI);
    for (size_t i = 0; i < uris->count; i++)
        add_host(layer->arena, layer->hosts[internal],
                 service_uri_host(layer->arena, uris->items[i].text), module->name);
}

static const struct layer_hosts *hosts_of(const struct service *service)
{
    struct layer *layer = service->layer;
    if (!layer->hosts[0]) {
        layer->hosts[0] = ARENA_NEW(layer->arena, struct layer_hosts);
        layer->hosts[1] = ARENA_NEW(layer->arena, struct layer_hosts);
        for (size_t i = 0; i < layer->module_count; i++)
            if (module_is_service(&layer->modules[i]) && layer->modules[i].node->kind == NODE_MAP)
                add_module(layer, &layer->modules[i]);
    }
    return layer->hosts[service->internal];
}

static bool has_other(const struct map *map, struct str key, const struct service *service)
{
    const struct users *users = map_get(map, key);
    return users && (users->several || !str_equal(users->first, service->name));
}

bool layer_shares_host(const struct service *service, struct str host)
{
    const struct layer_hosts *hosts = hosts_of(service);
    if (host.len == 0)
        return has_other(&hosts->below, host, service);
    bool shared =
        has_other(&hosts->exact, host, service) || has_other(&hosts->exact, STR(""), service) ||
        (str_starts_with(host, STR("*.")) && has_other(&hosts->below, str_skip(host, 2), service));
    for (size_t dot = str_find(host, 0, '.'); dot < host.len && !shared;
         dot = str_find(host, dot + 1, '.'))
        shared = has_other(&hosts->wildcards, str_skip(host, dot + 1), service);
    return shared;
}

struct str layer_host_owner(const struct service *service, struct str host)
{
    const struct users *users = map_get(&hosts_of(service)->exact, host);
    return users ? users->first : service->name;
}

struct str layer_overlapping_host(const struct service *service, struct str host)
{
    struct layer *layer = service->layer;
    const struct layer_hosts *hosts = hosts_of(service);
    struct str domain = str_skip(host, str_find(host, 0, '.') + 1);
    const struct str *child = map_get(&hosts->children, domain);
    if (str_starts_with(host, STR("*.")))
        return child ? *child : STR("");
    if (host.len && map_get(&hosts->wildcards, domain))
        return STR_JOIN(layer->arena, STR("*."), domain);
    return STR("");
}

size_t layer_host_count(const struct service *service)
{
    return hosts_of(service)->count;
}
