#include "cluster/cluster.h"

#include "cluster/kuberc.h"
#include "cluster/live.h"
#include "cluster/ownership.h"
#include "manifest/manifest.h"
#include "manifest/session.h"
#include "os/console.h"

#include <stdlib.h>
#include <string.h>

/* Returns the namespace of a layer, which is added if it is new. `names`: pointers to the
 * namespaces by name. */
static struct cluster_namespace *namespace_of_layer(struct cluster *cluster, struct map *names,
                                                    const struct layer *layer)
{
    struct cluster_namespace **slot = ARENA_NEW(&cluster->arena, struct cluster_namespace *);
    struct cluster_namespace *const *known =
        map_add(&cluster->arena, names, layer->namespace, slot);
    if (known)
        return *known;
    *slot = &cluster->namespaces[cluster->namespace_count++];
    **slot = (struct cluster_namespace){.name = layer->namespace, .layer = layer};
    return *slot;
}

/* Returns the flag that selects objects with the label of one of the layers; for very many layers,
 * objects with any value of the label, because arguments and URLs have a maximum length. */
static struct str layers_selector(struct arena *arena, const struct cluster_namespace *namespace)
{
    enum { NAMED_MAX = 4000 }; /* bytes of names */
    struct map seen = {0};
    struct buf names = {0};
    for (size_t i = 0; i < namespace->service_count && names.len <= NAMED_MAX; i++) {
        struct str layer = namespace->services[i]->service->layer->name;
        if (!map_add(arena, &seen, layer, namespace))
            buf_add_joined(&names, ",", layer);
    }
    struct str selector =
        names.len > NAMED_MAX
            ? STR("--selector=" LAYER_LABEL)
            : str_format(arena, "--selector=" LAYER_LABEL " in (%.*s)", STR_ARG(buf_str(&names)));
    buf_free(&names);
    return selector;
}

static void add_services(struct cluster *cluster, const struct session *session)
{
    struct arena *arena = &cluster->arena;
    struct map names = {0};
    cluster->services = ARENA_ARRAY(arena, session->service_count, struct deployed_service);
    cluster->namespaces = ARENA_ARRAY(arena, session->service_count, struct cluster_namespace);
    cluster->service_count = session->service_count;
    for (size_t i = 0; i < session->service_count; i++) {
        const struct rendered_service *rendered_service = &session->services[i];
        cluster->services[i] = (struct deployed_service){
            .service = rendered_service->service,
            .objects = rendered_service->objects,
            .count = rendered_service->count,
            .namespace = namespace_of_layer(cluster, &names, rendered_service->service->layer)};
        namespace_add_service(arena, &cluster->services[i]);
    }
    for (size_t i = 0; i < cluster->namespace_count; i++)
        cluster->namespaces[i].selector = layers_selector(arena, &cluster->namespaces[i]);
}

bool cluster_open(struct cluster *cluster, const struct options *options, bool color, bool quiet)
{
    *cluster = (struct cluster){.options = options, .color = color};
    cluster->diags.arena = &cluster->arena;
    cluster->kubectl = (struct kubectl){
        .options = &options->kubectl, .arena = &cluster->arena, .diags = &cluster->diags};
    struct session session = {.arena = &cluster->arena};
    if (!session_open(&session, &options->input, color, quiet))
        return false;
    if (!kuberc_isolate(&options->kubectl, &cluster->arena, &cluster->diags)) {
        cluster_report(cluster);
        return false;
    }
    add_services(cluster, &session);
    return true;
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

static size_t delete_order(const struct node *object)
{
    return kind_is_rendered(object) ? kind_of(object)->delete_order : kind_count;
}

static int by_delete_order(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
    const size_t orders[] = {delete_order(left), delete_order(right)};
    return orders[0] == orders[1] ? str_compare(object_name(left), object_name(right))
                                  : (orders[0] > orders[1]) - (orders[0] < orders[1]);
}

/* Sorts the live objects in the order in which they are deleted. */
static void sort_live(struct arena *arena, struct cluster_namespace *namespace)
{
    size_t count = 0;
    for (const struct node *live = namespace->live; live; live = live->next)
        count++;
    struct node **sorted = ARENA_ARRAY(arena, count, struct node *);
    count = 0;
    for (struct node *live = namespace->live; live; live = live->next)
        sorted[count++] = live;
    if (count)
        qsort(sorted, count, sizeof(struct node *), by_delete_order);
    struct node **link = &namespace->live;
    for (size_t i = 0; i < count; i++, link = &(*link)->next)
        *link = sorted[i];
    *link = NULL;
}

/* What a kubectl process queries, and the function that handles its output. */
struct request {
    void (*handle)(struct cluster *cluster, const struct request *request,
                   const struct process *run);
    struct cluster_namespace *namespace;
    const struct kind *kind; /* the only kind that is listed; NULL: any */
    bool lenient;            /* a forbidden list is a warning */
};

/* Queries that run in parallel. items[i] is the query of runs.items[i]. */
struct requests {
    struct runs runs;
    struct request *items;
    size_t count;
};

/* Assigns a query to the processes that were added since the last call. */
static void add_request(struct arena *arena, struct requests *requests, struct request request)
{
    while (requests->count < requests->runs.count) {
        requests->items =
            arena_grow(arena, requests->items, requests->count, sizeof *requests->items);
        requests->items[requests->count++] = request;
    }
}

/* Runs all queries, and handles their output in order. */
static void run_requests(struct cluster *cluster, struct requests *requests)
{
    kubectl_run(&cluster->kubectl, requests->runs.items, requests->runs.count);
    for (size_t i = 0; i < requests->count; i++) {
        requests->items[i].handle(cluster, &requests->items[i], &requests->runs.items[i]);
        process_free(&requests->runs.items[i]);
    }
}

static struct process get_namespace(struct cluster *cluster,
                                    const struct cluster_namespace *namespace)
{
    return (struct process){.arguments =
                                kubectl_argv(&cluster->kubectl, "get", "namespace",
                                             namespace->name.data, "--ignore-not-found",
                                             "--output=json", "--show-managed-fields", NULL)
                                    .items};
}

static struct process list_objects(struct cluster *cluster,
                                   const struct cluster_namespace *namespace, const char *kinds)
{
    return (struct process){.arguments =
                                kubectl_argv(&cluster->kubectl, "get", kinds, "--namespace",
                                             namespace->name.data, namespace->selector.data,
                                             "--output=json", "--show-managed-fields", NULL)
                                    .items};
}

/* Prints only names and keys: no value leaves kubectl. A single object is not a List. */
static const char secret_template[] =
    "--output=go-template={{define \"s\"}}{{.metadata.name}}{{\"\\n\"}}{{$n := .metadata.name}}"
    "{{range $k, $v := .data}}{{$n}}/{{$k}}{{\"\\n\"}}{{end}}{{end}}"
    "{{if eq .kind \"List\"}}{{range .items}}{{template \"s\" .}}{{end}}"
    "{{else}}{{template \"s\" .}}{{end}}";

/* Returns the names of the Secrets that pods of a namespace require; adds them to `ret_names`. */
static struct map required_secrets(struct arena *arena, const struct cluster_namespace *namespace,
                                   struct argv *ret_names)
{
    struct map names = {0};
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct service *service = namespace->services[i]->service;
        for (size_t j = 0; j <= service->variable_count && service->has_image; j++) {
            struct str name =
                j < service->variable_count ? service->variables[j].secret : service->all_secrets;
            if (name.len && !map_add(arena, &names, name, namespace))
                argv_add(arena, ret_names, str_to_c(arena, name));
        }
    }
    return names;
}

/* Queries the required Secrets. manual-secrets is always among them, because its unused keys are
 * reported, unless the secrets are in a store. Adds no process if there is nothing to query. */
static void add_secret_requests(struct cluster *cluster, struct cluster_namespace *namespace,
                                struct runs *runs)
{
    struct kubectl kubectl = cluster->kubectl;
    struct argv words = {0};
    kubectl.secret = true;
    struct map names = required_secrets(kubectl.arena, namespace, &words);
    bool store = namespace->layer->environment.secret_store.len > 0;
    namespace->needs_secrets = names.count > 0;
    if (!store && !map_get(&names, STR(MANUAL_SECRETS)))
        argv_add(kubectl.arena, &words, MANUAL_SECRETS);
    runs_add_names(kubectl.arena, runs,
                   kubectl_argv(&kubectl, "get", "secrets", "--namespace", namespace->name.data,
                                "--ignore-not-found", secret_template, NULL),
                   &words);
}

static void handle_namespace(struct cluster *cluster, const struct request *request,
                             const struct process *run)
{
    struct cluster_namespace *namespace = request->namespace;
    if (kubectl_forbidden(run))
        return;
    if (!process_succeeded(run)) {
        kubectl_report(&cluster->kubectl, run);
        return;
    }
    if (run->output.len) /* --ignore-not-found prints nothing */
        request->namespace->object = kubectl_parse_output(&cluster->kubectl, run);
    bool ending = str_eq_c(node_string(node_at(namespace->object, "status phase")), "Terminating");
    namespace->state = !namespace->object ? NAMESPACE_ABSENT
                       : ending           ? NAMESPACE_ENDING
                                          : NAMESPACE_PRESENT;
}

static void append(struct cluster_namespace *namespace, struct node *items)
{
    struct node **link = &namespace->live;
    while (*link)
        link = &(*link)->next;
    *link = items;
}

/* Filters objects by the label of one of the layers, because the selector may include others. */
static struct node *filter_layers(const struct cluster_namespace *namespace, struct node *items)
{
    struct node *first = NULL;
    struct node **link = &first;
    for (; items; items = items->next)
        if (map_get(&namespace->layers, object_label(items, LAYER_LABEL))) {
            *link = items;
            link = &items->next;
        }
    *link = NULL;
    return first;
}

static void handle_objects(struct cluster *cluster, const struct request *request,
                           const struct process *run)
{
    struct cluster_namespace *namespace = request->namespace;
    bool forbidden = kubectl_forbidden(run);
    if (forbidden && request->lenient)
        kubectl_warn(&cluster->kubectl, run);
    else if (!process_succeeded(run))
        kubectl_report(&cluster->kubectl, run);
    if (forbidden || process_succeeded(run))
        append(
            namespace,
            filter_layers(namespace, kubectl_items(kubectl_parse_output(&cluster->kubectl, run))));
}

/* Lists a kind that the server may not have. If it is forbidden, the user has no such objects. */
static void handle_optional(struct cluster *cluster, const struct request *request,
                            const struct process *run)
{
    struct cluster_namespace *namespace = request->namespace;
    const struct kind *kind = request->kind;
    if (process_succeeded(run))
        append(
            namespace,
            filter_layers(namespace, kubectl_items(kubectl_parse_output(&cluster->kubectl, run))));
    else if (kubectl_is_missing_kind(run))
        map_add(cluster->kubectl.arena, &namespace->missing_kinds, str_from_c(kind->name), kind);
    else if (!kubectl_forbidden(run))
        kubectl_report(&cluster->kubectl, run);
}

static void add_manual_key(struct cluster *cluster, struct cluster_namespace *namespace,
                           struct str key)
{
    namespace->manual_keys = arena_grow(cluster->kubectl.arena, namespace->manual_keys,
                                        namespace->manual_key_count, sizeof key);
    namespace->manual_keys[namespace->manual_key_count++] = key;
}

static void handle_secrets(struct cluster *cluster, const struct request *request,
                           const struct process *run)
{
    struct cluster_namespace *namespace = request->namespace;
    struct str text = str_copy(cluster->kubectl.arena, buf_str(&run->output));
    struct str manual = STR(MANUAL_SECRETS "/");
    if (kubectl_forbidden(run)) {
        bool reported = namespace->secrets_forbidden;
        namespace->secrets_forbidden = true;
        if (reported || !namespace->needs_secrets)
            return;
        diag_warning(&cluster->diags, NO_LOCATION,
                     "cannot read Secrets in namespace \"%.*s\": forbidden (needs \"get\" on "
                     "secrets); not checked whether the keys that the pods use exist",
                     STR_ARG(namespace->name));
        return;
    }
    if (!process_succeeded(run))
        kubectl_report(&cluster->kubectl, run);
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        map_add(cluster->kubectl.arena, &namespace->secrets, line, namespace);
        if (str_starts_with(line, manual))
            add_manual_key(cluster, namespace, str_skip(line, manual.len));
    }
}

/* Adds the queries of one namespace. */
static void add_requests(struct cluster *cluster, struct cluster_namespace *namespace,
                         enum kind_list list, unsigned query, struct requests *requests)
{
    struct arena *arena = cluster->kubectl.arena;
    struct runs *runs = &requests->runs;
    runs_add(arena, runs, list_objects(cluster, namespace, kind_list(arena, list)));
    add_request(arena, requests,
                (struct request){.handle = handle_objects,
                                 .namespace = namespace,
                                 .lenient = query & QUERY_LENIENT});
    for (size_t i = 0; i < kind_count; i++) {
        if (!kind_table[i].optional || !kind_is_in_list(&kind_table[i], list))
            continue;
        runs_add(arena, runs, list_objects(cluster, namespace, kind_table[i].resource));
        add_request(arena, requests,
                    (struct request){
                        .handle = handle_optional, .namespace = namespace, .kind = &kind_table[i]});
    }
    if (query & QUERY_NAMESPACES)
        runs_add(arena, runs, get_namespace(cluster, namespace));
    add_request(arena, requests,
                (struct request){.handle = handle_namespace, .namespace = namespace});
    if (query & QUERY_SECRETS)
        add_secret_requests(cluster, namespace, runs);
    add_request(arena, requests,
                (struct request){.handle = handle_secrets, .namespace = namespace});
}

bool cluster_query(struct cluster *cluster, enum kind_list list, unsigned query)
{
    struct requests requests = {0};
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        cluster->namespaces[i].live = NULL;
        add_requests(cluster, &cluster->namespaces[i], list, query, &requests);
    }
    run_requests(cluster, &requests);
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        sort_live(cluster->kubectl.arena, &cluster->namespaces[i]);
        namespace_index(cluster->kubectl.arena, &cluster->namespaces[i]);
    }
    return cluster->diags.errors == 0 && !process_interrupted();
}

static bool is_missing_kind(const struct cluster_namespace *namespace, const struct node *object)
{
    return map_get(&namespace->missing_kinds, object_kind(object)) != NULL;
}

/* Reports each missing kind once, at the first service that needs it. */
static void report_missing_kinds(struct cluster *cluster)
{
    struct map already_reported = {0};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        for (size_t j = 0; j < deployed->count; j++) {
            const struct node *object = deployed->objects[j];
            if (!is_missing_kind(deployed->namespace, object) ||
                map_add(&cluster->arena, &already_reported, object_kind(object), object))
                continue;
            const struct kind *kind = kind_of(object);
            diag_error(&cluster->diags, deployed->service->at,
                       "the server does not have the kind %s (%s)", kind->name, kind->resource);
            diag_hint(&cluster->diags,
                      "install %s, which provides its CustomResourceDefinition%s%s",
                      kind->controller, kind->alternative ? "; or " : "",
                      kind->alternative ? kind->alternative : "");
        }
    }
}

/* Returns references to the rendered objects of a namespace that the list did not return. */
static struct str unlisted_documents(struct cluster *cluster,
                                     const struct cluster_namespace *namespace)
{
    struct manifests objects = {.arena = cluster->kubectl.arena};
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct deployed_service *deployed = namespace->services[i];
        for (size_t j = 0; j < deployed->count; j++)
            if (!namespace_find(objects.arena, namespace, deployed->objects[j]) &&
                !is_missing_kind(namespace, deployed->objects[j]))
                manifests_add(&objects, object_reference(objects.arena, deployed->objects[j]));
    }
    return objects.count ? kubectl_documents(&cluster->kubectl, objects.items, objects.count)
                         : (struct str){0};
}

static void handle_unlisted(struct cluster *cluster, const struct request *request,
                            const struct process *run)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    struct cluster_namespace *namespace = request->namespace;
    bool forbidden = kubectl_forbidden(run);
    if (forbidden)
        request->namespace->forbidden = kubectl_refused(kubectl, run);
    if (!forbidden && !process_succeeded(run))
        kubectl_report(kubectl, run);
    else if (run->output.len)
        append(namespace, kubectl_items(kubectl_parse_output(kubectl, run)));
    namespace_index(kubectl->arena, namespace);
}

bool cluster_query_missing(struct cluster *cluster)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    struct requests requests = {0};
    report_missing_kinds(cluster);
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        struct cluster_namespace *namespace = &cluster->namespaces[i];
        struct str documents = unlisted_documents(cluster, namespace);
        if (documents.len == 0 || namespace->state == NAMESPACE_ENDING)
            continue;
        const char *const *arguments =
            kubectl_argv(kubectl, "get", "--filename=-", "--ignore-not-found", "--output=json",
                         "--show-managed-fields", NULL)
                .items;
        runs_add(kubectl->arena, &requests.runs,
                 (struct process){.arguments = arguments, .input = documents});
        add_request(kubectl->arena, &requests,
                    (struct request){.handle = handle_unlisted, .namespace = namespace});
    }
    run_requests(cluster, &requests);
    return cluster->diags.errors == 0 && !process_interrupted();
}

struct node *deployed_service_workload(const struct deployed_service *deployed)
{
    for (size_t i = 0; i < deployed->count; i++)
        if (kind_is(deployed->objects[i], ROLE_WORKLOAD))
            return deployed->objects[i];
    return NULL;
}

const char *deployed_service_selector(struct arena *arena, const struct deployed_service *deployed)
{
    return str_format(arena,
                      "--selector=app.kubernetes.io/name=%.*s,app.kubernetes.io/instance=%.*s-%.*s",
                      STR_ARG(deployed->service->name), STR_ARG(deployed->service->layer->name),
                      STR_ARG(deployed->service->name))
        .data;
}

const char *deployed_service_pod_selector(struct arena *arena,
                                          const struct deployed_service *deployed)
{
    const struct layer *layer = deployed->service->layer;
    struct str environment = layer->environment.name;
    return str_format(arena,
                      "%s,opta.dev/layer-name=%.*s,opta.dev/module-name=%.*s,"
                      "%sopta.dev/environment-name%s%.*s",
                      deployed_service_selector(arena, deployed), STR_ARG(layer->name),
                      STR_ARG(deployed->service->name), environment.len ? "" : "!",
                      environment.len ? "=" : "", STR_ARG(environment))
        .data;
}
