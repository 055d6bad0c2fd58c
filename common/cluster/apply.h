/* Applies services to a cluster (`kubectl optasvc apply`), in steps:
 *
 *   query.c               queries the live objects
 *   preflight.c           checks namespaces and Secrets
 *   preflight_required.c  checks other objects that pods require
 *   dry_run.c             has the server check all objects
 *   preflight_owner.c     finds objects with our names that are not ours
 *   preflight_references.c  checks that PriorityClasses and authentications of KEDA exist
 *   preflight_claims.c    checks that live claims keep their names, paths and sizes
 *   preflight_retained.c  checks that claims without a StatefulSet are used again
 *   apply_pods.c          reports why pods are replaced
 *   apply_plan.c          decides what is deleted, and preserves the number of pods
 *   apply.c               runs the steps in order
 *   apply_pre_deploy.c    runs the Jobs that must succeed before the workloads are applied
 *   apply_jobs.c          deletes the Jobs of earlier releases
 *   apply_cron.c          suspends CronJobs before they are deleted
 *   apply_files.c         deletes files that no pod template refers to
 *   apply_wait.c          waits for objects that pods require
 *   rollout.c             waits for the pods
 *   apply_acceptance.c    waits until routes and the like are accepted
 *   apply_superseded.c    detects changes by another apply
 *   rollout_diagnose.c    explains why pods are not ready
 *   rollback.c            rolls back to the previous revision
 *   live_rollout.c        the rollouts of commands that replace pods without applying files
 *
 * Many objects are split among parallel processes of kubectl (batch.h). Objects that the dry run
 * shows as unchanged are not sent.
 *
 * A step reports into cluster.diags and returns false if the following steps cannot run. */
#ifndef OPTASVC_APPLY_H
#define OPTASVC_APPLY_H

#include "cluster/cluster.h"
#include "manifest/manifest.h"

/* Milliseconds that a repeated query may take; one that times out is sent again. */
enum { POLL_TIMEOUT_MS = 30 * 1000 };

enum rollout_state { ROLLOUT_WAITS, ROLLOUT_DONE, ROLLOUT_FAILED };

/* The rollout of a deployed service. */
struct rollout {
    struct deployed_service *deployed;
    struct str title; /* its name in messages: NAMESPACE/NAME if there are several namespaces */
    struct node *workload; /* rendered; NULL: no pods, so there is nothing to wait for */
    struct node *live;     /* the live workload of the same kind, or NULL */
    struct node *old;      /* our live workload of the other kind, which it replaces, or NULL */
    struct node *job;      /* of pre_deploy, that must succeed first; NULL: none, or it has */

    /* Transfer of spec.replicas (apply_plan.c). */
    bool claims_replicas;       /* from an autoscaler or another manager to us */
    int64_t preserved_replicas; /* running pods to preserve for a new autoscaler; 0: none */

    enum rollout_state state;
    bool unknown;      /* it failed because the cluster does not answer: the pods may be ready */
    int64_t min_pods;  /* of the autoscaler; 0: none, so there are as many as spec.replicas */
    bool rolled_back;  /* the wait is for the pods of the rollback */
    bool superseded;   /* another apply has changed the service since */
    bool not_accepted; /* the pods are ready, but its routes are not accepted, or not known to be */
    bool apply_failed; /* an object of the service was not applied: there is no rollout */
    struct str deadline_exceeded_at; /* when an earlier rollout exceeded its progress deadline */
    struct str progress;             /* as printed last */
    int64_t progress_at;             /* process_monotonic_ms() when `progress` changed last */
    struct str reason;               /* why it failed */
};

struct apply {
    struct cluster cluster;
    struct rollout *rollouts;        /* as many as services */
    struct manifests to_delete;      /* stale objects that still act: deleted */
    struct manifests orphaned;       /* stale objects that do nothing: reported, or pruned */
    struct manifests other_services; /* --prune=layer: objects of services that are in no file */
    struct manifests retained;       /* stale objects that hold data: reported and retained */
    struct manifests files;   /* earlier files: deleted when no pod template refers to them */
    struct manifests jobs;    /* of pre_deploy of earlier releases: deleted when they have ended */
    struct manifests blocked; /* stale objects that act but are not ours to delete: an error */
    struct manifests unclaimed; /* stale objects without environment label: retained */
    struct manifests adopted;   /* live objects of others that --adopt adopts */
    struct map autoscalers;     /* those in `to_delete`, by "NAMESPACE/NAME" */
    struct map adopted_keys;    /* `adopted` by object_key() */
    struct map workloads;       /* rollouts by object_key() of the rendered workload */
    struct map releases;        /* whether a Helm release exists, by "NAMESPACE/NAME" */
    struct map outcomes;        /* by object_key(): "created", "changed", "unchanged", "adopted" */
    struct map sent;            /* by object_key(): the object that the dry run returned, as JSON */
    struct map unchanged;       /* live objects that need not be sent, by object_key() */
    struct runs dry_runs;       /* that succeeded and are not evaluated yet */
    struct map applied;         /* applied objects, by object_key() */
    int64_t wait_started;       /* process_monotonic_ms() when the wait for the pods began */
    bool all_applied;           /* true if all objects were applied */
};

/* Returns the rollout of a service. */
struct rollout *apply_rollout(const struct apply *apply, const struct deployed_service *deployed);

/* Returns the rollout whose rendered workload is the same as this object; NULL if there is none. */
struct rollout *apply_rollout_of(struct apply *apply, const struct node *workload);

/* Returns the name of a service in messages. */
struct str apply_title(struct cluster *cluster, const struct deployed_service *deployed);

/* Finds each rollout's workloads, the stale objects, and the owner of spec.replicas. */
void apply_plan(struct apply *apply);

/* Returns the object as it is sent. A workload may need other replicas than rendered, so that no
 * running pod is lost; for a dry run (`dry`) those that it will have in the end, which do not
 * conflict with a manager whose replicas apply takes. Other objects are returned as they are. */
struct node *object_to_apply(struct apply *apply, const struct rollout *rollout,
                             struct node *object, bool dry);

/* Transfers spec.replicas with the current number to MANAGER_REPLICAS, so that the field remains
 * when the object is applied without it. Reports an error and returns false if that fails. */
bool transfer_replicas(struct apply *apply, struct rollout *rollout);

/* Suspends CronJobs that are to be deleted. Returns those that have no running Job and so can be
 * deleted; reports the others. */
struct manifests apply_suspend_cron_jobs(struct apply *apply, const struct manifests *jobs);

/* True for a live CronJob with an active Job. */
bool apply_cron_job_runs(const struct node *live);

/* True if the live workload records that the rendered Job of pre_deploy has succeeded. */
bool apply_job_is_recorded(const struct rollout *rollout);

/* Runs the Jobs of pre_deploy and waits for them. Reports each that does not succeed and returns
 * false. */
bool apply_run_jobs(struct apply *apply);

/* Deletes the Jobs of earlier releases that have ended, and reports the others. */
void apply_delete_jobs(struct apply *apply);

/* Deletes the earlier files of services to which no revision, pod or job refers, so that each can
 * be rolled back to. */
void apply_delete_files(struct apply *apply);

/* Deletes objects and prints the deleted ones. */
void apply_delete(struct apply *apply, const struct manifests *objects);

/* True if the object was applied, or is unchanged. */
bool apply_is_applied(struct apply *apply, const struct node *object);

/* Prints the name and outcome of an object to stdout; only its name with --output name. */
void apply_print(const struct apply *apply, struct str title, const char *outcome);

/* apply_is_awaited(): true if pods cannot start before another controller has processed the object.
 * apply_await() waits for all of them that were applied; a service whose objects are not ready in
 * time is marked as broken. */
bool apply_is_awaited(const struct node *object);
void apply_await(struct apply *apply);

/* Waits until controllers have accepted the routes, ListenerSets, policies and Certificates of the
 * services whose pods are ready, and fails those that are refused or not accepted in time. With
 * `wait` false only marks the services that have such objects. */
void apply_await_acceptance(struct apply *apply, bool wait);

/* True for a live Ingress of a service whose routes are not accepted. It still serves the hosts. */
bool apply_is_needed_until_accepted(struct apply *apply, const struct node *live);

/* Reports terminating namespaces, missing Secrets, objects of others, and claims that cannot be
 * changed. */
void apply_check(struct apply *apply);

/* Reports each claim of a live StatefulSet that would be renamed, moved, resized, added or removed:
 * claim templates are immutable. Part of apply_check(). */
void apply_check_claims(struct apply *apply);

/* Reports each `priority_class` and each `auth` of a trigger that the cluster does not have. Part
 * of apply_check(). */
void apply_check_references(struct apply *apply);

/* True if `kubectl optasvc secret set` sets the keys of this Secret. */
bool apply_sets_secret(const struct cluster_namespace *namespace, struct str name);

/* Adds a hint with the command that sets a key, with the files and flags of this run. `what`: its
 * purpose. `at`: a location in the service file. */
void apply_hint_set(struct apply *apply, const char *what, struct str key, struct location at);

/* Reports missing objects that pods require, besides the Secrets of single variables. Part of
 * apply_check(). */
void apply_check_required(struct apply *apply);

/* For a StatefulSet that is to be created, reports existing claims of another service that have its
 * names, and its own earlier claims that it would not use while it gets new ones. */
void apply_check_retained(struct apply *apply);

/* Reports live objects that are not ours (preflight_owner.c) as errors; with --adopt adds them to
 * `adopted`. */
void apply_check_owners(struct apply *apply);

/* True if --adopt adopts this live object. */
bool apply_adopts(struct apply *apply, const struct node *live);

/* Reports fields of other managers that would remain in an adopted workload. `after`: all objects,
 * as a dry run returned them. */
void apply_check_adopted(struct apply *apply, const struct node *after);

/* Annotates each adopted object before it is applied. Reports an error and returns false if that
 * fails. */
bool apply_mark_adopted(struct apply *apply);

/* Runs the dry run that apply_dry_run() evaluates, on the assumption that all rendered objects
 * which the query did not return are new. Reports nothing. False if the server refuses anything or
 * if one of them exists. */
bool apply_assume_new(struct apply *apply);

/* Frees the dry runs that were not evaluated, because a check failed. */
void apply_discard_dry_runs(struct apply *apply);

/* Runs a server dry run of all objects whose namespaces exist (or are `absent`), and notes the
 * outcome of each. Reports each object that the server rejects and returns false. */
bool apply_dry_run(struct apply *apply, bool absent);

/* Reports that an apply replaces the pods of a live workload, and which fields change. Reports
 * nothing if the pod template is unchanged. `after`: the workload as a dry run returned it. */
void apply_report_pods(struct apply *apply, const struct node *live, const struct node *after);

/* Reports stale objects that are retained: those that --prune would delete, unless it is given, and
 * those without environment label. */
void apply_report_stale(struct apply *apply);

/* Prints a line for each rendered field that another manager has set. */
void apply_report_conflicts(struct apply *apply);

/* True if all pods of a workload have its newest template and are available. */
bool rollout_is_complete(const struct node *workload);

/* True if the controller has observed the last change of the workload. */
bool rollout_is_observed(const struct node *workload);

enum rollout_progress {
    ROLLOUT_COMPLETE, /* no pods of earlier revisions remain; pods may still be unready */
    ROLLOUT_PROGRESSING,
    ROLLOUT_EXPIRED, /* exceeded its progress deadline */
};

/* Returns the progress of the rollout of a live workload, and describes it unless it is complete.
 */
enum rollout_progress rollout_progress(struct arena *arena, const struct node *workload,
                                       struct str *ret_message);

/* Returns when a Deployment exceeded its progress deadline; empty if it did not. */
struct str rollout_deadline_exceeded_at(const struct node *workload);

/* Records an object that a dry run returned. */
void apply_note_sent(struct apply *apply, struct node *after);

/* True if another apply has changed a live object since it was sent. The object must have its
 * managedFields. */
bool apply_is_superseded(struct apply *apply, struct arena *arena, const struct node *live);

/* Marks a rollout as failed because another apply has changed this object. */
void apply_mark_superseded(struct apply *apply, struct rollout *rollout, const struct node *object);

/* Queries all applied objects, and marks the rollouts that another apply has superseded. */
void apply_check_superseded(struct apply *apply);

/* Waits until all rollouts are complete or have failed. */
void rollout_wait(struct apply *apply);

/* Prints pod states, the last log lines of a pod, and warning events. */
void rollout_explain(struct apply *apply, const struct rollout *rollout);

/* The last log lines of a pod. */
struct pod_log {
    struct str pod; /* its name */
    struct str text;
};

/* Returns a process that prints the last log lines of a pod. */
struct process pod_log_run(const struct kubectl *kubectl, const struct node *pod);

/* Returns why a pod does not run yet; empty if it runs, is being created, or is NULL. */
struct str pod_problem(struct arena *arena, const struct node *pod);

/* Returns a process that prints the pods of a Job, which `selector` selects. */
struct process pods_run(const struct kubectl *kubectl, const struct node *job,
                        const char *selector);

/* Returns the newest of the pods that such a process has printed; NULL if there is none. */
const struct node *pods_newest(const struct kubectl *kubectl, const struct process *run);

/* Like rollout_explain(), for a Job. `log`: lines of a pod that may have been deleted since. */
void apply_explain_job(struct apply *apply, const struct node *job, const char *selector,
                       const struct pod_log *log);

/* Prints the last log lines of a Job. */
void apply_print_job_log(struct apply *apply, const struct node *job, const char *selector);

/* Rolls back to the previous revision, and waits for its pods. */
void rollout_undo(struct apply *apply, struct rollout *rollout);

/* Returns a live workload of MANAGER with another pod template, for rollback_send(): with all other
 * fields that MANAGER has applied, and no others. */
struct node *rollback_workload(struct arena *arena, const struct node *live,
                               const struct node *template);

/* Applies an object with an earlier pod template. Reports an error and returns false if that
 * fails. */
bool rollback_send(struct apply *apply, struct node *object);

/* Prints which of several services failed. True if none did. */
bool apply_summarize(struct apply *apply);

/* For commands that replace the pods of live workloads without applying the files: sets the
 * rollouts to the live workloads, and reports an error for each service that has none. */
bool apply_plan_live(struct apply *apply);

/* Waits for these rollouts, unless --wait=false, and explains failures. True if all are complete.
 */
bool apply_await_live(struct apply *apply);

/* Applies the services, waits, and reports. Returns the exit status. */
int apply(const struct options *options, bool color);

#endif
