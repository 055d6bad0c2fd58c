#include "config/environment.h"

#include "base/map.h"
#include "config/foreign_file.h"
#include "config/module.h"
#include "config/remote.h"
#include "config/source.h"
#include "config/usage.h"
#include "format/name.h"
#include "yaml/parse_strict.h"

#include <string.h>

static const struct record *select_environment(const struct schema_reader *reader,
                                               const struct record *file,
                                               const struct input_options *options)
{
    const struct value *environments = record_value(file, FILE_ENVIRONMENTS);
    enum { LISTED_MAX = 20 }; /* environments listed in the hint */
    struct buf list = {0};
    struct suggestion near = {.word = str_from_c(options->environment)};
    for (size_t i = 0; i < environments->count; i++) {
        struct str name = record_value(environments->records[i], ENVIRONMENT_NAME)->text;
        if (options->environment && str_eq_c(name, options->environment)) {
            buf_free(&list);
            return environments->records[i];
        }
        suggestion_add(&near, name);
        if (i <= LISTED_MAX)
            buf_add_joined(&list, ", ", i < LISTED_MAX ? name : STR("..."));
    }
    struct str names = buf_take(reader->arena, &list);
    if (!options->environment && environments->count == 1)
        return environments->records[0];
    struct location at = environments->node->key->span;
    if (options->environment)
        diag_error(reader->diags, at, RULE_ENVIRONMENT_NOT_FOUND, "environment \"%s\" not found",
                   options->environment);
    else
        diag_error(reader->diags, at, RULE_AMBIGUOUS_SELECTION,
                   "the file has several environments; select one with --env");
    if (near.best.len)
        diag_hint(reader->diags, "did you mean --env %.*s?", STR_ARG(near.best));
    else
        diag_hint(reader->diags, "available: %.*s", STR_ARG(names));
    return NULL;
}

static void report_duplicate(const struct schema_reader *reader, const struct value *name,
                             const struct value *first)
{
    const struct location at = first->node->span;
    diag_error(reader->diags, name->node->span, RULE_DUPLICATE_ITEM,
               "duplicate environment \"%.*s\"", STR_ARG(name->text));
    diag_hint(reader->diags, "first defined on line %zu; give each environment its own name",
              diag_position(at.source, at.start).line);
}

static bool check_names(const struct schema_reader *reader, const struct value *environments)
{
    struct map names = {0};
    bool ok = true;
    for (size_t i = 0; i < environments->count; i++) {
        const struct value *name = record_value(environments->records[i], ENVIRONMENT_NAME);
        if (!name->node) /* reported already */
            continue;
        const struct value *first = NULL;
        const char *problem =
            name->text.len ? name_check_label_value(name->text) : "must not be empty";
        if (problem)
            diag_error(reader->diags, name->node->span, RULE_INVALID_NAME, "environment name %s",
                       problem);
        else if ((first = map_add(reader->arena, &names, name->text, name)) != NULL)
            report_duplicate(reader, name, first);
        else
            continue;
        ok = false;
    }
    return ok;
}

/* Reports variables that are in both maps of an entry, because only one of their values could be
 * used. */
static bool check_variables(const struct schema_reader *reader, const struct record *entry)
{
    const struct value *variables = record_value(entry, ENVIRONMENT_VARIABLES);
    const struct value *vars = record_value(entry, ENVIRONMENT_VARS);
    struct map names = {0};
    bool ok = true;
    for (size_t i = 0; i < variables->count; i++)
        map_add(reader->arena, &names, variables->items[i].name, &variables->items[i]);
    for (size_t i = 0; i < vars->count; i++) {
        const struct item *first = &vars->items[i];
        const struct item *second = map_get(&names, first->name);
        if (!second)
            continue;
        if (second->name_node->span.start < first->name_node->span.start) {
            first = second;
            second = &vars->items[i];
        }
        const struct location at = first->name_node->span;
        diag_error(reader->diags, second->name_node->span, RULE_DUPLICATE_ITEM,
                   "duplicate variable \"%.*s\" in vars and variables", STR_ARG(first->name));
        if (reader->diags->last_kept) /* counting lines takes time */
            diag_hint(reader->diags, "first defined on line %zu; remove one of them",
                      diag_position(at.source, at.start).line);
        ok = false;
    }
    return ok;
}

/* Returns `path` resolved against the directory of `file`. */
static const char *resolve_path(struct arena *arena, struct str file, struct str path)
{
    struct str directory = str_directory(file);
    if (str_starts_with(path, STR("/")) || remote_is(path))
        directory.len = 0;
    if (directory.len == 0 && str_eq_c(path, "-")) /* a file of that name, not standard input */
        return "./-";
    return str_format(arena, "%.*s%.*s", STR_ARG(directory), STR_ARG(path)).data;
}

/* Suggests a valid name: the name in lower case, or a registry without scheme and trailing
 * slashes. */
static void hint_name(const struct schema_reader *reader, enum field_id field, name_check *check,
                      struct str text)
{
    const char *name = schema_field(field)->name;
    struct str likely = str_lower(reader->arena, text);
    static const char *const schemes[] = {"https://", "http://", "docker://", "oci://"};
    for (size_t i = 0; check == name_check_registry && i < COUNT_OF(schemes); i++)
        if (str_starts_with(likely, str_from_c(schemes[i])))
            likely = str_skip(likely, strlen(schemes[i]));
    while (check == name_check_registry && str_ends_with(likely, STR("/")))
        likely.len--;
    if (!check(likely))
        diag_hint(reader->diags, "write %s: %.*s", name, STR_ARG(likely));
}

void environment_set_checked(const struct schema_reader *reader, const struct record *record,
                             enum field_id field, name_check *check, struct str *ret)
{
    if (!record_has(record, field))
        return;
    struct str text = record_value(record, field)->text;
    const char *problem = check(text);
    if (problem) {
        diag_error(reader->diags, record_location(record, field), RULE_INVALID_NAME, "%s %s",
                   schema_field(field)->name, problem);
        hint_name(reader, field, check, text);
    }
    *ret = text;
}

/* Reports two providers, because only one of them could be used. */
static void report_providers(const struct schema_reader *reader, const struct record *record,
                             const struct provider *a, const struct provider *b)
{
    bool in_order =
        record_location(record, a->field).start < record_location(record, b->field).start;
    const struct provider *first = in_order ? a : b;
    const struct provider *second = in_order ? b : a;
    diag_error(reader->diags, record_value(record, second->field)->node->key->span,
               RULE_CONFLICTING_FIELDS,
               "providers must have exactly one of aws, google, azurerm and local");
    diag_hint(reader->diags, "remove %s or %s", schema_field(first->field)->name,
              schema_field(second->field)->name);
}

/* Reads the provider of the file. */
static void set_provider(const struct schema_reader *reader, const struct record *file,
                         struct environment *ret)
{
    const struct value *written = record_value(file, FILE_PROVIDERS);
    const struct record *record = written->count ? written->records[0] : NULL;
    for (int cloud = CLOUD_NONE + 1; record && cloud < CLOUD_COUNT; cloud++) {
        const struct provider *provider = ret->providers[cloud];
        const struct value *value = record_value(record, provider->field);
        const struct record *keys = value->records && value->count ? value->records[0] : NULL;
        if (!keys && !value->node)
            continue;
        if (ret->provider->cloud != CLOUD_NONE) {
            report_providers(reader, record, ret->provider, provider);
            return;
        }
        ret->provider = provider;
        ret->provider_at = record_location(record, provider->field);
        if (keys && provider->read)
            provider->read(reader, keys, ret);
    }
}

/* Removes the final dot of a domain, because other values contain the domain. */
static void add_output(struct arena *arena, struct environment *environment,
                       struct environment_output output)
{
    if (str_eq_c(output.name, "domain"))
        output.text = name_without_root(output.text);
    struct environment_output *added = ARENA_NEW(arena, struct environment_output);
    *added = output;
    environment->outputs =
        arena_grow(arena, environment->outputs, environment->output_count, sizeof(void *));
    environment->outputs[environment->output_count++] = added;
    map_add(arena, &environment->outputs_by_name, output.name, added);
}

/* Adds the outputs of the environment file. Outputs of --parent-outputs take precedence: they were
 * added before, and environment_output_find() returns the first. */
static void set_outputs(const struct schema_reader *reader, const struct record *file,
                        struct environment *ret)
{
    const struct value *written = record_value(file, FILE_OUTPUTS);
    for (size_t i = 0; i < written->count; i++)
        add_output(reader->arena, ret,
                   (struct environment_output){.name = written->items[i].name,
                                               .text = written->items[i].text,
                                               .at = written->items[i].node->span});
    const struct node *modules = record_value(file, FILE_MODULES)->node;
    for (const struct node *node = node_first_child(modules); node; node = node->next) {
        const struct node *type = node->kind == NODE_MAP ? node_get(node, "type") : NULL;
        if (!type || type->kind != NODE_SCALAR)
            continue;
        const char *field = module_type_field(module_type_find(type->text, false), STR("domain"));
        const struct node *domain = field ? node_get(node, field) : NULL;
        if (domain && domain->kind == NODE_SCALAR)
            add_output(reader->arena, ret,
                       (struct environment_output){
                           .name = STR("domain"), .text = domain->text, .at = domain->span});
    }
}

static void set_secret_store(const struct schema_reader *reader, const struct record *file,
                             struct environment *ret)
{
    const struct value *written = record_value(file, FILE_EXTERNAL_SECRETS);
    if (written->count == 0)
        return;
    const struct record *store = written->records[0];
    environment_set_checked(reader, store, EXTERNAL_SECRETS_STORE, name_check_subdomain,
                            &ret->secret_store);
    ret->secret_store_kind = record_value(store, EXTERNAL_SECRETS_KIND)->text;
    ret->secret_prefix = record_value(store, EXTERNAL_SECRETS_PREFIX)->text;
}

/* Objects for ACK require the aws provider, which has their region and account. */
static void set_cloud_objects(const struct schema_reader *reader, const struct record *file,
                              struct environment *ret)
{
    const struct value *written = record_value(file, FILE_CLOUD_OBJECTS);
    ret->uses_ack = ret->provider->renders_objects && !str_eq_c(written->text, "none");
    if (str_eq_c(written->text, "ack") && !ret->provider->renders_objects) {
        diag_error(reader->diags, record_location(file, FILE_CLOUD_OBJECTS), RULE_WRONG_CLOUD,
                   "cloud_objects: ack requires the aws provider");
        if (ret->provider->cloud == CLOUD_NONE)
            diag_hint(reader->diags, "set the provider: providers: {aws: {region: us-east-1, "
                                     "account_id: 123456789012}}");
        else
            diag_hint(reader->diags, "remove it; this environment is on %s", ret->provider->title);
    }
    environment_set_checked(reader, file, FILE_CLUSTER_NAME, name_check_eks_cluster,
                            &ret->cluster_name);
}

static void add_extra_tcp_port(const struct schema_reader *reader, const struct node *port,
                               struct environment *ret)
{
    struct extra_tcp_port *extra = ARENA_NEW(reader->arena, struct extra_tcp_port);
    *extra = (struct extra_tcp_port){
        .next = ret->extra_tcp_ports, .self = extra, .number = port->text, .at = port->span};
    if (map_add(reader->arena, &ret->extra_tcp_port_numbers, port->text, extra))
        return;
    ret->extra_tcp_ports = extra;
}

/* Adds the TCP ports that Opta's ingress-nginx forwarded: those of the k8s-base modules in the
 * environment file and in the service file. */
static void add_extra_tcp_ports(const struct schema_reader *reader, const struct record *file,
                                struct environment *ret)
{
    static const char *const fields[] = {"nginx_extra_tcp_ports", "nginx_extra_tcp_ports_tls"};
    const struct node *modules = record_value(file, FILE_MODULES)->node;
    for (const struct node *node = node_first_child(modules); node; node = node->next) {
        const struct node *type = node->kind == NODE_MAP ? node_get(node, "type") : NULL;
        const struct module_type *kind =
            type && type->kind == NODE_SCALAR ? module_type_find(type->text, false) : NULL;
        if (!kind || strcmp(kind->name, "k8s-base") != 0)
            continue;
        for (size_t i = 0; i < COUNT_OF(fields); i++) {
            const struct node *ports = node_get(node, fields[i]);
            for (const struct node *port = ports && ports->kind == NODE_LIST ? ports->first : NULL;
                 port; port = port->next)
                if (port->kind == NODE_SCALAR)
                    add_extra_tcp_port(reader, port, ret);
        }
    }
}

/* Sets the flavour: that of ingress_controller, or the one that the name of the class implies. */
static void set_ingress(const struct schema_reader *reader, const struct record *file,
                        struct environment *ret)
{
    const struct value *controller = record_value(file, FILE_INGRESS_CONTROLLER);
    environment_set_checked(reader, file, FILE_INGRESS_CLASS, name_check_subdomain,
                            &ret->ingress_class);
    ret->has_ingress_controller = controller->node != NULL;
    ret->has_ingress_class = controller->node || record_has(file, FILE_INGRESS_CLASS);
    ret->flavour = controller->node ? flavour_of_keyword(controller->text)
                                    : flavour_of_class(ret->ingress_class);
}

/* Reports a certificate that nothing uses: neither Ingresses nor ListenerSets. */
static void check_certificate(const struct schema_reader *reader, const struct record *file,
                              const struct environment *environment)
{
    const struct gateway *gateway = environment->gateway;
    const struct gateway *internal = environment->internal_gateway;
    bool used = !gateway || gateway->listener_sets || (internal && internal->listener_sets) ||
                (!internal && environment->internal_class.len);
    enum field_id field = environment->tls_secret.len ? FILE_TLS_SECRET : FILE_CLUSTER_ISSUER;
    if (used || (!environment->tls_secret.len && !environment->cluster_issuer.len))
        return;
    diag_error(reader->diags, record_location(file, field), RULE_CONFLICTING_FIELDS,
               "%s has no effect with a gateway: the certificate is in the Gateway's listener",
               schema_field(field)->name);
    diag_hint(reader->diags, "remove it, or set listener_sets: true in gateway to generate a "
                             "ListenerSet with this certificate for each host");
}

/* Services with `internal: true` must not be reachable through the public entry point. */
static void check_internal(const struct schema_reader *reader, const struct record *file,
                           const struct environment *environment)
{
    const struct gateway *gateway = environment->gateway;
    const struct gateway *internal = environment->internal_gateway;
    if (gateway && internal && gateway_overlaps(gateway, internal)) {
        diag_error(reader->diags, record_location(file, FILE_INTERNAL_GATEWAY),
                   RULE_EXPOSED_SERVICE,
                   "internal_gateway is the same as gateway: services with internal: true would be "
                   "public");
        diag_hint(reader->diags, "name another Gateway, or set a different listener in each");
    }
    if (!gateway && environment->internal_class.len &&
        str_equal(environment->internal_class, environment->ingress_class)) {
        diag_error(reader->diags, record_location(file, FILE_INTERNAL_INGRESS_CLASS),
                   RULE_EXPOSED_SERVICE,
                   "internal_ingress_class is the same as ingress_class: services with internal: "
                   "true would be public");
        diag_hint(reader->diags, "set the class of a controller that only internal clients reach");
    }
}

static void set_gateways(const struct schema_reader *reader, const struct record *file,
                         struct environment *ret)
{
    bool certificate = ret->tls_secret.len || ret->cluster_issuer.len;
    const struct value *controller = record_value(file, FILE_INGRESS_CONTROLLER);
    environment_set_checked(reader, file, FILE_INTERNAL_INGRESS_CLASS, name_check_subdomain,
                            &ret->internal_class);
    ret->internal_flavour = controller->node ? ret->flavour : flavour_of_class(ret->internal_class);
    ret->gateway = gateway_read(reader, file, FILE_GATEWAY, certificate);
    ret->internal_gateway = gateway_read(reader, file, FILE_INTERNAL_GATEWAY, certificate);
    check_certificate(reader, file, ret);
    check_internal(reader, file, ret);
}

static void set_file(const struct schema_reader *reader, const struct record *file,
                     struct environment *ret)
{
    ret->file = file;
    ret->file_name = record_value(file, FILE_NAME)->text;
    set_provider(reader, file, ret);
    set_outputs(reader, file, ret);
    environment_set_checked(reader, file, FILE_REGISTRY, name_check_registry, &ret->registry);
    set_ingress(reader, file, ret);
    environment_set_checked(reader, file, FILE_INGRESS_NAMESPACE, name_check_namespace,
                            &ret->ingress_namespace);
    environment_set_checked(reader, file, FILE_TLS_SECRET, name_check_subdomain, &ret->tls_secret);
    environment_set_checked(reader, file, FILE_CLUSTER_ISSUER, name_check_subdomain,
                            &ret->cluster_issuer);
    set_gateways(reader, file, ret);
    set_secret_store(reader, file, ret);
    set_cloud_objects(reader, file, ret);
    if (ret->tls_secret.len && ret->cluster_issuer.len) {
        diag_error(reader->diags, record_location(file, FILE_CLUSTER_ISSUER),
                   RULE_CONFLICTING_FIELDS, "tls_secret and cluster_issuer are mutually exclusive");
        diag_hint(reader->diags, "use tls_secret for an existing certificate, or "
                                 "cluster_issuer to have cert-manager issue one for each host");
    }
}

/* Counts values of Opta's templates that the user must replace, such as
 * <<region::aws_region::Your AWS Region>>. Sets `ret_first` to the first if it is NULL. */
static size_t count_template_values(const struct node *node, const struct node **ret_first)
{
    if (node->kind == NODE_ALIAS) /* its anchor is counted */
        return 0;
    if (node->kind != NODE_SCALAR) {
        size_t count = 0;
        for (const struct node *child = node_first_child(node); child; child = child->next)
            count += count_template_values(child, ret_first);
        return count;
    }
    bool is_template_value =
        str_starts_with(node->text, STR("<<")) && str_ends_with(node->text, STR(">>"));
    if (is_template_value && !*ret_first)
        *ret_first = node;
    return is_template_value;
}

/* Reports one error for all template values, because otherwise each would cause its own. Returns
 * false then. In a service file, modules are not checked. */
static bool check_template_values(const struct schema_reader *reader, const struct node *root,
                                  bool include_modules)
{
    const struct node *first = NULL;
    size_t count = 0;
    for (const struct node *child = node_first_child(root); child; child = child->next)
        if (include_modules || !str_eq_c(child->key->text, "modules"))
            count += count_template_values(child, &first);
    if (count == 0)
        return true;
    diag_error(reader->diags, first->span, RULE_EMPTY_VALUE,
               "this template value is not filled in");
    if (count > 1)
        diag_hint(reader->diags, "replace it and all other such values in this file (%zu more)",
                  count - 1);
    else
        diag_hint(reader->diags, "replace everything from << to >> with a value");
    return false;
}

static bool read_file(const struct schema_reader *reader, const char *path, struct location at,
                      struct environment *ret)
{
    size_t errors = reader->diags->errors;
    if (at.source && remote_report(reader->arena, reader->diags, at, str_from_c(path))) {
        diag_hint_line(reader->diags, "--env-file FILE overrides the path");
        return false;
    }
    const char *directory =
        at.source ? str_to_c(reader->arena, str_directory(at.source->path)) : NULL;
    const struct input input = {.path = path,
                                .is_explicit = true,
                                .must_be_regular = at.source != NULL,
                                .visible_root = directory && !*directory ? "." : directory};
    const struct source *source = input_read(reader->arena, reader->diags, &input, at);
    if (!source) {
        if (at.source)
            diag_hint(reader->diags, "the environment file sets the domain, registry and "
                                     "cloud; --env-file FILE selects another file");
        return false;
    }
    const struct node *root =
        load_config_file(reader->arena, source, reader->diags, ENVIRONMENT_FILE);
    const struct record *file = root ? schema_read(reader, &file_schema, root) : NULL;
    if (!file || !check_template_values(reader, root, true))
        return false;
    set_file(reader, file, ret);
    add_extra_tcp_ports(reader, file, ret);
    return reader->diags->errors == errors;
}

/* Reads the output of `terraform output -json`:
 * {NAME: {"value": ..., "sensitive": ..., "type": ...}}. */
static bool read_parent_outputs(const struct schema_reader *reader, const char *path,
                                struct environment *ret)
{
    const struct input input = {.path = path, .is_explicit = true};
    struct source *source = input_read(reader->arena, reader->diags, &input, NO_LOCATION);
    if (!source)
        return false;
    source->secret = true;
    const struct node *root = load_service(reader->arena, source, reader->diags);
    if (!root)
        return false;
    if (root->kind != NODE_MAP) {
        diag_error(reader->diags, root->span, RULE_WRONG_FILE,
                   "the file must be the output of terraform output -json");
        diag_hint(reader->diags, "create the file with terraform output -json");
        return false;
    }
    for (const struct node *output = root->first; output; output = output->next) {
        const struct node *value = output->kind == NODE_MAP ? node_get(output, "value") : NULL;
        const struct node *secret = output->kind == NODE_MAP ? node_get(output, "sensitive") : NULL;
        if (!value) {
            diag_error(reader->diags, output->span, RULE_EMPTY_VALUE,
                       "output \"%.*s\" has no value", STR_ARG(output->key->text));
            diag_hint(reader->diags, "create the file with terraform output -json");
            return false;
        }
        add_output(reader->arena, ret,
                   (struct environment_output){
                       .name = output->key->text,
                       .text = value->text,
                       .at = output->span,
                       .from_flag = true,
                       .is_not_string = value->kind != NODE_SCALAR || node_is_null(value),
                       .sensitive = secret && str_eq_c(secret->text, "true")});
    }
    return true;
}

/* True if injection into a chart needs the environment file: for placeholders, for a generated
 * Ingress, and to determine whether redis has a password. Otherwise the file is not read, because
 * it may not be available where charts are installed. If the chart has an Ingress,
 * environment_read_deferred() reads the file later to determine the controller. */
static bool needs_environment_file(struct str text)
{
    static const char *const markers[] = {"{parent",     "{region",  "{aws",    "public_uri",
                                          "redis",       ".queue_",  "[queue_", ".topic_",
                                          "[topic_",     ".table_",  "[table_", ".bucket_arn",
                                          "[bucket_arn", ".kms_arn", "[kms_arn"};
    for (size_t i = 0; i < COUNT_OF(markers); i++)
        if (str_contains(text, str_from_c(markers[i])))
            return true;
    return (str_contains(text, STR(".bucket_id")) || str_contains(text, STR("[bucket_id"))) &&
           !str_contains(text, STR("bucket_name"));
}

/* Records the files of all environments, including those that are not selected, so that they are
 * not reported as skipped. */
static void record_files(const struct schema_reader *reader, const struct record *file,
                         const struct input_options *options)
{
    const struct value *environments = record_value(file, FILE_ENVIRONMENTS);
    struct str service_file = file->node->span.source->path;
    for (size_t i = 0; options->usage && i < environments->count; i++) {
        const struct value *path = record_value(environments->records[i], ENVIRONMENT_PATH);
        usage_add_file(options, resolve_path(reader->arena, service_file, path->text));
    }
}

/* The fields that belong in an environment file. */
static const enum field_id environment_fields[] = {
    FILE_PROVIDERS,        FILE_OUTPUTS,
    FILE_REGISTRY,         FILE_INGRESS_CLASS,
    FILE_TLS_SECRET,       FILE_CLUSTER_ISSUER,
    FILE_EXTERNAL_SECRETS, FILE_INGRESS_CONTROLLER,
    FILE_CLOUD_OBJECTS,    FILE_CLUSTER_NAME,
    FILE_GATEWAY,          FILE_INTERNAL_INGRESS_CLASS,
    FILE_INTERNAL_GATEWAY, FILE_INGRESS_NAMESPACE};

enum { ENVIRONMENT_FIELD_COUNT = COUNT_OF(environment_fields) };

bool environment_has_field(const struct field *field)
{
    for (size_t i = 0; i < ENVIRONMENT_FIELD_COUNT; i++)
        if (field == schema_field(environment_fields[i]))
            return true;
    return false;
}

/* Warns of fields of an environment file in a service file whose environment is another file.
 * `when`: the end of the message. */
static void warn_misplaced(const struct schema_reader *reader, const struct record *file,
                           const char *when)
{
    for (size_t i = 0; i < ENVIRONMENT_FIELD_COUNT; i++) {
        const struct node *node = record_value(file, environment_fields[i])->node;
        if (!node)
            continue;
        diag_warning(reader->diags, node->key->span, RULE_NO_EFFECT, "%s has no effect %s",
                     schema_field(environment_fields[i])->name, when);
        diag_hint(reader->diags, "move it to the environment file");
    }
}

/* Reads the environment from a service file without `environments`. */
static bool read_standalone(const struct schema_reader *reader, const struct record *file,
                            struct environment *ret)
{
    size_t errors = reader->diags->errors;
    bool ok = true;
    for (size_t i = 0; i < ENVIRONMENT_FIELD_COUNT; i++)
        ok &= !record_value(file, environment_fields[i])->invalid;
    if (check_template_values(reader, file->node, false))
        set_file(reader, file, ret);
    if (record_has(file, FILE_PROVIDERS))
        ret->name = ret->file_name;
    else
        ret->file_name = (struct str){0};
    return ok && reader->diags->errors == errors;
}

static bool read_selected(const struct schema_reader *reader, const struct record *file,
                          const struct input_options *options, struct environment *ret)
{
    const struct value *environments = record_value(file, FILE_ENVIRONMENTS);
    record_files(reader, file, options);
    bool ok = check_names(reader, environments);
    for (size_t i = 0; i < environments->count; i++)
        ok &= check_variables(reader, environments->records[i]);
    if (!ok)
        return false;
    const struct record *selected = select_environment(reader, file, options);
    if (!selected)
        return false;
    ret->name = record_value(selected, ENVIRONMENT_NAME)->text;
    ret->variables[0] = record_value(selected, ENVIRONMENT_VARIABLES);
    ret->variables[1] = record_value(selected, ENVIRONMENT_VARS);
    const struct value *path = record_value(selected, ENVIRONMENT_PATH);
    if (options->environment_file)
        return read_file(reader, options->environment_file, NO_LOCATION, ret);
    struct str service_file = file->node->span.source->path;
    const char *environment_path = resolve_path(reader->arena, service_file, path->text);
    if (options->mode == READ_CHART && !needs_environment_file(file->node->span.source->text)) {
        ret->unread_path = environment_path;
        ret->unread_at = path->node->span;
        return true;
    }
    return read_file(reader, environment_path, path->node->span, ret);
}

bool environment_read(const struct schema_reader *reader, const struct record *file,
                      const struct input_options *options, const struct provider *const *providers,
                      struct environment *ret)
{
    *ret = (struct environment){.options = options,
                                .providers = providers,
                                .provider = providers[CLOUD_NONE],
                                .ingress_class =
                                    str_from_c(schema_field(FILE_INGRESS_CLASS)->default_value)};
    if (options->parent_outputs && !read_parent_outputs(reader, options->parent_outputs, ret))
        return false;
    bool ok = true;
    if (record_value(file, FILE_ENVIRONMENTS)->invalid)
        return false;
    add_extra_tcp_ports(reader, file, ret);
    if (record_value(file, FILE_ENVIRONMENTS)->count) {
        warn_misplaced(reader, file, "in a service file with environments");
        ok = read_selected(reader, file, options, ret);
    } else if (options->environment_file) {
        warn_misplaced(reader, file, "with --env-file");
        ok = read_file(reader, options->environment_file, NO_LOCATION, ret);
        ret->name = ret->file_name;
    } else {
        ok = read_standalone(reader, file, ret);
    }
    if (options->environment && ok && !str_eq_c(ret->name, options->environment)) {
        diag_error(reader->diags, location_file(file->node->span.source),
                   RULE_ENVIRONMENT_NOT_FOUND, "environment \"%s\" not found in the file",
                   options->environment);
        diag_hint(reader->diags, "add it: environments: [{name: %s, path: %s.yaml}]",
                  options->environment, options->environment);
        ok = false;
    }
    if (options->registry)
        ret->registry = str_from_c(options->registry);
    return ok;
}

bool environment_read_deferred(const struct schema_reader *reader, struct environment *environment)
{
    const char *path = environment->unread_path;
    struct str registry = environment->registry; /* of --registry */
    environment->unread_path = NULL;
    if (!path)
        return true;
    bool ok = read_file(reader, path, environment->unread_at, environment);
    environment->registry = registry.len ? registry : environment->registry;
    return ok;
}

const struct environment_output *environment_output_find(const struct environment *environment,
                                                         struct str name)
{
    const struct environment_output *output = map_get(&environment->outputs_by_name, name);
    if (output && output->from_flag)
        usage_add_parent_outputs(environment->options);
    return output;
}

bool environment_output_check(const struct environment_output *output, struct diags *diags,
                              struct location at)
{
    if (output->is_not_string) {
        diag_error(diags, at, RULE_WRONG_TYPE,
                   "output \"%.*s\" must be a string, not null, a list or a map",
                   STR_ARG(output->name));
        diag_hint(diags,
                  "add an output to the Terraform configuration that contains only the string");
    } else if (output->sensitive) {
        diag_error(diags, at, RULE_SECRET_IN_MANIFEST,
                   "output \"%.*s\" is sensitive and must not be in a manifest",
                   STR_ARG(output->name));
        diag_hint(diags, "set it with kubectl optasvc secret set, and list its key under secrets");
    }
    return !output->is_not_string && !output->sensitive;
}
