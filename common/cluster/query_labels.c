/* Services that are found by the labels of their live objects, without files. */
#include "cluster/cluster.h"
#include "cluster/live.h"
#include "cluster/ownership.h"

#include <stdlib.h>

/* Adds a process that lists resources with the labels of a service and those of a selector. */
static void add_list(const struct cluster *cluster, struct runs *runs, const char *resources,
                     const char *selector)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    const struct options *options = cluster->options;
    struct argv argv =
        kubectl_argv(kubectl, "get", resources,
                     options->labels.all_namespaces ? "--all-namespaces" : "--namespace",
                     options->labels.all_namespaces ? NULL
                     : options->input.namespace     ? options->input.namespace
                                                    : "", /* that of the context */
                     NULL);
    argv_add(kubectl->arena, &argv,
             str_format(kubectl->arena, "--selector=" LAYER_LABEL "," MODULE_LABEL "%s%s",
                        *selector ? "," : "", selector)
                 .data);
    argv_add(kubectl->arena, &argv, "--output=json");
    argv_add(kubectl->arena, &argv, "--show-managed-fields");
    runs_add(kubectl->arena, runs, (struct process){.arguments = argv.items});
}

/* Adds a process for the workloads, one for the other kinds that every server has and every user
 * may list, and one for each of the rest. */
static struct runs list_runs(const struct cluster *cluster)
{
    struct arena *arena = cluster->kubectl.arena;
    const char *selector = cluster->options->labels.selector;
    struct runs runs = {0};
    struct buf others = {0};
    add_list(cluster, &runs, kind_list(arena, LIST_WORKLOADS),
             str_format(arena, "app.kubernetes.io/managed-by=" MANAGER "%s%s", selector ? "," : "",
                        selector ? selector : "")
                 .data);
    for (size_t i = 0; i < kind_count; i++)
        if (kind_is_in_list(&kind_table[i], LIST_STATUS) &&
            !kind_is_listed_separately(&kind_table[i], LIST_STATUS) &&
            kind_table[i].role != ROLE_WORKLOAD)
            buf_add_joined(&others, ",", str_from_c(kind_table[i].resource));
    add_list(cluster, &runs, buf_take(arena, &others).data, "");
    for (size_t i = 0; i < kind_count; i++)
        if (kind_is_in_list(&kind_table[i], LIST_STATUS) &&
            kind_is_listed_separately(&kind_table[i], LIST_STATUS))
            add_list(cluster, &runs, kind_table[i].resource, "");
    return runs;
}

static int by_namespace_and_name(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
    int order = str_compare(object_namespace(left), object_namespace(right));
    return order ? order : str_compare(object_name(left), object_name(right));
}

/* Adds the service of a workload, unless it was added for a workload of the other kind. */
static void add_service(struct cluster *cluster, const struct node *workload)
{
    struct arena *arena = cluster->kubectl.arena;
    struct layer *layer = ARENA_NEW(arena, struct layer);
    struct service *service = ARENA_NEW(arena, struct service);
    layer->name = object_label(workload, LAYER_LABEL);
    layer->namespace = object_namespace(workload);
    layer->environment.name = object_label(workload, ENVIRONMENT_LABEL);
    service->name = object_label(workload, MODULE_LABEL);
    service->layer = layer;
    struct cluster_namespace *namespace = cluster_namespace_of(cluster, layer);
    if (namespace_service(arena, namespace, workload))
        return;
    struct deployed_service *deployed = &cluster->services[cluster->service_count++];
    *deployed = (struct deployed_service){.service = service, .namespace = namespace};
    namespace_add_service(arena, deployed);
}

static void add_services(struct cluster *cluster, struct node *workloads)
{
    struct arena *arena = cluster->kubectl.arena;
    struct node **sorted = NULL;
    size_t count = 0;
    for (struct node *workload = workloads; workload; workload = workload->next) {
        sorted = arena_grow(arena, sorted, count, sizeof(struct node *));
        sorted[count++] = workload;
    }
    if (count)
        qsort(sorted, count, sizeof(struct node *), by_namespace_and_name);
    cluster->services = ARENA_ARRAY(arena, count, struct deployed_service);
    cluster->namespaces = ARENA_ARRAY(arena, count, struct cluster_namespace);
    cluster->service_count = cluster->namespace_count = 0;
    cluster->namespace_names = (struct map){0};
    for (size_t i = 0; i < count; i++)
        add_service(cluster, sorted[i]);
}

/* Adds the objects to the namespaces of services. */
static void add_live(struct cluster *cluster, struct node *objects)
{
    struct node *next = NULL;
    for (struct node *object = objects; object; object = next) {
        struct cluster_namespace *namespace =
            cluster_namespace_find(cluster, object_namespace(object));
        next = object->next;
        if (!namespace || !kind_has_component(object))
            continue;
        object->next = namespace->live;
        namespace->live = object;
    }
}

/* Returns the objects that a process has listed. Reports an error if it failed; with `optional`,
 * the server may not have the kind, and without permission its objects are ignored. */
static struct node *listed(struct cluster *cluster, const struct process *run, bool optional)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    if (process_succeeded(run))
        return kubectl_items(kubectl_parse_output(kubectl, run));
    if (!optional || !(kubectl_is_missing_kind(run) || kubectl_forbidden(run)))
        kubectl_report(kubectl, run);
    return NULL;
}

bool cluster_query_labels(struct cluster *cluster)
{
    enum { WORKLOADS, OTHERS, OPTIONAL };
    struct runs runs = list_runs(cluster);
    kubectl_run(&cluster->kubectl, runs.items, runs.count);
    struct node *workloads = listed(cluster, &runs.items[WORKLOADS], false);
    add_services(cluster, workloads);
    add_live(cluster, workloads);
    for (size_t i = OTHERS; i < runs.count; i++)
        add_live(cluster, listed(cluster, &runs.items[i], i >= OPTIONAL));
    runs_free(&runs);
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        namespace_sort(cluster->kubectl.arena, &cluster->namespaces[i]);
        namespace_index(cluster->kubectl.arena, &cluster->namespaces[i]);
    }
    return cluster->diags.errors == 0 && !process_interrupted();
}
