/* Determines which Service receives a request, by the rules of a chart's Ingresses or routes.
 *
 * A controller merges the rules of all Ingresses of its class. It uses the rules of the most
 * specific host (exact name, wildcard, every host), and of these an exact path, else the longest
 * that matches. If nginx reads the paths of a host as regular expressions, it tries the longest
 * text first, and of equally long ones the last in the alphabet. In hosts of the Gateway API, a
 * wildcard matches any number of labels. In one route, the first of several equal rules receives
 * the requests. */
#include "chart/release_rules.h"

#include <string.h>

/* The maximum number that the CRD allows. */
enum { RULE_BACKENDS_MAX = 16 };

/* A path that receives the requests unless another has precedence. */
struct candidate {
    const struct path *path; /* NULL: there is none */
    size_t score;
    const struct node *backend; /* of a route: the first one that is ours, else the first; NULL: the
                                   rule answers requests itself */
    bool exact;                 /* its text is the path of the query */
    bool inside;                /* its text ends inside an element of that path */
};

struct path_query {
    struct str path;
    enum rule_reader reader;
    bool regex;
    release_is_own_service *is_own;
    const void *context;
    struct candidate own;
    struct candidate other;
    struct candidate overlap; /* a regular expression of others */
    struct path_owner *owner;
};

struct str release_backend_port(const struct node *backend)
{
    static const char *const paths[] = {"port", "service port number", "service port name",
                                        "servicePort"};
    struct str port = {0};
    for (size_t i = 0; i < COUNT_OF(paths) && port.len == 0; i++)
        port = node_string(node_at(backend, paths[i]));
    return port;
}

static struct str service_of(const struct candidate *candidate)
{
    return candidate->path->backends ? node_string(node_at(candidate->backend, "name"))
                                     : release_backend_service(candidate->backend);
}

/* Selects the backend of a path. True if its Service is ours. */
static bool select_backend(const struct path_query *query, const struct path *path,
                           struct candidate *ret)
{
    bool ours = false;
    ret->backend = path->backend;
    if (path->backend)
        return query->is_own(query->context, path->object, STR(""),
                             release_backend_service(path->backend));
    const struct node *each = release_backend_reference(node_first_child(path->backends));
    ret->backend = each;
    for (int i = 0; each && i < RULE_BACKENDS_MAX && !ours; i++) {
        ours = query->is_own(query->context, path->object, node_string(node_at(each, "namespace")),
                             node_string(node_at(each, "name")));
        if (ours)
            ret->backend = each;
        each = release_backend_reference(each->next);
    }
    return ours;
}

/* Compares two paths that match: positive if `a` receives the requests, 0 if it depends on the age
 * of the objects. */
static int compare(const struct path_query *query, const struct candidate *a,
                   const struct candidate *b)
{
    if (a->score != b->score || !a->path || !b->path)
        return a->score > b->score ? 1 : -(a->score < b->score);
    int order = query->regex ? str_compare(a->path->text, b->path->text) : 0;
    if (order == 0 && a->path->object == b->path->object)
        return a->path->rule < b->path->rule ? 1 : -1;
    return order;
}

static void keep_best(const struct path_query *query, struct candidate *best,
                      const struct candidate *candidate)
{
    if (compare(query, candidate, best) > 0)
        *best = *candidate;
}

/* Returns the precedence of a path whose literal head has `head` bytes: its length, or, if paths
 * are regular expressions, that of its text. nginx prefers whole elements to an equally long
 * string. */
static size_t score_of(const struct path_query *query, const struct path *path, size_t head)
{
    if (path->match == MATCH_EXACT)
        return SIZE_MAX;
    size_t length = query->regex || path->text.len == 0 ? path->text.len : head + 1;
    return 1 + 2 * length + (path->match == MATCH_BELOW && !query->regex);
}

static void note_limit(struct path_owner *owner, const struct path *path, enum own_limit limit)
{
    if (owner->limit >= limit)
        return;
    owner->limit = limit;
    owner->limited = path->object;
}

/* Compares a path whose literal head equals the first `head` bytes of the requested path. With
 * MATCH_BEGIN, /a receives the requests for /api. */
static void compare_path(struct path_query *query, const struct path *path, size_t head)
{
    struct candidate candidate = {.path = path, .exact = head == query->path.len};
    candidate.inside = !candidate.exact && query->path.data[head] != '/';
    bool ours = select_backend(query, path, &candidate);
    candidate.score = score_of(query, path, head);
    if (path->redirects) {
        if (candidate.exact)
            query->owner->redirect = path->object;
        return;
    }
    if (path->misses_regex) {
        if (ours)
            note_limit(query->owner, path, OWN_LITERAL);
        return;
    }
    if ((path->match == MATCH_EXACT && !candidate.exact) ||
        (path->match == MATCH_BELOW && candidate.inside))
        return;
    if (!ours && (path->conditional || path->canary))
        return; /* the rest of the requests is what matters */
    if (!ours && path->match == MATCH_UNKNOWN)
        keep_best(query, &query->overlap, &candidate);
    else if (!ours)
        keep_best(query, &query->other, &candidate);
    else if (path->match == MATCH_UNKNOWN)
        note_limit(query->owner, path, OWN_REGEX);
    else if (path->conditional)
        note_limit(query->owner, path, OWN_CONDITIONS);
    else if (path->match == MATCH_EXACT)
        note_limit(query->owner, path, OWN_EXACT);
    else
        keep_best(query, &query->own, &candidate);
}

/* Compares all paths of a host, whose keys begin with `key`. */
static void compare_host(struct path_query *query, const struct rule_index *index,
                         struct arena *scratch, const struct host *host, struct str key)
{
    struct str path = query->path;
    query->regex = host->regex;
    if (host->regex)
        path = str_lower(scratch, path);
    struct str all = str_format(scratch, "%.*s%.*s", STR_ARG(key), STR_ARG(path));
    for (size_t head = 0; head <= path.len; head++)
        for (const struct path *each = map_get(&index->paths, str_slice(all, 0, key.len + head));
             each; each = each->next)
            compare_path(query, each, head);
}

/* Returns the host, the wildcards that include it, and the empty host, which is every host. In
 * Ingresses, a wildcard matches one label. */
static const struct str *host_levels(struct arena *scratch, enum rule_reader reader,
                                     struct str host, size_t *ret_count)
{
    struct str *levels = NULL;
    *ret_count = 0;
    for (size_t dot = str_find(host, 0, '.'), first = dot; dot < host.len;
         dot = str_find(host, dot + 1, '.')) {
        if (dot != first && reader != RULES_GATEWAY)
            break;
        levels = arena_grow(scratch, levels, *ret_count, sizeof *levels);
        levels[(*ret_count)++] = str_format(scratch, "*%.*s", STR_ARG(str_skip(host, dot)));
    }
    levels = arena_grow(scratch, levels, *ret_count, sizeof *levels);
    levels[(*ret_count)++] = STR("");
    return levels;
}

/* Compares the paths of one host. Returns false if none can match, so that some controllers
 * continue with less specific hosts. */
static bool compare_level(struct path_query *query, const struct rule_index *index,
                          struct arena *scratch, struct str key)
{
    const struct host *host = map_get(&index->hosts, key);
    if (!host)
        return false;
    compare_host(query, index, scratch, host, key);
    return query->own.path || query->other.path || query->overlap.path || query->owner->limit ||
           query->reader == RULES_NGINX;
}

/* Compares the paths of the most specific host with rules. If none matches, and it is unknown
 * whether the controller continues with less specific hosts, only notes a path of ours there. */
static void compare_hosts(struct path_query *query, const struct rule_index *index,
                          struct arena *scratch, struct rule_class class, struct str host)
{
    size_t count;
    const struct str *levels = host_levels(scratch, query->reader, host, &count);
    struct str key = rules_host_key(scratch, class.name, host);
    bool known = true;
    bool done = compare_level(query, index, scratch, key);
    const struct object *redirect = query->owner->redirect;
    query->owner->has_exact_rule = done;
    for (size_t i = 0; i < count && !done; i++) {
        known &= class.continues || !map_get(&index->hosts, key);
        key = rules_host_key(scratch, class.name, levels[i]);
        done = compare_level(query, index, scratch, key);
    }
    query->owner->redirect = redirect;
    if (known)
        return;
    if (query->own.path && compare(query, &query->own, &query->other) >= 0)
        note_limit(query->owner, query->own.path, OWN_OTHER_HOST);
    query->own = query->other = query->overlap = (struct candidate){0};
}

/* Determines whether a regular expression of others may have precedence. That of the Gateway API,
 * and of controllers other than nginx, is defined by no standard. */
static bool may_overlap(const struct path_query *query)
{
    return query->overlap.path &&
           (query->reader != RULES_NGINX || compare(query, &query->overlap, &query->own) > 0);
}

static void set_owner(struct path_query *query, const struct candidate *found, bool ours)
{
    struct path_owner *owner = query->owner;
    owner->is_ours = ours;
    owner->object = found->path->object;
    owner->service = service_of(found);
    owner->port = release_backend_port(found->backend);
    owner->has_exact_rule &= !ours && found->exact && found->path->text.len;
    owner->by_controller = found->path->by_controller;
    owner->is_inside = found->inside;
    owner->is_extended = found->path->is_extended;
}

void release_find_owner(struct release *release, struct rule_class class, struct str host,
                        struct str path, release_is_own_service *is_own, const void *context,
                        struct path_owner *ret)
{
    struct arena scratch = {0};
    struct path_query query = {
        .path = path, .reader = class.reader, .is_own = is_own, .context = context, .owner = ret};
    *ret = (struct path_owner){0};
    compare_hosts(&query, release_rules(release, class.reader, class.hooks), &scratch, class, host);
    int order = compare(&query, &query.own, &query.other);
    if (query.own.path && order >= 0) {
        set_owner(&query, &query.own, true);
        ret->conflict = order == 0 ? query.other.path->object : NULL;
        ret->regex_overlap = may_overlap(&query) ? query.overlap.path->object : NULL;
        ret->limit = OWN_NONE;
    } else if (query.other.path) {
        set_owner(&query, &query.other, false);
    } else {
        ret->has_exact_rule = false;
    }
    arena_free(&scratch);
}

bool release_has_plain_host(struct release *release, enum hook_use hooks, struct str class,
                            struct str host)
{
    struct arena scratch = {0};
    const struct rule_index *index = release_rules(release, RULES_NGINX, hooks);
    const struct host *found = map_get(&index->hosts, rules_host_key(&scratch, class, host));
    arena_free(&scratch);
    return found && !found->regex;
}
