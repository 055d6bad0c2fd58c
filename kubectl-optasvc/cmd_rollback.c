/* Rolls back the pods of services to an earlier revision. What the pods require must still exist,
 * and what else has changed since that revision is listed. */
#include "cluster/apply.h"
#include "cluster/live.h"
#include "cluster/ownership.h"
#include "cluster/revision.h"
#include "commands.h"
#include "format/duration.h"

#include <inttypes.h>
#include <stdlib.h>

/* The rollback of a service. */
struct rollback {
    struct rollout *rollout;
    struct revisions revisions;
    const struct revision *to;   /* NULL: an error was reported */
    struct manifests config_map; /* references to those that the pods of the revision use */
    struct map required;         /* of these, the names that are not optional */
    bool unchanged;              /* the workload already has its pod template */
};

struct rollbacks {
    struct apply apply;
    struct rollback *items; /* as many as services */
    struct map config_maps; /* live ones by object_key() */
    bool known;             /* they could be read */
};

static void report_unknown(struct cluster *cluster, const struct node *live, int64_t number)
{
    struct str title = object_title(&cluster->arena, live);
    struct str namespace = object_namespace(live);
    if (number)
        diag_error(&cluster->diags, NO_LOCATION, RULE_REVISION_NOT_FOUND,
                   "%.*s in namespace \"%.*s\" has no revision %" PRId64, STR_ARG(title),
                   STR_ARG(namespace), number);
    else
        diag_error(&cluster->diags, NO_LOCATION, RULE_REVISION_NOT_FOUND,
                   "%.*s in namespace \"%.*s\" has no earlier revision with another pod template",
                   STR_ARG(title), STR_ARG(namespace));
    diag_hint(&cluster->diags, "run kubectl optasvc history to list the revisions");
}

static void report_not_owned(struct cluster *cluster, const struct node *live)
{
    struct str managers = object_managers(&cluster->arena, live);
    diag_error(&cluster->diags, NO_LOCATION, RULE_OWNED_BY_OTHER,
               "%.*s in namespace \"%.*s\" was not created by apply%s%.*s",
               STR_ARG(object_title(&cluster->arena, live)), STR_ARG(object_namespace(live)),
               managers.len ? "; it is managed by " : "", STR_ARG(managers));
    diag_hint(&cluster->diags, "roll it back with the tool that manages it");
}

/* Selects the revision. Reports an error if there is none. */
static void select_revision(struct rollbacks *rollbacks, struct rollback *rollback)
{
    struct cluster *cluster = &rollbacks->apply.cluster;
    const struct node *live = rollback->rollout->live;
    const char *number = cluster->options->rollback.to_revision;
    int64_t wanted = 0;
    if (!object_applied_by(live, MANAGER)) {
        report_not_owned(cluster, live);
        return;
    }
    size_t errors = cluster->diags.errors;
    rollback->revisions = revisions_query(&cluster->kubectl, rollback->rollout->deployed, live);
    const struct revision *current = revisions_current(&rollback->revisions, live);
    if (cluster->diags.errors > errors || process_interrupted())
        return;
    if (!current || !rollout_is_observed(live)) {
        diag_error(&cluster->diags, NO_LOCATION, RULE_ROLLOUT_PAUSED,
                   "%.*s in namespace \"%.*s\": its controller has not recorded the last change",
                   STR_ARG(object_title(&cluster->arena, live)), STR_ARG(object_namespace(live)));
        diag_hint(&cluster->diags, "try again in a moment");
        return;
    }
    if (number)
        str_to_int(str_from_c(number), &wanted);
    rollback->to = wanted ? revisions_get(&rollback->revisions, wanted)
                          : revisions_before_change(&rollback->revisions, current);
    if (!rollback->to)
        report_unknown(cluster, live, wanted);
    else
        rollback->unchanged = node_equal(rollback->to->template, current->template);
}

/* Adds the ConfigMaps that a tree refers to by name. */
static void add_config_maps(struct rollback *rollback, struct str namespace,
                            const struct node *node)
{
    static const char *const keys[] = {"configMap", "configMapRef", "configMapKeyRef"};
    struct arena *arena = rollback->config_map.arena;
    if (node->kind != NODE_MAP && node->kind != NODE_LIST)
        return;
    for (size_t i = 0; node->kind == NODE_MAP && i < COUNT_OF(keys); i++) {
        const struct node *source = node_get(node, keys[i]);
        struct str name = node_string(node_at(source, "name"));
        if (!name.len)
            continue;
        struct node *reference = node_new(arena, NODE_MAP);
        node_set_string(arena, reference, "apiVersion", STR("v1"));
        node_set_string(arena, reference, "kind", STR("ConfigMap"));
        struct node *metadata = node_set_map(arena, reference, "metadata");
        node_set_string(arena, metadata, "name", name);
        node_set_string(arena, metadata, "namespace", namespace);
        manifests_add(&rollback->config_map, reference);
        if (!str_eq_c(node_string(node_at(source, "optional")), "true"))
            map_add(arena, &rollback->required, name, source);
    }
    for (const struct node *child = node->first; child; child = child->next)
        add_config_maps(rollback, namespace, child);
}

/* Gets the ConfigMaps of all services by name, which does not require permission to list. */
static void query_config_maps(struct rollbacks *rollbacks)
{
    struct cluster *cluster = &rollbacks->apply.cluster;
    const struct kubectl *kubectl = &cluster->kubectl;
    struct manifests all = {.arena = &cluster->arena};
    struct map added = {0};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct manifests *own = &rollbacks->items[i].config_map;
        for (size_t j = 0; j < own->count; j++)
            if (!map_add(all.arena, &added, object_key(all.arena, own->items[j]), own))
                manifests_add(&all, own->items[j]);
    }
    rollbacks->known = true;
    if (all.count == 0)
        return;
    struct process run = kubectl_get_by_name(kubectl, all.items, all.count);
    kubectl_run(kubectl, &run, 1);
    rollbacks->known = process_succeeded(&run);
    if (rollbacks->known && run.output.len)
        rollbacks->config_maps =
            object_index(all.arena, kubectl_items(kubectl_parse_output(kubectl, &run)));
    else if (kubectl_forbidden(&run))
        kubectl_warn(kubectl, &run);
    else if (!rollbacks->known)
        kubectl_report(kubectl, &run);
    process_free(&run);
}

/* Reports each ConfigMap that the pods of the revision require and that no longer exists. */
static void check_config_maps(struct rollbacks *rollbacks, struct rollback *rollback)
{
    struct cluster *cluster = &rollbacks->apply.cluster;
    struct arena *arena = &cluster->arena;
    struct map reported = {0};
    for (size_t i = 0; rollbacks->known && i < rollback->config_map.count; i++) {
        const struct node *reference = rollback->config_map.items[i];
        if (map_get(&rollbacks->config_maps, object_key(arena, reference)) ||
            !map_get(&rollback->required, object_name(reference)) ||
            map_add(arena, &reported, object_name(reference), reference))
            continue;
        diag_error(&cluster->diags, NO_LOCATION, RULE_OBJECT_NOT_FOUND,
                   "ConfigMap \"%.*s\" not found in namespace \"%.*s\": the pods of revision "
                   "%" PRId64 " of \"%.*s\" require it",
                   STR_ARG(object_name(reference)), STR_ARG(object_namespace(reference)),
                   rollback->to->number, STR_ARG(rollback->rollout->title));
        diag_hint(&cluster->diags, "apply the service file of that time instead");
    }
}

static int64_t created_at(const struct node *object)
{
    return timestamp_parse(node_string(node_at(object, "metadata creationTimestamp")));
}

/* Returns the time in the middle between the creation of a revision and that of the one after it:
 * what was applied with the latter was changed after this time. */
static int64_t time_of_change(const struct rollback *rollback)
{
    const struct revisions *revisions = &rollback->revisions;
    int64_t from = created_at(rollback->to->object);
    int64_t next = INT64_MAX;
    for (size_t i = 0; i < revisions->count; i++) {
        int64_t created = created_at(revisions->items[i].object);
        if (revisions->items[i].number > rollback->to->number && created > from && created < next)
            next = created;
    }
    return next == INT64_MAX ? from : from + (next - from) / 2;
}

/* Returns when an object was changed last, apart from its status. */
static int64_t changed_at(const struct node *object)
{
    int64_t latest = created_at(object);
    const struct node *entry = node_first_child(node_at(object, "metadata managedFields"));
    for (; entry; entry = entry->next) {
        int64_t time = timestamp_parse(node_string(node_get(entry, "time")));
        if (!node_get(entry, "subresource") && time > latest)
            latest = time;
    }
    return latest;
}

static void add_changed(struct buf *names, struct arena *arena, const struct node *object,
                        int64_t since)
{
    bool immutable = str_eq_c(node_string(node_at(object, "immutable")), "true");
    if (object && !immutable && changed_at(object) > since)
        buf_add_joined(names, ", ", object_title(arena, object));
}

/* Returns the objects other than the workload that were changed since the revision. What a Job of
 * pre_deploy has done is not known, and applying an earlier service file runs another Job. */
static struct str list_changed(const struct rollbacks *rollbacks, const struct rollback *rollback)
{
    struct arena *arena = rollback->config_map.arena;
    const struct deployed_service *deployed = rollback->rollout->deployed;
    int64_t since = time_of_change(rollback);
    struct map seen = {0};
    struct buf names = {0};
    for (size_t i = 0; i < deployed->related_count; i++) {
        const struct node *object = deployed->related[i];
        if (kind_is_rendered(object) && !kind_is(object, ROLE_WORKLOAD) &&
            !kind_is(object, ROLE_FILES) && !kind_is(object, ROLE_JOB) &&
            deployed_service_owns(deployed, object))
            add_changed(&names, arena, object, since);
    }
    /* Others than apply change ConfigMaps, so they do not belong to the apply of a revision. */
    since = created_at(rollback->to->object);
    for (size_t i = 0; i < rollback->config_map.count; i++) {
        struct str key = object_key(arena, rollback->config_map.items[i]);
        if (!map_add(arena, &seen, key, rollback))
            add_changed(&names, arena, map_get(&rollbacks->config_maps, key), since);
    }
    return buf_take(arena, &names);
}

static void report_changed(struct rollbacks *rollbacks, const struct rollback *rollback)
{
    const struct cluster *cluster = &rollbacks->apply.cluster;
    struct str changed = list_changed(rollbacks, rollback);
    struct str title = rollback->rollout->title;
    if (changed.len)
        cluster_print(
            cluster,
            "%.*s: changed since revision %" PRId64 " and not rolled back: %.*s; to "
            "restore them and the number of pods too, apply the service file of that time",
            STR_ARG(title), rollback->to->number, STR_ARG(changed));
    else
        cluster_print(cluster,
                      "%.*s: only the pods are rolled back; the number of pods and other objects "
                      "remain as applied",
                      STR_ARG(title));
}

static void roll_back(struct rollbacks *rollbacks, struct rollback *rollback)
{
    struct apply *apply = &rollbacks->apply;
    struct arena *arena = &apply->cluster.arena;
    struct rollout *rollout = rollback->rollout;
    struct str title = object_title(arena, rollout->live);
    int64_t number = rollback->to->number;
    if (rollback->unchanged) {
        apply_print(apply, title,
                    str_format(arena, "already has the pods of revision %" PRId64, number).data);
        return;
    }
    if (!rollback_send(apply, rollback_workload(arena, rollout->live, rollback->to->template))) {
        rollout->state = ROLLOUT_FAILED;
        rollout->apply_failed = true;
        return;
    }
    apply_print(apply, title, str_format(arena, "rolled back to revision %" PRId64, number).data);
    report_changed(rollbacks, rollback);
}

/* Runs all checks before anything is changed. */
static bool prepare(struct rollbacks *rollbacks)
{
    struct cluster *cluster = &rollbacks->apply.cluster;
    rollbacks->items = ARENA_ARRAY(&cluster->arena, cluster->service_count, struct rollback);
    if (!cluster_query(cluster, LIST_WORKLOADS, 0) || !apply_plan_live(&rollbacks->apply))
        return false;
    for (size_t i = 0; i < cluster->service_count && !process_interrupted(); i++) {
        struct rollback *rollback = &rollbacks->items[i];
        *rollback = (struct rollback){.rollout = &rollbacks->apply.rollouts[i],
                                      .config_map = {.arena = &cluster->arena}};
        select_revision(rollbacks, rollback);
        if (rollback->to && !rollback->unchanged)
            add_config_maps(rollback, rollback->rollout->deployed->namespace->name,
                            rollback->to->template);
    }
    if (cluster->diags.errors || process_interrupted())
        return false;
    query_config_maps(rollbacks);
    for (size_t i = 0; i < cluster->service_count; i++)
        check_config_maps(rollbacks, &rollbacks->items[i]);
    /* Only for the list of changed objects, so it need not be complete. */
    return cluster_report(cluster) && cluster_query(cluster, LIST_RENDERED, QUERY_LENIENT);
}

static bool run(struct rollbacks *rollbacks)
{
    struct cluster *cluster = &rollbacks->apply.cluster;
    if (!prepare(rollbacks))
        return false;
    for (size_t i = 0; i < cluster->service_count && !process_interrupted(); i++)
        roll_back(rollbacks, &rollbacks->items[i]);
    return apply_await_live(&rollbacks->apply);
}

/* True if a name is a number: helm rollback has the revision as an argument. */
static bool has_number(const struct option_list *names)
{
    int64_t number;
    for (size_t i = 0; i < names->count; i++)
        if (str_to_int(str_from_c(names->items[i]), &number))
            return true;
    return false;
}

static int run_rollback(const struct invocation *invocation)
{
    struct rollbacks rollbacks = {0};
    struct cluster *cluster = &rollbacks.apply.cluster;
    struct options options = invocation->options;
    int status = cmd_wait_check_flags(invocation);
    if (status)
        return status;
    if (has_number(&options.input.modules))
        options.input.module_hint = "to select a revision, use --to-revision NUMBER";
    bool ok = cluster_open(cluster, &options, invocation->color, true);
    if (ok && cluster->service_count > 1 && options.rollback.to_revision) {
        diag_error(&cluster->diags, NO_LOCATION, RULE_AMBIGUOUS_SELECTION,
                   "--to-revision requires a single service, but the files define several");
        diag_hint(&cluster->diags, "pass the name of one as an argument");
        ok = false;
    }
    ok = ok && run(&rollbacks);
    ok &= cluster_report(cluster);
    cluster_close(cluster);
    status = console_finish((struct str){0});
    return process_exit_status(ok ? status : EXIT_FAILURE);
}

const struct command command_rollback = {
    .name = "rollback",
    .group = GROUP_DEPLOY,
    .arguments = "[SERVICE...]",
    .max_names = SIZE_MAX,
    .summary = "Roll back the pods of services to an earlier revision",
    .details = "Applies the pod template of an earlier revision and waits for its pods. "
               "Everything outside of the pod template remains as it is: the number of pods, "
               "and other objects, which are listed if they have changed since. To restore "
               "these too, apply the service file of that time. The next apply of the current file "
               "deploys what it says, so correct it first.",
    .examples = EXAMPLES(
        {"Roll back to the pods before the last change", "kubectl optasvc rollback -f web.yaml"},
        {"Roll back one service to a revision that history lists",
         "kubectl optasvc rollback web -f web.yaml --to-revision 3"}),
    .flags =
        FLAG_LIST(FLAGS_CLUSTER, FLAG_TO_REVISION, FLAG_WAIT, FLAG_TIMEOUT, FLAG_FORCE_CONFLICTS),
    .required = FLAG_LIST(FLAG_FILENAME),
    .run = run_rollback,
};
