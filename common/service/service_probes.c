/* Probes. Each probe uses its own command or path; otherwise the common one; otherwise
 * `healthcheck`; otherwise a default for the port type. A path on a port of type tcp or websocket
 * is requested only with `healthcheck: http` or `probe_port`; otherwise the probe opens a TCP
 * connection, with a warning. */
#include "base/map.h"
#include "service/service_reader.h"

#include <inttypes.h>

const struct probe_fields liveness_probe_fields = {
    SERVICE_LIVENESS, SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND, SERVICE_LIVENESS_DELAY};
const struct probe_fields readiness_probe_fields = {
    SERVICE_READINESS, SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND, SERVICE_READINESS_DELAY};

/* Returns the path with a leading slash, which may be missing in files written for Opta. */
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

static bool is_for_chart(const struct service_reader *in)
{
    return layer_is_for_chart(in->layer);
}

/* True if a port is missing. With max_containers: 0 there are no probes, so no port is required. */
static bool is_port_missing(const struct service_reader *in)
{
    return !in->service->probe_port && !in->service->ports_invalid &&
           in->service->max_containers > 0 && !is_for_chart(in);
}

static bool requests_path(const struct service_reader *in, enum field_id path)
{
    return has(in, path) && (in->service->probe_port || is_for_chart(in));
}

/* True if a path is not requested because the port is of type tcp or websocket. For a chart,
 * inject_probes.c decides this, because probes of the chart keep their handler. */
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
                          .path = path_of(in, path),
                          .headers = service_value(in, SERVICE_PROBE_HEADERS)};
}

/* Returns the kind that `healthcheck` or the port type implies. `http` applies only to paths. */
static enum probe_kind default_kind(const struct service_reader *in, bool liveness)
{
    const struct port *port = in->service->probe_port;
    struct str healthcheck = service_value(in, SERVICE_HEALTHCHECK)->text;
    if (str_eq_c(healthcheck, "http"))
        healthcheck = (struct str){0};
    bool has_default = is_for_chart(in) ? healthcheck.len > 0 : port != NULL;
    if (!has_default || str_eq_c(healthcheck, "none"))
        return PROBE_NONE;
    if (str_eq_c(healthcheck, "grpc"))
        return PROBE_GRPC;
    /* An http port without a path gets a TCP readiness probe, so that a rollout waits for it. */
    bool has_no_default = healthcheck.len == 0 && liveness && port->type == PORT_TYPE_HTTP;
    return has_no_default ? PROBE_NONE : PROBE_TCP;
}

/* Returns the seconds before the first probe. By default, a liveness probe waits at least as long
 * as initial_readiness_delay, so that it does not restart a container that is still starting. */
static int64_t delay_of(const struct service_reader *in, const struct probe_fields *fields)
{
    int64_t delay = service_value(in, fields->delay)->number;
    if (has(in, fields->delay))
        return delay;
    if (in->service->startup.kind != PROBE_NONE)
        return 0;
    if (fields == &liveness_probe_fields && has(in, SERVICE_READINESS_DELAY) &&
        service_value(in, SERVICE_READINESS_DELAY)->number > delay)
        return service_value(in, SERVICE_READINESS_DELAY)->number;
    return delay;
}

static struct probe read_probe(const struct service_reader *in, const struct probe_fields *fields)
{
    bool has_own = has(in, fields->path) || has(in, fields->command);
    enum field_id path = has_own ? fields->path : SERVICE_HEALTHCHECK_PATH;
    enum field_id command = has_own ? fields->command : SERVICE_HEALTHCHECK_COMMAND;
    struct probe probe = {0};
    if (has(in, fields->none))
        return probe;
    if (has(in, command))
        probe = (struct probe){.kind = PROBE_COMMAND, .command = service_value(in, command)};
    else if (requests_path(in, path))
        probe = path_probe(in, path);
    else
        probe.kind = default_kind(in, fields == &liveness_probe_fields);
    probe.delay = delay_of(in, fields);
    return probe;
}

/* Returns startup_timeout. The default is increased if the delays in the file show that a start
 * takes longer. */
static int64_t startup_timeout(const struct service_reader *in)
{
    static const enum field_id delays[] = {SERVICE_LIVENESS_DELAY, SERVICE_READINESS_DELAY};
    int64_t timeout = service_value(in, SERVICE_STARTUP_TIMEOUT)->number;
    for (size_t i = 0; i < COUNT_OF(delays); i++) {
        int64_t minimum = has(in, delays[i]) && !has(in, SERVICE_STARTUP_TIMEOUT)
                              ? service_startup_timeout(service_value(in, delays[i])->number)
                              : 0;
        timeout = minimum > timeout ? minimum : timeout;
    }
    return timeout;
}

int64_t service_startup_timeout(int64_t delay)
{
    enum { FACTOR = 2 }; /* the delay, and the same time again for the first success */
    return FACTOR * delay;
}

/* A startup probe fails several times before the container is restarted, even if startup_timeout is
 * as short as probe_period. */
enum { STARTUP_FAILURES_MIN = 3 };

static int64_t startup_period(const struct service *service)
{
    enum { PERIOD_MAX = 10 };
    int64_t period = service->startup_timeout / STARTUP_FAILURES_MIN;
    if (period > service->probe_period)
        period = service->probe_period;
    if (period > PERIOD_MAX)
        period = PERIOD_MAX;
    return period ? period : 1;
}

int64_t service_startup_failures(const struct service *service, int64_t timeout)
{
    int64_t period = service->startup.period;
    int64_t failures = (timeout + period - 1) / period;
    return failures > STARTUP_FAILURES_MIN ? failures : STARTUP_FAILURES_MIN;
}

static void read_startup(const struct service_reader *in)
{
    struct probe *startup = &in->service->startup;
    if (requests_path(in, SERVICE_STARTUP_PATH)) {
        *startup = path_probe(in, SERVICE_STARTUP_PATH);
    } else if (has(in, SERVICE_STARTUP_TIMEOUT)) {
        struct probe check = read_probe(in, &liveness_probe_fields);
        if (check.kind == PROBE_NONE)
            check = read_probe(in, &readiness_probe_fields);
        *startup = check;
        bool port_expected = (in->service->probe_port || is_port_missing(in)) && !is_for_chart(in);
        if (startup->kind == PROBE_NONE && port_expected) {
            service_error(in, SERVICE_STARTUP_TIMEOUT, RULE_REQUIRED_FIELD, "%s requires a probe",
                          schema_field(SERVICE_STARTUP_TIMEOUT)->name);
            diag_hint(in->reader.diags, "set startup_probe_path or healthcheck_path too");
        }
    }
    startup->delay = 0;
    startup->period = startup_period(in->service);
    startup->failures = service_startup_failures(in->service, in->service->startup_timeout);
}

static void check_pair(const struct service_reader *in, enum field_id path, enum field_id command)
{
    if (!has(in, path) || !has(in, command))
        return;
    service_error(in, command, RULE_CONFLICTING_FIELDS, "%s and %s are mutually exclusive",
                  schema_field(path)->name, schema_field(command)->name);
    diag_hint(in->reader.diags, "remove one of them");
}

/* True for a word without a slash that probably means "no probe". */
static bool means_none(const struct service_reader *in, struct str path)
{
    static const char *const synonyms[] = {"none", "null", "off", "no", "false", "disabled"};
    struct str lower = str_lower(in->reader.arena, path);
    for (size_t i = 0; i < COUNT_OF(synonyms); i++)
        if (str_eq_c(lower, synonyms[i]))
            return true;
    return false;
}

static void report_none(const struct service_reader *in, enum field_id path)
{
    struct str written = service_value(in, path)->text;
    const char *hint = "for no startup probe, remove it";
    if (path == SERVICE_HEALTHCHECK_PATH)
        hint = "for no probes, set healthcheck: none";
    else if (path == SERVICE_LIVENESS_PATH)
        hint = "for no liveness probe, set liveness: none; for no probes, set healthcheck: none";
    else if (path == SERVICE_READINESS_PATH)
        hint = "for no readiness probe, set readiness: none; for no probes, set healthcheck: none";
    service_error(in, path, RULE_INVALID_PATH, "%s: %.*s would request the path /%.*s",
                  schema_field(path)->name, STR_ARG(written), STR_ARG(written));
    diag_hint(in->reader.diags, "%s\nto request that path, write /%.*s", hint, STR_ARG(written));
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
    const char *error = name_check_request(text);
    struct str written = service_value(in, path)->text;
    if (written.len == 0)
        error = "must not be empty: write \"/\", or remove it";
    else if (str_starts_with(written, STR("http://")) || str_starts_with(written, STR("https://")))
        error = "must be a path without scheme and host, for example: /healthz";
    if (error)
        service_error(in, path, RULE_INVALID_PATH, "%s %s", schema_field(path)->name, error);
    if (is_port_missing(in)) {
        service_error(in, path, RULE_REQUIRED_FIELD, "%s requires a port",
                      schema_field(path)->name);
        diag_hint(in->reader.diags, "set port, or use healthcheck_command instead");
    } else if (port && port->type == PORT_TYPE_GRPC) {
        service_error(in, path, RULE_CONFLICTING_FIELDS, "%s cannot be used with a grpc port",
                      schema_field(path)->name);
        diag_hint(in->reader.diags, "for the gRPC health service, set healthcheck: grpc; for a TCP "
                                    "probe, remove it");
    }
}

/* `liveness: none` or `readiness: none` excludes the other fields of that probe. */
static void check_none(const struct service_reader *in, const struct probe_fields *fields)
{
    const enum field_id others[] = {fields->path, fields->command, fields->delay};
    for (size_t i = 0; i < COUNT_OF(others); i++) {
        if (!has(in, fields->none) || !has(in, others[i]))
            continue;
        service_error(in, fields->none, RULE_CONFLICTING_FIELDS, "%s and %s are mutually exclusive",
                      schema_field(fields->none)->name, schema_field(others[i])->name);
        diag_hint(in->reader.diags, "remove one of them");
        return;
    }
}

/* The common fields have no effect if both probes are none. */
static void check_both_none(const struct service_reader *in)
{
    static const enum field_id fields[] = {SERVICE_HEALTHCHECK, SERVICE_HEALTHCHECK_PATH,
                                           SERVICE_HEALTHCHECK_COMMAND};
    if (!has(in, SERVICE_LIVENESS) || !has(in, SERVICE_READINESS))
        return;
    for (size_t i = 0; i < COUNT_OF(fields); i++) {
        if (!has(in, fields[i]) || str_eq_c(service_value(in, fields[i])->text, "none"))
            continue;
        service_error(in, fields[i], RULE_CONFLICTING_FIELDS,
                      "%s has no effect when liveness and readiness are none",
                      schema_field(fields[i])->name);
        diag_hint(in->reader.diags, "remove it, or remove liveness or readiness");
    }
}

/* Returns the name of a field that conflicts with `healthcheck`, or NULL. `http` allows paths;
 * `none` also conflicts with the fields of single probes. */
static const char *find_conflict(const struct service_reader *in, struct str healthcheck)
{
    static const enum field_id common[] = {SERVICE_HEALTHCHECK_PATH, SERVICE_HEALTHCHECK_COMMAND};
    static const enum field_id own[] = {SERVICE_LIVENESS_PATH, SERVICE_READINESS_PATH,
                                        SERVICE_LIVENESS_COMMAND, SERVICE_READINESS_COMMAND,
                                        SERVICE_STARTUP_PATH};
    for (size_t i = str_eq_c(healthcheck, "http") ? 1 : 0; i < COUNT_OF(common); i++)
        if (has(in, common[i]))
            return schema_field(common[i])->name;
    for (size_t i = 0; i < COUNT_OF(own); i++)
        if (str_eq_c(healthcheck, "none") && has(in, own[i]))
            return schema_field(own[i])->name;
    return NULL;
}

static const enum field_id path_fields[] = {SERVICE_HEALTHCHECK_PATH, SERVICE_LIVENESS_PATH,
                                            SERVICE_READINESS_PATH, SERVICE_STARTUP_PATH};

enum { PATH_FIELDS = COUNT_OF(path_fields) };

static void check_healthcheck(const struct service_reader *in)
{
    struct str healthcheck = service_value(in, SERVICE_HEALTHCHECK)->text;
    if (!has(in, SERVICE_HEALTHCHECK))
        return;
    bool any_path = false;
    for (size_t i = 0; i < PATH_FIELDS; i++)
        any_path |= has(in, path_fields[i]) || service_value(in, path_fields[i])->invalid;
    const char *conflict = find_conflict(in, healthcheck);
    if (conflict) {
        service_error(in, SERVICE_HEALTHCHECK, RULE_CONFLICTING_FIELDS,
                      "healthcheck and %s are mutually exclusive", conflict);
        diag_hint(in->reader.diags, "remove one of them");
    } else if (str_eq_c(healthcheck, "http")) {
        if (any_path) /* check_path() checks it */
            return;
        service_error(in, SERVICE_HEALTHCHECK, RULE_REQUIRED_FIELD,
                      "healthcheck: http requires a path");
        diag_hint(in->reader.diags,
                  "set healthcheck_path too, for example: healthcheck_path: /healthz");
    } else if (is_port_missing(in) && !str_eq_c(healthcheck, "none")) {
        service_error(in, SERVICE_HEALTHCHECK, RULE_REQUIRED_FIELD,
                      "healthcheck: %.*s requires a port", STR_ARG(healthcheck));
        diag_hint(in->reader.diags, "set port, or use healthcheck_command instead");
    }
}

/* Warns about paths that are not requested. `healthcheck: none` with a path, and a path named none,
 * are reported as errors elsewhere. */
static void warn_tcp_paths(const struct service_reader *in)
{
    const struct port *http = in->service->public_port;
    const struct value *healthcheck = service_value(in, SERVICE_HEALTHCHECK);
    if (!is_probed_by_tcp(in) || is_for_chart(in) || in->service->ports_invalid ||
        healthcheck->invalid || str_eq_c(healthcheck->text, "none"))
        return;
    for (size_t i = 0; i < PATH_FIELDS; i++) {
        if (!has(in, path_fields[i]) || means_none(in, service_value(in, path_fields[i])->text))
            continue;
        diag_warning(in->reader.diags, record_location(in->record, path_fields[i]), RULE_NO_EFFECT,
                     "%s has no effect on a tcp or websocket port, which gets a TCP probe",
                     schema_field(path_fields[i])->name);
        if (http && http->type == PORT_TYPE_HTTP)
            diag_hint(in->reader.diags,
                      "to request the path, set probe_port: %.*s, or healthcheck: http for the "
                      "first port",
                      STR_ARG(http->name));
        else
            diag_hint(in->reader.diags, "to request the path, set healthcheck: http%s",
                      has(in, SERVICE_PORT) ? ", or port: {http: NUMBER} if it is not a websocket"
                                            : "");
    }
}

bool service_same_command(const struct value *a, const struct value *b)
{
    for (size_t i = 0; i < a->count && i < b->count; i++)
        if (!str_equal(a->items[i].text, b->items[i].text))
            return false;
    return a->count == b->count;
}

static bool is_same_check(const struct probe *a, const struct probe *b)
{
    if (a->kind != b->kind || a->kind == PROBE_NONE)
        return false;
    return a->kind == PROBE_COMMAND ? service_same_command(a->command, b->command)
           : a->kind == PROBE_HTTP  ? str_equal(a->path, b->path)
                                    : true;
}

void service_warn_restart(struct diags *diags, const struct service *service, enum field_id field,
                          struct str subject, int64_t seconds, int64_t delay)
{
    if (seconds >= delay)
        return;
    diag_warning(diags, record_location(service->record, field), RULE_EARLY_RESTART,
                 "%.*s%s may restart a container after %" PRId64
                 " seconds, but another probe waits %" PRId64 " seconds for it to start",
                 STR_ARG(subject), schema_field(field)->name, seconds, delay);
    diag_hint(diags, "increase it, for example: %s: %" PRId64, schema_field(field)->name,
              field == SERVICE_STARTUP_TIMEOUT ? service_startup_timeout(delay) : delay);
}

/* Returns the delay of a probe if the file sets it; otherwise 0. */
static int64_t written_delay(const struct service_reader *in, const struct probe *probe,
                             const struct probe_fields *fields)
{
    return probe->kind != PROBE_NONE && has(in, fields->delay) ? probe->delay : 0;
}

/* For a chart, inject_probes.c checks this, because the delays of the chart's probes matter too. */
static void warn_restarts(const struct service_reader *in)
{
    enum { DEFAULT_FAILURES = 3 }; /* Kubernetes' default */
    const struct service *service = in->service;
    const struct probe *probe = &service->liveness;
    int64_t failures = probe->failures ? probe->failures : DEFAULT_FAILURES;
    int64_t liveness = written_delay(in, probe, &liveness_probe_fields);
    int64_t readiness = written_delay(in, &service->readiness, &readiness_probe_fields);
    if (is_for_chart(in))
        return;
    if (has(in, SERVICE_STARTUP_TIMEOUT))
        service_warn_restart(in->reader.diags, service, SERVICE_STARTUP_TIMEOUT, STR(""),
                             service->startup_timeout, liveness > readiness ? liveness : readiness);
    else if (has(in, SERVICE_LIVENESS_DELAY) && probe->kind != PROBE_NONE &&
             service->startup.kind == PROBE_NONE)
        service_warn_restart(in->reader.diags, service, SERVICE_LIVENESS_DELAY, STR(""),
                             liveness + (failures - 1) * service->probe_period, readiness);
}

/* If both probes do the same check, a failing pod loses its traffic before it is restarted. */
static void set_failures(const struct service_reader *in)
{
    enum { SAME_CHECK_FACTOR = 2 };
    struct service *service = in->service;
    int64_t failures = service_value(in, SERVICE_PROBE_FAILURES)->number;
    if (has(in, SERVICE_PROBE_FAILURES))
        service->readiness.failures = service->liveness.failures = failures;
    if (is_same_check(&service->liveness, &service->readiness))
        service->liveness.failures = SAME_CHECK_FACTOR * failures;
}

static void check_headers(const struct service_reader *in)
{
    struct diags *diags = in->reader.diags;
    const struct value *headers = service_value(in, SERVICE_PROBE_HEADERS);
    struct map names = {0};
    for (size_t i = 0; i < headers->count; i++) {
        const struct item *item = &headers->items[i];
        const char *error = name_check_http_header(item->name);
        if (!error &&
            map_add(in->reader.arena, &names, str_lower(in->reader.arena, item->name), item))
            error = "occurs twice: the case of letters has no meaning in header names";
        if (error)
            diag_error(diags, item->name_node->span, RULE_INVALID_VALUE, "header name \"%.*s\" %s",
                       STR_ARG(item->name), error);
        error = name_check_http_value(item->text);
        if (error)
            diag_error(diags, item->node->span, RULE_INVALID_VALUE, "value of header \"%.*s\" %s",
                       STR_ARG(item->name), error);
    }
}

static bool uses_port(const struct probe *probe)
{
    return probe->kind == PROBE_HTTP || probe->kind == PROBE_TCP || probe->kind == PROBE_GRPC;
}

/* Warns about fields of probes that the service does not have. A delay also affects a startup
 * probe, and that of the readiness probe affects the liveness probe; without these, there is a
 * delay of 0. For a chart, inject_probes.c checks this. */
static void warn_without_probes(const struct service_reader *in)
{
    const struct service *service = in->service;
    bool live = service->liveness.kind != PROBE_NONE;
    bool starting = service->startup.kind != PROBE_NONE;
    bool repeats = live || service->readiness.kind != PROBE_NONE;
    bool requests = service->startup.kind == PROBE_HTTP || service->liveness.kind == PROBE_HTTP ||
                    service->readiness.kind == PROBE_HTTP;
    bool connects = uses_port(&service->startup) || uses_port(&service->liveness) ||
                    uses_port(&service->readiness);
    const struct {
        enum field_id field;
        bool has_effect;
        const char *reason;
    } rows[] = {
        {SERVICE_PROBE_FAILURES, repeats, " without a liveness or readiness probe"},
        {SERVICE_PROBE_HEADERS, requests, ": no probe requests a path"},
        {SERVICE_PROBE_PORT, connects, ": no probe uses a port"},
        {SERVICE_PROBE_PERIOD, repeats || starting, " without a probe"},
        {SERVICE_PROBE_TIMEOUT, repeats || starting, " without a probe"},
        {SERVICE_LIVENESS_DELAY,
         live || starting || service_value(in, SERVICE_LIVENESS_DELAY)->number == 0,
         " without a liveness probe"},
        {SERVICE_READINESS_DELAY,
         repeats || starting || service_value(in, SERVICE_READINESS_DELAY)->number == 0,
         " without a readiness probe"},
    };
    if (is_for_chart(in) || service->ports_invalid || service->max_containers == 0)
        return;
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (!has(in, rows[i].field) || rows[i].has_effect)
            continue;
        diag_warning(in->reader.diags, record_location(in->record, rows[i].field), RULE_NO_EFFECT,
                     "%s has no effect%s", schema_field(rows[i].field)->name, rows[i].reason);
        if (service->probe_port)
            diag_hint(in->reader.diags, "set healthcheck_path%s, or remove it",
                      has(in, SERVICE_HEALTHCHECK)           ? " instead of healthcheck"
                      : has(in, SERVICE_HEALTHCHECK_COMMAND) ? " instead of healthcheck_command"
                                                             : " too");
        else if (rows[i].field == SERVICE_PROBE_HEADERS)
            diag_hint(in->reader.diags, "remove it, or set port and healthcheck_path too");
        else
            diag_hint(in->reader.diags, "set healthcheck_command too, or remove it");
    }
}

void service_read_probes(const struct service_reader *in)
{
    struct service *service = in->service;
    size_t errors = in->reader.diags->errors;
    service->probe_period = service_value(in, SERVICE_PROBE_PERIOD)->number;
    service->probe_timeout = service_value(in, SERVICE_PROBE_TIMEOUT)->number;
    service->startup_timeout = startup_timeout(in);
    check_pair(in, SERVICE_HEALTHCHECK_PATH, SERVICE_HEALTHCHECK_COMMAND);
    check_pair(in, SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND);
    check_pair(in, SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND);
    for (size_t i = 0; i < PATH_FIELDS; i++)
        check_path(in, path_fields[i]);
    check_none(in, &liveness_probe_fields);
    check_none(in, &readiness_probe_fields);
    check_both_none(in);
    check_healthcheck(in);
    warn_tcp_paths(in);
    read_startup(in);
    service->liveness = read_probe(in, &liveness_probe_fields);
    service->readiness = read_probe(in, &readiness_probe_fields);
    set_failures(in);
    check_headers(in);
    if (in->reader.diags->errors == errors)
        warn_without_probes(in);
    warn_restarts(in);
}
