/* Shows what apply would change: the output of `kubectl diff`, and what that does not show: missing
 * namespaces, objects to delete, and conflicts with other field managers. */
#include "cluster/apply.h"
#include "cluster/job.h"
#include "cluster/live.h"
#include "commands.h"
#include "manifest/manifest.h"
#include "yaml/emit.h"

#include <stdlib.h>

enum { DIFF_SAME, DIFF_DIFFERENT, DIFF_FAILED };

/* Appends an object as `diff -u -N` prints a new file. */
static void append_new_file(struct buf *out, struct arena *arena, struct node *object)
{
    struct buf text = {0};
    size_t lines = 0;
    emit_yaml(&text, &object, 1);
    struct str document = str_skip(buf_str(&text), sizeof "---\n" - 1);
    struct str line;
    for (size_t at = 0; str_next_line(document, &at, &line);)
        lines++;
    struct str title = object_title(arena, object);
    buf_format(out, "--- /dev/null\n+++ %.*s\n@@ -0,0 +1,%zu @@\n", STR_ARG(title), lines);
    for (size_t at = 0; str_next_line(document, &at, &line);)
        buf_format(out, "+%.*s\n", STR_ARG(line));
    buf_free(&text);
}

static void append_service(struct buf *out, struct arena *arena,
                           const struct deployed_service *deployed)
{
    if (deployed->job)
        append_new_file(out, arena, deployed->job);
    for (size_t i = 0; i < deployed->count; i++)
        append_new_file(out, arena, deployed->objects[i]);
}

/* In a missing namespace all objects are new, including the Namespace. */
static void print_missing_namespace(struct cluster *cluster,
                                    const struct cluster_namespace *namespace)
{
    struct buf out = {0};
    struct manifests manifests = {.arena = &cluster->arena};
    manifest_namespace(&manifests, namespace->layer);
    append_new_file(&out, &cluster->arena, manifests.items[0]);
    for (size_t i = 0; i < namespace->service_count; i++)
        append_service(&out, &cluster->arena, namespace->services[i]);
    console_print(buf_str(&out));
    buf_free(&out);
}

/* Prints kubectl's diff of all namespaces that exist. */
static int print_diff(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    const struct kubectl *kubectl = &cluster->kubectl;
    struct manifests manifests = {.arena = kubectl->arena};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        const struct rollout *rollout = &apply->rollouts[i];
        if (deployed->namespace->state == NAMESPACE_ABSENT)
            continue;
        if (rollout->job && !namespace_find(kubectl->arena, deployed->namespace, rollout->job))
            manifests_add(&manifests, rollout->job);
        for (size_t j = 0; j < deployed->count; j++) {
            struct node *object = deployed->objects[j];
            /* Replicas that are transferred to an autoscaler are unchanged. */
            manifests_add(&manifests, rollout->preserved_replicas
                                          ? object_to_apply(apply, rollout, object, true)
                                          : object);
        }
    }
    if (manifests.count == 0)
        return DIFF_SAME;
    struct process run = {
        .arguments = kubectl_argv(kubectl, "diff", "--server-side", "--field-manager=" MANAGER,
                                  "--force-conflicts", "--filename=-", NULL)
                         .items,
        .input = kubectl_documents(kubectl, manifests.items, manifests.count),
        .inherit_stdout = true,
    };
    kubectl_run(kubectl, &run, 1);
    int status = run.error || run.status > DIFF_DIFFERENT ? DIFF_FAILED : run.status;
    if (status == DIFF_FAILED)
        kubectl_report(kubectl, &run);
    process_free(&run);
    return status;
}

/* Reports Jobs of pre_deploy that have failed, which kubectl's diff does not show, and those of
 * earlier releases. Returns their number. */
static size_t report_jobs(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    size_t count = 0;
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct node *job = apply->rollouts[i].job;
        if (!job || job_state(namespace_find(&cluster->arena, cluster->services[i].namespace,
                                             job)) != JOB_FAILED)
            continue;
        cluster_print(cluster, "%.*s: would be replaced, because it has failed",
                      STR_ARG(object_title(&cluster->arena, job)));
        count++;
    }
    for (size_t i = 0; i < apply->jobs.count; i++) {
        bool runs = job_state(apply->jobs.items[i]) == JOB_RUNNING;
        cluster_print(cluster, "%.*s: would be %s",
                      STR_ARG(object_title(&cluster->arena, apply->jobs.items[i])),
                      runs ? "retained while it is running" : "deleted");
        count += !runs;
    }
    return count;
}

static bool report_deletions(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct arena *arena = &apply->cluster.arena;
    size_t count = report_jobs(apply);
    for (size_t i = 0; i < cluster->service_count; i++)
        if (apply->rollouts[i].old)
            cluster_print(cluster, "%.*s: would be deleted when the new pods are ready",
                          STR_ARG(object_title(arena, apply->rollouts[i].old))),
                count++;
    for (size_t i = 0; i < apply->to_delete.count; i++)
        cluster_print(cluster, "%.*s: would be %s",
                      STR_ARG(object_title(arena, apply->to_delete.items[i])),
                      apply_cron_job_runs(apply->to_delete.items[i])
                          ? "suspended, because one of its Jobs is running"
                          : "deleted");
    apply_report_stale(apply);
    return count + apply->to_delete.count > 0;
}

static int diff(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!cluster_query(cluster, LIST_RENDERED, QUERY_NAMESPACES) || !cluster_check_kinds(cluster) ||
        !cluster_query_missing(cluster))
        return DIFF_FAILED;
    apply_plan(apply);
    apply_check_owners(apply);
    size_t errors = cluster->diags.errors;
    apply_check_claims(apply);
    if (cluster->diags.errors > errors) /* a server-side dry run would fail too */
        return DIFF_FAILED;
    int status = report_deletions(apply) ? DIFF_DIFFERENT : DIFF_SAME;
    apply_report_conflicts(apply);
    for (size_t i = 0; i < cluster->namespace_count; i++)
        if (cluster->namespaces[i].state == NAMESPACE_ABSENT) {
            print_missing_namespace(cluster, &cluster->namespaces[i]);
            status = DIFF_DIFFERENT;
        }
    int present = process_interrupted() ? DIFF_SAME : print_diff(apply);
    return present > status ? present : status;
}

static int run_diff(const struct invocation *invocation)
{
    struct apply apply = {0};
    int status = DIFF_FAILED;
    if (cluster_open(&apply.cluster, &invocation->options, invocation->color, false))
        status = diff(&apply);
    if (!cluster_report(&apply.cluster))
        status = DIFF_FAILED;
    cluster_close(&apply.cluster);
    if (console_finish((struct str){0}) != EXIT_SUCCESS)
        status = DIFF_FAILED;
    return process_exit_status(status);
}

const struct command command_diff = {
    .name = "diff",
    .group = GROUP_DEPLOY,
    .arguments = "[SERVICE...]",
    .max_names = SIZE_MAX,
    .summary = "Show what apply would change",
    .details = "Prints the output of `kubectl diff` and the objects that apply would delete. Exit "
               "status: 0 no differences, 1 differences, 2 failure.",
    .examples = EXAMPLES({"Show what apply would change", "kubectl optasvc diff -f web.yaml"},
                         {"Compare with the cluster of another context",
                          "kubectl optasvc diff -f web.yaml --env staging --context staging"},
                         {"Compare all service files of a directory and its subdirectories",
                          "kubectl optasvc diff -R -f services/"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_ADOPT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_diff,
};
