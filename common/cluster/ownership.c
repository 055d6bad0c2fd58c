#include "cluster/ownership.h"

#include "cluster/live.h"

#include <string.h>

static const char argo_manager[] = "argocd-controller";

enum label_match deployed_service_labels(const struct deployed_service *deployed,
                                         const struct node *object)
{
    const struct layer *layer = deployed->service->layer;
    struct str environment = object_label(object, ENVIRONMENT_LABEL);
    if (!str_equal(object_label(object, LAYER_LABEL), layer->name) ||
        !str_equal(object_label(object, MODULE_LABEL), deployed->service->name))
        return LABELS_OTHER;
    if (str_equal(environment, layer->environment.name))
        return LABELS_OURS;
    return environment.len ? LABELS_OTHER : LABELS_UNCLAIMED;
}

enum label_match namespace_labels(struct arena *arena, const struct cluster_namespace *namespace,
                                  const struct node *object)
{
    const struct deployed_service *deployed = namespace_service(arena, namespace, object);
    return deployed ? deployed_service_labels(deployed, object) : LABELS_OTHER;
}

enum label_match namespace_layer_labels(struct arena *arena,
                                        const struct cluster_namespace *namespace,
                                        const struct node *object)
{
    struct str layer = object_label(object, LAYER_LABEL);
    struct str environment = object_label(object, ENVIRONMENT_LABEL);
    if (namespace_has_layer(arena, namespace, layer, environment))
        return LABELS_OURS;
    return environment.len || !map_get(&namespace->layers, layer) ? LABELS_OTHER : LABELS_UNCLAIMED;
}

bool deployed_service_owns(const struct deployed_service *deployed, const struct node *object)
{
    return deployed_service_labels(deployed, object) == LABELS_OURS &&
           object_applied_by(object, MANAGER) && !object_has_controller(object);
}

bool deployed_service_shows(const struct deployed_service *deployed, const struct node *object)
{
    for (int i = 0; object && i < CONTROLLERS_MAX; i++) {
        if (deployed_service_labels(deployed, object) == LABELS_OURS)
            return true;
        object = namespace_find_uid(deployed->namespace, object_controller(object));
    }
    return false;
}

struct node *deployed_service_live_workload(const struct deployed_service *deployed,
                                            enum label_match match)
{
    for (size_t i = 0; i < deployed->related_count; i++) {
        struct node *live = deployed->related[i];
        if (kind_is(live, ROLE_WORKLOAD) && str_equal(object_name(live), deployed->service->name) &&
            !object_has_controller(live) && deployed_service_labels(deployed, live) == match)
            return live;
    }
    return NULL;
}

bool object_is_adopted(const struct node *object)
{
    return str_eq_c(object_annotation(object, ADOPTED_ANNOTATION), "true");
}

static bool has_label_below(const struct node *object, const char *prefix)
{
    const struct node *label = node_first_child(node_at(object, "metadata labels"));
    while (label && !str_starts_with(label->key->text, str_from_c(prefix)))
        label = label->next;
    return label != NULL;
}

static bool has_manager(const struct node *object, const char *manager)
{
    const struct node *entry = node_first_child(node_at(object, "metadata managedFields"));
    while (entry && !str_eq_c(node_string(node_get(entry, "manager")), manager))
        entry = entry->next;
    return entry != NULL;
}

bool object_is_tracked(const struct node *object, enum tool tool)
{
    switch (tool) {
    case TOOL_ARGO_CD:
        return object_annotation(object, "argocd.argoproj.io/tracking-id").len ||
               object_label(object, "argocd.argoproj.io/instance").len;
    case TOOL_FLUX:
        return has_label_below(object, "kustomize.toolkit.fluxcd.io/") ||
               has_label_below(object, "helm.toolkit.fluxcd.io/");
    case TOOL_HELM:
        return str_eq_c(object_label(object, "app.kubernetes.io/managed-by"), "Helm") &&
               object_annotation(object, "meta.helm.sh/release-name").len;
    case TOOL_NONE:
        break;
    }
    return false;
}

enum tool object_tool(const struct node *object)
{
    for (enum tool tool = TOOL_ARGO_CD; tool <= TOOL_HELM; tool++)
        if (object_is_tracked(object, tool))
            return tool;
    return has_manager(object, argo_manager) ? TOOL_ARGO_CD : TOOL_NONE;
}

const char *tool_name(enum tool tool)
{
    static const char *const names[] = {
        [TOOL_NONE] = "", [TOOL_ARGO_CD] = "Argo CD", [TOOL_FLUX] = "Flux", [TOOL_HELM] = "Helm"};
    return names[tool];
}

/* Controllers own the status and, through the scale subresource, the replicas; the owner of other
 * fields manages the object. */
static bool is_manager(const struct node *entry)
{
    struct str manager = node_string(node_get(entry, "manager"));
    return manager.len && !node_get(entry, "subresource") &&
           !str_starts_with(manager, STR(MANAGER)) && !str_eq_c(manager, "kube-controller-manager");
}

struct str object_managers(struct arena *arena, const struct node *object)
{
    enum tool tool = object_tool(object);
    struct buf names = {0};
    buf_add(&names, str_from_c(tool_name(tool)));
    const struct node *entry = node_first_child(node_at(object, "metadata managedFields"));
    struct map seen = {0};
    for (; entry && tool == TOOL_NONE; entry = entry->next) {
        struct str manager = node_string(node_get(entry, "manager"));
        if (is_manager(entry) && !map_add(arena, &seen, manager, entry))
            buf_add_joined(&names, ", ", str_format(arena, "\"%.*s\"", STR_ARG(manager)));
    }
    return buf_take(arena, &names);
}

static bool is_one_of(struct str name, const char *const names[])
{
    for (size_t i = 0; names[i]; i++)
        if (str_eq_c(name, names[i]))
            return true;
    return false;
}

/* Returns JSON patch operations that remove the entries of these managers; empty if there are none.
 * They test that the entries are still those that were read. */
static struct str managers_patch(struct arena *arena, const struct node *object,
                                 const char *const managers[])
{
    const struct node *entry = node_first_child(node_at(object, "metadata managedFields"));
    struct buf patch = {0};
    const char **paths = NULL;
    size_t count = 0;
    for (size_t i = 0; entry; entry = entry->next, i++) {
        struct str manager = node_string(node_get(entry, "manager"));
        if (!is_one_of(manager, managers))
            continue;
        const char *path = str_format(arena, "\"path\":\"/metadata/managedFields/%zu", i).data;
        paths = arena_grow(arena, paths, count, sizeof *paths);
        paths[count++] = path;
        buf_format(&patch, "{\"op\":\"test\",%s/manager\",\"value\":\"%.*s\"},", path,
                   STR_ARG(manager));
    }
    /* From last to first, so that the other indexes remain valid. */
    for (size_t i = count; i-- > 0;)
        buf_format(&patch, "{\"op\":\"remove\",%s\"}%s", paths[i], i ? "," : "");
    return buf_take(arena, &patch);
}

struct str object_forget_argo_cd(struct arena *arena, const struct node *object)
{
    static const char *const managers[] = {argo_manager, NULL};
    struct str patch = managers_patch(arena, object, managers);
    return patch.len == 0 ? patch
                          : str_format(arena, "kubectl patch %.*s -n %.*s --type=json -p '[%.*s]'",
                                       STR_ARG(object_title(arena, object)),
                                       STR_ARG(object_namespace(object)), STR_ARG(patch));
}

/* Removes the labels that only we own. */
static struct str labels_patch(struct arena *arena, const struct node *object)
{
    const struct node *label = node_first_child(node_at(object, "metadata labels"));
    struct buf patch = {0};
    for (; label; label = label->next) {
        struct str key = label->key->text;
        const char *path = str_format(arena, "f:metadata f:labels f:%.*s", STR_ARG(key)).data;
        size_t slash = str_find(key, 0, '/'); /* "~1" in a JSON pointer */
        if (!object_field_applied_by(object, path, MANAGER) ||
            object_field_owner(object, path, MANAGER).len)
            continue;
        buf_format(&patch, "{\"op\":\"remove\",\"path\":\"/metadata/labels/%.*s%s%.*s\"},",
                   STR_ARG(str_slice(key, 0, slash)), slash < key.len ? "~1" : "",
                   STR_ARG(str_skip(key, slash + 1)));
    }
    return buf_take(arena, &patch);
}

static struct str release_patch(struct arena *arena, const struct node *object)
{
    static const char *const managers[] = {MANAGER, MANAGER_REPLICAS, MANAGER_ADOPTED, NULL};
    return str_format(arena,
                      "[{\"op\":\"test\",\"path\":\"/metadata/uid\",\"value\":\"%.*s\"},"
                      "{\"op\":\"remove\",\"path\":\"/metadata/annotations/opta.dev~1adopted\"},"
                      "%.*s%.*s]",
                      STR_ARG(object_uid(object)), STR_ARG(labels_patch(arena, object)),
                      STR_ARG(managers_patch(arena, object, managers)));
}

/* The patch tests what it removes, so it fails and is retried if a controller changes the object
 * meanwhile. */
bool ownership_release(struct cluster *cluster, const struct node *object)
{
    enum { TRIES = 5 };
    const struct kubectl *kubectl = &cluster->kubectl;
    const char *title = object_title(kubectl->arena, object).data;
    const char *namespace = str_to_c(kubectl->arena, object_namespace(object));
    for (int i = 1;; i++) {
        const struct node *live = kubectl_get(kubectl, title, "--namespace", namespace,
                                              "--ignore-not-found", "--show-managed-fields", NULL);
        if (!live)
            return cluster->diags.errors == 0 && !process_interrupted();
        if (!object_same_owner(object, live)) {
            diag_error(&cluster->diags, NO_LOCATION, RULE_NOT_DELETED,
                       "%s was not released: it was replaced or claimed by another owner", title);
            return false;
        }
        struct process run = {
            .arguments = kubectl_argv(kubectl, "patch", title, "--namespace", namespace,
                                      "--type=json", "--patch-file=/dev/stdin",
                                      "--field-manager=" MANAGER_ADOPTED, "--output=name", NULL)
                             .items,
            .input = release_patch(kubectl->arena, live),
        };
        kubectl_run(kubectl, &run, 1);
        bool ok = process_succeeded(&run);
        bool again = !ok && i < TRIES && !process_interrupted() &&
                     (kubectl_stderr_contains(&run, "the server rejected our request") ||
                      kubectl_stderr_contains(&run, "(Conflict)") ||
                      kubectl_stderr_contains(&run, "test failed"));
        if (!ok && !again)
            kubectl_report(kubectl, &run);
        process_free(&run);
        if (!again)
            return ok;
    }
}
