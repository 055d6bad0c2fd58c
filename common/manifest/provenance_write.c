/* Writes where the lines of a manifest come from: as comments in the manifest, or as JSON. */
#include "base/utf8.h"
#include "manifest/provenance.h"
#include "service/placeholder_origin.h"
#include "yaml/emit.h"

#include <string.h>

/* Returns the string as written at the location of a source, if it has placeholders that were
 * filled in and that the value depends on; else empty. */
static struct str text_with_placeholders(const struct provenance_line *line, struct location at,
                                         const struct provenance_field *field)
{
    const struct node *node = field->node;
    if (!node || node->kind != NODE_SCALAR || at.start != node->span.start ||
        str_eq_c(line->path, "/kind") || str_equal(node->text, line->value->text))
        return (struct str){0};
    return str_contains(node->text, STR("{")) ? node->text : (struct str){0};
}

/* The origins of the placeholders of a line. Each is listed once: outputs may refer to others
 * several times, which would double the list at each level. */
struct origins {
    const struct provenance *provenance;
    struct map seen; /* the placeholders as written */
    struct placeholder_origin *items;
    size_t count;
};

/* `depth`: of outputs whose values have placeholders; at most OUTPUTS_DEPTH_MAX. */
static void add_origins(struct origins *origins, struct str text, size_t depth)
{
    const struct layer *layer = origins->provenance->layer;
    struct placeholder_origin origin;
    for (size_t at = 0; placeholder_origin_next(layer, text, &at, &origin);) {
        if (map_add(layer->arena, &origins->seen, origin.written, layer))
            continue;
        origins->items =
            arena_grow(layer->arena, origins->items, origins->count, sizeof *origins->items);
        origins->items[origins->count++] = origin;
        if (depth < OUTPUTS_DEPTH_MAX)
            add_origins(origins, origin.text, depth + 1);
    }
}

/* Comments */

static void add_place(struct buf *out, struct location at)
{
    diag_add_visible(out, at.source->path);
    if (!location_is_file(at))
        buf_format(out, ":%zu", diag_position(at.source, at.start).line);
}

static void add_placeholder(struct buf *out, const struct placeholder_origin *origin)
{
    buf_add(out, STR("; {"));
    diag_add_visible(out, origin->written);
    buf_add(out, STR("}: "));
    diag_add_visible(out, origin->flag.len ? origin->flag : origin->what);
    if (origin->what.len && origin->location.source)
        buf_add(out, STR(", "));
    if (origin->location.source)
        add_place(out, origin->location);
}

/* Appends "default of FIELD: REASON". */
static void add_default(struct buf *out, const struct provenance_source *source)
{
    buf_add(out, STR("default"));
    if (source->field.len)
        buf_format(out, " of %.*s", STR_ARG(source->field));
    if (source->reason)
        buf_format(out, ": %s", source->reason);
}

/* Appends "FIELD, FILE:LINE (REASON)". */
static void add_location(struct buf *out, struct origins *origins,
                         const struct provenance_line *line, const struct provenance_source *source)
{
    const struct provenance *provenance = origins->provenance;
    size_t listed = origins->count;
    const struct provenance_field field =
        provenance_field_at(provenance->index, provenance->layer, provenance->service, source->at);
    if (field.path.len) {
        diag_add_visible(out, field.path);
        buf_add(out, STR(", "));
    }
    add_place(out, source->at);
    if (source->reason)
        buf_format(out, " (%s)", source->reason);
    add_origins(origins, text_with_placeholders(line, source->at, &field), 0);
    for (; listed < origins->count; listed++)
        add_placeholder(out, &origins->items[listed]);
}

static void add_sources(struct buf *out, const struct provenance *provenance,
                        const struct provenance_line *line)
{
    struct origins origins = {.provenance = provenance};
    for (size_t i = 0; i < line->count; i++) {
        const struct provenance_source *source = &line->sources[i];
        if (i)
            buf_add(out, STR("; "));
        if (source->at.source)
            add_location(out, &origins, line, source);
        else if (source->flag)
            buf_add(out, str_from_c(source->flag));
        else
            add_default(out, source);
    }
}

/* A manifest that is written, and the ends of its lines with a value. */
struct writer {
    size_t *ends;
    size_t count;
};

static void add_end(void *context, struct buf *out, const struct node *value)
{
    struct writer *writer = context;
    (void)value; /* the lines are in the same order */
    writer->ends[writer->count++] = out->len;
}

static size_t count_columns(struct str text)
{
    size_t columns = 0;
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t character;
        if (text.data[at] >= ' ' && text.data[at] <= '~') { /* most are; this is fast */
            columns++;
            len = 1;
            continue;
        }
        len = utf8_decode(text, at, &character);
        columns += len ? utf8_columns(character) : 1;
        len = len ? len : 1;
    }
    return columns;
}

/* Returns the line that ends at an offset. */
static struct str line_before(struct str text, size_t end)
{
    size_t start = end;
    while (start > 0 && text.data[start - 1] != '\n')
        start--;
    return str_slice(text, start, end);
}

/* Returns the column of the comments: after the longest line, except very long ones. */
static size_t comment_column(struct str text, const struct writer *writer)
{
    enum { COLUMN_MAX = 60 };
    size_t column = 0;
    for (size_t i = 0; i < writer->count; i++) {
        size_t columns = count_columns(line_before(text, writer->ends[i]));
        column = columns > column && columns <= COLUMN_MAX ? columns : column;
    }
    return column;
}

static void yaml_object(struct buf *out, const struct provenance *provenance, bool first)
{
    enum { GAP = 2 };
    (void)first;
    struct writer writer = {.ends =
                                ARENA_ARRAY(provenance->layer->arena, provenance->count, size_t)};
    struct buf plain = {0};
    emit_yaml_document(&plain, provenance->object, add_end, &writer);
    struct str text = buf_str(&plain);
    size_t column = comment_column(text, &writer);
    size_t copied = 0;
    for (size_t i = 0; i < writer.count; i++) {
        size_t columns = count_columns(line_before(text, writer.ends[i]));
        buf_add(out, str_slice(text, copied, writer.ends[i]));
        copied = writer.ends[i];
        if (provenance->lines[i].count == 0)
            continue;
        buf_add_spaces(out, GAP + (columns < column ? column - columns : 0));
        buf_add(out, STR("# "));
        add_sources(out, provenance, &provenance->lines[i]);
    }
    buf_add(out, str_skip(text, copied));
    buf_free(&plain);
}

static void yaml_nothing(struct buf *out)
{
    (void)out;
}

/* JSON */

static void set_place(struct arena *arena, struct node *map, struct location at)
{
    node_set_string(arena, map, "file", at.source->path);
    if (location_is_file(at))
        return;
    struct position position = diag_position(at.source, at.start);
    node_set_int(arena, map, "line", (int64_t)position.line);
    node_set_int(arena, map, "column", (int64_t)position.column);
}

static void append_placeholder(struct arena *arena, struct node *inputs,
                               const struct placeholder_origin *origin)
{
    struct node *input = node_append_map(arena, inputs);
    node_set_string(arena, input, "placeholder",
                    STR_JOIN(arena, STR("{"), origin->written, STR("}")));
    if (origin->flag.len)
        node_set_string(arena, input, "flag", origin->flag);
    else if (origin->what.len)
        node_set_string(arena, input, "from", origin->what);
    if (origin->location.source)
        set_place(arena, input, origin->location);
}

/* Returns a source as a map. Appends its placeholders to `inputs`. */
static struct node *source_node(struct arena *arena, struct origins *origins,
                                const struct provenance_line *line,
                                const struct provenance_source *source, struct node *inputs)
{
    const struct provenance *provenance = origins->provenance;
    size_t listed = origins->count;
    struct node *map = node_new(arena, NODE_MAP);
    struct str reason = str_from_c(source->reason);
    if (source->flag) {
        node_set_string(arena, map, "flag", str_from_c(source->flag));
        return map;
    }
    if (!source->at.source) {
        node_set_string(arena, map, "default", reason);
        if (source->field.len)
            node_set_string(arena, map, "field", source->field);
        return map;
    }
    const struct provenance_field field =
        provenance_field_at(provenance->index, provenance->layer, provenance->service, source->at);
    if (field.path.len)
        node_set_string(arena, map, "field", field.path);
    set_place(arena, map, source->at);
    if (reason.len)
        node_set_string(arena, map, "reason", reason);
    add_origins(origins, text_with_placeholders(line, source->at, &field), 0);
    for (; listed < origins->count; listed++)
        append_placeholder(arena, inputs, &origins->items[listed]);
    return map;
}

static struct node *line_node(struct arena *arena, const struct provenance *provenance,
                              const struct provenance_line *line)
{
    struct node *map = node_new(arena, NODE_MAP);
    struct node *manifest = node_set_map(arena, map, "manifest");
    static const char *const keys[] = {"name", "namespace"};
    node_set_string(arena, manifest, "kind", node_get(provenance->object, "kind")->text);
    for (size_t i = 0; i < COUNT_OF(keys); i++) {
        const struct node *value = node_get(node_get(provenance->object, "metadata"), keys[i]);
        if (value)
            node_set_string(arena, manifest, keys[i], value->text);
    }
    node_set_string(arena, map, "path", line->path);
    struct node *value = ARENA_NEW(arena, struct node);
    *value = *line->value;
    value->next = NULL;
    node_set(arena, map, "value", value);
    struct node *inputs = node_new(arena, NODE_LIST);
    struct origins origins = {.provenance = provenance};
    struct node *first = NULL;
    for (size_t i = 0; i < line->count; i++) {
        struct node *source = source_node(arena, &origins, line, &line->sources[i], inputs);
        if (i == 0)
            first = source;
        else
            node_append(inputs, source);
    }
    if (first)
        node_set(arena, map, "source", first);
    if (inputs->first)
        node_set(arena, map, "inputs", inputs);
    return map;
}

static void json_object(struct buf *out, const struct provenance *provenance, bool first)
{
    enum { INDENT = 4 };
    for (size_t i = 0; i < provenance->count; i++) {
        buf_add(out, first && i == 0 ? STR("\n") : STR(",\n"));
        buf_add_spaces(out, INDENT);
        emit_json(out, line_node(provenance->layer->arena, provenance, &provenance->lines[i]),
                  INDENT);
    }
}

static void json_begin(struct buf *out)
{
    buf_add_byte(out, '[');
}

static void json_end(struct buf *out)
{
    buf_add(out, STR("\n]\n"));
}

const struct provenance_format *provenance_format_find(const char *name)
{
    static const struct provenance_format formats[] = {
        {"yaml", yaml_nothing, yaml_object, yaml_nothing},
        {"json", json_begin, json_object, json_end},
    };
    for (size_t i = 0; name && i < COUNT_OF(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return &formats[0];
}
