/* Which objects belong to which workload. */
#include "import/manifests_reader.h"

/* The API server sets it on each Namespace. */
#define NAMESPACE_LABEL "kubernetes.io/metadata.name"

/* True if a label of the selector differs; a selector without labels selects nothing here. */
bool given_selects(struct given *given, const struct node *selector, const struct node *labels)
{
    if (!selector || selector->kind != NODE_MAP || !selector->first || !labels ||
        labels->kind != NODE_MAP)
        return false;
    for (const struct node *label = selector->first; label; label = label->next) {
        const struct node *same = given_key(given, labels, label->key->text);
        if (!same || !str_equal(node_string(same), node_string(label)))
            return false;
    }
    return true;
}

static struct given_app *add_app(struct given *given, struct given_object *workload,
                                 const char *template)
{
    struct given_app *app = ARENA_NEW(given->arena, struct given_app);
    *app = (struct given_app){.given = given,
                              .import = given->import,
                              .arena = given->arena,
                              .workload = workload,
                              .template = node_at(workload->node, template)};
    workload->app = app;
    *given->apps_end = app;
    given->apps_end = &app->next;
    given->app_count++;
    return app;
}

static bool is_workload(const struct given_object *object)
{
    return (str_eq_c(object->kind, "Deployment") || str_eq_c(object->kind, "StatefulSet")) &&
           (str_eq_c(object->group, "apps") || str_eq_c(object->group, "extensions"));
}

/* Objects that select the pods of workloads. */
static const struct selecting_kind {
    const char *kind;
    const char *selector;
    const char *effect; /* on the other workloads that it selects */
    bool has_jobs;      /* it also affects the pods of jobs */
} selecting_kinds[] = {{"Service", "spec selector",
                        "only this service gets its traffic now; keep its manifest", false},
                       {"PodDisruptionBudget", "spec selector matchLabels",
                        "each service with several pods has one of its own", false},
                       {"NetworkPolicy", "spec podSelector matchLabels",
                        "it protects only this service now; keep its manifest", true}};

static const struct selecting_kind *find_selecting_kind(const struct given_object *object)
{
    for (size_t i = 0; i < COUNT_OF(selecting_kinds); i++)
        if (str_eq_c(object->kind, selecting_kinds[i].kind))
            return &selecting_kinds[i];
    return NULL;
}

/* Returns the app whose pods an object selects: of several the one with its name, else the first.
 */
static struct given_app *find_selected(struct given *given, const struct given_object *object)
{
    const struct selecting_kind *kind = find_selecting_kind(object);
    const struct node *selector = kind ? node_at(object->node, kind->selector) : NULL;
    struct given_app *found = NULL;
    for (struct given_app *app = selector ? given->apps : NULL; app; app = app->next) {
        bool is_named = str_equal(app->workload->name, object->name);
        if ((!found || is_named) &&
            given_selects(given, selector, node_at(app->template, "metadata labels")))
            found = app;
    }
    return found;
}

static void add_route(struct given_app *app, struct given_object *object)
{
    struct given_route *last = app->last_route;
    if (!object->app)
        object->app = app;
    if (last && last->object == object)
        return;
    struct given_route *route = ARENA_NEW(app->arena, struct given_route);
    route->object = object;
    *(last ? &last->next : &app->routes) = route;
    app->last_route = route;
}

/* Returns the app whose workload a scaleTargetRef names. */
static struct given_app *find_target(const struct given *given, const struct given_object *object)
{
    struct str kind = given_text(object->node, "spec scaleTargetRef kind");
    struct str name = given_text(object->node, "spec scaleTargetRef name");
    const struct given_object *found =
        given_find(given, kind.len ? str_to_c(given->arena, kind) : "Deployment", name);
    return found ? found->app : NULL;
}

/* Returns the app with the labels of a service file that the object has. */
static struct given_app *find_labelled(const struct given *given, const struct given_object *object)
{
    const struct node *labels = node_at(object->node, "metadata labels");
    struct str module = given_text(labels, "opta.dev/module-name");
    if (module.len == 0 || !str_eq_c(given_text(labels, "app.kubernetes.io/managed-by"), "optasvc"))
        return NULL;
    static const char *const kinds[] = {"Deployment", "StatefulSet"};
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        const struct given_object *workload = given_find(given, kinds[i], module);
        if (workload && workload->app)
            return workload->app;
    }
    return NULL;
}

static struct given_app *find_account(const struct given *given, const struct given_object *object)
{
    for (struct given_app *app = given->apps; app; app = app->next)
        if (!app->account &&
            str_equal(given_text(app->template, "spec serviceAccountName"), object->name))
            return app;
    return NULL;
}

static void add_backend(const struct given *given, struct given_object *object,
                        const struct node *backend)
{
    const struct given_object *service = given_backend_service(given, backend);
    if (service && service->app)
        add_route(service->app, object);
}

/* Adds a route to each app that it leads to: a backend in it names the Service of the app. */
static void add_backends(const struct given *given, struct given_object *object)
{
    bool ingress = str_eq_c(object->kind, "Ingress");
    const struct node *rule = node_first_child(node_at(object->node, "spec rules"));
    if (ingress)
        add_backend(given, object, node_at(object->node, "spec defaultBackend service"));
    for (; rule; rule = rule->next) {
        const struct node *list = node_at(rule, ingress ? "http paths" : "backendRefs");
        for (const struct node *item = node_first_child(list); item; item = item->next)
            add_backend(given, object, ingress ? node_at(item, "backend service") : item);
    }
}

/* A CronJob belongs to the app with the same image. If there are several, the name or the
 * ServiceAccount decides. */
static struct given_app *find_same_image(const struct given *given,
                                         const struct given_object *object)
{
    const struct node *pod = node_at(object->node, "spec jobTemplate spec template spec");
    const struct node *container = node_first_child(node_at(pod, "containers"));
    struct str image = container ? given_text(container, "image") : STR("");
    struct given_app *found = NULL;
    int best = 0;
    if (!container || container->next || container->kind != NODE_MAP)
        return NULL;
    for (struct given_app *app = given->apps; app; app = app->next) {
        const struct node *main = given_main_container(app, app->template);
        if (!main || !str_equal(given_text(main, "image"), image))
            continue;
        int score = 1;
        score +=
            str_starts_with(object->name, STR_JOIN(given->arena, app->workload->name, STR("-")))
                ? 2
                : 0;
        score += str_equal(given_text(app->template, "spec serviceAccountName"),
                           given_text(pod, "serviceAccountName"))
                     ? 1
                     : 0;
        if (score > best) {
            best = score;
            found = app;
        }
    }
    return found;
}

static struct given_app *find_app(struct given *given, const struct given_object *object)
{
    struct given_app *app = find_labelled(given, object);
    if (!app)
        app = find_selected(given, object);
    if (!app && (str_eq_c(object->kind, "HorizontalPodAutoscaler") ||
                 str_eq_c(object->kind, "ScaledObject")))
        app = find_target(given, object);
    if (!app && str_eq_c(object->kind, "ServiceAccount"))
        app = find_account(given, object);
    if (!app && str_eq_c(object->kind, "CronJob"))
        app = find_same_image(given, object);
    return app;
}

/* The role of a Service of an app: its name follows that of the module for new files. */
static void add_service(struct given_app *app, const struct given_object *object)
{
    struct str name = app->workload->name;
    bool headless = str_eq_c(given_text(object->node, "spec clusterIP"), "None");
    bool balancer = str_eq_c(given_text(object->node, "spec type"), "LoadBalancer");
    const struct given_object **role = headless   ? &app->headless
                                       : balancer ? &app->balancer
                                                  : &app->service;
    if (!*role || str_equal(object->name, name))
        *role = object;
}

static bool is_route(const struct given_object *object)
{
    return str_eq_c(object->kind, "Ingress") || str_eq_c(object->kind, "HTTPRoute") ||
           str_eq_c(object->kind, "GRPCRoute");
}

static void add_to_app(struct given_app *app, struct given_object *object)
{
    object->app = app;
    if (str_eq_c(object->kind, "Service"))
        add_service(app, object);
    else if (str_eq_c(object->kind, "ServiceAccount"))
        app->account = object;
    else if (is_route(object))
        add_route(app, object);
    else if (str_eq_c(object->kind, "ExternalSecret"))
        app->external = object;
    else if (str_eq_c(object->kind, "HorizontalPodAutoscaler") ||
             str_eq_c(object->kind, "ScaledObject"))
        app->autoscaler = object;
}

/* Returns the namespace of the first workload; empty if it has none. */
static struct str workload_namespace(const struct given *given)
{
    const struct given_object *found = given->apps ? given->apps->workload : NULL;
    for (const struct given_object *object = given->objects; object && !found;
         object = object->next)
        if (str_eq_c(object->kind, "CronJob"))
            found = object;
    return found ? found->namespace : STR("");
}

/* Adds an object to `all`. Reports an error and returns false if that has the same one. */
static bool check_unique(const struct given *given, struct map *all,
                         const struct given_object *object)
{
    struct str namespace = object->namespace.len ? object->namespace : given->namespace;
    struct str key = str_format(given->arena, "%.*s/%.*s/%.*s/%.*s", STR_ARG(object->group),
                                STR_ARG(object->kind), STR_ARG(namespace), STR_ARG(object->name));
    const struct given_object *first = map_add(given->arena, all, key, object);
    if (!first)
        return true;
    diag_error(given->diags, object->at, RULE_INVALID_OBJECTS, "duplicate %.*s \"%.*s\"",
               STR_ARG(object->kind), STR_ARG(object->name));
    diag_hint(given->diags, "first defined on line %zu; remove one of the two",
              diag_position(first->at.source, first->at.start).line);
    return false;
}

/* Indexes the objects in the namespace of the workloads. Returns false after an error. */
static bool index_objects(struct given *given)
{
    struct map all = {0};
    bool ok = true;
    for (struct given_object *object = given->objects; object; object = object->next) {
        ok &= check_unique(given, &all, object);
        if (given_is_own_namespace(given, object->namespace))
            map_add(given->arena, &given->by_name,
                    STR_JOIN(given->arena, object->kind, STR("/"), object->name), object);
    }
    return ok;
}

/* True for a CronJob that runs what its image does by default: a cron job of a service file has
 * commands or args. */
static bool runs_entrypoint(struct given_object *object)
{
    const struct given_app app = {.workload = object};
    const struct node *template = node_at(object->node, "spec jobTemplate spec template");
    const struct node *container = given_main_container(&app, template);
    return str_eq_c(object->kind, "CronJob") && container &&
           !node_first_child(node_at(container, "command")) &&
           !node_first_child(node_at(container, "args"));
}

/* Assigns the objects in the namespace of the workloads. */
static void assign_objects(struct given *given)
{
    for (struct given_object *object = given->objects; object; object = object->next) {
        bool own = !object->app && given_is_own_namespace(given, object->namespace);
        if (runs_entrypoint(object))
            continue;
        struct given_app *app = own ? find_app(given, object) : NULL;
        if (app)
            add_to_app(app, object);
        else if (!object->app && str_eq_c(object->kind, "CronJob"))
            add_app(given, object, "spec jobTemplate spec template");
        if (given->app_count > MODULES_MAX)
            return;
    }
    for (struct given_object *object = given->objects; object; object = object->next)
        if (is_route(object) && given_is_own_namespace(given, object->namespace))
            add_backends(given, object);
}

bool given_group(struct given *given, struct str name)
{
    for (struct given_object *object = given->objects; object; object = object->next)
        if (is_workload(object))
            add_app(given, object, "spec template");
    struct str namespace = workload_namespace(given);
    given->namespace = namespace.len ? namespace : name;
    if (!index_objects(given))
        return false;
    if (given->app_count > MODULES_MAX)
        return true;
    assign_objects(given);
    /* A Service without a cluster address or of type LoadBalancer may be the only one. */
    for (struct given_app *app = given->apps; app; app = app->next) {
        if (!app->service && app->balancer) {
            app->service = app->balancer;
            app->balancer = NULL;
        }
        if (!app->service && app->headless &&
            !str_equal(app->headless->name,
                       STR_JOIN(given->arena, app->workload->name, STR("-headless")))) {
            app->service = app->headless;
            app->headless = NULL;
        }
    }
    return true;
}

/* Notes the labels or annotations that the namespace of the service file does not have. */
static void note_metadata(struct given *given, const struct given_object *object, const char *key)
{
    const struct node *map = node_at(object->node, key);
    bool labels = str_ends_with(str_from_c(key), STR("labels"));
    struct buf names = {0};
    for (const struct node *item = node_first_child(map); item && item->key; item = item->next) {
        struct str name = item->key->text;
        bool own = labels ? given_is_own_label(name) || str_eq_c(name, NAMESPACE_LABEL)
                          : given_is_server_annotation(name);
        if (!own)
            buf_add_joined(&names, ", ", name);
    }
    struct str list = buf_take(given->arena, &names);
    if (list.len)
        import_note(given->import, NOTE_LOST, given_at(map), STR(""),
                    "%s of the Namespace are not carried over: %.*s",
                    labels ? "labels" : "annotations", STR_ARG(list));
}

static void note_object(struct given *given, struct given_object *object)
{
    bool secret = str_eq_c(object->kind, "Secret");
    if (str_eq_c(object->kind, "Namespace") &&
        (str_equal(object->name, given->namespace) || str_equal(object->name, given->name))) {
        note_metadata(given, object, "metadata labels");
        note_metadata(given, object, "metadata annotations");
        return;
    }
    import_note(given->import, NOTE_LOST, object->at, STR(""), "%.*s %.*s is not carried over: %s",
                STR_ARG(object->kind), STR_ARG(object->name),
                !given_is_own_namespace(given, object->namespace) ? "it is in another namespace"
                : secret ? "values of Secrets are not copied"
                : runs_entrypoint(object)
                    ? "keep its manifest, or write the entrypoint of its image as its command"
                    : "keep its manifest");
}

/* Notes the workloads that an object selects besides that of its app. */
static void note_selected(struct given *given, const struct given_object *object)
{
    const struct selecting_kind *kind = find_selecting_kind(object);
    struct buf names = {0};
    if (!kind)
        return;
    const struct node *selector = node_at(object->node, kind->selector);
    for (const struct given_app *app = selector ? given->apps : NULL; app; app = app->next)
        if (app != object->app && (kind->has_jobs || !str_eq_c(app->workload->kind, "CronJob")) &&
            given_selects(given, selector, node_at(app->template, "metadata labels")))
            buf_add_joined(&names, ", ", app->name);
    struct str list = buf_take(given->arena, &names);
    bool is_taken = str_eq_c(object->kind, "Service") &&
                    (str_equal(object->name, object->app->name) ||
                     object == object->app->headless || object == object->app->balancer);
    if (list.len)
        given_lost(object->app, object->at, "%.*s %.*s also selects %.*s: %s%s",
                   STR_ARG(object->kind), STR_ARG(object->name), STR_ARG(list), kind->effect,
                   is_taken ? " under another name" : "");
}

void given_note_objects(struct given *given)
{
    for (struct given_object *object = given->objects; object; object = object->next) {
        if (!object->app || object->is_required)
            note_object(given, object);
        if (object->app)
            note_selected(given, object);
    }
}

/* Returns the container that the annotation names, the only one, the one named as the workload, or
 * the first. */
struct node *given_main_container(const struct given_app *app, const struct node *template)
{
    struct node *list = node_at(template, "spec containers");
    const struct node *annotations = node_at(template, "metadata annotations");
    const struct node *annotation =
        annotations && annotations->kind == NODE_MAP
            ? node_at_key(annotations, STR("kubectl.kubernetes.io/default-container"))
            : NULL;
    const struct str names[] = {node_string(annotation), app->workload->name};
    if (!list || list->kind != NODE_LIST || !list->first)
        return NULL;
    for (size_t i = 0; i < COUNT_OF(names); i++)
        for (struct node *item = list->first; item && names[i].len; item = item->next)
            if (item->kind == NODE_MAP && str_equal(given_text(item, "name"), names[i]))
                return item;
    return list->first->kind == NODE_MAP ? list->first : NULL;
}
