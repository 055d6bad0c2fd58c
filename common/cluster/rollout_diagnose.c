/* Why pods do not get ready: their states, the last lines of the first one's log, and the warnings
 * that Kubernetes has for them. */
#include "cluster/apply.h"
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

static bool is_true(const struct node *pod, const char *type)
{
    return str_eq_c(node_string(node_at(object_condition(pod, type), "status")), "True");
}

/* Why it is nowhere yet, where the scheduler says so. */
static struct str scheduling(const struct node *pod)
{
    const struct node *scheduled = object_condition(pod, "PodScheduled");
    bool nowhere = str_eq_c(node_string(node_at(scheduled, "status")), "False");
    return nowhere ? node_string(node_at(scheduled, "message")) : (struct str){0};
}

static struct str with_message(struct arena *arena, struct str reason, const struct node *message)
{
    struct str text = node_string(message);
    return str_format(arena, "%.*s%s%.*s", STR_ARG(reason), text.len ? ": " : "", STR_ARG(text));
}

static struct str ended(struct arena *arena, const struct node *terminated)
{
    return str_format(arena, "ended with exit status %" PRId64 " (%.*s)",
                      object_number(terminated, "exitCode", -1),
                      STR_ARG(node_string(node_at(terminated, "reason"))));
}

/* What a container does instead of being ready. */
static struct str container_state(struct arena *arena, const struct node *status)
{
    const struct node *waiting = node_at(status, "state waiting");
    const struct node *terminated = node_at(status, "state terminated");
    const struct node *before = node_at(status, "lastState terminated");
    struct str text = STR("runs, but its readiness probe fails");
    if (waiting)
        text = with_message(arena, node_string(node_at(waiting, "reason")),
                            node_at(waiting, "message"));
    else if (terminated)
        text = ended(arena, terminated);
    if (before)
        text = str_format(arena, "%.*s; before that it %.*s", STR_ARG(text),
                          STR_ARG(ended(arena, before)));
    return text;
}

static void add_pod(struct buf *out, struct arena *arena, const struct node *pod)
{
    struct str name = object_name(pod);
    struct str nowhere = scheduling(pod);
    const struct node *status = node_first_child(node_at(pod, "status containerStatuses"));
    size_t before = out->len;
    if (nowhere.len)
        add_line(
            out, "  ",
            str_format(arena, "pod %.*s: is on no node: %.*s", STR_ARG(name), STR_ARG(nowhere)));
    for (; status; status = status->next)
        if (!str_eq_c(node_string(node_at(status, "ready")), "true"))
            add_line(out, "  ",
                     str_format(arena, "pod %.*s: container %.*s: %.*s", STR_ARG(name),
                                STR_ARG(node_string(node_at(status, "name"))),
                                STR_ARG(container_state(arena, status))));
    if (out->len == before)
        add_line(out, "  ",
                 str_format(arena, "pod %.*s: %.*s", STR_ARG(name),
                            STR_ARG(with_message(arena, node_string(node_at(pod, "status phase")),
                                                 node_at(pod, "status message")))));
}

static bool restarted(const struct node *pod)
{
    const struct node *status = node_first_child(node_at(pod, "status containerStatuses"));
    return object_number(status, "restartCount", 0) > 0;
}

static void warn_forbidden(const struct kubectl *kubectl, const struct process *run)
{
    if (kubectl_forbidden(run))
        kubectl_warn(kubectl, run);
}

/* What a pod wrote last, before its restart if it had one. No log is no failure. */
static void add_log(struct buf *out, const struct kubectl *kubectl, const struct node *pod)
{
    const char *tail = str_format(kubectl->arena, "--tail=%d", LOG_LINES).data;
    struct argv argv =
        kubectl_argv(kubectl, "logs", str_to_c(kubectl->arena, object_name(pod)), "--namespace",
                     str_to_c(kubectl->arena, object_namespace(pod)), tail, NULL);
    if (restarted(pod))
        argv_add(kubectl->arena, &argv, "--previous");
    struct process run = {.arguments = argv.items};
    kubectl_poll(kubectl, &run, 1);
    warn_forbidden(kubectl, &run);
    struct str text = process_succeeded(&run) ? buf_str(&run.output) : (struct str){0};
    if (text.len)
        add_line(
            out, "  ",
            str_format(kubectl->arena, "the last lines of pod %.*s:", STR_ARG(object_name(pod))));
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

/* Of the pods that are shown, of the workload, its ReplicaSets and autoscaler, and of its claims:
 * NAME, NAME-..., CLAIM-NAME-0. Pods that are gone are of no interest any more. */
static bool concerns(struct arena *arena, const struct node *event, struct str name,
                     const struct node *const *pods, size_t count)
{
    struct str object = node_string(node_at(event, "involvedObject name"));
    const struct kind *kind = kind_find(node_string(node_at(event, "involvedObject kind")));
    switch (kind ? kind->events : EVENTS_OF_NAME) {
    case EVENTS_OF_PODS:
        return is_shown(pods, count, object);
    case EVENTS_OF_CLAIMS:
        return strstr(str_to_c(arena, object), str_format(arena, "-%.*s-", STR_ARG(name)).data) !=
               NULL;
    case EVENTS_NONE:
        return false;
    case EVENTS_OF_NAME:
        break;
    }
    return str_equal(object, name) ||
           str_starts_with(object, str_format(arena, "%.*s-", STR_ARG(name)));
}

static struct str event_time(const struct node *event)
{
    struct str last = node_string(node_at(event, "lastTimestamp"));
    return last.len ? last : node_string(node_at(event, "eventTime"));
}

static int by_time(const void *a, const void *b)
{
    return str_compare(event_time(*(const struct node *const *)a),
                       event_time(*(const struct node *const *)b));
}

static void add_events(struct buf *out, struct arena *arena, struct node *events, struct str name,
                       const struct node *const *pods, size_t pod_count)
{
    const struct node **chosen = NULL;
    size_t count = 0;
    for (const struct node *event = events; event; event = event->next)
        if (concerns(arena, event, name, pods, pod_count)) {
            chosen = arena_grow(arena, chosen, count, sizeof(const struct node *));
            chosen[count++] = event;
        }
    if (count)
        qsort(chosen, count, sizeof(const struct node *), by_time);
    struct map seen = {0};
    for (size_t i = 0; i < pod_count; i++) /* said already */
        map_add(arena, &seen, scheduling(pods[i]), events);
    for (size_t i = count, shown = 0; i-- > 0 && shown < EVENTS_SHOWN;) {
        struct str message = node_string(node_at(chosen[i], "message"));
        if (map_add(arena, &seen, message, events))
            continue;
        add_line(out, "  ",
                 str_format(arena, "event of %.*s %.*s: %.*s",
                            STR_ARG(node_string(node_at(chosen[i], "involvedObject kind"))),
                            STR_ARG(node_string(node_at(chosen[i], "involvedObject name"))),
                            STR_ARG(message)));
        shown++;
    }
}

void rollout_explain(struct apply *apply, const struct rollout *rollout)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    const char *namespace = rollout->deployed->namespace->name.data;
    struct arena *arena = kubectl->arena;
    struct process runs[] = {
        {.arguments = kubectl_argv(kubectl, "get", "pods", "--namespace", namespace,
                                   deployed_service_pod_selector(arena, rollout->deployed),
                                   "--output=json", NULL)
                          .items},
        {.arguments = kubectl_argv(kubectl, "get", "events", "--namespace", namespace,
                                   "--field-selector=type=Warning", "--output=json", NULL)
                          .items},
    };
    kubectl_poll(kubectl, runs, 2);
    warn_forbidden(kubectl, &runs[0]);
    warn_forbidden(kubectl, &runs[1]);
    struct buf out = {0};
    const struct node *pod =
        process_succeeded(&runs[0]) ? kubectl_items(kubectl_parse_output(kubectl, &runs[0])) : NULL;
    struct node *events =
        process_succeeded(&runs[1]) ? kubectl_items(kubectl_parse_output(kubectl, &runs[1])) : NULL;
    const struct node *shown[PODS_SHOWN];
    size_t count = 0;
    for (; pod && count < PODS_SHOWN; pod = pod->next) {
        if (is_true(pod, "Ready") || node_at(pod, "metadata deletionTimestamp"))
            continue;
        add_pod(&out, arena, pod);
        shown[count++] = pod;
    }
    if (count)
        add_log(&out, kubectl, shown[0]);
    add_events(&out, arena, events, object_name(rollout->workload), shown, count);
    console_print_error(buf_str(&out));
    buf_free(&out);
    process_free(&runs[0]);
    process_free(&runs[1]);
}
