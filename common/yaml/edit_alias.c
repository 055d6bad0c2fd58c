/* Aliases in an edit. Each has its own copy of the anchored value, so that a change at one alias
 * does not affect others. Before the document is written, aliases whose copy differs from the
 * anchored node are written in full. */
#include "yaml/edit_internal.h"

static struct node *copy_tree(struct edit *edit, const struct node *from)
{
    struct node *copy = ARENA_NEW(edit->arena, struct node);
    *copy = *from;
    copy->next = NULL;
    edit->expanded++;
    if (from->kind == NODE_SCALAR)
        return copy;
    if (from->kind == NODE_ALIAS) {
        copy->first = copy_tree(edit, from->first);
        return copy;
    }
    copy->first = copy->last = NULL;
    for (const struct node *child = from->first; child; child = child->next)
        node_append(copy, copy_tree(edit, child));
    return copy;
}

/* Follows the order of the document: an anchor precedes its aliases, so the aliases inside the
 * anchored value already have their copies. */
void edit_separate_aliases(struct edit *edit, struct node *node)
{
    if (node->kind == NODE_SCALAR)
        return;
    if (node->kind == NODE_ALIAS) {
        node->first = copy_tree(edit, node->last);
        return;
    }
    for (struct node *child = node->first; child; child = child->next)
        edit_separate_aliases(edit, child);
}

/* Anchors that are lost */

static void mark_lost(struct edit *edit, struct map *lost, struct node *node);

static void add_lost(struct edit *edit, struct map *lost, const struct node *node)
{
    const struct node **key = ARENA_NEW(edit->arena, const struct node *);
    *key = node;
    map_add(edit->arena, lost, edit_key_of(key), node);
}

/* Marks the key of a removed value, and the values that it overrides, which are removed too. */
static void mark_key(struct edit *edit, struct map *lost, const struct node *value)
{
    if (value->key)
        add_lost(edit, lost, value->key);
    for (struct node *old = node_overridden(value); old; old = node_overridden(old)) {
        add_lost(edit, lost, old->key);
        mark_lost(edit, lost, old);
    }
}

static void mark_lost(struct edit *edit, struct map *lost, struct node *node)
{
    add_lost(edit, lost, node);
    if (node->kind == NODE_SCALAR || node->kind == NODE_ALIAS)
        return;
    const struct change *change = edit_find_change(edit, node);
    if (!change)
        change = edit_children(edit->arena, node);
    for (size_t i = 0; i < change->count; i++) {
        mark_lost(edit, lost, change->original[i]);
        mark_key(edit, lost, change->original[i]);
    }
}

/* Finds the nodes of the file inside removed and replaced values. */
static void find_lost(struct edit *edit, struct map *lost, struct node *node)
{
    if (!node->span.source || node->kind == NODE_SCALAR || node->kind == NODE_ALIAS)
        return;
    if (edit_is_emptied(edit, node)) {
        mark_lost(edit, lost, node);
        return;
    }
    const struct change *change = edit_find_change(edit, node);
    const struct node *next = node->first;
    for (size_t i = 0; change && i < change->count; i++) {
        struct node *was = change->original[i];
        const struct node *now = edit_successor(&next, was);
        if (now != was)
            mark_lost(edit, lost, was);
        if (!now)
            mark_key(edit, lost, was);
    }
    for (struct node *child = node->first; child; child = child->next)
        find_lost(edit, lost, child);
}

/* Writing aliases in full */

static void replace_alias(struct edit *edit, struct node *parent, const struct node *alias,
                          struct node *created)
{
    created->key = alias->key;
    created->span = alias->span;
    edit_save_children(edit, parent);
    edit_exchange(parent, alias, created);
}

/* Returns `{<<: *name, KEY: VALUE}` for an alias of a map to which keys were only added; NULL if
 * anything else changed. */
static struct node *merge_alias(struct edit *edit, const struct node *alias)
{
    const struct node *anchor = alias->last;
    if (!alias->key || anchor->kind != NODE_MAP || !anchor->first)
        return NULL;
    anchor = node_effective(edit->arena, anchor);
    const struct node *now = node_effective(edit->arena, alias->first);
    struct map known = {0};
    for (const struct node *value = now->first; value; value = value->next)
        map_add(edit->arena, &known, value->key->text, value);
    for (const struct node *value = anchor->first; value; value = value->next) {
        const struct node *same = map_get(&known, value->key->text);
        if (!same || !edit_same(edit->arena, value, same))
            return NULL;
    }
    struct map old = {0};
    for (const struct node *value = anchor->first; value; value = value->next)
        map_add(edit->arena, &old, value->key->text, value);
    struct node *created = node_new(edit->arena, NODE_MAP);
    struct node *copy = node_new(edit->arena, NODE_ALIAS);
    copy->text = alias->text;
    copy->first = copy->last = alias->last;
    node_put(created, node_scalar(edit->arena, STYLE_PLAIN, STR("<<")), copy);
    for (const struct node *value = now->first; value; value = value->next)
        if (!map_get(&old, value->key->text))
            node_put(created, node_copy(edit->arena, value->key), node_copy(edit->arena, value));
    return created;
}

/* Returns the keys of a map starting with `value`, including merged keys. */
static struct map keys_from(struct edit *edit, struct node *value)
{
    struct map keys = {0};
    const struct node rest = {.kind = NODE_MAP, .first = value};
    for (const struct node *each = node_effective(edit->arena, &rest)->first; each;
         each = each->next)
        map_add(edit->arena, &keys, each->key->text, each);
    return keys;
}

static bool is_anchored(const struct node *node)
{
    struct str before = {0};
    if (node && node->span.source)
        before = str_slice(node->span.source->text, node->span.start, node->text_at);
    return str_find(before, 0, '&') < before.len;
}

static bool has_anchor(const struct node *node)
{
    bool found = is_anchored(node) || is_anchored(node->key);
    bool inside = node->kind == NODE_MAP || node->kind == NODE_LIST;
    for (const struct node *child = inside ? node->first : NULL; child && !found;
         child = child->next) {
        found = has_anchor(child);
        for (const struct node *old = node_overridden(child); old && !found;
             old = node_overridden(old))
            found = has_anchor(old);
    }
    return found;
}

/* Copies the keys of a merged map into the map, except those that later keys override. Earlier
 * keys that the merged map overrides are removed, unless they contain an anchor. */
static void dissolve_merge(struct edit *edit, struct node *map, const struct node *alias)
{
    struct arena *arena = edit->arena;
    struct node *created = node_new(arena, NODE_MAP);
    struct map merged = {0};
    struct map later = keys_from(edit, alias->next);
    for (const struct node *value = node_effective(arena, alias->first)->first; value;
         value = value->next) {
        if (map_get(&later, value->key->text))
            continue;
        node_put(created, node_copy(arena, value->key), node_copy(arena, value));
        map_add(arena, &merged, value->key->text, value);
    }
    edit_save_children(edit, map);
    for (struct node *value = map->first, *next; value != alias; value = next) {
        next = value->next;
        if (!node_is_merge(value) && map_get(&merged, value->key->text) && !has_anchor(value))
            edit_exchange(map, value, NULL);
    }
    if (created->first)
        replace_alias(edit, map, alias, created);
    else
        edit_exchange(map, alias, NULL);
}

static void write_in_full(struct edit *edit, struct node *parent, const struct node *alias,
                          bool lost)
{
    if (node_is_merge(alias) && alias->first->kind == NODE_MAP) {
        dissolve_merge(edit, parent, alias);
        return;
    }
    struct node *created = lost || alias->first->kind != NODE_MAP ? NULL : merge_alias(edit, alias);
    replace_alias(edit, parent, alias, created ? created : node_copy(edit->arena, alias));
}

static void resolve(struct edit *edit, const struct map *lost, struct node *node)
{
    for (struct node *child = node->first, *next; child; child = next) {
        next = child->next;
        if (child->kind != NODE_ALIAS) {
            if (child->kind != NODE_SCALAR)
                resolve(edit, lost, child);
            continue;
        }
        const struct node *anchor = child->last;
        bool is_lost = map_get(lost, edit_key_of(&anchor)) != NULL;
        if (is_lost || !edit_same(edit->arena, child->first, anchor))
            write_in_full(edit, node, child, is_lost);
    }
}

void edit_resolve_aliases(struct edit *edit)
{
    struct map lost = {0};
    if (edit->expanded == 0) /* no aliases */
        return;
    find_lost(edit, &lost, edit->root);
    resolve(edit, &lost, edit->root);
}
