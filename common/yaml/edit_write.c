/* Writes a changed tree, and verifies the result. */
#include "yaml/edit_internal.h"

#include "base/utf8.h"
#include "yaml/parse_manifest.h"
#include "yaml/scalar.h"

#include <stdlib.h>

/* Traversal */

bool edit_is_emptied(const struct edit *edit, const struct node *node)
{
    bool collection = node->kind == NODE_MAP || node->kind == NODE_LIST;
    if (!collection || node->first || !node->span.source)
        return false;
    const struct change *change = edit_find_change(edit, node);
    return change && change->count;
}

/* True for `{}` or `[]` as a value in a block map. New content is written in block style like
 * its surroundings. */
static bool is_filled(const struct writer *writer, const struct node *node)
{
    bool value = node->key && (node->kind == NODE_MAP || node->kind == NODE_LIST);
    if (!value || !node->first || !node->span.source || node->text_at > node->span.start)
        return false;
    const struct change *change = edit_find_change(writer->edit, node);
    return change && change->count == 0;
}

/* True for a value that is rewritten in place. */
static bool is_rewritten(const struct writer *writer, bool flow, const struct node *node)
{
    return edit_is_emptied(writer->edit, node) || (!flow && is_filled(writer, node));
}

static bool is_successor(const struct node *now, const struct node *was)
{
    bool in_its_place = now->span.source && now->span.start == was->span.start;
    return now == was || (was->key ? now->key == was->key : in_its_place);
}

const struct node *edit_successor(const struct node **next, const struct node *was)
{
    while (*next && edit_is_new(*next))
        *next = (*next)->next;
    const struct node *now = *next;
    if (!now || !is_successor(now, was))
        return NULL;
    *next = now->next;
    return now;
}

static struct edit_entry find_entry(const struct writer *writer, const struct node *parent,
                                    struct node *was)
{
    if (parent->kind == NODE_MAP)
        return edit_map_entry(writer, was);
    if (!edit_is_flow(parent))
        return edit_list_entry(writer, was);
    return (struct edit_entry){
        .node = was, .start = was->span.start, .colon = was->span.start, .end = was->span.end};
}

static int compare_start(const void *a, const void *b)
{
    const struct edit_entry *left = a;
    const struct edit_entry *right = b;
    return left->start < right->start ? -1 : left->start > right->start;
}

/* Writes a map or list with children that changed or are rewritten. */
static void write_change(struct writer *writer, struct node *node)
{
    const struct change *change = edit_find_change(writer->edit, node);
    if (!change)
        change = edit_children(writer->arena, node);
    bool flow = edit_is_flow(node);
    size_t count = 0;
    struct edit_entry *entries = NULL;
    const struct node *next = node->first;
    for (size_t i = 0; i < change->count; i++) {
        struct node *was = change->original[i];
        struct edit_entry entry = find_entry(writer, node, was);
        const struct node *now = edit_successor(&next, was);
        entry.status = !now ? REMOVED : now != was ? REPLACED : KEPT;
        if (entry.status == REPLACED || (now && is_rewritten(writer, flow, now))) {
            edit_replace(writer, flow, &entry, now);
            entry.status = REPLACED;
        }
        entries = arena_grow(writer->arena, entries, count, sizeof *entries);
        entries[count++] = entry;
        /* Values that a removed key overrides would become effective again. */
        for (struct node *old = now ? NULL : node_overridden(was); old;
             old = node_overridden(old)) {
            entry = find_entry(writer, node, old);
            entry.status = REMOVED;
            entries = arena_grow(writer->arena, entries, count, sizeof *entries);
            entries[count++] = entry;
        }
    }
    if (count > change->count)
        qsort(entries, count, sizeof *entries, compare_start);
    edit_write_entries(writer, node, entries, count);
}

static void walk(struct writer *writer, struct node *node)
{
    if (!node->span.source || node->kind == NODE_SCALAR || node->kind == NODE_ALIAS)
        return;
    bool changed = edit_find_change(writer->edit, node) != NULL;
    bool flow = edit_is_flow(node);
    for (struct node *child = node->first; child; child = child->next) {
        bool rewritten = is_rewritten(writer, flow, child);
        if (!rewritten)
            walk(writer, child);
        changed |= rewritten;
    }
    if (changed)
        write_change(writer, node);
}

/* Writes a root without children. Other emptied collections are written by their parent. */
static void empty_root(struct writer *writer)
{
    const struct location *at = &writer->edit->root->span;
    struct buf text = {0};
    buf_add(&text, writer->edit->root->kind == NODE_MAP ? STR("{}") : STR("[]"));
    if (writer->text.data[at->end - 1] == '\n')
        buf_add(&text, str_from_c(writer->style.newline));
    edit_splice(writer, at->start, at->end, &text);
}

/* Finds the indentation of the document: the first map and list determine it. */
static bool find_style(const struct writer *writer, const struct node *node, size_t *ret_step,
                       size_t *ret_dash)
{
    if (!node->span.source || node->kind == NODE_SCALAR || node->kind == NODE_ALIAS ||
        edit_is_flow(node))
        return false;
    for (const struct node *child = node->first; child; child = child->next) {
        bool block = child->span.source && child->first && child->kind != NODE_ALIAS &&
                     child->kind != NODE_SCALAR && !edit_is_flow(child) &&
                     edit_begins_line(writer, child->text_at);
        if (block && node->kind == NODE_MAP && child->key->span.source) {
            size_t parent = edit_column_of(writer, child->key->span.start);
            size_t column = edit_column_of(writer, child->text_at);
            size_t *found = child->kind == NODE_MAP ? ret_step : ret_dash;
            if (column >= parent && *found == SIZE_MAX)
                *found = column - parent;
        }
        if ((*ret_step != SIZE_MAX && *ret_dash != SIZE_MAX) ||
            find_style(writer, child, ret_step, ret_dash))
            return true;
    }
    return false;
}

static struct emit_style style_of(const struct writer *writer)
{
    struct emit_style style = {
        .step = SIZE_MAX, .dash = SIZE_MAX, .newline = edit_newline(writer->edit)};
    find_style(writer, writer->edit->root, &style.step, &style.dash);
    if (style.step == SIZE_MAX || style.step == 0)
        style.step = 2;
    if (style.dash == SIZE_MAX)
        style.dash = 0;
    return style;
}

static int compare_position(const void *a, const void *b)
{
    const struct splice *left = a;
    const struct splice *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (!left->removed != !right->removed) /* insertions precede removals */
        return left->removed ? 1 : -1;
    return left->order < right->order ? -1 : 1;
}

/* Records what the next bytes of the text replace. */
static void record_replacement(struct edit *edit, const struct splice *splice, size_t text_start)
{
    struct edit_replacements *all = edit->replacements;
    if (!all)
        return;
    all->items = arena_grow(all->arena, all->items, all->count, sizeof *all->items);
    all->items[all->count++] = (struct edit_replacement){.start = splice->at,
                                                         .end = splice->at + splice->removed,
                                                         .text_start = text_start,
                                                         .text_end = text_start + splice->text.len};
}

static bool assemble(struct writer *writer, struct buf *out)
{
    size_t before = out->len;
    size_t at = writer->edit->start;
    if (writer->edit->replacements)
        writer->edit->replacements->count = 0;
    if (writer->count)
        qsort(writer->splices, writer->count, sizeof *writer->splices, compare_position);
    for (size_t i = 0; i < writer->count; i++) {
        const struct splice *each = &writer->splices[i];
        if (each->at < at)
            return false;
        buf_add(out, str_slice(writer->text, at, each->at));
        record_replacement(writer->edit, each, out->len - before);
        buf_add(out, each->text);
        at = each->at + each->removed;
    }
    buf_add(out, str_slice(writer->text, at, writer->end));
    return true;
}

/* The type of a plain scalar depends on the parser, unless all of them read a string. */
static bool same_scalar(const struct node *a, const struct node *b)
{
    if (a->style == b->style && str_equal(a->text, b->text))
        return true;
    if (node_is_null(a) && node_is_null(b))
        return true;
    bool a_typed = a->style == STYLE_PLAIN && scalar_is_ambiguous(a->text);
    bool b_typed = b->style == STYLE_PLAIN && scalar_is_ambiguous(b->text);
    return a_typed == b_typed && str_equal(a->text, b->text);
}

/* Returns the value of a key. The search starts after the last match, because keys are usually
 * in the same order. */
static const struct node *next_value(const struct node *map, const struct node *last,
                                     struct str key)
{
    for (const struct node *value = last ? last->next : map->first; value; value = value->next)
        if (str_equal(value->key->text, key))
            return value;
    for (const struct node *value = map->first; value && value != last; value = value->next)
        if (str_equal(value->key->text, key))
            return value;
    return NULL;
}

bool edit_same(struct arena *arena, const struct node *a, const struct node *b)
{
    a = a->kind == NODE_ALIAS ? a->first : a;
    b = b->kind == NODE_ALIAS ? b->first : b;
    if (a->kind != b->kind)
        return false;
    if (a->kind == NODE_SCALAR)
        return same_scalar(a, b);
    if (a->kind == NODE_MAP) {
        a = node_effective(arena, a);
        b = node_effective(arena, b);
    }
    size_t counts[2] = {0, 0};
    for (const struct node *child = b->first; child; child = child->next)
        counts[1]++;
    const struct node *other = a->kind == NODE_LIST ? b->first : NULL;
    for (const struct node *child = a->first; child; child = child->next) {
        if (a->kind == NODE_MAP)
            other = next_value(b, other, child->key->text);
        if (!other || !edit_same(arena, child, other))
            return false;
        counts[0]++;
        if (a->kind == NODE_LIST)
            other = other->next;
    }
    return counts[0] == counts[1];
}

/* True if the written text parses to the edited tree. */
static bool is_verified(const struct edit *edit, struct arena *scratch, struct str text)
{
    struct diags unreported = {.arena = scratch};
    const struct source written = {.path = edit->source->path, .text = text};
    struct node *root;
    return load_manifest(scratch, &written, 0, text.len, &unreported, &root) && root &&
           edit_same(scratch, edit->root, root);
}

/* Reports the errors that prevent the edit. */
static void report_refused(const struct edit *edit)
{
    for (size_t i = 0; i < edit->refused.count; i++) {
        const struct diag *diag = &edit->refused.items[i];
        diag_error(edit->diags, diag->at, diag->rule, "%.*s", STR_ARG(diag->message));
        diag_hint(edit->diags, "%.*s", STR_ARG(diag->hint));
    }
}

static void refuse_document(struct edit *edit, const struct writer *writer, size_t size)
{
    struct location at = {.source = edit->source, .start = writer->start, .end = writer->start};
    if (size > MANIFEST_SIZE_MAX)
        edit_refuse(
            edit, at, RULE_LIMIT_EXCEEDED,
            str_format(edit->arena, "this document would exceed %d bytes", MANIFEST_SIZE_MAX).data,
            "make the document smaller in the chart");
    else
        edit_refuse(edit, at, RULE_UNSAFE_EDIT,
                    "this document uses YAML syntax that cannot be changed safely",
                    "simplify its YAML in the chart, or remove it");
}

/* Writes the new text of a document. */
static bool write_text(struct writer *writer, struct buf *out)
{
    struct edit *edit = writer->edit;
    edit_resolve_aliases(edit);
    writer->style = style_of(writer);
    if (edit_is_emptied(edit, edit->root) && !edit_is_flow(edit->root))
        empty_root(writer);
    else
        walk(writer, edit->root);
    return assemble(writer, out);
}

bool edit_write(struct edit *edit, struct buf *out)
{
    struct arena own = {0};
    struct arena *scratch = edit->scratch ? edit->scratch : &own;
    struct writer writer = {.edit = edit,
                            .arena = scratch,
                            .text = edit->source->text,
                            .start = edit->start,
                            .end = edit->end};
    writer.start += utf8_bom_len(str_slice(writer.text, edit->start, edit->end));
    size_t before = out->len;
    bool ok = edit->refused.errors == 0;
    if (ok) {
        ok = write_text(&writer, out);
        struct str written = str_skip(buf_str(out), before);
        ok = ok && is_verified(edit, scratch, written);
        if (!ok)
            refuse_document(edit, &writer, written.len);
    }
    arena_reset(scratch);
    arena_free(&own);
    if (ok)
        return true;
    out->len = before;
    report_refused(edit);
    return false;
}
