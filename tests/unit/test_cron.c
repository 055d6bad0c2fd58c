#include "format/cron.h"
#include "unit.h"

#include <stdio.h>

static void check_valid(struct unit *unit, const char *const *schedules, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const char *error = cron_check(&unit->arena, str_from_c(schedules[i]));
        if (error)
            fail_msg("\"%s\" %s", schedules[i], error);
    }
}

static void check_invalid(struct unit *unit, const char *const *schedules, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (!cron_check(&unit->arena, str_from_c(schedules[i])))
            fail_msg("\"%s\" is accepted", schedules[i]);
}

static void test_valid(void **state)
{
    static const char *const schedules[] = {
        "* * * * *",
        "? ? ? ? ?",
        "0 3 * * *",
        "  0\t3  * * *\t",
        /* lists and ranges */
        "0,30 * * * *",
        "1,2,3-5,*/7,59 * * * *",
        "5-5 * * * *",
        "0-59 0-23 1-31 1-12 0-6",
        /* steps */
        "*/1 * * * *",
        "*/59 * * * *",
        "*/1000 * * * *", /* step beyond the range: only the first value */
        "?/5 * * * *",
        "5/10 * * * *", /* from 5 to the maximum */
        "10-20/3 * * * *",
        "0-30/10,45 */2 1-15/7 jan-jun/2 mon-fri/2",
        /* names in any letter case */
        "0 0 1 jan *",
        "0 0 1 JAN,Feb,mAr,apr,may,jun,jul,aug,sep,oct,nov,dec *",
        "0 0 * * sun,MON,tue,Wed,thu,fri,sat",
        "0 0 * jan-dec sun-sat",
        "0 0 * jan-6 0-fri",
        /* leading zeros, as crontabs are often aligned */
        "00 03 01 01 00",
        "05-09 * * * *",
        /* keywords */
        "@yearly",
        "@annually",
        "@monthly",
        "@weekly",
        "@daily",
        "@midnight",
        "@hourly",
    };
    check_valid(*state, schedules, COUNT_OF(schedules));
}

static void test_invalid(void **state)
{
    static const char *const schedules[] = {
        "",
        " ",
        "*",
        "* * * *",
        "* * * * * *", /* with seconds */
        "0 3 * * * root",
        "@",
        "@Daily",
        "@reboot",
        "@every",
        " @daily",
        "@daily ",
        "daily",
        "TZ=UTC * * * * *",
        "CRON_TZ=Asia/Tokyo 0 3 * * *",
        /* ranges that wrap around or are invalid */
        "30-10 * * * *",
        "* 22-2 * * *",
        "* * * nov-feb *",
        "* * * * fri-mon",
        "* * * * 6-0",
        "1-2-3 * * * *",
        "1- * * * *",
        "-1 * * * *",
        "--1 * * * *",
        "- * * * *",
        /* steps */
        "*/0 * * * *",
        "*/ * * * *",
        "*/-1 * * * *",
        "*/x * * * *",
        "/5 * * * *",
        "*/5/5 * * * *",
        "*/5-10 * * * *",
        "*/1.5 * * * *",
        "*/99999999999999999999 * * * *",
        /* lists */
        ", * * * *", /* accepted by Kubernetes, but never runs */
        "1;2 * * * *",
        "1,60 * * * *",
        "60,1 * * * *",
        /* names only in their own fields, and only in English */
        "jan * * * *",
        "* mon * * *",
        "* * sun * *",
        "* * * mon *",
        "* * * * jan",
        "* * * january *",
        "* * * * mo",
        "* * * mai *",
        /* extensions of other crons */
        "* * L * *",
        "* * 15W * *",
        "* * * * 5#3",
        "H * * * *",
        "~ * * * *",
        "** * * * *",
        "*5 * * * *",
        "5* * * * *",
        "1.5 * * * *",
        "0x1 * * * *",
        "99999999999999999999 * * * *",
        "\xC2\xB2 * * * *",
    };
    check_invalid(*state, schedules, COUNT_OF(schedules));
}

/* Returns a schedule with `text` in one field. */
static const char *with_part(struct unit *unit, size_t part, const char *text)
{
    struct str schedule = {0};
    for (size_t i = 0; i < 5; i++)
        schedule = str_format(&unit->arena, "%.*s%s%s", STR_ARG(schedule), i ? " " : "",
                              i == part ? text : "*");
    return schedule.data;
}

static void test_both_sides_of_every_range(void **state)
{
    struct unit *unit = *state;
    static const struct {
        int min, max;
    } parts[] = {{0, 59}, {0, 23}, {1, 31}, {1, 12}, {0, 6}};
    for (size_t i = 0; i < COUNT_OF(parts); i++) {
        for (int number = 0; number <= 100; number++) {
            bool valid = number >= parts[i].min && number <= parts[i].max;
            char forms[4][32];
            snprintf(forms[0], sizeof *forms, "%d", number);
            snprintf(forms[1], sizeof *forms, "%d-%d", number, number);
            snprintf(forms[2], sizeof *forms, "%d/2", number);
            snprintf(forms[3], sizeof *forms, "0%d", number);
            for (size_t form = 0; form < COUNT_OF(forms); form++) {
                const char *schedule = with_part(unit, i, forms[form]);
                if (!cron_check(&unit->arena, str_from_c(schedule)) != valid)
                    fail_msg("\"%s\" is %s", schedule, valid ? "rejected" : "accepted");
            }
        }
        char beyond[16];
        snprintf(beyond, sizeof beyond, "%d-%d", parts[i].min, parts[i].max + 1);
        const char *schedule = with_part(unit, i, beyond);
        assert_non_null(cron_check(&unit->arena, str_from_c(schedule)));
    }
}

/* Every name has its number: a range from a name to its own number does not wrap. */
static void test_numbers_of_names(void **state)
{
    struct unit *unit = *state;
    static const char *const names[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                        "aug", "sep", "oct", "nov", "dec", "sun", "mon",
                                        "tue", "wed", "thu", "fri", "sat"};
    enum { MONTHS = 12 };
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        size_t part = i < MONTHS ? 3 : 4;
        size_t number = i < MONTHS ? i + 1 : i - MONTHS;
        for (size_t other = part == 3; other <= (part == 3 ? 12 : 6); other++) {
            char text[16];
            snprintf(text, sizeof text, "%s-%zu", names[i], other);
            const char *schedule = with_part(unit, part, text);
            if (!cron_check(&unit->arena, str_from_c(schedule)) != (other >= number))
                fail_msg("\"%s\" is %s", schedule, other >= number ? "rejected" : "accepted");
        }
    }
}

/* Accepted by robfig/cron v3, which Kubernetes uses. */
static void test_accepted_by_kubernetes_too(void **state)
{
    static const char *const schedules[] = {
        "*/05 * * * *", /* steps with a leading zero */
        "10-20/03 * * * *",
        "0 3 * * *\n", /* ends like a block scalar */
        "0 3\n* * *",
    };
    check_valid(*state, schedules, COUNT_OF(schedules));
}

static void test_messages(void **state)
{
    struct unit *unit = *state;
    static const char *const rows[][2] = {
        {"60 * * * *", "has an invalid minute \"60\" (allowed: 0 to 59)"},
        {"* 24 * * *", "has an invalid hour \"24\" (allowed: 0 to 23)"},
        {"* * 0 * *", "has an invalid day of month \"0\" (allowed: 1 to 31)"},
        {"* * * 13 *", "has an invalid month \"13\" (allowed: 1 to 12)"},
        {"* * * * 7", "has an invalid day of week \"7\" (allowed: 0 to 6)"},
        {"60 24 * * *", "has an invalid minute \"60\""}, /* the first field */
        {"* * * * * 99", "must have five fields"},
        {"* * *", "must have five fields: minute, hour, day of month, month, day of week"},
        {"@dayly", "@hourly, @daily, @weekly, @monthly, @yearly"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_contains(str_from_c(cron_check(&unit->arena, str_from_c(rows[i][0]))), rows[i][1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_valid),
        UNIT_TEST(test_invalid),
        UNIT_TEST(test_both_sides_of_every_range),
        UNIT_TEST(test_numbers_of_names),
        UNIT_TEST(test_accepted_by_kubernetes_too),
        UNIT_TEST(test_messages),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
