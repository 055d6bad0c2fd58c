#include "cluster/revision.h"

#include "cluster/pod_template.h"

#include <stdlib.h>

static int64_t number_of(const struct node *object)
{
    return object_number(object, "metadata annotations deployment.kubernetes.io/revision",
                         object_number(object, "revision", 0));
}

static const struct node *template_of(const struct node *object)
{
    const struct node *template = node_at(object, "spec template");
    return template ? template : node_at(object, "data spec template");
}

static int by_number(const void *a, const void *b)
{
    const struct revision *left = a, *right = b;
    return (left->number > right->number) - (left->number < right->number);
}

struct revisions revisions_find(struct arena *arena, const struct node *objects,
                                const struct node *workload)
{
    struct revisions revisions = {0};
    for (const struct node *object = objects; object; object = object->next) {
        const struct node *template = template_of(object);
        if (!template || number_of(object) <= 0 ||
            !str_equal(object_controller(object), object_uid(workload)))
            continue;
        revisions.items =
            arena_grow(arena, revisions.items, revisions.count, sizeof *revisions.items);
        revisions.items[revisions.count++] =
            (struct revision){.number = number_of(object),
                              .object = object,
                              .recorded = template,
                              .template = pod_template_clean(arena, template)};
    }
    if (revisions.count)
        qsort(revisions.items, revisions.count, sizeof *revisions.items, by_number);
    return revisions;
}

struct revisions revisions_query(const struct kubectl *kubectl,
                                 const struct deployed_service *deployed,
                                 const struct node *workload)
{
    const struct node *objects = kubectl_items(kubectl_get(
        kubectl, kind_of(workload)->revisions, "--namespace", deployed->namespace->name.data,
        deployed_service_selector(kubectl->arena, deployed), NULL));
    return revisions_find(kubectl->arena, objects, workload);
}

const struct revision *revisions_get(const struct revisions *revisions, int64_t number)
{
    for (size_t i = 0; i < revisions->count; i++)
        if (revisions->items[i].number == number)
            return &revisions->items[i];
    return NULL;
}

const struct revision *revisions_current(const struct revisions *revisions,
                                         const struct node *workload)
{
    struct str name = node_string(node_at(workload, "status updateRevision"));
    if (!kind_is_stateful(workload))
        return revisions_get(revisions, number_of(workload));
    for (size_t i = 0; i < revisions->count; i++)
        if (str_equal(object_name(revisions->items[i].object), name))
            return &revisions->items[i];
    return NULL;
}

const struct revision *revisions_before(const struct revisions *revisions,
                                        const struct revision *than)
{
    return than > revisions->items ? than - 1 : NULL;
}

const struct revision *revisions_before_change(const struct revisions *revisions,
                                               const struct revision *than)
{
    const struct revision *before = revisions_before(revisions, than);
    while (before && node_equal(before->template, than->template))
        before = revisions_before(revisions, before);
    return before;
}

static struct str cause_of(const struct revision *revision)
{
    return object_annotation(revision->object, "kubernetes.io/change-cause");
}

struct str revision_change(struct arena *arena, const struct revisions *revisions,
                           const struct revision *revision)
{
    const struct revision *before = revisions_before(revisions, revision);
    struct str cause = cause_of(revision);
    /* The controller also copies a cause that the user gave for an earlier change. */
    if (!before || (cause.len && !str_equal(cause, cause_of(before))))
        return cause;
    struct str changes = pod_template_changes(arena, before->template, revision->template);
    if (changes.len)
        return changes;
    return node_equal(before->recorded, revision->recorded) ? changes : STR("restart");
}

struct str revision_image(const struct revision *revision)
{
    const struct node *container = node_first_child(node_at(revision->template, "spec containers"));
    return node_string(node_at(container, "image"));
}
