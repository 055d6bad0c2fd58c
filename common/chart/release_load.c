/* Parses the documents of a chart, and loads and unloads their trees. */
#include "chart/release.h"

#include "yaml/parse_manifest.h"

static const struct release_kind {
    const char *name;
    const char *groups[2]; /* API groups; "": the core group */
    enum object_kind type;
} kinds[] = {
    {"Deployment", {"apps", "extensions"}, OBJECT_WORKLOAD},
    {"StatefulSet", {"apps", NULL}, OBJECT_WORKLOAD},
    {"DaemonSet", {"apps", "extensions"}, OBJECT_WORKLOAD},
    {"Rollout", {"argoproj.io", NULL}, OBJECT_WORKLOAD},
    {"ReplicaSet", {"apps", "extensions"}, OBJECT_PODS},
    {"ReplicationController", {"", NULL}, OBJECT_PODS},
    {"Job", {"batch", NULL}, OBJECT_PODS},
    {"CronJob", {"batch", NULL}, OBJECT_PODS},
    {"Pod", {"", NULL}, OBJECT_PODS},
    {"Service", {"", NULL}, OBJECT_SERVICE},
    {"Ingress", {"networking.k8s.io", "extensions"}, OBJECT_INGRESS},
    {"IngressClass", {"networking.k8s.io", NULL}, OBJECT_INGRESS_CLASS},
    {"HTTPRoute", {"gateway.networking.k8s.io", NULL}, OBJECT_ROUTE},
    {"GRPCRoute", {"gateway.networking.k8s.io", NULL}, OBJECT_ROUTE},
    {"TLSRoute", {"gateway.networking.k8s.io", NULL}, OBJECT_ROUTE},
    {"VirtualService", {"networking.istio.io", NULL}, OBJECT_FOREIGN_ROUTE},
    {"Route", {"route.openshift.io", NULL}, OBJECT_FOREIGN_ROUTE},
    {"IngressRoute", {"traefik.io", "traefik.containo.us"}, OBJECT_FOREIGN_ROUTE},
    {"HTTPProxy", {"projectcontour.io", NULL}, OBJECT_FOREIGN_ROUTE},
    {"TraefikService", {"traefik.io", NULL}, OBJECT_TRAEFIK_SERVICE},
    {"BackendTrafficPolicy", {"gateway.envoyproxy.io", NULL}, OBJECT_TRAFFIC_POLICY},
    {"HorizontalPodAutoscaler", {"autoscaling", NULL}, OBJECT_AUTOSCALER},
    {"PodDisruptionBudget", {"policy", NULL}, OBJECT_DISRUPTION_BUDGET},
    {"ScaledObject", {"keda.sh", NULL}, OBJECT_KEDA},
    {"VerticalPodAutoscaler", {"autoscaling.k8s.io", NULL}, OBJECT_VERTICAL},
    {"NetworkPolicy", {"networking.k8s.io", NULL}, OBJECT_SELECTOR},
    {"PodMonitor", {"monitoring.coreos.com", NULL}, OBJECT_SELECTOR},
    {"Canary", {"flagger.app", NULL}, OBJECT_CANARY},
    {"PersistentVolumeClaim", {"", NULL}, OBJECT_CLAIM},
    {"Namespace", {"", NULL}, OBJECT_NAMESPACE},
    {"ValidatingWebhookConfiguration", {"admissionregistration.k8s.io", NULL}, OBJECT_WEBHOOK},
    {"MutatingWebhookConfiguration", {"admissionregistration.k8s.io", NULL}, OBJECT_WEBHOOK},
};

static bool is_list(struct str kind)
{
    return str_ends_with(kind, STR("List"));
}

/* True if the document's plain `kind:` line names a kind of the type. */
static bool is_of_type(const struct document *document, enum object_kind type)
{
    for (size_t i = 0; i < COUNT_OF(kinds); i++)
        if (kinds[i].type == type && str_eq_c(document->kind, kinds[i].name))
            return true;
    return false;
}

static bool is_unknown(const struct document *document)
{
    return document->kind.len == 0 || is_list(document->kind);
}

static struct str group_of(struct str api_version)
{
    size_t slash = str_find(api_version, 0, '/');
    return slash < api_version.len ? str_slice(api_version, 0, slash) : STR("");
}

static const struct release_kind *find_kind(struct str api_version, struct str kind)
{
    struct str group = group_of(api_version);
    for (size_t i = 0; i < COUNT_OF(kinds); i++) {
        if (!str_eq_c(kind, kinds[i].name))
            continue;
        for (size_t j = 0; j < 2 && kinds[i].groups[j]; j++)
            if (str_eq_c(group, kinds[i].groups[j]))
                return &kinds[i];
    }
    return NULL;
}

/* Loading */

struct arena *release_arena(const struct release *release)
{
    return release->scope ? &release->scope->arena : release->arena;
}

/* Sets the tree and its parts. */
static void set_tree(struct object *object, struct node *node)
{
    object->node = node;
    if (object->type != OBJECT_WORKLOAD && object->type != OBJECT_PODS)
        return;
    object->template = node_at(node, "spec template");
    if (str_eq_c(object->kind, "CronJob"))
        object->template = node_at(node, "spec jobTemplate spec template");
    else if (str_eq_c(object->kind, "Pod"))
        object->template = node;
    object->pod = node_at(object->template, "spec");
    if (object->pod && object->pod->kind != NODE_MAP)
        object->pod = NULL;
}

static void begin_edit(struct release *release, size_t i, struct node *root)
{
    const struct document *document = &release->stream.documents[i];
    struct chart_document *loaded = &release->documents[i];
    loaded->edit = ARENA_NEW(release_arena(release), struct edit);
    *loaded->edit = edit_begin(release_arena(release), release->diags, &release->source,
                               document->start, document->end, root);
    if (!release->scope)
        return;
    loaded->next_loaded = release->scope->loaded;
    release->scope->loaded = loaded;
}

static struct object *load(const struct object *object)
{
    struct release *release = object->release;
    const struct chart_document *document = &release->documents[object->document];
    if (object->node)
        return object->self;
    struct node *root = load_manifest_again(release_arena(release), &release->source,
                                            release->stream.documents[object->document].start,
                                            release->diags, document->events);
    begin_edit(release, object->document, root);
    set_tree(object->self, root);
    return object->self;
}

struct node *object_node(const struct object *object)
{
    return load(object)->node;
}

struct node *object_template(const struct object *object)
{
    return load(object)->template;
}

struct node *object_pod(const struct object *object)
{
    return load(object)->pod;
}

struct edit *release_edit(const struct object *object)
{
    return load(object)->release->documents[object->document].edit;
}

bool object_is_loaded(const struct object *object)
{
    return object->node != NULL;
}

void release_open(struct release *release, struct tree_scope *scope)
{
    *scope = (struct tree_scope){.outer = release->scope};
    release->scope = scope;
}

void release_clear(struct release *release)
{
    struct chart_document *next;
    for (struct chart_document *each = release->scope->loaded; each; each = next) {
        next = each->next_loaded;
        each->next_loaded = NULL;
        each->edit = NULL;
        if (each->object)
            each->object->node = each->object->template = each->object->pod = NULL;
    }
    release->scope->loaded = NULL;
    arena_reset(&release->scope->arena);
}

void release_close(struct release *release)
{
    release_clear(release);
    arena_free(&release->scope->arena);
    release->scope = release->scope->outer;
}

/* Parsing */

/* Inserts the object in the order of the stream. Usually that is the order of parsing, so that it
 * is the last. */
static void insert(struct release *release, struct object *object)
{
    struct object **first = &release->first[object->type];
    struct object **last = &release->last[object->type];
    struct object **link = first;
    if (*last && (*last)->document <= object->document)
        link = &(*last)->next;
    while (*link && (*link)->document <= object->document)
        link = &(*link)->next;
    object->next = *link;
    *link = object;
    if (!object->next)
        *last = object;
}

static struct str full_name(struct arena *arena, struct str namespace, struct str kind_name)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(namespace), STR_ARG(kind_name));
}

/* Adds the object to the group of its kind and name. Determines which namespaces cannot be that of
 * the release, and which names are ambiguous without a namespace. */
static void add_to_name_group(struct release *release, struct object *object)
{
    struct arena *arena = release->arena;
    struct name_group *created = ARENA_NEW(arena, struct name_group);
    *created = (struct name_group){.self = created};
    const struct name_group *known =
        map_add(arena, &release->name_groups, object_kind_name(arena, object), created);
    struct name_group *all = known ? known->self : created;
    object->name_group = all;
    if (all->first && !str_equal(all->first->namespace, object->namespace))
        all->in_several_namespaces = true;
    for (struct object *each = object->named_namespace ? NULL : all->first;
         each && !all->has_no_namespace; each = each->next_in_group)
        each->named_namespace->is_not_release = true;
    if (object->named_namespace)
        object->named_namespace->is_not_release |= all->has_no_namespace;
    else
        all->has_no_namespace = true;
    object->next_in_group = all->first;
    all->first = object;
    map_add(arena, &release->full_names,
            full_name(arena, object->namespace, object_kind_name(arena, object)), object);
}

static void set_named_namespace(struct release *release, struct object *object)
{
    if (object->namespace.len == 0)
        return;
    struct chart_namespace *created = ARENA_NEW(release->arena, struct chart_namespace);
    *created = (struct chart_namespace){.self = created};
    const struct chart_namespace *known =
        map_add(release->arena, &release->namespaces_by_name, object->namespace, created);
    object->named_namespace = known ? known->self : created;
}

/* True for a Rollout with `workloadRef`. */
static bool refers_to_pods(const struct object *object)
{
    return str_eq_c(object->kind, "Rollout") && node_at(object->node, "spec workloadRef") != NULL;
}

static bool runs_to_completion(const struct object *object)
{
    struct str restart = node_string(node_at(object->pod, "restartPolicy"));
    return str_eq_c(object->kind, "Job") || str_eq_c(object->kind, "CronJob") ||
           str_eq_c(restart, "Never") || str_eq_c(restart, "OnFailure");
}

/* Adds the objects of a document. Returns the last one, or NULL. */
static struct object *add_object(struct release *release, size_t document, struct node *node)
{
    struct str api_version = node_string(node_at(node, "apiVersion"));
    struct str kind_name = node_string(node_at(node, "kind"));
    if (node->kind == NODE_MAP && is_list(kind_name)) {
        const struct node *items = node_at(node, "items");
        for (struct node *item = node_first_child(items); item; item = item->next)
            add_object(release, document, node_target(item));
        return NULL;
    }
    const struct release_kind *kind = find_kind(api_version, kind_name);
    if (node->kind != NODE_MAP || !kind)
        return NULL;
    struct object object = {
        .release = release,
        .type = kind->type,
        .document = document,
        .api_version = api_version,
        .kind = kind_name,
        .name = node_string(node_at(node, "metadata name")),
        .namespace = node_string(node_at(node, "metadata namespace")),
        .hook = node_at(node, "metadata annotations helm.sh/hook") != NULL,
    };
    set_tree(&object, node);
    if (kind->type == OBJECT_WORKLOAD || kind->type == OBJECT_PODS) {
        if (!object.pod && !refers_to_pods(&object))
            return NULL;
        object.has_pod = object.pod != NULL;
        object.completes = runs_to_completion(&object);
    }
    struct object *added = ARENA_NEW(release->arena, struct object);
    *added = object;
    added->self = added;
    set_named_namespace(release, added);
    if (!added->hook && added->name.len)
        add_to_name_group(release, added);
    insert(release, added);
    return added;
}

/* True if all documents are hooks. */
static bool has_only_hooks(const struct release *release)
{
    const struct str hook = STR("helm.sh/hook");
    for (size_t i = 0; i < release->stream.count; i++) {
        const struct document *document = &release->stream.documents[i];
        struct str text = str_slice(release->source.text, document->start, document->end);
        if (!stream_is_blank(text) && !str_contains(text, hook))
            return false;
    }
    return true;
}

struct release release_begin(struct arena *arena, struct diags *diags, const struct source *source,
                             struct stream stream)
{
    struct release release = {.arena = arena, .diags = diags, .source = *source, .stream = stream};
    release.source.secret = true;
    release.source.lines = line_map_new(arena);
    release.documents = ARENA_ARRAY(arena, stream.count, struct chart_document);
    release.additions = ARENA_ARRAY(arena, stream.count, struct additions);
    release.removed = ARENA_ARRAY(arena, stream.count, enum removed);
    release.has_only_hooks = has_only_hooks(&release);
    return release;
}

/* Parses a document and adds its objects. Appends its compact form to `events`; NULL: it stays
 * loaded. */
static struct object *read_document(struct release *release, size_t i, struct buf *events)
{
    const struct document *document = &release->stream.documents[i];
    struct node *root = NULL;
    if (document->broken_marker)
        return NULL;
    release->has_unreadable_document |=
        !load_manifest_events(release_arena(release), release->arena, &release->source,
                              document->start, document->end, release->diags, events, &root);
    if (!root)
        return NULL;
    begin_edit(release, i, root);
    release->expanded += release->documents[i].edit->expanded;
    if (release->expanded > STREAM_EXPANDED_MAX) {
        struct location at = {.source = &release->source, .start = root->text_at};
        diag_error(release->diags, at, RULE_LIMIT_EXCEEDED,
                   "the aliases of all documents expand to more than %d values",
                   STREAM_EXPANDED_MAX);
        diag_hint(release->diags, "write the values in place of the aliases in the chart");
        release->has_unreadable_document = true;
        return NULL;
    }
    return add_object(release, i, root);
}

/* Parses the documents of a type. */
static void read_type(struct release *release, enum object_kind type)
{
    struct tree_scope scope;
    struct buf events = {0};
    release_open(release, &scope);
    for (size_t i = 0; i < release->stream.count; i++) {
        if (!is_of_type(&release->stream.documents[i], type))
            continue;
        events.len = 0;
        struct object *object = read_document(release, i, &events);
        release->documents[i].object = object;
        if (object)
            release->documents[i].events = str_copy(release->arena, buf_str(&events));
        release_clear(release);
    }
    release_close(release);
    buf_free(&events);
}

/* Parses the documents whose kind is unknown before. They may contain several objects, so they stay
 * loaded. */
static void read_unknown(struct release *release)
{
    struct tree_scope *scope = release->scope;
    release->scope = NULL;
    for (size_t i = 0; i < release->stream.count; i++)
        if (is_unknown(&release->stream.documents[i]))
            read_document(release, i, NULL);
    release->scope = scope;
}

struct str release_workload_ref(struct arena *arena, const struct object *rollout)
{
    const struct node *reference = node_at(object_node(rollout), "spec workloadRef");
    return str_format(arena, "%.*s/%.*s", STR_ARG(node_string(node_at(reference, "kind"))),
                      STR_ARG(node_string(node_at(reference, "name"))));
}

/* Returns the object "KIND/NAME" in the namespace of `other`, or in one that may be the same; NULL
 * if there is none. */
static struct object *find_in_namespace_of(const struct release *release, struct str name,
                                           const struct object *other)
{
    const struct name_group *all = map_get(&release->name_groups, name);
    const struct object *found =
        map_get(&release->full_names, full_name(release->arena, other->namespace, name));
    if (!found && other->namespace.len)
        found = map_get(&release->full_names, full_name(release->arena, STR(""), name));
    if (!found && all && !all->in_several_namespaces)
        found = all->first;
    return found && release_same_namespace(found, other) ? found->self : NULL;
}

/* Finds the objects that Rollouts refer to. If several refer to one object, the first runs its
 * pods.
 */
static void link_rollouts(struct release *release)
{
    struct tree_scope scope;
    release->rollouts_linked = true;
    release_open(release, &scope);
    for (struct object *rollout = release->first[OBJECT_WORKLOAD]; rollout;
         rollout = rollout->next) {
        if (rollout->has_pod || rollout->hook)
            continue;
        struct str name = release_workload_ref(release->arena, rollout);
        if (str_starts_with(name, STR("ReplicaSet/")))
            release_objects(release, OBJECT_PODS);
        struct object *found = find_in_namespace_of(release, name, rollout);
        if (!found || !found->has_pod)
            continue;
        rollout->workload_ref = found;
        if (!found->rollout)
            found->rollout = rollout;
    }
    release_close(release);
}

const struct object *release_objects(struct release *release, enum object_kind type)
{
    if (!release->parsed_unknown)
        read_unknown(release);
    release->parsed_unknown = true;
    if (!release->parsed[type])
        read_type(release, type);
    release->parsed[type] = true;
    if (type == OBJECT_WORKLOAD && !release->rollouts_linked)
        link_rollouts(release);
    return release->first[type];
}
