#include "config/module.h"

#include "format/name.h"

#include <string.h>

static word_list database_outputs = {"db_user", "db_name", "db_password", "db_host", NULL};
static word_list documentdb_outputs = {"db_user", "db_password", "db_host", NULL};
static word_list redis_outputs = {"cache_host", "cache_auth_token", NULL};
static word_list local_redis_outputs = {"cache_host", NULL};
static word_list atlas_outputs = {"db_user", "db_password", "mongodb_atlas_connection_string",
                                  NULL};
static word_list service_outputs = {"host", "port", NULL}; /* only for links */
static word_list gcs_outputs = {"bucket_id", "bucket_name", NULL};
static word_list s3_outputs = {"bucket_id", "bucket_arn", NULL};
static word_list sqs_outputs = {"queue_name", "queue_id", "queue_arn", "kms_arn", NULL};
static word_list sns_outputs = {"topic_name", "topic_arn", "kms_arn", NULL};
static word_list dynamodb_outputs = {"table_name", "table_id", "table_arn", "kms_arn", NULL};
static word_list read_write = {"read", "write", NULL};
static word_list only_write = {"write", NULL};
static word_list publish_subscribe = {"publish", "subscribe", NULL};
static word_list only_publish = {"publish", NULL};

#define SECRET_TYPE(type, keys)                                                                    \
    {                                                                                              \
        .name = type, .link = LINK_SECRET, .outputs = keys, .schema = &database_schema             \
    }
#define CLOUD_TYPE(type, keys, all, defaults)                                                      \
    {                                                                                              \
        .name = type, .service = type, .link = LINK_CLOUD, .cloud = CLOUD_AWS, .outputs = keys,    \
        .permissions = all, .default_permissions = defaults, .schema = &cloud_schema               \
    }

static const struct output_field dns_fields[] = {{"domain", "domain"}, {NULL, NULL}};
static const struct output_field gcs_fields[] = {
    {"bucket_id", "bucket_name"}, {"bucket_name", "bucket_name"}, {NULL, NULL}};

const struct module_type module_types[] = {
    {.name = "k8s-service", .link = LINK_SERVICE, .schema = &service_schema},
    CLOUD_TYPE("s3", s3_outputs, read_write, only_write),
    CLOUD_TYPE("sqs", sqs_outputs, publish_subscribe, publish_subscribe),
    CLOUD_TYPE("sns", sns_outputs, only_publish, only_publish),
    CLOUD_TYPE("dynamodb", dynamodb_outputs, read_write, only_write),
    SECRET_TYPE("postgres", database_outputs),
    SECRET_TYPE("mysql", database_outputs),
    SECRET_TYPE("mongodb", database_outputs),
    SECRET_TYPE("mongodb-atlas", atlas_outputs),
    SECRET_TYPE("documentdb", documentdb_outputs),
    SECRET_TYPE("redis", redis_outputs),
    SECRET_TYPE("local-redis", local_redis_outputs),
    {.name = "gcs",
     .link = LINK_CLOUD,
     .cloud = CLOUD_GOOGLE,
     .outputs = gcs_outputs,
     .permissions = read_write,
     .default_permissions = only_write,
     .fields = gcs_fields},
    {.name = "dns", .fields = dns_fields},
    {.name = "base"},
    {.name = "k8s-base"},
    {.name = "k8s-cluster"},
    {.name = "k8s-manifest"},
    {.name = "nodegroup"},
    {.name = "nodepool"},
    {.name = "service-account"},
    {.name = "helm-chart"},
    {.name = "custom-terraform"},
    {.name = "external-state"},
    {.name = "external-ssl-cert"},
    {.name = "datadog"},
    {.name = "influxdb-cloud"},
    {.name = "runx"},
    {.name = "cloudfront-distribution"},
    {.name = "global-accelerator"},
    {.name = "eks"},
    {.name = "gke"},
    {.name = "aks"},
    {.name = "ses"},
    {.name = "iam-policy"},
    {.name = "iam-role"},
    {.name = "iam-user"},
    {.name = "lambda-function"},
    {.name = "ecr"},
    {.name = "vpn"},
    {.name = "state"},
    {.name = NULL},
};

const char *const module_prefixes[] = {"aws-", "gcp-", "azure-", "local-", NULL};

static struct str skip_cloud_prefix(struct str name)
{
    for (const char *const *prefix = module_prefixes; *prefix; prefix++)
        if (str_starts_with(name, str_from_c(*prefix)))
            return str_skip(name, strlen(*prefix));
    return name;
}

static const struct module_type *find_type(struct str name)
{
    for (const struct module_type *type = module_types; type->name; type++)
        if (str_eq_c(name, type->name))
            return type;
    return NULL;
}

const struct module_type *module_type_find(struct str name, bool local)
{
    if (local && str_eq_c(name, "redis"))
        name = STR("local-redis");
    const struct module_type *exact = find_type(name);
    return exact ? exact : find_type(skip_cloud_prefix(name));
}

static bool contains_part(struct str text, struct str part)
{
    for (size_t at = 0; at + part.len <= text.len; at++)
        if (str_starts_with(str_skip(text, at), part))
            return true;
    return false;
}

enum type_similarity module_type_similarity(struct arena *arena, struct str name)
{
    const struct str service = STR("k8s-service");
    const struct module_type *type = module_type_find(name, false);
    if (type)
        return type->link == LINK_SERVICE ? SIMILARITY_EQUAL : SIMILARITY_NONE;
    const struct str long_prefix = STR("kubernetes-");
    struct str lower = str_lower(arena, name);
    struct str plain = skip_cloud_prefix(lower);
    if (str_starts_with(plain, long_prefix))
        plain = str_format(arena, "k8s-%.*s", STR_ARG(str_skip(plain, long_prefix.len)));
    const struct str spellings[] = {lower, plain};
    for (size_t i = 0; i < COUNT_OF(spellings); i++) {
        struct suggestion near = {.word = spellings[i]};
        suggestion_add(&near, service);
        suggestion_add(&near, STR("aws-k8s-service"));
        if (near.best.len)
            return SIMILARITY_NEAR;
    }
    return contains_part(lower, service) ? SIMILARITY_NEAR : SIMILARITY_NONE;
}

const char *module_type_field(const struct module_type *type, struct str output)
{
    const struct output_field *row = type ? type->fields : NULL;
    for (; row && row->output; row++)
        if (str_eq_c(output, row->output))
            return row->field;
    return NULL;
}

bool module_is_service(const struct module *module)
{
    return module->type && module->type->link == LINK_SERVICE;
}

/* Warns of an unknown type. If it is a misspelling, reports an error and returns false, because a
 * misspelt k8s-service would silently deploy nothing. The module then gets the most likely type, so
 * that its other fields are checked in the same run. */
static bool check_type(const struct schema_reader *reader, struct module *module,
                       struct location at)
{
    if (module->type)
        return true;
    struct suggestion near = {.word = skip_cloud_prefix(module->type_name)};
    for (const struct module_type *type = module_types; type->name; type++)
        suggestion_add(&near, str_from_c(type->name));
    if (near.best.len) {
        diag_error(reader->diags, at, RULE_UNKNOWN_MODULE_TYPE, "unknown module type \"%.*s\"",
                   STR_ARG(module->type_name));
        diag_suggest(reader->diags, &near);
        module->type = find_type(near.best);
        return false;
    }
    diag_warning(reader->diags, at, RULE_UNKNOWN_MODULE_TYPE,
                 "unknown module type \"%.*s\": nothing is generated for it",
                 STR_ARG(module->type_name));
    return true;
}

static void add_output(struct arena *arena, struct module *module, struct str name,
                       const struct node *node)
{
    module->outputs =
        arena_grow(arena, module->outputs, module->output_count, sizeof *module->outputs);
    module->outputs[module->output_count++] = (struct module_output){.name = name, .node = node};
}

bool module_output_is_secret(const struct module *module, struct str output)
{
    static const char *const secrets[] = {"db_password", "cache_auth_token",
                                          "mongodb_atlas_connection_string"};
    bool secret = false;
    for (size_t i = 0; i < COUNT_OF(secrets); i++)
        secret |= str_eq_c(output, secrets[i]);
    return secret && module->type && module->type->link == LINK_SECRET;
}

/* Reports an error for a secret output, whose value would appear in the manifests. The error does
 * not show the line, because logs would contain the value. */
static void check_output(const struct schema_reader *reader, const struct module *module,
                         const struct item *item)
{
    struct location at = item->name_node->span;
    struct source *hidden = ARENA_NEW(reader->arena, struct source);
    if (!module_output_is_secret(module, item->name))
        return;
    *hidden = *at.source;
    hidden->secret = true;
    at.source = hidden;
    diag_error(reader->diags, at, RULE_SECRET_IN_MANIFEST,
               "%.*s is a secret and must not be written in a file", STR_ARG(item->name));
    diag_hint(reader->diags,
              "store it in a Secret; the fields secret and secret_keys set its name and keys");
}

/* Adds the items of `outputs`, then the outputs whose values are fields of the module. */
static void read_outputs(const struct schema_reader *reader, const struct record *record,
                         struct module *module)
{
    const struct value *written = record_value(record, MODULE_OUTPUTS);
    const struct output_field *row = module->type ? module->type->fields : NULL;
    for (size_t i = 0; i < written->count; i++) {
        add_output(reader->arena, module, written->items[i].name, written->items[i].node);
        check_output(reader, module, &written->items[i]);
    }
    for (; row && row->output; row++) {
        const struct node *field = node_get(module->node, row->field);
        if (field)
            add_output(reader->arena, module, str_from_c(row->output), field);
    }
    for (size_t i = 0; i < module->output_count; i++)
        map_add(reader->arena, &module->outputs_by_name, module->outputs[i].name,
                &module->outputs[i]);
}

/* Returns the default name of a module, as in Opta: the type without its dashes. */
static struct str name_of_type(struct arena *arena, struct str type)
{
    char *name = arena_alloc(arena, type.len + 1);
    size_t len = 0;
    for (size_t i = 0; i < type.len; i++)
        if (type.data[i] != '-')
            name[len++] = type.data[i];
    return (struct str){name, len};
}

/* True if a module without a valid type is most likely a service. */
static bool looks_like_service(const struct node *node)
{
    return node_get(node, "image") || node_get(node, "port") || node_get(node, "ports");
}

/* Returns a copy of a module without its invalid type or name, so that its other fields can be
 * read. */
static struct node *copy_without_errors(struct arena *arena, const struct record *record,
                                        struct str type)
{
    struct node *copy = node_new(arena, NODE_MAP);
    copy->span = record->node->span;
    bool has_type = record_has(record, MODULE_TYPE);
    for (const struct node *child = record->node->first; child; child = child->next) {
        bool invalid =
            (str_eq_c(child->key->text, "type") && !has_type) ||
            (str_eq_c(child->key->text, "name") && record_value(record, MODULE_NAME)->invalid);
        if (invalid)
            continue;
        struct node *kept = ARENA_NEW(arena, struct node);
        *kept = *child;
        kept->next = NULL;
        node_put(copy, child->key, kept);
    }
    if (!has_type)
        node_put(copy, node_scalar(arena, STYLE_PLAIN, STR("type")),
                 node_scalar(arena, STYLE_PLAIN, type));
    return copy;
}

static void read_module(const struct schema_reader *reader, const struct node *node, bool local,
                        struct module *ret)
{
    struct record *record = schema_read(reader, &module_schema, node);
    *ret = (struct module){.node = node, .has_error = true, .is_name_guessed = true};
    if (!record) {
        diag_hint(reader->diags, "for example: - {name: app, type: k8s-service, ...}");
        return;
    }
    bool has_type = record_has(record, MODULE_TYPE);
    bool has_name = record_has(record, MODULE_NAME);
    bool has_invalid_name = record_value(record, MODULE_NAME)->invalid;
    if (has_type)
        ret->type_name = record_value(record, MODULE_TYPE)->text;
    else if (looks_like_service(node))
        ret->type_name = STR("k8s-service");
    ret->type = module_type_find(ret->type_name, local);
    ret->is_name_guessed = has_invalid_name || (!has_name && !has_type);
    ret->name_at = record_location(record, has_name ? MODULE_NAME : MODULE_TYPE);
    ret->name = has_name ? record_value(record, MODULE_NAME)->text
                         : name_of_type(reader->arena, ret->type_name);
    if (!has_type || has_invalid_name)
        ret->node = copy_without_errors(reader->arena, record, ret->type_name);
    bool is_type_valid = has_type && check_type(reader, ret, record_location(record, MODULE_TYPE));
    /* The default name is derived from the type: correct it too. */
    if (has_type && !has_name && !is_type_valid) {
        ret->name = name_of_type(reader->arena, str_from_c(ret->type->name));
        ret->is_name_guessed = true;
    }
    ret->has_error =
        !is_type_valid || has_invalid_name || record_value(record, MODULE_OUTPUTS)->invalid;
    read_outputs(reader, record, ret);
}

struct module *module_find(struct module *modules, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(modules[i].name, name))
            return &modules[i];
    return NULL;
}

/* Adds a hint with the names of the modules. */
static void hint_names(const struct schema_reader *reader, const struct module *modules,
                       size_t count)
{
    enum { NAMES_MAX = 20 };
    struct buf names = {0};
    for (size_t i = 0; i < count && i <= NAMES_MAX; i++)
        buf_add_joined(&names, ", ", i < NAMES_MAX ? modules[i].name : STR("..."));
    struct str list = buf_take(reader->arena, &names);
    diag_hint_line(reader->diags, str_format(reader->arena, "available: %.*s", STR_ARG(list)).data);
}

void module_report_missing(const struct schema_reader *reader, const struct module *modules,
                           size_t count, struct str name, struct location at)
{
    struct suggestion near = {.word = name};
    for (size_t i = 0; i < count; i++) {
        if (modules[i].is_name_guessed)
            return;
        if (!diags_full(reader->diags))
            suggestion_add(&near, modules[i].name);
    }
    struct str message = str_format(reader->arena, "module \"%.*s\" not found", STR_ARG(name));
    if (near.best.len == 0 && diags_contain(reader->diags, message))
        return;
    diag_error(reader->diags, at, RULE_MODULE_NOT_FOUND, "%.*s", STR_ARG(message));
    if (diag_suggest(reader->diags, &near))
        return;
    diag_hint(reader->diags, "add it to modules, for example: - {name: %.*s, type: postgres}",
              STR_ARG(name));
    hint_names(reader, modules, count);
}

struct module *modules_read(const struct schema_reader *reader, const struct node *modules,
                            bool local, size_t *ret_count)
{
    *ret_count = 0;
    if (!modules || node_is_null(modules))
        return NULL;
    if (modules->kind != NODE_LIST) {
        diag_error(reader->diags, modules->span, RULE_WRONG_TYPE, "modules must be a list, not %s",
                   schema_value_type(modules));
        diag_hint(
            reader->diags,
            "begin each module with \"- \", for example: - {name: app, type: k8s-service, ...}");
        return NULL;
    }
    struct module *result = NULL;
    for (const struct node *node = modules->first; node; node = node->next) {
        result = arena_grow(reader->arena, result, *ret_count, sizeof *result);
        struct module *module = &result[*ret_count];
        read_module(reader, node, local, module);
        const struct module *first =
            module->is_name_guessed ? NULL : module_find(result, *ret_count, module->name);
        if (first && !first->is_name_guessed) {
            diag_error(reader->diags, module->name_at, RULE_DUPLICATE_ITEM,
                       "duplicate module \"%.*s\"", STR_ARG(module->name));
            diag_hint(reader->diags, "first defined on line %zu; give each module its own name",
                      diag_position(first->name_at.source, first->name_at.start).line);
        }
        if (++*ret_count == MODULES_MAX && node->next) {
            diag_error(reader->diags, node->next->span, RULE_LIMIT_EXCEEDED,
                       "too many modules in one file (maximum %d)", MODULES_MAX);
            break;
        }
    }
    return result;
}

static void check_secret_key(const struct schema_reader *reader, const struct module *module,
                             const struct item *key)
{
    bool known = false;
    for (const char *const *output = module->type->outputs; *output; output++)
        known |= str_eq_c(key->name, *output);
    const char *problem = name_check_secret_key(key->text);
    if (!known) {
        struct str outputs = schema_choices_format(reader->arena, module->type->outputs, NULL);
        diag_error(reader->diags, key->name_node->span, RULE_UNKNOWN_OUTPUT,
                   "a module of type %.*s has no output \"%.*s\"", STR_ARG(module->type_name),
                   STR_ARG(key->name));
        diag_hint(reader->diags, "available: %.*s", STR_ARG(outputs));
    } else if (problem) {
        diag_error(reader->diags, key->node->span, RULE_INVALID_NAME, "Secret key %s", problem);
    }
}

void module_read_credentials(const struct schema_reader *reader, struct module *module)
{
    const struct record *record = schema_read(reader, &database_schema, module->node);
    module->credentials = record;
    if (!record)
        return;
    if (record_has(record, DATABASE_SECRET)) {
        const char *problem = name_check_subdomain(record_value(record, DATABASE_SECRET)->text);
        if (problem)
            diag_error(reader->diags, record_location(record, DATABASE_SECRET), RULE_INVALID_NAME,
                       "Secret name %s", problem);
    }
    const struct value *keys = record_value(record, DATABASE_SECRET_KEYS);
    for (size_t i = 0; i < keys->count; i++)
        check_secret_key(reader, module, &keys->items[i]);
}

struct str module_secret(const struct module *module)
{
    bool named = module->credentials && record_has(module->credentials, DATABASE_SECRET);
    return named ? record_value(module->credentials, DATABASE_SECRET)->text : module->name;
}

struct str module_secret_key(const struct module *module, struct str output)
{
    if (!module->credentials)
        return output;
    const struct value *keys = record_value(module->credentials, DATABASE_SECRET_KEYS);
    for (size_t i = 0; i < keys->count; i++)
        if (str_equal(keys->items[i].name, output))
            return keys->items[i].text;
    return output;
}

struct str link_service_prefix(struct arena *arena, const struct module *module)
{
    return str_upper(arena, name_for_variable(arena, module->name));
}

struct str link_variable(struct arena *arena, const struct module *module, struct str output)
{
    struct str name = name_for_variable(arena, module->name);
    return str_format(arena, "%.*s_%.*s", STR_ARG(name), STR_ARG(output));
}

static bool contains(const char *const *list, struct str word)
{
    for (size_t i = 0; list[i]; i++)
        if (str_eq_c(word, list[i]))
            return true;
    return false;
}

static size_t length_of(const char *const *list)
{
    size_t length = 0;
    while (list[length])
        length++;
    return length;
}

struct link_reader {
    const struct schema_reader *reader;
    struct module *modules;
    size_t module_count;
};

static enum link_kind link_kind(const struct module *module)
{
    return module->type ? module->type->link : LINK_NONE;
}

/* True if a link names outputs. `details`: the value of the module name in the link; NULL if the
 * link is only a name. */
static bool names_outputs(const struct node *details)
{
    const struct node *first = details && details->kind == NODE_LIST ? details->first : details;
    return first && first->kind == NODE_MAP && first->first;
}

/* Returns the module of a link; NULL after an error. */
static struct module *find_linked_module(const struct link_reader *links, const struct node *name,
                                         const struct node *details)
{
    struct diags *diags = links->reader->diags;
    struct module *module = module_find(links->modules, links->module_count, name->text);
    if (!module)
        module_report_missing(links->reader, links->modules, links->module_count, name->text,
                              name->span);
    if (!module || module->has_error)
        return NULL;
    if (link_kind(module) != LINK_NONE || names_outputs(details))
        return module;
    diag_error(diags, name->span, RULE_INVALID_LINK,
               "cannot link to \"%.*s\": links to modules of type %.*s are not supported",
               STR_ARG(name->text), STR_ARG(module->type_name));
    diag_hint(
        diags,
        "link to k8s-service, postgres, mysql, mongodb, mongodb-atlas, documentdb, redis, s3, "
        "sqs, sns, dynamodb or gcs; for other types, name the outputs: - %.*s: {OUTPUT: VARIABLE}",
        STR_ARG(name->text));
    return NULL;
}

static void add_variable(const struct link_reader *links, struct link *link, struct item variable)
{
    link->variables = arena_grow(links->reader->arena, link->variables, link->variable_count,
                                 sizeof *link->variables);
    link->variables[link->variable_count++] = variable;
}

/* Adds the defaults of a link: variables for all outputs of a database or service, and the default
 * permissions for a cloud resource. */
static void set_defaults(const struct link_reader *links, struct link *link)
{
    const struct module *module = link->module;
    const struct module_type *type = module->type;
    struct arena *arena = links->reader->arena;
    bool service = link_kind(module) == LINK_SERVICE;
    const char *const *outputs = service                            ? service_outputs
                                 : link_kind(module) == LINK_SECRET ? type->outputs
                                                                    : NULL;
    for (; outputs && *outputs; outputs++) {
        struct str output = str_from_c(*outputs);
        struct str variable =
            service ? str_format(arena, "%.*s_%.*s", STR_ARG(link_service_prefix(arena, module)),
                                 STR_ARG(str_upper(arena, output)))
                    : link_variable(arena, module, output);
        add_variable(
            links, link,
            (struct item){
                .name = output, .name_node = link->node, .text = variable, .node = link->node});
    }
    if (link_kind(module) != LINK_CLOUD)
        return;
    link->permissions = ARENA_ARRAY(arena, length_of(type->permissions), struct str);
    for (size_t i = 0; type->default_permissions[i]; i++)
        link->permissions[link->permission_count++] = str_from_c(type->default_permissions[i]);
}

static bool read_permission(const struct link_reader *links, struct link *link,
                            const struct node *item)
{
    const struct module_type *type = link->module->type;
    if (item->kind != NODE_SCALAR || !contains(type->permissions, item->text)) {
        struct str choices = schema_choices_format(links->reader->arena, type->permissions, "or");
        diag_error(links->reader->diags, item->span, RULE_INVALID_LINK,
                   "permissions of a link to %.*s must be %.*s", STR_ARG(link->module->type_name),
                   STR_ARG(choices));
        diag_hint(links->reader->diags, "for example: - %.*s: [%s]", STR_ARG(link->module->name),
                  type->permissions[0]);
        return false;
    }
    for (size_t i = 0; i < link->permission_count; i++)
        if (str_equal(link->permissions[i], item->text))
            return true;
    link->permissions[link->permission_count++] = item->text;
    return true;
}

/* Reads a map whose keys are outputs and whose values are names of variables. */
static bool read_output_names(const struct link_reader *links, struct link *link,
                              const struct node *map)
{
    struct diags *diags = links->reader->diags;
    for (const struct node *value = map->first; value; value = value->next) {
        struct str output = value->key->text;
        if (link_kind(link->module) == LINK_SERVICE && !contains(service_outputs, output)) {
            diag_error(diags, value->key->span, RULE_UNKNOWN_OUTPUT,
                       "a module of type %.*s has no output \"%.*s\"",
                       STR_ARG(link->module->type_name), STR_ARG(output));
            diag_hint(diags, "available: host, port");
            return false;
        }
        const char *problem = value->kind != NODE_SCALAR ? "must be a string"
                              : node_is_null(value)      ? "has no value"
                                                         : name_check_variable(value->text);
        if (problem) {
            struct str example = link_variable(links->reader->arena, link->module, output);
            diag_error(diags, value->span, RULE_INVALID_VARIABLE_NAME,
                       "variable name for output \"%.*s\" %s", STR_ARG(output), problem);
            diag_hint(diags, "for example: {%.*s: %.*s}", STR_ARG(output), STR_ARG(example));
            return false;
        }
        add_variable(
            links, link,
            (struct item){
                .name = output, .name_node = value->key, .text = value->text, .node = value});
    }
    return true;
}

static bool report_details(const struct link_reader *links, const struct link *link,
                           const struct node *details)
{
    struct diags *diags = links->reader->diags;
    struct str name = link->module->name;
    if (link_kind(link->module) == LINK_CLOUD) {
        diag_error(diags, details->span, RULE_WRONG_TYPE,
                   "permissions of a link to %.*s must be a list, not %s",
                   STR_ARG(link->module->type_name), schema_value_type(details));
        diag_hint(diags, "for example: - %.*s: [%s]", STR_ARG(name),
                  link->module->type->permissions[0]);
    } else {
        diag_error(diags, details->span, RULE_INVALID_LINK,
                   "a link to %.*s cannot have permissions", STR_ARG(link->module->type_name));
        diag_hint(diags, "use only the name: - %.*s", STR_ARG(name));
    }
    return false;
}

/* Reads the permissions and outputs of a link. Permissions override the default permissions, and
 * outputs override the default outputs. */
static bool read_details(const struct link_reader *links, struct link *link,
                         const struct node *details)
{
    if (node_is_null(details) || (details->kind != NODE_SCALAR && !details->first))
        return true;
    if (details->kind == NODE_SCALAR)
        return report_details(links, link, details);
    const struct node *first = details->kind == NODE_MAP ? details : details->first;
    bool permissions = false;
    bool ok = true;
    if (names_outputs(first))
        link->variable_count = 0;
    for (const struct node *item = first; ok && item; item = item->next) {
        if (item->kind == NODE_MAP) {
            ok = read_output_names(links, link, item);
        } else if (link_kind(link->module) == LINK_CLOUD) {
            link->permission_count = permissions ? link->permission_count : 0;
            permissions = true;
            ok = read_permission(links, link, item);
        } else {
            ok = report_details(links, link, details);
        }
        if (details->kind == NODE_MAP)
            break;
    }
    return ok;
}

/* Checks the name of the Secret if it defaults to the name of the module. module_read_credentials()
 * has checked `secret`. */
static bool check_secret_name(const struct schema_reader *reader, const struct module *module,
                              const struct node *name)
{
    bool secret = link_kind(module) == LINK_SECRET;
    const char *problem = secret ? name_check_subdomain(module_secret(module)) : NULL;
    if (!problem || !str_equal(module_secret(module), module->name))
        return true;
    struct str message =
        str_format(reader->arena, "module name \"%.*s\" is not a valid Secret name: it %s",
                   STR_ARG(module->name), problem);
    if (diags_contain(reader->diags, message))
        return false;
    diag_error(reader->diags, name->span, RULE_INVALID_NAME, "%.*s", STR_ARG(message));
    diag_hint(reader->diags,
              "set secret in the module to the name of the Secret with its credentials");
    return false;
}

static bool read_link(const struct link_reader *links, const struct node *node, struct link *ret)
{
    const struct schema_reader *reader = links->reader;
    bool named = node->kind == NODE_MAP && node->first && !node->first->next;
    if ((node->kind != NODE_SCALAR || node_is_null(node)) && !named) {
        diag_error(reader->diags, node->span, RULE_WRONG_TYPE,
                   "a link must be a module name or NAME: [...]");
        diag_hint(reader->diags, "for example: - database");
        return false;
    }
    const struct node *name = named ? node->first->key : node;
    struct module *module = find_linked_module(links, name, named ? node->first : NULL);
    if (!module || !check_secret_name(reader, module, name))
        return false;
    *ret = (struct link){.module = module, .node = name};
    set_defaults(links, ret);
    return !named || read_details(links, ret, node->first);
}

struct link *links_read(const struct schema_reader *reader, const struct node *links,
                        struct module *modules, size_t module_count, size_t *ret_count)
{
    *ret_count = 0;
    if (links->kind != NODE_LIST) {
        diag_error(reader->diags, links->span, RULE_WRONG_TYPE, "links must be a list, not %s",
                   schema_value_type(links));
        diag_hint(reader->diags, "for example: links: [database]");
        return NULL;
    }
    struct link_reader context = {reader, modules, module_count};
    struct link *result = ARENA_ARRAY(reader->arena, module_count + 1, struct link);
    for (const struct node *node = links->first; node; node = node->next) {
        struct link link;
        if (!read_link(&context, node, &link))
            continue;
        bool duplicate = false;
        for (size_t i = 0; i < *ret_count; i++)
            duplicate |= result[i].module == link.module;
        if (!duplicate) {
            result[(*ret_count)++] = link;
            continue;
        }
        diag_error(reader->diags, link.node->span, RULE_DUPLICATE_ITEM, "duplicate link \"%.*s\"",
                   STR_ARG(link.module->name));
        diag_hint(reader->diags, "combine the links to the same module into one");
    }
    return result;
}
