/* Services into a cluster: `kubectl optasvc apply`, in steps.
 *
 *   cluster.c         what is there
 *   preflight.c     whether it can work: Secrets, the server's own checks
 *   preflight_owner.c     what exists already and is not ours
 *   preflight_claims.c    whether live volumes keep their names and paths
 *   preflight_retained.c  whether claims without a StatefulSet are used again
 *   apply_pods.c      why pods are replaced
 *   apply_plan.c      what goes, and how the number of pods is kept
 *   apply.c           the order of it all
 *   apply_cron.c      CronJobs that go, and the Jobs that they still run
 *   apply_wait.c     what other controllers must have finished before pods start
 *   rollout.c         the wait for the pods
 *   apply_superseded.c  whether another apply has changed them since
 *   rollout_diagnose.c     why they do not get ready
 *   rollback.c        the way back
 *
 * A step reports into cluster.diags and returns false when the rest makes no sense. */
#ifndef OPTASVC_APPLY_H
#define OPTASVC_APPLY_H

#include "cluster/cluster.h"
#include "manifest/manifest.h"

/* ms that a question may take that is asked again and again: one that has no answer is asked anew.
 */
enum { POLL_TIMEOUT_MS = 30 * 1000 };

enum rollout_state { ROLLOUT_WAITS, ROLLOUT_DONE, ROLLOUT_FAILED };

/* The workload of a deployed service, while it rolls out. */
struct rollout {
    struct deployed_service *deployed;
    struct str title;      /* what messages call it: with its namespace where there are several */
    struct node *workload; /* as rendered; NULL: nothing runs, there is nothing to wait for */
    struct node *live;     /* as the cluster has it: of the same kind, */
    struct node *old;      /* and ours of the other kind, which it takes the place of */

    /* spec.replicas, when it changes hands (apply_plan.c). */
    bool claims_replicas; /* from an autoscaler or another manager: ours from now on */
    int64_t keeps; /* pods that run and stay when an autoscaler takes over; 0: none to keep */

    enum rollout_state state;
    bool unknown; /* it failed because the cluster does not answer: nothing is known of its pods */
    bool rolled_back;   /* other pods than those that were sent are waited for */
    bool superseded;    /* another apply has changed it since: what runs is not this apply's */
    bool apply_failed;  /* something of the service was not applied: there is nothing to wait for */
    struct str expired; /* when a rollout before this one made no progress any more */
    struct str progress; /* in words */
    int64_t since;       /* process_monotonic_ms() when that changed last */
    struct str why;      /* it failed */
};

struct apply {
    struct cluster cluster;
    struct rollout *rollouts;   /* as many as services */
    struct manifests to_delete; /* what acts and is no longer rendered: removed */
    struct manifests orphaned;  /* what does nothing and is no longer rendered: listed, or pruned */
    struct manifests other_services; /* --prune=layer: of services that are in no file */
    struct manifests retained;       /* what would be among those, but holds data: reported */
    struct manifests blocked;   /* what would be in `goes`, but is not ours to delete: an error */
    struct manifests unclaimed; /* the same of the rest: retained */
    struct manifests adopted;   /* what exists, was not applied by us, and --adopt takes over */
    struct map autoscalers;     /* those in `goes`, as "NAMESPACE/NAME" */
    struct map adopted_keys;    /* the same as `adopted`, by object_key() */
    struct map workloads;       /* the rendered ones by object_key(): their rollouts */
    struct map releases;        /* "NAMESPACE/NAME" of Helm: whether each is there */
    struct map outcomes;        /* the result for each object: created, changed, unchanged */
    struct map sent;            /* each object as the server makes it of what is sent */
    struct map taken;           /* the objects that the server took */
    bool applied;               /* all of them */
};

/* The rollout of a service. */
struct rollout *apply_rollout(const struct apply *apply, const struct deployed_service *deployed);

/* The rollout whose rendered workload is the same as this object, or NULL. */
struct rollout *apply_rollout_of(struct apply *apply, const struct node *workload);

/* Finds each rollout's workloads, what is superseded, and who has spec.replicas. */
void apply_plan(struct apply *apply);

/* The object as it is sent: spec.replicas set so that no pod is lost on the way. `dry`: as it will
 * be in the end, and so that a dry run does not conflict with what is about to be taken over.
 * Elsewhere the object itself. */
struct node *object_to_apply(struct apply *apply, const struct rollout *rollout,
                             struct node *object, bool dry);

/* Gives spec.replicas to MANAGER_REPLICAS with the number that runs, so that it stays when the
 * object is applied without it. */
bool transfer_replicas(struct apply *apply, struct rollout *rollout);

/* Suspends CronJobs that are to be deleted. Returns those that may be, because they run no Job;
 * the others are reported. */
struct manifests apply_suspend_cron_jobs(struct apply *apply, const struct manifests *jobs);

/* True for a live CronJob with an active Job. */
bool apply_cron_job_runs(const struct node *live);

/* Prints a line on stdout for an object: with --output name its name alone. */
void apply_print(const struct apply *apply, struct str title, const char *outcome);

/* An object that must be done before pods can start; and the wait for all of them. A service whose
 * are not done in time is marked as broken. */
bool apply_is_awaited(const struct node *object);
void apply_await(struct apply *apply);

/* Namespaces that end, Secrets that are missing, fields that cannot be changed. */
void apply_check(struct apply *apply);

/* Reports each claim of a live StatefulSet that would get another name, path or size, or that is
 * added or left out: none of it can be changed. A part of apply_check(). */
void apply_check_claims(struct apply *apply);

/* Reports what a StatefulSet that is to be created finds: claims of another service that have its
 * names, and claims it had that it would not use while it gets new ones. */
void apply_check_retained(struct apply *apply);

/* What exists and is not ours (preflight_owner.c): an error, or with --adopt an item of `adopted`.
 */
void apply_check_owners(struct apply *apply);

/* True if --adopt takes over this live object. */
bool apply_adopts(struct apply *apply, const struct node *live);

/* Reports what --adopt would leave in a workload that it takes over; `after`: all objects, as a dry
 * run returned them. */
void apply_check_adopted(struct apply *apply, const struct node *after);

/* Records on each object that it is adopted, before its first field is. False if that fails, which
 * is reported. */
bool apply_mark_adopted(struct apply *apply);

/* Has the server check everything that goes to namespaces which are, or are not, absent; notes what
 * becomes of each object. False when it refuses anything, which is reported with its object. */
bool apply_dry_run(struct apply *apply, bool absent);

/* Reports that an apply replaces the pods of a live workload, and what changes in them. `after`:
 * the workload as a dry run has it. Nothing if its pods stay as they are. */
void apply_report_pods(struct apply *apply, const struct node *live, const struct node *after);

/* Reports what is no longer needed and without --prune retained: what can be pruned, and what has
 * no environment label. */
void apply_report_stale(struct apply *apply);

/* Tells which fields that are rendered others have set: a line each. */
void apply_report_conflicts(struct apply *apply);

/* A workload whose pods are all of its newest template, and available. */
bool rollout_is_complete(const struct node *workload);

/* The controller has seen what was applied last. */
bool rollout_is_observed(const struct node *workload);

/* When a Deployment's controller saw no more progress; empty while it sees some. */
struct str rollout_deadline_exceeded_at(const struct node *workload);

/* Notes an object as the dry run shows it. */
void apply_note_sent(struct apply *apply, struct node *after);

/* True if another apply has changed a live object, which has its managedFields, since it was sent.
 */
bool apply_is_superseded(struct apply *apply, struct arena *arena, const struct node *live);

/* Marks a rollout as failed because of that. */
void apply_mark_superseded(struct apply *apply, struct rollout *rollout, const struct node *object);

/* Asks for all objects that were applied, and marks the rollouts that are superseded. */
void apply_check_superseded(struct apply *apply);

/* Waits until all are done or have failed. */
void rollout_wait(struct apply *apply);

/* Tells what is known of the failure: pods, their last words, events. */
void rollout_explain(struct apply *apply, const struct rollout *rollout);

/* Goes back to what ran before, and waits for it. */
void rollout_undo(struct apply *apply, struct rollout *rollout);

/* Applies, waits and tells. Returns the exit status. */
int apply(const struct options *options, bool color);

#endif
