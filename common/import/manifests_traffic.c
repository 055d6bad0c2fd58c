/* public_uri and its settings, from Ingresses. */
#include "import/manifests_reader.h"
#include "manifest/traffic_ingress.h"

#include <string.h>

void given_set_file_field(const struct given_app *app, enum field_id field, struct str text,
                          struct location at)
{
    const struct node *old = import_get(app->import->file, field);
    if (!old)
        import_string(app->import, app->import->file, field, text, at);
    else if (!str_equal(old->text, text))
        given_lost(app, at, "%s becomes %.*s instead of %.*s: a service file has one for all",
                   schema_field(field)->name, STR_ARG(old->text), STR_ARG(text));
}

static bool is_nginx_class(struct str class)
{
    return str_eq_c(class, "nginx") || str_ends_with(class, STR("-nginx")) ||
           str_starts_with(class, STR("nginx-"));
}

static bool has_nginx_annotations(const struct node *ingress)
{
    const struct node *map = node_at(ingress, "metadata annotations");
    for (const struct node *item = node_first_child(map); item && item->key; item = item->next)
        if (nginx_is_annotation(item->key->text))
            return true;
    return false;
}

/* True if a field of the file has this text, or is not set. */
static bool may_be(const struct given_app *app, enum field_id field, struct str text)
{
    const struct node *old = import_get(app->import->file, field);
    return !old || str_equal(old->text, text);
}

bool given_set_internal(struct given_app *app, bool internal, struct location at)
{
    if (app->has_entry && app->is_internal != internal) {
        given_lost(app, at,
                   "these addresses are not carried over: a service is either public or "
                   "internal");
        return false;
    }
    if (app->has_entry)
        return true;
    app->has_entry = true;
    app->is_internal = internal;
    if (internal)
        import_bool(app->import, app->module, SERVICE_INTERNAL, true, at);
    return true;
}

/* Sets the class of the Ingresses; the second of two classes is internal_ingress_class. Returns
 * false if the addresses cannot be carried over. */
static bool set_class(struct given_app *app, struct str class, struct location at)
{
    struct import *import = app->import;
    bool routes = import_get(import->file, FILE_GATEWAY) != NULL;
    bool public = !routes && may_be(app, FILE_INGRESS_CLASS, class);
    bool internal = !public && !import_get(import->file, FILE_INTERNAL_GATEWAY) &&
                    may_be(app, FILE_INTERNAL_INGRESS_CLASS, class);
    if (!public && !internal) {
        given_lost(app, at,
                   "addresses of the class %.*s are not carried over: a service file has "
                   "one class for public and one for internal addresses",
                   STR_ARG(class));
        return false;
    }
    if (!given_set_internal(app, internal, at))
        return false;
    import_string(import, import->file, public ? FILE_INGRESS_CLASS : FILE_INTERNAL_INGRESS_CLASS,
                  class, at);
    return true;
}

static bool read_class(struct given_app *app, const struct node *ingress)
{
    const struct node *node = given_class(ingress);
    struct str class = node ? import_literal(app->arena, node_string(node), NULL) : STR("nginx");
    if (!node)
        given_added(app,
                    "added by the service file: ingressClassName: nginx; set ingress_class if it "
                    "is another one");
    if (str_eq_c(class, ALB_CLASS) && !given_annotation(ingress, ALB_TARGET_ANNOTATION))
        given_added(app, "added by the service file: the annotation " ALB_TARGET_ANNOTATION
                         ": ip; set it in ingress_extra_annotations for another type");
    if (!set_class(app, class, node ? node->span : app->workload->at))
        return false;
    app->given->has_nginx_class |= is_nginx_class(class);
    app->given->has_other_class |= !is_nginx_class(class);
    return true;
}

/* Remembers a host without a TLS Secret. */
static void add_host(struct given_app *app, struct str name, struct location at, bool has_default)
{
    struct given *given = app->given;
    struct given_host *last = given->last_host;
    if (last && last->app == app && last->at.start == at.start)
        return;
    struct given_host *host = ARENA_NEW(app->arena, struct given_host);
    *host = (struct given_host){
        .app = app, .at = at, .name = name, .has_default_certificate = has_default};
    *(last ? &last->next : &given->hosts) = host;
    given->last_host = host;
}

/* True if an item of `tls` has the host: as it is, or as a wildcard. Without hosts it has all. */
static bool is_host_of(const struct node *tls, struct str name)
{
    const struct node *host = node_first_child(node_at(tls, "hosts"));
    bool found = !host;
    for (; host && !found; host = host->next) {
        struct str text = node_string(host);
        found = str_equal(text, name) ||
                (str_starts_with(text, STR("*.")) &&
                 str_equal(str_skip(text, 1), str_skip(name, str_find(name, 0, '.'))));
    }
    return found;
}

/* Remembers the host of a rule if it has no TLS. */
static void check_host(struct given_app *app, const struct node *ingress, const struct node *rule)
{
    const struct node *host = node_at(rule, "host");
    struct str name = node_string(host);
    const struct node *item = node_first_child(node_at(ingress, "spec tls"));
    while (item && !is_host_of(item, name))
        item = item->next;
    if (!item)
        add_host(app, name, host ? host->span : rule->span, false);
}

static void read_tls(struct given_app *app, const struct node *ingress)
{
    const struct node *issuer = given_annotation(ingress, ISSUER_ANNOTATION);
    const struct node *tls = node_at(ingress, "spec tls");
    if (issuer)
        given_set_file_field(app, FILE_CLUSTER_ISSUER,
                             import_literal(app->arena, node_string(issuer), NULL), issuer->span);
    for (const struct node *item = node_first_child(tls); item; item = item->next) {
        const struct node *secret = node_at(item, "secretName");
        if (!secret)
            add_host(app, STR(""), item->span, true);
        else if (!issuer)
            given_set_file_field(app, FILE_TLS_SECRET,
                                 import_literal(app->arena, node_string(secret), NULL),
                                 secret->span);
    }
}

/* Paths */

/* Returns the text that a regular expression of plain characters matches; NULL bytes if it has
 * others. */
static bool unescape(struct arena *arena, struct str regex, struct str *ret)
{
    struct buf text = {0};
    bool plain = true;
    for (size_t i = 0; i < regex.len && plain; i++) {
        char byte = regex.data[i];
        bool escaped = byte == '\\' && i + 1 < regex.len;
        if (escaped)
            byte = regex.data[++i];
        else
            plain = !strchr("^$*+?()[]{}|\\", byte);
        buf_add_byte(&text, byte);
    }
    *ret = buf_take(arena, &text);
    return plain;
}

/* How a path of an Ingress reads as a prefix. */
struct given_path {
    struct str prefix; /* begins with /, or empty for all paths */
    bool strips;       /* the prefix is removed from requests */
    bool is_exact;     /* it means something else than a prefix */
    bool is_regex;     /* it is another regular expression */
    bool is_plain;     /* it has the type Prefix */
    bool is_other;     /* it also matches paths that only begin with its text, or may do so */
};

/* True if nginx, or perhaps nginx, serves an Ingress. */
static bool is_nginx(const struct node *ingress)
{
    struct str class = node_string(given_class(ingress));
    return class.len == 0 || is_nginx_class(class) || has_nginx_annotations(ingress);
}

/* True if nginx reads the paths of an Ingress as regular expressions. Else ImplementationSpecific
 * is Prefix for it (internal/k8s/main.go of ingress-nginx). */
static bool uses_regex(const struct node *ingress)
{
    return given_annotation(ingress, NGINX_ANNOTATION "rewrite-target") ||
           str_eq_c(node_string(given_annotation(ingress, NGINX_ANNOTATION "use-regex")), "true");
}

static struct given_path read_path(const struct given_app *app, const struct node *ingress,
                                   const struct node *item)
{
    static const char *const forms[] = {"(/|$)(.*)", "(/|$)(.*)$", "/()(.*)"};
    struct given_path path = {.prefix = given_text(item, "path")};
    struct str type = given_text(item, "pathType");
    struct str plain;
    bool rewrites = given_annotation(ingress, NGINX_ANNOTATION "rewrite-target") != NULL;
    bool specific = str_eq_c(type, "ImplementationSpecific");
    path.is_exact = str_eq_c(type, "Exact");
    path.is_plain = str_eq_c(type, "Prefix");
    path.is_other = is_nginx(ingress) ? uses_regex(ingress) : specific;
    path.strips = rewrites;
    path.is_regex = !unescape(app->arena, path.prefix, &plain);
    for (size_t i = 0; specific && i < COUNT_OF(forms); i++) {
        struct str end = str_from_c(forms[i]);
        if (!str_ends_with(path.prefix, end))
            continue;
        path.is_regex = !unescape(app->arena, str_slice(path.prefix, 0, path.prefix.len - end.len),
                                  &path.prefix);
        path.is_other = false;
    }
    path.is_other &= path.prefix.len && !str_ends_with(path.prefix, STR("/"));
    while (str_ends_with(path.prefix, STR("/")))
        path.prefix.len--;
    return path;
}

void given_add_uri(struct given_app *app, struct str host, struct str prefix, struct location at)
{
    struct str path = prefix.len ? prefix : host.len ? STR("") : STR("/");
    struct str text = import_literal(app->arena, STR_JOIN(app->arena, host, path), NULL);
    struct node *list = import_list(app->import, app->module, SERVICE_PUBLIC_URI, at);
    app->address_count++;
    if (!map_add(app->arena, &app->uris, text, list))
        import_item(app->import, list, text, at);
}

/* Notes what a path matches besides what it matches as a prefix, or the other way round. */
static void note_match(const struct given_app *app, const struct node *ingress,
                       const struct given_path *path, struct str text, struct location at)
{
    if (path->is_exact)
        given_lost(app, at, "path %.*s becomes a prefix, which also matches all paths below it",
                   STR_ARG(text));
    else if (path->is_other && is_nginx(ingress))
        given_lost(app, at,
                   "path %.*s becomes a prefix of whole segments, which does not match paths such "
                   "as %.*s-2",
                   STR_ARG(text), STR_ARG(text));
    else if (path->is_other)
        given_lost(
            app, at,
            "path %.*s becomes a prefix; with its type, the class %.*s may match other paths",
            STR_ARG(text), STR_ARG(node_string(given_class(ingress))));
}

/* Adds an address that leads to the port of type http. */
static void add_path(struct given_app *app, const struct node *ingress, const struct node *rule,
                     const struct node *item)
{
    const struct given_path path = read_path(app, ingress, item);
    const struct node *written = node_at(item, "path");
    struct location at = written ? written->span : item->span;
    if (path.is_regex) {
        given_lost(app, at, "path %.*s is not carried over: public_uri has prefixes only",
                   STR_ARG(node_string(written)));
        return;
    }
    note_match(app, ingress, &path, node_string(written), at);
    given_add_uri(app, given_text(rule, "host"), path.prefix, at);
    check_host(app, ingress, rule);
    app->given->has_prefixes |= path.prefix.len && path.is_plain;
    if (path.prefix.len && !path.strips)
        app->keeps_prefix = true;
    if (path.prefix.len && path.strips)
        app->strips_prefix = true;
}

/* Notes what a rule has that the service file does not say. */
static void note_rule(const struct given_app *app, const struct given_object *ingress,
                      const struct node *rule)
{
    struct str owner = STR_JOIN(app->arena, STR("Ingress "), ingress->name);
    const struct node *item = node_first_child(node_at(rule, "http paths"));
    if (!item)
        given_lost(app, rule->span, "a rule of %.*s is not carried over: it has no paths",
                   STR_ARG(owner));
    given_note_keys(app, rule, "host http", owner);
    given_note_keys(app, node_at(rule, "http"), "paths", owner);
    for (; item; item = item->next) {
        given_note_keys(app, item, "path pathType backend", owner);
        given_note_keys(app, node_at(item, "backend"), "service resource", owner);
        given_note_keys(app, node_at(item, "backend service"), "name port", owner);
    }
}

/* Adds the paths that lead to the app, and notes those that cannot be carried over. */
static void read_rule(struct given_app *app, const struct given_object *ingress,
                      const struct node *rule)
{
    const struct node *paths = node_at(rule, "http paths");
    for (const struct node *item = node_first_child(paths); item; item = item->next) {
        const struct node *service = node_at(item, "backend service");
        enum given_backend backend = given_backend_of(app, service);
        if (backend == GIVEN_HTTP_PORT)
            add_path(app, ingress->node, rule, item);
        else if (backend == GIVEN_OTHER_PORT)
            given_lost(app, item->span,
                       "%.*s%.*s leads to another port; public_uri leads only to the port of type "
                       "http",
                       STR_ARG(given_text(rule, "host")), STR_ARG(given_text(item, "path")));
        else if (backend == GIVEN_NO_SERVICE && ingress->app == app)
            given_lost(app, item->span, "path %.*s is not carried over: %.*s",
                       STR_ARG(given_text(item, "path")),
                       STR_ARG(given_backend_problem(app, service)));
    }
    if (ingress->app == app)
        note_rule(app, ingress, rule);
}

/* Settings */

/* Sets a field of the service, or notes that other addresses have another value. */
static void set_once(const struct given_app *app, enum field_id field, struct node *value,
                     struct location at)
{
    const struct node *old = import_get(app->module, field);
    const char *name = schema_field(field)->name;
    if (!old)
        node_set(app->arena, app->module, name, value)->key->span = value->span = at;
    else if (!str_equal(old->text, value->text))
        given_lost(app, at, "%s becomes %.*s instead of %.*s: a service has one for all addresses",
                   name, STR_ARG(old->text), STR_ARG(value->text));
}

void given_set_max_age(const struct given_app *app, int64_t seconds, struct location at)
{
    set_once(app, SERVICE_STICKY_MAX_AGE, node_int(app->arena, seconds), at);
}

void given_set_hash(const struct given_app *app, struct str text, struct location at)
{
    const char *error = name_check_hash_key(text);
    if (error) {
        given_lost(app, at, "the hash \"%.*s\" is not carried over: consistent_hash %s",
                   STR_ARG(text), error);
        return;
    }
    set_once(app, SERVICE_CONSISTENT_HASH,
             node_scalar(app->arena, STYLE_TEXT, import_literal(app->arena, text, NULL)), at);
}

void given_add_binding(struct given_app *app, bool binds, struct location at)
{
    app->binds |= binds;
    if (!binds && !app->loose.source)
        app->loose = at;
}

void given_add_ageless(struct given_app *app, struct location at)
{
    struct given_session *session = ARENA_NEW(app->arena, struct given_session);
    *session = (struct given_session){.at = at, .next = app->ageless};
    app->ageless = session;
}

/* Notes the cookies that get a duration. */
static void note_ageless(const struct given_app *app)
{
    const struct node *age = import_get(app->module, SERVICE_STICKY_MAX_AGE);
    for (const struct given_session *session = app->ageless; session; session = session->next)
        if (age)
            given_lost(app, session->at,
                       "sticky_session_max_age %.*s also applies here, instead of the session of "
                       "the browser: a service has one for all addresses",
                       STR_ARG(age->text));
        else
            given_lost(app, session->at,
                       "the cookie expires after a day instead of with the session of the browser");
}

/* Notes addresses that bind clients to pods only because others of the service do. */
static void note_loose(const struct given_app *app)
{
    static const enum field_id fields[] = {SERVICE_STICKY_SESSION, SERVICE_CONSISTENT_HASH};
    for (size_t i = 0; app->binds && app->loose.source && i < COUNT_OF(fields); i++)
        if (import_get(app->module, fields[i]))
            given_lost(app, app->loose,
                       "%s also applies here: a service has it for all addresses or none",
                       schema_field(fields[i])->name);
}

static void read_affinity(struct given_app *app, const struct node *ingress)
{
    const struct node *affinity = given_annotation(ingress, NGINX_ANNOTATION "affinity");
    const struct node *cookie = given_annotation(ingress, NGINX_ANNOTATION "session-cookie-name");
    const struct node *age = given_annotation(ingress, NGINX_ANNOTATION "session-cookie-max-age");
    const struct node *hash = given_annotation(ingress, NGINX_ANNOTATION "upstream-hash-by");
    bool sticky = str_eq_c(node_string(affinity), "cookie");
    int64_t number;
    given_add_binding(app, sticky || hash, node_at(ingress, "metadata name")->span);
    if (hash)
        given_set_hash(app, node_string(hash), hash->span);
    if (!sticky)
        return;
    import_bool(app->import, app->module, SERVICE_STICKY_SESSION, true, affinity->span);
    if (age && str_to_int(node_string(age), &number))
        given_set_max_age(app, number, age->span);
    if (!str_eq_c(node_string(cookie), "opta_cookie"))
        given_lost(app, cookie ? cookie->span : affinity->span,
                   "the cookie becomes opta_cookie: clients start a new session");
    if (!age)
        given_add_ageless(app, affinity->span);
}

/* Reads where the paths of an Ingress lead: `*ret_own`: to an address of the app; `*ret_other`: to
 * another app. */
static void find_leads(const struct given_app *app, const struct node *ingress, bool *ret_own,
                       bool *ret_other)
{
    *ret_own = *ret_other = false;
    for (const struct node *rule = node_first_child(node_at(ingress, "spec rules")); rule;
         rule = rule->next)
        for (const struct node *item = node_first_child(node_at(rule, "http paths")); item;
             item = item->next) {
            enum given_backend backend = given_backend_of(app, node_at(item, "backend service"));
            *ret_own |= backend == GIVEN_HTTP_PORT && !read_path(app, ingress, item).is_regex;
            *ret_other |= backend == GIVEN_OTHER_APP;
        }
}

/* Decides whether the addresses of an Ingress can be carried over. */
static void prepare_ingress(struct given_app *app, struct given_route *route)
{
    find_leads(app, route->object->node, &route->is_own, &route->leads_elsewhere);
    route->is_carried = route->is_own && read_class(app, route->object->node);
}

/* Reads the rules of an Ingress. The settings of one without any address that is carried over have
 * no effect. */
static void read_ingress(struct given_app *app, const struct given_route *route)
{
    const struct given_object *object = route->object;
    const struct node *ingress = object->node;
    struct str owner = STR_JOIN(app->arena, STR("Ingress "), object->name);
    if (route->is_carried)
        read_tls(app, ingress);
    for (const struct node *rule = node_first_child(node_at(ingress, "spec rules")); rule;
         rule = rule->next)
        read_rule(app, object, rule);
    if (route->is_carried) {
        app->given->needs_nginx |= has_nginx_annotations(ingress);
        read_affinity(app, ingress);
    }
    if (object->app != app)
        return;
    given_note_keys(app, node_at(ingress, "spec"), "ingressClassName rules tls", owner);
    for (const struct node *tls = node_first_child(node_at(ingress, "spec tls")); tls;
         tls = tls->next)
        given_note_keys(app, tls, "hosts secretName", owner);
}

/* An Ingress of which nothing is carried over remains as it is. */
static void read_ingresses(struct given_app *app)
{
    given_keep_restrictions(app);
    for (struct given_route *route = app->routes; route; route = route->next) {
        if (!str_eq_c(route->object->kind, "Ingress"))
            continue;
        if (route->is_carried || !route->is_own)
            read_ingress(app, route);
        if (!route->is_carried && !route->leads_elsewhere && route->object->app == app)
            route->object->self->app = NULL;
    }
    given_read_annotations(app);
}

/* Without annotations of nginx, paths of type Prefix remain what they are. */
static void set_controller(const struct given *given)
{
    struct import *import = given->import;
    struct location at = location_file(import->source);
    if (given->needs_nginx && given->has_other_class)
        import_string(import, import->file, FILE_INGRESS_CONTROLLER, STR("nginx"), at);
    else if (!given->needs_nginx && given->has_nginx_class && given->has_prefixes)
        import_string(import, import->file, FILE_INGRESS_CONTROLLER, STR("generic"), at);
}

static bool has_listener_sets(const struct import *import, enum field_id gateway)
{
    const struct node *map = import_get(import->file, gateway);
    return map && import_get(map, GATEWAY_LISTENER_SETS);
}

/* Removes a certificate that no Ingress or ListenerSet of the service file has. */
static void check_certificate(struct import *import)
{
    static const enum field_id fields[] = {FILE_TLS_SECRET, FILE_CLUSTER_ISSUER};
    bool used = !import_get(import->file, FILE_GATEWAY) ||
                has_listener_sets(import, FILE_GATEWAY) ||
                has_listener_sets(import, FILE_INTERNAL_GATEWAY) ||
                (!import_get(import->file, FILE_INTERNAL_GATEWAY) &&
                 import_get(import->file, FILE_INTERNAL_INGRESS_CLASS));
    for (size_t i = 0; i < COUNT_OF(fields) && !used; i++) {
        const struct node *value = import_get(import->file, fields[i]);
        if (!value)
            continue;
        import_note(import, NOTE_LOST, value->span, STR(""),
                    "%s %.*s is not carried over: with a gateway, its listener has the certificate",
                    schema_field(fields[i])->name, STR_ARG(value->text));
        node_remove(import->file, schema_field(fields[i])->name);
    }
}

/* Notes the hosts whose TLS changes: a service file has one certificate for all, or none. */
static void note_hosts(const struct given *given)
{
    const struct node *file = given->import->file;
    enum field_id field =
        import_get(file, FILE_CLUSTER_ISSUER) ? FILE_CLUSTER_ISSUER : FILE_TLS_SECRET;
    const char *name = schema_field(field)->name;
    struct str value = node_string(import_get(file, field));
    for (const struct given_host *host = given->hosts; host; host = host->next) {
        if (host->has_default_certificate && value.len == 0)
            given_lost(host->app, host->at,
                       "TLS with the default certificate of the controller is not carried over: "
                       "set tls_secret");
        else if (host->has_default_certificate)
            given_lost(host->app, host->at,
                       "%s %.*s replaces the default certificate of the controller", name,
                       STR_ARG(value));
        else if (value.len)
            given_lost(host->app, host->at,
                       "%.*s gets TLS with %s %.*s: a service file has TLS for all hosts or none",
                       STR_ARG(host->name.len ? host->name : STR("the rule without a host")), name,
                       STR_ARG(value));
    }
}

void given_finish_traffic(struct given *given)
{
    set_controller(given);
    check_certificate(given->import);
    note_hosts(given);
    const struct node *gateway = import_get(given->import->file, FILE_GATEWAY);
    if (given->redirect.source && gateway && !import_get(gateway, GATEWAY_TYPE))
        import_note(given->import, NOTE_LOST, given->redirect, STR(""),
                    "the status of the redirect becomes 301: set type of the gateway if its "
                    "controller is Envoy Gateway or Traefik");
    if (import_get(given->import->file, FILE_TLS_SECRET) &&
        import_get(given->import->file, FILE_CLUSTER_ISSUER)) {
        const struct node *secret = import_get(given->import->file, FILE_TLS_SECRET);
        import_note(given->import, NOTE_LOST, secret->span, STR(""),
                    "tls_secret %.*s is not carried over: all hosts get certificates of the "
                    "cluster_issuer",
                    STR_ARG(secret->text));
        node_remove(given->import->file, schema_field(FILE_TLS_SECRET)->name);
    }
}

void given_read_traffic(struct given_app *app)
{
    given_index_policies(app);
    for (struct given_route *route = app->routes; route; route = route->next)
        if (str_eq_c(route->object->kind, "Ingress"))
            prepare_ingress(app, route);
        else
            given_read_route(app, route->object);
    read_ingresses(app);
    given_read_gateway_objects(app);
    note_loose(app);
    note_ageless(app);
    const struct node *uris = import_get(app->module, SERVICE_PUBLIC_URI);
    if (uris && app->keeps_prefix)
        import_bool(app->import, app->module, SERVICE_KEEP_PATH_PREFIX, true, uris->span);
    if (uris && app->keeps_prefix && app->strips_prefix)
        given_lost(app, uris->span,
                   "some paths of the service lose their prefix and others keep "
                   "it: now all keep it");
}
