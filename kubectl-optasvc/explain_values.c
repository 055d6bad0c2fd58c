#include "explain_values.h"

#include "explain_origin.h"
#include "format/quantity.h"
#include "manifest/render.h"
#include "manifest/session.h"
#include "os/console.h"

#include <inttypes.h>
#include <string.h>

/* Writes the values of one service or file. */
struct writer {
    struct arena *arena;
    struct buf *out;
    const struct layer *layer;
    const struct service *service; /* NULL: fields of the file */
    bool for_chart;                /* fields that are not set change nothing */
    const char *indent;
    bool brief; /* fields without a value are not listed, and defaults have no reason */
    const struct record *item;         /* the item of a list that is written; NULL: none */
    const struct resources *resources; /* of that item; NULL: those of the service */
    bool inherits;                     /* the resources of the item default to the service's */
    const struct volume *volume;       /* that the item declares; NULL: none */
};

/* Values */

static void format_value(struct buf *out, const struct field *field, const struct value *value);

/* Writes a string. One of several lines is quoted, so that they are seen. */
static void format_string(struct buf *out, struct str text)
{
    size_t line = 0;
    if (str_find(text, 0, '\n') == text.len) {
        diag_add_visible(out, text.len ? text : STR("\"\""));
        return;
    }
    buf_add_byte(out, '"');
    for (size_t end; (end = str_find(text, line, '\n')) < text.len; line = end + 1) {
        diag_add_visible(out, str_slice(text, line, end));
        buf_add(out, STR("\\n"));
    }
    diag_add_visible(out, str_skip(text, line));
    buf_add_byte(out, '"');
}

/* Formats a value as it is written. */
static void format_node(struct buf *out, const struct node *node)
{
    bool is_map = node->kind == NODE_MAP;
    if (node->kind == NODE_SCALAR) {
        diag_add_visible(out, node->text);
        return;
    }
    buf_add_byte(out, is_map ? '{' : '[');
    for (const struct node *child = node_first_child(node); child; child = child->next) {
        if (is_map) {
            diag_add_visible(out, child->key->text);
            buf_add(out, STR(": "));
        }
        format_node(out, child);
        buf_add(out, child->next ? STR(", ") : STR(""));
    }
    buf_add_byte(out, is_map ? '}' : ']');
}

static void format_record(struct buf *out, const struct record *record)
{
    const char *separator = "";
    buf_add_byte(out, '{');
    for (size_t i = 0; i < record->schema->count; i++) {
        if (!record->values[i].node)
            continue;
        buf_format(out, "%s%s: ", separator, record->schema->fields[i].name);
        format_value(out, &record->schema->fields[i], &record->values[i]);
        separator = ", ";
    }
    buf_add_byte(out, '}');
}

static void format_items(struct buf *out, const struct value *value)
{
    bool named = value->count && value->items[0].name.len;
    buf_add_byte(out, named ? '{' : '[');
    for (size_t i = 0; i < value->count; i++) {
        const struct item *item = &value->items[i];
        buf_add(out, i ? STR(", ") : STR(""));
        if (named)
            buf_format(out, "%.*s: ", STR_ARG(item->name));
        if (item->record)
            format_record(out, item->record);
        else
            format_string(out, item->text);
    }
    buf_add_byte(out, named ? '}' : ']');
}

static void format_value(struct buf *out, const struct field *field, const struct value *value)
{
    if (value->records && field->type == TYPE_RECORD) {
        format_record(out, value->records[0]);
    } else if (value->records) {
        for (size_t i = 0; i < value->count; i++) {
            buf_add(out, i ? STR(", ") : STR("["));
            format_record(out, value->records[i]);
        }
        buf_add(out, value->count ? STR("]") : STR("[]"));
    } else if (value->items) {
        format_items(out, value);
    } else if (field == schema_field(FILE_MODULES)) {
        buf_add(out, STR("a list"));
    } else if (field->type == TYPE_ANY) {
        format_node(out, value->node);
    } else {
        format_string(out, value->text);
    }
}

/* Returns the string of an item as it is rendered, with all placeholders filled in. */
static struct str item_text(const struct writer *writer, const struct field *field,
                            const struct item *item)
{
    struct diags diags = {.arena = writer->arena};
    struct filled_string filled;
    if (!writer->service)
        return item->text;
    if (item->references) { /* of env_vars */
        const struct variable *variable = map_get(&writer->service->variables_by_name, item->name);
        return variable->secret.len ? str_format(writer->arena, "{secret: %.*s, key: %.*s}",
                                                 STR_ARG(variable->secret), STR_ARG(variable->key))
                                    : variable->text;
    }
    struct scope scope = writer->layer->scope;
    scope.diags = &diags;
    bool fills = field == schema_field(SERVICE_OUTPUTS);
    return fills && interpolate(&scope, item->node, &filled) && !filled.references ? filled.text
                                                                                   : item->text;
}

/* Adds where a value is written. Placeholders are filled in only in modules. */
static void add_written(const struct writer *writer, const struct node *node)
{
    explain_origin(writer->out, writer->service ? writer->layer : NULL, node);
}

/* Writes a value of a field of the service or file. */
static void add_value(const struct writer *writer, const struct field *field,
                      const struct value *value)
{
    struct value rendered = *value;
    if (value->items)
        rendered.items = ARENA_ARRAY(writer->arena, value->count, struct item);
    for (size_t i = 0; value->items && i < value->count; i++) {
        rendered.items[i] = value->items[i];
        rendered.items[i].text = item_text(writer, field, &value->items[i]);
    }
    format_value(writer->out, field, &rendered);
}

/* Defaults */

/* True for a field that only affects probes that the service does not have. */
static bool has_no_probe(const struct service *service, const struct field *field)
{
    bool starting = service->startup.kind != PROBE_NONE;
    bool live = service->liveness.kind != PROBE_NONE;
    bool ready = service->readiness.kind != PROBE_NONE;
    const struct {
        enum field_id field;
        bool has_probe;
    } rows[] = {{SERVICE_STARTUP_TIMEOUT, starting},
                {SERVICE_LIVENESS_DELAY, live},
                {SERVICE_READINESS_DELAY, ready},
                {SERVICE_PROBE_PERIOD, starting || live || ready},
                {SERVICE_PROBE_TIMEOUT, starting || live || ready},
                {SERVICE_PROBE_FAILURES, live || ready}};
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (field == schema_field(rows[i].field))
            return !rows[i].has_probe;
    return false;
}

static struct str format_number(struct arena *arena, int64_t number, int64_t none,
                                const char *none_text)
{
    return number == none ? str_from_c(none_text) : str_from_int(arena, number);
}

static struct str format_quantity(struct arena *arena, const struct field *field, int64_t number)
{
    if (number == 0)
        return STR("none");
    return field->type == TYPE_CPU ? quantity_cpu(arena, number) : quantity_bytes(arena, number);
}

static bool is_request_map(const struct field *field)
{
    return field == schema_field(SERVICE_RESOURCE_REQUEST) ||
           field == schema_field(CONTAINER_RESOURCE_REQUEST) ||
           field == schema_field(CRON_JOB_RESOURCE_REQUEST);
}

static bool is_limit_map(const struct field *field)
{
    return field == schema_field(SERVICE_RESOURCE_LIMITS) ||
           field == schema_field(CONTAINER_RESOURCE_LIMITS) ||
           field == schema_field(CRON_JOB_RESOURCE_LIMITS);
}

/* Requests and limits by their fields. */
static const struct {
    enum field_id request;
    enum field_id limit;
} resource_fields[] = {
    {RESOURCES_CPU, LIMITS_CPU}, {RESOURCES_MEMORY, LIMITS_MEMORY}, {RESOURCES_DISK, LIMITS_DISK}};

/* True if a container or job has the request or limit of the service, because it sets neither it
 * nor, for a limit, the request. */
static bool is_inherited(const struct writer *writer, const struct field *parent,
                         const struct field *field)
{
    if (!writer->inherits || is_request_map(parent))
        return writer->inherits;
    if (!is_limit_map(parent))
        return false;
    enum field_id map = parent == schema_field(CRON_JOB_RESOURCE_LIMITS)
                            ? CRON_JOB_RESOURCE_REQUEST
                            : CONTAINER_RESOURCE_REQUEST;
    const struct value *request = record_value(writer->item, map);
    for (size_t i = 0; request->count && i < COUNT_OF(resource_fields); i++)
        if (field == schema_field(resource_fields[i].limit))
            return !record_has(request->records[0], resource_fields[i].request);
    return true;
}

/* Returns a request or limit that is not set; empty if it is that of the schema. */
static struct str find_resource(const struct writer *writer, const struct field *parent,
                                const struct field *field)
{
    const struct resources *resources =
        writer->resources ? writer->resources : &writer->service->resources;
    bool request = is_request_map(parent);
    const int64_t numbers[][2] = {{resources->cpu_request, resources->cpu_limit},
                                  {resources->memory_request, resources->memory_limit},
                                  {resources->disk_request, resources->disk_limit}};
    if (!is_limit_map(parent) && !(request && writer->inherits))
        return (struct str){0};
    for (size_t i = 0; i < COUNT_OF(resource_fields); i++)
        if (field ==
                schema_field(request ? resource_fields[i].request : resource_fields[i].limit) &&
            numbers[i][0])
            return format_quantity(writer->arena, field, numbers[i][request ? 0 : 1]);
    return (struct str){0};
}

/* Returns the default of a field that depends on other fields; empty if it depends on none. */
static struct str find_derived(const struct writer *writer, const struct field *parent,
                               const struct field *field)
{
    struct arena *arena = writer->arena;
    const struct service *service = writer->service;
    if (field == schema_field(SERVICE_NAME))
        return service->name;
    if (field == schema_field(SERVICE_IMAGE_PULL_POLICY))
        return service->pull_policy;
    if (field == schema_field(SERVICE_MIN_CONTAINERS))
        return str_from_int(arena, service->min_containers);
    if (field == schema_field(SERVICE_MAX_CONTAINERS))
        return str_from_int(arena, service->max_containers);
    if (field == schema_field(SERVICE_TIMEOUT))
        return str_from_int(arena, service->timeout);
    if (field == schema_field(SERVICE_STARTUP_TIMEOUT))
        return str_from_int(arena, service->startup_timeout);
    if (field == schema_field(SERVICE_LIVENESS_DELAY) && service->liveness.kind != PROBE_NONE)
        return str_from_int(arena, service->liveness.delay);
    if (field == schema_field(SERVICE_READINESS_DELAY) && service->readiness.kind != PROBE_NONE)
        return str_from_int(arena, service->readiness.delay);
    if (field == schema_field(SERVICE_RUN_AS_USER))
        return format_number(arena, service->run_as_user, -1, "image");
    if (field == schema_field(SERVICE_READ_ONLY_ROOT))
        return service->read_only_root ? STR("true") : STR("false");
    if (field == schema_field(SERVICE_SPREAD) && service->max_containers > 1)
        return STR("nodes, zones");
    if (field == schema_field(EMPTY_DIR_SIZE) && writer->volume)
        return quantity_bytes(arena, writer->volume->size);
    return find_resource(writer, parent, field);
}

/* Returns the sentence of the description about the default; empty if there is none. */
static struct str find_reason(const struct field *field)
{
    const char *at = strstr(field->help, "Defaults to ");
    if (!at)
        return (struct str){0};
    const char *end = strstr(at, ". ");
    size_t len = end ? (size_t)(end - at) : strlen(at);
    while (len && at[len - 1] == '.')
        len--;
    return (struct str){at + 1, len - 1}; /* without the capital letter */
}

static void add_default(const struct writer *writer, const struct field *parent,
                        const struct field *field)
{
    struct str reason = find_reason(field);
    struct str text = writer->service ? find_derived(writer, parent, field) : (struct str){0};
    if (!text.len)
        text = str_from_c(field->default_value);
    if (writer->for_chart && writer->service) {
        buf_add(writer->out, STR("not set (the value of the chart is kept)"));
        return;
    }
    if (writer->service && has_no_probe(writer->service, field)) {
        buf_add(writer->out, STR("not set (the service has no such probe)"));
        return;
    }
    diag_add_visible(writer->out, text.len ? text : STR("not set"));
    if (text.len && is_inherited(writer, parent, field))
        buf_add(writer->out, STR(" (as in the service)"));
    else if (reason.len && !writer->brief)
        buf_format(writer->out, " (d%.*s)", STR_ARG(reason));
    else if (text.len && field->default_value && !str_eq_c(text, field->default_value))
        buf_format(writer->out, " (default %s, adapted to other fields)", field->default_value);
    else if (text.len)
        buf_add(writer->out, STR(" (default)"));
}

static bool has_default(const struct writer *writer, const struct field *parent,
                        const struct field *field)
{
    bool is_unused = writer->service && has_no_probe(writer->service, field);
    return !writer->for_chart && !is_unused &&
           (field->default_value || (writer->service && find_derived(writer, parent, field).len));
}

/* Paths */

static void add_label(const struct writer *writer, struct str label)
{
    buf_add(writer->out, str_from_c(writer->indent));
    diag_add_visible(writer->out, label);
    buf_add(writer->out, STR(": "));
}

static void write_value(const struct writer *writer, struct str label, const struct field *parent,
                        const struct field *field, const struct value *value)
{
    if (!value || !value->node) {
        if (writer->brief && !has_default(writer, parent, field))
            return;
        add_label(writer, label);
        add_default(writer, parent, field);
    } else {
        add_label(writer, label);
        add_value(writer, field, value);
        add_written(writer, value->node);
    }
    buf_add_byte(writer->out, '\n');
}

static void write_item(const struct writer *writer, struct str label, const struct field *field,
                       const struct item *item)
{
    add_label(writer, label);
    if (item->record)
        format_record(writer->out, item->record);
    else
        format_string(writer->out, item_text(writer, field, item));
    add_written(writer, item->node);
    buf_add_byte(writer->out, '\n');
}

static const struct value *value_of(const struct record *record, const struct field *field)
{
    return record ? &record->values[field - record->schema->fields] : NULL;
}

static void write_step(const struct writer *writer, const struct field_path *path, size_t at,
                       const struct record *record, struct str label);

/* Writes the items of a map with the key of the step, or all. */
static void write_items(const struct writer *writer, const struct field_path *path, size_t at,
                        const struct value *value, struct str label)
{
    const struct field_step *step = &path->steps[at];
    bool found = false;
    for (size_t i = 0; value && i < value->count; i++) {
        const struct item *item = &value->items[i];
        if (step->key.len && !str_equal(item->name, step->key))
            continue;
        struct str prefix = writer->service ? STR_JOIN(writer->arena, label, STR(" ")) : STR("");
        struct str name = str_format(writer->arena, "%.*s%s.%.*s", STR_ARG(prefix),
                                     step->field->name, STR_ARG(item->name));
        found = true;
        if (at + 1 == path->count)
            write_item(writer, name, step->field, item);
        else if (item->record)
            write_step(writer, path, at + 1, item->record, name);
    }
    if (found)
        return;
    add_label(writer, label);
    buf_add(writer->out, STR("not set\n"));
}

/* True for a map whose fields have defaults even if the map is not set. Other maps, such as helm,
 * have an effect only if they are set. */
static bool has_defaults_unset(const struct field *field)
{
    return is_request_map(field) || is_limit_map(field);
}

/* Returns the writer for an item of a list: with the resources and the volume of the item. */
static struct writer item_writer(const struct writer *writer, const struct field *list,
                                 const struct value *value, size_t index)
{
    struct writer item = *writer;
    const struct service *service = writer->service;
    if (!service)
        return item;
    size_t sidecars = record_value(service->record, SERVICE_SIDECARS)->count;
    bool is_container =
        list == schema_field(SERVICE_SIDECARS) || list == schema_field(SERVICE_INIT_CONTAINERS);
    item.item = value->records[index];
    if (is_container) {
        const struct container *container =
            &service->containers[list == schema_field(SERVICE_SIDECARS) ? index : sidecars + index];
        item.resources = &container->resources;
        item.inherits = container->inherits;
    } else if (list == schema_field(SERVICE_CRON_JOBS)) {
        item.resources = &service->cron_jobs[index].job.resources;
        item.inherits = true;
    } else if (list == schema_field(SERVICE_VOLUMES)) {
        item.volume = &service->volumes[index];
    }
    return item;
}

/* Writes the field of each map in a list, or of the one that the step selects. */
static void write_records(const struct writer *writer, const struct field_path *path, size_t at,
                          const struct value *value, struct str label)
{
    const struct field_step *step = &path->steps[at];
    bool is_list = step->field->type == TYPE_RECORDS;
    bool found = false;
    for (size_t i = 0; value && value->records && i < value->count; i++) {
        if (is_list && step->index >= 0 && (size_t)step->index != i)
            continue;
        struct str item = label;
        if (is_list && writer->service)
            item = str_format(writer->arena, "%.*s %s[%zu]", STR_ARG(label), step->field->name, i);
        else if (is_list)
            item = str_format(writer->arena, "%s[%zu]", step->field->name, i);
        const struct writer inner = is_list ? item_writer(writer, step->field, value, i) : *writer;
        write_step(&inner, path, at + 1, value->records[i], item);
        found = true;
    }
    if (found)
        return;
    bool is_set = value && value->node;
    if (!is_set && has_defaults_unset(step->field)) {
        write_step(writer, path, at + 1, NULL, label);
        return;
    }
    add_label(writer, label);
    if (is_set && value->is_keyword)
        buf_format(writer->out, "not set (%s is %s)\n", step->field->name, step->field->keyword);
    else
        buf_format(writer->out, "not set (%s%s%s)\n", is_list ? "no such item of " : "",
                   step->field->name, is_list ? "" : " is not set");
}

static void write_step(const struct writer *writer, const struct field_path *path, size_t at,
                       const struct record *record, struct str label)
{
    const struct field_step *step = &path->steps[at];
    const struct value *value = value_of(record, step->field);
    bool is_last = at + 1 == path->count;
    const struct field *parent = at ? path->steps[at - 1].field : NULL;
    if (step->key.len || (!is_last && step->field->type == TYPE_MAP_OR_PAIRS))
        write_items(writer, path, at, value, label);
    else if (is_last)
        write_value(writer, label, parent, step->field, value);
    else
        write_records(writer, path, at, value, label);
}

/* Writes all fields of a map that have a value. */
static void write_fields(const struct writer *writer, const struct schema *schema,
                         const struct record *record, struct str prefix, const struct field *parent)
{
    for (size_t i = 0; i < schema->count; i++) {
        const struct field *field = &schema->fields[i];
        const struct value *value = record ? &record->values[i] : NULL;
        struct str label = str_format(writer->arena, "%.*s%s", STR_ARG(prefix), field->name);
        bool is_set = value && value->node;
        if (field->prefix || (field->type == TYPE_RECORD && !is_set && !has_defaults_unset(field)))
            continue;
        if (field->type == TYPE_RECORD && !(is_set && value->is_keyword)) {
            bool has_records = is_set && value->records && value->count;
            write_fields(writer, field->schema, has_records ? value->records[0] : NULL,
                         str_format(writer->arena, "%.*s.", STR_ARG(label)), field);
        } else {
            write_value(writer, label, parent, field, value);
        }
    }
}

static const struct record *record_of(const struct writer *writer, const struct field_path *path)
{
    const struct layer *layer = writer->layer;
    if (writer->service)
        return writer->service->record;
    return environment_has_field(path->steps[0].field) ? layer->environment.file : layer->file;
}

static bool is_selected_module(const struct service *service, const struct field_path *path)
{
    const struct node *module =
        node_first_child(record_value(service->layer->file, FILE_MODULES)->node);
    for (int64_t i = 0; path && i < path->module && module; i++)
        module = module->next;
    return !path || path->module < 0 || module == service->record->node;
}

static void write_service(struct writer *writer, const struct field_path *path)
{
    if (!path) {
        buf_format(writer->out, "  %.*s:\n", STR_ARG(writer->service->name));
        writer->indent = "    ";
        writer->brief = true;
        write_fields(writer, &service_schema, writer->service->record, STR(""), NULL);
        return;
    }
    writer->indent = "  ";
    if (writer->service)
        write_step(writer, path, 0, record_of(writer, path), writer->service->name);
    else
        write_step(writer, path, 0, record_of(writer, path),
                   path->count == 1 ? str_from_c(path->steps[0].field->name)
                                    : field_path_format(writer->arena, path));
}

static void write_all(const struct render_result *result, const struct field_path *path,
                      bool for_chart, struct arena *arena, struct buf *out)
{
    const struct layer *last = NULL;
    bool is_file = path && path->root == &file_schema;
    for (size_t i = 0; i < result->count; i++) {
        const struct service *service = result->items[i].service;
        const struct layer *layer = service->layer;
        struct writer writer = {.arena = arena,
                                .out = out,
                                .layer = layer,
                                .service = is_file ? NULL : service,
                                .for_chart = for_chart};
        if ((is_file && layer == last) || !is_selected_module(service, path))
            continue;
        if (layer != last) {
            buf_add(out, out->len ? STR("\nIn ") : STR("In "));
            diag_add_visible(out, layer->source->path);
            buf_add(out, STR(":\n"));
        }
        last = layer;
        write_service(&writer, path);
    }
}

/* True if the service may be for a chart. */
static bool is_for_chart(const struct service *service)
{
    return service_has(service, SERVICE_HELM) || !service_has(service, SERVICE_IMAGE) ||
           !(service_has(service, SERVICE_PORT) || service_has(service, SERVICE_PORTS));
}

/* Reads the files as for apply; if that fails, and a service may be for a chart, as for a chart. */
static bool read_files(const struct invocation *invocation, struct arena *arena,
                       struct render_result *ret, bool *ret_for_chart)
{
    struct input_options options = invocation->options.input;
    struct buf messages = {0};
    struct buf chart_messages = {0};
    options.mode = READ_NAMES;
    *ret_for_chart = false;
    bool ok = render_services(&options, invocation->color, arena, ret, &messages);
    if (!ok) {
        options.mode = READ_SECRETS;
        bool read = render_services(&options, invocation->color, arena, ret, &chart_messages);
        for (size_t i = 0; read && i < ret->count; i++)
            *ret_for_chart |= is_for_chart(ret->items[i].service);
        ok = *ret_for_chart;
    }
    console_print_messages(buf_str(*ret_for_chart ? &chart_messages : &messages));
    buf_free(&messages);
    buf_free(&chart_messages);
    return ok;
}

bool explain_values(const struct invocation *invocation, const struct field_path *path,
                    struct buf *out)
{
    struct arena arena = {0};
    struct render_result result;
    bool for_chart;
    bool ok = read_files(invocation, &arena, &result, &for_chart);
    size_t start = out->len;
    if (ok)
        write_all(&result, path, for_chart, &arena, out);
    if (ok && out->len == start) {
        struct diags diags = {.arena = &arena};
        diag_error(&diags, NO_LOCATION, RULE_SERVICE_NOT_FOUND,
                   "modules[%" PRId64 "] is not among the services of the files", path->module);
        diag_hint(&diags, "omit the index to show the field in all services");
        ok = session_report(&diags, invocation->color);
    }
    arena_free(&arena);
    return ok;
}
