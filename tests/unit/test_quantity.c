#include "format/quantity.h"
#include "unit.h"

#include <inttypes.h>

static void test_canonical_form(void **state)
{
    struct unit *unit = *state;
    static const struct {
        int64_t number;
        const char *cpu;
        const char *memory; /* of this many Mi */
    } rows[] = {
        {0, "0", "0"},
        {1, "1m", "1Mi"},
        {999, "999m", "999Mi"},
        {1000, "1", "1000Mi"},
        {1001, "1001m", "1001Mi"},
        {1023, "1023m", "1023Mi"},
        {1024, "1024m", "1Gi"},
        {1025, "1025m", "1025Mi"},
        {1500, "1500m", "1500Mi"},
        {1536, "1536m", "1536Mi"},
        {2000, "2", "2000Mi"},
        {2048, "2048m", "2Gi"},
        {128000, "128", "125Gi"},
        {1023 * 1024, "1047552m", "1023Gi"},
        {1024 * 1024, "1048576m", "1Ti"},
        {INT64_C(1) << 30, "1073741824m", "1Pi"},
        {INT64_C(1) << 40, "1099511627776m", "1Ei"},
        {INT64_C(7) << 40, "7696581394432m", "7Ei"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        assert_str(quantity_cpu(&unit->arena, rows[i].number), rows[i].cpu);
        assert_str(quantity_bytes(&unit->arena, rows[i].number << 20), rows[i].memory);
    }
}

static void test_canonical_form_of_bytes(void **state)
{
    struct unit *unit = *state;
    static const struct {
        int64_t bytes;
        const char *text;
    } rows[] = {
        {1, "1"},
        {999, "999"},
        {1000, "1k"},
        {1024, "1Ki"},
        {1025, "1025"},
        {1536, "1536"},
        {100000000, "100M"},
        {128000000, "128M"},
        {1500000000, "1500M"},
        {1048576000, "1000Mi"},
        {500 * INT64_C(1024), "500Ki"},
        {1536 * INT64_C(1024), "1536Ki"},
        {2000000000000, "2T"},
        {1953125 * INT64_C(1048576), "1953125Mi"}, /* 2048G is shorter, but Mi is the unit */
        {INT64_MAX, "9223372036854775807"},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        assert_str(quantity_bytes(&unit->arena, rows[i].bytes), rows[i].text);
}

static void check(struct str text, int64_t thousandths)
{
    int64_t number = -1;
    if (!quantity_parse(text, &number))
        fail_msg("\"%.*s\" is rejected", STR_ARG(text));
    if (number != thousandths)
        fail_msg("\"%.*s\" is %" PRId64 ", not %" PRId64, STR_ARG(text), number, thousandths);
}

static void test_valid(void **state)
{
    (void)state;
    static const struct {
        struct str text;
        int64_t thousandths;
    } rows[] = {
        /* Every suffix. */
        {TEXT("5n"), 1},
        {TEXT("5u"), 1},
        {TEXT("5m"), 5},
        {TEXT("5"), INT64_C(5000)},
        {TEXT("5k"), INT64_C(5000000)},
        {TEXT("5M"), INT64_C(5000000000)},
        {TEXT("5G"), INT64_C(5000000000000)},
        {TEXT("5T"), INT64_C(5000000000000000)},
        {TEXT("5P"), INT64_C(5000000000000000000)},
        {TEXT("5E"), INT64_MAX},
        {TEXT("5Ki"), INT64_C(5000) << 10},
        {TEXT("5Mi"), INT64_C(5000) << 20},
        {TEXT("5Gi"), INT64_C(5000) << 30},
        {TEXT("5Ti"), INT64_C(5000) << 40},
        {TEXT("5Pi"), INT64_C(5000) << 50},
        {TEXT("5Ei"), INT64_MAX},
        /* Exponents. E alone is a suffix; with digits it is an exponent. */
        {TEXT("1e0"), INT64_C(1000)},
        {TEXT("1e3"), INT64_C(1000000)},
        {TEXT("1E3"), INT64_C(1000000)},
        {TEXT("1e+3"), INT64_C(1000000)},
        {TEXT("1E+03"), INT64_C(1000000)},
        {TEXT("1e-3"), 1},
        {TEXT("1500E-3"), 1500},
        {TEXT("1.5e3"), INT64_C(1500000)},
        {TEXT("1e12"), INT64_C(1000000000000000)},
        /* Fractions. */
        {TEXT("0.5"), 500},
        {TEXT(".5"), 500},
        {TEXT("5."), INT64_C(5000)},
        {TEXT("1.25"), 1250},
        {TEXT("0.001"), 1},
        {TEXT("1.5Gi"), INT64_C(1500) << 30},
        {TEXT("0.5k"), INT64_C(500000)},
        {TEXT("2.5m"), 3},
        {TEXT("00.50"), 500},
        {TEXT("0.10000000000000000000000000000"), 100},
        /* Signs and zeros. */
        {TEXT("0"), 0},
        {TEXT("+1"), INT64_C(1000)},
        {TEXT("007"), INT64_C(7000)},
        {TEXT("0Ki"), 0},
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++)
        check(rows[i].text, rows[i].thousandths);
}

static void test_invalid(void **state)
{
    (void)state;
    static const struct str rows[] = {
        TEXT(""),      TEXT("."),     TEXT("+"),     TEXT("-"),     TEXT("+."),   TEXT("m"),
        TEXT("Mi"),    TEXT("1K"),    TEXT("1ki"),   TEXT("1mi"),   TEXT("1gi"),  TEXT("1MI"),
        TEXT("1B"),    TEXT("1MB"),   TEXT("1MiB"),  TEXT("1mm"),   TEXT("1 Mi"), TEXT(" 1"),
        TEXT("1 "),    TEXT("1e"),    TEXT("1e+"),   TEXT("1e-"),   TEXT("1e3m"), TEXT("1ee3"),
        TEXT("1e+-3"), TEXT("1e1.5"), TEXT("1e100"), TEXT("1e 3"),  TEXT("--1"),  TEXT("+-1"),
        TEXT("1.2.3"), TEXT("1,5"),   TEXT("0x10"),  TEXT("1_000"), TEXT("inf"),  TEXT("nan"),
        TEXT("e3"),    TEXT("-1"),    TEXT("-0.5"),  TEXT("1m\0"),  TEXT("1\0"),  TEXT("1Eii"),
    };
    for (size_t i = 0; i < COUNT_OF(rows); i++) {
        int64_t number = 42;
        if (quantity_parse(rows[i], &number))
            fail_msg("\"%.*s\" is parsed as %" PRId64, STR_ARG(rows[i]), number);
        assert_int_equal(number, 42);
    }
}

/* Exponents have one or two digits. */
static void test_exponents_on_both_sides_of_the_limit(void **state)
{
    (void)state;
    int64_t number = 0;
    assert_true(quantity_parse(STR("1e99"), &number));
    assert_true(number == INT64_MAX);
    assert_true(quantity_parse(STR("1e-99"), &number));
    assert_int_equal(number, 1);
    assert_false(quantity_parse(STR("1e099"), &number));
}

/* Integer thousandths are exact in every form; otherwise a chart's 0.7 would differ from a
 * service's 700m. */
static void test_forms_of_the_same_number_are_equal(void **state)
{
    struct unit *unit = *state;
    for (int n = 1; n <= 5000; n++) {
        check(quantity_cpu(&unit->arena, n), n);
        check(str_format(&unit->arena, "%dm", n), n);
        check(str_format(&unit->arena, "%d.%03d", n / 1000, n % 1000), n);
        check(str_format(&unit->arena, "%de-3", n), n);
        check(str_format(&unit->arena, "%d000u", n), n);
        check(str_format(&unit->arena, "%d000000n", n), n);
        check(quantity_bytes(&unit->arena, n), n * INT64_C(1000));
        check(quantity_bytes(&unit->arena, n * INT64_C(1000)), n * INT64_C(1000000));
        check(quantity_bytes(&unit->arena, n * INT64_C(1048576)), n * INT64_C(1048576000));
        unit_reset(unit);
    }
}

static void test_long_strings(void **state)
{
    struct unit *unit = *state;
    int64_t number = 0;
    struct str zeros = unit_repeat(unit, "0", 5000);
    check(str_format(&unit->arena, "%.*s1", STR_ARG(zeros)), 1000);
    check(str_format(&unit->arena, "1.%.*s", STR_ARG(zeros)), 1000);
    struct str nines = unit_repeat(unit, "9", 5000);
    assert_true(quantity_parse(nines, &number));
    assert_true(number == INT64_MAX);
    assert_true(quantity_parse(str_format(&unit->arena, "0.%.*s", STR_ARG(nines)), &number));
    assert_int_equal(number, 1000); /* rounded up */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        UNIT_TEST(test_canonical_form),
        UNIT_TEST(test_canonical_form_of_bytes),
        UNIT_TEST(test_valid),
        UNIT_TEST(test_invalid),
        UNIT_TEST(test_exponents_on_both_sides_of_the_limit),
        UNIT_TEST(test_forms_of_the_same_number_are_equal),
        UNIT_TEST(test_long_strings),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
