#include "cluster/cluster.h"

#include "cluster/kind.h"
#include "cluster/kuberc.h"
#include "manifest/manifest.h"
#include "manifest/session.h"
#include "os/console.h"

#include <stdlib.h>
#include <string.h>

static struct cluster_namespace *namespace_of_layer(struct cluster *cluster,
                                                    const struct layer *layer)
{
    for (size_t i = 0; i < cluster->namespace_count; i++)
        if (str_equal(cluster->namespaces[i].name, layer->namespace))
            return &cluster->namespaces[i];
    struct cluster_namespace *namespace = &cluster->namespaces[cluster->namespace_count++];
    *namespace = (struct cluster_namespace){.name = layer->namespace, .layer = layer};
    return namespace;
}

static void add_layer(struct cluster *cluster, struct cluster_namespace *namespace,
                      struct str layer)
{
    for (size_t at = 0; at < namespace->layers.len;) {
        size_t end = str_find(namespace->layers, at, ',');
        if (str_equal(str_slice(namespace->layers, at, end), layer))
            return;
        at = end + 1;
    }
    namespace->layers = str_format(&cluster->arena, "%.*s%s%.*s", STR_ARG(namespace->layers),
                                   namespace->layers.len ? "," : "", STR_ARG(layer));
}

bool cluster_open(struct cluster *cluster, const struct options *options, bool color, bool quiet)
{
    *cluster = (struct cluster){.options = options, .color = color};
    cluster->diags.arena = &cluster->arena;
    cluster->kubectl =
        (struct kubectl){.options = options, .arena = &cluster->arena, .diags = &cluster->diags};
    struct session session = {.arena = &cluster->arena};
    if (!session_open(&session, options, color, quiet))
        return false;
    if (!kuberc_isolate(options, &cluster->arena, &cluster->diags)) {
        cluster_tell(cluster);
        return false;
    }
    cluster->services =
        ARENA_ARRAY(&cluster->arena, session.service_count, struct deployed_service);
    cluster->namespaces =
        ARENA_ARRAY(&cluster->arena, session.service_count, struct cluster_namespace);
    cluster->service_count = session.service_count;
    for (size_t i = 0; i < session.service_count; i++) {
        const struct rendered *rendered = &session.services[i];
        struct cluster_namespace *namespace = namespace_of_layer(cluster, rendered->service->layer);
        add_layer(cluster, namespace, rendered->service->layer->name);
        cluster->services[i] = (struct deployed_service){rendered->service, rendered->objects,
                                                         rendered->count, namespace};
    }
    return true;
}

void cluster_close(struct cluster *cluster)
{
    arena_free(&cluster->arena);
}

bool cluster_tell(struct cluster *cluster)
{
    return session_report(&cluster->diags, cluster->color);
}

void cluster_say(const struct cluster *cluster, const char *format, ...)
{
    struct arena arena = {0};
    (void)cluster;
    va_list arguments;
    va_start(arguments, format);
    console_print_line(str_vformat(&arena, format, arguments));
    va_end(arguments);
    arena_free(&arena);
}

static size_t turn_of(const struct node *object)
{
    const struct kind *kind = kind_of(object);
    return kind ? kind->deleted : kind_count;
}

static int by_turn(const void *a, const void *b)
{
    const struct node *left = *(struct node *const *)a, *right = *(struct node *const *)b;
    const size_t turns[] = {turn_of(left), turn_of(right)};
    return turns[0] == turns[1] ? str_compare(object_name(left), object_name(right))
                                : (turns[0] > turns[1]) - (turns[0] < turns[1]);
}

/* kubectl lists several kinds in no order of its own; here it is that in which objects go. */
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
        qsort(sorted, count, sizeof(struct node *), by_turn);
    struct node **link = &namespace->live;
    for (size_t i = 0; i < count; i++, link = &(*link)->next)
        *link = sorted[i];
    *link = NULL;
}

/* The queries about one namespace, which run at the same time as those about the others. */
struct questions {
    struct process *namespace; /* NULL: not asked */
    struct process *objects;
    struct process *extras; /* one for each kind that is not everywhere; NULL: not asked */
    struct process *secrets;
};

static struct process ask_namespace(struct cluster *cluster,
                                    const struct cluster_namespace *namespace)
{
    return (struct process){.arguments =
                                kubectl_argv(&cluster->kubectl, "get", "namespace",
                                             namespace->name.data, "--ignore-not-found",
                                             "--output=json", "--show-managed-fields", NULL)
                                    .items};
}

static struct process ask_objects(struct cluster *cluster,
                                  const struct cluster_namespace *namespace, const char *kinds)
{
    const char *selector =
        str_format(cluster->kubectl.arena, "--selector=opta.dev/layer-name in (%.*s)",
                   STR_ARG(namespace->layers))
            .data;
    return (struct process){.arguments =
                                kubectl_argv(&cluster->kubectl, "get", kinds, "--namespace",
                                             namespace->name.data, selector, "--output=json",
                                             "--show-managed-fields", NULL)
                                    .items};
}

/* Names and keys alone: no value leaves kubectl. One object is no List. */
static const char secret_template[] =
    "--output=go-template={{define \"s\"}}{{.metadata.name}}{{\"\\n\"}}{{$n := .metadata.name}}"
    "{{range $k, $v := .data}}{{$n}}/{{$k}}{{\"\\n\"}}{{end}}{{end}}"
    "{{if eq .kind \"List\"}}{{range .items}}{{template \"s\" .}}{{end}}"
    "{{else}}{{template \"s\" .}}{{end}}";

/* The Secrets that pods of a namespace need. */
static struct set needed_secrets(struct cluster *cluster, const struct cluster_namespace *namespace,
                                 struct argv *argv)
{
    struct arena *arena = cluster->kubectl.arena;
    struct set names = {0};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct service *service = cluster->services[i].service;
        if (cluster->services[i].namespace != namespace || !service->has_image)
            continue;
        for (size_t j = 0; j <= service->variable_count; j++) {
            struct str name =
                j < service->variable_count ? service->variables[j].secret : service->all_secrets;
            if (name.len && !set_add(arena, &names, name, namespace))
                argv_add(arena, argv, str_c(arena, name));
        }
    }
    return names;
}

/* Asks for manual-secrets in any case, because keys that nothing uses are reported, unless a store
 * has the secrets. False when there is nothing to ask for. */
static bool ask_secrets(struct cluster *cluster, struct cluster_namespace *namespace,
                        struct process *ret)
{
    struct kubectl kubectl = cluster->kubectl;
    kubectl.secret = true;
    struct argv argv = kubectl_argv(&kubectl, "get", "secrets", "--namespace", namespace->name.data,
                                    "--ignore-not-found", secret_template, NULL);
    struct set names = needed_secrets(cluster, namespace, &argv);
    bool store = namespace->layer->environment.secret_store.len > 0;
    namespace->needs_secrets = names.count > 0;
    if (!store && !set_get(&names, STR(MANUAL_SECRETS)))
        argv_add(cluster->kubectl.arena, &argv, MANUAL_SECRETS);
    *ret = (struct process){.arguments = argv.items};
    return !store || names.count > 0;
}

static void take_namespace(struct cluster *cluster, struct cluster_namespace *namespace,
                           const struct process *run)
{
    if (kubectl_forbidden(run))
        return;
    if (!process_right(run)) {
        kubectl_report(&cluster->kubectl, run);
        return;
    }
    if (run->output.len) /* --ignore-not-found prints nothing */
    namespace->object = kubectl_answer(&cluster->kubectl, run);
    bool ending = str_is(node_text(node_find(namespace->object, "status phase")), "Terminating");
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

static void take_objects(struct cluster *cluster, struct cluster_namespace *namespace,
                         const struct process *run, bool lenient)
{
    bool forbidden = kubectl_forbidden(run);
    if (forbidden && lenient)
        kubectl_warn(&cluster->kubectl, run);
    else if (!process_right(run))
        kubectl_report(&cluster->kubectl, run);
    if (forbidden || process_right(run))
        append(namespace, kubectl_items(kubectl_answer(&cluster->kubectl, run)));
}

/* A kind that is not there has no objects; one that may not be listed is none of this user's. */
static void take_extras(struct cluster *cluster, struct cluster_namespace *namespace,
                        const struct kind *kind, const struct process *run)
{
    if (process_right(run))
        append(namespace, kubectl_items(kubectl_answer(&cluster->kubectl, run)));
    else if (kubectl_lacks_kind(run))
        set_add(cluster->kubectl.arena, &namespace->lacking, str_of(kind->name), kind);
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

static void take_secrets(struct cluster *cluster, struct cluster_namespace *namespace,
                         const struct process *run)
{
    struct str text = str_copy(cluster->kubectl.arena, buf_str(&run->output));
    struct str manual = STR(MANUAL_SECRETS "/");
    if (kubectl_forbidden(run)) {
        namespace->secrets_hidden = true;
        if (!namespace->needs_secrets)
            return;
        diag_warning(&cluster->diags, (struct location){0},
                     "the Secrets of namespace \"%.*s\" may not be read: whether the pods find "
                     "theirs is not checked",
                     STR_ARG(namespace->name));
        return;
    }
    if (!process_right(run))
        kubectl_report(&cluster->kubectl, run);
    for (size_t at = 0; at < text.len;) {
        size_t end = str_find(text, at, '\n');
        struct str line = str_slice(text, at, end);
        set_add(cluster->kubectl.arena, &namespace->secrets, line, namespace);
        if (str_starts(line, manual))
            add_manual_key(cluster, namespace, str_from(line, manual.len));
        at = end + 1;
    }
}

bool cluster_query(struct cluster *cluster, const char *kinds, unsigned query)
{
    struct arena *arena = cluster->kubectl.arena;
    struct questions *questions = ARENA_ARRAY(arena, cluster->namespace_count, struct questions);
    struct process *runs =
        ARENA_ARRAY(arena, (3 + kind_count) * cluster->namespace_count, struct process);
    bool all = kinds == NULL;
    kinds = all ? kind_resources(arena) : kinds;
    size_t count = 0;
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        struct cluster_namespace *namespace = &cluster->namespaces[i];
        namespace->live = NULL;
        questions[i].objects = &runs[count];
        runs[count++] = ask_objects(cluster, namespace, kinds);
        if (all)
            questions[i].extras = &runs[count];
        for (size_t j = 0; all && j < kind_count; j++)
            if (kind_table[j].condition)
                runs[count++] = ask_objects(cluster, namespace, kind_table[j].resource);
        if (query & QUERY_NAMESPACES) {
            questions[i].namespace = &runs[count];
            runs[count++] = ask_namespace(cluster, namespace);
        }
        if (query & QUERY_SECRETS && ask_secrets(cluster, namespace, &runs[count]))
            questions[i].secrets = &runs[count++];
    }
    kubectl_run(&cluster->kubectl, runs, count);
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        struct cluster_namespace *namespace = &cluster->namespaces[i];
        take_objects(cluster, namespace, questions[i].objects, query & QUERY_LENIENT);
        const struct process *extra = questions[i].extras;
        for (size_t j = 0; extra && j < kind_count; j++)
            if (kind_table[j].condition)
                take_extras(cluster, namespace, &kind_table[j], extra++);
        if (questions[i].namespace)
            take_namespace(cluster, namespace, questions[i].namespace);
        if (questions[i].secrets)
            take_secrets(cluster, namespace, questions[i].secrets);
        sort_live(arena, namespace);
    }
    for (size_t i = 0; i < count; i++)
        process_free(&runs[i]);
    return cluster->diags.errors == 0 && !process_interrupted();
}

static bool is_lacking(const struct cluster_namespace *namespace, const struct node *object)
{
    return set_get(&namespace->lacking, object_kind(object)) != NULL;
}

/* Each kind once, where it is needed first. */
static void report_lacking(struct cluster *cluster)
{
    struct set told = {0};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        for (size_t j = 0; j < deployed->count; j++) {
            const struct node *object = deployed->objects[j];
            if (!is_lacking(deployed->namespace, object) ||
                set_add(&cluster->arena, &told, object_kind(object), object))
                continue;
            const struct kind *kind = kind_of(object);
            diag_error(&cluster->diags, deployed->service->at, "the server has no kind %s (%s)",
                       kind->name, kind->resource);
            diag_hint(&cluster->diags, "install %s, which brings its definition (CRD)%s%s",
                      kind->controller, kind->instead ? "; or " : "",
                      kind->instead ? kind->instead : "");
        }
    }
}

/* The rendered objects of a namespace that the list did not return. */
static struct str unseen(struct cluster *cluster, const struct cluster_namespace *namespace)
{
    struct manifests objects = {.arena = cluster->kubectl.arena};
    for (size_t i = 0; i < cluster->service_count; i++) {
        const struct deployed_service *deployed = &cluster->services[i];
        for (size_t j = 0; j < deployed->count && deployed->namespace == namespace; j++)
            if (!deployed_service_live(deployed, deployed->objects[j]) &&
                !is_lacking(namespace, deployed->objects[j]))
                manifests_add(&objects, object_reference(objects.arena, deployed->objects[j]));
    }
    return objects.count ? kubectl_documents(&cluster->kubectl, objects.items, objects.count)
                         : (struct str){0};
}

bool cluster_query_missing(struct cluster *cluster)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    struct process *runs = ARENA_ARRAY(kubectl->arena, cluster->namespace_count, struct process);
    struct cluster_namespace **namespaces =
        ARENA_ARRAY(kubectl->arena, cluster->namespace_count, struct cluster_namespace *);
    size_t count = 0;
    report_lacking(cluster);
    for (size_t i = 0; i < cluster->namespace_count; i++) {
        struct cluster_namespace *namespace = &cluster->namespaces[i];
        struct str documents = unseen(cluster, namespace);
        if (documents.len == 0 || namespace->state == NAMESPACE_ENDING)
            continue;
        namespaces[count] = namespace;
        runs[count++] = (struct process){
            .arguments = kubectl_argv(kubectl, "get", "--filename=-", "--ignore-not-found",
                                      "--output=json", "--show-managed-fields", NULL)
                             .items,
            .input = documents,
        };
    }
    kubectl_run(kubectl, runs, count);
    for (size_t i = 0; i < count; i++) {
        bool forbidden = kubectl_forbidden(&runs[i]);
        if (forbidden)
            namespaces[i]->hidden = str_copy(kubectl->arena, buf_str(&runs[i].errors));
        if (!forbidden && !process_right(&runs[i]))
            kubectl_report(kubectl, &runs[i]);
        else if (runs[i].output.len)
            append(namespaces[i], kubectl_items(kubectl_answer(kubectl, &runs[i])));
        process_free(&runs[i]);
    }
    return cluster->diags.errors == 0 && !process_interrupted();
}

struct node *deployed_service_live(const struct deployed_service *deployed,
                                   const struct node *object)
{
    for (struct node *live = deployed->namespace->live; live; live = live->next)
        if (object_same(live, object))
            return live;
    return NULL;
}

struct node *deployed_service_workload(const struct deployed_service *deployed)
{
    for (size_t i = 0; i < deployed->count; i++)
        if (object_is_workload(deployed->objects[i]))
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
