/* Reads the rules of a chart's Ingresses and routes as their controllers do.
 *
 * ingress-nginx reads all paths of a host as case-insensitive regular expressions as soon as one
 * path of the host needs that (enforceRegexModifier() and buildLocation() of its template.go).
 * Other controllers read the types of paths that Kubernetes defines. Routes of the Gateway API are
 * merged separately. */
#include "chart/release_rules.h"

#include "chart/traffic_chart.h"

#include <string.h>

/* Parsing of paths */

/* Suffixes of regular expressions that match all paths below a path, or all that begin with it. */
static const struct {
    const char *text;
    enum path_match match;
} regex_suffixes[] = {
    {"(/|$)(.*)", MATCH_BELOW}, {"($|/)(.*)", MATCH_BELOW}, {"(/|$).*", MATCH_BELOW},
    {"($|/).*", MATCH_BELOW},   {"(/|$)", MATCH_BELOW},     {"($|/)", MATCH_BELOW},
    {"()(.*)", MATCH_BEGIN},    {"/?(.*)", MATCH_BEGIN},    {"(.*)", MATCH_BEGIN},
    {".*", MATCH_BEGIN},        {"*", MATCH_BEGIN},
};

static bool is_special(char byte)
{
    return strchr("^$*+?()[]{}|", byte) != NULL;
}

static bool has_special(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (is_special(text.data[i]))
            return true;
    return false;
}

static bool is_letter(char byte)
{
    return (byte >= 'a' && byte <= 'z') || (byte >= 'A' && byte <= 'Z');
}

/* Returns the literal text before the first operator of a regular expression, without backslashes.
 * A dot counts as a dot, because the dots of paths are rarely escaped. */
static struct str literal_head(struct arena *arena, struct str text, bool *ret_whole)
{
    struct buf head = {0};
    size_t i = 0;
    for (; i < text.len && !is_special(text.data[i]); i++) {
        if (text.data[i] == '\\' && i + 1 < text.len && is_letter(text.data[i + 1]))
            break; /* a class such as \d */
        i += text.data[i] == '\\' && i + 1 < text.len;
        buf_add_byte(&head, text.data[i]);
    }
    *ret_whole = i >= text.len;
    bool optional = !*ret_whole && strchr("*?{", text.data[i]);
    struct str copy = buf_take(arena, &head);
    copy.len -= optional && copy.len;
    return copy;
}

/* Removes the slashes at the end of a path that matches in whole elements. */
static struct str trim_slashes(struct str head)
{
    while (str_ends_with(head, STR("/")))
        head.len--;
    return head;
}

/* Parses a path that the controller reads as a regular expression: sets how it matches, and returns
 * its literal head, its key in the index. */
static struct str parse_regex(struct arena *arena, struct path *path)
{
    struct str text = path->text;
    bool whole;
    path->match = MATCH_BEGIN;
    if (str_starts_with(text, STR("^")))
        text = str_skip(text, 1);
    for (size_t i = 0; i < COUNT_OF(regex_suffixes); i++) {
        if (!str_ends_with(text, str_from_c(regex_suffixes[i].text)))
            continue;
        text.len -= strlen(regex_suffixes[i].text);
        path->match = regex_suffixes[i].match;
        break;
    }
    struct str head = literal_head(arena, text, &whole);
    if (!whole)
        path->match = MATCH_UNKNOWN;
    else if (str_ends_with(head, STR("/")))
        path->match = MATCH_BELOW;
    return path->match == MATCH_BELOW ? trim_slashes(head) : head;
}

/* Parses a path by its type, in the same way. For ingress-nginx, ImplementationSpecific is Prefix
 * (internal/k8s/main.go); for others it may match what only begins with the path. */
static struct str parse_typed(struct path *path, enum rule_reader reader, struct str type)
{
    bool specific = str_eq_c(type, "ImplementationSpecific");
    path->match = str_eq_c(type, "Exact")             ? MATCH_EXACT
                  : specific && reader != RULES_NGINX ? MATCH_BEGIN
                                                      : MATCH_BELOW;
    if (path->match == MATCH_EXACT)
        return str_eq_c(path->text, "/") ? STR("") : path->text;
    if (path->match == MATCH_BEGIN && !str_ends_with(path->text, STR("/")))
        return path->text;
    path->match = MATCH_BELOW;
    return trim_slashes(path->text);
}

static struct str parse_path(struct arena *arena, enum rule_reader reader, bool regex,
                             const struct node *node, struct path *path)
{
    struct str type = node_string(node_at(node, "pathType"));
    bool specific = str_eq_c(type, "ImplementationSpecific");
    path->text = node_string(node_at(node, "path"));
    if (path->text.len == 0) /* missing: all paths */
        path->text = STR("/");
    if (regex)
        return str_lower(arena, parse_regex(arena, path));
    path->by_controller = specific && reader == RULES_GENERIC;
    path->misses_regex = specific && reader == RULES_NGINX && has_special(path->text);
    if (specific && has_special(path->text)) /* a glob or a regular expression */
        return parse_regex(arena, path);
    return parse_typed(path, reader, type);
}

/* The index */

struct str rules_host_key(struct arena *arena, struct str class, struct str host)
{
    return str_format(arena, "%.*s %.*s ", STR_ARG(class), STR_ARG(host));
}

/* The index that is built, and the rules that are added to it. */
struct reading {
    struct release *release;
    struct rule_index *index;
    enum rule_reader reader;
    enum hook_use hooks;
    const struct object *object;
    struct str class;
};

static void add_path(const struct reading *in, struct str host, struct str head, struct path path)
{
    struct arena *arena = in->release->arena;
    struct path *added = ARENA_NEW(arena, struct path);
    *added = path;
    added->self = added;
    struct str key = str_format(arena, "%.*s%.*s", STR_ARG(host), STR_ARG(head));
    const struct path *first = map_add(arena, &in->index->paths, key, added);
    if (first) {
        added->next = first->next;
        first->self->next = added;
    }
}

static const struct host *add_host(const struct reading *in, struct str key, bool regex)
{
    struct arena *arena = in->release->arena;
    struct host *added = ARENA_NEW(arena, struct host);
    *added = (struct host){.self = added};
    const struct host *first = map_add(arena, &in->index->hosts, key, added);
    struct host *host = first ? first->self : added;
    host->regex |= regex;
    return host;
}

/* Returns a copy, or NULL for NULL: the index outlives the trees. */
static const struct node *copy_backend(const struct reading *in, const struct node *backend)
{
    return backend ? node_copy(in->release->arena, backend) : NULL;
}

/* Ingresses */

static struct str ingress_host_key(const struct reading *in, const struct node *rule)
{
    return rules_host_key(in->release->arena, in->class,
                          node_string(rule ? node_at(rule, "host") : NULL));
}

/* Determines which hosts nginx reads as regular expressions, before any path is read. */
static void add_hosts(const struct reading *in)
{
    const struct node *rules = node_at(object_node(in->object), "spec rules");
    bool nginx = in->reader == RULES_NGINX && !nginx_is_canary(in->object);
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *paths = node_at(rule, "http paths");
        bool regex = false;
        for (const struct node *each = node_first_child(paths); each && nginx; each = each->next)
            regex |= nginx_needs_regex(in->object, node_string(node_at(each, "path")));
        add_host(in, ingress_host_key(in, rule), regex);
    }
}

static void add_default(const struct reading *in, struct str host)
{
    const struct node *backend = release_default_backend(in->object);
    if (release_backend_service(backend).len)
        add_path(in, host, STR(""),
                 (struct path){.object = in->object,
                               .backend = copy_backend(in, backend),
                               .match = MATCH_BELOW});
}

static void add_rule(const struct reading *in, const struct node *rule)
{
    struct str key = ingress_host_key(in, rule);
    const struct node *paths = node_at(rule, "http paths");
    bool regex = add_host(in, key, false)->regex;
    size_t number = 0;
    add_default(in, key);
    for (const struct node *each = node_first_child(paths); each; each = each->next) {
        struct path path = {.object = in->object,
                            .backend = copy_backend(in, node_at(each, "backend")),
                            .rule = number++,
                            .canary = nginx_is_canary(in->object)};
        struct str head = parse_path(in->release->arena, in->reader, regex, each, &path);
        add_path(in, key, head, path);
    }
}

/* nginx uses the default backend of an Ingress with rules only for their hosts; Kubernetes defines
 * it for all requests that match no rule. */
static void add_ingress(const struct reading *in)
{
    const struct node *rule = node_first_child(node_at(object_node(in->object), "spec rules"));
    struct str all = ingress_host_key(in, NULL);
    if ((!rule || in->reader == RULES_GENERIC) &&
        release_backend_service(release_default_backend(in->object)).len) {
        add_host(in, all, false);
        add_default(in, all);
    }
    for (; rule; rule = rule->next)
        add_rule(in, rule);
}

static bool is_read(const struct reading *in, const struct object *object)
{
    return !object->hook || in->hooks == HOOKS_INCLUDED;
}

static void read_ingresses(struct reading *in)
{
    const struct object *first = release_objects(in->release, OBJECT_INGRESS);
    for (int pass = 0; pass < 2; pass++) {
        for (const struct object *each = first; each; each = each->next) {
            if (!is_read(in, each))
                continue;
            in->object = each;
            in->class = release_class(each);
            (pass == 0 ? add_hosts : add_ingress)(in);
            release_clear(in->release);
        }
    }
}

/* Routes of the Gateway API */

/* The maximum number that the CRD allows. */
enum { ROUTE_HOSTNAMES_MAX = 16 };

/* Parses the path of an HTTPRoute match, like parse_regex(). */
static struct str parse_http_path(struct arena *arena, const struct node *node, struct path *path)
{
    struct str type = node_string(node_at(node, "type"));
    bool whole;
    path->text = node_string(node_at(node, "value"));
    path->match = str_eq_c(type, "Exact")               ? MATCH_EXACT
                  : str_eq_c(type, "RegularExpression") ? MATCH_UNKNOWN
                                                        : MATCH_BELOW;
    if (path->text.len == 0)
        path->text = STR("/");
    if (path->match == MATCH_UNKNOWN)
        return literal_head(arena, path->text, &whole);
    return path->match == MATCH_BELOW || path->text.len == 1 ? trim_slashes(path->text)
                                                             : path->text;
}

/* Parses a GRPCRoute match, whose path is /SERVICE/METHOD. */
static struct str parse_grpc_path(struct arena *arena, const struct node *node, struct path *path)
{
    struct str service = node_string(node_at(node, "service"));
    struct str method = node_string(node_at(node, "method"));
    path->match = method.len ? MATCH_EXACT : MATCH_BELOW;
    path->text = STR("/");
    if (str_eq_c(node_string(node_at(node, "type")), "RegularExpression") ||
        (method.len && service.len == 0)) {
        path->match = MATCH_UNKNOWN;
        return STR("");
    }
    if (service.len == 0)
        return STR("");
    path->text =
        str_format(arena, "/%.*s%s%.*s", STR_ARG(service), method.len ? "/" : "", STR_ARG(method));
    return path->text;
}

static void add_match(const struct reading *in, struct str host, const struct node *match,
                      struct path path)
{
    struct arena *arena = in->release->arena;
    bool grpc = str_eq_c(in->object->kind, "GRPCRoute");
    path.conditional = node_first_child(node_at(match, "headers")) ||
                       node_first_child(node_at(match, "queryParams")) ||
                       (!grpc && node_at(match, "method"));
    struct str head = grpc ? parse_grpc_path(arena, node_at(match, "method"), &path)
                           : parse_http_path(arena, node_at(match, "path"), &path);
    add_path(in, host, head, path);
}

static const struct node *find_filter(const struct node *rule, const char *type)
{
    const struct node *each = node_first_child(node_at(rule, "filters"));
    while (each && !str_eq_c(node_string(node_at(each, "type")), type))
        each = each->next;
    return each;
}

/* True for a rule that only redirects to another scheme, as HTTP listeners have beside the rules of
 * the HTTPS listener. */
static bool redirects_scheme(const struct node *rule)
{
    const struct node *redirect = node_at(find_filter(rule, "RequestRedirect"), "requestRedirect");
    return node_at(redirect, "scheme") && !node_at(redirect, "hostname") &&
           !node_at(redirect, "path");
}

static void add_route_host(const struct reading *in, struct str host)
{
    struct release *release = in->release;
    struct str key = rules_host_key(release->arena, in->class, host);
    const struct node *rules = node_at(object_node(in->object), "spec rules");
    size_t number = 0;
    add_host(in, key, false);
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct path path = {
            .object = in->object,
            .backends = copy_backend(in, release_rule_backends(release, in->object, rule)),
            .match = MATCH_BELOW,
            .text = STR("/"),
            .rule = number++,
            .is_extended = find_filter(rule, "ExtensionRef") != NULL,
            .redirects = redirects_scheme(rule)};
        const struct node *match = node_first_child(node_at(rule, "matches"));
        if (!match)
            add_path(in, key, STR(""), path);
        for (; match; match = match->next)
            add_match(in, key, match, path);
    }
}

static void read_route(struct reading *in)
{
    const struct node *hostname =
        node_first_child(node_at(object_node(in->object), "spec hostnames"));
    if (!is_read(in, in->object) || !release_is_attached(in->object))
        return;
    if (!hostname)
        add_route_host(in, STR(""));
    for (int i = 0; hostname && i < ROUTE_HOSTNAMES_MAX; i++, hostname = hostname->next)
        add_route_host(in, node_string(hostname));
}

static void read_routes(struct reading *in)
{
    in->object = release_objects(in->release, OBJECT_ROUTE);
    for (; in->object; in->object = in->object->next) {
        read_route(in);
        release_clear(in->release);
    }
}

const struct rule_index *release_rules(struct release *release, enum rule_reader reader,
                                       enum hook_use hooks)
{
    struct rule_index *index = &release->rules[reader][hooks];
    struct reading reading = {.release = release, .index = index, .reader = reader, .hooks = hooks};
    if (index->built)
        return index;
    struct tree_scope scope;
    release_open(release, &scope);
    (reader == RULES_GATEWAY ? read_routes : read_ingresses)(&reading);
    release_close(release);
    index->built = true;
    return index;
}
