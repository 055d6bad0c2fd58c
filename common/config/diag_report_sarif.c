/* SARIF 2.1.0, the format of code scanning. Diagnostics without a file are notifications, because
 * viewers require that each result has a file. */
#include "base/version.h"
#include "config/diag_report.h"
#include "yaml/emit.h"

#include <string.h>

/* Appends bytes of a URI that need no escape. */
static bool is_uri_byte(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           (c != '\0' && strchr("-._~/!$&'()*+,;=@", c));
}

/* Returns the URI of a path: relative, or file:// for an absolute path outside the working
 * directory. */
static struct str uri_of(struct arena *arena, struct str path)
{
    struct buf uri = {0};
    path = diag_relative_path(arena, path);
    if (str_starts_with(path, STR("/")))
        buf_add(&uri, STR("file://"));
    for (size_t i = 0; i < path.len; i++) {
        if (is_uri_byte(path.data[i]))
            buf_add_byte(&uri, path.data[i]);
        else
            buf_format(&uri, "%%%02X", (unsigned)(unsigned char)path.data[i]);
    }
    return buf_take(arena, &uri);
}

static void set_text(struct arena *arena, struct node *map, const char *key, struct str text)
{
    node_set_string(arena, node_set_map(arena, map, key), "text", text);
}

static const char *level_of(const struct diag_entry *entry)
{
    return entry->severity == SEVERITY_ERROR ? "error" : "warning";
}

static void set_message(struct arena *arena, struct node *map, const struct diag_entry *entry)
{
    set_text(arena, map, "message",
             entry->hint.len ? STR_JOIN(arena, entry->message, STR("\n"), entry->hint)
                             : entry->message);
}

static struct node *append_location(struct arena *arena, struct node *list,
                                    const struct diag_place *place)
{
    struct node *item = node_append_map(arena, list);
    struct node *physical = node_set_map(arena, item, "physicalLocation");
    node_set_string(arena, node_set_map(arena, physical, "artifactLocation"), "uri",
                    uri_of(arena, place->path));
    if (place->is_file)
        return item;
    struct node *region = node_set_map(arena, physical, "region");
    node_set_int(arena, region, "startLine", (int64_t)place->start.line);
    node_set_int(arena, region, "startColumn", (int64_t)place->start.column);
    node_set_int(arena, region, "endLine", (int64_t)place->end.line);
    node_set_int(arena, region, "endColumn", (int64_t)place->end.column);
    return item;
}

/* The rules of the report, in the order of rules.def. */
struct used_rules {
    bool used[RULE_COUNT];
    int64_t index[RULE_COUNT];
};

static struct used_rules find_used(const struct diag_report *report)
{
    struct used_rules rules = {0};
    int64_t count = 0;
    for (size_t i = 0; i < report->count; i++)
        rules.used[report->entries[i].rule] = true;
    for (enum rule rule = 0; rule < RULE_COUNT; rule++)
        if (rules.used[rule])
            rules.index[rule] = count++;
    return rules;
}

static void append_result(struct arena *arena, struct node *list, const struct diag_entry *entry,
                          const struct used_rules *rules)
{
    struct node *result = node_append_map(arena, list);
    node_set_string(arena, result, "ruleId", str_from_c(rule_info(entry->rule)->name));
    node_set_int(arena, result, "ruleIndex", rules->index[entry->rule]);
    node_set_string(arena, result, "level", str_from_c(level_of(entry)));
    set_message(arena, result, entry);
    append_location(arena, node_set_list(arena, result, "locations"), &entry->at);
    if (entry->use.path.len) {
        struct node *related = node_set_list(arena, result, "relatedLocations");
        struct str text = STR("used here through an alias");
        if (entry->repeats)
            text = str_format(arena, "%.*s, and %zu more %s", STR_ARG(text), entry->repeats,
                              entry->repeats == 1 ? "time" : "times");
        set_text(arena, append_location(arena, related, &entry->use), "message", text);
    }
}

static void append_notification(struct arena *arena, struct node *list,
                                const struct diag_entry *entry, const struct used_rules *rules)
{
    struct node *notification = node_append_map(arena, list);
    struct node *rule = node_set_map(arena, notification, "associatedRule");
    node_set_string(arena, rule, "id", str_from_c(rule_info(entry->rule)->name));
    node_set_int(arena, rule, "index", rules->index[entry->rule]);
    node_set_string(arena, notification, "level", str_from_c(level_of(entry)));
    set_message(arena, notification, entry);
}

static void set_driver(struct arena *arena, struct node *run, const struct used_rules *rules)
{
    struct node *driver = node_set_map(arena, node_set_map(arena, run, "tool"), "driver");
    node_set_string(arena, driver, "name", STR("optasvc"));
    node_set_string(arena, driver, "version", str_from_c(version_number));
    node_set_string(arena, driver, "informationUri", STR("https://github.com/optasvc/optasvc"));
    struct node *list = node_set_list(arena, driver, "rules");
    for (enum rule rule = 0; rule < RULE_COUNT; rule++) {
        if (!rules->used[rule])
            continue;
        const struct rule_info *info = rule_info(rule);
        struct node *item = node_append_map(arena, list);
        node_set_string(arena, item, "id", str_from_c(info->name));
        set_text(arena, item, "shortDescription", str_from_c(info->why));
        set_text(arena, item, "fullDescription", str_from_c(info->why));
        set_text(arena, item, "help", str_from_c(info->fix));
        bool warns = info->level == LEVEL_WARNING || info->level == LEVEL_ALLOWABLE;
        node_set_string(arena, node_set_map(arena, item, "defaultConfiguration"), "level",
                        warns ? STR("warning") : STR("error"));
    }
}

/* Appends what is not about a place in a file. */
static void set_invocation(const struct diag_report *report, struct node *run,
                           const struct used_rules *rules)
{
    struct arena *arena = report->arena;
    struct node *invocation = node_append_map(arena, node_set_list(arena, run, "invocations"));
    struct node *list = node_new(arena, NODE_LIST);
    bool ok = true; /* mistakes in files are results */
    for (size_t i = 0; i < report->count; i++) {
        const struct diag_entry *entry = &report->entries[i];
        if (entry->at.path.len)
            continue;
        append_notification(arena, list, entry, rules);
        ok &= entry->severity != SEVERITY_ERROR;
    }
    node_set_bool(arena, invocation, "executionSuccessful", ok);
    node_set(arena, invocation, "toolExecutionNotifications", list);
    for (size_t i = 0; i < report->note_count; i++) {
        struct node *note = node_append_map(arena, list);
        node_set_string(arena, note, "level", STR("note"));
        set_text(arena, note, "message", report->notes[i]);
    }
}

void diag_report_write_sarif(const struct diag_report *report, struct buf *out)
{
    struct arena *arena = report->arena;
    const struct used_rules rules = find_used(report);
    struct node *root = node_new(arena, NODE_MAP);
    node_set_string(arena, root, "$schema", STR("https://json.schemastore.org/sarif-2.1.0.json"));
    node_set_string(arena, root, "version", STR("2.1.0"));
    struct node *run = node_append_map(arena, node_set_list(arena, root, "runs"));
    set_driver(arena, run, &rules);
    node_set_string(arena, run, "columnKind", STR("unicodeCodePoints"));
    set_invocation(report, run, &rules);
    struct node *results = node_set_list(arena, run, "results");
    for (size_t i = 0; i < report->count; i++)
        if (report->entries[i].at.path.len)
            append_result(arena, results, &report->entries[i], &rules);
    emit_json(out, root, 0);
    buf_add_byte(out, '\n');
}
