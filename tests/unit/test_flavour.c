#include "config/flavour.h"
#include "unit.h"

static void test_flavour_of_class(void **state)
{
    (void)state;
    static const struct {
        const char *class;
        enum flavour_id flavour;
    } rows[] = {
        {"nginx", FLAVOUR_NGINX},
        {"internal-nginx", FLAVOUR_NGINX},
        {"nginx-internal", FLAVOUR_NGINX},
        {"a-nginx-b", FLAVOUR_GENERIC},
        {"nginxinc", FLAVOUR_GENERIC},
        {"mynginx", FLAVOUR_GENERIC},
        {"Nginx", FLAVOUR_GENERIC},
        {"alb", FLAVOUR_GENERIC},
        {"traefik", FLAVOUR_GENERIC},
        {"haproxy", FLAVOUR_GENERIC},
        {"gce", FLAVOUR_GENERIC},
        {"azure-application-gateway", FLAVOUR_GENERIC},
        {"", FLAVOUR_GENERIC},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (flavour_of_class(str_from_c(rows[i].class)) != rows[i].flavour)
            fail_msg("%s", rows[i].class);
}

static void test_flavour_of_controller(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        enum flavour_id flavour;
    } rows[] = {
        {"k8s.io/ingress-nginx", FLAVOUR_NGINX},
        {"k8s.io/internal-ingress-nginx", FLAVOUR_NGINX},
        {"k8s.io/ingress-nginx-internal", FLAVOUR_NGINX},
        {"nginx.org/ingress-controller", FLAVOUR_GENERIC},
        {"ingress.k8s.aws/alb", FLAVOUR_GENERIC},
        {"traefik.io/ingress-controller", FLAVOUR_GENERIC},
        {"ingress-nginx/other", FLAVOUR_GENERIC},
        {"", FLAVOUR_GENERIC},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (flavour_of_controller(str_from_c(rows[i].id)) != rows[i].flavour)
            fail_msg("%s", rows[i].id);
}

static void test_flavour_of_keyword(void **state)
{
    (void)state;
    assert_int_equal(flavour_of_keyword(STR("nginx")), FLAVOUR_NGINX);
    assert_int_equal(flavour_of_keyword(STR("generic")), FLAVOUR_GENERIC);
    assert_int_equal(flavour_of_keyword(STR("other")), FLAVOUR_NGINX);
    size_t count = 0;
    while (ingress_flavour_keywords[count])
        count++;
    assert_int_equal(count, FLAVOUR_GENERIC + 1);
    while (gateway_flavour_keywords[count - FLAVOUR_STANDARD])
        count++;
    assert_int_equal(count, FLAVOUR_COUNT);
    for (enum flavour_id flavour = 0; flavour < FLAVOUR_COUNT; flavour++)
        assert_int_equal(flavour_of_keyword(str_from_c(flavour_keyword(flavour))), flavour);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_flavour_of_class),
        UNIT_TEST(test_flavour_of_controller),
        UNIT_TEST(test_flavour_of_keyword),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
