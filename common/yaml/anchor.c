#include "yaml/anchor.h"

struct anchor *anchor_add(struct anchors *anchors, struct str name, struct location at,
                          struct node *node)
{
    struct anchor *anchor = ARENA_NEW(anchors->arena, struct anchor);
    *anchor = (struct anchor){.name = name, .node = node, .at = at, .next = anchors->first};
    anchor->open = node->kind != NODE_SCALAR;
    const struct anchor *before = map_add(anchors->arena, &anchors->by_name, name, anchor);
    if (before) {
        diag_error(anchors->diags, at, RULE_INVALID_ALIAS, "duplicate anchor");
        if (!diags_full(anchors->diags)) /* counting lines is slow */
            diag_hint(anchors->diags, "first defined on line %zu; give each anchor its own name",
                      diag_position(before->at.source, before->at.start).line);
    } else {
        anchors->first = anchor;
    }
    return anchor;
}

/* State of the copy for one alias. */
struct expansion {
    struct anchors *anchors;
    const struct source *source;
    bool too_many;
    bool too_deep;
};

static struct node *copy_scalar(struct expansion *expansion, const struct node *from)
{
    struct node *copy = ARENA_NEW(expansion->anchors->arena, struct node);
    *copy = *from;
    copy->key = NULL;
    copy->next = NULL;
    copy->span.source = expansion->source;
    expansion->too_many |= ++expansion->anchors->expanded > FILE_EXPANDED_MAX;
    return copy;
}

/* Recurses at most FILE_DEPTH_MAX levels. */
static struct node *copy_tree(struct expansion *expansion, const struct node *from, size_t depth)
{
    struct node *copy = copy_scalar(expansion, from);
    if (from->kind == NODE_SCALAR)
        return copy;
    copy->first = NULL;
    copy->last = NULL;
    expansion->too_deep |= depth >= FILE_DEPTH_MAX;
    for (const struct node *child = from->first;
         child && !expansion->too_many && !expansion->too_deep; child = child->next) {
        struct node *value = copy_tree(expansion, child, depth + 1);
        if (from->kind == NODE_MAP)
            node_put(copy, copy_scalar(expansion, child->key), value);
        else
            node_append(copy, value);
    }
    return copy;
}

static void report_unknown(struct anchors *anchors, struct str name, struct location at)
{
    struct suggestion near = {.word = name};
    for (const struct anchor *anchor = anchors->first; anchor && !diags_full(anchors->diags);
         anchor = anchor->next)
        suggestion_add(&near, anchor->name);
    diag_error(anchors->diags, at, RULE_INVALID_ALIAS,
               "the anchor of this alias is not defined before it");
    if (at.source->secret || !near.best.len)
        diag_hint(anchors->diags,
                  "define it above: KEY: &NAME VALUE; or quote the value if it begins with *");
    else
        diag_hint(anchors->diags, "did you mean *%.*s?", STR_ARG(near.best));
}

static const struct source *used_source(struct arena *arena, struct location at)
{
    struct location *use = ARENA_NEW(arena, struct location);
    struct source *source = ARENA_NEW(arena, struct source);
    *use = at;
    *source = *at.source;
    source->use = use;
    return source;
}

struct node *anchor_expand(struct anchors *anchors, struct str name, struct location at,
                           size_t depth)
{
    const struct anchor *anchor = map_get(&anchors->by_name, name);
    struct node *empty = node_new(anchors->arena, NODE_MAP); /* valid for a merge key too */
    empty->span = at;
    if (!anchor) {
        report_unknown(anchors, name, at);
        return empty;
    }
    if (anchor->open) {
        diag_error(anchors->diags, at, RULE_INVALID_ALIAS, "this alias is inside its own anchor");
        diag_hint(anchors->diags, "move the shared part to a top-level key that begins with x-");
        return empty;
    }
    struct expansion expansion = {.anchors = anchors, .source = used_source(anchors->arena, at)};
    struct node *copy = copy_tree(&expansion, anchor->node, depth);
    if (!expansion.too_many && !expansion.too_deep)
        return copy;
    if (expansion.too_many)
        diag_error(anchors->diags, at, RULE_LIMIT_EXCEEDED,
                   "the aliases of the file expand to more than %d values", FILE_EXPANDED_MAX);
    else
        diag_error(anchors->diags, at, RULE_LIMIT_EXCEEDED,
                   "maps and lists are nested more than %d levels deep", FILE_DEPTH_MAX);
    diag_hint(anchors->diags, "use fewer nested aliases");
    return NULL;
}

/* Adds the values whose keys are not in `keys`. They are copied, without what is in them, because
 * the map may have an anchor: later aliases refer to the map as it is. */
static void add_values(struct anchors *anchors, struct node *ret_added, struct map *keys,
                       const struct node *from)
{
    for (const struct node *value = from->first; value; value = value->next) {
        if (map_add(anchors->arena, keys, value->key->text, value->key))
            continue;
        struct node *copy = ARENA_NEW(anchors->arena, struct node);
        *copy = *value;
        copy->next = NULL;
        node_append(ret_added, copy);
    }
}

static void report_not_map(struct anchors *anchors, const struct node *node)
{
    diag_error(anchors->diags, location_of_use(node->span), RULE_INVALID_ALIAS,
               "a merge key (<<) must refer to a map, not %s",
               node->kind == NODE_LIST ? "a nested list" : "a string");
    diag_hint(anchors->diags, "write <<: *NAME or <<: [*NAME, *OTHER], where each anchor is a map");
}

void anchor_merge(struct anchors *anchors, struct node *map, struct node *after, struct map *keys,
                  const struct node *merged)
{
    struct node added = {.kind = NODE_MAP};
    if (merged->kind == NODE_MAP)
        add_values(anchors, &added, keys, merged);
    else if (merged->kind == NODE_SCALAR)
        report_not_map(anchors, merged);
    for (const struct node *item = merged->kind == NODE_LIST ? merged->first : NULL; item;
         item = item->next) {
        if (item->kind == NODE_MAP)
            add_values(anchors, &added, keys, item);
        else
            report_not_map(anchors, item);
    }
    if (!added.first)
        return;
    added.last->next = after ? after->next : map->first;
    if (after)
        after->next = added.first;
    else
        map->first = added.first;
    if (!added.last->next)
        map->last = added.last;
}
