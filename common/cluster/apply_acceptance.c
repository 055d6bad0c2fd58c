/* Waits until controllers have accepted the objects that carry traffic. They are checked when the
 * pods are ready, because a route may depend on the pods of its Service. */
#include "cluster/apply.h"

#include "cluster/acceptance.h"
#include "cluster/batch.h"
#include "cluster/live.h"
#include "format/duration.h"

#include <inttypes.h>

enum {
    POLL_FIRST = 300,
    POLL_LAST = 2000,        /* ms between two queries */
    REFUSAL_CONFIRMED = 5000 /* ms: a refusal may be from before the controller saw all objects */
};

/* An object that is not accepted yet. */
struct awaited {
    struct rollout *rollout;
    struct node *object;   /* rendered */
    struct str printed;    /* the last progress line */
    int64_t refused_since; /* process_monotonic_ms(); 0: not refused */
    bool failed;           /* its service fails because of it */
    bool overlap_reported;
    struct acceptance last; /* its texts are in the arena of the last response */
};

struct acceptance_watch {
    struct apply *apply;
    struct arena arena; /* for the last response */
    struct awaited *items;
    size_t count;
    int64_t started; /* process_monotonic_ms() */
    int64_t limit;   /* ms; 0: the timeout of each service */
    struct str query_error;
    bool forbidden; /* the objects cannot be read */
};

static enum kind_acceptance rank(const struct node *object)
{
    return kind_of(object)->acceptance;
}

static int64_t limit_of(const struct acceptance_watch *watch, const struct rollout *rollout)
{
    return watch->limit ? watch->limit : rollout->deployed->service->timeout * 1000;
}

static bool is_expired(const struct acceptance_watch *watch, const struct rollout *rollout)
{
    return process_monotonic_ms() - watch->started >= limit_of(watch, rollout);
}

static void add_awaited(struct acceptance_watch *watch)
{
    const struct apply *apply = watch->apply;
    struct arena *arena = &watch->apply->cluster.arena;
    for (size_t i = 0; i < apply->cluster.service_count; i++) {
        struct rollout *rollout = &apply->rollouts[i];
        for (size_t j = 0; j < rollout->deployed->count; j++) {
            struct node *object = rollout->deployed->objects[j];
            if (rollout->state != ROLLOUT_DONE || !acceptance_is_reported(object))
                continue;
            watch->items = arena_grow(arena, watch->items, watch->count, sizeof *watch->items);
            watch->items[watch->count++] = (struct awaited){.rollout = rollout, .object = object};
            rollout->not_accepted = true;
        }
    }
}

/* Reports a query that failed. One that is forbidden is not repeated. */
static void report_query(struct acceptance_watch *watch, const struct kubectl *kubectl,
                         const struct process *run)
{
    bool reported = watch->forbidden;
    watch->forbidden |= kubectl_forbidden(run);
    if (!watch->forbidden)
        kubectl_report(kubectl, run);
    if (!watch->forbidden || reported)
        return;
    kubectl_warn(&watch->apply->cluster.kubectl, run);
    diag_hint(&watch->apply->cluster.diags,
              "apply does not know whether the routes are accepted: ask for this permission");
}

/* Gets all awaited objects by name, many of them in parallel. */
static bool get_all(struct acceptance_watch *watch, const struct kubectl *kubectl,
                    struct map *ret_items)
{
    struct runs runs = {0};
    struct manifests *groups = ARENA_ARRAY(kubectl->arena, watch->count, struct manifests);
    bool ok = true;
    for (size_t i = 0; i < watch->count; i++) {
        groups[i].arena = kubectl->arena;
        manifests_add(&groups[i], watch->items[i].object);
    }
    struct batches batches = batches_split(kubectl->arena, groups, watch->count, TITLES_ANY);
    for (size_t i = 0; i < batches.count; i++)
        runs_add(kubectl->arena, &runs,
                 kubectl_get_by_name(kubectl, batches.items[i].items, batches.items[i].count));
    kubectl_poll(kubectl, runs.items, runs.count);
    for (size_t i = 0; i < runs.count; i++) {
        struct process *run = &runs.items[i];
        const struct node *item = NULL;
        if (process_succeeded(run) && run->output.len)
            item = kubectl_items(kubectl_parse_output(kubectl, run));
        else if (!process_succeeded(run) && !process_interrupted())
            report_query(watch, kubectl, run);
        ok &= process_succeeded(run);
        for (; item; item = item->next)
            map_add(kubectl->arena, ret_items, object_key(kubectl->arena, item), item);
        process_free(run);
    }
    return ok;
}

/* Returns the resources of the kinds of all awaited objects, comma-separated. */
static const char *awaited_resources(struct acceptance_watch *watch)
{
    struct buf resources = {0};
    for (size_t i = 0; i < kind_count; i++)
        for (size_t j = 0; j < watch->count; j++)
            if (kind_of(watch->items[j].object) == &kind_table[i]) {
                buf_add_joined(&resources, ",", str_from_c(kind_table[i].resource));
                break;
            }
    return buf_take(&watch->arena, &resources).data;
}

/* Queries the awaited objects, by object_key(); many of them with one list of all namespaces. */
static bool query(struct acceptance_watch *watch, struct map *ret_items)
{
    const struct cluster *cluster = &watch->apply->cluster;
    arena_reset(&watch->arena);
    struct diags diags = {.arena = &watch->arena};
    const struct kubectl kubectl = {.options = &cluster->options->kubectl,
                                    .arena = &watch->arena,
                                    .diags = &diags,
                                    .limit = POLL_TIMEOUT_MS};
    bool ok = (watch->count > PROCESS_PARALLEL_MAX &&
               cluster_list_all(cluster, &kubectl, awaited_resources(watch), ret_items)) ||
              get_all(watch, &kubectl, ret_items);
    struct str error = diags.count ? diags.items[0].message : (struct str){0};
    if (error.len && !str_equal(error, watch->query_error))
        cluster_print(cluster, "the cluster does not answer: %.*s", STR_ARG(error));
    watch->query_error = str_copy(&watch->apply->cluster.arena, error);
    return ok;
}

/* Returns what to do about a refusal with this reason. */
static struct str refusal_hint(struct arena *arena, const struct node *object,
                               const struct acceptance *acceptance)
{
    static const struct {
        const char *reason;
        const char *hint;
    } hints[] = {
        {"NotAllowedByListeners",
         "allow routes from this namespace in allowedRoutes of the listener"},
        {"NoMatchingListenerHostname", "add a listener for these hosts, or change public_uri"},
        {"NoMatchingParent",
         "check gateway.listener in the environment file: the listener must exist"},
        {"NotAllowed", "allow ListenerSets from this namespace in spec.allowedListeners of the "
                       "Gateway"},
        {"ListenersNotValid", "check the certificate and the host of the listener"},
        {"Conflicted", "another policy has the same target: delete it"},
    };
    struct str hint = STR("fix the cause");
    for (size_t i = 0; i < COUNT_OF(hints); i++)
        if (str_eq_c(acceptance->reason, hints[i].reason))
            hint = str_from_c(hints[i].hint);
    struct str command =
        acceptance->parent
            ? acceptance_describe_parent(arena, object, acceptance->parent)
            : str_format(arena, "kubectl describe %.*s -n %.*s",
                         STR_ARG(object_title(arena, object)), STR_ARG(object_namespace(object)));
    return str_format(arena, "%.*s, then apply again; for details: %.*s", STR_ARG(hint),
                      STR_ARG(command));
}

static void report_refused(struct apply *apply, const struct awaited *item)
{
    struct diags *diags = &apply->cluster.diags;
    struct arena *arena = &apply->cluster.arena;
    const struct node *object = item->object;
    const struct node *parent = item->last.parent;
    diag_error(diags, NO_LOCATION, RULE_NOT_ACCEPTED,
               "%.*s in namespace \"%.*s\" is not accepted%s%.*s: %.*s",
               STR_ARG(object_title(arena, object)), STR_ARG(object_namespace(object)),
               parent ? " by " : "",
               STR_ARG(parent ? acceptance_parent_title(arena, object, parent) : STR("")),
               STR_ARG(item->last.text));
    diag_hint(diags, "%.*s", STR_ARG(refusal_hint(arena, object, &item->last)));
}

/* Returns what to do about an object that was not accepted in time. */
static struct str expiry_hint(struct arena *arena, const struct awaited *item)
{
    const struct node *object = item->object;
    const struct node *parent = item->last.parent;
    if (!parent)
        return str_format(arena,
                          "check that %s is installed and running; for details: kubectl describe "
                          "%.*s -n %.*s",
                          kind_of(object)->controller, STR_ARG(object_title(arena, object)),
                          STR_ARG(object_namespace(object)));
    struct str name = acceptance_parent_title(arena, object, parent);
    return str_format(arena, "check that the %.*s exists and that its controller is running: %.*s",
                      STR_ARG(str_slice(name, 0, str_find(name, 0, ' '))),
                      STR_ARG(acceptance_describe_parent(arena, object, parent)));
}

/* Reports an object that no controller has accepted or refused in time. */
static void report_expired(const struct acceptance_watch *watch, const struct awaited *item)
{
    struct cluster *cluster = &watch->apply->cluster;
    struct arena *arena = &cluster->arena;
    const struct node *object = item->object;
    struct str title = object_title(arena, object);
    int64_t seconds = limit_of(watch, item->rollout) / 1000;
    if (item->last.parent && !item->last.answered)
        diag_error(&cluster->diags, NO_LOCATION, RULE_NOT_ACCEPTED,
                   "%.*s in namespace \"%.*s\": no controller has accepted the %s of %.*s in "
                   "%" PRId64 " s",
                   STR_ARG(title), STR_ARG(object_namespace(object)),
                   kind_is(object, ROLE_ROUTE) ? "route" : "listeners",
                   STR_ARG(acceptance_parent_title(arena, object, item->last.parent)), seconds);
    else
        diag_error(&cluster->diags, NO_LOCATION, RULE_NOT_ACCEPTED,
                   "%.*s in namespace \"%.*s\" was not accepted in %" PRId64 " s: %.*s",
                   STR_ARG(title), STR_ARG(object_namespace(object)), seconds,
                   STR_ARG(watch->query_error.len ? watch->query_error : item->last.text));
    if (!watch->query_error.len)
        diag_hint(&cluster->diags, "%.*s", STR_ARG(expiry_hint(arena, item)));
}

static void print_waiting(const struct acceptance_watch *watch, struct awaited *item)
{
    struct cluster *cluster = &watch->apply->cluster;
    if (str_equal(item->printed, item->last.text))
        return;
    item->printed = str_copy(&cluster->arena, item->last.text);
    cluster_print(cluster, "%.*s: waiting for its %.*s: %.*s", STR_ARG(item->rollout->title),
                  STR_ARG(object_kind(item->object)), STR_ARG(item->printed));
}

/* Reports it once: an accepted object is queried until all of its service are accepted. */
static void warn_overlap(struct apply *apply, struct awaited *item, const struct node *live)
{
    struct arena *arena = &apply->cluster.arena;
    struct str message = acceptance_overlap(live);
    if (message.len == 0 || item->overlap_reported)
        return;
    item->overlap_reported = true;
    diag_warning(&apply->cluster.diags, NO_LOCATION, RULE_GRPC_MAY_FAIL,
                 "%.*s in namespace \"%.*s\": OverlappingTLSConfig is True: %.*s",
                 STR_ARG(object_title(arena, live)), STR_ARG(object_namespace(live)),
                 STR_ARG(message));
    diag_hint(&apply->cluster.diags,
              "the controller may disable HTTP/2 for these hosts, which gRPC requires: use "
              "certificates whose names do not overlap");
}

/* Sets the state of an object from the live one (NULL: not found). */
static void evaluate(struct acceptance_watch *watch, struct awaited *item, const struct node *live)
{
    item->last =
        (struct acceptance){.state = ACCEPTANCE_WAITS, .answered = true, .text = STR("not found")};
    if (live && apply_is_superseded(watch->apply, &watch->arena, live)) {
        apply_mark_superseded(watch->apply, item->rollout, live);
        return;
    }
    if (live)
        item->last = acceptance_evaluate(&watch->arena, live);
    if (item->last.state != ACCEPTANCE_REFUSED)
        item->refused_since = 0;
    else if (item->refused_since == 0)
        item->refused_since = process_monotonic_ms();
    if (item->last.state == ACCEPTANCE_DONE)
        warn_overlap(watch->apply, item, live);
    else
        print_waiting(watch, item);
}

/* True if an object of an earlier kind that is not accepted yet may be the cause: of the same
 * service, or with `any` of the same namespace. */
static bool may_follow(const struct acceptance_watch *watch, const struct awaited *item, bool any)
{
    for (size_t i = 0; i < watch->count; i++) {
        const struct awaited *other = &watch->items[i];
        if (rank(other->object) < rank(item->object) && other->rollout->state == ROLLOUT_DONE &&
            other->last.state != ACCEPTANCE_DONE &&
            (other->rollout == item->rollout ||
             (any && str_equal(object_namespace(other->object), object_namespace(item->object)))))
            return true;
    }
    return false;
}

/* True if an object is refused, or not accepted in time. */
static bool is_failed(const struct acceptance_watch *watch, const struct awaited *item)
{
    if (item->rollout->state != ROLLOUT_DONE || item->last.state == ACCEPTANCE_DONE)
        return false;
    bool expired = is_expired(watch, item->rollout);
    bool refused = item->last.state == ACCEPTANCE_REFUSED &&
                   process_monotonic_ms() - item->refused_since >= REFUSAL_CONFIRMED;
    return (expired || refused) && !may_follow(watch, item, !expired);
}

/* Reports the objects that are refused or not accepted in time, and fails their services. */
static void fail_services(struct acceptance_watch *watch)
{
    for (size_t i = 0; i < watch->count; i++) {
        struct awaited *item = &watch->items[i];
        item->failed = is_failed(watch, item);
        if (item->failed && item->last.state == ACCEPTANCE_REFUSED)
            report_refused(watch->apply, item);
        else if (item->failed)
            report_expired(watch, item);
    }
    for (size_t i = 0; i < watch->count; i++)
        if (watch->items[i].failed)
            watch->items[i].rollout->state = ROLLOUT_FAILED;
}

static void print_accepted(const struct acceptance_watch *watch, const struct rollout *rollout)
{
    size_t count = 0;
    for (size_t i = 0; i < rollout->deployed->count; i++)
        count += kind_is(rollout->deployed->objects[i], ROLE_ROUTE);
    cluster_print(&watch->apply->cluster, "%.*s: %zu %s accepted", STR_ARG(rollout->title), count,
                  count == 1 ? "route" : "routes");
}

/* Marks the services whose objects are all accepted, and forgets the objects of services that are
 * accepted or have failed. */
static void forget_finished(struct acceptance_watch *watch)
{
    struct apply *apply = watch->apply;
    size_t kept = 0;
    struct map pending = {0};
    for (size_t i = 0; i < watch->count; i++)
        if (watch->items[i].last.state != ACCEPTANCE_DONE)
            map_add(&watch->arena, &pending, watch->items[i].rollout->title, apply);
    for (size_t i = 0; i < watch->count; i++) {
        struct rollout *rollout = watch->items[i].rollout;
        bool waits = rollout->state == ROLLOUT_DONE && map_get(&pending, rollout->title);
        if (rollout->state == ROLLOUT_DONE && !waits && rollout->not_accepted) {
            rollout->not_accepted = false;
            print_accepted(watch, rollout);
        }
        if (waits)
            watch->items[kept++] = watch->items[i];
    }
    watch->count = kept;
}

static void poll(struct acceptance_watch *watch)
{
    struct map items = {0};
    bool ok = query(watch, &items);
    for (size_t i = 0; i < watch->count; i++) {
        struct awaited *item = &watch->items[i];
        if (item->rollout->state != ROLLOUT_DONE)
            continue;
        if (ok)
            evaluate(watch, item, map_get(&items, object_key(&watch->arena, item->object)));
        else
            item->last = (struct acceptance){.state = ACCEPTANCE_WAITS, .answered = true};
    }
}

void apply_await_acceptance(struct apply *apply, bool wait)
{
    struct acceptance_watch watch = {.apply = apply, .started = process_monotonic_ms()};
    const char *timeout = apply->cluster.options->apply.timeout;
    if (timeout && duration_parse(str_from_c(timeout), &watch.limit)) {
        watch.limit *= 1000;
        watch.started = apply->wait_started; /* --timeout is the total time */
    }
    add_awaited(&watch);
    for (int pause = POLL_FIRST; wait && watch.count && !process_interrupted();) {
        poll(&watch);
        if (watch.forbidden)
            break;
        fail_services(&watch);
        forget_finished(&watch);
        if (watch.count == 0)
            break;
        process_back_off(&pause, POLL_LAST);
    }
    arena_free(&watch.arena);
}

bool apply_is_needed_until_accepted(struct apply *apply, const struct node *live)
{
    const struct cluster *cluster = &apply->cluster;
    const struct cluster_namespace *namespace =
        cluster_namespace_find(cluster, object_namespace(live));
    const struct deployed_service *deployed =
        namespace ? namespace_service(&apply->cluster.arena, namespace, live) : NULL;
    return deployed && apply_rollout(apply, deployed)->not_accepted && kind_is(live, ROLE_INGRESS);
}
