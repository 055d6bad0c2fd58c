/* Decides which stale objects are deleted or retained, and who owns spec.replicas.
 *
 * Server-side apply removes a field that its manager no longer sends, and a Deployment without
 * replicas has one pod. So the current number is transferred to MANAGER_REPLICAS before an
 * autoscaler owns it, whose controller takes the field when it scales. In the other direction,
 * apply takes the number by force, but only from controllers and from that manager: a number set
 * by a user is a conflict. */
#include "cluster/apply.h"

#include "cluster/live.h"
#include "cluster/ownership.h"

#include <string.h>

static const char replicas_field[] = "f:spec f:replicas";

static bool is_active(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->active;
}

static bool is_retained(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind && kind->retained;
}

struct rollout *apply_rollout(const struct apply *apply, const struct deployed_service *deployed)
{
    return &apply->rollouts[deployed - apply->cluster.services];
}

struct rollout *apply_rollout_of(struct apply *apply, const struct node *workload)
{
    const struct rollout *rollout =
        map_get(&apply->workloads, object_key(&apply->cluster.arena, workload));
    return rollout ? apply_rollout(apply, rollout->deployed) : NULL;
}

static struct str autoscaler_key(struct arena *arena, const struct node *object)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(object_namespace(object)),
                      STR_ARG(object_name(object)));
}

static void add_to_delete(struct apply *apply, struct node *live)
{
    struct arena *arena = &apply->cluster.arena;
    manifests_add(&apply->to_delete, live);
    if (kind_is(live, ROLE_AUTOSCALER))
        map_add(arena, &apply->autoscalers, autoscaler_key(arena, live), live);
}

static struct map rendered_titles(struct arena *arena, const struct deployed_service *deployed)
{
    struct map titles = {0};
    for (size_t i = 0; i < deployed->count; i++)
        map_add(arena, &titles, object_title(arena, deployed->objects[i]), deployed);
    if (deployed->job)
        map_add(arena, &titles, object_title(arena, deployed->job), deployed);
    return titles;
}

/* Sorts the stale objects of a service. A workload of the other kind is not among them: it is
 * deleted when its pods are replaced. */
static void plan_stale(struct apply *apply, const struct rollout *rollout)
{
    const struct deployed_service *deployed = rollout->deployed;
    struct arena *arena = &apply->cluster.arena;
    struct map titles = rendered_titles(arena, deployed);
    for (size_t i = 0; i < deployed->related_count; i++) {
        struct node *live = deployed->related[i];
        enum label_match match = deployed_service_labels(deployed, live);
        bool unclaimed = match == LABELS_UNCLAIMED;
        if (match == LABELS_OTHER || !object_applied_by(live, MANAGER) ||
            object_has_controller(live) || map_get(&titles, object_title(arena, live)) ||
            live == rollout->old)
            continue;
        if (is_retained(live))
            manifests_add(&apply->retained, live);
        else if (kind_is(live, ROLE_FILES) && !unclaimed && !object_is_adopted(live))
            manifests_add(&apply->files, live);
        else if (!deployed->service->has_image && (kind_is(live, ROLE_JOB) || is_active(live)))
            continue; /* without an image, what runs is not known */
        else if (kind_is(live, ROLE_JOB) && !unclaimed && !object_is_adopted(live))
            manifests_add(&apply->jobs, live);
        else if (!is_active(live))
            manifests_add(unclaimed ? &apply->unclaimed : &apply->orphaned, live);
        else if (unclaimed || object_is_adopted(live))
            manifests_add(&apply->blocked, live);
        else
            add_to_delete(apply, live);
    }
    if (rollout->old && object_is_adopted(rollout->old))
        manifests_add(&apply->blocked, rollout->old);
}

/* --prune=layer: sorts the objects of services that are in none of the files. */
static void plan_layer(struct apply *apply, struct cluster_namespace *namespace)
{
    for (struct node *live = namespace->live; live; live = live->next) {
        struct arena *arena = &apply->cluster.arena;
        enum label_match match = namespace_layer_labels(arena, namespace, live);
        if (match == LABELS_OTHER || !object_applied_by(live, MANAGER) ||
            object_has_controller(live) || namespace_labels(arena, namespace, live))
            continue;
        manifests_add(is_retained(live)           ? &apply->retained
                      : match == LABELS_UNCLAIMED ? &apply->unclaimed
                                                  : &apply->other_services,
                      live);
    }
}

static void find_workloads(struct apply *apply, struct rollout *rollout)
{
    struct arena *arena = &apply->cluster.arena;
    const struct deployed_service *deployed = rollout->deployed;
    rollout->workload = deployed_service_workload(deployed);
    if (!rollout->workload)
        return;
    map_add(arena, &apply->workloads, object_key(arena, rollout->workload), rollout);
    rollout->live = namespace_find(arena, deployed->namespace, rollout->workload);
    for (size_t i = 0; i < deployed->related_count; i++) {
        struct node *live = deployed->related[i];
        if (kind_is(live, ROLE_WORKLOAD) && !object_same(live, rollout->workload) &&
            str_equal(object_name(live), object_name(rollout->workload)) &&
            deployed_service_owns(deployed, live))
            rollout->old = live;
    }
}

static bool loses_autoscaler(struct apply *apply, const struct rollout *rollout)
{
    return map_get(&apply->autoscalers, autoscaler_key(&apply->cluster.arena, rollout->workload)) !=
           NULL;
}

static void plan_replicas(struct apply *apply, struct rollout *rollout)
{
    const struct node *live = rollout->live;
    if (node_at(rollout->workload, "spec replicas")) {
        struct str owner = live ? object_field_owner(live, replicas_field, MANAGER) : STR("");
        /* --adopt never forces. */
        rollout->claims_replicas = owner.len && object_applied_by(live, MANAGER) &&
                                   (loses_autoscaler(apply, rollout) ||
                                    str_eq_c(owner, MANAGER_REPLICAS) || object_scaled(live));
        return;
    }
    int64_t replicas = object_number(live ? live : rollout->old, "spec replicas", 1);
    bool needs_transfer =
        live ? object_field_applied_by(live, replicas_field, MANAGER) : rollout->old != NULL;
    rollout->preserved_replicas = needs_transfer && replicas > 1 ? replicas : 0;
}

struct str apply_title(struct cluster *cluster, const struct deployed_service *deployed)
{
    struct str name = deployed->service->name;
    return cluster->namespace_count == 1
               ? name
               : str_format(&cluster->arena, "%.*s/%.*s", STR_ARG(deployed->namespace->name),
                            STR_ARG(name));
}

void apply_plan(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    const struct manifests none = {.arena = &cluster->arena};
    apply->to_delete = apply->orphaned = apply->other_services = apply->retained = none;
    apply->blocked = apply->unclaimed = apply->adopted = apply->files = none;
    apply->jobs = none;
    apply->autoscalers = apply->workloads = (struct map){0};
    apply->rollouts = ARENA_ARRAY(&cluster->arena, cluster->service_count, struct rollout);
    for (size_t i = 0; i < cluster->service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        rollout->deployed = &cluster->services[i];
        if (service_has_autoscaler(rollout->deployed->service))
            rollout->min_pods = rollout->deployed->service->min_containers;
        rollout->title = apply_title(cluster, rollout->deployed);
        find_workloads(apply, rollout);
        rollout->job = apply_job_is_recorded(rollout) ? NULL : rollout->deployed->job;
        plan_stale(apply, rollout);
        rollout->deadline_exceeded_at = rollout_deadline_exceeded_at(rollout->live);
        if (rollout->workload)
            plan_replicas(apply, rollout);
    }
    const char *prune = cluster->options->apply.prune;
    for (size_t i = 0; prune && strcmp(prune, "layer") == 0 && i < cluster->namespace_count; i++)
        plan_layer(apply, &cluster->namespaces[i]);
}

/* Returns the object for a dry run while the autoscaler that it replaces, which is deleted before
 * it is applied, still exists: KEDA refuses a second autoscaler unless it takes over the first. */
static struct node *accepted_beside(struct arena *arena, struct node *object,
                                    const struct node *replaced)
{
    struct node *copy = node_copy(arena, object);
    struct node *metadata = node_get(copy, "metadata");
    struct node *spec = node_get(copy, "spec");
    struct node *advanced = node_get(spec, "advanced");
    if (!advanced)
        advanced = node_set_map(arena, spec, "advanced");
    struct node *config = node_get(advanced, "horizontalPodAutoscalerConfig");
    if (!config)
        config = node_set_map(arena, advanced, "horizontalPodAutoscalerConfig");
    node_set_string(arena, config, "name", object_name(replaced));
    node_set_string(arena, node_set_map(arena, metadata, "annotations"), kind_of(object)->transfer,
                    STR("true"));
    return copy;
}

struct node *object_to_apply(struct apply *apply, const struct rollout *rollout,
                             struct node *object, bool dry)
{
    struct arena *arena = &apply->cluster.arena;
    const struct kind *kind = kind_of(object);
    if (dry && kind && kind->transfer) {
        const struct node *replaced = map_get(&apply->autoscalers, autoscaler_key(arena, object));
        if (replaced && !object_same(replaced, object))
            return accepted_beside(arena, object, replaced);
    }
    if (object != rollout->workload)
        return object;
    if (rollout->claims_replicas && dry) {
        struct node *copy = node_copy(arena, object);
        node_at(copy, "spec replicas")->text = node_string(node_at(rollout->live, "spec replicas"));
        return copy;
    }
    if (rollout->preserved_replicas && (dry || !rollout->live)) {
        struct node *copy = node_copy(arena, object);
        node_set_int(arena, node_get(copy, "spec"), "replicas", rollout->preserved_replicas);
        return copy;
    }
    return object;
}

static struct node *replicas_document(struct arena *arena, const struct node *workload,
                                      int64_t replicas)
{
    struct node *object = object_reference(arena, workload);
    node_set_int(arena, node_set_map(arena, object, "spec"), "replicas", replicas);
    return object;
}

bool transfer_replicas(struct apply *apply, struct rollout *rollout)
{
    enum { TRIES = 5 };
    struct kubectl *kubectl = &apply->cluster.kubectl;
    int64_t replicas = rollout->preserved_replicas;
    for (int i = 0;; i++) {
        struct node *document = replicas_document(kubectl->arena, rollout->workload, replicas);
        struct process run =
            kubectl_apply(kubectl, MANAGER_REPLICAS, kubectl_documents(kubectl, &document, 1), 0);
        kubectl_run(kubectl, &run, 1);
        bool ok = process_succeeded(&run);
        bool scaled = !ok && kubectl_conflicts(&run) && i < TRIES;
        if (!ok && !scaled)
            kubectl_report(kubectl, &run);
        process_free(&run);
        const struct node *live =
            scaled
                ? kubectl_get(kubectl, object_title(kubectl->arena, rollout->workload).data,
                              "--namespace",
                              str_to_c(kubectl->arena, object_namespace(rollout->workload)), NULL)
                : NULL;
        if (!live)
            return ok;
        replicas = object_number(live, "spec replicas", 1);
    }
}
