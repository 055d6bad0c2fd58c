/* Indexes of objects by name, of the Services that route to a workload, of the Ingresses that route
 * to a Service, of autoscalers and disruption budgets, and of the labels that select pods, because
 * a chart may have thousands of each. */
#include "chart/release.h"

#include <stdlib.h>

struct index_entry {
    const struct object *object;
    struct str namespace; /* with which a route refers to the Service; empty: that of the route */
    size_t order;         /* among the objects of its type */
    struct index_entry *self;
    struct index_entry *next; /* with the same key */
};

/* Counts how many objects select a label. */
struct counter {
    struct counter *self;
    size_t count;
};

static void index_add(struct arena *arena, struct map *index, struct str key,
                      const struct index_entry *added)
{
    struct index_entry *entry = ARENA_NEW(arena, struct index_entry);
    *entry = *added;
    entry->self = entry;
    const struct index_entry *first = map_add(arena, index, key, entry);
    if (first) {
        entry->next = first->next;
        first->self->next = entry;
    }
}

/* Keys are qualified by a namespace, because objects of many namespaces may have the same name or
 * labels. ANY_NAMESPACE: all objects that set a namespace. */
#define ANY_NAMESPACE STR("*")

static struct str index_key(struct arena *arena, struct str namespace, struct str key)
{
    return STR_JOIN(arena, namespace, STR("/"), key);
}

/* Adds an entry for a namespace; empty: that of the release. */
static void index_add_in(struct arena *arena, struct map *index, struct str namespace,
                         struct str key, const struct index_entry *added)
{
    index_add(arena, index, index_key(arena, namespace, key), added);
    if (namespace.len)
        index_add(arena, index, index_key(arena, ANY_NAMESPACE, key), added);
}

/* Return the first entry of those in the same namespace, and of those that may be in it: one of
 * both is that of the release, which is unknown. */
static const struct index_entry *index_get_same(struct arena *arena, const struct map *index,
                                                struct str namespace, struct str key)
{
    return map_get(index, index_key(arena, namespace, key));
}

static const struct index_entry *index_get_possible(struct arena *arena, const struct map *index,
                                                    struct str namespace, struct str key)
{
    return map_get(index, index_key(arena, namespace.len ? STR("") : ANY_NAMESPACE, key));
}

static int by_order(const void *a, const void *b)
{
    const struct index_entry *left = a;
    const struct index_entry *right = b;
    return left->order < right->order ? -1 : left->order > right->order;
}

/* The entries that match, possibly with duplicates. */
struct index_match {
    struct arena *arena;
    struct index_entry *entries;
    size_t count;
};

static void add_entries(struct index_match *found, const struct index_entry *first)
{
    for (const struct index_entry *each = first; each; each = each->next) {
        found->entries =
            arena_grow(found->arena, found->entries, found->count, sizeof *found->entries);
        found->entries[found->count++] = *each;
    }
}

/* Adds the entries that may be in the namespace. */
static void add_matches(struct index_match *found, const struct map *index, struct str namespace,
                        struct str key)
{
    add_entries(found, index_get_same(found->arena, index, namespace, key));
    add_entries(found, index_get_possible(found->arena, index, namespace, key));
}

/* Sorts the entries in the order of the stream and removes duplicates. */
static void sort_unique(struct index_match *found)
{
    size_t kept = 0;
    if (found->count)
        qsort(found->entries, found->count, sizeof *found->entries, by_order);
    for (size_t i = 0; i < found->count; i++)
        if (kept == 0 || found->entries[kept - 1].order != found->entries[i].order)
            found->entries[kept++] = found->entries[i];
    found->count = kept;
}

/* Returns the objects of the entries, in the order of the stream. */
static const struct object **sorted_objects(struct index_match *found, size_t *ret_count)
{
    sort_unique(found);
    const struct object **objects = ARENA_ARRAY(found->arena, found->count, const struct object *);
    for (size_t i = 0; i < found->count; i++)
        objects[i] = found->entries[i].object;
    *ret_count = found->count;
    return objects;
}

/* Objects by name */

static const struct map *objects_by_name(struct release *release, enum object_kind type)
{
    struct map *index = &release->objects_by_name[type];
    const struct object *first = release_objects(release, type);
    for (const struct object *each = release->names_indexed[type] ? NULL : first; each;
         each = each->next)
        index_add_in(release->arena, index, each->namespace, each->name,
                     &(struct index_entry){.object = each});
    release->names_indexed[type] = true;
    return index;
}

const struct object *release_find(struct release *release, enum object_kind type, struct str name,
                                  const struct object *referrer)
{
    const struct map *index = objects_by_name(release, type);
    const struct index_entry *found =
        index_get_same(release_arena(release), index, referrer->namespace, name);
    if (found)
        return found->object;
    found = index_get_possible(release_arena(release), index, referrer->namespace, name);
    if (referrer->namespace.len) /* the same is true for all objects without a namespace */
        return found && release_same_namespace(found->object, referrer) ? found->object : NULL;
    while (found && !release_same_namespace(found->object, referrer))
        found = found->next;
    return found ? found->object : NULL;
}

const struct object *release_find_global(struct release *release, enum object_kind type,
                                         struct str name)
{
    const struct map *index = objects_by_name(release, type);
    const struct index_entry *found = index_get_same(release_arena(release), index, STR(""), name);
    if (!found) /* it sets a namespace, which has no effect */
        found = index_get_possible(release_arena(release), index, STR(""), name);
    return found ? found->object : NULL;
}

/* Autoscalers by the object that they scale */

static const char *scaled_path(enum object_kind type)
{
    return type == OBJECT_VERTICAL ? "spec targetRef" : "spec scaleTargetRef";
}

static const struct map *scalers_by_name(struct release *release, enum object_kind type)
{
    struct map *index = &release->scalers_by_name[type];
    const struct object *first = release_objects(release, type);
    struct tree_scope scope;
    release_open(release, &scope);
    for (const struct object *each = release->scalers_indexed[type] ? NULL : first; each;
         each = each->next) {
        const struct node *reference = node_at(object_node(each), scaled_path(type));
        index_add_in(release->arena, index, each->namespace,
                     node_string(node_at(reference, "name")),
                     &(struct index_entry){.object = each});
        release_clear(release);
    }
    release_close(release);
    release->scalers_indexed[type] = true;
    return index;
}

/* Returns the first autoscaler of a list that scales the workload, or NULL. */
static const struct object *first_scaler(const struct index_entry *first,
                                         const struct object *workload)
{
    for (const struct index_entry *each = first; each; each = each->next)
        if (release_lives_with(each->object, workload) &&
            scaler_references(each->object, scaled_path(each->object->type), workload))
            return each->object;
    return NULL;
}

const struct object *release_find_scaler(struct release *release, enum object_kind type,
                                         const struct object *workload)
{
    const struct map *index = scalers_by_name(release, type);
    const struct object *found = first_scaler(
        index_get_same(release_arena(release), index, workload->namespace, workload->name),
        workload);
    return found ? found
                 : first_scaler(index_get_possible(release_arena(release), index,
                                                   workload->namespace, workload->name),
                                workload);
}

/* Services and disruption budgets by a label that they select */

static struct str label_pair(struct arena *arena, struct str key, const struct node *value)
{
    struct str text = node_is_null(value) ? STR("") : node_string(value);
    return str_format(arena, "%.*s=%.*s", STR_ARG(key), STR_ARG(text));
}

/* Returns the labels that a Service or disruption budget selects, or NULL. */
static const struct node *selector_of(const struct object *object)
{
    const struct node *selector =
        node_at(object_node(object),
                object->type == OBJECT_SERVICE ? "spec selector" : "spec selector matchLabels");
    return selector && selector->kind == NODE_MAP ? selector : NULL;
}

static void count_labels(struct release *release, struct map *counts, const struct object *object)
{
    for (const struct node *value = node_first_child(selector_of(object)); value;
         value = value->next) {
        if (node_is_merge(value))
            continue;
        struct counter *counter = ARENA_NEW(release->arena, struct counter);
        *counter = (struct counter){.self = counter};
        const struct counter *first = map_add(
            release->arena, counts, label_pair(release->arena, value->key->text, value), counter);
        (first ? first->self : counter)->count++;
    }
}

/* True for a value of a map that no later merge key can override. */
static bool is_certain(const struct node *value)
{
    for (const struct node *each = value->next; each; each = each->next)
        if (node_is_merge(each))
            return false;
    return true;
}

/* Returns the label by which an object is indexed: the one that the fewest objects select, because
 * many share the chart's name. Empty: the object is checked for every workload. */
static struct str most_selective_label(struct release *release, const struct map *counts,
                                       const struct node *selector)
{
    const struct node *rarest = NULL;
    size_t lowest = SIZE_MAX;
    for (const struct node *value = node_first_child(selector); value; value = value->next) {
        if (node_is_merge(value))
            continue;
        const struct counter *counter =
            map_get(counts, label_pair(release->arena, value->key->text, value));
        if (counter && counter->count < lowest) {
            lowest = counter->count;
            rarest = value;
        }
    }
    return rarest && is_certain(rarest) ? label_pair(release->arena, rarest->key->text, rarest)
                                        : (struct str){0};
}

static void index_by_label(struct release *release, struct map *index, const struct object *first)
{
    struct map counts = {0};
    struct tree_scope scope;
    size_t order = 0;
    release_open(release, &scope);
    for (const struct object *each = first; each; each = each->next) {
        count_labels(release, &counts, each);
        release_clear(release);
    }
    for (const struct object *each = first; each; each = each->next, order++) {
        const struct node *selector = selector_of(each);
        bool selects_nothing = each->type == OBJECT_SERVICE && !node_first_child(selector);
        if (!selects_nothing)
            index_add_in(release->arena, index, each->namespace,
                         most_selective_label(release, &counts, selector),
                         &(struct index_entry){.object = each, .order = order});
        release_clear(release);
    }
    release_close(release);
}

static void find_by_labels(struct release *release, struct index_match *found,
                           const struct map *index, struct str namespace, struct node *labels)
{
    struct node *map = node_target(labels);
    if (!map || map->kind == NODE_SCALAR)
        return;
    for (struct node *value = map->first; value; value = value->next) {
        if (!value->key || node_is_merge(value)) /* merged, or an item of a merged list */
            find_by_labels(release, found, index, namespace, value);
        else
            add_matches(found, index, namespace, label_pair(found->arena, value->key->text, value));
    }
}

/* Returns the entries of an index by label that may select the workload's pods. */
static struct index_match find_selecting(struct release *release, const struct map *index,
                                         const struct object *workload)
{
    struct index_match found = {.arena = release_arena(release)};
    find_by_labels(release, &found, index, workload->namespace,
                   node_at(object_template(workload), "metadata labels"));
    add_matches(&found, index, workload->namespace, (struct str){0});
    return found;
}

const struct object **release_services(struct release *release, const struct object *workload,
                                       size_t *ret_count)
{
    *ret_count = 0;
    const struct object *first = release_objects(release, OBJECT_SERVICE);
    if (!release->services_indexed)
        index_by_label(release, &release->services_by_label, first);
    release->services_indexed = true;
    struct index_match found = find_selecting(release, &release->services_by_label, workload);
    sort_unique(&found);
    const struct object **services = ARENA_ARRAY(found.arena, found.count, const struct object *);
    for (size_t i = 0; i < found.count; i++)
        if (service_routes_to(found.entries[i].object, workload))
            services[(*ret_count)++] = found.entries[i].object;
    return services;
}

bool release_has_budget(struct release *release, const struct object *workload)
{
    const struct object *first = release_objects(release, OBJECT_DISRUPTION_BUDGET);
    if (!release->budgets_indexed)
        index_by_label(release, &release->budgets_by_label, first);
    release->budgets_indexed = true;
    struct index_match found = find_selecting(release, &release->budgets_by_label, workload);
    for (size_t i = 0; i < found.count; i++)
        if (release_lives_with(found.entries[i].object, workload) &&
            selector_matches(found.entries[i].object, workload))
            return true;
    return false;
}

/* Ingresses by the Services that they route to */

static bool is_used(const struct object *object, enum hook_use hooks)
{
    return !object->hook || hooks == HOOKS_INCLUDED;
}

static void index_ingresses(struct release *release)
{
    struct tree_scope scope;
    size_t order = 0;
    const struct object *first = release_objects(release, OBJECT_INGRESS);
    if (release->ingresses_indexed)
        return;
    release->ingresses_indexed = true;
    release_open(release, &scope);
    for (const struct object *each = first; each; each = each->next, order++) {
        size_t count;
        const struct str *names = release_backends(&scope.arena, each, &count);
        for (size_t i = 0; i < count; i++)
            index_add_in(release->arena, &release->ingresses_by_service, each->namespace, names[i],
                         &(struct index_entry){.object = each, .order = order});
        release_clear(release);
    }
    release_close(release);
}

const struct object **release_ingresses(struct release *release,
                                        const struct object *const *services, size_t count,
                                        enum hook_use hooks, size_t *ret_count)
{
    struct index_match found = {.arena = release_arena(release)};
    index_ingresses(release);
    for (size_t i = 0; i < count; i++) {
        size_t end = found.count; /* of the matching entries */
        add_matches(&found, &release->ingresses_by_service, services[i]->namespace,
                    services[i]->name);
        for (size_t j = end; j < found.count; j++)
            if (is_used(found.entries[j].object, hooks) &&
                release_same_namespace(services[i], found.entries[j].object))
                found.entries[end++] = found.entries[j];
        found.count = end;
    }
    return sorted_objects(&found, ret_count);
}

/* Routes of the Gateway API by the Services that they route to */

static void index_route(struct release *release, const struct object *route, size_t order)
{
    const struct node *rules = node_at(object_node(route), "spec rules");
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *first = node_first_child(release_rule_backends(release, route, rule));
        for (const struct node *each = release_backend_reference(first); each;
             each = release_backend_reference(each->next)) {
            struct str namespace = node_string(node_at(each, "namespace"));
            index_add_in(
                release->arena, &release->routes_by_service,
                namespace.len ? namespace : route->namespace, node_string(node_at(each, "name")),
                &(struct index_entry){.object = route, .namespace = namespace, .order = order});
        }
    }
}

static void index_routes(struct release *release)
{
    struct tree_scope scope;
    size_t order = 0;
    const struct object *first = release_objects(release, OBJECT_ROUTE);
    if (release->routes_indexed)
        return;
    release->routes_indexed = true;
    release_open(release, &scope);
    for (const struct object *each = first; each; each = each->next, order++) {
        if (release_is_attached(each))
            index_route(release, each, order);
        release_clear(release);
    }
    release_close(release);
}

const struct object **release_routes(struct release *release, const struct object *const *services,
                                     size_t count, enum hook_use hooks, size_t *ret_count)
{
    struct index_match found = {.arena = release_arena(release)};
    index_routes(release);
    for (size_t i = 0; i < count; i++) {
        size_t end = found.count; /* of the matching entries */
        add_matches(&found, &release->routes_by_service, services[i]->namespace, services[i]->name);
        for (size_t j = end; j < found.count; j++)
            if (is_used(found.entries[j].object, hooks) &&
                release_is_in_namespace(release, services[i], found.entries[j].object,
                                        found.entries[j].namespace))
                found.entries[end++] = found.entries[j];
        found.count = end;
    }
    return sorted_objects(&found, ret_count);
}

/* Webhooks */

static void add_webhooks(struct release *release, const struct object *configuration)
{
    const struct node *webhooks = node_at(object_node(configuration), "webhooks");
    for (const struct node *each = node_first_child(webhooks); each; each = each->next) {
        struct str name = node_string(node_at(each, "clientConfig service name"));
        if (name.len)
            map_add(release->arena, &release->webhooks_by_service, name, configuration);
    }
}

bool release_has_webhook(struct release *release, struct str service)
{
    struct tree_scope scope;
    release_open(release, &scope);
    if (!release->webhooks_indexed)
        for (const struct object *each = release_objects(release, OBJECT_WEBHOOK); each;
             each = each->next)
            add_webhooks(release, each);
    release_close(release);
    release->webhooks_indexed = true;
    return map_get(&release->webhooks_by_service, service) != NULL;
}

/* Labels by which objects select pods */

static void add_label_selector(struct release *release, const struct object *object, struct str key)
{
    map_add(release->arena, &release->selectors_by_label_key, key, object);
}

/* Adds the label keys in lists of a selector, or of a constraint with a selector. */
static void add_listed_keys(struct release *release, const struct object *object, struct str name,
                            const struct node *child)
{
    bool keys = str_eq_c(name, "matchLabelKeys") || str_eq_c(name, "mismatchLabelKeys");
    for (const struct node *item = keys ? node_first_child(child) : NULL; item; item = item->next)
        add_label_selector(release, object, node_string(item));
    if (str_eq_c(name, "matchExpressions") && child->kind == NODE_LIST)
        for (const struct node *item = child->first; item; item = item->next)
            add_label_selector(release, object, node_string(node_at(item, "key")));
}

/* Adds the label keys of all selectors: in matchLabels, in matchExpressions and, in Services, in
 * `selector` itself. Skips selectors of nodes. */
static void find_label_selectors(struct release *release, const struct object *object,
                                 struct node *parent, bool selector)
{
    const struct node *node = node_target(parent);
    if (node->kind == NODE_LIST) {
        for (struct node *item = node->first; item; item = item->next)
            find_label_selectors(release, object, item, selector);
        return;
    }
    for (struct node *value = node->kind == NODE_MAP ? node->first : NULL; value;
         value = value->next) {
        struct str name = value->key->text;
        const struct node *child = node_target(value);
        if (selector && child->kind == NODE_SCALAR)
            add_label_selector(release, object, name);
        if (str_eq_c(name, "nodeAffinity") || str_eq_c(name, "nodeSelector"))
            continue;
        bool merged = selector && node_is_merge(value);
        bool inside = str_eq_c(name, "matchLabels") || str_eq_c(name, "selector");
        find_label_selectors(release, object, value, inside || merged);
        add_listed_keys(release, object, name, child);
    }
}

const struct object *release_find_label_user(struct release *release, struct str key)
{
    struct tree_scope scope;
    release_open(release, &scope);
    for (enum object_kind type = 0; type < OBJECT_KINDS; type++) {
        if (type == OBJECT_INGRESS_CLASS || type == OBJECT_CANARY || type == OBJECT_CLAIM ||
            type == OBJECT_NAMESPACE || type == OBJECT_ROUTE || type == OBJECT_FOREIGN_ROUTE ||
            type == OBJECT_TRAEFIK_SERVICE || type == OBJECT_TRAFFIC_POLICY ||
            type == OBJECT_WEBHOOK)
            continue; /* they select no pods */
        const struct object *first = release_objects(release, type);
        if (type == OBJECT_PODS ||
            release->selectors_indexed) /* their selectors match only their own pods */
            continue;
        for (const struct object *each = first; each; each = each->next) {
            find_label_selectors(release, each, object_node(each), false);
            release_clear(release);
        }
    }
    release_close(release);
    release->selectors_indexed = true;
    return map_get(&release->selectors_by_label_key, key);
}
