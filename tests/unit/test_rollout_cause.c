#include "cluster/rollout_cause.h"
#include "unit_object.h"

/* Objects as kubectl prints them, without fields that are not read. */
#define POD(name, status) "{kind: Pod, metadata: {name: " name "}, status: {" status "}}"
#define WEB(state)        "containerStatuses: [{name: web, ready: false, " state "}]"
#define OLD(name, hash, time, state)                                                               \
    "{kind: Pod, metadata: {name: " name ", creationTimestamp: '" time                             \
    "', labels: {pod-template-hash: " hash "}}, status: {" WEB(state) "}}"
#define WAITING(reason, msg) "state: {waiting: {reason: " reason ", message: '" msg "'}}"
#define EVENT(kind, name, time, msg)                                                               \
    "{kind: Event, involvedObject: {kind: " kind ", name: " name "}, lastTimestamp: '" time        \
    "', message: '" msg "'}"
#define T1 "2026-01-31T12:00:00Z"
#define T2 "2026-01-31T12:00:09Z"

static const struct row {
    const char *pods;
    const char *events;
    const char *workload; /* its status; NULL: the workload was not found */
    const char *what;     /* part of it */
    const char *fix;
    bool log;
} rows[] = {
    /* Images */
    {POD("web-1", WEB(WAITING("ImagePullBackOff", "Back-off pulling image \"nginx:9\""))),
     EVENT("Pod", "web-1", T1, "Failed to pull image \"nginx:8\": not this one") ", " EVENT(
         "Pod", "web-1", T2,
         "Failed to pull image \"nginx:9\": rpc error: code = NotFound desc = "
         "failed to resolve reference: docker.io/library/nginx:9: not found") ", " EVENT("Pod",
                                                                                         "web-1",
                                                                                         T2,
                                                                                         "Error: "
                                                                                         "ImagePull"
                                                                                         "BackOff"),
     "", "container web has no image: Failed to pull image \"nginx:9\": rpc error",
     "check the name and tag in image, and that the image was pushed", false},
    {POD("web-1", WEB(WAITING("ErrImagePull", "failed to authorize: 401 unauthorized"))), "", "",
     "container web has no image: failed to authorize: 401 unauthorized",
     "set image_pull_secrets to a Secret with access to the registry", false},
    {POD("web-1",
         WEB(WAITING("InvalidImageName", "Failed to apply default image tag \"A\": couldn''t "
                                         "parse image name"))),
     "", "", "container web has no image: Failed to apply default", "correct image", false},
    /* Crashes */
    {POD("web-1",
         WEB("restartCount: 3, " WAITING(
             "CrashLoopBackOff",
             "back-off 40s restarting") ", "
                                        "lastState: {terminated: {exitCode: 1, reason: Error}}")),
     "", "", "container web crashes: exited with code 1 (Error)", "see its log; settings come from",
     true},
    {POD("web-1", WEB("state: {terminated: {exitCode: 2, reason: Error, message: no DB_URL}}")), "",
     "", "container web crashes: exited with code 2 (Error): no DB_URL", "see its log", true},
    {POD("web-1",
         WEB(WAITING("CrashLoopBackOff",
                     "back-off") ", "
                                 "lastState: {terminated: {exitCode: 0, reason: Completed}}")),
     "", "", "container web has ended with exit code 0", "correct commands and args", true},
    {POD("web-1",
         WEB(WAITING("CrashLoopBackOff",
                     "back-off") ", "
                                 "lastState: {terminated: {exitCode: 137, reason: OOMKilled}}")),
     "", "", "container web was killed because it used more memory than its limit",
     "raise resource_request.memory", false},
    {POD("web-1",
         WEB(WAITING("CrashLoopBackOff", "back-off") ", lastState: {terminated: {exitCode: "
                                                     "128, reason: StartError, message: 'exec: "
                                                     "\"./x\": stat ./x: no such file or "
                                                     "directory'}}")),
     "", "", "container web cannot start: exec: \"./x\"",
     "correct commands and args: the image does not have this file", false},
    {POD("web-1",
         WEB("state: {running: {}}, lastState: {terminated: {exitCode: 143, reason: Error}}")),
     EVENT("Pod", "web-1", T1, "Liveness probe failed: HTTP probe failed with statuscode: 500"), "",
     "container web is restarted: Liveness probe failed", "correct liveness_probe_path", true},
    {POD("web-1",
         WEB("state: {running: {}}, lastState: {terminated: {exitCode: 143, reason: Error}}")),
     EVENT("Pod", "web-1", T1, "Startup probe failed: connection refused"), "",
     "container web is restarted: Startup probe failed", "raise startup_timeout", true},
    /* Configuration */
    {POD("web-1", WEB(WAITING("CreateContainerConfigError",
                              "couldn''t find key A in Secret shop/manual-secrets"))),
     "", "", "container web cannot be created: couldn't find key A",
     "set the secret with kubectl optasvc secret set", false},
    {POD("web-1", WEB(WAITING("CreateContainerConfigError", "configmap \"c\" not found"))), "", "",
     "container web cannot be created: configmap", "create the ConfigMap or its key", false},
    {POD("web-1", WEB(WAITING("CreateContainerConfigError",
                              "container has runAsNonRoot and image will run as root"))),
     "", "", "container web cannot be created: container has runAsNonRoot", "set run_as_user",
     false},
    {POD("web-1", WEB(WAITING("ContainerCreating", ""))),
     EVENT("Pod", "web-1", T1,
           "MountVolume.SetUp failed for volume \"v\" : configmap \"c\" not found"),
     "", "container web waits for its volumes: MountVolume.SetUp failed",
     "create the ConfigMap, or change volumes", false},
    /* Probes */
    {POD("web-1", WEB("state: {running: {}}")),
     EVENT("Pod", "web-1", T1, "Readiness probe failed: HTTP probe failed with statuscode: 404"),
     "",
     "container web is not ready: Readiness probe failed: HTTP probe failed with statuscode: 404",
     "set the probe to a path that exists; fields of the probe: readiness_probe_path", true},
    {POD("web-1", WEB("state: {running: {}}")),
     EVENT("Pod", "web-2", T1, "Readiness probe failed: HTTP probe failed with statuscode: 404"),
     "", "container web is running, but its readiness probe fails", "see its log", true},
    {POD("web-1", WEB("started: false, state: {running: {}}")),
     EVENT("Pod", "web-1", T1, "Startup probe failed: dial tcp: connect: connection refused"), "",
     "container web is not ready: Startup probe failed",
     "the container does not listen there: correct port", true},
    /* Scheduling */
    {POD("web-1", "conditions: [{type: PodScheduled, status: 'False', message: '0/3 nodes are "
                  "available: 3 Insufficient cpu.'}]"),
     "", "", "pod web-1 is unschedulable: 0/3 nodes", "lower resource_request.cpu, or add nodes",
     false},
    {POD("web-1", "conditions: [{type: PodScheduled, status: 'False', message: '0/3 nodes are "
                  "available: 3 node(s) didn''t match Pod''s node affinity/selector.'}]"),
     "", "", "pod web-1 is unschedulable", "correct node_selector", false},
    {POD("web-1", "phase: Failed, reason: Evicted, message: low on memory"), "", "",
     "pod web-1 was evicted: low on memory", "raise resource_request", false},
    /* No pods: quota and admission */
    {"", "",
     "{conditions: [{type: ReplicaFailure, status: 'True', reason: FailedCreate, message: 'pods "
     "\"web-1\" is forbidden: exceeded quota: q, requested: pods=1, used: pods=2, limited: "
     "pods=2'}]}",
     "pods cannot be created: pods \"web-1\" is forbidden: exceeded quota",
     "lower resource_request", false},
    {"", "",
     "{conditions: [{type: ReplicaFailure, status: 'True', message: 'admission webhook "
     "\"validate.kyverno.svc\" denied the request: label team is required'}]}",
     "pods cannot be created: admission webhook", "the cluster has a policy", false},
    {"",
     EVENT("StatefulSet", "web", T1,
           "create Pod web-0 in StatefulSet web failed error: pods "
           "\"web-0\" is forbidden: violates PodSecurity "
           "\"restricted:latest\": runAsNonRoot"),
     "{}", "pods cannot be created: create Pod web-0", "set pod_security: restricted", false},
    /* A failure of an earlier rollout is not the cause. */
    {"", "", "{conditions: [{type: ReplicaFailure, status: 'False', message: old}]}", "", "",
     false},
    {POD("web-1", "conditions: [{type: Ready, status: 'True'}]"), "", "{}", "", "", false},
    /* The pod that says most */
    {POD("web-1", WEB(WAITING("ContainerCreating", ""))) ", " POD(
         "web-2", WEB(WAITING("ErrImagePull", "x: not found"))),
     "", "", "container web has no image: x: not found", "check the name and tag in image", false},
    /* Pods of earlier revisions */
    {OLD("web-1", "a", T1, WAITING("ErrImagePull", "old: not found")) ", " OLD(
         "web-2", "b", T2, WAITING("ErrImagePull", "new: not found")),
     "", "{updatedReplicas: 1}", "container web has no image: new: not found", "check the name",
     false},
    {OLD("web-1", "a", T1, WAITING("ErrImagePull", "old: not found")), "",
     "{conditions: [{type: ReplicaFailure, status: 'True', message: 'pods is "
     "forbidden: exceeded quota: q'}]}",
     "pods cannot be created", "lower resource_request", false},
    {OLD("web-1", "a", T1, WAITING("ErrImagePull", "old: not found")), "", "{}",
     "container web has no image: old: not found", "check the name", false},
    /* A workload that was deleted, or that may not be read */
    {OLD("web-1", "a", T1, WAITING("ErrImagePull", "old: not found")) ", " OLD(
         "web-2", "b", T2, WAITING("ErrImagePull", "new: not found")),
     "", NULL, "container web has no image: new: not found", "check the name", false},
    {"", "", NULL, "", "", false},
    /* Init containers and sidecars */
    {POD("web-1",
         "initContainerStatuses: [{name: proxy, ready: true}, {name: migrate, ready: false, "
         "state: {terminated: {exitCode: 1, reason: Error}}}], " WEB(
             WAITING("PodInitializing", ""))),
     "", "", "container migrate crashes: exited with code 1 (Error)",
     "for \"migrate\" of init_containers or sidecars: see its log", true},
    /* A container of a service mesh */
    {POD("web-1", "containerStatuses: [{name: mesh, ready: false, "
                  "state: {terminated: {exitCode: 1, reason: Error}}}]"),
     "", "", "container mesh crashes: exited with code 1 (Error)",
     "the service file does not have the container \"mesh\"", true},
};

static const struct node *items(struct unit *unit, const char *text)
{
    struct str list = str_format(&unit->arena, "{items: [%s]}", text);
    return node_first_child(node_at(unit_object(unit, list.data), "items"));
}

static void test_causes(void **state)
{
    struct unit *unit = *state;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct row *row = &rows[i];
        const char *status = row->workload && *row->workload ? row->workload : "{}";
        struct str workload =
            str_format(&unit->arena,
                       "{kind: X, metadata: {name: web}, spec: {template: {spec: {initContainers: "
                       "[{name: proxy}, {name: migrate}], containers: [{name: web}]}}}, status: "
                       "%s}",
                       status);
        const struct rollout_state_lists lists = {
            .pods = items(unit, row->pods),
            .events = items(unit, row->events),
            .workload = row->workload ? unit_object(unit, workload.data) : NULL,
            .container = STR("web")};
        struct cause cause = rollout_find_cause(&unit->arena, &lists);
        if (!str_starts_with(cause.what, str_from_c(row->what)) ||
            (!*row->what && cause.what.len) || !str_starts_with(cause.fix, str_from_c(row->fix)) ||
            (cause.pod != NULL) != row->log)
            fail_msg("row %zu: \"%.*s\", \"%.*s\", log: %d", i, STR_ARG(cause.what),
                     STR_ARG(cause.fix), cause.pod != NULL);
        unit_reset(unit);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_causes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
