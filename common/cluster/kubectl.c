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
        if (!runs[i].inherit_stdout)
            runs[i].activity = str_format(kubectl->arena, "waiting for kubectl to %.*s",
                                          STR_ARG(kubectl_purpose(kubectl->arena, &runs[i])));
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
    diag_error(kubectl->diags, NO_LOCATION, RULE_UNEXPECTED_OUTPUT, "%.*s", STR_ARG(message));
    diag_context(kubectl->diags, "cannot %.*s", STR_ARG(kubectl_purpose(kubectl->arena, run)));
    diag_hint(kubectl->diags,
              "check that it is the Kubernetes CLI, or set KUBECTL_PATH to another one");
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

struct str kubectl_references(const struct kubectl *kubectl, struct node *const *objects,
                              size_t count)
{
    struct node **references = ARENA_ARRAY(kubectl->arena, count, struct node *);
    for (size_t i = 0; i < count; i++)
        references[i] = object_reference(kubectl->arena, objects[i]);
    return kubectl_documents(kubectl, references, count);
}

struct process kubectl_get_by_name(const struct kubectl *kubectl, struct node *const *objects,
                                   size_t count)
{
    return (struct process){
        .arguments = kubectl_argv(kubectl, "get", "--filename=-", "--ignore-not-found",
                                  "--output=json", "--show-managed-fields", NULL)
                         .items,
        .input = kubectl_references(kubectl, objects, count),
    };
}

struct process kubectl_apply(const struct kubectl *kubectl, const char *manager,
                             struct str documents, unsigned flags)
{
    struct argv argv = kubectl_argv(kubectl, "apply", "--server-side", "--filename=-", NULL);
    argv_add_flag(kubectl->arena, &argv, "field-manager", manager);
    argv_add_flag(kubectl->arena, &argv, "output", flags & APPLY_JSON ? "json" : "name");
    if (flags & APPLY_JSON)
        argv_add(kubectl->arena, &argv, "--show-managed-fields");
    argv_add(kubectl->arena, &argv,
             flags & APPLY_DRY_RUN ? "--dry-run=server" : "--validate=ignore");
    if (flags & APPLY_FORCE)
        argv_add(kubectl->arena, &argv, "--force-conflicts");
    return (struct process){.arguments = argv.items, .input = documents};
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
