/* Healthchecks. For each probe: its own command or path, else the common one, else what
 * `healthcheck` says, else what fits the port. A path on a port that is no plain HTTP port (type
 * tcp or websocket) is requested only with `healthcheck: http` or a written `probe_port`; otherwise
 * the probe opens a TCP connection, and a warning says so. */
#include "service/service_reader.h"

#include <inttypes.h>

/* Where a probe's own fields are. */
struct probe_fields {
    enum field_id none;
    enum field_id path;
    enum field_id command;
    enum field_id delay;
};

static const struct probe_fields liveness_fields = {
    SERVICE_LIVENESS, SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND, SERVICE_LIVENESS_DELAY};
static const struct probe_fields readiness_fields = {
    SERVICE_READINESS, SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND, SERVICE_READINESS_DELAY};

/* A path as probes need it: Opta's files leave out the first slash. */
static struct str path_of(const struct service_reader *in, enum field_id field)
{
    struct str path = service_value(in, field)->text;
    if (!str_starts_with(path, STR("/")))
        path = str_format(in->reader.arena, "/%.*s", STR_ARG(path));
    return path;
}

static bool has(const struct service_reader *in, enum field_id field)
{
    return record_has(in->record, field);
}

/* A chart has ports of its own, and what is not written changes none of its probes. */
static bool injects(const struct service_reader *in)
{
    return layer_injects(in->layer);
}

/* A service that is paused may leave its port out: then its paths are asked nowhere. */
static bool lacks_port(const struct service_reader *in)
{
    return !in->service->probe_port && !in->service->ports_invalid &&
           in->service->max_containers > 0 && !injects(in);
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
           !str_eq_c(service_value(in, SERVICE_HEALTHCHECK)->text, "http");
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
    if (str_eq_c(asked, "http"))
        asked = (struct str){0};
    bool known = injects(in) ? asked.len > 0 : port != NULL;
    if (!known || str_eq_c(asked, "none"))
        return PROBE_NONE;
    if (str_eq_c(asked, "grpc"))
        return PROBE_GRPC;
    /* An http port without a path is asked by TCP, so that a rollout waits for something. */
    bool silent = asked.len == 0 && liveness && port->type == PORT_TYPE_HTTP;
    return silent ? PROBE_NONE : PROBE_TCP;
}

/* Seconds before the first check. A liveness probe does not restart a container before the
 * readiness probe expects it to be ready. */
static int64_t delay_of(const struct service_reader *in, const struct probe_fields *fields)
{
    int64_t delay = service_value(in, fields->delay)->number;
    if (has(in, fields->delay))
        return delay;
    if (in->service->startup.kind != PROBE_NONE)
        return 0;
    if (fields == &liveness_fields && has(in, SERVICE_READINESS_DELAY) &&
        service_value(in, SERVICE_READINESS_DELAY)->number > delay)
        return service_value(in, SERVICE_READINESS_DELAY)->number;
    return delay;
}

static struct probe read_probe(const struct service_reader *in, const struct probe_fields *fields)
{
    bool own = has(in, fields->path) || has(in, fields->command);
    enum field_id path = own ? fields->path : SERVICE_HEALTHCHECK_PATH;
    enum field_id command = own ? fields->command : SERVICE_HEALTHCHECK_COMMAND;
    struct probe probe = {0};
    if (has(in, fields->none))
        return probe;
    if (has(in, command))
        probe = (struct probe){.kind = PROBE_COMMAND, .command = service_value(in, command)};
    else if (asks_path(in, path))
        probe = path_probe(in, path);
    else
        probe.kind = usual_kind(in, fields == &liveness_fields);
    probe.delay = delay_of(in, fields);
    return probe;
}

/* Left out, it is long enough for the delays that are written: they show how long a start takes. */
static int64_t startup_timeout(const struct service_reader *in)
{
    static const enum field_id delays[] = {SERVICE_LIVENESS_DELAY, SERVICE_READINESS_DELAY};
    int64_t timeout = service_value(in, SERVICE_STARTUP_TIMEOUT)->number;
    for (size_t i = 0; i < COUNT_OF(delays); i++) {
        int64_t least = has(in, delays[i]) && !has(in, SERVICE_STARTUP_TIMEOUT)
                            ? service_startup_timeout(service_value(in, delays[i])->number)
                            : 0;
        timeout = least > timeout ? least : timeout;
    }
    return timeout;
}

int64_t service_startup_timeout(int64_t delay)
{
    enum { FACTOR = 2 }; /* to the end of the delay, and as long again for the first answer */
    return FACTOR * delay;
}

int64_t service_startup_failures(const struct service *service, int64_t timeout)
{
    int64_t period = service->probe_period;
    return (timeout + period - 1) / period;
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
    startup->failures = service_startup_failures(in->service, in->service->startup_timeout);
}

static void check_pair(const struct service_reader *in, enum field_id path, enum field_id command)
{
    if (!has(in, path) || !has(in, command))
        return;
    service_error(in, command, "both %s and %s are given", schema_field(path)->name,
                  schema_field(command)->name);
    diag_hint(in->reader.diags, "a probe asks a path or runs a command: keep one of the two");
}

/* True for a word that means "no probe" wherever a path cannot be meant: it has no slash. */
static bool means_none(const struct service_reader *in, struct str path)
{
    static const char *const words[] = {"none", "null", "off", "no", "false", "disabled"};
    struct str lower = str_lower(in->reader.arena, path);
    for (size_t i = 0; i < COUNT_OF(words); i++)
        if (str_eq_c(lower, words[i]))
            return true;
    return false;
}

static void report_none(const struct service_reader *in, enum field_id path)
{
    struct str written = service_value(in, path)->text;
    const char *instead = "for no startup probe leave it out";
    if (path == SERVICE_HEALTHCHECK_PATH)
        instead = "for no probes write healthcheck: none";
    else if (path == SERVICE_LIVENESS_PATH)
        instead = "for no liveness probe write liveness: none, for no probes healthcheck: none";
    else if (path == SERVICE_READINESS_PATH)
        instead = "for no readiness probe write readiness: none, for no probes healthcheck: none";
    service_error(in, path, "%s: %.*s would request the path /%.*s", schema_field(path)->name,
                  STR_ARG(written), STR_ARG(written));
    diag_hint(in->reader.diags, "%s\nto request that path write /%.*s", instead, STR_ARG(written));
}

static void check_path(const struct service_reader *in, enum field_id path)
{
    const struct port *port = in->service->probe_port;
    if (!has(in, path))
        return;
    if (means_none(in, service_value(in, path)->text)) {
        report_none(in, path);
        return;
    }
    struct str text = path_of(in, path);
    const char *wrong = name_check_request(text);
    struct str written = service_value(in, path)->text;
    if (written.len == 0)
        wrong = "is empty: write \"/\", or leave it out";
    else if (str_starts_with(written, STR("http://")) || str_starts_with(written, STR("https://")))
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

/* `liveness: none` or `readiness: none` excludes the other fields of that probe. */
static void check_none(const struct service_reader *in, const struct probe_fields *fields)
{
    const enum field_id others[] = {fields->path, fields->command, fields->delay};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (!has(in, fields->none) || !has(in, others[i]))
            continue;
        service_error(in, fields->none, "both %s and %s are given",
                      schema_field(fields->none)->name, schema_field(others[i])->name);
        diag_hint(in->reader.diags, "keep one of the two");
        return;
    }
}

/* Without either probe there is nothing that both could do. */
static void check_both_none(const struct service_reader *in)
{
    static const enum field_id fields[] = {SERVICE_HEALTHCHECK, SERVICE_HEALTHCHECK_PATH,
                                           SERVICE_HEALTHCHECK_COMMAND};
    if (!has(in, SERVICE_LIVENESS) || !has(in, SERVICE_READINESS))
        return;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!has(in, fields[i]) || str_eq_c(service_value(in, fields[i])->text, "none"))
            continue;
        service_error(in, fields[i], "%s has no effect: liveness and readiness are none",
                      schema_field(fields[i])->name);
        diag_hint(in->reader.diags, "leave it out, or liveness or readiness");
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
    for (size_t i = str_eq_c(asked, "http") ? 1 : 0; i < COUNT_OF(common); i++)
        if (has(in, common[i]))
            return schema_field(common[i])->name;
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (str_eq_c(asked, "none") && has(in, own[i]))
            return schema_field(own[i])->name;
    return NULL;
}

static const enum field_id path_fields[] = {SERVICE_HEALTHCHECK_PATH, SERVICE_LIVENESS_PATH,
                                            SERVICE_READINESS_PATH, SERVICE_STARTUP_PATH};

enum { PATH_FIELDS = COUNT_OF(path_fields) };

static void check_healthcheck(const struct service_reader *in)
{
    struct str asked = service_value(in, SERVICE_HEALTHCHECK)->text;
    if (!has(in, SERVICE_HEALTHCHECK))
        return;
    bool any_path = false;
    for (size_t i = 0; i < PATH_FIELDS; i++)
        any_path |= has(in, path_fields[i]) || service_value(in, path_fields[i])->invalid;
    const char *clash = find_clash(in, asked);
    if (clash) {
        service_error(in, SERVICE_HEALTHCHECK, "both healthcheck and %s are given", clash);
        diag_hint(in->reader.diags, "keep one of the two");
    } else if (str_eq_c(asked, "http")) {
        if (any_path) /* which is checked by itself */
            return;
        service_error(in, SERVICE_HEALTHCHECK, "healthcheck: http requires a path");
        diag_hint(in->reader.diags, "add healthcheck_path: /healthz, or / if it has no other path");
    } else if (lacks_port(in) && !str_eq_c(asked, "none")) {
        service_error(in, SERVICE_HEALTHCHECK, "there is no port to check");
        diag_hint(in->reader.diags, "a service without ports is checked by healthcheck_command");
    }
}

/* A path that is written and not requested. `healthcheck: none` with a path, and a path named none,
 * are errors of their own. */
static void warn_tcp_paths(const struct service_reader *in)
{
    const struct port *http = in->service->public_port;
    const struct value *asked = service_value(in, SERVICE_HEALTHCHECK);
    if (!is_probed_by_tcp(in) || injects(in) || in->service->ports_invalid || asked->invalid ||
        str_eq_c(asked->text, "none"))
        return;
    for (size_t i = 0; i < PATH_FIELDS; i++) {
        if (!has(in, path_fields[i]) || means_none(in, service_value(in, path_fields[i])->text))
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

void service_warn_restart(struct diags *diags, const struct service *service, enum field_id field,
                          struct str subject, int64_t seconds, int64_t delay)
{
    if (seconds >= delay)
        return;
    diag_warning(diags, record_location(service->record, field),
                 "%.*s%s may restart a container after %" PRId64
                 " seconds, although another probe waits %" PRId64 " seconds for it to start",
                 STR_ARG(subject), schema_field(field)->name, seconds, delay);
    diag_hint(diags, "write a longer one, such as %s: %" PRId64, schema_field(field)->name,
              field == SERVICE_STARTUP_TIMEOUT ? service_startup_timeout(delay) : delay);
}

/* The delay that is written for a probe, or 0. */
static int64_t written_delay(const struct service_reader *in, const struct probe *probe,
                             const struct probe_fields *fields)
{
    return probe->kind != PROBE_NONE && has(in, fields->delay) ? probe->delay : 0;
}

/* In a chart the delays of its own probes count too (inject_probes.c). */
static void warn_restarts(const struct service_reader *in)
{
    enum { USUAL_FAILURES = 3 }; /* Kubernetes' default */
    const struct service *service = in->service;
    const struct probe *probe = &service->liveness;
    int64_t failures = probe->failures ? probe->failures : USUAL_FAILURES;
    int64_t liveness = written_delay(in, probe, &liveness_fields);
    int64_t readiness = written_delay(in, &service->readiness, &readiness_fields);
    if (injects(in))
        return;
    if (has(in, SERVICE_STARTUP_TIMEOUT))
        service_warn_restart(in->reader.diags, service, SERVICE_STARTUP_TIMEOUT, STR(""),
                             service->startup_timeout, liveness > readiness ? liveness : readiness);
    else if (has(in, SERVICE_LIVENESS_DELAY) && probe->kind != PROBE_NONE &&
             service->startup.kind == PROBE_NONE)
        service_warn_restart(in->reader.diags, service, SERVICE_LIVENESS_DELAY, STR(""),
                             liveness + (failures - 1) * service->probe_period, readiness);
}

void service_read_probes(const struct service_reader *in)
{
    struct service *service = in->service;
    service->probe_period = service_value(in, SERVICE_PROBE_PERIOD)->number;
    service->probe_timeout = service_value(in, SERVICE_PROBE_TIMEOUT)->number;
    service->startup_timeout = startup_timeout(in);
    check_pair(in, SERVICE_HEALTHCHECK_PATH, SERVICE_HEALTHCHECK_COMMAND);
    check_pair(in, SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND);
    check_pair(in, SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND);
    for (size_t i = 0; i < PATH_FIELDS; i++)
        check_path(in, path_fields[i]);
    check_none(in, &liveness_fields);
    check_none(in, &readiness_fields);
    check_both_none(in);
    check_healthcheck(in);
    warn_tcp_paths(in);
    read_startup(in);
    service->liveness = read_probe(in, &liveness_fields);
    service->readiness = read_probe(in, &readiness_fields);
    /* Where both ask the same, a pod in trouble loses its traffic first, its life later. */
    enum { PATIENCE = 6 };
    if (ask_the_same(&service->liveness, &service->readiness))
        service->liveness.failures = PATIENCE;
    warn_restarts(in);
}
