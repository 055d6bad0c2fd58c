/* Annotations of Ingresses. Those of a service file apply to all addresses of the service, so the
 * Ingresses of a service are compared with each other. */
#include "import/manifests_reader.h"
#include "manifest/traffic_ingress.h"

const struct node *given_annotation(const struct node *ingress, const char *key)
{
    const struct node *map = node_at(ingress, "metadata annotations");
    return map && map->kind == NODE_MAP ? node_at_key(map, str_from_c(key)) : NULL;
}

const struct node *given_class(const struct node *ingress)
{
    const struct node *node = node_at(ingress, "spec ingressClassName");
    return node ? node : given_annotation(ingress, CLASS_ANNOTATION);
}

/* True for an annotation of an Ingress that a field of the service generates. */
static bool is_field_annotation(const struct given_app *app, const struct node *ingress,
                                const struct node *item)
{
    static const char *const keys[] = {
        NGINX_ANNOTATION "affinity",
        NGINX_ANNOTATION "affinity-mode",
        NGINX_ANNOTATION "session-cookie-name",
        NGINX_ANNOTATION "session-cookie-path",
        NGINX_ANNOTATION "session-cookie-max-age",
        NGINX_ANNOTATION "session-cookie-expires",
        NGINX_ANNOTATION "upstream-hash-by",
        ISSUER_ANNOTATION,
    };
    static const char *const timeouts[] = {NGINX_ANNOTATION "proxy-read-timeout",
                                           NGINX_ANNOTATION "proxy-send-timeout"};
    struct str key = item->key->text;
    struct str text = node_string(item);
    for (size_t i = 0; i < COUNT_OF(keys); i++)
        if (str_eq_c(key, keys[i]))
            return true;
    for (size_t i = 0; app->has_websocket && i < COUNT_OF(timeouts); i++)
        if (str_eq_c(key, timeouts[i]))
            return str_eq_c(text, "3600");
    return (str_eq_c(key, NGINX_ANNOTATION "use-regex") && str_eq_c(text, "true")) ||
           (str_eq_c(key, NGINX_ANNOTATION "rewrite-target") && str_eq_c(text, "/$2")) ||
           (str_eq_c(key, CLASS_ANNOTATION) && !node_at(ingress, "spec ingressClassName")) ||
           (str_eq_c(key, ALB_TARGET_ANNOTATION) && str_eq_c(text, "ip") &&
            str_eq_c(node_string(given_class(ingress)), ALB_CLASS)) ||
           (app->has_grpc && str_eq_c(key, NGINX_ANNOTATION "backend-protocol"));
}

/* True for an annotation that restricts who may send requests, or changes where they arrive, of any
 * controller. */
static bool redirects_or_restricts(struct str key)
{
    static const char *const words[] = {
        /* access control */
        "auth", "satisfy", "whitelist", "allowlist", "allow-list", "blacklist", "denylist",
        "deny-list", "source-range", "inbound-cidrs", "modsecurity", "owasp", "waf", "middlewares",
        "plugins", "snippet",
        /* rewrites */
        "rewrite-target", "path-rewrite", "rewrites", "path-prefix", "strip-path", "upstream-vhost",
        "app-root", "server-alias", "permanent-redirect", "temporal-redirect", "www-redirect",
        "canary", "mirror-"};
    size_t slash = str_find(key, 0, '/');
    struct str name = slash < key.len ? str_skip(key, slash + 1) : key;
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_contains(name, str_from_c(words[i])))
            return true;
    return false;
}

/* How the Ingresses of an app use an annotation. */
struct use {
    struct use *self; /* this struct; maps return const pointers */
    const struct node *item;
    const struct given_object *owner; /* the first Ingress that has it */
    size_t count;                     /* of the Ingresses that have it */
    size_t leading;                   /* those before the first one that does not have it */
    bool differs;
    struct use *next;
};

struct uses {
    const struct given_object **ingresses; /* those that are carried over */
    size_t total;
    struct map by_key;
    struct use *first;
};

static void add_use(const struct given_app *app, struct uses *uses, struct use ***end,
                    const struct node *item, size_t position)
{
    const struct use *found = map_get(&uses->by_key, item->key->text);
    struct use *use = found ? found->self : NULL;
    if (!use) {
        use = ARENA_NEW(app->arena, struct use);
        *use = (struct use){.self = use, .item = item, .owner = uses->ingresses[position]};
        map_add(app->arena, &uses->by_key, item->key->text, use);
        **end = use;
        *end = &use->next;
    }
    use->differs |= !str_equal(node_string(use->item), node_string(item));
    use->count++;
    use->leading += use->leading == position;
}

/* Returns the annotations that no field generates, in the order of the source. */
static struct uses find_uses(const struct given_app *app)
{
    struct uses uses = {0};
    struct use **end = &uses.first;
    for (const struct given_route *route = app->routes; route; route = route->next)
        uses.total += route->is_carried;
    uses.ingresses = ARENA_ARRAY(app->arena, uses.total, const struct given_object *);
    size_t position = 0;
    for (const struct given_route *route = app->routes; route; route = route->next) {
        const struct node *map = node_at(route->object->node, "metadata annotations");
        if (!route->is_carried)
            continue;
        uses.ingresses[position] = route->object;
        for (const struct node *item = node_first_child(map); item && item->key; item = item->next)
            if (!is_field_annotation(app, route->object->node, item) &&
                !given_is_server_annotation(item->key->text))
                add_use(app, &uses, &end, item, position);
        position++;
    }
    return uses;
}

/* True if all Ingresses have the annotation, with the same value. */
static bool is_uniform(const struct uses *uses, const struct use *use)
{
    return use->leading == uses->total && !use->differs;
}

/* Returns an annotation of the Ingress that must not apply to the others; NULL if there is none. */
static const struct node *find_restriction(const struct uses *uses, const struct node *ingress)
{
    const struct node *map = node_at(ingress, "metadata annotations");
    for (const struct node *item = node_first_child(map); item && item->key; item = item->next) {
        const struct use *use = map_get(&uses->by_key, item->key->text);
        if (use && !is_uniform(uses, use) && redirects_or_restricts(item->key->text))
            return item;
    }
    return NULL;
}

/* Leaves an Ingress as it is. */
static void keep(struct given_route *route)
{
    route->is_carried = false;
    route->object->self->app = NULL;
}

static void add_hosts(const struct given_app *app, const struct given_object *object,
                      struct map *hosts)
{
    const struct node *rule = node_first_child(node_at(object->node, "spec rules"));
    for (; rule; rule = rule->next)
        map_add(app->arena, hosts, given_text(rule, "host"), object);
}

/* Returns an Ingress of one of the hosts for which the other one has a path besides `/`. */
static const struct given_object *find_shadowed(const struct given_object *other,
                                                const struct map *hosts)
{
    const struct node *rule = node_first_child(node_at(other->node, "spec rules"));
    for (; rule; rule = rule->next) {
        const struct given_object *found = map_get(hosts, given_text(rule, "host"));
        const struct node *item = node_first_child(node_at(rule, "http paths"));
        for (; found && item; item = item->next)
            if (!str_eq_c(given_text(item, "path"), "/"))
                return found;
    }
    return NULL;
}

/* nginx prefers the longest regular expression of a host: those of a service file could take the
 * requests of an Ingress that is left as it is. */
static void keep_shadowing(struct given_app *app, const struct map *hosts)
{
    for (struct given_route *route = app->routes; route; route = route->next) {
        const struct given_object *shadowed =
            route->is_carried ? find_shadowed(route->object, hosts) : NULL;
        if (!shadowed)
            continue;
        given_lost(app, route->object->at,
                   "the addresses of Ingress %.*s are not carried over: its new paths could take "
                   "requests of Ingress %.*s, which has the same host",
                   STR_ARG(route->object->name), STR_ARG(shadowed->name));
        keep(route);
    }
}

void given_keep_restrictions(struct given_app *app)
{
    const struct uses uses = find_uses(app);
    struct map hosts = {0};
    for (struct given_route *route = app->routes; route; route = route->next) {
        const struct node *item =
            route->is_carried ? find_restriction(&uses, route->object->node) : NULL;
        if (!item)
            continue;
        given_lost(app, given_at(item),
                   "the addresses of Ingress %.*s are not carried over: annotation %.*s would "
                   "apply to all addresses of the service",
                   STR_ARG(route->object->name), STR_ARG(item->key->text));
        keep(route);
        if (nginx_is_annotation(item->key->text))
            add_hosts(app, route->object, &hosts);
    }
    keep_shadowing(app, &hosts);
}

/* Notes the Ingresses that get an annotation from others. */
static void note_missing(const struct given_app *app, const struct uses *uses,
                         const struct use *use)
{
    size_t others = uses->total - use->count;
    struct str rest = STR("");
    if (others == 0)
        return;
    if (others > 1)
        rest = str_format(app->arena, " and to %zu more", others - 1);
    given_lost(app, uses->ingresses[use->leading]->at,
               "annotation %.*s also applies here%.*s: a service has it for all addresses or none",
               STR_ARG(use->item->key->text), STR_ARG(rest));
}

/* Notes the values that differ from those that are carried over. */
static void note_different(const struct given_app *app, const struct uses *uses,
                           const struct node *ingress)
{
    const struct node *map = node_at(ingress, "metadata annotations");
    for (const struct node *item = node_first_child(map); item && item->key; item = item->next) {
        const struct use *use = map_get(&uses->by_key, item->key->text);
        if (use && !str_equal(node_string(use->item), node_string(item)))
            given_lost(app, given_at(item),
                       "annotation %.*s becomes that of Ingress %.*s: a service has one for all "
                       "addresses",
                       STR_ARG(item->key->text), STR_ARG(use->owner->name));
    }
}

void given_read_annotations(struct given_app *app)
{
    const struct uses uses = find_uses(app);
    for (const struct use *use = uses.first; use; use = use->next) {
        struct node *map = import_map(app->import, app->module, SERVICE_INGRESS_ANNOTATIONS,
                                      node_at(use->owner->node, "metadata annotations")->span);
        given_entry(app, map, use->item->key->text, use->item);
        note_missing(app, &uses, use);
    }
    for (size_t i = 0; i < uses.total; i++)
        note_different(app, &uses, uses.ingresses[i]->node);
}
