#include "chart/pod_resources.h"
#include "unit.h"
#include "yaml/parse_manifest.h"

static const struct node *load(struct unit *unit, const char *text)
{
    const struct source *source = unit_source(unit, str_from_c(text));
    struct node *root = NULL;
    assert_true(load_manifest(&unit->arena, source, 0, source->text.len, &unit->diags, &root));
    assert_non_null(root);
    return root;
}

#define CPU(name, number)   "{name: " name ", resources: {requests: {cpu: " number "}}}"
#define LIMIT(name, number) "{name: " name ", resources: {limits: {cpu: " number "}}}"
#define SIDECAR(name, number)                                                                      \
    "{name: " name ", restartPolicy: Always, resources: {requests: {cpu: " number "}}}"

static void test_sum_of_requests(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *pod;
        int64_t millicores;
    } rows[] = {
        {"containers: []", 0},
        {"containers: [{name: a}]", 0},
        {"containers: [" CPU("a", "20m") "]", 20},
        {"containers: [" CPU("a", "20m") ", " CPU("b", "1") "]", 1020},
        {"containers: [" LIMIT("a", "30m") "]", 30},
        {"containers: [{name: a, resources: {requests: {cpu: 5m}, limits: {cpu: 1}}}]", 5},
        {"containers: [{name: a, resources: {requests: {cpu: null}, limits: {cpu: 1}}}]", 1000},
        {"containers: [" CPU("a", "much") ", " CPU("b", "7m") "]", 7},
        {"containers: [&a " CPU("a", "20m") ", *a]", 40},
        /* Init containers run one after the other, before all other containers. */
        {"containers: [" CPU("a", "20m") "]\ninitContainers: [" CPU("i", "10m") "]", 20},
        {"containers: [" CPU("a", "20m") "]\ninitContainers: [" CPU("i", "15m") ", " CPU("j",
                                                                                         "30m") "]",
         30},
        /* Sidecars run together with all containers, and with the init containers after them. */
        {"containers: [" CPU("a", "20m") "]\ninitContainers: [" SIDECAR("s", "10m") "]", 30},
        {"containers: [" CPU("a", "20m") "]\ninitContainers: [" SIDECAR("s", "10m") ", " CPU(
             "i", "25m") "]",
         35},
        {"containers: [" CPU("a", "20m") "]\ninitContainers: [" CPU("i", "25m") ", " SIDECAR(
             "s", "10m") "]",
         30},
        {"containers: [" CPU("a", "9E") ", " CPU("b", "9E") "]", INT64_MAX},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t number = pod_requested(load(unit, rows[i].pod), "cpu");
        if (number != rows[i].millicores)
            fail_msg("%s: %lld", rows[i].pod, (long long)number);
        unit_reset(unit);
    }
}

static void test_resources_of_the_pod(void **state)
{
    struct unit *unit = *state;
    const struct node *pod =
        load(unit, "resources: {requests: {cpu: 20m}, limits: {memory: 1Gi}}\n");
    assert_true(pod_resources_has(pod, "cpu"));
    assert_true(pod_resources_has(pod, "memory"));
    assert_false(pod_resources_has(pod, "hugepages-2Mi"));
    assert_null(pod_resources_of(pod, "cpu").limit);
    assert_null(pod_resources_of(pod, "memory").request);
    assert_false(pod_resources_has(load(unit, "resources: {requests: null}\n"), "cpu"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_sum_of_requests),
        UNIT_TEST(test_resources_of_the_pod),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
