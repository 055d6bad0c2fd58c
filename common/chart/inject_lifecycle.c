/* Gap filling in objects that are not upgraded with the release: Helm creates hooks at its own
 * time, and the API server refuses another pod template of a Job, or other containers of a Pod. */
#include "chart/inject_target.h"

/* True for an object whose pods cannot be changed, only replaced. */
static bool is_immutable(const struct object *object)
{
    return str_eq_c(object->kind, "Job") || str_eq_c(object->kind, "Pod");
}

bool inject_is_excluded(const struct target *target)
{
    const struct object *workload = target->workload;
    const struct helm *helm = &target->service->helm;
    if (workload->hook && !helm->hooks)
        inject_log(target, workload, CHANGE_KEPT, "", "%s",
                   "it is a hook, and the service has hooks: false");
    else if (!workload->hook && is_immutable(workload) && !helm->jobs)
        inject_log(target, workload, CHANGE_KEPT, "",
                   "it is a %.*s, and the service has jobs: false", STR_ARG(workload->kind));
    else
        return false;
    return true;
}

/* Settings that hooks do not get, by the name that they have when they are filled. Those of one
 * name follow each other. */
static const struct {
    enum field_id field;
    const char *what;
} not_for_hooks[] = {{SERVICE_HEALTHCHECK_PATH, "probes"},
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
                     {SERVICE_SECRETS, "env"},
                     {SERVICE_ENV_VARS, "env"},
                     {SERVICE_LINKS, "env"},
                     {SERVICE_COMMANDS, "command"},
                     {SERVICE_ARGS, "args"},
                     {SERVICE_TIMEOUT, "progressDeadlineSeconds"},
                     {SERVICE_GRACE_PERIOD, "terminationGracePeriodSeconds"},
                     {SERVICE_TOKEN, "automountServiceAccountToken"},
                     {SERVICE_TOLERATIONS, "tolerations"},
                     {SERVICE_POD_ANNOTATIONS, "template.annotations"},
                     {SERVICE_POD_LABELS, "template.labels"}};

/* True for a setting that the hook would get if it was none. Pods that end by themselves have no
 * probes, `healthcheck: none` adds none, and a timeout is for rollouts alone. */
static bool is_asked(const struct target *target, enum field_id field, struct str what)
{
    const struct object *workload = target->workload;
    if (!target_has(target, field) || (str_eq_c(what, "probes") && workload->ends))
        return false;
    if (field == SERVICE_TIMEOUT)
        return str_eq_c(workload->kind, "Deployment") || str_eq_c(workload->kind, "Rollout");
    return field != SERVICE_HEALTHCHECK ||
           !str_eq_c(record_value(target->service->record, field)->text, "none");
}

void inject_report_hook(const struct target *target)
{
    const char *reported = "";
    for (size_t i = 0; i < COUNT_OF(not_for_hooks); i++) {
        const char *what = not_for_hooks[i].what;
        if (str_eq_c(str_from_c(what), reported) ||
            !is_asked(target, not_for_hooks[i].field, str_from_c(what)))
            continue;
        inject_log(target, target->workload, CHANGE_KEPT, what,
                   "%shooks get only resources and security",
                   target->workload->ends ? "" : "it is a hook that keeps running, and ");
        reported = what;
    }
}

/* True if something of the object was changed by what was done since the first `done` deeds. */
static bool is_changed(const struct injection *injection, const struct object *object, size_t done)
{
    struct str name = object_kind_name(injection->arena, object);
    for (size_t i = done; i < injection->event_count; i++) {
        const struct change_event *change_event = &injection->events[i];
        if (change_event->kind == CHANGE_ADDED && str_equal(change_event->object, name))
            return true;
    }
    return false;
}

void inject_warn_immutable(struct injection *injection, const struct object *object, size_t done)
{
    struct arena *arena = injection->arena;
    bool pod = str_eq_c(object->kind, "Pod");
    if (object->hook || !is_immutable(object) || !is_changed(injection, object, done))
        return;
    struct str message =
        str_format(arena,
                   "%.*s: %s cannot be changed, so upgrading a release that was installed without "
                   "these settings fails",
                   STR_ARG(object_text(arena, object)),
                   pod ? "the containers of a Pod" : "the pod template of a Job");
    if (diags_contain(injection->diags, message))
        return; /* of another service */
    diag_warning(injection->diags, object_location(object), "%.*s", STR_ARG(message));
    struct str namespace = object->namespace.len ? object->namespace : STR("NAMESPACE");
    if (target_is_shell_word(object->name) && target_is_shell_word(object->namespace))
        diag_hint(injection->diags,
                  "delete it before that upgrade: kubectl delete -n %.*s %s %.*s\n"
                  "or leave out Jobs and bare Pods: helm: {jobs: false}",
                  STR_ARG(namespace), pod ? "pod" : "job", STR_ARG(object->name));
    else
        diag_hint(injection->diags, "delete it before that upgrade, or leave out Jobs and bare "
                                    "Pods: helm: {jobs: false}");
}

void inject_check_exemptions(struct injection *injection, const struct service *service)
{
    static const enum field_id fields[] = {HELM_HOOKS, HELM_JOBS};
    const struct value *helm = record_value(service->record, SERVICE_HELM);
    for (size_t i = 0; helm->count && i < COUNT_OF(fields); i++) {
        if (!record_has(helm->records[0], fields[i]))
            continue;
        diag_warning(injection->diags, record_location(helm->records[0], fields[i]),
                     "%s has no effect without mode: fill and workload: \"*\"",
                     schema_field(fields[i])->name);
        diag_hint(injection->diags, "leave it out");
    }
}
