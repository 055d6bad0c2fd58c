/* The objects of a source, and the modules that are made of them. */
#include "format/name.h"
#include "import/manifests_reader.h"
#include "yaml/parse_manifest.h"
#include "yaml/scalar.h"
#include "yaml/split.h"

#include <inttypes.h>
#include <stdlib.h>

/* Notes */

void given_lost(const struct given_app *app, struct location at, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    import_vnote(app->import, NOTE_LOST, at, app->name, format, arguments);
    va_end(arguments);
}

void given_added(const struct given_app *app, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    import_vnote(app->import, NOTE_LOST, location_file(app->import->source), app->name, format,
                 arguments);
    va_end(arguments);
}

/* Reading trees */

struct str given_text(const struct node *map, const char *path)
{
    return node_string(node_at(map, path));
}

bool given_int(const struct node *map, const char *path, int64_t *ret)
{
    return str_to_int(given_text(map, path), ret);
}

bool given_true(const struct node *map, const char *path)
{
    return node_is_true(node_at(map, path));
}

struct location given_at(const struct node *node)
{
    return node->key ? node->key->span : node->span;
}

static bool is_large_map(const struct node *map)
{
    enum { LARGE = 16 };
    size_t count = 0;
    for (const struct node *value = map->first; value && count < LARGE; value = value->next)
        count++;
    return map->kind == NODE_MAP && count == LARGE;
}

const struct node *given_key(struct given *given, const struct node *map, struct str key)
{
    if (!is_large_map(map))
        return node_at_key(map, key);
    const struct map *found = map_get_object(&given->indexes, map);
    if (found)
        return map_get(found, key);
    struct map *index = ARENA_NEW(given->arena, struct map);
    for (const struct node *value = map->first; value; value = value->next)
        map_add(given->arena, index, value->key->text, value);
    map_add_object(given->arena, &given->indexes, map, index);
    return map_get(index, key);
}

bool given_equal(struct given *given, const struct node *one, const struct node *other)
{
    if (one->kind != other->kind)
        return false;
    if (one->kind == NODE_SCALAR)
        return str_equal(one->text, other->text);
    const struct node *a = one->first;
    const struct node *b = other->first;
    for (; a && b; a = a->next, b = b->next) {
        const struct node *same = a->key ? given_key(given, other, a->key->text) : b;
        if (!same || !given_equal(given, a, same))
            return false;
    }
    return !a && !b;
}

struct node *given_string(const struct given_app *app, struct node *map, enum field_id field,
                          const struct node *scalar)
{
    if (!scalar)
        return NULL;
    struct str text = node_string(scalar);
    if (!schema_field(field)->keeps_placeholders)
        text = import_literal(app->arena, text, NULL);
    return import_string(app->import, map, field, text, scalar->span);
}

void given_entry(const struct given_app *app, struct node *map, struct str key,
                 const struct node *scalar)
{
    import_entry(app->import, map, key, import_literal(app->arena, node_string(scalar), NULL),
                 scalar->span);
}

void given_list(const struct given_app *app, struct node *map, enum field_id field,
                const struct node *list)
{
    if (!list || list->kind != NODE_LIST || !list->first)
        return;
    struct node *made = import_list(app->import, map, field, list->span);
    for (const struct node *item = list->first; item; item = item->next)
        import_item(app->import, made, import_literal(app->arena, node_string(item), NULL),
                    item->span);
}

struct given_object *given_find(const struct given *given, const char *kind, struct str name)
{
    const struct given_object *found =
        map_get(&given->by_name, STR_JOIN(given->arena, str_from_c(kind), STR("/"), name));
    return found ? found->self : NULL;
}

void given_require(const struct given *given, const char *kind, struct str name)
{
    struct given_object *object = given_find(given, kind, name);
    if (object)
        object->is_required = true;
}

/* Objects */

/* Returns the node without aliases and merge keys in it. */
static const struct node *plain(struct given *given, const struct node *node)
{
    while (node->kind == NODE_ALIAS)
        node = node->first;
    return node->kind == NODE_MAP ? node_effective(given->arena, node) : node;
}

struct node *given_copy(struct given *given, const struct node *node)
{
    const struct node *from = plain(given, node);
    struct node *copy = ARENA_NEW(given->arena, struct node);
    *copy = (struct node){
        .kind = from->kind, .style = from->style, .text = from->text, .span = from->span};
    if (given->copied++ > STREAM_EXPANDED_MAX)
        return NULL;
    for (const struct node *child = from->kind == NODE_SCALAR ? NULL : from->first; child;
         child = child->next) {
        if (from->kind == NODE_MAP && node_is_null(child))
            continue;
        struct node *value = given_copy(given, child);
        if (!value)
            return NULL;
        if (from->kind == NODE_MAP)
            node_put(copy, child->key, value);
        else
            node_append(copy, value);
    }
    return copy;
}

static struct str group_of(struct str api_version)
{
    size_t slash = str_find(api_version, 0, '/');
    return slash < api_version.len ? str_slice(api_version, 0, slash) : STR("");
}

/* Returns the kind of an object. If it only shares the name of a kind that is read, its group is
 * added, as in Service.serving.knative.dev, so that it is not mistaken for the other. */
static struct str kind_of(struct arena *arena, struct str kind, struct str group)
{
    static const struct {
        const char *kind;
        const char *group; /* NULL: one of Kubernetes itself */
    } read[] = {
        {"BackendTrafficPolicy", "gateway.envoyproxy.io"},
        {"Certificate", "cert-manager.io"},
        {"ConfigMap", NULL},
        {"CronJob", NULL},
        {"Deployment", NULL},
        {"ExternalSecret", "external-secrets.io"},
        {"GRPCRoute", NULL},
        {"HTTPRoute", NULL},
        {"HorizontalPodAutoscaler", NULL},
        {"Ingress", NULL},
        {"Job", NULL},
        {"ListenerSet", NULL},
        {"Namespace", NULL},
        {"NetworkPolicy", NULL},
        {"PodDisruptionBudget", NULL},
        {"ScaledObject", "keda.sh"},
        {"Secret", NULL},
        {"Service", NULL},
        {"ServiceAccount", NULL},
        {"StatefulSet", NULL},
        {"TraefikService", "traefik.io"},
    };
    /* Those of Kubernetes itself; `extensions` had some of them until 1.22. */
    bool built_in = !str_contains(group, STR(".")) || str_ends_with(group, STR(".k8s.io"));
    for (size_t i = 0; i < COUNT_OF(read); i++)
        if (str_eq_c(kind, read[i].kind) &&
            !(read[i].group ? str_eq_c(group, read[i].group) : built_in))
            return STR_JOIN(arena, kind, STR("."), group);
    return kind;
}

/* True for an object that a controller makes from another one of the source, or for each namespace.
 */
static bool is_derived(const struct given_object *object)
{
    static const char *const kinds[] = {"ReplicaSet", "Pod", "ControllerRevision", "EndpointSlice",
                                        "Job"};
    bool derived =
        str_eq_c(object->kind, "Endpoints") || str_eq_c(object->kind, "Event") ||
        (str_eq_c(object->kind, "ConfigMap") && str_eq_c(object->name, "kube-root-ca.crt")) ||
        (str_eq_c(object->kind, "ServiceAccount") && str_eq_c(object->name, "default"));
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        derived |=
            str_eq_c(object->kind, kinds[i]) && node_at(object->node, "metadata ownerReferences");
    return derived;
}

static void add_object(struct given *given, struct node *node)
{
    struct str group = group_of(given_text(node, "apiVersion"));
    struct str kind = kind_of(given->arena, given_text(node, "kind"), group);
    struct str name = given_text(node, "metadata name");
    const struct node *place = node_at(node, "metadata name");
    struct given_object *object = ARENA_NEW(given->arena, struct given_object);
    *object = (struct given_object){.self = object,
                                    .node = node,
                                    .group = group,
                                    .kind = kind,
                                    .name = name,
                                    .namespace = given_text(node, "metadata namespace"),
                                    .at = place ? place->span : node->span};
    if (is_derived(object))
        return;
    if (name.len == 0) {
        import_note(given->import, NOTE_LOST, node->span, STR(""),
                    "%.*s without a name is not carried over", STR_ARG(kind));
        return;
    }
    *given->end = object;
    given->end = &object->next;
}

/* Adds an object, or the items of a List. Returns false after an error. */
static bool add_document(struct given *given, const struct node *node)
{
    const struct node *map = plain(given, node);
    const struct node *items = map->kind == NODE_MAP ? node_at(map, "items") : NULL;
    if (map->kind != NODE_MAP || !node_at(map, "kind")) {
        diag_error(given->diags, map->span, RULE_INVALID_OBJECTS,
                   "a document must be a Kubernetes object, not %s",
                   map->kind == NODE_MAP ? "a map without kind" : schema_value_type(map));
        return false;
    }
    if (items && items->kind == NODE_LIST && str_ends_with(given_text(map, "kind"), STR("List"))) {
        for (const struct node *item = items->first; item; item = item->next)
            if (!add_document(given, item))
                return false;
        return true;
    }
    struct node *copy = given_copy(given, map);
    if (!copy) {
        diag_error(given->diags, map->span, RULE_LIMIT_EXCEEDED, "more than %d values",
                   STREAM_EXPANDED_MAX);
        diag_hint(given->diags, "import fewer objects at a time");
        return false;
    }
    add_object(given, copy);
    return true;
}

static bool read_documents(struct given *given)
{
    const struct source *source = given->import->source;
    struct stream_parser parser = {.arena = given->arena};
    struct stream stream = stream_finish(&parser, source->text);
    if (stream.cut) {
        diag_error(given->diags, location_file(source), RULE_LIMIT_EXCEEDED,
                   "more than %d documents", STREAM_DOCUMENTS_MAX);
        return false;
    }
    for (size_t i = 0; i < stream.count; i++) {
        struct node *root;
        if (!load_manifest(given->arena, source, stream.documents[i].start, stream.documents[i].end,
                           given->diags, &root))
            return false;
        if (root && !node_is_null(root) && !add_document(given, root))
            return false;
    }
    return true;
}

/* Names */

/* Returns the only namespace of the workloads; empty if they have none. Reports an error and
 * returns false if there are several. */
static bool find_namespace(struct given *given, struct str *ret)
{
    *ret = STR("");
    const struct given_app *first = NULL;
    for (const struct given_app *app = given->apps; app; app = app->next) {
        struct str namespace = app->workload->namespace;
        if (!first || str_equal(*ret, namespace)) {
            *ret = namespace;
            first = app;
            continue;
        }
        diag_error(given->diags, app->workload->at, RULE_INVALID_OBJECTS,
                   "workloads of several namespaces: \"%.*s\" and \"%.*s\"", STR_ARG(*ret),
                   STR_ARG(namespace));
        diag_hint(given->diags, "a service file is for one namespace: import the objects of each "
                                "namespace into a file of its own");
        return false;
    }
    return true;
}

/* Sets the name of the layer. Returns false after an error. */
static bool name_layer(struct given *given, struct str name)
{
    struct str namespace;
    struct location at = location_file(given->import->source);
    if (!find_namespace(given, &namespace))
        return false;
    given->name = name.len ? name : namespace;
    if (given->name.len == 0) {
        diag_error(given->diags, at, RULE_INVALID_OBJECTS, "the objects have no namespace");
        diag_hint(given->diags,
                  "pass a name for the namespace: kubectl optasvc init NAME --from-manifests FILE");
        return false;
    }
    if (namespace.len && !str_equal(namespace, given->name))
        import_note(given->import, NOTE_LOST, at, STR(""),
                    "the namespace becomes %.*s instead of %.*s: apply creates new objects there; "
                    "create what is not carried over there too",
                    STR_ARG(given->name), STR_ARG(namespace));
    return true;
}

/* Sets the name of the module, which is that of the workload if Kubernetes allows it. */
static void name_app(struct given_app *app)
{
    struct given *given = app->given;
    struct str name = app->workload->name;
    size_t dash = name.len;
    while (str_eq_c(app->workload->kind, "CronJob") && dash > 0 && name.data[dash - 1] != '-')
        dash--;
    if (dash > 1 && dash < name.len) /* CronJobs are named MODULE-NAME */
        name = str_slice(name, 0, dash - 1);
    struct str base = import_name(app->arena, name, STATEFUL_NAME_MAX);
    if (base.len == 0)
        base = STR("service");
    if (!name_check_service(name))
        base = name;
    app->name = base;
    for (int64_t number = 2; map_add(app->arena, &given->names, app->name, app); number++)
        app->name = str_format(app->arena, "%.*s-%" PRId64,
                               STR_ARG(str_slice(base, 0, STATEFUL_NAME_MAX - 4)), number);
    if (!str_equal(app->name, name))
        given_lost(app, app->workload->at,
                   "%.*s is renamed to %.*s, because names of services are short, consist of "
                   "lowercase letters, digits and dashes, and are used once",
                   STR_ARG(name), STR_ARG(app->name));
}

/* Modules */

/* Finds the parts of the workload, and makes explicit what they refer to. Returns false if it has
 * no container. */
static bool prepare(struct given_app *app)
{
    const struct node *templates = node_at(app->workload->node, "spec volumeClaimTemplates");
    static const char *const lists[] = {"containers", "initContainers"};
    app->pod = node_at(app->template, "spec");
    app->container = given_main_container(app, app->template);
    if (!app->container)
        return false;
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        struct node *list = node_at(app->pod, lists[i]);
        for (struct node *item = list && list->kind == NODE_LIST ? list->first : NULL; item;
             item = item->next) {
            if (item->kind != NODE_MAP)
                continue;
            given_inline_config_maps(app, item);
            given_hide_credentials(app, item);
            given_resolve_mounts(app, &app->given->by_name, app->pod, templates, item);
        }
    }
    return true;
}

static void read_app(struct given_app *app)
{
    app->module = import_add_service(app->import, app->name, app->workload->at);
    given_read_ports(app);
    given_read_env(app);
    given_read_scale(app);
    given_read_security(app);
    given_read_pod(app);
    given_read_probes(app);
    given_read_volumes(app);
    given_read_containers(app);
    given_read_jobs(app);
    given_read_network(app);
    given_read_traffic(app);
}

static void report_no_workload(const struct given *given)
{
    diag_error(given->diags, location_file(given->import->source), RULE_INVALID_OBJECTS,
               "no Deployment, StatefulSet or CronJob with a command");
    diag_hint(given->diags, "pass all objects of an app, for example: kubectl get "
                            "deployments,statefulsets,services,hpa,pdb,ingresses,configmaps "
                            "-n NAMESPACE -o yaml");
}

/* An ExternalSecret of a service file has the Secret of one service. */
static void check_external(struct given_app *app)
{
    const struct node *node = app->external ? app->external->node : NULL;
    struct str own = STR_JOIN(app->arena, app->name, STR("-secrets"));
    if (!node)
        return;
    if (given_text(node, "spec secretStoreRef name").len == 0 ||
        !str_equal(given_text(node, "spec target name"), own))
        app->external = NULL;
    else
        app->given->has_store = true;
}

static bool read_apps(struct given *given)
{
    if (given->app_count > MODULES_MAX) {
        diag_error(given->diags, location_file(given->import->source), RULE_LIMIT_EXCEEDED,
                   "too many workloads: %zu (maximum %d)", given->app_count, MODULES_MAX);
        return false;
    }
    for (struct given_app *app = given->apps; app; app = app->next) {
        name_app(app);
        check_external(app);
    }
    for (struct given_app *app = given->apps; app; app = app->next) {
        if (prepare(app))
            read_app(app);
        else
            diag_error(given->diags, app->workload->at, RULE_INVALID_OBJECTS,
                       "%.*s \"%.*s\" has no container", STR_ARG(app->workload->kind),
                       STR_ARG(app->workload->name));
    }
    given_finish_traffic(given);
    return given->diags->errors == 0;
}

static int compare_starts(const void *one, const void *other)
{
    size_t a = *(const size_t *)one;
    size_t b = *(const size_t *)other;
    return a < b ? -1 : a > b;
}

/* Remembers the places of the notes so far, which the comparison need not note again. */
static void index_notes(struct given *given)
{
    const struct import *import = given->import;
    given->noted = ARENA_ARRAY(given->arena, import->note_count + 1, size_t);
    for (size_t i = 0; i < import->note_count; i++)
        if (!location_is_file(import->notes[i].at))
            given->noted[given->noted_count++] = import->notes[i].at.start;
    qsort(given->noted, given->noted_count, sizeof *given->noted, compare_starts);
}

bool given_is_noted(const struct given *given, const struct node *value)
{
    size_t from = 0;
    size_t to = given->noted_count;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (given->noted[middle] < given_at(value).start)
            from = middle + 1;
        else
            to = middle;
    }
    return from < given->noted_count && given->noted[from] < value->span.end;
}

static void compare(struct given *given)
{
    index_notes(given);
    struct import_rendered *rendered;
    size_t count = import_render(given->import, &rendered);
    for (size_t i = 0; i < count; i++) {
        struct given_app *app = NULL;
        for (struct given_app *each = given->apps; each; each = each->next)
            if (str_equal(each->name, rendered[i].name))
                app = each;
        if (app)
            given_compare(app, rendered[i].objects, rendered[i].count);
    }
}

bool manifests_import(struct import *import, struct str name)
{
    struct given given = {.import = import, .arena = import->arena, .diags = import->diags};
    given.end = &given.objects;
    given.apps_end = &given.apps;
    if (!read_documents(&given))
        return false;
    if (!given_group(&given, name))
        return false;
    if (!given.apps) {
        report_no_workload(&given);
        return false;
    }
    if (!name_layer(&given, name))
        return false;
    import_start(import, given.name);
    if (!read_apps(&given) || !import_finish(import))
        return false;
    given_note_objects(&given);
    compare(&given);
    return true;
}
