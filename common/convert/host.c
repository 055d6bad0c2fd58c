/* Reads all paths of a host as nginx does, and decides how routes match them.
 *
 * As soon as one Ingress has use-regex or rewrite-target, all paths of the host are
 * case-insensitive regular expressions that match the beginning of a path; the longest text is
 * tried first. Without them, an exact path comes first, then the longest prefix, as in routes.
 * Envoy Gateway compares exact paths, then regular expressions, the longest text first, then
 * prefixes. So a path that nginx compares before an overlapping regular expression must be one in
 * the route too. */
#include "convert/model.h"

#include <stdlib.h>

/* True if nginx matches the path below it and the path itself separately, although the host has
 * regular expressions. */
static bool is_split_prefix(const struct path_rule *rule)
{
    return rule->type != PATH_EXACT && !rule->is_default && !str_ends_with(rule->text, STR("/")) &&
           !rule->ingress->settings.uses_regex && !rule_has_rewrite(rule);
}

/* Such a prefix beside an equal exact path matches only the paths below it. */
static void add_slashes(struct arena *arena, struct host *host)
{
    struct map exact = {0};
    for (size_t i = 0; i < host->count; i++)
        if (host->rules[i]->type == PATH_EXACT)
            map_add(arena, &exact, host->rules[i]->text, host->rules[i]);
    for (size_t i = 0; i < host->count; i++) {
        struct path_rule *rule = host->rules[i];
        if (is_split_prefix(rule) && map_get(&exact, rule->text))
            rule->text = STR_JOIN(arena, rule->text, STR("/"));
    }
}

static int compare_rules(const void *a, const void *b)
{
    const struct path_rule *left = *(struct path_rule *const *)a;
    const struct path_rule *right = *(struct path_rule *const *)b;
    if (left->text.len != right->text.len)
        return left->text.len > right->text.len ? -1 : 1;
    int order = str_compare(right->text, left->text);
    if (order)
        return order;
    if (left->is_default != right->is_default)
        return left->is_default ? 1 : -1;
    return left->order < right->order ? -1 : 1;
}

/* Sorts the rules in the order in which nginx compares them. */
static void sort_rules(struct host *host)
{
    if (host->count)
        qsort(host->rules, host->count, sizeof(struct path_rule *), compare_rules);
}

/* Rules for equal paths */

static void report_conflict(struct convert *convert, const struct host *host,
                            const struct path_rule *rule, const struct path_rule *other)
{
    const struct path_rule *shown = rule->ingress->input->is_converted ? rule : other;
    const struct path_rule *first = shown == rule ? other : rule;
    convert_error(convert, shown->ingress, shown->at, RULE_ROUTE_CONFLICT,
                  "%.*s also has %.*s: nginx uses the older Ingress",
                  STR_ARG(first->ingress->title), STR_ARG(rule_title(convert->arena, host, shown)));
    diag_hint(convert->diags, "remove one of the two paths");
}

static void drop(struct convert *convert, const struct host *host, struct path_rule *rule,
                 const struct path_rule *other)
{
    static const char *const types[] = {[PATH_EXACT] = "Exact", [PATH_PREFIX] = "Prefix"};
    struct str title = rule_title(convert->arena, host, rule);
    rule->is_unreachable = true;
    if (rule->is_default)
        return;
    if (!str_equal(rule->text, other->text))
        convert_differ(convert, rule->ingress, title,
                       "it is left out: nginx sends its requests to the path %.*s",
                       STR_ARG(other->text));
    else if (rule->type == other->type)
        convert_differ(convert, rule->ingress, title,
                       "it is left out: nginx uses the first of equal paths");
    else
        convert_differ(convert, rule->ingress, title,
                       "the path of type %s is left out: nginx sends its requests to that of "
                       "type %s",
                       types[rule->type], types[other->type]);
}

static struct str rule_key(struct arena *arena, const struct host *host,
                           const struct path_rule *rule)
{
    bool has_type = !host->uses_regex && !rule->is_default;
    return str_format(arena, "%d%.*s", has_type ? (int)rule->type : (int)PATH_PREFIX,
                      STR_ARG(rule->text));
}

/* nginx uses the first of equal paths. The order of several Ingresses is their age, which is not
 * known. */
static void drop_duplicates(struct convert *convert, struct host *host)
{
    struct map rules = {0};
    for (size_t i = 0; i < host->count; i++) {
        struct path_rule *rule = host->rules[i];
        const struct path_rule *other =
            map_add(convert->arena, &rules, rule_key(convert->arena, host, rule), rule);
        if (!other)
            continue;
        if (other->ingress != rule->ingress && other->is_default == rule->is_default)
            report_conflict(convert, host, rule, other);
        drop(convert, host, rule, other);
    }
}

/* Hosts without regular expressions */

/* Drops rules whose match is the same as that of another type of path. An exact path counts before
 * a prefix, and the default backend last. */
static void drop_equal_matches(struct convert *convert, struct host *host)
{
    struct map matches = {0};
    for (int rank = PATH_EXACT; rank <= PATH_PREFIX + 1; rank++) {
        for (size_t i = 0; i < host->count; i++) {
            struct path_rule *rule = host->rules[i];
            int own = rule->is_default ? PATH_PREFIX + 1 : (int)rule->type;
            if (own != rank || rule->is_unreachable)
                continue;
            struct str key =
                str_format(convert->arena, "%d%.*s", (int)rule->match, STR_ARG(rule->value));
            const struct path_rule *other = map_add(convert->arena, &matches, key, rule);
            if (other)
                drop(convert, host, rule, other);
        }
    }
}

/* The paths of a host by their text. */
struct path_texts {
    struct map exact;
    struct map other;
};

static struct path_texts read_texts(struct arena *arena, const struct host *host)
{
    struct path_texts texts = {0};
    for (size_t i = 0; i < host->count; i++) {
        const struct path_rule *rule = host->rules[i];
        bool exact = rule->type == PATH_EXACT;
        if (!rule->is_unreachable)
            map_add(arena, exact ? &texts.exact : &texts.other, rule->text, rule);
    }
    return texts;
}

/* True if the host also has the path without the slash at its end, or, as a prefix, the path with
 * one: nginx compares both. */
static bool has_sibling(struct arena *arena, const struct path_texts *texts, struct str path)
{
    if (!str_ends_with(path, STR("/")))
        return map_get(&texts->other, STR_JOIN(arena, path, STR("/"))) != NULL;
    struct str shorter = str_slice(path, 0, path.len - 1);
    return map_get(&texts->exact, shorter) || map_get(&texts->other, shorter);
}

static void convert_plain(struct convert *convert, struct host *host)
{
    const struct path_texts texts = read_texts(convert->arena, host);
    for (size_t i = 0; i < host->count; i++) {
        struct path_rule *rule = host->rules[i];
        if (!rule->is_unreachable)
            path_convert_plain(convert, host, rule,
                               has_sibling(convert->arena, &texts, rule->text));
    }
    drop_equal_matches(convert, host);
}

/* Hosts with regular expressions */

/* The earlier patterns of a host, by their prefix. */
struct earlier {
    struct map begin;                      /* PATTERN_BEGIN */
    bool begin_lengths[HTTP_PATH_MAX + 1]; /* of the keys of `begin` */
    struct map below;                      /* PATTERN_BELOW with the prefix itself */
    struct map under;                      /* PATTERN_BELOW without it */
};

/* A rule and its pattern. */
struct pattern_rule {
    const struct path_rule *rule;
    const struct pattern *pattern;
    size_t index; /* in the order in which nginx compares them */
};

/* Returns the earlier pattern with the prefix `path` up to `end`, perhaps all of it, that matches
 * all paths of a pattern if dots do not differ; or NULL. Every path begins with a slash. */
static const struct pattern_rule *
find_at(const struct earlier *earlier, const struct pattern *pattern, struct str path, size_t end)
{
    struct str prefix = str_slice(path, 0, end);
    bool whole = end > 0 && end == path.len;
    bool continues = end == 0 || (end < path.len && path.data[end] == '/');
    bool is_below = whole && pattern->kind == PATTERN_BELOW;
    const struct pattern_rule *found = NULL;
    if (earlier->begin_lengths[end])
        found = map_get(&earlier->begin, prefix);
    if (!found && (continues || is_below))
        found = map_get(&earlier->below, prefix);
    if (!found && (continues || (is_below && pattern->needs_slash)))
        found = map_get(&earlier->under, prefix);
    return found;
}

/* Returns the first earlier pattern that matches all paths of a pattern, or NULL. Sets
 * `needs_regex` of the pattern if an earlier one matches only some of them, but is the same prefix
 * or a shorter one in the routes. */
static const struct path_rule *find_shadow(const struct earlier *earlier, struct arena *scratch,
                                           struct pattern *pattern)
{
    struct str path = str_lower(scratch, pattern->prefix);
    const struct pattern_rule *first = NULL;
    for (size_t end = 0; end <= path.len; end++) {
        const struct pattern_rule *found = find_at(earlier, pattern, path, end);
        if (found && pattern->has_dot && found->pattern->has_escaped_dot)
            pattern->needs_regex = true;
        else if (found && (!first || found->index < first->index))
            first = found;
    }
    pattern->needs_regex |= map_get(&earlier->below, path) || map_get(&earlier->under, path);
    return first ? first->rule : NULL;
}

static void add_earlier(struct arena *arena, struct earlier *earlier, const struct path_rule *rule,
                        const struct pattern *pattern, size_t index)
{
    struct pattern_rule *added = ARENA_NEW(arena, struct pattern_rule);
    *added = (struct pattern_rule){.rule = rule, .pattern = pattern, .index = index};
    struct map *map = pattern->kind == PATTERN_BEGIN ? &earlier->begin
                      : pattern->needs_slash         ? &earlier->under
                                                     : &earlier->below;
    if (pattern->kind == PATTERN_OTHER)
        return;
    map_add(arena, map, str_lower(arena, pattern->prefix), added);
    earlier->begin_lengths[pattern->prefix.len] |= pattern->kind == PATTERN_BEGIN;
}

/* Drops the rules for which nginx uses an earlier one. */
static void drop_shadowed(struct convert *convert, struct host *host, struct pattern *patterns)
{
    struct earlier earlier = {0};
    struct arena scratch = {0};
    for (size_t i = 0; i < host->count; i++) {
        struct path_rule *rule = host->rules[i];
        if (rule->is_unreachable)
            continue;
        const struct path_rule *other = find_shadow(&earlier, &scratch, &patterns[i]);
        if (other)
            drop(convert, host, rule, other);
        else
            add_earlier(convert->arena, &earlier, rule, &patterns[i], i);
    }
    arena_free(&scratch);
}

/* The longest of several regular expressions in the routes. */
struct longest {
    struct longest *self; /* not const, unlike the pointers in maps */
    size_t length;
    const struct ingress *only; /* the Ingress of all with this length; NULL: several */
};

static void merge_longest(struct longest *longest, const struct longest *other)
{
    if (other->length == longest->length && other->only != longest->only)
        longest->only = NULL;
    if (other->length <= longest->length)
        return;
    longest->length = other->length;
    longest->only = other->only;
}

/* The regular expressions of later paths. Two patterns overlap if the literal head of one begins
 * with that of the other. */
struct heads {
    struct map whole;    /* struct longest by head */
    struct map prefixes; /* by all beginnings of the heads */
};

static void add_longest(struct arena *arena, struct map *map, struct str key,
                        const struct longest *added)
{
    const struct longest *known = map_get(map, key);
    if (known) {
        merge_longest(known->self, added);
        return;
    }
    struct longest *longest = ARENA_NEW(arena, struct longest);
    *longest = *added;
    longest->self = longest;
    map_add(arena, map, key, longest);
}

static void add_head(struct arena *arena, struct heads *heads, struct str head,
                     const struct longest *added)
{
    struct str path = str_lower(arena, head);
    add_longest(arena, &heads->whole, path, added);
    for (size_t end = 0; end <= path.len; end++)
        add_longest(arena, &heads->prefixes, str_slice(path, 0, end), added);
}

/* True if a regular expression overlaps; sets the longest of those. */
static bool overlaps(const struct heads *heads, struct arena *scratch, struct str head,
                     struct longest *ret)
{
    struct str path = str_lower(scratch, head);
    const struct longest *found = map_get(&heads->prefixes, path);
    bool overlapping = found != NULL;
    *ret = found ? *found : (struct longest){0};
    for (size_t end = 0; end <= path.len; end++) {
        found = map_get(&heads->whole, str_slice(path, 0, end));
        if (found)
            merge_longest(ret, found);
        overlapping |= found != NULL;
    }
    return overlapping;
}

/* Envoy Gateway compares the longest regular expression first, and of equal length, that of the
 * older route. Makes one longer that nginx compares before overlapping ones, up to the
 * length that path_check_value() refuses. */
static struct longest order_regex(struct path_rule *rule, const struct longest *later)
{
    struct longest own = {.length = path_regex_length(rule), .only = rule->ingress};
    if (!rule->ingress->input->is_converted)
        return (struct longest){0};
    while (own.length <= HTTP_PATH_MAX &&
           (own.length < later->length ||
            (own.length == later->length && later->only != rule->ingress))) {
        rule->wrappers++;
        own.length = path_regex_length(rule);
    }
    return own;
}

/* Determines which rules must be regular expressions in the routes: those that are more than a
 * prefix, those that an earlier prefix would hide, and those that nginx compares before one of
 * these. Sets how long they are. */
static bool *find_regexes(struct convert *convert, const struct host *host,
                          const struct pattern *patterns)
{
    bool *is_regex = ARENA_ARRAY(convert->arena, host->count, bool);
    struct heads heads = {0};
    for (size_t i = host->count; i-- > 0;) {
        if (host->rules[i]->is_unreachable)
            continue;
        struct longest later;
        is_regex[i] = overlaps(&heads, convert->arena, patterns[i].head, &later) ||
                      patterns[i].kind == PATTERN_OTHER || patterns[i].needs_regex;
        if (!is_regex[i])
            continue;
        const struct longest own = order_regex(host->rules[i], &later);
        add_head(convert->arena, &heads, patterns[i].head, &own);
    }
    return is_regex;
}

/* Without regular expressions, a plain path can at best be a prefix, if it is not the same prefix
 * as a longer path. */
static void convert_literal(struct convert *convert, const struct host *host,
                            const struct path_texts *texts, struct path_rule *rule,
                            const struct pattern *pattern)
{
    bool is_same_prefix =
        !str_ends_with(rule->text, STR("/")) && has_sibling(convert->arena, texts, rule->text);
    struct pattern prefix = *pattern;
    struct str about = rule_title(convert->arena, host, rule);
    const char *reason = pattern->is_literal
                             ? "nginx reads it as a regular expression, because an Ingress of this "
                               "host has use-regex or rewrite-target; only type: envoy supports "
                               "that"
                             : "only type: envoy supports regular expressions";
    if (!pattern->is_literal || is_same_prefix) {
        convert_error(convert, rule->ingress, rule->at, RULE_NOT_CONVERTED,
                      "%.*s cannot be converted: %s", STR_ARG(about), reason);
        diag_hint(convert->diags, "write it as a path of type Prefix in the Ingress");
        return;
    }
    if (!convert->best_effort) {
        convert_error(convert, rule->ingress, rule->at, RULE_NOT_CONVERTED,
                      "%.*s cannot be converted: %s", STR_ARG(about), reason);
        diag_hint(convert->diags, "pass --best-effort to convert it to a prefix");
        return;
    }
    prefix.needs_slash = str_ends_with(prefix.prefix, STR("/"));
    prefix.kind = prefix.needs_slash ? PATTERN_BELOW : PATTERN_BEGIN;
    prefix.prefix.len -= prefix.needs_slash;
    path_convert_prefix(convert, host, rule, &prefix);
}

static void check_length(struct convert *convert, const struct host *host)
{
    for (size_t i = 0; i < host->count; i++) {
        struct path_rule *rule = host->rules[i];
        if (rule->text.len <= HTTP_PATH_MAX)
            continue;
        convert_error(convert, rule->ingress, rule->at, RULE_LIMIT_EXCEEDED,
                      "a path of %.*s is longer than 1024 characters", STR_ARG(host->name));
        diag_hint(convert->diags, "a route cannot have such a path: change it in the Ingress");
        rule->is_unreachable = true;
    }
}

static void convert_regexes(struct convert *convert, struct host *host)
{
    struct pattern *patterns = ARENA_ARRAY(convert->arena, host->count, struct pattern);
    for (size_t i = 0; i < host->count; i++)
        patterns[i] = pattern_parse(convert->arena, host->rules[i]->text);
    drop_shadowed(convert, host, patterns);
    const struct path_texts texts = read_texts(convert->arena, host);
    const bool *is_regex = find_regexes(convert, host, patterns);
    for (size_t i = 0; i < host->count; i++) {
        struct path_rule *rule = host->rules[i];
        if (rule->is_unreachable)
            continue;
        if (!is_regex[i])
            path_convert_prefix(convert, host, rule, &patterns[i]);
        else if (convert_is_envoy(convert))
            path_convert_regex(convert, host, rule);
        else
            convert_literal(convert, host, &texts, rule, &patterns[i]);
    }
}

/* gRPC */

/* True for a path that a GRPCRoute can match: all, a service or a method. */
static bool is_grpc_path(const struct path_rule *rule)
{
    struct str path = str_skip(rule->value, 1);
    size_t slash = str_find(path, 0, '/');
    if (rule->match == MATCH_KIND_PREFIX)
        return slash == path.len;
    return slash > 0 && slash + 1 < path.len && str_find(path, slash + 1, '/') == path.len;
}

/* A Gateway does not accept GRPCRoutes and HTTPRoutes for the same host, and Traefik has sticky
 * sessions only in HTTPRoutes. */
static bool uses_grpc_routes(const struct convert *convert, const struct host *host)
{
    for (size_t i = 0; i < host->count; i++) {
        const struct path_rule *rule = host->rules[i];
        const struct settings *settings = &rule->ingress->settings;
        if (rule->is_unreachable)
            continue;
        if (!rule->ingress->input->is_converted || !settings_is_grpc(settings) ||
            rule->rewrite != REWRITE_NONE || !is_grpc_path(rule) || settings->cors.enabled ||
            settings->upstream_host.len ||
            (settings->affinity.cookie.len && convert->gateway->flavour == FLAVOUR_TRAEFIK))
            return false;
    }
    return host->count > 0 && !host->uses_regex;
}

/* nginx adds the default backend to a host when it reads the host's first Ingress. */
static void report_default(struct convert *convert, const struct host *host,
                           const struct path_rule *rule)
{
    if (rule->is_default && host->is_split)
        convert_differ(convert, rule->ingress, rule_title(convert->arena, host, rule),
                       "nginx uses it only if the Ingress is the oldest one for this host");
}

/* Appends each rule to the part of its Ingress. */
static void add_parts(struct convert *convert, struct host *host)
{
    struct arena *arena = convert->arena;
    for (size_t i = 0; i < host->count; i++) {
        struct path_rule *rule = host->rules[i];
        struct ingress *ingress = rule->ingress;
        if (rule->is_unreachable || !ingress->input->is_converted || rule->value.len == 0 ||
            !path_check_value(convert, host, rule))
            continue;
        report_default(convert, host, rule);
        if (ingress->part_count == 0 || ingress->parts[ingress->part_count - 1].host != host) {
            ingress->parts =
                arena_grow(arena, ingress->parts, ingress->part_count, sizeof *ingress->parts);
            ingress->parts[ingress->part_count++] = (struct part){.host = host};
        }
        struct part *part = &ingress->parts[ingress->part_count - 1];
        part->rules = arena_grow(arena, part->rules, part->count, sizeof(struct path_rule *));
        part->rules[part->count++] = rule;
    }
}

void host_convert(struct convert *convert, struct host *host)
{
    if (host->uses_regex)
        add_slashes(convert->arena, host);
    sort_rules(host);
    check_length(convert, host);
    drop_duplicates(convert, host);
    if (host->uses_regex)
        convert_regexes(convert, host);
    else
        convert_plain(convert, host);
    host->is_grpc = uses_grpc_routes(convert, host);
    add_parts(convert, host);
}
