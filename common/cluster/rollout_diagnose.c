/* Explains why pods are not ready: the cause, the last log lines of the pod that has it, the states
 * of pods, and warning events. */
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

static bool has_restarted(const struct node *pod)
{
    const struct node *blocking = blocking_container(pod);
    const struct node *status =
        blocking ? blocking : node_first_child(node_at(pod, "status containerStatuses"));
    return object_number(status, "restartCount", 0) > 0;
}

static void warn_forbidden(const struct kubectl *kubectl, const struct process *run)
{
    if (kubectl_forbidden(run))
        kubectl_warn(kubectl, run);
}

/* Adds the last log lines of a pod, from before its restart if it had one. A missing log is not an
 * error. */
static void add_log(struct buf *out, const struct kubectl *kubectl, const struct node *pod)
{
    const char *tail = str_format(kubectl->arena, "--tail=%d", LOG_LINES).data;
    struct argv argv =
        kubectl_argv(kubectl, "logs", str_to_c(kubectl->arena, object_name(pod)), "--namespace",
                     str_to_c(kubectl->arena, object_namespace(pod)), tail, NULL);
    const struct node *blocking = blocking_container(pod);
    if (blocking) {
        argv_add(kubectl->arena, &argv, "--container");
        argv_add(kubectl->arena, &argv,
                 str_to_c(kubectl->arena, node_string(node_at(blocking, "name"))));
    }
    if (has_restarted(pod))
        argv_add(kubectl->arena, &argv, "--previous");
    struct process run = {.arguments = argv.items};
    kubectl_poll(kubectl, &run, 1);
    warn_forbidden(kubectl, &run);
    struct str text = process_succeeded(&run) ? buf_str(&run.output) : (struct str){0};
    if (text.len)
        add_line(
            out, "  ",
            str_format(kubectl->arena, "last log lines of pod %.*s:", STR_ARG(object_name(pod))));
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);)
        add_line(out, "    ", line);
    process_free(&run);
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
        if (map_add(arena, &seen, message, events))
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
    size_t count = 0;
    for (const struct node *pod = lists.pods; pod && count < PODS_SHOWN; pod = pod->next)
        if (pod_is_unready(pod))
            shown[count++] = pod;
    struct buf out = {0};
    add_cause(&out, &cause);
    console_print_messages(buf_str(&out));
    out.len = 0;
    const struct node *logged = cause.what.len ? cause.pod : count ? shown[0] : NULL;
    if (logged)
        add_log(&out, kubectl, logged);
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
