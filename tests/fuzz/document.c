/* The documents of a chart: the byte range of every node is within that of its parent. */
#include "fuzz.h"

#include "yaml/edit.h"
#include "yaml/parse_manifest.h"
#include "yaml/split.h"

static void check_places(const struct node *node, size_t start, size_t end)
{
    FUZZ_CHECK(node->span.start >= start && node->span.start <= node->span.end);
    FUZZ_CHECK(node->span.end <= end);
    FUZZ_CHECK(node->text_at >= node->span.start && node->text_at <= node->span.end);
    if (node->kind == NODE_ALIAS || node->kind == NODE_SCALAR)
        return;
    size_t at = node->span.start;
    for (const struct node *child = node->first; child; child = child->next) {
        if (node->kind == NODE_MAP) {
            for (const struct node *old = node_overridden(child); old; old = node_overridden(old))
                check_places(old, node->span.start, child->key->span.start);
            check_places(child->key, at, node->span.end);
            at = child->key->span.end;
        }
        check_places(child, at, node->span.end);
        at = child->span.end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct arena arena = {0};
    const struct source source = {.path = STR("<stdin>"), .text = fuzz_text(&arena, data, size)};
    struct stream_parser stream_parser = {.arena = &arena};
    struct stream stream = stream_finish(&stream_parser, source.text);
    for (size_t i = 0; i < stream.count && i < 100; i++) {
        struct diags diags = {.arena = &arena};
        struct node *root = NULL;
        const struct document *document = &stream.documents[i];
        struct buf bytes = {0};
        bool ok = load_manifest_events(&arena, &arena, &source, document->start, document->end,
                                       &diags, &bytes, &root);
        struct str events = buf_take(&arena, &bytes);
        fuzz_check_diags(&diags, !ok);
        if (!ok || !root)
            continue;
        check_places(root, document->start, document->end);
        const struct node *again =
            load_manifest_again(&arena, &source, document->start, &diags, events);
        fuzz_check_diags(&diags, false);
        check_places(again, document->start, document->end);
        FUZZ_CHECK(edit_same(&arena, root, again));
    }
    arena_free(&arena);
    return 0;
}
