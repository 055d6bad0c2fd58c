#include "format/duration.h"
#include "unit.h"

static void test_parse(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        int64_t seconds; /* 0: invalid */
    } rows[] = {
        {TEXT("1"), 1},
        {TEXT("90"), 90},
        {TEXT("90s"), 90},
        {TEXT("1s"), 1},
        {TEXT("5m"), 300},
        {TEXT("1h"), 3600},
        {TEXT("1h30m"), 5400},
        {TEXT("1h30m15s"), 5415},
        {TEXT("1h15s"), 3615},
        {TEXT("0h0m1s"), 1},
        {TEXT("0090s"), 90},
        {TEXT("90m90s"), 5490},
        /* at the limit and above it */
        {TEXT("604800"), DURATION_MAX},
        {TEXT("604800s"), DURATION_MAX},
        {TEXT("168h"), DURATION_MAX},
        {TEXT("10080m"), DURATION_MAX},
        {TEXT("167h59m60s"), DURATION_MAX},
        {TEXT("604801"), 0},
        {TEXT("168h1s"), 0},
        {TEXT("10081m"), 0},
        {TEXT("169h"), 0},
        {TEXT("18446744073709551617s"), 0},
        {TEXT("99999999999999999999999999999h99999999999999999999m"), 0},
        /* empty */
        {TEXT(""), 0},
        {TEXT("0"), 0},
        {TEXT("0s"), 0},
        {TEXT("0h0m0s"), 0},
        /* invalid forms */
        {TEXT("s"), 0},
        {TEXT("h"), 0},
        {TEXT("5x"), 0},
        {TEXT("5d"), 0},
        {TEXT("5S"), 0},
        {TEXT("5ms"), 0},
        {TEXT("1h30"), 0},
        {TEXT("30s1h"), 0},
        {TEXT("1m1h"), 0},
        {TEXT("1m1m"), 0},
        {TEXT("1s1"), 0},
        {TEXT("1hm"), 0},
        {TEXT("1.5h"), 0},
        {TEXT("-5s"), 0},
        {TEXT("+5s"), 0},
        {TEXT(" 5s"), 0},
        {TEXT("5s "), 0},
        {TEXT("5 s"), 0},
        {TEXT("5\0s"), 0},
        {TEXT("5s\0"), 0},
        {TEXT("infinite"), 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t seconds = -1;
        bool ok = duration_parse(rows[i].text, &seconds);
        if (ok != (rows[i].seconds != 0) || (ok && seconds != rows[i].seconds))
            fail_msg("\"%.*s\": %d, %lld", STR_ARG(rows[i].text), ok, (long long)seconds);
    }
}

static void test_format(void **state)
{
    struct unit *unit = *state;
    enum { M = 60, H = 60 * M, D = 24 * H };
    static const struct {
        int64_t seconds;
        const char *text;
    } rows[] = {
        {INT64_MIN, "0s"},
        {-1, "0s"},
        {0, "0s"},
        {1, "1s"},
        {60, "60s"},
        {119, "119s"},
        {2 * M, "2m"},
        {2 * M + 1, "2m1s"},
        {9 * M + 59, "9m59s"},
        {10 * M, "10m"},
        {10 * M + 59, "10m"},
        {3 * H - 1, "179m"},
        {3 * H, "3h"},
        {3 * H + M, "3h1m"},
        {8 * H - 1, "7h59m"},
        {8 * H, "8h"},
        {8 * H + 59 * M, "8h"},
        {48 * H - 1, "47h"},
        {2 * D, "2d"},
        {2 * D + H, "2d1h"},
        {8 * D - 1, "7d23h"},
        {8 * D, "8d"},
        {8 * D + 23 * H, "8d"},
        {(int64_t)730 * D - 1, "729d"},
        {(int64_t)730 * D, "2y"},
        {(int64_t)731 * D, "2y1d"},
        {(int64_t)8 * 365 * D - 1, "7y364d"},
        {(int64_t)8 * 365 * D, "8y"},
        {(int64_t)9 * 365 * D - 1, "8y"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(duration_format(&unit->arena, rows[i].seconds), rows[i].text);
}

static void test_timestamps(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        int64_t time;
    } rows[] = {
        {TEXT("1970-01-01T00:00:00Z"), 0},
        {TEXT("1970-01-01T00:00:01Z"), 1},
        {TEXT("1970-12-31T23:59:59Z"), 365 * 86400 - 1},
        {TEXT("2000-02-29T12:34:56Z"), 951827696},
        {TEXT("2000-03-01T00:00:00Z"), 951868800},
        {TEXT("2023-02-28T23:59:59Z"), 1677628799},
        {TEXT("2024-02-29T00:00:00Z"), 1709164800},
        {TEXT("2026-01-31T12:00:00Z"), 1769860800},
        {TEXT("2026-01-31T12:00:00.5Z"), 1769860800},
        {TEXT("2026-01-31T12:00:00.123456Z"), 1769860800},
        {TEXT("2038-01-19T03:14:08Z"), 2147483648},
        {TEXT("2100-03-01T00:00:00Z"), 4107542400},
        {TEXT("9999-12-31T23:59:59Z"), 253402300799},
        /* invalid timestamps */
        {TEXT(""), -1},
        {TEXT("Z"), -1},
        {TEXT("now"), -1},
        {TEXT("0001-01-01T00:00:00Z"), -1},
        {TEXT("1969-12-31T23:59:59Z"), -1},
        {TEXT("2026-01-31T12:00:00"), -1},
        {TEXT("2026-01-31T12:00:00+00:00"), -1},
        {TEXT("2026-01-31 12:00:00Z"), -1},
        {TEXT("2026-01-31T12:00Z"), -1},
        {TEXT("2026-1-31T12:00:00ZZ"), -1},
        {TEXT("2026-01-3xT12:00:00Z"), -1},
        {TEXT("x026-01-31T12:00:00Z"), -1},
        {TEXT("2026-01x31T12:00:00Z"), -1},
        {TEXT("2026-01-31T12x00:00Z"), -1},
        {TEXT("2026-01-31T12:00x00Z"), -1},
        {TEXT("2026-01-31T12:00:000Z"), -1},
        {TEXT("2026-01-31T12:00:00.Z"), -1},
        {TEXT("2026-01-31T12:00:00.5xZ"), -1},
        {TEXT("2026-00-31T12:00:00Z"), -1},
        {TEXT("2026-13-31T12:00:00Z"), -1},
        {TEXT("2026-01-00T12:00:00Z"), -1},
        {TEXT("2026-01-32T12:00:00Z"), -1},
        {TEXT("2026-01-31T24:00:00Z"), -1},
        {TEXT("2026-01-31T12:60:00Z"), -1},
        {TEXT("2026-01-31T12:00:61Z"), -1},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        if (timestamp_parse(rows[i].text) != rows[i].time)
            fail_msg("\"%.*s\" is %lld", STR_ARG(rows[i].text),
                     (long long)timestamp_parse(rows[i].text));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_parse),
        UNIT_TEST(test_format),
        UNIT_TEST(test_timestamps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
