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

static double power_of_ten(size_t exponent)
{
    double power = 1;
    for (; exponent > 0; exponent--)
        power *= 10;
    return power;
}

/* What a number is multiplied and divided by, in thousandths: both are whole, so that no digit is
 * lost on the way. False for what is no suffix. */
static bool read_suffix(struct str suffix, double *ret_factor, double *ret_divisor)
{
    static const struct {
        const char *name;
        double factor;
        double divisor;
    } suffixes[] = {
        {"", 1e3, 1},
        {"n", 1, 1e6},
        {"u", 1, 1e3},
        {"m", 1, 1},
        {"k", 1e6, 1},
        {"M", 1e9, 1},
        {"G", 1e12, 1},
        {"T", 1e15, 1},
        {"P", 1e18, 1},
        {"E", 1e21, 1},
        {"Ki", 0x1p10 * 1e3, 1},
        {"Mi", 0x1p20 * 1e3, 1},
        {"Gi", 0x1p30 * 1e3, 1},
        {"Ti", 0x1p40 * 1e3, 1},
        {"Pi", 0x1p50 * 1e3, 1},
        {"Ei", 0x1p60 * 1e3, 1},
    };
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        if (!str_is(suffix, suffixes[i].name))
            continue;
        *ret_factor = suffixes[i].factor;
        *ret_divisor = suffixes[i].divisor;
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
    double power = power_of_ten((size_t)digits_value(digits));
    *ret_factor = negative ? 1e3 : power * 1e3;
    *ret_divisor = negative ? power : 1;
    return true;
}

bool quantity_parse(struct str text, double *ret_thousandths)
{
    enum { MOST_FRACTION = 30 }; /* digits that count */
    bool negative = text.len && text.data[0] == '-';
    size_t start = negative || (text.len && text.data[0] == '+') ? 1 : 0;
    size_t point = skip_digits(text, start);
    size_t end = point;
    if (point < text.len && text.data[point] == '.')
        end = skip_digits(text, point + 1);
    struct str whole = str_slice(text, start, point);
    struct str fraction = str_slice(text, point < end ? point + 1 : end, end);
    double factor;
    double divisor;
    if (whole.len + fraction.len == 0 || !read_suffix(str_from(text, end), &factor, &divisor))
        return false;
    fraction = str_slice(fraction, 0, MOST_FRACTION);
    while (fraction.len && fraction.data[fraction.len - 1] == '0')
        fraction.len--;
    double scale = power_of_ten(fraction.len);
    double number = digits_value(whole) * scale + digits_value(fraction);
    *ret_thousandths = (negative ? -number : number) * factor / (scale * divisor);
    return true;
}
