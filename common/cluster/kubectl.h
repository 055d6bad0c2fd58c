/* What we ask kubectl for. It is exec'ed with a list of arguments: KUBECTL_PATH, which kubectl sets
 * for its plugins, else `kubectl` on PATH. */
#ifndef OPTASVC_KUBECTL_H
#define OPTASVC_KUBECTL_H

#include "base/map.h"
#include "config/options.h"
#include "os/argv.h"
#include "os/process.h"
#include "yaml/node.h"

struct kubectl {
    const struct kubectl_options *options; /* kubectl's own flags are passed on */
    struct arena *arena;                   /* of arguments and answers */
    struct diags *diags;                   /* where failures are reported */
    bool secret;   /* bodies hold secrets: -v is capped where they would be logged */
    int64_t limit; /* ms that a run may take; 0: as long as kubectl does */
};

/* The program and the words, up to a NULL, of which the first is the verb; then the flags that fix
 * what it does (kubectl_flags.h), other than those among the words, and the user's flags for
 * kubectl. Flags that argv_add() adds later override these. */
struct argv kubectl_argv(const struct kubectl *kubectl, ...) __attribute__((sentinel));

/* Runs them all at the same time, frees nothing, and shows their warnings. */
void kubectl_run(const struct kubectl *kubectl, struct process *runs, size_t count);

/* The same for questions that are asked again and again: their warnings are not shown. */
void kubectl_poll(const struct kubectl *kubectl, struct process *runs, size_t count);

/* Report why a run failed, as errors or as warnings; each message of kubectl by itself, and none
 * twice. Nothing where a signal ended it. */
void kubectl_report(const struct kubectl *kubectl, const struct process *run);
void kubectl_warn(const struct kubectl *kubectl, const struct process *run);

/* True when all that went wrong is that the server's access rules refuse it. */
bool kubectl_forbidden(const struct process *run);

/* What these rules refuse by its name: `deployments.apps "web"`. */
struct map kubectl_refused(const struct kubectl *kubectl, const struct process *run);

/* True when these words stand in what a run wrote to stderr. */
bool kubectl_stderr_contains(const struct process *run, const char *words);

/* Runs it, reports a failure and frees it; for runs whose output is of no interest. */
bool kubectl_run_one(const struct kubectl *kubectl, struct process run);

/* True when others own fields of what was applied. */
bool kubectl_conflicts(const struct process *run);

/* True when the server has no such kind. */
bool kubectl_is_missing_kind(const struct process *run);

/* True when the namespace is not there. */
bool kubectl_is_missing_namespace(const struct process *run);

/* The object or List that a run with `-o json` printed, in the arena. NULL when it failed before it
 * printed any, and, which is reported, when it succeeded and printed nothing or something else. */
struct node *kubectl_parse_output(const struct kubectl *kubectl, const struct process *run);

/* The names that a run with `-o name` has printed. */
struct map kubectl_names(const struct kubectl *kubectl, const struct process *run);

/* Asks for objects: the words of `get` behind it, up to a NULL. What was printed, or NULL: reported
 * when it failed. `--ignore-not-found` may be among the words: then NULL is no failure. */
struct node *kubectl_get(const struct kubectl *kubectl, ...) __attribute__((sentinel));

/* The first item of a List that was printed; the object itself; NULL for NULL. */
struct node *kubectl_items(struct node *answer);

/* Objects on standard input. */
struct str kubectl_documents(const struct kubectl *kubectl, struct node *const *objects,
                             size_t count);

enum apply_flags { APPLY_DRY_RUN = 1, APPLY_FORCE = 2, APPLY_JSON = 4 };

/* Server-side apply of documents as a manager; prints a name for each object taken, or with
 * APPLY_JSON what it became. */
struct process kubectl_apply(const struct kubectl *kubectl, const char *manager,
                             struct str documents, unsigned flags);

/* Deletes these objects if they are still what was read, with the same owner, and waits until they
 * are gone if `wait`. Returns how many were deleted, which are moved to the front, in their order:
 * kubectl has printed their names, and the server no longer has them or terminates them. Reports
 * what failed. */
size_t kubectl_delete(const struct kubectl *kubectl, struct node **objects, size_t count,
                      bool wait);

#endif
