#include "config/diag_report.h"

#include "yaml/emit.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char json[] = "json";
static const char sarif[] = "sarif";
static const char github[] = "github";
const char *const diag_format_names[] = {json, sarif, github, NULL};

struct diag_report diag_report_begin(struct arena *arena, const char *format)
{
    return (struct diag_report){
        .arena = arena, .format = format, .root = node_new(arena, NODE_MAP)};
}

bool diag_report_is_json(const struct diag_report *report)
{
    return strcmp(report->format, json) == 0;
}

/* Collecting */

static struct str visible(struct arena *arena, struct str text)
{
    struct buf out = {0};
    diag_add_visible(&out, text);
    return buf_take(arena, &out);
}

static struct diag_place place_of(struct arena *arena, struct location at)
{
    if (!at.source)
        return (struct diag_place){0};
    struct diag_place place = {.path = visible(arena, at.source->path),
                               .is_file = location_is_file(at)};
    if (!place.is_file) {
        place.start = diag_position(at.source, at.start);
        place.end = at.end > at.start ? diag_position(at.source, at.end) : place.start;
    }
    return place;
}

static void add_entry(struct diag_report *report, const struct diag *diag)
{
    struct arena *arena = report->arena;
    struct buf message = {0};
    struct buf hint = {0};
    diag_add_message(&message, diag);
    diag_add_hint(&hint, diag);
    report->entries = arena_grow(arena, report->entries, report->count, sizeof *report->entries);
    struct diag_entry *entry = &report->entries[report->count++];
    *entry = (struct diag_entry){.severity = diag->severity,
                                 .rule = diag->rule,
                                 .repeats = diag->repeats,
                                 .message = buf_take(arena, &message),
                                 .hint = buf_take(arena, &hint),
                                 .at = place_of(arena, diag->at)};
    const struct source *source = diag->at.source;
    if (source && source->use && !source_is_hidden(source))
        entry->use = place_of(arena, *source->use);
}

void diag_report_add_notes(struct diag_report *report, struct str lines)
{
    struct str line;
    for (size_t at = 0; str_next_line(lines, &at, &line);) {
        report->notes =
            arena_grow(report->arena, report->notes, report->note_count, sizeof *report->notes);
        report->notes[report->note_count++] = str_copy(report->arena, line);
    }
}

void diag_report_add(struct diag_report *report, const struct diags *diags)
{
    diags_sort(diags);
    for (size_t i = 0; i < diags->count; i++)
        add_entry(report, &diags->items[i]);
    report->errors += diags->errors - diags->repeats[SEVERITY_ERROR];
    report->warnings += diags->warnings - diags->repeats[SEVERITY_WARNING];
    size_t omitted = diags_omitted(diags);
    if (omitted)
        diag_report_add_notes(report, str_format(report->arena, "... and %zu more", omitted));
}

/* json */

static void set_place(struct arena *arena, struct node *map, const struct diag_place *place)
{
    if (place->path.len == 0)
        return;
    node_set_string(arena, map, "file", place->path);
    if (place->is_file)
        return;
    node_set_int(arena, map, "line", (int64_t)place->start.line);
    node_set_int(arena, map, "column", (int64_t)place->start.column);
    node_set_int(arena, map, "endLine", (int64_t)place->end.line);
    node_set_int(arena, map, "endColumn", (int64_t)place->end.column);
}

static void append_entry(struct arena *arena, struct node *list, const struct diag_entry *entry)
{
    struct node *item = node_append_map(arena, list);
    bool error = entry->severity == SEVERITY_ERROR;
    node_set_string(arena, item, "severity", error ? STR("error") : STR("warning"));
    node_set_string(arena, item, "rule", str_from_c(rule_info(entry->rule)->name));
    node_set_string(arena, item, "message", entry->message);
    if (entry->hint.len)
        node_set_string(arena, item, "hint", entry->hint);
    set_place(arena, item, &entry->at);
    if (entry->use.path.len)
        set_place(arena, node_set_map(arena, item, "usedAt"), &entry->use);
    if (entry->repeats)
        node_set_int(arena, item, "moreUses", (int64_t)entry->repeats);
}

static void write_json(const struct diag_report *report, struct buf *out)
{
    struct arena *arena = report->arena;
    node_set_int(arena, report->root, "errors", (int64_t)report->errors);
    node_set_int(arena, report->root, "warnings", (int64_t)report->warnings);
    struct node *list = node_set_list(arena, report->root, "diagnostics");
    for (size_t i = 0; i < report->count; i++)
        append_entry(arena, list, &report->entries[i]);
    struct node *notes = node_set_list(arena, report->root, "notes");
    for (size_t i = 0; i < report->note_count; i++)
        node_append_string(arena, notes, report->notes[i]);
    emit_json(out, report->root, 0);
    buf_add_byte(out, '\n');
}

/* github */

struct str diag_relative_path(struct arena *arena, struct str path)
{
    char *directory = getcwd(NULL, 0);
    struct str root = directory ? str_format(arena, "%s/", directory) : STR("/");
    free(directory);
    if (str_starts_with(path, root))
        path = str_skip(path, root.len);
    while (str_starts_with(path, STR("./")))
        path = str_skip(path, strlen("./"));
    return path;
}

/* Appends text of a workflow command. A property also escapes the characters that end it. */
static void add_escaped(struct buf *out, struct str text, bool property)
{
    for (size_t i = 0; i < text.len; i++) {
        char c = text.data[i];
        if (c == '%' || c == '\r' || c == '\n' || (property && (c == ':' || c == ',')))
            buf_format(out, "%%%02X", (unsigned)c);
        else
            buf_add_byte(out, c);
    }
}

static void add_place(struct buf *out, struct arena *arena, const struct diag_place *place)
{
    if (place->path.len == 0)
        return;
    buf_add(out, STR("file="));
    add_escaped(out, diag_relative_path(arena, place->path), true);
    buf_add_byte(out, ',');
    if (place->is_file)
        return;
    buf_format(out, "line=%zu,endLine=%zu,col=%zu,", place->start.line, place->end.line,
               place->start.column);
    if (place->end.line == place->start.line && place->end.column > place->start.column)
        buf_format(out, "endColumn=%zu,", place->end.column);
}

static void write_github(const struct diag_report *report, struct buf *out)
{
    for (size_t i = 0; i < report->count; i++) {
        const struct diag_entry *entry = &report->entries[i];
        buf_format(out, "::%s ", entry->severity == SEVERITY_ERROR ? "error" : "warning");
        add_place(out, report->arena, &entry->at);
        buf_format(out, "title=%s::", rule_info(entry->rule)->name);
        add_escaped(out, entry->message, false);
        if (entry->hint.len)
            add_escaped(out, STR("\n"), false);
        add_escaped(out, entry->hint, false);
        buf_add_byte(out, '\n');
    }
    for (size_t i = 0; i < report->note_count; i++)
        buf_format(out, "note: %.*s\n", STR_ARG(report->notes[i]));
}

void diag_report_write(const struct diag_report *report, struct buf *out)
{
    if (diag_report_is_json(report))
        write_json(report, out);
    else if (strcmp(report->format, sarif) == 0)
        diag_report_write_sarif(report, out);
    else
        write_github(report, out);
}
