/* The wait for pods: asks again and again, which a server that goes away for a moment does not
 * disturb, and says what it sees. */
#include "cluster/apply.h"

#include "format/duration.h"
#include "os/console.h"
#include "os/progress.h"

#include <inttypes.h>
#include <string.h>

enum { POLL_FIRST = 300, POLL_LAST = 2000 /* ms between two questions */ };

/* One wait. */
struct rollout_watch {
    struct apply *apply;
    struct arena arena; /* of the last answer */
    int64_t started;    /* process_monotonic_ms() */
    int64_t limit;      /* ms in all; 0: each as long as its `timeout` without progress */
    bool terminal;
    struct progress progress; /* on the terminal */
    struct str trouble;       /* why the last question had no answer */
};

static bool waits(const struct rollout *rollout)
{
    return rollout->state == ROLLOUT_WAITS;
}

static bool any_waits(const struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++)
        if (waits(&apply->rollouts[i]))
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

/* The numbers that a rollout goes by; kubectl's pkg/polymorphichelpers/rollout_status.go. */
struct counts {
    int64_t wanted;
    int64_t all;
    int64_t updated;
    int64_t ready; /* of any revision */
    int64_t available;
};

static struct counts count(const struct node *workload)
{
    return (struct counts){.wanted = object_number(workload, "spec replicas", 1),
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

static bool is_updated(const struct node *workload, const struct counts *counts)
{
    if (!kind_is_stateful(workload))
        return counts->updated >= counts->wanted && counts->all <= counts->updated;
    return counts->updated >= counts->wanted &&
           str_equal(node_string(node_at(workload, "status updateRevision")),
                     node_string(node_at(workload, "status currentRevision")));
}

bool rollout_is_complete(const struct node *workload)
{
    struct counts counts = count(workload);
    return rollout_is_observed(workload) && is_updated(workload, &counts) &&
           counts.available >= counts.wanted;
}

/* The pods that must be ready: with an autoscaler at least its minimum, which it sees to. */
static int64_t needed(const struct rollout *rollout, const struct counts *counts)
{
    const struct service *service = rollout->deployed->service;
    bool scales = service_scales(service);
    return scales && service->min_containers > counts->wanted ? service->min_containers
                                                              : counts->wanted;
}

static void say_progress(struct rollout_watch *wait, struct rollout *rollout, struct str text)
{
    if (str_equal(rollout->progress, text))
        return;
    rollout->progress = str_copy(&wait->apply->cluster.arena, text);
    rollout->since = process_monotonic_ms();
    if (!wait->terminal)
        cluster_print(&wait->apply->cluster, "%.*s: %.*s", STR_ARG(rollout->title), STR_ARG(text));
}

static void fail(struct rollout_watch *wait, struct rollout *rollout, struct str why)
{
    rollout->state = ROLLOUT_FAILED;
    rollout->why = str_copy(&wait->apply->cluster.arena, why);
}

/* How far a workload is that its controller has observed, in words; sets whether it is done. */
static struct str describe_pods(struct arena *arena, const struct rollout *rollout,
                                const struct node *workload, bool *ret_done)
{
    struct counts counts = count(workload);
    int64_t least = needed(rollout, &counts);
    int64_t old = counts.all > counts.updated ? counts.all - counts.updated : 0;
    /* The status does not say whose pods are ready; the old ones are, or they would have been
     * replaced first. */
    int64_t ready = counts.available > old ? counts.available - old : 0;
    *ret_done = is_updated(workload, &counts) && counts.available >= least && counts.ready >= least;
    if (*ret_done && least == 0)
        return STR("no pods, as asked");
    if (*ret_done)
        return str_format(arena, "ready, %" PRId64 " %s", counts.ready,
                          counts.ready == 1 ? "pod" : "pods");
    struct str text = str_format(arena, "%" PRId64 " of %" PRId64 " pods ready", ready, least);
    return old ? str_format(arena, "%.*s, %" PRId64 " old", STR_ARG(text), old) : text;
}

/* The condition stays from a rollout that failed until this one makes progress. */
static void check_expired(struct rollout_watch *wait, struct rollout *rollout,
                          const struct node *workload)
{
    struct str expired = rollout_deadline_exceeded_at(workload);
    if (waits(rollout) && expired.len && !str_equal(expired, rollout->expired))
        fail(wait, rollout,
             str_format(&wait->arena, "its pods made no progress for %" PRId64 " s",
                        object_number(workload, "spec progressDeadlineSeconds", 600)));
}

/* Sets the state of a rollout by its live workload (NULL: there is none), and shows progress. */
static void evaluate(struct rollout_watch *wait, struct rollout *rollout,
                     const struct node *workload)
{
    bool done = false;
    if (!workload) {
        say_progress(wait, rollout, STR("is not there"));
        return;
    }
    if (!rollout->rolled_back && apply_is_superseded(wait->apply, &wait->arena, workload)) {
        apply_mark_superseded(wait->apply, rollout, workload);
        return;
    }
    if (!rollout_is_observed(workload)) {
        say_progress(wait, rollout, STR("waits for the cluster to take it up"));
        return;
    }
    say_progress(wait, rollout, describe_pods(&wait->arena, rollout, workload, &done));
    if (done)
        rollout->state = ROLLOUT_DONE;
    check_expired(wait, rollout, workload);
}

static void check_deadline(struct rollout_watch *wait, struct rollout *rollout)
{
    struct arena *arena = &wait->arena;
    int64_t now = process_monotonic_ms();
    int64_t timeout = rollout->deployed->service->timeout;
    if (!waits(rollout))
        return;
    if (wait->limit && now - wait->started >= wait->limit)
        fail(wait, rollout,
             str_format(arena, "it is not ready after %" PRId64 " s", wait->limit / 1000));
    else if (!wait->limit && now - rollout->since >= timeout * 1000)
        fail(wait, rollout, str_format(arena, "no progress for %" PRId64 " s", timeout));
    rollout->unknown = !waits(rollout) && wait->trouble.len;
    if (rollout->unknown)
        rollout->why =
            str_format(&wait->apply->cluster.arena, "%.*s, and the cluster does not answer: %.*s",
                       STR_ARG(rollout->why), STR_ARG(wait->trouble));
}

static bool is_stuck(const struct node *pod)
{
    static const char *const reasons[] = {
        "CrashLoopBackOff", "ImagePullBackOff",           "ErrImagePull",
        "InvalidImageName", "CreateContainerConfigError", "CreateContainerError",
        "RunContainerError"};
    const struct node *status = node_first_child(node_at(pod, "status containerStatuses"));
    for (; status; status = status->next)
        for (size_t i = 0; i < COUNT_OF(reasons); i++)
            if (str_eq_c(node_string(node_at(status, "state waiting reason")), reasons[i]))
                return true;
    return false;
}

/* A StatefulSet waits for a pod that will never be ready before it replaces it: pods of an older
 * revision that are stuck are removed for it.
 * https://kubernetes.io/docs/concepts/workloads/controllers/statefulset/#forced-rollback */
static void delete_stuck_pods(struct rollout_watch *wait, const struct rollout *rollout,
                              const struct node *workload)
{
    const struct cluster *cluster = &wait->apply->cluster;
    struct diags diags = {.arena = &wait->arena}; /* without rights on pods it is left to people */
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
            cluster_print(cluster, "%.*s: removed its pod %.*s, which was stuck before",
                          STR_ARG(rollout->title), STR_ARG(object_name(pod)));
        wait->progress.lines = 0;
    }
}

static void take_answer(struct rollout_watch *wait, const struct cluster_namespace *namespace,
                        const struct map *items)
{
    for (size_t i = 0; i < namespace->service_count; i++) {
        struct rollout *rollout = apply_rollout(wait->apply, namespace->services[i]);
        if (!waits(rollout))
            continue;
        const struct node *workload = map_get(items, object_key(&wait->arena, rollout->workload));
        evaluate(wait, rollout, workload);
        if (waits(rollout) && workload && kind_is_stateful(workload) &&
            rollout_is_observed(workload))
            delete_stuck_pods(wait, rollout, workload);
    }
}

/* Adds the queries for all awaited workloads of a namespace, and returns how many they are. By
 * name, which needs no right to list. */
static size_t add_questions(struct rollout_watch *wait, const struct kubectl *kubectl,
                            const struct cluster_namespace *namespace, struct runs *runs)
{
    struct argv names = {0};
    size_t before = runs->count;
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct rollout *rollout = apply_rollout(wait->apply, namespace->services[i]);
        if (waits(rollout))
            argv_add(kubectl->arena, &names, object_title(kubectl->arena, rollout->workload).data);
    }
    runs_add_names(kubectl->arena, runs,
                   kubectl_argv(kubectl, "get", "--namespace", namespace->name.data,
                                "--ignore-not-found", "--output=json", "--show-managed-fields",
                                NULL),
                   &names);
    return runs->count - before;
}

/* Takes the answers about one namespace, if there are all of them. */
static void take_answers(struct rollout_watch *wait, const struct kubectl *kubectl,
                         const struct cluster_namespace *namespace, struct process *runs,
                         size_t count)
{
    struct map items = {0};
    bool right = count > 0;
    for (size_t i = 0; i < count; i++) {
        const struct node *item = NULL;
        if (process_succeeded(&runs[i]))
            item =
                runs[i].output.len ? kubectl_items(kubectl_parse_output(kubectl, &runs[i])) : NULL;
        else if (!process_interrupted())
            kubectl_report(kubectl, &runs[i]);
        right &= process_succeeded(&runs[i]);
        for (; item; item = item->next)
            map_add(&wait->arena, &items, object_key(&wait->arena, item), item);
        process_free(&runs[i]);
    }
    if (right)
        take_answer(wait, namespace, &items);
}

static void ask(struct rollout_watch *wait)
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
        counts[i] = add_questions(wait, &kubectl, &cluster->namespaces[i], &runs);
    kubectl_poll(&kubectl, runs.items, runs.count);
    struct process *answers = runs.items;
    for (size_t i = 0; i < cluster->namespace_count; answers += counts[i++])
        take_answers(wait, &kubectl, &cluster->namespaces[i], answers, counts[i]);
    wait->trouble =
        diags.count ? str_copy(&cluster->arena, diags.items[0].message) : (struct str){0};
}

/* Shows a line for each service, over those of the last time. */
static void show(struct rollout_watch *wait)
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
        if (waits(rollout))
            time = str_format(&wait->arena, " (%" PRId64 " s)",
                              (process_monotonic_ms() - wait->started) / 1000);
        lines[count++] = str_format(&wait->arena, "%.*s: %.*s%.*s", STR_ARG(rollout->title),
                                    STR_ARG(rollout->progress), STR_ARG(time));
    }
    struct terminal_size size = progress_terminal_size();
    size.rows = any_waits(apply) ? size.rows : SIZE_MAX; /* how all of them ended */
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
        rollout->since = wait.started;
        if (waits(rollout) && !rollout->workload)
            rollout->state = ROLLOUT_DONE;
    }
    for (int pause = POLL_FIRST; any_waits(apply) && !process_interrupted();) {
        struct str trouble = wait.trouble;
        ask(&wait);
        if (wait.trouble.len && !str_equal(trouble, wait.trouble) && !wait.terminal)
            cluster_print(&apply->cluster, "the cluster does not answer: %.*s",
                          STR_ARG(wait.trouble));
        for (size_t i = 0; i < apply->cluster.service_count; i++)
            check_deadline(&wait, &apply->rollouts[i]);
        show(&wait);
        if (!any_waits(apply))
            break;
        process_sleep(pause);
        pause = pause * 3 / 2 < POLL_LAST ? pause * 3 / 2 : POLL_LAST;
    }
    arena_free(&wait.arena);
}
