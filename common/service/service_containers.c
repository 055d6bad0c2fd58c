/* init_containers and sidecars: the other containers of the pods. What they share with the service
 * (its volumes, files, disks and secrets) is named in both places. */
#include "base/map.h"
#include "service/service_reader.h"

static void check_name(const struct service_reader *in, const struct record *record,
                       const struct container *container, struct map *names)
{
    struct diags *diags = in->reader.diags;
    struct location at = record_location(record, CONTAINER_NAME);
    const char *error = name_check_namespace(container->name);
    if (!record_has(record, CONTAINER_NAME))
        return;
    if (error) {
        diag_error(diags, at, RULE_INVALID_NAME, "name %s", error);
    } else if (str_equal(container->name, in->service->name)) {
        diag_error(diags, at, RULE_INVALID_NAME,
                   "\"%.*s\" is the name of the service's own container", STR_ARG(container->name));
        diag_hint(diags, "set a different name");
    } else if (map_add(in->reader.arena, names, container->name, container)) {
        diag_error(diags, at, RULE_DUPLICATE_ITEM, "duplicate container name \"%.*s\"",
                   STR_ARG(container->name));
        diag_hint(diags, "set a different name in each item of init_containers and sidecars");
    }
}

/* A container with the image of the service would otherwise run the service. */
static void check_commands(const struct service_reader *in, const struct record *record,
                           const struct container *container)
{
    struct location at = record->node->span;
    at.end = at.start;
    if (!container->inherits || service_has_unknown_field(record) || container->commands->invalid ||
        container->args->invalid || container->commands->count || container->args->count)
        return;
    diag_error(in->reader.diags, at, RULE_REQUIRED_FIELD,
               "a container with the image of the service requires commands or args");
    diag_hint(in->reader.diags, "for example: commands: [./migrate]; or set another image");
}

static void check_image(const struct service_reader *in, const struct record *record,
                        const struct container *container)
{
    struct str lower = str_lower(in->reader.arena, container->image);
    struct location at = record_location(record, CONTAINER_IMAGE);
    const char *error = name_check_image(container->image);
    if (container->inherits)
        return;
    if (str_eq_c(lower, "auto")) {
        diag_error(in->reader.diags, at, RULE_CONFLICTING_FIELDS,
                   "image: AUTO is only for the image of the service");
        diag_hint(in->reader.diags, "remove image to use the image of the service");
    } else if (error) {
        diag_error(in->reader.diags, at, RULE_INVALID_IMAGE, "image %s", error);
    }
}

/* Returns the service's variable with a key of its `secrets`; NULL if it has no such key. */
static const struct variable *find_secret(const struct service *service, struct str secret,
                                          struct str key)
{
    for (size_t i = 0; i < service->variable_count; i++)
        if (str_equal(service->variables[i].secret, secret) &&
            str_equal(service->variables[i].key, key))
            return &service->variables[i];
    return NULL;
}

static void report_secret(const struct service_reader *in, const struct item *item)
{
    const struct value *secrets = service_value(in, SERVICE_SECRETS);
    struct suggestion near = {.word = item->text};
    for (size_t i = 0; i < secrets->count; i++)
        suggestion_add(&near, secrets->items[i].text);
    diag_error(in->reader.diags, item->node->span, RULE_UNDEFINED_REFERENCE,
               "\"%.*s\" is not in secrets of the service", STR_ARG(item->text));
    if (!diag_suggest(in->reader.diags, &near))
        diag_hint(in->reader.diags, "add it to secrets of the service");
}

/* Returns the variables of `secrets`. */
static struct variable *read_secrets(const struct service_reader *in, const struct value *secrets,
                                     size_t *ret_count)
{
    const struct service *service = in->service;
    struct str secret = service_secret(in->reader.arena, in->layer, service->name);
    struct variable *variables = ARENA_ARRAY(in->reader.arena, secrets->count, struct variable);
    struct map known = {0};
    size_t count = 0;
    for (size_t i = 0; i < secrets->count; i++) {
        const struct item *item = &secrets->items[i];
        const char *error = name_check_variable(item->text);
        struct variable variable = {
            .name = item->text, .at = item->node->span, .secret = secret, .key = item->text};
        if (map_add(in->reader.arena, &known, item->text, item)) {
            diag_error(in->reader.diags, variable.at, RULE_DUPLICATE_ITEM,
                       "duplicate variable \"%.*s\"", STR_ARG(item->text));
            diag_hint(in->reader.diags, "remove one of them");
        } else if (error) {
            diag_error(in->reader.diags, variable.at, RULE_INVALID_VARIABLE_NAME,
                       "variable \"%.*s\" %s", STR_ARG(item->text), error);
        } else if (find_secret(service, secret, item->text)) {
            variables[count++] = variable;
        } else if (service->all_secrets.len) {
            service_require_secret(in, &variable);
            variables[count++] = variable;
        } else if (!service_value(in, SERVICE_SECRETS)->invalid) {
            report_secret(in, item);
        }
    }
    *ret_count = count;
    return variables;
}

/* A container with the image of the service has all variables of the service. */
static void read_variables(const struct service_reader *in, const struct record *record,
                           struct container *container)
{
    size_t count;
    const struct variable *inherited =
        read_secrets(in, record_value(record, CONTAINER_SECRETS), &count);
    if (container->inherits) {
        inherited = in->service->variables;
        count = in->service->variable_count;
    }
    container->variables = service_read_own_variables(in, record_value(record, CONTAINER_ENV_VARS),
                                                      inherited, count, &container->variable_count);
}

/* Returns the paths of the service that a container can mount. */
static struct map mountable_paths(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct map paths = service_mounted_paths(in);
    for (size_t i = 0; i < service->file_count; i++)
        map_add(in->reader.arena, &paths, service->files[i].path, service);
    return paths;
}

static void check_volumes(const struct service_reader *in, const struct value *volumes,
                          const struct map *paths)
{
    struct diags *diags = in->reader.diags;
    struct map known = {0};
    for (size_t i = 0; i < volumes->count; i++) {
        const struct item *item = &volumes->items[i];
        if (!map_get(paths, item->text)) {
            diag_error(diags, item->node->span, RULE_UNDEFINED_REFERENCE,
                       "the service has no volume or file at \"%.*s\"", STR_ARG(item->text));
            diag_hint(diags, "add it to volumes, files or persistent_storage of the service");
        } else if (map_add(in->reader.arena, &known, item->text, item)) {
            diag_error(diags, item->node->span, RULE_DUPLICATE_ITEM, "duplicate path \"%.*s\"",
                       STR_ARG(item->text));
            diag_hint(diags, "remove one of them");
        }
    }
}

static void read_containers(const struct service_reader *in, enum field_id field, struct map *names)
{
    struct service *service = in->service;
    const struct value *written = service_value(in, field);
    const struct map paths = mountable_paths(in);
    for (size_t i = 0; i < written->count; i++) {
        const struct record *record = written->records[i];
        bool inherits = !record_has(record, CONTAINER_IMAGE);
        struct container *container = &service->containers[service->container_count++];
        *container = (struct container){
            .name = record_value(record, CONTAINER_NAME)->text,
            .image = inherits ? service->image : record_value(record, CONTAINER_IMAGE)->text,
            .is_sidecar = field == SERVICE_SIDECARS,
            .inherits = inherits,
            .commands = record_value(record, CONTAINER_COMMANDS),
            .args = record_value(record, CONTAINER_ARGS),
            .volumes = record_value(record, CONTAINER_VOLUMES),
            .resources = service_read_own_resources(
                in, record_value(record, CONTAINER_RESOURCE_REQUEST),
                record_value(record, CONTAINER_RESOURCE_LIMITS),
                inherits ? service->resources : service_default_resources(in))};
        check_name(in, record, container, names);
        check_image(in, record, container);
        if (!record_value(record, CONTAINER_IMAGE)->invalid)
            check_commands(in, record, container);
        read_variables(in, record, container);
        if (!inherits)
            service_check_own_commands(in, container);
        check_volumes(in, container->volumes, &paths);
    }
}

void service_read_containers(const struct service_reader *in)
{
    size_t sidecars = service_value(in, SERVICE_SIDECARS)->count;
    size_t count = sidecars + service_value(in, SERVICE_INIT_CONTAINERS)->count;
    struct map names = {0};
    if (count > CONTAINERS_MAX) {
        service_error(
            in, sidecars ? SERVICE_SIDECARS : SERVICE_INIT_CONTAINERS, RULE_LIMIT_EXCEEDED,
            "too many init_containers and sidecars: %zu (maximum %d)", count, CONTAINERS_MAX);
        return;
    }
    in->service->containers = ARENA_ARRAY(in->reader.arena, count, struct container);
    read_containers(in, SERVICE_SIDECARS, &names);
    read_containers(in, SERVICE_INIT_CONTAINERS, &names);
}
