/* Makes an imported service file one that `validate` accepts. */
#include "import/import.h"
#include "manifest/manifest.h"
#include "manifest/traffic.h"
#include "service/service.h"

/* Each round removes up to DIAG_MAX values, and may find others. */
enum { ROUNDS_MAX = 20 };

const struct schema *import_schema(const struct field *field, const struct node *map)
{
    if (map->kind != NODE_MAP || field->type == TYPE_MAP || field->type == TYPE_MAP_OR_PAIRS)
        return NULL;
    if (field != schema_field(FILE_MODULES))
        return field->schema;
    return str_eq_c(node_string(import_get(map, SERVICE_TYPE)), "k8s-service") ? &service_schema
                                                                               : &module_schema;
}

/* Fields that mean something else when they are not set than when they have their default value:
 * startup_timeout adds a probe, and the other defaults depend on other fields. */
static bool has_fixed_default(const struct field *field)
{
    static const enum field_id exceptions[] = {SERVICE_STARTUP_TIMEOUT,  SERVICE_LIVENESS_DELAY,
                                               SERVICE_READINESS_DELAY,  SERVICE_SCALE_UP_DELAY,
                                               SERVICE_SCALE_DOWN_DELAY, SERVICE_TIMEOUT};
    for (size_t i = 0; i < COUNT_OF(exceptions); i++)
        if (field == schema_field(exceptions[i]))
            return false;
    return field->default_value != NULL;
}

/* True if a value need not be written. */
static bool is_redundant(const struct field *field, const struct node *value)
{
    if (value->kind != NODE_SCALAR)
        return !value->first && !field->keeps_empty && field != schema_field(FILE_MODULES);
    return has_fixed_default(field) && str_eq_c(value->text, field->default_value);
}

static void order_map(const struct schema *schema, struct node *map);

/* The modules follow the other fields of the file, which are short. */
static void order_file(struct import *import)
{
    const char *name = schema_field(FILE_MODULES)->name;
    order_map(&file_schema, import->file);
    struct node *key = node_get(import->file, name)->key;
    node_remove(import->file, name);
    import->modules->next = NULL;
    node_put(import->file, key, import->modules);
}

static void order_value(const struct field *field, struct node *value)
{
    const struct schema *schema = import_schema(field, value);
    if (value->kind == NODE_MAP && schema)
        order_map(schema, value);
    if (value->kind != NODE_LIST)
        return;
    for (struct node *item = value->first; item; item = item->next) {
        schema = import_schema(field, item);
        if (item->kind == NODE_MAP && schema)
            order_map(schema, item);
    }
}

/* Moves the fields of a map into the order of its schema, and drops redundant ones. Other keys keep
 * their order and follow. */
static void order_map(const struct schema *schema, struct node *map)
{
    struct node *rest = map->first;
    map->first = map->last = NULL;
    for (size_t i = 0; i < schema->count; i++) {
        struct node **link = &rest;
        while (*link && schema_find(schema, (*link)->key->text) != &schema->fields[i])
            link = &(*link)->next;
        struct node *value = *link;
        if (!value)
            continue;
        *link = value->next;
        value->next = NULL;
        order_value(&schema->fields[i], value);
        if (!is_redundant(&schema->fields[i], value))
            node_put(map, value->key, value);
    }
    while (rest) {
        struct node *value = rest;
        rest = value->next;
        value->next = NULL;
        node_put(map, value->key, value);
    }
}

static bool is_required(const struct node *value)
{
    static const enum field_id fields[] = {SERVICE_NAME, SERVICE_TYPE, SERVICE_IMAGE, FILE_MODULES};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (str_eq_c(value->key->text, schema_field(fields[i])->name))
            return true;
    return false;
}

static void remove_child(struct node *parent, const struct node *child)
{
    struct node *last = NULL;
    struct node **link = &parent->first;
    while (*link != child) {
        last = *link;
        link = &(*link)->next;
    }
    *link = child->next;
    if (parent->last == child)
        parent->last = last;
}

/* True for a list that has another meaning without one of its items. */
static bool is_command(const struct node *list)
{
    static const enum field_id fields[] = {SERVICE_COMMANDS, SERVICE_ARGS,
                                           SERVICE_HEALTHCHECK_COMMAND};
    for (size_t i = 0; list->key && i < COUNT_OF(fields); i++)
        if (str_eq_c(list->key->text, schema_field(fields[i])->name))
            return true;
    return false;
}

/* True for a map of variables, whose references mean something else without one of their fields. */
static bool is_env(const struct node *map)
{
    return map->key && str_eq_c(map->key->text, schema_field(SERVICE_ENV_VARS)->name);
}

/* A value of the service file while it is checked. */
struct checked_value {
    struct node *node;
    struct checked_value *parent; /* NULL: the file */
    struct location at;           /* in the imported file */
    bool is_removed;
};

/* Several values may come from the same place of the imported file, so each has a place of its own
 * while the file is checked. The place of a missing field is the start of its map. */
struct checked_tree {
    struct source source; /* of these places */
    struct checked_value *values;
    size_t count;
};

enum { PLACE_STEP = 3, PLACE_SIZE = 2 };

static size_t count_values(const struct node *node)
{
    size_t count = 1;
    for (const struct node *child = node_first_child(node); child; child = child->next)
        count += count_values(child);
    return count;
}

static void set_place(struct node *node, struct location at)
{
    node->span = at;
    if (node->key)
        node->key->span = at;
}

static void add_value(struct checked_tree *tree, struct node *node, struct checked_value *parent)
{
    struct checked_value *value = &tree->values[tree->count];
    size_t start = PLACE_STEP * tree->count++;
    *value = (struct checked_value){.node = node, .parent = parent, .at = node->span};
    set_place(node, (struct location){&tree->source, start, start + PLACE_SIZE});
    for (struct node *child = node_first_child(node); child; child = child->next)
        add_value(tree, child, value);
}

/* Returns the value that an error is about; NULL if it is about something else. */
static struct checked_value *find_value(struct checked_tree *tree, struct location at)
{
    bool found = at.source && source_is_same(at.source, &tree->source) && !location_is_file(at);
    return found ? &tree->values[at.start / PLACE_STEP] : NULL;
}

static bool is_module(const struct import *import, const struct checked_value *value)
{
    return value->parent && value->parent->node == import->modules;
}

/* Returns the optional field of a module or of the file that a value is, or is in; NULL if there is
 * none. */
static struct checked_value *optional_field(const struct import *import,
                                            struct checked_value *value)
{
    while (value->parent && value->parent->parent && !is_module(import, value->parent))
        value = value->parent;
    return value->parent && !is_required(value->node) ? value : NULL;
}

static bool is_removed(const struct checked_value *value)
{
    while (value && !value->is_removed)
        value = value->parent;
    return value != NULL;
}

/* True for an item of a list of maps, and for a reference in env_vars, which may need each of its
 * fields. */
static bool is_record(const struct checked_value *value)
{
    const struct node *parent = value->parent->node;
    return value->node->kind == NODE_MAP && (parent->kind == NODE_LIST || is_env(parent));
}

static void remove_node(struct checked_value *value)
{
    struct node *parent = value->parent->node;
    if (is_command(parent))
        parent->first = parent->last = NULL;
    else
        remove_child(parent, value->node);
    value->is_removed = true;
}

/* Removes a value, the records that it is in, and what is empty without it, up to `field`. */
static void remove_value(struct checked_value *value, const struct checked_value *field)
{
    remove_node(value);
    while (value != field) {
        value = value->parent;
        if (is_record(value) || !value->node->first)
            remove_node(value);
    }
}

/* Removes the value that an error is about, with a note. Returns false if it cannot be removed. */
static bool remove_and_note(struct import *import, struct checked_value *value,
                            const struct diag *diag)
{
    const struct checked_value *field = value ? optional_field(import, value) : NULL;
    if (!field)
        return false;
    if (is_removed(value))
        return true;
    const struct node *name = import_get(field->parent->node, SERVICE_NAME);
    remove_value(value, field);
    import_note(import, NOTE_LOST, value->at, field->parent->parent ? node_string(name) : STR(""),
                "not carried over: %.*s", STR_ARG(diag->message));
    return true;
}

/* Every pod needs a port, or the keyword that there is none. */
static void complete_port(struct import *import)
{
    for (struct node *module = import->modules->first; module; module = module->next) {
        struct node *ports = import_get(module, SERVICE_PORTS);
        if (ports && !ports->first)
            node_remove(module, schema_field(SERVICE_PORTS)->name);
        if (!import_get(module, SERVICE_PORT) && !import_get(module, SERVICE_PORTS))
            import_string(import, module, SERVICE_PORT, STR("none"), module->span);
    }
}

static struct layer *read_layer(struct import *import, struct diags *diags)
{
    static const struct input_options options = {0};
    struct source *source = ARENA_NEW(import->arena, struct source);
    *source = *import->source;
    source->tree = import->file;
    source->hidden = NULL;
    return layer_read(import->arena, diags, &options, source);
}

/* Reads a service as `validate` does. Returns its objects; NULL after an error. */
static struct manifests *check_service(struct layer *layer, const struct module *module)
{
    bool ok;
    const struct service *service = service_read_all(layer, module, &ok);
    if (!service || !ok)
        return NULL;
    const struct traffic traffic = traffic_of(service);
    if (!traffic_check(&traffic))
        return NULL;
    struct manifests *manifests = ARENA_NEW(layer->arena, struct manifests);
    manifests->arena = layer->arena;
    manifests_add_service(manifests, service);
    return manifests;
}

/* Reads the services as `validate` does. */
static void check(struct import *import, struct diags *diags)
{
    struct layer *layer = read_layer(import, diags);
    for (size_t i = 0; layer && i < layer->module_count; i++)
        if (module_is_service(&layer->modules[i]))
            check_service(layer, &layer->modules[i]);
}

size_t import_render(struct import *import, struct import_rendered **ret)
{
    struct diags diags = {.arena = import->arena};
    struct layer *layer = read_layer(import, &diags);
    size_t count = 0;
    *ret = layer ? ARENA_ARRAY(import->arena, layer->module_count, struct import_rendered) : NULL;
    for (size_t i = 0; layer && i < layer->module_count; i++) {
        const struct module *module = &layer->modules[i];
        const struct manifests *manifests =
            module_is_service(module) ? check_service(layer, module) : NULL;
        if (manifests)
            (*ret)[count++] =
                (struct import_rendered){module->name, manifests->items, manifests->count};
    }
    return count;
}

/* Removes the values with errors, with a note for each. Returns false if there was none that can be
 * removed; then `*ret_rest` has the other errors. */
static bool remove_invalid(struct import *import, struct diags *ret_rest)
{
    bool removed = false;
    struct diags diags = {.arena = import->arena};
    struct checked_tree tree = {.source = *import->source};
    tree.source.text = STR("");
    tree.values = ARENA_ARRAY(import->arena, count_values(import->file), struct checked_value);
    add_value(&tree, import->file, NULL);
    check(import, &diags);
    for (size_t i = 0; i < tree.count; i++)
        set_place(tree.values[i].node, tree.values[i].at);
    *ret_rest = (struct diags){.arena = import->arena};
    for (size_t i = 0; i < diags.count; i++) {
        const struct diag *diag = &diags.items[i];
        struct checked_value *value = find_value(&tree, diag->at);
        if (diag->severity != SEVERITY_ERROR)
            continue;
        if (remove_and_note(import, value, diag)) {
            removed = true;
            continue;
        }
        diag_error(ret_rest, value ? value->at : diag->at, diag->rule, "%.*s",
                   STR_ARG(diag->message));
        if (diag->hint.len)
            diag_hint(ret_rest, "%.*s", STR_ARG(diag->hint));
    }
    return removed;
}

/* Reports all errors, without the location of a file. */
static bool finish_strictly(struct import *import)
{
    struct diags diags = {.arena = import->arena};
    order_file(import);
    check(import, &diags);
    for (size_t i = 0; i < diags.count; i++) {
        if (diags.items[i].severity != SEVERITY_ERROR)
            continue;
        diag_error(import->diags, NO_LOCATION, diags.items[i].rule, "%.*s",
                   STR_ARG(diags.items[i].message));
        if (diags.items[i].hint.len)
            diag_hint(import->diags, "%.*s", STR_ARG(diags.items[i].hint));
    }
    return diags.errors == 0;
}

bool import_finish(struct import *import)
{
    struct diags rest;
    if (import->strict)
        return finish_strictly(import);
    complete_port(import);
    order_file(import);
    for (int round = 0; remove_invalid(import, &rest); round++) {
        if (round == ROUNDS_MAX) {
            diag_error(import->diags, location_file(import->source), RULE_INVALID_COMPOSE,
                       "too many values that a service file cannot have");
            return false;
        }
        complete_port(import);
        order_file(import);
    }
    for (size_t i = 0; i < rest.count; i++) {
        diag_error(import->diags, rest.items[i].at, rest.items[i].rule, "%.*s",
                   STR_ARG(rest.items[i].message));
        if (rest.items[i].hint.len)
            diag_hint(import->diags, "%.*s", STR_ARG(rest.items[i].hint));
    }
    return rest.errors == 0;
}
