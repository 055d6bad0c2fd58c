#include "cloud/ecr.h"

#include "format/arn.h"
#include "unit.h"

static void test_split(void **state)
{
    struct ecr ecr;
    (void)state;
    assert_true(ecr_split(STR("123456789012.dkr.ecr.eu-west-1.amazonaws.com/a/b"), &ecr));
    assert_true(str_eq_c(ecr.account, "123456789012"));
    assert_true(str_eq_c(ecr.region, "eu-west-1"));
    assert_true(str_eq_c(ecr.name, "a/b"));
    assert_true(ecr_split(STR("123456789012.dkr.ecr.cn-north-1.amazonaws.com.cn/a"), &ecr));
    static const char *const others[] = {
        "123456789012.dkr.ecr.cn-north-1.amazonaws.com/a",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.cn/a",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com.example.com/a",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com/",
        "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        "12345678901.dkr.ecr.eu-west-1.amazonaws.com/a",
        "123456789012.dkr.ecr..amazonaws.com/a",
        "registry.example.com/123456789012.dkr.ecr.eu-west-1.amazonaws.com/a",
        "nginx",
        "",
    };
    for (size_t i = 0; i < COUNT_OF(others); i++)
        if (ecr_split(str_from_c(others[i]), &ecr))
            fail_msg("%s is accepted as an ECR repository", others[i]);
}

static void test_registry(void **state)
{
    struct arena arena = {0};
    struct ecr ecr;
    (void)state;
    static const char *const regions[] = {"us-east-1", "us-gov-west-1", "cn-northwest-1"};
    for (size_t i = 0; i < COUNT_OF(regions); i++) {
        struct str registry = ecr_registry(&arena, STR("123456789012"), str_from_c(regions[i]));
        assert_true(ecr_split(str_format(&arena, "%.*s/app", STR_ARG(registry)), &ecr));
        assert_true(str_eq_c(ecr.region, regions[i]));
    }
    arena_free(&arena);
}

static void test_arn(void **state)
{
    (void)state;
    struct arn arn = arn_split(STR("arn:aws-cn:dynamodb:cn-north-1:123456789012:table/a:b"));
    assert_true(str_eq_c(arn.partition, "aws-cn") && str_eq_c(arn.service, "dynamodb"));
    assert_true(str_eq_c(arn.region, "cn-north-1") && str_eq_c(arn.account, "123456789012"));
    assert_true(str_eq_c(arn.resource, "table/a:b"));
    arn = arn_split(STR("arn:aws:s3:::bucket"));
    assert_true(arn.region.len == 0 && arn.account.len == 0 && str_eq_c(arn.resource, "bucket"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_split),
        cmocka_unit_test(test_registry),
        cmocka_unit_test(test_arn),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
