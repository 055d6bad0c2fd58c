#include "yaml/emit.h"

#include "base/utf8.h"
#include "yaml/scalar.h"

#include <stdlib.h>
#include <yaml.h>

static int write_to_buf(void *data, unsigned char *bytes, size_t size)
{
    buf_add(data, (struct str){(const char *)bytes, size});
    return 1;
}

/* libyaml's emitter fails only without memory or on events out of order: one is the arena's case,
 * the other a mistake of ours. It frees the event in every case. */
static void send(yaml_emitter_t *emitter, yaml_event_t *event, int made)
{
    if (!made || !yaml_emitter_emit(emitter, event))
        abort();
}

/* The emitter would write a plain text that it cannot keep plain in single quotes: ask for the
 * style that will come out. */
static yaml_scalar_style_t style_of(const struct node *scalar)
{
    if (scalar->style == STYLE_LINES)
        return YAML_LITERAL_SCALAR_STYLE;
    if (scalar->style == STYLE_PLAIN || scalar_may_be_plain(scalar->text))
        return YAML_PLAIN_SCALAR_STYLE;
    return YAML_DOUBLE_QUOTED_SCALAR_STYLE;
}

static void emit_node(yaml_emitter_t *emitter, const struct node *node)
{
    yaml_event_t event;
    if (node->kind == NODE_SCALAR) {
        send(emitter, &event,
             yaml_scalar_event_initialize(
                 &event, NULL, NULL, (const yaml_char_t *)(node->text.len ? node->text.data : ""),
                 (int)node->text.len, 1, 1, style_of(node)));
        return;
    }
    if (node->kind == NODE_LIST) {
        send(
            emitter, &event,
            yaml_sequence_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_SEQUENCE_STYLE));
        for (const struct node *item = node->first; item; item = item->next)
            emit_node(emitter, item);
        send(emitter, &event, yaml_sequence_end_event_initialize(&event));
        return;
    }
    send(emitter, &event,
         yaml_mapping_start_event_initialize(&event, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE));
    for (const struct node *value = node->first; value; value = value->next) {
        emit_node(emitter, value->key);
        emit_node(emitter, value);
    }
    send(emitter, &event, yaml_mapping_end_event_initialize(&event));
}

void emit_yaml(struct buf *out, struct node *const *documents, size_t count)
{
    yaml_emitter_t emitter;
    yaml_event_t event;
    if (!yaml_emitter_initialize(&emitter))
        abort();
    yaml_emitter_set_output(&emitter, write_to_buf, out);
    yaml_emitter_set_unicode(&emitter, 1);
    yaml_emitter_set_width(&emitter, -1);
    send(&emitter, &event, yaml_stream_start_event_initialize(&event, YAML_UTF8_ENCODING));
    for (size_t i = 0; i < count; i++) {
        send(&emitter, &event, yaml_document_start_event_initialize(&event, NULL, NULL, NULL, 0));
        emit_node(&emitter, documents[i]);
        send(&emitter, &event, yaml_document_end_event_initialize(&event, 1));
    }
    send(&emitter, &event, yaml_stream_end_event_initialize(&event));
    yaml_emitter_delete(&emitter);
}

/* Line breaks of YAML 1.1, the byte order mark and control characters are escaped, so that the text
 * is one in YAML's double quotes as well. */
static bool needs_escape(uint32_t character)
{
    return character < 0x20 || character == '"' || character == '\\' ||
           (character >= 0x7F && character < 0xA0) || character == 0x2028 || character == 0x2029 ||
           character == 0xFEFF;
}

static void json_text(struct buf *out, struct str text)
{
    buf_add_byte(out, '"');
    size_t clean = 0;
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t character = (unsigned char)text.data[at];
        len = character < 0x80 ? 1 : utf8_decode(text, at, &character);
        if (len == 0) /* no UTF-8: leave it to the reader */
            len = 1;
        if (!needs_escape(character))
            continue;
        buf_add(out, str_slice(text, clean, at));
        clean = at + len;
        if (character == '"' || character == '\\')
            buf_format(out, "\\%c", (char)character);
        else if (character == '\n')
            buf_add(out, STR("\\n"));
        else
            buf_format(out, "\\u%04x", (unsigned)character);
    }
    buf_add(out, str_from(text, clean));
    buf_add_byte(out, '"');
}

void emit_json(struct buf *out, const struct node *node, size_t indent)
{
    enum { STEP = 4 };
    if (node->kind == NODE_SCALAR) {
        if (node->style == STYLE_PLAIN)
            buf_add(out, node->text);
        else
            json_text(out, node->text);
        return;
    }
    bool map = node->kind == NODE_MAP;
    buf_add_byte(out, map ? '{' : '[');
    for (const struct node *child = node->first; child; child = child->next) {
        buf_add_byte(out, '\n');
        buf_add_spaces(out, indent + STEP);
        if (map) {
            json_text(out, child->key->text);
            buf_add(out, STR(": "));
        }
        emit_json(out, child, indent + STEP);
        if (child->next)
            buf_add_byte(out, ',');
    }
    if (node->first) {
        buf_add_byte(out, '\n');
        buf_add_spaces(out, indent);
    }
    buf_add_byte(out, map ? '}' : ']');
}

static void emit_text(struct buf *out, const struct node *scalar, bool json)
{
    if (scalar->style == STYLE_PLAIN || (!json && scalar_may_be_plain(scalar->text)))
        buf_add(out, scalar->text);
    else
        json_text(out, scalar->text);
}

void emit_inline(struct buf *out, const struct node *node, bool json)
{
    if (node->kind == NODE_SCALAR) {
        emit_text(out, node, json);
        return;
    }
    if (node->kind == NODE_ALIAS) {
        buf_format(out, "*%.*s", STR_ARG(node->text));
        return;
    }
    bool map = node->kind == NODE_MAP;
    buf_add_byte(out, map ? '{' : '[');
    for (const struct node *child = node->first; child; child = child->next) {
        if (map) {
            if (node_is_merge(child)) /* in quotes it merges nothing */
                buf_add(out, child->key->text);
            else
                json_text(out, child->key->text);
            buf_add(out, STR(": "));
        }
        emit_inline(out, child, true);
        if (child->next)
            buf_add(out, STR(", "));
    }
    buf_add_byte(out, map ? '}' : ']');
}

bool emit_is_inline(const struct node *node)
{
    if (node->kind == NODE_SCALAR || node->kind == NODE_ALIAS || !node->first)
        return true;
    return node->kind == NODE_MAP && node_is_merge(node->first);
}

static void next_line(struct buf *out, size_t column, const struct emit_style *style)
{
    buf_add(out, str_of(style->newline));
    buf_add_spaces(out, column);
}

void emit_value(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style)
{
    if (emit_is_inline(value)) {
        buf_add_byte(out, ' ');
        emit_inline(out, value, false);
        return;
    }
    bool map = value->kind == NODE_MAP;
    column += map ? style->step : style->dash;
    for (const struct node *child = value->first; child; child = child->next) {
        next_line(out, column, style);
        if (map)
            emit_entry(out, child, column, style);
        else
            emit_item(out, child, column, style);
    }
}

void emit_entry(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style)
{
    emit_text(out, value->key, false);
    buf_add_byte(out, ':');
    emit_value(out, value, column, style);
}

void emit_item(struct buf *out, const struct node *item, size_t column,
               const struct emit_style *style)
{
    enum { DASH = 2 }; /* a dash and a space */
    buf_add(out, STR("- "));
    if (emit_is_inline(item)) {
        emit_inline(out, item, false);
        return;
    }
    column += DASH;
    for (const struct node *child = item->first; child; child = child->next) {
        if (child != item->first)
            next_line(out, column, style);
        if (item->kind == NODE_MAP)
            emit_entry(out, child, column, style);
        else
            emit_item(out, child, column, style);
    }
}

const char *emit_library(void)
{
    return yaml_get_version_string();
}
