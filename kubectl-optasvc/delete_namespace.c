#include "delete_namespace.h"

#include "cluster/ownership.h"

#include <string.h>

/* An object of the namespace. */
struct held {
    struct str version;
    struct str kind;
    struct str name;
    struct str uid;
    struct str controller;     /* the uid of the object that controls it; empty: none */
    bool token;                /* a Secret with the token of the default ServiceAccount */
    const struct held *parent; /* its controller, if it is in the namespace */
    bool to_delete;
};

struct holding {
    struct held *items;
    size_t count;
};

static bool is_report(struct str kind)
{
    return str_eq_c(kind, "events") || str_eq_c(kind, "events.events.k8s.io") ||
           str_eq_c(kind, "pods.metrics.k8s.io");
}

/* Every kind of object that a namespace can hold, but for reports about other objects, as kubectl
 * takes them; an argument may not be of any length. */
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
        if (!is_report(kind))
            buf_add_joined(&kinds, ",", kind);
        if (kinds.len && (kinds.len >= PROCESS_NAMES_MAX || at >= text.len))
            argv_add(kubectl->arena, &lists, buf_take(kubectl->arena, &kinds).data);
    }
    process_free(&run);
    return lists;
}

/* The objects themselves stay in kubectl, for Secrets are among them. A tab ends each field. */
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

static void take_held(struct arena *arena, struct str text, struct holding *holding)
{
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        holding->items = arena_grow(arena, holding->items, holding->count, sizeof *holding->items);
        struct held *held = &holding->items[holding->count++];
        *held = (struct held){.version = next_field(&line)};
        held->kind = next_field(&line);
        held->name = next_field(&line);
        held->uid = next_field(&line);
        held->controller = next_field(&line);
        held->token = next_field(&line).len > 0;
    }
}

static struct holding list_held(const struct cluster *cluster,
                                const struct cluster_namespace *namespace, const struct argv *kinds)
{
    struct kubectl kubectl = cluster->kubectl;
    struct holding holding = {0};
    struct runs runs = {0};
    kubectl.secret = true;
    for (size_t i = 0; i < kinds->count; i++)
        runs_add(kubectl.arena, &runs,
                 (struct process){.arguments =
                                      kubectl_argv(&kubectl, "get", kinds->items[i], "--namespace",
                                                   namespace->name.data, template, NULL)
                                          .items});
    process_run(runs.items, runs.count); /* without kubectl's warnings about deprecated kinds */
    for (size_t i = 0; i < runs.count; i++) {
        if (!process_succeeded(&runs.items[i]))
            kubectl_report(&kubectl, &runs.items[i]);
        take_held(kubectl.arena, str_copy(kubectl.arena, buf_str(&runs.items[i].output)), &holding);
        process_free(&runs.items[i]);
    }
    return holding;
}

static bool is_core(const struct held *held, const char *kind)
{
    return str_eq_c(held->version, "v1") && str_eq_c(held->kind, kind);
}

/* What Kubernetes puts into every namespace. */
static bool is_of_kubernetes(const struct held *held)
{
    return (is_core(held, "ServiceAccount") && str_eq_c(held->name, "default")) ||
           (is_core(held, "ConfigMap") && str_eq_c(held->name, "kube-root-ca.crt")) ||
           (is_core(held, "Secret") && held->token);
}

static struct str endpoints_key(struct arena *arena, struct str namespace, struct str name)
{
    return str_format(arena, "%.*s/%.*s", STR_ARG(namespace), STR_ARG(name));
}

/* By their uids, and Services also as "NAMESPACE/NAME", for their Endpoints have no owner. */
struct map namespace_deleted(struct arena *arena, const struct manifests *objects)
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

static bool is_deleted(struct arena *arena, const struct held *held,
                       const struct cluster_namespace *namespace, const struct map *deleted)
{
    return map_get(deleted, held->uid) ||
           (is_core(held, "Endpoints") &&
            map_get(deleted, endpoints_key(arena, namespace->name, held->name)));
}

/* An object is deleted with the one that controls it. One whose owner is in no namespace is not. */
static void mark(struct arena *arena, struct holding *holding,
                 const struct cluster_namespace *namespace, const struct map *deleted,
                 const struct map *known)
{
    enum { CHAIN_MAX = 8 };
    struct map uids = {0};
    for (size_t i = 0; i < holding->count; i++) {
        struct held *held = &holding->items[i];
        held->to_delete = is_of_kubernetes(held) || is_deleted(arena, held, namespace, deleted) ||
                          map_get(known, held->uid) || map_get(known, held->controller);
        map_add(arena, &uids, held->uid, held);
    }
    for (size_t i = 0; i < holding->count; i++)
        holding->items[i].parent = map_get(&uids, holding->items[i].controller);
    for (size_t i = 0; i < holding->count; i++) {
        const struct held *parent = holding->items[i].parent;
        for (int j = 0; parent && !parent->to_delete && j < CHAIN_MAX; j++)
            parent = parent->parent;
        holding->items[i].to_delete |= parent && parent->to_delete;
    }
}

/* A namespace is ours if apply created it for this layer and environment. */
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

/* Lists what would remain; true if nothing would. */
static bool report_left(struct cluster *cluster, const struct cluster_namespace *namespace,
                        const struct holding *holding, const char *consequence)
{
    enum { SHOWN = 20 }; /* a hint has room for them */
    struct buf left = {0};
    size_t count = 0;
    for (size_t i = 0; i < holding->count; i++)
        if (!holding->items[i].to_delete && count++ < SHOWN)
            buf_format(&left, "%.*s %.*s\n", STR_ARG(holding->items[i].kind),
                       STR_ARG(holding->items[i].name));
    if (count > SHOWN)
        buf_format(&left, "and %zu more\n", count - SHOWN);
    if (count) {
        diag_error(&cluster->diags, NO_LOCATION, "the namespace \"%.*s\" holds other objects; %s",
                   STR_ARG(namespace->name), consequence);
        diag_hint(&cluster->diags, "delete them first, or omit --with-namespace:\n%.*s",
                  STR_ARG(str_slice(buf_str(&left), 0, left.len - 1)));
    }
    buf_free(&left);
    return count == 0;
}

bool namespace_check(struct cluster *cluster, const struct cluster_namespace *namespace,
                     const struct map *deleted, struct map *known, const char *consequence)
{
    struct diags *diags = &cluster->diags;
    struct arena *arena = cluster->kubectl.arena;
    const char *foreign = check_owner(arena, namespace);
    if (foreign) {
        diag_error(diags, NO_LOCATION, "the namespace \"%.*s\" %s", STR_ARG(namespace->name),
                   foreign);
        diag_hint(diags, "omit --with-namespace, or: kubectl delete namespace %.*s",
                  STR_ARG(namespace->name));
        return false;
    }
    struct argv kinds = list_kinds(&cluster->kubectl);
    struct holding holding = list_held(cluster, namespace, &kinds);
    mark(arena, &holding, namespace, deleted, known);
    if (!kinds.count || !report_left(cluster, namespace, &holding, consequence))
        return false;
    for (size_t i = 0; i < holding.count; i++)
        map_add(&cluster->arena, known, holding.items[i].uid, namespace);
    return true;
}
