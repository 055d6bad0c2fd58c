/* What apply would change: kubectl's own diff, and what it does not see: namespaces that are not
 * there yet, objects that would go, and who else has set a field. */
#include "cluster/apply.h"
#include "commands.h"
#include "manifest/manifest.h"
#include "yaml/emit.h"

#include <stdlib.h>

enum { DIFF_SAME, DIFF_DIFFERENT, DIFF_FAILED };

/* As `diff -u -N` shows a file that is new. */
static void add_new(struct buf *out, struct arena *arena, struct node *object)
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

/* All of a namespace that is not there is new, and so is it. */
static void show_absent(struct cluster *cluster, const struct cluster_namespace *namespace)
{
    struct buf out = {0};
    struct manifests manifests = {.arena = &cluster->arena};
    manifest_namespace(&manifests, namespace->layer);
    add_new(&out, &cluster->arena, manifests.items[0]);
    for (size_t i = 0; i < namespace->service_count; i++)
        for (size_t j = 0; j < namespace->services[i]->count; j++)
            add_new(&out, &cluster->arena, namespace->services[i]->objects[j]);
    console_print(buf_str(&out));
    buf_free(&out);
}

static int show_present(struct apply *apply, const struct cluster_namespace *namespace)
{
    struct cluster *cluster = &apply->cluster;
    struct kubectl *kubectl = &cluster->kubectl;
    struct manifests manifests = {.arena = &cluster->arena};
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct deployed_service *deployed = namespace->services[i];
        const struct rollout *rollout = apply_rollout(apply, deployed);
        for (size_t j = 0; j < deployed->count; j++) {
            struct node *object = deployed->objects[j];
            /* The number of pods that an autoscaler takes over stays. */
            manifests_add(&manifests,
                          rollout->keeps ? object_to_apply(apply, rollout, object, true) : object);
        }
    }
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

static bool tell_removed(struct apply *apply)
{
    const struct cluster *cluster = &apply->cluster;
    struct arena *arena = &apply->cluster.arena;
    size_t count = 0;
    for (size_t i = 0; i < cluster->service_count; i++)
        if (apply->rollouts[i].old)
            cluster_print(cluster, "%.*s: would be removed when the new pods are ready",
                          STR_ARG(object_title(arena, apply->rollouts[i].old))),
                count++;
    for (size_t i = 0; i < apply->to_delete.count; i++)
        cluster_print(
            cluster, "%.*s: would be %s", STR_ARG(object_title(arena, apply->to_delete.items[i])),
            apply_cron_job_runs(apply->to_delete.items[i]) ? "suspended, because a Job of it runs"
                                                           : "removed");
    apply_report_stale(apply);
    return count + apply->to_delete.count > 0;
}

static int diff(struct apply *apply)
{
    struct cluster *cluster = &apply->cluster;
    if (!cluster_query(cluster, LIST_RENDERED, QUERY_NAMESPACES) || !cluster_query_missing(cluster))
        return DIFF_FAILED;
    apply_plan(apply);
    apply_check_owners(apply);
    size_t errors = cluster->diags.errors;
    apply_check_claims(apply);
    if (cluster->diags.errors > errors) /* the server would refuse a dry run as well */
        return DIFF_FAILED;
    int status = tell_removed(apply) ? DIFF_DIFFERENT : DIFF_SAME;
    apply_report_conflicts(apply);
    for (size_t i = 0; i < cluster->namespace_count && !process_interrupted(); i++) {
        const struct cluster_namespace *namespace = &cluster->namespaces[i];
        bool absent = namespace->state == NAMESPACE_ABSENT;
        if (absent)
            show_absent(cluster, namespace);
        int one = absent ? DIFF_DIFFERENT : show_present(apply, namespace);
        status = one > status ? one : status;
    }
    return status;
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
    .summary = "Show what apply would change",
    .details =
        "Shows what `kubectl diff` does, and what apply would remove. Exit status: 0 nothing\n"
        "would change, 1 something would, 2 it failed.\n",
    .flags = FLAGS_CLUSTER | FLAG(ADOPT),
    .required = FLAG(FILENAME),
    .run = run_diff};
