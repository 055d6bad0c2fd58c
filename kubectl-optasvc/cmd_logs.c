/* Runs `kubectl logs` and `kubectl exec` on the pods of a service. For a shell, kubectl replaces
 * this process. For logs, this process remains to hide log messages of kubectl itself, as other
 * commands do. */
#include "cluster/cluster.h"
#include "cluster/kuberc.h"
#include "cluster/ownership.h"
#include "commands.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static bool any_has_pre_deploy(const struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->service_count; i++)
        if (cluster->services[i].service->pre_deploy)
            return true;
    return false;
}

/* Returns the only service; for the logs of pre_deploy, the only one that has it, or the only one
 * if none has. Reports an error and returns NULL if there are several. */
static const struct deployed_service *only_service(struct cluster *cluster)
{
    bool pre_deploy = cluster->options->logs.pre_deploy && any_has_pre_deploy(cluster);
    const struct deployed_service *only = NULL;
    struct buf names = {0};
    size_t count = 0;
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        if (pre_deploy && !deployed->service->pre_deploy)
            continue;
        only = deployed;
        count++;
        buf_add_joined(&names, ", ", deployed->service->name);
    }
    if (count != 1) {
        only = NULL;
        diag_error(&cluster->diags, NO_LOCATION, RULE_AMBIGUOUS_SELECTION,
                   "the files define several services%s: %.*s",
                   pre_deploy ? " with pre_deploy" : "", STR_ARG(buf_str(&names)));
        diag_hint(&cluster->diags, "pass one of these names as an argument");
    }
    buf_free(&names);
    return only;
}

static int exec_kubectl(struct cluster *cluster, const struct argv *argv)
{
    struct process run = {.arguments = argv->items};
    kuberc_keep_for_exec();
    run.error = process_exec(argv->items);
    kubectl_report(&cluster->kubectl, &run);
    return EXIT_FAILURE;
}

/* Runs kubectl with our stdout. Does not report that a reader such as `head` closed the pipe. */
static int run_kubectl(struct cluster *cluster, const struct argv *argv)
{
    struct process run = {.arguments = argv->items, .inherit_stdout = true};
    kubectl_run(&cluster->kubectl, &run, 1);
    bool closed = run.status == 128 + SIGPIPE;
    if (!process_succeeded(&run) && !closed)
        kubectl_report(&cluster->kubectl, &run);
    process_free(&run);
    return run.error ? EXIT_FAILURE : run.status;
}

/* Returns --since for kubectl, which requires a unit; NULL if it is not given. */
static const char *since_format(struct arena *arena, const char *since)
{
    bool is_number = since && str_span_only(str_from_c(since), "0123456789");
    return is_number ? str_format(arena, "%ss", since).data : since;
}

static bool is_pod_of(const struct deployed_service *deployed, const struct node *pod)
{
    return str_equal(object_label(pod, "app.kubernetes.io/name"), deployed->service->name) &&
           deployed_service_shows(deployed, pod);
}

/* Returns the status of a container of a pod; NULL if it has none yet. */
static const struct node *container_status(const struct node *pod, struct str name)
{
    static const char *const lists[] = {"status containerStatuses", "status initContainerStatuses",
                                        "status ephemeralContainerStatuses"};
    const struct node *found = NULL;
    for (size_t i = 0; i < COUNT_OF(lists) && !found; i++)
        found = node_find_named(node_at(pod, lists[i]), name);
    return found;
}

/* True if the pod has the log that the options select: it has none of a container that did not run,
 * and none of before a restart without one. */
static bool has_log(const struct options *options, const struct node *pod)
{
    const struct node *own = pod_service_container(pod);
    const struct node *status =
        container_status(pod, options->container ? str_from_c(options->container)
                                                 : node_string(node_at(own, "name")));
    if (node_at(status, "lastState terminated"))
        return true;
    return !options->logs.previous &&
           (node_at(status, "state running") || node_at(status, "state terminated"));
}

/* True if some pods of the service have the log that the options select, and others do not. kubectl
 * would end at the first one without it, in no order. */
static bool misses_logs(const struct options *options, const struct deployed_service *deployed)
{
    bool any = false;
    bool all = true;
    for (size_t i = 0; i < deployed->related_count; i++) {
        if (!is_pod_of(deployed, deployed->related[i]))
            continue;
        bool has = has_log(options, deployed->related[i]);
        any |= has;
        all &= has;
    }
    return any && !all;
}

static int print_logs(struct cluster *cluster, const struct deployed_service *deployed)
{
    const struct options *options = cluster->options;
    if (!options->logs.pre_deploy && !cluster_query(cluster, LIST_PODS, 0))
        return EXIT_FAILURE;
    struct argv argv = kubectl_argv(
        &cluster->kubectl, "logs", "--namespace", deployed->namespace->name.data,
        options->logs.pre_deploy ? deployed_service_job_selector(&cluster->arena, deployed)
                                 : deployed_service_pod_selector(&cluster->arena, deployed),
        "--prefix", "--max-log-requests=1000", /* kubectl follows at most 5 pods by default */
        NULL);
    argv_add_flag(&cluster->arena, &argv, "container", options->container);
    argv_add_flag(&cluster->arena, &argv, "tail", options->logs.tail);
    argv_add_flag(&cluster->arena, &argv, "since",
                  since_format(&cluster->arena, options->logs.since));
    if (misses_logs(options, deployed))
        argv_add(&cluster->arena, &argv, "--ignore-errors");
    if (options->logs.follow)
        argv_add(&cluster->arena, &argv, "--follow");
    if (options->logs.previous)
        argv_add(&cluster->arena, &argv, "--previous");
    if (options->logs.timestamps)
        argv_add(&cluster->arena, &argv, "--timestamps");
    return run_kubectl(cluster, &argv);
}

static bool is_ready(const struct node *pod)
{
    return str_eq_c(node_string(node_at(object_condition(pod, "Ready"), "status")), "True");
}

/* Returns a ready pod, else a running one; NULL if there is none. */
static const struct node *choose_pod(const struct deployed_service *deployed)
{
    const struct node *chosen = NULL;
    for (size_t i = 0; i < deployed->related_count; i++) {
        const struct node *pod = deployed->related[i];
        if (is_pod_of(deployed, pod) &&
            str_eq_c(node_string(node_at(pod, "status phase")), "Running") &&
            !node_at(pod, "metadata deletionTimestamp") &&
            (!chosen || (is_ready(pod) && !is_ready(chosen))))
            chosen = pod;
    }
    return chosen;
}

static const char command_hint[] =
    "to run a command, write it after --: kubectl optasvc shell -- COMMAND";

/* Returns the container of --container, by default that of the service. Reports an error and
 * returns an empty string if the pod has no such container. */
static struct str choose_container(struct cluster *cluster, const struct node *pod)
{
    static const char *const lists[] = {"containers", "initContainers", "ephemeralContainers"};
    const char *given = cluster->options->container;
    const struct node *spec = node_at(pod, "spec");
    if (!given)
        return node_string(node_at(pod_service_container(pod), "name"));
    struct suggestion similar = {.word = str_from_c(given)};
    struct buf names = {0};
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        for (const struct node *each = node_first_child(node_at(spec, lists[i])); each;
             each = each->next) {
            struct str name = node_string(node_at(each, "name"));
            if (str_equal(name, similar.word)) {
                buf_free(&names);
                return name;
            }
            suggestion_add(&similar, name);
            buf_add_joined(&names, ", ", name);
        }
    diag_error(&cluster->diags, NO_LOCATION, RULE_CONTAINER_NOT_FOUND,
               "pod \"%.*s\" has no container \"%s\"; available: %.*s", STR_ARG(object_name(pod)),
               given, STR_ARG(buf_str(&names)));
    if (!diag_suggest(&cluster->diags, &similar)) /* sh -c COMMAND */
        diag_hint_line(&cluster->diags, command_hint);
    buf_free(&names);
    return STR("");
}

static int open_shell(struct cluster *cluster, const struct deployed_service *deployed,
                      const struct option_list *command)
{
    static const char script[] = "command -v bash >/dev/null 2>&1 && exec bash || exec sh";
    if (!cluster_query(cluster, LIST_PODS, 0))
        return EXIT_FAILURE;
    const struct node *pod = choose_pod(deployed);
    /* Pods with changed labels are found through their controllers. */
    if (!pod && deployed->namespace->live && cluster_query(cluster, LIST_POD_OWNERS, QUERY_LENIENT))
        pod = choose_pod(deployed);
    if (!pod) {
        diag_error(&cluster->diags, NO_LOCATION, RULE_NOT_DEPLOYED,
                   "no running pod of \"%.*s\" in namespace \"%.*s\"",
                   STR_ARG(deployed->service->name), STR_ARG(deployed->namespace->name));
        diag_hint(&cluster->diags, "run kubectl optasvc status to see the state of the service");
        return EXIT_FAILURE;
    }
    struct arena *arena = &cluster->arena;
    struct str container = choose_container(cluster, pod);
    if (!container.len)
        return EXIT_FAILURE;
    struct argv argv = kubectl_argv(
        &cluster->kubectl, "exec", "--stdin", "--namespace", deployed->namespace->name.data,
        str_to_c(arena, object_name(pod)), "--container", str_to_c(arena, container), NULL);
    /* A terminal in the pod writes \r\n for each newline, and stderr into stdout. */
    if (isatty(STDIN_FILENO) && isatty(STDOUT_FILENO))
        argv_add(&cluster->arena, &argv, "--tty");
    argv_add(&cluster->arena, &argv, "--");
    for (size_t i = 0; i < command->count; i++)
        argv_add(&cluster->arena, &argv, command->items[i]);
    if (command->count == 0) {
        argv_add(&cluster->arena, &argv, "sh");
        argv_add(&cluster->arena, &argv, "-c");
        argv_add(&cluster->arena, &argv, script);
    }
    return exec_kubectl(cluster, &argv);
}

static int run(const struct invocation *invocation, bool shell)
{
    struct cluster cluster;
    struct options options = invocation->options;
    int status = EXIT_FAILURE;
    if (shell) /* a command without -- is read as the name of a service */
        options.input.module_hint = command_hint;
    if (cluster_open(&cluster, &options, invocation->color, true)) {
        const struct deployed_service *deployed = only_service(&cluster);
        if (deployed && shell)
            status = open_shell(&cluster, deployed, &invocation->arguments);
        else if (deployed)
            status = print_logs(&cluster, deployed);
    }
    cluster_report(&cluster);
    cluster_close(&cluster);
    return process_exit_status(status);
}

static int run_logs(const struct invocation *invocation)
{
    return run(invocation, false);
}

static int run_shell(const struct invocation *invocation)
{
    return run(invocation, true);
}

const struct command command_logs = {
    .name = "logs",
    .group = GROUP_INSPECT,
    .arguments = "[SERVICE]",
    .max_names = 1,
    .summary = "Print the logs of the pods of a service",
    .file_hint = "to stream new log lines, use --follow",
    .examples = EXAMPLES(
        {"Print the last 10 lines of each pod", "kubectl optasvc logs -f web.yaml"},
        {"Stream the logs of one service", "kubectl optasvc logs web -f web.yaml --follow"},
        {"Print the log of the container that crashed",
         "kubectl optasvc logs -f web.yaml --previous"},
        {"Print up to 1000 lines of a sidecar in the last 5 minutes",
         "kubectl optasvc logs -f web.yaml -c proxy --since 5m --tail 1000"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_FOLLOW, FLAG_POD_CONTAINER, FLAG_PREVIOUS, FLAG_TAIL,
                       FLAG_SINCE, FLAG_TIMESTAMPS, FLAG_PRE_DEPLOY),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_logs,
};

const struct command command_shell = {
    .name = "shell",
    .group = GROUP_INSPECT,
    .arguments = "[SERVICE] [-- COMMAND...]",
    .max_names = 1,
    .max_args = SIZE_MAX,
    .summary = "Open a shell or run a command in a pod of a service",
    .examples = EXAMPLES({"Open a shell in a pod", "kubectl optasvc shell -f web.yaml"},
                         {"Run one command", "kubectl optasvc shell -f web.yaml -- env"},
                         {"Copy a file out of the pod",
                          "kubectl optasvc shell -f web.yaml -- cat /etc/hosts >hosts"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_POD_CONTAINER),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_shell,
};
