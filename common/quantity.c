#include "quantity.h"

#include <inttypes.h>

struct str quantity_cpu(struct arena *arena, int64_t millicores)
{
    if (millicores % 1000 == 0)
        return str_format(arena, "%" PRId64, millicores / 1000);
    return str_format(arena, "%" PRId64 "m", millicores);
}

struct str quantity_memory(struct arena *arena, int64_t mebibytes)
{
    static const char units[] = "MGTPE";
    size_t unit = 0;
    while (mebibytes >= 1024 && mebibytes % 1024 == 0 && units[unit + 1]) {
        mebibytes /= 1024;
        unit++;
    }
    return str_format(arena, "%" PRId64 "%ci", mebibytes, units[unit]);
}

static size_t skip_digits(struct str text, size_t at)
{
    while (at < text.len && text.data[at] >= '0' && text.data[at] <= '9')
        at++;
    return at;
}

static double digits_value(struct str digits)
{
    double number = 0;
    for (size_t i = 0; i < digits.len; i++)
        number = number * 10 + (digits.data[i] - '0');
    return number;
}

/* What a number is multiplied by; false for what is no suffix. */
static bool read_suffix(struct str suffix, double *ret_factor)
{
    static const struct {
        const char *name;
        double factor;
    } suffixes[] = {{"", 1},        {"n", 1e-9},    {"u", 1e-6},    {"m", 1e-3},
                    {"k", 1e3},     {"M", 1e6},     {"G", 1e9},     {"T", 1e12},
                    {"P", 1e15},    {"E", 1e18},    {"Ki", 0x1p10}, {"Mi", 0x1p20},
                    {"Gi", 0x1p30}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60}};
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (!str_is(suffix, suffixes[i].name))
            continue;
        *ret_factor = suffixes[i].factor;
        return true;
    }
    enum { MOST_DIGITS = 2 };
    bool exponent = suffix.len > 1 && (suffix.data[0] == 'e' || suffix.data[0] == 'E');
    bool negative = exponent && suffix.data[1] == '-';
    bool sign = exponent && (negative || suffix.data[1] == '+');
    struct str digits = str_from(suffix, sign ? 2 : 1);
    if (!exponent || digits.len == 0 || digits.len > MOST_DIGITS ||
        skip_digits(digits, 0) != digits.len)
        return false;
    *ret_factor = 1;
    for (int i = (int)digits_value(digits); i > 0; i--)
        *ret_factor = negative ? *ret_factor / 10 : *ret_factor * 10;
    return true;
}

bool quantity_parse(struct str text, double *ret_number)
{
    bool negative = text.len && text.data[0] == '-';
    size_t start = negative || (text.len && text.data[0] == '+') ? 1 : 0;
    size_t point = skip_digits(text, start);
    size_t end = point;
    if (point < text.len && text.data[point] == '.')
        end = skip_digits(text, point + 1);
    struct str whole = str_slice(text, start, point);
    struct str fraction = str_slice(text, point < end ? point + 1 : end, end);
    double factor;
    if (whole.len + fraction.len == 0 || !read_suffix(str_from(text, end), &factor))
        return false;
    double number = digits_value(whole);
    double tenth = 1;
    for (size_t i = 0; i < fraction.len; i++) {
        tenth /= 10;
        number += (fraction.data[i] - '0') * tenth;
    }
    *ret_number = (negative ? -number : number) * factor;
    return true;
}
