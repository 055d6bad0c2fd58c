/* Decides how routes match and rewrite a path. */
#include "convert/model.h"

#include <string.h>

/* Suffixes of regular expressions that make a path match as a prefix, the longest first. */
static const struct {
    const char *text;
    struct pattern pattern;
} suffixes[] = {
    {"(/|$)(.*)", {.kind = PATTERN_BELOW, .slash = 1, .rest = 2}},
    {"($|/)(.*)", {.kind = PATTERN_BELOW, .slash = 1, .rest = 2}},
    {"(?:/|$)(.*)", {.kind = PATTERN_BELOW, .rest = 1}},
    {"(/|$).*", {.kind = PATTERN_BELOW, .slash = 1}},
    {"($|/).*", {.kind = PATTERN_BELOW, .slash = 1}},
    {"(/|$)", {.kind = PATTERN_BELOW, .slash = 1}},
    {"($|/)", {.kind = PATTERN_BELOW, .slash = 1}},
    {"(/.*)", {.kind = PATTERN_BELOW, .needs_slash = true, .rest = 1, .rest_has_slash = true}},
    {"/(.*)", {.kind = PATTERN_BELOW, .needs_slash = true, .rest = 1}},
    {"/.*", {.kind = PATTERN_BELOW, .needs_slash = true}},
    {"/?(.*)", {.kind = PATTERN_BEGIN, .rest = 1}},
    {"()(.*)", {.kind = PATTERN_BEGIN, .rest = 2, .rest_has_slash = true}},
    {"(.*)", {.kind = PATTERN_BEGIN, .rest = 1, .rest_has_slash = true}},
    {".*", {.kind = PATTERN_BEGIN}},
    {"/*", {.kind = PATTERN_BEGIN}},
};

static bool is_operator(char byte)
{
    return strchr("^$*+?()[]{}|\\", byte) != NULL;
}

/* Returns the text before the first operator, without the backslashes of escaped punctuation. */
static struct str literal_head(struct arena *arena, struct str text, struct pattern *pattern)
{
    struct buf head = {0};
    size_t i = 0;
    size_t dot = SIZE_MAX; /* the first one that is an operator */
    for (; i < text.len; i++) {
        bool escaped =
            text.data[i] == '\\' && i + 1 < text.len && strchr(".-/_~+", text.data[i + 1]);
        if (!escaped && is_operator(text.data[i]))
            break;
        i += escaped;
        if (!escaped && text.data[i] == '.' && !pattern->has_dot) {
            pattern->has_dot = true;
            dot = head.len;
        }
        pattern->has_escaped_dot |= escaped && text.data[i] == '.';
        buf_add_byte(&head, text.data[i]);
    }
    pattern->is_literal = i >= text.len;
    struct str copy = buf_take(arena, &head);
    bool optional = i < text.len && strchr("*?{", text.data[i]);
    copy.len -= optional && copy.len; /* the operator applies to the last character */
    pattern->head = str_slice(copy, 0, dot < copy.len ? dot : copy.len);
    return copy;
}

/* A prefix that ends with a slash matches only below it: `/x/()(.*)` is the same as `/x/(.*)`. */
static void trim_prefix(struct pattern *pattern)
{
    if (!str_ends_with(pattern->prefix, STR("/")))
        return;
    pattern->prefix.len--;
    if (pattern->head.len > pattern->prefix.len)
        pattern->head.len--;
    pattern->kind = PATTERN_BELOW;
    pattern->needs_slash = true;
    pattern->rest_has_slash = false;
}

struct pattern pattern_parse(struct arena *arena, struct str text)
{
    text = str_skip(text, str_starts_with(text, STR("^")));
    for (size_t i = 0; i < COUNT_OF(suffixes); i++) {
        struct str suffix = str_from_c(suffixes[i].text);
        struct pattern pattern = suffixes[i].pattern;
        if (!str_ends_with(text, suffix))
            continue;
        pattern.prefix = literal_head(arena, str_slice(text, 0, text.len - suffix.len), &pattern);
        if (!pattern.is_literal)
            break;
        bool ended_below = pattern.kind == PATTERN_BELOW;
        if (ended_below && str_ends_with(pattern.prefix, STR("/")))
            break; /* a path with two slashes */
        trim_prefix(&pattern);
        pattern.is_literal = false;
        return pattern;
    }
    struct pattern other = {.kind = PATTERN_OTHER};
    other.prefix = literal_head(arena, text, &other);
    if (str_eq_c(other.prefix, "/") && other.is_literal) /* all paths */
        return (struct pattern){.kind = PATTERN_BEGIN, .prefix = STR("")};
    return other;
}

/* Rewrites */

/* What a rewrite-target does. */
struct target {
    struct str head; /* the text before the first group */
    bool has_groups;
    bool is_rest;       /* then the rest of the path follows, after exactly one slash */
    bool keeps_missing; /* and no slash is added to the prefix itself */
    bool is_unknown;    /* it has variables other than groups */
};

/* Returns the number of a group `$1` at the start of the text; 0 if there is none. */
static int group_at(struct str text)
{
    return text.len > 1 && text.data[0] == '$' && text.data[1] >= '1' && text.data[1] <= '9'
               ? text.data[1] - '0'
               : 0;
}

static struct target parse_target(struct str text, const struct pattern *pattern)
{
    size_t dollar = str_find(text, 0, '$');
    struct target target = {.head = str_slice(text, 0, dollar), .has_groups = dollar < text.len};
    struct str tail = str_skip(text, dollar);
    for (size_t at = dollar; at < text.len; at = str_find(text, at + 1, '$'))
        target.is_unknown |= group_at(str_skip(text, at)) == 0;
    if (!target.has_groups || pattern->rest == 0)
        return target;
    if (pattern->slash && group_at(tail) == pattern->slash) {
        tail = str_skip(tail, 2);
        target.is_rest = group_at(tail) == pattern->rest && tail.len == 2 &&
                         !str_ends_with(target.head, STR("/"));
        target.keeps_missing = true;
        return target;
    }
    if (group_at(tail) != pattern->rest || tail.len != 2)
        return target;
    bool has_slash = str_ends_with(target.head, STR("/"));
    target.is_rest = has_slash != pattern->rest_has_slash;
    target.keeps_missing = pattern->rest_has_slash;
    target.head.len -= has_slash;
    return target;
}

/* Removes groups above the last one of the path, which are empty in nginx. */
static struct str without_groups(struct arena *arena, struct str text, int last)
{
    struct buf out = {0};
    for (size_t i = 0; i < text.len; i++) {
        if (group_at(str_skip(text, i)) > last)
            i++;
        else
            buf_add_byte(&out, text.data[i]);
    }
    return buf_take(arena, &out);
}

static void refuse_rewrite(struct convert *convert, const struct host *host,
                           const struct path_rule *rule, const char *reason)
{
    struct str about = rule_title(convert->arena, host, rule);
    convert_error(convert, rule->ingress, rule->at, RULE_NOT_CONVERTED,
                  "the rewrite-target \"%.*s\" of %.*s %s",
                  STR_ARG(rule->ingress->settings.rewrite_target), STR_ARG(about), reason);
    diag_hint(convert->diags,
              "write a path with the groups of the regular expression, such as /$2");
}

/* Reports a target that is not a path, such as another site, and returns false. */
static bool check_target(struct convert *convert, const struct host *host,
                         const struct path_rule *rule, const struct target *target)
{
    struct str text = rule->ingress->settings.rewrite_target;
    bool is_path = str_starts_with(text, STR("/")) || group_at(text);
    if (is_path && !target->is_unknown && !str_contains(text, STR("?")) &&
        !str_contains(text, STR(" ")) && text.len <= HTTP_PATH_MAX)
        return true;
    refuse_rewrite(convert, host, rule, "is not a path");
    return false;
}

/* Translates the target for RE2: `\1` for `$1`. */
static struct str substitution_of(struct arena *arena, struct str text)
{
    struct buf out = {0};
    for (size_t i = 0; i < text.len; i++) {
        bool group = group_at(str_skip(text, i)) != 0;
        if (text.data[i] == '\\')
            buf_add_byte(&out, '\\');
        buf_add_byte(&out, group ? '\\' : text.data[i]);
    }
    return buf_take(arena, &out);
}

/* Replaces the whole path. */
static void rewrite_fully(struct path_rule *rule, struct str text)
{
    rule->rewrite = REWRITE_FULL;
    rule->replacement = text.len ? text : STR("/");
}

/* nginx compares the beginning of a path, with or without a caret. */
static struct str regex_text(const struct path_rule *rule)
{
    return str_skip(rule->text, str_starts_with(rule->text, STR("^")));
}

static void rewrite_by_regex(struct convert *convert, const struct host *host,
                             struct path_rule *rule)
{
    struct str text = regex_text(rule);
    int groups;
    const char *error = regex_check(text, &groups);
    if (!convert_is_envoy(convert)) {
        refuse_rewrite(convert, host, rule,
                       "needs regular expressions, which only type: envoy supports");
        return;
    }
    if (error) {
        refuse_rewrite(convert, host, rule,
                       "belongs to a regular expression that Envoy reads "
                       "differently");
        return;
    }
    rule->rewrite = REWRITE_REGEX;
    rule->pattern = STR_JOIN(convert->arena, STR("(?i)^"), text, STR(".*$"));
    rule->replacement = substitution_of(
        convert->arena,
        without_groups(convert->arena, rule->ingress->settings.rewrite_target, groups));
}

/* Without a slash at its end, the target does not get one for the prefix itself. */
static void report_missing_slash(struct convert *convert, const struct host *host,
                                 const struct path_rule *rule, const struct target *target)
{
    if (target->keeps_missing || target->head.len == 0)
        return;
    convert_differ(convert, rule->ingress, rule_title(convert->arena, host, rule),
                   "%.*s itself becomes %.*s, not %.*s/", STR_ARG(rule->value),
                   STR_ARG(target->head), STR_ARG(target->head));
}

/* Envoy Gateway rewrites the prefix `/` without adding a slash to its replacement. */
static void rewrite_prefix(struct convert *convert, const struct host *host, struct path_rule *rule,
                           const struct pattern *pattern, const struct target *target)
{
    struct str head = target->head;
    if (str_equal(head, pattern->prefix))
        return;
    if (pattern->prefix.len == 0 && convert_is_envoy(convert)) {
        rewrite_by_regex(convert, host, rule);
        return;
    }
    if (name_check_path(head.len ? head : STR("/")) || str_ends_with(head, STR("/"))) {
        refuse_rewrite(convert, host, rule, "is not a valid path");
        return;
    }
    rule->rewrite = REWRITE_PREFIX;
    rule->replacement = head.len ? head : STR("/");
    report_missing_slash(convert, host, rule, target);
}

static void rewrite(struct convert *convert, const struct host *host, struct path_rule *rule,
                    const struct pattern *pattern)
{
    int groups = 0;
    if (!rule_has_rewrite(rule))
        return;
    regex_check(rule->text, &groups);
    struct str text =
        without_groups(convert->arena, rule->ingress->settings.rewrite_target, groups);
    const struct target target = parse_target(text, pattern);
    if (!check_target(convert, host, rule, &target))
        return;
    if (!target.has_groups)
        rewrite_fully(rule, text);
    else if (target.is_rest && rule->match == MATCH_KIND_PREFIX)
        rewrite_prefix(convert, host, rule, pattern, &target);
    else
        rewrite_by_regex(convert, host, rule);
}

/* Matches */

bool path_check_value(struct convert *convert, const struct host *host,
                      const struct path_rule *rule)
{
    bool is_regex = rule->match == MATCH_KIND_REGEX;
    const char *error = is_regex ? NULL : name_check_path(rule->value);
    if (rule->value.len > HTTP_PATH_MAX)
        error = is_regex && rule->wrappers
                    ? "would be longer than 1024 characters to be compared before another one"
                    : "must be at most 1024 characters long";
    if (!error && !is_regex &&
        (str_contains(rule->value, STR("//")) || str_contains(rule->value, STR("/../")) ||
         str_contains(rule->value, STR("/./")) || str_ends_with(rule->value, STR("/..")) ||
         str_ends_with(rule->value, STR("/.")) || str_contains(rule->value, STR("%"))))
        error = "must not contain //, /./, /../ or %";
    if (!error)
        return true;
    convert_error(convert, rule->ingress, rule->at, RULE_NOT_CONVERTED, "the path of %.*s %s",
                  STR_ARG(rule_title(convert->arena, host, rule)), error);
    diag_hint(convert->diags, "a route cannot have such a path: change it in the Ingress");
    return false;
}

static void differ(struct convert *convert, const struct host *host, const struct path_rule *rule,
                   const char *format, struct str value)
{
    struct arena *arena = convert->arena;
    struct buf detail = {0};
    for (; *format; format++) {
        if (*format == '*')
            buf_add(&detail, value);
        else
            buf_add_byte(&detail, *format);
    }
    struct str text = buf_take(arena, &detail);
    convert_differ(convert, rule->ingress, rule_title(arena, host, rule), "%.*s", STR_ARG(text));
}

void path_convert_prefix(struct convert *convert, const struct host *host, struct path_rule *rule,
                         const struct pattern *pattern)
{
    rule->match = MATCH_KIND_PREFIX;
    rule->value = pattern->prefix.len ? pattern->prefix : STR("/");
    if (pattern->prefix.len) {
        differ(convert, host, rule, "the path is case-sensitive", rule->value);
        if (pattern->kind == PATTERN_BEGIN)
            differ(convert, host, rule,
                   "paths that only begin with the same text, such as *x, do "
                   "not match",
                   rule->value);
        if (pattern->needs_slash)
            differ(convert, host, rule, "* itself matches too", rule->value);
        if (pattern->has_dot)
            differ(convert, host, rule, "a dot matches only a dot", rule->value);
    }
    rewrite(convert, host, rule, pattern);
}

static struct str regex_value(struct arena *arena, const struct path_rule *rule)
{
    struct buf out = {0};
    buf_add(&out, STR("(?i)"));
    for (size_t i = 0; i < rule->wrappers; i++)
        buf_add(&out, STR("(?:"));
    buf_add(&out, regex_text(rule));
    buf_add(&out, STR(".*"));
    for (size_t i = 0; i < rule->wrappers; i++)
        buf_add_byte(&out, ')');
    return buf_take(arena, &out);
}

size_t path_regex_length(const struct path_rule *rule)
{
    return strlen("(?i).*") + regex_text(rule).len + rule->wrappers * strlen("(?:)");
}

void path_convert_regex(struct convert *convert, const struct host *host, struct path_rule *rule)
{
    struct arena *arena = convert->arena;
    const struct pattern pattern = pattern_parse(arena, rule->text);
    int groups;
    const char *error = regex_check(regex_text(rule), &groups);
    rule->match = MATCH_KIND_REGEX;
    rule->value = regex_value(arena, rule);
    if (error) {
        convert_error(convert, rule->ingress, rule->at, RULE_NOT_CONVERTED,
                      "the regular expression of %.*s cannot be converted: %s",
                      STR_ARG(rule_title(arena, host, rule)), error);
        diag_hint(convert->diags, "write it in another way in the Ingress");
        return;
    }
    convert_differ(convert, rule->ingress, rule_title(arena, host, rule),
                   "it is the regular expression %.*s, as nginx reads it", STR_ARG(rule->value));
    rewrite(convert, host, rule, &pattern);
}

void path_convert_plain(struct convert *convert, const struct host *host, struct path_rule *rule,
                        bool has_sibling)
{
    bool has_slash = str_ends_with(rule->text, STR("/"));
    bool is_exact = rule->type == PATH_EXACT || (has_sibling && !has_slash);
    rule->match = is_exact ? MATCH_KIND_EXACT : MATCH_KIND_PREFIX;
    rule->value = rule->text;
    if (rule->type == PATH_EXACT || str_eq_c(rule->text, "/"))
        return;
    rule->value.len -= has_slash;
    if (has_slash && !has_sibling)
        convert_differ(convert, rule->ingress, rule_title(convert->arena, host, rule),
                       "%.*s is served; nginx redirects it to %.*s/", STR_ARG(rule->value),
                       STR_ARG(rule->value));
}
