#include "cluster/live.h"

#include "cluster/ownership.h"

#include <stdlib.h>

static struct str join_names(struct arena *arena, struct str layer, struct str name)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(layer), STR_ARG(name));
}

void namespace_add_service(struct arena *arena, struct deployed_service *deployed)
{
    struct cluster_namespace *namespace = deployed->namespace;
    const struct service *service = deployed->service;
    const struct layer *layer = service->layer;
    struct deployed_service **slot = ARENA_NEW(arena, struct deployed_service *);
    *slot = deployed;
    namespace->services =
        arena_grow(arena, namespace->services, namespace->service_count, sizeof(void *));
    namespace->services[namespace->service_count++] = deployed;
    map_add(arena, &namespace->modules, join_names(arena, layer->name, service->name), slot);
    map_add(arena, &namespace->layers, layer->name, layer);
    map_add(arena, &namespace->environments,
            join_names(arena, layer->name, layer->environment.name), layer);
}

struct deployed_service *namespace_service(struct arena *arena,
                                           const struct cluster_namespace *namespace,
                                           const struct node *object)
{
    struct deployed_service *const *slot =
        map_get(&namespace->modules, join_names(arena, object_label(object, LAYER_LABEL),
                                                object_label(object, MODULE_LABEL)));
    return slot ? *slot : NULL;
}

bool namespace_has_layer(struct arena *arena, const struct cluster_namespace *namespace,
                         struct str layer, struct str environment)
{
    return map_get(&namespace->environments, join_names(arena, layer, environment)) != NULL;
}

static void add_related(struct arena *arena, struct deployed_service *deployed, struct node *object)
{
    size_t count = deployed->related_count;
    if (count && deployed->related[count - 1] == object) /* added for another controller */
        return;
    deployed->related = arena_grow(arena, deployed->related, count, sizeof(struct node *));
    deployed->related[deployed->related_count++] = object;
}

/* Adds an object to the service of its labels, and to those of its controllers. */
static void add_to_services(struct arena *arena, const struct cluster_namespace *namespace,
                            struct node *object)
{
    const struct node *each = object;
    for (int i = 0; each && i < CONTROLLERS_MAX; i++) {
        struct deployed_service *deployed = namespace_service(arena, namespace, each);
        if (deployed)
            add_related(arena, deployed, object);
        each = namespace_find_uid(namespace, object_controller(each));
    }
}

static size_t delete_order(const struct node *object)
{
    return kind_is_rendered(object) ? kind_of(object)->delete_order : kind_count;
}

static int by_delete_order(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
    const size_t orders[] = {delete_order(left), delete_order(right)};
    return orders[0] == orders[1] ? str_compare(object_name(left), object_name(right))
                                  : (orders[0] > orders[1]) - (orders[0] < orders[1]);
}

void namespace_sort(struct arena *arena, struct cluster_namespace *namespace)
{
    size_t count = 0;
    for (const struct node *live = namespace->live; live; live = live->next)
        count++;
    struct node **sorted = ARENA_ARRAY(arena, count, struct node *);
    count = 0;
    for (struct node *live = namespace->live; live; live = live->next)
        sorted[count++] = live;
    if (count)
        qsort(sorted, count, sizeof(struct node *), by_delete_order);
    struct node **link = &namespace->live;
    for (size_t i = 0; i < count; i++, link = &(*link)->next)
        *link = sorted[i];
    *link = NULL;
}

void namespace_index(struct arena *arena, struct cluster_namespace *namespace)
{
    size_t count = 0;
    for (const struct node *live = namespace->live; live; live = live->next)
        count++;
    struct node **slots = ARENA_ARRAY(arena, count, struct node *);
    namespace->titles = namespace->uids = (struct map){0};
    for (struct node *live = namespace->live; live; live = live->next) {
        *slots = live;
        map_add(arena, &namespace->titles, object_title(arena, live), slots++);
        if (object_uid(live).len)
            map_add(arena, &namespace->uids, object_uid(live), live);
    }
    for (size_t i = 0; i < namespace->service_count; i++) {
        namespace->services[i]->related = NULL;
        namespace->services[i]->related_count = 0;
    }
    for (struct node *live = namespace->live; live; live = live->next)
        add_to_services(arena, namespace, live);
}

const struct node *namespace_find_uid(const struct cluster_namespace *namespace, struct str uid)
{
    return uid.len ? map_get(&namespace->uids, uid) : NULL;
}

struct node *namespace_find(struct arena *arena, const struct cluster_namespace *namespace,
                            const struct node *object)
{
    struct node *const *slot = map_get(&namespace->titles, object_title(arena, object));
    return slot ? *slot : NULL;
}
