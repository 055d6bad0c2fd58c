#include "format/name.h"
#include "unit.h"
#include "unit_layer.h"

static const struct service *with(struct unit *unit, const char *lines)
{
    return unit_service_of(unit, SERVICE_HEAD, lines);
}

/* Reads a service with a name of `length` letters. */
static const struct service *named(struct unit *unit, size_t length, const char *lines)
{
    static const struct input_options none;
    struct str name = unit_repeat(unit, "n", length);
    return unit_service(unit, &none,
                        str_format(&unit->arena,
                                   "name: l\nmodules:\n  - name: %.*s\n    type: k8s-service\n"
                                   "    image: a\n    port: {http: 80}\n%s\n",
                                   STR_ARG(name), lines));
}

static void test_defaults(void **state)
{
    struct unit *unit = *state;
    const struct service *service = with(unit, "");
    assert_no_diags(unit);
    assert_int_equal(service->disk_count, 0);
    assert_int_equal(service->cron_job_count, 0);
    assert_int_equal(service->toleration_count, 0);
    assert_int_equal(service->commands->count, 0);
    assert_int_equal(service->args->count, 0);
    assert_int_equal(service->security, POD_SECURITY_DEFAULT);
    assert_false(service->mounts_token);
    assert_int_equal(service->timeout, 300);
    assert_string_equal(service_workload_kind(service), "Deployment");
}

static void test_disks(void **state)
{
    struct unit *unit = *state;
    const struct service *service = with(
        unit, "    persistent_storage: [{size: 1, path: /a}, {path: '/b c', size: '1048576'}]");
    assert_no_diags(unit);
    assert_int_equal(service->disk_count, 2);
    assert_str(service->disks[0].name, "a");
    assert_str(service->disks[0].path, "/a");
    assert_int_equal(service->disks[0].size, INT64_C(1) << 30);
    assert_str(service->disks[1].name, "b-c-ea082c8d");
    assert_str(service->disks[1].path, "/b c");
    assert_int_equal(service->disks[1].size, INT64_C(1) << 50);
    assert_string_equal(service_workload_kind(service), "StatefulSet");
    service = with(unit, "    persistent_storage: []");
    assert_no_diags(unit);
    assert_string_equal(service_workload_kind(service), "Deployment");
}

/* Pods of a StatefulSet have a label with its name and a hash, at most 63 characters. */
static void test_names_of_stateful_services(void **state)
{
    struct unit *unit = *state;
    static const char storage[] = "    persistent_storage: [{size: 1, path: /a}]";
    assert_non_null(named(unit, 52, storage));
    assert_null(named(unit, 53, storage));
    assert_errors(unit, 1);
    assert_diag(unit, 0, 3, 11, "with persistent_storage must be at most 52 characters long", "");
    assert_non_null(named(unit, 53, ""));
}

#define JOBS(list) "    cron_jobs:\n" list
#define A          "      - {schedule: '0 3 * * *', commands: [a]}\n"
#define B          "      - {schedule: '0 4 * * *', commands: [b, c], args: [d]}\n"
#define C          "      - {schedule: '@daily', args: ['']}\n"

static struct str name_of_job(const struct service *service, const char *schedule)
{
    for (size_t i = 0; i < service->cron_job_count; i++)
        if (str_eq_c(service->cron_jobs[i].schedule, schedule))
            return service->cron_jobs[i].name;
    return (struct str){0};
}

/* A name must not depend on other jobs; otherwise the cluster would get another CronJob. */
static void test_names_of_cron_jobs_are_stable(void **state)
{
    struct unit *unit = *state;
    static const char *const lists[] = {JOBS(A B C),
                                        JOBS(C B A),
                                        JOBS(A C),
                                        JOBS(B),
                                        JOBS(B) "    env_vars: {X: y}\n    args: [z]\n",
                                        JOBS(C A)};
    const struct service *all = with(unit, lists[0]);
    assert_no_diags(unit);
    assert_int_equal(all->cron_job_count, 3);
    for (size_t i = 1; i < COUNT_OF(lists); i++) {
        const struct service *some = with(unit, lists[i]);
        assert_no_diags(unit);
        for (size_t j = 0; j < some->cron_job_count; j++) {
            const struct cron_job *job = &some->cron_jobs[j];
            assert_true(str_equal(job->name, name_of_job(all, job->schedule.data)));
        }
    }
    /* All versions must generate the same names. */
    assert_str(name_of_job(all, "0 3 * * *"), "app-b5ce1e05");
    assert_str(name_of_job(all, "0 4 * * *"), "app-49f27dd9");
    assert_str(name_of_job(all, "@daily"), "app-2a4939d6");
    /* Names do not depend on the schedule. */
    const struct service *moved =
        with(unit, JOBS("      - {schedule: '5 3 * * *', commands: [a]}\n"));
    assert_str(moved->cron_jobs[0].name, "app-b5ce1e05");
}

static void test_explicit_names_of_cron_jobs(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        with(unit, JOBS("      - {name: clean, schedule: '0 3 * * *', commands: [a]}\n"
                        "      - {name: '1', schedule: '0 3 * * *', commands: [a]}\n" A));
    assert_no_diags(unit);
    assert_str(service->cron_jobs[0].name, "app-clean");
    assert_str(service->cron_jobs[1].name, "app-1");
    assert_str(service->cron_jobs[2].name, "app-b5ce1e05");
}

/* Lists of arguments that differ for the container get different names. */
static void test_names_of_different_jobs_differ(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        with(unit, JOBS("      - {schedule: '0 3 * * *', commands: [a, b]}\n"
                        "      - {schedule: '0 3 * * *', commands: [a b]}\n"
                        "      - {schedule: '0 3 * * *', commands: [ab]}\n"
                        "      - {schedule: '0 3 * * *', commands: [a], args: [b]}\n"
                        "      - {schedule: '0 3 * * *', args: [a, b]}\n"
                        "      - {schedule: '0 3 * * *', commands: [a, b, '']}\n"
                        "      - {schedule: '0 3 * * *', commands: [a, \"b\\n\"]}\n"));
    assert_no_diags(unit);
    for (size_t i = 0; i < service->cron_job_count; i++)
        for (size_t j = 0; j < i; j++)
            assert_false(str_equal(service->cron_jobs[i].name, service->cron_jobs[j].name));
}

/* The name of a Job is that of its CronJob, a dash and ten digits, and is a label value. */
static void test_lengths_of_names_of_cron_jobs(void **state)
{
    struct unit *unit = *state;
    for (size_t length = 1; length <= 61; length++) {
        const struct service *service = named(unit, length, JOBS(A));
        assert_no_diags(unit);
        struct str name = service->cron_jobs[0].name;
        size_t kept = length < 43 ? length : 43;
        assert_int_equal(name.len, kept + 9);
        assert_null(name_check_subdomain(name));
    }
}

static void test_cron_jobs(void **state)
{
    struct unit *unit = *state;
    const struct service *service = with(unit, JOBS(B C) "    commands: [own]");
    assert_no_diags(unit);
    const struct job *job = &service->cron_jobs[0].job;
    assert_int_equal(job->commands->count, 2);
    assert_str(job->commands->items[1].text, "c");
    assert_int_equal(job->args->count, 1);
    assert_str(job->args->items[0].text, "d");
    assert_int_equal(service->cron_jobs[1].job.commands->count, 0);
    assert_str(service->cron_jobs[1].job.args->items[0].text, "");
}

static void test_pre_deploy(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        with(unit, "    resource_limits: {gpu: 1}\n    env_vars: {A: b}\n"
                   "    pre_deploy: {args: [migrate]}\n");
    assert_no_diags(unit);
    const struct job *job = service->pre_deploy;
    assert_int_equal(job->commands->count, 0);
    assert_str(job->args->items[0].text, "migrate");
    assert_int_equal(job->timeout, 600);
    assert_int_equal(job->retries, 0);
    assert_int_equal(job->variable_count, service->variable_count);
    assert_int_equal(job->resources.memory_limit, service->resources.memory_limit);
    assert_int_equal(job->resources.gpus, 0);
    assert_int_equal(service->resources.gpus, 1);
}

static void test_tolerations(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        with(unit, "    tolerations:\n"
                   "      - {key: dedicated}\n"
                   "      - {key: example.com/x, value: '', effect: NoExecute}\n"
                   "      - {key: a, value: b, effect: PreferNoSchedule}\n");
    assert_no_diags(unit);
    static const char *const expected[][3] = {{"dedicated", "opta", "NoSchedule"},
                                              {"example.com/x", "", "NoExecute"},
                                              {"a", "b", "PreferNoSchedule"}};
    assert_int_equal(service->toleration_count, COUNT_OF(expected));
    for (size_t i = 0; i < COUNT_OF(expected); i++) {
        assert_str(service->tolerations[i].key, expected[i][0]);
        assert_str(service->tolerations[i].value, expected[i][1]);
        assert_str(service->tolerations[i].effect, expected[i][2]);
    }
}

static void test_labels_and_annotations(void **state)
{
    struct unit *unit = *state;
    const struct service *service = with(
        unit, "    pod_labels: {team: shop, example.com/a_b: '', app.kubernetes.io/version: 1}\n"
              "    pod_annotations: {a: 'any text, even of {braces}', opta.dev/layer-name: x}\n"
              "    ingress_extra_annotations: {nginx.ingress.kubernetes.io/x: 8m}\n"
              "    public_uri: /\n");
    assert_no_diags(unit);
    assert_int_equal(service->pod_labels->count, 3);
    assert_str(service->pod_labels->items[2].text, "1");
    assert_int_equal(service->pod_annotations->count, 2);
    assert_str(service->pod_annotations->items[0].text, "any text, even of {braces}");
    assert_int_equal(service->ingress_annotations->count, 1);
    /* Only env_vars may be a list of names and values. */
    assert_null(with(unit, "    pod_labels: [{name: a, value: b}]"));
    assert_errors(unit, 1);
    /* Reserved for selectors and for labels that all objects have. */
    static const char *const ours[] = {"app.kubernetes.io/name",    "app.kubernetes.io/instance",
                                       "app.kubernetes.io/part-of", "app.kubernetes.io/managed-by",
                                       "opta.dev/layer-name",       "opta.dev/environment-name",
                                       "opta.dev/module-name"};
    for (size_t i = 0; i < COUNT_OF(ours); i++) {
        assert_null(with(unit, str_format(&unit->arena, "    pod_labels: {%s: x}", ours[i]).data));
        assert_errors(unit, 1);
        assert_diag(unit, 0, 7, 18, "is reserved: it is set on all pods", "");
    }
}

static void test_grace_and_drain(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        int64_t grace, drain;
    } rows[] = {
        {"", 30, 10},
        {"    termination_grace_period: 2", 2, 1},
        {"    termination_grace_period: 3", 3, 1},
        {"    termination_grace_period: 19", 19, 9},
        {"    termination_grace_period: 20", 20, 10},
        {"    termination_grace_period: 21", 21, 10},
        {"    termination_grace_period: 86400", 86400, 10},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = with(unit, rows[i].lines);
        assert_no_diags(unit);
        assert_int_equal(service->grace_period, rows[i].grace);
        assert_int_equal(service->drain, rows[i].drain);
    }
    /* A service without ports gets no requests. */
    const struct service *worker = unit_service_of(unit, PORTLESS_HEAD, "    port: none");
    assert_int_equal(worker->grace_period, 30);
    assert_int_equal(worker->drain, 0);
}

static void test_lists_and_booleans(void **state)
{
    struct unit *unit = *state;
    const struct service *service =
        with(unit, "    commands: [sh, -c, 'a b']\n    args: [1, 'yes', yes]\n"
                   "    service_account_token: true\n    timeout: 86400\n    max_history: 25\n"
                   "    pod_security: restricted\n");
    assert_no_diags(unit);
    assert_int_equal(service->commands->count, 3);
    assert_str(service->args->items[0].text, "1");
    assert_str(service->args->items[2].text, "yes");
    assert_true(service->mounts_token);
    assert_int_equal(service->timeout, 86400);
    assert_int_equal(service->security, POD_SECURITY_RESTRICTED);
    assert_int_equal(with(unit, "    pod_security: 'off'")->security, POD_SECURITY_OFF);
    assert_int_equal(with(unit, "    pod_security: off")->security, POD_SECURITY_OFF);
    assert_int_equal(with(unit, "    pod_security: default")->security, POD_SECURITY_DEFAULT);
}

static void test_resources(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *lines;
        int64_t cpu, cpu_limit, memory, memory_limit;
    } rows[] = {
        {"", 100, 200, 128, 256},
        {"    resource_request: {}", 100, 200, 128, 256},
        {"    resource_request: {cpu: 10}", 10, 20, 128, 256},
        {"    resource_request: {memory: 4}", 100, 200, 4, 8},
        {"    resource_request: {cpu: 1000000, memory: 16777216}", 1000000, 2000000, 16777216,
         33554432},
        {"    resource_limits: {}", 100, 200, 128, 256},
        {"    resource_limits: {memory: 128}", 100, 200, 128, 128},
        {"    resource_limits: {cpu: 100}", 100, 100, 128, 256},
        {"    resource_limits: {cpu: none}", 100, 0, 128, 256},
        {"    resource_limits: {cpu: 'none', memory: 33554432}", 100, 0, 128, 33554432},
        {"    resource_limits: {cpu: 2000000}", 100, 2000000, 128, 256},
        {"    resource_request: {cpu: 70, memory: 8}\n    resource_limits: {cpu: 70, memory: 9}",
         70, 70, 8, 9},
        /* Kubernetes quantities: with a decimal point or a suffix. */
        {"    resource_request: {cpu: 500m, memory: 256Mi}", 500, 1000, 256, 512},
        {"    resource_request: {cpu: 0.5, memory: '1Gi'}", 500, 1000, 1024, 2048},
        {"    resource_request: {cpu: 2.0, memory: 0.5Gi}", 2000, 4000, 512, 1024},
        {"    resource_request: {cpu: \".5\", memory: 1048576Ki}", 500, 1000, 1024, 2048},
        {"    resource_request: {cpu: 1e2, memory: 4194304.0}", 100000, 200000, 4, 8},
        {"    resource_limits: {cpu: 1.5, memory: 1Gi}", 100, 1500, 128, 1024},
        {"    resource_request: {cpu: '500'}\n    resource_limits: {cpu: 0.5}", 500, 500, 128, 256},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct service *service = with(unit, rows[i].lines);
        assert_no_diags(unit);
        assert_int_equal(service->resources.cpu_request, rows[i].cpu);
        assert_int_equal(service->resources.cpu_limit, rows[i].cpu_limit);
        assert_int_equal(service->resources.memory_request, rows[i].memory << 20);
        assert_int_equal(service->resources.memory_limit, rows[i].memory_limit << 20);
    }
}

static void test_errors(void **state)
{
#define DISKS(list) "    persistent_storage: " list
    static const struct invalid_case rows[] = {
        {DISKS("{size: 1, path: /a}"), 7, 25, "persistent_storage must be a list of maps", ""},
        {DISKS("[{path: /a}]"), 7, 26,
         "missing required field \"size\" in an item of persistent_storage", "size: 10"},
        {DISKS("[{size: 1}]"), 7, 26,
         "missing required field \"path\" in an item of persistent_storage", "/data"},
        {DISKS("[{size: 0, path: /a}]"), 7, 33, "size must be from 1 to 1048576 GB, not 0", "GB"},
        {DISKS("[{size: 1048577, path: /a}]"), 7, 33, "size must be from 1 to 1048576", ""},
        {DISKS("[{size: 10GiB, path: /a}]"), 7, 33, "not \"10GiB\"", "write 10Gi"},
        {DISKS("[{size: 500Mi, path: /a}]"), 7, 33, "size must be from 1Gi to 1Pi, not 500Mi", ""},
        {DISKS("[{size: 10.5, path: /a}]"), 7, 33, "not 10.5 (which is 11 bytes)", ""},
        {DISKS("[{size: 1, path: a}]"), 7, 42, "path must be an absolute path", ""},
        {DISKS("[{size: 1, path: /}]"), 7, 42, "other than /", ""},
        {DISKS("[{size: 1, path: '/a:b'}]"), 7, 42, "path must not contain a colon", ""},
        {DISKS("[{size: 1, path: /a}, {size: 1, path: /a}]"), 7, 63, "duplicate path \"/a\"", ""},
        {DISKS("[{size: 1, path: [a]}]"), 7, 42, "path must be a string, not a list", ""},
        {DISKS("\n      - size: 1\n        path:"), 8, 9, "missing required field \"path\"",
         "/data"},
        {JOBS("      - {commands: [a]}"), 8, 9,
         "missing required field \"schedule\" in an item of cron_jobs", ""},
        {JOBS("      - {schedule: '@daily'}"), 8, 9, "a cron job requires commands or args",
         "commands: [./clean]"},
        {JOBS("      - {schedule: '@daily', commands: [], args: []}"), 8, 9,
         "a cron job requires commands or args", ""},
        {JOBS("      - {schedule: '60 * * * *', commands: [a]}"), 8, 20,
         "schedule has an invalid minute \"60\"", "0 3 * * *"},
        {JOBS("      - {schedule: daily, commands: [a]}"), 8, 20,
         "schedule has an invalid minute \"daily\"", ""},
        {JOBS(A A), 9, 9, "duplicate cron job: another one has the same commands and args",
         "name: clean-daily"},
        {JOBS(A "      - {schedule: '5 5 * * *', commands: [a]}\n"), 9, 9,
         "duplicate cron job: another one has the same commands and args", "name: clean-daily"},
        {JOBS("      - {name: A b, schedule: '@daily', commands: [a]}"), 8, 16, "name must", ""},
        {JOBS("      - {name: a, schedule: '@daily', commands: [a]}\n"
              "      - {name: a, schedule: '@daily', commands: [b]}"),
         9, 16, "duplicate CronJob name \"app-a\"", ""},
        {JOBS("      - {schedule: '@daily', commands: a}"), 8, 40, "commands must be a list", ""},
        {"    tolerations: [{value: a}]", 7, 19,
         "missing required field \"key\" in an item of tolerations", ""},
        {"    tolerations: [{key: a/b/c}]", 7, 25, "toleration key must consist of letters", ""},
        {"    tolerations: [{key: ''}]", 7, 25, "toleration key must consist of letters", ""},
        {"    tolerations: [{key: a, value: b c}]", 7, 35,
         "toleration value must consist of letters", ""},
        {"    tolerations: [{key: a, effect: NoSchedul}]", 7, 36,
         "effect must be NoSchedule, PreferNoSchedule or NoExecute", "\"NoSchedule\"?"},
        {"    pod_labels: {a b: c}", 7, 18, "key \"a b\" must consist of letters", ""},
        {"    pod_labels: {a: b c}", 7, 21, "label value must consist of letters", ""},
        {"    pod_annotations: {/a: b}", 7, 23, "key \"/a\" must have a domain name", ""},
        {"    ingress_extra_annotations: {'': b}", 7, 33, "key \"\" must consist of letters", ""},
        {"    pod_annotations: {a: [b]}", 7, 26, "\"a\" in pod_annotations must be a string", ""},
        {"    termination_grace_period: 1", 7, 31, "from 2 to 86400", "seconds"},
        {"    termination_grace_period: 86401", 7, 31, "from 2 to 86400", ""},
        {"    timeout: 0", 7, 14, "timeout must be an integer from 1 to 86400", ""},
        {"    timeout: 86401", 7, 14, "timeout must be an integer from 1 to 86400", ""},
        {"    max_history: -1", 7, 18, "max_history must be an integer from 0 to", ""},
        {"    pod_security: strict", 7, 19, "default, restricted or off", ""},
        {"    service_account_token: maybe", 7, 28, "must be a boolean (true or false)", ""},
        {"    commands: ./run", 7, 15, "commands must be a list of strings", "[./server]"},
        {"    args: [{a: b}]", 7, 12, "an item of args must be a string", ""},
        /* resources */
        {"    resource_request: {cpu: 0}", 7, 29, "cpu must be from 1 to 1000000", ""},
        {"    resource_request: {cpu: 1000001}", 7, 29, "cpu must be from 1 to", ""},
        {"    resource_request: {cpu: none}", 7, 29, "cpu must be an integer", ""},
        {"    resource_request: {memory: 3}", 7, 32, "memory must be from 4 to 16777216", ""},
        {"    resource_request: {memory: 16777217}", 7, 32, "from 4 to 16777216", ""},
        {"    resource_request: {memory: 400m}", 7, 32,
         "memory must be from 4Mi to 16Ti, not 400m (which is 1 byte)", "write 400Mi"},
        {"    resource_request: {memory: 0.5}", 7, 32, "not 0.5 (which is 1 byte)", ""},
        {"    resource_request: {memory: 134217728}", 7, 32, "134217728 (which is 128Ti)",
         "128 means 128Mi"},
        {"    resource_request: {memory: 256MB}", 7, 32, "or a quantity such as 128Mi, not",
         "write 256Mi"},
        {"    resource_request: {memory: 2 gb}", 7, 32, "not \"2 gb\"", "write 2Gi"},
        {"    resource_request: {memory: 64 words}", 7, 32, "not \"64 words\"", "128 means 128Mi"},
        {"    resource_request: {cpu: 0.0005}", 7, 29, "such as 100m, not \"0.0005\"",
         "millicores"},
        {"    resource_request: {cpu: 1001.0}", 7, 29, "from 1m to 1000, not 1001.0", ""},
        {"    resource_request: {cpu: 1 core}", 7, 29, "not \"1 core\"", "100 means 100m"},
        {"    resource_request: {cpu: -0.5}", 7, 29, "not \"-0.5\"", ""},
        {"    resource_request: {memory: 1Gi}\n    resource_limits: {memory: 512}", 8, 31,
         "the limit (512Mi) must not be less than the request (1Gi)", ""},
        {"    resource_limits: {cpu: 0}", 7, 28, "cpu must be from 1 to 2000000", ""},
        {"    resource_limits: {cpu: 2000001}", 7, 28, "cpu must be from 1 to 2000000", ""},
        {"    resource_limits: {cpu: 99}", 7, 28,
         "the limit (99m) must not be less than the request (100m)", "resource_request"},
        {"    resource_limits: {cpu: nome}", 7, 28, "cpu must be", "did you mean \"none\"?"},
        {"    resource_limits: {memory: none}", 7, 31, "memory must be an integer", ""},
        {"    resource_limits: {memory: 127}", 7, 31, "less than the request (128Mi)", ""},
        {"    resource_limits: {memory: 33554433}", 7, 31, "from 4 to 33554432", ""},
        {"    resource_request: {cpu: 300}\n    resource_limits: {cpu: 200}", 8, 28,
         "the limit (200m) must not be less than the request (300m)", ""},
    };
    unit_assert_invalid(*state, SERVICE_HEAD, rows, COUNT_OF(rows));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_defaults),
        UNIT_TEST(test_disks),
        UNIT_TEST(test_names_of_stateful_services),
        UNIT_TEST(test_names_of_cron_jobs_are_stable),
        UNIT_TEST(test_names_of_different_jobs_differ),
        UNIT_TEST(test_explicit_names_of_cron_jobs),
        UNIT_TEST(test_lengths_of_names_of_cron_jobs),
        UNIT_TEST(test_cron_jobs),
        UNIT_TEST(test_pre_deploy),
        UNIT_TEST(test_tolerations),
        UNIT_TEST(test_labels_and_annotations),
        UNIT_TEST(test_grace_and_drain),
        UNIT_TEST(test_lists_and_booleans),
        UNIT_TEST(test_resources),
        UNIT_TEST(test_errors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
