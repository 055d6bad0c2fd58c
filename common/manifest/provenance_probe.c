/* Rules for probes. */
#include "manifest/provenance_rules.h"

enum probe_name { PROBE_OF_STARTUP, PROBE_OF_LIVENESS, PROBE_OF_READINESS };

static enum probe_name probe_of(const struct trace *trace)
{
    struct str key = step_at(trace, 3)->key;
    return str_eq_c(key, "startupProbe")    ? PROBE_OF_STARTUP
           : str_eq_c(key, "livenessProbe") ? PROBE_OF_LIVENESS
                                            : PROBE_OF_READINESS;
}

static bool has(const struct trace *trace, enum field_id field)
{
    return service_has(trace->service, field);
}

/* The fields that a probe may have its path or command from, in order of precedence. The common one
 * applies only if the probe has neither of its own. */
static enum field_id check_field(const struct trace *trace, enum probe_name name)
{
    static const enum field_id fields[][2] = {
        [PROBE_OF_LIVENESS] = {SERVICE_LIVENESS_PATH, SERVICE_LIVENESS_COMMAND},
        [PROBE_OF_READINESS] = {SERVICE_READINESS_PATH, SERVICE_READINESS_COMMAND},
    };
    if (name == PROBE_OF_STARTUP && has(trace, SERVICE_STARTUP_PATH))
        return SERVICE_STARTUP_PATH;
    if (name == PROBE_OF_STARTUP) { /* the same check as another probe */
        bool alive = trace->service->liveness.kind != PROBE_NONE;
        name = alive ? PROBE_OF_LIVENESS : PROBE_OF_READINESS;
    }
    for (size_t i = 0; i < COUNT_OF(fields[name]); i++)
        if (has(trace, fields[name][i]))
            return fields[name][i];
    return has(trace, SERVICE_HEALTHCHECK_PATH)      ? SERVICE_HEALTHCHECK_PATH
           : has(trace, SERVICE_HEALTHCHECK_COMMAND) ? SERVICE_HEALTHCHECK_COMMAND
                                                     : SERVICE_HEALTHCHECK;
}

void rule_probe_path(struct trace *trace, const char *reason)
{
    from_field(trace, check_field(trace, probe_of(trace)), reason, NULL);
}

void rule_probe_command(struct trace *trace, const char *reason)
{
    const struct value *command =
        record_value(trace->service->record, check_field(trace, probe_of(trace)));
    from_location(trace, command->items[trace->steps[trace->depth - 1].index].node->span, reason);
}

void rule_probe_header(struct trace *trace, const char *reason)
{
    const struct value *headers = record_value(trace->service->record, SERVICE_PROBE_HEADERS);
    size_t index = trace->steps[trace->depth - 2].index;
    bool name = str_eq_c(step_last(trace), "name");
    from_location(trace,
                  name ? headers->items[index].name_node->span : headers->items[index].node->span,
                  reason);
}

/* Adds why there is a probe without a path or command. */
static void from_default_probe(struct trace *trace)
{
    enum field_id field = check_field(trace, probe_of(trace));
    bool http = trace->service->probe_port->type == PORT_TYPE_HTTP;
    from_field(trace, field, NULL,
               http ? REASON("a rollout waits until the port accepts connections")
                    : REASON("a port of this type gets TCP probes"));
}

void rule_probe_port(struct trace *trace, const char *reason)
{
    const struct service *service = trace->service;
    struct str handler = trace->steps[trace->depth - 2].key;
    bool is_grpc = str_eq_c(handler, "grpc");
    const struct port *port = service_probe_port(service, is_grpc ? PROBE_GRPC : PROBE_TCP);
    (void)reason;
    size_t index = (size_t)(port - service->ports);
    bool by_name = trace->steps[trace->depth - 1].node->style == STYLE_TEXT;
    if (has(trace, SERVICE_PROBE_PORT))
        from_field(trace, SERVICE_PROBE_PORT, NULL, NULL);
    if (!has(trace, SERVICE_PROBE_PORT) || !by_name)
        from_port(trace, index, by_name ? PORTS_NAME : PORTS_PORT, NULL,
                  REASON("the name of the only port"));
    if (is_grpc && port->type != PORT_TYPE_GRPC)
        from_port(trace, index, PORTS_NAME, REASON("the port with the name grpc"), NULL);
    if (!str_eq_c(handler, "httpGet"))
        from_default_probe(trace);
}

void rule_probe_delay(struct trace *trace, const char *reason)
{
    bool liveness = probe_of(trace) == PROBE_OF_LIVENESS;
    enum field_id own = liveness ? SERVICE_LIVENESS_DELAY : SERVICE_READINESS_DELAY;
    int64_t normal = record_value(trace->service->record, own)->number;
    (void)reason;
    if (liveness && !has(trace, own) && trace->service->liveness.delay > normal)
        from_field(trace, SERVICE_READINESS_DELAY,
                   REASON("the liveness probe does not restart a container that is still starting"),
                   NULL);
    else
        from_field(trace, own, NULL, REASON("time for the container to start"));
}

enum field_id field_of_startup(const struct trace *trace)
{
    static const enum field_id delays[] = {SERVICE_LIVENESS_DELAY, SERVICE_READINESS_DELAY};
    const struct service *service = trace->service;
    for (size_t i = 0; i < COUNT_OF(delays) && !has(trace, SERVICE_STARTUP_TIMEOUT); i++)
        if (has(trace, delays[i]) &&
            service_startup_timeout(record_value(service->record, delays[i])->number) ==
                service->startup_timeout)
            return delays[i];
    return SERVICE_STARTUP_TIMEOUT;
}

/* True if the period of the startup probe is not probe_period. */
static bool has_own_period(const struct trace *trace)
{
    return trace->service->startup.period != trace->service->probe_period;
}

static void from_startup(struct trace *trace)
{
    enum field_id field = field_of_startup(trace);
    if (field == SERVICE_STARTUP_TIMEOUT)
        from_field(trace, field, REASON("divided by periodSeconds"),
                   REASON("divided by periodSeconds"));
    else
        from_field(trace, field, REASON("twice this time, divided by periodSeconds"), NULL);
    if (has(trace, SERVICE_PROBE_PERIOD) && !has_own_period(trace))
        from_field(trace, SERVICE_PROBE_PERIOD, NULL, NULL);
}

void rule_probe_period(struct trace *trace, const char *reason)
{
    if (probe_of(trace) == PROBE_OF_STARTUP && has_own_period(trace))
        from_field(trace, SERVICE_STARTUP_TIMEOUT,
                   REASON("the startup probe fails several times before a restart"),
                   REASON("the startup probe notices a start soon"));
    else
        from_field(trace, SERVICE_PROBE_PERIOD, NULL, reason);
}

void rule_probe_failures(struct trace *trace, const char *reason)
{
    const struct service *service = trace->service;
    int64_t failures = record_value(service->record, SERVICE_PROBE_FAILURES)->number;
    (void)reason;
    if (probe_of(trace) == PROBE_OF_STARTUP)
        from_startup(trace);
    else if (probe_of(trace) == PROBE_OF_LIVENESS && service->liveness.failures != failures)
        from_field(trace, SERVICE_PROBE_FAILURES,
                   REASON("twice as many as of the readiness probe, which does the same check"),
                   REASON("twice as many as of the readiness probe, which does the same check"));
    else
        from_field(trace, SERVICE_PROBE_FAILURES, NULL, NULL);
}
