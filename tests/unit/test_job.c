#include "cluster/job.h"
#include "unit_object.h"

#define CONDITION(type, status)                                                                    \
    "{type: " type ", status: '" status "', reason: BackoffLimitExceeded, message: too many}"

static void test_states(void **state)
{
    struct unit *unit = *state;
    static const struct {
        const char *conditions;
        enum job_state state;
    } rows[] = {
        {"[]", JOB_RUNNING},
        {"[" CONDITION("Suspended", "True") "]", JOB_RUNNING},
        {"[" CONDITION("Complete", "False") "]", JOB_RUNNING},
        /* Its pods have not ended yet. */
        {"[" CONDITION("FailureTarget", "True") "]", JOB_RUNNING},
        {"[" CONDITION("SuccessCriteriaMet", "True") "]", JOB_RUNNING},
        {"[" CONDITION("FailureTarget", "True") ", " CONDITION("Failed", "True") "]", JOB_FAILED},
        {"[" CONDITION("SuccessCriteriaMet", "True") ", " CONDITION("Complete", "True") "]",
         JOB_SUCCEEDED},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        const struct node *job =
            unit_object(unit, str_format(&unit->arena, "{kind: Job, status: {conditions: %s}}",
                                         rows[i].conditions)
                                  .data);
        assert_int_equal(job_state(job), rows[i].state);
    }
    assert_int_equal(job_state(NULL), JOB_MISSING);
    assert_int_equal(job_state(unit_object(unit, "{kind: Job}")), JOB_RUNNING);
}

static void test_failure(void **state)
{
    struct unit *unit = *state;
    const struct node *job =
        unit_object(unit, "{kind: Job, status: {conditions: [" CONDITION("Failed", "True") "]}}");
    assert_str(job_failure(&unit->arena, job), "BackoffLimitExceeded: too many");
}

int main(void)
{
    const struct CMUnitTest tests[] = {UNIT_TEST(test_states), UNIT_TEST(test_failure)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
