/* Checks existing objects that are not ours. A live object with the name of a rendered one, but
 * without our field manager, is an error that names its managers. Exceptions: the Namespace and the
 * Secret manual-secrets, which are never applied over existing ones, and objects with exactly our
 * labels (restored from a backup, or left by Argo CD). `--adopt` adopts the others, without force,
 * and records it; an object that another tool or manager would change again is an error. */
#include "cluster/apply.h"

#include "cluster/live.h"
#include "cluster/ownership.h"

#include <string.h>

/* A rendered object and the live one of its name. */
struct candidate {
    struct apply *apply;
    const struct rollout *rollout;
    struct node *object;
    struct node *live;
};

static struct str candidate_title(const struct candidate *candidate)
{
    return object_title(&candidate->apply->cluster.arena, candidate->live);
}

/* Layers, modules and environments that share a namespace may use the same names. */
static bool check_labels(const struct candidate *candidate)
{
    struct diags *diags = &candidate->apply->cluster.diags;
    const struct deployed_service *deployed = candidate->rollout->deployed;
    const struct layer *layer = deployed->service->layer;
    struct str other_layer = object_label(candidate->live, LAYER_LABEL);
    struct str module = object_label(candidate->live, MODULE_LABEL);
    struct str environment = object_label(candidate->live, ENVIRONMENT_LABEL);
    if (other_layer.len == 0)
        return true;
    if (!str_equal(other_layer, layer->name) || !str_equal(module, deployed->service->name)) {
        diag_error(diags, deployed->service->at, RULE_OWNED_BY_OTHER,
                   "%.*s in namespace \"%.*s\" belongs to service \"%.*s\" of layer \"%.*s\"",
                   STR_ARG(candidate_title(candidate)), STR_ARG(deployed->namespace->name),
                   STR_ARG(module), STR_ARG(other_layer));
        diag_hint(diags, "rename one of them, or apply to a separate namespace: -n NAME");
        return false;
    }
    if (environment.len && !str_equal(environment, layer->environment.name)) {
        diag_error(diags, deployed->service->at, RULE_OWNED_BY_OTHER,
                   "%.*s in namespace \"%.*s\" belongs to environment \"%.*s\"",
                   STR_ARG(candidate_title(candidate)), STR_ARG(deployed->namespace->name),
                   STR_ARG(environment));
        diag_hint(diags,
                  "delete the service of that environment first, or apply to a separate namespace: "
                  "-n NAME");
        return false;
    }
    return true;
}

/* Helm stores each release in a Secret, or in a ConfigMap with HELM_DRIVER=configmap. If they
 * cannot be read, warns and assumes that the release exists. */
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

/* Returns the namespace of the Helm release of an object. */
static struct str release_namespace(const struct node *live)
{
    struct str namespace = object_annotation(live, "meta.helm.sh/release-namespace");
    return namespace.len ? namespace : object_namespace(live);
}

static void refuse_helm(const struct candidate *candidate)
{
    struct arena *arena = &candidate->apply->cluster.arena;
    struct diags *diags = &candidate->apply->cluster.diags;
    struct str release = object_annotation(candidate->live, "meta.helm.sh/release-name");
    struct str namespace = release_namespace(candidate->live);
    diag_error(diags, candidate->rollout->deployed->service->at, RULE_OWNED_BY_OTHER,
               "%.*s in namespace \"%.*s\" belongs to Helm release \"%.*s\"",
               STR_ARG(candidate_title(candidate)), STR_ARG(object_namespace(candidate->live)),
               STR_ARG(release));
    diag_hint(diags,
              "rename the module; or keep the release, and inject the service file into the chart "
              "with helm-postrender;\nor set the annotation helm.sh/resource-policy: keep in the "
              "chart, upgrade the release,\nrun `helm uninstall %.*s -n %.*s`, and apply with "
              "--adopt",
              STR_ARG(str_shell(arena, release)), STR_ARG(str_shell(arena, namespace)));
}

static void refuse_argo_cd(const struct candidate *candidate, bool exact)
{
    struct arena *arena = &candidate->apply->cluster.arena;
    struct diags *diags = &candidate->apply->cluster.diags;
    struct str title = candidate_title(candidate);
    struct str namespace = object_namespace(candidate->live);
    struct buf commands = {0};
    /* First, because the entry of a manager that owns nothing more is removed. */
    struct str forget = object_forget_argo_cd(arena, candidate->live);
    if (forget.len && !exact)
        buf_format(&commands, "%.*s\n", STR_ARG(forget));
    if (object_annotation(candidate->live, "argocd.argoproj.io/tracking-id").len)
        buf_format(&commands, "kubectl annotate %.*s -n %.*s argocd.argoproj.io/tracking-id-\n",
                   STR_ARG(title), STR_ARG(namespace));
    if (object_label(candidate->live, "argocd.argoproj.io/instance").len)
        buf_format(&commands, "kubectl label %.*s -n %.*s argocd.argoproj.io/instance-\n",
                   STR_ARG(title), STR_ARG(namespace));
    diag_error(diags, candidate->rollout->deployed->service->at, RULE_OWNED_BY_OTHER,
               "%.*s in namespace \"%.*s\" is managed by Argo CD", STR_ARG(title),
               STR_ARG(namespace));
    diag_hint(diags,
              "rename the module; or delete its Application with --cascade=false%s%.*sand apply%s",
              commands.len ? ", and then:\n" : " ", STR_ARG(buf_str(&commands)),
              exact ? "" : " with --adopt");
    buf_free(&commands);
}

/* The hint removes all labels of Flux from the object. */
static void refuse_flux(const struct candidate *candidate)
{
    struct diags *diags = &candidate->apply->cluster.diags;
    struct buf names = {0};
    const struct node *label = node_first_child(node_at(candidate->live, "metadata labels"));
    for (; label; label = label->next)
        if (str_starts_with(label->key->text, STR("kustomize.toolkit.fluxcd.io/")) ||
            str_starts_with(label->key->text, STR("helm.toolkit.fluxcd.io/")))
            buf_format(&names, " %.*s-", STR_ARG(label->key->text));
    struct str title = candidate_title(candidate);
    struct str namespace = object_namespace(candidate->live);
    diag_error(diags, candidate->rollout->deployed->service->at, RULE_OWNED_BY_OTHER,
               "%.*s in namespace \"%.*s\" is managed by Flux", STR_ARG(title), STR_ARG(namespace));
    diag_hint(
        diags,
        "rename the module; or remove the object from its Kustomization or HelmRelease with "
        "pruning disabled,\nand then:\nkubectl label %.*s -n %.*s%.*s\nand apply with --adopt",
        STR_ARG(title), STR_ARG(namespace), STR_ARG(buf_str(&names)));
    buf_free(&names);
}

/* Before version 3, Argo CD by default tracks objects by this label: it replaces the value that we
 * set. */
static const char instance_label[] = "app.kubernetes.io/instance";

static bool has_instance_of_others(const struct candidate *candidate)
{
    struct str instance = object_label(candidate->live, instance_label);
    return instance.len && !str_equal(instance, object_label(candidate->object, instance_label));
}

/* Returns the Application of an object, from its tracking id "APPLICATION:GROUP/KIND:..." or label.
 * For a namespace other than Argo CD's that is "NAMESPACE_APPLICATION". */
static struct str application_of(const struct node *live)
{
    struct str id = object_annotation(live, "argocd.argoproj.io/tracking-id");
    struct str name = id.len ? str_slice(id, 0, str_find(id, 0, ':'))
                             : object_label(live, "argocd.argoproj.io/instance");
    name = name.len ? name : object_label(live, instance_label);
    size_t underscore = str_find(name, 0, '_');
    return underscore < name.len ? str_skip(name, underscore + 1) : name;
}

/* For an object with exactly our labels, which Argo CD may have left. Applications in other
 * clusters are not visible. */
static bool application_exists(const struct candidate *candidate)
{
    struct cluster *cluster = &candidate->apply->cluster;
    const struct kubectl *kubectl = &cluster->kubectl;
    struct str name = application_of(candidate->live);
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
        "%.*s is marked as part of Argo CD application \"%.*s\", which does not exist in this "
        "cluster; if Argo CD manages it from another cluster, it will revert changes",
        STR_ARG(candidate_title(candidate)), STR_ARG(name));
    return false;
}

/* Reports an object whose changes another tool would revert, and returns false. */
static bool check_tool(const struct candidate *candidate, bool exact)
{
    enum tool tool = object_tool(candidate->live);
    bool tracked = object_is_tracked(candidate->live, tool) || has_instance_of_others(candidate);
    struct str release = object_annotation(candidate->live, "meta.helm.sh/release-name");
    if (tool == TOOL_ARGO_CD && (exact ? tracked && application_exists(candidate) : true)) {
        refuse_argo_cd(candidate, exact);
        return false;
    }
    if (tool == TOOL_FLUX) {
        refuse_flux(candidate);
        return false;
    }
    if (tool == TOOL_HELM &&
        release_exists(candidate->apply, release_namespace(candidate->live), release)) {
        refuse_helm(candidate);
        return false;
    }
    return true;
}

/* Hints how to migrate a workload that cannot be adopted. */
static void hint_move(const struct candidate *candidate)
{
    struct str title = candidate_title(candidate);
    struct str namespace = object_namespace(candidate->live);
    diag_hint(
        &candidate->apply->cluster.diags,
        "deploy the service under another name, switch the traffic, and delete the workload;\n"
        "or delete the workload without its pods, and apply again:\n"
        "kubectl delete %.*s -n %.*s --cascade=orphan\n"
        "docs/adoption.md describes how to do this without downtime",
        STR_ARG(title), STR_ARG(namespace));
}

/* A selector is immutable, and the running pods do not match ours. */
static bool check_selector(const struct candidate *candidate)
{
    const char *path = "spec selector";
    if (!kind_is(candidate->object, ROLE_WORKLOAD) ||
        node_equal(node_at(candidate->object, path), node_at(candidate->live, path)))
        return true;
    diag_error(&candidate->apply->cluster.diags, candidate->rollout->deployed->service->at,
               RULE_IMMUTABLE_FIELD,
               "%.*s in namespace \"%.*s\" has a different selector, which cannot be changed",
               STR_ARG(candidate_title(candidate)), STR_ARG(object_namespace(candidate->live)));
    hint_move(candidate);
    return false;
}

static void refuse_unknown(const struct candidate *candidate)
{
    struct arena *arena = &candidate->apply->cluster.arena;
    struct diags *diags = &candidate->apply->cluster.diags;
    struct str managers = object_managers(arena, candidate->live);
    diag_error(diags, candidate->rollout->deployed->service->at, RULE_OWNED_BY_OTHER,
               "%.*s in namespace \"%.*s\" exists and was not created by apply%s%.*s",
               STR_ARG(candidate_title(candidate)), STR_ARG(object_namespace(candidate->live)),
               managers.len ? "; it is managed by " : "", STR_ARG(managers));
    diag_hint(diags, "rename the module, or pass --adopt to adopt it");
}

static void adopt(struct apply *apply, struct node *live)
{
    struct arena *arena = &apply->cluster.arena;
    manifests_add(&apply->adopted, live);
    map_add(arena, &apply->adopted_keys, object_key(arena, live), live);
}

static void check_owner(const struct candidate *candidate)
{
    struct apply *apply = candidate->apply;
    if (!check_labels(candidate) || object_applied_by(candidate->live, MANAGER))
        return;
    bool exact =
        deployed_service_labels(candidate->rollout->deployed, candidate->live) == LABELS_OURS;
    if (!check_tool(candidate, exact) || exact)
        return;
    if (!apply->cluster.options->apply.adopt)
        refuse_unknown(candidate);
    else if (check_selector(candidate))
        adopt(apply, candidate->live);
}

/* Reports a stale object that would still act but is not ours to delete. */
static void check_blocked(struct apply *apply, const struct node *live)
{
    struct str title = object_title(&apply->cluster.arena, live);
    diag_error(&apply->cluster.diags, NO_LOCATION, RULE_OWNED_BY_OTHER,
               "%.*s in namespace \"%.*s\" is no longer needed and would still act, but it %s",
               STR_ARG(title), STR_ARG(object_namespace(live)),
               object_is_adopted(live)
                   ? "was adopted"
                   : "has no environment label and may belong to another environment");
    diag_hint(&apply->cluster.diags, "delete it: kubectl delete %.*s -n %.*s", STR_ARG(title),
              STR_ARG(object_namespace(live)));
}

static void check_object(struct apply *apply, const struct rollout *rollout, struct node *object)
{
    struct candidate candidate = {
        apply, rollout, object,
        namespace_find(&apply->cluster.arena, rollout->deployed->namespace, object)};
    if (candidate.live)
        check_owner(&candidate);
}

void apply_check_owners(struct apply *apply)
{
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        const struct deployed_service *deployed = rollout->deployed;
        for (size_t j = 0; j < deployed->count; j++)
            check_object(apply, rollout, deployed->objects[j]);
        if (rollout->job)
            check_object(apply, rollout, rollout->job);
    }
    for (size_t i = 0; i < apply->blocked.count; i++)
        check_blocked(apply, apply->blocked.items[i]);
}

bool apply_adopts(struct apply *apply, const struct node *live)
{
    return map_get(&apply->adopted_keys, object_key(&apply->cluster.arena, live)) == live;
}

/* Adds the items of a pod's list in `after` that are not in `ours`: they have another manager and
 * would remain. */
static void add_leftovers(struct buf *found, const struct node *after, const struct node *ours,
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

/* The same for fields of a container. */
static void add_leftover_fields(struct buf *found, const struct node *after,
                                const struct node *ours)
{
    static const char *const names[] = {"command", "args", "envFrom"};
    for (size_t i = 0; i < COUNT_OF(names); i++)
        if (node_at(after, names[i]) && !node_at(ours, names[i]))
            buf_add_joined(found, ", ", str_from_c(names[i]));
}

static struct str list_leftovers(struct arena *arena, const struct node *after,
                                 const struct node *ours)
{
    static const char *const lists[] = {"containers", "initContainers", "volumes"};
    struct buf found = {0};
    after = node_at(after, "spec template spec");
    ours = node_at(ours, "spec template spec");
    for (size_t i = 0; i < COUNT_OF(lists); i++)
        add_leftovers(&found, after, ours, lists[i], "name");
    const struct node *container = node_first_child(node_at(ours, "containers"));
    for (; container; container = container->next) {
        const struct node *same = node_first_child(node_at(after, "containers"));
        while (same && !str_equal(node_string(node_get(same, "name")),
                                  node_string(node_get(container, "name"))))
            same = same->next;
        add_leftovers(&found, same, container, "env", "name");
        add_leftovers(&found, same, container, "volumeMounts", "mountPath");
        add_leftover_fields(&found, same, container);
    }
    return buf_take(arena, &found);
}

void apply_check_adopted(struct apply *apply, const struct node *after)
{
    struct arena *arena = &apply->cluster.arena;
    struct map index = apply->adopted.count ? object_index(arena, after) : (struct map){0};
    for (size_t i = 0; i < apply->cluster.service_count && index.count; i++) {
        const struct rollout *rollout = &apply->rollouts[i];
        struct candidate candidate = {apply, rollout, rollout->workload, rollout->live};
        if (!candidate.live || !apply_adopts(apply, candidate.live))
            continue;
        const struct node *same = map_get(&index, object_key(arena, candidate.live));
        struct str found = {0};
        if (same)
            found = list_leftovers(arena, same, candidate.object);
        if (found.len == 0)
            continue;
        diag_error(&apply->cluster.diags, rollout->deployed->service->at, RULE_FIELD_CONFLICT,
                   "%.*s in namespace \"%.*s\" would keep fields of another manager: %.*s",
                   STR_ARG(candidate_title(&candidate)), STR_ARG(object_namespace(candidate.live)),
                   STR_ARG(found));
        hint_move(&candidate);
    }
}

/* Uses a separate manager, so that later applies do not remove the annotation. Removes the
 * annotation of `kubectl apply`: with it, `kubectl apply --server-side` would make us the manager
 * of all fields that it set, and remove those that we do not render. */
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
