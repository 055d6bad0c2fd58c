#include "edit.h"

#include "emit.h"
#include "load_manifest.h"
#include "scalar.h"

#include <stdlib.h>
#include <string.h>

/* A map or list whose children are no longer those of the file. */
struct change {
    struct node *node;
    struct node **was;
    size_t count;
};

struct splice {
    size_t at;
    size_t removed;  /* bytes */
    struct str text; /* in their place */
    size_t order;
};

struct writer {
    struct edit *edit;
    struct arena *arena;
    struct str text; /* of the source */
    size_t start;    /* of the document, behind a byte order mark */
    size_t end;
    struct emit_style style;
    struct splice *splices;
    size_t count;
    struct set aliased; /* nodes that aliases stand for */
};

/* Where a key with its value, or an item, stands. */
struct entry {
    struct node *node; /* the value */
    size_t start;      /* of the key, its `?`, or the dash */
    size_t colon;      /* behind the colon or dash */
    bool has_colon;
    size_t end; /* of the value */
    enum { KEPT, REPLACED, REMOVED } fate;
};

static bool is_flow(const struct node *node)
{
    return node->style == STYLE_FLOW;
}

static struct str key_of(const struct node *const *node)
{
    return (struct str){(const char *)node, sizeof(void *)};
}

static const struct change *find_change(const struct edit *edit, const struct node *node)
{
    return set_get(&edit->changes, key_of(&node));
}

struct edit edit_begin(struct arena *arena, struct diags *diags, const struct source *source,
                       size_t start, size_t end, struct node *root)
{
    return (struct edit){
        .arena = arena, .diags = diags, .source = source, .start = start, .end = end, .root = root};
}

bool edit_changes(const struct edit *edit)
{
    return edit->changes.count > 0;
}

/* The same may stand in the way of several changes: once is enough. */
static bool is_told(const struct edit *edit, struct location at, const char *message)
{
    for (size_t i = 0; i < edit->diags->count; i++) {
        const struct diag *diag = &edit->diags->items[i];
        if (diag->at.source == at.source && diag->at.start == at.start &&
            str_is(diag->message, message))
            return true;
    }
    return false;
}

static void fail(struct edit *edit, struct location at, const char *message, const char *hint)
{
    edit->failed = true;
    if (is_told(edit, at, message))
        return;
    diag_error(edit->diags, at, "%s", message);
    diag_hint(edit->diags, "%s", hint);
}

/* Keeps the children of a node of the file before they are changed for the first time. */
static void keep(struct edit *edit, struct node *node)
{
    if (!node->span.source || find_change(edit, node))
        return;
    struct change *change = ARENA_NEW(edit->arena, struct change);
    change->node = node;
    for (struct node *child = node->first; child; child = child->next)
        change->count++;
    change->was = ARENA_ARRAY(edit->arena, change->count, struct node *);
    size_t i = 0;
    for (struct node *child = node->first; child; child = child->next)
        change->was[i++] = child;
    set_add(edit->arena, &edit->changes, key_of((const struct node *const *)&change->node), change);
}

static struct node *own(struct edit *edit, const struct node *map, struct str key)
{
    struct node *found = NULL;
    for (struct node *value = map->first; value; value = value->next) {
        if (!str_equal(value->key->text, key))
            continue;
        if (found) {
            fail(edit, value->key->span,
                 str_format(edit->arena, "\"%.*s\" is written twice, so it cannot be changed",
                            STR_ARG(key))
                     .data,
                 "readers disagree on which of the two holds: remove one from the chart");
            break;
        }
        found = value;
    }
    return found;
}

static void unlink_child(struct node *parent, const struct node *child, struct node *instead)
{
    struct node *before = NULL;
    for (struct node *each = parent->first; each != child; each = each->next)
        before = each;
    struct node *next = child->next;
    if (instead)
        instead->next = next;
    struct node *follows = instead ? instead : next;
    if (before)
        before->next = follows;
    else
        parent->first = follows;
    if (parent->last == child)
        parent->last = instead ? instead : before;
}

/* What is to be changed: through an alias, which edit_write() then refuses; NULL after an error. */
static struct node *changing(struct edit *edit, struct node *node, enum node_kind kind)
{
    struct node *collection = node_target(node);
    if (collection->kind == kind)
        return collection;
    fail(edit, node->span,
         str_format(edit->arena, "%.*s must be a %s",
                    STR_ARG(node->key ? node->key->text : STR("this")),
                    kind == NODE_MAP ? "map" : "list")
             .data,
         "Kubernetes would refuse it as well");
    return NULL;
}

void edit_set(struct edit *edit, struct node *map, struct str key, struct node *value)
{
    map = changing(edit, map, NODE_MAP);
    if (!map)
        return;
    keep(edit, map);
    struct node *old = own(edit, map, key);
    if (old) {
        value->key = old->key;
        unlink_child(map, old, value);
    } else {
        node_put(map, node_scalar(edit->arena, STYLE_TEXT, key), value);
    }
}

static bool is_merged(const struct node *map, const char *key)
{
    return !node_get(map, key) && node_find(map, key);
}

static void refuse_merged(struct edit *edit, const struct node *map)
{
    fail(edit, map->span, "what must change here comes by a merge key (<<)",
         "write it out in the chart");
}

void edit_remove(struct edit *edit, struct node *map, const char *key)
{
    map = changing(edit, map, NODE_MAP);
    struct node *old = map ? own(edit, map, str_of(key)) : NULL;
    if (map && !old && is_merged(map, key))
        refuse_merged(edit, map);
    if (!old)
        return;
    keep(edit, map);
    unlink_child(map, old, NULL);
}

void edit_insert(struct edit *edit, struct node *list, const struct node *before, struct node *item)
{
    list = changing(edit, list, NODE_LIST);
    if (!list)
        return;
    keep(edit, list);
    item->next = NULL;
    if (!before) {
        node_add(list, item);
        return;
    }
    struct node **link = &list->first;
    while (*link != before)
        link = &(*link)->next;
    item->next = *link;
    *link = item;
}

static struct node *alias_to(struct arena *arena, const struct node *alias)
{
    struct node *copy = node_new(arena, NODE_ALIAS);
    copy->text = alias->text;
    copy->first = alias->first;
    return copy;
}

static struct node *collection(struct edit *edit, struct node *map, const char *key,
                               enum node_kind kind)
{
    map = changing(edit, map, NODE_MAP);
    struct node *value = map ? own(edit, map, str_of(key)) : NULL;
    if (map && !value && is_merged(map, key)) {
        refuse_merged(edit, map);
        return NULL;
    }
    if (!map || (value && value->kind == kind))
        return value;
    struct node *made = NULL;
    if (!value || node_is_null(value)) {
        made = node_new(edit->arena, kind);
    } else if (value->kind == NODE_ALIAS && value->first->kind == kind) {
        made = node_new(edit->arena, kind);
        if (kind == NODE_MAP)
            node_put(made, node_scalar(edit->arena, STYLE_PLAIN, STR("<<")),
                     alias_to(edit->arena, value));
        else
            made = node_copy(edit->arena, value);
    }
    if (made)
        edit_set(edit, map, str_of(key), made);
    else
        changing(edit, value, kind);
    return made;
}

struct node *edit_map(struct edit *edit, struct node *map, const char *key)
{
    return collection(edit, map, key, NODE_MAP);
}

struct node *edit_list(struct edit *edit, struct node *map, const char *key)
{
    return collection(edit, map, key, NODE_LIST);
}

const char *edit_newline(const struct edit *edit)
{
    struct str text = str_slice(edit->source->text, 0, edit->end);
    size_t end = str_find(text, edit->root->text_at, '\n');
    if (end == text.len) /* a root in one line */
        end = str_find(text, edit->start, '\n');
    return end > edit->start && end < text.len && text.data[end - 1] == '\r' ? "\r\n" : "\n";
}

/* Places in the text */

static size_t line_start(const struct writer *writer, size_t at)
{
    while (at > writer->start && writer->text.data[at - 1] != '\n')
        at--;
    return at;
}

/* Where the line's break is, its carriage return included; the end of a text without one. */
static size_t line_end(const struct writer *writer, size_t at)
{
    size_t end = str_find(str_slice(writer->text, 0, writer->end), at, '\n');
    return end > at && end < writer->end && writer->text.data[end - 1] == '\r' ? end - 1 : end;
}

static size_t next_line(const struct writer *writer, size_t at)
{
    size_t end = str_find(str_slice(writer->text, 0, writer->end), at, '\n');
    return end < writer->end ? end + 1 : end;
}

/* True for the end of a literal or folded text: it lies behind the last line break. */
static bool past_newline(const struct writer *writer, const struct entry *entry)
{
    return entry->end > entry->colon && writer->text.data[entry->end - 1] == '\n';
}

/* Where the line after an entry begins. */
static size_t behind(const struct writer *writer, const struct entry *entry)
{
    return past_newline(writer, entry) ? entry->end : next_line(writer, entry->end);
}

static size_t skip_blanks(const struct writer *writer, size_t at)
{
    while (at < writer->end && strchr(" \t\r\n", writer->text.data[at]))
        at++;
    return at;
}

/* True when only blanks stand before `at` in its line. */
static bool begins_line(const struct writer *writer, size_t at)
{
    size_t from = line_start(writer, at);
    while (from < at && writer->text.data[from] == ' ')
        from++;
    return from == at;
}

static bool is_empty(const struct node *node)
{
    return node->span.start == node->span.end;
}

static struct entry map_entry(const struct writer *writer, struct node *value)
{
    const char *text = writer->text.data;
    struct entry entry = {.node = value, .start = value->key->span.start};
    size_t at = entry.start;
    while (at > writer->start && (text[at - 1] == ' ' || text[at - 1] == '\t'))
        at--;
    if (at < entry.start && at > writer->start && text[at - 1] == '?')
        entry.start = at - 1;
    at = value->key->span.end;
    for (;;) {
        at = skip_blanks(writer, at);
        if (at == writer->end || text[at] != '#')
            break;
        at = next_line(writer, at);
    }
    entry.has_colon = at < writer->end && text[at] == ':';
    entry.colon = entry.has_colon ? at + 1 : value->key->span.end;
    entry.end = is_empty(value) ? entry.colon : value->span.end;
    return entry;
}

/* The dash of an item: before it in its line, or, with comments at most between, in one above. */
static struct entry list_entry(const struct writer *writer, struct node *item)
{
    const char *text = writer->text.data;
    size_t at = item->span.start;
    while (at > writer->start && (text[at - 1] == ' ' || text[at - 1] == '\t'))
        at--;
    while (at > writer->start && text[at - 1] == '\n') {
        size_t line = line_start(writer, at - 1);
        size_t seen = line;
        while (seen < at - 1 && strchr(" \t-", text[seen]))
            seen++;
        if (text[seen] == '#' || text[seen] == '\n' || text[seen] == '\r') {
            at = seen;
            while (at > line && text[at - 1] != '-')
                at--;
            if (at == line) /* a line of comments or blanks alone */
                continue;
        }
        break;
    }
    size_t start = at > writer->start ? at - 1 : at;
    return (struct entry){.node = item,
                          .start = start,
                          .colon = start + 1,
                          .has_colon = true,
                          .end = is_empty(item) ? start + 1 : item->span.end};
}

static void splice(struct writer *writer, size_t at, size_t to, struct str text)
{
    writer->splices =
        arena_grow(writer->arena, writer->splices, writer->count, sizeof *writer->splices);
    writer->splices[writer->count] =
        (struct splice){.at = at, .removed = to - at, .text = text, .order = writer->count};
    writer->count++;
}

static void splice_buf(struct writer *writer, size_t at, size_t to, struct buf *text)
{
    splice(writer, at, to, str_copy(writer->arena, buf_str(text)));
    buf_free(text);
}

static size_t column_of(const struct writer *writer, size_t at)
{
    return at - line_start(writer, at);
}

/* Replacing a value */

static void replace_in_flow(struct writer *writer, const struct entry *entry,
                            const struct node *value)
{
    struct buf text = {0};
    if (is_empty(entry->node))
        buf_add(&text, entry->has_colon ? STR(" ") : STR(": "));
    emit_inline(&text, value, true);
    if (is_empty(entry->node))
        splice_buf(writer, entry->colon, entry->colon, &text);
    else
        splice_buf(writer, entry->node->span.start, entry->node->span.end, &text);
}

static void replace_in_block(struct writer *writer, const struct entry *entry,
                             const struct node *value)
{
    const struct node *old = entry->node;
    struct str newline = str_of(writer->style.newline);
    struct buf text = {0};
    emit_value(&text, value, column_of(writer, entry->start), &writer->style);
    bool past = past_newline(writer, entry);
    bool same_line = old->span.start <= line_end(writer, entry->colon);
    if (is_empty(old)) {
        size_t at = emit_is_inline(value) ? entry->colon : line_end(writer, entry->colon);
        splice_buf(writer, at, at, &text);
        return;
    }
    if (emit_is_inline(value) && !same_line) {
        /* Comments between the colon and what goes stay. */
        splice_buf(writer, entry->colon, entry->colon, &text);
        splice(writer, line_start(writer, old->text_at), behind(writer, entry), (struct str){0});
        return;
    }
    if (past)
        buf_add(&text, newline);
    if (emit_is_inline(value)) {
        struct str behind_space = str_from(buf_str(&text), 1); /* the space is there */
        splice(writer, old->span.start, old->span.end, str_copy(writer->arena, behind_space));
        buf_free(&text);
    } else if (same_line && past) {
        splice_buf(writer, entry->colon, old->span.end, &text);
    } else if (same_line) {
        splice(writer, entry->colon, old->span.end, (struct str){0});
        size_t at = line_end(writer, old->span.end);
        splice_buf(writer, at, at, &text);
    } else {
        struct str behind_break = str_from(buf_str(&text), newline.len);
        splice(writer, line_start(writer, old->text_at), old->span.end,
               str_copy(writer->arena, behind_break));
        buf_free(&text);
    }
}

/* Maps and lists in block style */

static void add_fragment(struct writer *writer, struct buf *out, const struct node *node,
                         size_t column)
{
    if (node->key)
        emit_entry(out, node, column, &writer->style);
    else
        emit_item(out, node, column, &writer->style);
}

/* The made nodes from `first` up to `end`, in lines of their own. */
static void add_fragments(struct writer *writer, struct buf *out, const struct node *first,
                          const struct node *end, size_t column, bool indent_first)
{
    for (const struct node *node = first; node != end; node = node->next) {
        if (node != first)
            buf_add(out, str_of(writer->style.newline));
        if (node != first || indent_first)
            buf_add_spaces(out, column);
        add_fragment(writer, out, node, column);
    }
}

/* A literal text without a line break at its end, which must stay last: a break would become part
 * of it. */
static bool ends_unterminated(const struct writer *writer, const struct entry *entry)
{
    const struct node *last = entry->node;
    while (last->kind != NODE_SCALAR && last->kind != NODE_ALIAS && last->last)
        last = last->last;
    return entry->end == writer->end && !past_newline(writer, entry) &&
           (last->style == STYLE_LITERAL || last->style == STYLE_FOLDED);
}

static bool is_blank_line(const struct writer *writer, size_t line)
{
    while (line < writer->end && strchr(" \t\r", writer->text.data[line]))
        line++;
    return line == writer->end || writer->text.data[line] == '\n';
}

/* Entries `from` up to `to`, each with its lines; comments between them stay. */
static void remove_run(struct writer *writer, const struct entry *entries, size_t from, size_t to)
{
    size_t i = from;
    if (from < to && !begins_line(writer, entries[from].start)) {
        /* The first one shares its line with a dash, which what follows takes over. */
        size_t end = skip_blanks(writer, behind(writer, &entries[i++]));
        while (i < to && end == entries[i].start)
            end = skip_blanks(writer, behind(writer, &entries[i++]));
        splice(writer, entries[from].start, end, (struct str){0});
    }
    /* Behind a literal text, blank lines would become part of it. */
    bool literal = from > 0 && past_newline(writer, &entries[from - 1]);
    for (; i < to; i++) {
        size_t end = behind(writer, &entries[i]);
        while (literal && end < writer->end && is_blank_line(writer, end))
            end = next_line(writer, end);
        splice(writer, line_start(writer, entries[i].start), end, (struct str){0});
    }
}

/* Puts the nodes from `first` up to `end` behind the last entry. */
static void append(struct writer *writer, const struct entry *entries, size_t count,
                   const struct node *first, const struct node *end)
{
    const struct entry *last = &entries[count - 1];
    size_t column = column_of(writer, entries[0].start);
    struct str newline = str_of(writer->style.newline);
    struct buf text = {0};
    if (last->fate == KEPT && last->node->key && ends_unterminated(writer, last)) {
        add_fragments(writer, &text, first, end, column, false);
        buf_add(&text, newline);
        buf_add_spaces(&text, column);
        splice_buf(writer, last->start, last->start, &text);
        return;
    }
    size_t at = behind(writer, last);
    bool broken = at > writer->start && writer->text.data[at - 1] == '\n';
    if (!broken && last->fate != REMOVED)
        buf_add(&text, newline);
    add_fragments(writer, &text, first, end, column, true);
    if (broken)
        buf_add(&text, newline);
    splice_buf(writer, at, at, &text);
}

/* Puts the nodes from `first` up to `end` before entry `next`. */
static void insert_before(struct writer *writer, const struct entry *entries, size_t next,
                          const struct node *first, const struct node *end)
{
    size_t column = column_of(writer, entries[0].start);
    struct str newline = str_of(writer->style.newline);
    struct buf text = {0};
    bool own_line = begins_line(writer, entries[next].start);
    size_t at = entries[next].start;
    if (next > 0)
        at = behind(writer, &entries[next - 1]);
    else if (own_line)
        at = line_start(writer, at);
    add_fragments(writer, &text, first, end, column, own_line);
    buf_add(&text, newline);
    if (!own_line)
        buf_add_spaces(&text, column);
    splice_buf(writer, at, at, &text);
}

static bool all_removed(const struct entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].fate != REMOVED)
            return false;
    return true;
}

static void write_block(struct writer *writer, const struct node *node, const struct entry *entries,
                        size_t count)
{
    if (all_removed(entries, count)) {
        struct buf text = {0};
        add_fragments(writer, &text, node->first, NULL, column_of(writer, entries[0].start), false);
        if (past_newline(writer, &entries[0]))
            buf_add(&text, str_of(writer->style.newline));
        splice_buf(writer, entries[0].start, entries[0].end, &text);
        remove_run(writer, entries, 1, count);
        return;
    }
    for (size_t from = 0, to; from < count; from = to) {
        to = from + 1;
        if (entries[from].fate != REMOVED)
            continue;
        while (to < count && entries[to].fate == REMOVED)
            to++;
        remove_run(writer, entries, from, to);
    }
    /* Runs of made nodes, and the entry of the file that each stands before. */
    size_t next = 0;
    for (const struct node *each = node->first; each;) {
        const struct node *end = each;
        while (end && !end->span.source && !(end->key && end->key->span.source))
            end = end->next;
        if (end == each) {
            while (next < count && entries[next].fate == REMOVED)
                next++;
            next++;
            each = each->next;
            continue;
        }
        size_t before = next;
        while (before < count && entries[before].fate == REMOVED)
            before++;
        if (before == count)
            append(writer, entries, count, each, end);
        else
            insert_before(writer, entries, before, each, end);
        each = end;
    }
}

/* Maps and lists in flow style */

static void add_flow(struct buf *out, const struct node *node)
{
    if (!node->key) {
        emit_inline(out, node, true);
        return;
    }
    /* A map of this entry alone, without its braces. */
    struct node alone = *node;
    alone.next = NULL;
    struct node map = {.kind = NODE_MAP, .first = &alone, .last = &alone};
    struct buf text = {0};
    emit_inline(&text, &map, true);
    buf_add(out, str_slice(buf_str(&text), 1, text.len - 1));
    buf_free(&text);
}

/* The comma behind an entry, which comments may stand before; the end of the text for none. */
static size_t find_comma(const struct writer *writer, const struct entry *entry)
{
    size_t at = skip_blanks(writer, entry->end);
    while (at < writer->end && writer->text.data[at] == '#')
        at = skip_blanks(writer, next_line(writer, at));
    return at < writer->end && writer->text.data[at] == ',' ? at : writer->end;
}

static void remove_flow_run(struct writer *writer, const struct entry *entries, size_t from,
                            size_t to, size_t count)
{
    size_t comma = find_comma(writer, &entries[to - 1]);
    size_t end = entries[to - 1].end;
    if (to < count) { /* up to the next one, or a comment in a line of its own before it */
        end = comma + 1;
        while (end < writer->end && strchr(" \t", writer->text.data[end]))
            end++;
        if (end < writer->end && writer->text.data[end] == '#')
            end = next_line(writer, end);
        splice(writer, entries[from].start, skip_blanks(writer, end), (struct str){0});
        return;
    }
    size_t start = entries[from].start;
    size_t before = from > 0 ? find_comma(writer, &entries[from - 1]) : start;
    if (from > 0 && skip_blanks(writer, before + 1) == start)
        start = before;
    else if (from > 0)
        splice(writer, before, before + 1, (struct str){0});
    splice(writer, start, end, (struct str){0});
    if (comma < writer->end)
        splice(writer, comma, comma + 1, (struct str){0});
}

static void write_flow(struct writer *writer, const struct node *node, const struct entry *entries,
                       size_t count)
{
    size_t open = node->text_at + 1;
    size_t inside = skip_blanks(writer, open);
    struct str gap = str_slice(writer->text, open, inside);
    struct str comma = gap.len ? STR(",") : STR(", ");
    bool clean = all_removed(entries, count);
    for (size_t from = 0, to; from < count; from = to) {
        to = from + 1;
        if (entries[from].fate != REMOVED)
            continue;
        while (to < count && entries[to].fate == REMOVED)
            to++;
        remove_flow_run(writer, entries, from, to, count);
    }
    size_t next = 0;
    struct buf front = {0};
    for (const struct node *each = node->first; each; each = each->next) {
        if (each->span.source || (each->key && each->key->span.source)) {
            while (next < count && entries[next].fate == REMOVED)
                next++;
            next++;
            continue;
        }
        /* A map's go to its front, for its last value may be any text; a list's to their place. */
        bool first = each->key || next == 0;
        if (first) {
            buf_add(&front, gap);
            add_flow(&front, each);
            bool more = !clean || (each->next && !each->next->span.source);
            if (more)
                buf_add(&front, comma);
            continue;
        }
        struct buf text = {0};
        buf_add(&text, comma);
        buf_add(&text, gap);
        add_flow(&text, each);
        size_t at = entries[next - 1].end;
        splice_buf(writer, at, at, &text);
    }
    if (front.len)
        splice_buf(writer, open, open, &front);
}

/* The walk */

static bool is_emptied(const struct writer *writer, const struct node *node)
{
    bool collection = node->kind == NODE_MAP || node->kind == NODE_LIST;
    if (!collection || node->first || !node->span.source)
        return false;
    const struct change *change = find_change(writer->edit, node);
    return change && change->count;
}

/* `{}` and `[]` behind a key in a block: what is put in is written as a block, like all around it.
 */
static bool is_filled(const struct writer *writer, const struct node *node)
{
    bool value = node->key && (node->kind == NODE_MAP || node->kind == NODE_LIST);
    if (!value || !node->first || !node->span.source || node->text_at > node->span.start)
        return false;
    const struct change *change = find_change(writer->edit, node);
    return change && change->count == 0;
}

/* True for a value that is written anew where it stands. */
static bool is_rewritten(const struct writer *writer, bool flow, const struct node *node)
{
    return is_emptied(writer, node) || (!flow && is_filled(writer, node));
}

static void replace(struct writer *writer, bool flow, const struct entry *entry,
                    const struct node *value)
{
    if (flow)
        replace_in_flow(writer, entry, value);
    else
        replace_in_block(writer, entry, value);
}

/* What became of a child of the file: itself, its new value, or NULL. Those that are left stand in
 * the same order, with made ones between; `next` is the first that was not passed yet. */
static const struct node *successor(const struct node **next, const struct node *was)
{
    while (*next && !(*next)->span.source && !((*next)->key && (*next)->key->span.source))
        *next = (*next)->next;
    const struct node *now = *next;
    if (!now || (now != was && !(was->key && now->key == was->key)))
        return NULL;
    *next = now->next;
    return now;
}

static bool has_anchor(const struct writer *writer, const struct node *node)
{
    struct str before = str_slice(writer->text, node->span.start, node->text_at);
    return str_find(before, 0, '&') < before.len;
}

/* A node of the file, in what goes, that an alias which stays stands for. */
static const struct node *find_needed(const struct writer *writer, const struct node *node)
{
    if (set_get(&writer->aliased, key_of(&node)) && has_anchor(writer, node))
        return node;
    if (node->kind == NODE_SCALAR || node->kind == NODE_ALIAS)
        return NULL;
    const struct change *change = find_change(writer->edit, node);
    const struct node *found = NULL;
    for (size_t i = 0; change && i < change->count && !found; i++)
        found = find_needed(writer, change->was[i]);
    for (const struct node *child = change ? NULL : node->first; child && !found;
         child = child->next)
        found = find_needed(writer, child);
    return found;
}

static void refuse_shared(struct writer *writer, const struct node *shared)
{
    fail(writer->edit, shared->span, "what must change here is used elsewhere by an alias",
         "write it out in both places of the chart");
}

static void walk(struct writer *writer, struct node *node, const struct node *shared);

static void write_change(struct writer *writer, struct node *node, const struct change *change)
{
    bool flow = is_flow(node);
    struct entry *entries = ARENA_ARRAY(writer->arena, change->count, struct entry);
    const struct node *next = node->first;
    for (size_t i = 0; i < change->count; i++) {
        struct node *was = change->was[i];
        struct entry *entry = &entries[i];
        if (node->kind == NODE_MAP)
            *entry = map_entry(writer, was);
        else if (flow)
            *entry = (struct entry){.node = was,
                                    .start = was->span.start,
                                    .colon = was->span.start,
                                    .end = was->span.end};
        else
            *entry = list_entry(writer, was);
        const struct node *now = successor(&next, was);
        entry->fate = !now ? REMOVED : now != was ? REPLACED : KEPT;
        if (entry->fate == REPLACED || (now && is_rewritten(writer, flow, now))) {
            replace(writer, flow, entry, now);
            entry->fate = REPLACED;
        }
        const struct node *needed = entry->fate == KEPT ? NULL : find_needed(writer, was);
        if (needed)
            refuse_shared(writer, needed);
    }
    if (flow)
        write_flow(writer, node, entries, change->count);
    else
        write_block(writer, node, entries, change->count);
}

static void walk(struct writer *writer, struct node *node, const struct node *shared)
{
    if (!node->span.source || node->kind == NODE_SCALAR || node->kind == NODE_ALIAS)
        return;
    if (set_get(&writer->aliased, key_of((const struct node *const *)&node)) &&
        has_anchor(writer, node))
        shared = node;
    const struct change *change = find_change(writer->edit, node);
    if (change && shared) {
        refuse_shared(writer, shared);
        return;
    }
    bool flow = is_flow(node);
    for (struct node *child = node->first; child; child = child->next) {
        bool rewritten = is_rewritten(writer, flow, child);
        const struct node *needed = rewritten && !shared ? find_needed(writer, child) : shared;
        if (rewritten && needed)
            refuse_shared(writer, needed);
        if (!rewritten) {
            walk(writer, child, shared);
        } else if (!change) {
            struct entry entry =
                node->kind == NODE_MAP ? map_entry(writer, child) : list_entry(writer, child);
            replace(writer, flow, &entry, child);
        }
    }
    if (change)
        write_change(writer, node, change);
}

/* A document whose last key or item went: all others are emptied by what holds them. */
static void empty_root(struct writer *writer)
{
    const struct location *at = &writer->edit->root->span;
    struct buf text = {0};
    buf_add(&text, writer->edit->root->kind == NODE_MAP ? STR("{}") : STR("[]"));
    if (writer->text.data[at->end - 1] == '\n')
        buf_add(&text, str_of(writer->style.newline));
    splice_buf(writer, at->start, at->end, &text);
}

static void find_aliased(struct writer *writer, const struct node *node)
{
    if (node->kind == NODE_ALIAS) {
        const struct node **target = ARENA_NEW(writer->arena, const struct node *);
        *target = node->first;
        set_add(writer->arena, &writer->aliased, key_of(target), node);
        return;
    }
    for (const struct node *child = node->kind == NODE_SCALAR ? NULL : node->first; child;
         child = child->next)
        find_aliased(writer, child);
}

/* How the document is written: what is found first counts. */
static bool find_style(const struct writer *writer, const struct node *node, size_t *ret_step,
                       size_t *ret_dash)
{
    if (!node->span.source || node->kind == NODE_SCALAR || node->kind == NODE_ALIAS ||
        is_flow(node))
        return false;
    for (const struct node *child = node->first; child; child = child->next) {
        bool block = child->span.source && child->first && child->kind != NODE_ALIAS &&
                     child->kind != NODE_SCALAR && !is_flow(child) &&
                     begins_line(writer, child->text_at);
        if (block && node->kind == NODE_MAP && child->key->span.source) {
            size_t parent = column_of(writer, child->key->span.start);
            size_t column = column_of(writer, child->text_at);
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

static int by_place(const void *a, const void *b)
{
    const struct splice *left = a;
    const struct splice *right = b;
    if (left->at != right->at)
        return left->at < right->at ? -1 : 1;
    if (!left->removed != !right->removed) /* what is put before what goes */
        return left->removed ? 1 : -1;
    return left->order < right->order ? -1 : 1;
}

static bool assemble(struct writer *writer, struct buf *out)
{
    size_t at = writer->edit->start;
    if (writer->count)
        qsort(writer->splices, writer->count, sizeof *writer->splices, by_place);
    for (size_t i = 0; i < writer->count; i++) {
        const struct splice *each = &writer->splices[i];
        if (each->at < at)
            return false;
        buf_add(out, str_slice(writer->text, at, each->at));
        buf_add(out, each->text);
        at = each->at + each->removed;
    }
    buf_add(out, str_slice(writer->text, at, writer->end));
    return true;
}

/* What a plain text is taken for depends on the reader, unless all agree that it is text. */
static bool same_scalar(const struct node *a, const struct node *b)
{
    bool a_typed = a->style == STYLE_PLAIN && scalar_is_ambiguous(a->text);
    bool b_typed = b->style == STYLE_PLAIN && scalar_is_ambiguous(b->text);
    return a_typed == b_typed && str_equal(a->text, b->text);
}

/* The value of a key, looked for behind the last one found: keys mostly stand in the same order. */
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

bool edit_same(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == NODE_SCALAR)
        return same_scalar(a, b);
    if (a->kind == NODE_ALIAS)
        return str_equal(a->text, b->text);
    size_t counts[2] = {0, 0};
    for (const struct node *child = b->first; child; child = child->next)
        counts[1]++;
    const struct node *other = a->kind == NODE_LIST ? b->first : NULL;
    for (const struct node *child = a->first; child; child = child->next) {
        if (a->kind == NODE_MAP)
            other = next_value(b, other, child->key->text);
        if (!other || !edit_same(child, other))
            return false;
        counts[0]++;
        if (a->kind == NODE_LIST)
            other = other->next;
    }
    return counts[0] == counts[1];
}

/* Reads what was written, and compares it with what was meant. */
static bool is_as_meant(struct edit *edit, struct str text)
{
    struct diags unheard = {.arena = edit->arena};
    struct source *written = ARENA_NEW(edit->arena, struct source);
    *written = (struct source){.path = edit->source->path, .text = text};
    struct node *root;
    return load_manifest(edit->arena, written, 0, text.len, &unheard, &root) && root &&
           edit_same(edit->root, root);
}

bool edit_write(struct edit *edit, struct buf *out)
{
    struct writer writer = {.edit = edit,
                            .arena = edit->arena,
                            .text = edit->source->text,
                            .start = edit->start,
                            .end = edit->end};
    struct str document = str_slice(writer.text, edit->start, edit->end);
    if (str_starts(document, STR("\xEF\xBB\xBF")))
        writer.start += 3;
    writer.style = style_of(&writer);
    find_aliased(&writer, edit->root);
    if (is_emptied(&writer, edit->root) && !is_flow(edit->root))
        empty_root(&writer);
    else
        walk(&writer, edit->root, NULL);
    if (edit->failed)
        return false;
    size_t before = out->len;
    if (assemble(&writer, out) && is_as_meant(edit, str_from(buf_str(out), before)))
        return true;
    out->len = before;
    struct location at = {.source = edit->source, .start = writer.start, .end = writer.start};
    fail(edit, at, "this document is written in a way that cannot be changed safely",
         "write it in plain YAML in the chart, or leave it out");
    return false;
}
