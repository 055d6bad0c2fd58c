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

void inject_diff_add(struct inject_diff *diff, size_t document, struct str additions,
                     struct str text, const struct edit_replacements *replacements)
{
    const struct release *release = diff->release;
    const struct document *at = &release->stream.documents[document];
    bool is_removed = release->removed[document] == REMOVED_DOCUMENT;
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

void inject_diff_add_end(struct inject_diff *diff, size_t end, struct str text)
{
    add(diff, (struct text_change){.start = end, .end = end, .text = text});
}

void inject_diff_write(const struct inject_diff *diff, struct str manifests, bool color,
                       struct buf *out)
{
    unified_diff(out, STR("manifests.yaml"), manifests, diff->changes, diff->count, color);
}
