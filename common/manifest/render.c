#include "manifest/render.h"

#include "base/map.h"
#include "config/allow.h"
#include "config/source.h"
#include "config/usage.h"
#include "manifest/provenance.h"
#include "manifest/traffic.h"
#include "service/service_rules.h"
#include "yaml/emit.h"

#include <string.h>
#include <sys/stat.h>

struct renderer {
    struct arena arena; /* for all files */
    struct arena *file; /* for one file; reset after the file unless `kept` is set */
    struct render_result *kept;
    const struct input_options *options;
    bool color;
    const struct emit_format *format;
    const struct provenance_format
        *explained;                 /* instead of `format`: lines are explained; or NULL */
    struct provenance_table table;  /* if `explained` is set */
    struct provenance_index *index; /* of the current file; NULL: not created yet */
    bool failed;
    struct buf *manifests; /* NULL: no manifests are needed */
    struct buf *summary;   /* a line for each file; NULL: no summary is needed */
    struct buf *messages;
    struct diag_report *report; /* for errors and warnings instead of `messages`; NULL: none */
    const char *path;           /* of the current file; compared by pointer */
    size_t objects;             /* emitted so far */
    struct map namespaces;
    struct map generated_objects; /* KIND/NAMESPACE/NAME; the value is the service's name */
    struct map routes;            /* HOST/PATH; the value is a struct owner */
    struct map listener_sets;     /* GATEWAY and HOST; the value is a struct owner */
    struct map names;             /* NAMESPACE/NAME of each service; the value is its file */
};

/* The service that is the first to use an address. */
struct owner {
    struct str service;
    struct str layer;
    const char *path; /* of its file; compared by pointer */
};

static void report(struct renderer *renderer, struct diags *diags)
{
    if (renderer->options->strict)
        diags_promote_warnings(diags);
    renderer->failed |= diags->errors > 0;
    if (renderer->report)
        diag_report_add(renderer->report, diags);
    else
        diags_write(diags, renderer->messages, renderer->color);
}

/* Emits the objects of a service; `service` NULL: of the layer. */
static void emit(struct renderer *renderer, const struct layer *layer,
                 const struct service *service, const struct manifests *manifests)
{
    for (size_t i = 0; renderer->manifests && i < manifests->count; i++) {
        bool first = renderer->objects++ == 0;
        struct node *object = manifests->items[i];
        if (!renderer->explained) {
            renderer->format->object(renderer->manifests, object, first);
            continue;
        }
        if (!renderer->index)
            renderer->index = provenance_index_new(layer->arena);
        const struct provenance provenance =
            provenance_of(&renderer->table, renderer->index, layer, service, object);
        renderer->explained->object(renderer->manifests, &provenance, first);
    }
}

static void add_result(struct renderer *renderer, const struct service *service,
                       const struct manifests *manifests)
{
    struct render_result *kept = renderer->kept;
    kept->items = arena_grow(&renderer->arena, kept->items, kept->count, sizeof *kept->items);
    kept->items[kept->count++] =
        (struct rendered_service){service, manifests->items, manifests->count};
}

/* True if two paths, such as a symbolic link and its target, are the same file. */
static bool is_same_file(const char *one, const char *other)
{
    struct stat first;
    struct stat second;
    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev &&
           first.st_ino == second.st_ino;
}

/* Two services with the same namespace and name would overwrite each other in the cluster. Reports
 * an error and returns false; further checks would only repeat it. */
static bool check_unique(struct renderer *renderer, const struct service *service)
{
    const struct layer *layer = service->layer;
    struct str name = STR_JOIN(&renderer->arena, layer->namespace, STR("/"), service->name);
    const char *first = map_add(&renderer->arena, &renderer->names, name, renderer->path);
    if (!first || first == renderer->path) /* within a file, it was reported before */
        return true;
    if (is_same_file(first, renderer->path)) {
        diag_error(layer->diags, service->at, RULE_DUPLICATE_FILE,
                   "service \"%.*s\" was already read from %s", STR_ARG(service->name), first);
        diag_hint(layer->diags, "both paths lead to the same file: pass only one of them");
    } else {
        diag_error(layer->diags, service->at, RULE_DUPLICATE_ITEM,
                   "duplicate service \"%.*s\" in namespace \"%.*s\"", STR_ARG(service->name),
                   STR_ARG(layer->namespace));
        diag_hint(layer->diags, "first defined in %s; rename one, or pass only one of the files",
                  first);
    }
    return false;
}

/* Reports an object that another service generates too. */
static void check_object(struct renderer *renderer, const struct service *service,
                         struct location at, struct str kind, struct str name, const char *hint)
{
    struct str key =
        STR_JOIN(&renderer->arena, kind, STR("/"), service->layer->namespace, STR("/"), name);
    struct str owner = str_copy(&renderer->arena, service->name);
    const char *first = map_add(&renderer->arena, &renderer->generated_objects, key, owner.data);
    if (!first || str_eq_c(service->name, first))
        return;
    diag_error(service->layer->diags, at, RULE_DUPLICATE_OBJECT,
               "services \"%s\" and \"%.*s\" both generate the %.*s \"%.*s\"", first,
               STR_ARG(service->name), STR_ARG(kind), STR_ARG(name));
    diag_hint(service->layer->diags, "%s", hint);
}

/* A StatefulSet names its claims CLAIM-NAME-ORDINAL. Both names may contain dashes, so two services
 * could use the same volume. */
static void check_disks(struct renderer *renderer, const struct service *service)
{
    for (size_t i = 0; i < service->disk_count; i++) {
        const struct disk *disk = &service->disks[i];
        struct str name = str_format(&renderer->arena, "%.*s-%.*s-0", STR_ARG(disk->name),
                                     STR_ARG(service->name));
        check_object(renderer, service, disk->at, STR("PersistentVolumeClaim"), name,
                     "set a different name, for example: {name: NAME, size: ..., path: ...}");
    }
}

/* Derived names, such as NAME-headless, may collide with the names of another service. */
static void check_objects(struct renderer *renderer, const struct service *service,
                          const struct manifests *manifests)
{
    check_disks(renderer, service);
    for (size_t i = 0; i < manifests->count; i++) {
        const struct node *metadata = node_get(manifests->items[i], "metadata");
        struct str kind = node_get(manifests->items[i], "kind")->text;
        struct str name = node_get(metadata, "name")->text;
        check_object(renderer, service, service->at, kind, name, "rename one of the services");
    }
}

static const struct owner *owner_of(struct renderer *renderer, const struct service *service)
{
    struct owner *owner = ARENA_NEW(&renderer->arena, struct owner);
    owner->service = str_copy(&renderer->arena, service->name);
    owner->layer = str_copy(&renderer->arena, service->layer->name);
    owner->path = renderer->path;
    return owner;
}

/* Reports a host that another file has on the same Gateway: two ListenerSets with the same host
 * conflict, and each file generates its own. */
static void check_listener_set(struct renderer *renderer, const struct traffic *traffic,
                               const struct route *route, const struct owner *owner)
{
    const struct layer *layer = traffic->service->layer;
    const struct gateway *gateway = traffic->gateway;
    if (!gateway || !gateway->listener_sets || route->host.len == 0)
        return;
    struct str key = STR_JOIN(&renderer->arena, gateway->namespace, STR("/"), gateway->name,
                              STR("/"), route->host);
    const struct owner *first = map_add(&renderer->arena, &renderer->listener_sets, key, owner);
    if (!first || first->path == renderer->path)
        return;
    diag_error(layer->diags, route->at, RULE_ROUTE_CONFLICT,
               "service \"%.*s\" of layer %.*s already has a ListenerSet for %.*s: the two would "
               "conflict",
               STR_ARG(first->service), STR_ARG(first->layer), STR_ARG(route->host));
    diag_hint(layer->diags, "move the services of a domain to one file, or set the certificate in "
                            "the Gateway's listener and remove listener_sets");
}

/* If two services have the same address, the controller would choose one. A public and an internal
 * service may have the same, because their controllers differ. Addresses without
 * a host are compared only within a file: other files may be for other clusters. */
static void check_routes(struct renderer *renderer, struct map *file_routes,
                         const struct service *service)
{
    const struct layer *layer = service->layer;
    const struct traffic traffic = traffic_of(service);
    const struct owner *owner = owner_of(renderer, service);
    bool ignores_case = traffic_flavour_find(traffic.flavour)->ignores_case;
    for (size_t i = 0; i < service->route_count; i++) {
        const struct route *route = &service->routes[i];
        struct str path = ignores_case ? str_lower(layer->arena, route->prefix) : route->prefix;
        struct str address =
            STR_JOIN(&renderer->arena, service->internal ? STR("internal ") : STR(""), route->host,
                     path, STR("/"));
        const struct owner *first = map_add(
            &renderer->arena, route->host.len ? &renderer->routes : file_routes, address, owner);
        if (!first) {
            check_listener_set(renderer, &traffic, route, owner);
            continue;
        }
        bool same_layer = str_equal(first->layer, layer->name);
        diag_error(layer->diags, route->at, RULE_ROUTE_CONFLICT,
                   "duplicate public_uri: service \"%.*s\"%s%.*s already uses it",
                   STR_ARG(first->service), same_layer ? "" : " of layer ",
                   STR_ARG(same_layer ? STR("") : first->layer));
        diag_hint(layer->diags, "give each service its own path or domain");
    }
}

static void emit_namespace(struct renderer *renderer, const struct layer *layer)
{
    struct str name = str_copy(&renderer->arena, layer->namespace);
    struct manifests manifests = {.arena = layer->arena};
    if (renderer->options->namespace ||
        map_add(&renderer->arena, &renderer->namespaces, name, name.data))
        return;
    manifest_namespace(&manifests, layer);
    emit(renderer, layer, NULL, &manifests);
}

static void render_service(struct renderer *renderer, struct map *routes,
                           const struct service *service)
{
    struct manifests manifests = {.arena = service->layer->arena};
    bool unique = check_unique(renderer, service);
    if (unique)
        check_routes(renderer, routes, service);
    /* With a chart, image and port may be missing. */
    if (unique && !read_mode_is_for_chart(renderer->options->mode))
        manifests_add_service(&manifests, service);
    if (unique)
        check_objects(renderer, service, &manifests);
    renderer->failed |= service->layer->diags->errors > 0;
    if (renderer->failed)
        return;
    if (renderer->kept) {
        add_result(renderer, service, &manifests);
        return;
    }
    emit_namespace(renderer, service->layer);
    emit(renderer, service->layer, service, &manifests);
}

/* Warns about ports of the service file's k8s-base that no service has. Those of an environment
 * file may be for other service files. */
static void warn_extra_tcp_ports(const struct layer *layer)
{
    if (layer->options->modules.count) /* services that are not selected are not read */
        return;
    for (const struct extra_tcp_port *port = layer->environment.extra_tcp_ports; port;
         port = port->next) {
        if (port->is_used || !source_is_same(port->at.source, layer->source))
            continue;
        diag_warning(layer->diags, port->at, RULE_NO_EFFECT,
                     "nginx_extra_tcp_ports has no effect: port %.*s is not exposed outside the "
                     "cluster",
                     STR_ARG(port->number));
        diag_hint(layer->diags,
                  "to expose it, list it in ports of a service with type: tcp, and set "
                  "load_balancer: external");
    }
}

/* Reads a service, and checks its traffic even after other errors. Returns NULL after an error. The
 * traffic is not checked for a chart, which may have its own Ingress, or without a valid
 * environment, which determines the flavour. */
static const struct service *read_service(struct layer *layer, const struct module *module)
{
    bool ok;
    const struct service *service = service_read_all(layer, module, &ok);
    if (!service || layer_is_for_chart(layer) || layer->scope.environment_invalid)
        return ok ? service : NULL;
    const struct traffic traffic = traffic_of(service);
    return traffic_check(&traffic) && ok ? service : NULL;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

/* Appends "shop.yaml: valid: 2 services, 1 other module, environment staging". */
static void summarize(struct buf *out, const struct layer *layer, size_t selected, size_t services)
{
    size_t others = layer->module_count - services;
    diag_add_visible(out, layer->source->path);
    buf_format(out, ": valid: %zu", selected);
    if (selected < services)
        buf_format(out, " of %zu", services);
    buf_format(out, " service%s", plural(services));
    if (others)
        buf_format(out, ", %zu other module%s", others, plural(others));
    if (layer->environment.name.len)
        buf_format(out, ", environment %.*s", STR_ARG(layer->environment.name));
    buf_add_byte(out, '\n');
}

/* Other commands do not deploy what the files describe. */
static bool checks_rules(const struct renderer *renderer)
{
    return renderer->options->mode == READ_SERVICES;
}

/* Comments may be needed for what the flags do not select. */
static void check_layer(const struct layer *layer)
{
    const struct input_options *options = layer->options;
    bool is_whole = options->modules.count == 0 && options->variables.count == 0 &&
                    !options->image_tag && !options->image_digest &&
                    record_value(layer->file, FILE_ENVIRONMENTS)->count <= 1;
    layer_check_rules(layer);
    if (is_whole)
        allow_report_unused(layer->diags, layer->source);
}

static void render_layer(struct renderer *renderer, struct layer *layer)
{
    struct map routes = {0};
    const size_t *services = &renderer->options->usage->service_count;
    size_t before = *services;
    size_t index = 0;
    size_t selected = 0;
    for (const struct module *module; (module = layer_next_service(layer, &index)); selected++) {
        const struct service *service = read_service(layer, module);
        renderer->failed |= !service;
        if (service && checks_rules(renderer))
            service_check_rules(service);
        if (service)
            render_service(renderer, &routes, service);
    }
    warn_extra_tcp_ports(layer);
    if (layer->diags->errors == 0 && checks_rules(renderer))
        check_layer(layer);
    if (*services == before)
        layer_report_empty(layer);
    renderer->failed |= layer->diags->errors > 0;
    if (renderer->summary)
        summarize(renderer->summary, layer, selected, *services - before);
}

static void render_file(struct renderer *renderer, const struct input *input)
{
    struct diag_policy policy = allow_read_flags(renderer->options);
    struct diags diags = {.arena = renderer->file, .policy = &policy};
    const struct source *source = input_read(renderer->file, &diags, input, NO_LOCATION);
    renderer->path = source ? str_to_c(&renderer->arena, source->path) : NULL;
    renderer->index = NULL;
    struct layer *layer =
        source ? layer_read(renderer->file, &diags, renderer->options, source) : NULL;
    if (layer)
        render_layer(renderer, layer);
    else if (!source && diags.errors == 0)
        usage_skip_file(renderer->options, input->path);
    report(renderer, &diags);
    if (!renderer->kept)
        arena_reset(renderer->file);
    else if (layer)
        layer->diags = NULL; /* already printed */
}

static void render_files(struct renderer *renderer)
{
    struct diags diags = {.arena = &renderer->arena};
    struct input *inputs;
    size_t count;
    if (input_list(&renderer->arena, &diags, renderer->options, &inputs, &count))
        for (size_t i = 0; i < count; i++)
            render_file(renderer, &inputs[i]);
    if (!renderer->failed && diags.errors == 0)
        usage_check(renderer->options, &diags);
    usage_write_skipped(renderer->options, renderer->messages);
    report(renderer, &diags);
}

/* What begins and ends the manifests, and how each is written: with `explained`, unless it is
 * NULL. */
struct output {
    const struct emit_format *format;
    const struct provenance_format *explained;
    void (*begin)(struct buf *);
    void (*end)(struct buf *);
};

static bool render_manifests(const struct input_options *options, const struct output *output,
                             bool color, struct buf *ret_manifests, struct buf *ret_messages)
{
    struct arena file = {0};
    struct arena flags = {0};
    struct renderer renderer = {.options = usage_start(&flags, options),
                                .color = color,
                                .file = &file,
                                .format = output->format,
                                .explained = output->explained,
                                .manifests = ret_manifests,
                                .messages = ret_messages};
    if (output->explained)
        renderer.table = provenance_table_new(&renderer.arena);
    output->begin(ret_manifests);
    render_files(&renderer);
    output->end(ret_manifests);
    if (renderer.failed)
        ret_manifests->len = 0;
    arena_free(&file);
    arena_free(&flags);
    arena_free(&renderer.arena);
    return !renderer.failed;
}

bool render(const struct input_options *options, const char *output, bool color,
            struct buf *ret_manifests, struct buf *ret_messages)
{
    const struct emit_format *format = emit_format_find(output);
    const struct output plain = {.format = format, .begin = format->begin, .end = format->end};
    return render_manifests(options, &plain, color, ret_manifests, ret_messages);
}

bool render_explained(const struct input_options *options, const char *output, bool color,
                      struct buf *ret_manifests, struct buf *ret_messages)
{
    const struct provenance_format *format = provenance_format_find(output);
    const struct output explained = {
        .explained = format, .begin = format->begin, .end = format->end};
    return render_manifests(options, &explained, color, ret_manifests, ret_messages);
}

bool render_check(const struct input_options *options, bool color, struct diag_report *report,
                  struct buf *ret_summary, struct buf *ret_messages)
{
    struct arena file = {0};
    struct arena flags = {0};
    struct renderer renderer = {.options = usage_start(&flags, options),
                                .color = color,
                                .file = &file,
                                .summary = ret_summary,
                                .messages = ret_messages,
                                .report = report};
    render_files(&renderer);
    if (renderer.failed)
        ret_summary->len = 0;
    if (report) {
        diag_report_add_notes(report, buf_str(ret_messages));
        diag_report_add_notes(report, buf_str(ret_summary));
        ret_messages->len = 0;
        ret_summary->len = 0;
    }
    arena_free(&file);
    arena_free(&flags);
    arena_free(&renderer.arena);
    return !renderer.failed;
}

bool render_services(const struct input_options *options, bool color, struct arena *arena,
                     struct render_result *ret, struct buf *ret_messages)
{
    *ret = (struct render_result){0};
    struct renderer renderer = {.options = usage_start(arena, options),
                                .color = color,
                                .file = arena,
                                .kept = ret,
                                .messages = ret_messages};
    render_files(&renderer);
    struct rendered_service *items = ARENA_ARRAY(arena, ret->count, struct rendered_service);
    for (size_t i = 0; i < ret->count; i++)
        items[i] = ret->items[i];
    ret->items = items;
    ret->options = renderer.options;
    arena_free(&renderer.arena);
    return !renderer.failed;
}
