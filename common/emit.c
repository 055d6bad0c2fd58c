#include "emit.h"

#include "scalar.h"

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

static void json_text(struct buf *out, struct str text)
{
    buf_add_byte(out, '"');
    size_t clean = 0;
    for (size_t i = 0; i < text.len; i++) {
        unsigned char byte = (unsigned char)text.data[i];
        if (byte >= 0x20 && byte != '"' && byte != '\\' && byte != 0x7F)
            continue;
        buf_add(out, str_slice(text, clean, i));
        clean = i + 1;
        if (byte == '"' || byte == '\\')
            buf_format(out, "\\%c", byte);
        else if (byte == '\n')
            buf_add(out, STR("\\n"));
        else
            buf_format(out, "\\u%04x", (unsigned)byte);
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

const char *emit_library(void)
{
    return yaml_get_version_string();
}
