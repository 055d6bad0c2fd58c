#include "config/ingress_controller.h"
#include "unit.h"

static void test_controller_of_class(void **state)
{
    (void)state;
    static const struct {
        const char *class;
        enum ingress_controller controller;
    } rows[] = {
        {"nginx", INGRESS_NGINX},
        {"internal-nginx", INGRESS_NGINX},
        {"nginx-internal", INGRESS_NGINX},
        {"a-nginx-b", INGRESS_GENERIC},
        {"nginxinc", INGRESS_GENERIC},
        {"mynginx", INGRESS_GENERIC},
        {"Nginx", INGRESS_GENERIC},
        {"alb", INGRESS_GENERIC},
        {"traefik", INGRESS_GENERIC},
        {"haproxy", INGRESS_GENERIC},
        {"gce", INGRESS_GENERIC},
        {"azure-application-gateway", INGRESS_GENERIC},
        {"", INGRESS_GENERIC},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (ingress_controller_of_class(str_of(rows[i].class)) != rows[i].controller)
            fail_msg("%s", rows[i].class);
}

static void test_controller_of_id(void **state)
{
    (void)state;
    static const struct {
        const char *id;
        enum ingress_controller controller;
    } rows[] = {
        {"k8s.io/ingress-nginx", INGRESS_NGINX},
        {"k8s.io/internal-ingress-nginx", INGRESS_NGINX},
        {"k8s.io/ingress-nginx-internal", INGRESS_NGINX},
        {"nginx.org/ingress-controller", INGRESS_GENERIC},
        {"ingress.k8s.aws/alb", INGRESS_GENERIC},
        {"traefik.io/ingress-controller", INGRESS_GENERIC},
        {"ingress-nginx/other", INGRESS_GENERIC},
        {"", INGRESS_GENERIC},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (ingress_controller_of_id(str_of(rows[i].id)) != rows[i].controller)
            fail_msg("%s", rows[i].id);
}

static void test_annotations(void **state)
{
    (void)state;
    assert_true(ingress_is_nginx_annotation(STR("nginx.ingress.kubernetes.io/affinity")));
    assert_false(ingress_is_nginx_annotation(STR("nginx.org/redirect-to-https")));
    assert_false(ingress_is_nginx_annotation(STR("alb.ingress.kubernetes.io/scheme")));
    assert_false(ingress_is_nginx_annotation(STR("cert-manager.io/cluster-issuer")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_controller_of_class),
        UNIT_TEST(test_controller_of_id),
        UNIT_TEST(test_annotations),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
