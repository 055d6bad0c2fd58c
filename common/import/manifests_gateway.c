/* public_uri and its settings, from routes of the Gateway API. */
#include "import/manifests_reader.h"
#include "manifest/traffic_gateway.h"

/* Sets a field of the Gateway, or notes that an object differs from an earlier one. */
static void set_gateway(const struct given_app *app, enum field_id field, struct str text,
                        struct location at)
{
    struct node *map = import_map(app->import, app->import->file, app->gateway, at);
    const struct node *old = import_get(map, field);
    if (!old)
        import_string(app->import, map, field, import_literal(app->arena, text, NULL), at);
    else if (!str_equal(old->text, text))
        given_lost(app, at,
                   "%s of the gateway becomes %.*s instead of %.*s: a service file has one for all",
                   schema_field(field)->name, STR_ARG(old->text), STR_ARG(text));
}

/* True if the field of the file may be the Gateway with this name. */
static bool may_be(const struct given_app *app, enum field_id field, struct str name)
{
    const struct node *map = import_get(app->import->file, field);
    return !map || str_equal(node_string(import_get(map, GATEWAY_NAME)), name);
}

/* Selects the field for a Gateway. If there are two, the second one is internal_gateway. Returns
 * false if there are more. */
static bool select_gateway(struct given_app *app, struct str name, struct location at)
{
    bool has_class = import_get(app->import->file, FILE_INGRESS_CLASS) != NULL;
    bool public = !has_class && may_be(app, FILE_GATEWAY, name);
    if (!public && !may_be(app, FILE_INTERNAL_GATEWAY, name)) {
        given_lost(app, at,
                   "the gateway %.*s is not carried over: a service file has one for public and "
                   "one for internal addresses",
                   STR_ARG(name));
        return false;
    }
    if (!given_set_internal(app, !public, at))
        return false;
    app->has_gateway = true;
    app->gateway = public ? FILE_GATEWAY : FILE_INTERNAL_GATEWAY;
    set_gateway(app, GATEWAY_NAME, name, at);
    return true;
}

/* Returns NAMESPACE/NAME of a reference to a Gateway. */
static struct str gateway_name(const struct given_app *app, const struct node *parent)
{
    const struct node *namespace = node_at(parent, "namespace");
    return STR_JOIN(app->arena, namespace ? node_string(namespace) : app->given->name, STR("/"),
                    given_text(parent, "name"));
}

/* A ListenerSet refers to the Gateway, and has the certificate. */
static bool read_listener_set(struct given_app *app, const struct node *parent)
{
    const struct given_object *set =
        given_is_own_namespace(app->given, given_text(parent, "namespace"))
            ? given_find(app->given, "ListenerSet", given_text(parent, "name"))
            : NULL;
    const struct node *owner = set ? node_at(set->node, "spec parentRef") : NULL;
    if (!owner) {
        given_lost(app, parent->span,
                   "the parent of the route is not carried over: its ListenerSet "
                   "is not among the objects");
        return false;
    }
    if (!select_gateway(app, gateway_name(app, owner), owner->span))
        return false;
    struct node *map = import_get(app->import->file, app->gateway);
    if (!import_get(map, GATEWAY_LISTENER_SETS))
        import_bool(app->import, map, GATEWAY_LISTENER_SETS, true, parent->span);
    const struct node *listener = node_first_child(node_at(set->node, "spec listeners"));
    const struct node *secret = node_first_child(node_at(listener, "tls certificateRefs"));
    const struct given_object *certificate = given_find(app->given, "Certificate", set->name);
    const struct node *issuer =
        certificate ? node_at(certificate->node, "spec issuerRef name") : NULL;
    if (issuer)
        given_set_file_field(app, FILE_CLUSTER_ISSUER,
                             import_literal(app->arena, node_string(issuer), NULL), issuer->span);
    else if (secret && node_at(secret, "name"))
        given_set_file_field(app, FILE_TLS_SECRET,
                             import_literal(app->arena, given_text(secret, "name"), NULL),
                             node_at(secret, "name")->span);
    return true;
}

/* Returns the filter of a rule that redirects; NULL if it has none. */
static const struct node *find_redirect(const struct node *rule)
{
    const struct node *filter = node_first_child(node_at(rule, "filters"));
    while (filter && !str_eq_c(given_text(filter, "type"), "RequestRedirect"))
        filter = filter->next;
    return filter;
}

/* True for a route that only redirects. */
static bool is_redirect(const struct node *route)
{
    bool found = false;
    for (const struct node *rule = node_first_child(node_at(route, "spec rules")); rule;
         rule = rule->next) {
        if (node_first_child(node_at(rule, "backendRefs")))
            return false;
        found |= find_redirect(rule) != NULL;
    }
    return found;
}

/* Redirects of a Gateway without a type have the status that all implementations support. */
static void read_status(const struct given_app *app, const struct node *route)
{
    for (const struct node *rule = node_first_child(node_at(route, "spec rules")); rule;
         rule = rule->next) {
        const struct node *status = node_at(find_redirect(rule), "requestRedirect statusCode");
        if (status && !str_eq_c(node_string(status), "301") && !app->given->redirect.source)
            app->given->redirect = status->span;
    }
}

/* Reads what a route is attached to. Returns false if its addresses cannot be carried over. */
static bool read_parents(struct given_app *app, const struct node *route)
{
    const struct node *parents = node_at(route, "spec parentRefs");
    const struct node *parent = node_first_child(parents);
    const struct node *listener = parent ? node_at(parent, "sectionName") : NULL;
    bool ok;
    if (!parent || parent->kind != NODE_MAP) {
        given_lost(app, route->span, "the route is not carried over: it has no parentRefs");
        return false;
    }
    bool set = str_eq_c(given_text(parent, "kind"), "ListenerSet");
    ok = set ? read_listener_set(app, parent)
             : select_gateway(app, gateway_name(app, parent), parent->span);
    if (ok && listener && !set)
        set_gateway(app, is_redirect(route) ? GATEWAY_HTTP_LISTENER : GATEWAY_LISTENER,
                    node_string(listener), listener->span);
    if (is_redirect(route))
        read_status(app, route);
    given_note_keys(app, parent, "group kind namespace name sectionName",
                    STR("the parent of the route"));
    if (parent->next)
        given_lost(app, parent->next->span,
                   "a second parent of the route is not carried over: a service has one Gateway");
    return ok;
}

/* The kind of Gateway follows from the objects of its controller. */
static void read_type(const struct given_app *app)
{
    static const struct {
        const char *kind;
        const char *type;
    } rows[] = {{"BackendTrafficPolicy", "envoy"}, {"TraefikService", "traefik"}};
    for (const struct given_object *object = app->given->objects; object; object = object->next)
        for (size_t i = 0; i < COUNT_OF(rows); i++)
            if (object->app == app && str_eq_c(object->kind, rows[i].kind) && app->has_gateway)
                set_gateway(app, GATEWAY_TYPE, str_from_c(rows[i].type), object->at);
}

/* Rules */

/* Returns the first backend of a rule that gets requests; NULL if it has none. */
static const struct node *main_backend(const struct node *rule)
{
    const struct node *backend = node_first_child(node_at(rule, "backendRefs"));
    while (backend && str_eq_c(given_text(backend, "weight"), "0"))
        backend = backend->next;
    return backend;
}

/* Adds the addresses of a path for all hosts of a route. */
static void add_path(struct given_app *app, const struct node *hosts, struct str prefix,
                     struct location at)
{
    const struct node *host = node_first_child(hosts);
    while (str_ends_with(prefix, STR("/")))
        prefix.len--;
    if (!host)
        given_add_uri(app, STR(""), prefix, at);
    for (; host; host = host->next)
        given_add_uri(app, node_string(host), prefix, at);
}

/* Reads the filters of a rule. Returns true if they remove the path prefix. */
static bool read_filters(struct given_app *app, const struct node *rule)
{
    bool strips = false;
    for (const struct node *filter = node_first_child(node_at(rule, "filters")); filter;
         filter = filter->next) {
        bool rewrites = str_eq_c(given_text(filter, "type"), "URLRewrite") &&
                        str_eq_c(given_text(filter, "urlRewrite path replacePrefixMatch"), "/") &&
                        !node_at(filter, "urlRewrite hostname");
        strips |= rewrites;
        if (!rewrites)
            given_lost(app, filter->span, "the filter %.*s is not carried over",
                       STR_ARG(given_text(filter, "type")));
    }
    return strips;
}

static void note_rule_keys(const struct given_app *app, const struct node *rule)
{
    const struct node *used = main_backend(rule);
    given_note_keys(app, rule, "matches filters backendRefs sessionPersistence", STR("the route"));
    for (const struct node *backend = node_first_child(node_at(rule, "backendRefs")); backend;
         backend = backend->next)
        if (backend != used)
            given_lost(app, backend->span, "a second backend of the route is not carried over");
    given_note_keys(app, used, "group kind namespace name port weight",
                    STR("the backend of the route"));
}

/* Parses hours, minutes and seconds, such as 36h or 1h30m. */
static bool parse_duration(struct str text, int64_t *ret_seconds)
{
    enum { MINUTE = 60, HOUR = 60 * MINUTE };
    int64_t total = 0;
    for (size_t at = 0, end; at < text.len; at = end + 1) {
        int64_t number;
        end = at;
        while (end < text.len && text.data[end] >= '0' && text.data[end] <= '9')
            end++;
        enum { DIGITS_MAX = 9 };
        if (end == text.len || end - at > DIGITS_MAX ||
            !str_to_int(str_slice(text, at, end), &number))
            return false;
        char unit = text.data[end];
        if (unit != 'h' && unit != 'm' && unit != 's')
            return false;
        total += number * (unit == 'h' ? HOUR : unit == 'm' ? MINUTE : 1);
    }
    *ret_seconds = total;
    return text.len > 0;
}

/* Sets sticky_session_max_age, if the cookie has a duration. */
static void set_max_age(const struct given_app *app, const struct node *duration)
{
    int64_t seconds;
    if (!duration)
        return;
    if (parse_duration(node_string(duration), &seconds))
        given_set_max_age(app, seconds, duration->span);
    else
        given_lost(
            app, duration->span,
            "the cookie expires after a day instead of %.*s: a service file has whole seconds",
            STR_ARG(node_string(duration)));
}

static void read_session(struct given_app *app, const struct node *rule)
{
    const struct node *session = node_at(rule, "sessionPersistence");
    if (!session || !app->has_gateway)
        return;
    set_gateway(app, GATEWAY_SESSION_PERSISTENCE, STR("v1.6"), session->span);
    import_bool(app->import, app->module, SERVICE_STICKY_SESSION, true, session->span);
    set_max_age(app, node_at(session, "absoluteTimeout"));
    if (!node_at(session, "absoluteTimeout"))
        given_add_ageless(app, session->span);
    else if (!str_eq_c(given_text(session, "cookieConfig lifetimeType"), "Permanent"))
        given_lost(app, session->span,
                   "the cookie remains when the browser ends, until its absoluteTimeout");
    if (str_eq_c(given_text(session, "type"), "Header"))
        given_lost(app, node_at(session, "type")->span,
                   "the session is in a cookie instead of a header");
    given_note_keys(app, session, "sessionName type absoluteTimeout cookieConfig",
                    STR("the session of the route"));
    if (!str_eq_c(given_text(session, "sessionName"), "opta_cookie"))
        given_lost(app, session->span,
                   "the cookie becomes opta_cookie: clients start a new session");
}

static struct str route_key(const struct given_app *app, struct str kind, struct str name)
{
    return STR_JOIN(app->arena, kind, STR("/"), name);
}

static void add_target(struct given_app *app, const struct node *target)
{
    if (target && !node_at(target, "sectionName"))
        map_add(app->arena, &app->bound_routes,
                route_key(app, given_text(target, "kind"), given_text(target, "name")), target);
}

void given_index_policies(struct given_app *app)
{
    for (const struct given_object *object = app->given->objects; object; object = object->next) {
        if (object->app != app || !str_eq_c(object->kind, "BackendTrafficPolicy") ||
            !node_at(object->node, "spec loadBalancer consistentHash"))
            continue;
        const struct node *targets = node_at(object->node, "spec targetRefs");
        for (const struct node *target = node_first_child(targets); target; target = target->next)
            add_target(app, target);
        add_target(app, node_at(object->node, "spec targetRef"));
    }
}

/* True if a rule binds its clients to pods. */
static bool binds_clients(const struct given_app *app, const struct node *route,
                          const struct node *rule)
{
    return node_at(rule, "sessionPersistence") ||
           str_eq_c(given_text(main_backend(rule), "kind"), "TraefikService") ||
           map_get(&app->bound_routes,
                   route_key(app, given_text(route, "kind"), given_text(route, "metadata name")));
}

/* True for a match by nothing but a path. */
static bool is_path_match(const struct node *match)
{
    for (const struct node *item = node_first_child(match); item && item->key; item = item->next)
        if (!str_eq_c(item->key->text, "path"))
            return false;
    return !str_eq_c(given_text(match, "path type"), "RegularExpression");
}

static void read_rule(struct given_app *app, const struct node *route, const struct node *rule)
{
    const struct node *hosts = node_at(route, "spec hostnames");
    const struct node *match = node_first_child(node_at(rule, "matches"));
    bool strips = read_filters(app, rule);
    size_t addresses = app->address_count;
    if (!match)
        add_path(app, hosts, STR(""), rule->span);
    for (; match; match = match->next) {
        const struct node *path = node_at(match, "path value");
        struct str type = given_text(match, "path type");
        struct str prefix = path ? node_string(path) : STR("/");
        given_note_keys(app, node_at(match, "path"), "type value", STR("the match"));
        if (!is_path_match(match)) {
            given_lost(app, match->span,
                       "the match is not carried over: public_uri has path prefixes only");
            continue;
        }
        if (str_eq_c(type, "Exact"))
            given_lost(app, match->span,
                       "path %.*s becomes a prefix, which also matches all paths below it",
                       STR_ARG(prefix));
        add_path(app, hosts, prefix, path ? path->span : match->span);
        if (prefix.len > 1 && strips)
            app->strips_prefix = true;
        if (prefix.len > 1 && !strips)
            app->keeps_prefix = true;
    }
    if (app->address_count > addresses) {
        given_add_binding(app, binds_clients(app, route, rule), rule->span);
        read_session(app, rule);
    }
    note_rule_keys(app, rule);
}

/* Notes a rule that leads to no Service of a workload. */
static void note_rule(const struct given_app *app, const struct node *rule)
{
    const struct node *backend = main_backend(rule);
    struct str problem = STR("it has no backend that gets requests");
    if (backend)
        problem = given_backend_problem(app, backend);
    if (!backend && find_redirect(rule))
        given_lost(app, rule->span, "a redirect is not carried over");
    else
        given_lost(app, rule->span, "a rule is not carried over: %.*s", STR_ARG(problem));
}

/* True for a rule with a path that public_uri can express. */
static bool has_path(const struct node *rule)
{
    const struct node *match = node_first_child(node_at(rule, "matches"));
    bool found = !match;
    for (; match; match = match->next)
        found |= is_path_match(match);
    return found;
}

/* Reads where the rules of a route lead: `*ret_own`: to an address of the app; `*ret_other`: to
 * another app. */
static void find_leads(const struct given_app *app, const struct node *rules, bool *ret_own,
                       bool *ret_other)
{
    *ret_own = *ret_other = false;
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        enum given_backend backend = given_backend_of(app, main_backend(rule));
        *ret_own |= backend == GIVEN_HTTP_PORT && has_path(rule);
        *ret_other |= backend == GIVEN_OTHER_APP;
    }
}

static void read_rules(struct given_app *app, const struct given_object *object)
{
    for (const struct node *rule = node_first_child(node_at(object->node, "spec rules")); rule;
         rule = rule->next) {
        enum given_backend backend = given_backend_of(app, main_backend(rule));
        if (backend == GIVEN_HTTP_PORT)
            read_rule(app, object->node, rule);
        else if (backend == GIVEN_OTHER_PORT)
            given_lost(app, rule->span,
                       "a rule is not carried over: it leads to another port; public_uri leads "
                       "only to the port of type http");
        else if (backend == GIVEN_NO_SERVICE && object->app == app)
            note_rule(app, rule);
    }
}

/* The Gateway of a route without any address that is carried over has no effect. */
void given_read_route(struct given_app *app, const struct given_object *object)
{
    bool redirects = is_redirect(object->node);
    bool own;
    bool other;
    find_leads(app, node_at(object->node, "spec rules"), &own, &other);
    bool ok = (!own && !redirects) || read_parents(app, object->node);
    if (object->app == app)
        given_note_keys(app, node_at(object->node, "spec"), "parentRefs hostnames rules",
                        STR("the route"));
    if (ok && !redirects)
        read_rules(app, object);
    if (object->app == app && !other && (redirects ? !ok : !own || !ok))
        object->self->app = NULL;
}

/* Objects of controllers */

/* Adds the variable of nginx that means the same as a part of a hash. */
static void add_variable(struct buf *text, const char *prefix, struct str name)
{
    buf_format(text, "$%s", prefix);
    for (size_t i = 0; i < name.len; i++)
        buf_add_byte(text, name.data[i] == '-' ? '_' : name.data[i]);
}

static void read_hash(struct given_app *app, const struct node *hash)
{
    struct buf text = {0};
    struct str type = given_text(hash, "type");
    const struct node *headers = node_at(hash, "headers");
    const struct node *parameters = node_at(hash, "queryParams");
    if (str_eq_c(type, "SourceIP"))
        buf_add(&text, STR("$remote_addr"));
    if (node_at(hash, "cookie name"))
        add_variable(&text, "cookie_", given_text(hash, "cookie name"));
    for (const struct node *item = node_first_child(headers); item; item = item->next) {
        struct str name = given_text(item, "name");
        if (str_eq_c(name, ":path"))
            buf_add(&text, STR("$request_uri"));
        else if (str_eq_c(name, ":authority"))
            buf_add(&text, STR("$host"));
        else
            add_variable(&text, "http_", name);
    }
    for (const struct node *item = node_first_child(parameters); item; item = item->next)
        add_variable(&text, "arg_", given_text(item, "name"));
    struct str value = buf_take(app->arena, &text);
    if (value.len)
        given_set_hash(app, value, hash->span);
}

static void read_policy(struct given_app *app, const struct node *policy)
{
    const struct node *hash = node_at(policy, "spec loadBalancer consistentHash");
    if (!hash)
        return;
    if (!str_eq_c(given_text(hash, "cookie name"), "opta_cookie")) {
        read_hash(app, hash);
        return;
    }
    import_bool(app->import, app->module, SERVICE_STICKY_SESSION, true, hash->span);
    set_max_age(app, node_at(hash, "cookie ttl"));
}

static void read_traefik_service(struct given_app *app, const struct node *object)
{
    const struct node *service = node_first_child(node_at(object, "spec weighted services"));
    const struct node *cookie = service ? node_at(service, "sticky cookie") : NULL;
    int64_t age;
    if (!cookie)
        return;
    import_bool(app->import, app->module, SERVICE_STICKY_SESSION, true, cookie->span);
    if (given_int(cookie, "maxAge", &age))
        given_set_max_age(app, age, node_at(cookie, "maxAge")->span);
}

void given_read_gateway_objects(struct given_app *app)
{
    read_type(app);
    for (const struct given_object *object = app->given->objects; object; object = object->next) {
        if (object->app != app)
            continue;
        if (str_eq_c(object->kind, "BackendTrafficPolicy"))
            read_policy(app, object->node);
        else if (str_eq_c(object->kind, "TraefikService"))
            read_traefik_service(app, object->node);
    }
}
