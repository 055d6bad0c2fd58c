/* The Jobs of pre_deploy, which must succeed before the workloads are applied.
 *
 * The name of a Job has a hash of its pod template, and the workload records the hash of the Job
 * that succeeded before it. So a Job runs once a release, also if it has expired since. What is
 * done depends only on the Job that is found, so that an apply continues what an interrupted one
 * has begun, and concurrent ones share the Job:
 *
 *   missing     it is created, after the Jobs of earlier releases have ended
 *   running     it is waited for
 *   succeeded   the workload is applied
 *   failed      if it failed before this apply, it is replaced; otherwise, this is an error */
#include "cluster/apply.h"

#include "cluster/job.h"
#include "cluster/ownership.h"
#include "format/duration.h"

#include <inttypes.h>

enum {
    POLL_FIRST = 300, /* ms between two queries */
    POLL_LAST = 2000,
    SLACK = 30, /* seconds after its own deadline until a Job that has not ended is an error */
};

/* A Job that must succeed. */
struct job_watch {
    struct rollout *rollout;
    struct str title; /* of the Job */
    bool waits;
    bool is_started;  /* by this apply, or it was running already */
    bool is_replaced; /* a failed Job of that name was deleted */
    bool failed;
    int64_t since;              /* process_monotonic_ms() when this apply began to wait for it */
    struct str progress;        /* as printed last */
    struct pod_log log;         /* of its running pod: with the pod, the log is deleted */
    struct buf log_text;        /* of `log` */
    const char *selector;       /* of its pods */
    struct str blocked_by;      /* the title of a running Job of an earlier release */
    const struct node *running; /* as it was read last, if it runs; otherwise NULL */
};

/* The Jobs of all services. */
struct jobs_wait {
    struct apply *apply;
    struct job_watch *watches; /* as many as services */
    struct arena arena;        /* for the last responses */
    int64_t started;
    int64_t limit;          /* --timeout in ms; 0: that of each Job */
    struct str query_error; /* why the last query failed */
};

/* The live Jobs of a namespace. */
struct live_jobs {
    struct map jobs;    /* by object_key() */
    struct map running; /* by service_key() */
};

static struct str namespace_of(const struct job_watch *watch)
{
    return watch->rollout->deployed->namespace->name;
}

/* Sets a string that outlives a query. Copies it only if it differs, because a Job may run for
 * hours. */
static void replace(struct jobs_wait *wait, struct str *string, struct str text)
{
    if (!str_equal(*string, text))
        *string = str_copy(&wait->apply->cluster.arena, text);
}

static void print_progress(struct jobs_wait *wait, struct job_watch *watch, struct str text)
{
    if (str_equal(watch->progress, text))
        return;
    replace(wait, &watch->progress, text);
    cluster_print(&wait->apply->cluster, "%.*s: pre_deploy: %.*s", STR_ARG(watch->rollout->title),
                  STR_ARG(text));
}

/* Reports an error. The caller adds the hint. */
static void fail(struct jobs_wait *wait, struct job_watch *watch, struct str why)
{
    struct cluster *cluster = &wait->apply->cluster;
    watch->waits = false;
    watch->failed = true;
    watch->rollout->state = ROLLOUT_FAILED;
    diag_error(&cluster->diags, NO_LOCATION, RULE_PRE_DEPLOY_FAILED, "%.*s: pre_deploy: %.*s",
               STR_ARG(watch->rollout->title), STR_ARG(why));
}

static const char unchanged[] = "nothing was applied except what the Job requires";

static void fail_job(struct jobs_wait *wait, struct job_watch *watch, const struct node *job)
{
    struct cluster *cluster = &wait->apply->cluster;
    fail(wait, watch,
         str_format(&cluster->arena, "%.*s failed: %.*s", STR_ARG(watch->title),
                    STR_ARG(job_failure(&cluster->arena, job))));
    diag_hint(&cluster->diags, "%s; fix the cause and apply again, which replaces the failed Job",
              unchanged);
    cluster_report(cluster);
    apply_explain_job(wait->apply, watch->rollout->deployed->job, watch->selector, &watch->log);
}

static void succeed(struct jobs_wait *wait, struct job_watch *watch)
{
    watch->waits = false;
    print_progress(wait, watch, str_format(&wait->arena, "%.*s succeeded", STR_ARG(watch->title)));
    apply_print_job_log(wait->apply, watch->rollout->deployed->job, watch->selector);
}

/* Deletes a failed Job if it still has the uid that was read: another apply may have replaced it.
 */
static void delete_failed(struct jobs_wait *wait, struct job_watch *watch, const struct node *job)
{
    const struct kubectl *kubectl = &wait->apply->cluster.kubectl;
    const char *path = str_format(kubectl->arena, "--raw=/apis/batch/v1/namespaces/%.*s/jobs/%.*s",
                                  STR_ARG(namespace_of(watch)), STR_ARG(object_name(job)))
                           .data;
    struct process run = {.arguments =
                              kubectl_argv(kubectl, "delete", path, "--filename=-", NULL).items,
                          .input = str_format(kubectl->arena,
                                              "{\"apiVersion\":\"v1\",\"kind\":\"DeleteOptions\","
                                              "\"propagationPolicy\":\"Background\","
                                              "\"preconditions\":{\"uid\":\"%.*s\"}}",
                                              STR_ARG(object_uid(job)))};
    kubectl_run(kubectl, &run, 1);
    bool ok = process_succeeded(&run) || kubectl_stderr_contains(&run, "(NotFound)") ||
              kubectl_stderr_contains(&run, "(Conflict)");
    watch->is_replaced = true;
    if (ok) {
        print_progress(
            wait, watch,
            str_format(&wait->arena, "replacing %.*s, which has failed", STR_ARG(watch->title)));
    } else if (!process_interrupted()) {
        kubectl_report(kubectl, &run);
        fail(wait, watch,
             str_format(&wait->arena, "%.*s has failed and was not replaced",
                        STR_ARG(watch->title)));
        diag_hint(kubectl->diags, "%s; fix the cause and apply again", unchanged);
    }
    process_free(&run);
}

static void create(struct jobs_wait *wait, struct job_watch *watch)
{
    const struct kubectl *kubectl = &wait->apply->cluster.kubectl;
    struct node *job = watch->rollout->deployed->job;
    unsigned force = wait->apply->cluster.options->apply.force_conflicts ? APPLY_FORCE : 0;
    struct process run =
        kubectl_apply(kubectl, MANAGER, kubectl_documents(kubectl, &job, 1), force);
    kubectl_run(kubectl, &run, 1);
    watch->is_started = process_succeeded(&run);
    watch->since = process_monotonic_ms();
    if (watch->is_started) {
        apply_print(wait->apply, watch->title, "created");
    } else if (!process_interrupted() && !kubectl_stderr_contains(&run, "is being deleted")) {
        kubectl_report(kubectl, &run);
        fail(wait, watch, str_format(&wait->arena, "%.*s was not created", STR_ARG(watch->title)));
        diag_hint(kubectl->diags, "%s; fix the cause and apply again", unchanged);
    }
    process_free(&run);
}

/* Returns the key of a service in `running`. */
static struct str service_key(struct arena *arena, struct str layer, struct str module,
                              struct str environment)
{
    return STR_JOIN(arena, layer, STR("/"), module, STR("/"), environment);
}

static struct live_jobs index_jobs(struct arena *arena, const struct node *items)
{
    struct live_jobs live = {.jobs = object_index(arena, items)};
    for (const struct node *job = items; job; job = job->next)
        if (job_state(job) == JOB_RUNNING && !node_at(job, "metadata deletionTimestamp"))
            map_add(arena, &live.running,
                    service_key(arena, object_label(job, LAYER_LABEL),
                                object_label(job, MODULE_LABEL),
                                object_label(job, ENVIRONMENT_LABEL)),
                    job);
    return live;
}

/* Returns a running Job of the service, whose own Job does not exist: it is of an earlier release.
 * NULL if there is none. */
static const struct node *find_earlier(struct arena *arena, const struct job_watch *watch,
                                       const struct live_jobs *live)
{
    const struct service *service = watch->rollout->deployed->service;
    return map_get(&live->running, service_key(arena, service->layer->name, service->name,
                                               service->layer->environment.name));
}

/* Starts the Job, unless it has run already or something else must end first. */
static void start(struct jobs_wait *wait, struct job_watch *watch, const struct node *job,
                  const struct node *earlier)
{
    if (job || !earlier)
        watch->blocked_by = (struct str){0};
    switch (job_state(job)) {
    case JOB_SUCCEEDED:
        watch->waits = false;
        apply_print(wait->apply, watch->title, "unchanged");
        break;
    case JOB_RUNNING:
        watch->is_started = true;
        watch->since = process_monotonic_ms();
        print_progress(wait, watch,
                       str_format(&wait->arena, "waiting for %.*s, which is already running",
                                  STR_ARG(watch->title)));
        break;
    case JOB_FAILED:
        if (watch->is_replaced)
            fail_job(wait, watch, job);
        else
            delete_failed(wait, watch, job);
        break;
    case JOB_MISSING:
        if (!earlier) {
            create(wait, watch);
            break;
        }
        replace(wait, &watch->blocked_by, object_title(&wait->arena, earlier));
        print_progress(wait, watch,
                       str_format(&wait->arena, "waiting for %.*s of an earlier release",
                                  STR_ARG(watch->blocked_by)));
        break;
    }
}

static bool is_running(const struct node *pod)
{
    return str_eq_c(node_string(node_at(pod, "status phase")), "Running");
}

/* Describes a running Job. `pod`: its newest one, or NULL. */
static struct str describe(struct arena *arena, const struct node *job, const struct node *pod)
{
    int64_t failed = object_number(job, "status failed", 0);
    struct str problem = pod_problem(arena, pod);
    struct str phase = node_string(node_at(pod, "status phase"));
    struct str text = STR("running");
    if (problem.len)
        text = str_format(arena, "pending: %.*s", STR_ARG(problem));
    else if (phase.len == 0 || str_eq_c(phase, "Pending"))
        text = STR("pending");
    return failed
               ? str_format(arena, "%.*s, %" PRId64 " of %" PRId64 " attempts failed",
                            STR_ARG(text), failed, object_number(job, "spec backoffLimit", 6) + 1)
               : text;
}

/* Acts on the Jobs of a namespace. */
static void evaluate(struct jobs_wait *wait, struct job_watch *watch, const struct live_jobs *live)
{
    const struct node *job =
        map_get(&live->jobs, object_key(&wait->arena, watch->rollout->deployed->job));
    if (job && node_at(job, "metadata deletionTimestamp")) {
        print_progress(
            wait, watch,
            str_format(&wait->arena, "waiting for the deletion of %.*s", STR_ARG(watch->title)));
        return;
    }
    if (!watch->is_started) {
        start(wait, watch, job, find_earlier(&wait->arena, watch, live));
        return;
    }
    switch (job_state(job)) {
    case JOB_MISSING:
        fail(wait, watch,
             str_format(&wait->arena, "%.*s was deleted before it ended", STR_ARG(watch->title)));
        diag_hint(&wait->apply->cluster.diags, "%s; apply again", unchanged);
        break;
    case JOB_RUNNING:
        watch->running = job;
        break;
    case JOB_SUCCEEDED:
        succeed(wait, watch);
        break;
    case JOB_FAILED:
        fail_job(wait, watch, job);
        break;
    }
}

/* Returns the limit of the wait for a Job in ms: --timeout, or a little more than that of the Job.
 */
static int64_t limit_of(const struct jobs_wait *wait, const struct job_watch *watch)
{
    int64_t timeout = watch->rollout->deployed->service->pre_deploy->timeout;
    return wait->limit ? wait->limit : (timeout + SLACK) * 1000;
}

static void check_deadline(struct jobs_wait *wait, struct job_watch *watch)
{
    struct cluster *cluster = &wait->apply->cluster;
    struct arena *arena = &cluster->arena;
    int64_t waited = process_monotonic_ms() - (wait->limit ? wait->started : watch->since);
    if (!watch->waits || waited < limit_of(wait, watch))
        return;
    struct str job = watch->blocked_by.len ? watch->blocked_by : watch->title;
    struct str text =
        str_format(arena, "%.*s has not ended after %" PRId64 " s", STR_ARG(job), waited / 1000);
    if (wait->query_error.len)
        text = str_format(arena, "%.*s, and the cluster does not answer: %.*s", STR_ARG(text),
                          STR_ARG(wait->query_error));
    fail(wait, watch, text);
    diag_hint(&cluster->diags,
              "%s; the next apply waits for the Job. To stop it: kubectl delete %.*s -n %.*s",
              unchanged, STR_ARG(job), STR_ARG(namespace_of(watch)));
    cluster_report(cluster);
    if (watch->is_started && wait->query_error.len == 0)
        apply_explain_job(wait->apply, watch->rollout->deployed->job, watch->selector, &watch->log);
}

static struct job_watch *watch_of(const struct jobs_wait *wait,
                                  const struct deployed_service *deployed)
{
    return &wait->watches[deployed - wait->apply->cluster.services];
}

static bool any_waits(const struct jobs_wait *wait)
{
    for (size_t i = 0; i < wait->apply->cluster.service_count; i++)
        if (wait->watches[i].waits)
            return true;
    return false;
}

static bool any_waits_in(const struct jobs_wait *wait, const struct cluster_namespace *namespace)
{
    for (size_t i = 0; i < namespace->service_count; i++)
        if (watch_of(wait, namespace->services[i])->waits)
            return true;
    return false;
}

/* A query that is forbidden would be so each time. */
static void fail_forbidden(struct jobs_wait *wait, const struct cluster_namespace *namespace,
                           const struct process *run)
{
    const struct kubectl *kubectl = &wait->apply->cluster.kubectl;
    kubectl_report(kubectl, run);
    for (size_t i = 0; i < namespace->service_count; i++) {
        struct job_watch *watch = watch_of(wait, namespace->services[i]);
        if (!watch->waits)
            continue;
        fail(wait, watch, STR("its Job cannot be read"));
        diag_hint(kubectl->diags, "%s; ask for the permissions that docs/rbac.md lists for Jobs",
                  unchanged);
    }
}

static void handle_jobs(struct jobs_wait *wait, const struct kubectl *kubectl,
                        const struct cluster_namespace *namespace, const struct process *run)
{
    if (kubectl_forbidden(run))
        fail_forbidden(wait, namespace, run);
    else if (!process_succeeded(run))
        kubectl_report(kubectl, run);
    if (!process_succeeded(run))
        return;
    const struct live_jobs live =
        index_jobs(&wait->arena, kubectl_items(kubectl_parse_output(kubectl, run)));
    for (size_t i = 0; i < namespace->service_count && !process_interrupted(); i++)
        if (watch_of(wait, namespace->services[i])->waits)
            evaluate(wait, watch_of(wait, namespace->services[i]), &live);
}

/* Queries the Jobs of each namespace that has a Job to wait for, and acts on them. */
static void query_jobs(struct jobs_wait *wait, const struct kubectl *kubectl)
{
    const struct cluster *cluster = &wait->apply->cluster;
    struct arena *arena = &wait->arena;
    struct runs runs = {0};
    const struct cluster_namespace **namespaces =
        ARENA_ARRAY(arena, cluster->namespace_count, const struct cluster_namespace *);
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        const struct cluster_namespace *namespace = &cluster->namespaces[i];
        if (!any_waits_in(wait, namespace))
            continue;
        const char *selector =
            str_format(arena, "%.*s,app.kubernetes.io/component=" MANIFEST_PRE_DEPLOY,
                       STR_ARG(namespace->selector))
                .data;
        namespaces[runs.count] = namespace;
        runs_add(arena, &runs,
                 (struct process){.arguments = kubectl_argv(kubectl, "get", "jobs.batch",
                                                            "--namespace", namespace->name.data,
                                                            selector, "--output=json", NULL)
                                                   .items});
    }
    kubectl_poll(kubectl, runs.items, runs.count);
    for (size_t i = 0; i < runs.count && !process_interrupted(); i++)
        handle_jobs(wait, kubectl, namespaces[i], &runs.items[i]);
    runs_free(&runs);
}

/* Takes the output of a process as the log of a Job, instead of the earlier one. */
static void keep_log(struct job_watch *watch, struct process *run)
{
    buf_free(&watch->log_text);
    watch->log_text = run->output;
    watch->log.text = buf_str(&watch->log_text);
    run->output = (struct buf){0};
}

/* Queries the pods of the running Jobs, prints their states, and reads their logs. Errors are
 * ignored: the user may lack permission, which is reported if a Job fails. */
static void query_pods(struct jobs_wait *wait, const struct kubectl *kubectl)
{
    struct arena *arena = &wait->arena;
    struct job_watch **watches =
        ARENA_ARRAY(arena, wait->apply->cluster.service_count, struct job_watch *);
    struct runs pods = {0};
    struct runs logs = {0};
    size_t log_count = 0;
    for (size_t i = 0; i < wait->apply->cluster.service_count; i++) {
        struct job_watch *watch = &wait->watches[i];
        if (!watch->running)
            continue;
        watches[pods.count] = watch;
        runs_add(arena, &pods, pods_run(kubectl, watch->running, watch->selector));
    }
    kubectl_poll(kubectl, pods.items, pods.count);
    for (size_t i = 0; i < pods.count; i++) {
        struct job_watch *watch = watches[i];
        const struct node *pod = pods_newest(kubectl, &pods.items[i]);
        print_progress(wait, watch,
                       str_format(arena, "%.*s is %.*s", STR_ARG(watch->title),
                                  STR_ARG(describe(arena, watch->running, pod))));
        if (!is_running(pod))
            continue;
        replace(wait, &watch->log.pod, object_name(pod));
        watches[log_count++] = watch;
        runs_add(arena, &logs, pod_log_run(kubectl, pod));
    }
    kubectl_poll(kubectl, logs.items, logs.count);
    for (size_t i = 0; i < logs.count; i++)
        if (process_succeeded(&logs.items[i]))
            keep_log(watches[i], &logs.items[i]);
    runs_free(&pods);
    runs_free(&logs);
}

static void poll_jobs(struct jobs_wait *wait)
{
    arena_reset(&wait->arena);
    struct diags diags = {.arena = &wait->arena};
    struct diags ignored = {.arena = &wait->arena};
    struct kubectl kubectl = {.options = &wait->apply->cluster.options->kubectl,
                              .arena = &wait->arena,
                              .diags = &diags,
                              .limit = POLL_TIMEOUT_MS};
    for (size_t i = 0; i < wait->apply->cluster.service_count; i++)
        wait->watches[i].running = NULL;
    query_jobs(wait, &kubectl);
    replace(wait, &wait->query_error, diags.count ? diags.items[0].message : (struct str){0});
    kubectl.diags = &ignored;
    if (!process_interrupted())
        query_pods(wait, &kubectl);
}

static void add_watches(struct jobs_wait *wait)
{
    struct cluster *cluster = &wait->apply->cluster;
    wait->watches = ARENA_ARRAY(&cluster->arena, cluster->service_count, struct job_watch);
    for (size_t i = 0; i < cluster->service_count; i++) {
        struct rollout *rollout = &wait->apply->rollouts[i];
        if (!rollout->job)
            continue;
        wait->watches[i] = (struct job_watch){
            .rollout = rollout,
            .title = object_title(&cluster->arena, rollout->job),
            .waits = true,
            .since = wait->started,
            .selector = str_format(&cluster->arena, "--selector=batch.kubernetes.io/job-name=%.*s",
                                   STR_ARG(object_name(rollout->job)))
                            .data};
    }
}

static void print_interrupted(struct jobs_wait *wait)
{
    for (size_t i = 0; i < wait->apply->cluster.service_count && process_interrupted(); i++)
        if (wait->watches[i].waits && wait->watches[i].is_started)
            cluster_print(&wait->apply->cluster,
                          "%.*s: pre_deploy: %.*s continues to run; the next apply waits for it",
                          STR_ARG(wait->watches[i].rollout->title),
                          STR_ARG(wait->watches[i].title));
}

bool apply_run_jobs(struct apply *apply)
{
    struct jobs_wait wait = {.apply = apply, .started = process_monotonic_ms()};
    struct cluster *cluster = &apply->cluster;
    const char *timeout = cluster->options->apply.timeout;
    bool ok = true;
    if (timeout && duration_parse(str_from_c(timeout), &wait.limit))
        wait.limit *= 1000;
    add_watches(&wait);
    for (int pause = POLL_FIRST; any_waits(&wait) && !process_interrupted();) {
        struct str query_error = wait.query_error;
        poll_jobs(&wait);
        if (wait.query_error.len && !str_equal(query_error, wait.query_error))
            cluster_print(cluster, "the cluster does not answer: %.*s", STR_ARG(wait.query_error));
        for (size_t i = 0; i < cluster->service_count; i++)
            check_deadline(&wait, &wait.watches[i]);
        if (any_waits(&wait))
            process_back_off(&pause, POLL_LAST);
    }
    print_interrupted(&wait);
    for (size_t i = 0; i < cluster->service_count; i++) {
        ok &= !wait.watches[i].failed;
        buf_free(&wait.watches[i].log_text);
    }
    arena_free(&wait.arena);
    return cluster_report(cluster) && ok && !process_interrupted();
}
