#include "cluster/kubectl.h"

#include "base/map.h"
#include "base/utf8.h"
#include "cluster/kubectl_errors.h"
#include "cluster/kubectl_flags.h"
#include "cluster/object.h"
#include "yaml/emit.h"
#include "yaml/parse_json.h"

#include <stdlib.h>
#include <string.h>

/* From level 8 on, kubectl logs request and response bodies. */
static const char *cap_verbosity(const struct kubectl *kubectl, const char *verbosity)
{
    return kubectl->secret && verbosity && strcmp(verbosity, "7") > 0 ? "7" : verbosity;
}

static bool has_flag(const struct argv *argv, const char *flag)
{
    size_t length = strcspn(flag, "=");
    for (size_t i = 0; i < argv->count; i++) {
        const char *word = argv->items[i];
        if (strncmp(word, flag, length) == 0 && (word[length] == '=' || word[length] == '\0'))
            return true;
    }
    return false;
}

static void add_missing(struct arena *arena, struct argv *argv, const char *const *flags)
{
    for (; *flags; flags++)
        if (!has_flag(argv, *flags))
            argv_add(arena, argv, *flags);
}

struct argv kubectl_argv(const struct kubectl *kubectl, ...)
{
    const struct kubectl_options *options = kubectl->options;
    const char *program = getenv("KUBECTL_PATH");
    struct argv argv = {0};
    argv_add(kubectl->arena, &argv, program && *program ? program : "kubectl");
    va_list arguments;
    va_start(arguments, kubectl);
    for (const char *word; (word = va_arg(arguments, const char *)) != NULL;)
        argv_add(kubectl->arena, &argv, word);
    va_end(arguments);
    if (argv.count > 1)
        add_missing(kubectl->arena, &argv, kubectl_verb_flags(argv.items + 1));
    add_missing(kubectl->arena, &argv, kubectl_common_flags);
    argv_add_flag(kubectl->arena, &argv, "kubeconfig", options->kubeconfig);
    argv_add_flag(kubectl->arena, &argv, "context", options->context);
    argv_add_flag(kubectl->arena, &argv, "cluster", options->cluster);
    argv_add_flag(kubectl->arena, &argv, "user", options->user);
    argv_add_flag(kubectl->arena, &argv, "as", options->as);
    argv_add_flag(kubectl->arena, &argv, "request-timeout", options->request_timeout);
    argv_add_flag(kubectl->arena, &argv, "v", cap_verbosity(kubectl, options->verbosity));
    return argv;
}

void kubectl_poll(const struct kubectl *kubectl, struct process *runs, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        runs[i].limit = kubectl->limit;
        runs[i].hides = kubectl->options->verbosity ? NULL : kubectl_is_log;
    }
    process_run(runs, count);
}

void kubectl_run(const struct kubectl *kubectl, struct process *runs, size_t count)
{
    kubectl_poll(kubectl, runs, count);
    for (size_t i = 0; i < count; i++)
        kubectl_show_warnings(kubectl, &runs[i]);
}

bool kubectl_run_one(const struct kubectl *kubectl, struct process run)
{
    kubectl_run(kubectl, &run, 1);
    bool ok = process_succeeded(&run);
    if (!ok)
        kubectl_report(kubectl, &run);
    process_free(&run);
    return ok;
}

static void report_output(const struct kubectl *kubectl, const struct process *run,
                          const char *what)
{
    struct str message =
        str_format(kubectl->arena, "%s %s printed %s", run->arguments[0], run->arguments[1], what);
    if (diags_contain(kubectl->diags, message))
        return;
    diag_error(kubectl->diags, NO_LOCATION, "%.*s", STR_ARG(message));
    diag_context(kubectl->diags, "cannot %.*s", STR_ARG(kubectl_purpose(kubectl->arena, run)));
    diag_hint(kubectl->diags,
              "make sure that it is the kubectl of Kubernetes, or set KUBECTL_PATH to another one");
}

struct node *kubectl_parse_output(const struct kubectl *kubectl, const struct process *run)
{
    if (run->output.len == 0) {
        if (process_succeeded(run))
            report_output(kubectl, run, "nothing");
        return NULL;
    }
    struct node *answer = load_json(kubectl->arena, buf_str(&run->output));
    if (answer && answer->kind == NODE_MAP && node_get(answer, "kind"))
        return answer;
    report_output(kubectl, run, "no Kubernetes object");
    return NULL;
}

struct node *kubectl_get(const struct kubectl *kubectl, ...)
{
    struct argv argv = kubectl_argv(kubectl, "get", NULL);
    va_list more;
    va_start(more, kubectl);
    for (const char *word; (word = va_arg(more, const char *)) != NULL;)
        argv_add(kubectl->arena, &argv, word);
    va_end(more);
    argv_add(kubectl->arena, &argv, "--output=json");
    struct process run = {.arguments = argv.items};
    kubectl_run(kubectl, &run, 1);
    struct node *answer = NULL;
    if (!process_succeeded(&run))
        kubectl_report(kubectl, &run);
    else if (run.output.len)
        answer = kubectl_parse_output(kubectl, &run);
    process_free(&run);
    return answer;
}

struct node *kubectl_items(struct node *answer)
{
    if (!answer)
        return NULL;
    return str_ends_with(node_string(node_get(answer, "kind")), STR("List"))
               ? node_first_child(node_get(answer, "items"))
               : answer;
}

struct str kubectl_documents(const struct kubectl *kubectl, struct node *const *objects,
                             size_t count)
{
    struct buf text = {0};
    emit_yaml(&text, objects, count);
    return buf_take(kubectl->arena, &text);
}

struct process kubectl_apply(const struct kubectl *kubectl, const char *manager,
                             struct str documents, unsigned flags)
{
    struct argv argv = kubectl_argv(kubectl, "apply", "--server-side", "--filename=-", NULL);
    argv_add_flag(kubectl->arena, &argv, "field-manager", manager);
    argv_add_flag(kubectl->arena, &argv, "output", flags & APPLY_JSON ? "json" : "name");
    if (flags & APPLY_JSON)
        argv_add(kubectl->arena, &argv, "--show-managed-fields");
    if (flags & APPLY_DRY_RUN)
        argv_add(kubectl->arena, &argv, "--dry-run=server");
    if (flags & APPLY_FORCE)
        argv_add(kubectl->arena, &argv, "--force-conflicts");
    return (struct process){.arguments = argv.items, .input = documents};
}

static struct str reference_documents(const struct kubectl *kubectl, struct node *const *objects,
                                      size_t count)
{
    struct node **references = ARENA_ARRAY(kubectl->arena, count, struct node *);
    for (size_t i = 0; i < count; i++)
        references[i] = object_reference(kubectl->arena, objects[i]);
    return kubectl_documents(kubectl, references, count);
}

/* Returns the live objects of these documents. `ret_known` is false if they cannot be read; other
 * failures are reported. */
static struct node *query_objects(const struct kubectl *kubectl, struct str documents,
                                  bool *ret_known)
{
    struct argv argv = kubectl_argv(kubectl, "get", "--filename=-", "--ignore-not-found=true",
                                    "--output=json", NULL);
    struct process run = {.arguments = argv.items, .input = documents};
    kubectl_run(kubectl, &run, 1);
    struct node *answer = NULL;
    *ret_known = process_succeeded(&run);
    if (!*ret_known && !kubectl_forbidden(&run))
        kubectl_report(kubectl, &run);
    else if (run.output.len)
        answer = kubectl_parse_output(kubectl, &run);
    process_free(&run);
    return kubectl_items(answer);
}

/* True if the object still exists. An object of the same name but another uid is a new one, which a
 * controller may create at once. */
static bool still_exists(struct arena *arena, const struct map *index, const struct node *object)
{
    struct str uid = object_uid(object);
    const struct node *live = map_get(index, object_key(arena, object));
    return live && !node_at(live, "metadata deletionTimestamp") &&
           (uid.len == 0 || str_equal(uid, object_uid(live)));
}

/* Objects may have been replaced or claimed by others since they were read, while apply waited for
 * the user or for pods. Moves the unchanged ones to the front, and returns their number. Reports
 * the others, except those that no longer exist. If they cannot be read, keeps all. */
static size_t keep_unchanged(const struct kubectl *kubectl, struct node **objects, size_t count)
{
    bool known = false;
    size_t errors = kubectl->diags->errors;
    const struct node *list =
        query_objects(kubectl, reference_documents(kubectl, objects, count), &known);
    if (kubectl->diags->errors > errors || process_interrupted())
        return 0;
    struct map index = object_index(kubectl->arena, list);
    size_t unchanged = 0;
    for (size_t i = 0; known && i < count; i++) {
        const struct node *live = map_get(&index, object_key(kubectl->arena, objects[i]));
        if (live && object_same_owner(objects[i], live))
            objects[unchanged++] = objects[i];
        else if (live)
            diag_error(kubectl->diags, NO_LOCATION,
                       "%.*s was not deleted: it was replaced or claimed by another owner",
                       STR_ARG(object_title(kubectl->arena, objects[i])));
    }
    return known ? unchanged : count;
}

struct map kubectl_names(const struct kubectl *kubectl, const struct process *run)
{
    struct map names = {0};
    struct str text = str_copy(kubectl->arena, buf_str(&run->output));
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);)
        map_add(kubectl->arena, &names, line, run);
    return names;
}

size_t kubectl_delete(const struct kubectl *kubectl, struct node **objects, size_t count, bool wait)
{
    bool known = false;
    count = keep_unchanged(kubectl, objects, count);
    if (count == 0)
        return 0;
    struct str documents = reference_documents(kubectl, objects, count);
    struct argv argv = kubectl_argv(kubectl, "delete", "--ignore-not-found=true", "--filename=-",
                                    "--output=name", wait ? "--wait=true" : "--wait=false", NULL);
    struct process run = {.arguments = argv.items, .input = documents};
    kubectl_run(kubectl, &run, 1);
    struct map names = kubectl_names(kubectl, &run);
    if (!process_succeeded(&run))
        kubectl_report(kubectl, &run);
    process_free(&run);
    /* If they cannot be read, trust the output of kubectl. */
    const struct node *remaining =
        names.count && !process_interrupted() ? query_objects(kubectl, documents, &known) : NULL;
    struct map index = object_index(kubectl->arena, remaining);
    size_t deleted = 0;
    for (size_t i = 0; i < count; i++) {
        struct str title = object_title(kubectl->arena, objects[i]);
        if (!map_get(&names, title))
            continue;
        if (still_exists(kubectl->arena, &index, objects[i]))
            diag_error(kubectl->diags, NO_LOCATION, "%.*s was not deleted: the server still has it",
                       STR_ARG(title));
        else
            objects[deleted++] = objects[i];
    }
    return deleted;
}
