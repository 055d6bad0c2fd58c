#include "service/layer.h"

#include "base/map.h"
#include "cloud/providers.h"
#include "config/foreign_file.h"
#include "config/usage.h"
#include "format/name.h"

#include <string.h>

static void check_name(const struct layer *layer)
{
    const char *error = name_check_namespace(layer->name);
    if (error && record_has(layer->file, FILE_NAME))
        diag_error(layer->diags, record_location(layer->file, FILE_NAME), RULE_INVALID_NAME,
                   "name %s", error);
}

static void report_duplicate(const struct layer *layer, const struct value *name)
{
    diag_error(layer->diags, name->node->span, RULE_DUPLICATE_ITEM, "duplicate variable \"%.*s\"",
               STR_ARG(name->text));
    diag_hint(layer->diags, "remove one of them");
}

static void check_variables(const struct layer *layer)
{
    const struct value *inputs = record_value(layer->file, FILE_INPUT_VARIABLES);
    struct map names = {0};
    for (size_t i = 0; i < inputs->count; i++) {
        const struct value *name = record_value(inputs->records[i], VARIABLE_NAME);
        if (name->node && map_add(layer->arena, &names, name->text, name))
            report_duplicate(layer, name);
    }
}

struct layer *layer_read(struct arena *arena, struct diags *diags,
                         const struct input_options *options, const struct source *source)
{
    struct schema_reader reader = {.arena = arena, .diags = diags};
    const struct node *root = load_config_file(arena, source, diags, SERVICE_FILE);
    const struct record *file = root ? schema_read(&reader, &file_schema, root) : NULL;
    if (!file)
        return NULL;
    struct layer *layer = ARENA_NEW(arena, struct layer);
    *layer = (struct layer){.arena = arena, .diags = diags, .options = options, .source = source};
    layer->file = file;
    layer->name = record_value(file, FILE_NAME)->text;
    layer->namespace = options->namespace ? str_from_c(options->namespace) : layer->name;
    check_name(layer);
    check_variables(layer);
    bool has_environment = environment_read(&reader, file, options, providers, &layer->environment);
    layer->modules = modules_read(&reader, record_value(file, FILE_MODULES)->node,
                                  layer->environment.provider->is_local, &layer->module_count);
    layer->scope = (struct scope){.arena = arena,
                                  .diags = diags,
                                  .layer = layer->name,
                                  .environment = &layer->environment,
                                  .file = file,
                                  .options = options,
                                  .modules = layer->modules,
                                  .module_count = layer->module_count};
    scope_add_variables(&layer->scope);
    /* Without an environment, every placeholder would cause another error. */
    layer->scope.environment_invalid = !has_environment;
    struct schema_reader module_reader = layer_reader(layer);
    for (size_t i = 0; i < layer->module_count; i++) {
        struct module *module = &layer->modules[i];
        if (module->type && module->type->link == LINK_SECRET)
            module_read_credentials(&module_reader, module);
    }
    return layer;
}

struct location layer_environment_location(const struct layer *layer)
{
    const struct environment *environment = &layer->environment;
    const struct value *entries = record_value(layer->file, FILE_ENVIRONMENTS);
    for (size_t i = 0; i < entries->count; i++)
        if (str_equal(record_value(entries->records[i], ENVIRONMENT_NAME)->text, environment->name))
            return record_location(entries->records[i], ENVIRONMENT_NAME);
    bool named = environment->name.len && environment->file;
    return named ? record_location(environment->file, FILE_NAME) : NO_LOCATION;
}

bool layer_is_for_chart(const struct layer *layer)
{
    return read_mode_is_for_chart(layer->options->mode);
}

struct schema_reader layer_reader(struct layer *layer)
{
    return (struct schema_reader){.arena = layer->arena,
                                  .diags = layer->diags,
                                  .fill = interpolate,
                                  .context = &layer->scope,
                                  .for_chart = layer_is_for_chart(layer)};
}

/* Returns a copy of a service's map with only these fields. */
static const struct node *copy_fields(struct arena *arena, const struct node *service,
                                      const enum field_id *fields, size_t count)
{
    struct node *map = node_new(arena, NODE_MAP);
    for (size_t i = 0; i < count; i++) {
        const struct node *value = node_get(service, schema_field(fields[i])->name);
        if (!value)
            continue;
        struct node *copy = ARENA_NEW(arena, struct node);
        *copy = *value;
        copy->next = NULL;
        node_put(map, value->key, copy);
    }
    return map;
}

const struct record *layer_read_fields(struct layer *layer, const struct module *module,
                                       const enum field_id *fields, size_t count)
{
    struct diags ignored = {.arena = layer->arena};
    struct scope scope = layer->scope;
    struct schema_reader reader = layer_reader(layer);
    scope.diags = &ignored;
    scope.module_count = 0; /* modules may refer to each other */
    reader.diags = &ignored;
    reader.context = &scope;
    return schema_read(&reader, &service_schema,
                       copy_fields(layer->arena, module->node, fields, count));
}

bool layer_read_environment(struct layer *layer)
{
    const struct schema_reader reader = {.arena = layer->arena, .diags = layer->diags};
    if (!environment_read_deferred(&reader, &layer->environment))
        layer->scope.environment_invalid = true;
    return !layer->scope.environment_invalid;
}

/* Counts a service. Reports an error and returns false if there are more than SERVICES_MAX. */
static bool count_service(const struct layer *layer, const struct module *module)
{
    size_t *count = &layer->options->usage->service_count;
    if (++*count == SERVICES_MAX + 1)
        diag_error(layer->diags, module->name_at, RULE_LIMIT_EXCEEDED,
                   "too many services in one run (maximum %d)", SERVICES_MAX);
    return *count <= SERVICES_MAX;
}

const struct module *layer_next_service(const struct layer *layer, size_t *index)
{
    while (*index < layer->module_count) {
        const struct module *module = &layer->modules[(*index)++];
        if (!module_is_service(module))
            continue;
        if (!count_service(layer, module))
            break;
        usage_add_module(layer->options, module->name);
        if (layer_selects(layer, module))
            return module;
    }
    return NULL;
}

void layer_report_empty(const struct layer *layer)
{
    if (layer->diags->errors)
        return;
    diag_error(layer->diags, location_file(layer->source), RULE_NO_SERVICE,
               "no module of type k8s-service");
    diag_hint(layer->diags, "add one under modules: - {name: app, type: k8s-service, ...}");
}

bool layer_selects(const struct layer *layer, const struct module *module)
{
    return usage_selects(layer->options, module->name);
}
