/* Which objects of a chart belong together. */
#include "chart/release.h"

void release_add(struct release *release, const struct object *object, const struct node *node)
{
    struct addition *added = ARENA_NEW(release->arena, struct addition);
    struct additions *additions = &release->additions[object->document];
    added->node = node;
    added->newline = edit_newline(release_edit(object));
    if (additions->last)
        additions->last->next = added;
    else
        additions->first = added;
    additions->last = added;
}

static bool is_removed(const void *context, struct node *item)
{
    const struct release *release = context;
    return map_get_object(&release->removed_objects, node_target(item)) != NULL;
}

/* Removes objects from a List, and from Lists in it. */
static void remove_items(struct release *release, struct edit *edit, struct node *list)
{
    struct node *items = node_at(list, "items");
    bool removes = false;
    for (struct node *item = node_first_child(items); item; item = item->next) {
        removes |= is_removed(release, item);
        if (str_ends_with(node_string(node_at(node_target(item), "kind")), STR("List")))
            remove_items(release, edit, node_target(item));
    }
    if (removes)
        edit_remove_items(edit, items, is_removed, release);
}

void release_remove(struct release *release, const struct object *const *objects, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct object *object = objects[i];
        bool whole = release_edit(object)->root == object_node(object);
        release->removed[object->document] = whole ? REMOVED_DOCUMENT : REMOVED_ITEMS;
        map_add_object(release->arena, &release->removed_objects, object_node(object), object);
    }
    for (size_t i = 0; i < release->stream.count; i++)
        if (release->removed[i] == REMOVED_ITEMS)
            remove_items(release, release->documents[i].edit, release->documents[i].edit->root);
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

/* True if the labels of the workload's pods match a selector with matchLabels and matchExpressions.
 */
static bool label_selector_matches(struct arena *scratch, const struct node *selector,
                                   const struct object *workload)
{
    const struct node *labels = node_at(object_template(workload), "metadata labels");
    struct node *match = node_at(selector, "matchLabels");
    const struct node *expressions = node_at(selector, "matchExpressions");
    bool matches = !match || match->kind != NODE_MAP || labels_match(scratch, match, match, labels);
    for (const struct node *each = node_first_child(expressions); each && matches;
         each = each->next)
        matches = expression_matches(scratch, each, labels);
    return matches;
}

bool selector_matches(const struct object *selector, const struct object *workload)
{
    struct arena scratch = {0};
    const struct node *labels = node_at(object_template(workload), "metadata labels");
    struct node *selector_labels = node_at(object_node(selector), "spec selector");
    /* An empty selector matches nothing, but that of a policy/v1 disruption budget matches all. */
    bool matches = selector_labels && selector_labels->kind == NODE_MAP &&
                   (selector_labels->first || str_eq_c(selector->api_version, "policy/v1")) &&
                   release_same_namespace(selector, workload);
    if (matches && selector->type == OBJECT_SERVICE)
        matches = labels_match(&scratch, selector_labels, selector_labels, labels);
    else if (matches)
        matches = label_selector_matches(&scratch, selector_labels, workload);
    arena_free(&scratch);
    return matches;
}

bool policy_matches(const struct object *policy, const struct object *workload)
{
    struct arena scratch = {0};
    bool matches = release_same_namespace(policy, workload) &&
                   label_selector_matches(
                       &scratch, node_at(object_node(policy), "spec podSelector"), workload);
    arena_free(&scratch);
    return matches;
}

bool service_routes_to(const struct object *service, const struct object *workload)
{
    /* Kubernetes ignores the selector of an ExternalName. */
    return service->type == OBJECT_SERVICE && release_lives_with(service, workload) &&
           !str_eq_c(node_string(node_at(object_node(service), "spec type")), "ExternalName") &&
           selector_matches(service, workload);
}

bool scaler_references(const struct object *scaler, const char *path, const struct object *workload)
{
    const struct node *reference = node_at(object_node(scaler), path);
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
    struct node *backend = node_at(object_node(ingress), "spec defaultBackend");
    return backend ? backend : node_at(object_node(ingress), "spec backend");
}

struct str release_class(const struct object *ingress)
{
    struct str class = node_string(node_at(object_node(ingress), "spec ingressClassName"));
    return class.len ? class
                     : node_string(node_at(object_node(ingress),
                                           "metadata annotations kubernetes.io/ingress.class"));
}

bool release_is_attached(const struct object *route)
{
    const struct node *parents = node_at(object_node(route), "spec parentRefs");
    for (const struct node *parent = node_first_child(parents); parent; parent = parent->next)
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
        node_first_child(node_at(to ? object_node(to) : NULL, "spec weighted services"));
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
    const struct node *rules = node_at(object_node(ingress), "spec rules");
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

bool object_needs_namespace(const struct object *object)
{
    return object->name_group && object->name_group->in_several_namespaces && object->namespace.len;
}

struct str object_display_name(struct arena *arena, const struct object *object)
{
    struct str name = object_kind_name(arena, object);
    if (!object_needs_namespace(object))
        return name;
    return str_format(arena, "%.*s/%.*s", STR_ARG(object->namespace), STR_ARG(name));
}

struct location object_location(const struct object *object)
{
    const struct node *name = node_at(object_node(object), "metadata name");
    return name ? name->span : object_node(object)->span;
}
