/* Selects the container of a workload for a service. */
#include "chart/inject_target.h"

static struct node *first_container(const struct object *workload)
{
    const struct node *containers = node_at(object_pod(workload), "containers");
    return containers && containers->kind == NODE_LIST ? containers->first : NULL;
}

static struct str container_name(const struct node *container)
{
    return node_string(node_at(container, "name"));
}

static struct node *container_named(const struct object *workload, struct str name)
{
    for (struct node *each = first_container(workload); each; each = each->next)
        if (str_equal(container_name(each), name))
            return each;
    return NULL;
}

/* Lists the containers for a message; `reached`: only those that Services route traffic to. */
static struct str list_containers(const struct target *target, bool reached)
{
    enum { LISTED_MAX = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct node *each = first_container(target->workload); each && count <= LISTED_MAX;
         each = each->next) {
        if (reached && !target_service_of(target, each))
            continue;
        buf_format(&names, "%s%.*s", count ? ", " : "",
                   STR_ARG(count < LISTED_MAX ? container_name(each) : STR("...")));
        count++;
    }
    return buf_take(target->injection->arena, &names);
}

/* Reports that no container can be selected, with the available ones. If all workloads are filled,
 * reports the workload as skipped instead. `names`: the candidates for the example. */
static void report_no_container(const struct target *target, struct location at, enum rule rule,
                                struct str message, struct str names)
{
    struct injection *injection = target->injection;
    if (target->all_workloads) {
        inject_log(target, target->workload, CHANGE_SKIPPED, "", "%.*s", STR_ARG(message));
        return;
    }
    if (injection->release.has_unreadable_document) /* the unreadable document may decide it */
        return;
    diag_error(injection->diags, at, rule, "%.*s: %.*s",
               STR_ARG(object_display_name(injection->arena, target->workload)), STR_ARG(message));
    if (names.len == 0) {
        diag_hint(injection->diags, "fix the pod template in the chart");
        return;
    }
    struct str selector =
        target_selection_syntax(injection, injection->options->container, "container",
                                str_slice(names, 0, str_find(names, 0, ',')));
    diag_hint(injection->diags, "available: %.*s\nselect one: %.*s",
              STR_ARG(list_containers(target, false)), STR_ARG(selector));
}

/* The containers that the Services of the workload route traffic to. */
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

/* Reports that Services route to other containers than the one with the module's name. */
static void report_conflict(const struct target *target, const struct routed *routed)
{
    struct arena *arena = target->injection->arena;
    struct str module = target->service->name;
    report_no_container(
        target, target->service->at, RULE_AMBIGUOUS_CONTAINER,
        str_format(
            arena,
            "container \"%.*s\" has the module's name, but %.*s routes to container \"%.*s\"",
            STR_ARG(module), STR_ARG(object_display_name(arena, routed->service)),
            STR_ARG(container_name(routed->container))),
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
static void report_ambiguous(const struct target *target, bool several)
{
    struct arena *arena = target->injection->arena;
    struct str module = target->service->name;
    struct str names = list_containers(target, several);
    struct str message;
    if (several)
        message = str_format(arena, "Services route to several containers: %.*s", STR_ARG(names));
    else
        message = str_format(arena, "cannot determine the container: no container named \"%.*s\"%s",
                             STR_ARG(module),
                             has_metrics_service(target)
                                 ? ", and Services route only to ports for metrics or health checks"
                                 : ", and no container receives traffic from a Service");
    report_no_container(target, target->service->at, RULE_AMBIGUOUS_CONTAINER, message, names);
}

/* Returns the container with the module's name, else the only one that Services route traffic to.
 * Reports an error and returns NULL if these are two containers: one of them would get settings
 * that are meant for the other. */
static struct node *select_container(const struct target *target, struct str *ret_reason)
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
        *ret_reason = str_format(arena, "it has the module's name, and %.*s routes to it",
                                 STR_ARG(object_display_name(arena, own)));
        return named;
    }
    if (named) {
        *ret_reason = STR("it has the module's name");
        return named;
    }
    if (routed.count != 1) {
        report_ambiguous(target, routed.count > 1);
        return NULL;
    }
    *ret_reason =
        str_format(arena, "%.*s routes to it", STR_ARG(object_display_name(arena, routed.service)));
    return routed.container;
}

/* Returns the name in --container, else in helm.container; empty if neither is set. */
static struct str requested_container(const struct target *target)
{
    const char *flag = target->injection->options->container;
    return flag ? str_from_c(flag) : target->service->helm.container;
}

/* Reports that no container has the requested name, and suggests the most similar one. */
static void report_unknown_container(const struct target *target, struct str requested)
{
    struct suggestion suggestion = {.word = requested};
    for (struct node *each = first_container(target->workload); each; each = each->next)
        suggestion_add(&suggestion, container_name(each));
    report_no_container(
        target, record_location(target->service->record, SERVICE_HELM), RULE_CONTAINER_NOT_FOUND,
        str_format(target->injection->arena, "no container named \"%.*s\"", STR_ARG(requested)),
        suggestion.best.len ? suggestion.best : list_containers(target, false));
}

static struct node *find_container(const struct target *target, struct str *ret_reason)
{
    const struct object *workload = target->workload;
    struct node *first = first_container(workload);
    if (!first) {
        report_no_container(target, target->service->at, RULE_INVALID_CHART,
                            STR("the pod template has no containers"), STR(""));
        return NULL;
    }
    struct str requested = requested_container(target);
    if (requested.len) {
        struct node *named = container_named(workload, requested);
        if (!named)
            report_unknown_container(target, requested);
        *ret_reason = target->injection->options->container ? STR("--container names it")
                                                            : STR("helm.container names it");
        return named;
    }
    struct str name = node_string(node_at(
        object_template(workload), "metadata annotations kubectl.kubernetes.io/default-container"));
    struct node *annotated = container_named(workload, name);
    if (annotated) {
        *ret_reason = STR("the annotation default-container names it");
        return annotated;
    }
    *ret_reason = STR("it is the only container");
    return first->next ? select_container(target, ret_reason) : first;
}

struct node *target_select_container(const struct target *target)
{
    struct str reason = {0};
    struct node *selected = find_container(target, &reason);
    if (!selected)
        return NULL;
    bool several = first_container(target->workload)->next != NULL;
    struct node *container = node_target(selected); /* an alias cannot be edited */
    if (container->kind != NODE_MAP) {
        report_no_container(target, target->service->at, RULE_INVALID_CHART,
                            STR("the container is not a map"), STR(""));
        return NULL;
    }
    inject_log_choice(target->injection, target->workload, container,
                      several && requested_container(target).len == 0, "%.*s", STR_ARG(reason));
    return container;
}
