#include "chart/release.h"

#include "yaml/parse_manifest.h"

#include <string.h>

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

static void set_pod(struct object *object)
{
    object->template = node_at(object->node, "spec template");
    if (str_eq_c(object->kind, "CronJob"))
        object->template = node_at(object->node, "spec jobTemplate spec template");
    else if (str_eq_c(object->kind, "Pod"))
        object->template = object->node;
    object->pod = node_at(object->template, "spec");
    struct str restart = node_string(node_at(object->pod, "restartPolicy"));
    object->completes = str_eq_c(object->kind, "Job") || str_eq_c(object->kind, "CronJob") ||
                        str_eq_c(restart, "Never") || str_eq_c(restart, "OnFailure");
}

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

static bool has_pods(const struct object *object)
{
    return object->pod && object->pod->kind == NODE_MAP;
}

/* True for a Rollout with `workloadRef`. */
static bool refers_to_pods(const struct object *object)
{
    return str_eq_c(object->kind, "Rollout") && node_at(object->node, "spec workloadRef") != NULL;
}

static void add_object(struct release *release, size_t document, struct node *node)
{
    struct str api_version = node_string(node_at(node, "apiVersion"));
    struct str kind_name = node_string(node_at(node, "kind"));
    if (node->kind == NODE_MAP && is_list(kind_name)) {
        const struct node *items = node_at(node, "items");
        for (struct node *item = node_first_child(items); item; item = item->next)
            add_object(release, document, node_target(item));
        return;
    }
    const struct release_kind *kind = find_kind(api_version, kind_name);
    if (node->kind != NODE_MAP || !kind)
        return;
    struct object object = {
        .type = kind->type,
        .release = release,
        .document = document,
        .node = node,
        .api_version = api_version,
        .kind = kind_name,
        .name = node_string(node_at(node, "metadata name")),
        .namespace = node_string(node_at(node, "metadata namespace")),
        .hook = node_at(node, "metadata annotations helm.sh/hook") != NULL,
    };
    if (kind->type == OBJECT_WORKLOAD || kind->type == OBJECT_PODS) {
        set_pod(&object);
        if (!has_pods(&object) && !refers_to_pods(&object))
            return;
        object.pod = has_pods(&object) ? object.pod : NULL;
    }
    struct object *added = ARENA_NEW(release->arena, struct object);
    *added = object;
    added->self = added;
    set_named_namespace(release, added);
    if (!added->hook && added->name.len)
        add_to_name_group(release, added);
    insert(release, added);
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
    release.edits = ARENA_ARRAY(arena, stream.count, struct edit);
    release.removed = ARENA_ARRAY(arena, stream.count, enum removed);
    release.additions = ARENA_ARRAY(arena, stream.count, struct additions);
    release.has_only_hooks = has_only_hooks(&release);
    return release;
}

static void read_document(struct release *release, size_t i)
{
    const struct document *document = &release->stream.documents[i];
    struct node *root = NULL;
    if (document->broken_marker)
        return;
    release->has_unreadable_document |= !load_manifest(
        release->arena, &release->source, document->start, document->end, release->diags, &root);
    if (!root)
        return;
    release->edits[i] = edit_begin(release->arena, release->diags, &release->source,
                                   document->start, document->end, root);
    release->expanded += release->edits[i].expanded;
    if (release->expanded > STREAM_EXPANDED_MAX) {
        struct location at = {.source = &release->source, .start = root->text_at};
        diag_error(release->diags, at, "the aliases of all documents expand to more than %d values",
                   STREAM_EXPANDED_MAX);
        diag_hint(release->diags, "write the values in place of the aliases in the chart");
        release->has_unreadable_document = true;
        return;
    }
    add_object(release, i, root);
}

struct str release_workload_ref(struct arena *arena, const struct object *rollout)
{
    const struct node *reference = node_at(rollout->node, "spec workloadRef");
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
    release->rollouts_linked = true;
    for (struct object *rollout = release->first[OBJECT_WORKLOAD]; rollout;
         rollout = rollout->next) {
        if (rollout->pod || rollout->hook)
            continue;
        struct str name = release_workload_ref(release->arena, rollout);
        if (str_starts_with(name, STR("ReplicaSet/")))
            release_objects(release, OBJECT_PODS);
        struct object *found = find_in_namespace_of(release, name, rollout);
        if (!found || !found->pod)
            continue;
        rollout->workload_ref = found;
        if (!found->rollout)
            found->rollout = rollout;
    }
}

const struct object *release_objects(struct release *release, enum object_kind type)
{
    for (size_t i = 0; !release->parsed_unknown && i < release->stream.count; i++)
        if (is_unknown(&release->stream.documents[i]))
            read_document(release, i);
    release->parsed_unknown = true;
    for (size_t i = 0; !release->parsed[type] && i < release->stream.count; i++)
        if (is_of_type(&release->stream.documents[i], type))
            read_document(release, i);
    release->parsed[type] = true;
    if (type == OBJECT_WORKLOAD && !release->rollouts_linked)
        link_rollouts(release);
    return release->first[type];
}

struct edit *release_edit(const struct release *release, const struct object *object)
{
    return &release->edits[object->document];
}

void release_add(struct release *release, const struct object *object, const struct node *node)
{
    struct addition *added = ARENA_NEW(release->arena, struct addition);
    struct additions *additions = &release->additions[object->document];
    added->node = node;
    if (additions->last)
        additions->last->next = added;
    else
        additions->first = added;
    additions->last = added;
}

static struct str node_key(const struct release *release, const struct node *node)
{
    const struct node **key = ARENA_NEW(release->arena, const struct node *);
    *key = node;
    return (struct str){(const char *)key, sizeof(void *)};
}

static bool is_removed(const void *context, struct node *item)
{
    const struct release *release = context;
    return map_get(&release->removed_objects, node_key(release, node_target(item))) != NULL;
}

/* Removes objects from a List, and from Lists in it. */
static void remove_items(struct release *release, struct edit *edit, struct node *list)
{
    struct node *items = node_at(list, "items");
    bool removes = false;
    for (struct node *item = node_first_child(items); item; item = item->next) {
        removes |= is_removed(release, item);
        if (is_list(node_string(node_at(node_target(item), "kind"))))
            remove_items(release, edit, node_target(item));
    }
    if (removes)
        edit_remove_items(edit, items, is_removed, release);
}

void release_remove(struct release *release, const struct object *const *objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct object *object = objects[i];
        bool whole = release_edit(release, object)->root == object->node;
        release->removed[object->document] = whole ? REMOVED_DOCUMENT : REMOVED_ITEMS;
        map_add(release->arena, &release->removed_objects, node_key(release, object->node), object);
    }
    for (size_t i = 0; i < release->stream.count; i++)
        if (release->removed[i] == REMOVED_ITEMS)
            remove_items(release, &release->edits[i], release->edits[i].root);
}

static bool may_be_of_release(const struct object *object)
{
    return !object->named_namespace || !object->named_namespace->is_not_release;
}

bool release_same_namespace(const struct object *a, const struct object *b)
{
    if (a->namespace.len == 0)
        return may_be_of_release(b);
    return b->namespace.len == 0 ? may_be_of_release(a) : str_equal(a->namespace, b->namespace);
}

bool release_is_in_namespace(const struct release *release, const struct object *object,
                             const struct object *from, struct str namespace)
{
    if (namespace.len == 0)
        return release_same_namespace(object, from);
    const struct chart_namespace *named_namespace =
        map_get(&release->namespaces_by_name, namespace);
    const struct object referrer = {
        .namespace = namespace, .named_namespace = named_namespace ? named_namespace->self : NULL};
    return release_same_namespace(object, &referrer);
}

/* Returns the value of a label, or NULL. Keys contain no spaces, so node_at() finds them. */
static const struct node *label(const struct node *labels, struct arena *arena, struct str key)
{
    return labels ? node_at(labels, str_to_c(arena, key)) : NULL;
}

/* True if `labels` has all keys of `from`, which is `selector_labels` or a map that it merges, with
 * the effective values of `selector_labels`. */
static bool labels_match(struct arena *arena, struct node *from, const struct node *selector_labels,
                         const struct node *labels)
{
    struct node *map = node_target(from);
    for (struct node *value = map->first; value; value = value->next) {
        if (!value->key || node_is_merge(value)) { /* merged, or an item of a merged list */
            if (node_target(value)->kind != NODE_SCALAR &&
                !labels_match(arena, value, selector_labels, labels))
                return false;
            continue;
        }
        struct str key = value->key->text;
        const struct node *found = label(labels, arena, key);
        if (!found ||
            !str_equal(node_string(found), node_string(label(selector_labels, arena, key))))
            return false;
    }
    return true;
}

static bool expression_matches(struct arena *arena, const struct node *expression,
                               const struct node *labels)
{
    const struct node *found = label(labels, arena, node_string(node_at(expression, "key")));
    struct str operator= node_string(node_at(expression, "operator"));
    const struct node *values = node_at(expression, "values");
    bool is_listed = false;
    for (const struct node *value = node_first_child(values); value; value = value->next)
        is_listed |= found && str_equal(node_string(value), node_string(found));
    if (str_eq_c(operator, "In"))
        return is_listed;
    if (str_eq_c(operator, "NotIn"))
        return !is_listed;
    return str_eq_c(operator, "Exists") ? found != NULL : found == NULL;
}

bool selector_matches(const struct object *selector, const struct object *workload)
{
    struct arena scratch = {0};
    const struct node *labels = node_at(workload->template, "metadata labels");
    struct node *selector_labels = node_at(selector->node, "spec selector");
    /* An empty selector matches nothing, but that of a policy/v1 disruption budget matches all. */
    bool matches = selector_labels && selector_labels->kind == NODE_MAP &&
                   (selector_labels->first || str_eq_c(selector->api_version, "policy/v1")) &&
                   release_same_namespace(selector, workload);
    if (matches && selector->type == OBJECT_SERVICE) {
        matches = labels_match(&scratch, selector_labels, selector_labels, labels);
    } else if (matches) {
        struct node *match = node_at(selector_labels, "matchLabels");
        const struct node *expressions = node_at(selector_labels, "matchExpressions");
        matches = !match || match->kind != NODE_MAP || labels_match(&scratch, match, match, labels);
        for (const struct node *each = node_first_child(expressions); each && matches;
             each = each->next)
            matches = expression_matches(&scratch, each, labels);
    }
    arena_free(&scratch);
    return matches;
}

bool service_routes_to(const struct object *service, const struct object *workload)
{
    /* Kubernetes ignores the selector of an ExternalName. */
    return service->type == OBJECT_SERVICE && release_lives_with(service, workload) &&
           !str_eq_c(node_string(node_at(service->node, "spec type")), "ExternalName") &&
           selector_matches(service, workload);
}

bool scaler_references(const struct object *scaler, const char *path, const struct object *workload)
{
    const struct node *reference = node_at(scaler->node, path);
    const struct node *kind = node_at(reference, "kind");
    return reference && release_same_namespace(scaler, workload) &&
           str_equal(node_string(node_at(reference, "name")), workload->name) &&
           (kind ? str_equal(node_string(kind), workload->kind)
                 : str_eq_c(workload->kind, "Deployment"));
}

/* A growing list of names. */
struct names {
    struct arena *arena;
    struct str *items;
    size_t count;
};

struct str release_backend_service(const struct node *backend)
{
    struct str name = node_string(node_at(backend, "service name"));
    return name.len ? name : node_string(node_at(backend, "serviceName"));
}

struct node *release_default_backend(const struct object *ingress)
{
    struct node *backend = node_at(ingress->node, "spec defaultBackend");
    return backend ? backend : node_at(ingress->node, "spec backend");
}

struct str release_class(const struct object *ingress)
{
    struct str class = node_string(node_at(ingress->node, "spec ingressClassName"));
    return class.len ? class
                     : node_string(node_at(ingress->node,
                                           "metadata annotations kubernetes.io/ingress.class"));
}

bool release_is_attached(const struct object *route)
{
    const struct node *parents = node_at(route->node, "spec parentRefs");
    for (const struct node *parent = node_first_child(parents); parent && !route->hook;
         parent = parent->next)
        if (!str_eq_c(node_string(node_at(parent, "kind")), "Service"))
            return true;
    return false;
}

const struct node *release_backend_reference(const struct node *reference)
{
    for (; reference; reference = reference->next) {
        struct str kind = node_string(node_at(reference, "kind"));
        bool service = kind.len == 0 || str_eq_c(kind, "Service");
        if (service && node_string(node_at(reference, "group")).len == 0 &&
            node_string(node_at(reference, "name")).len &&
            !str_eq_c(node_string(node_at(reference, "weight")), "0"))
            return reference;
    }
    return NULL;
}

bool release_is_traefik_service(const struct node *reference)
{
    return str_eq_c(node_string(node_at(reference, "kind")), "TraefikService") &&
           str_eq_c(node_string(node_at(reference, "group")), "traefik.io");
}

/* Services that are TraefikServices themselves are left out by release_backend_reference(). */
static void append_traefik_services(struct release *release, const struct object *route,
                                    const struct node *reference, struct node *list)
{
    const struct object *to = release_find(release, OBJECT_TRAEFIK_SERVICE,
                                           node_string(node_at(reference, "name")), route);
    const struct node *each =
        node_first_child(node_at(to ? to->node : NULL, "spec weighted services"));
    for (; each; each = each->next)
        node_append(list, node_copy(release->arena, each));
}

const struct node *release_rule_backends(struct release *release, const struct object *route,
                                         const struct node *rule)
{
    const struct node *backends = node_at(rule, "backendRefs");
    bool found = false;
    for (const struct node *each = node_first_child(backends); each; each = each->next)
        found |= release_is_traefik_service(each);
    if (!found)
        return backends;
    struct node *list = node_new(release->arena, NODE_LIST);
    for (const struct node *each = node_first_child(backends); each; each = each->next) {
        if (release_is_traefik_service(each))
            append_traefik_services(release, route, each, list);
        else
            node_append(list, node_copy(release->arena, each));
    }
    return list;
}

static void add_backend(struct names *names, const struct node *backend)
{
    struct str name = release_backend_service(backend);
    if (name.len == 0)
        return;
    names->items = arena_grow(names->arena, names->items, names->count, sizeof *names->items);
    names->items[names->count++] = name;
}

const struct str *release_backends(struct arena *arena, const struct object *ingress,
                                   size_t *ret_count)
{
    struct names names = {.arena = arena};
    add_backend(&names, release_default_backend(ingress));
    const struct node *rules = node_at(ingress->node, "spec rules");
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *paths = node_at(rule, "http paths");
        for (const struct node *path = node_first_child(paths); path; path = path->next)
            add_backend(&names, node_at(path, "backend"));
    }
    *ret_count = names.count;
    return names.items;
}

struct str object_kind_name(struct arena *arena, const struct object *object)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(object->kind), STR_ARG(object->name));
}

struct str object_display_name(struct arena *arena, const struct object *object)
{
    struct str name = object_kind_name(arena, object);
    if (!object->name_group || !object->name_group->in_several_namespaces ||
        object->namespace.len == 0)
        return name;
    return str_format(arena, "%.*s/%.*s", STR_ARG(object->namespace), STR_ARG(name));
}

struct location object_location(const struct object *object)
{
    const struct node *name = node_at(object->node, "metadata name");
    return name ? name->span : object->node->span;
}
