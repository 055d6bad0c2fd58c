/* Fill mode for objects that are not upgraded with the release: Helm creates hooks separately, and
 * the API server rejects changes to the pod template of a Job and to the containers of a Pod. */
#include "chart/inject_target.h"

/* True for a Job or Pod, which can only be replaced. */
static bool is_immutable(const struct object *object)
{
    return str_eq_c(object->kind, "Job") || str_eq_c(object->kind, "Pod");
}

bool inject_is_excluded(const struct target *target)
{
    const struct object *workload = target->workload;
    const struct helm *helm = &target->service->helm;
    if (workload->hook && !helm->hooks)
        inject_log(target, workload, CHANGE_SKIPPED, "", "%s",
                   "it is a Helm hook, and the service sets hooks: false");
    else if (!workload->hook && is_immutable(workload) && !helm->jobs)
        inject_log(target, workload, CHANGE_SKIPPED, "",
                   "it is a %.*s, and the service sets jobs: false", STR_ARG(workload->kind));
    else
        return false;
    return true;
}

/* Settings that are not applied to hooks, and their names in the report. Rows with the same name
 * are consecutive. */
static const struct {
    enum field_id field;
    const char *what;
} excluded_from_hooks[] = {{SERVICE_HEALTHCHECK_PATH, "probes"},
                           {SERVICE_LIVENESS_PATH, "probes"},
                           {SERVICE_READINESS_PATH, "probes"},
                           {SERVICE_STARTUP_PATH, "probes"},
                           {SERVICE_HEALTHCHECK, "probes"},
                           {SERVICE_HEALTHCHECK_COMMAND, "probes"},
                           {SERVICE_LIVENESS_COMMAND, "probes"},
                           {SERVICE_READINESS_COMMAND, "probes"},
                           {SERVICE_LIVENESS_DELAY, "probes"},
                           {SERVICE_READINESS_DELAY, "probes"},
                           {SERVICE_STARTUP_TIMEOUT, "probes"},
                           {SERVICE_PROBE_PERIOD, "probes"},
                           {SERVICE_PROBE_TIMEOUT, "probes"},
                           {SERVICE_PROBE_FAILURES, "probes"},
                           {SERVICE_PROBE_HEADERS, "probes"},
                           {SERVICE_SECRETS, "env"},
                           {SERVICE_ENV_VARS, "env"},
                           {SERVICE_ENV_FROM, "env"},
                           {SERVICE_LINKS, "env"},
                           {SERVICE_VOLUMES, "volumeMounts"},
                           {SERVICE_FILES, "volumeMounts"},
                           {SERVICE_COMMANDS, "command"},
                           {SERVICE_IMAGE_PULL_POLICY, "imagePullPolicy"},
                           {SERVICE_ARGS, "args"},
                           {SERVICE_TIMEOUT, "progressDeadlineSeconds"},
                           {SERVICE_GRACE_PERIOD, "terminationGracePeriodSeconds"},
                           {SERVICE_TOKEN, "automountServiceAccountToken"},
                           {SERVICE_TOLERATIONS, "tolerations"},
                           {SERVICE_NODE_SELECTOR, "nodeSelector"},
                           {SERVICE_PRIORITY_CLASS, "priorityClassName"},
                           {SERVICE_SPREAD, "topologySpreadConstraints"},
                           {SERVICE_IMAGE_PULL_SECRETS, "imagePullSecrets"},
                           {SERVICE_POD_ANNOTATIONS, "template.annotations"},
                           {SERVICE_POD_LABELS, "template.labels"}};

/* True for a setting that would be applied if the object was not a hook. Pods that run to
 * completion get no probes, `healthcheck: none` adds none, and a timeout applies to rollouts only.
 */
static bool is_requested(const struct target *target, enum field_id field, struct str what)
{
    const struct object *workload = target->workload;
    if (!target_has(target, field) || (str_eq_c(what, "probes") && workload->completes))
        return false;
    if (field == SERVICE_TIMEOUT)
        return str_eq_c(workload->kind, "Deployment") || str_eq_c(workload->kind, "Rollout");
    return field != SERVICE_HEALTHCHECK ||
           !str_eq_c(record_value(target->service->record, field)->text, "none");
}

void inject_report_hook(const struct target *target)
{
    const char *reported = "";
    for (size_t i = 0; i < COUNT_OF(excluded_from_hooks); i++) {
        const char *what = excluded_from_hooks[i].what;
        if (str_eq_c(str_from_c(what), reported) ||
            !is_requested(target, excluded_from_hooks[i].field, str_from_c(what)))
            continue;
        inject_log(target, target->workload, CHANGE_SKIPPED, what,
                   "%shooks get only resource and security settings",
                   target->workload->completes ? "" : "it is a long-running hook, and ");
        reported = what;
    }
}

/* True if one of the events from index `first_event` on is an addition to the object. */
static bool is_changed(const struct injection *injection, const struct object *object,
                       size_t first_event)
{
    for (size_t i = first_event; i < injection->events.count; i++)
        if (injection->events.items[i].kind == CHANGE_ADDED &&
            injection->events.items[i].object == object)
            return true;
    return false;
}

void inject_warn_immutable(struct injection *injection, const struct object *object,
                           size_t first_event)
{
    struct arena *arena = injection->arena;
    bool pod = str_eq_c(object->kind, "Pod");
    if (object->hook || !is_immutable(object) || !is_changed(injection, object, first_event))
        return;
    struct str message =
        str_format(arena,
                   "%.*s: %s immutable, so upgrading a release that was installed without these "
                   "settings fails",
                   STR_ARG(object_display_name(arena, object)),
                   pod ? "the containers of a Pod are" : "the pod template of a Job is");
    if (diags_contain(injection->diags, message))
        return; /* another service caused the same warning */
    diag_warning(injection->diags, object_location(object), RULE_IMMUTABLE_FIELD, "%.*s",
                 STR_ARG(message));
    struct str namespace = object->namespace.len ? object->namespace : STR("NAMESPACE");
    if (target_is_shell_word(object->name) && target_is_shell_word(object->namespace))
        diag_hint(injection->diags,
                  "delete it before the upgrade: kubectl delete -n %.*s %s %.*s\n"
                  "or exclude Jobs and bare Pods: helm: {jobs: false}",
                  STR_ARG(namespace), pod ? "pod" : "job", STR_ARG(object->name));
    else
        diag_hint(injection->diags, "delete it before the upgrade, or exclude Jobs and bare "
                                    "Pods: helm: {jobs: false}");
}

void inject_check_hooks(const struct target *target)
{
    struct injection *injection = target->injection;
    if (!target->service->helm.hooks || target->workload->hook)
        return;
    diag_warning(injection->diags, target_helm_location(target->service, HELM_HOOKS),
                 RULE_NO_EFFECT,
                 "hooks: true has no effect: the workload, %.*s, is not a Helm hook",
                 STR_ARG(object_display_name(injection->arena, target->workload)));
    diag_hint(injection->diags, "remove helm.hooks, or select a hook: helm: {workload: NAME}");
}

void inject_check_exclusions(struct injection *injection, const struct service *service)
{
    const struct value *helm = record_value(service->record, SERVICE_HELM);
    if (helm->count == 0 || !record_has(helm->records[0], HELM_JOBS))
        return;
    diag_warning(injection->diags, record_location(helm->records[0], HELM_JOBS), RULE_NO_EFFECT,
                 "jobs has no effect without mode: fill and workload: \"*\"");
    diag_hint(injection->diags, "remove helm.jobs");
}
