/* Prints a service file as a person would write it. */
#include "import/import.h"
#include "yaml/emit.h"
#include "yaml/scalar.h"

#include <string.h>

enum { WIDTH = 100 }; /* columns of a line with a map or list in brackets */

struct writer {
    const struct import *import;
    struct buf *out;
};

/* In brackets, these characters end a plain scalar. */
static bool may_be_plain_inline(struct str text)
{
    for (size_t i = 0; i < text.len; i++)
        if (strchr(",[]{}", text.data[i]))
            return false;
    return scalar_may_be_plain(text);
}

static void write_scalar(struct buf *out, const struct node *node, bool in_brackets)
{
    struct node copy = *node;
    if (node->style != STYLE_PLAIN && in_brackets && !may_be_plain_inline(node->text))
        emit_inline(out, &copy, true);
    else
        emit_inline(out, &copy, false);
}

static void write_brackets(struct buf *out, const struct node *node)
{
    bool map = node->kind == NODE_MAP;
    if (node->kind == NODE_SCALAR) {
        write_scalar(out, node, true);
        return;
    }
    buf_add_byte(out, map ? '{' : '[');
    for (const struct node *child = node->first; child; child = child->next) {
        if (map) {
            write_scalar(out, child->key, true);
            buf_add(out, STR(": "));
        }
        write_brackets(out, child);
        if (child->next)
            buf_add(out, STR(", "));
    }
    buf_add_byte(out, map ? '}' : ']');
}

/* Lines that a literal block scalar can have: no line begins or ends with a blank, none is empty at
 * the end, and none has a character that must be escaped. */
static bool may_be_lines(struct str text)
{
    struct str line;
    if (str_find(text, 0, '\n') == text.len || str_starts_with(text, STR("\n")))
        return false;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        if (line.len == 0)
            continue;
        for (size_t i = 0; i < line.len; i++)
            if ((unsigned char)line.data[i] < ' ' || (unsigned char)line.data[i] >= 0x7F)
                return false;
        if (line.data[line.len - 1] == ' ')
            return false;
    }
    return text.data[0] != ' ' && !str_ends_with(text, STR("\n\n"));
}

static const struct import_comment *comment_of(const struct writer *writer, const struct node *node)
{
    return map_get_object(&writer->import->comments, node);
}

static bool has_comment(const struct writer *writer, const struct node *node)
{
    for (const struct node *child = node->first; child; child = child->next)
        if (comment_of(writer, child) || has_comment(writer, child))
            return true;
    return false;
}

static bool has_map_child(const struct node *node)
{
    for (const struct node *child = node->first; child; child = child->next)
        if (child->kind == NODE_MAP)
            return true;
    return false;
}

static size_t current_column(const struct buf *out)
{
    size_t start = out->len;
    while (start > 0 && out->data[start - 1] != '\n')
        start--;
    return out->len - start;
}

static bool has_free_keys(const struct field *field)
{
    return field && (field->type == TYPE_MAP || field->type == TYPE_MAP_OR_PAIRS);
}

/* True if a map or list is in brackets: a short list of strings, or a short map of fields. A map of
 * free keys, such as env_vars, has one line per key. */
static bool is_in_brackets(const struct writer *writer, const struct field *field,
                           const struct node *value)
{
    if (!value->first)
        return true;
    if (has_comment(writer, value) || (value->kind == NODE_LIST && has_map_child(value)))
        return false;
    if (value->kind == NODE_MAP && has_free_keys(field))
        return false;
    struct buf text = {0};
    write_brackets(&text, value);
    bool fits = current_column(writer->out) + 1 + text.len <= WIDTH;
    for (const struct node *child = value->first; child; child = child->next)
        fits &= child->kind != NODE_SCALAR || str_find(child->text, 0, '\n') == child->text.len;
    buf_free(&text);
    return fits;
}

static void write_lines(const struct writer *writer, struct str text, size_t column)
{
    struct str line;
    bool newline = str_ends_with(text, STR("\n"));
    buf_add(writer->out, newline ? STR("|") : STR("|-"));
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        buf_add_byte(writer->out, '\n');
        if (line.len)
            buf_add_spaces(writer->out, column);
        buf_add(writer->out, line);
    }
}

static void write_comment_after(const struct writer *writer, const struct node *node)
{
    const struct import_comment *comment = comment_of(writer, node);
    if (!comment || comment->above)
        return;
    buf_add(writer->out, STR(" # "));
    diag_add_visible(writer->out, comment->text);
}

/* Each line is a command, which is not broken, so that it can be copied. */
static void write_comment_above(const struct writer *writer, const struct node *node, size_t column)
{
    const struct import_comment *comment = comment_of(writer, node);
    struct str line;
    if (!comment || !comment->above)
        return;
    for (size_t at = 0; str_next_line(comment->text, &at, &line);) {
        buf_add(writer->out, STR("# "));
        diag_add_visible(writer->out, line);
        buf_add_byte(writer->out, '\n');
        buf_add_spaces(writer->out, column);
    }
}

static void write_map(const struct writer *writer, const struct schema *schema,
                      const struct node *map, size_t column);

/* Writes a value after its key or dash, which is in `column`. */
static void write_value(const struct writer *writer, const struct field *field,
                        const struct node *value, size_t column, bool after_dash)
{
    struct buf *out = writer->out;
    const struct schema *schema = field ? import_schema(field, value) : NULL;
    size_t inner = column + 2;
    if (value->kind == NODE_SCALAR && value->style != STYLE_PLAIN && may_be_lines(value->text)) {
        buf_add_byte(out, ' ');
        write_lines(writer, value->text, inner);
    } else if (value->kind == NODE_SCALAR) {
        buf_add_byte(out, ' ');
        write_scalar(out, value, false);
    } else if (!after_dash && is_in_brackets(writer, field, value)) {
        buf_add_byte(out, ' ');
        write_brackets(out, value);
    } else if (value->kind == NODE_MAP) {
        if (after_dash) {
            buf_add_byte(out, ' ');
        } else {
            write_comment_after(writer, value);
            buf_add_byte(out, '\n');
            buf_add_spaces(out, inner);
        }
        write_map(writer, schema, value, inner);
        return;
    } else {
        write_comment_after(writer, value);
        for (const struct node *item = value->first; item; item = item->next) {
            buf_add_byte(out, '\n');
            buf_add_spaces(out, inner);
            write_comment_above(writer, item, inner);
            buf_add_byte(out, '-');
            write_value(writer, field, item, inner, true);
        }
        return;
    }
    write_comment_after(writer, value);
}

/* Writes the entries of a map. The first one continues the current line. */
static void write_map(const struct writer *writer, const struct schema *schema,
                      const struct node *map, size_t column)
{
    for (const struct node *child = map->first; child; child = child->next) {
        const struct field *field = schema ? schema_find(schema, child->key->text) : NULL;
        if (child != map->first) {
            buf_add_byte(writer->out, '\n');
            buf_add_spaces(writer->out, column);
        }
        write_comment_above(writer, child, column);
        write_scalar(writer->out, child->key, false);
        buf_add_byte(writer->out, ':');
        write_value(writer, field, child, column, false);
    }
}

void import_write(const struct import *import, struct buf *out)
{
    const struct writer writer = {.import = import, .out = out};
    write_map(&writer, &file_schema, import->file, 0);
    buf_add_byte(out, '\n');
}
