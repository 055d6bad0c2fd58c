/* Which workload and container of a chart a service means. */
#include "inject_target.h"

#include <string.h>

/* Workloads that are left after a step of the search. */
struct choice {
    const struct object *found;
    size_t count;
};

static void offer(struct choice *choice, const struct object *object)
{
    if (choice->count++ == 0)
        choice->found = object;
}

/* Hooks come and go at Helm's time. */
static bool is_candidate(const struct object *object)
{
    return !object->hook && object->name.len;
}

/* NAME is the end of the object's name, behind a dash. */
static bool ends_in(const struct object *object, struct str name)
{
    size_t len = object->name.len;
    return len > name.len && str_ends(object->name, name) &&
           object->name.data[len - name.len - 1] == '-';
}

enum step { STEP_NAME, STEP_ENDING, STEP_LABEL, STEP_ANY, STEP_COUNT };

static bool fits(const struct object *object, enum step step, struct str name)
{
    switch (step) {
    case STEP_NAME:
        return str_equal(object->name, name);
    case STEP_ENDING:
        return ends_in(object, name);
    case STEP_LABEL:
        return str_equal(
            node_text(node_find(object->node, "metadata labels app.kubernetes.io/name")), name);
    default:
        return true;
    }
}

/* `kind`: empty for any. */
static struct choice choose(struct release *release, enum step step, struct str kind,
                            struct str name)
{
    struct choice choice = {0};
    for (const struct object *object = release_objects(release, OBJECT_WORKLOAD); object;
         object = object->next) {
        /* kubectl takes deployment/web as well. */
        bool right = kind.len == 0 || str_is_nocase(kind, str_c(release->arena, object->kind));
        if (is_candidate(object) && right && fits(object, step, name))
            offer(&choice, object);
    }
    return choice;
}

/* The names of all that could be meant, for a message. */
static struct str list_workloads(struct injection *injection)
{
    enum { NAMED = 20 };
    struct str names = {0};
    size_t count = 0;
    for (const struct object *object = release_objects(&injection->release, OBJECT_WORKLOAD);
         object; object = object->next) {
        if (!is_candidate(object) || count++ > NAMED)
            continue;
        struct str name = object_text(injection->arena, object);
        names = str_format(injection->arena, "%.*s%s%.*s", STR_ARG(names), count > 1 ? ", " : "",
                           STR_ARG(count > NAMED ? STR("...") : name));
    }
    return names;
}

static bool is_hook_alone(struct release *release, struct str name)
{
    for (const struct object *object = release_objects(release, OBJECT_WORKLOAD); object;
         object = object->next)
        if (object->hook && str_equal(object->name, name))
            return true;
    return false;
}

static void report(struct injection *injection, const struct service *service, struct location at,
                   struct str wanted, bool several)
{
    if (injection->release.unreadable) /* it may be in there */
        return;
    if (release_has_hooks_alone(&injection->release) && !several &&
        !is_hook_alone(&injection->release, wanted))
        return;
    struct str names = list_workloads(injection);
    bool written = !str_equal(wanted, service->name);
    bool hook = is_hook_alone(&injection->release, wanted);
    if (several)
        diag_error(injection->diags, at,
                   "several workloads of the chart could be meant by \"%.*s\"", STR_ARG(wanted));
    else if (hook)
        diag_error(injection->diags, at, "\"%.*s\" is a hook of the chart, which is left alone",
                   STR_ARG(wanted));
    else
        diag_error(injection->diags, at, "no workload of the chart %s \"%.*s\"",
                   written ? "is" : "belongs to", STR_ARG(wanted));
    if (names.len == 0)
        diag_hint(injection->diags,
                  "the chart has no %sDeployment, StatefulSet, DaemonSet or Rollout",
                  hook ? "other " : "");
    else
        diag_hint(injection->diags, "it has %.*s\nwrite which: helm: {workload: %.*s}",
                  STR_ARG(names), STR_ARG(str_slice(names, 0, str_find(names, 0, ','))));
}

/* What the user wrote: KIND/NAME, or the end of a name. */
static const struct object *find_written(struct injection *injection, const struct service *service,
                                         struct str written, struct location at)
{
    size_t slash = str_find(written, 0, '/');
    bool split = slash < written.len;
    struct str kind = split ? str_slice(written, 0, slash) : (struct str){0};
    struct str name = split ? str_from(written, slash + 1) : written;
    if (str_starts(name, STR("*-")))
        name = str_from(name, 2);
    struct choice choice = choose(&injection->release, STEP_NAME, kind, name);
    if (choice.count == 0)
        choice = choose(&injection->release, STEP_ENDING, kind, name);
    if (choice.count == 1)
        return choice.found;
    report(injection, service, at, written, choice.count > 1);
    return NULL;
}

const struct object *target_workload(struct injection *injection, const struct service *service)
{
    const struct str any = {0};
    if (injection->options->workload)
        return find_written(injection, service, str_of(injection->options->workload), service->at);
    if (service->helm.workload.len)
        return find_written(injection, service, service->helm.workload,
                            record_location(service->record, SERVICE_HELM));
    bool several = false;
    for (enum step step = STEP_NAME; step < STEP_COUNT; step++) {
        struct choice choice = choose(&injection->release, step, any, service->name);
        if (choice.count == 1)
            return choice.found;
        several |= choice.count > 1 && step != STEP_ANY;
        if (several && step == STEP_NAME)
            break;
    }
    report(injection, service, service->at, service->name, several);
    return NULL;
}

/* Containers */

static struct node *first_container(const struct object *workload)
{
    const struct node *containers = node_find(workload->pod, "containers");
    return containers && containers->kind == NODE_LIST ? containers->first : NULL;
}

static struct node *container_named(const struct object *workload, struct str name)
{
    for (struct node *each = first_container(workload); each; each = each->next)
        if (str_equal(node_text(node_find(each, "name")), name))
            return each;
    return NULL;
}

/* The only one that the workload's Services lead to. */
static struct node *container_behind_service(const struct target *target)
{
    struct node *found = NULL;
    for (struct node *each = first_container(target->workload); each; each = each->next) {
        if (!target_service_port(target, each))
            continue;
        if (found)
            return NULL;
        found = each;
    }
    return found;
}

static struct str list_containers(const struct target *target)
{
    enum { NAMED = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct node *each = first_container(target->workload); each && count <= NAMED;
         each = each->next) {
        struct str name = node_text(node_find(each, "name"));
        buf_format(&names, "%s%.*s", count ? ", " : "", STR_ARG(count < NAMED ? name : STR("...")));
        count++;
    }
    struct str copy = str_copy(target->injection->arena, buf_str(&names));
    buf_free(&names);
    return copy;
}

struct node *target_main_container(const struct target *target)
{
    const struct service *service = target->service;
    const struct injection *injection = target->injection;
    struct str written = injection->options->container ? str_of(injection->options->container)
                                                       : service->helm.container;
    struct str annotated =
        node_text(node_find(target->workload->template,
                            "metadata annotations kubectl.kubernetes.io/default-container"));
    struct node *first = first_container(target->workload);
    struct node *found = NULL;
    if (written.len) {
        found = container_named(target->workload, written);
    } else {
        if (annotated.len)
            found = container_named(target->workload, annotated);
        if (!found && first && !first->next)
            found = first;
        if (!found)
            found = container_behind_service(target);
        if (!found)
            found = container_named(target->workload, service->name);
    }
    found = node_target(found); /* what an alias stands for: the edit refuses it */
    if (found && found->kind == NODE_MAP)
        return found;
    struct str name = object_text(injection->arena, target->workload);
    struct str names = list_containers(target);
    if (names.len == 0) {
        diag_error(injection->diags, service->at, "%.*s: its pods have no containers",
                   STR_ARG(name));
        diag_hint(injection->diags, "is the chart complete?");
        return NULL;
    }
    if (written.len)
        diag_error(injection->diags, record_location(service->record, SERVICE_HELM),
                   "%.*s: no container is named \"%.*s\"", STR_ARG(name), STR_ARG(written));
    else
        diag_error(injection->diags, service->at, "%.*s: nothing tells which container is meant",
                   STR_ARG(name));
    diag_hint(injection->diags, "it has %.*s\nwrite which: helm: {container: %.*s}", STR_ARG(names),
              STR_ARG(str_slice(names, 0, str_find(names, 0, ','))));
    return NULL;
}

/* Two services that write into one workload would overwrite each other. */
bool target_take(struct injection *injection, const struct service *service,
                 const struct object *workload)
{
    const struct object **key = ARENA_NEW(injection->arena, const struct object *);
    *key = workload;
    const struct service *owner = set_add(injection->arena, &injection->owners,
                                          (struct str){(const char *)key, sizeof(void *)}, service);
    if (!owner)
        return true;
    diag_error(injection->diags, service->at,
               "the services \"%.*s\" and \"%.*s\" both lead to %.*s", STR_ARG(owner->name),
               STR_ARG(service->name), STR_ARG(object_text(injection->arena, workload)));
    diag_hint(injection->diags, "write which workload each means: helm: {workload: KIND/NAME}");
    return false;
}

/* Services and ports */

static bool is_headless(const struct object *service)
{
    return str_is(node_text(node_find(service->node, "spec clusterIP")), "None");
}

/* A port of a Service, and its place among all that lead to the workload. */
struct service_port {
    const struct node *to;
    size_t order;
};

static void index_ports(struct injection *injection, const struct object *service, size_t *order)
{
    const struct node *ports = node_find(service->node, "spec ports");
    for (const struct node *port = node_items(ports); port; port = port->next) {
        const struct node *to = node_find(port, "targetPort");
        to = to ? to : node_find(port, "port");
        if (target_is_udp(port))
            continue;
        struct service_port *made = ARENA_NEW(injection->arena, struct service_port);
        *made = (struct service_port){.to = to, .order = (*order)++};
        set_add(injection->arena, &injection->service_targets, node_text(to), made);
    }
}

void target_find_services(const struct target *target)
{
    struct injection *injection = target->injection;
    if (injection->led == target->workload)
        return;
    injection->led = target->workload;
    injection->services =
        release_services(&injection->release, target->workload, &injection->service_count);
    injection->service_names = (struct set){0};
    injection->service_targets = (struct set){0};
    size_t order = 0;
    for (size_t i = 0; i < injection->service_count; i++) {
        set_add(injection->arena, &injection->service_names, injection->services[i]->name,
                injection->services[i]);
        index_ports(injection, injection->services[i], &order);
    }
    injection->ingresses = NULL;
}

const struct object *target_service(const struct target *target, bool *ret_several)
{
    const struct injection *injection = target->injection;
    const struct object *found = NULL;
    *ret_several = false;
    target_find_services(target);
    for (size_t i = 0; i < injection->service_count; i++) {
        const struct object *object = injection->services[i];
        if (is_headless(object) || object->name.len == 0) /* no Ingress could name it */
            continue;
        *ret_several |= found != NULL;
        found = found ? found : object;
    }
    return found;
}

bool target_is_udp(const struct node *port)
{
    struct str protocol = node_text(node_find(port, "protocol"));
    return protocol.len && !str_is(protocol, "TCP");
}

const struct node *target_container_port(const struct node *container, struct str port)
{
    const struct node *ports = node_find(container, "ports");
    const struct node *found = NULL;
    for (const struct node *each = node_items(ports); each; each = each->next) {
        if (!str_equal(node_text(node_find(each, "name")), port) &&
            !str_equal(node_text(node_find(each, "containerPort")), port))
            continue;
        if (!target_is_udp(each))
            return each;
        found = found ? found : each;
    }
    return found;
}

struct set target_container_ports(struct arena *arena, const struct node *container)
{
    static const char *const keys[] = {"name", "containerPort"};
    const struct node *ports = node_find(container, "ports");
    struct set set = {0};
    for (int udp = 0; udp < 2; udp++)
        for (const struct node *port = node_items(ports); port; port = port->next)
            for (size_t i = 0; i < 2 && target_is_udp(port) == udp; i++)
                if (node_text(node_find(port, keys[i])).len)
                    set_add(arena, &set, node_text(node_find(port, keys[i])), port);
    return set;
}

struct node *target_service_port(const struct target *target, const struct node *container)
{
    static const char *const keys[] = {"name", "containerPort"};
    struct injection *injection = target->injection;
    const struct service_port *found = NULL;
    const struct node *found_port = NULL;
    target_find_services(target);
    struct set own = target_container_ports(injection->arena, container);
    for (const struct node *port = node_items(node_find(container, "ports")); port;
         port = port->next) {
        for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
            struct str called = node_text(node_find(port, keys[i]));
            const struct service_port *to = set_get(&injection->service_targets, called);
            if (!to || called.len == 0 || target_is_udp(port) || set_get(&own, called) != port)
                continue;
            if (found_port && found_port != port)
                return NULL;
            found_port = port;
            if (!found || to->order < found->order)
                found = to;
        }
    }
    return found ? node_copy(injection->arena, found->to) : NULL;
}
