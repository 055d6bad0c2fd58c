/* Checks that run before anything is changed. */
#include "cluster/apply.h"

#include "cluster/live.h"
#include "cluster/secret_usage.h"
#include "config/usage.h"

#include <string.h>

static void check_namespace(struct apply *apply, const struct cluster_namespace *namespace)
{
    struct diags *diags = &apply->cluster.diags;
    if (namespace->state == NAMESPACE_ENDING) {
        diag_error(diags, NO_LOCATION, RULE_BEING_DELETED, "namespace \"%.*s\" is being deleted",
                   STR_ARG(namespace->name));
        diag_hint(diags,
                  "wait until it is deleted, then apply again: "
                  "kubectl wait --for=delete namespace/%.*s",
                  STR_ARG(namespace->name));
    }
    if (namespace->state == NAMESPACE_ABSENT && apply->cluster.options->input.namespace) {
        diag_error(diags, NO_LOCATION, RULE_OBJECT_NOT_FOUND, "namespace \"%.*s\" not found",
                   STR_ARG(namespace->name));
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

bool apply_sets_secret(const struct cluster_namespace *namespace, struct str name)
{
    return str_eq_c(name, MANUAL_SECRETS) && namespace->layer->environment.secret_store.len == 0;
}

void apply_hint_set(struct apply *apply, const char *what, struct str key, struct location at)
{
    struct arena *arena = &apply->cluster.arena;
    struct str path = at.source->path;
    if (!apply->cluster.diags.last_kept)
        return;
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
            if (!service->variables[j].optional)
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
    if (variable->secret.len == 0 || variable->optional || find_secret(apply, namespace, variable))
        return;
    bool exists = map_get(&namespace->secrets, variable->secret) != NULL;
    if (exists)
        diag_error(diags, variable->at, RULE_OBJECT_NOT_FOUND,
                   "Secret \"%.*s\" in namespace \"%.*s\" has no key \"%.*s\"",
                   STR_ARG(variable->secret), STR_ARG(namespace->name), STR_ARG(variable->key));
    else
        diag_error(diags, variable->at, RULE_OBJECT_NOT_FOUND,
                   "Secret \"%.*s\" not found in namespace \"%.*s\" (needs key \"%.*s\")",
                   STR_ARG(variable->secret), STR_ARG(namespace->name), STR_ARG(variable->key));
    if (!diags->last_kept)
        return;
    if (apply_sets_secret(namespace, variable->secret))
        apply_hint_set(apply, "set it", variable->key, variable->at);
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
        diag_error(&apply->cluster.diags, at, RULE_OBJECT_NOT_FOUND,
                   "Secret \"%.*s\" not found in namespace \"%.*s\" (secrets: all requires it)",
                   STR_ARG(service->all_secrets), STR_ARG(namespace->name));
        apply_hint_set(apply, "create it with its first key", STR("NAME"), at);
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
    diag_error(&apply->cluster.diags, rollout->deployed->service->at, RULE_FORBIDDEN,
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
    apply_check_required(apply);
    apply_check_claims(apply);
    apply_check_references(apply);
}
