#include "cluster/cluster.h"

#include "cluster/kuberc.h"
#include "cluster/live.h"
#include "cluster/ownership.h"
#include "manifest/manifest.h"
#include "manifest/session.h"
#include "os/console.h"

#include <stdlib.h>
#include <string.h>

struct cluster_namespace *cluster_namespace_of(struct cluster *cluster, const struct layer *layer)
{
    struct cluster_namespace *new = &cluster->namespaces[cluster->namespace_count];
    if (map_add(cluster->kubectl.arena, &cluster->namespace_names, layer->namespace, new))
        return cluster_namespace_find(cluster, layer->namespace);
    cluster->namespace_count++;
    *new = (struct cluster_namespace){.name = layer->namespace, .layer = layer};
    return new;
}

struct cluster_namespace *cluster_namespace_find(const struct cluster *cluster, struct str name)
{
    const struct cluster_namespace *found = map_get(&cluster->namespace_names, name);
    return found ? &cluster->namespaces[found - cluster->namespaces] : NULL;
}

enum { SELECTOR_NAMES_MAX = 4000 }; /* bytes of names in a selector */

/* Names for a selector. */
struct selected_names {
    struct map known;
    struct buf text;
};

static void add_name(struct arena *arena, struct selected_names *names, struct str name)
{
    if (names->text.len <= SELECTOR_NAMES_MAX && !map_add(arena, &names->known, name, names))
        buf_add_joined(&names->text, ",", name);
}

/* Returns the flag that selects objects whose label is one of the names; for very many names,
 * objects with any value of the label, because arguments and URLs have a maximum length. */
static struct str take_selector(struct arena *arena, const char *label,
                                struct selected_names *names)
{
    struct str selector =
        names->text.len > SELECTOR_NAMES_MAX
            ? str_format(arena, "--selector=%s", label)
            : str_format(arena, "--selector=%s in (%.*s)", label, STR_ARG(buf_str(&names->text)));
    buf_free(&names->text);
    return selector;
}

static void set_selectors(struct cluster *cluster)
{
    struct arena *arena = &cluster->arena;
    struct selected_names layers = {0};
    struct selected_names namespaces = {0};
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        struct cluster_namespace *namespace = &cluster->namespaces[i];
        struct selected_names names = {0};
        for (size_t j = 0; j < namespace->service_count; j++) {
            add_name(arena, &names, namespace->services[j]->service->layer->name);
            add_name(arena, &layers, namespace->services[j]->service->layer->name);
        }
        namespace->selector = take_selector(arena, LAYER_LABEL, &names);
        add_name(arena, &namespaces, namespace->name);
    }
    cluster->selector = take_selector(arena, LAYER_LABEL, &layers);
    cluster->namespace_selector = take_selector(arena, "kubernetes.io/metadata.name", &namespaces);
}

/* Takes the Job of pre_deploy out of the objects, and records it in the workload, which is applied
 * only after the Job has succeeded. */
static void take_job(struct arena *arena, struct deployed_service *deployed)
{
    struct node *const *objects = deployed->objects;
    struct node *workload = deployed_service_workload(deployed);
    size_t count = 0;
    deployed->objects = ARENA_ARRAY(arena, deployed->count, struct node *);
    for (size_t i = 0; i < deployed->count; i++)
        if (kind_is(objects[i], ROLE_JOB))
            deployed->job = objects[i];
        else
            deployed->objects[count++] = objects[i];
    deployed->count = count;
    if (deployed->job)
        node_set_string(arena, node_set_map(arena, node_get(workload, "metadata"), "annotations"),
                        PRE_DEPLOY_ANNOTATION, manifest_pre_deploy_hash(deployed->job));
}

static void add_services(struct cluster *cluster, const struct session *session)
{
    struct arena *arena = &cluster->arena;
    cluster->services = ARENA_ARRAY(arena, session->service_count, struct deployed_service);
    cluster->namespaces = ARENA_ARRAY(arena, session->service_count, struct cluster_namespace);
    cluster->service_count = session->service_count;
    for (size_t i = 0; i < session->service_count; i++) {
        const struct rendered_service *rendered = &session->services[i];
        cluster->services[i] = (struct deployed_service){
            .service = rendered->service,
            .objects = rendered->objects,
            .count = rendered->count,
            .namespace = cluster_namespace_of(cluster, rendered->service->layer)};
        take_job(arena, &cluster->services[i]);
        namespace_add_service(arena, &cluster->services[i]);
    }
    set_selectors(cluster);
}

static void begin(struct cluster *cluster, const struct options *options, bool color)
{
    *cluster = (struct cluster){.options = options, .color = color};
    cluster->diags.arena = &cluster->arena;
    cluster->kubectl = (struct kubectl){
        .options = &options->kubectl, .arena = &cluster->arena, .diags = &cluster->diags};
}

static bool isolate(struct cluster *cluster)
{
    if (kuberc_isolate(&cluster->options->kubectl, &cluster->arena, &cluster->diags))
        return true;
    cluster_report(cluster);
    return false;
}

bool cluster_open(struct cluster *cluster, const struct options *options, bool color, bool quiet)
{
    begin(cluster, options, color);
    struct session session = {.arena = &cluster->arena};
    if (!session_open(&session, &options->input, color, quiet) || !isolate(cluster))
        return false;
    add_services(cluster, &session);
    return true;
}

bool cluster_open_without_files(struct cluster *cluster, const struct options *options, bool color)
{
    begin(cluster, options, color);
    process_watch_signals();
    return isolate(cluster);
}

void cluster_close(struct cluster *cluster)
{
    arena_free(&cluster->arena);
}

bool cluster_report(struct cluster *cluster)
{
    return session_report(&cluster->diags, cluster->color);
}

void cluster_print(const struct cluster *cluster, const char *format, ...)
{
    struct arena arena = {0};
    (void)cluster;
    va_list arguments;
    va_start(arguments, format);
    console_print_line(str_vformat(&arena, format, arguments));
    va_end(arguments);
    arena_free(&arena);
}

struct node *deployed_service_workload(const struct deployed_service *deployed)
{
    for (size_t i = 0; i < deployed->count; i++)
        if (kind_is(deployed->objects[i], ROLE_WORKLOAD))
            return deployed->objects[i];
    return NULL;
}

/* Returns the --selector flag for pods with this label app.kubernetes.io/name. */
static const char *selector_of_name(struct arena *arena, const struct deployed_service *deployed,
                                    struct str name)
{
    return str_format(arena,
                      "--selector=app.kubernetes.io/name=%.*s,app.kubernetes.io/instance=%.*s-%.*s",
                      STR_ARG(name), STR_ARG(deployed->service->layer->name),
                      STR_ARG(deployed->service->name))
        .data;
}

/* The same with the labels that identify the layer, module and environment. */
static const char *identifying_selector(struct arena *arena,
                                        const struct deployed_service *deployed, struct str name)
{
    const struct layer *layer = deployed->service->layer;
    struct str environment = layer->environment.name;
    return str_format(arena,
                      "%s,opta.dev/layer-name=%.*s,opta.dev/module-name=%.*s,"
                      "%sopta.dev/environment-name%s%.*s",
                      selector_of_name(arena, deployed, name), STR_ARG(layer->name),
                      STR_ARG(deployed->service->name), environment.len ? "" : "!",
                      environment.len ? "=" : "", STR_ARG(environment))
        .data;
}

const char *deployed_service_selector(struct arena *arena, const struct deployed_service *deployed)
{
    return selector_of_name(arena, deployed, deployed->service->name);
}

const char *deployed_service_pod_selector(struct arena *arena,
                                          const struct deployed_service *deployed)
{
    return identifying_selector(arena, deployed, deployed->service->name);
}

const char *deployed_service_job_selector(struct arena *arena,
                                          const struct deployed_service *deployed)
{
    /* A cron job may have the same name. */
    return str_format(arena, "%s,app.kubernetes.io/component=" MANIFEST_PRE_DEPLOY,
                      identifying_selector(arena, deployed,
                                           manifest_pre_deploy_label(arena, deployed->service)))
        .data;
}
