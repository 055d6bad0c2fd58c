#include "base/map.h"
#include "cluster/kind.h"
#include "unit.h"

static void test_rows(void **state)
{
    struct unit *unit = *state;
    struct map names = {0};
    struct map resources = {0};
    for (size_t i = 0; i < kind_count; i++) {
        const struct kind *kind = &kind_table[i];
        assert_null(map_add(&unit->arena, &names, str_from_c(kind->name), kind));
        assert_null(map_add(&unit->arena, &resources, str_from_c(kind->resource), kind));
        assert_ptr_equal(kind_find(str_from_c(kind->name)), kind);
        /* An optional kind has the name of the product that provides it. */
        assert_int_equal(kind->optional, kind->controller != NULL);
        assert_true(kind->optional || !kind->condition);
        assert_true(kind->condition || !kind->failure_condition);
        /* A kind that is not rendered is never deleted or awaited. */
        assert_false(kind->not_rendered && (kind->active || kind->retained || kind->condition));
        assert_false(kind->not_rendered && i + 1 < kind_count && !kind_table[i + 1].not_rendered);
        assert_int_equal(kind->role == ROLE_WORKLOAD, kind->revisions != NULL);
        assert_false(kind->stateful && kind->role != ROLE_WORKLOAD);
        assert_false(kind->active && kind->retained);
        assert_true(kind->separate || !kind->component);
    }
    assert_null(kind_find(STR("deployment")));
    assert_null(kind_find(STR("")));
}

/* Each rendered kind has a unique delete_order. */
static void test_delete_order(void **state)
{
    struct unit *unit = *state;
    bool *taken = ARENA_ARRAY(&unit->arena, kind_count, bool);
    size_t rendered = 0;
    for (size_t i = 0; i < kind_count; i++)
        rendered += !kind_table[i].not_rendered;
    for (size_t i = 0; i < rendered; i++) {
        assert_in_range(kind_table[i].delete_order, 0, rendered - 1);
        assert_false(taken[kind_table[i].delete_order]);
        taken[kind_table[i].delete_order] = true;
    }
}

static void test_lists(void **state)
{
    struct unit *unit = *state;
    static const struct {
        enum kind_list list;
        const char *resources;
    } rows[] = {
        {LIST_RENDERED, "serviceaccounts,services,deployments.apps,statefulsets.apps,"
                        "horizontalpodautoscalers.autoscaling,poddisruptionbudgets.policy,"
                        "ingresses.networking.k8s.io,cronjobs.batch"},
        {LIST_WORKLOADS, "deployments.apps,statefulsets.apps"},
        {LIST_STATUS, "deployments.apps,statefulsets.apps,horizontalpodautoscalers.autoscaling,"
                      "ingresses.networking.k8s.io"},
        {LIST_OUTPUTS, "deployments.apps,statefulsets.apps,pods"},
        {LIST_PODS, "pods"},
        {LIST_POD_OWNERS, "deployments.apps,statefulsets.apps,replicasets.apps,pods"},
        {LIST_SECRET_USERS, "jobs.batch,deployments.apps,statefulsets.apps,cronjobs.batch,"
                            "daemonsets.apps,pods"},
        {LIST_CRON_JOBS, "jobs.batch,cronjobs.batch"},
        {LIST_CLAIM_OWNERS, "statefulsets.apps"},
        {LIST_CLAIMS, "persistentvolumeclaims"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_string_equal(kind_list(&unit->arena, rows[i].list), rows[i].resources);
}

static void test_plurals(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *resource, *plural;
    } rows[] = {
        {"deployments.apps", "Deployments"},
        {"ingresses.networking.k8s.io", "Ingresses"},
        {"repositories.ecr.services.k8s.aws", "Repositories"},
        {"httproutes.gateway.networking.k8s.io", "HTTPRoutes"},
        {"backendtrafficpolicies.gateway.envoyproxy.io", "BackendTrafficPolicies"},
        {"secrets", "Secrets"},
        {"deployments", "deployments"},
        {"", ""},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(kind_plural(&unit->arena, str_from_c(rows[i].resource)), rows[i].plural);
}

static void test_questions_about_objects(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *kind;
        bool rendered, workload, stateful;
    } rows[] = {
        {"Deployment", 1, 1, 0}, {"StatefulSet", 1, 1, 1}, {"Service", 1, 0, 0},
        {"DaemonSet", 0, 0, 0},  {"Secret", 0, 0, 0},      {"deployment", 0, 0, 0},
        {"Widget", 0, 0, 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        struct node *object = node_new(&unit->arena, NODE_MAP);
        node_set_string(&unit->arena, object, "kind", str_from_c(rows[i].kind));
        assert_int_equal(kind_is_rendered(object), rows[i].rendered);
        assert_int_equal(kind_is(object, ROLE_WORKLOAD), rows[i].workload);
        assert_int_equal(kind_is_stateful(object), rows[i].stateful);
    }
    const struct node *empty = node_new(&unit->arena, NODE_MAP);
    assert_null(kind_of(empty));
    assert_false(kind_is(empty, ROLE_OTHER));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_rows),
        UNIT_TEST(test_delete_order),
        UNIT_TEST(test_lists),
        UNIT_TEST(test_plurals),
        UNIT_TEST(test_questions_about_objects),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
