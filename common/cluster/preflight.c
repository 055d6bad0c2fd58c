/* What can be known before anything is changed. */
#include "cluster/apply.h"

#include "cluster/live.h"
#include "cluster/secret_usage.h"

#include <string.h>

static void check_place(struct apply *apply, const struct cluster_namespace *namespace)
{
    struct diags *diags = &apply->cluster.diags;
    if (namespace->state == NAMESPACE_ENDING) {
        diag_error(diags, NO_LOCATION, "the namespace \"%.*s\" is being deleted",
                   STR_ARG(namespace->name));
        diag_hint(diags, "apply again when it is gone: kubectl wait --for=delete namespace/%.*s",
                  STR_ARG(namespace->name));
    }
    if (namespace->state == NAMESPACE_ABSENT && apply->cluster.options->input.namespace) {
        diag_error(diags, NO_LOCATION, "the namespace \"%.*s\" is not there",
                   STR_ARG(namespace->name));
        diag_hint(diags, "make it first: kubectl create namespace %.*s", STR_ARG(namespace->name));
    }
}

static const void *find_secret(struct apply *apply, const struct cluster_namespace *namespace,
                               const struct variable *variable)
{
    struct str key = str_format(&apply->cluster.arena, "%.*s/%.*s", STR_ARG(variable->secret),
                                STR_ARG(variable->key));
    return map_get(&namespace->secrets, key);
}

/* The flags that chose what is applied, and where. */
static struct str repeat_flags(struct arena *arena, const struct options *options)
{
    const struct {
        const char *name;
        const char *value;
    } flags[] = {{"--as", options->kubectl.as},
                 {"--parent-outputs", options->input.parent_outputs},
                 {"--env", options->input.environment},
                 {"--env-file", options->input.environment_file},
                 {"-n", options->input.namespace},
                 {"--kubeconfig", options->kubectl.kubeconfig},
                 {"--context", options->kubectl.context},
                 {"--cluster", options->kubectl.cluster},
                 {"--user", options->kubectl.user}};
    struct buf text = {0};
    for (size_t i = 0; i < COUNT_OF(flags); i++)
        if (flags[i].value)
            buf_format(&text, " %s %.*s", flags[i].name,
                       STR_ARG(str_shell(arena, str_from_c(flags[i].value))));
    const struct option_list *variables = &options->input.variables;
    for (size_t i = 0; i < variables->count; i++) { /* what they hold is nobody's to see */
        struct str name;
        struct str value;
        variable_split(variables->items[i], &name, &value);
        buf_format(&text, " --var %.*s=...", STR_ARG(name));
    }
    return buf_take(arena, &text);
}

static void hint_set(struct apply *apply, const char *what, struct str key, struct location at)
{
    struct arena *arena = &apply->cluster.arena;
    struct str path = at.source->path;
    diag_hint(&apply->cluster.diags, "%s: kubectl optasvc secret set %.*s -f %.*s%.*s", what,
              STR_ARG(key),
              STR_ARG(str_eq_c(path, "<stdin>") ? STR("FILE") : str_shell(arena, path)),
              STR_ARG(repeat_flags(arena, apply->cluster.options)));
}

/* A Secret that pods of a namespace need, with its keys. */
struct needed {
    struct map known;
    struct str *keys;
    size_t count;
};

static void add_needed(struct arena *arena, struct map *secrets, const struct variable *variable)
{
    struct needed **slot = ARENA_NEW(arena, struct needed *);
    struct needed *const *found = map_add(arena, secrets, variable->secret, slot);
    if (!found) {
        *slot = ARENA_NEW(arena, struct needed);
        found = slot;
    }
    struct needed *needed = *found;
    if (map_add(arena, &needed->known, variable->key, variable))
        return;
    needed->keys = arena_grow(arena, needed->keys, needed->count, sizeof *needed->keys);
    needed->keys[needed->count++] = variable->key;
}

/* Finds the keys of all Secrets at once, when they are first asked for. */
static void find_needed(struct arena *arena, struct cluster_namespace *namespace)
{
    for (size_t i = 0; namespace->needed.count == 0 && i < namespace->service_count; i++) {
        const struct service *service = namespace->services[i]->service;
        for (size_t j = 0; j < service->variable_count && service->has_image; j++)
            add_needed(arena, &namespace->needed, &service->variables[j]);
    }
}

/* All keys of a Secret that pods of this namespace need. */
static struct str needed_keys(struct apply *apply, struct cluster_namespace *namespace,
                              struct str secret)
{
    struct arena *arena = &apply->cluster.arena;
    struct buf names = {0};
    find_needed(arena, namespace);
    struct needed *const *found = map_get(&namespace->needed, secret);
    for (size_t i = 0; found && i < (*found)->count; i++)
        buf_add_joined(&names, ", ", (*found)->keys[i]);
    return buf_take(arena, &names);
}

/* The Secret of a database or cache, which others make. No value stands in a command line. */
static void hint_create(struct apply *apply, struct cluster_namespace *namespace,
                        const struct variable *variable, bool there)
{
    struct diags *diags = &apply->cluster.diags;
    const char *first = namespace->state == NAMESPACE_ABSENT
                            ? "make the namespace, then the Secret: "
                            : "make it: ";
    if (there)
        diag_hint(diags,
                  "add it: kubectl patch secret %.*s -n %.*s --patch-file FILE\n"
                  "FILE holds stringData: {%.*s: VALUE}",
                  STR_ARG(variable->secret), STR_ARG(namespace->name), STR_ARG(variable->key));
    else if (!map_add(&apply->cluster.arena, &namespace->missing, variable->secret, namespace))
        diag_hint(diags,
                  "%skubectl create secret generic %.*s -n %.*s --from-env-file FILE\n"
                  "FILE holds lines KEY=VALUE for %.*s",
                  first, STR_ARG(variable->secret), STR_ARG(namespace->name),
                  STR_ARG(needed_keys(apply, namespace, variable->secret)));
}

/* A pod whose key is missing waits for ever, and the rollout with it. */
static void check_variable(struct apply *apply, const struct deployed_service *deployed,
                           const struct variable *variable)
{
    struct cluster_namespace *namespace = deployed->namespace;
    struct diags *diags = &apply->cluster.diags;
    if (variable->secret.len == 0 || find_secret(apply, namespace, variable))
        return;
    bool there = map_get(&namespace->secrets, variable->secret) != NULL;
    if (there)
        diag_error(diags, variable->at,
                   "the Secret \"%.*s\" of namespace \"%.*s\" has no key \"%.*s\"",
                   STR_ARG(variable->secret), STR_ARG(namespace->name), STR_ARG(variable->key));
    else
        diag_error(diags, variable->at,
                   "the namespace \"%.*s\" has no Secret \"%.*s\" with the key \"%.*s\"",
                   STR_ARG(namespace->name), STR_ARG(variable->secret), STR_ARG(variable->key));
    if (!diags->last_kept)
        return;
    if (str_eq_c(variable->secret, MANUAL_SECRETS))
        hint_set(apply, "set it", variable->key, variable->at);
    else
        hint_create(apply, namespace, variable, there);
}

/* secrets: all requires the Secret, unless a store fills it, which is waited for; and a variable
 * that hides one of its keys is reported. */
static void check_all_secrets(struct apply *apply, const struct deployed_service *deployed,
                              bool external)
{
    const struct service *service = deployed->service;
    const struct cluster_namespace *namespace = deployed->namespace;
    if (!external && !map_get(&namespace->secrets, service->all_secrets)) {
        struct location at = record_location(service->record, SERVICE_SECRETS);
        diag_error(&apply->cluster.diags, at,
                   "the namespace \"%.*s\" has no Secret \"%.*s\", which secrets: all requires",
                   STR_ARG(namespace->name), STR_ARG(service->all_secrets));
        hint_set(apply, "create it with its first key", STR("NAME"), at);
        return;
    }
    for (size_t i = 0; i < service->variable_count; i++) {
        const struct variable *variable = &service->variables[i];
        struct variable key = {.secret = service->all_secrets, .key = variable->name};
        if (service_hides_key(service, variable) && find_secret(apply, namespace, &key))
            secret_usage_report_hidden(&apply->cluster, variable);
    }
}

static void check_secrets(struct apply *apply, const struct deployed_service *deployed)
{
    const struct service *service = deployed->service;
    if (deployed->namespace->secrets_forbidden || !service->has_image)
        return;
    bool external = service->layer->environment.secret_store.len > 0;
    struct str made = service_secret(&apply->cluster.arena, service->layer, service->name);
    if (service->all_secrets.len)
        check_all_secrets(apply, deployed, external);
    for (size_t i = 0; i < service->variable_count; i++)
        if (!external || !str_equal(service->variables[i].secret, made)) /* it is waited for */
            check_variable(apply, deployed, &service->variables[i]);
}

/* Without replicas, which an autoscaler has, whoever runs loses all pods but one: what runs must be
 * known. */
static void check_hidden(struct apply *apply, const struct rollout *rollout)
{
    const struct node *workload = rollout->workload;
    const struct cluster_namespace *namespace = rollout->deployed->namespace;
    struct arena *arena = &apply->cluster.arena;
    if (namespace->hidden.count == 0 || namespace->state == NAMESPACE_ABSENT || !workload ||
        rollout->live || node_at(workload, "spec replicas"))
        return;
    struct str words =
        str_format(arena, "%.*ss.apps \"%.*s\"", STR_ARG(str_lower(arena, object_kind(workload))),
                   STR_ARG(object_name(workload)));
    if (!map_get(&namespace->hidden, words))
        return;
    diag_error(&apply->cluster.diags, rollout->deployed->service->at,
               "%.*s of namespace \"%.*s\" may not be read: how many pods it has is not known",
               STR_ARG(object_title(&apply->cluster.arena, workload)),
               STR_ARG(rollout->deployed->namespace->name));
    diag_hint(&apply->cluster.diags, "ask for the right to get it: an autoscaler must start from "
                                     "what runs");
}

void apply_check(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.namespace_count; i++) {
        const struct cluster_namespace *namespace = &apply->cluster.namespaces[i];
        check_place(apply, namespace);
        secret_usage_report(&apply->cluster, namespace, namespace->manual_keys,
                            namespace->manual_key_count, false);
    }
    apply_check_owners(apply);
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        check_hidden(apply, &apply->rollouts[i]);
        check_secrets(apply, apply->rollouts[i].deployed);
    }
    apply_check_claims(apply);
}

/* One object that is sent. */
struct sent {
    const struct rollout *rollout;
    struct node *object;
};

static size_t collect(struct apply *apply, bool absent, struct sent **ret)
{
    struct sent *sent = NULL;
    size_t count = 0;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        const struct deployed_service *deployed = rollout->deployed;
        for (size_t j = 0; j < deployed->count; j++) {
            if ((deployed->namespace->state == NAMESPACE_ABSENT) != absent)
                continue;
            sent = arena_grow(&apply->cluster.arena, sent, count, sizeof *sent);
            sent[count++] =
                (struct sent){rollout, object_to_apply(apply, rollout, deployed->objects[j], true)};
        }
    }
    *ret = sent;
    return count;
}

static struct process dry_run(struct apply *apply, const struct sent *sent, size_t count)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct node **objects = ARENA_ARRAY(kubectl->arena, count, struct node *);
    for (size_t i = 0; i < count; i++)
        objects[i] = sent[i].object;
    unsigned force = apply->cluster.options->apply.force_conflicts ? APPLY_FORCE : 0;
    return kubectl_apply(kubectl, MANAGER, kubectl_documents(kubectl, objects, count),
                         APPLY_DRY_RUN | APPLY_JSON | force);
}

/* What becomes of an object, in a word. */
static const char *outcome(const struct node *live, const struct node *after)
{
    return !live ? "created" : object_equal(live, after) ? "unchanged" : "changed";
}

/* The server has an object that was not found, for lack of the right to get it: who created it is
 * not known. A dry run gives no version to what would be new. */
static void check_unread(struct apply *apply, const struct node *after)
{
    struct diags *diags = &apply->cluster.diags;
    if (!node_at(after, "metadata resourceVersion"))
        return;
    diag_error(diags, NO_LOCATION,
               "%.*s of namespace \"%.*s\" exists and cannot be read, so it may belong to others",
               STR_ARG(object_title(&apply->cluster.arena, after)),
               STR_ARG(object_namespace(after)));
    diag_hint(diags, "docs/rbac.md has the rights that apply requires");
}

/* `namespaces`: by name. */
static struct node *live_of(struct apply *apply, const struct map *namespaces,
                            const struct node *after)
{
    const struct cluster_namespace *namespace = map_get(namespaces, object_namespace(after));
    return namespace ? namespace_find(&apply->cluster.arena, namespace, after) : NULL;
}

static void note_outcomes(struct apply *apply, struct node *after)
{
    struct arena *arena = &apply->cluster.arena;
    struct map namespaces = {0};
    for (size_t i = 0; i < apply->cluster.namespace_count; i++)
        map_add(arena, &namespaces, apply->cluster.namespaces[i].name,
                &apply->cluster.namespaces[i]);
    for (; after; after = after->next) {
        struct node *live = live_of(apply, &namespaces, after);
        if (!live)
            check_unread(apply, after);
        bool adopts = live && apply_adopts(apply, live);
        map_add(arena, &apply->outcomes, object_key(arena, after),
                adopts ? "adopted" : outcome(live, after));
        if (live && kind_is(live, ROLE_WORKLOAD))
            apply_report_pods(apply, live, after);
        apply_note_sent(apply, after);
    }
}

/* The fields of a conflict, a line each: MANAGER sets FIELD. */
static struct str conflict_lines(struct arena *arena, struct str text)
{
    struct buf lines = {0};
    struct str manager = {0};
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        size_t quote = str_find(line, 0, '"');
        bool names = strstr(str_to_c(arena, line), "conflict") != NULL && quote < line.len;
        struct str field = {0};
        if (names) {
            size_t close = str_find(line, quote + 1, '"');
            manager = str_slice(line, quote + 1, close);
            size_t colon = str_find(line, close, ':');
            field = str_skip(line, colon + 1);
        } else if (str_starts_with(line, STR("- "))) {
            field = str_skip(line, 1);
        } else if (manager.len) {
            break;
        }
        if (field.len)
            buf_format(&lines, "\"%.*s\" sets%.*s\n", STR_ARG(manager), STR_ARG(field));
    }
    return buf_take(arena, &lines);
}

static void report_conflict(struct apply *apply, const struct sent *sent, const struct process *run)
{
    struct arena *arena = &apply->cluster.arena;
    struct str lines = conflict_lines(arena, buf_str(&run->errors));
    diag_error(&apply->cluster.diags, NO_LOCATION,
               "%.*s of namespace \"%.*s\" has fields that others set",
               STR_ARG(object_title(arena, sent->object)), STR_ARG(object_namespace(sent->object)));
    diag_hint(&apply->cluster.diags,
              "%.*s--force-conflicts takes them over; `kubectl optasvc diff` shows them",
              STR_ARG(lines));
}

static bool says_immutable(const struct process *run)
{
    return kubectl_stderr_contains(run, "field is immutable") ||
           kubectl_stderr_contains(run, "Forbidden: updates to");
}

static void report_refusal(struct apply *apply, const struct sent *sent, const struct process *run)
{
    struct diags *diags = &apply->cluster.diags;
    struct arena *arena = &apply->cluster.arena;
    if (kubectl_conflicts(run)) {
        report_conflict(apply, sent, run);
        return;
    }
    if (kubectl_is_missing_namespace(run)) {
        struct str message = str_format(arena, "the namespace \"%.*s\" is not there, or just gone",
                                        STR_ARG(sent->rollout->deployed->namespace->name));
        if (diags_contain(diags, message))
            return;
        diag_error(diags, NO_LOCATION, "%.*s", STR_ARG(message));
        diag_hint(diags, "you may not look for namespaces: ask who may to make it");
        return;
    }
    kubectl_report(&apply->cluster.kubectl, run);
    if (says_immutable(run))
        diag_hint(diags,
                  "that cannot be changed in an object that is there; to make it anew, delete it "
                  "and apply again:\nkubectl delete %.*s -n %.*s",
                  STR_ARG(object_title(arena, sent->object)),
                  STR_ARG(object_namespace(sent->object)));
}

/* kubectl does not say which of several objects a message is about, so each is tried alone. */
static void report_each(struct apply *apply, const struct sent *sent, size_t count)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    size_t before = apply->cluster.diags.errors;
    struct process *runs = ARENA_ARRAY(kubectl->arena, count, struct process);
    for (size_t i = 0; i < count; i++)
        runs[i] = dry_run(apply, &sent[i], 1);
    kubectl_run(kubectl, runs, count);
    for (size_t i = 0; i < count; i++) {
        if (!process_succeeded(&runs[i]) && !process_interrupted())
            report_refusal(apply, &sent[i], &runs[i]);
        process_free(&runs[i]);
    }
    if (apply->cluster.diags.errors == before && !process_interrupted())
        diag_error(&apply->cluster.diags, NO_LOCATION,
                   "the server refused something that it takes now: apply again");
}

/* In one call: mostly there are none, and kubectl takes longer to start than to ask. */
static bool any_conflicts(struct apply *apply, const struct sent *sent, size_t count)
{
    struct process run = dry_run(apply, sent, count);
    kubectl_poll(&apply->cluster.kubectl, &run, 1);
    bool conflicts = kubectl_conflicts(&run);
    process_free(&run);
    return conflicts;
}

void apply_report_conflicts(struct apply *apply)
{
    struct arena *arena = &apply->cluster.arena;
    struct sent *sent;
    size_t count = collect(apply, false, &sent);
    if (count == 0 || !any_conflicts(apply, sent, count))
        return;
    struct process *runs = ARENA_ARRAY(arena, count, struct process);
    for (size_t i = 0; i < count; i++)
        runs[i] = dry_run(apply, &sent[i], 1);
    kubectl_poll(&apply->cluster.kubectl, runs, count);
    for (size_t i = 0; i < count; i++) {
        struct str lines = {0};
        if (kubectl_conflicts(&runs[i]))
            lines = conflict_lines(arena, buf_str(&runs[i].errors));
        struct str line;
        for (size_t at = 0; str_next_line(lines, &at, &line);)
            cluster_print(&apply->cluster, "%.*s: %.*s",
                          STR_ARG(object_title(arena, sent[i].object)), STR_ARG(line));
        process_free(&runs[i]);
    }
}

/* The server itself answered: it is of use to ask again, by object. */
static bool is_answer(const struct process *run)
{
    return kubectl_conflicts(run) ||
           (run->error == 0 && (kubectl_stderr_contains(run, "Error from server") ||
                                kubectl_stderr_contains(run, "is invalid")));
}

bool apply_dry_run(struct apply *apply, bool absent)
{
    struct sent *sent;
    size_t count = collect(apply, absent, &sent);
    if (count == 0)
        return true;
    struct process run = dry_run(apply, sent, count);
    kubectl_run(&apply->cluster.kubectl, &run, 1);
    if (process_succeeded(&run)) {
        struct node *after = kubectl_items(kubectl_parse_output(&apply->cluster.kubectl, &run));
        apply_check_adopted(apply, after);
        note_outcomes(apply, after);
    } else if (is_answer(&run))
        report_each(apply, sent, count);
    else
        kubectl_report(&apply->cluster.kubectl, &run);
    process_free(&run);
    return apply->cluster.diags.errors == 0 && !process_interrupted();
}
