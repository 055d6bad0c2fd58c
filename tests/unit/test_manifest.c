#include "manifest/traffic_ingress.h"
#include "unit.h"
#include "unit_layer.h"

/* Returns the objects of a service with these lines, without its Namespace. */
static struct manifests manifests_of(struct unit *unit, const char *head, const char *lines)
{
    const struct service *service = unit_service_of(unit, head, lines);
    if (!service)
        fail_msg("%s:\n%s", lines, unit_format_diags(unit).data);
    struct manifests manifests = {.arena = &unit->arena};
    manifests_add_service(&manifests, service);
    return manifests;
}

/* Returns object `index` of a kind, or NULL. */
static const struct node *nth(struct manifests manifests, const char *kind, size_t index)
{
    for (size_t i = 0; i < manifests.count; i++)
        if (str_eq_c(node_get(manifests.items[i], "kind")->text, kind) && index-- == 0)
            return manifests.items[i];
    return NULL;
}

#define POD       "spec template spec"
#define CONTAINER POD " containers 0"

/* Formats the node at a path on one line: {a: b, c: [d]}; "-" if there is none. */
static struct str flow(struct unit *unit, const struct node *node)
{
    if (!node)
        return STR("-");
    if (node->kind == NODE_SCALAR)
        return node->text;
    struct str text = node->kind == NODE_MAP ? STR("{") : STR("[");
    for (const struct node *child = node->first; child; child = child->next) {
        struct str key = {0};
        if (node->kind == NODE_MAP)
            key = str_format(&unit->arena, "%.*s: ", STR_ARG(child->key->text));
        text =
            str_format(&unit->arena, "%.*s%s%.*s%.*s", STR_ARG(text),
                       child == node->first ? "" : ", ", STR_ARG(key), STR_ARG(flow(unit, child)));
    }
    return str_format(&unit->arena, "%.*s%s", STR_ARG(text), node->kind == NODE_MAP ? "}" : "]");
}

static void check(struct unit *unit, const struct node *object, const char *path,
                  const char *expected)
{
    assert_non_null(object);
    struct str text = flow(unit, unit_at(object, path));
    if (!str_eq_c(text, expected))
        fail_msg("%s is %.*s\nnot %s", path, STR_ARG(text), expected);
}

static void check_kinds(struct unit *unit, struct manifests manifests, const char *expected)
{
    struct str kinds = {0};
    for (size_t i = 0; i < manifests.count; i++)
        kinds = str_format(&unit->arena, "%.*s%s%.*s", STR_ARG(kinds), i ? " " : "",
                           STR_ARG(node_get(manifests.items[i], "kind")->text));
    assert_str(kinds, expected);
}

static void test_kinds(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][3] = {
        {SERVICE_HEAD, "",
         "ServiceAccount Service Deployment HorizontalPodAutoscaler PodDisruptionBudget"},
        {PORTLESS_HEAD, "    port: none",
         "ServiceAccount Deployment HorizontalPodAutoscaler PodDisruptionBudget"},
        {PORTLESS_HEAD, "    max_containers: 0", "ServiceAccount Deployment"},
        {PORTLESS_HEAD, "    port: none\n    persistent_storage: [{size: 1, path: /a}]",
         "ServiceAccount Service StatefulSet HorizontalPodAutoscaler PodDisruptionBudget"},
        {SERVICE_HEAD, "    persistent_storage: [{size: 1, path: /a}]\n    max_containers: 1",
         "ServiceAccount Service Service StatefulSet"},
        {SERVICE_HEAD, "    max_containers: 2\n    min_containers: 2",
         "ServiceAccount Service Deployment PodDisruptionBudget"},
        {SERVICE_HEAD,
         "    max_containers: 1\n    public_uri: [a.com, b.com, a.com/x]\n"
         "    cron_jobs: [{schedule: '@daily', args: [a]}, {schedule: '@hourly', args: [b]}]",
         "ServiceAccount Service Deployment Ingress Ingress CronJob CronJob"},
        {SERVICE_HEAD,
         "    max_containers: 1\n    files: [{path: /a, content: b}]\n"
         "    pre_deploy: {args: [a]}",
         "ServiceAccount Service ConfigMap Job Deployment"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_kinds(unit, manifests_of(unit, rows[i][0], rows[i][1]), rows[i][2]);
}

static void test_replicas(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][2] = {
        {"", "-"}, /* the autoscaler decides */
        {"    max_containers: 1", "1"},
        {"    max_containers: 0", "0"},
        {"    min_containers: 3", "3"},
        {"    min_containers: 1000\n    max_containers: 1000", "1000"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(unit, nth(manifests_of(unit, SERVICE_HEAD, rows[i][0]), "Deployment", 0),
              "spec replicas", rows[i][1]);
}

static void test_resources(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][2] = {
        {"", "{requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 200m, memory: 256Mi}}"},
        {"    resource_limits: {cpu: none}",
         "{requests: {cpu: 100m, memory: 128Mi}, limits: {memory: 256Mi}}"},
        {"    resource_request: {cpu: 500, memory: 512}",
         "{requests: {cpu: 500m, memory: 512Mi}, limits: {cpu: 1, memory: 1Gi}}"},
        {"    resource_limits: {cpu: 100, memory: 128}",
         "{requests: {cpu: 100m, memory: 128Mi}, limits: {cpu: 100m, memory: 128Mi}}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(unit, nth(manifests_of(unit, SERVICE_HEAD, rows[i][0]), "Deployment", 0),
              CONTAINER " resources", rows[i][1]);
}

static void test_probes(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *port, *lines, *startup, *liveness, *readiness;
    } rows[] = {
        {"{http: 80}", "", "-", "-",
         "{tcpSocket: {port: main}, initialDelaySeconds: 30, periodSeconds: 10, "
         "timeoutSeconds: 5}"},
        {"{http: 80}", "healthcheck: none", "-", "-", "-"},
        {"{tcp: 81}", "", "-",
         "{tcpSocket: {port: 81}, initialDelaySeconds: 30, periodSeconds: 10, timeoutSeconds: 5, "
         "failureThreshold: 6}",
         "{tcpSocket: {port: main}, initialDelaySeconds: 30, periodSeconds: 10, "
         "timeoutSeconds: 5}"},
        {"{grpc: 81}", "healthcheck: grpc\n    initial_liveness_delay: 0", "-",
         "{grpc: {port: 81}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6}",
         "{grpc: {port: 81}, initialDelaySeconds: 30, periodSeconds: 10, timeoutSeconds: 5}"},
        {"{http: 80}",
         "liveness_probe_path: /l\n    readiness_probe_command: [a, b]\n    startup_timeout: 61\n"
         "    probe_period: 20\n    probe_timeout: 3",
         "{httpGet: {path: /l, port: main}, periodSeconds: 10, timeoutSeconds: 3, "
         "failureThreshold: 7}",
         "{httpGet: {path: /l, port: main}, periodSeconds: 20, timeoutSeconds: 3}",
         "{exec: {command: [a, b]}, periodSeconds: 20, timeoutSeconds: 3}"},
        {"{tcp: 81}", "startup_timeout: 10",
         "{tcpSocket: {port: main}, periodSeconds: 3, timeoutSeconds: 5, failureThreshold: 4}",
         "{tcpSocket: {port: 81}, periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6}",
         "{tcpSocket: {port: main}, periodSeconds: 10, timeoutSeconds: 5}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *workload = nth(
            manifests_of(
                unit, PORTLESS_HEAD,
                str_format(&unit->arena, "    port: %s\n    %s", rows[i].port, rows[i].lines).data),
            "Deployment", 0);
        check(unit, workload, CONTAINER " startupProbe", rows[i].startup);
        check(unit, workload, CONTAINER " livenessProbe", rows[i].liveness);
        check(unit, workload, CONTAINER " readinessProbe", rows[i].readiness);
    }
}

static void test_several_ports(void **state)
{
    struct unit *unit = *state;
    struct manifests all = manifests_of(
        unit, PORTLESS_HEAD,
        "    ports: [{name: db, type: tcp, port: 5432}, {name: web, type: http, port: 8080}]\n"
        "    probe_port: web\n    public_uri: a.com\n");
    check(unit, nth(all, "Service", 0), "spec ports",
          "[{name: db, port: 5432, targetPort: db, protocol: TCP}, "
          "{name: web, port: 80, targetPort: web, protocol: TCP}]");
    const struct node *workload = nth(all, "Deployment", 0);
    check(unit, workload, CONTAINER " ports",
          "[{name: db, containerPort: 5432, protocol: TCP}, "
          "{name: web, containerPort: 8080, protocol: TCP}]");
    check(unit, workload, CONTAINER " readinessProbe tcpSocket", "{port: web}");
    check(unit, nth(all, "Ingress", 0), "spec rules 0 http paths 0 backend",
          "{service: {name: app, port: {name: web}}}");
}

static void test_nginx_annotations(void **state)
{
    (void)state;
    assert_true(nginx_is_annotation(STR("nginx.ingress.kubernetes.io/affinity")));
    assert_false(nginx_is_annotation(STR("nginx.org/redirect-to-https")));
    assert_false(nginx_is_annotation(STR("alb.ingress.kubernetes.io/scheme")));
    assert_false(nginx_is_annotation(STR("cert-manager.io/cluster-issuer")));
}

static void test_protocols_of_the_ingress(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][2] = {
        {"{http: 80}", "-"},
        {"{grpc: 80}", "{nginx.ingress.kubernetes.io/backend-protocol: GRPC}"},
        {"{websocket: 80}", "{nginx.ingress.kubernetes.io/proxy-read-timeout: 3600, "
                            "nginx.ingress.kubernetes.io/proxy-send-timeout: 3600}"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(unit,
              nth(manifests_of(
                      unit, PORTLESS_HEAD,
                      str_format(&unit->arena, "    port: %s\n    public_uri: a.com", rows[i][0])
                          .data),
                  "Ingress", 0),
              "metadata annotations", rows[i][1]);
}

static void test_extra_annotations_replace_generated_ones(void **state)
{
    struct unit *unit = *state;
    struct manifests all =
        manifests_of(unit, SERVICE_HEAD,
                     "    public_uri: a.com/x\n    ingress_extra_annotations:\n"
                     "      nginx.ingress.kubernetes.io/rewrite-target: /y\n      mine: 'yes'\n");
    check(unit, nth(all, "Ingress", 0), "metadata annotations",
          "{nginx.ingress.kubernetes.io/use-regex: true, "
          "nginx.ingress.kubernetes.io/rewrite-target: /y, mine: yes}");
}

#define DISKS "    persistent_storage: [{size: 10, path: /data}, {size: 2048, path: /tmp}]\n"

static void test_stateful_sets(void **state)
{
    struct unit *unit = *state;
    struct manifests all = manifests_of(
        unit, SERVICE_HEAD, DISKS "    commands: [a]\n    args: [b]\n    healthcheck_path: /h");
    const struct node *set = nth(all, "StatefulSet", 0);
    const struct node *governing = nth(all, "Service", 1);
    check(unit, nth(all, "Service", 0), "metadata name", "app");
    check(unit, nth(all, "Service", 0), "spec clusterIP", "-");
    check(unit, governing, "metadata name", "app-headless");
    check(unit, governing, "spec clusterIP", "None");
    check(unit, governing, "spec selector",
          "{app.kubernetes.io/name: app, app.kubernetes.io/instance: hello-app}");
    check(unit, set, "apiVersion", "apps/v1");
    check(unit, set, "spec serviceName", "app-headless");
    check(unit, set, "spec strategy", "-");
    check(unit, set, "spec progressDeadlineSeconds", "-");
    /* Claim templates are immutable, so they have no labels that may change. */
    check(unit, set, "spec volumeClaimTemplates",
          "[{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: tmp, labels: "
          "{app.kubernetes.io/name: app, app.kubernetes.io/instance: hello-app}}, spec: "
          "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 2Ti}}}}, "
          "{apiVersion: v1, kind: PersistentVolumeClaim, metadata: {name: data, labels: "
          "{app.kubernetes.io/name: app, app.kubernetes.io/instance: hello-app}}, spec: "
          "{accessModes: [ReadWriteOnce], resources: {requests: {storage: 10Gi}}}}]");
    check(unit, set, CONTAINER " volumeMounts",
          "[{name: tmp, mountPath: /tmp}, {name: data, mountPath: /data}]");
    check(unit, set, CONTAINER " command", "[a]");
    check(unit, set, CONTAINER " args", "[b]");
    check(unit, set, CONTAINER " readinessProbe httpGet", "{path: /h, port: main}");
    check(unit, set, POD " topologySpreadConstraints 0 matchLabelKeys",
          "[controller-revision-hash]");
    check(unit, nth(all, "HorizontalPodAutoscaler", 0), "spec scaleTargetRef",
          "{apiVersion: apps/v1, kind: StatefulSet, name: app}");
}

static void test_deployments(void **state)
{
    struct unit *unit = *state;
    const struct node *workload =
        nth(manifests_of(unit, SERVICE_HEAD, "    timeout: 77"), "Deployment", 0);
    check(unit, workload, "spec progressDeadlineSeconds", "77");
    check(unit, workload, "spec strategy",
          "{type: RollingUpdate, rollingUpdate: {maxSurge: 25%, maxUnavailable: 0}}");
    check(unit, workload, "spec volumeClaimTemplates", "-");
    check(unit, workload, POD " topologySpreadConstraints 1",
          "{maxSkew: 1, topologyKey: topology.kubernetes.io/zone, whenUnsatisfiable: "
          "ScheduleAnyway, labelSelector: {matchLabels: {app.kubernetes.io/name: app, "
          "app.kubernetes.io/instance: hello-app}}, matchLabelKeys: [pod-template-hash]}");
    /* A single pod needs no topology spread. */
    check(unit, nth(manifests_of(unit, SERVICE_HEAD, "    max_containers: 1"), "Deployment", 0),
          POD " topologySpreadConstraints", "-");
}

static void test_levels_of_pod_security(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines, *kind, *pod, *container, *mounts, *volumes;
    } rows[] = {
        {"", "Deployment", "{seccompProfile: {type: RuntimeDefault}}",
         "{allowPrivilegeEscalation: false}", "-", "-"},
        {"    pod_security: default", "Deployment", "{seccompProfile: {type: RuntimeDefault}}",
         "{allowPrivilegeEscalation: false}", "-", "-"},
        {"    pod_security: off", "Deployment", "-", "-", "-", "-"},
        {"    pod_security: restricted", "Deployment", "{seccompProfile: {type: RuntimeDefault}}",
         "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, "
         "readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001}",
         "[{name: tmp, mountPath: /tmp}]", "[{name: tmp, emptyDir: {}}]"},
        {"    pod_security: off\n    persistent_storage: [{size: 1, path: /a}]", "StatefulSet", "-",
         "-", "[{name: a, mountPath: /a}]", "-"},
        {"    persistent_storage: [{size: 1, path: /a}]", "StatefulSet",
         "{seccompProfile: {type: RuntimeDefault}}", "{allowPrivilegeEscalation: false}",
         "[{name: a, mountPath: /a}]", "-"},
        /* A disk belongs to root unless the pod has an fsGroup. */
        {"    pod_security: restricted\n    persistent_storage: [{size: 1, path: /a}]",
         "StatefulSet",
         "{seccompProfile: {type: RuntimeDefault}, fsGroup: 10001, "
         "fsGroupChangePolicy: OnRootMismatch}",
         "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, "
         "readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001}",
         "[{name: a, mountPath: /a}, {name: tmp, mountPath: /tmp}]", "[{name: tmp, emptyDir: {}}]"},
        /* A disk at /tmp replaces the emptyDir. */
        {"    pod_security: restricted\n    persistent_storage: [{size: 1, path: /tmp}]",
         "StatefulSet",
         "{seccompProfile: {type: RuntimeDefault}, fsGroup: 10001, "
         "fsGroupChangePolicy: OnRootMismatch}",
         "{allowPrivilegeEscalation: false, capabilities: {drop: [ALL]}, "
         "readOnlyRootFilesystem: true, runAsNonRoot: true, runAsUser: 10001, runAsGroup: 10001}",
         "[{name: tmp, mountPath: /tmp}]", "-"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *workload =
            nth(manifests_of(unit, SERVICE_HEAD, rows[i].lines), rows[i].kind, 0);
        check(unit, workload, POD " securityContext", rows[i].pod);
        check(unit, workload, CONTAINER " securityContext", rows[i].container);
        check(unit, workload, CONTAINER " volumeMounts", rows[i].mounts);
        check(unit, workload, POD " volumes", rows[i].volumes);
    }
}

/* Kubernetes accepts both /tmp/ and /tmp; one mount would hide the other. */
static void test_trailing_slash_of_a_disk_path(void **state)
{
    struct unit *unit = *state;
    assert_null(
        unit_service_of(unit, SERVICE_HEAD, "    persistent_storage: [{size: 1, path: /tmp/}]"));
    assert_errors(unit, 1);
}

static void test_drain_and_token(void **state)
{
    struct unit *unit = *state;
    struct manifests all = manifests_of(unit, SERVICE_HEAD, "    termination_grace_period: 7");
    const struct node *workload = nth(all, "Deployment", 0);
    check(unit, workload, POD " terminationGracePeriodSeconds", "7");
    check(unit, workload, CONTAINER " lifecycle", "{preStop: {sleep: {seconds: 3}}}");
    check(unit, workload, POD " automountServiceAccountToken", "false");
    check(unit, nth(all, "ServiceAccount", 0), "automountServiceAccountToken", "false");
    all = manifests_of(unit, PORTLESS_HEAD, "    port: none\n    service_account_token: true");
    workload = nth(all, "Deployment", 0);
    check(unit, workload, CONTAINER " lifecycle", "-");
    check(unit, workload, CONTAINER " ports", "-");
    check(unit, workload, POD " automountServiceAccountToken", "true");
    check(unit, nth(all, "ServiceAccount", 0), "automountServiceAccountToken", "true");
}

static void test_cron_jobs(void **state)
{
    struct unit *unit = *state;
    struct manifests all = manifests_of(
        unit, SERVICE_HEAD,
        DISKS "    cron_jobs: [{schedule: '0 3 * * *', commands: [./clean], args: [--all]}]\n"
              "    env_vars: {A: b}\n    secrets: [S]\n    pod_labels: {team: shop}\n"
              "    pod_annotations: {note: x}\n    tolerations: [{key: k}]\n"
              "    commands: [own]\n    healthcheck_path: /h\n"
              "    pod_security: restricted\n");
    const struct node *cron = nth(all, "CronJob", 0);
    const struct node *job = unit_at(cron, "spec jobTemplate spec");
    struct str name = unit_at(cron, "metadata name")->text;
    check(unit, cron, "apiVersion", "batch/v1");
    check(unit, cron, "spec schedule", "0 3 * * *");
    check(unit, cron, "spec concurrencyPolicy", "Forbid");
    check(unit, cron, "spec startingDeadlineSeconds", "300");
    check(unit, job, "ttlSecondsAfterFinished", "86400");
    check(unit, job, "template spec restartPolicy", "Never");
    check(unit, job, "template spec serviceAccountName", "app");
    check(unit, job, "template spec containers 0 command", "[./clean]");
    check(unit, job, "template spec containers 0 args", "[--all]");
    check(unit, job, "template spec containers 0 env",
          "[{name: S, valueFrom: {secretKeyRef: {name: manual-secrets, key: S}}}, "
          "{name: A, value: b}]");
    check(unit, job, "template spec tolerations",
          "[{key: k, operator: Equal, value: opta, effect: NoSchedule}]");
    check(unit, job, "template metadata annotations", "{note: x}");
    check(unit, job, "template metadata labels team", "shop");
    /* No Service, autoscaler or disruption budget selects its pods. */
    assert_true(
        str_equal(unit_at(job, "template metadata labels app.kubernetes.io/name")->text, name));
    check(unit, job, "template metadata labels app.kubernetes.io/component", "cron-job");
    check(unit, cron, "metadata labels app.kubernetes.io/name", "app");
    /* No probes, ports or disks: a disk could not be mounted twice. */
    static const char *const nothing[] = {"ports", "livenessProbe", "readinessProbe", "lifecycle",
                                          "startupProbe"};
    const struct node *container = unit_at(job, "template spec containers 0");
    for (size_t i = 0; i < COUNT_OF(nothing); i++)
        check(unit, container, nothing[i], "-");
    check(unit, container, "volumeMounts", "[{name: tmp, mountPath: /tmp}]");
    check(unit, job, "template spec volumes", "[{name: tmp, emptyDir: {}}]");
    check(unit, job, "template spec securityContext", "{seccompProfile: {type: RuntimeDefault}}");
    check(unit, job, "template spec topologySpreadConstraints", "-");
}

static struct str job_name(struct unit *unit, const char *fields)
{
    struct manifests all = manifests_of(unit, SERVICE_HEAD, fields);
    return unit_at(nth(all, "Job", 0), "metadata name")->text;
}

/* The name changes with the pod template, and only with it. */
static void test_pre_deploy(void **state)
{
    struct unit *unit = *state;
    struct manifests all = manifests_of(unit, SERVICE_HEAD,
                                        "    pre_deploy: {commands: [a]}\n    max_containers: 2\n");
    const struct node *job = nth(all, "Job", 0);
    check(unit, job, "apiVersion", "batch/v1");
    check(unit, job, "spec activeDeadlineSeconds", "600");
    check(unit, job, "spec backoffLimit", "0");
    check(unit, job, "spec ttlSecondsAfterFinished", "86400");
    check(unit, job, "spec podReplacementPolicy", "Failed");
    check(unit, job, "spec template spec restartPolicy", "Never");
    /* No Service, autoscaler or disruption budget selects its pods. */
    check(unit, job, "spec template metadata labels app.kubernetes.io/name", "app-pre-deploy");
    check(unit, nth(all, "Service", 0), "spec selector app.kubernetes.io/name", "app");
    check(unit, nth(all, "ServiceAccount", 0), "metadata annotations argocd.argoproj.io/sync-wave",
          "-2");
    check(unit, nth(all, "Deployment", 0), "metadata annotations", "-");
    static const char *const same[] = {
        "    pre_deploy: {commands: [a], timeout: 1, retries: 9}\n",
        "    pre_deploy: {commands: [a]}\n    max_containers: 0\n",
        "    pre_deploy: {commands: [a]}\n    commands: [b]\n    healthcheck_path: /a\n",
    };
    static const char *const other[] = {
        "    pre_deploy: {commands: [b]}\n",
        "    pre_deploy: {args: [a]}\n",
        "    pre_deploy: {commands: [a]}\n    env_vars: {A: b}\n",
        "    pre_deploy: {commands: [a]}\n    secrets: [A]\n",
        "    pre_deploy: {commands: [a]}\n    files: [{path: /a, content: b}]\n",
    };
    struct str name = unit_at(job, "metadata name")->text;
    for (size_t i = 0; i < COUNT_OF(same); i++)
        assert_true(str_equal(job_name(unit, same[i]), name));
    for (size_t i = 0; i < COUNT_OF(other); i++)
        assert_false(str_equal(job_name(unit, other[i]), name));
}

static void test_labels_of_pods(void **state)
{
    struct unit *unit = *state;
    const struct node *workload =
        nth(manifests_of(unit, SERVICE_HEAD,
                         "    pod_labels: {team: shop}\n    pod_annotations: {a: b}"),
            "Deployment", 0);
    check(unit, workload, "spec template metadata",
          "{labels: {app.kubernetes.io/name: app, app.kubernetes.io/instance: hello-app, "
          "app.kubernetes.io/part-of: hello, app.kubernetes.io/managed-by: optasvc, "
          "opta.dev/layer-name: hello, opta.dev/module-name: app, team: shop}, "
          "annotations: {a: b}}");
    check(unit, workload, "metadata labels team", "-");
    check(unit, workload, "metadata annotations", "-");
    check(unit, nth(manifests_of(unit, SERVICE_HEAD, ""), "Deployment", 0),
          "spec template metadata annotations", "-");
}

static void test_autoscaler_and_budget(void **state)
{
    struct unit *unit = *state;
    struct manifests all = manifests_of(unit, SERVICE_HEAD,
                                        "    min_containers: 2\n    max_containers: 9\n"
                                        "    autoscaling_target_cpu_percentage: 50\n"
                                        "    autoscaling_target_mem_percentage: 1000\n");
    check(unit, nth(all, "HorizontalPodAutoscaler", 0), "spec",
          "{scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: app}, minReplicas: 2, "
          "maxReplicas: 9, metrics: [{type: Resource, resource: {name: cpu, target: {type: "
          "Utilization, averageUtilization: 50}}}, {type: Resource, resource: {name: memory, "
          "target: {type: Utilization, averageUtilization: 1000}}}]}");
    check(unit, nth(all, "PodDisruptionBudget", 0), "spec",
          "{maxUnavailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow, selector: {matchLabels: "
          "{app.kubernetes.io/name: app, app.kubernetes.io/instance: hello-app}}}");
}

static void test_namespace_and_labels_of_all_objects(void **state)
{
    struct unit *unit = *state;
    struct manifests all = manifests_of(
        unit, SERVICE_HEAD,
        DISKS "    public_uri: [a.com, b.com]\n    cron_jobs: [{schedule: '@daily', args: [a]}]");
    for (size_t i = 0; i < all.count; i++) {
        const struct node *object = all.items[i];
        check(unit, object, "metadata namespace", "hello");
        check(unit, object, "metadata labels app.kubernetes.io/instance", "hello-app");
        check(unit, object, "metadata labels opta.dev/environment-name", "-");
        for (size_t j = 0; j < i; j++) {
            const struct node *other = all.items[j];
            assert_false(str_equal(node_get(object, "kind")->text, node_get(other, "kind")->text) &&
                         str_equal(unit_at(object, "metadata name")->text,
                                   unit_at(other, "metadata name")->text));
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_kinds),
        UNIT_TEST(test_replicas),
        UNIT_TEST(test_resources),
        UNIT_TEST(test_probes),
        UNIT_TEST(test_several_ports),
        UNIT_TEST(test_nginx_annotations),
        UNIT_TEST(test_protocols_of_the_ingress),
        UNIT_TEST(test_extra_annotations_replace_generated_ones),
        UNIT_TEST(test_stateful_sets),
        UNIT_TEST(test_deployments),
        UNIT_TEST(test_levels_of_pod_security),
        UNIT_TEST(test_trailing_slash_of_a_disk_path),
        UNIT_TEST(test_drain_and_token),
        UNIT_TEST(test_cron_jobs),
        UNIT_TEST(test_pre_deploy),
        UNIT_TEST(test_labels_of_pods),
        UNIT_TEST(test_autoscaler_and_budget),
        UNIT_TEST(test_namespace_and_labels_of_all_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
