#include "unit.h"
#include "unit_layer.h"

/* A probe in short: "-" none, "tcp", "grpc", "/path", "!word word" for a command. */
static struct str shown(struct unit *unit, const struct probe *probe)
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
            fail_msg("%s:\n%s", rows[i].lines, unit_written(unit).data);
        assert_no_diags(unit);
        struct str startup = shown(unit, &service->startup);
        struct str liveness = shown(unit, &service->liveness);
        struct str readiness = shown(unit, &service->readiness);
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

static void test_what_fits_the_port(void **state)
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
        /* A probe's own field is nearer than `healthcheck`. */
        {HTTP "    healthcheck: tcp\n    readiness_probe_path: /r", "-", "tcp", "/r"},
        {HTTP "    healthcheck: tcp\n    liveness_probe_path: /l", "-", "/l", "tcp"},
        {HTTP "    healthcheck: grpc\n    liveness_probe_command: [a]", "-", "!a", "grpc"},
        /* `http` is about paths alone: a probe without one does what fits the port. */
        {TCP "    healthcheck: http\n    healthcheck_path: /h", "-", "/h", "/h"},
        {TCP "    healthcheck: http\n    readiness_probe_path: /r", "-", "tcp", "/r"},
        {HTTP "    healthcheck: http\n    readiness_probe_path: /r", "-", "-", "/r"},
        {HTTP "    healthcheck: http\n    liveness_probe_path: /l", "-", "/l", "tcp"},
        {TCP "    probe_port: main\n    healthcheck_path: /h", "-", "/h", "/h"},
        /* One probe alone is none. */
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
        /* Without a path: what liveness asks, else what readiness asks. */
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
        {"startup_timeout: 1", 1},
        {"startup_timeout: 10", 1},
        {"startup_timeout: 11", 2},
        {"startup_timeout: 86400\n    probe_period: 1", 86400},
        {"startup_timeout: 1\n    probe_period: 3600", 1},
        {"startup_timeout: 3600\n    probe_period: 3600", 1},
        {"startup_timeout: 3601\n    probe_period: 3600", 2},
        {"startup_timeout: 100\n    probe_period: 7", 15},
        /* Left out, it covers twice the delays that are written. */
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
        /* Liveness waits for readiness, unless the file says otherwise. */
        {"initial_readiness_delay: 31", 31, 31},
        {"initial_readiness_delay: 180", 180, 180},
        {"initial_readiness_delay: 180\n    initial_liveness_delay: 20", 20, 180},
        {"initial_liveness_delay: 180", 180, 30},
        {"startup_probe_path: /s\n    initial_readiness_delay: 180", 0, 180},
        /* Behind a startup probe nothing is left to wait for, unless the file says so. */
        {"startup_probe_path: /s", 0, 0},
        {"startup_timeout: 10", 0, 0},
        {"startup_timeout: 10\n    initial_liveness_delay: 7", 7, 0},
        {"startup_probe_path: /s\n    initial_readiness_delay: 30", 0, 30},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(
            unit, SERVICE_HEAD, str_format(&unit->arena, "    %s", rows[i].lines).data);
        assert_no_diags(unit);
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

/* gRPC's health service is asked where gRPC is spoken, paths at the first port. */
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

/* A pod in trouble loses its traffic first, its life later. */
static void test_patience(void **state)
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
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(unit, PORTLESS_HEAD, rows[i].lines);
        assert_no_diags(unit);
        if (service->liveness.failures != rows[i].failures)
            fail_msg("%s: %d failures", rows[i].lines, (int)service->liveness.failures);
        assert_int_equal(service->readiness.failures, 0);
    }
}

static void test_what_is_wrong(void **state)
{
    static const struct refusal rows[] = {
        /* a path and a command for the same probe */
        {HTTP "    healthcheck_path: /h\n    healthcheck_command: [a]", 8, 26,
         "both healthcheck_path and healthcheck_command are given", "keep one of the two"},
        {HTTP "    liveness_probe_path: /h\n    liveness_probe_command: [a]", 8, 29,
         "both liveness_probe_path and liveness_probe_command", ""},
        {HTTP "    readiness_probe_command: [a]\n    readiness_probe_path: /h", 7, 30,
         "both readiness_probe_path and readiness_probe_command", ""},
        /* `healthcheck` beside what it stands for */
        {HTTP "    healthcheck: tcp\n    healthcheck_path: /h", 7, 18,
         "both healthcheck and healthcheck_path are given", "keep one of the two"},
        {HTTP "    healthcheck: none\n    healthcheck_command: [a]", 7, 18,
         "both healthcheck and healthcheck_command are given", ""},
        {HTTP "    healthcheck: none\n    liveness_probe_path: /l", 7, 18,
         "both healthcheck and liveness_probe_path are given", ""},
        {HTTP "    healthcheck: none\n    readiness_probe_path: /l", 7, 18,
         "both healthcheck and readiness_probe_path", ""},
        {HTTP "    healthcheck: none\n    liveness_probe_command: [l]", 7, 18,
         "both healthcheck and liveness_probe_command", ""},
        {HTTP "    healthcheck: none\n    readiness_probe_command: [l]", 7, 18,
         "both healthcheck and readiness_probe_command", ""},
        {HTTP "    healthcheck: none\n    startup_probe_path: /s", 7, 18,
         "both healthcheck and startup_probe_path", ""},
        {HTTP "    healthcheck: htp", 7, 18, "healthcheck must be tcp, http, grpc or none", ""},
        {HTTP "    healthcheck: http", 7, 18, "healthcheck: http requires a path", "add"},
        /* nothing to ask */
        {NONE "    healthcheck: tcp", 7, 18, "there is no port to check", "healthcheck_command"},
        {NONE "    healthcheck: grpc", 7, 18, "there is no port to check", ""},
        {NONE "    healthcheck_path: /h", 7, 23, "there is no port to ask healthcheck_path at",
         "healthcheck_command"},
        {NONE "    startup_probe_path: /h", 7, 25, "no port to ask startup_probe_path at", ""},
        {NONE "    startup_timeout: 10", 7, 22, "there is no probe that could tell the start",
         "startup_probe_path or healthcheck_path"},
        {HTTP "    healthcheck: none\n    startup_timeout: 10", 8, 22, "there is no probe", ""},
        {GRPC "    healthcheck_path: /h", 7, 23, "a grpc port answers no HTTP path",
         "healthcheck: grpc"},
        {GRPC "    startup_probe_path: /h", 7, 25, "a grpc port answers no HTTP path", ""},
        /* paths */
        {HTTP "    healthcheck_path: ''", 7, 23, "healthcheck_path is empty: write \"/\"", ""},
        {HTTP "    liveness_probe_path: ''", 7, 26, "liveness_probe_path is empty", ""},
        {HTTP "    readiness_probe_path: ''", 7, 27, "readiness_probe_path is empty", ""},
        {HTTP "    startup_probe_path: ''", 7, 25, "startup_probe_path is empty", ""},
        {HTTP "    healthcheck_path: /a b", 7, 23, "healthcheck_path may hold letters", ""},
        {HTTP "    healthcheck_path: '/a?b c'", 7, 23, "healthcheck_path has a query with", ""},
        {HTTP "    healthcheck_path: http://a/h", 7, 23, "healthcheck_path is a path alone", ""},
        {HTTP "    healthcheck_path: https://a/h", 7, 23, "healthcheck_path is a path alone", ""},
        /* words without a slash that mean no path */
        {HTTP "    healthcheck_path: none", 7, 23,
         "healthcheck_path: none would request the path "
         "/none",
         "for no probes write healthcheck: none\nto request that path write /none"},
        {HTTP "    liveness_probe_path: NONE", 7, 26, "would request the path /NONE",
         "write liveness: none, for no probes healthcheck: none"},
        {HTTP "    readiness_probe_path: 'null'", 7, 27, "would request the path /null",
         "write readiness: none"},
        {HTTP "    startup_probe_path: no", 7, 25, "would request the path /no", "leave it out"},
        {HTTP "    healthcheck_path: off", 7, 23, "would request the path /off", ""},
        {HTTP "    healthcheck_path: False", 7, 23, "would request the path /False", ""},
        {HTTP "    healthcheck_path: disabled", 7, 23, "would request the path /disabled", ""},
        /* a probe that is none beside its own fields */
        {HTTP "    liveness: none\n    liveness_probe_path: /l", 7, 15,
         "both liveness and liveness_probe_path are given", "keep one of the two"},
        {HTTP "    liveness: none\n    liveness_probe_command: [a]", 7, 15,
         "both liveness and liveness_probe_command", ""},
        {HTTP "    initial_liveness_delay: 1\n    liveness: none", 8, 15,
         "both liveness and initial_liveness_delay", ""},
        {HTTP "    readiness: none\n    readiness_probe_path: /l", 7, 16,
         "both readiness and readiness_probe_path are given", ""},
        {HTTP "    readiness: none\n    readiness_probe_command: [a]", 7, 16,
         "both readiness and readiness_probe_command", ""},
        {HTTP "    readiness: none\n    initial_readiness_delay: 1", 7, 16,
         "both readiness and initial_readiness_delay", ""},
        {HTTP "    liveness: none\n    readiness: none\n    healthcheck: tcp", 9, 18,
         "healthcheck has no effect: liveness and readiness are none", "leave it out"},
        {HTTP "    liveness: none\n    readiness: none\n    healthcheck_path: /h", 9, 23,
         "healthcheck_path has no effect", ""},
        {HTTP "    liveness: none\n    readiness: none\n    healthcheck_command: [a]", 9, 26,
         "healthcheck_command has no effect", ""},
        {HTTP "    liveness: tcp", 7, 15, "liveness must be none, not \"tcp\"", ""},
        {HTTP "    readiness: off", 7, 16, "readiness must be none, not \"off\"", ""},
        {HTTP "    liveness: none\n    readiness: none\n    startup_timeout: 10", 9, 22,
         "there is no probe", ""},
        /* both sides of each range */
        {HTTP "    startup_timeout: 0", 7, 22, "startup_timeout must be between 1 and 86400", ""},
        {HTTP "    startup_timeout: 86401", 7, 22, "between 1 and 86400", "seconds"},
        {HTTP "    probe_period: 0", 7, 19, "probe_period must be between 1 and 3600", ""},
        {HTTP "    probe_period: 3601", 7, 19, "between 1 and 3600", ""},
        {HTTP "    probe_timeout: 0", 7, 20, "probe_timeout must be between 1 and 3600", ""},
        {HTTP "    probe_timeout: 3601", 7, 20, "between 1 and 3600", ""},
        {HTTP "    initial_liveness_delay: -1", 7, 29, "between 0 and 86400", ""},
        {HTTP "    initial_readiness_delay: 86401", 7, 30, "between 0 and 86400", ""},
    };
    unit_refuse(*state, PORTLESS_HEAD, rows, COUNT_OF(rows));
}

/* A pause must not need other fields taken out: what they ask is not asked now. */
static void test_a_service_that_is_paused_keeps_its_probes(void **state)
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
            fail_msg("%s:\n%s", lines[i % COUNT_OF(lines)], unit_written(unit).data);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_what_fits_the_port),
        UNIT_TEST(test_healthcheck),
        UNIT_TEST(test_own_fields_before_common_ones),
        UNIT_TEST(test_startup),
        UNIT_TEST(test_failures_of_startup),
        UNIT_TEST(test_delays),
        UNIT_TEST(test_port_of_a_probe),
        UNIT_TEST(test_patience),
        UNIT_TEST(test_what_is_wrong),
        UNIT_TEST(test_a_service_that_is_paused_keeps_its_probes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
