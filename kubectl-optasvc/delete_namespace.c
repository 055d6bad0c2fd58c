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

/* Every kind of object that a namespace can hold, but for reports about other objects. */
static const char *list_kinds(const struct kubectl *kubectl)
{
    static const char *const reports[] = {"events", "events.events.k8s.io", "pods.metrics.k8s.io"};
    struct process run = {.arguments = kubectl_argv(kubectl, "api-resources", "--namespaced",
                                                    "--verbs=list", "--output=name", NULL)
                                           .items};
    kubectl_run(kubectl, &run, 1);
    struct str text = str_copy(kubectl->arena, buf_str(&run.output));
    struct str kinds = {0};
    if (!process_right(&run))
        kubectl_report(kubectl, &run);
    process_free(&run);
    for (size_t at = 0; at < text.len;) {
        size_t end = str_find(text, at, '\n');
        struct str kind = str_slice(text, at, end);
        at = end + 1;
        bool report = false;
        for (size_t i = 0; i < sizeof reports / sizeof *reports; i++)
            report |= str_is(kind, reports[i]);
        if (!report)
            kinds = str_format(kubectl->arena, "%.*s%s%.*s", STR_ARG(kinds), kinds.len ? "," : "",
                               STR_ARG(kind));
    }
    return kinds.len ? kinds.data : NULL;
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
    *line = str_from(*line, end + 1);
    return field;
}

static struct holding list_held(const struct cluster *cluster,
                                const struct cluster_namespace *namespace, const char *kinds)
{
    struct kubectl kubectl = cluster->kubectl;
    kubectl.secret = true;
    struct process run = {.arguments = kubectl_argv(&kubectl, "get", kinds, "--namespace",
                                                    namespace->name.data, template, NULL)
                                           .items};
    process_run(&run, 1); /* without kubectl's warnings about kinds that are deprecated */
    struct str text = str_copy(kubectl.arena, buf_str(&run.output));
    struct holding holding = {0};
    if (!process_right(&run))
        kubectl_report(&kubectl, &run);
    process_free(&run);
    for (size_t at = 0; at < text.len;) {
        size_t end = str_find(text, at, '\n');
        struct str line = str_slice(text, at, end);
        at = end + 1;
        holding.items =
            arena_grow(kubectl.arena, holding.items, holding.count, sizeof *holding.items);
        struct held *held = &holding.items[holding.count++];
        *held = (struct held){.version = next_field(&line)};
        held->kind = next_field(&line);
        held->name = next_field(&line);
        held->uid = next_field(&line);
        held->controller = next_field(&line);
        held->token = next_field(&line).len > 0;
    }
    return holding;
}

static bool is_core(const struct held *held, const char *kind)
{
    return str_is(held->version, "v1") && str_is(held->kind, kind);
}

/* What Kubernetes puts into every namespace. */
static bool is_of_kubernetes(const struct held *held)
{
    return (is_core(held, "ServiceAccount") && str_is(held->name, "default")) ||
           (is_core(held, "ConfigMap") && str_is(held->name, "kube-root-ca.crt")) ||
           (is_core(held, "Secret") && held->token);
}

/* Endpoints have the name of their Service and no owner. */
static bool is_deleted(const struct held *held, const struct cluster_namespace *namespace,
                       const struct manifests *deleted)
{
    bool endpoints = is_core(held, "Endpoints");
    for (size_t i = 0; i < deleted->count; i++) {
        const struct node *object = deleted->items[i];
        if (str_equal(object_uid(object), held->uid) ||
            (endpoints && str_is(object_kind(object), "Service") &&
             str_equal(object_name(object), held->name) &&
             str_equal(object_namespace(object), namespace->name)))
            return true;
    }
    return false;
}

/* An object is deleted with the one that controls it. One whose owner is in no namespace is not. */
static void mark(struct arena *arena, struct holding *holding,
                 const struct cluster_namespace *namespace, const struct manifests *deleted,
                 const struct set *known)
{
    enum { CHAIN_MAX = 8 };
    struct set uids = {0};
    for (size_t i = 0; i < holding->count; i++) {
        struct held *held = &holding->items[i];
        held->to_delete = is_of_kubernetes(held) || is_deleted(held, namespace, deleted) ||
                          set_get(known, held->uid) || set_get(known, held->controller);
        set_add(arena, &uids, held->uid, held);
    }
    for (size_t i = 0; i < holding->count; i++)
        holding->items[i].parent = set_get(&uids, holding->items[i].controller);
    for (size_t i = 0; i < holding->count; i++) {
        const struct held *parent = holding->items[i].parent;
        for (int j = 0; parent && !parent->to_delete && j < CHAIN_MAX; j++)
            parent = parent->parent;
        holding->items[i].to_delete |= parent && parent->to_delete;
    }
}

/* A namespace is ours if apply created it for this layer and environment. */
static const char *check_owner(const struct cluster *cluster,
                               const struct cluster_namespace *namespace)
{
    enum label_match match = LABELS_OTHER;
    if (!namespace->object)
        return "cannot be read";
    if (!object_applied_by(namespace->object, MANAGER))
        return "was not created by apply";
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        enum label_match one = deployed->namespace == namespace
                                   ? deployed_service_labels(deployed, namespace->object, true)
                                   : match;
        match = one > match ? one : match;
    }
    return match == LABELS_OURS ? NULL : "was created for another layer or environment";
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
        diag_error(&cluster->diags, (struct location){0},
                   "the namespace \"%.*s\" holds other objects; %s", STR_ARG(namespace->name),
                   consequence);
        diag_hint(&cluster->diags, "delete them first, or omit --with-namespace:\n%.*s",
                  STR_ARG(str_slice(buf_str(&left), 0, left.len - 1)));
    }
    buf_free(&left);
    return count == 0;
}

bool namespace_check(struct cluster *cluster, const struct cluster_namespace *namespace,
                     const struct manifests *deleted, struct set *known, const char *consequence)
{
    struct diags *diags = &cluster->diags;
    struct arena *arena = cluster->kubectl.arena;
    const char *foreign = check_owner(cluster, namespace);
    if (foreign) {
        diag_error(diags, (struct location){0}, "the namespace \"%.*s\" %s",
                   STR_ARG(namespace->name), foreign);
        diag_hint(diags, "omit --with-namespace, or: kubectl delete namespace %.*s",
                  STR_ARG(namespace->name));
        return false;
    }
    const char *kinds = list_kinds(&cluster->kubectl);
    struct holding holding = kinds ? list_held(cluster, namespace, kinds) : (struct holding){0};
    mark(arena, &holding, namespace, deleted, known);
    if (!kinds || !report_left(cluster, namespace, &holding, consequence))
        return false;
    for (size_t i = 0; i < holding.count; i++)
        set_add(&cluster->arena, known, holding.items[i].uid, namespace);
    return true;
}
