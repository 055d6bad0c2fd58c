/* Which workload of a chart a service means. */
#include "chart/inject_target.h"

#include <string.h>

/* Helm hooks are not part of the release's lifetime, and a workload whose pods a Rollout runs is
 * that Rollout. */
static bool is_candidate(const struct object *object)
{
    return !object->hook && object->name.len && !object->rollout;
}

/* Which workload to find. Empty: any. */
struct query {
    struct str namespace;
    const char *kind;
    struct str name;
};

enum step { STEP_NAME, STEP_ENDING, STEP_LABEL, STEP_ANY, STEP_COUNT };

/* NAME is the end of the object's name, after a dash. */
static bool ends_in(const struct object *object, struct str name)
{
    size_t len = object->name.len;
    return len > name.len && str_ends_with(object->name, name) &&
           object->name.data[len - name.len - 1] == '-';
}

static struct str name_label(const struct object *object)
{
    return node_string(node_at(object->node, "metadata labels app.kubernetes.io/name"));
}

static bool fits_itself(const struct object *object, enum step step, const struct query *query)
{
    if (query->namespace.len && !str_equal(query->namespace, object->namespace))
        return false;
    /* kubectl takes deployment/web as well. */
    if (query->kind && *query->kind && !str_eq_c_nocase(object->kind, query->kind))
        return false;
    switch (step) {
    case STEP_NAME:
        return str_equal(object->name, query->name);
    case STEP_ENDING:
        return ends_in(object, query->name);
    case STEP_LABEL:
        return str_equal(name_label(object), query->name);
    default:
        return true;
    }
}

/* A Rollout fits by the workload that it refers to as well. */
static bool fits(const struct object *object, enum step step, const struct query *query)
{
    return fits_itself(object, step, query) ||
           (object->pods_of && fits_itself(object->pods_of, step, query));
}

/* Workloads that are left after a step of the search. */
struct choice {
    const struct object *found;
    size_t count;
    const struct object *unplaced; /* the first that names no namespace */
    size_t unplaced_count;
};

static struct choice choose(struct release *release, enum step step, const struct query *query)
{
    struct choice choice = {0};
    for (const struct object *object = release_objects(release, OBJECT_WORKLOAD); object;
         object = object->next) {
        if (!is_candidate(object) || !fits(object, step, query))
            continue;
        if (choice.count++ == 0)
            choice.found = object;
        if (object->namespace.len == 0 && choice.unplaced_count++ == 0)
            choice.unplaced = object;
    }
    return choice;
}

/* [[NAMESPACE/]KIND/]NAME, or the end of a name. */
static struct query query_parse(struct arena *arena, struct str written)
{
    struct str parts[3] = {0};
    size_t count = 0;
    size_t at = 0;
    while (count < 2 && str_find(written, at, '/') < written.len) {
        size_t end = str_find(written, at, '/');
        parts[count++] = str_slice(written, at, end);
        at = end + 1;
    }
    parts[count] = str_skip(written, at);
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

/* True for a word that says nothing about what a workload is: a single character, a number or a
 * version such as v2. */
static bool is_meaningless(struct str word)
{
    return word.len < 2 || str_span_only(str_skip(word, word.data[0] == 'v'), "0123456789");
}

/* The first word between dashes that two names share; empty: none. */
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

/* The only workload of a chart is taken if its name or name label shares a word with the module:
 * one that has nothing in common with it may be a database. */
static struct str likeness(const struct object *object, struct str module)
{
    struct str word = shared_word(module, object->name);
    if (word.len == 0)
        word = shared_word(module, name_label(object));
    if (word.len == 0 && object->pods_of)
        word = likeness(object->pods_of, module);
    return word;
}

/* Errors */

/* The names of all that fit, for a message. */
static struct str list_workloads(struct injection *injection, enum step step,
                                 const struct query *query)
{
    enum { NAMED = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct object *object = release_objects(&injection->release, OBJECT_WORKLOAD);
         object && count <= NAMED; object = object->next) {
        if (!is_candidate(object) || !fits(object, step, query))
            continue;
        struct str name = object_text(injection->arena, object);
        buf_format(&names, "%s%.*s", count ? ", " : "", STR_ARG(count < NAMED ? name : STR("...")));
        count++;
    }
    return buf_take(injection->arena, &names);
}

/* True for an object that fits, or would in the release's namespace, which only the user knows. */
static bool may_fit(const struct object *object, enum step step, const struct query *query)
{
    struct query anywhere = *query;
    anywhere.namespace = (struct str){0};
    return fits(object, step, object->namespace.len ? query : &anywhere);
}

/* The first object of a type, a hook or not, that may fit in a step of the search; NULL: none. */
static const struct object *find_other(struct release *release, enum object_kind type, bool hook,
                                       enum step step, const struct query *query)
{
    const struct object *object = release_objects(release, type);
    while (object && (object->hook != hook || !object->name.len || !may_fit(object, step, query)))
        object = object->next;
    return object;
}

/* Where a message about the workload points: at what names it. */
static struct location query_location(const struct injection *injection,
                                      const struct service *service)
{
    return injection->options->workload || service->helm.workload.len == 0
               ? service->at
               : record_location(service->record, SERVICE_HELM);
}

/* Adds the hint with the workloads that can be written, and one of them as an example. */
static void hint_workloads(struct injection *injection, struct str names, struct str example)
{
    if (example.len == 0)
        example = str_slice(names, 0, str_find(names, 0, ','));
    struct str selector =
        target_selector(injection, injection->options->workload, "workload", example);
    diag_hint(injection->diags, "it has %.*s\nwrite which: %.*s", STR_ARG(names),
              STR_ARG(selector));
}

/* The workload whose name is most like NAME of a written [[NAMESPACE/]KIND/]NAME; empty: none. */
static struct str nearest_workload(struct injection *injection, struct str written)
{
    struct suggestion near = {.word = query_parse(injection->arena, written).name};
    const struct object *nearest = NULL;
    for (const struct object *object = release_objects(&injection->release, OBJECT_WORKLOAD);
         object; object = object->next) {
        const char *before = near.best.data;
        if (is_candidate(object))
            suggestion_add(&near, object->name);
        if (near.best.data != before)
            nearest = object;
    }
    return nearest ? object_text(injection->arena, nearest) : STR("");
}

static void report_several(struct injection *injection, const struct service *service,
                           struct str wanted, enum step step, const struct query *query)
{
    if (injection->release.unreadable) /* it may be in there */
        return;
    diag_error(injection->diags, query_location(injection, service),
               "several workloads of the chart could be meant by \"%.*s\"", STR_ARG(wanted));
    hint_workloads(injection, list_workloads(injection, step, query), STR(""));
}

/* The hook that a service means, or NULL. `written`: it is named. A Job has the name itself, or is
 * named. */
static const struct object *find_hook(struct injection *injection, const struct service *service,
                                      const struct query *query, bool written)
{
    struct release *release = &injection->release;
    const struct query any = {0};
    /* Helm may hand over hooks apart from the rest, where the workload may be. */
    bool alone = release_has_hooks_alone(release);
    enum step last = alone ? STEP_NAME : written ? STEP_ENDING : STEP_LABEL;
    const struct object *hook = NULL;
    for (enum step step = STEP_NAME; step <= last && !hook; step++)
        hook = find_other(release, OBJECT_WORKLOAD, true, step, query);
    last = written ? last : STEP_NAME;
    for (enum step step = STEP_NAME; !alone && step <= last && !hook; step++)
        hook = find_other(release, OBJECT_PODS, true, step, query);
    if (hook || written || alone || find_other(release, OBJECT_WORKLOAD, false, STEP_ANY, &any))
        return hook;
    hook = find_other(release, OBJECT_WORKLOAD, true, STEP_ANY, &any);
    return hook && likeness(hook, service->name).len ? hook : NULL;
}

/* Reports that a written name is that of a Job, bare Pod or the like. */
static bool report_pods(struct injection *injection, const struct service *service,
                        const struct query *query)
{
    const struct object *other = NULL;
    for (enum step step = STEP_NAME; step <= STEP_ENDING && !other; step++)
        other = find_other(&injection->release, OBJECT_PODS, false, step, query);
    if (!other)
        return false;
    diag_error(injection->diags, query_location(injection, service),
               "%.*s cannot be chosen: only a Deployment, StatefulSet, DaemonSet or Rollout can",
               STR_ARG(object_text(injection->arena, other)));
    const struct query any = {0};
    struct str names = list_workloads(injection, STEP_ANY, &any);
    if (names.len && !query->kind)
        hint_workloads(injection, names, nearest_workload(injection, query->name));
    else
        diag_hint(injection->diags,
                  "helm: {workload: \"*\", mode: fill} fills it with all others of the chart");
    return true;
}

/* `query`: what is written, or the name of the module. */
static void report_none(struct injection *injection, const struct service *service,
                        struct str wanted, const struct query *query, bool written)
{
    const struct query any = {0};
    if (injection->release.unreadable)
        return;
    const struct object *hook = find_hook(injection, service, query, written);
    if (release_has_hooks_alone(&injection->release) && !hook)
        return;
    if (!hook && written && report_pods(injection, service, query))
        return;
    struct str names = list_workloads(injection, STEP_ANY, &any);
    if (hook)
        diag_error(injection->diags, query_location(injection, service),
                   "%.*s is a hook of the chart, which is left alone",
                   STR_ARG(object_text(injection->arena, hook)));
    else
        diag_error(injection->diags, query_location(injection, service),
                   "no workload of the chart %s \"%.*s\"",
                   str_equal(wanted, service->name) ? "belongs to" : "is", STR_ARG(wanted));
    bool hooks = find_other(&injection->release, OBJECT_WORKLOAD, true, STEP_ANY, &any) != NULL;
    if (names.len == 0)
        diag_hint(injection->diags,
                  "%sthe chart has no Deployment, StatefulSet, DaemonSet or Rollout",
                  hooks ? "besides hooks, " : "");
    else
        hint_workloads(injection, names, nearest_workload(injection, wanted));
}

/* The object whose pod template is edited. Reports an error and returns NULL if the chart has none.
 */
static const struct object *with_pods(struct injection *injection, const struct service *service,
                                      const struct object *object)
{
    struct arena *arena = injection->arena;
    if (object->pod)
        return object;
    if (object->pods_of && object->pods_of->rollout == object)
        return object->pods_of;
    if (injection->release.unreadable)
        return NULL;
    struct str pods = release_reference(arena, object);
    if (object->pods_of)
        diag_error(injection->diags, query_location(injection, service),
                   "%.*s and %.*s run the pods of the same %.*s",
                   STR_ARG(object_text(arena, object->pods_of->rollout)),
                   STR_ARG(object_text(arena, object)), STR_ARG(pods));
    else
        diag_error(injection->diags, query_location(injection, service),
                   "%.*s runs the pods of %.*s, which is not a workload of the chart",
                   STR_ARG(object_text(arena, object)), STR_ARG(pods));
    struct str selector =
        target_selector(injection, injection->options->workload, "workload", STR("KIND/NAME"));
    diag_hint(injection->diags, "name another workload: %.*s", STR_ARG(selector));
    return NULL;
}

/* The search */

/* Reports which workload was found, and why, and returns it. `guess`: it was one of several. */
static const struct object *found(struct injection *injection, const struct service *service,
                                  const struct object *object, bool guess, struct str reason)
{
    const struct object *workload = with_pods(injection, service, object);
    if (!workload)
        return NULL;
    struct str runs = {0};
    if (workload->rollout)
        runs = str_format(injection->arena, "; %.*s runs its pods",
                          STR_ARG(object_text(injection->arena, workload->rollout)));
    inject_log_choice(injection, workload, NULL, guess, "%.*s%.*s", STR_ARG(reason), STR_ARG(runs));
    return workload;
}

/* KIND/NAME that several namespaces have is the only one that names no namespace: nothing else
 * could be written for it. */
static const struct object *find_written(struct injection *injection, const struct service *service,
                                         struct str written)
{
    struct query query = query_parse(injection->arena, written);
    const char *source = injection->options->workload ? "--workload" : "helm.workload";
    enum step step = STEP_NAME;
    struct choice choice = choose(&injection->release, step, &query);
    if (choice.count == 0)
        choice = choose(&injection->release, step = STEP_ENDING, &query);
    if (choice.count == 1)
        return found(injection, service, choice.found, false,
                     str_format(injection->arena, "%s names it", source));
    if (step == STEP_NAME && query.kind && choice.unplaced_count == 1)
        return found(injection, service, choice.unplaced, true,
                     str_format(injection->arena,
                                "%s names it, and it is the only one without a namespace", source));
    if (choice.count > 1)
        report_several(injection, service, written, step, &query);
    else
        report_none(injection, service, written, &query, true);
    return NULL;
}

static struct str reason_of(struct injection *injection, const struct service *service,
                            enum step step, const struct object *object)
{
    struct arena *arena = injection->arena;
    switch (step) {
    case STEP_NAME:
        return STR("it is named as the module");
    case STEP_ENDING:
        return str_format(arena, "it is the only one whose name ends in \"-%.*s\"",
                          STR_ARG(service->name));
    case STEP_LABEL:
        return str_format(arena, "its label app.kubernetes.io/name is \"%.*s\"",
                          STR_ARG(service->name));
    default:
        return str_format(arena,
                          "it is the only workload of the chart, and shares \"%.*s\" with the "
                          "module \"%.*s\"",
                          STR_ARG(likeness(object, service->name)), STR_ARG(service->name));
    }
}

static const struct object *find_by_name(struct injection *injection, const struct service *service)
{
    const struct query any = {0};
    const struct query query = {.name = service->name};
    enum step several = STEP_COUNT;
    for (enum step step = STEP_NAME; step < STEP_COUNT; step++) {
        struct choice choice = choose(&injection->release, step, &query);
        bool only = choice.count == 1;
        if (only && step == STEP_ANY)
            only = likeness(choice.found, service->name).len != 0;
        bool guess = only && step != STEP_NAME &&
                     (step == STEP_ANY || choose(&injection->release, STEP_ANY, &any).count > 1);
        if (only)
            return found(injection, service, choice.found, guess,
                         reason_of(injection, service, step, choice.found));
        if (choice.count > 1 && step != STEP_ANY && several == STEP_COUNT)
            several = step;
        if (several == STEP_NAME)
            break;
    }
    if (several != STEP_COUNT)
        report_several(injection, service, service->name, several, &query);
    else
        report_none(injection, service, service->name, &query, false);
    return NULL;
}

const struct object *target_workload(struct injection *injection, const struct service *service)
{
    if (injection->options->workload)
        return find_written(injection, service, str_from_c(injection->options->workload));
    if (service->helm.workload.len)
        return find_written(injection, service, service->helm.workload);
    return find_by_name(injection, service);
}

/* Two services that write into one workload would overwrite each other. */
bool claim_workload(struct injection *injection, const struct service *service,
                    const struct object *workload)
{
    const struct service *owner =
        map_add(injection->arena, &injection->owners, target_key(injection, workload), service);
    if (!owner)
        return true;
    diag_error(injection->diags, service->at,
               "the services \"%.*s\" and \"%.*s\" both lead to %.*s", STR_ARG(owner->name),
               STR_ARG(service->name), STR_ARG(object_text(injection->arena, workload)));
    diag_hint(injection->diags, "write which workload each means: helm: {workload: KIND/NAME}");
    return false;
}
