#include "cluster/cluster.h"

#include "cluster/kind.h"
#include "cluster/kuberc.h"
#include "manifest/manifest.h"
#include "manifest/session.h"
#include "os/console.h"

#include <stdlib.h>
#include <string.h>

static struct place *place_of(struct cluster *cluster, const struct layer *layer)
{
    for (size_t i = 0; i < cluster->place_count; i++)
        if (str_equal(cluster->places[i].name, layer->namespace))
            return &cluster->places[i];
    struct place *place = &cluster->places[cluster->place_count++];
    *place = (struct place){.name = layer->namespace, .layer = layer};
    return place;
}

static void add_layer(struct cluster *cluster, struct place *place, struct str layer)
{
    for (size_t at = 0; at < place->layers.len;) {
        size_t end = str_find(place->layers, at, ',');
        if (str_equal(str_slice(place->layers, at, end), layer))
            return;
        at = end + 1;
    }
    place->layers = str_format(&cluster->arena, "%.*s%s%.*s", STR_ARG(place->layers),
                               place->layers.len ? "," : "", STR_ARG(layer));
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
    cluster->units = ARENA_ARRAY(&cluster->arena, session.service_count, struct unit);
    cluster->places = ARENA_ARRAY(&cluster->arena, session.service_count, struct place);
    cluster->unit_count = session.service_count;
    for (size_t i = 0; i < session.service_count; i++) {
        const struct rendered *rendered = &session.services[i];
        struct place *place = place_of(cluster, rendered->service->layer);
        add_layer(cluster, place, rendered->service->layer->name);
        cluster->units[i] =
            (struct unit){rendered->service, rendered->objects, rendered->count, place};
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
static void sort_live(struct arena *arena, struct place *place)
{
    size_t count = 0;
    for (const struct node *live = place->live; live; live = live->next)
        count++;
    struct node **sorted = ARENA_ARRAY(arena, count, struct node *);
    count = 0;
    for (struct node *live = place->live; live; live = live->next)
        sorted[count++] = live;
    if (count)
        qsort(sorted, count, sizeof(struct node *), by_turn);
    struct node **link = &place->live;
    for (size_t i = 0; i < count; i++, link = &(*link)->next)
        *link = sorted[i];
    *link = NULL;
}

/* What is asked about one place, at the same time as about all others. */
struct questions {
    struct process *namespace; /* NULL: not asked */
    struct process *objects;
    struct process *extras; /* one for each kind that is not everywhere; NULL: not asked */
    struct process *secrets;
};

static struct process ask_namespace(struct cluster *cluster, const struct place *place)
{
    return (struct process){.arguments =
                                kubectl_argv(&cluster->kubectl, "get", "namespace",
                                             place->name.data, "--ignore-not-found",
                                             "--output=json", "--show-managed-fields", NULL)
                                    .items};
}

static struct process ask_objects(struct cluster *cluster, const struct place *place,
                                  const char *kinds)
{
    const char *selector =
        str_format(cluster->kubectl.arena, "--selector=opta.dev/layer-name in (%.*s)",
                   STR_ARG(place->layers))
            .data;
    return (struct process){
        .arguments = kubectl_argv(&cluster->kubectl, "get", kinds, "--namespace", place->name.data,
                                  selector, "--output=json", "--show-managed-fields", NULL)
                         .items};
}

/* Names and keys alone: no value leaves kubectl. One object is no List. */
static const char secret_template[] =
    "--output=go-template={{define \"s\"}}{{.metadata.name}}{{\"\\n\"}}{{$n := .metadata.name}}"
    "{{range $k, $v := .data}}{{$n}}/{{$k}}{{\"\\n\"}}{{end}}{{end}}"
    "{{if eq .kind \"List\"}}{{range .items}}{{template \"s\" .}}{{end}}"
    "{{else}}{{template \"s\" .}}{{end}}";

/* The Secrets that pods of a place need. */
static struct set needed_secrets(struct cluster *cluster, const struct place *place,
                                 struct argv *words)
{
    struct arena *arena = cluster->kubectl.arena;
    struct set names = {0};
    for (size_t i = 0; i < cluster->unit_count; i++) {
        const struct service *service = cluster->units[i].service;
        if (cluster->units[i].place != place || !service->has_image)
            continue;
        for (size_t j = 0; j <= service->variable_count; j++) {
            struct str name =
                j < service->variable_count ? service->variables[j].secret : service->all_secrets;
            if (name.len && !set_add(arena, &names, name, place))
                argv_add(arena, words, str_c(arena, name));
        }
    }
    return names;
}

/* Asks for manual-secrets in any case, because keys that nothing uses are reported, unless a store
 * has the secrets. False when there is nothing to ask for. */
static bool ask_secrets(struct cluster *cluster, struct place *place, struct process *ret)
{
    struct kubectl kubectl = cluster->kubectl;
    kubectl.secret = true;
    struct argv words = kubectl_argv(&kubectl, "get", "secrets", "--namespace", place->name.data,
                                     "--ignore-not-found", secret_template, NULL);
    struct set names = needed_secrets(cluster, place, &words);
    bool store = place->layer->environment.secret_store.len > 0;
    place->needs_secrets = names.count > 0;
    if (!store && !set_get(&names, STR(MANUAL_SECRETS)))
        argv_add(cluster->kubectl.arena, &words, MANUAL_SECRETS);
    *ret = (struct process){.arguments = words.items};
    return !store || names.count > 0;
}

static void take_namespace(struct cluster *cluster, struct place *place, const struct process *run)
{
    if (kubectl_forbidden(run))
        return;
    if (!process_right(run)) {
        kubectl_report(&cluster->kubectl, run);
        return;
    }
    if (run->output.len) /* --ignore-not-found prints nothing */
        place->object = kubectl_answer(&cluster->kubectl, run);
    bool ending = str_is(node_text(node_find(place->object, "status phase")), "Terminating");
    place->state = !place->object ? NAMESPACE_ABSENT
                   : ending       ? NAMESPACE_ENDING
                                  : NAMESPACE_PRESENT;
}

static void append(struct place *place, struct node *items)
{
    struct node **link = &place->live;
    while (*link)
        link = &(*link)->next;
    *link = items;
}

static void take_objects(struct cluster *cluster, struct place *place, const struct process *run,
                         bool lenient)
{
    bool forbidden = kubectl_forbidden(run);
    if (forbidden && lenient)
        kubectl_warn(&cluster->kubectl, run);
    else if (!process_right(run))
        kubectl_report(&cluster->kubectl, run);
    if (forbidden || process_right(run))
        append(place, kubectl_items(kubectl_answer(&cluster->kubectl, run)));
}

/* A kind that is not there has no objects; one that may not be listed is none of this user's. */
static void take_extras(struct cluster *cluster, struct place *place, const struct kind *kind,
                        const struct process *run)
{
    if (process_right(run))
        append(place, kubectl_items(kubectl_answer(&cluster->kubectl, run)));
    else if (kubectl_lacks_kind(run))
        set_add(cluster->kubectl.arena, &place->lacking, str_of(kind->name), kind);
    else if (!kubectl_forbidden(run))
        kubectl_report(&cluster->kubectl, run);
}

static void add_manual_key(struct cluster *cluster, struct place *place, struct str key)
{
    place->manual_keys =
        arena_grow(cluster->kubectl.arena, place->manual_keys, place->manual_key_count, sizeof key);
    place->manual_keys[place->manual_key_count++] = key;
}

static void take_secrets(struct cluster *cluster, struct place *place, const struct process *run)
{
    struct str text = str_copy(cluster->kubectl.arena, buf_str(&run->output));
    struct str manual = STR(MANUAL_SECRETS "/");
    if (kubectl_forbidden(run)) {
        place->secrets_hidden = true;
        if (!place->needs_secrets)
            return;
        diag_warning(&cluster->diags, (struct location){0},
                     "the Secrets of namespace \"%.*s\" may not be read: whether the pods find "
                     "theirs is not checked",
                     STR_ARG(place->name));
        return;
    }
    if (!process_right(run))
        kubectl_report(&cluster->kubectl, run);
    for (size_t at = 0; at < text.len;) {
        size_t end = str_find(text, at, '\n');
        struct str line = str_slice(text, at, end);
        set_add(cluster->kubectl.arena, &place->secrets, line, place);
        if (str_starts(line, manual))
            add_manual_key(cluster, place, str_from(line, manual.len));
        at = end + 1;
    }
}

bool cluster_look(struct cluster *cluster, const char *kinds, unsigned look)
{
    struct arena *arena = cluster->kubectl.arena;
    struct questions *questions = ARENA_ARRAY(arena, cluster->place_count, struct questions);
    struct process *runs =
        ARENA_ARRAY(arena, (3 + kind_count) * cluster->place_count, struct process);
    bool all = kinds == NULL;
    kinds = all ? kind_resources(arena) : kinds;
    size_t count = 0;
    for (size_t i = 0; i < cluster->place_count; i++) {
        struct place *place = &cluster->places[i];
        place->live = NULL;
        questions[i].objects = &runs[count];
        runs[count++] = ask_objects(cluster, place, kinds);
        if (all)
            questions[i].extras = &runs[count];
        for (size_t j = 0; all && j < kind_count; j++)
            if (kind_table[j].condition)
                runs[count++] = ask_objects(cluster, place, kind_table[j].resource);
        if (look & LOOK_NAMESPACES) {
            questions[i].namespace = &runs[count];
            runs[count++] = ask_namespace(cluster, place);
        }
        if (look & LOOK_SECRETS && ask_secrets(cluster, place, &runs[count]))
            questions[i].secrets = &runs[count++];
    }
    kubectl_run(&cluster->kubectl, runs, count);
    for (size_t i = 0; i < cluster->place_count; i++) {
        struct place *place = &cluster->places[i];
        take_objects(cluster, place, questions[i].objects, look & LOOK_LENIENT);
        const struct process *extra = questions[i].extras;
        for (size_t j = 0; extra && j < kind_count; j++)
            if (kind_table[j].condition)
                take_extras(cluster, place, &kind_table[j], extra++);
        if (questions[i].namespace)
            take_namespace(cluster, place, questions[i].namespace);
        if (questions[i].secrets)
            take_secrets(cluster, place, questions[i].secrets);
        sort_live(arena, place);
    }
    for (size_t i = 0; i < count; i++)
        process_free(&runs[i]);
    return cluster->diags.errors == 0 && !process_interrupted();
}

static bool is_lacking(const struct place *place, const struct node *object)
{
    return set_get(&place->lacking, object_kind(object)) != NULL;
}

/* Each kind once, where it is needed first. */
static void report_lacking(struct cluster *cluster)
{
    struct set told = {0};
    for (size_t i = 0; i < cluster->unit_count; i++) {
        const struct unit *unit = &cluster->units[i];
        for (size_t j = 0; j < unit->count; j++) {
            const struct node *object = unit->objects[j];
            if (!is_lacking(unit->place, object) ||
                set_add(&cluster->arena, &told, object_kind(object), object))
                continue;
            const struct kind *kind = kind_of(object);
            diag_error(&cluster->diags, unit->service->at, "the server has no kind %s (%s)",
                       kind->name, kind->resource);
            diag_hint(&cluster->diags, "install %s, which brings its definition (CRD)%s%s",
                      kind->controller, kind->instead ? "; or " : "",
                      kind->instead ? kind->instead : "");
        }
    }
}

/* What is rendered for a place and was not seen there. */
static struct str unseen(struct cluster *cluster, const struct place *place)
{
    struct manifests objects = {.arena = cluster->kubectl.arena};
    for (size_t i = 0; i < cluster->unit_count; i++) {
        const struct unit *unit = &cluster->units[i];
        for (size_t j = 0; j < unit->count && unit->place == place; j++)
            if (!unit_live(unit, unit->objects[j]) && !is_lacking(place, unit->objects[j]))
                manifests_add(&objects, object_reference(objects.arena, unit->objects[j]));
    }
    return objects.count ? kubectl_documents(&cluster->kubectl, objects.items, objects.count)
                         : (struct str){0};
}

bool cluster_look_closer(struct cluster *cluster)
{
    const struct kubectl *kubectl = &cluster->kubectl;
    struct process *runs = ARENA_ARRAY(kubectl->arena, cluster->place_count, struct process);
    struct place **places = ARENA_ARRAY(kubectl->arena, cluster->place_count, struct place *);
    size_t count = 0;
    report_lacking(cluster);
    for (size_t i = 0; i < cluster->place_count; i++) {
        struct place *place = &cluster->places[i];
        struct str documents = unseen(cluster, place);
        if (documents.len == 0 || place->state == NAMESPACE_ENDING)
            continue;
        places[count] = place;
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
            places[i]->hidden = str_copy(kubectl->arena, buf_str(&runs[i].errors));
        if (!forbidden && !process_right(&runs[i]))
            kubectl_report(kubectl, &runs[i]);
        else if (runs[i].output.len)
            append(places[i], kubectl_items(kubectl_answer(kubectl, &runs[i])));
        process_free(&runs[i]);
    }
    return cluster->diags.errors == 0 && !process_interrupted();
}

struct node *unit_live(const struct unit *unit, const struct node *object)
{
    for (struct node *live = unit->place->live; live; live = live->next)
        if (object_same(live, object))
            return live;
    return NULL;
}

struct node *unit_workload(const struct unit *unit)
{
    for (size_t i = 0; i < unit->count; i++)
        if (object_is_workload(unit->objects[i]))
            return unit->objects[i];
    return NULL;
}

const char *unit_selector(struct arena *arena, const struct unit *unit)
{
    return str_format(arena,
                      "--selector=app.kubernetes.io/name=%.*s,app.kubernetes.io/instance=%.*s-%.*s",
                      STR_ARG(unit->service->name), STR_ARG(unit->service->layer->name),
                      STR_ARG(unit->service->name))
        .data;
}

const char *unit_pod_selector(struct arena *arena, const struct unit *unit)
{
    const struct layer *layer = unit->service->layer;
    struct str environment = layer->environment.name;
    return str_format(arena,
                      "%s,opta.dev/layer-name=%.*s,opta.dev/module-name=%.*s,"
                      "%sopta.dev/environment-name%s%.*s",
                      unit_selector(arena, unit), STR_ARG(layer->name),
                      STR_ARG(unit->service->name), environment.len ? "" : "!",
                      environment.len ? "=" : "", STR_ARG(environment))
        .data;
}
