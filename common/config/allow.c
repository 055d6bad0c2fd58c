#include "config/allow.h"

#include "base/rule.h"
#include "base/utf8.h"

/* A comment whose rules have not been read yet. */
struct comment {
    size_t at;    /* offset of the # */
    size_t text;  /* offset after "optasvc:" */
    size_t start; /* of the line that it is about */
    size_t end;
    struct allowance range; /* of the entry */
};

struct comments {
    struct arena *arena;
    struct diags *diags;
    const struct source *source;
    struct comment *items;
    size_t count;
    size_t searched; /* everything before this offset was searched for comments */
    size_t content;  /* the last result of next_content() */
    size_t content_end;
    size_t next; /* the first that visit_entry() has not passed */
    size_t rules;
};

/* Names of rules */

/* Removes the next name from a list with commas and spaces. Returns false if there is none. */
static bool next_name(struct str *list, struct str *ret)
{
    size_t start = 0;
    while (start < list->len && strchr(", \t\r", list->data[start]))
        start++;
    size_t end = start;
    while (end < list->len && !strchr(", \t\r", list->data[end]))
        end++;
    *ret = str_slice(*list, start, end);
    *list = str_skip(*list, end);
    return ret->len > 0;
}

static bool is_allowable(struct str name, enum rule *ret)
{
    return rule_find(name, ret) && rule_can_allow(*ret);
}

struct str allow_unknown_name(struct str list)
{
    enum rule rule;
    for (struct str name; next_name(&list, &name);)
        if (!is_allowable(name, &rule))
            return name;
    return STR("");
}

struct str allow_hint(struct arena *arena, struct str name)
{
    enum rule rule;
    struct suggestion near = {.word = name};
    if (rule_find(name, &rule))
        return STR("only warnings about files can be allowed");
    for (rule = 0; rule < RULE_COUNT; rule++)
        if (rule_can_allow(rule))
            suggestion_add(&near, str_from_c(rule_info(rule)->name));
    return near.best.len ? str_format(arena, "did you mean \"%.*s\"?", STR_ARG(near.best))
                         : STR("kubectl optasvc explain --rules lists all rules");
}

const char *allow_check_flag(struct str list)
{
    struct str rest = list;
    struct str name;
    if (!next_name(&rest, &name) || allow_unknown_name(list).len)
        return "must be names of rules that can be allowed";
    return NULL;
}

struct diag_policy allow_read_flags(const struct input_options *options)
{
    struct diag_policy policy = {0};
    for (size_t i = 0; i < options->allow.count; i++) {
        struct str list = str_from_c(options->allow.items[i]);
        enum rule rule;
        for (struct str name; next_name(&list, &name);)
            if (is_allowable(name, &rule))
                policy.allowed[rule] = true;
    }
    return policy;
}

/* Finding comments */

static size_t skip_blanks(struct str text, size_t at)
{
    while (at < text.len && (text.data[at] == ' ' || text.data[at] == '\t'))
        at++;
    return at;
}

static bool is_blank(char byte)
{
    return byte == ' ' || byte == '\t' || byte == '\n';
}

/* A byte order mark is not part of the first line. */
static size_t line_start(struct str text, size_t at)
{
    size_t first = utf8_bom_len(text);
    while (at > first && text.data[at - 1] != '\n')
        at--;
    return at;
}

/* Returns the offset after blanks and the dashes of list items. */
static size_t skip_dashes(struct str text, size_t at)
{
    at = skip_blanks(text, at);
    while (at + 1 < text.len && text.data[at] == '-' &&
           (is_blank(text.data[at + 1]) || text.data[at + 1] == '\r'))
        at = skip_blanks(text, at + 1);
    return at;
}

/* Returns the start of the next line from `at` on that has more than dashes and a comment. */
static size_t next_content(struct str text, size_t at)
{
    while (at < text.len) {
        size_t first = skip_dashes(text, at);
        if (first < text.len && !strchr("#\r\n", text.data[first]))
            return at;
        at = str_find(text, first, '\n') + 1;
    }
    return text.len;
}

/* Returns the offset after "# optasvc:" if that is at `at`; else 0. */
static size_t after_mark(struct str text, size_t at)
{
    const struct str mark = STR("optasvc:");
    size_t word = skip_blanks(text, at + 1);
    return str_starts_with(str_skip(text, word), mark) ? word + mark.len : 0;
}

static bool has_mark(struct str text)
{
    size_t at = str_find(text, 0, '#');
    while (at < text.len && !after_mark(text, at))
        at = str_find(text, at + 1, '#');
    return at < text.len;
}

/* `end`: of the line. Comments on adjacent lines are about the same line, which is found once. */
static void add_comment(struct comments *comments, size_t at, size_t end)
{
    struct str text = comments->source->text;
    struct comment comment = {
        .at = at, .text = after_mark(text, at), .start = line_start(text, at), .end = end};
    if (!comment.text)
        return;
    if (skip_dashes(text, comment.start) == at) {
        if (comments->content <= at) {
            comments->content = next_content(text, end);
            comments->content_end = str_find(text, comments->content, '\n');
        }
        comment.start = comments->content;
        comment.end = comments->content_end;
    }
    comments->items =
        arena_grow(comments->arena, comments->items, comments->count, sizeof *comments->items);
    comments->items[comments->count++] = comment;
}

/* Adds the comments up to `end`, where no scalar is. A # inside a comment does not begin another
 * one. */
static void search_comments(struct comments *comments, size_t end)
{
    struct str text = comments->source->text;
    struct str before = str_slice(text, 0, end);
    while (comments->searched < end) {
        size_t at = str_find(before, comments->searched, '#');
        comments->searched = at;
        if (at == end)
            return;
        if (at != utf8_bom_len(text) && !is_blank(text.data[at - 1])) {
            comments->searched++;
            continue;
        }
        comments->searched = str_find(text, at, '\n');
        add_comment(comments, at, comments->searched);
    }
}

/* True for a node whose text is in the file itself, not at an anchor elsewhere. */
static bool is_in_place(const struct comments *comments, const struct node *node)
{
    return source_is_same(node->span.source, comments->source) && !node->span.source->use;
}

static void skip_scalar(struct comments *comments, const struct node *scalar)
{
    search_comments(comments, scalar->span.start);
    if (comments->searched < scalar->span.end)
        comments->searched = scalar->span.end;
}

/* Adds the comments up to the end of the last scalar. Visits scalars in the order of the text. */
static void find_comments(struct comments *comments, const struct node *node)
{
    if (!is_in_place(comments, node))
        return;
    if (node->key && is_in_place(comments, node->key))
        skip_scalar(comments, node->key);
    if (node->kind == NODE_SCALAR)
        skip_scalar(comments, node);
    for (const struct node *child = node_first_child(node); child; child = child->next)
        find_comments(comments, child);
}

/* What a comment is about */

/* Returns the end of an entry. Maps and lists in block style end with their last entry. */
static size_t entry_end(const struct comments *comments, const struct node *node)
{
    size_t end = location_of_use(node->span).end;
    for (; node->first && is_in_place(comments, node); node = node->last)
        end = location_of_use(node->last->span).end > end ? location_of_use(node->last->span).end
                                                          : end;
    return end;
}

/* Returns the last offset whose line is about an entry that begins at `start`: a scalar may be
 * below its key. */
static size_t entry_text_end(const struct comments *comments, const struct node *node, size_t start)
{
    bool is_text = node->kind == NODE_SCALAR && is_in_place(comments, node);
    return is_text && node->span.end > start ? node->span.end - 1 : start;
}

/* Gives the comments about the line on which an entry begins the range of the entry. Entries are
 * visited in the order of the text, and the outermost one of a line first. */
static void visit_entry(struct comments *comments, const struct node *node)
{
    struct location at = location_of_use(node->key ? node->key->span : node->span);
    if (!source_is_same(at.source, comments->source)) /* merged from another map */
        return;
    while (comments->next < comments->count && comments->items[comments->next].end < at.start)
        comments->next++;
    size_t last = entry_text_end(comments, node, at.start);
    for (; comments->next < comments->count && comments->items[comments->next].start <= last;
         comments->next++) {
        struct comment *comment = &comments->items[comments->next];
        size_t end = entry_end(comments, node);
        comment->range.start = at.start < comment->start ? at.start : comment->start;
        comment->range.end = end > comment->end ? end : comment->end;
    }
    const struct node *child = is_in_place(comments, node) ? node_first_child(node) : NULL;
    for (; child && comments->next < comments->count; child = child->next)
        visit_entry(comments, child);
}

/* Rules of comments */

static struct location location_of(const struct comments *comments, struct str part)
{
    size_t start = (size_t)(part.data - comments->source->text.data);
    return (struct location){comments->source, start, start + part.len};
}

static void add_rule(struct comments *comments, const struct comment *comment, struct str name)
{
    struct diags *diags = comments->diags;
    struct location at = location_of(comments, name);
    enum rule rule;
    if (!is_allowable(name, &rule)) {
        diag_warning(diags, at, RULE_INVALID_ALLOW, "\"%.*s\" is not a rule that can be allowed",
                     STR_ARG(name));
        diag_hint(diags, "%.*s", STR_ARG(allow_hint(comments->arena, name)));
        return;
    }
    if (++comments->rules > ALLOWED_RULES_MAX)
        return;
    struct allowance *allowance = ARENA_NEW(comments->arena, struct allowance);
    *allowance = comment->range;
    allowance->rule = rule;
    allowance->at = at;
    allowance->next = diags->policy->allowances;
    diags->policy->allowances = allowance;
}

/* True if a word ends before the text. */
static bool ends_word(struct str text)
{
    return text.len == 0 || str_starts_with(text, STR(" ")) || str_starts_with(text, STR("\t")) ||
           str_starts_with(text, STR("\r"));
}

static void read_rules(struct comments *comments, const struct comment *comment)
{
    const struct str word = STR("allow");
    struct str text = comments->source->text;
    size_t start = skip_blanks(text, comment->text);
    struct str line = str_slice(text, start, str_find(text, comment->text, '\n'));
    struct str list = str_skip(line, word.len);
    struct str name;
    struct str rest = list;
    if (!str_starts_with(line, word) || !ends_word(list) || !next_name(&rest, &name) ||
        str_eq_c(name, "--")) {
        struct location at = {comments->source, comment->at, start + line.len};
        diag_warning(comments->diags, at, RULE_INVALID_ALLOW, "the comment has no effect");
        diag_hint(comments->diags, "write # optasvc: allow RULE[, RULE] [-- REASON]");
        return;
    }
    while (next_name(&list, &name) && !str_eq_c(name, "--"))
        add_rule(comments, comment, name);
}

/* The head of the file: everything above its first key. */
static void set_ranges(struct comments *comments, const struct node *root)
{
    const struct node *first = node_first_child(root);
    if (root->kind != NODE_MAP || !first)
        return;
    for (size_t i = 0; i < comments->count; i++) {
        struct comment *comment = &comments->items[i];
        comment->range.is_whole_file = comment->at < first->key->span.start;
        if (comment->range.is_whole_file)
            comments->next = i + 1;
    }
    for (const struct node *child = first; child; child = child->next)
        visit_entry(comments, child);
}

void allow_read_comments(struct arena *arena, struct diags *diags, const struct source *source,
                         const struct node *root)
{
    struct comments comments = {.arena = arena, .diags = diags, .source = source};
    if (!diags->policy || !has_mark(source->text))
        return;
    find_comments(&comments, root);
    search_comments(&comments, source->text.len);
    set_ranges(&comments, root);
    for (size_t i = 0; i < comments.count; i++)
        read_rules(&comments, &comments.items[i]);
    if (comments.rules > ALLOWED_RULES_MAX)
        diag_error(diags, location_file(source), RULE_LIMIT_EXCEEDED,
                   "too many allowed rules in comments: %zu (maximum %d)", comments.rules,
                   ALLOWED_RULES_MAX);
}

void allow_report_unused(struct diags *diags, const struct source *source)
{
    for (const struct allowance *each = diags->policy->allowances; each; each = each->next) {
        if (each->is_used || !source_is_same(each->at.source, source))
            continue;
        diag_warning(diags, each->at, RULE_UNUSED_ALLOW,
                     "%s is allowed, but there is no such warning", rule_info(each->rule)->name);
        diag_hint(diags, "remove it from the comment");
    }
}
