#include "yaml/emit.h"

#include "base/utf8.h"
#include "yaml/scalar.h"

#include <string.h>

/* How a string is escaped in double quotes. */
enum quoting {
    QUOTING_YAML, /* escapes of YAML, as libyaml's emitter writes them */
    QUOTING_JSON  /* escapes of JSON only */
};

/* Line breaks of YAML 1.1, the byte order mark and control characters are escaped in JSON too,
 * so that YAML parsers read the same string. Characters above U+FFFD are not printable in YAML
 * 1.1; libyaml's emitter escapes them. */
static bool needs_escape(uint32_t character, enum quoting quoting)
{
    return character < 0x20 || character == '"' || character == '\\' ||
           (character >= 0x7F && character < 0xA0) || character == 0x2028 || character == 0x2029 ||
           character == 0xFEFF || (quoting == QUOTING_YAML && character > 0xFFFD);
}

static void add_json_escape(struct buf *out, uint32_t character)
{
    if (character == '"' || character == '\\')
        buf_format(out, "\\%c", (char)character);
    else if (character == '\n')
        buf_add(out, STR("\\n"));
    else
        buf_format(out, "\\u%04x", (unsigned)character);
}

/* Escapes of YAML 1.1, section 5.6. */
static void add_yaml_escape(struct buf *out, uint32_t character)
{
    static const struct {
        uint32_t character;
        char letter;
    } letters[] = {{'\0', '0'},  {'\a', 'a'}, {'\b', 'b'},   {'\t', 't'},  {'\n', 'n'},
                   {'\v', 'v'},  {'\f', 'f'}, {'\r', 'r'},   {0x1B, 'e'},  {'"', '"'},
                   {'\\', '\\'}, {0x85, 'N'}, {0x2028, 'L'}, {0x2029, 'P'}};
    for (size_t i = 0; i < COUNT_OF(letters); i++) {
        if (letters[i].character == character) {
            buf_format(out, "\\%c", letters[i].letter);
            return;
        }
    }
    if (character <= 0xFF)
        buf_format(out, "\\x%02X", (unsigned)character);
    else if (character <= 0xFFFF)
        buf_format(out, "\\u%04X", (unsigned)character);
    else
        buf_format(out, "\\U%08X", (unsigned)character);
}

static void add_quoted(struct buf *out, struct str text, enum quoting quoting)
{
    buf_add_byte(out, '"');
    size_t clean = 0;
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t character = (unsigned char)text.data[at];
        len = character < 0x80 ? 1 : utf8_decode(text, at, &character);
        if (len == 0) /* not UTF-8: the parser reports it */
            len = 1;
        if (!needs_escape(character, quoting))
            continue;
        buf_add(out, str_slice(text, clean, at));
        clean = at + len;
        if (quoting == QUOTING_JSON)
            add_json_escape(out, character);
        else
            add_yaml_escape(out, character);
    }
    buf_add(out, str_skip(text, clean));
    buf_add_byte(out, '"');
}

void emit_json(struct buf *out, const struct node *node, size_t indent)
{
    enum { STEP = 4 };
    if (node->kind == NODE_SCALAR) {
        if (node->style == STYLE_PLAIN)
            buf_add(out, node->text);
        else
            add_quoted(out, node->text, QUOTING_JSON);
        return;
    }
    bool map = node->kind == NODE_MAP;
    buf_add_byte(out, map ? '{' : '[');
    for (const struct node *child = node->first; child; child = child->next) {
        buf_add_byte(out, '\n');
        buf_add_spaces(out, indent + STEP);
        if (map) {
            add_quoted(out, child->key->text, QUOTING_JSON);
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

static bool is_plain(const struct node *scalar, enum quoting quoting)
{
    return scalar->style == STYLE_PLAIN ||
           (quoting == QUOTING_YAML && scalar_may_be_plain(scalar->text));
}

static void emit_scalar(struct buf *out, const struct node *scalar, enum quoting quoting)
{
    if (is_plain(scalar, quoting))
        buf_add(out, scalar->text);
    else
        add_quoted(out, scalar->text, quoting);
}

void emit_inline(struct buf *out, const struct node *node, bool json)
{
    if (node->kind == NODE_SCALAR) {
        emit_scalar(out, node, json ? QUOTING_JSON : QUOTING_YAML);
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
            if (node_is_merge(child)) /* quoted, it would not be a merge key */
                buf_add(out, child->key->text);
            else
                add_quoted(out, child->key->text, QUOTING_JSON);
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
    for (const char *byte = style->newline; *byte; byte++)
        buf_add_byte(out, *byte);
    buf_add_spaces(out, column);
}

/* Writes entries or items in block style. The first one continues the current line. */
static void emit_children(struct buf *out, const struct node *node, size_t column,
                          const struct emit_style *style)
{
    for (const struct node *child = node->first; child; child = child->next) {
        if (child != node->first)
            next_line(out, column, style);
        if (node->kind == NODE_MAP)
            emit_entry(out, child, column, style);
        else
            emit_item(out, child, column, style);
    }
}

static void end_value(struct buf *out, const struct node *value, const struct emit_style *style)
{
    if (style->hook)
        style->hook(style->context, out, value);
}

/* Writes a literal block scalar without a final line break. */
static void emit_lines(struct buf *out, const struct node *scalar, size_t column,
                       const struct emit_style *style)
{
    buf_add(out, STR("|-"));
    end_value(out, scalar, style);
    struct str text = scalar->text;
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        next_line(out, column, style);
        buf_add(out, line);
    }
}

/* Width of "- ", "? " and ": ". */
enum { INDICATOR = 2 };

/* Writes what follows an indicator in the same line. */
static void emit_after_indicator(struct buf *out, const struct node *node, size_t column,
                                 const struct emit_style *style)
{
    column += INDICATOR;
    if (node->style == STYLE_LINES) {
        emit_lines(out, node, column, style);
    } else if (emit_is_inline(node)) {
        emit_inline(out, node, false);
        end_value(out, node, style);
    } else {
        emit_children(out, node, column, style);
    }
}

void emit_value(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style)
{
    if (value->style == STYLE_LINES || emit_is_inline(value)) {
        buf_add_byte(out, ' ');
        emit_after_indicator(out, value, column, style);
        return;
    }
    column += value->kind == NODE_MAP ? style->step : style->dash;
    next_line(out, column, style);
    emit_children(out, value, column, style);
}

void emit_entry(struct buf *out, const struct node *value, size_t column,
                const struct emit_style *style)
{
    /* Longer keys, and keys with line breaks, are written after "? ". The limit is that of
     * libyaml; YAML 1.1, section 4.2.2, allows 1,024 characters. */
    enum { SIMPLE_KEY_MAX = 128 };
    const struct node *key = value->key;
    bool plain = is_plain(key, QUOTING_YAML);
    bool simple = key->text.len <= SIMPLE_KEY_MAX && (plain || !utf8_has_line_break(key->text));
    if (!simple)
        buf_add(out, STR("? "));
    if (plain)
        buf_add(out, key->text);
    else
        add_quoted(out, key->text, QUOTING_YAML);
    if (simple) {
        buf_add_byte(out, ':');
        emit_value(out, value, column, style);
        return;
    }
    next_line(out, column, style);
    buf_add(out, STR(": "));
    emit_after_indicator(out, value, column, style);
}

void emit_item(struct buf *out, const struct node *item, size_t column,
               const struct emit_style *style)
{
    buf_add(out, STR("- "));
    emit_after_indicator(out, item, column, style);
}

static const struct emit_style document_style = {.step = 2, .dash = 0, .newline = "\n"};

static void emit_document(struct buf *out, const struct node *document,
                          const struct emit_style *style)
{
    buf_add(out, STR("---"));
    if (emit_is_inline(document)) {
        buf_add_byte(out, ' ');
        emit_inline(out, document, false);
    } else {
        next_line(out, 0, style);
        emit_children(out, document, 0, style);
    }
    buf_add_byte(out, '\n');
}

void emit_yaml(struct buf *out, struct node *const *documents, size_t count)
{
    for (size_t i = 0; i < count; i++)
        emit_document(out, documents[i], &document_style);
}

void emit_yaml_document(struct buf *out, const struct node *document, emit_hook *hook,
                        void *context)
{
    struct emit_style style = document_style;
    style.hook = hook;
    style.context = context;
    emit_document(out, document, &style);
}

/* Formats of --output */

static void yaml_nothing(struct buf *out)
{
    (void)out;
}

static void yaml_object(struct buf *out, struct node *object, bool first)
{
    (void)first;
    emit_yaml(out, &object, 1);
}

static void yaml_value(struct buf *out, struct node *value)
{
    if (emit_is_inline(value))
        emit_inline(out, value, false);
    else
        emit_children(out, value, 0, &document_style);
    buf_add_byte(out, '\n');
}

/* A List, as `kubectl get -o json` prints it. */
static void json_begin(struct buf *out)
{
    buf_add(out, STR("{\n"
                     "    \"apiVersion\": \"v1\",\n"
                     "    \"kind\": \"List\",\n"
                     "    \"items\": ["));
}

static void json_object(struct buf *out, struct node *object, bool first)
{
    enum { INDENT = 8 };
    buf_add(out, first ? STR("\n") : STR(",\n"));
    buf_add_spaces(out, INDENT);
    emit_json(out, object, INDENT);
}

static void json_end(struct buf *out)
{
    buf_add(out, STR("\n    ]\n}\n"));
}

static void json_value(struct buf *out, struct node *value)
{
    emit_json(out, value, 0);
    buf_add_byte(out, '\n');
}

static const struct emit_format formats[] = {
    {"yaml", yaml_nothing, yaml_object, yaml_nothing, yaml_value},
    {"json", json_begin, json_object, json_end, json_value},
};

const char *const emit_format_names[] = {"yaml", "json", NULL};

const struct emit_format *emit_format_find(const char *name)
{
    for (size_t i = 0; name && i < COUNT_OF(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return &formats[0];
}
