#include "cluster/rollout_cause.h"

#include "cluster/kind.h"
#include "cluster/object.h"
#include "manifest/manifest.h"

#include <inttypes.h>

/* Part of a message, and the advice that follows from it. */
struct advice {
    const char *part;
    const char *fix;
};

/* Returns the advice of the first row whose part the message contains; that of the last row, which
 * has no part, if there is none. */
static struct str find_advice(const struct advice *rows, struct str message)
{
    while (rows->part && !str_contains(message, str_from_c(rows->part)))
        rows++;
    return str_from_c(rows->fix);
}

static const struct advice image_rows[] = {
    {"unauthorized", "set image_pull_secrets to a Secret with access to the registry"},
    {"authentication required", "set image_pull_secrets to a Secret with access to the registry"},
    {"no basic auth", "set image_pull_secrets to a Secret with access to the registry"},
    {"denied", "check the name in image, or set image_pull_secrets to a Secret with access to it"},
    {"InvalidImageName", "correct image"},
    {"not found", "check the name and tag in image, and that the image was pushed"},
    {"manifest unknown", "check the name and tag in image, and that the image was pushed"},
    {"no matching manifest",
     "push an image for the architecture of the nodes, and set it in image"},
    {"toomanyrequests", "the registry limits pulls: set image_pull_secrets, or image to a copy in "
                        "another registry"},
    {NULL, "check image, and that the nodes can reach its registry"},
};

static const struct advice config_rows[] = {
    {"runAsNonRoot", "set run_as_user to a user other than root, or pod_security: default"},
    {"non-root", "set run_as_user to a user other than root, or pod_security: default"},
    {"onfig", "create the ConfigMap or its key, or change env_vars or env_from"}, /* any case */
    {"manual-secrets", "set the secret with kubectl optasvc secret set, or change secrets"},
    {"ecret", "create the Secret or its key, or change env_vars, env_from or links"},
    {NULL, "change secrets, env_vars, env_from or volumes"},
};

static const struct advice start_rows[] = {
    {"error mounting", "correct the paths of volumes, files and persistent_storage"},
    {"no such file", "correct commands and args: the image does not have this file"},
    {"not found", "correct commands and args: the image does not have this file"},
    {"permission denied", "correct commands, or make the file in the image executable"},
    {"exec format error", "set image to one for the architecture of the nodes"},
    {NULL, "correct commands, args, volumes or files"},
};

static const struct advice probe_rows[] = {
    {"connection refused", "the container does not listen there: correct port, or set probe_port"},
    {"statuscode: 401", "set the probe to a path without authentication, or set probe_headers"},
    {"statuscode: 403", "set the probe to a path without authentication, or set probe_headers"},
    {"statuscode: 404", "set the probe to a path that exists"},
    {"statuscode: 30", "set the probe to a path that does not redirect"},
    {"statuscode: 5", "the service reports an error: see its log"},
    {"executable file not found", "correct the command of the probe (healthcheck_command)"},
    {"deadline exceeded", "the probe takes too long: raise probe_timeout"},
    {"Timeout exceeded", "the probe takes too long: raise probe_timeout"},
    {"timeout:", "the probe takes too long: raise probe_timeout"},
    {NULL, "see its log, or correct the probe"},
};

static const struct advice mount_rows[] = {
    {"configmap", "create the ConfigMap, or change volumes"},
    {"secret", "create the Secret, or change volumes"},
    {"attach",
     "the volume is used elsewhere or its disk is missing: see persistent_storage, or the "
     "claim in volumes"},
    {NULL, "correct volumes, files or persistent_storage"},
};

static const struct advice schedule_rows[] = {
    {"Insufficient cpu", "lower resource_request.cpu, or add nodes"},
    {"Insufficient memory", "lower resource_request.memory, or add nodes"},
    {"Insufficient ephemeral-storage", "lower resource_request.disk, or add nodes"},
    {"Insufficient nvidia.com/gpu", "lower resource_limits.gpu, or add nodes with GPUs"},
    {"unbound", "no disk for persistent_storage, or for the claim in volumes: check its storage "
                "class and size"},
    {"volume node affinity", "the disk of persistent_storage, or of the claim in volumes, is in "
                             "another zone: add nodes there"},
    {"node affinity/selector", "correct node_selector: no node has these labels"},
    {"untolerated taint", "set tolerations for the taint, or add nodes without it"},
    {"topology spread", "relax spread, or add nodes"},
    {"Too many pods", "add nodes: the existing ones have no room for more pods"},
    {"unschedulable", "the nodes are cordoned: uncordon them, or add others"},
    {NULL, "change node_selector, tolerations or resource_request, or add nodes"},
};

static const struct advice create_rows[] = {
    {"exceeded quota", "lower resource_request, resource_limits or the number of pods "
                       "(min_containers), or have the ResourceQuota raised"},
    {"failed quota", "set resource_request and resource_limits, which the ResourceQuota requires"},
    {"violates PodSecurity", "set pod_security: restricted"},
    {"admission webhook", "the cluster has a policy: change what its message names"},
    {"usage per", "change resource_request or resource_limits: a LimitRange limits them"},
    {"PriorityClass", "correct priority_class"},
    {"serviceaccount", "run kubectl optasvc apply to create the ServiceAccount again"},
    {NULL, "change what the message names"},
};

struct str event_time(const struct node *event)
{
    struct str last = node_string(node_at(event, "lastTimestamp"));
    return last.len ? last : node_string(node_at(event, "eventTime"));
}

/* Returns the newest warning about an object whose message begins with one of these (ended by
 * NULL); empty if there is none. */
static struct str find_event(const struct node *events, const char *kind, struct str name,
                             const char *const *beginnings)
{
    const struct node *newest = NULL;
    for (const struct node *event = events; event; event = event->next) {
        const struct node *object = node_at(event, "involvedObject");
        struct str message = node_string(node_at(event, "message"));
        if (!str_eq_c(node_string(node_at(object, "kind")), kind) ||
            !str_equal(node_string(node_at(object, "name")), name) ||
            (newest && str_compare(event_time(event), event_time(newest)) < 0))
            continue;
        for (size_t i = 0; beginnings[i]; i++)
            if (str_starts_with(message, str_from_c(beginnings[i])))
                newest = event;
    }
    return node_string(node_at(newest, "message"));
}

static bool is_condition(const struct node *object, const char *type, const char *status)
{
    return str_eq_c(node_string(node_at(object_condition(object, type), "status")), status);
}

bool pod_is_unready(const struct node *pod)
{
    return !is_condition(pod, "Ready", "True") && !node_at(pod, "metadata deletionTimestamp");
}

struct str pod_unschedulable_message(const struct node *pod)
{
    return is_condition(pod, "PodScheduled", "False")
               ? node_string(node_at(object_condition(pod, "PodScheduled"), "message"))
               : (struct str){0};
}

static bool is_ready(const struct node *status)
{
    return str_eq_c(node_string(node_at(status, "ready")), "true");
}

const struct node *pod_blocking_container(const struct node *pod)
{
    static const char *const lists[] = {"status initContainerStatuses", "status containerStatuses"};
    for (size_t i = 0; i < COUNT_OF(lists); i++) {
        const struct node *status = node_first_child(node_at(pod, lists[i]));
        for (; status; status = status->next)
            if (!is_ready(status))
                return status;
    }
    return NULL;
}

/* A container that is not ready. */
struct blocked {
    struct arena *arena;
    const struct rollout_state_lists *lists;
    const struct node *pod;
    const struct node *status;
    struct str name;
};

/* True if the workload has a container of this name; else something has added it to the pods. */
static bool has_container(const struct node *workload, struct str name)
{
    const struct node *spec = node_at(workload, "spec template spec");
    return node_find_named(node_at(spec, "initContainers"), name) ||
           node_find_named(node_at(spec, "containers"), name);
}

/* Adds to an advice which container it is about, unless that is the service itself. */
static struct str advice_for(const struct blocked *blocked, struct str fix)
{
    const struct rollout_state_lists *lists = blocked->lists;
    if (str_equal(blocked->name, lists->container))
        return fix;
    if (lists->workload && !has_container(lists->workload, blocked->name))
        return str_format(blocked->arena,
                          "the service file does not have the container \"%.*s\": see what adds it "
                          "to the pods, such as a service mesh",
                          STR_ARG(blocked->name));
    return str_format(blocked->arena, "for \"%.*s\" of init_containers or sidecars: %.*s",
                      STR_ARG(blocked->name), STR_ARG(fix));
}

__attribute__((format(printf, 3, 4))) static struct cause
cause_of(const struct blocked *blocked, struct str fix, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    struct str what = str_vformat(blocked->arena, format, arguments);
    va_end(arguments);
    return (struct cause){.what = str_format(blocked->arena, "container %.*s %.*s",
                                             STR_ARG(blocked->name), STR_ARG(what)),
                          .fix = advice_for(blocked, fix)};
}

static struct str event_of_pod(const struct blocked *blocked, const char *const *beginnings)
{
    return find_event(blocked->lists->events, "Pod", object_name(blocked->pod), beginnings);
}

static bool is_one_of(struct str word, const char *const *words)
{
    for (size_t i = 0; words[i]; i++)
        if (str_eq_c(word, words[i]))
            return true;
    return false;
}

/* The message of a back-off may not have the reason, but that of an event has. */
static struct cause image_cause(const struct blocked *blocked, struct str reason)
{
    static const char *const beginnings[] = {
        "Failed to pull image", "Failed to apply default image", "Failed to inspect image", NULL};
    struct str message = event_of_pod(blocked, beginnings);
    struct str event = message;
    if (!message.len)
        message = node_string(node_at(blocked->status, "state waiting message"));
    struct str text = str_format(blocked->arena, "%.*s: %.*s", STR_ARG(reason), STR_ARG(message));
    struct cause cause = cause_of(blocked, find_advice(image_rows, text), "has no image: %.*s",
                                  STR_ARG(message.len ? message : reason));
    cause.event = event;
    return cause;
}

static struct cause crash_cause(const struct blocked *blocked, const struct node *terminated)
{
    static const char *const liveness[] = {"Liveness probe failed", "Liveness probe errored", NULL};
    static const char *const startup[] = {"Startup probe failed", "Startup probe errored", NULL};
    struct str reason = node_string(node_at(terminated, "reason"));
    struct str message = node_string(node_at(terminated, "message"));
    int64_t code = object_number(terminated, "exitCode", -1);
    struct str failed_startup = event_of_pod(blocked, startup);
    struct str failed = failed_startup.len ? failed_startup : event_of_pod(blocked, liveness);
    struct cause cause;
    if (str_eq_c(reason, "OOMKilled"))
        return cause_of(blocked,
                        STR("raise resource_request.memory, which also raises the limit, or "
                            "resource_limits.memory"),
                        "was killed because it used more memory than its limit");
    if (str_eq_c(reason, "StartError") || str_eq_c(reason, "ContainerCannotRun"))
        return cause_of(blocked, find_advice(start_rows, message), "cannot start: %.*s",
                        STR_ARG(message));
    if (failed.len) {
        cause = cause_of(blocked,
                         failed_startup.len
                             ? STR("raise startup_timeout, or correct startup_probe_path")
                             : STR("correct liveness_probe_path or healthcheck_path, or give it "
                                   "time with startup_timeout or initial_liveness_delay"),
                         "is restarted: %.*s", STR_ARG(failed));
        cause.event = failed;
    } else if (code == 0) {
        cause = cause_of(blocked, STR("correct commands and args: the service must keep running"),
                         "has ended with exit code 0");
    } else {
        cause = cause_of(blocked,
                         STR("see its log; settings come from commands, args, env_vars, secrets "
                             "and links"),
                         "crashes: exited with code %" PRId64 " (%.*s)%s%.*s", code,
                         STR_ARG(reason), message.len ? ": " : "", STR_ARG(message));
    }
    cause.pod = blocked->pod;
    return cause;
}

/* The container runs, but is not ready. */
static struct cause probe_cause(const struct blocked *blocked)
{
    static const char *const beginnings[] = {"Readiness probe failed", "Readiness probe errored",
                                             "Startup probe failed", "Startup probe errored", NULL};
    struct str message = event_of_pod(blocked, beginnings);
    bool starting = str_starts_with(message, STR("Startup"));
    const char *fields = starting ? "startup_probe_path, startup_timeout"
                                  : "readiness_probe_path, healthcheck_path, healthcheck";
    struct str fix = str_format(blocked->arena, "%.*s; fields of the probe: %s",
                                STR_ARG(find_advice(probe_rows, message)), fields);
    struct cause cause = message.len
                             ? cause_of(blocked, fix, "is not ready: %.*s", STR_ARG(message))
                             : cause_of(blocked, fix, "is running, but its readiness probe fails");
    cause.event = message;
    cause.pod = blocked->pod;
    return cause;
}

/* The container does not exist yet: its volumes may not be mounted. */
static struct cause mount_cause(const struct blocked *blocked)
{
    static const char *const beginnings[] = {"MountVolume", "Unable to attach", "AttachVolume",
                                             "FailedMount", NULL};
    struct str message = event_of_pod(blocked, beginnings);
    if (!message.len)
        return (struct cause){0};
    struct cause cause = cause_of(blocked, find_advice(mount_rows, message),
                                  "waits for its volumes: %.*s", STR_ARG(message));
    cause.event = message;
    return cause;
}

static struct cause container_cause(const struct blocked *blocked)
{
    static const char *const image_reasons[] = {
        "ErrImagePull",    "ImagePullBackOff",  "InvalidImageName",    "ErrImageNeverPull",
        "ErrImageInspect", "ImageInspectError", "RegistryUnavailable", NULL};
    static const char *const start_reasons[] = {"CreateContainerError", "RunContainerError",
                                                "PostStartHookError", NULL};
    const struct node *waiting = node_at(blocked->status, "state waiting");
    const struct node *ended = node_at(blocked->status, "state terminated");
    const struct node *before = node_at(blocked->status, "lastState terminated");
    struct str reason = node_string(node_at(waiting, "reason"));
    struct str message = node_string(node_at(waiting, "message"));
    if (is_one_of(reason, image_reasons))
        return image_cause(blocked, reason);
    if (str_eq_c(reason, "CreateContainerConfigError"))
        return cause_of(blocked, find_advice(config_rows, message), "cannot be created: %.*s",
                        STR_ARG(message));
    if (is_one_of(reason, start_reasons))
        return cause_of(blocked, find_advice(start_rows, message), "cannot start: %.*s",
                        STR_ARG(message));
    if (ended || before)
        return crash_cause(blocked, ended ? ended : before);
    return waiting ? mount_cause(blocked) : probe_cause(blocked);
}

static struct cause pod_cause(struct arena *arena, const struct rollout_state_lists *lists,
                              const struct node *pod)
{
    struct blocked blocked = {
        .arena = arena, .lists = lists, .pod = pod, .status = pod_blocking_container(pod)};
    blocked.name = node_string(node_at(blocked.status, "name"));
    struct str unschedulable = pod_unschedulable_message(pod);
    if (unschedulable.len)
        return (struct cause){.what = str_format(arena, "pod %.*s is unschedulable: %.*s",
                                                 STR_ARG(object_name(pod)), STR_ARG(unschedulable)),
                              .fix = find_advice(schedule_rows, unschedulable),
                              .event = unschedulable};
    if (str_eq_c(node_string(node_at(pod, "status reason")), "Evicted"))
        return (struct cause){
            .what = str_format(arena, "pod %.*s was evicted: %.*s", STR_ARG(object_name(pod)),
                               STR_ARG(node_string(node_at(pod, "status message")))),
            .fix = STR("raise resource_request of what the node was low on")};
    return blocked.status ? container_cause(&blocked) : (struct cause){0};
}

/* How much a container says about the cause: one that cannot start before one that is not ready. */
static int weight_of(const struct node *pod)
{
    const struct node *status = pod_blocking_container(pod);
    if (!status)
        return pod_unschedulable_message(pod).len ? 2 : 1;
    bool failed = node_at(status, "lastState terminated") || node_at(status, "state terminated") ||
                  node_string(node_at(status, "state waiting message")).len;
    return failed ? 4 : 3;
}

/* The pods could not be created. A Deployment says so in a condition, a StatefulSet in an event. */
static struct cause create_cause(struct arena *arena, const struct rollout_state_lists *lists)
{
    static const char *const beginnings[] = {"create Pod", NULL};
    const struct node *workload = lists->workload;
    const struct node *failure = object_condition(workload, "ReplicaFailure");
    bool failed = is_condition(workload, "ReplicaFailure", "True");
    struct str message =
        failed ? node_string(node_at(failure, "message"))
               : find_event(lists->events, "StatefulSet", object_name(workload), beginnings);
    if (!message.len)
        return (struct cause){0};
    return (struct cause){.what =
                              str_format(arena, "pods cannot be created: %.*s", STR_ARG(message)),
                          .fix = find_advice(create_rows, message),
                          .event = message,
                          .reason = "FailedCreate"};
}

static struct str created_at(const struct node *pod)
{
    return node_string(node_at(pod, "metadata creationTimestamp"));
}

struct pod_revision rollout_newest_revision(const struct rollout_state_lists *lists)
{
    const struct node *workload = lists->workload;
    if (workload && kind_is_stateful(workload))
        return (struct pod_revision){.label = MANIFEST_STATEFULSET_REVISION,
                                     .value =
                                         node_string(node_at(workload, "status updateRevision"))};
    if (!lists->pods || (workload && object_number(workload, "status updatedReplicas", 0) == 0))
        return (struct pod_revision){0};
    const struct node *newest = lists->pods;
    for (const struct node *pod = newest->next; pod; pod = pod->next)
        if (str_compare(created_at(pod), created_at(newest)) > 0)
            newest = pod;
    return (struct pod_revision){.label = MANIFEST_DEPLOYMENT_REVISION,
                                 .value = object_label(newest, MANIFEST_DEPLOYMENT_REVISION)};
}

bool pod_has_revision(const struct node *pod, const struct pod_revision *revision)
{
    return revision->label && str_equal(object_label(pod, revision->label), revision->value);
}

/* Returns the cause in the pods that have a revision, or in those that do not have it. */
static struct cause pods_cause(struct arena *arena, const struct rollout_state_lists *lists,
                               const struct pod_revision *revision, bool has)
{
    const struct node *chosen = NULL;
    for (const struct node *pod = lists->pods; pod; pod = pod->next)
        if (pod_is_unready(pod) && pod_has_revision(pod, revision) == has &&
            (!chosen || weight_of(pod) > weight_of(chosen)))
            chosen = pod;
    return chosen ? pod_cause(arena, lists, chosen) : (struct cause){0};
}

struct cause rollout_find_cause(struct arena *arena, const struct rollout_state_lists *lists)
{
    const struct pod_revision newest = rollout_newest_revision(lists);
    struct cause cause = pods_cause(arena, lists, &newest, true);
    if (!cause.what.len && lists->workload)
        cause = create_cause(arena, lists);
    return cause.what.len ? cause : pods_cause(arena, lists, &newest, false);
}
