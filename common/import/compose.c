/* The services of a Compose file, and the keys of all its maps. */
#include "format/name.h"
#include "import/compose_reader.h"
#include "yaml/parse_strict.h"
#include "yaml/scalar.h"

#include <inttypes.h>
#include <string.h>

enum action { READ, IGNORED, LOST };

static const struct {
    enum compose_map map;
    const char *name;
    enum action action;
    const char *text;
} keys[] = {
#define KEY(map, name, action, text) {COMPOSE_##map, name, action, text},
#include "import/compose_keys.def"
};

void compose_lost(const struct compose_service *service, struct location at, const char *format,
                  ...)
{
    va_list arguments;
    va_start(arguments, format);
    import_vnote(service->import, NOTE_LOST, at, service->key, format, arguments);
    va_end(arguments);
}

void compose_ignored(const struct compose_service *service, struct location at, const char *format,
                     ...)
{
    va_list arguments;
    va_start(arguments, format);
    import_vnote(service->import, NOTE_IGNORED, at, service->key, format, arguments);
    va_end(arguments);
}

bool compose_report_kind(struct compose *compose, const struct node *node, const char *what,
                         const char *kind)
{
    diag_error(compose->diags, node->span, RULE_WRONG_TYPE, "%s must be %s, not %s", what, kind,
               schema_value_type(node));
    return false;
}

const struct node *compose_get(const struct node *map, const char *key)
{
    const struct node *value = map && map->kind == NODE_MAP ? node_get(map, key) : NULL;
    return value && !node_is_null(value) ? value : NULL;
}

const struct node *compose_items(const struct node *node, enum node_kind kind)
{
    return node && node->kind == kind ? node->first : NULL;
}

bool compose_is_true(const struct node *node)
{
    bool flag = false;
    return node && node->kind == NODE_SCALAR && scalar_to_bool(node->text, &flag) && flag;
}

/* True for a value that sets nothing: null, false, or an empty map or list. */
static bool sets_nothing(const struct node *node)
{
    bool flag = true;
    return node->kind == NODE_SCALAR
               ? node_is_null(node) || (scalar_to_bool(node->text, &flag) && !flag)
               : !node->first;
}

static void report_unknown(struct compose *compose, enum compose_map map, const struct node *value,
                           const char *path)
{
    struct suggestion near = {.word = value->key->text};
    diag_error(compose->diags, value->key->span, RULE_UNKNOWN_FIELD, "unknown key \"%s%.*s\"", path,
               STR_ARG(value->key->text));
    for (size_t i = 0; i < COUNT_OF(keys) && !diags_full(compose->diags); i++)
        if (keys[i].map == map)
            suggestion_add(&near, str_from_c(keys[i].name));
    if (!diag_suggest(compose->diags, &near))
        diag_hint(compose->diags, "the Compose Specification has no such key here");
}

static void note_key(struct compose *compose, const struct compose_service *service, size_t key,
                     const struct node *value, const char *path)
{
    bool lost = keys[key].action == LOST;
    import_note(compose->import, lost ? NOTE_LOST : NOTE_IGNORED, value->key->span,
                service ? service->key : STR(""), "%s%s %s: %s", path, keys[key].name,
                lost ? "is not carried over" : "is not needed", keys[key].text);
}

bool compose_check_keys(struct compose *compose, const struct compose_service *service,
                        enum compose_map map, const struct node *node, const char *path)
{
    bool ok = true;
    if (node->kind != NODE_MAP)
        return compose_report_kind(
            compose, node,
            *path ? str_format(compose->arena, "%.*s", (int)strlen(path) - 1, path).data
                  : "a Compose file",
            "a map");
    for (const struct node *value = node->first; value; value = value->next) {
        size_t key = 0;
        while (key < COUNT_OF(keys) &&
               (keys[key].map != map || !str_eq_c(value->key->text, keys[key].name)))
            key++;
        if (key < COUNT_OF(keys)) {
            if (keys[key].action != READ && !sets_nothing(value))
                note_key(compose, service, key, value, path);
        } else if (!str_starts_with(value->key->text, STR("x-"))) {
            report_unknown(compose, map, value, path);
            ok = false;
        }
    }
    return ok;
}

/* The last number that was added to a name. */
struct suffix {
    int64_t last;
    struct suffix *self; /* this struct; maps return const pointers */
};

/* Returns 2 for the first service whose name is changed to that of another one, then 3, ... */
static int64_t next_suffix(struct compose *compose, struct str base)
{
    struct suffix *suffix = ARENA_NEW(compose->arena, struct suffix);
    *suffix = (struct suffix){.last = 1, .self = suffix};
    const struct suffix *first = map_add(compose->arena, &compose->suffixes, base, suffix);
    if (first)
        suffix = first->self;
    suffix->last++;
    return suffix->last;
}

/* Sets the name of the module, which is that of the service if Kubernetes allows it. */
static void set_name(struct compose_service *service)
{
    struct compose *compose = service->compose;
    struct location at = service->node->key->span;
    struct str base = import_name(service->arena, service->key, STATEFUL_NAME_MAX - 4);
    if (base.len == 0)
        base = STR("service");
    service->name = base;
    /* A service whose name needs no change keeps it. */
    bool taken = !str_equal(base, service->key) && map_get(&compose->service_keys, base);
    while (taken || map_add(service->arena, &compose->names, service->name, service)) {
        service->name =
            str_format(service->arena, "%.*s-%" PRId64, STR_ARG(base), next_suffix(compose, base));
        taken = false;
    }
    if (!str_equal(service->name, service->key))
        compose_lost(
            service, at,
            "renamed to %.*s, because names in Kubernetes are short and consist of lowercase "
            "letters, digits and dashes: change addresses that contain the name",
            STR_ARG(service->name));
}

static bool is_in_profile(const struct compose_service *service)
{
    const struct node *profiles = compose_get(service->node, "profiles");
    if (!profiles || (profiles->kind == NODE_LIST && !profiles->first))
        return false;
    compose_lost(service, profiles->key->span,
                 "the service is not carried over, because Compose starts it only with one of its "
                 "profiles: remove profiles to import it");
    return true;
}

static void read_service(struct compose *compose, const struct node *node)
{
    struct compose_service *service = ARENA_NEW(compose->arena, struct compose_service);
    *service = (struct compose_service){.compose = compose,
                                        .import = compose->import,
                                        .arena = compose->arena,
                                        .key = node->key->text,
                                        .node = node};
    if (node->kind != NODE_MAP) {
        compose_report_kind(compose, node, "a service", "a map");
        return;
    }
    service->has_unknown_keys = !compose_check_keys(compose, service, COMPOSE_SERVICE, node, "");
    if (is_in_profile(service))
        return;
    set_name(service);
    service->module = import_add_service(compose->import, service->name, node->key->span);
    service->image = compose_find_image(service);
    compose_index_variables(service);
    compose_read_ports(service);
    compose_read_environment(service);
    compose_read_command(service, "entrypoint", SERVICE_COMMANDS);
    compose_read_command(service, "command", SERVICE_ARGS);
    compose_read_health(service);
    compose_write_ports(service);
    compose_read_deploy(service);
    compose_read_mounts(service);
    compose_read_grants(service);
    compose_read_pod(service);
}

/* Checks the items of a top-level map such as `volumes`. */
static void check_items(struct compose *compose, const char *key, enum compose_map map)
{
    const struct node *items = compose_get(compose->root, key);
    if (items && items->kind != NODE_MAP)
        compose_report_kind(compose, items, key, "a map");
    for (const struct node *item = compose_items(items, NODE_MAP); item; item = item->next) {
        struct str path = str_format(compose->arena, "%s/%.*s", key, STR_ARG(item->key->text));
        map_add(compose->arena, &compose->definitions, path, item);
        if (!node_is_null(item))
            compose_check_keys(compose, NULL, map, item,
                               str_format(compose->arena, "%.*s.", STR_ARG(item->key->text)).data);
    }
}

const struct node *compose_definition(const struct compose *compose, const char *key,
                                      struct str name)
{
    return map_get(&compose->definitions,
                   str_format(compose->arena, "%s/%.*s", key, STR_ARG(name)));
}

/* Returns the name of the layer; empty after an error. */
static struct str layer_name(struct compose *compose, struct str name)
{
    const struct node *node = compose_get(compose->root, "name");
    const struct compose_service file = {
        .compose = compose, .import = compose->import, .arena = compose->arena, .key = STR("name")};
    if (name.len)
        return name;
    if (!node || node->kind != NODE_SCALAR) {
        diag_error(compose->diags, location_file(compose->import->source), RULE_INVALID_COMPOSE,
                   "the Compose file has no name");
        diag_hint(compose->diags,
                  "pass a name for the namespace: kubectl optasvc init NAME --from-compose FILE");
        return STR("");
    }
    struct str written = compose_string(&file, node, COMPOSE_FIXED);
    struct str made = import_name(compose->arena, written, LABEL_MAX);
    if (made.len == 0)
        diag_error(compose->diags, node->span, RULE_INVALID_COMPOSE, "name must contain a letter");
    else if (!str_equal(made, written))
        import_note(compose->import, NOTE_LOST, node->span, STR(""),
                    "the name becomes %.*s, because names in Kubernetes consist of lowercase "
                    "letters, digits and dashes",
                    STR_ARG(made));
    return made;
}

/* Sets the fields of the file that services need. */
static void complete_file(struct compose *compose, bool uses_registry)
{
    struct import *import = compose->import;
    struct location at = location_file(import->source);
    struct str without_memory = buf_take(compose->arena, &compose->without_memory);
    struct str without_restart = buf_take(compose->arena, &compose->without_restart);
    if (without_restart.len)
        import_note(
            import, NOTE_IGNORED, at, STR(""),
            "neither restart nor a port in %.*s: write a task that ends in cron_jobs, or in "
            "pre_deploy of another service",
            STR_ARG(without_restart));
    if (without_memory.len)
        import_note(import, NOTE_LOST, at, STR(""),
                    "no memory limit in %.*s: each pod is limited to twice its request, by "
                    "default 256 MB; set "
                    "resource_request to what it needs",
                    STR_ARG(without_memory));
    if (uses_registry)
        import_registry(import, compose->registry);
}

static bool uses_auto(const struct import *import)
{
    for (const struct node *module = import->modules->first; module; module = module->next)
        if (str_eq_c(node_string(import_get(module, SERVICE_IMAGE)), "AUTO"))
            return true;
    return false;
}

static bool check_services(struct compose *compose)
{
    const struct node *services = compose_get(compose->root, "services");
    if (services && services->kind == NODE_MAP && services->first)
        return true;
    if (compose->diags->errors) /* such as a misspelled key */
        return false;
    diag_error(compose->diags, services ? services->span : location_file(compose->import->source),
               RULE_INVALID_COMPOSE, "the Compose file has no services");
    return false;
}

bool compose_import(struct import *import, struct str name, const char *registry)
{
    struct compose compose = {
        .import = import, .arena = import->arena, .diags = import->diags, .registry = registry};
    compose.root = load_service(import->arena, import->source, import->diags);
    if (!compose.root)
        return false;
    compose_check_keys(&compose, NULL, COMPOSE_FILE, compose.root, "");
    if (!check_services(&compose))
        return false;
    struct str layer = layer_name(&compose, name);
    import_start(import, layer);
    check_items(&compose, "volumes", COMPOSE_VOLUME);
    check_items(&compose, "secrets", COMPOSE_OBJECT);
    check_items(&compose, "configs", COMPOSE_OBJECT);
    compose_index_addresses(&compose);
    compose_index_volumes(&compose);
    for (const struct node *service = node_first_child(compose_get(compose.root, "services"));
         service; service = service->next)
        read_service(&compose, service);
    if (import->diags->errors == 0 && !import->modules->first)
        diag_error(import->diags, compose_get(compose.root, "services")->span, RULE_INVALID_COMPOSE,
                   "all services have profiles");
    complete_file(&compose, uses_auto(import));
    return import->diags->errors == 0;
}
