/* Waits for pods and prints their progress. It polls, so that a short outage of the server does not
 * end the wait. */
#include "cluster/apply.h"

#include "format/duration.h"
#include "os/console.h"
#include "os/progress.h"

#include <inttypes.h>
#include <string.h>

enum { POLL_FIRST = 300, POLL_LAST = 2000 /* ms between two queries */ };

/* The state of a wait. */
struct rollout_watch {
    struct apply *apply;
    struct arena arena; /* for the last response */
    int64_t started;    /* process_monotonic_ms() */
    int64_t limit; /* ms in total; 0: each service fails after its `timeout` without progress */
    bool terminal;
    struct progress progress; /* on the terminal */
    struct str query_error;   /* why the last query failed */
};

static bool is_waiting(const struct rollout *rollout)
{
    return rollout->state == ROLLOUT_WAITS;
}

static bool any_waiting(const struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++)
        if (is_waiting(&apply->rollouts[i]))
            return true;
    return false;
}

struct str rollout_deadline_exceeded_at(const struct node *workload)
{
    const struct node *progressing = object_condition(workload, "Progressing");
    return str_eq_c(node_string(node_at(progressing, "reason")), "ProgressDeadlineExceeded")
               ? node_string(node_at(progressing, "lastUpdateTime"))
               : (struct str){0};
}

/* The pod counts that kubectl uses too (pkg/polymorphichelpers/rollout_status.go). */
struct pod_counts {
    int64_t desired;
    int64_t all;
    int64_t updated;
    int64_t ready; /* any revision */
    int64_t available;
};

static struct pod_counts count_pods(const struct node *workload)
{
    return (struct pod_counts){.desired = object_number(workload, "spec replicas", 1),
                               .all = object_number(workload, "status replicas", 0),
                               .updated = object_number(workload, "status updatedReplicas", 0),
                               .ready = object_number(workload, "status readyReplicas", 0),
                               .available = object_number(workload, "status availableReplicas", 0)};
}

bool rollout_is_observed(const struct node *workload)
{
    return object_number(workload, "status observedGeneration", 0) >=
           object_number(workload, "metadata generation", 0);
}

static bool is_updated(const struct node *workload, const struct pod_counts *counts)
{
    if (!kind_is_stateful(workload))
        return counts->updated >= counts->desired && counts->all <= counts->updated;
    return counts->updated >= counts->desired &&
           str_equal(node_string(node_at(workload, "status updateRevision")),
                     node_string(node_at(workload, "status currentRevision")));
}

bool rollout_is_complete(const struct node *workload)
{
    struct pod_counts counts = count_pods(workload);
    return rollout_is_observed(workload) && is_updated(workload, &counts) &&
           counts.available >= counts.desired;
}

/* Returns how many pods must be ready: with an autoscaler at least its minimum. */
static int64_t required_pods(const struct rollout *rollout, const struct pod_counts *counts)
{
    return rollout->min_pods > counts->desired ? rollout->min_pods : counts->desired;
}

static void print_progress(struct rollout_watch *wait, struct rollout *rollout, struct str text)
{
    if (str_equal(rollout->progress, text))
        return;
    rollout->progress = str_copy(&wait->apply->cluster.arena, text);
    rollout->progress_at = process_monotonic_ms();
    if (!wait->terminal)
        cluster_print(&wait->apply->cluster, "%.*s: %.*s", STR_ARG(rollout->title), STR_ARG(text));
}

static void fail(struct rollout_watch *wait, struct rollout *rollout, struct str why)
{
    rollout->state = ROLLOUT_FAILED;
    rollout->reason = str_copy(&wait->apply->cluster.arena, why);
}

/* Describes a rollout whose pods are not all replaced or not all ready. */
static struct str describe_unfinished(struct arena *arena, const struct pod_counts *counts,
                                      int64_t required)
{
    int64_t old = counts->all > counts->updated ? counts->all - counts->updated : 0;
    /* The status does not count ready pods by revision. The old ones are ready, because others are
     * replaced first. */
    int64_t ready = counts->available > old ? counts->available - old : 0;
    struct str text = str_format(arena, "%" PRId64 " of %" PRId64 " pods ready", ready, required);
    return old ? str_format(arena, "%.*s, %" PRId64 " old", STR_ARG(text), old) : text;
}

enum rollout_progress rollout_progress(struct arena *arena, const struct node *workload,
                                       struct str *ret_message)
{
    struct pod_counts counts = count_pods(workload);
    *ret_message = (struct str){0};
    if (!rollout_is_observed(workload)) {
        *ret_message = STR("waiting for the controller to observe the change");
        return ROLLOUT_PROGRESSING;
    }
    if (is_updated(workload, &counts))
        return ROLLOUT_COMPLETE;
    *ret_message = describe_unfinished(arena, &counts, counts.desired);
    if (!rollout_deadline_exceeded_at(workload).len)
        return ROLLOUT_PROGRESSING;
    *ret_message = STR_JOIN(arena, STR("progress deadline exceeded: "), *ret_message);
    return ROLLOUT_EXPIRED;
}

/* Describes the progress of a workload that its controller has observed. */
static struct str describe_pods(struct arena *arena, const struct rollout *rollout,
                                const struct node *workload, bool *ret_done)
{
    struct pod_counts counts = count_pods(workload);
    int64_t required = required_pods(rollout, &counts);
    *ret_done =
        is_updated(workload, &counts) && counts.available >= required && counts.ready >= required;
    if (*ret_done && required == 0)
        return STR("scaled to 0 pods");
    /* More may be ready while the workload scales down. */
    if (*ret_done)
        return str_format(arena, "ready, %" PRId64 " %s", required, required == 1 ? "pod" : "pods");
    return describe_unfinished(arena, &counts, required);
}

/* The condition of an earlier, failed rollout remains until this one makes progress. */
static void check_expired(struct rollout_watch *wait, struct rollout *rollout,
                          const struct node *workload)
{
    struct str expired = rollout_deadline_exceeded_at(workload);
    if (is_waiting(rollout) && expired.len && !str_equal(expired, rollout->deadline_exceeded_at))
        fail(wait, rollout,
             str_format(&wait->arena, "progress deadline of %" PRId64 " s exceeded",
                        object_number(workload, "spec progressDeadlineSeconds", 600)));
}

/* Sets the state of a rollout from its live workload (NULL: not found), and prints progress. */
static void evaluate(struct rollout_watch *wait, struct rollout *rollout,
                     const struct node *workload)
{
    bool done = false;
    if (!workload) {
        print_progress(
            wait, rollout,
            str_format(&wait->arena, "%.*s not found", STR_ARG(object_kind(rollout->workload))));
        return;
    }
    if (!rollout->rolled_back && apply_is_superseded(wait->apply, &wait->arena, workload)) {
        apply_mark_superseded(wait->apply, rollout, workload);
        return;
    }
    if (!rollout_is_observed(workload)) {
        print_progress(wait, rollout, STR("waiting for the controller to observe the change"));
        return;
    }
    print_progress(wait, rollout, describe_pods(&wait->arena, rollout, workload, &done));
    if (done)
        rollout->state = ROLLOUT_DONE;
    check_expired(wait, rollout, workload);
}

static void check_deadline(struct rollout_watch *wait, struct rollout *rollout)
{
    struct arena *arena = &wait->arena;
    int64_t now = process_monotonic_ms();
    int64_t timeout = rollout->deployed->service->timeout;
    if (!is_waiting(rollout))
        return;
    if (wait->limit && now - wait->started >= wait->limit)
        fail(wait, rollout, str_format(arena, "not ready after %" PRId64 " s", wait->limit / 1000));
    else if (!wait->limit && now - rollout->progress_at >= timeout * 1000)
        fail(wait, rollout, str_format(arena, "no progress for %" PRId64 " s", timeout));
    rollout->unknown = !is_waiting(rollout) && wait->query_error.len;
    if (rollout->unknown)
        rollout->reason =
            str_format(&wait->apply->cluster.arena, "%.*s, and the cluster does not answer: %.*s",
                       STR_ARG(rollout->reason), STR_ARG(wait->query_error));
}

static bool is_stuck(const struct node *pod)
{
    static const char *const reasons[] = {
        "CrashLoopBackOff", "ImagePullBackOff",           "ErrImagePull",
        "InvalidImageName", "CreateContainerConfigError", "CreateContainerError",
        "RunContainerError"};
    static const char *const lists[] = {"status initContainerStatuses", "status containerStatuses"};
    for (size_t list = 0; list < COUNT_OF(lists); list++) {
        const struct node *status = node_first_child(node_at(pod, lists[list]));
        for (; status; status = status->next)
            for (size_t i = 0; i < COUNT_OF(reasons); i++)
                if (str_eq_c(node_string(node_at(status, "state waiting reason")), reasons[i]))
                    return true;
    }
    return false;
}

/* A StatefulSet does not replace a pod that never becomes ready: deletes stuck pods of earlier
 * revisions.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback */
static void delete_stuck_pods(struct rollout_watch *wait, const struct rollout *rollout,
                              const struct node *workload)
{
    const struct cluster *cluster = &wait->apply->cluster;
    struct diags diags = {.arena =
                              &wait->arena}; /* errors are ignored: the user may lack permission */
    const struct kubectl kubectl = {.options = &cluster->options->kubectl,
                                    .arena = &wait->arena,
                                    .diags = &diags,
                                    .limit = POLL_TIMEOUT_MS};
    const char *namespace = str_to_c(&wait->arena, object_namespace(workload));
    struct str revision = node_string(node_at(workload, "status updateRevision"));
    struct node *pod = kubectl_items(
        kubectl_get(&kubectl, "pods", "--namespace", namespace,
                    deployed_service_selector(&wait->arena, rollout->deployed), NULL));
    for (; pod; pod = pod->next) {
        if (!str_equal(object_controller(pod), object_uid(workload)) || !is_stuck(pod) ||
            node_at(pod, "metadata deletionTimestamp") ||
            str_equal(object_label(pod, "controller-revision-hash"), revision))
            continue;
        if (kubectl_delete(&kubectl, &(struct node *){pod}, 1, false) == 1)
            cluster_print(cluster, "%.*s: deleted pod %.*s of an earlier revision, which was stuck",
                          STR_ARG(rollout->title), STR_ARG(object_name(pod)));
        wait->progress.lines = 0;
    }
}

static void evaluate_namespace(struct rollout_watch *wait,
                               const struct cluster_namespace *namespace, const struct map *items)
{
    for (size_t i = 0; i < namespace->service_count; i++) {
        struct rollout *rollout = apply_rollout(wait->apply, namespace->services[i]);
        if (!is_waiting(rollout))
            continue;
        const struct node *workload = map_get(items, object_key(&wait->arena, rollout->workload));
        evaluate(wait, rollout, workload);
        if (is_waiting(rollout) && workload && kind_is_stateful(workload) &&
            rollout_is_observed(workload))
            delete_stuck_pods(wait, rollout, workload);
    }
}

/* Adds the queries for all awaited workloads of a namespace, and returns their number. Queries by
 * name, which does not require permission to list. */
static size_t add_requests(struct rollout_watch *wait, const struct kubectl *kubectl,
                           const struct cluster_namespace *namespace, struct runs *runs)
{
    struct argv names = {0};
    size_t before = runs->count;
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct rollout *rollout = apply_rollout(wait->apply, namespace->services[i]);
        if (is_waiting(rollout))
            argv_add(kubectl->arena, &names, object_title(kubectl->arena, rollout->workload).data);
    }
    runs_add_names(kubectl->arena, runs,
                   kubectl_argv(kubectl, "get", "--namespace", namespace->name.data,
                                "--ignore-not-found", "--output=json", "--show-managed-fields",
                                NULL),
                   &names);
    return runs->count - before;
}

/* Evaluates the responses for one namespace, if all queries succeeded. */
static void handle_responses(struct rollout_watch *wait, const struct kubectl *kubectl,
                             const struct cluster_namespace *namespace, struct process *runs,
                             size_t count)
{
    struct map items = {0};
    bool ok = count > 0;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = NULL;
        if (process_succeeded(&runs[i]))
            item =
                runs[i].output.len ? kubectl_items(kubectl_parse_output(kubectl, &runs[i])) : NULL;
        else if (!process_interrupted())
            kubectl_report(kubectl, &runs[i]);
        ok &= process_succeeded(&runs[i]);
        for (; item; item = item->next)
            map_add(&wait->arena, &items, object_key(&wait->arena, item), item);
        process_free(&runs[i]);
    }
    if (ok)
        evaluate_namespace(wait, namespace, &items);
}

static void poll_workloads(struct rollout_watch *wait)
{
    struct cluster *cluster = &wait->apply->cluster;
    struct arena *arena = &wait->arena;
    arena_reset(arena);
    struct diags diags = {.arena = arena};
    const struct kubectl kubectl = {.options = &cluster->options->kubectl,
                                    .arena = arena,
                                    .diags = &diags,
                                    .limit = POLL_TIMEOUT_MS};
    struct runs runs = {0};
    size_t *counts = ARENA_ARRAY(arena, cluster->namespace_count, size_t);
    for (size_t i = 0; i < cluster->namespace_count; i++)
        counts[i] = add_requests(wait, &kubectl, &cluster->namespaces[i], &runs);
    struct map items = {0};
    if (runs.count > PROCESS_PARALLEL_MAX &&
        cluster_list_all(cluster, &kubectl, kind_list(arena, LIST_WORKLOADS), &items)) {
        for (size_t i = 0; i < cluster->namespace_count; i++)
            evaluate_namespace(wait, &cluster->namespaces[i], &items);
    } else {
        kubectl_poll(&kubectl, runs.items, runs.count);
        struct process *answers = runs.items;
        for (size_t i = 0; i < cluster->namespace_count; answers += counts[i++])
            handle_responses(wait, &kubectl, &cluster->namespaces[i], answers, counts[i]);
    }
    wait->query_error =
        diags.count ? str_copy(&cluster->arena, diags.items[0].message) : (struct str){0};
}

/* Prints a line for each service over the previous ones. */
static void draw_progress(struct rollout_watch *wait)
{
    const struct apply *apply = wait->apply;
    if (!wait->terminal)
        return;
    struct buf out = {0};
    struct str *lines = ARENA_ARRAY(&wait->arena, apply->cluster.service_count, struct str);
    size_t count = 0;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        struct str time = {0};
        if (!rollout->progress.len)
            continue;
        if (is_waiting(rollout))
            time = str_format(&wait->arena, " (%" PRId64 " s)",
                              (process_monotonic_ms() - wait->started) / 1000);
        lines[count++] = str_format(&wait->arena, "%.*s: %.*s%.*s", STR_ARG(rollout->title),
                                    STR_ARG(rollout->progress), STR_ARG(time));
    }
    struct terminal_size size = progress_terminal_size();
    size.rows = any_waiting(apply) ? size.rows : SIZE_MAX; /* the final states */
    progress_write(&wait->progress, size, lines, count, &out);
    console_print_error(buf_str(&out));
    buf_free(&out);
}

void rollout_wait(struct apply *apply)
{
    struct rollout_watch wait = {
        .apply = apply, .started = process_monotonic_ms(), .terminal = progress_is_possible()};
    const char *timeout = apply->cluster.options->apply.timeout;
    if (timeout && duration_parse(str_from_c(timeout), &wait.limit))
        wait.limit *= 1000;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        rollout->progress_at = wait.started;
        if (is_waiting(rollout) && !rollout->workload)
            rollout->state = ROLLOUT_DONE;
    }
    for (int pause = POLL_FIRST; any_waiting(apply) && !process_interrupted();) {
        struct str query_error = wait.query_error;
        poll_workloads(&wait);
        if (wait.query_error.len && !str_equal(query_error, wait.query_error) && !wait.terminal)
            cluster_print(&apply->cluster, "the cluster does not answer: %.*s",
                          STR_ARG(wait.query_error));
        for (size_t i = 0; i < apply->cluster.service_count; i++)
            check_deadline(&wait, &apply->rollouts[i]);
        draw_progress(&wait);
        if (!any_waiting(apply))
            break;
        process_back_off(&pause, POLL_LAST);
    }
    arena_free(&wait.arena);
}
