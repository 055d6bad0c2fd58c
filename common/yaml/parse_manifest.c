#include "yaml/parse_manifest.h"

#include "base/map.h"
#include "base/utf8.h"
#include "yaml/scalar.h"
#include "yaml/split.h"

#include <string.h>
#include <yaml.h>

/* A mapping or list that is still open. */
struct level {
    struct node *node;
    struct node *key; /* mapping: read, its value not yet */
    size_t size;      /* nodes in it, aliases written out */
    size_t anchor;    /* of it, from 1; 0: none */
};

struct anchor {
    struct str name;
    struct node *node;
    size_t size; /* nodes in it, aliases written out; 0: it is still open */
};

struct loader {
    struct arena *arena;
    const struct source *source;
    struct diags *diags;
    size_t start; /* of what libyaml reads */
    size_t end;
    size_t index;  /* libyaml's count of characters, */
    size_t offset; /* and the byte of the source that it stands for */
    yaml_parser_t parser;
    struct node *root;
    struct level levels[MANIFEST_DEPTH_MAX];
    size_t depth;
    struct anchor *anchors;
    size_t anchor_count;
    size_t expanded; /* nodes that aliases stand for */
    bool failed;
};

/* libyaml counts characters. Its marks hardly ever go back, so that counting on from the last one
 * is enough. */
static size_t offset_of(struct loader *loader, size_t index)
{
    if (index < loader->index) {
        loader->index = 0;
        loader->offset = loader->start;
    }
    struct str text = loader->source->text;
    while (loader->index < index && loader->offset < loader->end) {
        loader->offset++;
        while (loader->offset < loader->end &&
               ((unsigned char)text.data[loader->offset] & 0xC0) == 0x80)
            loader->offset++;
        loader->index++;
    }
    return loader->offset;
}

static struct location place(const struct loader *loader, size_t start, size_t end)
{
    return (struct location){.source = loader->source, .start = start, .end = end};
}

static void fail(struct loader *loader, struct location at, const char *message, const char *hint)
{
    diag_error(loader->diags, at, "%s", message);
    diag_hint(loader->diags, "%s", hint);
    loader->failed = true;
}

/* Where the node's own text begins: behind anchor, tag, and what may stand between. `end` is that
 * of an empty node, and no more than the start of a block's first key, which may have its own. */
static size_t skip_properties(const struct loader *loader, size_t at, size_t end)
{
    struct str text = loader->source->text;
    while (at < end && strchr("&!", text.data[at])) {
        if (str_starts_with(str_skip(text, at),
                            STR("!<"))) /* which may hold any character of a URI */
            at = str_find(text, at, '>');
        while (at < end && !strchr(" \t\r\n,[]{}", text.data[at]))
            at++;
        while (at < end && strchr(" \t\r\n#", text.data[at])) {
            if (text.data[at] == '#')
                at = str_find(text, at, '\n');
            else
                at++;
        }
    }
    return at < end ? at : end;
}

static struct node *new_node(struct loader *loader, enum node_kind kind, const yaml_event_t *event,
                             bool properties)
{
    struct node *node = node_new(loader->arena, kind);
    size_t start = offset_of(loader, event->start_mark.index);
    size_t end = offset_of(loader, event->end_mark.index);
    node->span = place(loader, start, end);
    node->text_at = properties ? skip_properties(loader, start, end) : start;
    return node;
}

static void keep_anchor(struct loader *loader, const yaml_char_t *name, struct node *node)
{
    if (!name)
        return;
    if (loader->anchor_count == MANIFEST_ANCHORS_MAX) {
        fail(loader, node->span, "too many anchors in the document",
             "write the values in place of the aliases in the chart");
        return;
    }
    loader->anchors =
        arena_grow(loader->arena, loader->anchors, loader->anchor_count, sizeof *loader->anchors);
    struct str text = str_copy(loader->arena, str_from_c((const char *)name));
    loader->anchors[loader->anchor_count++] =
        (struct anchor){.name = text, .node = node, .size = node->kind == NODE_SCALAR};
}

/* An alias as a key is the text that it stands for; one for `<<` is no merge key to Go. */
static struct node *key_of_alias(struct loader *loader, const struct node *alias)
{
    struct node *key = node_scalar(loader->arena, STYLE_TEXT, node_string(alias));
    key->span = alias->span;
    key->text_at = alias->text_at;
    return key;
}

static void take(struct loader *loader, struct node *node)
{
    if (loader->depth == 0) {
        loader->root = node;
        return;
    }
    struct level *level = &loader->levels[loader->depth - 1];
    level->size++;
    if (level->node->kind == NODE_LIST) {
        node_append(level->node, node);
    } else if (level->key) {
        node_put(level->node, level->key, node);
        level->key = NULL;
    } else if (node_target(node)->kind == NODE_SCALAR) {
        level->key = node->kind == NODE_ALIAS ? key_of_alias(loader, node) : node;
    } else {
        fail(loader, node->span, "a key must be a string, not a map or list",
             "fix it in the chart; Kubernetes would reject it too");
    }
}

static void open_level(struct loader *loader, const yaml_event_t *event, enum node_kind kind,
                       bool flow, const yaml_char_t *anchor, const yaml_char_t *tag)
{
    struct node *node = new_node(loader, kind, event, anchor || tag);
    node->style = flow ? STYLE_FLOW : node->style;
    if (loader->depth == MANIFEST_DEPTH_MAX) {
        diag_error(loader->diags, node->span, "maps and lists are nested more than %d levels deep",
                   MANIFEST_DEPTH_MAX);
        diag_hint(loader->diags, "reduce the nesting in the chart");
        loader->failed = true;
        return;
    }
    take(loader, node);
    keep_anchor(loader, anchor, node);
    loader->levels[loader->depth++] =
        (struct level){.node = node, .anchor = anchor ? loader->anchor_count : 0};
}

/* Compares few keys with each other, and looks many up. */
static bool has_equal_keys(const struct node *map)
{
    enum { FEW = 8 };
    struct arena scratch = {0};
    struct map keys = {0};
    size_t count = 0;
    bool equal = false;
    for (const struct node *value = map->first; value; value = value->next)
        count++;
    for (const struct node *value = map->first; value && !equal; value = value->next) {
        const struct node *other = count > FEW ? value : map->first;
        while (other != value && !str_equal(other->key->text, value->key->text))
            other = other->next;
        equal = other != value ||
                (count > FEW && map_add(&scratch, &keys, value->key->text, value) != NULL);
    }
    arena_free(&scratch);
    return equal;
}

/* Of equal keys the last one counts, as for all Go readers of manifests: the others are taken out
 * of the map, and hang behind the key of the last. Merge keys do not override each other. */
static void drop_overridden(struct loader *loader, struct node *map)
{
    struct node *reversed = NULL;
    struct map last = {0};
    for (struct node *value = map->first, *next; value; value = next) {
        next = value->next;
        value->next = reversed;
        reversed = value;
    }
    map->first = map->last = NULL;
    for (struct node *value = reversed, *next; value; value = next) {
        next = value->next;
        const struct node *holder =
            node_is_merge(value) ? NULL : map_add(loader->arena, &last, value->key->text, value);
        if (holder) {
            value->next = NULL;
            value->key->first = holder->key->first;
            holder->key->first = value;
            continue;
        }
        value->next = map->first;
        map->first = value;
        map->last = map->last ? map->last : value;
    }
}

/* libyaml ends a block at the next token, behind comments; ours ends with its last value. */
static void close_level(struct loader *loader, const yaml_event_t *event)
{
    const struct level *level = &loader->levels[--loader->depth];
    struct node *node = level->node;
    char first = loader->source->text.data[node->text_at];
    if (first == '{' ||
        first == '[') /* a pair alone in a list, [k: v], has no bracket of its own */
        node->span.end = offset_of(loader, event->end_mark.index);
    else if (node->last)
        node->span.end = node->last->span.end;
    if (node->kind == NODE_MAP && has_equal_keys(node))
        drop_overridden(loader, node);
    if (level->anchor)
        loader->anchors[level->anchor - 1].size = level->size + 1;
    if (loader->depth)
        loader->levels[loader->depth - 1].size += level->size;
}

/* A tag makes a string of a plain text, or a number of a quoted one: !!str 010, !!int "8". */
static enum scalar_style style_of(const yaml_event_t *event)
{
    static const enum scalar_style styles[] = {[YAML_PLAIN_SCALAR_STYLE] = STYLE_PLAIN,
                                               [YAML_SINGLE_QUOTED_SCALAR_STYLE] = STYLE_SINGLE,
                                               [YAML_DOUBLE_QUOTED_SCALAR_STYLE] = STYLE_DOUBLE,
                                               [YAML_LITERAL_SCALAR_STYLE] = STYLE_LITERAL,
                                               [YAML_FOLDED_SCALAR_STYLE] = STYLE_FOLDED};
    static const char *const typed[] = {YAML_INT_TAG, YAML_FLOAT_TAG, YAML_BOOL_TAG, YAML_NULL_TAG,
                                        "tag:yaml.org,2002:merge"};
    const char *tag = (const char *)event->data.scalar.tag;
    enum scalar_style style = styles[event->data.scalar.style];
    for (size_t i = 0; tag && i < COUNT_OF(typed); i++)
        if (strcmp(tag, typed[i]) == 0)
            return STYLE_PLAIN;
    return tag && style == STYLE_PLAIN ? STYLE_TEXT : style;
}

/* The text as it stands in the source, unless escapes or folds make it another. */
static struct str text_of(struct loader *loader, const struct node *node, const yaml_event_t *event)
{
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    struct str raw = str_slice(loader->source->text, node->text_at, node->text_at + text.len);
    return str_equal(raw, text) ? raw : str_copy(loader->arena, text);
}

static void take_scalar(struct loader *loader, const yaml_event_t *event)
{
    const yaml_char_t *anchor = event->data.scalar.anchor;
    struct node *node = new_node(loader, NODE_SCALAR, event, anchor || event->data.scalar.tag);
    yaml_scalar_style_t written = event->data.scalar.style;
    node->text_at +=
        written == YAML_SINGLE_QUOTED_SCALAR_STYLE || written == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    node->style = style_of(event);
    node->text = text_of(loader, node, event);
    if (node->style == STYLE_PLAIN)
        node->text = scalar_as_json(loader->arena, node->text);
    take(loader, node);
    keep_anchor(loader, anchor, node);
}

/* What reads a tree follows its aliases. A few levels of ten aliases each stand for millions of
 * nodes, so they are counted as if they were written out. */
static bool may_expand(struct loader *loader, const struct anchor *anchor)
{
    loader->expanded += anchor->size;
    if (loader->depth)
        loader->levels[loader->depth - 1].size += anchor->size;
    return loader->expanded <= MANIFEST_EXPANDED_MAX;
}

static void take_alias(struct loader *loader, const yaml_event_t *event)
{
    struct node *node = new_node(loader, NODE_ALIAS, event, false);
    struct str name = str_from_c((const char *)event->data.alias.anchor);
    const struct anchor *anchor = NULL;
    for (size_t i = loader->anchor_count; i > 0 && !anchor; i--)
        if (str_equal(loader->anchors[i - 1].name, name))
            anchor = &loader->anchors[i - 1];
    node->text = str_copy(loader->arena, name);
    if (!anchor) {
        fail(loader, node->span, "the anchor of this alias is not defined before it",
             "check the name of the anchor in the chart");
    } else if (anchor->size == 0) {
        fail(loader, node->span, "this alias is inside its own anchor",
             "write the value in place of the alias in the chart");
    } else if (!may_expand(loader, anchor)) {
        fail(loader, node->span, "the aliases expand to too many values",
             "write the values in place of the aliases in the chart");
    } else {
        node->first = node->last = anchor->node;
        take(loader, node);
    }
}

static void take_event(struct loader *loader, const yaml_event_t *event)
{
    switch (event->type) {
    case YAML_SCALAR_EVENT:
        take_scalar(loader, event);
        break;
    case YAML_ALIAS_EVENT:
        take_alias(loader, event);
        break;
    case YAML_MAPPING_START_EVENT:
        open_level(loader, event, NODE_MAP,
                   event->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE,
                   event->data.mapping_start.anchor, event->data.mapping_start.tag);
        break;
    case YAML_SEQUENCE_START_EVENT:
        open_level(loader, event, NODE_LIST,
                   event->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE,
                   event->data.sequence_start.anchor, event->data.sequence_start.tag);
        break;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        close_level(loader, event);
        break;
    case YAML_DOCUMENT_START_EVENT:
        if (loader->root) {
            size_t at = offset_of(loader, event->start_mark.index);
            fail(loader, place(loader, at, at), "missing --- before the second document",
                 "separate the documents with a line ---");
        }
        break;
    default:
        break;
    }
}

static void report_syntax(struct loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    size_t at = parser->error == YAML_READER_ERROR ? loader->start + parser->problem_offset
                                                   : offset_of(loader, parser->problem_mark.index);
    if (at > loader->end)
        at = loader->end;
    const char *problem = parser->problem ? parser->problem : "it cannot be parsed";
    diag_error(loader->diags, place(loader, at, at), "invalid YAML: %s", problem);
    loader->failed = true;
}

static void parse(struct loader *loader)
{
    struct str text = str_slice(loader->source->text, loader->start, loader->end);
    if (!yaml_parser_initialize(&loader->parser)) {
        fail(loader, location_file(loader->source), "out of memory", "increase the memory limit");
        return;
    }
    yaml_parser_set_encoding(&loader->parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&loader->parser, (const unsigned char *)text.data, text.len);
    for (bool more = true; more && !loader->failed;) {
        yaml_event_t event;
        if (!yaml_parser_parse(&loader->parser, &event)) {
            report_syntax(loader);
            break;
        }
        more = event.type != YAML_STREAM_END_EVENT;
        take_event(loader, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&loader->parser);
}

bool load_manifest(struct arena *arena, const struct source *source, size_t start, size_t end,
                   struct diags *diags, struct node **ret_root)
{
    struct loader loader = {.arena = arena, .source = source, .diags = diags, .end = end};
    loader.start = start + utf8_bom_len(str_slice(source->text, start, end));
    loader.offset = loader.start;
    *ret_root = NULL;
    if (end - start > MANIFEST_SIZE_MAX) {
        diag_error(diags, place(&loader, start, start), "a document exceeds %d bytes",
                   MANIFEST_SIZE_MAX);
        return false;
    }
    /* To libyaml a line of `...` alone is a mistake. */
    if (stream_is_blank(str_slice(source->text, start, end)))
        return true;
    parse(&loader);
    if (loader.failed)
        return false;
    *ret_root = loader.root;
    return true;
}

const char *load_manifest_library(void)
{
    return yaml_get_version_string();
}
