#include "yaml/node.h"

#include "base/map.h"
#include "yaml/scalar.h"

struct node *node_new(struct arena *arena, enum node_kind kind)
{
    struct node *node = ARENA_NEW(arena, struct node);
    node->kind = kind;
    return node;
}

struct node *node_scalar(struct arena *arena, enum scalar_style style, struct str text)
{
    struct node *node = node_new(arena, NODE_SCALAR);
    node->style = style;
    node->text = text;
    return node;
}

void node_append(struct node *list, struct node *item)
{
    if (list->last)
        list->last->next = item;
    else
        list->first = item;
    list->last = item;
}

void node_put(struct node *map, struct node *key, struct node *value)
{
    value->key = key;
    node_append(map, value);
}

/* Returns the first value of a map; NULL for NULL and for other nodes, whose children have no keys.
 */
static struct node *first_value(const struct node *map)
{
    return map && map->kind == NODE_MAP ? map->first : NULL;
}

/* Returns the link to the value of a key: a member of the map or of the previous value. */
static struct node **find_link(struct node *map, const char *key, struct node **ret_before)
{
    *ret_before = NULL;
    for (struct node **link = first_value(map) ? &map->first : NULL; link && *link;
         link = &(*link)->next) {
        if (str_eq_c((*link)->key->text, key))
            return link;
        *ret_before = *link;
    }
    return NULL;
}

void node_remove(struct node *map, const char *key)
{
    struct node *before;
    struct node **link = find_link(map, key, &before);
    if (!link)
        return;
    if (*link == map->last)
        map->last = before;
    *link = (*link)->next;
}

void node_replace(struct node *map, const char *key, struct node *value)
{
    struct node *before;
    struct node **link = find_link(map, key, &before);
    if (!link)
        return;
    value->key = (*link)->key;
    value->next = (*link)->next;
    if (*link == map->last)
        map->last = value;
    *link = value;
}

struct node *node_get(const struct node *map, const char *key)
{
    struct node *found = NULL;
    for (struct node *value = first_value(map); value; value = value->next)
        if (str_eq_c(value->key->text, key))
            found = value;
    return found;
}

struct node *node_overridden(const struct node *value)
{
    return value->key ? value->key->first : NULL;
}

static const struct node *target(const struct node *node)
{
    return node && node->kind == NODE_ALIAS ? node->first : node;
}

struct node *node_target(struct node *node)
{
    return node && node->kind == NODE_ALIAS ? node->first : node;
}

/* Finds a key in the value of a merge key: a map, or a list of maps, the first of which takes
 * precedence. */
static struct node *find_merged(const struct node *merged, struct str key)
{
    if (merged->kind == NODE_MAP)
        return node_at_key(merged, key);
    struct node *found = NULL;
    for (const struct node *item = merged->kind == NODE_LIST ? merged->first : NULL; item && !found;
         item = item->next)
        if (target(item)->kind == NODE_MAP)
            found = node_at_key(target(item), key);
    return found;
}

/* Recurses once per nested merge key, which MANIFEST_EXPANDED_MAX limits. */
struct node *node_at_key(const struct node *map, struct str key)
{
    struct node *found = NULL;
    for (struct node *value = first_value(map); value; value = value->next) {
        struct node *here = NULL;
        if (node_is_merge(value))
            here = find_merged(target(value), key);
        else if (str_equal(value->key->text, key))
            here = node_target(value);
        found = here ? here : found;
    }
    return found;
}

struct node *node_at(const struct node *map, const char *path)
{
    struct str words = str_from_c(path);
    const struct node *in = target(map);
    struct node *node = NULL;
    for (size_t at = 0; at < words.len;) {
        size_t end = str_find(words, at, ' ');
        node = in && in->kind == NODE_MAP ? node_at_key(in, str_slice(words, at, end)) : NULL;
        in = node;
        at = end + 1;
    }
    return node && !node_is_null(node) ? node : NULL;
}

/* Collects the effective values of a map, the last one first. */
struct effective {
    struct arena *arena;
    struct map seen;
    struct node *first;
};

static void add_effective(struct effective *effective, const struct node *map)
{
    size_t count = 0;
    for (const struct node *value = map->first; value; value = value->next)
        count++;
    size_t total = count;
    const struct node **values = ARENA_ARRAY(effective->arena, count, const struct node *);
    for (const struct node *value = map->first; value; value = value->next)
        values[--count] = value;
    for (size_t i = 0; i < total; i++) {
        const struct node *value = values[i];
        const struct node *merged = node_is_merge(value) ? target(value) : NULL;
        if (merged && merged->kind == NODE_MAP)
            add_effective(effective, merged);
        for (const struct node *item = merged && merged->kind == NODE_LIST ? merged->first : NULL;
             item; item = item->next)
            if (target(item)->kind == NODE_MAP)
                add_effective(effective, target(item));
        if (!merged && !map_add(effective->arena, &effective->seen, value->key->text, value)) {
            struct node *copy = ARENA_NEW(effective->arena, struct node);
            *copy = *value;
            copy->next = effective->first;
            effective->first = copy;
        }
    }
}

const struct node *node_effective(struct arena *arena, const struct node *map)
{
    bool merges = false;
    for (const struct node *value = map->first; value && !merges; value = value->next)
        merges = node_is_merge(value);
    if (!merges)
        return map;
    struct effective effective = {.arena = arena};
    add_effective(&effective, map);
    struct node *made = ARENA_NEW(arena, struct node);
    *made = *map;
    made->first = made->last = effective.first;
    while (made->last && made->last->next)
        made->last = made->last->next;
    return made;
}

struct node *node_first_child(const struct node *node)
{
    const struct node *collection = target(node);
    return collection && collection->kind != NODE_SCALAR ? collection->first : NULL;
}

struct node *node_find_named(const struct node *list, struct str name)
{
    struct node *each = node_first_child(list);
    while (each && !str_equal(node_string(node_at(each, "name")), name))
        each = each->next;
    return each;
}

struct str node_string(const struct node *node)
{
    const struct node *scalar = target(node);
    return scalar && scalar->kind == NODE_SCALAR ? scalar->text : (struct str){0};
}

struct node *node_copy(struct arena *arena, const struct node *node)
{
    const struct node *from = target(node);
    struct node *copy = ARENA_NEW(arena, struct node);
    copy->kind = from->kind;
    bool typed = from->style == STYLE_PLAIN && scalar_is_ambiguous(from->text);
    copy->style = typed ? STYLE_PLAIN : STYLE_TEXT;
    copy->text = typed && from->text.len == 0 ? STR("null") : from->text;
    if (from->kind == NODE_MAP)
        from = node_effective(arena, from);
    for (const struct node *child = from->kind == NODE_SCALAR ? NULL : from->first; child;
         child = child->next) {
        struct node *value = node_copy(arena, child);
        if (from->kind == NODE_MAP)
            node_put(copy, node_copy(arena, child->key), value);
        else
            node_append(copy, value);
    }
    return copy;
}

bool node_is_null(const struct node *node)
{
    const struct node *scalar = target(node);
    if (scalar->kind != NODE_SCALAR || scalar->style != STYLE_PLAIN)
        return false;
    struct str text = scalar->text;
    return text.len == 0 || str_eq_c(text, "~") || str_eq_c(text, "null") ||
           str_eq_c(text, "Null") || str_eq_c(text, "NULL");
}

bool node_is_merge(const struct node *value)
{
    const struct node *key = value->key;
    return key && key->style == STYLE_PLAIN && str_eq_c(key->text, "<<");
}

bool node_to_int(const struct node *node, int64_t *ret_number)
{
    const struct node *scalar = target(node);
    return scalar && scalar->kind == NODE_SCALAR && scalar->style == STYLE_PLAIN &&
           str_to_int(scalar->text, ret_number);
}

bool node_is_true(const struct node *node)
{
    const struct node *scalar = target(node);
    return scalar && scalar->kind == NODE_SCALAR && scalar->style == STYLE_PLAIN &&
           scalar_is_json_true(scalar->text);
}

bool node_is_verbatim(const struct node *scalar)
{
    if (!scalar->span.source)
        return false;
    struct str raw =
        str_slice(scalar->span.source->text, scalar->text_at, scalar->text_at + scalar->text.len);
    return str_equal(raw, scalar->text);
}

/* Keys are field names of the Kubernetes API, which every parser reads as strings. */
struct node *node_set(struct arena *arena, struct node *map, const char *key, struct node *value)
{
    node_put(map, node_scalar(arena, STYLE_PLAIN, str_from_c(key)), value);
    return value;
}

struct node *node_set_string(struct arena *arena, struct node *map, const char *key,
                             struct str text)
{
    return node_set(arena, map, key, node_scalar(arena, STYLE_TEXT, text));
}

struct node *node_int(struct arena *arena, int64_t number)
{
    return node_scalar(arena, STYLE_PLAIN, str_from_int(arena, number));
}

struct node *node_set_lines(struct arena *arena, struct node *map, const char *key, struct str text)
{
    return node_set(arena, map, key, node_scalar(arena, STYLE_LINES, text));
}

struct node *node_set_int(struct arena *arena, struct node *map, const char *key, int64_t number)
{
    return node_set(arena, map, key, node_int(arena, number));
}

struct node *node_set_bool(struct arena *arena, struct node *map, const char *key, bool flag)
{
    return node_set(arena, map, key,
                    node_scalar(arena, STYLE_PLAIN, flag ? STR("true") : STR("false")));
}

struct node *node_set_map(struct arena *arena, struct node *map, const char *key)
{
    return node_set(arena, map, key, node_new(arena, NODE_MAP));
}

struct node *node_set_list(struct arena *arena, struct node *map, const char *key)
{
    return node_set(arena, map, key, node_new(arena, NODE_LIST));
}

struct node *node_append_map(struct arena *arena, struct node *list)
{
    struct node *map = node_new(arena, NODE_MAP);
    node_append(list, map);
    return map;
}

struct node *node_append_string(struct arena *arena, struct node *list, struct str text)
{
    struct node *item = node_scalar(arena, STYLE_TEXT, text);
    node_append(list, item);
    return item;
}
