/* Runs kubectl: KUBECTL_PATH, which kubectl sets for its plugins, else `kubectl` in PATH. It is
 * executed without a shell. */
#ifndef OPTASVC_KUBECTL_H
#define OPTASVC_KUBECTL_H

#include "base/map.h"
#include "config/options.h"
#include "os/argv.h"
#include "os/process.h"
#include "yaml/node.h"

struct kubectl {
    const struct kubectl_options *options; /* flags passed to kubectl */
    struct arena *arena;                   /* for arguments and results */
    struct diags *diags;                   /* for failures */
    bool secret;      /* requests contain secrets: -v is capped below the level that logs bodies */
    int64_t limit;    /* timeout of a process in ms; 0: none */
    int64_t deadline; /* process_monotonic_ms() until which deletions are waited for; 0: none */
};

/* Returns the program and the given words (NULL-terminated; the first is the verb), then the flags
 * that fix the behaviour of the verb (kubectl_flags.h), except those that are among the words, and
 * the user's flags for kubectl. Flags that argv_add() adds later override these. */
struct argv kubectl_argv(const struct kubectl *kubectl, ...) __attribute__((sentinel));

/* Runs processes in parallel and prints their warnings. The caller frees them. */
void kubectl_run(const struct kubectl *kubectl, struct process *runs, size_t count);

/* The same for repeated queries: does not print warnings. */
void kubectl_poll(const struct kubectl *kubectl, struct process *runs, size_t count);

/* Report why a process failed: each message of kubectl as an error, or as a warning, and none
 * twice. Report nothing after an interrupt. */
void kubectl_report(const struct kubectl *kubectl, const struct process *run);
void kubectl_warn(const struct kubectl *kubectl, const struct process *run);

/* True if the process failed only because the server forbids the request (RBAC). */
bool kubectl_forbidden(const struct process *run);

/* Returns the objects that are forbidden by name: `deployments.apps "web"`. */
struct map kubectl_refused(const struct kubectl *kubectl, const struct process *run);

/* True if the stderr of a process contains this text. */
bool kubectl_stderr_contains(const struct process *run, const char *words);

/* Runs and frees a process whose output is ignored. Reports an error and returns false if it
 * fails. */
bool kubectl_run_one(const struct kubectl *kubectl, struct process run);

/* True if an apply failed because other managers own fields. */
bool kubectl_conflicts(const struct process *run);

/* True if a process failed because the server rejected a request, not for lack of an answer. */
bool kubectl_is_rejected(const struct process *run);

/* True if a process failed because the server does not have the kind. */
bool kubectl_is_missing_kind(const struct process *run);

/* True if a process failed because the namespace does not exist. */
bool kubectl_is_missing_namespace(const struct process *run);

/* Returns the object or List that a process with `-o json` printed, allocated in the arena; NULL if
 * it failed and printed nothing. Reports an error and returns NULL for any other output. */
struct node *kubectl_parse_output(const struct kubectl *kubectl, const struct process *run);

/* Returns the names that a process with `-o name` printed. */
struct map kubectl_names(const struct kubectl *kubectl, const struct process *run);

/* Runs `kubectl get` with the given words (NULL-terminated) and returns what it printed. Reports an
 * error and returns NULL if it fails. With `--ignore-not-found` NULL also means not found. */
struct node *kubectl_get(const struct kubectl *kubectl, ...) __attribute__((sentinel));

/* Returns the first item of a List; an object itself; NULL for NULL. */
struct node *kubectl_items(struct node *answer);

/* Returns objects as YAML documents for standard input. */
struct str kubectl_documents(const struct kubectl *kubectl, struct node *const *objects,
                             size_t count);

/* The same for references to objects: apiVersion, kind, namespace and name. */
struct str kubectl_references(const struct kubectl *kubectl, struct node *const *objects,
                              size_t count);

/* Returns a process that gets these objects by name, which does not require permission to list. */
struct process kubectl_get_by_name(const struct kubectl *kubectl, struct node *const *objects,
                                   size_t count);

enum apply_flags { APPLY_DRY_RUN = 1, APPLY_FORCE = 2, APPLY_JSON = 4 };

/* Returns a process that applies documents server-side as a manager. It prints the name of each
 * applied object, or with APPLY_JSON the resulting object. Only a dry run rejects unknown fields:
 * for this check, each kubectl downloads and parses the OpenAPI documents of all groups that it
 * applies, which takes more time than applying a hundred objects. */
struct process kubectl_apply(const struct kubectl *kubectl, const char *manager,
                             struct str documents, unsigned flags);

/* Deletes objects that still have the uid and owner that were read; if `wait`, waits until they no
 * longer exist. Returns how many were deleted, and moves them to the front, in their order: kubectl
 * has printed their names, and the server no longer has them or is terminating them. Reports
 * failures, and the objects that still exist at the deadline, which are not counted. */
size_t kubectl_delete(const struct kubectl *kubectl, struct node **objects, size_t count,
                      bool wait);

#endif
