/* Rolls back the pods of a service: applies the pod template of an earlier revision as our own
 * manager, so that the next apply does not conflict, as it would after `kubectl rollout undo`. */
#include "cluster/apply.h"
#include "cluster/pod_template.h"
#include "cluster/revision.h"

/* Returns the pod template from before the current one. A StatefulSet whose rollout is not complete
 * still runs it. */
static const struct node *previous_template(const struct revisions *revisions,
                                            const struct node *workload)
{
    struct str running = node_string(node_at(workload, "status currentRevision"));
    const struct revision *current = revisions_current(revisions, workload);
    const struct revision *previous = current ? revisions_before(revisions, current) : NULL;
    for (size_t i = 0; kind_is_stateful(workload) && i < revisions->count; i++)
        if (&revisions->items[i] != current &&
            str_equal(object_name(revisions->items[i].object), running))
            previous = &revisions->items[i];
    return previous ? previous->template : NULL;
}

/* Returns the fields of a value that a manager has applied. `fields`: in the form of fieldsV1. A
 * list is returned as a whole. */
static struct node *applied_value(struct arena *arena, const struct node *value,
                                  const struct node *fields)
{
    const struct node *field = node_first_child(fields);
    if (!field || value->kind != NODE_MAP)
        return node_copy(arena, value);
    struct node *copy = node_new(arena, NODE_MAP);
    for (; field; field = field->next) {
        struct str key = field->key->text;
        const struct node *child =
            str_starts_with(key, STR("f:")) ? node_at_key(value, str_skip(key, 2)) : NULL;
        if (child)
            node_put(copy, node_scalar(arena, STYLE_TEXT, str_skip(key, 2)),
                     applied_value(arena, child, field));
    }
    return copy;
}

struct node *rollback_workload(struct arena *arena, const struct node *live,
                               const struct node *template)
{
    struct node *object = object_reference(arena, live);
    const struct node *fields = object_applied_fields(live, MANAGER);
    const struct node *applied = applied_value(arena, live, fields);
    const struct node *metadata = node_first_child(node_at(applied, "metadata"));
    struct node *reference = node_get(object, "metadata");
    node_set_string(arena, reference, "uid", object_uid(live));
    for (; metadata; metadata = metadata->next)
        node_put(reference, node_copy(arena, metadata->key), node_copy(arena, metadata));
    const struct node *own = node_get(applied, "spec"); /* NULL: others have taken all its fields */
    struct node *spec = own ? node_copy(arena, own) : node_new(arena, NODE_MAP);
    node_put(object, node_scalar(arena, STYLE_TEXT, STR("spec")), spec);
    node_remove(spec, "template");
    node_set(arena, spec, "template", node_copy(arena, template));
    return object;
}

bool rollback_send(struct apply *apply, struct node *object)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    unsigned force = apply->cluster.options->apply.force_conflicts ? APPLY_FORCE : 0;
    struct process run =
        kubectl_apply(kubectl, MANAGER, kubectl_documents(kubectl, &object, 1), force);
    kubectl_run(kubectl, &run, 1);
    bool ok = process_succeeded(&run);
    if (!ok)
        kubectl_report(kubectl, &run);
    if (kubectl_conflicts(&run) && !process_interrupted())
        diag_hint(kubectl->diags, "pass --force-conflicts to overwrite the field");
    process_free(&run);
    return ok;
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
        ok = rollback_send(apply, autoscaler);
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
    struct revisions revisions = revisions_query(kubectl, rollout->deployed, now);
    return previous_template(&revisions, now);
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
    node_replace(node_get(object, "spec"), "template",
                 pod_template_clean(&cluster->arena, template));
    if (!rollback_send(apply, object))
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
