#include "cli/flags.h"

#include "config/allow.h"
#include "config/gateway.h"
#include "config/usage.h"
#include "format/duration.h"
#include "format/name.h"
#include "import/start.h"

#include <stddef.h>
#include <string.h>

static const char *const colors[] = {"auto", "always", "never", NULL, NULL};
static const char *const dry_runs[] = {"client", "server", "none", NULL, NULL};
static const char *const booleans[] = {"true", "false", NULL, NULL};
static const char *const tools[] = {"docker", "podman", "nerdctl", NULL, NULL};
static const char *const session_persistences[] = {"none", "v1.6", NULL, NULL};
static const char *const prunes[] = {"service", "layer", NULL, NULL};

static const char *check_variable(struct str value)
{
    struct str name;
    return variable_split(value.data, &name, &value) ? NULL : "must be NAME=VALUE";
}

static const char *check_service_image(struct str value)
{
    return str_eq_c(value, "AUTO") ? NULL : name_check_image(value);
}

static const char *check_timeout(struct str value)
{
    return duration_parse(value, &(int64_t){0})
               ? NULL
               : "must be a duration from 1s to 168h, for example 90s, 5m or 1h30m";
}

static const char *check_verbosity(struct str value)
{
    return value.len == 1 && str_span_only(value, "0123456789") ? NULL
                                                                : "must be an integer from 0 to 9";
}

static const char *check_revision(struct str value)
{
    int64_t number;
    return str_to_int(value, &number) && number > 0 ? NULL : "must be an integer, 1 or greater";
}

/* kubectl parses it. A number without a unit is in seconds, as in --timeout. */
static const char *check_kubectl_duration(struct str value)
{
    bool is_number = str_span_only(value, "0123456789");
    bool has_unit = str_is_digit(value.data[0]) && strchr("hms", value.data[value.len - 1]) != NULL;
    return is_number || (has_unit && str_span_only(value, "0123456789.hmsun"))
               ? NULL
               : "must be a duration, for example 90s, 5m or 1h30m";
}

static const char *check_lines(struct str value)
{
    return str_span_only(value, "0123456789") || str_eq_c(value, "-1")
               ? NULL
               : "must be an integer, 0 or greater, or -1 for all lines";
}

const struct flag flag_table[FLAG_COUNT] = {
    [FLAG_FILENAME] = {"filename", 'f', FLAG_TYPE_LIST, "FILE",
                       "service file, directory of them, or - for stdin; repeatable",
                       offsetof(struct options, input.files), NULL, NULL},
    [FLAG_RECURSIVE] = {"recursive", 'R', FLAG_TYPE_BOOL, NULL, "read directories recursively",
                        offsetof(struct options, input.recursive), NULL, NULL},
    [FLAG_ENV] = {"env", 0, FLAG_TYPE_STRING, "NAME",
                  "environment; required if a file lists several",
                  offsetof(struct options, input.environment), NULL, NULL},
    [FLAG_ENV_FILE] = {"env-file", 0, FLAG_TYPE_STRING, "FILE",
                       "environment file to use instead of the one that the service file names",
                       offsetof(struct options, input.environment_file), NULL, NULL},
    [FLAG_VAR] = {"var", 0, FLAG_TYPE_LIST, "NAME=VALUE",
                  "set the value of {vars.NAME}; repeatable",
                  offsetof(struct options, input.variables), NULL, check_variable},
    [FLAG_IMAGE_TAG] =
        {"image-tag", 0, FLAG_TYPE_STRING, "TAG",
         "image tag of services with image: AUTO (if there are none: of images without a tag)",
         offsetof(struct options, input.image_tag), NULL, name_check_image_tag},
    [FLAG_IMAGE_DIGEST] = {"image-digest", 0, FLAG_TYPE_STRING, "DIGEST",
                           "image digest (sha256:...), instead of --image-tag",
                           offsetof(struct options, input.image_digest), NULL,
                           name_check_image_digest},
    [FLAG_REGISTRY] = {"registry", 0, FLAG_TYPE_STRING, "ADDRESS", "registry for image: AUTO",
                       offsetof(struct options, input.registry), NULL, name_check_registry},
    [FLAG_PARENT_OUTPUTS] = {"parent-outputs", 0, FLAG_TYPE_STRING, "FILE",
                             "JSON of `terraform output -json` with the values of {parent.NAME}",
                             offsetof(struct options, input.parent_outputs), NULL, NULL},
    [FLAG_MODULE] = {"module", 0, FLAG_TYPE_LIST, "NAME", "process only this service; repeatable",
                     offsetof(struct options, input.modules), NULL, NULL},
    [FLAG_NAMESPACE] = {"namespace", 'n', FLAG_TYPE_STRING, "NAME",
                        "existing namespace, instead of the layer's name",
                        offsetof(struct options, input.namespace), NULL, name_check_namespace},
    [FLAG_ALLOW] = {"allow", 0, FLAG_TYPE_LIST, "RULE[,RULE]",
                    "do not report warnings of these rules; see `explain --rules`; repeatable",
                    offsetof(struct options, input.allow), NULL, allow_check_flag},
    [FLAG_STRICT] = {"strict", 0, FLAG_TYPE_BOOL, NULL, "treat warnings about the files as errors",
                     offsetof(struct options, input.strict), NULL, NULL},
    [FLAG_ALL_NAMESPACES] = {"all-namespaces", 'A', FLAG_TYPE_BOOL, NULL,
                             "find services in all namespaces by their labels, without files",
                             offsetof(struct options, labels.all_namespaces), NULL, NULL},
    [FLAG_SELECTOR] =
        {"selector", 'l', FLAG_TYPE_STRING, "SELECTOR",
         "find services by labels of their workloads, without files; -A: in all namespaces",
         offsetof(struct options, labels.selector), NULL, NULL},
    [FLAG_OUTPUT] = {"output", 'o', FLAG_TYPE_STRING, "FORMAT", "output format",
                     offsetof(struct options, output), NULL, NULL},
    [FLAG_WORKLOAD] =
        {"workload", 0, FLAG_TYPE_STRING, "KIND/NAME",
         "workload of the chart, also as NAMESPACE/KIND/NAME; overrides helm.workload",
         offsetof(struct options, inject.workload), NULL, NULL},
    [FLAG_CONTAINER] = {"container", 0, FLAG_TYPE_STRING, "NAME",
                        "container of the workload; overrides helm.container",
                        offsetof(struct options, inject.container), NULL, NULL},
    [FLAG_SERVICE] = {"service", 0, FLAG_TYPE_STRING, "NAME",
                      "Service that routes to the workload; overrides helm.service",
                      offsetof(struct options, inject.service), NULL, NULL},
    [FLAG_INGRESS] = {"ingress", 0, FLAG_TYPE_STRING, "NAME",
                      "Ingress of the workload, or `new` to create one; overrides helm.ingress",
                      offsetof(struct options, inject.ingress), NULL, NULL},
    [FLAG_LOG_FILE] = {"log-file", 0, FLAG_TYPE_STRING, "FILE",
                       "append all messages and changes to this file (default $OPTASVC_LOG)",
                       offsetof(struct options, inject.log_file), NULL, NULL},
    [FLAG_REPORT] = {"report", 0, FLAG_TYPE_STRING, "FILE",
                     "write a report of selected objects and changes to this file, as JSON or in "
                     "the format of --output",
                     offsetof(struct options, inject.report), NULL, NULL},
    [FLAG_DRY_RUN] = {"dry-run", 0, FLAG_TYPE_BOOL, NULL,
                      "print the manifests unchanged and report what would be injected",
                      offsetof(struct options, inject.dry_run), NULL, NULL},
    [FLAG_DIFF] = {"diff", 0, FLAG_TYPE_BOOL, NULL,
                   "print a unified diff of what is injected instead of the manifests",
                   offsetof(struct options, inject.diff), NULL, NULL},
    [FLAG_REQUIRE_INPUT] =
        {"require-input", 0, FLAG_TYPE_BOOL, NULL,
         "fail if stdin contains no manifests, as when the command before the pipe failed",
         offsetof(struct options, inject.require_input), NULL, NULL},
    [FLAG_CONVERT_INGRESS] =
        {"convert-ingress", 0, FLAG_TYPE_BOOL, NULL,
         "replace the Ingresses that route to the workload by routes; see helm.convert_ingress",
         offsetof(struct options, inject.convert_ingress), NULL, NULL},
    [FLAG_BEST_EFFORT] = {"best-effort", 0, FLAG_TYPE_BOOL, NULL,
                          "drop settings that routes do not have, but never access control",
                          offsetof(struct options, inject.best_effort), NULL, NULL},
    [FLAG_MANIFESTS] = {"filename", 'f', FLAG_TYPE_LIST, "FILE",
                        "manifests, directory of manifests, or - for stdin; repeatable",
                        offsetof(struct options, input.files), NULL, NULL},
    [FLAG_GATEWAY] = {"gateway", 0, FLAG_TYPE_STRING, "NAMESPACE/NAME",
                      "Gateway that the routes are attached to",
                      offsetof(struct options, gateway.name), NULL, gateway_check_name},
    [FLAG_GATEWAY_TYPE] =
        {"type", 0, FLAG_TYPE_STRING, "TYPE",
         "implementation of the Gateway; one of: standard, envoy, traefik (default standard)",
         offsetof(struct options, gateway.type), gateway_flavour_keywords, NULL},
    [FLAG_LISTENER] = {"listener", 0, FLAG_TYPE_STRING, "NAME",
                       "listener that the routes are attached to (default: all)",
                       offsetof(struct options, gateway.listener), NULL, name_check_subdomain},
    [FLAG_HTTP_LISTENER] = {"http-listener", 0, FLAG_TYPE_STRING, "NAME",
                            "HTTP listener, which redirects to HTTPS where the Ingress does",
                            offsetof(struct options, gateway.http_listener), NULL,
                            name_check_subdomain},
    [FLAG_LISTENER_SETS] = {"listener-sets", 0, FLAG_TYPE_BOOL, NULL,
                            "create a ListenerSet with the certificate of each host",
                            offsetof(struct options, gateway.listener_sets), NULL, NULL},
    [FLAG_SESSION_PERSISTENCE] =
        {"session-persistence", 0, FLAG_TYPE_STRING, "VERSION",
         "use the field sessionPersistence of routes; one of: none, v1.6 (default none)",
         offsetof(struct options, gateway.session_persistence), session_persistences, NULL},
    [FLAG_KUBECONFIG] = {"kubeconfig", 0, FLAG_TYPE_STRING, "FILE", "path to the kubeconfig file",
                         offsetof(struct options, kubectl.kubeconfig), NULL, NULL},
    [FLAG_CONTEXT] = {"context", 0, FLAG_TYPE_STRING, "NAME", "kubeconfig context to use",
                      offsetof(struct options, kubectl.context), NULL, NULL},
    [FLAG_CLUSTER] = {"cluster", 0, FLAG_TYPE_STRING, "NAME", "kubeconfig cluster to use",
                      offsetof(struct options, kubectl.cluster), NULL, NULL},
    [FLAG_USER] = {"user", 0, FLAG_TYPE_STRING, "NAME", "kubeconfig user to use",
                   offsetof(struct options, kubectl.user), NULL, NULL},
    [FLAG_AS] = {"as", 0, FLAG_TYPE_STRING, "NAME", "user to impersonate",
                 offsetof(struct options, kubectl.as), NULL, NULL},
    [FLAG_REQUEST_TIMEOUT] = {"request-timeout", 0, FLAG_TYPE_STRING, "TIME",
                              "timeout of a single server request, such as 30s",
                              offsetof(struct options, kubectl.request_timeout), NULL,
                              check_kubectl_duration},
    [FLAG_KUBERC] = {"kuberc", 0, FLAG_TYPE_STRING, "FILE",
                     "kubectl preferences file; only its credential plugin policy is used",
                     offsetof(struct options, kubectl.kuberc), NULL, NULL},
    [FLAG_VERBOSITY] = {"v", 'v', FLAG_TYPE_STRING, "LEVEL", "log level of kubectl, from 0 to 9",
                        offsetof(struct options, kubectl.verbosity), NULL, check_verbosity},
    [FLAG_DRY_RUN_MODE] =
        {"dry-run", 0, FLAG_TYPE_CHOICE, "WHERE",
         "change nothing; one of: client (print manifests; also without a value), server (validate "
         "them), none (default none)",
         offsetof(struct options, apply.dry_run_mode), dry_runs, NULL},
    [FLAG_WAIT] = {"wait", 0, FLAG_TYPE_CHOICE, "BOOL",
                   "wait until pods are ready and routes are accepted (default true)",
                   offsetof(struct options, apply.wait), booleans, NULL},
    [FLAG_TIMEOUT] = {"timeout", 0, FLAG_TYPE_STRING, "TIME",
                      "total time to wait, for example 5m (default: the `timeout` of each service)",
                      offsetof(struct options, apply.timeout), NULL, check_timeout},
    [FLAG_PRUNE] =
        {"prune", 0, FLAG_TYPE_CHOICE, "SCOPE",
         "delete all stale objects; one of: service (also without a value), layer (also services "
         "that no file defines)",
         offsetof(struct options, apply.prune), prunes, NULL},
    [FLAG_FORCE_CONFLICTS] = {"force-conflicts", 0, FLAG_TYPE_BOOL, NULL,
                              "overwrite fields that other field managers own",
                              offsetof(struct options, apply.force_conflicts), NULL, NULL},
    [FLAG_ADOPT] = {"adopt", 0, FLAG_TYPE_BOOL, NULL,
                    "adopt objects that were not created by apply",
                    offsetof(struct options, apply.adopt), NULL, NULL},
    [FLAG_ROLLBACK_ON_FAILURE] =
        {"rollback-on-failure", 0, FLAG_TYPE_BOOL, NULL,
         "roll back to the previous revision if the new pods do not become ready",
         offsetof(struct options, apply.rollback_on_failure), NULL, NULL},
    [FLAG_TO_REVISION] = {"to-revision", 0, FLAG_TYPE_STRING, "NUMBER",
                          "revision to roll back to, as history prints it (default: the previous "
                          "one with another pod template)",
                          offsetof(struct options, rollback.to_revision), NULL, check_revision},
    [FLAG_YES] = {"yes", 'y', FLAG_TYPE_BOOL, NULL, "do not ask for confirmation",
                  offsetof(struct options, yes), NULL, NULL},
    [FLAG_DELETE_NAMESPACE] = {"delete-namespace", 0, FLAG_TYPE_BOOL, NULL,
                               "also delete the Namespace, if it contains no other objects",
                               offsetof(struct options, delete.delete_namespace), NULL, NULL},
    [FLAG_DELETE_VOLUMES] =
        {"delete-volumes", 0, FLAG_TYPE_BOOL, NULL,
         "also delete the PersistentVolumeClaims of persistent_storage and their data",
         offsetof(struct options, delete.delete_volumes), NULL, NULL},
    [FLAG_DELETE_TIMEOUT] =
        {"timeout", 0, FLAG_TYPE_STRING, "TIME",
         "total time to wait for the deletion, for example 5m (default: no limit)",
         offsetof(struct options, delete.timeout), NULL, check_timeout},
    [FLAG_WATCH] = {"watch", 'w', FLAG_TYPE_BOOL, NULL, "keep running and print changes",
                    offsetof(struct options, watch), NULL, NULL},
    [FLAG_FOLLOW] = {"follow", 0, FLAG_TYPE_BOOL, NULL, "stream new log lines",
                     offsetof(struct options, logs.follow), NULL, NULL},
    [FLAG_PREVIOUS] = {"previous", 'p', FLAG_TYPE_BOOL, NULL,
                       "print the logs of the previous instance of each container",
                       offsetof(struct options, logs.previous), NULL, NULL},
    [FLAG_POD_CONTAINER] =
        {"container", 'c', FLAG_TYPE_STRING, "NAME",
         "container of the pod, such as one of sidecars or init_containers (default: that of the "
         "service)",
         offsetof(struct options, container), NULL, NULL},
    [FLAG_TIMESTAMPS] = {"timestamps", 0, FLAG_TYPE_BOOL, NULL, "print the time before each line",
                         offsetof(struct options, logs.timestamps), NULL, NULL},
    [FLAG_PRE_DEPLOY] = {"pre-deploy", 0, FLAG_TYPE_BOOL, NULL,
                         "print the logs of pre_deploy instead of those of the service",
                         offsetof(struct options, logs.pre_deploy), NULL, NULL},
    [FLAG_FROM_FILE] = {"from-file", 0, FLAG_TYPE_STRING, "FILE",
                        "file with the value, or - for stdin",
                        offsetof(struct options, secret.from_file), NULL, NULL},
    [FLAG_ALLOW_EMPTY] = {"allow-empty", 0, FLAG_TYPE_BOOL, NULL, "accept empty values",
                          offsetof(struct options, secret.allow_empty), NULL, NULL},
    [FLAG_TRIM_NEWLINE] = {"trim-newline", 0, FLAG_TYPE_BOOL, NULL,
                           "remove one newline from the end of the value",
                           offsetof(struct options, secret.trim_newline), NULL, NULL},
    [FLAG_SHOW_VALUES] = {"show-values", 0, FLAG_TYPE_BOOL, NULL, "also print the values",
                          offsetof(struct options, secret.show_values), NULL, NULL},
    [FLAG_NO_RESTART] = {"no-restart", 0, FLAG_TYPE_BOOL, NULL,
                         "do not restart the pods that use the secret",
                         offsetof(struct options, secret.no_restart), NULL, NULL},
    [FLAG_TAIL] = {"tail", 0, FLAG_TYPE_STRING, "LINES",
                   "lines to print per pod; -1: all (default 10)",
                   offsetof(struct options, logs.tail), NULL, check_lines},
    [FLAG_SINCE] = {"since", 0, FLAG_TYPE_STRING, "TIME",
                    "print only logs newer than this, for example 5m (default: all)",
                    offsetof(struct options, logs.since), NULL, check_kubectl_duration},
    [FLAG_IMAGE] = {"image", 0, FLAG_TYPE_STRING, "IMAGE",
                    "local image to push first, as NAME or NAME:TAG",
                    offsetof(struct options, push.image), NULL, name_check_image},
    [FLAG_TAG] = {"tag", 0, FLAG_TYPE_STRING, "TAG",
                  "tag to push (default: the tag of the local image)",
                  offsetof(struct options, push.tag), NULL, name_check_image_tag},
    [FLAG_CREATE_REPOSITORY] = {"create-repository", 0, FLAG_TYPE_BOOL, NULL,
                                "create the ECR repository with the aws CLI if it does not exist",
                                offsetof(struct options, push.create_repository), NULL, NULL},
    [FLAG_CONTAINER_TOOL] = {"container-tool", 0, FLAG_TYPE_STRING, "NAME",
                             "one of: docker, podman, nerdctl (default: the first one in PATH)",
                             offsetof(struct options, push.container_tool), tools, NULL},
    [FLAG_EXPLAIN] =
        {"explain", 0, FLAG_TYPE_BOOL, NULL,
         "print where each line comes from: a field, a flag, or a default and its reason",
         offsetof(struct options, explain), NULL, NULL},
    [FLAG_RECURSIVE_FIELDS] = {"recursive", 0, FLAG_TYPE_BOOL, NULL,
                               "list the fields of nested maps too",
                               offsetof(struct options, recursive_fields), NULL, NULL},
    [FLAG_RULES] = {"rules", 0, FLAG_TYPE_BOOL, NULL,
                    "list the names of errors and warnings instead of fields",
                    offsetof(struct options, rules), NULL, NULL},
    [FLAG_FROM_COMPOSE] = {"from-compose", 0, FLAG_TYPE_STRING, "FILE",
                           "Compose file whose services are written, or - for stdin",
                           offsetof(struct options, init.from_compose), NULL, NULL},
    [FLAG_FROM_MANIFESTS] = {"from-manifests", 0, FLAG_TYPE_STRING, "FILE",
                             "Kubernetes objects whose workloads are written, or - for stdin",
                             offsetof(struct options, init.from_manifests), NULL, NULL},
    [FLAG_INIT_IMAGE] = {"image", 0, FLAG_TYPE_STRING, "IMAGE",
                         "container image, or AUTO for one that you build and push",
                         offsetof(struct options, init.image), NULL, check_service_image},
    [FLAG_INIT_PORT] = {"port", 0, FLAG_TYPE_STRING, "[TYPE:]NUMBER",
                        "port of the container; TYPE is one of: http, grpc, websocket, tcp "
                        "(default http); or none",
                        offsetof(struct options, init.port), NULL, start_check_port},
    [FLAG_INIT_HEALTHCHECK_PATH] = {"healthcheck-path", 0, FLAG_TYPE_STRING, "PATH",
                                    "HTTP path of the probes",
                                    offsetof(struct options, init.healthcheck_path), NULL,
                                    name_check_path},
    [FLAG_INIT_HOST] = {"host", 0, FLAG_TYPE_STRING, "HOST[/PATH]",
                        "public domain, optionally with a path: the field public_uri",
                        offsetof(struct options, init.host), NULL, NULL},
    [FLAG_INIT_ENV_VAR] = {"env-var", 0, FLAG_TYPE_LIST, "NAME=VALUE",
                           "environment variable of the container; repeatable",
                           offsetof(struct options, init.variables), NULL, check_variable},
    [FLAG_OUTPUT_FILE] = {"output-file", 0, FLAG_TYPE_STRING, "FILE",
                          "write the service file to this new file (default: stdout)",
                          offsetof(struct options, init.output_file), NULL, NULL},
    [FLAG_FORCE] = {"force", 0, FLAG_TYPE_BOOL, NULL, "overwrite the file of --output-file",
                    offsetof(struct options, init.force), NULL, NULL},
    [FLAG_COLOR] = {"color", 0, FLAG_TYPE_STRING, "WHEN",
                    "color messages and diffs: auto, always, never (default auto)",
                    offsetof(struct options, color), colors, NULL},
    [FLAG_HELP] = {"help", 'h', FLAG_TYPE_BOOL, NULL, "show this help",
                   offsetof(struct options, help), NULL, NULL},
};

const struct flag_alias flag_aliases[] = {
    {"with-namespace", FLAG_DELETE_NAMESPACE},
    {"with-storage", FLAG_DELETE_VOLUMES},
    {"show", FLAG_SHOW_VALUES},
    {"create", FLAG_CREATE_REPOSITORY},
    {"tool", FLAG_CONTAINER_TOOL},
    {NULL, FLAG_COUNT},
};

bool flag_list_has(const enum flag_id *flags, enum flag_id id)
{
    while (flags && *flags != FLAG_COUNT && *flags != id)
        flags++;
    return flags && *flags == id;
}
