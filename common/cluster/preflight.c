/* Checks that run before anything is changed. */
#include "cluster/apply.h"

#include "cluster/live.h"
#include "cluster/secret_usage.h"

#include <string.h>

static void check_namespace(struct apply *apply, const struct cluster_namespace *namespace)
{
    struct diags *diags = &apply->cluster.diags;
    if (namespace->state == NAMESPACE_ENDING) {
        diag_error(diags, NO_LOCATION, "namespace \"%.*s\" is being deleted",
                   STR_ARG(namespace->name));
        diag_hint(diags,
                  "wait until it is deleted, then apply again: "
                  "kubectl wait --for=delete namespace/%.*s",
                  STR_ARG(namespace->name));
    }
    if (namespace->state == NAMESPACE_ABSENT && apply->cluster.options->input.namespace) {
        diag_error(diags, NO_LOCATION, "namespace \"%.*s\" not found", STR_ARG(namespace->name));
        diag_hint(diags, "create it first: kubectl create namespace %.*s",
                  STR_ARG(namespace->name));
    }
}

static const void *find_secret(struct apply *apply, const struct cluster_namespace *namespace,
                               const struct variable *variable)
{
    struct str key = str_format(&apply->cluster.arena, "%.*s/%.*s", STR_ARG(variable->secret),
                                STR_ARG(variable->key));
    return map_get(&namespace->secrets, key);
}

/* Returns the flags that select the services and the cluster, for a command in a hint. */
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
    for (size_t i = 0; i < variables->count; i++) { /* values are not shown */
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

/* The required keys of a Secret. */
struct required_keys {
    struct map known;
    struct str *keys;
    size_t count;
};

static void add_required_key(struct arena *arena, struct map *secrets,
                             const struct variable *variable)
{
    struct required_keys **slot = ARENA_NEW(arena, struct required_keys *);
    struct required_keys *const *found = map_add(arena, secrets, variable->secret, slot);
    if (!found) {
        *slot = ARENA_NEW(arena, struct required_keys);
        found = slot;
    }
    struct required_keys *required_keys = *found;
    if (map_add(arena, &required_keys->known, variable->key, variable))
        return;
    required_keys->keys =
        arena_grow(arena, required_keys->keys, required_keys->count, sizeof *required_keys->keys);
    required_keys->keys[required_keys->count++] = variable->key;
}

/* On the first call, finds the required keys of all Secrets. */
static void find_required_keys(struct arena *arena, struct cluster_namespace *namespace)
{
    for (size_t i = 0; namespace->required_keys.count == 0 && i < namespace->service_count; i++) {
        const struct service *service = namespace->services[i]->service;
        for (size_t j = 0; j < service->variable_count && service->has_image; j++)
            add_required_key(arena, &namespace->required_keys, &service->variables[j]);
    }
}

/* Returns all keys of a Secret that pods of this namespace require. */
static struct str join_required_keys(struct apply *apply, struct cluster_namespace *namespace,
                                     struct str secret)
{
    struct arena *arena = &apply->cluster.arena;
    struct buf names = {0};
    find_required_keys(arena, namespace);
    struct required_keys *const *found = map_get(&namespace->required_keys, secret);
    for (size_t i = 0; found && i < (*found)->count; i++)
        buf_add_joined(&names, ", ", (*found)->keys[i]);
    return buf_take(arena, &names);
}

/* Hints how to create a Secret of a database or cache. No value appears in a command line. */
static void hint_create(struct apply *apply, struct cluster_namespace *namespace,
                        const struct variable *variable, bool exists)
{
    struct diags *diags = &apply->cluster.diags;
    const char *first = namespace->state == NAMESPACE_ABSENT
                            ? "create the namespace, then the Secret: "
                            : "create it: ";
    if (exists)
        diag_hint(diags,
                  "add it: kubectl patch secret %.*s -n %.*s --patch-file FILE\n"
                  "FILE contains stringData: {%.*s: VALUE}",
                  STR_ARG(variable->secret), STR_ARG(namespace->name), STR_ARG(variable->key));
    else if (!map_add(&apply->cluster.arena, &namespace->reported_missing, variable->secret,
                      namespace))
        diag_hint(diags,
                  "%skubectl create secret generic %.*s -n %.*s --from-env-file FILE\n"
                  "FILE contains lines KEY=VALUE for %.*s",
                  first, STR_ARG(variable->secret), STR_ARG(namespace->name),
                  STR_ARG(join_required_keys(apply, namespace, variable->secret)));
}

/* Reports a missing key: the pod would never start. */
static void check_variable(struct apply *apply, const struct deployed_service *deployed,
                           const struct variable *variable)
{
    struct cluster_namespace *namespace = deployed->namespace;
    struct diags *diags = &apply->cluster.diags;
    if (variable->secret.len == 0 || find_secret(apply, namespace, variable))
        return;
    bool exists = map_get(&namespace->secrets, variable->secret) != NULL;
    if (exists)
        diag_error(diags, variable->at, "Secret \"%.*s\" in namespace \"%.*s\" has no key \"%.*s\"",
                   STR_ARG(variable->secret), STR_ARG(namespace->name), STR_ARG(variable->key));
    else
        diag_error(diags, variable->at,
                   "Secret \"%.*s\" not found in namespace \"%.*s\" (needs key \"%.*s\")",
                   STR_ARG(variable->secret), STR_ARG(namespace->name), STR_ARG(variable->key));
    if (!diags->last_kept)
        return;
    if (str_eq_c(variable->secret, MANUAL_SECRETS))
        hint_set(apply, "set it", variable->key, variable->at);
    else
        hint_create(apply, namespace, variable, exists);
}

/* `secrets: all` requires the Secret, unless an external store creates it, which apply waits for.
 * Also reports variables that hide one of its keys. */
static void check_all_secrets(struct apply *apply, const struct deployed_service *deployed,
                              bool external)
{
    const struct service *service = deployed->service;
    const struct cluster_namespace *namespace = deployed->namespace;
    if (!external && !map_get(&namespace->secrets, service->all_secrets)) {
        struct location at = record_location(service->record, SERVICE_SECRETS);
        diag_error(&apply->cluster.diags, at,
                   "Secret \"%.*s\" not found in namespace \"%.*s\" (secrets: all requires it)",
                   STR_ARG(service->all_secrets), STR_ARG(namespace->name));
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
    struct str service_secret_name =
        service_secret(&apply->cluster.arena, service->layer, service->name);
    if (service->all_secrets.len)
        check_all_secrets(apply, deployed, external);
    for (size_t i = 0; i < service->variable_count; i++)
        if (!external ||
            !str_equal(service->variables[i].secret, service_secret_name)) /* apply waits for it */
            check_variable(apply, deployed, &service->variables[i]);
}

/* Applying without replicas, which an autoscaler owns, would remove all pods but one, so the
 * current number must be known. */
static void check_replicas_readable(struct apply *apply, const struct rollout *rollout)
{
    const struct node *workload = rollout->workload;
    const struct cluster_namespace *namespace = rollout->deployed->namespace;
    struct arena *arena = &apply->cluster.arena;
    if (namespace->forbidden.count == 0 || namespace->state == NAMESPACE_ABSENT || !workload ||
        rollout->live || node_at(workload, "spec replicas"))
        return;
    struct str words =
        str_format(arena, "%.*ss.apps \"%.*s\"", STR_ARG(str_lower(arena, object_kind(workload))),
                   STR_ARG(object_name(workload)));
    if (!map_get(&namespace->forbidden, words))
        return;
    diag_error(&apply->cluster.diags, rollout->deployed->service->at,
               "cannot read the replica count of %.*s in namespace \"%.*s\": forbidden (needs "
               "\"get\" on %.*ss.apps)",
               STR_ARG(object_title(arena, workload)), STR_ARG(rollout->deployed->namespace->name),
               STR_ARG(str_lower(arena, object_kind(workload))));
    diag_hint(&apply->cluster.diags, "ask for this permission: the autoscaler must start from the "
                                     "current number of pods");
}

void apply_check(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.namespace_count; i++) {
        const struct cluster_namespace *namespace = &apply->cluster.namespaces[i];
        check_namespace(apply, namespace);
        secret_usage_report(&apply->cluster, namespace, namespace->manual_keys,
                            namespace->manual_key_count, false);
    }
    apply_check_owners(apply);
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        check_replicas_readable(apply, &apply->rollouts[i]);
        check_secrets(apply, apply->rollouts[i].deployed);
    }
    apply_check_claims(apply);
}

/* An object that is sent. */
struct sent {
    const struct rollout *rollout;
    struct node *object;
};

static size_t collect_objects(struct apply *apply, bool absent, struct sent **ret)
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

/* Returns the outcome for an object. */
static const char *outcome(const struct node *live, const struct node *after)
{
    return !live ? "created" : object_equal(live, after) ? "unchanged" : "changed";
}

/* Reports an object that exists although it was not found: without the permission to get it, its
 * owner is unknown. A dry run returns no resourceVersion for a new object. */
static void check_unreadable(struct apply *apply, const struct node *after)
{
    struct diags *diags = &apply->cluster.diags;
    if (!node_at(after, "metadata resourceVersion"))
        return;
    diag_error(diags, NO_LOCATION,
               "%.*s in namespace \"%.*s\" exists but cannot be read, so its owner is unknown",
               STR_ARG(object_title(&apply->cluster.arena, after)),
               STR_ARG(object_namespace(after)));
    diag_hint(diags, "ask for the permissions that docs/rbac.md lists for apply");
}

/* Returns the live object. `namespaces`: by name. */
static struct node *find_live(struct apply *apply, const struct map *namespaces,
                              const struct node *after)
{
    const struct cluster_namespace *namespace = map_get(namespaces, object_namespace(after));
    return namespace ? namespace_find(&apply->cluster.arena, namespace, after) : NULL;
}

static void record_outcomes(struct apply *apply, struct node *after)
{
    struct arena *arena = &apply->cluster.arena;
    struct map namespaces = {0};
    for (size_t i = 0; i < apply->cluster.namespace_count; i++)
        map_add(arena, &namespaces, apply->cluster.namespaces[i].name,
                &apply->cluster.namespaces[i]);
    for (; after; after = after->next) {
        struct node *live = find_live(apply, &namespaces, after);
        if (!live)
            check_unreadable(apply, after);
        bool adopts = live && apply_adopts(apply, live);
        map_add(arena, &apply->outcomes, object_key(arena, after),
                adopts ? "adopted" : outcome(live, after));
        if (live && kind_is(live, ROLE_WORKLOAD))
            apply_report_pods(apply, live, after);
        apply_note_sent(apply, after);
    }
}

/* Returns a line for each field of a conflict: `"MANAGER" sets FIELD`. */
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
               "conflict: %.*s in namespace \"%.*s\" has fields set by other managers",
               STR_ARG(object_title(arena, sent->object)), STR_ARG(object_namespace(sent->object)));
    diag_hint(&apply->cluster.diags,
              "%.*spass --force-conflicts to overwrite them; `kubectl optasvc diff` shows them",
              STR_ARG(lines));
}

static bool is_immutable_error(const struct process *run)
{
    return kubectl_stderr_contains(run, "field is immutable") ||
           kubectl_stderr_contains(run, "Forbidden: updates to");
}

static void report_rejection(struct apply *apply, const struct sent *sent,
                             const struct process *run)
{
    struct diags *diags = &apply->cluster.diags;
    struct arena *arena = &apply->cluster.arena;
    if (kubectl_conflicts(run)) {
        report_conflict(apply, sent, run);
        return;
    }
    if (kubectl_is_missing_namespace(run)) {
        struct str message = str_format(arena, "namespace \"%.*s\" not found",
                                        STR_ARG(sent->rollout->deployed->namespace->name));
        if (diags_contain(diags, message))
            return;
        diag_error(diags, NO_LOCATION, "%.*s", STR_ARG(message));
        diag_hint(diags, "you cannot read or create namespaces: ask an administrator to create it");
        return;
    }
    kubectl_report(&apply->cluster.kubectl, run);
    if (is_immutable_error(run))
        diag_hint(diags,
                  "this field cannot be changed in an existing object; delete the object and "
                  "apply again:\nkubectl delete %.*s -n %.*s",
                  STR_ARG(object_title(arena, sent->object)),
                  STR_ARG(object_namespace(sent->object)));
}

/* kubectl does not name the object of each message, so each object is sent separately. */
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
            report_rejection(apply, &sent[i], &runs[i]);
        process_free(&runs[i]);
    }
    if (apply->cluster.diags.errors == before && !process_interrupted())
        diag_error(&apply->cluster.diags, NO_LOCATION,
                   "the server rejected an object but now accepts it: apply again");
}

/* Checks all objects in one call, because usually there are no conflicts. */
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
    size_t count = collect_objects(apply, false, &sent);
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

/* True if the server itself rejected the request, so that retrying each object is useful. */
static bool is_server_error(const struct process *run)
{
    return kubectl_conflicts(run) ||
           (run->error == 0 && (kubectl_stderr_contains(run, "Error from server") ||
                                kubectl_stderr_contains(run, "is invalid")));
}

bool apply_dry_run(struct apply *apply, bool absent)
{
    struct sent *sent;
    size_t count = collect_objects(apply, absent, &sent);
    if (count == 0)
        return true;
    struct process run = dry_run(apply, sent, count);
    kubectl_run(&apply->cluster.kubectl, &run, 1);
    if (process_succeeded(&run)) {
        struct node *after = kubectl_items(kubectl_parse_output(&apply->cluster.kubectl, &run));
        apply_check_adopted(apply, after);
        record_outcomes(apply, after);
    } else if (is_server_error(&run))
        report_each(apply, sent, count);
    else
        kubectl_report(&apply->cluster.kubectl, &run);
    process_free(&run);
    return apply->cluster.diags.errors == 0 && !process_interrupted();
}
