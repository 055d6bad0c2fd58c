#include "unit.h"
#include "unit_layer.h"

/* Formats a probe: "-" for none, "tcp", "grpc", "/path", "!word word" for a command. */
static struct str probe_format(struct unit *unit, const struct probe *probe)
{
    static const char *const names[] = {
        [PROBE_NONE] = "-", [PROBE_TCP] = "tcp", [PROBE_GRPC] = "grpc"};
    if (probe->kind == PROBE_HTTP)
        return probe->path;
    if (probe->kind != PROBE_COMMAND)
        return str_from_c(names[probe->kind]);
    struct str text = STR("!");
    for (size_t i = 0; i < probe->command->count; i++)
        text = str_format(&unit->arena, "%.*s%s%.*s", STR_ARG(text), i ? " " : "",
                          STR_ARG(probe->command->items[i].text));
    return text;
}

struct row {
    const char *lines;
    const char *startup, *liveness, *readiness;
};

static void check_rows(struct unit *unit, const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct service *service = unit_service_of(unit, PORTLESS_HEAD, rows[i].lines);
        if (!service)
            fail_msg("%s:\n%s", rows[i].lines, unit_format_diags(unit).data);
        assert_no_diags(unit);
        struct str startup = probe_format(unit, &service->startup);
        struct str liveness = probe_format(unit, &service->liveness);
        struct str readiness = probe_format(unit, &service->readiness);
        if (!str_eq_c(startup, rows[i].startup) || !str_eq_c(liveness, rows[i].liveness) ||
            !str_eq_c(readiness, rows[i].readiness))
            fail_msg("%s: %.*s, %.*s, %.*s", rows[i].lines, STR_ARG(startup), STR_ARG(liveness),
                     STR_ARG(readiness));
    }
}

#define HTTP  "    port: {http: 80}\n"
#define GRPC  "    port: {grpc: 80}\n"
#define TCP   "    port: {tcp: 80}\n"
#define RAW   "    ports: [{name: a, type: tcp, port: 80}]\n"
#define BOTH  "    ports: [{name: a, type: tcp, port: 1}, {name: b, type: http, port: 2}]\n"
#define NONE  "    port: none\n"
#define PAUSE "    max_containers: 0\n"

static void test_defaults_of_port_types(void **state)
{
    static const struct row rows[] = {
        {HTTP, "-", "-", "tcp"}, /* so that a rollout waits for something */
        {GRPC, "-", "tcp", "tcp"},
        {TCP, "-", "tcp", "tcp"},
        {RAW, "-", "tcp", "tcp"},
        {BOTH, "-", "tcp", "tcp"},
        {BOTH "    probe_port: b", "-", "-", "tcp"},
        {NONE, "-", "-", "-"},
        {PAUSE, "-", "-", "-"},
    };
    check_rows(*state, rows, COUNT_OF(rows));
}

static void test_healthcheck(void **state)
{
    static const struct row rows[] = {
        {HTTP "    healthcheck: tcp", "-", "tcp", "tcp"},
        {HTTP "    healthcheck: none", "-", "-", "-"},
        {HTTP "    healthcheck: grpc", "-", "grpc", "grpc"},
        {GRPC "    healthcheck: grpc", "-", "grpc", "grpc"},
        {GRPC "    healthcheck: none", "-", "-", "-"},
        {TCP "    healthcheck: none", "-", "-", "-"},
        {RAW "    healthcheck: grpc", "-", "grpc", "grpc"},
        {NONE "    healthcheck: none", "-", "-", "-"},
        /* The field of a single probe takes precedence over `healthcheck`. */
        {HTTP "    healthcheck: tcp\n    readiness_probe_path: /r", "-", "tcp", "/r"},
        {HTTP "    healthcheck: tcp\n    liveness_probe_path: /l", "-", "/l", "tcp"},
        {HTTP "    healthcheck: grpc\n    liveness_probe_command: [a]", "-", "!a", "grpc"},
        /* `http` applies only to paths; a probe without a path uses the default of the port type.
         */
        {TCP "    healthcheck: http\n    healthcheck_path: /h", "-", "/h", "/h"},
        {TCP "    healthcheck: http\n    readiness_probe_path: /r", "-", "tcp", "/r"},
        {HTTP "    healthcheck: http\n    readiness_probe_path: /r", "-", "-", "/r"},
        {HTTP "    healthcheck: http\n    liveness_probe_path: /l", "-", "/l", "tcp"},
        {TCP "    probe_port: main\n    healthcheck_path: /h", "-", "/h", "/h"},
        /* Disables one probe. */
        {HTTP "    liveness: none", "-", "-", "tcp"},
        {HTTP "    readiness: none", "-", "-", "-"},
        {GRPC "    liveness: none", "-", "-", "tcp"},
        {GRPC "    readiness: none", "-", "tcp", "-"},
        {GRPC "    liveness: none\n    readiness: none", "-", "-", "-"},
        {HTTP "    liveness: none\n    healthcheck: none", "-", "-", "-"},
        {HTTP "    liveness: none\n    readiness: none\n    healthcheck: none", "-", "-", "-"},
        {HTTP "    liveness: none\n    healthcheck_path: /h", "-", "-", "/h"},
        {HTTP "    readiness: none\n    healthcheck_command: [a]", "-", "!a", "-"},
        {HTTP "    readiness: none\n    liveness_probe_path: /l", "-", "/l", "-"},
        {HTTP "    liveness: none\n    startup_timeout: 60\n    healthcheck_path: /h", "/h", "-",
         "/h"},
        {HTTP "    liveness: none\n    readiness: none\n    startup_probe_path: /s", "/s", "-",
         "-"},
        {BOTH "    probe_port: b\n    healthcheck_path: /h", "-", "/h", "/h"},
    };
    check_rows(*state, rows, COUNT_OF(rows));
}

static void test_own_fields_before_common_ones(void **state)
{
    static const struct row rows[] = {
        {HTTP "    healthcheck_path: /h", "-", "/h", "/h"},
        {HTTP "    healthcheck_path: h/?a=b", "-", "/h/?a=b", "/h/?a=b"},
        {HTTP "    healthcheck_path: /", "-", "/", "/"},
        {HTTP "    healthcheck_command: [cat, /x]", "-", "!cat /x", "!cat /x"},
        {NONE "    healthcheck_command: [cat, /x]", "-", "!cat /x", "!cat /x"},
        {GRPC "    healthcheck_command: [a]", "-", "!a", "!a"},
        {HTTP "    liveness_probe_path: /l", "-", "/l", "tcp"},
        {HTTP "    readiness_probe_path: /r", "-", "-", "/r"},
        {HTTP "    liveness_probe_command: [l]", "-", "!l", "tcp"},
        {HTTP "    readiness_probe_command: [r]", "-", "-", "!r"},
        {NONE "    liveness_probe_command: [l]", "-", "!l", "-"},
        {HTTP "    healthcheck_path: /h\n    liveness_probe_path: /l", "-", "/l", "/h"},
        {HTTP "    healthcheck_path: /h\n    readiness_probe_path: /r", "-", "/h", "/r"},
        {HTTP "    healthcheck_path: /h\n    liveness_probe_command: [l]", "-", "!l", "/h"},
        {HTTP "    healthcheck_path: /h\n    readiness_probe_command: [r]", "-", "/h", "!r"},
        {HTTP "    healthcheck_command: [h]\n    readiness_probe_path: /r", "-", "!h", "/r"},
        {HTTP "    healthcheck_command: [h]\n    liveness_probe_command: [l]", "-", "!l", "!h"},
        {HTTP "    liveness_probe_path: /l\n    readiness_probe_command: [r]", "-", "/l", "!r"},
    };
    check_rows(*state, rows, COUNT_OF(rows));
}

static void test_startup(void **state)
{
    static const struct row rows[] = {
        {HTTP "    startup_probe_path: /s", "/s", "-", "tcp"},
        {HTTP "    startup_probe_path: s", "/s", "-", "tcp"},
        {HTTP "    startup_probe_path: /s\n    healthcheck_path: /h", "/s", "/h", "/h"},
        {HTTP "    startup_probe_path: /s\n    startup_timeout: 60", "/s", "-", "tcp"},
        /* Without a path: the check of liveness; otherwise that of readiness. */
        {HTTP "    startup_timeout: 60\n    healthcheck_path: /h", "/h", "/h", "/h"},
        {HTTP "    startup_timeout: 60\n    liveness_probe_path: /l\n    readiness_probe_path: /r",
         "/l", "/l", "/r"},
        {HTTP "    startup_timeout: 60", "tcp", "-", "tcp"},
        {HTTP "    startup_timeout: 60\n    readiness_probe_path: /r", "/r", "-", "/r"},
        {NONE "    startup_timeout: 60\n    healthcheck_command: [a]", "!a", "!a", "!a"},
        {NONE "    startup_timeout: 60\n    readiness_probe_command: [a]", "!a", "-", "!a"},
        {GRPC "    startup_timeout: 60", "tcp", "tcp", "tcp"},
        {GRPC "    startup_timeout: 60\n    healthcheck: grpc", "grpc", "grpc", "grpc"},
    };
    check_rows(*state, rows, COUNT_OF(rows));
}

static void test_failures_of_startup(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        int64_t failures;
    } rows[] = {
        {"startup_probe_path: /s", 30},
        {"startup_timeout: 300", 30},
        {"startup_timeout: 301", 31},
        {"startup_timeout: 299", 30},
        {"startup_timeout: 291", 30},
        {"startup_timeout: 290", 29},
        /* A shorter period, so that the first failure does not restart the container. */
        {"startup_timeout: 1", 3},
        {"startup_timeout: 10", 4},
        {"startup_timeout: 11", 4},
        {"startup_timeout: 30", 3},
        {"startup_timeout: 86400\n    probe_period: 1", 86400},
        {"startup_timeout: 1\n    probe_period: 3600", 3},
        {"startup_timeout: 3600\n    probe_period: 3600", 360},
        {"startup_timeout: 3601\n    probe_period: 3600", 361},
        {"startup_timeout: 100\n    probe_period: 7", 15},
        /* Defaults to at least twice the delays. */
        {"startup_probe_path: /s\n    initial_readiness_delay: 150", 30},
        {"startup_probe_path: /s\n    initial_readiness_delay: 151", 31},
        {"startup_probe_path: /s\n    initial_liveness_delay: 200", 40},
        {"startup_probe_path: /s\n    initial_liveness_delay: 200\n    initial_readiness_delay: "
         "300",
         60},
        {"startup_timeout: 60\n    initial_readiness_delay: 60", 6},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(
            unit, SERVICE_HEAD, str_format(&unit->arena, "    %s", rows[i].lines).data);
        assert_no_diags(unit);
        if (service->startup.failures != rows[i].failures)
            fail_msg("%s: %d failures", rows[i].lines, (int)service->startup.failures);
        assert_int_equal(service->startup.delay, 0);
    }
}

static void test_delays(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        int64_t liveness, readiness;
    } rows[] = {
        {"healthcheck_path: /h", 30, 30},
        {"initial_liveness_delay: 0\n    initial_readiness_delay: 86400", 0, 86400},
        {"initial_readiness_delay: 5", 30, 5},
        /* Liveness waits for readiness unless it has its own delay. */
        {"initial_readiness_delay: 31", 31, 31},
        {"initial_readiness_delay: 180", 180, 180},
        {"initial_readiness_delay: 180\n    initial_liveness_delay: 20", 20, 180},
        {"initial_liveness_delay: 180", 180, 30},
        {"startup_probe_path: /s\n    initial_readiness_delay: 180", 0, 180},
        /* With a startup probe, there is no delay unless the file sets one. */
        {"startup_probe_path: /s", 0, 0},
        {"startup_timeout: 10", 0, 0},
        {"startup_timeout: 10\n    initial_liveness_delay: 7", 7, 0},
        {"startup_probe_path: /s\n    initial_readiness_delay: 30", 0, 30},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(
            unit, SERVICE_HEAD, str_format(&unit->arena, "    %s", rows[i].lines).data);
        assert_non_null(service); /* with warnings: a delay may be shorter than another one */
        assert_int_equal(service->liveness.delay, rows[i].liveness);
        assert_int_equal(service->readiness.delay, rows[i].readiness);
    }
    const struct service *service = unit_service_of(unit, SERVICE_HEAD, "");
    assert_int_equal(service->probe_period, 10);
    assert_int_equal(service->probe_timeout, 5);
    service = unit_service_of(unit, SERVICE_HEAD, "    probe_period: 3600\n    probe_timeout: 1");
    assert_int_equal(service->probe_period, 3600);
    assert_int_equal(service->probe_timeout, 1);
}

/* gRPC probes use the gRPC port; paths use the first port. */
static void test_port_of_a_probe(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        int64_t grpc, http;
    } rows[] = {
        {HTTP, 80, 80},
        {GRPC, 80, 80},
        {BOTH, 1, 1},
        {"    ports: [{name: a, type: tcp, port: 1}, {name: grpc, type: tcp, port: 2}]\n", 2, 1},
        {"    ports: [{name: a, type: tcp, port: 1}, {name: grpc, type: tcp, port: 2}, "
         "{name: c, type: http, protocol: grpc, port: 3}]\n",
         3, 1},
        {"    ports: [{name: a, type: tcp, port: 1}, {name: grpc, type: tcp, port: 2}]\n"
         "    probe_port: a\n",
         1, 1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(unit, PORTLESS_HEAD, rows[i].lines);
        assert_no_diags(unit);
        if (service_probe_port(service, PROBE_GRPC)->number != rows[i].grpc ||
            service_probe_port(service, PROBE_HTTP)->number != rows[i].http)
            fail_msg("%s", rows[i].lines);
    }
    const struct service *service = unit_service_of(unit, PORTLESS_HEAD, NONE);
    assert_null(service_probe_port(service, PROBE_GRPC));
    assert_null(service_probe_port(service, PROBE_TCP));
}

/* A failing pod loses its traffic before it is restarted. */
static void test_liveness_fails_after_readiness(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        int64_t failures;
    } rows[] = {
        {HTTP, 0},
        {HTTP "    healthcheck_path: /h", 6},
        {HTTP "    liveness_probe_path: /a\n    readiness_probe_path: a", 6},
        {HTTP "    liveness_probe_path: /a\n    readiness_probe_path: /b", 0},
        {HTTP "    liveness_probe_path: /a", 0},
        {HTTP "    readiness_probe_path: /a", 0},
        {HTTP "    healthcheck: tcp", 6},
        {HTTP "    healthcheck: none", 0},
        {GRPC, 6},
        {GRPC "    healthcheck: grpc", 6},
        {TCP, 6},
        {NONE, 0},
        {NONE "    healthcheck_command: [a, b]", 6},
        {NONE "    liveness_probe_command: [a, b]\n    readiness_probe_command: [a, b]", 6},
        {NONE "    liveness_probe_command: [a, b]\n    readiness_probe_command: [a, c]", 0},
        {NONE "    liveness_probe_command: [a, b]\n    readiness_probe_command: [a]", 0},
        {NONE "    liveness_probe_command: [a]\n    readiness_probe_command: [a, b]", 0},
        {NONE "    liveness_probe_command: [a b]\n    readiness_probe_command: [a, b]", 0},
        {HTTP "    liveness_probe_command: [a]\n    readiness_probe_path: /a", 0},
        {HTTP "    healthcheck_path: /h\n    startup_timeout: 60", 6},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(unit, PORTLESS_HEAD, rows[i].lines);
        assert_no_diags(unit);
        if (service->liveness.failures != rows[i].failures)
            fail_msg("%s: %d failures", rows[i].lines, (int)service->liveness.failures);
        assert_int_equal(service->readiness.failures, 0);
    }
}

static void test_failures(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        int64_t liveness, readiness;
    } rows[] = {
        {"healthcheck_path: /h\n    probe_failures: 1", 2, 1},
        {"healthcheck_path: /h\n    probe_failures: 1000", 2000, 1000},
        {"liveness_probe_path: /l\n    readiness_probe_path: /r\n    probe_failures: 5", 5, 5},
        {"probe_failures: 5", 5, 5},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(
            unit, SERVICE_HEAD, str_format(&unit->arena, "    %s", rows[i].lines).data);
        assert_no_diags(unit);
        assert_int_equal(service->liveness.failures, rows[i].liveness);
        assert_int_equal(service->readiness.failures, rows[i].readiness);
    }
}

static void test_errors(void **state)
{
    static const struct invalid_case rows[] = {
        /* a path and a command for the same probe */
        {HTTP "    healthcheck_path: /h\n    healthcheck_command: [a]", 8, 26,
         "healthcheck_path and healthcheck_command are mutually exclusive", "remove one of them"},
        {HTTP "    liveness_probe_path: /h\n    liveness_probe_command: [a]", 8, 29,
         "liveness_probe_path and liveness_probe_command are mutually exclusive", ""},
        {HTTP "    readiness_probe_command: [a]\n    readiness_probe_path: /h", 7, 30,
         "readiness_probe_path and readiness_probe_command are mutually exclusive", ""},
        /* `healthcheck` with a field that it replaces */
        {HTTP "    healthcheck: tcp\n    healthcheck_path: /h", 7, 18,
         "healthcheck and healthcheck_path are mutually exclusive", "remove one of them"},
        {HTTP "    healthcheck: none\n    healthcheck_command: [a]", 7, 18,
         "healthcheck and healthcheck_command are mutually exclusive", ""},
        {HTTP "    healthcheck: none\n    liveness_probe_path: /l", 7, 18,
         "healthcheck and liveness_probe_path are mutually exclusive", ""},
        {HTTP "    healthcheck: none\n    readiness_probe_path: /l", 7, 18,
         "healthcheck and readiness_probe_path are mutually exclusive", ""},
        {HTTP "    healthcheck: none\n    liveness_probe_command: [l]", 7, 18,
         "healthcheck and liveness_probe_command are mutually exclusive", ""},
        {HTTP "    healthcheck: none\n    readiness_probe_command: [l]", 7, 18,
         "healthcheck and readiness_probe_command are mutually exclusive", ""},
        {HTTP "    healthcheck: none\n    startup_probe_path: /s", 7, 18,
         "healthcheck and startup_probe_path are mutually exclusive", ""},
        {HTTP "    healthcheck: htp", 7, 18, "healthcheck must be tcp, http, grpc or none", ""},
        {HTTP "    healthcheck: http", 7, 18, "healthcheck: http requires a path", "too"},
        /* no port */
        {NONE "    healthcheck: tcp", 7, 18, "healthcheck: tcp requires a port",
         "healthcheck_command"},
        {NONE "    healthcheck: grpc", 7, 18, "healthcheck: grpc requires a port", ""},
        {NONE "    healthcheck_path: /h", 7, 23, "healthcheck_path requires a port",
         "healthcheck_command"},
        {NONE "    startup_probe_path: /h", 7, 25, "startup_probe_path requires a port", ""},
        {NONE "    startup_timeout: 10", 7, 22, "startup_timeout requires a probe",
         "startup_probe_path or healthcheck_path"},
        {HTTP "    healthcheck: none\n    startup_timeout: 10", 8, 22,
         "startup_timeout requires a probe", ""},
        {GRPC "    healthcheck_path: /h", 7, 23, "healthcheck_path cannot be used with a grpc",
         "healthcheck: grpc"},
        {GRPC "    startup_probe_path: /h", 7, 25,
         "startup_probe_path cannot be used with a grpc port", ""},
        /* paths */
        {HTTP "    healthcheck_path: ''", 7, 23, "healthcheck_path must not be empty: write \"/\"",
         ""},
        {HTTP "    liveness_probe_path: ''", 7, 26, "liveness_probe_path must not be empty", ""},
        {HTTP "    readiness_probe_path: ''", 7, 27, "readiness_probe_path must not be empty", ""},
        {HTTP "    startup_probe_path: ''", 7, 25, "startup_probe_path must not be empty", ""},
        {HTTP "    healthcheck_path: /a b", 7, 23, "healthcheck_path must contain only letters",
         ""},
        {HTTP "    healthcheck_path: '/a?b c'", 7, 23, "healthcheck_path has a query with", ""},
        {HTTP "    healthcheck_path: http://a/h", 7, 23, "healthcheck_path must be a path without",
         ""},
        {HTTP "    healthcheck_path: https://a/h", 7, 23, "healthcheck_path must be a path without",
         ""},
        /* words without a slash that probably mean "no probe" */
        {HTTP "    healthcheck_path: none", 7, 23,
         "healthcheck_path: none would request the path "
         "/none",
         "for no probes, set healthcheck: none\nto request that path, write /none"},
        {HTTP "    liveness_probe_path: NONE", 7, 26, "would request the path /NONE",
         "set liveness: none; for no probes, set healthcheck: none"},
        {HTTP "    readiness_probe_path: 'null'", 7, 27, "would request the path /null",
         "set readiness: none"},
        {HTTP "    startup_probe_path: no", 7, 25, "would request the path /no", "remove it"},
        {HTTP "    healthcheck_path: off", 7, 23, "would request the path /off", ""},
        {HTTP "    healthcheck_path: False", 7, 23, "would request the path /False", ""},
        {HTTP "    healthcheck_path: disabled", 7, 23, "would request the path /disabled", ""},
        /* a disabled probe with its fields */
        {HTTP "    liveness: none\n    liveness_probe_path: /l", 7, 15,
         "liveness and liveness_probe_path are mutually exclusive", "remove one of them"},
        {HTTP "    liveness: none\n    liveness_probe_command: [a]", 7, 15,
         "liveness and liveness_probe_command are mutually exclusive", ""},
        {HTTP "    initial_liveness_delay: 1\n    liveness: none", 8, 15,
         "liveness and initial_liveness_delay are mutually exclusive", ""},
        {HTTP "    readiness: none\n    readiness_probe_path: /l", 7, 16,
         "readiness and readiness_probe_path are mutually exclusive", ""},
        {HTTP "    readiness: none\n    readiness_probe_command: [a]", 7, 16,
         "readiness and readiness_probe_command are mutually exclusive", ""},
        {HTTP "    readiness: none\n    initial_readiness_delay: 1", 7, 16,
         "readiness and initial_readiness_delay are mutually exclusive", ""},
        {HTTP "    liveness: none\n    readiness: none\n    healthcheck: tcp", 9, 18,
         "healthcheck has no effect when liveness and readiness are none", "remove it"},
        {HTTP "    liveness: none\n    readiness: none\n    healthcheck_path: /h", 9, 23,
         "healthcheck_path has no effect", ""},
        {HTTP "    liveness: none\n    readiness: none\n    healthcheck_command: [a]", 9, 26,
         "healthcheck_command has no effect", ""},
        {HTTP "    liveness: tcp", 7, 15, "liveness must be none, not \"tcp\"", ""},
        {HTTP "    readiness: off", 7, 16, "readiness must be none, not \"off\"", ""},
        {HTTP "    liveness: none\n    readiness: none\n    startup_timeout: 10", 9, 22,
         "startup_timeout requires a probe", ""},
        /* both sides of each range */
        {HTTP "    startup_timeout: 0", 7, 22, "startup_timeout must be an integer from 1 to 86400",
         ""},
        {HTTP "    startup_timeout: 86401", 7, 22, "from 1 to 86400", "seconds"},
        {HTTP "    probe_period: 0", 7, 19, "probe_period must be an integer from 1 to 3600", ""},
        {HTTP "    probe_period: 3601", 7, 19, "from 1 to 3600", ""},
        {HTTP "    probe_timeout: 0", 7, 20, "probe_timeout must be an integer from 1 to 3600", ""},
        {HTTP "    probe_timeout: 3601", 7, 20, "from 1 to 3600", ""},
        {HTTP "    probe_failures: 0", 7, 21, "probe_failures must be an integer from 1 to 1000",
         ""},
        {HTTP "    probe_failures: 1001", 7, 21, "from 1 to 1000", ""},
        {HTTP "    probe_headers: {'': a}", 7, 21, "header name \"\" must consist of letters", ""},
        {HTTP "    probe_headers: {a b: c}", 7, 21, "header name \"a b\" must consist of", ""},
        {HTTP "    probe_headers: {A: b, a: c}", 7, 27, "header name \"a\" occurs twice", ""},
        {HTTP "    probe_headers: {A: \"b\\r\"}", 7, 24, "value of header \"A\" must be a single",
         ""},
        {HTTP "    probe_headers: {A: \"b\\x7f\"}", 7, 24, "value of header \"A\" must be a single",
         ""},
        {HTTP "    initial_liveness_delay: -1", 7, 29, "from 0 to 86400", ""},
        {HTTP "    initial_readiness_delay: 86401", 7, 30, "from 0 to 86400", ""},
    };
    unit_assert_invalid(*state, PORTLESS_HEAD, rows, COUNT_OF(rows));
}

/* max_containers: 0 must not require the removal of other fields; there are no probes then. */
static void test_a_paused_service_keeps_its_probes(void **state)
{
    struct unit *unit = *state;
    static const char *const heads[] = {PORTLESS_HEAD PAUSE, PORTLESS_HEAD PAUSE HTTP};
    static const char *const lines[] = {"healthcheck_path: /h",     "liveness_probe_path: /h",
                                        "readiness_probe_path: /h", "startup_probe_path: /s",
                                        "healthcheck: none",        "healthcheck_command: [a]"};
    for (size_t i = 0; i < COUNT_OF(heads) * COUNT_OF(lines); i++) {
        unit_service_of(unit, heads[i / COUNT_OF(lines)],
                        str_format(&unit->arena, "    %s", lines[i % COUNT_OF(lines)]).data);
        if (unit->diags.errors)
            fail_msg("%s:\n%s", lines[i % COUNT_OF(lines)], unit_format_diags(unit).data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_defaults_of_port_types),
        UNIT_TEST(test_healthcheck),
        UNIT_TEST(test_own_fields_before_common_ones),
        UNIT_TEST(test_startup),
        UNIT_TEST(test_failures_of_startup),
        UNIT_TEST(test_delays),
        UNIT_TEST(test_port_of_a_probe),
        UNIT_TEST(test_liveness_fails_after_readiness),
        UNIT_TEST(test_failures),
        UNIT_TEST(test_errors),
        UNIT_TEST(test_a_paused_service_keeps_its_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
