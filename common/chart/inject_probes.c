/* Probes. If the chart's handler has the same type, only the fields that the service sets change. A
 * path for a tcp or websocket port (service_probes.c) changes the path of an HTTP probe of the
 * chart. A new probe for such a port is a TCP probe, and other handlers of the chart are kept, with
 * a warning. */
#include "chart/inject_target.h"

#include <inttypes.h>

struct probe_field {
    const char *key;
    const enum field_id *handlers; /* fields that define the handler */
    size_t handler_count;
    enum field_id delay;
    bool has_delay;
};

static const enum field_id readiness_handlers[] = {
    SERVICE_HEALTHCHECK,    SERVICE_HEALTHCHECK_PATH,  SERVICE_HEALTHCHECK_COMMAND,
    SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND, SERVICE_READINESS};
static const enum field_id liveness_handlers[] = {
    SERVICE_HEALTHCHECK,   SERVICE_HEALTHCHECK_PATH, SERVICE_HEALTHCHECK_COMMAND,
    SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND, SERVICE_LIVENESS};
static const enum field_id startup_handlers[] = {SERVICE_STARTUP_PATH};

static const struct probe_field readiness_field = {"readinessProbe", readiness_handlers,
                                                   COUNT_OF(readiness_handlers),
                                                   SERVICE_READINESS_DELAY, true};
static const struct probe_field liveness_field = {
    "livenessProbe", liveness_handlers, COUNT_OF(liveness_handlers), SERVICE_LIVENESS_DELAY, true};
static const struct probe_field startup_field = {.key = "startupProbe",
                                                 .handlers = startup_handlers,
                                                 .handler_count = COUNT_OF(startup_handlers)};

static bool is_set(const struct target *target, const struct probe_field *field)
{
    struct str healthcheck = record_value(target->service->record, SERVICE_HEALTHCHECK)->text;
    bool only_paths = str_eq_c(healthcheck, "http"); /* affects paths only */
    for (size_t i = 0; i < field->handler_count; i++)
        if (target_has(target, field->handlers[i]) &&
            !(only_paths && field->handlers[i] == SERVICE_HEALTHCHECK))
            return true;
    return false;
}

/* Returns the most specific field that defines the handler, for messages. */
static enum field_id handler_field(const struct target *target, const struct probe_field *field)
{
    for (size_t i = field->handler_count; i > 1; i--)
        if (target_has(target, field->handlers[i - 1]))
            return field->handlers[i - 1];
    return field->handlers[0];
}

/* Handlers */

static struct str handler_format(struct arena *arena, const struct node *probe)
{
    enum probe_kind kind;
    const char *key = probe_handler_of(probe, &kind);
    struct str path = node_string(node_at(probe, "httpGet path"));
    if (kind == PROBE_HTTP && path.len)
        return path;
    return key ? str_format(arena, "%s", key) : STR("no handler");
}

static struct str probe_format(struct arena *arena, const struct probe *probe)
{
    return probe->kind == PROBE_HTTP ? probe->path
                                     : str_format(arena, "%s", probe_handler_key(probe->kind));
}

/* Returns the number of a probe's port, which may be a name. */
static struct str port_number(const struct target *target, const struct node *port)
{
    const struct node *item = target_container_port(target->container, node_string(port));
    const struct node *number = node_at(item, "containerPort");
    return node_string(number ? number : port);
}

/* Copies scheme and headers from another probe of the same port: if that needs HTTPS or a host
 * name, so does the new handler. */
static void copy_scheme(const struct target *target, struct node *handler, const struct node *port)
{
    static const char *const probes[] = {"readinessProbe", "livenessProbe", "startupProbe"};
    static const char *const keys[] = {"scheme", "httpHeaders"};
    struct node *http_get = node_get(handler, "httpGet");
    for (size_t i = 0; http_get && i < COUNT_OF(probes); i++) {
        const struct node *other = node_at(node_at(target->container, probes[i]), "httpGet");
        if (!other ||
            !str_equal(port_number(target, node_at(other, "port")), port_number(target, port)))
            continue;
        for (size_t j = 0; j < COUNT_OF(keys); j++) {
            if (!node_at(other, keys[j]))
                continue;
            node_remove(http_get, keys[j]); /* inject_probe_headers() adds those of the service */
            node_set(target->injection->arena, http_get, keys[j],
                     node_copy(target->injection->arena, node_at(other, keys[j])));
        }
        return;
    }
}

static void replace_handler(const struct target *target, const struct probe_field *field,
                            const struct probe *probe)
{
    struct arena *arena = target->injection->arena;
    struct node *port = NULL;
    if (probe->kind != PROBE_COMMAND) {
        port = probe_choose_port(target, field->key, probe->kind, handler_field(target, field));
        if (!port)
            return;
    }
    struct node *map = edit_map(target->edit, target->container, field->key);
    if (!map)
        return;
    enum probe_kind kind;
    const char *old = probe_handler_of(map, &kind);
    inject_log(target, NULL, CHANGE_REPLACED, field->key, "chart: %.*s, service: %.*s",
               STR_ARG(handler_format(arena, map)), STR_ARG(probe_format(arena, probe)));
    if (old)
        edit_remove(target->edit, map, old);
    struct node *new_handler = node_new(arena, NODE_MAP);
    manifest_handler(arena, new_handler, probe, port);
    copy_scheme(target, new_handler, port);
    edit_set(target->edit, map, new_handler->first->key->text, new_handler->first);
}

/* Changes a handler of the same type. Keeps scheme and headers, and the port unless the service
 * sets one. */
static void change_handler(const struct target *target, const struct probe_field *field,
                           const struct probe *probe)
{
    struct arena *arena = target->injection->arena;
    struct str key = str_format(arena, "%s %s", field->key, probe_handler_key(probe->kind));
    if (probe->kind == PROBE_HTTP)
        target_set(target, NULL, target->container,
                   str_format(arena, "%.*s path", STR_ARG(key)).data,
                   node_scalar(arena, STYLE_TEXT, probe->path), field->key, SHOW_VALUES);
    if (probe->kind == PROBE_COMMAND)
        target_set(target, NULL, target->container,
                   str_format(arena, "%.*s command", STR_ARG(key)).data,
                   manifest_string_list(arena, probe->command), field->key, HIDE_VALUES);
    const struct port *configured =
        probe->kind == PROBE_COMMAND ? NULL : probe_configured_port(target, probe->kind);
    if (!configured)
        return;
    struct node *number = node_int(arena, configured->number);
    const char *path = str_format(arena, "%.*s port", STR_ARG(key)).data;
    if (!str_equal(port_number(target, node_at(target->container, path)), number->text))
        target_set(target, NULL, target->container, path, number, NULL, SHOW_VALUES);
}

static void add_probe(const struct target *target, const struct probe_field *field,
                      const struct probe *probe)
{
    struct node *port = NULL;
    if (probe->kind != PROBE_COMMAND) {
        port = probe_choose_port(target, field->key, probe->kind, handler_field(target, field));
        if (!port)
            return;
    }
    struct node *added = manifest_probe(target->injection->arena, target->service, probe, port);
    copy_scheme(target, added, port);
    target_set(target, NULL, target->container, field->key, added, field->key, HIDE_VALUES);
}

/* Timings */

enum { DEFAULT_PERIOD = 10, DEFAULT_FAILURES = 3 }; /* Kubernetes' defaults */

/* Returns a number of a chart's probe; `default_value` if it is missing, invalid or less than
 * `min`: then Kubernetes uses its default. */
static int64_t chart_number(const struct node *probe, const char *key, int64_t min,
                            int64_t default_value)
{
    int64_t number;
    if (!node_to_int(node_at(probe, key), &number) || number < min)
        return default_value;
    return number < INT32_MAX ? number : INT32_MAX;
}

static int64_t chart_delay(const struct node *probe)
{
    return chart_number(probe, "initialDelaySeconds", 0, 0);
}

static int64_t chart_period(const struct node *probe)
{
    return chart_number(probe, "periodSeconds", 1, DEFAULT_PERIOD);
}

static int64_t chart_failures(const struct node *probe)
{
    return chart_number(probe, "failureThreshold", 1, DEFAULT_FAILURES);
}

static void set_timing(const struct target *target, const struct probe_field *field,
                       const char *key, int64_t number)
{
    struct arena *arena = target->injection->arena;
    const char *path = str_format(arena, "%s %s", field->key, key).data;
    target_set(target, NULL, target->container, path, node_int(arena, number), NULL, SHOW_VALUES);
}

/* Replaces a number of the chart, or Kubernetes' default, with a derived one, and reports why. */
static void derive_timing(const struct target *target, const struct probe_field *field,
                          const char *key, int64_t old, int64_t number, const char *reason)
{
    struct arena *arena = target->injection->arena;
    struct node *probe = edit_map(target->edit, target->container, field->key);
    if (!probe)
        return;
    edit_set(target->edit, probe, str_from_c(key), node_int(arena, number));
    inject_log(target, NULL, CHANGE_REPLACED, str_format(arena, "%s.%s", field->key, key).data,
               "chart: %" PRId64 ", now: %" PRId64 ", %s", old, number, reason);
}

/* Sets the period. `probe_period` must not shorten the time to start, so the failureThreshold of a
 * startup probe is raised to allow the time of the chart. */
static void set_period(const struct target *target, const struct probe_field *field)
{
    const struct node *probe = node_at(target->container, field->key);
    int64_t old = chart_period(probe);
    int64_t failures = chart_failures(probe);
    bool own_startup = field == &startup_field && (target_has(target, SERVICE_STARTUP_TIMEOUT) ||
                                                   target_has(target, SERVICE_STARTUP_PATH));
    int64_t period = own_startup ? target->service->startup.period : target->service->probe_period;
    int64_t needed = (failures * old + period - 1) / period;
    needed = needed < INT32_MAX ? needed : INT32_MAX;
    bool restarts = field != &readiness_field;
    if (target->fill && restarts && period < old && !node_at(probe, "periodSeconds")) {
        inject_log(target, NULL, CHANGE_SKIPPED,
                   str_format(target->injection->arena, "%s.periodSeconds", field->key).data,
                   "probe_period: %" PRId64 " would allow less time to start", period);
        return;
    }
    set_timing(target, field, "periodSeconds", period);
    if (field == &startup_field && !target->fill && needed > failures &&
        !target_has(target, SERVICE_STARTUP_TIMEOUT))
        derive_timing(target, field, "failureThreshold", failures, needed,
                      "which allows the same time to start");
}

/* Sets failureThreshold. In fill mode, the time until a restart is not made shorter. */
static void set_failures(const struct target *target, const struct probe_field *field)
{
    const struct service *service = target->service;
    bool live = field == &liveness_field;
    int64_t failures = live ? service->liveness.failures : service->readiness.failures;
    const struct node *probe = node_at(target->container, field->key);
    if (target->fill && live && failures < DEFAULT_FAILURES && !node_at(probe, "failureThreshold"))
        inject_log(target, NULL, CHANGE_SKIPPED, "livenessProbe.failureThreshold",
                   "probe_failures: %" PRId64 " would allow less time to start", failures);
    else
        set_timing(target, field, "failureThreshold", failures);
}

/* Sets the timings of the service in an existing probe. */
static void set_timings(const struct target *target, const struct probe_field *field)
{
    const struct service *service = target->service;
    if (!node_at(target->container, field->key))
        return;
    if (field->has_delay && target_has(target, field->delay))
        set_timing(target, field, "initialDelaySeconds",
                   record_value(service->record, field->delay)->number);
    if (target_has(target, SERVICE_PROBE_PERIOD))
        set_period(target, field);
    if (target_has(target, SERVICE_PROBE_TIMEOUT))
        set_timing(target, field, "timeoutSeconds", service->probe_timeout);
    if (target_has(target, SERVICE_PROBE_FAILURES) && field != &startup_field)
        set_failures(target, field);
}

/* Handlers of the service file */

static void remove_probe(const struct target *target, const struct probe_field *field)
{
    enum field_id set_by = handler_field(target, field);
    target_remove(
        target, NULL, target->container, field->key, field->key,
        str_format(target->injection->arena, "%s: none", schema_field(set_by)->name).data);
}

static void set_handler(const struct target *target, const struct probe_field *field,
                        const struct probe *probe)
{
    const struct node *chart_probe = node_at(target->container, field->key);
    enum probe_kind kind = PROBE_NONE;
    probe_handler_of(chart_probe, &kind);
    if (target->fill && kind != PROBE_NONE && probe->kind == PROBE_NONE)
        inject_log(target, NULL, CHANGE_KEPT, field->key, "mode: fill removes nothing");
    if (target->fill && (kind != PROBE_NONE || probe->kind == PROBE_NONE))
        return;
    if (probe->kind == PROBE_NONE)
        remove_probe(target, field);
    else if (!chart_probe)
        add_probe(target, field, probe);
    else if (kind == probe->kind)
        change_handler(target, field, probe);
    else
        replace_handler(target, field, probe);
}

static void warn_tcp_path(const struct target *target, const struct probe_field *field)
{
    struct injection *injection = target->injection;
    enum field_id at = handler_field(target, field);
    struct str message = str_format(
        injection->arena, "%.*s: %s has no effect on a tcp or websocket port",
        STR_ARG(object_display_name(injection->arena, target->workload)), schema_field(at)->name);
    if (diags_contain(injection->diags, message))
        return;
    diag_warning(injection->diags, record_location(target->service->record, at), RULE_NO_EFFECT,
                 "%.*s", STR_ARG(message));
    diag_hint(injection->diags, "to request the path, set healthcheck: http");
}

/* Applies a path for a port with TCP probes: changes the path of an HTTP probe, but no other
 * handler of the chart. */
static void set_tcp_path(const struct target *target, const struct probe_field *field,
                         const struct probe *probe)
{
    struct probe http = *probe;
    enum probe_kind kind;
    probe_handler_of(node_at(target->container, field->key), &kind);
    http.kind = PROBE_HTTP;
    if (kind != PROBE_HTTP && (!target->fill || kind == PROBE_NONE))
        warn_tcp_path(target, field);
    if (kind == PROBE_HTTP)
        set_handler(target, field, &http);
    else if (kind == PROBE_TCP || kind == PROBE_NONE)
        set_handler(target, field, probe);
}

/* Injects the handler of a probe. Returns true if that changed it. */
static bool inject_handler(const struct target *target, const struct probe_field *field,
                           const struct probe *probe)
{
    const struct injection *injection = target->injection;
    size_t events = injection->events.count;
    bool tcp_path = probe->kind == PROBE_TCP && probe->path.len > 0;
    if (is_set(target, field))
        (tcp_path ? set_tcp_path : set_handler)(target, field, probe);
    if (injection->events.count == events)
        return false;
    enum change_kind last = injection->events.items[injection->events.count - 1].kind;
    return last != CHANGE_KEPT && last != CHANGE_SKIPPED;
}

/* Adds a startup probe with the handler of the liveness probe, else of the readiness probe. */
static void copy_startup(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    static const char *const sources[] = {"livenessProbe", "readinessProbe"};
    const struct node *source = NULL;
    enum probe_kind kind;
    const char *key = NULL;
    for (size_t i = 0; i < COUNT_OF(sources) && !key; i++) {
        source = node_at(target->container, sources[i]);
        key = probe_handler_of(source, &kind);
    }
    if (!key) {
        target_refuse(target, SERVICE_STARTUP_TIMEOUT, RULE_CHART_CONFLICT, startup_field.key,
                      "the container has no liveness or readiness probe to copy",
                      "set startup_probe_path or healthcheck_path");
        return;
    }
    struct node *probe = node_new(arena, NODE_MAP);
    node_set(arena, probe, key, node_copy(arena, node_at(source, key)));
    node_set_int(arena, probe, "periodSeconds", target->service->startup.period);
    node_set_int(arena, probe, "timeoutSeconds", target->service->probe_timeout);
    node_set_int(arena, probe, "failureThreshold", target->service->startup.failures);
    target_set(target, NULL, target->container, startup_field.key, probe, startup_field.key,
               HIDE_VALUES);
}

/* Sets failureThreshold so that, with the effective period, it allows startup_timeout. */
static void set_startup_timeout(const struct target *target)
{
    if (!target_has(target, SERVICE_STARTUP_TIMEOUT))
        return;
    const struct node *probe = node_at(target->container, startup_field.key);
    if (!probe) {
        copy_startup(target);
        return;
    }
    int64_t period;
    int64_t timeout = target->service->startup_timeout;
    if (!target_int(target, SERVICE_STARTUP_TIMEOUT, NULL, target->container,
                    "startupProbe periodSeconds", DEFAULT_PERIOD, &period))
        return;
    if (period < 1)
        period = DEFAULT_PERIOD;
    set_timing(target, &startup_field, "failureThreshold", (timeout + period - 1) / period);
}

static bool has_probe(const struct target *target, const struct probe_field *field)
{
    return node_at(target->container, field->key) != NULL;
}

/* Warns about timings of probes that do not exist. */
static void warn_timings(const struct target *target)
{
    bool live = has_probe(target, &liveness_field);
    bool ready = has_probe(target, &readiness_field);
    bool any = live || ready || has_probe(target, &startup_field);
    const struct {
        enum field_id field;
        bool used;
    } rows[] = {{SERVICE_LIVENESS_DELAY, live},
                {SERVICE_READINESS_DELAY, ready},
                {SERVICE_PROBE_PERIOD, any},
                {SERVICE_PROBE_TIMEOUT, any},
                {SERVICE_PROBE_FAILURES, live || ready}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].used || !target_has(target, rows[i].field))
            continue;
        diag_warning(target->injection->diags,
                     record_location(target->service->record, rows[i].field), RULE_NO_EFFECT,
                     "%s has no effect: %.*s has no such probe", schema_field(rows[i].field)->name,
                     STR_ARG(object_display_name(target->injection->arena, target->workload)));
        diag_hint(target->injection->diags, "set healthcheck_path to add one");
    }
}

/* Time to start */

/* How long a container takes to start, according to its probes. */
struct start {
    int64_t ready_delay; /* initial delay of its readiness probe, in seconds */
    bool is_delayed;     /* the service makes that delay longer */
    bool has_probe; /* the container has or gets a startup probe, for which other probes wait */
};

static struct start find_start(const struct target *target)
{
    const struct node *probe = node_at(target->container, readiness_field.key);
    bool is_kept = target->fill && node_at(probe, "initialDelaySeconds");
    struct start start = {.ready_delay = chart_delay(probe)};
    enum probe_kind kind;
    if (target_has(target, SERVICE_READINESS_DELAY) && !is_kept)
        start.ready_delay = record_value(target->service->record, SERVICE_READINESS_DELAY)->number;
    start.is_delayed = !target->fill && start.ready_delay > chart_delay(probe) &&
                       (probe || is_set(target, &readiness_field));
    probe = node_at(target->container, startup_field.key);
    start.has_probe = probe_handler_of(probe, &kind) ||
                      target_has(target, SERVICE_STARTUP_TIMEOUT) ||
                      (target_has(target, SERVICE_STARTUP_PATH) &&
                       probe_find_port(target, startup_field.key, PROBE_HTTP));
    return start;
}

/* Returns the initial delay of a new probe. */
static int64_t new_delay(const struct target *target, const struct probe_field *field,
                         const struct start *start)
{
    int64_t delay = record_value(target->service->record, field->delay)->number;
    if (target_has(target, field->delay))
        return delay;
    if (start->has_probe)
        return 0;
    return field == &liveness_field && start->ready_delay > delay ? start->ready_delay : delay;
}

/* Returns the seconds after which a liveness probe restarts a container that does not respond. */
static int64_t time_to_restart(const struct node *probe)
{
    return chart_delay(probe) + (chart_failures(probe) - 1) * chart_period(probe);
}

static void warn_restart(const struct target *target, enum field_id field, int64_t seconds,
                         int64_t delay)
{
    struct arena *arena = target->injection->arena;
    service_warn_restart(
        target->injection->diags, target->service, field,
        str_format(arena, "%.*s: ", STR_ARG(object_display_name(arena, target->workload))), seconds,
        delay);
}

/* Injects the liveness probe. It must not restart a container before the readiness probe starts.
 * new_delay() ensures that for a new probe. A probe of the chart gets the delay here if its handler
 * changes, if it runs more often, or if the readiness probe now waits longer. */
static void inject_liveness(const struct target *target, const struct start *start)
{
    static const char reason[] = "the delay of its readinessProbe";
    const struct value *value = record_value(target->service->record, SERVICE_LIVENESS_DELAY);
    struct probe liveness = target->service->liveness;
    const struct node *probe = node_at(target->container, liveness_field.key);
    bool added = !probe;
    int64_t before = time_to_restart(probe);
    liveness.delay = new_delay(target, &liveness_field, start);
    bool changed = inject_handler(target, &liveness_field, &liveness);
    set_timings(target, &liveness_field);
    probe = node_at(target->container, liveness_field.key);
    int64_t after = time_to_restart(probe);
    bool affected = changed || after < before || start->is_delayed;
    if (!probe || start->has_probe)
        return;
    if (target_has(target, SERVICE_LIVENESS_DELAY)) {
        if (affected)
            warn_restart(target, SERVICE_LIVENESS_DELAY, after, start->ready_delay);
    } else if (added && liveness.delay > value->number) {
        inject_log(target, NULL, CHANGE_ADDED, "livenessProbe.initialDelaySeconds",
                   "%" PRId64 ", %s", liveness.delay, reason);
    } else if (!added && after < start->ready_delay && affected) {
        derive_timing(target, &liveness_field, "initialDelaySeconds", chart_delay(probe),
                      start->ready_delay, reason);
    }
}

static void inject_startup(const struct target *target, const struct start *start)
{
    const struct service *service = target->service;
    struct probe startup = service->startup;
    int64_t delay = chart_delay(node_at(target->container, liveness_field.key));
    delay = delay > start->ready_delay ? delay : start->ready_delay;
    int64_t needed = service_startup_failures(service, service_startup_timeout(delay));
    bool timeout = target_has(target, SERVICE_STARTUP_TIMEOUT);
    bool longer = !timeout && needed > startup.failures;
    bool added = !node_at(target->container, startup_field.key);
    if (longer)
        startup.failures = needed;
    bool changed = inject_handler(target, &startup_field, &startup);
    if (added && changed && longer)
        inject_log(target, NULL, CHANGE_ADDED, "startupProbe.failureThreshold",
                   "%" PRId64 ", because another probe waits %" PRId64 " seconds", needed, delay);
    set_timings(target, &startup_field);
    size_t events = target->injection->events.count;
    set_startup_timeout(target);
    if (timeout && target->injection->events.count != events)
        warn_restart(target, SERVICE_STARTUP_TIMEOUT, service->startup_timeout, delay);
}

void inject_probes(const struct target *target)
{
    size_t errors = target->injection->diags->errors;
    struct start start = find_start(target);
    struct probe readiness = target->service->readiness;
    readiness.delay = new_delay(target, &readiness_field, &start);
    inject_liveness(target, &start);
    inject_handler(target, &readiness_field, &readiness);
    set_timings(target, &readiness_field);
    inject_startup(target, &start);
    inject_probe_headers(target);
    if (!target->fill && target->injection->diags->errors == errors)
        warn_timings(target);
}
