/* Explains why pods are not ready, or why a Job does not succeed: the cause, the last log lines of
 * the pod that has it, the states of pods, and warning events. */
#include "cluster/apply.h"
#include "cluster/rollout_cause.h"
#include "os/console.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    PODS_SHOWN = 3,
    EVENTS_SHOWN = 5,
    LOG_LINES = 20,
};

static void add_line(struct buf *out, const char *lead, struct str text)
{
    buf_add(out, str_from_c(lead));
    diag_add_visible(out, text);
    buf_add_byte(out, '\n');
}

static struct str with_message(struct arena *arena, struct str reason, const struct node *message)
{
    struct str text = node_string(message);
    return str_format(arena, "%.*s%s%.*s", STR_ARG(reason), text.len ? ": " : "", STR_ARG(text));
}

static struct str exit_message(struct arena *arena, const struct node *terminated)
{
    return str_format(arena, "exited with code %" PRId64 " (%.*s)",
                      object_number(terminated, "exitCode", -1),
                      STR_ARG(node_string(node_at(terminated, "reason"))));
}

/* Describes the state of a container that is not ready. */
static struct str container_state(struct arena *arena, const struct node *status)
{
    const struct node *waiting = node_at(status, "state waiting");
    const struct node *terminated = node_at(status, "state terminated");
    const struct node *before = node_at(status, "lastState terminated");
    struct str text = STR("running, but its readiness probe fails");
    if (waiting)
        text = with_message(arena, node_string(node_at(waiting, "reason")),
                            node_at(waiting, "message"));
    else if (terminated)
        text = exit_message(arena, terminated);
    if (before)
        text = str_format(arena, "%.*s; previously %.*s", STR_ARG(text),
                          STR_ARG(exit_message(arena, before)));
    return text;
}

static bool is_ready(const struct node *status)
{
    return str_eq_c(node_string(node_at(status, "ready")), "true");
}

/* Returns the state of the first init container or sidecar that is not ready, and that the service
 * waits for; NULL if there is none. */
static const struct node *blocking_container(const struct node *pod)
{
    const struct node *status = node_first_child(node_at(pod, "status initContainerStatuses"));
    while (status && is_ready(status))
        status = status->next;
    return status;
}

static void add_container(struct buf *out, struct arena *arena, const struct node *pod,
                          const struct node *status)
{
    add_line(out, "  ",
             str_format(arena, "pod %.*s: container %.*s: %.*s", STR_ARG(object_name(pod)),
                        STR_ARG(node_string(node_at(status, "name"))),
                        STR_ARG(container_state(arena, status))));
}

static void add_pod(struct buf *out, struct arena *arena, const struct node *pod)
{
    struct str name = object_name(pod);
    struct str unschedulable = pod_unschedulable_message(pod);
    const struct node *status = node_first_child(node_at(pod, "status containerStatuses"));
    const struct node *blocking = blocking_container(pod);
    size_t before = out->len;
    if (unschedulable.len)
        add_line(out, "  ",
                 str_format(arena, "pod %.*s: unschedulable: %.*s", STR_ARG(name),
                            STR_ARG(unschedulable)));
    if (blocking)
        add_container(out, arena, pod, blocking);
    for (; status && !blocking; status = status->next)
        if (!is_ready(status))
            add_container(out, arena, pod, status);
    if (out->len == before)
        add_line(out, "  ",
                 str_format(arena, "pod %.*s: %.*s", STR_ARG(name),
                            STR_ARG(with_message(arena, node_string(node_at(pod, "status phase")),
                                                 node_at(pod, "status message")))));
}

/* Returns the state of the container whose log explains most. NULL if it has none. */
static const struct node *logged_container(const struct node *pod)
{
    const struct node *blocking = blocking_container(pod);
    struct str name = node_string(node_at(pod_service_container(pod), "name"));
    return blocking ? blocking : node_find_named(node_at(pod, "status containerStatuses"), name);
}

static void warn_forbidden(const struct kubectl *kubectl, const struct process *run)
{
    if (kubectl_forbidden(run))
        kubectl_warn(kubectl, run);
}

struct process pod_log_run(const struct kubectl *kubectl, const struct node *pod)
{
    struct arena *arena = kubectl->arena;
    const char *tail = str_format(arena, "--tail=%d", LOG_LINES).data;
    struct argv argv =
        kubectl_argv(kubectl, "logs", str_to_c(arena, object_name(pod)), "--namespace",
                     str_to_c(arena, object_namespace(pod)), tail, NULL);
    const struct node *status = logged_container(pod);
    if (status) {
        argv_add(arena, &argv, "--container");
        argv_add(arena, &argv, str_to_c(arena, node_string(node_at(status, "name"))));
    }
    /* The lines from before a restart say why it was restarted. */
    if (object_number(status, "restartCount", 0) > 0)
        argv_add(arena, &argv, "--previous");
    return (struct process){.arguments = argv.items};
}

/* Returns the last log lines of a pod. A missing log is not an error. */
static struct pod_log read_log(const struct kubectl *kubectl, const struct node *pod)
{
    struct process run = pod_log_run(kubectl, pod);
    struct pod_log log = {.pod = object_name(pod)};
    kubectl_poll(kubectl, &run, 1);
    warn_forbidden(kubectl, &run);
    if (process_succeeded(&run))
        log.text = str_copy(kubectl->arena, buf_str(&run.output));
    process_free(&run);
    return log;
}

static void add_log(struct buf *out, struct arena *arena, const struct pod_log *log)
{
    if (log->text.len)
        add_line(out, "  ", str_format(arena, "last log lines of pod %.*s:", STR_ARG(log->pod)));
    struct str line;
    for (size_t at = 0; str_next_line(log->text, &at, &line);)
        add_line(out, "    ", line);
}

static bool is_shown(const struct node *const *pods, size_t count, struct str name)
{
    for (size_t i = 0; i < count; i++)
        if (str_equal(object_name(pods[i]), name))
            return true;
    return false;
}

/* True for an event of the shown pods, of the workload, its ReplicaSets or autoscaler (NAME,
 * NAME-...), or of its claims (CLAIM-NAME-0). Other pods no longer exist or are ready. */
static bool is_related_event(struct arena *arena, const struct node *event, struct str name,
                             const struct node *const *pods, size_t count)
{
    struct str object = node_string(node_at(event, "involvedObject name"));
    const struct kind *kind = kind_find(node_string(node_at(event, "involvedObject kind")));
    if (kind && kind->role == ROLE_JOB) /* those of CronJobs have other names */
        return str_equal(object, name);
    switch (kind ? kind->events : EVENTS_NONE) {
    case EVENTS_OF_PODS:
        return is_shown(pods, count, object);
    case EVENTS_OF_CLAIMS:
        return str_contains(object, str_format(arena, "-%.*s-", STR_ARG(name)));
    case EVENTS_NONE:
        return false;
    case EVENTS_OF_NAME:
        break;
    }
    return str_equal(object, name) ||
           str_starts_with(object, str_format(arena, "%.*s-", STR_ARG(name)));
}

static int by_time(const void *a, const void *b)
{
    return str_compare(event_time(*(const struct node *const *)a),
                       event_time(*(const struct node *const *)b));
}

/* Returns what an event has in common with others that say the same: names of pods in its message
 * may differ. The reason of an event says nothing about which probe has failed. */
static struct str event_key(struct arena *arena, const struct node *event)
{
    struct str reason = node_string(node_at(event, "reason"));
    if (reason.len == 0 || str_eq_c(reason, "Unhealthy"))
        return node_string(node_at(event, "message"));
    return str_format(arena, "%.*s %.*s %.*s",
                      STR_ARG(node_string(node_at(event, "involvedObject kind"))),
                      STR_ARG(node_string(node_at(event, "involvedObject name"))), STR_ARG(reason));
}

/* `cause`: the events that say it were already printed. */
static void add_events(struct buf *out, struct arena *arena, const struct node *events,
                       struct str name, const struct node *const *pods, size_t pod_count,
                       const struct cause *cause)
{
    const struct node **chosen = NULL;
    size_t count = 0;
    for (const struct node *event = events; event; event = event->next)
        if (is_related_event(arena, event, name, pods, pod_count) &&
            !(cause->reason && str_eq_c(node_string(node_at(event, "reason")), cause->reason))) {
            chosen = arena_grow(arena, chosen, count, sizeof(const struct node *));
            chosen[count++] = event;
        }
    if (count)
        qsort(chosen, count, sizeof(const struct node *), by_time);
    struct map seen = {0};
    map_add(arena, &seen, cause->event, cause);
    for (size_t i = 0; i < pod_count; i++)
        map_add(arena, &seen, pod_unschedulable_message(pods[i]), events);
    for (size_t i = count, shown = 0; i-- > 0 && shown < EVENTS_SHOWN;) {
        struct str message = node_string(node_at(chosen[i], "message"));
        if (map_get(&seen, message) || map_add(arena, &seen, event_key(arena, chosen[i]), events))
            continue;
        add_line(out, "  ",
                 str_format(arena, "event for %.*s %.*s: %.*s",
                            STR_ARG(node_string(node_at(chosen[i], "involvedObject kind"))),
                            STR_ARG(node_string(node_at(chosen[i], "involvedObject name"))),
                            STR_ARG(message)));
        shown++;
    }
}

static void add_cause(struct buf *out, const struct cause *cause)
{
    if (cause->what.len)
        add_line(out, "  cause: ", cause->what);
    if (cause->fix.len)
        add_line(out, "  fix: ", cause->fix);
}

/* Returns the items of a list that a process has printed; NULL if it failed. */
static const struct node *items_of(const struct kubectl *kubectl, const struct process *run)
{
    return process_succeeded(run) && run->output.len
               ? kubectl_items(kubectl_parse_output(kubectl, run))
               : NULL;
}

/* Adds the pods that are not ready, and that have or do not have a revision, to `shown`, which
 * already has some. Returns their number. */
static size_t choose_pods(const struct rollout_state_lists *lists,
                          const struct pod_revision *revision, bool has, const struct node **shown,
                          size_t count)
{
    for (const struct node *pod = lists->pods; pod && count < PODS_SHOWN; pod = pod->next)
        if (pod_is_unready(pod) && pod_has_revision(pod, revision) == has)
            shown[count++] = pod;
    return count;
}

void rollout_explain(struct apply *apply, const struct rollout *rollout)
{
    enum { PODS, EVENTS, WORKLOAD, COUNT };
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    const char *namespace = rollout->deployed->namespace->name.data;
    struct arena *arena = kubectl->arena;
    struct process runs[COUNT] = {
        [PODS] = {.arguments = kubectl_argv(kubectl, "get", "pods", "--namespace", namespace,
                                            deployed_service_pod_selector(arena, rollout->deployed),
                                            "--output=json", NULL)
                                   .items},
        [EVENTS] = {.arguments =
                        kubectl_argv(kubectl, "get", "events", "--namespace", namespace,
                                     "--field-selector=type=Warning", "--output=json", NULL)
                            .items},
        [WORKLOAD] = {.arguments =
                          kubectl_argv(kubectl, "get", object_title(arena, rollout->workload).data,
                                       "--namespace", namespace, "--ignore-not-found",
                                       "--output=json", NULL)
                              .items},
    };
    kubectl_poll(kubectl, runs, COUNT);
    warn_forbidden(kubectl, &runs[PODS]);
    warn_forbidden(kubectl, &runs[EVENTS]);
    const struct rollout_state_lists lists = {.pods = items_of(kubectl, &runs[PODS]),
                                              .events = items_of(kubectl, &runs[EVENTS]),
                                              .workload = items_of(kubectl, &runs[WORKLOAD]),
                                              .container = rollout->deployed->service->name};
    struct cause cause = rollout_find_cause(arena, &lists);
    const struct node *shown[PODS_SHOWN];
    const struct pod_revision newest = rollout_newest_revision(&lists);
    size_t count = choose_pods(&lists, &newest, true, shown, 0);
    count = choose_pods(&lists, &newest, false, shown, count);
    struct buf out = {0};
    add_cause(&out, &cause);
    console_print_messages(buf_str(&out));
    out.len = 0;
    const struct node *logged = cause.what.len ? cause.pod : count ? shown[0] : NULL;
    const struct pod_log log = logged ? read_log(kubectl, logged) : (struct pod_log){0};
    add_log(&out, arena, &log);
    console_print_error(buf_str(&out)); /* log lines are not wrapped */
    out.len = 0;
    for (size_t i = 0; i < count; i++)
        add_pod(&out, arena, shown[i]);
    add_events(&out, arena, lists.events, object_name(rollout->workload), shown, count, &cause);
    console_print_messages(buf_str(&out));
    buf_free(&out);
    for (size_t i = 0; i < COUNT; i++)
        process_free(&runs[i]);
}

static int newest_first(const void *a, const void *b)
{
    const struct node *left = *(const struct node *const *)a;
    const struct node *right = *(const struct node *const *)b;
    return str_compare(node_string(node_at(right, "metadata creationTimestamp")),
                       node_string(node_at(left, "metadata creationTimestamp")));
}

/* Sorts the pods of a Job, the newest first. Returns the first one. */
static const struct node *sort_pods(struct arena *arena, struct node *pods)
{
    struct node **sorted = NULL;
    size_t count = 0;
    for (struct node *pod = pods; pod; pod = pod->next) {
        sorted = arena_grow(arena, sorted, count, sizeof(struct node *));
        sorted[count++] = pod;
    }
    if (count == 0)
        return NULL;
    qsort(sorted, count, sizeof(struct node *), newest_first);
    for (size_t i = 0; i < count; i++)
        sorted[i]->next = i + 1 < count ? sorted[i + 1] : NULL;
    return sorted[0];
}

struct process pods_run(const struct kubectl *kubectl, const struct node *job, const char *selector)
{
    const char *namespace = str_to_c(kubectl->arena, object_namespace(job));
    return (struct process){.arguments = kubectl_argv(kubectl, "get", "pods", "--namespace",
                                                      namespace, selector, "--output=json", NULL)
                                             .items};
}

const struct node *pods_newest(const struct kubectl *kubectl, const struct process *run)
{
    return process_succeeded(run)
               ? sort_pods(kubectl->arena, kubectl_items(kubectl_parse_output(kubectl, run)))
               : NULL;
}

/* Returns the newest pods of a Job, at most PODS_SHOWN, and their number. */
static size_t query_pods(const struct kubectl *kubectl, const struct node *job,
                         const char *selector, const struct node **ret_pods)
{
    struct process run = pods_run(kubectl, job, selector);
    size_t count = 0;
    kubectl_poll(kubectl, &run, 1);
    warn_forbidden(kubectl, &run);
    const struct node *pod = pods_newest(kubectl, &run);
    for (; pod && count < PODS_SHOWN; pod = pod->next)
        ret_pods[count++] = pod;
    process_free(&run);
    return count;
}

void apply_explain_job(struct apply *apply, const struct node *job, const char *selector,
                       const struct pod_log *last)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    const struct node *pods[PODS_SHOWN];
    const struct cause unknown = {0};
    size_t count = query_pods(kubectl, job, selector, pods);
    struct process run = {.arguments =
                              kubectl_argv(kubectl, "get", "events", "--namespace",
                                           str_to_c(kubectl->arena, object_namespace(job)),
                                           "--field-selector=type=Warning", "--output=json", NULL)
                                  .items};
    kubectl_poll(kubectl, &run, 1);
    warn_forbidden(kubectl, &run);
    struct pod_log log = count ? read_log(kubectl, pods[0]) : (struct pod_log){0};
    struct buf out = {0};
    for (size_t i = 0; i < count; i++)
        if (pod_is_unready(pods[i]))
            add_pod(&out, kubectl->arena, pods[i]);
    console_print_messages(buf_str(&out));
    out.len = 0;
    add_log(&out, kubectl->arena, log.text.len ? &log : last);
    console_print_error(buf_str(&out)); /* log lines are not wrapped */
    out.len = 0;
    add_events(&out, kubectl->arena, items_of(kubectl, &run), object_name(job), pods, count,
               &unknown);
    console_print_messages(buf_str(&out));
    buf_free(&out);
    process_free(&run);
}

void apply_print_job_log(struct apply *apply, const struct node *job, const char *selector)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    const struct node *pods[PODS_SHOWN];
    struct pod_log log = {0};
    struct buf out = {0};
    if (query_pods(kubectl, job, selector, pods))
        log = read_log(kubectl, pods[0]);
    add_log(&out, kubectl->arena, &log);
    console_print_error(buf_str(&out));
    buf_free(&out);
}

struct str pod_problem(struct arena *arena, const struct node *pod)
{
    struct str unschedulable = pod ? pod_unschedulable_message(pod) : (struct str){0};
    struct str reason =
        node_string(node_at(pod ? pod_blocking_container(pod) : NULL, "state waiting reason"));
    if (unschedulable.len)
        return str_format(arena, "unschedulable: %.*s", STR_ARG(unschedulable));
    if (str_eq_c(reason, "ContainerCreating") || str_eq_c(reason, "PodInitializing"))
        return (struct str){0};
    return reason;
}
