/* The field at a location of a file. */
#include "manifest/provenance.h"

static bool is_same(struct location at, struct location span)
{
    return at.source == span.source && at.start == span.start && at.end == span.end;
}

/* Returns where a location is in the text of `source`: there, or where an alias uses its text. The
 * result has no source if it is nowhere. */
static struct location seen_from(struct location at, const struct source *source)
{
    while (at.source && at.source != source)
        at = at.source->use ? *at.source->use : (struct location){0};
    return at;
}

static void add_step(struct buf *path, const struct node *collection, const struct node *child,
                     size_t index)
{
    if (collection->kind == NODE_LIST)
        buf_format(path, "[%zu]", index);
    else
        buf_add_joined(path, ".", child->key->text);
}

static const struct node *find_node(struct provenance_index *index, struct buf *path,
                                    const struct node *root, struct location at)
{
    const struct node *found = NULL;
    const struct node *collection = root;
    size_t position;
    for (const struct node *child;
         (child = provenance_index_child(index, collection, at, &position)) != NULL;
         collection = child) {
        add_step(path, collection, child, position);
        found = child;
        if (is_same(at, child->span))
            break;
    }
    return found;
}

/* True if a location is in a module: a file may have many, so they are not searched. */
static bool is_in_module(const struct layer *layer, const struct node *module, struct location at)
{
    struct location seen = seen_from(at, module->span.source);
    const struct node *after = module->next; /* the next module; else the field after `modules` */
    if (!after)
        after = record_value(layer->file, FILE_MODULES)->node->next;
    struct location end = after ? provenance_start_of(after) : NO_LOCATION;
    return seen.source && seen.start >= module->span.start &&
           (end.source != seen.source || seen.start < end.start);
}

struct provenance_field provenance_field_at(struct provenance_index *index,
                                            const struct layer *layer,
                                            const struct service *service, struct location at)
{
    const struct node *module = service ? service->record->node : NULL;
    enum { ROOTS = 3 };
    const struct node *const roots[ROOTS] = {
        module && is_in_module(layer, module, at) ? module : NULL,
        layer->file->node,
        layer->environment.file ? layer->environment.file->node : NULL,
    };
    struct provenance_field field = {0};
    struct buf path = {0};
    for (size_t i = 0; i < ROOTS && !location_is_file(at) && !field.node; i++)
        if (roots[i])
            field.node = find_node(index, &path, roots[i], at);
    field.path = buf_take(layer->arena, &path);
    return field;
}
