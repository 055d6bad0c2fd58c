#include "format/range_pattern.h"

#include <inttypes.h>

static int64_t power_of_ten(size_t exponent)
{
    int64_t power = 1;
    while (exponent--)
        power *= 10;
    return power;
}

static size_t count_digits(int64_t number)
{
    size_t count = 1;
    for (; number >= 10; number /= 10)
        count++;
    return count;
}

static void add_digits(struct buf *out, int64_t first, int64_t last)
{
    if (first == last)
        buf_format(out, "%" PRId64, first);
    else
        buf_format(out, "[%" PRId64 "-%" PRId64 "]", first, last);
}

/* Appends an alternative for each group of numbers that have the same first digits and any digits
 * after those. Both numbers have `digits` digits, with leading zeros. `prefix`: the digits before.
 */
static void add_alternatives(struct buf *out, struct str prefix, int64_t min, int64_t max,
                             size_t digits)
{
    int64_t unit = power_of_ten(digits - 1);
    int64_t first = min / unit;
    int64_t last = max / unit;
    bool is_first_partial = digits > 1 && min % unit != 0;
    bool is_last_partial = digits > 1 && max % unit != unit - 1;
    struct buf longer = {0};
    if (is_first_partial || (first == last && is_last_partial)) {
        buf_add(&longer, prefix);
        buf_format(&longer, "%" PRId64, first);
        int64_t end = first == last ? max % unit : unit - 1;
        add_alternatives(out, buf_str(&longer), min % unit, end, digits - 1);
        first++;
    }
    if (first <= last - is_last_partial) {
        buf_add_joined(out, "|", prefix);
        add_digits(out, first, last - is_last_partial);
        for (size_t i = 1; i < digits; i++)
            buf_add(out, STR("[0-9]"));
    }
    if (first <= last && is_last_partial) {
        longer.len = 0;
        buf_add(&longer, prefix);
        buf_format(&longer, "%" PRId64, last);
        add_alternatives(out, buf_str(&longer), 0, max % unit, digits - 1);
    }
    buf_free(&longer);
}

void range_pattern(struct buf *out, int64_t min, int64_t max)
{
    struct buf alternatives = {0};
    while (min <= max) {
        size_t digits = count_digits(min);
        int64_t end = power_of_ten(digits) - 1;
        add_alternatives(&alternatives, STR(""), min, end < max ? end : max, digits);
        min = end + 1;
    }
    buf_add(out, buf_str(&alternatives));
    buf_free(&alternatives);
}
