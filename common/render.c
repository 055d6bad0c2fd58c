#include "render.h"

#include "emit.h"
#include "input.h"
#include "manifest.h"
#include "set.h"

#include <string.h>

struct renderer {
    struct arena arena; /* for the run */
    struct arena *file; /* reset behind each file, unless its services are kept */
    struct rendition *kept;
    const struct options *options;
    bool color;
    bool json;
    bool failed;
    struct buf *manifests;
    struct buf *messages;
    const char *path; /* of the file at hand; no other has this very pointer */
    size_t objects;   /* emitted so far */
    size_t services;
    struct set namespaces;
    struct set objects_made; /* KIND/NAMESPACE/NAME; the value is the service's name */
    struct set routes;       /* HOST/PATH; the value is the service's name */
    struct set names;        /* NAMESPACE/NAME of each service; the value is its file */
    bool *variables_used;
    bool *modules_found;
    struct suggestion near_module; /* to the first --module that was not found yet */
};

static void tell(struct renderer *renderer, const struct diags *diags)
{
    renderer->failed |= diags->errors > 0;
    diags_write(diags, renderer->messages, renderer->color);
}

static void emit(struct renderer *renderer, const struct manifests *manifests)
{
    if (!renderer->json) {
        emit_yaml(renderer->manifests, manifests->items, manifests->count);
        return;
    }
    for (size_t i = 0; i < manifests->count; i++) {
        buf_add(renderer->manifests, renderer->objects++ ? STR(",\n        ") : STR("\n        "));
        emit_json(renderer->manifests, manifests->items[i], 8);
    }
}

static void keep(struct renderer *renderer, const struct service *service,
                 const struct manifests *manifests)
{
    struct rendition *kept = renderer->kept;
    kept->items = arena_grow(&renderer->arena, kept->items, kept->count, sizeof *kept->items);
    kept->items[kept->count++] = (struct rendered){service, manifests->items, manifests->count};
}

static void find_module(struct renderer *renderer, const struct module *module)
{
    const struct option_list *wanted = &renderer->options->modules;
    for (size_t i = 0; i < wanted->count; i++)
        if (str_is(module->name, wanted->items[i]))
            renderer->modules_found[i] = true;
    if (wanted->count) {
        renderer->near_module.word = str_of(wanted->items[0]);
        suggestion_offer(&renderer->near_module, str_copy(&renderer->arena, module->name));
    }
}

/* Two services of one namespace and name would overwrite each other in the cluster. */
static void check_unique(struct renderer *renderer, const struct service *service)
{
    const struct layer *layer = service->layer;
    struct str name = str_format(&renderer->arena, "%.*s/%.*s", STR_ARG(layer->namespace),
                                 STR_ARG(service->name));
    const char *first = set_add(&renderer->arena, &renderer->names, name, renderer->path);
    if (!first || first == renderer->path) /* within a file it was told already */
        return;
    diag_error(layer->diags, service->at,
               "the service \"%.*s\" of namespace \"%.*s\" is in another "
               "file too",
               STR_ARG(service->name), STR_ARG(layer->namespace));
    diag_hint(layer->diags, "it is in %s: rename one, or render them apart", first);
}

/* Names made of a service's name, such as NAME-headless, can be those of another service. */
static void check_objects(struct renderer *renderer, const struct service *service,
                          const struct manifests *manifests)
{
    for (size_t i = 0; i < manifests->count; i++) {
        const struct node *metadata = node_get(manifests->items[i], "metadata");
        struct str kind = node_get(manifests->items[i], "kind")->text;
        struct str name = node_get(metadata, "name")->text;
        if (!str_is(kind, "Service") && !str_is(kind, "Ingress") && !str_is(kind, "CronJob"))
            continue;
        struct str key = str_format(&renderer->arena, "%.*s/%.*s/%.*s", STR_ARG(kind),
                                    STR_ARG(service->layer->namespace), STR_ARG(name));
        struct str owner = str_copy(&renderer->arena, service->name);
        const char *first = set_add(&renderer->arena, &renderer->objects_made, key, owner.data);
        if (!first || str_is(service->name, first))
            continue;
        diag_error(service->layer->diags, service->at,
                   "the services \"%s\" and \"%.*s\" both make the %.*s \"%.*s\"", first,
                   STR_ARG(service->name), STR_ARG(kind), STR_ARG(name));
        diag_hint(service->layer->diags, "rename one of the two");
    }
}

/* Two services that claim the same address: the ingress controller would choose one. Files that
 * name no host may be meant for different clusters. */
static void check_routes(struct renderer *renderer, struct set *file_routes,
                         const struct service *service)
{
    const struct layer *layer = service->layer;
    for (size_t i = 0; i < service->route_count; i++) {
        const struct route *route = &service->routes[i];
        /* ingress-nginx compares paths without regard to case, other controllers with it. */
        bool nginx = layer->environment.ingress_controller == INGRESS_NGINX;
        struct str path = nginx ? str_lower(layer->arena, route->prefix) : route->prefix;
        struct str address =
            str_format(&renderer->arena, "%.*s%.*s/", STR_ARG(route->host), STR_ARG(path));
        struct str owner = str_copy(&renderer->arena, service->name);
        const char *first =
            set_add(&renderer->arena, route->host.len ? &renderer->routes : file_routes, address,
                    owner.data);
        if (!first)
            continue;
        diag_error(layer->diags, route->at, "the service \"%s\" has this public_uri already",
                   first);
        diag_hint(layer->diags, "give each service a path or domain of its own");
    }
}

static void emit_namespace(struct renderer *renderer, const struct layer *layer)
{
    struct str name = str_copy(&renderer->arena, layer->namespace);
    struct manifests manifests = {.arena = layer->arena};
    if (renderer->options->namespace ||
        set_add(&renderer->arena, &renderer->namespaces, name, name.data))
        return;
    manifest_namespace(&manifests, layer);
    emit(renderer, &manifests);
}

static void render_service(struct renderer *renderer, struct set *routes,
                           const struct service *service)
{
    struct manifests manifests = {.arena = service->layer->arena};
    check_unique(renderer, service);
    check_routes(renderer, routes, service);
    if (!renderer->options->injects) /* image and port may be left out there */
        manifests_add_service(&manifests, service);
    check_objects(renderer, service, &manifests);
    renderer->failed |= service->layer->diags->errors > 0;
    if (renderer->failed)
        return;
    if (renderer->kept) {
        keep(renderer, service, &manifests);
        return;
    }
    emit_namespace(renderer, service->layer);
    emit(renderer, &manifests);
}

/* Ports of the service file's own k8s-base that no service has. Those of an environment file may be
 * for other service files. */
static void warn_extra_tcp_ports(const struct layer *layer)
{
    if (layer->options->modules.count) /* the other services are not read */
        return;
    for (const struct extra_tcp_port *port = layer->environment.extra_tcp_ports; port;
         port = port->next) {
        if (port->used || port->at.source != layer->source)
            continue;
        diag_warning(layer->diags, port->at,
                     "nginx_extra_tcp_ports has no effect: nothing makes port %.*s public",
                     STR_ARG(port->number));
        diag_hint(layer->diags, "add a Service of type LoadBalancer, or configure the port in your "
                                "ingress controller");
    }
}

static void render_layer(struct renderer *renderer, struct layer *layer, bool named)
{
    struct set routes = {0};
    size_t before = renderer->services;
    for (size_t i = 0; i < layer->module_count; i++) {
        const struct module *module = &layer->modules[i];
        if (!module_is_service(module))
            continue;
        if (!layer_counts(layer, module, &renderer->services))
            break;
        find_module(renderer, module);
        if (!layer_wants(layer, module))
            continue;
        const struct service *service = service_read(layer, module);
        renderer->failed |= !service;
        if (service)
            render_service(renderer, &routes, service);
    }
    warn_extra_tcp_ports(layer);
    if (renderer->services == before && named && layer->diags->errors == 0) {
        diag_error(layer->diags, location_file(layer->source), "the file has no k8s-service");
        diag_hint(layer->diags, "add one under modules: - {name: app, type: k8s-service, ...}");
    }
    renderer->failed |= layer->diags->errors > 0;
}

static bool has_item(const struct value *map, struct str name)
{
    for (size_t i = 0; map && i < map->count; i++)
        if (str_equal(map->items[i].name, name))
            return true;
    return false;
}

/* A variable that a file declares may be given even if no text uses it. */
static void find_variables(struct renderer *renderer, const struct layer *layer)
{
    const struct value *inputs = record_value(layer->file, FILE_INPUT_VARIABLES);
    for (size_t i = 0; i < renderer->options->variables.count; i++) {
        struct str name;
        struct str value;
        variable_split(renderer->options->variables.items[i], &name, &value);
        bool declared = has_item(layer->environment.variables[0], name) ||
                        has_item(layer->environment.variables[1], name);
        for (size_t j = 0; j < inputs->count; j++)
            declared |= str_equal(record_value(inputs->records[j], VARIABLE_NAME)->text, name);
        renderer->variables_used[i] |= declared;
    }
}

static void render_file(struct renderer *renderer, const struct input *input)
{
    struct diags diags = {.arena = renderer->file};
    const struct source *source = input_read(renderer->file, &diags, input, (struct location){0});
    renderer->path = source ? str_c(&renderer->arena, source->path) : NULL;
    struct layer *layer =
        source ? layer_read(renderer->file, &diags, renderer->options, source) : NULL;
    if (layer) {
        layer->scope.variables_used = renderer->variables_used;
        find_variables(renderer, layer);
        render_layer(renderer, layer, input->named);
    }
    tell(renderer, &diags);
    if (!renderer->kept)
        arena_reset(renderer->file);
    else if (layer)
        layer->diags = NULL; /* they are told */
}

static void check_flags(struct renderer *renderer, struct diags *diags)
{
    const struct options *options = renderer->options;
    struct location nowhere = {0};
    if (renderer->services == 0) {
        diag_error(diags, nowhere, "no service file was found");
        diag_hint(diags, "a service file has a module of type k8s-service");
        return;
    }
    for (size_t i = 0; i < options->modules.count; i++) {
        if (renderer->modules_found[i])
            continue;
        diag_error(diags, nowhere, "no k8s-service is named \"%s\"", options->modules.items[i]);
        if (i == 0 && renderer->near_module.best.len)
            diag_hint(diags, "did you mean --module %.*s?", STR_ARG(renderer->near_module.best));
    }
    for (size_t i = 0; i < options->variables.count && options->modules.count == 0; i++) {
        struct str name;
        struct str value;
        variable_split(options->variables.items[i], &name, &value);
        if (renderer->variables_used[i])
            continue;
        diag_error(diags, nowhere, "nothing uses --var %.*s", STR_ARG(name));
        diag_hint(diags, "a file uses it as {vars.%.*s}", STR_ARG(name));
    }
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
        check_flags(renderer, &diags);
    tell(renderer, &diags);
}

/* Reads and renders all files; frees what is needed for that alone. */
static bool run(struct renderer *renderer)
{
    const struct options *options = renderer->options;
    renderer->variables_used = ARENA_ARRAY(&renderer->arena, options->variables.count, bool);
    renderer->modules_found = ARENA_ARRAY(&renderer->arena, options->modules.count, bool);
    render_files(renderer);
    return !renderer->failed;
}

bool render(const struct options *options, bool color, struct buf *ret_manifests,
            struct buf *ret_messages)
{
    struct arena file = {0};
    struct renderer renderer = {.options = options,
                                .color = color,
                                .file = &file,
                                .json = options->output && strcmp(options->output, "json") == 0,
                                .manifests = ret_manifests,
                                .messages = ret_messages};
    if (renderer.json)
        buf_add(ret_manifests, STR("{\n    \"apiVersion\": \"v1\",\n    \"kind\": \"List\",\n"
                                   "    \"items\": ["));
    bool right = run(&renderer);
    if (renderer.json)
        buf_add(ret_manifests, STR("\n    ]\n}\n"));
    if (!right)
        ret_manifests->len = 0;
    arena_free(&file);
    arena_free(&renderer.arena);
    return right;
}

bool render_services(const struct options *options, bool color, struct arena *arena,
                     struct rendition *ret, struct buf *ret_messages)
{
    struct renderer renderer = {
        .options = options, .color = color, .file = arena, .kept = ret, .messages = ret_messages};
    bool right = run(&renderer);
    struct rendered *items = ARENA_ARRAY(arena, ret->count, struct rendered);
    for (size_t i = 0; i < ret->count; i++)
        items[i] = ret->items[i];
    ret->items = items;
    arena_free(&renderer.arena);
    return right;
}
