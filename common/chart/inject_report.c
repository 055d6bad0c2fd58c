/* The log and the report of an injection. */
#include "chart/inject_report.h"

/* True if the log, a report or --dry-run shows all events. */
static bool shows_all_events(const struct inject_options *options)
{
    return options->dry_run || options->log_file || options->report || options->format;
}

/* True for events that stderr shows even without --dry-run: changes of the chart's values, settings
 * that were not applied, and selections among several candidates. */
static bool is_always_shown(const struct change_event *event)
{
    if (event->kind == CHANGE_CHOSEN)
        return event->is_guess;
    return event->kind != CHANGE_ADDED && event->kind != CHANGE_IGNORED;
}

void inject_keep_events(struct injection *injection, struct event_list events)
{
    struct arena *arena = injection->run_arena;
    struct event_list *kept = &injection->events;
    for (size_t i = 0; i < events.count; i++) {
        struct change_event event = events.items[i];
        if (!shows_all_events(injection->options) && !is_always_shown(&event))
            continue;
        event.container = str_copy(arena, event.container);
        event.what = str_copy(arena, event.what);
        event.detail = str_copy(arena, event.detail);
        kept->items = arena_grow(arena, kept->items, kept->count, sizeof event);
        kept->items[kept->count++] = event;
    }
}

static const char *const change_names[CHANGE_KINDS] = {
    [CHANGE_ADDED] = "added",         [CHANGE_REPLACED] = "replaced", [CHANGE_REMOVED] = "removed",
    [CHANGE_KEPT] = "kept",           [CHANGE_SKIPPED] = "skipped",   [CHANGE_CHOSEN] = "chosen",
    [CHANGE_CONVERTED] = "converted", [CHANGE_DIFFERS] = "differs",   [CHANGE_LOST] = "lost",
    [CHANGE_IGNORED] = "ignored",
};

/* Appends what an event is about: "KIND/NAME", for messages with the namespace if needed, or the
 * service. */
static void add_title(struct buf *out, const struct change_event *event, bool message)
{
    const struct object *object = event->object;
    if (!object)
        buf_format(out, "service %.*s", STR_ARG(event->service->name));
    else if (message && object_needs_namespace(object))
        buf_format(out, "%.*s/%.*s/%.*s", STR_ARG(object->namespace), STR_ARG(object->kind),
                   STR_ARG(object->name));
    else
        buf_format(out, "%.*s/%.*s", STR_ARG(object->kind), STR_ARG(object->name));
}

static void write_event(const struct change_event *event, struct buf *line, struct buf *out)
{
    size_t start = line->len;
    add_title(line, event, true);
    if (event->container.len && event->shows_container) {
        buf_add(line, STR(": container "));
        buf_add(line, event->container);
    }
    if (event->what.len) {
        buf_add(line, STR(": "));
        buf_add(line, event->what);
    }
    buf_add(line, STR(": "));
    buf_add(line, str_from_c(change_names[event->kind]));
    if (event->detail.len) {
        buf_add(line, STR(" ("));
        buf_add(line, event->detail);
        buf_add_byte(line, ')');
    }
    diag_add_visible(out, str_slice(buf_str(line), start, start + DIAG_TEXT_MAX));
    buf_add_byte(out, '\n');
    line->len = start;
}

void inject_write_events(const struct injection *injection, struct buf *out, bool all)
{
    struct buf line = {0};
    for (size_t i = 0; i < injection->events.count; i++)
        if (injection->events.items[i].kind != CHANGE_LOST &&
            (all || is_always_shown(&injection->events.items[i])))
            write_event(&injection->events.items[i], &line, out);
    buf_free(&line);
}

bool inject_has_changes(const struct injection *injection)
{
    for (size_t i = 0; i < injection->events.count; i++)
        if (injection->events.items[i].kind != CHANGE_IGNORED &&
            injection->events.items[i].kind != CHANGE_CHOSEN)
            return true;
    return false;
}

static void append_event(struct arena *arena, struct node *list, const struct change_event *event)
{
    struct node *item = node_append_map(arena, list);
    struct buf title = {0};
    add_title(&title, event, false);
    node_set_string(arena, item, "object", buf_take(arena, &title));
    if (event->object && event->object->namespace.len)
        node_set_string(arena, item, "namespace", event->object->namespace);
    if (event->container.len)
        node_set_string(arena, item, "container", event->container);
    if (event->what.len)
        node_set_string(arena, item, "field", event->what);
    if (event->detail.len)
        node_set_string(arena, item, "detail", event->detail);
    if (event->kind == CHANGE_LOST)
        node_set_bool(arena, item, "lost", true);
}

/* Lists of these events are written only if they have items. */
static bool is_optional(enum change_kind kind)
{
    return kind == CHANGE_CONVERTED || kind == CHANGE_DIFFERS || kind == CHANGE_IGNORED;
}

/* The lists of the JSON report, in order, and the kinds of events in each. */
static const struct {
    const char *key;
    enum change_kind first;
    enum change_kind last;
} report_lists[] = {
    {"added", CHANGE_ADDED, CHANGE_ADDED},        {"replaced", CHANGE_REPLACED, CHANGE_REPLACED},
    {"removed", CHANGE_REMOVED, CHANGE_REMOVED},  {"left", CHANGE_KEPT, CHANGE_SKIPPED},
    {"chosen", CHANGE_CHOSEN, CHANGE_CHOSEN},     {"converted", CHANGE_CONVERTED, CHANGE_CONVERTED},
    {"differences", CHANGE_DIFFERS, CHANGE_LOST}, {"ignored", CHANGE_IGNORED, CHANGE_IGNORED}};

void inject_list_events(const struct injection *injection, struct node *map)
{
    struct arena *arena = injection->arena;
    for (size_t i = 0; i < COUNT_OF(report_lists); i++) {
        struct node *list = node_new(arena, NODE_LIST);
        for (size_t j = 0; j < injection->events.count; j++)
            if (injection->events.items[j].kind >= report_lists[i].first &&
                injection->events.items[j].kind <= report_lists[i].last)
                append_event(arena, list, &injection->events.items[j]);
        if (!is_optional(report_lists[i].first) || list->first)
            node_set(arena, map, report_lists[i].key, list);
    }
}
