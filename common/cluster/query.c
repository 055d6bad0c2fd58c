/* What the cluster has: lists of objects, namespaces and the keys of Secrets.
 *
 * With many namespaces, each request is sent once for all of them. If the response is not complete,
 * for example because access rules refuse it, the request is sent for each namespace. */
#include "cluster/cluster.h"

#include "cluster/kubectl_errors.h"
#include "cluster/live.h"
#include "cluster/ownership.h"
#include "manifest/manifest.h"

/* From this number of namespaces on, a request is sent for all of them together. Fewer are sent in
 * parallel, which requires no permissions on the whole cluster. */
enum { TOGETHER_MIN = PROCESS_PARALLEL_MAX + 1 };

/* A request about a namespace or all of them. */
struct request {
    const struct request_type *type;
    struct cluster_namespace *namespace; /* NULL: all of them together */
    const char *resources;               /* that are listed */
    const struct kind *kind;             /* the server may not have it; NULL: it has all kinds */
    bool lenient;                        /* a forbidden list is a warning */
};

struct request_type {
    /* Adds the processes that send the request; none if there is nothing to request. */
    void (*add_runs)(struct cluster *cluster, const struct request *request, struct runs *runs);
    /* Handles the response about a namespace. */
    void (*handle)(struct cluster *cluster, const struct request *request,
                   const struct process *run);
    /* Handles the responses about all of them; false, reporting nothing, if they are not
     * complete. */
    bool (*handle_all)(struct cluster *cluster, const struct request *request,
                       const struct process *runs, size_t count);
};

static void add_list_runs(struct cluster *cluster, const struct request *request, struct runs *runs)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    const struct cluster_namespace *namespace = request->namespace;
    const char *all = "--all-namespaces";
    struct argv argv =
        kubectl_argv(kubectl, "get", request->resources, namespace ? "--namespace" : all,
                     namespace ? namespace->name.data : cluster->selector.data,
                     namespace ? namespace->selector.data : NULL, NULL);
    argv_add(kubectl->arena, &argv, "--output=json");
    argv_add(kubectl->arena, &argv, "--show-managed-fields");
    runs_add(kubectl->arena, runs, (struct process){.arguments = argv.items});
}

/* Adds an object to its namespace if it has the label of one of the layers there: the selector may
 * match more. */
static void add_live(struct cluster_namespace *namespace, struct node *object)
{
    if (!namespace || !map_get(&namespace->layers, object_label(object, LAYER_LABEL)) ||
        !kind_has_component(object))
        return;
    object->next = namespace->live;
    namespace->live = object;
}

static void add_all(struct cluster *cluster, const struct request *request,
                    const struct process *run)
{
    struct node *next = NULL;
    struct node *item = kubectl_items(kubectl_parse_output(&cluster->kubectl, run));
    for (; item; item = next) {
        next = item->next;
        add_live(request->namespace ? request->namespace
                                    : cluster_namespace_find(cluster, object_namespace(item)),
                 item);
    }
}

static void handle_objects(struct cluster *cluster, const struct request *request,
                           const struct process *run)
{
    bool forbidden = kubectl_forbidden(run);
    cluster->lists_forbidden |= forbidden;
    if (forbidden && request->lenient)
        kubectl_warn(&cluster->kubectl, run);
    else if (!process_succeeded(run))
        kubectl_report(&cluster->kubectl, run);
    if (forbidden || process_succeeded(run))
        add_all(cluster, request, run);
}

static bool handle_all_objects(struct cluster *cluster, const struct request *request,
                               const struct process *runs, size_t count)
{
    cluster->lists_all = process_all_succeeded(runs, count);
    if (cluster->lists_all)
        add_all(cluster, request, runs);
    return cluster->lists_all;
}

/* In the arena of the cluster, because the map outlives a query with another arena. */
static void add_missing_kind(struct cluster *cluster, const struct kind *kind)
{
    map_add(&cluster->arena, &cluster->missing_kinds, str_from_c(kind->name), kind);
}

/* Lists kinds that are queried separately. If they are forbidden, the user has no such objects. */
static void handle_optional(struct cluster *cluster, const struct request *request,
                            const struct process *run)
{
    if (process_succeeded(run) || kubectl_forbidden(run))
        add_all(cluster, request, run);
    else if (request->kind && kubectl_is_missing_kind(run))
        add_missing_kind(cluster, request->kind);
    else
        kubectl_report(&cluster->kubectl, run);
}

static bool handle_all_optional(struct cluster *cluster, const struct request *request,
                                const struct process *runs, size_t count)
{
    bool missing = request->kind && kubectl_is_missing_kind(runs);
    if (missing)
        add_missing_kind(cluster, request->kind);
    else if (!process_all_succeeded(runs, count))
        return false;
    else
        add_all(cluster, request, runs);
    return true;
}

/* The same request for every namespace. */
static void add_discovery_run(struct cluster *cluster, const struct request *request,
                              struct runs *runs)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    if (!request->namespace || request->namespace == &cluster->namespaces[0])
        runs_add(kubectl->arena, runs,
                 (struct process){.arguments = kubectl_argv(kubectl, "api-resources",
                                                            "--verbs=list", "--output=name", NULL)
                                                   .items});
}

/* The list is not complete if an API service of the server is not available. */
static void handle_discovery(struct cluster *cluster, const struct request *request,
                             const struct process *run)
{
    (void)request;
    if (process_succeeded(run))
        cluster->resources = kubectl_names(&cluster->kubectl, run);
}

static bool handle_all_discovery(struct cluster *cluster, const struct request *request,
                                 const struct process *runs, size_t count)
{
    (void)count;
    handle_discovery(cluster, request, runs);
    return true;
}

static const struct request_type objects_type = {add_list_runs, handle_objects, handle_all_objects};
static const struct request_type optional_type = {add_list_runs, handle_optional,
                                                  handle_all_optional};
static const struct request_type discovery_type = {add_discovery_run, handle_discovery,
                                                   handle_all_discovery};

/* All together are listed, because kubectl gets several names one after the other. */
static void add_namespace_runs(struct cluster *cluster, const struct request *request,
                               struct runs *runs)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    const struct cluster_namespace *namespace = request->namespace;
    const char *which = namespace ? namespace->name.data : cluster->namespace_selector.data;
    struct argv argv = kubectl_argv(kubectl, "get", "namespace", which, "--ignore-not-found",
                                    "--output=json", "--show-managed-fields", NULL);
    runs_add(kubectl->arena, runs, (struct process){.arguments = argv.items});
}

/* `object`: NULL if the namespace does not exist. */
static void set_namespace(struct cluster_namespace *namespace, struct node *object)
{
    bool ending = str_eq_c(node_string(node_at(object, "status phase")), "Terminating");
    namespace->object = object;
    namespace->state = !object ? NAMESPACE_ABSENT : ending ? NAMESPACE_ENDING : NAMESPACE_PRESENT;
}

/* Returns the items that were printed; --ignore-not-found prints nothing for none. */
static struct node *printed_items(struct cluster *cluster, const struct process *run)
{
    return run->output.len ? kubectl_items(kubectl_parse_output(&cluster->kubectl, run)) : NULL;
}

static void handle_namespace(struct cluster *cluster, const struct request *request,
                             const struct process *run)
{
    if (kubectl_forbidden(run))
        return;
    if (process_succeeded(run))
        set_namespace(request->namespace, printed_items(cluster, run));
    else
        kubectl_report(&cluster->kubectl, run);
}

static bool handle_all_namespaces(struct cluster *cluster, const struct request *request,
                                  const struct process *runs, size_t count)
{
    (void)request;
    if (!process_all_succeeded(runs, count))
        return false;
    for (size_t i = 0; i < cluster->namespace_count; i++)
        set_namespace(&cluster->namespaces[i], NULL);
    for (struct node *item = printed_items(cluster, runs); item; item = item->next) {
        struct cluster_namespace *namespace = cluster_namespace_find(cluster, object_name(item));
        if (namespace)
            set_namespace(namespace, item);
    }
    return true;
}

static const struct request_type namespace_type = {add_namespace_runs, handle_namespace,
                                                   handle_all_namespaces};

/* Prints only names and keys: no value leaves kubectl. A single object is not a List. */
#define SECRET_TEMPLATE(name)                                                                      \
    "--output=go-template={{define \"s\"}}" name "{{\"\\n\"}}{{$s := .}}"                          \
    "{{range $k, $v := .data}}{{with $s}}" name "{{end}}/{{$k}}{{\"\\n\"}}{{end}}{{end}}"          \
    "{{if eq .kind \"List\"}}{{range .items}}{{template \"s\" .}}{{end}}"                          \
    "{{else}}{{template \"s\" .}}{{end}}"

static const char names_template[] = SECRET_TEMPLATE("{{.metadata.name}}");
static const char all_names_template[] =
    SECRET_TEMPLATE("{{.metadata.namespace}}/{{.metadata.name}}");

static void add_secret_name(struct arena *arena, struct argv *names, struct map *known,
                            struct str name)
{
    if (name.len && !map_add(arena, known, name, known))
        argv_add(arena, names, str_to_c(arena, name));
}

/* Returns the names of the Secrets to query. manual-secrets is always among them, because its
 * unused keys are reported, unless the secrets are in a store. */
static struct argv secret_names(struct arena *arena, struct cluster_namespace *namespace)
{
    struct map known = {0};
    struct argv names = {0};
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct service *service = namespace->services[i]->service;
        if (!service->has_image)
            continue;
        add_secret_name(arena, &names, &known, service->all_secrets);
        for (size_t j = 0; j < service->variable_count; j++)
            if (!service->variables[j].optional)
                add_secret_name(arena, &names, &known, service->variables[j].secret);
        for (size_t j = 0; j < service->required_count; j++)
            if (service->required[j].kind <= REQUIRED_PULL_SECRET)
                add_secret_name(arena, &names, &known, service->required[j].name);
    }
    namespace->needs_secrets = names.count > 0;
    bool store = namespace->layer->environment.secret_store.len > 0;
    if (!store && !map_get(&known, STR(MANUAL_SECRETS)))
        argv_add(arena, &names, MANUAL_SECRETS);
    return names;
}

static struct node *secret_reference(struct arena *arena, struct str namespace, const char *name)
{
    struct node *reference = node_new(arena, NODE_MAP);
    node_set_string(arena, reference, "apiVersion", STR("v1"));
    node_set_string(arena, reference, "kind", STR("Secret"));
    struct node *metadata = node_set_map(arena, reference, "metadata");
    node_set_string(arena, metadata, "name", str_from_c(name));
    node_set_string(arena, metadata, "namespace", namespace);
    return reference;
}

static void add_all_secrets_run(struct cluster *cluster, const struct kubectl *kubectl,
                                struct runs *runs)
{
    struct manifests references = {.arena = kubectl->arena};
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        struct argv names = secret_names(kubectl->arena, &cluster->namespaces[i]);
        for (size_t j = 0; j < names.count; j++)
            manifests_add(&references, secret_reference(kubectl->arena, cluster->namespaces[i].name,
                                                        names.items[j]));
    }
    if (references.count == 0)
        return;
    const char *const *arguments =
        kubectl_argv(kubectl, "get", "--filename=-", "--ignore-not-found", all_names_template, NULL)
            .items;
    runs_add(
        kubectl->arena, runs,
        (struct process){.arguments = arguments,
                         .input = kubectl_documents(kubectl, references.items, references.count)});
}

static void add_secret_runs(struct cluster *cluster, const struct request *request,
                            struct runs *runs)
{
    struct kubectl kubectl = cluster->kubectl;
    struct cluster_namespace *namespace = request->namespace;
    kubectl.secret = true;
    if (!namespace) {
        add_all_secrets_run(cluster, &kubectl, runs);
        return;
    }
    struct argv names = secret_names(kubectl.arena, namespace);
    runs_add_names(kubectl.arena, runs,
                   kubectl_argv(&kubectl, "get", "secrets", "--namespace", namespace->name.data,
                                "--ignore-not-found", names_template, NULL),
                   &names);
}

/* Adds "SECRET" or "SECRET/KEY". */
static void add_secret(struct cluster *cluster, struct cluster_namespace *namespace,
                       struct str name)
{
    struct str manual = STR(MANUAL_SECRETS "/");
    map_add(cluster->kubectl.arena, &namespace->secrets, name, namespace);
    if (!str_starts_with(name, manual))
        return;
    namespace->manual_keys = arena_grow(cluster->kubectl.arena, namespace->manual_keys,
                                        namespace->manual_key_count, sizeof name);
    namespace->manual_keys[namespace->manual_key_count++] = str_skip(name, manual.len);
}

static void handle_secrets(struct cluster *cluster, const struct request *request,
                           const struct process *run)
{
    struct cluster_namespace *namespace = request->namespace;
    if (kubectl_forbidden(run)) {
        bool reported = namespace->secrets_forbidden;
        namespace->secrets_forbidden = true;
        if (reported || !namespace->needs_secrets)
            return;
        diag_warning(&cluster->diags, NO_LOCATION, RULE_FORBIDDEN,
                     "cannot read Secrets in namespace \"%.*s\": forbidden (needs \"get\" on "
                     "secrets); the keys that the pods use were not checked",
                     STR_ARG(namespace->name));
        return;
    }
    if (!process_succeeded(run))
        kubectl_report(&cluster->kubectl, run);
    struct str text = str_copy(cluster->kubectl.arena, buf_str(&run->output));
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);)
        add_secret(cluster, namespace, line);
}

static bool handle_all_secrets(struct cluster *cluster, const struct request *request,
                               const struct process *runs, size_t count)
{
    (void)request;
    if (!process_all_succeeded(runs, count))
        return false;
    struct str text = count ? str_copy(cluster->kubectl.arena, buf_str(&runs->output)) : STR("");
    struct str line;
    for (size_t at = 0; str_next_line(text, &at, &line);) {
        size_t slash = str_find(line, 0, '/');
        struct cluster_namespace *namespace =
            cluster_namespace_find(cluster, str_slice(line, 0, slash));
        if (namespace && slash < line.len)
            add_secret(cluster, namespace, str_skip(line, slash + 1));
    }
    return true;
}

static const struct request_type secret_type = {add_secret_runs, handle_secrets,
                                                handle_all_secrets};

/* The requests of a query, without a namespace. */
struct requests {
    struct request *items;
    size_t count;
};

static bool is_separate(const struct kind *kind, enum kind_list list)
{
    return kind_is_in_list(kind, list) && kind_is_listed_separately(kind, list);
}

static struct requests first_requests(struct arena *arena, enum kind_list list, unsigned query)
{
    enum { REQUESTS_MAX = 4 };
    struct requests requests = {.items = ARENA_ARRAY(arena, REQUESTS_MAX, struct request)};
    requests.items[requests.count++] = (struct request){.type = &objects_type,
                                                        .resources = kind_list(arena, list),
                                                        .lenient = query & QUERY_LENIENT};
    for (size_t i = 0; i < kind_count; i++)
        if (is_separate(&kind_table[i], list)) {
            requests.items[requests.count++] = (struct request){.type = &discovery_type};
            break;
        }
    if (query & QUERY_NAMESPACES)
        requests.items[requests.count++] = (struct request){.type = &namespace_type};
    if (query & QUERY_SECRETS)
        requests.items[requests.count++] = (struct request){.type = &secret_type};
    return requests;
}

/* Returns one request for all separate kinds that the server has. If the resources of the server
 * are not known, it is asked for each kind. */
static struct requests separate_requests(struct cluster *cluster, enum kind_list list)
{
    struct arena *arena = cluster->kubectl.arena;
    struct requests requests = {.items = ARENA_ARRAY(arena, kind_count, struct request)};
    struct buf resources = {0};
    for (size_t i = 0; i < kind_count; i++) {
        const struct kind *kind = &kind_table[i];
        if (!is_separate(kind, list))
            continue;
        if (cluster->resources.count == 0)
            requests.items[requests.count++] =
                (struct request){.type = &optional_type, .resources = kind->resource, .kind = kind};
        else if (!kind->optional || map_get(&cluster->resources, str_from_c(kind->resource)))
            buf_add_joined(&resources, ",", str_from_c(kind->resource));
        else
            add_missing_kind(cluster, kind);
    }
    if (resources.len)
        requests.items[requests.count++] =
            (struct request){.type = &optional_type, .resources = buf_take(arena, &resources).data};
    buf_free(&resources);
    return requests;
}

static bool handle_together(struct cluster *cluster, const struct request *request,
                            const struct process *runs, size_t count)
{
    bool complete = request->type->handle_all(cluster, request, runs, count);
    for (size_t i = 0; complete && i < count; i++)
        kubectl_show_warnings(&cluster->kubectl, &runs[i]);
    return complete;
}

/* Sends each request for all namespaces together; keeps those that must be sent again. */
static void request_together(struct cluster *cluster, struct requests *requests)
{
    struct runs runs = {0};
    size_t *counts = ARENA_ARRAY(cluster->kubectl.arena, requests->count, size_t);
    size_t kept = 0;
    for (size_t i = 0; i < requests->count; i++) {
        counts[i] = runs.count;
        requests->items[i].type->add_runs(cluster, &requests->items[i], &runs);
        counts[i] = runs.count - counts[i];
    }
    kubectl_poll(&cluster->kubectl, runs.items, runs.count);
    const struct process *responses = runs.items;
    for (size_t i = 0; i < requests->count; responses += counts[i++])
        if (!handle_together(cluster, &requests->items[i], responses, counts[i]))
            requests->items[kept++] = requests->items[i];
    requests->count = kept;
    runs_free(&runs);
}

/* Sends each request for each namespace, and handles the responses in this order. */
static void request_each(struct cluster *cluster, const struct requests *requests)
{
    struct arena *arena = cluster->kubectl.arena;
    struct runs runs = {0};
    struct request *requested = NULL; /* of each process */
    size_t count = 0;
    for (size_t i = 0; i < cluster->namespace_count; i++)
        for (size_t j = 0; j < requests->count; j++) {
            struct request request = requests->items[j];
            request.namespace = &cluster->namespaces[i];
            request.type->add_runs(cluster, &request, &runs);
            for (; count < runs.count; count++) {
                requested = arena_grow(arena, requested, count, sizeof *requested);
                requested[count] = request;
            }
        }
    kubectl_run(&cluster->kubectl, runs.items, runs.count);
    for (size_t i = 0; i < count; i++)
        requested[i].type->handle(cluster, &requested[i], &runs.items[i]);
    runs_free(&runs);
}

struct process cluster_list_run(const struct cluster *cluster, const struct kubectl *kubectl,
                                const char *resources)
{
    return (struct process){.arguments = kubectl_argv(kubectl, "get", resources, "--all-namespaces",
                                                      cluster->selector.data, "--output=json",
                                                      "--show-managed-fields", NULL)
                                             .items};
}

bool cluster_list_all(const struct cluster *cluster, const struct kubectl *kubectl,
                      const char *resources, struct map *ret_items)
{
    if (!cluster->lists_all)
        return false;
    struct process run = cluster_list_run(cluster, kubectl, resources);
    kubectl_poll(kubectl, &run, 1);
    bool ok = process_succeeded(&run);
    if (ok)
        *ret_items =
            object_index(kubectl->arena, kubectl_items(kubectl_parse_output(kubectl, &run)));
    process_free(&run);
    return ok;
}

static void send_requests(struct cluster *cluster, struct requests requests)
{
    if (cluster->namespace_count >= TOGETHER_MIN)
        request_together(cluster, &requests);
    request_each(cluster, &requests);
}

bool cluster_query(struct cluster *cluster, enum kind_list list, unsigned query)
{
    for (size_t i = 0; i < cluster->namespace_count; i++)
        cluster->namespaces[i].live = NULL;
    cluster->resources = (struct map){0};
    send_requests(cluster, first_requests(cluster->kubectl.arena, list, query));
    send_requests(cluster, separate_requests(cluster, list));
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        namespace_sort(cluster->kubectl.arena, &cluster->namespaces[i]);
        namespace_index(cluster->kubectl.arena, &cluster->namespaces[i]);
    }
    return cluster->diags.errors == 0 && !process_interrupted();
}

static bool is_missing_kind(const struct cluster *cluster, const struct node *object)
{
    return map_get(&cluster->missing_kinds, object_kind(object)) != NULL;
}

bool cluster_check_kinds(struct cluster *cluster)
{
    struct map already_reported = {0};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        for (size_t j = 0; j < deployed->count; j++) {
            const struct node *object = deployed->objects[j];
            if (!is_missing_kind(cluster, object) ||
                map_add(&cluster->arena, &already_reported, object_kind(object), object))
                continue;
            const struct kind *kind = kind_of(object);
            diag_error(&cluster->diags, deployed->service->at, RULE_KIND_NOT_FOUND,
                       "the server does not have the kind %s (%s)", kind->name, kind->resource);
            diag_hint(&cluster->diags,
                      "install %s, which provides its CustomResourceDefinition%s%s",
                      kind->controller, kind->alternative ? "; or " : "",
                      kind->alternative ? kind->alternative : "");
        }
    }
    return cluster->diags.errors == 0;
}

/* Gets the rendered objects of a namespace that the list did not return. */
static void add_missing_run(struct cluster *cluster, const struct request *request,
                            struct runs *runs)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    const struct cluster_namespace *namespace = request->namespace;
    struct manifests missing = {.arena = kubectl->arena};
    for (size_t i = 0; i < namespace->service_count; i++) {
        const struct deployed_service *deployed = namespace->services[i];
        for (size_t j = 0; j < deployed->count; j++)
            if (!namespace_find(kubectl->arena, namespace, deployed->objects[j]) &&
                !is_missing_kind(cluster, deployed->objects[j]))
                manifests_add(&missing, deployed->objects[j]);
        if (deployed->job && !namespace_find(kubectl->arena, namespace, deployed->job))
            manifests_add(&missing, deployed->job);
    }
    if (missing.count && namespace->state != NAMESPACE_ENDING)
        runs_add(kubectl->arena, runs, kubectl_get_by_name(kubectl, missing.items, missing.count));
}

static void handle_missing(struct cluster *cluster, const struct request *request,
                           const struct process *run)
{
    struct cluster_namespace *namespace = request->namespace;
    bool forbidden = kubectl_forbidden(run);
    if (!forbidden && !process_succeeded(run)) {
        kubectl_report(&cluster->kubectl, run);
        return;
    }
    if (forbidden)
        request->namespace->forbidden = kubectl_refused(&cluster->kubectl, run);
    struct node *next = NULL;
    for (struct node *item = printed_items(cluster, run); item; item = next) {
        next = item->next;
        item->next = namespace->live;
        namespace->live = item;
    }
    namespace_index(cluster->kubectl.arena, namespace);
}

bool cluster_has_missing(struct cluster *cluster)
{
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        for (size_t j = 0; j < deployed->count; j++)
            if (!namespace_find(cluster->kubectl.arena, deployed->namespace, deployed->objects[j]))
                return true;
        if (deployed->job &&
            !namespace_find(cluster->kubectl.arena, deployed->namespace, deployed->job))
            return true;
    }
    return false;
}

bool cluster_query_missing(struct cluster *cluster)
{
    static const struct request_type type = {add_missing_run, handle_missing, NULL};
    struct request request = {.type = &type};
    request_each(cluster, &(struct requests){&request, 1});
    return cluster->diags.errors == 0 && !process_interrupted();
}
