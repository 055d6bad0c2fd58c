/* Indexes of the Services that route to a workload, of the Ingresses that route to a Service, and
 * of the labels that select pods, because a chart may have thousands of each. */
#include "chart/release.h"

#include <stdlib.h>

struct index_entry {
    const struct object *object;
    struct str namespace; /* with which a route refers to the Service; empty: that of the route */
    size_t order;         /* among the objects of its type */
    struct index_entry *self;
    struct index_entry *next; /* with the same key */
};

/* Counts how many Services select a label. */
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

static void add_matches(struct index_match *found, const struct map *index, struct str key)
{
    for (const struct index_entry *each = map_get(index, key); each; each = each->next) {
        found->entries =
            arena_grow(found->arena, found->entries, found->count, sizeof *found->entries);
        found->entries[found->count++] = *each;
    }
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

/* Services by a label that they select */

static struct str label_pair(struct arena *arena, struct str key, const struct node *value)
{
    struct str text = node_is_null(value) ? STR("") : node_string(value);
    return str_format(arena, "%.*s=%.*s", STR_ARG(key), STR_ARG(text));
}

static const struct node *selector_of(const struct object *service)
{
    const struct node *selector = node_at(service->node, "spec selector");
    return selector && selector->kind == NODE_MAP ? selector : NULL;
}

static void count_labels(struct release *release, struct map *counts, const struct object *service)
{
    for (const struct node *value = node_first_child(selector_of(service)); value;
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

/* Returns the label by which a Service is indexed: the one that the fewest Services select, because
 * many share the chart's name. Empty: the Service is checked for every workload. */
static struct str most_selective_label(struct release *release, const struct map *counts,
                                       const struct node *selector)
{
    const struct node *rarest = NULL;
    size_t lowest = SIZE_MAX;
    for (const struct node *value = selector->first; value; value = value->next) {
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

static void index_services(struct release *release)
{
    struct map counts = {0};
    size_t order = 0;
    const struct object *first = release_objects(release, OBJECT_SERVICE);
    if (release->services_indexed)
        return;
    release->services_indexed = true;
    for (const struct object *each = first; each; each = each->next) {
        count_labels(release, &counts, each);
        index_add(release->arena, &release->services_by_name, each->name,
                  &(struct index_entry){.object = each});
    }
    for (const struct object *each = first; each; each = each->next, order++) {
        const struct node *selector = selector_of(each);
        if (selector && selector->first)
            index_add(release->arena, &release->services_by_label,
                      most_selective_label(release, &counts, selector),
                      &(struct index_entry){.object = each, .order = order});
    }
}

static void find_by_labels(struct release *release, struct index_match *found, struct node *labels)
{
    struct node *map = node_target(labels);
    if (!map || map->kind == NODE_SCALAR)
        return;
    for (struct node *value = map->first; value; value = value->next) {
        if (!value->key || node_is_merge(value)) /* merged, or an item of a merged list */
            find_by_labels(release, found, value);
        else
            add_matches(found, &release->services_by_label,
                        label_pair(release->arena, value->key->text, value));
    }
}

const struct object **release_services(struct release *release, const struct object *workload,
                                       size_t *ret_count)
{
    struct index_match found = {.arena = release->arena};
    *ret_count = 0;
    index_services(release);
    find_by_labels(release, &found, node_at(workload->template, "metadata labels"));
    add_matches(&found, &release->services_by_label, (struct str){0});
    sort_unique(&found);
    const struct object **services =
        ARENA_ARRAY(release->arena, found.count, const struct object *);
    for (size_t i = 0; i < found.count; i++)
        if (service_routes_to(found.entries[i].object, workload))
            services[(*ret_count)++] = found.entries[i].object;
    return services;
}

const struct object *release_find_service(struct release *release, struct str name,
                                          const struct object *referrer)
{
    index_services(release);
    const struct index_entry *each = map_get(&release->services_by_name, name);
    while (each && !release_same_namespace(each->object, referrer))
        each = each->next;
    return each ? each->object : NULL;
}

bool release_has_service(struct release *release, struct str name, const struct object *referrer)
{
    return release_find_service(release, name, referrer) != NULL;
}

/* Ingresses by the Services that they route to */

static void index_ingresses(struct release *release)
{
    size_t order = 0;
    const struct object *first = release_objects(release, OBJECT_INGRESS);
    if (release->ingresses_indexed)
        return;
    release->ingresses_indexed = true;
    for (const struct object *each = first; each; each = each->next, order++) {
        size_t count;
        const struct str *names = release_backends(release->arena, each, &count);
        for (size_t i = 0; i < count; i++)
            index_add(release->arena, &release->ingresses_by_service, names[i],
                      &(struct index_entry){.object = each, .order = order});
    }
}

const struct object **release_ingresses(struct release *release,
                                        const struct object *const *services, size_t count,
                                        size_t *ret_count)
{
    struct index_match found = {.arena = release->arena};
    index_ingresses(release);
    for (size_t i = 0; i < count; i++) {
        size_t end = found.count; /* of the matching entries */
        add_matches(&found, &release->ingresses_by_service, services[i]->name);
        for (size_t j = end; j < found.count; j++)
            if (!found.entries[j].object->hook &&
                release_same_namespace(services[i], found.entries[j].object))
                found.entries[end++] = found.entries[j];
        found.count = end;
    }
    return sorted_objects(&found, ret_count);
}

/* Routes of the Gateway API by the Services that they route to */

static void index_route(struct release *release, const struct object *route, size_t order)
{
    const struct node *rules = node_at(route->node, "spec rules");
    for (const struct node *rule = node_first_child(rules); rule; rule = rule->next) {
        const struct node *first = node_first_child(release_rule_backends(release, route, rule));
        for (const struct node *each = release_backend_reference(first); each;
             each = release_backend_reference(each->next))
            index_add(release->arena, &release->routes_by_service,
                      node_string(node_at(each, "name")),
                      &(struct index_entry){.object = route,
                                            .namespace = node_string(node_at(each, "namespace")),
                                            .order = order});
    }
}

static void index_routes(struct release *release)
{
    size_t order = 0;
    const struct object *first = release_objects(release, OBJECT_ROUTE);
    if (release->routes_indexed)
        return;
    release->routes_indexed = true;
    for (const struct object *each = first; each; each = each->next, order++)
        if (release_is_attached(each))
            index_route(release, each, order);
}

const struct object **release_routes(struct release *release, const struct object *const *services,
                                     size_t count, size_t *ret_count)
{
    struct index_match found = {.arena = release->arena};
    index_routes(release);
    for (size_t i = 0; i < count; i++) {
        size_t end = found.count; /* of the matching entries */
        add_matches(&found, &release->routes_by_service, services[i]->name);
        for (size_t j = end; j < found.count; j++)
            if (release_is_in_namespace(release, services[i], found.entries[j].object,
                                        found.entries[j].namespace))
                found.entries[end++] = found.entries[j];
        found.count = end;
    }
    return sorted_objects(&found, ret_count);
}

/* Policies of Envoy Gateway by their targets */

/* Returns the key of a target: "KIND/NAME", or "KIND/" for a selector of targets. */
static struct str target_name(struct release *release, const struct node *reference)
{
    return str_format(release->arena, "%.*s/%.*s", STR_ARG(node_string(node_at(reference, "kind"))),
                      STR_ARG(node_string(node_at(reference, "name"))));
}

static void index_policy(struct release *release, const struct object *policy, size_t order)
{
    const struct node *single = node_at(policy->node, "spec targetRef");
    const struct node *lists[] = {node_at(policy->node, "spec targetRefs"),
                                  node_at(policy->node, "spec targetSelectors")};
    const struct index_entry entry = {.object = policy, .order = order};
    if (single)
        index_add(release->arena, &release->policies_by_target, target_name(release, single),
                  &entry);
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const struct node *each = node_first_child(lists[i]); each; each = each->next)
            index_add(release->arena, &release->policies_by_target, target_name(release, each),
                      &entry);
}

static void index_policies(struct release *release)
{
    size_t order = 0;
    const struct object *first = release_objects(release, OBJECT_TRAFFIC_POLICY);
    if (release->policies_indexed)
        return;
    release->policies_indexed = true;
    for (const struct object *each = first; each; each = each->next, order++)
        index_policy(release, each, order);
}

const struct object **release_policies(struct release *release, const struct object *route,
                                       size_t *ret_count)
{
    struct index_match found = {.arena = release->arena};
    const struct node *parents = node_at(route->node, "spec parentRefs");
    const struct map *index = &release->policies_by_target;
    index_policies(release);
    add_matches(&found, index, object_kind_name(release->arena, route));
    add_matches(&found, index, str_format(release->arena, "%.*s/", STR_ARG(route->kind)));
    for (const struct node *each = node_first_child(parents); each; each = each->next)
        add_matches(&found, index,
                    str_format(release->arena, "Gateway/%.*s",
                               STR_ARG(node_string(node_at(each, "name")))));
    return sorted_objects(&found, ret_count);
}

const struct object *release_find_class(struct release *release, struct str name)
{
    if (!release->classes_indexed)
        for (const struct object *each = release_objects(release, OBJECT_INGRESS_CLASS); each;
             each = each->next)
            map_add(release->arena, &release->classes_by_name, each->name, each);
    release->classes_indexed = true;
    return map_get(&release->classes_by_name, name);
}

/* Webhooks */

static void add_webhooks(struct release *release, const struct object *configuration)
{
    const struct node *webhooks = node_at(configuration->node, "webhooks");
    for (const struct node *each = node_first_child(webhooks); each; each = each->next) {
        struct str name = node_string(node_at(each, "clientConfig service name"));
        if (name.len)
            map_add(release->arena, &release->webhooks_by_service, name, each);
    }
}

bool release_has_webhook(struct release *release, struct str service)
{
    if (!release->webhooks_indexed)
        for (const struct object *each = release_objects(release, OBJECT_WEBHOOK); each;
             each = each->next)
            add_webhooks(release, each);
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
    for (enum object_kind type = 0; type < OBJECT_KINDS; type++) {
        if (type == OBJECT_INGRESS_CLASS || type == OBJECT_CLAIM || type == OBJECT_NAMESPACE ||
            type == OBJECT_ROUTE || type == OBJECT_FOREIGN_ROUTE ||
            type == OBJECT_TRAEFIK_SERVICE || type == OBJECT_TRAFFIC_POLICY ||
            type == OBJECT_WEBHOOK)
            continue; /* they select no pods */
        const struct object *first = release_objects(release, type);
        if (type == OBJECT_PODS ||
            release->selectors_indexed) /* their selectors match only their own pods */
            continue;
        for (const struct object *each = first; each; each = each->next)
            find_label_selectors(release, each, each->node, false);
    }
    release->selectors_indexed = true;
    return map_get(&release->selectors_by_label_key, key);
}
