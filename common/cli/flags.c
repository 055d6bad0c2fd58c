#include "cli/flags.h"

#include "config/interpolate.h"
#include "format/duration.h"
#include "format/name.h"

#include <stddef.h>

static const char *const colors[] = {"auto", "always", "never", NULL, NULL};
static const char *const dry_runs[] = {"client", "server", "none", NULL, NULL};
static const char *const truths[] = {"true", "false", NULL, NULL};
static const char *const tools[] = {"docker", "podman", "nerdctl", NULL, NULL};
static const char *const prunes[] = {"service", "layer", NULL, NULL};

static const char *check_variable(struct str value)
{
    struct str name;
    return variable_split(value.data, &name, &value) ? NULL : "must be NAME=VALUE";
}

static const char *check_timeout(struct str value)
{
    return duration_parse(value, &(int64_t){0}) ? NULL
                                                : "must be a time up to 168h, as 90s, 5m or 1h30m";
}

static const char *check_verbosity(struct str value)
{
    return value.len == 1 && str_span_only(value, "0123456789") ? NULL
                                                                : "must be a number from 0 to 9";
}

static const char *check_lines(struct str value)
{
    return str_span_only(value, "0123456789") ? NULL : "must be a number of lines";
}

const struct flag flag_table[FLAG_COUNT] = {
    [FLAG_FILENAME] = {"filename", 'f', FLAG_TYPE_LIST, "FILE",
                       "service file, directory of such files, or - for standard input; repeatable",
                       offsetof(struct options, input.files), NULL, NULL},
    [FLAG_RECURSIVE] = {"recursive", 'R', FLAG_TYPE_BOOL, NULL,
                        "also read the subdirectories of a directory",
                        offsetof(struct options, input.recursive), NULL, NULL},
    [FLAG_ENV] = {"env", 0, FLAG_TYPE_STRING, "NAME", "the environment, where a file has several",
                  offsetof(struct options, input.environment), NULL, NULL},
    [FLAG_ENV_FILE] = {"env-file", 0, FLAG_TYPE_STRING, "FILE",
                       "environment file, in place of the one the service file names",
                       offsetof(struct options, input.environment_file), NULL, NULL},
    [FLAG_VAR] = {"var", 0, FLAG_TYPE_LIST, "NAME=VALUE", "what {vars.NAME} stands for; repeatable",
                  offsetof(struct options, input.variables), NULL, check_variable},
    [FLAG_IMAGE_TAG] = {"image-tag", 0, FLAG_TYPE_STRING, "TAG",
                        "tag for image: AUTO; without any, for the images that have no tag",
                        offsetof(struct options, input.image_tag), NULL, name_check_image_tag},
    [FLAG_IMAGE_DIGEST] = {"image-digest", 0, FLAG_TYPE_STRING, "DIGEST",
                           "the same by digest (sha256:...)",
                           offsetof(struct options, input.image_digest), NULL,
                           name_check_image_digest},
    [FLAG_REGISTRY] = {"registry", 0, FLAG_TYPE_STRING, "ADDRESS", "registry for image: AUTO",
                       offsetof(struct options, input.registry), NULL, name_check_registry},
    [FLAG_PARENT_OUTPUTS] = {"parent-outputs", 0, FLAG_TYPE_STRING, "FILE",
                             "what {parent.NAME} stands for: JSON of `terraform output -json`",
                             offsetof(struct options, input.parent_outputs), NULL, NULL},
    [FLAG_MODULE] = {"module", 0, FLAG_TYPE_LIST, "NAME", "this service only; repeatable",
                     offsetof(struct options, input.modules), NULL, NULL},
    [FLAG_NAMESPACE] = {"namespace", 'n', FLAG_TYPE_STRING, "NAME",
                        "namespace, in place of the layer's name; it is not made then",
                        offsetof(struct options, input.namespace), NULL, name_check_namespace},
    [FLAG_OUTPUT] = {"output", 'o', FLAG_TYPE_STRING, "FORMAT", "format of the output",
                     offsetof(struct options, output), NULL, NULL},
    [FLAG_WORKLOAD] = {"workload", 0, FLAG_TYPE_STRING, "KIND/NAME",
                       "the workload of the chart, or NAMESPACE/KIND/NAME, in place of "
                       "helm.workload",
                       offsetof(struct options, inject.workload), NULL, NULL},
    [FLAG_CONTAINER] = {"container", 0, FLAG_TYPE_STRING, "NAME",
                        "its container, in place of helm.container",
                        offsetof(struct options, inject.container), NULL, NULL},
    [FLAG_SERVICE] = {"service", 0, FLAG_TYPE_STRING, "NAME",
                      "the Service that routes to it, in place of helm.service",
                      offsetof(struct options, inject.service), NULL, NULL},
    [FLAG_INGRESS] = {"ingress", 0, FLAG_TYPE_STRING, "NAME",
                      "its Ingress, or `new`, in place of helm.ingress",
                      offsetof(struct options, inject.ingress), NULL, NULL},
    [FLAG_LOG_FILE] = {"log-file", 0, FLAG_TYPE_STRING, "FILE",
                       "append what is done to this file too; also OPTASVC_LOG",
                       offsetof(struct options, inject.log_file), NULL, NULL},
    [FLAG_REPORT] = {"report", 0, FLAG_TYPE_STRING, "FILE",
                     "write what was chosen, added, replaced, removed and left to this file, as "
                     "JSON",
                     offsetof(struct options, inject.report), NULL, NULL},
    [FLAG_DRY_RUN] = {"dry-run", 0, FLAG_TYPE_BOOL, NULL,
                      "pass the manifests through, and tell what would be injected",
                      offsetof(struct options, inject.dry_run), NULL, NULL},
    [FLAG_REQUIRE_INPUT] = {"require-input", 0, FLAG_TYPE_BOOL, NULL,
                            "fail if there are no manifests: the command before a pipe failed",
                            offsetof(struct options, inject.require_input), NULL, NULL},
    [FLAG_KUBECONFIG] = {"kubeconfig", 0, FLAG_TYPE_STRING, "FILE",
                         "kubectl's: the kubeconfig file",
                         offsetof(struct options, kubectl.kubeconfig), NULL, NULL},
    [FLAG_CONTEXT] = {"context", 0, FLAG_TYPE_STRING, "NAME",
                      "kubectl's: the context of the kubeconfig",
                      offsetof(struct options, kubectl.context), NULL, NULL},
    [FLAG_CLUSTER] = {"cluster", 0, FLAG_TYPE_STRING, "NAME",
                      "kubectl's: the cluster of the kubeconfig",
                      offsetof(struct options, kubectl.cluster), NULL, NULL},
    [FLAG_USER] = {"user", 0, FLAG_TYPE_STRING, "NAME", "kubectl's: the user of the kubeconfig",
                   offsetof(struct options, kubectl.user), NULL, NULL},
    [FLAG_AS] = {"as", 0, FLAG_TYPE_STRING, "NAME", "kubectl's: the user to act as",
                 offsetof(struct options, kubectl.as), NULL, NULL},
    [FLAG_REQUEST_TIMEOUT] = {"request-timeout", 0, FLAG_TYPE_STRING, "TIME",
                              "kubectl's: how long one request may take, as 30s",
                              offsetof(struct options, kubectl.request_timeout), NULL, NULL},
    [FLAG_KUBERC] = {"kuberc", 0, FLAG_TYPE_STRING, "FILE",
                     "kubectl's preferences; only their policy for credential plugins applies",
                     offsetof(struct options, kubectl.kuberc), NULL, NULL},
    [FLAG_VERBOSITY] = {"v", 'v', FLAG_TYPE_STRING, "LEVEL", "kubectl's: what it logs, from 0 to 9",
                        offsetof(struct options, kubectl.verbosity), NULL, check_verbosity},
    [FLAG_DRY_RUN_MODE] =
        {"dry-run", 0, FLAG_TYPE_CHOICE, "WHERE",
         "change nothing: `client` prints the manifests, `server` has them checked",
         offsetof(struct options, apply.dry_run_mode), dry_runs, NULL},
    [FLAG_WAIT] = {"wait", 0, FLAG_TYPE_CHOICE, "BOOL",
                   "wait until the pods are ready; true if left out",
                   offsetof(struct options, apply.wait), truths, NULL},
    [FLAG_TIMEOUT] = {"timeout", 0, FLAG_TYPE_STRING, "TIME",
                      "wait this long in all, as 5m; else each service its `timeout` without "
                      "progress",
                      offsetof(struct options, apply.timeout), NULL, check_timeout},
    [FLAG_PRUNE] =
        {"prune", 0, FLAG_TYPE_CHOICE, "SCOPE",
         "also remove what is no longer needed; `layer`: and the layer's services in no file",
         offsetof(struct options, apply.prune), prunes, NULL},
    [FLAG_FORCE_CONFLICTS] = {"force-conflicts", 0, FLAG_TYPE_BOOL, NULL,
                              "take over fields that others have set",
                              offsetof(struct options, apply.force_conflicts), NULL, NULL},
    [FLAG_ADOPT] = {"adopt", 0, FLAG_TYPE_BOOL, NULL,
                    "take over objects that were not created by apply",
                    offsetof(struct options, apply.adopt), NULL, NULL},
    [FLAG_ROLLBACK_ON_FAILURE] = {"rollback-on-failure", 0, FLAG_TYPE_BOOL, NULL,
                                  "go back to the previous pods where new ones do not get ready",
                                  offsetof(struct options, apply.rollback_on_failure), NULL, NULL},
    [FLAG_YES] = {"yes", 'y', FLAG_TYPE_BOOL, NULL, "do not ask for confirmation",
                  offsetof(struct options, yes), NULL, NULL},
    [FLAG_WITH_NAMESPACE] = {"with-namespace", 0, FLAG_TYPE_BOOL, NULL,
                             "delete the Namespace too, if nothing else is in it",
                             offsetof(struct options, delete.with_namespace), NULL, NULL},
    [FLAG_WITH_STORAGE] = {"with-storage", 0, FLAG_TYPE_BOOL, NULL,
                           "delete the claims of persistent_storage too, and what they hold",
                           offsetof(struct options, delete.with_storage), NULL, NULL},
    [FLAG_WATCH] = {"watch", 'w', FLAG_TYPE_BOOL, NULL, "go on, and show what changes",
                    offsetof(struct options, watch), NULL, NULL},
    [FLAG_FOLLOW] = {"follow", 0, FLAG_TYPE_BOOL, NULL, "go on, and show what is added",
                     offsetof(struct options, logs.follow), NULL, NULL},
    [FLAG_PREVIOUS] = {"previous", 'p', FLAG_TYPE_BOOL, NULL,
                       "the logs of the containers before their restart",
                       offsetof(struct options, logs.previous), NULL, NULL},
    [FLAG_FROM_FILE] = {"from-file", 0, FLAG_TYPE_STRING, "FILE",
                        "the file that holds the value, to the byte",
                        offsetof(struct options, secret.from_file), NULL, NULL},
    [FLAG_ALLOW_EMPTY] = {"allow-empty", 0, FLAG_TYPE_BOOL, NULL, "accept empty values",
                          offsetof(struct options, secret.allow_empty), NULL, NULL},
    [FLAG_TRIM_NEWLINE] = {"trim-newline", 0, FLAG_TYPE_BOOL, NULL,
                           "remove one newline from the end of the value",
                           offsetof(struct options, secret.trim_newline), NULL, NULL},
    [FLAG_SHOW] = {"show", 0, FLAG_TYPE_BOOL, NULL, "show the values too",
                   offsetof(struct options, secret.show), NULL, NULL},
    [FLAG_NO_RESTART] = {"no-restart", 0, FLAG_TYPE_BOOL, NULL,
                         "leave the pods with the values that they started with",
                         offsetof(struct options, secret.no_restart), NULL, NULL},
    [FLAG_TAIL] = {"tail", 0, FLAG_TYPE_STRING, "LINES",
                   "this many of the last lines of each pod; 10",
                   offsetof(struct options, logs.tail), NULL, check_lines},
    [FLAG_SINCE] = {"since", 0, FLAG_TYPE_STRING, "TIME", "only what is younger, as 5m",
                    offsetof(struct options, logs.since), NULL, NULL},
    [FLAG_IMAGE] = {"image", 0, FLAG_TYPE_STRING, "IMAGE",
                    "the image of this machine to push first, as NAME or NAME:TAG",
                    offsetof(struct options, push.image), NULL, name_check_image},
    [FLAG_TAG] = {"tag", 0, FLAG_TYPE_STRING, "TAG", "push it with this tag, in place of its own",
                  offsetof(struct options, push.tag), NULL, name_check_image_tag},
    [FLAG_CREATE] = {"create", 0, FLAG_TYPE_BOOL, NULL,
                     "make the repository by the aws CLI if it is not there",
                     offsetof(struct options, push.create), NULL, NULL},
    [FLAG_TOOL] = {"tool", 0, FLAG_TYPE_STRING, "NAME",
                   "docker, podman or nerdctl; the first of them that is on PATH if left out",
                   offsetof(struct options, push.tool), tools, NULL},
    [FLAG_COLOR] = {"color", 0, FLAG_TYPE_STRING, "WHEN",
                    "color of messages: auto, always or never", offsetof(struct options, color),
                    colors, NULL},
    [FLAG_HELP] = {"help", 'h', FLAG_TYPE_BOOL, NULL, "show this help",
                   offsetof(struct options, help), NULL, NULL},
};
