/* Healthchecks. For each probe: its own command or path, else the common one, else what
 * `healthcheck` says, else what fits the port. A path on a port that is no plain HTTP port (type
 * tcp or websocket) is requested only with `healthcheck: http` or a written `probe_port`; otherwise
 * the probe opens a TCP connection, and a warning says so. */
#include "service/service_reader.h"

/* Where a probe's own fields are. */
struct probe_fields {
    enum field_id path;
    enum field_id command;
    enum field_id delay;
};

static const struct probe_fields liveness_fields = {SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND,
                                                    SERVICE_LIVENESS_DELAY};
static const struct probe_fields readiness_fields = {
    SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND, SERVICE_READINESS_DELAY};

/* A path as probes need it: Opta's files leave out the first slash. */
static struct str path_of(const struct service_reader *in, enum field_id field)
{
    struct str path = service_value(in, field)->text;
    if (!str_starts(path, STR("/")))
        path = str_format(in->reader.arena, "/%.*s", STR_ARG(path));
    return path;
}

static bool has(const struct service_reader *in, enum field_id field)
{
    return record_has(in->record, field);
}

/* What is wrong with the ports was told already. */
static bool ports_are_wrong(const struct service_reader *in)
{
    return service_value(in, SERVICE_PORT)->wrong || service_value(in, SERVICE_PORTS)->wrong ||
           (has(in, SERVICE_PROBE_PORT) && !in->service->probe_port);
}

/* A chart has ports of its own, and what is not written changes none of its probes. */
static bool injects(const struct service_reader *in)
{
    return in->layer->options->injects;
}

/* A service that is paused may leave its port out: then its paths are asked nowhere. */
static bool lacks_port(const struct service_reader *in)
{
    return !in->service->probe_port && !ports_are_wrong(in) && in->service->max_containers > 0 &&
           !injects(in);
}

static bool asks_path(const struct service_reader *in, enum field_id path)
{
    return has(in, path) && (in->service->probe_port || injects(in));
}

/* In a chart this is decided per probe (inject_probes.c), because a probe of the chart keeps its
 * handler. */
static bool is_probed_by_tcp(const struct service_reader *in)
{
    const struct port *port = in->service->probe_port;
    return port && (port->type == PORT_TYPE_WEBSOCKET || port->type == PORT_TYPE_TCP) &&
           !has(in, SERVICE_PROBE_PORT) &&
           !str_is(service_value(in, SERVICE_HEALTHCHECK)->text, "http");
}

static struct probe path_probe(const struct service_reader *in, enum field_id path)
{
    return (struct probe){.kind = is_probed_by_tcp(in) ? PROBE_TCP : PROBE_HTTP,
                          .path = path_of(in, path)};
}

/* What `healthcheck` asks for or the port's type suggests. `http` is about paths alone. */
static enum probe_kind usual_kind(const struct service_reader *in, bool liveness)
{
    const struct port *port = in->service->probe_port;
    struct str asked = service_value(in, SERVICE_HEALTHCHECK)->text;
    if (str_is(asked, "http"))
        asked = (struct str){0};
    bool known = injects(in) ? asked.len > 0 : port != NULL;
    if (!known || str_is(asked, "none"))
        return PROBE_NONE;
    if (str_is(asked, "grpc"))
        return PROBE_GRPC;
    /* An http port without a path is asked by TCP, so that a rollout waits for something. */
    bool silent = asked.len == 0 && liveness && port->type == PORT_TYPE_HTTP;
    return silent ? PROBE_NONE : PROBE_TCP;
}

static struct probe read_probe(const struct service_reader *in, const struct probe_fields *fields)
{
    bool own = has(in, fields->path) || has(in, fields->command);
    enum field_id path = own ? fields->path : SERVICE_HEALTHCHECK_PATH;
    enum field_id command = own ? fields->command : SERVICE_HEALTHCHECK_COMMAND;
    struct probe probe = {0};
    if (has(in, command))
        probe = (struct probe){.kind = PROBE_COMMAND, .command = service_value(in, command)};
    else if (asks_path(in, path))
        probe = path_probe(in, path);
    else
        probe.kind = usual_kind(in, fields == &liveness_fields);
    bool starts = in->service->startup.kind != PROBE_NONE;
    if (has(in, fields->delay) || !starts)
        probe.delay = service_value(in, fields->delay)->number;
    return probe;
}

/* Failures in a row until `startup_timeout` is over. */
static int64_t startup_failures(const struct service_reader *in)
{
    int64_t period = in->service->probe_period;
    return (in->service->startup_timeout + period - 1) / period;
}

static void read_startup(const struct service_reader *in)
{
    struct probe *startup = &in->service->startup;
    if (asks_path(in, SERVICE_STARTUP_PATH)) {
        *startup = path_probe(in, SERVICE_STARTUP_PATH);
    } else if (has(in, SERVICE_STARTUP_TIMEOUT)) {
        struct probe asked = read_probe(in, &liveness_fields);
        if (asked.kind == PROBE_NONE)
            asked = read_probe(in, &readiness_fields);
        *startup = asked;
        bool port_expected = (in->service->probe_port || lacks_port(in)) && !injects(in);
        if (startup->kind == PROBE_NONE && port_expected) {
            service_error(in, SERVICE_STARTUP_TIMEOUT,
                          "there is no probe that could tell the start");
            diag_hint(in->reader.diags, "write startup_probe_path or healthcheck_path");
        }
    }
    startup->delay = 0;
    startup->failures = startup_failures(in);
}

static void check_pair(const struct service_reader *in, enum field_id path, enum field_id command)
{
    if (!has(in, path) || !has(in, command))
        return;
    service_error(in, command, "both %s and %s are given", schema_field(path)->name,
                  schema_field(command)->name);
    diag_hint(in->reader.diags, "a probe asks a path or runs a command: keep one of the two");
}

static void check_path(const struct service_reader *in, enum field_id path)
{
    const struct port *port = in->service->probe_port;
    if (!has(in, path))
        return;
    struct str text = path_of(in, path);
    const char *wrong = name_wrong(NAME_REQUEST, text);
    struct str written = service_value(in, path)->text;
    if (written.len == 0)
        wrong = "is empty: write \"/\", or leave it out";
    else if (str_starts(written, STR("http://")) || str_starts(written, STR("https://")))
        wrong = "is a path alone, such as /healthz: the pod is asked itself";
    if (wrong)
        service_error(in, path, "%s %s", schema_field(path)->name, wrong);
    if (lacks_port(in)) {
        service_error(in, path, "there is no port to ask %s at", schema_field(path)->name);
        diag_hint(in->reader.diags, "a service without ports is checked by healthcheck_command");
    } else if (port && port->type == PORT_TYPE_GRPC) {
        service_error(in, path, "a grpc port answers no HTTP path");
        diag_hint(in->reader.diags, "write healthcheck: grpc for gRPC's health service, or leave "
                                    "it out for a TCP connection");
    }
}

/* `healthcheck` replaces the common path and command, but `http` goes with paths; `none` excludes
 * the fields of single probes too. */
static const char *find_clash(const struct service_reader *in, struct str asked)
{
    static const enum field_id common[] = {SERVICE_HEALTHCHECK_PATH, SERVICE_HEALTHCHECK_COMMAND};
    static const enum field_id own[] = {SERVICE_LIVENESS_PATH, SERVICE_READINESS_PATH,
                                        SERVICE_LIVENESS_COMMAND, SERVICE_READINESS_COMMAND,
                                        SERVICE_STARTUP_PATH};
    for (size_t i = str_is(asked, "http") ? 1 : 0; i < sizeof common / sizeof *common; i++)
        if (has(in, common[i]))
            return schema_field(common[i])->name;
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (str_is(asked, "none") && has(in, own[i]))
            return schema_field(own[i])->name;
    return NULL;
}

static const enum field_id path_fields[] = {SERVICE_HEALTHCHECK_PATH, SERVICE_LIVENESS_PATH,
                                            SERVICE_READINESS_PATH, SERVICE_STARTUP_PATH};

enum { PATH_FIELDS = sizeof path_fields / sizeof *path_fields };

static void check_healthcheck(const struct service_reader *in)
{
    struct str asked = service_value(in, SERVICE_HEALTHCHECK)->text;
    if (!has(in, SERVICE_HEALTHCHECK))
        return;
    bool any_path = false;
    for (size_t i = 0; i < PATH_FIELDS; i++)
        any_path |= has(in, path_fields[i]) || service_value(in, path_fields[i])->wrong;
    const char *clash = find_clash(in, asked);
    if (clash) {
        service_error(in, SERVICE_HEALTHCHECK, "both healthcheck and %s are given", clash);
        diag_hint(in->reader.diags, "keep one of the two");
    } else if (str_is(asked, "http")) {
        if (any_path) /* which is checked by itself */
            return;
        service_error(in, SERVICE_HEALTHCHECK, "healthcheck: http requires a path");
        diag_hint(in->reader.diags, "add healthcheck_path: /healthz, or / if it has no other path");
    } else if (lacks_port(in) && !str_is(asked, "none")) {
        service_error(in, SERVICE_HEALTHCHECK, "there is no port to check");
        diag_hint(in->reader.diags, "a service without ports is checked by healthcheck_command");
    }
}

/* A path that is written and not requested. `healthcheck: none` with a path is an error of its own.
 */
static void warn_tcp_paths(const struct service_reader *in)
{
    const struct port *http = in->service->public_port;
    const struct value *asked = service_value(in, SERVICE_HEALTHCHECK);
    if (!is_probed_by_tcp(in) || injects(in) || asked->wrong || str_is(asked->text, "none"))
        return;
    for (size_t i = 0; i < PATH_FIELDS; i++) {
        if (!has(in, path_fields[i]))
            continue;
        diag_warning(in->reader.diags, record_location(in->record, path_fields[i]),
                     "%s is not requested: a tcp or websocket port is probed by a TCP connection",
                     schema_field(path_fields[i])->name);
        if (http && http->type == PORT_TYPE_HTTP)
            diag_hint(in->reader.diags,
                      "to request the path write probe_port: %.*s, or healthcheck: http for the "
                      "first port",
                      STR_ARG(http->name));
        else
            diag_hint(in->reader.diags, "to request the path write healthcheck: http%s",
                      has(in, SERVICE_PORT) ? ", or port: {http: NUMBER} if it is no websocket"
                                            : "");
    }
}

static bool same_words(const struct value *a, const struct value *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!str_equal(a->items[i].text, b->items[i].text))
            return false;
    return a->count == b->count;
}

static bool ask_the_same(const struct probe *a, const struct probe *b)
{
    if (a->kind != b->kind || a->kind == PROBE_NONE)
        return false;
    return a->kind == PROBE_COMMAND ? same_words(a->command, b->command)
           : a->kind == PROBE_HTTP  ? str_equal(a->path, b->path)
                                    : true;
}

void service_read_probes(const struct service_reader *in)
{
    struct service *service = in->service;
    service->probe_period = service_value(in, SERVICE_PROBE_PERIOD)->number;
    service->probe_timeout = service_value(in, SERVICE_PROBE_TIMEOUT)->number;
    service->startup_timeout = service_value(in, SERVICE_STARTUP_TIMEOUT)->number;
    check_pair(in, SERVICE_HEALTHCHECK_PATH, SERVICE_HEALTHCHECK_COMMAND);
    check_pair(in, SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND);
    check_pair(in, SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND);
    for (size_t i = 0; i < PATH_FIELDS; i++)
        check_path(in, path_fields[i]);
    check_healthcheck(in);
    warn_tcp_paths(in);
    read_startup(in);
    service->liveness = read_probe(in, &liveness_fields);
    service->readiness = read_probe(in, &readiness_fields);
    /* Where both ask the same, a pod in trouble loses its traffic first, its life later. */
    enum { PATIENCE = 6 };
    if (ask_the_same(&service->liveness, &service->readiness))
        service->liveness.failures = PATIENCE;
}
