/* `replicas`, helm.replicas, and warnings for more than one pod. */
#include "chart/inject_target.h"

#include <inttypes.h>

static const struct record *helm_record(const struct target *target)
{
    const struct value *helm = record_value(target->service->record, SERVICE_HELM);
    return helm->count ? helm->records[0] : NULL;
}

bool inject_replicas_is_requested(const struct target *target)
{
    const struct record *helm = helm_record(target);
    return helm && record_has(helm, HELM_REPLICAS);
}

void inject_warn_replicas(const struct target *target, const char *reason)
{
    if (!inject_replicas_is_requested(target) || target->fill) /* fill() warns once */
        return;
    diag_warning(target->injection->diags, record_location(helm_record(target), HELM_REPLICAS),
                 RULE_NO_EFFECT, "replicas: %s has no effect: %s",
                 target->service->helm.keep_replicas ? "keep" : "remove", reason);
}

/* Warns that removing the field sets it to the default of 1 once, and the autoscaler starts from
 * there. The number is kept only if a separate field manager owns it too. */
static void warn_replicas_drop(const struct target *target, const struct node *replicas,
                               bool requested)
{
    const struct object *workload = target_controller(target);
    struct arena *arena = target->injection->arena;
    const char *keep =
        requested ? "keep replicas: remove helm.replicas" : "keep replicas: helm: {replicas: keep}";
    struct str namespace = workload->namespace.len ? workload->namespace : STR("NAMESPACE");
    diag_warning(target->injection->diags, replicas->key ? replicas->key->span : replicas->span,
                 RULE_REPLICAS_REMOVED,
                 "%.*s: replicas is removed because the autoscaler sets it; upgrading an "
                 "installed release temporarily scales it to one pod",
                 STR_ARG(object_display_name(arena, workload)));
    /* The command must be safe to copy. */
    if (!target_is_shell_word(workload->name) || !target_is_shell_word(workload->api_version) ||
        !target_is_shell_word(workload->namespace)) {
        diag_hint(target->injection->diags, "%s", keep);
        return;
    }
    diag_hint(
        target->injection->diags,
        "to prevent this, run before the upgrade (no effect with Helm 3):\n"
        "kubectl get -n %.*s %.*s %.*s -o go-template='{\"apiVersion\":\"%.*s\",\"kind\":"
        "\"%.*s\",\"metadata\":{\"name\":\"%.*s\"},\"spec\":{\"replicas\":{{.spec.replicas}}}}'"
        " | kubectl apply -n %.*s --server-side --field-manager=optasvc-replicas -f -\n"
        "or %s",
        STR_ARG(namespace), STR_ARG(workload->kind), STR_ARG(workload->name),
        STR_ARG(workload->api_version), STR_ARG(workload->kind), STR_ARG(workload->name),
        STR_ARG(namespace), keep);
}

/* Warns that the default of one pod applies if the chart has no autoscaler. */
static void warn_one_pod(const struct target *target)
{
    diag_warning(
        target->injection->diags, record_location(helm_record(target), HELM_REPLICAS),
        RULE_REPLICAS_REMOVED,
        "%.*s: replicas is removed, but the chart has no autoscaler for it: the release runs "
        "one pod unless another autoscaler scales it",
        STR_ARG(object_display_name(target->injection->arena, target_controller(target))));
    diag_hint(target->injection->diags,
              "set min_containers and max_containers to add an autoscaler, or remove "
              "helm.replicas");
}

/* Warns that pods start. Autoscalers ignore a workload with replicas: 0. */
static void warn_pods_start(const struct target *target, const struct node *replicas)
{
    diag_warning(target->injection->diags, replicas->key ? replicas->key->span : replicas->span,
                 RULE_REPLICAS_REMOVED, "%.*s: replicas: 0 is removed, so its pods start",
                 STR_ARG(object_display_name(target->injection->arena, target_controller(target))));
    diag_hint(target->injection->diags, "keep replicas: helm: {replicas: keep}");
}

/* Removes `replicas`. `field`: the reason; `scaled`: the chart or the service has an autoscaler. */
static void remove_replicas(const struct target *target, enum field_id field, bool scaled)
{
    const struct object *controller = target_controller(target);
    struct node *spec = node_at(object_node(controller), "spec");
    const struct node *replicas = node_at(spec, "replicas");
    int64_t number;
    if (!replicas || target->service->helm.keep_replicas || target->fill ||
        !target_int(target, field, controller, object_node(controller), "spec replicas", 1,
                    &number))
        return;
    if (!scaled && number != 1)
        warn_one_pod(target);
    else if (number == 0)
        warn_pods_start(target, replicas);
    else if (number > 1)
        warn_replicas_drop(target, replicas, field == SERVICE_HELM);
    target_remove(target, controller, spec, "replicas", "replicas",
                  scaled ? "the autoscaler sets it" : "helm.replicas: remove");
}

void inject_remove_replicas(const struct target *target, enum field_id field)
{
    remove_replicas(target, field, true);
}

void inject_replicas_only(const struct target *target, const struct object *scaler)
{
    if (str_eq_c(target_controller(target)->kind, "DaemonSet"))
        inject_warn_replicas(target, "a DaemonSet runs one pod on each node");
    else if (target->service->helm.keep_replicas)
        inject_warn_replicas(target, "without min_containers, max_containers or autoscaling_*, "
                                     "replicas is not removed");
    else
        remove_replicas(target, SERVICE_HELM, scaler != NULL);
}

void inject_set_replicas(const struct target *target, int64_t number)
{
    const struct object *controller = target_controller(target);
    target_set(target, controller, object_node(controller), "spec replicas",
               node_int(target->injection->arena, number), "replicas", SHOW_VALUES);
}

/* More than one pod */

/* True for a claim whose volume only the pods of one node, or only one pod, can mount. Sets
 * `*ret_mode` to its access mode. */
static bool is_for_one_node(const struct object *claim, struct str *ret_mode)
{
    const struct node *modes = node_at(object_node(claim), "spec accessModes");
    bool one = false;
    for (const struct node *each = node_first_child(modes); each; each = each->next) {
        struct str mode = node_string(each);
        if (!str_starts_with(mode, STR("ReadWriteOnce"))) /* or ReadWriteOncePod */
            return false;
        *ret_mode = mode;
        one = true;
    }
    return one;
}

/* Returns the first such claim of the chart that all pods mount, or NULL. volumeClaimTemplates and
 * ephemeral volumes create a claim for each pod, so they do not count. */
static const struct object *find_shared_claim(const struct target *target, struct str *ret_mode)
{
    const struct node *volumes = node_at(target_pod(target), "volumes");
    for (const struct node *each = node_first_child(volumes); each; each = each->next) {
        struct str name = node_string(node_at(each, "persistentVolumeClaim claimName"));
        const struct object *claim = name.len ? release_find(&target->injection->release,
                                                             OBJECT_CLAIM, name, target->workload)
                                              : NULL;
        if (claim && is_for_one_node(claim, ret_mode))
            return claim;
    }
    return NULL;
}

/* Returns the location of the field that sets the number of pods. */
static struct location scale_location(const struct target *target)
{
    static const enum field_id fields[] = {SERVICE_MAX_CONTAINERS, SERVICE_MIN_CONTAINERS,
                                           SERVICE_TARGET_CPU};
    for (size_t i = 0; i < COUNT_OF(fields); i++)
        if (target_has(target, fields[i]))
            return record_location(target->service->record, fields[i]);
    return record_location(target->service->record, SERVICE_TARGET_MEM);
}

void inject_warn_several_pods(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    struct diags *diags = target->injection->diags;
    struct location at = scale_location(target);
    struct str workload = object_display_name(arena, target_controller(target));
    struct str mode = {0};
    const struct object *claim = find_shared_claim(target, &mode);
    if (claim) {
        diag_warning(diags, at, RULE_EXCLUSIVE_VOLUME,
                     "%.*s: its pods share %.*s, which is %.*s: %s", STR_ARG(workload),
                     STR_ARG(object_display_name(arena, claim)), STR_ARG(mode),
                     str_eq_c(mode, "ReadWriteOncePod")
                         ? "only one pod can mount it, the others do not start"
                         : "pods on other nodes cannot mount it and do not start");
        diag_hint(diags, "run one pod (max_containers: 1), or use ReadWriteMany or a StatefulSet "
                         "with volumeClaimTemplates in the chart");
    } else if (str_eq_c(node_string(
                            node_at(object_node(target_controller(target)), "spec strategy type")),
                        "Recreate")) {
        diag_warning(diags, at, RULE_RECREATE_STRATEGY,
                     "%.*s: its strategy is Recreate: each rollout stops all of its pods before it "
                     "starts new ones",
                     STR_ARG(workload));
        diag_hint(diags, "use RollingUpdate in the chart if its pods can run side by side; "
                         "otherwise run one pod (max_containers: 1)");
    }
}
