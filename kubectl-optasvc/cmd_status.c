/* Prints a table of the deployed services. */
#include "cluster/apply.h"
#include "cluster/cluster.h"
#include "cluster/job.h"
#include "cluster/ownership.h"
#include "commands.h"
#include "os/io.h"
#include "table.h"
#include "yaml/emit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* True if an autoscaler scales this workload. Labels are not sufficient, because they can be copied
 * to other autoscalers. */
static bool is_autoscaler_of(const struct node *object, const struct node *workload)
{
    const struct node *target = node_at(object, "spec scaleTargetRef");
    return kind_is(object, ROLE_AUTOSCALER) &&
           str_equal(node_string(node_get(target, "kind")), object_kind(workload)) &&
           str_equal(node_string(node_get(target, "name")), object_name(workload));
}

/* Returns the state of the autoscaler of a service for `-o json`; NULL if there is none. */
static struct node *describe_autoscaler(struct arena *arena,
                                        const struct deployed_service *deployed,
                                        const struct node *workload)
{
    const struct node *live = NULL;
    for (size_t i = 0; i < deployed->related_count && !live; i++)
        if (is_autoscaler_of(deployed->related[i], workload) &&
            deployed_service_shows(deployed, deployed->related[i]))
            live = deployed->related[i];
    if (!live)
        return NULL;
    struct node *map = node_new(arena, NODE_MAP);
    /* A ScaledObject that has no HorizontalPodAutoscaler yet has other names for them. */
    node_set_int(
        arena, map, "minReplicas",
        object_number(live, "spec minReplicas", object_number(live, "spec minReplicaCount", 1)));
    node_set_int(
        arena, map, "maxReplicas",
        object_number(live, "spec maxReplicas", object_number(live, "spec maxReplicaCount", 0)));
    node_set_int(arena, map, "desiredReplicas", object_number(live, "status desiredReplicas", 0));
    struct node *metrics = node_set_list(arena, map, "metrics");
    const struct node *metric = node_first_child(node_at(live, "spec metrics"));
    for (; metric; metric = metric->next) {
        struct str name = node_string(node_at(metric, "resource name"));
        struct node *item = node_append_map(arena, metrics);
        node_set_string(arena, item, "name", name);
        node_set_int(arena, item, "target",
                     object_number(metric, "resource target averageUtilization", 0));
        const struct node *now = node_first_child(node_at(live, "status currentMetrics"));
        while (now && !str_equal(node_string(node_at(now, "resource name")), name))
            now = now->next;
        if (node_at(now, "resource current averageUtilization"))
            node_set_int(arena, item, "current",
                         object_number(now, "resource current averageUtilization", 0));
    }
    return map;
}

/* Several routes may have the same host: with its paths, and with its redirect. */
static void add_host(struct arena *arena, struct node *hosts, struct str host)
{
    host = host.len ? host : STR("*");
    for (const struct node *each = node_first_child(hosts); each; each = each->next)
        if (str_equal(each->text, host))
            return;
    node_append_string(arena, hosts, host);
}

static void add_ingress_hosts(struct arena *arena, struct node *hosts, const struct node *ingress)
{
    const struct node *rule = node_first_child(node_at(ingress, "spec rules"));
    for (; rule; rule = rule->next)
        add_host(arena, hosts, node_string(node_at(rule, "host")));
}

static void add_route_hosts(struct arena *arena, struct node *hosts, const struct node *route)
{
    const struct node *host = node_first_child(node_at(route, "spec hostnames"));
    if (!host)
        add_host(arena, hosts, STR(""));
    for (; host; host = host->next)
        add_host(arena, hosts, node_string(host));
}

static void set_hosts(struct arena *arena, struct node *map,
                      const struct deployed_service *deployed)
{
    struct node *hosts = node_set_list(arena, map, "hosts");
    for (size_t i = 0; i < deployed->related_count; i++) {
        const struct node *live = deployed->related[i];
        if (!deployed_service_shows(deployed, live))
            continue;
        if (kind_is(live, ROLE_INGRESS))
            add_ingress_hosts(arena, hosts, live);
        else if (kind_is(live, ROLE_ROUTE))
            add_route_hosts(arena, hosts, live);
    }
}

/* Returns the newest Job of pre_deploy for `-o json`; NULL if there is none. */
static struct node *describe_job(struct arena *arena, const struct deployed_service *deployed)
{
    static const char created[] = "metadata creationTimestamp";
    static const char *const states[] = {
        [JOB_RUNNING] = "Running", [JOB_SUCCEEDED] = "Succeeded", [JOB_FAILED] = "Failed"};
    const struct node *newest = NULL;
    for (size_t i = 0; i < deployed->related_count; i++) {
        const struct node *job = deployed->related[i];
        if (kind_is(job, ROLE_JOB) && deployed_service_shows(deployed, job) &&
            (!newest || str_compare(node_string(node_at(job, created)),
                                    node_string(node_at(newest, created))) > 0))
            newest = job;
    }
    if (!newest)
        return NULL;
    struct node *map = node_new(arena, NODE_MAP);
    enum job_state state = job_state(newest);
    node_set_string(arena, map, "job", object_name(newest));
    node_set_string(arena, map, "state", str_from_c(states[state]));
    if (state == JOB_FAILED)
        node_set_string(arena, map, "message", job_failure(arena, newest));
    node_set_string(arena, map, "creationTimestamp", node_string(node_at(newest, created)));
    return map;
}

static void set_rollout(struct arena *arena, struct node *map, const struct node *workload)
{
    static const char *const states[] = {[ROLLOUT_COMPLETE] = "Complete",
                                         [ROLLOUT_PROGRESSING] = "Progressing",
                                         [ROLLOUT_EXPIRED] = "Failed"};
    struct str message;
    enum rollout_progress progress = rollout_progress(arena, workload, &message);
    struct node *rollout = node_set_map(arena, map, "rollout");
    node_set_string(arena, rollout, "state", str_from_c(states[progress]));
    if (message.len)
        node_set_string(arena, rollout, "message", message);
}

struct node *cmd_describe_service(struct arena *arena, const struct deployed_service *deployed,
                                  const struct node *live)
{
    struct node *map = node_new(arena, NODE_MAP);
    node_set_string(arena, map, "name", deployed->service->name);
    node_set_string(arena, map, "namespace", deployed->namespace->name);
    node_set_bool(arena, map, "deployed", live != NULL);
    return map;
}

static struct node *describe(struct arena *arena, const struct deployed_service *deployed)
{
    const struct node *live = deployed_service_live_workload(deployed, LABELS_OURS);
    struct node *map = cmd_describe_service(arena, deployed, live);
    struct node *job = describe_job(arena, deployed);
    if (job)
        node_set(arena, map, "preDeploy", job);
    if (!live)
        return map;
    const struct node *container = node_first_child(node_at(live, "spec template spec containers"));
    node_set_string(arena, map, "kind", object_kind(live));
    node_set_string(arena, map, "image", node_string(node_at(container, "image")));
    node_set_int(arena, map, "readyReplicas", object_number(live, "status readyReplicas", 0));
    node_set_int(arena, map, "updatedReplicas", object_number(live, "status updatedReplicas", 0));
    node_set_int(arena, map, "replicas", object_number(live, "spec replicas", 1));
    set_rollout(arena, map, live);
    if (!object_applied_by(live, MANAGER) || object_tool(live))
        node_set_string(arena, map, "managedBy", object_managers(arena, live));
    struct node *autoscaler = describe_autoscaler(arena, deployed, live);
    if (autoscaler)
        node_set(arena, map, "autoscaler", autoscaler);
    set_hosts(arena, map, deployed);
    node_set_string(arena, map, "creationTimestamp",
                    node_string(node_at(live, "metadata creationTimestamp")));
    return map;
}

static struct str join_hosts(struct arena *arena, const struct node *service)
{
    struct buf text = {0};
    for (const struct node *host = node_first_child(node_at(service, "hosts")); host;
         host = host->next)
        buf_add_joined(&text, ",", host->text);
    return text.len ? buf_take(arena, &text) : STR("-");
}

static struct str join_metrics(struct arena *arena, const struct node *service)
{
    const struct node *autoscaler = node_at(service, "autoscaler");
    if (!autoscaler)
        return STR("-");
    struct buf text = {0};
    buf_format(&text, "%" PRId64 "-%" PRId64, object_number(autoscaler, "minReplicas", 1),
               object_number(autoscaler, "maxReplicas", 1));
    for (const struct node *metric = node_first_child(node_at(autoscaler, "metrics")); metric;
         metric = metric->next) {
        int64_t now = object_number(metric, "current", -1);
        buf_format(&text, " %.*s %s/%" PRId64 "%%", STR_ARG(node_string(node_at(metric, "name"))),
                   now < 0 ? "?" : str_format(arena, "%" PRId64 "%%", now).data,
                   object_number(metric, "target", 0));
    }
    return buf_take(arena, &text);
}

enum { COLUMNS = 7 };

static const char *const titles[COLUMNS] = {"NAMESPACE",  "NAME",  "IMAGE", "READY",
                                            "AUTOSCALER", "HOSTS", "AGE"};

static void fill_row(struct arena *arena, const struct node *service, struct str row[COLUMNS])
{
    bool deployed = str_eq_c(node_string(node_at(service, "deployed")), "true");
    row[0] = node_string(node_at(service, "namespace"));
    row[1] = node_string(node_at(service, "name"));
    row[2] = deployed ? node_string(node_at(service, "image")) : STR("(not deployed)");
    row[3] = deployed ? str_format(arena, "%" PRId64 "/%" PRId64,
                                   object_number(service, "readyReplicas", 0),
                                   object_number(service, "replicas", 0))
                      : STR("-");
    row[4] = join_metrics(arena, service);
    row[5] = join_hosts(arena, service);
    row[6] = table_age(arena, node_string(node_at(service, "creationTimestamp")));
}

static void add_table(struct buf *out, struct arena *arena, struct node *const *services,
                      size_t count)
{
    struct table table = {.arena = arena, .columns = COLUMNS};
    table_add_titles(&table, titles);
    for (size_t i = 0; i < count; i++)
        fill_row(arena, services[i], table_add_row(&table));
    table_write(&table, out);
}

/* Adds a line about a rollout whose pods are not all replaced. The table shows the new image, but
 * the ready pods may have the old one. */
static void add_rollout(struct buf *out, struct arena *arena, const struct node *service,
                        struct str title)
{
    struct str message = node_string(node_at(service, "rollout message"));
    if (!message.len)
        return;
    diag_add_visible(out, str_format(arena, "%.*s: rollout not complete: %.*s", STR_ARG(title),
                                     STR_ARG(message)));
    buf_add_byte(out, '\n');
}

static void add_job(struct buf *out, struct arena *arena, const struct node *service,
                    struct str title)
{
    const struct node *job = node_get(service, "preDeploy");
    if (!job)
        return;
    struct str age = table_age(arena, node_string(node_at(job, "creationTimestamp")));
    struct str message = node_string(node_at(job, "message"));
    diag_add_visible(out,
                     str_format(arena, "%.*s: pre_deploy: Job %.*s %.*s, created %.*s ago%s%.*s",
                                STR_ARG(title), STR_ARG(node_string(node_at(job, "job"))),
                                STR_ARG(str_lower(arena, node_string(node_at(job, "state")))),
                                STR_ARG(age), message.len ? ": " : "", STR_ARG(message)));
    buf_add_byte(out, '\n');
}

/* Adds lines below the table. `namespaces`: with the namespace. */
static void add_notes(struct buf *out, struct arena *arena, struct node *const *services,
                      size_t count, bool namespaces)
{
    for (size_t i = 0; i < count; i++) {
        struct str title = node_string(node_at(services[i], "name"));
        if (namespaces)
            title =
                STR_JOIN(arena, node_string(node_at(services[i], "namespace")), STR("/"), title);
        add_rollout(out, arena, services[i], title);
        add_job(out, arena, services[i], title);
    }
}

/* Reports workloads that other tools manage or that may belong to another environment. */
static void report_unlisted(struct cluster *cluster, const struct deployed_service *deployed)
{
    struct arena *arena = cluster->kubectl.arena;
    const struct node *live = deployed_service_live_workload(deployed, LABELS_OURS);
    const struct node *unclaimed = deployed_service_live_workload(deployed, LABELS_UNCLAIMED);
    struct str managers = live ? object_managers(arena, live) : (struct str){0};
    if (live && managers.len && (!object_applied_by(live, MANAGER) || object_tool(live)))
        cluster_print(cluster, "%.*s: %.*s is managed by %.*s", STR_ARG(deployed->service->name),
                      STR_ARG(object_title(arena, live)), STR_ARG(managers));
    if (!live && unclaimed)
        cluster_print(cluster,
                      "%.*s: %.*s has no environment label and is not shown; run apply to claim it",
                      STR_ARG(deployed->service->name), STR_ARG(object_title(arena, unclaimed)));
}

/* True if services are found by their labels, without files. */
static bool selects_by_labels(const struct options *options)
{
    return options->labels.all_namespaces || options->labels.selector;
}

static bool write_status(struct cluster *cluster, struct buf *out)
{
    struct arena *arena = cluster->kubectl.arena;
    if (!(selects_by_labels(cluster->options) ? cluster_query_labels(cluster)
                                              : cluster_query(cluster, LIST_STATUS, 0)))
        return false;
    struct node **services = ARENA_ARRAY(arena, cluster->service_count, struct node *);
    for (size_t i = 0; i < cluster->service_count; i++)
        services[i] = describe(arena, &cluster->services[i]);
    for (size_t i = 0; i < cluster->service_count && !cluster->options->watch; i++)
        report_unlisted(cluster, &cluster->services[i]);
    if (!cluster->options->output) {
        add_table(out, arena, services, cluster->service_count);
        add_notes(out, arena, services, cluster->service_count, cluster->namespace_count > 1);
        return true;
    }
    struct node *list = node_new(arena, NODE_LIST);
    for (size_t i = 0; i < cluster->service_count; i++)
        node_append(list, services[i]);
    emit_format_find(cluster->options->output)->value(out, list);
    return true;
}

/* Prints the table repeatedly: on a terminal in place, otherwise only if it changed. */
static bool watch(struct cluster *cluster)
{
    enum { INTERVAL_MS = 2000 };
    struct arena query_arena = {0};
    struct buf last = {0};
    bool ok = true;
    cluster->kubectl.arena = &query_arena;
    while (ok && !process_interrupted()) {
        struct buf out = {0};
        arena_reset(&query_arena);
        if (isatty(STDOUT_FILENO))
            buf_add(&out, STR("\033[H\033[J"));
        bool succeeded = write_status(cluster, &out);
        /* After a first success, errors may be temporary. */
        ok = succeeded || last.len;
        if (succeeded && !str_equal(buf_str(&out), buf_str(&last)))
            ok = console_print(buf_str(&out));
        if (ok && !process_interrupted())
            cluster_report(cluster);
        struct buf *old = succeeded ? &last : &out;
        buf_free(old);
        if (succeeded)
            last = out;
        if (ok)
            process_sleep(INTERVAL_MS);
    }
    buf_free(&last);
    cluster->kubectl.arena = &cluster->arena;
    arena_free(&query_arena);
    return ok;
}

static int run_status(const struct invocation *invocation)
{
    struct cluster cluster;
    struct buf out = {0};
    const struct options *options = &invocation->options;
    bool ok = selects_by_labels(options)
                  ? cluster_open_without_files(&cluster, options, invocation->color)
                  : cluster_open(&cluster, options, invocation->color, true);
    if (ok && options->watch)
        ok = watch(&cluster);
    else if (ok)
        ok = write_status(&cluster, &out);
    ok = cluster_report(&cluster) && ok;
    if (ok && cluster.service_count == 0 && !options->output && !options->watch) {
        out.len = 0; /* the titles */
        cluster_print(&cluster, "no services found");
    }
    int status = ok ? console_finish(buf_str(&out)) : EXIT_FAILURE;
    buf_free(&out);
    cluster_close(&cluster);
    return process_exit_status(status);
}

const struct command command_status = {
    .name = "status",
    .group = GROUP_INSPECT,
    .arguments = "[SERVICE...]",
    .max_names = SIZE_MAX,
    .summary = "Show image, pods, autoscaler and hosts of services",
    .details =
        "READY counts the ready pods, also those of the previous image while a rollout is not "
        "complete, which a line below the table reports. AUTOSCALER shows the minimum and maximum "
        "number of pods, and each metric with its target; ? means that the cluster has no value: "
        "it needs metrics-server. `kubectl describe hpa NAME` shows why the number of pods "
        "changed. HOSTS are the domains of public_uri, without its path.",
    .examples = EXAMPLES(
        {"Show the services of a file", "kubectl optasvc status -f web.yaml"},
        {"Print the hosts of one service",
         "kubectl optasvc status web -f web.yaml -o json | jq \".[].hosts\""},
        {"Show the services of the whole cluster, without any file", "kubectl optasvc status -A"},
        {"Show those of an environment in all namespaces",
         "kubectl optasvc status -A -l opta.dev/environment-name=production"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_ALL_NAMESPACES, FLAG_SELECTOR, FLAG_WATCH, FLAG_OUTPUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .outputs = emit_format_names,
    .output_default = "table",
    .run = run_status,
};
