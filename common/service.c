#include "service.h"

#include "name.h"
#include "set.h"

#include <string.h>

enum {
    PORT_OF_SERVICE = 80,
    PROBE_DELAY = 30, /* seconds; Opta's initial_liveness_delay and initial_readiness_delay */
    LIMIT_FACTOR = 2, /* limits are this many times the requests */
};

static struct str manual_secrets(void)
{
    return STR("manual-secrets"); /* the Secret that `secrets` are looked up in */
}

struct service_reader {
    struct layer *layer;
    struct schema_reader reader;
    const struct record *record;
    const struct module *module;
    struct service *service;
    struct link *links;
    size_t link_count;
};

static const struct value *value_of(const struct service_reader *in, enum field_id field)
{
    return record_value(in->record, field);
}

__attribute__((format(printf, 3, 4))) static void
field_error(const struct service_reader *in, enum field_id field, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct str message = str_vformat(in->reader.arena, format, arguments);
    va_end(arguments);
    diag_error(in->reader.diags, record_location(in->record, field), "%.*s", STR_ARG(message));
}

static void check_field(const struct service_reader *in, enum field_id field, enum name_kind kind)
{
    if (!record_has(in->record, field))
        return;
    const char *wrong = name_wrong(kind, value_of(in, field)->text);
    if (wrong)
        field_error(in, field, "%s %s", schema_field(field)->name, wrong);
}

/* Names: the module's is a Service's, and with the layer's a label's value. */

static void read_name(const struct service_reader *in)
{
    enum { LABEL_VALUE_MAX = 63 };
    struct diags *diags = in->reader.diags;
    struct str name = in->module->name;
    in->service->name = name;
    in->service->at = in->module->name_at;
    const char *wrong = name_wrong(NAME_SERVICE, name);
    if (wrong)
        diag_error(diags, in->module->name_at, "the service's name %s", wrong);
    else if (in->layer->name.len + 1 + name.len > LABEL_VALUE_MAX)
        diag_error(diags, in->module->name_at,
                   "the names of layer and service must be at most %d characters long together",
                   LABEL_VALUE_MAX - 1);
}

struct str service_repository(const struct layer *layer, struct str module_name)
{
    const struct environment *environment = &layer->environment;
    const char *domain =
        str_starts(environment->region, STR("cn-")) ? "amazonaws.com.cn" : "amazonaws.com";
    struct str registry = environment->registry;
    if (registry.len == 0 && environment->account_id.len && environment->region.len)
        registry =
            str_format(layer->arena, "%.*s.dkr.ecr.%.*s.%s", STR_ARG(environment->account_id),
                       STR_ARG(environment->region), domain);
    if (registry.len == 0)
        return registry;
    while (str_ends(registry, STR("/")))
        registry.len--;
    return str_format(layer->arena, "%.*s/opta-%.*s-%.*s", STR_ARG(registry), STR_ARG(layer->name),
                      STR_ARG(module_name));
}

static bool is_auto(struct str image)
{
    return str_is_nocase(image, "auto");
}

static bool has_version(struct str image)
{
    size_t name = 0;
    for (size_t i = 0; i < image.len; i++)
        if (image.data[i] == '/')
            name = i;
    return str_find(image, name, ':') < image.len || str_find(image, 0, '@') < image.len;
}

static void read_image(const struct service_reader *in)
{
    const struct value *written = value_of(in, SERVICE_IMAGE);
    const struct options *options = in->layer->options;
    if (!written->node)
        return;
    struct str image = written->text;
    bool automatic = is_auto(image);
    if (automatic) {
        image = service_repository(in->layer, in->module->name);
        if (image.len == 0) {
            field_error(in, SERVICE_IMAGE, "nothing tells the registry for image: AUTO");
            diag_hint(in->reader.diags,
                      "give it with --registry, with registry: in the environment "
                      "file, or with region and account_id of its aws provider");
            return;
        }
    }
    const char *wrong = name_wrong(NAME_IMAGE, image);
    if (wrong && automatic)
        field_error(in, SERVICE_IMAGE, "the image %.*s %s", STR_ARG(image), wrong);
    else if (wrong)
        field_error(in, SERVICE_IMAGE, "image %s", wrong);
    /* A tag given by a flag is that of the build at hand: it leaves alone what names its own. */
    if ((automatic || !has_version(image)) && options->image_tag)
        image = str_format(in->reader.arena, "%.*s:%s", STR_ARG(image), options->image_tag);
    else if ((automatic || !has_version(image)) && options->image_digest)
        image = str_format(in->reader.arena, "%.*s@%s", STR_ARG(image), options->image_digest);
    in->service->image = image;
    in->service->has_image = !automatic || options->image_tag || options->image_digest;
}

static void read_port(const struct service_reader *in)
{
    static const struct {
        enum field_id field;
        enum port_type type;
    } types[] = {{PORT_HTTP, PORT_TYPE_HTTP},
                 {PORT_TCP, PORT_TYPE_TCP},
                 {PORT_GRPC, PORT_TYPE_GRPC},
                 {PORT_WEBSOCKET, PORT_TYPE_WEBSOCKET}};
    const struct value *written = value_of(in, SERVICE_PORT);
    if (!written->node || written->count == 0)
        return;
    const struct record *record = written->records[0];
    struct port *port = ARENA_NEW(in->reader.arena, struct port);
    size_t count = 0;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        if (!record_has(record, types[i].field))
            continue;
        *port = (struct port){.name = STR("main"),
                              .type = types[i].type,
                              .number = record_value(record, types[i].field)->number,
                              .service_port = PORT_OF_SERVICE};
        count++;
    }
    if (count != 1) {
        field_error(in, SERVICE_PORT, count ? "port must be one port" : "port names no port");
        diag_hint(in->reader.diags,
                  "write one of http, tcp, grpc or websocket: port: {http: 8080}");
    }
    in->service->port = port;
}

static void read_scale(const struct service_reader *in)
{
    struct service *service = in->service;
    service->min_containers = value_of(in, SERVICE_MIN_CONTAINERS)->number;
    service->max_containers = value_of(in, SERVICE_MAX_CONTAINERS)->number;
    service->target_cpu = value_of(in, SERVICE_TARGET_CPU)->number;
    service->target_memory = value_of(in, SERVICE_TARGET_MEM)->number;
    if (service->min_containers <= service->max_containers)
        return;
    enum field_id field = record_has(in->record, SERVICE_MIN_CONTAINERS) ? SERVICE_MIN_CONTAINERS
                                                                         : SERVICE_MAX_CONTAINERS;
    field_error(in, field, "min_containers is %d, above max_containers, which is %d",
                (int)service->min_containers, (int)service->max_containers);
    diag_hint(in->reader.diags, "the default is %s to %s",
              schema_field(SERVICE_MIN_CONTAINERS)->fallback,
              schema_field(SERVICE_MAX_CONTAINERS)->fallback);
}

/* A path as probes need it: Opta's files leave out the first slash. */
static struct str probe_path(const struct service_reader *in, enum field_id field)
{
    struct str path = value_of(in, field)->text;
    if (!str_starts(path, STR("/")))
        path = str_format(in->reader.arena, "/%.*s", STR_ARG(path));
    size_t query = str_find(path, 0, '?');
    const char *wrong = name_wrong(NAME_PATH, str_slice(path, 0, query));
    if (wrong)
        field_error(in, field, "%s %s", schema_field(field)->name, wrong);
    return path;
}

static struct probe read_probe(const struct service_reader *in, enum field_id own_field)
{
    struct probe probe = {.delay = PROBE_DELAY};
    enum field_id field = record_has(in->record, own_field) ? own_field : SERVICE_HEALTHCHECK_PATH;
    bool readiness = own_field == SERVICE_READINESS_PATH;
    const struct port *port = in->service->port;
    if (record_has(in->record, field)) {
        probe.kind = PROBE_HTTP;
        probe.path = probe_path(in, field);
    } else if (port && (port->type != PORT_TYPE_HTTP || readiness)) {
        /* An http port without a path is asked by TCP, so that a rollout waits for something. */
        probe.kind = PROBE_TCP;
    }
    return probe;
}

static void read_probes(const struct service_reader *in)
{
    static const enum field_id fields[] = {SERVICE_HEALTHCHECK_PATH, SERVICE_LIVENESS_PATH,
                                           SERVICE_READINESS_PATH};
    const struct port *port = in->service->port;
    bool grpc = port && port->type == PORT_TYPE_GRPC;
    for (size_t i = 0; grpc && i < sizeof fields / sizeof *fields; i++) {
        if (!record_has(in->record, fields[i]))
            continue;
        field_error(in, fields[i], "a grpc port answers no HTTP path");
        diag_hint(in->reader.diags, "leave the path out: the port is checked by a TCP connection");
    }
    in->service->liveness = read_probe(in, SERVICE_LIVENESS_PATH);
    in->service->readiness = read_probe(in, SERVICE_READINESS_PATH);
}

static void read_resources(const struct service_reader *in)
{
    const struct value *written = value_of(in, SERVICE_RESOURCE_REQUEST);
    struct record *empty = NULL;
    if (!written->count) {
        struct node *none = node_new(in->reader.arena, NODE_MAP);
        empty = schema_read(&in->reader, &resources_schema, none);
    }
    const struct record *record = written->count ? written->records[0] : empty;
    struct resources *resources = &in->service->resources;
    resources->cpu_request = record_value(record, RESOURCES_CPU)->number;
    resources->cpu_limit = resources->cpu_request * LIMIT_FACTOR;
    resources->memory_request = record_value(record, RESOURCES_MEMORY)->number;
    resources->memory_limit = resources->memory_request * LIMIT_FACTOR;
}

/* Environment variables: those of links first, then secrets, then env_vars, which may refer to both
 * as $(NAME): Kubernetes expands a name only when it stands before. */

static bool add_variable(const struct service_reader *in, struct variable variable)
{
    struct service *service = in->service;
    if (!service->variables)
        service->variables = ARENA_ARRAY(in->reader.arena, VARIABLES_MAX, struct variable);
    if (service->variable_count == VARIABLES_MAX) {
        diag_error(in->reader.diags, variable.at, "more than %d environment variables",
                   VARIABLES_MAX);
        return false;
    }
    const char *wrong = name_wrong(NAME_VARIABLE, variable.name);
    if (wrong)
        diag_error(in->reader.diags, variable.at, "the variable \"%.*s\" %s",
                   STR_ARG(variable.name), wrong);
    service->variables[service->variable_count++] = variable;
    return true;
}

static struct variable secret_variable(const struct module *module, struct str output,
                                       struct str name, struct location at)
{
    return (struct variable){.name = name,
                             .at = at,
                             .secret = module_secret(module),
                             .key = module_secret_key(module, output)};
}

static void warn_cloud(const struct service_reader *in, const struct link *link)
{
    struct str granted = {0};
    for (size_t i = 0; i < link->permission_count; i++)
        granted = str_format(in->reader.arena, "%.*s%s%.*s", STR_ARG(granted), i ? ", " : "",
                             STR_ARG(link->permissions[i]));
    diag_warning(in->reader.diags, link->node->span,
                 "no cloud permission is made for this link to %.*s",
                 STR_ARG(link->target->type));
    diag_hint(in->reader.diags, "grant the ServiceAccount \"%.*s\" %.*s by other means",
              STR_ARG(in->service->name), STR_ARG(granted));
}

static bool add_address(const struct service_reader *in, const struct link *link)
{
    struct arena *arena = in->reader.arena;
    struct str name = link_service_prefix(arena, link->target);
    struct str port = str_format(arena, "%d", PORT_OF_SERVICE);
    return add_variable(in, (struct variable){.name = str_format(arena, "%.*s_HOST", STR_ARG(name)),
                                              .at = link->node->span,
                                              .text = link->target->name}) &&
           add_variable(in, (struct variable){.name = str_format(arena, "%.*s_PORT", STR_ARG(name)),
                                              .at = link->node->span,
                                              .text = port});
}

static bool add_credentials(const struct service_reader *in, const struct link *link)
{
    for (size_t i = 0; i < link->variable_count; i++) {
        const struct item *item = &link->variables[i];
        if (!add_variable(in,
                          secret_variable(link->target, item->name, item->text, item->node->span)))
            return false;
    }
    return true;
}

static bool read_link_variables(const struct service_reader *in, const struct link *link)
{
    switch (link->target->kind->link) {
    case LINK_SERVICE:
        if (link->target == in->module) {
            diag_error(in->reader.diags, link->node->span, "the service links to itself");
            return true;
        }
        return add_address(in, link);
    case LINK_SECRET:
        return add_credentials(in, link);
    case LINK_CLOUD:
        warn_cloud(in, link);
        return true;
    case LINK_NONE:
        break;
    }
    return true;
}

static bool read_links(struct service_reader *in)
{
    const struct node *links = value_of(in, SERVICE_LINKS)->node;
    if (!links)
        return true;
    in->links = links_read(&in->reader, links, in->layer->modules, in->layer->module_count,
                           &in->link_count);
    for (size_t i = 0; i < in->link_count; i++)
        if (!read_link_variables(in, &in->links[i]))
            return false;
    return true;
}

static bool read_secrets(const struct service_reader *in)
{
    const struct value *secrets = value_of(in, SERVICE_SECRETS);
    for (size_t i = 0; i < secrets->count; i++) {
        const struct item *item = &secrets->items[i];
        if (!add_variable(in, (struct variable){.name = item->text,
                                                .at = item->node->span,
                                                .secret = manual_secrets(),
                                                .key = item->text}))
            return false;
    }
    return true;
}

/* The variable that holds an output: a link's, or one that is added for a module not linked. */
static struct str reference_variable(const struct service_reader *in,
                                     const struct reference *reference)
{
    for (size_t i = 0; i < in->link_count; i++) {
        const struct link *link = &in->links[i];
        for (size_t j = 0; link->target == reference->module && j < link->variable_count; j++)
            if (str_equal(link->variables[j].name, reference->output))
                return link->variables[j].text;
    }
    struct str name = link_variable(in->reader.arena, reference->module, reference->output);
    const struct service *service = in->service;
    for (size_t i = 0; i < service->variable_count; i++)
        if (str_equal(service->variables[i].name, name))
            return name;
    add_variable(in, secret_variable(reference->module, reference->output, name, reference->where));
    return name;
}

static bool read_env_var(const struct service_reader *in, const struct item *item)
{
    const struct reference *first = item->references;
    struct variable variable = {
        .name = item->name, .at = item->name_node->span, .text = item->text};
    if (first && !first->next && item->text.len == 0) {
        /* The reference is all there is: the variable is the Secret's value itself. */
        return add_variable(
            in, secret_variable(first->module, first->output, item->name, item->name_node->span));
    }
    struct buf text = {0};
    size_t copied = 0;
    for (const struct reference *reference = first; reference; reference = reference->next) {
        struct str name = reference_variable(in, reference);
        buf_add(&text, str_slice(item->text, copied, reference->at));
        buf_format(&text, "$(%.*s)", STR_ARG(name));
        copied = reference->at;
    }
    if (first) {
        buf_add(&text, str_from(item->text, copied));
        variable.text = str_copy(in->reader.arena, buf_str(&text));
    }
    buf_free(&text);
    return add_variable(in, variable);
}

static void check_variables(const struct service_reader *in)
{
    const struct service *service = in->service;
    struct set names = {0};
    for (size_t i = 0; i < service->variable_count; i++) {
        const struct variable *variable = &service->variables[i];
        const struct variable *first = set_add(in->reader.arena, &names, variable->name, variable);
        if (!first)
            continue;
        diag_error(in->reader.diags, variable->at, "the variable \"%.*s\" is set twice",
                   STR_ARG(variable->name));
        diag_hint(in->reader.diags, "it is set on line %zu already: keep one of the two",
                  diag_position(first->at.source, first->at.start).line);
    }
}

static void read_variables(struct service_reader *in)
{
    bool more = read_links(in) && read_secrets(in);
    const struct value *env_vars = value_of(in, SERVICE_ENV_VARS);
    for (size_t i = 0; more && i < env_vars->count; i++)
        more = read_env_var(in, &env_vars->items[i]);
    check_variables(in);
}

/* public_uri */

static bool uri_error(const struct service_reader *in, const struct item *item, const char *message,
                      const char *hint)
{
    diag_error(in->reader.diags, item->node->span, "%s", message);
    diag_hint(in->reader.diags, "%s", hint);
    return false;
}

static bool check_uri(const struct service_reader *in, const struct item *item)
{
    struct str text = item->text;
    for (size_t i = 0; i + 2 < text.len; i++)
        if (str_equal(str_slice(text, i, i + 3), STR("://")))
            return uri_error(in, item, "public_uri has a scheme",
                             "write it without http:// or https://: app.example.com/api");
    if (str_find(text, 0, '?') < text.len || str_find(text, 0, '#') < text.len)
        return uri_error(in, item, "public_uri has a query or fragment",
                         "write a domain and a path alone: app.example.com/api");
    if (str_find(text, 0, '{') < text.len || str_find(text, 0, '}') < text.len)
        return uri_error(in, item, "public_uri has a placeholder that stands for nothing",
                         "known are {env}, {layer_name}, {region}, {vars.NAME}, {parent.NAME}, "
                         "{aws.account_id}");
    return true;
}

static bool read_route(const struct service_reader *in, const struct item *item, struct route *ret)
{
    if (!check_uri(in, item))
        return false;
    struct str text = item->text;
    size_t slash = str_find(text, 0, '/');
    struct str host = str_lower(in->reader.arena, str_slice(text, 0, slash));
    struct str path = str_from(text, slash);
    if (text.len == 0)
        return uri_error(in, item, "public_uri is empty",
                         "for every path of every host write \"/\"");
    if (str_is(host, "*") || str_is(host, "all"))
        host = (struct str){0};
    if (str_find(host, 0, ':') < host.len)
        return uri_error(in, item, "public_uri has a port",
                         "the ingress controller listens on 80 and 443; leave the port out");
    const char *wrong = host.len ? name_wrong(NAME_HOST, host) : NULL;
    if (wrong) {
        diag_error(in->reader.diags, item->node->span, "the domain of public_uri %s", wrong);
        diag_hint(in->reader.diags, "a path alone begins with a slash: /%.*s", STR_ARG(text));
        return false;
    }
    while (str_ends(path, STR("/")))
        path.len--;
    wrong = path.len ? name_wrong(NAME_PATH, path) : NULL;
    for (size_t i = 1; i < path.len && !wrong; i++)
        if (path.data[i] == '/' && path.data[i - 1] == '/')
            wrong = "has an empty part: //";
    if (wrong) {
        diag_error(in->reader.diags, item->node->span, "the path of public_uri %s", wrong);
        return false;
    }
    *ret = (struct route){.host = host, .prefix = path, .at = item->node->span};
    return true;
}

/* Behind the last route of the same host, so that each host's stand together. */
static void insert_route(struct service *service, struct route route)
{
    size_t at = service->route_count;
    while (at > 0 && !str_equal(service->routes[at - 1].host, route.host))
        at--;
    if (at == 0)
        at = service->route_count;
    memmove(service->routes + at + 1, service->routes + at,
            (service->route_count - at) * sizeof route);
    service->routes[at] = route;
    service->route_count++;
}

static void check_host(const struct service_reader *in, const struct route *route)
{
    if (route->host.len || !in->layer->environment.cluster_issuer.len)
        return;
    diag_error(in->reader.diags, route->at,
               "cluster_issuer makes certificates for domains, and "
               "this public_uri has none");
    diag_hint(in->reader.diags, "write the domain before the path");
}

static void read_routes(const struct service_reader *in)
{
    struct service *service = in->service;
    const struct value *uris = value_of(in, SERVICE_PUBLIC_URI);
    if (uris->count > ROUTES_MAX) {
        field_error(in, SERVICE_PUBLIC_URI, "more than %d public_uri", ROUTES_MAX);
        return;
    }
    service->routes = ARENA_ARRAY(in->reader.arena, uris->count, struct route);
    for (size_t i = 0; i < uris->count; i++) {
        struct route route;
        if (!read_route(in, &uris->items[i], &route))
            continue;
        bool again = false;
        for (size_t j = 0; j < service->route_count; j++)
            again |= str_equal(service->routes[j].host, route.host) &&
                     str_equal(service->routes[j].prefix, route.prefix);
        if (again)
            diag_error(in->reader.diags, route.at, "this public_uri stands here twice");
        else
            insert_route(service, route);
        check_host(in, &route);
    }
}

/* The longest path that all prefixes begin with, in whole parts; empty: only / itself. */
static struct str common_prefix(const struct service *service)
{
    struct str common = service->route_count ? service->routes[0].prefix : (struct str){0};
    for (size_t i = 1; i < service->route_count; i++) {
        struct str other = service->routes[i].prefix;
        size_t shared = 0;
        while (shared < common.len && shared < other.len &&
               common.data[shared] == other.data[shared])
            shared++;
        bool whole = (shared == common.len || common.data[shared] == '/') &&
                     (shared == other.len || other.data[shared] == '/');
        while (!whole && shared > 0 && common.data[shared] != '/')
            shared--;
        common = str_slice(common, 0, shared);
    }
    return common;
}

static void read_sticky(const struct service_reader *in)
{
    struct service *service = in->service;
    service->sticky = value_of(in, SERVICE_STICKY_SESSION)->flag;
    service->sticky_max_age = value_of(in, SERVICE_STICKY_MAX_AGE)->number;
    service->hash_key = value_of(in, SERVICE_CONSISTENT_HASH)->text;
    check_field(in, SERVICE_CONSISTENT_HASH, NAME_HASH_KEY);
    struct str path = common_prefix(service);
    service->sticky_path = path.len ? path : STR("/");
    bool has_root = false;
    for (size_t i = 0; i < service->route_count; i++)
        has_root |= service->routes[i].prefix.len == 0;
    if (service->sticky && path.len == 0 && !has_root && service->route_count > 1) {
        diag_warning(
            in->reader.diags, record_location(in->record, SERVICE_PUBLIC_URI),
            "the paths have nothing in common, so the cookie of sticky_session is sent for "
            "all of the host");
        diag_hint(in->reader.diags, "other services of the host see it too");
    }
    if (service->sticky && service->hash_key.len) {
        diag_warning(in->reader.diags, record_location(in->record, SERVICE_CONSISTENT_HASH),
                     "sticky_session beats consistent_hash: only requests without the cookie are "
                     "hashed");
        diag_hint(in->reader.diags, "keep one of the two");
    }
}

static void read_policies(const struct service_reader *in)
{
    const struct value *policies = value_of(in, SERVICE_IAM_POLICIES);
    for (size_t i = 0; i < policies->count; i++) {
        const char *wrong = name_wrong(NAME_ARN, policies->items[i].text);
        if (wrong)
            diag_error(in->reader.diags, policies->items[i].node->span, "an IAM policy %s", wrong);
    }
    if (policies->count == 0)
        return;
    diag_warning(in->reader.diags, record_location(in->record, SERVICE_IAM_POLICIES),
                 "no IAM role is made for additional_iam_policies");
    diag_hint(in->reader.diags, "attach them to the ServiceAccount \"%.*s\" by other means",
              STR_ARG(in->service->name));
}

struct service *service_read(struct layer *layer, const struct module *module)
{
    size_t errors = layer->diags->errors;
    struct service_reader in = {.layer = layer, .reader = layer_reader(layer), .module = module};
    in.record = schema_read(&in.reader, &service_schema, module->node);
    if (!in.record)
        return NULL;
    in.service = ARENA_NEW(layer->arena, struct service);
    in.service->layer = layer;
    read_name(&in);
    read_image(&in);
    read_port(&in);
    read_scale(&in);
    read_probes(&in);
    read_resources(&in);
    read_variables(&in);
    in.service->keep_path_prefix = value_of(&in, SERVICE_KEEP_PATH_PREFIX)->flag;
    read_routes(&in);
    read_sticky(&in);
    read_policies(&in);
    return layer->diags->errors == errors ? in.service : NULL;
}

bool service_scales(const struct service *service)
{
    return service->max_containers > service->min_containers;
}
