#include "yaml/edit_internal.h"

const struct change *edit_find_change(const struct edit *edit, const struct node *node)
{
    return set_get(&edit->changes, edit_key_of(&node));
}

struct edit edit_begin(struct arena *arena, struct diags *diags, const struct source *source,
                       size_t start, size_t end, struct node *root)
{
    return (struct edit){
        .arena = arena, .diags = diags, .source = source, .start = start, .end = end, .root = root};
}

bool edit_changes(const struct edit *edit)
{
    return edit->changes.count > 0;
}

/* The same may stand in the way of several changes: once is enough. */
static bool is_told(const struct edit *edit, struct location at, const char *message)
{
    for (size_t i = 0; i < edit->diags->count; i++) {
        const struct diag *diag = &edit->diags->items[i];
        if (diag->at.source == at.source && diag->at.start == at.start &&
            str_is(diag->message, message))
            return true;
    }
    return false;
}

void edit_refuse(struct edit *edit, struct location at, const char *message, const char *hint)
{
    edit->failed = true;
    if (is_told(edit, at, message))
        return;
    diag_error(edit->diags, at, "%s", message);
    diag_hint(edit->diags, "%s", hint);
}

struct change *edit_children(struct arena *arena, struct node *node)
{
    struct change *change = ARENA_NEW(arena, struct change);
    change->node = node;
    for (struct node *child = node->first; child; child = child->next)
        change->count++;
    change->was = ARENA_ARRAY(arena, change->count, struct node *);
    size_t i = 0;
    for (struct node *child = node->first; child; child = child->next)
        change->was[i++] = child;
    return change;
}

/* Keeps the children of a node of the file before they are changed for the first time. */
static void keep(struct edit *edit, struct node *node)
{
    if (!node->span.source || edit_find_change(edit, node))
        return;
    struct change *change = edit_children(edit->arena, node);
    set_add(edit->arena, &edit->changes, edit_key_of((const struct node *const *)&change->node),
            change);
}

static struct node *own(struct edit *edit, const struct node *map, struct str key)
{
    struct node *found = NULL;
    for (struct node *value = map->first; value; value = value->next) {
        if (!str_equal(value->key->text, key))
            continue;
        if (found) {
            edit_refuse(edit, value->key->span,
                        str_format(edit->arena,
                                   "\"%.*s\" is written twice, so it cannot be changed",
                                   STR_ARG(key))
                            .data,
                        "readers disagree on which of the two holds: remove one from the chart");
            break;
        }
        found = value;
    }
    return found;
}

static void unlink_child(struct node *parent, const struct node *child, struct node *instead)
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

/* What is to be changed: through an alias, which edit_write() then refuses; NULL after an error. */
static struct node *changing(struct edit *edit, struct node *node, enum node_kind kind)
{
    struct node *collection = node_target(node);
    if (collection->kind == kind)
        return collection;
    edit_refuse(edit, node->span,
                str_format(edit->arena, "%.*s must be a %s",
                           STR_ARG(node->key ? node->key->text : STR("this")),
                           kind == NODE_MAP ? "map" : "list")
                    .data,
                "Kubernetes would refuse it as well");
    return NULL;
}

void edit_set(struct edit *edit, struct node *map, struct str key, struct node *value)
{
    map = changing(edit, map, NODE_MAP);
    if (!map)
        return;
    keep(edit, map);
    struct node *old = own(edit, map, key);
    if (old) {
        value->key = old->key;
        unlink_child(map, old, value);
    } else {
        node_put(map, node_scalar(edit->arena, STYLE_TEXT, key), value);
    }
}

static bool is_merged(const struct node *map, const char *key)
{
    return !node_get(map, key) && node_find(map, key);
}

static void refuse_merged(struct edit *edit, const struct node *map)
{
    edit_refuse(edit, map->span, "what must change here comes by a merge key (<<)",
                "write it out in the chart");
}

void edit_remove(struct edit *edit, struct node *map, const char *key)
{
    map = changing(edit, map, NODE_MAP);
    struct node *old = map ? own(edit, map, str_of(key)) : NULL;
    if (map && !old && is_merged(map, key))
        refuse_merged(edit, map);
    if (!old)
        return;
    keep(edit, map);
    unlink_child(map, old, NULL);
}

void edit_remove_item(struct edit *edit, struct node *list, const struct node *item)
{
    list = changing(edit, list, NODE_LIST);
    if (!list)
        return;
    keep(edit, list);
    unlink_child(list, item, NULL);
}

void edit_insert(struct edit *edit, struct node *list, const struct node *before, struct node *item)
{
    list = changing(edit, list, NODE_LIST);
    if (!list)
        return;
    keep(edit, list);
    item->next = NULL;
    if (!before) {
        node_add(list, item);
        return;
    }
    struct node **link = &list->first;
    while (*link != before)
        link = &(*link)->next;
    item->next = *link;
    *link = item;
}

static struct node *alias_to(struct arena *arena, const struct node *alias)
{
    struct node *copy = node_new(arena, NODE_ALIAS);
    copy->text = alias->text;
    copy->first = alias->first;
    return copy;
}

static struct node *collection(struct edit *edit, struct node *map, const char *key,
                               enum node_kind kind)
{
    map = changing(edit, map, NODE_MAP);
    struct node *value = map ? own(edit, map, str_of(key)) : NULL;
    if (map && !value && is_merged(map, key)) {
        refuse_merged(edit, map);
        return NULL;
    }
    if (!map || (value && value->kind == kind))
        return value;
    struct node *made = NULL;
    if (!value || node_is_null(value)) {
        made = node_new(edit->arena, kind);
    } else if (value->kind == NODE_ALIAS && value->first->kind == kind) {
        made = node_new(edit->arena, kind);
        if (kind == NODE_MAP)
            node_put(made, node_scalar(edit->arena, STYLE_PLAIN, STR("<<")),
                     alias_to(edit->arena, value));
        else
            made = node_copy(edit->arena, value);
    }
    if (made)
        edit_set(edit, map, str_of(key), made);
    else
        changing(edit, value, kind);
    return made;
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
    if (end == text.len) /* a root in one line */
        end = str_find(text, edit->start, '\n');
    return end > edit->start && end < text.len && text.data[end - 1] == '\r' ? "\r\n" : "\n";
}
