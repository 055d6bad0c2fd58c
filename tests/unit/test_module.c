#include "config/module.h"
#include "unit.h"
#include "yaml/parse_strict.h"

static struct schema_reader reader_of(struct unit *unit)
{
    return (struct schema_reader){.arena = &unit->arena, .diags = &unit->diags};
}

/* Reads a YAML list of modules. */
static struct module *read_modules(struct unit *unit, struct str text, size_t *ret_count)
{
    unit->diags = (struct diags){.arena = &unit->arena};
    const struct node *list = load_service(&unit->arena, unit_source(unit, text), &unit->diags);
    assert_no_diags(unit);
    struct schema_reader reader = reader_of(unit);
    return modules_read(&reader, list, false, ret_count);
}

static void test_types(void **state)
{
    (void)state;
    static const struct {
        const char *type;
        bool local;
        const char *name; /* name of the type; NULL if there is none */
    } rows[] = {
        {"k8s-service", false, "k8s-service"},
        {"aws-k8s-service", false, "k8s-service"},
        {"gcp-k8s-service", false, "k8s-service"},
        {"azure-postgres", false, "postgres"},
        {"aws-postgres", false, "postgres"},
        {"local-postgres", false, "postgres"},
        {"redis", false, "redis"},
        {"redis", true, "local-redis"},
        {"local-redis", false, "local-redis"},
        {"aws-redis", true, "redis"},
        {"aws-aws-redis", false, NULL},
        {"k8s-service-x", false, NULL},
        {"", false, NULL},
        {"K8S-Service", false, NULL},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct module_type *type = module_type_find(str_from_c(rows[i].type), rows[i].local);
        if (!type != !rows[i].name || (type && strcmp(type->name, rows[i].name) != 0))
            fail_msg("\"%s\" is %s", rows[i].type, type ? type->name : "none");
    }
    assert_non_null(module_type_find(STR("aws-s3"), false)->permissions);
}

static void test_names(void **state)
{
    struct unit *unit = *state;
    size_t count;
    struct module *modules = read_modules(unit,
                                          STR("- {type: k8s-service}\n"
                                              "- {type: aws-postgres, name: db}\n"
                                              "- {type: aws-k8s-service}\n"),
                                          &count);
    assert_no_diags(unit);
    assert_int_equal(count, 3);
    assert_str(modules[0].name, "k8sservice");
    assert_str(modules[1].name, "db");
    assert_str(modules[1].type, "aws-postgres");
    assert_str(modules[2].name, "awsk8sservice");
    assert_true(module_is_service(&modules[0]));
    assert_false(module_is_service(&modules[1]));
    assert_ptr_equal(module_find(modules, count, STR("db")), &modules[1]);
    assert_null(module_find(modules, count, STR("d")));
}

static void test_invalid_modules(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *file;
        size_t line, column;
        const char *message, *hint;
    } rows[] = {
        {"a: b", 1, 1, "modules must be a list, not a map", "type: k8s-service"},
        {"text", 1, 1, "modules must be a list, not a string", ""},
        {"- a\n", 1, 3, "a module must be a map", ""},
        {"- {name: a}\n", 1, 3, "missing required field \"type\" in a module", ""},
        {"- {type: [k8s-service]}\n", 1, 10, "type must be a string", ""},
        {"- {type: k8s-servce}\n", 1, 10, "unknown module type \"k8s-servce\"", "k8s-service"},
        {"- {type: aws-postgress}\n", 1, 10, "unknown module type", "postgres"},
        {"- {type: redis, name: a}\n- {type: redis, name: a}\n", 2, 23, "duplicate module \"a\"",
         "line 1"},
        {"- {type: redis}\n- {type: redis}\n", 2, 10, "duplicate module \"redis\"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t count;
        read_modules(unit, str_from_c(rows[i].file), &count);
        assert_errors(unit, 1);
        assert_diag(unit, 0, rows[i].line, rows[i].column, rows[i].message, rows[i].hint);
    }
    /* Unknown types are reported as warnings. */
    size_t count;
    read_modules(unit, STR("- {type: my-own-terraform-thing}\n"), &count);
    assert_warnings(unit, 1);
    assert_int_equal(count, 1);
    struct schema_reader reader = reader_of(unit);
    assert_null(modules_read(&reader, NULL, false, &count));
    assert_int_equal(count, 0);
}

static void test_maximum_number_of_modules(void **state)
{
    struct unit *unit = *state;
    struct buf text = {0};
    for (size_t i = 0; i < MODULES_MAX; i++)
        buf_format(&text, "- {type: redis, name: a%zu}\n", i);
    size_t count;
    read_modules(unit, buf_str(&text), &count);
    assert_no_diags(unit);
    assert_int_equal(count, MODULES_MAX);
    for (size_t i = 0; i < 5; i++)
        buf_format(&text, "- {type: redis, name: b%zu}\n", i);
    read_modules(unit, buf_str(&text), &count);
    assert_errors(unit, 1);
    assert_diag(unit, 0, MODULES_MAX + 1, 3, "too many modules in one file (maximum 1000)", "");
    assert_int_equal(count, MODULES_MAX);
    buf_free(&text);
}

static void test_credentials(void **state)
{
    struct unit *unit = *state;
    size_t count;
    struct module *modules =
        read_modules(unit,
                     STR("- {type: postgres, name: a}\n"
                         "- {type: postgres, name: b, secret: creds, instance_class: x,\n"
                         "   secret_keys: {db_password: pass.word}}\n"),
                     &count);
    struct schema_reader reader = reader_of(unit);
    assert_str(module_secret(&modules[0]), "a");
    assert_str(module_secret_key(&modules[0], STR("db_password")), "db_password");
    for (size_t i = 0; i < count; i++)
        module_read_credentials(&reader, &modules[i]);
    assert_no_diags(unit);
    assert_str(module_secret(&modules[0]), "a");
    assert_str(module_secret_key(&modules[0], STR("db_password")), "db_password");
    assert_str(module_secret(&modules[1]), "creds");
    assert_str(module_secret_key(&modules[1], STR("db_password")), "pass.word");
    assert_str(module_secret_key(&modules[1], STR("db_user")), "db_user");
    assert_str(link_variable(&unit->arena, &modules[0], STR("db_user")), "a_db_user");

    modules = read_modules(unit,
                           STR("- {type: postgres, secret: A_B,\n"
                               "   secret_keys: {password: a, db_user: a/b}}\n"),
                           &count);
    reader = reader_of(unit);
    module_read_credentials(&reader, &modules[0]);
    assert_errors(unit, 3);
    assert_diag(unit, 0, 1, 28, "Secret name must", "");
    assert_diag(unit, 1, 2, 18, "a module of type postgres has no output \"password\"",
                "available: db_user, db_name, db_password, db_host");
    assert_diag(unit, 2, 2, 40, "Secret key must", "");
}

/* Reads links in a file with one module of each kind of link. */
static struct link *read_links(struct unit *unit, const char *text, size_t *ret_count)
{
    size_t count;
    struct module *modules = read_modules(unit,
                                          STR("- {type: k8s-service, name: my-app}\n"
                                              "- {type: postgres, name: db}\n"
                                              "- {type: s3, name: bucket}\n"
                                              "- {type: sqs, name: queue}\n"
                                              "- {type: dns, name: dns}\n"
                                              "- {type: redis, name: Bad_Name}\n"),
                                          &count);
    struct schema_reader reader = reader_of(unit);
    const struct node *links =
        load_service(&unit->arena, unit_source(unit, str_from_c(text)), &unit->diags);
    return links_read(&reader, links, modules, count, ret_count);
}

static void test_links(void **state)
{
    struct unit *unit = *state;
    size_t count;
    struct link *links = read_links(unit, "[my-app, db, bucket, queue]", &count);
    assert_no_diags(unit);
    assert_int_equal(count, 4);
    assert_str(link_service_prefix(&unit->arena, links[0].module), "MY_APP");
    assert_int_equal(links[1].variable_count, 4);
    assert_str(links[1].variables[0].name, "db_user");
    assert_str(links[1].variables[0].text, "db_db_user");
    assert_int_equal(links[2].permission_count, 1);
    assert_str(links[2].permissions[0], "write");
    assert_int_equal(links[3].permission_count, 2);

    links = read_links(unit,
                       "- bucket: [read, write, read]\n"
                       "- queue:\n"
                       "- db: [{db_user: U, db_name: N, db_password: P, db_host: H}]\n",
                       &count);
    assert_no_diags(unit);
    assert_int_equal(count, 3);
    assert_int_equal(links[0].permission_count, 2);
    assert_str(links[0].permissions[0], "read");
    assert_int_equal(links[1].permission_count, 2);
    assert_str(links[2].variables[2].name, "db_password");
    assert_str(links[2].variables[2].text, "P");

    /* Opta's files have `[]` for a link without permissions. */
    links = read_links(unit, "- bucket: []\n- db: []\n- my-app: []\n", &count);
    assert_no_diags(unit);
    assert_int_equal(count, 3);
    assert_str(links[0].permissions[0], "write");
    assert_str(links[1].variables[0].text, "db_db_user");

    links =
        read_links(unit, "- db: {db_user: U, db_name: N, db_password: P, db_host: H}\n", &count);
    assert_no_diags(unit);
    assert_str(links[0].variables[3].text, "H");
}

/* A map selects the outputs that are linked. */
static void test_links_to_some_outputs(void **state)
{
    struct unit *unit = *state;
    size_t count;
    struct link *links = read_links(unit,
                                    "- db: [{db_host: H}, {db_name: N}]\n"
                                    "- bucket: [read, {bucket_id: B}]\n"
                                    "- queue: {queue_id: Q}\n"
                                    "- my-app: {host: A}\n"
                                    "- dns: {domain: D}\n",
                                    &count);
    assert_no_diags(unit);
    assert_int_equal(count, 5);
    assert_int_equal(links[0].variable_count, 2);
    assert_str(links[0].variables[0].name, "db_host");
    assert_str(links[0].variables[1].text, "N");
    assert_int_equal(links[1].variable_count, 1);
    assert_int_equal(links[1].permission_count, 1);
    assert_str(links[1].permissions[0], "read");
    assert_int_equal(links[2].permission_count, 2); /* same as without the map */
    assert_int_equal(links[3].variable_count, 1);
    assert_str(links[4].variables[0].text, "D");

    links = read_links(unit, "- db: [{}]\n- my-app: {}\n", &count);
    assert_no_diags(unit);
    assert_int_equal(links[0].variable_count, 4);
    assert_str(links[1].variables[0].text, "MY_APP_HOST");
    assert_str(links[1].variables[1].text, "MY_APP_PORT");
}

static void test_invalid_links(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *file;
        size_t line, column;
        const char *message, *hint;
    } rows[] = {
        {"db", 1, 1, "links must be a list", "links: [database]"},
        {"{db: x}", 1, 1, "links must be a list", ""},
        {"- [db]", 1, 3, "a link must be a module name", ""},
        {"- {}", 1, 3, "a link must be a module name", ""},
        {"- {db: , bucket: }", 1, 3, "a link must be a module name", ""},
        {"- bd", 1, 3, "module \"bd\" not found", "did you mean \"db\"?"},
        {"- something-else", 1, 3, "module \"something-else\" not found", "add it to modules"},
        {"- dns", 1, 3, "cannot link to \"dns\": links to modules of type dns",
         "dns: {OUTPUT: VARIABLE}"},
        {"- dns: [domain]", 1, 3, "cannot link to \"dns\": links to modules of type dns", "gcs"},
        {"- dns: [{}]", 1, 3, "cannot link to \"dns\": links to modules of type dns", "gcs"},
        {"- db\n- db", 2, 3, "duplicate link \"db\"", ""},
        {"- bucket: [delete]", 1, 12, "permissions of a link to s3 must be read or write",
         "bucket: [read]"},
        {"- bucket: [[read]]", 1, 12, "permissions of a link to s3 must be read or write", ""},
        {"- bucket: read", 1, 11, "permissions of a link to s3 must be a list, not a string",
         "bucket: [read]"},
        {"- my-app: [read]", 1, 11, "a link to k8s-service cannot have permissions",
         "use only the name: - my-app"},
        {"- db: [read]", 1, 7, "a link to postgres cannot have permissions", "- db"},
        {"- my-app: {hots: H}", 1, 12, "a module of type k8s-service has no output \"hots\"",
         "available: host, port"},
        {"- db: {db_user: }", 1, 8, "variable name for output \"db_user\" has no value", ""},
        {"- db: [{db_user: 1U}]", 1, 18, "variable name for output \"db_user\" must", ""},
        {"- db: [{db_user: [U]}]", 1, 18, "variable name for output \"db_user\" must be a string",
         ""},
        {"- Bad_Name", 1, 3, "is not a valid Secret name", "set secret"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        size_t count;
        read_links(unit, rows[i].file, &count);
        assert_errors(unit, 1);
        assert_diag(unit, 0, rows[i].line, rows[i].column, rows[i].message, rows[i].hint);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_types),
        UNIT_TEST(test_names),
        UNIT_TEST(test_invalid_modules),
        UNIT_TEST(test_maximum_number_of_modules),
        UNIT_TEST(test_credentials),
        UNIT_TEST(test_links),
        UNIT_TEST(test_links_to_some_outputs),
        UNIT_TEST(test_invalid_links),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
