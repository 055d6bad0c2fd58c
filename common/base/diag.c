#include "base/diag.h"

#include "base/utf8.h"

#include <stdlib.h>
#include <string.h>

bool source_is_hidden(const struct source *source)
{
    return source && source->hidden && *source->hidden;
}

bool source_is_same(const struct source *a, const struct source *b)
{
    return a == b || (a && b && a->text.data == b->text.data && str_equal(a->path, b->path));
}

struct location location_file(const struct source *source)
{
    return (struct location){.source = source, .start = SIZE_MAX, .end = SIZE_MAX};
}

bool location_is_file(struct location at)
{
    return at.source && at.start == SIZE_MAX;
}

struct location location_of_use(struct location at)
{
    return at.source && at.source->use ? *at.source->use : at;
}

static bool is_continuation_byte(struct str text, size_t at)
{
    return at < text.len && ((unsigned char)text.data[at] & 0xC0) == 0x80;
}

__attribute__((format(printf, 2, 0))) static struct str
format_truncated(struct arena *arena, const char *format, va_list arguments)
{
    struct str text = str_vformat(arena, format, arguments);
    if (text.len <= DIAG_TEXT_MAX)
        return text;
    size_t end = DIAG_TEXT_MAX;
    while (is_continuation_byte(text, end))
        end--;
    return str_format(arena, "%.*s...", STR_ARG(str_slice(text, 0, end)));
}

bool diags_full(const struct diags *diags)
{
    return diags->errors - diags->repeats[SEVERITY_ERROR] >= DIAG_MAX;
}

static bool is_same_use(const struct location *a, const struct location *b)
{
    return a && b ? a->start == b->start : a == b;
}

/* Returns the diagnostic for the same text of a file, used through another alias; NULL if there is
 * none. */
static struct diag *find_duplicate(const struct diags *diags, const struct diag *diag)
{
    const struct source *source = diag->at.source;
    for (size_t i = 0; source && i < diags->count; i++) {
        struct diag *each = &diags->items[i];
        if (each->at.start == diag->at.start && each->severity == diag->severity &&
            source_is_same(each->at.source, source) &&
            !is_same_use(each->at.source->use, source->use) &&
            str_equal(each->message, diag->message))
            return each;
    }
    return NULL;
}

/* Copies the use of a source, because its tree may be freed before the diagnostics. */
static const struct source *copy_use(struct arena *arena, const struct source *source)
{
    if (!source || !source->use)
        return source;
    struct source *copy = ARENA_NEW(arena, struct source);
    struct location *use = ARENA_NEW(arena, struct location);
    *use = *source->use;
    *copy = *source;
    copy->use = use;
    return copy;
}

/* True if a comment allows the rule at a location. */
static bool is_allowed_at(const struct diag_policy *policy, enum rule rule, struct location at)
{
    bool allowed = false;
    for (struct allowance *each = policy->allowances; each && at.source; each = each->next) {
        bool in_range = each->is_whole_file || (at.start >= each->start && at.start < each->end);
        if (each->rule != rule || !in_range || !source_is_same(each->at.source, at.source))
            continue;
        each->is_used = true;
        allowed = true;
    }
    return allowed;
}

static bool is_allowed(const struct diag_policy *policy, enum rule rule, struct location at)
{
    bool allowed = is_allowed_at(policy, rule, at);
    bool allowed_at_use = is_allowed_at(policy, rule, location_of_use(at));
    return allowed || allowed_at_use || policy->allowed[rule];
}

__attribute__((format(printf, 5, 0))) static void report(struct diags *diags,
                                                         enum severity severity, struct location at,
                                                         enum rule rule, const char *format,
                                                         va_list arguments)
{
    size_t *reported = severity == SEVERITY_ERROR ? &diags->errors : &diags->warnings;
    bool can_allow = severity == SEVERITY_WARNING && diags->policy && rule_can_allow(rule);
    if (can_allow && is_allowed(diags->policy, rule, at)) {
        diags->last_kept = false;
        return;
    }
    diags->last_kept = ++*reported - diags->repeats[severity] <= DIAG_MAX;
    if (!diags->last_kept)
        return;
    const struct diag diag = {.severity = severity,
                              .rule = rule,
                              .at = at,
                              .message = format_truncated(diags->arena, format, arguments),
                              .order = diags->count,
                              .can_allow = can_allow};
    struct diag *first = find_duplicate(diags, &diag);
    if (first) {
        first->repeats++;
        diags->repeats[severity]++;
        diags->last_kept = false;
        return;
    }
    diags->items = arena_grow(diags->arena, diags->items, diags->count, sizeof *diags->items);
    diags->items[diags->count] = diag;
    diags->items[diags->count++].at.source = copy_use(diags->arena, at.source);
}

void diag_verror(struct diags *diags, struct location at, enum rule rule, const char *format,
                 va_list arguments)
{
    report(diags, SEVERITY_ERROR, at, rule, format, arguments);
}

void diag_vwarning(struct diags *diags, struct location at, enum rule rule, const char *format,
                   va_list arguments)
{
    report(diags, SEVERITY_WARNING, at, rule, format, arguments);
}

void diag_error(struct diags *diags, struct location at, enum rule rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_verror(diags, at, rule, format, arguments);
    va_end(arguments);
}

void diag_warning(struct diags *diags, struct location at, enum rule rule, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    diag_vwarning(diags, at, rule, format, arguments);
    va_end(arguments);
}

void diag_context(struct diags *diags, const char *format, ...)
{
    if (!diags->last_kept)
        return;
    va_list arguments;
    va_start(arguments, format);
    diags->items[diags->count - 1].context = format_truncated(diags->arena, format, arguments);
    va_end(arguments);
}

void diag_hint(struct diags *diags, const char *format, ...)
{
    if (!diags->last_kept)
        return;
    va_list arguments;
    va_start(arguments, format);
    diags->items[diags->count - 1].hint = format_truncated(diags->arena, format, arguments);
    va_end(arguments);
}

void diag_hint_line(struct diags *diags, const char *line)
{
    if (!diags->last_kept)
        return;
    struct str *hint = &diags->items[diags->count - 1].hint;
    *hint = str_format(diags->arena, "%.*s%s%s", STR_ARG(*hint), hint->len ? "\n" : "", line);
}

void diag_hide_line(struct diags *diags)
{
    if (diags->last_kept)
        diags->items[diags->count - 1].hides_line = true;
}

void diags_promote_warnings(struct diags *diags)
{
    for (size_t i = 0; i < diags->count; i++)
        diags->items[i].severity = SEVERITY_ERROR;
    diags->errors += diags->warnings;
    diags->repeats[SEVERITY_ERROR] += diags->repeats[SEVERITY_WARNING];
    diags->warnings = diags->repeats[SEVERITY_WARNING] = 0;
}

bool diag_suggest(struct diags *diags, const struct suggestion *suggestion)
{
    if (suggestion->best.len)
        diag_hint(diags, "did you mean \"%.*s\"?", STR_ARG(suggestion->best));
    return suggestion->best.len > 0;
}

/* Returns the start of the line of an offset; excludes a byte order mark. */
static size_t line_start(struct str text, size_t offset)
{
    size_t bom = utf8_bom_len(text);
    size_t first = offset >= bom ? bom : 0;
    while (offset > first && text.data[offset - 1] != '\n')
        offset--;
    return offset;
}

/* Lines and characters are counted once per block of the text, whose lines may be long. */
enum { LINE_MAP_BLOCK = 4096 };

struct line_block {
    size_t line_breaks; /* before the block */
    size_t characters;  /* before the block */
    size_t line_start;  /* of the line that continues in the block, or begins with it */
};

struct line_map {
    struct arena *arena;
    struct line_block *blocks; /* NULL until filled */
};

struct line_map *line_map_new(struct arena *arena)
{
    struct line_map *lines = ARENA_NEW(arena, struct line_map);
    lines->arena = arena;
    return lines;
}

static size_t count_line_breaks(struct str text, size_t start, size_t end)
{
    size_t count = 0;
    struct str part = str_slice(text, start, end);
    for (size_t at = str_find(part, 0, '\n'); at < part.len; at = str_find(part, at + 1, '\n'))
        count++;
    return count;
}

static size_t count_characters(struct str text, size_t start, size_t end)
{
    size_t count = 0;
    for (size_t at = start; at < end; at++)
        count += !is_continuation_byte(text, at);
    return count;
}

/* Returns the start of the line of an offset in or after a block, or the start of the block if the
 * line begins before it. */
static size_t line_start_in_block(struct str text, size_t block_start, size_t offset)
{
    while (offset > block_start && text.data[offset - 1] != '\n')
        offset--;
    return offset;
}

static void line_map_fill(struct line_map *lines, struct str text)
{
    size_t count = text.len / LINE_MAP_BLOCK + 1;
    struct line_block *blocks = ARENA_ARRAY(lines->arena, count, struct line_block);
    blocks[0].line_start = utf8_bom_len(text);
    for (size_t i = 1; i < count; i++) {
        size_t start = (i - 1) * LINE_MAP_BLOCK;
        size_t end = i * LINE_MAP_BLOCK;
        size_t line = line_start_in_block(text, start, end);
        blocks[i].line_breaks = blocks[i - 1].line_breaks + count_line_breaks(text, start, end);
        blocks[i].characters = blocks[i - 1].characters + count_characters(text, start, end);
        blocks[i].line_start = line > start ? line : blocks[i - 1].line_start;
    }
    lines->blocks = blocks;
}

static size_t characters_before(const struct line_map *lines, struct str text, size_t offset)
{
    size_t block = offset / LINE_MAP_BLOCK;
    return lines->blocks[block].characters + count_characters(text, block * LINE_MAP_BLOCK, offset);
}

static struct position find_position(const struct line_map *lines, struct str text, size_t offset)
{
    size_t block = offset / LINE_MAP_BLOCK;
    size_t block_start = block * LINE_MAP_BLOCK;
    size_t line = line_start_in_block(text, block_start, offset);
    if (line == block_start)
        line = lines->blocks[block].line_start;
    if (line > offset) /* in the byte order mark */
        line = offset;
    size_t before = line >= block_start ? count_characters(text, line, offset)
                                        : characters_before(lines, text, offset) -
                                              characters_before(lines, text, line);
    return (struct position){lines->blocks[block].line_breaks +
                                 count_line_breaks(text, block_start, offset) + 1,
                             before + 1};
}

struct position diag_position(const struct source *source, size_t offset)
{
    struct str text = source->text;
    if (offset > text.len)
        offset = text.len;
    if (source->lines) {
        if (!source->lines->blocks)
            line_map_fill(source->lines, text);
        return find_position(source->lines, text, offset);
    }
    size_t start = line_start(text, offset);
    return (struct position){count_line_breaks(text, 0, start) + 1,
                             count_characters(text, start, offset) + 1};
}

static const char *color_code(bool color, const char *code)
{
    return color ? code : "";
}

/* Maximum number of bytes of a line shown before and after the position. */
enum { CONTEXT_BEFORE = 60, CONTEXT_AFTER = 60 };

/* Characters that change the text direction: a line could be displayed as a different one. */
static bool is_bidi_control(uint32_t character)
{
    return character == 0x061C || character == 0x200E || character == 0x200F ||
           (character >= 0x202A && character <= 0x202E) ||
           (character >= 0x2066 && character <= 0x2069);
}

/* Appends the character at `at` unless it needs more than `*room` columns; subtracts its columns.
 * Returns the offset of the next character. */
static size_t add_character(struct buf *out, struct str text, size_t at, size_t *room)
{
    uint32_t character = 0;
    size_t len = utf8_decode(text, at, &character);
    bool control = len == 0 || character < 0x20 || (character >= 0x7F && character < 0xA0) ||
                   is_bidi_control(character);
    size_t columns = control ? 1 : utf8_columns(character);
    if (columns > *room)
        return at;
    *room -= columns;
    if (control)
        buf_add(out, character == '\t' ? STR(" ") : STR("?"));
    else
        buf_add(out, str_slice(text, at, at + len));
    return at + (len ? len : 1);
}

size_t diag_add_visible(struct buf *out, struct str text)
{
    size_t room = SIZE_MAX;
    for (size_t at = 0; at < text.len;) {
        size_t end = at;
        while (end < text.len && text.data[end] >= ' ' && text.data[end] <= '~')
            end++;
        buf_add(out, str_slice(text, at, end));
        room -= end - at;
        at = end < text.len ? add_character(out, text, end, &room) : end;
    }
    return SIZE_MAX - room;
}

void diag_add_truncated(struct buf *out, struct str text, size_t columns)
{
    const struct str ellipsis = STR("...");
    size_t start = out->len;
    size_t cut = start; /* start of the ellipsis */
    size_t room = columns;
    for (size_t at = 0; at < text.len;) {
        size_t next = add_character(out, text, at, &room);
        if (next == at) {
            out->len = columns >= ellipsis.len ? cut : out->len;
            buf_add(out, columns >= ellipsis.len ? ellipsis : STR(""));
            return;
        }
        at = next;
        cut = room >= ellipsis.len ? out->len : cut;
    }
}

static void write_line(struct buf *out, const struct diag *diag, bool color)
{
    struct str text = diag->at.source->text;
    size_t start = diag->at.start < text.len ? diag->at.start : text.len;
    size_t from = line_start(text, start);
    size_t to = str_find(text, start, '\n');
    if (to > from && text.data[to - 1] == '\r')
        to--;
    if (start > to)
        start = to;
    size_t end = diag->at.end < to ? diag->at.end : to;
    const char *before = "";
    const char *after = "";
    if (start - from > CONTEXT_BEFORE) {
        from = start - CONTEXT_BEFORE;
        while (is_continuation_byte(text, from))
            from++;
        before = "...";
    }
    if (to - start > CONTEXT_AFTER) {
        size_t shown = end > start + CONTEXT_AFTER ? end : start + CONTEXT_AFTER;
        if (shown > start + 2 * CONTEXT_AFTER)
            shown = start + 2 * CONTEXT_AFTER;
        while (shown < to && is_continuation_byte(text, shown))
            shown++;
        if (shown < to) {
            to = shown;
            after = "...";
        }
    }
    if (end > to)
        end = to;

    buf_format(out, "  %s", before);
    size_t indent = 2 + strlen(before) + diag_add_visible(out, str_slice(text, from, start));
    size_t marked = diag_add_visible(out, str_slice(text, start, end));
    diag_add_visible(out, str_slice(text, end > start ? end : start, to));
    buf_format(out, "%s\n", after);
    buf_add_spaces(out, indent);
    buf_format(out, "%s^", color_code(color, "\033[1;32m"));
    for (size_t i = 1; i < marked; i++)
        buf_add_byte(out, '~');
    buf_format(out, "%s\n", color_code(color, "\033[0m"));
}

/* Replaces all messages about a hidden file, so that no caller needs to check for one. */
static const char hidden_message[] = "invalid service or environment file";
static const char hidden_hint[] =
    "its content is not shown because it is outside the working directory and the directory of "
    "the service file,\nand has no top-level key name, org_name, providers or modules";

void diag_add_message(struct buf *out, const struct diag *diag)
{
    bool hidden = source_is_hidden(diag->at.source);
    if (diag->context.len && !hidden) {
        diag_add_visible(out, diag->context);
        buf_add(out, STR(": "));
    }
    diag_add_visible(out, hidden ? str_from_c(hidden_message) : diag->message);
}

void diag_add_hint(struct buf *out, const struct diag *diag)
{
    struct str hint = source_is_hidden(diag->at.source) ? str_from_c(hidden_hint) : diag->hint;
    struct str line;
    for (size_t at = 0; str_next_line(hint, &at, &line);) {
        if (line.data > hint.data)
            buf_add_byte(out, '\n');
        diag_add_visible(out, line);
    }
}

/* Writes "used at FILE:LINE:COLUMN through *NAME". */
static void write_use(struct buf *out, const struct diag *diag)
{
    const struct source *source = diag->at.source;
    struct position position = diag_position(source, source->use->start);
    buf_add(out, STR("  used at "));
    diag_add_visible(out, source->path);
    buf_format(out, ":%zu:%zu", position.line, position.column);
    if (!source->secret) {
        buf_add(out, STR(" through "));
        diag_add_visible(out, str_slice(source->text, source->use->start, source->use->end));
    }
    if (diag->repeats)
        buf_format(out, ", and %zu more %s", diag->repeats, diag->repeats == 1 ? "time" : "times");
    buf_add_byte(out, '\n');
}

static void write_hint(struct buf *out, const struct diag *diag)
{
    struct buf hint = {0};
    struct str line;
    diag_add_hint(&hint, diag);
    for (size_t at = 0; str_next_line(buf_str(&hint), &at, &line);)
        buf_format(out, "  %.*s\n", STR_ARG(line));
    buf_free(&hint);
}

static bool is_same_line(struct location a, struct location b)
{
    size_t first = a.start < b.start ? a.start : b.start;
    size_t last = a.start < b.start ? b.start : a.start;
    struct str between = str_slice(a.source->text, first, last);
    return str_find(between, 0, '\n') == between.len;
}

bool diag_shows_line(const struct diags *diags, const struct diag *diag)
{
    const struct source *source = diag->at.source;
    if (!source || location_is_file(diag->at) || source->secret || source_is_hidden(source))
        return false;
    for (size_t i = 0; i < diags->count; i++) {
        const struct diag *each = &diags->items[i];
        if (each->hides_line && source_is_same(each->at.source, source) &&
            is_same_line(each->at, diag->at))
            return false;
    }
    return true;
}

static void write_one(struct buf *out, const struct diags *diags, const struct diag *diag,
                      bool color)
{
    bool hidden = source_is_hidden(diag->at.source);
    const struct source *source = diag->at.source;
    buf_add(out, str_from_c(color_code(color, "\033[1m")));
    if (location_is_file(diag->at)) {
        diag_add_visible(out, source->path);
        buf_add(out, STR(": "));
    } else if (source) {
        struct position position = diag_position(source, diag->at.start);
        diag_add_visible(out, source->path);
        buf_format(out, ":%zu:%zu: ", position.line, position.column);
    }
    bool error = diag->severity == SEVERITY_ERROR;
    buf_format(out, "%s%s:%s ", color_code(color, error ? "\033[31m" : "\033[35m"),
               error ? "error" : "warning", color_code(color, "\033[0m"));
    diag_add_message(out, diag);
    if (diag->can_allow && !hidden)
        buf_format(out, " [%s]", rule_info(diag->rule)->name);
    buf_add_byte(out, '\n');
    if (diag_shows_line(diags, diag))
        write_line(out, diag, color);
    write_hint(out, diag);
    if (source && source->use && !hidden)
        write_use(out, diag);
}

/* Diagnostics about a whole file come first. */
static size_t sort_key(struct location at)
{
    return location_is_file(at) ? 0 : at.start;
}

static int compare_position(const void *a, const void *b)
{
    const struct diag *left = a;
    const struct diag *right = b;
    bool comparable = source_is_same(left->at.source, right->at.source);
    if (comparable && sort_key(left->at) != sort_key(right->at))
        return sort_key(left->at) < sort_key(right->at) ? -1 : 1;
    return left->order < right->order ? -1 : 1;
}

/* Sorts each run of diagnostics of one file; files stay in the order in which they were read. */
static void sort_by_position(struct diag *items, size_t count)
{
    for (size_t from = 0, to; from < count; from = to) {
        for (to = from + 1;
             to < count && source_is_same(items[to].at.source, items[from].at.source);)
            to++;
        qsort(items + from, to - from, sizeof *items, compare_position);
    }
}

/* True if `stored` is `message` as stored: a long message is cut and ends in "...". */
static bool is_stored_form_of(struct str stored, struct str message)
{
    bool cut = message.len > DIAG_TEXT_MAX && stored.len >= DIAG_TEXT_MAX;
    return cut ? str_starts_with(message, str_slice(stored, 0, stored.len - strlen("...")))
               : str_equal(stored, message);
}

bool diags_contain(const struct diags *diags, struct str message)
{
    for (size_t i = 0; i < diags->count; i++)
        if (is_stored_form_of(diags->items[i].message, message))
            return true;
    return false;
}

void diags_sort(const struct diags *diags)
{
    if (diags->count)
        sort_by_position(diags->items, diags->count);
}

size_t diags_omitted(const struct diags *diags)
{
    return diags->errors + diags->warnings - diags->count - diags->repeats[SEVERITY_ERROR] -
           diags->repeats[SEVERITY_WARNING];
}

void diags_write(const struct diags *diags, struct buf *out, bool color)
{
    diags_sort(diags);
    for (size_t i = 0; i < diags->count; i++)
        write_one(out, diags, &diags->items[i], color);
    if (diags_omitted(diags))
        buf_format(out, "... and %zu more\n", diags_omitted(diags));
}
