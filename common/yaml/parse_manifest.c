#include "yaml/parse_manifest.h"

#include <assert.h>

#include "base/map.h"
#include "base/utf8.h"
#include "yaml/manifest_event.h"
#include "yaml/parser_memory.h"
#include "yaml/scalar.h"
#include "yaml/split.h"

#include <string.h>
#include <yaml.h>

/* An open map or list. */
struct level {
    struct node *node;
    struct node *key; /* map: the key whose value is read next */
    size_t size;      /* number of nodes, with aliases expanded */
    size_t anchor;    /* index of its anchor + 1; 0: none */
};

struct anchor {
    struct str name;
    struct node *node;
    size_t size; /* number of nodes, with aliases expanded; 0: still open */
};

struct loader {
    struct arena *arena;   /* of the tree */
    struct arena *strings; /* that differ from the source */
    const struct source *source;
    struct diags *diags;
    size_t start; /* of the text that libyaml parses */
    size_t end;
    size_t index;  /* a character index of libyaml */
    size_t offset; /* its byte offset in the source */
    bool ascii;    /* every character is one byte */
    yaml_parser_t parser;
    struct node *root;
    struct level levels[MANIFEST_DEPTH_MAX];
    size_t depth;
    struct anchor *anchors;
    size_t anchor_count;
    size_t expanded;                /* nodes that aliases expand to */
    struct buf *events;             /* their compact form; NULL: not kept */
    struct manifest_events written; /* its state */
    bool failed;
};

/* Converts a character index of libyaml to a byte offset. Indexes rarely decrease, so counting
 * continues from the last one. */
static size_t offset_of(struct loader *loader, size_t index)
{
    if (loader->ascii)
        return index < loader->end - loader->start ? loader->start + index : loader->end;
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

static struct location make_location(const struct loader *loader, size_t start, size_t end)
{
    return (struct location){.source = loader->source, .start = start, .end = end};
}

static void fail(struct loader *loader, struct location at, enum rule rule, const char *message,
                 const char *hint)
{
    diag_error(loader->diags, at, rule, "%s", message);
    diag_hint(loader->diags, "%s", hint);
    loader->failed = true;
}

/* Returns the start of a node's content after its anchor, its tag and blanks between them. `end`
 * is that of an empty node, and at most the start of the first key of a block, which may have
 * properties of its own. */
static size_t skip_properties(const struct loader *loader, size_t at, size_t end)
{
    struct str text = loader->source->text;
    while (at < end && strchr("&!", text.data[at])) {
        if (str_starts_with(str_skip(text, at), STR("!<"))) /* may contain any character of a URI */
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

/* Building the tree */

static struct node *new_node(struct loader *loader, enum node_kind kind,
                             const struct manifest_event *event)
{
    struct node *node = node_new(loader->arena, kind);
    node->span = make_location(loader, event->start, event->end);
    node->text_at = event->text_at;
    return node;
}

static void add_anchor(struct loader *loader, struct str name, struct node *node)
{
    if (name.len == 0)
        return;
    if (loader->anchor_count == MANIFEST_ANCHORS_MAX) {
        fail(loader, node->span, RULE_LIMIT_EXCEEDED, "too many anchors in the document",
             "write the values in place of the aliases in the chart");
        return;
    }
    loader->anchors =
        arena_grow(loader->arena, loader->anchors, loader->anchor_count, sizeof *loader->anchors);
    loader->anchors[loader->anchor_count++] =
        (struct anchor){.name = name, .node = node, .size = node->kind == NODE_SCALAR};
}

/* An alias as a key is replaced by the anchored string. In Go an alias for `<<` is not a merge
 * key. */
static struct node *key_of_alias(struct loader *loader, const struct node *alias)
{
    struct node *key = node_scalar(loader->arena, STYLE_TEXT, node_string(alias));
    key->span = alias->span;
    key->text_at = alias->text_at;
    return key;
}

static void add_node(struct loader *loader, struct node *node)
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
        fail(loader, node->span, RULE_YAML_UNSUPPORTED, "a key must be a string, not a map or list",
             "fix it in the chart; Kubernetes would reject it too");
    }
}

static void open_level(struct loader *loader, const struct manifest_event *event)
{
    struct node *node = new_node(loader, event->kind == EVENT_MAP ? NODE_MAP : NODE_LIST, event);
    node->style = event->style;
    if (loader->depth == MANIFEST_DEPTH_MAX) {
        diag_error(loader->diags, node->span, RULE_LIMIT_EXCEEDED,
                   "maps and lists are nested more than %d levels deep", MANIFEST_DEPTH_MAX);
        diag_hint(loader->diags, "reduce the nesting in the chart");
        loader->failed = true;
        return;
    }
    add_node(loader, node);
    add_anchor(loader, event->anchor, node);
    loader->levels[loader->depth++] =
        (struct level){.node = node, .anchor = event->anchor.len ? loader->anchor_count : 0};
}

/* Compares a few keys pairwise, and uses a hash table for many. */
static bool has_equal_keys(const struct node *map)
{
    enum { FEW = 32 };
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

/* The last of equal keys takes precedence, as in all Go parsers of manifests. The others are
 * removed from the map and linked from the key of the last. Merge keys do not override each
 * other. */
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

/* libyaml ends a block at the next token after comments; our span ends with the last value. */
static void close_level(struct loader *loader, const struct manifest_event *event)
{
    assert(loader->depth > 0); /* an event that ends a map or list follows one that starts it */
    const struct level *level = &loader->levels[--loader->depth];
    struct node *node = level->node;
    char first = loader->source->text.data[node->text_at];
    if (first == '{' || first == '[') /* a single pair in a list, [k: v], has no bracket */
        node->span.end = event->end;
    else if (node->last)
        node->span.end = node->last->span.end;
    if (node->kind == NODE_MAP && has_equal_keys(node))
        drop_overridden(loader, node);
    if (level->anchor)
        loader->anchors[level->anchor - 1].size = level->size + 1;
    if (loader->depth)
        loader->levels[loader->depth - 1].size += level->size;
}

static void add_scalar(struct loader *loader, const struct manifest_event *event)
{
    struct node *node = new_node(loader, NODE_SCALAR, event);
    node->style = event->style;
    node->text = event->text;
    add_node(loader, node);
    add_anchor(loader, event->anchor, node);
}

/* Counts the nodes that aliases expand to, because readers of the tree follow them: a few levels
 * of ten aliases each expand to millions of nodes. */
static bool may_expand(struct loader *loader, const struct anchor *anchor)
{
    loader->expanded += anchor->size;
    if (loader->depth)
        loader->levels[loader->depth - 1].size += anchor->size;
    return loader->expanded <= MANIFEST_EXPANDED_MAX;
}

static void add_alias(struct loader *loader, const struct manifest_event *event)
{
    struct node *node = new_node(loader, NODE_ALIAS, event);
    struct str name = event->text;
    const struct anchor *anchor = NULL;
    for (size_t i = loader->anchor_count; i > 0 && !anchor; i--)
        if (str_equal(loader->anchors[i - 1].name, name))
            anchor = &loader->anchors[i - 1];
    node->text = name;
    if (!anchor) {
        fail(loader, node->span, RULE_INVALID_ALIAS,
             "the anchor of this alias is not defined before it",
             "check the name of the anchor in the chart");
    } else if (anchor->size == 0) {
        fail(loader, node->span, RULE_INVALID_ALIAS, "this alias is inside its own anchor",
             "write the value in place of the alias in the chart");
    } else if (!may_expand(loader, anchor)) {
        fail(loader, node->span, RULE_LIMIT_EXCEEDED, "the aliases expand to too many values",
             "write the values in place of the aliases in the chart");
    } else {
        node->first = node->last = anchor->node;
        add_node(loader, node);
    }
}

static void add_event(struct loader *loader, const struct manifest_event *event)
{
    switch (event->kind) {
    case EVENT_SCALAR:
        add_scalar(loader, event);
        break;
    case EVENT_MAP:
    case EVENT_LIST:
        open_level(loader, event);
        break;
    case EVENT_END:
        close_level(loader, event);
        break;
    case EVENT_ALIAS:
        add_alias(loader, event);
        break;
    }
}

/* Parsing */

/* A tag can make a plain scalar a string, or a quoted one a number: !!str 010, !!int "8". */
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

/* Returns the string, as a part of the source if escapes and folding do not change it. */
static struct str text_of(struct loader *loader, size_t at, const yaml_event_t *event)
{
    struct str text = {(const char *)event->data.scalar.value, event->data.scalar.length};
    struct str raw = str_slice(loader->source->text, at, at + text.len);
    return str_equal(raw, text) ? raw : str_copy(loader->strings, text);
}

static struct str copy_name(struct loader *loader, const yaml_char_t *name)
{
    return name ? str_copy(loader->strings, str_from_c((const char *)name)) : (struct str){0};
}

/* Sets the members that follow from the properties of a node: its anchor and its tag. */
static void set_properties(struct loader *loader, struct manifest_event *event,
                           const yaml_char_t *anchor, const yaml_char_t *tag)
{
    if (!anchor && !tag)
        return;
    event->anchor = copy_name(loader, anchor);
    event->text_at = skip_properties(loader, event->start, event->end);
}

static void set_scalar(struct loader *loader, struct manifest_event *event,
                       const yaml_event_t *parsed)
{
    yaml_scalar_style_t written = parsed->data.scalar.style;
    set_properties(loader, event, parsed->data.scalar.anchor, parsed->data.scalar.tag);
    event->text_at +=
        written == YAML_SINGLE_QUOTED_SCALAR_STYLE || written == YAML_DOUBLE_QUOTED_SCALAR_STYLE;
    event->style = style_of(parsed);
    event->text = text_of(loader, event->text_at, parsed);
    if (event->style == STYLE_PLAIN)
        event->text = scalar_as_json(loader->strings, event->text);
}

/* Converts an event of libyaml. Returns false if it does not contribute to the tree. */
static bool convert(struct loader *loader, const yaml_event_t *parsed, struct manifest_event *event)
{
    event->start = event->text_at = offset_of(loader, parsed->start_mark.index);
    event->end = offset_of(loader, parsed->end_mark.index);
    switch (parsed->type) {
    case YAML_SCALAR_EVENT:
        event->kind = EVENT_SCALAR;
        set_scalar(loader, event, parsed);
        return true;
    case YAML_ALIAS_EVENT:
        event->kind = EVENT_ALIAS;
        event->text = copy_name(loader, parsed->data.alias.anchor);
        return true;
    case YAML_MAPPING_START_EVENT:
        event->kind = EVENT_MAP;
        if (parsed->data.mapping_start.style == YAML_FLOW_MAPPING_STYLE)
            event->style = STYLE_FLOW;
        set_properties(loader, event, parsed->data.mapping_start.anchor,
                       parsed->data.mapping_start.tag);
        return true;
    case YAML_SEQUENCE_START_EVENT:
        event->kind = EVENT_LIST;
        if (parsed->data.sequence_start.style == YAML_FLOW_SEQUENCE_STYLE)
            event->style = STYLE_FLOW;
        set_properties(loader, event, parsed->data.sequence_start.anchor,
                       parsed->data.sequence_start.tag);
        return true;
    case YAML_MAPPING_END_EVENT:
    case YAML_SEQUENCE_END_EVENT:
        event->kind = EVENT_END;
        return true;
    default:
        return false;
    }
}

static void handle_event(struct loader *loader, const yaml_event_t *parsed)
{
    struct manifest_event event = {0};
    if (parsed->type == YAML_DOCUMENT_START_EVENT && loader->root) {
        size_t at = offset_of(loader, parsed->start_mark.index);
        fail(loader, make_location(loader, at, at), RULE_YAML_SYNTAX,
             "missing --- before the second document", "separate the documents with a line ---");
    }
    if (!convert(loader, parsed, &event))
        return;
    if (loader->events)
        manifest_event_write(&loader->written, &event, loader->events);
    add_event(loader, &event);
}

static void report_syntax(struct loader *loader)
{
    const yaml_parser_t *parser = &loader->parser;
    size_t at = parser->error == YAML_READER_ERROR ? loader->start + parser->problem_offset
                                                   : offset_of(loader, parser->problem_mark.index);
    if (at > loader->end)
        at = loader->end;
    const char *problem = parser->problem ? parser->problem : "it cannot be parsed";
    diag_error(loader->diags, make_location(loader, at, at), RULE_YAML_SYNTAX, "invalid YAML: %s",
               problem);
    loader->failed = true;
}

static void parse(struct loader *loader)
{
    struct str text = str_slice(loader->source->text, loader->start, loader->end);
    if (!yaml_parser_initialize(&loader->parser)) {
        fail(loader, location_file(loader->source), RULE_OUT_OF_MEMORY, "out of memory",
             "increase the memory limit");
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
        handle_event(loader, &event);
        yaml_event_delete(&event);
    }
    yaml_parser_delete(&loader->parser);
    parser_memory_reset();
}

/* Parses the document between `start` and `end` of the loader. */
static bool load(struct loader *loader, struct node **ret_root)
{
    size_t start = loader->start;
    struct str text = str_slice(loader->source->text, start, loader->end);
    *ret_root = NULL;
    if (text.len > MANIFEST_SIZE_MAX) {
        diag_error(loader->diags, make_location(loader, start, start), RULE_LIMIT_EXCEEDED,
                   "a document exceeds %d bytes", MANIFEST_SIZE_MAX);
        return false;
    }
    loader->start += utf8_bom_len(text);
    loader->offset = loader->start;
    loader->ascii = utf8_is_ascii(text);
    /* libyaml rejects a document with only a line `...`. */
    if (stream_is_blank(text))
        return true;
    parse(loader);
    if (loader->failed)
        return false;
    *ret_root = loader->root;
    return true;
}

bool load_manifest(struct arena *arena, const struct source *source, size_t start, size_t end,
                   struct diags *diags, struct node **ret_root)
{
    struct loader loader = {.arena = arena,
                            .strings = arena,
                            .source = source,
                            .diags = diags,
                            .start = start,
                            .end = end};
    return load(&loader, ret_root);
}

bool load_manifest_events(struct arena *arena, struct arena *strings, const struct source *source,
                          size_t start, size_t end, struct diags *diags, struct buf *events,
                          struct node **ret_root)
{
    struct loader loader = {.arena = arena,
                            .strings = strings,
                            .source = source,
                            .diags = diags,
                            .start = start,
                            .end = end,
                            .events = events,
                            .written = {.source = source->text, .at = start}};
    return load(&loader, ret_root);
}

struct node *load_manifest_again(struct arena *arena, const struct source *source, size_t start,
                                 struct diags *diags, struct str events)
{
    struct loader loader = {.arena = arena, .source = source, .diags = diags};
    struct manifest_events read = {.source = source->text, .at = start};
    for (struct manifest_event event; manifest_event_read(&read, events, &event);)
        add_event(&loader, &event);
    return loader.root;
}

const char *load_manifest_library(void)
{
    return yaml_get_version_string();
}
