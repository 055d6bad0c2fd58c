#include "manifest/provenance.h"

#include "manifest/provenance_rules.h"

#include <string.h>

enum row_kind { ROW_FIXED, ROW_SET, ROW_FROM, ROW_ENVIRONMENT, ROW_RULE };

struct row {
    const char *kinds;
    const char *path;
    enum row_kind kind;
    enum field_id field; /* ROW_SET, ROW_FROM, ROW_ENVIRONMENT */
    provenance_rule *rule;
    const char *reason;
};

static const struct row rows[] = {
#define FIXED(kinds, path, reason)              {kinds, path, ROW_FIXED, 0, NULL, reason},
#define SET(kinds, path, field, reason)         {kinds, path, ROW_SET, field, NULL, reason},
#define FROM(kinds, path, field, reason)        {kinds, path, ROW_FROM, field, NULL, reason},
#define ENVIRONMENT(kinds, path, field, reason) {kinds, path, ROW_ENVIRONMENT, field, NULL, reason},
#define RULE(kinds, path, rule, reason)         {kinds, path, ROW_RULE, 0, rule_##rule, reason},
#include "manifest/provenance.def"
};

/* A row in the list of those whose paths have the same last key. */
struct row_link {
    const struct row *row;
    struct row_link *next;
    struct row_link *last; /* of the list; set in its first link */
};

static struct str last_word(const char *path)
{
    const char *space = strrchr(path, ' ');
    return str_from_c(space ? space + 1 : path);
}

struct provenance_table provenance_table_new(struct arena *arena)
{
    struct provenance_table table = {0};
    struct row_link *links = ARENA_ARRAY(arena, COUNT_OF(rows), struct row_link);
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct row_link *link = &links[i];
        *link = (struct row_link){.row = &rows[i], .last = link};
        const struct row_link *first = map_add(arena, &table.rows, last_word(rows[i].path), link);
        if (!first)
            continue;
        first->last->next = link;
        links[first - links].last = link;
    }
    return table;
}

/* Steps */

const struct step *step_at(const struct trace *trace, size_t index)
{
    return &trace->steps[trace->base + index];
}

struct str step_last(const struct trace *trace)
{
    return trace->steps[trace->depth - 1].key;
}

/* Splits the last word from a path. */
static struct str take_last(struct str *path)
{
    size_t start = path->len;
    while (start > 0 && path->data[start - 1] != ' ')
        start--;
    struct str word = str_skip(*path, start);
    *path = str_slice(*path, 0, start ? start - 1 : 0);
    return word;
}

static bool matches_path(const struct trace *trace, const char *path)
{
    struct str words = str_from_c(path);
    for (size_t at = trace->depth; words.len; at--) {
        struct str word = take_last(&words);
        if (str_eq_c(word, "~"))
            return true;
        if (at == trace->base ||
            (!str_eq_c(word, "*") && !str_equal(word, trace->steps[at - 1].key)))
            return false;
        if (words.len == 0)
            return at - 1 == trace->base;
    }
    return false;
}

static bool matches_kind(const struct trace *trace, const char *kinds)
{
    struct str words = str_from_c(kinds);
    if (trace->base)
        return str_eq_c(words, "Pod");
    if (str_eq_c(words, "*"))
        return true;
    while (words.len)
        if (str_equal(take_last(&words), trace->kind))
            return true;
    return false;
}

static const struct row *find_row(const struct trace *trace, struct str last)
{
    const struct row_link *link = map_get(&trace->table->rows, last);
    for (; link; link = link->next)
        if (matches_kind(trace, link->row->kinds) && matches_path(trace, link->row->path))
            return link->row;
    return NULL;
}

/* Sources */

static struct provenance_source *add_source(struct trace *trace)
{
    struct provenance_line *line = trace->line;
    static struct provenance_source ignored;
    return line->count < PROVENANCE_SOURCES_MAX ? &trace->sources[line->count++] : &ignored;
}

void from_location(struct trace *trace, struct location at, const char *reason)
{
    *add_source(trace) = (struct provenance_source){.at = at, .reason = reason};
}

void from_constant(struct trace *trace, const char *reason)
{
    *add_source(trace) = (struct provenance_source){.reason = reason};
}

void from_flag(struct trace *trace, const char *flag)
{
    *add_source(trace) = (struct provenance_source){.flag = flag};
}

/* Returns the path of a field as `explain` prints it. */
static struct str field_name(struct arena *arena, enum field_id id)
{
    struct str name = str_from_c(schema_field(id)->name);
    for (size_t i = 0; i < SCHEMA_COUNT; i++) {
        const struct schema *schema = schemas[i];
        bool has_field = (int)id >= schema->first && (int)id < schema->first + (int)schema->count;
        if (has_field && schema != &file_schema)
            return STR_JOIN(arena, str_from_c(schema->path), name);
    }
    return name;
}

void from_default(struct trace *trace, enum field_id field, const char *reason)
{
    *add_source(trace) = (struct provenance_source){.field = field_name(trace->layer->arena, field),
                                                    .reason = reason};
}

void from_value(struct trace *trace, const struct record *record, enum field_id field,
                const char *set, const char *unset)
{
    if (record && record_has(record, field))
        from_location(trace, record_location(record, field), set);
    else
        from_default(trace, field, unset);
}

void from_field(struct trace *trace, enum field_id field, const char *set, const char *unset)
{
    from_value(trace, trace->service ? trace->service->record : NULL, field, set, unset);
}

void from_environment(struct trace *trace, enum field_id field, const char *set, const char *unset)
{
    from_value(trace, trace->layer->environment.file, field, set, unset);
}

void from_name(struct trace *trace, const char *reason)
{
    from_location(trace, trace->service->at, reason);
}

bool from_item(struct trace *trace, const struct value *map, struct str key)
{
    const struct item *item = provenance_index_item(trace->provenance->index, map, key);
    if (item)
        from_location(trace, item->node->span, NULL);
    return item != NULL;
}

/* Sets the job that the object is for. */
static void set_job(struct trace *trace)
{
    const struct service *service = trace->service;
    struct str name = node_string(node_at(trace->object, "metadata name"));
    if (str_eq_c(trace->kind, "Job")) {
        trace->job = service->pre_deploy;
        trace->job_record = record_value(service->record, SERVICE_PRE_DEPLOY)->records[0];
    }
    for (size_t i = 0; str_eq_c(trace->kind, "CronJob") && i < service->cron_job_count; i++) {
        if (!str_equal(service->cron_jobs[i].name, name))
            continue;
        trace->job = &service->cron_jobs[i].job;
        trace->job_record = record_value(service->record, SERVICE_CRON_JOBS)->records[i];
        return;
    }
}

/* Lines */

static void use_row(struct trace *trace, const struct row *row)
{
    switch (row->kind) {
    case ROW_FIXED:
        from_constant(trace, row->reason);
        break;
    case ROW_SET:
        from_field(trace, row->field, NULL, row->reason);
        break;
    case ROW_FROM:
        from_field(trace, row->field, row->reason, row->reason);
        break;
    case ROW_ENVIRONMENT:
        from_environment(trace, row->field, NULL, row->reason);
        break;
    case ROW_RULE:
        row->rule(trace, row->reason);
        break;
    }
}

static void add_pointer_key(struct buf *out, struct str key)
{
    for (size_t i = 0; i < key.len; i++) {
        if (key.data[i] == '~')
            buf_add(out, STR("~0"));
        else if (key.data[i] == '/')
            buf_add(out, STR("~1"));
        else
            buf_add_byte(out, key.data[i]);
    }
}

/* Returns the path of the line as a JSON pointer (RFC 6901). */
static struct str pointer_of(const struct trace *trace)
{
    struct buf pointer = {0};
    for (size_t i = 0; i < trace->depth; i++) {
        buf_add_byte(&pointer, '/');
        if (trace->steps[i].is_item)
            buf_format(&pointer, "%zu", trace->steps[i].index);
        else
            add_pointer_key(&pointer, trace->steps[i].key);
    }
    return buf_take(trace->layer->arena, &pointer);
}

static void keep_sources(struct trace *trace)
{
    struct provenance_line *line = trace->line;
    line->sources = ARENA_ARRAY(trace->layer->arena, line->count, struct provenance_source);
    for (size_t i = 0; i < line->count; i++)
        line->sources[i] = trace->sources[i];
}

static void add_line(struct trace *trace, const struct node *value)
{
    struct provenance *provenance = trace->provenance;
    provenance->lines = arena_grow(trace->layer->arena, provenance->lines, provenance->count,
                                   sizeof *provenance->lines);
    trace->line = &provenance->lines[provenance->count++];
    *trace->line = (struct provenance_line){.value = value, .path = pointer_of(trace)};
    const struct row *row = find_row(trace, step_last(trace));
    if (!row)
        row = find_row(trace, STR("*"));
    if (row)
        use_row(trace, row);
    keep_sources(trace);
}

static bool begins_template(const struct trace *trace, struct str key)
{
    return !trace->base && str_eq_c(key, "template") && trace->depth > 1 &&
           str_eq_c(trace->steps[trace->depth - 2].key, "spec");
}

static void trace_node(struct trace *trace, const struct node *node)
{
    if (node->kind == NODE_SCALAR || !node->first) {
        add_line(trace, node);
        return;
    }
    size_t index = 0;
    for (const struct node *child = node->first; child; child = child->next, index++) {
        size_t base = trace->base;
        struct step step = {.is_item = node->kind == NODE_LIST, .index = index, .node = child};
        if (!step.is_item)
            step.key = child->key->text;
        trace->steps[trace->depth++] = step;
        if (begins_template(trace, trace->steps[trace->depth - 1].key))
            trace->base = trace->depth;
        trace_node(trace, child);
        trace->base = base;
        trace->depth--;
    }
}

struct provenance provenance_of(const struct provenance_table *table,
                                struct provenance_index *index, const struct layer *layer,
                                const struct service *service, const struct node *object)
{
    struct provenance provenance = {
        .index = index, .layer = layer, .service = service, .object = object};
    struct trace trace = {.table = table,
                          .layer = layer,
                          .service = service,
                          .object = object,
                          .kind = node_get(object, "kind")->text,
                          .provenance = &provenance};
    if (service && service->route_count)
        trace.traffic = traffic_of(service);
    if (service)
        set_job(&trace);
    trace_node(&trace, object);
    return provenance;
}
