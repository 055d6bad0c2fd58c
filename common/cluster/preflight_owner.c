/* What exists already and is not ours. An object of a name that we render, without our entry among
 * its field managers, is an error that names it and its managers. Exempt are the Namespace and the
 * Secret manual-secrets, which are never rendered over what exists, and objects with exactly our
 * labels: restored from a backup, or left by Argo CD. `--adopt` takes over the rest, without
 * force, and records it; what another tool or manager would go on to change is refused. */
#include "cluster/apply.h"

#include "cluster/live.h"
#include "cluster/ownership.h"

#include <string.h>

/* What is checked: a rendered object and the live one of its name. */
struct owned {
    struct apply *apply;
    const struct rollout *rollout;
    struct node *object;
    struct node *live;
};

static struct str title_of(const struct owned *owned)
{
    return object_title(&owned->apply->cluster.arena, owned->live);
}

/* Names do not tell layers, modules or environments apart that share a namespace. */
static bool check_labels(const struct owned *owned)
{
    struct diags *diags = &owned->apply->cluster.diags;
    const struct deployed_service *deployed = owned->rollout->deployed;
    const struct layer *layer = deployed->service->layer;
    struct str other_layer = object_label(owned->live, LAYER_LABEL);
    struct str module = object_label(owned->live, MODULE_LABEL);
    struct str environment = object_label(owned->live, ENVIRONMENT_LABEL);
    if (other_layer.len == 0)
        return true;
    if (!str_equal(other_layer, layer->name) || !str_equal(module, deployed->service->name)) {
        diag_error(diags, deployed->service->at,
                   "%.*s of namespace \"%.*s\" belongs to the service \"%.*s\" of \"%.*s\"",
                   STR_ARG(title_of(owned)), STR_ARG(deployed->namespace->name), STR_ARG(module),
                   STR_ARG(other_layer));
        diag_hint(diags, "rename one of the two, or apply to a namespace of its own: -n NAME");
        return false;
    }
    if (environment.len && !str_equal(environment, layer->environment.name)) {
        diag_error(diags, deployed->service->at,
                   "%.*s of namespace \"%.*s\" is that of the environment \"%.*s\"",
                   STR_ARG(title_of(owned)), STR_ARG(deployed->namespace->name),
                   STR_ARG(environment));
        diag_hint(diags, "delete that first, or apply to a namespace of its own: -n NAME");
        return false;
    }
    return true;
}

/* Helm keeps each release in a Secret, or in a ConfigMap with HELM_DRIVER=configmap. If they may
 * not be read, a warning says so, and the release is assumed to exist. */
static bool release_exists(struct apply *apply, struct str namespace, struct str name)
{
    static const char yes[] = "yes", no[] = "no";
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct str key = str_format(kubectl->arena, "%.*s/%.*s", STR_ARG(namespace), STR_ARG(name));
    const char *known = map_get(&apply->releases, key);
    if (known)
        return known == yes;
    struct process run = {
        .arguments =
            kubectl_argv(
                kubectl, "get", "secrets,configmaps", "--namespace",
                str_to_c(kubectl->arena, namespace),
                str_format(kubectl->arena, "--selector=owner=helm,name=%.*s", STR_ARG(name)).data,
                "--output=name", NULL)
                .items};
    kubectl_run(kubectl, &run, 1);
    bool exists = !process_succeeded(&run) || run.output.len > 0;
    if (!process_succeeded(&run))
        kubectl_warn(kubectl, &run);
    process_free(&run);
    map_add(kubectl->arena, &apply->releases, key, exists ? yes : no);
    return exists;
}

/* The release's namespace is written beside its name. */
static struct str release_namespace(const struct node *live)
{
    struct str namespace = object_annotation(live, "meta.helm.sh/release-namespace");
    return namespace.len ? namespace : object_namespace(live);
}

static void refuse_helm(const struct owned *owned)
{
    struct arena *arena = &owned->apply->cluster.arena;
    struct diags *diags = &owned->apply->cluster.diags;
    struct str release = object_annotation(owned->live, "meta.helm.sh/release-name");
    struct str namespace = release_namespace(owned->live);
    diag_error(diags, owned->rollout->deployed->service->at,
               "%.*s of namespace \"%.*s\" belongs to the Helm release \"%.*s\"",
               STR_ARG(title_of(owned)), STR_ARG(object_namespace(owned->live)), STR_ARG(release));
    diag_hint(diags,
              "rename the module; or set the service file's values in the chart with "
              "helm-postrender;\nor give the objects the annotation helm.sh/resource-policy: keep "
              "in the chart, upgrade,\nand after `helm uninstall %.*s -n %.*s` apply with --adopt",
              STR_ARG(str_shell(arena, release)), STR_ARG(str_shell(arena, namespace)));
}

static void refuse_argo_cd(const struct owned *owned, bool exact)
{
    struct arena *arena = &owned->apply->cluster.arena;
    struct diags *diags = &owned->apply->cluster.diags;
    struct str title = title_of(owned);
    struct str namespace = object_namespace(owned->live);
    struct buf commands = {0};
    /* First: once it owns nothing more, the manager's entry is removed. */
    struct str forget = object_forget_argo_cd(arena, owned->live);
    if (forget.len && !exact)
        buf_format(&commands, "%.*s\n", STR_ARG(forget));
    if (object_annotation(owned->live, "argocd.argoproj.io/tracking-id").len)
        buf_format(&commands, "kubectl annotate %.*s -n %.*s argocd.argoproj.io/tracking-id-\n",
                   STR_ARG(title), STR_ARG(namespace));
    if (object_label(owned->live, "argocd.argoproj.io/instance").len)
        buf_format(&commands, "kubectl label %.*s -n %.*s argocd.argoproj.io/instance-\n",
                   STR_ARG(title), STR_ARG(namespace));
    diag_error(diags, owned->rollout->deployed->service->at,
               "%.*s of namespace \"%.*s\" is managed by Argo CD", STR_ARG(title),
               STR_ARG(namespace));
    diag_hint(diags,
              "rename the module; or delete its Application with --cascade=false%s%.*sand apply%s",
              commands.len ? ", and then:\n" : " ", STR_ARG(buf_str(&commands)),
              exact ? "" : " with --adopt");
    buf_free(&commands);
}

/* Removes all labels of Flux that the object carries. */
static void refuse_flux(const struct owned *owned)
{
    struct diags *diags = &owned->apply->cluster.diags;
    struct buf names = {0};
    const struct node *label = node_first_child(node_at(owned->live, "metadata labels"));
    for (; label; label = label->next)
        if (str_starts_with(label->key->text, STR("kustomize.toolkit.fluxcd.io/")) ||
            str_starts_with(label->key->text, STR("helm.toolkit.fluxcd.io/")))
            buf_format(&names, " %.*s-", STR_ARG(label->key->text));
    struct str title = title_of(owned);
    struct str namespace = object_namespace(owned->live);
    diag_error(diags, owned->rollout->deployed->service->at,
               "%.*s of namespace \"%.*s\" is managed by Flux", STR_ARG(title), STR_ARG(namespace));
    diag_hint(
        diags,
        "rename the module; or remove the object from its Kustomization or HelmRelease with "
        "pruning disabled,\nand then:\nkubectl label %.*s -n %.*s%.*s\nand apply with --adopt",
        STR_ARG(title), STR_ARG(namespace), STR_ARG(buf_str(&names)));
    buf_free(&names);
}

/* Argo CD's mark before version 3, unless it is configured otherwise: it replaces the value of this
 * label, which we set too. */
static const char instance_label[] = "app.kubernetes.io/instance";

static bool has_instance_of_others(const struct owned *owned)
{
    struct str instance = object_label(owned->live, instance_label);
    return instance.len && !str_equal(instance, object_label(owned->object, instance_label));
}

/* The Application that a tracking id "APPLICATION:GROUP/KIND:..." or a label names. In a namespace
 * other than Argo CD's it is "NAMESPACE_APPLICATION". */
static struct str application_of(const struct node *live)
{
    struct str id = object_annotation(live, "argocd.argoproj.io/tracking-id");
    struct str name = id.len ? str_slice(id, 0, str_find(id, 0, ':'))
                             : object_label(live, "argocd.argoproj.io/instance");
    name = name.len ? name : object_label(live, instance_label);
    size_t underscore = str_find(name, 0, '_');
    return underscore < name.len ? str_skip(name, underscore + 1) : name;
}

/* Of an object with exactly our labels, which Argo CD may have left. An Application of another
 * cluster cannot be seen. */
static bool application_exists(const struct owned *owned)
{
    struct cluster *cluster = &owned->apply->cluster;
    const struct kubectl *kubectl = &cluster->kubectl;
    struct str name = application_of(owned->live);
    struct process run = {
        .arguments = kubectl_argv(kubectl, "get", "applications.argoproj.io", "--all-namespaces",
                                  str_format(kubectl->arena, "--field-selector=metadata.name=%.*s",
                                             STR_ARG(name))
                                      .data,
                                  "--output=name", NULL)
                         .items};
    kubectl_run(kubectl, &run, 1);
    bool absent = kubectl_is_missing_kind(&run) || (process_succeeded(&run) && run.output.len == 0);
    if (!process_succeeded(&run) && !absent)
        kubectl_warn(kubectl, &run);
    process_free(&run);
    if (!absent)
        return true;
    cluster_print(
        cluster,
        "%.*s carries the mark of the Argo CD application \"%.*s\", which does not exist in "
        "this cluster; if Argo CD manages it from another cluster, it will undo changes",
        STR_ARG(title_of(owned)), STR_ARG(name));
    return false;
}

/* Refuses what another tool would change back; true if none would. */
static bool check_tool(const struct owned *owned, bool exact)
{
    enum tool tool = object_tool(owned->live);
    bool tracked = object_is_tracked(owned->live, tool) || has_instance_of_others(owned);
    struct str release = object_annotation(owned->live, "meta.helm.sh/release-name");
    if (tool == TOOL_ARGO_CD && (exact ? tracked && application_exists(owned) : true)) {
        refuse_argo_cd(owned, exact);
        return false;
    }
    if (tool == TOOL_FLUX) {
        refuse_flux(owned);
        return false;
    }
    if (tool == TOOL_HELM &&
        release_exists(owned->apply, release_namespace(owned->live), release)) {
        refuse_helm(owned);
        return false;
    }
    return true;
}

/* How to move a workload that cannot be taken over as it is. */
static void hint_move(const struct owned *owned)
{
    struct str title = title_of(owned);
    struct str namespace = object_namespace(owned->live);
    diag_hint(&owned->apply->cluster.diags,
              "run the service beside it under another name, move the traffic, and delete it;\n"
              "or delete it and keep its pods until the new ones are ready, and apply again:\n"
              "kubectl delete %.*s -n %.*s --cascade=orphan\n"
              "docs/adoption.md has the steps that keep the traffic",
              STR_ARG(title), STR_ARG(namespace));
}

/* A selector cannot be changed; the pods that run do not match ours. */
static bool check_selector(const struct owned *owned)
{
    const char *path = "spec selector";
    if (!kind_is(owned->object, ROLE_WORKLOAD) ||
        node_equal(node_at(owned->object, path), node_at(owned->live, path)))
        return true;
    diag_error(&owned->apply->cluster.diags, owned->rollout->deployed->service->at,
               "%.*s of namespace \"%.*s\" selects other pods, and a selector cannot be changed",
               STR_ARG(title_of(owned)), STR_ARG(object_namespace(owned->live)));
    hint_move(owned);
    return false;
}

static void refuse_unknown(const struct owned *owned)
{
    struct arena *arena = &owned->apply->cluster.arena;
    struct diags *diags = &owned->apply->cluster.diags;
    struct str managers = object_managers(arena, owned->live);
    diag_error(diags, owned->rollout->deployed->service->at,
               "%.*s of namespace \"%.*s\" exists and was not created by apply%s%.*s",
               STR_ARG(title_of(owned)), STR_ARG(object_namespace(owned->live)),
               managers.len ? "; it is managed by " : "", STR_ARG(managers));
    diag_hint(diags, "rename the module, or pass --adopt to take it over");
}

static void adopt(struct apply *apply, struct node *live)
{
    struct arena *arena = &apply->cluster.arena;
    manifests_add(&apply->adopted, live);
    map_add(arena, &apply->adopted_keys, object_key(arena, live), live);
}

static void check_owner(const struct owned *owned)
{
    struct apply *apply = owned->apply;
    if (!check_labels(owned) || object_applied_by(owned->live, MANAGER))
        return;
    bool exact = deployed_service_labels(owned->rollout->deployed, owned->live) == LABELS_OURS;
    if (!check_tool(owned, exact) || exact)
        return;
    if (!apply->cluster.options->apply.adopt)
        refuse_unknown(owned);
    else if (check_selector(owned))
        adopt(apply, owned->live);
}

/* What must be deleted because it would go on to act, but is not ours to delete. */
static void check_blocked(struct apply *apply, const struct node *live)
{
    struct str title = object_title(&apply->cluster.arena, live);
    diag_error(&apply->cluster.diags, NO_LOCATION,
               "%.*s of namespace \"%.*s\" is no longer needed and would still act, but it %s",
               STR_ARG(title), STR_ARG(object_namespace(live)),
               object_is_adopted(live)
                   ? "was adopted"
                   : "has no environment label and may belong to another environment");
    diag_hint(&apply->cluster.diags, "delete it: kubectl delete %.*s -n %.*s", STR_ARG(title),
              STR_ARG(object_namespace(live)));
}

void apply_check_owners(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        const struct deployed_service *deployed = rollout->deployed;
        for (size_t j = 0; j < deployed->count; j++) {
            struct owned owned = {
                apply, rollout, deployed->objects[j],
                namespace_find(&apply->cluster.arena, deployed->namespace, deployed->objects[j])};
            if (owned.live)
                check_owner(&owned);
        }
    }
    for (size_t i = 0; i < apply->blocked.count; i++)
        check_blocked(apply, apply->blocked.items[i]);
}

bool apply_adopts(struct apply *apply, const struct node *live)
{
    return map_get(&apply->adopted_keys, object_key(&apply->cluster.arena, live)) == live;
}

/* Items of a pod's list in `after` that are not in `ours` have another manager, and would be
 * retained. */
static void leftovers(struct buf *found, const struct node *after, const struct node *ours,
                      const char *list, const char *key)
{
    const struct node *item = node_first_child(node_at(after, list));
    for (; item; item = item->next) {
        struct str name = node_string(node_get(item, key));
        const struct node *same = node_first_child(node_at(ours, list));
        while (same && !str_equal(node_string(node_get(same, key)), name))
            same = same->next;
        if (same)
            continue;
        buf_add_joined(found, ", ", str_from_c(list));
        buf_format(found, " \"%.*s\"", STR_ARG(name));
    }
}

/* The same of a container's fields. */
static void leftover_values(struct buf *found, const struct node *after, const struct node *ours)
{
    static const char *const names[] = {"command", "args", "envFrom"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (node_at(after, names[i]) && !node_at(ours, names[i]))
            buf_add_joined(found, ", ", str_from_c(names[i]));
}

static struct str all_leftovers(struct arena *arena, const struct node *after,
                                const struct node *ours)
{
    static const char *const lists[] = {"containers", "initContainers", "volumes"};
    struct buf found = {0};
    after = node_at(after, "spec template spec");
    ours = node_at(ours, "spec template spec");
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        leftovers(&found, after, ours, lists[i], "name");
    const struct node *container = node_first_child(node_at(ours, "containers"));
    for (; container; container = container->next) {
        const struct node *same = node_first_child(node_at(after, "containers"));
        while (same && !str_equal(node_string(node_get(same, "name")),
                                  node_string(node_get(container, "name"))))
            same = same->next;
        leftovers(&found, same, container, "env", "name");
        leftovers(&found, same, container, "volumeMounts", "mountPath");
        leftover_values(&found, same, container);
    }
    return buf_take(arena, &found);
}

void apply_check_adopted(struct apply *apply, const struct node *after)
{
    struct arena *arena = &apply->cluster.arena;
    struct map index = apply->adopted.count ? object_index(arena, after) : (struct map){0};
    for (size_t i = 0; i < apply->cluster.service_count && index.count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        struct owned owned = {apply, rollout, rollout->workload, rollout->live};
        if (!owned.live || !apply_adopts(apply, owned.live))
            continue;
        const struct node *same = map_get(&index, object_key(arena, owned.live));
        struct str found = all_leftovers(arena, same, owned.object);
        if (found.len == 0)
            continue;
        diag_error(&apply->cluster.diags, rollout->deployed->service->at,
                   "%.*s of namespace \"%.*s\" would keep what another manager set: %.*s",
                   STR_ARG(title_of(&owned)), STR_ARG(object_namespace(owned.live)),
                   STR_ARG(found));
        hint_move(&owned);
    }
}

/* By a manager of its own, so that no later apply drops it. Without the annotation of `kubectl
 * apply`: where that is found, `kubectl apply --server-side` makes us the manager of all that it
 * set, and so drops what we do not render. */
bool apply_mark_adopted(struct apply *apply)
{
    const struct kubectl *kubectl = &apply->cluster.kubectl;
    struct manifests objects = {.arena = kubectl->arena};
    for (size_t i = 0; i < apply->adopted.count; i++)
        manifests_add(&objects, object_reference(kubectl->arena, apply->adopted.items[i]));
    if (objects.count == 0)
        return true;
    struct process run = {
        .arguments =
            kubectl_argv(kubectl, "annotate", "--filename=-", "--overwrite",
                         "--field-manager=" MANAGER_ADOPTED, ADOPTED_ANNOTATION "=true",
                         "kubectl.kubernetes.io/last-applied-configuration-", "--output=name", NULL)
                .items,
        .input = kubectl_documents(kubectl, objects.items, objects.count),
    };
    return kubectl_run_one(kubectl, run);
}
