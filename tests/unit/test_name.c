#include "format/name.h"
#include "unit.h"

struct row {
    enum name_kind kind;
    bool right;
    const char *name;
};

static void check_rows(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *wrong = name_wrong(rows[i].kind, str_of(rows[i].name));
        if (!wrong != rows[i].right)
            fail_msg("kind %d, \"%s\": %s", (int)rows[i].kind, rows[i].name,
                     wrong ? wrong : "is right");
    }
}

static void test_labels(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NAME_NAMESPACE, true, "hello"},  {NAME_NAMESPACE, true, "1-a-2"},
        {NAME_NAMESPACE, true, "a"},      {NAME_NAMESPACE, false, ""},
        {NAME_NAMESPACE, false, "-a"},    {NAME_NAMESPACE, false, "a-"},
        {NAME_NAMESPACE, false, "a.b"},   {NAME_NAMESPACE, false, "a_b"},
        {NAME_NAMESPACE, false, "Hello"}, {NAME_NAMESPACE, false, "h\xC3\xA4llo"},
        {NAME_NAMESPACE, false, "a b"},   {NAME_NAMESPACE, false, "a\n"},
        {NAME_SERVICE, true, "app-1"},    {NAME_SERVICE, false, "1-app"},
        {NAME_SERVICE, false, ""},        {NAME_SERVICE, false, "app-"},
        {NAME_LABEL_VALUE, true, ""},     {NAME_LABEL_VALUE, true, "A.b_c-1"},
        {NAME_LABEL_VALUE, false, "-a"},  {NAME_LABEL_VALUE, false, "a."},
        {NAME_LABEL_VALUE, false, "a/b"}, {NAME_SUBDOMAIN, true, "a.b-c.d"},
        {NAME_SUBDOMAIN, true, "1.2"},    {NAME_SUBDOMAIN, false, ""},
        {NAME_SUBDOMAIN, false, "a..b"},  {NAME_SUBDOMAIN, false, ".a"},
        {NAME_SUBDOMAIN, false, "a."},    {NAME_SUBDOMAIN, false, "a.-b"},
        {NAME_SUBDOMAIN, false, "a_b"},   {NAME_HOST, true, "app.example.com"},
        {NAME_HOST, true, "localhost"},   {NAME_HOST, true, "*.example.com"},
        {NAME_HOST, false, "*"},          {NAME_HOST, false, "*."},
        {NAME_HOST, false, "a.*.com"},    {NAME_HOST, false, "*a.com"},
        {NAME_HOST, false, "10.0.0.1"},   {NAME_HOST, false, "App.example.com"},
        {NAME_HOST, false, "a.com."},     {NAME_HOST, false, "a.com:80"},
        {NAME_VARIABLE, true, "PATH"},    {NAME_VARIABLE, true, "_a.b-c9"},
        {NAME_VARIABLE, true, ".a"},      {NAME_VARIABLE, false, ""},
        {NAME_VARIABLE, false, "9A"},     {NAME_VARIABLE, false, "A B"},
        {NAME_VARIABLE, false, "A=B"},    {NAME_VARIABLE, false, "\xC3\x84"},
        {NAME_SECRET_KEY, true, "9.-_"},  {NAME_SECRET_KEY, false, ""},
        {NAME_SECRET_KEY, false, "a/b"},  {NAME_SECRET_KEY, false, "a b"},
    };
    check_rows(rows, COUNT(rows));
}

/* Kubernetes refuses `.` and `..` as keys, and `..` at the beginning: they would be paths. */
static void test_names_that_would_be_paths(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NAME_SECRET_KEY, true, ".a"},   {NAME_SECRET_KEY, true, "a..b"},
        {NAME_SECRET_KEY, false, "."},   {NAME_SECRET_KEY, false, ".."},
        {NAME_SECRET_KEY, false, "..a"}, {NAME_VARIABLE, false, "."},
        {NAME_VARIABLE, false, ".."},    {NAME_VARIABLE, false, "..a"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_images(void **state)
{
    (void)state;
#define DIGEST "sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
    static const struct row rows[] = {
        {NAME_IMAGE, true, "nginx"},
        {NAME_IMAGE, true, "nginx:1.29"},
        {NAME_IMAGE, true, "nginx@" DIGEST},
        {NAME_IMAGE, true, "nginx:1.29@" DIGEST},
        {NAME_IMAGE, true, "library/nginx"},
        {NAME_IMAGE, true, "registry.example.com/team/app:v1"},
        {NAME_IMAGE, true, "registry.example.com:5000/app"},
        {NAME_IMAGE, true, "localhost/app"},
        {NAME_IMAGE, true, "localhost:5000/app:latest"},
        {NAME_IMAGE, true, "Registry.Example.com/app"}, /* hosts may be in any case */
        {NAME_IMAGE, true, "a.b_c__d-e---f/g"},
        {NAME_IMAGE, true, "123456789012.dkr.ecr.us-east-1.amazonaws.com/opta-hello-app:1"},
        {NAME_IMAGE, false, ""},
        {NAME_IMAGE, false, ":1"},
        {NAME_IMAGE, false, "nginx:"},
        {NAME_IMAGE, false, "nginx:.1"},
        {NAME_IMAGE, false, "nginx:-1"},
        {NAME_IMAGE, false, "nginx:a:b"},
        {NAME_IMAGE, false, "nginx:a b"},
        {NAME_IMAGE, false, "Nginx"},
        {NAME_IMAGE, false, "team/App"},
        {NAME_IMAGE, false, "a//b"},
        {NAME_IMAGE, false, "/a"},
        {NAME_IMAGE, false, "a/"},
        {NAME_IMAGE, false, "a..b"},
        {NAME_IMAGE, false, "a___b"},
        {NAME_IMAGE, false, "a._b"},
        {NAME_IMAGE, false, "a-_b"},
        {NAME_IMAGE, false, "a_-b"},
        {NAME_IMAGE, false, "-a"},
        {NAME_IMAGE, false, "a-"},
        {NAME_IMAGE, false, "https://nginx"},
        {NAME_IMAGE, false, "host.com:/a"},
        {NAME_IMAGE, false, "host.com:123456/a"},
        {NAME_IMAGE, false, "host.com:8x/a"},
        {NAME_IMAGE, false, "-.com/a"},
        {NAME_IMAGE, false, "nginx@sha256:12"},
        {NAME_IMAGE, false, "nginx@"},
        {NAME_IMAGE, false, "nginx@md5:0123"},
        {NAME_IMAGE_TAG, true, "v1.2_3-x"},
        {NAME_IMAGE_TAG, true, "_"},
        {NAME_IMAGE_TAG, true, "V1."},
        {NAME_IMAGE_TAG, false, ""},
        {NAME_IMAGE_TAG, false, ".1"},
        {NAME_IMAGE_TAG, false, "a/b"},
        {NAME_IMAGE_DIGEST, true, DIGEST},
        {NAME_IMAGE_DIGEST, false, DIGEST "0"},
        {NAME_IMAGE_DIGEST, false, "sha256:"},
        {NAME_IMAGE_DIGEST, false,
         "sha256:0123456789ABCDEF0123456789abcdef0123456789abcdef0123456789abcdef"},
        {NAME_IMAGE_DIGEST, false,
         "sha512:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"},
    };
    check_rows(rows, COUNT(rows));
    assert_contains(str_of(name_wrong(NAME_IMAGE, STR("team/App"))), "lower case");
    assert_contains(str_of(name_wrong(NAME_IMAGE, STR("app:-"))), "tag");
    assert_contains(str_of(name_wrong(NAME_IMAGE, STR("app@x"))), "digest");
}

static void test_others(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NAME_PATH, true, "/"},
        {NAME_PATH, true, "/a/b-._~!$&'()*+,;=:@%20"},
        {NAME_PATH, false, ""},
        {NAME_PATH, false, "a"},
        {NAME_PATH, false, "/a b"},
        {NAME_PATH, false, "/a?b"},
        {NAME_PATH, false, "/a#b"},
        {NAME_PATH, false, "/a\"b"},
        {NAME_PATH, false, "/a\\b"},
        {NAME_PATH, false, "/\xC3\xA4"},
        {NAME_HASH_KEY, true, "$request_uri"},
        {NAME_HASH_KEY, true, "${arg_user}-$host"},
        {NAME_HASH_KEY, false, ""},
        {NAME_HASH_KEY, false, "$a;return 200"},
        {NAME_HASH_KEY, false, "$a\n"},
        {NAME_HASH_KEY, false, "$a b"},
        {NAME_ARN, true, "arn:aws:iam::123456789012:policy/extra"},
        {NAME_ARN, true, "arn:aws-cn:iam::123456789012:policy/a+b=c,@"},
        {NAME_ARN, false, ""},
        {NAME_ARN, false, "arn:aws:iam::123456789012"},
        {NAME_ARN, false, "arn:gcp:iam::123456789012:policy/a"},
        {NAME_ARN, false, "arn:aws:iam::123456789012:policy/a b"},
        {NAME_AWS_ACCOUNT, true, "012345678901"},
        {NAME_AWS_ACCOUNT, false, "12345678901"},
        {NAME_AWS_ACCOUNT, false, "1234567890123"},
        {NAME_AWS_ACCOUNT, false, "12345678901x"},
        {NAME_AWS_REGION, true, "us-east-1"},
        {NAME_AWS_REGION, true, "us-gov-west-1"},
        {NAME_AWS_REGION, false, ""},
        {NAME_AWS_REGION, false, "useast1"},
        {NAME_AWS_REGION, false, "us-east"},
        {NAME_AWS_REGION, false, "US-EAST-1"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_ports_and_paths(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NAME_PORT, true, "main"},
        {NAME_PORT, true, "a"},
        {NAME_PORT, true, "8a"},
        {NAME_PORT, true, "http-2-x"},
        {NAME_PORT, true, "abcdefghijklmno"},   /* 15 */
        {NAME_PORT, false, "abcdefghijklmnop"}, /* 16 */
        {NAME_PORT, false, ""},
        {NAME_PORT, false, "80"}, /* a letter is needed */
        {NAME_PORT, false, "8-0"},
        {NAME_PORT, false, "-a"},
        {NAME_PORT, false, "a-"},
        {NAME_PORT, false, "a--b"},
        {NAME_PORT, false, "A"},
        {NAME_PORT, false, "a_b"},
        {NAME_PORT, false, "a.b"},
        {NAME_PORT, false, "\xC3\xA4"},
        {NAME_MOUNT_PATH, true, "/data"},
        {NAME_MOUNT_PATH, true, "/a b/\xC3\xA4"},
        {NAME_MOUNT_PATH, false, ""},
        {NAME_MOUNT_PATH, false, "/"},
        {NAME_MOUNT_PATH, false, "data"},
        {NAME_MOUNT_PATH, false, "./data"},
        {NAME_MOUNT_PATH, false, "/a:b"},
        {NAME_REQUEST, true, "/"},
        {NAME_REQUEST, true, "/a?b=c&d=/e?f"},
        {NAME_REQUEST, true, "/a?"},
        {NAME_REQUEST, false, ""},
        {NAME_REQUEST, false, "a?b"},
        {NAME_REQUEST, false, "?a"},
        {NAME_REQUEST, false, "/a b"},
        {NAME_REQUEST, false, "/a?b c"},
        {NAME_REQUEST, false, "/a?b#c"},
        {NAME_REQUEST, false, "/a#b"},
        {NAME_REQUEST, false, "/a?\xC3\xA4"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_keys_of_labels(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NAME_LABEL_KEY, true, "team"},
        {NAME_LABEL_KEY, true, "a"},
        {NAME_LABEL_KEY, true, "A.b_c-1"},
        {NAME_LABEL_KEY, true, "example.com/A.b_c-1"},
        {NAME_LABEL_KEY, true, "x/y"},
        {NAME_LABEL_KEY, false, ""},
        {NAME_LABEL_KEY, false, "-a"},
        {NAME_LABEL_KEY, false, "a-"},
        {NAME_LABEL_KEY, false, "a b"},
        {NAME_LABEL_KEY, false, "a=b"},
        {NAME_LABEL_KEY, false, "/a"},
        {NAME_LABEL_KEY, false, "a/"},
        {NAME_LABEL_KEY, false, "a/b/c"},
        {NAME_LABEL_KEY, false, "a_b/c"},
        {NAME_LABEL_KEY, false, "Example.com/c"},
        {NAME_LABEL_KEY, false, "a..b/c"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_registries(void **state)
{
    (void)state;
    static const struct row rows[] = {
        {NAME_REGISTRY, true, "registry.example.com"},
        {NAME_REGISTRY, true, "registry.example.com/"},
        {NAME_REGISTRY, true, "registry.example.com/team/sub//"},
        {NAME_REGISTRY, true, "localhost"},
        {NAME_REGISTRY, true, "localhost:5000"},
        {NAME_REGISTRY, true, "host:5000/team"},
        {NAME_REGISTRY, true, "123456789012.dkr.ecr.us-east-1.amazonaws.com"},
        {NAME_REGISTRY, false, ""},
        {NAME_REGISTRY, false, "/"},
        {NAME_REGISTRY, false, "team"}, /* would be looked for at Docker Hub */
        {NAME_REGISTRY, false, "team/sub"},
        {NAME_REGISTRY, false, "https://registry.example.com"},
        {NAME_REGISTRY, false, "registry.example.com/Team"},
        {NAME_REGISTRY, false, "registry.example.com/a//b"},
        {NAME_REGISTRY, false, "registry.example.com:"},
        {NAME_REGISTRY, false, "registry.example.com:x"},
        {NAME_REGISTRY, false, "registry.example.com:123456"},
        {NAME_REGISTRY, false, "registry.example.com/a:b"},
        {NAME_REGISTRY, false, "-.example.com"},
        {NAME_REGISTRY, false, "a b.example.com"},
    };
    check_rows(rows, COUNT(rows));
}

static void test_lengths_on_both_sides(void **state)
{
    struct unit *unit = *state;
    static const struct {
        enum name_kind kind;
        size_t most;
    } rows[] = {
        {NAME_NAMESPACE, 63},   {NAME_SERVICE, 63},   {NAME_LABEL_VALUE, 63}, {NAME_IMAGE_TAG, 128},
        {NAME_SECRET_KEY, 253}, {NAME_LABEL_KEY, 63}, {NAME_PORT, 15},
    };
    for (size_t i = 0; i < COUNT(rows); i++) {
        if (name_wrong(rows[i].kind, unit_repeat(unit, "a", rows[i].most)))
            fail_msg("kind %d: %zu characters are refused", (int)rows[i].kind, rows[i].most);
        if (!name_wrong(rows[i].kind, unit_repeat(unit, "a", rows[i].most + 1)))
            fail_msg("kind %d: %zu characters are taken", (int)rows[i].kind, rows[i].most + 1);
    }
    /* 253 in all, 63 in each part. */
    struct str part = unit_repeat(unit, "a", 63);
    struct str four = str_format(&unit->arena, "%.*s.%.*s.%.*s.%.*s", STR_ARG(part), STR_ARG(part),
                                 STR_ARG(part), STR_ARG(part));
    static const enum name_kind domains[] = {NAME_SUBDOMAIN, NAME_HOST};
    for (size_t i = 0; i < COUNT(domains); i++) {
        assert_null(name_wrong(domains[i], part));
        assert_non_null(name_wrong(domains[i], unit_repeat(unit, "a", 64)));
        assert_null(name_wrong(domains[i], str_slice(four, 0, 253)));
        assert_non_null(name_wrong(domains[i], str_slice(four, 0, 254)));
    }
    struct str path = unit_repeat(unit, "/a", 512);
    assert_null(name_wrong(NAME_PATH, path));
    assert_non_null(name_wrong(NAME_PATH, str_format(&unit->arena, "%.*s/", STR_ARG(path))));
    assert_null(name_wrong(NAME_MOUNT_PATH, path));
    assert_non_null(name_wrong(NAME_MOUNT_PATH, str_format(&unit->arena, "%.*s/", STR_ARG(path))));
    assert_null(name_wrong(NAME_REQUEST, str_format(&unit->arena, "%.*s?a", STR_ARG(path))));
    struct str key = str_format(&unit->arena, "%.*s/%.*s", 253, four.data, STR_ARG(part));
    assert_null(name_wrong(NAME_LABEL_KEY, key));
    assert_non_null(name_wrong(NAME_LABEL_KEY, str_format(&unit->arena, "%.*sa", STR_ARG(key))));
    assert_non_null(name_wrong(NAME_LABEL_KEY, str_format(&unit->arena, "a%.*s", STR_ARG(key))));
    struct str registry =
        str_format(&unit->arena, "a.b/%.*s", STR_ARG(unit_repeat(unit, "a", 251)));
    assert_int_equal(registry.len, 255);
    assert_null(name_wrong(NAME_REGISTRY, registry));
    assert_non_null(
        name_wrong(NAME_REGISTRY, str_format(&unit->arena, "%.*sa", STR_ARG(registry))));
    assert_non_null(name_wrong(NAME_IMAGE, unit_repeat(unit, "a", 10000)));
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
        bool right;
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
    for (size_t i = 0; i < COUNT(rows); i++)
        if (!name_wrong(NAME_GOOGLE_PROJECT, str_of(rows[i].project)) != rows[i].right)
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
