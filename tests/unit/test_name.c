#include "format/name.h"
#include "unit.h"

struct row {
    name_check *check;
    bool valid;
    const char *name;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *error = rows[i].check(str_from_c(rows[i].name));
        if (!error != rows[i].valid)
            fail_msg("row %zu, \"%s\": %s", i, rows[i].name, error ? error : "is valid");
    }
}

static void test_labels(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {name_check_namespace, true, "hello"},  {name_check_namespace, true, "1-a-2"},
        {name_check_namespace, true, "a"},      {name_check_namespace, false, ""},
        {name_check_namespace, false, "-a"},    {name_check_namespace, false, "a-"},
        {name_check_namespace, false, "a.b"},   {name_check_namespace, false, "a_b"},
        {name_check_namespace, false, "Hello"}, {name_check_namespace, false, "h\xC3\xA4llo"},
        {name_check_namespace, false, "a b"},   {name_check_namespace, false, "a\n"},
        {name_check_service, true, "app-1"},    {name_check_service, false, "1-app"},
        {name_check_service, false, ""},        {name_check_service, false, "app-"},
        {name_check_label_value, true, ""},     {name_check_label_value, true, "A.b_c-1"},
        {name_check_label_value, false, "-a"},  {name_check_label_value, false, "a."},
        {name_check_label_value, false, "a/b"}, {name_check_subdomain, true, "a.b-c.d"},
        {name_check_subdomain, true, "1.2"},    {name_check_subdomain, false, ""},
        {name_check_subdomain, false, "a..b"},  {name_check_subdomain, false, ".a"},
        {name_check_subdomain, false, "a."},    {name_check_subdomain, false, "a.-b"},
        {name_check_subdomain, false, "a_b"},   {name_check_host, true, "app.example.com"},
        {name_check_host, true, "localhost"},   {name_check_host, true, "*.example.com"},
        {name_check_host, false, "*"},          {name_check_host, false, "*."},
        {name_check_host, false, "a.*.com"},    {name_check_host, false, "*a.com"},
        {name_check_host, false, "10.0.0.1"},   {name_check_host, false, "App.example.com"},
        {name_check_host, false, "a.com."},     {name_check_host, false, "a.com:80"},
        {name_check_variable, true, "PATH"},    {name_check_variable, true, "_a.b-c9"},
        {name_check_variable, true, ".a"},      {name_check_variable, false, ""},
        {name_check_variable, false, "9A"},     {name_check_variable, false, "A B"},
        {name_check_variable, false, "A=B"},    {name_check_variable, false, "\xC3\x84"},
        {name_check_secret_key, true, "9.-_"},  {name_check_secret_key, false, ""},
        {name_check_secret_key, false, "a/b"},  {name_check_secret_key, false, "a b"},
    };
    check_rows(rows, COUNT_OF(rows));
}

/* Kubernetes rejects `.` and a leading `..` as keys: they would be paths. */
static void test_names_that_would_be_paths(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {name_check_secret_key, true, ".a"},   {name_check_secret_key, true, "a..b"},
        {name_check_secret_key, false, "."},   {name_check_secret_key, false, ".."},
        {name_check_secret_key, false, "..a"}, {name_check_variable, false, "."},
        {name_check_variable, false, ".."},    {name_check_variable, false, "..a"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void test_images(void **state)
{
    (void)state;
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct row rows[] = {
        {name_check_image, true, "nginx"},
        {name_check_image, true, "nginx:1.29"},
        {name_check_image, true, "nginx@" DIGEST},
        {name_check_image, true, "nginx:1.29@" DIGEST},
        {name_check_image, true, "library/nginx"},
        {name_check_image, true, "registry.example.com/team/app:v1"},
        {name_check_image, true, "registry.example.com:5000/app"},
        {name_check_image, true, "localhost/app"},
        {name_check_image, true, "localhost:5000/app:latest"},
        {name_check_image, true, "Registry.Example.com/app"}, /* hosts may have any letter case */
        {name_check_image, true, "a.b_c__d-e---f/g"},
        {name_check_image, true, "123456789012.dkr.ecr.us-east-1.amazonaws.com/opta-hello-app:1"},
        {name_check_image, false, ""},
        {name_check_image, false, ":1"},
        {name_check_image, false, "nginx:"},
        {name_check_image, false, "nginx:.1"},
        {name_check_image, false, "nginx:-1"},
        {name_check_image, false, "nginx:a:b"},
        {name_check_image, false, "nginx:a b"},
        {name_check_image, false, "Nginx"},
        {name_check_image, false, "team/App"},
        {name_check_image, false, "a//b"},
        {name_check_image, false, "/a"},
        {name_check_image, false, "a/"},
        {name_check_image, false, "a..b"},
        {name_check_image, false, "a___b"},
        {name_check_image, false, "a._b"},
        {name_check_image, false, "a-_b"},
        {name_check_image, false, "a_-b"},
        {name_check_image, false, "-a"},
        {name_check_image, false, "a-"},
        {name_check_image, false, "https://nginx"},
        {name_check_image, false, "host.com:/a"},
        {name_check_image, false, "host.com:123456/a"},
        {name_check_image, false, "host.com:8x/a"},
        {name_check_image, false, "-.com/a"},
        {name_check_image, false, "nginx@sha256:12"},
        {name_check_image, false, "nginx@"},
        {name_check_image, false, "nginx@md5:0123"},
        {name_check_image_tag, true, "v1.2_3-x"},
        {name_check_image_tag, true, "_"},
        {name_check_image_tag, true, "V1."},
        {name_check_image_tag, false, ""},
        {name_check_image_tag, false, ".1"},
        {name_check_image_tag, false, "a/b"},
        {name_check_image_digest, true, DIGEST},
        {name_check_image_digest, false, DIGEST "0"},
        {name_check_image_digest, false, "sha256:"},
        {name_check_image_digest, false,
         "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"},
        {name_check_image_digest, false,
         "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    };
    check_rows(rows, COUNT_OF(rows));
    assert_contains(str_from_c(name_check_image(STR("team/App"))), "lowercase");
    assert_contains(str_from_c(name_check_image(STR("app:-"))), "tag");
    assert_contains(str_from_c(name_check_image(STR("app@x"))), "digest");
}

static void test_others(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {name_check_path, true, "/"},
        {name_check_path, true, "/a/b-._~!$&'()*+,;=:@%20"},
        {name_check_path, false, ""},
        {name_check_path, false, "a"},
        {name_check_path, false, "/a b"},
        {name_check_path, false, "/a?b"},
        {name_check_path, false, "/a#b"},
        {name_check_path, false, "/a\"b"},
        {name_check_path, false, "/a\\b"},
        {name_check_path, false, "/\xC3\xA4"},
        {name_check_hash_key, true, "$request_uri"},
        {name_check_hash_key, true, "${arg_user}-$host"},
        {name_check_hash_key, false, ""},
        {name_check_hash_key, false, "$a;return 200"},
        {name_check_hash_key, false, "$a\n"},
        {name_check_hash_key, false, "$a b"},
        {name_check_arn, true, "arn:aws:iam::123456789012:policy/extra"},
        {name_check_arn, true, "arn:aws-cn:iam::123456789012:policy/a+b=c,@"},
        {name_check_arn, false, ""},
        {name_check_arn, false, "arn:aws:iam::123456789012"},
        {name_check_arn, false, "arn:gcp:iam::123456789012:policy/a"},
        {name_check_arn, false, "arn:aws:iam::123456789012:policy/a b"},
        {name_check_aws_account, true, "012345678901"},
        {name_check_aws_account, false, "12345678901"},
        {name_check_aws_account, false, "1234567890123"},
        {name_check_aws_account, false, "12345678901x"},
        {name_check_aws_region, true, "us-east-1"},
        {name_check_aws_region, true, "us-gov-west-1"},
        {name_check_aws_region, false, ""},
        {name_check_aws_region, false, "useast1"},
        {name_check_aws_region, false, "us-east"},
        {name_check_aws_region, false, "US-EAST-1"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void test_ports_and_paths(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {name_check_port, true, "main"},
        {name_check_port, true, "a"},
        {name_check_port, true, "8a"},
        {name_check_port, true, "http-2-x"},
        {name_check_port, true, "abcdefghijklmno"},   /* 15 */
        {name_check_port, false, "abcdefghijklmnop"}, /* 16 */
        {name_check_port, false, ""},
        {name_check_port, false, "80"}, /* a letter is required */
        {name_check_port, false, "8-0"},
        {name_check_port, false, "-a"},
        {name_check_port, false, "a-"},
        {name_check_port, false, "a--b"},
        {name_check_port, false, "A"},
        {name_check_port, false, "a_b"},
        {name_check_port, false, "a.b"},
        {name_check_port, false, "\xC3\xA4"},
        {name_check_mount_path, true, "/data"},
        {name_check_mount_path, true, "/a b/\xC3\xA4"},
        {name_check_mount_path, false, ""},
        {name_check_mount_path, false, "/"},
        {name_check_mount_path, false, "data"},
        {name_check_mount_path, false, "./data"},
        {name_check_mount_path, false, "/a:b"},
        {name_check_request, true, "/"},
        {name_check_request, true, "/a?b=c&d=/e?f"},
        {name_check_request, true, "/a?"},
        {name_check_request, false, ""},
        {name_check_request, false, "a?b"},
        {name_check_request, false, "?a"},
        {name_check_request, false, "/a b"},
        {name_check_request, false, "/a?b c"},
        {name_check_request, false, "/a?b#c"},
        {name_check_request, false, "/a#b"},
        {name_check_request, false, "/a?\xC3\xA4"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void test_keys_of_labels(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {name_check_label_key, true, "team"},
        {name_check_label_key, true, "a"},
        {name_check_label_key, true, "A.b_c-1"},
        {name_check_label_key, true, "example.com/A.b_c-1"},
        {name_check_label_key, true, "x/y"},
        {name_check_label_key, false, ""},
        {name_check_label_key, false, "-a"},
        {name_check_label_key, false, "a-"},
        {name_check_label_key, false, "a b"},
        {name_check_label_key, false, "a=b"},
        {name_check_label_key, false, "/a"},
        {name_check_label_key, false, "a/"},
        {name_check_label_key, false, "a/b/c"},
        {name_check_label_key, false, "a_b/c"},
        {name_check_label_key, false, "Example.com/c"},
        {name_check_label_key, false, "a..b/c"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void test_registries(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {name_check_registry, true, "registry.example.com"},
        {name_check_registry, true, "registry.example.com/"},
        {name_check_registry, true, "registry.example.com/team/sub//"},
        {name_check_registry, true, "localhost"},
        {name_check_registry, true, "localhost:5000"},
        {name_check_registry, true, "host:5000/team"},
        {name_check_registry, true, "123456789012.dkr.ecr.us-east-1.amazonaws.com"},
        {name_check_registry, false, ""},
        {name_check_registry, false, "/"},
        {name_check_registry, false, "team"}, /* would be a repository on Docker Hub */
        {name_check_registry, false, "team/sub"},
        {name_check_registry, false, "https://registry.example.com"},
        {name_check_registry, false, "registry.example.com/Team"},
        {name_check_registry, false, "registry.example.com/a//b"},
        {name_check_registry, false, "registry.example.com:"},
        {name_check_registry, false, "registry.example.com:x"},
        {name_check_registry, false, "registry.example.com:123456"},
        {name_check_registry, false, "registry.example.com/a:b"},
        {name_check_registry, false, "-.example.com"},
        {name_check_registry, false, "a b.example.com"},
    };
    check_rows(rows, COUNT_OF(rows));
}

static void test_lengths_on_both_sides(void **state)
{
    struct unit *unit = *state;
    static const struct {
        name_check *check;
        size_t max;
    } rows[] = {
        {name_check_namespace, 63},  {name_check_service, 63},     {name_check_label_value, 63},
        {name_check_image_tag, 128}, {name_check_secret_key, 253}, {name_check_label_key, 63},
        {name_check_port, 15},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        if (rows[i].check(unit_repeat(unit, "a", rows[i].max)))
            fail_msg("row %zu: %zu characters are rejected", i, rows[i].max);
        if (!rows[i].check(unit_repeat(unit, "a", rows[i].max + 1)))
            fail_msg("row %zu: %zu characters are accepted", i, rows[i].max + 1);
    }
    /* 253 characters in total, 63 per label. */
    struct str part = unit_repeat(unit, "a", 63);
    struct str four = str_format(&unit->arena, "%.*s.%.*s.%.*s.%.*s", STR_ARG(part), STR_ARG(part),
                                 STR_ARG(part), STR_ARG(part));
    static name_check *const domains[] = {name_check_subdomain, name_check_host};
    for (size_t i = 0; i < COUNT_OF(domains); i++) {
        assert_null(domains[i](part));
        assert_non_null(domains[i](unit_repeat(unit, "a", 64)));
        assert_null(domains[i](str_slice(four, 0, 253)));
        assert_non_null(domains[i](str_slice(four, 0, 254)));
    }
    struct str path = unit_repeat(unit, "/a", 512);
    assert_null(name_check_path(path));
    assert_non_null(name_check_path(str_format(&unit->arena, "%.*s/", STR_ARG(path))));
    assert_null(name_check_mount_path(path));
    assert_non_null(name_check_mount_path(str_format(&unit->arena, "%.*s/", STR_ARG(path))));
    assert_null(name_check_request(str_format(&unit->arena, "%.*s?a", STR_ARG(path))));
    struct str key = str_format(&unit->arena, "%.*s/%.*s", 253, four.data, STR_ARG(part));
    assert_null(name_check_label_key(key));
    assert_non_null(name_check_label_key(str_format(&unit->arena, "%.*sa", STR_ARG(key))));
    assert_non_null(name_check_label_key(str_format(&unit->arena, "a%.*s", STR_ARG(key))));
    struct str registry =
        str_format(&unit->arena, "a.b/%.*s", STR_ARG(unit_repeat(unit, "a", 251)));
    assert_int_equal(registry.len, 255);
    assert_null(name_check_registry(registry));
    assert_non_null(name_check_registry(str_format(&unit->arena, "%.*sa", STR_ARG(registry))));
    assert_non_null(name_check_image(unit_repeat(unit, "a", 10000)));
}

static void test_names_for_variables(void **state)
{
    struct unit *unit = *state;
    assert_str(name_for_variable(&unit->arena, STR("my-data-base")), "my_data_base");
    assert_str(name_for_variable(&unit->arena, STR("")), "");
}

static void test_google_projects(void **state)
{
    (void)state;
    static const struct {
        const char *project;
        bool valid;
    } rows[] = {
        {"shop12", true},
        {"acme-staging-123", true},
        {"example.com:shop-1", true},
        {"shop1", false},
        {"a23456789-123456789-123456789-", false},
        {"a23456789-123456789-123456789x", true},
        {"a23456789-123456789-123456789xx", false},
        {"1shopping", false},
        {"Shopping", false},
        {"shop_ping", false},
        {"exam_ple.com:shopping", false},
        {"example.com:", false},
        {"", false},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (!name_check_google_project(str_from_c(rows[i].project)) != rows[i].valid)
            fail_msg("%s", rows[i].project);
}

static void test_domains_without_root(void **state)
{
    (void)state;
    assert_str(name_without_root(STR("example.com.")), "example.com");
    assert_str(name_without_root(STR("example.com")), "example.com");
    assert_str(name_without_root(STR("example.com..")), "example.com..");
    assert_str(name_without_root(STR(".")), ".");
    assert_str(name_without_root(STR("")), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_labels),
        UNIT_TEST(test_google_projects),
        UNIT_TEST(test_domains_without_root),
        UNIT_TEST(test_names_that_would_be_paths),
        UNIT_TEST(test_images),
        UNIT_TEST(test_others),
        UNIT_TEST(test_ports_and_paths),
        UNIT_TEST(test_keys_of_labels),
        UNIT_TEST(test_registries),
        UNIT_TEST(test_lengths_on_both_sides),
        UNIT_TEST(test_names_for_variables),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
