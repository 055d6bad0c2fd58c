#include "chart/inject_diff.h"

#include "base/utf8.h"

static void add(struct inject_diff *diff, struct text_change change)
{
    diff->changes = arena_grow(diff->arena, diff->changes, diff->count, sizeof change);
    diff->changes[diff->count++] = change;
}

/* Returns the name of the object in a document; of a List, its kind. */
static struct str document_title(const struct inject_diff *diff, size_t document)
{
    const struct object *object = diff->release->documents[document].object;
    return object ? object_display_name(diff->arena, object)
                  : diff->release->stream.documents[document].kind;
}

/* Returns the names of the objects that are inserted before a document, after its own name if that
 * is removed. */
static struct str additions_title(const struct inject_diff *diff, size_t document)
{
    const struct release *release = diff->release;
    struct buf title = {0};
    if (release->removed[document] == REMOVED_DOCUMENT)
        buf_add(&title, document_title(diff, document));
    for (const struct addition *each = release->additions[document].first; each; each = each->next)
        buf_add_joined(&title, ", ",
                       STR_JOIN(diff->arena, node_string(node_at(each->node, "kind")), STR("/"),
                                node_string(node_at(each->node, "metadata name"))));
    return buf_take(diff->arena, &title);
}

static void hide(struct inject_diff *diff, size_t start, size_t end)
{
    struct text_ranges *secrets = &diff->secrets;
    secrets->items =
        arena_grow(diff->arena, secrets->items, secrets->count, sizeof *secrets->items);
    secrets->items[secrets->count++] = (struct text_range){start, end};
}

/* Returns the start of the next line. */
static size_t after_line(struct str text, size_t at)
{
    size_t end = str_find(text, at, '\n');
    return end < text.len ? end + 1 : end;
}

/* Hides a document except its marker, which is the context of changes before it. */
static void hide_document(struct inject_diff *diff, const struct document *document)
{
    struct str text = diff->release->source.text;
    struct str rest = str_slice(text, document->start, document->end);
    bool marked = str_starts_with(rest, STR("---\n")) || str_starts_with(rest, STR("---\r\n"));
    hide(diff, marked ? after_line(text, document->start) : document->start, document->end);
}

static size_t line_start(struct str text, size_t at)
{
    while (at > 0 && text.data[at - 1] != '\n')
        at--;
    return at;
}

/* Hides the Secrets in a List from their line to that of the next item. Their first line is context
 * if it is certainly not data. */
static void hide_items(struct inject_diff *diff, struct node *list, size_t end)
{
    struct str text = diff->release->source.text;
    for (struct node *item = node_first_child(node_at(list, "items")); item; item = item->next) {
        struct str rest = str_skip(text, item->span.start);
        if (!item->span.source ||
            !str_eq_c(node_string(node_at(node_target(item), "kind")), "Secret"))
            continue;
        bool is_safe = str_starts_with(rest, STR("apiVersion: v1\n")) ||
                       str_starts_with(rest, STR("kind: Secret\n"));
        size_t start =
            is_safe ? after_line(text, item->span.start) : line_start(text, item->span.start);
        const struct node *next = item->next && item->next->span.source ? item->next : NULL;
        hide(diff, start, next ? line_start(text, next->span.start) : end);
    }
}

/* Hides what may be a Secret: documents of an unknown kind are searched only if they changed. */
static void hide_secrets(struct inject_diff *diff, size_t index)
{
    const struct document *document = &diff->release->stream.documents[index];
    const struct chart_document *loaded = &diff->release->documents[index];
    struct str text = str_slice(diff->release->source.text, document->start, document->end);
    bool may_have_secrets = document->kind.len == 0 || str_ends_with(document->kind, STR("List"));
    if (str_eq_c(document->kind, "Secret") ||
        (may_have_secrets && !loaded->object && !loaded->edit && str_contains(text, STR("Secret"))))
        hide_document(diff, document);
    else if (may_have_secrets && loaded->edit)
        hide_items(diff, loaded->edit->root, document->end);
}

void inject_diff_add(struct inject_diff *diff, size_t document, struct str additions,
                     struct str text, const struct edit_replacements *replacements)
{
    const struct release *release = diff->release;
    const struct document *at = &release->stream.documents[document];
    bool is_removed = release->removed[document] == REMOVED_DOCUMENT;
    hide_secrets(diff, document);
    size_t start = at->start + utf8_bom_len(str_slice(release->source.text, at->start, at->end));
    if (additions.len || is_removed)
        add(diff, (struct text_change){.start = start,
                                       .end = is_removed ? at->end : start,
                                       .text = additions,
                                       .title = additions_title(diff, document)});
    if (is_removed || !text.data)
        return;
    struct str title = document_title(diff, document);
    for (size_t i = 0; i < replacements->count; i++) {
        const struct edit_replacement *each = &replacements->items[i];
        add(diff, (struct text_change){.start = each->start,
                                       .end = each->end,
                                       .text = str_slice(text, each->text_start, each->text_end),
                                       .title = title});
    }
}

void inject_diff_write(const struct inject_diff *diff, struct str manifests, bool color,
                       struct buf *out)
{
    unified_diff(out, STR("manifests.yaml"), manifests, diff->changes, diff->count, &diff->secrets,
                 color);
}
