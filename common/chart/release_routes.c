/* Determines which Service receives a request, by the rules of a chart's Ingresses or routes.
 *
 * A controller merges the rules of all Ingresses of its class. It uses the rules of the most
 * specific host (exact name, wildcard, every host), and of these the longest path that matches.
 * ingress-nginx reads all paths of a host as regular expressions as soon as one Ingress requests
 * that, and then tries the longest text first. Routes of the Gateway API are merged separately; in
 * their hosts, a wildcard matches any number of labels. */
#include "chart/traffic_chart.h"

#include <string.h>

enum path_match {
    MATCH_EXACT,   /* the path itself */
    MATCH_BELOW,   /* the path and all below it, in whole elements */
    MATCH_BEGIN,   /* all paths that begin with it */
    MATCH_UNKNOWN, /* paths that begin with it and match the rest of a regular expression */
};

/* A path of a rule, or a default backend. */
struct path {
    struct path *self;
    struct path *next;            /* with the same class, host and head */
    const struct object *ingress; /* or route */
    struct str service;
    const struct node *backends; /* of a rule of a route; replaces `service` */
    enum path_match match;
    size_t length; /* of its text; 0: a default backend */
    bool canary;   /* receives a share of the requests for an equal path */
};

/* What the rules of a class for a host share. */
struct host {
    struct host *self;
    bool regex;
};

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

static enum path_match match_of_type(struct str type)
{
    return str_eq_c(type, "Exact")                    ? MATCH_EXACT
           : str_eq_c(type, "ImplementationSpecific") ? MATCH_BEGIN
                                                      : MATCH_BELOW;
}

/* Parses a path of an Ingress: sets how it matches, and returns the literal head, its key in the
 * index. */
static struct str parse_path(struct arena *arena, const struct node *node, struct path *path)
{
    struct str text = node_string(node_at(node, "path"));
    bool whole;
    path->length = text.len ? text.len : 1; /* missing: all paths, as / */
    path->match = match_of_type(node_string(node_at(node, "pathType")));
    if (path->match == MATCH_EXACT)
        return str_eq_c(text, "/") ? STR("") : text;
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
    while (path->match == MATCH_BELOW && str_ends_with(head, STR("/")))
        head.len--;
    return head;
}

/* The index */

static struct str host_key(struct arena *arena, struct str class, struct str host)
{
    return str_format(arena, "%.*s %.*s ", STR_ARG(class), STR_ARG(host));
}

static void add_path(struct release *release, struct str host, struct str head, struct path path)
{
    struct path *added = ARENA_NEW(release->arena, struct path);
    *added = path;
    added->self = added;
    struct str key = str_format(release->arena, "%.*s%.*s", STR_ARG(host), STR_ARG(head));
    const struct path *first = map_add(release->arena, &release->rules_by_path, key, added);
    if (first) {
        added->next = first->next;
        first->self->next = added;
    }
}

static void add_host(struct release *release, struct str key, bool regex)
{
    struct host *added = ARENA_NEW(release->arena, struct host);
    *added = (struct host){.self = added};
    const struct host *first = map_add(release->arena, &release->rules_by_host, key, added);
    (first ? first->self : added)->regex |= regex;
}

/* What the rules of an Ingress share. */
struct rules {
    struct release *release;
    const struct object *ingress;
    struct str class;
    struct str default_service; /* the Service of its default backend */
    bool regex;
    bool canary;
};

/* Adds a rule; NULL: only the default backend, for every host. */
static void index_rule(const struct rules *in, const struct node *rule)
{
    struct release *release = in->release;
    struct str host =
        host_key(release->arena, in->class, node_string(rule ? node_at(rule, "host") : NULL));
    const struct node *paths = rule ? node_at(rule, "http paths") : NULL;
    add_host(release, host, in->regex);
    if (in->default_service.len)
        add_path(release, host, (struct str){0},
                 (struct path){
                     .ingress = in->ingress, .service = in->default_service, .match = MATCH_BELOW});
    for (const struct node *each = node_first_child(paths); each; each = each->next) {
        struct path path = {.ingress = in->ingress,
                            .service = release_backend_service(node_at(each, "backend")),
                            .canary = in->canary};
        struct str head = parse_path(release->arena, each, &path);
        add_path(release, host, head, path);
    }
}

/* Routes of the Gateway API */

/* The maximum numbers that the CRD allows. */
enum { ROUTE_HOSTNAMES_MAX = 16, RULE_BACKENDS_MAX = 16 };

/* Parses the path of an HTTPRoute match, like parse_path(). */
static struct str parse_http_path(struct arena *arena, const struct node *node, struct path *path)
{
    struct str text = node_string(node_at(node, "value"));
    struct str type = node_string(node_at(node, "type"));
    bool whole;
    path->match = str_eq_c(type, "Exact")               ? MATCH_EXACT
                  : str_eq_c(type, "RegularExpression") ? MATCH_UNKNOWN
                                                        : MATCH_BELOW;
    if (path->match == MATCH_UNKNOWN)
        return literal_head(arena, text, &whole);
    while (str_ends_with(text, STR("/")) && (path->match == MATCH_BELOW || text.len == 1))
        text.len--;
    return text;
}

/* Parses a GRPCRoute match, whose path is /SERVICE/METHOD. */
static struct str parse_grpc_path(struct arena *arena, const struct node *node, struct path *path)
{
    struct str service = node_string(node_at(node, "service"));
    struct str method = node_string(node_at(node, "method"));
    path->match = method.len ? MATCH_EXACT : MATCH_BELOW;
    if (str_eq_c(node_string(node_at(node, "type")), "RegularExpression") ||
        (method.len && service.len == 0)) {
        path->match = MATCH_UNKNOWN;
        return STR("");
    }
    if (service.len == 0)
        return STR("");
    return str_format(arena, "/%.*s%s%.*s", STR_ARG(service), method.len ? "/" : "",
                      STR_ARG(method));
}

/* Adds a match. Skips a match with other conditions, which receives only some of the requests. */
static void index_match(struct release *release, const struct object *route, struct str host,
                        const struct node *match, struct path path)
{
    bool grpc = str_eq_c(route->kind, "GRPCRoute");
    if (node_first_child(node_at(match, "headers")) ||
        node_first_child(node_at(match, "queryParams")) || (!grpc && node_at(match, "method")))
        return;
    struct str head = grpc ? parse_grpc_path(release->arena, node_at(match, "method"), &path)
                           : parse_http_path(release->arena, node_at(match, "path"), &path);
    add_path(release, host, head, path);
}

/* Returns a copy of the backendRefs of a rule, or NULL: the index outlives the tree. */
static const struct node *copy_backends(struct release *release, const struct object *route,
                                        const struct node *rule)
{
    const struct node *backends = release_rule_backends(release, route, rule);
    return backends ? node_copy(release->arena, backends) : NULL;
}

static void index_route_host(struct release *release, const struct object *route, struct str host)
{
    struct str key = host_key(release->arena, STR(RELEASE_GATEWAY), host);
    const struct node *rules = node_at(object_node(route), "spec rules");
    add_host(release, key, false);
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct path path = {.ingress = route,
                                  .backends = copy_backends(release, route, rule),
                                  .match = MATCH_BELOW,
                                  .length = 1};
        const struct node *match = node_first_child(node_at(rule, "matches"));
        if (!release_backend_reference(node_first_child(path.backends)))
            continue;
        if (!match)
            add_path(release, key, STR(""), path);
        for (; match; match = match->next)
            index_match(release, route, key, match, path);
    }
}

static void index_route(struct release *release, const struct object *route)
{
    const struct node *hostname = node_first_child(node_at(object_node(route), "spec hostnames"));
    if (!release_is_attached(route))
        return;
    if (!hostname)
        index_route_host(release, route, STR(""));
    for (int i = 0; hostname && i < ROUTE_HOSTNAMES_MAX; i++, hostname = hostname->next)
        index_route_host(release, route, node_string(hostname));
}

static void index_ingress(struct release *release, const struct object *ingress)
{
    const struct node *rule = node_first_child(node_at(object_node(ingress), "spec rules"));
    const struct rules rules = {.release = release,
                                .ingress = ingress,
                                .class = release_class(ingress),
                                .default_service =
                                    release_backend_service(release_default_backend(ingress)),
                                .regex = nginx_uses_regex(ingress),
                                .canary = nginx_is_canary(ingress)};
    if (!rule)
        index_rule(&rules, NULL);
    for (; rule; rule = rule->next)
        index_rule(&rules, rule);
}

static void index_paths(struct release *release)
{
    struct tree_scope scope;
    const struct object *route = release_objects(release, OBJECT_ROUTE);
    const struct object *first = release_objects(release, OBJECT_INGRESS);
    if (release->rules_indexed)
        return;
    release->rules_indexed = true;
    release_open(release, &scope);
    for (; route; route = route->next) {
        index_route(release, route);
        release_clear(release);
    }
    for (const struct object *each = first; each; each = each->next) {
        if (!each->hook)
            index_ingress(release, each);
        release_clear(release);
    }
    release_close(release);
}

/* Queries */

struct path_query {
    struct str path;
    bool regex;
    release_is_own_service *is_own;
    const void *context;
    size_t own_score; /* of the best matching path of our Services; 0: none matches */
    size_t other_score;
    size_t regex_score;
    const struct object *conflict; /* the Ingress with the best path of others, without canaries */
    size_t conflict_score;
    struct path_owner *owner;
};

/* Returns the first Service of a path that is ours, else the first. */
static struct str service_of(const struct path_query *query, const struct path *path,
                             bool *ret_ours)
{
    *ret_ours = false;
    if (!path->backends) {
        *ret_ours = query->is_own(query->context, path->ingress, STR(""), path->service);
        return path->service;
    }
    const struct node *first = release_backend_reference(node_first_child(path->backends));
    const struct node *each = first;
    for (int i = 0; each && i < RULE_BACKENDS_MAX && !*ret_ours; i++) {
        *ret_ours =
            query->is_own(query->context, path->ingress, node_string(node_at(each, "namespace")),
                          node_string(node_at(each, "name")));
        each = release_backend_reference(each->next);
    }
    return node_string(node_at(first, "name"));
}

static void record_other(struct path_query *query, const struct path *path, struct str service,
                         size_t score, bool exact)
{
    struct path_owner *owner = query->owner;
    if (!path->canary && score > query->conflict_score) {
        query->conflict = path->ingress;
        query->conflict_score = score;
    }
    if (score <= query->other_score)
        return;
    query->other_score = score;
    owner->other = path->ingress;
    owner->other_service = service;
    owner->has_exact_rule = exact && path->length;
}

/* Compares a path whose literal head equals the first `head` bytes of the requested path. The score
 * of a match is the length of its literal part, or, if paths are regular expressions, of its text.
 */
static void compare_path(struct path_query *query, const struct path *path, size_t head)
{
    bool exact = head == query->path.len;
    bool below = exact || query->path.data[head] == '/';
    bool ours;
    struct str service = service_of(query, path, &ours);
    size_t score = 1 + (query->regex || path->length == 0 ? path->length : head + 1);
    if (path->match == MATCH_EXACT) {
        if (exact && !ours)
            record_other(query, path, service, query->regex ? score : SIZE_MAX, true);
    } else if (path->match == MATCH_UNKNOWN) {
        if (!ours && score > query->regex_score) {
            query->regex_score = score;
            query->owner->regex_overlap = path->ingress;
        }
    } else if (path->match == MATCH_BELOW && !below) {
        return;
    } else if (!ours) {
        record_other(query, path, service, score, exact);
    } else if (below && score > query->own_score) {
        query->own_score = score;
        query->owner->object = path->ingress;
    }
}

/* Returns the most specific host with rules, or NULL. Sets `*ret_key` to the prefix of its paths'
 * keys, and `*ret_exact` if it is `host` itself. */
static const struct host *find_host(const struct release *release, struct arena *scratch,
                                    struct str class, struct str host, struct str *ret_key,
                                    bool *ret_exact)
{
    bool is_gateway = str_eq_c(class, RELEASE_GATEWAY);
    *ret_key = host_key(scratch, class, host);
    const struct host *found = map_get(&release->rules_by_host, *ret_key);
    *ret_exact = found != NULL;
    for (size_t dot = str_find(host, 0, '.'); !found && dot < host.len;
         dot = is_gateway ? str_find(host, dot + 1, '.') : host.len) {
        struct str wildcard = str_format(scratch, "*%.*s", STR_ARG(str_skip(host, dot)));
        *ret_key = host_key(scratch, class, wildcard);
        found = map_get(&release->rules_by_host, *ret_key);
    }
    if (found)
        return found;
    *ret_key = host_key(scratch, class, STR(""));
    return map_get(&release->rules_by_host, *ret_key);
}

void release_find_owner(struct release *release, struct str class, struct str host, struct str path,
                        release_is_own_service *is_own, const void *context, struct path_owner *ret)
{
    struct arena scratch = {0};
    struct path_query query = {.path = path, .is_own = is_own, .context = context, .owner = ret};
    struct str key;
    bool exact;
    *ret = (struct path_owner){0};
    index_paths(release);
    const struct host *found = find_host(release, &scratch, class, host, &key, &exact);
    struct str all = str_format(&scratch, "%.*s%.*s", STR_ARG(key), STR_ARG(path));
    for (size_t head = 0; found && head <= path.len; head++) {
        query.regex = found->regex;
        for (const struct path *each =
                 map_get(&release->rules_by_path, str_slice(all, 0, key.len + head));
             each; each = each->next)
            compare_path(&query, each, head);
    }
    ret->is_ours = query.own_score && query.own_score >= query.other_score;
    if (ret->is_ours && query.conflict_score == query.own_score)
        ret->conflict = query.conflict;
    if (!ret->is_ours)
        ret->object = NULL;
    ret->has_exact_rule &= exact;
    if (!ret->is_ours || query.regex_score <= query.own_score)
        ret->regex_overlap = NULL;
    arena_free(&scratch);
}

bool release_has_plain_host(struct release *release, struct str class, struct str host)
{
    struct arena scratch = {0};
    index_paths(release);
    const struct host *found = map_get(&release->rules_by_host, host_key(&scratch, class, host));
    arena_free(&scratch);
    return found && !found->regex;
}
