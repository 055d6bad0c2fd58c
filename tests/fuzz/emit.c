/* A tree of arbitrary strings survives a round trip. */
#include "fuzz.h"

#include "base/utf8.h"

struct reader {
    struct arena *arena;
    struct str text;
    size_t at;
};

static unsigned next(struct reader *reader)
{
    return reader->at < reader->text.len ? (unsigned char)reader->text.data[reader->at++] : 0;
}

/* The bytes up to 0xFF, the first NUL or the first invalid UTF-8: readers reject files with the
 * latter two, so no string contains them. */
static struct str next_text(struct reader *reader)
{
    size_t end = str_find(reader->text, reader->at, '\xff');
    struct str text = str_slice(reader->text, reader->at, end);
    reader->at = end + 1;
    size_t wrong;
    if (utf8_check(text, &wrong))
        text = str_slice(text, 0, wrong);
    return str_slice(text, 0, str_find(text, 0, '\0'));
}

static struct node *next_node(struct reader *reader, unsigned depth)
{
    enum { DEEPEST = 8, CHILDREN = 5 };
    unsigned choice = next(reader);
    struct node *node;
    switch (depth < DEEPEST ? choice % 4 : 3) {
    case 0:
        node = node_new(reader->arena, NODE_MAP);
        for (unsigned i = 0; i < choice / 4 % CHILDREN; i++) {
            struct str key = next_text(reader);
            struct node *value = next_node(reader, depth + 1);
            if (!node_get(node, str_to_c(reader->arena, key)))
                node_put(node, node_scalar(reader->arena, STYLE_TEXT, key), value);
        }
        return node;
    case 1:
        node = node_new(reader->arena, NODE_LIST);
        for (unsigned i = 0; i < choice / 4 % CHILDREN; i++)
            node_append(node, next_node(reader, depth + 1));
        return node;
    case 2:
        return node_int(reader->arena, (int64_t)choice - 100);
    default:
        return node_scalar(reader->arena, STYLE_TEXT, next_text(reader));
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    enum { LONGEST = 100000 };
    struct arena arena = {0};
    if (size > LONGEST)
        return 0;
    struct reader reader = {&arena, fuzz_text(&arena, data, size), 0};
    struct node *root = node_new(&arena, NODE_MAP);
    node_set(&arena, root, "root", next_node(&reader, 0));
    fuzz_check_emitted(&arena, &root, 1);
    arena_free(&arena);
    return 0;
}
