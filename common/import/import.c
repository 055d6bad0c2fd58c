#include "import/import.h"

#include "config/interpolate.h"

#include <stdlib.h>

static struct node *key_node(struct import *import, struct str name, struct location at)
{
    struct node *key = node_scalar(import->arena, STYLE_TEXT, name);
    key->span = at;
    return key;
}

static void set(struct import *import, struct node *map, struct str name, struct node *value,
                struct location at)
{
    value->span = at;
    node_put(map, key_node(import, name, at), value);
}

static struct str field_name(enum field_id field)
{
    return str_from_c(schema_field(field)->name);
}

void import_start(struct import *import, struct str name)
{
    struct location at = location_file(import->source);
    import->file = node_new(import->arena, NODE_MAP);
    import->file->span = at;
    import_string(import, import->file, FILE_NAME, name, at);
    import->modules = import_list(import, import->file, FILE_MODULES, at);
}

struct node *import_add_service(struct import *import, struct str name, struct location at)
{
    struct node *module = import_item_map(import, import->modules, at);
    import_string(import, module, SERVICE_NAME, name, at);
    import_string(import, module, SERVICE_TYPE, STR("k8s-service"), at);
    return module;
}

struct node *import_get(const struct node *map, enum field_id field)
{
    return node_get(map, schema_field(field)->name);
}

static struct node *set_field(struct import *import, struct node *map, enum field_id field,
                              struct node *value, struct location at)
{
    node_remove(map, schema_field(field)->name);
    set(import, map, field_name(field), value, at);
    return value;
}

struct node *import_string(struct import *import, struct node *map, enum field_id field,
                           struct str text, struct location at)
{
    return set_field(import, map, field, node_scalar(import->arena, STYLE_TEXT, text), at);
}

struct node *import_int(struct import *import, struct node *map, enum field_id field,
                        int64_t number, struct location at)
{
    return set_field(import, map, field, node_int(import->arena, number), at);
}

struct node *import_bool(struct import *import, struct node *map, enum field_id field, bool flag,
                         struct location at)
{
    return set_field(import, map, field,
                     node_scalar(import->arena, STYLE_PLAIN, flag ? STR("true") : STR("false")),
                     at);
}

static struct node *collection(struct import *import, struct node *map, enum field_id field,
                               enum node_kind kind, struct location at)
{
    struct node *old = import_get(map, field);
    if (old)
        return old;
    struct node *value = node_new(import->arena, kind);
    set(import, map, field_name(field), value, at);
    return value;
}

struct node *import_map(struct import *import, struct node *map, enum field_id field,
                        struct location at)
{
    return collection(import, map, field, NODE_MAP, at);
}

struct node *import_list(struct import *import, struct node *map, enum field_id field,
                         struct location at)
{
    return collection(import, map, field, NODE_LIST, at);
}

struct node *import_entry(struct import *import, struct node *map, struct str key, struct str text,
                          struct location at)
{
    struct node *value = node_scalar(import->arena, STYLE_TEXT, text);
    set(import, map, key, value, at);
    return value;
}

static struct node *append(struct node *list, struct node *item, struct location at)
{
    item->span = at;
    node_append(list, item);
    return item;
}

struct node *import_item(struct import *import, struct node *list, struct str text,
                         struct location at)
{
    return append(list, node_scalar(import->arena, STYLE_TEXT, text), at);
}

struct node *import_item_map(struct import *import, struct node *list, struct location at)
{
    return append(list, node_new(import->arena, NODE_MAP), at);
}

struct str import_name(struct arena *arena, struct str name, size_t max)
{
    struct buf out = {0};
    for (size_t i = 0; i < name.len && out.len < max; i++) {
        char c = name.data[i];
        bool digit = c >= '0' && c <= '9';
        if (c >= 'A' && c <= 'Z')
            c = (char)(c - 'A' + 'a');
        bool letter = c >= 'a' && c <= 'z';
        if (out.len == 0 && !letter && digit)
            buf_add(&out, STR("s"));
        if (letter || digit || out.len)
            buf_add_byte(&out, letter || digit ? c : '-');
    }
    while (out.len && out.data[out.len - 1] == '-')
        out.len--;
    return buf_take(arena, &out);
}

void import_registry(struct import *import, const char *registry)
{
    struct location at = location_file(import->source);
    struct node *node =
        import_string(import, import->file, FILE_REGISTRY,
                      registry ? str_from_c(registry) : STR("registry.example.com"), at);
    if (registry)
        return;
    import_comment(import, node, false, "where you push the images that you build");
    import_note(import, NOTE_LOST, at, STR(""),
                "registry is an example: set it to the registry of the images that you build, "
                "or pass --registry");
}

void import_comment(struct import *import, const struct node *node, bool above, const char *format,
                    ...)
{
    struct import_comment *comment = ARENA_NEW(import->arena, struct import_comment);
    va_list arguments;
    va_start(arguments, format);
    comment->text = str_vformat(import->arena, format, arguments);
    va_end(arguments);
    comment->above = above;
    map_add_object(import->arena, &import->comments, node, comment);
}

void import_vnote(struct import *import, enum note_kind kind, struct location at,
                  struct str subject, const char *format, va_list arguments)
{
    import->notes =
        arena_grow(import->arena, import->notes, import->note_count, sizeof *import->notes);
    import->notes[import->note_count] =
        (struct import_note){.kind = kind,
                             .at = at,
                             .subject = subject,
                             .text = str_vformat(import->arena, format, arguments),
                             .order = import->note_count};
    import->note_count++;
}

void import_note(struct import *import, enum note_kind kind, struct location at, struct str subject,
                 const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    import_vnote(import, kind, at, subject, format, arguments);
    va_end(arguments);
}

void import_note_secret(struct import *import, struct str subject, struct str name,
                        struct str value, struct location at)
{
    struct str *copy = ARENA_NEW(import->arena, struct str);
    *copy = value;
    const struct str *first = map_add(import->arena, &import->secrets, name, copy);
    import_note(import, NOTE_LOST, at, subject,
                "the value of %.*s is not carried over, because it may be a credential: run "
                "kubectl optasvc secret set %.*s -f FILE",
                STR_ARG(name), STR_ARG(name));
    if (first && !str_equal(*first, value))
        import_note(import, NOTE_LOST, at, subject,
                    "%.*s has another value elsewhere, but secrets of a namespace have one value: "
                    "rename one of them",
                    STR_ARG(name));
}

static int compare_notes(const void *one, const void *other)
{
    const struct import_note *a = one;
    const struct import_note *b = other;
    if (a->at.start != b->at.start)
        return a->at.start < b->at.start ? -1 : 1;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Notes with the same text, of different services. */
struct note_group {
    const struct import_note *first;
    struct map subjects; /* the values are not used */
};

static void write_group(const struct import *import, const struct note_group *group,
                        struct buf *out, bool color)
{
    const struct import_note *note = group->first;
    bool lost = note->kind == NOTE_LOST;
    size_t others = group->subjects.count - 1;
    if (note->at.source && !import->strict) {
        buf_add(out, color ? STR("\033[1m") : STR(""));
        diag_add_visible(out, note->at.source->path);
        if (!location_is_file(note->at)) {
            struct position position = diag_position(note->at.source, note->at.start);
            buf_format(out, ":%zu:%zu", position.line, position.column);
        }
        buf_add(out, STR(": "));
    }
    buf_format(out, "%s%s:%s ", color ? (lost ? "\033[35m" : "\033[36m") : "",
               lost ? "warning" : "note", color ? "\033[0m" : "");
    diag_add_visible(out, note->subject);
    if (others)
        buf_format(out, " and %zu %s", others, others == 1 ? "other" : "others");
    buf_add(out, note->subject.len ? STR(": ") : STR(""));
    diag_add_visible(out, note->text);
    buf_add_byte(out, '\n');
}

void import_write_notes(struct import *import, struct buf *out, bool color)
{
    struct arena *arena = import->arena;
    struct map by_text = {0};
    struct note_group *groups = ARENA_ARRAY(arena, import->note_count, struct note_group);
    size_t count = 0;
    if (import->note_count)
        qsort(import->notes, import->note_count, sizeof *import->notes, compare_notes);
    for (size_t i = 0; i < import->note_count; i++) {
        const struct import_note *note = &import->notes[i];
        struct str key = note->text;
        if (note->kind == NOTE_LOST)
            key = str_format(arena, "%zu %.*s", note->at.start, STR_ARG(note->text));
        struct note_group *group = &groups[count];
        const struct note_group *first = map_add(arena, &by_text, key, group);
        if (first)
            group = &groups[first - groups];
        else
            groups[count++] = (struct note_group){.first = note};
        map_add(arena, &group->subjects, note->subject, note);
    }
    for (size_t i = 0; i < count; i++)
        write_group(import, &groups[i], out, color);
}

static bool is_placeholder_byte(const bool *placeholders, size_t at)
{
    return placeholders && placeholders[at];
}

/* True if `literal` reads as `text`. Its placeholders read as nothing here. Sets `*ret_warns` if
 * it also causes a warning. */
static bool reads_as(struct arena *arena, struct str literal, struct str text, bool *ret_warns)
{
    struct diags diags = {.arena = arena};
    struct scope scope = {.arena = arena, .diags = &diags, .environment_invalid = true};
    struct filled_string filled;
    interpolate(&scope, node_scalar(arena, STYLE_TEXT, literal), &filled);
    *ret_warns = diags.count > 0;
    return str_equal(filled.text, text);
}

/* Doubles each pair of braces. A brace without a partner is a literal one anyway. */
static struct str double_braces(struct arena *arena, struct str text, const bool *placeholders)
{
    bool *doubled = ARENA_ARRAY(arena, text.len, bool);
    size_t *open = ARENA_ARRAY(arena, text.len, size_t);
    size_t depth = 0;
    for (size_t at = 0; at < text.len; at++) {
        if (is_placeholder_byte(placeholders, at))
            continue;
        if (text.data[at] == '{')
            open[depth++] = at;
        if (text.data[at] == '}' && depth > 0)
            doubled[at] = doubled[open[--depth]] = true;
    }
    struct buf out = {0};
    for (size_t at = 0; at < text.len; at++) {
        buf_add_byte(&out, text.data[at]);
        if (doubled[at])
            buf_add_byte(&out, text.data[at]);
    }
    return buf_take(arena, &out);
}

struct str import_literal(struct arena *arena, struct str text, const bool *placeholders)
{
    bool warns;
    struct buf rest = {0}; /* without placeholders */
    if (str_find(text, 0, '{') == text.len)
        return text;
    for (size_t at = 0; at < text.len; at++)
        if (!is_placeholder_byte(placeholders, at))
            buf_add_byte(&rest, text.data[at]);
    struct str expected = buf_take(arena, &rest);
    bool is_literal = reads_as(arena, text, expected, &warns);
    if (is_literal && !warns)
        return text;
    struct str doubled = double_braces(arena, text, placeholders);
    return reads_as(arena, doubled, expected, &warns) || !is_literal ? doubled : text;
}
