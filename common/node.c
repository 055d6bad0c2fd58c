#include "node.h"

#include <inttypes.h>

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

void node_add(struct node *list, struct node *item)
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
    node_add(map, value);
}

struct node *node_get(const struct node *map, const char *key)
{
    for (struct node *value = map->first; value; value = value->next)
        if (str_is(value->key->text, key))
            return value;
    return NULL;
}

bool node_is_null(const struct node *node)
{
    if (node->kind != NODE_SCALAR || node->style != STYLE_PLAIN)
        return false;
    struct str text = node->text;
    return text.len == 0 || str_is(text, "~") || str_is(text, "null") || str_is(text, "Null") ||
           str_is(text, "NULL");
}

struct location node_text_location(const struct node *scalar, size_t index, size_t length)
{
    struct location at = scalar->span;
    if (!at.source)
        return at;
    struct str raw =
        str_slice(at.source->text, scalar->text_at, scalar->text_at + scalar->text.len);
    if (!str_equal(raw, scalar->text))
        return at;
    at.start = scalar->text_at + index;
    at.end = at.start + length;
    return at;
}

/* Keys are words of Kubernetes' API, which no reader takes for anything but text. */
static struct node *put(struct arena *arena, struct node *map, const char *key, struct node *value)
{
    node_put(map, node_scalar(arena, STYLE_PLAIN, str_of(key)), value);
    return value;
}

struct node *put_text(struct arena *arena, struct node *map, const char *key, struct str text)
{
    return put(arena, map, key, node_scalar(arena, STYLE_TEXT, text));
}

struct node *put_int(struct arena *arena, struct node *map, const char *key, int64_t number)
{
    struct str text = str_format(arena, "%" PRId64, number);
    return put(arena, map, key, node_scalar(arena, STYLE_PLAIN, text));
}

struct node *put_bool(struct arena *arena, struct node *map, const char *key, bool flag)
{
    return put(arena, map, key, node_scalar(arena, STYLE_PLAIN, flag ? STR("true") : STR("false")));
}

struct node *put_map(struct arena *arena, struct node *map, const char *key)
{
    return put(arena, map, key, node_new(arena, NODE_MAP));
}

struct node *put_list(struct arena *arena, struct node *map, const char *key)
{
    return put(arena, map, key, node_new(arena, NODE_LIST));
}

struct node *add_map(struct arena *arena, struct node *list)
{
    struct node *map = node_new(arena, NODE_MAP);
    node_add(list, map);
    return map;
}

struct node *add_text(struct arena *arena, struct node *list, struct str text)
{
    struct node *item = node_scalar(arena, STYLE_TEXT, text);
    node_add(list, item);
    return item;
}
