/* Rolls back a failed rollout: applies the pod template of the previous revision as our own
 * manager, so that the next apply does not conflict, as it would after `kubectl rollout undo`. */
#include "cluster/apply.h"

static int64_t revision_of(const struct node *object)
{
    return object_number(object, "metadata annotations deployment.kubernetes.io/revision",
                         object_number(object, "revision", 0));
}

/* Returns the newest revision of the workload that is older than `than`; NULL if there is none.
 * Objects of other workloads can have the same labels. */
static struct node *newest_before(struct node *items, const struct node *workload, int64_t than)
{
    struct node *newest = NULL;
    for (struct node *item = items; item; item = item->next)
        if (str_equal(object_controller(item), object_uid(workload)) && revision_of(item) > 0 &&
            revision_of(item) < than && (!newest || revision_of(item) > revision_of(newest)))
            newest = item;
    return newest;
}

static struct node *find_by_name(struct node *items, struct str name)
{
    while (items && !str_equal(object_name(items), name))
        items = items->next;
    return items;
}

static const struct node *previous_template(struct node *items, const struct node *workload)
{
    if (!kind_is_stateful(workload))
        return node_at(newest_before(items, workload, revision_of(workload)), "spec template");
    struct str current = node_string(node_at(workload, "status currentRevision"));
    struct str update = node_string(node_at(workload, "status updateRevision"));
    struct node *revision = find_by_name(items, current);
    if (str_equal(current, update))
        revision = revision ? newest_before(items, workload, revision_of(revision)) : NULL;
    return node_at(revision, "data spec template");
}

/* Returns a copy without the fields that controllers add. */
static struct node *clean_template(struct arena *arena, const struct node *template)
{
    static const char *const labels[] = {"pod-template-hash", "controller-revision-hash"};
    struct node *copy = node_copy(arena, template);
    node_remove(copy, "$patch");
    node_remove(node_at(copy, "metadata"), "creationTimestamp");
    node_remove(node_at(copy, "metadata annotations"), "kubectl.kubernetes.io/restartedAt");
    for (size_t i = 0; i < COUNT_OF(labels); i++)
        node_remove(node_at(copy, "metadata labels"), labels[i]);
    return copy;
}

static bool send(struct apply *apply, struct node *object)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    unsigned force = apply->cluster.options->apply.force_conflicts ? APPLY_FORCE : 0;
    return kubectl_run_one(
        kubectl, kubectl_apply(kubectl, MANAGER, kubectl_documents(kubectl, &object, 1), force));
}

/* The workload of the other kind still runs: deletes the new one, and sets the target of the
 * autoscaler back to the old one. Reports an error and returns false if that fails. */
static bool restore_old_kind(struct apply *apply, const struct rollout *rollout)
{
    struct kubectl *kubectl = &apply->cluster.kubectl;
    const struct deployed_service *deployed = rollout->deployed;
    struct node *workload = rollout->workload;
    bool ok = kubectl_delete(kubectl, &workload, 1, false) == 1;
    for (size_t i = 0; ok && i < deployed->count; i++) {
        if (!kind_is(deployed->objects[i], ROLE_AUTOSCALER))
            continue;
        struct node *autoscaler = node_copy(kubectl->arena, deployed->objects[i]);
        node_at(autoscaler, "spec scaleTargetRef kind")->text = object_kind(rollout->old);
        ok = send(apply, autoscaler);
    }
    if (ok)
        cluster_print(&apply->cluster, "%.*s: rolled back: its %.*s is still running",
                      STR_ARG(rollout->title), STR_ARG(object_kind(rollout->old)));
    return ok;
}

/* Returns the pod template of the previous revision; NULL if there is none. */
static const struct node *
query_previous_template(struct apply *apply, const struct rollout *rollout, const struct node *now)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    if (!rollout_is_observed(now)) /* the newest revision has no number yet */
        return NULL;
    struct node *items = kubectl_items(kubectl_get(
        kubectl, kind_of(now)->revisions, "--namespace", rollout->deployed->namespace->name.data,
        deployed_service_selector(kubectl->arena, rollout->deployed), NULL));
    return previous_template(items, now);
}

/* Returns the pod template from before this apply if its rollout was complete, else that of the
 * previous revision. Prints a message and returns NULL if there is nothing to roll back to. */
static const struct node *choose_template(struct apply *apply, struct rollout *rollout)
{
    const struct cluster *cluster = &apply->cluster;
    const struct kubectl *kubectl = &cluster->kubectl;
    const struct node *now =
        kubectl_get(kubectl, object_title(kubectl->arena, rollout->workload).data, "--namespace",
                    rollout->deployed->namespace->name.data, "--ignore-not-found",
                    "--show-managed-fields", NULL);
    if (process_interrupted())
        return NULL;
    if (now && apply_is_superseded(apply, kubectl->arena, now)) {
        cluster_print(cluster, "%.*s: not rolled back: superseded by another apply",
                      STR_ARG(rollout->title));
        return NULL;
    }
    const struct node *template = NULL;
    if (now && rollout->live && rollout_is_complete(rollout->live)) {
        template = node_at(rollout->live, "spec template");
        if (node_equal(template, node_at(now, "spec template"))) {
            cluster_print(cluster, "%.*s: nothing to roll back: the pod template did not change",
                          STR_ARG(rollout->title));
            return NULL;
        }
    } else if (now) {
        template = query_previous_template(apply, rollout, now);
    }
    if (now)
        rollout->deadline_exceeded_at = rollout_deadline_exceeded_at(now);
    if (!template && cluster->diags.errors)
        cluster_print(cluster, "%.*s: not rolled back", STR_ARG(rollout->title));
    else if (!template)
        cluster_print(cluster, "%.*s: not rolled back: no previous revision",
                      STR_ARG(rollout->title));
    return template;
}

void rollout_undo(struct apply *apply, struct rollout *rollout)
{
    struct cluster *cluster = &apply->cluster;
    if (rollout->old) {
        restore_old_kind(apply, rollout);
        return;
    }
    const struct node *template = choose_template(apply, rollout);
    if (!template)
        return;
    struct node *object = node_copy(&cluster->arena, rollout->workload);
    node_replace(node_get(object, "spec"), "template", clean_template(&cluster->arena, template));
    if (!send(apply, object))
        return;
    rollout->rolled_back = true;
    cluster_print(
        cluster,
        "%.*s: rolling back the pods to the previous revision; other objects remain as applied",
        STR_ARG(rollout->title));
    rollout->state = ROLLOUT_WAITS;
    rollout->progress = (struct str){0};
    rollout_wait(apply);
    cluster_print(cluster, "%.*s: %s", STR_ARG(rollout->title),
                  rollout->state == ROLLOUT_DONE
                      ? "rolled back"
                      : "the pods of the previous revision are not ready");
    rollout->state = ROLLOUT_FAILED;
}
