#include "cluster/secret_usage.h"

#include "cluster/live.h"

static void add_user(struct arena *arena, struct secret_usage *usage, struct secret_user user)
{
    map_add(arena, &usage->listed, user.variable->key, user.variable);
    usage->users = arena_grow(arena, usage->users, usage->user_count, sizeof user);
    usage->users[usage->user_count++] = user;
}

/* True if the variable is a copy of one of the service. `own`: those of the service by name. */
static bool is_inherited(const struct map *own, const struct variable *variable)
{
    const struct variable *found = map_get(own, variable->name);
    return found && found->at.source == variable->at.source &&
           found->at.start == variable->at.start;
}

static void add_users(struct arena *arena, struct secret_usage *usage, struct secret_user user,
                      const struct variable *variables, size_t count, const struct map *own)
{
    for (size_t i = 0; i < count; i++) {
        user.variable = &variables[i];
        if (str_eq_c(variables[i].secret, MANUAL_SECRETS) && !is_inherited(own, &variables[i]))
            add_user(arena, usage, user);
    }
}

static void add_service(struct arena *arena, struct secret_usage *usage,
                        const struct service *service)
{
    struct map own = {0};
    add_users(arena, usage, (struct secret_user){.service = service}, service->variables,
              service->variable_count, &own);
    for (size_t i = 0; i < service->variable_count; i++)
        map_add(arena, &own, service->variables[i].name, &service->variables[i]);
    for (size_t i = 0; i < service->container_count; i++) {
        const struct container *container = &service->containers[i];
        add_users(arena, usage, (struct secret_user){.service = service, .container = container},
                  container->variables, container->variable_count, &own);
    }
    for (size_t i = 0; i < service->cron_job_count; i++) {
        const struct cron_job *job = &service->cron_jobs[i];
        add_users(arena, usage, (struct secret_user){.service = service, .cron_job = job},
                  job->job.variables, job->job.variable_count, &own);
    }
}

struct secret_usage secret_usage_of(struct cluster *cluster,
                                    const struct cluster_namespace *namespace)
{
    struct secret_usage usage = {0};
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct service *service = namespace->services[i]->service;
        usage.all |= str_eq_c(service->all_secrets, MANUAL_SECRETS);
        add_service(&cluster->arena, &usage, service);
    }
    return usage;
}

struct str secret_user_format(struct arena *arena, const struct secret_user *user)
{
    const struct container *container = user->container;
    if (user->cron_job)
        return str_format(arena, "cron job %.*s", STR_ARG(user->cron_job->name));
    if (!container)
        return user->service->name;
    return str_format(arena, "%s %.*s of %.*s",
                      container->is_sidecar ? "sidecar" : "init container",
                      STR_ARG(container->name), STR_ARG(user->service->name));
}

bool secret_usage_has(const struct secret_usage *usage, struct str key)
{
    return usage->all || map_get(&usage->listed, key);
}

void secret_usage_add_references(struct arena *arena, struct secret_usage *usage,
                                 const struct node *node)
{
    if (node->kind == NODE_SCALAR)
        usage->all |= str_eq_c(node->text, MANUAL_SECRETS);
    if (node->kind != NODE_MAP && node->kind != NODE_LIST)
        return;
    const struct node *name = node_at(node, "name");
    struct str key = node_string(node_at(node, "key"));
    bool of_key = key.len && str_eq_c(node_string(name), MANUAL_SECRETS);
    if (of_key)
        map_add(arena, &usage->listed, key, node);
    for (const struct node *child = node->first; child; child = child->next)
        if (!of_key || child != name)
            secret_usage_add_references(arena, usage, child);
}

bool secret_usage_add_others(struct cluster *cluster, const struct cluster_namespace *namespace,
                             struct secret_usage *usage)
{
    const char *kinds = kind_list(cluster->kubectl.arena, LIST_SECRET_USERS);
    struct process run = {.arguments = kubectl_argv(&cluster->kubectl, "get", kinds, "--namespace",
                                                    namespace->name.data, "--output=json", NULL)
                                           .items};
    kubectl_run(&cluster->kubectl, &run, 1);
    bool ok = process_succeeded(&run);
    const struct node *items =
        ok ? kubectl_items(kubectl_parse_output(&cluster->kubectl, &run)) : NULL;
    for (const struct node *object = items; object; object = object->next) {
        const struct node *spec = node_at(object, "spec");
        if (spec && !namespace_service(&cluster->arena, namespace, object))
            secret_usage_add_references(&cluster->arena, usage, spec);
    }
    process_free(&run);
    return ok;
}

/* Returns the listed key that is most similar to this one, ignoring case. */
static struct suggestion find_near(struct cluster *cluster, const struct secret_usage *usage,
                                   struct str key)
{
    struct suggestion near = {.word = key};
    struct str lower = str_lower(&cluster->arena, key);
    for (size_t i = 0; i < usage->user_count; i++) {
        struct str listed = usage->users[i].variable->key;
        if (str_equal(lower, str_lower(&cluster->arena, listed)))
            return (struct suggestion){.word = key, .best = listed};
        suggestion_add(&near, listed);
    }
    return near;
}

#define OF_SECRET "of Secret \"" MANUAL_SECRETS "\" in namespace \"%.*s\""

static void report_key(struct cluster *cluster, const struct cluster_namespace *namespace,
                       struct str key, const struct suggestion *near)
{
    diag_warning(&cluster->diags, NO_LOCATION, RULE_UNUSED_SECRET,
                 "no service in the given files uses key \"%.*s\" " OF_SECRET, STR_ARG(key),
                 STR_ARG(namespace->name));
    if (!diag_suggest(&cluster->diags, near))
        diag_hint(&cluster->diags, "add it to the secrets of a service, or set secrets: all");
}

static void report_keys(struct cluster *cluster, const struct cluster_namespace *namespace,
                        const struct str *keys, size_t count)
{
    enum { NAMED = 10 };
    struct buf names = {0};
    for (size_t i = 0; i < count && i < NAMED; i++)
        buf_add_joined(&names, ", ", keys[i]);
    if (count > NAMED)
        buf_format(&names, " and %zu more", count - NAMED);
    diag_warning(&cluster->diags, NO_LOCATION, RULE_UNUSED_SECRET,
                 "no service in the given files uses these keys " OF_SECRET ": %.*s",
                 STR_ARG(namespace->name), STR_ARG(buf_str(&names)));
    buf_free(&names);
    diag_hint(&cluster->diags, "add them to the secrets of a service, or set secrets: all");
}

/* Reports keys with a suggestion one by one, and the others together. */
static void report(struct cluster *cluster, const struct cluster_namespace *namespace,
                   const struct secret_usage *usage, const struct str *keys, size_t count)
{
    enum { COMPARED = 20 }; /* comparing more keys is too slow */
    struct str *rest = ARENA_ARRAY(&cluster->arena, count, struct str);
    size_t rest_count = 0;
    for (size_t i = 0; i < count; i++) {
        struct suggestion near = {0};
        if (count <= COMPARED)
            near = find_near(cluster, usage, keys[i]);
        if (near.best.len)
            report_key(cluster, namespace, keys[i], &near);
        else
            rest[rest_count++] = keys[i];
    }
    if (rest_count == 1)
        report_key(cluster, namespace, rest[0], &(struct suggestion){0});
    else if (rest_count)
        report_keys(cluster, namespace, rest, rest_count);
}

void secret_usage_report(struct cluster *cluster, const struct cluster_namespace *namespace,
                         const struct str *keys, size_t count, bool typed)
{
    struct secret_usage usage = secret_usage_of(cluster, namespace);
    bool any = false;
    for (size_t i = 0; i < count && cluster->options->input.modules.count == 0; i++)
        any |= !secret_usage_has(&usage, keys[i]);
    if (!any || (!secret_usage_add_others(cluster, namespace, &usage) && !typed) ||
        process_interrupted())
        return;
    struct str *unused = ARENA_ARRAY(&cluster->arena, count, struct str);
    size_t unused_count = 0;
    for (size_t i = 0; i < count; i++)
        if (!secret_usage_has(&usage, keys[i]))
            unused[unused_count++] = keys[i];
    report(cluster, namespace, &usage, unused, unused_count);
}

void secret_usage_report_hidden(struct cluster *cluster, const struct variable *variable)
{
    diag_warning(&cluster->diags, variable->at, RULE_SHADOWED_VARIABLE,
                 "variable \"%.*s\" hides the key of the same name, which secrets: all provides",
                 STR_ARG(variable->name));
    diag_hint(&cluster->diags, "env takes precedence over envFrom: %s, or delete the key",
              variable->linked
                  ? "list the keys in secrets, which replaces the variables of the link"
                  : "rename the variable");
}
