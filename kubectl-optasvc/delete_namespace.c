#include "delete_namespace.h"

#include "cluster/ownership.h"

#include <string.h>

/* An object in the namespace. */
struct object_info {
    struct str version;
    struct str kind;
    struct str name;
    struct str uid;
    struct str controller;            /* uid of its controller; empty if none */
    bool is_default_token;            /* true for the token Secret of the default ServiceAccount */
    const struct object_info *parent; /* its controller; NULL if not in the namespace */
    bool to_delete;
};

struct namespace_contents {
    struct object_info *items;
    size_t count;
};

static bool is_about_other_objects(struct str kind)
{
    return str_eq_c(kind, "events") || str_eq_c(kind, "events.events.k8s.io") ||
           str_eq_c(kind, "pods.metrics.k8s.io");
}

/* Returns all namespaced kinds, except those that only describe other objects, as lists for
 * `kubectl get`. There may be several lists because the length of an argument is limited. */
static struct argv list_kinds(const struct kubectl *kubectl)
{
    struct process run = {.arguments = kubectl_argv(kubectl, "api-resources", "--namespaced",
                                                    "--verbs=list", "--output=name", NULL)
                                           .items};
    kubectl_run(kubectl, &run, 1);
    struct str text = buf_str(&run.output);
    struct argv lists = {0};
    struct buf kinds = {0};
    if (!process_succeeded(&run))
        kubectl_report(kubectl, &run);
    struct str kind;
    for (size_t at = 0; str_next_line(text, &at, &kind);) {
        if (!is_about_other_objects(kind))
            buf_add_joined(&kinds, ",", kind);
        if (kinds.len && (kinds.len >= PROCESS_NAMES_MAX || at >= text.len))
            argv_add(kubectl->arena, &lists, buf_take(kubectl->arena, &kinds).data);
    }
    process_free(&run);
    return lists;
}

/* Prints only metadata, because the objects include Secrets. Each field ends with a tab. */
static const char template[] =
    "--output=go-template={{range .items}}{{.apiVersion}}\t{{.kind}}\t{{.metadata.name}}\t"
    "{{.metadata.uid}}\t{{range .metadata.ownerReferences}}{{if .controller}}{{.uid}}{{end}}{{end}}"
    "\t{{if eq .kind \"Secret\"}}{{if eq .type \"kubernetes.io/service-account-token\"}}"
    "{{with .metadata.annotations}}{{with index . \"kubernetes.io/service-account.name\"}}"
    "{{if eq . \"default\"}}token{{end}}{{end}}{{end}}{{end}}{{end}}\t{{\"\\n\"}}{{end}}";

static struct str next_field(struct str *line)
{
    size_t end = str_find(*line, 0, '\t');
    struct str field = str_slice(*line, 0, end);
    *line = str_skip(*line, end + 1);
    return field;
}

static void parse_objects(struct arena *arena, struct str text, struct namespace_contents *contents)
{
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        contents->items =
            arena_grow(arena, contents->items, contents->count, sizeof *contents->items);
        struct object_info *object = &contents->items[contents->count++];
        *object = (struct object_info){.version = next_field(&line)};
        object->kind = next_field(&line);
        object->name = next_field(&line);
        object->uid = next_field(&line);
        object->controller = next_field(&line);
        object->is_default_token = next_field(&line).len > 0;
    }
}

static struct namespace_contents list_objects(const struct cluster *cluster,
                                              const struct cluster_namespace *namespace,
                                              const struct argv *kinds)
{
    struct kubectl kubectl = cluster->kubectl;
    struct namespace_contents contents = {0};
    struct runs runs = {0};
    kubectl.secret = true;
    for (size_t i = 0; i < kinds->count; i++)
        runs_add(kubectl.arena, &runs,
                 (struct process){.arguments =
                                      kubectl_argv(&kubectl, "get", kinds->items[i], "--namespace",
                                                   namespace->name.data, template, NULL)
                                          .items});
    kubectl_poll(&kubectl, runs.items, runs.count); /* hides warnings about deprecated kinds */
    for (size_t i = 0; i < runs.count; i++) {
        if (!process_succeeded(&runs.items[i]))
            kubectl_report(&kubectl, &runs.items[i]);
        parse_objects(kubectl.arena, str_copy(kubectl.arena, buf_str(&runs.items[i].output)),
                      &contents);
        process_free(&runs.items[i]);
    }
    return contents;
}

static bool is_core(const struct object_info *object, const char *kind)
{
    return str_eq_c(object->version, "v1") && str_eq_c(object->kind, kind);
}

/* True if Kubernetes creates the object in every namespace. */
static bool is_created_by_kubernetes(const struct object_info *object)
{
    return (is_core(object, "ServiceAccount") && str_eq_c(object->name, "default")) ||
           (is_core(object, "ConfigMap") && str_eq_c(object->name, "kube-root-ca.crt")) ||
           (is_core(object, "Secret") && object->is_default_token);
}

static struct str endpoints_key(struct arena *arena, struct str namespace, struct str name)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(namespace), STR_ARG(name));
}

/* The keys are uids and, for Services, also "NAMESPACE/NAME": Endpoints have no owner reference. */
struct map namespace_index_deleted(struct arena *arena, const struct manifests *objects)
{
    struct map deleted = {0};
    for (size_t i = 0; i < objects->count; i++) {
        const struct node *object = objects->items[i];
        map_add(arena, &deleted, object_uid(object), object);
        if (kind_is(object, ROLE_SERVICE))
            map_add(arena, &deleted,
                    endpoints_key(arena, object_namespace(object), object_name(object)), object);
    }
    return deleted;
}

static bool is_deleted(struct arena *arena, const struct object_info *object,
                       const struct cluster_namespace *namespace, const struct map *deleted)
{
    return map_get(deleted, object->uid) ||
           (is_core(object, "Endpoints") &&
            map_get(deleted, endpoints_key(arena, namespace->name, object->name)));
}

/* Marks objects that are deleted directly or with their controller. Objects whose controller is
 * cluster-scoped remain. */
static void mark_deleted(struct arena *arena, struct namespace_contents *contents,
                         const struct cluster_namespace *namespace, const struct map *deleted,
                         const struct map *known_uids)
{
    enum { CHAIN_MAX = 8 };
    struct map uids = {0};
    for (size_t i = 0; i < contents->count; i++) {
        struct object_info *object = &contents->items[i];
        object->to_delete =
            is_created_by_kubernetes(object) || is_deleted(arena, object, namespace, deleted) ||
            map_get(known_uids, object->uid) || map_get(known_uids, object->controller);
        map_add(arena, &uids, object->uid, object);
    }
    for (size_t i = 0; i < contents->count; i++)
        contents->items[i].parent = map_get(&uids, contents->items[i].controller);
    for (size_t i = 0; i < contents->count; i++) {
        const struct object_info *parent = contents->items[i].parent;
        for (int j = 0; parent && !parent->to_delete && j < CHAIN_MAX; j++)
            parent = parent->parent;
        contents->items[i].to_delete |= parent && parent->to_delete;
    }
}

/* Returns NULL if apply created the namespace for this layer and environment, else the reason. */
static const char *check_owner(struct arena *arena, const struct cluster_namespace *namespace)
{
    if (!namespace->object)
        return "cannot be read";
    if (!object_applied_by(namespace->object, MANAGER))
        return "was not created by apply";
    return namespace_layer_labels(arena, namespace, namespace->object) == LABELS_OURS
               ? NULL
               : "was created for another layer or environment";
}

/* Reports the objects that would remain. Returns true if there are none. */
static bool report_remaining(struct cluster *cluster, const struct cluster_namespace *namespace,
                             const struct namespace_contents *contents, const char *consequence)
{
    enum { LISTED_MAX = 20 }; /* limited by the size of a hint */
    struct buf remaining = {0};
    size_t count = 0;
    for (size_t i = 0; i < contents->count; i++)
        if (!contents->items[i].to_delete && count++ < LISTED_MAX)
            buf_format(&remaining, "%.*s %.*s\n", STR_ARG(contents->items[i].kind),
                       STR_ARG(contents->items[i].name));
    if (count > LISTED_MAX)
        buf_format(&remaining, "and %zu more\n", count - LISTED_MAX);
    if (count) {
        diag_error(&cluster->diags, NO_LOCATION, RULE_NAMESPACE_IN_USE,
                   "namespace \"%.*s\" contains other objects; %s", STR_ARG(namespace->name),
                   consequence);
        diag_hint(&cluster->diags,
                  "delete them first, with kubectl delete KIND NAME -n %.*s, or omit "
                  "--delete-namespace:\n%.*s",
                  STR_ARG(namespace->name),
                  STR_ARG(str_slice(buf_str(&remaining), 0, remaining.len - 1)));
    }
    buf_free(&remaining);
    return count == 0;
}

bool namespace_check_deletable(struct cluster *cluster, const struct cluster_namespace *namespace,
                               const struct map *deleted, struct map *known_uids,
                               const char *consequence)
{
    struct diags *diags = &cluster->diags;
    struct arena *arena = cluster->kubectl.arena;
    const char *problem = check_owner(arena, namespace);
    if (problem) {
        diag_error(diags, NO_LOCATION, RULE_NAMESPACE_IN_USE, "namespace \"%.*s\" %s",
                   STR_ARG(namespace->name), problem);
        diag_hint(diags, "omit --delete-namespace, or run: kubectl delete namespace %.*s",
                  STR_ARG(namespace->name));
        return false;
    }
    struct argv kinds = list_kinds(&cluster->kubectl);
    struct namespace_contents contents = list_objects(cluster, namespace, &kinds);
    mark_deleted(arena, &contents, namespace, deleted, known_uids);
    if (!kinds.count || !report_remaining(cluster, namespace, &contents, consequence))
        return false;
    for (size_t i = 0; i < contents.count; i++)
        map_add(&cluster->arena, known_uids, contents.items[i].uid, namespace);
    return true;
}
