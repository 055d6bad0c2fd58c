#include "unit.h"
#include "unit_layer.h"

static const struct service *with(struct unit *unit, const char *lines)
{
    return unit_service_of(unit, PORTLESS_HEAD, lines);
}

static void check_port(const struct service *service, size_t index, const char *name,
                       enum port_type type, int64_t number, int64_t service_port)
{
    assert_true(index < service->port_count);
    const struct port *port = &service->ports[index];
    assert_str(port->name, name);
    assert_int_equal(port->type, type);
    assert_int_equal(port->number, number);
    assert_int_equal(port->service_port, service_port);
}

static void test_forms_of_port(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        enum port_type type;
        int64_t number;
    } rows[] = {
        {"    port: {http: 1}", PORT_TYPE_HTTP, 1},
        {"    port: {http: 65535}", PORT_TYPE_HTTP, 65535},
        {"    port: {http: '8080'}", PORT_TYPE_HTTP, 8080},
        {"    port: {tcp: 80}", PORT_TYPE_WEBSOCKET, 80},
        {"    port: {websocket: 80}", PORT_TYPE_WEBSOCKET, 80},
        {"    port: {grpc: 80}", PORT_TYPE_GRPC, 80},
        {"    port: {grpc: 80, http: }", PORT_TYPE_GRPC, 80},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = with(unit, rows[i].lines);
        assert_no_diags(unit);
        assert_int_equal(service->port_count, 1);
        check_port(service, 0, "main", rows[i].type, rows[i].number, 80);
        assert_ptr_equal(service->public_port, service->ports);
        assert_ptr_equal(service->probe_port, service->ports);
    }
}

static void test_several_ports(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        with(unit, "    ports:\n"
                   "      - {name: admin, type: tcp, port: 9000}\n"
                   "      - {name: web, type: http, port: 8080}\n"
                   "      - {name: metrics, type: tcp, port: 9090, service_port: 90}\n");
    assert_no_diags(unit);
    assert_int_equal(service->port_count, 3);
    check_port(service, 0, "admin", PORT_TYPE_TCP, 9000, 9000);
    check_port(service, 1, "web", PORT_TYPE_HTTP, 8080, 80);
    check_port(service, 2, "metrics", PORT_TYPE_TCP, 9090, 90);
    assert_ptr_equal(service->public_port, &service->ports[1]);
    assert_ptr_equal(service->probe_port, &service->ports[0]);

    static const struct {
        const char *item;
        enum port_type type;
        int64_t service_port;
    } rows[] = {
        {"{name: a, type: http, port: 1}", PORT_TYPE_HTTP, 80},
        {"{name: a, type: http, port: 1, service_port: 8080}", PORT_TYPE_HTTP, 8080},
        {"{name: a, type: http, port: 1, protocol: grpc}", PORT_TYPE_GRPC, 80},
        {"{name: a, type: http, port: 1, protocol: websocket}", PORT_TYPE_WEBSOCKET, 80},
        {"{name: a, type: tcp, port: 1}", PORT_TYPE_TCP, 1},
        {"{name: a, type: tcp, port: 1, service_port: 65535}", PORT_TYPE_TCP, 65535},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        service = with(unit, str_format(&unit->arena, "    ports: [%s]", rows[i].item).data);
        assert_no_diags(unit);
        check_port(service, 0, "a", rows[i].type, 1, rows[i].service_port);
        assert_int_equal(service->public_port != NULL, rows[i].type != PORT_TYPE_TCP);
    }
}

static void test_no_ports(void **state)
{
    struct unit *unit = *state;
    static const char *const lines[] = {"    port: none", "    max_containers: 0",
                                        "    port: none\n    max_containers: 0",
                                        "    port: 'none'"};
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        const struct service *service = with(unit, lines[i]);
        assert_no_diags(unit);
        assert_int_equal(service->port_count, 0);
        assert_null(service->public_port);
        assert_null(service->probe_port);
        assert_int_equal(service->liveness.kind, PROBE_NONE);
        assert_int_equal(service->readiness.kind, PROBE_NONE);
        assert_int_equal(service->startup.kind, PROBE_NONE);
    }
    const struct service *paused = with(unit, "    max_containers: 0\n    port: {http: 80}");
    assert_no_diags(unit);
    assert_int_equal(paused->port_count, 1);
}

static void test_port_to_probe(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        with(unit, "    ports: [{name: a, type: tcp, port: 1}, {name: b, type: tcp, port: 2}]\n"
                   "    probe_port: b\n");
    assert_no_diags(unit);
    assert_str(service->probe_port->name, "b");
    service = with(unit, "    port: {http: 80}\n    probe_port: main\n");
    assert_no_diags(unit);
    assert_str(service->probe_port->name, "main");
}

static void test_errors(void **state)
{
#define TWO(first, second) "    ports:\n      - {" first "}\n      - {" second "}"
    static const struct invalid_case rows[] = {
        {"", 3, 5, "missing required field \"port\"", "a worker without ports: port: none"},
        {"    max_containers: 1", 3, 5, "missing required field \"port\"", "port: {http: 8080}"},
        {"    port: {}", 3, 5, "missing required field \"port\"", "port: {http: 8080}"},
        {"    port: {http: }", 6, 11, "port must contain exactly one", "port: {http: 8080}"},
        {"    port: {http: 80, grpc: 81}", 6, 11, "port must contain exactly one", "use ports:"},
        {"    port: {http: 80, grpc: 81, tcp: 82}", 6, 11, "port must contain exactly one", ""},
        {"    port: non", 6, 11, "port must be", "did you mean \"none\"?"},
        {"    port: [80]", 6, 11, "port must be a map", ""},
        {"    port: {http: 0}", 6, 18, "http must be an integer from 1 to 65535", ""},
        {"    port: {http: 65536}", 6, 18, "http must be an integer from 1 to 65535", ""},
        {"    ports: []", 3, 5, "missing required field \"port\"", "port: none"},
        {"    ports: none", 6, 12, "ports must be a list of maps", ""},
        {"    ports: {name: a, type: http, port: 80}", 6, 12, "ports must be a list of maps", ""},
        {"    port: {http: 80}\n    ports: [{name: a, type: http, port: 80}]", 7, 12,
         "port and ports are mutually exclusive", "use port for one"},
        {"    port: none\n    ports: [{name: a, type: http, port: 80}]", 7, 12,
         "port and ports are mutually exclusive", ""},
        {"    ports: [{type: http, port: 80}]", 6, 13,
         "missing required field \"name\" in an item of ports", ""},
        {"    ports: [{name: a, port: 80}]", 6, 13,
         "missing required field \"type\" in an item of ports", ""},
        {"    ports: [{name: a, type: http}]", 6, 13,
         "missing required field \"port\" in an item of ports", ""},
        {"    ports: [{name: a, type: grpc, port: 80}]", 6, 29, "type must be http or tcp", ""},
        {"    ports: [{name: a, type: http, port: 80, protocol: http2}]", 6, 55,
         "protocol must be grpc or websocket", ""},
        {"    ports: [{name: a, type: http, port: 80, service_port: 0}]", 6, 59,
         "service_port must be an integer from 1 to 65535", ""},
        {"    ports: [{name: A, type: http, port: 80}]", 6, 20, "port name must be at most 15", ""},
        {"    ports: [{name: a, type: tcp, port: 80, protocol: grpc}]", 6, 54,
         "protocol requires type: http", "set type: http"},
        /* Duplicates: the second is reported, with the line of the first. */
        {TWO("name: a, type: tcp, port: 1", "name: a, type: tcp, port: 2"), 8, 16,
         "duplicate port name \"a\"", "on line 7"},
        {TWO("name: a, type: tcp, port: 1", "name: b, type: tcp, port: 1"), 8, 36,
         "duplicate port 1", "on line 7"},
        {TWO("name: a, type: tcp, port: 1", "name: b, type: tcp, port: 2, service_port: 1"), 8, 53,
         "duplicate service port 1", "on line 7"},
        {TWO("name: a, type: http, port: 1", "name: b, type: tcp, port: 80"), 8, 36,
         "duplicate service port 80", "set service_port"},
        {TWO("name: a, type: http, port: 1", "name: b, type: http, port: 2"), 8, 25,
         "only one port can have type: http", "set type: tcp"},
        {TWO("name: a, type: http, port: 1, service_port: 81", "name: b, type: http, port: 2"), 8,
         25, "only one port can have type: http", ""},
        {TWO("name: a, type: http, port: 1, service_port: 81",
             "name: b, type: http, port: 2, protocol: grpc"),
         8, 25, "only one port can have type: http", ""},
        /* probe_port */
        {"    port: {http: 80}\n    probe_port: mian", 7, 17, "no port named \"mian\"",
         "did you mean \"main\"?"},
        {"    port: {http: 80}\n    probe_port: web", 7, 17, "no port named \"web\"",
         "available: main"},
        {"    port: none\n    probe_port: web", 7, 17, "no port named \"web\"", ""},
    };
    unit_assert_invalid(*state, PORTLESS_HEAD, rows, COUNT_OF(rows));
}

/* Each of three duplicates is reported. */
static void test_all_duplicates_are_reported(void **state)
{
    struct unit *unit = *state;
    assert_null(with(unit, "    ports:\n"
                           "      - {name: a, type: tcp, port: 1}\n"
                           "      - {name: a, type: tcp, port: 2}\n"
                           "      - {name: b, type: tcp, port: 2}\n"));
    assert_errors(unit, 2);
}

/* An invalid port is reported once, not again by the fields that require a port. */
static void test_an_invalid_port_is_one_error(void **state)
{
    struct unit *unit = *state;
    static const char *const ports[] = {"port: {http: abc}", "port: {htpp: 80}", "port: 80",
                                        "ports: [{name: a, type: http, port: x}]",
                                        "port: {http: 80}\n    probe_port: mian"};
    static const char *const needs[] = {
        "public_uri: a.com", "healthcheck_path: /h", "startup_probe_path: /h",
        "healthcheck: tcp",  "healthcheck: grpc",    "startup_timeout: 10",
    };
    for (size_t i = 0; i < COUNT_OF(ports); i++) {
        for (size_t j = 0; j < COUNT_OF(needs); j++) {
            assert_null(
                with(unit, str_format(&unit->arena, "    %s\n    %s", ports[i], needs[j]).data));
            if (unit->diags.errors != 1)
                fail_msg("%s", unit_format_diags(unit).data);
        }
    }
}

/* Returns a layer with an app that links to `back`, which has the given fields. */
static struct layer *linked(struct unit *unit, const struct input_options *options,
                            const char *back)
{
    return unit_layer(unit, options,
                      str_format(&unit->arena,
                                 "name: hello\nmodules:\n"
                                 "  - {name: app, type: k8s-service, image: a, port: none,"
                                 " links: [back]}\n"
                                 "  - {name: files, type: s3, bucket_name: '{vars.size}'}\n"
                                 "  - {name: back, type: k8s-service, image: a, %s}\n",
                                 back));
}

static void test_port_of_links(void **state)
{
    struct unit *unit = *state;
    static const struct input_options options;
    static const struct {
        const char *back;
        int64_t port;
    } rows[] = {
        {"port: {http: 8080}", 80},
        {"port: {grpc: 8080}", 80},
        {"port: {tcp: 8080}", 80},
        {"ports: [{name: a, type: http, port: 8080}]", 80},
        {"ports: [{name: a, type: http, port: 8080, service_port: 81}]", 81},
        {"ports: [{name: a, type: tcp, port: 5432}]", 5432},
        {"ports: [{name: a, type: tcp, port: 5432, service_port: 54}]", 54},
        /* the http port at any position; otherwise the first */
        {"ports: [{name: a, type: tcp, port: 1}, {name: b, type: http, port: 2}]", 80},
        {"ports: [{name: a, type: tcp, port: 1}, {name: b, type: tcp, port: 2}]", 1},
        {"port: none", 0},
        {"max_containers: 0", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct layer *layer = linked(unit, &options, rows[i].back);
        assert_no_diags(unit);
        assert_int_equal(service_linked_port(layer, &layer->modules[2]), rows[i].port);
        assert_no_diags(unit);
        const struct service *service = service_read(layer, &layer->modules[0]);
        if (rows[i].port) {
            assert_no_diags(unit);
            assert_int_equal(service->variable_count, 2);
            assert_str(service->variables[0].name, "BACK_HOST");
            assert_str(service->variables[0].text, "back");
            assert_str(service->variables[1].name, "BACK_PORT");
            assert_str(service->variables[1].text,
                       str_format(&unit->arena, "%d", (int)rows[i].port).data);
        } else {
            assert_errors(unit, 1);
            assert_diag(unit, 0, 3, 66, "service \"back\" has no ports to link to", "");
        }
    }
}

/* Errors in the other service are reported when it is read, not at the link. */
static void test_links_to_invalid_services(void **state)
{
    struct unit *unit = *state;
    static const struct input_options options;
    static const char *const backs[] = {
        "port: {http: 80}, nmae: x", "port: {http: 80}, min_containers: 9", "port: {http: abc}",
        "port: {htpp: 80}", "ports: [{name: a, type: tcp, port: x}]"};
    for (size_t i = 0; i < COUNT_OF(backs); i++) {
        struct layer *layer = linked(unit, &options, backs[i]);
        service_read(layer, &layer->modules[0]);
        if (unit->diags.errors)
            fail_msg("%s:\n%s", backs[i], unit_format_diags(unit).data);
        assert_null(service_read(layer, &layer->modules[2]));
        assert_true(unit->diags.errors > 0);
    }
}

/* Reading the port of the other service must not suppress errors in modules that it refers to. */
static void test_links_keep_errors_of_outputs(void **state)
{
    struct unit *unit = *state;
    static const struct input_options options;
    struct layer *layer =
        linked(unit, &options, "port: {http: 80}, env_vars: {A: '{module.files.bucket_id}'}");
    assert_non_null(service_read(layer, &layer->modules[0]));
    assert_no_diags(unit);
    if (service_read(layer, &layer->modules[2]))
        fail_msg("the service has no error for its variable");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 4, 43, "variable \"size\" is not defined", "--var size=VALUE");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_forms_of_port),
        UNIT_TEST(test_several_ports),
        UNIT_TEST(test_no_ports),
        UNIT_TEST(test_port_to_probe),
        UNIT_TEST(test_errors),
        UNIT_TEST(test_all_duplicates_are_reported),
        UNIT_TEST(test_an_invalid_port_is_one_error),
        UNIT_TEST(test_port_of_links),
        UNIT_TEST(test_links_to_invalid_services),
        UNIT_TEST(test_links_keep_errors_of_outputs),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
