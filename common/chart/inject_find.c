/* Selects the workload of a chart for a service. */
#include "chart/inject_target.h"

#include <string.h>

/* What the workload must match. Empty members match anything. */
struct query {
    struct str namespace;
    const char *kind;
    struct str name;
    bool hooks; /* if no other workload matches, hooks may */
};

/* True for a workload that can be selected, among hooks or others. A workload whose pods a Rollout
 * runs is selected through that Rollout. */
static bool is_candidate(const struct object *object, bool hook)
{
    return object->hook == hook && object->name.len && !object->rollout && (!hook || object->pod);
}

enum step { STEP_NAME, STEP_SUFFIX, STEP_LABEL, STEP_ANY, STEP_COUNT };

/* True if the object's name ends in -NAME. */
static bool has_name_suffix(const struct object *object, struct str name)
{
    size_t len = object->name.len;
    return len > name.len && str_ends_with(object->name, name) &&
           object->name.data[len - name.len - 1] == '-';
}

static struct str name_label(const struct object *object)
{
    return node_string(node_at(object->node, "metadata labels app.kubernetes.io/name"));
}

static bool object_matches(const struct object *object, enum step step, const struct query *query)
{
    if (query->namespace.len && !str_equal(query->namespace, object->namespace))
        return false;
    /* Any case, because kubectl accepts deployment/web too. */
    if (query->kind && *query->kind && !str_eq_c_nocase(object->kind, query->kind))
        return false;
    switch (step) {
    case STEP_NAME:
        return str_equal(object->name, query->name);
    case STEP_SUFFIX:
        return has_name_suffix(object, query->name);
    case STEP_LABEL:
        return str_equal(name_label(object), query->name);
    default:
        return true;
    }
}

/* True if the object, or the workload that a Rollout refers to, matches. */
static bool matches(const struct object *object, enum step step, const struct query *query)
{
    return object_matches(object, step, query) ||
           (object->workload_ref && object_matches(object->workload_ref, step, query));
}

/* The workloads that match in a step of the search. */
struct candidates {
    const struct object *first;
    size_t count;
    const struct object *without_namespace; /* the first without a namespace */
    size_t without_namespace_count;
    bool hooks; /* they are hooks */
};

static struct candidates find_among(struct release *release, bool hook, enum step step,
                                    const struct query *query)
{
    struct candidates candidates = {.hooks = hook};
    for (const struct object *object = release_objects(release, OBJECT_WORKLOAD); object;
         object = object->next) {
        if (!is_candidate(object, hook) || !matches(object, step, query))
            continue;
        if (candidates.count++ == 0)
            candidates.first = object;
        if (object->namespace.len == 0 && candidates.without_namespace_count++ == 0)
            candidates.without_namespace = object;
    }
    return candidates;
}

static struct candidates find_candidates(struct release *release, enum step step,
                                         const struct query *query)
{
    struct candidates candidates = find_among(release, false, step, query);
    return candidates.count == 0 && query->hooks ? find_among(release, true, step, query)
                                                 : candidates;
}

/* Parses [[NAMESPACE/]KIND/]NAME; NAME may be *-END. */
static struct query query_parse(struct arena *arena, struct str requested)
{
    struct str parts[3] = {0};
    size_t count = 0;
    size_t at = 0;
    while (count < 2 && str_find(requested, at, '/') < requested.len) {
        size_t end = str_find(requested, at, '/');
        parts[count++] = str_slice(requested, at, end);
        at = end + 1;
    }
    parts[count] = str_skip(requested, at);
    struct query query = {.name = parts[count]};
    if (count > 0)
        query.kind = str_to_c(arena, parts[count - 1]);
    if (count > 1)
        query.namespace = parts[0];
    if (str_starts_with(query.name, STR("*-")))
        query.name = str_skip(query.name, 2);
    return query;
}

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
        word = shared_word(module, name_label(object));
    if (word.len == 0 && object->workload_ref)
        word = shared_name_word(object->workload_ref, module);
    return word;
}

/* Errors */

/* Lists the matching workloads, among hooks or others, for a message. */
static struct str list_workloads(struct injection *injection, bool hook, enum step step,
                                 const struct query *query)
{
    enum { LISTED_MAX = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct object *object = release_objects(&injection->release, OBJECT_WORKLOAD);
         object && count <= LISTED_MAX; object = object->next) {
        if (!is_candidate(object, hook) || !matches(object, step, query))
            continue;
        struct str name = object_display_name(injection->arena, object);
        buf_format(&names, "%s%.*s", count ? ", " : "",
                   STR_ARG(count < LISTED_MAX ? name : STR("...")));
        count++;
    }
    return buf_take(injection->arena, &names);
}

/* True if the object matches. One without a namespace matches any, because only the user knows the
 * namespace of the release. */
static bool may_match(const struct object *object, enum step step, const struct query *query)
{
    struct query anywhere = *query;
    anywhere.namespace = (struct str){0};
    return matches(object, step, object->namespace.len ? query : &anywhere);
}

/* Returns the first object of a type, among hooks or others, that may match in a step of the
 * search, or NULL. */
static const struct object *find_other(struct release *release, enum object_kind type, bool hook,
                                       enum step step, const struct query *query)
{
    const struct object *object = release_objects(release, type);
    while (object && (object->hook != hook || !object->name.len || !may_match(object, step, query)))
        object = object->next;
    return object;
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
    struct suggestion suggestion = {.word = query_parse(injection->arena, requested).name};
    const struct object *best = NULL;
    for (const struct object *object = release_objects(&injection->release, OBJECT_WORKLOAD);
         object; object = object->next) {
        const char *before = suggestion.best.data;
        if (is_candidate(object, false))
            suggestion_add(&suggestion, object->name);
        if (suggestion.best.data != before)
            best = object;
    }
    return best ? object_display_name(injection->arena, best) : STR("");
}

static void report_several(struct injection *injection, const struct service *service,
                           struct str requested, bool hooks, enum step step,
                           const struct query *query)
{
    if (injection->release.has_unreadable_document) /* the unreadable document may decide it */
        return;
    diag_error(injection->diags, query_location(injection, service),
               "\"%.*s\" matches several workloads of the chart", STR_ARG(requested));
    hint_workloads(injection, list_workloads(injection, hooks, step, query), STR(""));
}

/* Returns the hook that a service would select, or NULL. `by_user`: the user named it. A
 * Job must have exactly the module's name unless the user names it. */
static const struct object *find_hook(struct injection *injection, const struct service *service,
                                      const struct query *query, bool by_user)
{
    struct release *release = &injection->release;
    const struct query any = {0};
    /* Helm may pass hooks separately; the workload may be in the other stream. */
    bool only_hooks = release_has_only_hooks(release);
    enum step last = only_hooks ? STEP_NAME : by_user ? STEP_SUFFIX : STEP_LABEL;
    const struct object *hook = NULL;
    for (enum step step = STEP_NAME; step <= last && !hook; step++)
        hook = find_other(release, OBJECT_WORKLOAD, true, step, query);
    last = by_user ? last : STEP_NAME;
    for (enum step step = STEP_NAME; !only_hooks && step <= last && !hook; step++)
        hook = find_other(release, OBJECT_PODS, true, step, query);
    if (hook || by_user || only_hooks ||
        find_other(release, OBJECT_WORKLOAD, false, STEP_ANY, &any))
        return hook;
    hook = find_other(release, OBJECT_WORKLOAD, true, STEP_ANY, &any);
    return hook && shared_name_word(hook, service->name).len ? hook : NULL;
}

/* Reports that the name is that of a Job, bare Pod or another object that cannot be selected.
 * Returns false if it is not. */
static bool report_unsupported_kind(struct injection *injection, const struct service *service,
                                    const struct query *query)
{
    const struct object *other = NULL;
    for (enum step step = STEP_NAME; step <= STEP_SUFFIX && !other; step++)
        other = find_other(&injection->release, OBJECT_PODS, false, step, query);
    if (!other)
        return false;
    diag_error(
        injection->diags, query_location(injection, service),
        "%.*s cannot be selected: it must be a Deployment, StatefulSet, DaemonSet or Rollout",
        STR_ARG(object_display_name(injection->arena, other)));
    const struct query any = {0};
    struct str names = list_workloads(injection, false, STEP_ANY, &any);
    if (names.len && !query->kind)
        hint_workloads(injection, names, most_similar_workload(injection, query->name));
    else
        diag_hint(injection->diags,
                  "to fill all workloads, including this one: helm: {workload: \"*\", mode: fill}");
    return true;
}

/* Adds a hint for a chart without workloads that can be selected. `hooks`: hooks can. */
static void hint_no_workloads(struct injection *injection, bool hooks)
{
    const struct query any = {0};
    bool has_hooks = find_other(&injection->release, OBJECT_WORKLOAD, true, STEP_ANY, &any) != NULL;
    diag_hint(
        injection->diags,
        "the chart has no Deployment, StatefulSet, DaemonSet or Rollout%s: check its values%s",
        has_hooks ? " except hooks" : "",
        hooks && !has_hooks ? ", and use Helm 4: Helm 3 passes no hooks to a post-renderer" : "");
}

/* Reports that a service would select a hook. `names`: the other workloads. */
static void report_hook(struct injection *injection, const struct service *service,
                        const struct object *hook, struct str names)
{
    bool keeps_running = hook->type == OBJECT_WORKLOAD && hook->pod;
    struct location at = query_location(injection, service);
    struct str name = object_display_name(injection->arena, hook);
    if (keeps_running) {
        diag_error(injection->diags, at, "%.*s is a Helm hook, and helm.hooks is false",
                   STR_ARG(name));
        diag_hint(injection->diags, "to change it: helm: {hooks: true}%s%.*s",
                  names.len ? "\nother workloads of the chart: " : "", STR_ARG(names));
        return;
    }
    diag_error(injection->diags, at, "%.*s is a Helm hook and cannot be selected", STR_ARG(name));
    if (names.len)
        hint_workloads(injection, names, most_similar_workload(injection, hook->name));
    else
        hint_no_workloads(injection, false);
}

/* Reports that no workload matches. `query`: what the user named, or the name of the module. */
static void report_none(struct injection *injection, const struct service *service,
                        struct str requested, const struct query *query, bool by_user)
{
    const struct query any = {0};
    if (injection->release.has_unreadable_document)
        return;
    const struct object *hook = find_hook(injection, service, query, by_user);
    if (release_has_only_hooks(&injection->release) && !hook)
        return;
    if (!hook && by_user && report_unsupported_kind(injection, service, query))
        return;
    struct str names = list_workloads(injection, false, STEP_ANY, &any);
    if (hook) {
        report_hook(injection, service, hook, names);
        return;
    }
    diag_error(injection->diags, query_location(injection, service),
               str_equal(requested, service->name)
                   ? "no workload of the chart matches module \"%.*s\""
                   : "workload \"%.*s\" not found in the chart",
               STR_ARG(requested));
    if (names.len)
        hint_workloads(injection, names, most_similar_workload(injection, requested));
    else
        hint_no_workloads(injection, query->hooks);
}

/* Returns the object whose pod template is edited. Reports an error and returns NULL if the chart
 * does not have it. */
static const struct object *pod_template_owner(struct injection *injection,
                                               const struct service *service,
                                               const struct object *object)
{
    struct arena *arena = injection->arena;
    if (object->pod)
        return object;
    if (object->workload_ref && object->workload_ref->rollout == object)
        return object->workload_ref;
    if (injection->release.has_unreadable_document)
        return NULL;
    struct str pods = release_workload_ref(arena, object);
    if (object->workload_ref)
        diag_error(injection->diags, query_location(injection, service),
                   "%.*s and %.*s both run the pods of %.*s",
                   STR_ARG(object_display_name(arena, object->workload_ref->rollout)),
                   STR_ARG(object_display_name(arena, object)), STR_ARG(pods));
    else
        diag_error(injection->diags, query_location(injection, service),
                   "%.*s runs the pods of %.*s, which is not a workload of the chart",
                   STR_ARG(object_display_name(arena, object)), STR_ARG(pods));
    struct str selector = target_selection_syntax(injection, injection->options->workload,
                                                  "workload", STR("KIND/NAME"));
    diag_hint(injection->diags, "select another workload: %.*s", STR_ARG(selector));
    return NULL;
}

/* The search */

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
    struct query query = query_parse(injection->arena, requested);
    query.hooks = service->helm.hooks;
    const char *source = injection->options->workload ? "--workload" : "helm.workload";
    enum step step = STEP_NAME;
    struct candidates candidates = find_candidates(&injection->release, step, &query);
    if (candidates.count == 0)
        candidates = find_candidates(&injection->release, step = STEP_SUFFIX, &query);
    if (candidates.count == 1)
        return log_selected(injection, service, candidates.first, false,
                            str_format(injection->arena, "%s names it", source));
    if (step == STEP_NAME && query.kind && candidates.without_namespace_count == 1)
        return log_selected(injection, service, candidates.without_namespace, true,
                            str_format(injection->arena,
                                       "%s names it, and it is the only one without a namespace",
                                       source));
    if (candidates.count > 1)
        report_several(injection, service, requested, candidates.hooks, step, &query);
    else
        report_none(injection, service, requested, &query, true);
    return NULL;
}

static struct str step_reason(struct injection *injection, const struct service *service,
                              enum step step, const struct object *object)
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
    const struct query any = {.hooks = service->helm.hooks};
    const struct query query = {.name = service->name, .hooks = service->helm.hooks};
    enum step several = STEP_COUNT;
    bool several_hooks = false;
    for (enum step step = STEP_NAME; step < STEP_COUNT; step++) {
        struct candidates candidates = find_candidates(&injection->release, step, &query);
        bool only = candidates.count == 1;
        if (only && step == STEP_ANY)
            only = shared_name_word(candidates.first, service->name).len != 0;
        bool guess =
            only && step != STEP_NAME &&
            (step == STEP_ANY || find_candidates(&injection->release, STEP_ANY, &any).count > 1);
        if (only)
            return log_selected(injection, service, candidates.first, guess,
                                step_reason(injection, service, step, candidates.first));
        if (candidates.count > 1 && step != STEP_ANY && several == STEP_COUNT) {
            several = step;
            several_hooks = candidates.hooks;
        }
        if (several == STEP_NAME)
            break;
    }
    if (several != STEP_COUNT)
        report_several(injection, service, service->name, several_hooks, several, &query);
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
        map_add(injection->arena, &injection->owners, target_key(injection, workload), service);
    if (!owner)
        return true;
    diag_error(injection->diags, service->at, "services \"%.*s\" and \"%.*s\" both select %.*s",
               STR_ARG(owner->name), STR_ARG(service->name),
               STR_ARG(object_display_name(injection->arena, workload)));
    diag_hint(injection->diags, "select a workload for each: helm: {workload: KIND/NAME}");
    return false;
}
