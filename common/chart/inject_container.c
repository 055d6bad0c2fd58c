/* Which container of a workload a service means. */
#include "chart/inject_target.h"

static struct node *first_container(const struct object *workload)
{
    const struct node *containers = node_at(workload->pod, "containers");
    return containers && containers->kind == NODE_LIST ? containers->first : NULL;
}

static struct str name_of(const struct node *container)
{
    return node_string(node_at(container, "name"));
}

static struct node *container_named(const struct object *workload, struct str name)
{
    for (struct node *each = first_container(workload); each; each = each->next)
        if (str_equal(name_of(each), name))
            return each;
    return NULL;
}

/* Lists the containers, or those of them that Services route traffic to, for a message. */
static struct str list_containers(const struct target *target, bool reached)
{
    enum { NAMED = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct node *each = first_container(target->workload); each && count <= NAMED;
         each = each->next) {
        if (reached && !target_service_of(target, each))
            continue;
        buf_format(&names, "%s%.*s", count ? ", " : "",
                   STR_ARG(count < NAMED ? name_of(each) : STR("...")));
        count++;
    }
    return buf_take(target->injection->arena, &names);
}

/* Reports that no container can be chosen, with those that can be written. If all workloads are
 * filled, the others are: this one is left. */
static void report(const struct target *target, struct location at, struct str message,
                   struct str names)
{
    struct injection *injection = target->injection;
    if (target->all) {
        inject_log(target, target->workload, CHANGE_KEPT, "", "%.*s", STR_ARG(message));
        return;
    }
    if (injection->release.unreadable) /* it may be decided in there */
        return;
    diag_error(injection->diags, at, "%.*s: %.*s",
               STR_ARG(object_text(injection->arena, target->workload)), STR_ARG(message));
    if (names.len == 0) {
        diag_hint(injection->diags, "is the chart complete?");
        return;
    }
    struct str selector = target_selector(injection, injection->options->container, "container",
                                          str_slice(names, 0, str_find(names, 0, ',')));
    diag_hint(injection->diags, "it has %.*s\nwrite which: %.*s",
              STR_ARG(list_containers(target, false)), STR_ARG(selector));
}

/* What the Services of the workload route traffic to. */
struct routed {
    struct node *container; /* the first */
    const struct object *service;
    size_t count;
};

static struct routed find_routed(const struct target *target)
{
    struct routed routed = {0};
    for (struct node *each = first_container(target->workload); each; each = each->next) {
        const struct object *service = target_service_of(target, each);
        if (service && routed.count++ == 0) {
            routed.container = each;
            routed.service = service;
        }
    }
    return routed;
}

/* Reports that the Services route to others than the container that is named as the module. */
static void report_conflict(const struct target *target, const struct routed *routed)
{
    struct arena *arena = target->injection->arena;
    struct str module = target->service->name;
    report(target, target->service->at,
           str_format(arena,
                      "its container \"%.*s\" is named as the module, but %.*s routes to \"%.*s\"",
                      STR_ARG(module), STR_ARG(object_text(arena, routed->service)),
                      STR_ARG(name_of(routed->container))),
           module);
}

/* True if a Service routes to a port for metrics or health checks. */
static bool has_metrics_service(const struct target *target)
{
    for (struct node *each = first_container(target->workload); each; each = each->next)
        if (target_metrics_service_of(target, each))
            return true;
    return false;
}

/* Reports that Services route to several containers, or to none. */
static void report_undecided(const struct target *target, bool several)
{
    struct arena *arena = target->injection->arena;
    struct str module = target->service->name;
    struct str names = list_containers(target, several);
    struct str message;
    if (several)
        message =
            str_format(arena, "Services route to several of its containers: %.*s", STR_ARG(names));
    else
        message = str_format(
            arena, "cannot determine the container: no container is named \"%.*s\"%s",
            STR_ARG(module),
            has_metrics_service(target) ? ", and Services route only to ports for metrics or health"
                                        : " or receives traffic from a Service");
    report(target, target->service->at, message, names);
}

/* The container that is named as the module, or else the only one that Services route traffic to.
 * If these are two, neither is taken: one of them would get what is meant for the other. */
static struct node *choose(const struct target *target, struct str *ret_reason)
{
    struct arena *arena = target->injection->arena;
    struct node *named = container_named(target->workload, target->service->name);
    const struct object *own = named ? target_service_of(target, named) : NULL;
    struct routed routed = find_routed(target);
    if (named && routed.count && !own) {
        report_conflict(target, &routed);
        return NULL;
    }
    if (own) {
        *ret_reason = str_format(arena, "it is named as the module, and %.*s routes to it",
                                 STR_ARG(object_text(arena, own)));
        return named;
    }
    if (named) {
        *ret_reason = STR("it is named as the module");
        return named;
    }
    if (routed.count != 1) {
        report_undecided(target, routed.count > 1);
        return NULL;
    }
    *ret_reason =
        str_format(arena, "%.*s routes to it", STR_ARG(object_text(arena, routed.service)));
    return routed.container;
}

/* What helm.container or --container names; empty: nothing. */
static struct str written_container(const struct target *target)
{
    const char *flag = target->injection->options->container;
    return flag ? str_from_c(flag) : target->service->helm.container;
}

/* Reports that no container has the written name, with the one most like it. */
static void report_unknown(const struct target *target, struct str written)
{
    struct suggestion near = {.word = written};
    for (struct node *each = first_container(target->workload); each; each = each->next)
        suggestion_add(&near, name_of(each));
    report(target, record_location(target->service->record, SERVICE_HELM),
           str_format(target->injection->arena, "no container is named \"%.*s\"", STR_ARG(written)),
           near.best.len ? near.best : list_containers(target, false));
}

static struct node *find(const struct target *target, struct str *ret_reason)
{
    const struct object *workload = target->workload;
    struct node *first = first_container(workload);
    if (!first) {
        report(target, target->service->at, STR("its pods have no containers"), STR(""));
        return NULL;
    }
    struct str written = written_container(target);
    if (written.len) {
        struct node *named = container_named(workload, written);
        if (!named)
            report_unknown(target, written);
        *ret_reason = target->injection->options->container ? STR("--container names it")
                                                            : STR("helm.container names it");
        return named;
    }
    struct str name = node_string(node_at(
        workload->template, "metadata annotations kubectl.kubernetes.io/default-container"));
    struct node *annotated = container_named(workload, name);
    if (annotated) {
        *ret_reason = STR("the annotation default-container names it");
        return annotated;
    }
    *ret_reason = STR("it is the only one");
    return first->next ? choose(target, ret_reason) : first;
}

struct node *target_main_container(const struct target *target)
{
    struct str reason = {0};
    struct node *found = find(target, &reason);
    if (!found)
        return NULL;
    bool several = first_container(target->workload)->next != NULL;
    struct node *container = node_target(found); /* the edit refuses to change an alias */
    if (container->kind != NODE_MAP) {
        report(target, target->service->at, STR("its container is not a map"), STR(""));
        return NULL;
    }
    inject_log_choice(target->injection, target->workload, container,
                      several && written_container(target).len == 0, "%.*s", STR_ARG(reason));
    return container;
}
