/* Selects the workload of a chart for a service. */
#include "chart/inject_target.h"
#include "chart/workload_query.h"

/* Names */

/* True for a word that does not identify a workload: a single character, a number or a version such
 * as v2. */
static bool is_meaningless(struct str word)
{
    return word.len < 2 || str_span_only(str_skip(word, word.data[0] == 'v'), "0123456789");
}

/* Returns the first word, as separated by dashes, that two names share; empty if they share none.
 */
static struct str shared_word(struct str a, struct str b)
{
    for (size_t at = 0; at < a.len;) {
        size_t end = str_find(a, at, '-');
        struct str word = str_slice(a, at, end);
        at = end + 1;
        if (is_meaningless(word))
            continue;
        for (size_t from = 0; from < b.len;) {
            size_t to = str_find(b, from, '-');
            if (str_equal(word, str_slice(b, from, to)))
                return word;
            from = to + 1;
        }
    }
    return (struct str){0};
}

/* Returns a word that the module shares with the workload's name or name label; empty if there is
 * none. The only workload of a chart is selected only if it shares one: otherwise it may be, for
 * example, a database. */
static struct str shared_name_word(const struct object *object, struct str module)
{
    struct str word = shared_word(module, object->name);
    if (word.len == 0)
        word = shared_word(module, workload_name_label(object));
    if (word.len == 0 && object->workload_ref)
        word = shared_name_word(object->workload_ref, module);
    return word;
}

/* Errors */

/* Lists workloads for a message. */
static struct str list_workloads(struct injection *injection,
                                 const struct workload_list *candidates)
{
    enum { LISTED_MAX = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct workload_entry *each = candidates->first; each && count <= LISTED_MAX;
         each = each->next, count++)
        buf_add_joined(&names, ", ",
                       count < LISTED_MAX ? object_display_name(injection->arena, each->object)
                                          : STR("..."));
    return buf_take(injection->arena, &names);
}

/* Returns the workloads that can be selected. */
static struct workload_list all_workloads(struct injection *injection)
{
    const struct workload_query any = {0};
    return workload_find(&injection->release, SET_WORKLOADS, STEP_ANY, &any);
}

/* Returns the first object of a set that may match in a step of the search, or NULL. One without a
 * namespace matches any, because only the user knows the namespace of the release. */
static const struct object *find_other(struct injection *injection, enum workload_set set,
                                       enum match_step step, const struct workload_query *query)
{
    struct workload_query anywhere = *query;
    anywhere.namespace = (struct str){0};
    struct workload_list found = workload_find(&injection->release, set, step, query);
    return found.first ? found.first->object
                       : workload_find(&injection->release, set, step, &anywhere).without_namespace;
}

/* Returns the location for messages about the workload: the field that names it, or the service. */
static struct location query_location(const struct injection *injection,
                                      const struct service *service)
{
    return injection->options->workload || service->helm.workload.len == 0
               ? service->at
               : record_location(service->record, SERVICE_HELM);
}

/* Adds a hint with the available workloads, and one of them as an example. */
static void hint_workloads(struct injection *injection, struct str names, struct str example)
{
    if (example.len == 0)
        example = str_slice(names, 0, str_find(names, 0, ','));
    struct str selector =
        target_selection_syntax(injection, injection->options->workload, "workload", example);
    diag_hint(injection->diags, "available: %.*s\nselect one: %.*s", STR_ARG(names),
              STR_ARG(selector));
}

/* Returns the workload with the name most similar to that in [[NAMESPACE/]KIND/]NAME; empty if none
 * is similar. */
static struct str most_similar_workload(struct injection *injection, struct str requested)
{
    struct suggestion suggestion = {.word = workload_query_parse(injection->arena, requested).name};
    const struct object *best = NULL;
    for (const struct workload_entry *each = all_workloads(injection).first; each;
         each = each->next) {
        const char *before = suggestion.best.data;
        suggestion_add(&suggestion, each->object->name);
        if (suggestion.best.data != before)
            best = each->object;
    }
    return best ? object_display_name(injection->arena, best) : STR("");
}

static void report_several(struct injection *injection, const struct service *service,
                           struct str requested, const struct workload_list *candidates)
{
    if (injection->release.has_unreadable_document) /* the unreadable document may decide it */
        return;
    diag_error(injection->diags, query_location(injection, service), RULE_AMBIGUOUS_WORKLOAD,
               "\"%.*s\" matches several workloads of the chart", STR_ARG(requested));
    if (injection->diags->last_kept)
        hint_workloads(injection, list_workloads(injection, candidates), STR(""));
}

/* Returns the hook that a service would select, or NULL. `by_user`: the user named it. A
 * Job must have exactly the module's name unless the user names it. */
static const struct object *find_hook(struct injection *injection, const struct service *service,
                                      const struct workload_query *query, bool by_user)
{
    const struct workload_query any = {0};
    /* Helm may pass hooks separately; the workload may be in the other stream. */
    bool only_hooks = injection->release.has_only_hooks;
    enum match_step last = only_hooks ? STEP_NAME : by_user ? STEP_SUFFIX : STEP_LABEL;
    const struct object *hook = NULL;
    for (enum match_step step = STEP_NAME; step <= last && !hook; step++)
        hook = find_other(injection, SET_WORKLOAD_HOOKS, step, query);
    last = by_user ? last : STEP_NAME;
    for (enum match_step step = STEP_NAME; !only_hooks && step <= last && !hook; step++)
        hook = find_other(injection, SET_POD_HOOKS, step, query);
    if (hook || by_user || only_hooks || all_workloads(injection).count)
        return hook;
    hook = find_other(injection, SET_WORKLOAD_HOOKS, STEP_ANY, &any);
    return hook && shared_name_word(hook, service->name).len ? hook : NULL;
}

/* Reports that the name is that of a Job, bare Pod or another object that cannot be selected.
 * Returns false if it is not. */
static bool report_unsupported_kind(struct injection *injection, const struct service *service,
                                    const struct workload_query *query)
{
    const struct object *other = NULL;
    for (enum match_step step = STEP_NAME; step <= STEP_SUFFIX && !other; step++)
        other = find_other(injection, SET_PODS, step, query);
    if (!other)
        return false;
    diag_error(
        injection->diags, query_location(injection, service), RULE_UNSUPPORTED_WORKLOAD,
        "%.*s cannot be selected: it must be a Deployment, StatefulSet, DaemonSet or Rollout",
        STR_ARG(object_display_name(injection->arena, other)));
    if (!injection->diags->last_kept)
        return true;
    const struct workload_list workloads = all_workloads(injection);
    if (workloads.count && !query->kind.len)
        hint_workloads(injection, list_workloads(injection, &workloads),
                       most_similar_workload(injection, query->name));
    else
        diag_hint(injection->diags,
                  "to fill all workloads, including this one: helm: {workload: \"*\", mode: fill}");
    return true;
}

/* Adds a hint that lists the workloads of the chart. `hooks`: hooks can be selected too. */
static void hint_available(struct injection *injection, struct str requested, bool hooks)
{
    const struct workload_query any = {0};
    const struct workload_list workloads = all_workloads(injection);
    if (workloads.count) {
        hint_workloads(injection, list_workloads(injection, &workloads),
                       most_similar_workload(injection, requested));
        return;
    }
    bool has_hooks = find_other(injection, SET_WORKLOAD_HOOKS, STEP_ANY, &any) != NULL;
    diag_hint(
        injection->diags,
        "the chart has no Deployment, StatefulSet, DaemonSet or Rollout%s: check its values%s",
        has_hooks ? " except hooks" : "",
        hooks && !has_hooks ? ", and use Helm 4: Helm 3 passes no hooks to a post-renderer" : "");
}

/* Reports that a service would select a hook. */
static void report_hook(struct injection *injection, const struct service *service,
                        const struct object *hook, struct str requested)
{
    struct location at = query_location(injection, service);
    struct str name = object_display_name(injection->arena, hook);
    const struct workload_list workloads = all_workloads(injection);
    if (hook->type != OBJECT_WORKLOAD || !hook->has_pod || service->helm.hooks) {
        diag_error(injection->diags, at, RULE_UNSUPPORTED_WORKLOAD,
                   "%.*s is a Helm hook and cannot be selected", STR_ARG(name));
        if (injection->diags->last_kept)
            hint_available(injection, requested, false);
        return;
    }
    diag_error(injection->diags, at, RULE_UNSUPPORTED_WORKLOAD,
               "%.*s is a Helm hook, and helm.hooks is false", STR_ARG(name));
    if (injection->diags->last_kept)
        diag_hint(injection->diags, "to change it: helm: {hooks: true}%s%.*s",
                  workloads.count ? "\nother workloads of the chart: " : "",
                  STR_ARG(list_workloads(injection, &workloads)));
}

/* Reports that no workload matches. `query`: what the user named, or the name of the module. */
static void report_none(struct injection *injection, const struct service *service,
                        struct str requested, const struct workload_query *query, bool by_user)
{
    if (injection->release.has_unreadable_document)
        return;
    const struct object *hook = find_hook(injection, service, query, by_user);
    if (injection->release.has_only_hooks && !hook)
        return;
    if (!hook && by_user && report_unsupported_kind(injection, service, query))
        return;
    if (hook) {
        report_hook(injection, service, hook, requested);
        return;
    }
    diag_error(injection->diags, query_location(injection, service), RULE_WORKLOAD_NOT_FOUND,
               str_equal(requested, service->name)
                   ? "no workload of the chart matches module \"%.*s\""
                   : "workload \"%.*s\" not found in the chart",
               STR_ARG(requested));
    if (injection->diags->last_kept)
        hint_available(injection, requested, service->helm.hooks);
}

/* Returns the object whose pod template is edited. Reports an error and returns NULL if the chart
 * does not have it. */
static const struct object *pod_template_owner(struct injection *injection,
                                               const struct service *service,
                                               const struct object *object)
{
    struct arena *arena = injection->arena;
    if (object->has_pod)
        return object;
    if (object->workload_ref && object->workload_ref->rollout == object)
        return object->workload_ref;
    if (injection->release.has_unreadable_document)
        return NULL;
    struct str pods = release_workload_ref(arena, object);
    if (object->workload_ref)
        diag_error(injection->diags, query_location(injection, service), RULE_AMBIGUOUS_WORKLOAD,
                   "%.*s and %.*s both run the pods of %.*s",
                   STR_ARG(object_display_name(arena, object->workload_ref->rollout)),
                   STR_ARG(object_display_name(arena, object)), STR_ARG(pods));
    else
        diag_error(injection->diags, query_location(injection, service), RULE_WORKLOAD_NOT_FOUND,
                   "%.*s runs the pods of %.*s, which is not a workload of the chart",
                   STR_ARG(object_display_name(arena, object)), STR_ARG(pods));
    struct str selector = target_selection_syntax(injection, injection->options->workload,
                                                  "workload", STR("KIND/NAME"));
    diag_hint(injection->diags, "select another workload: %.*s", STR_ARG(selector));
    return NULL;
}

/* The search */

/* Returns the workloads that match; if there are none, and the service changes hooks, the hooks. */
static struct workload_list find_candidates(struct injection *injection,
                                            const struct service *service, enum match_step step,
                                            const struct workload_query *query)
{
    struct workload_list found = workload_find(&injection->release, SET_WORKLOADS, step, query);
    if (found.count || !service->helm.hooks)
        return found;
    return workload_find(&injection->release, SET_WORKLOAD_HOOKS, step, query);
}

static size_t count_selectable(struct injection *injection, const struct service *service)
{
    const struct workload_query any = {0};
    size_t count = all_workloads(injection).count;
    if (service->helm.hooks)
        count += workload_find(&injection->release, SET_WORKLOAD_HOOKS, STEP_ANY, &any).count;
    return count;
}

/* Records why a workload was selected, and returns it. `guess`: the chart has others. */
static const struct object *log_selected(struct injection *injection, const struct service *service,
                                         const struct object *object, bool guess, struct str reason)
{
    const struct object *workload = pod_template_owner(injection, service, object);
    if (!workload)
        return NULL;
    struct str runs = workload->hook ? STR("; it is a Helm hook") : STR("");
    if (workload->rollout)
        runs = str_format(injection->arena, "; %.*s runs its pods",
                          STR_ARG(object_display_name(injection->arena, workload->rollout)));
    inject_log_choice(injection, workload, NULL, guess, "%.*s%.*s", STR_ARG(reason), STR_ARG(runs));
    return workload;
}

/* Finds the workload that the user named. If several objects have that KIND/NAME, selects the one
 * that sets no namespace, because no other notation selects it. */
static const struct object *find_requested(struct injection *injection,
                                           const struct service *service, struct str requested)
{
    struct workload_query query = workload_query_parse(injection->arena, requested);
    const char *source = injection->options->workload ? "--workload" : "helm.workload";
    enum match_step step = STEP_NAME;
    struct workload_list candidates = find_candidates(injection, service, step, &query);
    if (candidates.count == 0)
        candidates = find_candidates(injection, service, step = STEP_SUFFIX, &query);
    if (candidates.count == 1)
        return log_selected(injection, service, candidates.first->object, false,
                            str_format(injection->arena, "%s names it", source));
    if (step == STEP_NAME && query.kind.len && candidates.without_namespace_count == 1)
        return log_selected(injection, service, candidates.without_namespace, true,
                            str_format(injection->arena,
                                       "%s names it, and it is the only one without a namespace",
                                       source));
    if (candidates.count > 1)
        report_several(injection, service, requested, &candidates);
    else
        report_none(injection, service, requested, &query, true);
    return NULL;
}

static struct str step_reason(struct injection *injection, const struct service *service,
                              enum match_step step, const struct object *object)
{
    struct arena *arena = injection->arena;
    switch (step) {
    case STEP_NAME:
        return STR("it has the module's name");
    case STEP_SUFFIX:
        return str_format(arena, "it is the only one whose name ends in \"-%.*s\"",
                          STR_ARG(service->name));
    case STEP_LABEL:
        return str_format(arena, "its label app.kubernetes.io/name is \"%.*s\"",
                          STR_ARG(service->name));
    default:
        return str_format(arena,
                          "it is the only workload of the chart, and shares the word \"%.*s\" with "
                          "module \"%.*s\"",
                          STR_ARG(shared_name_word(object, service->name)), STR_ARG(service->name));
    }
}

static const struct object *find_by_name(struct injection *injection, const struct service *service)
{
    const struct workload_query query = {.name = service->name};
    struct workload_list several = {0};
    for (enum match_step step = STEP_NAME; step < STEP_COUNT; step++) {
        struct workload_list candidates = find_candidates(injection, service, step, &query);
        const struct object *first = candidates.count ? candidates.first->object : NULL;
        bool only = candidates.count == 1;
        if (only && step == STEP_ANY)
            only = shared_name_word(first, service->name).len != 0;
        bool guess = only && step != STEP_NAME &&
                     (step == STEP_ANY || count_selectable(injection, service) > 1);
        if (only)
            return log_selected(injection, service, first, guess,
                                step_reason(injection, service, step, first));
        if (candidates.count > 1 && step != STEP_ANY && several.count == 0)
            several = candidates;
        if (several.count && step == STEP_NAME)
            break;
    }
    if (several.count)
        report_several(injection, service, service->name, &several);
    else
        report_none(injection, service, service->name, &query, false);
    return NULL;
}

const struct object *target_select_workload(struct injection *injection,
                                            const struct service *service)
{
    if (injection->options->workload)
        return find_requested(injection, service, str_from_c(injection->options->workload));
    if (service->helm.workload.len)
        return find_requested(injection, service, service->helm.workload);
    return find_by_name(injection, service);
}

/* Two services in one workload would overwrite each other. */
bool target_claim_workload(struct injection *injection, const struct service *service,
                           const struct object *workload)
{
    const struct service *owner =
        map_add_object(injection->run_arena, &injection->owners, workload, service);
    if (!owner)
        return true;
    diag_error(injection->diags, service->at, RULE_AMBIGUOUS_WORKLOAD,
               "services \"%.*s\" and \"%.*s\" both select %.*s", STR_ARG(owner->name),
               STR_ARG(service->name), STR_ARG(object_display_name(injection->arena, workload)));
    diag_hint(injection->diags, "select a workload for each: helm: {workload: KIND/NAME}");
    return false;
}
