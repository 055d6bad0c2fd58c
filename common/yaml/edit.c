#include "yaml/edit_internal.h"

const struct change *edit_find_change(const struct edit *edit, const struct node *node)
{
    return map_get(&edit->changes, edit_key_of(&node));
}

struct edit edit_begin(struct arena *arena, struct diags *diags, const struct source *source,
                       size_t start, size_t end, struct node *root)
{
    struct edit edit = {.arena = arena,
                        .diags = diags,
                        .refused = {.arena = arena},
                        .source = source,
                        .start = start,
                        .end = end,
                        .root = root};
    edit_separate_aliases(&edit, root);
    return edit;
}

bool edit_changes(const struct edit *edit)
{
    return edit->changes.count > 0;
}

/* True if the same error was reported for another change. */
static bool is_reported(const struct edit *edit, struct location at, const char *message)
{
    for (size_t i = 0; i < edit->refused.count; i++) {
        const struct diag *diag = &edit->refused.items[i];
        if (diag->at.start == at.start && str_eq_c(diag->message, message))
            return true;
    }
    return false;
}

void edit_refuse(struct edit *edit, struct location at, enum rule rule, const char *message,
                 const char *hint)
{
    if (is_reported(edit, at, message))
        return;
    diag_error(&edit->refused, at, rule, "%s", message);
    diag_hint(&edit->refused, "%s", hint);
}

struct change *edit_children(struct arena *arena, struct node *node)
{
    struct change *change = ARENA_NEW(arena, struct change);
    change->node = node;
    for (struct node *child = node->first; child; child = child->next)
        change->count++;
    change->original = ARENA_ARRAY(arena, change->count, struct node *);
    size_t i = 0;
    for (struct node *child = node->first; child; child = child->next)
        change->original[i++] = child;
    return change;
}

/* Saves the children of a node of the file before their first change. */
void edit_save_children(struct edit *edit, struct node *node)
{
    if (!node->span.source || edit_find_change(edit, node))
        return;
    struct change *change = edit_children(edit->arena, node);
    map_add(edit->arena, &edit->changes, edit_key_of((const struct node *const *)&change->node),
            change);
}

void edit_exchange(struct node *parent, const struct node *child, struct node *instead)
{
    struct node *before = NULL;
    for (struct node *each = parent->first; each != child; each = each->next)
        before = each;
    struct node *next = child->next;
    if (instead)
        instead->next = next;
    struct node *follows = instead ? instead : next;
    if (before)
        before->next = follows;
    else
        parent->first = follows;
    if (parent->last == child)
        parent->last = instead ? instead : before;
}

/* Returns the node to change: the node itself or the copy of an alias; NULL after an error. */
static struct node *find_collection(struct edit *edit, struct node *node, enum node_kind kind,
                                    struct str name)
{
    struct node *collection = node_target(node);
    if (collection->kind == kind)
        return collection;
    edit_refuse(edit, node->span, RULE_INVALID_CHART,
                str_format(edit->arena, "%.*s must be a %s", STR_ARG(name),
                           kind == NODE_MAP ? "map" : "list")
                    .data,
                "fix it in the chart; Kubernetes would reject it too");
    return NULL;
}

static struct str name_of(const struct node *node)
{
    return node->key ? node->key->text : STR("this");
}

static void remove_merged(struct edit *edit, struct node *merged, const char *key)
{
    struct node *collection = node_target(merged);
    if (collection->kind == NODE_MAP)
        edit_remove(edit, collection, key);
    for (struct node *item = collection->kind == NODE_LIST ? collection->first : NULL; item;
         item = item->next)
        if (node_target(item)->kind == NODE_MAP)
            edit_remove(edit, item, key);
}

/* A new key of a block map is added at the end, so that it overrides merged keys. In a flow map
 * it is added at the beginning. An existing key keeps its position. */
void edit_set(struct edit *edit, struct node *map, struct str key, struct node *value)
{
    map = find_collection(edit, map, NODE_MAP, name_of(map));
    if (!map)
        return;
    const char *name = str_to_c(edit->arena, key);
    struct node *old = node_get(map, name);
    edit_save_children(edit, map);
    for (struct node *each = old                 ? old->next
                             : edit_is_flow(map) ? map->first
                                                 : NULL;
         each; each = each->next)
        if (node_is_merge(each))
            remove_merged(edit, each, name);
    if (old) {
        value->key = old->key;
        edit_exchange(map, old, value);
    } else {
        node_put(map, node_scalar(edit->arena, STYLE_TEXT, key), value);
    }
}

void edit_remove(struct edit *edit, struct node *map, const char *key)
{
    map = find_collection(edit, map, NODE_MAP, name_of(map));
    for (struct node *each = map ? map->first : NULL, *next; each; each = next) {
        next = each->next;
        if (node_is_merge(each)) {
            remove_merged(edit, each, key);
        } else if (str_eq_c(each->key->text, key)) {
            edit_save_children(edit, map);
            edit_exchange(map, each, NULL);
        }
    }
}

void edit_remove_item(struct edit *edit, struct node *list, const struct node *item)
{
    list = find_collection(edit, list, NODE_LIST, name_of(list));
    if (!list)
        return;
    edit_save_children(edit, list);
    edit_exchange(list, item, NULL);
}

void edit_remove_items(struct edit *edit, struct node *list, edit_item_test *is_removed,
                       const void *context)
{
    list = find_collection(edit, list, NODE_LIST, name_of(list));
    if (!list)
        return;
    edit_save_children(edit, list);
    struct node *item = list->first;
    list->first = NULL;
    list->last = NULL;
    for (struct node *next; item; item = next) {
        next = item->next;
        item->next = NULL;
        if (!is_removed(context, item))
            node_append(list, item);
    }
}

void edit_insert(struct edit *edit, struct node *list, const struct node *before, struct node *item)
{
    list = find_collection(edit, list, NODE_LIST, name_of(list));
    if (!list)
        return;
    edit_save_children(edit, list);
    item->next = NULL;
    if (!before) {
        node_append(list, item);
        return;
    }
    struct node **link = &list->first;
    while (*link != before)
        link = &(*link)->next;
    item->next = *link;
    *link = item;
}

static struct node *collection(struct edit *edit, struct node *map, const char *key,
                               enum node_kind kind)
{
    map = find_collection(edit, map, NODE_MAP, name_of(map));
    struct node *value = map ? node_at_key(map, str_from_c(key)) : NULL;
    if (!map)
        return NULL;
    if (value && !node_is_null(value))
        return find_collection(edit, value, kind, str_from_c(key));
    struct node *created = node_new(edit->arena, kind);
    edit_set(edit, map, str_from_c(key), created);
    return created;
}

struct node *edit_map(struct edit *edit, struct node *map, const char *key)
{
    return collection(edit, map, key, NODE_MAP);
}

struct node *edit_list(struct edit *edit, struct node *map, const char *key)
{
    return collection(edit, map, key, NODE_LIST);
}

const char *edit_newline(const struct edit *edit)
{
    struct str text = str_slice(edit->source->text, 0, edit->end);
    size_t end = str_find(text, edit->root->text_at, '\n');
    if (end == text.len) /* the root is in one line */
        end = str_find(text, edit->start, '\n');
    return end > edit->start && end < text.len && text.data[end - 1] == '\r' ? "\r\n" : "\n";
}
