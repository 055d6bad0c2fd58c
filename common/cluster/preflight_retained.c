/* Checks claims whose StatefulSet was deleted: a new one uses only those that have its names. */
#include "cluster/apply.h"

#include <string.h>

/* The existing claims of a StatefulSet that is to be created. */
struct finding {
    const struct rollout *rollout;
    struct map found;  /* names of its disks whose claims exist */
    struct map unused; /* names of other disks that it had */
    struct buf names;  /* those as "name: NAME, ..." */
    struct buf claims; /* their claims, as words of a command; only the first if there are many */
    size_t claim_count;
};

/* The findings of a namespace by the names and labels of claims. */
struct search {
    struct arena *arena;
    struct map disks;    /* by "DISK-SERVICE" */
    struct map services; /* by "LAYER-SERVICE", the label of claims */
    struct finding *findings;
};

static struct finding *find(const struct search *search, const struct map *set, struct str key)
{
    const struct finding *finding = map_get(set, key);
    return finding ? &search->findings[finding - search->findings] : NULL;
}

static struct str instance_label(struct arena *arena, const struct service *service)
{
    return str_format(arena, "%.*s-%.*s", STR_ARG(service->layer->name), STR_ARG(service->name));
}

static bool is_new_stateful_set(const struct rollout *rollout)
{
    return rollout->deployed->service->disk_count && rollout->workload && !rollout->live &&
           rollout->deployed->namespace->state != NAMESPACE_ABSENT;
}

static void add_finding(struct search *search, struct finding *finding)
{
    const struct service *service = finding->rollout->deployed->service;
    map_add(search->arena, &search->services, instance_label(search->arena, service), finding);
    for (size_t i = 0; i < service->disk_count; i++)
        map_add(search->arena, &search->disks,
                str_format(search->arena, "%.*s-%.*s", STR_ARG(service->disks[i].name),
                           STR_ARG(service->name)),
                finding);
}

/* Returns DISK-SERVICE for the claim DISK-SERVICE-ORDINAL; empty for any other name. */
static struct str without_ordinal(struct str name)
{
    size_t len = name.len;
    while (len && strchr("0123456789", name.data[len - 1]))
        len--;
    return len && len < name.len && name.data[len - 1] == '-' ? str_slice(name, 0, len - 1)
                                                              : (struct str){0};
}

/* Returns DISK for DISK-SERVICE; empty for any other name. */
static struct str disk_of(struct arena *arena, const struct service *service, struct str base)
{
    struct str end = str_format(arena, "-%.*s", STR_ARG(service->name));
    return str_ends_with(base, end) ? str_slice(base, 0, base.len - end.len) : (struct str){0};
}

enum { SHOWN = 4 }; /* claims named in a message */

static void record_unused(struct search *search, struct finding *finding, struct str claim)
{
    struct arena *arena = search->arena;
    struct str disk = disk_of(arena, finding->rollout->deployed->service, without_ordinal(claim));
    if (disk.len == 0)
        return;
    if (finding->claim_count++ < SHOWN)
        buf_format(&finding->claims, " %.*s", STR_ARG(claim));
    if (finding->unused.count < SHOWN && !map_add(arena, &finding->unused, disk, finding))
        buf_add_joined(&finding->names, ", ", str_format(arena, "name: %.*s", STR_ARG(disk)));
}

/* A claim without our label was created by others for the StatefulSet. */
static void record_claim(struct apply *apply, struct search *search, const struct node *claim)
{
    struct arena *arena = search->arena;
    struct str name = object_name(claim);
    struct str label = object_label(claim, "app.kubernetes.io/instance");
    struct str base = without_ordinal(name);
    struct finding *user = find(search, &search->disks, base);
    struct finding *owner = find(search, &search->services, label);
    if (!user) {
        if (owner)
            record_unused(search, owner, name);
        return;
    }
    const struct service *service = user->rollout->deployed->service;
    map_add(arena, &user->found, disk_of(arena, service, base), user);
    if (label.len && owner != user) {
        diag_error(&apply->cluster.diags, service->at, RULE_OWNED_BY_OTHER,
                   "claim \"%.*s\" in namespace \"%.*s\" belongs to another service: \"%.*s\"",
                   STR_ARG(name), STR_ARG(object_namespace(claim)), STR_ARG(label));
        diag_hint(&apply->cluster.diags,
                  "use other names for the claims of \"%.*s\": {name: NAME, size: ..., path: ...}",
                  STR_ARG(service->name));
    }
}

/* A new, empty volume beside an unused one may be a mistake that is noticed only when the data is
 * missing. */
static void report_unused(struct apply *apply, struct finding *finding)
{
    struct diags *diags = &apply->cluster.diags;
    const struct service *service = finding->rollout->deployed->service;
    struct str names = buf_take(diags->arena, &finding->names);
    struct str claims = buf_take(diags->arena, &finding->claims);
    const char *more = "";
    if (finding->claim_count > SHOWN)
        more = str_format(diags->arena, " and %zu more", finding->claim_count - SHOWN).data;
    for (size_t i = 0; i < service->disk_count && finding->claim_count; i++) {
        const struct disk *disk = &service->disks[i];
        if (map_get(&finding->found, disk->name))
            continue;
        diag_error(diags, disk->at, RULE_CLAIM_UNUSED,
                   "claim \"%.*s\" would be new and empty, but existing claims of the service "
                   "would not be used:%.*s%s",
                   STR_ARG(disk->name), STR_ARG(claims), more);
        diag_hint(diags,
                  "to use one of them, add its name to its entry in persistent_storage: %.*s\n"
                  "to leave them unused, remove their label:\n"
                  "kubectl label pvc%.*s -n %.*s app.kubernetes.io/instance-",
                  STR_ARG(names), STR_ARG(claims),
                  STR_ARG(finding->rollout->deployed->namespace->name));
    }
}

/* `namespace`: one with a StatefulSet that is to be created; `claims`: all its claims. */
static void check_namespace(struct apply *apply, const struct cluster_namespace *namespace,
                            const struct node *claims)
{
    struct arena *arena = &apply->cluster.arena;
    size_t count = namespace->service_count;
    struct finding *findings = ARENA_ARRAY(arena, count, struct finding);
    struct search search = {.arena = arena, .findings = findings};
    for (size_t i = 0; i < count; i++) {
        findings[i].rollout = apply_rollout(apply, namespace->services[i]);
        if (is_new_stateful_set(findings[i].rollout))
            add_finding(&search, &findings[i]);
    }
    for (const struct node *claim = claims; claim; claim = claim->next)
        if (!node_at(claim, "metadata deletionTimestamp"))
            record_claim(apply, &search, claim);
    for (size_t i = 0; i < count; i++)
        report_unused(apply, &findings[i]);
}

static struct process list_claims(const struct apply *apply,
                                  const struct cluster_namespace *namespace)
{
    return (struct process){
        .arguments = kubectl_argv(&apply->cluster.kubectl, "get",
                                  kind_list(apply->cluster.kubectl.arena, LIST_CLAIMS),
                                  "--namespace", namespace->name.data, "--output=json", NULL)
                         .items};
}

void apply_check_retained(struct apply *apply)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    size_t count = 0;
    struct process *runs =
        ARENA_ARRAY(kubectl->arena, apply->cluster.namespace_count, struct process);
    const struct cluster_namespace **namespaces = ARENA_ARRAY(
        kubectl->arena, apply->cluster.namespace_count, const struct cluster_namespace *);
    struct map queried = {0};
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct cluster_namespace *namespace = apply->rollouts[i].deployed->namespace;
        if (!is_new_stateful_set(&apply->rollouts[i]) ||
            map_add(kubectl->arena, &queried, namespace->name, namespace))
            continue;
        namespaces[count] = namespace;
        runs[count++] = list_claims(apply, namespace);
    }
    kubectl_run(kubectl, runs, count);
    for (size_t i = 0; i < count; i++) {
        if (process_succeeded(&runs[i]))
            check_namespace(apply, namespaces[i],
                            kubectl_items(kubectl_parse_output(kubectl, &runs[i])));
        else if (kubectl_forbidden(&runs[i]))
            kubectl_warn(kubectl, &runs[i]);
        else
            kubectl_report(kubectl, &runs[i]);
        process_free(&runs[i]);
    }
}
