#include "explain_markdown.h"

#include "base/wrap.h"
#include "config/schema.h"

enum { PAGE_WIDTH = 118 };

/* Appends a cell of a table, with "|" escaped. */
static void append_cell(struct buf *out, struct str text)
{
    for (size_t i = 0; i < text.len; i++) {
        if (text.data[i] == '|')
            buf_add_byte(out, '\\');
        buf_add_byte(out, text.data[i]);
    }
    buf_add(out, STR(" | "));
}

static struct str default_cell(struct arena *arena, const struct field *field)
{
    if (field->summary_default)
        return str_from_c(field->summary_default);
    return field->required        ? STR("required")
           : field->default_value ? str_format(arena, "`%s`", field->default_value)
                                  : STR("");
}

/* Writes a short table of the fields that most services set. */
static void write_summaries(struct buf *out, struct arena *arena)
{
    buf_add(out, STR("## The most used fields\n\n| Example | What it does | Default |\n"
                     "| --- | --- | --- |\n"));
    for (size_t i = 0; i < service_schema.count; i++) {
        const struct field *field = &service_schema.fields[i];
        if (!field->summary)
            continue;
        buf_add(out, STR("| "));
        append_cell(out, str_format(arena, "`%s: %s`", field->name, field->example));
        append_cell(out, str_from_c(field->summary));
        append_cell(out, default_cell(arena, field));
        out->data[out->len - 1] = '\n';
    }
}

/* Appends Markdown text as HTML: code spans and special characters. */
static void append_html(struct buf *out, struct str text)
{
    bool is_code = false;
    for (size_t i = 0; i < text.len; i++) {
        char byte = text.data[i];
        if (byte == '`') {
            buf_add(out, is_code ? STR("</code>") : STR("<code>"));
            is_code = !is_code;
        } else if (byte == '&') {
            buf_add(out, STR("&amp;"));
        } else if (byte == '<') {
            buf_add(out, STR("&lt;"));
        } else {
            buf_add_byte(out, byte);
        }
    }
}

/* Appends a heading as the anchor that GitHub gives it: lower case, dashes for spaces, no
 * punctuation. */
static void append_anchor(struct buf *out, struct str title)
{
    for (size_t i = 0; i < title.len; i++) {
        char byte = title.data[i];
        if (byte == ' ')
            byte = '-';
        else if (byte >= 'A' && byte <= 'Z')
            byte = (char)(byte - 'A' + 'a');
        if (byte == '-' || byte == '_' || (byte >= 'a' && byte <= 'z') ||
            (byte >= '0' && byte <= '9'))
            buf_add_byte(out, byte);
    }
}

/* Returns the length of the first sentence with its full stop. */
static size_t first_sentence(struct str text)
{
    for (size_t i = 0; i + 1 < text.len; i++)
        if (text.data[i] == '.' && text.data[i + 1] == ' ')
            return i + 1;
    return text.len;
}

/* Returns the value, default and other facts of a field in one paragraph. */
static struct str field_facts(struct arena *arena, const struct field *field)
{
    struct buf facts = {0};
    struct str type = schema_type_format(arena, field);
    const struct schema *schema = field->schema;
    if (schema) {
        buf_format(&facts, "Value: [%.*s](#", STR_ARG(type));
        append_anchor(&facts, str_from_c(schema->title));
        buf_add(&facts, STR(")"));
    } else {
        buf_format(&facts, "Value: %.*s", STR_ARG(type));
    }
    if (field->unit && field->type == TYPE_INT)
        buf_format(&facts, ", in %s", field->unit);
    buf_add_byte(&facts, '.');
    if (field->generates)
        buf_format(&facts, " Generates: %s.", field->generates);
    if (field->example)
        buf_format(&facts, " Example: `%s: %s`.", field->name, field->example);
    if (field->since)
        buf_add(&facts, STR(" Not in Opta."));
    return buf_take(arena, &facts);
}

static void write_field(struct buf *out, struct arena *arena, const struct field *field)
{
    struct str help = str_from_c(field->help);
    size_t end = first_sentence(help);
    buf_format(out, "<details><summary><code>%s</code>", field->name);
    if (field->required) {
        buf_add(out, STR(", required"));
    } else if (field->default_value) {
        buf_add(out, STR(", default <code>"));
        append_html(out, str_from_c(field->default_value));
        buf_add(out, STR("</code>"));
    }
    buf_add(out, STR(": "));
    append_html(out, str_slice(help, 0, end));
    buf_add(out, STR("</summary>\n\n"));
    if (end < help.len) {
        wrap_add(out, str_skip(help, end + 1), PAGE_WIDTH);
        buf_add(out, STR("\n\n"));
    }
    wrap_add(out, field_facts(arena, field), PAGE_WIDTH);
    buf_add(out, STR("\n\n</details>\n"));
}

/* Writes the fields of a map, with a heading where a group of fields begins. */
static void write_schema(struct buf *out, struct arena *arena, const struct schema *schema)
{
    for (size_t i = 0; i < schema->count; i++) {
        const char *title = i ? NULL : schema->title;
        if (schema->fields[i].section)
            title = schema->fields[i].section;
        if (title)
            buf_format(out, "\n## %s\n\n", title);
        write_field(out, arena, &schema->fields[i]);
    }
}

void explain_markdown(struct buf *out, struct arena *arena)
{
    write_summaries(out, arena);
    for (size_t i = 0; i < SCHEMA_COUNT; i++)
        write_schema(out, arena, schemas[i]);
}
