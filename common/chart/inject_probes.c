/* Probes: a handler of the chart's own kind keeps all but what is written. A path that a tcp or
 * websocket port would not get (service_probes.c) changes the path of an HTTP probe of the chart; a
 * new probe is a TCP connection, and other handlers of the chart are left in place, with a warning.
 */
#include "chart/inject_target.h"

struct probe_field {
    const char *key;
    const enum field_id *handlers; /* fields that say what is asked */
    size_t handler_count;
    enum field_id delay;
    bool has_delay;
};

static const enum field_id readiness_handlers[] = {
    SERVICE_HEALTHCHECK, SERVICE_HEALTHCHECK_PATH, SERVICE_HEALTHCHECK_COMMAND,
    SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND};
static const enum field_id liveness_handlers[] = {SERVICE_HEALTHCHECK, SERVICE_HEALTHCHECK_PATH,
                                                  SERVICE_HEALTHCHECK_COMMAND,
                                                  SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND};
static const enum field_id startup_handlers[] = {SERVICE_STARTUP_PATH};

#define COUNT(array) (sizeof(array) / sizeof *(array))

static const struct probe_field readiness_field = {
    "readinessProbe", readiness_handlers, COUNT(readiness_handlers), SERVICE_READINESS_DELAY, true};
static const struct probe_field liveness_field = {
    "livenessProbe", liveness_handlers, COUNT(liveness_handlers), SERVICE_LIVENESS_DELAY, true};
static const struct probe_field startup_field = {
    .key = "startupProbe", .handlers = startup_handlers, .handler_count = COUNT(startup_handlers)};

static const struct {
    const char *key;
    enum probe_kind kind;
} handlers[] = {{"httpGet", PROBE_HTTP},
                {"tcpSocket", PROBE_TCP},
                {"grpc", PROBE_GRPC},
                {"exec", PROBE_COMMAND}};

static bool is_written(const struct target *target, const struct probe_field *field)
{
    struct str healthcheck = record_value(target->service->record, SERVICE_HEALTHCHECK)->text;
    bool paths_alone = str_is(healthcheck, "http"); /* says how paths are requested, nothing else */
    for (size_t i = 0; i < field->handler_count; i++)
        if (target_has(target, field->handlers[i]) &&
            !(paths_alone && field->handlers[i] == SERVICE_HEALTHCHECK))
            return true;
    return false;
}

/* The handler that a chart's probe has; its key, or NULL. */
static const char *handler_of(const struct node *probe, enum probe_kind *ret_kind)
{
    *ret_kind = PROBE_NONE;
    for (size_t i = 0; i < COUNT(handlers); i++) {
        if (!node_find(probe, handlers[i].key))
            continue;
        *ret_kind = handlers[i].kind;
        return handlers[i].key;
    }
    return NULL;
}

static const char *handler_key(enum probe_kind kind)
{
    for (size_t i = 0; i < COUNT(handlers); i++)
        if (handlers[i].kind == kind)
            return handlers[i].key;
    return NULL;
}

/* Ports */

static const struct node *port_of(const struct node *probe)
{
    enum probe_kind kind;
    const char *key = handler_of(probe, &kind);
    return key ? node_find(node_find(probe, key), "port") : NULL;
}

static const struct node *other_probe_port(const struct target *target, const char *key)
{
    static const char *const keys[] = {"readinessProbe", "livenessProbe", "startupProbe"};
    const struct node *port = port_of(node_find(target->container, key));
    for (size_t i = 0; i < COUNT(keys) && !port; i++)
        port = port_of(node_find(target->container, keys[i]));
    return port;
}

/* A container port as probes call it. */
static struct node *port_reference(struct arena *arena, const struct node *port)
{
    const struct node *name = node_find(port, "name");
    const struct node *number = node_find(port, "containerPort");
    return name ? node_copy(arena, name) : number ? node_copy(arena, number) : NULL;
}

/* The only port of the container, or the one that is named `http`; when gaps are filled, else the
 * first. */
static struct node *container_port(const struct target *target)
{
    const struct node *first = NULL;
    const struct node *http = NULL;
    size_t count = 0;
    for (const struct node *port = node_items(node_find(target->container, "ports")); port;
         port = port->next) {
        if (target_is_udp(port))
            continue;
        first = first ? first : port;
        if (str_is(node_text(node_find(port, "name")), "http"))
            http = port;
        count++;
    }
    const struct node *chosen = count == 1 ? first : http;
    if (!chosen && target->fill)
        chosen = first;
    return chosen ? port_reference(target->injection->arena, chosen) : NULL;
}

/* The ports of the container, for a message; empty: none. */
static struct str list_ports(const struct target *target)
{
    enum { NAMED = 20 };
    struct buf names = {0};
    size_t count = 0;
    for (const struct node *port = node_items(node_find(target->container, "ports")); port;
         port = port->next) {
        struct str number = node_text(node_find(port, "containerPort"));
        struct str name = node_text(node_find(port, "name"));
        if (target_is_udp(port))
            continue;
        if (++count > NAMED) {
            buf_add(&names, STR(", ..."));
            break;
        }
        buf_format(&names, "%s%.*s", count > 1 ? ", " : "", STR_ARG(number));
        if (name.len)
            buf_format(&names, " (%.*s)", STR_ARG(name));
    }
    struct str copy = str_copy(target->injection->arena, buf_str(&names));
    buf_free(&names);
    return copy;
}

/* gRPC probes take a number only. */
static struct node *as_number(const struct target *target, struct node *port)
{
    struct arena *arena = target->injection->arena;
    int64_t number;
    if (node_to_int(port, &number))
        return node_int(arena, number);
    const struct node *item = target_container_port(target->container, node_text(port));
    const struct node *found = node_find(item, "containerPort");
    return found ? node_copy(arena, found) : NULL;
}

/* The port of the service file; NULL if none is written. The service counts as one that reads it.
 */
static const struct port *written_port(const struct target *target)
{
    const struct port *port = target->service->probe_port;
    if (port)
        set_add(target->injection->arena, &target->injection->port_readers,
                target_key(target->injection, target->service), target->service);
    return port;
}

/* Where a new handler asks; NULL after telling that nothing says it. */
static struct node *choose_port(const struct target *target, const struct probe_field *field,
                                enum probe_kind kind, enum field_id at)
{
    struct arena *arena = target->injection->arena;
    struct node *port = NULL;
    const struct node *other = other_probe_port(target, field->key);
    const struct port *written = written_port(target);
    if (written)
        return node_int(arena, written->number);
    if (other)
        port = node_copy(arena, other);
    if (!port)
        port = target_service_port(target, target->container);
    if (!port)
        port = container_port(target);
    if (port && kind == PROBE_GRPC)
        port = as_number(target, port);
    if (port)
        return port;
    struct str names = list_ports(target);
    const char *hint =
        names.len
            ? str_format(arena,
                         "the container listens to %.*s: write the number, port: {http: 8080}",
                         STR_ARG(names))
                  .data
            : "write the number: port: {http: 8080}";
    const char *reason = names.len ? "nothing tells the port that it asks"
                         : node_items(node_find(target->container, "ports"))
                             ? "the container names no TCP ports"
                             : "the container names no ports";
    target_cannot(target, at, field->key, reason, hint);
    return NULL;
}

/* The field to point at for a handler: the most particular one that is written. */
static enum field_id written_field(const struct target *target, const struct probe_field *field)
{
    for (size_t i = field->handler_count; i > 1; i--)
        if (target_has(target, field->handlers[i - 1]))
            return field->handlers[i - 1];
    return field->handlers[0];
}

/* Handlers */

static struct str handler_text(struct arena *arena, const struct node *probe)
{
    enum probe_kind kind;
    const char *key = handler_of(probe, &kind);
    struct str path = node_text(node_find(probe, "httpGet path"));
    if (kind == PROBE_HTTP && path.len)
        return path;
    return key ? str_format(arena, "%s", key) : STR("nothing");
}

static struct str probe_text(struct arena *arena, const struct probe *probe)
{
    return probe->kind == PROBE_HTTP ? probe->path
                                     : str_format(arena, "%s", handler_key(probe->kind));
}

/* The number of a port that a probe asks, which may say its name. */
static struct str port_number(const struct target *target, const struct node *port)
{
    const struct node *item = target_container_port(target->container, node_text(port));
    const struct node *number = node_find(item, "containerPort");
    return node_text(number ? number : port);
}

/* What answers at that port by HTTPS, or by name alone, does so for every probe. */
static void put_scheme(const struct target *target, struct node *handler, const struct node *port)
{
    static const char *const probes[] = {"readinessProbe", "livenessProbe", "startupProbe"};
    static const char *const keys[] = {"scheme", "httpHeaders"};
    struct node *made = node_get(handler, "httpGet");
    for (size_t i = 0; made && i < COUNT(probes); i++) {
        const struct node *other = node_find(node_find(target->container, probes[i]), "httpGet");
        if (!other ||
            !str_equal(port_number(target, node_find(other, "port")), port_number(target, port)))
            continue;
        for (size_t j = 0; j < COUNT(keys); j++)
            if (node_find(other, keys[j]))
                put_node(target->injection->arena, made, keys[j],
                         node_copy(target->injection->arena, node_find(other, keys[j])));
        return;
    }
}

static void replace_handler(const struct target *target, const struct probe_field *field,
                            const struct probe *probe)
{
    struct arena *arena = target->injection->arena;
    struct node *port = NULL;
    if (probe->kind != PROBE_COMMAND) {
        port = choose_port(target, field, probe->kind, written_field(target, field));
        if (!port)
            return;
    }
    struct node *map = edit_map(target->edit, target->container, field->key);
    if (!map)
        return;
    enum probe_kind kind;
    const char *old = handler_of(map, &kind);
    target_tell(target, NULL, DEED_REPLACED, field->key, "chart: %.*s, service: %.*s",
                STR_ARG(handler_text(arena, map)), STR_ARG(probe_text(arena, probe)));
    if (old)
        edit_remove(target->edit, map, old);
    struct node *made = node_new(arena, NODE_MAP);
    manifest_handler(arena, made, probe, port);
    put_scheme(target, made, port);
    edit_set(target->edit, map, made->first->key->text, made->first);
}

/* The same kind of handler: scheme, headers and port stay, unless a port is written. */
static void change_handler(const struct target *target, const struct probe_field *field,
                           const struct probe *probe)
{
    struct arena *arena = target->injection->arena;
    struct str key = str_format(arena, "%s %s", field->key, handler_key(probe->kind));
    if (probe->kind == PROBE_HTTP)
        target_set(target, NULL, target->container,
                   str_format(arena, "%.*s path", STR_ARG(key)).data,
                   node_scalar(arena, STYLE_TEXT, probe->path), field->key, TELL_VALUES);
    if (probe->kind == PROBE_COMMAND)
        target_set(target, NULL, target->container,
                   str_format(arena, "%.*s command", STR_ARG(key)).data,
                   manifest_words(arena, probe->command), field->key, TELL_NAMES);
    const struct port *written = probe->kind == PROBE_COMMAND ? NULL : written_port(target);
    if (!written)
        return;
    struct node *number = node_int(arena, written->number);
    const char *path = str_format(arena, "%.*s port", STR_ARG(key)).data;
    if (!str_equal(port_number(target, node_find(target->container, path)), number->text))
        target_set(target, NULL, target->container, path, number, NULL, TELL_VALUES);
}

static void add_probe(const struct target *target, const struct probe_field *field,
                      const struct probe *probe)
{
    struct node *port = NULL;
    if (probe->kind != PROBE_COMMAND) {
        port = choose_port(target, field, probe->kind, written_field(target, field));
        if (!port)
            return;
    }
    struct probe made = *probe;
    bool starts = node_find(target->container, "startupProbe") ||
                  target_has(target, SERVICE_STARTUP_TIMEOUT) ||
                  target_has(target, SERVICE_STARTUP_PATH);
    if (field->has_delay && starts && !target_has(target, field->delay))
        made.delay = 0;
    struct node *added = manifest_probe(target->injection->arena, target->service, &made, port);
    put_scheme(target, added, port);
    target_set(target, NULL, target->container, field->key, added, field->key, TELL_NAMES);
}

static void set_timing(const struct target *target, const struct probe_field *field,
                       const char *key, int64_t number)
{
    struct arena *arena = target->injection->arena;
    const char *path = str_format(arena, "%s %s", field->key, key).data;
    target_set(target, NULL, target->container, path, node_int(arena, number), NULL, TELL_VALUES);
}

/* Timings that are written, in a probe that is there. */
static void set_timings(const struct target *target, const struct probe_field *field, int64_t delay)
{
    const struct service *service = target->service;
    if (!node_find(target->container, field->key))
        return;
    if (field->has_delay && target_has(target, field->delay))
        set_timing(target, field, "initialDelaySeconds", delay);
    if (target_has(target, SERVICE_PROBE_PERIOD))
        set_timing(target, field, "periodSeconds", service->probe_period);
    if (target_has(target, SERVICE_PROBE_TIMEOUT))
        set_timing(target, field, "timeoutSeconds", service->probe_timeout);
}

static void set_handler(const struct target *target, const struct probe_field *field,
                        const struct probe *probe)
{
    const struct node *there = node_find(target->container, field->key);
    enum probe_kind kind = PROBE_NONE;
    handler_of(there, &kind);
    if (target->fill && (kind != PROBE_NONE || probe->kind == PROBE_NONE))
        return;
    if (probe->kind == PROBE_NONE)
        target_remove(target, NULL, target->container, field->key, field->key, "healthcheck: none");
    else if (!there)
        add_probe(target, field, probe);
    else if (kind == probe->kind)
        change_handler(target, field, probe);
    else
        replace_handler(target, field, probe);
}

static void warn_tcp_path(const struct target *target, const struct probe_field *field)
{
    struct injection *injection = target->injection;
    enum field_id at = written_field(target, field);
    struct str message = str_format(
        injection->arena, "%.*s: %s is not requested on a tcp or websocket port",
        STR_ARG(object_text(injection->arena, target->workload)), schema_field(at)->name);
    if (diags_hold(injection->diags, message))
        return;
    diag_warning(injection->diags, record_location(target->service->record, at), "%.*s",
                 STR_ARG(message));
    diag_hint(injection->diags, "to request the path write healthcheck: http");
}

/* A path for a port that is probed by TCP: it changes the path of an HTTP probe, and no other
 * handler of the chart. */
static void set_tcp_path(const struct target *target, const struct probe_field *field,
                         const struct probe *probe)
{
    struct probe http = *probe;
    enum probe_kind kind;
    handler_of(node_find(target->container, field->key), &kind);
    http.kind = PROBE_HTTP;
    if (kind != PROBE_HTTP && (!target->fill || kind == PROBE_NONE))
        warn_tcp_path(target, field);
    if (kind == PROBE_HTTP)
        set_handler(target, field, &http);
    else if (kind == PROBE_TCP || kind == PROBE_NONE)
        set_handler(target, field, probe);
}

static void inject_probe(const struct target *target, const struct probe_field *field,
                         const struct probe *probe)
{
    if (is_written(target, field)) {
        bool tcp_path = probe->kind == PROBE_TCP && probe->path.len > 0;
        (tcp_path ? set_tcp_path : set_handler)(target, field, probe);
    }
    set_timings(target, field, probe->delay);
}

/* A startup probe that asks what liveness asks, else what readiness asks. */
static void copy_startup(const struct target *target)
{
    struct arena *arena = target->injection->arena;
    static const char *const models[] = {"livenessProbe", "readinessProbe"};
    const struct node *model = NULL;
    enum probe_kind kind;
    const char *key = NULL;
    for (size_t i = 0; i < COUNT(models) && !key; i++) {
        model = node_find(target->container, models[i]);
        key = handler_of(model, &kind);
    }
    if (!key) {
        target_cannot(target, SERVICE_STARTUP_TIMEOUT, startup_field.key,
                      "there is no probe that could tell the start",
                      "write startup_probe_path or healthcheck_path");
        return;
    }
    struct node *probe = node_new(arena, NODE_MAP);
    put_node(arena, probe, key, node_copy(arena, node_find(model, key)));
    put_int(arena, probe, "periodSeconds", target->service->probe_period);
    put_int(arena, probe, "timeoutSeconds", target->service->probe_timeout);
    put_int(arena, probe, "failureThreshold", target->service->startup.failures);
    target_set(target, NULL, target->container, startup_field.key, probe, startup_field.key,
               TELL_NAMES);
}

/* startup_timeout is as many failures as the period that holds makes of it. */
static void set_startup_timeout(const struct target *target)
{
    if (!target_has(target, SERVICE_STARTUP_TIMEOUT))
        return;
    const struct node *probe = node_find(target->container, startup_field.key);
    if (!probe) {
        copy_startup(target);
        return;
    }
    enum { USUAL_PERIOD = 10 }; /* Kubernetes' default */
    int64_t period;
    int64_t timeout = target->service->startup_timeout;
    if (!target_int(target, SERVICE_STARTUP_TIMEOUT, NULL, target->container,
                    "startupProbe periodSeconds", USUAL_PERIOD, &period))
        return;
    if (period < 1)
        period = USUAL_PERIOD;
    set_timing(target, &startup_field, "failureThreshold", (timeout + period - 1) / period);
}

static bool has_probe(const struct target *target, const struct probe_field *field)
{
    return node_find(target->container, field->key) != NULL;
}

/* Times of probes that are nowhere. */
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
                {SERVICE_PROBE_TIMEOUT, any}};
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (rows[i].used || !target_has(target, rows[i].field))
            continue;
        diag_warning(target->injection->diags,
                     record_location(target->service->record, rows[i].field),
                     "%s has no effect: %.*s has no such probe", schema_field(rows[i].field)->name,
                     STR_ARG(object_text(target->injection->arena, target->workload)));
        diag_hint(target->injection->diags, "healthcheck_path adds one");
    }
}

void inject_probes(const struct target *target)
{
    size_t errors = target->injection->diags->errors;
    inject_probe(target, &liveness_field, &target->service->liveness);
    inject_probe(target, &readiness_field, &target->service->readiness);
    inject_probe(target, &startup_field, &target->service->startup);
    set_startup_timeout(target);
    if (!target->fill && target->injection->diags->errors == errors)
        warn_timings(target);
}
