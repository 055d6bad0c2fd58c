#include "manifest/manifest.h"
#include "unit.h"
#include "unit_layer.h"

static const struct input_options no_options;

/* Returns the service of SERVICE_HEAD with more lines. */
static const struct service *service_with(struct unit *unit, const char *lines)
{
    return unit_service(unit, &no_options, str_format(&unit->arena, SERVICE_HEAD "%s\n", lines));
}

/* The modules that the service of linked_with() can link to. */
#define OTHERS                                                                                     \
    "name: hello\n"                                                                                \
    "modules:\n"                                                                                   \
    "  - {name: db, type: postgres, secret: pg, secret_keys: {db_password: pass}}\n"               \
    "  - {name: cache, type: redis}\n"                                                             \
    "  - {name: bucket, type: s3, bucket_name: bbb}\n"                                             \
    "  - {name: dns, type: dns}\n"

static const struct service *linked_with(struct unit *unit, const char *lines)
{
    return unit_service(unit, &no_options,
                        str_format(&unit->arena,
                                   OTHERS "  - {name: back-end, type: base}\n"
                                          "  - name: app\n"
                                          "    type: k8s-service\n"
                                          "    image: nginx:1.29\n"
                                          "    port: {http: 80}\n"
                                          "%s\n",
                                   lines));
}

static void test_defaults(void **state)
{
    struct unit *unit = *state;
    const struct service *service = service_with(unit, "");
    assert_no_diags(unit);
    assert_str(service->name, "app");
    assert_str(service->image, "nginx:1.29");
    assert_true(service->has_image);
    assert_int_equal(service->ports->number, 80);
    assert_int_equal(service->ports->service_port, 80);
    assert_int_equal(service->min_containers, 1);
    assert_int_equal(service->max_containers, 3);
    assert_true(service_has_autoscaler(service));
    assert_int_equal(service->target_cpu, 80);
    assert_int_equal(service->target_memory, 80);
    assert_int_equal(service->resources.cpu_request, 100);
    assert_int_equal(service->resources.cpu_limit, 200);
    assert_int_equal(service->resources.memory_request, 128 << 20);
    assert_int_equal(service->resources.memory_limit, 256 << 20);
    assert_int_equal(service->liveness.kind, PROBE_NONE);
    assert_int_equal(service->readiness.kind, PROBE_TCP); /* so that a rollout waits */
    assert_int_equal(service->variable_count, 0);
    assert_int_equal(service->route_count, 0);
    assert_false(service->sticky || service->keep_path_prefix);
}

static void test_names_and_their_lengths(void **state)
{
    struct unit *unit = *state;
    static const struct {
        size_t layer, name;
        bool right;
    } rows[] = {{5, 57, true},  {5, 58, false}, {31, 31, true}, {32, 31, false}, {61, 1, true},
                {62, 1, false}, {1, 61, true},  {1, 62, false}, {1, 64, false}};
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct str layer = unit_repeat(unit, "l", rows[i].layer);
        struct str name = unit_repeat(unit, "n", rows[i].name);
        unit_service(unit, &no_options,
                     str_format(&unit->arena,
                                "name: %.*s\nmodules: [{name: %.*s, type: k8s-service, image: a, "
                                "port: {http: 80}}]\n",
                                STR_ARG(layer), STR_ARG(name)));
        if ((unit->diags.errors == 0) != rows[i].right)
            fail_msg("layer %zu, name %zu: %zu errors", rows[i].layer, rows[i].name,
                     unit->diags.errors);
    }
    unit_service(unit, &no_options,
                 STR("name: hello\nmodules: [{name: 1app, type: k8s-service, image: a, "
                     "port: {http: 80}}]\n"));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 2, 18, "service name must", "");
}

static void test_images(void **state)
{
    struct unit *unit = *state;
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct {
        const char *image, *tag, *digest, *registry, *expected;
        bool has_image;
    } rows[] = {
        {"nginx", NULL, NULL, NULL, "nginx", true},
        {"nginx", "v1", NULL, NULL, "nginx:v1", true},
        {"nginx", NULL, DIGEST, NULL, "nginx@" DIGEST, true},
        {"nginx:1", "v1", NULL, NULL, "nginx:1", true}, /* has its own tag */
        {"nginx@" DIGEST, "v1", NULL, NULL, "nginx@" DIGEST, true},
        {"localhost:5000/a", "v1", NULL, NULL, "localhost:5000/a:v1", true},
        {"AUTO", NULL, NULL, "r.example.com/team//", "r.example.com/team/opta-hello-app", false},
        {"auto", "v1", NULL, "r.example.com", "r.example.com/opta-hello-app:v1", true},
        {"Auto", NULL, DIGEST, "r.example.com", "r.example.com/opta-hello-app@" DIGEST, true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct input_options options = {
            .image_tag = rows[i].tag, .image_digest = rows[i].digest, .registry = rows[i].registry};
        const struct service *service = unit_service(
            unit, &options,
            str_format(&unit->arena,
                       "name: hello\nmodules: [{name: app, type: k8s-service, image: '%s', "
                       "port: {http: 80}}]\n",
                       rows[i].image));
        assert_warnings(unit, rows[i].has_image ? 0 : 1); /* no pods yet */
        assert_str(service->image, rows[i].expected);
        assert_int_equal(service->has_image, rows[i].has_image);
    }
}

/* With image_repository, the tag applies only to that repository. */
static void test_image_of_a_repository(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *image, *repository, *expected;
        bool has_image;
    } rows[] = {
        {"AUTO", "r.example.com/opta-hello-app", "r.example.com/opta-hello-app:v1", true},
        {"AUTO", "r.example.com/opta-hello-other", "r.example.com/opta-hello-app", false},
        {"AUTO", "r.example.com/opta-hello-ap", "r.example.com/opta-hello-app", false},
        {"nginx", "r.example.com/opta-hello-app", "nginx", true},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct input_options options = {
            .image_tag = "v1", .registry = "r.example.com", .image_repository = rows[i].repository};
        const struct service *service = unit_service(
            unit, &options,
            str_format(&unit->arena,
                       "name: hello\nmodules: [{name: app, type: k8s-service, image: '%s', "
                       "port: {http: 80}}]\n",
                       rows[i].image));
        assert_warnings(unit, rows[i].has_image ? 0 : 1);
        assert_str(service->image, rows[i].expected);
        assert_int_equal(service->has_image, rows[i].has_image);
    }
}

static void test_registry_of_the_cloud(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *providers, *expected;
    } rows[] = {
        {"{aws: {region: us-east-1, account_id: '123456789012'}}",
         "123456789012.dkr.ecr.us-east-1.amazonaws.com/opta-hello-app"},
        {"{aws: {region: cn-north-1, account_id: '123456789012'}}",
         "123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/opta-hello-app"},
        {"{google: {project: my-project}}", "gcr.io/my-project/hello/app"},
        {"{google: {project: 'example.com:my-project'}}",
         "gcr.io/example.com/my-project/hello/app"},
        {"{azurerm: {}}\noutputs: {acr_name: optaAB}", "optaab.azurecr.io/hello/app"},
        {"{local: {}}", "localhost:5000/hello/app"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = unit_service(
            unit, &no_options,
            str_format(&unit->arena,
                       "name: hello\nproviders: %s\nmodules: [{name: app, type: k8s-service, "
                       "image: AUTO, port: {http: 80}}]\n",
                       rows[i].providers));
        assert_warnings(unit, 1); /* no pods yet */
        assert_str(service->image, rows[i].expected);
    }
    static const char *const without[] = {"{aws: {region: us-east-1}}", "{google: {}}",
                                          "{azurerm: {}}", "{}"};
    for (size_t i = 0; i < COUNT_OF(without); i++) {
        unit_service(unit, &no_options,
                     str_format(&unit->arena,
                                "name: hello\nproviders: %s\nmodules: [{name: app, "
                                "type: k8s-service, image: AUTO, port: {http: 80}}]\n",
                                without[i]));
        assert_errors(unit, 1);
        assert_diag(unit, 0, 3, 49, "cannot determine the registry for image: AUTO", "--registry");
    }
    struct input_options options = {.registry = "Not A Registry"};
    unit_service(unit, &options,
                 STR("name: hello\nmodules: [{name: app, type: k8s-service, image: AUTO, "
                     "port: {http: 80}}]\n"));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 2, 49, "image \"Not A Registry/opta-hello-app\" must be", "");
}

static void test_ports_and_probes(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *port, *lines;
        enum port_type type;
        enum probe_kind liveness, readiness;
        const char *liveness_path, *readiness_path;
    } rows[] = {
        {"http: 80", "", PORT_TYPE_HTTP, PROBE_NONE, PROBE_TCP, "", ""},
        {"tcp: 80", "", PORT_TYPE_WEBSOCKET, PROBE_TCP, PROBE_TCP, "", ""},
        {"grpc: 80", "", PORT_TYPE_GRPC, PROBE_TCP, PROBE_TCP, "", ""},
        {"websocket: 80", "", PORT_TYPE_WEBSOCKET, PROBE_TCP, PROBE_TCP, "", ""},
        {"http: 80", "healthcheck_path: /h", PORT_TYPE_HTTP, PROBE_HTTP, PROBE_HTTP, "/h", "/h"},
        {"http: 80", "healthcheck_path: h?a=b", PORT_TYPE_HTTP, PROBE_HTTP, PROBE_HTTP, "/h?a=b",
         "/h?a=b"},
        {"http: 80", "liveness_probe_path: /l", PORT_TYPE_HTTP, PROBE_HTTP, PROBE_TCP, "/l", ""},
        {"http: 80", "readiness_probe_path: /r", PORT_TYPE_HTTP, PROBE_NONE, PROBE_HTTP, "", "/r"},
        {"http: 80", "healthcheck_path: /h\n    readiness_probe_path: /r", PORT_TYPE_HTTP,
         PROBE_HTTP, PROBE_HTTP, "/h", "/r"},
        {"tcp: 80", "healthcheck_path: /h\n    healthcheck: http", PORT_TYPE_WEBSOCKET, PROBE_HTTP,
         PROBE_HTTP, "/h", "/h"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service =
            unit_service(unit, &no_options,
                         str_format(&unit->arena,
                                    "name: hello\nmodules:\n  - name: app\n    type: k8s-service\n"
                                    "    image: a\n    port: {%s}\n    %s\n",
                                    rows[i].port, rows[i].lines));
        assert_no_diags(unit);
        assert_int_equal(service->ports->type, rows[i].type);
        assert_int_equal(service->liveness.kind, rows[i].liveness);
        assert_int_equal(service->readiness.kind, rows[i].readiness);
        assert_str(service->liveness.path, rows[i].liveness_path);
        assert_str(service->readiness.path, rows[i].readiness_path);
        assert_int_equal(service->readiness.delay, 30);
    }
}

static void test_errors(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        size_t line, column;
        const char *message, *hint;
    } rows[] = {
        {"    min_containers: 4", 7, 21,
         "min_containers (4) must not be greater than max_containers (3)",
         "the defaults are min_containers: 1, max_containers: 3"},
        {"    min_containers: -1", 7, 21, "from 0 to 1000", "pods"},
        {"    min_containers: 0", 7, 21, "must be at least 1 unless max_containers is 0",
         "set max_containers: 0"},
        {"    min_containers: 0\n    max_containers: 2", 7, 21, "unless max_containers is 0", ""},
        {"    min_containers: 3\n    max_containers: 2", 7, 21, "greater than max_containers", ""},
        {"    min_containers: 1\n    max_containers: 0", 7, 21, "greater than max_containers", ""},
        {"    max_containers: 1001", 7, 21, "from 0 to 1000", ""},
        {"    healthcheck_path: ''", 7, 23, "healthcheck_path must not be empty", ""},
        {"    readiness_probe_path: /a b", 7, 27, "readiness_probe_path must contain only letters",
         ""},
        {"    resource_request: {cpu: 0}", 7, 29, "cpu must be from 1 to", "millicores"},
        {"    resource_request: {memory: 3}", 7, 32, "memory must be from 4 to", "MB"},
        {"    resource_request: {cpu: 100x}", 7, 29, "not \"100x\"", "100 means 100m"},
        {"    env_vars: {1A: b}", 7, 16, "variable \"1A\" must", ""},
        {"    secrets: [a b]", 7, 15, "variable \"a b\" must", ""},
        {"    secrets: [A, A]", 7, 18, "duplicate variable \"A\"", "line 7"},
        {"    env_vars: [{name: A, value: 1}, {name: A, value: 2}]", 7, 44, "duplicate variable",
         ""},
        /* The later of the two is reported, although secrets are read first. */
        {"    env_vars:\n      A: x\n    secrets: [A]", 9, 15, "duplicate variable",
         "first defined on line 8"},
        {"    env_vars: {A: x}\n    secrets: [[A]]", 8, 15, "an item of secrets must be a string",
         ""},
        {"    env_vars: {A: }", 7, 16, "\"A\" in env_vars has no value",
         "write \"\" for an empty string"},
        {"    env_vars: {A: ~}", 7, 19, "\"A\" in env_vars has no value", "quote the value: \"~\""},
        {"    consistent_hash: $a;b", 7, 22, "consistent_hash must consist of nginx", ""},
        {"    additional_iam_policies: [x]", 7, 31,
         "an item of additional_iam_policies must be an IAM policy ARN", ""},
        {"    public_uri: https://a.com", 7, 17, "public_uri must not contain a scheme", "remove"},
        {"    public_uri: a.com/?x", 7, 17, "public_uri must not contain a query", ""},
        {"    public_uri: 'a.com/#x'", 7, 17, "public_uri must not contain a query", ""},
        {"    public_uri: '{x}.a.com'", 7, 17, "unknown placeholder in public_uri", "{env}"},
        {"    public_uri: ''", 7, 17, "public_uri must not be empty", "write \"/\""},
        {"    public_uri: a.com:80/x", 7, 17, "public_uri must not contain a port", ""},
        {"    public_uri: api_x", 7, 17, "domain \"api_x\" of public_uri must be", "/api_x"},
        {"    public_uri: app/x", 7, 17, "domain \"app\" of public_uri must contain a dot",
         "/app/x"},
        {"    public_uri: a.com/x%20y", 7, 17, "must not contain %", ""},
        {"    public_uri: a.com/x/*", 7, 17, "must not end with *", ""},
        {"    public_uri: a.com/*", 7, 17, "must not end with *", ""},
        {"    public_uri: 10.0.0.1/x", 7, 17, "domain \"10.0.0.1\" of public_uri must be", ""},
        {"    public_uri: a.com/x y", 7, 17, "path of public_uri must contain only", ""},
        {"    public_uri: a.com/x//y", 7, 17, "path of public_uri must not contain //", ""},
        {"    public_uri: [a.com/x, A.COM/x/]", 7, 27, "duplicate public_uri", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (service_with(unit, rows[i].lines))
            fail_msg("row %zu is accepted", i);
        assert_errors(unit, 1);
        assert_diag(unit, 0, rows[i].line, rows[i].column, rows[i].message, rows[i].hint);
    }
}

/* Both probes have the same path, so there is one error. */
static void test_invalid_path_of_both_probes_is_reported_once(void **state)
{
    struct unit *unit = *state;
    assert_null(service_with(unit, "    healthcheck_path: /a b"));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 7, 23, "healthcheck_path must contain only letters", "");
}

static void test_invalid_ports(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][2] = {
        {"{}", "missing required field \"port\""},
        {"{http: }", "port must contain exactly one"},
        {"{http: 80, tcp: 81}", "port must contain exactly one"},
        {"{http: 0}", "http must be an integer from 1 to 65535"},
        {"{http: 65536}", "http must be an integer from 1 to 65535"},
        {"{htpp: 80}", "unknown field \"htpp\""},
        {"80", "port must be a map"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_null(unit_service(
            unit, &no_options,
            str_format(&unit->arena,
                       "name: hello\nmodules: [{name: app, type: k8s-service, image: a, "
                       "port: %s}]\n",
                       rows[i][0])));
        assert_contains(unit->diags.items[0].message, rows[i][1]);
    }
    assert_null(unit_service(unit, &no_options,
                             STR("name: hello\nmodules: [{name: app, type: k8s-service, image: a, "
                                 "port: {grpc: 80}, healthcheck_path: /, liveness_probe_path: /,"
                                 " readiness_probe_path: /}]\n")));
    assert_errors(unit, 3);
    assert_diag(unit, 0, 2, 88, "healthcheck_path cannot be used with a grpc port", "TCP");
}

static void test_all_errors_of_a_service_are_reported(void **state)
{
    struct unit *unit = *state;
    assert_null(service_with(unit, "    min_containers: x\n    env_vars: {1: a}\n"
                                   "    public_uri: [a_b, c_d]\n    nmae: x\n"));
    assert_errors(unit, 5);
}

static void check_variable(const struct service *service, size_t index, const char *name,
                           const char *text, const char *secret, const char *key)
{
    assert_true(index < service->variable_count);
    const struct variable *variable = &service->variables[index];
    assert_str(variable->name, name);
    assert_str(variable->text, text);
    assert_str(variable->secret, secret);
    assert_str(variable->key, key);
}

static void test_variables_of_links_and_secrets(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        linked_with(unit, "    links: [db, {cache: {cache_host: H, cache_auth_token: T}}]\n"
                          "    secrets: [API_KEY]\n"
                          "    env_vars: {A: 'yes', B: ''}\n");
    assert_no_diags(unit);
    assert_int_equal(service->variable_count, 9);
    check_variable(service, 0, "db_db_user", "", "pg", "db_user");
    check_variable(service, 2, "db_db_password", "", "pg", "pass");
    check_variable(service, 4, "H", "", "cache", "cache_host");
    check_variable(service, 5, "T", "", "cache", "cache_auth_token");
    check_variable(service, 6, "API_KEY", "", "manual-secrets", "API_KEY");
    check_variable(service, 7, "A", "yes", "", "");
    check_variable(service, 8, "B", "", "", "");
}

/* Kubernetes expands $(NAME) only if NAME is defined earlier. All references to the same key use
 * one variable. */
static void test_references_to_secrets(void **state)
{
    struct unit *unit = *state;
    const struct service *service = linked_with(
        unit,
        "    env_vars:\n"
        "      ALONE: '{module.db.db_password}'\n"
        "      URL: 'pg://{module.db.db_user}:{module.db.db_password}@x/{module.db.db_user}'\n"
        "      AGAIN: '{module.db.db_user}!'\n"
        "      KNOWN: '{module.bucket.bucket_id}'\n");
    assert_no_diags(unit);
    assert_int_equal(service->variable_count, 5);
    check_variable(service, 0, "ALONE", "", "pg", "pass");
    check_variable(service, 1, "db_db_user", "", "pg", "db_user");
    check_variable(service, 2, "URL", "pg://$(db_db_user):$(ALONE)@x/$(db_db_user)", "", "");
    check_variable(service, 3, "AGAIN", "$(db_db_user)!", "", "");
    check_variable(service, 4, "KNOWN", "bbb", "", "");

    service = linked_with(unit, "    links:\n"
                                "      - db: [{db_user: U, db_name: N, db_password: P, "
                                "db_host: H}]\n"
                                "    env_vars: {URL: '{module.db.db_user}@{module.db.db_host}'}\n");
    assert_no_diags(unit);
    assert_int_equal(service->variable_count, 5);
    check_variable(service, 4, "URL", "$(U)@$(H)", "", "");
    linked_with(unit, "    public_uri: '{module.db.db_host}/x'\n");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 12, 17, "public_uri cannot contain a secret", "env_vars");
}

/* If a variable is defined after the value that refers to it, another one is added before. */
static void test_a_reference_before_its_variable(void **state)
{
    struct unit *unit = *state;
    const struct service *service = linked_with(unit, "    env_vars:\n"
                                                      "      URL: 'x/{module.db.db_user}'\n"
                                                      "      db_db_user: '{module.db.db_user}'\n");
    assert_no_diags(unit);
    assert_int_equal(service->variable_count, 2);
    check_variable(service, 0, "db_db_user", "", "pg", "db_user");
    check_variable(service, 1, "URL", "x/$(db_db_user)", "", "");
    service = linked_with(unit, "    env_vars:\n"
                                "      URL: 'x/{module.db.db_user}'\n"
                                "      LATER: '{module.db.db_user}'\n");
    assert_no_diags(unit);
    assert_int_equal(service->variable_count, 3);
    check_variable(service, 1, "URL", "x/$(db_db_user)", "", "");
    check_variable(service, 2, "LATER", "", "pg", "db_user");
}

/* The file defines a variable with the name of a reference, but with another value. */
static void test_references_with_a_duplicate_name(void **state)
{
    struct unit *unit = *state;
    static const char *const lines[] = {
        "    env_vars: {URL: 'x/{module.db.db_user}', db_db_user: mine}\n",
        "    env_vars: {db_db_user: mine, URL: 'x/{module.db.db_user}'}\n",
        "    env_vars: {URL: 'x/{module.db.db_user}', db_db_user: '{module.db.db_host}'}\n",
        "    secrets: [db_db_user]\n    env_vars: {URL: 'x/{module.db.db_user}'}\n",
    };
    for (size_t i = 0; i < COUNT_OF(lines); i++) {
        if (linked_with(unit, lines[i]))
            fail_msg("row %zu is accepted", i);
        assert_errors(unit, 1);
        assert_contains(unit->diags.items[0].message, "duplicate variable \"db_db_user\"");
    }
}

/* Kubernetes reads $$ as an escaped $. */
static void test_dollars_before_a_reference(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][2] = {
        {"${module.db.db_user}!", "$(db_db_user)!"}, /* `${module` is Opta's syntax */
        {"$${module.db.db_user}", "$$$(db_db_user)"},
        {"a$$${module.db.db_user}", "a$$$$$(db_db_user)"},
        {"$ {module.db.db_user}", "$ $(db_db_user)"},
        {"$(A){module.db.db_user}$", "$(A)$(db_db_user)$"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = linked_with(
            unit, str_format(&unit->arena, "    env_vars: {URL: '%s'}\n", rows[i][0]).data);
        unit_assert_count(unit, 0, i < 3 ? 1 : 0, __FILE__, __LINE__); /* Opta's syntax */
        check_variable(service, 1, "URL", rows[i][1], "", "");
    }
}

static void test_links_to_services_and_clouds(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        unit_service(unit, &no_options,
                     STR("name: hello\nmodules:\n"
                         "  - {name: app, type: k8s-service, image: a, port: {http: 80},"
                         " links: [back-end]}\n"
                         "  - {name: back-end, type: k8s-service, image: a, port: {http: 80}}\n"));
    assert_no_diags(unit);
    assert_int_equal(service->variable_count, 2);
    check_variable(service, 0, "BACK_END_HOST", "back-end", "", "");
    check_variable(service, 1, "BACK_END_PORT", "80", "", "");
    linked_with(unit, "    links: [app]\n");
    assert_errors(unit, 1);
    assert_diag(unit, 0, 12, 13, "a service cannot link to itself", "");
    assert_non_null(linked_with(unit, "    links: [{bucket: [read, write]}]\n"));
    assert_warnings(unit, 1);
    assert_diag(unit, 0, 12, 14, "no cloud permissions are granted",
                "\"app\" these permissions: read, write");
    assert_non_null(
        service_with(unit, "    additional_iam_policies: ['arn:aws:iam::123456789012:policy/x']"));
    assert_warnings(unit, 1);
}

static struct str many_variables(struct unit *unit, size_t count)
{
    struct buf text = {0};
    buf_add(&text, STR(SERVICE_HEAD "    env_vars:\n"));
    for (size_t i = 0; i < count; i++)
        buf_format(&text, "      V%zu: x\n", i);
    return buf_take(&unit->arena, &text);
}

static void test_variables_limit(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        unit_service(unit, &no_options, many_variables(unit, VARIABLES_MAX));
    assert_no_diags(unit);
    assert_int_equal(service->variable_count, VARIABLES_MAX);
    struct buf text = {0};
    buf_add(&text, many_variables(unit, VARIABLES_MAX));
    buf_add(&text, STR("    secrets: [S]\n"));
    assert_null(unit_service(unit, &no_options, buf_str(&text)));
    assert_errors(unit, 1);
    unit_assert_contains(unit_format_diags(unit), "too many environment variables (maximum 2000)",
                         __FILE__, __LINE__);
    buf_free(&text);
    assert_null(unit_service(unit, &no_options, many_variables(unit, ITEMS_MAX + 1)));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 7, 5, "too many items in env_vars: 2001 (maximum 2000)", "");
}

static struct str many_routes(struct unit *unit, size_t count)
{
    struct buf text = {0};
    buf_add(&text, STR(SERVICE_HEAD "    public_uri:\n"));
    for (size_t i = 0; i < count; i++)
        buf_format(&text, "      - h%zu.com/p%zu\n", i % 7, i);
    return buf_take(&unit->arena, &text);
}

static void test_routes_limit(void **state)
{
    struct unit *unit = *state;
    const struct service *service = unit_service(unit, &no_options, many_routes(unit, ROUTES_MAX));
    assert_no_diags(unit);
    assert_int_equal(service->route_count, ROUTES_MAX);
    /* Routes are grouped by host. */
    size_t changes = 0;
    for (size_t i = 1; i < service->route_count; i++)
        changes += !str_equal(service->routes[i].host, service->routes[i - 1].host);
    assert_int_equal(changes, 6);
    assert_null(unit_service(unit, &no_options, many_routes(unit, ROUTES_MAX + 1)));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 8, 7, "too many addresses in public_uri: 501 (maximum 500)", "");
}

static void check_routes(struct unit *unit, const char *uris, const char *expected)
{
    const struct service *service =
        service_with(unit, str_format(&unit->arena, "    public_uri: %s\n", uris).data);
    assert_no_diags(unit);
    struct str all = {0};
    for (size_t i = 0; i < service->route_count; i++)
        all = str_format(&unit->arena, "%.*s[%.*s|%.*s]", STR_ARG(all),
                         STR_ARG(service->routes[i].host), STR_ARG(service->routes[i].prefix));
    assert_str(all, expected);
}

static void test_routes(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][2] = {
        {"a.com", "[a.com|]"},
        {"a.com/", "[a.com|]"},
        {"A.com/Api/", "[a.com|/Api]"},
        {"a.com/x///", "[a.com|/x]"},
        {"/", "[|]"},
        {"/api", "[|/api]"},
        {"'*'", "[|]"},
        {"'*/api'", "[|/api]"},
        {"all", "[|]"},
        {"localhost/x", "[localhost|/x]"},
        {"a.com/x*y", "[a.com|/x*y]"},
        {"ALL/x", "[|/x]"},
        {"'*.a.com/x'", "[*.a.com|/x]"},
        {"[]", ""},
        {"[a.com/x, b.com, a.com/y, /, b.com/z, a.com]",
         "[a.com|/x][a.com|/y][a.com|][b.com|][b.com|/z][|]"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check_routes(unit, rows[i][0], rows[i][1]);
}

static void test_path_of_the_sticky_cookie(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *uris, *path;
        size_t warnings;
    } rows[] = {
        {"[]", "/", 1}, /* no effect without public_uri */
        {"a.com", "/", 0},
        {"a.com/api", "/api", 0},
        {"[a.com/api/v1, a.com/api/v2]", "/api", 0},
        {"[a.com/api, a.com/api/v2]", "/api", 0},
        {"[a.com/api/v2, a.com/api]", "/api", 0},
        {"[a.com/api/v1, b.com/api/v2, c.com/api/v10]", "/api", 0},
        {"[a.com, a.com/api]", "/", 0},
        {"[a.com/x, a.com/y]", "/", 1},
        {"[a.com/api, a.com/apix]", "/", 1},
        {"[a.com/apix, a.com/api]", "/", 1},
        {"[a.com/v/apix, a.com/v/api]", "/v", 0},
        {"[a.com/v/api, a.com/v/apix]", "/v", 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = service_with(
            unit,
            str_format(&unit->arena, "    sticky_session: true\n    public_uri: %s\n", rows[i].uris)
                .data);
        assert_warnings(unit, rows[i].warnings);
        assert_str(service->sticky_path, rows[i].path);
    }
}

/* RFC 6265: a cookie of /api is not sent to /apix, even if the first path ends with a slash. */
static void test_trailing_slash_and_the_sticky_cookie(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        service_with(unit, "    sticky_session: true\n    public_uri: [a.com/api/, a.com/apix]\n");
    assert_str(service->sticky_path, "/");
    service = service_with(
        unit, "    sticky_session: true\n    public_uri: [a.com/v/api/, a.com/v/apix]\n");
    assert_str(service->sticky_path, "/v");
}

static void test_sticky_and_hash(void **state)
{
    struct unit *unit = *state;
    assert_non_null(service_with(unit, "    sticky_session: true\n    consistent_hash: $host\n"
                                       "    public_uri: /\n"));
    assert_warnings(unit, 1);
    assert_diag(unit, 0, 8, 22, "sticky_session takes precedence over consistent_hash",
                "remove one");
}

static void test_issuers_require_domains(void **state)
{
    struct unit *unit = *state;
    unit_service(unit, &no_options,
                 STR("cluster_issuer: le\n" SERVICE_HEAD "    public_uri: [a.com/x, /y]\n"));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 8, 27, "cluster_issuer requires a domain", "domain");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_defaults),
        UNIT_TEST(test_names_and_their_lengths),
        UNIT_TEST(test_images),
        UNIT_TEST(test_image_of_a_repository),
        UNIT_TEST(test_registry_of_the_cloud),
        UNIT_TEST(test_ports_and_probes),
        UNIT_TEST(test_errors),
        UNIT_TEST(test_invalid_path_of_both_probes_is_reported_once),
        UNIT_TEST(test_invalid_ports),
        UNIT_TEST(test_all_errors_of_a_service_are_reported),
        UNIT_TEST(test_variables_of_links_and_secrets),
        UNIT_TEST(test_references_to_secrets),
        UNIT_TEST(test_a_reference_before_its_variable),
        UNIT_TEST(test_references_with_a_duplicate_name),
        UNIT_TEST(test_dollars_before_a_reference),
        UNIT_TEST(test_links_to_services_and_clouds),
        UNIT_TEST(test_variables_limit),
        UNIT_TEST(test_routes_limit),
        UNIT_TEST(test_routes),
        UNIT_TEST(test_path_of_the_sticky_cookie),
        UNIT_TEST(test_trailing_slash_and_the_sticky_cookie),
        UNIT_TEST(test_sticky_and_hash),
        UNIT_TEST(test_issuers_require_domains),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
