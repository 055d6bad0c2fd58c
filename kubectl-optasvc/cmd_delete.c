/* Deletes the objects of services, found by their labels. Objects with data are retained unless a
 * flag selects them; the Secret manual-secrets is always retained. */
#include "cluster/cluster.h"
#include "cluster/ownership.h"
#include "cluster/prompt.h"
#include "commands.h"
#include "delete_namespace.h"
#include "format/duration.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct deletion {
    struct cluster cluster;
    struct manifests objects;  /* in deletion order */
    struct manifests released; /* adopted objects */
    struct manifests namespaces;
    struct map deleted;    /* `objects`, for namespace_check_deletable() */
    struct map known_uids; /* uids of objects in the namespaces before the deletion */
    size_t retained;       /* number of objects that are not ours to delete */
};

/* Reports that an object is retained and why. */
static void retain(struct deletion *deletion, const struct node *object, struct str why)
{
    deletion->retained++;
    cluster_print(&deletion->cluster, "%.*s is retained: %.*s",
                  STR_ARG(object_title(&deletion->cluster.arena, object)), STR_ARG(why));
}

/* Selects an object for deletion or release. Retains it if it is not owned (ownership.h). */
static void select_object(struct deletion *deletion, struct node *object, enum label_match match)
{
    struct arena *arena = &deletion->cluster.arena;
    struct str managers = object_managers(arena, object);
    if (match == LABELS_UNCLAIMED)
        retain(deletion, object,
               STR("it has no environment label and may belong to another environment; run "
                   "apply to claim it"));
    else if (!object_applied_by(object, MANAGER))
        retain(deletion, object,
               str_format(arena, "it was not created by apply%s%.*s",
                          managers.len ? "; it is managed by " : "", STR_ARG(managers)));
    else
        manifests_add(object_is_adopted(object) ? &deletion->released : &deletion->objects, object);
}

/* Selects the objects of all namespaces, which are already in deletion order. */
static void select_objects(struct deletion *deletion)
{
    const struct cluster *cluster = &deletion->cluster;
    for (size_t i = 0; i < cluster->namespace_count; i++)
        for (struct node *live = cluster->namespaces[i].live; live; live = live->next) {
            enum label_match match =
                namespace_labels(cluster->kubectl.arena, &cluster->namespaces[i], live);
            if (kind_is_rendered(live) && match != LABELS_OTHER && !object_has_controller(live))
                select_object(deletion, live, match);
        }
}

/* A StatefulSet that may have created a claim. */
struct claim_owner {
    const struct node *set;
    struct claim_owner *next;
};

/* Maps "TEMPLATE-STATEFULSET" of each claim template to the StatefulSets of a namespace. */
static struct map index_owners(struct arena *arena, const struct node *sets)
{
    struct map owners = {0};
    for (const struct node *set = sets; set; set = set->next) {
        const struct node *template = node_first_child(node_at(set, "spec volumeClaimTemplates"));
        for (; template; template = template->next) {
            struct claim_owner **last = ARENA_NEW(arena, struct claim_owner *);
            struct claim_owner *owner = ARENA_NEW(arena, struct claim_owner);
            owner->set = set;
            *last = owner;
            struct str name = str_format(arena, "%.*s-%.*s", STR_ARG(object_name(template)),
                                         STR_ARG(object_name(set)));
            struct claim_owner *const *found = map_add(arena, &owners, name, last);
            struct claim_owner *previous = found ? *found : NULL;
            while (previous && previous->next)
                previous = previous->next;
            if (previous)
                previous->next = owner;
        }
    }
    return owners;
}

/* True if a claim has the selector labels of a StatefulSet, which its controller copies. */
static bool has_labels_of(struct arena *arena, const struct node *claim, const struct node *set)
{
    const struct node *label = node_first_child(node_at(set, "spec selector matchLabels"));
    for (; label; label = label->next)
        if (!str_equal(object_label(claim, str_to_c(arena, label->key->text)), label->text))
            return false;
    return true;
}

/* Returns the StatefulSet of a claim named TEMPLATE-STATEFULSET-ORDINAL; NULL if not found. */
static const struct node *find_owner(struct arena *arena, const struct map *owners,
                                     const struct node *claim)
{
    struct str name = object_name(claim);
    while (name.len && strchr("0123456789", name.data[name.len - 1]))
        name.len--;
    if (name.len == object_name(claim).len || !str_ends_with(name, STR("-")))
        return NULL;
    name.len--;
    struct claim_owner *const *found = map_get(owners, name);
    const struct claim_owner *owner = found ? *found : NULL;
    while (owner && !has_labels_of(arena, claim, owner->set))
        owner = owner->next;
    return owner ? owner->set : NULL;
}

/* Claim labels do not distinguish environments or Helm releases. A claim is ours only while the
 * StatefulSet that created it exists and is ours. */
static void select_claim(struct deletion *deletion, const struct deployed_service *deployed,
                         struct node *claim, const struct map *owners)
{
    struct arena *arena = &deletion->cluster.arena;
    const struct node *set = find_owner(arena, owners, claim);
    if (set && deployed_service_owns(deployed, set) && !object_is_adopted(set))
        manifests_add(&deletion->objects, claim);
    else if (set)
        retain(deletion, claim,
               str_format(arena, "it belongs to %.*s, which is retained",
                          STR_ARG(object_title(arena, set))));
    else
        retain(deletion, claim,
               str_format(arena,
                          "its StatefulSet does not exist, so its owner is unknown; to delete it: "
                          "kubectl delete %.*s -n %.*s",
                          STR_ARG(object_title(arena, claim)), STR_ARG(object_namespace(claim))));
}

/* Lists the StatefulSets only if there is a claim. */
static void select_claims(struct deletion *deletion, const struct cluster_namespace *namespace)
{
    const struct kubectl *kubectl = &deletion->cluster.kubectl;
    const char *name = namespace->name.data;
    struct map owners = {0};
    bool listed = false;
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct deployed_service *deployed = namespace->services[i];
        struct node *claim = kubectl_items(
            kubectl_get(kubectl, kind_list(kubectl->arena, LIST_CLAIMS), "--namespace", name,
                        deployed_service_selector(kubectl->arena, deployed), NULL));
        if (claim && !listed)
            owners = index_owners(
                kubectl->arena,
                kubectl_items(kubectl_get(kubectl, kind_list(kubectl->arena, LIST_CLAIM_OWNERS),
                                          "--namespace", name, "--show-managed-fields", NULL)));
        listed |= claim != NULL;
        for (; claim; claim = claim->next)
            select_claim(deletion, deployed, claim, &owners);
    }
}

static bool confirm(struct deletion *deletion)
{
    struct cluster *cluster = &deletion->cluster;
    if (cluster->options->yes)
        return true;
    cluster_print(cluster,
                  "The following will be deleted from %.*s:", STR_ARG(prompt_where(cluster)));
    prompt_list(cluster, &deletion->objects);
    prompt_list(cluster, &deletion->released);
    prompt_list(cluster, &deletion->namespaces);
    return prompt_confirm(cluster);
}

static void delete_objects(struct deletion *deletion, const struct manifests *objects)
{
    struct kubectl *kubectl = &deletion->cluster.kubectl;
    if (objects->count == 0 || process_interrupted() || deletion->cluster.diags.errors)
        return;
    size_t count = kubectl_delete(kubectl, objects->items, objects->count, true);
    struct buf out = {0};
    for (size_t i = 0; i < count; i++) {
        diag_add_visible(&out, object_title(kubectl->arena, objects->items[i]));
        buf_add(&out, STR(" deleted\n"));
    }
    console_print(buf_str(&out));
    buf_free(&out);
}

static void release_objects(struct deletion *deletion)
{
    struct cluster *cluster = &deletion->cluster;
    for (size_t i = 0; i < deletion->released.count && !process_interrupted(); i++) {
        const struct node *object = deletion->released.items[i];
        struct buf line = {0};
        if (!ownership_release(cluster, object))
            continue;
        diag_add_visible(&line, object_title(&cluster->arena, object));
        buf_add(&line, STR(" released: it was adopted and is not deleted\n"));
        console_print(buf_str(&line));
        buf_free(&line);
    }
}

static void select_namespace(struct deletion *deletion, const struct cluster_namespace *namespace)
{
    if (namespace->state != NAMESPACE_ABSENT &&
        namespace_check_deletable(&deletion->cluster, namespace, &deletion->deleted,
                                  &deletion->known_uids, "nothing was deleted"))
        manifests_add(&deletion->namespaces, namespace->object);
}

/* Checks again because objects may have been created since the first check. */
static void delete_namespaces(struct deletion *deletion)
{
    struct cluster *cluster = &deletion->cluster;
    if (deletion->namespaces.count == 0 || process_interrupted() || cluster->diags.errors)
        return;
    for (size_t i = 0; i < cluster->namespace_count; i++)
        if (cluster->namespaces[i].state != NAMESPACE_ABSENT)
            namespace_check_deletable(cluster, &cluster->namespaces[i], &deletion->deleted,
                                      &deletion->known_uids, "it was not deleted");
    delete_objects(deletion, &deletion->namespaces);
}

static bool prepare(struct deletion *deletion)
{
    struct cluster *cluster = &deletion->cluster;
    deletion->objects.arena = deletion->namespaces.arena = &cluster->arena;
    deletion->released.arena = &cluster->arena;
    if (!cluster_query(cluster, LIST_RENDERED, QUERY_NAMESPACES))
        return false;
    select_objects(deletion);
    if (cluster->options->delete.delete_volumes)
        for (size_t i = 0; i < cluster->namespace_count; i++)
            select_claims(deletion, &cluster->namespaces[i]);
    deletion->deleted = namespace_index_deleted(&cluster->arena, &deletion->objects);
    for (size_t i = 0; cluster->options->delete.delete_namespace && i < cluster->namespace_count;
         i++)
        select_namespace(deletion, &cluster->namespaces[i]);
    return cluster->diags.errors == 0 && !process_interrupted();
}

/* --timeout limits the wait, which begins when the user has confirmed. */
static void set_deadline(struct cluster *cluster)
{
    const char *timeout = cluster->options->delete.timeout;
    int64_t seconds = 0;
    if (timeout && duration_parse(str_from_c(timeout), &seconds))
        cluster->kubectl.deadline = process_monotonic_ms() + seconds * 1000;
}

static int run(struct deletion *deletion)
{
    struct cluster *cluster = &deletion->cluster;
    bool ok = prepare(deletion);
    if (!cluster_report(cluster) || !ok)
        return EXIT_FAILURE;
    if (deletion->objects.count + deletion->released.count + deletion->namespaces.count == 0) {
        cluster_print(cluster, "nothing to delete");
        return deletion->retained ? EXIT_FAILURE : EXIT_SUCCESS;
    }
    if (!confirm(deletion)) {
        cluster_print(cluster, "nothing was deleted");
        return EXIT_FAILURE;
    }
    set_deadline(cluster);
    delete_objects(deletion, &deletion->objects);
    release_objects(deletion);
    delete_namespaces(deletion);
    ok = cluster_report(cluster);
    return console_finish((struct str){0}) == EXIT_SUCCESS && ok ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run_delete(const struct invocation *invocation)
{
    struct deletion deletion = {0};
    int status = EXIT_FAILURE;
    if (!invocation->options.yes && !isatty(STDIN_FILENO))
        return cli_usage(invocation, "stdin is not a terminal; pass --yes");
    if (cluster_open(&deletion.cluster, &invocation->options, invocation->color, true))
        status = run(&deletion);
    cluster_close(&deletion.cluster);
    return process_exit_status(status);
}

const struct command command_delete = {
    .name = "delete",
    .group = GROUP_DEPLOY,
    .deletes = true,
    .summary = "Delete services from the cluster",
    .details =
        "Lists the objects to delete and asks for confirmation, unless --yes is given. "
        "Retains the Namespace, the PersistentVolumeClaims of persistent_storage and the "
        "Secret manual-secrets. Waits until the objects no longer exist, or until --timeout, "
        "after which it lists those that remain.",
    .examples = EXAMPLES({"List the objects to delete, and delete them after confirmation",
                          "kubectl optasvc delete -f web.yaml"},
                         {"Delete one service of a file without asking",
                          "kubectl optasvc delete -f web.yaml --module web --yes"},
                         {"Delete the Namespace too, if nothing else is in it",
                          "kubectl optasvc delete -f web.yaml --delete-namespace"}),
    .flags = FLAG_LIST(FLAGS_CLUSTER, FLAG_YES, FLAG_DELETE_NAMESPACE, FLAG_DELETE_VOLUMES,
                       FLAG_DELETE_TIMEOUT),
    .required = FLAG_LIST(FLAG_FILENAME),
    .explicit_file = true,
    .run = run_delete,
};
