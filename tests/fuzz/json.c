/* The output of another program: JSON survives a round trip, also through libfyaml. */
#include "fuzz.h"

#include "yaml/emit.h"
#include "yaml/parse_json.h"
#include "yaml/parse_strict.h"

static bool is_equal(const struct node *a, const struct node *b)
{
    if (a->kind != b->kind || (a->kind == NODE_SCALAR && a->style != b->style) ||
        !str_equal(a->text, b->text) || !a->key != !b->key ||
        (a->key && !str_equal(a->key->text, b->key->text)))
        return false;
    const struct node *other = b->first;
    for (const struct node *child = a->first; child; child = child->next) {
        if (!other || !is_equal(child, other))
            return false;
        other = other->next;
    }
    return !other;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LONGEST = 100000 };
    struct arena arena = {0};
    if (size > LONGEST)
        return 0;
    struct node *root = load_json(&arena, fuzz_text(&arena, data, size));
    if (root) {
        struct buf text = {0};
        emit_json(&text, root, 0);
        struct node *again = load_json(&arena, buf_str(&text));
        FUZZ_CHECK(again && is_equal(root, again));
        struct diags diags = {.arena = &arena};
        const struct source source = {.path = STR("json"), .text = buf_str(&text)};
        struct node *strict = load_service(&arena, &source, &diags);
        FUZZ_CHECK(!strict || is_equal(root, strict));
        buf_free(&text);
    }
    arena_free(&arena);
    return 0;
}
