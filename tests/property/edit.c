/* Property tests of the editor: documents generated in every style of YAML, random edits, and three
 * checks of each result.
 *
 *   - parse(edit(document)) equals apply(parse(document)), where apply is a second, naive
 *     implementation that changes only the tree.
 *   - All bytes before and after the changed maps and lists are equal, unless aliases are expanded
 *     there.
 *   - All comments are kept, except those inside a removed or replaced part.
 *
 * usage: edit [CASES [SEED]]. With -DFUZZER the input of the fuzzer makes the choices. */
#define _GNU_SOURCE /* memmem */
#include "yaml/edit.h"
#include "yaml/emit.h"
#include "yaml/parse_manifest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Choices */

struct choices {
    const unsigned char *data; /* of a fuzzer; NULL: use the generator below */
    size_t left;
    uint64_t state;
};

/* A number below `limit`. */
static unsigned choose(struct choices *choices, unsigned limit)
{
    if (choices->data) {
        if (choices->left == 0) /* so that loops end */
            return limit - 1;
        choices->left--;
        return *choices->data++ % limit;
    }
    choices->state ^= choices->state << 13; /* xorshift64 */
    choices->state ^= choices->state >> 7;
    choices->state ^= choices->state << 17;
    return (unsigned)(choices->state >> 33) % limit;
}

static bool chance(struct choices *choices, unsigned percent)
{
    return choose(choices, 100) < percent;
}

/* Documents */

enum { ANCHORS = 4 };

struct writer {
    struct choices *choices;
    struct buf *out;
    unsigned comments;
    unsigned keys;
    unsigned anchors;    /* number of anchors so far */
    bool ended[ANCHORS]; /* the anchored node is complete, so it can have aliases */
    bool is_map[ANCHORS];
    bool may_alias;
    bool repeats; /* keys are reused, in the same or another map */
    unsigned deepest;
    unsigned step; /* columns */
    unsigned dash;
};

static void add(struct writer *writer, const char *text)
{
    buf_add(writer->out, str_from_c(text));
}

static const char *pick(struct writer *writer, const char *const *texts, unsigned count)
{
    return texts[choose(writer->choices, count)];
}

#define PICK(writer, array) pick(writer, array, sizeof(array) / sizeof *(array))

/* Ends a line, and adds comments and blank lines. */
static void end_line(struct writer *writer)
{
    if (chance(writer->choices, 15))
        buf_format(writer->out, " #c%u.", writer->comments++);
    else if (chance(writer->choices, 5))
        add(writer, "  ");
    add(writer, "\n");
    while (chance(writer->choices, 8)) {
        if (chance(writer->choices, 60)) {
            buf_add_spaces(writer->out, choose(writer->choices, 6));
            buf_format(writer->out, "#c%u. k: v", writer->comments++);
        }
        add(writer, "\n");
    }
}

static void write_key(struct writer *writer, bool flow)
{
    static const char *const forms[] = {"k%u", "k%u", "k%u", "\"k%u\"", "'k%u'", "k %u", "é%u"};
    unsigned form = flow ? choose(writer->choices, 5) : choose(writer->choices, 7);
    char key[32];
    const char *at = strchr(forms[form], '%');
    bool again = writer->repeats && writer->keys && chance(writer->choices, 25);
    unsigned number = again ? choose(writer->choices, writer->keys) : writer->keys++;
    snprintf(key, sizeof key, "%.*s%u%s", (int)(at - forms[form]), forms[form], number, at + 2);
    add(writer, key);
}

/* A scalar in one line. */
static void write_inline_scalar(struct writer *writer, bool flow)
{
    static const char *const texts[] = {
        "v",    "1",        "true",  "a b",      "'it''s'",  "\"q\\\"\\t\\u00e9\"",
        "-x",   "http://x", "\"\"",  "日本",     "\"# no\"", "x#y",
        "0777", "!!str v",  "'{a}'", "\"a: b\"", "v"};
    static const char *const nulls[] = {"", "~", "null"};
    if (chance(writer->choices, 12) && !flow)
        add(writer, PICK(writer, nulls));
    else
        add(writer, PICK(writer, texts));
}

static void write_flow(struct writer *writer, unsigned depth, unsigned column)
{
    static const char *const opens[] = {"", "", " "};
    bool map = chance(writer->choices, 60);
    bool lines = chance(writer->choices, 20);
    unsigned count = choose(writer->choices, 4);
    const char *gap = PICK(writer, opens);
    add(writer, map ? "{" : "[");
    for (unsigned i = 0; i < count; i++) {
        if (lines) {
            if (chance(writer->choices, 15))
                buf_format(writer->out, " #c%u.", writer->comments++);
            add(writer, "\n");
            buf_add_spaces(writer->out, column + 2);
        } else {
            add(writer, i ? " " : gap);
        }
        if (map) {
            write_key(writer, true);
            if (chance(writer->choices, 6) && !lines) {
                add(writer, i + 1 < count ? "," : "");
                continue; /* a key without a value */
            }
            add(writer, ": ");
        }
        if (depth < writer->deepest && chance(writer->choices, 25))
            write_flow(writer, depth + 1, column + 2);
        else
            write_inline_scalar(writer, true);
        bool last = i + 1 == count;
        add(writer, !last || chance(writer->choices, 10) ? "," : "");
    }
    if (lines) {
        add(writer, "\n");
        buf_add_spaces(writer->out, column);
    } else {
        add(writer, gap);
    }
    add(writer, map ? "}" : "]");
}

/* Writes a string of several lines, and ends its last line. */
static void write_long_scalar(struct writer *writer, unsigned column)
{
    static const char *const heads[] = {"|", "|-", "|+", ">", ">-", "|2"};
    bool block = chance(writer->choices, 70);
    const char *head = PICK(writer, heads);
    unsigned indent = strcmp(head, "|2") == 0 ? 2 : 1 + choose(writer->choices, 3);
    unsigned lines = 1 + choose(writer->choices, 3);
    add(writer, block ? head : "\"one");
    add(writer, "\n");
    for (unsigned i = 0; i < lines; i++) {
        if (block && i > 0 && chance(writer->choices, 15))
            add(writer, "\n");
        buf_add_spaces(writer->out, column + indent);
        add(writer, block ? "text # no: comment" : "more");
        if (i + 1 < lines)
            add(writer, "\n");
    }
    if (!block)
        add(writer, "\"");
    if (block)
        add(writer, chance(writer->choices, 10) ? "\n\n" : "\n");
    else
        end_line(writer);
}

static void write_block(struct writer *writer, unsigned column, unsigned depth, bool map,
                        bool indented);

/* True if the last anchor can have an alias; `map`: as a merge key. */
static bool can_alias(const struct writer *writer, bool map)
{
    unsigned last = writer->anchors - 1;
    return writer->may_alias && writer->anchors && writer->ended[last] &&
           (!map || writer->is_map[last]);
}

/* Writes the value after a colon or dash; `column` is that of the key or dash. */
static void write_value(struct writer *writer, unsigned column, unsigned depth, bool in_list)
{
    unsigned kind = choose(writer->choices, 100);
    bool anchored = writer->anchors < ANCHORS && chance(writer->choices, 6);
    bool map = chance(writer->choices, 60);
    if (depth < writer->deepest && kind < 40) {
        bool compact = in_list && !anchored && chance(writer->choices, 80);
        unsigned anchor = writer->anchors;
        if (anchored) {
            writer->is_map[anchor] = map;
            buf_format(writer->out, " &a%u", writer->anchors++);
        }
        if (compact) {
            add(writer, " ");
            unsigned inside = column + 2;
            write_block(writer, inside, depth + 1, map, true);
        } else {
            end_line(writer);
            unsigned offset = map || in_list ? writer->step : writer->dash;
            write_block(writer, column + offset, depth + 1, map, false);
        }
        if (anchored)
            writer->ended[anchor] = true;
        return;
    }
    if (kind < 55) {
        add(writer, " ");
        write_flow(writer, depth, column + 1);
    } else if (kind < 63) {
        add(writer, " ");
        write_long_scalar(writer, column);
        return;
    } else if (kind < 68 && can_alias(writer, false)) {
        buf_format(writer->out, " *a%u", writer->anchors - 1);
    } else {
        size_t before = writer->out->len;
        add(writer, chance(writer->choices, 10) ? "   " : " ");
        size_t text = writer->out->len;
        write_inline_scalar(writer, false);
        if (writer->out->len == text) /* empty: no space after the colon */
            writer->out->len = before;
    }
    end_line(writer);
}

/* Writes entries at a column; `indented`: the indentation of the first one is already written. */
static void write_block(struct writer *writer, unsigned column, unsigned depth, bool map,
                        bool indented)
{
    unsigned count = 1 + choose(writer->choices, 3);
    for (unsigned i = 0; i < count; i++) {
        if (i > 0 || !indented)
            buf_add_spaces(writer->out, column);
        if (!map) {
            add(writer, "-");
            write_value(writer, column, depth, true);
            continue;
        }
        bool explicit = chance(writer->choices, 3);
        bool merge = can_alias(writer, true) && chance(writer->choices, 6);
        if (explicit) {
            add(writer, "? ");
            write_key(writer, false);
            end_line(writer);
            buf_add_spaces(writer->out, column);
            add(writer, ":");
        } else if (merge && (i == 0 || writer->repeats)) {
            buf_format(writer->out, "<<: *a%u", writer->anchors - 1);
            end_line(writer);
            continue;
        } else {
            write_key(writer, false);
            add(writer, ":");
        }
        write_value(writer, column, depth, false);
    }
}

static void generate(struct choices *choices, struct buf *out)
{
    struct writer writer = {.choices = choices,
                            .out = out,
                            .may_alias = chance(choices, 40),
                            .repeats = chance(choices, 30),
                            .deepest = 1 + choose(choices, 4),
                            .step = 1 + choose(choices, 4),
                            .dash = choose(choices, 3)};
    static const char *const heads[] = {"",
                                        "",
                                        "",
                                        "---\n",
                                        "--- #c999.\n",
                                        "%YAML 1.1\n---\n",
                                        "# Source: chart/templates/x.yaml\n"};
    if (chance(choices, 5))
        add(&writer, "\xEF\xBB\xBF");
    add(&writer, PICK(&writer, heads));
    unsigned shape = choose(choices, 10);
    if (shape == 0) {
        write_flow(&writer, 0, 0);
        add(&writer, "\n");
    } else {
        write_block(&writer, 0, 0, shape > 2, false);
    }
    if (chance(choices, 10) && out->len && out->data[out->len - 1] == '\n')
        out->len--;
    else if (chance(choices, 5))
        add(&writer, "...\n");
}

static void with_carriage_returns(struct buf *text)
{
    struct buf changed = {0};
    for (size_t i = 0; i < text->len; i++) {
        if (text->data[i] == '\n')
            buf_add_byte(&changed, '\r');
        buf_add_byte(&changed, text->data[i]);
    }
    buf_free(text);
    *text = changed;
}

/* The naive implementation: trees without aliases and merge keys; later keys override earlier ones
 */

static void put_resolved(struct arena *arena, struct node *map, struct node *value)
{
    const char *key = str_to_c(arena, value->key->text);
    value->next = NULL;
    if (node_get(map, key))
        node_remove(map, key);
    node_put(map, value->key, value);
}

static struct node *resolved(struct arena *arena, struct node *node)
{
    node = node_target(node);
    struct node *copy = ARENA_NEW(arena, struct node);
    *copy = *node;
    copy->first = copy->last = copy->next = copy->key = NULL;
    if (node->kind == NODE_SCALAR)
        return copy;
    for (struct node *child = node->first; child; child = child->next) {
        struct node *value = resolved(arena, child);
        value->key = child->key;
        if (node->kind == NODE_LIST)
            node_append(copy, value);
        else if (!node_is_merge(child))
            put_resolved(arena, copy, value);
        for (struct node *
                 each = node->kind == NODE_MAP && node_is_merge(child) && value->kind == NODE_MAP
                            ? value->first
                            : NULL,
                *next;
             each; each = next) {
            next = each->next;
            put_resolved(arena, copy, each);
        }
    }
    return copy;
}

/* A step of the path from the root to an edited node: a key or an index. */
struct step {
    struct str key;
    size_t index;
};

enum edit_kind { EDIT_SET, EDIT_REMOVE, EDIT_INSERT, EDIT_KINDS };

struct planned {
    struct step path[16];
    size_t depth;
    enum edit_kind kind;
    bool map;          /* the node at the path is a map, not a list */
    struct str key;    /* set, remove */
    size_t index;      /* insert */
    const char *value; /* YAML */
};

static struct node *nth(const struct node *node, size_t index)
{
    struct node *child = node->first;
    for (; child && index; index--)
        child = child->next;
    return child;
}

static void naive(struct arena *arena, struct node *root, const struct planned *planned,
                  struct node *value)
{
    struct node *node = root;
    for (size_t i = 0; i < planned->depth; i++)
        node = node->kind == NODE_MAP ? node_get(node, str_to_c(arena, planned->path[i].key))
                                      : nth(node, planned->path[i].index);
    if (planned->kind == EDIT_INSERT) {
        struct node **link = &node->first;
        for (size_t i = 0; *link && i < planned->index; i++)
            link = &(*link)->next;
        value->next = *link;
        *link = value;
        return;
    }
    struct node **link = &node->first;
    while (*link && !str_equal((*link)->key->text, planned->key))
        link = &(*link)->next;
    struct node *old = *link;
    if (planned->kind == EDIT_REMOVE) {
        if (old)
            *link = old->next;
        return;
    }
    value->key = old ? old->key : node_scalar(arena, STYLE_TEXT, planned->key);
    value->next = old ? old->next : NULL;
    *link = value;
}

/* The plan: a path to a map or list of the document, and an edit */

/* Returns a random index of a child; 0 if there are no children. */
static size_t choose_child(struct choices *choices, const struct node *node)
{
    size_t count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        count++;
    return count ? choose(choices, (unsigned)count) : 0;
}

static bool plan(struct arena *arena, struct choices *choices, struct node *root,
                 struct planned *ret, struct node **ret_node)
{
    static const char *const values[] = {
        "w",  "7",  "\"yes\"",          "{x: y, z: [1, {q: r}]}", "''",    "[a, b]", "\"0777\"",
        "{}", "[]", "{x: {y: {z: 1}}}", "\"line\\nline\"",        "'{x}'", "~"};
    struct node *node = root;
    *ret = (struct planned){0};
    while (ret->depth < 14 && chance(choices, 75)) {
        struct step step = {.index = choose_child(choices, node)};
        struct node *raw = nth(node, step.index);
        struct node *child = raw ? node_target(raw) : NULL;
        if (raw && raw->key && node_is_merge(raw)) { /* one of the merged keys */
            struct node *merged = child->kind == NODE_MAP ? child : NULL;
            raw = merged ? nth(merged, choose_child(choices, merged)) : NULL;
        }
        if (raw && raw->key) {
            step.key = raw->key->text;
            child = node_is_merge(raw) ? NULL : node_at_key(node, step.key);
        }
        if (!raw || !child || child->kind == NODE_SCALAR)
            break;
        ret->path[ret->depth++] = step;
        node = child;
    }
    *ret_node = node;
    ret->map = node->kind == NODE_MAP;
    ret->value = values[choose(choices, sizeof values / sizeof *values)];
    size_t count = 0;
    for (const struct node *child = node->first; child; child = child->next)
        count++;
    if (!ret->map) {
        ret->kind = EDIT_INSERT;
        ret->index = chance(choices, 50) ? count : choose(choices, (unsigned)count + 1);
        return true;
    }
    bool old = count && chance(choices, 60);
    const struct node *child = old ? nth(node, choose(choices, (unsigned)count)) : NULL;
    ret->key = child ? child->key->text : str_format(arena, "new%u", choose(choices, 100));
    ret->kind = child && chance(choices, 50) ? EDIT_REMOVE : EDIT_SET;
    return !str_eq_c(ret->key, "<<");
}

static struct node *value_of(struct arena *arena, const char *text)
{
    struct source *source = ARENA_NEW(arena, struct source);
    struct diags diags = {.arena = arena};
    struct node *root = NULL;
    source->text = str_from_c(text);
    if (!load_manifest(arena, source, 0, source->text.len, &diags, &root) || !root)
        abort();
    return node_copy(arena, root);
}

/* One case */

struct result {
    bool refused;
    bool excused;      /* the refusal is allowed */
    const char *wrong; /* what failed; NULL: nothing */
};

static size_t line_start(struct str text, size_t at)
{
    while (at > 0 && text.data[at - 1] != '\n')
        at--;
    return at;
}

/* True if the bytes before `first` and after `last` are equal. */
static bool outside_is_equal(struct str before, struct str after, size_t first, size_t last)
{
    size_t tail = before.len - last;
    return after.len >= first + tail &&
           str_equal(str_slice(before, 0, first), str_slice(after, 0, first)) &&
           str_equal(str_skip(before, last), str_skip(after, after.len - tail));
}

/* Returns the comments of a document that are not in the ranges `gone`; each is "#cN.". */
static struct str comments(struct arena *arena, struct str text, const struct location *gone,
                           size_t gone_count)
{
    struct buf found = {0};
    for (size_t at = str_find(text, 0, '#'); at < text.len; at = str_find(text, at + 1, '#')) {
        size_t end = str_find(text, at, '.');
        bool kept = at + 1 < text.len && text.data[at + 1] == 'c';
        for (size_t i = 0; i < gone_count && kept; i++)
            kept = at < gone[i].start || at >= gone[i].end;
        if (kept)
            buf_add(&found, str_slice(text, at, end + 1));
    }
    struct str copy = str_copy(arena, buf_str(&found));
    buf_free(&found);
    return copy;
}

static bool is_subsequence(struct str part, struct str whole)
{
    size_t at = 0;
    for (size_t i = 0; i < part.len; at++) {
        if (at == whole.len)
            return false;
        i += whole.data[at] == part.data[i];
    }
    return true;
}

/* True if blank lines can belong to a block scalar with "+", so that removing a node after it
 * removes them too. */
static bool keeps_blank_lines(struct str before)
{
    for (size_t i = 1; i < before.len; i++)
        if (before.data[i] == '+' && (before.data[i - 1] == '|' || before.data[i - 1] == '>'))
            return true;
    return false;
}

/* Returns the end of the last blank line after the line that ends at `at`. */
static size_t behind_blank_lines(struct str text, size_t at)
{
    for (;;) {
        size_t end = str_find(text, at + 1, '\n');
        if (at >= text.len || !str_span_only(str_slice(text, at + 1, end), " \r"))
            return at;
        at = end;
    }
}

static bool has_alias(const struct node *node)
{
    bool found = node->kind == NODE_ALIAS;
    for (const struct node *child = node->kind == NODE_SCALAR ? NULL : node->first; child && !found;
         child = child->next)
        found = has_alias(child);
    return found;
}

/* True if a value that a duplicate key overrides contains an alias: its anchor cannot be
 * removed. */
static bool overrides_alias(const struct node *node)
{
    bool found = false;
    for (const struct node *child =
             node->kind == NODE_SCALAR || node->kind == NODE_ALIAS ? NULL : node->first;
         child && !found; child = child->next) {
        found = overrides_alias(child);
        for (const struct node *old = node_overridden(child); old && !found;
             old = node_overridden(old))
            found = has_alias(old) || overrides_alias(old);
    }
    return found;
}

static struct result run(struct arena *arena, struct choices *choices, struct buf *document,
                         struct buf *out, struct buf *story)
{
    generate(choices, document);
    if (chance(choices, 8))
        with_carriage_returns(document);
    struct source source = {.path = STR("generated"), .text = buf_str(document)};
    struct diags diags = {.arena = arena};
    struct node *root = NULL;
    if (!load_manifest(arena, &source, 0, source.text.len, &diags, &root)) {
        diags_write(&diags, story, false);
        return (struct result){.wrong = choices->data ? NULL
                                                      : "the generated document is not valid YAML"};
    }
    if (!root || root->kind == NODE_SCALAR)
        return (struct result){0};
    struct node *expected = resolved(arena, root);
    bool excused = overrides_alias(root);
    struct edit edit = edit_begin(arena, &diags, &source, 0, source.text.len, root);
    size_t first = source.text.len;
    size_t last = 0;
    struct location gone[64];
    size_t gone_count = 0;
    unsigned edits = 1 + choose(choices, 4);
    for (unsigned i = 0; i < edits; i++) {
        struct planned planned;
        struct node *node;
        if (!plan(arena, choices, root, &planned, &node))
            continue;
        struct node *old = planned.map ? node_get(node, str_to_c(arena, planned.key)) : NULL;
        for (; old && old->span.source && gone_count < 60; old = node_overridden(old)) {
            struct location span = {.start = old->key->span.start, .end = old->span.end};
            while (span.end < source.text.len && source.text.data[span.end] != '\n')
                span.end++; /* a comment after a removed part can be removed too */
            gone[gone_count++] = span;
        }
        if (node->span.source) {
            first = node->span.start < first ? node->span.start : first;
            last = node->span.end > last ? node->span.end : last;
        }
        struct node *value = value_of(arena, planned.value);
        naive(arena, expected, &planned, value_of(arena, planned.value));
        buf_format(story, "%s depth %zu key %.*s index %zu value %s\n",
                   planned.kind == EDIT_SET      ? "set"
                   : planned.kind == EDIT_REMOVE ? "remove"
                                                 : "insert",
                   planned.depth, STR_ARG(planned.key), planned.index, planned.value);
        if (planned.kind == EDIT_SET)
            edit_set(&edit, node, planned.key, value);
        else if (planned.kind == EDIT_REMOVE)
            edit_remove(&edit, node, str_to_c(arena, planned.key));
        else
            edit_insert(&edit, node, nth(node, planned.index), value);
        if (!node->first && node->span.source) /* replaced by {} */
            gone[gone_count++] = node->span;
    }
    if (!edit_write(&edit, out)) {
        diags_write(&diags, story, false);
        return (struct result){.refused = true, .excused = excused};
    }
    struct source written = {.path = STR("written"), .text = buf_str(out)};
    struct node *read = NULL;
    if (!load_manifest(arena, &written, 0, written.text.len, &diags, &read) || !read)
        return (struct result){.wrong = "the output is not valid YAML"};
    if (!edit_same(arena, expected, resolved(arena, read)))
        return (struct result){.wrong = "the output has another meaning"};
    /* A part's first line can contain its key; a part that becomes empty changes its parent. */
    first = line_start(source.text, first);
    if (first > 0)
        first = line_start(source.text, first - 1);
    last = str_find(source.text, last, '\n');
    if (keeps_blank_lines(str_slice(source.text, 0, last)))
        last = behind_blank_lines(source.text, last);
    bool shared = str_find(source.text, 0, '*') < source.text.len;
    if (last > first && edit_changes(&edit) && root->span.end > last && !shared &&
        !outside_is_equal(source.text, written.text, 0, last))
        return (struct result){.wrong = "bytes after the edits changed"};
    struct str kept = comments(arena, source.text, gone, gone_count);
    bool merged = memmem(source.text.data, source.text.len, "<<", 2) != NULL;
    if (!merged && !is_subsequence(kept, comments(arena, written.text, NULL, 0)))
        return (struct result){.wrong = "a comment was lost"};
    return (struct result){0};
}

/* True if a refusal is allowed: a block scalar without a final line break before an inserted node,
 * or one that would absorb a comment. */
static bool may_refuse(struct str document)
{
    bool unterminated = document.len && document.data[document.len - 1] != '\n';
    bool literal =
        str_find(document, 0, '|') < document.len || str_find(document, 0, '>') < document.len;
    bool comment = str_find(document, 0, '#') < document.len;
    return unterminated || (literal && comment);
}

static bool run_one(struct choices *choices, bool *ret_refused)
{
    struct arena arena = {0};
    struct buf document = {0};
    struct buf out = {0};
    struct buf story = {0};
    struct result result = run(&arena, choices, &document, &out, &story);
    if (result.refused && !result.excused && !may_refuse(buf_str(&document)))
        result.wrong = "an edit was refused";
    if (result.wrong)
        fprintf(stderr, "edit: %s\n-- document\n%.*s-- edits\n%.*s-- became\n%.*s--\n",
                result.wrong, STR_ARG(buf_str(&document)), STR_ARG(buf_str(&story)),
                STR_ARG(buf_str(&out)));
    *ret_refused = result.refused;
    bool ok = !result.wrong;
    buf_free(&document);
    buf_free(&out);
    buf_free(&story);
    arena_free(&arena);
    return ok;
}

#ifdef FUZZER

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size);

int LLVMFuzzerTestOneInput(const unsigned char *data, size_t size)
{
    bool refused;
    struct choices choices = {.data = data, .left = size};
    if (size && !run_one(&choices, &refused))
        abort();
    return 0;
}

#else

int main(int argc, char **argv)
{
    unsigned long cases = argc > 1 ? strtoul(argv[1], NULL, 10) : 1000;
    unsigned long seed = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
    unsigned long failed = 0;
    unsigned long refused = 0;
    for (unsigned long i = 0; i < cases && failed < 5; i++) {
        bool was_refused = false;
        struct choices choices = {.state = (seed + i) * 0x9E3779B97F4A7C15U | 1};
        for (int warm = 0; warm < 4; warm++)
            choose(&choices, 2);
        if (!run_one(&choices, &was_refused)) {
            failed++;
            fprintf(stderr, "edit: to reproduce: edit 1 %lu\n", seed + i);
        }
        refused += was_refused;
    }
    /* If most edits are refused, the test proves nothing. */
    if (refused * 20 > cases) {
        fprintf(stderr, "edit: %lu of %lu cases were refused\n", refused, cases);
        failed++;
    }
    printf("property: %lu passed, %lu failed\n", cases - failed, failed);
    return failed || cases == 0;
}

#endif
