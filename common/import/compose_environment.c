/* Commands and environment variables. */
#include "config/credential.h"
#include "format/name.h"
#include "import/compose_reader.h"

static void read_string_command(struct compose_service *service, const struct node *node,
                                enum field_id field)
{
    struct str *words;
    size_t count;
    struct str text = compose_string(service, node, COMPOSE_KUBERNETES);
    if (!shell_split(service->arena, text, &words, &count)) {
        diag_error(service->compose->diags, node->span, RULE_INVALID_COMPOSE,
                   "a quote in %.*s is not closed", STR_ARG(node->key->text));
        return;
    }
    struct node *list = import_list(service->import, service->module, field, node->span);
    for (size_t i = 0; i < count; i++)
        import_item(service->import, list, words[i], node->span);
}

void compose_read_command(struct compose_service *service, const char *key, enum field_id field)
{
    const struct node *node = compose_get(service->node, key);
    if (!node)
        return;
    if (node->kind == NODE_MAP) {
        compose_report_kind(service->compose, node, key, "a string or list");
        return;
    }
    if (node->kind == NODE_SCALAR) {
        read_string_command(service, node, field);
    } else {
        struct node *list = import_list(service->import, service->module, field, node->span);
        for (const struct node *item = node->first; item; item = item->next)
            import_item(service->import, list, compose_string(service, item, COMPOSE_KUBERNETES),
                        item->span);
    }
    const struct node *list = import_get(service->module, field);
    if (list && !list->first)
        compose_lost(service, node->key->span,
                     "an empty %s is not carried over: remove it from the image instead", key);
}

void compose_add_secret(const struct compose_service *service, struct str name, struct str value,
                        struct location at)
{
    struct str key = str_format(service->arena, "%.*s/%.*s", STR_ARG(service->key), STR_ARG(name));
    if (map_add(service->arena, &service->compose->secrets, key, service))
        return;
    struct node *list = import_list(service->import, service->module, SERVICE_SECRETS, at);
    import_item(service->import, list, name, at);
    import_note_secret(service->import, service->key, name, compose_origin(service, value), at);
}

static void add_variable(struct compose_service *service, struct str name, struct str value,
                         struct location at)
{
    const char *error = name_check_variable(name);
    if (error) {
        compose_lost(service, at, "environment variable \"%.*s\" is not carried over: its name %s",
                     STR_ARG(name), error);
        return;
    }
    if (compose_is_credential(service, name, value) ||
        str_equal(compose_find_credential(service, value), name)) {
        compose_add_secret(service, name, value, at);
        return;
    }
    struct node *map = import_map(service->import, service->module, SERVICE_ENV_VARS, at);
    import_entry(service->import, map, name, compose_expand(service, value, at, COMPOSE_KUBERNETES),
                 at);
}

/* A variable without a value has the value of the environment of Compose. */
static struct str value_from_outside(struct compose_service *service, struct str name)
{
    return str_format(service->arena, "${%.*s}", STR_ARG(name));
}

static void read_map(struct compose_service *service, const struct node *map)
{
    for (const struct node *value = map->first; value; value = value->next) {
        if (value->kind != NODE_SCALAR)
            compose_report_kind(service->compose, value, "an environment variable", "a string");
        else
            add_variable(service, value->key->text,
                         node_is_null(value) ? value_from_outside(service, value->key->text)
                                             : value->text,
                         value->key->span);
    }
}

static void read_list(struct compose_service *service, const struct node *list)
{
    for (const struct node *item = list->first; item; item = item->next) {
        if (item->kind != NODE_SCALAR) {
            compose_report_kind(service->compose, item, "an environment variable",
                                "a string NAME=VALUE");
            continue;
        }
        size_t equals = str_find(item->text, 0, '=');
        struct str name = str_slice(item->text, 0, equals);
        const struct compose_variable *variable = map_get(&service->variables, name);
        if (variable->last != item) /* a later item replaces it */
            continue;
        add_variable(service, name,
                     equals < item->text.len ? str_skip(item->text, equals + 1)
                                             : value_from_outside(service, name),
                     item->span);
    }
}

void compose_index_variables(struct compose_service *service)
{
    const struct node *environment = compose_get(service->node, "environment");
    for (const struct node *each = node_first_child(environment); each; each = each->next) {
        struct str text = environment->kind == NODE_MAP ? each->key->text : node_string(each);
        struct compose_variable *variable = ARENA_NEW(service->arena, struct compose_variable);
        *variable = (struct compose_variable){.last = each, .self = variable};
        const struct compose_variable *first =
            map_add(service->arena, &service->variables, str_slice(text, 0, str_find(text, 0, '=')),
                    variable);
        if (first)
            first->self->last = each;
    }
}

static void note_env_file(const struct compose_service *service, const struct node *item)
{
    const struct node *path = item->kind == NODE_MAP ? compose_get(item, "path") : item;
    if (item->kind == NODE_MAP &&
        !compose_check_keys(service->compose, service, COMPOSE_ENV_FILE, item, "env_file."))
        return;
    if (!path || path->kind != NODE_SCALAR) {
        compose_report_kind(service->compose, item, "env_file", "a path");
        return;
    }
    struct str text = str_shell(service->arena, path->text);
    compose_lost(service, item->span,
                 "env_file %.*s is not carried over: write its variables in env_vars, or add their "
                 "names to secrets and run kubectl optasvc secret import %.*s -f FILE",
                 STR_ARG(path->text), STR_ARG(text));
}

static void read_env_files(const struct compose_service *service)
{
    const struct node *files = compose_get(service->node, "env_file");
    if (files && files->kind != NODE_LIST)
        note_env_file(service, files);
    for (const struct node *item = compose_items(files, NODE_LIST); item; item = item->next)
        note_env_file(service, item);
}

void compose_read_environment(struct compose_service *service)
{
    const struct node *environment = compose_get(service->node, "environment");
    if (environment && environment->kind == NODE_MAP)
        read_map(service, environment);
    else if (environment && environment->kind == NODE_LIST)
        read_list(service, environment);
    else if (environment)
        compose_report_kind(service->compose, environment, "environment", "a map or list");
    read_env_files(service);
}
