#include "service/service_traffic.h"

#include "service/layer_hosts.h"
#include "unit.h"
#include "unit_layer.h"

static struct traffic traffic_with(struct unit *unit, const char *environment, const char *lines)
{
    static const struct input_options none;
    const struct service *service = unit_service(
        unit, &none, str_format(&unit->arena, "%s%s%s\n", environment, SERVICE_HEAD, lines));
    assert_non_null(service);
    return traffic_of(service);
}

static void test_hash_keys(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *text;
        size_t count;
        struct hash_key keys[3];
    } rows[] = {
        {"", 0, {{0}}},
        {"$request_uri", 1, {{HASH_PATH, {0}}}},
        {"${request_uri}", 1, {{HASH_PATH, {0}}}},
        {"$host", 1, {{HASH_HOST, {0}}}},
        {"$http_host", 1, {{HASH_HOST, {0}}}},
        {"$remote_addr", 1, {{HASH_ADDRESS, {0}}}},
        {"$binary_remote_addr", 1, {{HASH_ADDRESS, {0}}}},
        {"$http_x_user", 1, {{HASH_HEADER, STR("x-user")}}},
        {"${http_X_User}", 1, {{HASH_HEADER, STR("x-user")}}},
        {"$HTTP_HOST", 1, {{HASH_HOST, {0}}}},
        {"$cookie_Session_Id", 1, {{HASH_COOKIE, STR("Session_Id")}}},
        {"$arg_user", 1, {{HASH_QUERY, STR("user")}}},
        {"$host$request_uri", 2, {{HASH_HOST, {0}}, {HASH_PATH, {0}}}},
        {"a-${host}b-$arg_c-$arg_d-e",
         3,
         {{HASH_HOST, {0}}, {HASH_QUERY, STR("c")}, {HASH_QUERY, STR("d")}}},
        {"$uri", 1, {{HASH_NGINX, STR("$uri")}}},
        {"$host$uri", 1, {{HASH_NGINX, STR("$host$uri")}}},
        {"$http_", 1, {{HASH_NGINX, STR("$http_")}}},
        {"$host_name", 1, {{HASH_NGINX, STR("$host_name")}}},
        {"$1", 1, {{HASH_NGINX, STR("$1")}}},
        {"$", 1, {{HASH_NGINX, STR("$")}}},
        {"$$host", 1, {{HASH_NGINX, STR("$$host")}}},
        {"${host", 1, {{HASH_NGINX, STR("${host")}}},
        {"${}", 1, {{HASH_NGINX, STR("${}")}}},
        {"constant", 1, {{HASH_NGINX, STR("constant")}}},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct traffic_hash hash = traffic_hash_parse(&unit->arena, str_from_c(rows[i].text));
        bool right = hash.count == rows[i].count && str_eq_c(hash.text, rows[i].text);
        for (size_t j = 0; j < hash.count && right; j++)
            right = hash.keys[j].kind == rows[i].keys[j].kind &&
                    str_equal(hash.keys[j].name, rows[i].keys[j].name);
        if (!right)
            fail_msg("%s", rows[i].text);
    }
}

static void test_defaults(void **state)
{
    struct traffic traffic = traffic_with(*state, "", "");
    assert_int_equal(traffic.flavour, FLAVOUR_NGINX);
    assert_str(traffic.class, "nginx");
    assert_int_equal(traffic.route_count, 0);
    assert_false(traffic.internal || traffic.keeps_prefix);
    assert_str(traffic.backend.service, "app");
    assert_str(traffic.backend.port_name, "main");
    assert_int_equal(traffic.backend.port, 80);
    assert_int_equal(traffic.protocol, PORT_TYPE_HTTP);
    assert_int_equal(traffic.idle_timeout, 0);
    assert_str(traffic.affinity.cookie, "");
    assert_int_equal(traffic.hash.count, 0);
    assert_str(traffic.tls.secret, "");
    assert_str(traffic.tls.issuer, "");
    assert_int_equal(traffic.annotations->count, 0);
}

static void test_all_fields(void **state)
{
    struct traffic traffic =
        traffic_with(*state, "ingress_class: alb\ncluster_issuer: letsencrypt\n",
                     "    public_uri: [a.com/x/y, b.com, a.com/x]\n"
                     "    keep_path_prefix: true\n"
                     "    sticky_session: true\n"
                     "    sticky_session_max_age: 60\n"
                     "    consistent_hash: $http_x_user\n"
                     "    ingress_extra_annotations: {a/b: c}\n");
    assert_int_equal(traffic.flavour, FLAVOUR_GENERIC);
    assert_str(traffic.class, "alb");
    assert_int_equal(traffic.route_count, 3);
    assert_str(traffic.routes[0].host, "a.com");
    assert_str(traffic.routes[0].prefix, "/x/y");
    assert_int_equal(traffic_host_end(&traffic, 0), 2);
    assert_int_equal(traffic_host_end(&traffic, 1), 2);
    assert_int_equal(traffic_host_end(&traffic, 2), 3);
    assert_true(traffic.keeps_prefix);
    assert_str(traffic.affinity.cookie, "opta_cookie");
    assert_int_equal(traffic.affinity.max_age, 60);
    assert_str(traffic.affinity.path, "/");
    assert_int_equal(traffic.hash.keys[0].kind, HASH_HEADER);
    assert_str(traffic.hash.text, "$http_x_user");
    assert_str(traffic.tls.secret, "");
    assert_str(traffic.tls.issuer, "letsencrypt");
    assert_str(traffic_annotation(&traffic, "a/b")->text, "c");
    assert_null(traffic_annotation(&traffic, "a/c"));
}

static const char gateways[] = "gateway: {name: infra/public, type: envoy}\n"
                               "internal_gateway: {name: infra/internal, listener: a}\n";

static void test_gateway(void **state)
{
    struct traffic traffic = traffic_with(*state, gateways, "    public_uri: a.com\n");
    assert_int_equal(traffic.flavour, FLAVOUR_ENVOY);
    assert_str(traffic.gateway->namespace, "infra");
    assert_str(traffic.gateway->name, "public");
    assert_str(traffic.gateway->listener, "");
    assert_str(traffic.class, "nginx"); /* of Ingresses of a chart */
    traffic = traffic_with(*state, gateways, "    public_uri: a.com\n    internal: true\n");
    assert_true(traffic.internal);
    assert_int_equal(traffic.flavour, FLAVOUR_STANDARD);
    assert_str(traffic.gateway->name, "internal");
    assert_str(traffic.gateway->listener, "a");
}

/* Only a Gateway with listener sets uses the certificate of the environment. */
static void test_gateway_certificate(void **state)
{
    static const char both[] = "gateway: {name: a/b}\ntls_secret: c\ninternal_ingress_class: alb\n";
    struct traffic traffic = traffic_with(*state, both, "    public_uri: a.com\n");
    assert_str(traffic.tls.secret, "");
    traffic = traffic_with(*state, both, "    public_uri: a.com\n    internal: true\n");
    assert_null(traffic.gateway);
    assert_str(traffic.class, "alb");
    assert_int_equal(traffic.flavour, FLAVOUR_GENERIC);
    assert_str(traffic.tls.secret, "c");
    traffic = traffic_with(*state, "gateway: {name: a/b, listener_sets: true}\ntls_secret: c\n",
                           "    public_uri: a.com\n");
    assert_str(traffic.tls.secret, "c");
}

/* Hosts of other services that match some of the same requests. */
static void test_shared_hosts(void **state)
{
    struct unit *unit = *state;
    static const struct input_options none;
    static const struct {
        const char *host;
        const char *other; /* of a second service */
        bool shared;
    } rows[] = {
        {"a.com", "a.com/x", true},     {"a.com", "b.com", false},
        {"a.com", "/x", true},          {"/", "b.com", true},
        {"a.b.com", "'*.b.com'", true}, {"a.b.com", "'*.com'", true},
        {"b.com", "'*.b.com'", false},  {"'*.b.com'", "a.b.com", true},
        {"'*.b.com'", "b.com", false},  {"'*.b.com'", "'*.a.b.com'", true},
        {"a.com", "A.com/x", true},     {"'*.a.com'", "'*.a.com'", true},
        {"a.com", "xa.com", false},     {"'*.a.com'", "x.com", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str text = str_format(&unit->arena,
                                     "%s    public_uri: %s\n  - {name: b, type: k8s-service, "
                                     "image: b, port: {http: 1}, public_uri: %s}\n",
                                     SERVICE_HEAD, rows[i].host, rows[i].other);
        const struct service *service = unit_service(unit, &none, text);
        assert_non_null(service);
        if (layer_shares_host(service, service->routes[0].host) != rows[i].shared)
            fail_msg("%s, %s", rows[i].host, rows[i].other);
    }
}

/* Errors of a flavour are reported at the values. */
static void test_locations(void **state)
{
    struct traffic traffic =
        traffic_with(*state, "", "    sticky_session: true\n    consistent_hash: $host\n");
    struct position at = diag_position(traffic.affinity.at.source, traffic.affinity.at.start);
    assert_int_equal(at.line, 7);
    assert_int_equal(at.column, 21);
    at = diag_position(traffic.hash.at.source, traffic.hash.at.start);
    assert_int_equal(at.line, 8);
    assert_int_equal(at.column, 22);
    at = diag_position(traffic.protocol_at.source, traffic.protocol_at.start);
    assert_int_equal(at.line, 6);
}

static void test_protocols(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *port;
        enum port_type protocol;
        int64_t idle_timeout, number;
    } rows[] = {
        {"{http: 8080}", PORT_TYPE_HTTP, 0, 80},
        {"{grpc: 8080}", PORT_TYPE_GRPC, 0, 80},
        {"{websocket: 8080}", PORT_TYPE_WEBSOCKET, 3600, 80},
        {"{tcp: 8080}", PORT_TYPE_WEBSOCKET, 3600, 80},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service_of(
            unit, PORTLESS_HEAD, str_format(&unit->arena, "    port: %s", rows[i].port).data);
        assert_non_null(service);
        struct traffic traffic = traffic_of(service);
        assert_int_equal(traffic.protocol, rows[i].protocol);
        assert_int_equal(traffic.idle_timeout, rows[i].idle_timeout);
        assert_int_equal(traffic.backend.port, rows[i].number);
    }
}

static void test_no_port(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        unit_service_of(unit, PORTLESS_HEAD, "    ports: [{name: db, type: tcp, port: 5432}]\n");
    assert_non_null(service);
    struct traffic traffic = traffic_of(service);
    assert_null(traffic.protocol_at.source);
    assert_str(traffic.backend.port_name, "");
    assert_int_equal(traffic.backend.port, 0);
}

static void test_certificate(void **state)
{
    struct traffic traffic =
        traffic_with(*state, "tls_secret: wildcard\n", "    public_uri: a.com\n");
    assert_str(traffic.tls.secret, "wildcard");
    assert_str(traffic.tls.issuer, "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_hash_keys),           UNIT_TEST(test_defaults),
        UNIT_TEST(test_all_fields),          UNIT_TEST(test_locations),
        UNIT_TEST(test_protocols),           UNIT_TEST(test_no_port),
        UNIT_TEST(test_certificate),         UNIT_TEST(test_gateway),
        UNIT_TEST(test_gateway_certificate), UNIT_TEST(test_shared_hosts),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
