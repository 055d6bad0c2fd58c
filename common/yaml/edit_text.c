/* Positions of nodes in a document, and the text that is written there. */
#include "yaml/edit_internal.h"

#include <string.h>

/* Positions */

static size_t line_start(const struct writer *writer, size_t at)
{
    while (at > writer->start && writer->text.data[at - 1] != '\n')
        at--;
    return at;
}

/* Returns the offset of the line break, including its carriage return; the end of the text if
 * there is none. */
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

/* True if the entry ends after a line break, as a literal or folded scalar does. */
static bool past_newline(const struct writer *writer, const struct edit_entry *entry)
{
    return entry->end > entry->colon && writer->text.data[entry->end - 1] == '\n';
}

/* Returns the start of the line after an entry. */
static size_t line_after(const struct writer *writer, const struct edit_entry *entry)
{
    return past_newline(writer, entry) ? entry->end : next_line(writer, entry->end);
}

static size_t skip_blanks(const struct writer *writer, size_t at)
{
    while (at < writer->end && strchr(" \t\r\n", writer->text.data[at]))
        at++;
    return at;
}

/* True if only spaces precede `at` in its line. */
bool edit_begins_line(const struct writer *writer, size_t at)
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

struct edit_entry edit_map_entry(const struct writer *writer, struct node *value)
{
    const char *text = writer->text.data;
    struct edit_entry entry = {.node = value, .start = value->key->span.start};
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

/* The dash of an item is in the same line, or in a line above with only comments in between. */
struct edit_entry edit_list_entry(const struct writer *writer, struct node *item)
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
            if (at == line) /* only comments or blanks */
                continue;
        }
        break;
    }
    size_t start = at > writer->start ? at - 1 : at;
    return (struct edit_entry){.node = item,
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

void edit_splice(struct writer *writer, size_t at, size_t to, struct buf *text)
{
    splice(writer, at, to, buf_take(writer->arena, text));
}

size_t edit_column_of(const struct writer *writer, size_t at)
{
    return at - line_start(writer, at);
}

/* Replacement of a value */

static void replace_in_flow(struct writer *writer, const struct edit_entry *entry,
                            const struct node *value)
{
    struct buf text = {0};
    if (is_empty(entry->node))
        buf_add(&text, entry->has_colon ? STR(" ") : STR(": "));
    emit_inline(&text, value, true);
    if (is_empty(entry->node))
        edit_splice(writer, entry->colon, entry->colon, &text);
    else
        edit_splice(writer, entry->node->span.start, entry->node->span.end, &text);
}

/* Replaces a value with one in the same line; `text` begins with a space. */
static void replace_with_line(struct writer *writer, const struct edit_entry *entry, bool same_line,
                              struct buf *text)
{
    const struct node *old = entry->node;
    if (!same_line) {
        /* Comments between the colon and the old value are kept. */
        edit_splice(writer, entry->colon, entry->colon, text);
        splice(writer, line_start(writer, old->text_at), line_after(writer, entry),
               (struct str){0});
        return;
    }
    if (past_newline(writer, entry))
        buf_add(text, str_from_c(writer->style.newline));
    struct str after_space =
        str_skip(buf_take(writer->arena, text), 1); /* the file has the space */
    splice(writer, old->span.start, old->span.end, after_space);
}

/* Replaces a value with a map or list in separate lines; `text` begins with a line break. */
static void replace_with_lines(struct writer *writer, const struct edit_entry *entry,
                               bool same_line, struct buf *text)
{
    const struct node *old = entry->node;
    struct str newline = str_from_c(writer->style.newline);
    bool past = past_newline(writer, entry);
    if (past)
        buf_add(text, newline);
    if (same_line && past) {
        edit_splice(writer, entry->colon, old->span.end, text);
    } else if (same_line) {
        splice(writer, entry->colon, old->span.end, (struct str){0});
        size_t at = line_end(writer, old->span.end);
        edit_splice(writer, at, at, text);
    } else {
        struct str after_break = str_skip(buf_take(writer->arena, text), newline.len);
        splice(writer, line_start(writer, old->text_at), old->span.end, after_break);
    }
}

static void replace_in_block(struct writer *writer, const struct edit_entry *entry,
                             const struct node *value)
{
    bool one_line = emit_is_inline(value);
    bool same_line = entry->node->span.start <= line_end(writer, entry->colon);
    struct buf text = {0};
    emit_value(&text, value, edit_column_of(writer, entry->start), &writer->style);
    if (is_empty(entry->node)) {
        size_t at = one_line ? entry->colon : line_end(writer, entry->colon);
        edit_splice(writer, at, at, &text);
    } else if (one_line) {
        replace_with_line(writer, entry, same_line, &text);
    } else {
        replace_with_lines(writer, entry, same_line, &text);
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

/* Appends the new nodes from `first` to `end` (exclusive), each in a separate line. */
static void add_fragments(struct writer *writer, struct buf *out, const struct node *first,
                          const struct node *end, size_t column, bool indent_first)
{
    for (const struct node *node = first; node != end; node = node->next) {
        if (node != first)
            buf_add(out, str_from_c(writer->style.newline));
        if (node != first || indent_first)
            buf_add_spaces(out, column);
        add_fragment(writer, out, node, column);
    }
}

static const struct node *last_of(const struct edit_entry *entry)
{
    const struct node *last = entry->node;
    while (last->kind != NODE_SCALAR && last->kind != NODE_ALIAS && last->last)
        last = last->last;
    return last;
}

/* True for a literal or folded scalar at the end of the file without a final line break. It must
 * remain last, because a line break would become part of it. */
static bool ends_unterminated(const struct writer *writer, const struct edit_entry *entry)
{
    const struct node *last = last_of(entry);
    return entry->end == writer->end && !past_newline(writer, entry) &&
           (last->style == STYLE_LITERAL || last->style == STYLE_FOLDED);
}

static bool is_blank_line(const struct writer *writer, size_t line)
{
    while (line < writer->end && strchr(" \t\r", writer->text.data[line]))
        line++;
    return line == writer->end || writer->text.data[line] == '\n';
}

/* True for a literal or folded scalar that includes the blank lines after it: |+ or >+. */
static bool keeps_blank_lines(const struct writer *writer, const struct edit_entry *entry)
{
    const struct node *last = last_of(entry);
    if (last->style != STYLE_LITERAL && last->style != STYLE_FOLDED)
        return false;
    size_t at = last->text_at + 1;
    while (at < last->span.end && strchr("123456789-", writer->text.data[at]))
        at++;
    return at < last->span.end && writer->text.data[at] == '+';
}

/* Removes the lines of the entries from `from` to `to` (exclusive). Comments between them are
 * kept. */
static void remove_run(struct writer *writer, const struct edit_entry *entries, size_t from,
                       size_t to)
{
    size_t i = from;
    if (from < to && !edit_begins_line(writer, entries[from].start)) {
        /* The first entry is in the line of a dash, which the next entry then follows. */
        size_t end = skip_blanks(writer, line_after(writer, &entries[i++]));
        while (i < to && end == entries[i].start)
            end = skip_blanks(writer, line_after(writer, &entries[i++]));
        splice(writer, entries[from].start, end, (struct str){0});
    }
    /* Blank lines would become part of the scalar before them. */
    bool kept = from > 0 && keeps_blank_lines(writer, &entries[from - 1]);
    for (; i < to; i++) {
        size_t end = line_after(writer, &entries[i]);
        while (kept && end < writer->end && is_blank_line(writer, end))
            end = next_line(writer, end);
        splice(writer, line_start(writer, entries[i].start), end, (struct str){0});
    }
}

/* Inserts the nodes from `first` to `end` (exclusive) after the last entry. */
static void append(struct writer *writer, const struct edit_entry *entries, size_t count,
                   const struct node *first, const struct node *end)
{
    const struct edit_entry *last = &entries[count - 1];
    size_t column = edit_column_of(writer, entries[0].start);
    struct str newline = str_from_c(writer->style.newline);
    struct buf text = {0};
    if (last->status == KEPT && last->node->key && ends_unterminated(writer, last)) {
        add_fragments(writer, &text, first, end, column, false);
        buf_add(&text, newline);
        buf_add_spaces(&text, column);
        edit_splice(writer, last->start, last->start, &text);
        return;
    }
    size_t at = line_after(writer, last);
    bool broken = at > writer->start && writer->text.data[at - 1] == '\n';
    if (!broken && last->status != REMOVED)
        buf_add(&text, newline);
    add_fragments(writer, &text, first, end, column, true);
    if (broken)
        buf_add(&text, newline);
    edit_splice(writer, at, at, &text);
}

/* Inserts the nodes from `first` to `end` (exclusive) before the entry `next`. */
static void insert_before(struct writer *writer, const struct edit_entry *entries, size_t next,
                          const struct node *first, const struct node *end)
{
    size_t column = edit_column_of(writer, entries[0].start);
    struct str newline = str_from_c(writer->style.newline);
    struct buf text = {0};
    bool own_line = edit_begins_line(writer, entries[next].start);
    size_t at = entries[next].start;
    if (next > 0)
        at = line_after(writer, &entries[next - 1]);
    else if (own_line)
        at = line_start(writer, at);
    add_fragments(writer, &text, first, end, column, own_line);
    buf_add(&text, newline);
    if (!own_line)
        buf_add_spaces(&text, column);
    edit_splice(writer, at, at, &text);
}

static bool all_removed(const struct edit_entry *entries, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (entries[i].status != REMOVED)
            return false;
    return true;
}

/* Finds the next run of removed entries at or after `to`. */
static bool find_run(const struct edit_entry *entries, size_t count, size_t *ret_from, size_t *to)
{
    *ret_from = *to;
    while (*ret_from < count && entries[*ret_from].status != REMOVED)
        ++*ret_from;
    *to = *ret_from;
    while (*to < count && entries[*to].status == REMOVED)
        ++*to;
    return *ret_from < count;
}

static void write_block(struct writer *writer, const struct node *node,
                        const struct edit_entry *entries, size_t count)
{
    if (all_removed(entries, count)) {
        struct buf text = {0};
        add_fragments(writer, &text, node->first, NULL, edit_column_of(writer, entries[0].start),
                      false);
        if (past_newline(writer, &entries[0]))
            buf_add(&text, str_from_c(writer->style.newline));
        edit_splice(writer, entries[0].start, entries[0].end, &text);
        remove_run(writer, entries, 1, count);
        return;
    }
    for (size_t from = 0, to = 0; find_run(entries, count, &from, &to);)
        remove_run(writer, entries, from, to);
    /* Writes each run of new nodes before the entry of the file that follows it. */
    size_t next = 0;
    for (const struct node *each = node->first; each;) {
        const struct node *end = each;
        while (end && edit_is_new(end))
            end = end->next;
        if (end == each) {
            while (next < count && entries[next].status == REMOVED)
                next++;
            next++;
            each = each->next;
            continue;
        }
        size_t before = next;
        while (before < count && entries[before].status == REMOVED)
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
    /* Writes a map with only this entry, then drops its braces. */
    struct node alone = *node;
    alone.next = NULL;
    struct node map = {.kind = NODE_MAP, .first = &alone, .last = &alone};
    struct buf text = {0};
    emit_inline(&text, &map, true);
    buf_add(out, str_slice(buf_str(&text), 1, text.len - 1));
    buf_free(&text);
}

/* Returns the comma after an entry, possibly after comments; the end of the document if there is
 * none. */
static size_t find_comma(const struct writer *writer, const struct edit_entry *entry)
{
    size_t at = skip_blanks(writer, entry->end);
    while (at < writer->end && writer->text.data[at] == '#')
        at = skip_blanks(writer, next_line(writer, at));
    return at < writer->end && writer->text.data[at] == ',' ? at : writer->end;
}

static void remove_flow_run(struct writer *writer, const struct edit_entry *entries, size_t from,
                            size_t to, size_t count)
{
    size_t comma = find_comma(writer, &entries[to - 1]);
    size_t end = entries[to - 1].end;
    if (to < count) { /* to the next entry, or to a comment in a separate line before it */
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

/* Inserts the new nodes: those of a map at its beginning, because its last value may be in any
 * style, those of a list at their position. */
static void write_flow_made(struct writer *writer, const struct node *node,
                            const struct edit_entry *entries, size_t count, struct str gap)
{
    struct str comma = gap.len ? STR(",") : STR(", ");
    size_t open = node->text_at + 1;
    bool clean = all_removed(entries, count);
    size_t next = 0;
    struct buf front = {0};
    for (const struct node *each = node->first; each; each = each->next) {
        if (!edit_is_new(each)) {
            while (next < count && entries[next].status == REMOVED)
                next++;
            next++;
        } else if (each->key || next == 0) {
            buf_add(&front, gap);
            add_flow(&front, each);
            if (!clean || (each->next && !each->next->span.source))
                buf_add(&front, comma);
        } else {
            struct buf text = {0};
            buf_add(&text, comma);
            buf_add(&text, gap);
            add_flow(&text, each);
            size_t at = entries[next - 1].end;
            edit_splice(writer, at, at, &text);
        }
    }
    if (front.len)
        edit_splice(writer, open, open, &front);
}

static void write_flow(struct writer *writer, const struct node *node,
                       const struct edit_entry *entries, size_t count)
{
    size_t open = node->text_at + 1;
    struct str gap = str_slice(writer->text, open, skip_blanks(writer, open));
    for (size_t from = 0, to = 0; find_run(entries, count, &from, &to);)
        remove_flow_run(writer, entries, from, to, count);
    write_flow_made(writer, node, entries, count, gap);
}

void edit_write_entries(struct writer *writer, const struct node *node,
                        const struct edit_entry *entries, size_t count)
{
    if (edit_is_flow(node))
        write_flow(writer, node, entries, count);
    else if (count) /* a block collection is never empty */
        write_block(writer, node, entries, count);
}

/* Replaces a merge key with the keys of a map. */
static void replace_merge(struct writer *writer, bool flow, const struct edit_entry *entry,
                          const struct node *created)
{
    struct buf text = {0};
    if (flow) {
        for (const struct node *value = created->first; value; value = value->next) {
            if (value != created->first)
                buf_add(&text, STR(", "));
            add_flow(&text, value);
        }
    } else {
        add_fragments(writer, &text, created->first, NULL, edit_column_of(writer, entry->start),
                      false);
    }
    edit_splice(writer, entry->start, entry->end, &text);
}

/* Replaces an alias with an item. */
static void replace_item(struct writer *writer, const struct edit_entry *entry,
                         const struct node *value)
{
    struct buf text = {0};
    emit_item(&text, value, edit_column_of(writer, entry->start), &writer->style);
    edit_splice(writer, entry->start, entry->end, &text);
}

void edit_replace(struct writer *writer, bool flow, const struct edit_entry *entry,
                  const struct node *value)
{
    bool alias = entry->node->kind == NODE_ALIAS;
    if (alias && node_is_merge(value) && value->kind == NODE_MAP)
        replace_merge(writer, flow, entry, value);
    else if (flow)
        replace_in_flow(writer, entry, value);
    else if (alias && !value->key)
        replace_item(writer, entry, value);
    else
        replace_in_block(writer, entry, value);
}
