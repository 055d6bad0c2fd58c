#include "explain_origin.h"

#include "service/placeholder_origin.h"

static void add_location(struct buf *out, struct location at)
{
    if (!at.source)
        return;
    struct position position = diag_position(at.source, at.start);
    diag_add_visible(out, at.source->path);
    if (!location_is_file(at))
        buf_format(out, ":%zu:%zu", position.line, position.column);
}

/* Appends the origin of a placeholder: "the environment, staging.yaml:3:5". */
static void add_origin(struct buf *out, const struct placeholder_origin *origin)
{
    diag_add_visible(out, origin->flag.len ? origin->flag : origin->what);
    if (origin->what.len && origin->location.source)
        buf_add(out, STR(", "));
    add_location(out, origin->location);
}

/* Appends the origin of each placeholder of a string. */
static void add_placeholders(struct buf *out, const struct layer *layer, struct str text)
{
    struct placeholder_origin origin;
    for (size_t at = 0; placeholder_origin_next(layer, text, &at, &origin);) {
        buf_add(out, STR("; {"));
        diag_add_visible(out, origin.written);
        buf_add(out, STR("} is from "));
        add_origin(out, &origin);
    }
}

/* Appends the origins of the placeholders in a value. */
static void add_all_placeholders(struct buf *out, const struct layer *layer,
                                 const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        add_placeholders(out, layer, node->text);
    for (const struct node *child = node_first_child(node); child; child = child->next)
        add_all_placeholders(out, layer, child);
}

void explain_origin(struct buf *out, const struct layer *layer, const struct node *node)
{
    buf_add(out, STR(" ("));
    add_location(out, node->span);
    if (layer && node->kind == NODE_SCALAR && str_contains(node->text, STR("{"))) {
        buf_add(out, STR(", written "));
        diag_add_visible(out, node->text);
    }
    if (layer)
        add_all_placeholders(out, layer, node);
    buf_add(out, STR(")"));
}
